/*
 * Goal: days come back from the store as they were put, in any order, and the store leaves nothing
 * behind. Method: made-up days of every kind of column and different lengths; the folder is looked
 * at while the store is open; every allocation fails once.
 */
#include "line_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

enum {
    DAYS = 4
};

static const lf_column_spec SPECS[] = {
    {"ts_event", LF_COLUMN_TIME},
    {"symbol", LF_COLUMN_TEXT},
    {"valid", LF_COLUMN_BOOL},
    {"x", LF_COLUMN_F64},
    {"count", LF_COLUMN_I64},
};

static const size_t ROWS[DAYS] = {1000, 0, 23400, 1};
static const char *const SYMBOLS[DAYS] = {"A", "B", "A", "C"};

static lf_frame *make(size_t day)
{
    lf_frame *frame = NULL;
    lf_random random;
    lf_random_seed(&random, 5 + day, 0);
    assert_int_equal(lf_frame_create(NULL, SPECS, 5, ROWS[day], &frame, NULL), LF_OK);
    assert_int_equal(lf_frame_append(frame, ROWS[day]), LF_OK);
    assert_int_equal(lf_frame_set_text(frame, 1, 0, ROWS[day], SYMBOLS[day]), LF_OK);
    for (size_t i = 0; i < ROWS[day]; i++) {
        lf_frame_i64(frame, 0)[i] = (int64_t)lf_random_next(&random);
        lf_frame_bool(frame, 2)[i] = lf_random_below(&random, 2) != 0;
        lf_frame_f64(frame, 3)[i] = lf_random_normal(&random);
        lf_frame_i64(frame, 4)[i] = (int64_t)i;
    }
    return frame;
}

static void must_be_day(lf_frame *found, size_t day)
{
    lf_frame *const made = make(day);
    const size_t rows = ROWS[day];
    assert_int_equal(lf_frame_row_count(found), rows);
    assert_int_equal(lf_frame_column_count(found), 5);
    for (size_t i = 0; i < rows; i += 1 + rows / 7) {
        assert_string_equal(lf_frame_text(found, 1, i), SYMBOLS[day]);
    }
    if (rows > 0) {
        assert_memory_equal(lf_frame_i64(found, 0), lf_frame_i64(made, 0), rows * 8);
        assert_memory_equal(lf_frame_bool(found, 2), lf_frame_bool(made, 2), rows);
        assert_memory_equal(lf_frame_f64(found, 3), lf_frame_f64(made, 3), rows * 8);
        assert_memory_equal(lf_frame_i64(found, 4), lf_frame_i64(made, 4), rows * 8);
    }
    lf_frame_destroy(made);
}

static lf_status fill(lfi_store *store)
{
    lf_status status = LF_OK;
    for (size_t d = 0; d < DAYS && status == LF_OK; d++) {
        lf_frame *const frame = make(d);
        status = lfi_store_put(store, frame, SYMBOLS[d], NULL);
        lf_frame_destroy(frame);
    }
    return status;
}

static void test_days_come_back(void **state)
{
    (void)state;
    static const size_t order[] = {2, 0, 1, 3, 3, 0, 2};
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    lfi_store *store = NULL;
    const char *const path = lf_testing_path(&folder, "deep/er");
    assert_int_equal(lfi_store_create(NULL, path, &store, NULL), LF_OK);
    assert_int_equal(fill(store), LF_OK);
    const lf_train_days days = lfi_store_days(store);
    assert_int_equal(days.count, DAYS);
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        lf_frame *frame = NULL;
        assert_int_equal(days.open(days.context, order[i], &frame, NULL), LF_OK);
        must_be_day(frame, order[i]);
        /* What is written into an open day is gone with it. */
        if (ROWS[order[i]] > 0) {
            lf_frame_f64(frame, 3)[0] = -1;
            memset(lf_frame_bool(frame, 2), 7, ROWS[order[i]]);
        }
    }
    assert_int_equal(lf_testing_entry_count(lf_testing_path(&folder, "deep/er")), 0);
    lfi_store_destroy(store);
    lf_testing_folder_remove(&folder);
}

static void test_refused(void **state)
{
    (void)state;
    lfi_store *store = NULL;
    lf_error error = {0};
    assert_int_equal(lfi_store_create(NULL, "/dev/null/rows", &store, &error), LF_IO);
    assert_null(store);
    lfi_store_destroy(NULL);
}

static void test_failing_memory(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        lfi_store *store = NULL;
        lf_frame *frame = NULL;
        lf_status status = lfi_store_create(&memory.allocator, folder.path, &store, NULL);
        if (status == LF_OK) {
            status = fill(store);
        }
        if (status == LF_OK) {
            const lf_train_days days = lfi_store_days(store);
            status = days.open(days.context, 2, &frame, NULL);
        }
        lfi_store_destroy(store);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
    }
    lf_testing_folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_days_come_back),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
