/*
 * Goal: DBN files of all three versions, plain and zstd, give the events that their records mean,
 *       and damaged ones one error that says where.
 * Method: files put together here byte by byte, each with what must come out; the public samples
 *         with numbers that were counted by another program; every book against a plain ladder.
 */
#include "dbn.h"

#include <lobflow/l3.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <zstd.h>

#include <cmocka.h>

#include "feed_testing.h"

#define UNDEF INT64_MAX
#define T0 UINT64_C(1718000000000000000) /* 2024-06-10T06:13:20Z */

/* ---- files ------------------------------------------------------------------------------ */

typedef struct bytes {
    unsigned char data[1 << 16];
    size_t count;
} bytes;

static void put(bytes *b, uint64_t value, size_t width)
{
    for (size_t i = 0; i < width; i++) {
        b->data[b->count++] = (unsigned char)(value >> (8 * i));
    }
}

static void put_text(bytes *b, const char *text, size_t width)
{
    memset(b->data + b->count, 0, width);
    memcpy(b->data + b->count, text, strlen(text));
    b->count += width;
}

/* Metadata of two symbols, AAA (7) and BBB (8). */
static void put_metadata(bytes *b, int version, const char *dataset, unsigned schema)
{
    const size_t width = version == 1 ? 22 : 71;
    *b = (bytes){0};
    put_text(b, "DBN", 3);
    put(b, (uint64_t)version, 1);
    put(b, 0, 4); /* length, set below */
    put_text(b, dataset, 16);
    put(b, schema, 2);
    put(b, T0, 8);
    put(b, UINT64_MAX, 8);
    put(b, 0, 8);
    put(b, UINT64_MAX, version == 1 ? 8 : 0);
    put(b, 1, 1);
    put(b, 0, 1);
    put(b, 0, 1);
    put(b, width, version == 1 ? 0 : 2);
    b->count = 108;
    put(b, 0, 4);
    put(b, 2, 4);
    put_text(b, "AAA", width);
    put_text(b, "BBB", width);
    put(b, 0, 4);
    put(b, 0, 4);
    put(b, 2, 4);
    for (int i = 0; i < 2; i++) {
        put_text(b, i == 0 ? "AAA" : "BBB", width);
        put(b, 1, 4);
        put(b, 20240610, 4);
        put(b, 20240611, 4);
        put_text(b, i == 0 ? "7" : "8", width);
    }
    b->count = version < 3 ? b->count : (b->count + 7) / 8 * 8;
    const size_t end = b->count;
    b->count = 4;
    put(b, end - 8, 4);
    b->count = end;
}

/* A record of single orders; the time is in ns after T0. */
typedef struct order_row {
    uint64_t ts;
    uint64_t id;
    int64_t price;
    uint32_t size;
    char action, side;
    uint8_t flags;
    uint32_t instrument;
} order_row;

static void put_order(bytes *b, const order_row *row)
{
    put(b, 14, 1);
    put(b, 0xA0, 1);
    put(b, 1, 2);
    put(b, row->instrument != 0 ? row->instrument : 7, 4);
    put(b, T0 + row->ts, 8);
    put(b, row->id, 8);
    put(b, (uint64_t)row->price, 8);
    put(b, row->size, 4);
    put(b, row->flags, 1);
    put(b, 0, 1);
    put(b, (uint64_t)row->action, 1);
    put(b, (uint64_t)row->side, 1);
    put(b, T0 + row->ts + 50, 8);
    put(b, 0, 4);
    put(b, (uint64_t)b->count, 4);
}

static const char *write_orders(
    const lf_testing_folder *folder, const char *name, int version, const order_row *rows, size_t n
)
{
    static bytes b;
    const char *const path = lf_testing_path(folder, name);
    put_metadata(&b, version, "TEST.DATA", 0);
    for (size_t i = 0; i < n; i++) {
        put_order(&b, &rows[i]);
    }
    ft_write_bytes(path, b.data, b.count);
    return path;
}

/* ---- reading ---------------------------------------------------------------------------- */

#define EVENTS_MAX 64

typedef struct day {
    lf_instrument instrument;
    lf_feed_stats stats;
    lf_event events[EVENTS_MAX];
    lf_trade trades[EVENTS_MAX];
    size_t event_count, trade_count;
} day;

static lf_status
read_day(const char *path, const lf_feed_options *options, day *out, lf_error *error)
{
    lf_source_list list;
    lf_feed *feed = NULL;
    lf_batch batch = {.event_count = 1};
    memset(out, 0, sizeof *out);
    lf_status status = lf_feed_find(&path, 1, options, &list, error);
    if (status != LF_OK) {
        return status;
    }
    status = lf_feed_open(&list.sources[0], options, &feed, error);
    while (status == LF_OK && batch.event_count > 0) {
        status = lf_feed_next(feed, &batch, error);
        for (size_t i = 0; status == LF_OK && i < batch.event_count; i++) {
            assert_true(out->event_count < EVENTS_MAX);
            out->events[out->event_count] = batch.events[i];
            out->events[out->event_count++].trade_first += (uint32_t)out->trade_count;
        }
        for (size_t i = 0; status == LF_OK && i < batch.trade_count; i++) {
            out->trades[out->trade_count++] = batch.trades[i];
        }
    }
    if (status == LF_OK) {
        out->instrument = *lf_feed_instrument(feed);
        out->stats = *lf_feed_stats_of(feed);
    }
    lf_feed_close(feed);
    lf_source_list_clear(&list);
    return status;
}

/* Prices of two dollars and something, in cents. */
#define CENTS(n) (INT64_C(10000000) * (n))

static const order_row market[] = {
    {0, 1, CENTS(200), 10, 'A', 'B', 0x80, 0},
    {1, 2, CENTS(203), 5, 'A', 'A', 0x80, 0},
    {2, 3, CENTS(200), 7, 'A', 'B', 0x80, 0},
    {2, 90, CENTS(999), 7, 'A', 'B', 0x80, 8}, /* another instrument */
    /* An order is changed so that it takes: its own F has the taker's side. */
    {4, 2, CENTS(200), 1, 'T', 'A', 0, 0},
    {4, 2, CENTS(200), 1, 'F', 'A', 0, 0},
    {4, 3, CENTS(200), 1, 'F', 'B', 0, 0},
    {4, 3, CENTS(200), 1, 'C', 'B', 0, 0},
    {4, 2, CENTS(203), 4, 'M', 'A', 0x80, 0},
    /* One aggressor takes an order whole and a part of the next: one event, one state. */
    {5, 0, CENTS(200), 12, 'T', 'A', 0, 0},
    {5, 1, CENTS(200), 10, 'F', 'B', 0, 0},
    {5, 3, CENTS(200), 2, 'F', 'B', 0, 0},
    {5, 1, CENTS(200), 10, 'C', 'B', 0, 0},
    {5, 3, CENTS(200), 2, 'C', 'B', 0x80, 0},
    /* A fill of an order that is not there, and a note: nothing. */
    {6, 77, CENTS(201), 4, 'F', 'A', 0x80, 0},
    {7, 0, UNDEF, 0, 'N', 'N', 0x80, 0},
    {8, 2, CENTS(202), 5, 'M', 'A', 0x80, 0},
    /* What contradicts the book. */
    {9, 55, CENTS(201), 4, 'C', 'A', 0x80, 0},
    {10, 3, CENTS(199), 6, 'A', 'B', 0x80, 0},
    {11, 3, CENTS(199), 60, 'C', 'B', 0x80, 0},
    {12, 4, CENTS(198), 0, 'A', 'B', 0x80, 0},
    {13, 0, CENTS(202), 3, 'T', 'N', 0x80, 0}, /* nobody says who */
};

static const struct {
    uint64_t ts;
    lf_event_kind kind;
    int side;
    int64_t price_units, size, bid, bid_lots, ask, ask_lots;
    int trades;
} market_events[] = {
    {0, LF_EVENT_ADD, 1, 20000, 10, 200, 10, LF_ASK_NONE, 0, 0},
    {1, LF_EVENT_ADD, -1, 20300, 5, 200, 10, 203, 5, 0},
    {2, LF_EVENT_ADD, 1, 20000, 7, 200, 17, 203, 5, 0},
    {4, LF_EVENT_EXECUTE, 1, 20000, 1, 200, 16, 203, 4, 1},
    {5, LF_EVENT_EXECUTE, 1, 20000, 10, 200, 4, 203, 4, 1},
    {6, LF_EVENT_OTHER, -1, 20100, 4, 200, 4, 203, 4, 0},
    {7, LF_EVENT_OTHER, 0, 0, 0, 200, 4, 203, 4, 0},
    {8, LF_EVENT_QUOTE, -1, 20200, 5, 200, 4, 202, 5, 0},
    {9, LF_EVENT_CANCEL, -1, 20100, 4, 200, 4, 202, 5, 0},
    {10, LF_EVENT_ADD, 1, 19900, 6, 199, 6, 202, 5, 0},
    {11, LF_EVENT_DELETE, 1, 19900, 60, LF_BID_NONE, 0, 202, 5, 0},
    {12, LF_EVENT_ADD, 1, 19800, 0, LF_BID_NONE, 0, 202, 5, 0},
    {13, LF_EVENT_TRADE, 0, 20200, 3, LF_BID_NONE, 0, 202, 5, 1},
};

static void test_orders(void **state)
{
    (void)state;
    static day d;
    lf_testing_folder folder;
    lf_error error;
    assert_true(lf_testing_folder_make(&folder));
    for (int version = 1; version <= 3; version++) {
        const char *const path =
            write_orders(&folder, "m.dbn", version, market, sizeof market / sizeof market[0]);
        const lf_feed_options options = {
            .symbol = "AAA", .batch_events = 1 + (size_t)version, .tick_nano = CENTS(1)};
        assert_int_equal(read_day(path, &options, &d, &error), LF_OK);
        assert_int_equal(d.event_count, sizeof market_events / sizeof market_events[0]);
        for (size_t i = 0; i < d.event_count; i++) {
            const lf_event *const e = &d.events[i];
            assert_int_equal(e->ts_exchange_ns, T0 + market_events[i].ts);
            assert_int_equal(e->ts_local_ns, T0 + market_events[i].ts + 50);
            assert_int_equal(e->kind, market_events[i].kind);
            assert_int_equal(e->side, market_events[i].side);
            assert_int_equal(e->price_units, market_events[i].price_units);
            assert_int_equal(e->size_lots, market_events[i].size);
            assert_int_equal(e->quotes.bid_ticks[0], market_events[i].bid);
            assert_int_equal(e->quotes.bid_lots[0], market_events[i].bid_lots);
            assert_int_equal(e->quotes.ask_ticks[0], market_events[i].ask);
            assert_int_equal(e->quotes.ask_lots[0], market_events[i].ask_lots);
            assert_int_equal(e->trade_count, market_events[i].trades);
            /* Those that contradict the book are masked, and the next one begins anew. */
            const uint32_t extra = i < 8 ? 0 : i < 12 ? LF_EVENT_MASKED : LF_EVENT_RESET;
            assert_int_equal(e->flags, LF_EVENT_LAST | extra);
        }
        assert_int_equal(d.stats.gap_count, 1);
        assert_int_equal(d.trade_count, 3);
        assert_int_equal(d.trades[1].price_units, 20000);
        assert_int_equal(d.trades[1].size_lots, 12);
        assert_int_equal(d.trades[1].sign, -1);
        assert_false(d.trades[1].hidden);
        assert_int_equal(d.trades[2].sign, LF_SIGN_UNKNOWN);
        assert_int_equal(d.stats.unknown_order_count, 1);
        assert_int_equal(d.stats.duplicate_order_count, 1);
        assert_int_equal(d.stats.overfill_count, 1);
        assert_int_equal(d.stats.violation_count, 4);
        assert_int_equal(d.stats.first_violation_line, 18);
        assert_int_equal(d.stats.skipped_count, 1);
        assert_string_equal(d.instrument.symbol, "AAA");
        assert_string_equal(d.instrument.time_zone, "UTC");
        assert_int_equal(d.instrument.units_per_tick, 100);
    }
    lf_testing_folder_remove(&folder);
}

/* Strict: the first contradiction is an error at its byte. */
static void test_strict(void **state)
{
    (void)state;
    static day d;
    lf_testing_folder folder;
    lf_error error;
    assert_true(lf_testing_folder_make(&folder));
    const lf_feed_options options = {.symbol = "AAA", .strict = true, .tick_nano = CENTS(1)};
    const char *const path =
        write_orders(&folder, "m.dbn", 3, market, sizeof market / sizeof market[0]);
    assert_int_equal(read_day(path, &options, &d, &error), LF_DATA);
    static bytes b;
    put_metadata(&b, 3, "TEST.DATA", 0);
    assert_int_equal(error.byte_offset, b.count + 17 * 56);
    assert_non_null(strstr(error.message, "order 55"));
    lf_testing_folder_remove(&folder);
}

static const order_row snapshots[] = {
    /* The book at the start, with the times at which its orders came, the last not said. */
    {0, 0, UNDEF, 0, 'R', 'N', 0x28, 0},
    {1, 1, CENTS(200), 10, 'A', 'B', 0x28, 0},
    {0, 2, CENTS(202), 5, 'A', 'A', 0x28, 0},
    {100, 2, CENTS(202), 1, 'C', 'A', 0x80, 0},
    /* Shown again as it is: no order flow, nothing forgotten. */
    {101, 1, CENTS(200), 10, 'A', 'B', 0x28, 0},
    {101, 2, CENTS(202), 4, 'A', 'A', 0xA8, 0},
    /* Shown otherwise: something was missed. */
    {102, 9, CENTS(201), 10, 'A', 'B', 0x28, 0},
    {102, 2, CENTS(202), 4, 'A', 'A', 0xA8, 0},
    /* A gap that the publisher knows of, and its end. */
    {103, 2, CENTS(202), 1, 'C', 'A', 0x84, 0},
    {104, 2, CENTS(202), 1, 'C', 'A', 0x84, 0},
    {105, 2, CENTS(202), 1, 'C', 'A', 0x80, 0},
    {106, 0, UNDEF, 0, 'R', 'N', 0x80, 0},
    /* Time goes back; the reception is not known. */
    {90, 20, CENTS(200), 10, 'A', 'B', 0x88, 0},
};

static void test_snapshots(void **state)
{
    (void)state;
    static day d;
    lf_testing_folder folder;
    lf_error error;
    assert_true(lf_testing_folder_make(&folder));
    const lf_feed_options options = {
        .symbol = "AAA", .feed_latency_ns = 400, .tick_nano = CENTS(1)};
    const struct {
        uint64_t ts, local;
        unsigned flags;
        int64_t bid, ask_lots;
    } rows[] = {
        {50, 50, LF_EVENT_LAST | LF_EVENT_SNAPSHOT, 200, 5},
        {100, 150, LF_EVENT_LAST, 200, 4},
        {151, 151, LF_EVENT_LAST | LF_EVENT_SNAPSHOT, 200, 4},
        {152, 152, LF_EVENT_LAST | LF_EVENT_SNAPSHOT | LF_EVENT_RESET, 201, 4},
        {152, 153, LF_EVENT_LAST | LF_EVENT_MASKED, 201, 3},
        {152, 154, LF_EVENT_LAST | LF_EVENT_MASKED, 201, 2},
        {152, 155, LF_EVENT_LAST | LF_EVENT_RESET, 201, 1},
        {152, 156, LF_EVENT_LAST | LF_EVENT_RESET, LF_BID_NONE, 0},
        {152, 552, LF_EVENT_LAST, 200, 0},
    };
    const char *const path =
        write_orders(&folder, "s.dbn", 2, snapshots, sizeof snapshots / sizeof snapshots[0]);
    assert_int_equal(read_day(path, &options, &d, &error), LF_OK);
    assert_int_equal(d.event_count, sizeof rows / sizeof rows[0]);
    for (size_t i = 0; i < d.event_count; i++) {
        assert_int_equal(d.events[i].ts_exchange_ns, T0 + rows[i].ts);
        assert_int_equal(d.events[i].ts_local_ns, T0 + rows[i].local);
        assert_int_equal(d.events[i].flags, rows[i].flags);
        assert_int_equal(d.events[i].quotes.bid_ticks[0], rows[i].bid);
        assert_int_equal(d.events[i].quotes.ask_lots[0], rows[i].ask_lots);
    }
    assert_int_equal(d.stats.gap_count, 1);
    assert_int_equal(d.stats.backward_count, 5);
    assert_int_equal(d.stats.violation_count, 0);
    lf_testing_folder_remove(&folder);
}

/* The changes of an event into a book, which must then be the event's. */
static void follow(lf_l3 *l3, const lf_feed *feed, size_t index, const lf_quotes *quotes)
{
    size_t count;
    const lf_order_change *const changes = lf_feed_changes(feed, index, &count);
    for (size_t i = 0; i < count; i++) {
        const lf_order_change *const c = &changes[i];
        lf_status status = LF_OK;
        assert_false(c->kind == LF_CHANGE_FILL && c->order_id == 2); /* it only takes */
        if (c->kind == LF_CHANGE_ADD) {
            status = lf_l3_add(l3, 0, c->order_id, c->side, c->price_ticks, c->lots);
        } else if (c->kind == LF_CHANGE_MODIFY) {
            status = lf_l3_modify(l3, 0, c->order_id, c->side, c->price_ticks, c->lots);
        } else if (c->kind == LF_CHANGE_REDUCE) {
            status = lf_l3_reduce(l3, c->order_id, c->lots);
        } else if (c->kind == LF_CHANGE_CLEAR) {
            lf_l3_clear(l3, 0);
        }
        assert_true(status == LF_OK || status == LF_DATA);
    }
    const lf_l3_side *const bids = lf_l3_best(l3, 0, 1), *const asks = lf_l3_best(l3, 0, -1);
    assert_memory_equal(bids->prices, quotes->bid_ticks, sizeof bids->prices);
    assert_memory_equal(bids->lots, quotes->bid_lots, sizeof bids->lots);
    assert_memory_equal(asks->prices, quotes->ask_ticks, sizeof asks->prices);
    assert_memory_equal(asks->lots, quotes->ask_lots, sizeof asks->lots);
}

static void test_changes(void **state)
{
    (void)state;
    const struct {
        const order_row *rows;
        size_t n;
    } files[] = {
        {market, sizeof market / sizeof market[0]},
        {snapshots, sizeof snapshots / sizeof snapshots[0]},
    };
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    for (size_t i = 0; i < 4; i++) {
        const char *const path =
            write_orders(&folder, "c.dbn", 3, files[i / 2].rows, files[i / 2].n);
        const lf_feed_options options = {
            .symbol = "AAA",
            .tick_nano = CENTS(1),
            .with_orders = true,
            .batch_events = i % 2 == 0 ? 1 : 64};
        lf_source_list list;
        lf_feed *feed;
        lf_l3 *l3;
        lf_batch batch;
        assert_int_equal(lf_feed_find(&path, 1, &options, &list, NULL), LF_OK);
        assert_int_equal(lf_feed_open(&list.sources[0], &options, &feed, NULL), LF_OK);
        assert_int_equal(lf_l3_create(NULL, &l3, NULL), LF_OK);
        assert_true(lf_feed_instrument(feed)->has_orders);
        while (lf_feed_next(feed, &batch, NULL) == LF_OK && batch.event_count > 0) {
            for (size_t e = 0; e < batch.event_count; e++) {
                follow(l3, feed, e, &batch.events[e].quotes);
            }
        }
        lf_l3_destroy(l3);
        lf_feed_close(feed);
        lf_source_list_clear(&list);
    }
    lf_testing_folder_remove(&folder);
}

/* ---- levels ----------------------------------------------------------------------------- */

static void put_mbp_1(bytes *b, char action, char side, uint8_t flags, const int64_t level[4])
{
    put(b, 20, 1);
    put(b, 1, 1);
    put(b, 1, 2);
    put(b, 7, 4);
    put(b, T0 + b->count, 8);
    put(b, (uint64_t)CENTS(250), 8);
    put(b, 3, 4);
    put(b, (uint64_t)action, 1);
    put(b, (uint64_t)side, 1);
    put(b, flags, 1);
    put(b, 0, 1);
    put(b, UINT64_MAX, 8);
    put(b, 0, 8);
    put(b, (uint64_t)level[0], 8);
    put(b, (uint64_t)level[2], 8);
    put(b, (uint64_t)level[1], 4);
    put(b, (uint64_t)level[3], 4);
    put(b, 1, 4);
    put(b, 1, 4);
}

static void test_levels(void **state)
{
    (void)state;
    static day d;
    static bytes b;
    lf_testing_folder folder;
    lf_error error;
    assert_true(lf_testing_folder_make(&folder));
    const struct {
        char action, side;
        uint8_t flags;
        int64_t level[4];
        int64_t bid, bid_lots, ask, ask_lots; /* of the event; 0 lots: it is none yet */
    } rows[] = {
        {'A', 'B', 0x80, {CENTS(249), 4, CENTS(251), 6}, 249, 4, 251, 6},
        {'T', 'B', 0x00, {CENTS(249), 4, CENTS(251), 6}, 0, 0, 0, 0},
        {'C', 'A', 0x80, {CENTS(249), 4, CENTS(251), 3}, 249, 4, 251, 3},
        {'M', 'A', 0x80, {UNDEF, 0, CENTS(251), 3}, LF_BID_NONE, 0, 251, 3},
        {'A', 'B', 0x80, {CENTS(249), 8, UNDEF, 0}, 249, 8, LF_ASK_NONE, 0},
        /* Half a cent: a bid goes down, an ask up, away from the mid. */
        {'A', 'B', 0x80, {CENTS(249) + 5000000, 8, CENTS(251) + 5000000, 2}, 249, 8, 252, 2},
    };
    put_metadata(&b, 3, "XNAS.ITCH", 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        put_mbp_1(&b, rows[i].action, rows[i].side, rows[i].flags, rows[i].level);
    }
    const char *const path = lf_testing_path(&folder, "l.dbn");
    ft_write_bytes(path, b.data, b.count);
    assert_int_equal(read_day(path, NULL, &d, &error), LF_OK);
    size_t at = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].flags == 0) {
            continue;
        }
        const lf_quotes *const q = &d.events[at++].quotes;
        assert_int_equal(q->bid_ticks[0], rows[i].bid);
        assert_int_equal(q->bid_lots[0], rows[i].bid_lots);
        assert_int_equal(q->ask_ticks[0], rows[i].ask);
        assert_int_equal(q->ask_lots[0], rows[i].ask_lots);
        assert_int_equal(q->ask_ticks[1], LF_ASK_NONE);
    }
    assert_int_equal(d.event_count, at);
    assert_int_equal(d.events[1].kind, LF_EVENT_EXECUTE);
    assert_int_equal(d.stats.off_tick_count, 2);
    assert_int_equal(d.instrument.level_count, 1);
    assert_int_equal(d.instrument.tick_nano, CENTS(1));
    assert_string_equal(d.instrument.time_zone, "America/New_York");
    assert_int_equal(
        d.instrument.session_close_ns - d.instrument.session_open_ns,
        6 * 3600 * LF_NS_PER_SECOND + 1800 * LF_NS_PER_SECOND
    );
    lf_testing_folder_remove(&folder);
}

/* ---- days ------------------------------------------------------------------------------- */

/* Sessions by dataset and time of the first record. */
static const struct {
    const char *dataset;
    const char *what; /* of the first record */
    int64_t first_s, end_s;
    lf_date date;
    int64_t open_s, close_s;
    size_t count;
} sessions[] = {
    /* A UTC day of a future: the evening behind it belongs to the next file. */
    {"GLBX.MDP3", "Tue 00:00Z", 1718064000, 1718150400, {2024, 6, 11}, 1718056800, 1718139600, 1},
    {"GLBX.MDP3", "Tue 21:30Z", 1718141400, 1718150400, {2024, 6, 12}, 1718143200, 1718226000, 1},
    {"GLBX.MDP3", "Fri 22:00Z", 1718402400, 1718410000, {2024, 6, 17}, 1718575200, 1718658000, 1},
    {"GLBX.MDP3", "winter", 1703541600, 1703548800, {2023, 12, 26}, 1703545200, 1703628000, 1},
    /* A week in one file. */
    {"GLBX.MDP3", "Sun 22:00Z", 1717970400, 1718409600, {2024, 6, 10}, 1717970400, 1718053200, 5},
    {"XNAS.ITCH", "Mon 08:00Z", 1718006400, 1718064000, {2024, 6, 10}, 1718026200, 1718049600, 1},
    {"XNAS.LOBFLOW.5",
     "Mon 13:30Z",
     1718026200,
     1718236800,
     {2024, 6, 10},
     1718026200,
     1718049600,
     3},
    {"COIN.X", "Sat", 1717804800, 1717891200, {2024, 6, 8}, 1717804800, 1717891200, 1},
};

static void test_sessions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sessions / sizeof sessions[0]; i++) {
        dbn_metadata m = {.end = (uint64_t)(sessions[i].end_s * LF_NS_PER_SECOND)};
        lf_instrument instrument = {0};
        lf_date first;
        size_t count;
        lf_error error;
        (void)snprintf(m.dataset, sizeof m.dataset, "%s", sessions[i].dataset);
        const uint64_t ts = (uint64_t)(sessions[i].first_s * LF_NS_PER_SECOND);
        assert_int_equal(lfi_dbn_sessions(&m, ts, NULL, &first, &count, &error), LF_OK);
        assert_int_equal(lf_date_to_days(first), lf_date_to_days(sessions[i].date));
        assert_int_equal(count, sessions[i].count);
        assert_int_equal(lfi_dbn_session(m.dataset, NULL, first, &instrument, &error), LF_OK);
        assert_int_equal(instrument.session_open_ns / LF_NS_PER_SECOND, sessions[i].open_s);
        assert_int_equal(instrument.session_close_ns / LF_NS_PER_SECOND, sessions[i].close_s);
    }
}

/* Sessions by number are those that one finds by going on day by day. */
static void test_many_sessions(void **state)
{
    (void)state;
    static const char *const datasets[] = {"GLBX.MDP3", "XNAS.ITCH", "COIN.X"};
    for (int i = 0; i < 3; i++) {
        for (int32_t d = 3; d <= 9; d++) { /* Monday 2024-06-03 to Sunday */
            const lf_date first = {2024, 6, d};
            int64_t days = lf_date_to_days(first);
            for (size_t n = 0; n < 40; n++) {
                const lf_date got = lfi_dbn_session_date(datasets[i], first, n);
                assert_int_equal(lf_date_to_days(got), days);
                do {
                    days++;
                } while (i < 2 && (days + 3) % 7 >= 5);
            }
        }
        dbn_metadata m = {.end = UINT64_C(1718000000) * LF_NS_PER_SECOND};
        lf_date first;
        size_t count;
        (void)snprintf(m.dataset, sizeof m.dataset, "%s", datasets[i]);
        const uint64_t ts = UINT64_C(1402400000) * LF_NS_PER_SECOND; /* 2014-06-10 */
        assert_int_equal(lfi_dbn_sessions(&m, ts, NULL, &first, &count, NULL), LF_OK);
        assert_in_range(count, i < 2 ? 2600 : 3650, i < 2 ? 2620 : 3660);
    }
}

static void test_instruments(void **state)
{
    (void)state;
    const struct {
        const char *dataset, *symbol;
        int64_t tick_nano, lot_nano;
    } rows[] = {
        {"GLBX.MDP3", "ESH4", 250000000, INT64_C(50000000000)},
        {"GLBX.MDP3", "ES.c.0", 250000000, INT64_C(50000000000)},
        {"GLBX.MDP3", "MESM24", 250000000, INT64_C(5000000000)},
        {"GLBX.MDP3", "ESH4-ESM4", 0, 1000000000},
        {"GLBX.MDP3", "ESZ4 P5000", 0, 1000000000},
        {"XNAS.ITCH", "ESH4", 10000000, 1000000000},
        {"COIN.X", "BTC", 0, 1000000000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        dbn_metadata m = {0};
        lf_source source = {.date = {2024, 6, 10}};
        lf_instrument out = {0};
        const lf_feed_options none = {0}, chosen = {.tick_nano = 7, .lot_nano = 9};
        (void)snprintf(m.dataset, sizeof m.dataset, "%s", rows[i].dataset);
        (void)snprintf(source.symbol, sizeof source.symbol, "%s", rows[i].symbol);
        assert_int_equal(lfi_dbn_instrument(&m, &source, &none, &out, NULL), LF_OK);
        assert_int_equal(out.tick_nano, rows[i].tick_nano);
        assert_int_equal(out.lot_nano, rows[i].lot_nano);
        assert_int_equal(lfi_dbn_instrument(&m, &source, &chosen, &out, NULL), LF_OK);
        assert_int_equal(out.tick_nano, 7);
        assert_int_equal(out.lot_nano, 9);
    }
}

static void test_symbols(void **state)
{
    (void)state;
    static day d;
    lf_testing_folder folder;
    lf_error error;
    lf_source_list list;
    assert_true(lf_testing_folder_make(&folder));
    const char *const path =
        write_orders(&folder, "m.dbn", 3, market, sizeof market / sizeof market[0]);
    lf_feed_options other = {.symbol = "BBB,AAA"}, none = {.symbol = "CCC"};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(lf_feed_find(&path, 1, i == 0 ? NULL : &other, &list, &error), LF_OK);
        assert_int_equal(list.count, 2);
        assert_string_equal(list.sources[0].symbol, "AAA");
        assert_string_equal(list.sources[1].symbol, "BBB");
        lf_source_list_clear(&list);
    }
    other.symbol = "BBB";
    assert_int_equal(read_day(path, &other, &d, &error), LF_OK);
    assert_int_equal(d.event_count, 1);
    assert_int_equal(d.instrument.tick_nano, CENTS(999)); /* the only price is the tick */
    assert_int_equal(read_day(path, &none, &d, &error), LF_NOT_FOUND);
    assert_non_null(strstr(error.message, "AAA, BBB"));
    lf_testing_folder_remove(&folder);
}

/* ---- damage ----------------------------------------------------------------------------- */

/* Bytes of the metadata in version 3. */
#define HEAD 584

static const struct {
    size_t at; /* byte that is set, or SIZE_MAX */
    int value;
    size_t bytes; /* kept; 0: all */
    lf_status status;
    size_t offset; /* in the error */
    const char *says;
} damages[] = {
    {3, 4, 0, LF_UNSUPPORTED, 0, "version 4"},
    {3, 0, 0, LF_UNSUPPORTED, 0, "version 0"},
    {4, 10, 0, LF_FORMAT, 499, "intervals of a mapping"},
    {7, 255, 0, LF_FORMAT, 0, "cannot be"},
    {6, 9, 0, LF_FORMAT, HEAD + 4 * 56, "ends within its metadata"},
    {24, 9, 0, LF_UNSUPPORTED, HEAD, "schema number 9"},
    {53, 1, 0, LF_FORMAT, 108, "2 to 72"},
    {53, 99, 0, LF_FORMAT, 108, "2 to 72"},
    {109, 255, 0, LF_FORMAT, 112, "definition of the schema"},
    {115, 255, 0, LF_FORMAT, 116, "symbols"},
    {SIZE_MAX, 0, 60, LF_FORMAT, 60, "ends within its metadata"},
    {SIZE_MAX, 0, 5, LF_FORMAT, 0, "begins with"},
    {HEAD, 3, 0, LF_FORMAT, HEAD, "length of 12"},
    {HEAD, 0, 0, LF_FORMAT, HEAD, "length of 0"},
    {HEAD + 56, 15, 0, LF_FORMAT, HEAD + 56, "60 bytes, where those of mbo have 56"},
    {SIZE_MAX, 0, 1, LF_FORMAT, HEAD + 3 * 56, "cut off after 55 of its 56"},
    {HEAD + 15, 0xF0, 0, LF_FORMAT, HEAD, "2262"},
    {HEAD + 36, 0xC0, 0, LF_UNSUPPORTED, HEAD, "top of the book"},
};

static void test_damage(void **state)
{
    (void)state;
    static day d;
    static bytes whole, b;
    lf_testing_folder folder;
    lf_error error;
    assert_true(lf_testing_folder_make(&folder));
    put_metadata(&whole, 3, "TEST.DATA", 0);
    assert_int_equal(whole.count, HEAD);
    for (size_t i = 0; i < 4; i++) {
        put_order(&whole, &market[i]);
    }
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        b = whole;
        if (damages[i].at != SIZE_MAX) {
            b.data[damages[i].at] = (unsigned char)damages[i].value;
        }
        b.count = damages[i].bytes == 1   ? b.count - 1
                  : damages[i].bytes != 0 ? damages[i].bytes
                                          : b.count;
        const char *const path = lf_testing_path(&folder, "d.dbn");
        const lf_feed_options options = {.symbol = "AAA", .tick_nano = CENTS(1)};
        ft_write_bytes(path, b.data, b.count);
        const lf_status status = read_day(path, &options, &d, &error);
        if (status != damages[i].status) {
            fail_msg("row %zu: status %d", i, status);
        }
        if (strstr(error.message, damages[i].says) == NULL) {
            fail_msg("row %zu: %s", i, error.message);
        }
        assert_int_equal(error.byte_offset, damages[i].offset);
    }
    lf_testing_folder_remove(&folder);
}

/* Frames one behind the other are read to the end; a cut one is an error. */
static void test_frames(void **state)
{
    (void)state;
    static day d;
    static bytes whole;
    static unsigned char packed[1 << 16];
    lf_testing_folder folder;
    lf_error error;
    assert_true(lf_testing_folder_make(&folder));
    put_metadata(&whole, 1, "TEST.DATA", 0);
    for (size_t i = 0; i < sizeof market / sizeof market[0]; i++) {
        put_order(&whole, &market[i]);
    }
    size_t count = 0, from = 0;
    memcpy(packed, "\x50\x2A\x4D\x18\x03\x00\x00\x00xyz", 11); /* a frame that is passed over */
    count = 11;
    for (size_t piece = 1; from < whole.count; piece += 7) {
        const size_t bytes_left = whole.count - from,
                     taken = piece < bytes_left ? piece : bytes_left;
        const size_t got =
            ZSTD_compress(packed + count, sizeof packed - count, whole.data + from, taken, 3);
        assert_false(ZSTD_isError(got));
        count += got;
        from += taken;
    }
    const lf_feed_options options = {.symbol = "AAA", .tick_nano = CENTS(1)};
    const char *const path = lf_testing_path(&folder, "z.dbn.zst");
    ft_write_bytes(path, packed, count);
    assert_int_equal(read_day(path, &options, &d, &error), LF_OK);
    assert_int_equal(d.event_count, 13);
    ft_write_bytes(path, packed, count - 2);
    assert_int_equal(read_day(path, &options, &d, &error), LF_FORMAT);
    assert_int_equal(error.byte_offset, count - 2);
    assert_non_null(strstr(error.message, "does not end"));
    packed[count - 20] ^= 0xFF;
    packed[count - 30] ^= 0xFF;
    ft_write_bytes(path, packed, count);
    assert_int_equal(read_day(path, &options, &d, &error), LF_FORMAT);
    lf_testing_folder_remove(&folder);
}

static void test_no_memory(void **state)
{
    (void)state;
    static bytes b;
    lf_testing_folder folder;
    lf_source_list list;
    assert_true(lf_testing_folder_make(&folder));
    (void)b;
    const char *const path =
        write_orders(&folder, "m.dbn", 3, market, sizeof market / sizeof market[0]);
    const lf_feed_options plain = {.symbol = "AAA"};
    assert_int_equal(lf_feed_find(&path, 1, &plain, &list, NULL), LF_OK);
    const lf_feed_options options = {.symbol = "AAA", .batch_events = 2};
    (void)ft_fail_memory(NULL, &list.sources[0], &options, 1);
    lf_source_list_clear(&list);
    lf_testing_folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_strict),
        cmocka_unit_test(test_snapshots),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_sessions),
        cmocka_unit_test(test_many_sessions),
        cmocka_unit_test(test_instruments),
        cmocka_unit_test(test_symbols),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
