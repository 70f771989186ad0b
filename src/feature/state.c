/* The book's part of an event: flows at all levels, and time integrals of what the book shows. */
#include "feature_internal.h"

/* 2^100: a squared log return down to 1e-30 keeps all its digits, and 2^27 of them of size 1 fit.
 */
#define SQUARE_RETURN_UNIT 0x1p100

static uint64_t positive(int64_t x)
{
    return x > 0 ? (uint64_t)x : 0;
}

/* The new sums are made apart and written once: adding to a fresh copy in place waits for it. */
static lf_status add_flow(
    lf_feature_engine *engine,
    const lf_quotes *from,
    const lf_quotes *to,
    const lfi_levels_sum *sum,
    int64_t ts_ns
)
{
    assert(from == NULL || sum != NULL);
    lfi_flow flow = *(const lfi_flow *)lfi_ring_newest(&engine->flow);
    flow.events++;
    if (sum != NULL) {
        flow.valid_events++;
        flow.depth += (uint64_t)(sum->bid_lots + sum->ask_lots);
    }
    if (from != NULL) {
        const int64_t bid = lf_book_bid_flow(
            from->bid_ticks[0], from->bid_lots[0], to->bid_ticks[0], to->bid_lots[0]
        );
        const int64_t ask = lf_book_ask_flow(
            from->ask_ticks[0], from->ask_lots[0], to->ask_ticks[0], to->ask_lots[0]
        );
        flow.bid_in += positive(bid);
        flow.bid_out += positive(-bid);
        flow.ask_in += positive(ask);
        flow.ask_out += positive(-ask);
        flow.all_levels += (uint64_t)sum->all_flow;
    }
    lfi_flow *slot = lfi_ring_slot(&engine->flow, ts_ns, sizeof *slot);
    if (slot == NULL) {
        return LF_RANGE;
    }
    *slot = flow;
    return LF_OK;
}

static lf_status add_level_flows(
    lf_feature_engine *engine, const lf_quotes *from, const lf_quotes *to, int64_t ts_ns
)
{
    lfi_ring *ring = &engine->levels;
    const size_t bytes = ring->entry_bytes;
    const uint64_t newest = ring->end - 1;
    uint64_t *sums = lfi_ring_slot(ring, ts_ns, bytes);
    if (sums == NULL) {
        return LF_RANGE;
    }
    const uint64_t *last = lfi_ring_entry(ring, newest);
    if (from != NULL) {
        engine->kernel->add(from, to, engine->instrument.level_count, last, sums);
    } else if (sums != last) {
        memcpy(sums, last, bytes);
    }
    return LF_OK;
}

static lf_status set_depth(lf_feature_engine *engine, const lfi_levels_sum *sum, int64_t ts_ns)
{
    const int64_t since_ns = lfi_ring_time(&engine->depth, engine->depth.end - 1);
    lfi_depth *depth = lfi_ring_extend(&engine->depth, ts_ns, sizeof *depth);
    if (depth == NULL) {
        return LF_RANGE;
    }
    depth->depth_time += (lfi_u128)(uint64_t)depth->depth_lots * lfi_elapsed(since_ns, ts_ns);
    if (sum == NULL) {
        depth->depth_lots = 0;
        return LF_OK;
    }
    depth->depth_lots = sum->bid_lots + sum->ask_lots;
    depth->bid_near_lots = sum->bid_near_lots;
    depth->ask_near_lots = sum->ask_near_lots;
    return LF_OK;
}

static void add_mid_change(lf_feature_engine *engine, lfi_mid *mid, int64_t mid2, int64_t ts_ns)
{
    const int64_t change = mid2 - mid->mid2;
    mid->path2 += (uint64_t)(change > 0 ? change : -change);
    mid->changes++;
    const int64_t turn = change > 0 ? 1 : -1;
    mid->reversals += engine->last_turn == -turn ? 1 : 0;
    engine->last_turn = turn;
    engine->session.last_mid_change_ns = ts_ns;
    if (mid2 > 0 && mid->mid2 > 0) {
        const double ret = log1p((double)change / (double)mid->mid2);
        mid->square_returns += (lfi_u128)(ret * ret * SQUARE_RETURN_UNIT);
    }
}

static lf_status
set_mid(lf_feature_engine *engine, bool is_valid, int64_t mid2, int64_t spread_ticks, int64_t ts_ns)
{
    const int64_t since_ns = lfi_ring_time(&engine->mid, engine->mid.end - 1);
    lfi_mid *mid = lfi_ring_extend(&engine->mid, ts_ns, sizeof *mid);
    if (mid == NULL) {
        return LF_RANGE;
    }
    lfi_mid_integrate(mid, lfi_elapsed(since_ns, ts_ns));
    mid->spread_ticks = is_valid ? spread_ticks : 0;
    if (!is_valid) {
        return LF_OK;
    }
    if (mid->has_mid && mid->mid2 != mid2) {
        add_mid_change(engine, mid, mid2, ts_ns);
    }
    mid->mid2 = mid2;
    mid->has_mid = true;
    return LF_OK;
}

/* Depth, mid and spread from now on, where they differ from what was. */
static lf_status
set_path(lf_feature_engine *engine, const lf_quotes *to, const lfi_levels_sum *sum, int64_t ts_ns)
{
    lf_status status = LF_OK;
    const lfi_depth *depth = lfi_ring_newest(&engine->depth);
    if (depth->depth_lots != sum->bid_lots + sum->ask_lots ||
        depth->bid_near_lots != sum->bid_near_lots || depth->ask_near_lots != sum->ask_near_lots) {
        status = set_depth(engine, sum, ts_ns);
    }
    const lfi_mid *mid = lfi_ring_newest(&engine->mid);
    const int64_t mid2 = lf_book_mid2(to);
    const int64_t spread_ticks = lf_book_spread(to);
    if (status == LF_OK &&
        (mid->mid2 != mid2 || mid->spread_ticks != spread_ticks || !mid->has_mid)) {
        status = set_mid(engine, true, mid2, spread_ticks, ts_ns);
    }
    return status;
}

static lf_status mask(lf_feature_engine *engine, int64_t ts_ns)
{
    lf_status status = LF_OK;
    if (engine->keeps_flow) {
        status = add_flow(engine, NULL, NULL, NULL, ts_ns);
    }
    if (status == LF_OK && engine->levels.capacity != 0) {
        status = add_level_flows(engine, NULL, NULL, ts_ns);
    }
    engine->is_valid = false;
    if (!engine->keeps_all) {
        return status;
    }
    const bool was_valid = ((const lfi_mid *)lfi_ring_newest(&engine->mid))->spread_ticks != 0;
    if (status == LF_OK && was_valid) {
        status = set_mid(engine, false, 0, 0, ts_ns);
    }
    if (status == LF_OK && was_valid) {
        status = set_depth(engine, NULL, ts_ns);
    }
    return status;
}

/* Four copies of 80 bytes become plain vector moves; one of 320 becomes `rep movs`, which takes
   longer to begin than to move so little. */
static void copy_quotes(lf_quotes *to, const lf_quotes *from)
{
    memcpy(to->bid_ticks, from->bid_ticks, sizeof to->bid_ticks);
    memcpy(to->bid_lots, from->bid_lots, sizeof to->bid_lots);
    memcpy(to->ask_ticks, from->ask_ticks, sizeof to->ask_ticks);
    memcpy(to->ask_lots, from->ask_lots, sizeof to->ask_lots);
}

static void set_last(lf_feature_engine *engine, const lf_quotes *quotes, const lfi_levels_sum *sum)
{
    copy_quotes(&engine->quotes, quotes);
    engine->depth_lots = sum->bid_lots + sum->ask_lots;
    engine->last = (lfi_before){
        .is_set = true,
        .mid2 = lf_book_mid2(quotes),
        .bid_near_lots = sum->bid_near_lots,
        .ask_near_lots = sum->ask_near_lots,
    };
    engine->is_valid = true;
}

lf_status lfi_state_update(lf_feature_engine *engine, const lf_event *event, int64_t ts_ns)
{
    if (!lf_book_event_valid(event)) {
        return mask(engine, ts_ns);
    }
    const lf_quotes *to = &event->quotes;
    const lf_quotes *from = engine->last.is_set ? &engine->quotes : NULL;
    const int levels = engine->instrument.level_count;
    lfi_levels_sum sum = {0};
    lf_status status = LF_OK;
    if (engine->keeps_flow) {
        sum = engine->kernel->sum(from != NULL ? from : to, to, levels);
        status = add_flow(engine, from, to, &sum, ts_ns);
    }
    if (status == LF_OK && engine->levels.capacity != 0) {
        status = add_level_flows(engine, from, to, ts_ns);
    }
    if (status == LF_OK && engine->keeps_all) {
        status = set_path(engine, to, &sum, ts_ns);
    }
    set_last(engine, to, &sum);
    if (ts_ns <= engine->trough_end_ns) {
        lfi_probes_watch(engine, ts_ns);
    }
    return status;
}

void lfi_state_restart(lf_feature_engine *engine)
{
    (void)lfi_ring_restart(&engine->flow);
    if (engine->levels.capacity != 0) {
        (void)lfi_ring_restart(&engine->levels);
    }
    lfi_depth *depth = lfi_ring_restart(&engine->depth);
    lfi_mid *mid = lfi_ring_restart(&engine->mid);
    /* A book carried in from before the session is the last valid state, but no time passed in it:
       the windows that will be asked for begin later. */
    if (engine->last.is_set) {
        depth->bid_near_lots = engine->last.bid_near_lots;
        depth->ask_near_lots = engine->last.ask_near_lots;
        mid->mid2 = engine->last.mid2;
        mid->has_mid = true;
    }
    engine->last_turn = 0;
}

void lfi_state_take_quotes(lf_feature_engine *engine, const lf_event *event)
{
    if ((event->flags & LF_EVENT_RESET) != 0) {
        engine->last.is_set = false;
    }
    engine->is_valid = lf_book_event_valid(event);
    if (engine->is_valid) {
        const lfi_levels_sum sum =
            engine->kernel->sum(&event->quotes, &event->quotes, engine->instrument.level_count);
        set_last(engine, &event->quotes, &sum);
    }
}
