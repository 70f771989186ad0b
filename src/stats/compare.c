/* Two forecasts of the same rows: is the difference of their losses more than chance? */
#include "stats_internal.h"

#include <math.h>

lf_diebold_mariano lf_stats_diebold_mariano(const double *differences, size_t count, size_t horizon)
{
    const double n = (double)count;
    const double h = (double)horizon;
    const double mean = lf_stats_mean(differences, count);
    lf_diebold_mariano result = {.mean = mean, .variance = NAN, .dm = NAN, .t = NAN, .p = NAN};
    if (count < 2 || horizon >= count) {
        return result;
    }
    double sums[LFI_LAGS];
    lfi_stats_lagged_sums(differences, count, mean, 0, sums);
    const double plain = sums[0] / n;
    double whole = plain;
    double tapered = plain;
    for (size_t k = 1; k < horizon; k++) {
        if (k % LFI_LAGS == 0) {
            lfi_stats_lagged_sums(differences, count, mean, k, sums);
        }
        const double both = 2 * (sums[k % LFI_LAGS] / n);
        whole += both;
        tapered += (1 - (double)k / h) * both;
    }
    /* Equal differences leave nothing but what rounding makes of them. */
    if (plain <= 1e-24 * mean * mean) {
        return result;
    }
    /* Sums of whole covariances can come out below 0; those with Bartlett's weights cannot. */
    result.is_tapered = !(whole > 1e-12 * plain);
    result.variance = result.is_tapered ? tapered : whole;
    result.dm = mean / sqrt(result.variance / n);
    result.t = result.dm * sqrt((n + 1 - 2 * h + h * (h - 1) / n) / n);
    result.p = 2 * lf_stats_t_cdf(-fabs(result.t), n - 1);
    return result;
}
