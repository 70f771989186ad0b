/* A book of price levels: two sorted arrays, the best price last. */
#include "l2book.h"

#include <string.h>

/* Changes cluster at the touch: so many levels from the best are looked at one by one. */
#define NEAR_LEVELS 8

bool lfi_l2book_create(lfi_l2book *book, const lf_allocator *allocator)
{
    book->bid.levels = lf_allocate(allocator, LFI_L2_LEVELS_MAX, sizeof *book->bid.levels);
    book->ask.levels = lf_allocate(allocator, LFI_L2_LEVELS_MAX, sizeof *book->ask.levels);
    book->bid.sign = 1;
    book->ask.sign = -1;
    lfi_l2book_clear(book);
    return book->bid.levels != NULL && book->ask.levels != NULL;
}

void lfi_l2book_destroy(lfi_l2book *book, const lf_allocator *allocator)
{
    lf_release(allocator, book->bid.levels);
    lf_release(allocator, book->ask.levels);
}

void lfi_l2book_clear(lfi_l2book *book)
{
    book->bid.count = 0;
    book->ask.count = 0;
}

/* First level that is not worse than a price. */
static size_t place_of(const lfi_l2_side *side, int64_t price_ticks)
{
    const int64_t wanted = side->sign * price_ticks;
    size_t low = 0, high = side->count;
    for (int i = 0; i < NEAR_LEVELS && high > 0; i++) {
        if (side->sign * side->levels[high - 1].price_ticks < wanted) {
            return high;
        }
        high--;
    }
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (side->sign * side->levels[middle].price_ticks < wanted) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void move(lfi_l2_side *side, size_t from, size_t to)
{
    memmove(&side->levels[to], &side->levels[from], (side->count - from) * sizeof *side->levels);
}

void lfi_l2book_set(lfi_l2book *book, int side_sign, int64_t price_ticks, int64_t size_lots)
{
    lfi_l2_side *const side = side_sign > 0 ? &book->bid : &book->ask;
    size_t at = place_of(side, price_ticks);
    const bool is_there = at < side->count && side->levels[at].price_ticks == price_ticks;
    if (is_there && size_lots > 0) {
        side->levels[at].size_lots = size_lots;
    } else if (is_there) {
        move(side, at + 1, at);
        side->count--;
    } else if (size_lots > 0) {
        if (side->count == LFI_L2_LEVELS_MAX) {
            book->dropped_count++;
            if (at == 0) {
                return; /* it would be the worst itself */
            }
            move(side, 1, 0);
            side->count--;
            at--;
        }
        move(side, at, at + 1);
        side->count++;
        side->levels[at] = (lfi_l2_level){price_ticks, size_lots};
    }
}

static void best_levels(const lfi_l2_side *side, int64_t none, int64_t *ticks, int64_t *lots)
{
    for (size_t m = 0; m < LF_LEVELS_MAX; m++) {
        const bool is_there = m < side->count;
        ticks[m] = is_there ? side->levels[side->count - 1 - m].price_ticks : none;
        lots[m] = is_there ? side->levels[side->count - 1 - m].size_lots : 0;
    }
}

void lfi_l2book_add(lfi_l2book *book, int side_sign, int64_t price_ticks, int64_t change_lots)
{
    const lfi_l2_side *const side = side_sign > 0 ? &book->bid : &book->ask;
    const size_t at = place_of(side, price_ticks);
    const bool is_there = at < side->count && side->levels[at].price_ticks == price_ticks;
    const int64_t old_lots = is_there ? side->levels[at].size_lots : 0;
    const int64_t lots =
        change_lots > 0 && old_lots > INT64_MAX - change_lots ? INT64_MAX : old_lots + change_lots;
    lfi_l2book_set(book, side_sign, price_ticks, lots > 0 ? lots : 0);
}

void lfi_l2book_quotes(const lfi_l2book *book, lf_quotes *out)
{
    best_levels(&book->bid, LF_BID_NONE, out->bid_ticks, out->bid_lots);
    best_levels(&book->ask, LF_ASK_NONE, out->ask_ticks, out->ask_lots);
}
