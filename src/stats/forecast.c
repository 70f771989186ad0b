/* Ranks, AUC, correlations and losses of forecasts. */
#include "stats_internal.h"

#include <math.h>
#include <string.h>

/* A number is sorted by so many bits at a time; the counts of all six pieces lie in the L2 cache.
 */
#define PIECE_BITS 11
#define PIECES 6
#define PIECE_VALUES (1 << PIECE_BITS)

/* Unsigned integers in the order of the numbers; 0 and -0 are one number. */
static uint64_t key_of(double value)
{
    const double plain = value + 0.0;
    uint64_t bits;
    memcpy(&bits, &plain, sizeof bits);
    return bits >> 63 != 0 ? ~bits : bits | UINT64_C(1) << 63;
}

static size_t piece_of(double value, int piece)
{
    return (size_t)(key_of(value) >> (piece * PIECE_BITS)) & (PIECE_VALUES - 1);
}

/* Counts of the values of one piece become the places of the first row of each. */
static void place(size_t counts[PIECE_VALUES])
{
    size_t before = 0;
    for (size_t v = 0; v < PIECE_VALUES; v++) {
        const size_t rows = counts[v];
        counts[v] = before;
        before += rows;
    }
}

/* From the lowest piece to the highest, each time in the order that was there: ties stay by row.
   What is sorted comes back, one of the two. */
static lfi_ranked *
sort_by_pieces(lfi_ranked *from, lfi_ranked *to, size_t (*counts)[PIECE_VALUES], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (int piece = 0; piece < PIECES; piece++) {
            counts[piece][piece_of(from[i].value, piece)]++;
        }
    }
    for (int piece = 0; piece < PIECES; piece++) {
        size_t *const at = counts[piece];
        if (at[piece_of(from[0].value, piece)] == count) {
            continue; /* the same in all rows */
        }
        place(at);
        for (size_t i = 0; i < count; i++) {
            to[at[piece_of(from[i].value, piece)]++] = from[i];
        }
        lfi_ranked *const sorted = to;
        to = from;
        from = sorted;
    }
    return from;
}

lfi_ranked *lfi_stats_order(const lf_allocator *allocator, const double *values, size_t count)
{
    const size_t room = count == 0 ? 1 : count;
    lfi_ranked *const a = lf_allocate(allocator, room, sizeof *a);
    lfi_ranked *const b = lf_allocate(allocator, room, sizeof *b);
    size_t(*const counts)[PIECE_VALUES] = lf_allocate(allocator, PIECES, sizeof *counts);
    lfi_ranked *order = NULL;
    if (a != NULL && b != NULL && counts != NULL) {
        for (size_t i = 0; i < count; i++) {
            a[i] = (lfi_ranked){.value = values[i], .row = i};
        }
        order = count > 1 ? sort_by_pieces(a, b, counts, count) : a;
    }
    lf_release(allocator, counts);
    lf_release(allocator, order == a ? NULL : a);
    lf_release(allocator, order == b ? NULL : b);
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
