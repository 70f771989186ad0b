/* Integrated OFI: weights of the levels from the first principal vector of earlier days. */
#include "study_internal.h"

#include <assert.h>
#include <math.h>
#include <string.h>

void lf_study_integrated_add(lf_study_integrated_sums *sums, const double *ofi, int32_t level_count)
{
    assert(level_count >= 1 && level_count <= LF_LEVELS_MAX);
    assert(sums->level_count == 0 || sums->level_count == level_count);
    sums->level_count = level_count;
    for (int32_t m = 0; m < level_count; m++) {
        if (!isfinite(ofi[m])) {
            return;
        }
    }
    /* Welford's update: deviations from the mean before times those from the mean after. */
    double before[LF_LEVELS_MAX];
    sums->row_count++;
    for (int32_t m = 0; m < level_count; m++) {
        before[m] = ofi[m] - sums->means[m];
        sums->means[m] += before[m] / (double)sums->row_count;
    }
    for (int32_t m = 0; m < level_count; m++) {
        const double after = ofi[m] - sums->means[m];
        for (int32_t k = 0; k <= m; k++) {
            sums->products[m][k] += before[k] * after;
        }
    }
}

lf_status lf_study_integrated_solve(
    const lf_study_integrated_sums *sums, lf_study_integrated *out, lf_error *error
)
{
    const size_t levels = (size_t)sums->level_count;
    double covariance[LF_LEVELS_MAX * LF_LEVELS_MAX];
    lf_study_integrated fitted = {
        .parameters.level_count = sums->level_count,
        .row_count = sums->row_count,
    };
    for (size_t m = 0; m < levels; m++) {
        for (size_t k = 0; k <= m; k++) {
            const double mean = sums->products[m][k] / (double)sums->row_count;
            covariance[m * levels + k] = covariance[k * levels + m] = mean;
        }
    }
    if (sums->row_count < 2 ||
        !lfi_study_first_vector_of(
            covariance, levels, fitted.parameters.weights, &fitted.first_share
        )) {
        return lf_error_set(
            error,
            LF_DATA,
            "the integrated OFI needs 2 rows that differ; %lld are defined",
            (long long)sums->row_count
        );
    }
    *out = fitted;
    return LF_OK;
}

lf_status lf_study_integrated_fit(
    const double *ofi, size_t count, size_t level_count, lf_study_integrated *out, lf_error *error
)
{
    if (level_count < 1 || level_count > LF_LEVELS_MAX) {
        return lf_error_set(
            error, LF_RANGE, "the integrated OFI takes 1 to %d levels", LF_LEVELS_MAX
        );
    }
    lf_study_integrated_sums sums = {0};
    for (size_t i = 0; i < count; i++) {
        lf_study_integrated_add(&sums, &ofi[i * level_count], (int32_t)level_count);
    }
    return lf_study_integrated_solve(&sums, out, error);
}
