/**
 * @file
 * The venue: own orders against recorded books, with queue, latency, fees, impact and the ledger.
 *
 * A venue lives in exchange time. It takes every event of the feed and, between events, the own
 * requests that arrive; it answers with reports. It never changes the recorded book: own orders are
 * kept beside it, and docs/modules/execution.md says for each kind of fill what that assumes.
 */
#ifndef LOBFLOW_EXECUTION_H
#define LOBFLOW_EXECUTION_H

#include <lobflow/base.h>
#include <lobflow/book.h>
#include <lobflow/feed.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- words ------------------------------------------------------------------------------ */

/** How an order is filled: enum, code, text of the `kind` column. */
#define LF_ORDER_KIND_MAP(X) \
    X(MARKETABLE, 0, "marketable") \
    X(PASSIVE, 1, "passive")

typedef enum lf_order_kind {
#define LF_ORDER_KIND_ENUM(name, code, text) LF_ORDER_KIND_##name = code,
    LF_ORDER_KIND_MAP(LF_ORDER_KIND_ENUM)
#undef LF_ORDER_KIND_ENUM
} lf_order_kind;

/** Life of an order: enum, code, text. lf_order_state_may() holds the allowed steps. */
#define LF_ORDER_STATE_MAP(X) \
    X(SENT, 0, "sent") \
    X(RESTING, 1, "resting") \
    X(WORKING_PARTIAL, 2, "working_partial") \
    X(FILLED, 3, "filled") \
    X(CANCELLED, 4, "cancelled") \
    X(REJECTED, 5, "rejected") \
    X(EXPIRED, 6, "expired")

typedef enum lf_order_state {
#define LF_ORDER_STATE_ENUM(name, code, text) LF_ORDER_STATE_##name = code,
    LF_ORDER_STATE_MAP(LF_ORDER_STATE_ENUM)
#undef LF_ORDER_STATE_ENUM
} lf_order_state;

#define LF_ORDER_STATE_COUNT 7

/** Why the venue refused a request or ended an order: enum, code, text. */
#define LF_REJECT_MAP(X) \
    X(NONE, 0, "none") \
    X(HALTED, 1, "halted") \
    X(INVALID_BOOK, 2, "invalid_book") \
    X(CLOSED, 3, "closed") \
    X(WOULD_CROSS, 4, "would_cross") \
    X(NO_LIQUIDITY, 5, "no_liquidity") \
    X(TOO_MANY, 6, "too_many") \
    X(BAD_REQUEST, 7, "bad_request") \
    X(UNKNOWN_ORDER, 8, "unknown_order") \
    X(RESET, 9, "reset") \
    X(SELF_TRADE, 10, "self_trade") \
    X(GATEWAY, 11, "gateway")

typedef enum lf_reject {
#define LF_REJECT_ENUM(name, code, text) LF_REJECT_##name = code,
    LF_REJECT_MAP(LF_REJECT_ENUM)
#undef LF_REJECT_ENUM
} lf_reject;

#define LF_REJECT_COUNT 12

/** How a fill came about: enum, code, text of the `liquidity` column. */
#define LF_LIQUIDITY_MAP(X) \
    X(TAKER, 0, "taker") \
    X(MAKER, 1, "maker") \
    X(MAKER_CROSSED, 2, "maker_crossed")

typedef enum lf_liquidity {
#define LF_LIQUIDITY_ENUM(name, code, text) LF_LIQUIDITY_##name = code,
    LF_LIQUIDITY_MAP(LF_LIQUIDITY_ENUM)
#undef LF_LIQUIDITY_ENUM
} lf_liquidity;

#define LF_LIQUIDITY_COUNT 3

/** Which fees are charged: enum, code, text of the key `execution.fees`. */
#define LF_FEE_SCHEDULE_MAP(X) \
    X(US_NASDAQ, 0, "us_nasdaq") \
    X(COMMISSION, 1, "commission") \
    X(BPS, 2, "bps") \
    X(NONE, 3, "none") \
    X(CME, 4, "cme") \
    X(BINANCE_USDM, 5, "binance_usdm") \
    X(BINANCE_SPOT, 6, "binance_spot") \
    X(COINBASE, 7, "coinbase")

/**
 * us_nasdaq:  commission a share, NASDAQ's take fee or the rebate of fee_tier, SEC Section 31 and
 *             FINRA TAF on sales (the default);
 * commission: commission a share and nothing else;
 * bps:        fee_taker_bps and fee_maker_bps of the value (crypto venues), no commission;
 * none:       nothing;
 * cme:        a fee and NFA's assessment for each contract and side, and commission_per_contract;
 * binance_usdm, binance_spot, coinbase: the venue's shares of the value for fee_tier.
 */
typedef enum lf_fee_schedule {
#define LF_FEE_SCHEDULE_ENUM(name, code, text) LF_FEE_SCHEDULE_##name = code,
    LF_FEE_SCHEDULE_MAP(LF_FEE_SCHEDULE_ENUM)
#undef LF_FEE_SCHEDULE_ENUM
} lf_fee_schedule;

/** What a marketable order does to the price beyond the book it walks: enum, code, text. */
#define LF_IMPACT_MAP(X) \
    X(NONE, 0, "none") \
    X(SQUARE_ROOT, 1, "square_root") \
    X(ALMGREN, 2, "almgren")

/**
 * In shares of the value, of a marketable order of Q lots, at daily volatility sigma and volume V:
 * square_root: Y sigma sqrt(Q / V);
 * almgren:     Y (I / 2 + 0.142 sigma (Q / (V T))^(3/5)), I = 0.314 sigma (Q / V) (Theta / V)^(1/4)
 *              with Theta the units outstanding and T the duration in sessions: half the permanent
 *              and the whole temporary impact.
 * Source: Almgren, Thum, Hauptmann, Li (2005), Direct estimation of equity market impact, Risk
 * 18(7).
 */
typedef enum lf_impact {
#define LF_IMPACT_ENUM(name, code, text) LF_IMPACT_##name = code,
    LF_IMPACT_MAP(LF_IMPACT_ENUM)
#undef LF_IMPACT_ENUM
} lf_impact;

/** What happens to the rest of a passive entry at its time limit: enum, code, text. */
#define LF_TIMEOUT_MAP(X) \
    X(CANCEL, 0, "cancel") \
    X(CROSS, 1, "cross")

typedef enum lf_timeout {
#define LF_TIMEOUT_ENUM(name, code, text) LF_TIMEOUT_##name = code,
    LF_TIMEOUT_MAP(LF_TIMEOUT_ENUM)
#undef LF_TIMEOUT_ENUM
} lf_timeout;

/**
 * Where an order stands in its queue when only levels are seen: enum, code, text. A smaller display
 * that no trade explains is a removal, and the rule says which share of it came from behind us,
 * with F lots in front and B behind:
 *
 * risk_averse: all, until it must have come from the front (the default, and the pessimistic
 * bound); power:       B^n / (B^n + F^n); power2:      B^n / (B + F)^n; power3:      1 - (F / (F +
 * B))^n; log:         ln(1 + B) / (ln(1 + B) + ln(1 + F)), in lots; log2:        ln(1 + B) / ln(1 +
 * B + F), in lots; optimistic:  none: all who leave stood before us.
 *
 * fifo is no guess: single orders are followed by their ids, for feeds that have them
 * (lf_instrument.has_orders).
 */
#define LF_QUEUE_MAP(X) \
    X(RISK_AVERSE, 0, "risk_averse") \
    X(POWER, 1, "power") \
    X(POWER2, 2, "power2") \
    X(POWER3, 3, "power3") \
    X(LOG, 4, "log") \
    X(LOG2, 5, "log2") \
    X(OPTIMISTIC, 6, "optimistic") \
    X(FIFO, 7, "fifo")

typedef enum lf_queue_model {
#define LF_QUEUE_ENUM(name, code, text) LF_QUEUE_##name = code,
    LF_QUEUE_MAP(LF_QUEUE_ENUM)
#undef LF_QUEUE_ENUM
} lf_queue_model;

#define LF_QUEUE_COUNT 8

/** What happens when an order would meet an own one: enum, code, text. */
#define LF_SELF_TRADE_MAP(X) \
    X(CANCEL_RESTING, 0, "cancel_resting") \
    X(CANCEL_INCOMING, 1, "cancel_incoming")

typedef enum lf_self_trade {
#define LF_SELF_TRADE_ENUM(name, code, text) LF_SELF_TRADE_##name = code,
    LF_SELF_TRADE_MAP(LF_SELF_TRADE_ENUM)
#undef LF_SELF_TRADE_ENUM
} lf_self_trade;

/** How delays of own messages vary: enum, code, text. */
#define LF_LATENCY_MODEL_MAP(X) \
    X(CONSTANT, 0, "constant") \
    X(LOGNORMAL, 1, "lognormal") \
    X(RECORDED, 2, "recorded")

typedef enum lf_latency_model {
#define LF_LATENCY_MODEL_ENUM(name, code, text) LF_LATENCY_##name = code,
    LF_LATENCY_MODEL_MAP(LF_LATENCY_MODEL_ENUM)
#undef LF_LATENCY_MODEL_ENUM
} lf_latency_model;

#define LF_LATENCY_MODEL_COUNT 3

/** Text of each enum above as it stands in frames and configurations. @return static text */
LF_API const char *lf_order_kind_name(lf_order_kind kind);
/** Text of a state. @return static text, never NULL */
LF_API const char *lf_order_state_name(lf_order_state state);
/** Text of a reject reason. @return static text, never NULL */
LF_API const char *lf_reject_name(lf_reject reject);
/** Text of a liquidity. @return static text, never NULL */
LF_API const char *lf_liquidity_name(lf_liquidity liquidity);
/** Text of a fee schedule. @return static text, never NULL */
LF_API const char *lf_fee_schedule_name(lf_fee_schedule schedule);
/** Text of an impact model. @return static text, never NULL */
LF_API const char *lf_impact_name(lf_impact impact);
/** Text of a time-limit rule. @return static text, never NULL */
LF_API const char *lf_timeout_name(lf_timeout timeout);
/** Text of a queue model. @return static text, never NULL */
LF_API const char *lf_queue_model_name(lf_queue_model model);
/** Text of a latency model. @return static text, never NULL */
LF_API const char *lf_latency_model_name(lf_latency_model model);
/** Text of a self-trade rule. @return static text, never NULL */
LF_API const char *lf_self_trade_name(lf_self_trade rule);

/** Read an order kind's text. @return LF_OK, or LF_NOT_FOUND naming the choices */
LF_API LF_MUST_CHECK lf_status
lf_order_kind_parse(const char *text, lf_order_kind *out, lf_error *error);
/** Read a fee schedule's text. @return LF_OK, or LF_NOT_FOUND naming the choices */
LF_API LF_MUST_CHECK lf_status
lf_fee_schedule_parse(const char *text, lf_fee_schedule *out, lf_error *error);
/** Read an impact model's text. @return LF_OK, or LF_NOT_FOUND naming the choices */
LF_API LF_MUST_CHECK lf_status lf_impact_parse(const char *text, lf_impact *out, lf_error *error);
/** Read a time-limit rule's text. @return LF_OK, or LF_NOT_FOUND naming the choices */
LF_API LF_MUST_CHECK lf_status lf_timeout_parse(const char *text, lf_timeout *out, lf_error *error);

/* ---- options ---------------------------------------------------------------------------- */

/** Longest path of a file that options name. */
#define LF_LATENCY_PATH_BYTES 512

/** Delays, ns, all >= 0. The defaults are the budget that the project set itself. */
typedef struct lf_latency_options {
    /** latency_feed = "10ms": exchange to us, constant. Where a feed has no local time of its own,
        whoever opens it gives this to lf_feed_options.feed_latency_ns; the backtest refuses a feed
        that was opened without. */
    int64_t feed_ns;
    int64_t decision_ns; /* latency_decision = "2ms": features 1 ms and prediction 1 ms */
    int64_t entry_ns;    /* latency_entry = "10ms": a new order to the venue */
    int64_t cancel_ns;   /* latency_cancel = "10ms": a cancel to the venue */
    int64_t response_ns; /* latency_response = "10ms": a report back to us */
    /** latency_model = "constant"; "lognormal": the four above are medians; "recorded": entry,
        cancel and response are interpolated in the rows of a file. */
    lf_latency_model model;
    double sigma; /* latency_sigma = 0.5: of the logarithm, for "lognormal" */
    /** latency_burst = 0: own messages take 1 + burst * max(0, r - 1) times as long, where r is the
        event rate of the last 100 ms over the session's so far: queues are long when all hurry. */
    double burst;
    double lost_share; /* latency_lost = 0: share of requests that the gateway refuses, 0 to 1 */
    uint64_t seed;     /* latency_seed = 1 */
    /** latency_rows = "": for "recorded", a table (.csv, .parquet, .arrow) with the columns
        request_ns, exchange_ns, response_ns of real orders, ascending in the first; exchange_ns
        <= 0 where the gateway refused. */
    char rows[LF_LATENCY_PATH_BYTES];
    /** latency_decision_times = "": a table with the columns ns and count of measured decisions,
        which are drawn from instead of latency_decision. `lobflow latency` writes one. */
    char decision_times[LF_LATENCY_PATH_BYTES];
} lf_latency_options;

/** Which day's schedule is charged. */
typedef enum lf_fees_as_of {
    LF_FEES_AS_OF_NEWEST = 0, /* fees_as_of = "newest": in force when the table was reviewed */
    LF_FEES_AS_OF_TRADE_DATE, /* "trade_date": an error before the schedule begins */
    LF_FEES_AS_OF_DATE,       /* "YYYY-MM-DD": in force on that date */
} lf_fees_as_of;

/** What is charged. */
typedef struct lf_fee_options {
    lf_fee_schedule schedule;       /* fees = "us_nasdaq" */
    lf_fees_as_of as_of;            /* fees_as_of = "newest" */
    lf_date as_of_date;             /* for LF_FEES_AS_OF_DATE */
    double commission_per_share;    /* commission_per_share = 0.001, currency */
    double taker_per_share;         /* fee_taker_per_share = nan: the venue's table; currency */
    double maker_per_share;         /* fee_maker_per_share = nan: the venue's table; < 0 = rebate */
    int64_t tier;                   /* fee_tier = 0: of the venues with tiers, 0 is everybody's */
    double commission_per_contract; /* commission_per_contract = 0: the broker's, for "cme" */
    double fee_per_contract;        /* fee_per_contract = nan: the table's; currency, for "cme" */
    double taker_bps;               /* fee_taker_bps = 5: for "bps" */
    double maker_bps;               /* fee_maker_bps = 2: for "bps"; < 0 = rebate */
} lf_fee_options;

/** What own marketable orders do to the price. */
typedef struct lf_impact_options {
    lf_impact model;             /* impact = "none": only the displayed book is walked */
    double factor;               /* impact_factor = 1: Y */
    double daily_volatility_bps; /* impact_daily_volatility_bps = nan: must be given */
    double daily_volume_lots;    /* impact_daily_volume = nan: must be given */
    double outstanding_lots;     /* impact_outstanding = nan: must be given for "almgren" */
    int64_t duration_ns;         /* impact_duration = "1min": T, over which an order is thought to
                                    be worked; the paper's orders took hours, not an instant */
} lf_impact_options;

/** How the place in a queue is followed. */
typedef struct lf_queue_options {
    lf_queue_model model; /* queue = "risk_averse" */
    double n;             /* queue_power = 3: of the power forms, above 0 */
    /** queue_partial = true: a trade fills what it reaches; false: an order that is reached is
        filled whole, as some simulators do (optimistic; for comparisons). */
    bool partial;
} lf_queue_options;

/** Keys of [execution]; lf_execution_options_default() gives the values named here. */
typedef struct lf_execution_options {
    lf_order_kind entry;        /* entry = "marketable"; "passive": at the touch */
    bool post_only;             /* post_only = true: a passive order that would cross on arrival is
                                   rejected; false: it takes up to its price, the rest rests */
    int64_t passive_limit_ns;   /* passive_limit = "5s": how long a passive order may rest */
    lf_timeout passive_timeout; /* passive_timeout = "cancel": a passive entry then; exits cross */
    /** limit_ticks = -1: a marketable order has no limit; n >= 0: it pays at most the opposite
       touch at the decision plus n ticks. Exits for stop, session end and loss limit have none. */
    int64_t limit_ticks;
    int64_t orders_max; /* orders_max = 64: own orders that may rest at once */
    /** self_trade = "cancel_resting": the own order in the way goes; "cancel_incoming": what would
        reach it goes. */
    lf_self_trade self_trade;
    lf_queue_options queue;
    lf_latency_options latency;
    lf_fee_options fees;
    lf_impact_options impact;
} lf_execution_options;

/** Defaults of DESIGN section 6, as named at each member. */
LF_API void lf_execution_options_default(lf_execution_options *options);

/** Check that options can be used. @return LF_OK, or LF_RANGE naming the key */
LF_API LF_MUST_CHECK lf_status
lf_execution_options_check(const lf_execution_options *options, lf_error *error);

/**
 * Read the text of fees_as_of: "newest", "trade_date" or YYYY-MM-DD.
 *
 * @param out  as_of and as_of_date are set
 * @return LF_OK or LF_RANGE
 */
LF_API LF_MUST_CHECK lf_status
lf_fees_as_of_parse(const char *text, lf_fee_options *out, lf_error *error);

/** Write the text of fees_as_of, at most 16 bytes with the NUL. */
LF_API void lf_fees_as_of_format(const lf_fee_options *options, char out[16]);

/* ---- fees ------------------------------------------------------------------------------- */

/** A schedule made ready for one instrument and day: integer rates, money in 1e-9. */
typedef struct lf_fees {
    char name[96];                      /* for the report: "us_nasdaq as of 2026-09-22" */
    int64_t commission_nano;            /* a share */
    int64_t taker_nano;                 /* a share at prices >= 1 */
    int64_t maker_nano;                 /* a share at prices >= 1; < 0 = rebate */
    int64_t taker_low_micro_bps;        /* of the value at prices < 1, 1e-6 bps */
    int64_t maker_low_micro_bps;        /* of the value at prices < 1, 1e-6 bps */
    int64_t taker_micro_bps;            /* of the value, 1e-6 bps */
    int64_t maker_micro_bps;            /* of the value, 1e-6 bps; < 0 = rebate */
    int64_t section31_nano_per_million; /* of the value sold, for each 1,000,000 of currency */
    int64_t commission_lot_nano;        /* a lot, which is a contract */
    int64_t exchange_lot_nano;          /* a lot */
    int64_t regulatory_lot_nano;        /* a lot, bought or sold */
    int64_t taf_nano;                   /* a share sold */
    int64_t taf_cap_nano;               /* most for one trade; 0: none */
    int64_t money_unit_nano;            /* value of one lot moving one tick */
    int64_t lot_nano;                   /* of the instrument */
    int64_t tick_nano;                  /* of the instrument */
} lf_fees;

/** Fees of one fill, money in 1e-9; negative = received. */
typedef struct lf_fee_parts {
    int64_t commission_nano;
    int64_t exchange_nano;
    int64_t regulatory_nano;
} lf_fee_parts;

/**
 * Look up the schedule for an instrument and its day.
 *
 * @param out  filled
 * @return LF_OK, LF_RANGE (a date before the schedule begins, a rate that is no number, one tick of
 *         one lot is not a whole number of 1e-9, a tier or contract without a row), LF_MISMATCH (a
 *         US schedule for an instrument that is not in USD) or LF_UNSUPPORTED (an inverse contract)
 * Source: docs/fees.md names one for each rate.
 */
LF_API LF_MUST_CHECK lf_status lf_fees_resolve(
    const lf_fee_options *options, const lf_instrument *instrument, lf_fees *out, lf_error *error
);

/**
 * Fees of one fill, each part rounded half away from zero to 1e-9.
 *
 * @param side         +1 bought, -1 sold
 * @param price_ticks  may be below 0: shares of the value are of its size
 * @param lots         > 0
 * @param out          filled
 * @return LF_OK, or LF_RANGE when a fee does not fit in 64 bits
 */
LF_API LF_MUST_CHECK lf_status lf_fees_charge(
    const lf_fees *fees,
    int32_t side,
    lf_liquidity liquidity,
    int64_t price_ticks,
    int64_t lots,
    lf_fee_parts *out
);

/**
 * Cost of buying and selling again at the present book, bps of the mid, for the gate of a signal:
 * marketable pays the spread once and taker fees twice; passive pays maker fees twice.
 *
 * @return bps; negative where rebates exceed fees; NaN for an invalid book
 */
LF_API double lf_fees_round_trip_bps(
    const lf_fees *fees, lf_order_kind kind, const lf_quotes *quotes, int64_t lots
);

/* ---- ledger ----------------------------------------------------------------------------- */

/** One execution of an own order. */
typedef struct lf_fill {
    uint64_t order_id;
    int64_t ts_venue_ns;
    int64_t price_ticks;
    int64_t lots;        /* > 0 */
    int64_t value_nano;  /* price times quantity, impact included: what is paid or received */
    int64_t impact_nano; /* >= 0, the part of value_nano that the impact model added */
    int64_t mid2_venue;  /* twice the mid (ticks) of the venue's last valid state; 0: none yet */
    lf_fee_parts fees;
    int32_t side; /* +1 bought, -1 sold */
    lf_liquidity liquidity;
} lf_fill;

/** Cash, position and fees, kept twice so that each run can prove that they balance. */
typedef struct lf_ledger {
    int64_t cash_nano;     /* after fees, from 0 */
    int64_t position_lots; /* > 0 long */
    int64_t fees_nano;     /* paid, rebates taken off */
    /* The other account of the same fills, from which the three above can be recomputed. */
    int64_t bought_lots;
    int64_t sold_lots;
    int64_t bought_nano;
    int64_t sold_nano;
    int64_t commission_nano;
    int64_t exchange_nano;
    int64_t regulatory_nano;
    int64_t impact_nano;  /* inside bought_nano and sold_nano, for the report */
    int64_t settled_lots; /* positions left at a day's end, valued at the mid: see settle */
    int64_t settled_nano;
    int64_t fill_count;
    int64_t fill_counts[LF_LIQUIDITY_COUNT];
    int64_t fill_lots[LF_LIQUIDITY_COUNT];
} lf_ledger;

/**
 * Book a fill.
 *
 * @param ledger  a zeroed one is the start
 * @return LF_OK, or LF_RANGE when a sum does not fit in 64 bits (the ledger is then unchanged)
 */
LF_API LF_MUST_CHECK lf_status
lf_ledger_fill(lf_ledger *ledger, const lf_fill *fill, lf_error *error);

/**
 * Turn what is left of a position into cash at the mid, without a fee. Not a fill: it is counted
 * apart, and the report says how often a day ended so.
 *
 * @param mid2             twice the mid, ticks
 * @param money_unit_nano  lf_fees.money_unit_nano
 * @return LF_OK or LF_RANGE
 */
LF_API LF_MUST_CHECK lf_status
lf_ledger_settle(lf_ledger *ledger, int64_t mid2, int64_t money_unit_nano, lf_error *error);

/**
 * Check what must hold after every fill: lots bought - sold - settled = position; cash = sold -
 * bought + settled - fees; fees = commission + exchange + regulatory; counts by liquidity add up.
 *
 * @return LF_OK, or LF_INVARIANT naming the first that broke, with both numbers
 */
LF_API LF_MUST_CHECK lf_status lf_ledger_check(const lf_ledger *ledger, lf_error *error);

/** Cash before fees plus the position at the mid, currency; mid2 0 is allowed when flat. */
LF_API double lf_ledger_gross(const lf_ledger *ledger, int64_t mid2, int64_t money_unit_nano);

/** Gross minus fees, in 1e-9 rounded down; saturates. For limits. */
LF_API int64_t lf_ledger_net_nano(const lf_ledger *ledger, int64_t mid2, int64_t money_unit_nano);

/* ---- requests and reports --------------------------------------------------------------- */

/** What a strategy may ask. */
typedef enum lf_request_kind {
    LF_REQUEST_NEW = 0,
    LF_REQUEST_CANCEL = 1,
    /** Change quantity and price of a resting order. A smaller quantity at the same price keeps the
        place in the queue; everything else loses it, and may take on arrival as a new order may. */
    LF_REQUEST_MODIFY = 2,
} lf_request_kind;

/** How long what is not filled at once may live. */
typedef enum lf_time_in_force {
    LF_TIF_DAY = 0, /* a passive order rests until the session ends; a marketable one never rests */
    LF_TIF_IOC = 1, /* immediate or cancel: takes what is there, the rest is cancelled */
    LF_TIF_FOK = 2, /* fill or kill: all of it at once, or nothing */
} lf_time_in_force;

/** A price that is not given: a marketable order without a limit. */
#define LF_PRICE_NONE INT64_MIN

/** One message to the venue. */
typedef struct lf_request {
    uint64_t order_id;   /* chosen by the sender, from 1, growing */
    int64_t lots;        /* NEW: > 0; MODIFY: the new whole quantity, what was filled included */
    int64_t price_ticks; /* NEW, MODIFY: limit; LF_PRICE_NONE only for marketable */
    lf_request_kind kind;
    lf_order_kind order_kind; /* NEW */
    int32_t side;             /* NEW: +1 buy, -1 sell */
    bool post_only;           /* NEW, passive and LF_TIF_DAY; a modification keeps it */
    lf_time_in_force tif;     /* NEW */
} lf_request;

/** What a venue says. */
typedef enum lf_report_kind {
    LF_REPORT_ACCEPTED = 0,        /* the order rests, or is about to be filled */
    LF_REPORT_REJECTED = 1,        /* the order never lived; see reject */
    LF_REPORT_FILL = 2,            /* see fill */
    LF_REPORT_CANCELLED = 3,       /* the rest is gone: asked for, or left of a marketable order */
    LF_REPORT_EXPIRED = 4,         /* the venue ended it: close or reset; see reject */
    LF_REPORT_CANCEL_REJECTED = 5, /* the cancel came too late or for no order */
    LF_REPORT_MODIFIED = 6,        /* leaves_lots is what the order still wants */
    LF_REPORT_MODIFY_REJECTED = 7, /* the order, if there is one, stays as it was; see reject */
} lf_report_kind;

/** One message from the venue. */
typedef struct lf_report {
    uint64_t order_id;
    int64_t ts_venue_ns;
    lf_fill fill;        /* LF_REPORT_FILL only, else zero */
    int64_t filled_lots; /* of the order so far */
    int64_t leaves_lots; /* that may still be filled; 0 when the order is done */
    int64_t mid2_venue;  /* twice the mid (ticks) of the last valid state; 0: none yet */
    lf_report_kind kind;
    lf_order_state state; /* of the order after this report */
    lf_reject reject;
} lf_report;

/** Whether an order may step from one state to another: the life of every order. */
LF_API bool lf_order_state_may(lf_order_state from, lf_order_state to);

/** Whether a state is the end of an order. */
LF_API bool lf_order_state_done(lf_order_state state);

/* ---- venue ------------------------------------------------------------------------------ */

/** What a venue met; counts. */
typedef struct lf_venue_stats {
    int64_t event_count;
    int64_t request_count;
    int64_t order_count;
    int64_t report_count;
    int64_t reject_counts[LF_REJECT_COUNT]; /* rejected, expired and late cancels by reason */
    int64_t fill_counts[LF_LIQUIDITY_COUNT];
    int64_t fill_lots[LF_LIQUIDITY_COUNT];
    int64_t cancel_count;
    int64_t expired_count;
    int64_t conservation_checks; /* trades that met own orders, each checked */
} lf_venue_stats;

/** A simulated venue for one strategy, one instrument and one day. */
typedef struct lf_venue lf_venue;

/**
 * Create a venue.
 *
 * @param allocator   NULL: malloc
 * @param instrument  copied
 * @param options     copied
 * @param out         owned; NULL on failure
 * @return LF_OK, LF_RANGE, LF_MISMATCH (see lf_fees_resolve(); or queue = "fifo" for an instrument
 *         without orders) or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_venue_create(
    const lf_allocator *allocator,
    const lf_instrument *instrument,
    const lf_execution_options *options,
    lf_venue **out,
    lf_error *error
);

/** End a venue; NULL is accepted. */
LF_API void lf_venue_destroy(lf_venue *venue);

/**
 * Give the changes of single orders that belong to the next event; needed for queue = "fifo" and
 * without effect on other models.
 *
 * @param changes  [count] as lf_feed_changes() has them, borrowed until lf_venue_event() returns
 */
LF_API void lf_venue_changes(lf_venue *venue, const lf_order_change *changes, size_t count);

/**
 * Take in one event: its trades meet the resting orders, then its state does.
 *
 * @param trades  [event->trade_count] the event's own trades
 * @return LF_OK, LF_RANGE (money does not fit), LF_NOMEM (the report queue could not grow) or
 *         LF_INVARIANT (conservation broke; the venue must not be used further)
 *
 * Cost: some ns without resting orders; allocates nothing but when more reports wait than ever, or
 *       with queue = "fifo" more orders rest than ever.
 */
LF_API LF_MUST_CHECK lf_status
lf_venue_event(lf_venue *venue, const lf_event *event, const lf_trade *trades, lf_error *error);

/**
 * Handle a request that arrives at time u. Every event with exchange time <= u must have been taken
 * in before and none later.
 *
 * @return as lf_venue_event()
 */
LF_API LF_MUST_CHECK lf_status
lf_venue_request(lf_venue *venue, const lf_request *request, int64_t ts_venue_ns, lf_error *error);

/**
 * End the day: what still rests expires.
 *
 * @return as lf_venue_event()
 */
LF_API LF_MUST_CHECK lf_status
lf_venue_close(lf_venue *venue, int64_t ts_venue_ns, lf_error *error);

/** Take the next report in order. @return false when none waits */
LF_API bool lf_venue_take(lf_venue *venue, lf_report *out);

/** Own orders that rest now. */
LF_API size_t lf_venue_open_count(const lf_venue *venue);

/** Displayed quantity ahead of a resting order as the queue model has it, rounded, or -1 when it
    does not rest. For tests and docs. */
LF_API int64_t lf_venue_ahead(const lf_venue *venue, uint64_t order_id);

/**
 * Displayed quantity that a new order would meet if it arrived now. One that takes at once meets
 * the other side up to its price, less what own orders have taken and nobody has put back; one that
 * rests joins what stands at its price on its own side.
 *
 * @param request  a new order
 * @return lots, or -1 when the state is not valid, or the price lies below what the feed shows
 */
LF_API int64_t lf_venue_depth(const lf_venue *venue, const lf_request *request);

/** Twice the mid (ticks) of the last valid state, or 0 before the first. */
LF_API int64_t lf_venue_mid2(const lf_venue *venue);

/** The fees that this venue charges, borrowed. */
LF_API const lf_fees *lf_venue_fees(const lf_venue *venue);

/** Counts so far, borrowed until the next call. */
LF_API const lf_venue_stats *lf_venue_stats_of(lf_venue *venue);

/* ---- many venues in one market ---------------------------------------------------------- */

/** One day of one instrument, for the venues of many strategies in one pass: the state after an
    event is kept once, and an event goes only where it may change something. */
typedef struct lf_market lf_market;

/** Create a market. @return LF_OK, LF_RANGE or LF_NOMEM */
LF_API LF_MUST_CHECK lf_status lf_market_create(
    const lf_allocator *allocator, const lf_instrument *instrument, lf_market **out, lf_error *error
);

/** End a market, after its venues; NULL is accepted. */
LF_API void lf_market_destroy(lf_market *market);

/**
 * Create a venue that gets its events from the market instead of lf_venue_event(). Venues do not
 * see each other's orders.
 *
 * @param out  owned; NULL on failure
 * @return as lf_venue_create()
 */
LF_API LF_MUST_CHECK lf_status lf_market_open(
    lf_market *market, const lf_execution_options *options, lf_venue **out, lf_error *error
);

/** lf_venue_changes() for all venues. */
LF_API void lf_market_changes(lf_market *market, const lf_order_change *changes, size_t count);

/**
 * lf_venue_event() for all venues.
 *
 * @return as lf_venue_event() of the first venue that fails; then the market must not be used again
 *
 * Cost: some ns, and for a venue without an order that the event may concern one comparison.
 */
LF_API LF_MUST_CHECK lf_status
lf_market_event(lf_market *market, const lf_event *event, const lf_trade *trades, lf_error *error);

/** Venues that have something to say of the last event, by number, borrowed; they count from 0 in
    the order of lf_market_open(). */
LF_API const uint32_t *lf_market_reported(const lf_market *market, size_t *count);

/* ---- latency ---------------------------------------------------------------------------- */

/** Whose delay is asked for. */
typedef enum lf_leg {
    LF_LEG_DECISION = 0,
    LF_LEG_ENTRY = 1,
    LF_LEG_CANCEL = 2, /* of modifications too */
    LF_LEG_RESPONSE = 3,
} lf_leg;

/** A source of delays. Not shared between strategies: it follows the event rate of its day. */
typedef struct lf_latency lf_latency;

/**
 * Create a source of delays, reading the files that the options name.
 *
 * @param options  copied
 * @param out      owned; NULL on failure
 * @return LF_OK, LF_RANGE, LF_NOT_FOUND, LF_FORMAT, LF_MISMATCH (a column is missing), LF_DATA (no
 *         rows, rows that do not ascend, negative delays), LF_IO or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_latency_create(
    const lf_allocator *allocator,
    const lf_latency_options *options,
    lf_latency **out,
    lf_error *error
);

/** End it; NULL is accepted. */
LF_API void lf_latency_destroy(lf_latency *latency);

/** A day begins: the event rate starts anew. */
LF_API void lf_latency_begin(lf_latency *latency, int64_t open_ns);

/** An event happened at the venue. Cost: some ns; nothing when latency_burst is 0. */
LF_API void lf_latency_event(lf_latency *latency, int64_t ts_exchange_ns);

/**
 * Delay of a message that is sent at ts_ns.
 *
 * Draws depend on seed, leg and key only, not on what was drawn before, so that two strategies meet
 * the same luck with the same message.
 *
 * @param key   names the message: order id times 4 + its kind, or the like
 * @param lost  out: the gateway refuses it, and says so after the delay that is returned; never for
 *              LF_LEG_RESPONSE and LF_LEG_DECISION; may be NULL for these
 * @return ns, >= 0
 *
 * Cost: some ns when constant, about 50 ns else; allocates nothing.
 */
LF_API int64_t
lf_latency_draw(lf_latency *latency, lf_leg leg, int64_t ts_ns, uint64_t key, bool *lost);

/* ---- channels --------------------------------------------------------------------------- */

/** Messages on their way, first in first out: a later one never overtakes an earlier one. */
typedef struct lf_channel lf_channel;

/**
 * Create a channel.
 *
 * @param item_bytes  size of one message
 * @param capacity    messages to take memory for at once, > 0
 * @param out         owned; NULL on failure
 * @return LF_OK, LF_RANGE or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_channel_create(
    const lf_allocator *allocator,
    size_t item_bytes,
    size_t capacity,
    lf_channel **out,
    lf_error *error
);

/** End a channel; NULL is accepted. */
LF_API void lf_channel_destroy(lf_channel *channel);

/**
 * Send a message that arrives at due_ns, or with the message before it when that arrives later.
 *
 * @param item  [item_bytes] copied
 * @return LF_OK, or LF_NOMEM (more messages on their way than ever before, and no memory)
 */
LF_API LF_MUST_CHECK lf_status
lf_channel_push(lf_channel *channel, int64_t due_ns, const void *item);

/** Arrival time of the first message, or INT64_MAX when none is on its way. */
LF_API int64_t lf_channel_due(const lf_channel *channel);

/** Take the first message, whatever its time. @return false when there is none */
LF_API bool lf_channel_take(lf_channel *channel, void *item);

#ifdef __cplusplus
}
#endif

#endif
