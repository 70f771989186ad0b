/**
 * @file
 * The strategy's side of the line, on the local clock: events to features to prediction to signal
 * to requests. Backtest, paper and live drive the same pipeline; clock and venue lie outside.
 */
#ifndef LOBFLOW_PIPELINE_H
#define LOBFLOW_PIPELINE_H

#include <lobflow/base.h>
#include <lobflow/execution.h>
#include <lobflow/feature.h>
#include <lobflow/feed.h>
#include <lobflow/model.h>
#include <lobflow/signal.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Why an order is sent: enum, code, text of the `reason` column. */
#define LF_REASON_MAP(X) \
    X(ENTRY, 0, "entry") \
    X(REVERSE, 1, "reverse") \
    X(HOLD, 2, "hold") \
    X(STOP, 3, "stop") \
    X(SESSION_END, 4, "session_end") \
    X(LOSS_LIMIT, 5, "loss_limit") \
    X(CROSS, 6, "cross") \
    X(KILL, 7, "kill") \
    X(TARGET, 8, "target")

typedef enum lf_reason {
#define LF_REASON_ENUM(name, code, text) LF_REASON_##name = code,
    LF_REASON_MAP(LF_REASON_ENUM)
#undef LF_REASON_ENUM
} lf_reason;

#define LF_REASON_COUNT 9

/** Text of a reason as it stands in the frames. @return static text, never NULL */
LF_API const char *lf_reason_name(lf_reason reason);

/** Keys of [risk]; lf_risk_options_default() gives the values named here. */
typedef struct lf_risk_options {
    int64_t order_size;    /* order_size = 100, lots */
    int64_t max_position;  /* max_position = 100, lots; an entry is cut to it */
    int64_t hold_ns;       /* hold = "1min": from the first fill, as known locally */
    double stop_ticks;     /* stop_ticks = 3; see stop_spreads */
    double stop_spreads;   /* stop_spreads = 1: the stop lies max(stop_ticks, stop_spreads * median
                              spread of training) from the mid at the decision; both 0: no stop */
    int64_t flatten_ns;    /* flatten = "5min" before the session's end: out, and no entry after */
    double max_daily_loss; /* max_daily_loss = nan: none; else currency > 0, net, marked at mid */
    int64_t retry_ns;      /* retry = "1s": pause before an exit that did not fill is sent again */
    /** max_orders_per_second = 0: none; to 100: so many orders and cancels go out in any second. An
        entry beyond that is given up, an exit waits for its turn, a cancel always goes. */
    int64_t max_orders_per_second;
    int64_t kill_rejects; /* kill_rejects = 0: never; so many orders refused in a row kill */
} lf_risk_options;

/** Defaults of DESIGN section 5, as named at each member. */
LF_API void lf_risk_options_default(lf_risk_options *options);

/** Check that options can be used. @return LF_OK, or LF_RANGE naming the key */
LF_API LF_MUST_CHECK lf_status
lf_risk_options_check(const lf_risk_options *options, lf_error *error);

/* ---- strategies of one's own -------------------------------------------------------------- */

/**
 * What a strategy of one's own sees when it is asked: the local state after all events with local
 * time <= ts_ns, what it knows of its own orders by then, and nothing later. Prices are ticks,
 * sizes lots, money 1e-9 of the currency, times ns since 1970 UTC.
 */
typedef struct lf_strategy_view {
    int64_t ts_ns; /* of the row: the time of the decision */
    int64_t session_open_ns;
    int64_t session_close_ns;
    int64_t flatten_ns;   /* from here on nothing is opened: it is not asked any more */
    int64_t tick_nano;    /* one tick in 1e-9 of the currency */
    int64_t lot_nano;     /* one lot in 1e-9 of the unit traded */
    int64_t level_count;  /* levels a side that the feed carries */
    int64_t mid2;         /* best bid + best ask */
    int64_t spread_ticks; /* best ask - best bid */
    int64_t position_lots;
    int64_t max_position; /* lots: risk.max_position */
    int64_t opened_ns;    /* local time of the position's first fill; LF_TIME_NONE: flat */
    int64_t net_nano;     /* profit of the day after fees, the position at the mid */
    /* The order that works; all 0 without one. */
    int64_t working_lots;        /* what is left of it: to buy > 0, to sell < 0 */
    int64_t working_price_ticks; /* LF_PRICE_NONE: at any price */
    int64_t working_sent_ns;
    int64_t working_kind;   /* lf_order_kind */
    int64_t working_cancel; /* 1 when a cancel is on its way */
    int64_t is_leaving; /* 1 when a rule of [risk] closes the position: what is asked for waits */
    /* Of the row; NaN where undefined. */
    double p_up_1min;
    double p_up_5min;
    double ret_1min_bps;
    double ofi_norm_1min;
    double ofi_1min;
    double depth_imbalance_l1;
    /* Of the model that the row belongs to. */
    double ofi_threshold;
    double ofi_extreme;
    double median_spread_ticks;
    lf_quotes quotes; /* level 0 is the best; a level that is not there has size 0 */
} lf_strategy_view;

static_assert(sizeof(lf_strategy_view) == 544, "lf_strategy_view crosses languages: keep its size");

/** What a strategy of one's own asks for. */
typedef enum lf_action_kind {
    LF_ACTION_NONE = 0,   /* everything stays as it is */
    LF_ACTION_TARGET = 1, /* be at a position: what works and leads elsewhere is taken back first */
    LF_ACTION_ORDER = 2,  /* an order; passed over while another one works */
    LF_ACTION_CANCEL = 3, /* take back the passive order that works */
} lf_action_kind;

/** One action. It comes filled with LF_ACTION_NONE and the defaults that the members name. */
typedef struct lf_action {
    int64_t kind; /* lf_action_kind */
    int64_t lots; /* TARGET: the position; ORDER: to buy > 0, to sell < 0. Cut to max_position */
    int64_t order_kind; /* lf_order_kind; execution.entry */
    int64_t
        limit_ticks; /* LF_PRICE_NONE: passive at the touch, marketable as execution.limit_ticks */
} lf_action;

static_assert(sizeof(lf_action) == 32, "lf_action crosses languages: keep its size");

/**
 * Decide. Called at each row that may be traded: inside a span, in a valid state, before
 * flatten_ns, and neither stopped by the loss limit nor killed. Orders then go through the same
 * rate limit, risk rules, latencies and venue as those of the built-in rules; one order works at a
 * time.
 *
 * @param context   lf_strategy_options.context
 * @param state     [state_bytes] of this strategy and symbol-day, zero at first; NULL without any
 * @param view      borrowed for the call
 * @param features  [lf_feature_count_all() + lf_feature_users_count()] the row: built-in features,
 *                  then one's own in the order of the run; borrowed for the call; NULL when rows
 * were given
 * @param action    filled in by the call
 * @return LF_OK to go on; anything else ends the run with that status
 *
 * Thread: symbol-days run side by side, each with a state of its own; what context leads to is
 *         shared.
 * Cost: it is paid at every row.
 */
typedef lf_status (*lf_strategy_decide
)(void *context,
  void *state,
  const lf_strategy_view *view,
  const double *features,
  lf_action *action);

/** One way to trade the same predictions. Several share one pass over the events. */
typedef struct lf_strategy_options {
    char name[32]; /* for frames and report: "marketable", "passive" */
    lf_signal_options signal;
    lf_execution_options execution;
    lf_risk_options risk;
    lf_strategy_decide decide; /* NULL: the built-in rules of [signal] */
    void *context;             /* handed to decide; borrowed */
    size_t state_bytes;        /* of decide's state; aligned to 16 bytes */
} lf_strategy_options;

/** All three defaults and the name of the entry kind. */
LF_API void lf_strategy_options_default(lf_strategy_options *options);

/** A stretch of row times and the model that may trade it. Stretches ascend and do not overlap. */
typedef struct lf_span {
    int64_t from_ns; /* rows with from <= t < to are traded */
    int64_t to_ns;
    /** Borrowed. NULL when rows are given, or for strategies of one's own alone, which may do
       without predictions: then meta holds the thresholds. */
    const lf_model *model;
    lf_model_meta meta; /* used when model is NULL: ofi_threshold, ofi_extreme, ... */
} lf_span;

/** What the pipeline knows at one grid time: everything that a signal or a record needs. */
typedef struct lf_row {
    int64_t ts_ns; /* grid time, local clock */
    bool valid;    /* the state at ts is valid */
    bool traded;   /* a span holds it, so prediction may be used */
    uint8_t reserved[2];
    int32_t span;         /* index of that span, or -1 */
    int64_t mid2;         /* twice the mid, ticks; of the last valid state; 0 before the first */
    int64_t spread_ticks; /* of the last valid state; 0 before the first */
    lf_prediction prediction;
    double ofi_norm_1min;
    double ofi_1min;
    double depth_imbalance_l1;
} lf_row;

/** How to build a pipeline. */
typedef struct lf_pipeline_options {
    const lf_allocator *allocator;
    const lf_strategy_options *strategies; /* [strategy_count] copied, at least one */
    size_t strategy_count;
    const lf_span *spans; /* [span_count] copied; the models are borrowed */
    size_t span_count;
    int64_t step_ns; /* 0: 1 s */
    /** Rows made before, one for each grid time of the session in order; then neither features nor
        models run (ts_ns, prediction, ofi_norm_1min, ofi_1min, depth_imbalance_l1 are read;
        validity, mid and spread come from the events). NULL: compute. Borrowed. */
    const lf_row *rows;
    size_t row_count;
    /** The model is asked only at rows where the rules of some strategy are open
        (lf_signal_is_open()), which changes no order; other rows have no prediction (NaN). For
        those who do not keep predictions; of no effect with a strategy of one's own. */
    bool is_sparing;
    /** For the feature engine; its clock is forced to LF_CLOCK_LOCAL and its allocator to the one
        above. */
    lf_feature_options features;
} lf_pipeline_options;

/** A request with what is known when it is made. */
typedef struct lf_intent {
    lf_request request;
    int64_t ts_decision_ns; /* local time of the row, event or timer that caused it */
    int64_t ts_sent_ns;     /* ts_decision + decision latency (a row), or = ts_decision (a timer, a
                               stop or a report needs neither features nor model) */
    int64_t mid2_decision;  /* twice the local mid, ticks; 0 when not valid ever */
    lf_reason reason;
    lf_reason cause; /* why the position is opened or left: equals reason, but for `cross`, where
                        it is the reason of the passive order that ran out of time */
    bool has_limit;  /* the price is the strategy's own */
    lf_rule rule;    /* of the entry that the order belongs to */
    double p_up;     /* of the row that opened the position */
    double expected_bps; /* of the row that opened the position */
    bool decided;        /* by a row: the decision latency lies between ts_decision and ts_sent */
} lf_intent;

/** What a strategy did; counts. */
typedef struct lf_strategy_stats {
    int64_t signal_count;                  /* rows with a side */
    int64_t signal_counts[3];              /* by lf_rule */
    int64_t order_counts[LF_REASON_COUNT]; /* orders sent by reason */
    int64_t retry_count;                   /* exits that had to be sent again */
    int64_t reject_count;
    int64_t fill_count;
    int64_t cancel_race_count;  /* cancels that came too late */
    int64_t rate_limited_count; /* entries given up and exits put off by the rate limit */
    bool stopped;               /* the daily loss limit was reached */
    bool killed;                /* the kill switch was pulled */
    int64_t in_position_ns;     /* local time with a position */
} lf_strategy_stats;

/** The strategies of one symbol-day. */
typedef struct lf_pipeline lf_pipeline;

/**
 * Create a pipeline. All memory it will ever use is taken here.
 *
 * @param instrument  copied
 * @param options     copied, see its members for what is borrowed
 * @param out         owned; NULL on failure
 * @return LF_OK, LF_RANGE, LF_MISMATCH (rows that are not on the grid, a model with fitted
 *         features for books of another number of levels) or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_pipeline_create(
    const lf_instrument *instrument,
    const lf_pipeline_options *options,
    lf_pipeline **out,
    lf_error *error
);

/** End a pipeline; NULL is accepted. */
LF_API void lf_pipeline_destroy(lf_pipeline *pipeline);

/**
 * Take in an event at its local time; wakes due before it must have been given before. Stops
 * and the loss limit are looked at here.
 *
 * @param ts_ns   local time, never going back
 * @param trades  [event->trade_count] the event's own trades
 * @return LF_OK, or what lf_feature_update() returned
 *
 * Causal: yes. Cost: the feature engine's and some ns for each strategy; allocates nothing.
 */
LF_API LF_MUST_CHECK lf_status lf_pipeline_event(
    lf_pipeline *pipeline, int64_t ts_ns, const lf_event *event, const lf_trade *trades
);

/** Local time at which the pipeline wants to be woken next: a row or a timer; INT64_MAX: never. */
LF_API int64_t lf_pipeline_wake_due(const lf_pipeline *pipeline);

/**
 * Do what is due at lf_pipeline_wake_due(). Every event with local time <= that time must have been
 * given before, none later.
 *
 * @param row  out: the row when one was made, else ts_ns is LF_TIME_NONE; may be NULL
 * @return true when a row was made
 *
 * Cost: a row, a prediction and a decision for each strategy; allocates nothing. It cannot fail,
 * but a strategy of one's own can: lf_pipeline_failure().
 */
LF_API bool lf_pipeline_wake(lf_pipeline *pipeline, lf_row *row);

/** What a strategy of one's own returned when it could not go on, else LF_OK. It is not asked
 * again. */
LF_API LF_MUST_CHECK lf_status lf_pipeline_failure(const lf_pipeline *pipeline);

/**
 * Take in a report that reached a strategy.
 *
 * @param ts_ns  local time, never going back
 * @return LF_OK, LF_RANGE (money does not fit) or LF_INVARIANT (a report that no order allows)
 */
LF_API LF_MUST_CHECK lf_status lf_pipeline_report(
    lf_pipeline *pipeline, size_t strategy, int64_t ts_ns, const lf_report *report, lf_error *error
);

/**
 * Pull the kill switch of a strategy: what rests is cancelled, the position is left by a marketable
 * order (reason `kill`), and nothing is opened for the rest of the day. Pulling it again does
 * nothing. risk.kill_rejects pulls it by itself.
 *
 * @param ts_ns  local time, never going back
 */
LF_API void lf_pipeline_kill(lf_pipeline *pipeline, size_t strategy, int64_t ts_ns);

/** The first strategy from number `from` on that has a request waiting; the number of strategies
    when none has. */
LF_API size_t lf_pipeline_next(const lf_pipeline *pipeline, size_t from);

/** Take a strategy's next request in order. @return false when none waits */
LF_API bool lf_pipeline_take(lf_pipeline *pipeline, size_t strategy, lf_intent *out);

/** Position, cash and fees as the strategy knows them, borrowed. */
LF_API const lf_ledger *lf_pipeline_ledger(const lf_pipeline *pipeline, size_t strategy);

/** Counts so far, borrowed until the next call. */
LF_API const lf_strategy_stats *lf_pipeline_stats_of(const lf_pipeline *pipeline, size_t strategy);

/** Twice the local mid (ticks) of the last valid state; 0 before the first. */
LF_API int64_t lf_pipeline_mid2(const lf_pipeline *pipeline);

/** Whether the state after the last event is valid. */
LF_API bool lf_pipeline_valid(const lf_pipeline *pipeline);

/** The record for the next day's features, after the last event; zero when rows were given. */
LF_API void lf_pipeline_carry_get(const lf_pipeline *pipeline, lf_feature_carry *out);

/** The last full feature row, [lf_feature_count_all()], borrowed; NULL when rows were given. Fitted
    features are made with the parameters of the model that the row is for, else undefined. */
LF_API const double *lf_pipeline_features(const lf_pipeline *pipeline);

#ifdef __cplusplus
}
#endif

#endif
