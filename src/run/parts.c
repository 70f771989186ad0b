/* Training in parts: rows of each day, then each model, then all of them together. */
#include "line_internal.h"

#include <stddef.h>
#include <string.h>

/* Rows of days that lie in files; one day is in memory at a time. */
typedef struct filed_days {
    const lf_run_job *job;
    const char *folder;
    lf_frame *frame; /* of the day that is open */
} filed_days;

static lf_status day_path(
    const char *folder, size_t day, const char *ending, char out[LFI_PATH_BYTES], lf_error *error
)
{
    char name[48];
    (void)snprintf(name, sizeof name, "day_%05zu.%s", day, ending);
    return lfi_path(folder, name, out, error);
}

/* ---- rows of a day ---------------------------------------------------------------------- */

/* What training needs to know of a day beside its rows, written last. It is a struct as it lies in
   memory, so it is only for the build that wrote it. */
typedef struct filed_note {
    char magic[8];
    uint64_t build; /* hash of version and library */
    uint64_t sum;   /* hash of the rest */
    lfi_day_rows rows;
} filed_note;

static const char magic[8] = "LFNOTE1";

static lf_status hash_build(uint64_t *out, lf_error *error)
{
    *out = lf_hash64(LF_VERSION, sizeof LF_VERSION, sizeof(filed_note));
    return lfi_hash_own_code(out, error);
}

static lf_status write_note(const lfi_day_rows *rows, const char *path, lf_error *error)
{
    filed_note note;
    memset(&note, 0, sizeof note);
    memcpy(note.magic, magic, sizeof magic);
    note.rows = *rows;
    note.rows.frame = NULL;
    note.sum = lf_hash64(&note.rows, sizeof note.rows, 0);
    const lf_status status = hash_build(&note.build, error);
    return status == LF_OK ? lf_file_write_atomic(path, &note, sizeof note, error) : status;
}

static lf_status check_note(const char *bytes, size_t count, const char *path, lf_error *error)
{
    filed_note note;
    uint64_t build = 0;
    if (count < sizeof magic || memcmp(bytes, magic, sizeof magic) != 0) {
        return lf_error_set(error, LF_FORMAT, "%s: no note of the rows of a day.", path);
    }
    const lf_status status = hash_build(&build, error);
    if (status != LF_OK) {
        return status;
    }
    if (count == sizeof note) {
        memcpy(&note, bytes, sizeof note);
    }
    if (count != sizeof note || note.build != build) {
        return lf_error_set(
            error,
            LF_FORMAT,
            "%s: rows that another build of lobflow has made; all parts of a training need the "
            "same one, so make them anew.",
            path
        );
    }
    return note.sum == lf_hash64(bytes + offsetof(filed_note, rows), sizeof note.rows, 0)
               ? LF_OK
               : lf_error_set(
                     error, LF_FORMAT, "%s: damaged; make the rows of the day anew.", path
                 );
}

static lf_status
read_note(const lf_run_job *job, const char *folder, size_t day, lfi_day_rows *out, lf_error *error)
{
    char path[LFI_PATH_BYTES];
    char *bytes = NULL;
    size_t count = 0;
    lf_status status = day_path(folder, day, "note", path, error);
    if (status == LF_OK) {
        status = lf_file_read_all(job->allocator, path, &bytes, &count, error);
    }
    if (status == LF_OK) {
        status = check_note(bytes, count, path, error);
    }
    if (status == LF_OK) {
        memcpy(out, bytes + offsetof(filed_note, rows), sizeof *out);
    }
    lf_release(job->allocator, bytes);
    return status;
}

lf_status lf_run_train_rows(
    const lf_run_job *job,
    size_t day,
    const lf_feature_carry *carry,
    const char *folder,
    lf_error *error
)
{
    char set[LFI_SET_BYTES];
    char rows_path[LFI_PATH_BYTES];
    char note_path[LFI_PATH_BYTES];
    lfi_day_rows rows = {.carry = *carry};
    lf_status status = lf_mkdirs(folder, error);
    if (status == LF_OK) {
        status = day_path(folder, day, "arrow", rows_path, error);
    }
    if (status == LF_OK) {
        status = day_path(folder, day, "note", note_path, error);
    }
    if (status == LF_OK) {
        status = lfi_training_day(job, job->config->clock, false, day, set, &rows, error);
    }
    if (status == LF_OK) {
        status = lf_frame_write(rows.frame, rows_path, error);
    }
    if (status == LF_OK) {
        status = write_note(&rows, note_path, error);
    }
    lfi_day_clear(&rows);
    return status;
}

/* ---- days of a folder ------------------------------------------------------------------- */

static lf_status open_day(void *context, size_t day, lf_frame **out, lf_error *error)
{
    filed_days *const self = context;
    char path[LFI_PATH_BYTES];
    lf_status status = day_path(self->folder, day, "arrow", path, error);
    if (status == LF_OK) {
        status = lf_frame_read(path, &self->frame, error);
    }
    *out = status == LF_OK ? self->frame : NULL;
    return status;
}

static void close_day(void *context, size_t day, lf_frame *frame)
{
    filed_days *const self = context;
    (void)day;
    lf_frame_destroy(frame);
    self->frame = NULL;
}

/* What is known of each day, owned: end it with lfi_days_release(). */
static lf_status
read_notes(const lf_run_job *job, const char *folder, lfi_day_rows **out, lf_error *error)
{
    char set[LFI_SET_BYTES];
    *out = NULL;
    lf_status status = lfi_set_for_training(job, job->config->clock, set, error);
    if (status != LF_OK) {
        return status;
    }
    lfi_day_rows *const days = lf_allocate(job->allocator, job->source_count + 1, sizeof *days);
    if (days == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for %zu days.", job->source_count);
    }
    for (size_t i = 0; i < job->source_count && status == LF_OK; i++) {
        status = read_note(job, folder, i, &days[i], error);
        if (status == LF_OK) {
            status = lfi_check_levels(job, days, i, set, error);
        }
    }
    if (status != LF_OK) {
        lfi_days_release(job, days);
        return status;
    }
    *out = days;
    return LF_OK;
}

static lf_train_days days_of(filed_days *files)
{
    return (lf_train_days){
        .context = files,
        .count = files->job->source_count,
        .open = open_day,
        .close = close_day,
    };
}

/* ---- models ----------------------------------------------------------------------------- */

lf_status
lf_run_train_fold_count(const lf_run_job *job, const char *folder, size_t *count, lf_error *error)
{
    filed_days files = {.job = job, .folder = folder};
    const lf_train_days days = days_of(&files);
    lfi_day_rows *read = NULL;
    lf_train_options options;
    lf_train_fold *const folds = lf_allocate(job->allocator, LF_TRAIN_FOLDS_MAX, sizeof *folds);
    lf_status status = folds != NULL ? read_notes(job, folder, &read, error)
                                     : lf_error_set(error, LF_NOMEM, "No memory for the folds.");
    if (status == LF_OK) {
        status = lfi_options_ahead(job, read, &days, folder, &options, error);
    }
    if (status == LF_OK) {
        status = lf_train_plan_days(&days, &options, folds, count, error);
    }
    *count = status == LF_OK ? *count + 1 : 0;
    lfi_days_release(job, read);
    lf_release(job->allocator, folds);
    return status;
}

lf_status
lf_run_train_fold(const lf_run_job *job, const char *folder, size_t number, lf_error *error)
{
    filed_days files = {.job = job, .folder = folder};
    const lf_train_days days = days_of(&files);
    lfi_day_rows *read = NULL;
    lf_train_options options;
    lf_status status = read_notes(job, folder, &read, error);
    if (status == LF_OK) {
        status = lfi_options_ahead(job, read, &days, folder, &options, error);
    }
    if (status == LF_OK) {
        status = lf_train_fit_ahead(&days, &options, number, error);
    }
    lfi_days_release(job, read);
    return status;
}

lf_status lf_run_train_parts(
    const lf_run_job *job, const char *folder, const char *path, char **json, lf_error *error
)
{
    filed_days files = {.job = job, .folder = folder};
    const lf_train_days days = days_of(&files);
    lfi_day_rows *read = NULL;
    lfi_made made;
    if (json != NULL) {
        *json = NULL;
    }
    lf_status status = lfi_made_begin(path, "", &made, error);
    if (status == LF_OK) {
        status = read_notes(job, folder, &read, error);
    }
    if (status == LF_OK) {
        status = lf_mkdirs(path, error);
    }
    if (status == LF_OK) {
        status = lfi_train_days(job, read, &days, folder, path, json, error);
    }
    if (status != LF_OK) {
        lfi_made_undo(&made);
    }
    lfi_days_release(job, read);
    return status;
}
