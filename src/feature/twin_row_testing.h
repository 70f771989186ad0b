/*
 * Rows of the slow twin: one function per group of features, in the order of
 * docs/modules/feature.md.
 */
#ifndef LOBFLOW_FEATURE_TWIN_ROW_TESTING_H
#define LOBFLOW_FEATURE_TWIN_ROW_TESTING_H

#include "twin_testing.h"

static void twin_set(double *row, const char *name, double value)
{
    const size_t index = lf_feature_find(name);
    /* Under a wrong name it is set nowhere: the feature lacks its reference then. */
    if (index < lf_feature_count()) {
        row[index] = value;
    }
}

/* ---- events and book --------------------------------------------------------------------- */

static void twin_row_ofi(const twin *self, double *row)
{
    const twin_flow f1s = twin_sum_flow(self, TWIN_SECOND, 0);
    const twin_flow f10s = twin_sum_flow(self, 10 * TWIN_SECOND, 0);
    const twin_flow f1min = twin_sum_flow(self, TWIN_MINUTE, 0);
    const twin_flow f5min = twin_sum_flow(self, 5 * TWIN_MINUTE, 0);
    const int64_t ofi_10s = f10s.bid - f10s.ask;
    const int64_t ofi_1min = f1min.bid - f1min.ask;
    const double q_1min = twin_q(self, TWIN_MINUTE);
    const double q_10s = twin_q(self, 10 * TWIN_SECOND);
    twin_set(row, "ofi_1s", (double)(f1s.bid - f1s.ask));
    twin_set(row, "ofi_10s", (double)ofi_10s);
    twin_set(row, "ofi_1min", (double)ofi_1min);
    twin_set(row, "ofi_5min", (double)(f5min.bid - f5min.ask));
    twin_set(row, "ofi_norm_1min", (double)ofi_1min / q_1min);
    twin_set(row, "ofi_multi_1min", twin_multi(self, TWIN_MINUTE));
    twin_set(row, "ofi_multi_5min", twin_multi(self, 5 * TWIN_MINUTE));
    twin_set(row, "ofi_bid_1min", (double)f1min.bid / q_1min);
    twin_set(row, "ofi_ask_1min", (double)f1min.ask / q_1min);
    twin_set(row, "ofi_accel_1min", (double)(6 * ofi_10s - ofi_1min) / q_1min);
    twin_set(row, "depletion_bid_10s", (double)f10s.bid_out / q_10s);
    twin_set(row, "depletion_ask_10s", (double)f10s.ask_out / q_10s);
    twin_set(row, "replenish_bid_10s", (double)f10s.bid_in / q_10s);
    twin_set(row, "replenish_ask_10s", (double)f10s.ask_in / q_10s);
}

static double twin_imbalance(const twin *self, size_t n, int count)
{
    const int levels = self->day->instrument.level_count;
    const lf_quotes *quotes = twin_quotes(self, n);
    const double bid = (double)twin_lots(quotes->bid_lots, count < levels ? count : levels);
    const double ask = (double)twin_lots(quotes->ask_lots, count < levels ? count : levels);
    return (bid - ask) / (bid + ask);
}

static void twin_row_depth(const twin *self, double *row)
{
    const size_t now = twin_at(self, self->t_ns);
    const size_t then = twin_at(self, self->t_ns - 10 * TWIN_SECOND);
    const lf_quotes *quotes = twin_quotes(self, now);
    const double bid = (double)twin_lots(quotes->bid_lots, LF_LEVELS_MAX);
    const double ask = (double)twin_lots(quotes->ask_lots, LF_LEVELS_MAX);
    twin_set(row, "volume_imbalance", (bid - ask) / (bid + ask));
    twin_set(row, "depth_imbalance_l1", twin_imbalance(self, now, 1));
    twin_set(row, "depth_imbalance_l3", twin_imbalance(self, now, 3));
    twin_set(row, "depth_imbalance_l5", twin_imbalance(self, now, 5));
    if (then != TWIN_NONE) {
        const double change = twin_imbalance(self, now, 5) - twin_imbalance(self, then, 5);
        twin_set(row, "depth_imbalance_change_10s", change);
    }
    const double mid = (double)twin_mid2(self, now) / 2;
    twin_set(row, "spread_bps", (double)lf_book_spread(quotes) / mid * 1e4);
    twin_set(row, "total_depth", bid + ask);
    twin_set(row, "depth_ratio", bid / ask);
    twin_set(row, "bid_concentration", (double)quotes->bid_lots[0] / bid);
    twin_set(row, "ask_concentration", (double)quotes->ask_lots[0] / ask);
}

/* Time integrals of a window over the valid states. */
typedef struct twin_integrals {
    long double time, one_tick, depth, spread, spread2;
} twin_integrals;

static twin_integrals twin_integrate(const twin *self, int64_t w_ns)
{
    twin_integrals sum = {0};
    for (size_t n = 0; n < self->end; n++) {
        int64_t from = twin_ts(self, n);
        const int64_t to = n + 1 < self->end ? twin_ts(self, n + 1) : self->t_ns;
        from = from > self->t_ns - w_ns ? from : self->t_ns - w_ns;
        if (!self->valid[n] || to <= from) {
            continue;
        }
        const long double time = (long double)(to - from);
        const long double spread = (long double)lf_book_spread(twin_quotes(self, n));
        sum.time += time;
        sum.one_tick += spread == 1 ? time : 0;
        sum.depth += time * (long double)twin_depth(self, n);
        sum.spread += time * spread;
        sum.spread2 += time * spread * spread;
    }
    return sum;
}

static void twin_row_time_weighted(const twin *self, double *row)
{
    const size_t now = twin_at(self, self->t_ns);
    const twin_integrals one = twin_integrate(self, TWIN_MINUTE);
    const twin_integrals five = twin_integrate(self, 5 * TWIN_MINUTE);
    if (one.time > 0) {
        const long double mean = one.depth / one.time;
        twin_set(row, "depth_change_1min", (double)((long double)twin_depth(self, now) / mean - 1));
        twin_set(row, "one_tick_share_1min", (double)(one.one_tick / one.time));
    }
    if (five.time > 0) {
        const long double mean = five.spread / five.time;
        const long double variance = five.spread2 / five.time - mean * mean;
        const long double spread = (long double)lf_book_spread(twin_quotes(self, now));
        /* Spreads are whole ticks and times below 3e11 ns: a true variance is larger than this. */
        const bool is_constant = variance < 1e-13L;
        twin_set(
            row, "spread_z_score", is_constant ? 0 : (double)((spread - mean) / sqrtl(variance))
        );
    }
}

static void twin_row_shape(const twin *self, double *row)
{
    const int levels = self->day->instrument.level_count;
    const size_t now = twin_at(self, self->t_ns);
    const lf_quotes *q = twin_quotes(self, now);
    const double mid = (double)twin_mid2(self, now) / 2;
    double x = 0;
    double y = 0;
    double weighted = 0;
    double weights = 0;
    int bids = 0;
    int asks = 0;
    double bid_slope = NAN;
    double ask_slope = NAN;
    for (int m = 0; m < levels; m++) {
        const double b = (double)q->bid_ticks[m];
        const double a = (double)q->ask_ticks[m];
        const double bid = (double)q->bid_lots[m];
        const double ask = (double)q->ask_lots[m];
        if (bid > 0) {
            x += bid / (mid - b);
            bid_slope =
                100 * ((double)q->bid_ticks[0] - b) / (double)twin_lots(q->bid_lots, LF_LEVELS_MAX);
            bids++;
        }
        if (ask > 0) {
            y += ask / (a - mid);
            ask_slope =
                100 * (a - (double)q->ask_ticks[0]) / (double)twin_lots(q->ask_lots, LF_LEVELS_MAX);
            asks++;
        }
        if (m < 5 && bid > 0 && ask > 0) {
            weighted += bid * (a - mid) + ask * (b - mid);
            weights += bid + ask;
        }
    }
    bid_slope = bids < 2 ? NAN : bid_slope;
    ask_slope = asks < 2 ? NAN : ask_slope;
    twin_set(row, "bid_slope", bid_slope);
    twin_set(row, "ask_slope", ask_slope);
    twin_set(row, "slope_imbalance", (ask_slope - bid_slope) / (ask_slope + bid_slope));
    twin_set(row, "book_pressure", (x - y) / (x + y));
    twin_set(row, "microprice_offset_bps", weighted / weights / mid * 1e4);
}

static double twin_momentum(const twin *self, int64_t w_ns)
{
    const size_t now = twin_at(self, self->t_ns);
    const size_t then = twin_at(self, self->t_ns - w_ns);
    if (then == TWIN_NONE) {
        return NAN;
    }
    const long double ratio =
        (long double)twin_mid2(self, now) / (long double)twin_mid2(self, then);
    return (double)(1e4L * logl(ratio));
}

/* What the mid did in a window. */
typedef struct twin_path {
    long double squares;
    int64_t length2, changes, reversals;
} twin_path;

static twin_path twin_walk(const twin *self, int64_t w_ns)
{
    twin_path path = {0};
    const size_t first = twin_first(self, w_ns);
    int64_t last = 0;
    for (size_t n = self->start; n < self->end; n++) {
        const size_t before = twin_before(self, n);
        if (!self->valid[n] || before == TWIN_NONE ||
            twin_mid2(self, n) == twin_mid2(self, before)) {
            continue;
        }
        const int64_t change = twin_mid2(self, n) - twin_mid2(self, before);
        if (n >= first) {
            const long double ret =
                logl((long double)twin_mid2(self, n) / (long double)twin_mid2(self, before));
            path.squares += ret * ret;
            path.length2 += llabs(change);
            path.changes++;
            path.reversals += (change > 0 && last < 0) || (change < 0 && last > 0) ? 1 : 0;
        }
        last = change;
    }
    return path;
}

static void twin_row_price(const twin *self, double *row)
{
    twin_set(row, "momentum_10s", twin_momentum(self, 10 * TWIN_SECOND));
    twin_set(row, "price_momentum_1min", twin_momentum(self, TWIN_MINUTE));
    twin_set(row, "price_momentum_5min", twin_momentum(self, 5 * TWIN_MINUTE));
    const twin_path ten = twin_walk(self, 10 * TWIN_SECOND);
    const twin_path one = twin_walk(self, TWIN_MINUTE);
    const twin_path five = twin_walk(self, 5 * TWIN_MINUTE);
    twin_set(row, "volatility_1min", (double)(1e4L * sqrtl(one.squares)));
    twin_set(row, "volatility_5min", (double)(1e4L * sqrtl(five.squares)));
    const size_t then = twin_at(self, self->t_ns - 5 * TWIN_MINUTE);
    if (then != TWIN_NONE) {
        const int64_t moved =
            llabs(twin_mid2(self, twin_at(self, self->t_ns)) - twin_mid2(self, then));
        const double share = five.length2 == 0 ? 0 : (double)moved / (double)five.length2;
        twin_set(row, "efficiency_5min", share);
    }
    twin_set(row, "mid_changes_10s", (double)ten.changes);
    const double share = one.changes == 0 ? 0 : (double)one.reversals / (double)one.changes;
    twin_set(row, "mid_reversal_1min", share);
}

static void twin_row_time(const twin *self, double *row)
{
    const lf_instrument *instrument = &self->day->instrument;
    const int64_t open = instrument->session_open_ns;
    const double length = (double)(instrument->session_close_ns - open);
    twin_set(row, "session_fraction", (double)(self->t_ns - open) / length);
    const double ten = (double)(self->end - twin_first(self, 10 * TWIN_SECOND));
    const double five = (double)(self->end - twin_first(self, 5 * TWIN_MINUTE));
    twin_set(row, "event_rate_10s", ten / 10);
    twin_set(row, "event_burst_10s", five == 0 ? 0 : 30 * ten / five);
    for (size_t i = 0; i < self->trade_count && self->trades[i].ts_ns <= self->t_ns; i++) {
        const double age = (double)(self->t_ns - self->trades[i].ts_ns) / 1e9;
        twin_set(row, "seconds_since_trade", age);
    }
    for (size_t n = 0; n < self->end; n++) {
        const size_t before = twin_before(self, n);
        if (self->valid[n] && before != TWIN_NONE && twin_in_session(self, twin_ts(self, n)) &&
            twin_mid2(self, n) != twin_mid2(self, before)) {
            const double age = (double)(self->t_ns - twin_ts(self, n)) / 1e9;
            twin_set(row, "seconds_since_mid_change", age);
        }
    }
}

/* ---- trades ------------------------------------------------------------------------------ */

/* Whether a time of the row's epoch lies in (t - w, t]. */
static bool twin_inside(const twin *self, int64_t ts_ns, int epoch, int64_t w_ns)
{
    return epoch == self->epoch && ts_ns <= self->t_ns && ts_ns > self->t_ns - w_ns;
}

static void twin_volumes(const twin *self, int64_t w_ns, double *buy, double *sell)
{
    *buy = 0;
    *sell = 0;
    for (size_t i = 0; i < self->trade_count; i++) {
        const twin_trade *trade = &self->trades[i];
        if (twin_inside(self, trade->ts_ns, trade->epoch, w_ns)) {
            *buy += trade->sign > 0 ? (double)trade->lots : 0;
            *sell += trade->sign < 0 ? (double)trade->lots : 0;
        }
    }
}

static double twin_trade_imbalance(const twin *self, int64_t w_ns)
{
    double buy;
    double sell;
    twin_volumes(self, w_ns, &buy, &sell);
    return buy + sell == 0 ? 0 : (buy - sell) / (buy + sell);
}

static void twin_row_trades(const twin *self, double *row)
{
    double buy;
    double sell;
    twin_volumes(self, TWIN_MINUTE, &buy, &sell);
    twin_set(row, "buy_volume_1min", buy);
    twin_set(row, "sell_volume_1min", sell);
    twin_set(row, "trade_imbalance", twin_trade_imbalance(self, TWIN_MINUTE));
    twin_set(row, "trade_imbalance_10s", twin_trade_imbalance(self, 10 * TWIN_SECOND));
    twin_set(row, "trade_imbalance_5min", twin_trade_imbalance(self, 5 * TWIN_MINUTE));
    double count = 0;
    double count5 = 0;
    double lots = 0;
    double lots5 = 0;
    double large = 0;
    double signed_large = 0;
    double ewma = 0;
    for (size_t i = 0; i < self->print_count && self->prints[i].ts_ns <= self->t_ns; i++) {
        const twin_print *print = &self->prints[i];
        ewma += 0.1 * (print->sign - ewma);
        if (twin_inside(self, print->ts_ns, print->epoch, 5 * TWIN_MINUTE)) {
            count5++;
            lots5 += (double)print->lots;
        }
        if (twin_inside(self, print->ts_ns, print->epoch, 10 * TWIN_SECOND) && print->is_large) {
            large = 1;
        }
        if (twin_inside(self, print->ts_ns, print->epoch, TWIN_MINUTE)) {
            count++;
            lots += (double)print->lots;
            signed_large += print->is_large ? (double)(print->sign * print->lots) : 0;
        }
    }
    twin_set(row, "trade_count_1min", count);
    twin_set(row, "avg_trade_size_5min", count5 == 0 ? NAN : lots5 / count5);
    twin_set(row, "large_trade_indicator", large);
    twin_set(row, "large_trade_imbalance_1min", lots == 0 ? 0 : signed_large / lots);
    twin_set(row, "trade_sign_ewma", ewma);
}

static void twin_row_session(const twin *self, double *row)
{
    double lots = 0;
    long double value = 0;
    for (size_t i = 0; i < self->trade_count && self->trades[i].ts_ns <= self->t_ns; i++) {
        const twin_trade *trade = &self->trades[i];
        lots += (double)trade->lots;
        value += (long double)trade->lots * (long double)trade->units;
        twin_set(row, "vpin", trade->vpin);
    }
    if (lots > 0) {
        const long double vwap = value / (long double)lots / MARKET_UNITS_PER_TICK;
        const long double mid = (long double)twin_mid2(self, twin_at(self, self->t_ns)) / 2;
        twin_set(row, "vwap_distance", (double)((mid - vwap) / mid * 1e4L));
    }
}

static int64_t twin_near(const twin *self, size_t n, int sign)
{
    const int levels = self->day->instrument.level_count;
    const lf_quotes *quotes = twin_quotes(self, n);
    return twin_lots(sign > 0 ? quotes->ask_lots : quotes->bid_lots, levels < 5 ? levels : 5);
}

/* r of a probe that started with a print, or NaN when it never matures. */
static double twin_probe(const twin *self, const twin_print *print)
{
    if (print->before == TWIN_NONE) {
        return NAN;
    }
    const int64_t u = print->ts_ns;
    const double d0 = (double)twin_near(self, print->before, print->sign);
    double d1 = (double)twin_near(self, twin_at(self, u), print->sign);
    for (size_t n = self->start; n < self->end; n++) {
        const int64_t ts_ns = twin_ts(self, n);
        if (self->valid[n] && ts_ns > u && ts_ns <= u + TWIN_SECOND) {
            d1 = fmin(d1, (double)twin_near(self, n, print->sign));
        }
    }
    const double d5 = (double)twin_near(self, twin_at(self, u + 5 * TWIN_SECOND), print->sign);
    return d1 < d0 ? fmin(1, fmax(0, (d5 - d1) / (d0 - d1))) : NAN;
}

static void twin_row_resilience(const twin *self, double *row)
{
    double sum = 0;
    double count = 0;
    int64_t last[2] = {INT64_MIN / 2, INT64_MIN / 2};
    for (size_t i = 0; i < self->print_count; i++) {
        const twin_print *print = &self->prints[i];
        if (print->epoch != self->epoch || !print->is_large || print->sign == 0) {
            continue;
        }
        int64_t *start = &last[print->sign > 0 ? 1 : 0];
        if (print->ts_ns - *start < TWIN_SECOND) {
            continue;
        }
        *start = print->ts_ns;
        const int64_t due = print->ts_ns + 5 * TWIN_SECOND;
        if (due > self->t_ns || due <= self->t_ns - 5 * TWIN_MINUTE) {
            continue;
        }
        const double r = twin_probe(self, print);
        sum += isnan(r) ? 0 : r;
        count += isnan(r) ? 0 : 1;
    }
    twin_set(row, "resilience", count == 0 ? NAN : sum / count);
}

static void twin_row_spreads(const twin *self, double *row)
{
    long double effective = 0;
    long double realized = 0;
    long double impact = 0;
    long double lots = 0;
    long double old_lots = 0;
    for (size_t i = 0; i < self->trade_count; i++) {
        const twin_trade *trade = &self->trades[i];
        if (trade->sign == 0 || trade->before == TWIN_NONE) {
            continue;
        }
        const long double p = (long double)trade->units / MARKET_UNITS_PER_TICK;
        const long double mid = (long double)twin_mid2(self, trade->before) / 2;
        const long double v = (long double)trade->lots;
        if (twin_inside(self, trade->ts_ns, trade->epoch, TWIN_MINUTE)) {
            effective += v * 2e4L * trade->sign * (p - mid) / mid;
            lots += v;
        }
        const int64_t due = trade->ts_ns + 5 * TWIN_SECOND;
        if (twin_inside(self, due, trade->epoch, TWIN_MINUTE)) {
            const long double later = (long double)twin_mid2(self, twin_at(self, due)) / 2;
            realized += v * 2e4L * trade->sign * (p - later) / mid;
            impact += v * 2e4L * trade->sign * (later - mid) / mid;
            old_lots += v;
        }
    }
    twin_set(row, "effective_spread_1min", lots == 0 ? NAN : (double)(effective / lots));
    twin_set(row, "realized_spread_1min", old_lots == 0 ? NAN : (double)(realized / old_lots));
    twin_set(row, "price_impact_1min", old_lots == 0 ? NAN : (double)(impact / old_lots));
}

static void twin_row_roll(const twin *self, double *row)
{
    int64_t sum = 0;
    int64_t count = 0;
    for (size_t i = 2; i < self->trade_count; i++) {
        const twin_trade *trade = &self->trades[i];
        if (trade[-2].epoch == self->epoch &&
            twin_inside(self, trade->ts_ns, trade->epoch, 5 * TWIN_MINUTE)) {
            sum += (trade->units - trade[-1].units) * (trade[-1].units - trade[-2].units);
            count++;
        }
    }
    if (count > 0) {
        const double c = (double)sum / (double)count;
        twin_set(row, "roll_spread_5min", 2 * sqrt(fmax(0, -c)) / MARKET_UNITS_PER_TICK);
    }
}

/* One bar's sums; mids of 0 are unknown. */
typedef struct twin_bar {
    double begin, end, lots, dollars;
} twin_bar;

static twin_bar twin_sum_bar(const twin *self, int64_t begin_ns)
{
    const int64_t end_ns = begin_ns + 10 * TWIN_SECOND;
    const size_t begin = twin_at(self, begin_ns);
    const size_t end = twin_at(self, end_ns);
    twin_bar bar = {
        .begin = begin == TWIN_NONE ? 0 : (double)twin_mid2(self, begin) / 2,
        .end = end == TWIN_NONE ? 0 : (double)twin_mid2(self, end) / 2,
    };
    for (size_t i = 0; i < self->trade_count; i++) {
        const twin_trade *trade = &self->trades[i];
        if (trade->ts_ns > begin_ns && trade->ts_ns <= end_ns) {
            bar.lots += (double)(trade->sign * trade->lots);
            bar.dollars += (double)(trade->units * trade->lots) / MARKET_UNITS_PER_TICK * 0.01;
        }
    }
    return bar;
}

static void twin_row_bars(const twin *self, double *row)
{
    const int64_t open = self->day->instrument.session_open_ns;
    const int64_t complete = (self->t_ns - open) / (10 * TWIN_SECOND);
    const int64_t first_ns = open + (complete - TWIN_BARS) * 10 * TWIN_SECOND;
    if (self->start == self->end || first_ns < twin_ts(self, self->start) || first_ns < open) {
        return;
    }
    double x = 0;
    double y = 0;
    double amihud = 0;
    double used = 0;
    twin_bar bars[TWIN_BARS];
    bool is_known = true;
    for (int i = 0; i < TWIN_BARS; i++) {
        bars[i] = twin_sum_bar(self, first_ns + i * 10 * TWIN_SECOND);
        x += bars[i].lots / TWIN_BARS;
        y += (bars[i].end - bars[i].begin) / TWIN_BARS;
        is_known = is_known && bars[i].begin != 0;
        if (bars[i].dollars > 0) {
            const double ret = 1e4 * log(bars[i].end / bars[i].begin);
            amihud += bars[i].begin == 0 ? NAN : fabs(ret) / (bars[i].dollars / 1e6);
            used++;
        }
    }
    double xx = 0;
    double xy = 0;
    for (int i = 0; i < TWIN_BARS; i++) {
        xx += (bars[i].lots - x) * (bars[i].lots - x);
        xy += (bars[i].lots - x) * (bars[i].end - bars[i].begin - y);
    }
    twin_set(row, "kyle_lambda_5min", xx > 1e-9 && is_known ? xy / xx : NAN);
    twin_set(row, "amihud_5min", used > 0 ? amihud / used : NAN);
}

/* ---- a row ------------------------------------------------------------------------------- */

static void twin_seek(twin *self, int64_t t_ns)
{
    self->t_ns = t_ns;
    self->end = 0;
    while (self->end < self->day->event_count && twin_ts(self, self->end) <= t_ns) {
        self->end++;
    }
    self->epoch = self->end > 0 ? self->epochs[self->end - 1] : 0;
    self->start = 0;
    while (self->start < self->end && (!twin_in_session(self, twin_ts(self, self->start)) ||
                                       self->epochs[self->start] != self->epoch)) {
        self->start++;
    }
}

/* Age of the windows: t - t_0, or -1 before the first event. */
static int64_t twin_age(const twin *self)
{
    return self->start < self->end ? self->t_ns - twin_ts(self, self->start) : -1;
}

/* The row at t, and whether its state is valid. */
MARKET_UNUSED static bool twin_row(twin *self, int64_t t_ns, double *row)
{
    twin_seek(self, t_ns);
    for (size_t i = 0; i < lf_feature_count(); i++) {
        row[i] = NAN;
    }
    if (self->end == 0 || !self->valid[self->end - 1] || !twin_in_session(self, t_ns)) {
        return false;
    }
    twin_row_ofi(self, row);
    twin_row_depth(self, row);
    twin_row_time_weighted(self, row);
    twin_row_shape(self, row);
    twin_row_price(self, row);
    twin_row_time(self, row);
    twin_row_trades(self, row);
    twin_row_session(self, row);
    twin_row_resilience(self, row);
    twin_row_spreads(self, row);
    twin_row_roll(self, row);
    twin_row_bars(self, row);
    for (size_t i = 0; i < lf_feature_count(); i++) {
        const int64_t warmup_ns = lf_feature_at(i)->warmup_ns;
        if (warmup_ns > 0 && twin_age(self) < warmup_ns) {
            row[i] = NAN;
        }
    }
    return true;
}

/* ---- comparing --------------------------------------------------------------------------- */

/* The columns in which nearly equal numbers are subtracted: absolute 1e-9 in their unit. */
static bool twin_is_absolute(const char *name)
{
    static const char *const names[] = {
        "microprice_offset_bps",
        "vwap_distance",
        "momentum_10s",
        "price_momentum_1min",
        "price_momentum_5min",
        "volatility_1min",
        "volatility_5min",
        "effective_spread_1min",
        "realized_spread_1min",
        "price_impact_1min",
        "roll_spread_5min",
        "amihud_5min",
        "spread_z_score",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether a feature's value is the twin's: integers and undefined exactly, others within 1e-9. */
MARKET_UNUSED static bool twin_agrees(size_t feature, double ours, double theirs)
{
    const lf_feature_info *info = lf_feature_at(feature);
    if (isnan(ours) || isnan(theirs)) {
        return isnan(ours) && isnan(theirs);
    }
    if (info->is_integer) {
        return ours == theirs;
    }
    const double bound = twin_is_absolute(info->name) ? 1e-9 : 1e-12;
    return fabs(ours - theirs) <= fmax(bound, 1e-9 * fabs(theirs));
}

#endif
