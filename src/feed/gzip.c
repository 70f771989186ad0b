/* Files of gzip inflated by ISA-L, which takes a third of zlib's time. */
#include "gzip.h"

#ifdef LFI_HAS_ISAL

#include <archive.h>
#include <errno.h>
#include <fcntl.h>
#include <isa-l/igzip_lib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Little enough that what was inflated is still in the L2 cache when it is read. */
#define TEXT_BYTES ((size_t)128 * 1024)
#define PACKED_BYTES ((size_t)32 * 1024)

struct lfi_gzip {
    const lf_allocator *allocator;
    int file;
    bool has_all; /* the file has been read to its end */
    struct inflate_state *state;
    const char *failure; /* to be told once the text before it has been read */
    int failure_code;
    int64_t read_bytes;
    unsigned char *packed; /* [PACKED_BYTES]; state->next_in points into it */
    unsigned char *text;   /* [TEXT_BYTES] */
};

/* ---- the file --------------------------------------------------------------------------- */

/* A gzip member of deflated data, with no flag that nobody has defined. */
static bool is_member(const unsigned char *bytes, size_t count)
{
    return count >= 4 && bytes[0] == 0x1f && bytes[1] == 0x8b && bytes[2] == 8 &&
           (bytes[3] & 0xe0) == 0;
}

/* Fill the block behind what is left in it. */
static bool read_more(lfi_gzip *gzip)
{
    struct inflate_state *const state = gzip->state;
    if (state->avail_in > 0) {
        memmove(gzip->packed, state->next_in, state->avail_in);
    }
    state->next_in = gzip->packed;
    while (!gzip->has_all && state->avail_in < PACKED_BYTES) {
        const ssize_t got =
            read(gzip->file, gzip->packed + state->avail_in, PACKED_BYTES - state->avail_in);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return false;
        }
        gzip->has_all = got == 0;
        state->avail_in += (uint32_t)got;
        gzip->read_bytes += got;
    }
    return true;
}

static void begin_member(struct inflate_state *state)
{
    isal_inflate_reset(state);
    state->crc_flag = ISAL_GZIP;
}

/* ---- text ------------------------------------------------------------------------------- */

/* Something is wrong: what was inflated before it goes out first. */
static la_ssize_t refuse(lfi_gzip *gzip, struct archive *archive, int code, const char *why)
{
    gzip->failure = why;
    gzip->failure_code = code;
    if (gzip->state->avail_out < TEXT_BYTES) {
        return (la_ssize_t)(TEXT_BYTES - gzip->state->avail_out);
    }
    archive_set_error(archive, code, "%s", why);
    return -1;
}

/* Goes on to the next member, if there is one; other bytes behind a member are left alone. */
static bool has_next_member(lfi_gzip *gzip)
{
    if (!is_member(gzip->state->next_in, gzip->state->avail_in)) {
        return false;
    }
    begin_member(gzip->state);
    return true;
}

static la_ssize_t read_text(struct archive *archive, void *context, const void **text)
{
    lfi_gzip *const gzip = context;
    struct inflate_state *const state = gzip->state;
    state->next_out = gzip->text;
    state->avail_out = (uint32_t)TEXT_BYTES;
    *text = gzip->text;
    if (gzip->failure != NULL) {
        return refuse(gzip, archive, gzip->failure_code, gzip->failure);
    }
    while (state->avail_out > 0) {
        const bool is_over = state->block_state == ISAL_BLOCK_FINISH;
        if (state->avail_in < (is_over ? 4u : 1u) && !gzip->has_all && !read_more(gzip)) {
            return refuse(gzip, archive, errno, "the file cannot be read");
        }
        if (is_over) {
            if (!has_next_member(gzip)) {
                break;
            }
            continue;
        }
        const uint32_t in = state->avail_in, out = state->avail_out;
        const int code = isal_inflate(state);
        if (code == ISAL_INCORRECT_CHECKSUM) {
            return refuse(gzip, archive, EILSEQ, "the gzip checksum is not that of the data");
        }
        if (code < 0) {
            return refuse(gzip, archive, EILSEQ, "gzip decompression failed");
        }
        if (in == state->avail_in && out == state->avail_out && gzip->has_all &&
            state->block_state != ISAL_BLOCK_FINISH) {
            return refuse(gzip, archive, EILSEQ, "truncated gzip input");
        }
    }
    return (la_ssize_t)(TEXT_BYTES - state->avail_out);
}

/* ---- life ------------------------------------------------------------------------------- */

/* The file if it is one of gzip, else -1. */
static int open_file(const char *path)
{
    unsigned char head[4];
    struct stat info;
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        return -1;
    }
    if (fstat(file, &info) != 0 || !S_ISREG(info.st_mode) ||
        pread(file, head, sizeof head, 0) != (ssize_t)sizeof head ||
        !is_member(head, sizeof head)) {
        (void)close(file);
        return -1;
    }
    return file;
}

lf_status
lfi_gzip_open(const lf_allocator *allocator, const char *path, lfi_gzip **out, lf_error *error)
{
    *out = NULL;
    const int file = open_file(path);
    if (file < 0) {
        return LF_OK; /* libarchive says what is wrong with it, if anything is */
    }
    lfi_gzip *const gzip = lf_allocate(allocator, 1, sizeof *gzip);
    if (gzip == NULL) {
        (void)close(file);
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", path);
    }
    gzip->allocator = allocator;
    gzip->file = file;
    gzip->state = lf_allocate(allocator, 1, sizeof *gzip->state);
    gzip->packed = lf_allocate(allocator, PACKED_BYTES, 1);
    gzip->text = lf_allocate(allocator, TEXT_BYTES, 1);
    if (gzip->state == NULL || gzip->packed == NULL || gzip->text == NULL) {
        lfi_gzip_close(gzip);
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", path);
    }
    isal_inflate_init(gzip->state);
    begin_member(gzip->state);
    *out = gzip;
    return LF_OK;
}

void lfi_gzip_close(lfi_gzip *gzip)
{
    if (gzip == NULL) {
        return;
    }
    (void)close(gzip->file);
    lf_release(gzip->allocator, gzip->state);
    lf_release(gzip->allocator, gzip->packed);
    lf_release(gzip->allocator, gzip->text);
    lf_release(gzip->allocator, gzip);
}

int lfi_gzip_attach(lfi_gzip *gzip, struct archive *archive)
{
    return archive_read_open(archive, gzip, NULL, read_text, NULL);
}

int64_t lfi_gzip_input_bytes(const lfi_gzip *gzip)
{
    return gzip->read_bytes - (int64_t)gzip->state->avail_in;
}

#else

lf_status
lfi_gzip_open(const lf_allocator *allocator, const char *path, lfi_gzip **out, lf_error *error)
{
    (void)allocator;
    (void)path;
    (void)error;
    *out = NULL;
    return LF_OK;
}

void lfi_gzip_close(lfi_gzip *gzip)
{
    (void)gzip;
}

int lfi_gzip_attach(lfi_gzip *gzip, struct archive *archive)
{
    (void)gzip;
    (void)archive;
    return -1;
}

int64_t lfi_gzip_input_bytes(const lfi_gzip *gzip)
{
    (void)gzip;
    return 0;
}

#endif
