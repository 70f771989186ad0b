/*
 * Goal: sums of the kind that means and variances are made of stay exact over 1e8 updates at a
 * price of 1e5 with a tick of 1e-2, and windows at the end hold nothing of what came before.
 * Method: an engine is fed 1e8 events of a wandering book, 2.4 ms apart, with wide and one-tick
 * spreads, masked spells and trades. Beside it the sums are kept plainly in 128 bits. At ten places
 * all sums are compared to the bit, and the features of 5 minutes with the difference of two plain
 * sums 125,000 events apart. Fewer events under sanitizers and without optimisation.
 */
#include "feature_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#ifdef __has_feature
#define HAS(x) __has_feature(x)
#else
#define HAS(x) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || HAS(address_sanitizer)
#define UPDATES INT64_C(2000000)
#elif !defined(__OPTIMIZE__)
#define UPDATES INT64_C(10000000)
#else
#define UPDATES INT64_C(100000000)
#endif

#define CHECKS 10
#define SEED 31415
#define BASE_TICKS INT64_C(10000000) /* 1e5 in ticks of 1e-2 */
#define LEVELS 3
#define STEP_NS INT64_C(2400000)
/* Events in five minutes: the window's first entry is one of them. */
#define WINDOW_EVENTS (5 * LF_NS_PER_MINUTE / STEP_NS)

/* The plain sums. Nothing wraps: the largest is spread^2 * ns < 2^14 * 2^58. */
typedef struct plain_sums {
    lfi_i128 bid_in, bid_out, ask_in, ask_out;
    lfi_i128 flow; /* of all levels */
    lfi_i128 depth;
    lfi_i128 valid_events;
    lfi_i128 depth_time;
    lfi_i128 spread_time, spread2_time;
    lfi_i128 valid_time, one_tick_time;
    lfi_i128 path2, changes;
    lfi_i128 square_returns;
    lfi_i128 buy_lots, sell_lots, notional;
} plain_sums;

typedef struct walk {
    lf_feature_engine *engine;
    lf_random random;
    lf_event event;
    lf_trade trade;
    lf_quotes last; /* valid */
    bool has_last;
    bool was_valid; /* the state before this event */
    int64_t open_ns;
    int64_t count;
    plain_sums sums;
    plain_sums window_begin; /* of the event 5 minutes before the next check */
} walk;

/* ---- the book ----------------------------------------------------------------------------- */

static void set_book(lf_quotes *quotes, int64_t bid_ticks, int64_t spread, uint64_t bits)
{
    for (int m = 0; m < LEVELS; m++) {
        quotes->bid_ticks[m] = bid_ticks - m;
        quotes->ask_ticks[m] = bid_ticks + spread + m;
        quotes->bid_lots[m] = 1 + (int64_t)((bits >> (8 * m)) & 0xFF) * (m + 1);
        quotes->ask_lots[m] = 1 + (int64_t)((bits >> (8 * m + 24)) & 0xFF) * (m + 1);
    }
}

/* The next event: prices move in one of four, are masked in one of 256; a trade in one of eight. */
static void next_event(walk *self)
{
    const uint64_t bits = lf_random_next(&self->random);
    lf_event *event = &self->event;
    int64_t bid = self->has_last ? self->last.bid_ticks[0] : BASE_TICKS;
    int64_t spread = self->has_last ? lf_book_spread(&self->last) : 1;
    if (bits >> 62 == 0) {
        bid += (int64_t)((bits >> 50) & 7) - 3;
        bid -= bid > BASE_TICKS + 5000 ? 3 : 0;
        bid += bid < BASE_TICKS - 5000 ? 3 : 0;
        spread = (bits & (UINT64_C(1) << 60)) != 0 ? 1 : 1 + (int64_t)((bits >> 53) & 127);
    }
    set_book(&event->quotes, bid, spread, bits);
    event->flags = ((bits >> 48) & 255) == 7 ? LF_EVENT_MASKED : 0;
    event->ts_exchange_ns = self->open_ns + self->count * STEP_NS;
    event->trade_count = ((bits >> 45) & 7) == 0 ? 1 : 0;
    self->trade.sign = (bits & 1) != 0 ? 1 : -1;
    self->trade.price_units = 100 * (bid + ((bits & 1) != 0 ? spread : 0));
    self->trade.size_lots = 1 + (int64_t)((bits >> 8) & 63);
    self->count++;
}

/* ---- the plain sums ----------------------------------------------------------------------- */

static lfi_i128 total_depth(const lf_quotes *quotes)
{
    lfi_i128 sum = 0;
    for (int m = 0; m < LEVELS; m++) {
        sum += quotes->bid_lots[m] + quotes->ask_lots[m];
    }
    return sum;
}

/* The time since the event before, at what the book showed then. */
static void plain_time(walk *self)
{
    plain_sums *sums = &self->sums;
    if (!self->was_valid) {
        return;
    }
    const lfi_i128 spread = lf_book_spread(&self->last);
    sums->depth_time += total_depth(&self->last) * STEP_NS;
    sums->spread_time += spread * STEP_NS;
    sums->spread2_time += spread * spread * STEP_NS;
    sums->valid_time += STEP_NS;
    sums->one_tick_time += spread == 1 ? STEP_NS : 0;
}

static void plain_flow(walk *self)
{
    plain_sums *sums = &self->sums;
    const lf_quotes *from = &self->last;
    const lf_quotes *to = &self->event.quotes;
    const int64_t bid =
        lf_book_bid_flow(from->bid_ticks[0], from->bid_lots[0], to->bid_ticks[0], to->bid_lots[0]);
    const int64_t ask = bid - lf_book_ofi(from, to, 0);
    sums->bid_in += bid > 0 ? bid : 0;
    sums->bid_out += bid < 0 ? -bid : 0;
    sums->ask_in += ask > 0 ? ask : 0;
    sums->ask_out += ask < 0 ? -ask : 0;
    for (int m = 0; m < LEVELS; m++) {
        sums->flow += lf_book_ofi(from, to, m);
    }
    const int64_t change = lf_book_mid2(to) - lf_book_mid2(from);
    if (change != 0) {
        const double ret = log1p((double)change / (double)lf_book_mid2(from));
        sums->path2 += change > 0 ? change : -change;
        sums->changes++;
        sums->square_returns += (lfi_i128)(ret * ret * 0x1p100);
    }
}

static void plain_update(walk *self)
{
    plain_sums *sums = &self->sums;
    const bool is_valid = self->event.flags == 0;
    plain_time(self);
    if (self->event.trade_count > 0) {
        const lf_trade *trade = &self->trade;
        *(trade->sign > 0 ? &sums->buy_lots : &sums->sell_lots) += trade->size_lots;
        sums->notional += (lfi_i128)trade->price_units * trade->size_lots;
    }
    if (is_valid) {
        if (self->has_last) {
            plain_flow(self);
        }
        sums->valid_events++;
        sums->depth += total_depth(&self->event.quotes);
        self->last = self->event.quotes;
        self->has_last = true;
    }
    self->was_valid = is_valid;
}

/* ---- comparing ---------------------------------------------------------------------------- */

static void assert_sum(const char *name, lfi_i128 plain, lfi_i128 engine, int64_t count)
{
    if (plain != engine) {
        fail_msg("after %lld updates the sum %s is not exact", (long long)count, name);
    }
}

static void compare_sums(const walk *self)
{
    const lf_feature_engine *engine = self->engine;
    const plain_sums *sums = &self->sums;
    const int64_t now_ns = self->event.ts_exchange_ns;
    const lfi_flow *flow = lfi_ring_newest(&engine->flow);
    assert_sum("bid_in", sums->bid_in, flow->bid_in, self->count);
    assert_sum("bid_out", sums->bid_out, flow->bid_out, self->count);
    assert_sum("ask_in", sums->ask_in, flow->ask_in, self->count);
    assert_sum("ask_out", sums->ask_out, flow->ask_out, self->count);
    assert_sum("all_levels", sums->flow, (int64_t)flow->all_levels, self->count);
    assert_sum("depth", sums->depth, flow->depth, self->count);
    assert_sum("valid_events", sums->valid_events, flow->valid_events, self->count);
    assert_sum("events", self->count, flow->events, self->count);
    /* An integral stands in the last entry that began a new value: from there to now. */
    lfi_mid mid = *(const lfi_mid *)lfi_ring_newest(&engine->mid);
    lfi_mid_integrate(&mid, lfi_elapsed(lfi_ring_time(&engine->mid, engine->mid.end - 1), now_ns));
    assert_sum("spread_time", sums->spread_time, (lfi_i128)mid.spread_time, self->count);
    assert_sum("spread2_time", sums->spread2_time, (lfi_i128)mid.spread2_time, self->count);
    assert_sum("valid_time", sums->valid_time, mid.valid_time, self->count);
    assert_sum("one_tick_time", sums->one_tick_time, mid.one_tick_time, self->count);
    assert_sum("path2", sums->path2, mid.path2, self->count);
    assert_sum("changes", sums->changes, mid.changes, self->count);
    assert_sum("square_returns", sums->square_returns, (lfi_i128)mid.square_returns, self->count);
    const lfi_depth *depth = lfi_ring_newest(&engine->depth);
    const lfi_i128 since_ns = now_ns - lfi_ring_time(&engine->depth, engine->depth.end - 1);
    const lfi_i128 depth_time = (lfi_i128)depth->depth_time + depth->depth_lots * since_ns;
    assert_sum("depth_time", sums->depth_time, depth_time, self->count);
    const lfi_trades *trades = lfi_ring_newest(&engine->trades);
    assert_sum("buy_lots", sums->buy_lots, trades->buy_lots, self->count);
    assert_sum("sell_lots", sums->sell_lots, trades->sell_lots, self->count);
    assert_sum("notional", sums->notional, engine->session.notional, self->count);
}

static void assert_value(const walk *self, const double *row, const char *name, long double wanted)
{
    const long double value = row[lf_feature_find(name)];
    if (!(fabsl(value - wanted) <= 1e-14L * fabsl(wanted))) {
        fail_msg(
            "after %lld updates %s is %.17Lg, not %.17Lg",
            (long long)self->count,
            name,
            value,
            wanted
        );
    }
}

/* What a window of 5 minutes holds, from the plain sums at its two ends. */
static void compare_window(const walk *self)
{
    double row[LFI_FEATURE_COUNT];
    bool valid;
    lf_feature_row(self->engine, self->event.ts_exchange_ns, row, &valid);
    assert_true(valid);
    const plain_sums *a = &self->window_begin;
    const plain_sums *b = &self->sums;
    const lfi_i128 ofi = b->bid_in - b->bid_out - b->ask_in + b->ask_out -
                         (a->bid_in - a->bid_out - a->ask_in + a->ask_out);
    assert_value(self, row, "ofi_5min", (long double)ofi);
    const long double twice_q =
        (long double)(b->depth - a->depth) / (long double)(b->valid_events - a->valid_events);
    assert_value(self, row, "ofi_multi_5min", 2 * (long double)(b->flow - a->flow) / twice_q);
    /* (x - s1 / w) / sqrt(s2 / w - (s1 / w)^2), times w above and below. */
    const lfi_i128 w = b->valid_time - a->valid_time;
    const lfi_i128 s1 = b->spread_time - a->spread_time;
    const lfi_i128 s2 = b->spread2_time - a->spread2_time;
    const lfi_i128 offset = lf_book_spread(&self->last) * w - s1;
    assert_value(
        self, row, "spread_z_score", (long double)offset / sqrtl((long double)(s2 * w - s1 * s1))
    );
    const long double squares = (long double)(b->square_returns - a->square_returns);
    assert_value(self, row, "volatility_5min", 1e4L * sqrtl(squares) * 0x1p-50L);
    const long double buy = (long double)(b->buy_lots - a->buy_lots);
    const long double sell = (long double)(b->sell_lots - a->sell_lots);
    assert_value(self, row, "trade_imbalance_5min", (buy - sell) / (buy + sell));
    /* (mid - vwap) / mid over the session, all in half ticks times lots. */
    const lfi_i128 mid2 = lf_book_mid2(&self->last);
    const lfi_i128 lots = b->buy_lots + b->sell_lots;
    const lfi_i128 above = mid2 * lots * 100 - 2 * b->notional;
    assert_value(
        self, row, "vwap_distance", 1e4L * (long double)above / (long double)(mid2 * lots * 100)
    );
}

/* One event more; the row after it needs a valid state where it is compared. */
static void step(walk *self, bool must_be_valid)
{
    next_event(self);
    self->event.flags = must_be_valid ? 0 : self->event.flags;
    if (lf_feature_update(self->engine, &self->event, &self->trade) != LF_OK) {
        fail_msg("update %lld fails", (long long)self->count);
    }
    plain_update(self);
}

static void test_exact(void **state)
{
    (void)state;
    static walk self; /* its event is large, and starts at zero */
    const lf_instrument instrument = {
        .tick_nano = 10000000,
        .lot_nano = LF_NS_PER_SECOND,
        .units_per_tick = 100,
        .level_count = LEVELS,
        .session_open_ns = LF_NS_PER_DAY,
        .session_close_ns = LF_NS_PER_DAY + (UPDATES + 1) * STEP_NS,
    };
    self.open_ns = instrument.session_open_ns;
    lf_random_seed(&self.random, SEED, 0);
    assert_int_equal(lf_feature_engine_create(&instrument, NULL, &self.engine, NULL), LF_OK);
    for (int check = 1; check <= CHECKS; check++) {
        const int64_t end = UPDATES / CHECKS * check;
        while (self.count < end - WINDOW_EVENTS) {
            step(&self, false);
        }
        self.window_begin = self.sums;
        while (self.count < end) {
            step(&self, self.count + 1 == end);
        }
        compare_sums(&self);
        compare_window(&self);
    }
    assert_int_equal(self.count, UPDATES);
    print_message("%lld updates, seed %d\n", (long long)self.count, SEED);
    lf_feature_engine_destroy(self.engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
