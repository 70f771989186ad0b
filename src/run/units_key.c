/* What a traded day depends on, as one number: configuration, models, version and data. */
#include "units_internal.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t hash_text(uint64_t hash, const char *text)
{
    return lf_hash64(text, strlen(text) + 1, hash);
}

static uint64_t hash_whole(uint64_t hash, int64_t value)
{
    return lf_hash64(&value, sizeof value, hash);
}

/* ---- files ------------------------------------------------------------------------------ */

static lf_status cannot_read(const char *path, lf_error *error)
{
    return lf_error_set_at(
        error, LF_IO, path, LF_POSITION_NONE, LF_POSITION_NONE, "cannot be read"
    );
}

static lf_status hash_open_file(int file, const char *path, uint64_t *hash, lf_error *error)
{
    const size_t capacity = (size_t)1 << 20;
    char *const piece = malloc(capacity);
    if (piece == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory to read %s.", path);
    }
    for (;;) {
        size_t bytes = 0;
        ssize_t more = 1;
        /* Whole pieces, so that the number does not depend on how the system cuts them. */
        while (bytes < capacity && more > 0) {
            more = read(file, piece + bytes, capacity - bytes);
            bytes += more > 0 ? (size_t)more : 0;
        }
        *hash = lf_hash64(piece, bytes, *hash);
        if (more <= 0) {
            free(piece);
            return more == 0 ? LF_OK : cannot_read(path, error);
        }
    }
}

static lf_status hash_file(const char *path, uint64_t *hash, lf_error *error)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return cannot_read(path, error);
    }
    const lf_status status = hash_open_file(file, path, hash, error);
    (void)close(file);
    return status;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* All files of a folder; folders below it do not belong to a day. */
static lf_status hash_folder(const char *path, uint64_t *hash, lf_error *error)
{
    struct dirent **entries = NULL;
    const int count = scandir(path, &entries, is_visible, alphasort);
    lf_status status = count < 0 ? cannot_read(path, error) : LF_OK;
    for (int i = 0; i < count; i++) {
        char name[LFI_PATH_BYTES];
        struct stat facts;
        if (status == LF_OK) {
            status = lfi_path(path, entries[i]->d_name, name, error);
        }
        if (status == LF_OK && stat(name, &facts) == 0 && S_ISREG(facts.st_mode)) {
            *hash = hash_text(*hash, entries[i]->d_name);
            status = hash_file(name, hash, error);
        }
        free(entries[i]);
    }
    free(entries);
    return status;
}

static lf_status hash_path(const char *path, uint64_t *hash, lf_error *error)
{
    struct stat facts;
    if (path[0] == '\0') {
        return LF_OK;
    }
    if (stat(path, &facts) != 0) {
        return cannot_read(path, error);
    }
    return S_ISDIR(facts.st_mode) ? hash_folder(path, hash, error) : hash_file(path, hash, error);
}

/* A capture is a chain of files, of which a source names the ends: all of its folder count. */
static lf_status hash_chain(const char *path, uint64_t *hash, lf_error *error)
{
    char folder[LFI_PATH_BYTES];
    (void)snprintf(folder, sizeof folder, "%s", path);
    char *const end = strrchr(folder, '/');
    if (end != NULL) {
        *end = '\0';
    }
    return hash_folder(end == NULL ? "." : end == folder ? "/" : folder, hash, error);
}

lf_status lfi_source_key(const lf_source *source, uint64_t *key, lf_error *error)
{
    uint64_t hash = hash_text(0, source->format);
    const bool is_capture = source->venue[0] != '\0';
    hash = hash_text(hash, source->symbol);
    hash = hash_text(hash, source->venue);
    hash = hash_whole(hash, lf_date_to_days(source->date));
    hash = hash_whole(hash, source->level_count);
    hash = hash_whole(hash, source->tick_nano);
    hash = hash_whole(hash, source->lot_nano);
    hash = hash_whole(hash, source->clock_shift_ns);
    hash = hash_whole(hash, source->from_ns);
    hash = hash_whole(hash, source->to_ns);
    lf_status status = hash_path(source->path, &hash, error);
    if (status == LF_OK) {
        status = hash_path(source->path2, &hash, error);
    }
    if (status == LF_OK && is_capture && source->path2[0] != '\0') {
        status = hash_chain(source->path, &hash, error);
    }
    *key = hash;
    return status;
}

/* ---- what all days depend on ------------------------------------------------------------ */

/* The code that trades is an input too: another build of the same version may trade otherwise. A
   program that has the library inside and was started by a bare name is known by its version. */
lf_status lfi_hash_own_code(uint64_t *hash, lf_error *error)
{
    Dl_info here;
    struct stat facts;
    if (dladdr((const void *)(uintptr_t)&lfi_common_key, &here) == 0 || here.dli_fname == NULL ||
        stat(here.dli_fname, &facts) != 0) {
        return LF_OK;
    }
    return hash_file(here.dli_fname, hash, error);
}

lf_status lfi_common_key(lfi_units *units, lf_error *error)
{
    const lf_config *const config = units->job->config;
    char *text = NULL;
    uint64_t hash = hash_text(sizeof(lf_backtest_counts), LF_VERSION);
    lf_status status = lfi_hash_own_code(&hash, error);
    if (status == LF_OK) {
        status = lf_config_text(config, units->job->allocator, &text, error);
    }
    if (status != LF_OK) {
        return status;
    }
    hash = hash_text(hash, text);
    lf_release(units->job->allocator, text);
    hash = hash_whole(hash, (int64_t)units->strategy_count);
    hash = hash_whole(hash, units->trading->in_sample);
    hash = hash_whole(hash, units->lean);
    /* Its days are never taken, neither by another one nor by the rules; see lfi_unit_make(). */
    hash = hash_whole(hash, units->job->strategy != NULL);
    for (size_t i = 0; i < lf_feature_users_count(units->job->users); i++) {
        const lf_feature_user *const user = lf_feature_users_at(units->job->users, i);
        hash = hash_text(hash_text(hash, user->name), user->version);
    }
    for (size_t i = 0; i < units->trading->span_count; i++) {
        const lf_span *const span = &units->trading->spans[i];
        hash = hash_whole(hash, span->from_ns);
        hash = hash_whole(hash, span->to_ns);
        hash = hash_text(hash, lfi_meta_of(span)->model_id);
    }
    /* Files that the configuration names are data as well. */
    status = hash_path(config->execution.latency.rows, &hash, error);
    if (status == LF_OK) {
        status = hash_path(config->execution.latency.decision_times, &hash, error);
    }
    units->common_key = hash;
    return status;
}
