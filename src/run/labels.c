/* The label columns of a day: their names, and their values off the path. */
#include "line_internal.h"

#include <math.h>
#include <string.h>

/* What the columns of each kind of label are called; the horizon comes behind. */
static const char *const column_names[LF_LABEL_KIND_COUNT][LFI_LABEL_COLUMNS_MAX] = {
    [LF_LABEL_RETURN] = {"ret", "up"},
    [LF_LABEL_SMOOTH] = {"smooth"},
    [LF_LABEL_BARRIER] =
        {"barrier", "barrier_ret", "barrier_hold", "barrier_uniqueness", "barrier_attribution"},
    [LF_LABEL_META] = {"meta"},
    [LF_LABEL_WEIGHT] = {"uniqueness", "attribution"},
};

static size_t column_count(lf_label_kind kind)
{
    size_t count = 0;
    while (count < LFI_LABEL_COLUMNS_MAX && column_names[kind][count] != NULL) {
        count++;
    }
    return count;
}

size_t
lfi_label_names(const lf_label_spec *spec, char names[LFI_LABEL_COLUMNS_MAX][LFI_LABEL_NAME_BYTES])
{
    char horizon[32];
    const size_t count = column_count(spec->kind);
    lf_duration_format(spec->horizon_ns, horizon);
    for (size_t i = 0; i < count; i++) {
        (void
        )snprintf(names[i], LFI_LABEL_NAME_BYTES, "%s_%.20s", column_names[spec->kind][i], horizon);
    }
    return count;
}

/* One label being filled. */
typedef struct filling {
    const lf_run_job *job;
    const lf_label_path *path;
    const int64_t *times_ns;
    size_t rows;
    int64_t horizon_ns;
    int64_t delay_ns;
    int64_t *from_ns;                       /* [rows] of each label's span */
    int64_t *end_ns;                        /* [rows] LF_TIME_NONE: no label */
    double *columns[LFI_LABEL_COLUMNS_MAX]; /* [rows] each */
} filling;

static void fill_return(const filling *f, double *ret_bps, double *up)
{
    lf_label_horizon(f->path, f->times_ns, f->rows, f->horizon_ns, f->delay_ns, ret_bps, up);
}

/* Weights of the spans that f->end_ns ends. */
static lf_status fill_weights(const filling *f, double *uniqueness, double *attribution)
{
    const lf_allocator *const allocator = f->job->allocator;
    for (size_t i = 0; i < f->rows; i++) {
        f->from_ns[i] = f->times_ns[i] + f->delay_ns;
    }
    const lf_status status =
        lf_label_uniqueness(allocator, f->from_ns, f->end_ns, f->rows, uniqueness);
    return status != LF_OK ? status
                           : lf_label_attribution(
                                 allocator, f->path, f->from_ns, f->end_ns, f->rows, attribution
                             );
}

static lf_status fill_barrier(const filling *f)
{
    lf_label_barrier_options options = f->job->config->barrier;
    options.horizon_ns = f->horizon_ns;
    options.delay_ns = f->delay_ns;
    const lf_label_barriers out = {
        .label = f->columns[0], .ret_bps = f->columns[1], .end_ns = f->end_ns};
    lf_label_barrier(f->path, f->times_ns, f->rows, &options, &out);
    for (size_t i = 0; i < f->rows; i++) {
        const bool is_known = f->end_ns[i] != LF_TIME_NONE;
        const int64_t hold_ns = is_known ? f->end_ns[i] - f->times_ns[i] - f->delay_ns : 0;
        f->columns[2][i] = is_known ? (double)hold_ns / LF_NS_PER_SECOND : NAN;
    }
    return fill_weights(f, f->columns[3], f->columns[4]);
}

static lf_status fill_weight(const filling *f)
{
    fill_return(f, f->columns[0], NULL);
    for (size_t i = 0; i < f->rows; i++) {
        f->end_ns[i] =
            isnan(f->columns[0][i]) ? LF_TIME_NONE : f->times_ns[i] + f->delay_ns + f->horizon_ns;
    }
    return fill_weights(f, f->columns[0], f->columns[1]);
}

static lf_status fill_meta(const filling *f, lf_frame *frame, lf_error *error)
{
    const lf_config *const config = f->job->config;
    const size_t side = lf_frame_find(frame, config->meta_side);
    if (side == SIZE_MAX || lf_frame_column(frame, side).kind != LF_COLUMN_F64) {
        return lf_error_set(
            error,
            LF_NOT_FOUND,
            "A meta-label needs the feature \"%s\" among the columns; add it to features.set, or "
            "name another one in labels.meta_side.",
            config->meta_side
        );
    }
    double *const out = f->columns[0];
    fill_return(f, out, NULL);
    lf_label_meta(lf_frame_f64(frame, side), out, f->rows, config->meta_cost_bps, out);
    return LF_OK;
}

static lf_status fill(const filling *f, lf_label_kind kind, lf_frame *frame, lf_error *error)
{
    lf_status status = LF_OK;
    switch (kind) {
    case LF_LABEL_RETURN:
        fill_return(f, f->columns[0], f->columns[1]);
        return LF_OK;
    case LF_LABEL_SMOOTH:
        lf_label_smooth(
            f->path,
            f->times_ns,
            f->rows,
            f->horizon_ns,
            f->delay_ns,
            f->job->config->smooth_samples,
            f->columns[0],
            NULL
        );
        return LF_OK;
    case LF_LABEL_META:
        return fill_meta(f, frame, error);
    case LF_LABEL_BARRIER:
        status = fill_barrier(f);
        break;
    case LF_LABEL_WEIGHT:
        status = fill_weight(f);
        break;
    }
    return status == LF_OK
               ? LF_OK
               : lf_error_set(error, status, "No memory for the labels of %zu rows.", f->rows);
}

lf_status lfi_labels_fill(
    const lf_run_job *job,
    const lf_label_path *path,
    const lfi_day_options *options,
    lf_frame *frame,
    size_t column,
    lf_error *error
)
{
    const size_t rows = lf_frame_row_count(frame);
    filling f = {
        .job = job,
        .path = path,
        .times_ns = lf_frame_i64(frame, lf_frame_find(frame, "ts_event")),
        .rows = rows,
        .delay_ns = job->config->label_delay_ns,
        .from_ns = lf_allocate(job->allocator, rows + 1, sizeof(int64_t)),
        .end_ns = lf_allocate(job->allocator, rows + 1, sizeof(int64_t)),
    };
    lf_status status = LF_OK;
    if (f.from_ns == NULL || f.end_ns == NULL) {
        status = lf_error_set(error, LF_NOMEM, "No memory for the labels of %zu rows.", rows);
    }
    for (size_t i = 0; i < options->label_count && status == LF_OK; i++) {
        const lf_label_spec *const spec = &options->labels[i];
        const size_t count = column_count(spec->kind);
        f.horizon_ns = spec->horizon_ns;
        for (size_t c = 0; c < count; c++) {
            f.columns[c] = lf_frame_f64(frame, column + c);
        }
        status = fill(&f, spec->kind, frame, error);
        column += count;
    }
    lf_release(job->allocator, f.from_ns);
    lf_release(job->allocator, f.end_ns);
    return status;
}
