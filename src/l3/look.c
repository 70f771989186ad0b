/* Looking ahead in a replay: what messages will touch is brought near, step by step. */
#include "l3_internal.h"

/* Messages of one kind from one step of a message to its next: half of all are of each. */
#define STEP_MESSAGES (LF_L3_AHEAD / 8)
#define KEPT (LF_L3_AHEAD / 2)
/* Places of the table that are tried. */
#define PROBES 2
/* With fewer levels than this all of them stay in the cache. */
#define LEVELS_MANY 4096

typedef struct lf_l3_seen seen;

/* gcc drops calls of functions that do no more than this, because they have no result. */
#define INLINE static inline __attribute__((always_inline))

INLINE void near(const void *memory)
{
    __builtin_prefetch(memory, 1);
}

/* An order of a queue, if there is one; else another one. */
INLINE void near_order(const lfi_orders *orders, uint32_t slot, const lfi_order *other)
{
    const lfi_order *const page = orders->pages[slot >> LFI_PAGE_BITS];
    const uint64_t address = (uint64_t)(uintptr_t)page + (slot & LFI_PAGE_MASK) * sizeof *page;
    near(slot != LFI_NONE ? (const void *)(uintptr_t)address : other);
}

static int64_t key_of(uint32_t side, int64_t price)
{
    return side % 2 == 0 ? price : -price;
}

INLINE void near_place(const lfi_levels *levels, uint32_t hash)
{
    near(&levels->places[hash & levels->place_mask]);
}

/* The level that the table has near the place of a hash, or LFI_NONE. */
INLINE uint32_t level_at(const lfi_levels *levels, uint32_t hash)
{
    uint32_t level = LFI_NONE;
    for (uint32_t i = PROBES; i-- > 0;) {
        const lfi_place place = levels->places[(hash + i) & levels->place_mask];
        level = place.hash == hash ? place.level : level;
    }
    return level;
}

/* The ten best, when a key is one of them; the best prices, when its level comes or goes. */
INLINE void near_best(const lfi_side *side, int64_t key, bool is_change)
{
    const char *const line = (const char *)side;
    const bool is_best = key >= side->last_key;
    near(line + (is_best ? 64 : 0));
    near(line + (is_best ? 128 : 0));
    near(line + (is_best ? 192 : 0));
    if (is_change && side->count > 0) {
        near(&side->keys[side->count - 1]);
        near(&side->keys[side->count / 2]);
        near(&side->keys[side->count / 4 * 3]);
    }
}

/* ---- orders that come new --------------------------------------------------------------- */

static void look_new(const lf_l3 *l3, seen all[KEPT], size_t now, const lf_l3_coming *coming)
{
    const lfi_levels *const levels = &l3->levels;
    const lfi_order *const order = lfi_order_grown(&l3->orders, coming->order_id);
    assert(coming->book < l3->book_count);
    seen *s = &all[now % KEPT];
    s->side = 2 * coming->book + (coming->side < 0);
    s->price = key_of(s->side, coming->price);
    s->hash = lfi_level_hash(s->side, s->price);
    near_place(levels, s->hash);
    near(&l3->sides[s->side]);
    if (order != NULL) {
        near(order);
    }
    s = &all[(now - STEP_MESSAGES) % KEPT];
    s->level = level_at(levels, s->hash);
    near(&levels->all[s->level]);
    s = &all[(now - 2 * STEP_MESSAGES) % KEPT];
    near_order(&l3->orders, levels->all[s->level].tail, order);
    s = &all[(now - 3 * STEP_MESSAGES) % KEPT];
    near_best(&l3->sides[s->side], s->price, s->level == LFI_NONE);
}

/* ---- orders that are there -------------------------------------------------------------- */

/* The level of an order and its neighbours. */
INLINE uint32_t near_queue(const lf_l3 *l3, uint64_t order_id)
{
    const lfi_order *const order = lfi_order_grown(&l3->orders, order_id);
    if (order == NULL || order->level == LFI_NONE) {
        return LFI_NONE;
    }
    near(&l3->levels.all[order->level]);
    near_order(&l3->orders, order->prev, order);
    near_order(&l3->orders, order->next, order);
    return order->level;
}

static void look_old(const lf_l3 *l3, seen all[KEPT], size_t now, const lf_l3_coming *coming)
{
    const lfi_levels *const levels = &l3->levels;
    const lfi_order *const order = lfi_order_grown(&l3->orders, coming->order_id);
    seen *s = &all[now % KEPT];
    s->order_id = coming->order_id;
    s->price = coming->price;
    if (order != NULL) {
        near(order);
    }
    s = &all[(now - STEP_MESSAGES) % KEPT];
    s->level = near_queue(l3, s->order_id);
    s = &all[(now - 2 * STEP_MESSAGES) % KEPT];
    const lfi_level *level = &levels->all[s->level];
    /* A level may have gone since; what it says then is no side. */
    s->side = level->side < 2 * l3->book_count ? level->side : 0;
    near(&l3->sides[s->side]);
    const bool is_moved = s->price != LF_L3_BID_NONE;
    if (level->count == 1 || is_moved) {
        const int64_t key = is_moved ? key_of(s->side, s->price) : level->key;
        s->hash = lfi_level_hash(s->side, key);
        near_place(levels, s->hash);
    }
    s = &all[(now - 3 * STEP_MESSAGES) % KEPT];
    level = &levels->all[s->level];
    near_best(&l3->sides[s->side], level->key, level->count == 1);
    if (s->price != LF_L3_BID_NONE) {
        near(&levels->all[level_at(levels, s->hash)]);
    }
}

/* Only orders, as with few levels everything else is near anyway. */
static void look_at_order(const lf_l3 *l3, lf_l3_scout *scout, uint64_t order_id)
{
    seen *const all = scout->old;
    const size_t now = scout->old_count++;
    all[now % KEPT].order_id = order_id;
    if (l3->orders.is_growing) {
        const lfi_order *const order = lfi_order_grown(&l3->orders, order_id);
        if (order != NULL) {
            near(order);
        }
        (void)near_queue(l3, all[(now - KEPT / 2) % KEPT].order_id);
    } else {
        lf_l3_prefetch(l3, order_id, LF_L3_STEP_TABLE);
        lf_l3_prefetch(l3, all[(now - KEPT / 2) % KEPT].order_id, LF_L3_STEP_ORDER);
        lf_l3_prefetch(l3, all[(now + 1) % KEPT].order_id, LF_L3_STEP_QUEUE);
    }
}

void lf_l3_look(const lf_l3 *l3, lf_l3_scout *scout, const lf_l3_coming *coming)
{
    if (l3->levels.live < LEVELS_MANY || !l3->orders.is_growing) {
        look_at_order(l3, scout, coming->order_id);
    } else if (coming->side != 0) {
        look_new(l3, scout->fresh, scout->fresh_count++, coming);
    } else {
        look_old(l3, scout->old, scout->old_count++, coming);
    }
}
