/* A column changes its kind, exactly or not at all. */
#include <lobflow/frame.h>

#include <math.h>

#include "frame_internal.h"

/* Largest whole number up to which every whole number is a double. */
#define EXACT_MAX (INT64_C(1) << 53)

static bool is_whole_kind(lf_column_kind kind)
{
    return kind == LF_COLUMN_I64 || kind == LF_COLUMN_TIME;
}

/* A value of any kind but text as a whole number; false when it is none. */
static bool get_whole(const lfi_column *column, size_t row, int64_t *out)
{
    const void *data = lfi_buffer_data(column->buffer);
    if (is_whole_kind(column->kind)) {
        *out = ((const int64_t *)data)[row];
        return true;
    }
    if (column->kind == LF_COLUMN_BOOL) {
        *out = ((const uint8_t *)data)[row];
        return true;
    }
    const double value = ((const double *)data)[row];
    if (!(fabs(value) < 0x1p63) || value != floor(value)) {
        return false;
    }
    *out = (int64_t)value;
    return true;
}

static bool put_whole(lfi_buffer *to, lf_column_kind kind, size_t row, int64_t value)
{
    void *data = lfi_buffer_data(to);
    if (kind == LF_COLUMN_F64) {
        ((double *)data)[row] = (double)value;
        return value >= -EXACT_MAX && value <= EXACT_MAX;
    }
    if (kind == LF_COLUMN_BOOL) {
        ((uint8_t *)data)[row] = (uint8_t)value;
        return value == 0 || value == 1;
    }
    ((int64_t *)data)[row] = value;
    return true;
}

/* Fills a fresh column of the new kind; the row where it fails, or SIZE_MAX. */
static size_t convert(const lfi_column *from, lfi_buffer *to, lf_column_kind kind, size_t count)
{
    for (size_t row = 0; row < count; row++) {
        int64_t value;
        if (!get_whole(from, row, &value) || !put_whole(to, kind, row, value)) {
            return row;
        }
    }
    return SIZE_MAX;
}

lf_status lf_frame_cast(lf_frame *frame, size_t column, lf_column_kind kind, lf_error *error)
{
    lfi_column *from = &frame->columns[column];
    if (from->kind == kind) {
        return LF_OK;
    }
    if (from->kind == LF_COLUMN_TEXT || kind == LF_COLUMN_TEXT) {
        return lf_error_set(
            error, LF_RANGE, "The column \"%s\" cannot change from or to text.", from->name
        );
    }
    if (is_whole_kind(from->kind) && is_whole_kind(kind)) {
        from->kind = kind;
        return LF_OK;
    }
    /* A table of one column brings the buffer. */
    lf_frame *fresh;
    const lf_column_spec spec = {from->name, kind};
    const lf_status status =
        lf_frame_create(lfi_frame_allocator(frame), &spec, 1, frame->capacity, &fresh, error);
    if (status != LF_OK) {
        return status;
    }
    const size_t bad_row = convert(from, fresh->columns[0].buffer, kind, frame->row_count);
    if (bad_row != SIZE_MAX) {
        lf_frame_destroy(fresh);
        return lf_error_set(
            error,
            LF_RANGE,
            "Row %zu of the column \"%s\" has a value that does not fit into its new kind.",
            bad_row,
            from->name
        );
    }
    lfi_buffer *old = from->buffer;
    from->buffer = fresh->columns[0].buffer;
    from->kind = kind;
    fresh->columns[0].buffer = old;
    lf_frame_destroy(fresh);
    return LF_OK;
}
