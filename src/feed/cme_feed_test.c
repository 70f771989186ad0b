/*
 * Goal: the book of a capture of CME is that of a naive one after every message; a lost packet is
 *       a counted gap, and the book is right again after a snapshot; trades have their aggressor.
 * Method: captures of random messages made here, of both schema generations; the levels of the
 *         public capture, when it is there.
 */
#include "cme_book.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed_testing.h"

#define CAPTURE "data/cme_mdp3/mdp3_v6_20161112_two_feeds.pcapng.gz"
#define START_NS INT64_C(1500000000000000000)
#define SECURITY 77
#define OTHER 78
#define TICK 250 /* hundredths */
#define DEPTH 10
#define PACKETS 1500

/* ---- captures --------------------------------------------------------------------------- */

typedef struct writer {
    unsigned char *bytes; /* [capacity], owned */
    size_t count, capacity;
    bool is_old; /* templates before schema version 9 */
    int feed_count;
} writer;

static void put(unsigned char *at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        at[i] = (unsigned char)(value >> (8 * i));
    }
}

/* A message in the making. */
typedef struct message {
    unsigned char bytes[1400];
    size_t count;
} message;

static message start(uint16_t template_id, size_t block_bytes)
{
    message m = {.count = 10 + block_bytes};
    put(m.bytes + 2, block_bytes, 2);
    put(m.bytes + 4, template_id, 2);
    put(m.bytes + 6, LFI_CME_SCHEMA, 2);
    put(m.bytes + 8, template_id < 46 ? 6 : 9, 2);
    return m;
}

static void add_group(message *m, size_t entry_bytes, size_t count)
{
    put(m->bytes + m->count, entry_bytes, 2);
    m->bytes[m->count + 2] = (unsigned char)count;
    m->count += 3 + entry_bytes * count;
}

/* A packet of one of three channels: 0 books, 1 snapshots, 2 definitions. */
static void add_packet_on(
    writer *w, int feed, int channel, uint32_t sequence, int64_t ts_ns, message *ms, size_t count
)
{
    unsigned char frame[1600] = {0};
    size_t bytes = 42 + 12;
    put(frame + 42, sequence, 4);
    put(frame + 46, (uint64_t)ts_ns, 8);
    for (size_t i = 0; i < count; i++) {
        put(ms[i].bytes, ms[i].count, 2);
        memcpy(frame + bytes, ms[i].bytes, ms[i].count);
        bytes += ms[i].count;
    }
    frame[12] = 8;
    frame[14] = 0x45;
    frame[16] = (unsigned char)((bytes - 14) >> 8);
    frame[17] = (unsigned char)(bytes - 14);
    frame[23] = 17;
    frame[30] = 224;
    frame[32] = (unsigned char)(31 + feed);
    frame[33] = (unsigned char)(64 + channel);
    frame[36] = (unsigned char)((14340 + 1000 * feed) >> 8);
    frame[37] = (unsigned char)((14340 + 1000 * feed) & 255);
    frame[38] = (unsigned char)((bytes - 34) >> 8);
    frame[39] = (unsigned char)(bytes - 34);
    assert_true(w->count + 16 + bytes <= w->capacity);
    unsigned char *const to = w->bytes + w->count;
    const int64_t captured_ns = ts_ns + 500;
    put(to, (uint64_t)(captured_ns / 1000000000), 4);
    put(to + 4, (uint64_t)(captured_ns % 1000000000), 4);
    put(to + 8, bytes, 4);
    put(to + 12, bytes, 4);
    memcpy(to + 16, frame, bytes);
    w->count += 16 + bytes;
}

static void
add_packet(writer *w, int channel, uint32_t sequence, int64_t ts_ns, message *ms, size_t count)
{
    for (int feed = 0; feed < w->feed_count; feed++) {
        add_packet_on(w, feed, channel, sequence, ts_ns, ms, count);
    }
}

static void start_capture(writer *w, bool is_old, int feed_count)
{
    *w = (writer){.capacity = (size_t)4 << 20, .is_old = is_old, .feed_count = feed_count};
    w->bytes = calloc(1, w->capacity);
    assert_non_null(w->bytes);
    put(w->bytes, 0xA1B23C4D, 4);
    put(w->bytes + 4, 0x00040002, 4);
    put(w->bytes + 16, 65535, 4);
    put(w->bytes + 20, 1, 4);
    w->count = 24;
}

/* Hundredths as a price of the format. */
static uint64_t raw(const writer *w, int64_t price)
{
    return (uint64_t)(price * (w->is_old ? 100000 : 10000000));
}

/* The definition: raw prices are hundredths of what they are worth. */
static void add_definition(writer *w, uint32_t id, const char *symbol)
{
    message m = start(w->is_old ? 27 : 54, 216);
    memcpy(m.bytes + 10 + 23, "ES", 2);
    memcpy(m.bytes + 10 + 29, "ES", 2);
    memcpy(m.bytes + 10 + 35, symbol, strlen(symbol));
    put(m.bytes + 10 + 55, id, 4);
    memcpy(m.bytes + 10 + 76, "USD", 3);
    put(m.bytes + 10 + 91, raw(w, TICK), 8);
    put(m.bytes + 10 + 99, raw(w, 1), 8);
    add_group(&m, 9, 2);
    memcpy(m.bytes + m.count + 3, "GBX", 3);
    m.bytes[m.count + 6] = DEPTH;
    add_group(&m, 4, 1);
    add_packet(w, 2, id, START_NS - 1000, &m, 1);
}

static void set_entry(
    const writer *w,
    unsigned char *at,
    char type,
    int level,
    int action,
    int64_t price,
    int64_t lots
)
{
    put(at, raw(w, price), 8);
    put(at + 8, (uint64_t)lots, 4);
    put(at + 12, SECURITY, 4);
    at[24] = (unsigned char)level;
    at[25] = (unsigned char)action;
    at[26] = (unsigned char)type;
}

/* ---- a naive market --------------------------------------------------------------------- */

/* A deep book by price, of which ten levels are told. */
typedef struct market {
    int64_t lots[2][64]; /* by price: 1000 ticks and up; 0: none */
} market;

static int levels_of(const market *m, int side, int64_t *prices, int64_t *lots)
{
    int count = 0;
    for (int i = 0; i < 64 && count < DEPTH; i++) {
        const int at = side == 0 ? 63 - i : i;
        if (m->lots[side][at] > 0) {
            prices[count] = 1000 + at;
            lots[count++] = m->lots[side][at];
        }
    }
    return count;
}

/* Change one level at random, and tell of it as the venue does: a level that comes into sight
   behind a deleted one is new at the end. */
static size_t change(market *m, const writer *w, unsigned char *entries, lf_random *random)
{
    int64_t before[DEPTH], after[DEPTH], old[DEPTH], lots[DEPTH];
    const int side = (int)(lf_random_next(random) % 2);
    const int at = (int)(lf_random_next(random) % 30) + (side == 0 ? 0 : 34);
    const int was = levels_of(m, side, before, old);
    m->lots[side][at] =
        lf_random_next(random) % 3 == 0 ? 0 : (int64_t)(lf_random_next(random) % 50) + 1;
    const int now = levels_of(m, side, after, lots);
    const char type = side == 0 ? '0' : '1';
    int i = 0;
    while (i < was && i < now && before[i] == after[i]) {
        if (old[i] != lots[i]) {
            set_entry(w, entries, type, i + 1, 1, TICK * after[i], lots[i]);
            return 1;
        }
        i++;
    }
    if (i == was && i == now) {
        return 0;
    }
    const bool is_new = i < now && (i == was || (side == 0) == (after[i] > before[i]));
    if (is_new) {
        set_entry(w, entries, type, i + 1, 0, TICK * after[i], lots[i]);
        return 1;
    }
    set_entry(w, entries, type, i + 1, 2, TICK * before[i], 0);
    if (now == was) {
        set_entry(w, entries + 32, type, now, 0, TICK * after[now - 1], lots[now - 1]);
        return 2;
    }
    return 1;
}

static void
add_snapshot(writer *w, const market *m, uint32_t number, uint32_t last_sequence, int64_t ts_ns)
{
    message s = start(w->is_old ? 38 : 52, 59);
    put(s.bytes + 10, last_sequence, 4);
    put(s.bytes + 10 + 8, SECURITY, 4);
    put(s.bytes + 10 + 16, (uint64_t)(START_NS + (int64_t)last_sequence * 1000), 8);
    s.bytes[10 + 34] = 17;
    unsigned char *at = s.bytes + s.count + 3;
    size_t total = 0;
    for (int side = 0; side < 2; side++) {
        int64_t prices[DEPTH], lots[DEPTH];
        const int count = levels_of(m, side, prices, lots);
        for (int i = 0; i < count; i++, at += 22, total++) {
            put(at, raw(w, TICK * prices[i]), 8);
            put(at + 8, (uint64_t)lots[i], 4);
            at[16] = (unsigned char)(i + 1);
            at[21] = side == 0 ? '0' : '1';
        }
    }
    add_group(&s, 22, total);
    add_packet(w, 1, number, ts_ns + 5, &s, 1);
}

static void check_quotes(const lf_quotes *q, const market *m)
{
    for (int side = 0; side < 2; side++) {
        int64_t prices[DEPTH], lots[DEPTH];
        const int count = levels_of(m, side, prices, lots);
        const int64_t *const ticks = side == 0 ? q->bid_ticks : q->ask_ticks;
        const int64_t *const sizes = side == 0 ? q->bid_lots : q->ask_lots;
        for (int i = 0; i < DEPTH; i++) {
            const int64_t none = side == 0 ? LF_BID_NONE : LF_ASK_NONE;
            assert_int_equal(ticks[i], i < count ? prices[i] : none);
            assert_int_equal(sizes[i], i < count ? lots[i] : 0);
        }
    }
}

/* A day: packets [1, PACKETS] but for one that is lost, snapshots before and later. */
typedef struct day {
    market states[PACKETS + 1]; /* after each packet */
    bool has_change[PACKETS + 1];
    uint32_t first, lost, snapshot; /* the snapshot is of this packet, told 20 later */
} day;

static void add_books(writer *w, day *d, uint32_t sequence, lf_random *random)
{
    market *const now = &d->states[sequence];
    message m = start(w->is_old ? 32 : 46, 11);
    unsigned char *const entries = m.bytes + m.count + 3;
    const int64_t ts_ns = START_NS + (int64_t)sequence * 1000;
    *now = d->states[sequence - 1];
    put(m.bytes + 10, (uint64_t)ts_ns, 8);
    size_t count = change(now, w, entries, random);
    d->has_change[sequence] = count > 0;
    /* Implied levels and other securities are none of the book. */
    set_entry(w, entries + 32 * count++, 'E', 1, 0, TICK * 2000, 5);
    set_entry(w, entries + 32 * count, '0', 1, 0, TICK * 2000, 5);
    put(entries + 32 * count++ + 12, OTHER, 4);
    add_group(&m, 32, count);
    if (sequence != d->lost && sequence >= d->first) {
        add_packet(w, 0, sequence, ts_ns + 10, &m, 1);
    }
}

static void make_day(writer *w, day *d, bool is_old, int feed_count)
{
    lf_random random;
    lf_random_seed(&random, 7, 0);
    start_capture(w, is_old, feed_count);
    add_definition(w, SECURITY, "ESZ7");
    add_definition(w, OTHER, "ESH8");
    d->states[0] = (market){0};
    for (uint32_t i = 1; i <= PACKETS; i++) {
        add_books(w, d, i, &random);
        const int64_t ts_ns = START_NS + (int64_t)i * 1000;
        if (d->snapshot > 0 && i == d->snapshot + 20) {
            add_snapshot(w, &d->states[d->snapshot], 2, d->snapshot, ts_ns);
        }
        if (d->first > 1 && i == d->first + 30) {
            add_snapshot(w, &d->states[d->first + 10], 1, d->first + 10, ts_ns);
        }
    }
}

static lf_feed *open_day(const lf_testing_folder *folder, const writer *w, const char *symbol)
{
    const char *const path = lf_testing_path(folder, "day.pcap");
    const lf_feed_options options = {.symbol = symbol};
    lf_source_list list;
    lf_error error;
    lf_feed *feed;
    ft_write_bytes(path, w->bytes, w->count);
    assert_int_equal(lf_feed_find(&path, 1, &options, &list, &error), LF_OK);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.sources->format, "cme");
    assert_string_equal(list.sources->symbol, symbol != NULL ? symbol : "ESZ7");
    assert_int_equal(lf_feed_open(list.sources, &options, &feed, &error), LF_OK);
    lf_source_list_clear(&list);
    return feed;
}

/* What came out of a day. */
typedef struct outcome {
    int64_t states, masked, resets, snapshots;
} outcome;

static void check_event(const lf_event *event, const day *d, outcome *o)
{
    const uint32_t sequence = (uint32_t)((event->ts_exchange_ns - START_NS) / 1000);
    const bool is_masked = (event->flags & LF_EVENT_MASKED) != 0;
    o->masked += is_masked;
    o->resets += (event->flags & LF_EVENT_RESET) != 0;
    o->snapshots += (event->flags & LF_EVENT_SNAPSHOT) != 0;
    if (!is_masked) {
        assert_true(d->has_change[sequence] || (event->flags & LF_EVENT_SNAPSHOT) != 0);
        check_quotes(&event->quotes, &d->states[sequence]);
        assert_true(event->ts_local_ns >= event->ts_exchange_ns + 505);
        o->states++;
    }
}

static outcome run_day(lf_feed *feed, const day *d)
{
    outcome o = {0};
    lf_batch batch;
    lf_error error;
    do {
        assert_int_equal(lf_feed_next(feed, &batch, &error), LF_OK);
        for (size_t i = 0; i < batch.event_count; i++) {
            check_event(&batch.events[i], d, &o);
        }
    } while (batch.event_count > 0);
    return o;
}

static int64_t changes_in(const day *d, uint32_t from, uint32_t to)
{
    int64_t count = 0;
    for (uint32_t i = from; i <= to; i++) {
        count += d->has_change[i];
    }
    return count;
}

/* From the first packet of a week on, and from a snapshot on; by symbol and by number. */
static void test_book(void **state)
{
    (void)state;
    static day d;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    for (int i = 0; i < 4; i++) {
        writer w;
        d.first = (i & 1) != 0 ? 100 : 1;
        d.lost = d.snapshot = 0;
        make_day(&w, &d, (i & 2) != 0, 2);
        lf_feed *const feed = open_day(&folder, &w, (i & 1) != 0 ? "77" : "ESZ7");
        const lf_instrument *const instrument = lf_feed_instrument(feed);
        assert_int_equal(instrument->tick_nano, TICK * INT64_C(100000));
        assert_int_equal(instrument->level_count, DEPTH);
        assert_true(instrument->has_local_times);
        const outcome o = run_day(feed, &d);
        const bool is_late = d.first > 1;
        assert_int_equal(o.snapshots, is_late);
        assert_int_equal(o.states, is_late + changes_in(&d, is_late ? 131 : 1, PACKETS));
        assert_int_equal(o.resets, 0);
        assert_int_equal(o.masked, 1); /* the end */
        assert_int_equal(lf_feed_stats_of(feed)->gap_count, 0);
        assert_int_equal(lf_feed_stats_of(feed)->violation_count, 0);
        lf_feed_close(feed);
        free(w.bytes);
    }
    lf_testing_folder_remove(&folder);
}

/*
 * A packet is lost on both feeds, or on the only one: the gap is counted, and the book is masked
 * until a snapshot that is young enough. One feed alone is waited for until the end, so that the
 * snapshot has come before the gap is known.
 */
static void test_gap(void **state)
{
    (void)state;
    static day d;
    static const uint32_t snapshots[] = {499, 500, 520, 900};
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    for (size_t i = 0; i < 8; i++) {
        writer w;
        const bool is_alone = i >= 4;
        d = (day){.first = 1, .lost = 500, .snapshot = snapshots[i % 4]};
        make_day(&w, &d, false, is_alone ? 1 : 2);
        lf_feed *const feed = open_day(&folder, &w, "ESZ7");
        const outcome o = run_day(feed, &d);
        const bool is_old = d.snapshot < d.lost;
        assert_int_equal(lf_feed_stats_of(feed)->gap_count, 1);
        assert_int_equal(lf_feed_stats_of(feed)->violation_count, 0);
        assert_int_equal(lf_feed_stats_of(feed)->crossed_count, 0);
        assert_int_equal(o.resets, !is_old);
        assert_int_equal(o.snapshots, !is_old);
        assert_int_equal(o.masked, is_old ? 1 : 2); /* the gap, the end */
        const int64_t before = changes_in(&d, 1, 499);
        const uint32_t from = is_alone ? d.snapshot + 1 : d.snapshot + 21;
        assert_int_equal(o.states, is_old ? before : before + 1 + changes_in(&d, from, PACKETS));
        lf_feed_close(feed);
        free(w.bytes);
    }
    lf_testing_folder_remove(&folder);
}

/* ---- trades and states ------------------------------------------------------------------ */

static void add_trade(writer *w, uint32_t sequence, int aggressor, int action)
{
    message m = start(48, 11);
    unsigned char *const entry = m.bytes + m.count + 3;
    put(m.bytes + 10, (uint64_t)(START_NS + (int64_t)sequence * 1000), 8);
    put(entry, raw(w, TICK * 1010), 8);
    put(entry + 8, 3, 4);
    put(entry + 12, SECURITY, 4);
    entry[24] = (unsigned char)aggressor;
    entry[25] = (unsigned char)action;
    add_group(&m, 32, 1);
    add_packet(w, 0, sequence, START_NS + (int64_t)sequence * 1000 + 10, &m, 1);
}

static void add_status(writer *w, uint32_t sequence, int status)
{
    message m = start(30, 30);
    put(m.bytes + 10, (uint64_t)(START_NS + (int64_t)sequence * 1000), 8);
    memcpy(m.bytes + 10 + 8, "ES", 2);
    put(m.bytes + 10 + 20, INT32_MAX, 4);
    m.bytes[10 + 27] = (unsigned char)status;
    add_packet(w, 0, sequence, START_NS + (int64_t)sequence * 1000 + 10, &m, 1);
}

/* Who was the aggressor; a correction is no trade; a halt of the group masks until its end. */
static void test_trades(void **state)
{
    (void)state;
    static const int8_t signs[] = {0, 1, -1, LF_SIGN_UNKNOWN};
    writer w;
    lf_batch batch;
    lf_error error;
    lf_testing_folder folder;
    market empty = {0};
    message books = start(46, 11);
    assert_true(lf_testing_folder_make(&folder));
    start_capture(&w, false, 2);
    add_definition(&w, SECURITY, "ESZ7");
    empty.lots[0][10] = 4;
    put(books.bytes + 10, (uint64_t)START_NS + 1000, 8);
    set_entry(&w, books.bytes + books.count + 3, '0', 1, 0, TICK * 1010, 4);
    add_group(&books, 32, 1);
    add_packet(&w, 0, 1, START_NS + 1010, &books, 1);
    for (int i = 0; i < 4; i++) {
        add_trade(&w, (uint32_t)(2 + i), i < 3 ? i : 255, 0);
    }
    add_trade(&w, 6, 1, 2);
    add_status(&w, 7, 2);
    add_trade(&w, 8, 1, 0);
    add_status(&w, 9, 17);
    lf_feed *const feed = open_day(&folder, &w, NULL);
    assert_int_equal(lf_feed_next(feed, &batch, &error), LF_OK);
    assert_int_equal(batch.event_count, 9);
    assert_int_equal(batch.trade_count, 5);
    for (int i = 0; i < 4; i++) {
        const lf_event *const event = &batch.events[1 + i];
        assert_int_equal(event->kind, LF_EVENT_TRADE);
        assert_int_equal(event->flags, LF_EVENT_LAST);
        assert_int_equal(event->ts_exchange_ns, START_NS + (2 + i) * 1000);
        assert_int_equal(batch.trades[i].sign, signs[i]);
        assert_int_equal(batch.trades[i].size_lots, 3);
        assert_int_equal(
            batch.trades[i].price_units, 1010 * lf_feed_instrument(feed)->units_per_tick
        );
        check_quotes(&event->quotes, &empty);
    }
    assert_int_equal(batch.events[5].kind, LF_EVENT_HALT);
    assert_int_equal(batch.events[5].flags, LF_EVENT_LAST | LF_EVENT_MASKED);
    assert_int_equal(batch.events[6].flags, LF_EVENT_LAST | LF_EVENT_MASKED);
    assert_int_equal(batch.events[7].kind, LF_EVENT_HALT);
    assert_int_equal(batch.events[7].flags, LF_EVENT_LAST | LF_EVENT_RESET);
    assert_int_equal(lf_feed_stats_of(feed)->halt_count, 1);
    assert_int_equal(lf_feed_stats_of(feed)->skipped_count, 1);
    lf_feed_close(feed);
    free(w.bytes);
    lf_testing_folder_remove(&folder);
}

/* ---- choosing --------------------------------------------------------------------------- */

static void test_choice(void **state)
{
    (void)state;
    static day d;
    static const char *const symbols[] = {NULL, "NQZ7"};
    writer w;
    lf_error error;
    lf_testing_folder folder;
    d = (day){.first = 1};
    assert_true(lf_testing_folder_make(&folder));
    const char *const path = lf_testing_path(&folder, "day.pcap");
    make_day(&w, &d, false, 1);
    ft_write_bytes(path, w.bytes, w.count);
    for (size_t i = 0; i < 2; i++) {
        const lf_feed_options options = {.symbol = symbols[i]};
        lf_source_list list;
        assert_int_equal(lf_feed_find(&path, 1, &options, &list, &error), LF_NOT_FOUND);
        assert_non_null(strstr(error.message, "ESZ7, ESH8"));
        assert_int_equal(list.count, 0);
    }
    free(w.bytes);
    lf_testing_folder_remove(&folder);
}

/* Without memory at any place, nothing is left behind. */
static void test_memory(void **state)
{
    (void)state;
    static day d;
    writer w;
    lf_error error;
    lf_testing_folder folder;
    d = (day){.first = 1, .lost = 500, .snapshot = 500};
    assert_true(lf_testing_folder_make(&folder));
    make_day(&w, &d, false, 1);
    lf_feed_close(open_day(&folder, &w, "ESZ7"));
    lf_source source = {.format = "cme", .symbol = "ESZ7", .date = {2017, 7, 14}};
    (void)snprintf(source.path, sizeof source.path, "%s", lf_testing_path(&folder, "day.pcap"));
    bool is_done = false;
    for (uint64_t n = 0; !is_done; n += n < 60 ? 1 : 37) {
        lf_testing_memory memory;
        lf_feed *feed;
        lf_batch batch = {.event_count = 1};
        lf_testing_memory_start(&memory, n);
        const lf_feed_options options = {.allocator = &memory.allocator};
        lf_status status = lf_feed_open(&source, &options, &feed, &error);
        while (status == LF_OK && batch.event_count > 0) {
            status = lf_feed_next(feed, &batch, &error);
        }
        is_done = memory.calls <= n;
        assert_int_equal(status, is_done ? LF_OK : LF_NOMEM);
        lf_feed_close(feed);
        assert_int_equal(memory.live, 0);
    }
    free(w.bytes);
    lf_testing_folder_remove(&folder);
}

/* ---- the public capture ----------------------------------------------------------------- */

/* Books of the busiest securities, begun empty: the capture has neither snapshot nor definition. */
static const uint32_t busy[] = {133990, 50397, 34661, 52203, 336491, 363272, 75583, 90905};
#define BUSY_COUNT (sizeof busy / sizeof busy[0])

typedef struct levels {
    lfi_cme_book books[BUSY_COUNT];
    int64_t fit_count, other_count, crossed_count;
} levels;

static void apply_entries(levels *l, const lfi_cme_group *group, size_t index)
{
    lfi_cme_book *const book = &l->books[index];
    for (size_t i = 0; i < group->count; i++) {
        const unsigned char *const at = group->entries + i * group->entry_bytes;
        const unsigned char type = at[LFI_CME_ENTRY_TYPE];
        if (lfi_cme_32(at + LFI_CME_ENTRY_SECURITY) != busy[index] ||
            (type != '0' && type != '1')) {
            continue;
        }
        const lfi_cme_entry entry = {
            .price = lfi_cme_price(at, true),
            .lots = (int32_t)lfi_cme_32(at + LFI_CME_ENTRY_SIZE),
            .level = at[LFI_CME_ENTRY_LEVEL],
            .action = at[LFI_CME_ENTRY_ACTION],
            .is_ask = type == '1',
        };
        *(lfi_cme_book_apply(book, &entry) ? &l->fit_count : &l->other_count) += 1;
    }
    l->crossed_count +=
        book->bid.count > 0 && book->ask.count > 0 && book->bid.prices[0] >= book->ask.prices[0];
}

/* lfi_cme_take */
static void take_levels(void *context, const lfi_cme_packet *packet)
{
    size_t at = LFI_CME_PACKET_HEAD;
    lfi_cme_message m;
    lfi_cme_group group;
    while (lfi_cme_message_next(packet->bytes, packet->count, &at, &m)) {
        const bool is_book = lfi_cme_is_book(m.template_id);
        for (size_t i = 0; is_book && i < BUSY_COUNT; i++) {
            assert_true(lfi_cme_group_of(&m, LFI_CME_ENTRY_BYTES, &group));
            apply_entries(context, &group, i);
        }
    }
}

static void test_sample(void **state)
{
    (void)state;
    static levels l;
    lfi_cme_capture capture;
    lf_error error;
    bool got = true;
    const char *const path = lf_testing_shared(CAPTURE);
    if (path == NULL) {
        skip();
    }
    for (size_t i = 0; i < BUSY_COUNT; i++) {
        l.books[i].level_count = LF_LEVELS_MAX;
    }
    assert_int_equal(lfi_cme_capture_open(NULL, path, &capture, &error), LF_OK);
    while (got) {
        assert_int_equal(lfi_cme_capture_next(&capture, take_levels, &l, &got, &error), LF_OK);
    }
    lfi_cme_capture_finish(&capture, take_levels, &l);
    lfi_cme_capture_close(&capture);
    assert_int_equal(l.fit_count, 2053);
    assert_int_equal(l.other_count, 0);
    assert_int_equal(l.crossed_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_book),
        cmocka_unit_test(test_gap),
        cmocka_unit_test(test_trades),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
