/* Books of all stocks of an ITCH stream, message by message, and what the stream holds. */
#include "itch.h"

#include <string.h>

/* Live orders of a busy day, for which memory of the directory of orders is taken at once. */
#define ORDERS_EXPECTED 1048576

/* Looks at messages before they are applied. */
typedef struct scout {
    lf_l3_scout seen;
    const unsigned char *at; /* the next one to look at, at its length; or the end */
    const unsigned char *end;
} scout;

struct lf_itch_books {
    lf_allocator memory;
    const lf_allocator *allocator;
    lf_l3 *l3;
    lf_itch_counts counts;
    int64_t newest_ns; /* time of the latest message; LF_TIME_NONE before the first */
};

/* ---- looking ahead ---------------------------------------------------------------------- */

/* One message further. What is no order does no harm. */
static inline void look(const lf_l3 *l3, scout *s)
{
    const size_t left = (size_t)(s->end - s->at);
    const size_t bytes = left >= 2 ? 2 + (size_t)lfi_itch_16(s->at) : left;
    const unsigned char *const m = s->at + 2;
    lf_l3_coming coming = {.price = LF_L3_BID_NONE};
    if (left >= 2 + LFI_ITCH_PRICE + 4) {
        const bool is_new = m[0] == 'A' || m[0] == 'F', is_change = m[0] == 'U';
        coming.order_id = lfi_itch_64(m + LFI_ITCH_ORDER);
        coming.book = lfi_itch_16(m + LFI_ITCH_LOCATE);
        coming.side = (int8_t)(!is_new ? 0 : m[LFI_ITCH_SIDE] == 'B' ? 1 : -1);
        coming.price = is_new      ? lfi_itch_32(m + LFI_ITCH_PRICE)
                       : is_change ? lfi_itch_32(m + LFI_ITCH_NEW_PRICE)
                                   : LF_L3_BID_NONE;
    }
    lf_l3_look(l3, &s->seen, &coming);
    s->at = bytes <= left ? s->at + bytes : s->end;
}

/* ---- messages --------------------------------------------------------------------------- */

static lf_status add_order(
    lf_itch_books *books, uint32_t book, uint64_t id, int side, uint32_t shares, uint32_t price
)
{
    if (side == 0 || price == 0 || shares == 0) {
        books->counts.range_count++;
        return LF_DATA;
    }
    const lf_status status = lf_l3_add(books->l3, book, id, side, price, shares);
    books->counts.range_count += status == LF_RANGE;
    return status;
}

static lf_status replace_order(lf_itch_books *books, const unsigned char *m)
{
    const uint64_t id = lfi_itch_64(m + LFI_ITCH_ORDER);
    lf_l3_order old = {0};
    const bool there = lf_l3_find(books->l3, id, &old);
    const lf_status status = lf_l3_remove(books->l3, id);
    return there ? add_order(
                       books,
                       old.book,
                       lfi_itch_64(m + LFI_ITCH_NEW_ORDER),
                       old.side,
                       lfi_itch_32(m + LFI_ITCH_NEW_SHARES),
                       lfi_itch_32(m + LFI_ITCH_NEW_PRICE)
                   )
                 : status;
}

static lf_status apply(lf_itch_books *books, const unsigned char *m)
{
    switch (m[0]) {
    case 'A':
    case 'F':
        return add_order(
            books,
            lfi_itch_16(m + LFI_ITCH_LOCATE),
            lfi_itch_64(m + LFI_ITCH_ORDER),
            (m[LFI_ITCH_SIDE] == 'B') - (m[LFI_ITCH_SIDE] == 'S'),
            lfi_itch_32(m + LFI_ITCH_SHARES),
            lfi_itch_32(m + LFI_ITCH_PRICE)
        );
    case 'E':
    case 'C':
    case 'X':
        return lf_l3_reduce(
            books->l3, lfi_itch_64(m + LFI_ITCH_ORDER), lfi_itch_32(m + LFI_ITCH_TAKEN)
        );
    case 'D':
        return lf_l3_remove(books->l3, lfi_itch_64(m + LFI_ITCH_ORDER));
    case 'U':
        return replace_order(books, m);
    default:
        return LF_OK;
    }
}

static void count_message(lf_itch_books *books, const unsigned char *m)
{
    lf_itch_counts *const counts = &books->counts;
    const int64_t time_ns = lfi_itch_time_ns(m);
    counts->message_count++;
    counts->type_counts[m[0] & (LF_ITCH_TYPES - 1)]++;
    counts->backward_count += time_ns < books->newest_ns;
    if (books->newest_ns == LF_TIME_NONE) {
        counts->first_ns = time_ns;
    }
    counts->last_ns = time_ns > books->newest_ns ? time_ns : books->newest_ns;
    books->newest_ns = counts->last_ns;
}

lf_status lf_itch_books_push(
    lf_itch_books *books, const void *bytes, size_t count, size_t *taken, lf_error *error
)
{
    const unsigned char *const begin = bytes, *const end = begin + count, *at = begin;
    scout s = {.at = begin, .end = end};
    lf_status status = LF_OK;
    for (int i = 0; i < LF_L3_AHEAD; i++) {
        look(books->l3, &s);
    }
    while (end - at >= 2) {
        const size_t length = lfi_itch_16(at);
        const unsigned char *const m = at + 2;
        if (length > (size_t)(end - m)) {
            break;
        }
        const size_t needed = length > 0 ? lfi_itch_bytes[m[0]] : 0;
        if (length < needed) {
            status = lf_error_set(
                error,
                LF_FORMAT,
                "a message %c of %zu bytes, where its type has %zu",
                m[0],
                length,
                needed
            );
            break;
        }
        look(books->l3, &s);
        if (needed > 0) {
            count_message(books, m);
            if (apply(books, m) == LF_NOMEM) {
                status = lf_error_set(error, LF_NOMEM, "no memory for the orders of the books");
                break;
            }
        } else {
            books->counts.message_count += length > 0;
            books->counts.unknown_count += length > 0;
        }
        at = m + length;
    }
    *taken = (size_t)(at - begin);
    books->counts.plain_bytes += (int64_t)*taken;
    return status;
}

/* ---- life ------------------------------------------------------------------------------- */

lf_status lf_itch_books_create(const lf_allocator *allocator, lf_itch_books **out, lf_error *error)
{
    *out = NULL;
    lf_itch_books *const books = lf_allocate(allocator, 1, sizeof *books);
    if (books == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory for books");
    }
    if (allocator != NULL) {
        books->memory = *allocator;
        books->allocator = &books->memory;
    }
    books->newest_ns = LF_TIME_NONE;
    const lf_l3_options options = {
        .allocator = books->allocator,
        .book_count = LF_ITCH_BOOKS,
        .ids = LF_L3_IDS_GROWING,
        .order_capacity = ORDERS_EXPECTED,
    };
    const lf_status status = lf_l3_create(&options, &books->l3, error);
    if (status != LF_OK) {
        lf_itch_books_destroy(books);
        return status;
    }
    *out = books;
    return LF_OK;
}

void lf_itch_books_destroy(lf_itch_books *books)
{
    if (books == NULL) {
        return;
    }
    const lf_allocator memory = books->memory;
    const lf_allocator *const allocator = books->allocator != NULL ? &memory : NULL;
    lf_l3_destroy(books->l3);
    lf_release(allocator, books);
}

const lf_l3 *lf_itch_books_l3(const lf_itch_books *books)
{
    return books->l3;
}

const lf_itch_counts *lf_itch_books_counts(lf_itch_books *books)
{
    const lf_l3_stats *const l3 = lf_l3_stats_of(books->l3);
    books->counts.stock_count = books->counts.type_counts['R'];
    books->counts.order_count_max = l3->order_count_max;
    books->counts.unknown_order_count = l3->unknown_count;
    books->counts.duplicate_order_count = l3->duplicate_count;
    books->counts.overfill_count = l3->overfill_count;
    return &books->counts;
}

/* ---- files ------------------------------------------------------------------------------ */

bool lf_itch_is_market(const char *path)
{
    lfi_itch_in *in;
    lfi_itch_message m;
    int stock_count = 0;
    if (!lfi_itch_probe(path) || lfi_itch_in_open(NULL, path, &in, NULL) != LF_OK) {
        return false;
    }
    while (stock_count < 2 && lfi_itch_next(in, &m, NULL) == LF_OK && m.at != NULL &&
           (m.at[0] != 'A' || stock_count == 0)) {
        stock_count += m.at[0] == 'R';
    }
    lfi_itch_in_close(in);
    return stock_count != 1;
}

static void add_packets(lf_itch_counts *out, lfi_itch_mold *mold)
{
    if (mold != NULL) {
        const lfi_itch_mold_counts *const from = lfi_itch_mold_counts_of(mold);
        out->is_capture = true;
        out->frame_count = from->frame_count;
        out->other_count = from->other_count;
        out->packet_count = from->packet_count;
        out->copy_count = from->copy_count;
        out->heartbeat_count = from->heartbeat_count;
        out->gap_count = from->gap_count;
        out->missing_count = from->missing_count;
    }
}

lf_status
lf_itch_count(const char *path, const lf_allocator *allocator, lf_itch_counts *out, lf_error *error)
{
    lf_itch_books *books = NULL;
    lfi_itch_in *in = NULL;
    lfi_itch_message m = {0};
    *out = (lf_itch_counts){0};
    lf_status status = lf_itch_books_create(allocator, &books, error);
    if (status == LF_OK) {
        status = lfi_itch_in_open(allocator, path, &in, error);
    }
    while (status == LF_OK) {
        /* A message, and with it all that lie in memory behind it. */
        status = lfi_itch_next(in, &m, error);
        if (status != LF_OK || m.at == NULL) {
            break;
        }
        lfi_itch_window *const window = lfi_itch_window_of(in);
        size_t taken = 0;
        window->at = m.at - 2;
        status = lf_itch_books_push(
            books, window->at, (size_t)(window->end - window->at), &taken, error
        );
        window->at += taken;
        status = status == LF_FORMAT ? LF_OK : status; /* the next one says where */
    }
    if (books != NULL) {
        *out = *lf_itch_books_counts(books);
    }
    if (in != NULL) {
        add_packets(out, lfi_itch_mold_of(in));
    }
    lfi_itch_in_close(in);
    lf_itch_books_destroy(books);
    return status;
}
