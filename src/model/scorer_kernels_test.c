/*
 * Goal: every kernel gives the bits of the plain walk, one row at a time, in a stream and in
 * batches. Method: forests of random shape, written as text, around each limit of the tables;
 * rows made of their thresholds, the doubles beside them, both sides of 1e-35f, infinities, NaN,
 * subnormals and values that differ from a threshold only below a float's precision. Equality of
 * the walk with LightGBM: tests/reference/test_scorer.py.
 */
#include <lobflow/model.h>

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

#define ROWS ((size_t)700)
#define OUTPUTS_MOST 5

/* One kind of forest. */
typedef struct forest {
    const char *name;
    size_t trees;
    size_t leaves_least;
    size_t leaves_most;
    size_t features;
    size_t grid;    /* thresholds of a feature come from so many values; 0: all differ */
    int chain;      /* of 100 splits, those at the newest leaf: deep trees */
    int missing;    /* 0: none; 1: one kind for each feature, as LightGBM has it; 2: any */
    bool is_huge;   /* thresholds that no float holds */
    bool is_walked; /* beyond the limits of the tables */
    size_t classes; /* 0: a binary model */
} forest;

static const forest FORESTS[] = {
    {"one leaf", 3, 1, 1, 2, 0, 0, 0, false, false, 0},
    {"one tree", 1, 4, 4, 3, 0, 0, 0, false, false, 0},
    {"a register but one", 63, 2, 31, 5, 0, 30, 1, false, false, 0},
    {"a register", 64, 7, 7, 9, 40, 30, 0, false, false, 0},
    {"two registers", 65, 31, 31, 55, 40, 30, 0, false, false, 0},
    {"a block", 128, 31, 31, 55, 0, 30, 1, false, false, 0},
    {"a block and one", 129, 2, 31, 64, 40, 0, 1, false, false, 0},
    {"many small trees", 1000, 2, 3, 20, 0, 0, 1, false, false, 0},
    {"deep trees", 150, 31, 31, 12, 0, 95, 1, false, false, 0},
    {"33 leaves", 70, 33, 33, 8, 0, 50, 0, false, false, 0},
    {"256 leaves", 20, 200, 256, 30, 60, 60, 1, false, false, 0},
    {"many thresholds of a feature", 60, 40, 60, 1, 0, 50, 1, false, false, 0},
    {"65 features", 200, 15, 31, 65, 20, 30, 1, false, false, 0},
    {"128 features", 200, 15, 31, 128, 20, 30, 1, false, false, 0},
    {"each kind of missing value", 300, 31, 31, 40, 20, 30, 2, false, false, 0},
    {"1000 features, few used", 20, 5, 9, 1000, 0, 30, 1, false, false, 0},
    {"huge thresholds", 100, 31, 31, 10, 0, 30, 1, true, false, 0},
    {"3 classes", 300, 2, 31, 20, 40, 30, 1, false, false, 3},
    {"5 classes, one tree each", 5, 3, 9, 4, 0, 0, 0, false, false, 5},
    {"2 classes, walked", 4, 257, 260, 10, 0, 0, 0, false, true, 2},
    {"257 leaves", 3, 257, 257, 10, 0, 0, 0, false, true, 0},
    {"129 columns", 60, 31, 31, 129, 4, 0, 2, false, true, 0},
};

/* ---- making a forest -------------------------------------------------------------------- */

typedef struct text {
    char *data;
    size_t bytes;
    size_t capacity;
} text;

static void put(text *out, const char *format, ...)
{
    va_list arguments;
    for (;;) {
        va_start(arguments, format);
        const size_t room = out->capacity - out->bytes;
        const int needed = vsnprintf(out->data + out->bytes, room, format, arguments);
        va_end(arguments);
        assert_true(needed >= 0);
        if ((size_t)needed < room) {
            out->bytes += (size_t)needed;
            return;
        }
        out->capacity = out->capacity * 2 + (size_t)needed;
        out->data = realloc(out->data, out->capacity);
        assert_non_null(out->data);
    }
}

static size_t below(lf_random *random, size_t count)
{
    return (size_t)lf_random_below(random, count);
}

static double random_threshold(const forest *f, lf_random *random)
{
    static const double special[] = {0, 1e-35f, -1e-35f, INFINITY, 1, 5e-324, -2.5};
    if (below(random, 20) == 0) {
        return special[below(random, sizeof special / sizeof special[0])];
    }
    double x = lf_random_normal(random);
    if (f->grid > 0) {
        x = floor(lf_random_uniform(random) * (double)f->grid) - (double)f->grid / 2 + 0.5;
    }
    return f->is_huge ? x * 1e300 : x;
}

/* Splits of a tree in the order they were made: as LightGBM numbers nodes and leaves. */
static void put_tree(const forest *f, lf_random *random, size_t number, text *out)
{
    int left[300];
    int right[300];
    int *place[300]; /* where each leaf hangs */
    const size_t leaves = f->leaves_least + below(random, f->leaves_most - f->leaves_least + 1);
    int root = -1;
    place[0] = &root;
    for (size_t j = 0; j + 1 < leaves; j++) {
        const bool is_newest = below(random, 100) < (size_t)f->chain;
        const size_t split = is_newest ? j : below(random, j + 1);
        left[j] = -(int)split - 1;
        right[j] = -(int)j - 2;
        *place[split] = (int)j;
        place[split] = &left[j];
        place[j + 1] = &right[j];
    }
    size_t features[300];
    put(out, "Tree=%zu\nnum_leaves=%zu\nnum_cat=0\nsplit_feature=", number, leaves);
    for (size_t j = 0; j + 1 < leaves; j++) {
        features[j] = below(random, f->features);
        put(out, "%zu ", features[j]);
    }
    put(out, "\nthreshold=");
    for (size_t j = 0; j + 1 < leaves; j++) {
        put(out, "%.17g ", random_threshold(f, random));
    }
    put(out, "\ndecision_type=");
    for (size_t j = 0; j + 1 < leaves; j++) {
        const size_t kind = f->missing == 0   ? 0
                            : f->missing == 1 ? features[j] % 3
                                              : below(random, 3);
        put(out, "%zu ", kind * 4 + below(random, 2) * 2);
    }
    put(out, "\nleft_child=");
    for (size_t j = 0; j + 1 < leaves; j++) {
        put(out, "%d ", left[j]);
    }
    put(out, "\nright_child=");
    for (size_t j = 0; j + 1 < leaves; j++) {
        put(out, "%d ", right[j]);
    }
    put(out, "\nleaf_value=");
    for (size_t j = 0; j < leaves; j++) {
        put(out, "%.17g ", lf_random_normal(random) * 0.05);
    }
    put(out, "\nis_linear=0\n\n");
}

static lf_scorer *make_forest(const forest *f, lf_random *random, text *out)
{
    const size_t outputs = f->classes == 0 ? 1 : f->classes;
    put(out, "tree\nversion=v4\nnum_class=%zu\n", outputs);
    put(out, "num_tree_per_iteration=%zu\n", outputs);
    put(out, "max_feature_idx=%zu\nobjective=", f->features - 1);
    if (f->classes == 0) {
        put(out, "binary sigmoid:1");
    } else {
        put(out, "multiclass num_class:%zu", f->classes);
    }
    put(out, "\nfeature_names=");
    for (size_t i = 0; i < f->features; i++) {
        put(out, "f%zu ", i);
    }
    put(out, "\n\n");
    for (size_t t = 0; t < f->trees; t++) {
        put_tree(f, random, t, out);
    }
    put(out, "end of trees\n");
    lf_scorer *scorer = NULL;
    lf_error error = {0};
    if (lf_scorer_create(NULL, out->data, out->bytes, f->name, &scorer, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    return scorer;
}

/* ---- making rows ------------------------------------------------------------------------ */

static double random_value(const forest *f, lf_random *random)
{
    static const double zero = 1e-35f;
    const double special[] = {
        0,
        -0.0,
        zero,
        -zero,
        nextafter(zero, 1),
        nextafter(-zero, -1),
        5e-324,
        -5e-324,
        DBL_MAX,
        -1e308,
        INFINITY,
        -INFINITY,
        (double)FLT_MAX,
        DBL_MIN,
        NAN,
        NAN,
    };
    if (below(random, 5) == 0) {
        return special[below(random, sizeof special / sizeof special[0])];
    }
    const double x = random_threshold(f, random);
    uint64_t bits;
    double y;
    switch (below(random, 6)) {
    case 0:
        return nextafter(x, INFINITY);
    case 1:
        return nextafter(x, -INFINITY);
    case 2: /* the low word all ones: the same float, or nearly */
        memcpy(&bits, &x, sizeof bits);
        bits |= UINT32_MAX;
        memcpy(&y, &bits, sizeof y);
        return y;
    case 3:
        return x * (1 + 1e-9 * lf_random_normal(random));
    case 4:
        return lf_random_normal(random);
    default:
        return x;
    }
}

static double *make_rows(const forest *f, lf_random *random, size_t stride)
{
    double *const rows = malloc(ROWS * stride * sizeof *rows);
    assert_non_null(rows);
    for (size_t i = 0; i < ROWS * stride; i++) {
        /* Half of the values stay from row to row, for the stream. */
        rows[i] = i >= stride && below(random, 2) == 0 ? rows[i - stride] : random_value(f, random);
    }
    return rows;
}

/* Thresholds are random, so take those of the text: every one is hit. */
static void
plant_thresholds(const forest *f, lf_random *random, const char *from, double *rows, size_t stride)
{
    for (const char *at = strstr(from, "threshold="); at != NULL; at = strstr(at, "threshold=")) {
        at += strlen("threshold=");
        while (*at != '\n') {
            char *end = NULL;
            const double x = strtod(at, &end);
            const double near[] = {x, nextafter(x, INFINITY), nextafter(x, -INFINITY)};
            at = end + strspn(end, " ");
            rows[below(random, ROWS) * stride + below(random, f->features)] =
                near[below(random, 3)];
        }
    }
}

/* ---- the comparison --------------------------------------------------------------------- */

/* Scores of all rows: outputs of a row stand together. */
typedef struct scores {
    double values[ROWS * OUTPUTS_MOST];
} scores;

static void check_equal(
    const forest *f, const char *what, lf_scorer_kernel kernel, const scores *a, const scores *b
)
{
    const size_t outputs = f->classes == 0 ? 1 : f->classes;
    for (size_t i = 0; i < ROWS * outputs; i++) {
        if (memcmp(&a->values[i], &b->values[i], sizeof(double)) != 0) {
            fail_msg(
                "%s, kernel %d, %s, row %zu: %a instead of %a",
                f->name,
                kernel,
                what,
                i / outputs,
                a->values[i],
                b->values[i]
            );
        }
    }
}

static void check_kernel(
    const forest *f,
    lf_scorer *scorer,
    const double *rows,
    size_t stride,
    const scores *raw,
    const scores *out
)
{
    static scores found;
    const lf_scorer_kernel kernel = lf_scorer_kernel_of(scorer);
    const size_t outputs = lf_scorer_output_count(scorer);
    double *const values = found.values;
    lf_scorer_state *state = NULL;
    for (size_t i = 0; i < ROWS; i++) {
        lf_scorer_raw_all(scorer, rows + i * stride, values + i * outputs);
    }
    check_equal(f, "row", kernel, &found, raw);
    assert_int_equal(lf_scorer_state_create(NULL, scorer, &state, NULL), LF_OK);
    for (size_t i = 0; i < ROWS; i++) {
        lf_scorer_raw_next(state, rows + i * stride, values + i * outputs);
    }
    lf_scorer_state_destroy(state);
    check_equal(f, "stream", kernel, &found, raw);
    lf_scorer_raw_rows(scorer, rows, stride, ROWS, values);
    check_equal(f, "batch", kernel, &found, raw);
    lf_scorer_predict_rows(scorer, rows, stride, ROWS, values);
    check_equal(f, "predictions", kernel, &found, out);
    /* Batches of every size around the limits, and nothing written behind them. */
    for (size_t count = 0; count <= 160; count += count < 20 || count > 120 ? 1 : 25) {
        values[count * outputs] = 77;
        lf_scorer_raw_rows(scorer, rows + stride, stride, count, values);
        assert_memory_equal(values, raw->values + outputs, count * outputs * sizeof(double));
        assert_true(values[count * outputs] == 77);
    }
}

/* The walk of each row, and what the objective makes of it. */
static void
walk_rows(lf_scorer *scorer, const double *rows, size_t stride, scores *raw, scores *out)
{
    const size_t outputs = lf_scorer_output_count(scorer);
    assert_true(lf_scorer_choose(scorer, LF_SCORER_WALK));
    for (size_t k = 0; k < ROWS; k++) {
        lf_scorer_raw_all(scorer, rows + k * stride, raw->values + k * outputs);
        lf_scorer_predict_all(scorer, rows + k * stride, out->values + k * outputs);
        if (outputs == 1) {
            assert_true(lf_scorer_raw(scorer, rows + k * stride) == raw->values[k]);
            assert_true(lf_scorer_predict(scorer, rows + k * stride) == out->values[k]);
        }
    }
}

/* The fastest kernel of this processor; each one below it is there too. */
static lf_scorer_kernel best_kernel(void)
{
    lf_random random;
    lf_random_seed(&random, 2, 0);
    text model = {0};
    lf_scorer *const scorer = make_forest(&FORESTS[1], &random, &model);
    const lf_scorer_kernel best = lf_scorer_kernel_of(scorer);
    lf_scorer_destroy(scorer);
    free(model.data);
    return best;
}

static void test_kernels(void **state)
{
    (void)state;
    static scores raw;
    static scores out;
    const lf_scorer_kernel best = best_kernel();
    int measured = 0;
    for (size_t i = 0; i < sizeof FORESTS / sizeof FORESTS[0]; i++) {
        const forest *const f = &FORESTS[i];
        lf_random random;
        lf_random_seed(&random, 20240611, i);
        text model = {0};
        lf_scorer *const scorer = make_forest(f, &random, &model);
        const size_t stride = f->features + 3;
        double *const rows = make_rows(f, &random, stride);
        plant_thresholds(f, &random, model.data, rows, stride);
        walk_rows(scorer, rows, stride, &raw, &out);
        for (int kernel = LF_SCORER_WALK; kernel <= LF_SCORER_AVX512; kernel++) {
            const bool is_there = lf_scorer_choose(scorer, (lf_scorer_kernel)kernel);
            const bool is_possible = kernel <= (int)best && (!f->is_walked || kernel == 0);
            if (is_there != is_possible) {
                fail_msg("%s: kernel %d is %s", f->name, kernel, is_there ? "taken" : "refused");
            }
            if (is_there) {
                assert_int_equal(lf_scorer_kernel_of(scorer), kernel);
                check_kernel(f, scorer, rows, stride, &raw, &out);
                measured |= 1 << kernel;
            }
        }
        lf_scorer_destroy(scorer);
        free(rows);
        free(model.data);
    }
    print_message(
        "kernels compared: walk%s%s\n",
        measured & 2 ? ", AVX2" : "",
        measured & 4 ? ", AVX-512" : ""
    );
}

/* A model within the limits is not walked where the processor can do better. */
static void test_choice(void **state)
{
    (void)state;
    lf_random random;
    lf_random_seed(&random, 3, 0);
    text model = {0};
    lf_scorer *const scorer = make_forest(&FORESTS[1], &random, &model);
    const lf_scorer_kernel first = lf_scorer_kernel_of(scorer);
    for (int kernel = LF_SCORER_AVX512; kernel > (int)first; kernel--) {
        assert_false(lf_scorer_choose(scorer, (lf_scorer_kernel)kernel));
        assert_int_equal(lf_scorer_kernel_of(scorer), first);
    }
    assert_true(lf_scorer_choose(scorer, first));
    lf_scorer_destroy(scorer);
    free(model.data);
}

/* No call that scores takes memory; a state takes all of its own when it is created. */
static void test_memory(void **state)
{
    (void)state;
    lf_random random;
    lf_random_seed(&random, 4, 0);
    text model = {0};
    lf_scorer_destroy(make_forest(&FORESTS[6], &random, &model));
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        lf_scorer *scorer = NULL;
        lf_scorer_state *stream = NULL;
        lf_status status =
            lf_scorer_create(&memory.allocator, model.data, model.bytes, "m", &scorer, NULL);
        if (status == LF_OK) {
            status = lf_scorer_state_create(&memory.allocator, scorer, &stream, NULL);
        }
        const uint64_t calls = memory.calls;
        if (status == LF_OK) {
            double rows[40][64] = {{1}};
            double out[40];
            (void)lf_scorer_raw(scorer, rows[0]);
            lf_scorer_raw_next(stream, rows[0], out);
            lf_scorer_raw_rows(scorer, rows[0], 64, 40, out);
            assert_int_equal(memory.calls, calls);
        } else {
            assert_int_equal(status, LF_NOMEM);
            assert_null(stream);
        }
        lf_scorer_state_destroy(stream);
        lf_scorer_destroy(scorer);
        assert_int_equal(memory.live, 0);
        if (calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
    }
    free(model.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernels),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
