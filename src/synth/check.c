/* Measures of a day that simulators are judged by: spread, queues, impact, memory, activity. */
#include "synth_internal.h"

#include <lobflow/book.h>
#include <lobflow/study.h>

#include <math.h>
#include <string.h>

/* Thirteen half hours make a US session; other sessions are cut into as many parts. */
#define PARTS 13

struct lf_synth_check {
    const lf_allocator *allocator;
    lf_allocator memory;
    lf_instrument instrument;
    lf_study *study;
    double *mids; /* [second_count + 1] ticks at each second; NaN before the first valid state */
    size_t second_count, second_now;
    double mid;
    int8_t *signs; /* of prints, in order */
    size_t sign_count, sign_capacity;
    int64_t print_ts_ns;
    int8_t print_sign;
    int64_t event_count, valid_count, one_tick_count, spread_sum;
    int64_t part_events[PARTS], part_depth2[PARTS], part_rows[PARTS];
};

lf_status lf_synth_check_create(
    const lf_allocator *allocator,
    const lf_instrument *instrument,
    lf_synth_check **out,
    lf_error *error
)
{
    *out = NULL;
    lf_synth_check *self = lf_allocate(allocator, 1, sizeof *self);
    if (self == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory to measure a day");
    }
    if (allocator != NULL) {
        self->memory = *allocator;
        self->allocator = &self->memory;
    }
    self->instrument = *instrument;
    self->mid = NAN;
    self->print_ts_ns = LF_TIME_NONE;
    const int64_t length_ns = instrument->session_close_ns - instrument->session_open_ns;
    self->second_count = (size_t)(length_ns / LF_NS_PER_SECOND);
    self->mids = lf_allocate(allocator, self->second_count + 1, sizeof *self->mids);
    lf_study_options options = {.allocator = self->allocator, .block_ns = length_ns / PARTS};
    options.block_ns -= options.block_ns % (10 * LF_NS_PER_SECOND);
    lf_status status = LF_NOMEM;
    if (self->mids != NULL) {
        status = lf_study_create(instrument, &options, &self->study, error);
    }
    if (status != LF_OK) {
        lf_synth_check_destroy(self);
        return lf_error_set(error, status, "no memory to measure a day");
    }
    *out = self;
    return LF_OK;
}

void lf_synth_check_destroy(lf_synth_check *check)
{
    if (check == NULL) {
        return;
    }
    const lf_allocator memory = check->memory;
    const lf_allocator *allocator = check->allocator != NULL ? &memory : NULL;
    lf_study_destroy(check->study);
    lf_release(allocator, check->mids);
    lf_release(allocator, check->signs);
    lf_release(allocator, check);
}

/* Seconds that end before an instant get the mid that stands. */
static void fill_seconds(lf_synth_check *self, int64_t ts_ns)
{
    const int64_t open_ns = self->instrument.session_open_ns;
    while (self->second_now <= self->second_count &&
           open_ns + (int64_t)self->second_now * LF_NS_PER_SECOND < ts_ns) {
        self->mids[self->second_now++] = self->mid;
    }
}

/* Trades of one instant and one sign are one decision. */
static lf_status take_trade(lf_synth_check *self, int64_t ts_ns, int8_t sign)
{
    if (sign != 1 && sign != -1) {
        return LF_OK;
    }
    if (ts_ns == self->print_ts_ns && sign == self->print_sign) {
        return LF_OK;
    }
    self->print_ts_ns = ts_ns;
    self->print_sign = sign;
    const lf_status status = lf_grow(
        self->allocator, (void **)&self->signs, &self->sign_capacity, self->sign_count + 1, 1
    );
    if (status == LF_OK) {
        self->signs[self->sign_count++] = sign;
    }
    return status;
}

static void take_state(lf_synth_check *self, const lf_event *event, size_t part)
{
    const lf_quotes *q = &event->quotes;
    if (!lf_book_event_valid(event)) {
        return;
    }
    const int64_t spread = lf_book_spread(q);
    self->mid = (double)lf_book_mid2(q) / 2;
    self->valid_count++;
    self->one_tick_count += spread == 1;
    self->spread_sum += spread;
    self->part_rows[part]++;
    self->part_depth2[part] += q->bid_lots[0] + q->ask_lots[0];
}

lf_status lf_synth_check_push(lf_synth_check *check, const lf_batch *batch)
{
    const lf_instrument *in = &check->instrument;
    const int64_t length_ns = in->session_close_ns - in->session_open_ns;
    for (size_t i = 0; i < batch->event_count; i++) {
        const lf_event *event = &batch->events[i];
        const int64_t ts_ns = event->ts_exchange_ns;
        if (ts_ns < in->session_open_ns || ts_ns >= in->session_close_ns) {
            continue;
        }
        fill_seconds(check, ts_ns);
        const size_t part =
            (size_t)((double)(ts_ns - in->session_open_ns) / (double)length_ns * PARTS);
        check->event_count++;
        check->part_events[part < PARTS ? part : PARTS - 1]++;
        for (uint16_t t = 0; t < event->trade_count; t++) {
            const lf_status status =
                take_trade(check, ts_ns, batch->trades[event->trade_first + t].sign);
            if (status != LF_OK) {
                return status;
            }
        }
        take_state(check, event, part < PARTS ? part : PARTS - 1);
    }
    return lf_study_push(check->study, batch);
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

static void set_activity(const lf_synth_check *self, lf_synth_facts *out)
{
    /* 12:30 to 13:00 is the seventh of thirteen parts. */
    const double noon = (double)self->part_events[6];
    int64_t depth2 = 0, rows = 0;
    for (size_t i = 0; i < PARTS; i++) {
        depth2 += self->part_depth2[i];
        rows += self->part_rows[i];
    }
    out->open_activity = noon > 0 ? (double)self->part_events[0] / noon : NAN;
    out->close_activity = noon > 0 ? (double)self->part_events[PARTS - 1] / noon : NAN;
    out->open_depth = self->part_rows[0] > 0 && depth2 > 0
                          ? (double)self->part_depth2[0] / (double)self->part_rows[0] /
                                ((double)depth2 / (double)rows)
                          : NAN;
}

lf_status lf_synth_check_finish(lf_synth_check *check, lf_synth_facts *out, lf_error *error)
{
    lf_study_result study;
    const lf_study_block *blocks;
    const lf_status status = lf_study_finish(check->study, &study, &blocks, error);
    if (status != LF_OK) {
        return status;
    }
    fill_seconds(check, INT64_MAX);
    const double minutes = (double)check->second_count / 60;
    const double one = mean_square(check, 1), minute = mean_square(check, 60);
    double product = 0;
    for (size_t i = 0; i < study.block_count; i++) {
        product += blocks[i].beta * 2 * blocks[i].depth_mean;
    }
    *out = (lf_synth_facts){
        .event_count = check->event_count,
        .events_per_minute = (double)check->event_count / minutes,
        .spread_one_tick_share = (double)check->one_tick_count / (double)check->valid_count,
        .spread_mean_ticks = (double)check->spread_sum / (double)check->valid_count,
        .queue_imbalance_auc = study.auc_queue_imbalance,
        .ofi_r2_10s = study.r2_ofi,
        .beta_depth2 = product / (double)study.block_count,
        .sign_acf_1 = sign_acf(check, 1),
        .sign_acf_10 = sign_acf(check, 10),
        .sign_acf_100 = sign_acf(check, 100),
        .absolute_return_acf_1 = absolute_acf(check, 60, 1),
        .absolute_return_acf_5 = absolute_acf(check, 60, 5),
        .absolute_return_acf_20 = absolute_acf(check, 60, 20),
        .variance_ratio_20 = mean_square(check, 20) / (20 * one),
        .variance_ratio_60_20 = minute / (3 * mean_square(check, 20)),
        .volatility_1min_bps = 1e4 * sqrt(minute) / check->mid,
    };
    set_activity(check, out);
    return LF_OK;
}
