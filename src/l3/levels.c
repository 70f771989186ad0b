/* Levels: the way from a price to its level, their order, and the ten best ready to read. */
#include "l3_internal.h"

#include <string.h>

/* Steps from the best price that are tried one by one before halving. */
#define STEPS 8
#define PLACES_MIN 64

/* ---- table ------------------------------------------------------------------------------ */

/* Entry of a level, or the free one where it belongs. */
static uint64_t find_place(const lfi_levels *levels, uint32_t side, int64_t key, uint32_t hash)
{
    uint64_t at = hash & levels->place_mask;
    for (;; at = (at + 1) & levels->place_mask) {
        const lfi_place place = levels->places[at];
        if (place.level == LFI_NONE) {
            return at;
        }
        const lfi_level *const level = &levels->all[place.level];
        if (place.hash == hash && level->key == key && level->side == side) {
            return at;
        }
    }
}

/* Close the gap at an entry by moving up those behind it that may stand there. */
static void remove_place(lfi_levels *levels, uint64_t gap)
{
    lfi_place *const places = levels->places;
    const uint64_t mask = levels->place_mask;
    for (uint64_t at = (gap + 1) & mask; places[at].level != LFI_NONE; at = (at + 1) & mask) {
        if (((at - places[at].hash) & mask) >= ((at - gap) & mask)) {
            places[gap] = places[at];
            gap = at;
        }
    }
    places[gap].level = LFI_NONE;
}

static lf_status
grow_places(lfi_levels *levels, const lf_allocator *allocator, uint64_t place_count)
{
    lfi_place *const places = lf_allocate(allocator, place_count, sizeof *places);
    if (places == NULL) {
        return LF_NOMEM;
    }
    const uint64_t old_count = levels->places != NULL ? levels->place_mask + 1 : 0;
    const uint64_t mask = place_count - 1;
    for (uint64_t i = 0; i < old_count; i++) {
        uint64_t at = levels->places[i].hash & mask;
        while (levels->places[i].level != LFI_NONE && places[at].level != LFI_NONE) {
            at = (at + 1) & mask;
        }
        if (levels->places[i].level != LFI_NONE) {
            places[at] = levels->places[i];
        }
    }
    lf_release(allocator, levels->places);
    levels->places = places;
    levels->place_mask = mask;
    return LF_OK;
}

lf_status lfi_levels_start(lfi_levels *levels, const lf_allocator *allocator)
{
    void *all = NULL;
    lf_status status = grow_places(levels, allocator, PLACES_MIN);
    if (status == LF_OK) {
        /* Number 0 has a place, so that looking at no level is no special case. */
        status =
            lf_grow(allocator, &all, &levels->capacity, PLACES_MIN / 2 + 1, sizeof levels->all[0]);
        levels->all = all;
    }
    return status;
}

void lfi_levels_end(lfi_levels *levels, const lf_allocator *allocator)
{
    lf_release(allocator, levels->all);
    lf_release(allocator, levels->places);
}

/* ---- sides ------------------------------------------------------------------------------ */

void lfi_side_start(lfi_side *side, bool is_ask)
{
    memset(&side->best, 0, sizeof side->best);
    for (int m = 0; m < LF_L3_LEVELS; m++) {
        side->best.prices[m] = is_ask ? LF_L3_ASK_NONE : LF_L3_BID_NONE;
    }
    side->last_key = INT64_MIN;
    side->count = 0;
    side->order_count = 0;
}

/* Number of keys below a key: where it stands or belongs. */
static uint32_t place_of(const lfi_side *side, int64_t key)
{
    const int64_t *const keys = side->keys;
    uint32_t high = side->count;
    for (int i = 0; i < STEPS; i++) {
        if (high == 0 || keys[high - 1] < key) {
            return high;
        }
        high--;
    }
    uint32_t low = 0;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
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

/* Number of the ten best levels that are better than a key. */
static size_t rank_of(const lfi_side *side, const lfi_level *level)
{
    const int64_t price = price_of(level);
    size_t rank = 0;
    if (level->side % 2 == 0) {
        for (int m = 0; m < LF_L3_LEVELS; m++) {
            rank += side->best.prices[m] > price;
        }
    } else {
        for (int m = 0; m < LF_L3_LEVELS; m++) {
            rank += side->best.prices[m] < price;
        }
    }
    return rank;
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

static void set_last_key(lfi_side *side)
{
    side->last_key =
        side->count >= LF_L3_LEVELS ? side->keys[side->count - LF_L3_LEVELS] : INT64_MIN;
}

/* ---- levels ----------------------------------------------------------------------------- */

/* Room for one more level, everywhere; changes nothing that can be seen. */
static lf_status make_room(lf_l3 *l3, lfi_side *side)
{
    lfi_levels *const levels = &l3->levels;
    lf_status status = LF_OK;
    if (side->count == side->capacity) {
        void *keys = side->keys;
        size_t capacity = side->capacity;
        status =
            lf_grow(l3->allocator, &keys, &capacity, side->count + (size_t)1, sizeof side->keys[0]);
        side->keys = keys;
        side->capacity = (uint32_t)capacity;
    }
    if (status == LF_OK && 2 * (levels->live + 1) > levels->place_mask + 1) {
        status = grow_places(levels, l3->allocator, 2 * (levels->place_mask + 1));
    }
    if (status == LF_OK && levels->free_level == LFI_NONE &&
        levels->count + (size_t)2 > levels->capacity) {
        void *all = levels->all;
        status = lf_grow(
            l3->allocator, &all, &levels->capacity, levels->count + (size_t)2, sizeof levels->all[0]
        );
        levels->all = all;
    }
    return status;
}

uint32_t lfi_level_find(const lf_l3 *l3, uint32_t side, int64_t key)
{
    const lfi_levels *const levels = &l3->levels;
    return levels->places[find_place(levels, side, key, lfi_level_hash(side, key))].level;
}

/* A level that is not there. */
static uint32_t make_level(lf_l3 *l3, uint32_t side, int64_t key)
{
    lfi_levels *const levels = &l3->levels;
    const uint32_t hash = lfi_level_hash(side, key);
    uint32_t level = levels->free_level;
    if (level != LFI_NONE) {
        levels->free_level = levels->all[level].side;
    } else {
        level = ++levels->count;
    }
    levels->all[level] = (lfi_level){.key = key, .side = side};
    levels->places[find_place(levels, side, key, hash)] = (lfi_place){hash, level};
    levels->live++;
    return level;
}

uint32_t lfi_level_take(lf_l3 *l3, uint32_t side, int64_t key)
{
    lfi_side *const self = &l3->sides[side];
    uint32_t level = lfi_level_find(l3, side, key);
    if (level != LFI_NONE) {
        return level;
    }
    if (make_room(l3, self) != LF_OK) {
        return LFI_NONE;
    }
    level = make_level(l3, side, key);
    const uint32_t at = place_of(self, key), rank = self->count - at;
    memmove(&self->keys[at + 1], &self->keys[at], rank * sizeof self->keys[0]);
    self->keys[at] = key;
    self->count++;
    if (rank < LF_L3_LEVELS) {
        shift(&self->best, rank, rank + 1);
        show(self, rank, &l3->levels.all[level]);
        set_last_key(self);
    }
    return level;
}

static void give_level(lfi_levels *levels, uint32_t level)
{
    lfi_level *const gone = &levels->all[level];
    const uint32_t hash = lfi_level_hash(gone->side, gone->key);
    remove_place(levels, find_place(levels, gone->side, gone->key, hash));
    gone->side = levels->free_level;
    levels->free_level = level;
    levels->live--;
}

static void remove_level(lf_l3 *l3, uint32_t level)
{
    const uint32_t side = l3->levels.all[level].side;
    lfi_side *const self = &l3->sides[side];
    const uint32_t at = place_of(self, l3->levels.all[level].key), rank = --self->count - at;
    memmove(&self->keys[at], &self->keys[at + 1], rank * sizeof self->keys[0]);
    give_level(&l3->levels, level);
    if (rank >= LF_L3_LEVELS) {
        return;
    }
    const size_t last = LF_L3_LEVELS - 1;
    shift(&self->best, rank + 1, rank);
    set_last_key(self);
    if (self->count > last) {
        show(self, last, &l3->levels.all[lfi_level_find(l3, side, self->last_key)]);
    } else {
        self->best.prices[last] = side % 2 != 0 ? LF_L3_ASK_NONE : LF_L3_BID_NONE;
        self->best.lots[last] = 0;
        self->best.orders[last] = 0;
    }
}

void lfi_level_changed(lf_l3 *l3, uint32_t level)
{
    const lfi_level *const changed = &l3->levels.all[level];
    lfi_side *const self = &l3->sides[changed->side];
    if (changed->count == 0) {
        remove_level(l3, level);
    } else if (changed->key >= self->last_key) {
        show(self, rank_of(self, changed), changed);
    }
}

void lfi_side_clear(lf_l3 *l3, uint32_t side)
{
    lfi_side *const self = &l3->sides[side];
    for (uint32_t i = 0; i < self->count; i++) {
        give_level(&l3->levels, lfi_level_find(l3, side, self->keys[i]));
    }
    lfi_side_start(self, side % 2 != 0);
}
