/* Where a deflated member of a zip archive lies, so that ISA-L can inflate it. */
#ifndef LFI_FEED_ZIP_H
#define LFI_FEED_ZIP_H

#include <stdbool.h>
#include <stdint.h>

/* A deflated member of an archive. */
typedef struct lfi_zip_member {
    int64_t at; /* of its first packed byte in the file */
    int64_t packed_bytes, text_bytes;
    uint32_t crc; /* CRC-32 of the text */
} lfi_zip_member;

/*
 * Find a member by its name. False where libarchive must read, and say what is wrong if anything
 * is: the file is no zip archive of the plainest kind (no comment, no 64-bit lengths, nothing
 * before or between its parts), or the name is not there exactly once, or the member is packed in
 * another way, encrypted, or described differently by the two headers it has.
 */
bool lfi_zip_find(const char *path, const char *name, lfi_zip_member *out);

#endif
