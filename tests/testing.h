/*
 * What the tests of all modules share: counting and failing allocators, a folder that goes away,
 * the reference data that may be absent. Header only; include it after cmocka.h.
 */
#ifndef LOBFLOW_TESTS_TESTING_H
#define LOBFLOW_TESTS_TESTING_H

#include <lobflow/base.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Not every test uses everything. */
#define LF_TESTING_UNUSED __attribute__((unused))

/*
 * An allocator that counts, and fails one call: fail_at = 0 fails the first call, UINT64_MAX none.
 * After the run `live` must be 0, and `bytes_live` says how much a thing holds.
 */
typedef struct lf_testing_memory {
    uint64_t calls;
    uint64_t live;
    uint64_t bytes_live;
    uint64_t fail_at;
    lf_allocator allocator;
} lf_testing_memory;

/* Size in front of each piece, on its own cache line so that the piece keeps its alignment. */
#define LF_TESTING_HEADER 64

LF_TESTING_UNUSED static void *lf_testing_take(void *context, size_t bytes)
{
    lf_testing_memory *memory = context;
    if (memory->calls++ == memory->fail_at || bytes > SIZE_MAX - 2 * LF_TESTING_HEADER) {
        return NULL;
    }
    const size_t all = (bytes + 2 * LF_TESTING_HEADER - 1) / LF_TESTING_HEADER * LF_TESTING_HEADER;
    unsigned char *block = aligned_alloc(LF_TESTING_HEADER, all);
    if (block == NULL) {
        return NULL;
    }
    memset(block, 0, all);
    memcpy(block, &bytes, sizeof bytes);
    memory->live++;
    memory->bytes_live += bytes;
    return block + LF_TESTING_HEADER;
}

LF_TESTING_UNUSED static void lf_testing_give(void *context, void *piece)
{
    lf_testing_memory *memory = context;
    if (piece == NULL) {
        return;
    }
    unsigned char *block = (unsigned char *)piece - LF_TESTING_HEADER;
    size_t bytes;
    memcpy(&bytes, block, sizeof bytes);
    memory->live--;
    memory->bytes_live -= bytes;
    free(block);
}

/*
 * Prepare the allocator; use &memory->allocator. The typical test of failing allocations:
 *
 *     for (uint64_t n = 0;; n++) {
 *         lf_testing_memory memory;
 *         lf_testing_memory_start(&memory, n);
 *         const lf_status status = ...create and use with &memory.allocator, then destroy...;
 *         assert_int_equal(memory.live, 0);
 *         if (memory.calls <= n) { assert_int_equal(status, LF_OK); break; }
 *         assert_int_equal(status, LF_NOMEM);
 *     }
 */
LF_TESTING_UNUSED static void lf_testing_memory_start(lf_testing_memory *memory, uint64_t fail_at)
{
    memset(memory, 0, sizeof *memory);
    memory->fail_at = fail_at;
    memory->allocator.allocate = lf_testing_take;
    memory->allocator.release = lf_testing_give;
    memory->allocator.context = memory;
}

/* A new folder below $TMPDIR or /tmp; end it with lf_testing_folder_remove(). */
typedef struct lf_testing_folder {
    char path[512];
} lf_testing_folder;

LF_TESTING_UNUSED static bool lf_testing_folder_make(lf_testing_folder *folder)
{
    const char *base = getenv("TMPDIR");
    (void)snprintf(
        folder->path,
        sizeof folder->path,
        "%s/lobflow-test-XXXXXX",
        base != NULL && base[0] != '\0' ? base : "/tmp"
    );
    return mkdtemp(folder->path) != NULL;
}

/* Path of a name in the folder, in one of eight buffers that are used in turn. */
LF_TESTING_UNUSED static const char *
lf_testing_path(const lf_testing_folder *folder, const char *name)
{
    static char paths[8][1024];
    static unsigned next;
    char *path = paths[next++ % 8];
    (void)snprintf(path, 1024, "%s/%s", folder->path, name);
    return path;
}

/* Entries in a folder apart from "." and ".."; -1 when it cannot be read. */
LF_TESTING_UNUSED static int lf_testing_entry_count(const char *path)
{
    DIR *list = opendir(path);
    if (list == NULL) {
        return -1;
    }
    int count = 0;
    for (const struct dirent *entry = readdir(list); entry != NULL; entry = readdir(list)) {
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    }
    (void)closedir(list);
    return count;
}

/* Removes a folder and what is in it; tests nest at most a few levels. */
LF_TESTING_UNUSED static void lf_testing_remove(const char *path, int levels)
{
    DIR *list = levels > 0 ? opendir(path) : NULL;
    if (list != NULL) {
        for (const struct dirent *entry = readdir(list); entry != NULL; entry = readdir(list)) {
            char child[2048];
            if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
                continue;
            }
            (void)snprintf(child, sizeof child, "%s/%s", path, entry->d_name);
            struct stat info;
            if (lstat(child, &info) == 0 && S_ISDIR(info.st_mode)) {
                lf_testing_remove(child, levels - 1);
            } else {
                (void)unlink(child);
            }
        }
        (void)closedir(list);
    }
    (void)rmdir(path);
}

LF_TESTING_UNUSED static void lf_testing_folder_remove(const lf_testing_folder *folder)
{
    lf_testing_remove(folder->path, 8);
}

#ifdef LOBFLOW_SHARED_DIR
/*
 * Path of a file of the reference data, or NULL after printing "skipped: no ../shared" when the
 * data are not there. The buffer is used again by the next call.
 */
LF_TESTING_UNUSED static const char *lf_testing_shared(const char *name)
{
    static char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", LOBFLOW_SHARED_DIR, name);
    if (access(path, R_OK) != 0) {
        (void)printf("skipped: no ../shared (%s)\n", name);
        return NULL;
    }
    return path;
}
#endif

#endif
