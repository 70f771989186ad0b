/*
 * A small run whose every number fits on paper: two days of five minutes in steps of 30 s, two
 * round trips of 100 shares. Header only; include it after cmocka.h.
 */
#ifndef LOBFLOW_REPORT_TESTING_H
#define LOBFLOW_REPORT_TESTING_H

#include <lobflow/execution.h>
#include <lobflow/pipeline.h>
#include <lobflow/report.h>

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../tests/testing.h"

#define COUNT_OF(list) (sizeof(list) / sizeof((list)[0]))

enum {
    STEPS = 11 /* rows of a day */
};

/* 10:00:00 of 2012-06-21 or the day after, UTC, and some half seconds. */
static int64_t at(int day, int64_t half_seconds)
{
    const int64_t open_ns =
        lf_date_to_days((lf_date){2012, 6, 21}) * LF_NS_PER_DAY + 600 * LF_NS_PER_MINUTE;
    return open_ns + day * LF_NS_PER_DAY + half_seconds * (LF_NS_PER_SECOND / 2);
}

static lf_frame *make_frame(const lf_column_spec *specs, size_t columns, size_t rows)
{
    lf_frame *frame = NULL;
    assert_int_equal(lf_frame_create(NULL, specs, columns, rows, &frame, NULL), LF_OK);
    assert_int_equal(lf_frame_append(frame, rows), LF_OK);
    return frame;
}

static void set_f64(lf_frame *frame, const char *name, size_t row, double value)
{
    lf_frame_f64(frame, lf_frame_find(frame, name))[row] = value;
}

static void set_i64(lf_frame *frame, const char *name, size_t row, int64_t value)
{
    lf_frame_i64(frame, lf_frame_find(frame, name))[row] = value;
}

static void set_text(lf_frame *frame, const char *name, size_t row, const char *text)
{
    const size_t column = lf_frame_find(frame, name);
    assert_int_equal(lf_frame_set_text(frame, column, row, 1, text), LF_OK);
}

/* clang-format off */
static const lf_column_spec order_specs[] = {
    {"order_id", LF_COLUMN_I64},
    {"ts_decision", LF_COLUMN_TIME},
    {"ts_sent", LF_COLUMN_TIME},
    {"ts_venue", LF_COLUMN_TIME},
    {"ts_done", LF_COLUMN_TIME},
    {"symbol", LF_COLUMN_TEXT},
    {"side", LF_COLUMN_I64},
    {"kind", LF_COLUMN_TEXT},
    {"price", LF_COLUMN_F64},
    {"lots", LF_COLUMN_I64},
    {"filled_lots", LF_COLUMN_I64},
    {"status", LF_COLUMN_TEXT},
    {"reason", LF_COLUMN_TEXT},
    {"rule", LF_COLUMN_TEXT},
    {"mid_decision", LF_COLUMN_F64},
    {"mid_arrival", LF_COLUMN_F64},
    {"depth_arrival", LF_COLUMN_F64},
    {"p_up", LF_COLUMN_F64},
    {"expected_bps", LF_COLUMN_F64},
};
/* clang-format on */

static lf_frame *make_orders(bool filled)
{
    static const struct {
        int64_t id;
        int day;
        int64_t time;
        int64_t side;
        const char *kind;
        int64_t filled;
        const char *status;
        const char *reason;
        double mid_decision;
        double mid_arrival;
        double depth_arrival;
    } rows[] = {
        {1, 0, 60, 1, "marketable", 100, "filled", "entry", 100.00, 100.01, 200},
        {2, 0, 240, -1, "marketable", 100, "filled", "hold", 100.10, 100.10, 250},
        {1, 1, 120, -1, "passive", 100, "filled", "entry", 100.04, 100.04, 80},
        {2, 1, 300, 1, "marketable", 100, "filled", "stop", 100.08, 100.09, NAN},
        {3, 1, 400, 1, "passive", 0, "cancelled", "entry", 100.15, 100.15, 120},
    };
    const size_t count = filled ? COUNT_OF(rows) : 0;
    lf_frame *frame = make_frame(order_specs, COUNT_OF(order_specs), count);
    for (size_t i = 0; i < count; i++) {
        set_i64(frame, "order_id", i, rows[i].id);
        set_i64(frame, "ts_decision", i, at(rows[i].day, rows[i].time));
        set_i64(frame, "ts_sent", i, at(rows[i].day, rows[i].time));
        set_i64(frame, "ts_venue", i, at(rows[i].day, rows[i].time + 1));
        set_i64(frame, "ts_done", i, at(rows[i].day, rows[i].time + 1));
        set_text(frame, "symbol", i, "T");
        set_i64(frame, "side", i, rows[i].side);
        set_text(frame, "kind", i, rows[i].kind);
        set_i64(frame, "lots", i, 100);
        set_i64(frame, "filled_lots", i, rows[i].filled);
        set_text(frame, "status", i, rows[i].status);
        set_text(frame, "reason", i, rows[i].reason);
        set_f64(frame, "mid_decision", i, rows[i].mid_decision);
        set_f64(frame, "mid_arrival", i, rows[i].mid_arrival);
        set_f64(frame, "depth_arrival", i, rows[i].depth_arrival);
    }
    return frame;
}

static lf_frame *make_fills(bool filled)
{
    static const lf_column_spec specs[] = {
        {"order_id", LF_COLUMN_I64},
        {"ts_venue", LF_COLUMN_TIME},
        {"ts_local", LF_COLUMN_TIME},
        {"symbol", LF_COLUMN_TEXT},
        {"side", LF_COLUMN_I64},
        {"price", LF_COLUMN_F64},
        {"lots", LF_COLUMN_I64},
        {"liquidity", LF_COLUMN_TEXT},
        {"fee", LF_COLUMN_F64},
        {"mid_venue", LF_COLUMN_F64},
        {"mid_decision", LF_COLUMN_F64},
        {"reason", LF_COLUMN_TEXT},
    };
    static const struct {
        int64_t id;
        int day;
        int64_t time;
        int64_t side;
        double price;
        const char *liquidity;
        double fee;
        double mid_venue;
        double mid_decision;
    } rows[] = {
        {1, 0, 61, 1, 100.02, "taker", 0.3, 100.01, 100.00},
        {2, 0, 241, -1, 100.09, "taker", 0.4, 100.10, 100.10},
        {1, 1, 121, -1, 100.05, "maker", -0.2, 100.04, 100.04},
        {2, 1, 301, 1, 100.10, "taker", 0.3, 100.09, 100.08},
    };
    const size_t count = filled ? COUNT_OF(rows) : 0;
    lf_frame *frame = make_frame(specs, COUNT_OF(specs), count);
    for (size_t i = 0; i < count; i++) {
        set_i64(frame, "order_id", i, rows[i].id);
        set_i64(frame, "ts_venue", i, at(rows[i].day, rows[i].time));
        set_text(frame, "symbol", i, "T");
        set_i64(frame, "side", i, rows[i].side);
        set_f64(frame, "price", i, rows[i].price);
        set_i64(frame, "lots", i, 100);
        set_text(frame, "liquidity", i, rows[i].liquidity);
        set_f64(frame, "fee", i, rows[i].fee);
        set_f64(frame, "mid_venue", i, rows[i].mid_venue);
        set_f64(frame, "mid_decision", i, rows[i].mid_decision);
    }
    return frame;
}

static lf_frame *make_trades(bool filled)
{
    static const lf_column_spec specs[] = {
        {"ts_entry", LF_COLUMN_TIME},
        {"ts_exit", LF_COLUMN_TIME},
        {"symbol", LF_COLUMN_TEXT},
        {"side", LF_COLUMN_I64},
        {"lots", LF_COLUMN_I64},
        {"entry_price", LF_COLUMN_F64},
        {"exit_price", LF_COLUMN_F64},
        {"gross", LF_COLUMN_F64},
        {"fees", LF_COLUMN_F64},
        {"net", LF_COLUMN_F64},
        {"exit_reason", LF_COLUMN_TEXT},
        {"rule", LF_COLUMN_TEXT},
        {"ticks_best", LF_COLUMN_F64},
        {"ticks_worst", LF_COLUMN_F64},
    };
    lf_frame *frame = make_frame(specs, COUNT_OF(specs), filled ? 2 : 0);
    for (size_t i = 0; filled && i < 2; i++) {
        const double gross = i == 0 ? 7 : -5;
        const double fees = i == 0 ? 0.7 : 0.1;
        set_i64(frame, "ts_entry", i, at((int)i, i == 0 ? 61 : 121));
        set_i64(frame, "ts_exit", i, at((int)i, i == 0 ? 241 : 301));
        set_text(frame, "symbol", i, "T");
        set_i64(frame, "side", i, i == 0 ? 1 : -1);
        set_i64(frame, "lots", i, 100);
        set_f64(frame, "entry_price", i, i == 0 ? 100.02 : 100.05);
        set_f64(frame, "exit_price", i, i == 0 ? 100.09 : 100.10);
        set_f64(frame, "gross", i, gross);
        set_f64(frame, "fees", i, fees);
        set_f64(frame, "net", i, gross - fees);
        set_text(frame, "exit_reason", i, i == 0 ? "hold" : "stop");
        set_text(frame, "rule", i, i == 0 ? "continuation" : "reversion");
    }
    return frame;
}

/* Running sums over the days, as the backtest writes them. One row of the second day is not valid.
 */
static lf_frame *make_equity(int days, bool filled)
{
    static const lf_column_spec specs[] = {
        {"ts_event", LF_COLUMN_TIME},
        {"symbol", LF_COLUMN_TEXT},
        {"valid", LF_COLUMN_BOOL},
        {"mid", LF_COLUMN_F64},
        {"position", LF_COLUMN_I64},
        {"cash", LF_COLUMN_F64},
        {"fees", LF_COLUMN_F64},
        {"gross", LF_COLUMN_F64},
        {"net", LF_COLUMN_F64},
    };
    static const double mids[2][STEPS] = {
        {100, 100, 100.05, 100, 100.1, 100.2, 100.2, 100.2, 100.2, 100.2, 100.2},
        {100.04, 100.04, 100.04, 100.05, 100, 100.09, 100.15, 100.15, 100.15, 100.15, 100.15},
    };
    static const int64_t positions[2][STEPS] = {
        {0, 0, 100, 100, 100, 0, 0, 0, 0, 0, 0},
        {0, 0, 0, -100, -100, -100, 0, 0, 0, 0, 0},
    };
    static const double gross[2][STEPS] = {
        {0, 0, 3, -2, 8, 7, 7, 7, 7, 7, 7},
        {7, 7, 7, 7, 12, 3, 2, 2, 2, 2, 2},
    };
    static const double fees[2][STEPS] = {
        {0, 0, .3, .3, .3, .7, .7, .7, .7, .7, .7},
        {.7, .7, .7, .5, .5, .5, .8, .8, .8, .8, .8},
    };
    lf_frame *frame = make_frame(specs, COUNT_OF(specs), (size_t)days * STEPS);
    for (int d = 0; d < days; d++) {
        for (int k = 0; k < STEPS; k++) {
            const size_t i = (size_t)(d * STEPS + k);
            set_i64(frame, "ts_event", i, at(d, 60 * k));
            set_text(frame, "symbol", i, "T");
            lf_frame_bool(frame, 2)[i] = d == 0 || k != 9;
            set_f64(frame, "mid", i, mids[d][k]);
            set_i64(frame, "position", i, filled ? positions[d][k] : 0);
            set_f64(frame, "fees", i, filled ? fees[d][k] : 0);
            set_f64(frame, "gross", i, filled ? gross[d][k] : 0);
            set_f64(frame, "net", i, filled ? gross[d][k] - fees[d][k] : 0);
        }
    }
    return frame;
}

/* Ten rows, five at 10:00 and five at 11:00, whose probabilities are exact in binary. */
static lf_frame *make_predictions(bool has_labels)
{
    static const lf_column_spec specs[] = {
        {"ts_event", LF_COLUMN_TIME},
        {"symbol", LF_COLUMN_TEXT},
        {"p_up_1min", LF_COLUMN_F64},
        {"p_up_5min", LF_COLUMN_F64},
        {"ret_1min_bps", LF_COLUMN_F64},
        {"model_id", LF_COLUMN_TEXT},
        {"valid", LF_COLUMN_BOOL},
        {"mid", LF_COLUMN_F64},
        {"spread_ticks", LF_COLUMN_F64},
        {"ofi_norm_1min", LF_COLUMN_F64},
        {"ofi_1min", LF_COLUMN_F64},
        {"depth_imbalance_l1", LF_COLUMN_F64},
        {"ret_1min", LF_COLUMN_F64},
        {"up_1min", LF_COLUMN_F64},
        {"ret_5min", LF_COLUMN_F64},
        {"up_5min", LF_COLUMN_F64},
    };
    static const double p[] = {
        .0625, .1875, .3125, .4375, .46875, .53125, .5625, .6875, .8125, .9375};
    static const double up[] = {0, 0, 1, 0, 0, 1, 1, 0, 1, 1};
    lf_frame *frame = make_frame(specs, COUNT_OF(specs), COUNT_OF(p));
    for (size_t i = 0; i < COUNT_OF(p); i++) {
        const double label = has_labels ? up[i] : NAN;
        set_i64(frame, "ts_event", i, at(0, (i < 5 ? 0 : 7200) + 60 * (int64_t)i));
        set_text(frame, "symbol", i, "T");
        set_f64(frame, "p_up_1min", i, p[i]);
        set_f64(frame, "p_up_5min", i, p[i]);
        set_f64(frame, "ret_1min_bps", i, p[i] - 0.5);
        set_f64(frame, "spread_ticks", i, 2);
        set_f64(frame, "ofi_norm_1min", i, i % 2 == 0 ? 1 : -1);
        set_f64(frame, "depth_imbalance_l1", i, p[i] - 0.5);
        set_f64(frame, "up_1min", i, label);
        set_f64(frame, "up_5min", i, label);
        set_f64(frame, "ret_1min", i, 2 * label - 1);
        set_f64(frame, "ret_5min", i, 2 * label - 1);
    }
    return frame;
}

/* ---- the run ---------------------------------------------------------------------------- */

typedef struct testing_run {
    lf_report_strategy strategies[2];
    lf_report_run run;
} testing_run;

static void testing_run_make(testing_run *t, int days, bool filled, bool has_labels)
{
    *t = (testing_run){0};
    for (int s = 0; s < 2; s++) {
        lf_report_strategy *strategy = &t->strategies[s];
        (void)snprintf(strategy->name, sizeof strategy->name, s == 0 ? "main" : "idle");
        strategy->tables[LF_BACKTEST_ORDERS] = make_orders(s == 0 && filled);
        strategy->tables[LF_BACKTEST_FILLS] = make_fills(s == 0 && filled);
        strategy->tables[LF_BACKTEST_TRADES] = make_trades(s == 0 && filled);
        strategy->tables[LF_BACKTEST_EQUITY] = make_equity(days, s == 0 && filled);
    }
    t->run.predictions = make_predictions(has_labels);
    t->run.strategies = t->strategies;
    t->run.strategy_count = 2;
}

static void testing_run_end(testing_run *t)
{
    for (int s = 0; s < 2; s++) {
        for (int table = 0; table < LF_BACKTEST_TABLE_COUNT; table++) {
            lf_frame_destroy(t->strategies[s].tables[table]);
        }
    }
    lf_frame_destroy(t->run.predictions);
}

static lf_report_facts testing_facts(void)
{
    return (lf_report_facts){
        .title = "T 2012-06-21",
        .symbol = "T",
        .time_zone = "UTC",
        .version = LF_VERSION,
        .step_ns = 30 * LF_NS_PER_SECOND,
        .planted_alpha = NAN,
        .seed = 1,
        .trial_count = 1,
        .starting_cash = 1000,
    };
}

#endif
