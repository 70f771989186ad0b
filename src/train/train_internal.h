/* What the files of the train module share: days, rows, fitted heads, LightGBM's functions. */
#ifndef LOBFLOW_TRAIN_INTERNAL_H
#define LOBFLOW_TRAIN_INTERNAL_H

#include <lobflow/train.h>

#include <jansson.h>

/* The longest look-back of a feature of the default set. */
#define LFI_LOOKBACK_NS (5 * LF_NS_PER_MINUTE)

/* Rows are purged by the longest horizon for all heads alike, so that all heads of a model see the
   same rows. */
static inline int64_t lfi_horizon_max_ns(const lf_train_options *options)
{
    return options->horizon_long_ns;
}

/* ---- rows ------------------------------------------------------------------------------- */

/* The features of the three-feature logistic that stands beside every model. */
#define LFI_BESIDE_COUNT 3

/* Borrowed columns of one symbol-day that is open. */
typedef struct lfi_columns {
    lf_frame *frame;
    size_t day;
    size_t row_count;
    const int64_t *times;
    const uint8_t *valid;
    const double *labels[LF_HEAD_COUNT];
    const double *features[LF_MODEL_FEATURES_MAX]; /* [feature_count] */
    const double *beside[LFI_BESIDE_COUNT];        /* or NULL */
    const double *ret_5min;                        /* or NULL */
    const double *ofi;                             /* ofi_norm_1min, or NULL */
    const double *spread;                          /* spread_ticks, or NULL */
} lfi_columns;

/* Where a symbol-day lies in time. */
typedef struct lfi_bounds {
    size_t row_count;
    int64_t first_ns;
    int64_t last_ns;
} lfi_bounds;

/* Columns of fitted features, which change with the span that is fitted: fitted.c. */
typedef struct lfi_fitted lfi_fitted;

/* All symbol-days of a call and the features chosen from them. */
typedef struct lfi_data {
    const lf_allocator *allocator;
    const lf_train_options *options;
    const lf_train_days *days;
    lfi_bounds *bounds;                    /* [days->count] */
    size_t indices[LF_MODEL_FEATURES_MAX]; /* registry indices */
    size_t feature_count;
    size_t beside[LFI_BESIDE_COUNT]; /* registry indices */
    /* How rows of the features, and of those beside, are mirrored, where they are. */
    lf_mirror_step mirror[LF_MODEL_FEATURES_MAX];
    lf_mirror_step beside_mirror[LFI_BESIDE_COUNT];
    int8_t monotone[LF_MODEL_FEATURES_MAX]; /* [feature_count] +1 rises, -1 falls, 0 free */
    lfi_fitted *fitted;                     /* NULL: none of the features is fitted */
} lfi_data;

/* Registry entry of one of the model's features. */
static inline const lf_feature_info *lfi_feature_info(const lfi_data *data, size_t feature)
{
    return lf_feature_info_of(data->options->users, data->indices[feature]);
}

/* Which rows: first <= t < end, the longest label ends at or before label_end, and the time between
   touches nothing that is purged. */
typedef struct lfi_span {
    int64_t first_ns;
    int64_t end_ns;              /* INT64_MAX: no bound */
    int64_t label_end_ns;        /* INT64_MAX: no bound */
    const lf_train_span *purged; /* [purged_count] */
    size_t purged_count;
} lfi_span;

/* Rows of one head, row-major, each mirrored row behind its original. */
typedef struct lfi_matrix {
    double *x;      /* [row_count][feature_count] */
    double *y;      /* [row_count] */
    float *y32;     /* [row_count] the same for LightGBM */
    int64_t *times; /* [row_count] */
    size_t row_count;
    size_t feature_count;
} lfi_matrix;

/* Look over all symbol-days once: their columns and times. needs_beside: the columns of the
   three-feature logistic must be there. */
lf_status lfi_data_create(
    const lf_train_days *days,
    const lf_train_options *options,
    bool needs_beside,
    lfi_data *out,
    lf_error *error
);
void lfi_data_destroy(lfi_data *data);

/* Fill in data->monotone from the options. */
lf_status lfi_monotone_parse(lfi_data *data, lf_error *error);

/* Where each symbol-day lies in time; bounds [days->count]. */
lf_status lfi_bounds_read(const lf_train_days *days, lfi_bounds *bounds, lf_error *error);

/* Open a symbol-day; only one is open at a time. */
lf_status lfi_day_open(const lfi_data *data, size_t day, lfi_columns *out, lf_error *error);
void lfi_day_close(const lfi_data *data, lfi_columns *day);

/* A symbol-day may have rows of a span. */
bool lfi_day_touches(const lfi_data *data, size_t day, const lfi_span *span);

/* A row of a symbol-day belongs to a span. */
bool lfi_in_span(const lfi_data *data, const lfi_columns *day, size_t row, const lfi_span *span);

/* Which rows of all days: those of a span whose label of a head is defined, both ways round when
   the options say so. */
typedef struct lfi_query {
    const lfi_data *data;
    lf_head head;
    lfi_span span;
    bool is_beside; /* features of the three-feature logistic instead of the model's */
} lfi_query;

size_t lfi_query_width(const lfi_query *query);

/* Told the rows of one symbol-day; they are valid until it returns. */
typedef lf_status (*lfi_on_rows)(void *context, const lfi_matrix *rows, lf_error *error);

/* One pass over the rows of a query, a symbol-day at a time in order; days without such rows are
   left out. */
lf_status lfi_each_day(const lfi_query *query, lfi_on_rows on_rows, void *context, lf_error *error);

/* LF_DATA when there are fewer rows than a fit needs. */
lf_status lfi_check_rows(const lfi_query *query, size_t count, size_t least, lf_error *error);

/* ---- fitted features -------------------------------------------------------------------- */

/* Take what the fitted ones among the features need; nothing when there are none. */
lf_status lfi_fitted_create(lfi_data *data, lf_error *error);
void lfi_fitted_destroy(lfi_data *data);

/* Make the fitted columns of a day that is being opened with the parameters of the moment. */
lf_status lfi_fitted_open(const lfi_data *data, lfi_columns *day, lf_error *error);

/* Fit the parameters to the rows of a span. */
lf_status lfi_fitted_fit(const lfi_data *data, const lfi_span *span, lf_error *error);

/* Parameters to make columns with from now on; NULL: none, the columns are undefined. */
void lfi_fitted_use(const lfi_data *data, const lf_feature_fitted *parameters);

/* Those of the moment; NULL when no feature is fitted. */
const lf_feature_fitted *lfi_fitted_parameters(const lfi_data *data);

/* A row's ingredients for a fingerprint; only while its day is open. */
uint64_t lfi_fitted_hash(const lfi_data *data, size_t row, uint64_t hash);

/* Adds to what training says about itself. */
void lfi_fitted_report(const lfi_data *data, json_t *root);

/* ---- splits ----------------------------------------------------------------------------- */

/* Spans of the days: symbol-days that overlap are one; spans [day_count]. */
lf_status lfi_day_spans(
    const lfi_bounds *bounds, size_t day_count, lf_train_span *spans, size_t *count, lf_error *error
);

/* The time from a row to its label's end touches one of some spans, both ends included. */
bool lfi_is_purged(const lf_train_span *purged, size_t count, int64_t t_ns, int64_t label_end_ns);

/* ---- a sample of the rows --------------------------------------------------------------- */

/* Rows that bounds of bins are made from: about 200 for each of 255 bins, so that a bin's share is
   known to 7 %. */
#define LFI_SAMPLE_ROWS ((size_t)50000)

/* Rows drawn evenly from all rows of a query, all of them when they are few. */
typedef struct lfi_sample {
    double *values; /* [feature_count][capacity] */
    size_t capacity;
    size_t feature_count;
    size_t count;
    size_t row_count; /* of the query */
} lfi_sample;

/* Draws in one pass; the same rows and seed give the same sample. */
lf_status lfi_sample_rows(
    const lfi_query *query, size_t capacity, uint64_t seed, lfi_sample *out, lf_error *error
);
void lfi_sample_release(const lf_allocator *allocator, lfi_sample *sample);

/* ---- summary ---------------------------------------------------------------------------- */

/* What the rows of a span say as a whole. */
typedef struct lfi_summary {
    size_t row_count;
    int64_t first_ns;
    int64_t last_ns;
    int64_t cut_ns; /* early_stopping_share of the rows are at or after it */
    double ofi_threshold;
    double ofi_extreme;
    double median_spread_ticks;
    uint64_t fingerprint;
} lfi_summary;

lf_status
lfi_summarise(const lfi_data *data, const lfi_span *span, lfi_summary *out, lf_error *error);

/* ---- LightGBM --------------------------------------------------------------------------- */

typedef struct lfi_lightgbm lfi_lightgbm;

/* Load the library; path NULL searches. */
lf_status lfi_lightgbm_open(
    const lf_allocator *allocator, const char *path, lfi_lightgbm **out, lf_error *error
);
void lfi_lightgbm_close(lfi_lightgbm *api);

/* One fitted forest. */
typedef struct lfi_forest {
    char *text; /* LightGBM's text up to the best round */
    size_t bytes;
    size_t stop_rows;
    int32_t best_round; /* the one that is kept */
    int32_t rounds;
    double best_loss; /* on the stopping rows; NaN without */
    double gain[LF_MODEL_FEATURES_MAX];
    double split[LF_MODEL_FEATURES_MAX];
} lfi_forest;

/* Told after each round; false stops. */
typedef bool (*lfi_round_done)(void *context);

/* One fitted linear head: z = intercept + sum of weights (x - means), missing x as its mean. */
typedef struct lfi_line {
    double intercept;
    double weights[LF_MODEL_FEATURES_MAX];
    double means[LF_MODEL_FEATURES_MAX];
    size_t row_count;
    int32_t rounds;
} lfi_line;

/* Losses of the stopping rows. LightGBM would sum them in as many parts as there are threads, and
   their last digits would decide which round is best; summed here in row order they are the same
   everywhere. */
typedef struct lfi_stopping {
    const lf_allocator *allocator;
    bool is_return;
    double weights[2]; /* of rows that fall and that rise; 1 unless they are set */
    size_t row_count;  /* 0: there are none, and nothing below */
    float *truths;     /* [row_count] */
    double *forecasts; /* [row_count] of the round that is added next */
    size_t *blocks;    /* [block_count] last row + 1 of blocks of time that suit the horizon */
    size_t block_count;
    double *losses; /* [rounds_max][block_count] sums of the rounds so far */
    double weight;  /* of all rows */
    int32_t round_count;
} lfi_stopping;

lf_status lfi_stopping_create(const lfi_query *query, lfi_stopping *out, lf_error *error);
void lfi_stopping_release(lfi_stopping *stop);

/* Add a round, whose forecasts have been put in. */
void lfi_stopping_add(lfi_stopping *stop);

/* Mean loss of a round, which count from 1: log loss of a direction, squared error of the return.
 */
double lfi_stopping_loss(const lfi_stopping *stop, int32_t round);

/* The first round whose loss exceeds that of round `best` by no more than some standard errors of
   the excess, from the blocks. `best` itself with no errors or a single block. */
int32_t lfi_stopping_choose(const lfi_stopping *stop, int32_t best, double errors);

/* Boosts on the rows of `fit` and stops on those of `stop`, beginning from a line of the model's
   features, or with NULL from the mean label. The sample is of `fit`; it is released as soon as it
   has been used. */
lf_status lfi_boost(
    const lfi_lightgbm *api,
    const lfi_query *fit,
    const lfi_query *stop,
    const lfi_line *start,
    lfi_sample *sample,
    lfi_round_done round_done,
    void *context,
    lfi_forest *out,
    lf_error *error
);
void lfi_forest_release(const lf_allocator *allocator, lfi_forest *forest);

/* ---- linear models ---------------------------------------------------------------------- */

/* Logistic regression for a direction, least squares for the return, on the rows of a query. */
lf_status lfi_line_fit(
    const lfi_query *query, double ridge, size_t least_rows, lfi_line *out, lf_error *error
);
double lfi_line_value(const lfi_line *line, const double *x, size_t feature_count);

/* The three-feature logistic of a query as a line of the model's features, for trees to start from.
   *is_set is false, and there is none, when some of its features is not the model's. A weight that
   model.monotone forbids is 0. */
lf_status lfi_start_fit(const lfi_query *query, bool *is_set, lfi_line *out, lf_error *error);

/* ---- calibration ------------------------------------------------------------------------ */

/* Foretells the probability of one row of a query; the rows are those of the head's features. */
typedef double (*lfi_forecast)(const void *context, const double *x);

/* Fits Platt's line on the rows of a query, which the forecast must not have been fitted on. With
   fewer than 100 rows it stays unset. */
lf_status lfi_platt_fit(
    const lfi_query *query,
    lfi_forecast forecast,
    const void *context,
    lf_calibration *out,
    lf_error *error
);

/* ---- fitting ---------------------------------------------------------------------------- */

/* Where a fit stands within a longer task, for progress. */
typedef struct lfi_task {
    const lf_train_options *options;
    double share_first; /* of the whole task, when this fit begins and ends */
    double share_last;
    double least_best_round;            /* in and out: the smallest best round so far */
    int32_t best_rounds[LF_HEAD_COUNT]; /* out: of the last fit */
    size_t number;                      /* of the model among those fitted ahead */
} lfi_task;

#define LFI_PATH_BYTES ((size_t)4096)

/* ahead.c: folder of a model that is fitted ahead. */
lf_status
lfi_ahead_path(const char *folder, size_t number, char out[LFI_PATH_BYTES], lf_error *error);

/* Take the model of a task that was fitted ahead to rows of a fingerprint, with its rounds. *taken
   is false when there is none. */
lf_status lfi_ahead_take(
    const lfi_data *data,
    uint64_t fingerprint,
    const char *path,
    lfi_task *task,
    bool *taken,
    lf_error *error
);

/* The rows that a fold trains on. */
lfi_span lfi_fold_span(const lf_train_fold *fold);

lf_status lfi_fit_span(
    const lfi_data *data, const lfi_span *span, const char *path, lfi_task *task, lf_error *error
);

lf_status lfi_check_options(const lf_train_options *options, lf_error *error);

/* ---- trials ----------------------------------------------------------------------------- */

/* The options that make a model, as JSON; new reference, NULL without memory. */
json_t *lfi_options_json(const lfi_data *data);

/* Options of a trial: number 0 leaves them as they are, the others are drawn. */
void lfi_trial_draw(const lf_train_options *base, int64_t number, lf_train_options *out);

/* A file of trials. */
typedef struct lfi_trials lfi_trials;

/* One trial as it is recorded. */
typedef struct lfi_trial {
    const char *search; /* which data and options it belongs to */
    int64_t number;
    const char *parameters; /* JSON */
    const char *started;    /* time, UTC */
    double seconds;
    double accuracy, auc, log_loss, brier, ic, least_best_round; /* NaN: unknown */
} lfi_trial;

lf_status lfi_trials_open(
    const lf_allocator *allocator, const char *path, bool is_new_fine, lfi_trials **out, lf_error *e
);
void lfi_trials_close(lfi_trials *trials);
lf_status lfi_trials_put(lfi_trials *trials, const lfi_trial *trial, lf_error *error);
/* Log loss of a recorded trial; *found is false when it is not there. */
lf_status lfi_trials_get(
    lfi_trials *trials,
    const char *search,
    int64_t number,
    bool *found,
    double *log_loss,
    lf_error *e
);
lf_status lfi_trials_count(lfi_trials *trials, int64_t *out, lf_error *error);

/* ---- scores ----------------------------------------------------------------------------- */

/* All scored rows, one array for each thing that is known of a row. */
typedef struct lfi_scored {
    const lf_allocator *allocator;
    size_t count;
    int64_t *times;
    uint32_t *days; /* number of the symbol-day */
    double *labels[LF_HEAD_COUNT];
    double *ret_5min; /* NaN where the label up_5min is not defined, or not known to be */
    double *spread;   /* ticks, or NaN */
    double *ret;      /* forecast of the 1-min return */
    double *up[2][LF_TRAIN_PREDICTOR_COUNT]; /* forecasts for 1 and 5 min: a probability, or for
                                                the signs the value whose sign it is; NULL for
                                                a predictor that is not known */
} lfi_scored;

lf_status lfi_scored_create(const lf_allocator *allocator, size_t rows, lfi_scored *out);
void lfi_scored_destroy(lfi_scored *rows);

lf_status lfi_score(
    const lfi_scored *rows,
    const lf_train_score_options *options,
    lf_train_scores *out,
    lf_error *error
);

/* Rows on which one thing is scored, closed up. */
typedef struct lfi_subset {
    const lf_allocator *allocator;
    size_t count;
    double *forecast;
    double *truth;
    double *part; /* whatever a statistic sums */
    double *whole;
    double *model_hits; /* of the model on the rows of a direction, to compare with */
    double *model_losses;
    int64_t *times;
    uint32_t *blocks;
} lfi_subset;

lf_status lfi_subset_create(const lf_allocator *allocator, size_t rows, lfi_subset *out);
void lfi_subset_destroy(lfi_subset *subset);

/* Numbers the rows of a subset by blocks of time that suit labels of a horizon. */
void lfi_subset_blocks(lfi_subset *subset, int64_t horizon_ns);
int64_t lfi_block_ns(int64_t horizon_ns);

/* How scores are resampled. */
lf_bootstrap_options lfi_score_bootstrap(const lf_train_score_options *options);

/* How far the labels of horizon 0 and 1 look. */
int64_t lfi_score_horizon_ns(const lf_train_score_options *options, int horizon);

/* Horizon 0: the short one, 1 minute by default; 1: the long one. */
lf_status lfi_score_direction(
    const lfi_scored *rows,
    int horizon,
    int predictor,
    const lf_train_score_options *options,
    lfi_subset *s,
    lf_train_direction *out
);
lf_status lfi_score_bins(
    const lfi_scored *rows, int horizon, const lf_train_score_options *options, lf_train_bins *out
);
lf_status lfi_score_return(
    const lfi_scored *rows,
    const lf_train_score_options *options,
    lfi_subset *s,
    lf_train_return *out
);

/* A column of a frame is a label: ret_... or up_... */
bool lfi_is_label(const lf_frame *frame, size_t column);

/* Folds that the importance of features is measured on at most, the last ones. */
#define LFI_IMPORTANCE_FOLDS 5

/* Groups of features in the registry at most. */
#define LFI_GROUPS_MAX 32

/* How much worse each head scores on a fold's unseen rows when blocks of time of one unit are
   exchanged, and the unit's share of the gain in training. A unit is a feature, or behind them a
   group of the registry that has several of them. */
typedef struct lfi_importance {
    size_t fold_count;
    size_t feature_count;
    size_t unit_count;
    size_t group_count;
    const char *groups[LFI_GROUPS_MAX]; /* their names */
    double rows;                        /* asked of a fold, mean */
    double base[LF_HEAD_COUNT];         /* score with nothing exchanged, mean */
    double *drops;                      /* [fold_count][LF_HEAD_COUNT][unit_count] */
    double *gains;                      /* the same; NaN for linear models */
} lfi_importance;

lf_status lfi_importance_measure(
    const lfi_data *data,
    const lf_train_fold *folds,
    size_t fold_count,
    lfi_importance *out,
    lf_error *error
);
void lfi_importance_release(const lf_allocator *allocator, lfi_importance *importance);

/* Owned; NULL without memory. */
json_t *lfi_importance_json(const lfi_importance *importance, const lfi_data *data);

/* What a walk knows beside its scores. */
typedef struct lfi_findings {
    const lf_train_split_options *split;
    const lf_train_fold *folds; /* [fold_count] */
    size_t fold_count;
    const lf_train_scores *scores; /* [path_count] */
    size_t path_count;
    const lf_train_day *days; /* [day_count] */
    size_t day_count;
    lf_frame *predictions;     /* row by row what was scored, for the symbols of the days */
    const lf_train_null *null; /* or NULL */
    json_t *importance;        /* or NULL */
    uint64_t permute_seed;
} lfi_findings;

/* A number that other findings do not have; permutations do not change it. */
uint64_t lfi_walk_key(const lf_train_walk *walk);

/* Keep what permutations found, in the findings as well. */
lf_status lfi_walk_set_null(lf_train_walk *walk, const lf_train_null *null, lf_error *error);

/* JSON of folds and scores; owned text of jansson's allocator, NULL without memory. */
char *lfi_walk_json(const lfi_findings *findings);

/* [low, high], null where not finite */
json_t *lfi_interval(lf_interval value);

json_t *lfi_bins_json(const lf_train_bins *bins);

/* How time was split, and what the paths found side by side. */
void lfi_put_split(json_t *root, const lfi_findings *findings);

/* A number, or null when it is not finite. */
json_t *lfi_number(double value);

#endif
