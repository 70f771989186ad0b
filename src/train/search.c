/* Tries parameters drawn at random, each with a walk forward, and records every trial. */
#include "train_internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PATH_BYTES ((size_t)1024)

/* ---- the space -------------------------------------------------------------------------- */

/* Evenly distributed logarithm. */
static double draw_log(lf_random *random, double least, double most)
{
    return exp(log(least) + lf_random_uniform(random) * (log(most) - log(least)));
}

void lfi_trial_draw(const lf_train_options *base, int64_t number, lf_train_options *out)
{
    static const int32_t leaves[] = {7, 15, 31, 63};
    static const int32_t depths[] = {3, 4, 5, 6, 8};
    lf_random random;
    *out = *base;
    if (number == 0) {
        return;
    }
    /* All are drawn for both kinds, in this order: a new one goes to the end. */
    lf_random_seed(&random, base->seed, (uint64_t)number);
    const double rate = draw_log(&random, 0.01, 0.2);
    const int32_t leaf = leaves[lf_random_below(&random, sizeof leaves / sizeof leaves[0])];
    const int32_t depth = depths[lf_random_below(&random, sizeof depths / sizeof depths[0])];
    const int32_t rows = (int32_t)draw_log(&random, 20, 2000);
    const double ridge = draw_log(&random, 1e-6, 1);
    if (base->kind == LF_TRAIN_LOGISTIC) {
        out->ridge = ridge;
        return;
    }
    out->learning_rate = rate;
    out->num_leaves = leaf;
    out->max_depth = depth;
    out->min_data_in_leaf = rows;
}

static void write_parameters(const lf_train_options *o, char out[512])
{
    if (o->kind == LF_TRAIN_LOGISTIC) {
        (void)snprintf(out, 512, "{\"ridge\":%.17g}", o->ridge);
        return;
    }
    (void)snprintf(
        out,
        512,
        "{\"learning_rate\":%.17g,\"num_leaves\":%d,\"max_depth\":%d,\"min_data_in_leaf\":%d}",
        o->learning_rate,
        o->num_leaves,
        o->max_depth,
        o->min_data_in_leaf
    );
}

/* ---- one trial -------------------------------------------------------------------------- */

typedef struct searching {
    const lf_train_days *days;
    const lf_train_options *base;
    const lf_train_search_options *search;
    char id[40];             /* of rows and options */
    char folder[PATH_BYTES]; /* of the trial's models */
    lfi_trials *trials;
    int64_t number; /* of the trial at work, for progress */
} searching;

static bool on_progress(void *context, double share)
{
    const searching *const s = context;
    const double whole = ((double)s->number + share) / (double)s->search->trial_count;
    return s->base->progress(s->base->progress_context, whole);
}

/* The models of a trial are of no use afterwards; what else lies there is not touched. */
static void remove_models(const searching *s, size_t fold_count)
{
    static const char *const files[] = {"model.json", "up_1min.txt", "up_5min.txt", "ret_1min.txt"};
    char path[PATH_BYTES + 64];
    for (size_t k = 0; k < fold_count; k++) {
        for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
            (void)snprintf(path, sizeof path, "%s/fold_%02zu/%s", s->folder, k + 1, files[i]);
            (void)unlink(path);
        }
        (void)snprintf(path, sizeof path, "%s/fold_%02zu", s->folder, k + 1);
        (void)rmdir(path);
    }
    (void)rmdir(s->folder);
}

static lf_status record(
    const searching *s,
    const lf_train_options *options,
    const lfi_trial *timed,
    const lf_train_scores *scores,
    lf_error *error
)
{
    const lf_train_direction *const up = &scores->up_1min[LF_TRAIN_MODEL];
    char parameters[512];
    write_parameters(options, parameters);
    lfi_trial trial = *timed;
    trial.search = s->id;
    trial.number = s->number;
    trial.parameters = parameters;
    trial.accuracy = up->accuracy;
    trial.auc = up->auc;
    trial.log_loss = up->log_loss;
    trial.brier = up->brier;
    trial.ic = scores->ret_1min.ic;
    trial.least_best_round = scores->least_best_round;
    return lfi_trials_put(s->trials, &trial, error);
}

static lf_status make_trial(searching *s, double *log_loss, lf_error *error)
{
    lf_train_options options;
    char started[32];
    lf_train_walk *walk = NULL;
    lfi_trial_draw(s->base, s->number, &options);
    options.importance = false; /* nobody looks at it */
    if (s->base->progress != NULL) {
        options.progress = on_progress;
        options.progress_context = s;
    }
    lf_time_format((int64_t)time(NULL) * LF_NS_PER_SECOND, started);
    const int64_t begin_ns = lf_clock_monotonic_ns();
    lf_status status = lf_train_walk_days(s->days, &options, s->folder, &walk, error);
    if (status == LF_OK) {
        const lf_train_scores *const scores = lf_train_walk_scores(walk);
        const lfi_trial timed = {
            .started = started,
            .seconds = (double)(lf_clock_monotonic_ns() - begin_ns) / (double)LF_NS_PER_SECOND,
        };
        size_t folds = 0;
        (void)lf_train_walk_folds(walk, &folds);
        *log_loss = scores->up_1min[LF_TRAIN_MODEL].log_loss;
        status = record(s, &options, &timed, scores, error);
        remove_models(s, folds);
    }
    lf_train_walk_destroy(walk);
    return status;
}

/* ---- the search ------------------------------------------------------------------------- */

/* The same rows and the same options have the same name. */
static lf_status name_search(searching *s, lf_error *error)
{
    lfi_data data;
    lfi_summary summary;
    const lf_train_options *const o = s->base;
    const lfi_span whole = {
        .first_ns = INT64_MIN,
        .end_ns = INT64_MAX,
        .label_end_ns = INT64_MAX,
    };
    lf_status status = lfi_data_create(s->days, o, true, &data, error);
    if (status != LF_OK) {
        return status;
    }
    status = lfi_summarise(&data, &whole, &summary, error);
    json_t *const options = lfi_options_json(&data);
    char *const text = options == NULL ? NULL : json_dumps(options, JSON_COMPACT | JSON_SORT_KEYS);
    if (status == LF_OK && text == NULL) {
        status = lf_error_set(error, LF_NOMEM, "not enough memory for a search.");
    }
    if (status == LF_OK) {
        const int64_t more[] = {
            (int64_t)o->kind,
            o->mirrored,
            o->horizon_ns,
            o->horizon_long_ns,
            o->label_delay_ns,
            o->step_ns,
            o->blocks_in_day,
            (int64_t)o->split.validation,
            o->split.folds,
            o->split.test_folds,
            o->split.train_days,
            o->split.embargo_after_ns,
        };
        uint64_t hash = lf_hash64(text, strlen(text), summary.fingerprint);
        hash = lf_hash64(more, sizeof more, hash);
        (void)snprintf(s->id, sizeof s->id, "%016" PRIx64, hash);
    }
    free(text);
    json_decref(options);
    lfi_data_destroy(&data);
    return status;
}

static lf_status run_trials(searching *s, lf_train_search *out, lf_error *error)
{
    for (s->number = 0; s->number < s->search->trial_count; s->number++) {
        bool found = false;
        double log_loss = NAN;
        lf_status status = lfi_trials_get(s->trials, s->id, s->number, &found, &log_loss, error);
        if (status == LF_OK && !found) {
            status = make_trial(s, &log_loss, error);
            out->made += status == LF_OK;
        }
        if (status != LF_OK) {
            return status;
        }
        if (s->number == 0) {
            out->first_log_loss = log_loss;
        }
        if (s->number == 0 || log_loss < out->best_log_loss) {
            out->best = s->number;
            out->best_log_loss = log_loss;
        }
    }
    return lfi_trials_count(s->trials, &out->recorded, error);
}

lf_status lf_train_search_days(
    const lf_train_days *days,
    const lf_train_options *options,
    const lf_train_search_options *search,
    lf_train_options *best,
    lf_train_search *out,
    lf_error *error
)
{
    searching s = {.days = days, .base = options, .search = search};
    *out = (lf_train_search){0};
    *best = *options;
    lf_status status = lfi_check_options(options, error);
    if (status == LF_OK && search->trial_count < 1) {
        status = lf_error_set(error, LF_RANGE, "a search needs at least one trial.");
    }
    const int needed = snprintf(s.folder, sizeof s.folder, "%s/trial", search->folder);
    if (status == LF_OK && (needed < 0 || (size_t)needed >= sizeof s.folder)) {
        status = lf_error_set(error, LF_RANGE, "%s: the name is too long.", search->folder);
    }
    if (status == LF_OK) {
        status = lf_mkdirs(search->folder, error);
    }
    if (status == LF_OK) {
        status = name_search(&s, error);
    }
    if (status == LF_OK) {
        status = lfi_trials_open(options->allocator, search->path, true, &s.trials, error);
    }
    if (status == LF_OK) {
        status = run_trials(&s, out, error);
    }
    if (status == LF_OK) {
        lfi_trial_draw(options, out->best, best);
        write_parameters(best, out->parameters);
    }
    lfi_trials_close(s.trials);
    return status;
}
