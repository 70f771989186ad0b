/*
 * Goal: round trips hold all the money of the fills and nothing else. Method: fills by hand with
 * partial entries, reversals and what is left at a close, then random fills against the ledger.
 */
#include "backtest_internal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

/* A tick of 0.01 and lots of one share: money_unit 1e7. */
static const lfi_units units = {
    .tick = 0.01, .lot = 1, .tick_nano = 10000000, .money_unit_nano = 10000000};

static void begin(lfi_book_keeper *keeper)
{
    memset(keeper, 0, sizeof *keeper);
    assert_int_equal(
        lfi_backtest_table_create(
            NULL, LF_BACKTEST_TRADES, &keeper->tables[LF_BACKTEST_TRADES], NULL
        ),
        LF_OK
    );
}

static void
give(lfi_book_keeper *keeper, int64_t ts_ns, int64_t lots, int64_t price, int64_t fee, int cause)
{
    const int32_t side = lots > 0 ? 1 : -1;
    const lf_fill fill = {
        .ts_venue_ns = ts_ns,
        .side = side,
        .lots = side * lots,
        .price_ticks = price,
        .value_nano = side * lots * price * units.money_unit_nano,
        .mid2_venue = 2 * price,
        .fees = {.commission_nano = fee},
    };
    const lfi_sent sent = {.cause = (lf_reason)cause, .rule = LF_RULE_CONTINUATION};
    assert_int_equal(lfi_trip_fill(keeper, &units, &fill, &sent, NULL), LF_OK);
}

static void test_by_hand(void **state)
{
    (void)state;
    lfi_book_keeper keeper;
    begin(&keeper);
    lf_frame *const trades = keeper.tables[LF_BACKTEST_TRADES];
    /* Buys 60 at 100 and 40 at 101; sells 150 at 103: 100 close and 50 open a short. */
    give(&keeper, 10, 60, 100, 600, LF_REASON_ENTRY);
    give(&keeper, 11, 40, 101, 400, LF_REASON_ENTRY);
    lfi_trip_mid(&keeper.trip, 212);
    lfi_trip_mid(&keeper.trip, 190);
    give(&keeper, 20, -150, 103, 1500, LF_REASON_REVERSE);
    assert_int_equal(lf_frame_row_count(trades), 1);
    assert_int_equal(lf_frame_i64(trades, LFI_TRADES_ENTRY)[0], 10);
    assert_int_equal(lf_frame_i64(trades, LFI_TRADES_EXIT)[0], 20);
    assert_int_equal(lf_frame_i64(trades, LFI_TRADES_SIDE)[0], 1);
    assert_int_equal(lf_frame_i64(trades, LFI_TRADES_LOTS)[0], 100);
    assert_true(fabs(lf_frame_f64(trades, LFI_TRADES_ENTRY_PRICE)[0] - 1.004) < 1e-12);
    assert_true(fabs(lf_frame_f64(trades, LFI_TRADES_EXIT_PRICE)[0] - 1.03) < 1e-12);
    /* 100 x 2.6 ticks; two thirds of the last fee. */
    assert_true(fabs(lf_frame_f64(trades, LFI_TRADES_GROSS)[0] - 2.6) < 1e-12);
    assert_true(fabs(lf_frame_f64(trades, LFI_TRADES_FEES)[0] - 2000e-9) < 1e-12);
    assert_true(fabs(lf_frame_f64(trades, LFI_TRADES_BEST)[0] - (106 - 100.4)) < 1e-9);
    assert_true(fabs(lf_frame_f64(trades, LFI_TRADES_WORST)[0] - (95 - 100.4)) < 1e-9);
    assert_string_equal(lf_frame_text(trades, LFI_TRADES_REASON, 0), "reverse");
    /* The short of 50 is bought back in two pieces; the second reason counts. */
    lfi_trip_mid(&keeper.trip, 208);
    give(&keeper, 30, 20, 102, 0, LF_REASON_HOLD);
    assert_int_equal(lf_frame_row_count(trades), 1);
    give(&keeper, 31, 30, 105, 0, LF_REASON_STOP);
    assert_int_equal(lf_frame_row_count(trades), 2);
    /* 20 x 1 - 30 x 2 = -40 ticks; a third of 1500. */
    assert_true(fabs(lf_frame_f64(trades, LFI_TRADES_GROSS)[1] + 0.4) < 1e-12);
    assert_true(fabs(lf_frame_f64(trades, LFI_TRADES_FEES)[1] - 500e-9) < 1e-12);
    assert_true(fabs(lf_frame_f64(trades, LFI_TRADES_WORST)[1] + 1) < 1e-9);
    assert_string_equal(lf_frame_text(trades, LFI_TRADES_REASON, 1), "stop");
    /* What is left at the close ends at its mid, here 104.5. */
    give(&keeper, 40, 3, 104, -7, LF_REASON_ENTRY);
    assert_int_equal(lfi_trip_settle(&keeper, &units, 99, 209, NULL), LF_OK);
    assert_true(fabs(lf_frame_f64(trades, LFI_TRADES_NET)[2] - (0.015 + 7e-9)) < 1e-12);
    assert_string_equal(lf_frame_text(trades, LFI_TRADES_REASON, 2), "open");
    /* A flat account has nothing to settle. */
    assert_int_equal(lfi_trip_settle(&keeper, &units, 99, 209, NULL), LF_OK);
    assert_int_equal(lf_frame_row_count(trades), 3);
    assert_int_equal(keeper.counts.trade_count, 3);
    assert_int_equal(keeper.counts.exit_counts[LF_REASON_REVERSE], 1);
    assert_int_equal(keeper.counts.exit_counts[LF_REASON_STOP], 1);
    assert_int_equal(keeper.counts.exit_counts[LF_EXIT_OPEN], 1);
    assert_int_equal(keeper.counts.in_position_ns, 10 + 11 + 59);
    lf_frame_destroy(trades);
}

/* Whatever the fills, the round trips' sums are those of the account, to 1e-9. */
static void test_random_fills(void **state)
{
    (void)state;
    lf_random random;
    lf_random_seed(&random, 77, 0);
    lfi_book_keeper keeper;
    begin(&keeper);
    lf_frame *const trades = keeper.tables[LF_BACKTEST_TRADES];
    lfi_wide cash = 0;
    lfi_wide fees = 0;
    int64_t position = 0;
    for (int i = 0; i < 20000; i++) {
        const int64_t size = 1 + (int64_t)lf_random_below(&random, 300);
        /* Often back towards flat, so that many round trips end. */
        const bool buys = lf_random_below(&random, 10) < (position < 0 ? 7 : 3);
        const int64_t lots = buys ? size : -size;
        const int64_t price = 5000 + (int64_t)lf_random_below(&random, 300);
        const int64_t fee = (int64_t)lf_random_below(&random, 2000000) - 700000;
        give(&keeper, i, lots, price, fee, LF_REASON_HOLD);
        cash -= (lfi_wide)lots * price * units.money_unit_nano;
        fees += fee;
        position += lots;
        const lfi_trip *const trip = &keeper.trip;
        assert_int_equal(trip->side * (trip->entry_lots - trip->exit_lots), position);
    }
    const int64_t mid2 = 10301;
    assert_int_equal(lfi_trip_settle(&keeper, &units, 20000, mid2, NULL), LF_OK);
    cash += (lfi_wide)position * mid2 * units.money_unit_nano / 2;
    lfi_wide gross_sum = 0;
    lfi_wide fee_sum = 0;
    for (size_t i = 0; i < lf_frame_row_count(trades); i++) {
        gross_sum += llround(lf_frame_f64(trades, LFI_TRADES_GROSS)[i] * 1e9);
        fee_sum += llround(lf_frame_f64(trades, LFI_TRADES_FEES)[i] * 1e9);
    }
    assert_true(gross_sum == cash);
    assert_true(fee_sum == fees);
    assert_true(lf_frame_row_count(trades) > 1000);
    lf_frame_destroy(trades);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_random_fills),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
