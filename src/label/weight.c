/* How much a label says that no other one says: spans that overlap share what happens in them. */
#include "label_internal.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

/* Times at which spans begin or end, with something summed up to each of them. */
typedef struct timeline {
    const lf_allocator *allocator;
    size_t count;
    int64_t *times;      /* [count] ascending, without repeats */
    int64_t *concurrent; /* [count] spans that cover the stretch up to this time */
    double *sums;        /* [count] */
} timeline;

static int compare_times(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left;
    const int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static size_t find_time(const timeline *line, int64_t t_ns)
{
    size_t low = 0;
    size_t high = line->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (line->times[middle] < t_ns) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void timeline_destroy(timeline *line)
{
    lf_release(line->allocator, line->times);
    lf_release(line->allocator, line->concurrent);
    lf_release(line->allocator, line->sums);
}

static lf_status timeline_create(
    const lf_allocator *allocator,
    const int64_t *from_ns,
    const int64_t *end_ns,
    size_t count,
    timeline *out
)
{
    *out = (timeline){.allocator = allocator};
    out->times = lf_allocate(allocator, 2 * count + 1, sizeof *out->times);
    out->concurrent = lf_allocate(allocator, 2 * count + 1, sizeof *out->concurrent);
    out->sums = lf_allocate(allocator, 2 * count + 1, sizeof *out->sums);
    if (out->times == NULL || out->concurrent == NULL || out->sums == NULL) {
        timeline_destroy(out);
        return LF_NOMEM;
    }
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (end_ns[i] != LF_TIME_NONE) {
            assert(from_ns[i] < end_ns[i]);
            out->times[used++] = from_ns[i];
            out->times[used++] = end_ns[i];
        }
    }
    qsort(out->times, used, sizeof *out->times, compare_times);
    for (size_t i = 0; i < used; i++) {
        if (out->count == 0 || out->times[i] != out->times[out->count - 1]) {
            out->times[out->count++] = out->times[i];
        }
    }
    /* A span counts from the stretch behind its beginning up to the one that ends with it. */
    for (size_t i = 0; i < count; i++) {
        if (end_ns[i] != LF_TIME_NONE) {
            out->concurrent[find_time(out, from_ns[i]) + 1]++;
            out->concurrent[find_time(out, end_ns[i]) + 1]--;
        }
    }
    for (size_t i = 1; i < out->count; i++) {
        out->concurrent[i] += out->concurrent[i - 1];
    }
    return LF_OK;
}

/* Sum over the stretches of one span. */
static double sum_between(const timeline *line, int64_t from_ns, int64_t end_ns)
{
    return line->sums[find_time(line, end_ns)] - line->sums[find_time(line, from_ns)];
}

lf_status lf_label_uniqueness(
    const lf_allocator *allocator,
    const int64_t *from_ns,
    const int64_t *end_ns,
    size_t count,
    double *uniqueness
)
{
    timeline line;
    const lf_status status = timeline_create(allocator, from_ns, end_ns, count, &line);
    if (status != LF_OK) {
        return status;
    }
    for (size_t i = 1; i < line.count; i++) {
        const double length_ns = (double)(line.times[i] - line.times[i - 1]);
        line.sums[i] = line.sums[i - 1];
        line.sums[i] += line.concurrent[i] > 0 ? length_ns / (double)line.concurrent[i] : 0;
    }
    for (size_t i = 0; i < count; i++) {
        uniqueness[i] = end_ns[i] == LF_TIME_NONE ? NAN
                                                  : sum_between(&line, from_ns[i], end_ns[i]) /
                                                        (double)(end_ns[i] - from_ns[i]);
    }
    timeline_destroy(&line);
    return LF_OK;
}

lf_status lf_label_attribution(
    const lf_allocator *allocator,
    const lf_label_path *path,
    const int64_t *from_ns,
    const int64_t *end_ns,
    size_t count,
    double *attribution_bps
)
{
    timeline line;
    const lf_status status = timeline_create(allocator, from_ns, end_ns, count, &line);
    if (status != LF_OK) {
        return status;
    }
    size_t cursor = 0;
    int64_t last2 = 0;
    for (size_t i = 0; i < line.count; i++) {
        const int64_t mid2 = lfi_knot_at(path, line.times[i], &cursor).mid2;
        /* Within a stretch the number of spans is one, so its changes add up to one return. */
        const bool counts = i > 0 && last2 > 0 && mid2 > 0 && line.concurrent[i] > 0;
        const double ret = counts ? 1e4 * log1p((double)(mid2 - last2) / (double)last2) : 0;
        line.sums[i] = i == 0 ? 0 : line.sums[i - 1];
        line.sums[i] += counts ? ret / (double)line.concurrent[i] : 0;
        last2 = mid2 > 0 ? mid2 : last2;
    }
    for (size_t i = 0; i < count; i++) {
        attribution_bps[i] =
            end_ns[i] == LF_TIME_NONE ? NAN : fabs(sum_between(&line, from_ns[i], end_ns[i]));
    }
    timeline_destroy(&line);
    return LF_OK;
}
