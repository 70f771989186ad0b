/* Messages of single orders applied to books: queues at each price, and what contradicts them. */
#include "l3_internal.h"

#include <assert.h>
#include <string.h>

#define BOOKS_MAX (UINT32_C(1) << 30)
#define ORDERS_DEFAULT 4096

/* ---- life ------------------------------------------------------------------------------- */

void lf_l3_destroy(lf_l3 *l3)
{
    if (l3 == NULL) {
        return;
    }
    const lf_allocator memory = l3->memory;
    const lf_allocator *const allocator = l3->allocator != NULL ? &memory : NULL;
    for (uint32_t i = 0; l3->sides != NULL && i < 2 * l3->book_count; i++) {
        lf_release(allocator, l3->sides[i].keys);
    }
    lfi_orders_end(&l3->orders);
    lfi_levels_end(&l3->levels, allocator);
    lf_release(allocator, l3->sides);
    lf_release(allocator, l3);
}

lf_status lf_l3_create(const lf_l3_options *options, lf_l3 **out, lf_error *error)
{
    static const lf_l3_options defaults;
    const lf_l3_options *const o = options != NULL ? options : &defaults;
    const uint32_t book_count = o->book_count != 0 ? o->book_count : 1;
    *out = NULL;
    if (book_count > BOOKS_MAX) {
        return lf_error_set(error, LF_RANGE, "at most 2^30 books fit into one set");
    }
    lf_l3 *const l3 = lf_allocate(o->allocator, 1, sizeof *l3);
    if (l3 == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory for books");
    }
    if (o->allocator != NULL) {
        l3->memory = *o->allocator;
        l3->allocator = &l3->memory;
    }
    l3->book_count = book_count;
    l3->sides = lf_allocate(l3->allocator, 2 * (size_t)book_count, sizeof *l3->sides);
    const size_t capacity = o->order_capacity != 0 ? o->order_capacity : ORDERS_DEFAULT;
    if (l3->sides == NULL || lfi_levels_start(&l3->levels, l3->allocator) != LF_OK ||
        lfi_orders_start(&l3->orders, l3->allocator, o->ids, capacity) != LF_OK) {
        lf_l3_destroy(l3);
        return lf_error_set(error, LF_NOMEM, "no memory for books");
    }
    for (uint32_t i = 0; i < 2 * book_count; i++) {
        lfi_side_start(&l3->sides[i], i % 2 != 0);
    }
    *out = l3;
    return LF_OK;
}

/* ---- queues ----------------------------------------------------------------------------- */

/* Take an order out of its queue; the slot stays. */
static void unlink_order(lf_l3 *l3, const lfi_order *order)
{
    lfi_level *const level = &l3->levels.all[order->level];
    if (order->prev != LFI_NONE) {
        lfi_order_at(&l3->orders, order->prev)->next = order->next;
    } else {
        level->head = order->next;
    }
    if (order->next != LFI_NONE) {
        lfi_order_at(&l3->orders, order->next)->prev = order->prev;
    } else {
        level->tail = order->prev;
    }
    level->lots -= order->lots;
    level->count--;
    l3->sides[level->side].order_count--;
    lfi_level_changed(l3, order->level);
}

/* Put an order at the end of a queue. */
static void link_order(lf_l3 *l3, uint32_t slot, uint32_t level_number, uint32_t lots)
{
    lfi_level *const level = &l3->levels.all[level_number];
    *lfi_order_at(&l3->orders, slot) =
        (lfi_order){.lots = lots, .level = level_number, .prev = level->tail};
    if (level->tail != LFI_NONE) {
        lfi_order_at(&l3->orders, level->tail)->next = slot;
    } else {
        level->head = slot;
    }
    level->tail = slot;
    level->lots += lots;
    level->count++;
    l3->sides[level->side].order_count++;
    lfi_level_changed(l3, level_number);
}

static void remove_order(lf_l3 *l3, uint64_t id, uint32_t slot)
{
    unlink_order(l3, lfi_order_at(&l3->orders, slot));
    lfi_orders_give(&l3->orders, id, slot);
    l3->stats.order_count--;
}

static uint32_t side_number(const lf_l3 *l3, uint32_t book, int side)
{
    assert(book < l3->book_count);
    assert(side == 1 || side == -1);
    (void)l3;
    return 2 * book + (side < 0);
}

static int64_t key_of(int side, int64_t price)
{
    assert(price > INT64_MIN && price < INT64_MAX);
    return side > 0 ? price : -price;
}

/* A level that was made for an order which then did not come. */
static void drop_if_empty(lf_l3 *l3, uint32_t level)
{
    if (l3->levels.all[level].count == 0) {
        lfi_level_changed(l3, level);
    }
}

static lf_status insert_order(lf_l3 *l3, uint32_t side, uint64_t id, int64_t key, uint32_t lots)
{
    uint32_t slot;
    const uint32_t level = lfi_level_take(l3, side, key);
    if (level == LFI_NONE) {
        return LF_NOMEM;
    }
    const lf_status status = lfi_orders_take(&l3->orders, id, &slot);
    if (status != LF_OK) {
        drop_if_empty(l3, level);
        return status;
    }
    link_order(l3, slot, level, lots);
    lf_l3_stats *const stats = &l3->stats;
    stats->order_count++;
    if (stats->order_count > stats->order_count_max) {
        stats->order_count_max = stats->order_count;
    }
    return LF_OK;
}

/* ---- messages --------------------------------------------------------------------------- */

lf_status
lf_l3_add(lf_l3 *l3, uint32_t book, uint64_t order_id, int side, int64_t price, int64_t lots)
{
    const uint32_t number = side_number(l3, book, side);
    const int64_t key = key_of(side, price);
    if (lots < 0 || lots > UINT32_MAX) {
        return LF_RANGE;
    }
    l3->stats.message_count++;
    if (lots == 0) {
        l3->stats.empty_count++;
        return LF_DATA;
    }
    const uint32_t known = lfi_orders_find(&l3->orders, order_id);
    if (known != LFI_NONE) {
        l3->stats.duplicate_count++;
        remove_order(l3, order_id, known);
    }
    const lf_status status = insert_order(l3, number, order_id, key, (uint32_t)lots);
    return status == LF_OK && known != LFI_NONE ? LF_DATA : status;
}

lf_status lf_l3_reduce(lf_l3 *l3, uint64_t order_id, int64_t lots)
{
    const uint32_t slot = lfi_orders_find(&l3->orders, order_id);
    l3->stats.message_count++;
    if (slot == LFI_NONE) {
        l3->stats.unknown_count++;
        return LF_DATA;
    }
    if (lots <= 0) {
        l3->stats.empty_count++;
        return LF_DATA;
    }
    lfi_order *const order = lfi_order_at(&l3->orders, slot);
    if (lots >= order->lots) {
        const bool is_more = lots > order->lots;
        l3->stats.overfill_count += is_more;
        remove_order(l3, order_id, slot);
        return is_more ? LF_DATA : LF_OK;
    }
    order->lots -= (uint32_t)lots;
    l3->levels.all[order->level].lots -= lots;
    lfi_level_changed(l3, order->level);
    return LF_OK;
}

lf_status lf_l3_remove(lf_l3 *l3, uint64_t order_id)
{
    const uint32_t slot = lfi_orders_find(&l3->orders, order_id);
    l3->stats.message_count++;
    if (slot == LFI_NONE) {
        l3->stats.unknown_count++;
        return LF_DATA;
    }
    remove_order(l3, order_id, slot);
    return LF_OK;
}

lf_status
lf_l3_modify(lf_l3 *l3, uint32_t book, uint64_t order_id, int side, int64_t price, int64_t lots)
{
    const uint32_t number = side_number(l3, book, side);
    const int64_t key = key_of(side, price);
    if (lots < 0 || lots > UINT32_MAX) {
        return LF_RANGE;
    }
    const uint32_t slot = lfi_orders_find(&l3->orders, order_id);
    l3->stats.message_count++;
    l3->stats.unknown_count += slot == LFI_NONE;
    l3->stats.empty_count += lots == 0;
    if (lots == 0) {
        if (slot != LFI_NONE) {
            remove_order(l3, order_id, slot);
        }
        return LF_DATA;
    }
    if (slot == LFI_NONE) {
        const lf_status status = insert_order(l3, number, order_id, key, (uint32_t)lots);
        return status == LF_OK ? LF_DATA : status;
    }
    lfi_order *const order = lfi_order_at(&l3->orders, slot);
    const lfi_level *const level = &l3->levels.all[order->level];
    if (level->side == number && level->key == key && lots <= order->lots) {
        l3->levels.all[order->level].lots -= order->lots - lots;
        order->lots = (uint32_t)lots;
        lfi_level_changed(l3, order->level);
        return LF_OK;
    }
    const uint32_t to = lfi_level_take(l3, number, key); /* first: nothing is done without memory */
    if (to == LFI_NONE) {
        return LF_NOMEM;
    }
    if (to == order->level && l3->levels.all[to].count == 1) {
        /* Alone at its price: taking it out would end the level. */
        l3->levels.all[to].lots += lots - order->lots;
        order->lots = (uint32_t)lots;
        lfi_level_changed(l3, to);
        return LF_OK;
    }
    unlink_order(l3, order);
    link_order(l3, slot, to, (uint32_t)lots);
    return LF_OK;
}

void lf_l3_clear(lf_l3 *l3, uint32_t book)
{
    assert(book < l3->book_count);
    for (uint32_t number = 2 * book; number < 2 * book + 2; number++) {
        const lfi_side *const side = &l3->sides[number];
        l3->stats.order_count -= (int64_t)side->order_count;
        for (uint32_t i = 0; i < side->count; i++) {
            l3->levels.all[lfi_level_find(l3, number, side->keys[i])].count = 0;
        }
    }
    lfi_orders_sweep(&l3->orders, l3->levels.all);
    lfi_side_clear(l3, 2 * book);
    lfi_side_clear(l3, 2 * book + 1);
    l3->stats.message_count++;
}

/* ---- looking ---------------------------------------------------------------------------- */

const lf_l3_side *lf_l3_best(const lf_l3 *l3, uint32_t book, int side)
{
    return &l3->sides[side_number(l3, book, side)].best;
}

size_t lf_l3_level_count(const lf_l3 *l3, uint32_t book, int side)
{
    return l3->sides[side_number(l3, book, side)].count;
}

size_t lf_l3_order_count(const lf_l3 *l3, uint32_t book)
{
    assert(book < l3->book_count);
    return l3->sides[2 * book].order_count + l3->sides[2 * book + 1].order_count;
}

void lf_l3_at(
    const lf_l3 *l3, uint32_t book, int side, int64_t price, int64_t *out_lots, size_t *out_orders
)
{
    const uint32_t level = lfi_level_find(l3, side_number(l3, book, side), key_of(side, price));
    *out_lots = level != LFI_NONE ? l3->levels.all[level].lots : 0;
    *out_orders = level != LFI_NONE ? l3->levels.all[level].count : 0;
}

bool lf_l3_find(const lf_l3 *l3, uint64_t order_id, lf_l3_order *out)
{
    const uint32_t slot = lfi_orders_find(&l3->orders, order_id);
    if (slot == LFI_NONE) {
        return false;
    }
    const lfi_order *const order = lfi_order_at(&l3->orders, slot);
    const lfi_level *const level = &l3->levels.all[order->level];
    const bool is_ask = level->side % 2 != 0;
    *out = (lf_l3_order){
        .price = is_ask ? -level->key : level->key,
        .lots = order->lots,
        .book = level->side / 2,
        .side = is_ask ? -1 : 1,
    };
    return true;
}

bool lf_l3_first(const lf_l3 *l3, uint32_t book, int side, int64_t price, uint64_t *out_order_id)
{
    const uint32_t level = lfi_level_find(l3, side_number(l3, book, side), key_of(side, price));
    if (level == LFI_NONE) {
        return false;
    }
    *out_order_id = lfi_order_id(&l3->orders, l3->levels.all[level].head);
    return true;
}

bool lf_l3_ahead(const lf_l3 *l3, uint64_t order_id, int64_t *out_lots, size_t *out_orders)
{
    const uint32_t slot = lfi_orders_find(&l3->orders, order_id);
    if (slot == LFI_NONE) {
        return false;
    }
    *out_lots = 0;
    *out_orders = 0;
    for (uint32_t at = lfi_order_at(&l3->orders, slot)->prev; at != LFI_NONE;) {
        const lfi_order *const order = lfi_order_at(&l3->orders, at);
        *out_lots += order->lots;
        *out_orders += 1;
        at = order->prev;
    }
    return true;
}

bool lf_l3_before(const lf_l3 *l3, uint64_t order_id, uint64_t *out_order_id)
{
    const uint32_t slot = lfi_orders_find(&l3->orders, order_id);
    const uint32_t prev = slot != LFI_NONE ? lfi_order_at(&l3->orders, slot)->prev : LFI_NONE;
    if (prev == LFI_NONE) {
        return false;
    }
    *out_order_id = lfi_order_id(&l3->orders, prev);
    return true;
}

static lf_status
each_of_level(const lf_l3 *l3, const lfi_level *level, lf_l3_visit visit, void *context)
{
    const bool is_ask = level->side % 2 != 0;
    lf_status status = LF_OK;
    for (uint32_t slot = level->head; slot != LFI_NONE && status == LF_OK;) {
        const lfi_order *const order = lfi_order_at(&l3->orders, slot);
        const lf_l3_order told = {
            .price = is_ask ? -level->key : level->key,
            .lots = order->lots,
            .book = level->side / 2,
            .side = is_ask ? -1 : 1,
        };
        status = visit(context, lfi_order_id(&l3->orders, slot), &told);
        slot = order->next;
    }
    return status;
}

lf_status lf_l3_each(const lf_l3 *l3, uint32_t book, lf_l3_visit visit, void *context)
{
    assert(book < l3->book_count);
    lf_status status = LF_OK;
    for (uint32_t number = 2 * book; number < 2 * book + 2; number++) {
        const lfi_side *const side = &l3->sides[number];
        for (uint32_t i = side->count; i > 0 && status == LF_OK; i--) {
            status = each_of_level(
                l3, &l3->levels.all[lfi_level_find(l3, number, side->keys[i - 1])], visit, context
            );
        }
    }
    return status;
}

void lf_l3_prefetch(const lf_l3 *l3, uint64_t order_id, lf_l3_step step)
{
    const lfi_orders *const orders = &l3->orders;
    if (step == LF_L3_STEP_TABLE) {
        if (!orders->is_growing) {
            __builtin_prefetch(&orders->table[lfi_mix(order_id) & orders->table_mask], 1);
        }
        return;
    }
    const lfi_order *order = NULL;
    if (orders->is_growing) {
        order = lfi_order_grown(orders, order_id);
    } else {
        const uint32_t slot = lfi_orders_find(orders, order_id);
        order = slot != LFI_NONE ? lfi_order_at(orders, slot) : NULL;
    }
    if (order == NULL) {
        return;
    }
    if (step == LF_L3_STEP_ORDER) {
        __builtin_prefetch(order, 1);
    } else if (order->level != LFI_NONE) {
        if (order->prev != LFI_NONE) {
            __builtin_prefetch(lfi_order_at(orders, order->prev), 1);
        }
        if (order->next != LFI_NONE) {
            __builtin_prefetch(lfi_order_at(orders, order->next), 1);
        }
        __builtin_prefetch(&l3->levels.all[order->level], 1);
    }
}

const lf_l3_stats *lf_l3_stats_of(const lf_l3 *l3)
{
    return &l3->stats;
}
