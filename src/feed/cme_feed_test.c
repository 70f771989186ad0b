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

#include "cme_testing.h"

#define CAPTURE "data/cme_mdp3/mdp3_v6_20161112_two_feeds.pcapng.gz"

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
    static const style styles[] = {
        {.feed_count = 2},
        {.feed_count = 2, .is_old = true},
        {.feed_count = 2, .is_long = true},
        {.feed_count = 2, .has_numbers = true},
        {.feed_count = 2, .has_numbers = true, .is_long = true},
    };
    for (size_t i = 0; i < 2 * sizeof styles / sizeof styles[0]; i++) {
        writer w;
        d = (day){.first = (i & 1) != 0 ? 100 : 1};
        make_day(&w, &d, styles[i / 2]);
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
    for (size_t i = 0; i < 16; i++) {
        writer w;
        const bool is_alone = (i & 4) != 0;
        d = (day){.first = 1, .lost = 500, .snapshot = snapshots[i % 4]};
        make_day(&w, &d, (style){.feed_count = is_alone ? 1 : 2, .has_numbers = i >= 8});
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

/* Write frames of a capture twice, or in another order: behind its beginning each fifth one comes
   after the next. */
static void mix(writer *w, bool doubles, bool swaps)
{
    unsigned char *const old = w->bytes;
    const size_t end = w->count;
    size_t held = 0, index = 0;
    w->bytes = calloc(2, w->capacity);
    assert_non_null(w->bytes);
    memcpy(w->bytes, old, 24);
    w->count = 24;
    for (size_t at = 24; at < end; index++) {
        const size_t bytes = 16 + (size_t)old[at + 8] + (size_t)old[at + 9] * 256;
        const bool is_held = swaps && index > 9 && index % 5 == 0 && at + bytes < end;
        const int copies = is_held ? 0 : 1 + (doubles && index % 3 == 0);
        for (int i = 0; i < copies; i++) {
            memcpy(w->bytes + w->count, old + at, bytes);
            w->count += bytes;
        }
        if (held > 0) { /* at the time of the other, which it follows */
            memcpy(old + held, old + at, 8);
            memcpy(w->bytes + w->count, old + held, at - held);
            w->count += at - held;
        }
        held = is_held ? at : 0;
        at += bytes;
    }
    free(old);
}

/* Packets that come twice or out of order are taken once and in order: no gap, no state is wrong
   or missing. */
static void test_mixed(void **state)
{
    (void)state;
    static day d;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    for (int i = 0; i < 12; i++) {
        writer w;
        d = (day){.first = (i & 1) != 0 ? 100 : 1};
        make_day(&w, &d, (style){.feed_count = 1 + (i & 1), .has_numbers = (i & 2) != 0});
        mix(&w, i / 4 != 1, i / 4 != 0);
        lf_feed *const feed = open_day(&folder, &w, "ESZ7");
        const outcome o = run_day(feed, &d);
        const bool is_late = d.first > 1;
        assert_int_equal(o.states, is_late + changes_in(&d, is_late ? 131 : 1, PACKETS));
        assert_int_equal(o.masked, 1); /* the end */
        assert_int_equal(o.resets, 0);
        assert_int_equal(lf_feed_stats_of(feed)->gap_count, 0);
        assert_int_equal(lf_feed_stats_of(feed)->violation_count, 0);
        lf_feed_close(feed);
        free(w.bytes);
    }
    lf_testing_folder_remove(&folder);
}

/*
 * With the numbers of updates: a lost packet that had none of the security is a gap, but the book
 * goes on with its next update; a number that is missing is a gap where no packet is.
 */
static void test_numbers(void **state)
{
    (void)state;
    static day d;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    for (int i = 0; i < 2; i++) {
        writer w;
        d = (day){.first = 1, .snapshot = 600};
        d.is_lost_of_other = i == 0;
        d.lost = i == 0 ? 500 : 0;
        d.skipped = i == 1 ? 500 : 0;
        make_day(&w, &d, (style){.feed_count = 2, .has_numbers = true});
        lf_feed *const feed = open_day(&folder, &w, "ESZ7");
        const outcome o = run_day(feed, &d);
        const int64_t before = changes_in(&d, 1, 499);
        assert_int_equal(lf_feed_stats_of(feed)->gap_count, 1);
        assert_int_equal(lf_feed_stats_of(feed)->violation_count, 0);
        assert_int_equal(o.resets, i);
        assert_int_equal(o.snapshots, i);
        assert_int_equal(o.masked, 2); /* the gap, the end */
        assert_int_equal(
            o.states,
            i == 0 ? changes_in(&d, 1, PACKETS) : before + 1 + changes_in(&d, 621, PACKETS)
        );
        lf_feed_close(feed);
        lf_cme_counts counts;
        lf_error error;
        const char *const path = lf_testing_path(&folder, "day.pcap");
        assert_int_equal(lf_cme_count(path, NULL, &counts, &error), LF_OK);
        assert_int_equal(counts.update_gap_count, i);
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
    m.bytes[10 + LFI_CME_INDICATOR] = LFI_CME_LAST_TRADE | LFI_CME_END_OF_EVENT;
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
    assert_true(lf_testing_folder_make(&folder));
    start_capture(&w, (style){.feed_count = 2});
    message books = start_books(&w, START_NS + 1000);
    add_definition(&w, SECURITY, "ESZ7");
    empty.lots[0][10] = 4;
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

/* A message of one level, with the indicator of its event. */
static message
one_level(writer *w, int64_t ts_ns, uint8_t indicator, char type, int action, int64_t price)
{
    message m = start_books(w, ts_ns);
    m.bytes[10 + LFI_CME_INDICATOR] = indicator;
    set_entry(w, m.bytes + m.count + 3, type, 1, action, TICK * price, action == 2 ? 0 : 4);
    add_group(&m, 32, 1);
    return m;
}

/* A snapshot tells the state of trading as of its last packet: one that was told later stays. */
static void test_state_of_snapshot(void **state)
{
    (void)state;
    static day d;
    static const struct {
        int told, shown;
        uint32_t last_sequence; /* of the snapshot; the state is told in 101 */
        bool is_masked;
    } cases[] = {{17, 2, 100, false}, {2, 17, 100, true}, {17, 2, 102, true}, {2, 17, 102, false}};
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        writer w;
        lf_batch batch;
        lf_error error;
        market *const one = &d.states[cases[i].last_sequence];
        start_capture(&w, (style){.feed_count = 2});
        w.state = cases[i].shown;
        add_definition(&w, SECURITY, "ESZ7");
        *one = (market){0};
        one->lots[0][10] = 4;
        message books = one_level(
            &w, START_NS + 100000, LFI_CME_LAST_QUOTE | LFI_CME_END_OF_EVENT, '0', 0, 1010
        );
        add_packet(&w, 0, 100, START_NS + 100010, &books, 1);
        add_status(&w, 101, cases[i].told);
        add_trade(&w, 102, 1, 0);
        add_snapshot(&w, &d, 1, cases[i].last_sequence, START_NS + 102500);
        add_trade(&w, 103, 1, 0);
        lf_feed *const feed = open_day(&folder, &w, NULL);
        assert_int_equal(lf_feed_next(feed, &batch, &error), LF_OK);
        const lf_event *const last = &batch.events[batch.event_count - 2]; /* before the end */
        assert_int_equal(last->kind, LF_EVENT_TRADE);
        assert_int_equal(last->ts_exchange_ns, START_NS + 103000);
        assert_int_equal((last->flags & LF_EVENT_MASKED) != 0, cases[i].is_masked);
        check_quotes(&last->quotes, one);
        lf_feed_close(feed);
        free(w.bytes);
    }
    lf_testing_folder_remove(&folder);
}

/*
 * The messages of one event of the matching engine, over two packets: its trade, the bid that
 * comes where the ask still stands, and the ask that goes. The book is told when it is whole; one
 * whose event has no end when the next one begins.
 */
static void test_events(void **state)
{
    (void)state;
    writer w;
    lf_batch batch;
    lf_error error;
    lf_testing_folder folder;
    const uint8_t end = LFI_CME_LAST_QUOTE | LFI_CME_END_OF_EVENT;
    assert_true(lf_testing_folder_make(&folder));
    start_capture(&w, (style){.feed_count = 2, .has_numbers = true});
    add_definition(&w, SECURITY, "ESZ7");
    message start_of_day[2] = {
        one_level(&w, START_NS + 1000, 0, '1', 0, 1010),
        one_level(&w, START_NS + 1000, end, '0', 0, 1009),
    };
    add_packet(&w, 0, 1, START_NS + 1010, start_of_day, 2);
    message trade = start(48, 11);
    unsigned char *const entry = trade.bytes + trade.count + 3;
    put(trade.bytes + 10, (uint64_t)START_NS + 2000, 8);
    trade.bytes[10 + LFI_CME_INDICATOR] = LFI_CME_LAST_TRADE;
    put(entry, raw(&w, TICK * 1010), 8);
    put(entry + 8, 4, 4);
    put(entry + 12, SECURITY, 4);
    put(entry + 16, ++w.number, 4);
    entry[24] = 1;
    add_group(&trade, 32, 1);
    message first[2] = {trade, one_level(&w, START_NS + 2000, 0, '0', 0, 1010)};
    add_packet(&w, 0, 2, START_NS + 2010, first, 2);
    message second = one_level(&w, START_NS + 2000, end, '1', 2, 1010);
    add_packet(&w, 0, 3, START_NS + 2020, &second, 1);
    message open = one_level(&w, START_NS + 3000, 0, '1', 0, 1012);
    add_packet(&w, 0, 4, START_NS + 3010, &open, 1);
    message next = one_level(&w, START_NS + 4000, end, '1', 1, 1012);
    add_packet(&w, 0, 5, START_NS + 4010, &next, 1);
    lf_feed *const feed = open_day(&folder, &w, NULL);
    assert_int_equal(lf_feed_next(feed, &batch, &error), LF_OK);
    static const int64_t times[] = {1000, 2000, 2000, 3000, 4000};
    static const int64_t bids[] = {1009, 1009, 1010, 1010, 1010};
    static const int64_t asks[] = {1010, 1010, LF_ASK_NONE, 1012, 1012};
    assert_int_equal(batch.event_count, 6);
    for (size_t i = 0; i < 5; i++) {
        const lf_event *const e = &batch.events[i];
        assert_int_equal(e->ts_exchange_ns, START_NS + times[i]);
        assert_int_equal(e->quotes.bid_ticks[0], bids[i]);
        assert_int_equal(e->quotes.ask_ticks[0], asks[i]);
        assert_int_equal(e->kind, i == 1 ? LF_EVENT_TRADE : LF_EVENT_QUOTE);
        assert_int_equal(e->flags, i == 1 ? 0 : LF_EVENT_LAST);
    }
    assert_int_equal(lf_feed_stats_of(feed)->crossed_count, 0);
    assert_int_equal(lf_feed_stats_of(feed)->violation_count, 0);
    assert_int_equal(lf_feed_next(feed, &batch, &error), LF_OK);
    assert_int_equal(lf_feed_stats_of(feed)->input_bytes, (int64_t)w.count);
    assert_int_equal(lf_feed_stats_of(feed)->input_bytes_total, (int64_t)w.count);
    lf_feed_close(feed);
    free(w.bytes);
    lf_testing_folder_remove(&folder);
}

/* Prices of trades as DBN are in the currency, whatever the raw ones stand for. */
static void test_convert(void **state)
{
    (void)state;
    writer w;
    lf_feed *feed;
    lf_batch batch;
    lf_error error;
    lf_testing_folder folder;
    lf_source_list list;
    lf_convert_report report;
    const lf_convert_options options = {.schema = LF_DBN_TRADES};
    assert_true(lf_testing_folder_make(&folder));
    start_capture(&w, (style){.feed_count = 2});
    add_definition(&w, SECURITY, "ESZ7");
    message books =
        one_level(&w, START_NS + 1000, LFI_CME_LAST_QUOTE | LFI_CME_END_OF_EVENT, '0', 0, 1009);
    add_packet(&w, 0, 1, START_NS + 1010, &books, 1);
    add_trade(&w, 2, 1, 0);
    const char *const path = lf_testing_path(&folder, "day.pcap");
    const char *const written = lf_testing_path(&folder, "trades.dbn");
    ft_write_bytes(path, w.bytes, w.count);
    assert_int_equal(lf_feed_find(&path, 1, NULL, &list, &error), LF_OK);
    assert_int_equal(lf_feed_convert(&list, &options, written, &report, &error), LF_OK);
    lf_source_list_clear(&list);
    assert_int_equal(lf_feed_find(&written, 1, NULL, &list, &error), LF_OK);
    assert_int_equal(lf_feed_open(list.sources, NULL, &feed, &error), LF_OK);
    assert_int_equal(lf_feed_next(feed, &batch, &error), LF_OK);
    assert_int_equal(batch.trade_count, 1);
    const lf_instrument *const to = lf_feed_instrument(feed);
    /* 1010 ticks of 0.025. */
    assert_int_equal(
        batch.trades[0].price_units * (to->tick_nano / to->units_per_tick), INT64_C(25250000000)
    );
    lf_feed_close(feed);
    lf_source_list_clear(&list);
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
    make_day(&w, &d, (style){.feed_count = 1});
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

/* Entries of one message: the level, 0 new, 1 change or 2 delete, the price. */
typedef struct step {
    int level, action;
    int64_t price;
} step;

/* A capture of asks alone, a message of up to three steps after the other. */
static void make_steps(writer *w, const step steps[6][3])
{
    start_capture(w, (style){.feed_count = 2});
    for (uint32_t k = 0; k < 6; k++) {
        const int64_t ts_ns = START_NS + (k + 1) * 1000;
        message m = start_books(w, ts_ns);
        size_t count = 0;
        for (; count < 3 && steps[k][count].level > 0; count++) {
            const step *const e = &steps[k][count];
            unsigned char *const at = m.bytes + m.count + 3 + 32 * count;
            set_entry(w, at, '1', e->level, e->action, TICK * e->price, 4);
        }
        add_group(&m, 32, count);
        add_packet(w, 0, k + 1, ts_ns + 10, &m, 1);
    }
}

/* A security that is never defined: its book is as deep as its levels tell. */
static void test_depth(void **state)
{
    (void)state;
    static ft_reading got;
    static const struct {
        step steps[6][3];
        int32_t level_count;
        int64_t asks[6]; /* levels that are there after each message */
        int64_t third;   /* price of the third one at the end */
    } cases[] = {
        /* Three levels: a new one pushes the last out, and when one goes it is new again. */
        {{{{1, 0, 1010}, {2, 0, 1011}, {3, 0, 1012}},
          {{1, 0, 1009}},
          {{1, 2, 1009}, {3, 0, 1012}},
          {{1, 0, 1009}},
          {{1, 2, 1009}, {3, 0, 1012}},
          {{3, 1, 1012}}},
         3,
         {3, 3, 3, 3, 3, 3},
         1012},
        /* The same with room for more: the one that was pushed on comes back by itself. */
        {{{{1, 0, 1010}, {2, 0, 1011}, {3, 0, 1012}},
          {{1, 0, 1009}},
          {{1, 2, 1009}},
          {{3, 1, 1012}},
          {{1, 0, 1009}},
          {{1, 2, 1009}}},
         10,
         {3, 4, 3, 3, 4, 3},
         1012},
    };
    const lf_feed_options options = {.symbol = "77", .tick_nano = TICK * INT64_C(10000000)};
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        writer w;
        make_steps(&w, cases[i].steps);
        const char *const path = lf_testing_path(&folder, "day.pcap");
        ft_write_bytes(path, w.bytes, w.count);
        ft_read_paths(&got, &path, 1, &options);
        assert_int_equal(got.status, LF_OK);
        assert_int_equal(got.instrument.level_count, cases[i].level_count);
        assert_int_equal(got.stats.violation_count, 0);
        assert_int_equal(got.count, 7);
        for (size_t k = 0; k < 6; k++) {
            int64_t asks = 0;
            for (int m = 0; m < LF_LEVELS_MAX; m++) {
                asks += got.events[k].quotes.ask_lots[m] > 0;
            }
            assert_int_equal(asks, cases[i].asks[k]);
        }
        assert_int_equal(got.events[5].quotes.ask_ticks[2], cases[i].third);
        free(w.bytes);
    }
    lf_testing_folder_remove(&folder);
}

/* A packet of a later session with a change of the bid. */
static void add_later(writer *w, uint32_t sequence, int64_t ts_ns, int action, int64_t price)
{
    message m = one_level(w, ts_ns, LFI_CME_LAST_QUOTE | LFI_CME_END_OF_EVENT, '0', action, price);
    add_packet(w, 0, sequence, ts_ns + 10, &m, 1);
}

/* Each session counts what is wrong in it: the first has an entry that does not fit and a lost
   packet; the others have neither, and are strict without complaint. */
static void test_sessions(void **state)
{
    (void)state;
    static day d;
    static ft_reading got;
    const int64_t later_ns = START_NS + 4 * LF_NS_PER_DAY; /* Tuesday */
    const lf_feed_options strict = {.strict = true};
    writer w;
    lf_error error;
    lf_source_list list;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    const char *const path = lf_testing_path(&folder, "day.pcap");
    d = (day){0};
    d.states[3].lots[0][9] = d.states[6].lots[0][9] = 4;
    start_capture(&w, (style){.feed_count = 2});
    add_definition(&w, SECURITY, "ESZ7");
    add_later(&w, 1, START_NS + 1000, 0, 1009);
    add_later(&w, 2, START_NS + 2000, 1, 1020);
    add_later(&w, 3, START_NS + 3000, 1, 1009);
    add_snapshot(&w, &d, 1, 3, START_NS + 3500);
    add_later(&w, 4, START_NS + 4000, 1, 1009);
    add_later(&w, 6, START_NS + 6000, 1, 1009);
    add_snapshot(&w, &d, 2, 6, START_NS + 6500);
    add_later(&w, 7, later_ns, 1, 1009);
    add_later(&w, 8, later_ns + LF_NS_PER_DAY / 2, 1, 1009);
    ft_write_bytes(path, w.bytes, w.count);
    assert_int_equal(lf_feed_find(&path, 1, NULL, &list, &error), LF_OK);
    assert_int_equal(list.count, 3);
    const int64_t gaps[] = {1, 0, 0}, violations[] = {1, 0, 0}, checks[] = {3, 0, 2};
    for (size_t i = 0; i < list.count; i++) {
        ft_read_source(&got, &list.sources[i], NULL);
        assert_int_equal(got.status, LF_OK);
        assert_int_equal(got.stats.gap_count, gaps[i]);
        assert_int_equal(got.stats.violation_count, violations[i]);
        assert_int_equal(got.stats.check_count, checks[i]);
        ft_read_source(&got, &list.sources[i], &strict);
        assert_int_equal(got.status, violations[i] > 0 ? LF_DATA : LF_OK);
    }
    lf_source_list_clear(&list);
    free(w.bytes);
    lf_testing_folder_remove(&folder);
}

/* Without memory at any place, nothing is left behind. */
static void test_memory(void **state)
{
    (void)state;
    static day d;
    writer w;
    lf_testing_folder folder;
    d = (day){.first = 1, .lost = 500, .snapshot = 500};
    assert_true(lf_testing_folder_make(&folder));
    make_day(&w, &d, (style){.feed_count = 1});
    lf_feed_close(open_day(&folder, &w, "ESZ7"));
    lf_source source = {.format = "cme", .symbol = "ESZ7", .date = {2017, 7, 14}};
    (void)snprintf(source.path, sizeof source.path, "%s", lf_testing_path(&folder, "day.pcap"));
    const lf_feed_options options = {0};
    (void)ft_fail_memory(NULL, &source, &options, 37);
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
    const lfi_cme_layout *const layout = lfi_cme_layout_of(32);
    for (size_t i = 0; i < group->count; i++) {
        const unsigned char *const at = group->entries + i * group->entry_bytes;
        const unsigned char type = at[layout->type];
        if (lfi_cme_32(at + layout->security) != busy[index] || (type != '0' && type != '1')) {
            continue;
        }
        const lfi_cme_entry entry = {
            .price = lfi_cme_price(at, true),
            .lots = lfi_cme_lots(layout, at),
            .level = at[layout->level],
            .action = at[layout->action],
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
        const lfi_cme_layout *const layout = lfi_cme_layout_of(m.template_id);
        for (size_t i = 0; layout->kind == LFI_CME_BOOK && i < BUSY_COUNT; i++) {
            assert_true(lfi_cme_group_of(&m, layout->bytes, &group));
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
        cmocka_unit_test(test_mixed),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_trades),
        cmocka_unit_test(test_state_of_snapshot),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_convert),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_sessions),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
