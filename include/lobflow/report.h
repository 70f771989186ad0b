/**
 * @file
 * What a run was worth: metrics, text and one self-contained page.
 *
 * A report is made from the tables of a run and a few facts that the tables do not hold. The
 * metrics are one JSON text (docs/formats/metrics.md has its keys); text and page are made from it
 * and from the tables, so that a run folder can be reported again at any time.
 */
#ifndef LOBFLOW_REPORT_H
#define LOBFLOW_REPORT_H

#include <lobflow/backtest.h>
#include <lobflow/base.h>
#include <lobflow/frame.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A table of many rows that is read a part at a time, in the order of its rows, several times. */
typedef struct lf_report_parts {
    void *context;
    size_t count;     /* parts; 0: there is no such table */
    size_t row_count; /* of all parts */
    /** The rows of a part, borrowed until the next call for the same table. A part holds
        whole days of a symbol, one or several; all parts have the same columns. */
    lf_status (*open)(void *context, size_t part, lf_frame **out, lf_error *error);
} lf_report_parts;

/** The tables of one strategy, borrowed. Columns: docs/formats/run.md. */
typedef struct lf_report_strategy {
    char name[32];
    lf_frame *tables[LF_BACKTEST_TABLE_COUNT];
    /** The equity table in parts, when that of tables is NULL. */
    lf_report_parts equity;
    /** Counts and options of the backtest; NULL when only the tables are known. */
    const lf_backtest_counts *counts;
    const lf_strategy_options *options;
} lf_report_strategy;

/** A run as the report sees it, borrowed. Strategy 0 is the one that the run is about. */
typedef struct lf_report_run {
    const lf_allocator *allocator;
    lf_frame *predictions; /* NULL: in parts, or there are none */
    lf_report_parts prediction_parts;
    const lf_report_strategy *strategies; /* [strategy_count] at least one */
    size_t strategy_count;
} lf_report_run;

/** What the tables do not hold. Texts are borrowed; NULL where there is nothing. */
typedef struct lf_report_facts {
    const char *title;     /* "GOOG 2012-06-21" */
    const char *data_text; /* what was read, one line a day */
    const char *symbol;
    const char *time_zone; /* of the session, for hours: "America/New_York" */
    /** Added to local times before their date is taken, so that a day is a session: 7 h where that
        begins at 17:00 of the evening before (CME), else 0. */
    int64_t day_shift_ns;
    /** For annual figures: sessions a year and minutes of one; 0: 252 and 390, as US equities. */
    double days_per_year;
    double minutes_per_day;
    const char *scores_json;   /* lf_train_walk_json(); NULL for a backtest of a given model */
    const char *training_json; /* lf_model_training() of the last model: importance, rounds */
    const char *config_toml;   /* the effective configuration */
    const char *version;
    int64_t step_ns;         /* of the rows */
    int64_t horizon_ns;      /* of what is named 1min in the signal's keys; 0: 1 min */
    int64_t horizon_long_ns; /* of what is named 5min; 0: 5 min */
    double planted_alpha;    /* of a simulation; NaN when not known to be one */
    uint64_t seed;
    int64_t trial_count; /* configurations looked at so far, this one included; at least 1 */
    /** Variance of the trials' Sharpe ratios a year; 0: not known, they differ as those of trials
        without skill would. */
    double trial_variance;
    double starting_cash; /* as given to the backtest */
    double tick;          /* in currency; 0: not known, or not the same for all symbols */
    /** The median spread in ticks that risk.stop_spreads counts in; 0 or NaN: none is known. */
    double stop_spread_ticks;
    bool in_sample; /* the title then says so */
} lf_report_facts;

/**
 * Compute the metrics of a run.
 *
 * @param out  owned, JSON with the keys `signal execution pnl risk costs meta variants warnings`;
 *             end it with lf_release()
 * @return LF_OK, LF_MISMATCH (a column is missing), LF_DATA (no rows) or LF_NOMEM
 *
 * Of more than 2^19 predicted rows every second, third, ... is scored, so that memory does not grow
 * with the days; the key signal.scored_every says which. Labels of rows so near overlap.
 *
 * Cost: a few passes over the tables, and bootstraps that take about 0.1 s.
 */
LF_API LF_MUST_CHECK lf_status lf_report_metrics(
    const lf_report_run *run, const lf_report_facts *facts, char **out, lf_error *error
);

/**
 * The metrics as a page of plain text of at most 100 columns.
 *
 * @param out  owned; end it with lf_release()
 * @return LF_OK, LF_FORMAT (not the metrics of a run) or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_report_text(
    const lf_allocator *allocator, const char *metrics_json, char **out, lf_error *error
);

/**
 * Write the page: one HTML file with its data, style and scripts inside, which needs no network.
 *
 * Series are thinned, so that a year of one-second rows stays below 5 MB. The same run gives the
 * same bytes.
 *
 * @param metrics_json  of lf_report_metrics(), for the same run
 * @param path          appears whole or not at all
 * @return LF_OK, LF_FORMAT (not the metrics of a run), LF_MISMATCH (a column is missing), LF_DATA
 *         (no rows), LF_NOT_FOUND (the time zone), LF_IO or LF_NOMEM
 *
 * Cost: two passes over the tables of each strategy.
 */
LF_API LF_MUST_CHECK lf_status lf_report_html(
    const lf_report_run *run, const char *metrics_json, const char *path, lf_error *error
);

/** A run folder read back. */
typedef struct lf_report_folder lf_report_folder;

/**
 * Read the tables and metrics.json of a run folder: its own files are strategy 0, each folder
 * below it with an equity table is a further one.
 *
 * @param out  owned; NULL on failure
 * @return LF_OK, LF_NOT_FOUND (naming the missing file), LF_FORMAT, LF_MISMATCH, LF_DEPENDENCY,
 *         LF_IO or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_report_folder_open(
    const lf_allocator *allocator, const char *path, lf_report_folder **out, lf_error *error
);

/** The tables, borrowed. */
LF_API const lf_report_run *lf_report_folder_run(const lf_report_folder *folder);

/** The text of metrics.json, borrowed. */
LF_API const char *lf_report_folder_metrics(const lf_report_folder *folder);

/** End it; NULL is accepted. */
LF_API void lf_report_folder_close(lf_report_folder *folder);

#ifdef __cplusplus
}
#endif

#endif
