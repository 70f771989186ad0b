/* The ledger of looks at held-out days: one file of text for a person, lines are only added. */
#include "holdout_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A look in words, above the first line. */
static const char HEADER[] =
    "# Looks at held-out days, written by lobflow; see docs/decisions/0005-holdout.md.\n"
    "# looked_at\tverb\tsymbol\tdate\tevents\tfolder\n";

enum {
    LOOKED_AT,
    VERB,
    SYMBOL,
    DATE,
    EVENTS,
    FOLDER,
    FIELD_COUNT
};

lf_status lfi_ledger_path(const lf_config *config, char out[LFI_PATH_BYTES], lf_error *error)
{
    const char *const state = getenv("XDG_STATE_HOME");
    const char *const home = getenv("HOME");
    int length = -1;
    if (config->holdout_ledger[0] != '\0') {
        length = snprintf(out, LFI_PATH_BYTES, "%s", config->holdout_ledger);
    } else if (state != NULL && state[0] == '/') {
        length = snprintf(out, LFI_PATH_BYTES, "%s/lobflow/holdout.tsv", state);
    } else if (home != NULL && home[0] == '/') {
        length = snprintf(out, LFI_PATH_BYTES, "%s/.local/state/lobflow/holdout.tsv", home);
    } else {
        return lf_error_set(
            error,
            LF_IO,
            "Looks at held-out days cannot be counted: $HOME is not set; name a file in "
            "train.holdout_ledger."
        );
    }
    return length >= 0 && (size_t)length < LFI_PATH_BYTES
               ? LF_OK
               : lf_error_set(error, LF_RANGE, "The path of the ledger of looks is too long.");
}

/* ---- reading ---------------------------------------------------------------------------- */

/* Cuts a line at its tabs; false when it has another number of fields. */
static bool cut_fields(char *line, char *fields[FIELD_COUNT])
{
    size_t count = 0;
    for (char *at = line; at != NULL && count < FIELD_COUNT; count++) {
        fields[count] = at;
        at = strchr(at, '\t');
        if (at != NULL) {
            *at++ = '\0';
        }
    }
    return count == FIELD_COUNT;
}

static bool is_look_at(char *const fields[FIELD_COUNT], const lfi_held_day *day)
{
    int64_t events = 0;
    return strcmp(fields[SYMBOL], day->symbol) == 0 && strcmp(fields[DATE], day->date) == 0 &&
           lf_int64_parse(fields[EVENTS], strlen(fields[EVENTS]), &events) == LF_OK &&
           events == day->event_count;
}

static void count_line(char *line, const lfi_held_day *days, size_t count, int64_t *looks)
{
    char *fields[FIELD_COUNT];
    if (line[0] == '#' || !cut_fields(line, fields)) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        looks[i] += is_look_at(fields, &days[i]) ? 1 : 0;
    }
}

lf_status lfi_ledger_count(
    const lf_run_job *job, const lfi_held_day *days, size_t count, int64_t *looks, lf_error *error
)
{
    char path[LFI_PATH_BYTES];
    char *text = NULL;
    size_t bytes = 0;
    *looks = 0;
    lf_status status = lfi_ledger_path(job->config, path, error);
    if (status == LF_OK) {
        status = lf_file_read_all(job->allocator, path, &text, &bytes, error);
        if (status == LF_NOT_FOUND) {
            return LF_OK;
        }
    }
    int64_t *const each = lf_allocate(job->allocator, count + 1, sizeof *each);
    if (status == LF_OK && each == NULL) {
        status = lf_error_set(error, LF_NOMEM, "No memory to count looks.");
    }
    for (char *line = text; status == LF_OK && line != NULL && *line != '\0';) {
        char *const end = strchr(line, '\n');
        if (end != NULL) {
            *end = '\0';
        }
        count_line(line, days, count, each);
        line = end != NULL ? end + 1 : NULL;
    }
    for (size_t i = 0; i < count && status == LF_OK; i++) {
        *looks = each[i] > *looks ? each[i] : *looks;
    }
    lf_release(job->allocator, each);
    lf_release(job->allocator, text);
    return status;
}

/* ---- adding ----------------------------------------------------------------------------- */

static lf_status cannot_write(const char *path, lf_error *error)
{
    return lf_error_set(
        error,
        LF_IO,
        "%s: the look at held-out days cannot be written down: %s; so they are not scored. "
        "train.holdout_ledger names another file.",
        path,
        strerror(errno)
    );
}

/* The folder of a path, made when it is not there. */
static lf_status make_folder(const char *path, lf_error *error)
{
    char folder[LFI_PATH_BYTES];
    const char *const slash = strrchr(path, '/');
    if (slash == NULL || slash == path) {
        return LF_OK;
    }
    (void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    return lf_mkdirs(folder, error);
}

/* One write, so that lines of programs that run at once do not mix. */
static bool append(const char *path, const char *text, size_t bytes)
{
    const int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0) {
        return false;
    }
    const bool is_written = write(file, text, bytes) == (ssize_t)bytes && fsync(file) == 0;
    return close(file) == 0 && is_written;
}

static void add_line(
    char *text,
    size_t capacity,
    size_t *used,
    const char *looked_at,
    const lfi_held_day *day,
    const char *verb,
    const char *folder
)
{
    char *const line = text + *used;
    const int length = snprintf(
        line,
        capacity - *used,
        "%s\t%s\t%s\t%s\t%lld\t%s\n",
        looked_at,
        verb,
        day->symbol,
        day->date,
        (long long)day->event_count,
        folder
    );
    /* A name with a line end in it must not make a second line. */
    for (int i = 0; i + 1 < length; i++) {
        line[i] = line[i] == '\n' ? '?' : line[i];
    }
    *used += length > 0 ? (size_t)length : 0;
}

lf_status lfi_ledger_add(
    const lf_run_job *job,
    const lfi_held_day *days,
    size_t count,
    const char *verb,
    const char *folder,
    lf_error *error
)
{
    char path[LFI_PATH_BYTES];
    char looked_at[32];
    struct timespec now;
    const size_t capacity = sizeof HEADER + (count + 1) * (160 + strlen(folder));
    size_t used = 0;
    lf_status status = lfi_ledger_path(job->config, path, error);
    if (status == LF_OK) {
        status = make_folder(path, error);
    }
    if (status != LF_OK) {
        return status;
    }
    char *const text = lf_allocate(job->allocator, capacity, 1);
    if (text == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory to write a look down.");
    }
    (void)clock_gettime(CLOCK_REALTIME, &now);
    lf_time_format((int64_t)now.tv_sec * LF_NS_PER_SECOND + now.tv_nsec, looked_at);
    if (access(path, F_OK) != 0) {
        memcpy(text, HEADER, sizeof HEADER);
        used = sizeof HEADER - 1;
    }
    for (size_t i = 0; i < count; i++) {
        add_line(text, capacity, &used, looked_at, &days[i], verb, folder);
    }
    if (!append(path, text, used)) {
        status = cannot_write(path, error);
    }
    lf_release(job->allocator, text);
    return status;
}
