/* Scores with AVX2: 32 trees at once for one row, 128 rows at once for one tree. */
#include "model_internal.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#define AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt")))
#define AVX2_INLINE AVX2 __attribute__((always_inline)) static inline

/* Bytes of one register, and registers for LFI_LANES of them. */
#define BYTES ((size_t)32)
#define HALVES 2

/* ---- ranks ------------------------------------------------------------------------------ */

/* Values of 4 columns, of at most 1e-35f in size made 0. */
AVX2_INLINE __m256d take_values(const lfi_tables *tables, const double *row, size_t first)
{
    double values[4];
    __m256d x;
    if (tables->is_run[first / 8] && first + 4 <= tables->column_count) {
        x = _mm256_loadu_pd(row + tables->columns[first].feature);
    } else {
        for (size_t i = 0; i < 4; i++) {
            const size_t column = first + i < tables->column_count ? first + i : first;
            values[i] = row[tables->columns[column].feature];
        }
        x = _mm256_loadu_pd(values);
    }
    const __m256d size = _mm256_andnot_pd(_mm256_set1_pd(-0.0), x);
    const __m256d is_small = _mm256_cmp_pd(size, _mm256_set1_pd((double)1e-35f), _CMP_LE_OQ);
    return _mm256_andnot_pd(is_small, x);
}

/* How many keys of a line are below, and whether one is equal. */
AVX2_INLINE int count_below(const float *line, __m256 keys, int *equal)
{
    const __m256 low = _mm256_load_ps(line);
    const __m256 high = _mm256_load_ps(line + LFI_KEYS / 2);
    const int low_below = _mm256_movemask_ps(_mm256_cmp_ps(low, keys, _CMP_LT_OQ));
    const int high_below = _mm256_movemask_ps(_mm256_cmp_ps(high, keys, _CMP_LT_OQ));
    const __m256 low_equal = _mm256_cmp_ps(low, keys, _CMP_EQ_OQ);
    const __m256 high_equal = _mm256_cmp_ps(high, keys, _CMP_EQ_OQ);
    *equal = _mm256_movemask_ps(_mm256_or_ps(low_equal, high_equal));
    return _mm_popcnt_u32((unsigned)(low_below | high_below << (LFI_KEYS / 2)));
}

AVX2_INLINE int8_t rank_of(const lfi_tables *tables, size_t column, float key, double x)
{
    const __m256 keys = _mm256_set1_ps(key);
    int equal = 0;
    const int line = count_below(tables->pivots[column].keys, keys, &equal);
    const int below = count_below(
        tables->lines[tables->columns[column].line_first + (uint32_t)line].keys, keys, &equal
    );
    /* Rounded to float the value may tie with a threshold; then doubles decide. */
    if (__builtin_expect(equal != 0, 0)) {
        return lfi_tables_rank(tables, column, x);
    }
    return (int8_t)(line * LFI_KEYS + below - LFI_BIAS);
}

/* Ranks of up to 64 columns from `first` on. */
AVX2_INLINE void rank_part(
    const lfi_tables *tables,
    const double *row,
    lfi_ranks *state,
    size_t first,
    int8_t *ranks,
    size_t stride
)
{
    _Alignas(32) float keys[LFI_LANES];
    uint64_t todo = 0;
    uint64_t missing = 0;
    for (size_t i = 0; i < LFI_LANES && first + i < tables->column_count; i += 4) {
        double *const last = state->values + first + i;
        const __m256d x = take_values(tables, row, first + i);
        const __m256i is_old =
            _mm256_cmpeq_epi64(_mm256_castpd_si256(x), _mm256_load_si256((__m256i *)(void *)last));
        const int is_nan = _mm256_movemask_pd(_mm256_cmp_pd(x, x, _CMP_UNORD_Q));
        const int is_zero = _mm256_movemask_pd(_mm256_cmp_pd(x, _mm256_setzero_pd(), _CMP_EQ_OQ)) &
                            (int)(tables->is_zero[first / 64] >> i & 15);
        todo |= (uint64_t)(_mm256_movemask_pd(_mm256_castsi256_pd(is_old)) ^ 15) << i;
        missing |= (uint64_t)(is_nan | is_zero) << i;
        _mm256_store_pd(last, x);
        _mm_store_ps(keys + i, _mm256_cvtpd_ps(x));
    }
    const uint64_t used = tables->used[first / 64];
    state->missing[first / 64] = missing & used & tables->is_mixed[first / 64];
    todo = used & (state->is_set ? todo : UINT64_MAX);
    for (missing &= todo, todo &= ~missing; missing != 0; missing = _blsr_u64(missing)) {
        const size_t column = first + (size_t)_tzcnt_u64(missing);
        ranks[column * stride] = tables->missing_ranks[column];
    }
    for (; todo != 0; todo = _blsr_u64(todo)) {
        const size_t i = (size_t)_tzcnt_u64(todo);
        ranks[(first + i) * stride] = rank_of(tables, first + i, keys[i], state->values[first + i]);
    }
}

AVX2 static void
rank(const lfi_tables *tables, const double *row, lfi_ranks *state, int8_t *ranks, size_t stride)
{
    for (size_t first = 0; first < tables->column_count; first += LFI_LANES) {
        rank_part(tables, row, state, first, ranks, stride);
    }
    state->is_set = true;
}

/* ---- one row ---------------------------------------------------------------------------- */

/* Bit `bit` of each column says which of two to take. */
AVX2_INLINE __m256i choose(__m256i clear, __m256i set, __m256i columns, int bit)
{
    return _mm256_blendv_epi8(clear, set, _mm256_slli_epi16(columns, 7 - bit));
}

/* The rank that each lane asks for, out of 64 ranks in 4 registers that hold 16 of them twice. */
AVX2_INLINE __m256i look_up(const __m256i *ranks, __m256i columns, bool is_wide)
{
    /* A shuffle takes the lower four bits, and gives 0 where the highest is set. */
    const __m256i inner = is_wide ? _mm256_and_si256(columns, _mm256_set1_epi8(15)) : columns;
    const __m256i a = _mm256_shuffle_epi8(ranks[0], inner);
    const __m256i b = _mm256_shuffle_epi8(ranks[1], inner);
    const __m256i c = _mm256_shuffle_epi8(ranks[2], inner);
    const __m256i d = _mm256_shuffle_epi8(ranks[3], inner);
    return choose(choose(a, b, columns, 4), choose(c, d, columns, 4), columns, 5);
}

AVX2_INLINE __m256i look_up_wide(const __m256i *ranks, int parts, __m256i columns)
{
    const __m256i first = look_up(ranks, columns, parts > 1);
    if (parts == 1) {
        return first;
    }
    const __m256i low = choose(first, look_up(ranks + 4, columns, parts > 1), columns, 6);
    if (parts == 2) {
        return low;
    }
    const __m256i high =
        choose(look_up(ranks + 8, columns, true), look_up(ranks + 12, columns, true), columns, 6);
    return choose(low, high, columns, 7);
}

/* The sum so far, and the leaves of a block that are still to be added to it. */
typedef struct adder {
    double sum;
    const double *leaves;
    size_t stride;
    const uint8_t *chosen; /* [left] the leaf of each tree */
    size_t left;
} adder;

AVX2_INLINE void add_leaf(adder *a)
{
    a->sum += a->leaves[*a->chosen];
    a->leaves += a->stride;
    a->chosen++;
    a->left--;
}

/* Finds the leaf of 32 trees of a block while leaves of the block before are added. */
AVX2_INLINE void search(
    const lfi_block *block, size_t part, const __m256i *ranks, int parts, adder *a, uint8_t *chosen
)
{
    const __m256i one = _mm256_set1_epi8(1);
    const size_t stride = block->width * 3 * LFI_LANES;
    const int8_t *step = block->steps + part / HALVES * 3 * LFI_LANES + part % HALVES * BYTES;
    __m256i leaf = _mm256_set1_epi8(-LFI_BIAS);
    __m256i next = leaf;
    for (uint32_t j = 0; j < block->step_count; j++, step += stride) {
        const __m256i columns = _mm256_load_si256((const __m256i *)(const void *)step);
        const __m256i threshold =
            _mm256_load_si256((const __m256i *)(const void *)(step + LFI_LANES));
        const __m256i from =
            _mm256_load_si256((const __m256i *)(const void *)(step + 2 * LFI_LANES));
        const __m256i rank = look_up_wide(ranks, parts, columns);
        const __m256i is_right = _mm256_cmpgt_epi8(rank, threshold);
        const __m256i moves = _mm256_andnot_si256(_mm256_cmpgt_epi8(from, leaf), is_right);
        next = _mm256_add_epi8(next, one);
        leaf = _mm256_blendv_epi8(leaf, next, moves);
        if (a->left > 0) {
            add_leaf(a);
        }
    }
    const __m256i bytes = _mm256_xor_si256(leaf, _mm256_set1_epi8(-LFI_BIAS));
    _mm256_store_si256((__m256i *)(void *)(chosen + part * BYTES), bytes);
}

AVX2_INLINE double sum_with(const lfi_forest *forest, const int8_t *from, int parts)
{
    _Alignas(32) uint8_t chosen[2][LFI_BLOCK_TREES];
    __m256i ranks[16];
    for (int i = 0; i < 4 * parts; i++) {
        ranks[i] = _mm256_broadcastsi128_si256(
            _mm_load_si128((const __m128i *)(const void *)(from + (size_t)i * 16))
        );
    }
    adder a = {.sum = 0};
    for (size_t i = 0; i < forest->block_count; i++) {
        const lfi_block *const block = &forest->blocks[i];
        for (size_t part = 0; part < block->width * (size_t)HALVES; part++) {
            search(block, part, ranks, parts, &a, chosen[i % 2]);
        }
        while (a.left > 0) {
            add_leaf(&a);
        }
        a.leaves = block->leaves;
        a.stride = block->leaf_stride;
        a.chosen = chosen[i % 2];
        a.left = block->tree_count;
    }
    while (a.left > 0) {
        add_leaf(&a);
    }
    return a.sum;
}

/* When a value of a mixed column is missing, behind the ranks stand those of the nodes that send it
   left. */
AVX2 static double sum(const lfi_tables *tables, const lfi_forest *forest, const lfi_ranks *state)
{
    _Alignas(32) int8_t both[2 * LFI_COLUMNS_MAX];
    const int parts = tables->column_count <= LFI_LANES ? 1 : 2;
    if ((state->missing[0] | (parts == 2 ? state->missing[1] : 0)) == 0) {
        return parts == 1 ? sum_with(forest, state->ranks, 1) : sum_with(forest, state->ranks, 2);
    }
    const size_t half = (size_t)parts * LFI_LANES;
    memcpy(both, state->ranks, half);
    memcpy(both + half, state->ranks, half);
    for (size_t i = 0; i < (size_t)parts; i++) {
        for (uint64_t left = state->missing[i]; left != 0; left = _blsr_u64(left)) {
            both[half + i * LFI_LANES + (size_t)_tzcnt_u64(left)] = INT8_MIN;
        }
    }
    return parts == 1 ? sum_with(forest, both, 2) : sum_with(forest, both, 4);
}

/* ---- many rows -------------------------------------------------------------------------- */

#define BATCH_PARTS (LFI_BATCH_ROWS / 32)

/* The leaf of each row, one tree. */
AVX2_INLINE void search_rows(const lfi_batch_tree *tree, const int8_t *ranks, uint8_t *chosen)
{
    __m256i leaf[BATCH_PARTS];
    for (size_t p = 0; p < BATCH_PARTS; p++) {
        leaf[p] = _mm256_set1_epi8(-LFI_BIAS);
    }
    for (size_t j = 0; j < tree->node_count; j++) {
        const lfi_batch_node *const node = &tree->nodes[j];
        const __m256i threshold = _mm256_set1_epi32((int)node->threshold);
        const __m256i from = _mm256_set1_epi32((int)node->first);
        const __m256i next = _mm256_set1_epi32((int)node->next);
        for (size_t p = 0; p < BATCH_PARTS; p++) {
            const __m256i rank =
                _mm256_load_si256((const __m256i *)(const void *)(ranks + node->ranks + p * BYTES));
            const __m256i is_right = _mm256_cmpgt_epi8(rank, threshold);
            const __m256i moves = _mm256_andnot_si256(_mm256_cmpgt_epi8(from, leaf[p]), is_right);
            leaf[p] = _mm256_blendv_epi8(leaf[p], next, moves);
        }
    }
    for (size_t p = 0; p < BATCH_PARTS; p++) {
        const __m256i bytes = _mm256_xor_si256(leaf[p], _mm256_set1_epi8(-LFI_BIAS));
        _mm256_store_si256((__m256i *)(void *)(chosen + p * BYTES), bytes);
    }
}

AVX2 static void sum_rows(const lfi_forest *forest, const int8_t *ranks, double *sums)
{
    _Alignas(32) uint8_t chosen[LFI_BATCH_ROWS];
    for (size_t i = 0; i < LFI_BATCH_ROWS; i++) {
        sums[i] = 0;
    }
    for (size_t t = 0; t < forest->tree_count; t++) {
        search_rows(&forest->trees[t], ranks, chosen);
        for (size_t i = 0; i < LFI_BATCH_ROWS; i++) {
            sums[i] += forest->trees[t].leaves[chosen[i]];
        }
    }
}

const lfi_kernel *lfi_kernel_avx2(void)
{
    static const lfi_kernel kernel = {.rank = rank, .sum = sum, .sum_rows = sum_rows};
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                   __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt")
               ? &kernel
               : NULL;
}

#else

const lfi_kernel *lfi_kernel_avx2(void)
{
    return NULL;
}

#endif
