/* Sharpe ratios and how far to believe them: moments, track record, number of trials. */
#include <lobflow/stats.h>

#include <math.h>

#define EULER_GAMMA 0.57721566490153286

lf_sharpe lf_stats_sharpe(const double *values, size_t count)
{
    const double mean = lf_stats_mean(values, count);
    const double sd = lf_stats_sd(values, count);
    lf_sharpe out = {.ratio = NAN, .skewness = NAN, .kurtosis = NAN, .count = count};
    if (!(sd > 0)) {
        return out;
    }
    double squares = 0;
    double cubes = 0;
    double fourths = 0;
    for (size_t i = 0; i < count; i++) {
        const double a = values[i] - mean;
        squares += a * a;
        cubes += a * a * a;
        fourths += a * a * a * a;
    }
    const double n = (double)count;
    const double variance = squares / n;
    out.ratio = mean / sd;
    out.skewness = cubes / n / (variance * sqrt(variance));
    out.kurtosis = fourths / n / (variance * variance);
    return out;
}

/* Variance of one row's contribution to the ratio: 1 for small ratios of a normal. */
static double spread(const lf_sharpe *s)
{
    return 1 - s->skewness * s->ratio + (s->kurtosis - 1) / 4 * s->ratio * s->ratio;
}

double lf_stats_psr(const lf_sharpe *sharpe, double benchmark)
{
    if (sharpe->count < 2 || !(spread(sharpe) > 0)) {
        return NAN;
    }
    const double scale = sqrt(((double)sharpe->count - 1) / spread(sharpe));
    return lf_stats_normal_cdf((sharpe->ratio - benchmark) * scale);
}

double lf_stats_expected_max(double trials)
{
    if (!(trials > 1)) {
        return 0;
    }
    return (1 - EULER_GAMMA) * lf_stats_normal_quantile(1 - 1 / trials) +
           EULER_GAMMA * lf_stats_normal_quantile(1 - exp(-1) / trials);
}

double lf_stats_min_track_record(const lf_sharpe *sharpe, double benchmark, double confidence)
{
    if (!(sharpe->ratio > benchmark)) {
        return NAN;
    }
    const double z = lf_stats_normal_quantile(confidence) / (sharpe->ratio - benchmark);
    return 1 + spread(sharpe) * z * z;
}

double lf_stats_deflated_sharpe(const lf_sharpe *sharpe, double trials, double variance)
{
    return lf_stats_psr(sharpe, sqrt(variance) * lf_stats_expected_max(trials));
}

double lf_stats_min_backtest_years(double trials, double annual_ratio)
{
    const double years = lf_stats_expected_max(trials) / annual_ratio;
    return years * years;
}
