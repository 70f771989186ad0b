/*
 * Goal: a fit uses exactly the rows it says, writes a model that loads, repeats to the byte on one
 * and two threads, and finds what was planted.
 * Method: made-up days (train_testing.h) with a planted imbalance signal; files compared byte by
 * byte; spans checked against the rows' own times. Without LightGBM the trees are skipped and the
 * logistic is still tested.
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

static lf_frame *make(size_t rows, double skill, uint64_t seed)
{
    return testing_make(&(testing_day
    ){.rows = rows, .first_ns = START, .skill = skill, .seed = seed});
}

static char *read_text(const lf_testing_folder *folder, const char *name, size_t *bytes)
{
    char *text = NULL;
    assert_int_equal(
        lf_file_read_all(NULL, lf_testing_path(folder, name), &text, bytes, NULL), LF_OK
    );
    return text;
}

static void same_bytes(lf_train_preset preset)
{
    static const char *const files[] = {"model.json", "up_1min.txt", "up_5min.txt", "ret_1min.txt"};
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    lf_frame *day = make(23400, 1, 1);
    for (size_t i = 0; i < 23400; i++) {
        /* Returns of many sizes: then a sum in another order is another sum. */
        lf_frame_f64(day, 7)[i] *= i % 101 == 0 ? 1e3 : i % 7 == 0 ? 1e-3 : 1;
    }
    lf_train_options options;
    lf_train_options_init(&options, preset);
    options.features = TESTING_FEATURES;
    options.rounds_max = 40;
    lf_error error = {0};
    static const char *const names[] = {"a", "b", "c"};
    for (int i = 0; i < 3; i++) {
        options.threads = i == 2 ? 2 : 1;
        const char *path = lf_testing_path(&folder, names[i]);
        if (testing_skip(
                lf_train_fit(&day, 1, INT64_MIN, INT64_MAX, &options, path, &error), &error
            )) {
            goto done;
        }
    }
    for (int f = 0; f < 4; f++) {
        char name[64];
        size_t bytes[3];
        char *texts[3];
        for (int i = 0; i < 3; i++) {
            (void)snprintf(name, sizeof name, "%s/%s", names[i], files[f]);
            texts[i] = read_text(&folder, name, &bytes[i]);
        }
        for (int i = 1; i < 3; i++) {
            assert_int_equal(bytes[0], bytes[i]);
            assert_memory_equal(texts[0], texts[i], bytes[0]);
        }
        for (int i = 0; i < 3; i++) {
            lf_release(NULL, texts[i]);
        }
    }
done:
    lf_frame_destroy(day);
    lf_testing_folder_remove(&folder);
}

/* Twice on one thread and once on two. */
static void test_same_bytes(void **state)
{
    (void)state;
    same_bytes(LF_TRAIN_SYMMETRIC);
    same_bytes(LF_TRAIN_BRIEF);
}

/* The planted signal makes the forecast rise with the imbalance, for trees and for the logistic. */
static void test_finds_signal(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    lf_frame *day = make(12000, 1, 2);
    for (int kind = LF_TRAIN_LOGISTIC; kind >= LF_TRAIN_TREES; kind--) {
        lf_train_options options = testing_options();
        options.kind = (lf_train_kind)kind;
        lf_error error = {0};
        if (testing_skip(
                lf_train_fit(&day, 1, INT64_MIN, INT64_MAX, &options, folder.path, &error), &error
            )) {
            break;
        }
        lf_model *model = NULL;
        assert_int_equal(lf_model_load(NULL, folder.path, &model, &error), LF_OK);
        assert_string_equal(
            lf_model_meta_of(model)->kind, kind == LF_TRAIN_LOGISTIC ? "logistic" : "trees"
        );
        double row[LF_MODEL_FEATURES_MAX];
        lf_prediction up;
        lf_prediction down;
        for (size_t i = 0; i < LF_MODEL_FEATURES_MAX; i++) {
            row[i] = 0;
        }
        row[lf_feature_find("depth_imbalance_l1")] = 0.8;
        lf_model_predict(model, row, true, &up);
        row[lf_feature_find("depth_imbalance_l1")] = -0.8;
        lf_model_predict(model, row, true, &down);
        assert_true(up.p_up_1min > 0.55 && up.p_up_5min > 0.5 && up.ret_1min_bps > 0);
        assert_true(fabs(up.p_up_1min + down.p_up_1min - 1) < 1e-12);
        assert_true(fabs(up.ret_1min_bps + down.ret_1min_bps) < 1e-12);
        assert_non_null(strstr(lf_model_training(model), "\"heads\""));
        lf_model_destroy(model);
    }
    lf_frame_destroy(day);
    lf_testing_folder_remove(&folder);
}

/* A logistic that is not mirrored learns how often the mid rises: over its own rows the mean
   forecast is the mean label, and so it is for the return. */
static void test_learns_the_mean(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    lf_frame *day = make(4000, 1, 8);
    lf_train_options options = testing_options();
    options.kind = LF_TRAIN_LOGISTIC;
    options.mirrored = false;
    for (size_t i = 0; i < 4000; i++) {
        /* Three of four rows that fell rise instead. */
        if (lf_frame_f64(day, 8)[i] == 0 && i % 4 != 0) {
            lf_frame_f64(day, 8)[i] = 1;
        }
        lf_frame_f64(day, 7)[i] += 5;
    }
    lf_error error = {0};
    assert_int_equal(
        lf_train_fit(&day, 1, INT64_MIN, INT64_MAX, &options, folder.path, &error), LF_OK
    );
    lf_model *model = NULL;
    assert_int_equal(lf_model_load(NULL, folder.path, &model, &error), LF_OK);
    static const size_t columns[] = {3, 4, 5, 6};
    double row[LF_MODEL_FEATURES_MAX] = {0};
    double sums[4] = {0};
    double counts[2] = {0};
    for (size_t i = 0; i < 4000; i++) {
        lf_prediction found;
        for (size_t c = 0; c < 4; c++) {
            row[lf_feature_find(TESTING_SPECS[columns[c]].name)] = lf_frame_f64(day, columns[c])[i];
        }
        lf_model_predict(model, row, lf_frame_bool(day, 2)[i] != 0, &found);
        const double up = lf_frame_f64(day, 8)[i];
        const double ret = lf_frame_f64(day, 7)[i];
        if (!isnan(up) && !isnan(found.p_up_1min)) {
            sums[0] += found.p_up_1min;
            sums[1] += up;
            counts[0]++;
        }
        if (!isnan(ret) && !isnan(found.ret_1min_bps)) {
            sums[2] += found.ret_1min_bps;
            sums[3] += ret;
            counts[1]++;
        }
    }
    assert_true(counts[0] > 3000 && counts[1] > 3000);
    assert_true(sums[1] / counts[0] > 0.75);
    assert_true(fabs(sums[0] - sums[1]) / counts[0] < 1e-9);
    assert_true(fabs(sums[2] - sums[3]) / counts[1] < 1e-9);
    lf_model_destroy(model);
    lf_frame_destroy(day);
    lf_testing_folder_remove(&folder);
}

/* The labels of training rows end an embargo before the bound; thresholds come from these rows. */
static void test_span_and_meta(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    lf_frame *day = make(4000, 1, 3);
    lf_train_options options = testing_options();
    options.kind = LF_TRAIN_LOGISTIC;
    options.label_delay_ns = 2 * LF_NS_PER_SECOND;
    options.embargo_ns = 100 * LF_NS_PER_SECOND;
    options.vpin_bucket_lots = 77;
    options.clock = LF_CLOCK_LOCAL;
    lf_error error = {0};
    const int64_t from = START + 500 * LF_NS_PER_SECOND;
    const int64_t to = START + 3000 * LF_NS_PER_SECOND;
    assert_int_equal(lf_train_fit(&day, 1, from, to, &options, folder.path, &error), LF_OK);
    lf_model *model = NULL;
    assert_int_equal(lf_model_load(NULL, folder.path, &model, &error), LF_OK);
    const lf_model_meta *meta = lf_model_meta_of(model);
    const int64_t last = to - options.embargo_ns - 302 * LF_NS_PER_SECOND;
    assert_true(meta->train_first_ns == from);
    assert_true(meta->train_last_ns == last);
    assert_true(meta->purge_until_ns == last + 602 * LF_NS_PER_SECOND);
    assert_int_equal(meta->vpin_bucket_lots, 77);
    assert_int_equal(meta->clock, LF_CLOCK_LOCAL);
    assert_true(meta->median_spread_ticks == 2);
    /* The thresholds again, from the rows themselves. */
    double *sizes = lf_allocate(NULL, 4000, sizeof *sizes);
    size_t count = 0;
    for (size_t i = 0; i < 4000; i++) {
        const int64_t t = lf_frame_i64(day, 0)[i];
        if (t >= from && t <= last && lf_frame_bool(day, 2)[i] != 0) {
            sizes[count++] = fabs(lf_frame_f64(day, 3)[i]);
        }
    }
    lf_stats_sort(sizes, count);
    assert_true(meta->ofi_threshold == lf_stats_quantile(sizes, count, 0.8));
    assert_true(meta->ofi_extreme == lf_stats_quantile(sizes, count, 0.98));
    lf_release(NULL, sizes);
    lf_model_destroy(model);
    lf_frame_destroy(day);
    lf_testing_folder_remove(&folder);
}

/* Rows outside the span change nothing, whatever they hold. */
static void test_rows_outside_do_not_matter(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    lf_train_options options = testing_options();
    options.kind = LF_TRAIN_LOGISTIC;
    lf_error error = {0};
    const int64_t to = START + 3000 * LF_NS_PER_SECOND;
    char ids[2][64];
    for (int i = 0; i < 2; i++) {
        lf_frame *day = make(4000, 1, 4);
        /* Labels of rows from 2400 on end after the embargo's beginning. */
        for (size_t row = 2401; row < 4000 && i == 1; row++) {
            lf_frame_f64(day, 5)[row] = 1e9;
            lf_frame_f64(day, 7)[row] = -1e9;
            lf_frame_f64(day, 8)[row] = 0;
        }
        assert_int_equal(
            lf_train_fit(&day, 1, INT64_MIN, to, &options, folder.path, &error), LF_OK
        );
        lf_model *model = NULL;
        assert_int_equal(lf_model_load(NULL, folder.path, &model, &error), LF_OK);
        memcpy(ids[i], lf_model_meta_of(model)->model_id, sizeof ids[i]);
        lf_model_destroy(model);
        lf_frame_destroy(day);
    }
    assert_string_equal(ids[0], ids[1]);
    lf_testing_folder_remove(&folder);
}

/* Fits on a day; false without LightGBM. */
static bool fit_day(lf_frame *day, const lf_train_options *options, lf_model **out)
{
    lf_testing_folder folder;
    lf_error error = {0};
    assert_true(lf_testing_folder_make(&folder));
    const bool is_skipped = testing_skip(
        lf_train_fit(&day, 1, INT64_MIN, INT64_MAX, options, folder.path, &error), &error
    );
    if (!is_skipped) {
        assert_int_equal(lf_model_load(NULL, folder.path, out, &error), LF_OK);
    }
    lf_testing_folder_remove(&folder);
    return !is_skipped;
}

/* P(up in 1 min) where one feature has a value and the others are 0. */
static double forecast(const lf_model *model, const char *feature, double value)
{
    double row[LF_MODEL_FEATURES_MAX] = {0};
    lf_prediction found;
    row[lf_feature_find(feature)] = value;
    lf_model_predict(model, row, true, &found);
    return found.p_up_1min;
}

/* With four rises to a fall the balanced forecast still is about one half where features say
   nothing. */
static void test_balanced(void **state)
{
    (void)state;
    lf_frame *day = make(8000, 0, 10);
    for (size_t i = 0; i < 8000; i++) {
        lf_frame_f64(day, 8)[i] = i % 5 != 0;
    }
    for (int kind = LF_TRAIN_LOGISTIC; kind >= LF_TRAIN_TREES; kind--) {
        for (int balanced = 0; balanced < 2; balanced++) {
            lf_train_options options = testing_options();
            options.kind = (lf_train_kind)kind;
            options.mirrored = false;
            options.balanced = balanced != 0;
            options.rounds_max = 5;
            lf_model *model = NULL;
            if (fit_day(day, &options, &model)) {
                const double p = forecast(model, "momentum_10s", 0);
                assert_true(fabs(p - (balanced != 0 ? 0.5 : 0.8)) < 0.05);
                lf_model_destroy(model);
            }
        }
    }
    lf_frame_destroy(day);
}

/* Forecasts fall with a feature that is told so, although the truth rises with it. */
static void test_monotone(void **state)
{
    (void)state;
    lf_frame *day = make(8000, 1, 11);
    lf_train_options options = testing_options();
    options.rounds_max = 30;
    double ends[2][2] = {{0}};
    for (int i = 0; i < 2; i++) {
        options.monotone = i == 0 ? NULL : "momentum_10s:+,depth_imbalance_l1:-";
        lf_model *model = NULL;
        if (!fit_day(day, &options, &model)) {
            break;
        }
        double before = forecast(model, "depth_imbalance_l1", -1);
        ends[i][0] = before;
        for (double x = -1; x <= 1; x += 0.05) {
            const double p = forecast(model, "depth_imbalance_l1", x);
            assert_true(i == 0 || p <= before);
            before = p;
        }
        ends[i][1] = before;
        lf_model_destroy(model);
    }
    assert_true(ends[0][1] >= ends[0][0]);
    const char *path = "/dev/null/never";
    lf_error error = {0};
    options.monotone = "vpin:+";
    assert_int_equal(
        lf_train_fit(&day, 1, INT64_MIN, INT64_MAX, &options, path, &error), LF_NOT_FOUND
    );
    options.monotone = "momentum_10s";
    assert_int_equal(lf_train_fit(&day, 1, INT64_MIN, INT64_MAX, &options, path, &error), LF_RANGE);
    options.monotone = "momentum_10s:+";
    options.kind = LF_TRAIN_LOGISTIC;
    assert_int_equal(lf_train_fit(&day, 1, INT64_MIN, INT64_MAX, &options, path, &error), LF_RANGE);
    assert_non_null(strstr(error.message, "model.kind"));
    lf_frame_destroy(day);
}

/* A missing value goes where it fits, or counts as 0. */
static void test_missing(void **state)
{
    (void)state;
    lf_frame *day = make(8000, 0, 12);
    for (size_t i = 0; i < 8000; i++) {
        /* Whoever looks sees: rows without a momentum rise. */
        const bool is_missing = i / 50 % 3 == 0;
        lf_frame_f64(day, 6)[i] = is_missing ? NAN : i % 2 == 0 ? 1 : -1;
        lf_frame_f64(day, 8)[i] = is_missing || i % 4 < 2;
    }
    for (int use_missing = 0; use_missing < 2; use_missing++) {
        lf_train_options options = testing_options();
        options.mirrored = false;
        options.features = "momentum_10s";
        options.use_missing = use_missing != 0;
        options.early_stopping_share = 0;
        options.rounds_max = 60;
        lf_model *model = NULL;
        if (fit_day(day, &options, &model)) {
            const double missing = forecast(model, "momentum_10s", NAN);
            if (use_missing != 0) {
                assert_true(missing > 0.9 && forecast(model, "momentum_10s", 1) < 0.6);
            } else {
                assert_true(missing == forecast(model, "momentum_10s", 0));
            }
            lf_model_destroy(model);
        }
    }
    lf_frame_destroy(day);
}

/* Labels are found by their horizon, rows are purged by the longer one, and the model tells both.
 */
static void test_horizons(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    lf_frame *day = make(4000, 1, 9);
    lf_train_options options = testing_options();
    options.kind = LF_TRAIN_LOGISTIC;
    options.horizon_ns = options.horizon_long_ns = LF_NS_PER_MINUTE;
    lf_error error = {0};
    const int64_t to = START + 3000 * LF_NS_PER_SECOND;
    assert_int_equal(lf_train_fit(&day, 1, INT64_MIN, to, &options, folder.path, &error), LF_OK);
    lf_model *model = NULL;
    assert_int_equal(lf_model_load(NULL, folder.path, &model, &error), LF_OK);
    const lf_model_meta *meta = lf_model_meta_of(model);
    assert_true(meta->horizon_ns == LF_NS_PER_MINUTE && meta->horizon_long_ns == LF_NS_PER_MINUTE);
    const int64_t last = to - options.embargo_ns - LF_NS_PER_MINUTE;
    assert_true(meta->train_last_ns == last);
    assert_true(meta->purge_until_ns == last + 360 * LF_NS_PER_SECOND);
    /* Both directions have the same labels, so they are the same model. */
    double row[LF_MODEL_FEATURES_MAX] = {0};
    lf_prediction found;
    row[lf_feature_find("depth_imbalance_l1")] = 0.8;
    lf_model_predict(model, row, true, &found);
    assert_true(found.p_up_1min == found.p_up_5min && found.p_up_1min > 0.55);
    lf_model_destroy(model);

    options.horizon_ns = 10 * LF_NS_PER_SECOND;
    assert_int_equal(
        lf_train_fit(&day, 1, INT64_MIN, to, &options, folder.path, &error), LF_MISMATCH
    );
    assert_non_null(strstr(error.message, "\"up_10s\""));
    options.horizon_long_ns = LF_NS_PER_SECOND;
    assert_int_equal(lf_train_fit(&day, 1, INT64_MIN, to, &options, folder.path, &error), LF_RANGE);
    assert_non_null(strstr(error.message, "horizon_long"));
    lf_frame_destroy(day);
    lf_testing_folder_remove(&folder);
}

static bool stop_at_once(void *context, double share)
{
    assert_true(share >= 0 && share <= 1);
    ++*(int *)context;
    return false;
}

static void test_refused(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    lf_frame *day = make(4000, 1, 5);
    lf_error error = {0};
    lf_train_options options = testing_options();
    const char *path = lf_testing_path(&folder, "model");
    options.kind = LF_TRAIN_LOGISTIC;

    options.num_leaves = 1;
    assert_int_equal(lf_train_fit(&day, 1, INT64_MIN, INT64_MAX, &options, path, &error), LF_RANGE);
    assert_non_null(strstr(error.message, "num_leaves"));
    options = testing_options();
    options.features = "ofi_norm_1min,vpin";
    assert_int_equal(
        lf_train_fit(&day, 1, INT64_MIN, INT64_MAX, &options, path, &error), LF_MISMATCH
    );
    assert_non_null(strstr(error.message, "vpin"));
    options.features = "no_such";
    assert_int_equal(
        lf_train_fit(&day, 1, INT64_MIN, INT64_MAX, &options, path, &error), LF_NOT_FOUND
    );
    options = testing_options();
    options.kind = LF_TRAIN_LOGISTIC;
    assert_int_equal(lf_train_fit(&day, 1, INT64_MIN, START, &options, path, &error), LF_DATA);
    int calls = 0;
    options.progress = stop_at_once;
    options.progress_context = &calls;
    assert_int_equal(
        lf_train_fit(&day, 1, INT64_MIN, INT64_MAX, &options, path, &error), LF_CANCELLED
    );
    assert_int_equal(calls, 1);
    options = testing_options();
    options.lightgbm = "/nowhere/lib_lightgbm.so";
    assert_int_equal(
        lf_train_fit(&day, 1, INT64_MIN, INT64_MAX, &options, path, &error), LF_DEPENDENCY
    );
    assert_non_null(strstr(error.message, "pip install lightgbm"));
    /* Nothing of all this left a folder behind. */
    assert_int_equal(lf_testing_entry_count(folder.path), 0);
    lf_frame_destroy(day);
    lf_testing_folder_remove(&folder);
}

static void test_failing_memory(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    lf_frame *day = make(1500, 1, 6);
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        lf_train_options options = testing_options();
        options.kind = LF_TRAIN_LOGISTIC;
        options.allocator = &memory.allocator;
        const lf_status status =
            lf_train_fit(&day, 1, INT64_MIN, INT64_MAX, &options, folder.path, NULL);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
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
        cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_finds_signal),
        cmocka_unit_test(test_learns_the_mean),
        cmocka_unit_test(test_span_and_meta),
        cmocka_unit_test(test_balanced),
        cmocka_unit_test(test_monotone),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_horizons),
        cmocka_unit_test(test_rows_outside_do_not_matter),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
