/* What the verbs share: days as rows, the folder of a run, progress. */
#ifndef LFI_LINE_INTERNAL_H
#define LFI_LINE_INTERNAL_H

#include <lobflow/label.h>
#include <lobflow/run.h>

#include <stdio.h>

/* Longest path that the run module builds. */
#define LFI_PATH_BYTES ((size_t)2048)

/* Tell where the work stands; LF_CANCELLED when the person wants to stop. */
lf_status lfi_tell(const lf_run_job *job, const char *stage, double share, lf_error *error);
/* Tell about part of one of several days: share = (day + part) / days. */
lf_status lfi_tell_day(
    const lf_run_job *job, const char *stage, size_t day, const lf_feed *feed, lf_error *error
);

/* Joins folder and name; LF_RANGE when the result is too long. */
lf_status lfi_path(const char *folder, const char *name, char out[LFI_PATH_BYTES], lf_error *error);

/* Add the file that holds the library to a hash: another build of one version may do otherwise. */
lf_status lfi_hash_own_code(uint64_t *hash, lf_error *error);

/* The highest folder that a call makes: what it leaves empty goes when the call fails. */
typedef struct lfi_made {
    char path[LFI_PATH_BYTES]; /* "": all were there */
} lfi_made;

/* Note which folders of folder/name are missing; before anything is made. */
lf_status lfi_made_begin(const char *folder, const char *name, lfi_made *out, lf_error *error);
/* Remove those folders of the call in which nothing lies. */
void lfi_made_undo(const lfi_made *made);

/* Which rows of a day are made. */
typedef struct lfi_day_options {
    const char *set;                 /* of features */
    const lf_feature_fitted *fitted; /* parameters of the fitted ones among them; NULL: none */
    bool with_ingredients;           /* and what they are made of: see lf_feature_rows() */
    lf_clock clock;                  /* local: the feed is opened with its latency */
    bool at_events;
    bool to_trade;               /* LF_UNSUPPORTED and the like when that cannot be */
    bool with_spread;            /* the column spread_ticks */
    const lf_label_spec *labels; /* [label_count] */
    size_t label_count;
    const char *stage; /* for progress */
} lfi_day_options;

/* One symbol-day as rows: ts_event, symbol, valid, features, then spread and labels. */
typedef struct lfi_day_rows {
    lf_frame *frame;
    lf_feature_carry carry;     /* before the day */
    lf_feature_carry carry_out; /* after it */
    lf_instrument instrument;
    lf_feed_stats stats;
} lfi_day_rows;

/* Longest name of a label's column, and the columns that one label has at most. */
#define LFI_LABEL_NAME_BYTES ((size_t)48)
#define LFI_LABEL_COLUMNS_MAX ((size_t)5)

/* Names of the columns of one label; returns how many. */
size_t
lfi_label_names(const lf_label_spec *spec, char names[LFI_LABEL_COLUMNS_MAX][LFI_LABEL_NAME_BYTES]);
/* Fill the columns of labels in a frame of whole rows, from number `column` on. */
lf_status lfi_labels_fill(
    const lf_run_job *job,
    const lf_label_path *path,
    const lfi_day_options *options,
    lf_frame *frame,
    size_t column,
    lf_error *error
);

/* Carry of the latest earlier day of the source's symbol, or a zero one. */
void lfi_day_carry(
    const lf_run_job *job, const lfi_day_rows *days, size_t day, lf_feature_carry *out
);

/* Read source number `day` of the job into rows; out->carry says what lies before it. */
lf_status lfi_day_read(
    const lf_run_job *job,
    size_t day,
    const lfi_day_options *options,
    lfi_day_rows *out,
    lf_error *error
);
void lfi_day_clear(lfi_day_rows *rows);

/* ---- fitted features --------------------------------------------------------------------- */

/* The set "default", those of some features that are fitted, and all of one's own when some are. */
#define LFI_SET_BYTES ((size_t)256)
void lfi_fitted_set(const size_t *features, size_t count, char out[LFI_SET_BYTES]);

/* Where the verb features takes parameters from. */
typedef struct lfi_fitter {
    const lf_run_job *job;
    const lf_model *model;                  /* given; NULL: earlier days */
    size_t features[LF_MODEL_FEATURES_MAX]; /* of the set */
    size_t feature_count;
    bool is_needed;       /* some of them are fitted */
    lf_frame **kept;      /* [source_count] ingredients of earlier days, owned */
    lf_frame **earlier;   /* [source_count] those of one symbol, borrowed */
    lf_feature_fitted at; /* parameters for the day that is read */
} lfi_fitter;

/* LF_NOT_FOUND when the set names what is no feature. End it in every case. */
lf_status
lfi_fitter_begin(const lf_run_job *job, const lf_model *model, lfi_fitter *out, lf_error *error);
void lfi_fitter_end(lfi_fitter *fitter);

/* Parameters for a day: puts them, and whether ingredients must be kept, into the options. */
lf_status
lfi_fitter_prepare(lfi_fitter *fitter, size_t day, lfi_day_options *options, lf_error *error);

/* Keeps the ingredients of a day that was read and takes them out of its rows. */
lf_status lfi_fitter_keep(lfi_fitter *fitter, size_t day, lfi_day_rows *rows, lf_error *error);

/* Days of rows on disk, private to this process. */
typedef struct lfi_store lfi_store;

/* Begin a store in a folder, which is made when it is not there; no file is seen in it. */
lf_status lfi_store_create(
    const lf_allocator *allocator, const char *folder, lfi_store **out, lf_error *error
);
void lfi_store_destroy(lfi_store *store);
/* Append a day; all days have the same columns, and the symbol is what their text column says. */
lf_status lfi_store_put(lfi_store *store, lf_frame *frame, const char *symbol, lf_error *error);
/* The days for training, borrowed from the store. */
lf_train_days lfi_store_days(lfi_store *store);

/* All days of the job, for training: every feature, what the fitted ones of the model are made of,
   both labels and the spread, put into a store; what is returned has no rows. to_trade: they are
   traded afterwards, so what cannot be traded is refused before its rows are made. */
lf_status lfi_days_read(
    const lf_run_job *job,
    lf_clock clock,
    bool to_trade,
    lfi_store *store,
    lfi_day_rows **out,
    lf_error *error
);
/* The set of rows for training. */
lf_status lfi_set_for_training(
    const lf_run_job *job, lf_clock clock, char set[LFI_SET_BYTES], lf_error *error
);
/* Rows of one such day; rows->carry says what lies before it. set: what its columns are. */
lf_status lfi_training_day(
    const lf_run_job *job,
    lf_clock clock,
    bool to_trade,
    size_t day,
    char set[LFI_SET_BYTES],
    lfi_day_rows *rows,
    lf_error *error
);
/* Days of one set must have levels alike. */
lf_status lfi_check_levels(
    const lf_run_job *job, const lfi_day_rows *days, size_t day, const char *set, lf_error *error
);
/* Walk over days and fit the final model, taking models that were fitted ahead into a folder; NULL:
   none. */
lf_status lfi_train_days(
    const lf_run_job *job,
    const lfi_day_rows *read,
    const lf_train_days *days,
    const char *ahead,
    const char *path,
    char **json,
    lf_error *error
);
/* Options for the models of a walk: those of a job, and the days kept for the end. */
lf_status lfi_options_ahead(
    const lf_run_job *job,
    const lfi_day_rows *read,
    const lf_train_days *days,
    const char *ahead,
    lf_train_options *out,
    lf_error *error
);
void lfi_days_release(const lf_run_job *job, lfi_day_rows *days);

/* Configurations looked at so far: report.trials, or what model.trials_file records when that is
   more. */
lf_status lfi_trial_count(const lf_run_job *job, int64_t *out, lf_error *error);

/* Training options of a job for rows on a clock. */
void lfi_run_train_options(const lf_run_job *job, lf_clock clock, lf_train_options *out);

/* ---- a run folder ----------------------------------------------------------------------- */

/* What a span's model says of itself, or of predictions without a model. */
static inline const lf_model_meta *lfi_meta_of(const lf_span *span)
{
    return span->model != NULL ? lf_model_meta_of(span->model) : &span->meta;
}

struct lfi_given;

/* What is traded and how it is reported. */
typedef struct lfi_trading {
    const lf_span *spans;
    size_t span_count;
    const struct lfi_given *given; /* predictions made elsewhere; NULL: the spans have models */
    const lfi_day_rows *days;      /* [source_count] rows made before, for carries; NULL: none */
    lf_frame *walk;                /* predictions that the causal lane must repeat; NULL: none */
    const char *scores_json;
    const char *training_json;
    bool in_sample;
    int64_t
        holdout_looks; /* above 0: held-out days are traded, and how often they were looked at */
} lfi_trading;

/* Trade the sources [first, first + count) ahead of lfi_trade(), which then takes those days. */
lf_status lfi_trade_part(
    const lf_run_job *job,
    const lfi_trading *trading,
    const char *folder,
    size_t first,
    size_t count,
    lf_error *error
);

/* Trade, report and write every file of the folder but its models. */
lf_status lfi_trade(
    const lf_run_job *job,
    const lfi_trading *trading,
    const char *folder,
    char **metrics,
    lf_error *error
);

#endif
