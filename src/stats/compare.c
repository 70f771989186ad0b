/* Two forecasts of the same rows: is the difference of their losses more than chance? */
#include <lobflow/stats.h>

#include <math.h>

static double autocovariance(const double *values, size_t count, double mean, size_t lag)
{
    double sum = 0;
    for (size_t i = lag; i < count; i++) {
        sum += (values[i] - mean) * (values[i - lag] - mean);
    }
    return sum / (double)count;
}

lf_diebold_mariano lf_stats_diebold_mariano(const double *differences, size_t count, size_t horizon)
{
    const double n = (double)count;
    const double h = (double)horizon;
    const double mean = lf_stats_mean(differences, count);
    lf_diebold_mariano result = {.mean = mean, .variance = NAN, .dm = NAN, .t = NAN, .p = NAN};
    if (count < 2 || horizon >= count) {
        return result;
    }
    const double plain = autocovariance(differences, count, mean, 0);
    double whole = plain;
    double tapered = plain;
    for (size_t k = 1; k < horizon; k++) {
        const double both = 2 * autocovariance(differences, count, mean, k);
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
