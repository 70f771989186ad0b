/*
 * Goal: the kernel that this processor is given sums levels as the plain one does, to the bit.
 * Method: random pairs of states with equal, moved and missing levels, each number of levels; the
 * plain one is checked against a case done by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "feature_internal.h"

#define SEED 20120621
#define STATES 20000

static void test_by_hand(void **state)
{
    (void)state;
    /* Bid: better by a tick, then a level lost, then more at the same price. Ask: the same size;
       then a better price; then a worse one. */
    const lf_quotes from = {
        .bid_ticks = {100, 99, 97},
        .bid_lots = {10, 20, 30},
        .ask_ticks = {102, 105, 106},
        .ask_lots = {5, 6, 7},
    };
    const lf_quotes to = {
        .bid_ticks = {101, 98, 97},
        .bid_lots = {11, 21, 34},
        .ask_ticks = {102, 104, 108},
        .ask_lots = {5, 8, 9},
    };
    const lfi_levels_sum sum = lfi_levels_sum_scalar(&from, &to, 3);
    assert_int_equal(sum.all_flow, 11 - 20 + 4 - 0 - 8 + 7);
    assert_int_equal(sum.bid_lots, 11 + 21 + 34);
    assert_int_equal(sum.ask_lots, 5 + 8 + 9);
    assert_int_equal(sum.bid_near_lots, sum.bid_lots);
    const lfi_levels_sum one = lfi_levels_sum_scalar(&from, &to, 1);
    assert_int_equal(one.all_flow, 11);
    assert_int_equal(one.ask_near_lots, 5);
}

/* A level somewhere near, sometimes missing; sometimes as it was. */
static void random_side(
    lf_random *random, int64_t none, const int64_t *old_ticks, int64_t *ticks, int64_t *lots
)
{
    for (int m = 0; m < LF_LEVELS_MAX; m++) {
        const uint64_t what = lf_random_below(random, 8);
        ticks[m] = what == 0 ? none : (int64_t)lf_random_below(random, 5) - 2;
        lots[m] = what == 0 ? 0 : (int64_t)lf_random_below(random, 1000);
        ticks[m] = what > 5 ? old_ticks[m] : ticks[m];
    }
}

static void test_twins(void **state)
{
    (void)state;
    const lfi_levels_kernel chosen = lfi_levels_choose();
    lf_random random;
    lf_random_seed(&random, SEED, 0);
    lf_quotes from = {{0}, {0}, {0}, {0}};
    for (int i = 0; i < STATES; i++) {
        lf_quotes to;
        random_side(&random, LF_BID_NONE, from.bid_ticks, to.bid_ticks, to.bid_lots);
        random_side(&random, LF_ASK_NONE, from.ask_ticks, to.ask_ticks, to.ask_lots);
        for (int count = 1; count <= LF_LEVELS_MAX; count++) {
            const lfi_levels_sum plain = lfi_levels_sum_scalar(&from, &to, count);
            const lfi_levels_sum fast = chosen(&from, &to, count);
            if (memcmp(&plain, &fast, sizeof plain) != 0) {
                fail_msg("seed %d, state %d, %d levels: the kernels differ", SEED, i, count);
            }
        }
        from = to;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_twins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
