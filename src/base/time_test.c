/*
 * Goal: dates, times and durations survive the way to text and back.
 * Method: known pairs, a walk over every day of 2400 years, tables of texts that must be refused.
 */
#include <lobflow/base.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_known_days(void **state)
{
    (void)state;
    const struct {
        lf_date date;
        int64_t days;
    } rows[] = {
        {{1970, 1, 1}, 0},
        {{1969, 12, 31}, -1},
        {{2000, 2, 29}, 11016},
        {{2000, 3, 1}, 11017},
        {{2012, 6, 21}, 15512},
        {{1900, 3, 1}, -25508},
        {{1, 1, 1}, -719162},
        {{9999, 12, 31}, 2932896},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(lf_date_to_days(rows[i].date), rows[i].days);
    }
}

/* Independent of the code under test: a calendar that is turned day by day. */
static lf_date next_day(lf_date date)
{
    static const int32_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0);
    const int32_t length = lengths[date.month - 1] + (date.month == 2 && leap ? 1 : 0);
    date.day++;
    if (date.day > length) {
        date.day = 1;
        date.month++;
    }
    if (date.month > 12) {
        date.month = 1;
        date.year++;
    }
    return date;
}

static void test_every_day(void **state)
{
    (void)state;
    lf_date date = {1, 1, 1};
    for (int64_t days = -719162; date.year < 2401; days++) {
        const lf_date got = lf_date_from_days(days);
        assert_int_equal(got.year, date.year);
        assert_int_equal(got.month, date.month);
        assert_int_equal(got.day, date.day);
        assert_int_equal(lf_date_to_days(date), days);
        date = next_day(date);
    }
}

static void test_date_text(void **state)
{
    (void)state;
    static const char *const good[] = {"2012-06-21", "20120621"};
    for (size_t i = 0; i < 2; i++) {
        lf_date date;
        assert_int_equal(lf_date_parse(good[i], &date), LF_OK);
        char text[11];
        lf_date_format(date, text);
        assert_string_equal(text, "2012-06-21");
    }
    static const char *const bad[] = {
        "",
        "2012-6-21",
        "2012/06/21",
        "2012-13-01",
        "2012-00-01",
        "2012-02-30",
        "2011-02-29",
        "1900-02-29",
        "2012062",
        "201206211",
        "2012-06-21 ",
        "abcd-06-21",
        "2012-06-0x",
        "2012-06-31",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        lf_date date = {7, 7, 7};
        assert_int_equal(lf_date_parse(bad[i], &date), LF_RANGE);
        assert_int_equal(date.year, 7);
    }
}

static void test_time_text(void **state)
{
    (void)state;
    const struct {
        int64_t time_ns;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000000000Z"},
        {-1, "1969-12-31T23:59:59.999999999Z"},
        {INT64_C(1340285400000000001), "2012-06-21T13:30:00.000000001Z"},
        {INT64_MAX, "2262-04-11T23:47:16.854775807Z"},
        {INT64_MIN + 1, "1677-09-21T00:12:43.145224193Z"},
        {LF_TIME_NONE, "none"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[32];
        lf_time_format(rows[i].time_ns, text);
        assert_string_equal(text, rows[i].text);
    }
}

static void test_duration_parse(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int64_t ns;
    } rows[] = {
        {"0", 0},
        {"250", 250},
        {"250ns", 250},
        {"500us", 500000},
        {"100ms", 100000000},
        {"1s", LF_NS_PER_SECOND},
        {"1.5s", 1500000000},
        {"0.1us", 100},
        {"0.000000001s", 1},
        {"1min", LF_NS_PER_MINUTE},
        {"5min", 5 * LF_NS_PER_MINUTE},
        {"1h", 60 * LF_NS_PER_MINUTE},
        {"2d", 2 * LF_NS_PER_DAY},
        {"-3ms", -3000000},
        {"+3ms", 3000000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ns;
        assert_int_equal(lf_duration_parse(rows[i].text, &ns), LF_OK);
        assert_int_equal(ns, rows[i].ns);
    }
    static const char *const bad[] = {
        "",
        "s",
        "-",
        ".5s",
        "1.s",
        "1.5",
        "0.5ns",
        "1 s",
        "1sec",
        "1S",
        "1e3",
        "1s ",
        "--1s",
        "9223372036854775808",
        "100000000000s",
        "0.0000000001s",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t ns = 77;
        assert_int_equal(lf_duration_parse(bad[i], &ns), LF_RANGE);
        assert_int_equal(ns, 77);
    }
}

static void test_duration_format(void **state)
{
    (void)state;
    const struct {
        int64_t ns;
        const char *text;
    } rows[] = {
        {0, "0ns"},
        {250, "250ns"},
        {1500, "1500ns"},
        {100000000, "100ms"},
        {90 * LF_NS_PER_SECOND, "90s"},
        {LF_NS_PER_MINUTE, "1min"},
        {120 * LF_NS_PER_MINUTE, "2h"},
        {LF_NS_PER_DAY, "1d"},
        {-LF_NS_PER_MINUTE, "-1min"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[32];
        lf_duration_format(rows[i].ns, text);
        assert_string_equal(text, rows[i].text);
        int64_t back;
        assert_int_equal(lf_duration_parse(text, &back), LF_OK);
        assert_int_equal(back, rows[i].ns);
    }
}

static void test_clock(void **state)
{
    (void)state;
    int64_t last = lf_clock_monotonic_ns();
    for (int i = 0; i < 1000; i++) {
        const int64_t now = lf_clock_monotonic_ns();
        assert_true(now >= last);
        last = now;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_days),
        cmocka_unit_test(test_every_day),
        cmocka_unit_test(test_date_text),
        cmocka_unit_test(test_time_text),
        cmocka_unit_test(test_duration_parse),
        cmocka_unit_test(test_duration_format),
        cmocka_unit_test(test_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
