/* Sums over the levels of a book: the plain kernel, and one for processors with AVX2. */
#include "feature_internal.h"

lfi_levels_sum lfi_levels_sum_scalar(const lf_quotes *from, const lf_quotes *to, int count)
{
    lfi_levels_sum sum = {0};
    for (int m = 0; m < count; m++) {
        sum.all_flow += lf_book_ofi(from, to, m);
        sum.bid_lots += to->bid_lots[m];
        sum.ask_lots += to->ask_lots[m];
        sum.bid_near_lots += m < LFI_NEAR_LEVELS ? to->bid_lots[m] : 0;
        sum.ask_near_lots += m < LFI_NEAR_LEVELS ? to->ask_lots[m] : 0;
    }
    return sum;
}

#if defined(__x86_64__)

#include <immintrin.h>

/* Levels in one register. */
#define LANES 4

#define AVX2 __attribute__((target("avx2")))

/* All ones in the lanes of the levels first, first + 1, ... that lie below a bound. */
AVX2 static __m256i lanes_below(int bound, int first)
{
    const __m256i lane = _mm256_setr_epi64x(0, 1, 2, 3);
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x(bound - first), lane);
}

/* Zero in the lanes outside; nothing is read there. */
AVX2 static __m256i load(const int64_t *values, __m256i lanes)
{
    return _mm256_maskload_epi64((const long long *)values, lanes);
}

/* lf_book_bid_flow() of each lane. */
AVX2 static __m256i
flow_of(__m256i from_ticks, __m256i from_lots, __m256i to_ticks, __m256i to_lots)
{
    const __m256i better = _mm256_cmpgt_epi64(to_ticks, from_ticks);
    const __m256i worse = _mm256_cmpgt_epi64(from_ticks, to_ticks);
    return _mm256_sub_epi64(
        _mm256_andnot_si256(worse, to_lots), _mm256_andnot_si256(better, from_lots)
    );
}

AVX2 static int64_t sum_of_lanes(__m256i x)
{
    const __m128i two = _mm_add_epi64(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    return _mm_cvtsi128_si64(_mm_add_epi64(two, _mm_unpackhi_epi64(two, two)));
}

AVX2 static lfi_levels_sum sum_avx2(const lf_quotes *from, const lf_quotes *to, int count)
{
    __m256i flow = _mm256_setzero_si256();
    __m256i bid_lots = flow;
    __m256i ask_lots = flow;
    __m256i bid_near = flow;
    __m256i ask_near = flow;
    for (int m = 0; m < count; m += LANES) {
        const __m256i lanes = lanes_below(count, m);
        const __m256i near = lanes_below(LFI_NEAR_LEVELS, m);
        const __m256i bid = load(to->bid_lots + m, lanes);
        const __m256i ask = load(to->ask_lots + m, lanes);
        const __m256i from_bid = load(from->bid_lots + m, lanes);
        const __m256i from_ask = load(from->ask_lots + m, lanes);
        const __m256i to_bid_ticks = load(to->bid_ticks + m, lanes);
        const __m256i to_ask_ticks = load(to->ask_ticks + m, lanes);
        const __m256i from_bid_ticks = load(from->bid_ticks + m, lanes);
        const __m256i from_ask_ticks = load(from->ask_ticks + m, lanes);
        flow = _mm256_add_epi64(flow, flow_of(from_bid_ticks, from_bid, to_bid_ticks, bid));
        /* An ask is better when it is lower. */
        flow = _mm256_sub_epi64(flow, flow_of(to_ask_ticks, from_ask, from_ask_ticks, ask));
        bid_lots = _mm256_add_epi64(bid_lots, bid);
        ask_lots = _mm256_add_epi64(ask_lots, ask);
        bid_near = _mm256_add_epi64(bid_near, _mm256_and_si256(bid, near));
        ask_near = _mm256_add_epi64(ask_near, _mm256_and_si256(ask, near));
    }
    return (lfi_levels_sum){
        .all_flow = sum_of_lanes(flow),
        .bid_lots = sum_of_lanes(bid_lots),
        .ask_lots = sum_of_lanes(ask_lots),
        .bid_near_lots = sum_of_lanes(bid_near),
        .ask_near_lots = sum_of_lanes(ask_near),
    };
}

lfi_levels_kernel lfi_levels_choose(void)
{
    return __builtin_cpu_supports("avx2") ? sum_avx2 : lfi_levels_sum_scalar;
}

#else

lfi_levels_kernel lfi_levels_choose(void)
{
    return lfi_levels_sum_scalar;
}

#endif
