/* Opens symbol-days one at a time and gathers their training rows, mirrored when asked for. */
#include "train_internal.h"

#include <math.h>
#include <stdio.h>
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

#define LABEL_NAME_BYTES ((size_t)48)

/* The columns of the three-feature logistic: (6 ofi_10s - ofi_1min) / Q_1min and ofi_1min / Q_1min
   span the same straight lines as ofi_10s / Q_1min and ofi_1min / Q_1min. */
static const char *const beside_names[LFI_BESIDE_COUNT] = {
    "ofi_norm_1min",
    "ofi_accel_1min",
    "depth_imbalance_l1",
};

/* Labels are named by their horizon: up_1min, up_10s. */
static void label_name(const char *prefix, int64_t horizon_ns, char out[LABEL_NAME_BYTES])
{
    char horizon[32];
    lf_duration_format(horizon_ns, horizon);
    (void)snprintf(out, LABEL_NAME_BYTES, "%s_%s", prefix, horizon);
}

static lf_status
find_labels(const lfi_data *data, lf_frame *frame, lfi_columns *out, lf_error *error)
{
    const lf_train_options *o = data->options;
    char names[LF_HEAD_COUNT][LABEL_NAME_BYTES];
    char long_return[LABEL_NAME_BYTES];
    const void *values = NULL;
    lf_status status = LF_OK;
    label_name("up", o->horizon_ns, names[LF_HEAD_UP_1MIN]);
    label_name("up", o->horizon_long_ns, names[LF_HEAD_UP_5MIN]);
    label_name("ret", o->horizon_ns, names[LF_HEAD_RET_1MIN]);
    label_name("ret", o->horizon_long_ns, long_return);
    for (int head = 0; head < LF_HEAD_COUNT && status == LF_OK; head++) {
        status = find_column(frame, names[head], LF_COLUMN_F64, &values, error);
        out->labels[head] = values;
    }
    out->ret_5min = optional_column(frame, long_return);
    return status;
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
    if (status == LF_OK) {
        status = find_labels(data, frame, out, error);
    }
    for (size_t i = 0; i < data->feature_count && status == LF_OK; i++) {
        const lf_feature_info *info = lfi_feature_info(data, i);
        if (!info->is_fitted) {
            status = find_column(frame, info->name, LF_COLUMN_F64, &values, error);
            out->features[i] = values;
        }
    }
    for (size_t i = 0; i < LFI_BESIDE_COUNT; i++) {
        out->beside[i] = optional_column(frame, beside_names[i]);
    }
    out->ofi = out->beside[0];
    out->spread = optional_column(frame, "spread_ticks");
    return status == LF_OK ? lfi_fitted_open(data, out, error) : status;
}

/* ---- days ------------------------------------------------------------------------------- */

static lf_status open_frame(void *context, size_t day, lf_frame **out, lf_error *error)
{
    (void)error;
    *out = ((lf_frame *const *)context)[day];
    return LF_OK;
}

lf_train_days lf_train_days_of(lf_frame *const *frames, size_t count)
{
    /* The array is only read through it. */
    return (lf_train_days){
        .context = (void *)(uintptr_t)frames,
        .count = count,
        .open = open_frame,
    };
}

static void close_frame(const lf_train_days *days, size_t day, lf_frame *frame)
{
    if (frame != NULL && days->close != NULL) {
        days->close(days->context, day, frame);
    }
}

static lf_status note_bounds(lf_frame *frame, lfi_bounds *out, lf_error *error)
{
    const void *values = NULL;
    const lf_status status = find_column(frame, "ts_event", LF_COLUMN_TIME, &values, error);
    const int64_t *const times = values;
    const size_t count = status == LF_OK ? lf_frame_row_count(frame) : 0;
    for (size_t i = 1; i < count; i++) {
        if (times[i] < times[i - 1]) {
            return lf_error_set(
                error, LF_DATA, "row %zu of the training rows goes back in time.", i
            );
        }
    }
    *out = (lfi_bounds){
        .row_count = count,
        .first_ns = count > 0 ? times[0] : 0,
        .last_ns = count > 0 ? times[count - 1] : 0,
    };
    return status;
}

lf_status lfi_bounds_read(const lf_train_days *days, lfi_bounds *bounds, lf_error *error)
{
    lf_status status = LF_OK;
    for (size_t d = 0; d < days->count && status == LF_OK; d++) {
        lf_frame *frame = NULL;
        status = days->open(days->context, d, &frame, error);
        if (status == LF_OK) {
            status = note_bounds(frame, &bounds[d], error);
            close_frame(days, d, frame);
        }
    }
    return status;
}

lf_status lfi_day_open(const lfi_data *data, size_t day, lfi_columns *out, lf_error *error)
{
    lf_frame *frame = NULL;
    lf_status status = data->days->open(data->days->context, day, &frame, error);
    if (status != LF_OK) {
        return status;
    }
    status = find_columns(data, frame, out, error);
    out->day = day;
    if (status != LF_OK) {
        close_frame(data->days, day, frame);
    }
    return status;
}

void lfi_day_close(const lfi_data *data, lfi_columns *day)
{
    close_frame(data->days, day->day, day->frame);
    day->frame = NULL;
}

static lf_status select_features(lfi_data *data, lf_error *error)
{
    const size_t most = lf_feature_count_all() + LF_FEATURE_USERS_MAX;
    size_t *indices = lf_allocate(data->allocator, most, sizeof *indices);
    size_t count = 0;
    if (indices == NULL) {
        return lf_error_set(error, LF_NOMEM, "not enough memory for the columns.");
    }
    const lf_train_options *const options = data->options;
    lf_status status =
        lf_feature_select_of(options->users, options->features, indices, &count, error);
    if (status == LF_OK && (count == 0 || count > LF_MODEL_FEATURES_MAX)) {
        status = lf_error_set(error, LF_RANGE, "a model needs 1 to 256 features, not %zu.", count);
    }
    for (size_t i = 0; i < count && status == LF_OK; i++) {
        data->indices[i] = indices[i];
        data->feature_count = i + 1;
    }
    for (size_t i = 0; i < LFI_BESIDE_COUNT; i++) {
        data->beside[i] = lf_feature_find(beside_names[i]);
    }
    lf_release(data->allocator, indices);
    return status;
}

static lf_status plan_mirror(lfi_data *data, lf_error *error)
{
    const lf_feature_users *const users = data->options->users;
    if (!data->options->mirrored) {
        return LF_OK;
    }
    const lf_status status =
        lf_feature_mirror_plan(users, data->beside, LFI_BESIDE_COUNT, data->beside_mirror, error);
    return status == LF_OK ? lf_feature_mirror_plan(
                                 users, data->indices, data->feature_count, data->mirror, error
                             )
                           : status;
}

/* Looks over one day: its columns and its times. */
static lf_status look_over(lfi_data *data, size_t day, bool needs_beside, lf_error *error)
{
    lfi_columns columns;
    lf_status status = lfi_day_open(data, day, &columns, error);
    if (status != LF_OK) {
        return status;
    }
    const void *values = NULL;
    for (size_t i = 0; i < LFI_BESIDE_COUNT && needs_beside && status == LF_OK; i++) {
        status = find_column(columns.frame, beside_names[i], LF_COLUMN_F64, &values, error);
    }
    if (status == LF_OK) {
        status = note_bounds(columns.frame, &data->bounds[day], error);
    }
    lfi_day_close(data, &columns);
    return status;
}

lf_status lf_train_check(const lf_train_options *options, lf_error *error)
{
    lfi_data named = {.allocator = options->allocator, .options = options};
    lf_status status = lfi_check_options(options, error);
    if (status == LF_OK) {
        status = select_features(&named, error);
    }
    return status == LF_OK ? lfi_monotone_parse(&named, error) : status;
}

lf_status lfi_data_create(
    const lf_train_days *days,
    const lf_train_options *options,
    bool needs_beside,
    lfi_data *out,
    lf_error *error
)
{
    *out = (lfi_data){.allocator = options->allocator, .options = options, .days = days};
    out->bounds = lf_allocate(options->allocator, days->count + 1, sizeof *out->bounds);
    lf_status status = out->bounds == NULL
                           ? lf_error_set(error, LF_NOMEM, "not enough memory for the days.")
                           : select_features(out, error);
    if (status == LF_OK) {
        status = plan_mirror(out, error);
    }
    if (status == LF_OK) {
        status = lfi_monotone_parse(out, error);
    }
    if (status == LF_OK) {
        status = lfi_fitted_create(out, error);
    }
    for (size_t d = 0; d < days->count && status == LF_OK; d++) {
        status = look_over(out, d, needs_beside, error);
    }
    if (status != LF_OK) {
        lfi_data_destroy(out);
    }
    return status;
}

void lfi_data_destroy(lfi_data *data)
{
    lfi_fitted_destroy(data);
    lf_release(data->allocator, data->bounds);
    data->bounds = NULL;
}

/* ---- rows of a span --------------------------------------------------------------------- */

bool lfi_day_touches(const lfi_data *data, size_t day, const lfi_span *span)
{
    const lfi_bounds *bounds = &data->bounds[day];
    return bounds->row_count > 0 && bounds->last_ns >= span->first_ns &&
           bounds->first_ns < span->end_ns && bounds->first_ns <= span->label_end_ns;
}

bool lfi_in_span(const lfi_data *data, const lfi_columns *day, size_t row, const lfi_span *span)
{
    const int64_t t = day->times[row];
    const int64_t label_ns = data->options->label_delay_ns + lfi_horizon_max_ns(data->options);
    return day->valid[row] != 0 && t >= span->first_ns && t < span->end_ns &&
           (span->label_end_ns == INT64_MAX || t <= span->label_end_ns - label_ns) &&
           !lfi_is_purged(span->purged, span->purged_count, t, t + label_ns);
}

size_t lfi_query_width(const lfi_query *query)
{
    return query->is_beside ? LFI_BESIDE_COUNT : query->data->feature_count;
}

static void release_matrix(const lf_allocator *allocator, lfi_matrix *matrix)
{
    lf_release(allocator, matrix->x);
    lf_release(allocator, matrix->y);
    lf_release(allocator, matrix->y32);
    lf_release(allocator, matrix->times);
}

/* Room for the rows of any one day of the query. */
static lf_status create_matrix(const lfi_query *query, lfi_matrix *out, lf_error *error)
{
    const lfi_data *data = query->data;
    size_t rows = 0;
    for (size_t d = 0; d < data->days->count; d++) {
        const bool is_larger = data->bounds[d].row_count > rows;
        rows =
            is_larger && lfi_day_touches(data, d, &query->span) ? data->bounds[d].row_count : rows;
    }
    rows *= data->options->mirrored ? 2 : 1;
    *out = (lfi_matrix){.feature_count = lfi_query_width(query)};
    out->x = lf_allocate(data->allocator, rows + 1, out->feature_count * sizeof *out->x);
    out->y = lf_allocate(data->allocator, rows + 1, sizeof *out->y);
    out->y32 = lf_allocate(data->allocator, rows + 1, sizeof *out->y32);
    out->times = lf_allocate(data->allocator, rows + 1, sizeof *out->times);
    if (out->x == NULL || out->y == NULL || out->y32 == NULL || out->times == NULL) {
        release_matrix(data->allocator, out);
        return lf_error_set(error, LF_NOMEM, "not enough memory for %zu training rows.", rows);
    }
    return LF_OK;
}

static double mirrored_label(lf_head head, double label)
{
    return head == LF_HEAD_RET_1MIN ? 0.0 - label : 1.0 - label;
}

static void put_label(lfi_matrix *m, int64_t t_ns, double label)
{
    m->times[m->row_count] = t_ns;
    m->y[m->row_count] = label;
    m->y32[m->row_count++] = (float)label;
}

/* Puts one row into the matrix, and its mirror image behind it. */
static void put_row(const lfi_query *query, const lfi_columns *day, size_t row, lfi_matrix *m)
{
    const lfi_data *data = query->data;
    const double *const *columns = query->is_beside ? day->beside : day->features;
    const size_t width = m->feature_count;
    const double label = day->labels[query->head][row];
    double *x = m->x + m->row_count * width;
    for (size_t f = 0; f < width; f++) {
        x[f] = columns[f][row];
    }
    put_label(m, day->times[row], label);
    if (data->options->mirrored) {
        put_label(m, day->times[row], mirrored_label(query->head, label));
        lf_feature_mirror_apply(
            query->is_beside ? data->beside_mirror : data->mirror, width, x, x + width
        );
    }
}

static lf_status gather_day(const lfi_query *query, size_t d, lfi_matrix *out, lf_error *error)
{
    lfi_columns day;
    out->row_count = 0;
    const lf_status status = lfi_day_open(query->data, d, &day, error);
    if (status != LF_OK) {
        return status;
    }
    for (size_t i = 0; i < day.row_count; i++) {
        if (!isnan(day.labels[query->head][i]) && lfi_in_span(query->data, &day, i, &query->span)) {
            put_row(query, &day, i, out);
        }
    }
    lfi_day_close(query->data, &day);
    return LF_OK;
}

lf_status lfi_each_day(const lfi_query *query, lfi_on_rows on_rows, void *context, lf_error *error)
{
    lfi_matrix rows;
    lf_status status = create_matrix(query, &rows, error);
    if (status != LF_OK) {
        return status;
    }
    for (size_t d = 0; d < query->data->days->count && status == LF_OK; d++) {
        if (!lfi_day_touches(query->data, d, &query->span)) {
            continue;
        }
        status = gather_day(query, d, &rows, error);
        if (status == LF_OK && rows.row_count > 0) {
            status = on_rows(context, &rows, error);
        }
    }
    release_matrix(query->data->allocator, &rows);
    return status;
}

lf_status lfi_check_rows(const lfi_query *query, size_t count, size_t least, lf_error *error)
{
    /* Fewer labelled rows than this cannot carry even one split that means something. */
    if (count >= least) {
        return LF_OK;
    }
    return lf_error_set(
        error,
        LF_DATA,
        "only %zu rows with a label %s lie in the training span, at least %zu are needed; give "
        "more data or lower model.min_data_in_leaf.",
        count,
        lf_head_name(query->head),
        least
    );
}
