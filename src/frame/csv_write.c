/* A table as comma-separated values: the shortest text of each number that reads back. */
#include <lobflow/frame.h>

#include <string.h>
#include <strings.h>

#include "frame_internal.h"

/* Lines are put together here; texts that do not fit go straight to the file. */
#define LINE_BYTES 4096

typedef struct line {
    lf_output *output;
    lf_error *error;
    size_t used;
    char bytes[LINE_BYTES];
} line;

static lf_status flush(line *to)
{
    const size_t used = to->used;
    to->used = 0;
    return lf_output_write(to->output, to->bytes, used, to->error);
}

static lf_status put(line *to, const char *text, size_t bytes)
{
    if (bytes > LINE_BYTES - to->used) {
        const lf_status status = flush(to);
        if (status != LF_OK || bytes > LINE_BYTES) {
            return status != LF_OK ? status : lf_output_write(to->output, text, bytes, to->error);
        }
    }
    memcpy(to->bytes + to->used, text, bytes);
    to->used += bytes;
    return LF_OK;
}

/* At the start of a file a reader would take it for the file's own mark and drop it. */
static bool starts_with_mark(const char *text)
{
    return strncmp(text, "\xef\xbb\xbf", 3) == 0;
}

static bool looks_like_another_kind(const char *text, size_t bytes)
{
    double number;
    return lf_double_parse(text, bytes, &number) == LF_OK || strcasecmp(text, "true") == 0 ||
           strcasecmp(text, "false") == 0;
}

static bool stands_bare(const char *text, size_t bytes)
{
    return bytes > 0 && strpbrk(text, ",\"\r\n") == NULL && !starts_with_mark(text) &&
           !looks_like_another_kind(text, bytes);
}

/* Quotes only where they are needed: around commas, quotes and line ends, and around "", texts such
   as the symbol "700", which a reader would take for a number, and byte order marks. */
static lf_status put_text(line *to, const char *text)
{
    const size_t bytes = strlen(text);
    if (stands_bare(text, bytes)) {
        return put(to, text, bytes);
    }
    lf_status status = put(to, "\"", 1);
    while (status == LF_OK && *text != '\0') {
        /* Up to and with the next quote, which is then written once more. */
        const char *quote = strchr(text, '"');
        const size_t piece = quote != NULL ? (size_t)(quote - text) + 1 : strlen(text);
        status = put(to, text, piece);
        if (status == LF_OK && quote != NULL) {
            status = put(to, "\"", 1);
        }
        text += piece;
    }
    return status == LF_OK ? put(to, "\"", 1) : status;
}

static lf_status put_cell(line *to, const lf_frame *frame, size_t column, size_t row)
{
    const lfi_column *from = &frame->columns[column];
    const void *data = lfi_buffer_data(from->buffer);
    char text[LF_DOUBLE_TEXT_BYTES];
    switch (from->kind) {
    case LF_COLUMN_F64:
        return put(to, text, lf_double_format(((const double *)data)[row], text));
    case LF_COLUMN_I64:
    case LF_COLUMN_TIME:
        return put(to, text, lf_int64_format(((const int64_t *)data)[row], text));
    case LF_COLUMN_BOOL:
        return put(to, ((const uint8_t *)data)[row] != 0 ? "1" : "0", 1);
    case LF_COLUMN_TEXT:
        return put_text(to, lf_frame_text(frame, column, row));
    }
    return LF_OK;
}

lf_status lfi_csv_write_header(lf_output *output, const lf_frame *frame, lf_error *error)
{
    line to = {.output = output, .error = error, .used = 0};
    lf_status status = LF_OK;
    for (size_t i = 0; status == LF_OK && i < frame->column_count; i++) {
        status = put_text(&to, frame->columns[i].name);
        if (status == LF_OK) {
            status = put(&to, i + 1 < frame->column_count ? "," : "\n", 1);
        }
    }
    return status == LF_OK ? flush(&to) : status;
}

lf_status lfi_csv_write_rows(lf_output *output, const lf_frame *frame, lf_error *error)
{
    line to = {.output = output, .error = error, .used = 0};
    lf_status status = LF_OK;
    for (size_t row = 0; row < frame->row_count; row++) {
        for (size_t i = 0; status == LF_OK && i < frame->column_count; i++) {
            status = put_cell(&to, frame, i, row);
            if (status == LF_OK) {
                status = put(&to, i + 1 < frame->column_count ? "," : "\n", 1);
            }
        }
        if (status != LF_OK) {
            return status;
        }
    }
    return flush(&to);
}
