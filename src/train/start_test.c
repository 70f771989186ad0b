/*
 * Goal: trees that start from the three-feature logistic begin exactly there, only where its
 * features are the model's, and keep no more rounds than the stopping rows speak for.
 * Method: made-up days (train_testing.h); one tree of almost no weight is the line itself, which a
 * logistic of the three features gives too; losses by hand. Without LightGBM what boosts is
 * skipped.
 */
#include "train_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "train_testing.h"

#define START INT64_C(1340285400000000000)
#define THREE "ofi_norm_1min,ofi_accel_1min,depth_imbalance_l1"

enum {
    ROWS = 12000
};

static lf_frame *make(void)
{
    return testing_make(&(testing_day){.rows = ROWS, .first_ns = START, .skill = 1, .seed = 5});
}

/* Fits one day; the model's JSON in *text when it is not NULL, of lf_release(). */
static lf_model *fit(lf_frame *day, const lf_train_options *options, char **text)
{
    lf_testing_folder folder;
    lf_error error = {0};
    lf_model *model = NULL;
    size_t bytes = 0;
    assert_true(lf_testing_folder_make(&folder));
    const lf_status status =
        lf_train_fit(&day, 1, INT64_MIN, INT64_MAX, options, folder.path, &error);
    if (!testing_skip(status, &error)) {
        assert_int_equal(lf_model_load(NULL, folder.path, &model, &error), LF_OK);
        const char *path = lf_testing_path(&folder, "model.json");
        assert_true(text == NULL || lf_file_read_all(NULL, path, text, &bytes, NULL) == LF_OK);
    }
    lf_testing_folder_remove(&folder);
    return model;
}

static lf_prediction ask(const lf_model *model, const double values[3])
{
    double row[LF_MODEL_FEATURES_MAX] = {0};
    lf_prediction found;
    row[lf_feature_find("ofi_norm_1min")] = values[0];
    row[lf_feature_find("ofi_accel_1min")] = values[1];
    row[lf_feature_find("depth_imbalance_l1")] = values[2];
    lf_model_predict(model, row, true, &found);
    return found;
}

/* Trees without weight are the line, mirrored or not. */
static void test_starts_there(void **state)
{
    (void)state;
    static const double rows[][3] = {{1, 2, 0.5}, {-3, 0.5, -0.9}, {0, 0, 0}, {2, -1, NAN}};
    lf_frame *day = make();
    for (int mirrored = 0; mirrored < 2; mirrored++) {
        lf_train_options options = testing_options();
        options.features = THREE;
        options.mirrored = mirrored != 0;
        options.rounds_max = 1;
        options.learning_rate = 1e-9;
        options.early_stopping_share = 0;
        lf_model *trees = fit(day, &options, NULL);
        options.kind = LF_TRAIN_LOGISTIC;
        lf_model *line = fit(day, &options, NULL);
        for (size_t i = 0; i < 4 && trees != NULL; i++) {
            const lf_prediction a = ask(trees, rows[i]);
            const lf_prediction b = ask(line, rows[i]);
            assert_true(fabs(a.p_up_1min - b.p_up_1min) < 1e-8);
            assert_true(fabs(a.p_up_5min - b.p_up_5min) < 1e-8);
            assert_true(fabs(a.ret_1min_bps - b.ret_1min_bps) < 1e-6);
            assert_true(i > 1 || fabs(a.p_up_1min - 0.5) > 0.01);
        }
        lf_model_destroy(trees);
        lf_model_destroy(line);
    }
    lf_frame_destroy(day);
}

static bool has_start(lf_frame *day, const char *features, lf_train_start start)
{
    lf_train_options options = testing_options();
    char *text = NULL;
    options.features = features;
    options.start = start;
    options.rounds_max = 3;
    lf_model *model = fit(day, &options, &text);
    const bool is_there = text != NULL && strstr(text, "\"intercept\"") != NULL;
    lf_model_destroy(model);
    lf_release(NULL, text);
    return is_there;
}

static void test_where_it_can(void **state)
{
    (void)state;
    lf_frame *day = make();
    if (lf_train_find_lightgbm((char[4096]){0}, 4096)) {
        assert_true(has_start(day, TESTING_FEATURES, LF_TRAIN_START_LOGISTIC3));
        assert_false(has_start(day, TESTING_FEATURES, LF_TRAIN_START_MEAN));
        assert_false(has_start(day, "ofi_norm_1min,momentum_10s", LF_TRAIN_START_LOGISTIC3));
    } else {
        print_message("skipped: no LightGBM\n");
    }
    lf_frame_destroy(day);
}

/* A direction that model.monotone forbids has no weight. */
static void test_monotone(void **state)
{
    (void)state;
    lf_frame *day = make();
    lf_train_options options = testing_options();
    const lf_train_days days = lf_train_days_of(&day, 1);
    static const char *const rules[] = {NULL, "depth_imbalance_l1:+", "depth_imbalance_l1:-"};
    for (size_t i = 0; i < 3; i++) {
        lfi_data data;
        lfi_line *line = calloc(1, sizeof *line);
        bool is_set = false;
        options.monotone = rules[i];
        assert_non_null(line);
        assert_int_equal(lfi_data_create(&days, &options, false, &data, NULL), LF_OK);
        const lfi_query query = {
            .data = &data,
            .head = LF_HEAD_UP_1MIN,
            .span = {.first_ns = INT64_MIN, .end_ns = INT64_MAX, .label_end_ns = INT64_MAX},
        };
        assert_int_equal(lfi_start_fit(&query, &is_set, line, NULL), LF_OK);
        assert_true(is_set);
        assert_true(i == 2 ? line->weights[2] == 0 : line->weights[2] > 0.1);
        assert_true(line->weights[3] == 0); /* momentum_10s is none of the three */
        free(line);
        lfi_data_destroy(&data);
    }
    lf_frame_destroy(day);
}

/* Four blocks of one row; forecasts such that the losses of the return are what is written. */
static void test_choose(void **state)
{
    (void)state;
    enum {
        BLOCKS = 4
    };
    /* Round 3 is best. Round 2 is worse by 0.4 in all, spread .5 about it: error 1.15 > 0.4. Round
       1 is worse by 4, the same everywhere: error 0. */
    static const double losses[3][BLOCKS] = {{2, 2, 2, 2}, {1.6, 0.6, 1.6, 0.6}, {1, 1, 1, 1}};
    float truths[BLOCKS] = {0};
    double forecasts[BLOCKS];
    size_t blocks[BLOCKS] = {1, 2, 3, 4};
    double sums[3 * BLOCKS];
    lfi_stopping stop = {
        .is_return = true,
        .weights = {1, 1},
        .row_count = BLOCKS,
        .truths = truths,
        .forecasts = forecasts,
        .blocks = blocks,
        .block_count = BLOCKS,
        .losses = sums,
    };
    for (size_t r = 0; r < 3; r++) {
        for (size_t i = 0; i < BLOCKS; i++) {
            forecasts[i] = sqrt(losses[r][i]);
        }
        lfi_stopping_add(&stop);
    }
    assert_true(fabs(lfi_stopping_loss(&stop, 1) - 2) < 1e-12);
    assert_true(fabs(lfi_stopping_loss(&stop, 2) - 1.1) < 1e-12);
    assert_int_equal(lfi_stopping_choose(&stop, 3, 1), 2);
    assert_int_equal(lfi_stopping_choose(&stop, 3, 0.4), 2);
    assert_int_equal(lfi_stopping_choose(&stop, 3, 0.3), 3);
    assert_int_equal(lfi_stopping_choose(&stop, 3, 0), 3);
    assert_int_equal(lfi_stopping_choose(&stop, 1, 1), 1);
    stop.block_count = 1;
    assert_int_equal(lfi_stopping_choose(&stop, 3, 1), 3);
}

/* Log loss of directions, with weights, as the statistics module has it. */
static void test_direction(void **state)
{
    (void)state;
    float truths[3] = {1, 0, 1};
    double forecasts[3] = {0.8, 0.4, 0.5};
    size_t blocks[2] = {2, 3};
    double sums[2];
    lfi_stopping stop = {
        .weights = {3, 1},
        .row_count = 3,
        .truths = truths,
        .forecasts = forecasts,
        .blocks = blocks,
        .block_count = 2,
        .losses = sums,
    };
    lfi_stopping_add(&stop);
    const double expected = (-log(0.8) - 3 * log(0.6) - log(0.5)) / 5;
    assert_true(fabs(lfi_stopping_loss(&stop, 1) - expected) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_starts_there),
        cmocka_unit_test(test_where_it_can),
        cmocka_unit_test(test_monotone),
        cmocka_unit_test(test_choose),
        cmocka_unit_test(test_direction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
