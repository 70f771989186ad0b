/* Bytes of files that are no text, plain or compressed. */
#ifndef LFI_FEED_UNPACK_H
#define LFI_FEED_UNPACK_H

#include <lobflow/base.h>

#include <stddef.h>

struct archive;

typedef struct lfi_unpack lfi_unpack;

/* Let an archive of libarchive read one file as it is, or packed in a way that files come in. Never
   all filters, some of which start programs. False without memory. */
bool lfi_unpack_allow(struct archive *archive, bool is_packed);

/* Open a file; .gz, .bz2, .xz and .zst are known by their content. LF_OK, LF_FORMAT (cannot be
   unpacked), LF_IO (also where there is none) or LF_NOMEM. */
lf_status
lfi_unpack_open(const lf_allocator *allocator, const char *path, lfi_unpack **out, lf_error *error);

/* The next so many bytes, fewer where the file ends; -1 where it is damaged or cut off: what was
   unpacked before that place has come first. */
ptrdiff_t lfi_unpack_read(lfi_unpack *unpack, void *to, size_t bytes);

/* Why the last call has failed. */
const char *lfi_unpack_failure(const lfi_unpack *unpack);

bool lfi_unpack_is_packed(const lfi_unpack *unpack);

/* Bytes of the file read so far, as on the disk. */
int64_t lfi_unpack_input_bytes(const lfi_unpack *unpack);

/* Close; NULL is accepted. */
void lfi_unpack_close(lfi_unpack *unpack);

#endif
