/* What the files of the model module share: the forest in memory and the reader of lines. */
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
} lfi_output;

struct lf_scorer {
    const lf_allocator *allocator;
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
   parameters of fitted features and is read too. */
#define LFI_MODEL_FORMAT 2
#define LFI_MODEL_FORMAT_OLDEST 1

struct lf_model {
    const lf_allocator *allocator;
    lf_model_meta meta;
    size_t features[LF_MODEL_FEATURES_MAX];
    size_t feature_count;
    bool has_fitted; /* some of the features is a fitted one */
    lf_feature_fitted fitted;
    lf_scorer *scorers[LF_HEAD_COUNT]; /* kind trees; NULL: no such head */
    double *linear[LF_HEAD_COUNT];     /* kind logistic: intercept, weights, means; NULL: none */
    char *training;                    /* JSON text */
};

/* model_fitted.c: parameters of fitted features as JSON, for the features that need them; NULL
   without memory. */
json_t *lfi_fitted_json(const lf_feature_fitted *fitted, const size_t *features, size_t count);

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
