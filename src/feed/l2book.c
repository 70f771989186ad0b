/* A book of price levels: a place for each price near the best, a sorted array of the others. */
#include "l2book.h"

#include <string.h>

/* Where the best lies in the window after it has moved, and below which place it moves again. */
#define ANCHOR (LFI_L2_WINDOW / 4 * 3)
#define LOW (LFI_L2_WINDOW / 4)

#define WORDS (LFI_L2_WINDOW / 64)

static bool create_side(lfi_l2_side *side, const lf_allocator *allocator, int64_t sign)
{
    *side = (lfi_l2_side){
        .lots = lf_allocate(allocator, LFI_L2_WINDOW, sizeof *side->lots),
        .bits = lf_allocate(allocator, WORDS, sizeof *side->bits),
        .far = lf_allocate(allocator, LFI_L2_LEVELS_MAX, sizeof *side->far),
        .sign = sign,
    };
    return side->lots != NULL && side->bits != NULL && side->far != NULL;
}

static void destroy_side(lfi_l2_side *side, const lf_allocator *allocator)
{
    lf_release(allocator, side->lots);
    lf_release(allocator, side->bits);
    lf_release(allocator, side->far);
}

bool lfi_l2book_create(lfi_l2book *book, const lf_allocator *allocator)
{
    const bool has_bid = create_side(&book->bid, allocator, 1);
    return create_side(&book->ask, allocator, -1) && has_bid;
}

void lfi_l2book_destroy(lfi_l2book *book, const lf_allocator *allocator)
{
    destroy_side(&book->bid, allocator);
    destroy_side(&book->ask, allocator);
}

static void clear_side(lfi_l2_side *side)
{
    for (size_t w = 0; w < WORDS && side->near_count > 0; w++) {
        for (; side->bits[w] != 0; side->bits[w] &= side->bits[w] - 1) {
            side->lots[64 * w + (size_t)__builtin_ctzll(side->bits[w])] = 0;
            side->near_count--;
        }
    }
    side->far_count = 0;
    side->best = 0;
}

void lfi_l2book_clear(lfi_l2book *book)
{
    clear_side(&book->bid);
    clear_side(&book->ask);
}

/* ---- the window ------------------------------------------------------------------------- */

static bool has_bit(const lfi_l2_side *side, size_t at)
{
    return (side->bits[at / 64] >> (at % 64) & 1) != 0;
}

/* The largest place up to one that has a level; 0 without. */
static size_t place_below(const lfi_l2_side *side, size_t from)
{
    size_t w = from / 64;
    uint64_t word = side->bits[w] & UINT64_MAX >> (63 - from % 64);
    while (word == 0 && w > 0) {
        word = side->bits[--w];
    }
    return word != 0 ? 64 * w + 63 - (size_t)__builtin_clzll(word) : 0;
}

static void put_near(lfi_l2_side *side, size_t at, int64_t lots)
{
    side->lots[at] = lots;
    side->bits[at / 64] |= UINT64_C(1) << (at % 64);
    side->near_count++;
    side->best = at > side->best ? at : side->best;
}

static void remove_near(lfi_l2_side *side, size_t at)
{
    side->lots[at] = 0;
    side->bits[at / 64] &= ~(UINT64_C(1) << (at % 64));
    side->near_count--;
    if (at == side->best) {
        side->best = place_below(side, at);
    }
}

/* Moves the window up: what falls out of it is better than all that lies there. */
static void move_up(lfi_l2_side *side, uint64_t by)
{
    const int64_t base = side->base;
    size_t left = side->near_count;
    side->base = (int64_t)((uint64_t)base + by);
    side->best = 0;
    for (size_t w = 0; left > 0; w++) {
        for (uint64_t word = side->bits[w]; word != 0; word &= word - 1, left--) {
            const size_t at = 64 * w + (size_t)__builtin_ctzll(word);
            const int64_t lots = side->lots[at];
            side->lots[at] = 0;
            side->bits[w] &= ~(UINT64_C(1) << (at % 64));
            side->near_count--;
            if (at < by) {
                side->far[side->far_count++] = (lfi_l2_level){base + (int64_t)at, lots};
            } else {
                put_near(side, at - (size_t)by, lots);
            }
        }
    }
}

/* Moves the window down by less than is free above the best: the best of the others come in. */
static void move_down(lfi_l2_side *side, uint64_t by)
{
    size_t left = side->near_count;
    for (size_t at = side->best; left > 0; left--) {
        const int64_t lots = side->lots[at];
        remove_near(side, at);
        put_near(side, at + (size_t)by, lots);
        at = place_below(side, at);
    }
    side->base = (int64_t)((uint64_t)side->base - by);
    for (; side->far_count > 0 && side->far[side->far_count - 1].price_ticks >= side->base;
         side->far_count--) {
        const lfi_l2_level *const last = &side->far[side->far_count - 1];
        put_near(side, (size_t)(last->price_ticks - side->base), last->size_lots);
    }
}

/* Puts the window where a key, the best of the side then, lies in it with room above. */
static void move_window(lfi_l2_side *side, int64_t key)
{
    const uint64_t base = (uint64_t)key - ANCHOR;
    if ((int64_t)base > side->base) {
        move_up(side, base - (uint64_t)side->base);
    } else {
        move_down(side, (uint64_t)side->base - base);
    }
}

/* ---- levels ----------------------------------------------------------------------------- */

/* First of the far levels that is not worse than a key. */
static size_t far_place(const lfi_l2_side *side, int64_t key)
{
    size_t low = 0, high = side->far_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (side->far[middle].price_ticks < key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void move_far(lfi_l2_side *side, size_t from, size_t to)
{
    memmove(&side->far[to], &side->far[from], (side->far_count - from) * sizeof *side->far);
    side->far_count = side->far_count + to - from;
}

/* Room for one more level of a key: the worst one goes. False when that is the new one. */
static bool make_room(lfi_l2book *book, lfi_l2_side *side, int64_t key)
{
    if (lfi_l2book_count(side) < LFI_L2_LEVELS_MAX) {
        return true;
    }
    book->dropped_count++;
    if (side->far_count > 0) {
        if (key < side->far[0].price_ticks) {
            return false;
        }
        move_far(side, 1, 0);
        return true;
    }
    size_t worst = 0;
    while (!has_bit(side, worst)) {
        worst++;
    }
    if (key < side->base + (int64_t)worst) {
        return false;
    }
    remove_near(side, worst);
    return true;
}

static bool is_near(const lfi_l2_side *side, int64_t key)
{
    return (uint64_t)key - (uint64_t)side->base < LFI_L2_WINDOW;
}

static void set_far(lfi_l2book *book, lfi_l2_side *side, int64_t key, int64_t lots)
{
    const size_t at = far_place(side, key);
    const bool is_there = at < side->far_count && side->far[at].price_ticks == key;
    if (is_there && lots > 0) {
        side->far[at].size_lots = lots;
    } else if (is_there) {
        move_far(side, at + 1, at);
    } else if (lots > 0 && make_room(book, side, key)) {
        const size_t to = far_place(side, key); /* the worst may have gone */
        move_far(side, to, to + 1);
        side->far[to] = (lfi_l2_level){key, lots};
    }
}

static void set_near(lfi_l2book *book, lfi_l2_side *side, size_t at, int64_t lots)
{
    const bool is_there = has_bit(side, at);
    if (is_there && lots > 0) {
        side->lots[at] = lots;
    } else if (is_there) {
        remove_near(side, at);
    } else if (lots > 0 && make_room(book, side, side->base + (int64_t)at)) {
        put_near(side, at, lots);
    }
}

/* A new level outside of the window moves it when it is better, or when the best lies low. */
static void follow(lfi_l2_side *side, int64_t key)
{
    if (key > side->base) {
        move_window(side, key);
    } else if (side->near_count > 0) {
        if (side->best < LOW) {
            move_window(side, side->base + (int64_t)side->best);
        }
    } else {
        const int64_t best = side->far_count > 0 ? side->far[side->far_count - 1].price_ticks : key;
        move_window(side, key > best ? key : best);
    }
}

void lfi_l2book_set(lfi_l2book *book, int side_sign, int64_t price_ticks, int64_t size_lots)
{
    lfi_l2_side *const side = side_sign > 0 ? &book->bid : &book->ask;
    const int64_t key = side->sign * price_ticks;
    if (!is_near(side, key) && size_lots > 0) {
        follow(side, key);
    }
    if (is_near(side, key)) {
        set_near(book, side, (size_t)((uint64_t)key - (uint64_t)side->base), size_lots);
    } else if (key < side->base) {
        set_far(book, side, key, size_lots);
    }
}

static int64_t lots_at(const lfi_l2_side *side, int64_t key)
{
    if (is_near(side, key)) {
        return side->lots[(uint64_t)key - (uint64_t)side->base];
    }
    const size_t at = far_place(side, key);
    return at < side->far_count && side->far[at].price_ticks == key ? side->far[at].size_lots : 0;
}

void lfi_l2book_add(lfi_l2book *book, int side_sign, int64_t price_ticks, int64_t change_lots)
{
    const lfi_l2_side *const side = side_sign > 0 ? &book->bid : &book->ask;
    const int64_t old_lots = lots_at(side, side->sign * price_ticks);
    const int64_t lots =
        change_lots > 0 && old_lots > INT64_MAX - change_lots ? INT64_MAX : old_lots + change_lots;
    lfi_l2book_set(book, side_sign, price_ticks, lots > 0 ? lots : 0);
}

/* ---- the best levels -------------------------------------------------------------------- */

static void best_levels(const lfi_l2_side *side, int64_t none, int64_t *ticks, int64_t *lots)
{
    const size_t near = side->near_count < LF_LEVELS_MAX ? side->near_count : LF_LEVELS_MAX;
    size_t w = side->best / 64, m = 0;
    for (uint64_t word = side->bits[w]; m < near; m++) {
        while (word == 0) {
            word = side->bits[--w];
        }
        const size_t bit = 63 - (size_t)__builtin_clzll(word);
        const size_t at = 64 * w + bit;
        ticks[m] = side->sign * (side->base + (int64_t)at);
        lots[m] = side->lots[at];
        word ^= UINT64_C(1) << bit;
    }
    for (size_t i = side->far_count; i > 0 && m < LF_LEVELS_MAX; i--, m++) {
        ticks[m] = side->sign * side->far[i - 1].price_ticks;
        lots[m] = side->far[i - 1].size_lots;
    }
    for (; m < LF_LEVELS_MAX; m++) {
        ticks[m] = none;
        lots[m] = 0;
    }
}

void lfi_l2book_quotes(const lfi_l2book *book, lf_quotes *out)
{
    best_levels(&book->bid, LF_BID_NONE, out->bid_ticks, out->bid_lots);
    best_levels(&book->ask, LF_ASK_NONE, out->ask_ticks, out->ask_lots);
}
