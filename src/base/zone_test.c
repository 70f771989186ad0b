/*
 * Goal: local times of exchanges become the right instants on every day of every year.
 * Method: known instants around the changes of daylight saving, rules against their definition, a
 * walk over years against the inverse, and zone files that are broken on purpose.
 */
#include <lobflow/base.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"
#include "base_internal.h"

#define HOUR_NS (60 * LF_NS_PER_MINUTE)
#define HM(hours, minutes) ((hours)*HOUR_NS + (minutes)*LF_NS_PER_MINUTE)

/* A bare machine may have no tzdata; then only UTC and the rules can be tested. */
static lf_zone *open_zone(const char *name)
{
    lf_zone *zone;
    lf_error error;
    const lf_status status = lf_zone_create(NULL, name, &zone, &error);
    if (status == LF_NOT_FOUND && access("/usr/share/zoneinfo", R_OK) != 0) {
        print_message("skipped: no tzdata\n");
        skip();
    }
    assert_int_equal(status, LF_OK);
    return zone;
}

static void test_known_times(void **state)
{
    (void)state;
    const struct {
        const char *zone;
        lf_date date;
        int64_t local_ns;
        const char *utc;
    } rows[] = {
        {"America/New_York", {2012, 6, 21}, HM(9, 30), "2012-06-21T13:30:00.000000000Z"},
        {"America/New_York", {2012, 1, 3}, HM(9, 30), "2012-01-03T14:30:00.000000000Z"},
        /* The day that springs forward: 02:00 to 03:00 do not happen. */
        {"America/New_York", {2012, 3, 11}, HM(1, 59), "2012-03-11T06:59:00.000000000Z"},
        {"America/New_York", {2012, 3, 11}, HM(2, 0), "2012-03-11T07:00:00.000000000Z"},
        {"America/New_York", {2012, 3, 11}, HM(2, 30), "2012-03-11T07:00:00.000000000Z"},
        {"America/New_York", {2012, 3, 11}, HM(3, 0), "2012-03-11T07:00:00.000000000Z"},
        {"America/New_York", {2012, 3, 11}, HM(9, 30), "2012-03-11T13:30:00.000000000Z"},
        /* The day that falls back: 01:00 to 02:00 happen twice. */
        {"America/New_York", {2012, 11, 4}, HM(0, 59), "2012-11-04T04:59:00.000000000Z"},
        {"America/New_York", {2012, 11, 4}, HM(1, 30), "2012-11-04T05:30:00.000000000Z"},
        {"America/New_York", {2012, 11, 4}, HM(2, 0), "2012-11-04T07:00:00.000000000Z"},
        {"America/New_York", {2012, 11, 4}, HM(16, 0), "2012-11-04T21:00:00.000000000Z"},
        /* Beyond the day, before it, and parts of a second. */
        {"America/New_York", {2012, 6, 20}, HM(33, 30), "2012-06-21T13:30:00.000000000Z"},
        {"America/New_York", {2012, 6, 22}, -HM(14, 30), "2012-06-21T13:30:00.000000000Z"},
        {"America/New_York", {2012, 6, 21}, HM(9, 30) + 1, "2012-06-21T13:30:00.000000001Z"},
        {"America/New_York", {2012, 6, 21}, -1, "2012-06-21T03:59:59.999999999Z"},
        {"America/Chicago", {2012, 6, 21}, HM(8, 30), "2012-06-21T13:30:00.000000000Z"},
        {"America/Chicago", {2024, 12, 2}, HM(17, 0), "2024-12-02T23:00:00.000000000Z"},
        /* Behind the table: the footer's rule. */
        {"America/New_York", {2050, 7, 1}, HM(9, 30), "2050-07-01T13:30:00.000000000Z"},
        {"America/New_York", {2050, 1, 3}, HM(9, 30), "2050-01-03T14:30:00.000000000Z"},
        {"America/New_York", {2050, 3, 13}, HM(2, 30), "2050-03-13T07:00:00.000000000Z"},
        {"Australia/Sydney", {2050, 1, 3}, HM(10, 0), "2050-01-02T23:00:00.000000000Z"},
        {"Australia/Sydney", {2050, 7, 1}, HM(10, 0), "2050-07-01T00:00:00.000000000Z"},
        {"Asia/Kolkata", {2024, 7, 1}, HM(9, 15), "2024-07-01T03:45:00.000000000Z"},
        {"Asia/Tokyo", {2050, 7, 1}, HM(9, 0), "2050-07-01T00:00:00.000000000Z"},
        {"UTC", {2012, 6, 21}, HM(13, 30), "2012-06-21T13:30:00.000000000Z"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lf_zone *zone = open_zone(rows[i].zone);
        char text[32];
        lf_time_format(lf_zone_to_utc(zone, rows[i].date, rows[i].local_ns), text);
        assert_string_equal(text, rows[i].utc);
        lf_zone_destroy(zone);
    }
}

static void test_offsets(void **state)
{
    (void)state;
    lf_zone *zone = open_zone("America/New_York");
    /* 2012-03-11T07:00Z and 2012-11-04T06:00Z. */
    const int64_t spring = INT64_C(1331449200) * LF_NS_PER_SECOND;
    const int64_t autumn = INT64_C(1352008800) * LF_NS_PER_SECOND;
    assert_int_equal(lf_zone_offset_s(zone, spring - 1), -5 * 3600);
    assert_int_equal(lf_zone_offset_s(zone, spring), -4 * 3600);
    assert_int_equal(lf_zone_offset_s(zone, autumn - 1), -4 * 3600);
    assert_int_equal(lf_zone_offset_s(zone, autumn), -5 * 3600);
    /* Local mean time before 1883. */
    assert_int_equal(lf_zone_offset_s(zone, -INT64_C(3000000000) * LF_NS_PER_SECOND), -17762);
    lf_zone_destroy(zone);
}

/* Every quarter of an hour of some years: there and back again. */
static void test_inverse(void **state)
{
    (void)state;
    static const char *const names[] = {
        "America/New_York", "Europe/London", "Australia/Sydney", "Asia/Tokyo", "UTC"};
    static const int32_t years[] = {2006, 2012, 2037, 2038, 2100};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        lf_zone *zone = open_zone(names[i]);
        for (size_t y = 0; y < sizeof years / sizeof years[0]; y++) {
            const int64_t first = lf_date_to_days((lf_date){years[y], 1, 1}) * LF_NS_PER_DAY;
            for (int64_t t = first; t < first + 366 * LF_NS_PER_DAY; t += HOUR_NS / 4) {
                const int64_t offset = lf_zone_offset_s(zone, t);
                const int64_t local = t + offset * LF_NS_PER_SECOND;
                const int64_t got = lf_zone_to_utc(zone, (lf_date){1970, 1, 1}, local);
                /* The second pass through a doubled hour gives the first. */
                if (got != t) {
                    assert_true(got < t && t - got == HOUR_NS);
                    assert_int_equal(got + lf_zone_offset_s(zone, got) * LF_NS_PER_SECOND, local);
                }
            }
        }
        lf_zone_destroy(zone);
    }
}

static void test_rules(void **state)
{
    (void)state;
    const struct {
        const char *rule;
        lf_date date;
        int64_t utc_s; /* since midnight UTC of the date */
        int32_t offset_s;
    } rows[] = {
        {"EST5EDT,M3.2.0,M11.1.0", {2050, 3, 13}, 7 * 3600 - 1, -18000},
        {"EST5EDT,M3.2.0,M11.1.0", {2050, 3, 13}, 7 * 3600, -14400},
        {"EST5EDT,M3.2.0,M11.1.0", {2050, 11, 6}, 6 * 3600 - 1, -14400},
        {"EST5EDT,M3.2.0,M11.1.0", {2050, 11, 6}, 6 * 3600, -18000},
        {"CET-1CEST,M3.5.0,M10.5.0/3", {2024, 3, 31}, 3600, 7200},
        {"CET-1CEST,M3.5.0,M10.5.0/3", {2024, 10, 27}, 3600, 3600},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", {2050, 12, 31}, 0, 39600},
        {"<+0330>-3:30", {2050, 12, 31}, 0, 12600},
        {"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", {2024, 3, 31}, 3600 - 1, -10800},
        {"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", {2024, 3, 31}, 3600, -7200},
        {"IST-1GMT0,M10.5.0,M3.5.0/1", {2024, 7, 1}, 0, 3600},
        {"IST-1GMT0,M10.5.0,M3.5.0/1", {2024, 1, 1}, 0, 0},
        /* Daylight saving all year. */
        {"EST5EDT,0/0,J365/25", {2050, 1, 1}, 43200, -14400},
        {"EST5EDT,0/0,J365/25", {2050, 12, 31}, 43200, -14400},
        /* J60 is 1 March in every year, 59 only in common ones. */
        {"AAA0BBB,J60/0,J300/0", {2024, 2, 29}, 86399, 0},
        {"AAA0BBB,J60/0,J300/0", {2024, 3, 1}, 0, 3600},
        {"AAA0BBB,59/0,300/0", {2024, 2, 29}, 0, 3600},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lfi_zone_rule rule;
        assert_true(lfi_zone_rule_parse(rows[i].rule, &rule));
        const int64_t time_s = lf_date_to_days(rows[i].date) * 86400 + rows[i].utc_s;
        assert_int_equal(lfi_zone_rule_offset_s(&rule, time_s), rows[i].offset_s);
    }
    static const char *const bad[] = {
        "E5",
        "EST",
        "EST5EDT",
        "EST5EDT,M3.2.0",
        "EST5EDT,M13.2.0,M11.1.0",
        "EST5EDT,M3.6.0,M11.1.0",
        "EST5EDT,M3.2.7,M11.1.0",
        "EST5EDT,M3.2.0,M11.1.0x",
        "EST999",
        "EST25",
        "<EST5",
        "EST5EDT,J0,J1",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        lfi_zone_rule rule;
        assert_false(lfi_zone_rule_parse(bad[i], &rule));
    }
}

static void test_not_found(void **state)
{
    (void)state;
    const struct {
        const char *name;
        const char *part;
    } rows[] = {
        {"America/New_Yrok", "did you mean \"America/New_York\"?"},
        {"Mars/Olympus", "tzdata"},
        {"", "tzdata"},
        {"../../etc/passwd", "tzdata"},
        {"/etc/passwd", "tzdata"},
        {"America", "tzdata"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lf_zone *zone = (lf_zone *)&zone;
        lf_error error;
        assert_int_equal(lf_zone_create(NULL, rows[i].name, &zone, &error), LF_NOT_FOUND);
        assert_null(zone);
        assert_non_null(strstr(error.message, rows[i].part));
    }
    lf_zone_destroy(NULL);
}

/* A small zone file: one change at 1000000000 s from +1 h to +2 h, and a rule. */
static size_t make_zone_file(unsigned char out[256])
{
    static const unsigned char header[44] = {'T', 'Z', 'i', 'f', '2', [35] = 1, [39] = 2, [43] = 4};
    static const unsigned char types[] = {0, 0, 14, 16, 0, 0, 0, 0, 28, 32, 1, 0, 'A', 'B', 'C', 0};
    size_t n = 0;
    memcpy(out, header, 44);
    n += 44;
    memcpy(out + n, (unsigned char[]){0x3b, 0x9a, 0xca, 0x00, 1}, 5);
    n += 5;
    memcpy(out + n, types, sizeof types);
    n += sizeof types;
    memcpy(out + n, header, 44);
    n += 44;
    memcpy(out + n, (unsigned char[]){0, 0, 0, 0, 0x3b, 0x9a, 0xca, 0x00, 1}, 9);
    n += 9;
    memcpy(out + n, types, sizeof types);
    n += sizeof types;
    memcpy(out + n, "\nABC-3\n", 7);
    return n + 7;
}

static void test_own_files(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    assert_int_equal(setenv("TZDIR", folder.path, 1), 0);
    unsigned char data[256];
    const size_t bytes = make_zone_file(data);
    const char *path = lf_testing_path(&folder, "Own");
    lf_zone *zone;
    lf_error error;

    assert_int_equal(lf_file_write_atomic(path, data, bytes, NULL), LF_OK);
    assert_int_equal(lf_zone_create(NULL, "Own", &zone, &error), LF_OK);
    assert_int_equal(lf_zone_offset_s(zone, 999999999 * LF_NS_PER_SECOND), 3600);
    /* The change is the last one, so the rule holds from there on. */
    assert_int_equal(lf_zone_offset_s(zone, 1000000000 * LF_NS_PER_SECOND), 10800);
    lf_zone_destroy(zone);

    /* No prefix of the file is a zone, and no single wrong byte may crash the reader. */
    for (size_t cut = 0; cut < bytes; cut++) {
        assert_int_equal(lf_file_write_atomic(path, data, cut, NULL), LF_OK);
        assert_int_equal(lf_zone_create(NULL, "Own", &zone, &error), LF_FORMAT);
        assert_null(zone);
        assert_non_null(strstr(error.message, "RFC 8536"));
    }
    for (size_t i = 0; i < bytes; i++) {
        data[i] ^= 0xff;
        assert_int_equal(lf_file_write_atomic(path, data, bytes, NULL), LF_OK);
        if (lf_zone_create(NULL, "Own", &zone, &error) == LF_OK) {
            (void)lf_zone_to_utc(zone, (lf_date){2012, 6, 21}, 0);
        }
        lf_zone_destroy(zone);
        data[i] ^= 0xff;
    }
    assert_int_equal(unsetenv("TZDIR"), 0);
    lf_testing_folder_remove(&folder);
}

static void test_without_memory(void **state)
{
    (void)state;
    lf_zone_destroy(open_zone("America/New_York"));
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        lf_zone *zone;
        lf_error error;
        const lf_status status =
            lf_zone_create(&memory.allocator, "America/New_York", &zone, &error);
        lf_zone_destroy(zone);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
        assert_null(zone);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_times),
        cmocka_unit_test(test_offsets),
        cmocka_unit_test(test_inverse),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_not_found),
        cmocka_unit_test(test_own_files),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
