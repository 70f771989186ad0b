/* Tokens of JSON in the spelling of the venues, without blanks and escapes, for direct readers. */
#ifndef LFI_FEED_JSON_CURSOR_H
#define LFI_FEED_JSON_CURSOR_H

#include "binance_message.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* Where a reader stands. Bytes from at on may be read up to LFI_LINE_SLACK behind end. */
typedef struct lfi_cursor {
    const char *begin, *at, *end;
} lfi_cursor;

static const int64_t lfi_powers[LFI_BINANCE_PLACES_MAX + 1] = {
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

/* ---- digits ----------------------------------------------------------------------------- */

/* Bit i: the byte i is no digit. Bits from 32 on are set, so that there always is a next one. */
static inline uint64_t lfi_not_digits(const char *text)
{
    const uint64_t beyond = UINT64_C(0xffffffff00000000);
#if defined(__SSE2__)
    const __m128i zero = _mm_set1_epi8('0'), nine = _mm_set1_epi8(9);
    const __m128i low = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(const void *)text), zero);
    const __m128i high =
        _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(const void *)(text + 16)), zero);
    const int low_bits = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(low, nine), low));
    const int high_bits = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(high, nine), high));
    return beyond | (uint32_t) ~((uint32_t)low_bits | (uint32_t)high_bits << 16);
#else
    uint32_t digits = 0;
    for (int i = 0; i < 32; i++) {
        digits |= (uint32_t)((unsigned char)(text[i] - '0') <= 9) << i;
    }
    return beyond | (uint32_t)~digits;
#endif
}

/* How many of 17 bytes are digits before the first that is none; 17 when all are. */
static inline unsigned lfi_count_digits(const char *text)
{
#if defined(__SSE2__)
    const __m128i zero = _mm_set1_epi8('0'), nine = _mm_set1_epi8(9);
    const __m128i low = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(const void *)text), zero);
    const int bits = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(low, nine), low));
    const unsigned count = (unsigned)__builtin_ctz(~(unsigned)bits);
    return count == 16 && (unsigned char)(text[16] - '0') <= 9 ? 17 : count;
#else
    unsigned count = 0;
    while (count < 17 && (unsigned char)(text[count] - '0') <= 9) {
        count++;
    }
    return count;
#endif
}

static inline unsigned lfi_next_bit(uint64_t *bits)
{
    const unsigned at = (unsigned)__builtin_ctzll(*bits);
    *bits &= *bits - 1;
    return at;
}

/* Eight bytes as digits, the first one lowest; what is no digit becomes anything. */
static inline uint64_t lfi_load_digits(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word ^ UINT64_C(0x3030303030303030);
}

/* The number that eight digits make, the first one lowest. */
static inline int64_t lfi_value_of(uint64_t word)
{
    word = (word * 10 + (word >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
    word = (word * 100 + (word >> 16)) & UINT64_C(0x0000ffff0000ffff);
    return (int64_t)((word * 10000 + (word >> 32)) & UINT64_C(0xffffffff));
}

/* The number of count digits, 1 to 8. */
static inline int64_t lfi_whole_of(const char *text, unsigned count)
{
    return lfi_value_of(lfi_load_digits(text) << (64 - 8 * count));
}

/* A decimal of whole digits (1 to 8) and parts (0 to 8) behind a point. */
static inline int64_t
lfi_decimal_of(const char *text, unsigned whole, unsigned parts, lfi_binance_scale *scale)
{
    int64_t value = lfi_whole_of(text, whole) * lfi_powers[scale->places];
    if (parts > 0) {
        const uint64_t word = lfi_load_digits(text + whole + 1) & (UINT64_MAX >> (64 - 8 * parts));
        scale->fractions |= word;
        value += scale->places > 0 ? lfi_value_of(word << (64 - 8 * scale->places)) : 0;
    }
    return value;
}

/* ---- tokens ----------------------------------------------------------------------------- */

static inline bool lfi_take_char(lfi_cursor *c, char wanted)
{
    const bool fits = c->at < c->end && *c->at == wanted;
    c->at += fits;
    return fits;
}

static inline bool lfi_take_word(lfi_cursor *c, const char *word, size_t bytes)
{
    const bool fits = (size_t)(c->end - c->at) >= bytes && memcmp(c->at, word, bytes) == 0;
    c->at += fits ? bytes : 0;
    return fits;
}

/* A string of letters that need no second look; its bytes lie in the line. */
static inline bool lfi_take_string(lfi_cursor *c, const char **text, size_t *bytes)
{
    if (!lfi_take_char(c, '"')) {
        return false;
    }
    const char *at = c->at;
    while (at < c->end && *at != '"') {
        if (*at < ' ' || *at > '~' || *at == '\\') {
            return false;
        }
        at++;
    }
    *text = c->at;
    *bytes = (size_t)(at - c->at);
    c->at = at + 1;
    return at < c->end;
}

/* A whole number of 1 to 16 digits, as JSON has it. */
static inline bool lfi_take_integer(lfi_cursor *c, int64_t *out)
{
    const char *const text = c->at;
    if (text >= c->end) {
        return false;
    }
    const unsigned count = lfi_count_digits(text);
    if (count == 0 || count > 16 || (count > 1 && text[0] == '0')) {
        return false;
    }
    *out = count <= 8
               ? lfi_whole_of(text, count)
               : lfi_whole_of(text, 8) * lfi_powers[count - 8] + lfi_whole_of(text + 8, count - 8);
    c->at += count;
    return c->at < c->end && (*c->at == ',' || *c->at == '}');
}

static inline bool lfi_take_decimal(lfi_cursor *c, lfi_binance_scale *scale, int64_t *out)
{
    const char *text;
    size_t bytes;
    return lfi_take_string(c, &text, &bytes) && lfi_binance_decimal(text, bytes, scale, out);
}

/* ---- levels ----------------------------------------------------------------------------- */

/*
 * Price and size whose text fits 32 bytes, from behind the first quote on. All places where the
 * digits end come out of one comparison; what stands there is then compared.
 */
static inline bool lfi_take_level(
    const char *text,
    lfi_binance_scale *prices,
    lfi_binance_scale *sizes,
    lfi_l2_level *out,
    const char **end
)
{
    uint64_t bits = lfi_not_digits(text);
    const unsigned whole = lfi_next_bit(&bits);
    const bool has_point = text[whole] == '.';
    const unsigned close = has_point ? lfi_next_bit(&bits) : whole;
    /* "," after the price: the next two ends of digits follow at once. */
    const bool is_parted = lfi_next_bit(&bits) == close + 1 && lfi_next_bit(&bits) == close + 2 &&
                           memcmp(text + close, "\",\"", 3) == 0;
    const unsigned second = close + 3;
    const unsigned second_whole = lfi_next_bit(&bits);
    const bool has_second_point = second_whole < 32 && text[second_whole] == '.';
    const unsigned second_close = has_second_point ? lfi_next_bit(&bits) : second_whole;
    const unsigned parts = has_point ? close - whole - 1 : 0;
    const unsigned second_parts = has_second_point ? second_close - second_whole - 1 : 0;
    /* Lengths of 0 wrap around and are too large, except the parts behind a point. */
    const bool fits = is_parted && second_close < 32 && whole - 1 < 8 && parts <= 8 &&
                      second_whole - second - 1 < 8 && second_parts <= 8 &&
                      has_point == (parts > 0) && has_second_point == (second_parts > 0) &&
                      text[second_close] == '"' && text[second_close + 1] == ']';
    if (!fits) {
        return false;
    }
    out->price_ticks = lfi_decimal_of(text, whole, parts, prices);
    out->size_lots = lfi_decimal_of(text + second, second_whole - second, second_parts, sizes);
    *end = text + second_close + 2;
    return true;
}

#endif
