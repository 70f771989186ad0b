/*
 * Goal: lines of Coinbase captures become the numbers that they say, in any spelling of JSON, and
 *       however much is in one of them, and the direct reader says what the parser says.
 * Method: texts in tables; a message of more trades than wait for each other; lines of every kind,
 *         whole and changed at every byte, read both ways.
 */
#include "coinbase.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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
        assert_true(lfi_coinbase_open_line(cases[i], strlen(cases[i]), &line, NULL, &fault));
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
        assert_true(lfi_coinbase_open_line(cases[i], strlen(cases[i]), &line, NULL, &fault));
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

/* ---- both ways -------------------------------------------------------------------------- */

#define LINE_MAX 1024
#define LEVELS_MAX LFI_COINBASE_LEVELS_OF(LINE_MAX)

#define TIME "\"time\":\"2024-08-09T12:00:00.000123Z\""
#define PRODUCT "\"product_id\":\"BTC-USD\""
#define ID "\"d50ec984-77a8-460a-b958-66f114b0de9b\""
#define ADVANCED(channel) \
    "17 {\"channel\":\"" channel "\",\"client_id\":\"\",\"timestamp\":" \
    "\"2024-08-09T12:00:00.123456789Z\",\"sequence_num\":7,\"events\":[{"

/* Whether the direct reader takes a line. */
static const struct line_case {
    const char *text;
    bool is_direct;
} line_cases[] = {
    {"1723204800001000000 {\"type\":\"l2update\"," PRODUCT
     ",\"changes\":[[\"buy\",\"61000.10\",\"0.25\"],"
     "[\"sell\",\"61000.2\",\"0.00000000\"]]," TIME "}",
     true},
    {"{\"type\":\"l2update\"," PRODUCT ",\"changes\":[]," TIME "}", true},
    {"{\"type\":\"match\",\"trade_id\":10,\"maker_order_id\":" ID ",\"taker_order_id\":" ID
     ",\"side\":\"sell\",\"size\":\"5.23512\",\"price\":\"400.23\"," PRODUCT
     ",\"sequence\":50," TIME "}",
     true},
    {"{\"type\":\"match\",\"trade_id\":\"10\",\"side\":\"BUY\",\"size\":\"5\",\"price\":"
     "\"400\"," PRODUCT "," TIME "}",
     true},
    {"{\"type\":\"received\"," TIME "," PRODUCT ",\"sequence\":10,\"order_id\":" ID
     ",\"size\":\"1.34\",\"price\":\"502.1\",\"side\":\"buy\",\"order_type\":\"limit\",\"client_"
     "oid\":"
     "\"\"}",
     true},
    {"{\"type\":\"open\"," TIME "," PRODUCT ",\"sequence\":10,\"order_id\":" ID
     ",\"price\":\"200.2\",\"remaining_size\":\"1.00\",\"side\":\"sell\"}",
     true},
    {"{\"type\":\"done\"," TIME "," PRODUCT ",\"sequence\":10,\"price\":\"200.2\",\"order_id\":" ID
     ",\"reason\":\"filled\",\"side\":\"sell\",\"remaining_size\":\"0\"}",
     true},
    {"{\"type\":\"change\"," TIME ",\"sequence\":80,\"order_id\":" ID "," PRODUCT
     ",\"new_size\":\"5.2\",\"old_size\":\"12.2\",\"price\":\"400.23\",\"side\":\"sell\"}",
     true},
    {"{\"type\":\"change\",\"reason\":\"modify_order\"," TIME ",\"sequence\":80,\"order_id\":" ID
     ",\"side\":\"buy\"," PRODUCT ",\"old_size\":\"8\",\"new_size\":\"4\",\"old_price\":\"7\","
     "\"new_price\":\"6\"}",
     true},
    {"{\"type\":\"change\"," TIME ",\"sequence\":80,\"order_id\":" ID "," PRODUCT
     ",\"side\":\"sell\",\"funds\":\"1\"}",
     true},
    {ADVANCED("l2_data"
     ) "\"type\":\"update\"," PRODUCT ",\"updates\":[{\"side\":\"bid\",\"event_time\":"
       "\"2024-08-09T12:00:00.1Z\",\"price_level\":\"21921.73\",\"new_quantity\":"
       "\"0.06317902\"},{\"side\":\"offer\",\"event_time\":\"1970-01-01T00:00:00Z\","
       "\"price_level\":\"21921.8\",\"new_quantity\":\"0\"}]}]}",
     true},
    {ADVANCED("l2_data") "\"type\":\"snapshot\"," PRODUCT ",\"updates\":[]}]}", true},
    {ADVANCED("market_trades") "\"type\":\"update\",\"trades\":[{\"trade_id\":\"12\"," PRODUCT
                               ",\"price\":\"1260.01\",\"size\":\"0.3\",\"side\":\"BUY\"," TIME
                               "}]}]}",
     true},
    /* Several trades, trades of before, other messages, blanks and escapes are the parser's. */
    {ADVANCED("market_trades") "\"type\":\"update\",\"trades\":[{\"trade_id\":\"12\"," PRODUCT
                               ",\"price\":\"1\",\"size\":\"3\",\"side\":\"BUY\"," TIME
                               "},{\"trade_id\":\"11\"," PRODUCT
                               ",\"price\":\"2\",\"size\":\"3\",\"side\":\"SELL\"," TIME "}]}]}",
     false},
    {ADVANCED("market_trades") "\"type\":\"snapshot\",\"trades\":[]}]}", false},
    {ADVANCED("heartbeats") "\"current_time\":\"x\"}]}", false},
    {"{\"type\":\"heartbeat\",\"sequence\":90," PRODUCT "," TIME "}", false},
    {"{\"type\":\"activate\"," PRODUCT ",\"order_id\":" ID "," TIME "}", false},
    {"{\"type\":\"last_match\",\"trade_id\":10," PRODUCT "," TIME "}", false},
    {"{\"type\":\"l2update\"," PRODUCT ",\"changes\":[[\"buy\",\"1\",\"2\"]], " TIME "}", false},
    {"{\"type\":\"l2\\u0075pdate\"," PRODUCT ",\"changes\":[]," TIME "}", false},
};

static lfi_coinbase_level some_levels[2][LEVELS_MAX];

static void must_be_equal(const char *line, const lfi_coinbase_part *a, const lfi_coinbase_part *b)
{
    bool same = a->kind == b->kind && strcmp(a->product, b->product) == 0 && a->ts_ns == b->ts_ns &&
                a->trade_id == b->trade_id && a->price == b->price && a->size == b->size &&
                a->sequence == b->sequence && a->order_id == b->order_id && a->side == b->side &&
                (a->kind != LFI_COINBASE_TRADE || a->sign == b->sign) &&
                a->level_count == b->level_count &&
                a->price_scale.fractions == b->price_scale.fractions &&
                a->size_scale.fractions == b->size_scale.fractions;
    for (size_t i = 0; same && i < a->level_count; i++) {
        const lfi_coinbase_level *const x = &a->levels[i], *const y = &b->levels[i];
        same =
            x->side == y->side && x->price_ticks == y->price_ticks && x->size_lots == y->size_lots;
    }
    if (!same) {
        fail_msg("the two ways differ: %s", line);
    }
}

/* Reads a line both ways. Returns whether the direct reader took it. */
static bool read_both(const char *text, size_t bytes, unsigned places)
{
    static char line[LINE_MAX + LFI_LINE_SLACK];
    lfi_coinbase_line lines[2];
    lfi_binance_fault faults[2] = {{"", ""}, {"", ""}};
    lfi_coinbase_part parts[2];
    memcpy(line, text, bytes);
    line[bytes] = '\0';
    memset(line + bytes + 1, '1', LFI_LINE_SLACK - 1);
    bool fine[2];
    for (int way = 0; way < 2; way++) {
        parts[way] = (lfi_coinbase_part){
            .price_scale = {.places = places},
            .size_scale = {.places = 8 - places},
            .levels = some_levels[way],
            .level_capacity = LEVELS_MAX,
        };
        fine[way] = lfi_coinbase_open_line(
            line, bytes, &lines[way], way == 0 ? &parts[way] : NULL, &faults[way]
        );
    }
    const bool is_direct = lines[0].is_direct;
    for (;;) {
        if (fine[0] != fine[1] || strcmp(faults[0].field, faults[1].field) != 0 ||
            lines[0].is_done != lines[1].is_done || lines[0].local_ns != lines[1].local_ns ||
            lines[0].sequence != lines[1].sequence || lines[0].sent_ns != lines[1].sent_ns) {
            fail_msg("the two ways end differently: %s", line);
        }
        if (!fine[0] || lines[0].is_done) {
            break;
        }
        for (int way = 0; way < 2; way++) {
            fine[way] = lfi_coinbase_next(&lines[way], &parts[way], &faults[way]);
        }
        if (fine[0] && fine[1]) {
            must_be_equal(line, &parts[0], &parts[1]);
        }
    }
    lfi_coinbase_close(&lines[0]);
    lfi_coinbase_close(&lines[1]);
    return is_direct;
}

static void test_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof line_cases / sizeof line_cases[0]; i++) {
        for (unsigned places = 0; places <= 8; places++) {
            const char *const text = line_cases[i].text;
            if (read_both(text, strlen(text), places) != line_cases[i].is_direct) {
                fail_msg("read by the other way: %s", text);
            }
        }
    }
}

/* A byte changed, taken out or put in, and the line cut off, at every place. */
static void test_both_ways_changed(void **state)
{
    static const char others[] = "\"\\,:[]{}0159.- aZ\x01\xc3n";
    char changed[LINE_MAX];
    int direct_count = 0;
    (void)state;
    for (size_t i = 0; i < sizeof line_cases / sizeof line_cases[0]; i++) {
        const char *const text = line_cases[i].text;
        const size_t bytes = strlen(text);
        assert_true(bytes + 1 < LINE_MAX);
        for (size_t at = 0; at < bytes; at++) {
            for (size_t k = 0; k < sizeof others - 1; k++) {
                memcpy(changed, text, bytes);
                changed[at] = others[k];
                direct_count += read_both(changed, bytes, 2);
                changed[at] = others[k];
                memcpy(changed + at + 1, text + at, bytes - at);
                direct_count += read_both(changed, bytes + 1, 2);
            }
            memcpy(changed, text, at);
            direct_count += read_both(changed, at, 2);
            memcpy(changed + at, text + at + 1, bytes - at - 1);
            direct_count += read_both(changed, bytes - 1, 2);
        }
    }
    assert_true(direct_count > 5000);
}

/* Pieces of one line in another. */
static void test_both_ways_mixed(void **state)
{
    (void)state;
    const size_t count = sizeof line_cases / sizeof line_cases[0];
    char mixed[2 * LINE_MAX];
    lf_random random;
    lf_random_seed(&random, 11, 0);
    for (int i = 0; i < 200000; i++) {
        const char *const a = line_cases[lf_random_below(&random, count)].text;
        const char *const b = line_cases[lf_random_below(&random, count)].text;
        const size_t cut = (size_t)lf_random_below(&random, strlen(a) + 1);
        const char *from = b + lf_random_below(&random, strlen(b) + 1);
        if (lf_random_below(&random, 2) == 0) { /* at a key */
            const char *const key = strstr(from, ",\"");
            from = key != NULL ? key : from;
        }
        const int bytes = snprintf(mixed, sizeof mixed, "%.*s%s", (int)cut, a, from);
        if (bytes > 0 && bytes < LINE_MAX) {
            (void)read_both(mixed, (size_t)bytes, (unsigned)(i % 9));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_spelling),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_many_trades),
        cmocka_unit_test(test_both_ways),
        cmocka_unit_test(test_both_ways_changed),
        cmocka_unit_test(test_both_ways_mixed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
