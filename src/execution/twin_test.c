/*
 * Goal: the venue's fills are right beyond the cases that somebody thought of. Method: days of
 * random books with trades, halts, resets, holes and broken states, and a hundred thousand random
 * requests, are given to the venue and to its slow twin; every report must agree in every member,
 * and every resting order in its place. On the way the shares and the money of each account are
 * added up: what went in must come out.
 */
#include <lobflow/execution.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"
#include "twin_testing.h"

#define BASE 1000
#define UNITS 100
#define OPEN_NS (INT64_C(1000) * LF_NS_PER_SECOND)
#define CLOSE_NS (INT64_C(9000) * LF_NS_PER_SECOND)

/* ---- a random day ----------------------------------------------------------------------- */

typedef struct day {
    lf_random random;
    int64_t lots[2][TWIN_TICKS]; /* 0 bid, 1 ask: the whole book */
    int32_t level_count;
    int64_t ts_ns;
    lf_trade trades[4];
    bool halted;
} day;

static int64_t below(day *self, int64_t bound)
{
    return (int64_t)lf_random_below(&self->random, (uint64_t)bound);
}

static int best_tick(const day *self, int side)
{
    int tick = side == 0 ? TWIN_TICKS - 1 : 0;
    while (tick >= 0 && tick < TWIN_TICKS && self->lots[side][tick] == 0) {
        tick += side == 0 ? -1 : 1;
    }
    return tick;
}

/* Both sides stay away from the ends of the array and from each other. */
static void change_book(day *self)
{
    const int side = (int)below(self, 2);
    const int best = best_tick(self, side);
    const int other = best_tick(self, 1 - side);
    const int out = side == 0 ? -1 : 1;
    const int depth = (int)below(self, 6);
    const int gap = side == 0 ? other - best : best - other;
    int64_t *const lots = self->lots[side];
    if ((side == 0 ? best < 16 : best > TWIN_TICKS - 17) || best < 0 || best >= TWIN_TICKS) {
        lots[side == 0 ? 24 : TWIN_TICKS - 25] += 30;
    } else if (below(self, 2) == 0) {
        const bool better = gap > 1 && below(self, 3) == 0;
        lots[better ? best - out : best + out * depth] += 1 + below(self, 40);
    } else {
        int64_t *const at = &lots[best + out * depth];
        *at = below(self, 3) == 0 ? 0 : *at / 2;
    }
    /* A side that ran into the other pushes it away. */
    for (int tick = best_tick(self, 0); tick >= best_tick(self, 1); tick--) {
        self->lots[1 - side][tick] = 0;
    }
}

static int make_trades(day *self)
{
    const int count = (int)below(self, 4) + 1;
    for (int i = 0; i < count; i++) {
        const int sign = below(self, 2) == 0 ? 1 : -1;
        const int side = sign > 0 ? 1 : 0;
        const int best = best_tick(self, side);
        if (best < 0 || best >= TWIN_TICKS) {
            return i;
        }
        lf_trade *const trade = &self->trades[i];
        *trade = (lf_trade){
            .price_units = (BASE + best) * UNITS,
            .size_lots = 1 + below(self, 60),
            .sign = (int8_t)(below(self, 6) == 0 ? LF_SIGN_UNKNOWN : sign),
            .hidden = below(self, 8) == 0,
        };
        if (below(self, 10) == 0) {
            trade->price_units += (below(self, 5) - 2) * UNITS / 2;
        }
        if (!trade->hidden) {
            int64_t *const lots = &self->lots[side][best];
            *lots -= trade->size_lots < *lots ? trade->size_lots : *lots;
        }
        if (best_tick(self, 0) < 12 || best_tick(self, 1) > TWIN_TICKS - 13) {
            return i + 1;
        }
    }
    return count;
}

static void show_book(const day *self, lf_quotes *out)
{
    int bid = TWIN_TICKS - 1;
    int ask = 0;
    for (int m = 0; m < LF_LEVELS_MAX; m++) {
        while (bid >= 0 && self->lots[0][bid] == 0) {
            bid--;
        }
        while (ask < TWIN_TICKS && self->lots[1][ask] == 0) {
            ask++;
        }
        const bool has_bid = m < self->level_count && bid >= 0;
        const bool has_ask = m < self->level_count && ask < TWIN_TICKS;
        out->bid_ticks[m] = has_bid ? BASE + bid : LF_BID_NONE;
        out->bid_lots[m] = has_bid ? self->lots[0][bid--] : 0;
        out->ask_ticks[m] = has_ask ? BASE + ask : LF_ASK_NONE;
        out->ask_lots[m] = has_ask ? self->lots[1][ask++] : 0;
    }
}

/* Now and then: no side, a crossed or locked book, a hole, a halt, a reset, an auction. */
static void disturb(day *self, lf_event *event)
{
    const int64_t kind = below(self, 400);
    lf_quotes *const quotes = &event->quotes;
    if (self->halted || kind == 0) {
        event->flags |= LF_EVENT_MASKED;
        self->halted = below(self, 6) != 0;
    } else if (kind == 1) {
        event->flags |= LF_EVENT_RESET;
    } else if (kind == 2 && quotes->bid_lots[0] > 0) {
        quotes->ask_ticks[0] = quotes->bid_ticks[0] - below(self, 2);
    } else if (kind == 3) {
        quotes->bid_ticks[0] = LF_BID_NONE;
        quotes->bid_lots[0] = 0;
    } else if (kind == 4) {
        event->kind = LF_EVENT_CROSS;
    } else if (kind < 9 && self->level_count > 2) {
        quotes->ask_ticks[1] = LF_ASK_NONE;
        quotes->ask_lots[1] = 0;
    }
}

static void make_event(day *self, lf_event *out)
{
    *out = (lf_event){.kind = LF_EVENT_QUOTE};
    /* Many events share a time. */
    self->ts_ns += below(self, 3) == 0 ? 0 : below(self, LF_NS_PER_SECOND);
    out->ts_exchange_ns = self->ts_ns;
    if (below(self, 3) == 0) {
        out->trade_count = (uint16_t)make_trades(self);
    }
    change_book(self);
    show_book(self, &out->quotes);
    disturb(self, out);
}

static void begin_day(day *self, uint64_t seed, int32_t level_count)
{
    memset(self, 0, sizeof *self);
    lf_random_seed(&self->random, seed, 0);
    self->level_count = level_count;
    self->ts_ns = OPEN_NS - LF_NS_PER_SECOND;
    for (int i = 0; i < 14; i++) {
        self->lots[0][TWIN_TICKS / 2 - 2 - i] = 5 + below(self, 60);
        self->lots[1][TWIN_TICKS / 2 + 1 + i] = 5 + below(self, 60);
    }
}

static lf_request make_request(day *self, uint64_t next_id)
{
    const int32_t side = below(self, 2) == 0 ? 1 : -1;
    const int touch = best_tick(self, side > 0 ? 0 : 1);
    lf_request request = {
        .order_id = next_id,
        .lots = 1 + below(self, 50),
        .side = side,
        .post_only = below(self, 2) == 0,
        .price_ticks = BASE + touch - side * (below(self, 8) - 2),
        .order_kind = LF_ORDER_KIND_PASSIVE,
    };
    if (next_id > 1 && below(self, 4) == 0) {
        /* Mostly a young one, so that some still rest. */
        const int64_t back = below(self, below(self, 3) == 0 ? (int64_t)next_id : 12) + 1;
        const uint64_t age = (uint64_t)back < next_id ? (uint64_t)back : next_id;
        return (lf_request){.order_id = next_id - age, .kind = LF_REQUEST_CANCEL};
    }
    if (below(self, 5) == 0) {
        request.order_kind = LF_ORDER_KIND_MARKETABLE;
        request.lots = 1 + below(self, 200);
        if (below(self, 2) == 0) {
            request.price_ticks = LF_PRICE_NONE;
        }
    }
    return request;
}

/* ---- venue against twin ----------------------------------------------------------------- */

typedef struct tally {
    lf_ledger ledger;
    int64_t wanted, filled, given_up; /* lots of all orders */
    int64_t fills[LF_LIQUIDITY_COUNT];
    int64_t requests;
} tally;

static void must_agree(const lf_report *left, const lf_report *right, uint64_t seed, int64_t at)
{
    const bool same =
        left->order_id == right->order_id && left->ts_venue_ns == right->ts_venue_ns &&
        left->kind == right->kind && left->state == right->state && left->reject == right->reject &&
        left->filled_lots == right->filled_lots && left->leaves_lots == right->leaves_lots &&
        left->mid2_venue == right->mid2_venue &&
        left->fill.price_ticks == right->fill.price_ticks && left->fill.lots == right->fill.lots &&
        left->fill.side == right->fill.side && left->fill.liquidity == right->fill.liquidity &&
        left->fill.value_nano == right->fill.value_nano;
    if (!same) {
        fail_msg(
            "seed %llu, step %lld: venue: order %llu kind %d state %d reject %d, %lld @ %lld, "
            "filled %lld; twin: order %llu kind %d state %d reject %d, %lld @ %lld, filled %lld",
            (unsigned long long)seed,
            (long long)at,
            (unsigned long long)left->order_id,
            (int)left->kind,
            (int)left->state,
            (int)left->reject,
            (long long)left->fill.lots,
            (long long)left->fill.price_ticks,
            (long long)left->filled_lots,
            (unsigned long long)right->order_id,
            (int)right->kind,
            (int)right->state,
            (int)right->reject,
            (long long)right->fill.lots,
            (long long)right->fill.price_ticks,
            (long long)right->filled_lots
        );
    }
}

/* All reports so far must be the twin's; the fills go into the account. */
static void compare(lf_venue *venue, twin *slow, tally *sum, uint64_t seed, int64_t at)
{
    int count = 0;
    for (lf_report report; lf_venue_take(venue, &report); count++) {
        if (count >= slow->report_count) {
            fail_msg("seed %llu, step %lld: the venue says more", (unsigned long long)seed, at);
        }
        must_agree(&report, &slow->reports[count], seed, at);
        if (report.kind == LF_REPORT_FILL) {
            assert_int_equal(lf_ledger_fill(&sum->ledger, &report.fill, NULL), LF_OK);
            assert_int_equal(lf_ledger_check(&sum->ledger, NULL), LF_OK);
            sum->fills[report.fill.liquidity]++;
            sum->filled += report.fill.lots;
        }
        if (lf_order_state_done(report.state) && report.kind != LF_REPORT_CANCEL_REJECTED) {
            sum->given_up += slow->orders[report.order_id - 1].request.lots - report.filled_lots;
        }
    }
    if (count != slow->report_count) {
        fail_msg("seed %llu, step %lld: the twin says more", (unsigned long long)seed, at);
    }
    slow->report_count = 0;
    for (int i = 0; i < slow->order_count; i++) {
        const uint64_t id = (uint64_t)i + 1;
        const int64_t left = slow->orders[i].rests ? lf_venue_ahead(venue, id) : 0;
        const int64_t right = slow->orders[i].rests ? twin_ahead(slow, id) : 0;
        const bool unknown = left > TWIN_UNKNOWN / 2 && right > TWIN_UNKNOWN / 2;
        if (left != right && !unknown) {
            fail_msg(
                "seed %llu, step %lld, order %llu: %lld ahead, twin %lld",
                (unsigned long long)seed,
                (long long)at,
                (unsigned long long)id,
                (long long)left,
                (long long)right
            );
        }
    }
}

static void run_day(twin *slow, uint64_t seed, int32_t level_count, tally *sum)
{
    enum {
        STEPS = 2500,
        ORDERS_MAX = 6
    };
    day random;
    begin_day(&random, seed, level_count);
    *slow = (twin){.orders_max = ORDERS_MAX, .base = BASE};
    slow->instrument = (lf_instrument){
        .symbol = "TWIN",
        .currency = "USD",
        .tick_nano = 10000000,
        .lot_nano = LF_NS_PER_SECOND,
        .units_per_tick = UNITS,
        .level_count = level_count,
        .session_open_ns = OPEN_NS,
        .session_close_ns = CLOSE_NS,
        .date = {2026, 6, 1},
    };
    lf_execution_options options;
    lf_execution_options_default(&options);
    options.orders_max = ORDERS_MAX;
    lf_venue *venue;
    assert_int_equal(lf_venue_create(NULL, &slow->instrument, &options, &venue, NULL), LF_OK);
    lf_error error;
    uint64_t next_id = 1;
    for (int step = 0; step < STEPS; step++) {
        lf_event event;
        make_event(&random, &event);
        /* The last events lie behind the close. */
        event.ts_exchange_ns += step > STEPS - 10 ? CLOSE_NS : 0;
        if (lf_venue_event(venue, &event, random.trades, &error) != LF_OK) {
            fail_msg("seed %llu: %s", (unsigned long long)seed, error.message);
        }
        twin_event(slow, &event, random.trades);
        compare(venue, slow, sum, seed, step);
        for (int64_t more = below(&random, 3); more > 0; more--) {
            const lf_request request = make_request(&random, next_id);
            const bool is_new = request.kind == LF_REQUEST_NEW;
            sum->requests++;
            sum->wanted += is_new ? request.lots : 0;
            next_id += is_new;
            assert_int_equal(
                lf_venue_request(venue, &request, event.ts_exchange_ns, &error), LF_OK
            );
            twin_request(slow, &request, event.ts_exchange_ns);
            compare(venue, slow, sum, seed, step);
        }
    }
    assert_int_equal(lf_venue_open_count(venue), 0);
    assert_true(lf_venue_stats_of(venue)->conservation_checks > 0);
    lf_venue_destroy(venue);
}

static void test_venue_is_its_twin(void **state)
{
    (void)state;
    static const int32_t level_counts[] = {1, 3, 5, 10};
    twin *const slow = malloc(sizeof *slow);
    assert_non_null(slow);
    tally sum = {0};
    for (uint64_t seed = 1; seed <= 44; seed++) {
        run_day(slow, seed, level_counts[seed % 4], &sum);
    }
    free(slow);
    /* Every lot that was wanted was filled or given up, and the account holds all that was
       filled. */
    assert_int_equal(sum.wanted, sum.filled + sum.given_up);
    assert_int_equal(sum.ledger.bought_lots + sum.ledger.sold_lots, sum.filled);
    assert_true(sum.requests > 100000);
    for (int i = 0; i < LF_LIQUIDITY_COUNT; i++) {
        assert_true(sum.fills[i] > 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_venue_is_its_twin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
