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

/** Parts of a day whose activity, spread and depth are told apart: half hours of a US session. */
#define LF_SYNTH_PARTS 13

/**
 * What a day looks like; NaN where there is too little data. Executions of one instant and one
 * sign are one trade.
 */
typedef struct lf_synth_facts {
    int64_t event_count;
    double minutes; /* that were measured */
    double events_per_minute;
    double trades_per_minute;
    double trade_lots;      /* mean of a trade */
    double hidden_share;    /* of the trades */
    double price_ticks;     /* mean mid of the seconds */
    double depth_lots;      /* mean size of the two best levels, halved, by events */
    double level_gap_ticks; /* mean distance from one level to the next; NaN with one level */
    double level_depth;     /* mean size of the levels behind the best, as a part of depth_lots */
    double spread_one_tick_share; /* by events, as the other two */
    double spread_mean_ticks;
    double spread_p90_ticks;
    double queue_imbalance_auc; /* of the next mid move, uniform in time */
    double ofi_r2_10s;          /* mean over half hours */
    double beta_depth2;         /* mean of beta * 2 * depth; 1 in a stylised book */
    double sign_acf_1, sign_acf_10, sign_acf_100; /* of trade signs */
    double sign_exponent; /* the autocorrelation falls as lag^-exponent, lags 1 to 63 */
    double absolute_return_acf_1, absolute_return_acf_5, absolute_return_acf_20; /* 1-min */
    double variance_ratio_20;    /* of 1-s mid changes */
    double variance_ratio_60_20; /* the same of 60 s against 20 s */
    double volatility_1min_bps;
    double open_activity;            /* events of the first half hour over those of 12:30-13:00 */
    double close_activity;           /* events of the last half hour over those of 12:30-13:00 */
    double open_depth;               /* depth of the first half hour over the day's mean */
    double activity[LF_SYNTH_PARTS]; /* events of each part over the mean part */
    double spread[LF_SYNTH_PARTS];   /* mean spread of each part over the day's */
    double depth[LF_SYNTH_PARTS];    /* mean depth of each part over the day's */
} lf_synth_facts;

/** One measure of a day and what it should be; NaN where nothing is known. */
typedef struct lf_synth_measure {
    const char *name;
    size_t offset;            /* of its double in lf_synth_facts */
    double least[2], most[2]; /* [lf_synth_preset] */
} lf_synth_measure;

/**
 * The measures that a simulator is judged by, in the order of a report.
 *
 * @param count  out
 * @return static, [*count]
 *
 * Source: Gould, Bonart (2016) for the queues; Cont, Kukanov, Stoikov (2014) for the impact;
 * Lillo, Farmer (2004) for the signs; docs/modules/synth.md for the others.
 */
LF_API const lf_synth_measure *lf_synth_measures(size_t *count);

/** Value of a measure. */
LF_API double lf_synth_measure_of(const lf_synth_facts *facts, const lf_synth_measure *measure);

/** Which targets a day is to be held to: large tick where most states have a spread of one tick. */
LF_API lf_synth_preset lf_synth_kind_of(const lf_synth_facts *facts);

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

/**
 * The facts of one simulated day.
 *
 * @param day  from 0
 * @return LF_OK, LF_DATA, or as lf_synth_open()
 */
LF_API LF_MUST_CHECK lf_status lf_synth_check_day(
    const lf_synth_options *options, int32_t day, lf_synth_facts *out, lf_error *error
);

/**
 * The facts of a day on disk, of any feed. Data that cover less than nine tenths of their session
 * are measured from their first event to their last, and then have no open and no close.
 *
 * @param options  of the feed; may be NULL
 * @return as lf_feed_open(), lf_feed_next() and lf_synth_check_finish()
 *
 * Cost: reads the data twice.
 */
LF_API LF_MUST_CHECK lf_status lf_synth_check_source(
    const lf_source *source, const lf_feed_options *options, lf_synth_facts *out, lf_error *error
);

#ifdef __cplusplus
}
#endif

#endif
