/*
 * Which predictions are scored.
 *
 * A score needs all its rows at once, in order of the forecast. Rows that lie nearer than the
 * horizon have overlapping labels, so of a long run every second, third, ... tells nearly as much,
 * and memory has a bound.
 */
#include "report_internal.h"

#include <string.h>

/* A month of sessions in steps of one second. */
#define ROWS_MAX ((size_t)1 << 19)

static lf_status no_memory(lf_error *error)
{
    return lf_error_set(error, LF_NOMEM, "not enough memory for the scores.");
}

/* A table with the columns of another. */
static lf_status create_like(lfi_metrics *m, const lf_frame *like, lf_error *error)
{
    const size_t count = lf_frame_column_count(like);
    lf_column_spec *const specs = lf_allocate(m->allocator, count, sizeof *specs);
    if (specs == NULL) {
        return no_memory(error);
    }
    for (size_t c = 0; c < count; c++) {
        specs[c] = lf_frame_column(like, c);
    }
    const size_t rows = m->predicted_rows / m->every + 1;
    const lf_status status =
        lf_frame_create(m->allocator, specs, count, rows, &m->predictions, error);
    lf_release(m->allocator, specs);
    return status;
}

/* A text column in stretches of equal texts. */
static lf_status copy_texts(
    lf_frame *to, size_t to_row, const lf_frame *from, size_t row, size_t column, size_t every
)
{
    const size_t end = lf_frame_row_count(to);
    lf_status status = LF_OK;
    for (size_t i = to_row; i < end && status == LF_OK;) {
        const char *const text = lf_frame_text(from, column, row + (i - to_row) * every);
        size_t next = i + 1;
        while (next < end &&
               strcmp(lf_frame_text(from, column, row + (next - to_row) * every), text) == 0) {
            next++;
        }
        status = lf_frame_set_text(to, column, i, next - i, text);
        i = next;
    }
    return status;
}

/* Append every m->every-th row of a part from a row on. */
static lf_status copy_rows(lfi_metrics *m, lf_frame *from, size_t row)
{
    lf_frame *const to = m->predictions;
    const size_t rows = lf_frame_row_count(from);
    const size_t first = lf_frame_row_count(to);
    const size_t count = row < rows ? (rows - row - 1) / m->every + 1 : 0;
    lf_status status = lf_frame_append(to, count);
    for (size_t c = 0; c < lf_frame_column_count(to) && status == LF_OK && count > 0; c++) {
        switch (lf_frame_column(to, c).kind) {
        case LF_COLUMN_F64:
            for (size_t i = 0; i < count; i++) {
                lf_frame_f64(to, c)[first + i] = lf_frame_f64(from, c)[row + i * m->every];
            }
            break;
        case LF_COLUMN_I64:
        case LF_COLUMN_TIME:
            for (size_t i = 0; i < count; i++) {
                lf_frame_i64(to, c)[first + i] = lf_frame_i64(from, c)[row + i * m->every];
            }
            break;
        case LF_COLUMN_BOOL:
            for (size_t i = 0; i < count; i++) {
                lf_frame_bool(to, c)[first + i] = lf_frame_bool(from, c)[row + i * m->every];
            }
            break;
        case LF_COLUMN_TEXT:
            status = copy_texts(to, first, from, row, c, m->every);
            break;
        }
    }
    return status;
}

/* Part by part; a row's number in the whole table decides. */
static lf_status copy_parts(lfi_metrics *m, lf_error *error)
{
    const lf_report_parts *parts = &m->run->prediction_parts;
    const size_t part_count = m->run->predictions != NULL ? 1 : parts->count;
    size_t before = 0;
    lf_status status = LF_OK;
    for (size_t part = 0; part < part_count && status == LF_OK; part++) {
        lf_frame *frame = m->run->predictions;
        status = frame != NULL ? LF_OK : parts->open(parts->context, part, &frame, error);
        if (status == LF_OK && m->predictions == NULL) {
            status = create_like(m, frame, error);
        }
        if (status == LF_OK) {
            const size_t row = (m->every - before % m->every) % m->every;
            status = copy_rows(m, frame, row) == LF_OK ? LF_OK : no_memory(error);
            before += lf_frame_row_count(frame);
        }
    }
    return status;
}

lf_status lfi_metrics_choose(lfi_metrics *m, lf_error *error)
{
    lf_frame *const whole = m->run->predictions;
    m->predicted_rows =
        whole != NULL ? lf_frame_row_count(whole) : m->run->prediction_parts.row_count;
    m->every = m->predicted_rows > ROWS_MAX ? (m->predicted_rows - 1) / ROWS_MAX + 1 : 1;
    if (whole != NULL && m->every == 1) {
        m->predictions = whole;
        return LF_OK;
    }
    return copy_parts(m, error);
}
