/* Members of an archive, inflated and nothing else: what any reader of it must pay. */
#include "bench.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#define BUFFER_BYTES ((size_t)256 << 10)

typedef struct inflating {
    struct archive *archive;
    const char *path;
    const char *folder; /* NULL: bytes go nowhere */
    char *buffer;       /* [BUFFER_BYTES] */
    int64_t bytes;
} inflating;

static lf_status fail(const inflating *work, lf_error *error)
{
    const char *const why = archive_error_string(work->archive);
    return lf_error_set_at(
        error,
        LF_FORMAT,
        work->path,
        LF_POSITION_NONE,
        LF_POSITION_NONE,
        "cannot be inflated: %s",
        why != NULL ? why : "unknown reason"
    );
}

/* The last part of a member's name as a file of the folder. */
static lf_status
begin_file(const inflating *work, struct archive_entry *entry, lf_output **out, lf_error *error)
{
    const char *const name = archive_entry_pathname(entry);
    const char *const slash = name != NULL ? strrchr(name, '/') : NULL;
    const char *const base = slash != NULL ? slash + 1 : name;
    char path[BENCH_PATH_BYTES];
    if (base == NULL || base[0] == '\0') {
        return fail(work, error);
    }
    (void)snprintf(path, sizeof path, "%s/%s", work->folder, base);
    return lf_output_create(NULL, path, out, error);
}

static lf_status inflate_member(inflating *work, struct archive_entry *entry, lf_error *error)
{
    lf_output *file = NULL;
    lf_status status = work->folder != NULL ? begin_file(work, entry, &file, error) : LF_OK;
    while (status == LF_OK) {
        const la_ssize_t got = archive_read_data(work->archive, work->buffer, BUFFER_BYTES);
        if (got <= 0) {
            status = got == 0 ? LF_OK : fail(work, error);
            break;
        }
        work->bytes += got;
        if (file != NULL) {
            status = lf_output_write(file, work->buffer, (size_t)got, error);
        }
    }
    if (status == LF_OK && file != NULL) {
        status = lf_output_finish(file, error);
    }
    lf_output_destroy(file);
    return status;
}

static lf_status inflate_all(inflating *work, lf_error *error)
{
    for (;;) {
        struct archive_entry *entry;
        const int code = archive_read_next_header(work->archive, &entry);
        if (code == ARCHIVE_EOF) {
            return LF_OK;
        }
        if (code < ARCHIVE_WARN) {
            return fail(work, error);
        }
        if (archive_entry_filetype(entry) == AE_IFREG) {
            const lf_status status = inflate_member(work, entry, error);
            if (status != LF_OK) {
                return status;
            }
        }
    }
}

lf_status bench_inflate(const char *path, const char *folder, int64_t *bytes, lf_error *error)
{
    *bytes = 0;
    inflating work = {
        .archive = archive_read_new(),
        .path = path,
        .folder = folder,
        .buffer = lf_allocate(NULL, BUFFER_BYTES, 1),
    };
    lf_status status = LF_OK;
    if (work.archive == NULL || work.buffer == NULL) {
        status = lf_error_set(error, LF_NOMEM, "No memory to inflate %s.", path);
    } else {
        archive_read_support_format_zip(work.archive);
        archive_read_support_format_7zip(work.archive);
        /* A folder or a plain file is no archive, and that is no error. */
        if (archive_read_open_filename(work.archive, path, BUFFER_BYTES) == ARCHIVE_OK) {
            status = inflate_all(&work, error);
        }
    }
    *bytes = status == LF_OK ? work.bytes : 0;
    if (work.archive != NULL) {
        (void)archive_read_free(work.archive);
    }
    lf_release(NULL, work.buffer);
    return status;
}
