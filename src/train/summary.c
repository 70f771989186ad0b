/* Sums up the rows of a span: bounds of time, quantiles, a fingerprint. */
#include "train_internal.h"

#include <math.h>
#include <stdlib.h>

static int compare_times(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left;
    const int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* Lists that a summary sorts. */
typedef struct lists {
    int64_t *times;
    double *ofi;
    double *spread;
    size_t time_count, ofi_count, spread_count;
} lists;

static bool has_label(const lfi_columns *day, size_t row)
{
    return !isnan(day->labels[0][row]) || !isnan(day->labels[1][row]) ||
           !isnan(day->labels[2][row]);
}

static void
note_row(const lfi_data *data, const lfi_columns *day, size_t row, lists *l, uint64_t *hash)
{
    double values[LF_MODEL_FEATURES_MAX + LF_HEAD_COUNT];
    size_t used = 0;
    for (; used < data->feature_count; used++) {
        values[used] = day->features[used][row];
    }
    for (int head = 0; head < LF_HEAD_COUNT; head++) {
        values[used++] = day->labels[head][row];
    }
    *hash = lf_hash64(&day->times[row], sizeof day->times[row], *hash);
    for (size_t i = 0; i < used; i++) {
        /* All NaN alike: their bits may differ between machines. */
        values[i] = isnan(values[i]) ? NAN : values[i];
    }
    *hash = lfi_fitted_hash(data, row, lf_hash64(values, used * sizeof *values, *hash));
    l->times[l->time_count++] = day->times[row];
    if (day->ofi != NULL && !isnan(day->ofi[row])) {
        l->ofi[l->ofi_count++] = fabs(day->ofi[row]);
    }
    if (day->spread != NULL && !isnan(day->spread[row])) {
        l->spread[l->spread_count++] = day->spread[row];
    }
}

static void finish_summary(const lf_train_options *options, lists *l, lfi_summary *out)
{
    const size_t kept = (size_t)((1 - options->early_stopping_share) * (double)l->time_count);
    qsort(l->times, l->time_count, sizeof *l->times, compare_times);
    lf_stats_sort(l->ofi, l->ofi_count);
    lf_stats_sort(l->spread, l->spread_count);
    out->row_count = l->time_count;
    out->first_ns = l->times[0];
    out->last_ns = l->times[l->time_count - 1];
    out->cut_ns = kept < l->time_count ? l->times[kept] : INT64_MAX;
    out->ofi_threshold = lf_stats_quantile(l->ofi, l->ofi_count, options->threshold_quantile);
    out->ofi_extreme = lf_stats_quantile(l->ofi, l->ofi_count, options->extreme_quantile);
    out->median_spread_ticks = lf_stats_quantile(l->spread, l->spread_count, 0.5);
}

static void release_lists(const lf_allocator *allocator, lists *l)
{
    lf_release(allocator, l->times);
    lf_release(allocator, l->ofi);
    lf_release(allocator, l->spread);
}

static lf_status create_lists(const lfi_data *data, const lfi_span *span, lists *l, lf_error *error)
{
    size_t rows = 0;
    for (size_t d = 0; d < data->days->count; d++) {
        rows += lfi_day_touches(data, d, span) ? data->bounds[d].row_count : 0;
    }
    l->times = lf_allocate(data->allocator, rows + 1, sizeof *l->times);
    l->ofi = lf_allocate(data->allocator, rows + 1, sizeof *l->ofi);
    l->spread = lf_allocate(data->allocator, rows + 1, sizeof *l->spread);
    if (l->times == NULL || l->ofi == NULL || l->spread == NULL) {
        release_lists(data->allocator, l);
        return lf_error_set(error, LF_NOMEM, "not enough memory for %zu times.", rows);
    }
    return LF_OK;
}

static lf_status note_day(
    const lfi_data *data, size_t d, const lfi_span *span, lists *l, uint64_t *hash, lf_error *error
)
{
    lfi_columns day;
    const lf_status status = lfi_day_open(data, d, &day, error);
    if (status != LF_OK) {
        return status;
    }
    for (size_t i = 0; i < day.row_count; i++) {
        if (has_label(&day, i) && lfi_in_span(data, &day, i, span)) {
            note_row(data, &day, i, l, hash);
        }
    }
    lfi_day_close(data, &day);
    return LF_OK;
}

lf_status
lfi_summarise(const lfi_data *data, const lfi_span *span, lfi_summary *out, lf_error *error)
{
    lists l = {0};
    *out = (lfi_summary){0};
    lf_status status = create_lists(data, span, &l, error);
    if (status != LF_OK) {
        return status;
    }
    for (size_t d = 0; d < data->days->count && status == LF_OK; d++) {
        if (lfi_day_touches(data, d, span)) {
            status = note_day(data, d, span, &l, &out->fingerprint, error);
        }
    }
    if (status == LF_OK && l.time_count > 0) {
        finish_summary(data->options, &l, out);
    } else if (status == LF_OK) {
        status = lf_error_set(
            error, LF_DATA, "no valid row with a label lies in the training span; give more data."
        );
    }
    release_lists(data->allocator, &l);
    return status;
}
