/* Bytes of a DBN file, plain or zstd of several frames, cut into records. */
#include "dbn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

/* Read at once, and decompressed at once: calls do not matter and both stay in the cache. */
#define BUFFER_BYTES ((size_t)128 * 1024)
/* A file of all symbols of a large venue has some megabytes. */
#define METADATA_BYTES_MAX (UINT32_C(256) << 20)
#define PREFIX_BYTES 8

struct lfi_dbn_in {
    lfi_dbn_window window; /* first: lfi_dbn_in_next() */
    lf_allocator memory;
    const lf_allocator *allocator;
    int file;
    ZSTD_DStream *zstd;        /* NULL: a plain file */
    unsigned char *compressed; /* [BUFFER_BYTES], with zstd */
    size_t compressed_at, compressed_end;
    bool is_in_frame, is_end; /* is_end: nothing follows what lies in the buffer */
    int64_t base;             /* bytes before the buffer */
    int64_t input_bytes, input_total;
    dbn_metadata metadata;
    char path[1024];
};

lf_status
lfi_dbn_in_fail(const lfi_dbn_in *in, lf_error *error, lf_status status, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return lf_error_set_at(
        error,
        status,
        in->path,
        LF_POSITION_NONE,
        in->base + (int64_t)in->window.record_at,
        "%s%s",
        text,
        in->zstd != NULL ? " (byte of the decompressed data)" : ""
    );
}

/* ---- bytes ------------------------------------------------------------------------------ */

/* Read some bytes of the file; 0 at its end. */
static lf_status read_file(lfi_dbn_in *in, void *to, size_t bytes, size_t *got, lf_error *error)
{
    ssize_t count;
    do {
        count = read(in->file, to, bytes);
    } while (count < 0 && errno == EINTR);
    *got = count > 0 ? (size_t)count : 0;
    in->input_bytes += (int64_t)*got;
    return count >= 0 ? LF_OK
                      : lf_error_set_at(
                            error,
                            LF_IO,
                            in->path,
                            LF_POSITION_NONE,
                            in->input_bytes,
                            "cannot be read: %s",
                            strerror(errno)
                        );
}

static lf_status bad_zstd(const lfi_dbn_in *in, lf_error *error, const char *why)
{
    return lf_error_set_at(
        error,
        LF_FORMAT,
        in->path,
        LF_POSITION_NONE,
        in->input_bytes - (int64_t)(in->compressed_end - in->compressed_at),
        "the compressed data are damaged or cut off: %s; get the file again",
        why
    );
}

/* Decompress something behind in->window.end. */
static lf_status inflate(lfi_dbn_in *in, size_t *got, lf_error *error)
{
    ZSTD_outBuffer out = {in->window.buffer + in->window.end, BUFFER_BYTES - in->window.end, 0};
    while (out.pos == 0) {
        if (in->compressed_at == in->compressed_end) {
            lf_status status =
                read_file(in, in->compressed, BUFFER_BYTES, &in->compressed_end, error);
            in->compressed_at = 0;
            if (status == LF_OK && in->compressed_end == 0) {
                *got = 0;
                return in->is_in_frame ? bad_zstd(in, error, "the last frame does not end") : LF_OK;
            }
            if (status != LF_OK) {
                return status;
            }
        }
        ZSTD_inBuffer input = {in->compressed, in->compressed_end, in->compressed_at};
        const size_t code = ZSTD_decompressStream(in->zstd, &out, &input);
        in->compressed_at = input.pos;
        if (ZSTD_isError(code)) {
            return bad_zstd(in, error, ZSTD_getErrorName(code));
        }
        in->is_in_frame = code != 0;
    }
    *got = out.pos;
    return LF_OK;
}

/* Move what is left to the front and put more behind it. */
static lf_status refill(lfi_dbn_in *in, lf_error *error)
{
    size_t got = 0;
    memmove(in->window.buffer, in->window.buffer + in->window.at, in->window.end - in->window.at);
    in->base += (int64_t)in->window.at;
    in->window.end -= in->window.at;
    in->window.at = 0;
    in->window.record_at = 0;
    const lf_status status =
        in->zstd != NULL
            ? inflate(in, &got, error)
            : read_file(
                  in, in->window.buffer + in->window.end, BUFFER_BYTES - in->window.end, &got, error
              );
    in->is_end = got == 0;
    in->window.end += got;
    return status;
}

/* Have so many bytes from in->window.at on, if the file has them. */
static lf_status need(lfi_dbn_in *in, size_t bytes, lf_error *error)
{
    lf_status status = LF_OK;
    while (status == LF_OK && in->window.end - in->window.at < bytes && !in->is_end) {
        status = refill(in, error);
    }
    return status;
}

/* ---- records ---------------------------------------------------------------------------- */

static lf_status slow_next(lfi_dbn_in *in, const unsigned char **record, lf_error *error)
{
    lf_status status = need(in, 1, error);
    in->window.record_at = in->window.at;
    if (status != LF_OK || in->window.at == in->window.end) {
        return status;
    }
    const size_t bytes = 4 * (size_t)in->window.buffer[in->window.at];
    if (bytes < sizeof(dbn_header)) {
        return lfi_dbn_in_fail(
            in,
            error,
            LF_FORMAT,
            "a record has a length of %zu bytes, but its header alone has %zu",
            bytes,
            sizeof(dbn_header)
        );
    }
    status = need(in, bytes, error);
    in->window.record_at = in->window.at;
    if (status != LF_OK) {
        return status;
    }
    if (in->window.end - in->window.at < bytes) {
        return lfi_dbn_in_fail(
            in,
            error,
            LF_FORMAT,
            "the last record is cut off after %zu of its %zu bytes; get the file again",
            in->window.end - in->window.at,
            bytes
        );
    }
    *record = in->window.buffer + in->window.at;
    in->window.at += bytes;
    return LF_OK;
}

/* Records of the file's own schema have its length, so that readers may look at every field. */
static lf_status bad_length(const lfi_dbn_in *in, const unsigned char *record, lf_error *error)
{
    return lfi_dbn_in_fail(
        in,
        error,
        LF_FORMAT,
        "a record of %d bytes, where those of %s have %d",
        4 * record[0],
        lfi_dbn_schema_name(in->metadata.schema),
        4 * in->window.own_head[0]
    );
}

lf_status lfi_dbn_in_next_slow(lfi_dbn_in *in, const unsigned char **record, lf_error *error)
{
    *record = NULL;
    const lf_status status = slow_next(in, record, error);
    if (status != LF_OK || *record == NULL) {
        return status;
    }
    in->window.record_count++;
    return (*record)[1] == in->window.own_head[1] && (*record)[0] != in->window.own_head[0]
               ? bad_length(in, *record, error)
               : LF_OK;
}

const unsigned char *lfi_dbn_in_ahead(const lfi_dbn_in *in, size_t *bytes)
{
    *bytes = in->window.end - in->window.at;
    return in->window.buffer + in->window.at;
}

/* ---- opening ---------------------------------------------------------------------------- */

static lf_status read_metadata(lfi_dbn_in *in, lf_error *error)
{
    lf_status status = LF_OK;
    if (in->window.end - in->window.at < PREFIX_BYTES || memcmp(in->window.buffer, "DBN", 3) != 0) {
        return lfi_dbn_in_fail(in, error, LF_FORMAT, "a DBN file begins with \"DBN\"");
    }
    const uint8_t version = in->window.buffer[3];
    uint32_t length;
    memcpy(&length, in->window.buffer + 4, sizeof length);
    if (version < 1 || version > DBN_VERSION_NEWEST) {
        return lfi_dbn_in_fail(
            in,
            error,
            LF_UNSUPPORTED,
            "DBN version %d; versions 1 to %d are read",
            version,
            DBN_VERSION_NEWEST
        );
    }
    if (length > METADATA_BYTES_MAX) {
        return lfi_dbn_in_fail(
            in, error, LF_FORMAT, "metadata of %lu bytes cannot be", (unsigned long)length
        );
    }
    dbn_metadata *const metadata = &in->metadata;
    const size_t wanted = PREFIX_BYTES + (size_t)length;
    size_t capacity = 0;
    void *bytes = NULL;
    /* The memory grows with what is really there: a damaged length must not take all of it. */
    while (status == LF_OK && metadata->byte_count < wanted) {
        status = need(in, 1, error);
        const size_t left = wanted - metadata->byte_count, ready = in->window.end - in->window.at;
        const size_t taken = ready < left ? ready : left;
        if (status == LF_OK && taken == 0) {
            status = lfi_dbn_in_fail(
                in, error, LF_FORMAT, "the file ends within its metadata; get it again"
            );
        }
        if (status == LF_OK &&
            lf_grow(in->allocator, &bytes, &capacity, metadata->byte_count + taken, 1) != LF_OK) {
            status = lf_error_set(error, LF_NOMEM, "no memory to read %s", in->path);
        }
        metadata->bytes = bytes;
        if (status == LF_OK) {
            memcpy(
                metadata->bytes + metadata->byte_count, in->window.buffer + in->window.at, taken
            );
            metadata->byte_count += taken;
            in->window.at += taken;
        }
    }
    in->window.record_at = in->window.at;
    if (status == LF_OK) {
        status = lfi_dbn_metadata_parse(metadata, in->allocator, in->path, error);
    }
    const size_t own_bytes =
        lfi_dbn_record_bytes(metadata->schema) + (metadata->has_ts_out ? sizeof(uint64_t) : 0);
    in->window.own_head[1] = lfi_dbn_rtype(metadata->schema);
    in->window.own_head[0] = (uint8_t)(own_bytes / 4);
    return status;
}

static bool is_zstd(const unsigned char *head, size_t bytes)
{
    static const unsigned char magic[] = {0x28, 0xB5, 0x2F, 0xFD};
    return bytes >= 4 && (memcmp(head, magic, 4) == 0 ||
                          ((head[0] & 0xF0) == 0x50 && memcmp(head + 1, "\x2A\x4D\x18", 3) == 0));
}

/* The first bytes say whether the file is compressed. */
static lf_status begin(lfi_dbn_in *in, lf_error *error)
{
    lf_status status = LF_OK;
    size_t got = 1;
    while (status == LF_OK && got > 0 && in->window.end < PREFIX_BYTES) {
        status = read_file(
            in, in->window.buffer + in->window.end, BUFFER_BYTES - in->window.end, &got, error
        );
        in->window.end += got;
    }
    if (status != LF_OK || !is_zstd(in->window.buffer, in->window.end)) {
        return status;
    }
    in->compressed = lf_allocate(in->allocator, BUFFER_BYTES, 1);
    in->zstd = ZSTD_createDStream();
    if (in->compressed == NULL || in->zstd == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", in->path);
    }
    memcpy(in->compressed, in->window.buffer, in->window.end);
    in->compressed_end = in->window.end;
    in->window.end = 0;
    return LF_OK;
}

static lf_status open_file(lfi_dbn_in *in, const char *path, lf_error *error)
{
    struct stat info;
    in->file = open(path, O_RDONLY | O_CLOEXEC);
    if (in->file < 0 || fstat(in->file, &info) != 0) {
        return lf_error_set_at(
            error,
            errno == ENOENT ? LF_NOT_FOUND : LF_IO,
            path,
            LF_POSITION_NONE,
            LF_POSITION_NONE,
            "cannot be read: %s",
            strerror(errno)
        );
    }
    in->input_total = S_ISREG(info.st_mode) ? info.st_size : 0;
    return LF_OK;
}

/* A handle whose first bytes lie ready. */
static lf_status
open_bytes(const lf_allocator *allocator, const char *path, lfi_dbn_in **out, lf_error *error)
{
    *out = NULL;
    lfi_dbn_in *const in = lf_allocate(allocator, 1, sizeof *in);
    if (in == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", path);
    }
    if (allocator != NULL) {
        in->memory = *allocator;
        in->allocator = &in->memory;
    }
    in->file = -1;
    (void)snprintf(in->path, sizeof in->path, "%s", path);
    in->window.buffer = lf_allocate(allocator, BUFFER_BYTES, 1);
    lf_status status = in->window.buffer != NULL
                           ? open_file(in, path, error)
                           : lf_error_set(error, LF_NOMEM, "no memory to read %s", path);
    if (status == LF_OK) {
        status = begin(in, error);
    }
    if (status == LF_OK) {
        status = need(in, PREFIX_BYTES, error);
    }
    if (status != LF_OK) {
        lfi_dbn_in_close(in);
        return status;
    }
    *out = in;
    return LF_OK;
}

bool lfi_dbn_probe(const char *path)
{
    lfi_dbn_in *in;
    if (open_bytes(NULL, path, &in, NULL) != LF_OK) {
        return false;
    }
    const bool is_dbn = in->window.end >= 3 && memcmp(in->window.buffer, "DBN", 3) == 0;
    lfi_dbn_in_close(in);
    return is_dbn;
}

lf_status
lfi_dbn_in_open(const lf_allocator *allocator, const char *path, lfi_dbn_in **out, lf_error *error)
{
    lfi_dbn_in *in;
    *out = NULL;
    lf_status status = open_bytes(allocator, path, &in, error);
    if (status != LF_OK) {
        return status;
    }
    status = read_metadata(in, error);
    if (status != LF_OK) {
        lfi_dbn_in_close(in);
        return status;
    }
    *out = in;
    return LF_OK;
}

void lfi_dbn_in_close(lfi_dbn_in *in)
{
    if (in == NULL) {
        return;
    }
    const lf_allocator memory = in->memory;
    const lf_allocator *const allocator = in->allocator != NULL ? &memory : NULL;
    if (in->file >= 0) {
        (void)close(in->file);
    }
    (void)ZSTD_freeDStream(in->zstd);
    lfi_dbn_metadata_clear(&in->metadata, allocator);
    lf_release(allocator, in->compressed);
    lf_release(allocator, in->window.buffer);
    lf_release(allocator, in);
}

const dbn_metadata *lfi_dbn_in_metadata(const lfi_dbn_in *in)
{
    return &in->metadata;
}

int64_t lfi_dbn_in_input_bytes(const lfi_dbn_in *in)
{
    return in->input_bytes;
}

int64_t lfi_dbn_in_input_total(const lfi_dbn_in *in)
{
    return in->input_total;
}

int64_t lfi_dbn_in_plain_bytes(const lfi_dbn_in *in)
{
    return in->base + (int64_t)in->window.at;
}

int64_t lfi_dbn_in_record_count(const lfi_dbn_in *in)
{
    return in->window.record_count;
}

/* Another kind's bytes for an id do no harm. */
void lfi_dbn_look_ahead(const lfi_dbn_in *in, const lf_l3 *l3)
{
    static const struct {
        size_t records;
        lf_l3_step step;
    } steps[] = {
        {LF_L3_LOOK_TABLE, LF_L3_STEP_TABLE},
        {LF_L3_LOOK_ORDER, LF_L3_STEP_ORDER},
        {LF_L3_LOOK_QUEUE, LF_L3_STEP_QUEUE},
    };
    size_t bytes;
    const unsigned char *const at = lfi_dbn_in_ahead(in, &bytes);
    for (int i = 0; i < 3; i++) {
        const size_t offset = steps[i].records * sizeof(dbn_mbo) + offsetof(dbn_mbo, order_id);
        uint64_t id;
        if (offset + sizeof id <= bytes) {
            memcpy(&id, at + offset, sizeof id);
            lf_l3_prefetch(l3, id, steps[i].step);
        }
    }
}
