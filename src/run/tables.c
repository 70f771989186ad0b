/* The verbs features and predict: days in, one table out, as a file or in memory. */
#include "line_internal.h"

#include <math.h>
#include <string.h>

/* Where the rows of the days go: a file that is begun with the first of them, or a table. */
typedef struct sink {
    const char *path; /* NULL: into the table */
    lf_frame_writer *writer;
    lf_frame *table;
} sink;

/* An empty table with the columns of another. */
static lf_status create_like(const lf_run_job *job, const lf_frame *like, sink *to, lf_error *error)
{
    const size_t count = lf_frame_column_count(like);
    lf_column_spec *const specs = lf_allocate(job->allocator, count, sizeof *specs);
    if (specs == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for a table.");
    }
    for (size_t i = 0; i < count; i++) {
        specs[i] = lf_frame_column(like, i);
    }
    const size_t rows = lf_frame_row_count(like) * job->source_count;
    const lf_status status = lf_frame_create(job->allocator, specs, count, rows, &to->table, error);
    lf_release(job->allocator, specs);
    return status;
}

static lf_status add_frame(const lf_run_job *job, sink *to, const lf_frame *frame, lf_error *error)
{
    lf_status status = LF_OK;
    if (to->path == NULL) {
        status = to->table == NULL ? create_like(job, frame, to, error) : LF_OK;
        if (status == LF_OK) {
            status = lf_frame_concat(to->table, frame);
            return status == LF_OK ? LF_OK : lf_error_set(error, status, "No memory for the rows.");
        }
        return status;
    }
    if (to->writer == NULL) {
        status = lf_frame_writer_create(to->path, frame, &to->writer, error);
    }
    return status == LF_OK ? lf_frame_writer_write(to->writer, frame, error) : status;
}

static lf_status finish_sink(const lf_run_job *job, sink *to, const char *stage, lf_error *error)
{
    lf_status status = LF_OK;
    if (to->writer != NULL) {
        status = lf_frame_writer_finish(to->writer, error);
    }
    if (status == LF_OK && to->path == NULL && to->table == NULL) {
        status = lf_error_set(error, LF_NOT_FOUND, "No day is named, so there are no rows.");
    }
    return status == LF_OK ? lfi_tell(job, stage, 1, error) : status;
}

/* Without success there is no table. */
static void end_sink(sink *to, lf_status status)
{
    lf_frame_writer_destroy(to->writer);
    if (status != LF_OK) {
        lf_frame_destroy(to->table);
        to->table = NULL;
    }
}

/* ---- features --------------------------------------------------------------------------- */

static lf_status make_features(
    const lf_run_job *job, const lf_run_features_options *options, sink *to, lf_error *error
)
{
    lfi_day_options day_options = {
        .set = job->config->set,
        .clock = job->config->clock,
        .at_events = options->each_event,
        .labels = options->labels,
        .label_count = options->label_count,
        .stage = "features",
    };
    lfi_day_rows *const days = lf_allocate(job->allocator, job->source_count + 1, sizeof *days);
    if (days == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for %zu days.", job->source_count);
    }
    lfi_fitter fitter;
    lf_status status = lfi_fitter_begin(job, options->model, &fitter, error);
    for (size_t i = 0; i < job->source_count && status == LF_OK; i++) {
        if (options->carries != NULL) {
            days[i].carry = options->carries[i];
        } else {
            lfi_day_carry(job, days, i, &days[i].carry);
        }
        status = lfi_fitter_prepare(&fitter, i, &day_options, error);
        if (status == LF_OK) {
            status = lfi_day_read(job, i, &day_options, &days[i], error);
        }
        if (status == LF_OK) {
            status = lfi_fitter_keep(&fitter, i, &days[i], error);
        }
        if (status == LF_OK) {
            status = add_frame(job, to, days[i].frame, error);
        }
        lfi_day_clear(&days[i]);
    }
    if (status == LF_OK) {
        status = finish_sink(job, to, "features", error);
    }
    lfi_fitter_end(&fitter);
    end_sink(to, status);
    lfi_days_release(job, days);
    return status;
}

lf_status lf_run_carries(const lf_run_job *job, lf_feature_carry *out, lf_error *error)
{
    const lfi_day_options options = {
        .set = "vpin",
        .clock = job->config->clock,
        .stage = "carry",
    };
    lfi_day_rows *const days = lf_allocate(job->allocator, job->source_count + 1, sizeof *days);
    if (days == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for %zu days.", job->source_count);
    }
    lf_status status = LF_OK;
    for (size_t i = 0; i < job->source_count && status == LF_OK; i++) {
        lfi_day_carry(job, days, i, &days[i].carry);
        out[i] = days[i].carry;
        status = lfi_day_read(job, i, &options, &days[i], error);
        lfi_day_clear(&days[i]);
    }
    lfi_days_release(job, days);
    return status;
}

lf_status lf_run_features(
    const lf_run_job *job, const lf_run_features_options *options, const char *path, lf_error *error
)
{
    sink to = {.path = path};
    const lf_status status = lf_frame_check_path(path, error);
    return status == LF_OK ? make_features(job, options, &to, error) : status;
}

lf_status lf_run_features_table(
    const lf_run_job *job, const lf_run_features_options *options, lf_frame **out, lf_error *error
)
{
    sink to = {.path = NULL};
    const lf_status status = make_features(job, options, &to, error);
    *out = to.table;
    return status;
}

/* ---- predictions ------------------------------------------------------------------------ */

static lf_status create_predictions(const lf_run_job *job, lf_frame **out, lf_error *error)
{
    static const lf_column_spec specs[] = {
        {"ts_event", LF_COLUMN_TIME},
        {"symbol", LF_COLUMN_TEXT},
        {"p_up_1min", LF_COLUMN_F64},
        {"p_up_5min", LF_COLUMN_F64},
        {"ret_1min_bps", LF_COLUMN_F64},
        {"model_id", LF_COLUMN_TEXT},
    };
    return lf_frame_create(job->allocator, specs, sizeof specs / sizeof specs[0], 0, out, error);
}

enum {
    PREDICT_TS,
    PREDICT_SYMBOL,
    PREDICT_UP_1MIN,
    PREDICT_UP_5MIN,
    PREDICT_RET,
    PREDICT_MODEL,
};

/* The columns of a model's features, in its order; rows were made with all of them. */
static void find_columns(const lf_model *model, lf_frame *rows, const double **columns)
{
    size_t count = 0;
    const size_t *const features = lf_model_features(model, &count);
    for (size_t f = 0; f < count; f++) {
        const lf_feature_info *const info = lf_feature_info_of(lf_model_users(model), features[f]);
        columns[f] = lf_frame_f64(rows, lf_frame_find(rows, info->name));
    }
}

static lf_status predict_rows(
    const lf_run_job *job,
    const lf_model *model,
    const lfi_day_rows *day,
    lf_frame *out,
    lf_error *error
)
{
    lf_frame *const rows = day->frame;
    const size_t count = lf_frame_row_count(rows);
    const double *columns[LF_MODEL_FEATURES_MAX];
    lf_prediction *const found = lf_allocate(job->allocator, count + 1, sizeof *found);
    lf_frame_clear(out);
    lf_status status = found != NULL ? lf_frame_append(out, count) : LF_NOMEM;
    if (status == LF_OK) {
        const uint8_t *const valid = lf_frame_bool(rows, lf_frame_find(rows, "valid"));
        find_columns(model, rows, columns);
        status = lf_model_predict_columns(model, columns, valid, count, found, error);
    }
    if (status == LF_OK) {
        const int64_t *const times = lf_frame_i64(rows, lf_frame_find(rows, "ts_event"));
        for (size_t i = 0; i < count; i++) {
            lf_frame_i64(out, PREDICT_TS)[i] = times[i];
            lf_frame_f64(out, PREDICT_UP_1MIN)[i] = found[i].p_up_1min;
            lf_frame_f64(out, PREDICT_UP_5MIN)[i] = found[i].p_up_5min;
            lf_frame_f64(out, PREDICT_RET)[i] = found[i].ret_1min_bps;
        }
        status = lf_frame_set_text(out, PREDICT_SYMBOL, 0, count, day->instrument.symbol);
    }
    if (status == LF_OK) {
        const char *const id = lf_model_meta_of(model)->model_id;
        status = lf_frame_set_text(out, PREDICT_MODEL, 0, count, id);
    }
    lf_release(job->allocator, found);
    return status == LF_OK ? LF_OK : lf_error_set(error, status, "No memory for predictions.");
}

/* No row of the day may lie where the model learnt, or share a window with it. */
static lf_status
check_unseen(const lf_model *model, const lfi_day_rows *day, const char *path, lf_error *error)
{
    const lf_model_meta *const meta = lf_model_meta_of(model);
    if (day->instrument.session_open_ns >= meta->purge_until_ns ||
        day->instrument.session_close_ns <= meta->train_first_ns) {
        return LF_OK;
    }
    char first[32];
    char until[32];
    lf_time_format(meta->train_first_ns, first);
    lf_time_format(meta->purge_until_ns, until);
    return lf_error_set(
        error,
        LF_MISMATCH,
        "%s: the model was trained on rows from %s and is not honest before %s, which this day "
        "touches; predict a later day, or ask for in-sample predictions.",
        path,
        first,
        until
    );
}

static lf_status make_predictions(
    const lf_run_job *job, const lf_model *model, bool in_sample, sink *to, lf_error *error
)
{
    size_t feature_count = 0;
    const size_t *const features = lf_model_features(model, &feature_count);
    char set[LFI_SET_BYTES];
    lfi_fitted_set(features, feature_count, set);
    const lfi_day_options options = {
        .set = set,
        .fitted = lf_model_fitted(model),
        .clock = lf_model_meta_of(model)->clock,
        .stage = "predict",
    };
    lfi_day_rows *const days = lf_allocate(job->allocator, job->source_count + 1, sizeof *days);
    lf_frame *predictions = NULL;
    lf_status status = days != NULL
                           ? lf_feature_users_match(job->users, lf_model_users(model), NULL, error)
                           : lf_error_set(error, LF_NOMEM, "No memory for the days.");
    if (status == LF_OK) {
        status = create_predictions(job, &predictions, error);
    }
    for (size_t i = 0; i < job->source_count && status == LF_OK; i++) {
        lfi_day_carry(job, days, i, &days[i].carry);
        status = lfi_day_read(job, i, &options, &days[i], error);
        if (status == LF_OK && !in_sample) {
            status = check_unseen(model, &days[i], job->sources[i].path, error);
        }
        if (status == LF_OK) {
            status = predict_rows(job, model, &days[i], predictions, error);
        }
        if (status == LF_OK) {
            status = add_frame(job, to, predictions, error);
        }
        lfi_day_clear(&days[i]);
    }
    if (status == LF_OK) {
        status = finish_sink(job, to, "predict", error);
    }
    end_sink(to, status);
    lf_frame_destroy(predictions);
    lfi_days_release(job, days);
    return status;
}

lf_status lf_run_predict(
    const lf_run_job *job, const lf_model *model, bool in_sample, const char *path, lf_error *error
)
{
    sink to = {.path = path};
    const lf_status status = lf_frame_check_path(path, error);
    return status == LF_OK ? make_predictions(job, model, in_sample, &to, error) : status;
}

lf_status lf_run_predict_table(
    const lf_run_job *job, const lf_model *model, bool in_sample, lf_frame **out, lf_error *error
)
{
    sink to = {.path = NULL};
    const lf_status status = make_predictions(job, model, in_sample, &to, error);
    *out = to.table;
    return status;
}
