/* Files of gzip and members of zip inflated by ISA-L, which takes a third of zlib's time. */
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

/* What is said of damage. */
typedef struct complaints {
    const char *checksum, *broken, *cut;
} complaints;

static const complaints of_gzip = {
    .checksum = "the gzip checksum is not that of the data",
    .broken = "gzip decompression failed",
    .cut = "truncated gzip input",
};
static const complaints of_zip = {
    .checksum = "the zip checksum or length is not that of the data",
    .broken = "zip decompression failed",
    .cut = "truncated zip input",
};

struct lfi_gzip {
    const lf_allocator *allocator;
    int file;
    int64_t at, end; /* what of the file is to be read yet; end is INT64_MAX for all of it */
    bool has_all;    /* it has been read */
    bool is_zip;
    lfi_zip_member member; /* of zip */
    const complaints *complaints;
    struct inflate_state *state;
    const char *failure; /* to be told once the text before it has been read */
    int failure_code;
    int64_t read_bytes, text_bytes;
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
        const int64_t left = gzip->end - gzip->at;
        const size_t room = PACKED_BYTES - state->avail_in;
        const size_t most = left < (int64_t)room ? (size_t)left : room;
        const ssize_t got =
            pread(gzip->file, gzip->packed + state->avail_in, most, (off_t)gzip->at);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return false;
        }
        gzip->has_all = got == 0;
        gzip->at += got;
        state->avail_in += (uint32_t)got;
        gzip->read_bytes += got;
    }
    return true;
}

/* A zip archive keeps the checksum elsewhere: it is only reckoned. */
static void begin_member(lfi_gzip *gzip)
{
    isal_inflate_reset(gzip->state);
    gzip->state->crc_flag = gzip->is_zip ? ISAL_GZIP_NO_HDR : ISAL_GZIP;
}

/* Whether the member of zip that was inflated is the one that was announced. */
static bool is_as_announced(const lfi_gzip *gzip)
{
    return gzip->state->crc == gzip->member.crc && gzip->text_bytes == gzip->member.text_bytes &&
           gzip->read_bytes - (int64_t)gzip->state->avail_in == gzip->member.packed_bytes;
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
    begin_member(gzip);
    return true;
}

/* Inflates what is there of the packed bytes; why it cannot go on, or NULL. */
static const char *inflate_some(lfi_gzip *gzip)
{
    struct inflate_state *const state = gzip->state;
    const uint32_t in = state->avail_in, out = state->avail_out;
    const int code = isal_inflate(state);
    gzip->text_bytes += (int64_t)(out - state->avail_out);
    if (code < 0) {
        return code == ISAL_INCORRECT_CHECKSUM ? gzip->complaints->checksum
                                               : gzip->complaints->broken;
    }
    if (gzip->is_zip && gzip->text_bytes > gzip->member.text_bytes) {
        return gzip->complaints->checksum;
    }
    const bool is_stuck = in == state->avail_in && out == state->avail_out && gzip->has_all &&
                          state->block_state != ISAL_BLOCK_FINISH;
    return is_stuck ? gzip->complaints->cut : NULL;
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
        if (is_over && gzip->is_zip) {
            if (!is_as_announced(gzip)) {
                return refuse(gzip, archive, EILSEQ, gzip->complaints->checksum);
            }
            break;
        }
        if (is_over) {
            if (!has_next_member(gzip)) {
                break;
            }
            continue;
        }
        const char *const why = inflate_some(gzip);
        if (why != NULL) {
            return refuse(gzip, archive, EILSEQ, why);
        }
    }
    return (la_ssize_t)(TEXT_BYTES - state->avail_out);
}

/* ---- life ------------------------------------------------------------------------------- */

/* The file if it is a plain one, else -1. */
static int open_plain(const char *path)
{
    struct stat info;
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file >= 0 && (fstat(file, &info) != 0 || !S_ISREG(info.st_mode))) {
        (void)close(file);
        return -1;
    }
    return file;
}

/* The file if it is one of gzip, else -1. */
static int open_gzip(const char *path)
{
    unsigned char head[4];
    const int file = open_plain(path);
    if (file >= 0 && (pread(file, head, sizeof head, 0) != (ssize_t)sizeof head ||
                      !is_member(head, sizeof head))) {
        (void)close(file);
        return -1;
    }
    return file;
}

/* Takes the file, also where it fails. */
static lf_status begin(
    const lf_allocator *allocator,
    const char *path,
    int file,
    const lfi_zip_member *member,
    lfi_gzip **out,
    lf_error *error
)
{
    lfi_gzip *const gzip = lf_allocate(allocator, 1, sizeof *gzip);
    if (gzip == NULL) {
        (void)close(file);
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", path);
    }
    gzip->allocator = allocator;
    gzip->file = file;
    gzip->is_zip = member != NULL;
    gzip->member = member != NULL ? *member : (lfi_zip_member){0};
    gzip->complaints = member != NULL ? &of_zip : &of_gzip;
    gzip->at = gzip->member.at;
    gzip->end = member != NULL ? member->at + member->packed_bytes : INT64_MAX;
    gzip->state = lf_allocate(allocator, 1, sizeof *gzip->state);
    gzip->packed = lf_allocate(allocator, PACKED_BYTES, 1);
    gzip->text = lf_allocate(allocator, TEXT_BYTES, 1);
    if (gzip->state == NULL || gzip->packed == NULL || gzip->text == NULL) {
        lfi_gzip_close(gzip);
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", path);
    }
    isal_inflate_init(gzip->state);
    begin_member(gzip);
    *out = gzip;
    return LF_OK;
}

lf_status
lfi_gzip_open(const lf_allocator *allocator, const char *path, lfi_gzip **out, lf_error *error)
{
    *out = NULL;
    const int file = open_gzip(path);
    /* Of what is not gzip libarchive says what is wrong, if anything is. */
    return file < 0 ? LF_OK : begin(allocator, path, file, NULL, out, error);
}

lf_status lfi_gzip_open_member(
    const lf_allocator *allocator,
    const char *path,
    const lfi_zip_member *member,
    lfi_gzip **out,
    lf_error *error
)
{
    *out = NULL;
    const int file = open_plain(path);
    return file < 0 ? LF_OK : begin(allocator, path, file, member, out, error);
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

int64_t lfi_gzip_text_total(const lfi_gzip *gzip)
{
    return gzip->member.text_bytes;
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

lf_status lfi_gzip_open_member(
    const lf_allocator *allocator,
    const char *path,
    const lfi_zip_member *member,
    lfi_gzip **out,
    lf_error *error
)
{
    (void)allocator;
    (void)path;
    (void)member;
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

int64_t lfi_gzip_text_total(const lfi_gzip *gzip)
{
    (void)gzip;
    return 0;
}

#endif
