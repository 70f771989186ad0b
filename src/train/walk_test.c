/*
 * Goal: no row is scored by a model that has seen its future; the scores find planted skill and
 * find nothing where nothing is.
 * Method: plans compared with hand-computed times; a walk whose future is changed must leave every
 * earlier prediction as it was; made-up days with planted skill, and the same days with labels
 * permuted in blocks, over fixed seeds.
 */
#include <lobflow/train.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "train_testing.h"

#define START INT64_C(1340285400000000000)
#define S LF_NS_PER_SECOND

static lf_frame *make(size_t rows, int64_t first_ns, double skill, uint64_t seed)
{
    return testing_make(&(testing_day
    ){.rows = rows, .first_ns = first_ns, .skill = skill, .seed = seed});
}

static void test_plan_days(void **state)
{
    (void)state;
    /* Two symbols on the first day, one on each of the next two. */
    lf_frame *days[4] = {
        make(1000, START, 0, 1),
        make(900, START + 5 * S, 0, 2),
        make(1000, START + LF_NS_PER_DAY, 0, 3),
        make(1000, START + 2 * LF_NS_PER_DAY, 0, 4),
    };
    lf_train_options options = testing_options();
    lf_train_fold *folds = lf_allocate(NULL, LF_TRAIN_FOLDS_MAX, sizeof *folds);
    size_t count = 0;
    lf_error error = {0};
    assert_int_equal(lf_train_plan(days, 4, &options, folds, &count, &error), LF_OK);
    assert_int_equal(count, 2);
    for (int64_t k = 0; k < 2; k++) {
        const int64_t begin = START + (k + 1) * LF_NS_PER_DAY;
        assert_true(folds[k].train_first_ns == START);
        assert_true(folds[k].test_first_ns == begin);
        assert_true(folds[k].test_end_ns == begin + 999 * S + 1);
        assert_true(folds[k].train_end_ns == begin - 300 * S);
    }
    lf_frame *swapped[2] = {days[3], days[2]};
    assert_int_equal(lf_train_plan(swapped, 2, &options, folds, &count, &error), LF_DATA);
    assert_int_equal(lf_train_plan(days, 0, &options, folds, &count, &error), LF_DATA);
    lf_release(NULL, folds);
    for (int d = 0; d < 4; d++) {
        lf_frame_destroy(days[d]);
    }
}

static void test_plan_one_day(void **state)
{
    (void)state;
    lf_frame *day = make(5000, START, 0, 1);
    lf_train_options options = testing_options();
    options.embargo_ns = 10 * S;
    lf_train_fold *folds = lf_allocate(NULL, LF_TRAIN_FOLDS_MAX, sizeof *folds);
    size_t count = 0;
    assert_int_equal(lf_train_plan(&day, 1, &options, folds, &count, NULL), LF_OK);
    assert_int_equal(count, 4);
    for (size_t k = 0; k < 4; k++) {
        const int64_t cut = START + (4999 * S + 1) / 5 * (int64_t)(k + 1);
        assert_true(folds[k].test_first_ns == cut);
        assert_true(folds[k].train_end_ns == cut - 10 * S);
        assert_true(k == 3 || folds[k].test_end_ns == folds[k + 1].test_first_ns);
    }
    assert_true(folds[3].test_end_ns == START + 4999 * S + 1);
    lf_release(NULL, folds);
    lf_frame_destroy(day);
}

static lf_train_walk *walk_days(lf_frame **days, size_t count, const lf_train_options *options)
{
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    lf_train_walk *walk = NULL;
    lf_error error = {0};
    if (lf_train_walk_forward(days, count, options, folder.path, &walk, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    size_t fold_count = 0;
    (void)lf_train_walk_folds(walk, &fold_count);
    assert_int_equal(lf_testing_entry_count(folder.path), fold_count);
    lf_testing_folder_remove(&folder);
    return walk;
}

static lf_train_options quick_options(void)
{
    lf_train_options options = testing_options();
    options.kind = LF_TRAIN_LOGISTIC;
    return options;
}

/* What happens after a fold's last row changes no prediction up to there. */
static void test_future_does_not_matter(void **state)
{
    (void)state;
    const lf_train_options options = quick_options();
    lf_frame *plain = make(9000, START, 1, 7);
    lf_frame *changed = make(9000, START, 1, 7);
    const size_t cut = 6000;
    for (size_t i = cut; i < 9000; i++) {
        lf_frame_f64(changed, 3)[i] = -lf_frame_f64(changed, 3)[i] + 5;
        lf_frame_f64(changed, 5)[i] = 0.5;
    }
    /* A label belongs to the time at which it ends. */
    for (size_t i = cut - 300; i < 9000; i++) {
        lf_frame_f64(changed, 9)[i] = NAN;
        lf_frame_f64(changed, 10)[i] = NAN;
        if (i >= cut - 60) {
            lf_frame_f64(changed, 7)[i] = 100;
            lf_frame_f64(changed, 8)[i] = 1;
        }
    }
    lf_train_walk *a = walk_days(&plain, 1, &options);
    lf_train_walk *b = walk_days(&changed, 1, &options);
    lf_frame *first = lf_train_walk_predictions(a);
    lf_frame *second = lf_train_walk_predictions(b);
    size_t same = 0;
    size_t later = 0;
    assert_int_equal(lf_frame_row_count(first), lf_frame_row_count(second));
    for (size_t i = 0; i < lf_frame_row_count(first); i++) {
        const int64_t t = lf_frame_i64(first, 0)[i];
        const double *x = &lf_frame_f64(first, 2)[i];
        const double *y = &lf_frame_f64(second, 2)[i];
        assert_true(t == lf_frame_i64(second, 0)[i]);
        if (t < START + (int64_t)cut * S) {
            assert_memory_equal(x, y, sizeof *x);
            same++;
        } else {
            later += memcmp(x, y, sizeof *x) != 0;
        }
    }
    assert_int_equal(same, cut - 1800);
    assert_true(later > 1000);
    lf_train_walk_destroy(a);
    lf_train_walk_destroy(b);
    lf_frame_destroy(plain);
    lf_frame_destroy(changed);
}

/* Every score that needs many rows agrees with the plain ones. */
static void check_details(const lf_train_scores *s, const char *json)
{
    const lf_train_direction *model = &s->up_1min[LF_TRAIN_MODEL];
    const lf_train_direction *prior = &s->up_1min[LF_TRAIN_PRIOR];
    assert_true(prior->hits_test.better > 0 && prior->hits_test.p < 0.01);
    assert_true(prior->brier_test.better > 0 && prior->brier_test.p < 0.01);
    assert_true(fabs(prior->brier - model->brier - prior->brier_test.better) < 1e-12);
    assert_true(fabs(prior->log_loss - 0.6931) < 0.05);
    assert_true(model->log_loss_interval.low < model->log_loss);
    assert_true(model->log_loss_interval.high > model->log_loss);
    assert_true(model->brier_interval.high < 0.25);
    assert_true(fabs(model->all_accuracy - model->accuracy * model->moving_share) < 1e-12);
    assert_true(model->all_accuracy_interval.low < model->all_accuracy);
    double rows = 0;
    double hits = 0;
    for (int b = 0; b < LF_TRAIN_TENTHS; b++) {
        const lf_train_bin *bin = &s->bins_1min.confidence[b];
        rows += bin->rows;
        hits += bin->rows > 0 ? bin->rows * bin->accuracy : 0;
        assert_true(bin->rows == 0 || bin->accuracy_interval.low < bin->accuracy);
        assert_true(bin->effective_rows <= bin->rows);
    }
    assert_true(rows == model->rows && fabs(hits / rows - model->accuracy) < 1e-12);
    /* The surest are right more often than the least sure, beyond their intervals. */
    const lf_train_bin *tenths = s->bins_1min.confidence;
    assert_true(tenths[9].accuracy_interval.low > tenths[0].accuracy_interval.high);
    assert_true(tenths[9].effective_rows < tenths[9].rows / 3);
    assert_true(s->bins_1min.calibration_error < 0.05);
    assert_true(s->bins_1min.spreads[0].high <= s->bins_1min.spreads[2].low);
    assert_true(s->ret_1min.effective_rows < s->ret_1min.rows / 5);
    assert_true(s->ret_1min.rank_ic_interval.low > 0);
    assert_non_null(strstr(json, "\"by_day\""));
    assert_non_null(strstr(json, "\"model_better\""));
}

/* Three days with a planted signal: everything that knows of it beats chance, and says so. */
static void test_planted(void **state)
{
    (void)state;
    lf_frame *days[3];
    for (int d = 0; d < 3; d++) {
        days[d] = make(10000, START + d * LF_NS_PER_DAY, 1, 20 + (uint64_t)d);
    }
    lf_train_options options = testing_options();
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    lf_train_walk *walk = NULL;
    lf_error error = {0};
    if (!testing_skip(
            lf_train_walk_forward(days, 3, &options, folder.path, &walk, &error), &error
        )) {
        const lf_train_scores *scores = lf_train_walk_scores(walk);
        const lf_train_direction *model = &scores->up_1min[LF_TRAIN_MODEL];
        print_message(
            "planted: accuracy %.3f auc %.3f [%.3f %.3f] logistic3 %.3f ic %.3f n_eff %.0f of "
            "%.0f\n",
            model->accuracy,
            model->auc,
            model->auc_interval.low,
            model->auc_interval.high,
            scores->up_1min[LF_TRAIN_LOGISTIC3].auc,
            scores->ret_1min.ic,
            model->effective_rows,
            model->rows
        );
        assert_true(model->auc_interval.low > 0.55);
        assert_true(model->less_majority_interval.low > 0);
        assert_true(model->brier < 0.25);
        assert_true(scores->up_1min[LF_TRAIN_QUEUE_SIGN].auc_interval.low > 0.55);
        assert_true(scores->up_1min[LF_TRAIN_LOGISTIC3].auc_interval.low > 0.55);
        assert_true(scores->ret_1min.ic > 0.05 && scores->ret_1min.days == 2);
        assert_true(scores->ret_1min.r2_interval.low > 0);
        assert_true(model->effective_rows < model->rows / 5);
        assert_true(model->moving_share > 0.5 && model->moving_share < 1);
        assert_true(scores->median_spread_ticks == 2 && !scores->leak_suspected);
        check_details(scores, lf_train_walk_json(walk));
        size_t folds = 0;
        const lf_train_fold *fold = lf_train_walk_folds(walk, &folds);
        assert_int_equal(folds, 2);
        assert_true(lf_model_meta_of(fold[1].model)->train_last_ns < fold[1].test_first_ns);
    }
    lf_train_walk_destroy(walk);
    for (int d = 0; d < 3; d++) {
        lf_frame_destroy(days[d]);
    }
    lf_testing_folder_remove(&folder);
}

/* A day of the leak alarm's test. */
typedef struct leak_case {
    const char *name;
    lf_train_kind kind;
    double spread_ticks;
    double skill;
    size_t shift_rows; /* by which the last column sees the future */
    bool rings;
} leak_case;

static lf_frame *make_leaking(const leak_case *c)
{
    enum {
        LEAK_ROWS = 20000
    };
    lf_frame *day = make(LEAK_ROWS, START, c->skill, 31);
    double *momentum = lf_frame_f64(day, 6);
    for (size_t i = 0; i < LEAK_ROWS; i++) {
        lf_frame_f64(day, 11)[i] = c->spread_ticks;
        momentum[i] = i + c->shift_rows < LEAK_ROWS ? momentum[i + c->shift_rows] : NAN;
    }
    return day;
}

/*
 * Ten seconds of momentum, 60 rows too early, lie inside the label: the alarm rings on a name whose
 * spread is wide. It is silent without the shift, and on a name of one tick however good an honest
 * forecast is. (A shift of one row is too little for it; the prefix test of the features is not.)
 */
static void test_leak_alarm(void **state)
{
    (void)state;
    static const leak_case cases[] = {
        {"logistic, label seen", LF_TRAIN_LOGISTIC, 8, 0, 60, true},
        {"trees, label seen", LF_TRAIN_TREES, 8, 0, 60, true},
        {"logistic, honest, nothing to find", LF_TRAIN_LOGISTIC, 8, 0, 0, false},
        {"trees, honest, nothing to find", LF_TRAIN_TREES, 8, 0, 0, false},
        {"logistic, honest, large tick", LF_TRAIN_LOGISTIC, 1, 1, 0, false},
        {"trees, honest, large tick", LF_TRAIN_TREES, 1, 1, 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lf_frame *day = make_leaking(&cases[i]);
        lf_train_options options = testing_options();
        options.kind = cases[i].kind;
        lf_testing_folder folder;
        lf_train_walk *walk = NULL;
        lf_error error = {0};
        assert_true(lf_testing_folder_make(&folder));
        const lf_status status =
            lf_train_walk_forward(&day, 1, &options, folder.path, &walk, &error);
        if (!testing_skip(status, &error)) {
            const lf_train_scores *scores = lf_train_walk_scores(walk);
            const lf_train_direction *model = &scores->up_1min[LF_TRAIN_MODEL];
            print_message(
                "%s: hit rate less majority from %.3f, R^2 from %.4f\n",
                cases[i].name,
                model->less_majority_interval.low,
                scores->ret_1min.r2_interval.low
            );
            assert_int_equal(scores->leak_suspected, cases[i].rings);
            assert_int_equal(
                strstr(scores->warnings, "Too good to be true") != NULL, cases[i].rings
            );
            assert_int_equal(
                strstr(lf_train_walk_json(walk), "\"leak_suspected\": true") != NULL, cases[i].rings
            );
        }
        lf_train_walk_destroy(walk);
        lf_frame_destroy(day);
        lf_testing_folder_remove(&folder);
    }
}

/* Permuted labels are told wherever the findings go; true ones are not mentioned. */
static void test_permuted_is_told(void **state)
{
    (void)state;
    lf_frame *day = make(8000, START, 1, 3);
    lf_train_options options = quick_options();
    lf_train_walk *walk = walk_days(&day, 1, &options);
    assert_null(strstr(lf_train_walk_json(walk), "permute"));
    lf_train_walk_destroy(walk);
    options.permute_seed = 77;
    walk = walk_days(&day, 1, &options);
    size_t count;
    const lf_model *model = lf_train_walk_folds(walk, &count)[0].model;
    assert_non_null(strstr(lf_train_walk_json(walk), "\"permute_seed\": 77"));
    assert_non_null(strstr(lf_train_walk_scores(walk)->warnings, "permuted in blocks with seed 77")
    );
    assert_non_null(strstr(lf_model_training(model), "\"permute_seed\":77"));
    lf_train_walk_destroy(walk);
    lf_frame_destroy(day);
}

/* With labels permuted in blocks the intervals hold what chance gives. */
static void test_permuted(void **state)
{
    (void)state;
    enum {
        SEEDS = 10
    };
    int auc_holds = 0;
    int majority_holds = 0;
    int beats_prior = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        lf_frame *days[2];
        for (int d = 0; d < 2; d++) {
            days[d] = make(8000, START + d * LF_NS_PER_DAY, 1, 100 + 2 * seed + (uint64_t)d);
            assert_int_equal(
                lf_train_permute_labels(days[d], 300 * S, seed + (uint64_t)d * 1000, NULL), LF_OK
            );
        }
        const lf_train_options options = quick_options();
        lf_train_walk *walk = walk_days(days, 2, &options);
        const lf_train_direction *model = &lf_train_walk_scores(walk)->up_1min[LF_TRAIN_MODEL];
        auc_holds += model->auc_interval.low <= 0.5 && model->auc_interval.high >= 0.5;
        majority_holds += model->less_majority_interval.low <= 0;
        const lf_train_test *test = &lf_train_walk_scores(walk)->up_1min[LF_TRAIN_PRIOR].brier_test;
        beats_prior += test->better > 0 && test->p < 0.05;
        lf_train_walk_destroy(walk);
        lf_frame_destroy(days[0]);
        lf_frame_destroy(days[1]);
    }
    print_message("permuted: auc holds %d, majority %d of %d\n", auc_holds, majority_holds, SEEDS);
    assert_true(auc_holds >= 8 && majority_holds >= 9 && beats_prior <= 1);
}

static void test_permutation(void **state)
{
    (void)state;
    enum {
        ROWS = 1050
    };
    lf_frame *day = make(ROWS, START, 0, 1);
    lf_frame *same = make(ROWS, START, 0, 1);
    assert_int_equal(lf_train_permute_labels(day, 100 * S, 3, NULL), LF_OK);
    bool used[10] = {false};
    size_t moved = 0;
    for (size_t b = 0; b < 10; b++) {
        size_t from = 0;
        const double *labels = lf_frame_f64(day, 7) + 100 * b;
        while (from < 10 &&
               (used[from] ||
                memcmp(labels, lf_frame_f64(same, 7) + 100 * from, 100 * sizeof *labels) != 0)) {
            from++;
        }
        assert_true(from < 10);
        used[from] = true;
        moved += from != b;
        /* All labels of a row travel together. */
        for (size_t c = 8; c <= 10; c++) {
            assert_memory_equal(
                lf_frame_f64(day, c) + 100 * b,
                lf_frame_f64(same, c) + 100 * from,
                100 * sizeof *labels
            );
        }
    }
    assert_true(moved > 5);
    assert_memory_equal(
        lf_frame_f64(day, 7) + 1000, lf_frame_f64(same, 7) + 1000, 50 * sizeof(double)
    );
    assert_memory_equal(lf_frame_f64(day, 5), lf_frame_f64(same, 5), ROWS * sizeof(double));
    assert_int_equal(lf_train_permute_labels(day, 0, 3, NULL), LF_RANGE);
    lf_frame_destroy(day);
    lf_frame_destroy(same);
}

static void test_failing_memory(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    lf_frame *day = make(3000, START, 1, 9);
    /* Each step tries 1.3 times as far into the run: it allocates some thousand times. */
    for (uint64_t n = 0;; n += 1 + n / 3) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        lf_train_options options = quick_options();
        options.allocator = &memory.allocator;
        options.blocks_in_day = 2;
        lf_train_walk *walk = NULL;
        const lf_status status = lf_train_walk_forward(&day, 1, &options, folder.path, &walk, NULL);
        lf_train_walk_destroy(walk);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
        assert_null(walk);
    }
    lf_frame_destroy(day);
    lf_testing_folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan_days),
        cmocka_unit_test(test_plan_one_day),
        cmocka_unit_test(test_future_does_not_matter),
        cmocka_unit_test(test_planted),
        cmocka_unit_test(test_leak_alarm),
        cmocka_unit_test(test_permuted_is_told),
        cmocka_unit_test(test_permuted),
        cmocka_unit_test(test_permutation),
        cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
