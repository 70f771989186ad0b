/*
 * Goal: the ledger balances to the unit, says what broke when it does not, and refuses what does
 * not fit. Method: accounts by hand, random fills against 128-bit sums, every member broken once.
 */
#include <lobflow/execution.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

__extension__ typedef __int128 wide;

/* A fill of some lots with each part of its fees. */
static lf_fill fill_of(int32_t side, int64_t lots, int64_t value_nano, lf_fee_parts fees)
{
    return (lf_fill){
        .order_id = 1,
        .side = side,
        .lots = lots,
        .value_nano = value_nano,
        .fees = fees,
        .liquidity = LF_LIQUIDITY_TAKER,
    };
}

static void book(lf_ledger *ledger, lf_fill fill)
{
    lf_error error;
    if (lf_ledger_fill(ledger, &fill, &error) != LF_OK ||
        lf_ledger_check(ledger, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
}

/* Buys 300 for 30 and sells 500 for 55: 200 short, with a rebate larger than the fees. */
static void test_by_hand(void **state)
{
    (void)state;
    lf_ledger ledger = {0};
    book(&ledger, fill_of(1, 300, 30000, (lf_fee_parts){10, 5, 0}));
    assert_int_equal(ledger.cash_nano, -30015);
    assert_int_equal(ledger.position_lots, 300);
    lf_fill sale = fill_of(-1, 500, 55000, (lf_fee_parts){10, -90, 7});
    sale.liquidity = LF_LIQUIDITY_MAKER;
    book(&ledger, sale);
    assert_int_equal(ledger.cash_nano, -30015 + 55000 + 73);
    assert_int_equal(ledger.position_lots, -200);
    assert_int_equal(ledger.fees_nano, 15 - 73);
    assert_int_equal(ledger.commission_nano, 20);
    assert_int_equal(ledger.exchange_nano, -85);
    assert_int_equal(ledger.regulatory_nano, 7);
    assert_int_equal(ledger.fill_count, 2);
    assert_int_equal(ledger.fill_lots[LF_LIQUIDITY_TAKER], 300);
    assert_int_equal(ledger.fill_lots[LF_LIQUIDITY_MAKER], 500);
    /* Gross at a mid of 110.5 ticks, one unit a tick and lot: 25000 - 200 x 110.5. */
    assert_true(lf_ledger_gross(&ledger, 221, 1) == (25000 - 22100) * 1e-9);
    assert_int_equal(lf_ledger_net_nano(&ledger, 221, 1), 25000 - 22100 + 58);
}

static void test_settling(void **state)
{
    (void)state;
    static const struct {
        int64_t lots, mid2, unit, value;
    } rows[] = {
        {3, 201, 10, 3015},
        {-3, 201, 10, -3015},
        /* Half a unit goes towards zero on both sides. */
        {3, 201, 1, 301},
        {-3, 201, 1, -301},
        {0, 201, 10, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lf_ledger ledger = {0};
        const int64_t lots = rows[i].lots;
        if (lots != 0) {
            const lf_fee_parts fees = {1, 2, 3};
            book(&ledger, fill_of(lots > 0 ? 1 : -1, lots > 0 ? lots : -lots, 1000, fees));
        }
        const int64_t cash = ledger.cash_nano;
        const double gross = lf_ledger_gross(&ledger, rows[i].mid2, rows[i].unit);
        assert_int_equal(lf_ledger_settle(&ledger, rows[i].mid2, rows[i].unit, NULL), LF_OK);
        assert_int_equal(lf_ledger_check(&ledger, NULL), LF_OK);
        assert_int_equal(ledger.cash_nano - cash, rows[i].value);
        assert_int_equal(ledger.position_lots, 0);
        assert_int_equal(ledger.settled_lots, lots);
        assert_int_equal(ledger.fill_count, lots != 0);
        /* Settling moves value between position and cash and makes none. */
        assert_true(fabs(lf_ledger_gross(&ledger, 0, rows[i].unit) - gross) < 1e-9);
    }
}

/* The net is rounded down, so that a loss limit is never overlooked, and saturates. */
static void test_net_rounds_down(void **state)
{
    (void)state;
    static const struct {
        int64_t cash, position, mid2, unit, net;
    } rows[] = {
        {0, 1, 3, 1, 1},
        {0, -1, 3, 1, -2},
        {-5, 1, 3, 1, -4},
        {0, INT64_MAX, INT64_C(1) << 40, 1, INT64_MAX},
        {0, -INT64_MAX, INT64_C(1) << 40, 1, INT64_MIN},
        /* More than 128 bits. */
        {0, 4, INT64_MAX, INT64_MAX, INT64_MAX},
        {0, -INT64_MAX, INT64_MAX, INT64_MAX, INT64_MIN},
        {0, INT64_MAX, -INT64_MAX, INT64_MAX, INT64_MIN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const lf_ledger ledger = {.cash_nano = rows[i].cash, .position_lots = rows[i].position};
        assert_int_equal(lf_ledger_net_nano(&ledger, rows[i].mid2, rows[i].unit), rows[i].net);
    }
}

static void test_random_fills(void **state)
{
    (void)state;
    lf_random random;
    lf_random_seed(&random, 20260601, 0);
    lf_ledger ledger = {0};
    wide cash = 0, position = 0, fees = 0;
    for (int i = 0; i < 100000; i++) {
        const int32_t side = lf_random_below(&random, 2) == 0 ? 1 : -1;
        const int64_t lots = 1 + (int64_t)lf_random_below(&random, 1000);
        const int64_t value = (int64_t)lf_random_below(&random, UINT64_C(10000000000000));
        const lf_fee_parts parts = {
            (int64_t)lf_random_below(&random, 1000000),
            (int64_t)lf_random_below(&random, 1000000) - 500000,
            side < 0 ? (int64_t)lf_random_below(&random, 1000) : 0,
        };
        lf_fill fill = fill_of(side, lots, value, parts);
        fill.liquidity = (lf_liquidity)lf_random_below(&random, LF_LIQUIDITY_COUNT);
        book(&ledger, fill);
        const wide fee = (wide)parts.commission_nano + parts.exchange_nano + parts.regulatory_nano;
        cash -= side * (wide)value + fee;
        fees += fee;
        position += side * lots;
        if (ledger.cash_nano != cash || ledger.position_lots != position ||
            ledger.fees_nano != fees) {
            fail_msg("the ledger left the 128-bit sums at fill %d", i);
        }
    }
}

/* A fill that cannot be booked leaves the ledger as it was. */
static void test_refused_fills(void **state)
{
    (void)state;
    const lf_fee_parts none = {0, 0, 0};
    const lf_fee_parts huge = {INT64_MAX, INT64_MAX, 0};
    const lf_fee_parts least = {INT64_MIN, 0, 0};
    lf_fill strange = fill_of(1, 1, 1, none);
    strange.liquidity = (lf_liquidity)LF_LIQUIDITY_COUNT;
    const struct {
        lf_fill fill;
        lf_status status;
    } rows[] = {
        {fill_of(1, 0, 1, none), LF_INVARIANT},
        {fill_of(1, -5, 1, none), LF_INVARIANT},
        {fill_of(0, 5, 1, none), LF_INVARIANT},
        {fill_of(2, 5, 1, none), LF_INVARIANT},
        {fill_of(1, 5, INT64_MIN, none), LF_INVARIANT},
        {strange, LF_INVARIANT},
        {fill_of(1, INT64_MAX, 1, none), LF_RANGE},
        {fill_of(1, 1, INT64_MAX, none), LF_RANGE},
        {fill_of(1, 1, 1, huge), LF_RANGE},
        {fill_of(1, 1, 1, least), LF_RANGE},
    };
    lf_ledger before = {0};
    book(&before, fill_of(1, 10, 1000, (lf_fee_parts){1, 1, 1}));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lf_ledger ledger = before;
        if (lf_ledger_fill(&ledger, &rows[i].fill, NULL) != rows[i].status) {
            fail_msg("row %zu", i);
        }
        assert_memory_equal(&ledger, &before, sizeof ledger);
    }
    lf_ledger ledger = before;
    assert_int_equal(lf_ledger_settle(&ledger, INT64_MAX, INT64_MAX, NULL), LF_RANGE);
    assert_memory_equal(&ledger, &before, sizeof ledger);
}

/* Each number that is wrong by one unit is found, and the sentence names what broke. */
static void test_every_break_is_found(void **state)
{
    (void)state;
    static const struct {
        size_t offset;
        const char *says;
    } rows[] = {
        {offsetof(lf_ledger, cash_nano), "cash = sold"},
        {offsetof(lf_ledger, position_lots), "= position"},
        {offsetof(lf_ledger, fees_nano), "fees = commission"},
        {offsetof(lf_ledger, bought_lots), "= position"},
        {offsetof(lf_ledger, sold_lots), "= position"},
        {offsetof(lf_ledger, bought_nano), "cash = sold"},
        {offsetof(lf_ledger, sold_nano), "cash = sold"},
        {offsetof(lf_ledger, commission_nano), "fees = commission"},
        {offsetof(lf_ledger, exchange_nano), "fees = commission"},
        {offsetof(lf_ledger, regulatory_nano), "fees = commission"},
        {offsetof(lf_ledger, settled_lots), "= position"},
        {offsetof(lf_ledger, settled_nano), "cash = sold"},
        {offsetof(lf_ledger, fill_count), "fills = taker"},
        {offsetof(lf_ledger, fill_counts), "fills = taker"},
        {offsetof(lf_ledger, fill_lots), "lots by liquidity"},
    };
    lf_ledger whole = {0};
    book(&whole, fill_of(1, 10, 1000, (lf_fee_parts){1, -2, 3}));
    book(&whole, fill_of(-1, 4, 500, (lf_fee_parts){1, -2, 3}));
    assert_int_equal(lf_ledger_settle(&whole, 100, 2, NULL), LF_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lf_ledger broken = whole;
        int64_t value;
        memcpy(&value, (char *)&broken + rows[i].offset, sizeof value);
        value++;
        memcpy((char *)&broken + rows[i].offset, &value, sizeof value);
        lf_error error;
        assert_int_equal(lf_ledger_check(&broken, &error), LF_INVARIANT);
        if (strstr(error.message, rows[i].says) == NULL) {
            fail_msg("row %zu: \"%s\" does not say \"%s\"", i, error.message, rows[i].says);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_settling),
        cmocka_unit_test(test_net_rounds_down),
        cmocka_unit_test(test_random_fills),
        cmocka_unit_test(test_refused_fills),
        cmocka_unit_test(test_every_break_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
