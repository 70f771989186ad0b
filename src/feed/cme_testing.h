/*
 * Made captures of CME MDP 3.0, of all generations and sizes: packets on two feeds, and a day of
 * random levels with snapshots and lost packets. Header only; include it after cmocka.h.
 */
#ifndef LOBFLOW_FEED_CME_TESTING_H
#define LOBFLOW_FEED_CME_TESTING_H

#include "cme_book.h"
#include "feed_testing.h"

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
    bool is_old;      /* templates before schema version 9 */
    bool is_long;     /* sizes of eight bytes */
    bool has_numbers; /* updates of the security are numbered */
    uint32_t number;
    int feed_count;
    int state; /* of trading, in snapshots */
} writer;

/* How a capture is written. */
typedef struct style {
    bool is_old, is_long, has_numbers;
    int feed_count;
} style;

static inline void put(unsigned char *at, uint64_t value, size_t bytes)
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

static inline message start(uint16_t template_id, size_t block_bytes)
{
    message m = {.count = 10 + block_bytes};
    put(m.bytes + 2, block_bytes, 2);
    put(m.bytes + 4, template_id, 2);
    put(m.bytes + 6, LFI_CME_SCHEMA, 2);
    put(m.bytes + 8, template_id < 46 ? 6 : 9, 2);
    return m;
}

static inline void add_group(message *m, size_t entry_bytes, size_t count)
{
    put(m->bytes + m->count, entry_bytes, 2);
    m->bytes[m->count + 2] = (unsigned char)count;
    m->count += 3 + entry_bytes * count;
}

/* A packet of one of three channels: 0 books, 1 snapshots, 2 definitions. */
static inline void add_packet_on(
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

static inline void
add_packet(writer *w, int channel, uint32_t sequence, int64_t ts_ns, message *ms, size_t count)
{
    for (int feed = 0; feed < w->feed_count; feed++) {
        add_packet_on(w, feed, channel, sequence, ts_ns, ms, count);
    }
}

static inline void start_capture(writer *w, style how)
{
    *w = (writer){
        .capacity = (size_t)4 << 20,
        .is_old = how.is_old,
        .is_long = how.is_long,
        .has_numbers = how.has_numbers,
        .feed_count = how.feed_count,
        .state = 17,
    };
    w->bytes = calloc(1, w->capacity);
    assert_non_null(w->bytes);
    put(w->bytes, 0xA1B23C4D, 4);
    put(w->bytes + 4, 0x00040002, 4);
    put(w->bytes + 16, 65535, 4);
    put(w->bytes + 20, 1, 4);
    w->count = 24;
}

/* Hundredths as a price of the format. */
static inline uint64_t raw(const writer *w, int64_t price)
{
    return (uint64_t)(price * (w->is_old ? 100000 : 10000000));
}

/* The definition: raw prices are hundredths of what they are worth. */
static inline void add_definition(writer *w, uint32_t id, const char *symbol)
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

static inline const lfi_cme_layout *book_layout(const writer *w)
{
    return lfi_cme_layout_of(w->is_old ? 32 : w->is_long ? 64 : 46);
}

/* A message with the levels of books by price, the last one of its event. */
static inline message start_books(const writer *w, int64_t ts_ns)
{
    message m = start(w->is_old ? 32 : w->is_long ? 64 : 46, 11);
    put(m.bytes + 10, (uint64_t)ts_ns, 8);
    m.bytes[10 + LFI_CME_INDICATOR] = LFI_CME_LAST_QUOTE | LFI_CME_END_OF_EVENT;
    return m;
}

static inline void set_entry(
    writer *w, unsigned char *at, char type, int level, int action, int64_t price, int64_t lots
)
{
    const lfi_cme_layout *const layout = book_layout(w);
    put(at, raw(w, price), 8);
    put(at + layout->size, (uint64_t)lots, w->is_long ? 8 : 4);
    put(at + layout->security, SECURITY, 4);
    put(at + layout->number, w->has_numbers ? ++w->number : 0, 4);
    at[layout->level] = (unsigned char)level;
    at[layout->action] = (unsigned char)action;
    at[layout->type] = (unsigned char)type;
}

/* The same of another security, whose updates have no numbers. */
static inline void set_other(writer *w, unsigned char *at)
{
    set_entry(w, at, '0', 1, 0, TICK * 2000, 5);
    put(at + book_layout(w)->security, OTHER, 4);
    put(at + book_layout(w)->number, 0, 4);
    w->number -= w->has_numbers;
}

/* ---- a naive market --------------------------------------------------------------------- */

/* A deep book by price, of which ten levels are told. */
typedef struct market {
    int64_t lots[2][64]; /* by price: 1000 ticks and up; 0: none */
} market;

static inline int levels_of(const market *m, int side, int64_t *prices, int64_t *lots)
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
static inline size_t change(market *m, writer *w, unsigned char *entries, lf_random *random)
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

/* A day: packets [1, PACKETS] but for one that is lost, snapshots before and later. */
typedef struct day {
    market states[PACKETS + 1]; /* after each packet */
    uint32_t numbers[PACKETS + 1];
    bool has_change[PACKETS + 1];
    uint32_t first, lost, snapshot; /* the snapshot is of this packet, told 20 later */
    bool is_lost_of_other;          /* the lost packet has nothing of the security */
    uint32_t skipped;               /* the packet before which a number is left out */
} day;

static inline void
add_snapshot(writer *w, const day *d, uint32_t number, uint32_t last_sequence, int64_t ts_ns)
{
    const uint16_t template_id = w->is_old ? 38 : w->is_long ? 69 : 52;
    const lfi_cme_layout *const layout = lfi_cme_layout_of(template_id);
    message s = start(template_id, 59);
    put(s.bytes + 10, last_sequence, 4);
    put(s.bytes + 10 + 8, SECURITY, 4);
    put(s.bytes + 10 + LFI_CME_SNAPSHOT_NUMBER, d->numbers[last_sequence], 4);
    put(s.bytes + 10 + 16, (uint64_t)(START_NS + (int64_t)last_sequence * 1000), 8);
    s.bytes[10 + 34] = (unsigned char)w->state;
    unsigned char *at = s.bytes + s.count + 3;
    size_t total = 0;
    for (int side = 0; side < 2; side++) {
        int64_t prices[DEPTH], lots[DEPTH];
        const int count = levels_of(&d->states[last_sequence], side, prices, lots);
        for (int i = 0; i < count; i++, at += layout->bytes, total++) {
            put(at, raw(w, TICK * prices[i]), 8);
            put(at + layout->size, (uint64_t)lots[i], w->is_long ? 8 : 4);
            at[layout->level] = (unsigned char)(i + 1);
            at[layout->type] = side == 0 ? '0' : '1';
        }
    }
    add_group(&s, layout->bytes, total);
    add_packet(w, 1, number, ts_ns + 5, &s, 1);
}

static inline void check_quotes(const lf_quotes *q, const market *m)
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

static inline void add_books(writer *w, day *d, uint32_t sequence, lf_random *random)
{
    market *const now = &d->states[sequence];
    const int64_t ts_ns = START_NS + (int64_t)sequence * 1000;
    message m = start_books(w, ts_ns);
    unsigned char *const entries = m.bytes + m.count + 3;
    size_t count = 0;
    *now = d->states[sequence - 1];
    w->number += sequence == d->skipped;
    if (sequence != d->lost || !d->is_lost_of_other) {
        count = change(now, w, entries, random);
        d->has_change[sequence] = count > 0;
        /* Implied levels and other securities are none of the book. */
        set_entry(w, entries + 32 * count++, 'E', 1, 0, TICK * 2000, 5);
    }
    set_other(w, entries + 32 * count++);
    add_group(&m, 32, count);
    d->numbers[sequence] = w->number;
    if (sequence != d->lost && sequence >= d->first) {
        add_packet(w, 0, sequence, ts_ns + 10, &m, 1);
    }
}

static inline void make_day(writer *w, day *d, style how)
{
    lf_random random;
    lf_random_seed(&random, 7, 0);
    start_capture(w, how);
    add_definition(w, SECURITY, "ESZ7");
    add_definition(w, OTHER, "ESH8");
    memset(d->has_change, 0, sizeof d->has_change);
    d->states[0] = (market){0};
    for (uint32_t i = 1; i <= PACKETS; i++) {
        add_books(w, d, i, &random);
        const int64_t ts_ns = START_NS + (int64_t)i * 1000;
        if (d->snapshot > 0 && i == d->snapshot + 20) {
            add_snapshot(w, d, 2, d->snapshot, ts_ns);
        }
        if (d->first > 1 && i == d->first + 30) {
            add_snapshot(w, d, 1, d->first + 10, ts_ns);
        }
    }
}

#endif
