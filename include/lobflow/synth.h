/**
 * @file
 * A simulated market: order-by-order days with known properties, as events or as LOBSTER files.
 *
 * A latent price moves as a martingale, or with a planted drift that past flow explains; a book of
 * single orders follows it. docs/modules/synth.md has the model, its sources and what it measures.
 */
#ifndef LOBFLOW_SYNTH_H
#define LOBFLOW_SYNTH_H

#include <lobflow/base.h>
#include <lobflow/feed.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Which kind of stock. */
typedef enum lf_synth_preset {
    LF_SYNTH_SMALL_TICK = 0, /* spread of several ticks, thin levels, 100 USD */
    LF_SYNTH_LARGE_TICK = 1, /* spread of one tick most of the time, long queues, 30 USD */
} lf_synth_preset;

/** What to simulate; lf_synth_options_default() gives the values named here. */
typedef struct lf_synth_options {
    const lf_allocator *allocator;
    char symbol[32];        /* "SYN" */
    lf_date first_date;     /* 2024-01-02; weekends are passed over */
    int32_t day_count;      /* 1 */
    uint64_t seed;          /* 1 */
    lf_synth_preset preset; /* small tick */
    int32_t level_count;    /* 10: levels a side in files, 1 to 10 */
    /** Share A of the variance of the latent 1-min return that past trade flow explains, [0, 0.5].
        0: the latent price is a martingale. */
    double alpha;
    int64_t alpha_half_life_ns; /* 60 s: how long a trade's sign keeps pulling the price */
    double activity;            /* 1: factor on every rate */
} lf_synth_options;

/** A running simulation of one day. */
typedef struct lf_synth lf_synth;

/** Defaults as named at each member. */
LF_API void lf_synth_options_default(lf_synth_options *options);

/**
 * Begin one day. Its random numbers depend on the seed, the symbol and the day's number alone, so
 * day 3 is the same whether 3 or 250 days are asked for.
 *
 * @param options  copied
 * @param day      from 0
 * @param out      owned; NULL on failure
 * @return LF_OK, LF_RANGE, LF_NOT_FOUND (no tzdata) or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status
lf_synth_open(const lf_synth_options *options, int32_t day, lf_synth **out, lf_error *error);

/** What the events are about; borrowed until the simulation is closed. */
LF_API const lf_instrument *lf_synth_instrument(const lf_synth *synth);

/**
 * Next events; event_count is 0 after the close. Allocates nothing; cannot fail.
 *
 * @param out  filled, borrowed until the next call
 */
LF_API void lf_synth_next(lf_synth *synth, lf_batch *out);

/** Latent price in ticks after the events so far. */
LF_API double lf_synth_latent_ticks(const lf_synth *synth);

/** End a simulation; NULL is accepted. */
LF_API void lf_synth_close(lf_synth *synth);

/**
 * Told after each day and now and then within one.
 *
 * @return false stops the work with LF_CANCELLED
 */
typedef bool (*lf_synth_progress)(void *context, int32_t day, double share_of_day);

/**
 * Write all days as LOBSTER message and orderbook files into a folder. Each file appears whole or
 * not at all; the same options give the same bytes.
 *
 * @param folder    made when it is not there
 * @param progress  may be NULL
 * @return LF_OK, LF_RANGE, LF_IO, LF_NOT_FOUND, LF_CANCELLED or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_synth_write(
    const lf_synth_options *options,
    const char *folder,
    lf_synth_progress progress,
    void *context,
    lf_error *error
);

/** Best hit rate that anyone could have on the planted drift: 1/2 + asin(sqrt(A))/pi. */
LF_API double lf_synth_hit_bound(double alpha);

/** What a day looks like beside what is known of real ones; NaN where there is too little data. */
typedef struct lf_synth_facts {
    int64_t event_count;
    double events_per_minute;
    double spread_one_tick_share; /* by events */
    double spread_mean_ticks;
    double queue_imbalance_auc; /* of the next mid move, uniform in time */
    double ofi_r2_10s;          /* mean over half hours */
    double beta_depth2;         /* mean of beta * 2 * depth; 1 in a stylised book */
    double sign_acf_1, sign_acf_10, sign_acf_100; /* of trade signs, prints merged */
    double absolute_return_acf_1, absolute_return_acf_5, absolute_return_acf_20; /* 1-min */
    double variance_ratio_20;    /* of 1-s mid changes */
    double variance_ratio_60_20; /* the same of 60 s against 20 s */
    double volatility_1min_bps;
    double open_activity;  /* events of the first half hour over those of 12:30-13:00 */
    double close_activity; /* events of the last half hour over those of 12:30-13:00 */
    double open_depth;     /* depth of the first half hour over the day's mean */
} lf_synth_facts;

/** Measures of one day under way. */
typedef struct lf_synth_check lf_synth_check;

/**
 * Begin to measure a day, simulated or real.
 *
 * @param instrument  copied
 * @param out         owned; NULL on failure
 * @return LF_OK or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_synth_check_create(
    const lf_allocator *allocator,
    const lf_instrument *instrument,
    lf_synth_check **out,
    lf_error *error
);

/** Take in a batch; LF_OK or LF_NOMEM. */
LF_API LF_MUST_CHECK lf_status lf_synth_check_push(lf_synth_check *check, const lf_batch *batch);

/**
 * The facts of all events so far; nothing may be pushed afterwards.
 *
 * @return LF_OK, LF_DATA (no valid book) or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status
lf_synth_check_finish(lf_synth_check *check, lf_synth_facts *out, lf_error *error);

/** End it; NULL is accepted. */
LF_API void lf_synth_check_destroy(lf_synth_check *check);

#ifdef __cplusplus
}
#endif

#endif
