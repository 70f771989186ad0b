/*
 * Goal: moments, quantiles and the distributions are right to the digits that intervals need.
 * Method: tables of values known from books and other programs.
 */
#include <lobflow/stats.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Fails when two numbers differ by more than `within`; 0 asks for equality. */
#define assert_near(a, b, within) assert_true(fabs((a) - (b)) <= (within))

static void test_normal(void **state)
{
    (void)state;
    static const struct {
        double share;
        double z;
    } rows[] = {
        {0.5, 0},
        {0.975, 1.959963984540054},
        {0.95, 1.6448536269514722},
        {0.025, -1.959963984540054},
        {0.9, 1.2815515655446004},
        {0.99, 2.3263478740408408},
        {1e-5, -4.264890793922825},
        {1e-10, -6.361340902404056},
        {1e-20, -9.262340089798408},
        {1e-100, -21.273453560965322},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const double z = lf_stats_normal_quantile(rows[i].share);
        assert_near(z, rows[i].z, 1e-13 * fmax(1, fabs(rows[i].z)));
        assert_near(lf_stats_normal_cdf(z) / rows[i].share, 1, 1e-12);
    }
    assert_true(isinf(lf_stats_normal_quantile(0)) && lf_stats_normal_quantile(0) < 0);
    assert_true(isinf(lf_stats_normal_quantile(1)) && lf_stats_normal_quantile(1) > 0);
    assert_true(isnan(lf_stats_normal_quantile(-0.1)));
    assert_true(isnan(lf_stats_normal_quantile(NAN)));
}

static void test_t(void **state)
{
    (void)state;
    static const struct {
        double degrees;
        double t975;
        double within;
    } rows[] = {
        {5, 2.570581835636314, 5e-3},
        {10, 2.2281388519649385, 5e-4},
        {30, 2.0422724563012373, 1e-5},
        {77, 1.991254363302464, 1e-6},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_near(lf_stats_t_quantile(0.975, rows[i].degrees), rows[i].t975, rows[i].within);
    }
    assert_true(isnan(lf_stats_t_quantile(0.975, 0)));
}

static void test_moments(void **state)
{
    (void)state;
    double values[] = {5, 1, 4, 2, 3};
    assert_near(lf_stats_mean(values, 5), 3, 0);
    assert_near(lf_stats_sd(values, 5), sqrt(2.5), 1e-15);
    assert_true(isnan(lf_stats_mean(values, 0)));
    assert_true(isnan(lf_stats_sd(values, 1)));
    lf_stats_sort(values, 5);
    for (int i = 0; i < 5; i++) {
        assert_near(values[i], i + 1, 0);
    }
    assert_near(lf_stats_quantile(values, 5, 0), 1, 0);
    assert_near(lf_stats_quantile(values, 5, 0.8), 4.2, 1e-15);
    assert_near(lf_stats_quantile(values, 5, 1), 5, 0);
    assert_true(isnan(lf_stats_quantile(values, 0, 0.5)));
    assert_true(isnan(lf_stats_quantile(values, 5, 1.5)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normal),
        cmocka_unit_test(test_t),
        cmocka_unit_test(test_moments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
