/* Covariances of a series with itself, several lags at a time. */
#include "stats_internal.h"

/*
 * The terms of a lag are added in the order of rows, so that its sum does not depend on the lags
 * beside it: one addition waits for the one before, and a processor that has eight such sums to go
 * on with does not wait.
 */
void lfi_stats_lagged_sums(
    const double *values, size_t count, double mean, size_t lag, double sums[LFI_LAGS]
)
{
    const size_t last = lag + LFI_LAGS - 1;
    /* From the last lag to the first, as their values lie behind each other. */
    double back[LFI_LAGS] = {0};
    for (size_t j = 0; j < LFI_LAGS; j++) {
        const size_t k = last - j;
        for (size_t i = k; i < last && i < count; i++) {
            back[j] += (values[i] - mean) * (values[i - k] - mean);
        }
    }
    for (size_t i = last; i < count; i++) {
        const double here = values[i] - mean;
        const double *const before = values + (i - last);
        for (size_t j = 0; j < LFI_LAGS; j++) {
            back[j] += here * (before[j] - mean);
        }
    }
    for (size_t j = 0; j < LFI_LAGS; j++) {
        sums[j] = back[LFI_LAGS - 1 - j];
    }
}
