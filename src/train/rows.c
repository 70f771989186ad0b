/* Finds columns by name and gathers training rows into matrices, mirrored when asked for. */
#include "train_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static lf_status find_column(
    lf_frame *frame, const char *name, lf_column_kind kind, const void **out, lf_error *error
)
{
    const size_t column = lf_frame_find(frame, name);
    if (column == SIZE_MAX || lf_frame_column(frame, column).kind != kind) {
        return lf_error_set(
            error,
            LF_MISMATCH,
            "training rows need the column \"%s\"%s; make them again with features and labels.",
            name,
            column == SIZE_MAX ? "" : " of another kind"
        );
    }
    if (kind == LF_COLUMN_F64) {
        *out = lf_frame_f64(frame, column);
    } else if (kind == LF_COLUMN_BOOL) {
        *out = lf_frame_bool(frame, column);
    } else {
        *out = lf_frame_i64(frame, column);
    }
    return LF_OK;
}

/* A float64 column that need not be there. */
static const double *optional_column(lf_frame *frame, const char *name)
{
    const void *values = NULL;
    return find_column(frame, name, LF_COLUMN_F64, &values, NULL) == LF_OK ? values : NULL;
}

static lf_status
find_columns(const lfi_data *data, lf_frame *frame, lfi_columns *out, lf_error *error)
{
    const void *values = NULL;
    *out = (lfi_columns){.frame = frame, .row_count = lf_frame_row_count(frame)};
    lf_status status = find_column(frame, "ts_event", LF_COLUMN_TIME, &values, error);
    out->times = values;
    if (status == LF_OK) {
        status = find_column(frame, "valid", LF_COLUMN_BOOL, &values, error);
        out->valid = values;
    }
    for (int head = 0; head < LF_HEAD_COUNT && status == LF_OK; head++) {
        status = find_column(frame, lf_head_name((lf_head)head), LF_COLUMN_F64, &values, error);
        out->labels[head] = values;
    }
    for (size_t i = 0; i < data->feature_count && status == LF_OK; i++) {
        const char *name = lf_feature_at(data->indices[i])->name;
        status = find_column(frame, name, LF_COLUMN_F64, &values, error);
        out->features[i] = values;
    }
    out->ofi = optional_column(frame, "ofi_norm_1min");
    out->ret_5min = optional_column(frame, "ret_5min");
    out->spread = optional_column(frame, "spread_ticks");
    return status;
}

static lf_status check_times(const lfi_columns *day, lf_error *error)
{
    for (size_t i = 1; i < day->row_count; i++) {
        if (day->times[i] < day->times[i - 1]) {
            return lf_error_set(
                error, LF_DATA, "row %zu of the training rows goes back in time.", i
            );
        }
    }
    return LF_OK;
}

lf_status lfi_data_create(
    lf_frame *const *days,
    size_t day_count,
    const lf_train_options *options,
    const char *features,
    lfi_data *out,
    lf_error *error
)
{
    size_t *indices = lf_allocate(options->allocator, lf_feature_count(), sizeof *indices);
    size_t count = 0;
    *out = (lfi_data){.allocator = options->allocator, .options = options, .day_count = day_count};
    out->days = lf_allocate(options->allocator, day_count + 1, sizeof *out->days);
    lf_status status = LF_OK;
    if (indices == NULL || out->days == NULL) {
        status = lf_error_set(error, LF_NOMEM, "not enough memory for the columns.");
    } else {
        status = lf_feature_select(features, indices, &count, error);
    }
    if (status == LF_OK && (count == 0 || count > LF_MODEL_FEATURES_MAX)) {
        status = lf_error_set(error, LF_RANGE, "a model needs 1 to 256 features, not %zu.", count);
    }
    for (size_t i = 0; i < count && status == LF_OK; i++) {
        out->indices[i] = indices[i];
        out->feature_count = i + 1;
    }
    for (size_t i = 0; i < day_count && status == LF_OK; i++) {
        status = find_columns(out, days[i], &out->days[i], error);
        if (status == LF_OK) {
            status = check_times(&out->days[i], error);
        }
    }
    lf_release(options->allocator, indices);
    if (status != LF_OK) {
        lfi_data_destroy(out);
    }
    return status;
}

void lfi_data_destroy(lfi_data *data)
{
    lf_release(data->allocator, data->days);
    data->days = NULL;
}

bool lfi_in_span(const lfi_data *data, const lfi_columns *day, size_t row, const lfi_span *span)
{
    const int64_t t = day->times[row];
    const int64_t label_ns = data->options->label_delay_ns + LFI_HORIZON_MAX_NS;
    return day->valid[row] != 0 && t >= span->first_ns && t < span->end_ns &&
           (span->label_end_ns == INT64_MAX || t <= span->label_end_ns - label_ns);
}

static size_t count_rows(const lfi_data *data, lf_head head, const lfi_span *span)
{
    size_t count = 0;
    for (size_t d = 0; d < data->day_count; d++) {
        const lfi_columns *day = &data->days[d];
        for (size_t i = 0; i < day->row_count; i++) {
            count += !isnan(day->labels[head][i]) && lfi_in_span(data, day, i, span);
        }
    }
    return count;
}

void lfi_matrix_release(const lf_allocator *allocator, lfi_matrix *matrix)
{
    lf_release(allocator, matrix->x);
    lf_release(allocator, matrix->y);
    lf_release(allocator, matrix->y32);
    *matrix = (lfi_matrix){0};
}

static double mirrored_label(lf_head head, double label)
{
    return head == LF_HEAD_RET_1MIN ? 0.0 - label : 1.0 - label;
}

/* Puts one row into the matrix, and its mirror image behind it. */
static lf_status put_row(
    const lfi_data *data,
    const lfi_columns *day,
    size_t row,
    lf_head head,
    lfi_matrix *m,
    lf_error *error
)
{
    const size_t width = m->feature_count;
    double *x = m->x + m->row_count * width;
    for (size_t f = 0; f < width; f++) {
        x[f] = day->features[f][row];
    }
    m->y[m->row_count++] = day->labels[head][row];
    if (!data->options->mirrored) {
        return LF_OK;
    }
    m->y[m->row_count++] = mirrored_label(head, day->labels[head][row]);
    return lf_feature_mirror_row(data->indices, width, x, x + width, error);
}

lf_status lfi_gather(
    const lfi_data *data, lf_head head, const lfi_span *span, lfi_matrix *out, lf_error *error
)
{
    const size_t copies = data->options->mirrored ? 2 : 1;
    const size_t rows = count_rows(data, head, span) * copies;
    *out = (lfi_matrix){.feature_count = data->feature_count};
    out->x = lf_allocate(data->allocator, rows + 1, data->feature_count * sizeof *out->x);
    out->y = lf_allocate(data->allocator, rows + 1, sizeof *out->y);
    out->y32 = lf_allocate(data->allocator, rows + 1, sizeof *out->y32);
    lf_status status = LF_OK;
    if (out->x == NULL || out->y == NULL || out->y32 == NULL) {
        status = lf_error_set(error, LF_NOMEM, "not enough memory for %zu training rows.", rows);
    }
    for (size_t d = 0; d < data->day_count && status == LF_OK; d++) {
        const lfi_columns *day = &data->days[d];
        for (size_t i = 0; i < day->row_count && status == LF_OK; i++) {
            if (!isnan(day->labels[head][i]) && lfi_in_span(data, day, i, span)) {
                status = put_row(data, day, i, head, out, error);
            }
        }
    }
    for (size_t i = 0; i < out->row_count && status == LF_OK; i++) {
        out->y32[i] = (float)out->y[i];
    }
    if (status != LF_OK) {
        lfi_matrix_release(data->allocator, out);
    }
    return status;
}

/* ---- summary ---------------------------------------------------------------------------- */

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
    *hash = lf_hash64(values, used * sizeof *values, *hash);
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

lf_status
lfi_summarise(const lfi_data *data, const lfi_span *span, lfi_summary *out, lf_error *error)
{
    size_t rows = 0;
    for (size_t d = 0; d < data->day_count; d++) {
        rows += data->days[d].row_count;
    }
    lists l = {0};
    l.times = lf_allocate(data->allocator, rows + 1, sizeof *l.times);
    l.ofi = lf_allocate(data->allocator, rows + 1, sizeof *l.ofi);
    l.spread = lf_allocate(data->allocator, rows + 1, sizeof *l.spread);
    lf_status status = LF_OK;
    *out = (lfi_summary){0};
    if (l.times == NULL || l.ofi == NULL || l.spread == NULL) {
        status = lf_error_set(error, LF_NOMEM, "not enough memory for %zu times.", rows);
    }
    for (size_t d = 0; d < data->day_count && status == LF_OK; d++) {
        const lfi_columns *day = &data->days[d];
        for (size_t i = 0; i < day->row_count; i++) {
            if (has_label(day, i) && lfi_in_span(data, day, i, span)) {
                note_row(data, day, i, &l, &out->fingerprint);
            }
        }
    }
    if (status == LF_OK && l.time_count > 0) {
        finish_summary(data->options, &l, out);
    } else if (status == LF_OK) {
        status = lf_error_set(
            error, LF_DATA, "no valid row with a label lies in the training span; give more data."
        );
    }
    lf_release(data->allocator, l.times);
    lf_release(data->allocator, l.ofi);
    lf_release(data->allocator, l.spread);
    return status;
}
