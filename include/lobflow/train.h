/**
 * @file
 * Fits models and says honestly how good they are. Offline lane.
 *
 * Rows come as frames, one for each symbol-day, with the columns ts_event, symbol, valid, features
 * by name, ret_1min, up_1min, up_5min (made with the same step and delay), and, when it is there,
 * spread_ticks. With other horizons than 1 and 5 min the labels are named by them: ret_10s, up_10s;
 * heads, predictions and scores keep their names, which then stand for the short and the long
 * horizon. Frames of one day overlap in time and belong to different symbols; frames
 * of different days stand in ascending order. Training asks for one of them at a time, in order and
 * several times over, so that no more than one need be in memory.
 *
 * Fitted features among those chosen need the columns that they are made of, as lf_feature_rows()
 * writes them with_ingredients. Their parameters are estimated on the rows that a model is fitted
 * to and saved with it.
 *
 * Time is split so that no row is scored by a model that has seen any of its future: a training
 * row's label ends at least `embargo_ns` before the first row that the model scores. With the
 * default embargo of 5 minutes, which is the longest look-back of a feature, the features of the
 * scored rows share no time with the training labels either.
 */
#ifndef LOBFLOW_TRAIN_H
#define LOBFLOW_TRAIN_H

#include <lobflow/base.h>
#include <lobflow/feature.h>
#include <lobflow/frame.h>
#include <lobflow/model.h>
#include <lobflow/stats.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- options ---------------------------------------------------------------------------- */

/** Two sets of defaults. */
typedef enum lf_train_preset {
    /** Scale-free features, small trees, every row also with bid and ask exchanged. */
    LF_TRAIN_SYMMETRIC = 0,
    /** All features, larger trees, nothing exchanged. */
    LF_TRAIN_BRIEF = 1,
} lf_train_preset;

/** What is fitted. */
typedef enum lf_train_kind {
    LF_TRAIN_TREES = 0,    /* LightGBM */
    LF_TRAIN_LOGISTIC = 1, /* logistic regression, and ridge regression for the return */
} lf_train_kind;

/** What trees begin from. */
typedef enum lf_train_start {
    LF_TRAIN_START_MEAN = 0, /* the mean label, as LightGBM does by itself */
    /** The three-feature logistic (a ridge regression for the return), fitted on the rows that are
        boosted: trees only mend it. Needs its features among the model's, else the mean. */
    LF_TRAIN_START_LOGISTIC3 = 1,
} lf_train_start;

/** How probabilities are calibrated. */
typedef enum lf_train_calibration {
    LF_TRAIN_UNCALIBRATED = 0,
    LF_TRAIN_PLATT = 1, /* a straight line of log odds, fitted on the stopping rows */
} lf_train_calibration;

/** How time is split between training and scoring. */
typedef enum lf_train_validation {
    LF_TRAIN_WALK_FORWARD = 0, /* each span is scored by a model of all earlier ones */
    LF_TRAIN_ROLLING = 1,      /* each span is scored by a model of some spans before it */
    LF_TRAIN_KFOLD = 2,        /* each group is scored by a model of all others, purged */
    LF_TRAIN_CPCV = 3,         /* each choice of several groups likewise: combinatorial, purged */
} lf_train_validation;

#define LF_TRAIN_VALIDATION_COUNT 4

/** How time is split. lf_train_split_options_default() fills in every default. */
typedef struct lf_train_split_options {
    lf_train_validation validation; /* walking forward */
    int32_t folds;                  /* 6, groups of kfold and cpcv: 2 to 1000 */
    int32_t test_folds;             /* 2, groups that cpcv scores at once */
    int32_t train_days;             /* 5, rolling: days (of one day alone: blocks) in training */
    /** 5 min, kfold and cpcv: what training leaves out behind a scored span, beyond its labels and
        the embargo. */
    int64_t embargo_after_ns;
    int32_t holdout_days; /* 0, last days that neither train nor score */
    bool holdout;         /* false; the one fold that scores the held-out days */
} lf_train_split_options;

/** Write every default. */
LF_API void lf_train_split_options_default(lf_train_split_options *options);

/** Check all options together. @return LF_OK, or LF_RANGE naming a key of [train] */
LF_API LF_MUST_CHECK lf_status
lf_train_split_options_check(const lf_train_split_options *options, lf_error *error);

/** Name of a validation: "walk_forward", "rolling", "kfold", "cpcv". Static. */
LF_API const char *lf_train_validation_name(lf_train_validation validation);

/** True when every fold's model saw only what lies before its scored rows, so that it may trade. */
LF_API bool lf_train_validation_trades(lf_train_validation validation);

/** A span of time: first <= t < end. */
typedef struct lf_train_span {
    int64_t first_ns;
    int64_t end_ns;
} lf_train_span;

/** How models are fitted. lf_train_options_init() fills in every default. */
typedef struct lf_train_options {
    const lf_allocator *allocator;
    lf_train_preset preset;
    lf_train_kind kind;
    const char *features;          /* a set for lf_feature_select_of(); borrowed */
    const lf_feature_users *users; /* features of one's own in that set; borrowed; NULL: none */
    bool mirrored; /* fit on every row twice, the second time with bid and ask exchanged */
    bool balanced; /* weigh rows so that ups and downs count alike; mirrored rows do already */
    /** Features of which a forecast may only rise or only fall: "depth_imbalance_l1:+,vpin:-"; NULL
        or "": none. Borrowed. For trees only. */
    const char *monotone;
    lf_train_start start; /* for trees only */
    lf_train_calibration calibration;
    bool use_missing; /* trees: a split sends missing values where they fit; else they count as 0 */

    int32_t num_leaves;
    int32_t max_depth;
    double learning_rate;
    int32_t min_data_in_leaf;
    int32_t rounds_max;
    int32_t early_stopping_rounds;
    double early_stopping_share; /* last part of the training span, 0 to 0.5; 0: all rounds */
    /** The fewest rounds are kept whose loss on that part exceeds the least one by no more than so
        many standard errors of the excess, from blocks of time; 0: those of the least loss. */
    double early_stopping_se;
    uint64_t seed;
    /** Seed with which the caller has permuted all labels, 0: they are true. Changes no fit; it is
        told in the model folder and in the findings. */
    uint64_t permute_seed;
    /** Walks on permuted labels that lf_run_train() and lf_run_line() add; changes no fit. */
    int32_t permutations;
    bool importance; /* measure on the last folds what the forecasts need; changes no fit */
    int32_t threads; /* 0: one for each core */
    double ridge;    /* of all linear fits, in units of one row's information */

    int64_t step_ns;         /* of the rows; goes into the model folder */
    int64_t label_delay_ns;  /* of the labels */
    int64_t horizon_ns;      /* of the heads up_1min and ret_1min: 1 min by default */
    int64_t horizon_long_ns; /* of the head up_5min: 5 min by default, not below horizon */
    int64_t embargo_ns;      /* between a training label's end and the first scored row */
    int64_t vpin_bucket_lots;
    lf_clock clock;
    double threshold_quantile; /* of |ofi_norm_1min| on the training rows */
    double extreme_quantile;
    int32_t blocks_in_day; /* one day alone is cut into so many; the first only trains */
    lf_train_split_options split;
    /** Days that the caller keeps from this fit; none when end is not above first. Changes no fit;
        it is told in the model folder, so that trading them later counts as a look. */
    lf_train_span holdout;

    const lf_zone *zone; /* of by_hour in the scores, borrowed; NULL: UTC. Changes no fit */

    /** Folder of models that lf_train_fit_ahead() fitted to the same rows with the same options:
       they are taken as they are. NULL: none. Changes no fit; borrowed. */
    const char *ahead;

    const char *lightgbm; /* path of lib_lightgbm.so; NULL: searched for */
    /** Called now and then with the share done, 0 to 1; false stops with LF_CANCELLED. */
    bool (*progress)(void *context, double share);
    void *progress_context;
} lf_train_options;

/**
 * Find lib_lightgbm.so as training does: by LOBFLOW_LIGHTGBM, the environment of the build, the
 * active one, beside the program, or by asking Python.
 *
 * @param out       [capacity] its path
 * @param capacity  bytes
 * @return false when there is none, or its path is too long
 */
LF_API bool lf_train_find_lightgbm(char *out, size_t capacity);

/** Write every default of a preset. */
LF_API void lf_train_options_init(lf_train_options *options, lf_train_preset preset);

/**
 * What can be told of options before there are rows: bounds, names of features, monotone signs.
 *
 * @return LF_OK, LF_RANGE, LF_NOT_FOUND (a feature, with a suggestion) or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_train_check(const lf_train_options *options, lf_error *error);

/* ---- rows ------------------------------------------------------------------------------- */

/** Hands out the rows of symbol-days. Training has at most one of them open at a time. */
typedef struct lf_train_days {
    void *context;
    size_t count; /* symbol-days */
    /** Rows of a symbol-day, the same each time, in out; borrowed until close(). */
    lf_status (*open)(void *context, size_t day, lf_frame **out, lf_error *error);
    /** The frame is not looked at any more; may be NULL. */
    void (*close)(void *context, size_t day, lf_frame *frame);
} lf_train_days;

/** Days that lie in memory: frames [count], borrowed as long as the result is used. */
LF_API lf_train_days lf_train_days_of(lf_frame *const *frames, size_t count);

/**
 * Fit the parameters of the fitted ones among some features to all valid rows of some days, oldest
 * first: what lf_train_fit() does with its training rows, for rows that are not trained on.
 *
 * @param days      frames with the column valid and the features' ingredients: see
 *                  lf_feature_rows(); one frame for each symbol-day
 * @param features  [feature_count] registry indices; those that are not fitted need nothing
 * @param out       filled; untouched on failure
 * @return LF_OK, LF_MISMATCH (a column is missing, days of different levels), LF_DATA (the rows do
 *         not suffice) or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_train_fit_parameters(
    const lf_train_days *days,
    const size_t *features,
    size_t feature_count,
    const lf_allocator *allocator,
    lf_feature_fitted *out,
    lf_error *error
);

/* ---- one model -------------------------------------------------------------------------- */

/**
 * Fit the three heads on the rows with from_ns <= t whose labels end at or before to_ns minus the
 * embargo, and write a model folder.
 *
 * Trees: the last part of the span (its start purged like a test) stops the boosting early, and
 * the best round is kept. Rows that are not valid, or whose label is undefined, are left out head
 * by head. The same rows and options give the same bytes, whatever the number of threads.
 *
 * @param days    handed out once for each look at the rows; not changed
 * @param from_ns INT64_MIN: no bound
 * @param to_ns   INT64_MAX: no bound, and no embargo
 * @param path    the folder, made when it is not there
 * @return LF_OK, LF_RANGE (an option), LF_MISMATCH (a column is missing), LF_DATA (too few rows),
 *         LF_DEPENDENCY (no LightGBM), LF_CANCELLED, LF_IO or LF_NOMEM, or what open() returns
 *
 * Thread: sets OMP_WAIT_POLICY in the environment when LightGBM is loaded for the first time; do
 *         not read or write the environment in another thread meanwhile.
 * Cost:   memory of one symbol-day, of a sample of 50,000 rows, and of LightGBM: see
 *         docs/modules/train.md.
 */
LF_API LF_MUST_CHECK lf_status lf_train_fit_days(
    const lf_train_days *days,
    int64_t from_ns,
    int64_t to_ns,
    const lf_train_options *options,
    const char *path,
    lf_error *error
);

/**
 * lf_train_fit_days() of frames that lie in memory.
 *
 * @param frames  [day_count] borrowed; not changed
 * @return as lf_train_fit_days()
 */
LF_API LF_MUST_CHECK lf_status lf_train_fit(
    lf_frame *const *frames,
    size_t day_count,
    int64_t from_ns,
    int64_t to_ns,
    const lf_train_options *options,
    const char *path,
    lf_error *error
);

/**
 * Fit one model of a walk ahead, in this process or on another machine, into the folder
 * options->ahead. A walk and a final fit with the same rows and options then take it: the same
 * bytes as if they had fitted it.
 *
 * @param number  0: the final model, of all rows before options->holdout; k: fold k, from 1
 * @return as lf_train_fit_days() and lf_train_plan_days(); LF_RANGE when there is no such fold
 */
LF_API LF_MUST_CHECK lf_status lf_train_fit_ahead(
    const lf_train_days *days, const lf_train_options *options, size_t number, lf_error *error
);

/* ---- splits ----------------------------------------------------------------------------- */

/** Spans that one fold can score. */
#define LF_TRAIN_TESTS_MAX 16

/** One fold: what trains and what is scored. A row that does neither is purged. */
typedef struct lf_train_fold {
    int64_t train_first_ns; /* the first training row */
    int64_t train_end_ns;   /* labels of training rows end at or before this */
    int64_t test_first_ns;  /* all scored rows lie in [test_first, test_end) */
    int64_t test_end_ns;
    lf_train_span tests[LF_TRAIN_TESTS_MAX]; /* [test_count] rows in one of them are scored */
    int32_t paths[LF_TRAIN_TESTS_MAX];       /* [test_count] to which path each one belongs */
    size_t test_count;
    /** [purged_count] a row does not train when the time from it to its label's end touches one of
        these, both ends included. */
    lf_train_span purged[LF_TRAIN_TESTS_MAX];
    size_t purged_count;
    int32_t best_rounds[LF_HEAD_COUNT]; /* trees that each head keeps; 0 in a plan or a logistic */
    char path[512];                     /* the fold's model folder; "" in a plan */
    const lf_model *model;              /* borrowed; NULL in a plan */
} lf_train_fold;

/** Folds that a plan can have at most. */
#define LF_TRAIN_FOLDS_MAX 4096

/**
 * The folds of options->split for days whose spans of time are known.
 *
 * Walking forward: with two or more days each day but the first is scored by a model of all earlier
 * days; one day alone is cut into blocks_in_day spans of equal time, and each but the first is
 * scored by a model of the earlier ones. Rolling: the same with the last train_days days (or
 * blocks) before it. k-fold and cpcv: the days are shared out evenly among `folds` groups; when
 * there are fewer days, their time is. k-fold scores each group once, cpcv each choice of
 * test_folds groups, in lexicographic order. The j-th choice that scores a group does so for path
 * j, so each path scores every row once.
 *
 * Everything is purged in time, across days and symbols: a training label ends embargo_ns before a
 * scored span begins, and a training row lies embargo_ns and embargo_after_ns behind the end of its
 * last label. The last holdout_days days are left out, unless `holdout` asks for the one fold that
 * scores them.
 *
 * @param days        [day_count] ascending, apart
 * @param folds       [LF_TRAIN_FOLDS_MAX] out
 * @param fold_count  out
 * @return LF_OK, LF_RANGE (an option, too few days for it, or too many folds) or LF_DATA (no days)
 *
 * Source: Lopez de Prado (2018), Advances in Financial Machine Learning, sections 7.4 and 12.4.
 */
LF_API LF_MUST_CHECK lf_status lf_train_plan_spans(
    const lf_train_span *days,
    size_t day_count,
    const lf_train_options *options,
    lf_train_fold *folds,
    size_t *fold_count,
    lf_error *error
);

/** What a row does in a fold. */
typedef enum lf_train_role {
    LF_TRAIN_ROLE_NONE = 0,
    LF_TRAIN_ROLE_TRAIN = 1,
    LF_TRAIN_ROLE_TEST = 2,
} lf_train_role;

/**
 * What each row does in a fold, for labels of any length.
 *
 * @param times_ns       [count] of the rows
 * @param label_ends_ns  [count] when their labels end
 * @param roles          [count] out, lf_train_role
 */
LF_API void lf_train_fold_roles(
    const lf_train_fold *fold,
    const int64_t *times_ns,
    const int64_t *label_ends_ns,
    size_t count,
    uint8_t *roles
);

/** Paths of a plan: 1, but for cpcv (folds - 1 over test_folds - 1). */
LF_API int32_t lf_train_path_count(const lf_train_fold *folds, size_t fold_count);

/**
 * lf_train_plan_spans() of days that are handed out; symbol-days that overlap are one day.
 *
 * @param folds       [LF_TRAIN_FOLDS_MAX] out
 * @param fold_count  out
 * @return as lf_train_plan_spans(), LF_MISMATCH or LF_DATA (no rows, times that go back), LF_NOMEM,
 *         or what open() returns
 */
LF_API LF_MUST_CHECK lf_status lf_train_plan_days(
    const lf_train_days *days,
    const lf_train_options *options,
    lf_train_fold *folds,
    size_t *fold_count,
    lf_error *error
);

/**
 * lf_train_plan_days() of frames that lie in memory.
 *
 * @param frames  [day_count] borrowed; not changed
 * @return as lf_train_plan_days()
 */
LF_API LF_MUST_CHECK lf_status lf_train_plan(
    lf_frame *const *frames,
    size_t day_count,
    const lf_train_options *options,
    lf_train_fold *folds,
    size_t *fold_count,
    lf_error *error
);

/**
 * The span of the held-out days.
 *
 * @param out  first and end are INT64_MAX when options->split holds none out
 * @return as lf_train_plan_days()
 */
LF_API LF_MUST_CHECK lf_status lf_train_holdout_days(
    const lf_train_days *days, const lf_train_options *options, lf_train_span *out, lf_error *error
);

/* ---- walks ------------------------------------------------------------------------------ */

/** What forecasts a direction: the model, and what always stands beside it. */
typedef enum lf_train_predictor {
    LF_TRAIN_MODEL = 0,
    LF_TRAIN_QUEUE_SIGN = 1, /* sign of depth_imbalance_l1 */
    LF_TRAIN_OFI_SIGN = 2,   /* sign of ofi_1min */
    LF_TRAIN_LOGISTIC3 = 3,  /* on ofi_norm_1min, ofi_10s / Q_1min, depth_imbalance_l1 */
    LF_TRAIN_PRIOR = 4,      /* share of ups on the training rows: always the more frequent one */
} lf_train_predictor;

#define LF_TRAIN_PREDICTOR_COUNT 5

/** Name of a predictor: "model", "queue_sign", "ofi_sign", "logistic3", "prior". Static. */
LF_API const char *lf_train_predictor_name(lf_train_predictor predictor);

/** Diebold-Mariano test, with the lag of the overlap, of another predictor against the model. */
typedef struct lf_train_test {
    double better; /* the other's mean loss less the model's: above 0 the model is better */
    double t;      /* corrected for small samples */
    double p;      /* two-sided */
} lf_train_test;

/** How one predictor did on the rows whose mid moved. NaN where there is nothing to say. */
typedef struct lf_train_direction {
    double rows;                   /* scored rows whose mid moved */
    double moving_share;           /* of the scored rows whose label is defined */
    double effective_rows;         /* rows that would be worth as much if they were independent */
    double accuracy;               /* forecast above one half as up; a tie counts half */
    lf_interval accuracy_interval; /* Wilson's, on effective_rows */
    double majority;               /* share of the more frequent direction, known afterwards */
    double less_majority;          /* accuracy - majority */
    lf_interval less_majority_interval;
    double auc;
    lf_interval auc_interval;
    double log_loss;
    lf_interval log_loss_interval;
    double brier;
    lf_interval brier_interval;
    double all_rows;           /* scored rows whose label is defined, moved or not */
    double all_effective_rows; /* from sums of blocks of time */
    double all_accuracy;       /* on them: a row that did not move is a miss */
    lf_interval all_accuracy_interval;
    lf_train_test hits_test;  /* loss 0 for a hit, 1 for a miss; NaN for the model itself */
    lf_train_test brier_test; /* loss (p - label)^2; NaN for the signs as well */
} lf_train_direction;

/** Moving rows of one kind and how the model did on them; rows is 0 where there are none. */
typedef struct lf_train_bin {
    double low; /* of what the rows are sorted by */
    double mean;
    double high;
    double rows;
    double effective_rows; /* for the accuracy, from sums of blocks of time */
    double share_up;
    lf_interval share_up_interval; /* NaN below LF_SHARE_BLOCKS_MIN blocks */
    double accuracy;
    lf_interval accuracy_interval;
    double majority; /* share of the more frequent direction among these rows */
} lf_train_bin;

/** Tenths of a calibration curve or of confidence. */
#define LF_TRAIN_TENTHS 10

/** Spread states at most. */
#define LF_TRAIN_SPREADS 4

/** The model's forecast of one direction, row by row of a kind. */
typedef struct lf_train_bins {
    lf_train_bin calibration[LF_TRAIN_TENTHS]; /* by P(up), equal counts but for ties */
    lf_train_bin confidence[LF_TRAIN_TENTHS];  /* by |P(up) - 1/2|, the same */
    lf_train_bin hours[24];                    /* by hour of the local day */
    lf_train_bin spreads[LF_TRAIN_SPREADS];    /* quarters by spread in ticks; ties together */
    double calibration_error; /* mean over the rows of |share_up - mean| of their tenth */
} lf_train_bins;

/** Correlations of the forecast return on one symbol-day. */
typedef struct lf_train_day {
    size_t first_row; /* of the scored rows */
    int64_t first_ns; /* its time */
    double rows;
    double ic;
    lf_interval ic_interval; /* block bootstrap */
    double rank_ic;
    lf_interval rank_ic_interval;
} lf_train_day;

/** How the forecast of the 1-min return did. */
typedef struct lf_train_return {
    double rows;
    double effective_rows; /* for a correlation over all rows */
    double ic;             /* mean over the days of the correlation with the realised return */
    double rank_ic;        /* the same of the ranks */
    double icir;           /* ic / sample standard deviation over the days; NaN below two */
    double rank_icir;
    double days;             /* days with a correlation */
    double ic_all;           /* over all rows, days pooled */
    lf_interval ic_interval; /* of ic_all */
    double rank_ic_all;
    lf_interval rank_ic_interval; /* of rank_ic_all */
    lf_interval ic_days_interval; /* of ic, Student's t over the days; NaN below three */
    double r2;                    /* 1 - sum of squared errors / sum of squared returns */
    lf_interval r2_interval;
    /** Of depth_imbalance_l1, over all rows: what a logit on the queue alone is worth. */
    double queue_ic;
    double ic_less_queue; /* the model's correlation over all rows less queue_ic */
    lf_interval ic_less_queue_interval;
} lf_train_return;

/** What a walk found, out of sample. */
typedef struct lf_train_scores {
    lf_train_direction up_1min[LF_TRAIN_PREDICTOR_COUNT];
    lf_train_direction up_5min[LF_TRAIN_PREDICTOR_COUNT];
    lf_train_bins bins_1min;
    lf_train_bins bins_5min;
    lf_train_return ret_1min;
    double scored_rows;      /* valid rows that were predicted */
    double least_best_round; /* smallest best round of any fold and head; NaN for a logistic */
    double median_spread_ticks;
    bool leak_suspected; /* too good to be true on a small-tick name */
    /** Sentences for a person, one a line; "" when there is nothing to warn of. */
    char warnings[2048];
} lf_train_scores;

/** A finished walk. */
typedef struct lf_train_walk lf_train_walk;

/**
 * Plan, fit each fold, predict its rows, score the predictions path by path.
 *
 * @param folder  models are written to folder/fold_01, folder/fold_02, ...
 * @param out     owned; NULL on failure
 * @return as lf_train_fit_days() and lf_train_plan_days()
 */
LF_API LF_MUST_CHECK lf_status lf_train_walk_days(
    const lf_train_days *days,
    const lf_train_options *options,
    const char *folder,
    lf_train_walk **out,
    lf_error *error
);

/**
 * lf_train_walk_days() of frames that lie in memory.
 *
 * @param frames  [day_count] borrowed; not changed
 * @return as lf_train_walk_days()
 */
LF_API LF_MUST_CHECK lf_status lf_train_walk_forward(
    lf_frame *const *frames,
    size_t day_count,
    const lf_train_options *options,
    const char *folder,
    lf_train_walk **out,
    lf_error *error
);

/** End a walk and its models and frames; NULL is accepted. */
LF_API void lf_train_walk_destroy(lf_train_walk *walk);

/** The folds as planned, with their models, borrowed, [*count]. */
LF_API const lf_train_fold *lf_train_walk_folds(const lf_train_walk *walk, size_t *count);

/**
 * Out-of-sample predictions of path 0, borrowed: ts_event, symbol, p_up_1min, p_up_5min,
 * ret_1min_bps, model_id; one row for each row of a test span, NaN where the row is not valid.
 */
LF_API lf_frame *lf_train_walk_predictions(const lf_train_walk *walk);

/** What the walk found, borrowed; of path 0 when there are several. */
LF_API const lf_train_scores *lf_train_walk_scores(const lf_train_walk *walk);

/** What each path of the walk found, borrowed, [*count]. */
LF_API const lf_train_scores *lf_train_walk_path_scores(const lf_train_walk *walk, size_t *count);

/** Folds and scores as a JSON object, borrowed text; keys as in docs/modules/train.md. */
LF_API const char *lf_train_walk_json(const lf_train_walk *walk);

/** Scores that are compared with those of permuted labels. */
typedef enum lf_train_null_score {
    LF_TRAIN_NULL_AUC_1MIN = 0,
    LF_TRAIN_NULL_AUC_5MIN = 1,
    LF_TRAIN_NULL_LESS_MAJORITY_1MIN = 2,
    LF_TRAIN_NULL_LESS_MAJORITY_5MIN = 3,
    LF_TRAIN_NULL_IC = 4, /* over all rows */
} lf_train_null_score;

#define LF_TRAIN_NULL_COUNT 5

/** Name of such a score: "auc_1min", ... Static. */
LF_API const char *lf_train_null_name(lf_train_null_score score);

/** Where a true score stands among those of permuted labels. NaN without any. */
typedef struct lf_train_stand {
    double truth;
    double mean; /* of the permutations */
    double sd;
    double low; /* least and largest of them */
    double high;
    double reached; /* permutations that score as high as the truth or higher */
    double p;       /* (1 + reached) / (1 + count): one-sided */
} lf_train_stand;

/** What walks on permuted labels found. */
typedef struct lf_train_null {
    double count;
    lf_train_stand scores[LF_TRAIN_NULL_COUNT];
} lf_train_null;

/**
 * Walk again with the labels of whole blocks of time exchanged, so often, and put what that finds
 * beside the walk's own scores: in lf_train_walk_null() and, as `permutations`, in
 * lf_train_walk_json().
 *
 * Each finished permutation is a line of folder/permutations.jsonl; those of the same walk found
 * there are taken over, so a call that was stopped goes on where it was, and a larger count adds
 * to a smaller one. Permutation k is the same whatever the count.
 *
 * @param walk     of the same days and options
 * @param days     their frames are changed while they are open, and restored
 * @param count    permutations, at least 1; 10 tell a strong signal, 200 the size of a p of 0.01
 * @param folder   must exist; models of permuted labels are written below it and removed
 * @return as lf_train_walk_days(); LF_CANCELLED keeps what is finished
 *
 * Cost: that of the walk for each permutation.
 */
LF_API LF_MUST_CHECK lf_status lf_train_walk_permute(
    lf_train_walk *walk,
    const lf_train_days *days,
    const lf_train_options *options,
    size_t count,
    const char *folder,
    lf_error *error
);

/** What permutations found, borrowed; its count is 0 before lf_train_walk_permute(). */
LF_API const lf_train_null *lf_train_walk_null(const lf_train_walk *walk);

/* ---- a search over parameters ----------------------------------------------------------- */

/** Where a search keeps its trials. */
typedef struct lf_train_search_options {
    const char *path;    /* SQLite file with every trial ever made; made when it is not there */
    const char *folder;  /* models of a trial are written to folder/trial, and removed in the end */
    int64_t trial_count; /* of this search, at least 1; those recorded before are not made again */
} lf_train_search_options;

/** What a search found. */
typedef struct lf_train_search {
    int64_t made;     /* trials made by this call */
    int64_t recorded; /* trials in the file, those of other data and options included */
    int64_t best;     /* number of the best trial; 0 is the options as they were given */
    double best_log_loss;
    double first_log_loss; /* of trial 0 */
    char parameters[512];  /* of the best trial, as a JSON object */
} lf_train_search;

/**
 * Walk forward with parameters drawn at random and keep those of the least log loss of the near
 * direction. Trial 0 is the options as given; docs/modules/train.md has the space the others are
 * drawn from. Number, seed and nothing else decide what trial a number is, so a search that was
 * stopped goes on where it was: each trial is recorded when it is finished.
 *
 * The best of many trials looks better than it is. Give the number of recorded trials to whatever
 * judges it (lf_stats_deflated_sharpe(), report.trials).
 *
 * @param best  out: options with the parameters of the best trial; texts stay borrowed
 * @return as lf_train_walk_days(), or LF_IO, LF_FORMAT (the file is no record of trials)
 *
 * Cost: that of a walk for each trial.
 */
LF_API LF_MUST_CHECK lf_status lf_train_search_days(
    const lf_train_days *days,
    const lf_train_options *options,
    const lf_train_search_options *search,
    lf_train_options *best,
    lf_train_search *out,
    lf_error *error
);

/** A choice of parameters that was looked at without training, such as a set of a sweep. */
typedef struct lf_train_choice {
    int64_t number; /* tells it from others of the same search: a hash of all its parameters */
    const char *parameters; /* a JSON object; borrowed */
} lf_train_choice;

/**
 * Record choices as trials, all of them or none. Those that are recorded already stay one trial.
 *
 * @param path      SQLite file of trials; made when it is not there
 * @param search    what they share: data and everything that is not varied
 * @param choices   [count]
 * @param recorded  out: trials in the file, those of other searches included
 * @return LF_OK, LF_IO, LF_FORMAT (the file is no record of trials) or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_train_trials_add(
    const char *path,
    const char *search,
    const lf_train_choice *choices,
    size_t count,
    int64_t *recorded,
    lf_error *error
);

/**
 * Trials that a file records, whatever their data.
 *
 * @param out  how many
 * @return LF_OK, LF_NOT_FOUND, LF_IO or LF_FORMAT
 */
LF_API LF_MUST_CHECK lf_status
lf_train_trial_count(const char *path, int64_t *out, lf_error *error);

/* ---- scores of a table ------------------------------------------------------------------ */

/** What lf_train_score() must be told. */
typedef struct lf_train_score_options {
    const lf_allocator *allocator;
    int64_t step_ns;         /* of the rows, > 0 */
    int64_t label_delay_ns;  /* of the labels */
    int64_t horizon_ns;      /* of ret_1min and up_1min; 0: 1 min */
    int64_t horizon_long_ns; /* of ret_5min and up_5min; 0: 5 min */
    uint64_t seed;           /* of the bootstraps */
    const uint32_t *days;    /* [row_count] number of each row's symbol-day, never descending */
    const lf_zone *zone;     /* for the hours; NULL: UTC */
    lf_train_day *by_day;    /* [days[row_count - 1] + 1] out, in order of rows; NULL: not wanted */
} lf_train_score_options;

/**
 * Score predictions that stand in a table with what came true: the same scores as those of a walk,
 * for the model and the two signs. The three-feature logistic and the prior are not in a table, so
 * their scores are NaN, as is least_best_round.
 *
 * @param predictions  ts_event, p_up_1min, p_up_5min, ret_1min_bps, valid, spread_ticks,
 *                     ofi_norm_1min, depth_imbalance_l1, ret_1min, up_1min, ret_5min, up_5min; rows
 *                     of a symbol-day stand together in order of time. Not changed.
 * @return LF_OK, LF_MISMATCH (a column is missing) or LF_NOMEM
 *
 * Cost: 200 bootstrap replicates of each score; about 0.3 s for a day of 1-s rows.
 */
LF_API LF_MUST_CHECK lf_status lf_train_score(
    lf_frame *predictions,
    const lf_train_score_options *options,
    lf_train_scores *out,
    lf_error *error
);

/**
 * The bins as a JSON object: calibration_error, calibration, by_confidence, by_hour, by_spread;
 * keys as in docs/formats/metrics.md.
 *
 * @param out  owned; end it with lf_release()
 * @return LF_OK or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status
lf_train_bins_json(const lf_allocator *allocator, const lf_train_bins *bins, char **out);

/* ---- nothing where nothing is ----------------------------------------------------------- */

/**
 * Exchange the labels (all columns that begin as those of `lobflow features --labels` do: ret_,
 * up_, smooth_, barrier_, meta_, uniqueness_, attribution_) of whole blocks of time with each
 * other, so that features say nothing about them any more while labels keep their distribution and
 * their dependence. Rows of an incomplete last block stay.
 *
 * @param block_ns  > 0; a multiple of the horizon
 * @return LF_OK, LF_RANGE, LF_MISMATCH (no ts_event or no labels) or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status
lf_train_permute_labels(lf_frame *day, int64_t block_ns, uint64_t seed, lf_error *error);

#ifdef __cplusplus
}
#endif

#endif
