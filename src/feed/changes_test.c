/*
 * Goal: changes of single orders stay with their events over batches, and where events were left
 * out the book is told anew. Method: by hand.
 */
#include "feed_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../tests/testing.h"

static void push(lfi_changes *changes, uint64_t id)
{
    const lf_order_change change = {.order_id = id, .lots = 1, .kind = LF_CHANGE_REDUCE};
    assert_int_equal(lfi_changes_push(changes, &change, NULL), LF_OK);
}

static void test_batches(void **state)
{
    (void)state;
    lfi_changes changes;
    assert_int_equal(lfi_changes_start(&changes, NULL, 2, NULL), LF_OK);
    push(&changes, 1);
    push(&changes, 2);
    assert_int_equal(lfi_changes_close(&changes, 0, NULL, NULL), LF_OK);
    assert_int_equal(lfi_changes_close(&changes, 1, NULL, NULL), LF_OK);
    push(&changes, 3); /* of an event that is still open */
    assert_int_equal(changes.ends[0], 2);
    assert_int_equal(changes.ends[1], 2);
    lfi_changes_begin_batch(&changes);
    push(&changes, 4);
    assert_int_equal(lfi_changes_close(&changes, 0, NULL, NULL), LF_OK);
    assert_int_equal(changes.ends[0], 2);
    assert_int_equal(changes.items[0].order_id, 3);
    assert_int_equal(changes.items[1].order_id, 4);
    lfi_changes_end(&changes);
}

/* Both queues from their fronts: 5 before 6, and the better price first. */
static void test_left_out(void **state)
{
    (void)state;
    static const uint64_t ids[] = {0, 7, 5, 6, 8};
    lfi_changes changes;
    lf_l3 *l3;
    assert_int_equal(lf_l3_create(NULL, &l3, NULL), LF_OK);
    assert_int_equal(lf_l3_add(l3, 0, 5, 1, 100, 10), LF_OK);
    assert_int_equal(lf_l3_add(l3, 0, 6, 1, 100, 20), LF_OK);
    assert_int_equal(lf_l3_add(l3, 0, 7, 1, 101, 30), LF_OK);
    assert_int_equal(lf_l3_add(l3, 0, 8, -1, 103, 40), LF_OK);
    assert_int_equal(lfi_changes_start(&changes, NULL, 2, NULL), LF_OK);
    push(&changes, 1);
    lfi_changes_drop(&changes);
    push(&changes, 2);
    assert_int_equal(lfi_changes_close(&changes, 0, l3, NULL), LF_OK);
    assert_int_equal(changes.ends[0], 5);
    assert_int_equal(changes.items[0].kind, LF_CHANGE_CLEAR);
    for (size_t i = 1; i < 5; i++) {
        const lf_order_change *const change = &changes.items[i];
        lf_l3_order order;
        assert_true(lf_l3_find(l3, ids[i], &order));
        assert_int_equal(change->kind, LF_CHANGE_ADD);
        assert_int_equal(change->order_id, ids[i]);
        assert_int_equal(change->price_ticks, order.price);
        assert_int_equal(change->lots, order.lots);
        assert_int_equal(change->side, order.side);
    }
    push(&changes, 3);
    assert_int_equal(lfi_changes_close(&changes, 1, l3, NULL), LF_OK);
    assert_int_equal(changes.ends[1], 6);
    lfi_changes_end(&changes);
    lf_l3_destroy(l3);
}

static void test_not_wanted(void **state)
{
    (void)state;
    lfi_changes changes = {0};
    push(&changes, 1);
    assert_int_equal(lfi_changes_close(&changes, 0, NULL, NULL), LF_OK);
    assert_int_equal(changes.count, 0);
    lfi_changes_end(&changes);
}

static void test_no_memory(void **state)
{
    (void)state;
    for (uint64_t fail_at = 0; fail_at < 2; fail_at++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, fail_at);
        lfi_changes changes;
        lf_status status = lfi_changes_start(&changes, &memory.allocator, 2, NULL);
        const lf_order_change change = {.kind = LF_CHANGE_CLEAR};
        if (status == LF_OK) {
            status = lfi_changes_push(&changes, &change, NULL);
        }
        assert_int_equal(status, LF_NOMEM);
        lfi_changes_end(&changes);
        assert_int_equal(memory.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batches),
        cmocka_unit_test(test_left_out),
        cmocka_unit_test(test_not_wanted),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
