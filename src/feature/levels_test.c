/*
 * Goal: every kernel that this processor has works on levels as the plain one does, to the bit.
 * Method: random pairs of states with equal, moved and missing levels, each number of levels; the
 * plain one is checked against a case done by hand. An engine is given each kernel by its name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "feature_internal.h"

#define SEED 20120621
#define STATES 20000
#define SUMS_MAX (2 * LF_LEVELS_MAX)
#define FLOWS_MAX (3 * LF_LEVELS_MAX)
/* Behind the sums: must stay as it is. */
#define GUARD UINT64_C(0x5AFE5AFE5AFE5AFE)

/* The last one. */
static const lfi_levels_kernel *plain_kernel(void)
{
    size_t i = 0;
    while (lfi_levels_kernel_at(i + 1) != NULL) {
        i++;
    }
    return lfi_levels_kernel_at(i);
}

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
    const lfi_levels_kernel *kernel = plain_kernel();
    const lfi_levels_sum sum = kernel->sum(&from, &to, 3);
    assert_int_equal(sum.all_flow, 11 - 20 + 4 - 0 - 8 + 7);
    assert_int_equal(sum.bid_lots, 11 + 21 + 34);
    assert_int_equal(sum.ask_lots, 5 + 8 + 9);
    assert_int_equal(sum.bid_near_lots, sum.bid_lots);
    const lfi_levels_sum one = kernel->sum(&from, &to, 1);
    assert_int_equal(one.all_flow, 11);
    assert_int_equal(one.ask_near_lots, 5);
    const uint64_t last[6] = {100, 100, 100, 200, 200, 200};
    const uint64_t wanted[6] = {100 + 11, 100 - 20, 100 + 4, 200 + 0, 200 + 8, 200 - 7};
    uint64_t sums[6];
    kernel->add(&from, &to, 3, last, sums);
    assert_memory_equal(sums, wanted, sizeof wanted);
    const int64_t flows_wanted[9] = {11 - 0, -20 - 8, 4 + 7, 11, -20, 4, 0, 8, -7};
    int64_t flows[9];
    kernel->take(sums, last, 3, flows);
    assert_memory_equal(flows, flows_wanted, sizeof flows);
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

/* Compares one kernel with the plain one on one pair of states; NULL when they agree. */
static const char *
difference(const lfi_levels_kernel *kernel, const lf_quotes *from, const lf_quotes *to, int count)
{
    const lfi_levels_kernel *plain = plain_kernel();
    const lfi_levels_sum wanted = plain->sum(from, to, count);
    const lfi_levels_sum sum = kernel->sum(from, to, count);
    if (memcmp(&wanted, &sum, sizeof sum) != 0) {
        return "sum";
    }
    uint64_t last[SUMS_MAX + 1];
    uint64_t apart[SUMS_MAX + 1];
    uint64_t twin[SUMS_MAX + 1];
    for (int i = 0; i <= SUMS_MAX; i++) {
        /* Sums wrap. */
        last[i] = i < 2 * count ? UINT64_MAX - 500 + (uint64_t)i : GUARD;
        apart[i] = GUARD;
        twin[i] = GUARD;
    }
    plain->add(from, to, count, last, twin);
    kernel->add(from, to, count, last, apart);
    if (memcmp(twin, apart, sizeof twin) != 0) {
        return "add";
    }
    int64_t flows[FLOWS_MAX + 1];
    int64_t others[FLOWS_MAX + 1];
    memset(flows, 0x5A, sizeof flows);
    memset(others, 0x5A, sizeof others);
    plain->take(twin, last, count, flows);
    kernel->take(twin, last, count, others);
    if (memcmp(flows, others, sizeof flows) != 0) {
        return "take";
    }
    kernel->add(from, to, count, last, last);
    return memcmp(twin, last, sizeof twin) != 0 ? "add in place" : NULL;
}

static void test_twins(void **state)
{
    (void)state;
    for (size_t k = 0; lfi_levels_kernel_at(k) != NULL; k++) {
        const lfi_levels_kernel *kernel = lfi_levels_kernel_at(k);
        print_message("kernel %s\n", kernel->name);
        lf_random random;
        lf_random_seed(&random, SEED, 0);
        lf_quotes from = {{0}, {0}, {0}, {0}};
        for (int i = 0; i < STATES; i++) {
            lf_quotes to;
            random_side(&random, LF_BID_NONE, from.bid_ticks, to.bid_ticks, to.bid_lots);
            random_side(&random, LF_ASK_NONE, from.ask_ticks, to.ask_ticks, to.ask_lots);
            for (int count = 1; count <= LF_LEVELS_MAX; count++) {
                const char *what = difference(kernel, &from, &to, count);
                if (what != NULL) {
                    fail_msg(
                        "seed %d, state %d, %d levels: %s of %s differs",
                        SEED,
                        i,
                        count,
                        what,
                        kernel->name
                    );
                }
            }
            from = to;
        }
    }
}

/* By name, from outside: the best is the default, an unknown one is refused with what there is. */
static void test_names(void **state)
{
    (void)state;
    const lf_instrument instrument = {
        .tick_nano = 10000000,
        .lot_nano = LF_NS_PER_SECOND,
        .units_per_tick = 100,
        .level_count = 10,
        .session_close_ns = LF_NS_PER_SECOND,
    };
    lf_feature_engine *engine;
    size_t count = 0;
    for (; lf_feature_kernel_at(count) != NULL; count++) {
        const lf_feature_options options = {.kernel = lf_feature_kernel_at(count)};
        assert_int_equal(lf_feature_engine_create(&instrument, &options, &engine, NULL), LF_OK);
        assert_ptr_equal(engine->kernel, lfi_levels_kernel_at(count));
        lf_feature_engine_destroy(engine);
    }
    assert_string_equal(lf_feature_kernel_at(count - 1), "scalar");
    assert_int_equal(lf_feature_engine_create(&instrument, NULL, &engine, NULL), LF_OK);
    assert_ptr_equal(engine->kernel, lfi_levels_kernel_at(0));
    lf_feature_engine_destroy(engine);
    const lf_feature_options unknown = {.kernel = "neon"};
    lf_error error;
    assert_int_equal(
        lf_feature_engine_create(&instrument, &unknown, &engine, &error), LF_NOT_FOUND
    );
    assert_null(engine);
    assert_non_null(strstr(error.message, "no kernel \"neon\""));
    assert_non_null(strstr(error.message, lf_feature_kernel_at(0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_twins),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
