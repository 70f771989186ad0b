/* What the files of the train module share: columns, matrices, fitted heads, LightGBM's functions.
 */
#ifndef LOBFLOW_TRAIN_INTERNAL_H
#define LOBFLOW_TRAIN_INTERNAL_H

#include <lobflow/train.h>

#include <jansson.h>

/* The longest horizon of a label: rows are purged by it for all heads alike, so that all heads of a
   model see the same rows. */
#define LFI_HORIZON_MAX_NS (5 * LF_NS_PER_MINUTE)

/* The longest look-back of a feature of the default set. */
#define LFI_LOOKBACK_NS (5 * LF_NS_PER_MINUTE)

/* ---- rows ------------------------------------------------------------------------------- */

/* Borrowed columns of one frame. */
typedef struct lfi_columns {
    lf_frame *frame;
    size_t row_count;
    const int64_t *times;
    const uint8_t *valid;
    const double *labels[LF_HEAD_COUNT];
    const double *features[LF_MODEL_FEATURES_MAX]; /* [feature_count] */
    const double *ret_5min;                        /* or NULL */
    const double *ofi;                             /* ofi_norm_1min, or NULL */
    const double *spread;                          /* spread_ticks, or NULL */
} lfi_columns;

/* All frames of a call and the features chosen from them. */
typedef struct lfi_data {
    const lf_allocator *allocator;
    const lf_train_options *options;
    lfi_columns *days; /* [day_count] */
    size_t day_count;
    size_t indices[LF_MODEL_FEATURES_MAX]; /* registry indices */
    size_t feature_count;
} lfi_data;

/* Which rows: first <= t < last, and the longest label ends at or before label_end. */
typedef struct lfi_span {
    int64_t first_ns;
    int64_t end_ns; /* INT64_MAX: no bound */
    int64_t label_end_ns;
} lfi_span;

/* Rows of one head, row-major, mirrored rows behind their originals. */
typedef struct lfi_matrix {
    double *x;  /* [row_count][feature_count] */
    double *y;  /* [row_count] */
    float *y32; /* [row_count] the same for LightGBM */
    size_t row_count;
    size_t feature_count;
} lfi_matrix;

/* Look up the columns; features is a set's text. */
lf_status lfi_data_create(
    lf_frame *const *days,
    size_t day_count,
    const lf_train_options *options,
    const char *features,
    lfi_data *out,
    lf_error *error
);
void lfi_data_destroy(lfi_data *data);

/* A row of a frame belongs to a span. */
bool lfi_in_span(const lfi_data *data, const lfi_columns *day, size_t row, const lfi_span *span);

/* Rows of a span whose label of a head is defined; both ways round when the options say so. */
lf_status lfi_gather(
    const lfi_data *data, lf_head head, const lfi_span *span, lfi_matrix *out, lf_error *error
);
void lfi_matrix_release(const lf_allocator *allocator, lfi_matrix *matrix);

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
    int32_t best_round;
    int32_t rounds;
    double best_loss; /* on the stopping rows; NaN without */
    double gain[LF_MODEL_FEATURES_MAX];
    double split[LF_MODEL_FEATURES_MAX];
} lfi_forest;

/* Told after each round; false stops. */
typedef bool (*lfi_round_done)(void *context);

lf_status lfi_boost(
    const lfi_lightgbm *api,
    const lfi_data *data,
    lf_head head,
    const lfi_matrix *fit,
    const lfi_matrix *stop,
    lfi_round_done round_done,
    void *context,
    lfi_forest *out,
    lf_error *error
);
void lfi_forest_release(const lf_allocator *allocator, lfi_forest *forest);

/* ---- linear models ---------------------------------------------------------------------- */

/* One fitted linear head: z = intercept + sum of weights (x - means), missing x as its mean. */
typedef struct lfi_line {
    double intercept;
    double weights[LF_MODEL_FEATURES_MAX];
    double means[LF_MODEL_FEATURES_MAX];
    int32_t rounds;
} lfi_line;

/* Logistic regression when binary, least squares otherwise. */
lf_status lfi_line_fit(
    const lf_allocator *allocator,
    const lfi_matrix *rows,
    bool is_binary,
    double ridge,
    lfi_line *out,
    lf_error *error
);
double lfi_line_value(const lfi_line *line, const double *x, size_t feature_count);

/* ---- fitting ---------------------------------------------------------------------------- */

/* Where a fit stands within a longer task, for progress. */
typedef struct lfi_task {
    const lf_train_options *options;
    double share_first; /* of the whole task, when this fit begins and ends */
    double share_last;
    double least_best_round; /* in and out: the smallest best round so far */
} lfi_task;

lf_status lfi_fit_span(
    const lfi_data *data, const lfi_span *span, const char *path, lfi_task *task, lf_error *error
);

lf_status lfi_check_options(const lf_train_options *options, lf_error *error);

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

/* JSON of folds and scores; owned text of jansson's allocator, NULL without memory. */
char *lfi_walk_json(
    const lf_train_fold *folds, size_t count, const lf_train_scores *scores, uint64_t permute_seed
);

/* A number, or null when it is not finite. */
json_t *lfi_number(double value);

#endif
