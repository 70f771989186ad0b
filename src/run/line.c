/* The verbs train, backtest, run and latency. */
#include "given_internal.h"
#include "holdout_internal.h"
#include "latency_internal.h"
#include "sweep_internal.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Progress of training, as the train module tells it. */
static bool on_training(void *context, double share)
{
    const lf_run_job *const job = context;
    return job->progress == NULL || job->progress(job->progress_context, "train", share);
}

static bool on_permuting(void *context, double share)
{
    const lf_run_job *const job = context;
    return job->progress == NULL || job->progress(job->progress_context, "permute", share);
}

void lfi_run_train_options(const lf_run_job *job, lf_clock clock, lf_train_options *out)
{
    const lf_config *const config = job->config;
    *out = config->model;
    out->allocator = job->allocator;
    if (config->model_features[0] != '\0') {
        out->features = config->model_features;
    }
    out->users = job->users;
    out->monotone = config->model_monotone;
    out->split = config->split;
    out->step_ns = config->step_ns;
    out->label_delay_ns = config->label_delay_ns;
    out->vpin_bucket_lots = config->vpin_bucket_lots;
    out->clock = clock;
    out->threshold_quantile = config->signal.threshold_quantile;
    out->extreme_quantile = config->signal.extreme_quantile;
    out->progress = on_training;
    /* The job is only read through it. */
    out->progress_context = (void *)(uintptr_t)job;
}

/* ---- walking forward -------------------------------------------------------------------- */

/* Warnings of the walk, a sentence each, told to the person. */
static void say_lines(const lf_run_job *job, const char *text)
{
    char line[512];
    while (job->say != NULL && !job->is_reported && *text != '\0') {
        const char *const end = strchr(text, '\n');
        const size_t length = end != NULL ? (size_t)(end - text) : strlen(text);
        const size_t kept = length < sizeof line - 1 ? length : sizeof line - 1;
        memcpy(line, text, kept);
        line[kept] = '\0';
        if (kept > 0) {
            job->say(job->say_context, line);
        }
        text += length + (end != NULL ? 1 : 0);
    }
}

/* Hours of the scores are those of the first day's session. */
static lf_status walk_days(
    const lf_run_job *job,
    const lf_train_days *days,
    const lfi_day_rows *read,
    const lf_train_options *given,
    const char *folder,
    lf_train_walk **out,
    lf_error *error
)
{
    lf_train_options options = *given;
    lf_zone *zone = NULL;
    const char *const name = job->source_count > 0 ? read[0].instrument.time_zone : "UTC";
    lf_status status = lf_zone_create(job->allocator, name, &zone, error);
    if (status == LF_OK) {
        options.zone = zone;
        status = lf_train_walk_days(days, &options, folder, out, error);
    }
    if (status == LF_OK && options.permutations > 0 && !options.split.holdout) {
        options.progress = on_permuting;
        status = lf_train_walk_permute(
            *out, days, &options, (size_t)options.permutations, folder, error
        );
    }
    if (status == LF_OK) {
        say_lines(job, lf_train_walk_scores(*out)->warnings);
    }
    lf_zone_destroy(zone);
    return status;
}

/* ---- searching -------------------------------------------------------------------------- */

static bool on_trials(void *context, double share)
{
    const lf_run_job *const job = context;
    return job->progress == NULL || job->progress(job->progress_context, "trials", share);
}

lf_status lfi_trial_count(const lf_run_job *job, int64_t *out, lf_error *error)
{
    int64_t recorded = 0;
    *out = job->config->trials;
    if (job->config->trials_file[0] == '\0') {
        return LF_OK;
    }
    const lf_status status = lf_train_trial_count(job->config->trials_file, &recorded, error);
    *out = recorded > *out ? recorded : *out;
    return status;
}

/* Puts the parameters of the best trial into the options, when a search is asked for. */
static lf_status search_days(
    const lf_run_job *job,
    const lf_train_days *days,
    const char *path,
    lf_train_options *options,
    lf_train_search *found,
    lf_error *error
)
{
    char file[LFI_PATH_BYTES];
    lf_train_options best;
    lf_train_options trying = *options;
    *found = (lf_train_search){0};
    if (job->config->model_trials == 0) {
        return LF_OK;
    }
    lf_status status = lfi_path(path, "trials.sqlite", file, error);
    if (status != LF_OK) {
        return status;
    }
    const char *const named = job->config->trials_file;
    const lf_train_search_options search = {
        .path = named[0] != '\0' ? named : file,
        .folder = path,
        .trial_count = job->config->model_trials,
    };
    trying.progress = on_trials;
    status = lf_train_search_days(days, &trying, &search, &best, found, error);
    if (status == LF_OK) {
        best.progress = options->progress;
        *options = best;
    }
    return status;
}

/* What the walk found, what the search did when there was one, and what is known of days kept for
   the end; exam is their own walk, or NULL. owned, end it with lf_release(). */
static lf_status make_findings(
    const lf_run_job *job,
    const lf_train_walk *walk,
    const lf_train_search *search,
    const lfi_holdout *holdout,
    const lf_train_walk *exam,
    char **out,
    lf_error *error
)
{
    json_t *const root = json_loads(lf_train_walk_json(walk), 0, NULL);
    const char *const scores = exam != NULL ? lf_train_walk_json(exam) : NULL;
    if (root != NULL && search->recorded > 0) {
        json_t *const entry = json_pack(
            "{s:I, s:I, s:I, s:f, s:f, s:o}",
            "made",
            (json_int_t)search->made,
            "recorded",
            (json_int_t)search->recorded,
            "best",
            (json_int_t)search->best,
            "best_log_loss",
            search->best_log_loss,
            "first_log_loss",
            search->first_log_loss,
            "parameters",
            json_loads(search->parameters, 0, NULL)
        );
        (void)json_object_set_new(root, "search", entry);
    }
    const lf_status status = lfi_holdout_findings(job, holdout, root, scores, out, error);
    json_decref(root);
    return status;
}

/* Scores the days kept for the end by a model of all others, when that is asked for. */
static lf_status sit_exam(
    const lf_run_job *job,
    const lf_train_days *days,
    const lfi_day_rows *read,
    const lf_train_options *given,
    lfi_holdout *holdout,
    const char *path,
    lf_train_walk **out,
    lf_error *error
)
{
    char folder[LFI_PATH_BYTES];
    lf_train_options options = *given;
    options.split.holdout = true;
    lf_status status = lfi_holdout_look(job, holdout, "train", path, error);
    if (status == LF_OK && lfi_holdout_any(holdout) && holdout->is_scored) {
        status = lfi_path(path, "holdout", folder, error);
        if (status == LF_OK) {
            status = walk_days(job, days, read, &options, folder, out, error);
        }
    }
    return status;
}

/* Writes what was found into the model folder; the caller gets the text, or it is released. */
static lf_status
keep_findings(const lf_run_job *job, char *text, const char *path, char **json, lf_error *error)
{
    char file[LFI_PATH_BYTES];
    lf_status status = lfi_path(path, "walk.json", file, error);
    if (status == LF_OK) {
        status = lf_file_write_atomic(file, text, strlen(text), error);
    }
    if (status == LF_OK && json != NULL) {
        *json = text;
    } else {
        lf_release(job->allocator, text);
    }
    return status;
}

/* Walks over stored days, then fits the final model on all of them that are not kept for the end.
 */
lf_status lfi_train_days(
    const lf_run_job *job,
    const lfi_day_rows *read,
    const lf_train_days *days,
    const char *ahead,
    const char *path,
    char **json,
    lf_error *error
)
{
    lf_train_options options;
    lf_train_search search;
    lfi_holdout holdout;
    lf_train_walk *walk = NULL;
    lf_train_walk *exam = NULL;
    char *text = NULL;
    lfi_run_train_options(job, job->config->clock, &options);
    options.split.holdout = false;
    options.ahead = ahead;
    lf_status status = lfi_holdout_open(job, read, days, &holdout, error);
    if (status == LF_OK) {
        options.holdout = holdout.span;
        status = search_days(job, days, path, &options, &search, error);
    }
    if (status == LF_OK) {
        status = walk_days(job, days, read, &options, path, &walk, error);
    }
    if (status == LF_OK) {
        status = lf_train_fit_days(days, INT64_MIN, holdout.span.first_ns, &options, path, error);
    }
    if (status == LF_OK) {
        status = sit_exam(job, days, read, &options, &holdout, path, &exam, error);
    }
    if (status == LF_OK) {
        status = make_findings(job, walk, &search, &holdout, exam, &text, error);
    }
    if (status == LF_OK) {
        status = keep_findings(job, text, path, json, error);
    }
    lf_train_walk_destroy(walk);
    lf_train_walk_destroy(exam);
    lfi_holdout_close(job, &holdout);
    return status;
}

lf_status lfi_options_ahead(
    const lf_run_job *job,
    const lfi_day_rows *read,
    const lf_train_days *days,
    const char *ahead,
    lf_train_options *out,
    lf_error *error
)
{
    lfi_holdout holdout;
    lfi_run_train_options(job, job->config->clock, out);
    out->split.holdout = false;
    out->ahead = ahead;
    const lf_status status = lfi_holdout_open(job, read, days, &holdout, error);
    if (status == LF_OK) {
        out->holdout = holdout.span;
    }
    lfi_holdout_close(job, &holdout);
    return status;
}

lf_status lf_run_train(const lf_run_job *job, const char *path, char **json, lf_error *error)
{
    lfi_day_rows *days = NULL;
    lfi_store *store = NULL;
    lfi_made made;
    if (json != NULL) {
        *json = NULL;
    }
    lf_status status = lf_run_check(job, LF_RUN_USE_TRAIN, error);
    if (status != LF_OK) {
        return status;
    }
    status = lfi_made_begin(path, "", &made, error);
    if (status == LF_OK) {
        status = lfi_store_create(job->allocator, path, &store, error);
    }
    if (status == LF_OK) {
        status = lfi_days_read(job, job->config->clock, false, store, &days, error);
    }
    if (status == LF_OK) {
        const lf_train_days rows = lfi_store_days(store);
        status = lfi_train_days(job, days, &rows, NULL, path, json, error);
    }
    if (status != LF_OK) {
        lfi_made_undo(&made);
    }
    lfi_store_destroy(store);
    lfi_days_release(job, days);
    return status;
}

/* ---- trading ---------------------------------------------------------------------------- */

/* Verbs that vary the rules of [signal], or go on with days of another call. */
static lf_status only_rules(const lf_run_job *job, const char *verb, lf_error *error)
{
    return job->strategy == NULL
               ? LF_OK
               : lf_error_set(
                     error,
                     LF_UNSUPPORTED,
                     "A strategy of one's own is traded by backtest and run, not by %s.",
                     verb
                 );
}

/* What is done with models and the rows that each may trade. */
typedef struct trader {
    const char *verb;
    lf_status (*trade
    )(const lf_run_job *job,
      const lfi_trading *trading,
      const void *context,
      const char *folder,
      char **json,
      lf_error *error);
    const void *context;
} trader;

/* Some days of a run, ahead of the others. */
typedef struct part {
    size_t first;
    size_t count;
} part;

static lf_status trade_part(
    const lf_run_job *job,
    const lfi_trading *trading,
    const void *context,
    const char *folder,
    char **json,
    lf_error *error
)
{
    const part *const days = context;
    (void)json;
    return lfi_trade_part(job, trading, folder, days->first, days->count, error);
}

static lf_status trade_run(
    const lf_run_job *job,
    const lfi_trading *trading,
    const void *context,
    const char *folder,
    char **json,
    lf_error *error
)
{
    (void)context;
    return lfi_trade(job, trading, folder, json, error);
}

static lf_status trade_latency(
    const lf_run_job *job,
    const lfi_trading *trading,
    const void *context,
    const char *folder,
    char **json,
    lf_error *error
)
{
    lfi_made made;
    lf_status status = lfi_made_begin(folder, "", &made, error);
    if (status == LF_OK) {
        status = lf_mkdirs(folder, error);
    }
    if (status == LF_OK) {
        status = lfi_latency_trade(job, trading, context, folder, json, error);
    }
    if (status != LF_OK) {
        lfi_made_undo(&made);
    }
    return status;
}

/* One model trades all rows. */
static lf_status trade_model(
    const lf_run_job *job,
    const lf_model *model,
    bool in_sample,
    const trader *by,
    const char *folder,
    char **json,
    lf_error *error
)
{
    const lf_span span = {.from_ns = INT64_MIN, .to_ns = INT64_MAX, .model = model};
    const lfi_trading trading = {
        .spans = &span,
        .span_count = 1,
        .training_json = lf_model_training(model),
        .in_sample = in_sample,
    };
    const lf_model_meta *const meta = lf_model_meta_of(model);
    const lf_status status = lf_feature_users_match(job->users, lf_model_users(model), NULL, error);
    if (status != LF_OK) {
        return status;
    }
    if (meta->step_ns != job->config->step_ns) {
        char trained[32];
        char asked[32];
        lf_duration_format(meta->step_ns, trained);
        lf_duration_format(job->config->step_ns, asked);
        return lf_error_set(
            error,
            LF_MISMATCH,
            "The model was trained on rows every %s, but features.step is %s; set it to %s.",
            trained,
            asked,
            trained
        );
    }
    return by->trade(job, &trading, by->context, folder, json, error);
}

lf_status lf_run_backtest(
    const lf_run_job *job,
    const lf_model *model,
    bool in_sample,
    const char *folder,
    char **metrics,
    lf_error *error
)
{
    const trader by = {.verb = "backtest", .trade = trade_run};
    return trade_model(job, model, in_sample, &by, folder, metrics, error);
}

static lf_status trade_sweep(
    const lf_run_job *job,
    const lfi_trading *trading,
    const void *context,
    const char *folder,
    char **json,
    lf_error *error
)
{
    (void)context;
    return lfi_sweep_trade(job, trading, folder, json, error);
}

lf_status lf_run_sweep(
    const lf_run_job *job,
    const lf_model *model,
    bool in_sample,
    const char *folder,
    char **json,
    lf_error *error
)
{
    if (json != NULL) {
        *json = NULL;
    }
    const trader by = {.verb = "sweep", .trade = trade_sweep};
    const lf_status status = only_rules(job, by.verb, error);
    return status != LF_OK ? status : trade_model(job, model, in_sample, &by, folder, json, error);
}

lf_status lf_run_backtest_part(
    const lf_run_job *job,
    const lf_model *model,
    bool in_sample,
    const char *folder,
    size_t first,
    size_t count,
    lf_error *error
)
{
    const part days = {.first = first, .count = count};
    const trader by = {.verb = "backtest", .trade = trade_part, .context = &days};
    const lf_status status = only_rules(job, "parts", error);
    return status != LF_OK ? status : trade_model(job, model, in_sample, &by, folder, NULL, error);
}

lf_status lf_run_backtest_predictions(
    const lf_run_job *job,
    lf_frame *predictions,
    const char *folder,
    char **metrics,
    lf_error *error
)
{
    lfi_given given;
    if (metrics != NULL) {
        *metrics = NULL;
    }
    const lf_status status = lfi_given_open(job, predictions, &given, error);
    if (status != LF_OK) {
        return status;
    }
    if (job->say != NULL && job->strategy == NULL) {
        job->say(
            job->say_context,
            "The predictions alone decide: without a model there are no thresholds of flow but "
            "those "
            "of [signal], and no median spread for risk.stop_spreads."
        );
    }
    const lfi_trading trading = {.spans = &given.span, .span_count = 1, .given = &given};
    return lfi_trade(job, &trading, folder, metrics, error);
}

lf_status
lf_run_backtest_strategy(const lf_run_job *job, const char *folder, char **metrics, lf_error *error)
{
    if (metrics != NULL) {
        *metrics = NULL;
    }
    if (job->strategy == NULL) {
        return lf_error_set(error, LF_RANGE, "Without a model there is no strategy to trade with.");
    }
    const lf_span span = {
        .from_ns = INT64_MIN,
        .to_ns = INT64_MAX,
        .meta = lfi_meta_without_model(job, "none"),
    };
    const lfi_trading trading = {.spans = &span, .span_count = 1};
    return lfi_trade(job, &trading, folder, metrics, error);
}

/* Each fold's model trades the rows that it has not seen. */
static lf_status trade_walk(
    const lf_run_job *job,
    const lfi_day_rows *days,
    lf_train_walk *walk,
    const lfi_holdout *holdout,
    const trader *by,
    const char *folder,
    char **json,
    lf_error *error
)
{
    size_t count = 0;
    const lf_train_fold *const folds = lf_train_walk_folds(walk, &count);
    const lf_train_search none = {0};
    char *findings = NULL;
    lf_status status = make_findings(job, walk, &none, holdout, NULL, &findings, error);
    if (status != LF_OK) {
        return status;
    }
    lf_span *const spans = lf_allocate(job->allocator, count + 1, sizeof *spans);
    if (spans == NULL) {
        lf_release(job->allocator, findings);
        return lf_error_set(error, LF_NOMEM, "No memory for the spans of %zu models.", count);
    }
    for (size_t i = 0; i < count; i++) {
        spans[i] = (lf_span){
            .from_ns = folds[i].test_first_ns,
            .to_ns = folds[i].test_end_ns,
            .model = folds[i].model,
        };
    }
    const lfi_trading trading = {
        .spans = spans,
        .span_count = count,
        .days = days,
        .walk = lf_train_walk_predictions(walk),
        .scores_json = findings,
        .training_json = count > 0 ? lf_model_training(folds[count - 1].model) : NULL,
        .holdout_looks = holdout->is_scored ? holdout->looks : 0,
    };
    status = by->trade(job, &trading, by->context, folder, json, error);
    lf_release(job->allocator, spans);
    lf_release(job->allocator, findings);
    return status;
}

/* Walk over the days that may be traded: all but those kept for the end, or those alone. */
static lf_status walk_rows(
    const lf_run_job *job,
    const lfi_day_rows *read,
    const lf_train_days *days,
    const char *verb,
    const char *folder,
    const char *models,
    lfi_holdout *holdout,
    lf_train_walk **out,
    lf_error *error
)
{
    lf_train_options options;
    lfi_run_train_options(job, LF_CLOCK_LOCAL, &options);
    lf_status status = lfi_holdout_open(job, read, days, holdout, error);
    if (status == LF_OK) {
        options.holdout = holdout->span;
        status = lfi_holdout_look(job, holdout, verb, folder, error);
    }
    return status == LF_OK ? walk_days(job, days, read, &options, models, out, error) : status;
}

/* Walk forward on the local clock, then trade what each model has not seen. */
static lf_status walk_and_trade(
    const lf_run_job *job, const trader *by, const char *folder, char **json, lf_error *error
)
{
    lfi_day_rows *days = NULL;
    lfi_store *store = NULL;
    lf_train_walk *walk = NULL;
    lfi_holdout holdout = {0};
    lfi_made made = {{0}};
    char models[LFI_PATH_BYTES];
    if (json != NULL) {
        *json = NULL;
    }
    lf_status status = lf_run_check(job, LF_RUN_USE_LINE, error);
    if (status == LF_OK) {
        status = lfi_path(folder, "models", models, error);
    }
    if (status == LF_OK) {
        status = lfi_made_begin(models, "", &made, error);
    }
    if (status == LF_OK) {
        status = lfi_store_create(job->allocator, models, &store, error);
    }
    if (status == LF_OK) {
        status = lfi_days_read(job, LF_CLOCK_LOCAL, true, store, &days, error);
    }
    if (status == LF_OK) {
        const lf_train_days rows = lfi_store_days(store);
        status = walk_rows(job, days, &rows, by->verb, folder, models, &holdout, &walk, error);
    }
    /* Trading reads the feeds again; it needs the carries of the days, not their rows. */
    lfi_store_destroy(store);
    if (status == LF_OK) {
        status = trade_walk(job, days, walk, &holdout, by, folder, json, error);
    }
    if (status != LF_OK) {
        lfi_made_undo(&made);
    }
    lf_train_walk_destroy(walk);
    lfi_holdout_close(job, &holdout);
    lfi_days_release(job, days);
    return status;
}

lf_status lf_run_line(const lf_run_job *job, const char *folder, char **metrics, lf_error *error)
{
    const trader by = {.verb = "run", .trade = trade_run};
    return walk_and_trade(job, &by, folder, metrics, error);
}

lf_status lf_run_latency(
    const lf_run_job *job,
    const lf_model *model,
    bool in_sample,
    const lf_run_latency_options *options,
    const char *folder,
    char **json,
    lf_error *error
)
{
    if (json != NULL) {
        *json = NULL;
    }
    const trader by = {.verb = "latency", .trade = trade_latency, .context = options};
    const lf_status status = only_rules(job, by.verb, error);
    if (status != LF_OK) {
        return status;
    }
    return model != NULL ? trade_model(job, model, in_sample, &by, folder, json, error)
                         : walk_and_trade(job, &by, folder, json, error);
}
