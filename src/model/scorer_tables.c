/* Turns a forest into the tables that kernels read: columns, blocks of trees, nodes for batches. */
#include "model_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A node and what its column is known by. */
typedef struct question {
    double threshold;
    uint32_t feature;
    uint32_t node;
    uint8_t missing; /* lfi_missing */
    bool is_left;    /* where it sends what is missing; false for LFI_MISSING_NONE */
} question;

/* Where a node went: a column, and one of its thresholds. */
typedef struct place {
    uint8_t column;
    uint8_t threshold;
    bool is_left;
} place;

/* What the nodes of a column do with values that are missing. */
typedef struct habit {
    uint8_t missing; /* lfi_missing */
    bool has_left;
    bool has_right;
} habit;

/* One tree from left to right. */
typedef struct ordered_tree {
    size_t node_count;
    uint32_t nodes[LFI_TREE_LEAVES_MAX - 1];
    uint8_t firsts[LFI_TREE_LEAVES_MAX - 1]; /* first leaf left of the node */
    double leaves[LFI_TREE_LEAVES_MAX];
} ordered_tree;

typedef struct builder {
    const lf_scorer *scorer;
    lfi_tables *tables;  /* what is known before its size is; then the result */
    question *questions; /* [node_count] */
    place *places;       /* [node_count] */
    habit *habits;       /* [LFI_COLUMNS_MAX] */
    double *thresholds;  /* [node_count] distinct ones of the columns, one after the other */
    size_t threshold_count;
    size_t line_count;
    ordered_tree tree;
    /* Pieces of the one piece of memory. */
    unsigned char *memory;
    size_t used;
} builder;

/* ---- columns ---------------------------------------------------------------------------- */

static int compare_questions(const void *left, const void *right)
{
    const question *const a = left;
    const question *const b = right;
    if (a->feature != b->feature) {
        return a->feature < b->feature ? -1 : 1;
    }
    if (a->missing != b->missing) {
        return a->missing < b->missing ? -1 : 1;
    }
    return (a->threshold > b->threshold) - (a->threshold < b->threshold);
}

/* Sorts the questions and gives each its column and threshold; false when there are too many. */
static bool make_columns(builder *b)
{
    lfi_tables *const tables = b->tables;
    const size_t count = b->scorer->node_count;
    size_t at = 0; /* the column of the last question */
    qsort(b->questions, count, sizeof *b->questions, compare_questions);
    for (size_t i = 0; i < count; i++) {
        const question *const q = &b->questions[i];
        const bool is_same = i > 0 && q[-1].feature == q->feature && q[-1].missing == q->missing;
        const bool is_known = is_same && q[-1].threshold == q->threshold;
        if (!is_same || (!is_known && tables->columns[at].threshold_count == LFI_THRESHOLDS_MAX)) {
            if (tables->column_count == LFI_COLUMNS_MAX) {
                return false;
            }
            at = tables->column_count++;
            b->habits[at].missing = q->missing;
            tables->columns[at] = (lfi_column){
                .feature = q->feature,
                .threshold_first = (uint32_t)b->threshold_count,
            };
        }
        if (!is_known) {
            b->thresholds[b->threshold_count++] = q->threshold;
            tables->columns[at].threshold_count++;
        }
        b->habits[at].has_left = b->habits[at].has_left || q->is_left;
        b->habits[at].has_right = b->habits[at].has_right || !q->is_left;
        b->places[q->node] = (place){
            .column = (uint8_t)at,
            .threshold = (uint8_t)(tables->columns[at].threshold_count - 1),
            .is_left = q->is_left,
        };
    }
    return true;
}

/* Registers that hold so many columns: what a lookup costs. */
static size_t registers_for(size_t columns)
{
    return columns <= LFI_LANES ? 1 : 2;
}

/*
 * Where it costs nothing, the first column of a feature stands at the feature's own place, so that
 * kernels load a row as it lies. Gaps are features that no node asks for.
 */
static void place_columns(builder *b)
{
    lfi_tables *const tables = b->tables;
    const size_t features = b->scorer->feature_count;
    lfi_column columns[LFI_COLUMNS_MAX] = {{0}};
    habit habits[LFI_COLUMNS_MAX] = {{0}};
    uint8_t moved[LFI_COLUMNS_MAX];
    size_t others = 0;
    for (size_t i = 1; i < tables->column_count; i++) {
        others += tables->columns[i].feature == tables->columns[i - 1].feature;
    }
    const bool is_at_home = features + others <= LFI_COLUMNS_MAX &&
                            registers_for(features + others) == registers_for(tables->column_count);
    size_t next = is_at_home ? features : 0;
    for (size_t i = 0; i < tables->column_count; i++) {
        const uint32_t feature = tables->columns[i].feature;
        const bool is_first = i == 0 || tables->columns[i - 1].feature != feature;
        const size_t at = is_at_home && is_first ? feature : next++;
        columns[at] = tables->columns[i];
        habits[at] = b->habits[i];
        moved[i] = (uint8_t)at;
        tables->used[at / 64] |= (uint64_t)1 << (at % 64);
    }
    for (size_t i = 0; is_at_home && i < features; i++) {
        columns[i].feature = (uint32_t)i;
    }
    tables->column_count = next;
    memcpy(tables->columns, columns, sizeof columns);
    memcpy(b->habits, habits, sizeof habits);
    for (size_t i = 0; i < b->scorer->node_count; i++) {
        b->places[i].column = moved[b->places[i].column];
    }
}

/* What kernels need to know of each 8 columns to load them. */
static void find_runs(lfi_tables *tables)
{
    for (size_t i = 0; i < tables->column_count; i += 8) {
        const uint32_t feature = tables->columns[i].feature;
        bool is_run = true;
        uint8_t lanes = 0;
        for (size_t k = 0; k < 8 && i + k < tables->column_count; k++) {
            is_run = is_run && tables->columns[i + k].feature == feature + k;
            lanes = (uint8_t)(lanes | 1U << k);
        }
        tables->is_run[i / 8] = is_run;
        tables->lanes[i / 8] = lanes;
    }
}

int8_t lfi_tables_rank(const lfi_tables *tables, size_t column, double x)
{
    const lfi_column *const c = &tables->columns[column];
    const double *const thresholds = tables->thresholds + c->threshold_first;
    size_t low = 0;
    size_t high = c->threshold_count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (thresholds[middle] < x) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return (int8_t)((int)low - LFI_BIAS);
}

/* Lines of keys: floats rounded from the thresholds, so their order is the same, ties apart. */
static void fill_keys(const lfi_tables *tables, lfi_line *pivots, lfi_line *lines)
{
    for (size_t c = 0; c < tables->column_count; c++) {
        const lfi_column *const column = &tables->columns[c];
        const size_t count = column->threshold_count;
        const size_t line_count = (count + LFI_KEYS - 1) / LFI_KEYS;
        for (size_t i = 0; i < LFI_KEYS; i++) {
            pivots[c].keys[i] = INFINITY;
        }
        for (size_t i = 0; i < line_count * LFI_KEYS; i++) {
            float *const key = &lines[column->line_first + i / LFI_KEYS].keys[i % LFI_KEYS];
            *key = i < count ? (float)tables->thresholds[column->threshold_first + i] : INFINITY;
            if (i % LFI_KEYS == LFI_KEYS - 1 && i / LFI_KEYS + 1 < line_count) {
                pivots[c].keys[i / LFI_KEYS] = *key;
            }
        }
    }
}

static void fill_missing(lfi_tables *tables, const habit *habits)
{
    size_t row = tables->column_count;
    for (size_t c = 0; c < tables->column_count; c++) {
        const habit *const h = &habits[c];
        const uint64_t bit = (uint64_t)1 << (c % 64);
        if (h->missing == LFI_MISSING_NONE) {
            tables->missing_ranks[c] = lfi_tables_rank(tables, c, 0);
            continue;
        }
        tables->missing_ranks[c] = h->has_right ? INT8_MAX : INT8_MIN;
        if (h->missing == LFI_MISSING_ZERO) {
            tables->is_zero[c / 64] |= bit;
        }
        if (h->has_right && h->has_left) {
            tables->is_mixed[c / 64] |= bit;
            tables->left_rows[c] = (uint16_t)row++;
        }
    }
}

/* True when a node asks for the rank that a mixed column has for those that send left. */
static bool asks_left(const lfi_tables *tables, const place *at)
{
    return at->is_left && (tables->is_mixed[at->column / 64] >> (at->column % 64) & 1) != 0;
}

/* ---- trees ------------------------------------------------------------------------------ */

/* Takes a tree apart from left to right; false when it has too many leaves. */
static bool order_tree(const lf_scorer *scorer, int32_t root, ordered_tree *out)
{
    int32_t stack[LFI_TREE_LEAVES_MAX];
    uint8_t firsts[LFI_TREE_LEAVES_MAX];
    size_t depth = 0;
    size_t leaves = 0;
    out->node_count = 0;
    for (int32_t at = root;;) {
        while (at >= 0) {
            /* Each of them still has a leaf before it. */
            if (depth + leaves >= LFI_TREE_LEAVES_MAX - 1) {
                return false;
            }
            stack[depth] = at;
            firsts[depth++] = (uint8_t)leaves;
            at = scorer->nodes[at].left;
        }
        out->leaves[leaves++] = scorer->leaves[~at];
        if (depth == 0) {
            return true;
        }
        depth--;
        out->nodes[out->node_count] = (uint32_t)stack[depth];
        out->firsts[out->node_count++] = firsts[depth];
        at = scorer->nodes[stack[depth]].right;
    }
}

/* Trees of output k, and one of them. */
static size_t trees_of(const lf_scorer *scorer, size_t k)
{
    return (scorer->tree_count + scorer->output_count - 1 - k) / scorer->output_count;
}

static int32_t root_of(const lf_scorer *scorer, size_t k, size_t tree)
{
    return scorer->roots[tree * scorer->output_count + k];
}

/* The next piece of the memory; its place only, while there is none yet. */
static void *carve(builder *b, size_t count, size_t item_bytes)
{
    void *const piece = b->memory == NULL ? NULL : b->memory + b->used;
    b->used += (count * item_bytes + 63) / 64 * 64;
    return piece;
}

static void
fill_block(builder *b, size_t k, size_t first, lfi_block *block, int8_t *steps, double *leaves)
{
    const lfi_tables *const tables = (const lfi_tables *)(const void *)b->memory;
    const size_t left_bit = registers_for(tables->column_count) * LFI_LANES;
    const size_t registers = (size_t)block->step_count * block->width;
    for (size_t i = 0; i < registers; i++) {
        memset(steps + i * 3 * LFI_LANES, 0, LFI_LANES);
        memset(steps + i * 3 * LFI_LANES + LFI_LANES, INT8_MAX, (size_t)2 * LFI_LANES);
    }
    for (size_t t = 0; t < block->tree_count; t++) {
        (void)order_tree(b->scorer, root_of(b->scorer, k, first + t), &b->tree);
        memcpy(
            leaves + t * block->leaf_stride,
            b->tree.leaves,
            (b->tree.node_count + 1) * sizeof *leaves
        );
        for (size_t j = 0; j < b->tree.node_count; j++) {
            const place *const at = &b->places[b->tree.nodes[j]];
            int8_t *const lane =
                steps + ((j * block->width + t / LFI_LANES) * 3 * LFI_LANES) + t % LFI_LANES;
            lane[0] = (int8_t)(at->column | (asks_left(tables, at) ? left_bit : 0));
            lane[LFI_LANES] = (int8_t)(at->threshold - LFI_BIAS);
            lane[(size_t)2 * LFI_LANES] = (int8_t)(b->tree.firsts[j] - LFI_BIAS);
        }
    }
    block->steps = steps;
    block->leaves = leaves;
}

/* Blocks of one output. Without memory only sizes are found. */
static void make_blocks(builder *b, size_t k, lfi_forest *forest)
{
    const size_t trees = trees_of(b->scorer, k);
    const size_t count = (trees + LFI_BLOCK_TREES - 1) / LFI_BLOCK_TREES;
    lfi_block *const blocks = carve(b, count, sizeof *blocks);
    for (size_t i = 0; i < count; i++) {
        const size_t first = i * LFI_BLOCK_TREES;
        const size_t rest = trees - first < LFI_BLOCK_TREES ? trees - first : LFI_BLOCK_TREES;
        lfi_block block = {.tree_count = (uint32_t)rest, .width = rest > LFI_LANES ? 2 : 1};
        for (size_t t = 0; t < rest; t++) {
            (void)order_tree(b->scorer, root_of(b->scorer, k, first + t), &b->tree);
            if (b->tree.node_count > block.step_count) {
                block.step_count = (uint32_t)b->tree.node_count;
            }
        }
        block.leaf_stride = (size_t)block.step_count + 1;
        int8_t *const steps =
            carve(b, (size_t)block.step_count * block.width, (size_t)3 * LFI_LANES);
        double *const leaves = carve(b, rest * block.leaf_stride, sizeof *leaves);
        if (b->memory != NULL) {
            fill_block(b, k, first, &block, steps, leaves);
            blocks[i] = block;
        }
    }
    forest->blocks = blocks;
    forest->block_count = count;
}

static uint32_t four_times(int byte)
{
    return (uint32_t)(uint8_t)(byte - LFI_BIAS) * 0x01010101U;
}

/* The trees of one output for batches; their leaves are those of the blocks. */
static void make_batch_trees(builder *b, size_t k, lfi_forest *forest)
{
    const lf_scorer *const s = b->scorer;
    const lfi_tables *const tables = (const lfi_tables *)(const void *)b->memory;
    const size_t count = trees_of(s, k);
    lfi_batch_tree *const trees = carve(b, count, sizeof *trees);
    for (size_t t = 0; t < count; t++) {
        (void)order_tree(s, root_of(s, k, t), &b->tree);
        lfi_batch_node *const nodes = carve(b, b->tree.node_count, sizeof *nodes);
        if (b->memory == NULL) {
            continue;
        }
        for (size_t j = 0; j < b->tree.node_count; j++) {
            const place *const at = &b->places[b->tree.nodes[j]];
            nodes[j] = (lfi_batch_node){
                .ranks = (asks_left(tables, at) ? tables->left_rows[at->column] : at->column) *
                         (uint32_t)LFI_BATCH_ROWS,
                .threshold = four_times(at->threshold),
                .first = four_times(b->tree.firsts[j]),
                .next = four_times((int)j + 1),
            };
        }
        const lfi_block *const block = &forest->blocks[t / LFI_BLOCK_TREES];
        trees[t] = (lfi_batch_tree){
            .nodes = nodes,
            .leaves = block->leaves + t % LFI_BLOCK_TREES * block->leaf_stride,
            .node_count = b->tree.node_count,
        };
    }
    forest->trees = trees;
    forest->tree_count = count;
}

/* ---- all of it -------------------------------------------------------------------------- */

/* Lays everything out; the first time without memory, to learn how much it takes. */
static void lay_out(builder *b)
{
    const size_t outputs = b->scorer->output_count;
    b->used = 0;
    lfi_tables *const tables = carve(b, 1, sizeof *tables);
    lfi_forest *const forests = carve(b, outputs, sizeof *forests);
    lfi_line *const pivots = carve(b, b->tables->column_count, sizeof *pivots);
    lfi_line *const lines = carve(b, b->line_count, sizeof *lines);
    double *const thresholds = carve(b, b->threshold_count, sizeof *thresholds);
    if (b->memory != NULL) {
        *tables = *b->tables;
        memcpy(thresholds, b->thresholds, b->threshold_count * sizeof *thresholds);
        tables->thresholds = thresholds;
        tables->pivots = pivots;
        tables->lines = lines;
        tables->forests = forests;
        fill_missing(tables, b->habits);
        fill_keys(tables, pivots, lines);
    }
    for (size_t k = 0; k < outputs; k++) {
        lfi_forest forest = {0};
        make_blocks(b, k, &forest);
        make_batch_trees(b, k, &forest);
        if (b->memory != NULL) {
            forests[k] = forest;
        }
    }
    /* Kernels load the leaves of a tree 32 at a time. */
    (void)carve(b, LFI_TREE_LEAVES_MAX, sizeof(double));
}

/* True when the forest is within the limits; fills the questions. */
static bool take_questions(builder *b)
{
    const lf_scorer *const s = b->scorer;
    for (size_t i = 0; i < s->node_count; i++) {
        const lfi_node *const node = &s->nodes[i];
        if (node->is_category) {
            return false;
        }
        b->questions[i] = (question){
            .threshold = node->threshold,
            .feature = node->feature,
            .node = (uint32_t)i,
            .missing = node->missing,
            .is_left = node->missing != LFI_MISSING_NONE && node->is_default_left,
        };
    }
    for (size_t t = 0; t < s->tree_count; t++) {
        if (!order_tree(s, s->roots[t], &b->tree)) {
            return false;
        }
    }
    return make_columns(b);
}

static lf_status build(builder *b, lfi_tables **out)
{
    const lf_allocator *const allocator = b->scorer->allocator;
    if (!take_questions(b)) {
        return LF_OK;
    }
    place_columns(b);
    find_runs(b->tables);
    for (size_t c = 0; c < b->tables->column_count; c++) {
        b->tables->columns[c].line_first = (uint32_t)b->line_count;
        b->line_count += (b->tables->columns[c].threshold_count + LFI_KEYS - 1) / LFI_KEYS;
    }
    lay_out(b);
    b->memory = lf_allocate(allocator, b->used, 1);
    if (b->memory == NULL) {
        return LF_NOMEM;
    }
    lay_out(b);
    *out = (lfi_tables *)(void *)b->memory;
    return LF_OK;
}

lf_status lfi_tables_create(const lf_scorer *scorer, lfi_tables **out)
{
    const lf_allocator *const allocator = scorer->allocator;
    const size_t nodes = scorer->node_count + 1;
    *out = NULL;
    builder *const b = lf_allocate(allocator, 1, sizeof *b);
    if (b == NULL) {
        return LF_NOMEM;
    }
    b->scorer = scorer;
    b->tables = lf_allocate(allocator, 1, sizeof *b->tables);
    b->questions = lf_allocate(allocator, nodes, sizeof *b->questions);
    b->places = lf_allocate(allocator, nodes, sizeof *b->places);
    b->habits = lf_allocate(allocator, LFI_COLUMNS_MAX, sizeof *b->habits);
    b->thresholds = lf_allocate(allocator, nodes, sizeof *b->thresholds);
    lf_status status = LF_NOMEM;
    if (b->tables != NULL && b->questions != NULL && b->places != NULL && b->habits != NULL &&
        b->thresholds != NULL) {
        status = build(b, out);
    }
    lf_release(allocator, b->tables);
    lf_release(allocator, b->questions);
    lf_release(allocator, b->places);
    lf_release(allocator, b->habits);
    lf_release(allocator, b->thresholds);
    lf_release(allocator, b);
    return status;
}
