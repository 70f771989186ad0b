/* Fuzzes the reader of LightGBM's text format: any text is refused or gives a forest that scores,
   to the same bits by every kernel. */
#include <lobflow/model.h>

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* One for each value of the table, and enough for a batch. */
#define ROWS ((size_t)20)

static void compare_kernels(lf_scorer *scorer, const double *rows, size_t features)
{
    const size_t outputs = lf_scorer_output_count(scorer);
    double *const walked = calloc(outputs, ROWS * sizeof *walked);
    double *const found = calloc(outputs, ROWS * sizeof *found);
    double *const one = calloc(outputs, sizeof *one);
    if (walked == NULL || found == NULL || one == NULL) {
        abort();
    }
    (void)lf_scorer_choose(scorer, LF_SCORER_WALK);
    lf_scorer_raw_rows(scorer, rows, features, ROWS, walked);
    lf_scorer_predict_all(scorer, rows, one);
    for (int kernel = LF_SCORER_AVX2; kernel <= LF_SCORER_AVX512; kernel++) {
        if (!lf_scorer_choose(scorer, (lf_scorer_kernel)kernel)) {
            continue;
        }
        lf_scorer_raw_rows(scorer, rows, features, ROWS, found);
        for (size_t i = 0; i < ROWS; i++) {
            lf_scorer_raw_all(scorer, rows + i * features, one);
            const double *const expected = walked + i * outputs;
            if (memcmp(found + i * outputs, expected, outputs * sizeof *one) != 0 ||
                memcmp(one, expected, outputs * sizeof *one) != 0) {
                abort();
            }
        }
    }
    free(walked);
    free(found);
    free(one);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    lf_scorer *scorer = NULL;
    lf_error error;
    if (lf_scorer_create(NULL, (const char *)data, bytes, "fuzz", &scorer, &error) != LF_OK) {
        if (scorer != NULL || error.message[0] == '\0') {
            abort();
        }
        return 0;
    }
    static const double values[] = {
        0, 1e-35, -1e-35, 0.5, -3, 31.5, 1e300, NAN, INFINITY, -INFINITY};
    const size_t kinds = sizeof values / sizeof values[0];
    const size_t features = lf_scorer_feature_count(scorer);
    double *rows = calloc(features, ROWS * sizeof *rows);
    for (size_t i = 0; rows != NULL && i < ROWS * features; i++) {
        rows[i] = values[(i / features + i % features) % kinds];
    }
    if (rows != NULL) {
        compare_kernels(scorer, rows, features);
    }
    free(rows);
    lf_scorer_destroy(scorer);
    return 0;
}
