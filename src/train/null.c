/* Walks on permuted labels: where true scores stand among those that chance gives. */
#define _XOPEN_SOURCE 700 /* nftw */

#include "train_internal.h"

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const score_names[LF_TRAIN_NULL_COUNT] = {
    "auc_1min",
    "auc_5min",
    "less_majority_1min",
    "less_majority_5min",
    "ic",
};

const char *lf_train_null_name(lf_train_null_score score)
{
    return score_names[score];
}

/* The scores of a walk that are compared. */
static void read_scores(const lf_train_scores *scores, double out[LF_TRAIN_NULL_COUNT])
{
    const lf_train_direction *near = &scores->up_1min[LF_TRAIN_MODEL];
    const lf_train_direction *far = &scores->up_5min[LF_TRAIN_MODEL];
    out[LF_TRAIN_NULL_AUC_1MIN] = near->auc;
    out[LF_TRAIN_NULL_AUC_5MIN] = far->auc;
    out[LF_TRAIN_NULL_LESS_MAJORITY_1MIN] = near->less_majority;
    out[LF_TRAIN_NULL_LESS_MAJORITY_5MIN] = far->less_majority;
    out[LF_TRAIN_NULL_IC] = scores->ret_1min.ic_all;
}

/* ---- days with permuted labels ---------------------------------------------------------- */

/* Hands out the days of another, their labels permuted while they are open. */
typedef struct permuted_days {
    const lf_train_days *inner;
    const lf_allocator *allocator;
    int64_t block_ns;
    uint64_t seed;
    double *kept; /* labels of the open day, column by column */
    size_t capacity;
} permuted_days;

/* Copies the labels of a day to what is kept of them, or back. */
static void copy_labels(lf_frame *frame, double *kept, bool is_back)
{
    const size_t rows = lf_frame_row_count(frame);
    for (size_t c = 0; c < lf_frame_column_count(frame); c++) {
        if (lfi_is_label(frame, c)) {
            double *values = lf_frame_f64(frame, c);
            memcpy(is_back ? values : kept, is_back ? kept : values, rows * sizeof *kept);
            kept += rows;
        }
    }
}

static lf_status open_permuted(void *context, size_t day, lf_frame **out, lf_error *error)
{
    permuted_days *p = context;
    size_t labels = 0;
    lf_status status = p->inner->open(p->inner->context, day, out, error);
    if (status != LF_OK) {
        return status;
    }
    for (size_t c = 0; c < lf_frame_column_count(*out); c++) {
        labels += lfi_is_label(*out, c);
    }
    void *memory = p->kept;
    const size_t needed = labels * lf_frame_row_count(*out) + 1;
    status = lf_grow(p->allocator, &memory, &p->capacity, needed, sizeof *p->kept);
    p->kept = memory;
    if (status != LF_OK) {
        (void)lf_error_set(error, status, "not enough memory for the labels of a day.");
    } else {
        copy_labels(*out, p->kept, false);
        status =
            lf_train_permute_labels(*out, p->block_ns, lf_hash64(&day, sizeof day, p->seed), error);
    }
    if (status != LF_OK && p->inner->close != NULL) {
        p->inner->close(p->inner->context, day, *out);
    }
    return status;
}

static void close_permuted(void *context, size_t day, lf_frame *frame)
{
    permuted_days *p = context;
    copy_labels(frame, p->kept, true);
    if (p->inner->close != NULL) {
        p->inner->close(p->inner->context, day, frame);
    }
}

/* ---- what is done already --------------------------------------------------------------- */

/* One call: the walk that is judged, and its permutations so far. */
typedef struct null_task {
    lf_train_walk *walk;
    const lf_train_options *options;
    uint64_t key;   /* of the walk's findings: others have other permutations */
    size_t count;   /* wanted */
    size_t done;    /* of them, also for progress */
    double *scores; /* [count][LF_TRAIN_NULL_COUNT] */
    char ledger[1024];
    char folder[1024];
} null_task;

static json_t *line_json(const null_task *t, size_t k)
{
    char key[24];
    (void)snprintf(key, sizeof key, "%016llx", (unsigned long long)t->key);
    json_t *line = json_pack("{s:s, s:I}", "walk", key, "permutation", (json_int_t)(k + 1));
    for (int s = 0; s < LF_TRAIN_NULL_COUNT; s++) {
        const double value = t->scores[k * LF_TRAIN_NULL_COUNT + (size_t)s];
        (void)json_object_set_new(line, score_names[s], lfi_number(value));
    }
    return line;
}

/* Takes over the lines of this walk, in order; stops at the first that is none. */
static void take_lines(null_task *t, const char *text, size_t bytes)
{
    char key[24];
    (void)snprintf(key, sizeof key, "%016llx", (unsigned long long)t->key);
    for (size_t at = 0; at < bytes && t->done < t->count;) {
        const char *end = memchr(text + at, '\n', bytes - at);
        const size_t length = end == NULL ? bytes - at : (size_t)(end - (text + at));
        json_t *line = json_loadb(text + at, length, 0, NULL);
        const char *walk = json_string_value(json_object_get(line, "walk"));
        const json_int_t number = json_integer_value(json_object_get(line, "permutation"));
        const bool fits =
            walk != NULL && strcmp(walk, key) == 0 && number == (json_int_t)t->done + 1;
        for (int s = 0; fits && s < LF_TRAIN_NULL_COUNT; s++) {
            const json_t *value = json_object_get(line, score_names[s]);
            t->scores[t->done * LF_TRAIN_NULL_COUNT + (size_t)s] =
                json_is_number(value) ? json_number_value(value) : NAN;
        }
        json_decref(line);
        if (!fits) {
            return;
        }
        t->done++;
        at += length + 1;
    }
}

static lf_status read_ledger(null_task *t, lf_error *error)
{
    char *text = NULL;
    size_t bytes = 0;
    lf_error missing;
    const lf_allocator *allocator = t->options->allocator;
    const lf_status status = lf_file_read_all(allocator, t->ledger, &text, &bytes, &missing);
    if (status == LF_NOMEM) {
        return lf_error_set(error, status, "not enough memory for %s.", t->ledger);
    }
    if (status == LF_OK) {
        take_lines(t, text, bytes);
        lf_release(allocator, text);
    }
    return LF_OK; /* nothing is done yet where there is no such file */
}

/* Writes all lines anew, whole or not at all. */
static lf_status write_ledger(const null_task *t, lf_error *error)
{
    char *text = NULL;
    size_t capacity = 0;
    size_t used = 0;
    lf_status status = LF_OK;
    for (size_t k = 0; k < t->done && status == LF_OK; k++) {
        json_t *line = line_json(t, k);
        char *one = line == NULL ? NULL : json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(17));
        const size_t bytes = one == NULL ? 0 : strlen(one);
        void *memory = text;
        status = one == NULL
                     ? LF_NOMEM
                     : lf_grow(t->options->allocator, &memory, &capacity, used + bytes + 1, 1);
        text = memory;
        if (status == LF_OK) {
            memcpy(text + used, one, bytes);
            text[used + bytes] = '\n';
            used += bytes + 1;
        }
        free(one);
        json_decref(line);
    }
    status = status == LF_OK ? lf_file_write_atomic(t->ledger, text, used, error)
                             : lf_error_set(error, status, "not enough memory for %s.", t->ledger);
    lf_release(t->options->allocator, text);
    return status;
}

/* ---- one permutation -------------------------------------------------------------------- */

static bool on_progress(void *context, double share)
{
    const null_task *t = context;
    const lf_train_options *o = t->options;
    const double whole = ((double)t->done + share) / (double)t->count;
    return o->progress == NULL || o->progress(o->progress_context, whole);
}

static lf_status permute_once(null_task *t, const lf_train_days *days, lf_error *error)
{
    const int64_t horizon_ns = t->options->horizon_ns;
    const uint64_t number = t->done + 1;
    permuted_days permuted = {
        .inner = days,
        .allocator = t->options->allocator,
        .block_ns = lfi_block_ns(horizon_ns),
        .seed = lf_hash64(&number, sizeof number, t->options->seed),
    };
    const lf_train_days shown = {
        .context = &permuted,
        .count = days->count,
        .open = open_permuted,
        .close = close_permuted,
    };
    lf_train_options options = *t->options;
    options.permute_seed = permuted.seed;
    options.importance = false;
    options.progress = on_progress;
    options.progress_context = t;
    lf_train_walk *walk = NULL;
    const lf_status status = lf_train_walk_days(&shown, &options, t->folder, &walk, error);
    if (status == LF_OK) {
        read_scores(lf_train_walk_scores(walk), t->scores + t->done * LF_TRAIN_NULL_COUNT);
    }
    lf_train_walk_destroy(walk);
    lf_release(t->options->allocator, permuted.kept);
    return status;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    (void)remove(path);
    return 0;
}

/* ---- the whole -------------------------------------------------------------------------- */

static int compare_doubles(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Where a true score stands among the defined ones of the permutations. */
static lf_train_stand stand_of(const null_task *t, int score, double truth, double *values)
{
    size_t count = 0;
    size_t reached = 0;
    for (size_t k = 0; k < t->done; k++) {
        const double value = t->scores[k * LF_TRAIN_NULL_COUNT + (size_t)score];
        if (isfinite(value)) {
            values[count++] = value;
            reached += value >= truth;
        }
    }
    qsort(values, count, sizeof *values, compare_doubles);
    return (lf_train_stand){
        .truth = truth,
        .mean = lf_stats_mean(values, count),
        .sd = lf_stats_sd(values, count),
        .low = count > 0 ? values[0] : NAN,
        .high = count > 0 ? values[count - 1] : NAN,
        .reached = (double)reached,
        /* The true order is one of the orders that chance could have given. */
        .p = count > 0 && isfinite(truth) ? (1 + (double)reached) / (1 + (double)count) : NAN,
    };
}

static lf_status finish(null_task *t, lf_error *error)
{
    double truth[LF_TRAIN_NULL_COUNT];
    lf_train_null null = {.count = (double)t->done};
    double *values = lf_allocate(t->options->allocator, t->done + 1, sizeof *values);
    if (values == NULL) {
        return lf_error_set(error, LF_NOMEM, "not enough memory for the permutations.");
    }
    read_scores(lf_train_walk_scores(t->walk), truth);
    for (int s = 0; s < LF_TRAIN_NULL_COUNT; s++) {
        null.scores[s] = stand_of(t, s, truth[s], values);
    }
    lf_release(t->options->allocator, values);
    return lfi_walk_set_null(t->walk, &null, error);
}

static lf_status set_paths(null_task *t, const char *folder, lf_error *error)
{
    const int a = snprintf(t->ledger, sizeof t->ledger, "%s/permutations.jsonl", folder);
    const int b = snprintf(t->folder, sizeof t->folder, "%s/.permuted", folder);
    if (a < 0 || b < 0 || (size_t)a >= sizeof t->ledger || (size_t)b >= sizeof t->folder) {
        return lf_error_set(error, LF_RANGE, "%s: the name of the folder is too long.", folder);
    }
    return LF_OK;
}

lf_status lf_train_walk_permute(
    lf_train_walk *walk,
    const lf_train_days *days,
    const lf_train_options *options,
    size_t count,
    const char *folder,
    lf_error *error
)
{
    null_task *t = lf_allocate(options->allocator, 1, sizeof *t);
    double *scores =
        lf_allocate(options->allocator, count + 1, LF_TRAIN_NULL_COUNT * sizeof *scores);
    if (t == NULL || scores == NULL) {
        lf_release(options->allocator, t);
        lf_release(options->allocator, scores);
        return lf_error_set(error, LF_NOMEM, "not enough memory for %zu permutations.", count);
    }
    t->walk = walk;
    t->options = options;
    t->count = count;
    t->scores = scores;
    t->key = lfi_walk_key(walk);
    lf_status status = set_paths(t, folder, error);
    if (status == LF_OK) {
        status = read_ledger(t, error);
    }
    while (status == LF_OK && t->done < count) {
        status = permute_once(t, days, error);
        if (status == LF_OK) {
            t->done++;
            status = write_ledger(t, error);
        }
    }
    (void)nftw(t->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    if (status == LF_OK) {
        status = finish(t, error);
    }
    lf_release(options->allocator, scores);
    lf_release(options->allocator, t);
    return status;
}
