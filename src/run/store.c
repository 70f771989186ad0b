/*
 * Days of rows in one file without a name: made once, read as often as training looks at them.
 *
 * The file is unlinked as soon as it is open, so it is gone when the program ends, however it ends.
 * It is private to one process, hence plain columns of this machine's numbers and no format.
 */
#include "line_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where a day lies in the file. */
typedef struct stored_day {
    int64_t offset;
    size_t row_count;
    char symbol[32]; /* of all text columns of the day */
} stored_day;

struct lfi_store {
    const lf_allocator *allocator;
    char path[LFI_PATH_BYTES]; /* for errors: it does not exist any more */
    int file;
    int64_t bytes;
    stored_day *days; /* [day_count] */
    size_t day_count;
    size_t capacity;
    lf_frame *frame; /* the day that is open; NULL before the first one */
};

static lf_status failed(const lfi_store *store, const char *what, lf_error *error)
{
    return lf_error_set(
        error,
        LF_IO,
        "%s: the rows of the days cannot be %s: %s; they need about 14 MB a day of 1-s rows there.",
        store->path,
        what,
        errno != 0 ? strerror(errno) : "the file is too short"
    );
}

lf_status lfi_store_create(
    const lf_allocator *allocator, const char *folder, lfi_store **out, lf_error *error
)
{
    *out = NULL;
    lfi_store *const store = lf_allocate(allocator, 1, sizeof *store);
    if (store == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for the rows of the days.");
    }
    store->allocator = allocator;
    store->file = -1;
    lf_status status = lf_mkdirs(folder, error);
    if (status == LF_OK) {
        status = lfi_path(folder, ".rows-XXXXXX", store->path, error);
    }
    if (status == LF_OK) {
        store->file = mkstemp(store->path);
        status = store->file >= 0 ? LF_OK : failed(store, "written", error);
    }
    if (status != LF_OK) {
        lfi_store_destroy(store);
        return status;
    }
    (void)unlink(store->path);
    *out = store;
    return LF_OK;
}

void lfi_store_destroy(lfi_store *store)
{
    if (store == NULL) {
        return;
    }
    if (store->file >= 0) {
        (void)close(store->file);
    }
    lf_frame_destroy(store->frame);
    lf_release(store->allocator, store->days);
    lf_release(store->allocator, store);
}

/* Values of a column and the bytes of one of them; NULL for a text. */
static void *column_values(lf_frame *frame, size_t column, size_t *bytes)
{
    *bytes = sizeof(double);
    switch (lf_frame_column(frame, column).kind) {
    case LF_COLUMN_F64:
        return lf_frame_f64(frame, column);
    case LF_COLUMN_I64:
    case LF_COLUMN_TIME:
        return lf_frame_i64(frame, column);
    case LF_COLUMN_BOOL:
        *bytes = 1;
        return lf_frame_bool(frame, column);
    case LF_COLUMN_TEXT:
        break;
    }
    return NULL;
}

/* Moves bytes between memory and the file, however small the pieces that the system takes. */
static lf_status
move_bytes(const lfi_store *store, bool is_write, char *data, size_t bytes, int64_t at, lf_error *e)
{
    while (bytes > 0) {
        errno = 0;
        const ssize_t moved =
            is_write ? pwrite(store->file, data, bytes, at) : pread(store->file, data, bytes, at);
        if (moved <= 0 && errno != EINTR) {
            return failed(store, is_write ? "written" : "read", e);
        }
        const size_t done = moved > 0 ? (size_t)moved : 0;
        data += done;
        bytes -= done;
        at += (int64_t)done;
    }
    return LF_OK;
}

/* All columns of a frame to or from the file. */
static lf_status
move_frame(const lfi_store *store, bool is_write, lf_frame *frame, int64_t at, lf_error *error)
{
    lf_status status = LF_OK;
    for (size_t c = 0; c < lf_frame_column_count(frame) && status == LF_OK; c++) {
        size_t bytes = 0;
        char *const values = column_values(frame, c, &bytes);
        if (values != NULL) {
            bytes *= lf_frame_row_count(frame);
            status = move_bytes(store, is_write, values, bytes, at, error);
            at += (int64_t)bytes;
        }
    }
    return status;
}

/* An empty frame with the columns of another one. */
static lf_status create_like(lfi_store *store, const lf_frame *like, lf_error *error)
{
    const size_t count = lf_frame_column_count(like);
    lf_column_spec *const specs = lf_allocate(store->allocator, count, sizeof *specs);
    if (specs == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for the rows of a day.");
    }
    for (size_t c = 0; c < count; c++) {
        specs[c] = lf_frame_column(like, c);
    }
    const lf_status status =
        lf_frame_create(store->allocator, specs, count, 0, &store->frame, error);
    lf_release(store->allocator, specs);
    return status;
}

lf_status lfi_store_put(lfi_store *store, lf_frame *frame, const char *symbol, lf_error *error)
{
    void *days = store->days;
    lf_status status = lf_grow(
        store->allocator, &days, &store->capacity, store->day_count + 1, sizeof(stored_day)
    );
    store->days = days;
    if (status != LF_OK) {
        return lf_error_set(error, status, "No memory for the rows of a day.");
    }
    if (store->frame == NULL) {
        status = create_like(store, frame, error);
    }
    if (status == LF_OK) {
        status = move_frame(store, true, frame, store->bytes, error);
    }
    if (status != LF_OK) {
        return status;
    }
    stored_day *const day = &store->days[store->day_count++];
    *day = (stored_day){.offset = store->bytes, .row_count = lf_frame_row_count(frame)};
    (void)snprintf(day->symbol, sizeof day->symbol, "%s", symbol);
    for (size_t c = 0; c < lf_frame_column_count(frame); c++) {
        size_t bytes = 0;
        const bool is_stored = column_values(frame, c, &bytes) != NULL;
        store->bytes += is_stored ? (int64_t)(bytes * day->row_count) : 0;
    }
    return LF_OK;
}

static lf_status open_day(void *context, size_t day, lf_frame **out, lf_error *error)
{
    lfi_store *const store = context;
    const stored_day *const stored = &store->days[day];
    lf_frame *const frame = store->frame;
    lf_frame_clear(frame);
    lf_status status = lf_frame_append(frame, stored->row_count);
    for (size_t c = 0; c < lf_frame_column_count(frame) && status == LF_OK; c++) {
        if (lf_frame_column(frame, c).kind == LF_COLUMN_TEXT) {
            status = lf_frame_set_text(frame, c, 0, stored->row_count, stored->symbol);
        }
    }
    if (status != LF_OK) {
        return lf_error_set(error, status, "No memory for the rows of a day.");
    }
    *out = frame;
    return move_frame(store, false, frame, stored->offset, error);
}

lf_train_days lfi_store_days(lfi_store *store)
{
    return (lf_train_days){.context = store, .count = store->day_count, .open = open_day};
}
