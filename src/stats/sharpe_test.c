/*
 * Goal: Sharpe ratios and their confidence equal the published examples.
 * Method: the worked examples of Bailey and López de Prado; a short series by hand; coverage of the
 * bootstrap on simulated rows whose true ratio is known (fixed seed).
 */
#include <lobflow/stats.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../tests/testing.h"

/* Fails when two numbers differ by more than `within`; 0 asks for equality. */
#define assert_near(a, b, within) assert_true(fabs((a) - (b)) <= (within))

static void test_expected_max(void **state)
{
    (void)state;
    static const struct {
        double trials;
        double expected;
    } rows[] = {
        {1, 0},
        {2, 0.519755344281},
        {10, 1.574598301346},
        {46, 2.244170830841},
        {88, 2.485294787591},
        {100, 2.530602893202},
        {1000, 3.255121513653},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_near(lf_stats_expected_max(rows[i].trials), rows[i].expected, 1e-10);
    }
    assert_near(lf_stats_expected_max(NAN), 0, 0);
}

/* Ratio 2.5 a year on 1250 days of which 250 make a year; the trials' ratios vary by 1/2 a year. */
static void test_deflated(void **state)
{
    (void)state;
    static const struct {
        double skewness;
        double kurtosis;
        double trials;
        double expected;
    } rows[] = {
        {-3, 10, 46, 0.950501706876},
        {-3, 10, 88, 0.910153014745},
        {-3, 10, 100, 0.900396834449},
        {0, 3, 88, 0.950490816676},
        {0, 3, 100, 0.942770585957},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const lf_sharpe s = {2.5 / sqrt(250), rows[i].skewness, rows[i].kurtosis, 1250};
        const double benchmark = sqrt(0.5 / 250) * lf_stats_expected_max(rows[i].trials);
        assert_near(lf_stats_psr(&s, benchmark), rows[i].expected, 1e-10);
        assert_near(
            lf_stats_deflated_sharpe(&s, rows[i].trials, 0.5 / 250), rows[i].expected, 1e-10
        );
    }
}

static void test_probabilistic(void **state)
{
    (void)state;
    const lf_sharpe fund = {0.458, -2.448, 10.164, 24};
    const lf_sharpe normal = {0.458, 0, 3, 24};
    assert_near(lf_stats_psr(&fund, 0), 0.913361084, 1e-9);
    assert_near(lf_stats_psr(&normal, 0), 0.981674919, 1e-9);
    const lf_sharpe one = {0.458, 0, 3, 1};
    assert_true(isnan(lf_stats_psr(&one, 0)));
}

static void test_track_record(void **state)
{
    (void)state;
    const lf_sharpe daily = {2 / sqrt(252), 0, 3, 100};
    assert_near(lf_stats_min_track_record(&daily, 0, 0.95), 172.802009, 1e-6);
    assert_near(lf_stats_min_track_record(&daily, 1 / sqrt(252), 0.95), 688.208037, 1e-6);
    assert_true(isnan(lf_stats_min_track_record(&daily, 1, 0.95)));
}

static void test_min_backtest(void **state)
{
    (void)state;
    assert_near(lf_stats_min_backtest_years(45, 1), 4.998087, 1e-6);
    assert_near(lf_stats_min_backtest_years(45, 2), 4.998087 / 4, 1e-6);
    assert_near(lf_stats_min_backtest_years(1, 1), 0, 0);
}

/* Deviations from the mean 2: -1 -1 -1 3, so n-moments 3, 6, 21 and sample variance 4. */
static void test_moments(void **state)
{
    (void)state;
    static const double values[] = {1, 1, 1, 5};
    const lf_sharpe s = lf_stats_sharpe(values, 4);
    assert_near(s.ratio, 1, 1e-15);
    assert_near(s.skewness, 6 / (3 * sqrt(3)), 1e-14);
    assert_near(s.kurtosis, 21.0 / 9, 1e-14);
    assert_int_equal(s.count, 4);
    assert_true(isnan(lf_stats_sharpe(values, 3).ratio)); /* does not vary */
    assert_true(isnan(lf_stats_sharpe(values, 1).ratio));
    assert_true(isnan(lf_stats_psr(&(lf_sharpe){NAN, NAN, NAN, 3}, 0)));
}

/* 400 independent rows of ratio 0.2 in blocks of 10: the 95 % interval holds 0.2 about as often. */
static void test_bootstrap(void **state)
{
    (void)state;
    enum {
        ROWS = 400,
        ROUNDS = 200
    };
    double x[ROWS];
    uint32_t blocks[ROWS];
    lf_random random;
    lf_random_seed(&random, 17, 0);
    int held = 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < ROWS; i++) {
            x[i] = 0.2 + lf_random_normal(&random);
            blocks[i] = (uint32_t)(i / 10);
        }
        lf_interval interval;
        const lf_bootstrap_options options = {.seed = (uint64_t)round};
        assert_int_equal(lf_stats_bootstrap_sharpe(x, blocks, ROWS, &options, &interval), LF_OK);
        held += interval.low <= 0.2 && 0.2 <= interval.high;
    }
    assert_in_range(held, 182, 197);
    lf_interval none;
    assert_int_equal(lf_stats_bootstrap_sharpe(x, blocks, 10, NULL, &none), LF_OK);
    assert_true(isnan(none.low) && isnan(none.high));
}

static void test_failing_memory(void **state)
{
    (void)state;
    static const double x[] = {1, 2, 3, 5};
    static const uint32_t blocks[] = {0, 0, 1, 1};
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        const lf_bootstrap_options options = {.allocator = &memory.allocator};
        lf_interval out = {-1, -1};
        const lf_status status = lf_stats_bootstrap_sharpe(x, blocks, 4, &options, &out);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
        assert_near(out.low, -1, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expected_max),
        cmocka_unit_test(test_deflated),
        cmocka_unit_test(test_probabilistic),
        cmocka_unit_test(test_track_record),
        cmocka_unit_test(test_min_backtest),
        cmocka_unit_test(test_moments),
        cmocka_unit_test(test_bootstrap),
        cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
