/*
 * Goal: lines of Coinbase captures become the numbers that they say, in any spelling of JSON, and
 *       however much is in one of them.
 * Method: texts in tables; a message of more trades than wait for each other.
 */
#include "coinbase.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "feed_testing.h"

#define TRADES 20000

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

/* Trades come out one by one and in order of their numbers; the book is that before them. */
static void take_event(void *context, const lf_event *event, const lf_trade *trades)
{
    int64_t *const last_lots = context;
    if (event->trade_count > 0) {
        assert_int_equal(trades[event->trade_first].size_lots, *last_lots + 1);
        assert_int_equal(event->quotes.ask_lots[0], 3);
        ++*last_lots;
    }
}

/* One line has more trades than wait for older ones at once. */
static void test_many_trades(void **state)
{
    static const char *const frame =
        "{\"channel\":\"%s\",\"timestamp\":\"2024-08-09T12:00:0%dZ\",\"sequence_num\":%d,"
        "\"events\":[";
    static const char *const level =
        "{\"side\":\"%s\",\"price_level\":\"%d\",\"new_quantity\":\"%d\"}";
    lf_testing_folder folder;
    lf_source_list list;
    lf_feed_stats stats;
    int64_t last_lots = 0;
    (void)state;
    assert_true(lf_testing_folder_make(&folder));
    const char *const path = lf_testing_path(&folder, "many.jsonl");
    FILE *const file = fopen(path, "wb");
    assert_non_null(file);
    for (int i = 0; i < 2; i++) {
        (void)fprintf(file, frame, "l2_data", i, i);
        (void)fprintf(file, "{\"type\":\"%s\",\"product_id\":\"A-B\",", i ? "update" : "snapshot");
        (void)fprintf(file, "\"updates\":[");
        (void)fprintf(file, level, "bid", 100, 2);
        (void)fprintf(file, ",");
        (void)fprintf(file, level, "offer", 101, 2 + i);
        (void)fprintf(file, "]}]}\n");
    }
    (void)fprintf(file, frame, "market_trades", 3, 2);
    (void)fprintf(file, "{\"type\":\"update\",\"trades\":[");
    for (int i = 1; i <= TRADES; i++) {
        (void)fprintf(
            file,
            "%s{\"product_id\":\"A-B\",\"trade_id\":\"%d\",\"price\":\"101\",\"size\":\"%d\","
            "\"side\":"
            "\"SELL\",\"time\":\"2024-08-09T12:00:02Z\"}",
            i > 1 ? "," : "",
            i,
            i
        );
    }
    (void)fprintf(file, "]}]}\n");
    assert_int_equal(fclose(file), 0);
    assert_int_equal(lf_feed_find(&path, 1, NULL, &list, NULL), LF_OK);
    assert_int_equal(
        ft_read_events(&list.sources[0], NULL, take_event, &last_lots, &stats, NULL), LF_OK
    );
    assert_int_equal(last_lots, TRADES);
    assert_int_equal(stats.kind_counts[LF_EVENT_TRADE], TRADES);
    assert_int_equal(stats.gap_count, 0);
    assert_int_equal(stats.backward_count, 0);
    lf_source_list_clear(&list);
    lf_testing_folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_spelling),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_many_trades),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
