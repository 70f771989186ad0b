/* Shares of rows that come in blocks of time, with intervals, from sums alone. */
#include <lobflow/stats.h>

#include <math.h>

static void close_block(lf_share_sums *sums)
{
    sums->hits_squared += sums->block_hits * sums->block_hits;
    sums->hits_rows += sums->block_hits * sums->block_rows;
    sums->rows_squared += sums->block_rows * sums->block_rows;
    sums->blocks += sums->block_rows > 0 ? 1 : 0;
    sums->block_hits = 0;
    sums->block_rows = 0;
}

void lf_stats_share_add(lf_share_sums *sums, double value, uint32_t block)
{
    if (block != sums->block) {
        close_block(sums);
        sums->block = block;
    }
    sums->block_hits += value;
    sums->block_rows += 1;
    sums->hits += value;
    sums->rows += 1;
}

lf_share lf_stats_share_of(const lf_share_sums *sums)
{
    lf_share out = {.rows = sums->rows, .share = NAN, .interval = {NAN, NAN}};
    lf_share_sums s = *sums;
    close_block(&s);
    if (!(s.rows > 0)) {
        return out;
    }
    const double p = s.hits / s.rows;
    /* Sum over the blocks of (hits - p rows)^2. */
    const double squares = s.hits_squared - 2 * p * s.hits_rows + p * p * s.rows_squared;
    const double variance =
        s.blocks > 1 ? squares / (s.rows * s.rows) * s.blocks / (s.blocks - 1) : NAN;
    out.share = p;
    out.blocks = s.blocks;
    /* Where nothing varies each block is one observation. */
    out.effective_rows = fmin(s.rows, s.blocks);
    if (variance > 1e-12 / s.rows && p > 0 && p < 1) {
        out.effective_rows = fmin(fmax(p * (1 - p) / variance, 1), s.rows);
    }
    /* Student's t instead of the normal: the variance is known from so many blocks only. */
    if (s.blocks >= LF_SHARE_BLOCKS_MIN) {
        const double t = lf_stats_t_quantile(0.975, s.blocks - 1);
        out.interval = lf_stats_wilson(p * out.effective_rows, out.effective_rows, t);
    }
    return out;
}
