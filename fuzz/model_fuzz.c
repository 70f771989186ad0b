/* Fuzzes the reader of LightGBM's text format: any text is refused or gives a forest that scores.
 */
#include <lobflow/model.h>

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

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
    double *row = calloc(features, sizeof *row);
    for (size_t k = 0; row != NULL && k < kinds; k++) {
        for (size_t f = 0; f < features; f++) {
            row[f] = values[(k + f) % kinds];
        }
        (void)lf_scorer_predict(scorer, row);
    }
    free(row);
    lf_scorer_destroy(scorer);
    return 0;
}
