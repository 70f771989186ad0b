/*
 * Goal: no training row shares time with a scored one, no row is left out without need, every path
 * scores every row once, and what is held out is held out.
 * Method: index sets computed by hand; random days against the rule applied to every pair of rows;
 * a walk in which whatever is purged may be anything; counts of choices and paths.
 */
#include <lobflow/train.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "train_testing.h"

#define START INT64_C(1340285400000000000)
#define S LF_NS_PER_SECOND
/* Labels look 5 minutes ahead, so rows 100 s apart have labels of three rows. */
#define ROW (100 * S)

static lf_train_options plain_options(lf_train_validation validation)
{
    lf_train_options options = testing_options();
    options.kind = LF_TRAIN_LOGISTIC;
    options.embargo_ns = 0;
    options.split.validation = validation;
    options.split.embargo_after_ns = 0;
    return options;
}

static lf_train_fold *
plan(const lf_train_span *days, size_t count, const lf_train_options *options, size_t *folds)
{
    lf_error error = {0};
    lf_train_fold *list = lf_allocate(NULL, LF_TRAIN_FOLDS_MAX, sizeof *list);
    if (lf_train_plan_spans(days, count, options, list, folds, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    return list;
}

/* Days of one row each, at row numbers 0, 1, ... */
static void make_rows(size_t count, lf_train_span *days, int64_t *times, int64_t *ends)
{
    for (size_t i = 0; i < count; i++) {
        times[i] = START + (int64_t)i * ROW;
        ends[i] = times[i] + 3 * ROW;
        days[i] = (lf_train_span){times[i], times[i] + 1};
    }
}

/* 20 rows, labels of three rows, rows 8 to 11 scored; the embargo in rows. */
static void test_oracle(void **state)
{
    (void)state;
    static const struct {
        int64_t embargo;
        const char *roles; /* t trains, s is scored, . does neither */
    } cases[] = {
        {0, "ttttt...ssss...ttttt"},
        {2, "ttttt...ssss.....ttt"},
    };
    lf_train_span days[20];
    int64_t times[20];
    int64_t ends[20];
    uint8_t roles[20];
    make_rows(20, days, times, ends);
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        lf_train_options options = plain_options(LF_TRAIN_KFOLD);
        options.split.folds = 5;
        options.split.embargo_after_ns = cases[c].embargo * ROW;
        size_t count = 0;
        lf_train_fold *folds = plan(days, 20, &options, &count);
        assert_int_equal(count, 5);
        lf_train_fold_roles(&folds[2], times, ends, 20, roles);
        for (size_t i = 0; i < 20; i++) {
            assert_int_equal(".ts"[roles[i]], cases[c].roles[i]);
        }
        lf_release(NULL, folds);
    }
}

static void test_choices(void **state)
{
    (void)state;
    static const struct {
        int32_t folds, tests;
        size_t choices;
        int32_t paths;
    } cases[] = {
        {6, 2, 15, 5},
        {10, 2, 45, 9},
        {8, 3, 56, 21},
        {4, 1, 4, 1},
        {5, 4, 5, 4},
    };
    lf_train_span days[23];
    int64_t times[23];
    int64_t ends[23];
    make_rows(23, days, times, ends);
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        lf_train_options options = plain_options(LF_TRAIN_CPCV);
        options.split.folds = cases[c].folds;
        options.split.test_folds = cases[c].tests;
        size_t count = 0;
        lf_train_fold *folds = plan(days, 23, &options, &count);
        const int32_t paths = lf_train_path_count(folds, count);
        assert_int_equal(count, cases[c].choices);
        assert_int_equal(paths, cases[c].paths);
        /* Each path scores each row once. */
        for (int32_t path = 0; path < paths; path++) {
            int scored[23] = {0};
            for (size_t k = 0; k < count; k++) {
                for (size_t i = 0; i < folds[k].test_count; i++) {
                    for (size_t r = 0; r < 23 && folds[k].paths[i] == path; r++) {
                        scored[r] += times[r] >= folds[k].tests[i].first_ns &&
                                     times[r] < folds[k].tests[i].end_ns;
                    }
                }
            }
            for (size_t r = 0; r < 23; r++) {
                assert_int_equal(scored[r], 1);
            }
        }
        lf_release(NULL, folds);
    }
}

/* ---- forward ---------------------------------------------------------------------------- */

static void test_rolling(void **state)
{
    (void)state;
    lf_train_span days[6];
    for (int64_t d = 0; d < 6; d++) {
        days[d] = (lf_train_span){START + d * LF_NS_PER_DAY, START + d * LF_NS_PER_DAY + 1000 * S};
    }
    lf_train_options options = plain_options(LF_TRAIN_ROLLING);
    options.split.train_days = 2;
    options.embargo_ns = 7 * S;
    size_t count = 0;
    lf_train_fold *folds = plan(days, 6, &options, &count);
    assert_int_equal(count, 4);
    for (size_t k = 0; k < 4; k++) {
        assert_true(folds[k].train_first_ns == days[k].first_ns);
        assert_true(folds[k].train_end_ns == days[k + 2].first_ns - 7 * S);
        assert_true(folds[k].test_first_ns == days[k + 2].first_ns);
        assert_true(folds[k].test_end_ns == days[k + 2].end_ns);
        assert_int_equal(folds[k].purged_count, 0);
    }
    lf_release(NULL, folds);
    /* One day alone: blocks instead of days. */
    options.blocks_in_day = 10;
    folds = plan(days, 1, &options, &count);
    assert_int_equal(count, 8);
    assert_true(folds[3].train_first_ns == START + 300 * S);
    assert_true(folds[3].test_first_ns == START + 500 * S);
    assert_true(folds[7].test_end_ns == days[0].end_ns);
    lf_release(NULL, folds);
}

static void test_holdout(void **state)
{
    (void)state;
    lf_train_span days[6];
    for (int64_t d = 0; d < 6; d++) {
        days[d] = (lf_train_span){START + d * LF_NS_PER_DAY, START + d * LF_NS_PER_DAY + 1000 * S};
    }
    for (int v = 0; v < LF_TRAIN_VALIDATION_COUNT; v++) {
        lf_train_options options = plain_options((lf_train_validation)v);
        options.split.holdout_days = 2;
        options.split.train_days = 2;
        options.split.folds = 4;
        options.embargo_ns = 300 * S;
        size_t count = 0;
        lf_train_fold *folds = plan(days, 6, &options, &count);
        assert_true(count > 0);
        for (size_t k = 0; k < count; k++) {
            assert_true(folds[k].test_end_ns <= days[3].end_ns);
        }
        lf_release(NULL, folds);
        options.split.holdout = true;
        folds = plan(days, 6, &options, &count);
        assert_int_equal(count, 1);
        assert_true(folds[0].test_first_ns == days[4].first_ns);
        assert_true(folds[0].test_end_ns == days[5].end_ns);
        assert_true(folds[0].train_first_ns == START);
        assert_true(folds[0].train_end_ns == days[4].first_ns - 300 * S);
        lf_release(NULL, folds);
    }
}

/* ---- every pair of rows ------------------------------------------------------------------ */

enum {
    ROWS_MAX = 240
};

/* Random days with rows 10 to 60 s apart; labels of random length up to 5 minutes. */
static size_t random_days(
    lf_random *random, lf_train_span *days, size_t *day_count, int64_t *times, int64_t *ends
)
{
    size_t rows = 0;
    int64_t t = START;
    *day_count = 1 + (size_t)lf_random_below(random, 9);
    for (size_t d = 0; d < *day_count; d++) {
        const size_t in_day = 8 + (size_t)lf_random_below(random, 16);
        days[d].first_ns = t;
        for (size_t i = 0; i < in_day; i++) {
            times[rows] = t;
            ends[rows++] = t + (int64_t)lf_random_below(random, 301) * S;
            t += (10 + (int64_t)lf_random_below(random, 50)) * S;
        }
        days[d].end_ns = times[rows - 1] + 1;
        t += (int64_t)lf_random_below(random, 2000) * S;
    }
    return rows;
}

/* Rows i and j may stand on either side: the earlier one's label ends before the later one's
   features begin, with the embargo behind scored rows on top. */
static bool
may_train(int64_t t, int64_t end, int64_t test_t, int64_t test_end, int64_t gap, int64_t after)
{
    return end < test_t - gap || t > test_end + gap + after;
}

static void test_every_pair(void **state)
{
    (void)state;
    size_t trained = 0;
    size_t purged = 0;
    for (uint64_t seed = 0; seed < 60; seed++) {
        lf_random random;
        lf_train_span days[9];
        int64_t times[ROWS_MAX];
        int64_t ends[ROWS_MAX];
        uint8_t roles[ROWS_MAX];
        size_t day_count = 0;
        size_t fold_count = 0;
        lf_random_seed(&random, seed, 0);
        const size_t rows = random_days(&random, days, &day_count, times, ends);
        lf_train_options options = plain_options(seed % 2 == 0 ? LF_TRAIN_KFOLD : LF_TRAIN_CPCV);
        options.split.folds = 3 + (int32_t)(seed % 4);
        options.embargo_ns = (int64_t)(seed % 3) * 60 * S;
        options.split.embargo_after_ns = (int64_t)(seed % 5) * 40 * S;
        const int64_t gap = options.embargo_ns;
        const int64_t after = options.split.embargo_after_ns;
        lf_train_fold *folds = plan(days, day_count, &options, &fold_count);
        for (size_t k = 0; k < fold_count; k++) {
            lf_train_fold_roles(&folds[k], times, ends, rows, roles);
            for (size_t i = 0; i < rows; i++) {
                bool may = roles[i] != LF_TRAIN_ROLE_TEST;
                bool must = may;
                for (size_t j = 0; j < rows; j++) {
                    if (roles[j] == LF_TRAIN_ROLE_TEST) {
                        may = may && may_train(times[i], ends[i], times[j], ends[j], gap, after);
                        /* A plan knows the longest label only, and where a group ends only to one
                           row. */
                        must =
                            must &&
                            may_train(
                                times[i], ends[i], times[j], times[j] + 300 * S, gap + 60 * S, after
                            );
                    }
                }
                assert_true(may || roles[i] != LF_TRAIN_ROLE_TRAIN);
                assert_true(!must || roles[i] == LF_TRAIN_ROLE_TRAIN);
                trained += roles[i] == LF_TRAIN_ROLE_TRAIN;
                purged += roles[i] == LF_TRAIN_ROLE_NONE;
            }
        }
        lf_release(NULL, folds);
    }
    print_message("%zu rows trained, %zu were purged\n", trained, purged);
    assert_true(trained > 10000 && purged > 1000);
}

/* ---- walks ------------------------------------------------------------------------------ */

static lf_train_walk *walk_day(lf_frame *day, const lf_train_options *options)
{
    lf_testing_folder folder;
    lf_train_walk *walk = NULL;
    lf_error error = {0};
    assert_true(lf_testing_folder_make(&folder));
    if (lf_train_walk_forward(&day, 1, options, folder.path, &walk, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    lf_testing_folder_remove(&folder);
    return walk;
}

static lf_frame *make_day(void)
{
    return testing_make(&(testing_day){.rows = 9000, .first_ns = START, .skill = 1, .seed = 7});
}

/* Spoils features and labels of the rows of one role in a fold. */
static void spoil(lf_frame *day, const lf_train_fold *fold, uint8_t role)
{
    const size_t rows = lf_frame_row_count(day);
    int64_t *times = lf_frame_i64(day, 0);
    for (size_t i = 0; i < rows; i++) {
        const int64_t end = times[i] + 5 * LF_NS_PER_MINUTE;
        uint8_t found;
        lf_train_fold_roles(fold, &times[i], &end, 1, &found);
        if (found == role) {
            lf_frame_f64(day, 3)[i] = 5 - lf_frame_f64(day, 3)[i];
            lf_frame_f64(day, 7)[i] = 100;
            lf_frame_f64(day, 8)[i] = 1;
        }
    }
}

/* A fold's forecasts do not change whatever the purged rows hold, and do when training rows do. */
static void test_walk_purges(void **state)
{
    (void)state;
    lf_train_options options = plain_options(LF_TRAIN_KFOLD);
    options.split.folds = 3;
    options.embargo_ns = 300 * S;
    options.split.embargo_after_ns = 100 * S;
    for (uint8_t role = LF_TRAIN_ROLE_NONE; role <= LF_TRAIN_ROLE_TRAIN; role++) {
        lf_frame *plain = make_day();
        lf_frame *spoilt = make_day();
        lf_train_walk *a = walk_day(plain, &options);
        size_t count = 0;
        const lf_train_fold *fold = &lf_train_walk_folds(a, &count)[1];
        assert_int_equal(count, 3);
        spoil(spoilt, fold, role);
        lf_train_walk *b = walk_day(spoilt, &options);
        lf_frame *first = lf_train_walk_predictions(a);
        lf_frame *second = lf_train_walk_predictions(b);
        size_t rows = 0;
        size_t same = 0;
        assert_int_equal(lf_frame_row_count(first), 9000);
        for (size_t i = 0; i < 9000; i++) {
            const int64_t t = lf_frame_i64(first, 0)[i];
            if (t >= fold->test_first_ns && t < fold->test_end_ns) {
                const double *x = &lf_frame_f64(first, 2)[i];
                rows++;
                same += memcmp(x, &lf_frame_f64(second, 2)[i], sizeof *x) == 0;
            }
        }
        assert_int_equal(rows, 3000);
        assert_true(role == LF_TRAIN_ROLE_NONE ? same == rows : same < rows / 10);
        lf_train_walk_destroy(a);
        lf_train_walk_destroy(b);
        lf_frame_destroy(plain);
        lf_frame_destroy(spoilt);
    }
}

static void test_walk_paths(void **state)
{
    (void)state;
    lf_frame *day = make_day();
    lf_train_options options = plain_options(LF_TRAIN_CPCV);
    options.split.folds = 4;
    options.embargo_ns = 60 * S;
    lf_train_walk *walk = walk_day(day, &options);
    size_t count = 0;
    (void)lf_train_walk_folds(walk, &count);
    assert_int_equal(count, 6);
    const lf_train_scores *paths = lf_train_walk_path_scores(walk, &count);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++) {
        /* One row in 97 is not valid. */
        assert_true(paths[i].scored_rows > 8900 && paths[i].scored_rows < 9000);
        assert_true(paths[i].up_1min[LF_TRAIN_MODEL].auc > 0.55);
        assert_true(i == 0 || paths[i].ret_1min.r2 != paths[0].ret_1min.r2);
    }
    assert_int_equal(lf_frame_row_count(lf_train_walk_predictions(walk)), 9000);
    const int64_t *times = lf_frame_i64(lf_train_walk_predictions(walk), 0);
    for (size_t i = 1; i < 9000; i++) {
        assert_true(times[i] > times[i - 1]);
    }
    assert_non_null(strstr(lf_train_walk_json(walk), "\"validation\": \"cpcv\""));
    assert_non_null(strstr(lf_train_walk_json(walk), "\"paths\""));
    assert_non_null(strstr(paths[0].warnings, "Scored by cpcv"));
    lf_train_walk_destroy(walk);
    lf_frame_destroy(day);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        lf_train_validation validation;
        int32_t folds, test_folds, train_days, holdout_days;
        bool holdout;
        size_t days;
        const char *fault;
    } cases[] = {
        {LF_TRAIN_KFOLD, 1, 1, 5, 0, false, 6, "train.folds"},
        {LF_TRAIN_CPCV, 6, 6, 5, 0, false, 6, "train.test_folds"},
        {LF_TRAIN_CPCV, 40, 17, 5, 0, false, 6, "train.test_folds"},
        {LF_TRAIN_CPCV, 16, 8, 5, 0, false, 6, "more than 4096 folds"},
        {LF_TRAIN_ROLLING, 6, 2, 6, 0, false, 6, "only 6 days"},
        {LF_TRAIN_ROLLING, 6, 2, 5, 0, false, 1, "only 5 blocks"},
        {LF_TRAIN_ROLLING, 6, 2, 0, 0, false, 6, "train.train_days"},
        {LF_TRAIN_WALK_FORWARD, 6, 2, 5, 6, false, 6, "train.holdout_days"},
        {LF_TRAIN_WALK_FORWARD, 6, 2, 5, 0, true, 6, "train.holdout"},
    };
    lf_train_span days[6];
    int64_t times[6];
    int64_t ends[6];
    make_rows(6, days, times, ends);
    lf_train_fold *folds = lf_allocate(NULL, LF_TRAIN_FOLDS_MAX, sizeof *folds);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lf_train_options options = plain_options(cases[i].validation);
        options.split.folds = cases[i].folds;
        options.split.test_folds = cases[i].test_folds;
        options.split.train_days = cases[i].train_days;
        options.split.holdout_days = cases[i].holdout_days;
        options.split.holdout = cases[i].holdout;
        size_t count = 1;
        lf_error error = {0};
        assert_int_equal(
            lf_train_plan_spans(days, cases[i].days, &options, folds, &count, &error), LF_RANGE
        );
        assert_int_equal(count, 0);
        assert_non_null(strstr(error.message, cases[i].fault));
    }
    lf_release(NULL, folds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oracle),
        cmocka_unit_test(test_choices),
        cmocka_unit_test(test_rolling),
        cmocka_unit_test(test_holdout),
        cmocka_unit_test(test_every_pair),
        cmocka_unit_test(test_walk_purges),
        cmocka_unit_test(test_walk_paths),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
