/*
 * Goal: the page shows the numbers of the metrics, dashes for what is undefined, and never more
 * than 100 columns. Method: the small run of report_testing.h, made-up metrics with huge numbers
 * and long texts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report_testing.h"

static char *text_of(int days, bool filled, const char *title)
{
    testing_run t;
    testing_run_make(&t, days, filled, filled);
    lf_report_facts facts = testing_facts();
    facts.title = title;
    char *metrics = NULL;
    char *text = NULL;
    assert_int_equal(lf_report_metrics(&t.run, &facts, &metrics, NULL), LF_OK);
    assert_int_equal(lf_report_text(NULL, metrics, &text, NULL), LF_OK);
    lf_release(NULL, metrics);
    testing_run_end(&t);
    return text;
}

static void check_width(const char *text)
{
    size_t lines = 0;
    while (*text != '\0') {
        const size_t bytes = strcspn(text, "\n");
        size_t columns = 0;
        for (size_t i = 0; i < bytes; i++) {
            columns += ((unsigned char)text[i] & 0xC0) != 0x80;
        }
        assert_true(columns <= 100);
        assert_true(bytes == 0 || text[bytes - 1] != ' ');
        assert_int_equal(text[bytes], '\n');
        text += bytes + 1;
        lines++;
    }
    assert_in_range(lines, 30, 60);
}

static void test_numbers(void **state)
{
    (void)state;
    char *text = text_of(2, true, "T 2012-06-21");
    check_width(text);
    assert_int_equal(strncmp(text, "T 2012-06-21\n", 13), 0);
    assert_non_null(strstr(text, "  at the mid            4.00\n"));
    assert_non_null(strstr(text, "  - spread              2.00\n"));
    assert_non_null(strstr(text, "  = gross               2.00       1.0000\n"));
    assert_non_null(strstr(text, "  = NET                 1.20       0.6000\n"));
    assert_non_null(strstr(text, "net is 0 at 0.500 bps a side (0.00500 a share); paid 0.200 bps"));
    assert_non_null(strstr(text, "largest fall 10.30 (2012-06-22T10:02 to 2012-06-22T10:03 UTC)"));
    assert_non_null(strstr(text, "losing days 1 of 2"));
    assert_non_null(strstr(
        text,
        "  in by maker               1       -4.00        0.00       -1.00       -0.10       -5.10"
    ));
    assert_non_null(strstr(
        text,
        "  out: hold                 1       10.00       -2.00       -1.00       -0.70        6.30"
    ));
    assert_non_null(strstr(
        text,
        "  all                       2        6.00       -2.00       -2.00       -0.80        1.20"
    ));
    assert_non_null(strstr(text, "EXECUTION  5 orders, 80.0 % filled (passive 50.0 %)"));
    assert_non_null(strstr(text, "- after 5 min\n"));
    assert_non_null(strstr(text, "  - 2 trades are too few to judge a strategy by.\n"));
    lf_release(NULL, text);
}

static void test_undefined(void **state)
{
    (void)state;
    char *text = text_of(1, false, "quiet");
    check_width(text);
    assert_null(strstr(text, "nan"));
    assert_null(strstr(text, "-0.00"));
    assert_null(strstr(text, "WHERE IT CAME FROM"));
    assert_non_null(strstr(text, "net is 0 at - bps a side (- a share); paid - bps"));
    lf_release(NULL, text);
}

/* A long title of two-byte letters is cut between letters. */
static void test_long_title(void **state)
{
    (void)state;
    char title[601];
    for (size_t i = 0; i < 600; i += 2) {
        memcpy(title + i, "\xC3\xA9", 2);
    }
    title[600] = '\0';
    char *text = text_of(2, true, title);
    check_width(text);
    assert_int_equal(strcspn(text, "\n") % 2, 0);
    lf_release(NULL, text);
}

static const char huge[] =
    "{\"signal\": {}, \"execution\": {\"orders\": 123456789012345678}, \"risk\": {}, \"costs\": {},"
    "\"pnl\": {\"gross\": -1e300, \"net\": 99999999.999, \"sharpe\": {\"daily_net\": {\"annual\": "
    "1e20,"
    "\"annual_interval\": [-1e200, 1e200]}}}, \"meta\": {\"in_sample\": true},"
    "\"variants\": [{\"name\": \"a name that is far longer than its column\", \"net\": "
    "-123456789.5}],"
    "\"warnings\": "
    "[\"Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.\", \"Many words make a sentence that must be broken "
    "where there is a blank, and then goes on in the next line.\"]}";

static void test_huge(void **state)
{
    (void)state;
    char *text = NULL;
    assert_int_equal(lf_report_text(NULL, huge, &text, NULL), LF_OK);
    check_width(text);
    assert_int_equal(strncmp(text, "run (IN SAMPLE)\n", 16), 0);
    assert_non_null(strstr(text, "es on in the\n    next line."));
    lf_release(NULL, text);
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "{", "[]", "{}", "{\"signal\": {}, \"execution\": {}, \"pnl\": 3}"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        char *text = NULL;
        assert_int_equal(lf_report_text(NULL, texts[i], &text, NULL), LF_FORMAT);
        assert_null(text);
    }
}

static void test_failing_memory(void **state)
{
    (void)state;
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        char *text = NULL;
        const lf_status status = lf_report_text(&memory.allocator, huge, &text, NULL);
        lf_release(&memory.allocator, text);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_undefined),
        cmocka_unit_test(test_long_title),
        cmocka_unit_test(test_huge),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
