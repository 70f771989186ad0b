/*
 * Goal: captures of Coinbase give the venue's books and trades; what is missing, doubled or out of
 *       order is counted and masked, and no state that may be used is ever a wrong one.
 * Method: made captures of both interfaces whose book after every update is known, damaged in all
 *         ways that their numbers can show; lines in a table for what is refused.
 */
#include "coinbase.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed_testing.h"

#define SEED 20240810
#define TICKS 60
#define FIRST_TICK 6100000
#define LINES_MAX 700
#define START_NS (INT64_C(1723204800) * LF_NS_PER_SECOND) /* 2024-08-09T12:00:00Z */

typedef enum dialect {
    EXCHANGE,
    ADVANCED,
} dialect;

/* A line as the venue sent it. */
typedef struct made_line {
    char text[16384];
    int64_t ts_ns; /* of a state; 0 for a trade */
    bool is_snapshot;
    lf_quotes truth;
} made_line;

static struct {
    dialect dialect;
    lf_random random;
    int64_t lots[2][TICKS]; /* bid, ask */
    int64_t sequence, trade_id, now_ns, local_ns, trade_lots;
    made_line lines[LINES_MAX];
    size_t count;
} made;

static ft_reading got;

/* ---- making ----------------------------------------------------------------------------- */

static int64_t below(int64_t bound)
{
    return (int64_t)lf_random_below(&made.random, (uint64_t)bound);
}

static void truth_of(lf_quotes *out)
{
    ft_best_levels(made.lots[0], made.lots[1], TICKS, FIRST_TICK, out);
}

/* Add text to the line that is being made. */
__attribute__((format(printf, 1, 2))) static void put(const char *format, ...)
{
    made_line *const line = &made.lines[made.count];
    const size_t used = strlen(line->text);
    va_list list;
    va_start(list, format);
    const int bytes = vsnprintf(line->text + used, sizeof line->text - used, format, list);
    va_end(list);
    assert_true(bytes >= 0 && (size_t)bytes < sizeof line->text - used);
}

static void put_time(int64_t ns)
{
    char text[32];
    lf_time_format(ns, text);
    put("\"%s\"", text);
}

static void begin_line(const char *channel)
{
    assert_true(made.count < LINES_MAX);
    memset(&made.lines[made.count], 0, sizeof made.lines[made.count]);
    made.now_ns += LF_NS_PER_MILLISECOND + below(5 * LF_NS_PER_MILLISECOND);
    made.local_ns = made.now_ns + LF_NS_PER_MILLISECOND;
    put("%lld ", (long long)made.local_ns);
    if (made.dialect == ADVANCED) {
        put("{\"channel\":\"%s\",\"client_id\":\"\",\"timestamp\":", channel);
        put_time(made.now_ns + 1000);
        put(",\"sequence_num\":%lld,\"events\":[", (long long)made.sequence++);
    }
}

static void end_line(void)
{
    put(made.dialect == ADVANCED ? "]}\n" : "\n");
    made.count++;
}

static void put_level(int side, int tick, bool is_first)
{
    const int price = FIRST_TICK + tick;
    const long long lots = (long long)made.lots[side][tick];
    char text[64];
    (void)snprintf(
        text,
        sizeof text,
        "%d.%02d\",\"%lld.%06lld",
        price / 100,
        price % 100,
        lots / 1000000,
        lots % 1000000
    );
    if (made.dialect == EXCHANGE) {
        put("%s[\"%s\",\"%s\"]", is_first ? "" : ",", side == 0 ? "buy" : "sell", text);
        return;
    }
    put("%s{\"side\":\"%s\",\"event_time\":", is_first ? "" : ",", side == 0 ? "bid" : "offer");
    put_time(made.now_ns);
    put(",\"price_level\":\"%d.%02d\",\"new_quantity\":\"%lld.%06lld\"}",
        price / 100,
        price % 100,
        lots / 1000000,
        lots % 1000000);
}

static void put_plain_side(int side)
{
    bool is_first = true;
    for (int i = 0; i < TICKS; i++) {
        if (made.lots[side][i] > 0) {
            const int price = FIRST_TICK + i;
            put("%s[\"%d.%02d\",\"%lld.%06lld\"]",
                is_first ? "" : ",",
                price / 100,
                price % 100,
                (long long)made.lots[side][i] / 1000000,
                (long long)made.lots[side][i] % 1000000);
            is_first = false;
        }
    }
}

static void make_snapshot(void)
{
    begin_line("l2_data");
    if (made.dialect == EXCHANGE) {
        put("{\"type\":\"snapshot\",\"product_id\":\"TST-USD\",\"bids\":[");
        put_plain_side(0);
        put("],\"asks\":[");
        put_plain_side(1);
        put("],\"time\":");
        put_time(made.now_ns);
        put("}");
    } else {
        bool is_first = true;
        put("{\"type\":\"snapshot\",\"product_id\":\"TST-USD\",\"updates\":[");
        for (int i = 0; i < 2 * TICKS; i++) {
            if (made.lots[i % 2][i / 2] > 0) {
                put_level(i % 2, i / 2, is_first);
                is_first = false;
            }
        }
        put("]}");
    }
    made_line *const line = &made.lines[made.count];
    line->is_snapshot = true;
    line->ts_ns = made.now_ns + (made.dialect == ADVANCED ? 1000 : 0);
    truth_of(&line->truth);
    end_line();
}

/* Change some levels so that the book stays uncrossed. */
static void make_update(void)
{
    bool changed[2][TICKS] = {{false}};
    bool is_first = true;
    const int middle = TICKS / 2 + (int)below(7) - 3;
    for (int i = (int)below(4); i >= 0; i--) {
        const int side = (int)below(2), away = (int)below(9);
        const int tick = side == 0 ? middle - 1 - away : middle + away;
        made.lots[side][tick] = below(3) == 0 ? 0 : 1 + below(9000000);
        changed[side][tick] = true;
    }
    for (int i = 0; i < TICKS; i++) {
        const int side = i < middle ? 1 : 0;
        changed[side][i] = changed[side][i] || made.lots[side][i] > 0;
        made.lots[side][i] = 0;
    }
    begin_line("l2_data");
    put(made.dialect == EXCHANGE ? "{\"type\":\"l2update\",\"product_id\":\"TST-USD\",\"changes\":["
                                 : "{\"type\":\"update\",\"product_id\":\"TST-USD\",\"updates\":[");
    for (int i = 0; i < 2 * TICKS; i++) {
        if (changed[i % 2][i / 2]) {
            put_level(i % 2, i / 2, is_first);
            is_first = false;
        }
    }
    put(made.dialect == EXCHANGE ? "],\"time\":" : "]}");
    if (made.dialect == EXCHANGE) {
        put_time(made.now_ns);
        put("}");
    }
    made.lines[made.count].ts_ns = made.now_ns;
    truth_of(&made.lines[made.count].truth);
    end_line();
}

/* A trade of a bid, whose aggressor sells. */
static void make_trade(void)
{
    const int64_t lots = 1 + below(2000000);
    begin_line("market_trades");
    put(made.dialect == EXCHANGE ? "{\"type\":\"match\",\"sequence\":9,"
                                 : "{\"type\":\"update\",\"trades\":[{");
    put("\"trade_id\":%s%lld%s,\"product_id\":\"TST-USD\",\"price\":\"61000.30\",",
        made.dialect == EXCHANGE ? "" : "\"",
        (long long)++made.trade_id,
        made.dialect == EXCHANGE ? "" : "\"");
    put("\"size\":\"%lld.%06lld\",\"side\":\"%s\",\"time\":",
        (long long)lots / 1000000,
        (long long)lots % 1000000,
        made.dialect == EXCHANGE ? "buy" : "BUY");
    put_time(made.now_ns);
    put(made.dialect == EXCHANGE ? "}" : "}]}");
    made.trade_lots += lots;
    end_line();
}

/* A snapshot, updates and trades, and a second snapshot two thirds in. */
static void make_capture(dialect which)
{
    memset(&made, 0, sizeof made);
    made.dialect = which;
    made.now_ns = START_NS;
    made.trade_id = 500;
    lf_random_seed(&made.random, SEED, (uint64_t)which);
    for (int i = 0; i < TICKS; i++) {
        made.lots[i < TICKS / 2 ? 0 : 1][i] = 1 + below(9000000);
    }
    make_snapshot();
    for (int i = 0; i < 600; i++) {
        if (i == 400) {
            make_snapshot();
        } else if (below(4) == 0) {
            make_trade();
        } else {
            make_update();
        }
    }
}

/* Write the lines [count] in the order of their indices; the path comes back. */
static const char *write_lines(const size_t *order, size_t count)
{
    const char *const path = lf_testing_path(lf_testing_home(), "capture.jsonl");
    FILE *const file = fopen(path, "wb");
    assert_non_null(file);
    for (size_t i = 0; i < count; i++) {
        assert_true(fputs(made.lines[order[i]].text, file) >= 0);
    }
    assert_int_equal(fclose(file), 0);
    return path;
}

/* ---- reading ---------------------------------------------------------------------------- */

/* Read the only day behind a path. */
static void read_path(const char *path, const lf_feed_options *options)
{
    ft_read_paths(&got, &path, 1, options);
}

static void read_order(const size_t *order, size_t count)
{
    read_path(write_lines(order, count), NULL);
    assert_int_equal(got.status, LF_OK);
}

/* Each state that may be used is the true one of its time; how many there are. */
static int64_t check_states(void)
{
    int64_t used = 0;
    for (size_t i = 0; i < got.count; i++) {
        const lf_event *const e = &got.events[i];
        bool found = false;
        if (e->kind != LF_EVENT_QUOTE || (e->flags & LF_EVENT_MASKED) != 0) {
            continue;
        }
        for (size_t k = 0; k < made.count && !found; k++) {
            found = made.lines[k].ts_ns == e->ts_exchange_ns &&
                    memcmp(&made.lines[k].truth, &e->quotes, sizeof e->quotes) == 0;
        }
        assert_true(found);
        used++;
    }
    return used;
}

static size_t all_lines(size_t order[LINES_MAX + 8])
{
    for (size_t i = 0; i < made.count; i++) {
        order[i] = i;
    }
    return made.count;
}

static bool has_trade_before(size_t at)
{
    while (at > 0 && made.lines[at - 1].ts_ns != 0) {
        at--;
    }
    return at > 0;
}

/* An update in the first part, with another one right behind it. */
static size_t some_update(size_t from)
{
    while (made.lines[from].ts_ns == 0 || made.lines[from].is_snapshot ||
           made.lines[from + 1].ts_ns == 0 || made.lines[from + 1].is_snapshot) {
        from++;
    }
    return from;
}

/* ---- tests ------------------------------------------------------------------------------ */

static void test_whole(void **state)
{
    size_t order[LINES_MAX + 8];
    (void)state;
    for (int d = EXCHANGE; d <= ADVANCED; d++) {
        make_capture((dialect)d);
        read_order(order, all_lines(order));
        int64_t states = 0, trades = 0;
        for (size_t i = 0; i < made.count; i++) {
            states += made.lines[i].ts_ns != 0;
            trades += made.lines[i].ts_ns == 0;
        }
        assert_int_equal(check_states(), states);
        assert_int_equal(got.trades, trades);
        assert_int_equal(got.trade_lots, made.trade_lots);
        assert_int_equal(got.bought, 0); /* the resting orders were bids */
        assert_int_equal(got.snapshots, 2);
        assert_int_equal(got.resets, 1); /* the second snapshot */
        assert_int_equal(got.masked, 1); /* behind the last message */
        assert_int_equal(got.stats.gap_count, 0);
        assert_int_equal(got.stats.violation_count, 0);
        assert_string_equal(got.instrument.symbol, "TST-USD");
        assert_string_equal(got.instrument.venue, "COINBASE");
        assert_string_equal(got.instrument.currency, "USD");
        assert_int_equal(got.instrument.tick_nano, 10000000);
        assert_int_equal(got.instrument.lot_nano, 1000);
        assert_true(got.instrument.has_local_times);
    }
}

static void test_removed(void **state)
{
    size_t order[LINES_MAX + 8];
    (void)state;
    make_capture(ADVANCED);
    for (size_t at = 1; at < 300; at += 37) {
        const size_t count = all_lines(order) - 1;
        memmove(order + at, order + at + 1, (count - at) * sizeof *order);
        read_order(order, count);
        /* A trade is missed by its own number too, once there was one before it. */
        const bool is_late_trade = made.lines[at].ts_ns == 0 && has_trade_before(at);
        assert_int_equal(got.stats.gap_count, 1 + is_late_trade);
        assert_true(got.masked > 20); /* up to the second snapshot */
        assert_true(check_states() > 100);
        assert_true(got.resets >= 1);
    }
    /* Updates of the Exchange bear no numbers; trades do. */
    make_capture(EXCHANGE);
    size_t at = 10;
    while (made.lines[at].ts_ns != 0) {
        at++;
    }
    const size_t count = all_lines(order) - 1;
    memmove(order + at, order + at + 1, (count - at) * sizeof *order);
    read_order(order, count);
    assert_int_equal(got.stats.gap_count, 1);
    assert_int_equal(got.resets, 2);
    (void)check_states();
}

static void test_doubled(void **state)
{
    size_t order[LINES_MAX + 8];
    (void)state;
    for (int d = EXCHANGE; d <= ADVANCED; d++) {
        make_capture((dialect)d);
        for (size_t at = 1; at < 300; at += 37) {
            const size_t count = all_lines(order) + 1;
            memmove(order + at + 1, order + at, (count - at - 1) * sizeof *order);
            read_order(order, count);
            assert_int_equal(got.stats.gap_count, 0);
            assert_int_equal(got.masked, 1);
            assert_int_equal(got.trade_lots, made.trade_lots);
            (void)check_states();
            assert_int_equal(
                got.stats.stale_count, d == ADVANCED || made.lines[at].ts_ns == 0 ? 1 : 0
            );
        }
    }
}

static void test_reordered(void **state)
{
    size_t order[LINES_MAX + 8];
    (void)state;
    for (int d = EXCHANGE; d <= ADVANCED; d++) {
        make_capture((dialect)d);
        const size_t count = all_lines(order), at = some_update(50);
        order[at] = at + 1;
        order[at + 1] = at;
        read_order(order, count);
        assert_int_equal(got.stats.gap_count, 1);
        assert_true(got.masked > 20);
        if (d == ADVANCED) {
            (void)check_states();
        }
        assert_true(got.resets >= 1);
    }
}

static void test_new_connection(void **state)
{
    (void)state;
    const char *const head = "{\"channel\":\"l2_data\",\"timestamp\":\"2024-08-09T12:00:0";
    const char *const levels =
        "\"updates\":[{\"side\":\"bid\",\"price_level\":\"1.5\",\"new_quantity\":\"3\"},"
        "{\"side\":\"offer\",\"price_level\":\"1.6\",\"new_quantity\":\"2\"}]}]}\n";
    char text[2048];
    (void)snprintf(
        text,
        sizeof text,
        "%s0Z\",\"sequence_num\":0,\"events\":[{\"type\":\"snapshot\",\"product_id\":\"A-B\",%s"
        "%s1Z\",\"sequence_num\":1,\"events\":[{\"type\":\"update\",\"product_id\":\"A-B\",%s"
        "%s3Z\",\"sequence_num\":0,\"events\":[{\"type\":\"snapshot\",\"product_id\":\"A-B\",%s"
        "%s4Z\",\"sequence_num\":1,\"events\":[{\"type\":\"update\",\"product_id\":\"A-B\",%s",
        head,
        levels,
        head,
        levels,
        head,
        levels,
        head,
        levels
    );
    read_path(ft_write(lf_testing_home(), "two.jsonl", text), NULL);
    assert_int_equal(got.status, LF_OK);
    assert_int_equal(got.stats.gap_count, 1);
    assert_int_equal(got.resets, 1);
    assert_int_equal(got.instrument.tick_nano, 100000000);
    assert_int_equal(got.instrument.lot_nano, LF_NS_PER_SECOND);
    assert_false(got.instrument.has_local_times);
    /* Snapshot, update, gap, snapshot, update, end. */
    assert_int_equal(got.count, 6);
    assert_int_equal(got.events[2].flags & LF_EVENT_MASKED, LF_EVENT_MASKED);
    assert_int_equal(got.events[4].quotes.bid_ticks[0], 15);
}

/* Products of one file, days of one product. */
static void test_products(void **state)
{
    (void)state;
    const char *const text =
        "{\"type\":\"subscriptions\",\"channels\":[]}\n"
        "{\"type\":\"snapshot\",\"product_id\":\"A-USD\",\"bids\":[[\"10.1\",\"2\"]],"
        "\"asks\":[[\"10.3\",\"1\"]]}\n"
        "{\"type\":\"snapshot\",\"product_id\":\"B-USD\",\"bids\":[[\"0.25\",\"2\"]],"
        "\"asks\":[[\"0.28\",\"1.5\"]]}\n"
        "{\"type\":\"l2update\",\"product_id\":\"B-USD\",\"time\":\"2024-08-09T23:59:58.5Z\","
        "\"changes\":[[\"sell\",\"0.27\",\"4\"]]}\n"
        "{\"type\":\"l2update\",\"product_id\":\"A-USD\",\"time\":\"2024-08-09T23:59:59.25Z\","
        "\"changes\":[[\"buy\",\"10.2\",\"4\"]]}\n"
        "{\"time\":\"2024-08-10T00:00:01.000001Z\",\"changes\":[ [\"buy\",\"10.2\",\"0.00\"] ],"
        "\"product_id\":\"A-USD\",\"type\":\"l2update\"}\n";
    const char *const path = ft_write(lf_testing_home(), "both.jsonl", text);
    lf_source_list list;
    const lf_feed_options options = {.symbol = "A-USD"};
    assert_int_equal(lf_feed_find(&path, 1, NULL, &list, NULL), LF_OK);
    assert_int_equal(list.count, 3);
    lf_source_list_clear(&list);
    assert_int_equal(lf_feed_find(&path, 1, &options, &list, NULL), LF_OK);
    assert_int_equal(list.count, 2);
    memset(&got, 0, sizeof got);
    ft_read_source(&got, &list.sources[1], NULL);
    assert_int_equal(got.status, LF_OK);
    assert_int_equal(got.count, 2); /* the update and the end */
    assert_int_equal(got.events[0].quotes.bid_ticks[0], 101);
    assert_int_equal(got.events[0].ts_exchange_ns % LF_NS_PER_DAY, LF_NS_PER_SECOND + 1000);
    assert_int_equal(got.stats.event_count, 2);
    memset(&got, 0, sizeof got);
    ft_read_source(&got, &list.sources[0], NULL);
    assert_int_equal(got.count, 1);
    assert_int_equal(got.events[0].flags & LF_EVENT_SNAPSHOT, LF_EVENT_SNAPSHOT);
    assert_int_equal(got.events[0].quotes.bid_ticks[0], 102);
    lf_source_list_clear(&list);
}

static void test_newest_first(void **state)
{
    (void)state;
    const char *const text =
        "{\"channel\":\"l2_data\",\"timestamp\":\"2024-08-09T12:00:00Z\",\"sequence_num\":0,"
        "\"events\":[{\"type\":\"snapshot\",\"product_id\":\"A-B\",\"updates\":["
        "{\"side\":\"bid\",\"price_level\":\"1.5\",\"new_quantity\":\"3\"},"
        "{\"side\":\"offer\",\"price_level\":\"1.6\",\"new_quantity\":\"2\"}]},"
        "{\"type\":\"update\",\"product_id\":\"A-B\",\"updates\":["
        "{\"side\":\"bid\",\"price_level\":\"1.5\",\"new_quantity\":\"4\"}]}]}\n"
        "{\"channel\":\"market_trades\",\"timestamp\":\"2024-08-09T12:00:02Z\",\"sequence_num\":1,"
        "\"events\":[{\"type\":\"snapshot\",\"trades\":[{\"trade_id\":\"3\"}]},"
        "{\"type\":\"update\",\"trades\":["
        "{\"trade_id\":\"5\",\"product_id\":\"A-B\",\"price\":\"1.6\",\"size\":\"1\","
        "\"side\":\"SELL\",\"time\":\"2024-08-09T12:00:01.9Z\"},"
        "{\"trade_id\":\"4\",\"product_id\":\"A-B\",\"price\":\"1.5\",\"size\":\"2\","
        "\"side\":\"BUY\",\"time\":\"2024-08-09T12:00:01.8Z\"}]}]}\n";
    read_path(ft_write(lf_testing_home(), "first.jsonl", text), NULL);
    assert_int_equal(got.status, LF_OK);
    assert_int_equal(got.count, 5);
    assert_int_equal(got.trades, 2);
    assert_int_equal(got.bought, 1);
    assert_int_equal(got.stats.gap_count, 0);
    assert_int_equal(got.events[2].price_units, 15);
    assert_int_equal(got.events[2].side, 1);
    assert_int_equal(got.events[3].price_units, 16);
}

#define BOOK \
    "{\"type\":\"snapshot\",\"product_id\":\"A-B\",\"bids\":[[\"1\",\"1\"]]," \
    "\"asks\":[[\"2\",\"1\"]]}\n"

static void test_refused(void **state)
{
    static const struct {
        const char *text, *says;
        lf_status status;
    } cases[] = {
        {BOOK "{\"type\":\"l2update\",\"product_id\":\"A-B\",\"time\":\"x\",\"changes\":[]}\n",
         "time must be ISO 8601",
         LF_FORMAT},
        {BOOK "{\"type\":\"l2update\",\"product_id\":\"A-B\",\"changes\":[[\"up\",\"1\",\"1\"]]}\n",
         "changes must be",
         LF_FORMAT},
        {BOOK "{\"type\":\"match\",\"product_id\":\"A-B\",\"side\":\"buy\",\"price\":1}\n",
         "price, size must be",
         LF_FORMAT},
        {BOOK "{\"type\":\"match\",\"product_id\":\"A B\",\"side\":\"buy\"}\n",
         "product_id must be",
         LF_FORMAT},
        {BOOK "{\"channel\":\"l2_data\"}\n", "sequence_num must be", LF_FORMAT},
        {BOOK "{\"type\":\"l2upd", "is the line cut off?", LF_FORMAT},
        {BOOK, "no updates of a book", LF_FORMAT},
        {"{\"type\":\"l2update\",\"product_id\":\"A-B\",\"time\":\"2024-08-09T12:00:00Z\","
         "\"changes\":[[\"buy\",\"1\",\"1\"]]}\n",
         "no snapshot",
         LF_DATA},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        read_path(ft_write(lf_testing_home(), "bad.jsonl", cases[i].text), NULL);
        assert_int_equal(got.status, cases[i].status);
        assert_non_null(strstr(got.error.message, cases[i].says));
    }
}

/* A crossed book is a violation; a tick that does not fit is said. */
static void test_judged(void **state)
{
    (void)state;
    const char *const path = ft_write(
        lf_testing_home(),
        "crossed.jsonl",
        BOOK "{\"type\":\"l2update\",\"product_id\":\"A-B\",\"time\":\"2024-08-09T12:00:00Z\","
             "\"changes\":[[\"buy\",\"2.5\",\"1\"]]}\n"
    );
    read_path(path, NULL);
    assert_int_equal(got.status, LF_OK);
    assert_int_equal(got.stats.violation_count, 1);
    assert_int_equal(got.stats.first_violation_line, 2);
    read_path(path, &(lf_feed_options){.strict = true});
    assert_int_equal(got.status, LF_DATA);
    read_path(path, &(lf_feed_options){.tick_nano = LF_NS_PER_SECOND});
    assert_int_equal(got.status, LF_DATA);
    assert_non_null(strstr(got.error.message, "instrument.tick"));
}

/* Any size of batches gives the same, and a compressed capture too. */
static void test_batches(void **state)
{
    size_t order[LINES_MAX + 8], bytes;
    (void)state;
    make_capture(ADVANCED);
    read_order(order, all_lines(order));
    static lf_event whole[FT_EVENTS_MAX];
    const size_t count = got.count;
    memcpy(whole, got.events, count * sizeof *whole);
    char *const text = ft_read(lf_testing_path(lf_testing_home(), "capture.jsonl"), &bytes);
    char *const copy = lf_allocate(NULL, bytes + 1, 1);
    memcpy(copy, text, bytes);
    const ft_archive gzip = {.format = "raw", .filter = "gzip"};
    const ft_member member = {"capture", copy};
    read_path(
        ft_pack(lf_testing_home(), "capture.gz", &gzip, &member, 1),
        &(lf_feed_options){.batch_events = 3}
    );
    lf_release(NULL, copy);
    lf_release(NULL, text);
    assert_int_equal(got.status, LF_OK);
    assert_int_equal(got.count, count);
    for (size_t i = 0; i < count; i++) {
        whole[i].trade_first = got.events[i].trade_first; /* counts within the batch */
        assert_memory_equal(&whole[i], &got.events[i], sizeof *whole);
    }
}

/* As DBN the days keep venue, currency, tick and lot, and every state. */
static void test_convert(void **state)
{
    size_t order[LINES_MAX + 8];
    (void)state;
    make_capture(ADVANCED);
    read_order(order, all_lines(order));
    const lf_quotes last = got.events[got.count - 2].quotes;
    const char *path = lf_testing_path(lf_testing_home(), "capture.jsonl");
    lf_source_list list;
    assert_int_equal(lf_feed_find(&path, 1, NULL, &list, NULL), LF_OK);
    const lf_convert_options options = {.schema = LF_DBN_MBP_10};
    lf_convert_report report;
    path = lf_testing_path(lf_testing_home(), "day.dbn");
    assert_int_equal(lf_feed_convert(&list, &options, path, &report, NULL), LF_OK);
    lf_source_list_clear(&list);
    assert_int_equal(lf_feed_find(&path, 1, NULL, &list, NULL), LF_OK);
    const int64_t trade_lots = got.trade_lots;
    memset(&got, 0, sizeof got);
    ft_read_source(&got, &list.sources[0], NULL);
    lf_source_list_clear(&list);
    assert_int_equal(got.status, LF_OK);
    assert_string_equal(got.instrument.venue, "COINBASE");
    assert_string_equal(got.instrument.currency, "USD");
    assert_int_equal(got.instrument.tick_nano, 10000000);
    assert_int_equal(got.instrument.lot_nano, 1000);
    assert_int_equal(got.trade_lots, trade_lots);
    assert_memory_equal(&got.events[got.count - 2].quotes, &last, sizeof last);
}

/* A source without what finding has found out is completed. */
static void test_plain_source(void **state)
{
    size_t order[LINES_MAX + 8];
    (void)state;
    make_capture(EXCHANGE);
    read_order(order, all_lines(order));
    const size_t count = got.count;
    lf_source source = {.format = "coinbase", .date = {2024, 8, 9}, .symbol = "TST-USD"};
    (void)snprintf(source.path, sizeof source.path, "%s", write_lines(order, made.count));
    memset(&got, 0, sizeof got);
    ft_read_source(&got, &source, NULL);
    assert_int_equal(got.status, LF_OK);
    assert_int_equal(got.count, count);
    memcpy(source.symbol, "OTHER", sizeof "OTHER");
    ft_read_source(&got, &source, NULL);
    assert_int_equal(got.status, LF_NOT_FOUND);
}

/* Reading takes memory only for the longest line, and failing takes nothing along. */
static void test_memory(void **state)
{
    size_t order[LINES_MAX + 8];
    lf_source_list list;
    (void)state;
    make_capture(EXCHANGE);
    const char *const path = write_lines(order, all_lines(order));
    assert_int_equal(lf_feed_find(&path, 1, NULL, &list, NULL), LF_OK);
    const lf_feed_options how = {0};
    assert_true(ft_fail_memory(&got, &list.sources[0], &how, 1) < 24);
    lf_source_list_clear(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_removed),
        cmocka_unit_test(test_doubled),
        cmocka_unit_test(test_reordered),
        cmocka_unit_test(test_new_connection),
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_newest_first),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_judged),
        cmocka_unit_test(test_batches),
        cmocka_unit_test(test_convert),
        cmocka_unit_test(test_plain_source),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, lf_testing_home_make, lf_testing_home_remove);
}
