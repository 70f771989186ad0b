/*
 * Goal: a predictions table is scored as by hand, and a column that is missing is named.
 * Method: four rows of two days whose scores fit on paper; failing allocations.
 */
#include <lobflow/train.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

/* Fails when two numbers differ by more than `within`; 0 asks for equality. */
#define assert_near(a, b, within) assert_true(fabs((a) - (b)) <= (within))

enum {
    ROWS = 8
};

static const char *const names[] = {
    "p_up_1min",
    "p_up_5min",
    "ret_1min_bps",
    "spread_ticks",
    "ofi_norm_1min",
    "depth_imbalance_l1",
    "ret_1min",
    "up_1min",
    "ret_5min",
    "up_5min",
};

#define NAMES (sizeof names / sizeof names[0])

/* Row by row, in the order of the names. Row 3 did not move; row 7 was not predicted. */
static const double values[ROWS][NAMES] = {
    {0.6, 0.6, 1, 5, 0.5, -0.5, 2, 1, 2, 1},
    {0.6, 0.4, 2, 5, -0.5, -0.5, 1, 1, -1, 0},
    {0.4, 0.5, 3, 5, 0.5, NAN, 4, 1, 1, 1},
    {0.4, 0.6, 4, 5, 0.5, 0.5, 0, NAN, 3, 1},
    {0.3, 0.6, 1, 5, -0.5, -0.5, -1, 0, 2, 1},
    {0.7, 0.4, -1, 5, 0.5, 0.5, 1, 1, -2, 0},
    {0.5, 0.6, 2, 5, -0.5, -0.5, -1, 0, -4, 0},
    {NAN, NAN, NAN, NAN, NAN, NAN, 3, 1, 3, 1},
};

static const uint32_t days[ROWS] = {0, 0, 0, 0, 1, 1, 1, 1};

static lf_frame *make_table(size_t skipped)
{
    lf_column_spec specs[NAMES + 1] = {{"ts_event", LF_COLUMN_TIME}};
    size_t count = 1;
    for (size_t i = 0; i < NAMES; i++) {
        if (i != skipped) {
            specs[count++] = (lf_column_spec){names[i], LF_COLUMN_F64};
        }
    }
    lf_frame *frame = NULL;
    assert_int_equal(lf_frame_create(NULL, specs, count, ROWS, &frame, NULL), LF_OK);
    assert_int_equal(lf_frame_append(frame, ROWS), LF_OK);
    for (int row = 0; row < ROWS; row++) {
        lf_frame_i64(frame, 0)[row] = days[row] * LF_NS_PER_DAY + row * LF_NS_PER_MINUTE;
        for (size_t i = 0, column = 1; i < NAMES; i++) {
            if (i != skipped) {
                lf_frame_f64(frame, column++)[row] = values[row][i];
            }
        }
    }
    return frame;
}

static const lf_train_score_options options = {.step_ns = LF_NS_PER_MINUTE, .days = days};

static void test_by_hand(void **state)
{
    (void)state;
    lf_frame *table = make_table(NAMES);
    lf_train_scores scores;
    assert_int_equal(lf_train_score(table, &options, &scores, NULL), LF_OK);
    /* Moving and predicted: rows 0 1 2 4 5 6; hits 1 1 0 1 1 and a tie. Four of six went up. */
    const lf_train_direction *model = &scores.up_1min[LF_TRAIN_MODEL];
    assert_near(model->rows, 6, 0);
    assert_near(model->moving_share, 6.0 / 7, 1e-15);
    assert_near(model->accuracy, 4.5 / 6, 1e-15);
    assert_near(model->majority, 4.0 / 6, 1e-15);
    assert_near(model->less_majority, 0.5 / 6, 1e-15);
    /* Ups .6 .6 .4 .7 against downs .3 .5: 7 of 8 pairs. */
    assert_near(model->auc, 7.0 / 8, 1e-15);
    assert_near(model->brier, (.16 + .16 + .36 + .09 + .09 + .25) / 6, 1e-15);
    /* Signs: - - (none: half a hit) - + -, so 0 0 1/2 1 1 1. */
    assert_near(scores.up_1min[LF_TRAIN_QUEUE_SIGN].accuracy, 3.5 / 6, 1e-15);
    assert_near(scores.up_1min[LF_TRAIN_OFI_SIGN].accuracy, 5.0 / 6, 1e-15);
    assert_true(isnan(scores.up_1min[LF_TRAIN_LOGISTIC3].accuracy));
    assert_near(scores.up_5min[LF_TRAIN_MODEL].accuracy, 5.5 / 7, 1e-15);
    /* Day 0: 1 2 3 4 with 2 1 4 0 -> -0.227; day 1: 1 -1 2 with -1 1 -1 -> -0.945. */
    const double first = -1.5 / sqrt(5 * 8.75);
    const double second = -(10.0 / 3) / sqrt(14.0 / 3 * 8 / 3);
    assert_near(scores.ret_1min.days, 2, 0);
    assert_near(scores.ret_1min.ic, (first + second) / 2, 1e-14);
    assert_near(
        scores.ret_1min.icir, (first + second) / 2 / (fabs(first - second) / sqrt(2)), 1e-12
    );
    /* Errors 1 1 1 16, 4 4 9 over squares 4 1 16 0, 1 1 1. */
    assert_near(scores.ret_1min.r2, 1 - 36.0 / 24, 1e-14);
    /* Returns 2 1 4 0 -1 1 -1; queue - - 0 + - + -, halved; forecasts 1 2 3 4 1 -1 2. */
    const double queue_ic = 6.0 / 7 / sqrt(132.0 / 7 * 19 / 14);
    const double model_ic = 12.0 / 7 / sqrt(108.0 / 7 * 132 / 7);
    const lf_interval less = scores.ret_1min.ic_less_queue_interval;
    assert_near(scores.ret_1min.queue_ic, queue_ic, 1e-14);
    assert_near(scores.ret_1min.ic_all, model_ic, 1e-14);
    assert_near(scores.ret_1min.ic_less_queue, model_ic - queue_ic, 1e-14);
    assert_true(less.low < model_ic - queue_ic && less.high > model_ic - queue_ic);
    assert_non_null(strstr(scores.warnings, "queue imbalance alone"));
    assert_near(scores.median_spread_ticks, 5, 0);
    assert_true(isnan(scores.least_best_round));
    lf_frame_destroy(table);
}

/* Hits of the model 1 1 0 1 1 and a tie, of the queue 0 0 a tie 1 1 1, of the flow 1 0 1 1 1 1. */
static void test_comparisons(void **state)
{
    (void)state;
    static const double queue[] = {1, 1, -.5, 0, 0, -.5};
    static const double flow[] = {0, 1, -1, 0, 0, -.5};
    lf_frame *table = make_table(NAMES);
    lf_train_scores scores;
    assert_int_equal(lf_train_score(table, &options, &scores, NULL), LF_OK);
    const lf_diebold_mariano expected = lf_stats_diebold_mariano(queue, 6, 1);
    const lf_train_direction *up = scores.up_1min;
    assert_near(up[LF_TRAIN_QUEUE_SIGN].hits_test.better, 1.0 / 6, 1e-15);
    assert_near(up[LF_TRAIN_QUEUE_SIGN].hits_test.t, expected.t, 1e-14);
    assert_near(up[LF_TRAIN_QUEUE_SIGN].hits_test.p, expected.p, 1e-14);
    assert_near(up[LF_TRAIN_OFI_SIGN].hits_test.better, -.5 / 6, 1e-15);
    assert_near(up[LF_TRAIN_OFI_SIGN].hits_test.p, lf_stats_diebold_mariano(flow, 6, 1).p, 1e-14);
    assert_true(isnan(up[LF_TRAIN_MODEL].hits_test.p));
    assert_true(isnan(up[LF_TRAIN_OFI_SIGN].brier_test.p));
    assert_true(isnan(up[LF_TRAIN_PRIOR].accuracy));
    /* Labels of two minutes on a grid of one overlap with one neighbour. */
    lf_train_score_options longer = options;
    longer.horizon_ns = 2 * LF_NS_PER_MINUTE;
    lf_train_scores wide;
    assert_int_equal(lf_train_score(table, &longer, &wide, NULL), LF_OK);
    assert_near(
        wide.up_1min[LF_TRAIN_QUEUE_SIGN].hits_test.t,
        lf_stats_diebold_mariano(queue, 6, 2).t,
        1e-14
    );
    /* Row 3 did not move: a miss of everyone. */
    assert_near(up[LF_TRAIN_MODEL].all_rows, 7, 0);
    assert_near(up[LF_TRAIN_MODEL].all_accuracy, 4.5 / 7, 1e-15);
    assert_near(up[LF_TRAIN_OFI_SIGN].all_accuracy, 5.0 / 7, 1e-15);
    lf_frame_destroy(table);
}

static void check_bin(const lf_train_bin *bin, double rows, double accuracy, double ups)
{
    assert_near(bin->rows, rows, 0);
    assert_near(bin->accuracy, accuracy, 1e-15);
    assert_near(bin->share_up, ups, 1e-15);
    assert_near(bin->majority, fmax(ups, 1 - ups), 1e-15);
}

/* Tenths that stay empty have no rows; New York was five hours behind in January 1970. */
static void test_bins(void **state)
{
    (void)state;
    lf_frame *table = make_table(NAMES);
    lf_train_day by_day[2];
    lf_zone *zone = NULL;
    lf_train_score_options more = options;
    assert_int_equal(lf_zone_create(NULL, "America/New_York", &zone, NULL), LF_OK);
    more.zone = zone;
    more.by_day = by_day;
    lf_train_scores scores;
    assert_int_equal(lf_train_score(table, &more, &scores, NULL), LF_OK);
    const lf_train_bins *bins = &scores.bins_1min;
    /* Distances 0 | .1 .1 .1 | .2 | .2 and a bit. */
    check_bin(&bins->confidence[0], 1, .5, 0);
    check_bin(&bins->confidence[4], 3, 2.0 / 3, 1);
    check_bin(&bins->confidence[7], 1, 1, 1);
    check_bin(&bins->confidence[9], 1, 1, 0);
    assert_near(bins->confidence[1].rows, 0, 0);
    assert_near(bins->confidence[4].mean, .1, 1e-15);
    /* Forecasts .3 .4 .5 .6 .6 .7 with 0 1 0 1 1 1. */
    check_bin(&bins->calibration[0], 1, 1, 0);
    check_bin(&bins->calibration[6], 2, 1, 1);
    assert_near(bins->calibration[6].low, .6, 0);
    assert_near(bins->calibration[9].high, .7, 0);
    assert_near(bins->calibration_error, (.3 + .6 + .5 + .8 + .3) / 6, 1e-15);
    check_bin(&bins->hours[19], 6, .75, 4.0 / 6);
    assert_near(bins->hours[0].rows, 0, 0);
    check_bin(&bins->spreads[2], 6, .75, 4.0 / 6);
    assert_near(bins->spreads[2].low, 5, 0);
    assert_near(scores.bins_5min.hours[19].rows, 7, 0);
    assert_int_equal(by_day[1].first_row, 4);
    assert_true(by_day[1].first_ns == LF_NS_PER_DAY + 4 * LF_NS_PER_MINUTE);
    assert_near(by_day[0].rows, 4, 0);
    assert_near((by_day[0].ic + by_day[1].ic) / 2, scores.ret_1min.ic, 1e-15);
    assert_near((by_day[0].rank_ic + by_day[1].rank_ic) / 2, scores.ret_1min.rank_ic, 1e-15);
    assert_true(isnan(scores.ret_1min.ic_days_interval.low)); /* two days */
    char *json = NULL;
    assert_int_equal(lf_train_bins_json(NULL, bins, &json), LF_OK);
    assert_non_null(strstr(json, "\"by_hour\":[{\"hour\":19,\"rows\":6,"));
    assert_non_null(strstr(json, "\"by_spread\":[{\"quarter\":3,\"low\":5.0,\"high\":5.0,"));
    lf_release(NULL, json);
    lf_zone_destroy(zone);
    lf_frame_destroy(table);
}

static void test_missing_column(void **state)
{
    (void)state;
    for (size_t skipped = 0; skipped < NAMES; skipped++) {
        lf_frame *table = make_table(skipped);
        lf_train_scores scores;
        lf_error error;
        assert_int_equal(lf_train_score(table, &options, &scores, &error), LF_MISMATCH);
        assert_non_null(strstr(error.message, names[skipped]));
        lf_frame_destroy(table);
    }
}

static void test_failing_memory(void **state)
{
    (void)state;
    lf_frame *table = make_table(NAMES);
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        lf_train_score_options failing = options;
        failing.allocator = &memory.allocator;
        lf_train_scores scores;
        const lf_status status = lf_train_score(table, &failing, &scores, NULL);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
    }
    lf_frame_destroy(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_comparisons),
        cmocka_unit_test(test_bins),
        cmocka_unit_test(test_missing_column),
        cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
