/* A book of price levels that diffs set, for feeds that send sizes by price. */
#ifndef LFI_FEED_L2BOOK_H
#define LFI_FEED_L2BOOK_H

#include <lobflow/feed.h>

/* Levels a side at most; deeper ones are dropped, the worst first. */
#define LFI_L2_LEVELS_MAX ((size_t)1 << 15)

/* One level; a size of 0 takes it away. */
typedef struct lfi_l2_level {
    int64_t price_ticks;
    int64_t size_lots;
} lfi_l2_level;

/* One side in order of price, the best last, so that what changes most moves least. */
typedef struct lfi_l2_side {
    lfi_l2_level *levels; /* [LFI_L2_LEVELS_MAX] */
    size_t count;
    int64_t sign; /* +1 bid, -1 ask: sign * price ascends */
} lfi_l2_side;

typedef struct lfi_l2book {
    lfi_l2_side bid, ask;
    int64_t dropped_count; /* levels that did not fit */
} lfi_l2book;

/* Take memory for an empty book; false without. */
bool lfi_l2book_create(lfi_l2book *book, const lf_allocator *allocator);
void lfi_l2book_destroy(lfi_l2book *book, const lf_allocator *allocator);

/* Forget all levels. */
void lfi_l2book_clear(lfi_l2book *book);

/* Set the size at a price of a side (+1 bid, -1 ask); 0 takes the level away. */
void lfi_l2book_set(lfi_l2book *book, int side, int64_t price_ticks, int64_t size_lots);

/* Add to the size at a price of a side, or take from it; what falls to 0 or below is gone. */
void lfi_l2book_add(lfi_l2book *book, int side, int64_t price_ticks, int64_t change_lots);

/* The best levels. */
void lfi_l2book_quotes(const lfi_l2book *book, lf_quotes *out);

#endif
