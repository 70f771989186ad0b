/*
 * Random days for tests of the venue: a book that moves, trades that eat it, and now and then what
 * feeds do: halts, resets, holes, missing sides, crossed books, auctions.
 */
#ifndef LOBFLOW_EXECUTION_DAY_TESTING_H
#define LOBFLOW_EXECUTION_DAY_TESTING_H

#include <lobflow/execution.h>

#include <string.h>

#include "../../tests/testing.h"

/* Prices are BASE + 0 ... DAY_TICKS - 1. */
#define DAY_TICKS 64
#define BASE 1000
#define UNITS 100
#define OPEN_NS (INT64_C(1000) * LF_NS_PER_SECOND)
#define CLOSE_NS (INT64_C(9000) * LF_NS_PER_SECOND)

typedef struct day {
    lf_random random;
    int64_t lots[2][DAY_TICKS]; /* 0 bid, 1 ask: the whole book */
    int32_t level_count;
    int64_t ts_ns;
    lf_trade trades[4];
    bool halted;
} day;

static int64_t below(day *self, int64_t bound)
{
    return (int64_t)lf_random_below(&self->random, (uint64_t)bound);
}

static int best_tick(const day *self, int side)
{
    int tick = side == 0 ? DAY_TICKS - 1 : 0;
    while (tick >= 0 && tick < DAY_TICKS && self->lots[side][tick] == 0) {
        tick += side == 0 ? -1 : 1;
    }
    return tick;
}

/* Both sides stay away from the ends of the array and from each other. */
static void change_book(day *self)
{
    const int side = (int)below(self, 2);
    const int best = best_tick(self, side);
    const int other = best_tick(self, 1 - side);
    const int out = side == 0 ? -1 : 1;
    const int depth = (int)below(self, 6);
    const int gap = side == 0 ? other - best : best - other;
    int64_t *const lots = self->lots[side];
    if ((side == 0 ? best < 16 : best > DAY_TICKS - 17) || best < 0 || best >= DAY_TICKS) {
        lots[side == 0 ? 24 : DAY_TICKS - 25] += 30;
    } else if (below(self, 2) == 0) {
        const bool better = gap > 1 && below(self, 3) == 0;
        lots[better ? best - out : best + out * depth] += 1 + below(self, 40);
    } else {
        int64_t *const at = &lots[best + out * depth];
        *at = below(self, 3) == 0 ? 0 : *at / 2;
    }
    /* A side that ran into the other pushes it away. */
    for (int tick = best_tick(self, 0); tick >= best_tick(self, 1); tick--) {
        self->lots[1 - side][tick] = 0;
    }
}

static int make_trades(day *self)
{
    const int count = (int)below(self, 4) + 1;
    for (int i = 0; i < count; i++) {
        const int sign = below(self, 2) == 0 ? 1 : -1;
        const int side = sign > 0 ? 1 : 0;
        const int best = best_tick(self, side);
        if (best < 0 || best >= DAY_TICKS) {
            return i;
        }
        lf_trade *const trade = &self->trades[i];
        *trade = (lf_trade){
            .price_units = (BASE + best) * UNITS,
            .size_lots = 1 + below(self, 60),
            .sign = (int8_t)(below(self, 6) == 0 ? LF_SIGN_UNKNOWN : sign),
            .hidden = below(self, 8) == 0,
        };
        if (below(self, 10) == 0) {
            trade->price_units += (below(self, 5) - 2) * UNITS / 2;
        }
        if (!trade->hidden) {
            int64_t *const lots = &self->lots[side][best];
            *lots -= trade->size_lots < *lots ? trade->size_lots : *lots;
        }
        if (best_tick(self, 0) < 12 || best_tick(self, 1) > DAY_TICKS - 13) {
            return i + 1;
        }
    }
    return count;
}

static void show_book(const day *self, lf_quotes *out)
{
    int bid = DAY_TICKS - 1;
    int ask = 0;
    for (int m = 0; m < LF_LEVELS_MAX; m++) {
        while (bid >= 0 && self->lots[0][bid] == 0) {
            bid--;
        }
        while (ask < DAY_TICKS && self->lots[1][ask] == 0) {
            ask++;
        }
        const bool has_bid = m < self->level_count && bid >= 0;
        const bool has_ask = m < self->level_count && ask < DAY_TICKS;
        out->bid_ticks[m] = has_bid ? BASE + bid : LF_BID_NONE;
        out->bid_lots[m] = has_bid ? self->lots[0][bid--] : 0;
        out->ask_ticks[m] = has_ask ? BASE + ask : LF_ASK_NONE;
        out->ask_lots[m] = has_ask ? self->lots[1][ask++] : 0;
    }
}

/* Now and then: no side, a crossed or locked book, a hole, a halt, a reset, an auction. */
static void disturb(day *self, lf_event *event)
{
    const int64_t kind = below(self, 400);
    lf_quotes *const quotes = &event->quotes;
    if (self->halted || kind == 0) {
        event->flags |= LF_EVENT_MASKED;
        self->halted = below(self, 6) != 0;
    } else if (kind == 1) {
        event->flags |= LF_EVENT_RESET;
    } else if (kind == 2 && quotes->bid_lots[0] > 0) {
        quotes->ask_ticks[0] = quotes->bid_ticks[0] - below(self, 2);
    } else if (kind == 3) {
        quotes->bid_ticks[0] = LF_BID_NONE;
        quotes->bid_lots[0] = 0;
    } else if (kind == 4) {
        event->kind = LF_EVENT_CROSS;
    } else if (kind < 9 && self->level_count > 2) {
        quotes->ask_ticks[1] = LF_ASK_NONE;
        quotes->ask_lots[1] = 0;
    }
}

static void make_event(day *self, lf_event *out)
{
    *out = (lf_event){.kind = LF_EVENT_QUOTE};
    /* Many events share a time. */
    self->ts_ns += below(self, 3) == 0 ? 0 : below(self, LF_NS_PER_SECOND);
    out->ts_exchange_ns = self->ts_ns;
    if (below(self, 3) == 0) {
        out->trade_count = (uint16_t)make_trades(self);
    }
    change_book(self);
    show_book(self, &out->quotes);
    disturb(self, out);
}

static void begin_day(day *self, uint64_t seed, int32_t level_count)
{
    memset(self, 0, sizeof *self);
    lf_random_seed(&self->random, seed, 0);
    self->level_count = level_count;
    self->ts_ns = OPEN_NS - LF_NS_PER_SECOND;
    for (int i = 0; i < 14; i++) {
        self->lots[0][DAY_TICKS / 2 - 2 - i] = 5 + below(self, 60);
        self->lots[1][DAY_TICKS / 2 + 1 + i] = 5 + below(self, 60);
    }
}

static inline lf_instrument day_instrument(int32_t level_count)
{
    return (lf_instrument){
        .symbol = "TWIN",
        .currency = "USD",
        .tick_nano = 10000000,
        .lot_nano = LF_NS_PER_SECOND,
        .units_per_tick = UNITS,
        .level_count = level_count,
        .session_open_ns = OPEN_NS,
        .session_close_ns = CLOSE_NS,
        .date = {2026, 6, 1},
    };
}

#endif
