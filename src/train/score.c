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
        "prior",
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

void lfi_subset_destroy(lfi_subset *s)
{
    lf_release(s->allocator, s->forecast);
    lf_release(s->allocator, s->truth);
    lf_release(s->allocator, s->part);
    lf_release(s->allocator, s->whole);
    lf_release(s->allocator, s->model_hits);
    lf_release(s->allocator, s->model_losses);
    lf_release(s->allocator, s->times);
    lf_release(s->allocator, s->blocks);
}

lf_status lfi_subset_create(const lf_allocator *allocator, size_t rows, lfi_subset *out)
{
    *out = (lfi_subset){.allocator = allocator};
    double **columns[] = {
        &out->forecast,
        &out->truth,
        &out->part,
        &out->whole,
        &out->model_hits,
        &out->model_losses,
    };
    bool is_whole = true;
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        *columns[i] = lf_allocate(allocator, rows + 1, sizeof(double));
        is_whole = is_whole && *columns[i] != NULL;
    }
    out->times = lf_allocate(allocator, rows + 1, sizeof(int64_t));
    out->blocks = lf_allocate(allocator, rows + 1, sizeof(uint32_t));
    if (!is_whole || out->times == NULL || out->blocks == NULL) {
        lfi_subset_destroy(out);
        return LF_NOMEM;
    }
    return LF_OK;
}

/* Blocks must outlast the horizon and the look-back by far; five horizons, but 5 minutes at least.
 */
int64_t lfi_block_ns(int64_t horizon_ns)
{
    return 5 * horizon_ns > LFI_LOOKBACK_NS ? 5 * horizon_ns : LFI_LOOKBACK_NS;
}

void lfi_subset_blocks(lfi_subset *s, int64_t horizon_ns)
{
    (void)lf_stats_time_blocks(s->times, s->count, lfi_block_ns(horizon_ns), s->blocks);
}

int64_t lfi_score_horizon_ns(const lf_train_score_options *options, int horizon)
{
    const int64_t given_ns = horizon == 0 ? options->horizon_ns : options->horizon_long_ns;
    const int64_t default_ns = horizon == 0 ? LF_NS_PER_MINUTE : 5 * LF_NS_PER_MINUTE;
    return given_ns > 0 ? given_ns : default_ns;
}

/* 200 replicates: the ends of an interval are then good to about a seventh of its width, and the
   scores of a walk over days cost a second. */
lf_bootstrap_options lfi_score_bootstrap(const lf_train_score_options *options)
{
    return (lf_bootstrap_options){
        .allocator = options->allocator,
        .replicates = 200,
        .seed = options->seed,
    };
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
            "Boosting kept %.0f round%s in some fold: there is little to learn beyond what it "
            "starts from.\n",
            s->least_best_round,
            s->least_best_round == 1 ? "" : "s"
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

static double median_spread(const lfi_scored *rows, lfi_subset *s)
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
    lfi_subset s;
    const double least_best_round = out->least_best_round;
    *out = (lf_train_scores){.least_best_round = least_best_round};
    lf_status status = lfi_subset_create(options->allocator, rows->count, &s);
    if (status != LF_OK) {
        return lf_error_set(error, status, "not enough memory to score %zu rows.", rows->count);
    }
    /* The model comes first: the others are compared with what it leaves in the subset. */
    for (int p = 0; p < 2 * LF_TRAIN_PREDICTOR_COUNT && status == LF_OK; p++) {
        const int horizon = p / LF_TRAIN_PREDICTOR_COUNT;
        const int predictor = p % LF_TRAIN_PREDICTOR_COUNT;
        lf_train_direction *found = horizon == 0 ? out->up_1min : out->up_5min;
        status = lfi_score_direction(rows, horizon, predictor, options, &s, &found[predictor]);
    }
    if (status == LF_OK) {
        status = lfi_score_bins(rows, 0, options, &out->bins_1min);
    }
    if (status == LF_OK) {
        status = lfi_score_bins(rows, 1, options, &out->bins_5min);
    }
    if (status == LF_OK) {
        status = lfi_score_return(rows, options, &s, &out->ret_1min);
    }
    for (size_t i = 0; i < rows->count; i++) {
        out->scored_rows += !isnan(rows->up[0][LF_TRAIN_MODEL][i]);
    }
    out->median_spread_ticks = median_spread(rows, &s);
    lfi_subset_destroy(&s);
    if (status != LF_OK) {
        return lf_error_set(error, status, "not enough memory to score %zu rows.", rows->count);
    }
    write_warnings(out);
    return LF_OK;
}
