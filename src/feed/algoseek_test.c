/*
 * Goal: AlgoSeek rows become the events that docs/formats/algoseek.md describes; bad rows fail with
 * their line; nothing depends on batches; no memory is taken after opening.
 * Method: small files written here, read through the public calls; counts of two real days when
 * the shared data are there.
 */
#include <lobflow/feed.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

#define HEADER "Date,Timestamp,EventType,Ticker,Price,Quantity,Exchange,Conditions\n"
#define EVENTS_MAX 64

/* A file read to its end or its error. */
typedef struct reading {
    lf_status status;
    lf_error error;
    lf_instrument instrument;
    lf_feed_stats stats;
    lf_event events[EVENTS_MAX];
    lf_trade trades[EVENTS_MAX];
    size_t event_count, trade_count;
} reading;

static void read_file(const char *path, const lf_feed_options *options, reading *out)
{
    lf_source_list list;
    lf_feed *feed;
    lf_batch batch;
    memset(out, 0, sizeof *out);
    out->status = lf_feed_find(&path, 1, options, &list, &out->error);
    if (out->status != LF_OK) {
        return;
    }
    assert_int_equal(list.count, 1);
    out->status = lf_feed_open(&list.sources[0], options, &feed, &out->error);
    lf_source_list_clear(&list);
    if (out->status != LF_OK) {
        return;
    }
    out->instrument = *lf_feed_instrument(feed);
    while ((out->status = lf_feed_next(feed, &batch, &out->error)) == LF_OK && batch.event_count > 0
    ) {
        assert_true(out->event_count + batch.event_count <= EVENTS_MAX);
        for (size_t i = 0; i < batch.event_count; i++) {
            lf_event event = batch.events[i];
            for (uint16_t t = 0; t < event.trade_count; t++) {
                out->trades[out->trade_count + t] = batch.trades[event.trade_first + t];
            }
            event.trade_first = (uint32_t)out->trade_count;
            out->trade_count += event.trade_count;
            out->events[out->event_count++] = event;
        }
    }
    out->stats = *lf_feed_stats_of(feed);
    lf_feed_close(feed);
}

/* Write a text as a file of its own folder and read it. */
static void read_text(const char *text, const lf_feed_options *options, reading *out)
{
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    const char *const path = lf_testing_path(&folder, "day.csv");
    assert_int_equal(lf_file_write_atomic(path, text, strlen(text), NULL), LF_OK);
    read_file(path, options, out);
    lf_testing_folder_remove(&folder);
}

static const char day[] =
    HEADER "20131007,09:29:59.900,QUOTE BID NB,AIG,48.1800,100,ARCA,00000001\n"
           "20131007,09:29:59.900,QUOTE ASK NB,AIG,48.2000,300,ARCA,00000001\n"
           "20131007,09:30:00.000,QUOTE BID,AIG,48.1900,700,BATS,00000001\n"
           "20131007,09:30:00.001,TRADE,AIG,48.1950,50,FINRA,00000000\n"
           "20131007,09:30:00.001,TRADE NB,AIG,48.2000,60,NYSE,00000000\n"
           "20131007,09:30:00.002,TRADE,AIG,48.2000,5000,NYSE,00000040\n"
           "20131007,09:30:00.003,TRADE CANCELLED,AIG,48.2000,60,NYSE,00000000\n"
           "20131007,09:30:00.004,QUOTE ASK NB,AIG,0.0000,0,NYSE,00000001\r\n"
           "20131007,09:30:00.005,QUOTE ASK NB,AIG,48.21,200,NYSE,00000001\n"
           "20131007,09:30:00.0061234567,QUOTE BID NB,AIG,48.2100,10,NYSE,00000001";

static void test_rows_become_events(void **state)
{
    (void)state;
    static const struct {
        lf_event_kind kind;
        int64_t bid, bid_lots, ask, ask_lots;
        int trades;
        int8_t side;
    } expected[] = {
        {LF_EVENT_QUOTE, 4818, 100, LF_ASK_NONE, 0, 0, 1},
        {LF_EVENT_QUOTE, 4818, 100, 4820, 300, 0, -1},
        {LF_EVENT_TRADE, 4818, 100, 4820, 300, 1, 0},
        {LF_EVENT_TRADE, 4818, 100, 4820, 300, 1, 0},
        {LF_EVENT_CROSS, 4818, 100, 4820, 300, 0, 0},
        {LF_EVENT_OTHER, 4818, 100, 4820, 300, 0, 0},
        {LF_EVENT_QUOTE, 4818, 100, LF_ASK_NONE, 0, 0, -1},
        {LF_EVENT_QUOTE, 4818, 100, 4821, 200, 0, -1},
        {LF_EVENT_QUOTE, 4821, 10, 4821, 200, 0, 1},
    };
    static reading got;
    read_text(day, NULL, &got);
    assert_int_equal(got.status, LF_OK);
    assert_int_equal(got.event_count, sizeof expected / sizeof expected[0]);
    for (size_t i = 0; i < got.event_count; i++) {
        const lf_event *const event = &got.events[i];
        assert_int_equal(event->kind, expected[i].kind);
        assert_int_equal(event->side, expected[i].side);
        assert_int_equal(event->trade_count, expected[i].trades);
        assert_int_equal(event->quotes.bid_ticks[0], expected[i].bid);
        assert_int_equal(event->quotes.bid_lots[0], expected[i].bid_lots);
        assert_int_equal(event->quotes.ask_ticks[0], expected[i].ask);
        assert_int_equal(event->quotes.ask_lots[0], expected[i].ask_lots);
        assert_int_equal(event->quotes.bid_ticks[1], LF_BID_NONE);
        assert_int_equal(event->quotes.ask_ticks[1], LF_ASK_NONE);
    }
    assert_int_equal(got.trades[0].price_units, 481950);
    assert_int_equal(got.trades[0].size_lots, 50);
    assert_int_equal(got.trades[0].sign, LF_SIGN_UNKNOWN);
    assert_int_equal(got.stats.crossed_count, 1);
    assert_int_equal(got.stats.one_sided_count, 2);
}

static void test_times_and_units(void **state)
{
    (void)state;
    static reading got;
    const lf_feed_options options = {.feed_latency_ns = 500};
    read_text(day, &options, &got);
    /* 09:30 in New York's summer time is 13:30 UTC. */
    const int64_t open_ns = lf_date_to_days((lf_date){2013, 10, 7}) * LF_NS_PER_DAY +
                            13 * 3600 * LF_NS_PER_SECOND + 30 * LF_NS_PER_MINUTE;
    assert_int_equal(got.instrument.session_open_ns, open_ns);
    assert_string_equal(got.instrument.time_zone, "America/New_York");
    assert_int_equal(got.instrument.session_close_ns - open_ns, 390 * LF_NS_PER_MINUTE);
    assert_int_equal(got.events[0].ts_exchange_ns, open_ns - 100 * LF_NS_PER_MILLISECOND);
    assert_int_equal(got.events[8].ts_exchange_ns, open_ns + 6123456); /* the tenth digit is cut */
    assert_int_equal(got.events[8].ts_local_ns, open_ns + 6123456 + 500);
    assert_string_equal(got.instrument.symbol, "AIG");
    assert_int_equal(got.instrument.tick_nano, 10000000);
    assert_int_equal(got.instrument.units_per_tick, 100);
    assert_int_equal(got.instrument.level_count, 1);
    assert_true(got.instrument.ties_unordered);
}

static void test_batches_do_not_matter(void **state)
{
    (void)state;
    static reading whole, pieces;
    read_text(day, NULL, &whole);
    for (size_t size = 1; size <= 10; size++) {
        const lf_feed_options options = {.batch_events = size};
        read_text(day, &options, &pieces);
        assert_int_equal(pieces.event_count, whole.event_count);
        assert_memory_equal(pieces.events, whole.events, whole.event_count * sizeof(lf_event));
        assert_memory_equal(pieces.trades, whole.trades, whole.trade_count * sizeof(lf_trade));
    }
}

#define ROW(time, type, price, lots, conditions) \
    HEADER "20131007,09:30:00.5,QUOTE BID NB,AIG,48.18,1,N,1\n20131007," time "," type \
           ",AIG," price "," lots ",NYSE," conditions "\n"

static void test_bad_rows(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        lf_status status;
        int64_t line;
        const char *says;
    } cases[] = {
        {ROW("09:30:00.4", "TRADE", "48.1", "1", "0"), LF_FORMAT, 3, "goes back by 0.100000000 s"},
        {ROW("9:30:00.5", "TRADE", "48.1", "1", "0"), LF_FORMAT, 3, "(Timestamp) must be HH:MM:SS"},
        {ROW("24:00:00", "TRADE", "48.1", "1", "0"), LF_FORMAT, 3, "found \"24:00:00\""},
        {ROW("09:60:00", "TRADE", "48.1", "1", "0"), LF_FORMAT, 3, "found \"09:60:00\""},
        {ROW("09:30:01.", "TRADE", "48.1", "1", "0"), LF_FORMAT, 3, "found \"09:30:01.\""},
        {ROW("09:30:01.x", "TRADE", "48.1", "1", "0"), LF_FORMAT, 3, "found \"09:30:01.x\""},
        {ROW("09:60:01.250", "TRADE", "48.1", "1", "0"), LF_FORMAT, 3, "found \"09:60:01.250\""},
        {ROW("09:30:01.2x0", "TRADE", "48.1", "1", "0"), LF_FORMAT, 3, "found \"09:30:01.2x0\""},
        {ROW("09:30:01.25", "TRADE", "48.1", "1", "0,7,"), LF_FORMAT, 3, "8 fields between"},
        {ROW("09:30:01", "TRADE", "48.1x", "1", "0"), LF_FORMAT, 3, "(Price) must be a price"},
        {ROW("09:30:01", "TRADE", "48.12345", "1", "0"), LF_FORMAT, 3, "found \"48.12345\""},
        {ROW("09:30:01", "TRADE", "12345678901", "1", "0"), LF_FORMAT, 3, "found \"12345678901\""},
        {ROW("09:30:01", "TRADE", "-1", "1", "0"), LF_FORMAT, 3, "found \"-1\""},
        {ROW("09:30:01", "TRADE", "", "1", "0"), LF_FORMAT, 3, "found \"\""},
        {ROW("09:30:01", "TRADE", "48.1", "1.5", "0"), LF_FORMAT, 3, "(Quantity) must be a whole"},
        {ROW("09:30:01", "TRADE", "48.1", "99999999999", "0"), LF_FORMAT, 3, "(Quantity)"},
        {ROW("09:30:01", "TRADE", "48.1", "1", "0G"), LF_FORMAT, 3, "(Conditions) must be up to 8"},
        {ROW("09:30:01", "TRADE", "48.1", "1", "123456789"), LF_FORMAT, 3, "(Conditions)"},
        {ROW("09:30:01", "TRADE", "48.1", "1", "0,7"), LF_FORMAT, 3, "8 fields between commas"},
        {ROW("09:30:01", "QUOTE BID NB", "48.185", "1", "0"), LF_FORMAT, 3, "on whole cents"},
        {HEADER "20131007,09:30:00,TRADE,AIG,1\n", LF_FORMAT, 2, "a date such as 20131007"},
        {HEADER, LF_FORMAT, 2, "a date such as 20131007"},
        {HEADER "20131307,09:30:00,TRADE,AIG,1,1,N,0\n", LF_FORMAT, 2, "a date such as 20131007"},
        {HEADER "29131007,09:30:00,TRADE,AIG,1,1,N,0\n", LF_RANGE, -1, "a day in 2913"},
        {HEADER "20131007,09:30:00,TRADE,AIG,1,1,N,0\n20131008,09:30:01,TRADE,AIG,1,1,N,0\n",
         LF_FORMAT,
         3,
         "the file's day 20131007, found \"20131008\""},
        {HEADER "20131007,09:30:00,TRADE,AIG,1,1,N,0\n20131007,09:30:01,TRADE,BAC,1,1,N,0\n",
         LF_UNSUPPORTED,
         3,
         "several symbols, such as AIG and BAC; choose one with --symbol"},
        {ROW("09:30:01", "TRADE", "48.1", "1", "0") "\n20131007,09:30:02,TRADE,AIG,1,1,N,0\n",
         LF_FORMAT,
         4,
         "the line is empty, but rows follow"},
        {ROW("09:30:01", "TRADE", "48.1", "1", "0") "\n\r\n", LF_OK, 0, ""},
        {"\xef\xbb\xbf" ROW("09:30:01", "TRADE", "48.1", "1", "0"), LF_OK, 0, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static reading got;
        read_text(cases[i].text, NULL, &got);
        assert_int_equal(got.status, cases[i].status);
        assert_int_equal(got.error.line, cases[i].line);
        if (strstr(got.error.message, cases[i].says) == NULL) {
            fail_msg("case %zu: %s", i, got.error.message);
        }
    }
}

/* Bytes that are nothing are no time, also in the first row, when no second was seen before. */
static void test_no_time(void **state)
{
    (void)state;
    static const char text[] =
        HEADER "20131007,\0\0\0\0\0\0\0\0.250,TRADE,AIG,48.1900,120,NYSE,0A\n";
    static reading got;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    const char *const path = lf_testing_path(&folder, "day.csv");
    assert_int_equal(lf_file_write_atomic(path, text, sizeof text - 1, NULL), LF_OK);
    read_file(path, NULL, &got);
    lf_testing_folder_remove(&folder);
    assert_int_equal(got.status, LF_FORMAT);
    assert_non_null(strstr(got.error.message, "(Timestamp) must be HH:MM:SS"));
}

/* One row reads the same in every spelling, the usual ones and others. */
static void test_spellings(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "20131007,09:30:01.250,TRADE,AIG,48.1900,120,NYSE,0000000A\n",
        "20131007,09:30:01.25,TRADE,AIG,48.1900,120,NYSE,0000000A\n",
        "20131007,09:30:01.250000000,TRADE,AIG,48.1900,120,NYSE,0000000A\n",
        "20131007,09:30:01.2500000001,TRADE,AIG,48.1900,120,NYSE,0000000A\n",
        "20131007,09:30:01.250,TRADE,AIG,48.19,120,NYSE,a\n",
        "20131007,09:30:01.250,TRADE,AIG,48.19000,120,NYSE,A\n",
        "20131007,09:30:01.250,TRADE,AIG,000048.1900,120,NYSE,0A\n",
        "20131007,09:30:01.250,TRADE,AIG,0000048.190,120,NYSE,0A\n",
        "20131007,09:30:01.250,TRADE,AIG,48.1900,00000120,NYSE,0A\r\n",
        "20131007,09:30:01.250,TRADE,AIG,48.1900,0000000120,NYSE,0A\n",
        "20131007,09:30:01.250,TRADE,AIG,48.1900,120,PLACE-OF-TWENTY-FOUR-BYT,0000000A\n",
        "20131007,09:30:01.250,TRADE,AIG,48.1900,120,PLACE-WHOSE-COMMA-IS-BEHIND-64,0000000A\n",
    };
    static reading first, got;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, HEADER "%s", rows[i]);
        read_text(text, NULL, i == 0 ? &first : &got);
        const reading *const now = i == 0 ? &first : &got;
        if (now->status != LF_OK || now->event_count != 1 || now->trade_count != 1 ||
            memcmp(now->events, first.events, sizeof first.events[0]) != 0 ||
            memcmp(now->trades, first.trades, sizeof first.trades[0]) != 0) {
            fail_msg("%s%s", rows[i], now->error.message);
        }
    }
    assert_int_equal(first.events[0].price_units, 481900);
    assert_int_equal(first.events[0].size_lots, 120);
}

/* A line is cut the same wherever its commas lie, and a comma more or less is always seen. */
static void test_lines_of_any_length(void **state)
{
    (void)state;
    static const char *const forms[] = {"%.*s,0", "%.*s", "%.*s,0,", "%.*s,,0", ",%.*s,0"};
    char many[200];
    memset(many, 'X', sizeof many);
    for (int length = 0; length < 100; length += length < 20 || length > 70 ? 5 : 1) {
        for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
            static reading got;
            char text[512], end[256];
            (void)snprintf(end, sizeof end, forms[i], length, many);
            (void)snprintf(
                text, sizeof text, HEADER "20131007,09:30:01.250,TRADE,AIG,48.1900,120,%s\n", end
            );
            read_text(text, &(lf_feed_options){.symbol = "AIG", .date = "2013-10-07"}, &got);
            if ((got.status == LF_OK) != (i == 0) ||
                (i == 0 && (got.event_count != 1 || got.events[0].size_lots != 120))) {
                fail_msg("%d: %s%s", length, text, got.error.message);
            }
        }
    }
}

static void test_choosing_a_symbol(void **state)
{
    (void)state;
    static const char two[] = HEADER "20131007,09:30:00,TRADE,AIG,1,1,N,0\n"
                                     "20131007,09:30:01,TRADE,BAC,2,7,N,0\n"
                                     "20131007,09:30:02,TRADE,AIG,1,1,N,0\n";
    static reading got;
    read_text(two, &(lf_feed_options){.symbol = "BAC"}, &got);
    assert_int_equal(got.status, LF_OK);
    assert_int_equal(got.event_count, 1);
    assert_int_equal(got.trades[0].size_lots, 7);
    assert_string_equal(got.instrument.symbol, "BAC");
    read_text(two, &(lf_feed_options){.symbol = "C"}, &got);
    assert_int_equal(got.status, LF_FORMAT);
    assert_non_null(strstr(got.error.message, "no row of C; it holds AIG"));
}

static void test_memory(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    const char *const path = lf_testing_path(&folder, "day.csv");
    assert_int_equal(lf_file_write_atomic(path, day, strlen(day), NULL), LF_OK);
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        const lf_feed_options options = {.allocator = &memory.allocator};
        lf_source_list list;
        lf_feed *feed = NULL;
        lf_batch batch;
        assert_int_equal(lf_feed_find(&path, 1, NULL, &list, NULL), LF_OK);
        const lf_status status = lf_feed_open(&list.sources[0], &options, &feed, NULL);
        const uint64_t calls = memory.calls;
        if (status == LF_OK) {
            assert_int_equal(lf_feed_next(feed, &batch, NULL), LF_OK);
            assert_int_equal(batch.event_count, 9);
            assert_int_equal(memory.calls, calls);
        }
        lf_feed_close(feed);
        lf_source_list_clear(&list);
        assert_int_equal(memory.live, 0);
        if (calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
    }
    lf_testing_folder_remove(&folder);
}

static void test_real_days(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int64_t rows, quotes, trades;
    } days[] = {
        {"data/algoseek/20131007/AIG.csv.gz", 1105286, 1079935, 25351},
        {"data/algoseek/20131011/BAC.csv.gz", 593713, 481536, 112177},
    };
    if (lf_testing_shared("data/README.md") == NULL) {
        skip();
    }
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        const char *const path = lf_testing_shared(days[i].path);
        lf_source_list list;
        lf_feed *feed;
        lf_batch batch;
        assert_int_equal(lf_feed_find(&path, 1, NULL, &list, NULL), LF_OK);
        assert_int_equal(lf_feed_open(&list.sources[0], NULL, &feed, NULL), LF_OK);
        lf_source_list_clear(&list);
        do {
            assert_int_equal(lf_feed_next(feed, &batch, NULL), LF_OK);
        } while (batch.event_count > 0);
        const lf_feed_stats *const stats = lf_feed_stats_of(feed);
        const int64_t *const kinds = stats->kind_counts;
        assert_int_equal(stats->event_count, days[i].rows);
        assert_int_equal(kinds[LF_EVENT_QUOTE], days[i].quotes);
        assert_int_equal(kinds[LF_EVENT_TRADE] + kinds[LF_EVENT_CROSS], days[i].trades);
        lf_feed_close(feed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_become_events),
        cmocka_unit_test(test_times_and_units),
        cmocka_unit_test(test_batches_do_not_matter),
        cmocka_unit_test(test_bad_rows),
        cmocka_unit_test(test_no_time),
        cmocka_unit_test(test_spellings),
        cmocka_unit_test(test_lines_of_any_length),
        cmocka_unit_test(test_choosing_a_symbol),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_real_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
