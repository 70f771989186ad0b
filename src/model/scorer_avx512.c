/* Scores with AVX-512 VBMI: 128 trees at once for one row, 128 rows at once for one tree. */
#include "model_internal.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX512 \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,bmi,bmi2,popcnt")))
#define AVX512_INLINE AVX512 __attribute__((always_inline)) static inline

/* Leaves added in each step of the search of the next block: what the additions, of which each
   waits for the last, do not take in a step is free for the search. */
#define LEAVES_A_STEP 4

/* ---- ranks ------------------------------------------------------------------------------ */

/* Values of 8 columns, of at most 1e-35f in size made 0. */
AVX512_INLINE __m512d take_values(const lfi_tables *tables, const double *row, size_t first)
{
    const __mmask8 lanes = tables->lanes[first / 8];
    __m512d x;
    if (tables->is_run[first / 8]) {
        x = _mm512_maskz_loadu_pd(lanes, row + tables->columns[first].feature);
    } else {
        double values[8];
        for (size_t i = 0; i < 8; i++) {
            const size_t column = (lanes >> i) & 1 ? first + i : first;
            values[i] = row[tables->columns[column].feature];
        }
        x = _mm512_loadu_pd(values);
    }
    const __mmask8 is_small =
        _mm512_cmp_pd_mask(_mm512_abs_pd(x), _mm512_set1_pd((double)1e-35f), _CMP_LE_OQ);
    return _mm512_mask_mov_pd(x, is_small, _mm512_setzero_pd());
}

/* Where a column's keys lie; read once, as a store of a byte may change anything else. */
typedef struct keys_of {
    const lfi_line *pivots;
    const lfi_line *lines;
    const lfi_column *columns;
} keys_of;

AVX512_INLINE int8_t
rank_of(const lfi_tables *tables, keys_of keys, size_t column, float key, double x)
{
    const __m512 value = _mm512_set1_ps(key);
    const __m512 pivots = _mm512_load_ps(keys.pivots[column].keys);
    const uint32_t line = (uint32_t)_mm_popcnt_u32(_mm512_cmp_ps_mask(pivots, value, _CMP_LT_OQ));
    const lfi_line *const found = &keys.lines[keys.columns[column].line_first + line];
    const __m512 candidates = _mm512_load_ps(found->keys);
    /* Rounded to float the value may tie with a threshold; then doubles decide. */
    if (__builtin_expect(_mm512_cmp_ps_mask(candidates, value, _CMP_EQ_OQ) != 0, 0)) {
        return lfi_tables_rank(tables, column, x);
    }
    const uint32_t below =
        (uint32_t)_mm_popcnt_u32(_mm512_cmp_ps_mask(candidates, value, _CMP_LT_OQ));
    return (int8_t)(line * LFI_KEYS + below - LFI_BIAS);
}

/* Ranks of up to 64 columns from `first` on. */
AVX512_INLINE void rank_part(
    const lfi_tables *tables,
    const double *row,
    lfi_ranks *state,
    size_t first,
    int8_t *ranks,
    size_t stride
)
{
    _Alignas(64) float keys[LFI_LANES];
    uint64_t todo = 0;
    uint64_t missing = 0;
    for (size_t i = 0; i < LFI_LANES && first + i < tables->column_count; i += 8) {
        double *const last = state->values + first + i;
        const __m512d x = take_values(tables, row, first + i);
        const __mmask8 is_new =
            _mm512_cmpneq_epi64_mask(_mm512_castpd_si512(x), _mm512_load_si512(last));
        const __mmask8 is_nan = _mm512_cmp_pd_mask(x, x, _CMP_UNORD_Q);
        const __mmask8 is_zero = _mm512_cmp_pd_mask(x, _mm512_setzero_pd(), _CMP_EQ_OQ) &
                                 (__mmask8)(tables->is_zero[first / 64] >> i);
        todo |= (uint64_t)is_new << i;
        missing |= (uint64_t)(is_nan | is_zero) << i;
        _mm512_store_pd(last, x);
        _mm256_store_ps(keys + i, _mm512_cvtpd_ps(x));
    }
    const uint64_t used = tables->used[first / 64];
    state->missing[first / 64] = missing & used & tables->is_mixed[first / 64];
    todo = used & (state->is_set ? todo : UINT64_MAX);
    for (missing &= todo, todo &= ~missing; missing != 0; missing = _blsr_u64(missing)) {
        const size_t column = first + (size_t)_tzcnt_u64(missing);
        ranks[column * stride] = tables->missing_ranks[column];
    }
    const keys_of from = {tables->pivots, tables->lines, tables->columns};
    for (; todo != 0; todo = _blsr_u64(todo)) {
        const size_t i = (size_t)_tzcnt_u64(todo);
        const size_t column = first + i;
        ranks[column * stride] = rank_of(tables, from, column, keys[i], state->values[column]);
    }
}

AVX512 static void
rank(const lfi_tables *tables, const double *row, lfi_ranks *state, int8_t *ranks, size_t stride)
{
    for (size_t first = 0; first < tables->column_count; first += LFI_LANES) {
        if (stride == 1) {
            rank_part(tables, row, state, first, ranks, 1);
        } else {
            rank_part(tables, row, state, first, ranks, stride);
        }
    }
    state->is_set = true;
}

/* ---- one row ---------------------------------------------------------------------------- */

/* The sum so far, and the leaves of a block that are still to be added to it. */
typedef struct adder {
    double sum;
    const double *leaves;
    size_t stride;
    const uint8_t *chosen; /* [left] the leaf of each tree */
    size_t left;
} adder;

AVX512_INLINE void add_leaf(adder *a)
{
    a->sum += a->leaves[*a->chosen];
    a->leaves += a->stride;
    a->chosen++;
}

AVX512_INLINE void add_all(adder *a)
{
    for (; a->left > 0; a->left--) {
        add_leaf(a);
    }
}

/* The rank that each lane asks for, out of 1, 2 or 4 registers of ranks. */
AVX512_INLINE __m512i look_up(const __m512i *ranks, int registers, __m512i columns)
{
    if (registers == 1) {
        return _mm512_permutexvar_epi8(columns, ranks[0]);
    }
    const __m512i low = _mm512_permutex2var_epi8(ranks[0], columns, ranks[1]);
    if (registers == 2) {
        return low;
    }
    const __m512i high = _mm512_permutex2var_epi8(ranks[2], columns, ranks[3]);
    return _mm512_mask_mov_epi8(low, _mm512_movepi8_mask(columns), high);
}

/* Finds the leaf of each tree of a block while leaves of the block before are added. */
AVX512_INLINE void search(
    const lfi_block *block,
    const __m512i *ranks,
    int registers,
    size_t width,
    adder *a,
    uint8_t *chosen
)
{
    const __m512i one = _mm512_set1_epi8(1);
    __m512i leaf[2] = {_mm512_set1_epi8(-LFI_BIAS), _mm512_set1_epi8(-LFI_BIAS)};
    __m512i next = leaf[0];
    const int8_t *step = block->steps;
    for (uint32_t j = 0; j < block->step_count; j++) {
        next = _mm512_add_epi8(next, one);
        for (size_t w = 0; w < width; w++, step += 3 * LFI_LANES) {
            const __m512i rank = look_up(ranks, registers, _mm512_load_si512(step));
            const __m512i threshold = _mm512_load_si512(step + LFI_LANES);
            const __m512i from = _mm512_load_si512(step + 2 * LFI_LANES);
            const __mmask64 is_right = _mm512_cmpgt_epi8_mask(rank, threshold);
            const __mmask64 moves = _mm512_mask_cmpge_epi8_mask(is_right, leaf[w], from);
            leaf[w] = _mm512_mask_mov_epi8(leaf[w], moves, next);
        }
        if (a->left >= LEAVES_A_STEP) {
            a->left -= LEAVES_A_STEP;
            for (int i = 0; i < LEAVES_A_STEP; i++) {
                add_leaf(a);
            }
        }
    }
    for (size_t w = 0; w < width; w++) {
        const __m512i bytes = _mm512_xor_si512(leaf[w], _mm512_set1_epi8(-LFI_BIAS));
        _mm512_store_si512(chosen + w * LFI_LANES, bytes);
    }
}

AVX512_INLINE double sum_with(const lfi_forest *forest, const __m512i *ranks, int registers)
{
    _Alignas(64) uint8_t chosen[2][LFI_BLOCK_TREES];
    adder a = {.sum = 0};
    for (size_t i = 0; i < forest->block_count; i++) {
        const lfi_block *const block = &forest->blocks[i];
        if (block->width == 2) {
            search(block, ranks, registers, 2, &a, chosen[i % 2]);
        } else {
            search(block, ranks, registers, 1, &a, chosen[i % 2]);
        }
        add_all(&a);
        a.leaves = block->leaves;
        a.stride = block->leaf_stride;
        a.chosen = chosen[i % 2];
        a.left = block->tree_count;
    }
    add_all(&a);
    return a.sum;
}

/* Registers: the ranks; when a value of a mixed column is missing, behind them those of the nodes
   that send it left. */
AVX512 static double sum(const lfi_tables *tables, const lfi_forest *forest, const lfi_ranks *state)
{
    const __m512i lowest = _mm512_set1_epi8(INT8_MIN);
    const __m512i low = _mm512_load_si512(state->ranks);
    const __m512i low_left = _mm512_mask_mov_epi8(low, state->missing[0], lowest);
    if (tables->column_count <= LFI_LANES) {
        const __m512i ranks[] = {low, low_left};
        return state->missing[0] == 0 ? sum_with(forest, ranks, 1) : sum_with(forest, ranks, 2);
    }
    const __m512i high = _mm512_load_si512(state->ranks + LFI_LANES);
    const __m512i high_left = _mm512_mask_mov_epi8(high, state->missing[1], lowest);
    const __m512i ranks[] = {low, high, low_left, high_left};
    return (state->missing[0] | state->missing[1]) == 0 ? sum_with(forest, ranks, 2)
                                                        : sum_with(forest, ranks, 4);
}

/* ---- many rows -------------------------------------------------------------------------- */

/* The leaf of each row, one tree. */
AVX512_INLINE void search_rows(const lfi_batch_tree *tree, const int8_t *ranks, uint8_t *chosen)
{
    __m512i low = _mm512_set1_epi8(-LFI_BIAS);
    __m512i high = low;
    for (size_t j = 0; j < tree->node_count; j++) {
        const lfi_batch_node *const node = &tree->nodes[j];
        const int8_t *const column = ranks + node->ranks;
        const __m512i threshold = _mm512_set1_epi32((int)node->threshold);
        const __m512i from = _mm512_set1_epi32((int)node->first);
        const __m512i next = _mm512_set1_epi32((int)node->next);
        const __mmask64 low_right = _mm512_cmplt_epi8_mask(threshold, _mm512_load_si512(column));
        const __mmask64 high_right =
            _mm512_cmplt_epi8_mask(threshold, _mm512_load_si512(column + LFI_LANES));
        low = _mm512_mask_mov_epi8(low, _mm512_mask_cmple_epi8_mask(low_right, from, low), next);
        high =
            _mm512_mask_mov_epi8(high, _mm512_mask_cmple_epi8_mask(high_right, from, high), next);
    }
    const __m512i bias = _mm512_set1_epi8(-LFI_BIAS);
    _mm512_store_si512(chosen, _mm512_xor_si512(low, bias));
    _mm512_store_si512(chosen + LFI_LANES, _mm512_xor_si512(high, bias));
}

/* Adds the leaf of each row; up to 32 leaves are looked up in registers. */
AVX512_INLINE void add_rows(const lfi_batch_tree *tree, const uint8_t *chosen, double *sums)
{
    const double *const leaves = tree->leaves;
    if (tree->node_count >= 32) {
        for (size_t i = 0; i < LFI_BATCH_ROWS; i += 8) {
            const __m512i leaf =
                _mm512_cvtepu8_epi64(_mm_loadl_epi64((const __m128i *)(chosen + i)));
            const __m512d x = _mm512_i64gather_pd(leaf, leaves, 8);
            _mm512_store_pd(sums + i, _mm512_add_pd(_mm512_load_pd(sums + i), x));
        }
        return;
    }
    const __m512d a = _mm512_loadu_pd(leaves);
    const __m512d b = _mm512_loadu_pd(leaves + 8);
    const __m512d c = _mm512_loadu_pd(leaves + 16);
    const __m512d d = _mm512_loadu_pd(leaves + 24);
    const __m512i upper = _mm512_set1_epi64(16);
    for (size_t i = 0; i < LFI_BATCH_ROWS; i += 8) {
        const __m512i leaf = _mm512_cvtepu8_epi64(_mm_loadl_epi64((const __m128i *)(chosen + i)));
        const __m512d x = _mm512_mask_mov_pd(
            _mm512_permutex2var_pd(a, leaf, b),
            _mm512_test_epi64_mask(leaf, upper),
            _mm512_permutex2var_pd(c, leaf, d)
        );
        _mm512_store_pd(sums + i, _mm512_add_pd(_mm512_load_pd(sums + i), x));
    }
}

AVX512 static void sum_rows(const lfi_forest *forest, const int8_t *ranks, double *sums)
{
    _Alignas(64) uint8_t chosen[LFI_BATCH_ROWS];
    for (size_t i = 0; i < LFI_BATCH_ROWS; i++) {
        sums[i] = 0;
    }
    for (size_t t = 0; t < forest->tree_count; t++) {
        search_rows(&forest->trees[t], ranks, chosen);
        add_rows(&forest->trees[t], chosen, sums);
    }
}

const lfi_kernel *lfi_kernel_avx512(void)
{
    static const lfi_kernel kernel = {.rank = rank, .sum = sum, .sum_rows = sum_rows};
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                   __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("bmi") &&
                   __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt")
               ? &kernel
               : NULL;
}

#else

const lfi_kernel *lfi_kernel_avx512(void)
{
    return NULL;
}

#endif
