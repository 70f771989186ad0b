/* A book that follows diffs from a snapshot on, by the venue's own procedure. */
#ifndef LOBFLOW_FEED_BINANCE_BOOK_H
#define LOBFLOW_FEED_BINANCE_BOOK_H

#include "binance_message.h"
#include "l2book.h"

/* What a message did to the book. */
typedef enum lfi_binance_step {
    LFI_BINANCE_STALE,   /* nothing: it shows what is known already */
    LFI_BINANCE_WAITING, /* kept until the book is known */
    LFI_BINANCE_LOST,    /* kept likewise: diffs are missing, the book is not known from here on */
    LFI_BINANCE_APPLIED, /* the book is the next state */
    LFI_BINANCE_FOUND,   /* the book is known again, or for the first time */
} lfi_binance_step;

/* A diff that waits; its levels lie in `levels`. */
typedef struct lfi_binance_diff {
    int64_t first_id, last_id, before_id, time_ns;
    size_t level_first, bid_count, ask_count; /* the bids first */
} lfi_binance_diff;

typedef struct lfi_binance_book {
    lfi_l2book levels;
    bool is_known; /* diffs have been applied without a gap since a snapshot */
    bool has_book; /* levels is the state after last_id */
    bool is_fresh; /* no diff has been applied since the snapshot */
    bool is_futures;
    int64_t last_id;
    int64_t last_ns;       /* exchange time of the last diff applied, INT64_MIN after a snapshot */
    int64_t time_ns;       /* the latest time of what was applied by the last call */
    int64_t applied_count; /* diffs applied by the last call */
    lfi_binance_diff *waiting; /* [waiting_count], in order of arrival, owned */
    size_t waiting_count;
    lfi_l2_level *kept; /* [kept_count] levels of those, owned */
    size_t kept_count;
} lfi_binance_book;

/* Take all memory; false without. */
bool lfi_binance_book_create(lfi_binance_book *book, const lf_allocator *allocator);
void lfi_binance_book_destroy(lfi_binance_book *book, const lf_allocator *allocator);

/* Take a diff. time_ns is its exchange time. */
lfi_binance_step
lfi_binance_book_diff(lfi_binance_book *book, const lfi_binance_message *m, int64_t time_ns);

/* Take a snapshot; one that comes while the book is known is not needed and is stale. time_ns is
   LFI_BINANCE_NONE where it has none. */
lfi_binance_step
lfi_binance_book_snapshot(lfi_binance_book *book, const lfi_binance_message *m, int64_t time_ns);

#endif
