/*
 * Goal: captures of MoldUDP64 give the messages of the session once and in order, from one feed or
 *       two; what both lost is a counted gap, and nothing is told of the book behind it.
 * Method: random days cut into packets, of which some are lost, doubled, late or of others; the
 *         public packets, when they are there.
 */
#include "pcap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed_testing.h"
#include "itch_testing.h"

#define FRAME_HEAD 42
#define MOLD_HEAD 20
#define LAG_NS 5000 /* of the capture behind the exchange */
#define CAPTURE_FEEDS 2

/* ---- captures --------------------------------------------------------------------------- */

typedef struct capture {
    unsigned char *bytes; /* [capacity], owned */
    size_t count, capacity;
    int64_t lag_ns;
} capture;

static void put_little(unsigned char *at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        at[i] = (unsigned char)(value >> (8 * i));
    }
}

static void start_capture(capture *c)
{
    *c = (capture){.capacity = (size_t)8 << 20, .lag_ns = LAG_NS};
    c->bytes = calloc(1, c->capacity);
    assert_non_null(c->bytes);
    put_little(c->bytes, 0xA1B23C4D, 4);
    put_little(c->bytes + 4, 0x00040002, 4);
    put_little(c->bytes + 16, 65535, 4);
    put_little(c->bytes + 20, 1, 4);
    c->count = 24;
}

/* What a packet says of itself. */
typedef struct header {
    const char *session;
    uint64_t sequence;
    uint16_t count;
} header;

/* A packet with messages on a feed, sent at a time of the day. */
static void
add_packet(capture *c, int feed, header h, const it_message *messages, size_t count, int64_t at_ns)
{
    unsigned char *const to = c->bytes + c->count, *const frame = to + 16;
    const int64_t captured_ns = IT_MIDNIGHT_NS + at_ns + c->lag_ns;
    size_t bytes = FRAME_HEAD + MOLD_HEAD;
    assert_true(c->count + 1600 < c->capacity);
    it_text(frame + FRAME_HEAD, h.session, 10);
    it_put(frame + FRAME_HEAD + 10, h.sequence, 8);
    it_put(frame + FRAME_HEAD + 18, h.count, 2);
    for (size_t i = 0; i < count; i++) {
        it_put(frame + bytes, messages[i].count, 2);
        memcpy(frame + bytes + 2, messages[i].bytes, messages[i].count);
        bytes += 2 + messages[i].count;
    }
    frame[12] = 8;
    frame[14] = 0x45;
    it_put(frame + 16, bytes - 14, 2);
    frame[23] = 17;
    it_put(frame + 30, 0xE9360C00 + (uint64_t)feed, 4);
    it_put(frame + 36, 26400 + (uint64_t)feed, 2);
    it_put(frame + 38, bytes - 34, 2);
    put_little(to, (uint64_t)(captured_ns / LF_NS_PER_SECOND), 4);
    put_little(to + 4, (uint64_t)(captured_ns % LF_NS_PER_SECOND), 4);
    put_little(to + 8, bytes, 4);
    put_little(to + 12, bytes, 4);
    c->count += 16 + bytes;
}

#define SESSION "000000059B"

/* Which packets of a day come on which feed. */
typedef struct plan {
    int feed_count;
    int loses[CAPTURE_FEEDS]; /* one packet of so many is lost on a feed; 0: none */
    size_t lost[2];           /* packets that all feeds lose: [lost[0], lost[1]) */
    bool swaps;               /* neighbours change places on a feed */
    bool doubles;             /* packets come twice */
    size_t first;             /* the capture begins with this packet */
    size_t late;              /* the second feed is so many packets behind */
} plan;

/* A packet of the day: its messages [first, first + count). */
typedef struct piece {
    size_t first, count;
} piece;

static size_t cut(const it_day *d, piece *pieces, lf_random *random)
{
    size_t count = 0;
    for (size_t at = 0; at < d->file.count;) {
        size_t some = 1 + (size_t)lf_random_below(random, 20);
        some = some < d->file.count - at ? some : d->file.count - at;
        pieces[count++] = (piece){at, some};
        at += some;
    }
    return count;
}

static bool comes(const plan *p, int feed, size_t i, lf_random *random)
{
    const bool is_kept = p->loses[feed] == 0 || lf_random_below(random, (uint64_t)p->loses[feed]);
    return is_kept && i >= p->first && (i < p->lost[0] || i >= p->lost[1]);
}

static void add_piece(capture *c, const it_day *d, int feed, piece x)
{
    const header h = {SESSION, x.first + 1, (uint16_t)x.count};
    const it_message *const m = &d->file.messages[x.first];
    add_packet(c, feed, h, m, x.count, lfi_itch_time_ns(m[x.count - 1].bytes));
}

/* The day as a capture; it returns how many packets it has. */
static size_t make_capture(capture *c, const it_day *d, const plan *p)
{
    static piece pieces[IT_MESSAGES + 16];
    lf_random random;
    lf_random_seed(&random, 11, 0);
    const size_t count = cut(d, pieces, &random);
    start_capture(c);
    for (size_t i = 0; i < count + p->late; i++) {
        for (int feed = 0; feed < p->feed_count; feed++) {
            size_t which = feed == 0 ? i : i - p->late;
            if (which >= count) {
                continue; /* done, or not begun */
            }
            which = p->swaps && (which ^ 1) < count && which % 8 >= 6 ? which ^ 1 : which;
            /* What one feed loses the other brings. */
            const bool is_mine = (which % 2 == 0) == (feed == 0) || p->feed_count == 1;
            if ((is_mine && p->loses[feed] > 0)
                    ? comes(p, feed, which, &random)
                    : which >= p->first && (which < p->lost[0] || which >= p->lost[1])) {
                add_piece(c, d, feed, pieces[which]);
                if (p->doubles && which % 3 == 0) {
                    add_piece(c, d, feed, pieces[which]);
                }
            }
        }
    }
    return count;
}

static const char *write_capture(const lf_testing_folder *folder, const capture *c)
{
    const char *const path = lf_testing_path(folder, "day.pcap");
    ft_write_bytes(path, c->bytes, c->count);
    return path;
}

/* ---- whole sessions --------------------------------------------------------------------- */

static void test_whole(void **state)
{
    (void)state;
    static const plan plans[] = {
        {.feed_count = 1},
        {.feed_count = 1, .swaps = true, .doubles = true},
        {.feed_count = 2},
        {.feed_count = 2, .loses = {9, 7}},
        {.feed_count = 2, .loses = {9, 7}, .late = 30, .doubles = true},
        {.feed_count = 2, .loses = {5, 5}, .late = 3, .swaps = true},
    };
    lf_testing_folder folder;
    it_day d;
    assert_true(lf_testing_folder_make(&folder));
    it_make_day(&d, 8);
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        capture c;
        (void)make_capture(&c, &d, &plans[i]);
        it_tape t = it_read(write_capture(&folder, &c), IT_STOCK, 1 + i);
        assert_int_equal(t.count, d.count);
        for (size_t k = 0; k < d.count; k++) {
            const unsigned char *const m = d.file.messages[d.places[k]].bytes;
            const lf_event *const e = &t.events[k];
            assert_memory_equal(&e->quotes, &d.quotes[k], sizeof d.quotes[k]);
            assert_int_equal(e->flags, LF_EVENT_LAST);
            assert_int_equal(e->ts_exchange_ns, IT_MIDNIGHT_NS + lfi_itch_time_ns(m));
            assert_true(e->ts_local_ns >= e->ts_exchange_ns + LAG_NS);
        }
        assert_int_equal(t.stats.gap_count, 0);
        assert_int_equal(t.stats.violation_count, 0);
        it_drop(&t);
        free(c.bytes);
    }
    it_drop_day(&d);
    lf_testing_folder_remove(&folder);
}

/* ---- gaps ------------------------------------------------------------------------------- */

/* Packets that no feed brings; a capture that begins late. */
static void test_gaps(void **state)
{
    (void)state;
    static const plan plans[] = {
        {.feed_count = 1, .lost = {200, 201}},
        {.feed_count = 2, .lost = {200, 203}, .late = 4},
        {.feed_count = 2, .first = 5},
    };
    lf_testing_folder folder;
    it_day d;
    assert_true(lf_testing_folder_make(&folder));
    it_make_day(&d, 8);
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        capture c;
        size_t good = 0;
        (void)make_capture(&c, &d, &plans[i]);
        it_tape t = it_read(write_capture(&folder, &c), IT_STOCK, 3);
        while (good < t.count && (t.events[good].flags & LF_EVENT_MASKED) == 0) {
            assert_memory_equal(&t.events[good].quotes, &d.quotes[good], sizeof(lf_quotes));
            good++;
        }
        assert_true(plans[i].first > 0 ? good == 0 : good > 400);
        for (size_t k = good; k < t.count; k++) {
            assert_int_equal(t.events[k].flags, LF_EVENT_LAST | LF_EVENT_MASKED);
        }
        /* The gap itself is an event, at the time of the last state. */
        assert_true(plans[i].first > 0 || t.events[good].kind == LF_EVENT_OTHER);
        assert_true(t.stats.gap_count >= 1);
        it_drop(&t);
        free(c.bytes);
    }
    it_drop_day(&d);
    lf_testing_folder_remove(&folder);
}

/* Heartbeats, other sessions, other datagrams, the end; what comes behind it is none of it. */
static void test_session(void **state)
{
    (void)state;
    const it_order bid = {11, 'B', 300, 100000}, ask = {12, 'S', 300, 100100};
    const it_message begin[] = {
        it_stock(IT_LOCATE, IT_STOCK, IT_AT(0), 'P'),
        it_add('A', IT_LOCATE, IT_STOCK, IT_AT(0), bid)};
    const it_message more = it_add('A', IT_LOCATE, IT_STOCK, IT_AT(3), ask);
    lf_testing_folder folder;
    capture c;
    lf_error error;
    assert_true(lf_testing_folder_make(&folder));
    for (int is_cut = 0; is_cut < 2; is_cut++) {
        start_capture(&c);
        add_packet(&c, 0, (header){SESSION, 1, 0}, NULL, 0, IT_AT(0));
        add_packet(&c, 0, (header){SESSION, 1, 3}, begin, 1, IT_AT(0)); /* two are missing in it */
        add_packet(&c, 0, (header){SESSION, 1, 2}, begin, 2, IT_AT(1));
        add_packet(&c, 0, (header){SESSION, 3, 0}, NULL, 0, IT_AT(2));
        add_packet(&c, 0, (header){"OTHER", 1, 1}, &more, 1, IT_AT(2));
        if (is_cut == 0) {
            add_packet(&c, 0, (header){SESSION, 2, 2}, (it_message[]){begin[1], more}, 2, IT_AT(3));
        }
        add_packet(&c, 0, (header){SESSION, 4, 0xFFFF}, NULL, 0, IT_AT(4));
        const char *const path = write_capture(&folder, &c);
        it_tape t = it_read(path, IT_STOCK, 0);
        assert_int_equal(t.count, 2);
        assert_int_equal(t.events[0].kind, LF_EVENT_ADD);
        assert_int_equal(t.events[0].ts_local_ns, IT_MIDNIGHT_NS + IT_AT(1) + LAG_NS);
        /* The heartbeat behind the last packet tells that there was one more. */
        assert_int_equal(t.events[1].kind, is_cut ? LF_EVENT_OTHER : LF_EVENT_ADD);
        assert_int_equal(
            t.events[1].flags, is_cut ? LF_EVENT_LAST | LF_EVENT_MASKED : LF_EVENT_LAST
        );
        assert_int_equal(t.stats.gap_count, is_cut);
        it_drop(&t);
        const lf_source source = it_find(path, IT_STOCK);
        ft_write_bytes(path, c.bytes, c.count - 1);
        assert_int_equal(ft_read_events(&source, NULL, NULL, NULL, NULL, &error), LF_FORMAT);
        assert_non_null(strstr(error.message, "cut off after frame"));
        free(c.bytes);
    }
    lf_testing_folder_remove(&folder);
}

/* A clock that was behind is shifted, one that was not set is left out; the day is the clock's. */
static void test_clocks(void **state)
{
    (void)state;
    static const struct {
        int64_t lag_ns, shift_ns;
        bool has_local;
        int day;
    } rows[] = {
        {LAG_NS, 0, true, 30},
        {-7 * LF_NS_PER_MILLISECOND, 7 * LF_NS_PER_MILLISECOND, true, 30},
        {9 * 60 * LF_NS_PER_MINUTE, 0, true, 30},
    };
    lf_testing_folder folder;
    it_day d;
    const plan p = {.feed_count = 1};
    assert_true(lf_testing_folder_make(&folder));
    it_make_day(&d, 8);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        capture c;
        (void)make_capture(&c, &d, &p);
        for (size_t at = 24; at < c.count;) {
            const size_t bytes = (size_t)c.bytes[at + 8] | (size_t)c.bytes[at + 9] << 8;
            uint64_t s = 0, ns = 0;
            for (size_t k = 4; k > 0; k--) {
                s = s << 8 | c.bytes[at + k - 1];
                ns = ns << 8 | c.bytes[at + 4 + k - 1];
            }
            const int64_t ts_ns =
                (int64_t)s * LF_NS_PER_SECOND + (int64_t)ns - LAG_NS + rows[i].lag_ns;
            put_little(c.bytes + at, (uint64_t)(ts_ns / LF_NS_PER_SECOND), 4);
            put_little(c.bytes + at + 4, (uint64_t)(ts_ns % LF_NS_PER_SECOND), 4);
            at += 16 + bytes;
        }
        const lf_source source = it_find(write_capture(&folder, &c), IT_STOCK);
        assert_int_equal(source.date.day, rows[i].day);
        assert_int_equal(source.date.year, 2019);
        assert_int_equal(source.has_local_times, rows[i].has_local);
        assert_int_equal(source.clock_shift_ns, rows[i].shift_ns);
        free(c.bytes);
    }
    it_drop_day(&d);
    lf_testing_folder_remove(&folder);
}

/* Without memory at any place, nothing is left behind. */
static void test_memory(void **state)
{
    (void)state;
    static const plan p = {.feed_count = 2, .loses = {5, 5}, .late = 9};
    lf_testing_folder folder;
    capture c;
    it_day d;
    assert_true(lf_testing_folder_make(&folder));
    it_make_day(&d, 8);
    d.file.count = 1500;
    (void)make_capture(&c, &d, &p);
    const lf_source source = it_find(write_capture(&folder, &c), IT_STOCK);
    const lf_feed_options options = {0};
    (void)ft_fail_memory(NULL, &source, &options, 1);
    free(c.bytes);
    it_drop_day(&d);
    lf_testing_folder_remove(&folder);
}

/* ---- the public packets ----------------------------------------------------------------- */

/* Each file has messages of one type, most of them without numbers. */
static void test_packets(void **state)
{
    (void)state;
    static const struct {
        const char *name, *types;
        int count;
    } rows[] = {
        {"AddOrderNoMPID.pcap", "A", 5},
        {"AddOrderWithMPID.pcap", "F", 5},
        {"CrossTrade.pcap", "Q", 5},
        {"LULDAuctionCollar.pcap", "J", 5},
        {"MarketParticipantPosition.pcap", "L", 5},
        {"Multiple.Packets.pcap", "DAEFXU", 39},
        {"NetOrderImbalanceIndicator.pcap", "I", 5},
        {"NonCrossTrade.pcap", "P", 5},
        {"OrderCancel.pcap", "X", 5},
        {"OrderDelete.pcap", "D", 5},
        {"OrderExecuted.pcap", "E", 5},
        {"OrderExecutedWithPrice.pcap", "C", 5},
        {"OrderReplace.pcap", "U", 5},
        {"RegSHORestriction.pcap", "Y", 5},
        {"StockTradingAction.pcap", "H", 5},
        {"StockTradingActionMessage.pcap", "H", 1},
        {"SystemEvent.pcap", "S", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char name[128];
        lfi_itch_in *in;
        lfi_itch_message m;
        lf_error error;
        int count = 0;
        (void)snprintf(name, sizeof name, "data/itch_packets/%s", rows[i].name);
        const char *const path = lf_testing_shared(name);
        if (path == NULL) {
            skip();
        }
        assert_true(lfi_itch_probe(path));
        assert_int_equal(lfi_itch_in_open(NULL, path, &in, &error), LF_OK);
        while (lfi_itch_next(in, &m, &error) == LF_OK && m.at != NULL) {
            assert_non_null(strchr(rows[i].types, m.at[0]));
            assert_int_equal(m.bytes, lfi_itch_bytes[m.at[0]]);
            count++;
        }
        assert_int_equal(count, rows[i].count);
        lfi_itch_in_close(in);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_session),
        cmocka_unit_test(test_clocks),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_packets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
