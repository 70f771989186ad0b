/**
 * @file
 * The causal feature engine: events in, rows of microstructure features out.
 *
 * One registry table names every feature with its unit, warm-up, mirror rule and source; the
 * program's list, the docs and the model folder are made from it.
 */
#ifndef LOBFLOW_FEATURE_H
#define LOBFLOW_FEATURE_H

#include <lobflow/base.h>
#include <lobflow/feed.h>
#include <lobflow/frame.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a feature becomes when bid and ask, buyers and sellers change places. */
typedef enum lf_mirror {
    LF_MIRROR_EVEN = 0,       /* x -> x */
    LF_MIRROR_ODD = 1,        /* x -> -x */
    LF_MIRROR_SWAP = 2,       /* x -> partner */
    LF_MIRROR_SWAP_MINUS = 3, /* x -> -partner */
    LF_MIRROR_INVERSE = 4,    /* x -> 1/x (depth_ratio) */
} lf_mirror;

/** One entry of the registry; all text is static. */
typedef struct lf_feature_info {
    const char *name;
    const char *group;   /* "ofi", "depth", "trade", "shape", "price", "time", "impact", "queue",
                            "fitted", "user" */
    const char *unit;    /* "lots", "bps", "-", ... */
    const char *formula; /* one line */
    const char *source;  /* paper or page */
    int64_t warmup_ns;   /* NaN until t - t_0 >= this */
    lf_mirror mirror;
    int32_t partner;    /* index of the partner for LF_MIRROR_SWAP*, else -1 */
    bool is_integer;    /* exact integer value */
    bool is_scale_free; /* belongs to the compact set that models use by default */
    bool is_fitted;     /* needs parameters that were fitted on earlier days: lf_feature_fitted */
} lf_feature_info;

/** Number of features of the default set, which have the indices from 0 on. */
LF_API size_t lf_feature_count(void);

/** Number of all features: behind those of the default set come the LF_FEATURE_FITTED_COUNT fitted
    ones, which are only made when they are asked for. */
LF_API size_t lf_feature_count_all(void);

/** Registry entry of a feature; index < lf_feature_count_all(). Order: that of docs/features.md. */
LF_API const lf_feature_info *lf_feature_at(size_t index);

/** Index of a feature by name, or SIZE_MAX. */
LF_API size_t lf_feature_find(const char *name);

/** True for the index of a feature with fitted parameters; those of one's own have none. */
LF_API bool lf_feature_is_fitted(size_t index);

/**
 * Indices of the features that a set's text names: "default", "scale_free", "fitted" and names,
 * joined by commas; "mlofi" and "all" are accepted by lf_feature_rows() only.
 *
 * @param indices  [lf_feature_count_all()] out
 * @param count    out
 * @return LF_OK or LF_NOT_FOUND (with a suggestion)
 */
LF_API LF_MUST_CHECK lf_status
lf_feature_select(const char *set, size_t *indices, size_t *count, lf_error *error);

/* ---- features of one's own ---------------------------------------------------------------- */

/** Features of one's own in a run at most; the longest name with its NUL; the most state of one. */
#define LF_FEATURE_USERS_MAX 32
#define LF_FEATURE_NAME_BYTES 48
#define LF_FEATURE_STATE_BYTES_MAX ((size_t)1 << 20)

/**
 * What a feature of one's own sees at a row: the last valid state, and where it stands in the day.
 * Nothing in it is later than ts_ns. Prices are ticks, sizes lots, times ns since 1970 UTC on the
 * clock of the rows.
 */
typedef struct lf_feature_view {
    int64_t ts_ns;    /* of the row */
    int64_t start_ns; /* t_0: the session's first event, or the last reset; LF_TIME_NONE before */
    int64_t session_open_ns;
    int64_t session_close_ns;
    int64_t tick_nano;   /* one tick in 1e-9 of the currency */
    int64_t lot_nano;    /* one lot in 1e-9 of the unit traded */
    int64_t mid2;        /* best bid + best ask, ticks */
    int64_t level_count; /* levels a side that the feed carries */
    lf_quotes quotes;    /* level 0 is the best; a level that is not there has size 0 */
} lf_feature_view;

static_assert(sizeof(lf_feature_view) == 384, "lf_feature_view crosses languages: keep its size");

/**
 * Take in an event: called once for each event of the session, in order, before any row at or after
 * its time. States that are not valid come too; event->flags and the quotes tell.
 *
 * @param event   borrowed for the call
 * @param trades  [event->trade_count] the event's own trades, borrowed for the call; a sign may be
 *                LF_SIGN_UNKNOWN
 * @param state   [state_bytes] of this feature and symbol-day; zero at t_0 and after every reset;
 *                aligned to 16 bytes
 *
 * Thread: symbol-days run side by side, each with a state of its own; use nothing else that
 * changes. Cost: it is paid at every event; it must not block, and should not allocate.
 */
typedef void (*lf_feature_take)(const lf_event *event, const lf_trade *trades, void *state);

/**
 * The value at a row. Asking twice must give the same number, so the state may only be read.
 *
 * @param view   borrowed for the call
 * @param row    [lf_feature_count()] the built-in features of the row, NaN where undefined
 * @param state  [state_bytes] as the last event left it; NULL when state_bytes is 0
 * @return the value; what is not finite is undefined and becomes NaN
 */
typedef double (*lf_feature_value
)(const lf_feature_view *view, const double *row, const void *state);

/** A feature of one's own. All texts are copied. */
typedef struct lf_feature_user {
    const char *name;       /* letters a-z, digits and "_", first a letter; no built-in one's */
    const char *unit;       /* NULL: "-" */
    const char *formula;    /* one line; NULL: "" */
    const char *version;    /* what a model is held to; NULL: "" */
    const char *partner;    /* for LF_MIRROR_SWAP*: another one of the list; else NULL */
    lf_mirror mirror;       /* a wrong rule makes models of mirrored rows wrong */
    int64_t warmup_ns;      /* NaN until t - t_0 >= this */
    size_t state_bytes;     /* at most LF_FEATURE_STATE_BYTES_MAX */
    lf_feature_take take;   /* may be NULL */
    lf_feature_value value; /* NULL: only declared, as by a loaded model; no engine takes it */
} lf_feature_user;

/** Features of one's own for a run; read-only, so threads may share them. */
typedef struct lf_feature_users lf_feature_users;

/**
 * Check features of one's own and put them behind the built-in ones: number i of the list gets the
 * index lf_feature_count_all() + i.
 *
 * @param items  [count] copied; the functions must outlive every use
 * @param count  1 to LF_FEATURE_USERS_MAX
 * @param out    owned; NULL on failure
 * @return LF_OK, LF_RANGE (a name, a text, a size, a partner) or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_feature_users_create(
    const lf_allocator *allocator,
    const lf_feature_user *items,
    size_t count,
    lf_feature_users **out,
    lf_error *error
);

/** End them; NULL is accepted. */
LF_API void lf_feature_users_destroy(lf_feature_users *users);

/** How many there are; 0 for NULL. */
LF_API size_t lf_feature_users_count(const lf_feature_users *users);

/** One of them, borrowed; index < lf_feature_users_count(). */
LF_API const lf_feature_user *lf_feature_users_at(const lf_feature_users *users, size_t index);

/**
 * Find what somebody wants, such as a model, among what there is.
 *
 * @param have    NULL: none
 * @param want    NULL: none
 * @param places  [lf_feature_users_count(want)] out: number of each in `have`; may be NULL
 * @return LF_OK, or LF_MISMATCH: one is missing, has no function, another mirror rule or another
 *         version
 */
LF_API LF_MUST_CHECK lf_status lf_feature_users_match(
    const lf_feature_users *have, const lf_feature_users *want, size_t *places, lf_error *error
);

/** lf_feature_at() that knows features of one's own too; users NULL: none. */
LF_API const lf_feature_info *lf_feature_info_of(const lf_feature_users *users, size_t index);

/** lf_feature_find() that knows features of one's own too; users NULL: none. */
LF_API size_t lf_feature_find_of(const lf_feature_users *users, const char *name);

/**
 * lf_feature_select() that knows features of one's own too: by name, and "user" for all of them.
 *
 * @param users    NULL: none
 * @param indices  [lf_feature_count_all() + LF_FEATURE_USERS_MAX] out
 * @param count    out
 * @return as lf_feature_select()
 */
LF_API LF_MUST_CHECK lf_status lf_feature_select_of(
    const lf_feature_users *users, const char *set, size_t *indices, size_t *count, lf_error *error
);

/* ---- the engine -------------------------------------------------------------------------- */

/** Which of an event's two times rows and windows run on. */
typedef enum lf_clock {
    LF_CLOCK_EXCHANGE = 0,
    LF_CLOCK_LOCAL = 1,
} lf_clock;

/**
 * What crosses a day's border, small and plain: vpin's volume history and open bucket. Zero is the
 * state before the first day.
 */
typedef struct lf_feature_carry {
    int64_t day_count;         /* earlier days seen */
    int64_t volume_lots;       /* their traded volume (trades of the session) */
    int64_t bucket_open;       /* 1 when a bucket has begun */
    int64_t bucket_size_lots;  /* V of the open bucket */
    int64_t bucket_filled2;    /* half lots filled */
    int64_t bucket_imbalance2; /* buy - sell so far, half lots */
    int64_t ring_count;        /* full buckets kept, at most 50 */
    int64_t ring_next;
    int64_t ring_imbalance2[50]; /* abs(buy - sell), half lots */
    int64_t ring_size_lots[50];
    int64_t last_trade_units; /* last price of the session, for the tick rule; reset daily */
} lf_feature_carry;

/** How features are computed. Zero is the default everywhere. */
typedef struct lf_feature_options {
    const lf_allocator *allocator;
    lf_clock clock;
    int64_t vpin_bucket_lots;      /* V; 0: from the earlier days in the carry, NaN without any */
    const lf_feature_carry *carry; /* copied; NULL: nothing before */
    /** Also keep the many-level flows (ofi_m<m>_<w>, bid_flow_..., ask_flow_...). */
    bool with_mlofi;
    /** The features that rows will be asked for, [feature_count], copied; NULL: all. A row may have
        others undefined, and what only they need is not kept: little is, when all are sums of flow
        over events ("ofi_...", depletion, replenishment, event rates, session_fraction), or for an
        empty list the many-level flows alone. The carry then has no trades of this day. */
    const size_t *features;
    size_t feature_count;
    /** Distinct times (and waiting trades) that one 5-minute window can hold; 0 means 131,071,
        which takes about 60 MB. A fuller window is an error of lf_feature_update(). Only what the
        day needs is touched after create. */
    size_t window_events_max;
    /** Features of one's own, all with functions; borrowed until the engine ends. NULL: none. */
    const lf_feature_users *users;
    /** How the levels of a book are worked on: a name of lf_feature_kernel_at(), which all give the
        same bits; NULL: the fastest. */
    const char *kernel;
} lf_feature_options;

/**
 * Names of the ways to work on a book's levels that this processor has: "avx512", "avx2", "scalar".
 *
 * @param index  0 is the fastest, which an engine uses when it is not told otherwise
 * @return static text, or NULL after the last one, which is always "scalar"
 */
LF_API const char *lf_feature_kernel_at(size_t index);

/** The engine of one symbol-day. */
typedef struct lf_feature_engine lf_feature_engine;

/**
 * Create an engine. All memory it will ever use is taken here.
 *
 * @param instrument  copied
 * @param options     copied; NULL: defaults
 * @param out         owned; NULL on failure
 * @return LF_OK, LF_RANGE, LF_NOT_FOUND (no such kernel) or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_feature_engine_create(
    const lf_instrument *instrument,
    const lf_feature_options *options,
    lf_feature_engine **out,
    lf_error *error
);

/** End an engine; NULL is accepted. */
LF_API void lf_feature_engine_destroy(lf_feature_engine *engine);

/**
 * Take in one event. Times must not go back.
 *
 * @param trades  [event->trade_count] the event's own trades (batch.trades + event.trade_first)
 * @return LF_OK, or LF_RANGE when a window holds more than window_events_max or time went back;
 *         the engine is then only good for destroying
 *
 * Causal: yes. Cost: O(1) amortised; allocates nothing.
 */
LF_API LF_MUST_CHECK lf_status
lf_feature_update(lf_feature_engine *engine, const lf_event *event, const lf_trade *trades);

/**
 * The row at time t: every event with time <= t must have been taken in, none later. Rows may be
 * asked for at times that never go back; asking twice gives the same numbers.
 *
 * @param row    [lf_feature_count()] out, in registry order; NaN = undefined
 * @param valid  out: the state at t is valid
 *
 * Cost: about 0.5 us; allocates nothing.
 */
LF_API void lf_feature_row(lf_feature_engine *engine, int64_t t_ns, double *row, bool *valid);

/**
 * The features of one's own at t, for which lf_feature_row() has just been asked.
 *
 * @param row     [lf_feature_count()] what it gave
 * @param values  [lf_feature_users_count()] out; NaN where the state is not valid or a warm-up
 * lasts
 *
 * Cost: that of their functions.
 */
LF_API void
lf_feature_user_row(lf_feature_engine *engine, int64_t t_ns, const double *row, double *values);

/**
 * The many-level flows at t over 1 s, 10 s, 1 min and 5 min; with_mlofi only. Like rows, they are
 * meant for times at which the state is valid and lf_feature_is_warm().
 *
 * @param flows  [4 windows][ofi, bid flow, ask flow][level_count] out, lots
 */
LF_API void lf_feature_mlofi(lf_feature_engine *engine, int64_t t_ns, int64_t *flows);

/** Whether a window of this length lies after t_0, the session's start or the last reset. */
LF_API bool lf_feature_is_warm(const lf_feature_engine *engine, int64_t t_ns, int64_t window_ns);

/** Last valid quotes at the time of the last event, borrowed; NULL when the state is not valid. */
LF_API const lf_quotes *lf_feature_quotes(const lf_feature_engine *engine);

/** The record to hand to the next day, after the last event of this one. */
LF_API void lf_feature_carry_get(const lf_feature_engine *engine, lf_feature_carry *out);

/**
 * A row with bid and ask exchanged: each value by the mirror rule of its feature.
 *
 * @param row     [count] values of the features in indices
 * @param out     [count]; must not overlap row
 * @return LF_OK, or LF_RANGE when a partner is not among the indices
 */
LF_API LF_MUST_CHECK lf_status lf_feature_mirror_row(
    const size_t *indices, size_t count, const double *row, double *out, lf_error *error
);

/**
 * lf_feature_mirror_row() that knows features of one's own too.
 *
 * @param users  NULL: none
 * @return as lf_feature_mirror_row(): LF_OK or LF_RANGE
 */
LF_API LF_MUST_CHECK lf_status lf_feature_mirror_row_of(
    const lf_feature_users *users,
    const size_t *indices,
    size_t count,
    const double *row,
    double *out,
    lf_error *error
);

/** How one value of a mirrored row comes from the row. */
typedef struct lf_mirror_step {
    uint32_t from; /* place in the row: that of the partner, or its own */
    lf_mirror mirror;
} lf_mirror_step;

/**
 * What lf_feature_mirror_row_of() does to each row, found once for many rows.
 *
 * @param users    NULL: none
 * @param indices  [count]
 * @param steps    [count] out
 * @return LF_OK, or LF_RANGE when a partner is not among the indices
 */
LF_API LF_MUST_CHECK lf_status lf_feature_mirror_plan(
    const lf_feature_users *users,
    const size_t *indices,
    size_t count,
    lf_mirror_step *steps,
    lf_error *error
);

/**
 * A row with bid and ask exchanged, by steps that were found before.
 *
 * @param steps  [count]
 * @param row    [count]
 * @param out    [count]; must not overlap row
 */
LF_API void
lf_feature_mirror_apply(const lf_mirror_step *steps, size_t count, const double *row, double *out);

/* ---- fitted features -------------------------------------------------------------------- */

/** Windows of the many-level flows: 1 s, 10 s, 1 min, 5 min. */
#define LF_FEATURE_WINDOW_COUNT 4

/** Fitted features: ofi_integrated_<w> for each window, then microprice_offset_ticks. */
#define LF_FEATURE_FITTED_COUNT 5

/** Most states of the micro-price grid. */
#define LF_FEATURE_IMBALANCES_MAX 21
#define LF_FEATURE_SPREADS_MAX 32

/** Weights of the integrated OFI of one window: plain data, saved with a model. */
typedef struct lf_feature_integrated {
    int32_t level_count;           /* 0: not fitted */
    double weights[LF_LEVELS_MAX]; /* [level_count] absolute values sum to 1, sum positive */
} lf_feature_integrated;

/** Stoikov's micro-price as a table: plain data, saved with a model. */
typedef struct lf_feature_microprice {
    int32_t imbalance_count; /* 0: not fitted; odd */
    int32_t spread_count;
    bool pools_wide; /* wider spreads fall into the last state; else they have none */
    /** Upper bounds of the imbalances from the middle outwards, [(imbalance_count - 1) / 2]; the
        lower half is their mirror image. */
    double bounds[LF_FEATURE_IMBALANCES_MAX / 2];
    /** Expected change of the mid, ticks, [spread_count][imbalance_count]. NaN for a state that was
        not seen, or from which no move of the mid was. */
    double offset_ticks[LF_FEATURE_SPREADS_MAX][LF_FEATURE_IMBALANCES_MAX];
} lf_feature_microprice;

/** Parameters of the fitted features; zero: none is fitted. */
typedef struct lf_feature_fitted {
    lf_feature_integrated integrated[LF_FEATURE_WINDOW_COUNT];
    lf_feature_microprice microprice;
} lf_feature_fitted;

/** What the fitted features of one row are made of. */
typedef struct lf_feature_ingredients {
    bool valid; /* the state is; nothing else is read when it is not */
    int32_t level_count;
    double ofi[LF_FEATURE_WINDOW_COUNT][LF_LEVELS_MAX]; /* window sums of e_m / Q_w; NaN before the
                                                           window is warm */
    int64_t bid_ticks, ask_ticks, bid_lots, ask_lots;   /* of the best level */
} lf_feature_ingredients;

/** The integrated OFI of normalised flows [level_count]. NaN when one is. */
LF_API double
lf_feature_integrated_value(const lf_feature_integrated *integrated, const double *ofi);

/** Number of an imbalance (bid - ask) / (bid + ask) on the grid: 0, asks alone, to
    imbalance_count - 1, bids alone. Mirrored imbalances have mirrored numbers. */
LF_API int32_t
lf_feature_microprice_imbalance(const lf_feature_microprice *microprice, double imbalance);

/** Number of a spread on the grid, or -1 where it has no state. */
LF_API int32_t
lf_feature_microprice_spread(const lf_feature_microprice *microprice, int64_t spread_ticks);

/**
 * Micro-price less mid of one state, ticks. Exchanging bid and ask flips the sign to the bit when
 * the table is antisymmetric, as fits on mirrored rows are.
 *
 * @return NaN without two sides, for a crossed or locked book, and for a state without an estimate
 *
 * Source: Stoikov (2018), Quantitative Finance 18(12), 1959-1966.
 */
LF_API double lf_feature_microprice_offset(
    const lf_feature_microprice *microprice,
    int64_t spread_ticks,
    int64_t bid_lots,
    int64_t ask_lots
);

/** The ingredients at t, for which the engine was created with_mlofi and for some features. As
    lf_feature_row(). */
LF_API void
lf_feature_ingredients_at(lf_feature_engine *engine, int64_t t_ns, lf_feature_ingredients *out);

/**
 * The fitted features of one row. The same parameters and ingredients give the same bits, wherever
 * they come from.
 *
 * @param row  [LF_FEATURE_FITTED_COUNT] out: those of indices lf_feature_count() and up; NaN where
 *             a feature is not fitted or not defined
 *
 * Cost: some 50 multiplications; allocates nothing.
 */
LF_API void lf_feature_fitted_row(
    const lf_feature_fitted *fitted, const lf_feature_ingredients *ingredients, double *row
);

/** True when a feature needs no parameters, or they are there. */
LF_API bool lf_feature_fitted_has(const lf_feature_fitted *fitted, size_t index);

/** True when some of the features is a fitted one. */
LF_API bool lf_feature_needs_fitted(const size_t *indices, size_t count);

/**
 * Check that features can be made from parameters in a book of so many levels.
 *
 * @param fitted  NULL: none
 * @return LF_OK, or LF_MISMATCH: parameters are missing, or were fitted on another number of levels
 */
LF_API LF_MUST_CHECK lf_status lf_feature_fitted_check(
    const lf_feature_fitted *fitted,
    const size_t *indices,
    size_t count,
    int32_t level_count,
    lf_error *error
);

/** Columns of a frame that hold ingredients, borrowed from it. */
typedef struct lf_feature_ingredient_columns {
    const uint8_t *valid;
    int32_t level_count;
    const double *ofi[LF_FEATURE_WINDOW_COUNT][LF_LEVELS_MAX]; /* NULL: not needed */
    const double *quotes[4]; /* bid and ask in ticks, bid and ask in lots; NULL: not needed */
} lf_feature_ingredient_columns;

/**
 * Find the columns that the fitted ones among some features are made of, as lf_feature_rows()
 * writes them with_ingredients: ofi_norm_m<m>_<w>, and best_bid_ticks, best_ask_ticks,
 * best_bid_lots, best_ask_lots.
 *
 * @return LF_OK or LF_MISMATCH (one is missing)
 */
LF_API LF_MUST_CHECK lf_status lf_feature_ingredients_find(
    lf_frame *frame,
    const size_t *indices,
    size_t count,
    lf_feature_ingredient_columns *out,
    lf_error *error
);

/** True for the name of a column that holds ingredients. */
LF_API bool lf_feature_is_ingredient(const char *name);

/** The ingredients of one row; what has no columns is NaN or 0. */
LF_API void lf_feature_ingredients_read(
    const lf_feature_ingredient_columns *columns, size_t row, lf_feature_ingredients *out
);

/* ---- whole days ------------------------------------------------------------------------- */

/** Which rows of a day to make. Zero is the default. */
typedef struct lf_feature_rows_options {
    lf_feature_options engine;
    /** NULL: "default"; see lf_feature_select_of(), plus "mlofi" and "all". Features of one's own
       are those of the engine's options. */
    const char *set;
    /** Parameters of the fitted features of the set; borrowed. NULL: none. */
    const lf_feature_fitted *fitted;
    /** Also the columns that the fitted features of the set are made of, behind all others. Those
        of them without parameters are then NaN; otherwise they are an error. */
    bool with_ingredients;
    int64_t step_ns; /* 0: 1 s */
    bool at_events;  /* a row at every distinct event time instead of the grid */
    /** Called with every batch of the feed before it is used, so that another reader (labels, a
        progress bar) shares the pass; gets the sink's context; may be NULL. */
    lf_status (*on_batch)(void *context, const lf_batch *batch, lf_error *error);
} lf_feature_rows_options;

/**
 * Receives feature rows in pieces, with all rows so far of the piece filled: columns ts_event,
 * symbol, valid, then the features.
 *
 * @return LF_OK to go on; anything else stops the run and is handed back
 */
typedef lf_status (*lf_feature_sink)(void *context, const lf_frame *rows, lf_error *error);

/**
 * Read a feed to its end and make its rows.
 *
 * @param sink       called with pieces of at most some thousand rows; must not be NULL
 * @param carry_out  the next day's carry; may be NULL
 * @return LF_OK, LF_MISMATCH (a fitted feature without parameters), or what the feed, the engine,
 *         on_batch or the sink returned
 */
LF_API LF_MUST_CHECK lf_status lf_feature_rows(
    lf_feed *feed,
    const lf_feature_rows_options *options,
    lf_feature_sink sink,
    void *context,
    lf_feature_carry *carry_out,
    lf_error *error
);

#ifdef __cplusplus
}
#endif

#endif
