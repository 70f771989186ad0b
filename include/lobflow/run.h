/**
 * @file
 * The verbs of the program as library calls: one configuration, a list of symbol-days, files out.
 *
 * Every call takes the same lf_config, shows its progress, can be cancelled, and writes each file
 * whole or not at all.
 */
#ifndef LOBFLOW_RUN_H
#define LOBFLOW_RUN_H

#include <lobflow/backtest.h>
#include <lobflow/base.h>
#include <lobflow/execution.h>
#include <lobflow/feed.h>
#include <lobflow/frame.h>
#include <lobflow/label.h>
#include <lobflow/pipeline.h>
#include <lobflow/signal.h>
#include <lobflow/train.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- configuration ---------------------------------------------------------------------- */

/** Data paths that a configuration can hold. */
#define LF_CONFIG_PATHS_MAX 64

/** Everything that a run depends on. Each member is a key of one TOML section; lf_config_default()
    gives every default, lf_config_key_at() lists them with their meaning. */
typedef struct lf_config {
    /* [data] */
    char paths[LF_CONFIG_PATHS_MAX][1024]; /* paths = []; none: given on the command line */
    int32_t path_count;
    char format[16]; /* format = "" : by content */
    char symbol[32]; /* symbol = "" : from the file name */
    char date[16];   /* date = "" : from the file name */
    int32_t levels;  /* levels = 0: from the file name */
    double tick;     /* tick = 0: by contract or from the prices (DBN) */
    double lot;      /* lot = 0: by contract, else 1 (DBN) */
    bool strict;     /* strict = false */
    /* [features] */
    char set[1024];           /* set = "default": for the verb features */
    int64_t step_ns;          /* step = "1s" */
    lf_clock clock;           /* clock = "exchange": for the verbs features and train */
    int64_t vpin_bucket_lots; /* vpin_bucket = 0: from the earlier days */
    /* [labels] */
    int64_t label_delay_ns;           /* delay = "0s" */
    int32_t smooth_samples;           /* smooth_samples = 60: mids that a smoothed label averages */
    lf_label_barrier_options barrier; /* barrier_...; horizon and delay are set when it is used */
    char meta_side[64];   /* meta_side = "depth_imbalance_l1": the feature whose sign is the side */
    double meta_cost_bps; /* meta_cost_bps = 0 */
    /* [model] */
    lf_train_options model; /* its pointers and step, delay, clock, vpin are set when it is used */
    char model_features[1024]; /* features = "": those of the preset */
    char model_monotone[1024]; /* monotone = "" */
    int64_t model_trials;      /* trials = 0 */
    char trials_file[1024];    /* trials_file = "": trials.sqlite in the model folder */
    /* [train] */
    lf_train_split_options split; /* validation = "walk_forward" and how it splits */
    char holdout_ledger[1024];    /* holdout_ledger = "": below $XDG_STATE_HOME or $HOME */
    /* [signal], [execution], [risk] */
    lf_signal_options signal;
    lf_execution_options execution;
    lf_risk_options risk;
    double starting_cash;  /* [risk] starting_cash = 100000 */
    bool check_every_fill; /* [execution] check_every_fill = false */
    /* [sweep] */
    char sweep[1024]; /* keys = "": "risk.hold=30s,1min;signal.p_long=0.55,0.6" is four sets */
    /* [report] */
    int64_t trials;          /* trials = 1: configurations looked at so far */
    double trials_sharpe_sd; /* trials_sharpe_sd = nan: of their Sharpe ratios a year */
    double planted_alpha;    /* planted_alpha = nan: of a simulation */
    char title[128];         /* title = "" : symbols and dates */
} lf_config;

/** Kind of a configuration value. */
typedef enum lf_config_kind {
    LF_CONFIG_BOOL = 0,
    LF_CONFIG_INTEGER = 1,
    LF_CONFIG_NUMBER = 2,   /* an integer will do */
    LF_CONFIG_TEXT = 3,     /* one of some words, or free */
    LF_CONFIG_DURATION = 4, /* text such as "250ms" or "1min", or "0" */
    LF_CONFIG_PATHS = 5,    /* a list of texts, given one by one */
} lf_config_kind;

/** One key. All texts are static. */
typedef struct lf_config_key {
    const char *section;
    const char *name;
    const char *help; /* one line */
    lf_config_kind kind;
} lf_config_key;

/** A value on its way in. */
typedef struct lf_config_value {
    lf_config_kind kind; /* BOOL, INTEGER, NUMBER or TEXT */
    bool boolean;
    int64_t integer;
    double number;
    const char *text;
} lf_config_value;

/** Write every default. */
LF_API void lf_config_default(lf_config *config);

/** Number of keys. */
LF_API size_t lf_config_key_count(void);

/** Key by number, in the order of the file. */
LF_API const lf_config_key *lf_config_key_at(size_t index);

/**
 * Set one key. Setting `model.preset` first gives all keys of [model] that preset's defaults, so
 * it must come before them.
 *
 * @return LF_OK, LF_NOT_FOUND (no such section or key, with a suggestion), LF_MISMATCH (a value of
 *         another kind) or LF_RANGE (not one of the words, not a duration)
 */
LF_API LF_MUST_CHECK lf_status lf_config_set(
    lf_config *config,
    const char *section,
    const char *key,
    const lf_config_value *value,
    lf_error *error
);

/**
 * As lf_config_set(), the value as a person types it.
 *
 * @param name   `section.key`
 * @param value  a text without quotes
 * @return as lf_config_set()
 */
LF_API LF_MUST_CHECK lf_status
lf_config_set_text(lf_config *config, const char *name, const char *value, lf_error *error);

/** Check all options together. @return LF_OK, or LF_RANGE naming section and key */
LF_API LF_MUST_CHECK lf_status lf_config_check(const lf_config *config, lf_error *error);

/**
 * The whole configuration as TOML, every key with its meaning.
 *
 * @param out  owned; end it with lf_release()
 * @return LF_OK or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status
lf_config_text(const lf_config *config, const lf_allocator *allocator, char **out, lf_error *error);

/* ---- the verbs -------------------------------------------------------------------------- */

/** Where the work stands. share is 0 to 1 within a stage. @return false: stop with LF_CANCELLED */
typedef bool (*lf_run_progress)(void *context, const char *stage, double share);

/**
 * A strategy of one's own: it decides instead of the rules of [signal], for lf_run_backtest(),
 * lf_run_backtest_predictions(), lf_run_backtest_strategy() and lf_run_line(). The queue models at
 * both ends of what a book of levels allows are traded beside it, each with a state of its own.
 */
typedef struct lf_run_strategy {
    lf_strategy_decide decide;
    void *context;      /* handed to decide; with several jobs it is called by several threads */
    size_t state_bytes; /* of each symbol-day and queue model, zero at first */
    bool alone;         /* without the other queue models beside it: it is asked once a row */
} lf_run_strategy;

/** What all verbs take. */
typedef struct lf_run_job {
    const lf_allocator *allocator;
    const lf_config *config;  /* checked; borrowed */
    const lf_source *sources; /* [source_count] by date, then symbol; borrowed */
    size_t source_count;
    lf_run_progress progress; /* may be NULL */
    void *progress_context;
    /** Told a sentence for the person, such as a warning; may be NULL. */
    void (*say)(void *context, const char *sentence);
    void *say_context;
    /** Features of one's own: `features.set` and `model.features` may name them, and a model that
       was trained with them needs them. Borrowed; NULL: none. */
    const lf_feature_users *users;
    /** Borrowed; NULL: the rules of [signal]. Its code is not known, so days that an earlier call
        finished are traded again, and one that it ends leaves nothing behind. */
    const lf_run_strategy *strategy;
    bool is_reported; /* the caller shows the report, so its warnings are not said as well */
    /** Symbol-days that are traded at once, each by a thread; 0 is 1. Above 1 the allocator must
        serve several threads. progress and say are called by the caller's thread alone. No result
        depends on it. */
    int32_t jobs;
} lf_run_job;

/**
 * Which symbol-days a configuration names: lf_feed_find() with its keys.
 *
 * @param paths  [path_count]; none: those of the key data.paths
 * @param out    filled; end it with lf_source_list_clear(); empty on failure
 * @return LF_OK, LF_NOT_FOUND (nothing is named, or it is not there), or as lf_feed_find()
 */
LF_API LF_MUST_CHECK lf_status lf_run_find(
    const lf_config *config,
    const char *const *paths,
    size_t path_count,
    lf_source_list *out,
    lf_error *error
);

/** How the configuration opens a feed; its latency is left at 0, as only local clocks need it. */
LF_API void lf_run_feed_options(const lf_config *config, lf_feed_options *out);

/** What a job is to be used for. */
typedef enum lf_run_use {
    LF_RUN_USE_FEATURES, /* lf_run_features() */
    LF_RUN_USE_TRAIN,    /* lf_run_train() */
    LF_RUN_USE_SWEEP,    /* lf_run_sweep() */
    LF_RUN_USE_LINE      /* lf_run_line(), and lf_run_latency() without a model */
} lf_run_use;

/**
 * What can be told of a job before any data are read: names of features, what its use refuses of a
 * configuration. The calls themselves refuse the same; a program asks first, to tell wrong usage
 * from bad data.
 *
 * @return LF_OK, LF_RANGE, LF_NOT_FOUND (no such feature or key, with a suggestion) or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_run_check(const lf_run_job *job, lf_run_use use, lf_error *error);

/** What `features` writes beside the set of the configuration. */
typedef struct lf_run_features_options {
    const lf_label_spec *labels; /* [label_count] */
    size_t label_count;
    bool each_event; /* a row for each event instead of each step */
    /** Whose parameters fitted features of the set are made with; borrowed. NULL: those fitted on
        all earlier days of the symbol among the sources; on its first day they are undefined. */
    const lf_model *model;
    /** [source_count] what lies before each day, from lf_run_carries(), so that days can be made
        apart; borrowed. NULL: from the days before it among the sources. */
    const lf_feature_carry *carries;
} lf_run_features_options;

/**
 * What crosses the border to each day of the job (vpin's open bucket), from one pass over the days.
 *
 * @param out  [source_count] filled
 * @return LF_OK, LF_CANCELLED, or what feed and feature engine return
 */
LF_API LF_MUST_CHECK lf_status
lf_run_carries(const lf_run_job *job, lf_feature_carry *out, lf_error *error);

/**
 * Feature rows of all days into one table file: ts_event, symbol, valid, features, labels.
 *
 * @param path  .parquet, .arrow, .feather or .csv
 * @return LF_OK, LF_MISMATCH (the model has no parameters for a feature of the set), or what feed,
 *         feature engine or table writer return
 *
 * Cost: one day at a time in memory, and of earlier days what fitted features are made of: for one
 *       of ten levels 2 MB a day of 1-s rows. vpin's carry goes from day to day of a symbol.
 */
LF_API LF_MUST_CHECK lf_status lf_run_features(
    const lf_run_job *job, const lf_run_features_options *options, const char *path, lf_error *error
);

/**
 * lf_run_features() into memory.
 *
 * @param out  owned; NULL on failure
 * @return as lf_run_features(), LF_NOT_FOUND (no day) or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_run_features_table(
    const lf_run_job *job, const lf_run_features_options *options, lf_frame **out, lf_error *error
);

/**
 * Walk forward over all days, then fit the final model on all rows. With the key model.trials
 * parameters are searched first, and the best ones are used for both.
 *
 * @param path  the model folder; its folds and `walk.json` lie below it
 * @param json  owned, lf_train_walk_json() of the walk; end it with lf_release(); may be NULL
 * @return LF_OK, LF_CANCELLED, or what feed, feature engine and lf_train_walk_forward() return
 */
LF_API LF_MUST_CHECK lf_status
lf_run_train(const lf_run_job *job, const char *path, char **json, lf_error *error);

/**
 * Make the training rows of one day of the job into a folder: the first step of training in parts,
 * each of which may run in another process or on another machine that shares the folder. Then
 * lf_run_train_fold() makes each model, and lf_run_train_parts() puts them together.
 *
 * @param day     number of its source
 * @param carry   what lies before it: of lf_run_carries()
 * @param folder  made when it is not there; private to this version, one for each training
 * @return LF_OK, or what feed and feature engine return
 *
 * Cost: one pass over the day; a file of some 14 MB for a day of 1-s rows.
 */
LF_API LF_MUST_CHECK lf_status lf_run_train_rows(
    const lf_run_job *job,
    size_t day,
    const lf_feature_carry *carry,
    const char *folder,
    lf_error *error
);

/**
 * How many models lf_run_train() fits to the days of the job.
 *
 * @param folder  with the rows of all days
 * @param count   out: folds, and the final model
 * @return LF_OK, LF_NOT_FOUND (a day has no rows there), or as lf_train_plan_days()
 */
LF_API LF_MUST_CHECK lf_status
lf_run_train_fold_count(const lf_run_job *job, const char *folder, size_t *count, lf_error *error);

/**
 * Fit one model of the walk from the rows of a folder, into it.
 *
 * @param folder  with the rows of all days
 * @param number  0: the final model, which takes longest; k: fold k, from 1
 * @return as lf_train_fit_ahead()
 */
LF_API LF_MUST_CHECK lf_status
lf_run_train_fold(const lf_run_job *job, const char *folder, size_t number, lf_error *error);

/**
 * lf_run_train() from the rows and models of a folder: the same model folder, to the byte. A model
 * that is not there is fitted. A search over parameters and permutations, when they are asked for,
 * are made here.
 *
 * @param folder  with the rows of all days; the caller removes it
 * @param path    as lf_run_train()
 * @param json    as lf_run_train()
 * @return as lf_run_train(); LF_NOT_FOUND (a day has no rows there)
 */
LF_API LF_MUST_CHECK lf_status lf_run_train_parts(
    const lf_run_job *job, const char *folder, const char *path, char **json, lf_error *error
);

/**
 * Predictions of a model at each row of all days.
 *
 * @param in_sample  also at rows of the model's training span; else they are refused
 * @param path       .parquet, .arrow, .feather or .csv
 * @return LF_MISMATCH when a day touches the training span and in_sample is false
 */
LF_API LF_MUST_CHECK lf_status lf_run_predict(
    const lf_run_job *job, const lf_model *model, bool in_sample, const char *path, lf_error *error
);

/**
 * lf_run_predict() into memory.
 *
 * @param out  owned; NULL on failure
 * @return as lf_run_predict(), LF_NOT_FOUND (no day) or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_run_predict_table(
    const lf_run_job *job, const lf_model *model, bool in_sample, lf_frame **out, lf_error *error
);

/**
 * Trade all days with one model and write a run folder.
 *
 * Each finished day is a file below the folder until the run is complete. A call that was stopped,
 * by whatever, and is made again with the same configuration, models and data takes those days and
 * trades the others: the same bytes.
 *
 * @param folder   made when it is not there
 * @param metrics  owned, the metrics' JSON; end it with lf_release(); may be NULL
 * @return LF_OK, LF_CANCELLED, LF_MISMATCH (a day touches the training span and in_sample is false,
 *         another step), or what feed, lf_backtest_day() and the report return
 */
LF_API LF_MUST_CHECK lf_status lf_run_backtest(
    const lf_run_job *job,
    const lf_model *model,
    bool in_sample,
    const char *folder,
    char **metrics,
    lf_error *error
);

/**
 * Trade all days with every combination of the values that the key sweep.keys gives to keys of
 * [signal], [execution] and [risk]. All share one pass over events, features and predictions.
 *
 * Orders, fills and trades of each set are those of lf_run_backtest() with its values, to the byte.
 * Each set is recorded as a trial: in the file of the key model.trials_file, else in
 * folder/trials.sqlite.
 *
 * @param folder  made when it is not there; files: docs/formats/sweep.md
 * @param json    owned, the text of sweep.json; end it with lf_release(); may be NULL
 * @return as lf_run_backtest(), and LF_RANGE or LF_NOT_FOUND (what sweep.keys says)
 *
 * Cost: one pass; of each set some ns an event, and 28 kB a day in memory when tables are put
 *       together.
 */
LF_API LF_MUST_CHECK lf_status lf_run_sweep(
    const lf_run_job *job,
    const lf_model *model,
    bool in_sample,
    const char *folder,
    char **json,
    lf_error *error
);

/**
 * Trade some days of a backtest ahead, in this process or on another machine that shares the
 * folder. lf_run_backtest() with the same job, model and folder then takes them as they are, so its
 * run is the same to the byte whoever traded which day. Nothing is reported yet, and no look is
 * counted.
 *
 * @param first  number of the first source of the part
 * @param count  sources in it; those that the job does not have are passed over
 * @return as lf_run_backtest()
 *
 * Cost: those days; for models with vpin also one pass over the trades of each earlier day.
 */
LF_API LF_MUST_CHECK lf_status lf_run_backtest_part(
    const lf_run_job *job,
    const lf_model *model,
    bool in_sample,
    const char *folder,
    size_t first,
    size_t count,
    lf_error *error
);

/**
 * Trade all days on predictions that were made elsewhere and write a run folder. They alone decide:
 * without a model there is no threshold of flow but that of the keys signal.ofi_threshold and
 * signal.ofi_extreme, and no median spread for risk.stop_spreads. That no prediction knew what came
 * after its row, as the strategy's own clock has it (execution.latency_feed), is for the caller to
 * see to.
 *
 * @param predictions  ts_event, p_up_1min or p_up_5min as signal.horizon says, ret_1min_bps for
 *                     the cost gate, symbol where there are several; at row times (features.step
 *                     from the session's opening on), in any order; NaN: none. Columns of whole
 *                     numbers become floats.
 * @param folder       made when it is not there
 * @param metrics      owned, the metrics' JSON; end it with lf_release(); may be NULL
 * @return as lf_run_backtest(); LF_MISMATCH (a column is missing, a time is no row time, no day is
 *         touched), LF_DATA (a time twice, no probability)
 */
LF_API LF_MUST_CHECK lf_status lf_run_backtest_predictions(
    const lf_run_job *job,
    lf_frame *predictions,
    const char *folder,
    char **metrics,
    lf_error *error
);

/**
 * Trade all days with job->strategy alone, without a model and without predictions: it decides by
 * what it sees of book and features.
 *
 * @param folder   made when it is not there
 * @param metrics  owned, the metrics' JSON; end it with lf_release(); may be NULL
 * @return as lf_run_backtest(); LF_RANGE without a strategy; what the strategy returned
 */
LF_API LF_MUST_CHECK lf_status lf_run_backtest_strategy(
    const lf_run_job *job, const char *folder, char **metrics, lf_error *error
);

/** What `latency` varies. */
typedef struct lf_run_latency_options {
    /** [latency_count] ns, ascending; 0 is always tried. None: 10 us, 100 us, 1, 5, 10, 50, 100 and
        500 ms. */
    const int64_t *latencies_ns;
    size_t latency_count;
} lf_run_latency_options;

/**
 * What latency costs: the days are traded with each delay (feed, decision, entry, cancel, response)
 * alone, all others at 0, and with all at once, marketable and passive.
 *
 * @param model      trades rows after its training span; NULL: walk forward as lf_run_line(), with
 *                   the configured feed latency, and keep the models in folder/models
 * @param in_sample  with a model: also rows of its training span
 * @param options    NULL: defaults
 * @param folder     made when it is not there; gets latency.json
 * @param json       owned, the text of latency.json (docs/formats/latency.md); end it with
 *                   lf_release(); may be NULL
 * @return LF_OK, LF_CANCELLED, LF_RANGE (latencies), or as lf_run_backtest() and lf_run_line()
 *
 * Cost: one pass over the data for each latency, with features and predictions: the feed's delay
 * changes what is seen. The other delays share the first pass.
 */
LF_API LF_MUST_CHECK lf_status lf_run_latency(
    const lf_run_job *job,
    const lf_model *model,
    bool in_sample,
    const lf_run_latency_options *options,
    const char *folder,
    char **json,
    lf_error *error
);

/**
 * The whole line: features on the local clock, walk forward, backtest of the rows that each fold's
 * model never saw, report. One day alone is cut into blocks of time.
 *
 * @param folder   made when it is not there; models lie in folder/models
 * @param metrics  owned, the metrics' JSON; end it with lf_release(); may be NULL
 * @return LF_OK, LF_CANCELLED, LF_INVARIANT (a prediction made while trading is not the one that
 * was scored), or what the steps of the line return
 */
LF_API LF_MUST_CHECK lf_status
lf_run_line(const lf_run_job *job, const char *folder, char **metrics, lf_error *error);

#ifdef __cplusplus
}
#endif

#endif
