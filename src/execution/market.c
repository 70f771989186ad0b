/* One market for all venues of a pass: what an event changed is found once, for whom it matters. */
#include "execution_internal.h"

#include <string.h>

/* Venues that there is room for at first. */
#define VENUES_FIRST 4

/* So few venues look themselves whether an event concerns them: comparing two states costs more. */
#define VENUES_FEW 2

/* ---- life ------------------------------------------------------------------------------- */

const lf_allocator *lfi_market_allocator(const lf_market *market)
{
    return market->has_allocator ? &market->allocator : NULL;
}

lf_status lf_market_create(
    const lf_allocator *allocator, const lf_instrument *instrument, lf_market **out, lf_error *error
)
{
    *out = NULL;
    if (instrument->units_per_tick <= 0 || instrument->level_count < 1 ||
        instrument->level_count > LF_LEVELS_MAX) {
        return lf_error_set(error, LF_RANGE, "The instrument has no price unit or no levels.");
    }
    lf_market *const market = lf_allocate(allocator, 1, sizeof *market);
    if (market == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for a market.");
    }
    market->has_allocator = allocator != NULL;
    if (allocator != NULL) {
        market->allocator = *allocator;
    }
    market->instrument = *instrument;
    *out = market;
    return LF_OK;
}

void lf_market_destroy(lf_market *market)
{
    if (market == NULL) {
        return;
    }
    assert(market->open_count == 0);
    const lf_allocator allocator = market->allocator;
    const lf_allocator *const used = market->has_allocator ? &allocator : NULL;
    lf_release(used, market->watches);
    lf_release(used, market->venues);
    lf_release(used, market->reported);
    lf_release(used, market);
}

static lf_status make_room(lf_market *market)
{
    const lf_allocator *const allocator = lfi_market_allocator(market);
    const size_t want = market->venue_count == 0 ? VENUES_FIRST : market->venue_count + 1;
    void *watches = market->watches;
    void *venues = market->venues;
    void *reported = market->reported;
    lf_status status =
        lf_grow(allocator, &watches, &market->watch_capacity, want, sizeof *market->watches);
    market->watches = watches;
    if (status == LF_OK) {
        status = lf_grow(allocator, &venues, &market->venue_capacity, want, sizeof *market->venues);
        market->venues = venues;
    }
    if (status == LF_OK) {
        status = lf_grow(
            allocator, &reported, &market->reported_capacity, want, sizeof *market->reported
        );
        market->reported = reported;
    }
    return status;
}

lf_status lf_market_open(
    lf_market *market, const lf_execution_options *options, lf_venue **out, lf_error *error
)
{
    *out = NULL;
    if (make_room(market) != LF_OK) {
        return lf_error_set(error, LF_NOMEM, "No memory for the venues of a market.");
    }
    const lf_status status = lfi_venue_create(market, options, out, error);
    if (status == LF_OK) {
        (*out)->number = market->venue_count;
        market->venues[market->venue_count++] = *out;
        market->open_count++;
        lfi_market_watch(*out);
    }
    return status;
}

void lfi_market_leave(lf_venue *venue)
{
    lf_market *const market = venue->market;
    market->watches[venue->number] = LFI_WATCH_NOTHING;
    market->venues[venue->number] = NULL;
    market->open_count--;
}

/* ---- what a venue waits for ------------------------------------------------------------- */

void lfi_market_watch(lf_venue *venue)
{
    if (venue->owns_market) {
        return; /* it meets every event */
    }
    lfi_watch watch = LFI_WATCH_NOTHING;
    for (size_t i = 0; i < venue->order_count; i++) {
        const lfi_order *const order = &venue->orders[i];
        const int64_t price = order->price_ticks;
        if (order->side > 0) {
            watch.bid_best = price > watch.bid_best ? price : watch.bid_best;
            watch.bid_worst = price < watch.bid_worst ? price : watch.bid_worst;
        } else {
            watch.ask_best = price < watch.ask_best ? price : watch.ask_best;
            watch.ask_worst = price > watch.ask_worst ? price : watch.ask_worst;
        }
    }
    /* What was taken is remembered until the display says more, and single orders always count. */
    if (venue->l3 != NULL || venue->taken_counts[0] + venue->taken_counts[1] > 0) {
        watch.bid_best = INT64_MAX;
    }
    venue->market->watches[venue->number] = watch;
}

/* ---- what an event changed -------------------------------------------------------------- */

/* Highest and lowest price of one side at which the display may have changed. */
typedef struct span {
    int64_t high, low;
} span;

/* What an event can mean for a resting order: its price is reached, or its display changed. */
typedef struct change {
    int64_t bid_reach; /* bids at it or above */
    int64_t ask_reach; /* asks at it or below */
    span bid, ask;
} change;

static const span NOWHERE = {.high = INT64_MIN, .low = INT64_MAX};

/*
 * The levels before the first that differs and behind the last one are the same in both states, so
 * a price outside of what lies between shows what it showed. A view that ends elsewhere shows other
 * prices between its two ends alone; a missing level is the worst price of all.
 */
static span changed_span(
    const int64_t *was_ticks,
    const int64_t *was_lots,
    const int64_t *ticks,
    const int64_t *lots,
    int32_t count
)
{
    int32_t first = 0;
    while (first < count && ticks[first] == was_ticks[first] && lots[first] == was_lots[first]) {
        first++;
    }
    if (first == count) {
        return NOWHERE;
    }
    int32_t last = count - 1;
    while (ticks[last] == was_ticks[last] && lots[last] == was_lots[last]) {
        last--;
    }
    span all = NOWHERE;
    for (int32_t m = first; m <= last; m++) {
        const int64_t high = ticks[m] > was_ticks[m] ? ticks[m] : was_ticks[m];
        const int64_t low = ticks[m] < was_ticks[m] ? ticks[m] : was_ticks[m];
        all.high = high > all.high ? high : all.high;
        all.low = low < all.low ? low : all.low;
    }
    return all;
}

static void find_display(const lf_market *market, const lf_quotes *now, change *out)
{
    const lf_quotes *const was = &market->quotes;
    const int32_t count = market->instrument.level_count;
    out->bid = changed_span(was->bid_ticks, was->bid_lots, now->bid_ticks, now->bid_lots, count);
    out->ask = changed_span(was->ask_ticks, was->ask_lots, now->ask_ticks, now->ask_lots, count);
}

static int64_t floor_divide(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

/* A trade concerns bids at its price or above, asks at its price or below. */
static void
find_trades(const lf_market *market, const lf_event *event, const lf_trade *trades, change *out)
{
    const int64_t units = market->instrument.units_per_tick;
    for (size_t i = 0; i < event->trade_count; i++) {
        const int64_t floor = floor_divide(trades[i].price_units, units);
        const int64_t ceiling = floor + (trades[i].price_units % units != 0);
        out->bid_reach = ceiling < out->bid_reach ? ceiling : out->bid_reach;
        out->ask_reach = floor > out->ask_reach ? floor : out->ask_reach;
    }
}

static change
find_change(const lf_market *market, const lf_event *event, const lf_trade *trades, bool is_valid)
{
    static const span everywhere = {.high = INT64_MAX, .low = INT64_MIN};
    change found = {.bid_reach = INT64_MAX, .ask_reach = INT64_MIN, .bid = NOWHERE, .ask = NOWHERE};
    if ((event->flags & LF_EVENT_RESET) != 0 ||
        event->ts_exchange_ns >= market->instrument.session_close_ns ||
        (is_valid && !market->is_valid)) {
        /* Orders end, or saw their display last before states that nobody believed. */
        found.bid = everywhere;
        found.ask = everywhere;
        return found;
    }
    if (is_valid) {
        find_display(market, &event->quotes, &found);
        found.bid_reach = event->quotes.ask_ticks[0];
        found.ask_reach = event->quotes.bid_ticks[0];
    }
    if (event->trade_count > 0) {
        find_trades(market, event, trades, &found);
    }
    return found;
}

static bool concerns(const change *found, const lfi_watch *watch)
{
    return watch->bid_best >= found->bid_reach || watch->ask_best <= found->ask_reach ||
           (watch->bid_best >= found->bid.low && watch->bid_worst <= found->bid.high) ||
           (watch->ask_best <= found->ask.high && watch->ask_worst >= found->ask.low);
}

/* ---- events ----------------------------------------------------------------------------- */

/* Array by array: a compiler copies the whole struct by one slow string instruction. */
static inline void copy_quotes(lf_quotes *to, const lf_quotes *from)
{
    memcpy(to->bid_ticks, from->bid_ticks, sizeof to->bid_ticks);
    memcpy(to->bid_lots, from->bid_lots, sizeof to->bid_lots);
    memcpy(to->ask_ticks, from->ask_ticks, sizeof to->ask_ticks);
    memcpy(to->ask_lots, from->ask_lots, sizeof to->ask_lots);
}

void lfi_market_state(lf_market *market, const lf_event *event)
{
    market->event_count++;
    market->is_masked = (event->flags & LF_EVENT_MASKED) != 0;
    market->is_valid = lf_book_event_valid(event);
    market->mid2_before = market->mid2;
    if (market->is_valid) {
        market->mid2 = lf_book_mid2(&event->quotes);
    }
    copy_quotes(&market->quotes, &event->quotes);
}

/* One venue that the event may concern; it is listed if it has something to say. */
static lf_status meet(
    lf_market *market, size_t number, const lf_event *event, const lf_trade *trades, lf_error *error
)
{
    lf_venue *const venue = market->venues[number];
    const int64_t before = venue->stats.report_count;
    const lf_status status = lfi_venue_meet(venue, event, trades, error);
    const bool has_reported = venue->stats.report_count > before;
    if (has_reported) {
        market->reported[market->reported_count++] = (uint32_t)number;
    }
    /* Orders go with a report, and what was taken is forgotten by and by. */
    if (has_reported || market->watches[number].bid_best == INT64_MAX) {
        lfi_market_watch(venue);
    }
    return status;
}

lf_status
lf_market_event(lf_market *market, const lf_event *event, const lf_trade *trades, lf_error *error)
{
    const bool all = market->open_count <= VENUES_FEW;
    change found;
    if (!all) {
        found = find_change(market, event, trades, lf_book_event_valid(event));
    }
    lf_status status = LF_OK;
    lfi_market_state(market, event);
    market->reported_count = 0;
    for (size_t i = 0; i < market->venue_count && status == LF_OK; i++) {
        if ((all || concerns(&found, &market->watches[i])) && market->venues[i] != NULL) {
            status = meet(market, i, event, trades, error);
        }
    }
    market->change_count = 0;
    return status;
}

void lf_market_changes(lf_market *market, const lf_order_change *changes, size_t count)
{
    market->changes = changes;
    market->change_count = count;
}

const uint32_t *lf_market_reported(const lf_market *market, size_t *count)
{
    *count = market->reported_count;
    return market->reported;
}
