/*
 * Goal: vpin across days and at the edges of buckets, and Lee-Ready's rules one by one.
 * Method: hand-made trades whose buckets and signs can be counted on paper.
 */
#include <lobflow/feature.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define BUCKETS 50

static const lf_instrument instrument = {
    .tick_nano = 10000000,
    .lot_nano = LF_NS_PER_SECOND,
    .units_per_tick = 100,
    .level_count = 1,
    .session_open_ns = 0,
    .session_close_ns = 1000 * LF_NS_PER_SECOND,
};

/* An event with bid 99, ask 101, so mid 100. */
static lf_event make_event(int64_t ts_ns, uint16_t trades)
{
    lf_event event = {.ts_exchange_ns = ts_ns, .ts_local_ns = ts_ns, .trade_count = trades};
    for (int m = 0; m < LF_LEVELS_MAX; m++) {
        event.quotes.bid_ticks[m] = LF_BID_NONE;
        event.quotes.ask_ticks[m] = LF_ASK_NONE;
    }
    event.quotes.bid_ticks[0] = 99;
    event.quotes.bid_lots[0] = 10;
    event.quotes.ask_ticks[0] = 101;
    event.quotes.ask_lots[0] = 10;
    return event;
}

static lf_feature_engine *begin_day(const lf_feature_options *options, const lf_instrument *what)
{
    lf_feature_engine *engine;
    assert_int_equal(lf_feature_engine_create(what, options, &engine, NULL), LF_OK);
    const lf_event quote = make_event(0, 0);
    assert_int_equal(lf_feature_update(engine, &quote, NULL), LF_OK);
    return engine;
}

static void
trade_at(lf_feature_engine *engine, int64_t ts_ns, int64_t units, int64_t lots, int8_t sign)
{
    const lf_event event = make_event(ts_ns, 1);
    const lf_trade trade = {.price_units = units, .size_lots = lots, .sign = sign};
    assert_int_equal(lf_feature_update(engine, &event, &trade), LF_OK);
}

static double value_at(lf_feature_engine *engine, int64_t t_ns, const char *name)
{
    double row[64];
    bool valid;
    lf_feature_row(engine, t_ns, row, &valid);
    assert_true(valid);
    return row[lf_feature_find(name)];
}

/* 49 buckets bought whole, then one half bought, half sold. */
static void test_bucket_edges(void **state)
{
    (void)state;
    const lf_feature_options options = {.vpin_bucket_lots = 10};
    lf_feature_engine *engine = begin_day(&options, &instrument);
    trade_at(engine, 1, 10100, 495, 1);
    assert_true(isnan(value_at(engine, 1, "vpin")));
    trade_at(engine, 2, 9900, 4, -1);
    assert_true(isnan(value_at(engine, 2, "vpin")));
    trade_at(engine, 3, 9900, 1, -1);
    assert_true(fabs(value_at(engine, 3, "vpin") - 49.0 / 50) < 1e-15);
    /* An unsigned trade counts half and half: five lots of it leave five bought of ten. */
    trade_at(engine, 4, 10100, 5, 1);
    trade_at(engine, 5, 10000, 5, 0);
    assert_true(fabs(value_at(engine, 5, "vpin") - (48 + 0.5) / 50) < 1e-15);
    /* One trade through a million buckets leaves only full ones. */
    trade_at(engine, 6, 9900, 10000000, -1);
    assert_true(value_at(engine, 6, "vpin") == 1);
    lf_feature_engine_destroy(engine);
}

/* Without V: nothing on the first day, a fiftieth of the mean daily volume afterwards. */
static void test_carry(void **state)
{
    (void)state;
    lf_feature_carry carry = {0};
    const lf_feature_options first = {.carry = &carry};
    lf_feature_engine *engine = begin_day(&first, &instrument);
    trade_at(engine, 1, 10100, 1000, 1);
    assert_true(isnan(value_at(engine, 1, "vpin")));
    lf_feature_carry_get(engine, &carry);
    lf_feature_engine_destroy(engine);
    assert_int_equal(carry.day_count, 1);
    assert_int_equal(carry.volume_lots, 1000);
    assert_int_equal(carry.ring_count, 0);

    /* V = 20: 990 lots make 49 buckets and a half. */
    engine = begin_day(&first, &instrument);
    trade_at(engine, 1, 10100, 990, 1);
    assert_true(isnan(value_at(engine, 1, "vpin")));
    lf_feature_carry_get(engine, &carry);
    lf_feature_engine_destroy(engine);
    assert_int_equal(carry.day_count, 2);
    assert_int_equal(carry.volume_lots, 1990);
    assert_int_equal(carry.ring_count, 49);
    assert_int_equal(carry.bucket_open, 1);
    assert_int_equal(carry.bucket_size_lots, 20);
    assert_int_equal(carry.bucket_filled2, 20);

    /* The open bucket keeps its V of 20; sold lots fill its other half. */
    const lf_feature_options third = {.carry = &carry, .vpin_bucket_lots = 7};
    engine = begin_day(&third, &instrument);
    trade_at(engine, 1, 9900, 10, -1);
    assert_true(fabs(value_at(engine, 1, "vpin") - 49.0 / 50) < 1e-15);
    /* Two buckets of 7, one of them balanced but for a lot, push two whole ones out. */
    trade_at(engine, 2, 9900, 7, -1);
    trade_at(engine, 3, 9900, 4, -1);
    trade_at(engine, 4, 10100, 3, 1);
    assert_true(fabs(value_at(engine, 4, "vpin") - (48 + 1.0 / 7) / 50) < 1e-15);
    lf_feature_engine_destroy(engine);
}

/* Lee-Ready: above and below mid, at mid by the last change of price, none before the first. */
static void test_lee_ready(void **state)
{
    (void)state;
    static const struct {
        int64_t units;
        int sign;
    } cases[] = {
        {10000, 0}, {10000, 0}, {10001, 1}, {10000, -1}, {10000, -1}, {9999, -1}, {10000, 1}};
    lf_feature_engine *engine = begin_day(NULL, &instrument);
    double ewma = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const int64_t ts_ns = (int64_t)i + 1;
        trade_at(engine, ts_ns, cases[i].units, 1, LF_SIGN_UNKNOWN);
        ewma += 0.1 * (cases[i].sign - ewma);
        assert_true(value_at(engine, ts_ns, "trade_sign_ewma") == ewma);
    }
    lf_feature_engine_destroy(engine);
}

/* Where a time's quotes and trades have no order, a trade is signed by the state before the time.
 */
static void test_unordered_ties(void **state)
{
    (void)state;
    for (int unordered = 0; unordered < 2; unordered++) {
        lf_instrument feed = instrument;
        feed.ties_unordered = unordered != 0;
        lf_feature_engine *engine = begin_day(NULL, &feed);
        lf_event quote = make_event(5, 0);
        quote.quotes.bid_ticks[0] = 104;
        quote.quotes.ask_ticks[0] = 106;
        assert_int_equal(lf_feature_update(engine, &quote, NULL), LF_OK);
        /* 103 is above the old mid of 100 and below the new one of 105. */
        trade_at(engine, 5, 10300, 1, LF_SIGN_UNKNOWN);
        assert_true(value_at(engine, 5, "trade_sign_ewma") == (unordered != 0 ? 0.1 : -0.1));
        lf_feature_engine_destroy(engine);
    }
}

/* Quotes are lent while the state is valid; rows outside of the session are not valid. */
static void test_quotes_and_bounds(void **state)
{
    (void)state;
    lf_feature_engine *engine = begin_day(NULL, &instrument);
    assert_non_null(lf_feature_quotes(engine));
    assert_int_equal(lf_feature_quotes(engine)->bid_ticks[0], 99);
    lf_event crossed = make_event(7, 0);
    crossed.quotes.bid_ticks[0] = 101;
    assert_int_equal(lf_feature_update(engine, &crossed, NULL), LF_OK);
    assert_null(lf_feature_quotes(engine));
    const lf_event quote = make_event(instrument.session_close_ns, 0);
    assert_int_equal(lf_feature_update(engine, &quote, NULL), LF_OK);
    assert_non_null(lf_feature_quotes(engine));
    double row[64];
    bool valid = true;
    lf_feature_row(engine, instrument.session_close_ns, row, &valid);
    assert_false(valid);
    assert_true(isnan(row[lf_feature_find("spread_bps")]));
    lf_feature_engine_destroy(engine);
}

/* Prices of 0 and below, as spreads between futures have: ticks count on, shares of mid do not. */
static void test_prices_not_positive(void **state)
{
    (void)state;
    static const char *const undefined[] = {
        "spread_bps", "microprice_offset_bps", "vwap_distance", "momentum_10s"};
    lf_feature_engine *engine;
    assert_int_equal(lf_feature_engine_create(&instrument, NULL, &engine, NULL), LF_OK);
    for (int64_t second = 0; second < 400; second++) {
        lf_event event = make_event(second * LF_NS_PER_SECOND, 1);
        event.quotes.bid_ticks[0] = second % 2 - 1;
        event.quotes.ask_ticks[0] = 1 - second % 2;
        const lf_trade trade = {.price_units = -50, .size_lots = 1, .sign = LF_SIGN_UNKNOWN};
        assert_int_equal(lf_feature_update(engine, &event, &trade), LF_OK);
        event.quotes.ask_ticks[0] = 2;
        event.trade_count = 0;
        assert_int_equal(lf_feature_update(engine, &event, NULL), LF_OK);
        event.quotes.bid_ticks[0] = -2;
        event.quotes.ask_ticks[0] = 2;
        assert_int_equal(lf_feature_update(engine, &event, NULL), LF_OK);
    }
    const int64_t t_ns = 399 * LF_NS_PER_SECOND;
    for (size_t i = 0; i < sizeof undefined / sizeof undefined[0]; i++) {
        assert_true(isnan(value_at(engine, t_ns, undefined[i])));
    }
    assert_true(value_at(engine, t_ns, "mid_changes_10s") > 0);
    assert_true(value_at(engine, t_ns, "spread_z_score") == 0);
    assert_true(!isinf(value_at(engine, t_ns, "amihud_5min")));
    lf_feature_engine_destroy(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bucket_edges),
        cmocka_unit_test(test_carry),
        cmocka_unit_test(test_lee_ready),
        cmocka_unit_test(test_unordered_ties),
        cmocka_unit_test(test_quotes_and_bounds),
        cmocka_unit_test(test_prices_not_positive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
