/*
 * Goal: intervals hold the truth as often as they say, for rows that depend on each other.
 * Method: published numbers for Wilson and Newey-West; coverage counts of the bootstraps on
 * simulated series whose truth is known (fixed seeds, so the counts never change); what is reckoned
 * in a fast way beside its definition, to the bit.
 */
#include <lobflow/stats.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

/* Fails when two numbers differ by more than `within`; 0 asks for equality. */
#define assert_near(a, b, within) assert_true(fabs((a) - (b)) <= (within))

static void test_wilson(void **state)
{
    (void)state;
    const lf_interval a = lf_stats_wilson(530, 1000, LF_STATS_Z95);
    assert_near(a.low, 0.49901030909301675, 1e-13);
    assert_near(a.high, 0.56076008539785, 1e-13);
    const lf_interval b = lf_stats_wilson(5300, 10000, LF_STATS_Z95);
    assert_near(b.low, 0.520208187269785, 1e-13);
    assert_near(b.high, 0.5397687728279745, 1e-13);
    assert_true(isnan(lf_stats_wilson(0, 0, LF_STATS_Z95).low));
}

static void test_newey_west(void **state)
{
    (void)state;
    static const double e1[] = {.5, -.2, .3, -.6, .1, .4, -.3, .2};
    static const double e2[] = {.4, -.5, .2, -.7, .3, .6, -.2, .1};
    double d[8];
    for (int i = 0; i < 8; i++) {
        d[i] = e1[i] * e1[i] - e2[i] * e2[i];
    }
    const lf_newey_west result = lf_stats_newey_west(d, 8, 2);
    assert_near(result.mean, -0.05, 1e-15);
    assert_near(result.variance, 0.006658333333, 1e-12);
    assert_near(result.se, 0.028849465622, 1e-12);
    assert_near(result.t, -1.733134355, 1e-9);
    const lf_newey_west plain = lf_stats_newey_west(d, 8, 0);
    assert_near(plain.variance, 0.012675, 1e-15);
    assert_near(plain.effective_count, 8, 1e-12);
    assert_true(isnan(lf_stats_newey_west(d, 0, 2).mean));
}

/* Sums of h independent steps have a long-run variance h times that of one row. */
static void test_effective_count(void **state)
{
    (void)state;
    enum {
        ROWS = 20000,
        OVERLAP = 20
    };
    double *steps = lf_allocate(NULL, ROWS + OVERLAP, sizeof *steps);
    double *sums = lf_allocate(NULL, ROWS, sizeof *sums);
    lf_random random;
    lf_random_seed(&random, 3, 0);
    for (int i = 0; i < ROWS + OVERLAP; i++) {
        steps[i] = lf_random_normal(&random);
    }
    for (int i = 0; i < ROWS; i++) {
        for (int k = 0; k < OVERLAP; k++) {
            sums[i] += steps[i + k];
        }
    }
    /* Bartlett weights up to 4 h see the triangle of covariances short by a twelfth. */
    const lf_newey_west result = lf_stats_newey_west(sums, ROWS, 4 * OVERLAP);
    assert_near(result.effective_count, (double)ROWS / OVERLAP, 0.25 * ROWS / OVERLAP);
    lf_release(NULL, steps);
    lf_release(NULL, sums);
}

/* The sums of all lags in the order of rows, whatever stands beside them. */
static void test_newey_west_by_definition(void **state)
{
    (void)state;
    double values[40];
    lf_random random;
    lf_random_seed(&random, 4, 0);
    for (size_t i = 0; i < 40; i++) {
        values[i] = lf_random_normal(&random);
    }
    for (size_t count = 1; count <= 40; count++) {
        for (size_t lag = 0; lag < 30; lag++) {
            const double mean = lf_stats_mean(values, count);
            double variance = 0;
            for (size_t k = 0; k <= lag && k < count; k++) {
                double sum = 0;
                for (size_t i = k; i < count; i++) {
                    sum += (values[i] - mean) * (values[i - k] - mean);
                }
                sum /= (double)count;
                variance += k == 0 ? sum : 2 * (1 - (double)k / ((double)lag + 1)) * sum;
            }
            const double found = lf_stats_newey_west(values, count, lag).variance;
            variance = fmax(variance, 0);
            assert_memory_equal(&found, &variance, sizeof found);
        }
    }
}

static void test_blocks(void **state)
{
    (void)state;
    static const int64_t times[] = {0, 5, 9, 10, 19, 50, 55, 60, 3, 4};
    static const uint32_t expected[] = {0, 0, 0, 1, 1, 2, 2, 3, 4, 4};
    uint32_t blocks[10];
    assert_int_equal(lf_stats_time_blocks(times, 10, 10, blocks), 5);
    assert_memory_equal(blocks, expected, sizeof expected);
    assert_int_equal(lf_stats_time_blocks(times, 0, 10, blocks), 0);
}

enum {
    BLOCKS = 60,
    BLOCK_ROWS = 50,
    ROWS = BLOCKS * BLOCK_ROWS,
    ROUNDS = 200
};

/* Rows whose labels and scores come in runs of 25: no skill, much dependence. */
static void dependent_rows(lf_random *random, double *scores, double *labels, uint32_t *blocks)
{
    double score = 0;
    double label = 0;
    for (int i = 0; i < ROWS; i++) {
        if (i % 25 == 0) {
            score = lf_random_normal(random);
            label = (double)lf_random_below(random, 2);
        }
        scores[i] = score;
        labels[i] = label;
        blocks[i] = (uint32_t)(i / BLOCK_ROWS);
    }
}

static void test_coverage(void **state)
{
    (void)state;
    double scores[ROWS];
    double labels[ROWS];
    uint32_t blocks[ROWS];
    lf_random random;
    lf_random_seed(&random, 17, 0);
    int auc_holds = 0;
    int mean_holds = 0;
    int pearson_holds = 0;
    const lf_bootstrap_options options = {.replicates = 200, .seed = 1};
    for (int round = 0; round < ROUNDS; round++) {
        lf_interval found = {NAN, NAN};
        dependent_rows(&random, scores, labels, blocks);
        assert_int_equal(
            lf_stats_bootstrap_auc(scores, labels, blocks, ROWS, &options, &found), LF_OK
        );
        auc_holds += found.low <= 0.5 && found.high >= 0.5;
        assert_int_equal(
            lf_stats_bootstrap_ratio(labels, NULL, blocks, ROWS, &options, &found), LF_OK
        );
        mean_holds += found.low <= 0.5 && found.high >= 0.5;
        assert_int_equal(
            lf_stats_bootstrap_pearson(scores, labels, blocks, ROWS, &options, &found), LF_OK
        );
        pearson_holds += found.low <= 0 && found.high >= 0;
    }
    print_message(
        "held: auc %d, mean %d, pearson %d of 200\n", auc_holds, mean_holds, pearson_holds
    );
    /* 190 are expected; 3 standard deviations of a binomial are 9. */
    assert_in_range(auc_holds, 181, 199);
    assert_in_range(mean_holds, 181, 199);
    assert_in_range(pearson_holds, 181, 199);
}

/* The interval lies around the statistic, and the same seed gives the same bits. */
static void test_repeat(void **state)
{
    (void)state;
    double scores[ROWS];
    double labels[ROWS];
    uint32_t blocks[ROWS];
    lf_random random;
    lf_random_seed(&random, 18, 0);
    dependent_rows(&random, scores, labels, blocks);
    for (int i = 0; i < ROWS; i++) {
        scores[i] += labels[i];
    }
    double auc = 0;
    lf_interval first;
    lf_interval second;
    const lf_bootstrap_options options = {.seed = 9};
    assert_int_equal(lf_stats_auc(NULL, scores, labels, ROWS, &auc), LF_OK);
    assert_int_equal(lf_stats_bootstrap_auc(scores, labels, blocks, ROWS, &options, &first), LF_OK);
    assert_int_equal(
        lf_stats_bootstrap_auc(scores, labels, blocks, ROWS, &options, &second), LF_OK
    );
    assert_memory_equal(&first, &second, sizeof first);
    assert_true(first.low < auc && auc < first.high && first.low > 0.5);
    /* One block says nothing about the spread between blocks. */
    assert_int_equal(
        lf_stats_bootstrap_auc(scores, labels, blocks, BLOCK_ROWS, &options, &first), LF_OK
    );
    assert_true(isnan(first.low) && isnan(first.high));
    assert_int_equal(lf_stats_bootstrap_ratio(labels, NULL, blocks, 0, NULL, &first), LF_OK);
    assert_true(isnan(first.low));
}

/* AUC of the rows of each block taken so many times, pair by pair. */
static double plain_auc(
    const double *scores,
    const double *labels,
    const uint32_t *blocks,
    size_t count,
    const uint32_t *weights
)
{
    double wins = 0, pairs = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < count; k++) {
            if (labels[i] > 0.5 && labels[k] < 0.5) {
                const double both = (double)weights[blocks[i]] * weights[blocks[k]];
                const double share = scores[i] > scores[k] ? 1 : scores[i] == scores[k] ? 0.5 : 0;
                wins += both * share;
                pairs += both;
            }
        }
    }
    return pairs > 0 ? wins / pairs : NAN;
}

/* The interval from replicates that are reckoned one by one. */
static lf_interval plain_interval(
    const double *scores,
    const double *labels,
    const uint32_t *blocks,
    size_t count,
    const lf_bootstrap_options *options
)
{
    double aucs[64];
    uint32_t weights[64];
    const size_t block_count = blocks[count - 1] + 1u;
    size_t found = 0;
    lf_random random;
    lf_random_seed(&random, options->seed, 0);
    for (size_t k = 0; k < options->replicates; k++) {
        memset(weights, 0, sizeof weights);
        for (size_t b = 0; b < block_count; b++) {
            weights[lf_random_below(&random, block_count)]++;
        }
        const double auc = plain_auc(scores, labels, blocks, count, weights);
        if (isfinite(auc)) {
            aucs[found++] = auc;
        }
    }
    const double all = (double)block_count;
    const double t = lf_stats_t_quantile(0.975, all - 1);
    const double tail = lf_stats_normal_cdf(-t * sqrt(all / (all - 1)));
    lf_stats_sort(aucs, found);
    return (lf_interval
    ){lf_stats_quantile(aucs, found, tail), lf_stats_quantile(aucs, found, 1 - tail)};
}

/* With few blocks and with many, few and many equal scores, and numbers of replicates that do not
   fill the lanes: the same bits as pair by pair. */
static void test_auc_by_definition(void **state)
{
    (void)state;
    static const size_t replicates[] = {2, 7, 8, 9, 21};
    static const uint64_t values[] = {2, 3, 20, 100000};
    double scores[300], labels[300];
    uint32_t blocks[300];
    lf_random random;
    lf_random_seed(&random, 5, 0);
    for (size_t width = 5; width <= 100; width += width < 20 ? 5 : 40) {
        for (size_t v = 0; v < 4; v++) {
            for (size_t i = 0; i < 300; i++) {
                scores[i] = (double)lf_random_below(&random, values[v]) - 1;
                labels[i] = (double)lf_random_below(&random, 2);
                blocks[i] = (uint32_t)(i / width);
            }
            for (size_t r = 0; r < 5; r++) {
                const lf_bootstrap_options options = {.replicates = replicates[r], .seed = r};
                lf_interval found;
                assert_int_equal(
                    lf_stats_bootstrap_auc(scores, labels, blocks, 300, &options, &found), LF_OK
                );
                const lf_interval plain = plain_interval(scores, labels, blocks, 300, &options);
                assert_memory_equal(&found, &plain, sizeof found);
            }
        }
    }
}

static void test_failing_memory(void **state)
{
    (void)state;
    static const double x[] = {1, 2, 3, 4};
    static const double y[] = {0, 1, 0, 1};
    static const uint32_t blocks[] = {0, 0, 1, 1}; /* few enough to be counted in pairs */
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        const lf_bootstrap_options options = {.allocator = &memory.allocator, .replicates = 10};
        lf_interval out = {-1, -1};
        const lf_status status = lf_stats_bootstrap_auc(x, y, blocks, 4, &options, &out);
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
        cmocka_unit_test(test_wilson),
        cmocka_unit_test(test_newey_west),
        cmocka_unit_test(test_effective_count),
        cmocka_unit_test(test_newey_west_by_definition),
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_coverage),
        cmocka_unit_test(test_repeat),
        cmocka_unit_test(test_auc_by_definition),
        cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
