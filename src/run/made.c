/* Folders that a call makes: the empty ones go again when it fails. */
#define _XOPEN_SOURCE 700 /* nftw */

#include "line_internal.h"

#include <ftw.h>
#include <string.h>
#include <unistd.h>

/* Length of a path without the slashes at its end; that of the root is 1. */
static size_t length_of(const char *path, size_t length)
{
    while (length > 1 && path[length - 1] == '/') {
        length--;
    }
    return length;
}

/* Length of the folder that a path lies in; 0: it names none, or lies in the root. */
static size_t parent_of(const char *path, size_t length)
{
    while (length > 0 && path[length - 1] != '/') {
        length--;
    }
    return length > 1 ? length_of(path, length) : 0;
}

lf_status lfi_made_begin(const char *folder, const char *name, lfi_made *out, lf_error *error)
{
    char path[LFI_PATH_BYTES];
    out->path[0] = '\0';
    const lf_status status = lfi_path(folder, name, path, error);
    if (status != LF_OK) {
        return status;
    }
    /* The highest folder that is not there yet. */
    size_t length = length_of(path, strlen(path));
    while (length > 0) {
        path[length] = '\0';
        if (access(path, F_OK) == 0) {
            break;
        }
        memcpy(out->path, path, length + 1);
        length = parent_of(path, length);
    }
    return LF_OK;
}

static int remove_folder(const char *path, const struct stat *facts, int kind, struct FTW *where)
{
    (void)facts;
    (void)where;
    if (kind == FTW_DP) {
        (void)rmdir(path); /* only when nothing lies in it */
    }
    return 0;
}

void lfi_made_undo(const lfi_made *made)
{
    if (made->path[0] != '\0') {
        (void)nftw(made->path, remove_folder, 8, FTW_DEPTH | FTW_PHYS);
    }
}
