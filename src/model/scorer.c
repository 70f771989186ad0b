/* Scores rows: a plain walk down each tree, the reference, and the choice of a kernel. */
#include "model_internal.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* LightGBM's row functions drop values of at most this size, a float in its source, to 0 before
   any tree sees them. Trees can use it as a threshold, so it has to be the very same number. */
static const double ZERO_SIZE = 1e-35f;

static int32_t go_category(const lf_scorer *scorer, const lfi_node *node, double x)
{
    /* Also false for NaN. The cast in LightGBM cuts towards zero, so -0.5 is category 0. */
    if (!(x > -1 && x < 2147483648.0)) {
        return node->right;
    }
    const uint32_t category = (uint32_t)(int32_t)x;
    if (category / 32 >= node->word_count) {
        return node->right;
    }
    const uint32_t word = scorer->words[node->word_first + category / 32];
    return (word >> (category % 32)) & 1 ? node->left : node->right;
}

static int32_t go(const lf_scorer *scorer, const lfi_node *node, double x)
{
    if (!(fabs(x) > ZERO_SIZE)) {
        const bool is_nan = isnan(x);
        if (node->is_category) {
            return is_nan ? node->right : go_category(scorer, node, 0);
        }
        if (node->missing == LFI_MISSING_ZERO || (is_nan && node->missing == LFI_MISSING_NAN)) {
            return node->is_default_left ? node->left : node->right;
        }
        x = 0;
    } else if (node->is_category) {
        return go_category(scorer, node, x);
    }
    return x <= node->threshold ? node->left : node->right;
}

/* The trees of output k. */
static double walk(const lf_scorer *scorer, const double *row, size_t k)
{
    const lfi_node *nodes = scorer->nodes;
    double sum = 0;
    for (size_t t = k; t < scorer->tree_count; t += scorer->output_count) {
        int32_t at = scorer->roots[t];
        while (at >= 0) {
            at = go(scorer, &nodes[at], row[nodes[at].feature]);
        }
        sum += scorer->leaves[~at];
    }
    return sum;
}

/* ---- kernels ---------------------------------------------------------------------------- */

lf_scorer_kernel lf_scorer_kernel_of(const lf_scorer *scorer)
{
    return scorer->kernel_kind;
}

bool lf_scorer_choose(lf_scorer *scorer, lf_scorer_kernel kernel)
{
    const lfi_kernel *found = NULL;
    if (kernel != LF_SCORER_WALK) {
        found = kernel == LF_SCORER_AVX2 ? lfi_kernel_avx2() : lfi_kernel_avx512();
        if (found == NULL || scorer->tables == NULL) {
            return false;
        }
    }
    scorer->kernel = found;
    scorer->kernel_kind = kernel;
    return true;
}

lf_status lfi_scorer_prepare(lf_scorer *scorer)
{
    const lf_status status = lfi_tables_create(scorer, &scorer->tables);
    if (status == LF_OK && !lf_scorer_choose(scorer, LF_SCORER_AVX512) &&
        !lf_scorer_choose(scorer, LF_SCORER_AVX2)) {
        (void)lf_scorer_choose(scorer, LF_SCORER_WALK);
    }
    return status;
}

/* The raw scores of a row when the state knows the one before it. */
static void raw_next(const lf_scorer *scorer, const double *row, lfi_ranks *state, double *out)
{
    const lfi_tables *const tables = scorer->tables;
    if (scorer->kernel != NULL) {
        scorer->kernel->rank(tables, row, state, state->ranks, 1);
    }
    for (size_t k = 0; k < scorer->output_count; k++) {
        out[k] = scorer->kernel == NULL ? walk(scorer, row, k)
                                        : scorer->kernel->sum(tables, &tables->forests[k], state);
    }
}

void lf_scorer_raw_all(const lf_scorer *scorer, const double *row, double *out)
{
    lfi_ranks state;
    state.is_set = false;
    raw_next(scorer, row, &state, out);
}

double lf_scorer_raw(const lf_scorer *scorer, const double *row)
{
    double out = 0;
    assert(scorer->output_count == 1);
    lf_scorer_raw_all(scorer, row, &out);
    return out;
}

/* ---- from raw scores to predictions ----------------------------------------------------- */

static double put_through(const lf_scorer *scorer, double x)
{
    switch (scorer->output) {
    case LFI_OUTPUT_SIGMOID:
        return 1 / (1 + exp(-scorer->sigmoid * x));
    case LFI_OUTPUT_EXP:
        return exp(x);
    case LFI_OUTPUT_SIGNED_SQUARE:
        return (double)((x > 0) - (x < 0)) * x * x;
    case LFI_OUTPUT_LOG1P_EXP:
        return log1p(exp(x));
    case LFI_OUTPUT_SOFTMAX:
    case LFI_OUTPUT_IDENTITY:
        break;
    }
    return x;
}

/* In LightGBM's order of operations. */
static void softmax(double *x, size_t count)
{
    double most = x[0];
    double sum = 0;
    for (size_t k = 1; k < count; k++) {
        most = x[k] > most ? x[k] : most;
    }
    for (size_t k = 0; k < count; k++) {
        x[k] = exp(x[k] - most);
        sum += x[k];
    }
    for (size_t k = 0; k < count; k++) {
        x[k] /= sum;
    }
}

/* Raw scores of one row in, predictions out. */
static void finish(const lf_scorer *scorer, double *x)
{
    const size_t outputs = scorer->output_count;
    const size_t rounds = scorer->tree_count / outputs;
    for (size_t k = 0; k < outputs; k++) {
        x[k] = put_through(scorer, scorer->is_average && rounds > 0 ? x[k] / (double)rounds : x[k]);
    }
    if (scorer->output == LFI_OUTPUT_SOFTMAX) {
        softmax(x, outputs);
    }
}

void lf_scorer_predict_all(const lf_scorer *scorer, const double *row, double *out)
{
    lf_scorer_raw_all(scorer, row, out);
    finish(scorer, out);
}

double lf_scorer_predict(const lf_scorer *scorer, const double *row)
{
    double out = lf_scorer_raw(scorer, row);
    finish(scorer, &out);
    return out;
}

double lfi_scorer_raw_next(const lf_scorer *scorer, const double *row, lfi_ranks *state)
{
    double out = 0;
    assert(scorer->output_count == 1);
    raw_next(scorer, row, state, &out);
    return out;
}

double lfi_scorer_finish(const lf_scorer *scorer, double raw)
{
    assert(scorer->output_count == 1);
    finish(scorer, &raw);
    return raw;
}

/* ---- many rows -------------------------------------------------------------------------- */

/* Fewer rows than this are done sooner one by one. */
#define BATCH_LEAST 16

/* The rows of ranks for nodes of mixed columns that send what is missing left. */
static void fill_left(
    const lfi_tables *tables, uint64_t missing[LFI_BATCH_ROWS][LFI_COLUMNS_MAX / 64], int8_t *ranks
)
{
    uint64_t any[LFI_COLUMNS_MAX / 64] = {0};
    for (size_t i = 0; i < LFI_BATCH_ROWS; i++) {
        any[0] |= missing[i][0];
        any[1] |= missing[i][1];
    }
    for (size_t c = 0; c < tables->column_count; c++) {
        if ((tables->is_mixed[c / 64] >> (c % 64) & 1) == 0) {
            continue;
        }
        int8_t *const left = ranks + (size_t)tables->left_rows[c] * LFI_BATCH_ROWS;
        memcpy(left, ranks + c * LFI_BATCH_ROWS, LFI_BATCH_ROWS);
        for (size_t i = 0; (any[c / 64] >> (c % 64) & 1) != 0 && i < LFI_BATCH_ROWS; i++) {
            left[i] = (missing[i][c / 64] >> (c % 64) & 1) != 0 ? INT8_MIN : left[i];
        }
    }
}

/* Up to LFI_BATCH_ROWS rows. */
static void
batch(const lf_scorer *scorer, const double *rows, size_t stride, size_t count, double *out)
{
    const lfi_tables *const tables = scorer->tables;
    _Alignas(64) int8_t ranks[2 * LFI_COLUMNS_MAX * LFI_BATCH_ROWS];
    _Alignas(64) double sums[LFI_BATCH_ROWS];
    uint64_t missing[LFI_BATCH_ROWS][LFI_COLUMNS_MAX / 64];
    lfi_ranks state = {.is_set = false};
    for (size_t i = 0; i < LFI_BATCH_ROWS; i++) {
        /* Behind the last row it is repeated: what is there must be ranks. */
        const size_t row = i < count ? i : count - 1;
        state.is_set = false;
        scorer->kernel->rank(tables, rows + row * stride, &state, ranks + i, LFI_BATCH_ROWS);
        memcpy(missing[i], state.missing, sizeof missing[i]);
    }
    fill_left(tables, missing, ranks);
    for (size_t k = 0; k < scorer->output_count; k++) {
        scorer->kernel->sum_rows(&tables->forests[k], ranks, sums);
        for (size_t i = 0; i < count; i++) {
            out[i * scorer->output_count + k] = sums[i];
        }
    }
}

void lf_scorer_raw_rows(
    const lf_scorer *scorer, const double *rows, size_t stride, size_t count, double *out
)
{
    const size_t outputs = scorer->output_count;
    size_t done = 0;
    while (scorer->kernel != NULL && count - done >= BATCH_LEAST) {
        const size_t part = count - done < LFI_BATCH_ROWS ? count - done : LFI_BATCH_ROWS;
        batch(scorer, rows + done * stride, stride, part, out + done * outputs);
        done += part;
    }
    for (; done < count; done++) {
        lf_scorer_raw_all(scorer, rows + done * stride, out + done * outputs);
    }
}

void lf_scorer_predict_rows(
    const lf_scorer *scorer, const double *rows, size_t stride, size_t count, double *out
)
{
    lf_scorer_raw_rows(scorer, rows, stride, count, out);
    for (size_t i = 0; i < count; i++) {
        finish(scorer, out + i * scorer->output_count);
    }
}

/* ---- a stream of rows ------------------------------------------------------------------- */

struct lf_scorer_state {
    lfi_ranks ranks;
    const lf_allocator *allocator;
    const lf_scorer *scorer;
};

lf_status lf_scorer_state_create(
    const lf_allocator *allocator, const lf_scorer *scorer, lf_scorer_state **out, lf_error *error
)
{
    lf_scorer_state *const state = lf_allocate(allocator, 1, sizeof *state);
    *out = state;
    if (state == NULL) {
        return lf_error_set(error, LF_NOMEM, "not enough memory for the state of a scorer.");
    }
    state->allocator = allocator;
    state->scorer = scorer;
    return LF_OK;
}

void lf_scorer_state_destroy(lf_scorer_state *state)
{
    if (state != NULL) {
        lf_release(state->allocator, state);
    }
}

void lf_scorer_raw_next(lf_scorer_state *state, const double *row, double *out)
{
    raw_next(state->scorer, row, &state->ranks, out);
}

/* ---- what it is ------------------------------------------------------------------------- */

void lf_scorer_destroy(lf_scorer *scorer)
{
    if (scorer == NULL) {
        return;
    }
    const lf_allocator *allocator = scorer->allocator;
    lf_release(allocator, scorer->tables);
    lf_release(allocator, scorer->nodes);
    lf_release(allocator, scorer->leaves);
    lf_release(allocator, scorer->words);
    lf_release(allocator, scorer->roots);
    lf_release(allocator, scorer->names);
    lf_release(allocator, scorer->name_offsets);
    lf_release(allocator, scorer);
}

size_t lf_scorer_feature_count(const lf_scorer *scorer)
{
    return scorer->feature_count;
}

const char *lf_scorer_feature_name(const lf_scorer *scorer, size_t index)
{
    return scorer->names + scorer->name_offsets[index];
}

size_t lf_scorer_tree_count(const lf_scorer *scorer)
{
    return scorer->tree_count;
}

size_t lf_scorer_output_count(const lf_scorer *scorer)
{
    return scorer->output_count;
}

bool lf_scorer_is_probability(const lf_scorer *scorer)
{
    return scorer->output == LFI_OUTPUT_SIGMOID || scorer->output == LFI_OUTPUT_SOFTMAX;
}
