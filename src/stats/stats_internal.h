/* Shared inside the stats module: an order of rows by value, sums of lagged products. */
#ifndef LOBFLOW_STATS_INTERNAL_H
#define LOBFLOW_STATS_INTERNAL_H

#include <lobflow/stats.h>

/* A value and the row it came from. */
typedef struct lfi_ranked {
    double value;
    size_t row;
} lfi_ranked;

/* Rows in ascending order of value, ties by row; owned, NULL without memory. */
lfi_ranked *lfi_stats_order(const lf_allocator *allocator, const double *values, size_t count);

/* Lags that are summed at a time. */
#define LFI_LAGS 8

/* Sums of (value - mean) (value lag rows before - mean) for LFI_LAGS lags from one on; a lag that
   is not below count has 0. */
void lfi_stats_lagged_sums(
    const double *values, size_t count, double mean, size_t lag, double sums[LFI_LAGS]
);

#endif
