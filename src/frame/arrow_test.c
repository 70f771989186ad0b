/*
 * Goal: tables go out as Arrow data and come back; layouts of other programs are taken; whoever
 * holds a batch keeps its memory and nobody else does.
 * Method: export and import round trips, hand-made arrays of every layout, moved children, releases
 * in any order, every allocation failing in turn.
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

static lf_status create(const lf_allocator *allocator, size_t rows, lf_frame **out)
{
    static const lf_column_spec specs[COLUMNS] = {
        {"ts_event", LF_COLUMN_TIME},
        {"symbol", LF_COLUMN_TEXT},
        {"valid", LF_COLUMN_BOOL},
        {"count", LF_COLUMN_I64},
        {"value", LF_COLUMN_F64},
    };
    lf_status status = lf_frame_create(allocator, specs, COLUMNS, rows, out, NULL);
    if (status == LF_OK) {
        status = lf_frame_append(*out, rows);
    }
    for (size_t i = 0; status == LF_OK && i < rows; i++) {
        lf_frame_i64(*out, TIME)[i] = (int64_t)i * 1000 + 7;
        lf_frame_bool(*out, VALID)[i] = i % 3 == 0;
        lf_frame_i64(*out, COUNT)[i] = -(int64_t)i;
        lf_frame_f64(*out, VALUE)[i] = i % 5 == 0 ? NAN : (double)i / 8;
        status = lf_frame_set_text(*out, SYMBOL, i, 1, i % 2 == 0 ? "GOOG" : "\xc3\xa4 \"x\",");
    }
    return status;
}

static void check_equal(lf_frame *a, lf_frame *b)
{
    const size_t rows = lf_frame_row_count(a);
    assert_int_equal(lf_frame_row_count(b), rows);
    assert_int_equal(lf_frame_column_count(b), COLUMNS);
    for (size_t i = 0; i < COLUMNS; i++) {
        assert_string_equal(lf_frame_column(a, i).name, lf_frame_column(b, i).name);
        assert_int_equal(lf_frame_column(a, i).kind, lf_frame_column(b, i).kind);
    }
    assert_memory_equal(lf_frame_i64(a, TIME), lf_frame_i64(b, TIME), rows * 8);
    assert_memory_equal(lf_frame_i64(a, COUNT), lf_frame_i64(b, COUNT), rows * 8);
    assert_memory_equal(lf_frame_f64(a, VALUE), lf_frame_f64(b, VALUE), rows * 8);
    assert_memory_equal(lf_frame_bool(a, VALID), lf_frame_bool(b, VALID), rows);
    for (size_t i = 0; i < rows; i++) {
        assert_string_equal(lf_frame_text(a, SYMBOL, i), lf_frame_text(b, SYMBOL, i));
    }
}

static void test_round_trip(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 7, 8, 9, 1000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        lf_frame *frame;
        lf_frame *back;
        struct ArrowArrayStream stream;
        lf_error error;
        assert_int_equal(create(NULL, sizes[i], &frame), LF_OK);
        assert_int_equal(lf_frame_export(frame, &stream, &error), LF_OK);
        assert_int_equal(lf_frame_import(NULL, &stream, "memory", &back, &error), LF_OK);
        assert_null(stream.release);
        check_equal(frame, back);
        lf_frame_destroy(frame);
        lf_frame_destroy(back);
    }
}

static void test_schema(void **state)
{
    (void)state;
    lf_frame *frame;
    struct ArrowArrayStream stream;
    assert_int_equal(create(NULL, 3, &frame), LF_OK);
    assert_int_equal(lf_frame_export(frame, &stream, NULL), LF_OK);
    lf_frame_destroy(frame);
    static const char *const formats[COLUMNS] = {"tsn:UTC", "u", "b", "l", "g"};
    struct ArrowSchema schema;
    struct ArrowSchema again;
    assert_int_equal(stream.get_schema(&stream, &schema), 0);
    assert_int_equal(stream.get_schema(&stream, &again), 0);
    again.release(&again);
    assert_string_equal(schema.format, "+s");
    assert_int_equal(schema.n_children, COLUMNS);
    for (size_t i = 0; i < COLUMNS; i++) {
        assert_string_equal(schema.children[i]->format, formats[i]);
    }
    assert_string_equal(schema.children[VALUE]->name, "value");
    schema.release(&schema);
    assert_null(schema.release);
    stream.release(&stream);
}

/* A consumer may take one child, drop all the rest, and the table may be gone and written over. */
static void test_moved_child(void **state)
{
    (void)state;
    lf_testing_memory memory;
    lf_testing_memory_start(&memory, UINT64_MAX);
    lf_frame *frame;
    struct ArrowArrayStream stream;
    assert_int_equal(create(&memory.allocator, 100, &frame), LF_OK);
    assert_int_equal(lf_frame_export(frame, &stream, NULL), LF_OK);
    struct ArrowArray batch;
    struct ArrowArray end;
    assert_int_equal(stream.get_next(&stream, &batch), 0);
    assert_int_equal(stream.get_next(&stream, &end), 0);
    assert_null(end.release);
    stream.release(&stream);

    /* Shared, not copied. */
    assert_ptr_equal(batch.children[VALUE]->buffers[1], lf_frame_f64(frame, VALUE));
    /* Rows after the export go to new memory. */
    lf_frame_clear(frame);
    assert_int_equal(lf_frame_append(frame, 50), LF_OK);
    assert_ptr_not_equal(batch.children[VALUE]->buffers[1], lf_frame_f64(frame, VALUE));
    lf_frame_destroy(frame);

    struct ArrowArray moved = *batch.children[COUNT];
    batch.children[COUNT]->release = NULL;
    batch.release(&batch);
    assert_null(batch.release);
    for (int64_t i = 0; i < 100; i++) {
        assert_int_equal(((const int64_t *)moved.buffers[1])[i], -i);
    }
    assert_true(memory.live > 0);
    moved.release(&moved);
    assert_int_equal(memory.live, 0);
}

static void test_unread_stream(void **state)
{
    (void)state;
    lf_testing_memory memory;
    lf_testing_memory_start(&memory, UINT64_MAX);
    lf_frame *frame;
    struct ArrowArrayStream stream;
    assert_int_equal(create(&memory.allocator, 10, &frame), LF_OK);
    assert_int_equal(lf_frame_export(frame, &stream, NULL), LF_OK);
    lf_frame_destroy(frame);
    stream.release(&stream);
    assert_int_equal(memory.live, 0);
}

/* ---- arrays of other programs ---- */

/* One column handed out as a table of one batch, without any memory of its own. */
typedef struct foreign {
    struct ArrowSchema schema, child_schema, dictionary_schema;
    struct ArrowArray array, child, dictionary;
    struct ArrowSchema *schema_children[1];
    struct ArrowArray *children[1];
    const void *buffers[4];
    const void *dictionary_buffers[3];
    const void *none[1];
    bool done;
    int fail_next;
} foreign;

static void release_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void release_array(struct ArrowArray *array)
{
    array->release = NULL;
}

static void release_stream(struct ArrowArrayStream *stream)
{
    stream->release = NULL;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    foreign *from = stream->private_data;
    *out = from->schema;
    return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    foreign *from = stream->private_data;
    memset(out, 0, sizeof *out);
    if (!from->done) {
        *out = from->array;
        from->done = true;
    }
    return from->fail_next;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return "the cable broke";
}

/* validity, data and extra are the buffers; rows start at offset. */
static struct ArrowArrayStream begin_foreign(
    foreign *from,
    const char *format,
    int64_t rows,
    int64_t offset,
    const void *validity,
    const void *data,
    const void *extra
)
{
    memset(from, 0, sizeof *from);
    from->child_schema =
        (struct ArrowSchema){.format = format, .name = "x", .release = release_schema};
    from->schema_children[0] = &from->child_schema;
    from->schema = (struct ArrowSchema){
        .format = "+s",
        .name = "",
        .n_children = 1,
        .children = from->schema_children,
        .release = release_schema,
    };
    from->buffers[0] = validity;
    from->buffers[1] = data;
    from->buffers[2] = extra;
    from->child = (struct ArrowArray){
        .length = rows,
        .null_count = validity != NULL ? -1 : 0,
        .offset = offset,
        .n_buffers = extra != NULL ? 3 : 2,
        .buffers = from->buffers,
        .release = release_array,
    };
    from->children[0] = &from->child;
    from->array = (struct ArrowArray){
        .length = rows,
        .n_buffers = 1,
        .buffers = from->none,
        .n_children = 1,
        .children = from->children,
        .release = release_array,
    };
    return (struct ArrowArrayStream){get_schema, get_next, get_last_error, release_stream, from};
}

static void test_numbers_of_any_width(void **state)
{
    (void)state;
    /* Each array holds 99 in front, which the offset skips, then -1 or 200, then 3. */
    const struct {
        const char *format;
        const void *data;
        lf_column_kind kind;
        double first, second;
    } rows[] = {
        {"c", (const int8_t[]){99, -1, 3}, LF_COLUMN_I64, -1, 3},
        {"C", (const uint8_t[]){99, 200, 3}, LF_COLUMN_I64, 200, 3},
        {"s", (const int16_t[]){99, -1, 3}, LF_COLUMN_I64, -1, 3},
        {"S", (const uint16_t[]){99, 40000, 3}, LF_COLUMN_I64, 40000, 3},
        {"i", (const int32_t[]){99, -1, 3}, LF_COLUMN_I64, -1, 3},
        {"I", (const uint32_t[]){99, 3000000000U, 3}, LF_COLUMN_I64, 3000000000.0, 3},
        {"l", (const int64_t[]){99, -1, 3}, LF_COLUMN_I64, -1, 3},
        {"L", (const uint64_t[]){99, 200, 3}, LF_COLUMN_I64, 200, 3},
        {"e", (const uint16_t[]){0, 0xbc00, 0x4248}, LF_COLUMN_F64, -1, 3.140625},
        {"e", (const uint16_t[]){0, 0x0001, 0x7c00}, LF_COLUMN_F64, 0x1p-24, INFINITY},
        {"f", (const float[]){99, -1.5F, 3}, LF_COLUMN_F64, -1.5, 3},
        {"g", (const double[]){99, -1.5, 3}, LF_COLUMN_F64, -1.5, 3},
        {"tss:", (const int64_t[]){99, -1, 3}, LF_COLUMN_TIME, -1e9, 3e9},
        {"tsm:Asia/Tokyo", (const int64_t[]){99, -1, 3}, LF_COLUMN_TIME, -1e6, 3e6},
        {"tsu:UTC", (const int64_t[]){99, -1, 3}, LF_COLUMN_TIME, -1e3, 3e3},
        {"tsn:", (const int64_t[]){99, -1, 3}, LF_COLUMN_TIME, -1, 3},
        {"tdD", (const int32_t[]){99, -1, 3}, LF_COLUMN_TIME, -86400e9, 3 * 86400e9},
        {"tdm", (const int64_t[]){99, -1, 3}, LF_COLUMN_TIME, -1e6, 3e6},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        foreign from;
        struct ArrowArrayStream stream =
            begin_foreign(&from, rows[i].format, 2, 1, NULL, rows[i].data, NULL);
        lf_frame *frame;
        lf_error error;
        assert_int_equal(lf_frame_import(NULL, &stream, "test", &frame, &error), LF_OK);
        assert_int_equal(lf_frame_row_count(frame), 2);
        assert_int_equal(lf_frame_column(frame, 0).kind, rows[i].kind);
        if (rows[i].kind == LF_COLUMN_F64) {
            assert_true(lf_frame_f64(frame, 0)[0] == rows[i].first);
            assert_true(lf_frame_f64(frame, 0)[1] == rows[i].second);
        } else {
            assert_int_equal(lf_frame_i64(frame, 0)[0], (int64_t)rows[i].first);
            assert_int_equal(lf_frame_i64(frame, 0)[1], (int64_t)rows[i].second);
        }
        lf_frame_destroy(frame);
    }
}

static void check_texts(lf_frame *frame, const char *first, const char *second)
{
    assert_int_equal(lf_frame_row_count(frame), 2);
    assert_int_equal(lf_frame_column(frame, 0).kind, LF_COLUMN_TEXT);
    assert_string_equal(lf_frame_text(frame, 0, 0), first);
    assert_string_equal(lf_frame_text(frame, 0, 1), second);
    lf_frame_destroy(frame);
}

static void test_texts_of_any_layout(void **state)
{
    (void)state;
    foreign from;
    lf_frame *frame;
    struct ArrowArrayStream stream =
        begin_foreign(&from, "u", 2, 1, NULL, (const int32_t[]){0, 2, 5, 5}, "xxabc");
    assert_int_equal(lf_frame_import(NULL, &stream, "test", &frame, NULL), LF_OK);
    check_texts(frame, "abc", "");

    stream = begin_foreign(&from, "U", 2, 1, NULL, (const int64_t[]){0, 2, 5, 6}, "xxabcd");
    assert_int_equal(lf_frame_import(NULL, &stream, "test", &frame, NULL), LF_OK);
    check_texts(frame, "abc", "d");

    unsigned char views[32] = {0};
    memcpy(views, (const int32_t[]){3}, 4);
    memcpy(views + 4, "abc", 3);
    memcpy(views + 16, (const int32_t[]){14, 0, 0, 2}, 16);
    stream = begin_foreign(&from, "vu", 2, 0, NULL, views, "--fourteen bytes");
    assert_int_equal(lf_frame_import(NULL, &stream, "test", &frame, NULL), LF_OK);
    check_texts(frame, "abc", "fourteen bytes");
}

static struct ArrowArrayStream begin_dictionary(foreign *from, const uint8_t *codes)
{
    struct ArrowArrayStream stream = begin_foreign(from, "C", 2, 0, NULL, codes, NULL);
    from->dictionary_schema =
        (struct ArrowSchema){.format = "u", .name = "", .release = release_schema};
    from->child_schema.dictionary = &from->dictionary_schema;
    static const int32_t offsets[] = {0, 1, 3, 6};
    from->dictionary_buffers[1] = offsets;
    from->dictionary_buffers[2] = "abbccc";
    from->dictionary = (struct ArrowArray
    ){.length = 3, .n_buffers = 3, .buffers = from->dictionary_buffers, .release = release_array};
    from->child.dictionary = &from->dictionary;
    return stream;
}

static void test_dictionaries(void **state)
{
    (void)state;
    foreign from;
    lf_frame *frame;
    lf_error error;
    struct ArrowArrayStream stream = begin_dictionary(&from, (const uint8_t[]){2, 0});
    assert_int_equal(lf_frame_import(NULL, &stream, "test", &frame, &error), LF_OK);
    check_texts(frame, "ccc", "a");
    stream = begin_dictionary(&from, (const uint8_t[]){2, 3});
    assert_int_equal(lf_frame_import(NULL, &stream, "test", &frame, &error), LF_DATA);
    assert_null(frame);
    assert_non_null(strstr(error.message, "row 1 of the column \"x\" points outside"));
    stream = begin_dictionary(&from, (const uint8_t[]){0, 0});
    from.dictionary_schema.format = "l";
    assert_int_equal(lf_frame_import(NULL, &stream, "test", &frame, &error), LF_UNSUPPORTED);
}

static void test_missing_values(void **state)
{
    (void)state;
    /* The second of the rows behind the offset is missing. */
    static const uint8_t validity[] = {0x03};
    const struct {
        const char *format;
        const void *data;
        const void *extra;
        lf_status status;
    } rows[] = {
        {"g", (const double[]){0, 1, 2}, NULL, LF_OK},
        {"f", (const float[]){0, 1, 2}, NULL, LF_OK},
        {"tsn:", (const int64_t[]){0, 1, 2}, NULL, LF_OK},
        {"u", (const int32_t[]){0, 0, 1, 2}, "ab", LF_OK},
        {"l", (const int64_t[]){0, 1, 2}, NULL, LF_DATA},
        {"b", (const uint8_t[]){7}, NULL, LF_DATA},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        foreign from;
        lf_frame *frame;
        lf_error error;
        struct ArrowArrayStream stream =
            begin_foreign(&from, rows[i].format, 2, 1, validity, rows[i].data, rows[i].extra);
        assert_int_equal(lf_frame_import(NULL, &stream, "test", &frame, &error), rows[i].status);
        if (rows[i].status != LF_OK) {
            assert_null(frame);
            assert_non_null(strstr(error.message, "row 1 of the column \"x\" is missing"));
            continue;
        }
        switch (lf_frame_column(frame, 0).kind) {
        case LF_COLUMN_F64:
            assert_true(lf_frame_f64(frame, 0)[0] == 1);
            assert_true(isnan(lf_frame_f64(frame, 0)[1]));
            break;
        case LF_COLUMN_TIME:
            assert_int_equal(lf_frame_i64(frame, 0)[0], 1);
            assert_true(lf_frame_i64(frame, 0)[1] == LF_TIME_NONE);
            break;
        default:
            assert_string_equal(lf_frame_text(frame, 0, 0), "a");
            assert_string_equal(lf_frame_text(frame, 0, 1), "");
        }
        lf_frame_destroy(frame);
    }
}

static void test_refusals(void **state)
{
    (void)state;
    foreign from;
    lf_frame *frame;
    lf_error error;
    struct ArrowArrayStream stream;
    static const char *const formats[] = {"n", "z", "d:19,3", "+l", "ttn", "tDn", "", "gg"};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        stream = begin_foreign(&from, formats[i], 1, 0, NULL, (const int64_t[]){0, 0}, NULL);
        assert_int_equal(lf_frame_import(NULL, &stream, "f.arrow", &frame, &error), LF_UNSUPPORTED);
        assert_null(frame);
        assert_string_equal(error.file, "f.arrow");
        assert_non_null(strstr(error.message, "the column \"x\""));
    }
    stream = begin_foreign(&from, "L", 1, 0, NULL, (const uint64_t[]){UINT64_MAX}, NULL);
    assert_int_equal(lf_frame_import(NULL, &stream, "test", &frame, &error), LF_DATA);
    stream = begin_foreign(&from, "tss:", 1, 0, NULL, (const int64_t[]){INT64_MAX / 2}, NULL);
    assert_int_equal(lf_frame_import(NULL, &stream, "test", &frame, &error), LF_DATA);
    assert_non_null(strstr(error.message, "does not fit into 64 bits"));
    stream = begin_foreign(&from, "l", 1, 0, NULL, (const int64_t[]){1}, NULL);
    from.schema.format = "l";
    assert_int_equal(lf_frame_import(NULL, &stream, "test", &frame, &error), LF_UNSUPPORTED);
    stream = begin_foreign(&from, "l", 1, 0, NULL, (const int64_t[]){1}, NULL);
    from.fail_next = 5;
    assert_int_equal(lf_frame_import(NULL, &stream, "test", &frame, &error), LF_IO);
    assert_non_null(strstr(error.message, "the cable broke"));
    assert_null(frame);
}

static lf_status go_round(const lf_allocator *allocator)
{
    lf_frame *frame = NULL;
    lf_frame *back = NULL;
    struct ArrowArrayStream stream;
    lf_status status = create(allocator, 20, &frame);
    if (status == LF_OK) {
        status = lf_frame_export(frame, &stream, NULL);
    }
    lf_frame_destroy(frame);
    if (status == LF_OK) {
        status = lf_frame_import(allocator, &stream, "memory", &back, NULL);
        /* The exporter can only say that something failed. */
        status = status == LF_IO ? LF_NOMEM : status;
    }
    lf_frame_destroy(back);
    return status;
}

static void test_without_memory(void **state)
{
    (void)state;
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        const lf_status status = go_round(&memory.allocator);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            assert_true(n > 50);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_schema),
        cmocka_unit_test(test_moved_child),
        cmocka_unit_test(test_unread_stream),
        cmocka_unit_test(test_numbers_of_any_width),
        cmocka_unit_test(test_texts_of_any_layout),
        cmocka_unit_test(test_dictionaries),
        cmocka_unit_test(test_missing_values),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
