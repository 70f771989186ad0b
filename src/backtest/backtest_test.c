/*
 * Goal: a backtest's tables are true: they balance, obey both clocks, repeat to the byte, do not
 * depend on batches, and no order knows what comes after it. Method: five strategies trade
 * simulated days with halts; every table is worked out again from the others and from the feed.
 */
#include <lobflow/backtest.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "days_testing.h"

#define TICK 0.01

/* Two days and a model, made once. */
static lf_testing_folder days[2];
static lf_model *model;

static int make_days(void **state)
{
    (void)state;
    static const char *const dates[] = {"2024-01-03", "2024-01-04"};
    for (int i = 0; i < 2; i++) {
        const lf_testing_day day = {
            .symbol = "TEST",
            .date = dates[i],
            .seed = 5 + (uint64_t)i,
            .messages = 30000,
            .after_s = 1500,
            .with_halts = true,
        };
        if (!lf_testing_folder_make(&days[i]) || !lf_testing_day_write(&days[i], &day)) {
            return -1;
        }
    }
    lf_feed *const feed = days_open(&days[0], 0, 0);
    model = days_model(&days[0], lf_feed_instrument(feed)->session_open_ns);
    lf_feed_close(feed);
    return 0;
}

static int remove_days(void **state)
{
    (void)state;
    lf_model_destroy(model);
    lf_testing_folder_remove(&days[0]);
    lf_testing_folder_remove(&days[1]);
    return 0;
}

static lf_backtest *trade_both(size_t batch)
{
    lf_backtest *const backtest = days_backtest(NULL);
    days_trade(backtest, &days[0], model, batch);
    days_trade(backtest, &days[1], model, batch);
    return backtest;
}

static bool near(double left, double right)
{
    return fabs(left - right) < 1e-6;
}

/* ---- conservation ----------------------------------------------------------------------- */

/* Each order's fills are its filled lots; side and price fit. */
static void check_orders(lf_frame *orders, lf_frame *fills)
{
    const size_t order_count = lf_frame_row_count(orders);
    const int64_t *const ids = days_whole(fills, "order_id");
    int64_t *const sums = calloc(order_count + 1, sizeof *sums);
    assert_non_null(sums);
    for (size_t i = 0; i < lf_frame_row_count(fills); i++) {
        const size_t at = (size_t)ids[i] - 1;
        assert_true(at < order_count);
        const double limit = days_number(orders, "price")[at];
        const int64_t side = days_whole(orders, "side")[at];
        const bool maker = strcmp(days_text(fills, "liquidity", i), "taker") != 0;
        const double price = days_number(fills, "price")[i];
        sums[at] += days_whole(fills, "lots")[i];
        assert_int_equal(days_whole(fills, "side")[i], side);
        assert_true(!maker || price == limit);
        assert_string_equal(days_text(fills, "reason", i), days_text(orders, "reason", at));
    }
    for (size_t i = 0; i < order_count; i++) {
        const int64_t lots = days_whole(orders, "lots")[i];
        const char *const status = days_text(orders, "status", i);
        assert_int_equal(days_whole(orders, "order_id")[i], i + 1);
        assert_int_equal(days_whole(orders, "filled_lots")[i], sums[i]);
        assert_int_equal(strcmp(status, "filled") == 0, sums[i] == lots);
        assert_int_equal(strcmp(status, "partial") == 0, sums[i] > 0 && sums[i] < lots);
    }
    free(sums);
}

/* Money and shares of every row of the equity, from the fills that were known at its time. */
static void check_equity(lf_frame *equity, lf_frame *fills, size_t first_fill, double cash_before)
{
    double cash = cash_before;
    double fees = days_number(equity, "fees")[0];
    int64_t position = 0;
    size_t fill = first_fill;
    const size_t rows = lf_frame_row_count(equity);
    for (size_t i = 0; i < rows; i++) {
        const int64_t ts_ns = days_whole(equity, "ts_event")[i];
        while (fill < lf_frame_row_count(fills) && days_whole(fills, "ts_local")[fill] <= ts_ns) {
            const double fee = days_number(fills, "fee")[fill];
            const double lots =
                (double)(days_whole(fills, "side")[fill] * days_whole(fills, "lots")[fill]);
            cash -= lots * days_number(fills, "price")[fill] + fee;
            fees += fee;
            position += (int64_t)lots;
            fill++;
        }
        const double mid = days_number(equity, "mid")[i];
        const double gross = days_number(equity, "gross")[i];
        assert_true(near(days_number(equity, "net")[i], gross - days_number(equity, "fees")[i]));
        if (i < rows - 1) {
            assert_int_equal(days_whole(equity, "position")[i], position);
            assert_true(near(days_number(equity, "cash")[i], cash));
            assert_true(near(days_number(equity, "fees")[i], fees));
            const double worth = position != 0 ? (double)position * mid : 0;
            assert_true(near(gross, cash + fees + worth - 1000));
        } else {
            assert_int_equal(days_whole(equity, "position")[i], 0);
        }
    }
}

/* Round trips hold all the money that was made, and all the fees. */
static void check_trades(lf_backtest *backtest, size_t strategy)
{
    lf_frame *const trades = lf_backtest_frame(backtest, strategy, LF_BACKTEST_TRADES);
    lf_frame *const equity = lf_backtest_frame(backtest, strategy, LF_BACKTEST_EQUITY);
    const lf_backtest_counts *const counts = lf_backtest_counts_of(backtest, strategy);
    const lf_ledger *const ledger = lf_backtest_ledger(backtest, strategy);
    const size_t last = lf_frame_row_count(equity) - 1;
    double net = 0;
    double fees = 0;
    int64_t exits = 0;
    for (size_t i = 0; i < lf_frame_row_count(trades); i++) {
        const double gross = days_number(trades, "gross")[i];
        const double move =
            days_number(trades, "exit_price")[i] - days_number(trades, "entry_price")[i];
        net += days_number(trades, "net")[i];
        fees += days_number(trades, "fees")[i];
        assert_true(near(
            gross, move * (double)(days_whole(trades, "side")[i] * days_whole(trades, "lots")[i])
        ));
        assert_true(days_whole(trades, "ts_entry")[i] <= days_whole(trades, "ts_exit")[i]);
    }
    for (int i = 0; i < LF_EXIT_COUNT; i++) {
        exits += counts->exit_counts[i];
    }
    assert_int_equal(counts->trade_count, lf_frame_row_count(trades));
    assert_int_equal(exits, counts->trade_count);
    assert_true(near(net, days_number(equity, "net")[last]));
    assert_true(near(fees, days_number(equity, "fees")[last]));
    assert_true(near(net, (double)ledger->cash_nano * 1e-9));
    assert_int_equal(counts->strategy.fill_count, ledger->fill_count);
    assert_int_equal(counts->ledger_checks >= ledger->fill_count + counts->day_count, true);
}

static void test_everything_balances(void **state)
{
    (void)state;
    /* One day alone, so that a row's cash can be told from its fills alone. */
    lf_backtest *const backtest = days_backtest(NULL);
    days_trade(backtest, &days[0], model, 0);
    int64_t fills_of[LF_LIQUIDITY_COUNT] = {0};
    for (size_t i = 0; i < DAYS_STRATEGIES; i++) {
        lf_frame *const orders = lf_backtest_frame(backtest, i, LF_BACKTEST_ORDERS);
        lf_frame *const fills = lf_backtest_frame(backtest, i, LF_BACKTEST_FILLS);
        lf_frame *const equity = lf_backtest_frame(backtest, i, LF_BACKTEST_EQUITY);
        assert_int_equal(lf_frame_row_count(equity), 23400 + 1);
        assert_true(lf_frame_row_count(fills) > 20);
        check_orders(orders, fills);
        check_equity(equity, fills, 0, 1000);
        check_trades(backtest, i);
        for (int k = 0; k < LF_LIQUIDITY_COUNT; k++) {
            fills_of[k] += lf_backtest_counts_of(backtest, i)->venue.fill_counts[k];
        }
    }
    for (int k = 0; k < LF_LIQUIDITY_COUNT; k++) {
        assert_true(fills_of[k] > 0);
    }
    lf_backtest_destroy(backtest);
    /* Two days: order numbers and money run on. */
    lf_backtest *const both = trade_both(0);
    for (size_t i = 0; i < DAYS_STRATEGIES; i++) {
        check_orders(
            lf_backtest_frame(both, i, LF_BACKTEST_ORDERS),
            lf_backtest_frame(both, i, LF_BACKTEST_FILLS)
        );
        check_trades(both, i);
        assert_int_equal(lf_backtest_counts_of(both, i)->day_count, 2);
        lf_frame *const equity = lf_backtest_frame(both, i, LF_BACKTEST_EQUITY);
        const size_t morning = 23401;
        assert_int_equal(lf_frame_row_count(equity), 2 * morning);
        static const char *const columns[] = {"cash", "fees", "gross", "net"};
        for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++) {
            const double *const values = days_number(equity, columns[c]);
            assert_true(values[morning] == values[morning - 1] && values[morning] != 0);
        }
    }
    lf_backtest_destroy(both);
}

/* ---- clocks ----------------------------------------------------------------------------- */

static bool is_mid(double told, const days_state *truth)
{
    return truth != NULL && near(told, 0.5 * TICK * (double)truth->mid2);
}

/* A stop sees the state of one event; several can share its time. */
static bool is_mid_at(double told, const days_path *path, int64_t ts_ns)
{
    const days_state *truth = days_at(path, ts_ns);
    while (truth != NULL && truth->ts_ns == ts_ns && truth > path->states) {
        if (is_mid(told, truth)) {
            return true;
        }
        truth--;
    }
    return is_mid(told, truth);
}

static void check_order_times(lf_backtest *backtest, size_t strategy, const days_path *path)
{
    lf_frame *const orders = lf_backtest_frame(backtest, strategy, LF_BACKTEST_ORDERS);
    for (size_t i = 0; i < lf_frame_row_count(orders); i++) {
        const int64_t decision_ns = days_whole(orders, "ts_decision")[i];
        const int64_t sent_ns = days_whole(orders, "ts_sent")[i];
        const int64_t venue_ns = days_whole(orders, "ts_venue")[i];
        const char *const reason = days_text(orders, "reason", i);
        const bool by_row = strcmp(reason, "entry") == 0 || strcmp(reason, "reverse") == 0;
        assert_int_equal(sent_ns - decision_ns, by_row ? DAYS_DECISION_NS : 0);
        assert_int_equal(venue_ns - sent_ns, DAYS_ENTRY_NS);
        assert_true(days_whole(orders, "ts_done")[i] >= venue_ns);
        assert_true(!by_row || decision_ns % LF_NS_PER_SECOND == 0);
        /* T9, T21: what is decided at t has seen what happened at the venue by t - feed, all of
           it and nothing else. */
        const double mid = days_number(orders, "mid_decision")[i];
        const int64_t seen_ns = decision_ns - DAYS_FEED_NS;
        if (by_row ? !is_mid(mid, days_at(path, seen_ns)) : !is_mid_at(mid, path, seen_ns)) {
            fail_msg("order %zu of strategy %zu saw another mid", i + 1, strategy);
        }
        assert_true(is_mid(days_number(orders, "mid_arrival")[i], days_at(path, venue_ns)));
    }
}

/* A passive order whose time is over is cancelled a cancel's latency after it. */
static size_t count_timeouts(lf_backtest *backtest, size_t strategy)
{
    lf_frame *const orders = lf_backtest_frame(backtest, strategy, LF_BACKTEST_ORDERS);
    const lf_execution_options *const execution =
        &lf_backtest_strategy(backtest, strategy)->execution;
    size_t count = 0;
    for (size_t i = 0; i < lf_frame_row_count(orders); i++) {
        const bool cancelled = strcmp(days_text(orders, "status", i), "cancelled") == 0;
        const bool passive = strcmp(days_text(orders, "kind", i), "passive") == 0;
        const int64_t life_ns = days_whole(orders, "ts_done")[i] - days_whole(orders, "ts_sent")[i];
        if (cancelled && passive) {
            assert_true(life_ns <= execution->passive_limit_ns + DAYS_CANCEL_NS);
            count += life_ns == execution->passive_limit_ns + DAYS_CANCEL_NS;
        }
    }
    return count;
}

/* The best and the worst mid of a round trip are those of the feed while it was open. */
static void check_excursions(lf_backtest *backtest, size_t strategy, const days_path *path)
{
    lf_frame *const trades = lf_backtest_frame(backtest, strategy, LF_BACKTEST_TRADES);
    for (size_t i = 0; i < lf_frame_row_count(trades); i++) {
        const double entry = days_number(trades, "entry_price")[i] / TICK;
        const double side = (double)days_whole(trades, "side")[i];
        const int64_t from_ns = days_whole(trades, "ts_entry")[i];
        const int64_t to_ns = days_whole(trades, "ts_exit")[i];
        double best = -INFINITY;
        double worst = INFINITY;
        /* From the state that the entry met to the last one before the exit. */
        for (const days_state *state = days_at(path, from_ns);
             state < path->states + path->count && state->ts_ns < to_ns;
             state++) {
            const double ticks = side * (0.5 * (double)state->mid2 - entry);
            best = ticks > best ? ticks : best;
            worst = ticks < worst ? ticks : worst;
        }
        const days_state *const last = days_at(path, to_ns);
        const double end = side * (0.5 * (double)last->mid2 - entry);
        /* States that share the time of the entry or of the exit may or may not belong to it. */
        assert_true(days_number(trades, "ticks_best")[i] >= best - 1e-6);
        assert_true(days_number(trades, "ticks_worst")[i] <= worst + 1e-6);
        if (last->ts_ns < to_ns &&
            days_at(path, from_ns - 1)->mid2 == days_at(path, from_ns)->mid2) {
            assert_true(days_number(trades, "ticks_best")[i] <= fmax(best, end) + 1e-6);
            assert_true(days_number(trades, "ticks_worst")[i] >= fmin(worst, end) - 1e-6);
        }
    }
}

static void check_fill_times(lf_backtest *backtest, size_t strategy, const days_path *path)
{
    lf_frame *const orders = lf_backtest_frame(backtest, strategy, LF_BACKTEST_ORDERS);
    lf_frame *const fills = lf_backtest_frame(backtest, strategy, LF_BACKTEST_FILLS);
    for (size_t i = 0; i < lf_frame_row_count(fills); i++) {
        const size_t order = (size_t)days_whole(fills, "order_id")[i] - 1;
        const int64_t venue_ns = days_whole(fills, "ts_venue")[i];
        const int64_t arrived_ns = days_whole(orders, "ts_venue")[order];
        const bool taker = strcmp(days_text(fills, "liquidity", i), "taker") == 0;
        const int64_t side = days_whole(fills, "side")[i];
        assert_int_equal(days_whole(fills, "ts_local")[i] - venue_ns, DAYS_RESPONSE_NS);
        assert_true(taker ? venue_ns == arrived_ns : venue_ns > arrived_ns);
        const days_state *const truth = days_at(path, venue_ns);
        if (taker) {
            /* At the touch or behind it, on a valid book; impact only makes it worse. */
            const double touch = TICK * (double)(side > 0 ? truth->ask : truth->bid);
            const double worse = (double)side * (days_number(fills, "price")[i] - touch);
            assert_true(truth->valid);
            assert_true(worse > -1e-9 && worse < 100 * TICK);
            assert_true(is_mid(days_number(fills, "mid_venue")[i], truth));
        }
    }
}

static void test_two_clocks(void **state)
{
    (void)state;
    const days_path path = days_path_read(&days[0]);
    lf_backtest *const backtest = days_backtest(NULL);
    days_trade(backtest, &days[0], model, 0);
    for (size_t i = 0; i < DAYS_STRATEGIES; i++) {
        check_order_times(backtest, i, &path);
        check_fill_times(backtest, i, &path);
        check_excursions(backtest, i, &path);
        const bool passive =
            lf_backtest_strategy(backtest, i)->execution.entry == LF_ORDER_KIND_PASSIVE;
        assert_int_equal(count_timeouts(backtest, i) > 0, passive);
    }
    /* Predictions carry the mid that the local clock knew. */
    lf_frame *const predictions = lf_backtest_predictions(backtest);
    assert_int_equal(lf_frame_row_count(predictions), 23400);
    for (size_t i = 1; i < lf_frame_row_count(predictions); i++) {
        const days_state *const seen =
            days_at(&path, days_whole(predictions, "ts_event")[i] - DAYS_FEED_NS);
        assert_true(is_mid(days_number(predictions, "mid")[i], seen));
        assert_int_equal(
            lf_frame_bool(predictions, days_column(predictions, "valid"))[i], seen->valid
        );
    }
    lf_backtest_destroy(backtest);
    free(path.states);
}

/* ---- repeat, chunks, prefix ------------------------------------------------------------- */

static void test_same_bytes(void **state)
{
    (void)state;
    static const size_t batches[] = {0, 0, 1, 13};
    uint64_t first = 0;
    for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++) {
        lf_backtest *const backtest = trade_both(batches[i]);
        const uint64_t hash = days_hash_all(backtest);
        first = i == 0 ? hash : first;
        assert_true(hash == first);
        lf_backtest_destroy(backtest);
    }
}

/* Rows of a table whose time lies before another. */
static size_t rows_before(lf_frame *frame, const char *column, int64_t ts_ns)
{
    size_t rows = 0;
    while (rows < lf_frame_row_count(frame) && days_whole(frame, column)[rows] < ts_ns) {
        rows++;
    }
    return rows;
}

/* T20: a day that ends early has the same past. */
static void test_truncated_day(void **state)
{
    (void)state;
    lf_backtest *const whole = days_backtest(NULL);
    days_trade(whole, &days[0], model, 0);
    static const int kept[] = {9001, 20002};
    for (size_t k = 0; k < sizeof kept / sizeof kept[0]; k++) {
        const lf_testing_day day = {
            .symbol = "TEST",
            .date = "2024-01-03",
            .seed = 5,
            .messages = 30000,
            .messages_kept = kept[k],
            .after_s = 1500,
            .with_halts = true,
        };
        lf_testing_folder folder;
        assert_true(lf_testing_folder_make(&folder) && lf_testing_day_write(&folder, &day));
        lf_feed *const feed = days_open(&folder, 0, 0);
        for (lf_batch batch; lf_feed_next(feed, &batch, NULL) == LF_OK && batch.event_count > 0;) {
        }
        /* From the last event on, the two days differ. */
        const int64_t end_ns = lf_feed_stats_of(feed)->last_ts_ns;
        lf_feed_close(feed);
        lf_backtest *const part = days_backtest(NULL);
        days_trade(part, &folder, model, 0);
        for (size_t i = 0; i < DAYS_STRATEGIES; i++) {
            static const struct {
                lf_backtest_table table;
                const char *time;
            } tables[] = {
                {LF_BACKTEST_FILLS, "ts_venue"},
                {LF_BACKTEST_EQUITY, "ts_event"},
                {LF_BACKTEST_TRADES, "ts_exit"},
            };
            for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++) {
                lf_frame *const left = lf_backtest_frame(whole, i, tables[t].table);
                lf_frame *const right = lf_backtest_frame(part, i, tables[t].table);
                const size_t rows = rows_before(left, tables[t].time, end_ns);
                assert_true(rows > 0);
                assert_int_equal(rows, rows_before(right, tables[t].time, end_ns));
                assert_true(days_hash(left, rows) == days_hash(right, rows));
            }
            /* Of an order everything but its end may lie after the cut. */
            lf_frame *const left = lf_backtest_frame(whole, i, LF_BACKTEST_ORDERS);
            lf_frame *const right = lf_backtest_frame(part, i, LF_BACKTEST_ORDERS);
            const size_t rows = rows_before(left, "ts_decision", end_ns);
            assert_int_equal(rows, rows_before(right, "ts_decision", end_ns));
            static const char *const columns[] = {"ts_decision", "ts_sent", "side", "lots"};
            for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++) {
                assert_memory_equal(
                    days_whole(left, columns[c]),
                    days_whole(right, columns[c]),
                    rows * sizeof(int64_t)
                );
            }
        }
        lf_backtest_destroy(part);
        lf_testing_folder_remove(&folder);
    }
    lf_backtest_destroy(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything_balances),
        cmocka_unit_test(test_two_clocks),
        cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_truncated_day),
    };
    return cmocka_run_group_tests(tests, make_days, remove_days);
}
