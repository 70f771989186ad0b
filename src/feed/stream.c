/* Lines of text out of plain files, compressed files and archive members, through libarchive. */
#include "feed_internal.h"
#include "gzip.h"
#include "unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* One read: large enough that calls do not matter, small enough to stay in the L2 cache. */
#define BUFFER_BYTES (256 * 1024)
/* So much of a block is copied behind the end of the one before. */
#define JOINED_BYTES 4096

struct lfi_stream {
    const lf_allocator *allocator;
    struct archive *archive;
    lfi_gzip *gzip;    /* what it reads, NULL: it reads the file itself */
    lfi_window window; /* into the block where a line lies in it whole, else into the buffer */
    char *buffer;      /* [capacity + LFI_LINE_SLACK] */
    size_t capacity, capacity_max;
    const char *block; /* [block_bytes], of libarchive: what is not in the window yet */
    size_t block_bytes;
    bool at_end; /* nothing comes after the block */
    int64_t text_bytes, text_total;
    char name[2048];
};

/* Never all formats, which takes a CSV for an mtree list. */
static bool allow_members(struct archive *archive)
{
    return (archive_read_support_format_zip(archive) | archive_read_support_format_7zip(archive) |
            archive_read_support_format_tar(archive)) == ARCHIVE_OK;
}

/* What reads the members of an archive, or one text. NULL without memory. */
static struct archive *new_archive(bool has_members, bool is_packed)
{
    struct archive *const archive = archive_read_new();
    const bool is_ready = archive != NULL && (has_members ? allow_members(archive)
                                                          : lfi_unpack_allow(archive, is_packed));
    if (!is_ready) {
        archive_read_free(archive);
        return NULL;
    }
    return archive;
}

static lf_status fail_encrypted(const lfi_stream *stream, lf_error *error)
{
    return lf_error_set_at(
        error,
        LF_UNSUPPORTED,
        stream->name,
        LF_POSITION_NONE,
        LF_POSITION_NONE,
        "the archive is encrypted; unpack it and name the folder instead"
    );
}

/* Sparse members of tar archives: what is left out could only be zeros, which no text has. */
static lf_status fail_holes(const lfi_stream *stream, lf_error *error)
{
    return lf_error_set_at(
        error,
        LF_UNSUPPORTED,
        stream->name,
        LF_POSITION_NONE,
        LF_POSITION_NONE,
        "the archive keeps this member with holes; unpack it and name the folder instead"
    );
}

/* libarchive says EILSEQ or -1 for damaged data, and what the system said for what it refused. */
static lf_status status_of(int code)
{
    if (code == ENOMEM) {
        return LF_NOMEM;
    }
    return code == EILSEQ || code < 0 ? LF_FORMAT : LF_IO;
}

static lf_status fail(const lfi_stream *stream, lf_error *error, const char *what)
{
    /* Asking an archive whose format is not known yet reads memory that is not there. */
    if (archive_format(stream->archive) != 0 &&
        archive_read_has_encrypted_entries(stream->archive) > 0) {
        return fail_encrypted(stream, error);
    }
    const lf_status status = status_of(archive_errno(stream->archive));
    const char *why = archive_error_string(stream->archive);
    return lf_error_set_at(
        error,
        status,
        stream->name,
        LF_POSITION_NONE,
        LF_POSITION_NONE,
        "%s: %s%s",
        what,
        why != NULL ? why : "unknown reason",
        status == LF_FORMAT ? "; get the file again" : ""
    );
}

/*
 * Next entry and its name, or NULL. libarchive turns names into the character set of the thread and
 * loses those that do not fit, which in the "C" locale are all that are not ASCII.
 */
static int next_entry(struct archive *archive, struct archive_entry **entry, const char **name)
{
    const locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    const locale_t before = utf8 != (locale_t)0 ? uselocale(utf8) : (locale_t)0;
    const int code = archive_read_next_header(archive, entry);
    *name = code == ARCHIVE_EOF || code < ARCHIVE_WARN ? NULL : archive_entry_pathname(*entry);
    if (utf8 != (locale_t)0) {
        (void)uselocale(before);
        freelocale(utf8);
    }
    return code;
}

/* Step to the member asked for; the first entry when none is. */
static lf_status find_member(lfi_stream *stream, const char *member, lf_error *error)
{
    for (;;) {
        struct archive_entry *entry;
        const char *name;
        const int code = next_entry(stream->archive, &entry, &name);
        if (code == ARCHIVE_EOF) {
            if (member == NULL) {
                stream->at_end = true;
                return LF_OK;
            }
            return lf_error_set_at(
                error,
                LF_NOT_FOUND,
                stream->name,
                LF_POSITION_NONE,
                LF_POSITION_NONE,
                "the archive has no such member"
            );
        }
        if (code < ARCHIVE_WARN) {
            return fail(stream, error, "cannot be read");
        }
        if (member == NULL || (name != NULL && strcmp(name, member) == 0)) {
            stream->text_total = archive_entry_size_is_set(entry) ? archive_entry_size(entry) : 0;
            return archive_entry_is_encrypted(entry)       ? fail_encrypted(stream, error)
                   : archive_entry_sparse_count(entry) > 0 ? fail_holes(stream, error)
                                                           : LF_OK;
        }
    }
}

/* What ISA-L can inflate is read through it: files of gzip, deflated members of zip. */
static lf_status
open_gzip(lfi_stream *stream, const char *path, const char *member, lf_error *error)
{
    lfi_zip_member place;
    if (member == NULL) {
        return lfi_gzip_open(stream->allocator, path, &stream->gzip, error);
    }
    if (!lfi_zip_find(path, member, &place)) {
        return LF_OK;
    }
    return lfi_gzip_open_member(stream->allocator, path, &place, &stream->gzip, error);
}

static lf_status
open_archive(lfi_stream *stream, const char *path, const char *member, lf_error *error)
{
    const lf_status status = open_gzip(stream, path, member, error);
    if (status != LF_OK) {
        return status;
    }
    /* Of a member that ISA-L inflates libarchive has the text alone. */
    stream->archive = new_archive(member != NULL && stream->gzip == NULL, member == NULL);
    if (stream->archive == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", path);
    }
    const int code = stream->gzip != NULL
                         ? lfi_gzip_attach(stream->gzip, stream->archive)
                         : archive_read_open_filename(stream->archive, path, BUFFER_BYTES);
    return code == ARCHIVE_OK ? LF_OK : fail(stream, error, "cannot be read");
}

lf_status lfi_stream_open(
    const lf_allocator *allocator,
    const char *path,
    const char *member,
    lfi_stream **out,
    lf_error *error
)
{
    *out = NULL;
    struct stat info;
    if (stat(path, &info) != 0) {
        return lf_error_set_at(
            error, LF_NOT_FOUND, path, LF_POSITION_NONE, LF_POSITION_NONE, "there is no such file"
        );
    }
    lfi_stream *stream = lf_allocate(allocator, 1, sizeof *stream);
    if (stream == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", path);
    }
    stream->allocator = allocator;
    stream->capacity = stream->capacity_max = BUFFER_BYTES;
    stream->buffer = lf_allocate(allocator, BUFFER_BYTES + LFI_LINE_SLACK, 1);
    if (stream->buffer == NULL) {
        lfi_stream_close(stream);
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", path);
    }
    snprintf(
        stream->name,
        sizeof stream->name,
        "%s%s%s",
        path,
        member != NULL ? ":" : "",
        member != NULL ? member : ""
    );
    stream->window.at = stream->window.end = stream->buffer;
    lf_status status = open_archive(stream, path, member, error);
    if (status == LF_OK) {
        status = find_member(stream, stream->gzip != NULL ? NULL : member, error);
    }
    if (status == LF_OK && stream->gzip != NULL) {
        stream->text_total = lfi_gzip_text_total(stream->gzip);
    }
    if (status != LF_OK) {
        lfi_stream_close(stream);
        return status;
    }
    *out = stream;
    return LF_OK;
}

void lfi_stream_close(lfi_stream *stream)
{
    if (stream == NULL) {
        return;
    }
    if (stream->archive != NULL) {
        archive_read_free(stream->archive);
    }
    lfi_gzip_close(stream->gzip);
    lf_release(stream->allocator, stream->buffer);
    lf_release(stream->allocator, stream);
}

/* A text may begin with a mark of its bytes' order, which says nothing in UTF-8. */
static void skip_mark(lfi_stream *stream)
{
    static const char mark[] = "\xef\xbb\xbf";
    const size_t bytes = sizeof mark - 1;
    if (stream->block_bytes >= bytes && memcmp(stream->block, mark, bytes) == 0) {
        stream->block += bytes;
        stream->block_bytes -= bytes;
    }
}

/* The next block of text out of libarchive, which keeps it until the one after. */
static lf_status read_block(lfi_stream *stream, lf_error *error)
{
    const void *block;
    size_t bytes;
    la_int64_t at;
    const int code = archive_read_data_block(stream->archive, &block, &bytes, &at);
    if (code != ARCHIVE_OK && code != ARCHIVE_EOF) {
        char what[64];
        snprintf(
            what,
            sizeof what,
            "damaged or cut off after line %lld",
            (long long)stream->window.line_number
        );
        return fail(stream, error, what);
    }
    stream->at_end = code == ARCHIVE_EOF;
    if (stream->at_end) {
        return LF_OK;
    }
    if (at != stream->text_bytes) {
        return fail_holes(stream, error);
    }
    stream->block = block;
    stream->block_bytes = bytes;
    stream->text_bytes += (int64_t)bytes;
    if (at == 0) {
        skip_mark(stream);
    }
    return LF_OK;
}

/* Bytes of a text up to its last line end before some place. */
static size_t whole_lines(const char *text, size_t bytes)
{
    const char *newline = bytes > 0 ? memrchr(text, '\n', bytes) : NULL;
    return newline != NULL ? (size_t)(newline - text) + 1 : 0;
}

void lfi_stream_allow_lines(lfi_stream *stream, size_t bytes_max)
{
    stream->capacity_max = bytes_max > BUFFER_BYTES ? bytes_max : BUFFER_BYTES;
}

/* A line fills the buffer: take a larger one, up to what is allowed. */
static lf_status widen(lfi_stream *stream, lf_error *error)
{
    lfi_window *window = &stream->window;
    if (stream->capacity == stream->capacity_max) {
        return lf_error_set_at(
            error,
            LF_FORMAT,
            stream->name,
            window->line_number + 1,
            LF_POSITION_NONE,
            "the line is longer than %zu bytes; this is no text that lobflow reads",
            stream->capacity
        );
    }
    const size_t kept = (size_t)(window->end - window->at), twice = 2 * stream->capacity;
    const size_t capacity = twice < stream->capacity_max ? twice : stream->capacity_max;
    char *const buffer = lf_allocate(stream->allocator, capacity + LFI_LINE_SLACK, 1);
    if (buffer == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory for a long line of %s", stream->name);
    }
    memcpy(buffer, window->at, kept);
    lf_release(stream->allocator, stream->buffer);
    stream->buffer = buffer;
    stream->capacity = capacity;
    window->at = buffer;
    window->end = buffer + kept;
    return LF_OK;
}

/*
 * More text into the window. Lines are read where libarchive has them, but for those at the ends of
 * a block: they and what may be read behind them are copied into the buffer.
 */
static lf_status refill(lfi_stream *stream, lf_error *error)
{
    lfi_window *window = &stream->window;
    const size_t kept = (size_t)(window->end - window->at);
    if (kept == stream->capacity) {
        const lf_status status = widen(stream, error);
        if (status != LF_OK) {
            return status;
        }
    }
    if (stream->block_bytes == 0) {
        const lf_status status = read_block(stream, error);
        if (status != LF_OK || stream->block_bytes == 0) {
            return status;
        }
    }
    if (kept == 0 && stream->block_bytes > LFI_LINE_SLACK) {
        const size_t bytes = whole_lines(stream->block, stream->block_bytes - LFI_LINE_SLACK);
        window->at = stream->block;
        window->end = window->at + bytes;
        stream->block += bytes;
        stream->block_bytes -= bytes;
        if (bytes > 0) {
            return LF_OK;
        }
    }
    const size_t room = stream->capacity - kept;
    /* As much again for a long line, so that it is not looked through too often. */
    const size_t joined = kept > JOINED_BYTES ? kept : JOINED_BYTES;
    size_t bytes = stream->block_bytes < joined ? stream->block_bytes : joined;
    bytes = bytes < room ? bytes : room;
    const size_t whole = whole_lines(stream->block, bytes);
    bytes = whole > 0 ? whole : bytes;
    memmove(stream->buffer, window->at, kept);
    memcpy(stream->buffer + kept, stream->block, bytes);
    stream->block += bytes;
    stream->block_bytes -= bytes;
    window->at = stream->buffer;
    window->end = window->at + kept + bytes;
    return LF_OK;
}

lf_status lfi_stream_line(lfi_stream *stream, const char **line, size_t *bytes, lf_error *error)
{
    *line = NULL;
    *bytes = 0;
    lfi_window *window = &stream->window;
    for (;;) {
        const char *from = window->at;
        const size_t left = (size_t)(window->end - from);
        const char *newline = left > 0 ? memchr(from, '\n', left) : NULL;
        if (newline == NULL && !stream->at_end) {
            const lf_status status = refill(stream, error);
            if (status != LF_OK) {
                return status;
            }
            continue;
        }
        if (newline == NULL && left == 0) {
            return LF_OK;
        }
        size_t length = newline != NULL ? (size_t)(newline - from) : left;
        window->at += newline != NULL ? length + 1 : length;
        if (length > 0 && from[length - 1] == '\r') {
            length--;
        }
        window->line_number++;
        *line = from;
        *bytes = length;
        return LF_OK;
    }
}

lf_status lfi_stream_skip_empty_end(
    lfi_stream *stream, const char **line, size_t bytes, const char *source, lf_error *error
)
{
    if (*line == NULL || bytes > 0) {
        return LF_OK;
    }
    const int64_t number = lfi_stream_line_number(stream);
    lf_status status = LF_OK;
    while (status == LF_OK && *line != NULL && bytes == 0) {
        status = lfi_stream_line(stream, line, &bytes, error);
    }
    if (status != LF_OK || *line == NULL) {
        return status;
    }
    return lf_error_set_at(
        error,
        LF_FORMAT,
        lfi_stream_name(stream),
        number,
        LF_POSITION_NONE,
        "the line is empty, but rows follow; check that this is an unedited %s file",
        source
    );
}

lfi_window *lfi_stream_window(lfi_stream *stream)
{
    return &stream->window;
}

const char *lfi_stream_name(const lfi_stream *stream)
{
    return stream->name;
}

int64_t lfi_stream_line_number(const lfi_stream *stream)
{
    return stream->window.line_number;
}

int64_t lfi_stream_text_total(const lfi_stream *stream)
{
    return stream->text_total;
}

int64_t lfi_stream_input_bytes(const lfi_stream *stream)
{
    return stream->gzip != NULL ? lfi_gzip_input_bytes(stream->gzip)
                                : archive_filter_bytes(stream->archive, -1);
}

int64_t lfi_stream_text_bytes(const lfi_stream *stream)
{
    return stream->text_bytes;
}

bool lfi_archive_probe(const char *path)
{
    unsigned char head[262] = {0};
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    const size_t got = fread(head, 1, sizeof head, file);
    fclose(file);
    return (got >= 4 && memcmp(head, "PK\x03\x04", 4) == 0) ||
           (got >= 4 && memcmp(head, "PK\x05\x06", 4) == 0) ||
           (got >= 6 && memcmp(head, "7z\xbc\xaf\x27\x1c", 6) == 0) ||
           (got >= 262 && memcmp(head + 257, "ustar", 5) == 0);
}

lf_status lfi_archive_list(const char *path, lfi_member_visit visit, void *context, lf_error *error)
{
    lfi_stream stream = {.archive = new_archive(true, false)};
    if (stream.archive == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", path);
    }
    snprintf(stream.name, sizeof stream.name, "%s", path);
    lf_status status = LF_OK;
    if (archive_read_open_filename(stream.archive, path, BUFFER_BYTES) != ARCHIVE_OK) {
        status = fail(&stream, error, "cannot be read as an archive");
    }
    while (status == LF_OK) {
        struct archive_entry *entry;
        const char *name;
        const int code = next_entry(stream.archive, &entry, &name);
        if (code == ARCHIVE_EOF) {
            break;
        }
        if (code < ARCHIVE_WARN) {
            status = fail(&stream, error, "the archive is damaged or cut off");
            break;
        }
        if (name != NULL && archive_entry_filetype(entry) == AE_IFREG) {
            status = visit(context, name, error);
        }
    }
    archive_read_free(stream.archive);
    return status;
}
