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
        {1, 12.706204736174694, 1e-10},
        {2, 4.302652729749462, 1e-11},
        {3, 3.1824463052837078, 1e-11},
        {4, 2.7764451051977934, 1e-11},
        {5, 2.570581835636314, 5e-3},
        {10, 2.2281388519649385, 5e-4},
        {30, 2.0422724563012373, 1e-5},
        {77, 1.991254363302464, 1e-6},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_near(lf_stats_t_quantile(0.975, rows[i].degrees), rows[i].t975, rows[i].within);
        assert_near(lf_stats_t_quantile(0.025, rows[i].degrees), -rows[i].t975, rows[i].within);
        assert_near(lf_stats_t_quantile(0.5, rows[i].degrees), 0, 1e-15);
    }
    assert_true(isnan(lf_stats_t_quantile(0.975, 0)));
}

/* Closed forms for 1, 2 and 4 degrees; 0.25, 3.5 and 1000 from an independent program. */
static void test_t_cdf(void **state)
{
    (void)state;
    static const struct {
        double t;
        double degrees;
        double share;
    } rows[] = {
        {-1000, 0.25, 0.06425568503306499},
        {-2.5, 0.25, 0.2865753576303863},
        {-0.5, 0.25, 0.4080999893420064},
        {1, 0.25, 0.644348128962956},
        {3, 0.25, 0.7259671989406911},
        {-8, 3.5, 0.001138663222360239},
        {-1, 3.5, 0.1906686267817226},
        {0.3, 3.5, 0.6094332950800552},
        {2, 3.5, 0.9369307387120432},
        {-3, 1000, 0.001383354522119096},
        {0.7, 1000, 0.7579549430036988},
        {1.9, 1000, 0.9711397206471477},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const double share = lf_stats_t_cdf(rows[i].t, rows[i].degrees);
        assert_near(share / rows[i].share, 1, 1e-12);
        assert_near(share + lf_stats_t_cdf(-rows[i].t, rows[i].degrees), 1, 1e-15);
    }
    const double pi = 3.14159265358979323846;
    for (double t = -20; t < 20; t += 0.37) {
        const double s = sqrt(4 + t * t);
        assert_near(lf_stats_t_cdf(t, 1), 0.5 + atan(t) / pi, 1e-14);
        assert_near(lf_stats_t_cdf(t, 2), 0.5 + t / (2 * sqrt(2 + t * t)), 1e-14);
        assert_near(lf_stats_t_cdf(t, 4), 0.5 + t / s * (1 + 2 / (s * s)) / 2, 1e-14);
        assert_near(lf_stats_t_cdf(t, 1e9), lf_stats_normal_cdf(t), 0);
    }
    assert_near(lf_stats_t_cdf(0, 0.25), 0.5, 0);
    assert_near(lf_stats_t_cdf(INFINITY, 3), 1, 0);
    assert_near(lf_stats_t_cdf(-INFINITY, 3), 0, 0);
    assert_true(isnan(lf_stats_t_cdf(1, 0)));
    assert_true(isnan(lf_stats_t_cdf(NAN, 3)));
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
        cmocka_unit_test(test_t_cdf),
        cmocka_unit_test(test_moments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
