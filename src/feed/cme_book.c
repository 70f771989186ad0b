/* Levels of a book by price of CME: new ones push others down, deleted ones let them up. */
#include "cme_book.h"

#include <string.h>

enum {
    NEW = 0,
    CHANGE = 1,
    DELETE = 2,
    DELETE_THRU = 3,
    DELETE_FROM = 4,
    OVERLAY = 5
};

void lfi_cme_book_clear(lfi_cme_book *book)
{
    book->bid.count = book->ask.count = 0;
}

/* Move the levels from `from` on to `to`; what does not fit behind the last is gone. */
static void shift(lfi_cme_side *side, int32_t from, int32_t to, int32_t limit)
{
    const int32_t count = side->count + to - from < limit ? side->count - from : limit - to;
    const size_t bytes = (size_t)(count > 0 ? count : 0) * sizeof *side->prices;
    memmove(side->prices + to, side->prices + from, bytes);
    memmove(side->lots + to, side->lots + from, bytes);
    side->count = to + (count > 0 ? count : 0);
}

/* Whether a price may stand at a level: between those of its neighbours. */
static bool
fits(const lfi_cme_side *side, bool is_ask, int32_t before, int32_t after, int64_t price)
{
    const int64_t better = before >= 0 ? side->prices[before] : 0;
    const int64_t worse = after < side->count ? side->prices[after] : 0;
    return (before < 0 || (is_ask ? better < price : better > price)) &&
           (after >= side->count || (is_ask ? worse > price : worse < price));
}

static bool set(lfi_cme_side *side, const lfi_cme_entry *entry, bool is_new, int32_t limit)
{
    const int32_t at = entry->level - 1;
    if (entry->price == LFI_CME_NONE || entry->lots <= 0 ||
        !fits(side, entry->is_ask, at - 1, is_new ? at : at + 1, entry->price)) {
        return false;
    }
    if (is_new) {
        shift(side, at, at + 1, limit);
    }
    side->prices[at] = entry->price;
    side->lots[at] = entry->lots;
    return true;
}

bool lfi_cme_book_apply(lfi_cme_book *book, const lfi_cme_entry *entry)
{
    lfi_cme_side *const side = entry->is_ask ? &book->ask : &book->bid;
    const int32_t level = entry->level;
    if (level < 1 || level > book->level_count ||
        level > side->count + (entry->action == NEW ? 1 : 0)) {
        return false;
    }
    const bool is_same = entry->action == NEW || side->prices[level - 1] == entry->price;
    switch (entry->action) {
    case NEW:
        return set(side, entry, true, book->level_count);
    case CHANGE:
        return is_same && set(side, entry, false, book->level_count);
    case OVERLAY:
        return set(side, entry, false, book->level_count);
    case DELETE:
        if (is_same) {
            shift(side, level, level - 1, book->level_count);
        }
        return is_same;
    case DELETE_THRU:
        shift(side, level, 0, book->level_count);
        return true;
    case DELETE_FROM:
        side->count = level - 1;
        return true;
    default:
        return false;
    }
}

bool lfi_cme_book_load(lfi_cme_book *book, const lfi_cme_group *group, const lfi_cme_layout *layout)
{
    bool is_whole = true;
    lfi_cme_book_clear(book);
    for (int32_t level = 1; level <= book->level_count; level++) {
        for (size_t i = 0; i < group->count; i++) {
            const unsigned char *const at = group->entries + i * group->entry_bytes;
            const unsigned char type = at[layout->type];
            if (at[layout->level] != level || (type != '0' && type != '1')) {
                continue;
            }
            const lfi_cme_entry entry = {
                .price = lfi_cme_price(at, layout->is_old),
                .lots = lfi_cme_lots(layout, at),
                .level = (uint8_t)level,
                .action = NEW,
                .is_ask = type == '1',
            };
            const lfi_cme_side *const side = entry.is_ask ? &book->ask : &book->bid;
            is_whole = is_whole && side->count == level - 1 && lfi_cme_book_apply(book, &entry);
        }
    }
    if (!is_whole) {
        lfi_cme_book_clear(book);
    }
    return is_whole;
}

/* The levels of a side. */
static void fill(
    const lfi_cme_side *side,
    bool is_ask,
    int64_t step,
    int32_t level_count,
    int64_t *ticks,
    int64_t *lots,
    int64_t *off_tick_count
)
{
    int32_t count = 0;
    for (int32_t m = 0; m < side->count; m++) {
        const int64_t at = lfi_cme_ticks(side->prices[m], step, is_ask);
        const bool is_same = count > 0 && ticks[count - 1] == at;
        *off_tick_count += side->prices[m] % step != 0;
        if (is_same) {
            lots[count - 1] += side->lots[m];
        } else if (count < level_count) {
            ticks[count] = at;
            lots[count++] = side->lots[m];
        }
    }
    for (; count < LF_LEVELS_MAX; count++) {
        ticks[count] = is_ask ? LF_ASK_NONE : LF_BID_NONE;
        lots[count] = 0;
    }
}

void lfi_cme_book_quotes(
    const lfi_cme_book *book,
    int64_t step,
    int32_t level_count,
    lf_quotes *out,
    int64_t *off_tick_count
)
{
    fill(&book->bid, false, step, level_count, out->bid_ticks, out->bid_lots, off_tick_count);
    fill(&book->ask, true, step, level_count, out->ask_ticks, out->ask_lots, off_tick_count);
}
