/*
 * Goal: statuses have names, errors say where, hints find the meant word.
 * Method: tables of calls and the exact text they must give.
 */
#include <lobflow/base.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_names(void **state)
{
    (void)state;
#define CHECK_NAME(name, code, text) \
    assert_int_equal(LF_##name, code); \
    assert_string_equal(lf_status_name(LF_##name), #name); \
    assert_string_equal(lf_status_text(LF_##name), text);
    LF_STATUS_MAP(CHECK_NAME)
#undef CHECK_NAME
    assert_string_equal(lf_status_name((lf_status)999), "UNKNOWN");
    assert_string_equal(lf_status_text((lf_status)999), "unknown status");
}

static void test_set(void **state)
{
    (void)state;
    lf_error error;
    memset(&error, 'x', sizeof error);
    assert_int_equal(lf_error_set(&error, LF_RANGE, "Step must be > 0, not %d.", -3), LF_RANGE);
    assert_int_equal(error.status, LF_RANGE);
    assert_int_equal(error.line, LF_POSITION_NONE);
    assert_int_equal(error.byte_offset, LF_POSITION_NONE);
    assert_string_equal(error.file, "");
    assert_string_equal(error.message, "Step must be > 0, not -3.");
    assert_int_equal(lf_error_set(NULL, LF_IO, "nobody listens"), LF_IO);
    assert_int_equal(lf_error_set_at(NULL, LF_IO, "f", 1, 1, "nobody listens"), LF_IO);
}

static void test_set_at(void **state)
{
    (void)state;
    const struct {
        int64_t line, byte_offset;
        const char *message;
    } rows[] = {
        {12, LF_POSITION_NONE, "a.zip:b.csv:12: price is \"x\"."},
        {12, 99, "a.zip:b.csv:12: price is \"x\"."},
        {LF_POSITION_NONE, 99, "a.zip:b.csv: byte 99: price is \"x\"."},
        {LF_POSITION_NONE, LF_POSITION_NONE, "a.zip:b.csv: price is \"x\"."},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lf_error error;
        const lf_status status = lf_error_set_at(
            &error,
            LF_FORMAT,
            "a.zip:b.csv",
            rows[i].line,
            rows[i].byte_offset,
            "price is \"%s\".",
            "x"
        );
        assert_int_equal(status, LF_FORMAT);
        assert_int_equal(error.line, rows[i].line);
        assert_int_equal(error.byte_offset, rows[i].byte_offset);
        assert_string_equal(error.file, "a.zip:b.csv");
        assert_string_equal(error.message, rows[i].message);
    }
}

static void test_wraps_its_own_message(void **state)
{
    (void)state;
    lf_error error;
    (void)lf_error_set(&error, LF_IO, "inner");
    (void)lf_error_set_at(
        &error, LF_IO, "f", LF_POSITION_NONE, LF_POSITION_NONE, "outer: %s", error.message
    );
    assert_string_equal(error.message, "f: outer: inner");
}

static void test_long_texts_are_cut(void **state)
{
    (void)state;
    char text[3000];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 2] = 'z';
    text[sizeof text - 1] = '\0';
    lf_error error;
    (void)lf_error_set_at(&error, LF_IO, text, 1, LF_POSITION_NONE, "%s", text);
    assert_int_equal(strlen(error.file), sizeof error.file - 1);
    assert_memory_equal(error.file, "...a", 4);
    assert_int_equal(error.file[sizeof error.file - 2], 'z');
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
}

static void test_suggest(void **state)
{
    (void)state;
    static const char *const known[] = {"features", "impact", "inspect", "train", "step", "--step"};
    const struct {
        const char *word;
        const char *meant;
    } rows[] = {
        {"feature", "features"},
        {"faetures", "features"},
        {"inpsect", "inspect"},
        {"impcat", "impact"},
        {"stpe", "step"},
        {"stp", "step"},
        {"st", NULL},
        {"", NULL},
        {"train", "train"},
        {"banana", NULL},
        {"a-word-far-too-long-to-be-any-of-the-names-that-this-program-knows-at-all", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *got = lf_suggest(rows[i].word, known, sizeof known / sizeof known[0]);
        if (rows[i].meant == NULL) {
            assert_null(got);
        } else {
            assert_non_null(got);
            assert_string_equal(got, rows[i].meant);
        }
    }
    assert_null(lf_suggest("step", NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_set_at),
        cmocka_unit_test(test_wraps_its_own_message),
        cmocka_unit_test(test_long_texts_are_cut),
        cmocka_unit_test(test_suggest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
