/*
 * Goal: a CSV keeps every value, its text is the shortest, and a broken file names its line.
 * Method: exact file contents, round trips, tables of texts with the kinds and values they must
 * give, every allocation failing in turn.
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
#include "frame_internal.h"

static lf_frame *create_sample(void)
{
    const lf_column_spec specs[] = {
        {"ts_event", LF_COLUMN_TIME},
        {"symbol", LF_COLUMN_TEXT},
        {"valid", LF_COLUMN_BOOL},
        {"a \"b\", c", LF_COLUMN_I64},
        {"value", LF_COLUMN_F64},
    };
    lf_frame *frame;
    assert_int_equal(lf_frame_create(NULL, specs, 5, 0, &frame, NULL), LF_OK);
    assert_int_equal(lf_frame_append(frame, 4), LF_OK);
    static const char *const texts[] = {"GOOG", "", "a,\"b\"\r\nc", "42"};
    static const double values[] = {0.1, NAN, -1e-7, 100};
    for (size_t i = 0; i < 4; i++) {
        lf_frame_i64(frame, 0)[i] = INT64_C(1340285400000000000) + (int64_t)i;
        assert_int_equal(lf_frame_set_text(frame, 1, i, 1, texts[i]), LF_OK);
        lf_frame_bool(frame, 2)[i] = i % 2;
        lf_frame_i64(frame, 3)[i] = i == 0 ? INT64_MIN : (int64_t)i;
        lf_frame_f64(frame, 4)[i] = values[i];
    }
    return frame;
}

static void test_exact_text(void **state)
{
    const char *path = lf_testing_path(*state, "sample.csv");
    lf_frame *frame = create_sample();
    lf_error error;
    assert_int_equal(lf_frame_write(frame, path, &error), LF_OK);
    lf_frame_destroy(frame);
    char *text;
    size_t bytes;
    assert_int_equal(lf_file_read_all(NULL, path, &text, &bytes, &error), LF_OK);
    assert_string_equal(
        text,
        "ts_event,symbol,valid,\"a \"\"b\"\", c\",value\n"
        "1340285400000000000,GOOG,0,-9223372036854775808,0.1\n"
        "1340285400000000001,\"\",1,1,nan\n"
        "1340285400000000002,\"a,\"\"b\"\"\r\nc\",0,2,-1e-07\n"
        "1340285400000000003,\"42\",1,3,100\n"
    );
    lf_release(NULL, text);
}

static void test_round_trip(void **state)
{
    const char *path = lf_testing_path(*state, "sample.csv");
    lf_frame *frame = create_sample();
    lf_frame *back;
    lf_error error;
    assert_int_equal(lf_frame_write(frame, path, &error), LF_OK);
    assert_int_equal(lf_frame_read(path, &back, &error), LF_OK);
    assert_true(lfi_frame_same_columns(frame, back));
    assert_int_equal(lf_frame_row_count(back), 4);
    assert_memory_equal(lf_frame_i64(frame, 0), lf_frame_i64(back, 0), 32);
    assert_memory_equal(lf_frame_bool(frame, 2), lf_frame_bool(back, 2), 4);
    assert_memory_equal(lf_frame_i64(frame, 3), lf_frame_i64(back, 3), 32);
    for (size_t i = 0; i < 4; i++) {
        const double wanted = lf_frame_f64(frame, 4)[i];
        const double found = lf_frame_f64(back, 4)[i];
        assert_true(wanted == found || (isnan(wanted) && isnan(found)));
        assert_string_equal(lf_frame_text(frame, 1, i), lf_frame_text(back, 1, i));
    }
    lf_frame_destroy(frame);
    lf_frame_destroy(back);
}

static void test_long_texts(void **state)
{
    const char *path = lf_testing_path(*state, "long.csv");
    static char text[20000];
    memset(text, 'x', sizeof text - 1);
    for (size_t i = 0; i < sizeof text - 1; i += 97) {
        text[i] = '"';
    }
    const lf_column_spec spec = {"t", LF_COLUMN_TEXT};
    lf_frame *frame;
    lf_frame *back;
    assert_int_equal(lf_frame_create(NULL, &spec, 1, 0, &frame, NULL), LF_OK);
    assert_int_equal(lf_frame_append(frame, 3), LF_OK);
    assert_int_equal(lf_frame_set_text(frame, 0, 1, 2, text), LF_OK);
    assert_int_equal(lf_frame_write(frame, path, NULL), LF_OK);
    assert_int_equal(lf_frame_read(path, &back, NULL), LF_OK);
    assert_int_equal(lf_frame_row_count(back), 3);
    assert_string_equal(lf_frame_text(back, 0, 0), "");
    assert_string_equal(lf_frame_text(back, 0, 2), text);
    lf_frame_destroy(frame);
    lf_frame_destroy(back);
}

/* A byte order mark that belongs to a name or a text is not taken for the file's own. */
static void test_mark_in_name(void **state)
{
    const char *path = lf_testing_path(*state, "mark.csv");
    const lf_column_spec spec = {"\xef\xbb\xbfname", LF_COLUMN_TEXT};
    lf_frame *frame;
    lf_frame *back;
    assert_int_equal(lf_frame_create(NULL, &spec, 1, 0, &frame, NULL), LF_OK);
    assert_int_equal(lf_frame_append(frame, 1), LF_OK);
    assert_int_equal(lf_frame_set_text(frame, 0, 0, 1, "\xef\xbb\xbftext"), LF_OK);
    assert_int_equal(lf_frame_write(frame, path, NULL), LF_OK);
    assert_int_equal(lf_frame_read(path, &back, NULL), LF_OK);
    assert_string_equal(lf_frame_column(back, 0).name, spec.name);
    assert_string_equal(lf_frame_text(back, 0, 0), "\xef\xbb\xbftext");
    lf_frame_destroy(frame);
    lf_frame_destroy(back);
}

static void test_kinds(void **state)
{
    const char *path = lf_testing_path(*state, "kinds.csv");
    const struct {
        const char *text;
        lf_column_kind kind;
        size_t rows;
    } rows[] = {
        {"x\n1\n-2\n", LF_COLUMN_I64, 2},
        {"x\r\n1\r\n-2\r\n", LF_COLUMN_I64, 2},
        {"\xef\xbb\xbfx\n1\n", LF_COLUMN_I64, 1},
        {"x\n1\n2", LF_COLUMN_I64, 2},
        {"x\n0\n1\n", LF_COLUMN_I64, 2},
        {"valid\n0\n1\n", LF_COLUMN_BOOL, 2},
        {"valid\n0\n2\n", LF_COLUMN_I64, 2},
        {"x\ntrue\nFalse\n", LF_COLUMN_BOOL, 2},
        {"ts_event\n1\n2\n", LF_COLUMN_TIME, 2},
        {"ts_event\n1.5\n", LF_COLUMN_F64, 1},
        {"ts_event\n", LF_COLUMN_TIME, 0},
        {"x\n", LF_COLUMN_F64, 0},
        {"x", LF_COLUMN_F64, 0},
        {"x\n1\nnan\n", LF_COLUMN_F64, 2},
        {"x\n1\n\n2\n", LF_COLUMN_F64, 3},
        {"x\n1e3\n", LF_COLUMN_F64, 1},
        {"x\n9223372036854775808\n", LF_COLUMN_F64, 1},
        {"x\n\"1\"\n", LF_COLUMN_TEXT, 1},
        {"x\n1\nabc\n", LF_COLUMN_TEXT, 2},
        {"x\n 1\n", LF_COLUMN_TEXT, 1},
        {"x\n\"two\nlines\"\n", LF_COLUMN_TEXT, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lf_frame *frame;
        lf_error error;
        assert_int_equal(
            lf_file_write_atomic(path, rows[i].text, strlen(rows[i].text), NULL), LF_OK
        );
        assert_int_equal(lf_frame_read(path, &frame, &error), LF_OK);
        assert_int_equal(lf_frame_column(frame, 0).kind, rows[i].kind);
        assert_int_equal(lf_frame_row_count(frame), rows[i].rows);
        lf_frame_destroy(frame);
    }
}

static void test_values_of_others(void **state)
{
    const char *path = lf_testing_path(*state, "other.csv");
    static const char text[] = "name,x,flag,\"q\"\"q\"\r\n"
                               "\"a \"\"b\"\"\",,true,\"\"\r\n"
                               "\r\n"
                               "plain,2.5,false,7\r\n";
    lf_frame *frame;
    assert_int_equal(lf_file_write_atomic(path, text, sizeof text - 1, NULL), LF_OK);
    assert_int_equal(lf_frame_read(path, &frame, NULL), LF_OK);
    assert_int_equal(lf_frame_row_count(frame), 2);
    assert_string_equal(lf_frame_column(frame, 3).name, "q\"q");
    assert_string_equal(lf_frame_text(frame, 0, 0), "a \"b\"");
    assert_string_equal(lf_frame_text(frame, 0, 1), "plain");
    assert_true(isnan(lf_frame_f64(frame, 1)[0]));
    assert_true(lf_frame_f64(frame, 1)[1] == 2.5);
    assert_int_equal(lf_frame_bool(frame, 2)[0], 1);
    assert_int_equal(lf_frame_bool(frame, 2)[1], 0);
    assert_string_equal(lf_frame_text(frame, 3, 1), "7");
    lf_frame_destroy(frame);
}

static void test_broken_files(void **state)
{
    const char *path = lf_testing_path(*state, "broken.csv");
    const struct {
        const char *text;
        int64_t line;
        lf_status status;
        const char *part;
    } rows[] = {
        {"", 1, LF_FORMAT, "empty"},
        {"a,\"b\n", 1, LF_FORMAT, "not closed"},
        {"a,b\n1,2\n3\n", 3, LF_FORMAT, "2 columns, but this line has 1"},
        {"a,b\n1,2\n\n3,4,5\n", 4, LF_FORMAT, "more than 2"},
        {"a,b\n1,\"2\n", 2, LF_FORMAT, "a quote is not closed"},
        {"a,b\n1,\"2\"x\n", 2, LF_FORMAT, "text follows one"},
        {"a,b\n\"1\n1\",2\n3\n", 4, LF_FORMAT, "has 1"},
        {"a,a\n1,2\n", LF_POSITION_NONE, LF_RANGE, "same name \"a\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lf_frame *frame = (lf_frame *)&frame;
        lf_error error;
        assert_int_equal(
            lf_file_write_atomic(path, rows[i].text, strlen(rows[i].text), NULL), LF_OK
        );
        assert_int_equal(lf_frame_read(path, &frame, &error), rows[i].status);
        assert_null(frame);
        assert_int_equal(error.line, rows[i].line);
        assert_non_null(strstr(error.message, rows[i].part));
    }
    lf_frame *frame;
    lf_error error;
    assert_int_equal(
        lf_frame_read(lf_testing_path(*state, "none.csv"), &frame, &error), LF_NOT_FOUND
    );
}

/* No prefix of a file, and no file with one byte changed, may crash the reader. */
static void test_damaged_files(void **state)
{
    const char *path = lf_testing_path(*state, "damaged.csv");
    char text[] = "ts_event,\"s\"\"s\",valid,x\n1,\"a\nb\",1,nan\r\n2,\"\",0,1e300\n3,c,1,\n";
    const size_t bytes = sizeof text - 1;
    static const char changes[] = {'"', ',', '\n', '\r', 'x', '\0'};
    size_t read = 0;
    for (size_t i = 0; i < bytes; i++) {
        for (size_t c = 0; c <= sizeof changes; c++) {
            const char kept = text[i];
            const size_t length = c == sizeof changes ? i : bytes;
            text[i] = c == sizeof changes ? kept : changes[c];
            lf_frame *frame;
            assert_int_equal(lf_file_write_atomic(path, text, length, NULL), LF_OK);
            read += lf_frame_read(path, &frame, NULL) == LF_OK ? 1 : 0;
            lf_frame_destroy(frame);
            text[i] = kept;
        }
    }
    assert_true(read > 0);
}

static void test_without_memory(void **state)
{
    const char *path = lf_testing_path(*state, "hunger.csv");
    lf_frame *sample = create_sample();
    assert_int_equal(lf_frame_write(sample, path, NULL), LF_OK);
    lf_frame_destroy(sample);
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        lf_frame *frame;
        lf_error error;
        lf_status status = lfi_csv_read(&memory.allocator, path, &frame, &error);
        if (status == LF_OK) {
            status = lf_frame_write(frame, path, &error);
        }
        lf_frame_destroy(frame);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
        assert_int_equal(error.status, LF_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact_text),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_long_texts),
        cmocka_unit_test(test_mark_in_name),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_values_of_others),
        cmocka_unit_test(test_broken_files),
        cmocka_unit_test(test_damaged_files),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, lf_testing_home_make, lf_testing_home_remove);
}
