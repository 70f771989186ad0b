/* What the files of the venue share. */
#ifndef LFI_EXECUTION_INTERNAL_H
#define LFI_EXECUTION_INTERNAL_H

#include <lobflow/book.h>
#include <lobflow/execution.h>
#include <lobflow/l3.h>

#include <assert.h>

/* Displayed quantity ahead that is not known: the price lies deeper than the levels of the feed. */
#define LFI_AHEAD_UNKNOWN (INT64_MAX / 2)

/* Prices a side at which own marketable orders took something that is still displayed. An order
   takes from visible levels only, and prices that left the view are forgotten first. */
#define LFI_TAKEN_MAX 32

/* An order's place in the queue of its price. Lots are whole but for the models that share. */
typedef struct lfi_place {
    double front;  /* displayed lots of others that must trade first; > -0.5 */
    double traded; /* lots seen to trade since the display was last seen to change */
    int64_t shown; /* displayed lots then, -1: out of view */
} lfi_place;

typedef struct lfi_order {
    uint64_t order_id;
    int64_t price_ticks;
    int64_t lots;
    int64_t filled_lots;
    lfi_place place;
    int32_t side;
    lf_order_kind kind;
    lf_order_state state;
    lf_time_in_force tif;
    bool post_only;
    /* queue = "fifo", within the event of this number: lots executed of orders behind this one, and
       what of them it got. */
    int64_t run_event, run_behind, run_filled;
} lfi_order;

typedef struct lfi_taken {
    int64_t price_ticks;
    int64_t lots;
} lfi_taken;

/* What an event has executed of an order, less what the order's changes have taken off for it. */
typedef struct lfi_executed {
    uint64_t order_id;
    int64_t lots;
} lfi_executed;

/* Prices at which a venue waits; an event elsewhere leaves it as it is. Sides as bids and asks of
   own orders; nothing waits: LFI_WATCH_NOTHING. */
typedef struct lfi_watch {
    int64_t bid_best, bid_worst;
    int64_t ask_best, ask_worst;
} lfi_watch;

#define LFI_WATCH_NOTHING ((lfi_watch){INT64_MIN, INT64_MAX, INT64_MAX, INT64_MIN})

/* What a queue model said of a removal, for venues that ask the same. */
typedef struct lfi_share {
    double front, back, n;
    double share;
    lf_queue_model model;
} lfi_share;

/* Answers that are kept; a power of 2. Those of one event matter, and they are few. */
#define LFI_SHARES 64

struct lf_market {
    lf_allocator allocator;
    bool has_allocator;
    lf_instrument instrument;
    /* State after the last event. */
    lf_quotes quotes;
    int64_t mid2;        /* of the last valid state, 0 before */
    int64_t mid2_before; /* mid2 before the last event */
    bool is_valid;
    bool is_masked;
    int64_t event_count;
    const lf_order_change *changes; /* [change_count] of the next event */
    size_t change_count;
    lf_venue **venues;  /* [venue_count], NULL where one has ended */
    lfi_watch *watches; /* [venue_count] */
    uint32_t *reported; /* [reported_count] numbers of venues that reported the last event */
    size_t venue_count, open_count, reported_count;
    size_t venue_capacity, watch_capacity, reported_capacity;
    lfi_share shares[LFI_SHARES];
};

struct lf_venue {
    lf_market *market;
    bool owns_market;    /* it is alone there */
    bool has_done;       /* an order may be done and not yet removed */
    size_t number;       /* within the market */
    int64_t first_event; /* events of the market before it */
    lf_execution_options options;
    lf_fees fees;
    int64_t mid2; /* of the last valid state, 0 before; trades meet the mid before their event */
    /* Own orders that rest, in the order of their acceptance. */
    lfi_order *orders; /* [orders_max] */
    size_t order_count;
    lfi_taken taken[2][LFI_TAKEN_MAX]; /* by side of the book: 0 bid, 1 ask */
    size_t taken_counts[2];
    lf_channel *reports;
    lf_venue_stats stats;
    /* queue = "fifo": all orders of the market, own ones among them as marks of one lot each. */
    lf_l3 *l3;              /* NULL for the models */
    lfi_executed *executed; /* [executed_count] of the event at hand */
    size_t executed_count, executed_capacity;
};

/* A row of fees.csv; docs/fees.md has the units. */
typedef struct lfi_fee_rate {
    const char *schedule, *item;
    lf_date from;
    int64_t taker_nano, maker_nano; /* in 1e-9 of the unit */
    bool is_known;                  /* false: it was charged otherwise, but nobody says how */
} lfi_fee_rate;

extern const lfi_fee_rate lfi_fee_rates[]; /* [lfi_fee_rate_count] dates of an item ascend */
extern const size_t lfi_fee_rate_count;

/* The row in force on a date. LF_NOT_FOUND (no such item) or LF_RANGE (before the first row, or not
   known). */
lf_status lfi_fee_rate_on(
    const char *schedule, const char *item, lf_date date, const lfi_fee_rate **out, lf_error *error
);
/* Whether a schedule has a tier; those without tiers have every one. */
lf_status lfi_fee_tier_check(lf_fee_schedule schedule, int64_t tier, lf_error *error);
/* The row of a tier on a date. */
lf_status lfi_fee_tier(
    lf_fee_schedule schedule, int64_t tier, lf_date date, const lfi_fee_rate **out, lf_error *error
);
/* NFA's assessment of a contract on a date, whatever the exchange takes. */
lf_status lfi_fee_assessment(lf_date date, lf_fees *out, lf_error *error);
/* What the exchange takes for a contract on a date. */
lf_status
lfi_fee_contract(const lf_instrument *instrument, lf_date date, lf_fees *out, lf_error *error);

/* Joins the end of a queue; displayed is -1 where the feed does not show the price. */
void lfi_queue_join(lfi_place *place, int64_t displayed);
/* A trade of some lots at the price, of which own orders in front left `offered`; the lots of it
   that reach the order. */
int64_t lfi_queue_trade(lfi_place *place, int64_t lots, int64_t offered);
/* The display after an event, -1: out of view. */
void lfi_queue_depth(
    const lf_queue_options *options,
    lfi_share *shares, /* [LFI_SHARES] */
    lfi_place *place,
    int64_t displayed
);

/* ---- the market ---- */

const lf_allocator *lfi_market_allocator(const lf_market *market);
/* The state after an event; the venues hear of it apart. */
void lfi_market_state(lf_market *market, const lf_event *event);
/* Where a venue's orders wait has changed. */
void lfi_market_watch(lf_venue *venue);
/* A venue ends. */
void lfi_market_leave(lf_venue *venue);

/* A venue that nobody tells of events yet. */
lf_status lfi_venue_create(
    lf_market *market, const lf_execution_options *options, lf_venue **out, lf_error *error
);
/* An event whose state the market has: trades meet the resting orders, then the state does. */
lf_status
lfi_venue_meet(lf_venue *venue, const lf_event *event, const lf_trade *trades, lf_error *error);

/* ---- exact queues, for queue = "fifo" ---- */

lf_status lfi_fifo_create(lf_venue *venue, lf_error *error);
/* The changes of an event: orders come, go and are filled, and with them ours. */
lf_status lfi_fifo_event(lf_venue *venue, const lf_event *event, lf_error *error);
/* An own order joins the end of its queue, or leaves it. */
lf_status lfi_fifo_join(lf_venue *venue, const lfi_order *order, lf_error *error);
void lfi_fifo_leave(lf_venue *venue, const lfi_order *order);
/* Whether an order id may be used: the others are for marks. */
bool lfi_fifo_has_room(uint64_t order_id);

/* Lots of others that stand before a resting order, as exactly as the model knows. */
double lfi_venue_front(const lf_venue *venue, const lfi_order *order);

/* Displayed quantity of a price on a side, or -1 when it lies below what the feed shows. */
int64_t lfi_venue_displayed(const lf_venue *venue, int32_t side, int64_t price_ticks);

/* Steps an order to a state and queues the report; LF_INVARIANT when the step is not allowed. */
lf_status lfi_venue_step(
    lf_venue *venue,
    lfi_order *order,
    lf_order_state to,
    lf_report_kind kind,
    lf_reject reject,
    int64_t ts_ns,
    lf_error *error
);

/* Fills part of an order at a price. */
lf_status lfi_venue_fill(
    lf_venue *venue,
    lfi_order *order,
    int64_t price_ticks,
    int64_t lots,
    lf_liquidity liquidity,
    int64_t ts_ns,
    lf_error *error
);

/* Reports a request about an order that the venue does not carry out; order may be NULL. */
lf_status lfi_venue_refuse(
    lf_venue *venue,
    uint64_t order_id,
    const lfi_order *order,
    lf_report_kind kind,
    lf_reject reject,
    int64_t ts_ns,
    lf_error *error
);

/* Takes displayed quantity of the other side up to the order's price; leaves the rest. Own orders
   in the way are dealt with; *stopped: the order may not go on for one of them. */
lf_status
lfi_venue_take(lf_venue *venue, lfi_order *order, int64_t ts_ns, bool *stopped, lf_error *error);

/* Displayed quantity that an order could take now, up to its price. */
int64_t lfi_venue_takeable(const lf_venue *venue, const lfi_order *order);

/* Whether the other side shows something at or through a price that own orders have not taken. */
bool lfi_venue_reached(const lf_venue *venue, int32_t side, int64_t price_ticks);

/* Brings the memory of taken quantity up to the present book. */
void lfi_venue_refresh_taken(lf_venue *venue);

/* lf_order_state_done() of a state that is one. */
static inline bool lfi_order_done(const lfi_order *order)
{
    return order->state != LF_ORDER_STATE_SENT && order->state != LF_ORDER_STATE_RESTING &&
           order->state != LF_ORDER_STATE_WORKING_PARTIAL;
}

/* Removes orders that are done. */
void lfi_venue_sweep(lf_venue *venue);

/* Ends all resting orders. */
lf_status lfi_venue_expire(lf_venue *venue, lf_reject reason, int64_t ts_ns, lf_error *error);

#endif
