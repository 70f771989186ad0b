/*
 * Random sessions for the tests of features: a small book with adds, cancels and trades, and all
 * that real feeds rarely bring: resets, halts, crossed, locked and one-sided states, holes between
 * levels, several and unsigned trades in an event, equal times, silences, events on the second.
 */
#ifndef LOBFLOW_FEATURE_MARKET_TESTING_H
#define LOBFLOW_FEATURE_MARKET_TESTING_H

#include "feature_internal.h"

#include <stdlib.h>
#include <string.h>

#define MARKET_UNUSED __attribute__((unused))
/* Ticks that the book can use around its base price. */
#define MARKET_TICKS 120
#define MARKET_UNITS_PER_TICK 100

/* A whole day in memory. */
typedef struct market {
    lf_instrument instrument;
    lf_event *events;
    lf_trade *trades;
    size_t event_count;
    size_t trade_count;
} market;

/* How to make one. */
typedef struct market_options {
    uint64_t seed;
    size_t event_count;
    int64_t length_s;   /* of the session */
    int64_t base_ticks; /* lowest price of the book's range */
    int32_t level_count;
    bool ties_unordered;
    bool is_clean;  /* without resets, halts, broken states and silences */
    int fault_rate; /* times as many faults as usual; 0: 1 */
} market_options;

/* What is being made. */
typedef struct market_maker {
    const market_options *options;
    market *day;
    lf_random random;
    int64_t bids[MARKET_TICKS];
    int64_t asks[MARKET_TICKS];
    int64_t ts_ns;
    int spell; /* events that the fault goes on */
    int fault; /* what is wrong with the quotes */
    bool is_halted;
} market_maker;

static int market_below(market_maker *maker, int bound)
{
    return (int)lf_random_below(&maker->random, (uint64_t)bound);
}

static int market_best_bid(const market_maker *maker)
{
    int i = MARKET_TICKS - 1;
    while (i >= 0 && maker->bids[i] == 0) {
        i--;
    }
    return i;
}

static int market_best_ask(const market_maker *maker)
{
    int i = 0;
    while (i < MARKET_TICKS && maker->asks[i] == 0) {
        i++;
    }
    return i;
}

static void market_quotes(const market_maker *maker, lf_quotes *out)
{
    const int count = maker->options->level_count;
    int bid = MARKET_TICKS - 1;
    int ask = 0;
    for (int m = 0; m < LF_LEVELS_MAX; m++) {
        while (bid >= 0 && maker->bids[bid] == 0) {
            bid--;
        }
        while (ask < MARKET_TICKS && maker->asks[ask] == 0) {
            ask++;
        }
        const bool has_bid = m < count && bid >= 0;
        const bool has_ask = m < count && ask < MARKET_TICKS;
        out->bid_ticks[m] = has_bid ? maker->options->base_ticks + bid : LF_BID_NONE;
        out->bid_lots[m] = has_bid ? maker->bids[bid--] : 0;
        out->ask_ticks[m] = has_ask ? maker->options->base_ticks + ask : LF_ASK_NONE;
        out->ask_lots[m] = has_ask ? maker->asks[ask++] : 0;
    }
}

/* Breaks the quotes in one of six ways. */
static void market_break(const market_maker *maker, lf_quotes *quotes)
{
    switch (maker->fault) {
    case 1: /* locked */
        quotes->ask_ticks[0] = quotes->bid_ticks[0];
        break;
    case 2: /* crossed, unless the bid is missing */
        quotes->ask_ticks[0] = quotes->bid_lots[0] > 0 ? quotes->bid_ticks[0] - 2 : LF_ASK_NONE;
        break;
    case 3: /* no bid at all */
        for (int m = 0; m < LF_LEVELS_MAX; m++) {
            quotes->bid_ticks[m] = LF_BID_NONE;
            quotes->bid_lots[m] = 0;
        }
        break;
    case 4: /* no best ask */
        quotes->ask_ticks[0] = LF_ASK_NONE;
        quotes->ask_lots[0] = 0;
        break;
    case 5: /* a hole, which is a valid state */
        quotes->bid_ticks[1] = LF_BID_NONE;
        quotes->bid_lots[1] = 0;
        break;
    default:
        break;
    }
}

static void market_clock(market_maker *maker)
{
    const int kind = market_below(maker, 1000);
    const double mean_ns = 1e9 * (double)maker->options->length_s /
                           (double)maker->options->event_count / (maker->options->is_clean ? 1 : 2);
    if (kind < 200) {
        return;
    }
    maker->ts_ns += (int64_t)(mean_ns * lf_random_exponential(&maker->random));
    if (kind < 350) {
        maker->ts_ns += LF_NS_PER_SECOND - 1;
        maker->ts_ns -= maker->ts_ns % LF_NS_PER_SECOND;
    } else if (!maker->options->is_clean && kind >= 998) {
        static const int64_t silences_s[] = {7, 20, 70, 130, 320};
        maker->ts_ns += silences_s[market_below(maker, 5)] * LF_NS_PER_SECOND;
    }
}

static void market_add_trade(market_maker *maker, lf_event *event, int64_t units, int sign)
{
    market *day = maker->day;
    lf_trade *trade = &day->trades[day->trade_count++];
    memset(trade, 0, sizeof *trade);
    trade->price_units = units;
    trade->size_lots = 1 + market_below(maker, 9);
    if (market_below(maker, 12) == 0) {
        trade->size_lots *= 25;
    }
    const int told = market_below(maker, 10);
    trade->sign = (int8_t)sign;
    if (told < 3) {
        trade->sign = LF_SIGN_UNKNOWN;
    } else if (told == 3) {
        trade->sign = 0;
    }
    event->trade_count++;
}

/* Zero to three trades at the touch or between; a visible one takes from the book. */
static void market_trade(market_maker *maker, lf_event *event)
{
    const int bid = market_best_bid(maker);
    const int ask = market_best_ask(maker);
    const int64_t base = maker->options->base_ticks;
    const int count = market_below(maker, 8) == 0 ? 1 + market_below(maker, 3) : 1;
    const int sign = market_below(maker, 2) == 0 ? 1 : -1;
    for (int i = 0; i < count; i++) {
        int64_t units = (base + (sign > 0 ? ask : bid)) * MARKET_UNITS_PER_TICK;
        if (market_below(maker, 3) == 0) {
            /* Inside or outside of the spread, at fractions of a tick. */
            const int width = ask > bid ? ask - bid : 1;
            units = (base + bid) * MARKET_UNITS_PER_TICK +
                    market_below(maker, width * MARKET_UNITS_PER_TICK + 1);
        } else if (market_below(maker, 5) == 0) {
            units = (2 * base + bid + ask) * MARKET_UNITS_PER_TICK / 2;
        }
        market_add_trade(maker, event, units, sign);
    }
    event->kind = LF_EVENT_EXECUTE;
    int64_t *lots = sign > 0 ? &maker->asks[ask] : &maker->bids[bid];
    const int64_t taken = 1 + market_below(maker, 40);
    *lots = *lots > taken ? *lots - taken : 0;
}

static void market_change_book(market_maker *maker, lf_event *event)
{
    const int bid = market_best_bid(maker);
    const int ask = market_best_ask(maker);
    /* Keep both sides alive and apart from the ends of the range. */
    if (bid < 20) {
        maker->bids[20 + market_below(maker, 20)] += 30;
        return;
    }
    if (ask > MARKET_TICKS - 21) {
        maker->asks[MARKET_TICKS - 21 - market_below(maker, 20)] += 30;
        return;
    }
    const int action = market_below(maker, 10);
    const int depth =
        market_below(maker, 4) == 0 ? market_below(maker, 12) : market_below(maker, 3);
    const bool is_bid = market_below(maker, 2) == 0;
    if (action < 3) {
        market_trade(maker, event);
    } else if (action < 7) {
        const int inside = market_below(maker, 3) == 0 && ask - bid > 1 ? 1 : 0;
        const int place =
            is_bid ? bid - depth * (1 - inside) + inside : ask + depth * (1 - inside) - inside;
        int64_t *side = is_bid ? maker->bids : maker->asks;
        side[place] += 1 + market_below(maker, 60);
    } else {
        int64_t *side = is_bid ? &maker->bids[bid - depth] : &maker->asks[ask + depth];
        *side = market_below(maker, 2) == 0 ? 0 : *side / 2;
    }
}

/* Begins and ends spells of broken quotes, halts and gaps. */
static void market_faults(market_maker *maker, lf_event *event)
{
    if (maker->spell > 0) {
        maker->spell--;
    } else if (maker->is_halted) {
        maker->is_halted = false;
        event->kind = LF_EVENT_HALT;
        event->flags |= LF_EVENT_RESET;
    } else {
        maker->fault = 0;
        const int rate = maker->options->fault_rate;
        const int kind = market_below(maker, rate > 0 ? 600 / rate : 600);
        if (kind < 10) {
            maker->fault = 1 + kind % 5;
            maker->spell = market_below(maker, 8);
        } else if (kind == 10) {
            maker->is_halted = true;
            maker->spell = market_below(maker, 10);
            event->kind = LF_EVENT_HALT;
        } else if (kind == 11) {
            event->flags |= LF_EVENT_RESET;
        }
    }
    if (maker->is_halted) {
        event->flags |= LF_EVENT_MASKED;
    }
    market_break(maker, &event->quotes);
}

static void market_event(market_maker *maker)
{
    market *day = maker->day;
    lf_event *event = &day->events[day->event_count++];
    memset(event, 0, sizeof *event);
    market_clock(maker);
    event->ts_exchange_ns = maker->ts_ns;
    event->ts_local_ns = maker->ts_ns + 1000;
    event->trade_first = (uint32_t)day->trade_count;
    market_change_book(maker, event);
    market_quotes(maker, &event->quotes);
    if (!maker->options->is_clean) {
        market_faults(maker, event);
    }
}

/* Makes a day; a few events lie before the session and, on quiet ends, after it. */
MARKET_UNUSED static market market_make(const market_options *options)
{
    market day = {0};
    const int64_t open_ns = INT64_C(1340285400) * LF_NS_PER_SECOND;
    day.instrument.tick_nano = 10000000;
    day.instrument.lot_nano = LF_NS_PER_SECOND;
    day.instrument.units_per_tick = MARKET_UNITS_PER_TICK;
    day.instrument.level_count = options->level_count;
    day.instrument.ties_unordered = options->ties_unordered;
    day.instrument.session_open_ns = open_ns;
    day.instrument.session_close_ns = open_ns + options->length_s * LF_NS_PER_SECOND;
    memcpy(day.instrument.symbol, "TEST", 5);
    day.events = calloc(options->event_count, sizeof *day.events);
    day.trades = calloc(3 * options->event_count, sizeof *day.trades);
    market_maker maker = {.options = options, .day = &day};
    maker.ts_ns = open_ns - (options->seed % 3 == 0 ? 0 : 2 * LF_NS_PER_SECOND);
    lf_random_seed(&maker.random, options->seed, 0);
    for (int i = 0; i < 12; i++) {
        maker.bids[MARKET_TICKS / 2 - 2 - i] = 20 + market_below(&maker, 60);
        maker.asks[MARKET_TICKS / 2 + 1 + i] = 20 + market_below(&maker, 60);
    }
    while (day.event_count < options->event_count) {
        market_event(&maker);
    }
    return day;
}

MARKET_UNUSED static void market_free(market *day)
{
    free(day->events);
    free(day->trades);
}

/* The same day with bid and ask, buyers and sellers exchanged: price p becomes sum - p. */
MARKET_UNUSED static market market_mirror(const market *day, int64_t sum_ticks)
{
    market out = *day;
    out.events = calloc(day->event_count, sizeof *out.events);
    out.trades = calloc(day->trade_count + 1, sizeof *out.trades);
    for (size_t i = 0; i < day->event_count; i++) {
        const lf_quotes *from = &day->events[i].quotes;
        out.events[i] = day->events[i];
        lf_quotes *to = &out.events[i].quotes;
        for (int m = 0; m < LF_LEVELS_MAX; m++) {
            const int64_t bid = from->bid_ticks[m];
            const int64_t ask = from->ask_ticks[m];
            to->bid_ticks[m] = ask == LF_ASK_NONE ? LF_BID_NONE : sum_ticks - ask;
            to->ask_ticks[m] = bid == LF_BID_NONE ? LF_ASK_NONE : sum_ticks - bid;
            to->bid_lots[m] = from->ask_lots[m];
            to->ask_lots[m] = from->bid_lots[m];
        }
    }
    for (size_t i = 0; i < day->trade_count; i++) {
        lf_trade *trade = &out.trades[i];
        *trade = day->trades[i];
        trade->price_units = sum_ticks * MARKET_UNITS_PER_TICK - trade->price_units;
        trade->sign = trade->sign == LF_SIGN_UNKNOWN ? trade->sign : (int8_t)-trade->sign;
    }
    return out;
}

#endif
