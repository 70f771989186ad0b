/* Ten levels of a record at once, with AVX-512: what differs, ticks, lots. */
#include "dbn.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512dq")))
#define INLINE TARGET static inline __attribute__((always_inline))

/* Two levels: price of bid and ask, sizes, counts, twice. */
#define BLOCKS (DBN_LEVELS / 2)

static_assert(sizeof(__m512i) == 2 * sizeof(dbn_level), "two levels to a block");
static_assert(DBN_LEVELS == LF_LEVELS_MAX, "levels of a record are those of quotes");

/* Four bids and four asks, or all of the last two levels. */
typedef struct prices {
    __m512i ticks;
    __mmask8 has, is_bad;
} prices;

/* Sizes of bids and asks as prices are ordered. */
INLINE __m512i sizes_of(__m512i first, __m512i second)
{
    const __m512i order = _mm512_setr_epi64(2, 6, 10, 14, 2, 6, 10, 14);
    const __m512i both = _mm512_permutex2var_epi64(first, order, second);
    const __m512i high = _mm512_srli_epi64(both, 32);
    const __m512i low = _mm512_and_si512(both, _mm512_set1_epi64(UINT32_MAX));
    return _mm512_mask_mov_epi64(low, 0xF0, high);
}

INLINE __m512i prices_of(__m512i first, __m512i second)
{
    const __m512i order = _mm512_setr_epi64(0, 4, 8, 12, 1, 5, 9, 13);
    return _mm512_permutex2var_epi64(first, order, second);
}

/* A product in floating point is a guess that the way back proves, as in to_ticks(). */
INLINE prices divide(__m512i nano, __m512i lots, __m512i tick_nano, __m512d ticks_per_nano)
{
    const __m512i none = _mm512_set1_epi64(DBN_PRICE_NONE), far = _mm512_set1_epi64(INT64_MAX / 4);
    const __mmask8 has = _mm512_cmpneq_epi64_mask(nano, none) & _mm512_test_epi64_mask(lots, lots);
    const __m512d guess = _mm512_mul_pd(_mm512_cvtepi64_pd(nano), ticks_per_nano);
    const __m512i ticks = _mm512_cvtpd_epi64(guess), back = _mm512_mullo_epi64(ticks, tick_nano);
    const __mmask8 is_far = _mm512_cmpge_epi64_mask(_mm512_abs_epi64(nano), far) |
                            _mm512_cmplt_epi64_mask(nano, _mm512_set1_epi64(-INT64_MAX));
    return (prices){
        .ticks = ticks,
        .has = has,
        .is_bad = has & (is_far | _mm512_cmpneq_epi64_mask(back, nano)),
    };
}

INLINE void store_two(int64_t *out, __m128i values)
{
    _mm_storeu_si128((__m128i *)(void *)out, values);
}

/* Eight levels, and the two behind them, as two arrays of ten. */
INLINE void store(__m512i a, __m512i b, __m512i last, int64_t *bids, int64_t *asks)
{
    _mm512_storeu_si512(bids, _mm512_shuffle_i64x2(a, b, 0x44));
    _mm512_storeu_si512(asks, _mm512_shuffle_i64x2(a, b, 0xEE));
    store_two(bids + 8, _mm512_castsi512_si128(last));
    store_two(asks + 8, _mm512_extracti64x2_epi64(last, 2));
}

bool lfi_dbn_levels_usable(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq");
}

TARGET bool lfi_dbn_levels(
    const unsigned char *bytes,
    int64_t tick_nano,
    double ticks_per_nano,
    dbn_level raw[DBN_LEVELS],
    lf_quotes *quotes
)
{
    const __m512i ticks = _mm512_set1_epi64(tick_nano);
    const __m512d factor = _mm512_set1_pd(ticks_per_nano);
    /* None of a bid and of an ask, in the order of prices. */
    const __m512i none =
        _mm512_mask_mov_epi64(_mm512_set1_epi64(LF_BID_NONE), 0xF0, _mm512_set1_epi64(LF_ASK_NONE));
    __m512i v[BLOCKS];
    __mmask8 differs = 0;
    for (int i = 0; i < BLOCKS; i++) {
        v[i] = _mm512_loadu_si512(bytes + (size_t)i * sizeof v[0]);
        differs |= _mm512_cmpneq_epi64_mask(v[i], _mm512_loadu_si512(&raw[2 * i]));
    }
    if (differs == 0) {
        return true;
    }
    const __m512i lots_a = sizes_of(v[0], v[1]), lots_b = sizes_of(v[2], v[3]);
    const __m512i lots_c = sizes_of(v[4], v[4]);
    const prices a = divide(prices_of(v[0], v[1]), lots_a, ticks, factor);
    const prices b = divide(prices_of(v[2], v[3]), lots_b, ticks, factor);
    const prices c = divide(prices_of(v[4], v[4]), lots_c, ticks, factor);
    if ((a.is_bad | b.is_bad | c.is_bad) != 0) {
        return false;
    }
    for (int i = 0; i < BLOCKS; i++) {
        _mm512_storeu_si512(&raw[2 * i], v[i]);
    }
    store(
        _mm512_mask_mov_epi64(none, a.has, a.ticks),
        _mm512_mask_mov_epi64(none, b.has, b.ticks),
        _mm512_mask_mov_epi64(none, c.has, c.ticks),
        quotes->bid_ticks,
        quotes->ask_ticks
    );
    store(
        _mm512_maskz_mov_epi64(a.has, lots_a),
        _mm512_maskz_mov_epi64(b.has, lots_b),
        _mm512_maskz_mov_epi64(c.has, lots_c),
        quotes->bid_lots,
        quotes->ask_lots
    );
    return true;
}

#else

bool lfi_dbn_levels_usable(void)
{
    return false;
}

bool lfi_dbn_levels(
    const unsigned char *bytes,
    int64_t tick_nano,
    double ticks_per_nano,
    dbn_level raw[DBN_LEVELS],
    lf_quotes *quotes
)
{
    (void)bytes;
    (void)tick_nano;
    (void)ticks_per_nano;
    (void)raw;
    (void)quotes;
    return false;
}

#endif
