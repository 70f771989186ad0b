/* Goal: the small regressions equal values computed by hand or by an independent program. */
#include "study_internal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Oracle: least squares with White's HC0 error, computed with an independent script. */
static void test_ols(void **state)
{
    (void)state;
    const double x[] = {120, -80, 40, -10, 200, -150};
    const double y[] = {1.5, -1.0, 0.0, 0.5, 2.5, -2.0};
    const lfi_study_line line = lfi_study_ols(x, y, 6);
    assert_true(fabs(line.beta - 0.012409200969) < 1e-12);
    assert_true(fabs(line.r2 - 0.950985494784) < 1e-12);
    assert_true(fabs(line.beta_se - 0.000388175602) < 1e-12);
    const double constant[] = {1, 1, 1, 1, 1, 1};
    assert_true(isnan(lfi_study_ols(constant, y, 6).beta));
}

static void test_fit_recovers_plane(void **state)
{
    (void)state;
    double x[40], y[20], coefficients[3];
    lf_random random;
    lf_random_seed(&random, 7, 0);
    for (int i = 0; i < 20; i++) {
        x[2 * i] = lf_random_normal(&random);
        x[2 * i + 1] = lf_random_normal(&random) * 1000;
        y[i] = 3 - 2 * x[2 * i] + 0.5 * x[2 * i + 1];
    }
    assert_true(lfi_study_fit(x, y, 20, 2, 0, coefficients));
    assert_true(fabs(coefficients[0] - 3) < 1e-9);
    assert_true(fabs(coefficients[1] + 2) < 1e-9);
    assert_true(fabs(coefficients[2] - 0.5) < 1e-12);
    assert_true(fabs(lfi_study_r2(x, y, 20, 2, coefficients) - 1) < 1e-12);
    /* Equal columns have no least squares solution, but a ridge one. */
    for (int i = 0; i < 20; i++) {
        x[2 * i + 1] = x[2 * i];
    }
    assert_false(lfi_study_fit(x, y, 20, 2, 0, coefficients));
    assert_true(lfi_study_fit(x, y, 20, 2, 0.1, coefficients));
    assert_true(fabs(coefficients[1] - coefficients[2]) < 1e-9);
}

/* Oracle: closed form for two columns. */
static void test_first_vector(void **state)
{
    (void)state;
    const double x[] = {1, 2, 2, 3, -1, -1, -2, -4, 0, 0};
    double vector[2], share;
    assert_true(lfi_study_first_vector(x, 5, 2, vector, &share));
    assert_true(fabs(vector[0] - 0.363846) < 1e-6);
    assert_true(fabs(vector[1] - 0.636154) < 1e-6);
    assert_true(fabs(vector[0] * 0.6 - vector[1] * 0.4 + 0.036154146166) < 1e-10);
    const double still[] = {1, 2, 1, 2};
    assert_false(lfi_study_first_vector(still, 2, 2, vector, &share));
}

/* The first vector need not lean towards (1, ..., 1). */
static void test_first_vector_without_common_part(void **state)
{
    (void)state;
    const double opposed[] = {1, -1, 2, -2, -3, 3};
    double vector[3], share;
    assert_true(lfi_study_first_vector(opposed, 3, 2, vector, &share));
    assert_true(fabs(vector[0] - 0.5) < 1e-15 && fabs(vector[1] + 0.5) < 1e-15);
    assert_true(fabs(share - 1) < 1e-15);
    /* Variances 6, 2/3 and 2/3 along (1,-1,0), (1,1,0) and (0,0,1). */
    const double three[] = {3, -3, 1, -3, 3, 1, 1, 1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0};
    assert_true(lfi_study_first_vector(three, 6, 3, vector, &share));
    assert_true(fabs(vector[0] - 0.5) < 1e-15 && fabs(vector[1] + 0.5) < 1e-15);
    assert_true(fabs(vector[2]) < 1e-15);
    assert_true(fabs(share - 36.0 / 44) < 1e-15);
}

static void test_logit(void **state)
{
    (void)state;
    /* Two groups with known odds: the fit goes through both: logit(1/4) and logit(2/3). */
    const double x[] = {0, 0, 0, 0, 1, 1, 1};
    const double labels[] = {1, 0, 0, 0, 1, 1, 0};
    double intercept, slope;
    assert_true(lfi_study_logit(x, labels, 7, &intercept, &slope));
    assert_true(fabs(intercept - log(1.0 / 3)) < 1e-9);
    assert_true(fabs(intercept + slope - log(2.0)) < 1e-9);
    const double apart[] = {0, 0, 0, 0, 1, 1, 1};
    assert_false(lfi_study_logit(x, apart, 7, &intercept, &slope));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ols),
        cmocka_unit_test(test_fit_recovers_plane),
        cmocka_unit_test(test_first_vector),
        cmocka_unit_test(test_first_vector_without_common_part),
        cmocka_unit_test(test_logit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
