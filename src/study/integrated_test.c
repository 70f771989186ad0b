/*
 * Goal: the weights of the integrated OFI follow the rule of Cont, Cucuringu, Zhang (2023).
 * Method: the closed form for two levels, a factor with known loadings, and permutations.
 */
#include <lobflow/base.h>
#include <lobflow/study.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Fails when two numbers differ by more than `within`; 0 asks for equality. */
#define assert_near(a, b, within) assert_true(fabs((a) - (b)) <= (within))

#define ROWS 200
#define LEVELS 4

/* Oracle O3 of METHODS.md, with two rows that are not defined among the five. */
static void test_oracle(void **state)
{
    (void)state;
    const double x[] = {1, 2, NAN, 1, 2, 3, -1, -1, -2, -4, 0, INFINITY, 0, 0};
    const double ofi[] = {0.6, -0.4};
    lf_study_integrated fit;
    assert_int_equal(lf_study_integrated_fit(x, 7, 2, &fit, NULL), LF_OK);
    assert_int_equal(fit.row_count, 5);
    assert_int_equal(fit.parameters.level_count, 2);
    assert_near(fit.parameters.weights[0], 0.363845853834199, 1e-14);
    assert_near(fit.parameters.weights[1], 0.636154146165801, 1e-14);
    assert_near(fit.first_share, 0.993077073, 1e-9);
    assert_near(lf_feature_integrated_value(&fit.parameters, ofi), -0.036154146166, 1e-12);
    const double missing[] = {0.6, NAN};
    assert_true(isnan(lf_feature_integrated_value(&fit.parameters, missing)));
}

/* A common factor with loadings 1 2 3 2, plus a little noise for each level. */
static void make_factor(double x[ROWS * LEVELS], double noise)
{
    static const double loadings[LEVELS] = {1, 2, 3, 2};
    lf_random random;
    lf_random_seed(&random, 21, 0);
    for (size_t i = 0; i < ROWS; i++) {
        const double factor = lf_random_normal(&random);
        for (size_t m = 0; m < LEVELS; m++) {
            x[i * LEVELS + m] = loadings[m] * factor + noise * lf_random_normal(&random);
        }
    }
}

static void test_factor(void **state)
{
    (void)state;
    double x[ROWS * LEVELS];
    lf_study_integrated fit;
    make_factor(x, 0);
    assert_int_equal(lf_study_integrated_fit(x, ROWS, LEVELS, &fit, NULL), LF_OK);
    assert_near(fit.first_share, 1, 1e-14);
    for (size_t m = 0; m < LEVELS; m++) {
        assert_near(fit.parameters.weights[m], (m == 0 ? 1 : m == 2 ? 3 : 2) / 8.0, 1e-13);
    }
}

/* Sides exchanged, scaled, rows and levels in another order. */
static void test_mirror_scale_order(void **state)
{
    (void)state;
    static const size_t order[LEVELS] = {2, 0, 3, 1};
    double x[ROWS * LEVELS], y[ROWS * LEVELS];
    lf_study_integrated plain, other;
    make_factor(x, 0.5);
    assert_int_equal(lf_study_integrated_fit(x, ROWS, LEVELS, &plain, NULL), LF_OK);
    double absolute = 0, sum = 0;
    for (size_t m = 0; m < LEVELS; m++) {
        absolute += fabs(plain.parameters.weights[m]);
        sum += plain.parameters.weights[m];
    }
    assert_near(absolute, 1, 1e-15);
    assert_true(sum > 0 && plain.first_share > 0.9 && plain.first_share < 1);
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t m = 0; m < LEVELS; m++) {
            y[i * LEVELS + m] = -7 * x[(i * 3 + 5) % ROWS * LEVELS + order[m]];
        }
    }
    assert_int_equal(lf_study_integrated_fit(y, ROWS, LEVELS, &other, NULL), LF_OK);
    for (size_t m = 0; m < LEVELS; m++) {
        assert_near(other.parameters.weights[m], plain.parameters.weights[order[m]], 1e-12);
    }
    assert_near(other.first_share, plain.first_share, 1e-12);
}

static void test_nothing_to_fit(void **state)
{
    (void)state;
    const double still[] = {1, 2, 1, 2, 1, 2}, gaps[] = {1, NAN, NAN, 2, 3, 4};
    lf_study_integrated fit = {.row_count = 77};
    lf_error error;
    assert_int_equal(lf_study_integrated_fit(still, 3, 2, &fit, &error), LF_DATA);
    assert_int_equal(lf_study_integrated_fit(gaps, 3, 2, &fit, &error), LF_DATA);
    assert_int_equal(lf_study_integrated_fit(still, 0, 2, &fit, &error), LF_DATA);
    assert_int_equal(lf_study_integrated_fit(still, 3, 0, &fit, &error), LF_RANGE);
    assert_int_equal(lf_study_integrated_fit(still, 3, LF_LEVELS_MAX + 1, &fit, &error), LF_RANGE);
    assert_int_equal(fit.row_count, 77);
}

/* Rows far from 0 lose nothing, in whatever pieces they come: 2 levels, y = 2 x about (1e6, -1e6).
 */
static void test_far_from_zero(void **state)
{
    (void)state;
    lf_study_integrated_sums sums = {0};
    lf_study_integrated fit;
    for (int i = -500; i <= 500; i++) {
        const double row[] = {1e6 + i, -1e6 + 2 * i};
        const double missing[] = {NAN, 3};
        lf_study_integrated_add(&sums, row, 2);
        lf_study_integrated_add(&sums, missing, 2);
    }
    assert_int_equal(lf_study_integrated_solve(&sums, &fit, NULL), LF_OK);
    assert_int_equal(fit.row_count, 1001);
    assert_near(fit.parameters.weights[0], 1.0 / 3, 1e-9);
    assert_near(fit.parameters.weights[1], 2.0 / 3, 1e-9);
    assert_near(fit.first_share, 1, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oracle),
        cmocka_unit_test(test_factor),
        cmocka_unit_test(test_mirror_scale_order),
        cmocka_unit_test(test_nothing_to_fit),
        cmocka_unit_test(test_far_from_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
