/*
 * Rows of a LOBSTER orderbook file. Most of a row is the row before it: one size has changed, or
 * one side has moved by a level. So a row is compared with the text before it, pair by pair, and
 * only pairs of price and size that are new are read as numbers.
 */
#include "feed_internal.h"

#include "lobster_text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define EMPTY_PRICE INT64_C(9999999999)
#define DIGITS_MAX 10

/* Rows are copied in blocks of so many pairs: most files have one block. */
#define BLOCK_PAIRS 20
_Static_assert(2 * LFI_LOBSTER_LEVELS_MAX % BLOCK_PAIRS == 0, "whole blocks");

void lfi_rows_start(lfi_rows *rows, int32_t level_count)
{
    assert(level_count >= 1 && level_count <= LFI_LOBSTER_LEVELS_MAX);
    memset(rows, 0, sizeof *rows);
    rows->level_count = level_count;
    rows->is_ordered = true;
    for (int i = 0; i < 2; i++) {
        for (int m = 0; m < LFI_LOBSTER_LEVELS_MAX; m++) {
            rows->rows[i].pairs[2 * m + LFI_ASK].ticks = LF_ASK_NONE;
            rows->rows[i].pairs[2 * m + LFI_BID].ticks = LF_BID_NONE;
        }
    }
}

/* ---- every field ------------------------------------------------------------------------ */

static size_t count_fields(const char *line, size_t bytes)
{
    size_t count = 1;
    for (size_t i = 0; i < bytes; i++) {
        count += line[i] == ',';
    }
    return count;
}

static bool
refuse(lfi_fault *fault, int index, const char *text, const char *end, const char *expected)
{
    static const char *const kinds[] = {"ask price", "ask size", "bid price", "bid size"};
    const size_t left = text < end ? (size_t)(end - text) : 0;
    const char *comma = memchr(text, ',', left);
    snprintf(
        fault->field,
        sizeof fault->field,
        "field %d (%s of level %d)",
        index + 1,
        kinds[index % 4],
        index / 4 + 1
    );
    snprintf(fault->expected, sizeof fault->expected, "%s", expected);
    fault->text = text;
    fault->bytes = comma != NULL ? (size_t)(comma - text) : left;
    return false;
}

static bool is_price(int64_t price)
{
    return price > 0 && price % LFI_UNITS_PER_TICK == 0;
}

/* What a price and a size of a file stand for; a level of size 0 is none. */
static void put_pair(lfi_book_row *row, int pair, int64_t price, int64_t size)
{
    const int64_t none = pair % 2 == LFI_ASK ? LF_ASK_NONE : LF_BID_NONE;
    row->pairs[pair] = (lfi_pair){size > 0 ? price / LFI_UNITS_PER_TICK : none, size};
}

/* One price and its size, fields 2 * pair and 2 * pair + 1; *at is then behind the comma. */
static bool
take_pair(const char **at, const char *end, int pair, lfi_book_row *row, lfi_fault *fault)
{
    const int side = pair % 2;
    const int64_t empty = side == LFI_ASK ? EMPTY_PRICE : -EMPTY_PRICE;
    const char *begin = *at;
    int64_t price, size;
    if (!lfi_take_int(at, end, DIGITS_MAX, &price) || (price != empty && !is_price(price))) {
        return refuse(
            fault,
            2 * pair,
            begin,
            end,
            side == LFI_ASK ? "a price above 0 in 1/10000 on a whole cent, at most 10 digits, or "
                              "9999999999 for none"
                            : "a price above 0 in 1/10000 on a whole cent, at most 10 digits, or "
                              "-9999999999 for none"
        );
    }
    begin = ++*at;
    if (!lfi_take_int(at, end, DIGITS_MAX, &size) || size < 0) {
        return refuse(fault, 2 * pair + 1, begin, end, "a size, 0 or more, of at most 10 digits");
    }
    if (price == empty && size != 0) {
        return refuse(fault, 2 * pair + 1, begin, end, "0, because the level has no price");
    }
    ++*at;
    put_pair(row, pair, price, size);
    return true;
}

/* Keep the text, with a comma behind the last field too, and make its slot the newest row. */
static void finish(lfi_rows *rows, const char *line, size_t bytes)
{
    lfi_row_text *text = &rows->texts[1 - rows->now];
    memcpy(text->text, line, bytes);
    text->text[bytes] = ',';
    text->bytes = bytes + 1;
    text->starts[2 * rows->level_count] = (uint16_t)text->bytes;
    rows->before = rows->has_row ? rows->now : 1 - rows->now;
    rows->now = 1 - rows->now;
    rows->has_row = true;
    rows->has_text = true;
}

lfi_row_change lfi_rows_read_whole(lfi_rows *rows, const char *line, size_t bytes, lfi_fault *fault)
{
    const int field_count = 4 * rows->level_count;
    const char *const end = line + bytes;
    lfi_row_text *text = &rows->texts[1 - rows->now];
    if (count_fields(line, bytes) != (size_t)field_count) {
        snprintf(fault->field, sizeof fault->field, "the row");
        snprintf(
            fault->expected,
            sizeof fault->expected,
            "%d fields for %d levels",
            field_count,
            (int)rows->level_count
        );
        fault->text = line;
        fault->bytes = bytes;
        return LFI_ROW_BAD;
    }
    const char *at = line;
    for (int pair = 0; pair < 2 * rows->level_count; pair++) {
        text->starts[pair] = (uint16_t)(at - line);
        if (!take_pair(&at, end, pair, &rows->rows[1 - rows->now], fault)) {
            return LFI_ROW_BAD;
        }
    }
    /* Each field has passed, so the row is not longer than the text can be. */
    assert(bytes < LFI_ROW_BYTES_MAX);
    finish(rows, line, bytes);
    return LFI_ROW_PRICES;
}

/* ---- what differs ----------------------------------------------------------------------- */

/*
 * A row being read against the one before it. The line is read where it lies: what has just been
 * copied cannot be loaded again in other pieces without a wait.
 */
typedef struct step {
    const lfi_row_text *old_text;
    const char *line; /* [bytes], and LFI_LINE_SLACK that may be read */
    size_t bytes;
    size_t at; /* bytes that are read, commas too: bytes + 1 at the end */
    uint16_t *starts;
    const lfi_book_row *old_row;
    lfi_book_row *row;
    int level_count;
    int shift[2]; /* levels the old row is ahead by: +1 after a level went, -1 after one came */
    lfi_row_change change;
} step;

/* First byte in which two texts of at least so many bytes differ; that many when they do not. */
static size_t first_difference(const char *a, const char *b, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += 8) {
        const uint64_t differ = lfi_load_eight(a + i) ^ lfi_load_eight(b + i);
        if (differ != 0) {
            const size_t at = i + (size_t)__builtin_ctzll(differ) / 8;
            return at < bytes ? at : bytes;
        }
    }
    return bytes;
}

static inline size_t pair_bytes(const lfi_row_text *text, int pair)
{
    return (size_t)(text->starts[pair + 1] - text->starts[pair]);
}

/* The bytes of two words that belong to a text of so many bytes. */
static const uint64_t word_masks[17][2] = {
    {0, 0},
    {0xff, 0},
    {0xffff, 0},
    {0xffffff, 0},
    {0xffffffff, 0},
    {0xffffffffff, 0},
    {0xffffffffffff, 0},
    {0xffffffffffffff, 0},
    {UINT64_MAX, 0},
    {UINT64_MAX, 0xff},
    {UINT64_MAX, 0xffff},
    {UINT64_MAX, 0xffffff},
    {UINT64_MAX, 0xffffffff},
    {UINT64_MAX, 0xffffffffff},
    {UINT64_MAX, 0xffffffffffff},
    {UINT64_MAX, 0xffffffffffffff},
    {UINT64_MAX, UINT64_MAX},
};

/* Whether the pair of the old row stands next in the line; both may be read 16 bytes on. */
static inline bool stands_next(const step *s, int pair, bool is_last)
{
    const char *old = s->old_text->text + s->old_text->starts[pair];
    const char *new = s->line + s->at;
    /* The last pair of a line has no comma, and must end with the line. */
    const size_t bytes = pair_bytes(s->old_text, pair) - is_last;
    if (is_last && s->at + bytes != s->bytes) {
        return false;
    }
    if (bytes > 16) {
        return memcmp(old, new, bytes) == 0;
    }
    const uint64_t first = lfi_load_eight(old) ^ lfi_load_eight(new);
    const uint64_t second = lfi_load_eight(old + 8) ^ lfi_load_eight(new + 8);
    return ((first & word_masks[bytes][0]) | (second & word_masks[bytes][1])) == 0;
}

/* The next pair as numbers. */
static bool read_pair(step *s, int pair)
{
    const char *const end = s->line + s->bytes;
    const char *at = s->line + s->at;
    int64_t price, size;
    if (lfi_take_short(&at, &price) && lfi_take_short(&at, &size) && at <= end && is_price(price)) {
        put_pair(s->row, pair, price, size);
    } else {
        lfi_fault fault;
        at = s->line + s->at;
        if (at >= end || !take_pair(&at, end, pair, s->row, &fault)) {
            return false;
        }
    }
    s->at = (size_t)(at - s->line);
    return true;
}

/* Whether from here on the line is the old text behind that pair; then the row is done. */
static bool rest_is_old(step *s, int pair)
{
    const size_t old_at = s->old_text->starts[pair + 1];
    /* The old text has a comma at its end. */
    if (s->bytes - s->at != s->old_text->bytes - 1 - old_at ||
        memcmp(s->line + s->at, s->old_text->text + old_at, s->bytes - s->at) != 0) {
        return false;
    }
    const size_t moved = s->at - old_at; /* modulo 2^16, as the sum is */
    for (int i = pair + 1; i < 2 * s->level_count; i++) {
        s->starts[i] = (uint16_t)(s->old_text->starts[i] + moved);
    }
    return true;
}

/* How reading goes on after a pair. */
typedef enum walk {
    WALK_ON = 0,
    WALK_DONE = 1,
    WALK_BAD = 2
} walk;

/* One pair: as it was, as the next level was, or new. */
static inline walk read_next(step *s, int pair, bool is_last)
{
    const int side = pair & 1, m = pair >> 1, from = m + s->shift[side];
    const int old_pair = 2 * from + side;
    const bool is_known = from >= 0 && from < s->level_count;
    s->starts[pair] = (uint16_t)s->at;
    if (is_known && stands_next(s, old_pair, is_last)) {
        if (from != m) {
            s->row->pairs[pair] = s->old_row->pairs[old_pair];
        }
        s->at += pair_bytes(s->old_text, old_pair);
    } else if (from >= -1 && from + 1 < s->level_count && stands_next(s, old_pair + 2, is_last)) {
        s->row->pairs[pair] = s->old_row->pairs[old_pair + 2];
        s->at += pair_bytes(s->old_text, old_pair + 2);
        s->shift[side]++;
        s->change = LFI_ROW_PRICES;
    } else if (!read_pair(s, pair)) {
        return WALK_BAD;
    } else if (!is_known || s->row->pairs[pair].ticks != s->old_row->pairs[old_pair].ticks) {
        s->shift[side] -= is_known;
        s->change = LFI_ROW_PRICES;
    } else if (s->change == LFI_ROW_SIZES && !is_last && rest_is_old(s, pair)) {
        return WALK_DONE;
    }
    return WALK_ON;
}

/* Read the pairs from one on; false when the row does not end with the last of them. */
static bool read_pairs(step *s, int pair)
{
    const int last = 2 * s->level_count - 1;
    for (; pair < last; pair++) {
        const walk walked = s->at < s->bytes ? read_next(s, pair, false) : WALK_BAD;
        if (walked != WALK_ON) {
            return walked == WALK_DONE;
        }
    }
    return s->at < s->bytes && read_next(s, last, true) != WALK_BAD && s->at == s->bytes + 1;
}

static void copy_row(lfi_book_row *to, const lfi_book_row *from, int level_count)
{
    for (int i = 0; i < 2 * level_count; i += BLOCK_PAIRS) {
        memcpy(to->pairs + i, from->pairs + i, BLOCK_PAIRS * sizeof to->pairs[0]);
    }
}

/* The part of a row before the first difference; the pair in which that lies. */
static int skip_same(step *s, size_t same)
{
    const int last = 2 * s->level_count - 1;
    int pair = 0;
    while (pair < last && s->old_text->starts[pair + 1] <= same) {
        s->starts[pair] = s->old_text->starts[pair];
        pair++;
    }
    s->at = s->old_text->starts[pair];
    return pair;
}

lfi_row_change lfi_rows_read(lfi_rows *rows, const char *line, size_t bytes, lfi_fault *fault)
{
    if (!rows->has_text || bytes >= LFI_ROW_BYTES_MAX) {
        return lfi_rows_read_whole(rows, line, bytes, fault);
    }
    const lfi_row_text *old = &rows->texts[rows->now];
    const size_t old_bytes = old->bytes - 1;
    const size_t same = first_difference(old->text, line, bytes < old_bytes ? bytes : old_bytes);
    if (bytes == old_bytes && same == bytes) {
        rows->before = rows->now;
        return LFI_ROW_SAME;
    }
    step s = {
        .old_text = old,
        .line = line,
        .bytes = bytes,
        .starts = rows->texts[1 - rows->now].starts,
        .old_row = &rows->rows[rows->now],
        .row = &rows->rows[1 - rows->now],
        .level_count = rows->level_count,
        .change = LFI_ROW_SIZES,
    };
    const int pair = skip_same(&s, same);
    copy_row(s.row, s.old_row, rows->level_count);
    if (!read_pairs(&s, pair)) {
        return lfi_rows_read_whole(rows, line, bytes, fault);
    }
    finish(rows, line, bytes);
    return s.change;
}

/* ---- what the newest row says ----------------------------------------------------------- */

/*
 * Size shown at a price on a side of a row; 0 where it is not among the levels. Every level is
 * looked at, because that is less work than not knowing where to stop.
 */
static int64_t size_at(const lfi_book_row *row, int level_count, const lfi_look *look)
{
    int64_t lots = 0;
    for (int i = look->side; i < 2 * level_count; i += 2) {
        lots += row->pairs[i].lots & -(int64_t)(row->pairs[i].ticks == look->ticks);
    }
    return lots;
}

/* Prices from level to level away from the other side; nothing behind a missing level. */
static bool is_in_order(const lfi_book_row *row, int level_count)
{
    const lfi_pair *pairs = row->pairs;
    bool fine = true;
    for (int i = 2; i < 2 * level_count; i += 2) {
        const int64_t ask = pairs[i + LFI_ASK].ticks, bid = pairs[i + LFI_BID].ticks;
        fine &= (ask > pairs[i - 2 + LFI_ASK].ticks) | (ask == LF_ASK_NONE);
        fine &= (bid < pairs[i - 2 + LFI_BID].ticks) | (bid == LF_BID_NONE);
    }
    return fine;
}

void lfi_rows_look(lfi_rows *rows, lfi_row_change change, lfi_look *look)
{
    const lfi_book_row *now = &rows->rows[rows->now], *before = &rows->rows[rows->before];
    if (change == LFI_ROW_PRICES) {
        rows->is_ordered = is_in_order(now, rows->level_count);
    }
    look->is_ordered = rows->is_ordered;
    look->moved_lots = 0;
    if (change != LFI_ROW_SAME) {
        look->moved_lots =
            size_at(now, rows->level_count, look) - size_at(before, rows->level_count, look);
    }
    look->is_same =
        change == LFI_ROW_SAME || (look->moved_lots == 0 && memcmp(now, before, sizeof *now) == 0);
}

void lfi_rows_quotes(const lfi_rows *rows, lf_quotes *out)
{
    const lfi_pair *pairs = rows->rows[rows->now].pairs;
    for (int m = 0; m < LF_LEVELS_MAX; m++) {
        const lfi_pair ask = pairs[2 * m + LFI_ASK], bid = pairs[2 * m + LFI_BID];
        out->ask_ticks[m] = ask.ticks;
        out->ask_lots[m] = ask.lots;
        out->bid_ticks[m] = bid.ticks;
        out->bid_lots[m] = bid.lots;
    }
}
