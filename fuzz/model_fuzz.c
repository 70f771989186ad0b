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
    double walked[ROWS];
    double found[ROWS];
    (void)lf_scorer_choose(scorer, LF_SCORER_WALK);
    lf_scorer_raw_rows(scorer, rows, features, ROWS, walked);
    (void)lf_scorer_predict(scorer, rows);
    for (int kernel = LF_SCORER_AVX2; kernel <= LF_SCORER_AVX512; kernel++) {
        if (!lf_scorer_choose(scorer, (lf_scorer_kernel)kernel)) {
            continue;
        }
        lf_scorer_raw_rows(scorer, rows, features, ROWS, found);
        for (size_t i = 0; i < ROWS; i++) {
            const double one = lf_scorer_raw(scorer, rows + i * features);
            if (memcmp(&found[i], &walked[i], sizeof one) != 0 ||
                memcmp(&one, &walked[i], sizeof one) != 0) {
                abort();
            }
        }
    }
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
