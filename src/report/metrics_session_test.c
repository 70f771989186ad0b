/*
 * Goal: days of the metrics are sessions, also where these begin on the evening before or end at
 * midnight, figures of a year go by them, and a stop within the spread is noted. Method: the small
 * run of report_testing.h, moved and with other options.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "metrics_testing.h"

static void move_times(lf_frame *frame, int64_t by_ns)
{
    for (size_t c = 0; c < lf_frame_column_count(frame); c++) {
        const bool is_time = lf_frame_column(frame, c).kind == LF_COLUMN_TIME;
        for (size_t i = 0; is_time && i < lf_frame_row_count(frame); i++) {
            lf_frame_i64(frame, c)[i] += by_ns;
        }
    }
}

static void move_run(testing_run *t, int64_t by_ns)
{
    for (int s = 0; s < 2; s++) {
        for (int k = 0; k < LF_BACKTEST_TABLE_COUNT; k++) {
            move_times(t->strategies[s].tables[k], by_ns);
        }
    }
}

/* The same days when their sessions end at midnight: the last row of each belongs to it. */
static void test_midnight(void **state)
{
    (void)state;
    testing_run t;
    testing_run_make(&t, 2, true, true);
    move_run(&t, (13 * 60 + 55) * LF_NS_PER_MINUTE);
    const lf_report_facts facts = testing_facts();
    json_t *root = metrics_of(&t, &facts);
    const expected rows[] = {
        {"meta.days", 2},
        {"risk.days", 2},
        {"risk.losing_days", 1},
        {"risk.worst_day_net", -5.1},
        {"pnl.by_day.0.net", 6.3},
        {"pnl.by_day.1.gross", -5},
        {"pnl.by_day.1.trades", 1},
        {"pnl.turnover_per_day", 20.013},
        {"pnl.sharpe.daily_gross.periods", 2},
        {"pnl.sharpe.daily_gross.per_period", sqrt(2) / 12},
        {"pnl.sharpe.intraday_gross.periods", 10},
    };
    check_numbers(root, rows, COUNT_OF(rows));
    assert_string_equal(json_string_value(find(root, "risk.worst_day")), "2012-06-22");
    json_decref(root);
    testing_run_end(&t);
}

/* The same days when their sessions begin on the evening before, so that midnight lies between an
   order and its fill: nothing else changes but the dates, which are those of the sessions. */
static void test_evening(void **state)
{
    (void)state;
    static const char *const same[] = {
        "execution",
        "costs",
        "pnl.sharpe",
        "pnl.net",
        "pnl.attribution",
        "risk.losing_days",
        "risk.days"};
    json_t *roots[3];
    for (int k = 0; k < 3; k++) {
        testing_run t;
        testing_run_make(&t, 2, true, true);
        lf_report_facts facts = testing_facts();
        if (k > 0) {
            const int64_t by_ns = 14 * 60 * LF_NS_PER_MINUTE - 30250 * LF_NS_PER_MILLISECOND;
            move_run(&t, by_ns);
            move_times(t.run.predictions, by_ns);
            facts.day_shift_ns = k == 1 ? 7 * 60 * LF_NS_PER_MINUTE : 0;
        }
        roots[k] = metrics_of(&t, &facts);
        testing_run_end(&t);
    }
    for (size_t i = 0; i < COUNT_OF(same); i++) {
        if (!json_equal(find(roots[0], same[i]), find(roots[1], same[i]))) {
            fail_msg("%s is not the same", same[i]);
        }
    }
    static const struct {
        const char *path, *date;
    } dates[] = {
        {"meta.first_date", "2012-06-22"},
        {"meta.last_date", "2012-06-23"},
        {"pnl.by_day.0.date", "2012-06-22"},
        {"risk.worst_day", "2012-06-23"},
        {"signal.ret_1min.by_day.0.date", "2012-06-22"},
    };
    for (size_t i = 0; i < COUNT_OF(dates); i++) {
        const char *const found = json_string_value(find(roots[1], dates[i].path));
        if (found == NULL || strcmp(found, dates[i].date) != 0) {
            fail_msg("%s: %s", dates[i].path, found != NULL ? found : "none");
        }
    }
    /* By the calendar the fill has lost its order, and two sessions are four days. */
    assert_false(json_equal(find(roots[0], "execution"), find(roots[2], "execution")));
    assert_int_equal(json_number_value(find(roots[2], "meta.days")), 3);
    for (int k = 0; k < 3; k++) {
        json_decref(roots[k]);
    }
}

/* Figures of a year go by the sessions of the data. */
static void test_annual(void **state)
{
    (void)state;
    static const struct {
        double days, minutes, days_found, minutes_found;
    } rows[] = {{0, 0, 252, 252 * 390}, {365, 1440, 365, 365 * 1440}, {252, 1380, 252, 252 * 1380}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        testing_run t;
        testing_run_make(&t, 2, true, true);
        lf_report_facts facts = testing_facts();
        facts.days_per_year = rows[i].days;
        facts.minutes_per_day = rows[i].minutes;
        json_t *root = metrics_of(&t, &facts);
        const double daily = json_number_value(find(root, "pnl.sharpe.daily_net.per_period"));
        const double minute = json_number_value(find(root, "pnl.sharpe.intraday_net.per_period"));
        const expected found[] = {
            {"pnl.sharpe.days_per_year", rows[i].days_found},
            {"pnl.sharpe.minutes_per_year", rows[i].minutes_found},
            {"pnl.sharpe.daily_net.annual", daily * sqrt(rows[i].days_found)},
            {"pnl.sharpe.intraday_net.annual", minute * sqrt(rows[i].minutes_found)},
        };
        check_numbers(root, found, COUNT_OF(found));
        json_decref(root);
        testing_run_end(&t);
    }
}

/* A stop within the median spread, 2 ticks here, is noted once and warned of. */
static void test_stop(void **state)
{
    (void)state;
    static const struct {
        double ticks, spreads, of_training, distance;
        bool is_noted;
    } rows[] = {
        {3, 1, 2, 3, false},
        {1, 0, 2, 1, true},
        {1, 1, NAN, 1, true}, /* no model, so no spread for stop_spreads */
        {1, 0.5, 2, 1, true},
        {2, 0, 0, 2, false},     /* at the spread is not within it */
        {0, 0, 2, NAN, false},   /* no stop */
        {0, 1, 1.5, 1.5, false}, /* spreads of training, and these are wider today */
        {1.5, 1, 1, 1.5, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        testing_run t;
        testing_run_make(&t, 2, true, true);
        lf_strategy_options options;
        lf_strategy_options_default(&options);
        options.risk.stop_ticks = rows[i].ticks;
        options.risk.stop_spreads = rows[i].spreads;
        t.strategies[0].options = &options;
        lf_report_facts facts = testing_facts();
        facts.stop_spread_ticks = rows[i].of_training;
        json_t *root = metrics_of(&t, &facts);
        const expected found[] = {{"risk.stop_distance_ticks", rows[i].distance}};
        check_numbers(root, found, 1);
        const char *const note = json_string_value(find(root, "risk.stop_note"));
        if ((note != NULL) != rows[i].is_noted) {
            fail_msg("row %zu: %s", i, note != NULL ? note : "no note");
        }
        size_t warned = 0, k;
        json_t *line;
        json_array_foreach(find(root, "warnings"), k, line)
        {
            warned += note != NULL && strcmp(json_string_value(line), note) == 0;
        }
        assert_int_equal(warned, rows[i].is_noted);
        assert_true(note == NULL || strstr(note, "within the median spread of 2 ticks") != NULL);
        json_decref(root);
        testing_run_end(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_midnight),
        cmocka_unit_test(test_evening),
        cmocka_unit_test(test_annual),
        cmocka_unit_test(test_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
