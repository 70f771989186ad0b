/* From events to observations: flow, trades and depth on the grid, moves of the mid beside it. */
#include "study_internal.h"

#include <lobflow/book.h>

static double imbalance(const lf_quotes *quotes)
{
    const double bid = (double)quotes->bid_lots[0], ask = (double)quotes->ask_lots[0];
    return (bid - ask) / (bid + ask);
}

/* ---- the grid --------------------------------------------------------------------------- */

static void open_bin(lf_study *study)
{
    lfi_study_bin *const bin = &study->bins[study->bin_now];
    bin->has_begin = study->has_previous;
    bin->was_valid = study->is_valid;
    bin->is_broken = study->is_stopped;
    bin->mid2_begin = study->mid2;
}

/* Close the bins before this one: the mid stays what it was. */
static void advance(lf_study *study, size_t bin)
{
    if (!study->in_hours) {
        study->in_hours = true;
        open_bin(study);
    }
    while (study->bin_now < bin && study->bin_now < study->bin_count) {
        lfi_study_bin *const now = &study->bins[study->bin_now];
        now->mid2_end = study->mid2;
        now->counts = now->has_begin && now->was_valid && !now->is_broken;
        study->bin_now++;
        if (study->bin_now < study->bin_count) {
            open_bin(study);
        }
    }
}

/* The bin with an instant after the beginning of the hours. */
static size_t bin_of(const lf_study *study, int64_t ts_ns)
{
    return (size_t)((ts_ns - study->options.from_ns - 1) / study->options.window_ns);
}

void lfi_study_collected(lf_study *study)
{
    if (study->last_ts_ns > study->options.from_ns) {
        const size_t reached = bin_of(study, study->last_ts_ns) + 1;
        advance(study, reached < study->bin_count ? reached : study->bin_count);
    }
}

/* Nothing before this event may be joined with what comes. */
static void stop(lf_study *study, bool counts)
{
    study->is_stopped = true;
    study->interval_open = false;
    if (counts && study->bin_now < study->bin_count) {
        study->bins[study->bin_now].is_broken = true;
    }
}

/* Go on to an event's bin. In a gap and in a halt every bin on the way is broken; a gap begins
   anywhere after the event before. */
static void take_time(lf_study *study, const lf_event *event, bool counts)
{
    if (event->ts_exchange_ns != study->last_ts_ns) {
        study->has_earlier = study->has_previous;
        study->earlier_mid2 = study->mid2;
    }
    if (counts) {
        advance(study, study->bin_now);
    }
    if ((event->flags & LF_EVENT_RESET) != 0) {
        stop(study, counts);
        study->has_previous = study->has_earlier = false;
    }
    if (counts) {
        advance(study, bin_of(study, event->ts_exchange_ns));
    }
    if ((event->flags & LF_EVENT_MASKED) != 0) {
        stop(study, counts);
    }
}

/* ---- what events bring ------------------------------------------------------------------ */

/* Lee-Ready for feeds that do not tell; the tick rule remembers the last change of price. */
static int64_t trade_sign(lf_study *study, const lf_trade *trade)
{
    const bool by_earlier = study->instrument.ties_unordered;
    const bool has_mid = by_earlier ? study->has_earlier : study->has_previous;
    const int64_t mid2 = by_earlier ? study->earlier_mid2 : study->mid2;
    if (study->has_price && trade->price_units != study->last_price_units) {
        study->tick_sign = trade->price_units > study->last_price_units ? 1 : -1;
    }
    study->last_price_units = trade->price_units;
    study->has_price = true;
    if (trade->sign != LF_SIGN_UNKNOWN) {
        return trade->sign;
    }
    const int64_t mid_units2 = mid2 * study->instrument.units_per_tick;
    if (!has_mid || 2 * trade->price_units == mid_units2) {
        return study->tick_sign;
    }
    return 2 * trade->price_units > mid_units2 ? 1 : -1;
}

static void take_trades(lf_study *study, const lf_event *event, const lf_trade *trades, bool counts)
{
    int64_t signed_lots = 0;
    for (uint32_t i = 0; i < event->trade_count; i++) {
        signed_lots += trade_sign(study, &trades[i]) * trades[i].size_lots;
    }
    if (counts) {
        study->bins[study->bin_now].trade_imbalance += signed_lots;
    }
}

static void take_flow(lfi_study_bin *bin, const lf_quotes *from, const lf_quotes *to, size_t levels)
{
    for (size_t m = 0; m < levels; m++) {
        const int64_t flow = lf_book_ofi(from, to, (int)m);
        bin->ofi[m] += flow;
        if (m == 0 && from->bid_ticks[0] == to->bid_ticks[0] &&
            from->ask_ticks[0] == to->ask_ticks[0]) {
            bin->ofi_no_price_change += flow;
        }
    }
}

static void take_depth(lfi_study_bin *bin, const lf_quotes *quotes, size_t levels, bool is_update)
{
    bin->row_count++;
    for (size_t m = 0; m < levels; m++) {
        bin->row_depth2 += quotes->bid_lots[m] + quotes->ask_lots[m];
    }
    if (is_update) {
        bin->update_count++;
        bin->update_depth2 += quotes->bid_lots[0] + quotes->ask_lots[0];
    }
}

/* The state before now held its imbalance for some time: keep it with that time's share. Masked
   time has no imbalance. */
static void draw(lf_study *study, int64_t now_ns)
{
    const int64_t held_ns = now_ns - study->state_since_ns;
    study->state_since_ns = now_ns;
    if (!study->interval_open || !study->is_valid || held_ns <= 0) {
        return;
    }
    study->drawn_total_ns += held_ns;
    if (lf_random_uniform(&study->random) * (double)study->drawn_total_ns < (double)held_ns) {
        study->drawn = imbalance(&study->previous);
    }
}

static lf_status take_move(lf_study *study, int64_t mid2)
{
    if (study->interval_open && study->drawn_total_ns > 0) {
        const lf_status status = lf_grow(
            study->allocator,
            (void **)&study->moves,
            &study->move_capacity,
            study->move_count + 1,
            sizeof *study->moves
        );
        if (status != LF_OK) {
            return status;
        }
        study->moves[study->move_count++] = (lfi_study_move){
            .imbalance_uniform = study->drawn,
            .imbalance_last = imbalance(&study->previous),
            .up = mid2 > study->mid2 ? 1 : 0,
        };
    }
    study->interval_open = true;
    study->drawn_total_ns = 0;
    return LF_OK;
}

/* True for what a level-1 file would hold: a changed best quote, or a hidden execution. */
static bool is_best_update(const lf_study *study, const lf_event *event)
{
    const lf_quotes *a = &study->shown, *b = &event->quotes;
    return !study->has_shown || event->kind == LF_EVENT_HIDDEN ||
           a->bid_ticks[0] != b->bid_ticks[0] || a->bid_lots[0] != b->bid_lots[0] ||
           a->ask_ticks[0] != b->ask_ticks[0] || a->ask_lots[0] != b->ask_lots[0];
}

/* A valid state within the hours. */
static lf_status take_state(lf_study *study, const lf_event *event, bool is_update)
{
    lfi_study_bin *const bin = &study->bins[study->bin_now];
    const size_t levels = (size_t)study->instrument.level_count;
    const int64_t mid2 = lf_book_mid2(&event->quotes);
    bin->was_valid = true;
    take_depth(bin, &event->quotes, levels, is_update);
    if (!study->has_previous) {
        return LF_OK;
    }
    take_flow(bin, &study->previous, &event->quotes, levels);
    return mid2 != study->mid2 ? take_move(study, mid2) : LF_OK;
}

static lf_status take_event(lf_study *study, const lf_event *event, const lf_trade *trades)
{
    const int64_t ts = event->ts_exchange_ns;
    const bool counts = ts > study->options.from_ns;
    draw(study, ts);
    take_time(study, event, counts);
    if (study->bin_now >= study->bin_count) {
        return LF_OK;
    }
    take_trades(study, event, trades, counts);
    const bool is_update = is_best_update(study, event);
    study->shown = event->quotes;
    study->has_shown = true;
    study->is_valid = lf_book_event_valid(event);
    if (!study->is_valid) {
        return LF_OK;
    }
    const lf_status status = counts ? take_state(study, event, is_update) : LF_OK;
    study->is_stopped = false;
    study->previous = event->quotes;
    study->has_previous = true;
    study->mid2 = lf_book_mid2(&event->quotes);
    return status;
}

lf_status lf_study_push(lf_study *study, const lf_batch *batch)
{
    for (size_t i = 0; i < batch->event_count; i++) {
        const lf_event *event = &batch->events[i];
        if (event->ts_exchange_ns >= study->options.to_ns) {
            study->last_ts_ns = event->ts_exchange_ns;
            break;
        }
        const lf_status status = take_event(study, event, batch->trades + event->trade_first);
        study->last_ts_ns = event->ts_exchange_ns;
        if (status != LF_OK) {
            return status;
        }
    }
    return LF_OK;
}
