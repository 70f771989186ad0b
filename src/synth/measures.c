/* Measures of a day that simulators are judged by, and what they should be. */
#include "synth_internal.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* Lags of trade signs over which the exponent is fitted: bins [1], [2, 3], ... [32, 63]. */
#define LAG_BINS 6
#define LAG_BINS_LEAST 3
/* 12:30 to 13:00 of a US session. */
#define NOON 6

/* ---- what they should be ---------------------------------------------------------------- */

/* clang-format off: one measure a line. */
#define ROW(name, small_least, small_most, large_least, large_most) \
    { \
#name, offsetof(lf_synth_facts, name), {small_least, large_least }, \
        { \
            small_most, large_most \
        } \
    }
#define OPEN_ROW(name) ROW(name, NAN, NAN, NAN, NAN)

static const lf_synth_measure measures[] = {
    OPEN_ROW(events_per_minute),
    OPEN_ROW(moves_per_minute),
    OPEN_ROW(trades_per_minute),
    OPEN_ROW(trade_lots),
    OPEN_ROW(hidden_share),
    OPEN_ROW(price_ticks),
    OPEN_ROW(volatility_1min_bps),
    ROW(volatility_power, 0.8, 2, 0.8, 2),
    OPEN_ROW(activity_sd),
    OPEN_ROW(burst_sd),
    OPEN_ROW(spread_mean_ticks),
    OPEN_ROW(spread_p90_ticks),
    ROW(spread_one_tick_share, 0, 0.25, 0.75, 0.95),
    OPEN_ROW(depth_lots),
    OPEN_ROW(level_gap_ticks),
    OPEN_ROW(level_depth),
    ROW(queue_imbalance_auc, 0.55, 0.65, 0.75, 0.8),
    ROW(ofi_r2_10s, 0.5, 0.75, 0.5, 0.75),
    {"beta_times_2_depth", offsetof(lf_synth_facts, beta_depth2), {0.9, 0.5}, {3.5, 1.1}},
    ROW(sign_acf_1, 0.2, 0.7, 0.2, 0.7),
    ROW(sign_acf_10, 0.05, 0.2, 0.05, 0.2),
    ROW(sign_acf_100, 0, 0.08, 0, 0.08),
    ROW(sign_exponent, 0.4, 0.8, 0.4, 0.8),
    ROW(absolute_return_acf_1, 0.1, 0.4, 0.1, 0.4),
    ROW(absolute_return_acf_5, 0.05, 0.4, 0.05, 0.4),
    ROW(absolute_return_acf_20, 0.02, 0.3, 0.02, 0.3),
    ROW(variance_ratio_20, 0.9, 1.1, 0.9, 1.1),
    ROW(variance_ratio_60_20, 0.9, 1.1, 0.9, 1.1),
    ROW(open_activity, 2, 4, 2, 4),
    ROW(close_activity, 2, 4, 2, 4),
    ROW(open_depth, 0.4, 0.6, 0.4, 0.6),
};
/* clang-format on */

const lf_synth_measure *lf_synth_measures(size_t *count)
{
    *count = sizeof measures / sizeof measures[0];
    return measures;
}

double lf_synth_measure_of(const lf_synth_facts *facts, const lf_synth_measure *measure)
{
    return *(const double *)(const void *)((const char *)facts + measure->offset);
}

lf_synth_preset lf_synth_kind_of(const lf_synth_facts *facts)
{
    return facts->spread_one_tick_share > 0.5 ? LF_SYNTH_LARGE_TICK : LF_SYNTH_SMALL_TICK;
}

/* ---- statistics ------------------------------------------------------------------------- */

static double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : NAN;
}

static double sign_acf(const lf_synth_check *self, size_t lag)
{
    double sum = 0, product = 0;
    const size_t n = self->sign_count;
    if (n < 10 * lag) {
        return NAN;
    }
    for (size_t i = 0; i < n; i++) {
        sum += self->signs[i];
    }
    const double mean = sum / (double)n;
    for (size_t i = 0; i + lag < n; i++) {
        product += (self->signs[i] - mean) * (self->signs[i + lag] - mean);
    }
    return product / (double)(n - lag) / (1 - mean * mean);
}

/* Minus the slope of log autocorrelation on log lag, over bins up to the first not above 0. */
static double sign_exponent(const double *bins)
{
    double sx = 0, sy = 0, sxx = 0, sxy = 0, n = 0;
    double first = 1;
    for (int b = 0; b < LAG_BINS && bins[b] > 0; b++, first *= 2, n++) {
        /* The middle of a bin on the scale of logs. */
        const double x = log(first * sqrt(2 - 1 / first));
        const double y = log(bins[b]);
        sx += x;
        sy += y;
        sxx += x * x;
        sxy += x * y;
    }
    return n < LAG_BINS_LEAST ? NAN : -(n * sxy - sx * sy) / (n * sxx - sx * sx);
}

/* Autocorrelation of absolute changes over a step of seconds. */
static double absolute_acf(const lf_synth_check *self, size_t step, size_t lag)
{
    double sum = 0, squares = 0, product = 0;
    size_t n = 0, pairs = 0;
    const double *m = self->mids;
    for (size_t i = step; i <= self->second_count; i += step) {
        const double a = fabs(m[i] - m[i - step]);
        if (!isnan(a)) {
            sum += a;
            n++;
        }
    }
    const double mean = sum / (double)n;
    for (size_t i = step; i <= self->second_count; i += step) {
        const double a = fabs(m[i] - m[i - step]) - mean;
        const size_t j = i + lag * step;
        squares += isnan(a) ? 0 : a * a;
        if (j <= self->second_count && !isnan(a)) {
            product += a * (fabs(m[j] - m[j - step]) - mean);
            pairs++;
        }
    }
    return pairs > lag ? product / (double)pairs / (squares / (double)n) : NAN;
}

/* Mean square of mid changes over some seconds, every second a start. */
static double mean_square(const lf_synth_check *self, size_t step)
{
    double squares = 0;
    size_t n = 0;
    for (size_t i = step; i <= self->second_count; i++) {
        const double d = self->mids[i] - self->mids[i - step];
        if (!isnan(d)) {
            squares += d * d;
            n++;
        }
    }
    return n > 0 ? squares / (double)n : NAN;
}

static double mean_mid(const lf_synth_check *self)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i <= self->second_count; i++) {
        if (!isnan(self->mids[i])) {
            sum += self->mids[i];
            n++;
        }
    }
    return ratio(sum, (double)n);
}

/* Autocovariance of the log of events a minute over what the half hour has on average. */
static double activity_covariance(const lf_synth_check *self, size_t lag)
{
    double sum = 0, product = 0;
    size_t n = 0;
    for (int pass = 0; pass < 2; pass++) {
        const double mean = n > 0 ? sum / (double)n : 0;
        n = 0;
        for (size_t i = 0; i + lag < self->minute_count; i++) {
            double log_ratio[2];
            for (size_t k = 0; k < 2; k++) {
                const size_t minute = i + k * lag;
                const size_t part = minute * LF_SYNTH_PARTS / self->minute_count;
                const double usual =
                    (double)self->part_events[part] * LF_SYNTH_PARTS / (double)self->minute_count;
                log_ratio[k] = log(((double)self->minute_events[minute] + 0.5) / (usual + 0.5));
            }
            sum += pass == 0 ? log_ratio[0] : 0;
            product += pass == 1 ? (log_ratio[0] - mean) * (log_ratio[1] - mean) : 0;
            n++;
        }
    }
    return n > 10 * lag ? product / (double)n : NAN;
}

/*
 * Power with which the square of a minute's return goes with its events: from the means of the
 * quietest and of the busiest third of the minutes.
 */
static double volatility_power(const lf_synth_check *self)
{
    double squares[2] = {0}, events[2] = {0};
    for (size_t i = 0; i < self->minute_count; i++) {
        /* Its rank among all minutes; ties go by time. */
        size_t below = 0;
        for (size_t k = 0; k < self->minute_count; k++) {
            const int64_t more = self->minute_events[i] - self->minute_events[k];
            below += more > 0 || (more == 0 && k < i);
        }
        const double change = self->mids[60 * (i + 1)] - self->mids[60 * i];
        const size_t third = 3 * below / self->minute_count;
        if (third != 1 && !isnan(change)) {
            squares[third / 2] += change * change;
            events[third / 2] += (double)self->minute_events[i];
        }
    }
    const double power = log(squares[1] / squares[0]) / log(events[1] / events[0]);
    return isfinite(power) ? power : NAN;
}

/*
 * Two memories are told apart by the covariance over one minute and over ten: with decays of an
 * hour and of three minutes it is a e^(-lag / 60) + b e^(-lag / 3).
 */
static void set_activity(const lf_synth_check *self, lf_synth_facts *out)
{
    const double near = activity_covariance(self, 1), far = activity_covariance(self, 10);
    const double slow1 = exp(-1.0 / 60), slow10 = exp(-10.0 / 60);
    const double fast1 = exp(-1.0 / 3), fast10 = exp(-10.0 / 3);
    const double slow = (far * fast1 - near * fast10) / (slow10 * fast1 - slow1 * fast10);
    const double fast = (near - fmax(slow, 0) * slow1) / fast1;
    out->volatility_power = volatility_power(self);
    out->activity_sd = sqrt(fmax(slow, 0));
    out->burst_sd = sqrt(fmax(fast, 0));
}

/* ---- facts ------------------------------------------------------------------------------ */

static void set_parts(const lf_synth_check *self, lf_synth_facts *out)
{
    double depth2 = 0, spread = 0;
    for (size_t i = 0; i < LF_SYNTH_PARTS; i++) {
        depth2 += (double)self->part_depth2[i];
        spread += (double)self->part_spread[i];
    }
    const double rows = (double)self->valid_count;
    for (size_t i = 0; i < LF_SYNTH_PARTS; i++) {
        const double own = (double)self->part_rows[i];
        out->activity[i] =
            ratio((double)self->part_events[i] * LF_SYNTH_PARTS, (double)self->event_count);
        out->depth[i] = ratio(ratio((double)self->part_depth2[i], own), depth2 / rows);
        out->spread[i] = ratio(ratio((double)self->part_spread[i], own), spread / rows);
    }
    out->spread_mean_ticks = spread / rows;
    out->depth_lots = depth2 / rows / 2;
    out->level_gap_ticks = ratio((double)self->behind_ticks, (double)self->behind_count);
    out->level_depth =
        ratio((double)self->behind_lots, (double)self->behind_count) / out->depth_lots;
    out->open_activity = ratio(out->activity[0], out->activity[NOON]);
    out->close_activity = ratio(out->activity[LF_SYNTH_PARTS - 1], out->activity[NOON]);
    out->open_depth = out->depth[0];
}

static void set_spreads(const lf_synth_check *self, lf_synth_facts *out)
{
    int64_t below = 0;
    int64_t ticks = 0;
    while (10 * (below += self->spreads[ticks]) < 9 * self->valid_count) {
        ticks++;
    }
    out->spread_p90_ticks = (double)ticks;
    out->spread_one_tick_share = (double)self->spreads[1] / (double)self->valid_count;
}

static void set_trades(const lf_synth_check *self, lf_synth_facts *out)
{
    out->trades_per_minute = (double)self->trade_count / out->minutes;
    out->trade_lots = ratio((double)self->trade_lots, (double)self->trade_count);
    out->hidden_share = ratio((double)self->hidden_count, (double)self->trade_count);
    out->sign_acf_1 = sign_acf(self, 1);
    out->sign_acf_10 = sign_acf(self, 10);
    out->sign_acf_100 = sign_acf(self, 100);
    for (size_t b = 0; b < LF_SYNTH_SIGN_BINS; b++) {
        for (size_t lag = (size_t)1 << b; lag < (size_t)2 << b; lag++) {
            out->sign_bins[b] += sign_acf(self, lag) / (double)((size_t)1 << b);
        }
    }
    out->sign_exponent = sign_exponent(out->sign_bins);
}

static void set_returns(const lf_synth_check *self, lf_synth_facts *out)
{
    const double one = mean_square(self, 1), minute = mean_square(self, 60);
    out->price_ticks = mean_mid(self);
    out->absolute_return_acf_1 = absolute_acf(self, 60, 1);
    out->absolute_return_acf_5 = absolute_acf(self, 60, 5);
    out->absolute_return_acf_20 = absolute_acf(self, 60, 20);
    out->variance_ratio_20 = mean_square(self, 20) / (20 * one);
    out->variance_ratio_60_20 = minute / (3 * mean_square(self, 20));
    out->volatility_1min_bps = 1e4 * sqrt(minute) / out->price_ticks;
}

lf_status lf_synth_check_finish(lf_synth_check *check, lf_synth_facts *out, lf_error *error)
{
    lf_study_result study = {.auc_queue_imbalance = NAN, .r2_ofi = NAN, .beta_depth2 = NAN};
    const lf_study_block *blocks;
    if (check->valid_count == 0) {
        return lf_error_set(error, LF_DATA, "the book is never valid in the session");
    }
    if (check->study != NULL) {
        lf_study_result found;
        const lf_status status = lf_study_finish(check->study, &found, &blocks, error);
        if (status != LF_OK && status != LF_DATA) {
            return status;
        }
        /* No window is whole in a day that is too short. */
        study = status == LF_OK ? found : study;
    }
    lfi_check_fill_seconds(check, INT64_MAX);
    *out = (lf_synth_facts){
        .event_count = check->event_count,
        .level_count = check->instrument.level_count,
        .minutes = (double)(check->second_count > 0 ? check->second_count : 1) / 60,
        .queue_imbalance_auc = study.auc_queue_imbalance,
        .ofi_r2_10s = study.r2_ofi,
        .beta_depth2 = study.beta_depth2,
    };
    out->events_per_minute = (double)check->event_count / out->minutes;
    out->moves_per_minute = (double)check->move_count / out->minutes;
    set_parts(check, out);
    set_spreads(check, out);
    set_trades(check, out);
    set_returns(check, out);
    set_activity(check, out);
    return LF_OK;
}

/* Doubles of the facts, from `minutes` on: all behind the two counts. */
#define FACT_FIRST offsetof(lf_synth_facts, minutes)
#define FACT_COUNT ((sizeof(lf_synth_facts) - FACT_FIRST) / sizeof(double))

void lf_synth_facts_mean(const lf_synth_facts *facts, size_t count, lf_synth_facts *out)
{
    *out = facts[0];
    for (size_t k = 0; k < FACT_COUNT; k++) {
        const size_t offset = FACT_FIRST + k * sizeof(double);
        double sum = 0, n = 0, value;
        for (size_t i = 0; i < count; i++) {
            memcpy(&value, (const char *)&facts[i] + offset, sizeof value);
            sum += isnan(value) ? 0 : value;
            n += !isnan(value);
        }
        value = n > 0 ? sum / n : NAN;
        memcpy((char *)out + offset, &value, sizeof value);
    }
}
