/*
 * Rows of LOBSTER files for processors with AVX-512 VBMI2. The digits of eight fields are put into
 * eight lanes and become numbers together; nothing branches on what they are. Only the usual forms
 * are taken: whole lines, numbers of at most eight digits, no missing level. All else is left to
 * the readers of lobster_row.c and lobster_message.c.
 */
#include "feed_internal.h"

#include "lobster_text.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define WIDE \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2,bmi,bmi2," \
                          "popcnt")))
#define INLINE static inline __attribute__((always_inline)) WIDE

#define BLOCK_BYTES 64
/* Eight fields take a block at most, and a block may begin behind the last of them. */
_Static_assert(
    LFI_LINE_SLACK >= (LFI_LOBSTER_LEVELS_MAX / 2 + 2) * BLOCK_BYTES,
    "a row of all levels may be read behind a text"
);

bool lfi_wide_works(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2") &&
           __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}

/* ---- eight fields ----------------------------------------------------------------------- */

/* The numbers 0 to 63, a byte each. */
INLINE __m512i byte_numbers(void)
{
    return _mm512_set_epi64(
        0x3f3e3d3c3b3a3938,
        0x3736353433323130,
        0x2f2e2d2c2b2a2928,
        0x2726252423222120,
        0x1f1e1d1c1b1a1918,
        0x1716151413121110,
        0x0f0e0d0c0b0a0908,
        0x0706050403020100
    );
}

/* The number of its lane in each byte. */
INLINE __m512i lane_numbers(void)
{
    return _mm512_set_epi64(
        0x0707070707070707,
        0x0606060606060606,
        0x0505050505050505,
        0x0404040404040404,
        0x0303030303030303,
        0x0202020202020202,
        0x0101010101010101,
        0
    );
}

/* Up to eight fields of a block: where each begins and how many bytes it has, a byte for each. A
   field that has no end is longer than 127 bytes. */
typedef struct fields {
    __m128i begin, length;
} fields;

/* The fields that end before some bytes of a block, of which each is a bit. */
INLINE fields find_fields(__mmask64 ends)
{
    const __m128i end =
        _mm512_castsi512_si128(_mm512_mask_compress_epi8(_mm512_set1_epi8(-1), ends, byte_numbers())
        );
    const __m128i begin = _mm_slli_si128(_mm_add_epi8(end, _mm_set1_epi8(1)), 1);
    return (fields){begin, _mm_sub_epi8(end, begin)};
}

/* Digits 0 to 9 of a field with at most eight in each lane, the last one highest, zeros below. */
INLINE __m512i digits_of(fields f, __m512i block)
{
    const __m512i first = _mm512_permutexvar_epi8(lane_numbers(), _mm512_castsi128_si512(f.begin));
    const __m512i from = _mm512_add_epi8(first, _mm512_set1_epi64(0x0706050403020100));
    const __m512i digits =
        _mm512_permutexvar_epi8(from, _mm512_sub_epi8(block, _mm512_set1_epi8('0')));
    const __m128i unused_bits =
        _mm_setr_epi8(64, 56, 48, 40, 32, 24, 16, 8, 0, 0, 0, 0, 0, 0, 0, 0);
    return _mm512_sllv_epi64(digits, _mm512_cvtepu8_epi64(_mm_shuffle_epi8(unused_bits, f.length)));
}

/* ---- orderbook rows --------------------------------------------------------------------- */

/*
 * Four levels are packed into the 16 lanes of a register as reading eight fields twice leaves them
 * there: ticks in even lanes, the lots behind them; asks of levels 0 and 2, bids of these, then
 * asks of levels 1 and 3, and bids. Lanes of levels that the file has not are 0.
 */
#define TICKS 0x5555
#define ASK_TICKS 0x0505
#define BID_TICKS 0x5050

static inline int lane_of(int level, int side)
{
    return 16 * (level / 4) + 8 * (level % 2) + level % 4 / 2 * 2 + 4 * side;
}

/* Lanes of so many levels of four. */
static const uint16_t lanes_of_levels[] = {0, 0x0033, 0x3333, 0x33ff, 0xffff};

/* What is gathered while a row is read. */
typedef struct gathered {
    __m512i digits;        /* the largest of each byte */
    __m128i lengths;       /* the largest of each field */
    __m512i least;         /* the least of each number */
    __m512i last, advance; /* the levels before; by how much, at least, a level lies behind them */
    __m512i changed;       /* bits that differ from the row before */
    __m512i wanted, moved; /* the ticks looked for, in lanes of their side; change of lots there */
} gathered;

/*
 * Eight fields, or lanes of them, as two numbers of four digits each. Of prices the last two digits
 * are left out, as they must be 0.
 */
INLINE __m512i read_fields(gathered *g, __m512i block, __mmask64 ends, __mmask8 lanes)
{
    const fields f = find_fields(ends);
    const __m512i digits = _mm512_maskz_mov_epi64(lanes, digits_of(f, block));
    g->digits = _mm512_max_epu8(g->digits, digits);
    g->lengths = _mm_max_epu8(g->lengths, _mm_maskz_mov_epi8(lanes, f.length));
    const __m512i twos = _mm512_maddubs_epi16(digits, _mm512_set1_epi16(0x010a));
    return _mm512_madd_epi16(
        twos,
        _mm512_set4_epi64(
            0x0001006400010064, 0x0000000100010064, 0x0001006400010064, 0x0000000100010064
        )
    );
}

/* Pack four levels, or lanes of them, and compare them with their neighbours and with the row
   before. */
INLINE void take_levels(
    gathered *g, __m512i first, __m512i second, __mmask16 lanes, const int32_t *old, int32_t *out
)
{
    const __m512i now = _mm512_madd_epi16(
        _mm512_packus_epi32(first, second), _mm512_set1_epi64(0x0001271000010064)
    );
    const __m512i before = _mm512_loadu_si512(old);
    /* For the ticks of each level those of the level nearer to the other side. */
    const __m512i nearer = _mm512_permutex2var_epi32(
        now, _mm512_setr_epi32(26, 1, 8, 3, 30, 5, 12, 7, 0, 9, 2, 11, 4, 13, 6, 15), g->last
    );
    const __m512i advance =
        _mm512_mask_sub_epi32(_mm512_sub_epi32(now, nearer), BID_TICKS, nearer, now);
    g->advance = _mm512_mask_min_epi32(g->advance, lanes, g->advance, advance);
    g->least = _mm512_mask_min_epu32(g->least, lanes, g->least, now);
    g->last = now;
    g->changed = _mm512_or_si512(g->changed, _mm512_xor_si512(now, before));
    g->moved = _mm512_mask_add_epi32(
        g->moved, _mm512_cmpeq_epi32_mask(now, g->wanted), g->moved, _mm512_srli_epi64(now, 32)
    );
    g->moved = _mm512_mask_sub_epi32(
        g->moved,
        _mm512_cmpeq_epi32_mask(before, g->wanted),
        g->moved,
        _mm512_srli_epi64(before, 32)
    );
    _mm512_storeu_si512(out, now);
}

/* A walk over the bytes of a text that are no digits: a bit each, in words of 64. */
typedef struct walk {
    const uint64_t *word;
    uint64_t left;    /* bits that are ahead, of *word */
    const char *base; /* the byte of bit 0 */
} walk;

/* Step over so many of them; the byte behind the last. The words hold at least one more. */
INLINE const char *step_over(walk *w, int count)
{
    const int here = (int)_mm_popcnt_u64(w->left);
    const bool is_here = here >= count;
    const uint64_t bits = is_here ? w->left : w->word[1];
    const uint64_t last = _pdep_u64(UINT64_C(1) << (count - 1 - (is_here ? 0 : here)), bits);
    w->word += !is_here;
    w->base += is_here ? 0 : BLOCK_BYTES;
    w->left = bits & ~_blsmsk_u64(last);
    return w->base + _tzcnt_u64(last) + 1;
}

/* Whether all that was gathered is of the usual form. */
INLINE bool is_usual(const gathered *g)
{
    /* The two digits that are left out of prices are 0. */
    const __m512i digits_most = _mm512_set4_epi64(
        0x0909090909090909, 0x0000090909090909, 0x0909090909090909, 0x0000090909090909
    );
    /* An empty field gave a number 0. */
    return _mm512_cmpgt_epu8_mask(g->digits, digits_most) == 0 &&
           (_mm_cmpgt_epu8_mask(g->lengths, _mm_set1_epi8(8)) & 0xff) == 0 &&
           _mm512_testn_epi32_mask(g->least, g->least) == 0;
}

/* The ten best levels of a packed row. */
INLINE void put_quotes(const int32_t *row, int level_count, lf_quotes *out)
{
    const __m512i a = _mm512_loadu_si512(row), b = _mm512_loadu_si512(row + 16);
    /* Lanes of 32 bits that become the low half of one of 64. */
    const __m512i asks = _mm512_setr_epi32(0, 0, 8, 0, 2, 0, 10, 0, 16, 0, 24, 0, 18, 0, 26, 0);
    const __m512i ask_lots = _mm512_add_epi32(asks, _mm512_set1_epi32(1));
    const __m512i bids = _mm512_add_epi32(asks, _mm512_set1_epi32(4));
    const __m512i bid_lots = _mm512_add_epi32(asks, _mm512_set1_epi32(5));
    const __m512i ask = _mm512_maskz_permutex2var_epi32(TICKS, a, asks, b);
    const __m512i bid = _mm512_maskz_permutex2var_epi32(TICKS, a, bids, b);
    const __mmask8 is_there = (__mmask8)_bzhi_u32(0xff, (unsigned)level_count);
    _mm512_storeu_si512(
        out->ask_ticks, _mm512_mask_mov_epi64(_mm512_set1_epi64(LF_ASK_NONE), is_there, ask)
    );
    _mm512_storeu_si512(
        out->bid_ticks, _mm512_mask_mov_epi64(_mm512_set1_epi64(LF_BID_NONE), is_there, bid)
    );
    _mm512_storeu_si512(out->ask_lots, _mm512_maskz_permutex2var_epi32(TICKS, a, ask_lots, b));
    _mm512_storeu_si512(out->bid_lots, _mm512_maskz_permutex2var_epi32(TICKS, a, bid_lots, b));
    /* Levels 8 and 9: ticks and lots of the asks, then of the bids. */
    const __m512i last = _mm512_maskz_permutexvar_epi32(
        TICKS,
        _mm512_setr_epi32(0, 0, 8, 0, 1, 0, 9, 0, 4, 0, 12, 0, 5, 0, 13, 0),
        _mm512_loadu_si512(row + 32)
    );
    const __m512i none =
        _mm512_setr_epi64(LF_ASK_NONE, LF_ASK_NONE, 0, 0, LF_BID_NONE, LF_BID_NONE, 0, 0);
    const __mmask8 last_there = (level_count > 8 ? 0x55 : 0) | (level_count > 9 ? 0xaa : 0);
    const __m512i filled = _mm512_mask_mov_epi64(none, last_there, last);
    _mm_storeu_si128((__m128i *)(out->ask_ticks + 8), _mm512_castsi512_si128(filled));
    _mm_storeu_si128((__m128i *)(out->ask_lots + 8), _mm512_extracti64x2_epi64(filled, 1));
    _mm_storeu_si128((__m128i *)(out->bid_ticks + 8), _mm512_extracti64x2_epi64(filled, 2));
    _mm_storeu_si128((__m128i *)(out->bid_lots + 8), _mm512_extracti64x2_epi64(filled, 3));
}

/* Pack the newest row; false when it has a missing level, as the next one will have. */
static bool pack(lfi_rows *rows)
{
    const lfi_pair *pairs = rows->rows[rows->now].pairs;
    int32_t *packed = rows->packed[rows->now_packed];
    /* From the deepest level, which is the first to be missing. */
    for (int i = 2 * rows->level_count - 1; i >= 0; i--) {
        const int lane = lane_of(i / 2, i % 2);
        if (pairs[i].lots == 0 || pairs[i].lots > INT32_MAX) {
            return false;
        }
        packed[lane] = (int32_t)pairs[i].ticks;
        packed[lane + 1] = (int32_t)pairs[i].lots;
    }
    return true;
}

void lfi_wide_leave(lfi_rows *rows)
{
    const int32_t *packed = rows->packed[rows->now_packed];
    if (!rows->is_packed) {
        return;
    }
    for (int i = 0; i < 2 * rows->level_count; i++) {
        const int lane = lane_of(i / 2, i % 2);
        rows->rows[rows->now].pairs[i] = (lfi_pair){packed[lane], packed[lane + 1]};
    }
    rows->is_packed = false;
    rows->has_text = false;
}

INLINE __m512i load(const char *text)
{
    return _mm512_loadu_si512(text);
}

INLINE __mmask64 find(__m512i block, char c)
{
    return _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8(c));
}

INLINE __m512i read_eight(gathered *g, __m512i block)
{
    return read_fields(g, block, find(block, ','), 0xff);
}

/*
 * Read the levels of a row into packed lanes; the byte of its line end, or NULL when the row is not
 * of the usual form. A walk over all blocks at once tells early where the groups of eight fields
 * begin. A byte that is neither digit nor comma is in some field, and too large for a digit.
 */
INLINE const char *
read_levels(gathered *g, const char *text, int level_count, const int32_t *old, int32_t *now)
{
    const int group_count = (level_count + 1) / 2;
    uint64_t words[LFI_LOBSTER_LEVELS_MAX / 2 + 1];
    for (int i = 0; i < group_count; i++) {
        words[i] = _mm512_cmple_epu8_mask(load(text + i * BLOCK_BYTES), _mm512_set1_epi8(','));
    }
    words[group_count] = 0;
    walk w = {words, words[0], text};
    const char *at = text;
    int left = level_count;
    for (; left > 4; left -= 4, old += 16, now += 16) {
        const __m512i first = read_eight(g, load(at));
        const __m512i second = read_eight(g, load(step_over(&w, 8)));
        take_levels(g, first, second, 0xffff, old, now);
        at = step_over(&w, 8);
    }
    __m512i first = _mm512_setzero_si512();
    if (left > 2) {
        first = read_eight(g, load(at));
        at = step_over(&w, 8);
    }
    const int field_count = left % 2 == 0 ? 8 : 4;
    const __m512i block = load(at);
    const __mmask64 line_ends = find(block, '\n') | find(block, '\r');
    const __m512i last =
        read_fields(g, block, find(block, ',') | line_ends, (__mmask8)(0xff >> (8 - field_count)));
    const __m512i none = _mm512_setzero_si512();
    take_levels(
        g, left > 2 ? first : last, left > 2 ? last : none, lanes_of_levels[left], old, now
    );
    const char *const end = step_over(&w, field_count) - 1;
    return _tzcnt_u64(line_ends) == (uint64_t)(end - at) && is_usual(g) ? end : NULL;
}

/* lfi_wide_row(), where the compiler may know the number of levels. */
INLINE size_t
take_row(lfi_rows *rows, int level_count, const lfi_window *text, lfi_look *look, lf_quotes *quotes)
{
    if (rows->has_row && !rows->is_packed && !pack(rows)) {
        return 0;
    }
    gathered g = {
        /* Any ask is above this one, any bid below. */
        .last = _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, INT32_MAX, 0),
        .advance = _mm512_set1_epi32(INT32_MAX),
        .least = _mm512_set1_epi32(-1),
        .wanted = _mm512_mask_set1_epi32(
            _mm512_set1_epi32(-1),
            look->side == LFI_ASK ? ASK_TICKS : BID_TICKS,
            (int32_t)look->ticks
        ),
    };
    int32_t *now = rows->packed[1 - rows->now_packed];
    const char *end = read_levels(&g, text->at, level_count, rows->packed[rows->now_packed], now);
    if (end == NULL || (*end == '\r' && *++end != '\n') || end >= text->end) {
        return 0;
    }
    look->moved_lots = _mm512_reduce_add_epi32(g.moved);
    look->is_same = _mm512_test_epi32_mask(g.changed, g.changed) == 0;
    look->is_ordered = _mm512_mask_cmple_epi32_mask(TICKS, g.advance, _mm512_setzero_si512()) == 0;
    put_quotes(now, level_count, quotes);
    rows->now_packed = 1 - rows->now_packed;
    rows->is_packed = true;
    rows->has_row = true;
    return (size_t)(end + 1 - text->at);
}

WIDE size_t lfi_wide_row(lfi_rows *rows, const lfi_window *text, lfi_look *look, lf_quotes *quotes)
{
    /* As LOBSTER's samples and most of its files have them. */
    switch (rows->level_count) {
    case 1:
        return take_row(rows, 1, text, look, quotes);
    case 5:
        return take_row(rows, 5, text, look, quotes);
    case 10:
        return take_row(rows, 10, text, look, quotes);
    default:
        return take_row(rows, rows->level_count, text, look, quotes);
    }
}

/* ---- message rows ----------------------------------------------------------------------- */

/* The fields in their lanes. */
enum {
    SECONDS,
    FRACTION,
    TYPE,
    ORDER_ID,
    SIZE,
    PRICE,
    DIRECTION,
    FIELD_COUNT
};

/* The number that the digits of each lane make. */
INLINE __m512i join_digits(__m512i digits)
{
    const __m512i twos = _mm512_maddubs_epi16(digits, _mm512_set1_epi16(0x010a));
    const __m512i fours = _mm512_madd_epi16(twos, _mm512_set1_epi32(0x00010064));
    return _mm512_add_epi64(
        _mm512_mul_epu32(fours, _mm512_set1_epi64(10000)), _mm512_srli_epi64(fours, 32)
    );
}

/*
 * The byte behind the seventh field, or 0 when the bytes between the fields, or the last field, are
 * not what they must be. Sides follow each other as they like, so nothing branches on them.
 */
INLINE size_t find_end(const char *text, __m512i block, __mmask64 ends, bool *is_ask)
{
    const uint64_t comma = find(block, ','), minus = find(block, '-');
    const uint64_t last = _pdep_u64(UINT64_C(1) << (FIELD_COUNT - 1), ends);
    const uint64_t inside = last - 1;
    const size_t end = _tzcnt_u64(last);
    const uint64_t sign = (minus >> (end - 2)) & 1;
    *is_ask = sign != 0;
    const bool is_good = ((ends ^ comma) & inside) == UINT64_C(1) << 5 &&
                         (minus & inside) == sign << (end - 2) &&
                         (comma >> (end - 2 - sign) & 1) != 0;
    return last != 0 && is_good && text[5] == '.' && text[end - 1] == '1' ? end : 0;
}

/* Whether no field is longer than the usual, or empty. */
INLINE bool is_usual_length(fields f)
{
    const __m128i more = _mm_setr_epi8(4, 8, 0, 15, 7, 7, 1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
    return _mm_cmpgt_epu8_mask(_mm_sub_epi8(f.length, _mm_set1_epi8(1)), more) == 0;
}

/* The numbers of the fields before the direction: their last eight digits, and those before. */
INLINE bool read_numbers(__m512i block, fields f, int64_t out[8])
{
    const __m128i more = _mm_subs_epu8(f.length, _mm_set1_epi8(8));
    const fields high = {f.begin, more};
    const fields low = {_mm_add_epi8(f.begin, more), _mm_sub_epi8(f.length, more)};
    const __m512i low_digits = digits_of(low, block), high_digits = digits_of(high, block);
    _mm512_storeu_si512(
        out,
        _mm512_add_epi64(
            _mm512_mul_epu32(join_digits(high_digits), _mm512_set1_epi64(100000000)),
            join_digits(low_digits)
        )
    );
    const __m512i most = _mm512_max_epu8(low_digits, high_digits);
    return _mm512_mask_cmpgt_epu8_mask(0x0000ffffffffffff, most, _mm512_set1_epi8(9)) == 0;
}

WIDE size_t lfi_wide_message(const lfi_window *text, lfi_message *out)
{
    /* By how much a fraction of so many places is multiplied. */
    static const int64_t scale[] = {
        1000000000, 100000000, 10000000, 1000000, 100000, 10000, 1000, 100, 10, 1};
    const __m512i block = load(text->at);
    const __mmask64 ends = _mm512_cmple_epu8_mask(block, _mm512_set1_epi8(',')) | find(block, '.');
    const fields f = find_fields(ends);
    bool is_ask;
    int64_t number[8];
    size_t end = find_end(text->at, block, ends, &is_ask);
    if (end == 0 || !is_usual_length(f) || !read_numbers(block, f, number)) {
        return 0;
    }
    const size_t places = _tzcnt_u64(find(block, ',')) - 6;
    *out = (lfi_message){
        .since_midnight_ns = number[SECONDS] * LF_NS_PER_SECOND + number[FRACTION] * scale[places],
        .order_id = number[ORDER_ID],
        .size = number[SIZE],
        .price = number[PRICE],
        .type = (int8_t)number[TYPE],
        .direction = is_ask ? -1 : 1,
    };
    const bool is_whole = (uint64_t)out->price % LFI_UNITS_PER_TICK == 0;
    end += text->at[end] == '\r';
    return text->at + end < text->end && text->at[end] == '\n' &&
                   number[SECONDS] < LFI_SECONDS_PER_DAY && out->type >= 1 && out->type <= 5 &&
                   out->size > 0 && out->price > 0 && (is_whole || out->type == 5)
               ? end + 1
               : 0;
}

#else

bool lfi_wide_works(void)
{
    return false;
}

size_t lfi_wide_row(lfi_rows *rows, const lfi_window *text, lfi_look *look, lf_quotes *quotes)
{
    (void)rows;
    (void)text;
    (void)look;
    (void)quotes;
    return 0;
}

void lfi_wide_leave(lfi_rows *rows)
{
    (void)rows;
}

size_t lfi_wide_message(const lfi_window *text, lfi_message *out)
{
    (void)text;
    (void)out;
    return 0;
}

#endif
