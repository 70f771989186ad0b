/*
 * Goal: a capture gives the venue's books and trades; what is missing, doubled or out of order is
 *       counted and masked, and no state that may be used is ever a wrong one.
 * Method: made captures whose true book after every diff is known, damaged in all ways.
 */
#include "feed_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "binance_testing.h"

#define SEED 20240809

static bt_capture c;
static lf_testing_folder folder;

static ft_reading got;

static int set_up(void **state)
{
    (void)state;
    return lf_testing_folder_make(&folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    bt_end(&c);
    lf_testing_folder_remove(&folder);
    return 0;
}

/* ---- reading ---------------------------------------------------------------------------- */

/* Read the only day behind a path. */
static void read_path(const char *path, const lf_feed_options *options)
{
    ft_read_paths(&got, &path, 1, options);
}

static void read_all(void)
{
    read_path(bt_write(&c, &folder, "capture.txt", 0, BT_LINES_MAX), NULL);
    assert_int_equal(got.status, LF_OK);
}

static void read_text(const char *text)
{
    read_path(ft_write(&folder, "capture.txt", text), NULL);
}

/* ---- the truth -------------------------------------------------------------------------- */

/* Whether a state is that after the diff of this time, or that of the snapshot. */
static bool is_true(const lf_event *e)
{
    for (size_t i = 0; i < c.count; i++) {
        const bt_line *const line = &c.lines[i];
        const bool is_snapshot = line->kind == BT_SNAPSHOT && (e->flags & LF_EVENT_SNAPSHOT) != 0;
        if ((line->kind == BT_DIFF || is_snapshot) &&
            line->ts_ms * LF_NS_PER_MILLISECOND == e->ts_exchange_ns &&
            memcmp(&line->truth, &e->quotes, sizeof e->quotes) == 0) {
            return true;
        }
    }
    return false;
}

/* Every state that may be used and is the state after a diff is the true one. */
static void check_states(void)
{
    int64_t checked = 0;
    for (size_t i = 0; i < got.count; i++) {
        const lf_event *const e = &got.events[i];
        if (e->kind != LF_EVENT_QUOTE || (e->flags & LF_EVENT_MASKED) != 0) {
            continue;
        }
        assert_true(is_true(e));
        checked++;
    }
    assert_true(checked > 0);
    assert_int_equal(got.stats.crossed_count + got.stats.violation_count, 0);
}

static int64_t count_lines(bt_kind kind, int64_t *size)
{
    int64_t count = 0, sum = 0;
    for (size_t i = 0; i < c.count; i++) {
        count += c.lines[i].kind == kind;
        sum += c.lines[i].kind == kind ? c.lines[i].size : 0;
    }
    if (size != NULL) {
        *size = sum;
    }
    return count;
}

/* ---- whole captures --------------------------------------------------------------------- */

static void make(bool is_futures, uint64_t seed)
{
    bt_end(&c);
    bt_start(&c, seed, is_futures);
    bt_run(&c, 12);
    bt_diff(&c, true);
    bt_run(&c, 600);
    bt_diff(&c, false);
}

static void test_whole(void **state)
{
    (void)state;
    for (uint64_t seed = SEED; seed < SEED + 20; seed++) {
        int64_t lots;
        make(seed % 2 == 0, seed);
        read_all();
        check_states();
        assert_int_equal(got.trades, count_lines(BT_TRADE, &lots));
        assert_int_equal(got.trade_lots, lots);
        assert_int_equal(got.stats.gap_count + got.stats.backward_count, 0);
        assert_int_equal(got.stats.stale_count, 0);
        assert_int_equal(got.resets, 0);
        assert_int_equal(got.snapshots, 1);
        assert_string_equal(got.instrument.symbol, "TSTUSDT");
        assert_string_equal(got.instrument.venue, c.is_futures ? "BINANCE_USDM" : "BINANCE");
        assert_string_equal(got.instrument.currency, "USDT");
        assert_int_equal(got.instrument.tick_nano, 100000000);
        assert_int_equal(got.instrument.lot_nano, 1000000);
        assert_int_equal(got.instrument.session_open_ns, (BT_START_MS - 43200000) * 1000000);
        assert_true(got.stats.clock_shift_ns > BT_BEHIND_NS - 2 * LF_NS_PER_MILLISECOND);
        assert_true(got.stats.clock_shift_ns <= BT_BEHIND_NS);
        /* The end of the data is not the end of the session: nothing is known behind it. */
        assert_int_equal(got.events[got.count - 1].kind, LF_EVENT_OTHER);
        assert_true((got.events[got.count - 1].flags & LF_EVENT_MASKED) != 0);
    }
}

/* The size of batches changes nothing. */
static void test_batches(void **state)
{
    (void)state;
    static lf_event whole[FT_EVENTS_MAX];
    make(true, SEED);
    read_all();
    const size_t count = got.count;
    memcpy(whole, got.events, sizeof whole);
    const lf_feed_options options = {.batch_events = 1};
    read_path(bt_write(&c, &folder, "capture.txt", 0, BT_LINES_MAX), &options);
    assert_int_equal(got.count, count);
    for (size_t i = 0; i < count; i++) {
        whole[i].trade_first = 0; /* within the batch */
        assert_memory_equal(&whole[i], &got.events[i], sizeof whole[i]);
    }
}

/* Packed and inside of an archive it is the same. */
static void test_packings(void **state)
{
    (void)state;
    static const ft_archive how[] = {
        {"raw", "gzip", NULL, NULL}, {"raw", "zstd", NULL, NULL}, {"zip", NULL, NULL, NULL}};
    make(false, SEED);
    read_all();
    const size_t count = got.count;
    size_t bytes;
    char *const text = ft_read(bt_write(&c, &folder, "plain", 0, BT_LINES_MAX), &bytes);
    char *const copy = calloc(bytes + 1, 1);
    assert_non_null(copy);
    memcpy(copy, text, bytes);
    const ft_member member = {"tstusdt_20240809", copy};
    for (size_t i = 0; i < sizeof how / sizeof how[0]; i++) {
        read_path(ft_pack(&folder, "packed", &how[i], &member, 1), NULL);
        assert_int_equal(got.status, LF_OK);
        assert_int_equal(got.count, count);
        check_states();
    }
    free(copy);
    lf_release(NULL, text);
}

/* ---- damage ----------------------------------------------------------------------------- */

/* A diff is missing: masked from there on, until a snapshot if one comes. */
static void test_missing_diff(void **state)
{
    (void)state;
    for (uint64_t seed = SEED; seed < SEED + 20; seed++) {
        const bool has_second = seed % 4 < 2;
        make(seed % 2 == 0, seed);
        if (has_second) {
            bt_diff(&c, true);
            bt_run(&c, 200);
            bt_diff(&c, false);
        }
        const size_t place = bt_place(&c, BT_DIFF, 100 + seed % 50);
        const int64_t lost_ms = c.lines[c.order[place]].ts_ms;
        bt_remove(&c, place);
        read_all();
        check_states();
        assert_int_equal(got.stats.gap_count, 1);
        assert_int_equal(got.resets, has_second ? 1 : 0);
        int64_t after = 0;
        for (size_t i = 0; i < got.count; i++) {
            const lf_event *const e = &got.events[i];
            const bool is_used = e->kind == LF_EVENT_QUOTE && (e->flags & LF_EVENT_MASKED) == 0;
            after += is_used && e->ts_exchange_ns > lost_ms * LF_NS_PER_MILLISECOND;
        }
        assert_true(has_second ? after > 50 : after == 0);
        /* Trades are trades, whatever the book. */
        assert_int_equal(got.trades, count_lines(BT_TRADE, NULL));
    }
}

static void test_doubled_diff(void **state)
{
    (void)state;
    for (uint64_t seed = SEED; seed < SEED + 10; seed++) {
        make(seed % 2 == 0, seed);
        bt_double(&c, bt_place(&c, BT_DIFF, 20 + seed % 100));
        read_all();
        check_states();
        assert_int_equal(got.stats.gap_count, 0);
        assert_int_equal(got.stats.stale_count, 1);
        assert_int_equal(got.resets, 0);
    }
}

/* Two diffs change places: a gap until the one that is late has come. */
static void test_swapped_diffs(void **state)
{
    (void)state;
    for (uint64_t seed = SEED; seed < SEED + 20; seed++) {
        make(seed % 2 == 0, seed);
        const size_t n = 20 + seed % 100;
        bt_swap(&c, bt_place(&c, BT_DIFF, n), bt_place(&c, BT_DIFF, n + 1 + seed % 3));
        read_all();
        check_states();
        assert_int_equal(got.stats.gap_count, 1);
        assert_int_equal(got.resets, 1);
        assert_true(got.masked >= 2); /* the gap and the end of the data */
        assert_int_equal(got.trades, count_lines(BT_TRADE, NULL));
    }
}

static void test_trades(void **state)
{
    (void)state;
    make(true, SEED);
    bt_remove(&c, bt_place(&c, BT_TRADE, 50));
    read_all();
    check_states();
    assert_int_equal(got.stats.gap_count, 1);
    assert_int_equal(got.resets, 1);
    assert_int_equal(got.trades, count_lines(BT_TRADE, NULL) - 1);
    make(true, SEED);
    bt_double(&c, bt_place(&c, BT_TRADE, 50));
    read_all();
    check_states();
    assert_int_equal(got.stats.gap_count, 0);
    assert_int_equal(got.stats.stale_count, 1);
    assert_int_equal(got.trades, count_lines(BT_TRADE, NULL));
}

/* A snapshot that is older than the first diff fits nothing; the next one does. */
static void test_old_snapshot(void **state)
{
    (void)state;
    bt_end(&c);
    bt_start(&c, SEED, false);
    bt_snapshot(&c);
    bt_run(&c, 30);
    const size_t lost = bt_place(&c, BT_DIFF, 0);
    bt_remove(&c, lost);
    bt_diff(&c, true);
    bt_run(&c, 100);
    bt_diff(&c, false);
    read_all();
    check_states();
    assert_int_equal(got.stats.gap_count, 1);
    assert_int_equal(got.resets, 1);
}

/* Numbers begin anew, as after a restart of the venue: a gap until a snapshot comes. */
static void test_restart(void **state)
{
    (void)state;
    for (int is_futures = 0; is_futures < 2; is_futures++) {
        make(is_futures != 0, SEED);
        const size_t before = c.order_count;
        c.id = c.last_id = 1000;
        c.trade_id = 3;
        bt_run(&c, 30);
        bt_diff(&c, true);
        bt_run(&c, 100);
        bt_diff(&c, false);
        read_all();
        check_states();
        assert_true(c.order_count > before);
        assert_int_equal(got.stats.gap_count, 2); /* of diffs, of trades */
        assert_int_equal(got.resets, 2);
        assert_int_equal(got.stats.stale_count, 0);
        assert_int_equal(got.trades, count_lines(BT_TRADE, NULL));
        assert_true((got.events[got.count - 2].flags & LF_EVENT_MASKED) == 0);
    }
}

/* Random damage of all kinds: whatever happens, no state that may be used is wrong. */
static void test_any_damage(void **state)
{
    (void)state;
    for (uint64_t seed = SEED; seed < SEED + 60; seed++) {
        make(seed % 2 == 0, seed);
        bt_diff(&c, true);
        bt_run(&c, 200);
        bt_diff(&c, true);
        bt_run(&c, 100);
        for (int i = 0; i < 12; i++) {
            const size_t place = (size_t)bt_below(&c, (int64_t)c.order_count - 6);
            switch (bt_below(&c, 3)) {
            case 0:
                bt_remove(&c, place);
                break;
            case 1:
                bt_double(&c, place);
                break;
            default:
                bt_swap(&c, place, place + 1 + (size_t)bt_below(&c, 5));
            }
        }
        read_path(bt_write(&c, &folder, "capture.txt", 0, BT_LINES_MAX), NULL);
        if (got.status == LF_OK) {
            check_states();
        } else { /* both snapshots are gone */
            assert_int_equal(got.status, LF_DATA);
        }
    }
}

/* ---- days ------------------------------------------------------------------------------- */

/* Two files of neighbouring dates are one stream: the second day has the first one's book. */
static void test_chain(void **state)
{
    (void)state;
    lf_source_list list;
    make(true, SEED);
    read_all();
    const size_t whole = got.count;
    const int64_t checks = got.stats.check_count;
    bt_end(&c);
    bt_start(&c, SEED, true);
    c.now_ms = BT_START_MS + 43200000 - 6000; /* six seconds before midnight */
    bt_run(&c, 12);
    bt_diff(&c, true);
    bt_run(&c, 600);
    bt_diff(&c, false);
    const char *const first = bt_write(&c, &folder, "tst_20240809.txt", 0, 300);
    const char *const second = bt_write(&c, &folder, "tst_20240810.txt", 300, BT_LINES_MAX);
    /* The second file alone is typed: the first one beside it lends its book. */
    assert_int_equal(lf_feed_find(&second, 1, NULL, &list, NULL), LF_OK);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.sources[0].path, second);
    assert_string_equal(list.sources[0].path2, first);
    lf_source_list_clear(&list);
    const char *const both[] = {second, first};
    assert_int_equal(lf_feed_find(both, 2, NULL, &list, NULL), LF_OK);
    assert_int_equal(list.count, 2);
    size_t count = 0;
    int64_t sum = 0;
    for (size_t i = 0; i < 2; i++) {
        ft_read_source(&got, &list.sources[i], NULL);
        assert_int_equal(got.status, LF_OK);
        check_states();
        assert_int_equal(got.stats.gap_count + got.resets, 0);
        const int64_t open_ns = got.instrument.session_open_ns;
        assert_int_equal(open_ns, (BT_START_MS - 43200000) * 1000000 + (int64_t)i * LF_NS_PER_DAY);
        if (i == 1) {
            assert_true(got.events[0].ts_exchange_ns >= open_ns);
            assert_true((got.events[0].flags & LF_EVENT_MASKED) == 0);
        }
        count += got.count;
        sum += got.stats.check_count;
    }
    assert_int_equal(count, whole);
    assert_int_equal(sum, checks);
    lf_source_list_clear(&list);
}

/* An undated file across midnight is two days. */
static void test_midnight(void **state)
{
    (void)state;
    lf_source_list list;
    bt_end(&c);
    bt_start(&c, SEED, false);
    c.now_ms = BT_START_MS + 43200000 - 6000;
    bt_snapshot(&c);
    bt_run(&c, 600);
    bt_diff(&c, false);
    const char *const path = bt_write(&c, &folder, "capture", 0, BT_LINES_MAX);
    assert_int_equal(lf_feed_find(&path, 1, NULL, &list, NULL), LF_OK);
    assert_int_equal(list.count, 2);
    int64_t trades = 0;
    for (size_t i = 0; i < 2; i++) {
        ft_read_source(&got, &list.sources[i], NULL);
        check_states();
        trades += got.trades;
    }
    assert_int_equal(trades, count_lines(BT_TRADE, NULL));
    lf_source_list_clear(&list);
}

/* ---- numbers ---------------------------------------------------------------------------- */

#define DIFF(time, ids, b, a) \
    "{\"e\":\"depthUpdate\",\"E\":" time ",\"s\":\"X\"," ids ",\"b\":[" b "],\"a\":[" a "]}\n"
#define BOOK(b, a) "{\"lastUpdateId\":7,\"bids\":[" b "],\"asks\":[" a "]}\n"
#define IDS(n, m) "\"U\":" #n ",\"u\":" #m
#define T0 "1723204800000"

/* Texts of all lengths become the right numbers. */
static void test_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t tick_nano, lot_nano, bid_ticks, bid_lots, ask_ticks, ask_lots;
    } rows[] = {
        /* Billions of coins at the eighth decimal, and one coin of a hundred thousand. */
        {BOOK("[\"0.00000811\",\"123456789012.00\"]", "[\"0.00000812\",\"5.00\"]")
             DIFF(T0, IDS(8, 8), "", "[\"0.00000812\",\"71000000000.00\"]"),
         10,
         1000000000,
         811,
         123456789012,
         812,
         71000000000},
        {BOOK("[\"123456.70000000\",\"0.00001000\"]", "[\"123456.80000000\",\"1.00000000\"]")
             DIFF(T0, IDS(8, 8), "", "[\"123456.80000000\",\"9000.12345678\"]"),
         100000000,
         10,
         1234567,
         1000,
         1234568,
         900012345678},
        {BOOK("[\"0.10731\",\"1500000\"]", "[\"0.10732\",\"2\"]")
             DIFF(T0, IDS(8, 8), "[\"0.10730\",\"7\"]", ""),
         10000,
         1000000000,
         10731,
         1500000,
         10732,
         2},
        /* Times in us. */
        {BOOK("[\"5\",\"1\"]", "[\"6\",\"1\"]") DIFF(T0 "000", IDS(8, 8), "", "[\"6\",\"3\"]"),
         1000000000,
         1000000000,
         5,
         1,
         6,
         3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        read_text(rows[i].text);
        assert_int_equal(got.status, LF_OK);
        assert_int_equal(got.instrument.tick_nano, rows[i].tick_nano);
        assert_int_equal(got.instrument.lot_nano, rows[i].lot_nano);
        assert_int_equal(got.count, 2);
        const lf_event *const e = &got.events[0];
        assert_int_equal(e->ts_exchange_ns, BT_START_MS * 1000000);
        assert_int_equal(e->quotes.bid_ticks[0], rows[i].bid_ticks);
        assert_int_equal(e->quotes.bid_lots[0], rows[i].bid_lots);
        assert_int_equal(e->quotes.ask_ticks[0], rows[i].ask_ticks);
        assert_int_equal(e->quotes.ask_lots[0], rows[i].ask_lots);
    }
}

/* A snapshot of 5,000 levels a side is longer than a stream's buffer, packed or not. */
static void test_long_line(void **state)
{
    (void)state;
    static const ft_archive how = {"raw", "gzip", NULL, NULL};
    char *text = NULL;
    size_t bytes;
    FILE *const out = open_memstream(&text, &bytes);
    assert_non_null(out);
    (void)fprintf(out, "{\"lastUpdateId\":7");
    for (int side = 0; side < 2; side++) {
        (void)fprintf(out, side == 0 ? ",\"bids\":[" : "],\"asks\":[");
        for (int i = 0; i < 5000; i++) {
            const int tick = side == 0 ? 6000000 - i : 6000001 + i;
            (void)fprintf(
                out,
                "%s[\"%d.%02d000000\",\"1.00000000\"]",
                i > 0 ? "," : "",
                tick / 100,
                tick % 100
            );
        }
    }
    (void)fprintf(out, "]}\n" DIFF(T0, IDS(8, 8), "[\"1.23\",\"5\"]", ""));
    assert_int_equal(fclose(out), 0);
    assert_true(bytes > 300000);
    const ft_member member = {"x", text};
    for (int i = 0; i < 2; i++) {
        read_path(
            i == 0 ? ft_write(&folder, "capture.txt", text)
                   : ft_pack(&folder, "packed", &how, &member, 1),
            NULL
        );
        assert_int_equal(got.status, LF_OK);
        assert_int_equal(got.instrument.tick_nano, 10000000);
        assert_int_equal(got.events[0].quotes.bid_ticks[9], 6000000 - 9);
        assert_int_equal(got.events[0].quotes.ask_ticks[9], 6000001 + 9);
    }
    free(text);
}

/* As DBN and back: states, masks, trades, both clocks, venue, tick and lot are the same. */
static void test_convert(void **state)
{
    (void)state;
    static lf_event before[FT_EVENTS_MAX];
    lf_source_list list;
    lf_convert_report report;
    const lf_convert_options options = {.schema = LF_DBN_MBP_10};
    for (int is_futures = 0; is_futures < 2; is_futures++) {
        make(is_futures != 0, SEED);
        bt_swap(&c, bt_place(&c, BT_DIFF, 50), bt_place(&c, BT_DIFF, 53));
        read_all();
        const size_t count = got.count;
        const int64_t lots = got.trade_lots, first_ns = got.events[0].ts_exchange_ns;
        const lf_instrument in = got.instrument;
        memcpy(before, got.events, sizeof before);
        const char *const path = lf_testing_path(&folder, "capture.txt");
        const char *const out = lf_testing_path(&folder, "out.dbn");
        assert_int_equal(lf_feed_find(&path, 1, NULL, &list, NULL), LF_OK);
        assert_int_equal(lf_feed_convert(&list, &options, out, &report, NULL), LF_OK);
        lf_source_list_clear(&list);
        read_path(out, NULL);
        assert_int_equal(got.status, LF_OK);
        assert_int_equal(got.count, count);
        assert_int_equal(got.trade_lots, lots);
        assert_int_equal(got.events[0].ts_exchange_ns, first_ns);
        assert_string_equal(got.instrument.venue, in.venue);
        assert_string_equal(got.instrument.currency, "USDT");
        assert_int_equal(got.instrument.tick_nano, in.tick_nano);
        assert_int_equal(got.instrument.lot_nano, in.lot_nano);
        for (size_t i = 0; i < count; i++) {
            const uint32_t kept = LF_EVENT_MASKED;
            assert_int_equal(got.events[i].ts_exchange_ns, before[i].ts_exchange_ns);
            assert_int_equal(got.events[i].ts_local_ns, before[i].ts_local_ns);
            assert_int_equal(got.events[i].flags & kept, before[i].flags & kept);
            assert_memory_equal(&got.events[i].quotes, &before[i].quotes, sizeof before[i].quotes);
        }
    }
}

/* exchangeInfo says tick and lot, whatever the prices look like. */
static void test_exchange_info(void **state)
{
    (void)state;
    static const char info[] =
        "{\"timezone\":\"UTC\",\"symbols\":[{\"symbol\":\"X\",\"filters\":["
        "{\"filterType\":\"PRICE_FILTER\",\"minPrice\":\"0.5\",\"tickSize\":\"0.50000000\"},"
        "{\"filterType\":\"LOT_SIZE\",\"stepSize\":\"0.00100000\"}]}]}\n";
    char text[1024];
    (void)snprintf(
        text,
        sizeof text,
        "%s%s",
        info,
        BOOK("[\"10.50\",\"1\"]", "[\"11.00\",\"2\"]") DIFF(T0, IDS(8, 8), "", "[\"11\",\"0.004\"]")
    );
    read_text(text);
    assert_int_equal(got.status, LF_OK);
    assert_int_equal(got.instrument.tick_nano, 500000000);
    assert_int_equal(got.instrument.lot_nano, 1000000);
    assert_int_equal(got.events[0].quotes.bid_ticks[0], 21);
    assert_int_equal(got.events[0].quotes.ask_ticks[0], 22);
    assert_int_equal(got.events[0].quotes.ask_lots[0], 4);
    /* Options overrule it; a price between two ticks is an error that says what to do. */
    const lf_feed_options options = {.tick_nano = 1000000000};
    read_path(ft_write(&folder, "capture.txt", text), &options);
    assert_int_equal(got.status, LF_DATA);
    assert_non_null(strstr(got.error.message, "set instrument.tick"));
}

/* Trades that are not of the market, and those of the other kind, are no trades. */
static void test_kinds(void **state)
{
    (void)state;
    read_text(BOOK("[\"5\",\"1\"]", "[\"6\",\"1\"]") DIFF(
        T0, IDS(8, 8), "", "[\"6\",\"3\"]"
    ) "{\"e\":\"aggTrade\",\"E\":1723204800001,\"s\":\"X\",\"a\":5,\"p\":\"6\",\"q\":\"2\","
      "\"f\":3,\"l\":4,\"T\":1723204800001,\"m\":false}\n"
      "{\"e\":\"trade\",\"E\":1723204800001,\"s\":\"X\",\"t\":3,\"p\":\"6\",\"q\":\"1\","
      "\"T\":1723204800001,\"m\":false}\n"
      "{\"e\":\"aggTrade\",\"E\":1723204800002,\"s\":\"X\",\"a\":6,\"p\":\"5\",\"q\":\"1\","
      "\"f\":5,\"l\":5,\"T\":1723204800002,\"m\":true}\n"
      "{\"stream\":\"x@bookTicker\",\"data\":{\"u\":9,\"b\":\"5\"}}\n"
      "{\"stream\":\"x@depth5@100ms\",\"data\":{\"lastUpdateId\":9,\"bids\":[],\"asks\":[]}}\n"
      "{\"result\":null,\"id\":1}\n\n");
    assert_int_equal(got.status, LF_OK);
    assert_int_equal(got.trades, 2);
    assert_int_equal(got.trade_lots, 3);
    assert_int_equal(got.events[1].kind, LF_EVENT_TRADE);
    assert_int_equal(got.events[1].side, -1); /* the buyer met an ask */
    assert_int_equal(got.events[2].side, 1);
    assert_int_equal(got.stats.skipped_count, 4);
    read_text(BOOK("[\"5\",\"1\"]", "[\"6\",\"1\"]") DIFF(
        T0, IDS(8, 8), "", "[\"6\",\"3\"]"
    ) "{\"e\":\"trade\",\"E\":1723204800001,\"s\":\"X\",\"t\":3,\"p\":\"6\",\"q\":\"1\","
      "\"T\":1723204800001,\"X\":\"INSURANCE_FUND\",\"m\":false}\n");
    assert_int_equal(got.trades, 0);
    assert_int_equal(got.stats.skipped_count, 1);
}

/* ---- errors ----------------------------------------------------------------------------- */

static void test_errors(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        lf_status status;
        const char *message; /* part of it */
        int64_t line;
    } rows[] = {
        {DIFF(T0, IDS(8, 8), "", "[\"6\",\"3\"]"), LF_DATA, "no snapshot", LF_POSITION_NONE},
        {BOOK("", ""), LF_FORMAT, "no diffs", LF_POSITION_NONE},
        {BOOK("", "") DIFF(T0, IDS(9, 8), "", ""), LF_FORMAT, "u is not below U", 2},
        {BOOK("", "") DIFF(T0, IDS(8, 8), "[\"5\"]", ""), LF_FORMAT, "bids and asks", 2},
        {BOOK("", "") DIFF(T0, IDS(8, 8), "[\"-5\",\"1\"]", ""), LF_FORMAT, "bids and asks", 2},
        {BOOK("", "") DIFF("1e3", IDS(8, 8), "", ""), LF_FORMAT, "E, T", 2},
        {BOOK("", "") "{\"e\":\"depthUpd", LF_FORMAT, "cut off", 2},
        {BOOK("", "") "12 \n", LF_FORMAT, "an object", 2},
        {BOOK("", "") DIFF(T0, IDS(8, 8), "", "") "{\"e\":\"trade\",\"E\":1,\"s\":\"Y\",\"p\":"
                                                  "\"1\",\"q\":\"1\",\"m\":true}\n",
         LF_UNSUPPORTED,
         "X and Y",
         3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        read_text(rows[i].text);
        if (got.status != rows[i].status || strstr(got.error.message, rows[i].message) == NULL) {
            fail_msg("row %zu: %d, %s", i, (int)got.status, got.error.message);
        }
        assert_int_equal(got.error.line, rows[i].line);
    }
    /* A crossed book is counted, or an error when asked for. */
    static const char crossed[] =
        BOOK("[\"5\",\"1\"]", "[\"6\",\"1\"]") DIFF(T0, IDS(8, 8), "[\"7\",\"1\"]", "");
    read_text(crossed);
    assert_int_equal(got.status, LF_OK);
    assert_int_equal(got.stats.violation_count, 1);
    assert_int_equal(got.stats.first_violation_line, 2);
    const lf_feed_options options = {.strict = true};
    read_path(ft_write(&folder, "capture.txt", crossed), &options);
    assert_int_equal(got.status, LF_DATA);
}

/* One symbol and date on two venues are two days, on one venue they are one too many. */
static void test_venues(void **state)
{
    (void)state;
    lf_source_list list;
    make(true, SEED);
    const char *paths[2] = {bt_write(&c, &folder, "a.txt", 0, BT_LINES_MAX)};
    make(false, SEED);
    paths[1] = bt_write(&c, &folder, "b.txt", 0, BT_LINES_MAX);
    assert_int_equal(lf_feed_find(paths, 2, NULL, &list, NULL), LF_OK);
    assert_int_equal(list.count, 2);
    lf_source_list_clear(&list);
    paths[0] = bt_write(&c, &folder, "a.txt", 0, BT_LINES_MAX);
    assert_int_equal(lf_feed_find(paths, 2, NULL, &list, NULL), LF_DATA);
}

/* A source without what finding has found out is completed. */
static void test_plain_source(void **state)
{
    (void)state;
    make(true, SEED);
    read_all();
    const size_t count = got.count;
    lf_source source = {.format = "binance", .date = {2024, 8, 9}, .symbol = "TSTUSDT"};
    (void)snprintf(source.path, sizeof source.path, "%s", lf_testing_path(&folder, "capture.txt"));
    ft_read_source(&got, &source, NULL);
    assert_int_equal(got.status, LF_OK);
    assert_int_equal(got.count, count);
    source.date.day = 10;
    source.tick_nano = 0;
    ft_read_source(&got, &source, NULL);
    assert_int_equal(got.status, LF_NOT_FOUND);
}

/* Nothing is taken while reading once lines have been as long, and failing takes nothing along. */
static void test_memory(void **state)
{
    (void)state;
    lf_source_list list;
    make(true, SEED);
    const char *const path = bt_write(&c, &folder, "capture.txt", 0, BT_LINES_MAX);
    assert_int_equal(lf_feed_find(&path, 1, NULL, &list, NULL), LF_OK);
    const lf_feed_options how = {0};
    assert_true(ft_fail_memory(&got, &list.sources[0], &how, 1) < 24);
    lf_source_list_clear(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),        cmocka_unit_test(test_batches),
        cmocka_unit_test(test_packings),     cmocka_unit_test(test_missing_diff),
        cmocka_unit_test(test_doubled_diff), cmocka_unit_test(test_swapped_diffs),
        cmocka_unit_test(test_trades),       cmocka_unit_test(test_old_snapshot),
        cmocka_unit_test(test_restart),      cmocka_unit_test(test_any_damage),
        cmocka_unit_test(test_chain),        cmocka_unit_test(test_midnight),
        cmocka_unit_test(test_sizes),        cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_convert),      cmocka_unit_test(test_exchange_info),
        cmocka_unit_test(test_kinds),        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_venues),       cmocka_unit_test(test_plain_source),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
