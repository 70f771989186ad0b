/*
 * Goal: AUC, correlations and losses equal their definitions, ties included.
 * Method: hand-computed values and direct O(n^2) twins on small random columns.
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

/* The definition: every pair of one up and one down row. */
static double auc_twin(const double *scores, const double *labels, size_t count)
{
    double wins = 0;
    double pairs = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            if (labels[i] > 0.5 && labels[j] < 0.5) {
                pairs += 1;
                wins += scores[i] > scores[j] ? 1 : scores[i] < scores[j] ? 0 : 0.5;
            }
        }
    }
    return wins / pairs;
}

static void test_auc(void **state)
{
    (void)state;
    static const double scores[] = {.9, .8, .7, .6, .55, .5, .5, .3, .2};
    static const double labels[] = {1, 1, 0, 1, 0, 1, 0, 0, 0};
    double auc = 0;
    assert_int_equal(lf_stats_auc(NULL, scores, labels, 9, &auc), LF_OK);
    assert_near(auc, 0.825, 1e-15);
    static const double all_up[] = {1, 1, 1};
    assert_int_equal(lf_stats_auc(NULL, scores, all_up, 3, &auc), LF_OK);
    assert_true(isnan(auc));

    lf_random random;
    lf_random_seed(&random, 11, 0);
    for (int round = 0; round < 50; round++) {
        double x[60];
        double y[60];
        for (int i = 0; i < 60; i++) {
            x[i] = (double)lf_random_below(&random, 12);
            y[i] = (double)lf_random_below(&random, 2);
        }
        assert_int_equal(lf_stats_auc(NULL, x, y, 60, &auc), LF_OK);
        assert_near(auc, auc_twin(x, y, 60), 1e-14);
    }
}

/* Ranks of numbers of every size, both zeros and infinities among them, equal their definition. */
static void test_midranks_by_definition(void **state)
{
    (void)state;
    static const double chosen[] = {
        0.0, -0.0, 1e-310, -1e-310, 0x1p-1074, INFINITY, -INFINITY, 1.0, -1.0, 0x1p1023};
    double x[200], ranks[200];
    lf_random random;
    lf_random_seed(&random, 12, 0);
    for (size_t count = 0; count <= 200; count += count < 12 ? 1 : 47) {
        for (size_t i = 0; i < count; i++) {
            const uint64_t kind = lf_random_below(&random, 3);
            const double scale = ldexp(1, (int)lf_random_below(&random, 600) - 300);
            x[i] = kind == 0   ? chosen[lf_random_below(&random, 10)]
                   : kind == 1 ? (double)lf_random_below(&random, 9) - 4
                               : scale * lf_random_normal(&random);
        }
        assert_int_equal(lf_stats_midranks(NULL, x, count, ranks), LF_OK);
        for (size_t i = 0; i < count; i++) {
            double lower = 0, equal = 0;
            for (size_t k = 0; k < count; k++) {
                lower += x[k] < x[i] ? 1 : 0;
                equal += x[k] == x[i] ? 1 : 0;
            }
            assert_near(ranks[i], lower + (equal + 1) / 2, 0);
        }
    }
}

/* With I uniform on (-1, 1) and P(up) a logit of 2.5 I, AUC and Brier have known values; here with
   real labels drawn on a fine grid, so within sampling error. */
static void test_uniform_logit(void **state)
{
    (void)state;
    enum {
        ROWS = 200000
    };
    double *p = lf_allocate(NULL, ROWS, sizeof *p);
    double *up = lf_allocate(NULL, ROWS, sizeof *up);
    lf_random random;
    lf_random_seed(&random, 5, 0);
    for (int i = 0; i < ROWS; i++) {
        const double imbalance = -1 + (2.0 * i + 1) / ROWS;
        p[i] = 1 / (1 + exp(-2.5 * imbalance));
        up[i] = lf_random_uniform(&random) < p[i] ? 1 : 0;
    }
    double auc = 0;
    assert_int_equal(lf_stats_auc(NULL, p, up, ROWS, &auc), LF_OK);
    assert_near(auc, 0.825669, 0.003);
    assert_near(lf_stats_brier(p, up, ROWS), 0.169657, 0.002);
    lf_release(NULL, p);
    lf_release(NULL, up);
}

static void test_correlations(void **state)
{
    (void)state;
    static const double forecast[] = {.1, .3, -.2, .4, -.1, .0};
    static const double realised[] = {.02, .01, -.01, .03, .00, -.02};
    assert_near(lf_stats_pearson(forecast, realised, 6), 0.761425832911, 1e-12);
    double rank = 0;
    assert_int_equal(lf_stats_spearman(NULL, forecast, realised, 6, &rank), LF_OK);
    assert_near(rank, 0.771428571429, 1e-12);
    static const double flat[] = {1, 1, 1, 1, 1, 1};
    assert_true(isnan(lf_stats_pearson(forecast, flat, 6)));
    assert_true(isnan(lf_stats_pearson(forecast, realised, 1)));

    static const double tied[] = {3, 1, 3, 2, 3};
    static const double expected[] = {4, 1, 4, 2, 4};
    double ranks[5];
    assert_int_equal(lf_stats_midranks(NULL, tied, 5, ranks), LF_OK);
    for (int i = 0; i < 5; i++) {
        assert_near(ranks[i], expected[i], 0);
    }
}

static void test_losses(void **state)
{
    (void)state;
    static const double p[] = {0.8, 0.3, 0.5, 0.0};
    static const double up[] = {1, 0, 1, 0};
    assert_near(lf_stats_log_loss(p, up, 3), -(log(0.8) + log(0.7) + log(0.5)) / 3, 1e-15);
    assert_near(lf_stats_brier(p, up, 4), (0.04 + 0.09 + 0.25) / 4, 1e-15);
    static const double wrong[] = {1.0};
    assert_near(lf_stats_log_loss(wrong, up + 1, 1), -log(1e-15), 0.1);
    assert_true(isnan(lf_stats_log_loss(p, up, 0)));
    assert_true(isnan(lf_stats_brier(p, up, 0)));
}

static void test_failing_memory(void **state)
{
    (void)state;
    static const double x[] = {1, 2, 3, 4};
    static const double y[] = {0, 1, 0, 1};
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        double out = -1;
        const lf_status status = lf_stats_spearman(&memory.allocator, x, y, 4, &out);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
        assert_near(out, -1, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_auc),
        cmocka_unit_test(test_midranks_by_definition),
        cmocka_unit_test(test_uniform_logit),
        cmocka_unit_test(test_correlations),
        cmocka_unit_test(test_losses),
        cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
