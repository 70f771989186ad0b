/*
 * The slow, obvious twin of the feature engine: each value straight from its definition, by loops
 * over all events, with no state between rows. Notation as in docs/modules/feature.md.
 */
#ifndef LOBFLOW_FEATURE_TWIN_TESTING_H
#define LOBFLOW_FEATURE_TWIN_TESTING_H

#include "market_testing.h"

#include <lobflow/book.h>

#include <math.h>

#define TWIN_SECOND LF_NS_PER_SECOND
#define TWIN_MINUTE LF_NS_PER_MINUTE
#define TWIN_NONE SIZE_MAX
#define TWIN_BARS 30
#define TWIN_BUCKETS 50

/* One trade of the session with what was known before it. */
typedef struct twin_trade {
    int64_t ts_ns;
    int64_t units;
    int64_t lots;
    int sign;
    size_t before; /* event whose state is S', or TWIN_NONE */
    int epoch;     /* resets so far */
    double vpin;   /* after it */
} twin_trade;

/* One print. */
typedef struct twin_print {
    int64_t ts_ns;
    int64_t lots;
    int sign;
    int epoch;
    size_t before; /* S' of its first fill */
    bool is_large;
} twin_print;

/* A day as the twin sees it. */
typedef struct twin {
    const market *day;
    bool *valid; /* [event_count] */
    int *epochs; /* [event_count] resets so far, this event's included */
    twin_trade *trades;
    size_t trade_count;
    twin_print *prints;
    size_t print_count;
    /* Of the present row. */
    int64_t t_ns;
    size_t end;   /* events with time <= t */
    size_t start; /* first event since the last reset or of the session; its time is t_0 */
    int epoch;
} twin;

static int64_t twin_ts(const twin *self, size_t i)
{
    return self->day->events[i].ts_exchange_ns;
}

static const lf_quotes *twin_quotes(const twin *self, size_t i)
{
    return &self->day->events[i].quotes;
}

static int64_t twin_mid2(const twin *self, size_t i)
{
    return lf_book_mid2(twin_quotes(self, i));
}

static bool twin_in_session(const twin *self, int64_t ts_ns)
{
    return ts_ns >= self->day->instrument.session_open_ns &&
           ts_ns < self->day->instrument.session_close_ns;
}

/* The last valid state before event n that no reset separates from it. */
static size_t twin_before(const twin *self, size_t n)
{
    for (size_t i = n; i-- > 0;) {
        if (self->epochs[i] != self->epochs[n]) {
            return TWIN_NONE;
        }
        if (self->valid[i]) {
            return i;
        }
    }
    return TWIN_NONE;
}

/* S' of a trade of event n. */
static size_t twin_trade_before(const twin *self, size_t n)
{
    size_t first = n;
    while (self->day->instrument.ties_unordered && first > 0 &&
           twin_ts(self, first - 1) == twin_ts(self, n)) {
        first--;
    }
    return self->epochs[first] == self->epochs[n] ? twin_before(self, first) : TWIN_NONE;
}

/* The last valid state that the events with time <= u have reached, of the row's epoch. */
static size_t twin_at(const twin *self, int64_t u_ns)
{
    for (size_t i = self->end; i-- > 0;) {
        if (self->epochs[i] != self->epoch) {
            return TWIN_NONE;
        }
        if (self->valid[i] && twin_ts(self, i) <= u_ns) {
            return i;
        }
    }
    return TWIN_NONE;
}

/* ---- trades ------------------------------------------------------------------------------ */

static int twin_sign(const twin *self, const lf_trade *trade, size_t before, int tick_sign)
{
    if (trade->sign != LF_SIGN_UNKNOWN) {
        return trade->sign;
    }
    if (before != TWIN_NONE) {
        const double price = (double)trade->price_units / MARKET_UNITS_PER_TICK;
        const double mid = (double)twin_mid2(self, before) / 2;
        if (price != mid) {
            return price > mid ? 1 : -1;
        }
    }
    return tick_sign;
}

static void twin_list_trades(twin *self)
{
    const market *day = self->day;
    int tick_sign = 0;
    for (size_t n = 0; n < day->event_count; n++) {
        const lf_event *event = &day->events[n];
        for (int k = 0; k < event->trade_count && twin_in_session(self, twin_ts(self, n)); k++) {
            const lf_trade *trade = &day->trades[event->trade_first + (uint32_t)k];
            twin_trade *out = &self->trades[self->trade_count];
            if (self->trade_count > 0 && out[-1].units != trade->price_units) {
                tick_sign = trade->price_units > out[-1].units ? 1 : -1;
            }
            out->ts_ns = twin_ts(self, n);
            out->units = trade->price_units;
            out->lots = trade->size_lots;
            out->epoch = self->epochs[n];
            out->before = twin_trade_before(self, n);
            out->sign = twin_sign(self, trade, out->before, tick_sign);
            self->trade_count++;
        }
    }
}

static bool twin_is_large(const twin *self, size_t index)
{
    const twin_print *print = &self->prints[index];
    int64_t count = 0;
    int64_t lots = 0;
    for (size_t i = 0; i < index; i++) {
        const twin_print *other = &self->prints[i];
        if (other->epoch == print->epoch && other->ts_ns > print->ts_ns - 5 * TWIN_MINUTE) {
            count++;
            lots += other->lots;
        }
    }
    return count >= 10 && print->lots * count > 2 * lots;
}

static void twin_list_prints(twin *self)
{
    for (size_t i = 0; i < self->trade_count; i++) {
        const twin_trade *trade = &self->trades[i];
        twin_print *last = &self->prints[self->print_count];
        if (self->print_count > 0 && last[-1].ts_ns == trade->ts_ns &&
            last[-1].sign == trade->sign && last[-1].epoch == trade->epoch) {
            last[-1].lots += trade->lots;
            continue;
        }
        *last = (twin_print
        ){trade->ts_ns, trade->lots, trade->sign, trade->epoch, trade->before, false};
        self->print_count++;
    }
    for (size_t i = 0; i < self->print_count; i++) {
        self->prints[i].is_large = twin_is_large(self, i);
    }
}

/* Half lot by half lot; an unsigned one counts nothing, being half bought and half sold. */
static void twin_list_vpin(twin *self, int64_t bucket_lots)
{
    double kept[TWIN_BUCKETS];
    int64_t buckets = 0;
    int64_t filled2 = 0;
    int64_t imbalance2 = 0;
    for (size_t i = 0; i < self->trade_count; i++) {
        twin_trade *trade = &self->trades[i];
        for (int64_t half = 0; bucket_lots > 0 && half < 2 * trade->lots; half++) {
            filled2++;
            imbalance2 += trade->sign;
            if (filled2 == 2 * bucket_lots) {
                kept[buckets++ % TWIN_BUCKETS] =
                    fabs((double)imbalance2) / (double)(2 * bucket_lots);
                filled2 = 0;
                imbalance2 = 0;
            }
        }
        trade->vpin = NAN;
        if (buckets >= TWIN_BUCKETS) {
            trade->vpin = 0;
            for (int k = 0; k < TWIN_BUCKETS; k++) {
                trade->vpin += kept[k] / TWIN_BUCKETS;
            }
        }
    }
}

MARKET_UNUSED static twin twin_make(const market *day, int64_t bucket_lots)
{
    twin self = {.day = day};
    self.valid = calloc(day->event_count + 1, sizeof *self.valid);
    self.epochs = calloc(day->event_count + 1, sizeof *self.epochs);
    self.trades = calloc(day->trade_count + 1, sizeof *self.trades);
    self.prints = calloc(day->trade_count + 1, sizeof *self.prints);
    int epoch = 0;
    for (size_t i = 0; i < day->event_count; i++) {
        const lf_event *event = &day->events[i];
        epoch += (event->flags & LF_EVENT_RESET) != 0 ? 1 : 0;
        self.epochs[i] = epoch;
        self.valid[i] = lf_book_event_valid(event);
    }
    twin_list_trades(&self);
    twin_list_prints(&self);
    twin_list_vpin(&self, bucket_lots);
    return self;
}

MARKET_UNUSED static void twin_free(twin *self)
{
    free(self->valid);
    free(self->epochs);
    free(self->trades);
    free(self->prints);
}

/* ---- sums over events -------------------------------------------------------------------- */

static int64_t twin_bid_flow(const twin *self, size_t n, int m)
{
    const size_t before = twin_before(self, n);
    if (!self->valid[n] || before == TWIN_NONE) {
        return 0;
    }
    const lf_quotes *from = twin_quotes(self, before);
    const lf_quotes *to = twin_quotes(self, n);
    if (to->bid_ticks[m] > from->bid_ticks[m]) {
        return to->bid_lots[m];
    }
    if (to->bid_ticks[m] == from->bid_ticks[m]) {
        return to->bid_lots[m] - from->bid_lots[m];
    }
    return -from->bid_lots[m];
}

static int64_t twin_ask_flow(const twin *self, size_t n, int m)
{
    const size_t before = twin_before(self, n);
    if (!self->valid[n] || before == TWIN_NONE) {
        return 0;
    }
    const lf_quotes *from = twin_quotes(self, before);
    const lf_quotes *to = twin_quotes(self, n);
    if (to->ask_ticks[m] < from->ask_ticks[m]) {
        return to->ask_lots[m];
    }
    if (to->ask_ticks[m] == from->ask_ticks[m]) {
        return to->ask_lots[m] - from->ask_lots[m];
    }
    return -from->ask_lots[m];
}

/* First event of the window (t - w, t], among those since t_0. */
static size_t twin_first(const twin *self, int64_t w_ns)
{
    size_t i = self->start;
    while (i < self->end && twin_ts(self, i) <= self->t_ns - w_ns) {
        i++;
    }
    return i;
}

/* Sums of dW and dV at one level over a window, and of their positive and negative parts. */
typedef struct twin_flow {
    int64_t bid, ask, bid_in, bid_out, ask_in, ask_out;
} twin_flow;

static twin_flow twin_sum_flow(const twin *self, int64_t w_ns, int m)
{
    twin_flow sum = {0};
    for (size_t n = twin_first(self, w_ns); n < self->end; n++) {
        const int64_t bid = twin_bid_flow(self, n, m);
        const int64_t ask = twin_ask_flow(self, n, m);
        sum.bid += bid;
        sum.ask += ask;
        sum.bid_in += bid > 0 ? bid : 0;
        sum.bid_out += bid < 0 ? -bid : 0;
        sum.ask_in += ask > 0 ? ask : 0;
        sum.ask_out += ask < 0 ? -ask : 0;
    }
    return sum;
}

static int64_t twin_lots(const int64_t *lots, int count)
{
    int64_t sum = 0;
    for (int m = 0; m < count; m++) {
        sum += lots[m];
    }
    return sum;
}

static int64_t twin_depth(const twin *self, size_t n)
{
    const int levels = self->day->instrument.level_count;
    const lf_quotes *quotes = twin_quotes(self, n);
    return twin_lots(quotes->bid_lots, levels) + twin_lots(quotes->ask_lots, levels);
}

/* Q_w of docs/modules/feature.md. */
static double twin_q(const twin *self, int64_t w_ns)
{
    const int levels = self->day->instrument.level_count;
    int64_t sum = 0;
    int64_t count = 0;
    for (size_t n = twin_first(self, w_ns); n < self->end; n++) {
        sum += self->valid[n] ? twin_depth(self, n) : 0;
        count += self->valid[n] ? 1 : 0;
    }
    if (count == 0) {
        sum = twin_depth(self, twin_at(self, self->t_ns));
        count = 1;
    }
    return (double)sum / 2 / levels / (double)count;
}

static double twin_multi(const twin *self, int64_t w_ns)
{
    const int levels = self->day->instrument.level_count;
    int64_t sum = 0;
    for (int m = 0; m < levels; m++) {
        const twin_flow flow = twin_sum_flow(self, w_ns, m);
        sum += flow.bid - flow.ask;
    }
    return (double)sum / levels / twin_q(self, w_ns);
}

#endif
