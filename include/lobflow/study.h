/**
 * @file
 * The price-impact study: how order flow imbalance moves the mid, on any data. Offline lane.
 *
 * Sources: Cont, Kukanov, Stoikov (2014), The price impact of order book events; Xu, Gould, Howison
 * (2019), Multi-level order-flow imbalance; Cont, Cucuringu, Zhang (2023), Cross-impact of order
 * flow imbalance; Gould, Bonart (2016), Queue imbalance as a one-tick-ahead price predictor.
 *
 * A window is an observation when a valid state stands before it and at some time in it, it touches
 * no halt, gap or reset, and the data go on into it. Crossed, locked and one-sided states are
 * stepped over: the event that ends them carries their net change.
 */
#ifndef LOBFLOW_STUDY_H
#define LOBFLOW_STUDY_H

#include <lobflow/base.h>
#include <lobflow/feature.h>
#include <lobflow/feed.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What to study. Zero is the default everywhere. */
typedef struct lf_study_options {
    const lf_allocator *allocator;
    int64_t window_ns; /* 0: 10 s; the grid of one observation */
    int64_t block_ns;  /* 0: 30 min; the observations of one regression */
    /** Part of the day, ns since 1970 UTC; 0: the whole session. Events at or before `from` only
       set the first state, events at or after `to` are left out, and so is what remains behind the
        last whole block. */
    int64_t from_ns;
    int64_t to_ns;
    uint64_t seed; /* of the uniform draw between moves */
} lf_study_options;

/** One observation: what happened in (begin, begin + window]. */
typedef struct lf_study_observation {
    int64_t begin_ns;
    double change_ticks;              /* of the mid */
    int64_t ofi_lots;                 /* of the best level */
    int64_t ofi_no_price_change_lots; /* of events that leave both best prices in place */
    int64_t trade_imbalance_lots;     /* buyers' less sellers' */
} lf_study_observation;

/**
 * One block (half hour). R^2 are within the block, with an intercept. NaN where it is not defined.
 */
typedef struct lf_study_block {
    int64_t begin_ns;
    int64_t observation_first; /* number of its first observation in lf_study_observations() */
    int64_t observation_count;
    double alpha;                  /* ticks */
    double beta;                   /* ticks per lot */
    double beta_se;                /* White's HC0 */
    double r2_ofi;                 /* mid change on OFI of the best level */
    double r2_trade_imbalance;     /* mid change on signed traded volume */
    double r2_both;                /* on the two together */
    double r2_ofi_no_price_change; /* OFI of events that leave both best prices in place */
    double depth_mean; /* mean best-level depth (bid + ask)/2 over best-quote updates, lots */
    /** Levels: fitted on this block, judged in it and on the next; log mid returns. */
    double r2_is_best, r2_oos_best;
    double r2_is_ridge, r2_oos_ridge;
    double r2_is_integrated, r2_oos_integrated;
    double pc1_share;
} lf_study_block;

/** The result for one symbol-day; NaN where it is not defined. */
typedef struct lf_study_result {
    size_t block_count;
    double r2_ofi; /* means over the blocks */
    double r2_trade_imbalance;
    double r2_both;
    double r2_ofi_no_price_change;
    double beta_mean;
    double depth_mean;
    double beta_depth2; /* mean of beta * 2 * depth; 1 in a book of equal queues */
    double lambda;      /* beta = c / depth^lambda */
    double c;
    double r2_depth_law;        /* of log beta on log depth */
    double r2_next;             /* next mid change on this OFI, one regression over all blocks */
    double auc_queue_imbalance; /* uniform in time between moves */
    double auc_queue_imbalance_last; /* last state before the move */
    double logit_intercept; /* P(up) = 1 / (1 + exp(-(intercept + slope I))), uniform in time */
    double logit_slope;
    int64_t move_count;
    int32_t level_count;
    /** Levels: fitted on one block, judged in it and on the next; log mid returns. */
    double r2_is_levels[LF_LEVELS_MAX]; /* least squares on levels 1..m */
    double r2_oos_levels[LF_LEVELS_MAX];
    double r2_is_best, r2_oos_best;
    double r2_is_ridge, r2_oos_ridge; /* all levels, penalty chosen by 5-fold validation */
    double r2_is_integrated, r2_oos_integrated;
    double pc1_share; /* of the variance of the levels' OFI, mean over blocks */
} lf_study_result;

/** A study under way. */
typedef struct lf_study lf_study;

/**
 * Create a study of one symbol-day.
 *
 * @param instrument  copied
 * @param options     copied; NULL: defaults
 * @param out         owned; NULL on failure
 * @return LF_OK, LF_RANGE (window does not divide block, empty span) or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_study_create(
    const lf_instrument *instrument,
    const lf_study_options *options,
    lf_study **out,
    lf_error *error
);

/** Take in the events of a batch; LF_OK or LF_NOMEM. */
LF_API LF_MUST_CHECK lf_status lf_study_push(lf_study *study, const lf_batch *batch);

/**
 * Fit everything; no batch may be pushed afterwards.
 *
 * @param blocks  out, borrowed until destroy, [result->block_count]
 * @return LF_OK, LF_DATA (no valid state in the span) or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_study_finish(
    lf_study *study, lf_study_result *result, const lf_study_block **blocks, lf_error *error
);

/**
 * The observations that were fitted, in time order; only after lf_study_finish() gave LF_OK.
 *
 * @param count  out
 * @return [*count], borrowed until destroy
 */
LF_API const lf_study_observation *lf_study_observations(const lf_study *study, size_t *count);

/** End a study; NULL is accepted. */
LF_API void lf_study_destroy(lf_study *study);

/* ==== Estimators ===========================================================================
 *
 * Functions over plain arrays, oldest row first. They allocate nothing unless an allocator is among
 * their arguments, keep nothing between calls and may run on any thread. A row with a value that is
 * NaN or infinite is left out; where a row needs the rows before it, it is left out too when one of
 * those is undefined, so that one undefined row between two days keeps the days apart. What cannot
 * be estimated is NaN. docs/estimators.md says what each one means and where it misleads.
 */

/* ---- columns of trades and states ------------------------------------------------------- */

/** Trades as columns; a function says which ones it reads, the others may be NULL. */
typedef struct lf_study_trades {
    const int64_t *ts_ns;       /* [count] ascending */
    const int64_t *price_units; /* [count] below 2^58 in size */
    const int64_t *size_lots;   /* [count] >= 0 */
    const int64_t *bid_units;   /* [count] best quote before the trade, in price units; */
    const int64_t *ask_units;   /* LF_BID_NONE, LF_ASK_NONE or bid >= ask: there is none */
    const int8_t *signs;        /* [count] aggressor: +1, -1, 0 or LF_SIGN_UNKNOWN */
    size_t count;
} lf_study_trades;

/** Best quotes as columns. A row without two sides, or with bid >= ask, has no state. */
typedef struct lf_study_states {
    const int64_t *ts_ns; /* [count] ascending */
    const int64_t *bid_ticks;
    const int64_t *ask_ticks;
    const int64_t *bid_lots;
    const int64_t *ask_lots;
    size_t count;
} lf_study_states;

/** Collects the trades and the best quotes of one day's events. */
typedef struct lf_study_tape lf_study_tape;

/**
 * Create a tape of one symbol-day.
 *
 * @param instrument  copied
 * @param step_ns     0: a state for each event that changes the best quote; else one at session
 * open
 *                    + k * step, k = 0, 1, ... before the close: the one after all events at or
 *                    before it
 * @param out         owned; NULL on failure
 * @return LF_OK, LF_RANGE (a negative step) or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_study_tape_create(
    const lf_allocator *allocator,
    const lf_instrument *instrument,
    int64_t step_ns,
    lf_study_tape **out,
    lf_error *error
);

/**
 * Take in the events of a batch that lie in the session; those before it only set the state. A
 * masked state and a reset give a row without a state. A row of the grid is there once an event
 * after it has come.
 *
 * @return LF_OK or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_study_tape_push(lf_study_tape *tape, const lf_batch *batch);

/** The columns so far, borrowed until the next push or destroy. Either pointer may be NULL. */
LF_API void
lf_study_tape_get(const lf_study_tape *tape, lf_study_trades *trades, lf_study_states *states);

/** End a tape; NULL is accepted. */
LF_API void lf_study_tape_destroy(lf_study_tape *tape);

/**
 * The quote that stood before each of some instants: the last state of a timestamp earlier than
 * the instant less a lag.
 *
 * @param states          reads ts_ns and all four others
 * @param at_ns           [count] instants, in any order
 * @param lag_ns          >= 0; 5 s is what Lee and Ready used for the tapes of 1988
 * @param units_per_tick  the result is in price units
 * @param bid_units       [count] out; LF_BID_NONE where that row has no state or there is no row
 * @param ask_units       [count] out; LF_ASK_NONE likewise
 *
 * Cost: a binary search for each instant.
 */
LF_API void lf_study_quotes_before(
    const lf_study_states *states,
    const int64_t *at_ns,
    size_t count,
    int64_t lag_ns,
    int64_t units_per_tick,
    int64_t *bid_units,
    int64_t *ask_units
);

/**
 * The mid some time after each of some instants: that of the last state at or before it.
 *
 * @param states    reads ts_ns and all four others
 * @param at_ns     [count] instants, in any order
 * @param delay_ns  added to each instant; may be negative
 * @param mids      [count] out, ticks; NaN where that row has no state or there is no row
 *
 * Cost: a binary search for each instant. Not causal for a positive delay. After the last row the
 * last state is taken to last.
 */
LF_API void lf_study_mids_at(
    const lf_study_states *states,
    const int64_t *at_ns,
    size_t count,
    int64_t delay_ns,
    double *mids
);

/** What was traded in one interval of time. */
typedef struct lf_study_bar {
    double lots;        /* of trades of any sign */
    double signed_lots; /* bought less sold by aggressors */
    double value;       /* of trades of any sign, currency */
    double root_flow;   /* sum of sign * sqrt(value) over the trades */
    double last_price;  /* of the last trade so far, price units; NaN before the first */
    int64_t trade_count;
} lf_study_bar;

/** How to cut trades into bars. */
typedef struct lf_study_bar_options {
    int64_t begin_ns;  /* bar j is (begin + j * bar, begin + (j + 1) * bar] */
    int64_t bar_ns;    /* > 0 */
    double unit_value; /* currency for one price unit times one lot; 0: 1 */
} lf_study_bar_options;

/**
 * Cut trades into bars of equal time; trades outside all bars are left out.
 *
 * @param trades  reads ts_ns, price_units, size_lots, signs; an unknown sign counts as 0
 * @param count   number of bars
 * @param bars    [count] out
 */
LF_API void lf_study_trade_bars(
    const lf_study_trades *trades,
    const lf_study_bar_options *options,
    size_t count,
    lf_study_bar *bars
);

/* ---- who traded ------------------------------------------------------------------------- */

/** Rules that guess a trade's aggressor. */
typedef enum lf_study_sign_rule {
    LF_STUDY_SIGN_TICK = 0,      /* the last change of the trade price */
    LF_STUDY_SIGN_QUOTE = 1,     /* above the mid or below; at the mid unknown */
    LF_STUDY_SIGN_LEE_READY = 2, /* quote rule, at the mid tick rule */
    LF_STUDY_SIGN_EMO = 3,       /* at the ask or at the bid, elsewhere tick rule */
    LF_STUDY_SIGN_CLNV = 4,      /* within 30 % of the spread of a quote, elsewhere tick rule */
} lf_study_sign_rule;

/**
 * Guess the aggressor of each trade. Comparisons are exact in integers. Without a quote the tick
 * rule decides, except for the quote rule.
 *
 * @param trades  reads price_units and, except for the tick rule, bid_units and ask_units; for a
 *                lag behind the trade fill those with lf_study_quotes_before()
 * @param signs   [count] out: +1 buyer, -1 seller, 0 unknown (quote rule; before the first change
 *                of price)
 *
 * Causal: signs[i] uses nothing after row i.
 * Source: Lee, Ready (1991); Ellis, Michaely, O'Hara (2000); Chakrabarty, Li, Nguyen, Van Ness
 * (2007).
 */
LF_API void
lf_study_sign_trades(lf_study_sign_rule rule, const lf_study_trades *trades, int8_t *signs);

/* ---- VPIN ------------------------------------------------------------------------------- */

/**
 * Standard deviation about zero of the last `window` defined price changes before each bar, for
 * lf_study_bulk_shares(); it looks at nothing later.
 *
 * @param price_changes  [count]
 * @param window         > 0
 * @param sds            [count] out; NaN until there are `window` defined changes
 *
 * Cost: count * window additions, so that no rounding is carried along.
 */
LF_API void lf_study_bulk_sd(const double *price_changes, size_t count, size_t window, double *sds);

/**
 * Bulk volume classification: the share of each bar's volume that is taken as bought, a
 * distribution function of price change / standard deviation.
 *
 * @param price_changes  [count]
 * @param sds            [count] such as from lf_study_bulk_sd()
 * @param degrees        0: the normal; else Student's t with so many degrees (0.25 in the source)
 * @param buy_shares     [count] out, 0 to 1; one half where a change or a deviation is undefined; a
 *                       change on a deviation of 0 is certain
 *
 * Source: Easley, López de Prado, O'Hara (2012), Flow toxicity and liquidity (normal); the bulk
 * classification paper of the same year (Student's t).
 */
LF_API void lf_study_bulk_shares(
    const double *price_changes, const double *sds, size_t count, double degrees, double *buy_shares
);

/** One full bucket of volume. */
typedef struct lf_study_bucket {
    double buy_lots;
    double sell_lots;
    size_t last_row; /* the row that filled it */
} lf_study_bucket;

/**
 * Pour rows (trades or bars) into buckets of equal volume; a row is split at a bucket's edge, the
 * last, partly filled bucket is not given.
 *
 * @param size_lots     [count] >= 0
 * @param buy_shares    [count] 0 to 1: 1 for a buy, 0 for a sale, one half for neither, or from
 *                      lf_study_bulk_shares()
 * @param bucket_lots   volume of a bucket, >= 1
 * @param buckets       [capacity] out; NULL: count only
 * @param bucket_count  out, full buckets
 * @return LF_OK, or LF_RANGE: an argument outside its range, or more full buckets than capacity
 *         (bucket_count then says how many)
 */
LF_API LF_MUST_CHECK lf_status lf_study_fill_buckets(
    const int64_t *size_lots,
    const double *buy_shares,
    size_t count,
    int64_t bucket_lots,
    lf_study_bucket *buckets,
    size_t capacity,
    size_t *bucket_count,
    lf_error *error
);

/**
 * VPIN after each bucket: mean over the last `window` buckets of |buy - sell| / (buy + sell).
 *
 * @param window  > 0; 50 in the source
 * @param vpin    [count] out, 0 to 1; NaN before `window` buckets
 *
 * Cost: count * window additions.
 * Source: Easley, López de Prado, O'Hara (2012), Flow toxicity and liquidity.
 */
LF_API void
lf_study_vpin(const lf_study_bucket *buckets, size_t count, size_t window, double *vpin);

/* ---- price impact and liquidity --------------------------------------------------------- */

/** A line fitted by least squares. */
typedef struct lf_study_slope {
    double slope;
    double slope_se;       /* classic, with count - 2 (without intercept count - 1) */
    double slope_se_white; /* White's HC0: errors of unequal size */
    double intercept;      /* 0 when none was asked for */
    double r2;             /* without intercept: about zero */
    size_t count;          /* rows used */
} lf_study_slope;

/**
 * Kyle's lambda: price change on signed volume, ordinary least squares. The sign must come from the
 * feed or from a rule on quotes, not from the price change itself.
 *
 * @param price_changes  [count] in any unit
 * @param signed_sizes   [count] bought less sold
 * @return NaN below 3 rows or when the volume does not vary
 *
 * Source: Kyle (1985), Econometrica 53(6), 1315-1335.
 */
LF_API lf_study_slope lf_study_kyle(
    const double *price_changes, const double *signed_sizes, size_t count, bool has_intercept
);

/**
 * Hasbrouck's lambda of 2009: return on signed square roots of traded value, least squares. Bars of
 * 5 minutes are usual.
 *
 * @param returns     [count] log returns
 * @param root_flows  [count] sum over a bar's trades of sign * sqrt(value): lf_study_bar.root_flow
 * @return as lf_study_kyle()
 *
 * Source: Hasbrouck (2009), Journal of Finance 64(3); Goyenko, Holden, Trzcinka (2009).
 */
LF_API lf_study_slope lf_study_hasbrouck(
    const double *returns, const double *root_flows, size_t count, bool has_intercept
);

/**
 * Amihud's illiquidity: mean of |return| / traded value over the rows with value > 0.
 *
 * @param returns  [count]
 * @param values   [count] currency
 * @return per unit of currency (usually shown times 1e6); NaN without such a row
 *
 * Source: Amihud (2002), Journal of Financial Markets 5(1), 31-56.
 */
LF_API double lf_study_amihud(const double *returns, const double *values, size_t count);

/** Roll's spread and what it was made from. */
typedef struct lf_study_roll {
    double spread;     /* 2 sqrt(-covariance); NaN when the covariance is positive */
    double covariance; /* of neighbouring price changes */
    size_t count;      /* pairs of neighbouring changes */
} lf_study_roll;

/**
 * Roll's spread, from the bounce between bid and ask. A positive covariance has no spread: it is
 * NaN here, and a caller who prefers 0 takes 0 (the feature roll_spread_5min does).
 *
 * @param prices       [count] of trades
 * @param is_centered  true: covariance about the means, with n - 1; false: mean of the products,
 *                     as for a price without drift
 * @return NaN without a pair (centred: below 2)
 *
 * Source: Roll (1984), Journal of Finance 39(4), 1127-1139.
 */
LF_API lf_study_roll lf_study_roll_spread(const double *prices, size_t count, bool is_centered);

/** What becomes of a negative estimate of one pair of days. */
typedef enum lf_study_negative {
    LF_STUDY_NEGATIVE_ZERO = 0, /* set to 0, as the authors do */
    LF_STUDY_NEGATIVE_DROP = 1, /* left out: NaN */
    LF_STUDY_NEGATIVE_KEEP = 2, /* kept: unbiased means, single days below 0 */
} lf_study_negative;

/** Highs and lows of consecutive days. */
typedef struct lf_study_ranges {
    const double *highs;  /* [count] > 0 */
    const double *lows;   /* [count] > 0, at most the high */
    const double *closes; /* [count] adjusts for overnight moves; NULL: no adjustment */
    size_t count;
} lf_study_ranges;

/**
 * The spread of Corwin and Schultz, from the highs and lows of each two neighbouring days. A day
 * that lies wholly above or below the close before it is moved to touch it.
 *
 * @param spreads  [count - 1] out, share of the price; NaN where a day is undefined; may be NULL
 * @return mean over the defined pairs; NaN without one
 *
 * Source: Corwin, Schultz (2012), Journal of Finance 67(2), 719-760.
 */
LF_API double
lf_study_corwin_schultz(const lf_study_ranges *ranges, lf_study_negative negative, double *spreads);

/** Mean costs of trades; effective = realised + impact. */
typedef struct lf_study_costs {
    double effective; /* 2 sign (price - mid), price units */
    double realised;  /* 2 sign (price - later mid) */
    double impact;    /* 2 sign (later mid - mid) */
    double effective_bps;
    double realised_bps; /* all three of the mid at the trade */
    double impact_bps;
    size_t count; /* trades used: with sign, quote, and, where asked for, a later mid */
} lf_study_costs;

/**
 * Effective spread, realised spread and price impact of trades.
 *
 * @param trades       reads price_units, bid_units, ask_units, signs, and size_lots when weighted
 * @param later_mids   [count] price units, such as from lf_study_mids_at() times units_per_tick;
 *                     NULL: realised and impact are NaN
 * @param is_weighted  true: weighted by size_lots; false: each trade counts once
 * @return NaN without a trade
 *
 * Source: Huang, Stoll (1996), Journal of Financial Economics 41(3), 313-357.
 */
LF_API lf_study_costs
lf_study_spread_costs(const lf_study_trades *trades, const double *later_mids, bool is_weighted);

/**
 * Slope of one side of the book: how fast the log of the cumulated size grows with the distance.
 *
 * @param mid     in the unit of the prices
 * @param prices  [count] best first, ever farther from the mid
 * @param sizes   [count] > 0, the first above 1: the logarithm makes the unit of size matter
 * @return NaN when one of these does not hold
 *
 * Source: Næs, Skjeltorp (2006), Journal of Financial Markets 9(4), 408-432.
 */
LF_API double
lf_study_side_slope(double mid, const double *prices, const double *sizes, size_t count);

/** Mean of lf_study_side_slope() of both sides over the filled levels; NaN when one is. */
LF_API double lf_study_book_slope(const lf_quotes *quotes);

/* ---- Hasbrouck's VAR -------------------------------------------------------------------- */

/** Most lags of lf_study_var_fit(). */
#define LF_STUDY_LAGS_MAX 20

/** What to fit. Zero is the default everywhere. */
typedef struct lf_study_var_options {
    size_t lags;        /* 0: chosen by Schwarz's criterion from 1 to lags_max */
    size_t lags_max;    /* 0: 10 */
    size_t steps;       /* 0: 20; of the response */
    bool has_intercept; /* the source has none */
} lf_study_var_options;

/** A fitted system. Row i of a lag array belongs to lag i + 1. */
typedef struct lf_study_var {
    size_t lags;
    size_t count;                                 /* rows fitted */
    double returns_on_returns[LF_STUDY_LAGS_MAX]; /* a_i */
    double returns_on_flow_now;                   /* b_0 */
    double returns_on_flow[LF_STUDY_LAGS_MAX];    /* b_i */
    double flow_on_returns[LF_STUDY_LAGS_MAX];    /* c_i */
    double flow_on_flow[LF_STUDY_LAGS_MAX];       /* d_i */
    double return_intercept, flow_intercept;      /* 0 when none was asked for */
    double return_variance, flow_variance;        /* of the residuals, by degrees of freedom */
    double impact; /* cumulated response of the return to one unit of unexpected flow */
} lf_study_var;

/**
 * Fit the two equations of Hasbrouck's vector autoregression in trade time and cumulate the
 * response of the return to a trade: r_t = sum a_i r_{t-i} + b_0 x_t + sum b_i x_{t-i} + u_t, x_t =
 * sum c_i r_{t-i} + sum d_i x_{t-i} + v_t.
 *
 * @param returns   [count] change of the quote from before trade t to before trade t + 1
 * @param flow      [count] sign, or signed size, of trade t
 * @param out       filled
 * @param response  [steps + 1] out, cumulated over 0 to steps trades after; may be NULL
 * @return LF_OK, LF_RANGE (lags above LF_STUDY_LAGS_MAX) or LF_DATA (too few rows for the lags, or
 *         a column that does not vary)
 *
 * Cost:   count * (2 lags + 2)^2 multiplications; the choice of lags as often as lags_max.
 * Source: Hasbrouck (1991), Journal of Finance 46(1), 179-207.
 */
LF_API LF_MUST_CHECK lf_status lf_study_var_fit(
    const double *returns,
    const double *flow,
    size_t count,
    const lf_study_var_options *options,
    lf_study_var *out,
    double *response,
    lf_error *error
);

/* ---- parameters fitted on earlier days -------------------------------------------------- */

/** Sums over rows of normalised OFIs from which weights are fitted; zero: no rows yet. */
typedef struct lf_study_integrated_sums {
    int32_t level_count; /* set by the first row */
    int64_t row_count;
    double means[LF_LEVELS_MAX];
    double products[LF_LEVELS_MAX][LF_LEVELS_MAX]; /* of deviations from the means */
} lf_study_integrated_sums;

/** Fitted weights of the integrated OFI, and how they came about. */
typedef struct lf_study_integrated {
    lf_feature_integrated parameters;
    double first_share; /* of the variance, that lies along the weights */
    int64_t row_count;
} lf_study_integrated;

/** Add one row [level_count], 1 to LF_LEVELS_MAX levels, the same in all rows. A row with a value
    that is NaN or infinite is left out. */
LF_API void
lf_study_integrated_add(lf_study_integrated_sums *sums, const double *ofi, int32_t level_count);

/**
 * Fit the weights of the integrated OFI to the rows added: the first principal vector of the
 * levels' normalised OFIs, divided by the sum of its absolute values, its sum positive (0: the best
 * level's).
 *
 * @param out  filled; untouched on failure
 * @return LF_OK or LF_DATA (below 2 rows, or nothing varies)
 *
 * Source: Cont, Cucuringu, Zhang (2023), Quantitative Finance 23(10).
 */
LF_API LF_MUST_CHECK lf_status lf_study_integrated_solve(
    const lf_study_integrated_sums *sums, lf_study_integrated *out, lf_error *error
);

/**
 * Both of the above for rows in one array.
 *
 * @param ofi          [count][level_count] window sums of e_m / Q of earlier days
 * @param level_count  1 to LF_LEVELS_MAX
 * @return as lf_study_integrated_solve(), or LF_RANGE
 */
LF_API LF_MUST_CHECK lf_status lf_study_integrated_fit(
    const double *ofi, size_t count, size_t level_count, lf_study_integrated *out, lf_error *error
);

/** How to fit the micro-price. Zero is the default everywhere. */
typedef struct lf_study_microprice_options {
    const lf_allocator *allocator;
    int32_t imbalance_count; /* 0: 9; odd, so that the balanced book has a state of its own */
    int32_t spread_count;    /* 0: 3 */
    int64_t move_ticks2_max; /* 0: any; moves of the mid beyond so many half ticks are left out */
    bool has_equal_width;    /* imbalances cut evenly; else so that each holds as many rows */
    bool pools_wide;         /* wider spreads fall into the last state; else they have none */
    bool keeps_asymmetry;    /* no mirrored rows: the sum need not converge then */
    double tolerance_ticks;  /* 0: 1e-9; the last term of the sum */
    int32_t terms_max;       /* 0: 10,000 */
} lf_study_microprice_options;

/** A fitted micro-price, and how it came about. */
typedef struct lf_study_microprice {
    lf_feature_microprice parameters;
    /** As offset_ticks of the parameters, of the next move alone. */
    double first_ticks[LF_FEATURE_SPREADS_MAX][LF_FEATURE_IMBALANCES_MAX];
    int64_t transition_count; /* rows used, mirrored ones not counted */
    int64_t move_count;       /* of those, with a move of the mid */
    int32_t term_count;       /* of the sum */
} lf_study_microprice;

/**
 * Fit Stoikov's micro-price: the expected mid after many moves, less the mid, given the imbalance
 * (bid - ask) / (bid + ask) of the best sizes and the spread. Imbalance and spread are a Markov
 * chain; its first-move expectation is summed over the moves that follow until they add nothing.
 *
 * @param states   rows of earlier days, each followed by the next; a row without a state parts what
 *                 comes before from what comes after. ts_ns is not read. Rows on the grid on which
 *                 the offset is to be used suit best: only for a true Markov chain do rows at each
 *                 event give the same
 * @param options  NULL: defaults
 * @param out      filled; untouched on failure
 * @return LF_OK, LF_RANGE (an option), LF_DATA (the mid never moves, or the sum does not converge)
 *         or LF_NOMEM
 *
 * Cost:   one pass, one sort, and (imbalances * spreads)^3 / 3 multiplications.
 * Source: Stoikov (2018), Quantitative Finance 18(12), 1959-1966.
 */
LF_API LF_MUST_CHECK lf_status lf_study_microprice_fit(
    const lf_study_states *states,
    const lf_study_microprice_options *options,
    lf_study_microprice *out,
    lf_error *error
);

#ifdef __cplusplus
}
#endif

#endif
