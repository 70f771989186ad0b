/* The book by price of one security of CME: levels that entries move up and down. */
#ifndef LOBFLOW_FEED_CME_BOOK_H
#define LOBFLOW_FEED_CME_BOOK_H

#include "cme.h"

/* A change of one level. */
typedef struct lfi_cme_entry {
    int64_t price, lots; /* price in 1e-9, raw; LFI_CME_NONE where it has none */
    int64_t ts_ns;
    uint32_t sequence; /* of its packet */
    uint8_t level;     /* from 1 */
    uint8_t action;    /* 0 new, 1 change, 2 delete, 3 delete thru, 4 delete from, 5 overlay */
    bool is_ask;
} lfi_cme_entry;

typedef struct lfi_cme_side {
    int64_t prices[LF_LEVELS_MAX], lots[LF_LEVELS_MAX]; /* best first */
    int32_t count;
} lfi_cme_side;

typedef struct lfi_cme_book {
    lfi_cme_side bid, ask;
    int32_t level_count; /* levels a side that the venue keeps: a new one pushes out the last */
} lfi_cme_book;

void lfi_cme_book_clear(lfi_cme_book *book);

/* False when the entry contradicts the book, which then is as it was. */
bool lfi_cme_book_apply(lfi_cme_book *book, const lfi_cme_entry *entry);

/* The levels of a snapshot; false, and the book is empty, when they are no book. */
bool lfi_cme_book_load(
    lfi_cme_book *book, const lfi_cme_group *group, const lfi_cme_layout *layout
);

/* The levels as quotes; those that fall on one tick are one. How many prices lay between two ticks
   is added to *off_tick_count. */
void lfi_cme_book_quotes(
    const lfi_cme_book *book,
    int64_t step,
    int32_t level_count,
    lf_quotes *out,
    int64_t *off_tick_count
);

#endif
