/*
 * Goal: the columns hold what docs/modules/feature.md calls S' and the state, and lookups in them
 * are right. Method: a few events by hand; trade signs of three real days against known accuracies.
 */
#include <lobflow/study.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

#define COUNT_OF(list) (sizeof(list) / sizeof((list)[0]))

/* Fails when two numbers differ by more than `within`; 0 asks for equality. */
#define assert_near(a, b, within) assert_true(fabs((a) - (b)) <= (within))

static const lf_instrument INSTRUMENT = {
    .units_per_tick = 100,
    .level_count = 1,
    .session_open_ns = 1000,
    .session_close_ns = 2000,
};

/* An event with a best quote; bid_lots 0: no state. */
static lf_event quote(int64_t ts_ns, int64_t bid, int64_t bid_lots, int64_t ask, int64_t ask_lots)
{
    lf_event event = {.ts_exchange_ns = ts_ns, .kind = LF_EVENT_QUOTE};
    for (size_t m = 0; m < LF_LEVELS_MAX; m++) {
        event.quotes.bid_ticks[m] = LF_BID_NONE;
        event.quotes.ask_ticks[m] = LF_ASK_NONE;
    }
    event.quotes.bid_ticks[0] = bid;
    event.quotes.bid_lots[0] = bid_lots;
    event.quotes.ask_ticks[0] = ask;
    event.quotes.ask_lots[0] = ask_lots;
    return event;
}

static lf_event with_trades(lf_event event, uint32_t first, uint16_t count)
{
    event.trade_first = first;
    event.trade_count = count;
    return event;
}

static lf_event flagged(lf_event event, uint32_t flags)
{
    event.flags = flags;
    return event;
}

/* A day: before the open, two trades, a masked state, a trade in it, a reset, after the close. */
static lf_batch day(lf_event events[10], lf_trade trades[4])
{
    trades[0] = (lf_trade){.price_units = 1050, .size_lots = 3, .sign = LF_SIGN_UNKNOWN};
    trades[1] = (lf_trade){.price_units = 1100, .size_lots = 4, .sign = 1};
    trades[2] = (lf_trade){.price_units = 1000, .size_lots = 5, .sign = -1};
    trades[3] = (lf_trade){.price_units = 1200, .size_lots = 6, .sign = 1};
    events[0] = with_trades(quote(900, 10, 5, 11, 6), 0, 1);
    events[1] = with_trades(quote(1100, 10, 5, 11, 2), 0, 2);
    events[2] = quote(1100, 10, 5, 12, 7);
    events[3] = quote(1200, 10, 5, 12, 7);
    events[4] = flagged(quote(1300, 10, 5, 12, 7), LF_EVENT_MASKED);
    events[5] = with_trades(flagged(quote(1400, 10, 5, 12, 7), LF_EVENT_MASKED), 2, 1);
    events[6] = flagged(quote(1500, 11, 1, 13, 2), LF_EVENT_RESET);
    events[7] = with_trades(quote(1500, 11, 3, 13, 2), 3, 1);
    events[8] = quote(1600, 0, 0, 13, 2);
    events[9] = with_trades(quote(2000, 11, 3, 13, 2), 0, 1);
    return (lf_batch){events, trades, 10, 4};
}

static lf_study_tape *tape_of(const lf_instrument *instrument, int64_t step_ns)
{
    lf_event events[10];
    lf_trade trades[4];
    lf_study_tape *tape;
    const lf_batch batch = day(events, trades);
    assert_int_equal(lf_study_tape_create(NULL, instrument, step_ns, &tape, NULL), LF_OK);
    /* In batches of one and the rest: the tape does not depend on how events come. */
    assert_int_equal(lf_study_tape_push(tape, &(lf_batch){events, trades, 1, 4}), LF_OK);
    assert_int_equal(lf_study_tape_push(tape, &(lf_batch){batch.events + 1, trades, 9, 4}), LF_OK);
    return tape;
}

static void test_trades(void **state)
{
    (void)state;
    lf_study_tape *tape = tape_of(&INSTRUMENT, 0);
    lf_study_trades trades;
    lf_study_tape_get(tape, &trades, NULL);
    static const struct {
        int64_t ts_ns, price, lots, bid, ask;
        int8_t sign;
    } rows[] = {
        {1100, 1050, 3, 1000, 1100, LF_SIGN_UNKNOWN},
        {1100, 1100, 4, 1000, 1100, 1},
        {1400, 1000, 5, 1000, 1200, -1}, /* S' is the state before the masked spell */
        {1500, 1200, 6, 1100, 1300, 1},
    };
    assert_int_equal(trades.count, COUNT_OF(rows));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_int_equal(trades.ts_ns[i], rows[i].ts_ns);
        assert_int_equal(trades.price_units[i], rows[i].price);
        assert_int_equal(trades.size_lots[i], rows[i].lots);
        assert_int_equal(trades.bid_units[i], rows[i].bid);
        assert_int_equal(trades.ask_units[i], rows[i].ask);
        assert_int_equal(trades.signs[i], rows[i].sign);
    }
    lf_study_tape_destroy(tape);
    /* Where ties have no order, S' is of an earlier timestamp: none after the reset. */
    lf_instrument unordered = INSTRUMENT;
    unordered.ties_unordered = true;
    tape = tape_of(&unordered, 0);
    lf_study_tape_get(tape, &trades, NULL);
    assert_int_equal(trades.ask_units[1], 1100);
    assert_int_equal(trades.bid_units[3], LF_BID_NONE);
    assert_int_equal(trades.ask_units[3], LF_ASK_NONE);
    lf_study_tape_destroy(tape);
}

static void check_states(int64_t step_ns, const int64_t (*rows)[5], size_t count)
{
    lf_study_tape *tape = tape_of(&INSTRUMENT, step_ns);
    lf_study_states states;
    lf_study_tape_get(tape, NULL, &states);
    assert_int_equal(states.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(states.ts_ns[i], rows[i][0]);
        assert_int_equal(states.bid_lots[i], rows[i][2]);
        assert_int_equal(states.ask_lots[i], rows[i][4]);
        if (rows[i][2] > 0) {
            assert_int_equal(states.bid_ticks[i], rows[i][1]);
            assert_int_equal(states.ask_ticks[i], rows[i][3]);
        }
    }
    lf_study_tape_destroy(tape);
}

static void test_states(void **state)
{
    (void)state;
    static const int64_t changes[][5] = {
        {1000, 10, 5, 11, 6}, /* carried in from before the open */
        {1100, 10, 5, 11, 2},
        {1100, 10, 5, 12, 7},
        {1300, 0, 0, 0, 0}, /* masked, once */
        {1500, 0, 0, 0, 0}, /* the reset */
        {1500, 11, 1, 13, 2},
        {1500, 11, 3, 13, 2},
        {1600, 0, 0, 0, 0}, /* one-sided */
    };
    check_states(0, changes, COUNT_OF(changes));
    static const int64_t grid[][5] = {
        {1000, 10, 5, 11, 6},
        {1250, 10, 5, 12, 7},
        {1500, 0, 0, 0, 0}, /* the reset; the row at 1500 itself is the state after all at 1500 */
        {1500, 11, 3, 13, 2},
    };
    check_states(250, grid, COUNT_OF(grid));
}

static void test_lookups(void **state)
{
    (void)state;
    lf_study_tape *tape = tape_of(&INSTRUMENT, 0);
    lf_study_states states;
    lf_study_tape_get(tape, NULL, &states);
    static const struct {
        int64_t at_ns;
        int64_t bid, ask; /* before, price units; 0: none */
        double mid;       /* at, ticks; 0: none */
    } rows[] = {
        {999, 0, 0, 0},
        {1000, 0, 0, 10.5},
        {1001, 1000, 1100, 10.5},
        {1100, 1000, 1100, 11},
        {1101, 1000, 1200, 11},
        {1350, 0, 0, 0},
        {1500, 0, 0, 12},
        {1550, 1100, 1300, 12},
        {5000, 0, 0, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (int64_t lag = 0; lag <= 7000; lag += 3500) {
            const int64_t at = rows[i].at_ns + lag, back = rows[i].at_ns - lag;
            int64_t bid, ask;
            double mid;
            lf_study_quotes_before(&states, &at, 1, lag, 100, &bid, &ask);
            assert_int_equal(bid, rows[i].bid != 0 ? rows[i].bid : LF_BID_NONE);
            assert_int_equal(ask, rows[i].ask != 0 ? rows[i].ask : LF_ASK_NONE);
            lf_study_mids_at(&states, &back, 1, lag, &mid);
            assert_true(rows[i].mid != 0 ? mid == rows[i].mid : isnan(mid));
        }
    }
    lf_study_tape_destroy(tape);
}

static void test_bars(void **state)
{
    (void)state;
    const int64_t ts[] = {10, 20, 21, 30, 45, 99};
    const int64_t prices[] = {400, 900, 100, 400, 900, 1};
    const int64_t lots[] = {9, 4, 1, 4, 16, 1};
    const int8_t signs[] = {1, 1, -1, LF_SIGN_UNKNOWN, -1, 1};
    const lf_study_trades trades = {
        .ts_ns = ts, .price_units = prices, .size_lots = lots, .signs = signs, .count = 6};
    lf_study_bar bars[4];
    const lf_study_bar_options options = {.begin_ns = 10, .bar_ns = 10, .unit_value = 0.25};
    lf_study_trade_bars(&trades, &options, 4, bars);
    assert_near(bars[0].lots, 4, 0);
    assert_near(bars[0].signed_lots, 4, 0);
    assert_near(bars[0].value, 900, 0);
    assert_near(bars[0].root_flow, 30, 1e-12);
    assert_near(bars[0].last_price, 900, 0);
    assert_int_equal(bars[1].trade_count, 2);
    assert_near(bars[1].signed_lots, -1, 0);
    assert_near(bars[1].root_flow, -5, 1e-12);
    assert_near(bars[1].value, 25 + 400, 0);
    assert_int_equal(bars[2].trade_count, 0);
    assert_near(bars[2].last_price, 400, 0);
    assert_near(bars[2].value, 0, 0);
    assert_near(bars[3].root_flow, -60, 1e-12);
    /* Before the first trade there is no price. */
    const lf_study_bar_options early = {.begin_ns = 0, .bar_ns = 5};
    lf_study_trade_bars(&trades, &early, 2, bars);
    assert_true(isnan(bars[0].last_price));
    assert_near(bars[1].last_price, 400, 0);
    assert_near(bars[1].value, 3600, 0);
}

static void test_memory(void **state)
{
    (void)state;
    lf_event events[10];
    lf_trade trades[4];
    const lf_batch batch = day(events, trades);
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        lf_study_tape *tape;
        lf_status status = lf_study_tape_create(&memory.allocator, &INSTRUMENT, 0, &tape, NULL);
        if (status == LF_OK) {
            status = lf_study_tape_push(tape, &batch);
        }
        lf_study_tape_destroy(tape);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            assert_true(n > 11);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
    }
    lf_study_tape *tape;
    assert_int_equal(lf_study_tape_create(NULL, &INSTRUMENT, -1, &tape, NULL), LF_RANGE);
    assert_null(tape);
}

/* ---- real days -------------------------------------------------------------------------- */

/* Which trades of a day were against displayed orders, in the order of the tape. */
typedef struct seen {
    bool *is_visible;
    size_t count, capacity;
} seen;

static lf_study_tape *read_day(const char *path, seen *visible)
{
    lf_source_list list;
    lf_feed *feed;
    lf_study_tape *tape;
    lf_batch batch;
    assert_int_equal(lf_feed_find(&path, 1, NULL, &list, NULL), LF_OK);
    assert_int_equal(lf_feed_open(&list.sources[0], NULL, &feed, NULL), LF_OK);
    assert_int_equal(lf_study_tape_create(NULL, lf_feed_instrument(feed), 0, &tape, NULL), LF_OK);
    do {
        assert_int_equal(lf_feed_next(feed, &batch, NULL), LF_OK);
        assert_int_equal(lf_study_tape_push(tape, &batch), LF_OK);
        assert_int_equal(
            lf_grow(
                NULL,
                (void **)&visible->is_visible,
                &visible->capacity,
                visible->count + batch.trade_count,
                sizeof(bool)
            ),
            LF_OK
        );
        for (size_t i = 0; i < batch.trade_count; i++) {
            visible->is_visible[visible->count++] = !batch.trades[i].hidden;
        }
    } while (batch.event_count > 0);
    lf_feed_close(feed);
    lf_source_list_clear(&list);
    return tape;
}

static double accuracy(const lf_study_trades *trades, const seen *visible, lf_study_sign_rule rule)
{
    int8_t *signs = malloc(trades->count);
    assert_non_null(signs);
    lf_study_sign_trades(rule, trades, signs);
    double right = 0, all = 0;
    for (size_t i = 0; i < trades->count; i++) {
        all += visible->is_visible[i];
        right += visible->is_visible[i] && signs[i] == trades->signs[i];
    }
    free(signs);
    return right / all;
}

/* METHODS.md section 10.1: prices of hidden trades too, scored on visible ones. */
static void test_real_days(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double tick;
    } days[] = {
        {"data/lobster/LOBSTER_SampleFile_AAPL_2012-06-21_1.zip", 0.904},
        {"data/lobster/LOBSTER_SampleFile_AMZN_2012-06-21_5.zip", 0.896},
        {"data/lobster/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip", 0.878},
    };
    for (size_t i = 0; i < COUNT_OF(days); i++) {
        const char *path = lf_testing_shared(days[i].name);
        if (path == NULL) {
            return;
        }
        seen visible = {0};
        lf_study_tape *tape = read_day(path, &visible);
        lf_study_trades trades;
        lf_study_tape_get(tape, &trades, NULL);
        assert_int_equal(trades.count, visible.count);
        assert_near(accuracy(&trades, &visible, LF_STUDY_SIGN_TICK), days[i].tick, 0.0005);
        assert_true(accuracy(&trades, &visible, LF_STUDY_SIGN_LEE_READY) > 0.9995);
        assert_true(accuracy(&trades, &visible, LF_STUDY_SIGN_EMO) > 0.9995);
        assert_true(accuracy(&trades, &visible, LF_STUDY_SIGN_CLNV) > 0.9995);
        lf_study_tape_destroy(tape);
        lf_release(NULL, visible.is_visible);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trades),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_lookups),
        cmocka_unit_test(test_bars),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_real_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
