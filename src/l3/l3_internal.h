/* What the files of the l3 module share: orders, the table of their ids, levels. */
#ifndef LOBFLOW_L3_INTERNAL_H
#define LOBFLOW_L3_INTERNAL_H

#include <lobflow/l3.h>

#include <assert.h>

/* Slots and level numbers begin at 1; 0 is none. */
#define LFI_NONE UINT32_C(0)

/* A resting order: four to a cache line. */
typedef struct lfi_order {
    uint32_t lots;
    uint32_t level; /* LFI_NONE: the slot is free */
    uint32_t prev;  /* towards the front of the queue */
    uint32_t next;
} lfi_order;

static_assert(sizeof(lfi_order) == 16, "four orders to a cache line");

/* All orders at one price of one side of one book: two to a cache line. */
typedef struct lfi_level {
    int64_t key; /* price, negated for asks: higher is better */
    int64_t lots;
    uint32_t count, head, tail;
    uint32_t side; /* 2 * book + (1 for asks); free levels: the next free one */
} lfi_level;

static_assert(sizeof(lfi_level) == 32, "two levels to a cache line");

/* Orders of a page; a page is 512 KiB. */
#define LFI_PAGE_BITS 15
#define LFI_PAGE_ORDERS (UINT32_C(1) << LFI_PAGE_BITS)
#define LFI_PAGE_MASK (LFI_PAGE_ORDERS - 1)

/* An entry of the hash table. */
typedef struct lfi_entry {
    uint64_t id;
    uint32_t slot; /* LFI_NONE: free */
    uint32_t reserved;
} lfi_entry;

/* Orders and the way from an id to its slot. */
typedef struct lfi_orders {
    const lf_allocator *allocator;
    lfi_order **pages;   /* [page_capacity]; NULL where no order lives */
    uint64_t **ids;      /* [page_capacity] pages of ids; any ids only */
    uint32_t *page_live; /* [page_capacity], growing ids only: live orders of a page */
    size_t page_capacity;
    lfi_order *spare; /* a page kept for the next need */
    bool is_growing, has_base;
    uint64_t live;
    /* Growing ids: slot = id - base. */
    uint64_t base;
    /* Any ids: slots in use or in the free list, and the table [table_mask + 1]. */
    uint32_t slot_count, free_slot;
    lfi_entry *table;
    uint64_t table_mask;
} lfi_orders;

static inline lfi_order *lfi_order_at(const lfi_orders *orders, uint32_t slot)
{
    return &orders->pages[slot >> LFI_PAGE_BITS][slot & LFI_PAGE_MASK];
}

/* The place of an order with a growing id, which may be empty; NULL without a page. */
static inline __attribute__((always_inline)) const lfi_order *
lfi_order_grown(const lfi_orders *orders, uint64_t id)
{
    const uint64_t slot = id - orders->base;
    const uint64_t page = slot >> LFI_PAGE_BITS;
    return page < orders->page_capacity && orders->pages[page] != NULL
               ? &orders->pages[page][slot & LFI_PAGE_MASK]
               : NULL;
}

/* Mixes all bits of an id into the high ones. */
static inline uint64_t lfi_mix(uint64_t id)
{
    id = (id ^ (id >> 32)) * UINT64_C(0x9E3779B97F4A7C15);
    return id ^ (id >> 29);
}

/* The id that lives in a slot. */
static inline uint64_t lfi_order_id(const lfi_orders *orders, uint32_t slot)
{
    return orders->is_growing ? orders->base + slot
                              : orders->ids[slot >> LFI_PAGE_BITS][slot & LFI_PAGE_MASK];
}

lf_status
lfi_orders_start(lfi_orders *orders, const lf_allocator *allocator, lf_l3_ids ids, size_t capacity);
void lfi_orders_end(lfi_orders *orders);
/* Slot of an id, or LFI_NONE. */
uint32_t lfi_orders_find(const lfi_orders *orders, uint64_t id);
/* A slot for an id that is not there. LF_OK, LF_NOMEM or LF_RANGE. */
lf_status lfi_orders_take(lfi_orders *orders, uint64_t id, uint32_t *out);
/* Give the slot of an id back; its order must be out of its queue. */
void lfi_orders_give(lfi_orders *orders, uint64_t id, uint32_t slot);
/* Give back the slots of all orders whose level counts none. */
void lfi_orders_sweep(lfi_orders *orders, const lfi_level *levels);

/* One side of a book: four cache lines, of which a change behind the ten best needs the first. */
typedef struct lfi_side {
    int64_t last_key; /* of the worst of the ten best levels; INT64_MIN: there are fewer */
    int64_t *keys;    /* [capacity] of all levels, from the worst to the best */
    size_t order_count;
    uint32_t count, capacity;
    lf_l3_side best;
    uint64_t unused[3];
} lfi_side;

static_assert(sizeof(lfi_side) == 256, "four cache lines");

/* An entry of the table of levels. */
typedef struct lfi_place {
    uint32_t hash;  /* of side and key */
    uint32_t level; /* LFI_NONE: free */
} lfi_place;

/* All levels, and the way from a price to its level. */
typedef struct lfi_levels {
    lfi_level *all; /* [capacity]; 0 is unused */
    size_t capacity;
    uint32_t count, free_level; /* numbers in use or in the free list, and that list */
    lfi_place *places;          /* [place_mask + 1], at most half full */
    uint64_t place_mask;
    uint64_t live;
} lfi_levels;

struct lf_l3 {
    lf_allocator memory;
    const lf_allocator *allocator;
    lfi_orders orders;
    lfi_levels levels;
    lfi_side *sides; /* [2 * book_count] */
    uint32_t book_count;
    lf_l3_stats stats;
};

/* What a side and a key are in the table of levels. */
static inline uint32_t lfi_level_hash(uint32_t side, int64_t key)
{
    return (uint32_t)(lfi_mix((uint64_t)key + side * UINT64_C(0xC2B2AE3D27D4EB4F)) >> 32);
}

/* Prepare an empty side. */
void lfi_side_start(lfi_side *side, bool is_ask);
/* Make a side that has levels an empty one. */
void lfi_side_clear(lf_l3 *l3, uint32_t side);
/* Make the table of levels. LF_OK or LF_NOMEM. */
lf_status lfi_levels_start(lfi_levels *levels, const lf_allocator *allocator);
void lfi_levels_end(lfi_levels *levels, const lf_allocator *allocator);
/* Level at a key, made when it is missing; LFI_NONE when there is no memory for it. */
uint32_t lfi_level_take(lf_l3 *l3, uint32_t side, int64_t key);
/* Level at a key, or LFI_NONE. */
uint32_t lfi_level_find(const lf_l3 *l3, uint32_t side, int64_t key);
/* After a level's lots or count changed: show it; an empty one goes. */
void lfi_level_changed(lf_l3 *l3, uint32_t level);

#endif
