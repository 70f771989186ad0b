/*
 * Goal: a share's interval holds the truth as often as it says when rows come in runs.
 * Method: sums by hand; coverage on simulated runs whose share is known (fixed seed).
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

static lf_share share_of(const double *values, const uint32_t *blocks, size_t count)
{
    lf_share_sums sums = {0};
    for (size_t i = 0; i < count; i++) {
        lf_stats_share_add(&sums, values[i], blocks[i]);
    }
    return lf_stats_share_of(&sums);
}

/* Blocks 1 1 | 0 1 | 0 0 | 1: p = 4/7, sums around it 6/7 -1/7 -8/7 3/7. */
static void test_by_hand(void **state)
{
    (void)state;
    static const double values[] = {1, 1, 0, 1, 0, 0, 1};
    static const uint32_t blocks[] = {0, 0, 3, 3, 4, 4, 9};
    const lf_share s = share_of(values, blocks, 7);
    const double p = 4.0 / 7;
    const double variance = (36 + 1 + 64 + 9) / 49.0 / 49 * 4 / 3;
    const double effective = p * (1 - p) / variance;
    assert_near(s.rows, 7, 0);
    assert_near(s.blocks, 4, 0);
    assert_near(s.share, p, 1e-15);
    assert_near(s.effective_rows, effective, 1e-12);
    const lf_interval wilson =
        lf_stats_wilson(p * effective, effective, lf_stats_t_quantile(0.975, 3));
    assert_near(s.interval.low, wilson.low, 1e-12);
    assert_near(s.interval.high, wilson.high, 1e-12);
}

static void test_edges(void **state)
{
    (void)state;
    static const double ones[] = {1, 1, 1, 1, 1, 1};
    static const uint32_t blocks[] = {0, 0, 1, 2, 3, 4};
    const lf_share none = share_of(ones, blocks, 0);
    assert_true(isnan(none.share) && isnan(none.interval.low) && none.rows == 0);
    const lf_share few = share_of(ones, blocks, 4);
    assert_near(few.share, 1, 0);
    assert_near(few.blocks, 3, 0);
    assert_true(isnan(few.interval.low));
    /* Five blocks that all hit are five observations, not six. */
    const lf_share all = share_of(ones, blocks, 6);
    assert_near(all.effective_rows, 5, 0);
    assert_true(all.interval.low > 0.3 && all.interval.low < 0.6);
    assert_near(all.interval.high, 1, 1e-12);
}

/* Runs of 25 equal rows, 12 or 60 blocks of 50: the interval holds 0.6 in about 95 % of rounds. */
static void test_coverage(void **state)
{
    (void)state;
    enum {
        ROUNDS = 400
    };
    static const size_t block_counts[] = {12, 60};
    lf_random random;
    lf_random_seed(&random, 3, 0);
    for (size_t c = 0; c < 2; c++) {
        int held = 0;
        double effective = 0;
        for (int round = 0; round < ROUNDS; round++) {
            lf_share_sums sums = {0};
            double hit = 0;
            for (size_t i = 0; i < 50 * block_counts[c]; i++) {
                hit = i % 25 == 0 ? lf_random_uniform(&random) < 0.6 : hit;
                lf_stats_share_add(&sums, hit, (uint32_t)(i / 50));
            }
            const lf_share s = lf_stats_share_of(&sums);
            held += s.interval.low <= 0.6 && 0.6 <= s.interval.high;
            effective += s.effective_rows / ROUNDS;
        }
        print_message("%zu blocks: held %d, effective %.1f\n", block_counts[c], held, effective);
        assert_in_range(held, 372, 394);
        assert_true(effective > 1.7 * (double)block_counts[c]);
        assert_true(effective < 2.8 * (double)block_counts[c]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_coverage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
