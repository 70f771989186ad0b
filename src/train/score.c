/* Scores of out-of-sample forecasts, each with an interval and with what it must beat beside it. */
#include "train_internal.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *lf_train_predictor_name(lf_train_predictor predictor)
{
    static const char *const names[LF_TRAIN_PREDICTOR_COUNT] = {
        "model",
        "queue_sign",
        "ofi_sign",
        "logistic3",
    };
    return names[predictor];
}

lf_status lfi_scored_create(const lf_allocator *allocator, size_t rows, lfi_scored *out)
{
    *out = (lfi_scored){.allocator = allocator};
    out->times = lf_allocate(allocator, rows + 1, sizeof *out->times);
    out->days = lf_allocate(allocator, rows + 1, sizeof *out->days);
    bool is_whole = out->times != NULL && out->days != NULL;
    double **columns[LF_HEAD_COUNT + 3 + 2 * LF_TRAIN_PREDICTOR_COUNT];
    size_t count = 0;
    for (int head = 0; head < LF_HEAD_COUNT; head++) {
        columns[count++] = &out->labels[head];
    }
    columns[count++] = &out->ret_5min;
    columns[count++] = &out->spread;
    columns[count++] = &out->ret;
    for (int p = 0; p < LF_TRAIN_PREDICTOR_COUNT; p++) {
        columns[count++] = &out->up[0][p];
        columns[count++] = &out->up[1][p];
    }
    for (size_t i = 0; i < count; i++) {
        *columns[i] = lf_allocate(allocator, rows + 1, sizeof(double));
        is_whole = is_whole && *columns[i] != NULL;
    }
    if (!is_whole) {
        lfi_scored_destroy(out);
    }
    return is_whole ? LF_OK : LF_NOMEM;
}

void lfi_scored_destroy(lfi_scored *rows)
{
    const lf_allocator *allocator = rows->allocator;
    lf_release(allocator, rows->times);
    lf_release(allocator, rows->days);
    for (int head = 0; head < LF_HEAD_COUNT; head++) {
        lf_release(allocator, rows->labels[head]);
    }
    lf_release(allocator, rows->ret_5min);
    lf_release(allocator, rows->spread);
    lf_release(allocator, rows->ret);
    for (int p = 0; p < LF_TRAIN_PREDICTOR_COUNT; p++) {
        lf_release(allocator, rows->up[0][p]);
        lf_release(allocator, rows->up[1][p]);
    }
    *rows = (lfi_scored){0};
}

/* Rows on which one thing is scored, closed up. */
typedef struct subset {
    const lf_allocator *allocator;
    size_t count;
    double *forecast;
    double *truth;
    double *part; /* whatever a statistic sums */
    double *whole;
    int64_t *times;
    uint32_t *blocks;
} subset;

static void subset_destroy(subset *s)
{
    lf_release(s->allocator, s->forecast);
    lf_release(s->allocator, s->truth);
    lf_release(s->allocator, s->part);
    lf_release(s->allocator, s->whole);
    lf_release(s->allocator, s->times);
    lf_release(s->allocator, s->blocks);
}

static lf_status subset_create(const lf_allocator *allocator, size_t rows, subset *out)
{
    *out = (subset){.allocator = allocator};
    out->forecast = lf_allocate(allocator, rows + 1, sizeof(double));
    out->truth = lf_allocate(allocator, rows + 1, sizeof(double));
    out->part = lf_allocate(allocator, rows + 1, sizeof(double));
    out->whole = lf_allocate(allocator, rows + 1, sizeof(double));
    out->times = lf_allocate(allocator, rows + 1, sizeof(int64_t));
    out->blocks = lf_allocate(allocator, rows + 1, sizeof(uint32_t));
    if (out->forecast == NULL || out->truth == NULL || out->part == NULL || out->whole == NULL ||
        out->times == NULL || out->blocks == NULL) {
        subset_destroy(out);
        return LF_NOMEM;
    }
    return LF_OK;
}

/* Blocks must outlast the horizon and the look-back by far; five horizons, but 5 minutes at least.
 */
static void make_blocks(subset *s, int64_t horizon_ns)
{
    const int64_t block_ns = 5 * horizon_ns > LFI_LOOKBACK_NS ? 5 * horizon_ns : LFI_LOOKBACK_NS;
    (void)lf_stats_time_blocks(s->times, s->count, block_ns, s->blocks);
}

/* 200 replicates: the ends of an interval are then good to about a seventh of its width, and the
   scores of a walk over days cost a second. */
static lf_bootstrap_options bootstrap_options(const lf_train_score_options *options)
{
    return (lf_bootstrap_options){
        .allocator = options->allocator,
        .replicates = 200,
        .seed = options->seed,
    };
}

/* ---- directions ------------------------------------------------------------------------- */

/* The forecast that says neither up nor down. */
static double neutral(int predictor)
{
    return predictor == LF_TRAIN_QUEUE_SIGN || predictor == LF_TRAIN_OFI_SIGN ? 0 : 0.5;
}

/* All predictors are scored on the same rows: those that the model predicted and whose mid moved. A
   predictor that has nothing to say there is taken as neutral. */
static void fill_direction(const lfi_scored *rows, int horizon, int predictor, subset *s)
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
    return (lf_train_direction){NAN, NAN, NAN, NAN, none, NAN, NAN, none, NAN, none, NAN, NAN};
}

static lf_status score_direction(
    const lfi_scored *rows,
    int horizon,
    int predictor,
    const lf_train_score_options *options,
    subset *s,
    lf_train_direction *out
)
{
    const int64_t horizon_ns = horizon == 0 ? LF_NS_PER_MINUTE : 5 * LF_NS_PER_MINUTE;
    const lf_bootstrap_options boot = bootstrap_options(options);
    if (rows->up[horizon][predictor] == NULL) {
        *out = unknown_direction();
        return LF_OK;
    }
    fill_direction(rows, horizon, predictor, s);
    make_blocks(s, horizon_ns);
    const double ups = lf_stats_mean(s->truth, s->count);
    const double often = ups >= 0.5 ? 1 : 0;
    for (size_t i = 0; i < s->count; i++) {
        const double side = s->forecast[i] - neutral(predictor);
        const double hit = side == 0 ? 0.5 : (side > 0) == (s->truth[i] > 0.5) ? 1 : 0;
        s->part[i] = hit;
        s->whole[i] = hit - (s->truth[i] == often ? 1 : 0);
    }
    const size_t lag = (size_t)((horizon_ns + options->label_delay_ns) / options->step_ns);
    const lf_newey_west hits = lf_stats_newey_west(s->part, s->count, lag);
    *out = (lf_train_direction){
        .rows = (double)s->count,
        .moving_share = moving_share(rows, horizon),
        .effective_rows = hits.effective_count,
        .accuracy = hits.mean,
        .majority = fmax(ups, 1 - ups),
        .less_majority = lf_stats_mean(s->whole, s->count),
        .log_loss = NAN,
        .brier = NAN,
    };
    out->accuracy_interval =
        lf_stats_wilson(hits.mean * hits.effective_count, hits.effective_count, LF_STATS_Z95);
    if (neutral(predictor) > 0) {
        out->log_loss = lf_stats_log_loss(s->forecast, s->truth, s->count);
        out->brier = lf_stats_brier(s->forecast, s->truth, s->count);
    }
    lf_status status = lf_stats_auc(options->allocator, s->forecast, s->truth, s->count, &out->auc);
    if (status == LF_OK) {
        status = lf_stats_bootstrap_ratio(
            s->whole, NULL, s->blocks, s->count, &boot, &out->less_majority_interval
        );
    }
    if (status == LF_OK) {
        status = lf_stats_bootstrap_auc(
            s->forecast, s->truth, s->blocks, s->count, &boot, &out->auc_interval
        );
    }
    return status;
}

/* ---- the return ------------------------------------------------------------------------- */

/* Correlations of each symbol-day, averaged. */
static lf_status score_days(const lfi_scored *rows, subset *s, lf_train_return *out)
{
    double sums[2] = {0, 0};
    double squares = 0;
    double days = 0;
    for (size_t first = 0; first < rows->count;) {
        size_t end = first;
        s->count = 0;
        for (; end < rows->count && rows->days[end] == rows->days[first]; end++) {
            if (!isnan(rows->ret[end]) && !isnan(rows->labels[LF_HEAD_RET_1MIN][end])) {
                s->forecast[s->count] = rows->ret[end];
                s->truth[s->count++] = rows->labels[LF_HEAD_RET_1MIN][end];
            }
        }
        double rank = NAN;
        const double plain = lf_stats_pearson(s->forecast, s->truth, s->count);
        if (lf_stats_spearman(s->allocator, s->forecast, s->truth, s->count, &rank) != LF_OK) {
            return LF_NOMEM;
        }
        if (isfinite(plain) && isfinite(rank)) {
            sums[0] += plain;
            squares += plain * plain;
            sums[1] += rank;
            days += 1;
        }
        first = end;
    }
    out->days = days;
    out->ic = days > 0 ? sums[0] / days : NAN;
    out->rank_ic = days > 0 ? sums[1] / days : NAN;
    const double variance = days > 1 ? (squares - days * out->ic * out->ic) / (days - 1) : NAN;
    out->icir = variance > 0 ? out->ic / sqrt(variance) : NAN;
    return LF_OK;
}

/*
 * The queue beside the model on the same rows. The difference of the two correlations is the mean
 * of (a - b) c with all three standardised, so a block bootstrap of a mean gives its interval; the
 * standard deviations are held fixed, which matters little where correlations are small.
 */
static lf_status compare_with_queue(
    const lfi_scored *rows, const lf_bootstrap_options *boot, subset *s, lf_train_return *out
)
{
    const double *queue = rows->up[0][LF_TRAIN_QUEUE_SIGN];
    size_t n = 0;
    out->queue_ic = out->ic_less_queue = NAN;
    out->ic_less_queue_interval = (lf_interval){NAN, NAN};
    if (queue == NULL) {
        return LF_OK;
    }
    for (size_t i = 0; i < rows->count; i++) {
        if (!isnan(rows->labels[LF_HEAD_RET_1MIN][i]) && !isnan(rows->ret[i])) {
            /* Nothing to say is a balanced queue, as in the hit rates. */
            s->part[n++] = isnan(queue[i]) ? 0 : queue[i];
        }
    }
    const double model = lf_stats_pearson(s->forecast, s->truth, n);
    out->queue_ic = lf_stats_pearson(s->part, s->truth, n);
    out->ic_less_queue = model - out->queue_ic;
    if (!isfinite(out->ic_less_queue)) {
        return LF_OK;
    }
    const double *columns[3] = {s->forecast, s->part, s->truth};
    double mean[3];
    double sd[3];
    for (int c = 0; c < 3; c++) {
        double squares = 0;
        mean[c] = lf_stats_mean(columns[c], n);
        for (size_t i = 0; i < n; i++) {
            squares += (columns[c][i] - mean[c]) * (columns[c][i] - mean[c]);
        }
        sd[c] = sqrt(squares / (double)n);
    }
    for (size_t i = 0; i < n; i++) {
        s->whole[i] = ((s->forecast[i] - mean[0]) / sd[0] - (s->part[i] - mean[1]) / sd[1]) *
                      (s->truth[i] - mean[2]) / sd[2];
    }
    return lf_stats_bootstrap_ratio(
        s->whole, NULL, s->blocks, n, boot, &out->ic_less_queue_interval
    );
}

static lf_status score_return(
    const lfi_scored *rows, const lf_train_score_options *options, subset *s, lf_train_return *out
)
{
    const lf_bootstrap_options boot = bootstrap_options(options);
    double errors = 0;
    double squares = 0;
    *out = (lf_train_return){0};
    if (score_days(rows, s, out) != LF_OK) {
        return LF_NOMEM;
    }
    s->count = 0;
    for (size_t i = 0; i < rows->count; i++) {
        const double truth = rows->labels[LF_HEAD_RET_1MIN][i];
        if (isnan(truth) || isnan(rows->ret[i])) {
            continue;
        }
        s->forecast[s->count] = rows->ret[i];
        s->truth[s->count] = truth;
        s->part[s->count] = (rows->ret[i] - truth) * (rows->ret[i] - truth);
        s->whole[s->count] = truth * truth;
        s->times[s->count] = rows->times[i];
        errors += s->part[s->count];
        squares += s->whole[s->count];
        s->count++;
    }
    make_blocks(s, LF_NS_PER_MINUTE);
    out->rows = (double)s->count;
    out->r2 = squares > 0 ? 1 - errors / squares : NAN;
    lf_interval ratio = {NAN, NAN};
    lf_status status =
        lf_stats_bootstrap_ratio(s->part, s->whole, s->blocks, s->count, &boot, &ratio);
    if (status == LF_OK) {
        out->r2_interval = (lf_interval){1 - ratio.high, 1 - ratio.low};
        status = lf_stats_bootstrap_pearson(
            s->forecast, s->truth, s->blocks, s->count, &boot, &out->ic_interval
        );
    }
    if (status == LF_OK) {
        status = compare_with_queue(rows, &boot, s, out);
    }
    return status;
}

/* ---- warnings --------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void
warn(lf_train_scores *scores, const char *format, ...)
{
    const size_t used = strlen(scores->warnings);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(scores->warnings + used, sizeof scores->warnings - used, format, arguments);
    va_end(arguments);
}

static void write_warnings(lf_train_scores *s)
{
    const lf_train_direction *model = &s->up_1min[LF_TRAIN_MODEL];
    const lf_train_direction *logistic = &s->up_1min[LF_TRAIN_LOGISTIC3];
    /* The bounds of a result that is too good for a name whose spread is wide in ticks. */
    const double most_points = 0.05;
    const double most_r2 = 0.01;
    if (s->median_spread_ticks > 3 && (model->less_majority_interval.low > most_points ||
                                       s->ret_1min.r2_interval.low > most_r2)) {
        s->leak_suspected = true;
        warn(
            s,
            "Too good to be true for a spread of %.1f ticks: hit rate less majority at least "
            "%.1f points, R^2 at least %.2f %%. Look for features or labels that see the "
            "future.\n",
            s->median_spread_ticks,
            100 * model->less_majority_interval.low,
            100 * s->ret_1min.r2_interval.low
        );
    }
    if (s->least_best_round < 10) {
        warn(
            s,
            "Boosting was best after %.0f rounds in some fold: there is little to learn.\n",
            s->least_best_round
        );
    }
    if (model->auc <= logistic->auc) {
        warn(
            s,
            "The model does not beat the three-feature logistic at 1 minute: AUC %.4f against "
            "%.4f.\n",
            model->auc,
            logistic->auc
        );
    }
    if (s->ret_1min.ic_less_queue_interval.low <= 0) {
        warn(
            s,
            "The 1-min IC does not beat that of queue imbalance alone beyond its interval: %.4f "
            "against %.4f.\n",
            s->ret_1min.queue_ic + s->ret_1min.ic_less_queue,
            s->ret_1min.queue_ic
        );
    }
    if (model->rows > 0 && !(model->less_majority_interval.low > 0)) {
        warn(
            s,
            "The 1-min accuracy does not beat the majority rate beyond its interval: %.4f against "
            "%.4f.\n",
            model->accuracy,
            model->majority
        );
    }
}

static double median_spread(const lfi_scored *rows, subset *s)
{
    s->count = 0;
    for (size_t i = 0; i < rows->count; i++) {
        if (!isnan(rows->spread[i])) {
            s->part[s->count++] = rows->spread[i];
        }
    }
    lf_stats_sort(s->part, s->count);
    return lf_stats_quantile(s->part, s->count, 0.5);
}

lf_status lfi_score(
    const lfi_scored *rows,
    const lf_train_score_options *options,
    lf_train_scores *out,
    lf_error *error
)
{
    subset s;
    const double least_best_round = out->least_best_round;
    *out = (lf_train_scores){.least_best_round = least_best_round};
    lf_status status = subset_create(options->allocator, rows->count, &s);
    if (status != LF_OK) {
        return lf_error_set(error, status, "not enough memory to score %zu rows.", rows->count);
    }
    for (int p = 0; p < LF_TRAIN_PREDICTOR_COUNT && status == LF_OK; p++) {
        status = score_direction(rows, 0, p, options, &s, &out->up_1min[p]);
        if (status == LF_OK) {
            status = score_direction(rows, 1, p, options, &s, &out->up_5min[p]);
        }
    }
    if (status == LF_OK) {
        status = score_return(rows, options, &s, &out->ret_1min);
    }
    for (size_t i = 0; i < rows->count; i++) {
        out->scored_rows += !isnan(rows->up[0][LF_TRAIN_MODEL][i]);
    }
    out->median_spread_ticks = median_spread(rows, &s);
    subset_destroy(&s);
    if (status != LF_OK) {
        return lf_error_set(error, status, "not enough memory to score %zu rows.", rows->count);
    }
    write_warnings(out);
    return LF_OK;
}
