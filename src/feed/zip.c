/* The directory of a plain zip archive. Whatever is unusual in it is left to libarchive. */
#include "zip.h"

#include <stdio.h>
#include <string.h>

/* Fixed parts of the records, and the longest name that is compared. */
#define END_BYTES 22
#define ENTRY_BYTES 46
#define LOCAL_BYTES 30
#define NAME_MAX_BYTES 2048
/* The method, and the flags that change nothing for a reader: how hard was packed (bits 1 and 2),
   lengths behind the data (3), names in UTF-8 (11). */
#define DEFLATED 8
#define LENGTHS_BEHIND 0x0008u
#define HARMLESS_FLAGS (0x0006u | LENGTHS_BEHIND | 0x0800u)
/* A length that stands elsewhere, in 64 bits. */
#define ELSEWHERE UINT32_MAX

/* What both headers of a member say of it. */
typedef struct header {
    uint32_t flags, method, crc, packed_bytes, text_bytes, name_bytes;
} header;

/* The directory, and the member as its entry describes it. */
typedef struct directory {
    FILE *file;
    int64_t at, end;
    uint32_t entry_count;
    uint32_t found_count;
    header found;
    uint32_t found_at; /* of the local header */
} directory;

/* ---- numbers ---------------------------------------------------------------------------- */

static uint32_t u16(const unsigned char *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8;
}

static uint32_t u32(const unsigned char *bytes)
{
    return u16(bytes) | u16(bytes + 2) << 16;
}

/* The fields from the flags on, which stand in the same order in both headers. */
static header read_header(const unsigned char *flags)
{
    return (header){
        .flags = u16(flags),
        .method = u16(flags + 2),
        .crc = u32(flags + 8),
        .packed_bytes = u32(flags + 12),
        .text_bytes = u32(flags + 16),
        .name_bytes = u16(flags + 20),
    };
}

/* ---- directory -------------------------------------------------------------------------- */

/* The record at the end of the file, which says where the directory is. */
static bool read_end(directory *d)
{
    unsigned char end[END_BYTES];
    if (fseeko(d->file, -END_BYTES, SEEK_END) != 0) {
        return false;
    }
    d->end = ftello(d->file);
    if (fread(end, 1, sizeof end, d->file) != sizeof end || memcmp(end, "PK\x05\x06", 4) != 0) {
        return false;
    }
    d->entry_count = u16(end + 10);
    d->at = (int64_t)u32(end + 16);
    const bool is_one_disk = u32(end + 4) == 0 && u16(end + 8) == d->entry_count;
    const bool has_comment = u16(end + 20) != 0;
    return is_one_disk && !has_comment && d->at + (int64_t)u32(end + 12) == d->end;
}

/* Whether the next bytes of the file are a name. */
static bool is_name_next(FILE *file, const char *name, size_t bytes, bool *is_it)
{
    char read[NAME_MAX_BYTES];
    *is_it = bytes == strlen(name) && bytes <= sizeof read;
    if (!*is_it) {
        return fseeko(file, (off_t)bytes, SEEK_CUR) == 0;
    }
    if (fread(read, 1, bytes, file) != bytes) {
        return false;
    }
    *is_it = memcmp(read, name, bytes) == 0;
    return true;
}

static bool read_entry(directory *d, const char *name)
{
    unsigned char entry[ENTRY_BYTES];
    bool is_it;
    if (fread(entry, 1, sizeof entry, d->file) != sizeof entry ||
        memcmp(entry, "PK\x01\x02", 4) != 0) {
        return false;
    }
    const header about = read_header(entry + 8);
    if (!is_name_next(d->file, name, about.name_bytes, &is_it)) {
        return false;
    }
    if (is_it) {
        d->found_count++;
        d->found = about;
        d->found_at = u32(entry + 42);
    }
    const off_t behind = (off_t)(u16(entry + 30) + u16(entry + 32));
    return behind == 0 || fseeko(d->file, behind, SEEK_CUR) == 0;
}

static bool read_directory(directory *d, const char *name)
{
    bool is_read = fseeko(d->file, (off_t)d->at, SEEK_SET) == 0;
    for (uint32_t i = 0; is_read && i < d->entry_count; i++) {
        is_read = read_entry(d, name);
    }
    return is_read && d->found_count == 1 && ftello(d->file) == d->end;
}

/* ---- member ----------------------------------------------------------------------------- */

static bool is_plain(const header *about)
{
    return about->method == DEFLATED && (about->flags & ~HARMLESS_FLAGS) == 0 &&
           about->packed_bytes != ELSEWHERE && about->text_bytes != ELSEWHERE;
}

/* A length or checksum before the data is that of the directory, or 0 where it stands behind. */
static bool is_told(uint32_t before, uint32_t about, bool is_behind)
{
    return before == about || (is_behind && before == 0);
}

static bool agrees(const header *local, const header *about)
{
    const bool is_behind = (about->flags & LENGTHS_BEHIND) != 0;
    return local->flags == about->flags && local->method == about->method &&
           local->name_bytes == about->name_bytes && is_told(local->crc, about->crc, is_behind) &&
           is_told(local->packed_bytes, about->packed_bytes, is_behind) &&
           is_told(local->text_bytes, about->text_bytes, is_behind);
}

static bool read_member(const directory *d, const char *name, lfi_zip_member *out)
{
    unsigned char local[LOCAL_BYTES];
    bool is_it;
    if (fseeko(d->file, (off_t)d->found_at, SEEK_SET) != 0 ||
        fread(local, 1, sizeof local, d->file) != sizeof local ||
        memcmp(local, "PK\x03\x04", 4) != 0) {
        return false;
    }
    const header before = read_header(local + 6);
    if (!agrees(&before, &d->found) || !is_name_next(d->file, name, before.name_bytes, &is_it) ||
        !is_it) {
        return false;
    }
    *out = (lfi_zip_member){
        .at = ftello(d->file) + (int64_t)u16(local + 28),
        .packed_bytes = d->found.packed_bytes,
        .text_bytes = d->found.text_bytes,
        .crc = d->found.crc,
    };
    return out->at + out->packed_bytes <= d->at;
}

bool lfi_zip_find(const char *path, const char *name, lfi_zip_member *out)
{
    directory d = {.file = fopen(path, "rbe")};
    if (d.file == NULL) {
        return false;
    }
    const bool is_found = read_end(&d) && read_directory(&d, name) && is_plain(&d.found) &&
                          read_member(&d, name, out);
    (void)fclose(d.file);
    return is_found;
}
