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

/*
 * One folder for all tests of a program: fixtures of a group, or of a test. Tests find it in
 * *state, helpers by its function.
 */
LF_TESTING_UNUSED static lf_testing_folder *lf_testing_home(void)
{
    static lf_testing_folder folder;
    return &folder;
}

LF_TESTING_UNUSED static int lf_testing_home_make(void **state)
{
    *state = lf_testing_home();
    return lf_testing_folder_make(lf_testing_home()) ? 0 : -1;
}

LF_TESTING_UNUSED static int lf_testing_home_remove(void **state)
{
    (void)state;
    lf_testing_folder_remove(lf_testing_home());
    return 0;
}

/* ---- a LOBSTER day ---------------------------------------------------------------------- */

/* A simulated day as files: random orders around a price that flow pushes about. Every message fits
   the book, so nothing is counted as a violation. */
typedef struct lf_testing_day {
    const char *symbol;
    const char *date; /* YYYY-MM-DD */
    uint64_t seed;
    int messages;      /* spread over the session, 09:30 to 16:00 */
    int messages_kept; /* only so many are written; 0: all */
    int after_s;       /* seconds that the messages go on after the close */
    bool with_halts;   /* two halts of some minutes */
} lf_testing_day;

enum {
    LF_TESTING_TICKS = 4000,
    LF_TESTING_BASE = 8000,
    LF_TESTING_LEVELS = 5
};

typedef struct lf_testing_maker {
    lf_random random;
    int lots[2][LF_TESTING_TICKS]; /* 0 bid, 1 ask */
    int best[2];
    int push; /* which side the aggressors prefer */
    double time_s;
    FILE *messages, *books;
} lf_testing_maker;

LF_TESTING_UNUSED static int lf_testing_below(lf_testing_maker *maker, int bound)
{
    return (int)lf_random_below(&maker->random, (uint64_t)bound);
}

/* Tick of a level that is shown, 0 the best. */
LF_TESTING_UNUSED static int lf_testing_level(const lf_testing_maker *maker, int side, int level)
{
    int tick = maker->best[side];
    while (level > 0 || maker->lots[side][tick] == 0) {
        level -= maker->lots[side][tick] > 0;
        tick += side == 0 ? -1 : 1;
    }
    return tick;
}

LF_TESTING_UNUSED static void
lf_testing_row(lf_testing_maker *maker, int type, int lots, int half_ticks, int side)
{
    (void)fprintf(
        maker->messages,
        "%.9f,%d,7,%d,%d,%d\n",
        maker->time_s,
        type,
        lots,
        type == 7 ? half_ticks : LF_TESTING_BASE * 100 + half_ticks * 50,
        type == 7   ? -1
        : side == 0 ? 1
                    : -1
    );
    for (int level = 0; level < LF_TESTING_LEVELS; level++) {
        const int ask = lf_testing_level(maker, 1, level);
        const int bid = lf_testing_level(maker, 0, level);
        (void)fprintf(
            maker->books,
            "%s%d,%d,%d,%d",
            level > 0 ? "," : "",
            (LF_TESTING_BASE + ask) * 100,
            maker->lots[1][ask],
            (LF_TESTING_BASE + bid) * 100,
            maker->lots[0][bid]
        );
    }
    (void)fprintf(maker->books, "\n");
}

/* Adds, cancels, executions and hidden trades; the best price moves where a level ends. */
LF_TESTING_UNUSED static void lf_testing_message(lf_testing_maker *maker)
{
    const int kind = lf_testing_below(maker, 100);
    maker->push = lf_testing_below(maker, 300) == 0 ? -maker->push : maker->push;
    const int gap = maker->best[1] - maker->best[0];
    int side = lf_testing_below(maker, 2);
    int type = 1;
    int tick = lf_testing_level(maker, side, lf_testing_below(maker, LF_TESTING_LEVELS));
    int lots = 1 + lf_testing_below(maker, 100);
    if (kind < 3) {
        lf_testing_row(maker, 5, lots, maker->best[0] + maker->best[1], side);
        return;
    }
    if (kind < 24) {
        side = lf_testing_below(maker, 10) < 5 + 2 * maker->push ? 1 : 0;
        type = 4;
        tick = maker->best[side];
        lots = lf_testing_below(maker, 3) == 0 ? maker->lots[side][tick] : lots;
    } else if (kind < 55) {
        type = 2;
    } else if (gap > 1 && kind < 60 + 4 * gap) {
        tick = maker->best[side] + (side == 0 ? 1 : -1);
        maker->best[side] = tick;
    }
    int *const there = &maker->lots[side][tick];
    if (type != 1) {
        lots = lots < *there ? lots : *there;
        type = type == 2 && lots == *there ? 3 : type;
    }
    *there += type == 1 ? lots : -lots;
    maker->best[side] = lf_testing_level(maker, side, 0);
    lf_testing_row(maker, type, lots, 2 * tick, side);
}

LF_TESTING_UNUSED static FILE *
lf_testing_file(const lf_testing_folder *folder, const lf_testing_day *day, const char *what)
{
    char name[256];
    (void)snprintf(
        name,
        sizeof name,
        "%s_%s_34200000_57600000_%s_%d.csv",
        day->symbol,
        day->date,
        what,
        LF_TESTING_LEVELS
    );
    return fopen(lf_testing_path(folder, name), "w");
}

/* Writes the two files of a day into a folder. @return false when they cannot be written */
LF_TESTING_UNUSED static bool
lf_testing_day_write(const lf_testing_folder *folder, const lf_testing_day *day)
{
    lf_testing_maker maker = {.push = 1, .time_s = 34200.001};
    maker.messages = lf_testing_file(folder, day, "message");
    maker.books = lf_testing_file(folder, day, "orderbook");
    if (maker.messages == NULL || maker.books == NULL) {
        return false;
    }
    lf_random_seed(&maker.random, day->seed, 0);
    maker.best[0] = LF_TESTING_TICKS / 2 - 1;
    maker.best[1] = LF_TESTING_TICKS / 2 + 1;
    for (int i = 0; i < LF_TESTING_TICKS; i++) {
        const int side = i <= maker.best[0] ? 0 : 1;
        maker.lots[side][i] = i == LF_TESTING_TICKS / 2 ? 0 : 50 + lf_testing_below(&maker, 200);
    }
    const int kept = day->messages_kept > 0 ? day->messages_kept : day->messages;
    const double step_s = (23399.0 + day->after_s) / day->messages;
    for (int i = 0; i < kept; i++) {
        /* Several messages may share a time. */
        const int ties = lf_testing_below(&maker, 4);
        maker.time_s = ties == 0 ? maker.time_s : 34200.001 + step_s * i;
        const int in_fifth = i % (day->messages / 5);
        if (day->with_halts && (in_fifth == 1000 || in_fifth == 1100)) {
            lf_testing_row(&maker, 7, 0, in_fifth == 1000 ? -1 : 1, 0);
        } else {
            lf_testing_message(&maker);
        }
    }
    return fclose(maker.messages) == 0 && fclose(maker.books) == 0;
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

#ifdef LOBFLOW_MODEL_H
/* ---- a small model ---------------------------------------------------------------------- */

/* A logistic model on ofi_norm_1min, good enough to trade often; written, loaded, owned. */
LF_TESTING_UNUSED static lf_status
lf_testing_model(const char *path, const lf_model_meta *meta, lf_model **out)
{
    const size_t features[] = {lf_feature_find("ofi_norm_1min")};
    static const double weights[] = {0.05};
    static const double bps[] = {0.5};
    static const double means[] = {0.0};
    const lf_linear_head up = {.weights = weights, .means = means};
    const lf_linear_head ret = {.weights = bps, .means = means};
    const lf_model_content content = {
        .meta = *meta,
        .features = features,
        .feature_count = 1,
        .linear = {&up, &up, &ret},
    };
    const lf_status status = lf_model_save(path, &content, NULL);
    return status == LF_OK ? lf_model_load(NULL, path, out, NULL) : status;
}

/* How such a model is fitted: on nothing before a time, with low thresholds. */
LF_TESTING_UNUSED static lf_model_meta lf_testing_model_meta(int64_t purge_until_ns)
{
    return (lf_model_meta){
        .kind = "logistic",
        .step_ns = LF_NS_PER_SECOND,
        .train_first_ns = purge_until_ns - LF_NS_PER_DAY,
        .train_last_ns = purge_until_ns - 1,
        .purge_until_ns = purge_until_ns,
        .ofi_threshold = 1.0,
        .ofi_extreme = 1000.0,
        .median_spread_ticks = 2.0,
        .clock = LF_CLOCK_LOCAL,
    };
}
#endif

#endif
