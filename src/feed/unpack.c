/* Files that are no text, through libarchive: all that stands before a damaged place is read. */
#include "unpack.h"
#include "gzip.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#define BUFFER_BYTES ((size_t)256 * 1024)

struct lfi_unpack {
    const lf_allocator *allocator;
    lfi_gzip *gzip; /* what the archive reads, NULL: it reads the file itself */
    struct archive *archive;
    const unsigned char *block; /* [block_bytes], of libarchive: not handed on yet */
    size_t block_bytes;
    bool at_end, has_failed;
};

bool lfi_unpack_allow(struct archive *archive, bool is_packed)
{
    int worst =
        archive_read_support_format_raw(archive) | archive_read_support_format_empty(archive);
    if (is_packed) {
        /* Each call warns when it would start a program; none of these does. */
        worst |=
            archive_read_support_filter_gzip(archive) | archive_read_support_filter_bzip2(archive) |
            archive_read_support_filter_xz(archive) | archive_read_support_filter_zstd(archive);
    }
    return worst == ARCHIVE_OK;
}

static lf_status fail_at(const char *path, lf_status status, const char *what, lf_error *error)
{
    return lf_error_set_at(error, status, path, LF_POSITION_NONE, LF_POSITION_NONE, "%s", what);
}

static lf_status start(lfi_unpack *unpack, const char *path, lf_error *error)
{
    struct archive_entry *entry;
    const lf_status status = lfi_gzip_open(unpack->allocator, path, &unpack->gzip, error);
    if (status != LF_OK) {
        return status;
    }
    const int opened = unpack->gzip != NULL
                           ? lfi_gzip_attach(unpack->gzip, unpack->archive)
                           : archive_read_open_filename(unpack->archive, path, BUFFER_BYTES);
    if (opened != ARCHIVE_OK) {
        return fail_at(path, LF_IO, "cannot be read", error);
    }
    const int code = archive_read_next_header(unpack->archive, &entry);
    unpack->at_end = code == ARCHIVE_EOF;
    return code >= ARCHIVE_WARN || unpack->at_end
               ? LF_OK
               : fail_at(path, LF_FORMAT, "cannot be unpacked", error);
}

lf_status
lfi_unpack_open(const lf_allocator *allocator, const char *path, lfi_unpack **out, lf_error *error)
{
    *out = NULL;
    lfi_unpack *const unpack = lf_allocate(allocator, 1, sizeof *unpack);
    if (unpack == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", path);
    }
    unpack->allocator = allocator;
    unpack->archive = archive_read_new();
    const bool is_ready = unpack->archive != NULL && lfi_unpack_allow(unpack->archive, true);
    const lf_status status = is_ready ? start(unpack, path, error)
                                      : lf_error_set(error, LF_NOMEM, "no memory to read %s", path);
    if (status != LF_OK) {
        lfi_unpack_close(unpack);
        return status;
    }
    *out = unpack;
    return LF_OK;
}

void lfi_unpack_close(lfi_unpack *unpack)
{
    if (unpack == NULL) {
        return;
    }
    if (unpack->archive != NULL) {
        archive_read_free(unpack->archive);
    }
    lfi_gzip_close(unpack->gzip);
    lf_release(unpack->allocator, unpack);
}

/* Have a block, unless there is none: archive_read_data() would drop what it has when the rest of
   what it was asked for is damaged. */
static void take_block(lfi_unpack *unpack)
{
    const void *block = NULL;
    la_int64_t at;
    while (unpack->block_bytes == 0 && !unpack->at_end && !unpack->has_failed) {
        const int code =
            archive_read_data_block(unpack->archive, &block, &unpack->block_bytes, &at);
        unpack->block = block;
        unpack->at_end = code == ARCHIVE_EOF;
        unpack->has_failed = code != ARCHIVE_OK && !unpack->at_end;
        if (code != ARCHIVE_OK) {
            unpack->block_bytes = 0;
        }
    }
}

ptrdiff_t lfi_unpack_read(lfi_unpack *unpack, void *to, size_t bytes)
{
    size_t count = 0;
    for (;;) {
        take_block(unpack);
        const size_t room = bytes - count;
        const size_t part = unpack->block_bytes < room ? unpack->block_bytes : room;
        if (part == 0) {
            return count == 0 && bytes > 0 && unpack->has_failed ? -1 : (ptrdiff_t)count;
        }
        memcpy((unsigned char *)to + count, unpack->block, part);
        unpack->block += part;
        unpack->block_bytes -= part;
        count += part;
    }
}

const char *lfi_unpack_failure(const lfi_unpack *unpack)
{
    const char *const why = archive_error_string(unpack->archive);
    return why != NULL ? why : "unknown reason";
}

bool lfi_unpack_is_packed(const lfi_unpack *unpack)
{
    return unpack->gzip != NULL || archive_filter_code(unpack->archive, 0) != ARCHIVE_FILTER_NONE;
}

int64_t lfi_unpack_input_bytes(const lfi_unpack *unpack)
{
    return unpack->gzip != NULL ? lfi_gzip_input_bytes(unpack->gzip)
                                : archive_filter_bytes(unpack->archive, -1);
}
