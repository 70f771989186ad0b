/**
 * @file
 * A table of typed columns, in memory as Arrow, on disk as Parquet, Arrow IPC or CSV.
 */
#ifndef LOBFLOW_FRAME_H
#define LOBFLOW_FRAME_H

#include <lobflow/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a column holds. Undefined float64 values are NaN; the other kinds have no undefined. */
typedef enum lf_column_kind {
    LF_COLUMN_F64 = 0,
    LF_COLUMN_I64 = 1,
    LF_COLUMN_TIME = 2, /* timestamp[ns, UTC]; an integer in CSV */
    LF_COLUMN_BOOL = 3, /* one byte each in memory; 0/1 in CSV */
    LF_COLUMN_TEXT = 4, /* dictionary of distinct texts; a string on disk */
} lf_column_kind;

/** Name and kind of one column. */
typedef struct lf_column_spec {
    const char *name;
    lf_column_kind kind;
} lf_column_spec;

/** A table that owns its columns; rows are appended, never removed one by one. */
typedef struct lf_frame lf_frame;

/**
 * Create an empty table.
 *
 * @param specs     [column_count] copied; names must differ
 * @param capacity  rows to take memory for at once; 0 is allowed
 * @param out       owned; NULL on failure
 * @return LF_OK, LF_RANGE (no column, equal names) or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_frame_create(
    const lf_allocator *allocator,
    const lf_column_spec *specs,
    size_t column_count,
    size_t capacity,
    lf_frame **out,
    lf_error *error
);

/** End a table; NULL is accepted. Arrow exports of it stay valid until they are released. */
LF_API void lf_frame_destroy(lf_frame *frame);

/** Rows that the table holds. */
LF_API size_t lf_frame_row_count(const lf_frame *frame);

/** Columns that the table holds. */
LF_API size_t lf_frame_column_count(const lf_frame *frame);

/** Name and kind of a column, borrowed; column < lf_frame_column_count(). */
LF_API lf_column_spec lf_frame_column(const lf_frame *frame, size_t column);

/** Index of a named column, or SIZE_MAX. */
LF_API size_t lf_frame_find(const lf_frame *frame, const char *name);

/**
 * Append rows whose values are zero (NaN for float64, "" for text), to be filled through the
 * lf_frame_*() pointers below. Amortised O(1) a row; pointers got before are invalid afterwards.
 *
 * @return LF_OK or LF_NOMEM (the table is then unchanged)
 */
LF_API LF_MUST_CHECK lf_status lf_frame_append(lf_frame *frame, size_t row_count);

/**
 * Change the kind of a column: between int64, time, bool and float64. Values must be exact in the
 * new kind; undefined float64 values have no twin in the others. For files that hold a column as
 * another kind than the one asked for, such as whole numbers in a CSV.
 *
 * @return LF_OK, LF_RANGE (a value that does not fit, or a text column) or LF_NOMEM; the column is
 *         then unchanged
 */
LF_API LF_MUST_CHECK lf_status
lf_frame_cast(lf_frame *frame, size_t column, lf_column_kind kind, lf_error *error);

/**
 * Take rows that lie elsewhere instead of those of the table, without a copy. They are borrowed
 * until the table is cleared, borrows others or is destroyed; appending to them and exporting them
 * copies. Texts are "" in all rows.
 *
 * @param columns    [column_count] values of each column, [row_count], aligned for their kind;
 * those of text columns are not looked at
 * @param row_count  number of rows
 * @return LF_OK or LF_NOMEM (the table then has no rows)
 *
 * Cost: nothing a row but for text columns; no memory once the table has borrowed as many.
 */
LF_API LF_MUST_CHECK lf_status
lf_frame_borrow(lf_frame *frame, void *const *columns, size_t row_count);

/** Forget all rows, keep the memory. */
LF_API void lf_frame_clear(lf_frame *frame);

/** Values of a LF_COLUMN_F64 column, [row_count], borrowed. */
LF_API double *lf_frame_f64(lf_frame *frame, size_t column);

/** Values of a LF_COLUMN_I64 or LF_COLUMN_TIME column, [row_count], borrowed. */
LF_API int64_t *lf_frame_i64(lf_frame *frame, size_t column);

/** Values of a LF_COLUMN_BOOL column, [row_count] of 0 or 1, borrowed. */
LF_API uint8_t *lf_frame_bool(lf_frame *frame, size_t column);

/**
 * Set the text of rows [first_row, first_row + row_count) of a LF_COLUMN_TEXT column.
 *
 * @param text  copied once into the column's dictionary
 * @return LF_OK or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_frame_set_text(
    lf_frame *frame, size_t column, size_t first_row, size_t row_count, const char *text
);

/** Text of one row of a LF_COLUMN_TEXT column, borrowed. */
LF_API const char *lf_frame_text(const lf_frame *frame, size_t column, size_t row);

/**
 * Append all rows of another table with the same columns.
 *
 * @return LF_OK, LF_MISMATCH or LF_NOMEM (the table is then unchanged)
 */
LF_API LF_MUST_CHECK lf_status lf_frame_concat(lf_frame *frame, const lf_frame *other);

/* ---- files ------------------------------------------------------------------------------ */

/**
 * A table file being written: .parquet, .arrow (IPC file) or .csv, by the ending of the name. Rows
 * go to a temporary name beside it; only finish() gives the file its name, so a failed or
 * interrupted write leaves nothing under it.
 */
typedef struct lf_frame_writer lf_frame_writer;

/**
 * Whether the ending of a name tells what a table file is.
 *
 * @return LF_OK or LF_RANGE, naming the endings
 */
LF_API LF_MUST_CHECK lf_status lf_frame_check_path(const char *path, lf_error *error);

/**
 * Begin a table file with the columns of a frame.
 *
 * @param like  the columns; its rows are not written
 * @param out   owned; NULL on failure
 * @return LF_OK, LF_RANGE (unknown ending), LF_DEPENDENCY (no Arrow plugin), LF_IO or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_frame_writer_create(
    const char *path, const lf_frame *like, lf_frame_writer **out, lf_error *error
);

/**
 * Write all rows of a frame with the columns that the writer was created with.
 *
 * @return LF_OK, LF_MISMATCH, LF_IO or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status
lf_frame_writer_write(lf_frame_writer *writer, const lf_frame *frame, lf_error *error);

/**
 * Complete the file and give it its name. The writer must still be destroyed.
 *
 * @return LF_OK or LF_IO
 */
LF_API LF_MUST_CHECK lf_status lf_frame_writer_finish(lf_frame_writer *writer, lf_error *error);

/** End a writer; an unfinished file disappears. NULL is accepted. */
LF_API void lf_frame_writer_destroy(lf_frame_writer *writer);

/**
 * Write one frame as one file: create, write, finish.
 *
 * @return as the three calls
 */
LF_API LF_MUST_CHECK lf_status
lf_frame_write(const lf_frame *frame, const char *path, lf_error *error);

/**
 * Read a table file that lobflow or another program wrote; int, float, bool, timestamp, date and
 * text columns are taken, others are refused by name. A missing value is NaN in a float column,
 * LF_TIME_NONE in a time column, "" in a text column, and refused elsewhere.
 *
 * A CSV has no kinds. A column whose cells are all whole numbers is int64 - time when its name
 * begins with "ts_", bool when it is named "valid" and holds only 0 and 1 -, one of numbers, "nan"
 * and empty cells is float64, one of true and false is bool, everything else is text;
 * lf_frame_cast() mends a wrong guess.
 *
 * @param out  owned; NULL on failure
 * @return LF_OK, LF_RANGE, LF_DEPENDENCY, LF_NOT_FOUND, LF_IO, LF_FORMAT, LF_UNSUPPORTED, LF_DATA
 * or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_frame_read(const char *path, lf_frame **out, lf_error *error);

/* ---- Arrow C data interface ------------------------------------------------------------- */

/* The layout is fixed by Arrow; the guards are those that its specification asks for, so that these
   structs can stand beside those of any other library. */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

#endif

/**
 * Export all rows as one Arrow record batch. float64, int64 and time columns are shared, bool and
 * text columns are converted (to bits and to utf8). The shared memory lives until the consumer
 * releases the batch, even after lf_frame_destroy(); a later append to the frame copies first. The
 * frame's allocator must live as long.
 *
 * @param out  filled; released by its consumer; untouched on failure
 * @return LF_OK or LF_NOMEM
 * Thread: the batch may be released on any thread if the allocator allows it.
 * Source: https://arrow.apache.org/docs/format/CStreamInterface.html
 */
LF_API LF_MUST_CHECK lf_status
lf_frame_export(const lf_frame *frame, struct ArrowArrayStream *out, lf_error *error);

/**
 * Copy all batches of an Arrow stream of record batches into a new table; the kinds are taken as by
 * lf_frame_read().
 *
 * @param stream  released in every case
 * @param name    for errors, such as the file's name
 * @param out     owned; NULL on failure
 * @return LF_OK, LF_IO (the stream fails), LF_UNSUPPORTED, LF_DATA (a missing or too large value),
 *         LF_RANGE (no column, equal names) or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_frame_import(
    const lf_allocator *allocator,
    struct ArrowArrayStream *stream,
    const char *name,
    lf_frame **out,
    lf_error *error
);

#ifdef __cplusplus
}
#endif

#endif
