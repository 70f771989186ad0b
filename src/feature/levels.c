/* Work on all levels of a book: the plain kernel, and those for processors with AVX2 and AVX-512.
 */
#include "feature_internal.h"

static lfi_levels_sum sum_scalar(const lf_quotes *from, const lf_quotes *to, int count)
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

static void add_scalar(
    const lf_quotes *from, const lf_quotes *to, int count, const uint64_t *last, uint64_t *sums
)
{
    for (int m = 0; m < count; m++) {
        const int64_t bid = lf_book_bid_flow(
            from->bid_ticks[m], from->bid_lots[m], to->bid_ticks[m], to->bid_lots[m]
        );
        const int64_t ask = lf_book_ask_flow(
            from->ask_ticks[m], from->ask_lots[m], to->ask_ticks[m], to->ask_lots[m]
        );
        sums[m] = last[m] + (uint64_t)bid;
        sums[count + m] = last[count + m] + (uint64_t)ask;
    }
}

static void take_scalar(const uint64_t *now, const uint64_t *then, int count, int64_t *flows)
{
    for (int m = 0; m < count; m++) {
        const uint64_t bid = now[m] - then[m];
        const uint64_t ask = now[count + m] - then[count + m];
        flows[m] = (int64_t)(bid - ask);
        flows[count + m] = (int64_t)bid;
        flows[2 * count + m] = (int64_t)ask;
    }
}

static const lfi_levels_kernel scalar = {"scalar", sum_scalar, add_scalar, take_scalar};

#if defined(__x86_64__)

#include <immintrin.h>

/* ---- AVX2: four levels in a register ------------------------------------------------------ */

#define AVX2 __attribute__((target("avx2")))
#define AVX2_LANES 4

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

AVX2 static __m256i
bid_flow_avx2(const lf_quotes *from, const lf_quotes *to, int m, __m256i lanes, __m256i to_lots)
{
    return flow_of(
        load(from->bid_ticks + m, lanes),
        load(from->bid_lots + m, lanes),
        load(to->bid_ticks + m, lanes),
        to_lots
    );
}

/* An ask is better when it is lower. */
AVX2 static __m256i
ask_flow_avx2(const lf_quotes *from, const lf_quotes *to, int m, __m256i lanes, __m256i to_lots)
{
    const __m256i from_ticks = load(from->ask_ticks + m, lanes);
    const __m256i to_ticks = load(to->ask_ticks + m, lanes);
    return flow_of(to_ticks, load(from->ask_lots + m, lanes), from_ticks, to_lots);
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
    for (int m = 0; m < count; m += AVX2_LANES) {
        const __m256i lanes = lanes_below(count, m);
        const __m256i near = lanes_below(LFI_NEAR_LEVELS, m);
        const __m256i bid = load(to->bid_lots + m, lanes);
        const __m256i ask = load(to->ask_lots + m, lanes);
        flow = _mm256_add_epi64(flow, bid_flow_avx2(from, to, m, lanes, bid));
        flow = _mm256_sub_epi64(flow, ask_flow_avx2(from, to, m, lanes, ask));
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

AVX2 static void add_lanes(const uint64_t *last, uint64_t *sums, __m256i lanes, __m256i flow)
{
    const __m256i old = _mm256_maskload_epi64((const long long *)last, lanes);
    _mm256_maskstore_epi64((long long *)sums, lanes, _mm256_add_epi64(old, flow));
}

AVX2 static void add_avx2(
    const lf_quotes *from, const lf_quotes *to, int count, const uint64_t *last, uint64_t *sums
)
{
    for (int m = 0; m < count; m += AVX2_LANES) {
        const __m256i lanes = lanes_below(count, m);
        const __m256i bid = bid_flow_avx2(from, to, m, lanes, load(to->bid_lots + m, lanes));
        const __m256i ask = ask_flow_avx2(from, to, m, lanes, load(to->ask_lots + m, lanes));
        add_lanes(last + m, sums + m, lanes, bid);
        add_lanes(last + count + m, sums + count + m, lanes, ask);
    }
}

AVX2 static __m256i difference(const uint64_t *now, const uint64_t *then, __m256i lanes)
{
    return _mm256_sub_epi64(
        _mm256_maskload_epi64((const long long *)now, lanes),
        _mm256_maskload_epi64((const long long *)then, lanes)
    );
}

AVX2 static void take_avx2(const uint64_t *now, const uint64_t *then, int count, int64_t *flows)
{
    long long *out = (long long *)flows;
    for (int m = 0; m < count; m += AVX2_LANES) {
        const __m256i lanes = lanes_below(count, m);
        const __m256i bid = difference(now + m, then + m, lanes);
        const __m256i ask = difference(now + count + m, then + count + m, lanes);
        _mm256_maskstore_epi64(out + m, lanes, _mm256_sub_epi64(bid, ask));
        _mm256_maskstore_epi64(out + count + m, lanes, bid);
        _mm256_maskstore_epi64(out + 2 * count + m, lanes, ask);
    }
}

static const lfi_levels_kernel avx2 = {"avx2", sum_avx2, add_avx2, take_avx2};

/* ---- AVX-512: levels 1 to 8 in one register, 9 and 10 in a small one ----------------------- */

#define AVX512 __attribute__((target("avx512f,avx512vl")))
#define HEAD 8

static_assert(LF_LEVELS_MAX <= HEAD + 2, "two registers hold all levels");

/* Ones for the levels that count; nothing is read or written for the others. */
typedef struct level_bits {
    __mmask8 head;
    __mmask8 tail;
} level_bits;

static level_bits bits_of(int count)
{
    const unsigned bits = (1U << count) - 1;
    return (level_bits){(__mmask8)(bits & 0xFF), (__mmask8)(bits >> HEAD)};
}

/* Flows of one side: what is at a price as good or better came, what was at one as bad went. */
AVX512 static __m512i
head_flow(__mmask8 good, __mmask8 bad, const int64_t *from_lots, __m512i to_lots)
{
    return _mm512_sub_epi64(
        _mm512_maskz_mov_epi64(good, to_lots), _mm512_maskz_loadu_epi64(bad, from_lots)
    );
}

AVX512 static __m128i
tail_flow(__mmask8 good, __mmask8 bad, const int64_t *from_lots, __m128i to_lots)
{
    return _mm_sub_epi64(
        _mm_maskz_mov_epi64(good, to_lots), _mm_maskz_loadu_epi64(bad, from_lots + HEAD)
    );
}

AVX512 static __m512i
head_bid(const lf_quotes *from, const lf_quotes *to, __mmask8 bits, __m512i to_lots)
{
    const __m512i was = _mm512_maskz_loadu_epi64(bits, from->bid_ticks);
    const __m512i is = _mm512_maskz_loadu_epi64(bits, to->bid_ticks);
    const __mmask8 good = _mm512_mask_cmpge_epi64_mask(bits, is, was);
    const __mmask8 bad = _mm512_mask_cmple_epi64_mask(bits, is, was);
    return head_flow(good, bad, from->bid_lots, to_lots);
}

AVX512 static __m512i
head_ask(const lf_quotes *from, const lf_quotes *to, __mmask8 bits, __m512i to_lots)
{
    const __m512i was = _mm512_maskz_loadu_epi64(bits, from->ask_ticks);
    const __m512i is = _mm512_maskz_loadu_epi64(bits, to->ask_ticks);
    const __mmask8 good = _mm512_mask_cmple_epi64_mask(bits, is, was);
    const __mmask8 bad = _mm512_mask_cmpge_epi64_mask(bits, is, was);
    return head_flow(good, bad, from->ask_lots, to_lots);
}

AVX512 static __m128i
tail_bid(const lf_quotes *from, const lf_quotes *to, __mmask8 bits, __m128i to_lots)
{
    const __m128i was = _mm_maskz_loadu_epi64(bits, from->bid_ticks + HEAD);
    const __m128i is = _mm_maskz_loadu_epi64(bits, to->bid_ticks + HEAD);
    const __mmask8 good = _mm_mask_cmpge_epi64_mask(bits, is, was);
    const __mmask8 bad = _mm_mask_cmple_epi64_mask(bits, is, was);
    return tail_flow(good, bad, from->bid_lots, to_lots);
}

AVX512 static __m128i
tail_ask(const lf_quotes *from, const lf_quotes *to, __mmask8 bits, __m128i to_lots)
{
    const __m128i was = _mm_maskz_loadu_epi64(bits, from->ask_ticks + HEAD);
    const __m128i is = _mm_maskz_loadu_epi64(bits, to->ask_ticks + HEAD);
    const __mmask8 good = _mm_mask_cmple_epi64_mask(bits, is, was);
    const __mmask8 bad = _mm_mask_cmpge_epi64_mask(bits, is, was);
    return tail_flow(good, bad, from->ask_lots, to_lots);
}

/* Two sums at once, over the lanes of x and of y: in the low and the high half. */
AVX512 static __m128i sums_of(__m512i x, __m512i y)
{
    const __m512i pairs =
        _mm512_add_epi64(_mm512_unpacklo_epi64(x, y), _mm512_unpackhi_epi64(x, y));
    const __m256i four =
        _mm256_add_epi64(_mm512_castsi512_si256(pairs), _mm512_extracti64x4_epi64(pairs, 1));
    return _mm_add_epi64(_mm256_castsi256_si128(four), _mm256_extracti128_si256(four, 1));
}

AVX512 static lfi_levels_sum sum_avx512(const lf_quotes *from, const lf_quotes *to, int count)
{
    const __mmask8 near = (1U << LFI_NEAR_LEVELS) - 1;
    const level_bits bits = bits_of(count);
    const __m512i bid = _mm512_maskz_loadu_epi64(bits.head, to->bid_lots);
    const __m512i ask = _mm512_maskz_loadu_epi64(bits.head, to->ask_lots);
    const __m128i bid_tail = _mm_maskz_loadu_epi64(bits.tail, to->bid_lots + HEAD);
    const __m128i ask_tail = _mm_maskz_loadu_epi64(bits.tail, to->ask_lots + HEAD);
    const __m512i head =
        _mm512_sub_epi64(head_bid(from, to, bits.head, bid), head_ask(from, to, bits.head, ask));
    const __m128i tail = _mm_sub_epi64(
        tail_bid(from, to, bits.tail, bid_tail), tail_ask(from, to, bits.tail, ask_tail)
    );
    const __m128i all = sums_of(bid, ask);
    const __m128i first =
        sums_of(_mm512_maskz_mov_epi64(near, bid), _mm512_maskz_mov_epi64(near, ask));
    const __m128i rest = _mm_add_epi64(
        _mm_unpacklo_epi64(bid_tail, ask_tail), _mm_unpackhi_epi64(bid_tail, ask_tail)
    );
    const __m128i flow = sums_of(head, _mm512_zextsi128_si512(tail));
    lfi_levels_sum sum;
    sum.all_flow = _mm_cvtsi128_si64(_mm_add_epi64(flow, _mm_unpackhi_epi64(flow, flow)));
    _mm_storeu_si128((__m128i *)&sum.bid_lots, _mm_add_epi64(all, rest));
    _mm_storeu_si128((__m128i *)&sum.bid_near_lots, first);
    return sum;
}

AVX512 static void
add_bits(const uint64_t *last, uint64_t *sums, level_bits bits, __m512i head, __m128i tail)
{
    head = _mm512_add_epi64(head, _mm512_maskz_loadu_epi64(bits.head, last));
    tail = _mm_add_epi64(tail, _mm_maskz_loadu_epi64(bits.tail, last + HEAD));
    _mm512_mask_storeu_epi64(sums, bits.head, head);
    _mm_mask_storeu_epi64(sums + HEAD, bits.tail, tail);
}

AVX512 static void add_avx512(
    const lf_quotes *from, const lf_quotes *to, int count, const uint64_t *last, uint64_t *sums
)
{
    const level_bits bits = bits_of(count);
    const __m512i bid = _mm512_maskz_loadu_epi64(bits.head, to->bid_lots);
    const __m512i ask = _mm512_maskz_loadu_epi64(bits.head, to->ask_lots);
    const __m128i bid_tail = _mm_maskz_loadu_epi64(bits.tail, to->bid_lots + HEAD);
    const __m128i ask_tail = _mm_maskz_loadu_epi64(bits.tail, to->ask_lots + HEAD);
    add_bits(
        last,
        sums,
        bits,
        head_bid(from, to, bits.head, bid),
        tail_bid(from, to, bits.tail, bid_tail)
    );
    add_bits(
        last + count,
        sums + count,
        bits,
        head_ask(from, to, bits.head, ask),
        tail_ask(from, to, bits.tail, ask_tail)
    );
}

AVX512 static __m512i head_difference(const uint64_t *now, const uint64_t *then, __mmask8 bits)
{
    return _mm512_sub_epi64(
        _mm512_maskz_loadu_epi64(bits, now), _mm512_maskz_loadu_epi64(bits, then)
    );
}

AVX512 static __m128i tail_difference(const uint64_t *now, const uint64_t *then, __mmask8 bits)
{
    return _mm_sub_epi64(
        _mm_maskz_loadu_epi64(bits, now + HEAD), _mm_maskz_loadu_epi64(bits, then + HEAD)
    );
}

AVX512 static void store(int64_t *out, level_bits bits, __m512i head, __m128i tail)
{
    _mm512_mask_storeu_epi64(out, bits.head, head);
    _mm_mask_storeu_epi64(out + HEAD, bits.tail, tail);
}

AVX512 static void take_avx512(const uint64_t *now, const uint64_t *then, int count, int64_t *flows)
{
    const level_bits bits = bits_of(count);
    const __m512i bid = head_difference(now, then, bits.head);
    const __m128i bid_tail = tail_difference(now, then, bits.tail);
    const __m512i ask = head_difference(now + count, then + count, bits.head);
    const __m128i ask_tail = tail_difference(now + count, then + count, bits.tail);
    store(flows, bits, _mm512_sub_epi64(bid, ask), _mm_sub_epi64(bid_tail, ask_tail));
    store(flows + count, bits, bid, bid_tail);
    store(flows + 2 * count, bits, ask, ask_tail);
}

static const lfi_levels_kernel avx512 = {"avx512", sum_avx512, add_avx512, take_avx512};

/* Every processor with AVX-512 has AVX2, and so on down. */
const lfi_levels_kernel *lfi_levels_kernel_at(size_t index)
{
    const lfi_levels_kernel *found[3];
    size_t count = 0;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")) {
        found[count++] = &avx512;
    }
    if (__builtin_cpu_supports("avx2")) {
        found[count++] = &avx2;
    }
    found[count++] = &scalar;
    return index < count ? found[index] : NULL;
}

#else

const lfi_levels_kernel *lfi_levels_kernel_at(size_t index)
{
    return index == 0 ? &scalar : NULL;
}

#endif
