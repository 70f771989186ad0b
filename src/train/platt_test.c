/*
 * Goal: a calibration finds the line that bent the probabilities, never turns a forecast round,
 * keeps both sides of the mirror, and travels with the model. Method: made-up labels drawn from a
 * known line of the log odds; a Newton solution checked by the conditions that it must meet; models
 * fitted with and without it.
 */
#include "train_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "train_testing.h"

#define START INT64_C(1340285400000000000)

enum {
    ROWS = 30000
};

/* A day whose first feature is the log odds of the forecast, and whose label follows
   slope * that + intercept. */
static lf_frame *make(double slope, double intercept)
{
    lf_frame *day = testing_make(&(testing_day){.rows = ROWS, .first_ns = START, .seed = 3});
    lf_random random;
    lf_random_seed(&random, 8, 0);
    for (size_t i = 0; i < ROWS; i++) {
        const double z = lf_random_normal(&random);
        const double p = 1 / (1 + exp(-(slope * z + intercept)));
        lf_frame_f64(day, 3)[i] = z;
        lf_frame_f64(day, 8)[i] = lf_random_uniform(&random) < p;
    }
    return day;
}

static double forecast(const void *context, const double *x)
{
    (void)context;
    return 1 / (1 + exp(-x[0]));
}

static lf_calibration fit(double slope, double intercept, bool is_mirrored)
{
    lf_frame *day = make(slope, intercept);
    const lf_train_days days = lf_train_days_of(&day, 1);
    lf_train_options options = testing_options();
    options.mirrored = is_mirrored;
    /* As if rows were a minute apart: each counts fully. */
    options.step_ns = options.horizon_ns;
    lfi_data data;
    assert_int_equal(lfi_data_create(&days, &options, false, &data, NULL), LF_OK);
    const lfi_query query = {
        .data = &data,
        .head = LF_HEAD_UP_1MIN,
        .span = {.first_ns = INT64_MIN, .end_ns = INT64_MAX, .label_end_ns = INT64_MAX},
    };
    lf_calibration found;
    assert_int_equal(lfi_platt_fit(&query, forecast, NULL, &found, NULL), LF_OK);
    lfi_data_destroy(&data);
    lf_frame_destroy(day);
    return found;
}

static void test_finds_the_line(void **state)
{
    (void)state;
    static const struct {
        double slope, intercept;
        bool is_mirrored;
        double found_slope, found_intercept;
    } rows[] = {
        {0.5, 0, true, 0.5, 0},
        {1.5, 0, true, 1.5, 0},
        {0.5, 0.7, false, 0.5, 0.7},
        {1, -0.4, false, 1, -0.4},
        /* Upside down: nothing is said, but how often it rises. */
        {-0.5, 0, true, 0, 0},
        {-0.5, 0.3, false, 0, 0.28},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const lf_calibration found = fit(rows[i].slope, rows[i].intercept, rows[i].is_mirrored);
        assert_true(found.is_set);
        /* 30,000 rows know a slope to 0.013. */
        assert_true(fabs(found.slope - rows[i].found_slope) < 0.05);
        assert_true(fabs(found.intercept - rows[i].found_intercept) < 0.05);
        assert_true(!rows[i].is_mirrored || found.intercept == 0);
    }
}

static void test_probabilities(void **state)
{
    (void)state;
    const lf_calibration none = {0};
    const lf_calibration half = {.is_set = true, .slope = 0.5, .intercept = 0};
    assert_true(lf_calibrate(&none, 0.3) == 0.3);
    assert_true(isnan(lf_calibrate(&half, NAN)));
    assert_true(fabs(lf_calibrate(&half, 0.8) - 2.0 / 3) < 1e-12);
    for (double p = 0; p <= 1; p += 0.125) {
        const double there = lf_calibrate(&half, p);
        assert_true(there >= 0 && there <= 1);
        assert_true(fabs(there + lf_calibrate(&half, 1 - p) - 1) < 1e-10);
    }
}

/* Both kinds of model: the folder holds the line, and p(x) + p(mirror x) stays 1. */
static void test_in_the_model(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    lf_frame *day =
        testing_make(&(testing_day){.rows = 12000, .first_ns = START, .skill = 1, .seed = 2});
    for (int kind = LF_TRAIN_LOGISTIC; kind >= LF_TRAIN_TREES; kind--) {
        lf_train_options options = testing_options();
        options.kind = (lf_train_kind)kind;
        options.calibration = LF_TRAIN_PLATT;
        lf_error error = {0};
        if (testing_skip(
                lf_train_fit(&day, 1, INT64_MIN, INT64_MAX, &options, folder.path, &error), &error
            )) {
            break;
        }
        lf_model *model = NULL;
        assert_int_equal(lf_model_load(NULL, folder.path, &model, &error), LF_OK);
        const lf_calibration *found = lf_model_meta_of(model)->calibration;
        assert_true(found[0].is_set && found[1].is_set);
        assert_true(found[0].slope > 0.3 && found[0].slope < 3 && found[0].intercept == 0);
        double row[LF_MODEL_FEATURES_MAX] = {0};
        lf_prediction up;
        lf_prediction down;
        row[lf_feature_find("depth_imbalance_l1")] = 0.8;
        lf_model_predict(model, row, true, &up);
        row[lf_feature_find("depth_imbalance_l1")] = -0.8;
        lf_model_predict(model, row, true, &down);
        assert_true(up.p_up_1min > 0.55);
        assert_true(fabs(up.p_up_1min + down.p_up_1min - 1) < 1e-12);
        assert_non_null(strstr(lf_model_training(model), "\"platt\""));
        lf_model_destroy(model);
    }
    lf_train_options options = testing_options();
    options.calibration = LF_TRAIN_PLATT;
    options.early_stopping_share = 0;
    assert_int_equal(
        lf_train_fit(&day, 1, INT64_MIN, INT64_MAX, &options, folder.path, NULL), LF_RANGE
    );
    lf_frame_destroy(day);
    lf_testing_folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_the_line),
        cmocka_unit_test(test_probabilities),
        cmocka_unit_test(test_in_the_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
