/* Integrated OFI: weights of the levels from the first principal vector of earlier days. */
#include "study_internal.h"

#include <math.h>
#include <string.h>

static bool is_defined(const double *row, size_t level_count)
{
    for (size_t m = 0; m < level_count; m++) {
        if (!isfinite(row[m])) {
            return false;
        }
    }
    return true;
}

lf_status lf_study_integrated_fit(
    const lf_allocator *allocator,
    const double *ofi,
    size_t count,
    size_t level_count,
    lf_study_integrated *out,
    lf_error *error
)
{
    if (level_count < 1 || level_count > LF_LEVELS_MAX) {
        return lf_error_set(
            error, LF_RANGE, "the integrated OFI takes 1 to %d levels", LF_LEVELS_MAX
        );
    }
    double *rows = lf_allocate(allocator, count + 1, level_count * sizeof *rows);
    if (rows == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory for the integrated OFI");
    }
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const double *row = &ofi[i * level_count];
        if (is_defined(row, level_count)) {
            memcpy(&rows[kept * level_count], row, level_count * sizeof *rows);
            kept++;
        }
    }
    lf_study_integrated fitted = {.row_count = (int64_t)kept, .level_count = (int32_t)level_count};
    const bool is_fitted =
        kept >= 2 &&
        lfi_study_first_vector(rows, kept, level_count, fitted.weights, &fitted.first_share);
    lf_release(allocator, rows);
    if (!is_fitted) {
        return lf_error_set(
            error, LF_DATA, "the integrated OFI needs 2 rows that differ; %zu are defined", kept
        );
    }
    *out = fitted;
    return LF_OK;
}

double lf_study_integrated_value(const lf_study_integrated *integrated, const double *ofi)
{
    double sum = 0;
    for (int32_t m = 0; m < integrated->level_count; m++) {
        sum += integrated->weights[m] * ofi[m];
    }
    return sum;
}
