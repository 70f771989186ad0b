/* The book of single orders of Coinbase's channel full: a table of orders, and levels from it. */
#ifndef LOBFLOW_FEED_COINBASE_ORDERS_H
#define LOBFLOW_FEED_COINBASE_ORDERS_H

#include "coinbase.h"

/* What a message did to the book. */
typedef enum lfi_coinbase_step {
    LFI_COINBASE_APPLIED, /* the book shows it; effect says what it was */
    LFI_COINBASE_STALE,   /* the book showed it before: doubled or late */
    LFI_COINBASE_LOST,    /* messages are missing: the book is unknown from here on */
    LFI_COINBASE_WAITING, /* the book is unknown: kept for a snapshot */
    LFI_COINBASE_FOUND,   /* after a snapshot: the book is known from here on */
} lfi_coinbase_step;

/* A live order; id 0 is an empty place of the table. */
typedef struct lfi_coinbase_order {
    uint64_t id;
    int64_t price_ticks, size_lots;
    int side;
} lfi_coinbase_order;

/* A message about one order, as it waits for a snapshot. */
typedef struct lfi_coinbase_change {
    lfi_coinbase_kind kind;
    int side; /* of the resting order */
    uint64_t order_id;
    int64_t price, size, sequence, ts_ns;
} lfi_coinbase_change;

/* What a message changed: LF_EVENT_OTHER when it was about no order of the book. */
typedef struct lfi_coinbase_effect {
    lf_event_kind kind;
    int side;
    int64_t price_ticks, size_lots;
} lfi_coinbase_effect;

typedef struct lfi_coinbase_orders {
    const lf_allocator *allocator;
    lfi_l2book *levels;         /* borrowed: the sums by price */
    lfi_coinbase_order *places; /* [capacity], a power of two */
    size_t capacity, count;
    lfi_coinbase_change *waiting; /* [waiting_count] */
    size_t waiting_count;
    bool is_used; /* a snapshot of orders has come: the book is made of them from then on */
    bool is_known;
    int64_t sequence; /* of the last message that the book shows */
    int64_t ts_ns;    /* and its time; LFI_BINANCE_NONE without one */
    int64_t unknown_count, duplicate_count, overfill_count;
} lfi_coinbase_orders;

/* Take memory for an empty table; false without. */
bool lfi_coinbase_orders_create(
    lfi_coinbase_orders *orders, const lf_allocator *allocator, lfi_l2book *levels
);
void lfi_coinbase_orders_destroy(lfi_coinbase_orders *orders);

/* A snapshot of all orders, and what has waited and follows it: FOUND, WAITING or STALE (it shows
   less than the book does). LF_OK or LF_NOMEM. */
lf_status lfi_coinbase_orders_snapshot(
    lfi_coinbase_orders *orders,
    const lfi_coinbase_part *part,
    lfi_coinbase_step *step,
    lf_error *error
);

/* A message with a number. LF_OK or LF_NOMEM. */
lf_status lfi_coinbase_orders_take(
    lfi_coinbase_orders *orders,
    const lfi_coinbase_part *part,
    lfi_coinbase_step *step,
    lfi_coinbase_effect *effect,
    lf_error *error
);

#endif
