/*
 * Goal: fees are right to 1e-9, with the right sign, of the right day. Method: fills worked out by
 * hand for each schedule and rate of the table, the rounding at halves, and what holds for all.
 */
#include <lobflow/execution.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

#define NANO INT64_C(1000000000)
#define TAKER LF_LIQUIDITY_TAKER
#define MAKER LF_LIQUIDITY_MAKER
#define CROSSED LF_LIQUIDITY_MAKER_CROSSED

static lf_instrument share(void)
{
    return (lf_instrument){
        .symbol = "TEST",
        .currency = "USD",
        .tick_nano = 10000000,
        .lot_nano = LF_NS_PER_SECOND,
        .units_per_tick = 100,
        .level_count = 1,
        .date = {2026, 6, 1},
    };
}

static lf_fee_options options_of(lf_fee_schedule schedule)
{
    lf_execution_options options;
    lf_execution_options_default(&options);
    options.fees.schedule = schedule;
    return options.fees;
}

static lf_fees resolved(const lf_fee_options *options, const lf_instrument *instrument)
{
    lf_fees fees;
    lf_error error;
    if (lf_fees_resolve(options, instrument, &fees, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    return fees;
}

/* ---- the US table ----------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *as_of;
    int32_t side;
    lf_liquidity liquidity;
    int64_t price_ticks, lots;
    lf_fee_parts fees;
} us_rows[] = {
    {"taker buys 100 at 50",
     "2026-06-01",
     1,
     LF_LIQUIDITY_TAKER,
     5000,
     100,
     {100000000, 300000000, 0}},
    {"maker buys: rebate, nothing else",
     "2026-06-01",
     1,
     LF_LIQUIDITY_MAKER,
     5000,
     100,
     {100000000, -180000000, 0}},
    {"crossed counts as maker",
     "2026-06-01",
     1,
     LF_LIQUIDITY_MAKER_CROSSED,
     5000,
     100,
     {100000000, -180000000, 0}},
    /* 5000 USD x 20.60 per million = 0.103; TAF 100 x 0.000195 = 0.0195. */
    {"seller pays Section 31 and TAF",
     "2026-06-01",
     -1,
     LF_LIQUIDITY_TAKER,
     5000,
     100,
     {100000000, 300000000, 103000000 + 19500000}},
    {"no Section 31 from May 2025",
     "2025-05-14",
     -1,
     LF_LIQUIDITY_TAKER,
     5000,
     100,
     {100000000, 300000000, 16600000}},
    /* 5000 x 27.80 per million = 0.139. */
    {"the day before",
     "2025-05-13",
     -1,
     LF_LIQUIDITY_TAKER,
     5000,
     100,
     {100000000, 300000000, 139000000 + 16600000}},
    {"first day of the table",
     "2025-01-01",
     -1,
     LF_LIQUIDITY_TAKER,
     5000,
     100,
     {100000000, 300000000, 139000000 + 16600000}},
    {"TAF of 2026",
     "2026-01-01",
     -1,
     LF_LIQUIDITY_TAKER,
     5000,
     100,
     {100000000, 300000000, 19500000}},
    {"TAF of 2027",
     "2027-01-01",
     -1,
     LF_LIQUIDITY_TAKER,
     5000,
     100,
     {100000000, 300000000, 103000000 + 23200000}},
    {"last row goes on",
     "2031-01-01",
     -1,
     LF_LIQUIDITY_TAKER,
     5000,
     100,
     {100000000, 300000000, 103000000 + 24000000}},
    /* 100,000 x 0.000195 = 19.50 is cut to 9.79; 1,000,000 USD pays 20.60. */
    {"TAF has a cap",
     "2026-06-01",
     -1,
     LF_LIQUIDITY_TAKER,
     1000,
     100000,
     {INT64_C(100000000000), INT64_C(300000000000), INT64_C(20600000000) + 9790000000}},
    /* 100 x 0.99 = 99 USD x 0.30 % = 0.297. */
    {"below a dollar a taker pays by value",
     "2026-06-01",
     1,
     LF_LIQUIDITY_TAKER,
     99,
     100,
     {100000000, 297000000, 0}},
    {"below a dollar a maker earns nothing",
     "2026-06-01",
     1,
     LF_LIQUIDITY_MAKER,
     99,
     100,
     {100000000, 0, 0}},
    {"a dollar is not below a dollar",
     "2026-06-01",
     1,
     LF_LIQUIDITY_MAKER,
     100,
     100,
     {100000000, -180000000, 0}},
    {"one share",
     "2026-06-01",
     -1,
     LF_LIQUIDITY_MAKER,
     5001,
     1,
     /* 50.01 x 20.60e-6 = 0.001030206 */
     {1000000, -1800000, 1030206 + 195000}},
};

static void test_us_by_hand(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof us_rows / sizeof us_rows[0]; i++) {
        const lf_instrument instrument = share();
        lf_fee_options options = options_of(LF_FEE_SCHEDULE_US_NASDAQ);
        assert_int_equal(lf_fees_as_of_parse(us_rows[i].as_of, &options, NULL), LF_OK);
        const lf_fees fees = resolved(&options, &instrument);
        lf_fee_parts got;
        assert_int_equal(
            lf_fees_charge(
                &fees,
                us_rows[i].side,
                us_rows[i].liquidity,
                us_rows[i].price_ticks,
                us_rows[i].lots,
                &got
            ),
            LF_OK
        );
        if (memcmp(&got, &us_rows[i].fees, sizeof got) != 0) {
            fail_msg(
                "%s: %lld %lld %lld",
                us_rows[i].name,
                (long long)got.commission_nano,
                (long long)got.exchange_nano,
                (long long)got.regulatory_nano
            );
        }
    }
}

static void test_which_day(void **state)
{
    (void)state;
    lf_instrument instrument = share();
    lf_fee_options options = options_of(LF_FEE_SCHEDULE_US_NASDAQ);
    lf_fees fees = resolved(&options, &instrument);
    assert_string_equal(fees.name, "us_nasdaq as of 2026-09-22");
    options.as_of = LF_FEES_AS_OF_TRADE_DATE;
    fees = resolved(&options, &instrument);
    assert_string_equal(fees.name, "us_nasdaq as of 2026-06-01");
    instrument.date = (lf_date){2012, 6, 21};
    lf_error error;
    assert_int_equal(lf_fees_resolve(&options, &instrument, &fees, &error), LF_RANGE);
    assert_non_null(strstr(error.message, "2012-06-21"));
    instrument.date = (lf_date){2024, 12, 31};
    assert_int_equal(lf_fees_resolve(&options, &instrument, &fees, &error), LF_RANGE);
    /* The newest does not depend on the day of the data. */
    options.as_of = LF_FEES_AS_OF_NEWEST;
    assert_string_equal(resolved(&options, &instrument).name, "us_nasdaq as of 2026-09-22");
}

static void test_given_rates(void **state)
{
    (void)state;
    const lf_instrument instrument = share();
    lf_fee_options options = options_of(LF_FEE_SCHEDULE_US_NASDAQ);
    options.taker_per_share = 0.0005;
    options.maker_per_share = -0.003;
    lf_fees fees = resolved(&options, &instrument);
    lf_fee_parts parts;
    assert_int_equal(lf_fees_charge(&fees, 1, LF_LIQUIDITY_TAKER, 5000, 7, &parts), LF_OK);
    assert_int_equal(parts.exchange_nano, 3500000);
    assert_int_equal(lf_fees_charge(&fees, 1, LF_LIQUIDITY_MAKER, 5000, 7, &parts), LF_OK);
    assert_int_equal(parts.exchange_nano, -21000000);

    options = options_of(LF_FEE_SCHEDULE_COMMISSION);
    fees = resolved(&options, &instrument);
    assert_int_equal(lf_fees_charge(&fees, -1, LF_LIQUIDITY_TAKER, 5000, 7, &parts), LF_OK);
    assert_int_equal(parts.commission_nano, 7000000);
    assert_int_equal(parts.exchange_nano, 0);
    assert_int_equal(parts.regulatory_nano, 0);

    options = options_of(LF_FEE_SCHEDULE_NONE);
    fees = resolved(&options, &instrument);
    assert_int_equal(lf_fees_charge(&fees, -1, LF_LIQUIDITY_TAKER, 5000, 7, &parts), LF_OK);
    assert_int_equal(parts.commission_nano + parts.exchange_nano + parts.regulatory_nano, 0);
}

/* ---- other venues ----------------------------------------------------------------------- */

/* One fill of 3 lots at 20000.00 of each venue, worked out by hand. */
static const struct {
    const char *name, *symbol;
    lf_fee_schedule schedule;
    int64_t tier, lot_nano;
    lf_liquidity liquidity;
    lf_fee_parts fees;
} venue_rows[] = {
    /* 60,000 x 5 bps = 30; x 2 bps = 12; x 1.7 = 10.2; VIP 9 makes for nothing. */
    {"usdm taker", "BTCUSDT", LF_FEE_SCHEDULE_BINANCE_USDM, 0, NANO, TAKER, {0, 30 * NANO, 0}},
    {"usdm maker", "BTCUSDT", LF_FEE_SCHEDULE_BINANCE_USDM, 0, NANO, MAKER, {0, 12 * NANO, 0}},
    {"usdm VIP 3", "BTCUSDT", LF_FEE_SCHEDULE_BINANCE_USDM, 3, NANO, TAKER, {0, 19200000000, 0}},
    {"usdm VIP 9", "BTCUSDT", LF_FEE_SCHEDULE_BINANCE_USDM, 9, NANO, TAKER, {0, 10200000000, 0}},
    {"usdm VIP 9 maker", "BTCUSDT", LF_FEE_SCHEDULE_BINANCE_USDM, 9, NANO, MAKER, {0, 0, 0}},
    {"spot", "BTCUSDT", LF_FEE_SCHEDULE_BINANCE_SPOT, 0, NANO, MAKER, {0, 60 * NANO, 0}},
    {"spot VIP 2", "BTCUSDT", LF_FEE_SCHEDULE_BINANCE_SPOT, 2, NANO, MAKER, {0, 48 * NANO, 0}},
    /* 60,000 x 4.8 bps = 28.8; x 1.2 = 7.2. */
    {"spot VIP 5", "BTCUSDT", LF_FEE_SCHEDULE_BINANCE_SPOT, 5, NANO, TAKER, {0, 28800000000, 0}},
    {"spot VIP 9", "BTCUSDT", LF_FEE_SCHEDULE_BINANCE_SPOT, 9, NANO, MAKER, {0, 7200000000, 0}},
    {"coinbase", "BTC-USD", LF_FEE_SCHEDULE_COINBASE, 0, NANO, TAKER, {0, 360 * NANO, 0}},
    {"coinbase maker", "BTC-USD", LF_FEE_SCHEDULE_COINBASE, 0, NANO, MAKER, {0, 240 * NANO, 0}},
    {"coinbase best", "BTC-USD", LF_FEE_SCHEDULE_COINBASE, 8, NANO, TAKER, {0, 30 * NANO, 0}},
    {"coinbase best maker", "BTC-USD", LF_FEE_SCHEDULE_COINBASE, 8, NANO, MAKER, {0, 0, 0}},
    /* 3 x 1.38 and 3 x 0.02, whatever the value and whoever takes. */
    {"es", "ESH6", LF_FEE_SCHEDULE_CME, 0, 50 * NANO, TAKER, {0, 4140000000, 60000000}},
    {"es maker", "ES.c.0", LF_FEE_SCHEDULE_CME, 0, 50 * NANO, MAKER, {0, 4140000000, 60000000}},
    {"mes", "MESM6", LF_FEE_SCHEDULE_CME, 0, 5 * NANO, CROSSED, {0, 1050000000, 60000000}},
    {"nq", "NQZ6", LF_FEE_SCHEDULE_CME, 0, 20 * NANO, TAKER, {0, 4140000000, 60000000}},
    {"euro", "6EH7", LF_FEE_SCHEDULE_CME, 0, 125000 * NANO, TAKER, {0, 4800000000, 60000000}},
    {"gold", "GCQ6", LF_FEE_SCHEDULE_CME, 0, 100 * NANO, TAKER, {0, 4800000000, 60000000}},
    {"micro crude", "MCLX6", LF_FEE_SCHEDULE_CME, 0, 100 * NANO, TAKER, {0, 1500000000, 60000000}},
};

static void test_venues_by_hand(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof venue_rows / sizeof venue_rows[0]; i++) {
        lf_instrument instrument = share();
        lf_fee_options options = options_of(venue_rows[i].schedule);
        lf_fee_parts buy, sell;
        options.tier = venue_rows[i].tier;
        instrument.lot_nano = venue_rows[i].lot_nano;
        (void)snprintf(instrument.symbol, sizeof instrument.symbol, "%s", venue_rows[i].symbol);
        const lf_fees fees = resolved(&options, &instrument);
        const lf_liquidity how = venue_rows[i].liquidity;
        assert_int_equal(lf_fees_charge(&fees, 1, how, 2000000, 3, &buy), LF_OK);
        assert_int_equal(lf_fees_charge(&fees, -1, how, 2000000, 3, &sell), LF_OK);
        assert_memory_equal(&buy, &sell, sizeof buy);
        if (memcmp(&buy, &venue_rows[i].fees, sizeof buy) != 0) {
            fail_msg(
                "%s: %lld %lld %lld",
                venue_rows[i].name,
                (long long)buy.commission_nano,
                (long long)buy.exchange_nano,
                (long long)buy.regulatory_nano
            );
        }
    }
}

/* Taker and maker rates of a tier change with the date: the row in force is taken, and a day whose
   rate nobody tells is refused. */
static void test_dates_of_tiers(void **state)
{
    (void)state;
    static const struct {
        lf_fee_schedule schedule;
        int64_t tier;
        lf_date date;
        double taker, maker; /* bps, or 1e-4 USD a share; NAN: refused */
        const char *part;
    } dated[] = {
        {LF_FEE_SCHEDULE_BINANCE_SPOT, 3, {2022, 5, 31}, NAN, NAN, "begins on 2022-06-01"},
        {LF_FEE_SCHEDULE_BINANCE_SPOT, 3, {2022, 6, 1}, 10, 7, NULL},
        {LF_FEE_SCHEDULE_BINANCE_SPOT, 3, {2023, 6, 6}, 10, 7, NULL},
        {LF_FEE_SCHEDULE_BINANCE_SPOT, 3, {2023, 6, 7}, 6, 4.2, NULL},
        {LF_FEE_SCHEDULE_BINANCE_SPOT, 9, {2023, 6, 6}, 4, 2, NULL},
        {LF_FEE_SCHEDULE_BINANCE_SPOT, 9, {2024, 8, 1}, 2.4, 1.2, NULL},
        {LF_FEE_SCHEDULE_BINANCE_SPOT, 5, {2024, 7, 17}, 4.8, 3.6, NULL},
        {LF_FEE_SCHEDULE_BINANCE_SPOT, 5, {2024, 7, 18}, NAN, NAN, "is not known"},
        {LF_FEE_SCHEDULE_BINANCE_SPOT, 8, {2024, 10, 17}, NAN, NAN, "from 2024-07-18 on"},
        {LF_FEE_SCHEDULE_BINANCE_SPOT, 8, {2024, 10, 18}, 3, 1.8, NULL},
        {LF_FEE_SCHEDULE_US_NASDAQ, 0, {2025, 3, 3}, 30, -18, NULL},
        {LF_FEE_SCHEDULE_US_NASDAQ, 1, {2025, 3, 2}, NAN, NAN, "begins on 2025-03-03"},
        {LF_FEE_SCHEDULE_US_NASDAQ, 1, {2025, 3, 3}, 30, -30, NULL},
        {LF_FEE_SCHEDULE_US_NASDAQ, 2, {2025, 3, 3}, NAN, NAN, "has 0 to 1"},
        {LF_FEE_SCHEDULE_US_NASDAQ, 0, {2024, 12, 31}, NAN, NAN, "begins on 2025-01-01"},
    };
    const lf_instrument instrument = share();
    for (size_t i = 0; i < sizeof dated / sizeof dated[0]; i++) {
        lf_fee_options options = options_of(dated[i].schedule);
        lf_fees fees;
        lf_error error = {0};
        options.tier = dated[i].tier;
        options.as_of = LF_FEES_AS_OF_DATE;
        options.as_of_date = dated[i].date;
        const lf_status status = lf_fees_resolve(&options, &instrument, &fees, &error);
        if (dated[i].part != NULL) {
            if (status != LF_RANGE || strstr(error.message, dated[i].part) == NULL) {
                fail_msg("row %zu: %s", i, error.message);
            }
            continue;
        }
        assert_int_equal(status, LF_OK);
        const bool is_us = dated[i].schedule == LF_FEE_SCHEDULE_US_NASDAQ;
        const double taker =
            is_us ? 1e-5 * (double)fees.taker_nano : 1e-6 * (double)fees.taker_micro_bps;
        const double maker =
            is_us ? 1e-5 * (double)fees.maker_nano : 1e-6 * (double)fees.maker_micro_bps;
        if (fabs(taker - dated[i].taker) > 1e-9 || fabs(maker - dated[i].maker) > 1e-9) {
            fail_msg("row %zu: %g and %g", i, taker, maker);
        }
    }
}

/* A tier that a schedule does not have is an error of the configuration, before any day is seen. */
static void test_tier_is_checked(void **state)
{
    (void)state;
    lf_execution_options options;
    lf_execution_options_default(&options);
    options.fees.schedule = LF_FEE_SCHEDULE_BINANCE_SPOT;
    options.fees.tier = 9;
    assert_int_equal(lf_execution_options_check(&options, NULL), LF_OK);
    options.fees.tier = 10;
    assert_int_equal(lf_execution_options_check(&options, NULL), LF_RANGE);
    options.fees.tier = -1;
    assert_int_equal(lf_execution_options_check(&options, NULL), LF_RANGE);
    options.fees.schedule = LF_FEE_SCHEDULE_BPS;
    assert_int_equal(lf_execution_options_check(&options, NULL), LF_OK);
}

/* More volume never costs more, and making never costs more than taking. */
static void test_tiers_fall(void **state)
{
    (void)state;
    static const struct {
        lf_fee_schedule schedule;
        int64_t count;
        const char *name;
    } rows[] = {
        {LF_FEE_SCHEDULE_BINANCE_USDM, 10, "binance_usdm tier 9 as of 2026-09-22"},
        {LF_FEE_SCHEDULE_BINANCE_SPOT, 10, "binance_spot tier 9 as of 2026-09-22"},
        {LF_FEE_SCHEDULE_COINBASE, 9, "coinbase tier 8 as of 2026-09-22"},
    };
    const lf_instrument instrument = share();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lf_fee_options options = options_of(rows[i].schedule);
        lf_fees before = {.taker_micro_bps = INT64_MAX, .maker_micro_bps = INT64_MAX}, fees;
        lf_error error;
        for (; options.tier < rows[i].count; options.tier++) {
            fees = resolved(&options, &instrument);
            assert_true(fees.taker_micro_bps <= before.taker_micro_bps);
            assert_true(fees.maker_micro_bps <= before.maker_micro_bps);
            assert_true(fees.maker_micro_bps <= fees.taker_micro_bps);
            before = fees;
        }
        assert_string_equal(fees.name, rows[i].name);
        assert_int_equal(lf_fees_resolve(&options, &instrument, &fees, &error), LF_RANGE);
        assert_non_null(strstr(error.message, "fee_tier"));
        options.tier = -1;
        assert_int_equal(lf_fees_resolve(&options, &instrument, &fees, &error), LF_RANGE);
        options.tier = 0;
        options.as_of = LF_FEES_AS_OF_DATE;
        options.as_of_date = (lf_date){2021, 1, 1};
        assert_int_equal(lf_fees_resolve(&options, &instrument, &fees, &error), LF_RANGE);
        assert_non_null(strstr(error.message, "2021-01-01"));
    }
}

static void test_contracts(void **state)
{
    (void)state;
    static const char *const unknown[] = {"ZNH6", "ESX", "ES", "ESH6-ESM6", "MES"};
    lf_instrument instrument = share();
    lf_fee_options options = options_of(LF_FEE_SCHEDULE_CME);
    lf_fees fees;
    lf_error error;
    instrument.lot_nano = 20 * NANO;
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        (void)snprintf(instrument.symbol, sizeof instrument.symbol, "%s", unknown[i]);
        assert_int_equal(lf_fees_resolve(&options, &instrument, &fees, &error), LF_RANGE);
        assert_non_null(strstr(error.message, "fee_per_contract"));
    }
    options.fee_per_contract = 0.5;
    options.commission_per_contract = 0.25;
    lf_fee_parts parts;
    fees = resolved(&options, &instrument);
    assert_int_equal(lf_fees_charge(&fees, 1, LF_LIQUIDITY_TAKER, 5000, 4, &parts), LF_OK);
    assert_int_equal(parts.commission_nano, NANO);
    assert_int_equal(parts.exchange_nano, 2 * NANO);
    assert_int_equal(parts.regulatory_nano, 80000000);
    /* NFA's part is dated, whatever the exchange takes. */
    options.as_of = LF_FEES_AS_OF_DATE;
    options.as_of_date = (lf_date){2021, 12, 31};
    assert_int_equal(lf_fees_resolve(&options, &instrument, &fees, &error), LF_RANGE);
    assert_non_null(strstr(error.message, "begins on 2022-01-01"));
}

/* ---- rounding --------------------------------------------------------------------------- */

/* One unit of 1e-9 a tick and lot, so that the value is price x lots: halves go away from 0. */
static void test_halves_go_away_from_zero(void **state)
{
    (void)state;
    static const struct {
        int64_t price_ticks, lots, taker, maker;
    } rows[] = {
        {1000, 1, 1, -1}, /* 0.5 */
        {999, 1, 0, 0},   /* 0.4995 */
        {1001, 1, 1, -1}, /* 0.5005 */
        {1000, 3, 2, -2}, /* 1.5 */
        {1000, 4, 2, -2}, /* 2 */
        {2999, 1, 1, -1}, /* 1.4995 */
    };
    lf_instrument instrument = share();
    instrument.tick_nano = 1;
    lf_fee_options options = options_of(LF_FEE_SCHEDULE_BPS);
    options.taker_bps = 5;
    options.maker_bps = -5;
    const lf_fees fees = resolved(&options, &instrument);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const int64_t price = rows[i].price_ticks;
        const int64_t lots = rows[i].lots;
        lf_fee_parts parts;
        assert_int_equal(lf_fees_charge(&fees, 1, LF_LIQUIDITY_TAKER, price, lots, &parts), LF_OK);
        assert_int_equal(parts.exchange_nano, rows[i].taker);
        /* Below zero, where futures and their spreads have been, the value is as large. */
        assert_int_equal(lf_fees_charge(&fees, 1, LF_LIQUIDITY_TAKER, -price, lots, &parts), LF_OK);
        assert_int_equal(parts.exchange_nano, rows[i].taker);
        assert_int_equal(lf_fees_charge(&fees, -1, LF_LIQUIDITY_MAKER, price, lots, &parts), LF_OK);
        assert_int_equal(parts.exchange_nano, rows[i].maker);
        assert_int_equal(parts.commission_nano + parts.regulatory_nano, 0);
    }
}

/* An order filled in pieces pays what it pays whole, but for half a unit a piece and part. */
static void test_pieces_cost_as_much_as_the_whole(void **state)
{
    (void)state;
    const lf_instrument instrument = share();
    const lf_fee_options options = options_of(LF_FEE_SCHEDULE_US_NASDAQ);
    const lf_fees fees = resolved(&options, &instrument);
    lf_random random;
    lf_random_seed(&random, 3, 0);
    for (int i = 0; i < 20000; i++) {
        const int64_t price = 1 + (int64_t)lf_random_below(&random, 100000);
        const int32_t side = i % 2 ? 1 : -1;
        const lf_liquidity liquidity = (lf_liquidity)(i % LF_LIQUIDITY_COUNT);
        int64_t lots = 0;
        int64_t sums[3] = {0};
        lf_fee_parts parts;
        enum {
            PIECES = 5
        };
        for (int k = 0; k < PIECES; k++) {
            const int64_t piece = 1 + (int64_t)lf_random_below(&random, 500);
            assert_int_equal(lf_fees_charge(&fees, side, liquidity, price, piece, &parts), LF_OK);
            sums[0] += parts.commission_nano;
            sums[1] += parts.exchange_nano;
            sums[2] += parts.regulatory_nano;
            lots += piece;
        }
        assert_int_equal(lf_fees_charge(&fees, side, liquidity, price, lots, &parts), LF_OK);
        assert_int_equal(sums[0], parts.commission_nano);
        assert_true(llabs(sums[1] - parts.exchange_nano) <= PIECES);
        assert_true(llabs(sums[2] - parts.regulatory_nano) <= PIECES);
        assert_true(side < 0 ? parts.regulatory_nano > 0 : parts.regulatory_nano == 0);
    }
}

/* ---- what is refused -------------------------------------------------------------------- */

static void test_refused(void **state)
{
    (void)state;
    lf_fees fees;
    lf_error error;
    lf_instrument instrument = share();
    lf_fee_options options = options_of(LF_FEE_SCHEDULE_US_NASDAQ);
    memcpy(instrument.currency, "EUR", 4);
    assert_int_equal(lf_fees_resolve(&options, &instrument, &fees, &error), LF_MISMATCH);
    assert_non_null(strstr(error.message, "EUR"));
    options = options_of(LF_FEE_SCHEDULE_BPS);
    assert_int_equal(lf_fees_resolve(&options, &instrument, &fees, &error), LF_OK);
    instrument.is_inverse = true;
    assert_int_equal(lf_fees_resolve(&options, &instrument, &fees, &error), LF_UNSUPPORTED);
    assert_non_null(strstr(error.message, "inverse"));
    instrument.is_inverse = false;

    static const double bad[] = {NAN, INFINITY, -INFINITY, 1e12};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        options = options_of(LF_FEE_SCHEDULE_BPS);
        options.maker_bps = bad[i];
        assert_int_equal(lf_fees_resolve(&options, &instrument, &fees, &error), LF_RANGE);
        assert_non_null(strstr(error.message, "fee_maker_bps"));
        options = options_of(LF_FEE_SCHEDULE_COMMISSION);
        options.commission_per_share = bad[i];
        assert_int_equal(lf_fees_resolve(&options, &instrument, &fees, &error), LF_RANGE);
        assert_non_null(strstr(error.message, "commission_per_share"));
    }
    /* A lot so small that a tick of it is no whole unit of money. */
    options = options_of(LF_FEE_SCHEDULE_NONE);
    instrument.lot_nano = 1;
    assert_int_equal(lf_fees_resolve(&options, &instrument, &fees, &error), LF_RANGE);
    assert_non_null(strstr(error.message, "larger lot"));

    instrument = share();
    fees = resolved(&options, &instrument);
    lf_fee_parts parts = {1, 2, 3};
    assert_int_equal(
        lf_fees_charge(&fees, 1, LF_LIQUIDITY_TAKER, INT64_C(1) << 40, INT64_C(1) << 40, &parts),
        LF_RANGE
    );
    assert_int_equal(parts.commission_nano, 1);
}

/* ---- the cost of in and out ------------------------------------------------------------- */

static void test_round_trip(void **state)
{
    (void)state;
    const lf_instrument instrument = share();
    lf_fee_options options = options_of(LF_FEE_SCHEDULE_US_NASDAQ);
    const lf_quotes quotes = {
        .bid_ticks = {4999}, .bid_lots = {10}, .ask_ticks = {5001}, .ask_lots = {10}};
    const lf_fees us = resolved(&options, &instrument);
    /* Two ticks of 5000 are 4 bps; commission 0.002 and take 0.006 on 50 are 1.6 bps; selling at
       49.99: Section 31 20.60e-6 x 49.99 and TAF 0.000195. */
    const double regulatory_bps = 1e4 * (20.60e-6 * 49.99 + 0.000195) / 50;
    const double taker = lf_fees_round_trip_bps(&us, LF_ORDER_KIND_MARKETABLE, &quotes, 100);
    assert_true(fabs(taker - (4 + 1.6 + regulatory_bps)) < 1e-9);
    /* A maker sells at 50.01 and pays no spread; 0.002 - 0.0036 is earned. */
    const double selling_bps = 1e4 * (20.60e-6 * 50.01 + 0.000195) / 50;
    const double maker = lf_fees_round_trip_bps(&us, LF_ORDER_KIND_PASSIVE, &quotes, 100);
    assert_true(fabs(maker - (-0.32 + selling_bps)) < 1e-9);

    /* A price below zero costs what it costs above. */
    options = options_of(LF_FEE_SCHEDULE_BPS);
    const lf_fees bps = resolved(&options, &instrument);
    const lf_quotes below = {
        .bid_ticks = {-5001}, .bid_lots = {10}, .ask_ticks = {-4999}, .ask_lots = {10}};
    const double cost = lf_fees_round_trip_bps(&bps, LF_ORDER_KIND_MARKETABLE, &quotes, 100);
    assert_true(cost > 4);
    assert_true(
        fabs(lf_fees_round_trip_bps(&bps, LF_ORDER_KIND_MARKETABLE, &below, 100) - cost) < 1e-9
    );

    const lf_quotes crossed = {
        .bid_ticks = {5001}, .bid_lots = {10}, .ask_ticks = {5000}, .ask_lots = {10}};
    assert_true(isnan(lf_fees_round_trip_bps(&us, LF_ORDER_KIND_MARKETABLE, &crossed, 100)));
    const lf_quotes empty = {.bid_ticks = {4999}, .bid_lots = {10}, .ask_ticks = {LF_ASK_NONE}};
    assert_true(isnan(lf_fees_round_trip_bps(&us, LF_ORDER_KIND_MARKETABLE, &empty, 100)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_us_by_hand),
        cmocka_unit_test(test_which_day),
        cmocka_unit_test(test_given_rates),
        cmocka_unit_test(test_venues_by_hand),
        cmocka_unit_test(test_dates_of_tiers),
        cmocka_unit_test(test_tier_is_checked),
        cmocka_unit_test(test_tiers_fall),
        cmocka_unit_test(test_contracts),
        cmocka_unit_test(test_halves_go_away_from_zero),
        cmocka_unit_test(test_pieces_cost_as_much_as_the_whole),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
