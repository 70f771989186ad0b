/* Bytes of a DBN file being written, plain or zstd, under a temporary name until they are whole. */
#include "dbn.h"

#include <stdio.h>
#include <zstd.h>

#define BUFFER_BYTES ((size_t)256 * 1024)
/* What zstd calls its default: records of market data shrink to a third or less. */
#define LEVEL 3

struct lfi_dbn_out {
    lf_allocator memory;
    const lf_allocator *allocator;
    lf_output *output;
    ZSTD_CCtx *zstd; /* NULL: plain */
    unsigned char *buffer;
    char path[1024];
};

static lf_status
compress(lfi_dbn_out *out, const void *data, size_t bytes, ZSTD_EndDirective how, lf_error *error)
{
    ZSTD_inBuffer input = {data, bytes, 0};
    size_t left;
    do {
        ZSTD_outBuffer to = {out->buffer, BUFFER_BYTES, 0};
        left = ZSTD_compressStream2(out->zstd, &to, &input, how);
        if (ZSTD_isError(left)) {
            return lf_error_set(
                error, LF_IO, "%s: zstd says: %s", out->path, ZSTD_getErrorName(left)
            );
        }
        const lf_status status = lf_output_write(out->output, out->buffer, to.pos, error);
        if (status != LF_OK) {
            return status;
        }
    } while (how == ZSTD_e_end ? left != 0 : input.pos < input.size);
    return LF_OK;
}

lf_status lfi_dbn_out_create(
    const lf_allocator *allocator, const char *path, lfi_dbn_out **out, lf_error *error
)
{
    const size_t length = strlen(path);
    *out = NULL;
    lfi_dbn_out *const self = lf_allocate(allocator, 1, sizeof *self);
    if (self == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory to write %s", path);
    }
    if (allocator != NULL) {
        self->memory = *allocator;
        self->allocator = &self->memory;
    }
    (void)snprintf(self->path, sizeof self->path, "%s", path);
    lf_status status = lf_output_create(self->allocator, path, &self->output, error);
    if (status == LF_OK && length > 4 && strcmp(path + length - 4, ".zst") == 0) {
        self->zstd = ZSTD_createCCtx();
        self->buffer = lf_allocate(self->allocator, BUFFER_BYTES, 1);
        if (self->zstd == NULL || self->buffer == NULL ||
            ZSTD_isError(ZSTD_CCtx_setParameter(self->zstd, ZSTD_c_compressionLevel, LEVEL)) ||
            ZSTD_isError(ZSTD_CCtx_setParameter(self->zstd, ZSTD_c_checksumFlag, 1))) {
            status = lf_error_set(error, LF_NOMEM, "no memory to write %s", path);
        }
    }
    if (status != LF_OK) {
        lfi_dbn_out_destroy(self);
        return status;
    }
    *out = self;
    return LF_OK;
}

lf_status lfi_dbn_out_write(lfi_dbn_out *out, const void *data, size_t bytes, lf_error *error)
{
    return out->zstd != NULL ? compress(out, data, bytes, ZSTD_e_continue, error)
                             : lf_output_write(out->output, data, bytes, error);
}

lf_status lfi_dbn_out_finish(lfi_dbn_out *out, lf_error *error)
{
    const lf_status status = out->zstd != NULL ? compress(out, NULL, 0, ZSTD_e_end, error) : LF_OK;
    return status == LF_OK ? lf_output_finish(out->output, error) : status;
}

void lfi_dbn_out_destroy(lfi_dbn_out *out)
{
    if (out == NULL) {
        return;
    }
    const lf_allocator memory = out->memory;
    const lf_allocator *const allocator = out->allocator != NULL ? &memory : NULL;
    (void)ZSTD_freeCCtx(out->zstd);
    lf_output_destroy(out->output);
    lf_release(allocator, out->buffer);
    lf_release(allocator, out);
}
