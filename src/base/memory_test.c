/*
 * Goal: memory is aligned, zeroed, bounded, given back, and failure leaves things as they were.
 * Method: a counting allocator that can fail any one call.
 */
#include <lobflow/base.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

static bool is_zeroed(const void *memory, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (((const unsigned char *)memory)[i] != 0) {
            return false;
        }
    }
    return true;
}

static void test_allocate(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 63, 64, 65, 4096, 100001};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        unsigned char *memory = lf_allocate(NULL, sizes[i], 1);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % 64, 0);
        assert_true(is_zeroed(memory, sizes[i]));
        lf_release(NULL, memory);
    }
    assert_null(lf_allocate(NULL, SIZE_MAX / 2, 3));
    assert_null(lf_allocate(NULL, SIZE_MAX, 1));
    lf_release(NULL, NULL);
}

static void test_custom_allocator(void **state)
{
    (void)state;
    lf_testing_memory memory;
    lf_testing_memory_start(&memory, 1);
    void *piece = lf_allocate(&memory.allocator, 3, 8);
    assert_non_null(piece);
    assert_int_equal((uintptr_t)piece % 64, 0);
    assert_null(lf_allocate(&memory.allocator, 3, 8));
    assert_int_equal(memory.live, 1);
    lf_release(&memory.allocator, piece);
    lf_release(&memory.allocator, NULL);
    assert_int_equal(memory.live, 0);
    assert_int_equal(memory.bytes_live, 0);
}

static void test_grow(void **state)
{
    (void)state;
    lf_testing_memory memory;
    lf_testing_memory_start(&memory, UINT64_MAX);
    void *items = NULL;
    size_t capacity = 0;
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(
            lf_grow(&memory.allocator, &items, &capacity, i + 1, sizeof(uint64_t)), LF_OK
        );
        ((uint64_t *)items)[i] = i;
    }
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(((uint64_t *)items)[i], i);
    }
    /* It doubles, so a thousand pushes take about log2(1000) calls. */
    assert_in_range(memory.calls, 1, 12);

    void *const kept = items;
    const size_t kept_capacity = capacity;
    memory.fail_at = memory.calls;
    assert_int_equal(
        lf_grow(&memory.allocator, &items, &capacity, capacity + 1, sizeof(uint64_t)), LF_NOMEM
    );
    assert_int_equal(
        lf_grow(&memory.allocator, &items, &capacity, SIZE_MAX / 4, sizeof(uint64_t)), LF_NOMEM
    );
    assert_ptr_equal(items, kept);
    assert_int_equal(capacity, kept_capacity);
    lf_release(&memory.allocator, items);
    assert_int_equal(memory.live, 0);
}

static void test_arena(void **state)
{
    (void)state;
    lf_arena *arena;
    assert_int_equal(lf_arena_create(NULL, 0, &arena), LF_RANGE);
    assert_null(arena);
    assert_int_equal(lf_arena_create(NULL, SIZE_MAX, &arena), LF_NOMEM);
    assert_null(arena);
    assert_int_equal(lf_arena_create(NULL, 200, &arena), LF_OK);
    unsigned char *first = lf_arena_take(arena, 100, 1);
    unsigned char *second = lf_arena_take(arena, 16, 8);
    assert_non_null(first);
    assert_non_null(second);
    assert_int_equal((uintptr_t)first % 64, 0);
    assert_int_equal(second - first, 128);
    /* 200 bytes became four lines of 64, and all four are taken. */
    assert_null(lf_arena_take(arena, 1, 1));
    assert_null(lf_arena_take(arena, SIZE_MAX, 2));
    memset(first, 0xff, 100);
    lf_arena_reset(arena);
    assert_ptr_equal(lf_arena_take(arena, 256, 1), first);
    assert_true(is_zeroed(first, 256));
    lf_arena_destroy(arena);
    lf_arena_destroy(NULL);
}

static void test_arena_without_memory(void **state)
{
    (void)state;
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        lf_arena *arena;
        const lf_status status = lf_arena_create(&memory.allocator, 1000, &arena);
        lf_arena_destroy(arena);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
        assert_null(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allocate),
        cmocka_unit_test(test_custom_allocator),
        cmocka_unit_test(test_grow),
        cmocka_unit_test(test_arena),
        cmocka_unit_test(test_arena_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
