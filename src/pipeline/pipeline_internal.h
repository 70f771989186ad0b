/* What the files of the pipeline share: the strategy's state and its steps. */
#ifndef LFI_PIPELINE_INTERNAL_H
#define LFI_PIPELINE_INTERNAL_H

#include <lobflow/pipeline.h>

/* Requests that may wait for the caller: a step makes at most a cancel and an order. */
#define LFI_OUTBOX_MAX 8

/* The most that the rate limit can be set to. */
#define LFI_RATE_MAX 100

/* The one order that a strategy may have alive. */
typedef struct lfi_live {
    bool active;
    bool cancel_sent;
    bool timed_out;    /* the cancel was sent because of the time limit */
    bool cancel_again; /* the gateway refused a cancel: expire_ns is when to send it again */
    lf_intent intent;
    int64_t filled_lots;
    int64_t expire_ns; /* passive: when its time is over; INT64_MAX: never */
} lfi_live;

typedef struct lfi_strategy {
    /* What every event looks at, side by side. */
    size_t outbox_first;
    size_t outbox_count;
    bool has_stop;
    bool exit_waits; /* for a valid state, to be sent then */
    lf_ledger ledger;
    lf_strategy_options options;
    lf_fees fees;
    int64_t max_loss_nano; /* 0: none */
    lf_strategy_stats stats;
    lfi_live live;
    uint64_t last_order_id;
    uint64_t last_cancelled_id; /* target of the latest cancel */
    /* The position, set when the first fill opens it. */
    lf_intent opener;
    int64_t opened_ns;
    int64_t hold_until_ns;
    int64_t stop_mid2;
    /* The wish to be flat. */
    bool exit_wanted;
    lf_reason exit_reason;
    int64_t retry_ns;              /* when to try again; INT64_MAX: nothing to try */
    bool closing;                  /* the session's end has been acted on */
    int64_t sent_ns[LFI_RATE_MAX]; /* times of the latest requests; by number, modulo the limit */
    int64_t sent_count;
    int64_t rejects_in_row;
    int64_t due_ns; /* earliest timer */
    void *state;    /* of options.decide; NULL: none */
    lf_intent outbox[LFI_OUTBOX_MAX];
} lfi_strategy;

/* The local book as decisions need it: the best level, and the last valid mid. */
typedef struct lfi_local {
    lf_quotes quotes; /* level 0 only, unless the pipeline keeps_levels */
    int64_t mid2;
    int64_t spread_ticks;
    bool valid;
} lfi_local;

struct lf_pipeline {
    lf_allocator allocator;
    bool has_allocator;
    lf_instrument instrument;
    int64_t step_ns;
    lf_feature_engine *engine; /* NULL when rows were given */
    double *features;          /* [lf_feature_count_all() + those of the model's users] */
    double *user_values;       /* [lf_feature_users_count(users)] in the order of the run */
    size_t *user_places;       /* [span_count][LF_FEATURE_USERS_MAX] of the models' in the run's */
    const lf_feature_users *users; /* borrowed; NULL: none */
    bool is_fitted;                /* some model has fitted features */
    size_t ofi_norm_index;
    size_t ofi_index;
    size_t imbalance_index;
    const lf_row *rows;
    size_t row_count;
    lf_span *spans;
    size_t span_count;
    lfi_strategy *strategies;
    size_t strategy_count;
    bool keeps_levels;    /* some strategy is one's own */
    bool is_sparing;      /* the model is asked only where the rules are open */
    double *own_features; /* what those are shown; NULL: none, or rows were given */
    lf_status failure;    /* of one of them */
    lfi_local local;
    size_t next_row;
    int64_t next_row_ns; /* INT64_MAX after the session */
    int64_t timer_ns;    /* earliest of the strategies */
};

/* Meta of the model that trades a span. */
const lf_model_meta *lfi_span_meta(const lf_span *span);

/* Whether some strategy may act on the prediction of a row, which is not known yet. */
bool lfi_is_open(const lf_pipeline *pipeline, const lf_row *row);

/* A row's decision for one strategy. */
void lfi_strategy_row(lf_pipeline *pipeline, lfi_strategy *strategy, const lf_row *row);

/* From here on nothing is opened. */
int64_t lfi_flatten_time(const lf_pipeline *pipeline, const lfi_strategy *strategy);

/* decide.c: asks a strategy of one's own, and does what it wants. */
void lfi_strategy_ask(lf_pipeline *pipeline, lfi_strategy *strategy, const lf_row *row);

/* Takes the working order back by a decision at a row. */
void lfi_strategy_take_back(lfi_strategy *strategy, int64_t ts_ns);

/* Looks at the stop after an event. */
void lfi_strategy_stop(lf_pipeline *pipeline, lfi_strategy *strategy, int64_t ts_ns);

/* Sends the exit that has waited for a valid state. */
void lfi_strategy_resume(lf_pipeline *pipeline, lfi_strategy *strategy, int64_t ts_ns);

/* Does what the strategy's timers ask at a time. */
void lfi_strategy_timers(lf_pipeline *pipeline, lfi_strategy *strategy, int64_t ts_ns);

/* Takes in a report. */
lf_status lfi_strategy_report(
    lf_pipeline *pipeline,
    lfi_strategy *strategy,
    int64_t ts_ns,
    const lf_report *report,
    lf_error *error
);

/* Sets due_ns from the state. */
void lfi_strategy_schedule(const lf_pipeline *pipeline, lfi_strategy *strategy);

/* Stops the day when the loss limit is reached. */
void lfi_strategy_limit(lf_pipeline *pipeline, lfi_strategy *strategy, int64_t ts_ns);

/* Pulls the kill switch. */
void lfi_strategy_kill(lf_pipeline *pipeline, lfi_strategy *strategy, int64_t ts_ns);

/* Wants to be flat and does the next step towards it. */
void lfi_strategy_exit(
    lf_pipeline *pipeline, lfi_strategy *strategy, int64_t ts_ns, lf_reason reason
);

/* Puts a new order into the outbox and makes it the live one. */
void lfi_strategy_send(
    lf_pipeline *pipeline, lfi_strategy *strategy, lf_intent intent, lf_order_kind kind
);

#endif
