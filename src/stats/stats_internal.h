/* Shared inside the stats module: an order of rows by value. */
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

#endif
