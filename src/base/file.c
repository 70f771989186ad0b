/* Whole files, folders, and files that appear only when they are complete. */
#include <lobflow/base.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Large enough that the system calls do not count, small enough to stay in the cache. */
#define BUFFER_BYTES ((size_t)256 * 1024)
#define FORMAT_BYTES 4096
/* Attempts at a temporary name before giving up; each clash is a left-over of a killed program. */
#define NAME_ATTEMPTS 1000

struct lf_output {
    lf_allocator allocator;
    bool has_allocator;
    char *path;
    char *temporary_path; /* "" while the path is written to directly */
    unsigned char *buffer;
    size_t buffered_bytes;
    int64_t total_bytes;
    int descriptor; /* -1 after finish */
    int failure;    /* errno of the first failure, 0 before */
};

/* ---- reading ---- */

static lf_status read_failed(const char *path, int code, lf_error *error)
{
    const lf_status status = code == ENOENT || code == ENOTDIR ? LF_NOT_FOUND : LF_IO;
    return lf_error_set_at(
        error,
        status,
        path,
        LF_POSITION_NONE,
        LF_POSITION_NONE,
        "cannot be read: %s.",
        strerror(code)
    );
}

static lf_status read_descriptor(
    const lf_allocator *allocator,
    int descriptor,
    const char *path,
    char **out,
    size_t *bytes,
    lf_error *error
)
{
    struct stat info;
    if (fstat(descriptor, &info) != 0) {
        return read_failed(path, errno, error);
    }
    /* The size is only a first guess: a pipe has none and a file may grow. */
    size_t capacity = info.st_size > 0 ? (size_t)info.st_size + 2 : 4096;
    size_t used = 0;
    void *data = lf_allocate(allocator, capacity, 1);
    lf_status status = data == NULL ? LF_NOMEM : LF_OK;
    while (status == LF_OK) {
        const ssize_t got = read(descriptor, (char *)data + used, capacity - used - 1);
        if (got == 0) {
            break;
        }
        if (got < 0 && errno != EINTR) {
            status = read_failed(path, errno, error);
        } else if (got > 0) {
            used += (size_t)got;
            status = lf_grow(allocator, &data, &capacity, used + 2, 1);
        }
    }
    if (status != LF_OK) {
        lf_release(allocator, data);
        return status == LF_NOMEM ? lf_error_set(error, status, "No memory to read %s.", path)
                                  : status;
    }
    ((char *)data)[used] = '\0';
    *out = data;
    *bytes = used;
    return LF_OK;
}

lf_status lf_file_read_all(
    const lf_allocator *allocator, const char *path, char **out, size_t *bytes, lf_error *error
)
{
    *out = NULL;
    *bytes = 0;
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return read_failed(path, errno, error);
    }
    const lf_status status = read_descriptor(allocator, descriptor, path, out, bytes, error);
    (void)close(descriptor);
    return status;
}

/* ---- folders ---- */

lf_status lf_mkdirs(const char *path, lf_error *error)
{
    char part[4096];
    const size_t length = strlen(path);
    if (length == 0 || length >= sizeof part) {
        return lf_error_set(
            error, LF_IO, "A folder's path must have 1 to 4095 bytes; this one has %zu.", length
        );
    }
    memcpy(part, path, length + 1);
    for (size_t i = 1; i <= length; i++) {
        if (part[i] != '/' && part[i] != '\0') {
            continue;
        }
        const char kept = part[i];
        part[i] = '\0';
        struct stat info;
        if (mkdir(part, 0777) != 0) {
            const int code = errno;
            if (stat(part, &info) != 0 || !S_ISDIR(info.st_mode)) {
                return lf_error_set_at(
                    error,
                    LF_IO,
                    path,
                    LF_POSITION_NONE,
                    LF_POSITION_NONE,
                    "the folder %s cannot be made: %s.",
                    part,
                    strerror(code)
                );
            }
        }
        part[i] = kept;
    }
    return LF_OK;
}

/* ---- writing ---- */

static lf_status write_failed(const char *path, int code, lf_error *error)
{
    return lf_error_set_at(
        error,
        LF_IO,
        path,
        LF_POSITION_NONE,
        LF_POSITION_NONE,
        "cannot be written: %s.%s",
        strerror(code),
        code == ENOSPC || code == EDQUOT ? " Free some space or name another place." : ""
    );
}

/* The temporary file lies beside the final one, because rename cannot cross file systems. */
static int open_temporary(lf_output *output, size_t room)
{
    for (int attempt = 0; attempt < NAME_ATTEMPTS; attempt++) {
        (void)snprintf(
            output->temporary_path,
            room,
            "%s.%" PRId64 ".%d.tmp",
            output->path,
            (int64_t)getpid(),
            attempt
        );
        output->descriptor =
            open(output->temporary_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (output->descriptor >= 0) {
            return 0;
        }
        if (errno != EEXIST) {
            break;
        }
    }
    const int code = errno;
    output->temporary_path[0] = '\0';
    return code;
}

static int open_output(lf_output *output, size_t room)
{
    struct stat info;
    if (stat(output->path, &info) == 0) {
        if (S_ISDIR(info.st_mode)) {
            return EISDIR;
        }
        if (!S_ISREG(info.st_mode)) {
            output->descriptor = open(output->path, O_WRONLY | O_CLOEXEC);
            return output->descriptor >= 0 ? 0 : errno;
        }
    }
    return open_temporary(output, room);
}

lf_status
lf_output_create(const lf_allocator *allocator, const char *path, lf_output **out, lf_error *error)
{
    *out = NULL;
    const size_t path_bytes = strlen(path) + 1;
    /* Two numbers, three points and "tmp". */
    const size_t temporary_bytes = path_bytes + 48;
    lf_output *output = lf_allocate(allocator, 1, sizeof *output);
    if (output == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory to write %s.", path);
    }
    output->descriptor = -1;
    output->has_allocator = allocator != NULL;
    if (allocator != NULL) {
        output->allocator = *allocator;
    }
    output->path = lf_allocate(allocator, path_bytes, 1);
    output->temporary_path = lf_allocate(allocator, temporary_bytes, 1);
    output->buffer = lf_allocate(allocator, BUFFER_BYTES, 1);
    if (output->path == NULL || output->temporary_path == NULL || output->buffer == NULL) {
        lf_output_destroy(output);
        return lf_error_set(error, LF_NOMEM, "No memory to write %s.", path);
    }
    memcpy(output->path, path, path_bytes);
    const int code = open_output(output, temporary_bytes);
    if (code != 0) {
        lf_output_destroy(output);
        return write_failed(path, code, error);
    }
    *out = output;
    return LF_OK;
}

static int write_fully(int descriptor, const unsigned char *data, size_t bytes)
{
    while (bytes > 0) {
        const ssize_t written = write(descriptor, data, bytes);
        if (written < 0 && errno != EINTR) {
            return errno;
        }
        if (written > 0) {
            data += written;
            bytes -= (size_t)written;
        }
    }
    return 0;
}

static int flush_buffer(lf_output *output)
{
    const int code = write_fully(output->descriptor, output->buffer, output->buffered_bytes);
    output->buffered_bytes = 0;
    return code;
}

lf_status lf_output_write(lf_output *output, const void *data, size_t bytes, lf_error *error)
{
    if (output->failure == 0 && output->descriptor < 0) {
        output->failure = EBADF;
    }
    if (output->failure == 0 && bytes > BUFFER_BYTES - output->buffered_bytes) {
        output->failure = flush_buffer(output);
    }
    if (output->failure == 0 && bytes >= BUFFER_BYTES) {
        output->failure = write_fully(output->descriptor, data, bytes);
    } else if (output->failure == 0 && bytes > 0) {
        memcpy(output->buffer + output->buffered_bytes, data, bytes);
        output->buffered_bytes += bytes;
    }
    if (output->failure != 0) {
        return write_failed(output->path, output->failure, error);
    }
    output->total_bytes += (int64_t)bytes;
    return LF_OK;
}

lf_status lf_output_format(lf_output *output, lf_error *error, const char *format, ...)
{
    char text[FORMAT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof text) {
        return lf_error_set_at(
            error,
            LF_RANGE,
            output->path,
            LF_POSITION_NONE,
            LF_POSITION_NONE,
            "a formatted text of %d bytes is longer than 4095.",
            length
        );
    }
    return lf_output_write(output, text, (size_t)length, error);
}

int64_t lf_output_bytes(const lf_output *output)
{
    return output->total_bytes;
}

lf_status lf_output_finish(lf_output *output, lf_error *error)
{
    if (output->failure == 0 && output->descriptor < 0) {
        output->failure = EBADF;
    }
    if (output->failure == 0) {
        output->failure = flush_buffer(output);
    }
    const bool is_temporary = output->temporary_path[0] != '\0';
    /* Some file systems report a full disk only here. */
    if (output->failure == 0 && is_temporary && fsync(output->descriptor) != 0) {
        output->failure = errno;
    }
    if (output->descriptor >= 0) {
        if (close(output->descriptor) != 0 && output->failure == 0) {
            output->failure = errno;
        }
        output->descriptor = -1;
    }
    if (output->failure == 0 && is_temporary && rename(output->temporary_path, output->path) != 0) {
        output->failure = errno;
    }
    if (output->failure != 0) {
        return write_failed(output->path, output->failure, error);
    }
    output->temporary_path[0] = '\0';
    return LF_OK;
}

void lf_output_destroy(lf_output *output)
{
    if (output == NULL) {
        return;
    }
    if (output->descriptor >= 0) {
        (void)close(output->descriptor);
    }
    if (output->temporary_path != NULL && output->temporary_path[0] != '\0') {
        (void)unlink(output->temporary_path);
    }
    const lf_allocator copy = output->allocator;
    const lf_allocator *allocator = output->has_allocator ? &copy : NULL;
    lf_release(allocator, output->path);
    lf_release(allocator, output->temporary_path);
    lf_release(allocator, output->buffer);
    lf_release(allocator, output);
}

lf_status lf_file_write_atomic(const char *path, const void *data, size_t bytes, lf_error *error)
{
    lf_output *output;
    lf_status status = lf_output_create(NULL, path, &output, error);
    if (status == LF_OK) {
        status = lf_output_write(output, data, bytes, error);
    }
    if (status == LF_OK) {
        status = lf_output_finish(output, error);
    }
    lf_output_destroy(output);
    return status;
}
