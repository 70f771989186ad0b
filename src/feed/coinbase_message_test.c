/*
 * Goal: lines of Coinbase captures become the numbers that they say, in any spelling of JSON.
 * Method: texts in tables.
 */
#include "coinbase.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_times(void **state)
{
    static const struct {
        const char *text;
        int64_t ns; /* -1: none */
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01T00:00:01.5Z", 1500000000},
        {"1970-01-02T01:02:03.123456789Z", 90123123456789},
        {"2024-08-09T12:00:00.000001Z", INT64_C(1723204800000001000)},
        {"1970-01-01T00:00:00.Z", -1},
        {"1970-01-01T00:00:00", -1},
        {"1970-01-01 00:00:00Z", -1},
        {"1970-01-01T24:00:00Z", -1},
        {"1970-13-01T00:00:00Z", -1},
        {"1970-01-01T00:00:00.1234567891Z", -1},
        {"1970-01-01T00:00:00.12a4Z", -1},
        {"1969-12-31T23:59:59Z", -1},
        {"Z", -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t ns = -1;
        const bool fine = lfi_coinbase_time(cases[i].text, strlen(cases[i].text), &ns);
        assert_int_equal(fine, cases[i].ns >= 0);
        assert_int_equal(fine ? ns : -1, cases[i].ns);
    }
}

/* Blanks, escapes and another order of the keys say the same. */
static void test_spelling(void **state)
{
    static const char *const cases[] = {
        "17 {\"type\":\"match\",\"trade_id\":5,\"product_id\":\"A-B\",\"side\":\"sell\","
        "\"price\":\"1.25\",\"size\":\"3\",\"time\":\"1970-01-01T00:00:01Z\"}",
        "17 { \"time\" : \"1970-01-01T00:00:01.000Z\", \"size\":\"3.00\", \"price\" : "
        "\"1.250000000\", \"side\":\"se\\u006cl\", \"product_id\":\"A-\\u0042\", "
        "\"trade_id\":\"5\", \"type\":\"match\" }",
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lfi_coinbase_line line;
        lfi_coinbase_part part = {.price_scale = {.places = 2}, .size_scale = {.places = 1}};
        lfi_binance_fault fault;
        assert_true(lfi_coinbase_open_line(cases[i], strlen(cases[i]), &line, &fault));
        assert_true(lfi_coinbase_is_message(&line));
        assert_true(lfi_coinbase_next(&line, &part, &fault));
        assert_int_equal(line.local_ns, 17);
        assert_int_equal(part.kind, LFI_COINBASE_TRADE);
        assert_string_equal(part.product, "A-B");
        assert_int_equal(part.trade_id, 5);
        assert_int_equal(part.price, 125);
        assert_int_equal(part.size, 30);
        assert_int_equal(part.sign, 1);
        assert_int_equal(part.ts_ns, LF_NS_PER_SECOND);
        assert_true(lfi_coinbase_next(&line, &part, &fault));
        assert_true(line.is_done);
        lfi_coinbase_close(&line);
    }
}

/* What is none of Coinbase's is not taken for it. */
static void test_others(void **state)
{
    static const char *const cases[] = {
        "{}",
        "[]",
        "{\"type\":\"snapshot\",\"symbol\":\"A\"}",
        "{\"e\":\"depthUpdate\",\"s\":\"A\"}",
        "{\"type\":\"other\",\"product_id\":\"A-B\"}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lfi_coinbase_line line;
        lfi_binance_fault fault;
        assert_true(lfi_coinbase_open_line(cases[i], strlen(cases[i]), &line, &fault));
        assert_false(lfi_coinbase_is_message(&line));
        lfi_coinbase_close(&line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_spelling),
        cmocka_unit_test(test_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
