/* A reader of CME captures, as its two files share it: messages make events, which are handed out.
 */
#ifndef LOBFLOW_FEED_CME_FEED_H
#define LOBFLOW_FEED_CME_FEED_H

#include "cme_book.h"
#include "cme_orders.h"

/* Entries that wait for a snapshot; when they are more, a later snapshot is needed. */
#define LFI_CME_WAITING_MAX ((size_t)1 << 13)

/* An event on its way, with its trade where it has one. */
typedef struct lfi_cme_queued {
    lf_event event;
    lf_trade trade;
    size_t change_end; /* of its changes of orders */
} lfi_cme_queued;

typedef struct lfi_cme_reader {
    const lf_allocator *allocator;
    lf_allocator memory;
    lfi_reader *reader;
    lf_feed_stats *stats;    /* where what is found now is counted: of the day, or `elsewhere` */
    lf_feed_stats elsewhere; /* in packets of other days */
    int64_t unknown_count, duplicate_count; /* of orders, counted so far */
    lfi_cme_capture capture;
    lfi_cme_security security;
    int64_t step_nano; /* raw prices to a tick */
    lfi_cme_book book;
    lfi_cme_book spare; /* of the newest snapshot, when has_spare */
    uint64_t spare_sequence;
    uint32_t spare_number; /* as in number */
    int64_t spare_ns;
    uint8_t spare_state;
    lfi_room room;
    lfi_cme_queued *queue; /* [queue_count] from queue_first on, owned */
    size_t queue_first, queue_count, queue_capacity;
    bool by_orders;           /* there is no book by price: the levels are those of the orders */
    bool is_behind;           /* changes of orders were left out */
    lfi_cme_orders orders;    /* with an l3 where they are kept */
    lf_order_change *changes; /* [change_count] of the events in the queue, owned */
    size_t change_first, change_count, change_capacity;
    size_t batch_index;
    lfi_cme_entry *waiting; /* [waiting_count] of WAITING_MAX, owned */
    size_t waiting_count;
    uint64_t book_sequence;  /* the book is known: its state is after this packet */
    uint64_t since;          /* entries wait from this packet on; 0: none has come */
    uint64_t newest;         /* packet of the channel */
    uint64_t state_sequence; /* of the packet that told last of the state of trading; 0: none */
    int64_t begin_ns;        /* when the sequence of the channel began */
    uint32_t number;         /* of the security's newest update; 0: not told */
    int64_t pending_ns;      /* when the book changed, where the event goes on: is_pending */
    bool has_spare, is_known, was_known, is_closed, is_at_end, strict, owes_reset;
    bool is_pending;
    bool is_doubtful; /* packets are missing, perhaps none with updates of the security */
    lf_quotes quotes;
    int64_t from_ns, to_ns, shift_ns, latency_ns;
    int64_t last_ts_ns, last_local_ns;
    lf_status status; /* of what a packet needed */
    lf_error *error;
} lfi_cme_reader;

/* lfi_cme_take, of an lfi_cme_reader: what a packet tells of its security goes into the queue. */
void lfi_cme_reader_take(void *context, const lfi_cme_packet *packet);

/* All packets have come: the last events go into the queue. */
void lfi_cme_reader_end(lfi_cme_reader *self);

/* The quotes as they are before the first event. */
void lfi_cme_reader_begin(lfi_cme_reader *self);

#endif
