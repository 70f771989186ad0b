/* How often a direction was forecast right, with intervals, and the model against the others. */
#include "train_internal.h"

#include <math.h>

/* The forecast that says neither up nor down. */
static double neutral(int predictor)
{
    return predictor == LF_TRAIN_QUEUE_SIGN || predictor == LF_TRAIN_OFI_SIGN ? 0 : 0.5;
}

/* All predictors are scored on the same rows: those that the model predicted and whose mid moved. A
   predictor that has nothing to say there is taken as neutral. */
static void fill_direction(const lfi_scored *rows, int horizon, int predictor, lfi_subset *s)
{
    s->count = 0;
    for (size_t i = 0; i < rows->count; i++) {
        if (isnan(rows->labels[horizon][i]) || isnan(rows->up[horizon][LF_TRAIN_MODEL][i])) {
            continue;
        }
        const double forecast = rows->up[horizon][predictor][i];
        s->forecast[s->count] = isnan(forecast) ? neutral(predictor) : forecast;
        s->truth[s->count] = rows->labels[horizon][i];
        s->times[s->count] = rows->times[i];
        s->count++;
    }
}

static double moving_share(const lfi_scored *rows, int horizon)
{
    const double *returns = horizon == 0 ? rows->labels[LF_HEAD_RET_1MIN] : rows->ret_5min;
    size_t defined = 0;
    size_t moving = 0;
    for (size_t i = 0; i < rows->count; i++) {
        if (!isnan(returns[i]) && !isnan(rows->up[horizon][LF_TRAIN_MODEL][i])) {
            defined++;
            moving += isnan(rows->labels[horizon][i]) ? 0 : 1;
        }
    }
    return defined > 0 ? (double)moving / (double)defined : NAN;
}

static lf_train_direction unknown_direction(void)
{
    const lf_interval none = {NAN, NAN};
    const lf_train_test no_test = {NAN, NAN, NAN};
    return (lf_train_direction){
        .rows = NAN,
        .moving_share = NAN,
        .effective_rows = NAN,
        .accuracy = NAN,
        .accuracy_interval = none,
        .majority = NAN,
        .less_majority = NAN,
        .less_majority_interval = none,
        .auc = NAN,
        .auc_interval = none,
        .log_loss = NAN,
        .log_loss_interval = none,
        .brier = NAN,
        .brier_interval = none,
        .all_rows = NAN,
        .all_effective_rows = NAN,
        .all_accuracy = NAN,
        .all_accuracy_interval = none,
        .hits_test = no_test,
        .brier_test = no_test,
    };
}

static double hit_of(double side, double truth)
{
    return side == 0 ? 0.5 : (side > 0) == (truth > 0.5) ? 1 : 0;
}

/* Hits among all rows with a label: one that did not move is a miss. */
static void score_all_rows(
    const lfi_scored *rows,
    int horizon,
    int predictor,
    int64_t horizon_ns,
    lfi_subset *s,
    lf_train_direction *out
)
{
    const double *returns = horizon == 0 ? rows->labels[LF_HEAD_RET_1MIN] : rows->ret_5min;
    s->count = 0;
    for (size_t i = 0; i < rows->count; i++) {
        if (isnan(returns[i]) || isnan(rows->up[horizon][LF_TRAIN_MODEL][i])) {
            continue;
        }
        const double forecast = rows->up[horizon][predictor][i];
        const double side = isnan(forecast) ? 0 : forecast - neutral(predictor);
        const double truth = rows->labels[horizon][i];
        s->part[s->count] = isnan(truth) ? 0 : hit_of(side, truth);
        s->times[s->count++] = rows->times[i];
    }
    lfi_subset_blocks(s, horizon_ns);
    lf_share_sums sums = {0};
    for (size_t i = 0; i < s->count; i++) {
        lf_stats_share_add(&sums, s->part[i], s->blocks[i]);
    }
    const lf_share share = lf_stats_share_of(&sums);
    out->all_rows = share.rows;
    out->all_effective_rows = share.effective_rows;
    out->all_accuracy = share.share;
    out->all_accuracy_interval = share.interval;
}

/* Rows that overlap the label of one row, itself included. */
static size_t overlap_of(int horizon, const lf_train_score_options *options)
{
    const int64_t ahead_ns = lfi_score_horizon_ns(options, horizon) + options->label_delay_ns;
    return ahead_ns > options->step_ns ? (size_t)(ahead_ns / options->step_ns) : 1;
}

static lf_train_test test_of(const double *differences, size_t count, size_t overlap)
{
    const lf_diebold_mariano found = lf_stats_diebold_mariano(differences, count, overlap);
    return (lf_train_test){.better = found.mean, .t = found.t, .p = found.p};
}

/* s->part holds the predictor's hits. The model comes first and leaves its own to compare with. */
static void
compare_with_model(int predictor, size_t overlap, lfi_subset *s, lf_train_direction *out)
{
    const bool is_probability = neutral(predictor) > 0;
    for (size_t i = 0; i < s->count && predictor == LF_TRAIN_MODEL; i++) {
        const double miss = s->forecast[i] - s->truth[i];
        s->model_hits[i] = s->part[i];
        s->model_losses[i] = miss * miss;
    }
    if (predictor == LF_TRAIN_MODEL) {
        return;
    }
    for (size_t i = 0; i < s->count; i++) {
        s->whole[i] = s->model_hits[i] - s->part[i];
    }
    out->hits_test = test_of(s->whole, s->count, overlap);
    for (size_t i = 0; i < s->count && is_probability; i++) {
        const double miss = s->forecast[i] - s->truth[i];
        s->whole[i] = miss * miss - s->model_losses[i];
    }
    if (is_probability) {
        out->brier_test = test_of(s->whole, s->count, overlap);
    }
}

/* Log loss and Brier score with intervals; only probabilities have them. */
static lf_status
score_losses(const lf_bootstrap_options *boot, lfi_subset *s, lf_train_direction *out)
{
    out->log_loss = lf_stats_log_loss(s->forecast, s->truth, s->count);
    out->brier = lf_stats_brier(s->forecast, s->truth, s->count);
    for (size_t i = 0; i < s->count; i++) {
        s->whole[i] = lf_stats_log_loss(&s->forecast[i], &s->truth[i], 1);
    }
    const lf_status status = lf_stats_bootstrap_ratio(
        s->whole, NULL, s->blocks, s->count, boot, &out->log_loss_interval
    );
    if (status != LF_OK) {
        return status;
    }
    for (size_t i = 0; i < s->count; i++) {
        s->whole[i] = lf_stats_brier(&s->forecast[i], &s->truth[i], 1);
    }
    return lf_stats_bootstrap_ratio(
        s->whole, NULL, s->blocks, s->count, boot, &out->brier_interval
    );
}

/* Hit rate, and hit rate less the majority rate. */
static lf_status score_hits(
    int predictor,
    size_t lag,
    const lf_bootstrap_options *boot,
    lfi_subset *s,
    lf_train_direction *out
)
{
    const double ups = lf_stats_mean(s->truth, s->count);
    const double often = ups >= 0.5 ? 1 : 0;
    for (size_t i = 0; i < s->count; i++) {
        s->part[i] = hit_of(s->forecast[i] - neutral(predictor), s->truth[i]);
        s->whole[i] = s->part[i] - (s->truth[i] == often ? 1 : 0);
    }
    const lf_newey_west hits = lf_stats_newey_west(s->part, s->count, lag);
    out->rows = (double)s->count;
    out->effective_rows = hits.effective_count;
    out->accuracy = hits.mean;
    out->accuracy_interval =
        lf_stats_wilson(hits.mean * hits.effective_count, hits.effective_count, LF_STATS_Z95);
    out->majority = fmax(ups, 1 - ups);
    out->less_majority = lf_stats_mean(s->whole, s->count);
    return lf_stats_bootstrap_ratio(
        s->whole, NULL, s->blocks, s->count, boot, &out->less_majority_interval
    );
}

lf_status lfi_score_direction(
    const lfi_scored *rows,
    int horizon,
    int predictor,
    const lf_train_score_options *options,
    lfi_subset *s,
    lf_train_direction *out
)
{
    const lf_bootstrap_options boot = lfi_score_bootstrap(options);
    const int64_t horizon_ns = lfi_score_horizon_ns(options, horizon);
    *out = unknown_direction();
    if (rows->up[horizon][predictor] == NULL) {
        return LF_OK;
    }
    score_all_rows(rows, horizon, predictor, horizon_ns, s, out);
    fill_direction(rows, horizon, predictor, s);
    lfi_subset_blocks(s, horizon_ns);
    out->moving_share = moving_share(rows, horizon);
    const size_t lag = (size_t)((horizon_ns + options->label_delay_ns) / options->step_ns);
    lf_status status = score_hits(predictor, lag, &boot, s, out);
    if (status == LF_OK) {
        compare_with_model(predictor, overlap_of(horizon, options), s, out);
        status = lf_stats_auc(options->allocator, s->forecast, s->truth, s->count, &out->auc);
    }
    if (status == LF_OK) {
        status = lf_stats_bootstrap_auc(
            s->forecast, s->truth, s->blocks, s->count, &boot, &out->auc_interval
        );
    }
    if (status == LF_OK && neutral(predictor) > 0) {
        status = score_losses(&boot, s, out);
    }
    return status;
}
