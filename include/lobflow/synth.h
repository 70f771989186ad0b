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

/** Parts of a day whose activity, spread and depth are told apart: half hours of a US session. */
#define LF_SYNTH_PARTS 13
/** Kinds of metaorders: kind j is 2^j orders long on average. The longest, 512 orders, take some
    minutes; longer ones would make each day another market. */
#define LF_SYNTH_KINDS 10
/** Metaorders that can be under way at once. */
#define LF_SYNTH_POOL_MAX 8

/**
 * The numbers of a stock; docs/modules/synth.md says what each is for. Rates are per second at
 * activity 1; all members are doubles and are named in a configuration as here.
 */
typedef struct lf_synth_model {
    double price_ticks;    /* where days begin */
    double volatility;     /* ticks per square root of a second, of the latent price */
    double impact_share;   /* of that variance, by market orders that surprise */
    double zone;           /* 0, or ticks beyond half a tick at which the reference jumps */
    double stickiness;     /* how much slower the latent price is near the edge of its zone */
    double follow_ticks;   /* without a zone: how far the price goes before the quotes follow */
    double half_spread;    /* ticks from the reference price to the first price quoted */
    double spread_wobble;  /* sd of the log of the half spread */
    double limit_rate;     /* new orders, both sides together */
    double improve_rate;   /* better quotes where the spread is wider than it need be, a side */
    double cancel_rate;    /* of one order at the touch */
    double cancel_depth;   /* ticks at which an order lives twice as long */
    double market_rate;    /* market orders, both signs together */
    double hidden_rate;    /* executions against hidden orders */
    double depth_ticks;    /* scale of the distance of new orders */
    double depth_exponent; /* of its tail: P(distance > d) = (1 + d / depth_ticks)^-exponent */
    double size_mean;      /* lots of a new order */
    double size_tail;      /* sd of the log of a new order's mean size; 0: geometric sizes */
    double market_size_mean;
    double size_patience;   /* how much longer large orders wait at the touch */
    double queue_response;  /* how strongly queues thin out as the latent price comes near */
    double queue_reach;     /* ticks over which they do */
    double metaorders;      /* under way at once: 1, 2, ... LF_SYNTH_POOL_MAX */
    double length_exponent; /* of the tail of their lengths */
    double order_mix[LF_SYNTH_KINDS]; /* parts of the orders by kind; all 0: by the exponent */
    double activity_sd;               /* of the log of the activity, with one hour of memory */
    double burst_sd;                  /* the same with three minutes */
    double volatility_power; /* variance that is not market orders' goes as activity^power */
    double activity[LF_SYNTH_PARTS]; /* factors over the day; all 0: the usual U */
    double spread[LF_SYNTH_PARTS];   /* of the half spread; all 0: wider at the open */
    double depth[LF_SYNTH_PARTS];    /* of new orders' sizes; all 0: smaller in the morning */
} lf_synth_model;

/** What to simulate; lf_synth_options_default() gives the values named here. */
typedef struct lf_synth_options {
    const lf_allocator *allocator;
    char symbol[32];             /* "SYN" */
    lf_date first_date;          /* 2024-01-02; weekends are passed over */
    int32_t day_count;           /* 1 */
    uint64_t seed;               /* 1 */
    lf_synth_preset preset;      /* small tick */
    const lf_synth_model *model; /* NULL: the preset's; else copied, borrowed by lf_synth_write() */
    int32_t level_count;         /* 10: levels a side in files, 1 to 10 */
    /** Share A of the variance of the latent 1-min return that past trade flow explains, [0, 0.5].
        0: the latent price is a martingale. */
    double alpha;
    int64_t alpha_half_life_ns; /* 60 s: how long a trade's sign keeps pulling the price */
    /** News: at random times a market order takes what is offered short of a new value, so many
        ticks away, and the latent price closes on it with alpha_half_life_ns. 0: none; up to 1000.
        lf_synth_edge_left() says what is left of it. */
    double alpha_shock_ticks;
    double alpha_shock_rate; /* 0.02: of them a second at activity 1; above 0, up to 10 */
    double activity;         /* 1: factor on every rate */
    /** Part of the variance of the latent price that all symbols of a seed have in common: the
        correlation of the latent returns of two of them, to within what their activities differ.
        0; at most what market orders leave, 1 - impact_share. */
    double correlation;
    double open_ticks;  /* 0: near the model's price; else the latent price before the session */
    bool is_continuous; /* lf_synth_write*(): a day begins where the one before ended, after a night
                           whose return has an sd of 1 % */
} lf_synth_options;

/** A running simulation of one day. */
typedef struct lf_synth lf_synth;

/** Defaults as named at each member. */
LF_API void lf_synth_options_default(lf_synth_options *options);

/** The numbers of a preset. */
LF_API void lf_synth_model_default(lf_synth_preset preset, lf_synth_model *out);

/**
 * Set a number of a model, or a list of them, by its name.
 *
 * @param values  [count]
 * @return LF_OK, or LF_RANGE (no such name, another count, a value outside of its range)
 */
LF_API LF_MUST_CHECK lf_status lf_synth_model_set(
    lf_synth_model *model, const char *name, const double *values, size_t count, lf_error *error
);

/**
 * Write a model as a configuration, section [synth]: its preset and all its numbers.
 *
 * @param note  one line about it
 * @return LF_OK, LF_IO or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_synth_model_write(
    const lf_synth_model *model,
    lf_synth_preset preset,
    const char *note,
    const char *path,
    lf_error *error
);

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

/** How days of several symbols are written. */
typedef struct lf_synth_writing {
    const char *const *symbols; /* [symbol_count]; options.symbol is not used */
    size_t symbol_count;
    int32_t job_count; /* symbol-days that are written at once; the bytes are the same */
    const char *folder;
    lf_synth_progress progress; /* may be NULL; its day counts symbol-days; never called twice at
                                   once */
    void *context;
} lf_synth_writing;

/**
 * Write all days of some symbols, as lf_synth_write(). Each symbol-day depends on seed, symbol and
 * its number alone, and continuous days on those before them too.
 *
 * @param options  its allocator must bear several threads when job_count is above 1
 * @return LF_OK, LF_RANGE (also: no job, no symbol, one twice), LF_IO, LF_NOT_FOUND, LF_CANCELLED
 *         or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_synth_write_symbols(
    const lf_synth_options *options, const lf_synth_writing *writing, lf_error *error
);

/** Best hit rate that anyone could have on the planted drift: 1/2 + asin(sqrt(A))/pi. */
LF_API double lf_synth_hit_bound(double alpha);

/**
 * What is left of a planted shock, in ticks: the mean move of the latent price that is still to
 * come a while after it.
 *
 * @param options   alpha_shock_ticks and alpha_half_life_ns are read
 * @param delay_ns  since the shock, >= 0
 */
LF_API double lf_synth_edge_left(const lf_synth_options *options, int64_t delay_ns);

/** Bins of lags of trade signs: [1], [2, 3], ... [64, 127]. */
#define LF_SYNTH_SIGN_BINS 7

/**
 * What a day looks like; NaN where there is too little data. Executions of one instant and one
 * sign are one trade.
 */
typedef struct lf_synth_facts {
    int64_t event_count;
    int32_t level_count;
    double minutes; /* that were measured */
    double events_per_minute;
    double moves_per_minute; /* changes of the mid */
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
    double sign_bins[LF_SYNTH_SIGN_BINS]; /* mean autocorrelation of lags 2^b to 2^(b+1) - 1 */
    double absolute_return_acf_1, absolute_return_acf_5, absolute_return_acf_20; /* 1-min */
    double variance_ratio_20;    /* of 1-s mid changes */
    double variance_ratio_60_20; /* the same of 60 s against 20 s */
    double volatility_1min_bps;
    double volatility_power;         /* squared 1-min returns go as events a minute to this power */
    double activity_sd;              /* of the log of the activity that has an hour's memory */
    double burst_sd;                 /* of that which has three minutes' */
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
 * The facts of all events so far; nothing may be pushed afterwards. What needs more than the day
 * has is NaN.
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

/** Means of the facts of some days, over those where each is defined. */
LF_API void lf_synth_facts_mean(const lf_synth_facts *facts, size_t count, lf_synth_facts *out);

/**
 * Find the model under which simulated days look like a measured one.
 *
 * Read off: price, trades and their sizes, memory of signs and of activity, shapes over the day.
 * Found by simulating: rates and sizes of orders, spread, volatility, gaps between levels, how much
 * queues tell. Not fitted: the memory of returns and variance ratios, which one day does not tell.
 *
 * @param allocator  may be NULL
 * @param facts      of lf_synth_check_finish() or their mean
 * @param progress   may be NULL; its day is always 0
 * @param out        untouched on failure
 * @return LF_OK, LF_DATA (the day cannot be measured), LF_NOT_FOUND (no tzdata), LF_CANCELLED or
 *         LF_NOMEM
 *
 * Cost: simulates some fifteen days.
 */
LF_API LF_MUST_CHECK lf_status lf_synth_fit(
    const lf_allocator *allocator,
    const lf_synth_facts *facts,
    lf_synth_progress progress,
    void *context,
    lf_synth_model *out,
    lf_error *error
);

#ifdef __cplusplus
}
#endif

#endif
