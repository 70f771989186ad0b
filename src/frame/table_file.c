/* Table files by the ending of their name: CSV of our own, Parquet and Arrow through the plugin. */
#include <lobflow/frame.h>

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "frame_internal.h"

typedef enum file_kind {
    FILE_UNKNOWN = 0,
    FILE_CSV,
    FILE_PARQUET,
    FILE_IPC,
} file_kind;

struct lf_frame_writer {
    lf_allocator allocator;
    bool has_allocator;
    lf_frame *shape; /* no rows, only names and kinds */
    lf_output *output;
    const lfi_arrow_plugin *plugin; /* NULL for CSV */
    lfi_arrow_writer *arrow;
    lf_status sink_status; /* of the last write that the plugin asked for */
    lf_error sink_error;
};

static file_kind kind_of_file(const char *path)
{
    static const struct {
        const char *ending;
        file_kind kind;
    } rows[] = {
        {".csv", FILE_CSV},
        {".parquet", FILE_PARQUET},
        {".arrow", FILE_IPC},
        {".feather", FILE_IPC},
    };
    const size_t length = strlen(path);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const size_t ending = strlen(rows[i].ending);
        if (length > ending && strcasecmp(path + length - ending, rows[i].ending) == 0) {
            return rows[i].kind;
        }
    }
    return FILE_UNKNOWN;
}

static lf_status unknown_ending(const char *path, lf_error *error)
{
    return lf_error_set_at(
        error,
        LF_RANGE,
        path,
        LF_POSITION_NONE,
        LF_POSITION_NONE,
        "the ending of the name says what a table file is; it must be .parquet, .arrow or .csv."
    );
}

static lf_status no_memory(const char *path, lf_error *error)
{
    return lf_error_set(error, LF_NOMEM, "No memory for the table file %s.", path);
}

/* ---- writing ---- */

static bool sink_write(void *context, const void *data, int64_t bytes)
{
    lf_frame_writer *writer = context;
    writer->sink_status = lf_output_write(writer->output, data, (size_t)bytes, &writer->sink_error);
    return writer->sink_status == LF_OK;
}

/* The disk's own error says more than what Arrow makes of it. */
static lf_status
writer_failed(const lf_frame_writer *writer, const lfi_arrow_message *message, lf_error *error)
{
    if (writer->sink_status == LF_OK) {
        return lf_error_set(error, LF_IO, "A table file cannot be written: %s.", message->text);
    }
    if (error != NULL) {
        *error = writer->sink_error;
    }
    return writer->sink_status;
}

static lf_status begin_arrow(lf_frame_writer *writer, file_kind kind, lf_error *error)
{
    struct ArrowSchema schema;
    if (lfi_frame_export_schema(writer->shape, &schema) != LF_OK) {
        return lf_error_set(error, LF_NOMEM, "No memory to write a table file.");
    }
    const lfi_arrow_sink sink = {sink_write, writer};
    lfi_arrow_message message = {{0}};
    const lfi_arrow_format format = kind == FILE_PARQUET ? LFI_ARROW_PARQUET : LFI_ARROW_IPC;
    if (!writer->plugin->writer_create(format, &schema, &sink, &writer->arrow, &message)) {
        return writer_failed(writer, &message, error);
    }
    return LF_OK;
}

static lf_status
begin_writer(lf_frame_writer *writer, const char *path, const lf_frame *like, lf_error *error)
{
    const lf_allocator *allocator = lfi_frame_allocator(like);
    const file_kind kind = kind_of_file(path);
    if (kind != FILE_CSV) {
        const lf_status status = lfi_plugin_load(&writer->plugin, error);
        if (status != LF_OK) {
            return status;
        }
    }
    if (lfi_frame_create_like(like, &writer->shape) != LF_OK) {
        return no_memory(path, error);
    }
    const lf_status status = lf_output_create(allocator, path, &writer->output, error);
    if (status != LF_OK) {
        return status;
    }
    return kind == FILE_CSV ? lfi_csv_write_header(writer->output, like, error)
                            : begin_arrow(writer, kind, error);
}

lf_status lf_frame_check_path(const char *path, lf_error *error)
{
    return kind_of_file(path) == FILE_UNKNOWN ? unknown_ending(path, error) : LF_OK;
}

lf_status lf_frame_writer_create(
    const char *path, const lf_frame *like, lf_frame_writer **out, lf_error *error
)
{
    *out = NULL;
    if (kind_of_file(path) == FILE_UNKNOWN) {
        return unknown_ending(path, error);
    }
    const lf_allocator *allocator = lfi_frame_allocator(like);
    lf_frame_writer *writer = lf_allocate(allocator, 1, sizeof *writer);
    if (writer == NULL) {
        return no_memory(path, error);
    }
    writer->has_allocator = allocator != NULL;
    if (allocator != NULL) {
        writer->allocator = *allocator;
    }
    const lf_status status = begin_writer(writer, path, like, error);
    if (status != LF_OK) {
        lf_frame_writer_destroy(writer);
        return status;
    }
    *out = writer;
    return LF_OK;
}

lf_status lf_frame_writer_write(lf_frame_writer *writer, const lf_frame *frame, lf_error *error)
{
    if (!lfi_frame_same_columns(writer->shape, frame)) {
        return lf_error_set(
            error, LF_MISMATCH, "The table has other columns than the file it is written to."
        );
    }
    if (writer->plugin == NULL) {
        return lfi_csv_write_rows(writer->output, frame, error);
    }
    struct ArrowArray batch;
    if (lfi_frame_export_batch(frame, &batch) != LF_OK) {
        return lf_error_set(error, LF_NOMEM, "No memory to write to a table file.");
    }
    lfi_arrow_message message = {{0}};
    if (!writer->plugin->writer_write(writer->arrow, &batch, &message)) {
        return writer_failed(writer, &message, error);
    }
    return LF_OK;
}

lf_status lf_frame_writer_finish(lf_frame_writer *writer, lf_error *error)
{
    lfi_arrow_message message = {{0}};
    if (writer->plugin != NULL && !writer->plugin->writer_finish(writer->arrow, &message)) {
        return writer_failed(writer, &message, error);
    }
    return lf_output_finish(writer->output, error);
}

void lf_frame_writer_destroy(lf_frame_writer *writer)
{
    if (writer == NULL) {
        return;
    }
    const lf_allocator copy = writer->allocator;
    const lf_allocator *allocator = writer->has_allocator ? &copy : NULL;
    if (writer->plugin != NULL) {
        writer->plugin->writer_destroy(writer->arrow);
    }
    lf_output_destroy(writer->output);
    lf_frame_destroy(writer->shape);
    lf_release(allocator, writer);
}

lf_status lf_frame_write(const lf_frame *frame, const char *path, lf_error *error)
{
    lf_frame_writer *writer;
    lf_status status = lf_frame_writer_create(path, frame, &writer, error);
    if (status == LF_OK) {
        status = lf_frame_writer_write(writer, frame, error);
    }
    if (status == LF_OK) {
        status = lf_frame_writer_finish(writer, error);
    }
    lf_frame_writer_destroy(writer);
    return status;
}

/* ---- reading ---- */

static lf_status cannot_open(const char *path, int code, lf_error *error)
{
    return lf_error_set_at(
        error,
        code == ENOENT || code == ENOTDIR ? LF_NOT_FOUND : LF_IO,
        path,
        LF_POSITION_NONE,
        LF_POSITION_NONE,
        "cannot be read: %s.",
        strerror(code)
    );
}

lf_status
lfi_frame_read(const lf_allocator *allocator, const char *path, lf_frame **out, lf_error *error)
{
    *out = NULL;
    const file_kind kind = kind_of_file(path);
    if (kind == FILE_UNKNOWN) {
        return unknown_ending(path, error);
    }
    if (kind == FILE_CSV) {
        return lfi_csv_read(allocator, path, out, error);
    }
    const lfi_arrow_plugin *plugin;
    const lf_status status = lfi_plugin_load(&plugin, error);
    if (status != LF_OK) {
        return status;
    }
    if (access(path, R_OK) != 0) {
        return cannot_open(path, errno, error);
    }
    struct ArrowArrayStream stream;
    lfi_arrow_message message = {{0}};
    const lfi_arrow_format format = kind == FILE_PARQUET ? LFI_ARROW_PARQUET : LFI_ARROW_IPC;
    if (!plugin->read(format, path, &stream, &message)) {
        return lf_error_set_at(
            error,
            LF_FORMAT,
            path,
            LF_POSITION_NONE,
            LF_POSITION_NONE,
            "is no %s file: %s.",
            kind == FILE_PARQUET ? "Parquet" : "Arrow",
            message.text
        );
    }
    return lf_frame_import(allocator, &stream, path, out, error);
}

lf_status lf_frame_read(const char *path, lf_frame **out, lf_error *error)
{
    return lfi_frame_read(NULL, path, out, error);
}
