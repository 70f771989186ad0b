/*
 * A made Binance capture with its true books, for tests: a market of levels whose changes are
 * written as diffs, trades and snapshots, one line each. Header only; include it after cmocka.h.
 */
#ifndef LOBFLOW_FEED_BINANCE_TESTING_H
#define LOBFLOW_FEED_BINANCE_TESTING_H

#include "feed_testing.h"

#define BT_TICKS 300
#define BT_FIRST_TICK 9850
#define BT_LINES_MAX 4000
/* 2024-08-09T12:00:00Z in ms. */
#define BT_START_MS INT64_C(1723204800000)
/* The local clock is behind the exchange's by this, and messages take a ms and more. */
#define BT_BEHIND_NS INT64_C(1270000000)

typedef enum bt_kind {
    BT_DIFF,
    BT_TRADE,
    BT_SNAPSHOT,
} bt_kind;

/* A line as the venue sent it. */
typedef struct bt_line {
    bt_kind kind;
    char *text;      /* owned */
    int64_t ts_ms;   /* exchange time; each diff has its own */
    int64_t size;    /* of a trade, in lots */
    lf_quotes truth; /* after a diff, of a snapshot */
} bt_line;

typedef struct bt_capture {
    bool is_futures;
    lf_random random;
    int64_t lots[2][BT_TICKS]; /* bid, ask */
    int64_t id, last_id, trade_id, now_ms;
    bt_line lines[BT_LINES_MAX];
    size_t count;
    size_t order[BT_LINES_MAX + 8]; /* [order_count] lines as they are written */
    size_t order_count;
} bt_capture;

static inline int64_t bt_below(bt_capture *c, int64_t bound)
{
    return (int64_t)lf_random_below(&c->random, (uint64_t)bound);
}

static inline void bt_quotes(const bt_capture *c, lf_quotes *out)
{
    ft_best_levels(c->lots[0], c->lots[1], BT_TICKS, BT_FIRST_TICK, out);
}

/* ["985.0","0.120"] */
static inline void bt_put_level(FILE *out, int tick, int64_t lots, bool is_first)
{
    const int price = BT_FIRST_TICK + tick;
    (void)fprintf(
        out,
        "%s[\"%d.%d0\",\"%lld.%03lld\"]",
        is_first ? "" : ",",
        price / 10,
        price % 10,
        (long long)(lots / 1000),
        (long long)(lots % 1000)
    );
}

/* All levels of a side, as a snapshot lists them. */
static inline void bt_put_side(FILE *out, const bt_capture *c, int side)
{
    bool is_first = true;
    for (int i = 0; i < BT_TICKS; i++) {
        const int tick = side == 0 ? BT_TICKS - 1 - i : i;
        if (c->lots[side][tick] > 0) {
            bt_put_level(out, tick, c->lots[side][tick], is_first);
            is_first = false;
        }
    }
}

/* Change some levels so that the book stays uncrossed; which ones changed is marked. */
static inline void bt_change(bt_capture *c, bool changed[2][BT_TICKS])
{
    const int middle = BT_TICKS / 2 + (int)bt_below(c, 9) - 4;
    for (int i = (int)bt_below(c, 6); i >= 0; i--) {
        const int side = (int)bt_below(c, 2);
        const int away = (int)bt_below(c, 12);
        const int tick = side == 0 ? middle - 1 - away : middle + away;
        c->lots[side][tick] = bt_below(c, 3) == 0 ? 0 : 1 + bt_below(c, 5000);
        changed[side][tick] = true;
        c->id += 1 + bt_below(c, 3);
    }
    /* What the new prices cross goes. */
    for (int i = 0; i < BT_TICKS; i++) {
        const int side = i < middle ? 1 : 0;
        if (c->lots[side][i] > 0) {
            c->lots[side][i] = 0;
            changed[side][i] = true;
        }
    }
    c->id++;
}

static inline int64_t bt_local_ns(bt_capture *c)
{
    return c->now_ms * LF_NS_PER_MILLISECOND - BT_BEHIND_NS + LF_NS_PER_MILLISECOND +
           bt_below(c, LF_NS_PER_MILLISECOND);
}

static inline FILE *bt_begin_line(bt_capture *c, bt_kind kind, size_t *bytes)
{
    assert_true(c->count < BT_LINES_MAX);
    bt_line *const line = &c->lines[c->count];
    *line = (bt_line){.kind = kind, .ts_ms = c->now_ms};
    FILE *const out = open_memstream(&line->text, bytes);
    assert_non_null(out);
    (void)fprintf(out, "%lld ", (long long)bt_local_ns(c));
    return out;
}

static inline void bt_end_line(bt_capture *c, FILE *out)
{
    assert_int_equal(fclose(out), 0);
    c->order[c->order_count++] = c->count++;
}

/* A snapshot of the book as it is now, arriving now. */
static inline void bt_snapshot(bt_capture *c)
{
    size_t bytes;
    FILE *const out = bt_begin_line(c, BT_SNAPSHOT, &bytes);
    (void)fprintf(out, "{\"lastUpdateId\":%lld,", (long long)c->id);
    if (c->is_futures) {
        (void)fprintf(out, "\"E\":%lld,\"T\":%lld,", (long long)c->now_ms, (long long)c->now_ms);
    }
    (void)fprintf(out, "\"bids\":[");
    bt_put_side(out, c, 0);
    (void)fprintf(out, "],\"asks\":[");
    bt_put_side(out, c, 1);
    (void)fprintf(out, "]}");
    bt_quotes(c, &c->lines[c->count].truth);
    bt_end_line(c, out);
}

/* A diff; with_snapshot puts one that was taken in its middle behind it. */
static inline void bt_diff(bt_capture *c, bool with_snapshot)
{
    bool changed[2][BT_TICKS] = {{false}};
    size_t bytes;
    const int64_t first_id = c->id + 1, before_id = c->last_id;
    bt_capture middle = {0};
    c->now_ms += 1 + bt_below(c, 40);
    bt_change(c, changed);
    if (with_snapshot) {
        memcpy(&middle, c, sizeof middle);
        bt_change(c, changed);
    }
    FILE *const out = bt_begin_line(c, BT_DIFF, &bytes);
    (void)fprintf(
        out,
        "{\"stream\":\"tstusdt@depth@%s\",\"data\":{\"e\":\"depthUpdate\",\"E\":%lld,",
        c->is_futures ? "0ms" : "100ms",
        (long long)c->now_ms + (c->is_futures ? 3 : 0)
    );
    if (c->is_futures) {
        (void)fprintf(out, "\"T\":%lld,", (long long)c->now_ms);
    }
    (void)fprintf(
        out, "\"s\":\"TSTUSDT\",\"U\":%lld,\"u\":%lld,", (long long)first_id, (long long)c->id
    );
    if (c->is_futures) {
        (void)fprintf(out, "\"pu\":%lld,", (long long)before_id);
    }
    for (int side = 0; side < 2; side++) {
        bool is_first = true;
        (void)fprintf(out, side == 0 ? "\"b\":[" : "],\"a\":[");
        for (int i = 0; i < BT_TICKS; i++) {
            if (changed[side][i]) {
                bt_put_level(out, i, c->lots[side][i], is_first);
                is_first = false;
            }
        }
    }
    (void)fprintf(out, "]}}");
    bt_quotes(c, &c->lines[c->count].truth);
    bt_end_line(c, out);
    c->last_id = c->id;
    if (c->is_futures) {
        c->id += bt_below(c, 20); /* other symbols */
    }
    if (with_snapshot) {
        /* It was taken before and comes now. */
        memcpy(middle.lines, c->lines, sizeof middle.lines);
        memcpy(middle.order, c->order, sizeof middle.order);
        middle.count = c->count;
        middle.order_count = c->order_count;
        bt_snapshot(&middle);
        c->lines[c->count++] = middle.lines[middle.count - 1];
        c->order[c->order_count++] = c->count - 1;
    }
}

static inline void bt_trade(bt_capture *c)
{
    size_t bytes;
    const int64_t lots = 1 + bt_below(c, 3000);
    const int price = BT_FIRST_TICK + BT_TICKS / 2 + (int)bt_below(c, 5) - 2;
    const bool is_sell = bt_below(c, 2) == 0;
    c->now_ms += 1 + bt_below(c, 40);
    FILE *const out = bt_begin_line(c, BT_TRADE, &bytes);
    (void)fprintf(
        out,
        "{\"stream\":\"tstusdt@trade\",\"data\":{\"e\":\"trade\",\"E\":%lld,\"T\":%lld,"
        "\"s\":\"TSTUSDT\",\"t\":%lld,\"p\":\"%d.%d0\",\"q\":\"%lld.%03lld\",\"X\":\"MARKET\","
        "\"m\":%s}}",
        (long long)c->now_ms + 2,
        (long long)c->now_ms,
        (long long)++c->trade_id,
        price / 10,
        price % 10,
        (long long)(lots / 1000),
        (long long)(lots % 1000),
        is_sell ? "true" : "false"
    );
    c->lines[c->count].size = lots;
    bt_end_line(c, out);
}

static inline void bt_start(bt_capture *c, uint64_t seed, bool is_futures)
{
    memset(c, 0, sizeof *c);
    c->is_futures = is_futures;
    lf_random_seed(&c->random, seed, 0);
    c->id = c->last_id = 5000000000;
    c->trade_id = 700;
    c->now_ms = BT_START_MS;
    for (int i = 0; i < BT_TICKS; i++) {
        c->lots[i < BT_TICKS / 2 ? 0 : 1][i] = 1 + bt_below(c, 5000);
    }
}

/* Some diffs and trades in turn. */
static inline void bt_run(bt_capture *c, int count)
{
    for (int i = 0; i < count; i++) {
        if (bt_below(c, 3) > 0) {
            bt_diff(c, false);
        } else {
            bt_trade(c);
        }
    }
}

static inline void bt_end(bt_capture *c)
{
    for (size_t i = 0; i < c->count; i++) {
        free(c->lines[i].text);
    }
    memset(c, 0, sizeof *c);
}

/* ---- damage ----------------------------------------------------------------------------- */

/* Place in the order of the n-th line of a kind, from 0. */
static inline size_t bt_place(const bt_capture *c, bt_kind kind, size_t n)
{
    for (size_t i = 0; i < c->order_count; i++) {
        if (c->lines[c->order[i]].kind == kind && n-- == 0) {
            return i;
        }
    }
    fail_msg("there is no such line");
    return 0;
}

static inline void bt_remove(bt_capture *c, size_t place)
{
    c->order_count--;
    memmove(c->order + place, c->order + place + 1, (c->order_count - place) * sizeof *c->order);
}

static inline void bt_double(bt_capture *c, size_t place)
{
    memmove(c->order + place + 1, c->order + place, (c->order_count - place) * sizeof *c->order);
    c->order_count++;
}

static inline void bt_swap(bt_capture *c, size_t a, size_t b)
{
    const size_t kept = c->order[a];
    c->order[a] = c->order[b];
    c->order[b] = kept;
}

/* Write lines [from, to) of the order; the path comes back. */
static inline const char *bt_write(
    const bt_capture *c, const lf_testing_folder *folder, const char *name, size_t from, size_t to
)
{
    const char *const path = lf_testing_path(folder, name);
    FILE *const file = fopen(path, "wb");
    assert_non_null(file);
    for (size_t i = from; i < to && i < c->order_count; i++) {
        (void)fprintf(file, "%s\n", c->lines[c->order[i]].text);
    }
    assert_int_equal(fclose(file), 0);
    return path;
}

#endif
