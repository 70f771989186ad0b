/*
 * Days of rows in one file without a name: made once, read as often as training looks at them.
 *
 * The file is unlinked as soon as it is open, so it is gone when the program ends, however it ends.
 * It is private to one process, hence plain columns of this machine's numbers and no format, and it
 * can be mapped: nobody else can cut it. A day that is opened is so much of the file, seen through
 * a table; only what is looked at is brought in, and what is written into it is gone when it is
 * opened again.
 */
#include "line_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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
    void **columns;  /* where its columns lie, [column count] */
    char *map;       /* [map_bytes], NULL without a day that has rows */
    size_t map_bytes;
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
    if (store->map != NULL) {
        (void)munmap(store->map, store->map_bytes);
    }
    lf_release(store->allocator, store->columns);
    lf_release(store->allocator, store->days);
    lf_release(store->allocator, store);
}

/* Values of a column; NULL for a text. */
static const void *column_values(lf_frame *frame, size_t column)
{
    switch (lf_frame_column(frame, column).kind) {
    case LF_COLUMN_F64:
        return lf_frame_f64(frame, column);
    case LF_COLUMN_I64:
    case LF_COLUMN_TIME:
        return lf_frame_i64(frame, column);
    case LF_COLUMN_BOOL:
        return lf_frame_bool(frame, column);
    case LF_COLUMN_TEXT:
        break;
    }
    return NULL;
}

/* Bytes of a column in the file, where no text is. */
static size_t column_bytes(lf_frame *frame, size_t column, size_t row_count)
{
    switch (lf_frame_column(frame, column).kind) {
    case LF_COLUMN_F64:
    case LF_COLUMN_I64:
    case LF_COLUMN_TIME:
        return row_count * sizeof(double);
    case LF_COLUMN_BOOL:
        return row_count;
    case LF_COLUMN_TEXT:
        break;
    }
    return 0;
}

/* Columns begin where any number may lie. */
static size_t padded(size_t bytes)
{
    return (bytes + sizeof(double) - 1) / sizeof(double) * sizeof(double);
}

static size_t day_bytes(lf_frame *frame, size_t row_count)
{
    size_t bytes = 0;
    for (size_t c = 0; c < lf_frame_column_count(frame); c++) {
        bytes += padded(column_bytes(frame, c, row_count));
    }
    return bytes;
}

/* Writes bytes, however small the pieces that the system takes. */
static lf_status
write_bytes(const lfi_store *store, const char *data, size_t bytes, int64_t at, lf_error *error)
{
    while (bytes > 0) {
        errno = 0;
        const ssize_t moved = pwrite(store->file, data, bytes, at);
        if (moved <= 0 && errno != EINTR) {
            return failed(store, "written", error);
        }
        const size_t done = moved > 0 ? (size_t)moved : 0;
        data += done;
        bytes -= done;
        at += (int64_t)done;
    }
    return LF_OK;
}

/* All columns of a frame, and the file as long as its last one with what pads it. */
static lf_status write_frame(const lfi_store *store, lf_frame *frame, lf_error *error)
{
    const size_t rows = lf_frame_row_count(frame);
    int64_t at = store->bytes;
    lf_status status = LF_OK;
    for (size_t c = 0; c < lf_frame_column_count(frame) && status == LF_OK; c++) {
        const size_t bytes = column_bytes(frame, c, rows);
        if (bytes > 0) {
            status = write_bytes(store, column_values(frame, c), bytes, at, error);
        }
        at += (int64_t)padded(bytes);
    }
    errno = 0;
    return status == LF_OK && ftruncate(store->file, at) != 0 ? failed(store, "written", error)
                                                              : status;
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
    lf_status status = lf_frame_create(store->allocator, specs, count, 0, &store->frame, error);
    lf_release(store->allocator, specs);
    if (status == LF_OK) {
        store->columns = lf_allocate(store->allocator, count, sizeof *store->columns);
        status = store->columns != NULL
                     ? LF_OK
                     : lf_error_set(error, LF_NOMEM, "No memory for the rows of a day.");
    }
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
        status = write_frame(store, frame, error);
    }
    if (status != LF_OK) {
        return status;
    }
    stored_day *const day = &store->days[store->day_count++];
    *day = (stored_day){.offset = store->bytes, .row_count = lf_frame_row_count(frame)};
    (void)snprintf(day->symbol, sizeof day->symbol, "%s", symbol);
    store->bytes += (int64_t)day_bytes(frame, day->row_count);
    return LF_OK;
}

/* Bytes of the file as memory; mapped anew each time, so that nothing written before is in them. */
static lf_status map_bytes(lfi_store *store, int64_t at, size_t bytes, lf_error *error)
{
    if (store->map != NULL) {
        (void)munmap(store->map, store->map_bytes);
        store->map = NULL;
    }
    errno = 0;
    void *const map =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, store->file, (off_t)at);
    if (map == MAP_FAILED) {
        return failed(store, "read", error);
    }
    store->map = map;
    store->map_bytes = bytes;
    return LF_OK;
}

/* Points to the columns of a day in the file. */
static lf_status find_columns(lfi_store *store, const stored_day *stored, lf_error *error)
{
    const int64_t page = sysconf(_SC_PAGESIZE);
    const int64_t before = stored->offset % page;
    const size_t bytes = day_bytes(store->frame, stored->row_count);
    const lf_status status =
        map_bytes(store, stored->offset - before, (size_t)before + bytes, error);
    if (status != LF_OK) {
        return status;
    }
    char *at = store->map + before;
    for (size_t c = 0; c < lf_frame_column_count(store->frame); c++) {
        store->columns[c] = at;
        at += padded(column_bytes(store->frame, c, stored->row_count));
    }
    return LF_OK;
}

static lf_status open_day(void *context, size_t day, lf_frame **out, lf_error *error)
{
    lfi_store *const store = context;
    const stored_day *const stored = &store->days[day];
    lf_frame *const frame = store->frame;
    lf_frame_clear(frame);
    if (stored->row_count == 0) {
        *out = frame;
        return LF_OK;
    }
    lf_status status = find_columns(store, stored, error);
    if (status != LF_OK) {
        return status;
    }
    status = lf_frame_borrow(frame, store->columns, stored->row_count);
    for (size_t c = 0; c < lf_frame_column_count(frame) && status == LF_OK; c++) {
        if (lf_frame_column(frame, c).kind == LF_COLUMN_TEXT) {
            status = lf_frame_set_text(frame, c, 0, stored->row_count, stored->symbol);
        }
    }
    if (status != LF_OK) {
        return lf_error_set(error, status, "No memory for the rows of a day.");
    }
    *out = frame;
    return LF_OK;
}

lf_train_days lfi_store_days(lfi_store *store)
{
    return (lf_train_days){.context = store, .count = store->day_count, .open = open_day};
}
