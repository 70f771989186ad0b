/*
 * Goal: small trees score as LightGBM's rules say, and no text, however broken, is taken or
 * crashes. Method: trees written by hand with every kind of missing value and a category; each
 * broken text is the good one with one change, and the error must name the line. Equality with
 * LightGBM itself on trained models: tests/reference/test_scorer.py.
 */
#include <lobflow/model.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

#define HEAD(objective) \
    "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\n" \
    "max_feature_idx=1\nobjective=" objective "\nfeature_names=a b\n" \
    "feature_infos=[-1:1] [0:9]\n"

#define LINES(decision) \
    "Tree=0\nnum_leaves=3\nnum_cat=0\nsplit_feature=0 0\nsplit_gain=2 1\nthreshold=0.5 -1.5\n" \
    "decision_type=" decision "\nleft_child=1 -1\nright_child=-2 -3\nleaf_value=1 20 300\n" \
    "is_linear=0\nshrinkage=1\n\n"

/* Leaf 1 above 0.5, leaf 2 in (-1.5, 0.5], leaf 0 below. */
#define ONE_TREE(decision) \
    HEAD("regression") \
    "tree_sizes=200\n\n" LINES(decision) "end of trees\n\nparameters:\n"

#define CATEGORY \
    HEAD("regression") \
    "tree_sizes=200\n\nTree=0\nnum_leaves=2\nnum_cat=1\nsplit_feature=1\nthreshold=0\n" \
    "decision_type=1\nleft_child=-1\nright_child=-2\nleaf_value=7 8\ncat_boundaries=0 2\n" \
    "cat_threshold=10 1\nis_linear=0\n\nend of trees\n"

#define STUMP(objective) \
    HEAD(objective) \
    "tree_sizes=9\n\nTree=0\nnum_leaves=1\nnum_cat=0\nleaf_value=0.25\nis_linear=0\n\nend of " \
    "trees\n"

static lf_status load(const char *text, lf_scorer **out, lf_error *error)
{
    return lf_scorer_create(NULL, text, strlen(text), "m.txt", out, error);
}

static double raw_of(const char *text, double a, double b)
{
    lf_scorer *scorer = NULL;
    lf_error error = {0};
    if (load(text, &scorer, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    const double row[] = {a, b};
    const double raw = lf_scorer_raw(scorer, row);
    lf_scorer_destroy(scorer);
    return raw;
}

static void test_decisions(void **state)
{
    (void)state;
    const double zero = 1e-35f;
    /* Decision types: 2 default left, 4 zero missing, 8 NaN missing. */
    static const char *const none = ONE_TREE("0 0");
    static const char *const zero_right = ONE_TREE("4 4");
    static const char *const zero_left = ONE_TREE("6 6");
    static const char *const nan_right = ONE_TREE("8 8");
    static const char *const nan_left = ONE_TREE("10 10");
    const struct {
        const char *text;
        double a;
        double expected;
    } rows[] = {
        {none, 0.5, 300},       {none, 0x1.0000000000001p-1, 20},
        {none, -1.5, 1},        {none, -0x1.7ffffffffffffp+0, 300},
        {none, INFINITY, 20},   {none, -INFINITY, 1},
        {none, NAN, 300},       {none, zero, 300},
        {zero_right, 0, 20},    {zero_right, -0.0, 20},
        {zero_right, zero, 20}, {zero_right, nextafter(zero, 1), 300},
        {zero_right, NAN, 20},  {zero_left, 0, 1},
        {zero_left, NAN, 1},    {nan_right, NAN, 20},
        {nan_right, 0, 300},    {nan_left, NAN, 1},
        {nan_left, -zero, 300},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const double raw = raw_of(rows[i].text, rows[i].a, 0);
        if (raw != rows[i].expected) {
            fail_msg("row %zu: %g instead of %g", i, raw, rows[i].expected);
        }
    }
}

/* A value of at most 1e-35f counts as 0 even where a tree splits there. */
static void test_zero_flush(void **state)
{
    (void)state;
    static const char text[] =
        HEAD("regression") "tree_sizes=9\n\nTree=0\nnum_leaves=2\nnum_cat=0\nsplit_feature=0\n"
                           "threshold=-1.0000000180025095e-35\ndecision_type=0\nleft_child=-1\n"
                           "right_child=-2\nleaf_value=1 2\nis_linear=0\n\nend of trees\n";
    const double zero = 1e-35f;
    assert_true(raw_of(text, -zero, 0) == 2);
    assert_true(raw_of(text, nextafter(-zero, -1), 0) == 1);
    assert_true(raw_of(text, -5e-324, 0) == 2);
}

/* LightGBM writes a split of the missing from all others as a threshold of infinity. */
static void test_infinite_threshold(void **state)
{
    (void)state;
    static const char text[] = HEAD("regression"
    ) "tree_sizes=9\n\nTree=0\nnum_leaves=2\nnum_cat=0\nsplit_feature=0\nthreshold=inf\n"
      "decision_type=8\nleft_child=-1\nright_child=-2\nleaf_value=1 2\nis_linear=0\n\n"
      "end of trees\n";
    assert_true(raw_of(text, NAN, 0) == 2);
    assert_true(raw_of(text, 1e308, 0) == 1);
    assert_true(raw_of(text, INFINITY, 0) == 1);
    assert_true(raw_of(text, -INFINITY, 0) == 1);
}

static void test_categories(void **state)
{
    (void)state;
    /* Words 10 = 0b1010 and 1: categories 1, 3 and 32 go left. */
    static const struct {
        double b;
        double expected;
    } rows[] = {
        {1, 7},
        {3, 7},
        {32, 7},
        {3.99, 7},
        {0, 8},
        {2, 8},
        {33, 8},
        {64, 8},
        {-1, 8},
        {-0.5, 8},
        {1e300, 8},
        {NAN, 8},
        {INFINITY, 8},
        {-INFINITY, 8},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_true(raw_of(CATEGORY, 0, rows[i].b) == rows[i].expected);
    }
}

static void test_outputs(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double expected;
        bool is_probability;
    } rows[] = {
        {STUMP("binary sigmoid:1"), 0.56217650088579807, true},
        {STUMP("binary sigmoid:2"), 0.62245933120185459, true},
        {STUMP("cross_entropy"), 0.56217650088579807, true},
        {STUMP("regression"), 0.25, false},
        {STUMP("regression sqrt"), 0.0625, false},
        {STUMP("huber"), 0.25, false},
        {STUMP("quantile alpha:0.5"), 0.25, false},
        {STUMP("poisson"), 1.2840254166877414, false},
        {STUMP("cross_entropy_lambda"), 0.82593941987884368, false},
        {STUMP("regression\naverage_output"), 0.25, false},
    };
    const double row[] = {0, 0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lf_scorer *scorer = NULL;
        assert_int_equal(load(rows[i].text, &scorer, NULL), LF_OK);
        assert_true(fabs(lf_scorer_predict(scorer, row) - rows[i].expected) < 1e-15);
        assert_int_equal(lf_scorer_is_probability(scorer), rows[i].is_probability);
        lf_scorer_destroy(scorer);
    }
}

/* Three classes of one leaf each; LightGBM's softmax subtracts the largest first. */
#define LEAF(number, value) \
    "Tree=" number "\nnum_leaves=1\nnum_cat=0\nleaf_value=" value "\nis_linear=0\n\n"
#define CLASSES(objective, trees) \
    "tree\nversion=v4\nnum_class=3\nnum_tree_per_iteration=3\nmax_feature_idx=0\n" \
    "objective=" objective "\nfeature_names=a\n\n" trees "end of trees\n"

static void test_classes(void **state)
{
    (void)state;
    static const char trees[] = CLASSES(
        "multiclass num_class:3",
        LEAF("0", "1") LEAF("1", "2") LEAF("2", "-1000") LEAF("3", "0.5") LEAF("4", "0.25")
            LEAF("5", "0")
    );
    static const char each[] = CLASSES(
        "multiclassova num_class:3 sigmoid:2", LEAF("0", "1") LEAF("1", "2") LEAF("2", "-1000")
    );
    static const char uneven[] = CLASSES(
        "multiclass num_class:3", LEAF("0", "1") LEAF("1", "2") LEAF("2", "3") LEAF("3", "4")
    );
    const double row[] = {0};
    double out[3];
    lf_scorer *scorer = NULL;
    assert_int_equal(load(trees, &scorer, NULL), LF_OK);
    assert_int_equal(lf_scorer_output_count(scorer), 3);
    assert_int_equal(lf_scorer_tree_count(scorer), 6);
    assert_true(lf_scorer_is_probability(scorer));
    lf_scorer_raw_all(scorer, row, out);
    assert_true(out[0] == 1.5 && out[1] == 2.25 && out[2] == -1000);
    lf_scorer_predict_all(scorer, row, out);
    assert_true(out[0] == exp(-0.75) / (exp(-0.75) + 1) && out[1] == 1 / (exp(-0.75) + 1));
    assert_true(out[2] == 0);
    lf_scorer_destroy(scorer);
    assert_int_equal(load(each, &scorer, NULL), LF_OK);
    lf_scorer_predict_all(scorer, row, out);
    assert_true(out[0] == 1 / (1 + exp(-2.0)) && out[1] == 1 / (1 + exp(-4.0)) && out[2] == 0);
    lf_scorer_destroy(scorer);
    assert_int_equal(load(uneven, &scorer, NULL), LF_FORMAT);
    assert_null(scorer);
}

static void test_names(void **state)
{
    (void)state;
    lf_scorer *scorer = NULL;
    assert_int_equal(load(ONE_TREE("0 0"), &scorer, NULL), LF_OK);
    assert_int_equal(lf_scorer_feature_count(scorer), 2);
    assert_string_equal(lf_scorer_feature_name(scorer, 0), "a");
    assert_string_equal(lf_scorer_feature_name(scorer, 1), "b");
    assert_int_equal(lf_scorer_tree_count(scorer), 1);
    lf_scorer_destroy(scorer);
    lf_scorer_destroy(NULL);
}

/* The good text with the first `from` replaced by `to`, in a buffer. */
static const char *changed(const char *good, const char *from, const char *to, char out[2048])
{
    const char *at = strstr(good, from);
    assert_non_null(at);
    (void)snprintf(out, 2048, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
    return out;
}

/* One change each, and what must be said about it. */
static const struct {
    const char *from;
    const char *to;
    lf_status status;
    int64_t line;
} BROKEN[] = {
    {"tree\n", "wood\n", LF_FORMAT, 1},
    {"version=v4", "version=v9", LF_UNSUPPORTED, 2},
    {"num_class=1", "num_class=3", LF_UNSUPPORTED, 4},
    {"num_class=1", "num_class=0", LF_FORMAT, 3},
    {"num_class=1", "num_class=99999", LF_FORMAT, 3},
    {"num_class=1\nnum_tree_per_iteration=1",
     "num_class=3\nnum_tree_per_iteration=3",
     LF_UNSUPPORTED,
     7},
    {"num_class=1", "num_class=x", LF_FORMAT, 3},
    {"iteration=1", "iteration=2", LF_UNSUPPORTED, 4},
    {"max_feature_idx=1", "max_feature_idx=99999999999", LF_FORMAT, 6},
    {"max_feature_idx=1", "max_feature_idx=2", LF_FORMAT, 8},
    {"max_feature_idx=1", "max_feature_idx=0", LF_FORMAT, 8},
    {"objective=regression", "objective=map", LF_UNSUPPORTED, 7},
    {"objective=regression", "objective=binary sigmoid:x", LF_FORMAT, 7},
    {"tree_sizes=200", "tree_sizes=200 200", LF_FORMAT, 25},
    {"num_leaves=3", "num_leaves=0", LF_FORMAT, 13},
    {"num_leaves=3", "num_leaves=2147483647", LF_FORMAT, 13},
    {"num_leaves=3", "num_leaves=4", LF_FORMAT, 21},
    {"num_leaves=3", "num_leaves=2", LF_FORMAT, 21},
    {"split_feature=0 0", "split_feature=0 2", LF_FORMAT, 15},
    {"split_feature=0 0", "split_feature=0 -1", LF_FORMAT, 15},
    {"split_feature=0 0", "split_feature=0", LF_FORMAT, 15},
    {"split_feature=0 0", "split_feature=0 0 0", LF_FORMAT, 15},
    {"split_feature=0 0\n", "", LF_FORMAT, LF_POSITION_NONE},
    {"threshold=0.5", "threshold=nan", LF_FORMAT, 17},
    {"threshold=0.5", "threshold=0.5.5", LF_FORMAT, 17},
    {"decision_type=0", "decision_type=12", LF_FORMAT, 18},
    {"decision_type=0", "decision_type=1", LF_FORMAT, 17},
    {"left_child=1", "left_child=2", LF_FORMAT, 19},
    {"left_child=1", "left_child=0", LF_FORMAT, 19},
    {"left_child=1 -1", "left_child=-1 1", LF_FORMAT, 19},
    {"left_child=1 -1", "left_child=-1 -1", LF_FORMAT, 19},
    {"right_child=-2 -3", "right_child=-2 -4", LF_FORMAT, 20},
    {"leaf_value=1 20", "leaf_value=1 inf", LF_FORMAT, 21},
    {"is_linear=0", "is_linear=1", LF_UNSUPPORTED, 22},
    {"num_cat=0", "num_cat=0\nnum_cat=0", LF_FORMAT, 15},
    {"num_cat=0", "num_cat=-1", LF_FORMAT, 14},
    {"num_cat=0", "num_cat=1", LF_FORMAT, LF_POSITION_NONE},
    {"end of trees\n\nparameters:\n", "", LF_FORMAT, 24},
    {"feature_names=a b\n", "", LF_FORMAT, LF_POSITION_NONE},
};

static void test_broken(void **state)
{
    (void)state;
    static const char good[] = ONE_TREE("0 0");
    for (size_t i = 0; i < sizeof BROKEN / sizeof BROKEN[0]; i++) {
        char text[2048];
        lf_error error = {0};
        lf_scorer *scorer = (lf_scorer *)&error;
        const lf_status status =
            load(changed(good, BROKEN[i].from, BROKEN[i].to, text), &scorer, &error);
        if (status != BROKEN[i].status || scorer != NULL ||
            (BROKEN[i].line != LF_POSITION_NONE && error.line != BROKEN[i].line)) {
            fail_msg(
                "%s -> %s: status %d line %lld: %s",
                BROKEN[i].from,
                BROKEN[i].to,
                status,
                (long long)error.line,
                error.message
            );
        }
        assert_non_null(strstr(error.message, "m.txt"));
    }
}

static void test_broken_category(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"cat_boundaries=0 2", "cat_boundaries=0 3"},
        {"cat_boundaries=0 2", "cat_boundaries=2 0"},
        {"cat_boundaries=0 2", "cat_boundaries=0"},
        {"cat_boundaries=0 2", "cat_boundaries=0 1 2"},
        {"cat_boundaries=0 2\n", ""},
        {"cat_threshold=10 1", "cat_threshold=10 4294967296"},
        {"cat_threshold=10 1", "cat_threshold=-1 1"},
        {"cat_threshold=10 1\n", ""},
        {"threshold=0\n", "threshold=1\n"},
        {"threshold=0\n", "threshold=-1\n"},
        {"num_cat=1", "num_cat=0"},
        {"num_cat=1", "num_cat=1000000"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[2048];
        lf_scorer *scorer = NULL;
        assert_int_equal(
            load(changed(CATEGORY, rows[i][0], rows[i][1], text), &scorer, NULL), LF_FORMAT
        );
        assert_null(scorer);
    }
}

/* Every prefix of a good text is refused, in a buffer that ends there. */
static void test_truncated(void **state)
{
    (void)state;
    static const char good[] = ONE_TREE("0 0");
    const size_t whole = (size_t)(strstr(good, "end of trees") - good) + strlen("end of trees");
    for (size_t bytes = 0; bytes < whole; bytes++) {
        char *text = malloc(bytes + 1);
        assert_non_null(text);
        memcpy(text, good, bytes);
        lf_scorer *scorer = NULL;
        lf_error error = {0};
        /* Tight behind the end: a sanitizer sees a read beyond it. */
        char *tight = realloc(text, bytes == 0 ? 1 : bytes);
        assert_non_null(tight);
        assert_int_not_equal(lf_scorer_create(NULL, tight, bytes, "m.txt", &scorer, &error), LF_OK);
        assert_null(scorer);
        free(tight);
    }
}

static void test_line_ends(void **state)
{
    (void)state;
    static const char good[] = ONE_TREE("0 0");
    char text[2048];
    size_t used = 0;
    for (size_t i = 0; good[i] != '\0'; i++) {
        if (good[i] == '\n') {
            text[used++] = '\r';
        }
        text[used++] = good[i];
    }
    text[used] = '\0';
    assert_true(raw_of(text, 1, 0) == 20);
}

static void test_failing_memory(void **state)
{
    (void)state;
    static const char text[] = CATEGORY;
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        lf_scorer *scorer = NULL;
        const lf_status status =
            lf_scorer_create(&memory.allocator, text, strlen(text), "m.txt", &scorer, NULL);
        const uint64_t calls = memory.calls;
        if (status == LF_OK) {
            const double row[] = {0, 1};
            assert_true(lf_scorer_predict(scorer, row) == 7);
            assert_int_equal(memory.calls, calls);
        } else {
            assert_int_equal(status, LF_NOMEM);
            assert_null(scorer);
        }
        lf_scorer_destroy(scorer);
        assert_int_equal(memory.live, 0);
        if (calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decisions),
        cmocka_unit_test(test_zero_flush),
        cmocka_unit_test(test_infinite_threshold),
        cmocka_unit_test(test_categories),
        cmocka_unit_test(test_outputs),
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_broken_category),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_line_ends),
        cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
