/* Levels of Binance messages in bulk: where digits end is found for many bytes at once. */
#include "binance_levels.h"

#include <string.h>

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx2,bmi,bmi2")))

/* Bytes whose bits are made at once: some twenty levels. */
#define WINDOW 1024
/* A level must lie within so many bits, which is what is left of a word after any shift. */
#define LEVEL_BYTES_MAX 48

/* Bit i of the words: the byte at begin + i is no digit. */
typedef struct bitmap {
    const char *begin, *refill_at;
    uint64_t words[WINDOW / 64 + 2];
} bitmap;

/* What all levels of a list have in common. */
typedef struct shape {
    unsigned price_tail, size_tail; /* bytes from the end of the whole digits to the quote */
    char price_stop, size_stop;     /* what ends the whole digits */
    unsigned price_last, size_last; /* place of the last digit taken, from that end on */
    unsigned price_places, size_places;
    uint64_t price_parts, size_parts; /* bits of the bytes behind the point */
    __m128i pick_price, pick_size;    /* eight digits to the low, to the high half */
} shape;

/* Masks that leave the last n of eight digits and turn them into numbers. */
static const uint64_t keep_last[9] = {
    0,
    UINT64_C(0x0f00000000000000),
    UINT64_C(0x0f0f000000000000),
    UINT64_C(0x0f0f0f0000000000),
    UINT64_C(0x0f0f0f0f00000000),
    UINT64_C(0x0f0f0f0f0f000000),
    UINT64_C(0x0f0f0f0f0f0f0000),
    UINT64_C(0x0f0f0f0f0f0f0f00),
    UINT64_C(0x0f0f0f0f0f0f0f0f),
};

bool lfi_binance_levels_usable(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2");
}

TARGET static void fill(bitmap *bits, const char *text, const char *end)
{
    const __m256i zero = _mm256_set1_epi8('0'), nine = _mm256_set1_epi8(9);
    const size_t left = (size_t)(end - text);
    const size_t count = (left < WINDOW ? left + 63 : WINDOW) / 64;
    for (size_t i = 0; i < count; i++) {
        const __m256i low = _mm256_sub_epi8(
            _mm256_loadu_si256((const __m256i *)(const void *)(text + 64 * i)), zero
        );
        const __m256i high = _mm256_sub_epi8(
            _mm256_loadu_si256((const __m256i *)(const void *)(text + 64 * i + 32)), zero
        );
        const int low_bits =
            _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(low, nine), low));
        const int high_bits =
            _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(high, nine), high));
        bits->words[i] = ~((uint64_t)(uint32_t)low_bits | (uint64_t)(uint32_t)high_bits << 32);
    }
    bits->words[count] = UINT64_MAX;
    bits->begin = text;
    bits->refill_at = left > WINDOW ? text + WINDOW - 64 : end;
}

/* The bits from a byte on, at least 57 of them; made first where they are not there yet. */
TARGET static inline uint64_t bits_from(bitmap *bits, const char *at, const char *end)
{
    if (at >= bits->refill_at && at < end) {
        fill(bits, at, end);
    }
    const size_t offset = (size_t)(at - bits->begin);
    uint64_t word;
    memcpy(&word, (const char *)bits->words + offset / 8, sizeof word);
    return word >> (offset % 8);
}

/* Picks whole digits and some behind the point, which end in the last of 16 bytes. */
TARGET static __m128i pick_digits(unsigned places, int half)
{
    char places_of[16];
    for (int j = 0; j < 16; j++) {
        const int digit = j - 8 * half;
        const int from = digit < (int)(8 - places) && places > 0 ? 7 + digit : 8 + digit;
        places_of[j] = (char)(digit >= 0 && digit < 8 ? from : -1);
    }
    return _mm_loadu_si128((const __m128i *)(const void *)places_of);
}

/* The shape of one number at text: bytes behind its whole digits; false when it has too few. */
static bool shape_of(const char *text, unsigned places, uint64_t bits, unsigned *tail, char *stop)
{
    const unsigned whole = (unsigned)__builtin_ctzll(bits | UINT64_C(1) << 56);
    if (whole >= LEVEL_BYTES_MAX) {
        return false;
    }
    *stop = text[whole];
    const uint64_t behind = bits & ~(UINT64_C(1) << whole);
    *tail = *stop == '.' ? (unsigned)__builtin_ctzll(behind | UINT64_C(1) << 56) - whole : 0;
    return (*stop == '"' && places == 0) ||
           (*stop == '.' && *tail >= 2 && *tail <= 9 && *tail > places);
}

TARGET static bool find_shape(
    bitmap *bits,
    const lfi_binance_span *span,
    const lfi_binance_scale *prices,
    const lfi_binance_scale *sizes,
    shape *out
)
{
    const char *const text = span->at + 2;
    const uint64_t all = bits_from(bits, text, span->end);
    if (!shape_of(text, prices->places, all, &out->price_tail, &out->price_stop)) {
        return false;
    }
    const unsigned second =
        (unsigned)__builtin_ctzll(all | UINT64_C(1) << 56) + out->price_tail + 3;
    if (second >= LEVEL_BYTES_MAX ||
        !shape_of(text + second, sizes->places, all >> second, &out->size_tail, &out->size_stop)) {
        return false;
    }
    out->price_places = prices->places;
    out->size_places = sizes->places;
    out->price_last = prices->places > 0 ? prices->places : UINT32_MAX;
    out->size_last = sizes->places > 0 ? sizes->places : UINT32_MAX;
    out->price_parts = out->price_tail > 0 ? UINT64_MAX >> (64 - 8 * (out->price_tail - 1)) : 0;
    out->size_parts = out->size_tail > 0 ? UINT64_MAX >> (64 - 8 * (out->size_tail - 1)) : 0;
    out->pick_price = pick_digits(prices->places, 0);
    out->pick_size = pick_digits(sizes->places, 1);
    return true;
}

TARGET static inline uint64_t load_eight(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof word);
    return word;
}

/* Two numbers of up to eight digits each, which end in the last byte of a and of b. */
TARGET static inline void store_numbers(
    const char *a,
    const char *b,
    unsigned a_count,
    unsigned b_count,
    const shape *s,
    lfi_l2_level *out
)
{
    const __m128i tens = _mm_set1_epi16(0x010a), hundreds = _mm_set1_epi32(0x00010064);
    const __m128i thousands = _mm_set1_epi32(0x00012710);
    const __m128i first =
        _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)(a - 15)), s->pick_price);
    const __m128i second =
        _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)(b - 15)), s->pick_size);
    const __m128i keep = _mm_unpacklo_epi64(
        _mm_loadl_epi64((const __m128i *)(const void *)&keep_last[a_count]),
        _mm_loadl_epi64((const __m128i *)(const void *)&keep_last[b_count])
    );
    __m128i digits = _mm_and_si128(_mm_or_si128(first, second), keep);
    digits = _mm_madd_epi16(_mm_maddubs_epi16(digits, tens), hundreds);
    digits = _mm_madd_epi16(_mm_packus_epi32(digits, digits), thousands);
    static_assert(
        sizeof(lfi_l2_level) == 16 && offsetof(lfi_l2_level, price_ticks) == 0 &&
            offsetof(lfi_l2_level, size_lots) == 8,
        "stored as two numbers"
    );
    _mm_storeu_si128((__m128i *)(void *)out, _mm_cvtepu32_epi64(digits));
}

TARGET size_t lfi_binance_levels(
    lfi_binance_span *span,
    lfi_binance_scale *prices,
    lfi_binance_scale *sizes,
    lfi_l2_level *out,
    size_t room
)
{
    const uint64_t zeros = UINT64_C(0x3030303030303030);
    const char *text = span->at + 2;
    bitmap bits;
    shape s;
    uint64_t price_marks = 0, size_marks = 0;
    size_t count = 0;
    if (span->end - span->at < 10 || text - span->begin < 16) {
        return 0;
    }
    fill(&bits, text, span->end);
    if (memcmp(span->at, "[\"", 2) != 0 || !find_shape(&bits, span, prices, sizes, &s)) {
        return 0;
    }
    while (count < room) {
        const uint64_t all = bits_from(&bits, text, span->end) | UINT64_C(1) << 56;
        const unsigned whole = (unsigned)__builtin_ctzll(all);
        const unsigned close = whole + s.price_tail, second = close + 3;
        if (second >= LEVEL_BYTES_MAX) {
            break;
        }
        const unsigned second_end = second + (unsigned)__builtin_ctzll(all >> second);
        const unsigned last = second_end + s.size_tail;
        const unsigned price_count = whole + s.price_places;
        const unsigned size_count = second_end - second + s.size_places;
        if (last >= LEVEL_BYTES_MAX || price_count > 8 || size_count > 8 ||
            text + last + 2 > span->end) {
            break;
        }
        const uint64_t ends = UINT64_C(1) << whole | UINT64_C(7) << close |
                              UINT64_C(1) << second_end | UINT64_C(1) << last;
        const uint64_t behind = load_eight(text + last);
        const bool is_level =
            (all & ((UINT64_C(2) << last) - 1)) == ends && whole > 0 && second_end > second &&
            text[whole] == s.price_stop && text[second_end] == s.size_stop &&
            (load_eight(text + close) & 0xffffff) == 0x222c22 && (behind & 0xffff) == 0x5d22;
        if (!is_level) {
            break;
        }
        store_numbers(
            text + (int)(whole + s.price_last),
            text + (int)(second_end + s.size_last),
            price_count,
            size_count,
            &s,
            &out[count]
        );
        price_marks |= (load_eight(text + whole + 1) ^ zeros) & s.price_parts;
        size_marks |= (load_eight(text + second_end + 1) ^ zeros) & s.size_parts;
        count++;
        if ((behind & UINT64_C(0xffffffffff)) != UINT64_C(0x225b2c5d22)) { /* "],[" */
            text += last + 4;
            break;
        }
        text += last + 5;
    }
    prices->fractions |= price_marks;
    sizes->fractions |= size_marks;
    span->at = text - 2;
    return count;
}

#else

bool lfi_binance_levels_usable(void)
{
    return false;
}

size_t lfi_binance_levels(
    lfi_binance_span *span,
    lfi_binance_scale *prices,
    lfi_binance_scale *sizes,
    lfi_l2_level *out,
    size_t room
)
{
    (void)span;
    (void)prices;
    (void)sizes;
    (void)out;
    (void)room;
    return 0;
}

#endif
