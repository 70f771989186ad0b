/*
 * Goal: parameters of fitted features come from the training rows alone, the model keeps them, and
 * predictions are made with them; what the rows lack is said.
 * Method: made-up days with levels that share a factor and a queue that foretells the mid; rows
 * behind each border are changed and must change nothing before it; parameters beside those of a
 * fit to the training rows alone, to the bit.
 */
#include <lobflow/stats.h>
#include <lobflow/train.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>

#include "train_testing.h"

#define START INT64_C(1340285400000000000)
#define S LF_NS_PER_SECOND
#define FEATURES "ofi_norm_1min,depth_imbalance_l1,ofi_integrated_1min,microprice_offset_ticks"

enum {
    LEVELS = 3,
    ROWS = 9000,
    BLOCK = ROWS / 5,
    FIRST_LEVEL = TESTING_COLUMNS,
    FIRST_QUOTE = TESTING_COLUMNS + LEVELS,
    COLUMNS = FIRST_QUOTE + 4
};

static const char *const EXTRA[] = {
    "ofi_norm_m1_1min",
    "ofi_norm_m2_1min",
    "ofi_norm_m3_1min",
    "best_bid_ticks",
    "best_ask_ticks",
    "best_bid_lots",
    "best_ask_lots",
};

/* Levels load 1, 2, 3 on one factor; the side with the larger queue is where the mid goes. */
static void fill_ingredients(lf_frame *frame, size_t rows, uint64_t seed)
{
    lf_random random;
    lf_random_seed(&random, seed, 2);
    double bid = 5000;
    for (size_t i = 0; i < rows; i++) {
        const double queue = lf_frame_f64(frame, 5)[i];
        const double factor = 2 * queue + lf_random_normal(&random);
        for (size_t m = 0; m < LEVELS; m++) {
            lf_frame_f64(frame, FIRST_LEVEL + m)[i] =
                i < 60 ? NAN : (double)(m + 1) * factor + lf_random_normal(&random);
        }
        const double u = lf_random_uniform(&random);
        const double drift = 0.1 * queue;
        bid += u < 0.1 + drift ? 1 : u > 0.9 + drift ? -1 : 0;
        lf_frame_f64(frame, FIRST_QUOTE)[i] = bid;
        lf_frame_f64(frame, FIRST_QUOTE + 1)[i] = bid + 1 + (double)lf_random_below(&random, 5);
        lf_frame_f64(frame, FIRST_QUOTE + 2)[i] = round(50 * (1.1 + queue));
        lf_frame_f64(frame, FIRST_QUOTE + 3)[i] = round(50 * (1.1 - queue));
    }
}

/* A day with ingredients; columns below COLUMNS leave the last ones out. */
static lf_frame *make_columns(size_t columns, size_t rows, int64_t first_ns, uint64_t seed)
{
    lf_column_spec specs[COLUMNS];
    lf_frame *plain =
        testing_make(&(testing_day){.rows = rows, .first_ns = first_ns, .skill = 1, .seed = seed});
    lf_frame *whole = NULL;
    lf_frame *out = NULL;
    memcpy(specs, TESTING_SPECS, sizeof TESTING_SPECS);
    for (size_t i = TESTING_COLUMNS; i < COLUMNS; i++) {
        specs[i] = (lf_column_spec){EXTRA[i - TESTING_COLUMNS], LF_COLUMN_F64};
    }
    lf_frame **const frames[] = {&whole, &out};
    const size_t counts[] = {COLUMNS, columns};
    for (int k = 0; k < 2; k++) {
        lf_frame *const from = k == 0 ? plain : whole;
        assert_int_equal(lf_frame_create(NULL, specs, counts[k], rows, frames[k], NULL), LF_OK);
        assert_int_equal(lf_frame_append(*frames[k], rows), LF_OK);
        assert_int_equal(lf_frame_set_text(*frames[k], 1, 0, rows, "TEST"), LF_OK);
        memcpy(lf_frame_i64(*frames[k], 0), lf_frame_i64(from, 0), rows * sizeof(int64_t));
        memcpy(lf_frame_bool(*frames[k], 2), lf_frame_bool(from, 2), rows);
        for (size_t c = 3; c < (k == 0 ? TESTING_COLUMNS : columns); c++) {
            memcpy(lf_frame_f64(*frames[k], c), lf_frame_f64(from, c), rows * sizeof(double));
        }
        if (k == 0) {
            fill_ingredients(whole, rows, seed);
        }
    }
    lf_frame_destroy(plain);
    lf_frame_destroy(whole);
    return out;
}

static lf_frame *make(size_t rows, int64_t first_ns, uint64_t seed)
{
    return make_columns(COLUMNS, rows, first_ns, seed);
}

static lf_train_options quick_options(void)
{
    lf_train_options options = testing_options();
    options.kind = LF_TRAIN_LOGISTIC;
    options.features = FEATURES;
    return options;
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
    lf_testing_folder_remove(&folder);
    return walk;
}

static const lf_feature_fitted *fold_parameters(const lf_train_walk *walk, size_t fold)
{
    size_t count = 0;
    const lf_train_fold *folds = lf_train_walk_folds(walk, &count);
    assert_true(fold < count);
    const lf_feature_fitted *out = lf_model_fitted(folds[fold].model);
    assert_non_null(out);
    return out;
}

static bool same_parameters(const lf_feature_fitted *a, const lf_feature_fitted *b)
{
    const lf_feature_microprice *p = &a->microprice;
    const lf_feature_microprice *q = &b->microprice;
    bool same = memcmp(&a->integrated[2], &b->integrated[2], sizeof a->integrated[2]) == 0 &&
                p->imbalance_count == q->imbalance_count && p->spread_count == q->spread_count &&
                p->pools_wide == q->pools_wide &&
                memcmp(p->bounds, q->bounds, sizeof p->bounds) == 0;
    for (int32_t s = 0; s < p->spread_count && same; s++) {
        for (int32_t i = 0; i < p->imbalance_count && same; i++) {
            const double x = p->offset_ticks[s][i];
            const double y = q->offset_ticks[s][i];
            same = x == y || (isnan(x) && isnan(y));
        }
    }
    return same;
}

/* ---- the rows that parameters come from ------------------------------------------------- */

/* Parameters fitted to rows [0, end) alone. */
static lf_feature_fitted fit_alone(lf_frame *const *days, size_t count, int64_t end_ns)
{
    const size_t features[] = {
        lf_feature_find("vpin"),
        lf_feature_find("ofi_integrated_1min"),
        lf_feature_find("microprice_offset_ticks"),
    };
    lf_frame *frames[4] = {0};
    lf_feature_fitted out;
    for (size_t d = 0; d < count; d++) {
        const size_t rows = lf_frame_row_count(days[d]);
        const int64_t first_ns = lf_frame_i64(days[d], 0)[0];
        frames[d] = make(rows, first_ns, (uint64_t)((first_ns - START) / LF_NS_PER_DAY) + 7);
        for (size_t i = 0; i < rows; i++) {
            if (lf_frame_i64(frames[d], 0)[i] >= end_ns) {
                lf_frame_bool(frames[d], 2)[i] = 0;
            }
        }
    }
    const lf_train_days provider = lf_train_days_of(frames, count);
    assert_int_equal(lf_train_fit_parameters(&provider, features, 3, NULL, &out, NULL), LF_OK);
    for (size_t d = 0; d < count; d++) {
        lf_frame_destroy(frames[d]);
    }
    return out;
}

/* A fold's training rows end 10 minutes before its first scored row: 5 of label, 5 of embargo. */
static void test_span_of_a_fold(void **state)
{
    (void)state;
    const lf_train_options options = quick_options();
    lf_frame *day = make(ROWS, START, 7);
    lf_train_walk *walk = walk_days(&day, 1, &options);
    size_t count = 0;
    const lf_train_fold *folds = lf_train_walk_folds(walk, &count);
    assert_int_equal(count, 4);
    for (size_t k = 0; k < count; k++) {
        const int64_t end_ns = folds[k].test_first_ns - 600 * S + 1;
        const lf_feature_fitted alone = fit_alone(&day, 1, end_ns);
        const lf_feature_fitted less = fit_alone(&day, 1, end_ns - 2 * S);
        assert_true(same_parameters(fold_parameters(walk, k), &alone));
        assert_false(same_parameters(fold_parameters(walk, k), &less));
        assert_true(alone.integrated[2].weights[2] > alone.integrated[2].weights[0]);
        assert_true(lf_feature_microprice_offset(&alone.microprice, 1, 90, 10) > 0.05);
    }
    lf_train_walk_destroy(walk);
    lf_frame_destroy(day);
}

/* Two days: the second is scored with the parameters of the first. Three: of the first two. */
static void test_earlier_days(void **state)
{
    (void)state;
    const lf_train_options options = quick_options();
    lf_frame *days[3];
    for (int d = 0; d < 3; d++) {
        days[d] = make(3000, START + d * LF_NS_PER_DAY, 7 + (uint64_t)d);
    }
    lf_train_walk *walk = walk_days(days, 3, &options);
    for (size_t k = 0; k < 2; k++) {
        const lf_feature_fitted alone = fit_alone(days, k + 1, INT64_MAX);
        assert_true(same_parameters(fold_parameters(walk, k), &alone));
    }
    lf_train_walk_destroy(walk);
    for (int d = 0; d < 3; d++) {
        lf_frame_destroy(days[d]);
    }
}

static bool is_purged(const lf_train_fold *fold, int64_t t)
{
    for (size_t i = 0; i < fold->purged_count; i++) {
        if (t <= fold->purged[i].end_ns && t + 300 * S >= fold->purged[i].first_ns) {
            return true;
        }
    }
    return false;
}

/* Folds that train on both sides of what they score: no parameter comes from purged rows. */
static void test_purged_middle(void **state)
{
    (void)state;
    lf_train_options options = quick_options();
    options.split.validation = LF_TRAIN_KFOLD;
    lf_frame *day = make(ROWS, START, 7);
    lf_train_walk *walk = walk_days(&day, 1, &options);
    const size_t features[] = {
        lf_feature_find("ofi_integrated_1min"), lf_feature_find("microprice_offset_ticks")};
    size_t count = 0;
    const lf_train_fold *folds = lf_train_walk_folds(walk, &count);
    assert_true(count > 2);
    for (size_t k = 0; k < count; k++) {
        lf_frame *left = make(ROWS, START, 7);
        size_t purged = 0;
        for (size_t i = 0; i < ROWS; i++) {
            if (is_purged(&folds[k], lf_frame_i64(left, 0)[i])) {
                lf_frame_bool(left, 2)[i] = 0;
                purged++;
            }
        }
        assert_true(purged >= ROWS / count);
        const lf_train_days provider = lf_train_days_of(&left, 1);
        lf_feature_fitted alone;
        assert_int_equal(
            lf_train_fit_parameters(&provider, features, 2, NULL, &alone, NULL), LF_OK
        );
        assert_true(same_parameters(fold_parameters(walk, k), &alone));
        lf_frame_destroy(left);
    }
    lf_train_walk_destroy(walk);
    lf_frame_destroy(day);
}

/* Whatever is changed from a time on changes no parameter and no prediction before it. */
static void test_future_does_not_matter(void **state)
{
    (void)state;
    const lf_train_options options = quick_options();
    const size_t cut = 3 * BLOCK; /* the third fold's first scored row */
    lf_frame *plain = make(ROWS, START, 7);
    lf_frame *changed = make(ROWS, START, 7);
    lf_frame *noise = make(ROWS, START, 99);
    for (size_t i = cut; i < ROWS; i++) {
        for (size_t c = 3; c < COLUMNS; c++) {
            lf_frame_f64(changed, c)[i] = lf_frame_f64(noise, c)[ROWS - 1 - i];
        }
    }
    lf_train_walk *a = walk_days(&plain, 1, &options);
    lf_train_walk *b = walk_days(&changed, 1, &options);
    for (size_t k = 0; k < 4; k++) {
        const bool same = same_parameters(fold_parameters(a, k), fold_parameters(b, k));
        assert_int_equal(same, k < 3);
    }
    lf_frame *first = lf_train_walk_predictions(a);
    lf_frame *second = lf_train_walk_predictions(b);
    size_t compared = 0;
    for (size_t i = 0; i < lf_frame_row_count(first); i++) {
        if (lf_frame_i64(first, 0)[i] < START + (int64_t)cut * S) {
            for (size_t c = 2; c < 5; c++) {
                assert_memory_equal(
                    &lf_frame_f64(first, c)[i], &lf_frame_f64(second, c)[i], sizeof(double)
                );
            }
            compared++;
        }
    }
    assert_int_equal(compared, cut - BLOCK);
    lf_train_walk_destroy(a);
    lf_train_walk_destroy(b);
    lf_frame_destroy(plain);
    lf_frame_destroy(changed);
    lf_frame_destroy(noise);
}

/* The importance asks a fold's model with the fold's own parameters: what it finds before any
   exchange is what the predictions score. */
static void test_importance(void **state)
{
    (void)state;
    lf_train_options options = quick_options();
    options.split.validation = LF_TRAIN_KFOLD;
    options.split.folds = 2;
    lf_frame *days[2];
    for (int d = 0; d < 2; d++) {
        days[d] = make(3000, START + d * LF_NS_PER_DAY, 7 + (uint64_t)d);
    }
    lf_train_walk *walk = walk_days(days, 2, &options);
    lf_frame *found = lf_train_walk_predictions(walk);
    double mean = 0;
    for (size_t d = 0, at = 0; d < 2; d++) {
        static double forecast[3000];
        static double truth[3000];
        size_t count = 0;
        for (size_t i = 0; i < 3000; i++, at++) {
            assert_true(lf_frame_i64(found, 0)[at] == lf_frame_i64(days[d], 0)[i]);
            if (lf_frame_bool(days[d], 2)[i] != 0 && !isnan(lf_frame_f64(days[d], 7)[i])) {
                forecast[count] = lf_frame_f64(found, 4)[at];
                truth[count++] = lf_frame_f64(days[d], 7)[i];
            }
        }
        mean += lf_stats_pearson(forecast, truth, count) / 2;
    }
    json_t *root = json_loads(lf_train_walk_json(walk), 0, NULL);
    json_t *heads = json_object_get(json_object_get(root, "importance"), "heads");
    json_t *base = json_object_get(json_object_get(heads, "ret_1min"), "base");
    assert_true(mean > 0.1 && fabs(json_number_value(base) - mean) < 1e-12);
    json_decref(root);
    lf_train_walk_destroy(walk);
    for (int d = 0; d < 2; d++) {
        lf_frame_destroy(days[d]);
    }
}

/* With trees the rows that stop the boosting give no parameters either. */
static void test_stopping_rows(void **state)
{
    (void)state;
    lf_train_options options = testing_options();
    options.features = FEATURES;
    options.rounds_max = 5;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    lf_frame *day = make(6000, START, 7);
    lf_model *model = NULL;
    lf_error error = {0};
    if (!testing_skip(
            lf_train_fit(&day, 1, INT64_MIN, INT64_MAX, &options, folder.path, &error), &error
        )) {
        size_t labelled = 0;
        size_t at = 0;
        const double *ret = lf_frame_f64(day, 7);
        for (size_t i = 0; i < 6000; i++) {
            labelled += lf_frame_bool(day, 2)[i] != 0 && !isnan(ret[i]) ? 1 : 0;
        }
        /* The first 80 % of the rows with a label are fitted, less 10 minutes. */
        for (size_t seen = 0; seen < (size_t)(0.8 * (double)labelled); at++) {
            seen += lf_frame_bool(day, 2)[at] != 0 && !isnan(ret[at]) ? 1 : 0;
        }
        while (lf_frame_bool(day, 2)[at] == 0) {
            at++;
        }
        assert_int_equal(lf_model_load(NULL, folder.path, &model, NULL), LF_OK);
        const lf_feature_fitted alone = fit_alone(&day, 1, START + ((int64_t)at - 600) * S + 1);
        assert_true(same_parameters(lf_model_fitted(model), &alone));
        assert_non_null(strstr(lf_model_training(model), "\"first_share\""));
        assert_non_null(strstr(lf_model_training(model), "\"moves\""));
        lf_model_destroy(model);
    }
    lf_frame_destroy(day);
    lf_testing_folder_remove(&folder);
}

/* ---- predictions ------------------------------------------------------------------------ */

/* The walk predicts what its models say of rows made with their parameters. */
static void test_predictions(void **state)
{
    (void)state;
    const lf_train_options options = quick_options();
    lf_frame *day = make(ROWS, START, 7);
    lf_train_walk *walk = walk_days(&day, 1, &options);
    lf_frame *predictions = lf_train_walk_predictions(walk);
    size_t count = 0;
    const lf_train_fold *folds = lf_train_walk_folds(walk, &count);
    const size_t features[] = {
        lf_feature_find("ofi_integrated_1min"), lf_feature_find("microprice_offset_ticks")};
    lf_feature_ingredient_columns columns;
    assert_int_equal(lf_feature_ingredients_find(day, features, 2, &columns, NULL), LF_OK);
    double row[LF_MODEL_FEATURES_MAX] = {0};
    for (size_t i = 0; i < lf_frame_row_count(predictions); i++) {
        const int64_t t = lf_frame_i64(predictions, 0)[i];
        const size_t at = (size_t)((t - START) / S);
        size_t k = 0;
        while (t >= folds[k].test_end_ns) {
            k++;
        }
        lf_feature_ingredients ingredients;
        lf_prediction found;
        lf_feature_ingredients_read(&columns, at, &ingredients);
        lf_feature_fitted_row(
            lf_model_fitted(folds[k].model), &ingredients, row + lf_feature_count()
        );
        row[lf_feature_find("ofi_norm_1min")] = lf_frame_f64(day, 3)[at];
        row[lf_feature_find("depth_imbalance_l1")] = lf_frame_f64(day, 5)[at];
        lf_model_predict(folds[k].model, row, lf_frame_bool(day, 2)[at] != 0, &found);
        assert_memory_equal(&found.p_up_1min, &lf_frame_f64(predictions, 2)[i], sizeof(double));
        assert_memory_equal(&found.ret_1min_bps, &lf_frame_f64(predictions, 4)[i], sizeof(double));
    }
    lf_train_walk_destroy(walk);
    lf_frame_destroy(day);
}

/* ---- what is refused -------------------------------------------------------------------- */

static void test_refused(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    const lf_train_options options = quick_options();
    lf_error error = {0};
    const struct {
        size_t columns[2];
        bool is_still;
        lf_status status;
        const char *told;
    } cases[] = {
        {{TESTING_COLUMNS, COLUMNS}, false, LF_MISMATCH, "ofi_norm_m1_1min"},
        {{COLUMNS, FIRST_QUOTE + 2}, false, LF_MISMATCH, "best_bid_lots"},
        {{COLUMNS, COLUMNS}, true, LF_DATA, "microprice_offset_ticks cannot be fitted"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lf_frame *days[2];
        for (size_t d = 0; d < 2; d++) {
            const int64_t first_ns = START + (int64_t)d * LF_NS_PER_DAY;
            days[d] = make_columns(cases[i].columns[d], 2000, first_ns, 7 + d);
            for (size_t k = 0; k < 2000 && cases[i].is_still; k++) {
                lf_frame_f64(days[d], FIRST_QUOTE)[k] = 500;
                lf_frame_f64(days[d], FIRST_QUOTE + 1)[k] = 502;
            }
        }
        const lf_status status =
            lf_train_fit(days, 2, INT64_MIN, INT64_MAX, &options, folder.path, &error);
        if (status != cases[i].status || strstr(error.message, cases[i].told) == NULL) {
            fail_msg("case %zu: status %d: %s", i, status, error.message);
        }
        lf_frame_destroy(days[0]);
        lf_frame_destroy(days[1]);
    }
    assert_int_equal(lf_testing_entry_count(folder.path), 0);
    lf_testing_folder_remove(&folder);
}

/* Weights of two levels say nothing about books of three. */
static void test_levels_differ(void **state)
{
    (void)state;
    const lf_column_spec specs[] = {
        {"valid", LF_COLUMN_BOOL},
        {"ofi_norm_m1_1min", LF_COLUMN_F64},
        {"ofi_norm_m2_1min", LF_COLUMN_F64},
    };
    const size_t feature = lf_feature_find("ofi_integrated_1min");
    lf_feature_fitted out = {.integrated[0].level_count = 77};
    lf_error error = {0};
    lf_frame *days[2] = {make(100, START, 7), NULL};
    assert_int_equal(lf_frame_create(NULL, specs, 3, 0, &days[1], NULL), LF_OK);
    const lf_train_days provider = lf_train_days_of(days, 2);
    assert_int_equal(
        lf_train_fit_parameters(&provider, &feature, 1, NULL, &out, &error), LF_MISMATCH
    );
    assert_non_null(strstr(error.message, "3 and of 2 levels"));
    assert_int_equal(out.integrated[0].level_count, 77);
    lf_frame_destroy(days[0]);
    lf_frame_destroy(days[1]);
}

static void test_failing_memory(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    lf_frame *day = make(1500, START, 7);
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        lf_train_options options = quick_options();
        options.allocator = &memory.allocator;
        const lf_status status =
            lf_train_fit(&day, 1, INT64_MIN, INT64_MAX, &options, folder.path, NULL);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            assert_true(n > 8);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
    }
    lf_frame_destroy(day);
    lf_testing_folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_span_of_a_fold),
        cmocka_unit_test(test_earlier_days),
        cmocka_unit_test(test_purged_middle),
        cmocka_unit_test(test_future_does_not_matter),
        cmocka_unit_test(test_importance),
        cmocka_unit_test(test_stopping_rows),
        cmocka_unit_test(test_predictions),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_levels_differ),
        cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
