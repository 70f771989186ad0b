/* What the files of the synth module share: the book of single orders and the market around it. */
#ifndef LOBFLOW_SYNTH_INTERNAL_H
#define LOBFLOW_SYNTH_INTERNAL_H

#include <lobflow/study.h>
#include <lobflow/synth.h>

/* Prices that the book can hold, in ticks from the base of the day on. */
#define LFI_SYNTH_TICKS 65536
/* Orders that can rest at once; the model keeps some hundreds. */
#define LFI_SYNTH_ORDERS 8192
/* No order; ends a list. */
#define LFI_SYNTH_NONE UINT32_MAX

/* One resting order, in the list of its price in order of arrival. */
typedef struct lfi_order {
    uint64_t id;
    int64_t lots;
    int32_t ticks;
    int32_t side; /* +1 bid, -1 ask */
    uint32_t next, previous;
    uint32_t live_index; /* its place in lfi_ladder.live */
} lfi_order;

/* A price: total size and its queue. */
typedef struct lfi_level {
    int64_t lots;
    uint32_t first, last;
} lfi_level;

/* Both sides of the book. */
typedef struct lfi_ladder {
    lfi_level *levels[2]; /* bid, ask: [LFI_SYNTH_TICKS] */
    lfi_order *orders;    /* [LFI_SYNTH_ORDERS] */
    uint32_t *live;       /* [LFI_SYNTH_ORDERS] slots in use, then free ones */
    uint32_t live_count;
    uint32_t side_count[2]; /* of orders on the bid and on the ask */
    int32_t best[2];        /* best bid and ask; 0 and LFI_SYNTH_TICKS when empty */
    uint64_t next_id;
} lfi_ladder;

lf_status lfi_ladder_init(const lf_allocator *allocator, lfi_ladder *ladder);
void lfi_ladder_free(const lf_allocator *allocator, lfi_ladder *ladder);

/* Add an order at the tail of its price; LFI_SYNTH_NONE when the book is full. */
uint32_t lfi_ladder_add(lfi_ladder *ladder, int32_t side, int32_t ticks, int64_t lots);

/* Take lots (at most all) from an order; an empty order leaves. */
void lfi_ladder_reduce(lfi_ladder *ladder, uint32_t slot, int64_t lots);

/* The best levels; base_ticks is the price of the ladder's tick 0. */
void lfi_ladder_quotes(
    const lfi_ladder *ladder, int32_t level_count, int64_t base_ticks, lf_quotes *out
);

/* Signs of market orders with long memory. */
typedef struct lfi_signs {
    int32_t pool; /* metaorders that are under way at once */
    int32_t sign[LF_SYNTH_POOL_MAX];
    int32_t kind[LF_SYNTH_POOL_MAX];
    bool is_fresh[LF_SYNTH_POOL_MAX]; /* has sent no order yet: nobody can know its sign */
    double share[LF_SYNTH_KINDS];     /* of the metaorders */
    double end[LF_SYNTH_KINDS];       /* probability that an order is the last one */
    double weight[LF_SYNTH_KINDS];    /* a_j in the autocorrelation at lag k >= 1: the sum of
                                         a_j (1 - end_j / pool)^(k - 1) */
} lfi_signs;

void lfi_signs_init(lfi_signs *signs, const lf_synth_model *model, lf_random *random);

/* The next sign; surprise is the sign minus what all that came before let one expect. */
int32_t lfi_signs_next(lfi_signs *signs, lf_random *random, double *surprise);

/* Autocorrelation of the signs, lag >= 0. */
double lfi_signs_acf(const lfi_signs *signs, int64_t lag);

/* Moments of the flow state x and of D, its integral over the next time t; see drift.c. */
typedef struct lfi_flow_moments {
    double variance;            /* of x */
    double covariance;          /* of x and D */
    double integral_variance;   /* of D */
    double surprise_covariance; /* of D and the sum of the surprises in that time */
    double surprise_square;     /* mean square of one surprise */
} lfi_flow_moments;

lfi_flow_moments lfi_synth_flow_moments(
    const lfi_signs *signs, double rate, double kappa, double size_square, double t
);

/*
 * Drift per unit of x with which x explains the share alpha of the variance of the return, NAN when
 * no drift can; impact is the price's move per unit of surprise, noise its variance in that time
 * without the drift.
 */
double lfi_synth_drift(const lfi_flow_moments *moments, double alpha, double impact, double noise);

const lf_synth_model *lfi_synth_preset(lf_synth_preset preset);

/* LF_OK, or LF_RANGE when a number is outside of its range. */
lf_status lfi_synth_model_check(const lf_synth_model *model, lf_error *error);

/* Move each number into its range. */
void lfi_synth_model_clamp(lf_synth_model *model);

/* What nobody sees, after each event handed out. For tests. */
typedef struct lfi_synth_trace {
    double latent;   /* ticks */
    double flow;     /* x */
    double activity; /* factor on every rate */
    double heat;     /* on the variance that is not market orders' */
    double shock;    /* ticks that shocks still have to move the latent price */
} lfi_synth_trace;

struct lf_synth {
    const lf_allocator *allocator;
    lf_allocator memory;
    lf_synth_options options;
    lf_instrument instrument;
    lf_synth_model model;
    lfi_ladder ladder;
    lfi_signs signs;
    lf_random random;
    lf_event *events; /* [LFI_SYNTH_BATCH + LFI_SYNTH_STEP] */
    lf_trade *trades;
    lfi_synth_trace *traces;
    size_t event_count, trade_count;
    int64_t base_ticks;  /* what the ladder's tick 0 is */
    double latent;       /* ticks of the ladder, as all that follows */
    double reference;    /* what the quotes follow: the latent price, or the middle of its zone */
    double flow;         /* x: signed executed size / its mean, decaying */
    double drift, kappa; /* ticks per second per x; decay per second */
    double shock;        /* ticks to the value that news have set */
    double impact;       /* ticks per unit of surprise of a market order */
    double diffusion;    /* ticks per square root of a second: the rest of the volatility */
    double common;       /* the same of what all symbols have in common */
    lf_random factor;    /* where that comes from: depends on seed and day alone */
    double factor_s;     /* seconds up to which it was used */
    double heat;         /* the activity as the rest of the volatility has it */
    double activity_log, burst_log, spread_log, activity, half_spread, depth_scale;
    double time_s; /* since the open; negative during warm-up */
    int64_t ts_ns; /* of the last message */
    double session_s, next_second_s;
    lf_quotes shown;
    bool is_silent;
};

/* Events handed out at once, and room for the messages of one step behind them. */
#define LFI_SYNTH_BATCH 1024
#define LFI_SYNTH_STEP 256

/* Traces of the last batch, [event_count], borrowed until the next call. */
const lfi_synth_trace *lfi_synth_traces(const lf_synth *synth);

/* Time of the next message: a little after the last, never at the same ns. */
void lfi_synth_instant(lf_synth *s, int64_t gap_ns);

/* The kinds of events; each may hand out messages (flow.c). */
void lfi_synth_limit_order(lf_synth *s);
void lfi_synth_better_quote(lf_synth *s, int32_t side);
void lfi_synth_cancel(lf_synth *s);
void lfi_synth_market_order(lf_synth *s);
void lfi_synth_hidden_execution(lf_synth *s);
/* News: the latent price has a new value to go to, and who knows takes what is short of it. */
void lfi_synth_shock(lf_synth *s);
/* Quotes that the reference price has overtaken leave. */
void lfi_synth_withdraw(lf_synth *s);

/* Symbol-days that can be written at once. */
#define LFI_SYNTH_JOBS 256

/* Write one day; *latent_ticks becomes the latent price at its end. */
lf_status lfi_synth_write_day(
    const lf_synth_options *options,
    int32_t day,
    const lf_synth_writing *writing,
    double *latent_ticks,
    lf_error *error
);

/* Spreads that are told apart; wider ones count as the last. */
#define LFI_CHECK_SPREADS 8192

/* What is kept of a day while it is taken in (check.c); measures.c makes the facts of it. */
struct lf_synth_check {
    const lf_allocator *allocator;
    lf_allocator memory;
    lf_instrument instrument;
    lf_study *study;
    double *mids; /* [second_count + 1] ticks at each second; NaN before the first valid state */
    size_t second_count, second_now;
    double mid;
    int64_t before_mid2, state_ts_ns; /* twice the mid before this instant; 0: none */
    int8_t *signs;                    /* of trades, in order */
    size_t sign_count, sign_capacity;
    int64_t print_ts_ns, print_units;
    int8_t print_sign, tick_sign;
    int64_t trade_count, hidden_count, trade_lots;
    int64_t event_count, valid_count, move_count;
    int64_t *spreads; /* [LFI_CHECK_SPREADS] states with that spread */
    int64_t behind_count, behind_lots, behind_ticks; /* of the levels behind the best */
    int64_t *minute_events;                          /* [minute_count], whole minutes */
    size_t minute_count;
    int64_t part_events[LF_SYNTH_PARTS], part_rows[LF_SYNTH_PARTS];
    int64_t part_depth2[LF_SYNTH_PARTS], part_spread[LF_SYNTH_PARTS];
};

/* Seconds that end before an instant get the mid that stands. */
void lfi_check_fill_seconds(lf_synth_check *check, int64_t ts_ns);

#endif
