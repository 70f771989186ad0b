/**
 * @file
 * Statistics of forecasts: ranks, AUC, correlations, losses, and intervals for dependent rows.
 *
 * Rows of a day overlap (a 1-min label on a 1-s grid shares 59 seconds with the next one), so every
 * interval here either resamples whole blocks of time or works on an effective number of rows.
 * Arrays hold no NaN unless a function says so: callers drop undefined rows first.
 */
#ifndef LOBFLOW_STATS_H
#define LOBFLOW_STATS_H

#include <lobflow/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The normal quantile of a two-sided 95 % interval. */
#define LF_STATS_Z95 1.959963984540054

/** A range that holds the true value with some confidence; NaN, NaN when there is none. */
typedef struct lf_interval {
    double low;
    double high;
} lf_interval;

/* ---- moments and quantiles -------------------------------------------------------------- */

/** Mean of values; NaN without any. */
LF_API double lf_stats_mean(const double *values, size_t count);

/** Sample standard deviation (n - 1); NaN below two values. */
LF_API double lf_stats_sd(const double *values, size_t count);

/**
 * Quantile by linear interpolation between order statistics (type 7 of Hyndman and Fan).
 *
 * @param sorted  [count] ascending
 * @param share   0 to 1
 * @return NaN without values
 */
LF_API double lf_stats_quantile(const double *sorted, size_t count, double share);

/** Sort ascending, in place; NaN must not occur. */
LF_API void lf_stats_sort(double *values, size_t count);

/** Distribution function of the standard normal. */
LF_API double lf_stats_normal_cdf(double z);

/**
 * Quantile of the standard normal; -inf at 0, +inf at 1, NaN outside.
 *
 * Source: Wichura (1988), Algorithm AS 241, Applied Statistics 37(3), routine PPND16.
 */
LF_API double lf_stats_normal_quantile(double share);

/**
 * Distribution function of Student's t, to about 13 digits.
 *
 * @param degrees  > 0, need not be whole; from 1e8 on the normal is taken. Else NaN
 *
 * Source: Abramowitz, Stegun (1964), Handbook of Mathematical Functions, 26.7.1 and 26.5.8: the
 * incomplete beta function by its continued fraction.
 */
LF_API double lf_stats_t_cdf(double t, double degrees);

/**
 * Quantile of Student's t: three correction terms on the normal one, four digits from 5 degrees;
 * below 5 the distribution function is inverted, to about 12 digits.
 *
 * Source: Abramowitz, Stegun (1964), Handbook of Mathematical Functions, 26.7.5.
 */
LF_API double lf_stats_t_quantile(double share, double degrees);

/* ---- forecasts -------------------------------------------------------------------------- */

/**
 * Ranks 1 to count; equal values share the mean of their ranks.
 *
 * @param ranks  [count] out; must not overlap values
 * @return LF_OK or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status
lf_stats_midranks(const lf_allocator *allocator, const double *values, size_t count, double *ranks);

/**
 * Area under the ROC curve: the chance that a row with label 1 scores above one with label 0, equal
 * scores counted half.
 *
 * @param labels  [count] 0 or 1
 * @param out     NaN when one class is absent
 * @return LF_OK or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_stats_auc(
    const lf_allocator *allocator,
    const double *scores,
    const double *labels,
    size_t count,
    double *out
);

/** Correlation of two columns; NaN below two rows or when one does not vary. */
LF_API double lf_stats_pearson(const double *x, const double *y, size_t count);

/**
 * Correlation of the midranks of two columns.
 *
 * @param out  NaN below two rows or when one does not vary
 * @return LF_OK or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_stats_spearman(
    const lf_allocator *allocator, const double *x, const double *y, size_t count, double *out
);

/** Mean of -ln of the probability given to what happened, bounded at 1e-15; NaN without rows. */
LF_API double lf_stats_log_loss(const double *p_up, const double *labels, size_t count);

/** Mean of (p - label)^2; NaN without rows. */
LF_API double lf_stats_brier(const double *p_up, const double *labels, size_t count);

/* ---- intervals -------------------------------------------------------------------------- */

/**
 * Wilson's interval of a share.
 *
 * @param successes  0 to count; need not be whole when count is an effective number
 * @param count      > 0, else NaN
 * @param z          normal quantile, such as LF_STATS_Z95
 *
 * Source: Wilson (1927), JASA 22(158), 209-212.
 */
LF_API lf_interval lf_stats_wilson(double successes, double count, double z);

/** A mean and its standard error under autocorrelation. */
typedef struct lf_newey_west {
    double mean;
    double variance;        /* long-run variance of one row, >= 0 */
    double se;              /* sqrt(variance / count) */
    double t;               /* mean / se; NaN when se is 0 */
    double effective_count; /* count * plain variance / long-run variance, 1 to count */
} lf_newey_west;

/**
 * Mean of a series in time order with Bartlett weights up to a lag.
 *
 * @param lag  covariances used; horizon / step for overlapping labels
 *
 * Cost: count * lag additions; everything NaN without rows.
 * Source: Newey, West (1987), Econometrica 55(3), 703-708.
 */
LF_API lf_newey_west lf_stats_newey_west(const double *values, size_t count, size_t lag);

/** Blocks below which lf_stats_share_of() gives no interval. */
#define LF_SHARE_BLOCKS_MIN 4

/** Running sums of rows that come in blocks; begin with all zero. */
typedef struct lf_share_sums {
    double rows;
    double hits;
    double blocks; /* finished ones */
    double hits_squared;
    double hits_rows;
    double rows_squared;
    double block_hits; /* of the block that is open */
    double block_rows;
    uint32_t block;
} lf_share_sums;

/** A share of rows that depend on each other inside blocks. */
typedef struct lf_share {
    double share; /* NaN without rows */
    double rows;
    double effective_rows; /* independent rows with the same standard error, 1 to rows */
    double blocks;         /* with any row */
    lf_interval interval;  /* 95 %; NaN below LF_SHARE_BLOCKS_MIN blocks */
} lf_share;

/**
 * Add one row. Rows of a block come one after the other.
 *
 * @param value  0, 1, or between for half a hit
 * @param block  from lf_stats_time_blocks(); the rows may be any subset of those it numbered
 */
LF_API void lf_stats_share_add(lf_share_sums *sums, double value, uint32_t block);

/**
 * The share so far. Its variance is that of the sums of blocks around the share; the interval is
 * Wilson's on the effective number of rows with Student's t for the number of blocks.
 *
 * Source: Liang, Zeger (1986), Biometrika 73(1), 13-22 (variance of clustered rows).
 */
LF_API lf_share lf_stats_share_of(const lf_share_sums *sums);

/** How to resample. Zero is the default everywhere. */
typedef struct lf_bootstrap_options {
    const lf_allocator *allocator;
    size_t replicates; /* 0: 500 */
    double confidence; /* 0: 0.95 */
    uint64_t seed;
} lf_bootstrap_options;

/**
 * Number rows by blocks of time. A block begins at a row and takes the rows less than block_ns
 * after it; a time that goes back (the next symbol) begins a new block too.
 *
 * @param times_ns  [count]
 * @param block_ns  > 0; 5 minutes suit labels of 1 minute, 25 those of 5
 * @param blocks    [count] out: 0, 1, ... never descending
 * @return number of blocks
 */
LF_API size_t
lf_stats_time_blocks(const int64_t *times_ns, size_t count, int64_t block_ns, uint32_t *blocks);

/**
 * Block bootstrap of sum(x) / sum(y): the mean of x with y NULL, 1 - R^2 with squared errors over
 * squared deviations.
 *
 * All bootstraps here draw as many blocks as there are, with replacement, and give the percentile
 * interval widened for few blocks. Below two blocks the interval is NaN.
 *
 * @param y       [count], or NULL for ones
 * @param blocks  [count] from lf_stats_time_blocks()
 * @return LF_OK or LF_NOMEM
 *
 * Source: Kuensch (1989), Annals of Statistics 17(3), 1217-1241 (blocks); Hesterberg (2015), The
 * American Statistician 69(4), 371-386 (widening).
 */
LF_API LF_MUST_CHECK lf_status lf_stats_bootstrap_ratio(
    const double *x,
    const double *y,
    const uint32_t *blocks,
    size_t count,
    const lf_bootstrap_options *options,
    lf_interval *out
);

/**
 * Block bootstrap of lf_stats_pearson(), as lf_stats_bootstrap_ratio().
 *
 * @return LF_OK or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_stats_bootstrap_pearson(
    const double *x,
    const double *y,
    const uint32_t *blocks,
    size_t count,
    const lf_bootstrap_options *options,
    lf_interval *out
);

/**
 * Block bootstrap of lf_stats_auc(), as lf_stats_bootstrap_ratio(). Replicates that lack a class
 * are left out.
 *
 * @return LF_OK or LF_NOMEM
 *
 * Cost: sorts once; with fewer pairs of blocks than rows one pass over the rows and one over the
 * pairs for each replicate, else a pass over the rows for each eight replicates.
 */
LF_API LF_MUST_CHECK lf_status lf_stats_bootstrap_auc(
    const double *scores,
    const double *labels,
    const uint32_t *blocks,
    size_t count,
    const lf_bootstrap_options *options,
    lf_interval *out
);

/**
 * Block bootstrap of a Sharpe ratio, mean / sample standard deviation of one row, as
 * lf_stats_bootstrap_ratio().
 *
 * @param x  [count] P&L of equal stretches of time, idle ones included
 * @return LF_OK or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_stats_bootstrap_sharpe(
    const double *x,
    const uint32_t *blocks,
    size_t count,
    const lf_bootstrap_options *options,
    lf_interval *out
);

/* ---- comparing forecasts ---------------------------------------------------------------- */

/** Whether one forecast loses more than another. NaN where there is nothing to say. */
typedef struct lf_diebold_mariano {
    double mean;     /* of the differences: below 0 the first forecast lost less */
    double variance; /* long-run variance of one difference */
    double dm;       /* mean over its standard error */
    double t;        /* dm with the correction for small samples */
    double p;        /* two-sided, Student's t with count - 1 degrees */
    bool is_tapered; /* the plain sum of covariances was not above 0: Bartlett's weights */
} lf_diebold_mariano;

/**
 * Diebold-Mariano test with the correction of Harvey, Leybourne and Newbold.
 *
 * @param differences  [count] loss of the first forecast less loss of the second, in order of time
 * @param horizon      rows that a forecast reaches ahead, >= 1: covariances up to horizon - 1 count
 * @return NaN but for the mean when count <= horizon or the differences do not vary
 *
 * Cost:   count * horizon additions.
 * Source: Diebold, Mariano (1995), Journal of Business and Economic Statistics 13(3), 253-263;
 *         Harvey, Leybourne, Newbold (1997), International Journal of Forecasting 13(2), 281-291.
 */
LF_API lf_diebold_mariano
lf_stats_diebold_mariano(const double *differences, size_t count, size_t horizon);

/* ---- Sharpe ratios ---------------------------------------------------------------------- */

/** A Sharpe ratio and what its uncertainty depends on. Nothing here is annualised. */
typedef struct lf_sharpe {
    double ratio;    /* mean / sample standard deviation of one row; NaN when it does not vary */
    double skewness; /* third central moment / sd^3, with n */
    double kurtosis; /* fourth central moment / sd^4, with n: 3 for a normal */
    size_t count;
} lf_sharpe;

/** Sharpe ratio and moments of a series; NaN below two rows or when it does not vary. */
LF_API lf_sharpe lf_stats_sharpe(const double *values, size_t count);

/**
 * Probabilistic Sharpe ratio: the confidence that the true ratio exceeds a benchmark.
 *
 * @param benchmark  per row, not annualised
 * @return 0 to 1; NaN below two rows
 *
 * Source: Bailey, López de Prado (2012), The Sharpe ratio efficient frontier, Journal of Risk
 * 15(2), 3-44.
 */
LF_API double lf_stats_psr(const lf_sharpe *sharpe, double benchmark);

/**
 * Expected largest of independent standard normals, asymptotic: 0.52 for two (exactly 0.56), 2.53
 * for a hundred (exactly 2.51); 0 for one.
 *
 * Source: Bailey, López de Prado (2014), The deflated Sharpe ratio, Journal of Portfolio
 * Management 40(5), 94-107.
 */
LF_API double lf_stats_expected_max(double trials);

/**
 * Rows that a track record needs before the ratio exceeds the benchmark with a confidence.
 *
 * @param confidence  such as 0.95
 * @return rows; NaN when the ratio does not exceed the benchmark
 *
 * Source: Bailey, López de Prado (2012), as above.
 */
LF_API double
lf_stats_min_track_record(const lf_sharpe *sharpe, double benchmark, double confidence);

/**
 * Deflated Sharpe ratio: lf_stats_psr() against what the best of so many trials without skill is
 * expected to show.
 *
 * @param trials    configurations looked at, this one included; 1 gives lf_stats_psr(sharpe, 0)
 * @param variance  of the trials' ratios, per row as the ratio itself, >= 0
 *
 * Source: Bailey, López de Prado (2014), as above.
 */
LF_API double lf_stats_deflated_sharpe(const lf_sharpe *sharpe, double trials, double variance);

/**
 * Years of data below which the best of so many trials without skill is expected to reach a ratio.
 *
 * @param annual_ratio  > 0
 * @return 0 for one trial
 *
 * Source: Bailey, Borwein, López de Prado, Zhu (2014), Notices of the AMS 61(5), 458-471.
 */
LF_API double lf_stats_min_backtest_years(double trials, double annual_ratio);

/* ---- overfitting ------------------------------------------------------------------------ */

/** What makes a trial the best. */
typedef enum lf_pbo_score {
    LF_PBO_SHARPE = 0,
    LF_PBO_MEAN = 1,
} lf_pbo_score;

/** Blocks of lf_stats_pbo() at most: 12,870 halves. */
#define LF_PBO_BLOCKS_MAX 16

/** What lf_stats_pbo() must be told. */
typedef struct lf_pbo_options {
    const lf_allocator *allocator;
    size_t rows;   /* at least two for each block */
    size_t trials; /* at least 2 */
    size_t blocks; /* even, 2 to LF_PBO_BLOCKS_MAX */
    lf_pbo_score score;
} lf_pbo_options;

/** How often the best half of the time fails in the other. */
typedef struct lf_pbo {
    double probability;      /* share of halves whose best trial ranks in the lower half outside */
    double loss_probability; /* share of halves whose best trial scores below 0 outside */
    double mean_logit;       /* of ln(w / (1 - w)), w its rank outside over trials + 1 */
    double combinations;
} lf_pbo;

/**
 * Probability of backtest overfitting by combinatorially symmetric cross-validation: the rows are
 * cut into even blocks, and each choice of half the blocks picks a best trial, whose rank is looked
 * up in the other half.
 *
 * @param values  [rows][trials] P&L of each stretch of time and trial
 * @return LF_OK, LF_RANGE (an option) or LF_NOMEM
 *
 * Cost:   rows * trials, and combinations * blocks * trials.
 * Source: Bailey, Borwein, López de Prado, Zhu (2017), Journal of Computational Finance 20(4),
 *         39-69.
 */
LF_API LF_MUST_CHECK lf_status
lf_stats_pbo(const double *values, const lf_pbo_options *options, lf_pbo *out);

#ifdef __cplusplus
}
#endif

#endif
