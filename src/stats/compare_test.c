/*
 * Goal: the Diebold-Mariano test equals worked numbers and rejects as often as it says.
 * Method: two short forecasts whose statistics are known to twelve digits; the size of the test on
 * simulated overlapping rows without any difference (fixed seed).
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

enum {
    COUNT = 8
};

static void squared_differences(double *d)
{
    static const double first[COUNT] = {.5, -.2, .3, -.6, .1, .4, -.3, .2};
    static const double second[COUNT] = {.4, -.5, .2, -.7, .3, .6, -.2, .1};
    for (int i = 0; i < COUNT; i++) {
        d[i] = first[i] * first[i] - second[i] * second[i];
    }
}

static void test_known(void **state)
{
    (void)state;
    static const struct {
        size_t horizon;
        double variance;
        double dm;
        double t;
    } rows[] = {
        {1, 0.012675, -1.256148586043, -1.175019408963},
        {2, 0.00105, -4.364357804720, -3.535533905933},
    };
    double d[COUNT];
    squared_differences(d);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const lf_diebold_mariano r = lf_stats_diebold_mariano(d, COUNT, rows[i].horizon);
        assert_near(r.mean, -0.05, 1e-15);
        assert_near(r.variance, rows[i].variance, 1e-14);
        assert_near(r.dm, rows[i].dm, 1e-11);
        assert_near(r.t, rows[i].t, 1e-11);
        assert_near(r.p, 2 * lf_stats_t_cdf(r.t, COUNT - 1), 1e-15);
        assert_false(r.is_tapered);
    }
}

/* Covariances of the differences 1 -1 1 -1 ... sum to less than 0 at once. */
static void test_tapered(void **state)
{
    (void)state;
    double d[COUNT];
    for (int i = 0; i < COUNT; i++) {
        d[i] = i % 2 == 0 ? 1 : -1;
    }
    d[0] = 2;
    const lf_diebold_mariano r = lf_stats_diebold_mariano(d, COUNT, 2);
    assert_true(r.is_tapered);
    assert_near(r.variance, lf_stats_newey_west(d, COUNT, 1).variance, 1e-14);
    assert_near(r.mean, 0.125, 0);
}

static void test_nothing_to_say(void **state)
{
    (void)state;
    static const double same[COUNT] = {.1, .1, .1, .1, .1, .1, .1, .1};
    double d[COUNT];
    squared_differences(d);
    assert_true(isnan(lf_stats_diebold_mariano(same, COUNT, 1).p));
    assert_near(lf_stats_diebold_mariano(same, COUNT, 1).mean, .1, 1e-15);
    assert_true(isnan(lf_stats_diebold_mariano(d, COUNT, COUNT).p));
    assert_true(isnan(lf_stats_diebold_mariano(d, 1, 1).p));
    assert_true(isnan(lf_stats_diebold_mariano(d, 0, 1).mean));
}

/* Sums of 10 independent steps differ by nothing: 5 % of the tests may say otherwise. One that
   takes the rows as independent says so in most of the rounds. */
static void test_size(void **state)
{
    (void)state;
    enum {
        ROWS = 2000,
        OVERLAP = 10,
        ROUNDS = 200
    };
    static double d[ROWS];
    double steps[OVERLAP] = {0};
    lf_random random;
    int rejected = 0;
    int naive = 0;
    lf_random_seed(&random, 5, 0);
    for (int round = 0; round < ROUNDS; round++) {
        double sum = 0;
        for (int i = 0; i < OVERLAP; i++) {
            steps[i] = lf_random_normal(&random);
            sum += steps[i];
        }
        for (int i = 0; i < ROWS; i++) {
            sum -= steps[i % OVERLAP];
            steps[i % OVERLAP] = lf_random_normal(&random);
            sum += steps[i % OVERLAP];
            d[i] = sum;
        }
        rejected += lf_stats_diebold_mariano(d, ROWS, OVERLAP).p < 0.05;
        naive += lf_stats_diebold_mariano(d, ROWS, 1).p < 0.05;
    }
    print_message("rejected %d, naive %d of %d\n", rejected, naive, ROUNDS);
    assert_in_range(rejected, 4, 20);
    assert_true(naive > 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_tapered),
        cmocka_unit_test(test_nothing_to_say),
        cmocka_unit_test(test_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
