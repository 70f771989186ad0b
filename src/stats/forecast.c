/* Ranks, AUC, correlations and losses of forecasts. */
#include "stats_internal.h"

#include <math.h>
#include <stdlib.h>

static int compare_ranked(const void *left, const void *right)
{
    const lfi_ranked *a = left;
    const lfi_ranked *b = right;
    const int by_value = (a->value > b->value) - (a->value < b->value);
    return by_value != 0 ? by_value : (a->row > b->row) - (a->row < b->row);
}

lfi_ranked *lfi_stats_order(const lf_allocator *allocator, const double *values, size_t count)
{
    lfi_ranked *order = lf_allocate(allocator, count == 0 ? 1 : count, sizeof *order);
    if (order == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        order[i] = (lfi_ranked){.value = values[i], .row = i};
    }
    if (count > 1) {
        qsort(order, count, sizeof *order, compare_ranked);
    }
    return order;
}

lf_status
lf_stats_midranks(const lf_allocator *allocator, const double *values, size_t count, double *ranks)
{
    lfi_ranked *order = lfi_stats_order(allocator, values, count);
    if (order == NULL) {
        return LF_NOMEM;
    }
    for (size_t first = 0; first < count;) {
        size_t end = first + 1;
        while (end < count && order[end].value == order[first].value) {
            end++;
        }
        /* Ranks first + 1 to end have this mean. */
        const double rank = 0.5 * ((double)first + 1 + (double)end);
        for (size_t i = first; i < end; i++) {
            ranks[order[i].row] = rank;
        }
        first = end;
    }
    lf_release(allocator, order);
    return LF_OK;
}

lf_status lf_stats_auc(
    const lf_allocator *allocator,
    const double *scores,
    const double *labels,
    size_t count,
    double *out
)
{
    double *ranks = lf_allocate(allocator, count == 0 ? 1 : count, sizeof *ranks);
    if (ranks == NULL || lf_stats_midranks(allocator, scores, count, ranks) != LF_OK) {
        lf_release(allocator, ranks);
        return LF_NOMEM;
    }
    double ups = 0;
    double rank_sum = 0;
    for (size_t i = 0; i < count; i++) {
        ups += labels[i];
        rank_sum += labels[i] * ranks[i];
    }
    const double downs = (double)count - ups;
    *out = ups > 0 && downs > 0 ? (rank_sum - ups * (ups + 1) / 2) / (ups * downs) : NAN;
    lf_release(allocator, ranks);
    return LF_OK;
}

double lf_stats_pearson(const double *x, const double *y, size_t count)
{
    const double mean_x = lf_stats_mean(x, count);
    const double mean_y = lf_stats_mean(y, count);
    double xx = 0;
    double xy = 0;
    double yy = 0;
    for (size_t i = 0; i < count; i++) {
        xx += (x[i] - mean_x) * (x[i] - mean_x);
        xy += (x[i] - mean_x) * (y[i] - mean_y);
        yy += (y[i] - mean_y) * (y[i] - mean_y);
    }
    return xx > 0 && yy > 0 ? xy / (sqrt(xx) * sqrt(yy)) : NAN;
}

lf_status lf_stats_spearman(
    const lf_allocator *allocator, const double *x, const double *y, size_t count, double *out
)
{
    const size_t rows = count == 0 ? 1 : count;
    double *ranks = lf_allocate(allocator, rows, 2 * sizeof *ranks);
    lf_status status = ranks == NULL ? LF_NOMEM : LF_OK;
    if (status == LF_OK) {
        status = lf_stats_midranks(allocator, x, count, ranks);
    }
    if (status == LF_OK) {
        status = lf_stats_midranks(allocator, y, count, ranks + rows);
    }
    if (status == LF_OK) {
        *out = lf_stats_pearson(ranks, ranks + rows, count);
    }
    lf_release(allocator, ranks);
    return status;
}

double lf_stats_log_loss(const double *p_up, const double *labels, size_t count)
{
    /* A forecast of exactly 0 or 1 that fails would cost infinitely much; 1e-15 is the bound that
       scikit-learn and LightGBM use too, so figures can be compared. */
    const double least = 1e-15;
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        const double p = labels[i] > 0.5 ? p_up[i] : 1 - p_up[i];
        sum -= log(fmin(fmax(p, least), 1 - least));
    }
    return count == 0 ? NAN : sum / (double)count;
}

double lf_stats_brier(const double *p_up, const double *labels, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += (p_up[i] - labels[i]) * (p_up[i] - labels[i]);
    }
    return count == 0 ? NAN : sum / (double)count;
}
