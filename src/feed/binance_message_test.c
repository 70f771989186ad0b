/*
 * Goal: the direct and the general reader of messages say the same of every line, and decimal texts
 *       become whole numbers exactly.
 * Method: tables; made captures with bytes changed, put in, taken away; a slow twin for decimals.
 */
#include "binance_header.h"
#include "binance_levels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "binance_testing.h"

#define SEED 20240809
#define LINE_MAX (1 << 20)

static char line[LINE_MAX + LFI_LINE_SLACK];
static lfi_l2_level levels[2][LFI_BINANCE_LEVELS_OF(LINE_MAX)];

static void start(lfi_binance_message *m, int which, unsigned places)
{
    *m = (lfi_binance_message){
        .levels = levels[which],
        .level_capacity = sizeof levels[which] / sizeof levels[which][0],
        .price_scale = {.places = places},
        .size_scale = {.places = places},
    };
}

static void check_side(
    const lfi_binance_message *a,
    size_t a_first,
    size_t a_count,
    const lfi_binance_message *b,
    size_t b_first,
    size_t b_count
)
{
    assert_int_equal(a_count, b_count);
    for (size_t i = 0; i < a_count; i++) {
        assert_int_equal(a->levels[a_first + i].price_ticks, b->levels[b_first + i].price_ticks);
        assert_int_equal(a->levels[a_first + i].size_lots, b->levels[b_first + i].size_lots);
    }
}

static void check_same(const lfi_binance_message *a, const lfi_binance_message *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->event_ns, b->event_ns);
    assert_int_equal(a->time_ns, b->time_ns);
    assert_int_equal(a->first_id, b->first_id);
    assert_int_equal(a->last_id, b->last_id);
    assert_int_equal(a->before_id, b->before_id);
    assert_int_equal(a->trade_id, b->trade_id);
    assert_int_equal(a->price, b->price);
    assert_int_equal(a->size, b->size);
    assert_int_equal(a->buyer_is_maker, b->buyer_is_maker);
    assert_int_equal(a->is_market, b->is_market);
    assert_int_equal(a->is_coin_margined, b->is_coin_margined);
    assert_string_equal(a->symbol, b->symbol);
    assert_true(a->price_scale.fractions == b->price_scale.fractions);
    assert_true(a->size_scale.fractions == b->size_scale.fractions);
    check_side(a, a->bid_first, a->bid_count, b, b->bid_first, b->bid_count);
    check_side(a, a->ask_first, a->ask_count, b, b->ask_first, b->ask_count);
}

/* What a reader keeps from line to line, which must not matter. */
static lfi_binance_message kept;
static int64_t alike_count; /* lines whose header was that of one before */

/* What the direct reader takes the general one takes too, and to the same values; with levels in
   bulk and what it keeps it takes what it takes without. Lines of streams that are not read are not
   compared: the direct one looks at their end only. */
static bool compare(const char *json, size_t bytes, unsigned places)
{
    lfi_binance_message a, b;
    lfi_binance_fault fault;
    start(&a, 0, places);
    start(&b, 1, places);
    a.header = kept.header;
    memcpy(a.shapes, kept.shapes, sizeof a.shapes);
    alike_count += lfi_binance_levels_usable() && lfi_binance_header_take(json, bytes, &a) > 0;
    const bool fits = lfi_binance_parse_fast(json, bytes, &a);
    kept = a;
    if (lfi_binance_parse_plain(json, bytes, &b) != fits) {
        fail_msg("only one of the two takes %.*s", (int)bytes, json);
    }
    if (!fits || a.kind == LFI_BINANCE_OTHER) {
        return fits;
    }
    check_same(&a, &b);
    start(&b, 1, places);
    if (!lfi_binance_parse_general(json, bytes, &b, &fault)) {
        fail_msg("the direct reader alone takes %.*s", (int)bytes, json);
    }
    check_same(&a, &b);
    return true;
}

/* ---- lines of a capture ----------------------------------------------------------------- */

static bt_capture c;

static const char *json_of(const bt_line *from, size_t *bytes)
{
    const char *const json = strchr(from->text, ' ') + 1;
    *bytes = strlen(json);
    assert_true(*bytes < LINE_MAX);
    return json;
}

/* The direct reader takes every line that the venue sends. */
static void test_usual(void **state)
{
    (void)state;
    for (unsigned places = 0; places <= LFI_BINANCE_PLACES_MAX; places++) {
        bt_start(&c, SEED + places, places % 2 == 0);
        bt_snapshot(&c);
        bt_run(&c, 300);
        for (size_t i = 0; i < c.count; i++) {
            size_t bytes;
            const char *const json = json_of(&c.lines[i], &bytes);
            memcpy(line, json, bytes);
            assert_true(compare(line, bytes, places));
        }
        bt_end(&c);
    }
    assert_true(alike_count > 1000 || !lfi_binance_levels_usable());
}

/* Bytes changed, put in, taken away, repeated; what lies behind the line must not matter. */
static void test_damaged(void **state)
{
    (void)state;
    alike_count = 0;
    static const char pieces[] = "0123456789\"[]{},:.eEsTUupbaqmXMlft\\ -\x01\xc3";
    int64_t taken = 0;
    bt_start(&c, SEED, true);
    bt_run(&c, 400);
    for (int round = 0; round < 100; round++) {
        for (size_t i = 0; i < c.count; i++) {
            size_t bytes;
            const char *const json = json_of(&c.lines[i], &bytes);
            memcpy(line, json, bytes);
            for (int64_t k = bt_below(&c, 3); k >= 0; k--) {
                const size_t at = (size_t)bt_below(&c, (int64_t)bytes);
                const size_t length = 1 + (size_t)bt_below(&c, 12);
                const int64_t what = bt_below(&c, 4);
                if (what == 0) {
                    line[at] = pieces[bt_below(&c, (int64_t)sizeof pieces - 1)];
                } else if (what == 1 && at + length < bytes) {
                    memmove(line + at, line + at + length, bytes - at - length);
                    bytes -= length;
                } else if (what == 2 && at + length < bytes) {
                    memmove(line + at + length, line + at, bytes - at);
                    bytes += length;
                } else {
                    bytes = at > 0 ? at : 1; /* the rest still lies behind it */
                }
            }
            taken += compare(line, bytes, 3);
        }
    }
    assert_true(taken > 100);
    assert_true(alike_count > 1000 || !lfi_binance_levels_usable());
    bt_end(&c);
}

/* ---- spellings -------------------------------------------------------------------------- */

#define STREAM(name, data) "{\"stream\":\"" name "\",\"data\":" data "}"
#define TRADE "\"s\":\"X\",\"t\":9,\"p\":\"1.5\",\"q\":\"2\",\"m\":true"
#define DIFF(bids) "{\"e\":\"depthUpdate\",\"E\":5,\"s\":\"X\",\"U\":1,\"u\":9," bids ",\"a\":[]}"
#define BIDS "\"b\":[[\"1.5\",\"2\"]]"

/* Number 9, price 1.5, size 2, time 5: trades and diffs of the table say the same. */
static void check_values(const lfi_binance_message *m)
{
    const bool is_trade = m->kind == LFI_BINANCE_TRADE;
    const lfi_l2_level *const bid = &m->levels[m->bid_first];
    assert_int_equal(is_trade ? m->trade_id : m->last_id, 9);
    assert_int_equal(is_trade ? m->price : bid->price_ticks, 1500);
    assert_int_equal(is_trade ? m->size : bid->size_lots, 2000);
    assert_int_equal(m->event_ns, 5000000);
    assert_int_equal(m->local_ns, LFI_BINANCE_NONE);
}

/* Any spelling that JSON allows says the same. */
static void test_spellings(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        lfi_binance_kind kind;
        bool is_usual;
    } rows[] = {
        {"{\"e\":\"trade\",\"E\":5," TRADE ",\"T\":4}", LFI_BINANCE_TRADE, true},
        {"{\"e\":\"trade\",\"E\":5," TRADE "}", LFI_BINANCE_TRADE, true},
        {"{ \"E\" : 5,\"e\":\"tr\\u0061de\", " TRADE "}", LFI_BINANCE_TRADE, false},
        {"{\"e\":\"trade\",\"E\":5," TRADE ",\"new\":[{}]}", LFI_BINANCE_TRADE, false},
        {STREAM("x@depth", DIFF(BIDS)), LFI_BINANCE_DEPTH, true},
        {STREAM("x@depth@100ms", DIFF(BIDS)), LFI_BINANCE_DEPTH, true},
        {DIFF(BIDS), LFI_BINANCE_DEPTH, true},
        /* As the venue wrote in 2017. */
        {DIFF("\"b\":[[\"1.5\",\"2\",[]]]"), LFI_BINANCE_DEPTH, false},
        {STREAM("x@depth20@100ms", DIFF(BIDS)), LFI_BINANCE_OTHER, true},
        {STREAM("x@bookTicker", "{\"u\":1,\"b\":\"1\"}"), LFI_BINANCE_OTHER, true},
        {"{\"e\":\"24hrTicker\",\"E\":5,\"p\":\"1\"}", LFI_BINANCE_OTHER, false},
        {"[1,2]", LFI_BINANCE_OTHER, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lfi_binance_message m;
        lfi_binance_fault fault;
        const size_t bytes = strlen(rows[i].text);
        memcpy(line, rows[i].text, bytes + 1);
        assert_int_equal(compare(line, bytes, 3), rows[i].is_usual);
        start(&m, 0, 3);
        if (!lfi_binance_parse(line, bytes, &m, &fault)) {
            fail_msg("row %zu: %s must be %s", i, fault.field, fault.expected);
        }
        assert_int_equal(m.kind, rows[i].kind);
        if (m.kind != LFI_BINANCE_OTHER) {
            check_values(&m);
        }
    }
}

/* A header that is the one before but for its digits, and what only looks so. */
static void test_alike(void **state)
{
    (void)state;
    static const char begin[] = "{\"e\":\"depthUpdate\",\"E\":1723204800123,\"T\":1723204800120,"
                                "\"s\":\"X1\",\"U\":15,\"u\":19,\"pu\":8,\"b\":[";
    static const struct {
        const char *text;
        bool is_alike, fits;
    } rows[] = {
        {"{\"e\":\"depthUpdate\",\"E\":1923204800123,\"T\":1723204800999,\"s\":\"X1\",\"U\":99,"
         "\"u\":99,\"pu\":0,\"b\":[],\"a\":[]}",
         true,
         true},
        {"{\"e\":\"depthUpdate\",\"E\":1723204800123,\"T\":1723204800120,\"s\":\"X2\",\"U\":15,"
         "\"u\":19,\"pu\":8,\"b\":[],\"a\":[]}", /* another symbol */
         false,
         true},
        {"{\"e\":\"depthUpdate\",\"E\":1723204800123,\"T\":1723204800120,\"s\":\"X1\",\"U\":05,"
         "\"u\":19,\"pu\":8,\"b\":[],\"a\":[]}", /* no number of JSON */
         false,
         false},
        {"{\"e\":\"depthUpdate\",\"E\":1723204800123,\"T\":1723204800120,\"s\":\"X1\",\"U\":9,"
         "\"u\":100,\"pu\":8,\"b\":[],\"a\":[]}", /* other lengths */
         false,
         true},
        {"{\"e\":\"depthUpdate\",\"E\":1723204800123,\"T\":1723204800120,\"s\":\"X1\",\"U\":15,"
         "\"u\":19,\"pu\":8,\"b\":[],\"a\":[],\"E\":5}", /* a key comes twice */
         true,
         false},
        {"{\"e\":\"depthUpdate\",\"E\":1723204800123,\"T\":1723204800120,\"s\":\"X1\",\"U\":15,"
         "\"u\":19,\"pu\":8,\"b\":[],\"a\":[]}}", /* a brace too many */
         true,
         false},
        {"{\"e\":\"depthUpdate\",\"E\":1723204800123,\"T\":1723204800120,\"s\":\"X1\",\"U\":15,"
         "\"u\":19,\"pu\":8,\"b\":[],\"a\":[],\"b\":[]}",
         true,
         false},
        {begin, true, false},
    };
    char base[256];
    const int bytes = snprintf(base, sizeof base, "%s],\"a\":[]}", begin);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        memcpy(line, base, (size_t)bytes);
        assert_true(compare(line, (size_t)bytes, 2));
        memcpy(line, rows[i].text, strlen(rows[i].text) + 1);
        alike_count = 0;
        if (compare(line, strlen(line), 2) != rows[i].fits) {
            fail_msg("row %zu", i);
        }
        assert_true(!lfi_binance_levels_usable() || (alike_count > 0) == rows[i].is_alike);
    }
}

/* ---- decimals --------------------------------------------------------------------------- */

static void test_decimals(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned places;
        bool fits;
        int64_t value;
        int decimals; /* that are not zero */
    } rows[] = {
        {"0", 8, true, 0, 0},
        {"0.00000001", 8, true, 1, 8},
        {"0.10", 1, true, 1, 1},
        {"0.10", 0, true, 0, 1},
        {"61737.63000000", 2, true, 6173763, 2},
        {"99999999.99999999", 8, true, INT64_C(9999999999999999), 8},
        {"123456789012345678", 0, true, INT64_C(123456789012345678), 0},
        {"123456789.5", 8, true, INT64_C(12345678950000000), 1},
        {"00012.5", 1, true, 125, 1},
        {"1.2500000000000", 2, true, 125, 2},
        {"1.000000001", 2, false, 0, 0},
        {"9223372036854775807", 0, false, 0, 0},
        {"99999999999", 8, false, 0, 0},
        {"", 2, false, 0, 0},
        {".", 2, false, 0, 0},
        {".5", 2, false, 0, 0},
        {"5.", 2, false, 0, 0},
        {"1.2.3", 2, false, 0, 0},
        {"-1", 2, false, 0, 0},
        {"+1", 2, false, 0, 0},
        {"1e5", 2, false, 0, 0},
        {" 1", 2, false, 0, 0},
        {"1 ", 2, false, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lfi_binance_scale scale = {.places = rows[i].places};
        int64_t value = 0;
        if (lfi_binance_decimal(rows[i].text, strlen(rows[i].text), &scale, &value) !=
            rows[i].fits) {
            fail_msg("\"%s\"", rows[i].text);
        }
        if (rows[i].fits) {
            assert_int_equal(value, rows[i].value);
            assert_int_equal(lfi_binance_decimals(scale.fractions), rows[i].decimals);
        }
    }
}

/* Levels of all lengths, by the eight-digit way and by the one that takes a digit at a time. */
static void test_level_lengths(void **state)
{
    (void)state;
    lf_random random;
    lf_random_seed(&random, SEED, 0);
    for (int i = 0; i < 200000; i++) {
        char price[40], size[40];
        char *const texts[2] = {price, size};
        const unsigned places = (unsigned)lf_random_below(&random, 9);
        for (int k = 0; k < 2; k++) {
            const int whole = (int)lf_random_below(&random, 10);
            const int parts = (int)lf_random_below(&random, 10);
            int at = 0;
            for (int d = 0; d < whole; d++) {
                texts[k][at++] = (char)('0' + lf_random_below(&random, 10));
            }
            if (parts > 0 || lf_random_below(&random, 8) == 0) {
                texts[k][at++] = '.';
            }
            for (int d = 0; d < parts; d++) {
                texts[k][at++] = (char
                )('0' + (lf_random_below(&random, 2) == 0 ? 0 : lf_random_below(&random, 10)));
            }
            texts[k][at] = '\0';
        }
        const int bytes = snprintf(
            line,
            LINE_MAX,
            "{\"e\":\"depthUpdate\",\"E\":5,\"s\":\"X\",\"U\":1,\"u\":2,\"b\":[[\"%s\",\"%s\"]],"
            "\"a\":[]}",
            price,
            size
        );
        (void)compare(line, (size_t)bytes, places);
    }
}

/* ---- times ------------------------------------------------------------------------------ */

static void test_times(void **state)
{
    (void)state;
    static const struct {
        int64_t number;
        bool fits;
        int64_t ns;
    } rows[] = {
        {0, true, 0},
        {1723204800000, true, 1723204800000000000},
        {1723204800000123, true, 1723204800000123000},
        {7258118400000, true, 7258118400000000000}, /* 2200 */
        {9723345072126, true, 9723345072126000},    /* too late in ms: us */
        {7258118400000000, true, 7258118400000000000},
        {7258118400000001, false, 0},
        {-1, false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ns = 0;
        assert_int_equal(lfi_binance_time(rows[i].number, &ns), rows[i].fits);
        assert_int_equal(rows[i].fits ? ns : 0, rows[i].ns);
    }
}

/* ---- local time ------------------------------------------------------------------------- */

static void test_local_time(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool fits;
        int64_t local_ns;
    } rows[] = {
        {"1723161256172216566 {\"e\":\"x\"}", true, 1723161256172216566},
        {"{\"e\":\"x\"}", true, LFI_BINANCE_NONE},
        {"1723161256172216566{\"e\":\"x\"}", false, 0},
        {"17231612561722165661 {\"e\":\"x\"}", false, 0},
        {"9223372036854775807 {\"e\":\"x\"}", false, 0},
        {"2024-08-09 {\"e\":\"x\"}", false, 0},
        {"12", false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lfi_binance_message m;
        lfi_binance_fault fault;
        memcpy(line, rows[i].text, strlen(rows[i].text) + 1);
        start(&m, 0, 3);
        assert_int_equal(lfi_binance_parse(line, strlen(line), &m, &fault), rows[i].fits);
        if (rows[i].fits) {
            assert_int_equal(m.local_ns, rows[i].local_ns);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usual),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_spellings),
        cmocka_unit_test(test_alike),
        cmocka_unit_test(test_decimals),
        cmocka_unit_test(test_level_lengths),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_local_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
