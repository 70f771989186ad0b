/*
 * Goal: tables keep what is put into them, grow, join and change kinds, and fail without a trace.
 * Method: small tables against plain arrays, every allocation failing in turn.
 */
#include <lobflow/frame.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

enum {
    TIME,
    SYMBOL,
    VALID,
    COUNT,
    VALUE,
    COLUMNS
};

static const lf_column_spec specs[COLUMNS] = {
    {"ts_event", LF_COLUMN_TIME},
    {"symbol", LF_COLUMN_TEXT},
    {"valid", LF_COLUMN_BOOL},
    {"count", LF_COLUMN_I64},
    {"value", LF_COLUMN_F64},
};

static lf_status fill(lf_frame *frame, size_t count)
{
    const size_t first = lf_frame_row_count(frame);
    lf_status status = lf_frame_append(frame, count);
    for (size_t i = first; status == LF_OK && i < first + count; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "S%zu", i % 100);
        lf_frame_i64(frame, TIME)[i] = (int64_t)i * 1000 + 7;
        lf_frame_bool(frame, VALID)[i] = i % 3 == 0;
        lf_frame_i64(frame, COUNT)[i] = -(int64_t)i;
        lf_frame_f64(frame, VALUE)[i] = (double)i / 8;
        status = lf_frame_set_text(frame, SYMBOL, i, 1, text);
    }
    return status;
}

static void check_row(lf_frame *frame, size_t row, size_t i)
{
    char text[32];
    (void)snprintf(text, sizeof text, "S%zu", i % 100);
    assert_int_equal(lf_frame_i64(frame, TIME)[row], (int64_t)i * 1000 + 7);
    assert_int_equal(lf_frame_bool(frame, VALID)[row], i % 3 == 0);
    assert_int_equal(lf_frame_i64(frame, COUNT)[row], -(int64_t)i);
    assert_true(lf_frame_f64(frame, VALUE)[row] == (double)i / 8);
    assert_string_equal(lf_frame_text(frame, SYMBOL, row), text);
}

static lf_frame *create(const lf_allocator *allocator, size_t capacity)
{
    lf_frame *frame;
    lf_error error;
    assert_int_equal(lf_frame_create(allocator, specs, COLUMNS, capacity, &frame, &error), LF_OK);
    return frame;
}

static void test_shape(void **state)
{
    (void)state;
    lf_frame *frame = create(NULL, 0);
    assert_int_equal(lf_frame_column_count(frame), COLUMNS);
    assert_int_equal(lf_frame_row_count(frame), 0);
    for (size_t i = 0; i < COLUMNS; i++) {
        assert_string_equal(lf_frame_column(frame, i).name, specs[i].name);
        assert_int_equal(lf_frame_column(frame, i).kind, specs[i].kind);
        assert_int_equal(lf_frame_find(frame, specs[i].name), i);
    }
    assert_true(lf_frame_find(frame, "nothing") == SIZE_MAX);
    lf_frame_destroy(frame);
    lf_frame_destroy(NULL);
}

static void test_bad_specs(void **state)
{
    (void)state;
    const lf_column_spec twins[] = {
        {"a", LF_COLUMN_F64}, {"b", LF_COLUMN_F64}, {"a", LF_COLUMN_I64}};
    const lf_column_spec unknown[] = {{"a", (lf_column_kind)9}};
    const lf_column_spec nameless[] = {{NULL, LF_COLUMN_F64}};
    const struct {
        const lf_column_spec *specs;
        size_t count;
        const char *part;
    } rows[] = {
        {twins, 3, "0 and 2 of the table have the same name \"a\""},
        {twins, 0, "at least one column"},
        {unknown, 1, "Column 0"},
        {nameless, 1, "Column 0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lf_frame *frame = (lf_frame *)&frame;
        lf_error error;
        assert_int_equal(
            lf_frame_create(NULL, rows[i].specs, rows[i].count, 0, &frame, &error), LF_RANGE
        );
        assert_null(frame);
        assert_non_null(strstr(error.message, rows[i].part));
    }
}

static void test_new_rows_are_empty(void **state)
{
    (void)state;
    lf_frame *frame = create(NULL, 4);
    assert_int_equal(fill(frame, 10), LF_OK);
    /* Old values must not shine through after a clear. */
    lf_frame_clear(frame);
    assert_int_equal(lf_frame_row_count(frame), 0);
    assert_int_equal(lf_frame_append(frame, 10), LF_OK);
    for (size_t i = 0; i < 10; i++) {
        assert_int_equal(lf_frame_i64(frame, TIME)[i], 0);
        assert_int_equal(lf_frame_bool(frame, VALID)[i], 0);
        assert_int_equal(lf_frame_i64(frame, COUNT)[i], 0);
        assert_true(isnan(lf_frame_f64(frame, VALUE)[i]));
        assert_string_equal(lf_frame_text(frame, SYMBOL, i), "");
    }
    assert_int_equal(lf_frame_append(frame, SIZE_MAX), LF_NOMEM);
    assert_int_equal(lf_frame_append(frame, SIZE_MAX / 2), LF_NOMEM);
    assert_int_equal(lf_frame_row_count(frame), 10);
    lf_frame_destroy(frame);
}

static void test_growth(void **state)
{
    (void)state;
    lf_frame *frame = create(NULL, 0);
    size_t total = 0;
    for (size_t piece = 0; piece < 60; piece++) {
        assert_int_equal(fill(frame, piece), LF_OK);
        total += piece;
    }
    assert_int_equal(lf_frame_row_count(frame), total);
    for (size_t i = 0; i < total; i++) {
        check_row(frame, i, i);
    }
    for (size_t column = 0; column < COLUMNS; column++) {
        if (specs[column].kind == LF_COLUMN_F64) {
            assert_int_equal((uintptr_t)lf_frame_f64(frame, column) % 64, 0);
        }
    }
    lf_frame_destroy(frame);
}

/* Columns of another table, with texts of the borrower's own. */
static void borrow_from(lf_frame *frame, lf_frame *owner)
{
    void *columns[COLUMNS] = {0};
    for (size_t i = 0; i < COLUMNS; i++) {
        columns[i] = specs[i].kind == LF_COLUMN_F64    ? (void *)lf_frame_f64(owner, i)
                     : specs[i].kind == LF_COLUMN_BOOL ? (void *)lf_frame_bool(owner, i)
                     : specs[i].kind == LF_COLUMN_TEXT ? NULL
                                                       : (void *)lf_frame_i64(owner, i);
    }
    const size_t rows = lf_frame_row_count(owner);
    assert_int_equal(lf_frame_borrow(frame, columns, rows), LF_OK);
    assert_int_equal(lf_frame_row_count(frame), rows);
    for (size_t i = 0; i < COLUMNS; i++) {
        for (size_t row = 0; row < rows && specs[i].kind == LF_COLUMN_TEXT; row++) {
            assert_string_equal(lf_frame_text(frame, i, row), "");
            assert_int_equal(
                lf_frame_set_text(frame, i, row, 1, lf_frame_text(owner, i, row)), LF_OK
            );
        }
    }
}

static void check_rows(lf_frame *frame, size_t rows)
{
    assert_int_equal(lf_frame_row_count(frame), rows);
    for (size_t i = 0; i < rows; i++) {
        check_row(frame, i, i);
    }
}

static void test_borrow(void **state)
{
    (void)state;
    lf_frame *few = create(NULL, 0), *many = create(NULL, 0), *frame = create(NULL, 10);
    assert_int_equal(fill(few, 7), LF_OK);
    assert_int_equal(fill(many, 500), LF_OK);
    assert_int_equal(fill(frame, 9), LF_OK);
    for (int round = 0; round < 3; round++) {
        borrow_from(frame, many);
        check_rows(frame, 500);
        borrow_from(frame, few);
        check_rows(frame, 7);
    }
    /* What is added goes to a copy: the owner's rows stay as they are. */
    assert_int_equal(fill(frame, 3), LF_OK);
    check_rows(frame, 10);
    check_rows(few, 7);
    borrow_from(frame, few);
    lf_frame_clear(frame);
    assert_int_equal(fill(frame, 20), LF_OK);
    check_rows(frame, 20);
    check_rows(few, 7);
    /* The borrower's end is not the owner's, nor that of what was exported. */
    struct ArrowArrayStream stream;
    lf_frame *copy = NULL;
    borrow_from(frame, many);
    assert_int_equal(lf_frame_export(frame, &stream, NULL), LF_OK);
    lf_frame_destroy(frame);
    check_rows(many, 500);
    lf_frame_destroy(many);
    assert_int_equal(lf_frame_import(NULL, &stream, "copy", &copy, NULL), LF_OK);
    check_rows(copy, 500);
    lf_frame_destroy(copy);
    lf_frame_destroy(few);
}

static void test_set_text_range(void **state)
{
    (void)state;
    lf_frame *frame = create(NULL, 0);
    assert_int_equal(lf_frame_append(frame, 100), LF_OK);
    assert_int_equal(lf_frame_set_text(frame, SYMBOL, 10, 80, "GOOG"), LF_OK);
    assert_int_equal(lf_frame_set_text(frame, SYMBOL, 100, 0, "none"), LF_OK);
    for (size_t i = 0; i < 100; i++) {
        assert_string_equal(lf_frame_text(frame, SYMBOL, i), i >= 10 && i < 90 ? "GOOG" : "");
    }
    lf_frame_destroy(frame);
}

static void test_concat(void **state)
{
    (void)state;
    lf_frame *one = create(NULL, 0);
    lf_frame *two = create(NULL, 0);
    assert_int_equal(fill(one, 3), LF_OK);
    assert_int_equal(fill(two, 250), LF_OK);
    assert_int_equal(lf_frame_set_text(two, SYMBOL, 249, 1, "only here"), LF_OK);
    assert_int_equal(lf_frame_concat(one, two), LF_OK);
    assert_int_equal(lf_frame_row_count(one), 253);
    for (size_t i = 0; i < 252; i++) {
        check_row(one, i, i < 3 ? i : i - 3);
    }
    assert_string_equal(lf_frame_text(one, SYMBOL, 252), "only here");
    /* A table with itself. */
    assert_int_equal(lf_frame_concat(two, two), LF_OK);
    assert_int_equal(lf_frame_row_count(two), 500);
    check_row(two, 260, 10);

    lf_frame *other;
    assert_int_equal(lf_frame_create(NULL, specs, COLUMNS - 1, 0, &other, NULL), LF_OK);
    assert_int_equal(lf_frame_concat(one, other), LF_MISMATCH);
    lf_frame_destroy(other);
    lf_column_spec renamed[COLUMNS];
    memcpy(renamed, specs, sizeof specs);
    renamed[COUNT].name = "counts";
    assert_int_equal(lf_frame_create(NULL, renamed, COLUMNS, 0, &other, NULL), LF_OK);
    assert_int_equal(lf_frame_concat(one, other), LF_MISMATCH);
    assert_int_equal(lf_frame_row_count(one), 253);
    lf_frame_destroy(other);
    lf_frame_destroy(one);
    lf_frame_destroy(two);
}

static void test_cast(void **state)
{
    (void)state;
    lf_frame *frame = create(NULL, 0);
    lf_error error;
    assert_int_equal(fill(frame, 20), LF_OK);
    assert_int_equal(lf_frame_cast(frame, COUNT, LF_COLUMN_F64, &error), LF_OK);
    assert_true(lf_frame_f64(frame, COUNT)[19] == -19.0);
    assert_int_equal(lf_frame_cast(frame, COUNT, LF_COLUMN_TIME, &error), LF_OK);
    assert_int_equal(lf_frame_i64(frame, COUNT)[19], -19);
    assert_int_equal(lf_frame_cast(frame, COUNT, LF_COLUMN_I64, &error), LF_OK);
    assert_int_equal(lf_frame_cast(frame, COUNT, LF_COLUMN_BOOL, &error), LF_RANGE);
    assert_non_null(strstr(error.message, "Row 1 of the column \"count\""));
    assert_int_equal(lf_frame_column(frame, COUNT).kind, LF_COLUMN_I64);
    assert_int_equal(lf_frame_cast(frame, VALID, LF_COLUMN_I64, &error), LF_OK);
    assert_int_equal(lf_frame_i64(frame, VALID)[3], 1);
    assert_int_equal(lf_frame_cast(frame, VALID, LF_COLUMN_BOOL, &error), LF_OK);
    assert_int_equal(lf_frame_bool(frame, VALID)[3], 1);
    assert_int_equal(lf_frame_cast(frame, VALUE, LF_COLUMN_I64, &error), LF_RANGE);
    assert_int_equal(lf_frame_cast(frame, SYMBOL, LF_COLUMN_F64, &error), LF_RANGE);
    assert_int_equal(lf_frame_cast(frame, VALUE, LF_COLUMN_TEXT, &error), LF_RANGE);
    static const double refused[] = {NAN, INFINITY, -INFINITY, 0.5, 0x1p63, -0x1p64};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        memset(lf_frame_f64(frame, VALUE), 0, 20 * sizeof(double));
        lf_frame_f64(frame, VALUE)[11] = refused[i];
        assert_int_equal(lf_frame_cast(frame, VALUE, LF_COLUMN_I64, &error), LF_RANGE);
    }
    lf_frame_i64(frame, TIME)[0] = (INT64_C(1) << 53) + 1;
    assert_int_equal(lf_frame_cast(frame, TIME, LF_COLUMN_F64, &error), LF_RANGE);
    lf_frame_destroy(frame);
}

static lf_status use_everything(const lf_allocator *allocator)
{
    lf_frame *frame = NULL;
    lf_frame *other = NULL;
    lf_error error;
    lf_status status = lf_frame_create(allocator, specs, COLUMNS, 2, &frame, &error);
    if (status == LF_OK) {
        status = fill(frame, 150);
    }
    if (status == LF_OK) {
        status = lf_frame_create(allocator, specs, COLUMNS, 0, &other, &error);
    }
    if (status == LF_OK) {
        const size_t rows = lf_frame_row_count(other);
        status = lf_frame_concat(other, frame);
        assert_int_equal(lf_frame_row_count(other), status == LF_OK ? rows + 150 : rows);
    }
    if (status == LF_OK) {
        status = lf_frame_cast(other, COUNT, LF_COLUMN_F64, &error);
    }
    if (status == LF_OK) {
        int64_t numbers[40] = {0};
        void *columns[COLUMNS] = {numbers, NULL, numbers, numbers, numbers};
        status = lf_frame_borrow(frame, columns, 40);
        assert_int_equal(lf_frame_row_count(frame), status == LF_OK ? 40 : 0);
    }
    lf_frame_destroy(frame);
    lf_frame_destroy(other);
    return status;
}

static void test_without_memory(void **state)
{
    (void)state;
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        const lf_status status = use_everything(&memory.allocator);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            assert_true(n > 100);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
    }
}

static void test_silence(void **state)
{
    (void)state;
    lf_testing_memory memory;
    lf_testing_memory_start(&memory, UINT64_MAX);
    lf_frame *frame = create(&memory.allocator, 1000);
    assert_int_equal(fill(frame, 1000), LF_OK);
    const uint64_t calls = memory.calls;
    /* Known texts and rows within the capacity take no memory. */
    lf_frame_clear(frame);
    assert_int_equal(fill(frame, 1000), LF_OK);
    assert_true(memory.calls == calls);
    lf_frame_destroy(frame);
    assert_int_equal(memory.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shape),
        cmocka_unit_test(test_bad_specs),
        cmocka_unit_test(test_new_rows_are_empty),
        cmocka_unit_test(test_growth),
        cmocka_unit_test(test_borrow),
        cmocka_unit_test(test_set_text_range),
        cmocka_unit_test(test_concat),
        cmocka_unit_test(test_cast),
        cmocka_unit_test(test_without_memory),
        cmocka_unit_test(test_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
