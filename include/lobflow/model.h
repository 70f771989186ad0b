/**
 * @file
 * Models: a scorer of LightGBM's text files, bit-identical to LightGBM, and the model folder.
 */
#ifndef LOBFLOW_MODEL_H
#define LOBFLOW_MODEL_H

#include <lobflow/base.h>
#include <lobflow/feature.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- one file of trees ------------------------------------------------------------------ */

/** A forest read from one LightGBM text file; read-only, so threads may share it. */
typedef struct lf_scorer lf_scorer;

/**
 * Read LightGBM's text format (version v3 or v4).
 *
 * The text may come from anywhere: sizes, indices and the shape of each tree are checked, so that
 * scoring needs no checks. Trees may have categorical splits. Refused are linear trees, more than
 * one output, and objectives with several classes.
 *
 * @param text  [bytes] the file's content; need not end in NUL
 * @param name  for errors
 * @param out   owned; NULL on failure
 * @return LF_OK, LF_FORMAT (with the line), LF_UNSUPPORTED or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_scorer_create(
    const lf_allocator *allocator,
    const char *text,
    size_t bytes,
    const char *name,
    lf_scorer **out,
    lf_error *error
);

/** End a scorer; NULL is accepted. */
LF_API void lf_scorer_destroy(lf_scorer *scorer);

/** Features that a row must have. */
LF_API size_t lf_scorer_feature_count(const lf_scorer *scorer);

/** Name of a feature as the file gives it, borrowed; index < lf_scorer_feature_count(). */
LF_API const char *lf_scorer_feature_name(const lf_scorer *scorer, size_t index);

/** Trees in the forest. */
LF_API size_t lf_scorer_tree_count(const lf_scorer *scorer);

/** True when predictions are probabilities: the objective is binary or cross entropy. */
LF_API bool lf_scorer_is_probability(const lf_scorer *scorer);

/**
 * Score one row: the sum of the leaves in tree order (LightGBM's raw score).
 *
 * Values of at most 1e-35f in size count as 0, as in LightGBM's own row functions.
 *
 * @param row  [lf_scorer_feature_count()]; NaN is missing
 *
 * Cost: one walk down each tree; allocates nothing. Equal to LightGBM to the bit.
 */
LF_API double lf_scorer_raw(const lf_scorer *scorer, const double *row);

/** Raw score put through the objective: a probability for binary, the value for regression. */
LF_API double lf_scorer_predict(const lf_scorer *scorer, const double *row);

/* ---- the model folder ------------------------------------------------------------------- */

/** What a row of features says about the future. */
typedef struct lf_prediction {
    double p_up_1min; /* NaN when the model has no such head or the row is not valid */
    double p_up_5min;
    double ret_1min_bps; /* expected 1-min return */
} lf_prediction;

/** How a model was fitted; part of model.json. */
typedef struct lf_model_meta {
    char model_id[64]; /* hash of the folder's content */
    char kind[16];     /* "trees" or "logistic" */
    bool mirrored;     /* prediction = mean of p(x) and 1 - p(mirror x) */
    int64_t label_delay_ns;
    int64_t step_ns;
    int64_t train_first_ns; /* rows in [first, last] were used, early stopping included */
    int64_t train_last_ns;
    int64_t purge_until_ns;     /* first time whose rows share nothing with the training rows */
    int64_t vpin_bucket_lots;   /* V used in training; 0: from earlier days */
    double ofi_threshold;       /* signal.threshold_quantile of |ofi_norm_1min| in training */
    double ofi_extreme;         /* signal.extreme_quantile of |ofi_norm_1min| in training */
    double median_spread_ticks; /* of the training rows */
    lf_clock clock;
} lf_model_meta;

/** A loaded model; read-only, so threads may share it. */
typedef struct lf_model lf_model;

/**
 * Load a model folder: model.json, up_1min.txt, up_5min.txt, ret_1min.txt.
 *
 * @param path  the folder
 * @param out   owned; NULL on failure
 * @return LF_OK, LF_NOT_FOUND, LF_FORMAT, LF_MISMATCH (features do not fit), LF_IO or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status
lf_model_load(const lf_allocator *allocator, const char *path, lf_model **out, lf_error *error);

/** End a model; NULL is accepted. */
LF_API void lf_model_destroy(lf_model *model);

/** How it was fitted, borrowed. */
LF_API const lf_model_meta *lf_model_meta_of(const lf_model *model);

/** Registry indices of its features in order, borrowed, [*count]. */
LF_API const size_t *lf_model_features(const lf_model *model, size_t *count);

/**
 * Predict from a full feature row.
 *
 * @param row    [lf_feature_count()] in registry order
 * @param valid  false gives NaN everywhere
 * @param out    filled
 *
 * Cost: allocates nothing.
 */
LF_API void
lf_model_predict(const lf_model *model, const double *row, bool valid, lf_prediction *out);

#ifdef __cplusplus
}
#endif

#endif
