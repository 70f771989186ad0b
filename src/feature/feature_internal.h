/* What the files of the feature engine share: feature numbers, rings of running sums, parts. */
#ifndef LOBFLOW_FEATURE_INTERNAL_H
#define LOBFLOW_FEATURE_INTERNAL_H

#include <lobflow/book.h>
#include <lobflow/feature.h>

#include <assert.h>
#include <math.h>
#include <string.h>

/* Prints that must lie in the 5 minutes before a print for it to be called large. */
#define LFI_LARGE_PRINTS_MIN 10
/* Full buckets that vpin averages, and bars that the impact measures look back on. */
#define LFI_VPIN_BUCKETS 50
#define LFI_BARS 30
#define LFI_BAR_NS (10 * LF_NS_PER_SECOND)
/* A probe's trough is looked for in its first second; it and a trade mature after five. */
#define LFI_PROBE_TROUGH_NS LF_NS_PER_SECOND
#define LFI_MATURE_NS (5 * LF_NS_PER_SECOND)
/* Levels a side that depth_imbalance_l5, the micro-price and the probes look at. */
#define LFI_NEAR_LEVELS 5
/* Probes of one side start at least 1 s apart and live 5 s: 6 at most, rounded up. */
#define LFI_PROBES_MAX 8

/* The order of docs/features.md, which is the order of a row. */
enum lfi_feature {
    LFI_OFI_1S,
    LFI_OFI_10S,
    LFI_OFI_1MIN,
    LFI_OFI_5MIN,
    LFI_OFI_NORM_1MIN,
    LFI_OFI_MULTI_1MIN,
    LFI_OFI_MULTI_5MIN,
    LFI_OFI_BID_1MIN,
    LFI_OFI_ASK_1MIN,
    LFI_OFI_ACCEL_1MIN,
    LFI_VOLUME_IMBALANCE,
    LFI_DEPTH_IMBALANCE_L1,
    LFI_DEPTH_IMBALANCE_L3,
    LFI_DEPTH_IMBALANCE_L5,
    LFI_DEPTH_IMBALANCE_CHANGE_10S,
    LFI_SPREAD_BPS,
    LFI_SPREAD_Z_SCORE,
    LFI_TOTAL_DEPTH,
    LFI_DEPTH_RATIO,
    LFI_DEPTH_CHANGE_1MIN,
    LFI_BUY_VOLUME_1MIN,
    LFI_SELL_VOLUME_1MIN,
    LFI_TRADE_IMBALANCE,
    LFI_TRADE_IMBALANCE_10S,
    LFI_TRADE_IMBALANCE_5MIN,
    LFI_TRADE_COUNT_1MIN,
    LFI_AVG_TRADE_SIZE_5MIN,
    LFI_LARGE_TRADE_INDICATOR,
    LFI_LARGE_TRADE_IMBALANCE_1MIN,
    LFI_VPIN,
    LFI_BID_SLOPE,
    LFI_ASK_SLOPE,
    LFI_SLOPE_IMBALANCE,
    LFI_MICROPRICE_OFFSET_BPS,
    LFI_BOOK_PRESSURE,
    LFI_BID_CONCENTRATION,
    LFI_ASK_CONCENTRATION,
    LFI_RESILIENCE,
    LFI_MOMENTUM_10S,
    LFI_PRICE_MOMENTUM_1MIN,
    LFI_PRICE_MOMENTUM_5MIN,
    LFI_VOLATILITY_1MIN,
    LFI_VOLATILITY_5MIN,
    LFI_VWAP_DISTANCE,
    LFI_EFFICIENCY_5MIN,
    LFI_SESSION_FRACTION,
    LFI_EVENT_RATE_10S,
    LFI_EVENT_BURST_10S,
    LFI_SECONDS_SINCE_TRADE,
    LFI_SECONDS_SINCE_MID_CHANGE,
    LFI_KYLE_LAMBDA_5MIN,
    LFI_AMIHUD_5MIN,
    LFI_ROLL_SPREAD_5MIN,
    LFI_EFFECTIVE_SPREAD_1MIN,
    LFI_REALIZED_SPREAD_1MIN,
    LFI_PRICE_IMPACT_1MIN,
    LFI_TRADE_SIGN_EWMA,
    LFI_DEPLETION_BID_10S,
    LFI_DEPLETION_ASK_10S,
    LFI_REPLENISH_BID_10S,
    LFI_REPLENISH_ASK_10S,
    LFI_MID_CHANGES_10S,
    LFI_MID_REVERSAL_1MIN,
    LFI_ONE_TICK_SHARE_1MIN,
    LFI_FEATURE_COUNT,
    /* Behind a row: features with fitted parameters, in the order of lf_feature_fitted_row(). */
    LFI_OFI_INTEGRATED_1S = LFI_FEATURE_COUNT,
    LFI_OFI_INTEGRATED_10S,
    LFI_OFI_INTEGRATED_1MIN,
    LFI_OFI_INTEGRATED_5MIN,
    LFI_MICROPRICE_OFFSET_TICKS,
    LFI_FEATURE_COUNT_ALL
};

static_assert(
    LFI_FEATURE_COUNT_ALL - LFI_FEATURE_COUNT == LF_FEATURE_FITTED_COUNT,
    "the fitted features are those of the header"
);

/* Features of one's own come last. */
#define LFI_FEATURE_INDICES_MAX ((size_t)LFI_FEATURE_COUNT_ALL + (size_t)LF_FEATURE_USERS_MAX)

/* Sums wrap on purpose: the difference of two of them is exact as long as it fits itself. */
__extension__ typedef unsigned __int128 lfi_u128;
__extension__ typedef __int128 lfi_i128;

/* Windows that a ring is asked for. */
enum lfi_window {
    LFI_WINDOW_1S,
    LFI_WINDOW_10S,
    LFI_WINDOW_1MIN,
    LFI_WINDOW_5MIN,
    LFI_WINDOW_COUNT
};

static_assert(LFI_WINDOW_COUNT == LF_FEATURE_WINDOW_COUNT, "the windows are those of the header");

/*
 * Running sums at distinct times, oldest first. A sum over the window (t - w, t] is the newest
 * entry minus the last one with time <= t - w, to which a cursor per window points. The first
 * entry after a restart has time INT64_MIN, so such an entry always exists. Indices count on for
 * ever; `mask` + 1 slots of the memory are in use, which doubles when a window needs more, so that
 * a quiet symbol stays in the cache.
 */
typedef struct lfi_ring {
    int64_t *times_ns; /* [capacity] */
    unsigned char *entries;
    size_t entry_bytes;
    uint64_t begin;
    uint64_t end;
    uint64_t mask;
    uint64_t capacity; /* power of two */
    uint64_t cursors[LFI_WINDOW_COUNT];
} lfi_ring;

/* Sums over events. */
typedef struct lfi_flow {
    uint64_t bid_in;     /* of max(0, dW_1) */
    uint64_t bid_out;    /* of max(0, -dW_1) */
    uint64_t ask_in;     /* of max(0, dV_1) */
    uint64_t ask_out;    /* of max(0, -dV_1) */
    uint64_t all_levels; /* of e_m, m = 1..M */
    uint64_t depth;      /* of total depth over the events with a valid state */
    uint64_t valid_events;
    uint64_t events;
} lfi_flow;

/* What one event's state adds up to over the levels. */
typedef struct lfi_levels_sum {
    int64_t all_flow; /* sum of e_m */
    int64_t bid_lots;
    int64_t ask_lots;
    int64_t bid_near_lots;
    int64_t ask_near_lots;
} lfi_levels_sum;

/* One way to work on all levels of two states; all ways give the same bits. */
typedef struct lfi_levels_kernel {
    const char *name;
    /* Sums over `count` levels of the flow from one state to the next, and of the next's sizes. */
    lfi_levels_sum (*sum)(const lf_quotes *from, const lf_quotes *to, int count);
    /* sums[m] and sums[count + m] become those of `last`, [2 * count], and the flows dW_m and dV_m;
       sums may be last. */
    void (*add
    )(const lf_quotes *from, const lf_quotes *to, int count, const uint64_t *last, uint64_t *sums);
    /* Between two such sums, [3][count]: flow into the bid less that into the ask, and the two. */
    void (*take)(const uint64_t *now, const uint64_t *then, int count, int64_t *flows);
} lfi_levels_kernel;

/* Depth from a time on, and its integral up to then. */
typedef struct lfi_depth {
    lfi_u128 depth_time;
    int64_t depth_lots; /* 0 while masked */
    int64_t bid_near_lots;
    int64_t ask_near_lots; /* both 0: no valid state yet */
} lfi_depth;

/* Mid and spread from a time on, and sums and integrals up to then. */
typedef struct lfi_mid {
    lfi_u128 square_returns; /* of squared log returns, in units of 2^-100 */
    lfi_u128 spread_time;
    lfi_u128 spread2_time;
    uint64_t valid_time;
    uint64_t one_tick_time;
    uint64_t path2; /* of abs(change of twice the mid) */
    uint64_t changes;
    uint64_t reversals;
    int64_t mid2;         /* of the last valid state */
    int64_t spread_ticks; /* 0 while masked */
    bool has_mid;
} lfi_mid;

/* Sums over trades and prints. */
typedef struct lfi_trades {
    lfi_i128 effective; /* of lots * spread in bps, in units of 2^-40 */
    lfi_i128 roll;      /* of products of price changes, price units squared */
    uint64_t effective_lots;
    uint64_t roll_count;
    uint64_t buy_lots;
    uint64_t sell_lots;
    uint64_t volume_lots;
    uint64_t prints;
    uint64_t large_prints;
    uint64_t large_signed_lots;
} lfi_trades;

/* Sums over trades that are 5 s old, at the time they become so. */
typedef struct lfi_matured {
    lfi_i128 realized; /* of lots * bps, in units of 2^-40 */
    lfi_i128 impact;
    uint64_t lots;
} lfi_matured;

/* A trade that waits for the mid 5 s later; the ring's time is the trade's. */
typedef struct lfi_waiting {
    int64_t price_units;
    int64_t signed_lots;
    int64_t mid2; /* before the trade */
} lfi_waiting;

/* Sums over probes that matured. */
typedef struct lfi_recovery {
    uint64_t sum; /* of r, in units of 2^-52 */
    uint64_t count;
} lfi_recovery;

/* The last valid state as the next event's S'. */
typedef struct lfi_before {
    bool is_set;
    int64_t mid2;
    int64_t bid_near_lots;
    int64_t ask_near_lots;
} lfi_before;

/* The run of trades that may still grow. */
typedef struct lfi_print {
    bool is_open;
    bool has_depth; /* depth_lots is known */
    int8_t sign;
    int64_t ts_ns;
    int64_t size_lots;
    int64_t depth_lots; /* near levels of the side it hit, before it */
} lfi_print;

/* A large print's mark on one side. */
typedef struct lfi_probe {
    int64_t ts_ns;
    int64_t depth_lots;  /* before */
    int64_t trough_lots; /* smallest within the first second */
} lfi_probe;

/* The probes of one side, oldest first. */
typedef struct lfi_probes {
    lfi_probe items[LFI_PROBES_MAX];
    int count;
    bool is_pending; /* a large print of the present time starts one when the time is over */
    int64_t pending_depth_lots;
    int64_t last_start_ns; /* LF_TIME_NONE: none */
} lfi_probes;

/* One complete bar. */
typedef struct lfi_bar {
    int64_t mid2_begin;
    int64_t mid2_end;
    bool has_mids;
    int64_t signed_lots;
    lfi_i128 notional; /* price units * lots */
} lfi_bar;

/* The last bars and the running one. */
typedef struct lfi_bars {
    lfi_bar ring[LFI_BARS];
    int64_t count; /* since the last restart */
    lfi_bar open;
    bool counts;    /* the running bar began at or after t_0 */
    int64_t end_ns; /* of the running bar */
    bool is_stale;  /* the two values below must be computed anew */
    double kyle;
    double amihud;
} lfi_bars;

/* Sums that a reset does not touch. */
typedef struct lfi_session {
    lfi_i128 notional; /* price units * lots */
    int64_t volume_lots;
    int64_t last_trade_ns; /* LF_TIME_NONE: none */
    int64_t last_mid_change_ns;
    int64_t last_price_units;
    bool has_price;
    int8_t tick_sign; /* of the last non-zero change of trade price */
    double sign_ewma;
} lfi_session;

struct lf_feature_engine {
    lf_instrument instrument;
    const lf_allocator *allocator;
    lf_allocator own_allocator;
    lf_clock clock;
    const lfi_levels_kernel *kernel;
    bool keeps_all;   /* false: only sums of flow, nothing of trades, prices and time integrals */
    bool keeps_flow;  /* false: not those either, but the many-level flows */
    int64_t now_ns;   /* of the last event */
    int64_t start_ns; /* t_0; LF_TIME_NONE before the first event */
    int64_t due_ns;   /* an event later than this must first call lfi_advance() */

    bool is_valid;    /* the state after the last event */
    lf_quotes quotes; /* of the last valid state */
    lfi_before last;
    lfi_before earlier; /* the last valid state of an earlier timestamp; ties_unordered only */
    int64_t depth_lots; /* of the last valid state, all levels */
    int64_t last_turn;  /* sign of the last mid change since the last reset; 0: none */

    lfi_ring flow;
    lfi_ring levels; /* [2 * level_count] sums of dW_m, then of dV_m; with_mlofi only */
    lfi_ring depth;
    lfi_ring mid;
    lfi_ring trades;
    lfi_ring waiting;
    lfi_ring matured;
    lfi_ring recovery;

    lfi_print print;
    int64_t prices_units[2]; /* of the last two trades since t_0 */
    int price_count;
    lfi_probes probes[2];  /* bid, ask */
    int64_t trough_end_ns; /* some probe still looks for its trough until then */
    lfi_bars bars;
    lfi_session session;
    double units_to_currency; /* price units * lots -> currency */

    const lf_feature_users *users;          /* NULL: none */
    unsigned char *user_states;             /* one after the other; NULL: none */
    size_t user_state_bytes;                /* of all */
    void *user_state[LF_FEATURE_USERS_MAX]; /* NULL: has none */

    lf_feature_carry vpin;
    int64_t vpin_bucket_lots; /* V of the next bucket; 0: none can open */
    bool vpin_is_stale;
    double vpin_value;
};

/* ---- ring.c ------------------------------------------------------------------------------ */

static inline int64_t lfi_window_ns(int window)
{
    static const int64_t lengths[LFI_WINDOW_COUNT] = {
        LF_NS_PER_SECOND, 10 * LF_NS_PER_SECOND, LF_NS_PER_MINUTE, 5 * LF_NS_PER_MINUTE};
    return lengths[window];
}

/* Takes memory for capacity entries; false when there is none. A failed ring may be ended. */
bool lfi_ring_create(
    lfi_ring *ring, const lf_allocator *allocator, size_t capacity, size_t entry_bytes
);

void lfi_ring_destroy(lfi_ring *ring, const lf_allocator *allocator);

/* Forgets all entries and puts a zero one at the beginning of time, which is handed back. */
void *lfi_ring_restart(lfi_ring *ring);

/* Drops what no window needs at a time, or doubles the slots in use; false when all are taken. */
bool lfi_ring_make_room(lfi_ring *ring, int64_t t_ns);

/* Moves the cursor of a window to the last entry with time <= t - w; that entry. */
const void *lfi_ring_seek(lfi_ring *ring, int window, int64_t t_ns);

/* A ring as a queue: every push is an entry of its own, `begin` is the front; NULL when full. */
void *lfi_queue_push(lfi_ring *ring, int64_t ts_ns);
void lfi_queue_restart(lfi_ring *ring);

static inline int64_t lfi_ring_time(const lfi_ring *ring, uint64_t index)
{
    return ring->times_ns[index & ring->mask];
}

static inline void *lfi_ring_entry(const lfi_ring *ring, uint64_t index)
{
    return ring->entries + (index & ring->mask) * ring->entry_bytes;
}

static inline void *lfi_ring_newest(const lfi_ring *ring)
{
    return lfi_ring_entry(ring, ring->end - 1);
}

/*
 * The place for the entry of a time: the newest one, or a new one whose content is not set. NULL
 * when the window is full. `bytes` is the ring's entry_bytes, a constant where it is called.
 */
static inline void *lfi_ring_slot(lfi_ring *ring, int64_t ts_ns, size_t bytes)
{
    if (lfi_ring_time(ring, ring->end - 1) != ts_ns) {
        if (ring->end - ring->begin > ring->mask && !lfi_ring_make_room(ring, ts_ns)) {
            return NULL;
        }
        ring->times_ns[ring->end & ring->mask] = ts_ns;
        ring->end++;
    }
    return ring->entries + ((ring->end - 1) & ring->mask) * bytes;
}

/* As lfi_ring_slot(), but a new entry begins as a copy of the newest one, to be added to. */
static inline void *lfi_ring_extend(lfi_ring *ring, int64_t ts_ns, size_t bytes)
{
    const uint64_t end = ring->end;
    unsigned char *to = lfi_ring_slot(ring, ts_ns, bytes);
    if (to != NULL && ring->end != end) {
        memcpy(to, ring->entries + ((end - 1) & ring->mask) * bytes, bytes);
    }
    return to;
}

/* Time from an entry to a later one; from the beginning of time it is never used but times 0. */
static inline uint64_t lfi_elapsed(int64_t from_ns, int64_t to_ns)
{
    return (uint64_t)to_ns - (uint64_t)from_ns;
}

/* Adds the time since an entry's own, at the spread that held meanwhile. */
static inline void lfi_mid_integrate(lfi_mid *mid, uint64_t elapsed)
{
    if (mid->spread_ticks == 0) {
        return;
    }
    const lfi_u128 spread_time = (lfi_u128)(uint64_t)mid->spread_ticks * elapsed;
    mid->spread_time += spread_time;
    mid->spread2_time += spread_time * (uint64_t)mid->spread_ticks;
    mid->valid_time += elapsed;
    mid->one_tick_time += mid->spread_ticks == 1 ? elapsed : 0;
}

/* ---- the parts --------------------------------------------------------------------------- */

/* engine.c: what must happen at or before t although no event comes. */
void lfi_advance(lf_feature_engine *engine, int64_t t_ns);

static inline void lfi_due(lf_feature_engine *engine, int64_t ts_ns)
{
    if (ts_ns < engine->due_ns) {
        engine->due_ns = ts_ns;
    }
}

/* levels.c: the kernels that this processor has, best first, the plain one last; then NULL. */
const lfi_levels_kernel *lfi_levels_kernel_at(size_t index);

/* state.c */
lf_status lfi_state_update(lf_feature_engine *engine, const lf_event *event, int64_t ts_ns);
void lfi_state_restart(lf_feature_engine *engine);
void lfi_state_take_quotes(lf_feature_engine *engine, const lf_event *event);

/* trades.c */
lf_status lfi_trades_update(
    lf_feature_engine *engine, const lf_event *event, const lf_trade *trades, int64_t ts_ns
);
void lfi_trades_restart(lf_feature_engine *engine);
void lfi_print_close(lf_feature_engine *engine);
/* Trades that are 5 s old at t; the earliest time at which the next one is. */
int64_t lfi_trades_mature(lf_feature_engine *engine, int64_t t_ns);

/* probes.c; side 0 is the bid, 1 the ask. */
void lfi_probes_restart(lf_feature_engine *engine);
void lfi_probes_mark(
    lf_feature_engine *engine, int side, int64_t ts_ns, bool has_depth, int64_t depth_lots
);
void lfi_probes_start(lf_feature_engine *engine, int64_t ts_ns);
void lfi_probes_watch(lf_feature_engine *engine, int64_t ts_ns);
int64_t lfi_probes_mature(lf_feature_engine *engine, int64_t t_ns);

/* bars.c */
void lfi_bars_restart(lf_feature_engine *engine);
void lfi_bars_close(lf_feature_engine *engine, int64_t t_ns);
void lfi_bars_measure(lf_feature_engine *engine);

/* user_row.c: features of one's own. */
bool lfi_users_begin(lf_feature_engine *engine, const lf_feature_users *users);
void lfi_users_restart(lf_feature_engine *engine);
void lfi_users_update(lf_feature_engine *engine, const lf_event *event, const lf_trade *trades);

/* vpin.c */
void lfi_vpin_begin(lf_feature_engine *engine, const lf_feature_carry *carry, int64_t bucket_lots);
void lfi_vpin_add(lf_feature_engine *engine, int sign, int64_t size_lots);
double lfi_vpin(lf_feature_engine *engine);

/* Whether sums over events are all that a feature needs. */
bool lfi_is_flow(size_t index);

/* row_<part>.c: each fills its features of a row of a valid state; warm-ups come afterwards. */
void lfi_row_flow(lf_feature_engine *engine, int64_t t_ns, double *row);
/* 1 / Q over a window. */
double lfi_inverse_q(lf_feature_engine *engine, int window, int64_t t_ns);
void lfi_row_book(lf_feature_engine *engine, int64_t t_ns, double *row);
void lfi_row_path(lf_feature_engine *engine, int64_t t_ns, double *row);
void lfi_row_trades(lf_feature_engine *engine, int64_t t_ns, double *row);

/* ---- ingredients.c ----------------------------------------------------------------------- */

/* "best_bid_ticks", "bid_flow_m10_5min" and "ofi_norm_m10_5min" fit. */
#define LFI_FLOW_NAME_BYTES 32
#define LFI_INGREDIENT_KIND "ofi_norm_m"
#define LFI_QUOTE_COLUMNS 4
#define LFI_INGREDIENTS_MAX (LF_LEVELS_MAX * LFI_WINDOW_COUNT + LFI_QUOTE_COLUMNS)

/* Writes "<kind><level + 1>_<window>". */
void lfi_flow_name(const char *kind, int level, int window, char out[LFI_FLOW_NAME_BYTES]);

/* What the fitted ones among some features are made of. */
typedef struct lfi_needs {
    bool windows[LFI_WINDOW_COUNT];
    bool quotes;
} lfi_needs;

lfi_needs lfi_needs_of(const size_t *indices, size_t count);

/* Names of the columns, and their values in a row, in the same order; how many there are. */
size_t
lfi_ingredient_names(const lfi_needs *needs, int level_count, char (*names)[LFI_FLOW_NAME_BYTES]);
void lfi_ingredient_values(
    const lfi_needs *needs, const lf_feature_ingredients *ingredients, double *out
);

#endif
