/*
 * Goal: the probability of backtest overfitting equals a worked example, is one half where no trial
 * has skill, and small where one has.
 * Method: eight rows of three trials by hand; simulated trials (fixed seeds); failing allocations.
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

static const double small[8][3] = {
    {1, -1, 2},
    {2, 0, -1},
    {-1, 1, 1},
    {0, 2, -2},
    {3, -1, 0},
    {-2, 1, 2},
    {1, 0, 1},
    {0, 1, -1},
};

static const lf_pbo_options small_options = {
    .rows = 8, .trials = 3, .blocks = 4, .score = LF_PBO_MEAN};

static void test_known(void **state)
{
    (void)state;
    lf_pbo found;
    assert_int_equal(lf_stats_pbo(&small[0][0], &small_options, &found), LF_OK);
    assert_near(found.combinations, 6, 0);
    assert_near(found.probability, 4.0 / 6, 1e-15);
}

static void test_range(void **state)
{
    (void)state;
    static const lf_pbo_options wrong[] = {
        {.rows = 8, .trials = 3, .blocks = 3},
        {.rows = 8, .trials = 3, .blocks = 0},
        {.rows = 8, .trials = 3, .blocks = 18},
        {.rows = 7, .trials = 3, .blocks = 4},
        {.rows = 8, .trials = 1, .blocks = 4},
    };
    lf_pbo found = {.probability = -1};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(lf_stats_pbo(&small[0][0], &wrong[i], &found), LF_RANGE);
    }
    assert_near(found.probability, -1, 0);
}

enum {
    ROWS = 640,
    TRIALS = 10
};

static double made[ROWS][TRIALS];

/* Trial 3 earns `skill` a row, the others nothing. */
static lf_pbo make(uint64_t seed, double skill, size_t blocks)
{
    lf_random random;
    lf_random_seed(&random, seed, 0);
    for (int i = 0; i < ROWS; i++) {
        for (int j = 0; j < TRIALS; j++) {
            made[i][j] = lf_random_normal(&random) + (j == 3 ? skill : 0);
        }
    }
    lf_pbo found;
    const lf_pbo_options options = {.rows = ROWS, .trials = TRIALS, .blocks = blocks};
    assert_int_equal(lf_stats_pbo(&made[0][0], &options, &found), LF_OK);
    return found;
}

static void test_skill(void **state)
{
    (void)state;
    double none = 0;
    for (uint64_t seed = 0; seed < 20; seed++) {
        none += make(seed, 0, 8).probability / 20;
        assert_true(make(seed, 0.4, 8).probability < 0.02);
    }
    print_message("without skill: %.3f\n", none);
    assert_true(none > 0.4 && none < 0.7);
    const lf_pbo most = make(1, 0.4, 16);
    assert_near(most.combinations, 12870, 0);
    assert_true(most.loss_probability == 0 && most.mean_logit > 2);
}

/* A trial that never trades scores 0 and is best where all others lose. */
static void test_idle(void **state)
{
    (void)state;
    double rows[16][2];
    for (int i = 0; i < 16; i++) {
        rows[i][0] = 0;
        rows[i][1] = -1 - i % 3;
    }
    lf_pbo found;
    const lf_pbo_options options = {.rows = 16, .trials = 2, .blocks = 4};
    assert_int_equal(lf_stats_pbo(&rows[0][0], &options, &found), LF_OK);
    assert_near(found.probability, 0, 0);
    assert_near(found.loss_probability, 0, 0);
}

static void test_failing_memory(void **state)
{
    (void)state;
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        lf_pbo_options options = small_options;
        options.allocator = &memory.allocator;
        lf_pbo found = {.probability = -1};
        const lf_status status = lf_stats_pbo(&small[0][0], &options, &found);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
        assert_near(found.probability, -1, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_range),
        cmocka_unit_test(test_skill),
        cmocka_unit_test(test_idle),
        cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
