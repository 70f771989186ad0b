/**
 * @file
 * Days of recorded events through pipeline and venue: two clocks, one pass, frames out.
 */
#ifndef LOBFLOW_BACKTEST_H
#define LOBFLOW_BACKTEST_H

#include <lobflow/base.h>
#include <lobflow/execution.h>
#include <lobflow/feature.h>
#include <lobflow/feed.h>
#include <lobflow/frame.h>
#include <lobflow/model.h>
#include <lobflow/pipeline.h>
#include <lobflow/signal.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The tables of a strategy. Columns: docs/formats/run.md. */
typedef enum lf_backtest_table {
    LF_BACKTEST_ORDERS = 0,
    LF_BACKTEST_FILLS = 1,
    LF_BACKTEST_TRADES = 2,
    LF_BACKTEST_EQUITY = 3,
    LF_BACKTEST_TABLE_COUNT = 4
} lf_backtest_table;

/** Exit reasons of round trips: those of orders, then a position left at the close. */
#define LF_EXIT_OPEN LF_REASON_COUNT
#define LF_EXIT_COUNT (LF_REASON_COUNT + 1)

/** What a strategy did over all days so far. */
typedef struct lf_backtest_counts {
    int64_t day_count;
    int64_t exit_counts[LF_EXIT_COUNT]; /* round trips by exit reason; the last: left open */
    int64_t trade_count;                /* round trips */
    int64_t unflat_days;                /* days that ended with a position */
    int64_t loss_stop_days;             /* days stopped by max_daily_loss */
    int64_t kill_days;                  /* days ended by the kill switch */
    int64_t in_position_ns;
    int64_t masked_ns; /* of the session, without a valid state, exchange clock */
    int64_t session_ns;
    int64_t market_lots;        /* traded by all in the sessions, hidden trades too, auctions not */
    int64_t gateway_rejects;    /* requests that never reached the venue */
    int64_t ledger_checks;      /* times that the invariants were checked and held */
    lf_strategy_stats strategy; /* summed over days */
    lf_venue_stats venue;       /* summed over days */
    char fees_name[96];         /* the schedule of the last day */
} lf_backtest_counts;

/** How to backtest. */
typedef struct lf_backtest_options {
    const lf_allocator *allocator;
    /** [strategy_count] copied, at least one. All must agree on latency.feed_ns: they share the
       local clock, the features and the predictions. */
    const lf_strategy_options *strategies;
    size_t strategy_count;
    int64_t step_ns;      /* 0: the models' */
    double starting_cash; /* currency; only shifts the cash column */
    bool in_sample;       /* trade rows that the model was trained on; the report's title says so */
    bool check_every_fill; /* ledger and venue invariants after every fill, not only at day's end */
    bool lean;    /* for sweeps: equity gets the whole minutes after the open and the closing row of
                     each    day only, predictions none */
    bool is_unit; /* trades one day that lf_backtest_save() can write */
    int64_t first_day; /* earlier days of the symbol that others trade: delays are drawn by it */
} lf_backtest_options;

/** One day. Zero is the default of what is not named. */
typedef struct lf_backtest_day_options {
    const lf_span *spans; /* [span_count] which rows are traded by which model */
    size_t span_count;
    const lf_row *rows; /* [row_count] made before, see lf_pipeline_options; NULL: compute */
    size_t row_count;
    const lf_feature_carry *carry; /* of the days before; NULL: none */
    lf_feature_carry *carry_out;   /* for the next day; may be NULL */
    size_t window_events_max;      /* lf_feature_options.window_events_max */
    const lf_feature_users *users; /* lf_feature_options.users */
    /** Called with every batch of the feed before it is used, so that another reader (labels, a
        summary) shares the pass; may be NULL. */
    lf_status (*on_batch)(void *context, const lf_batch *batch, lf_error *error);
    /** Called with every row; features is NULL when rows were given; may be NULL. */
    lf_status (*on_row)(void *context, const lf_row *row, const double *features, lf_error *error);
    void *context;
} lf_backtest_day_options;

/** A backtest of one symbol over days, given one after the other. */
typedef struct lf_backtest lf_backtest;

/**
 * Create a backtest.
 *
 * @param options  copied
 * @param out      owned; NULL on failure
 * @return LF_OK, LF_RANGE (an option of a strategy), LF_MISMATCH (feed latencies differ) or
 * LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status
lf_backtest_create(const lf_backtest_options *options, lf_backtest **out, lf_error *error);

/** End a backtest and its frames; NULL is accepted. */
LF_API void lf_backtest_destroy(lf_backtest *backtest);

/**
 * Replay one day to the end of its feed and append its rows to the frames. The equity table gets
 * one row more than the grid of the session: its close, after what was left has been valued.
 *
 * The feed must have been opened with lf_feed_options.feed_latency_ns = the strategies'
 * latency.feed_ns (or bring its own local times). Rows outside the spans only warm up. Positions do
 * not cross days: one that could not be closed is settled at the session's last mid and counted.
 *
 * @param feed     at its start; read to its end
 * @param options  see its members
 * @return LF_OK; LF_MISMATCH (a span touches its model's training span and in_sample is false; the
 *         feed has no feed latency; rows off the grid; the day does not follow the one before it);
 *         LF_INVARIANT naming what broke; LF_RANGE; LF_NOMEM; or what the feed or a callback
 *         returned. After a failure only destroy is allowed: the frames may hold a part of the day.
 *
 * Cost: one pass; memory does not grow with the day but for the frames.
 */
LF_API LF_MUST_CHECK lf_status lf_backtest_day(
    lf_backtest *backtest, lf_feed *feed, const lf_backtest_day_options *options, lf_error *error
);

/**
 * Write the one day of a unit to a file, for lf_backtest_append().
 *
 * @param backtest    created with is_unit, after one lf_backtest_day()
 * @param key         what the day depends on, as one number; a reader must give the same
 * @param note        [note_bytes] kept beside it for the caller; NULL when note_bytes is 0
 * @param path        appears whole or not at all; private to this version on this machine
 * @return LF_OK, LF_RANGE (not a unit, or not one day), LF_IO or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_backtest_save(
    lf_backtest *backtest,
    uint64_t key,
    const void *note,
    size_t note_bytes,
    const char *path,
    lf_error *error
);

/**
 * Read the note of a file that lf_backtest_save() wrote, after the whole file was verified.
 *
 * @param note  [note_bytes] out
 * @return LF_OK, LF_NOT_FOUND, LF_MISMATCH (another key), LF_FORMAT (not whole, another size of
 *         note), LF_IO or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_backtest_read_note(
    const lf_allocator *allocator,
    const char *path,
    uint64_t key,
    void *note,
    size_t note_bytes,
    lf_error *error
);

/**
 * Put the day of a file behind those so far. The tables, counts and ledgers become those of a
 * backtest that traded the day itself, to the byte.
 *
 * @param note  [note_bytes] out, as lf_backtest_read_note()
 * @return as lf_backtest_read_note(); LF_MISMATCH also when the day does not follow the one before
 *         it or has other strategies; LF_INVARIANT; LF_RANGE. After a failure only destroy is
 *         allowed.
 */
LF_API LF_MUST_CHECK lf_status lf_backtest_append(
    lf_backtest *backtest,
    const char *path,
    uint64_t key,
    void *note,
    size_t note_bytes,
    lf_error *error
);

/** Add the counts of more days; the name of the fee schedule becomes theirs. */
LF_API void lf_backtest_counts_add(lf_backtest_counts *sum, const lf_backtest_counts *more);

/** A table of a strategy, borrowed; rows of all days so far. */
LF_API lf_frame *lf_backtest_frame(lf_backtest *backtest, size_t strategy, lf_backtest_table table);

/**
 * The predictions table, shared by all strategies, borrowed. Its labels (ret_1min, up_1min,
 * ret_5min, up_5min) are NaN: the causal lane cannot know them, the caller fills them in.
 */
LF_API lf_frame *lf_backtest_predictions(lf_backtest *backtest);

/**
 * Fill the labels of the rows that a day added, in the order of the predictions table.
 *
 * @param first_row  first row of the day
 * @param count      rows of each array
 * @return LF_OK, or LF_RANGE when the rows do not exist
 */
LF_API LF_MUST_CHECK lf_status lf_backtest_set_labels(
    lf_backtest *backtest,
    size_t first_row,
    size_t count,
    const double *ret_1min,
    const double *up_1min,
    const double *ret_5min,
    const double *up_5min,
    lf_error *error
);

/** Counts of a strategy over all days so far, borrowed until the next day. */
LF_API const lf_backtest_counts *
lf_backtest_counts_of(const lf_backtest *backtest, size_t strategy);

/** The ledger of a strategy over all days so far. Not const so that tests can break it. */
LF_API lf_ledger *lf_backtest_ledger(lf_backtest *backtest, size_t strategy);

/** Options of a strategy, borrowed. */
LF_API const lf_strategy_options *
lf_backtest_strategy(const lf_backtest *backtest, size_t strategy);

/** Number of strategies. */
LF_API size_t lf_backtest_strategy_count(const lf_backtest *backtest);

#ifdef __cplusplus
}
#endif

#endif
