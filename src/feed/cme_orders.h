/* The single orders of one security of CME, from snapshots and the changes since. */
#ifndef LOBFLOW_FEED_CME_ORDERS_H
#define LOBFLOW_FEED_CME_ORDERS_H

#include "cme.h"

#include <lobflow/l3.h>

/* A change of an order, or an order of a snapshot. */
typedef struct lfi_cme_order {
    uint64_t id, priority;
    int64_t price_ticks, lots, ts_ns;
    uint64_t sequence; /* of its packet */
    uint8_t action;    /* 0 new, 1 change, 2 delete */
    bool is_ask;
} lfi_cme_order;

/* Orders in a growing row. */
typedef struct lfi_cme_row {
    lfi_cme_order *items; /* [count], owned */
    size_t count, capacity;
} lfi_cme_row;

typedef struct lfi_cme_orders {
    const lf_allocator *allocator;
    lf_l3 *l3;     /* owned; NULL: orders are not kept */
    bool is_known; /* l3 is the book after `sequence` */
    bool is_told;  /* changes are kept in `told` */
    uint64_t sequence;
    uint64_t since; /* what waits is all there was from this packet on */
    lfi_cme_row waiting;
    /* The newest snapshot, which comes in pieces. */
    lfi_cme_row snapshot;
    uint64_t snapshot_sequence;
    uint32_t piece_count, piece_total;
    int64_t snapshot_ns;
    int64_t known_ns; /* time of the book that lfi_cme_orders_recover() made known */
    /* What happened since it was last taken. */
    lf_order_change *told; /* [told_count], owned */
    size_t told_count, told_capacity;
} lfi_cme_orders;

/* Begin; LF_OK or LF_NOMEM. Ends with lfi_cme_orders_clear(), also after a failure. */
lf_status lfi_cme_orders_create(lfi_cme_orders *orders, const lf_allocator *allocator);
void lfi_cme_orders_clear(lfi_cme_orders *orders);

/* The book is empty and known, as after a packet. LF_OK or LF_NOMEM. */
lf_status lfi_cme_orders_begin(lfi_cme_orders *orders, uint64_t sequence);

/* Packets before `since` are missing: the book is not known. LF_OK or LF_NOMEM. */
lf_status lfi_cme_orders_lose(lfi_cme_orders *orders, uint64_t since);

/* A change has come: true when the book has changed. *status is LF_OK or LF_NOMEM. */
bool lfi_cme_orders_take(lfi_cme_orders *orders, const lfi_cme_order *change, lf_status *status);

/* Lots of a resting order were executed; the change that takes them is one of its own. */
lf_status lfi_cme_orders_fill(lfi_cme_orders *orders, uint64_t id, int64_t lots);

/* All changes of a packet have come. */
void lfi_cme_orders_end_packet(lfi_cme_orders *orders, uint64_t sequence);

/* Where fields stand in the root block of a snapshot of orders, and in its entries. */
enum {
    LFI_CME_PIECES = 12,
    LFI_CME_PIECE = 16,
    LFI_CME_ORDERS_TIME = 20,
    LFI_CME_ORDERS_BYTES = 28,
    LFI_CME_ORDER_PRIORITY = 8,
    LFI_CME_ORDER_PRICE = 16
};

/*
 * A piece of a snapshot has come; step is that of prices. True when by it the book is known that
 * was not: it is told anew. *status is LF_OK or LF_NOMEM.
 */
bool lfi_cme_orders_piece(
    lfi_cme_orders *orders,
    const lfi_cme_message *message,
    const lfi_cme_layout *layout,
    int64_t step,
    lf_status *status
);

/* All that waits and the newest snapshot may make the book known, as when a gap is found out late;
   as lfi_cme_orders_piece(). */
bool lfi_cme_orders_recover(lfi_cme_orders *orders, lf_status *status);

/* The best levels. */
void lfi_cme_orders_quotes(const lfi_cme_orders *orders, lf_quotes *out);

/* The book as changes, instead of what was told so far. LF_OK or LF_NOMEM. */
lf_status lfi_cme_orders_tell(lfi_cme_orders *orders);

#endif
