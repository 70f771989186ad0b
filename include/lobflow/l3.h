/**
 * @file
 * Books of single orders: every resting order by its id, price-time priority, and the best levels
 * of each book kept up to date with every message.
 *
 * One object holds the books of all instruments of a feed, so that ids which are unique in a feed
 * need one table. Prices are whole numbers of any one unit, which the caller chooses.
 */
#ifndef LOBFLOW_L3_H
#define LOBFLOW_L3_H

#include <lobflow/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Levels a side that are kept ready to read. */
#define LF_L3_LEVELS 10

/** Price of a missing bid level: below every price. Its size is 0. */
#define LF_L3_BID_NONE INT64_MIN
/** Price of a missing ask level: above every price. Its size is 0. */
#define LF_L3_ASK_NONE INT64_MAX

/** The best levels of one side; 0 is the best, missing ones have LF_L3_*_NONE and zeros. */
typedef struct lf_l3_side {
    int64_t prices[LF_L3_LEVELS];
    int64_t lots[LF_L3_LEVELS];
    uint32_t orders[LF_L3_LEVELS]; /* resting orders at the level */
} lf_l3_side;

/** How ids are made. */
typedef enum lf_l3_ids {
    /** Any numbers: found through a hash table. */
    LF_L3_IDS_ANY = 0,
    /** Numbers that grow by little, as in ITCH: the id is the place, one cache line an order. */
    LF_L3_IDS_GROWING = 1,
} lf_l3_ids;

/** How to create books. Zero is the default everywhere. */
typedef struct lf_l3_options {
    const lf_allocator *allocator;
    uint32_t book_count; /* 0: 1 */
    lf_l3_ids ids;
    size_t order_capacity; /* live orders that fit without new memory; 0: 4096 */
} lf_l3_options;

/** What was applied, and which messages contradict the books. */
typedef struct lf_l3_stats {
    int64_t message_count;
    int64_t unknown_count;   /* cancels and changes of orders that are not there */
    int64_t duplicate_count; /* orders added under an id that is there */
    int64_t overfill_count;  /* more taken from an order than it had */
    int64_t empty_count;     /* messages with a size of 0 */
    int64_t order_count;     /* live now */
    int64_t order_count_max; /* live at most */
} lf_l3_stats;

/** A live order. */
typedef struct lf_l3_order {
    int64_t price;
    int64_t lots;
    uint32_t book;
    int8_t side; /* +1 bid, -1 ask */
} lf_l3_order;

/** Books of single orders. */
typedef struct lf_l3 lf_l3;

/**
 * Create empty books.
 *
 * @param options  copied; may be NULL
 * @param out      owned; NULL on failure
 * @return LF_OK, LF_RANGE (more than 2^30 books) or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status
lf_l3_create(const lf_l3_options *options, lf_l3 **out, lf_error *error);

/** End books; NULL is accepted. */
LF_API void lf_l3_destroy(lf_l3 *l3);

/**
 * A new order goes to the end of the queue at its price. An order of the same id that is there
 * already is taken out first and counted; an order without size is counted and not added.
 *
 * @param book   below options.book_count
 * @param side   +1 bid, -1 ask
 * @param price  above INT64_MIN and below INT64_MAX
 * @param lots   0 to 2^32 - 1
 * @return LF_OK; LF_DATA (counted, done as said above); LF_NOMEM; LF_RANGE (a size or, with
 *         LF_L3_IDS_GROWING, an id outside its range): then nothing was done
 *
 * Cost: one to two cache misses; takes memory only when the books have never been as large.
 */
LF_API LF_MUST_CHECK lf_status
lf_l3_add(lf_l3 *l3, uint32_t book, uint64_t order_id, int side, int64_t price, int64_t lots);

/**
 * Lots leave an order, by cancellation or execution; with its last lots it goes. More than it has
 * takes the order out and is counted; so are unknown orders and a size of 0, which change nothing.
 *
 * @return LF_OK or LF_DATA
 */
LF_API LF_MUST_CHECK lf_status lf_l3_reduce(lf_l3 *l3, uint64_t order_id, int64_t lots);

/**
 * An order goes whole. Unknown ones are counted.
 *
 * @return LF_OK or LF_DATA
 */
LF_API LF_MUST_CHECK lf_status lf_l3_remove(lf_l3 *l3, uint64_t order_id);

/**
 * An order gets a new price or size. It keeps its place in the queue when only its size falls; else
 * it goes to the end. An unknown order is counted and added; a size of 0 is counted and removes it.
 *
 * @return as lf_l3_add()
 */
LF_API LF_MUST_CHECK lf_status
lf_l3_modify(lf_l3 *l3, uint32_t book, uint64_t order_id, int side, int64_t price, int64_t lots);

/** Take all orders out of one book. */
LF_API void lf_l3_clear(lf_l3 *l3, uint32_t book);

/** Best levels of a side (+1 bid, -1 ask) of a book; borrowed, true until the next change. */
LF_API const lf_l3_side *lf_l3_best(const lf_l3 *l3, uint32_t book, int side);

/** Levels of a side of a book, all of them. */
LF_API size_t lf_l3_level_count(const lf_l3 *l3, uint32_t book, int side);

/** Orders in one book. */
LF_API size_t lf_l3_order_count(const lf_l3 *l3, uint32_t book);

/** Lots and orders at a price of a book; zeros where there are none. */
LF_API void lf_l3_at(
    const lf_l3 *l3, uint32_t book, int side, int64_t price, int64_t *out_lots, size_t *out_orders
);

/** Look an order up; false when there is none of this id. */
LF_API bool lf_l3_find(const lf_l3 *l3, uint64_t order_id, lf_l3_order *out);

/** The id of the order that is first in the queue at a price; false when there is none. */
LF_API bool
lf_l3_first(const lf_l3 *l3, uint32_t book, int side, int64_t price, uint64_t *out_order_id);

/**
 * What stands before an order in the queue at its price; false when there is none of this id.
 *
 * Cost: a step for each order ahead.
 */
LF_API bool lf_l3_ahead(const lf_l3 *l3, uint64_t order_id, int64_t *out_lots, size_t *out_orders);

/**
 * The id of the order that stands right before another in its queue; false when that one is the
 * first or is not there.
 */
LF_API bool lf_l3_before(const lf_l3 *l3, uint64_t order_id, uint64_t *out_order_id);

/** Is told of an order; anything but LF_OK ends the visit. */
typedef lf_status (*lf_l3_visit)(void *context, uint64_t order_id, const lf_l3_order *order);

/**
 * Visit all orders of a book: bids, then asks, best prices first, each queue from its front. Added
 * in this order to an empty book they make the same book.
 *
 * @param visit  must not change the books
 * @return LF_OK, or what visit returned
 */
LF_API LF_MUST_CHECK lf_status
lf_l3_each(const lf_l3 *l3, uint32_t book, lf_l3_visit visit, void *context);

/** How many messages ahead the steps of lf_l3_prefetch() are worth their while. */
#define LF_L3_LOOK_TABLE 24
#define LF_L3_LOOK_ORDER 16
#define LF_L3_LOOK_QUEUE 8

/** Steps of lf_l3_prefetch(), each of which needs what the one before it brought near. */
typedef enum lf_l3_step {
    LF_L3_STEP_TABLE = 0, /* where the id stands; nothing to do where ids grow */
    LF_L3_STEP_ORDER = 1, /* the order */
    LF_L3_STEP_QUEUE = 2, /* its neighbours and its level */
} lf_l3_step;

/**
 * Bring the memory of an order near that a message some places ahead is about; changes nothing.
 *
 * A replay that calls the three steps 24, 16 and 8 messages ahead hides most cache misses.
 */
LF_API void lf_l3_prefetch(const lf_l3 *l3, uint64_t order_id, lf_l3_step step);

/** How many messages ahead of the one that is applied lf_l3_look() is to be. */
#define LF_L3_AHEAD 32

/** A message ahead. What is not true of it does no harm. */
typedef struct lf_l3_coming {
    uint64_t order_id; /* of the order that is there, or comes */
    int64_t price;     /* that an order comes or goes to; LF_L3_BID_NONE: to none */
    uint32_t book;     /* of an order that comes new; below options.book_count */
    int8_t side;       /* of an order that comes new: +1 or -1; 0: one that is there */
} lf_l3_coming;

/** What was seen of the messages ahead of one set of books. Zero is nothing. */
typedef struct lf_l3_scout {
    struct lf_l3_seen {
        uint64_t order_id;
        int64_t price;
        uint32_t side, hash, level;
    } fresh[LF_L3_AHEAD / 2], old[LF_L3_AHEAD / 2];
    size_t fresh_count, old_count;
} lf_l3_scout;

/**
 * See one message more, and bring near, step by step, what it and those seen before it will touch;
 * changes no book.
 *
 * lf_l3_prefetch() in one, and more: with many books whose ids grow also the side and the price
 * that an order comes to. A replay calls it LF_L3_AHEAD times and then once before each message, of
 * that many messages later.
 *
 * Cost: 5 to 20 ns where everything is near.
 */
LF_API void lf_l3_look(const lf_l3 *l3, lf_l3_scout *scout, const lf_l3_coming *coming);

/** Counts so far, borrowed until the next change. */
LF_API const lf_l3_stats *lf_l3_stats_of(const lf_l3 *l3);

#ifdef __cplusplus
}
#endif

#endif
