/* The probability that the best of many trials is best by chance: all halves of the blocks. */
#include <lobflow/stats.h>

#include <math.h>

/* Sums of one trial over some rows. */
typedef struct sums {
    double rows;
    double x;
    double xx;
} sums;

static double score(const sums *s, lf_pbo_score kind)
{
    const double mean = s->x / s->rows;
    const double squares = s->xx - s->x * mean;
    if (kind == LF_PBO_MEAN) {
        return mean;
    }
    /* What never varies has no ratio; a trial that did nothing stands at 0. */
    return squares > 1e-12 * s->xx && s->rows > 1 ? mean / sqrt(squares / (s->rows - 1)) : 0;
}

/* Sums of each block and trial, [blocks][trials]. */
static void fill(const lf_pbo_options *o, const double *values, sums *cells)
{
    for (size_t b = 0; b < o->blocks; b++) {
        for (size_t row = b * o->rows / o->blocks; row < (b + 1) * o->rows / o->blocks; row++) {
            for (size_t j = 0; j < o->trials; j++) {
                const double x = values[row * o->trials + j];
                sums *cell = &cells[b * o->trials + j];
                cell->rows += 1;
                cell->x += x;
                cell->xx += x * x;
            }
        }
    }
}

/* Scores of all trials on the blocks of a set. */
static void score_half(const lf_pbo_options *o, const sums *cells, uint32_t set, double *scores)
{
    for (size_t j = 0; j < o->trials; j++) {
        sums total = {0};
        for (size_t b = 0; b < o->blocks; b++) {
            const sums *cell = &cells[b * o->trials + j];
            if ((set >> b & 1) != 0) {
                total.rows += cell->rows;
                total.x += cell->x;
                total.xx += cell->xx;
            }
        }
        scores[j] = score(&total, o->score);
    }
}

/* Rank of one score among all, 1 to count; equal ones share the mean of their ranks. */
static double rank_of(const double *scores, size_t count, size_t at)
{
    double rank = 1;
    for (size_t j = 0; j < count; j++) {
        rank += j == at ? 0 : scores[j] < scores[at] ? 1 : scores[j] == scores[at] ? 0.5 : 0;
    }
    return rank;
}

static size_t best_of(const double *scores, size_t count)
{
    size_t best = 0;
    for (size_t j = 1; j < count; j++) {
        best = scores[j] > scores[best] ? j : best;
    }
    return best;
}

static int bit_count(uint32_t set)
{
    int count = 0;
    for (; set != 0; set &= set - 1) {
        count++;
    }
    return count;
}

lf_status lf_stats_pbo(const double *values, const lf_pbo_options *options, lf_pbo *out)
{
    const size_t blocks = options->blocks;
    if (blocks < 2 || blocks > LF_PBO_BLOCKS_MAX || blocks % 2 != 0 || options->trials < 2 ||
        options->rows < 2 * blocks) {
        return LF_RANGE;
    }
    sums *cells = lf_allocate(options->allocator, blocks * options->trials, sizeof *cells);
    double *scores = lf_allocate(options->allocator, options->trials, 2 * sizeof *scores);
    if (cells == NULL || scores == NULL) {
        lf_release(options->allocator, cells);
        lf_release(options->allocator, scores);
        return LF_NOMEM;
    }
    double *outside = scores + options->trials;
    const uint32_t all = (uint32_t)((UINT64_C(1) << blocks) - 1);
    lf_pbo found = {0};
    fill(options, values, cells);
    for (uint32_t set = 1; set < all; set++) {
        if (bit_count(set) != (int)blocks / 2) {
            continue;
        }
        score_half(options, cells, set, scores);
        score_half(options, cells, all & ~set, outside);
        const size_t best = best_of(scores, options->trials);
        const double share =
            rank_of(outside, options->trials, best) / ((double)options->trials + 1);
        /* ln(share / (1 - share)) <= 0 */
        found.probability += share <= 0.5 ? 1 : 0;
        found.loss_probability += outside[best] < 0 ? 1 : 0;
        found.mean_logit += log(share / (1 - share));
        found.combinations += 1;
    }
    found.probability /= found.combinations;
    found.loss_probability /= found.combinations;
    found.mean_logit /= found.combinations;
    *out = found;
    lf_release(options->allocator, cells);
    lf_release(options->allocator, scores);
    return LF_OK;
}
