/* Status names and caller-owned errors. */
#include <lobflow/base.h>

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *lf_status_name(lf_status status)
{
    switch (status) {
#define STATUS_CASE(name, code, text) \
    case LF_##name: \
        return #name;
        LF_STATUS_MAP(STATUS_CASE)
#undef STATUS_CASE
    }
    return "UNKNOWN";
}

const char *lf_status_text(lf_status status)
{
    switch (status) {
#define STATUS_CASE(name, code, text) \
    case LF_##name: \
        return text;
        LF_STATUS_MAP(STATUS_CASE)
#undef STATUS_CASE
    }
    return "unknown status";
}

/* The end of a long path says more than its start, so the start is what gives way. */
static void copy_file_name(lf_error *error, const char *file)
{
    const size_t length = strlen(file);
    const size_t room = sizeof error->file - 1;
    if (length <= room) {
        memcpy(error->file, file, length + 1);
        return;
    }
    memcpy(error->file, "...", 3);
    memcpy(error->file + 3, file + length - (room - 3), room - 3 + 1);
}

static void fill_message(lf_error *error, size_t prefix, const char *format, va_list arguments)
{
    const size_t room = sizeof error->message - prefix;
    (void)vsnprintf(error->message + prefix, room, format, arguments);
}

lf_status lf_error_set(lf_error *error, lf_status status, const char *format, ...)
{
    assert(status != LF_OK);
    if (error == NULL) {
        return status;
    }
    /* The message is made apart: an argument may be part of the old error. */
    lf_error fresh = {.status = status, .line = LF_POSITION_NONE, .byte_offset = LF_POSITION_NONE};
    va_list arguments;
    va_start(arguments, format);
    fill_message(&fresh, 0, format, arguments);
    va_end(arguments);
    *error = fresh;
    return status;
}

lf_status lf_error_set_at(
    lf_error *error,
    lf_status status,
    const char *file,
    int64_t line,
    int64_t byte_offset,
    const char *format,
    ...
)
{
    assert(status != LF_OK);
    if (error == NULL) {
        return status;
    }
    lf_error fresh = {.status = status, .line = line, .byte_offset = byte_offset};
    copy_file_name(&fresh, file);
    const size_t room = sizeof fresh.message;
    int written;
    if (line != LF_POSITION_NONE) {
        written = snprintf(fresh.message, room, "%s:%" PRId64 ": ", fresh.file, line);
    } else if (byte_offset != LF_POSITION_NONE) {
        written = snprintf(fresh.message, room, "%s: byte %" PRId64 ": ", fresh.file, byte_offset);
    } else {
        written = snprintf(fresh.message, room, "%s: ", fresh.file);
    }
    va_list arguments;
    va_start(arguments, format);
    fill_message(&fresh, (size_t)written, format, arguments);
    va_end(arguments);
    *error = fresh;
    return status;
}
