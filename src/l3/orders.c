/* Memory of orders, and the way from an id to its order: by place, or through a hash table. */
#include "l3_internal.h"

#include <string.h>

#define SLOT_MAX UINT32_MAX
/* Ids that may come below a first one that is large, when ids grow. Below others all may: who joins
   a day late sees old orders come back, as those of a halted stock do. */
#define SLACK (UINT64_C(1) << 16)
#define LARGE (SLOT_MAX / 2)

/* ---- pages ------------------------------------------------------------------------------ */

/* Make an array of the directory reach a page number; new entries are zero. */
static lf_status
reach_one(lfi_orders *orders, void **array, size_t page, size_t item_bytes, size_t *capacity)
{
    const size_t old = orders->page_capacity;
    *capacity = old;
    const lf_status status = lf_grow(orders->allocator, array, capacity, page + 1, item_bytes);
    if (status == LF_OK) {
        memset((char *)*array + old * item_bytes, 0, (*capacity - old) * item_bytes);
    }
    return status;
}

/* Make room for a page number in the directory. */
static lf_status reach(lfi_orders *orders, size_t page)
{
    size_t capacity = orders->page_capacity;
    if (page < capacity) {
        return LF_OK;
    }
    void *live = orders->page_live, *pages = orders->pages, *ids = orders->ids;
    lf_status status = reach_one(orders, &live, page, sizeof(uint32_t), &capacity);
    orders->page_live = live;
    if (status == LF_OK) {
        status = reach_one(orders, &pages, page, sizeof(lfi_order *), &capacity);
        orders->pages = pages;
    }
    if (status == LF_OK && !orders->is_growing) {
        status = reach_one(orders, &ids, page, sizeof(uint64_t *), &capacity);
        orders->ids = ids;
    }
    orders->page_capacity = status == LF_OK ? capacity : orders->page_capacity;
    return status;
}

static lf_status add_page(lfi_orders *orders, size_t page)
{
    const lf_status status = reach(orders, page);
    if (status != LF_OK || orders->pages[page] != NULL) {
        return status;
    }
    if (!orders->is_growing && orders->ids[page] == NULL) {
        orders->ids[page] = lf_allocate(orders->allocator, LFI_PAGE_ORDERS, sizeof(uint64_t));
        if (orders->ids[page] == NULL) {
            return LF_NOMEM;
        }
    }
    orders->pages[page] = orders->spare != NULL
                              ? orders->spare
                              : lf_allocate(orders->allocator, LFI_PAGE_ORDERS, sizeof(lfi_order));
    orders->spare = NULL;
    return orders->pages[page] != NULL ? LF_OK : LF_NOMEM;
}

static void drop_page(lfi_orders *orders, size_t page)
{
    if (orders->spare == NULL) {
        orders->spare = orders->pages[page]; /* its slots are all free, that is what a page needs */
    } else {
        lf_release(orders->allocator, orders->pages[page]);
    }
    orders->pages[page] = NULL;
}

/* ---- growing ids ------------------------------------------------------------------------ */

static uint32_t slot_of(const lfi_orders *orders, uint64_t id)
{
    const uint64_t slot = id - orders->base; /* wraps to a huge number below the base */
    const uint64_t page = slot >> LFI_PAGE_BITS;
    if (slot > SLOT_MAX || page >= orders->page_capacity || orders->pages[page] == NULL) {
        return LFI_NONE;
    }
    return lfi_order_at(orders, (uint32_t)slot)->level != LFI_NONE ? (uint32_t)slot : LFI_NONE;
}

static lf_status take_place(lfi_orders *orders, uint64_t id, uint32_t *out)
{
    uint64_t slot = id - orders->base;
    if (orders->live == 0 && (!orders->has_base || slot == 0 || slot > SLOT_MAX)) {
        /* Slot 0 is none, so an id is at least one above the base. */
        orders->base = id > LARGE ? id - SLACK : UINT64_MAX; /* -1: id 0 has slot 1 */
        orders->has_base = true;
        slot = id - orders->base;
    }
    if (slot == 0 || slot > SLOT_MAX) {
        return LF_RANGE;
    }
    const size_t page = slot >> LFI_PAGE_BITS;
    const lf_status status = add_page(orders, page);
    if (status == LF_OK) {
        orders->page_live[page]++;
        *out = (uint32_t)slot;
    }
    return status;
}

/* ---- any ids ---------------------------------------------------------------------------- */

static uint64_t find_entry(const lfi_orders *orders, uint64_t id)
{
    uint64_t at = lfi_mix(id) & orders->table_mask;
    while (orders->table[at].slot != LFI_NONE && orders->table[at].id != id) {
        at = (at + 1) & orders->table_mask;
    }
    return at;
}

/* Close the gap at an entry by moving up those behind it that may stand there. */
static void remove_entry(lfi_orders *orders, uint64_t gap)
{
    lfi_entry *const table = orders->table;
    const uint64_t mask = orders->table_mask;
    for (uint64_t at = (gap + 1) & mask; table[at].slot != LFI_NONE; at = (at + 1) & mask) {
        const uint64_t home = lfi_mix(table[at].id) & mask;
        if (((at - home) & mask) >= ((at - gap) & mask)) {
            table[gap] = table[at];
            gap = at;
        }
    }
    table[gap].slot = LFI_NONE;
}

static lf_status grow_table(lfi_orders *orders, uint64_t entries)
{
    lfi_entry *const old = orders->table;
    const uint64_t old_count = old != NULL ? orders->table_mask + 1 : 0;
    lfi_entry *const table = lf_allocate(orders->allocator, entries, sizeof *table);
    if (table == NULL) {
        return LF_NOMEM;
    }
    orders->table = table;
    orders->table_mask = entries - 1;
    for (uint64_t i = 0; i < old_count; i++) {
        if (old[i].slot != LFI_NONE) {
            table[find_entry(orders, old[i].id)] = old[i];
        }
    }
    lf_release(orders->allocator, old);
    return LF_OK;
}

static lf_status take_slot(lfi_orders *orders, uint64_t id, uint32_t *out)
{
    lf_status status = LF_OK;
    if (2 * (orders->live + 1) > orders->table_mask + 1) { /* at most half full */
        status = grow_table(orders, 2 * (orders->table_mask + 1));
    }
    if (status == LF_OK && orders->free_slot == LFI_NONE) {
        if (orders->slot_count == SLOT_MAX) {
            return LF_RANGE;
        }
        status = add_page(orders, (orders->slot_count + 1) >> LFI_PAGE_BITS);
    }
    if (status != LF_OK) {
        return status;
    }
    uint32_t slot = orders->free_slot;
    if (slot != LFI_NONE) {
        orders->free_slot = lfi_order_at(orders, slot)->next;
    } else {
        slot = ++orders->slot_count;
    }
    orders->table[find_entry(orders, id)] = (lfi_entry){.id = id, .slot = slot};
    orders->ids[slot >> LFI_PAGE_BITS][slot & LFI_PAGE_MASK] = id;
    *out = slot;
    return LF_OK;
}

static void free_slot(lfi_orders *orders, uint32_t slot)
{
    lfi_order *const order = lfi_order_at(orders, slot);
    order->level = LFI_NONE;
    order->next = orders->free_slot;
    orders->free_slot = slot;
    orders->live--;
}

/* ---- both ------------------------------------------------------------------------------- */

lf_status
lfi_orders_start(lfi_orders *orders, const lf_allocator *allocator, lf_l3_ids ids, size_t capacity)
{
    orders->allocator = allocator;
    orders->is_growing = ids == LF_L3_IDS_GROWING;
    if (orders->is_growing) {
        return reach(orders, capacity >> LFI_PAGE_BITS);
    }
    uint64_t entries = 64;
    while (entries < 2 * (uint64_t)capacity) {
        entries *= 2;
    }
    lf_status status = grow_table(orders, entries);
    for (size_t page = 0; status == LF_OK && page <= capacity >> LFI_PAGE_BITS; page++) {
        status = add_page(orders, page);
    }
    return status;
}

void lfi_orders_end(lfi_orders *orders)
{
    for (size_t i = 0; i < orders->page_capacity; i++) {
        lf_release(orders->allocator, orders->pages[i]);
        if (orders->ids != NULL) {
            lf_release(orders->allocator, orders->ids[i]);
        }
    }
    lf_release(orders->allocator, orders->ids);
    lf_release(orders->allocator, orders->spare);
    lf_release(orders->allocator, orders->pages);
    lf_release(orders->allocator, orders->page_live);
    lf_release(orders->allocator, orders->table);
}

uint32_t lfi_orders_find(const lfi_orders *orders, uint64_t id)
{
    return orders->is_growing ? slot_of(orders, id) : orders->table[find_entry(orders, id)].slot;
}

lf_status lfi_orders_take(lfi_orders *orders, uint64_t id, uint32_t *out)
{
    const lf_status status =
        orders->is_growing ? take_place(orders, id, out) : take_slot(orders, id, out);
    orders->live += status == LF_OK;
    return status;
}

static void give_place(lfi_orders *orders, uint32_t slot)
{
    const size_t page = slot >> LFI_PAGE_BITS;
    lfi_order_at(orders, slot)->level = LFI_NONE;
    orders->live--;
    if (--orders->page_live[page] == 0) {
        drop_page(orders, page);
    }
}

void lfi_orders_give(lfi_orders *orders, uint64_t id, uint32_t slot)
{
    if (orders->is_growing) {
        give_place(orders, slot);
    } else {
        remove_entry(orders, find_entry(orders, id));
        free_slot(orders, slot);
    }
}

void lfi_orders_sweep(lfi_orders *orders, const lfi_level *levels)
{
    for (size_t page = 0; orders->is_growing && page < orders->page_capacity; page++) {
        for (uint32_t i = 0; i < LFI_PAGE_ORDERS && orders->pages[page] != NULL; i++) {
            const uint32_t level = orders->pages[page][i].level;
            if (level != LFI_NONE && levels[level].count == 0) {
                give_place(orders, (uint32_t)(page << LFI_PAGE_BITS) + i);
            }
        }
    }
    /* A removed entry draws others into its place, from the table's beginning at its end. */
    bool is_again = !orders->is_growing;
    while (is_again) {
        is_again = false;
        for (uint64_t at = 0; at <= orders->table_mask; at++) {
            const uint32_t slot = orders->table[at].slot;
            if (slot != LFI_NONE && levels[lfi_order_at(orders, slot)->level].count == 0) {
                remove_entry(orders, at--);
                free_slot(orders, slot);
                is_again = true;
            }
        }
    }
}
