/* Fits the three heads of a model on one span of time and writes the model folder. */
#include "train_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everything one fit owns. */
typedef struct fitting {
    const lfi_data *data;
    lfi_span fit;  /* boosted on */
    lfi_span stop; /* stops the boosting; empty without early stopping */
    lfi_summary summary;
    lfi_lightgbm *api;
    lfi_forest forests[LF_HEAD_COUNT];
    lfi_line lines[LF_HEAD_COUNT]; /* of a logistic; of trees what they start from */
    bool has_start[LF_HEAD_COUNT];
    lf_calibration calibration[LF_DIRECTION_COUNT];
    size_t fit_rows[LF_HEAD_COUNT];
    lfi_task *task;
    int32_t rounds_done; /* over all heads, for progress */
} fitting;

json_t *lfi_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static bool report_progress(const lfi_task *task, double share)
{
    const lf_train_options *o = task->options;
    const double whole = task->share_first + share * (task->share_last - task->share_first);
    return o->progress == NULL || o->progress(o->progress_context, whole);
}

static bool round_done(void *context)
{
    fitting *f = context;
    f->rounds_done++;
    const double most = (double)f->task->options->rounds_max * LF_HEAD_COUNT;
    return report_progress(f->task, (double)f->rounds_done / most);
}

static lf_status fit_trees(fitting *f, lf_head head, lf_error *error)
{
    const lfi_data *data = f->data;
    const lf_train_options *o = data->options;
    const lfi_query fit = {.data = data, .head = head, .span = f->fit};
    const lfi_query stop = {.data = data, .head = head, .span = f->stop};
    lfi_forest *forest = &f->forests[head];
    lfi_sample sample;
    lf_status status = lfi_sample_rows(&fit, LFI_SAMPLE_ROWS, o->seed, &sample, error);
    if (status != LF_OK) {
        return status;
    }
    f->fit_rows[head] = sample.row_count;
    lfi_line *const line = &f->lines[head];
    status = lfi_check_rows(&fit, sample.row_count, 2 * (size_t)o->min_data_in_leaf, error);
    if (status == LF_OK) {
        status = lfi_start_fit(&fit, &f->has_start[head], line, error);
    }
    if (status == LF_OK) {
        const lfi_line *const start = f->has_start[head] ? line : NULL;
        status = lfi_boost(f->api, &fit, &stop, start, &sample, round_done, f, forest, error);
    }
    lfi_sample_release(data->allocator, &sample);
    f->rounds_done = ((int32_t)head + 1) * o->rounds_max;
    f->task->best_rounds[head] = forest->best_round;
    f->task->least_best_round = fmin(f->task->least_best_round, forest->best_round);
    return status;
}

/* A direction that was just fitted: a line, trees, or both. */
typedef struct fitted_head {
    const lfi_line *line; /* NULL: trees alone */
    size_t feature_count;
    const lf_scorer *scorer; /* NULL: a line alone */
} fitted_head;

static double forecast(const void *context, const double *x)
{
    const fitted_head *const h = context;
    double z = h->line != NULL ? lfi_line_value(h->line, x, h->feature_count) : 0;
    z += h->scorer != NULL ? lf_scorer_raw(h->scorer, x) : 0;
    return 1 / (1 + exp(-z));
}

/* Bends a direction's probabilities to what came true on the stopping rows. */
static lf_status calibrate(fitting *f, lf_head head, lf_error *error)
{
    const lfi_data *data = f->data;
    const lfi_query stop = {.data = data, .head = head, .span = f->stop};
    lf_calibration *out = &f->calibration[head];
    fitted_head fitted = {&f->lines[head], data->feature_count, NULL};
    if (f->api == NULL) {
        return lfi_platt_fit(&stop, forecast, &fitted, out, error);
    }
    lf_scorer *scorer = NULL;
    const lfi_forest *forest = &f->forests[head];
    lf_status status = lf_scorer_create(
        data->allocator, forest->text, forest->bytes, lf_head_name(head), &scorer, error
    );
    if (status == LF_OK) {
        fitted.line = f->has_start[head] ? fitted.line : NULL;
        fitted.scorer = scorer;
        status = lfi_platt_fit(&stop, forecast, &fitted, out, error);
    }
    lf_scorer_destroy(scorer);
    return status;
}

static lf_status fit_line(fitting *f, lf_head head, lf_error *error)
{
    const lfi_data *data = f->data;
    const lfi_query fit = {.data = data, .head = head, .span = f->fit};
    const size_t least = 10 * (data->feature_count + 1);
    lf_status status = lfi_line_fit(&fit, data->options->ridge, least, &f->lines[head], error);
    f->fit_rows[head] = f->lines[head].row_count;
    if (status == LF_OK && !report_progress(f->task, ((int)head + 1.0) / LF_HEAD_COUNT)) {
        status = lf_error_set(error, LF_CANCELLED, "training was stopped.");
    }
    return status;
}

/* ---- what training says about itself ---------------------------------------------------- */

json_t *lfi_options_json(const lfi_data *data)
{
    const lf_train_options *o = data->options;
    json_t *entry = json_pack(
        "{s:s, s:i, s:i, s:f, s:i, s:i, s:i, s:f, s:I, s:f, s:I, s:f, s:f}",
        "preset",
        o->preset == LF_TRAIN_BRIEF ? "brief" : "symmetric",
        "num_leaves",
        o->num_leaves,
        "max_depth",
        o->max_depth,
        "learning_rate",
        o->learning_rate,
        "min_data_in_leaf",
        o->min_data_in_leaf,
        "rounds_max",
        o->rounds_max,
        "early_stopping_rounds",
        o->early_stopping_rounds,
        "early_stopping_share",
        o->early_stopping_share,
        "seed",
        (json_int_t)(o->seed & INT64_MAX),
        "ridge",
        o->ridge,
        "embargo_ns",
        (json_int_t)o->embargo_ns,
        "threshold_quantile",
        o->threshold_quantile,
        "extreme_quantile",
        o->extreme_quantile
    );
    const char *calibration = o->calibration == LF_TRAIN_PLATT ? "platt" : "none";
    (void)json_object_set_new(entry, "calibration", json_string(calibration));
    (void)json_object_set_new(entry, "balanced", json_boolean(o->balanced));
    (void)json_object_set_new(entry, "use_missing", json_boolean(o->use_missing));
    (void)json_object_set_new(entry, "early_stopping_se", json_real(o->early_stopping_se));
    const char *start = o->start == LF_TRAIN_START_LOGISTIC3 ? "logistic3" : "mean";
    (void)json_object_set_new(entry, "start", json_string(start));
    if (o->monotone != NULL && *o->monotone != '\0') {
        (void)json_object_set_new(entry, "monotone", json_string(o->monotone));
    }
    if (entry != NULL && o->holdout.first_ns < o->holdout.end_ns) {
        (void)json_object_set_new(
            entry,
            "holdout",
            json_pack(
                "{s:I, s:I}",
                "first_ns",
                (json_int_t)o->holdout.first_ns,
                "end_ns",
                (json_int_t)o->holdout.end_ns
            )
        );
    }
    if (entry != NULL && o->permute_seed != 0) {
        (void)json_object_set_new(
            entry, "permute_seed", json_integer((json_int_t)(o->permute_seed & INT64_MAX))
        );
    }
    return entry;
}

static json_t *values_by_name(const lfi_data *data, const double *values)
{
    json_t *all = json_object();
    for (size_t i = 0; i < data->feature_count; i++) {
        const char *name = lfi_feature_info(data, i)->name;
        (void)json_object_set_new(all, name, lfi_number(values[i]));
    }
    return all;
}

static json_t *head_json(const fitting *f, int head)
{
    json_t *entry = json_object();
    (void)json_object_set_new(entry, "fit_rows", json_integer((json_int_t)f->fit_rows[head]));
    if (f->api == NULL) {
        (void)json_object_set_new(entry, "rounds", json_integer(f->lines[head].rounds));
        return entry;
    }
    const lfi_forest *forest = &f->forests[head];
    (void)json_object_set_new(entry, "stop_rows", json_integer((json_int_t)forest->stop_rows));
    (void)json_object_set_new(entry, "best_round", json_integer(forest->best_round));
    (void)json_object_set_new(entry, "rounds", json_integer(forest->rounds));
    (void)json_object_set_new(entry, "best_loss", lfi_number(forest->best_loss));
    (void)json_object_set_new(entry, "importance_gain", values_by_name(f->data, forest->gain));
    (void)json_object_set_new(entry, "importance_split", values_by_name(f->data, forest->split));
    return entry;
}

static char *training_json(const fitting *f)
{
    char hash[32];
    (void)snprintf(hash, sizeof hash, "%016llx", (unsigned long long)f->summary.fingerprint);
    json_t *heads = json_object();
    for (int head = 0; head < LF_HEAD_COUNT; head++) {
        (void)json_object_set_new(heads, lf_head_name((lf_head)head), head_json(f, head));
    }
    json_t *root = json_pack(
        "{s:o, s:{s:s, s:I, s:I}, s:o}",
        "options",
        lfi_options_json(f->data),
        "data",
        "xxh64",
        hash,
        "rows",
        (json_int_t)f->summary.row_count,
        "symbol_days",
        (json_int_t)f->data->days->count,
        "heads",
        heads
    );
    lfi_fitted_report(f->data, root);
    char *text = root == NULL ? NULL : json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(root);
    return text;
}

/* ---- the folder ------------------------------------------------------------------------- */

static void write_meta(const fitting *f, lf_model_meta *meta)
{
    const lf_train_options *o = f->data->options;
    *meta = (lf_model_meta){
        .mirrored = o->mirrored,
        .label_delay_ns = o->label_delay_ns,
        .horizon_ns = o->horizon_ns,
        .horizon_long_ns = o->horizon_long_ns,
        .step_ns = o->step_ns,
        .train_first_ns = f->summary.first_ns,
        .train_last_ns = f->summary.last_ns,
        .purge_until_ns =
            f->summary.last_ns + o->label_delay_ns + lfi_horizon_max_ns(o) + LFI_LOOKBACK_NS,
        .vpin_bucket_lots = o->vpin_bucket_lots,
        .ofi_threshold = f->summary.ofi_threshold,
        .ofi_extreme = f->summary.ofi_extreme,
        .median_spread_ticks = f->summary.median_spread_ticks,
        .clock = o->clock,
    };
    memcpy(meta->calibration, f->calibration, sizeof meta->calibration);
    (void)snprintf(meta->kind, sizeof meta->kind, f->api != NULL ? "trees" : "logistic");
}

static lf_status save(const fitting *f, const char *path, lf_error *error)
{
    lf_linear_head linear[LF_HEAD_COUNT];
    char *training = training_json(f);
    lf_model_content content = {
        .features = f->data->indices,
        .feature_count = f->data->feature_count,
        .users = f->data->options->users,
        .fitted = lfi_fitted_parameters(f->data),
        .training_json = training,
    };
    write_meta(f, &content.meta);
    for (int head = 0; head < LF_HEAD_COUNT; head++) {
        linear[head] = (lf_linear_head){
            .intercept = f->lines[head].intercept,
            .weights = f->lines[head].weights,
            .means = f->lines[head].means,
        };
        content.texts[head] = f->forests[head].text;
        content.text_bytes[head] = f->forests[head].bytes;
        content.linear[head] = f->api == NULL ? &linear[head] : NULL;
        content.starts[head] = f->has_start[head] ? &linear[head] : NULL;
    }
    const lf_status status = training == NULL
                                 ? lf_error_set(error, LF_NOMEM, "%s: not enough memory.", path)
                                 : lf_model_save(path, &content, error);
    free(training);
    return status;
}

/* The rows before the cut, purged against it, and those from it on. */
static void cut_span(fitting *f, const lfi_span *span)
{
    const lf_train_options *o = f->data->options;
    f->fit = *span;
    f->stop = *span;
    /* A logistic needs no stopping rows, but a calibration does. */
    const bool is_plain = o->kind == LF_TRAIN_LOGISTIC && o->calibration == LF_TRAIN_UNCALIBRATED;
    if (is_plain || o->early_stopping_share <= 0) {
        f->stop.end_ns = f->stop.first_ns;
        return;
    }
    f->stop.first_ns = f->summary.cut_ns;
    f->fit.end_ns = f->summary.cut_ns;
    const int64_t limit = f->summary.cut_ns - o->embargo_ns;
    f->fit.label_end_ns = limit < span->label_end_ns ? limit : span->label_end_ns;
}

lf_status lfi_fit_span(
    const lfi_data *data, const lfi_span *span, const char *path, lfi_task *task, lf_error *error
)
{
    /* Some kilobytes of numbers: not on the stack. */
    fitting *f = lf_allocate(data->allocator, 1, sizeof *f);
    if (f == NULL) {
        return lf_error_set(error, LF_NOMEM, "not enough memory to fit a model.");
    }
    f->data = data;
    f->task = task;
    const bool is_trees = data->options->kind == LF_TRAIN_TREES;
    lfi_fitted_use(data, NULL);
    lf_status status = lfi_summarise(data, span, &f->summary, error);
    bool taken = false;
    if (status == LF_OK && data->options->ahead != NULL) {
        status = lfi_ahead_take(data, f->summary.fingerprint, path, task, &taken, error);
    }
    if (taken || status != LF_OK) {
        lf_release(data->allocator, f);
        return status;
    }
    if (is_trees) {
        status = lfi_lightgbm_open(data->allocator, data->options->lightgbm, &f->api, error);
    }
    if (status == LF_OK) {
        cut_span(f, span);
        status = lfi_fitted_fit(data, &f->fit, error);
    }
    for (int head = 0; head < LF_HEAD_COUNT && status == LF_OK; head++) {
        status = is_trees ? fit_trees(f, (lf_head)head, error) : fit_line(f, (lf_head)head, error);
        if (status == LF_OK && head < LF_DIRECTION_COUNT &&
            data->options->calibration == LF_TRAIN_PLATT) {
            status = calibrate(f, (lf_head)head, error);
        }
    }
    if (status == LF_OK) {
        status = save(f, path, error);
    }
    for (int head = 0; head < LF_HEAD_COUNT; head++) {
        lfi_forest_release(data->allocator, &f->forests[head]);
    }
    lfi_lightgbm_close(f->api);
    lf_release(data->allocator, f);
    return status;
}

lf_status lf_train_fit_days(
    const lf_train_days *days,
    int64_t from_ns,
    int64_t to_ns,
    const lf_train_options *options,
    const char *path,
    lf_error *error
)
{
    lfi_data data;
    lf_status status = lfi_check_options(options, error);
    if (status == LF_OK) {
        status = lfi_data_create(days, options, false, &data, error);
    }
    if (status != LF_OK) {
        return status;
    }
    const lfi_span span = {
        .first_ns = from_ns,
        .end_ns = INT64_MAX,
        .label_end_ns = to_ns == INT64_MAX ? INT64_MAX : to_ns - options->embargo_ns,
    };
    lfi_task task = {.options = options, .share_last = 1, .least_best_round = INFINITY};
    status = lfi_fit_span(&data, &span, path, &task, error);
    lfi_data_destroy(&data);
    return status;
}

lf_status lf_train_fit(
    lf_frame *const *frames,
    size_t day_count,
    int64_t from_ns,
    int64_t to_ns,
    const lf_train_options *options,
    const char *path,
    lf_error *error
)
{
    const lf_train_days days = lf_train_days_of(frames, day_count);
    return lf_train_fit_days(&days, from_ns, to_ns, options, path, error);
}
