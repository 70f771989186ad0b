/*
 * A market of single orders for tests, kept as the plainest thing there is: each price is a list of
 * orders in the order they came, strangers and own ones in one line. It makes random days with the
 * changes that a feed would tell, and is the slow twin of the exact queue: what an own order gets
 * of a trade is counted from the trade's whole size and from who stood before it, not order by
 * order.
 */
#ifndef LOBFLOW_TESTS_ORDERS_TESTING_H
#define LOBFLOW_TESTS_ORDERS_TESTING_H

#include <lobflow/execution.h>

#include <assert.h>
#include <string.h>

/* Prices are LINE_BASE + 0 ... LINE_TICKS - 1. */
#define LINE_TICKS 48
#define LINE_BASE 1000
#define LINE_UNITS 100
#define LINE_PIECES 48
#define LINE_CHANGES 4096
#define LINE_TRADES 64
#define LINE_OWN 32
#define LINE_OPEN_NS (INT64_C(1000) * LF_NS_PER_SECOND)
#define LINE_CLOSE_NS (INT64_C(900000) * LF_NS_PER_SECOND)

/* What stands in a line: a stranger's order or an own one. */
typedef struct line_piece {
    uint64_t id;
    int64_t lots;
    bool own;
} line_piece;

typedef struct line {
    line_piece pieces[LINE_PIECES];
    int count;
} line;

/* Fills of an own order since it was last asked. */
typedef struct line_own {
    uint64_t id;
    int64_t price, lots, filled;
    int64_t passed, event_got; /* lots of this event that went past it, and what it got of them */
    int64_t got[LF_LIQUIDITY_COUNT];
    int side; /* 0 bid, 1 ask */
    bool rests;
} line_own;

typedef struct market {
    lf_random random;
    line lines[2][LINE_TICKS]; /* 0 bid, 1 ask */
    line_own own[LINE_OWN];
    int own_count;
    uint64_t next_id;
    lf_order_change changes[LINE_CHANGES]; /* of the event that is being made */
    lf_trade trades[LINE_TRADES];
    int change_count, trade_count;
    int32_t level_count;
    int64_t ts_ns;
    bool masked, valid;
    /* Orders that leave do so anywhere (0), or one in an event and from the back (-1) or front (1)
       of its queue, or whichever (2). Queues are longer then, and trades smaller. */
    int leaving;
} market;

static int64_t pick(market *self, int64_t bound)
{
    return (int64_t)lf_random_below(&self->random, (uint64_t)bound);
}

static void tell(market *self, lf_change_kind kind, uint64_t id, int side, int tick, int64_t lots)
{
    assert(self->change_count < LINE_CHANGES);
    const bool full = kind == LF_CHANGE_ADD || kind == LF_CHANGE_MODIFY;
    self->changes[self->change_count++] = (lf_order_change){
        .order_id = id,
        .price_ticks = full ? LINE_BASE + tick : 0,
        .lots = lots,
        .kind = (uint8_t)kind,
        .side = (int8_t
        )(!full       ? 0
          : side == 0 ? 1
                      : -1),
    };
}

/* ---- lines ------------------------------------------------------------------------------ */

static int64_t strangers_at(const line *at)
{
    int64_t sum = 0;
    for (int i = 0; i < at->count; i++) {
        sum += at->pieces[i].own ? 0 : at->pieces[i].lots;
    }
    return sum;
}

static int best_of(const market *self, int side)
{
    int tick = side == 0 ? LINE_TICKS - 1 : 0;
    while (tick >= 0 && tick < LINE_TICKS && strangers_at(&self->lines[side][tick]) == 0) {
        tick += side == 0 ? -1 : 1;
    }
    return tick;
}

static void line_drop(line *at, int index)
{
    at->count--;
    for (int i = index; i < at->count; i++) {
        at->pieces[i] = at->pieces[i + 1];
    }
}

static void line_join(line *at, uint64_t id, int64_t lots, bool own)
{
    assert(at->count < LINE_PIECES);
    at->pieces[at->count++] = (line_piece){id, lots, own};
}

static line_own *own_of(market *self, uint64_t id)
{
    for (int i = 0; i < self->own_count; i++) {
        if (self->own[i].id == id) {
            return &self->own[i];
        }
    }
    return NULL;
}

/* Takes what is gone out of its line; own orders that are done stay until the event is over. */
static void tidy(market *self, bool with_own)
{
    for (int side = 0; side < 2; side++) {
        for (int tick = 0; tick < LINE_TICKS; tick++) {
            line *const at = &self->lines[side][tick];
            for (int i = at->count - 1; i >= 0; i--) {
                const line_own *const own =
                    at->pieces[i].own ? own_of(self, at->pieces[i].id) : NULL;
                if (own != NULL ? with_own && !own->rests : at->pieces[i].lots == 0) {
                    line_drop(at, i);
                }
            }
        }
    }
}

static void own_fill(line_own *own, int64_t lots, lf_liquidity how)
{
    own->filled += lots;
    own->got[how] += lots;
    own->rests = own->filled < own->lots;
}

/* Lots of strangers before an own order. */
static int64_t line_ahead(const market *self, const line_own *own)
{
    const line *const at = &self->lines[own->side][own->price - LINE_BASE];
    int64_t sum = 0;
    for (int i = 0; i < at->count && !(at->pieces[i].own && at->pieces[i].id == own->id); i++) {
        sum += at->pieces[i].own ? 0 : at->pieces[i].lots;
    }
    return sum;
}

/* A trade of some lots at one price: who stands first gets it first. */
static void line_trade(market *self, int side, int tick, int64_t lots)
{
    int64_t ours = 0;
    for (int i = 0; i < self->lines[side][tick].count && !self->masked; i++) {
        const line_piece *const piece = &self->lines[side][tick].pieces[i];
        line_own *const own = piece->own ? own_of(self, piece->id) : NULL;
        if (own == NULL) {
            continue;
        }
        const int64_t ahead = line_ahead(self, own);
        own->passed += lots > ahead ? lots - ahead : 0;
        const int64_t reach = own->passed - ours - own->event_got;
        const int64_t leaves = own->lots - own->filled;
        const int64_t part = reach < leaves ? reach : leaves;
        if (part > 0 && own->rests) {
            own->event_got += part;
            own_fill(own, part, LF_LIQUIDITY_MAKER);
        }
        ours += own->event_got;
    }
}

/* ---- what strangers do ------------------------------------------------------------------ */

static void add_stranger(market *self)
{
    const int side = (int)pick(self, 2);
    const int out = side == 0 ? -1 : 1;
    const int best = best_of(self, side);
    const int gap = side == 0 ? best_of(self, 1) - best : best - best_of(self, 0);
    const bool better = gap > 1 && pick(self, 3) == 0;
    const int depth = self->leaving == 0 ? 6 : 3;
    const int tick = better ? best - out : best + out * (int)pick(self, depth);
    if (tick < 4 || tick > LINE_TICKS - 5 || self->lines[side][tick].count > LINE_PIECES - 10) {
        return;
    }
    const int64_t lots = 1 + pick(self, 20);
    line_join(&self->lines[side][tick], self->next_id, lots, false);
    tell(self, LF_CHANGE_ADD, self->next_id++, side, tick, lots);
}

/* Some stranger of a line, or -1. */
static int some_stranger(market *self, const line *at)
{
    const bool from_back = self->leaving < 0;
    for (int i = 0; i < at->count && (from_back || self->leaving == 1); i++) {
        const int index = from_back ? at->count - 1 - i : i;
        if (!at->pieces[index].own && at->pieces[index].lots > 0) {
            return index;
        }
    }
    if (at->count == 0) {
        return -1;
    }
    const int i = (int)pick(self, at->count);
    return at->pieces[i].own || at->pieces[i].lots == 0 ? -1 : i;
}

/* Less, gone, more, or elsewhere; the last level of a side stays. */
static void change_stranger(market *self)
{
    const int side = (int)pick(self, 2);
    const int out = side == 0 ? -1 : 1;
    const int tick = best_of(self, side) + out * (int)pick(self, self->leaving == 0 ? 4 : 3);
    if (tick < 5 || tick > LINE_TICKS - 6) {
        return;
    }
    line *const at = &self->lines[side][tick];
    const int i = some_stranger(self, at);
    if (i < 0) {
        return;
    }
    line_piece *const piece = &at->pieces[i];
    const uint64_t id = piece->id;
    const int64_t lots = piece->lots, less = 1 + pick(self, lots);
    const int64_t kind = self->leaving == 0 ? pick(self, 5) : 1;
    if (kind < 2) {
        piece->lots -= kind == 0 ? less : lots;
        tell(self, LF_CHANGE_REDUCE, id, side, tick, lots - piece->lots);
    } else if (kind == 2) {
        piece->lots = less;
        tell(self, LF_CHANGE_MODIFY, id, side, tick, less);
    } else {
        const int to = kind == 3 ? tick : tick + out;
        line *const there = &self->lines[side][to];
        if (there->count < LINE_PIECES - 10) {
            piece->lots = 0;
            line_join(there, id, lots + (kind == 3), false);
            tell(self, LF_CHANGE_MODIFY, id, side, to, lots + (kind == 3));
        }
    }
    tidy(self, false);
}

/* Executes the strangers of one price. Feeds differ in how they tell it. */
static void execute(market *self, int side, int tick, int64_t lots)
{
    line *const at = &self->lines[side][tick];
    const int64_t style = pick(self, 3);
    int64_t left = lots;
    line_trade(self, side, tick, lots);
    self->trades[self->trade_count++] = (lf_trade){
        .price_units = (LINE_BASE + tick) * LINE_UNITS,
        .size_lots = lots,
        .sign = (int8_t)(side == 0 ? -1 : 1),
    };
    for (int i = 0; i < at->count && left > 0; i++) {
        const line_piece *const piece = &at->pieces[i];
        const int64_t part = piece->own ? 0 : left < piece->lots ? left : piece->lots;
        if (part > 0) {
            tell(self, LF_CHANGE_FILL, piece->id, side, tick, part);
            left -= part;
        }
        if (part > 0 && style == 0) {
            tell(self, LF_CHANGE_REDUCE, piece->id, side, tick, part);
        }
    }
    left = lots;
    for (int i = 0; i < at->count && left > 0; i++) {
        line_piece *const piece = &at->pieces[i];
        const int64_t part = piece->own ? 0 : left < piece->lots ? left : piece->lots;
        left -= part;
        piece->lots -= piece->own ? 0 : part;
        if (part > 0 && style == 1 && piece->lots > 0) {
            tell(self, LF_CHANGE_MODIFY, piece->id, side, tick, piece->lots);
        } else if (part > 0 && style != 0) {
            tell(self, LF_CHANGE_REDUCE, piece->id, side, tick, part);
        }
    }
}

static void trade(market *self)
{
    const int side = (int)pick(self, 2);
    int64_t left = 1 + pick(self, self->leaving == 0 ? 40 : 12);
    for (int step = 0; step < 3 && left > 0; step++) {
        const int tick = best_of(self, side);
        if (tick < 8 || tick > LINE_TICKS - 9) {
            break;
        }
        const int64_t there = strangers_at(&self->lines[side][tick]);
        const int64_t part = left < there ? left : there;
        execute(self, side, tick, part);
        left -= part;
        tidy(self, false);
    }
    if (pick(self, 10) == 0) { /* a hidden order was met, too: nobody knows its id */
        tell(self, LF_CHANGE_FILL, self->next_id++, side, 0, 7);
    }
}

/* ---- events ----------------------------------------------------------------------------- */

static void tell_book(market *self)
{
    self->change_count = 0;
    tell(self, LF_CHANGE_CLEAR, 0, 0, 0, 0);
    for (int side = 0; side < 2; side++) {
        for (int tick = 0; tick < LINE_TICKS; tick++) {
            const line *const at = &self->lines[side][tick];
            for (int i = 0; i < at->count; i++) {
                if (!at->pieces[i].own) {
                    tell(self, LF_CHANGE_ADD, at->pieces[i].id, side, tick, at->pieces[i].lots);
                }
            }
        }
    }
}

static void show_lines(const market *self, lf_quotes *out)
{
    int bid = LINE_TICKS - 1, ask = 0;
    for (int m = 0; m < LF_LEVELS_MAX; m++) {
        while (bid >= 0 && strangers_at(&self->lines[0][bid]) == 0) {
            bid--;
        }
        while (ask < LINE_TICKS && strangers_at(&self->lines[1][ask]) == 0) {
            ask++;
        }
        const bool has_bid = m < self->level_count && bid >= 0;
        const bool has_ask = m < self->level_count && ask < LINE_TICKS;
        out->bid_ticks[m] = has_bid ? LINE_BASE + bid : LF_BID_NONE;
        out->bid_lots[m] = has_bid ? strangers_at(&self->lines[0][bid--]) : 0;
        out->ask_ticks[m] = has_ask ? LINE_BASE + ask : LF_ASK_NONE;
        out->ask_lots[m] = has_ask ? strangers_at(&self->lines[1][ask++]) : 0;
    }
}

/* The market went past own orders: by a trade beyond them, or by a quote at them. */
static void cross_own(market *self, const lf_quotes *quotes)
{
    for (int i = 0; i < self->own_count; i++) {
        line_own *const own = &self->own[i];
        bool past = self->valid && (own->side == 0 ? quotes->ask_ticks[0] <= own->price
                                                   : quotes->bid_ticks[0] >= own->price);
        for (int t = 0; t < self->trade_count && !self->masked; t++) {
            const int64_t at = self->trades[t].price_units - own->price * LINE_UNITS;
            past = past || (own->side == 0 ? at < 0 : at > 0);
        }
        if (past && own->rests) {
            own_fill(own, own->lots - own->filled, LF_LIQUIDITY_MAKER_CROSSED);
        }
        own->passed = own->event_got = 0;
    }
    tidy(self, true);
}

/* One event of some messages, with what it did to own orders done. */
static void next_event(market *self, lf_event *out)
{
    *out = (lf_event){.kind = LF_EVENT_QUOTE, .flags = LF_EVENT_LAST};
    self->ts_ns += pick(self, 3) == 0 ? 0 : pick(self, LF_NS_PER_SECOND);
    self->change_count = self->trade_count = 0;
    self->masked = self->masked ? pick(self, 5) != 0 : pick(self, 500) == 0 && self->leaving == 0;
    const bool is_reset = pick(self, 300) == 0; /* the book is told anew, and places are lost */
    for (int i = 0; i < self->own_count && is_reset; i++) {
        self->own[i].rests = false;
    }
    for (int64_t more = self->leaving == 0 ? 1 + pick(self, 3) : 1; more > 0; more--) {
        const int64_t what = pick(self, 10);
        if (what < 5) {
            add_stranger(self);
        } else if (what < 8) {
            change_stranger(self);
        } else {
            trade(self);
        }
    }
    out->ts_exchange_ns = out->ts_local_ns = self->ts_ns;
    out->flags |= self->masked ? LF_EVENT_MASKED : 0;
    out->trade_count = (uint16_t)self->trade_count;
    show_lines(self, &out->quotes);
    self->valid = !self->masked && out->quotes.bid_lots[0] > 0 && out->quotes.ask_lots[0] > 0;
    if (is_reset) {
        out->flags |= LF_EVENT_RESET;
        tell_book(self);
    }
    cross_own(self, &out->quotes);
}

/* A snapshot between two events that shows what stands there anyway. */
static void show_again(market *self, lf_event *out)
{
    *out = (lf_event){.kind = LF_EVENT_QUOTE, .flags = LF_EVENT_LAST | LF_EVENT_SNAPSHOT};
    out->ts_exchange_ns = out->ts_local_ns = self->ts_ns;
    out->flags |= self->masked ? LF_EVENT_MASKED : 0;
    self->trade_count = 0;
    tell_book(self);
    show_lines(self, &out->quotes);
}

static void begin_market(market *self, uint64_t seed, int32_t level_count)
{
    memset(self, 0, sizeof *self);
    lf_random_seed(&self->random, seed, 0);
    self->level_count = level_count;
    self->ts_ns = LINE_OPEN_NS;
    self->next_id = 1;
    for (int i = 0; i < 12; i++) {
        for (int side = 0; side < 2; side++) {
            const int tick = side == 0 ? LINE_TICKS / 2 - 1 - i : LINE_TICKS / 2 + 1 + i;
            line_join(&self->lines[side][tick], self->next_id++, 5 + pick(self, 20), false);
        }
    }
}

static inline lf_instrument market_instrument(int32_t level_count)
{
    return (lf_instrument){
        .symbol = "LINE",
        .venue = "TEST",
        .currency = "USD",
        .tick_nano = 10000000,
        .lot_nano = LF_NS_PER_SECOND,
        .units_per_tick = LINE_UNITS,
        .level_count = level_count,
        .has_orders = true,
        .session_open_ns = LINE_OPEN_NS,
        .session_close_ns = LINE_CLOSE_NS,
        .date = {2026, 6, 1},
    };
}

#endif
