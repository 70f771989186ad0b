/* Fitted features in the verbs: which ones are asked for, and where their parameters come from. */
#include "line_internal.h"

#include <string.h>

void lfi_fitted_set(const size_t *features, size_t count, char out[LFI_SET_BYTES])
{
    int used = snprintf(out, LFI_SET_BYTES, "default");
    bool has_user = false;
    for (size_t i = 0; i < count; i++) {
        if (lf_feature_is_fitted(features[i])) {
            /* Five names of at most 23 characters, each once. */
            const size_t room = LFI_SET_BYTES - (size_t)used;
            used += snprintf(out + used, room, ",%s", lf_feature_at(features[i])->name);
        }
        has_user = has_user || features[i] >= lf_feature_count_all();
    }
    if (has_user) {
        (void)snprintf(out + used, LFI_SET_BYTES - (size_t)used, ",user");
    }
}

/* ---- parameters for the verb features --------------------------------------------------- */

lf_status
lfi_fitter_begin(const lf_run_job *job, const lf_model *model, lfi_fitter *out, lf_error *error)
{
    *out = (lfi_fitter){.job = job, .model = model};
    const char *const set = job->config->set;
    if (strcmp(set, "all") == 0 || strcmp(set, "mlofi") == 0) {
        return LF_OK;
    }
    const lf_status status =
        lf_feature_select_of(job->users, set, out->features, &out->feature_count, error);
    out->is_needed = lf_feature_needs_fitted(out->features, out->feature_count);
    if (status != LF_OK || !out->is_needed || model != NULL) {
        return status;
    }
    out->kept = lf_allocate(job->allocator, job->source_count + 1, sizeof *out->kept);
    out->earlier = lf_allocate(job->allocator, job->source_count + 1, sizeof *out->earlier);
    return out->kept != NULL && out->earlier != NULL
               ? LF_OK
               : lf_error_set(error, LF_NOMEM, "No memory for the ingredients of the days.");
}

void lfi_fitter_end(lfi_fitter *fitter)
{
    for (size_t i = 0; fitter->kept != NULL && i < fitter->job->source_count; i++) {
        lf_frame_destroy(fitter->kept[i]);
    }
    lf_release(fitter->job->allocator, fitter->kept);
    lf_release(fitter->job->allocator, fitter->earlier);
}

static void say(const lfi_fitter *fitter, size_t day, const char *what)
{
    const lf_run_job *const job = fitter->job;
    char line[LFI_PATH_BYTES + 512];
    if (job->say != NULL) {
        (void)snprintf(line, sizeof line, "%s: %s", job->sources[day].path, what);
        job->say(job->say_context, line);
    }
}

/* Parameters from all earlier days of the symbol; what cannot be fitted stays undefined. */
static lf_status
fit_earlier(lfi_fitter *fitter, size_t day, lfi_day_options *options, lf_error *error)
{
    const lf_run_job *const job = fitter->job;
    size_t count = 0;
    for (size_t i = 0; i < day; i++) {
        if (strcmp(job->sources[i].symbol, job->sources[day].symbol) == 0) {
            fitter->earlier[count++] = fitter->kept[i];
        }
    }
    options->fitted = NULL;
    options->with_ingredients = true;
    if (count == 0) {
        say(fitter, day, "no earlier day is given, so the fitted features are undefined on it.");
        return LF_OK;
    }
    const lf_train_days days = lf_train_days_of(fitter->earlier, count);
    lf_error inner;
    const lf_status status = lf_train_fit_parameters(
        &days, fitter->features, fitter->feature_count, job->allocator, &fitter->at, &inner
    );
    if (status == LF_DATA) {
        say(fitter, day, inner.message);
        return LF_OK;
    }
    if (status != LF_OK) {
        return lf_error_set(error, status, "%s: %s", job->sources[day].path, inner.message);
    }
    options->fitted = &fitter->at;
    return LF_OK;
}

lf_status
lfi_fitter_prepare(lfi_fitter *fitter, size_t day, lfi_day_options *options, lf_error *error)
{
    if (!fitter->is_needed) {
        return LF_OK;
    }
    if (fitter->model == NULL) {
        return fit_earlier(fitter, day, options, error);
    }
    options->fitted = lf_model_fitted(fitter->model);
    return LF_OK;
}

/* ---- ingredients out of the rows -------------------------------------------------------- */

static lf_status
copy_column(lf_frame *from, size_t column, lf_frame *to, size_t target, const char *symbol)
{
    const size_t rows = lf_frame_row_count(from);
    switch (lf_frame_column(from, column).kind) {
    case LF_COLUMN_F64:
        memcpy(lf_frame_f64(to, target), lf_frame_f64(from, column), rows * sizeof(double));
        break;
    case LF_COLUMN_I64:
    case LF_COLUMN_TIME:
        memcpy(lf_frame_i64(to, target), lf_frame_i64(from, column), rows * sizeof(int64_t));
        break;
    case LF_COLUMN_BOOL:
        memcpy(lf_frame_bool(to, target), lf_frame_bool(from, column), rows);
        break;
    case LF_COLUMN_TEXT:
        return lf_frame_set_text(to, target, 0, rows, symbol);
    }
    return LF_OK;
}

/* A frame of some columns of another one, in the order of the list. */
static lf_status copy_columns(
    const lf_run_job *job,
    lf_frame *from,
    const size_t *columns,
    size_t count,
    lf_frame **out,
    lf_error *error
)
{
    const size_t rows = lf_frame_row_count(from);
    lf_column_spec *const specs = lf_allocate(job->allocator, count + 1, sizeof *specs);
    lf_status status = specs != NULL ? LF_OK : lf_error_set(error, LF_NOMEM, "No memory.");
    for (size_t i = 0; i < count && status == LF_OK; i++) {
        specs[i] = lf_frame_column(from, columns[i]);
    }
    if (status == LF_OK) {
        status = lf_frame_create(job->allocator, specs, count, rows, out, error);
    }
    if (status == LF_OK && lf_frame_append(*out, rows) != LF_OK) {
        status = lf_error_set(error, LF_NOMEM, "No memory for the rows of a day.");
    }
    for (size_t i = 0; i < count && status == LF_OK; i++) {
        const bool is_text = specs[i].kind == LF_COLUMN_TEXT && rows > 0;
        const char *const symbol = is_text ? lf_frame_text(from, columns[i], 0) : "";
        if (copy_column(from, columns[i], *out, i, symbol) != LF_OK) {
            status = lf_error_set(error, LF_NOMEM, "No memory for the rows of a day.");
        }
    }
    lf_release(job->allocator, specs);
    return status;
}

/* A model's parameters are honest on days that it has not seen. */
static void say_seen(const lfi_fitter *fitter, size_t day, const lf_instrument *instrument)
{
    const lf_model_meta *const meta = lf_model_meta_of(fitter->model);
    if (instrument->session_open_ns <= meta->train_last_ns &&
        instrument->session_close_ns > meta->train_first_ns) {
        say(fitter, day, "the model was trained on this day; its fitted features have seen it.");
    }
}

lf_status lfi_fitter_keep(lfi_fitter *fitter, size_t day, lfi_day_rows *rows, lf_error *error)
{
    if (!fitter->is_needed) {
        return LF_OK;
    }
    if (fitter->model != NULL) {
        say_seen(fitter, day, &rows->instrument);
        return LF_OK;
    }
    const lf_run_job *const job = fitter->job;
    const size_t total = lf_frame_column_count(rows->frame);
    size_t *const columns = lf_allocate(job->allocator, 2 * total, sizeof *columns);
    if (columns == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for the columns of a day.");
    }
    size_t *const others = columns + total;
    size_t kept = 0;
    size_t other = 0;
    columns[kept++] = lf_frame_find(rows->frame, "valid");
    for (size_t i = 0; i < total; i++) {
        if (lf_feature_is_ingredient(lf_frame_column(rows->frame, i).name)) {
            columns[kept++] = i;
        } else {
            others[other++] = i;
        }
    }
    lf_frame *plain = NULL;
    lf_status status = copy_columns(job, rows->frame, columns, kept, &fitter->kept[day], error);
    if (status == LF_OK) {
        status = copy_columns(job, rows->frame, others, other, &plain, error);
    }
    lf_release(job->allocator, columns);
    lf_frame_destroy(status == LF_OK ? rows->frame : plain);
    rows->frame = status == LF_OK ? plain : rows->frame;
    return status;
}
