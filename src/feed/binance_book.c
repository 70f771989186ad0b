/* Diffs from a snapshot on: what fits is applied, what came too early waits, gaps are told. */
#include "binance_book.h"

#include <string.h>

/* Diffs that wait for a snapshot: about a minute of a busy symbol. The oldest go first, which a
   snapshot that comes later than they did makes up for. */
#define WAITING_MAX ((size_t)1 << 13)
#define KEPT_MAX ((size_t)1 << 17)

bool lfi_binance_book_create(lfi_binance_book *book, const lf_allocator *allocator)
{
    book->waiting = lf_allocate(allocator, WAITING_MAX, sizeof *book->waiting);
    book->kept = lf_allocate(allocator, KEPT_MAX, sizeof *book->kept);
    return lfi_l2book_create(&book->levels, allocator) && book->waiting != NULL &&
           book->kept != NULL;
}

void lfi_binance_book_destroy(lfi_binance_book *book, const lf_allocator *allocator)
{
    lfi_l2book_destroy(&book->levels, allocator);
    lf_release(allocator, book->waiting);
    lf_release(allocator, book->kept);
}

/* ---- order of diffs --------------------------------------------------------------------- */

/* Whether the book shows a diff already. Of futures the diff that ends with the snapshot's number
   is still applied, as the venue asks. */
static bool is_stale(const lfi_binance_book *book, int64_t last_id)
{
    return last_id < book->last_id ||
           (last_id == book->last_id && !(book->is_fresh && book->is_futures));
}

/*
 * Whether nothing is missing between the book and a diff. Sizes are absolute, so a diff that begins
 * before the book ends does no harm; this is what the first one after a snapshot usually does.
 */
static bool follows(const lfi_binance_book *book, const lfi_binance_diff *diff)
{
    return diff->before_id >= 0 ? diff->before_id <= book->last_id
                                : diff->first_id <= book->last_id + 1;
}

/* ---- levels ----------------------------------------------------------------------------- */

static void set_levels(
    lfi_binance_book *book,
    const lfi_l2_level *bids,
    size_t bid_count,
    const lfi_l2_level *asks,
    size_t ask_count
)
{
    for (size_t i = 0; i < bid_count; i++) {
        lfi_l2book_set(&book->levels, 1, bids[i].price_ticks, bids[i].size_lots);
    }
    for (size_t i = 0; i < ask_count; i++) {
        lfi_l2book_set(&book->levels, -1, asks[i].price_ticks, asks[i].size_lots);
    }
}

static void note_applied(lfi_binance_book *book, int64_t last_id, int64_t time_ns)
{
    book->last_id = last_id;
    book->is_fresh = false;
    book->last_ns = time_ns;
    book->applied_count++;
    book->time_ns = time_ns > book->time_ns ? time_ns : book->time_ns;
}

/* ---- diffs that wait -------------------------------------------------------------------- */

static void drop_first(lfi_binance_book *book, size_t count)
{
    const size_t from =
        count < book->waiting_count ? book->waiting[count].level_first : book->kept_count;
    book->waiting_count -= count;
    memmove(book->waiting, book->waiting + count, book->waiting_count * sizeof *book->waiting);
    book->kept_count -= from;
    memmove(book->kept, book->kept + from, book->kept_count * sizeof *book->kept);
    for (size_t i = 0; i < book->waiting_count; i++) {
        book->waiting[i].level_first -= from;
    }
}

static void keep(lfi_binance_book *book, const lfi_binance_message *m, int64_t time_ns)
{
    const size_t count = m->bid_count + m->ask_count;
    if (count > KEPT_MAX) {
        return; /* a diff that is missing is found out later */
    }
    while (book->waiting_count == WAITING_MAX || book->kept_count + count > KEPT_MAX) {
        drop_first(book, book->waiting_count / 2 + 1);
    }
    book->waiting[book->waiting_count++] = (lfi_binance_diff){
        .first_id = m->first_id,
        .last_id = m->last_id,
        .before_id = m->before_id,
        .time_ns = time_ns,
        .level_first = book->kept_count,
        .bid_count = m->bid_count,
        .ask_count = m->ask_count,
    };
    lfi_l2_level *const to = book->kept + book->kept_count;
    memcpy(to, m->levels + m->bid_first, m->bid_count * sizeof *to);
    memcpy(to + m->bid_count, m->levels + m->ask_first, m->ask_count * sizeof *to);
    book->kept_count += count;
}

/* Apply the diffs that wait and follow, in any order of arrival; true when none is left over. */
static bool catch_up(lfi_binance_book *book)
{
    bool moved = true;
    size_t left = book->waiting_count;
    while (moved) {
        moved = false;
        left = 0;
        for (size_t i = 0; i < book->waiting_count; i++) {
            const lfi_binance_diff *const d = &book->waiting[i];
            if (is_stale(book, d->last_id)) {
                continue;
            }
            if (!follows(book, d)) {
                left++;
                continue;
            }
            const lfi_l2_level *const bids = book->kept + d->level_first;
            set_levels(book, bids, d->bid_count, bids + d->bid_count, d->ask_count);
            note_applied(book, d->last_id, d->time_ns);
            moved = true;
        }
        moved = moved && left > 0;
    }
    if (left == 0) {
        book->waiting_count = 0;
        book->kept_count = 0;
    }
    return left == 0;
}

/* Whether the venue's numbers have begun anew: they went back, and time went on. */
static bool is_anew(const lfi_binance_book *book, int64_t time_ns)
{
    return !book->is_fresh && time_ns > book->last_ns;
}

/* The book is none of the new numbers': a snapshot must come. */
static lfi_binance_step
forget(lfi_binance_book *book, const lfi_binance_message *m, int64_t time_ns)
{
    const bool was_known = book->is_known;
    book->is_known = book->has_book = false;
    book->waiting_count = book->kept_count = 0;
    keep(book, m, time_ns);
    return was_known ? LFI_BINANCE_LOST : LFI_BINANCE_WAITING;
}

/* ---- messages --------------------------------------------------------------------------- */

lfi_binance_step
lfi_binance_book_diff(lfi_binance_book *book, const lfi_binance_message *m, int64_t time_ns)
{
    const lfi_binance_diff diff = {
        .first_id = m->first_id, .last_id = m->last_id, .before_id = m->before_id};
    book->applied_count = 0;
    book->time_ns = INT64_MIN;
    if (book->has_book && is_stale(book, m->last_id)) {
        return is_anew(book, time_ns) ? forget(book, m, time_ns) : LFI_BINANCE_STALE;
    }
    if (book->is_known && follows(book, &diff)) {
        set_levels(
            book, m->levels + m->bid_first, m->bid_count, m->levels + m->ask_first, m->ask_count
        );
        note_applied(book, m->last_id, time_ns);
        return LFI_BINANCE_APPLIED;
    }
    keep(book, m, time_ns);
    if (book->is_known) {
        book->is_known = false;
        return LFI_BINANCE_LOST;
    }
    if (!book->has_book) {
        return LFI_BINANCE_WAITING;
    }
    /* The missing one may have come, later than those behind it. */
    book->is_known = catch_up(book);
    return book->is_known ? LFI_BINANCE_FOUND : LFI_BINANCE_WAITING;
}

lfi_binance_step
lfi_binance_book_snapshot(lfi_binance_book *book, const lfi_binance_message *m, int64_t time_ns)
{
    book->applied_count = 0;
    if (book->is_known || (book->has_book && m->last_id <= book->last_id)) {
        return LFI_BINANCE_STALE;
    }
    lfi_l2book_clear(&book->levels);
    set_levels(
        book, m->levels + m->bid_first, m->bid_count, m->levels + m->ask_first, m->ask_count
    );
    book->has_book = true;
    book->is_fresh = true;
    book->last_ns = INT64_MIN;
    book->last_id = m->last_id;
    book->time_ns = time_ns;
    book->is_known = catch_up(book);
    return book->is_known ? LFI_BINANCE_FOUND : LFI_BINANCE_WAITING;
}
