/* Levels of a side, ordered so that the best stands last, and the ten best ready to read. */
#include "l3_internal.h"

#include <string.h>

/* Steps from the best price that are tried one by one before halving. */
#define STEPS 8

void lfi_side_start(lfi_side *side, bool is_ask)
{
    memset(&side->best, 0, sizeof side->best);
    for (int m = 0; m < LF_L3_LEVELS; m++) {
        side->best.prices[m] = is_ask ? LF_L3_ASK_NONE : LF_L3_BID_NONE;
    }
    side->count = 0;
    side->order_count = 0;
}

/* Number of keys below a key: where it stands or belongs. */
static size_t place_of(const lfi_side *side, int64_t key)
{
    const int64_t *const keys = side->keys;
    size_t high = side->count;
    for (int i = 0; i < STEPS; i++) {
        if (high == 0 || keys[high - 1] < key) {
            return high;
        }
        high--;
    }
    size_t low = 0;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (keys[middle] < key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static int64_t price_of(const lfi_level *level)
{
    return level->side % 2 == 0 ? level->key : -level->key;
}

/* Show a level at a rank of the best. */
static void show(lfi_side *side, size_t rank, const lfi_level *level)
{
    side->best.prices[rank] = price_of(level);
    side->best.lots[rank] = level->lots;
    side->best.orders[rank] = level->count;
}

/* Move the ranks from `from` on by one to `to`. */
static void shift(lf_l3_side *best, size_t from, size_t to)
{
    const size_t moved = LF_L3_LEVELS - (from > to ? from : to);
    memmove(&best->prices[to], &best->prices[from], moved * sizeof best->prices[0]);
    memmove(&best->lots[to], &best->lots[from], moved * sizeof best->lots[0]);
    memmove(&best->orders[to], &best->orders[from], moved * sizeof best->orders[0]);
}

/* Room for one more level, in the pool and in a side; both change nothing that can be seen. */
static lf_status make_room(lf_l3 *l3, lfi_side *side)
{
    void *keys = side->keys, *levels = side->levels, *pool = l3->levels;
    size_t key_capacity = side->capacity, capacity = side->capacity;
    lf_status status = LF_OK;
    if (side->count == side->capacity) {
        status = lf_grow(l3->allocator, &keys, &key_capacity, side->count + 1, sizeof(int64_t));
        side->keys = keys;
        if (status == LF_OK) {
            status = lf_grow(l3->allocator, &levels, &capacity, side->count + 1, sizeof(uint32_t));
            side->levels = levels;
        }
        if (status != LF_OK) {
            return status;
        }
        side->capacity = key_capacity < capacity ? key_capacity : capacity;
    }
    if (l3->free_level == LFI_NONE && l3->level_count + (size_t)2 > l3->level_capacity) {
        status = lf_grow(
            l3->allocator,
            &pool,
            &l3->level_capacity,
            l3->level_count + (size_t)2,
            sizeof *l3->levels
        );
        l3->levels = pool;
    }
    return status;
}

uint32_t lfi_level_find(const lf_l3 *l3, uint32_t side, int64_t key)
{
    const lfi_side *const self = &l3->sides[side];
    const size_t at = place_of(self, key);
    return at < self->count && self->keys[at] == key ? self->levels[at] : LFI_NONE;
}

uint32_t lfi_level_take(lf_l3 *l3, uint32_t side, int64_t key)
{
    lfi_side *const self = &l3->sides[side];
    const size_t at = place_of(self, key);
    if (at < self->count && self->keys[at] == key) {
        return self->levels[at];
    }
    if (make_room(l3, self) != LF_OK) {
        return LFI_NONE;
    }
    uint32_t level = l3->free_level;
    if (level != LFI_NONE) {
        l3->free_level = l3->levels[level].side;
    } else {
        level = ++l3->level_count;
    }
    l3->levels[level] = (lfi_level){.key = key, .side = side};
    const size_t behind = self->count - at;
    memmove(&self->keys[at + 1], &self->keys[at], behind * sizeof self->keys[0]);
    memmove(&self->levels[at + 1], &self->levels[at], behind * sizeof self->levels[0]);
    self->keys[at] = key;
    self->levels[at] = level;
    self->count++;
    if (behind < LF_L3_LEVELS) {
        shift(&self->best, behind, behind + 1);
        show(self, behind, &l3->levels[level]);
    }
    return level;
}

static void remove_level(lf_l3 *l3, lfi_side *self, size_t at)
{
    const uint32_t level = self->levels[at];
    const bool is_ask = l3->levels[level].side % 2 != 0;
    const size_t rank = --self->count - at;
    memmove(&self->keys[at], &self->keys[at + 1], rank * sizeof self->keys[0]);
    memmove(&self->levels[at], &self->levels[at + 1], rank * sizeof self->levels[0]);
    l3->levels[level].side = l3->free_level;
    l3->free_level = level;
    if (rank >= LF_L3_LEVELS) {
        return;
    }
    const size_t last = LF_L3_LEVELS - 1;
    shift(&self->best, rank + 1, rank);
    if (self->count > last) {
        show(self, last, &l3->levels[self->levels[self->count - 1 - last]]);
    } else {
        self->best.prices[last] = is_ask ? LF_L3_ASK_NONE : LF_L3_BID_NONE;
        self->best.lots[last] = 0;
        self->best.orders[last] = 0;
    }
}

void lfi_level_changed(lf_l3 *l3, uint32_t level)
{
    const lfi_level *const changed = &l3->levels[level];
    lfi_side *const self = &l3->sides[changed->side];
    const bool is_deep =
        self->count > LF_L3_LEVELS && changed->key < self->keys[self->count - LF_L3_LEVELS];
    if (is_deep && changed->count > 0) {
        return;
    }
    const size_t at = place_of(self, changed->key);
    if (changed->count == 0) {
        remove_level(l3, self, at);
    } else {
        show(self, self->count - 1 - at, changed);
    }
}
