/* Scores rows with a forest: a plain walk down each tree, leaves added in tree order. */
#include "model_internal.h"

#include <math.h>

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

double lf_scorer_raw(const lf_scorer *scorer, const double *row)
{
    const lfi_node *nodes = scorer->nodes;
    double sum = 0;
    for (size_t t = 0; t < scorer->tree_count; t++) {
        int32_t at = scorer->roots[t];
        while (at >= 0) {
            at = go(scorer, &nodes[at], row[nodes[at].feature]);
        }
        sum += scorer->leaves[~at];
    }
    return sum;
}

double lf_scorer_predict(const lf_scorer *scorer, const double *row)
{
    double x = lf_scorer_raw(scorer, row);
    if (scorer->is_average && scorer->tree_count > 0) {
        x /= (double)scorer->tree_count;
    }
    switch (scorer->output) {
    case LFI_OUTPUT_SIGMOID:
        return 1 / (1 + exp(-scorer->sigmoid * x));
    case LFI_OUTPUT_EXP:
        return exp(x);
    case LFI_OUTPUT_SIGNED_SQUARE:
        return (double)((x > 0) - (x < 0)) * x * x;
    case LFI_OUTPUT_LOG1P_EXP:
        return log1p(exp(x));
    case LFI_OUTPUT_IDENTITY:
        break;
    }
    return x;
}

void lf_scorer_destroy(lf_scorer *scorer)
{
    if (scorer == NULL) {
        return;
    }
    const lf_allocator *allocator = scorer->allocator;
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

bool lf_scorer_is_probability(const lf_scorer *scorer)
{
    return scorer->output == LFI_OUTPUT_SIGMOID;
}
