/* What the files of the model module share: the forest in memory and its tables for kernels. */
#ifndef LOBFLOW_MODEL_INTERNAL_H
#define LOBFLOW_MODEL_INTERNAL_H

#include <lobflow/model.h>

#include <jansson.h>

/* What a node does with a value that is missing; the codes of the file. */
typedef enum lfi_missing {
    LFI_MISSING_NONE = 0, /* NaN counts as 0 */
    LFI_MISSING_ZERO = 1, /* 0 and NaN go the default way */
    LFI_MISSING_NAN = 2,  /* NaN goes the default way */
} lfi_missing;

/* One split. Children: an index into nodes, or the complement of an index into leaves. */
typedef struct lfi_node {
    double threshold; /* x <= threshold goes left; unused by categories */
    int32_t left;
    int32_t right;
    uint32_t feature;
    uint8_t missing; /* lfi_missing */
    bool is_default_left;
    bool is_category;
    uint32_t word_first; /* categories: words[word_first, word_first + word_count) is the set that
                            goes left, one bit each */
    uint32_t word_count;
} lfi_node;

/* What turns a raw score into a prediction. */
typedef enum lfi_output {
    LFI_OUTPUT_IDENTITY = 0,
    LFI_OUTPUT_SIGMOID = 1,       /* 1 / (1 + exp(-sigmoid x)) */
    LFI_OUTPUT_EXP = 2,           /* exp(x) */
    LFI_OUTPUT_SIGNED_SQUARE = 3, /* sign(x) x^2 */
    LFI_OUTPUT_LOG1P_EXP = 4,     /* ln(1 + exp(x)) */
    LFI_OUTPUT_SOFTMAX = 5,       /* exp(x) over the sum of it over all outputs */
} lfi_output;

/* ---- tables for kernels (scorer_tables.c) ----------------------------------------------- */

/*
 * Kernels compare bytes, not doubles. A column is a feature and its sorted thresholds. The rank of
 * a value is the number of thresholds below it, so "x > threshold k" is "rank > k". Ranks,
 * thresholds and leaves are bytes kept 128 lower, because AVX2 compares signed bytes only.
 *
 * A missing value has a rank above all thresholds where it goes right, and one below all where it
 * goes left. Nodes of a mixed column differ in that: then those that send it left ask for another
 * rank, which is the same unless the value is missing.
 *
 * The nodes of a tree are taken from left to right: node j parts leaf j from leaf j + 1, and the
 * leaves [first, j] lie left of it. A node where x goes right rules all of them out:
 *
 *     leaf = 0;
 *     for (j = 0; j < nodes; j++)
 *         if (rank[column[j]] > threshold[j] && first[j] <= leaf)
 *             leaf = j + 1;
 */
#define LFI_COLUMNS_MAX 128
/* Rank 255 is above all of them. */
#define LFI_THRESHOLDS_MAX 254
#define LFI_TREE_LEAVES_MAX 256
/* Trees in one register of 64 bytes, and in a block, whose registers are searched at once. */
#define LFI_LANES 64
#define LFI_BLOCK_TREES 128
/* Rows that are scored together. */
#define LFI_BATCH_ROWS 128
/* Keys in a line of 64 bytes. */
#define LFI_KEYS 16
#define LFI_BIAS 128

typedef struct lfi_column {
    uint32_t feature;
    uint32_t line_first; /* lines[line_first, ...) hold its thresholds as floats, then infinity */
    uint32_t threshold_first; /* thresholds[threshold_first, + threshold_count) */
    uint32_t threshold_count;
} lfi_column;

/* Up to 128 consecutive trees of one output. */
typedef struct lfi_block {
    const int8_t *steps;  /* [step_count][width][3][LFI_LANES]: column, threshold, first leaf */
    const double *leaves; /* [tree_count][leaf_stride], leaves from left to right */
    size_t leaf_stride;
    uint32_t step_count;
    uint32_t tree_count;
    uint32_t width; /* registers: 1 or 2 */
} lfi_block;

/* One node for the batch kernels: each byte four times, so that one load fills a register. */
typedef struct lfi_batch_node {
    uint32_t ranks; /* where the ranks begin that it asks for: row of ranks * LFI_BATCH_ROWS */
    uint32_t threshold;
    uint32_t first;
    uint32_t next; /* leaf j + 1 */
} lfi_batch_node;

typedef struct lfi_batch_tree {
    const lfi_batch_node *nodes; /* [node_count] */
    const double *leaves;        /* [node_count + 1] */
    size_t node_count;
} lfi_batch_tree;

/* The trees of one output, in order. */
typedef struct lfi_forest {
    const lfi_block *blocks;
    size_t block_count;
    const lfi_batch_tree *trees;
    size_t tree_count;
} lfi_forest;

typedef struct lfi_line {
    float keys[LFI_KEYS];
} lfi_line;

typedef struct lfi_tables {
    size_t column_count;
    lfi_column columns[LFI_COLUMNS_MAX];
    uint64_t used[LFI_COLUMNS_MAX / 64];     /* columns that a node asks for */
    uint64_t is_zero[LFI_COLUMNS_MAX / 64];  /* columns where zero is missing */
    uint64_t is_mixed[LFI_COLUMNS_MAX / 64]; /* columns where missing values go both ways */
    /* 8 columns whose features follow each other: one load takes them. Bits: those in the row. */
    bool is_run[LFI_COLUMNS_MAX / 8];
    uint8_t lanes[LFI_COLUMNS_MAX / 8];
    int8_t missing_ranks[LFI_COLUMNS_MAX]; /* of NaN, and of 0 where is_zero */
    /* Batches: the row of ranks for nodes of a mixed column that send what is missing left. */
    uint16_t left_rows[LFI_COLUMNS_MAX];
    const lfi_line *pivots; /* [column_count]: the last key of each line, infinity for the last */
    const lfi_line *lines;
    const double *thresholds;
    const lfi_forest *forests; /* [output_count] */
} lfi_tables;

/* Ranks of the row that was scored last. */
typedef struct lfi_ranks {
    _Alignas(64) int8_t ranks[LFI_COLUMNS_MAX];
    _Alignas(64) double values[LFI_COLUMNS_MAX]; /* what they were made of, small ones made 0 */
    uint64_t missing[LFI_COLUMNS_MAX / 64];      /* mixed columns whose value is missing */
    bool is_set;
} lfi_ranks;

/* Build the tables of a forest; *out is NULL, and the status good, for one beyond the limits. */
lf_status lfi_tables_create(const lf_scorer *scorer, lfi_tables **out);

/* lf_scorer_raw() of the next row of a stream; the first one has is_set false. One output. */
double lfi_scorer_raw_next(const lf_scorer *scorer, const double *row, lfi_ranks *state);

/* The prediction of a raw score. One output. */
double lfi_scorer_finish(const lf_scorer *scorer, double raw);

/* Build the tables of a forest that was read and choose the fastest kernel (scorer.c). */
lf_status lfi_scorer_prepare(lf_scorer *scorer);

/* The rank of a value that is no NaN, by a plain search. */
int8_t lfi_tables_rank(const lfi_tables *tables, size_t column, double x);

/* One way to use the tables. */
typedef struct lfi_kernel {
    /* Ranks of a row, of those columns only that changed when state->is_set. Rank i goes to
       ranks[i * stride]. */
    void (*rank
    )(const lfi_tables *tables, const double *row, lfi_ranks *state, int8_t *ranks, size_t stride);
    /* Sum of the leaves in tree order. */
    double (*sum)(const lfi_tables *tables, const lfi_forest *forest, const lfi_ranks *state);
    /* The same for LFI_BATCH_ROWS rows; ranks: [2 * LFI_COLUMNS_MAX][LFI_BATCH_ROWS], on 64 bytes,
       those of the columns and then those of left_rows. */
    void (*sum_rows)(const lfi_forest *forest, const int8_t *ranks, double *sums);
} lfi_kernel;

/* NULL where the processor lacks what it needs. */
const lfi_kernel *lfi_kernel_avx2(void);
const lfi_kernel *lfi_kernel_avx512(void);

/* ---- the forest ------------------------------------------------------------------------- */

struct lf_scorer {
    const lf_allocator *allocator;
    lfi_tables *tables;       /* NULL: beyond the limits of the tables */
    const lfi_kernel *kernel; /* NULL: trees are walked */
    lf_scorer_kernel kernel_kind;
    size_t output_count; /* tree t belongs to output t % output_count */
    lfi_node *nodes;
    size_t node_count, node_capacity;
    double *leaves;
    size_t leaf_count, leaf_capacity;
    uint32_t *words;
    size_t word_count, word_capacity;
    int32_t *roots; /* one for each tree: as a child */
    size_t tree_count, root_capacity;
    char *names;          /* all names, each with its NUL */
    size_t *name_offsets; /* [feature_count] */
    size_t feature_count;
    lfi_output output;
    double sigmoid;
    bool is_average; /* prediction of the mean of the trees, not their sum (random forest) */
};

/* Version of model.json; raised when an older program would read it wrongly. Version 1 has no
   parameters of fitted features, version 2 no calibration, version 3 no starts and no features of
   one's own; all are read, and the lowest from 2 on that can hold a model is written. */
#define LFI_MODEL_FORMAT 4
#define LFI_MODEL_FORMAT_CALIBRATED 3
#define LFI_MODEL_FORMAT_PLAIN 2
#define LFI_MODEL_FORMAT_OLDEST 1

/* A weight of a line, with the mean that counts where the feature is missing. */
typedef struct lfi_term {
    uint32_t feature; /* place among the model's */
    double weight;
    double mean;
} lfi_term;

/* The terms whose weight is not 0, in the order of features. */
typedef struct lfi_linear {
    double intercept;
    size_t count;
    lfi_term terms[];
} lfi_linear;

struct lf_model {
    const lf_allocator *allocator;
    lf_model_meta meta;
    size_t features[LF_MODEL_FEATURES_MAX];
    size_t feature_count;
    lf_mirror_step mirror[LF_MODEL_FEATURES_MAX]; /* [feature_count] of a mirrored model */
    lf_feature_users *users;                      /* those of one's own, declared; NULL: none */
    bool has_fitted;                              /* some of the features is a fitted one */
    lf_feature_fitted fitted;
    lf_scorer *scorers[LF_HEAD_COUNT]; /* kind trees; NULL: no such head */
    lfi_linear *linear[LF_HEAD_COUNT]; /* a linear head, or what trees start from; NULL: none */
    char *training;                    /* JSON text */
};

/* model_fitted.c: parameters of fitted features as JSON, for the features that need them; NULL
   without memory. */
json_t *lfi_fitted_json(const lf_feature_fitted *fitted, const size_t *features, size_t count);

/* model_users.c: the features of one's own among some, as JSON; NULL: none, or no memory. */
json_t *lfi_users_json(const lf_feature_users *users, const size_t *features, size_t count);

/* Reads them back, declared without functions; *out is NULL when there are none. */
lf_status lfi_users_read(
    const json_t *list, const lf_allocator *allocator, lf_feature_users **out, lf_error *error
);

/* Reads them back; false when one of the features has none or they are not as they must be, with
   the name of that feature. */
bool lfi_fitted_read(
    const json_t *object,
    const size_t *features,
    size_t count,
    lf_feature_fitted *out,
    const char **wrong
);

#endif
