/*
 * Files of gzip and deflated members of zip archives inflated by ISA-L, where the library is there,
 * and handed to libarchive as text.
 */
#ifndef LFI_FEED_GZIP_H
#define LFI_FEED_GZIP_H

#include "zip.h"

#include <lobflow/base.h>

struct archive;

/* A file or member that is being inflated. */
typedef struct lfi_gzip lfi_gzip;

/* Open a file. *out is NULL where libarchive must read it: it is no plain file of gzip, or lobflow
   was built without ISA-L. LF_NOMEM. */
lf_status
lfi_gzip_open(const lf_allocator *allocator, const char *path, lfi_gzip **out, lf_error *error);

/* The same for a member of a zip archive. */
lf_status lfi_gzip_open_member(
    const lf_allocator *allocator,
    const char *path,
    const lfi_zip_member *member,
    lfi_gzip **out,
    lf_error *error
);
void lfi_gzip_close(lfi_gzip *gzip);

/* Let an archive, which must be closed first, read the text. What libarchive returns. */
int lfi_gzip_attach(lfi_gzip *gzip, struct archive *archive);

/* Bytes of the file that were inflated; bytes of text as the archive has them (0: unknown). */
int64_t lfi_gzip_input_bytes(const lfi_gzip *gzip);
int64_t lfi_gzip_text_total(const lfi_gzip *gzip);

#endif
