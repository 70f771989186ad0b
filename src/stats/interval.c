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
    double sums[LFI_LAGS];
    for (size_t k = 0; k <= lag && k < count; k++) {
        if (k % LFI_LAGS == 0) {
            lfi_stats_lagged_sums(values, count, mean, k, sums);
        }
        const double sum = sums[k % LFI_LAGS] / (double)count;
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

/* Replicates that go over the rows together. */
#define LANES 8

/* A row in order of its score, with what the replicates need of it side by side. */
typedef struct scored_row {
    double up; /* 1 or 0 */
    uint32_t block;
    uint32_t is_first; /* of the rows with its score */
} scored_row;

/* What all replicates of an AUC share. */
typedef struct auc_rows {
    const lf_allocator *allocator;
    scored_row *rows; /* [count] */
    size_t count, block_count;
    /* Twice the wins of the ups of one block over the downs of another; NULL with many blocks. */
    double *pairs;       /* [block_count][block_count] */
    double *ups, *downs; /* [block_count] */
} auc_rows;

/*
 * Of the rows with one score the downs come first, so that an up row wins against all downs before
 * it, less half of those with its own score: twice its wins are the downs before its score and the
 * downs before itself. These are whole numbers, so their sums are exact up to 2^53 in any order.
 */
static double auc_of(double twice_wins, double ups, double downs)
{
    return ups > 0 && downs > 0 ? twice_wins / 2 / (ups * downs) : NAN;
}

/* AUCs with the rows of each block counted weights[block][lane] times. */
static void lanes_by_rows(const auc_rows *a, const double (*weights)[LANES], double *out)
{
    double lower[LANES] = {0}; /* downs before the score */
    double downs[LANES] = {0};
    double ups[LANES] = {0};
    double twice_wins[LANES] = {0};
    for (size_t i = 0; i < a->count; i++) {
        const scored_row *const row = &a->rows[i];
        const double *const weight = weights[row->block];
        if (row->is_first) {
            for (size_t j = 0; j < LANES; j++) {
                lower[j] = downs[j];
            }
        }
        for (size_t j = 0; j < LANES; j++) {
            const double up = weight[j] * row->up;
            downs[j] += weight[j] - up;
            ups[j] += up;
            twice_wins[j] += up * (lower[j] + downs[j]);
        }
    }
    for (size_t j = 0; j < LANES; j++) {
        out[j] = auc_of(twice_wins[j], ups[j], downs[j]);
    }
}

/* The same from the pairs of blocks. */
static void lanes_by_pairs(const auc_rows *a, const double (*weights)[LANES], double *out)
{
    double downs[LANES] = {0};
    double ups[LANES] = {0};
    double twice_wins[LANES] = {0};
    for (size_t b = 0; b < a->block_count; b++) {
        const double *const pairs = a->pairs + b * a->block_count;
        double against[LANES] = {0};
        for (size_t c = 0; c < a->block_count; c++) {
            for (size_t j = 0; j < LANES; j++) {
                against[j] += weights[c][j] * pairs[c];
            }
        }
        for (size_t j = 0; j < LANES; j++) {
            twice_wins[j] += weights[b][j] * against[j];
            downs[j] += weights[b][j] * a->downs[b];
            ups[j] += weights[b][j] * a->ups[b];
        }
    }
    for (size_t j = 0; j < LANES; j++) {
        out[j] = auc_of(twice_wins[j], ups[j], downs[j]);
    }
}

/* beaten[block]: twice the downs of a block that an up row at this place wins against. */
static void count_row(auc_rows *a, const scored_row *row, double *beaten)
{
    if (row->up == 0) {
        a->downs[row->block] += 1;
        beaten[row->block] += 1;
        return;
    }
    double *const pairs = a->pairs + row->block * a->block_count;
    a->ups[row->block] += 1;
    for (size_t c = 0; c < a->block_count; c++) {
        pairs[c] += beaten[c];
    }
}

static void count_pairs(auc_rows *a, double *beaten)
{
    size_t end = 0;
    for (size_t first = 0; first < a->count; first = end) {
        do {
            count_row(a, &a->rows[end++], beaten);
        } while (end < a->count && !a->rows[end].is_first);
        /* Downs with the score of an up row count half, those with a lower one whole. */
        for (size_t i = first; i < end; i++) {
            beaten[a->rows[i].block] += 1 - a->rows[i].up;
        }
    }
}

static void auc_rows_end(auc_rows *a)
{
    lf_release(a->allocator, a->rows);
    lf_release(a->allocator, a->pairs);
    lf_release(a->allocator, a->ups);
    lf_release(a->allocator, a->downs);
}

/* Pairs of blocks are counted where there are fewer of them than rows. */
static lf_status make_pairs(auc_rows *a)
{
    const size_t blocks = a->block_count;
    if (blocks * blocks > a->count) {
        return LF_OK;
    }
    double *const beaten = lf_allocate(a->allocator, blocks + 1, sizeof *beaten);
    a->pairs = lf_allocate(a->allocator, blocks * blocks + 1, sizeof *a->pairs);
    a->ups = lf_allocate(a->allocator, blocks + 1, sizeof *a->ups);
    a->downs = lf_allocate(a->allocator, blocks + 1, sizeof *a->downs);
    const bool is_whole = beaten != NULL && a->pairs != NULL && a->ups != NULL && a->downs != NULL;
    if (is_whole) {
        count_pairs(a, beaten);
    }
    lf_release(a->allocator, beaten);
    return is_whole ? LF_OK : LF_NOMEM;
}

/* Rows in order of their scores, the downs of one score first; owned, NULL without memory. */
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
    size_t end = 0, used = 0;
    for (size_t first = 0; rows != NULL && first < count; first = end) {
        do {
            end++;
        } while (end < count && order[end].value == order[first].value);
        for (int up = 0; up < 2; up++) {
            for (size_t i = first; i < end; i++) {
                const size_t row = order[i].row;
                if ((labels[row] > 0.5) == (up == 1)) {
                    rows[used] =
                        (scored_row){.up = up, .block = blocks[row], .is_first = used == first};
                    used++;
                }
            }
        }
    }
    lf_release(allocator, order);
    return rows;
}

/* Draws for LANES replicates, or as many as are left; the others have no rows. */
static size_t draw_lanes(resampler *r, size_t drawn, double (*weights)[LANES])
{
    const size_t left = r->replicates - drawn;
    const size_t lanes = left < LANES ? left : LANES;
    for (size_t j = 0; j < LANES; j++) {
        if (j < lanes) {
            resampler_draw(r);
        }
        for (size_t b = 0; b < r->block_count; b++) {
            weights[b][j] = j < lanes ? r->weights[b] : 0;
        }
    }
    return lanes;
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
    if (resampler_begin(blocks, count, LANES, options, &r) != LF_OK) {
        return LF_NOMEM;
    }
    auc_rows a = {.allocator = r.allocator, .count = count, .block_count = r.block_count};
    a.rows = sorted_rows(r.allocator, scores, labels, blocks, count);
    if (a.rows == NULL || make_pairs(&a) != LF_OK) {
        auc_rows_end(&a);
        resampler_end(&r);
        return LF_NOMEM;
    }
    double(*const weights)[LANES] = (double(*)[LANES])r.sums;
    for (size_t k = 0; k < r.replicates;) {
        double aucs[LANES];
        const size_t lanes = draw_lanes(&r, k, weights);
        const double(*const drawn)[LANES] = (const double(*)[LANES])weights;
        if (a.pairs != NULL) {
            lanes_by_pairs(&a, drawn, aucs);
        } else {
            lanes_by_rows(&a, drawn, aucs);
        }
        for (size_t j = 0; j < lanes; j++) {
            resampler_keep(&r, aucs[j]);
        }
        k += lanes;
    }
    *out = resampler_interval(&r);
    auc_rows_end(&a);
    resampler_end(&r);
    return LF_OK;
}
