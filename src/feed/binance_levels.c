/* Levels of Binance messages in bulk: their ends are found first, so that none waits for another.
 */
#include "binance_levels.h"
#include "json_cursor.h"

#include <string.h>

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx2,bmi,bmi2,popcnt")))

/* Brackets of a block that are always written; more are rare, since a level has ten bytes. */
#define ALWAYS 4

bool lfi_binance_levels_usable(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
}

/* ---- brackets --------------------------------------------------------------------------- */

TARGET static uint64_t brackets_of(const char *text)
{
    const __m256i bracket = _mm256_set1_epi8(']');
    const __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)text);
    const __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(text + 32));
    const int low_bits = _mm256_movemask_epi8(_mm256_cmpeq_epi8(low, bracket));
    const int high_bits = _mm256_movemask_epi8(_mm256_cmpeq_epi8(high, bracket));
    return (uint64_t)(uint32_t)low_bits | (uint64_t)(uint32_t)high_bits << 32;
}

TARGET static void find_brackets(lfi_binance_brackets *b, const char *text, const char *end)
{
    const size_t left = (size_t)(end - text);
    const size_t bytes = left < LFI_BINANCE_WINDOW ? left : LFI_BINANCE_WINDOW;
    size_t count = 0;
    for (size_t at = 0; at < bytes; at += 64) {
        uint64_t bits = brackets_of(text + at);
        if (bytes - at < 64) { /* what stands behind the line is none of it */
            bits &= (UINT64_C(1) << (bytes - at)) - 1;
        }
        const size_t here = (size_t)__builtin_popcountll(bits);
        for (size_t i = 0; i < ALWAYS; i++) {
            b->places[count + i] = (uint16_t)(at + _tzcnt_u64(bits));
            bits = _blsr_u64(bits);
        }
        for (size_t i = ALWAYS; i < here; i++) {
            b->places[count + i] = (uint16_t)(at + _tzcnt_u64(bits));
            bits = _blsr_u64(bits);
        }
        count += here;
    }
    b->begin = text;
    b->end = text + bytes;
    b->next = 0;
    b->count = count;
}

/* Steps to the first closing bracket from a place on; false when there is none before the end. */
TARGET static bool seek_bracket(lfi_binance_brackets *b, const char *from, const char *end)
{
    for (;;) {
        while (b->next < b->count && b->begin + b->places[b->next] < from) {
            b->next++;
        }
        if (b->next < b->count) {
            return true;
        }
        if (b->begin != NULL && b->end >= end) {
            return false;
        }
        find_brackets(b, from, end);
        if (b->count == 0 && b->end < end) {
            return false; /* no level is so long */
        }
    }
}

/* ---- shapes ----------------------------------------------------------------------------- */

/* One number at text: whole digits, bytes behind them up to the quote, and what stands there. */
static bool measure(const char *text, unsigned places, unsigned *whole, unsigned *tail)
{
    *whole = lfi_count_digits(text);
    if (*whole == 0 || *whole + places > 8) {
        return false;
    }
    if (text[*whole] == '"') {
        *tail = 0;
        return places == 0;
    }
    *tail = 1 + lfi_count_digits(text + *whole + 1);
    return text[*whole] == '.' && *tail >= 2 && *tail <= 9 && *tail > places &&
           text[*whole + *tail] == '"';
}

/* Bytes of a number in a template. */
static unsigned char *
put_number(unsigned char *text, unsigned char *most, unsigned whole, unsigned tail)
{
    memset(text, '0', whole + tail);
    memset(most, 9, whole + tail);
    if (tail > 0) {
        text[whole] = '.';
        most[whole] = 0;
    }
    return text + whole + tail;
}

/* Picks so many whole digits, the first at a place, and digits behind a point, into eight bytes. */
static void pick_digits(int first, unsigned whole, unsigned places, unsigned char *out)
{
    for (unsigned i = 0; i < whole + places; i++) {
        const int from = first + (int)(i < whole ? i : i + 1);
        out[8 - whole - places + i] = (unsigned char)(from >= 0 ? from : 0x80);
    }
}

static bool find_shape(
    const char *level,
    const lfi_binance_scale *prices,
    const lfi_binance_scale *sizes,
    lfi_binance_shape *out
)
{
    unsigned size_whole;
    lfi_binance_shape s = {.price_places = prices->places, .size_places = sizes->places};
    if (memcmp(level, "[\"", 2) != 0 ||
        !measure(level + 2, prices->places, &s.price_whole, &s.price_tail)) {
        return false;
    }
    const unsigned close = 2 + s.price_whole + s.price_tail;
    if (memcmp(level + close, "\",\"", 3) != 0 ||
        !measure(level + close + 3, sizes->places, &size_whole, &s.size_tail)) {
        return false;
    }
    const unsigned room = 14 - s.size_tail;
    s.others = close + 3 + s.size_tail + 2;
    s.size_whole_max = 8 - sizes->places < room ? 8 - sizes->places : room;
    memset(s.price_most + close + 3, UINT8_MAX, sizeof s.price_most - close - 3);
    memcpy(s.price_text, "[\"", 2);
    memcpy(put_number(s.price_text + 2, s.price_most + 2, s.price_whole, s.price_tail), "\",\"", 3);
    put_number(s.size_text, s.size_most, room, s.size_tail);
    memcpy(s.size_text + 14, "\"]", 2);
    memset(s.pick_price, 0x80, sizeof s.pick_price);
    memset(s.pick_size, 0x80, sizeof s.pick_size);
    pick_digits(2, s.price_whole, prices->places, s.pick_price);
    pick_digits(
        (int)room - (int)(8 - sizes->places), 8 - sizes->places, sizes->places, s.pick_size + 8
    );
    *out = s;
    return true;
}

/* ---- numbers ---------------------------------------------------------------------------- */

/* 16 bytes of which the first so many are set: loaded from the place 16 - n on. */
static const unsigned char before[32] = {
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};

/* Two numbers of eight digits each. */
TARGET static inline void store_numbers(__m128i digits, lfi_l2_level *out)
{
    const __m128i tens = _mm_set1_epi16(0x010a), hundreds = _mm_set1_epi32(0x00010064);
    const __m128i thousands = _mm_set1_epi32(0x00012710);
    static_assert(
        sizeof(lfi_l2_level) == 16 && offsetof(lfi_l2_level, price_ticks) == 0 &&
            offsetof(lfi_l2_level, size_lots) == 8,
        "stored as two numbers"
    );
    digits = _mm_madd_epi16(_mm_maddubs_epi16(digits, tens), hundreds);
    digits = _mm_madd_epi16(_mm_packus_epi32(digits, digits), thousands);
    _mm_storeu_si128((__m128i *)(void *)out, _mm_cvtepu32_epi64(digits));
}

/* Digits behind a point, the first one lowest. */
static uint64_t parts_of(const unsigned char bytes[40], unsigned first, unsigned tail)
{
    uint64_t parts;
    memcpy(&parts, bytes + first, sizeof parts);
    return tail > 0 ? parts & UINT64_MAX >> (64 - 8 * (tail - 1)) : 0;
}

TARGET static size_t take_levels(
    lfi_binance_brackets *brackets,
    const lfi_binance_shape *s,
    lfi_binance_span *span,
    lfi_binance_scale *prices,
    lfi_binance_scale *sizes,
    lfi_l2_level *out,
    size_t room
)
{
    const __m256i price_text = _mm256_loadu_si256((const __m256i *)(const void *)s->price_text);
    const __m256i price_most = _mm256_loadu_si256((const __m256i *)(const void *)s->price_most);
    const __m128i size_text = _mm_loadu_si128((const __m128i *)(const void *)s->size_text);
    const __m128i size_most = _mm_loadu_si128((const __m128i *)(const void *)s->size_most);
    const __m128i pick_price = _mm_loadu_si128((const __m128i *)(const void *)s->pick_price);
    const __m128i pick_size = _mm_loadu_si128((const __m128i *)(const void *)s->pick_size);
    const unsigned char *const not_sizes = before + 2 + s->size_tail;
    const size_t others = s->others, whole_max = s->size_whole_max;
    __m256i price_marks = _mm256_setzero_si256();
    __m128i size_marks = _mm_setzero_si128();
    const char *at = span->at, *const end = span->end;
    size_t count = 0;
    bool has_bracket = seek_bracket(brackets, at, end);
    const uint16_t *place = brackets->places + brackets->next;
    while (count < room && has_bracket) {
        const char *const close = brackets->begin + *place;
        const size_t whole = (size_t)(close + 1 - at) - others;
        if (whole - 1 >= whole_max) {
            break;
        }
        const __m256i price =
            _mm256_sub_epi8(_mm256_loadu_si256((const __m256i *)(const void *)at), price_text);
        const __m128i size =
            _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(const void *)(close - 15)), size_text);
        /* What stands before the size has been seen with the price. */
        const __m128i digits = _mm_andnot_si128(
            _mm_loadu_si128((const __m128i *)(const void *)(not_sizes + whole)), size
        );
        const __m256i price_fits = _mm256_cmpeq_epi8(_mm256_min_epu8(price, price_most), price);
        const __m128i size_fits = _mm_cmpeq_epi8(_mm_min_epu8(digits, size_most), digits);
        if ((_mm256_movemask_epi8(price_fits) & (_mm_movemask_epi8(size_fits) | ~0xffff)) != -1) {
            break;
        }
        const __m128i picked = _mm_shuffle_epi8(_mm256_castsi256_si128(price), pick_price);
        store_numbers(_mm_or_si128(picked, _mm_shuffle_epi8(digits, pick_size)), &out[count++]);
        price_marks = _mm256_or_si256(price_marks, price);
        size_marks = _mm_or_si128(size_marks, digits);
        at = close + 1;
        place++;
        if (memcmp(at, ",[", 2) != 0) { /* one comparison of two bytes */
            break;
        }
        at++;
        if (place == brackets->places + brackets->count) {
            has_bracket = seek_bracket(brackets, at, end);
            place = brackets->places + brackets->next;
        }
    }
    unsigned char price_bytes[40] = {0}, size_bytes[40] = {0};
    _mm256_storeu_si256((__m256i *)(void *)price_bytes, price_marks);
    _mm_storeu_si128((__m128i *)(void *)size_bytes, size_marks);
    prices->fractions |= parts_of(price_bytes, 3 + s->price_whole, s->price_tail);
    sizes->fractions |= parts_of(size_bytes, 15 - s->size_tail, s->size_tail);
    span->at = at;
    return count;
}

size_t lfi_binance_levels(
    lfi_binance_brackets *brackets,
    lfi_binance_shape shapes[LFI_BINANCE_SHAPES],
    lfi_binance_span *span,
    lfi_binance_scale *prices,
    lfi_binance_scale *sizes,
    lfi_l2_level *out,
    size_t room
)
{
    if (span->end - span->at < 10 || span->at - span->begin < 16) {
        return 0;
    }
    const unsigned whole = lfi_count_digits(span->at + 2);
    lfi_binance_shape *const s = &shapes[whole % LFI_BINANCE_SHAPES];
    size_t count = 0;
    if (s->others > 0 && s->price_whole == whole && s->price_places == prices->places &&
        s->size_places == sizes->places) {
        count = take_levels(brackets, s, span, prices, sizes, out, room);
    }
    if (count == 0 && find_shape(span->at, prices, sizes, s)) {
        count = take_levels(brackets, s, span, prices, sizes, out, room);
    }
    return count;
}

#else

bool lfi_binance_levels_usable(void)
{
    return false;
}

size_t lfi_binance_levels(
    lfi_binance_brackets *brackets,
    lfi_binance_shape shapes[LFI_BINANCE_SHAPES],
    lfi_binance_span *span,
    lfi_binance_scale *prices,
    lfi_binance_scale *sizes,
    lfi_l2_level *out,
    size_t room
)
{
    (void)brackets;
    (void)shapes;
    (void)span;
    (void)prices;
    (void)sizes;
    (void)out;
    (void)room;
    return 0;
}

#endif
