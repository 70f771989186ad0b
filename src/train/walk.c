/* A walk through time: fits each fold of a plan, predicts what it has not seen, scores that. */
#include "train_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lf_train_walk {
    const lf_allocator *allocator;
    lf_train_fold *folds;
    lf_model **models; /* [fold_count] */
    size_t fold_count;
    lf_frame *predictions;
    lf_train_split_options split;
    lf_train_scores *scores; /* [path_count] */
    size_t path_count;
    lf_train_day *days; /* [day_count] scores of path 0 by symbol-day */
    size_t day_count;
    lf_train_null null; /* count 0: no permutations */
    json_t *importance; /* of the features; NULL: not measured */
    uint64_t permute_seed;
    uint64_t key;          /* of the findings without permutations */
    size_t warnings_bytes; /* without what permutations add */
    char *json;            /* of jansson's allocator */
};

/* ---- the plan --------------------------------------------------------------------------- */

/* The spans of the days, owned, [*count]. */
static lf_status make_spans(
    const lf_allocator *allocator,
    const lfi_bounds *bounds,
    size_t day_count,
    lf_train_span **out,
    size_t *count,
    lf_error *error
)
{
    *out = lf_allocate(allocator, day_count + 1, sizeof **out);
    return *out == NULL
               ? lf_error_set(error, LF_NOMEM, "not enough memory for %zu days.", day_count)
               : lfi_day_spans(bounds, day_count, *out, count, error);
}

/* The folds of days whose bounds are known. */
static lf_status plan(
    const lfi_bounds *bounds,
    size_t day_count,
    const lf_train_options *options,
    lf_train_fold *folds,
    size_t *fold_count,
    lf_error *error
)
{
    size_t count = 0;
    lf_train_span *spans = NULL;
    lf_status status = make_spans(options->allocator, bounds, day_count, &spans, &count, error);
    if (status == LF_OK) {
        status = lf_train_plan_spans(spans, count, options, folds, fold_count, error);
    }
    lf_release(options->allocator, spans);
    return status;
}

/* The bounds of days, owned, [days->count]. */
static lf_status read_bounds(
    const lf_train_days *days, const lf_train_options *options, lfi_bounds **out, lf_error *error
)
{
    *out = NULL;
    const lf_status status = lfi_check_options(options, error);
    if (status != LF_OK) {
        return status;
    }
    *out = lf_allocate(options->allocator, days->count + 1, sizeof **out);
    return *out == NULL
               ? lf_error_set(error, LF_NOMEM, "not enough memory for %zu days.", days->count)
               : lfi_bounds_read(days, *out, error);
}

lf_status lf_train_plan_days(
    const lf_train_days *days,
    const lf_train_options *options,
    lf_train_fold *folds,
    size_t *fold_count,
    lf_error *error
)
{
    *fold_count = 0;
    lfi_bounds *bounds = NULL;
    lf_status status = read_bounds(days, options, &bounds, error);
    if (status == LF_OK) {
        status = plan(bounds, days->count, options, folds, fold_count, error);
    }
    lf_release(options->allocator, bounds);
    return status;
}

lf_status lf_train_holdout_days(
    const lf_train_days *days, const lf_train_options *options, lf_train_span *out, lf_error *error
)
{
    const size_t held = (size_t)options->split.holdout_days;
    lfi_bounds *bounds = NULL;
    lf_train_span *spans = NULL;
    size_t count = 0;
    *out = (lf_train_span){INT64_MAX, INT64_MAX};
    lf_status status = read_bounds(days, options, &bounds, error);
    if (status == LF_OK) {
        status = make_spans(options->allocator, bounds, days->count, &spans, &count, error);
    }
    if (status == LF_OK && held >= count) {
        status = lf_error_set(
            error, LF_RANGE, "train.holdout_days is %zu, but there are only %zu days.", held, count
        );
    }
    if (status == LF_OK && held > 0) {
        *out = (lf_train_span){spans[count - held].first_ns, spans[count - 1].end_ns};
    }
    lf_release(options->allocator, bounds);
    lf_release(options->allocator, spans);
    return status;
}

lf_status lf_train_plan(
    lf_frame *const *frames,
    size_t day_count,
    const lf_train_options *options,
    lf_train_fold *folds,
    size_t *fold_count,
    lf_error *error
)
{
    const lf_train_days days = lf_train_days_of(frames, day_count);
    return lf_train_plan_days(&days, options, folds, fold_count, error);
}

/* ---- predicting ------------------------------------------------------------------------- */

/* What stands beside the model of a fold, for 1 and 5 min. */
typedef struct beside_lines {
    lfi_line lines[2]; /* the three-feature logistics */
    double priors[2];  /* share of ups on the training rows */
} beside_lines;

/* What fitting and predicting the folds work with. */
typedef struct stepper {
    lf_train_walk *walk;
    const lfi_data *data;
    beside_lines *beside; /* [fold_count] */
    lfi_scored *scored;
} stepper;

/* Ups and rows, for a share. */
typedef struct up_sums {
    size_t step; /* every second row is a mirrored one, or none */
    double ups;
    double rows;
} up_sums;

static lf_status sum_ups(void *context, const lfi_matrix *rows, lf_error *error)
{
    up_sums *sums = context;
    (void)error;
    for (size_t i = 0; i < rows->row_count; i += sums->step) {
        sums->ups += rows->y[i];
        sums->rows += 1;
    }
    return LF_OK;
}

static lf_status fit_beside(stepper *s, size_t k, const lfi_span *span, lf_error *error)
{
    lf_status status = LF_OK;
    for (int horizon = 0; horizon < 2 && status == LF_OK; horizon++) {
        const lfi_query query = {
            .data = s->data,
            .head = (lf_head)horizon,
            .span = *span,
            .is_beside = true,
        };
        lfi_line *line = &s->beside[k].lines[horizon];
        up_sums sums = {.step = s->data->options->mirrored ? 2 : 1};
        status = lfi_line_fit(&query, s->data->options->ridge, 0, line, error);
        if (status == LF_OK) {
            status = lfi_each_day(&query, sum_ups, &sums, error);
        }
        s->beside[k].priors[horizon] = sums.rows > 0 ? sums.ups / sums.rows : 0.5;
    }
    return status;
}

/* Notes what the model and the predictors beside it say of one row. */
static void note_row(
    lfi_scored *scored,
    const beside_lines *beside,
    const lfi_columns *day,
    size_t row,
    const lf_prediction *found
)
{
    const size_t i = scored->count++;
    double x[LFI_BESIDE_COUNT];
    for (size_t f = 0; f < LFI_BESIDE_COUNT; f++) {
        x[f] = day->beside[f][row];
    }
    scored->times[i] = day->times[row];
    scored->days[i] = (uint32_t)day->day;
    for (int head = 0; head < LF_HEAD_COUNT; head++) {
        scored->labels[head][i] = day->labels[head][row];
    }
    scored->ret_5min[i] = day->ret_5min == NULL ? NAN : day->ret_5min[row];
    scored->spread[i] = day->spread == NULL ? NAN : day->spread[row];
    scored->ret[i] = found->ret_1min_bps;
    for (int horizon = 0; horizon < 2; horizon++) {
        double **up = scored->up[horizon];
        const double z = lfi_line_value(&beside->lines[horizon], x, LFI_BESIDE_COUNT);
        up[LF_TRAIN_MODEL][i] = horizon == 0 ? found->p_up_1min : found->p_up_5min;
        up[LF_TRAIN_QUEUE_SIGN][i] = x[2];
        /* ofi_norm_1min has the sign of ofi_1min and no unit, so days and symbols can be ranked
           together. */
        up[LF_TRAIN_OFI_SIGN][i] = x[0];
        up[LF_TRAIN_LOGISTIC3][i] = 1 / (1 + exp(-z));
        up[LF_TRAIN_PRIOR][i] = beside->priors[horizon];
    }
}

/* What one fold scores for one path. */
typedef struct piece {
    size_t fold;
    lf_train_span span;
} piece;

/* Rows [first, end) of a day that lie in a span. */
static void test_rows(const lfi_columns *day, lf_train_span span, size_t *first, size_t *end)
{
    *first = 0;
    while (*first < day->row_count && day->times[*first] < span.first_ns) {
        (*first)++;
    }
    *end = *first;
    while (*end < day->row_count && day->times[*end] < span.end_ns) {
        (*end)++;
    }
}

/* Rows [first, end) of a day by the model of fold k. */
static lf_status predict_span(
    const stepper *s,
    size_t k,
    const lfi_columns *day,
    size_t first,
    size_t end,
    lf_prediction *found,
    lf_error *error
)
{
    const lf_model *model = s->walk->folds[k].model;
    const double *columns[LF_MODEL_FEATURES_MAX];
    for (size_t f = 0; f < s->data->feature_count; f++) {
        columns[f] = day->features[f] + first;
    }
    return lf_model_predict_columns(model, columns, day->valid + first, end - first, found, error);
}

/* Room for the predictions of some rows of a day; *at is where they begin. */
static lf_status append_rows(
    lf_frame *out,
    const lf_train_fold *fold,
    const lfi_columns *day,
    size_t count,
    size_t *at,
    lf_error *error
)
{
    *at = lf_frame_row_count(out);
    const size_t symbol = lf_frame_find(day->frame, "symbol");
    const char *id = lf_model_meta_of(fold->model)->model_id;
    const bool has_symbol =
        symbol != SIZE_MAX && lf_frame_column(day->frame, symbol).kind == LF_COLUMN_TEXT;
    const char *name = has_symbol ? lf_frame_text(day->frame, symbol, 0) : "";
    if (lf_frame_append(out, count) != LF_OK ||
        lf_frame_set_text(out, 1, *at, count, name) != LF_OK ||
        lf_frame_set_text(out, 5, *at, count, id) != LF_OK) {
        return lf_error_set(error, LF_NOMEM, "not enough memory for the predictions.");
    }
    return LF_OK;
}

static lf_status
predict_day(stepper *s, const piece *part, const lfi_columns *day, bool keeps, lf_error *error)
{
    const lf_train_fold *fold = &s->walk->folds[part->fold];
    lf_frame *out = s->walk->predictions;
    size_t first = 0;
    size_t end = 0;
    size_t at = 0;
    test_rows(day, part->span, &first, &end);
    lf_status status = LF_OK;
    if (keeps && first < end) {
        status = append_rows(out, fold, day, end - first, &at, error);
    }
    lf_prediction *found = lf_allocate(s->walk->allocator, end - first + 1, sizeof *found);
    if (status == LF_OK) {
        status = found != NULL ? predict_span(s, part->fold, day, first, end, found, error)
                               : lf_error_set(error, LF_NOMEM, "not enough memory.");
    }
    for (size_t i = first; i < end && status == LF_OK; i++) {
        const lf_prediction *one = &found[i - first];
        if (keeps) {
            lf_frame_i64(out, 0)[at + i - first] = day->times[i];
            lf_frame_f64(out, 2)[at + i - first] = one->p_up_1min;
            lf_frame_f64(out, 3)[at + i - first] = one->p_up_5min;
            lf_frame_f64(out, 4)[at + i - first] = one->ret_1min_bps;
        }
        note_row(s->scored, &s->beside[part->fold], day, i, one);
    }
    lf_release(s->walk->allocator, found);
    return status;
}

static lf_status predict_piece(stepper *s, const piece *part, bool keeps, lf_error *error)
{
    const lf_train_fold *fold = &s->walk->folds[part->fold];
    const lfi_span test = {
        .first_ns = part->span.first_ns,
        .end_ns = part->span.end_ns,
        .label_end_ns = INT64_MAX,
    };
    lf_status status = LF_OK;
    lfi_fitted_use(s->data, lf_model_fitted(fold->model));
    for (size_t d = 0; d < s->data->days->count && status == LF_OK; d++) {
        lfi_columns day;
        if (!lfi_day_touches(s->data, d, &test)) {
            continue;
        }
        status = lfi_day_open(s->data, d, &day, error);
        if (status == LF_OK) {
            status = predict_day(s, part, &day, keeps, error);
            lfi_day_close(s->data, &day);
        }
    }
    return status;
}

static int compare_pieces(const void *left, const void *right)
{
    const int64_t a = ((const piece *)left)->span.first_ns;
    const int64_t b = ((const piece *)right)->span.first_ns;
    return (a > b) - (a < b);
}

/* What a path scores, in order of time; pieces has room for all tests of all folds. */
static size_t find_pieces(const lf_train_walk *walk, size_t path, piece *pieces)
{
    size_t count = 0;
    for (size_t k = 0; k < walk->fold_count; k++) {
        const lf_train_fold *fold = &walk->folds[k];
        for (size_t i = 0; i < fold->test_count; i++) {
            if ((size_t)fold->paths[i] == path) {
                pieces[count++] = (piece){.fold = k, .span = fold->tests[i]};
            }
        }
    }
    qsort(pieces, count, sizeof *pieces, compare_pieces);
    return count;
}

/* ---- the walk --------------------------------------------------------------------------- */

lfi_span lfi_fold_span(const lf_train_fold *fold)
{
    return (lfi_span){
        .first_ns = fold->train_first_ns,
        .end_ns = INT64_MAX,
        .label_end_ns = fold->train_end_ns,
        .purged = fold->purged,
        .purged_count = fold->purged_count,
    };
}

static lf_status fit_fold(stepper *s, size_t k, const char *folder, lfi_task *task, lf_error *error)
{
    lf_train_walk *walk = s->walk;
    lf_train_fold *fold = &walk->folds[k];
    const lfi_span span = lfi_fold_span(fold);
    task->number = k + 1;
    const int needed = snprintf(fold->path, sizeof fold->path, "%s/fold_%02zu", folder, k + 1);
    if (needed < 0 || (size_t)needed >= sizeof fold->path) {
        return lf_error_set(error, LF_RANGE, "%s: the name of the folder is too long.", folder);
    }
    task->share_first = (double)k / (double)walk->fold_count;
    task->share_last = (double)(k + 1) / (double)walk->fold_count;
    lf_status status = lfi_fit_span(s->data, &span, fold->path, task, error);
    if (status == LF_OK) {
        status = lf_model_load(walk->allocator, fold->path, &walk->models[k], error);
    }
    fold->model = walk->models[k];
    memcpy(fold->best_rounds, task->best_rounds, sizeof fold->best_rounds);
    return status != LF_OK ? status : fit_beside(s, k, &span, error);
}

/* A change of the symbol-day from row to row begins a new one. */
static size_t count_days(const lfi_scored *scored)
{
    size_t count = 0;
    for (size_t i = 0; i < scored->count; i++) {
        count += i == 0 || scored->days[i] != scored->days[i - 1];
    }
    return count;
}

/* Scores the rows of a path; those of path 0 day by day as well. */
static lf_status score_rows(stepper *s, size_t path, lf_error *error)
{
    lf_train_walk *walk = s->walk;
    const lf_train_options *options = s->data->options;
    if (path == 0) {
        walk->day_count = count_days(s->scored);
        walk->days = lf_allocate(walk->allocator, walk->day_count + 1, sizeof *walk->days);
        if (walk->days == NULL) {
            return lf_error_set(
                error, LF_NOMEM, "not enough memory for %zu days.", walk->day_count
            );
        }
    }
    const lf_train_score_options score_options = {
        .allocator = walk->allocator,
        .step_ns = options->step_ns,
        .label_delay_ns = options->label_delay_ns,
        .horizon_ns = options->horizon_ns,
        .horizon_long_ns = options->horizon_long_ns,
        .seed = options->seed,
        .zone = options->zone,
        .by_day = path == 0 ? walk->days : NULL,
    };
    return lfi_score(s->scored, &score_options, &walk->scores[path], error);
}

/* Predicts what a path scores, then scores it. Path 0's predictions are kept. */
static lf_status score_path(stepper *s, size_t path, piece *pieces, lf_error *error)
{
    const size_t count = find_pieces(s->walk, path, pieces);
    lf_status status = LF_OK;
    s->scored->count = 0;
    for (size_t i = 0; i < count && status == LF_OK; i++) {
        status = predict_piece(s, &pieces[i], path == 0, error);
    }
    return status == LF_OK ? score_rows(s, path, error) : status;
}

/* Predicts and scores each path. */
static lf_status predict_and_score(stepper *s, double least_best_round, lf_error *error)
{
    lf_train_walk *walk = s->walk;
    size_t rows = 0;
    for (size_t d = 0; d < s->data->days->count; d++) {
        rows += s->data->bounds[d].row_count;
    }
    lfi_scored scored;
    lf_status status = lfi_scored_create(walk->allocator, rows, &scored);
    if (status != LF_OK) {
        return lf_error_set(error, LF_NOMEM, "not enough memory to score %zu rows.", rows);
    }
    s->scored = &scored;
    piece *pieces =
        lf_allocate(walk->allocator, walk->fold_count * LF_TRAIN_TESTS_MAX + 1, sizeof *pieces);
    if (pieces == NULL) {
        status = lf_error_set(error, LF_NOMEM, "not enough memory for the folds.");
    }
    for (size_t path = 0; path < walk->path_count && status == LF_OK; path++) {
        walk->scores[path].least_best_round = least_best_round;
        status = score_path(s, path, pieces, error);
    }
    lf_release(walk->allocator, pieces);
    lfi_scored_destroy(&scored);
    return status;
}

static lf_status measure_importance(lf_train_walk *walk, const lfi_data *data, lf_error *error)
{
    lfi_importance importance;
    const lf_status status =
        lfi_importance_measure(data, walk->folds, walk->fold_count, &importance, error);
    if (status != LF_OK) {
        return status;
    }
    walk->importance = lfi_importance_json(&importance, data);
    lfi_importance_release(data->allocator, &importance);
    return walk->importance != NULL
               ? LF_OK
               : lf_error_set(error, LF_NOMEM, "not enough memory for the importance of features.");
}

/* First all fits, then all predictions: LightGBM's memory and that of the scores are not needed at
   the same time. */
static lf_status
run_folds(lf_train_walk *walk, const lfi_data *data, const char *folder, lf_error *error)
{
    lfi_task task = {.options = data->options, .least_best_round = INFINITY};
    stepper s = {.walk = walk, .data = data};
    s.beside = lf_allocate(walk->allocator, walk->fold_count + 1, sizeof *s.beside);
    lf_status status = LF_OK;
    if (s.beside == NULL) {
        status = lf_error_set(error, LF_NOMEM, "not enough memory for the folds.");
    }
    for (size_t k = 0; k < walk->fold_count && status == LF_OK; k++) {
        status = fit_fold(&s, k, folder, &task, error);
    }
    if (status == LF_OK) {
        const double least = task.least_best_round;
        status = predict_and_score(&s, isfinite(least) ? least : NAN, error);
    }
    if (status == LF_OK && data->options->importance) {
        status = measure_importance(walk, data, error);
    }
    lf_release(walk->allocator, s.beside);
    return status;
}

/* What nobody should overlook when reading the scores. */
static void note_options(const lf_train_options *options, lf_train_scores *scores)
{
    const lf_train_validation validation = options->split.validation;
    char *text = scores->warnings;
    size_t used = strlen(text);
    if (options->permute_seed != 0) {
        (void)snprintf(
            text + used,
            sizeof scores->warnings - used,
            "The labels were permuted in blocks with seed %llu: whatever is found here is "
            "chance.\n",
            (unsigned long long)options->permute_seed
        );
        used = strlen(text);
    }
    if (!options->split.holdout && !lf_train_validation_trades(validation)) {
        (void)snprintf(
            text + used,
            sizeof scores->warnings - used,
            "Scored by %s: models saw days after those they are scored on. Good for comparing "
            "models; only walk_forward and rolling say what trading would have been.\n",
            lf_train_validation_name(validation)
        );
    }
}

static lf_status write_findings(lf_train_walk *walk, lf_error *error)
{
    char *json = lfi_walk_json(&(lfi_findings){
        .folds = walk->folds,
        .fold_count = walk->fold_count,
        .split = &walk->split,
        .scores = walk->scores,
        .path_count = walk->path_count,
        .days = walk->days,
        .day_count = walk->day_count,
        .predictions = walk->predictions,
        .null = walk->null.count > 0 ? &walk->null : NULL,
        .importance = walk->importance,
        .permute_seed = walk->permute_seed,
    });
    if (json == NULL) {
        return lf_error_set(error, LF_NOMEM, "not enough memory for the findings.");
    }
    free(walk->json);
    walk->json = json;
    return LF_OK;
}

/* One permutation that does as well in 20 is what chance gives. */
static void note_null(lf_train_walk *walk)
{
    const lf_train_stand *auc = &walk->null.scores[LF_TRAIN_NULL_AUC_1MIN];
    const size_t used = strlen(walk->scores[0].warnings);
    if (auc->reached > 0.05 * walk->null.count) {
        (void)snprintf(
            walk->scores[0].warnings + used,
            sizeof walk->scores[0].warnings - used,
            "%.0f of %.0f permutations of the labels reach the 1-min AUC of %.4f: chance would "
            "do.\n",
            auc->reached,
            walk->null.count,
            auc->truth
        );
    }
}

uint64_t lfi_walk_key(const lf_train_walk *walk)
{
    return walk->key;
}

lf_status lfi_walk_set_null(lf_train_walk *walk, const lf_train_null *null, lf_error *error)
{
    walk->null = *null;
    walk->scores[0].warnings[walk->warnings_bytes] = '\0';
    note_null(walk);
    return write_findings(walk, error);
}

static lf_status walk_create(const lfi_data *data, lf_train_walk **out, lf_error *error)
{
    static const lf_column_spec specs[] = {
        {"ts_event", LF_COLUMN_TIME},
        {"symbol", LF_COLUMN_TEXT},
        {"p_up_1min", LF_COLUMN_F64},
        {"p_up_5min", LF_COLUMN_F64},
        {"ret_1min_bps", LF_COLUMN_F64},
        {"model_id", LF_COLUMN_TEXT},
    };
    const lf_allocator *allocator = data->allocator;
    const size_t spec_count = sizeof specs / sizeof specs[0];
    lf_train_walk *walk = lf_allocate(allocator, 1, sizeof *walk);
    *out = walk;
    if (walk == NULL) {
        return lf_error_set(error, LF_NOMEM, "not enough memory for a walk.");
    }
    walk->allocator = allocator;
    walk->split = data->options->split;
    walk->folds = lf_allocate(allocator, LF_TRAIN_FOLDS_MAX, sizeof *walk->folds);
    walk->models = lf_allocate(allocator, LF_TRAIN_FOLDS_MAX, sizeof(lf_model *));
    if (walk->folds == NULL || walk->models == NULL) {
        return lf_error_set(error, LF_NOMEM, "not enough memory for the folds.");
    }
    const lf_status status =
        plan(data->bounds, data->days->count, data->options, walk->folds, &walk->fold_count, error);
    if (status != LF_OK) {
        return status;
    }
    walk->path_count = (size_t)lf_train_path_count(walk->folds, walk->fold_count);
    walk->scores = lf_allocate(allocator, walk->path_count, sizeof *walk->scores);
    return walk->scores == NULL
               ? lf_error_set(error, LF_NOMEM, "not enough memory for the scores.")
               : lf_frame_create(allocator, specs, spec_count, 0, &walk->predictions, error);
}

lf_status lf_train_walk_days(
    const lf_train_days *days,
    const lf_train_options *options,
    const char *folder,
    lf_train_walk **out,
    lf_error *error
)
{
    lf_train_walk *walk = NULL;
    lfi_data data = {0};
    *out = NULL;
    lf_status status = lfi_check_options(options, error);
    if (status == LF_OK) {
        status = lfi_data_create(days, options, true, &data, error);
    }
    if (status == LF_OK) {
        status = walk_create(&data, &walk, error);
    }
    if (status == LF_OK) {
        status = run_folds(walk, &data, folder, error);
    }
    if (status == LF_OK) {
        note_options(options, &walk->scores[0]);
        walk->permute_seed = options->permute_seed;
        walk->warnings_bytes = strlen(walk->scores[0].warnings);
        status = write_findings(walk, error);
    }
    if (status == LF_OK) {
        walk->key = lf_hash64(walk->json, strlen(walk->json), options->seed);
    }
    lfi_data_destroy(&data);
    if (status != LF_OK) {
        lf_train_walk_destroy(walk);
        return status;
    }
    *out = walk;
    return LF_OK;
}

lf_status lf_train_walk_forward(
    lf_frame *const *frames,
    size_t day_count,
    const lf_train_options *options,
    const char *folder,
    lf_train_walk **out,
    lf_error *error
)
{
    const lf_train_days days = lf_train_days_of(frames, day_count);
    return lf_train_walk_days(&days, options, folder, out, error);
}

void lf_train_walk_destroy(lf_train_walk *walk)
{
    if (walk == NULL) {
        return;
    }
    for (size_t k = 0; walk->models != NULL && k < walk->fold_count; k++) {
        lf_model_destroy(walk->models[k]);
    }
    lf_release(walk->allocator, walk->scores);
    lf_release(walk->allocator, walk->models);
    lf_release(walk->allocator, walk->folds);
    lf_frame_destroy(walk->predictions);
    lf_release(walk->allocator, walk->days);
    json_decref(walk->importance);
    free(walk->json);
    lf_release(walk->allocator, walk);
}

const lf_train_fold *lf_train_walk_folds(const lf_train_walk *walk, size_t *count)
{
    *count = walk->fold_count;
    return walk->folds;
}

lf_frame *lf_train_walk_predictions(const lf_train_walk *walk)
{
    return walk->predictions;
}

const lf_train_scores *lf_train_walk_scores(const lf_train_walk *walk)
{
    return &walk->scores[0];
}

const lf_train_scores *lf_train_walk_path_scores(const lf_train_walk *walk, size_t *count)
{
    *count = walk->path_count;
    return walk->scores;
}

const lf_train_null *lf_train_walk_null(const lf_train_walk *walk)
{
    return &walk->null;
}

const char *lf_train_walk_json(const lf_train_walk *walk)
{
    return walk->json;
}
