/* A book of price levels that diffs set, for feeds that send sizes by price. */
#ifndef LFI_FEED_L2BOOK_H
#define LFI_FEED_L2BOOK_H

#include <lobflow/feed.h>

/* Levels a side at most; deeper ones are dropped, the worst first. */
#define LFI_L2_LEVELS_MAX ((size_t)1 << 15)

/* Prices near the best that have a place each: 20 % of Bitcoin's price at a tick of 0.1 USD. */
#define LFI_L2_WINDOW ((size_t)1 << 17)

/* One level; a size of 0 takes it away. */
typedef struct lfi_l2_level {
    int64_t price_ticks;
    int64_t size_lots;
} lfi_l2_level;

/*
 * One side. A price is known by its key, sign * price, so that a better one is larger. Keys from
 * base on lie in a window, each in its place; the worse ones, which seldom change, in a sorted
 * array. No key lies beyond the window.
 *
 *     far[0] < ... < far[far_count - 1] < base <= key in the window < base + LFI_L2_WINDOW
 */
typedef struct lfi_l2_side {
    int64_t *lots;     /* [LFI_L2_WINDOW] size of key base + i, 0 where there is none */
    uint64_t *bits;    /* [LFI_L2_WINDOW / 64] bit i: lots[i] is not 0 */
    lfi_l2_level *far; /* [LFI_L2_LEVELS_MAX] keys in the place of prices */
    size_t far_count;
    size_t near_count; /* levels in the window */
    size_t best;       /* the largest i with a bit; 0 without one */
    int64_t base;
    int64_t sign; /* +1 bid, -1 ask */
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

/* Levels of a side. */
static inline size_t lfi_l2book_count(const lfi_l2_side *side)
{
    return side->near_count + side->far_count;
}

/* The best levels. */
void lfi_l2book_quotes(const lfi_l2book *book, lf_quotes *out);

#endif
