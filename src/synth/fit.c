/* Numbers of a model under which simulated days look like a given one. */
#include "synth_internal.h"

#include <math.h>
#include <string.h>

/*
 * What can be read off the day is: price, trades and their sizes, signs, activity and the shapes
 * over the day. The rest is found by simulating: each round, every number moves by what its own
 * measure misses. The activity is constant in these rounds, so that one day is enough.
 */
#define ROUNDS 14
/* A round changes a number by at most this factor. */
#define FACTOR_MOST 4.0
/* Renewals a second from which on faster ones only cost time. */
#define IMPROVE_MOST 60.0
/* Passes over the kinds of metaorders, until the signs' memory is fitted. */
#define SIGN_PASSES 4000

/* ---- signs ------------------------------------------------------------------------------ */

/* Mean over the lags of a bin of (1 - end) (1 - end)^(lag - 1), one metaorder at a time. */
static double bin_of_kind(int bin, int kind)
{
    const double stays = 1 - exp2(-kind);
    double sum = 0;
    for (int lag = 1 << bin; lag < 2 << bin; lag++) {
        sum += pow(stays, lag);
    }
    return sum / (1 << bin);
}

/* Towards the kind that helps most, as far as it helps: least squares on the simplex. */
static void step_signs(
    double effect[LF_SYNTH_KINDS][LF_SYNTH_SIGN_BINS],
    double rest[LF_SYNTH_SIGN_BINS],
    double mix[LF_SYNTH_KINDS]
)
{
    int best = 0;
    double most = -INFINITY, square = 0, along = 0, now[LF_SYNTH_SIGN_BINS] = {0};
    for (int j = 0; j < LF_SYNTH_KINDS; j++) {
        double product = 0;
        for (int b = 0; b < LF_SYNTH_SIGN_BINS; b++) {
            product += rest[b] * effect[j][b];
            now[b] += mix[j] * effect[j][b];
        }
        best = product > most ? j : best;
        most = fmax(product, most);
    }
    for (int b = 0; b < LF_SYNTH_SIGN_BINS; b++) {
        const double way = effect[best][b] - now[b];
        along += rest[b] * way;
        square += way * way;
    }
    const double share = square > 0 ? fmin(fmax(along / square, 0), 1) : 0;
    for (int b = 0; b < LF_SYNTH_SIGN_BINS; b++) {
        rest[b] -= share * (effect[best][b] - now[b]);
    }
    for (int j = 0; j < LF_SYNTH_KINDS; j++) {
        mix[j] = (1 - share) * mix[j] + (j == best ? share : 0);
    }
}

/*
 * Parts of the orders by kind of metaorder whose autocorrelation comes nearest to the measured
 * one. Frank, Wolfe (1956).
 */
static void fit_signs(const lf_synth_facts *facts, lf_synth_model *out)
{
    double rest[LF_SYNTH_SIGN_BINS], effect[LF_SYNTH_KINDS][LF_SYNTH_SIGN_BINS];
    double mix[LF_SYNTH_KINDS] = {1};
    for (int b = 0; b < LF_SYNTH_SIGN_BINS; b++) {
        if (isnan(facts->sign_bins[b])) {
            return;
        }
        rest[b] = facts->sign_bins[b];
        for (int j = 0; j < LF_SYNTH_KINDS; j++) {
            effect[j][b] = bin_of_kind(b, j);
        }
    }
    for (int pass = 0; pass < SIGN_PASSES; pass++) {
        step_signs(effect, rest, mix);
    }
    out->metaorders = 1;
    memcpy(out->order_mix, mix, sizeof mix);
}

/* ---- what the day tells ----------------------------------------------------------------- */

/* A shape over the day with mean 1; flat where a part of the day is all there is. */
static void set_shape(const double *parts, bool is_whole, double out[LF_SYNTH_PARTS])
{
    double sum = 0;
    for (int i = 0; i < LF_SYNTH_PARTS; i++) {
        const double value = is_whole && parts[i] > 0 ? parts[i] : 1;
        out[i] = fmin(fmax(value, 0.05), 20);
        sum += out[i];
    }
    for (int i = 0; i < LF_SYNTH_PARTS; i++) {
        out[i] *= LF_SYNTH_PARTS / sum;
    }
}

static double or_zero(double value, double most)
{
    return isnan(value) ? 0 : fmin(value, most);
}

/* What is read off the day, and rough values of the rest. */
static void begin(const lf_synth_facts *facts, lf_synth_model *out)
{
    static const double usual_events = 1300, usual_spread[] = {5.6, 1.17};
    const lf_synth_preset kind = lf_synth_kind_of(facts);
    *out = *lfi_synth_preset(kind);
    const bool is_whole = !isnan(facts->open_activity);
    set_shape(facts->activity, is_whole, out->activity);
    set_shape(facts->spread, is_whole, out->spread);
    set_shape(facts->depth, is_whole, out->depth);
    fit_signs(facts, out);
    out->price_ticks = facts->price_ticks;
    out->activity_sd = or_zero(facts->activity_sd, 1.5);
    out->burst_sd = or_zero(facts->burst_sd, 1.5);
    /* Of the whole variance this power was measured; market orders' part goes with the activity.
       One day's value has a standard error of .2 to .5, so it is held between 1 and 2. */
    out->volatility_power =
        1 + fmax(or_zero(facts->volatility_power - 1, 1), 0) / (1 - out->impact_share);
    const double trades = facts->trades_per_minute / 60;
    out->hidden_rate = trades * facts->hidden_share;
    out->market_rate = fmax(trades - out->hidden_rate, 1e-4);
    out->market_size_mean = fmax(facts->trade_lots, 0.5);
    const double pace = facts->events_per_minute / usual_events;
    out->limit_rate *= pace;
    out->cancel_rate *= pace;
    out->improve_rate *= pace;
    out->volatility = facts->volatility_1min_bps / 1e4 * facts->price_ticks / sqrt(60);
    const double width = facts->spread_mean_ticks / usual_spread[kind];
    out->half_spread *= width;
    out->follow_ticks = out->zone > 0 ? 0 : 0.3 * facts->spread_mean_ticks;
    out->queue_reach = out->zone > 0 ? out->queue_reach : 2 * out->follow_ticks;
    out->depth_ticks *= width;
    out->cancel_depth *= width;
    out->size_mean = facts->depth_lots * 0.7;
    out->queue_response = out->zone > 0 ? out->queue_response : 0.95;
}

/* ---- rounds ----------------------------------------------------------------------------- */

/* The factor that a number is to change by: (wanted / got)^power, within limits. */
static double factor(double wanted, double got, double power)
{
    if (!(wanted > 0) || !(got > 0)) {
        return 1;
    }
    return fmin(fmax(pow(wanted / got, power), 1 / FACTOR_MOST), FACTOR_MOST);
}

static double quiet_events(const lf_synth_facts *facts)
{
    return fmax(facts->events_per_minute - facts->trades_per_minute, 0.1);
}

/* Move a number by what its measure misses, within limits. */
static void shift(double *number, double by, double most)
{
    if (!isnan(by)) {
        *number = fmin(fmax(*number + by, 0), most);
    }
}

/* One round; a gain below 1 takes smaller steps, so that the noise of a day counts less. */
static void
improve(const lf_synth_facts *wanted, const lf_synth_facts *got, double gain, lf_synth_model *m)
{
    const double pace = factor(quiet_events(wanted), quiet_events(got), gain);
    const double auc = gain * (wanted->queue_imbalance_auc - got->queue_imbalance_auc);
    m->limit_rate *= pace;
    m->cancel_rate *= pace;
    m->size_mean *= factor(wanted->depth_lots, got->depth_lots, gain);
    m->volatility *= factor(wanted->volatility_1min_bps, got->volatility_1min_bps, 0.8 * gain);
    m->depth_ticks *= factor(wanted->level_gap_ticks, got->level_gap_ticks, 0.7 * gain);
    /* Few large orders blur what flow says of the price, many small ones that stay show it. */
    if (m->size_tail <= 0) {
        m->cancel_rate *= fmin(factor(got->ofi_r2_10s, wanted->ofi_r2_10s, gain), 1);
    }
    shift(&m->size_tail, gain * (got->ofi_r2_10s - wanted->ofi_r2_10s), 1.5);
    if (m->zone > 0) {
        const double slow =
            factor(1 - got->spread_one_tick_share, 1 - wanted->spread_one_tick_share, 0.8 * gain);
        m->improve_rate = fmin(m->improve_rate * slow, IMPROVE_MOST);
        shift(&m->queue_response, 2 * auc, 0.99);
        return;
    }
    /* Where gaps are wide the touch comes and goes, and the mid bounces: a middle way. */
    const double steady = fmin(fmax(wanted->variance_ratio_20, 0.85), 1);
    m->depth_ticks *= fmin(factor(got->variance_ratio_20, steady, gain), 1);
    const double lazy = factor(got->moves_per_minute, wanted->moves_per_minute, 0.5 * gain);
    const double wide = wanted->spread_p90_ticks / wanted->spread_mean_ticks;
    m->follow_ticks *= lazy;
    m->queue_reach *= lazy;
    m->half_spread *= factor(wanted->spread_mean_ticks, got->spread_mean_ticks, gain);
    shift(
        &m->spread_wobble, 0.5 * gain * (wide - got->spread_p90_ticks / got->spread_mean_ticks), 0.8
    );
    shift(&m->size_patience, 4 * auc, 3);
}

lf_status lf_synth_fit(
    const lf_allocator *allocator,
    const lf_synth_facts *facts,
    lf_synth_progress progress,
    void *context,
    lf_synth_model *out,
    lf_error *error
)
{
    lf_synth_model model;
    lf_synth_options trial;
    if (isnan(facts->price_ticks + facts->volatility_1min_bps + facts->variance_ratio_20)) {
        return lf_error_set(error, LF_DATA, "there is too little data to fit a market to");
    }
    lf_synth_options_default(&trial);
    trial.allocator = allocator;
    trial.preset = lf_synth_kind_of(facts);
    trial.model = &model;
    trial.level_count = facts->level_count;
    begin(facts, &model);
    lfi_synth_model_clamp(&model);
    lf_status status = LF_OK;
    for (int round = 0; round < ROUNDS && status == LF_OK; round++) {
        lf_synth_facts got;
        const double activity_sd = model.activity_sd, burst_sd = model.burst_sd;
        model.activity_sd = model.burst_sd = 0;
        status = lf_synth_check_day(&trial, 0, &got, error);
        model.activity_sd = activity_sd;
        model.burst_sd = burst_sd;
        if (status == LF_OK) {
            improve(facts, &got, round < ROUNDS / 2 ? 1 : 0.5, &model);
            lfi_synth_model_clamp(&model);
            if (progress != NULL && !progress(context, 0, (round + 1.0) / ROUNDS)) {
                status = lf_error_set(error, LF_CANCELLED, "stopped while fitting");
            }
        }
    }
    if (status == LF_OK) {
        *out = model;
    }
    return status;
}
