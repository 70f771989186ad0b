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
 * scoring needs no checks. Trees may have categorical splits, models several classes. Linear trees
 * are refused.
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

/** Outputs of a row: the classes of a multi-class model, else 1. */
LF_API size_t lf_scorer_output_count(const lf_scorer *scorer);

/** True when predictions are probabilities: binary, cross entropy, or of several classes. */
LF_API bool lf_scorer_is_probability(const lf_scorer *scorer);

/** Ways to score a row. All give the same bits; they differ in time. */
typedef enum lf_scorer_kernel {
    LF_SCORER_WALK = 0,   /* down each tree; any model, any processor */
    LF_SCORER_AVX2 = 1,   /* all nodes of 32 trees at once */
    LF_SCORER_AVX512 = 2, /* all nodes of 128 trees at once; needs AVX-512 VBMI */
} lf_scorer_kernel;

/** The kernel in use: the fastest that the processor and the model allow. */
LF_API lf_scorer_kernel lf_scorer_kernel_of(const lf_scorer *scorer);

/**
 * Use another kernel, for tests and measurements; not while another thread scores.
 *
 * All but the walk are for models without categories whose trees have at most 256 leaves and whose
 * nodes see at most 128 columns: the features that are used, one for each 254 thresholds.
 *
 * @return false, and nothing changes, when the processor or the model does not allow it
 */
LF_API bool lf_scorer_choose(lf_scorer *scorer, lf_scorer_kernel kernel);

/**
 * Score one row: for each output the sum of its leaves in tree order (LightGBM's raw score).
 *
 * Values of at most 1e-35f in size count as 0, as in LightGBM's own row functions.
 *
 * @param row  [lf_scorer_feature_count()]; NaN is missing
 * @param out  [lf_scorer_output_count()]
 *
 * Cost: allocates nothing. Equal to LightGBM to the bit.
 */
LF_API void lf_scorer_raw_all(const lf_scorer *scorer, const double *row, double *out);

/** Raw scores put through the objective: probabilities, or the value of a regression. */
LF_API void lf_scorer_predict_all(const lf_scorer *scorer, const double *row, double *out);

/** lf_scorer_raw_all() of a scorer with one output. */
LF_API double lf_scorer_raw(const lf_scorer *scorer, const double *row);

/** lf_scorer_predict_all() of a scorer with one output. */
LF_API double lf_scorer_predict(const lf_scorer *scorer, const double *row);

/**
 * Score many rows: the bits of lf_scorer_raw_all(), in less time for each.
 *
 * @param rows    [count][stride]; the first lf_scorer_feature_count() values of each are used
 * @param stride  doubles from one row to the next
 * @param count   rows
 * @param out     [count][lf_scorer_output_count()]
 *
 * Cost: allocates nothing; takes up to 40 KB of the stack.
 */
LF_API void lf_scorer_raw_rows(
    const lf_scorer *scorer, const double *rows, size_t stride, size_t count, double *out
);

/** Many rows put through the objective: the bits of lf_scorer_predict_all(). */
LF_API void lf_scorer_predict_rows(
    const lf_scorer *scorer, const double *rows, size_t stride, size_t count, double *out
);

/** What is known of the row that was scored last: rows that come one by one change little. */
typedef struct lf_scorer_state lf_scorer_state;

/**
 * Create the state of one stream of rows. All memory it will ever use is taken here.
 *
 * @param scorer  borrowed; must outlive the state
 * @param out     owned; NULL on failure
 * @return LF_OK or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_scorer_state_create(
    const lf_allocator *allocator, const lf_scorer *scorer, lf_scorer_state **out, lf_error *error
);

/** End a state; NULL is accepted. */
LF_API void lf_scorer_state_destroy(lf_scorer_state *state);

/**
 * lf_scorer_raw_all() of the next row of a stream: only features that changed are looked up again.
 */
LF_API void lf_scorer_raw_next(lf_scorer_state *state, const double *row, double *out);

/* ---- the model folder ------------------------------------------------------------------- */

/** Features that a model can have at most: a row is copied to the stack to be mirrored. */
#define LF_MODEL_FEATURES_MAX 256

/** The heads of a model; the order of lf_prediction. They are named by the default horizons; the
    real ones are those of lf_model_meta. */
typedef enum lf_head {
    LF_HEAD_UP_1MIN = 0,
    LF_HEAD_UP_5MIN = 1,
    LF_HEAD_RET_1MIN = 2,
} lf_head;

#define LF_HEAD_COUNT 3

/** Name of a head, which is also the label's and, with ".txt", the file's: "up_1min". Static. */
LF_API const char *lf_head_name(lf_head head);

/** What a row of features says about the future. */
typedef struct lf_prediction {
    double p_up_1min; /* NaN when the model has no such head or the row is not valid */
    double p_up_5min;
    double ret_1min_bps; /* expected 1-min return */
} lf_prediction;

/** How a probability is bent to what came true: logit(p') = intercept + slope logit(p). */
typedef struct lf_calibration {
    bool is_set;      /* false: probabilities are left as they are */
    double slope;     /* >= 0 */
    double intercept; /* 0 for a mirrored model, so that p(x) + p(mirror x) stays 1 */
} lf_calibration;

/** Directions that a model foretells: the heads LF_HEAD_UP_1MIN and LF_HEAD_UP_5MIN. */
#define LF_DIRECTION_COUNT 2

/** Apply a calibration to a probability; NaN stays NaN. */
LF_API double lf_calibrate(const lf_calibration *calibration, double p);

/** How a model was fitted; part of model.json. */
typedef struct lf_model_meta {
    char model_id[64]; /* hash of the folder's content; set by loading */
    char kind[16];     /* "trees" or "logistic" */
    bool mirrored;     /* prediction = mean of p(x) and 1 - p(mirror x) */
    int64_t label_delay_ns;
    int64_t horizon_ns;      /* of up_1min and ret_1min; 0 stands for 1 min */
    int64_t horizon_long_ns; /* of up_5min; 0 stands for 5 min */
    int64_t step_ns;
    int64_t train_first_ns; /* rows in [first, last] were used, early stopping included */
    int64_t train_last_ns;
    int64_t purge_until_ns;     /* first time whose rows share nothing with the training rows */
    int64_t vpin_bucket_lots;   /* V used in training; 0: from earlier days */
    double ofi_threshold;       /* signal.threshold_quantile of |ofi_norm_1min| in training */
    double ofi_extreme;         /* signal.extreme_quantile of |ofi_norm_1min| in training */
    double median_spread_ticks; /* of the training rows; NaN when they do not tell */
    lf_calibration calibration[LF_DIRECTION_COUNT];
    lf_clock clock;
} lf_model_meta;

/** A linear head, or what trees start from: z = intercept + sum of w (x - mean) / scale. */
typedef struct lf_linear_head {
    double intercept;
    const double *weights; /* [feature_count], w / scale */
    const double *means;   /* [feature_count]; a missing value counts as its mean */
} lf_linear_head;

/** What a model folder is written from; all borrowed. */
typedef struct lf_model_content {
    lf_model_meta meta;     /* model_id is not looked at */
    const size_t *features; /* [feature_count] registry indices, in order */
    size_t feature_count;
    const lf_feature_users *users; /* what the indices of features of one's own mean; NULL: none */
    const char *texts[LF_HEAD_COUNT]; /* kind trees: LightGBM's text; NULL: no such head */
    size_t text_bytes[LF_HEAD_COUNT];
    const lf_linear_head *linear[LF_HEAD_COUNT]; /* kind logistic; NULL: no such head */
    /** Kind trees: what is added to the sum of the trees before it becomes a probability; NULL:
        nothing. */
    const lf_linear_head *starts[LF_HEAD_COUNT];
    const lf_feature_fitted *fitted; /* parameters of the fitted features; NULL: none of them is */
    const char *training_json; /* a JSON object: options, data, metrics, importance; or NULL */
} lf_model_content;

/**
 * Write a model folder: the heads' files, then model.json, which holds their hashes. A folder that
 * is there already is written over.
 *
 * @param path  the folder, made when it is not there
 * @return LF_OK, LF_RANGE (no head, no or too many features, a fitted feature without parameters,
 *         training_json is no object), LF_IO or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status
lf_model_save(const char *path, const lf_model_content *content, lf_error *error);

/** A loaded model; read-only, so threads may share it. */
typedef struct lf_model lf_model;

/**
 * Load a model folder: model.json, up_1min.txt, up_5min.txt, ret_1min.txt.
 *
 * @param path  the folder
 * @param out   owned; NULL on failure
 * @return LF_OK, LF_NOT_FOUND (a file is missing), LF_FORMAT, LF_UNSUPPORTED, LF_MISMATCH (unknown
 *         features, or a head that does not belong to model.json), LF_IO or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status
lf_model_load(const lf_allocator *allocator, const char *path, lf_model **out, lf_error *error);

/** End a model; NULL is accepted. */
LF_API void lf_model_destroy(lf_model *model);

/** How it was fitted, borrowed. */
LF_API const lf_model_meta *lf_model_meta_of(const lf_model *model);

/**
 * Registry indices of its features in order, borrowed, [*count]; those of features of one's own are
 * places in lf_model_users().
 */
LF_API const size_t *lf_model_features(const lf_model *model, size_t *count);

/**
 * The features of one's own that it uses, declared without functions, borrowed; NULL: none. Whoever
 * makes rows for it matches them with those that are registered: lf_feature_users_match().
 */
LF_API const lf_feature_users *lf_model_users(const lf_model *model);

/** Parameters of its fitted features, borrowed; NULL when none of its features is fitted. */
LF_API const lf_feature_fitted *lf_model_fitted(const lf_model *model);

/** True when the model has the head. */
LF_API bool lf_model_has_head(const lf_model *model, lf_head head);

/** What training wrote about itself: a JSON object as text, borrowed; "{}" when there is none. */
LF_API const char *lf_model_training(const lf_model *model);

/**
 * Predict from a full feature row.
 *
 * A mirrored model is asked twice, for the row and for the row with bid and ask exchanged:
 * probabilities are the mean of p(x) and 1 - p(mirror x), the return half of f(x) - f(mirror x).
 * Probabilities are calibrated last.
 *
 * @param row    [lf_feature_count()] in registry order; [lf_feature_count_all()], with
 *               lf_feature_fitted_row() behind the others, when lf_model_fitted() is not NULL; and
 *               behind those the values of lf_model_users() in their order, when there are any
 * @param valid  false gives NaN everywhere
 * @param out    filled
 *
 * Cost: allocates nothing.
 */
LF_API void
lf_model_predict(const lf_model *model, const double *row, bool valid, lf_prediction *out);

/**
 * Predict many rows whose features lie in columns: the bits of lf_model_predict(), sooner.
 *
 * @param columns  [lf_model_features()] the model's features in its order, each [count]
 * @param valid    [count] 0 gives NaN everywhere
 * @param count    rows
 * @param out      [count] filled; undefined on failure
 * @return LF_OK or LF_NOMEM
 *
 * Cost: takes memory for 512 rows and gives it back.
 */
LF_API LF_MUST_CHECK lf_status lf_model_predict_columns(
    const lf_model *model,
    const double *const *columns,
    const uint8_t *valid,
    size_t count,
    lf_prediction *out,
    lf_error *error
);

#ifdef __cplusplus
}
#endif

#endif
