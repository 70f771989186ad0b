/*
 * Goal: a channel keeps the order of its messages and never lets one overtake another (PEERS T8).
 * Method: by hand, then random sends and receipts against a plain array; failing memory.
 */
#include <lobflow/execution.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

static lf_channel *channel_of(const lf_allocator *allocator, size_t capacity)
{
    lf_channel *channel = NULL;
    assert_int_equal(lf_channel_create(allocator, sizeof(int), capacity, &channel, NULL), LF_OK);
    return channel;
}

static void test_nothing_overtakes(void **state)
{
    (void)state;
    static const int64_t sent[] = {50, 20, 60, 60, 10};
    static const int64_t arrives[] = {50, 50, 60, 60, 60};
    lf_channel *const channel = channel_of(NULL, 2);
    assert_int_equal(lf_channel_due(channel), INT64_MAX);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(lf_channel_push(channel, sent[i], &i), LF_OK);
    }
    for (int i = 0; i < 5; i++) {
        int got = -1;
        assert_int_equal(lf_channel_due(channel), arrives[i]);
        assert_true(lf_channel_take(channel, &got));
        assert_int_equal(got, i);
    }
    int untouched = 77;
    assert_false(lf_channel_take(channel, &untouched));
    assert_int_equal(untouched, 77);
    /* An empty channel remembers when its last message arrived. */
    assert_int_equal(lf_channel_push(channel, 5, &untouched), LF_OK);
    assert_int_equal(lf_channel_due(channel), 60);
    lf_channel_destroy(channel);
    lf_channel_destroy(NULL);
}

static void test_random_traffic(void **state)
{
    (void)state;
    enum {
        MESSAGES = 20000
    };
    static int64_t due_ns[MESSAGES];
    lf_random random;
    lf_random_seed(&random, 8, 0);
    lf_channel *const channel = channel_of(NULL, 1);
    int pushed = 0;
    int taken = 0;
    int64_t latest = INT64_MIN;
    while (taken < MESSAGES) {
        /* Phases of filling and emptying, so that the ring grows and goes round. */
        const bool fill = (pushed / 300) % 2 == 0 ? lf_random_below(&random, 4) != 0
                                                  : lf_random_below(&random, 4) == 0;
        if (pushed < MESSAGES && (fill || pushed == taken)) {
            const int64_t due = pushed + (int64_t)lf_random_below(&random, 50);
            latest = due > latest ? due : latest;
            due_ns[pushed] = latest;
            assert_int_equal(lf_channel_push(channel, due, &pushed), LF_OK);
            pushed++;
        } else {
            int got = -1;
            assert_int_equal(lf_channel_due(channel), due_ns[taken]);
            assert_true(lf_channel_take(channel, &got));
            assert_int_equal(got, taken);
            taken++;
        }
    }
    lf_channel_destroy(channel);
}

static void test_bad_sizes(void **state)
{
    (void)state;
    lf_channel *channel = (lf_channel *)&channel;
    assert_int_equal(lf_channel_create(NULL, 0, 4, &channel, NULL), LF_RANGE);
    assert_null(channel);
    assert_int_equal(lf_channel_create(NULL, 4, 0, &channel, NULL), LF_RANGE);
    assert_null(channel);
}

/* A message that finds no memory is refused, and those on their way still arrive. */
static void test_memory(void **state)
{
    (void)state;
    for (uint64_t n = 0; n < 6; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        lf_channel *channel = NULL;
        lf_error error;
        const lf_status status =
            lf_channel_create(&memory.allocator, sizeof(int), 2, &channel, &error);
        assert_int_equal(status, n < 3 ? LF_NOMEM : LF_OK);
        for (int i = 0; i < 3 && status == LF_OK; i++) {
            const lf_status pushed = lf_channel_push(channel, i, &i);
            assert_int_equal(pushed, i == 2 && n < 5 ? LF_NOMEM : LF_OK);
        }
        for (int i = 0; i < 2 && status == LF_OK; i++) {
            int got = -1;
            assert_true(lf_channel_take(channel, &got));
            assert_int_equal(got, i);
        }
        lf_channel_destroy(channel);
        assert_int_equal(memory.live, 0);
    }
    /* Within the room it was given it takes no memory. */
    lf_testing_memory memory;
    lf_testing_memory_start(&memory, UINT64_MAX);
    lf_channel *const channel = channel_of(&memory.allocator, 4);
    const uint64_t calls = memory.calls;
    for (int i = 0; i < 1000; i++) {
        int got;
        assert_int_equal(lf_channel_push(channel, i, &i), LF_OK);
        assert_true(i < 3 || lf_channel_take(channel, &got));
    }
    assert_int_equal(memory.calls, calls);
    lf_channel_destroy(channel);
    assert_int_equal(memory.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_overtakes),
        cmocka_unit_test(test_random_traffic),
        cmocka_unit_test(test_bad_sizes),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
