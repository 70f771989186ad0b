/* Intervals for dependent rows: Wilson, Newey-West and bootstraps of whole blocks. */
#include "stats_internal.h"

#include <math.h>

lf_interval lf_stats_wilson(double successes, double count, double z)
{
    if (!(count > 0)) {
        return (lf_interval){NAN, NAN};
    }
    const double p = successes / count;
    const double scale = 1 + z * z / count;
    const double centre = (p + z * z / (2 * count)) / scale;
    const double half = z * sqrt(p * (1 - p) / count + z * z / (4 * count * count)) / scale;
    return (lf_interval){centre - half, centre + half};
}

lf_newey_west lf_stats_newey_west(const double *values, size_t count, size_t lag)
{
    const double mean = lf_stats_mean(values, count);
    lf_newey_west result = {mean, NAN, NAN, NAN, NAN};
    if (count == 0) {
        return result;
    }
    double plain = 0;
    double variance = 0;
    for (size_t k = 0; k <= lag && k < count; k++) {
        double sum = 0;
        for (size_t i = k; i < count; i++) {
            sum += (values[i] - mean) * (values[i - k] - mean);
        }
        sum /= (double)count;
        const double weight = 1 - (double)k / ((double)lag + 1);
        plain = k == 0 ? sum : plain;
        variance += k == 0 ? sum : 2 * weight * sum;
    }
    /* Bartlett weights keep it above 0 but for rounding. */
    result.variance = fmax(variance, 0);
    result.se = sqrt(result.variance / (double)count);
    result.t = result.se > 0 ? mean / result.se : NAN;
    const double effective =
        result.variance > 0 ? (double)count * plain / result.variance : (double)count;
    result.effective_count = fmin(fmax(effective, 1), (double)count);
    return result;
}

size_t
lf_stats_time_blocks(const int64_t *times_ns, size_t count, int64_t block_ns, uint32_t *blocks)
{
    uint32_t block = 0;
    for (size_t i = 0, first = 0; i < count; i++) {
        const int64_t age_ns = times_ns[i] - times_ns[first];
        if (age_ns >= block_ns || age_ns < 0) {
            first = i;
            block++;
        }
        blocks[i] = block;
    }
    return count == 0 ? 0 : (size_t)block + 1;
}

/* What one bootstrap needs: how often each block was drawn, and the statistics found so far. */
typedef struct resampler {
    const lf_allocator *allocator;
    lf_random random;
    size_t block_count;
    size_t replicates;
    size_t found;
    double confidence;
    uint32_t *weights; /* [block_count] */
    double *found_values;
    double *sums; /* [block_count][width] */
} resampler;

static void resampler_end(resampler *r)
{
    lf_release(r->allocator, r->weights);
    lf_release(r->allocator, r->found_values);
    lf_release(r->allocator, r->sums);
}

static lf_status resampler_begin(
    const uint32_t *blocks,
    size_t count,
    size_t width,
    const lf_bootstrap_options *options,
    resampler *r
)
{
    const lf_bootstrap_options none = {0};
    options = options == NULL ? &none : options;
    *r = (resampler){
        .allocator = options->allocator,
        .block_count = count == 0 ? 0 : (size_t)blocks[count - 1] + 1,
        /* 500 replicates put the ends of a 95 % interval at the 12th of each tail: its own error
           is then about a tenth of its width. */
        .replicates = options->replicates == 0 ? 500 : options->replicates,
        .confidence = options->confidence > 0 ? options->confidence : 0.95,
    };
    lf_random_seed(&r->random, options->seed, 0);
    r->weights = lf_allocate(r->allocator, r->block_count + 1, sizeof *r->weights);
    r->found_values = lf_allocate(r->allocator, r->replicates, sizeof *r->found_values);
    r->sums = lf_allocate(r->allocator, r->block_count + 1, width * sizeof *r->sums);
    if (r->weights == NULL || r->found_values == NULL || r->sums == NULL) {
        resampler_end(r);
        return LF_NOMEM;
    }
    return LF_OK;
}

static void resampler_draw(resampler *r)
{
    for (size_t b = 0; b < r->block_count; b++) {
        r->weights[b] = 0;
    }
    for (size_t b = 0; b < r->block_count; b++) {
        r->weights[lf_random_below(&r->random, r->block_count)]++;
    }
}

static void resampler_keep(resampler *r, double value)
{
    if (isfinite(value)) {
        r->found_values[r->found++] = value;
    }
}

static lf_interval resampler_interval(resampler *r)
{
    if (r->block_count < 2 || r->found < 2) {
        return (lf_interval){NAN, NAN};
    }
    const double blocks = (double)r->block_count;
    const double t = lf_stats_t_quantile(0.5 + r->confidence / 2, blocks - 1);
    const double tail = lf_stats_normal_cdf(-t * sqrt(blocks / (blocks - 1)));
    lf_stats_sort(r->found_values, r->found);
    return (lf_interval){
        lf_stats_quantile(r->found_values, r->found, tail),
        lf_stats_quantile(r->found_values, r->found, 1 - tail),
    };
}

lf_status lf_stats_bootstrap_ratio(
    const double *x,
    const double *y,
    const uint32_t *blocks,
    size_t count,
    const lf_bootstrap_options *options,
    lf_interval *out
)
{
    resampler r;
    if (resampler_begin(blocks, count, 2, options, &r) != LF_OK) {
        return LF_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        r.sums[2 * blocks[i]] += x[i];
        r.sums[2 * blocks[i] + 1] += y == NULL ? 1 : y[i];
    }
    for (size_t k = 0; k < r.replicates; k++) {
        double top = 0;
        double bottom = 0;
        resampler_draw(&r);
        for (size_t b = 0; b < r.block_count; b++) {
            top += r.weights[b] * r.sums[2 * b];
            bottom += r.weights[b] * r.sums[2 * b + 1];
        }
        resampler_keep(&r, bottom != 0 ? top / bottom : NAN);
    }
    *out = resampler_interval(&r);
    resampler_end(&r);
    return LF_OK;
}

lf_status lf_stats_bootstrap_pearson(
    const double *x,
    const double *y,
    const uint32_t *blocks,
    size_t count,
    const lf_bootstrap_options *options,
    lf_interval *out
)
{
    enum {
        WIDTH = 6 /* n, x, y, xx, xy, yy */
    };
    resampler r;
    if (resampler_begin(blocks, count, WIDTH, options, &r) != LF_OK) {
        return LF_NOMEM;
    }
    /* Sums of deviations from the overall means lose fewer digits than plain ones. */
    const double mean_x = lf_stats_mean(x, count);
    const double mean_y = lf_stats_mean(y, count);
    for (size_t i = 0; i < count; i++) {
        const double a = x[i] - mean_x;
        const double b = y[i] - mean_y;
        const double row[WIDTH] = {1, a, b, a * a, a * b, b * b};
        for (size_t j = 0; j < WIDTH; j++) {
            r.sums[WIDTH * blocks[i] + j] += row[j];
        }
    }
    for (size_t k = 0; k < r.replicates; k++) {
        double s[WIDTH] = {0};
        resampler_draw(&r);
        for (size_t b = 0; b < r.block_count; b++) {
            for (size_t j = 0; j < WIDTH; j++) {
                s[j] += r.weights[b] * r.sums[WIDTH * b + j];
            }
        }
        const double xx = s[3] - s[1] * s[1] / s[0];
        const double xy = s[4] - s[1] * s[2] / s[0];
        const double yy = s[5] - s[2] * s[2] / s[0];
        resampler_keep(&r, xx > 0 && yy > 0 ? xy / (sqrt(xx) * sqrt(yy)) : NAN);
    }
    *out = resampler_interval(&r);
    resampler_end(&r);
    return LF_OK;
}

lf_status lf_stats_bootstrap_sharpe(
    const double *x,
    const uint32_t *blocks,
    size_t count,
    const lf_bootstrap_options *options,
    lf_interval *out
)
{
    enum {
        WIDTH = 3 /* n, x, xx */
    };
    resampler r;
    if (resampler_begin(blocks, count, WIDTH, options, &r) != LF_OK) {
        return LF_NOMEM;
    }
    const double mean = lf_stats_mean(x, count);
    for (size_t i = 0; i < count; i++) {
        const double a = x[i] - mean;
        const double row[WIDTH] = {1, a, a * a};
        for (size_t j = 0; j < WIDTH; j++) {
            r.sums[WIDTH * blocks[i] + j] += row[j];
        }
    }
    for (size_t k = 0; k < r.replicates; k++) {
        double s[WIDTH] = {0};
        resampler_draw(&r);
        for (size_t b = 0; b < r.block_count; b++) {
            for (size_t j = 0; j < WIDTH; j++) {
                s[j] += r.weights[b] * r.sums[WIDTH * b + j];
            }
        }
        const double squares = s[2] - s[1] * s[1] / s[0];
        const double sd = squares > 0 && s[0] > 1 ? sqrt(squares / (s[0] - 1)) : NAN;
        resampler_keep(&r, (mean + s[1] / s[0]) / sd);
    }
    *out = resampler_interval(&r);
    resampler_end(&r);
    return LF_OK;
}

/* A row in order of its score, with what a replicate needs of it side by side. */
typedef struct scored_row {
    uint32_t block;
    bool is_up;
    bool is_first; /* of the rows with its score */
} scored_row;

/* AUC with the rows of each block counted weights[block] times. */
static double weighted_auc(const scored_row *rows, size_t count, const uint32_t *weights)
{
    uint64_t tied[2] = {0, 0}; /* down and up rows of one score, then of all lower ones */
    uint64_t lower[2] = {0, 0};
    double wins = 0;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].is_first) {
            wins += (double)tied[1] * ((double)lower[0] + (double)tied[0] / 2);
            lower[0] += tied[0];
            lower[1] += tied[1];
            tied[0] = 0;
            tied[1] = 0;
        }
        tied[rows[i].is_up] += weights[rows[i].block];
    }
    wins += (double)tied[1] * ((double)lower[0] + (double)tied[0] / 2);
    const double downs = (double)(lower[0] + tied[0]);
    const double ups = (double)(lower[1] + tied[1]);
    return ups > 0 && downs > 0 ? wins / (ups * downs) : NAN;
}

/* Rows in order of their scores; owned, NULL without memory. */
static scored_row *sorted_rows(
    const lf_allocator *allocator,
    const double *scores,
    const double *labels,
    const uint32_t *blocks,
    size_t count
)
{
    lfi_ranked *order = lfi_stats_order(allocator, scores, count);
    scored_row *rows = order == NULL ? NULL : lf_allocate(allocator, count + 1, sizeof *rows);
    for (size_t i = 0; rows != NULL && i < count; i++) {
        rows[i] = (scored_row){
            .block = blocks[order[i].row],
            .is_up = labels[order[i].row] > 0.5,
            .is_first = i == 0 || order[i].value != order[i - 1].value,
        };
    }
    lf_release(allocator, order);
    return rows;
}

lf_status lf_stats_bootstrap_auc(
    const double *scores,
    const double *labels,
    const uint32_t *blocks,
    size_t count,
    const lf_bootstrap_options *options,
    lf_interval *out
)
{
    resampler r;
    if (resampler_begin(blocks, count, 1, options, &r) != LF_OK) {
        return LF_NOMEM;
    }
    scored_row *rows = sorted_rows(r.allocator, scores, labels, blocks, count);
    if (rows == NULL) {
        resampler_end(&r);
        return LF_NOMEM;
    }
    for (size_t k = 0; k < r.replicates; k++) {
        resampler_draw(&r);
        resampler_keep(&r, weighted_auc(rows, count, r.weights));
    }
    *out = resampler_interval(&r);
    lf_release(r.allocator, rows);
    resampler_end(&r);
    return LF_OK;
}
