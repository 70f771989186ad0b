/*
 * Goal: numbers become the shortest text and come back as the same bits.
 * Method: known texts, the hard cases of the rounding interval, random bit patterns (fixed seed)
 * with the libc as judge of shortness and nearness, texts that must be refused.
 */
#include <lobflow/base.h>

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEED 20120621

static void test_known_doubles(void **state)
{
    (void)state;
    const struct {
        double value;
        const char *text;
    } rows[] = {
        {0.0, "0"},
        {-0.0, "-0"},
        {1.0, "1"},
        {-42.0, "-42"},
        {0.1, "0.1"},
        {0.3, "0.3"},
        {0.1 + 0.2, "0.30000000000000004"},
        {100.0, "100"},
        {1234.5678, "1234.5678"},
        {0.001, "0.001"},
        {0.0001, "0.0001"},
        {0.00001, "1e-05"},
        {1.5e-7, "1.5e-07"},
        {1e15, "1000000000000000"},
        {1e16, "1e+16"},
        {1e22, "1e+22"},
        {1e23, "1e+23"},
        {9007199254740991.0, "9007199254740991"},
        {9007199254740992.0, "9007199254740992"},
        {9007199254740994.0, "9007199254740994"},
        {0x1p60, "1.152921504606847e+18"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {DBL_MIN, "2.2250738585072014e-308"},
        {0x1p-1074, "5e-324"},
        {0x0.fffffffffffffp-1022, "2.225073858507201e-308"},
        {2.0 / 3.0, "0.6666666666666666"},
        {5e-324, "5e-324"},
        {9.5367431640625e-07, "9.5367431640625e-07"},
        {INFINITY, "inf"},
        {-INFINITY, "-inf"},
        {NAN, "nan"},
        {-NAN, "nan"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[LF_DOUBLE_TEXT_BYTES];
        const size_t bytes = lf_double_format(rows[i].value, text);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(bytes, strlen(text));
        double back;
        assert_int_equal(lf_double_parse(text, bytes, &back), LF_OK);
        if (isnan(rows[i].value)) {
            assert_true(isnan(back));
        } else {
            assert_memory_equal(&back, &rows[i].value, sizeof back);
        }
    }
}

static int significant_digits(const char *text)
{
    int count = 0;
    int zeros = 0;
    for (; *text != '\0' && *text != 'e'; text++) {
        if (*text < '0' || *text > '9') {
            continue;
        }
        if (*text == '0') {
            zeros += count > 0 ? 1 : 0;
        } else {
            count += zeros + 1;
            zeros = 0;
        }
    }
    return count;
}

/* The libc with as many digits as needed is the slow and sure way. */
static void check_against_libc(double value)
{
    char text[LF_DOUBLE_TEXT_BYTES];
    const size_t bytes = lf_double_format(value, text);
    double back;
    assert_int_equal(lf_double_parse(text, bytes, &back), LF_OK);
    assert_memory_equal(&back, &value, sizeof value);
    assert_true(strtod(text, NULL) == value);

    char slow[64];
    int precision = 1;
    do {
        (void)snprintf(slow, sizeof slow, "%.*e", precision - 1, value);
        precision++;
    } while (strtod(slow, NULL) != value);
    const int digits = significant_digits(text);
    /* One digit less is never enough; the same number may be reached with fewer by %e's zeros. */
    assert_int_equal(digits, significant_digits(slow));
}

static void test_random_doubles(void **state)
{
    (void)state;
    lf_random random;
    lf_random_seed(&random, SEED, 0);
    for (int i = 0; i < 60000; i++) {
        const uint64_t bits = lf_random_next(&random);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (i % 3 == 1) {
            value = lf_random_normal(&random) * 100;
        } else if (i % 3 == 2) {
            value = (double)(int64_t)lf_random_below(&random, 1000000000) / 10000;
        }
        if (isfinite(value)) {
            check_against_libc(value);
        }
    }
}

/* Powers of two have a rounding interval that is narrower below. */
static void test_powers_of_two(void **state)
{
    (void)state;
    for (int e = -1074; e <= 1023; e++) {
        const double value = ldexp(1.0, e);
        char text[LF_DOUBLE_TEXT_BYTES];
        const size_t bytes = lf_double_format(value, text);
        double back;
        assert_int_equal(lf_double_parse(text, bytes, &back), LF_OK);
        assert_true(back == value);
        check_against_libc(nextafter(value, INFINITY));
        if (e > -1074) {
            check_against_libc(nextafter(value, 0.0));
        }
    }
}

static void test_parse_like_strtod(void **state)
{
    (void)state;
    lf_random random;
    lf_random_seed(&random, SEED, 1);
    for (int i = 0; i < 200000; i++) {
        char text[80];
        const int exponent = (int)lf_random_below(&random, 80) - 40;
        const int decimals = (int)lf_random_below(&random, 20);
        int bytes;
        if (i % 2 == 0) {
            bytes = snprintf(
                text, sizeof text, "%.*fe%d", decimals, lf_random_normal(&random), exponent
            );
        } else {
            bytes = snprintf(text, sizeof text, "%.*g", decimals, lf_random_normal(&random) * 1e6);
        }
        double value;
        assert_int_equal(lf_double_parse(text, (size_t)bytes, &value), LF_OK);
        const double wanted = strtod(text, NULL);
        assert_memory_equal(&value, &wanted, sizeof value);
    }
}

/* Any digits with any exponent, and decimals that lie on or next to the half of two doubles. */
static void test_parse_hard_cases(void **state)
{
    (void)state;
    static const char *const halves[] = {
        "9007199254740993",
        "9007199254740995",
        "9007199254740992.9",
        "9007199254740993.0001",
        "18014398509481990e0",
        "1e23",
        "8.5e22",
        "2.2250738585072011e-308",
        "2.2250738585072014e-308",
        "4.9406564584124654e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "6929495644600919.5",
        "3.518437208883201171875e13",
        "9223372036854775807",
    };
    for (size_t i = 0; i < sizeof halves / sizeof halves[0]; i++) {
        double value;
        const double wanted = strtod(halves[i], NULL);
        assert_int_equal(lf_double_parse(halves[i], strlen(halves[i]), &value), LF_OK);
        assert_memory_equal(&value, &wanted, sizeof value);
    }
    lf_random random;
    lf_random_seed(&random, SEED, 2);
    for (int i = 0; i < 300000; i++) {
        char text[80];
        uint64_t digits = lf_random_next(&random) >> lf_random_below(&random, 64);
        const int exponent = (int)lf_random_below(&random, 660) - 340;
        if (i % 3 == 0) {
            /* Half way between two doubles of 2^54 to 2^55, and one beside it. */
            digits = ((digits | (UINT64_C(1) << 53)) & ((UINT64_C(1) << 54) - 1)) * 2 + 1;
            digits += (uint64_t)(i % 2);
        }
        const int bytes = snprintf(
            text, sizeof text, "%llue%d", (unsigned long long)digits, i % 3 == 0 ? 0 : exponent
        );
        double value;
        const double wanted = strtod(text, NULL);
        assert_int_equal(lf_double_parse(text, (size_t)bytes, &value), LF_OK);
        assert_memory_equal(&value, &wanted, sizeof value);
    }
}

static void test_parse_texts(void **state)
{
    (void)state;
    const struct {
        const char *text;
        double value;
    } good[] = {
        {"1", 1},
        {"+1.5", 1.5},
        {".5", 0.5},
        {"5.", 5},
        {"1E3", 1000},
        {"1e+003", 1000},
        {"-0", -0.0},
        {"00012.50", 12.5},
        {"12345678901234567890", 12345678901234567890.0},
        {"0.00000000000000000000000000000000000000000000001", 1e-47},
        {"1e400", INFINITY},
        {"1e-400", 0},
        {"1e99999999", INFINITY},
        {"inf", INFINITY},
        {"-Infinity", -INFINITY},
        {"179769313486231580793e288", 1.7976931348623157e308},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        double value;
        assert_int_equal(lf_double_parse(good[i].text, strlen(good[i].text), &value), LF_OK);
        assert_memory_equal(&value, &good[i].value, sizeof value);
    }
    double value;
    assert_int_equal(lf_double_parse("NaN", 3, &value), LF_OK);
    assert_true(isnan(value));
    assert_int_equal(lf_double_parse("12345", 2, &value), LF_OK);
    assert_true(value == 12);
    static const char *const bad[] = {
        "",
        " 1",
        "1 ",
        "0x10",
        "1,5",
        "abc",
        "-",
        "+",
        ".",
        "e5",
        "1e",
        "1e+",
        "1.2.3",
        "--1",
        "nan(1)",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        value = 77;
        assert_int_equal(lf_double_parse(bad[i], strlen(bad[i]), &value), LF_RANGE);
        assert_true(value == 77);
    }
    assert_int_equal(lf_double_parse("1\0002", 3, &value), LF_RANGE);
}

static void test_integers(void **state)
{
    (void)state;
    static const int64_t values[] = {
        0, 1, -1, 9, 10, 99, 100, -1000, 1340285400000000001, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char text[LF_DOUBLE_TEXT_BYTES];
        char wanted[32];
        const size_t bytes = lf_int64_format(values[i], text);
        (void)snprintf(wanted, sizeof wanted, "%lld", (long long)values[i]);
        assert_string_equal(text, wanted);
        assert_int_equal(bytes, strlen(text));
        int64_t back;
        assert_int_equal(lf_int64_parse(text, bytes, &back), LF_OK);
        assert_int_equal(back, values[i]);
    }
    static const char *const bad[] = {
        "",
        "-",
        "+",
        "1.0",
        " 1",
        "1 ",
        "1e3",
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999",
        "0x1",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t value = 77;
        assert_int_equal(lf_int64_parse(bad[i], strlen(bad[i]), &value), LF_RANGE);
        assert_int_equal(value, 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_doubles),
        cmocka_unit_test(test_random_doubles),
        cmocka_unit_test(test_powers_of_two),
        cmocka_unit_test(test_parse_like_strtod),
        cmocka_unit_test(test_parse_hard_cases),
        cmocka_unit_test(test_parse_texts),
        cmocka_unit_test(test_integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
