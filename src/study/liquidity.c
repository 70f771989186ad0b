/* Impact and liquidity from arrays: Kyle, Hasbrouck, Amihud, Roll, Corwin-Schultz, spreads, slope.
 */
#include "study_internal.h"

#include <lobflow/book.h>

#include <math.h>

/* ---- lines ------------------------------------------------------------------------------ */

static bool is_row(const double *x, const double *y, size_t i)
{
    return isfinite(x[i]) && isfinite(y[i]);
}

/* Least squares in two passes, so that large means cost no digits. */
static lf_study_slope fit_line(const double *x, const double *y, size_t count, bool has_intercept)
{
    lf_study_slope line = {NAN, NAN, NAN, NAN, NAN, 0};
    double mean_x = 0, mean_y = 0;
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_row(x, y, i)) {
            mean_x += x[i];
            mean_y += y[i];
            n++;
        }
    }
    line.count = n;
    mean_x = has_intercept && n > 0 ? mean_x / (double)n : 0;
    mean_y = has_intercept && n > 0 ? mean_y / (double)n : 0;
    double sxx = 0, sxy = 0, syy = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_row(x, y, i)) {
            sxx += (x[i] - mean_x) * (x[i] - mean_x);
            sxy += (x[i] - mean_x) * (y[i] - mean_y);
            syy += (y[i] - mean_y) * (y[i] - mean_y);
        }
    }
    if (n < 3 || !(sxx > 0)) {
        return line;
    }
    line.slope = sxy / sxx;
    line.intercept = has_intercept ? mean_y - line.slope * mean_x : 0;
    double squares = 0, meat = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_row(x, y, i)) {
            const double dx = x[i] - mean_x;
            const double residual = y[i] - mean_y - line.slope * dx;
            squares += residual * residual;
            meat += dx * dx * residual * residual;
        }
    }
    line.slope_se = sqrt(squares / (double)(n - (has_intercept ? 2 : 1)) / sxx);
    line.slope_se_white = sqrt(meat) / sxx;
    line.r2 = syy > 0 ? 1 - squares / syy : NAN;
    return line;
}

lf_study_slope lf_study_kyle(
    const double *price_changes, const double *signed_sizes, size_t count, bool has_intercept
)
{
    return fit_line(signed_sizes, price_changes, count, has_intercept);
}

lf_study_slope lf_study_hasbrouck(
    const double *returns, const double *root_flows, size_t count, bool has_intercept
)
{
    return fit_line(root_flows, returns, count, has_intercept);
}

double lf_study_amihud(const double *returns, const double *values, size_t count)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_row(returns, values, i) && values[i] > 0) {
            sum += fabs(returns[i]) / values[i];
            n++;
        }
    }
    return n > 0 ? sum / (double)n : NAN;
}

/* ---- spreads from prices alone ---------------------------------------------------------- */

static bool has_pair(const double *prices, size_t i)
{
    return isfinite(prices[i]) && isfinite(prices[i - 1]) && isfinite(prices[i - 2]);
}

lf_study_roll lf_study_roll_spread(const double *prices, size_t count, bool is_centered)
{
    lf_study_roll roll = {NAN, NAN, 0};
    double mean_now = 0, mean_before = 0;
    for (size_t i = 2; i < count; i++) {
        if (has_pair(prices, i)) {
            mean_now += prices[i] - prices[i - 1];
            mean_before += prices[i - 1] - prices[i - 2];
            roll.count++;
        }
    }
    if (roll.count < (is_centered ? 2 : 1)) {
        return roll;
    }
    mean_now = is_centered ? mean_now / (double)roll.count : 0;
    mean_before = is_centered ? mean_before / (double)roll.count : 0;
    double sum = 0;
    for (size_t i = 2; i < count; i++) {
        if (has_pair(prices, i)) {
            sum += (prices[i] - prices[i - 1] - mean_now) *
                   (prices[i - 1] - prices[i - 2] - mean_before);
        }
    }
    roll.covariance = sum / (double)(roll.count - (is_centered ? 1 : 0));
    roll.spread = roll.covariance > 0 ? NAN : 2 * sqrt(fabs(roll.covariance));
    return roll;
}

static bool has_range(const lf_study_ranges *ranges, size_t i)
{
    return isfinite(ranges->highs[i]) && ranges->lows[i] > 0 && ranges->lows[i] <= ranges->highs[i];
}

/* The spread of days i and i + 1, whatever its sign; NaN when one of them is undefined. */
static double pair_spread(const lf_study_ranges *ranges, size_t i)
{
    if (!has_range(ranges, i) || !has_range(ranges, i + 1)) {
        return NAN;
    }
    const double high1 = ranges->highs[i], low1 = ranges->lows[i];
    double high2 = ranges->highs[i + 1], low2 = ranges->lows[i + 1];
    if (ranges->closes != NULL) {
        const double close = ranges->closes[i];
        if (!isfinite(close)) {
            return NAN;
        }
        /* The price moved overnight: what the day did not touch is no part of its range. */
        const double gap = low2 > close ? low2 - close : high2 < close ? high2 - close : 0;
        high2 -= gap;
        low2 -= gap;
        if (!(low2 > 0)) {
            return NAN;
        }
    }
    const double one = log(high1 / low1), two = log(high2 / low2);
    const double both = log(fmax(high1, high2) / fmin(low1, low2));
    const double beta = one * one + two * two, k = 3 - 2 * sqrt(2);
    const double alpha = (sqrt(2 * beta) - sqrt(beta)) / k - both / sqrt(k);
    /* 2 (e^alpha - 1) / (1 + e^alpha), without the overflow. */
    return 2 * tanh(alpha / 2);
}

double
lf_study_corwin_schultz(const lf_study_ranges *ranges, lf_study_negative negative, double *spreads)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i + 1 < ranges->count; i++) {
        double spread = pair_spread(ranges, i);
        if (spread < 0 && negative != LF_STUDY_NEGATIVE_KEEP) {
            spread = negative == LF_STUDY_NEGATIVE_ZERO ? 0 : NAN;
        }
        if (spreads != NULL) {
            spreads[i] = spread;
        }
        if (!isnan(spread)) {
            sum += spread;
            n++;
        }
    }
    return n > 0 ? sum / (double)n : NAN;
}

/* ---- spreads from quotes ---------------------------------------------------------------- */

/* Mid before trade i in price units; NaN without a quote or for a mid that is not positive. */
static double mid_before(const lf_study_trades *trades, size_t i)
{
    const int64_t bid = trades->bid_units[i], ask = trades->ask_units[i];
    if (bid == LF_BID_NONE || ask == LF_ASK_NONE || bid >= ask || bid + ask <= 0) {
        return NAN;
    }
    return (double)(bid + ask) / 2;
}

lf_study_costs
lf_study_spread_costs(const lf_study_trades *trades, const double *later_mids, bool is_weighted)
{
    lf_study_costs costs = {NAN, NAN, NAN, NAN, NAN, NAN, 0};
    double sums[4] = {0}, total = 0; /* effective, impact; the same in bps */
    for (size_t i = 0; i < trades->count; i++) {
        const int8_t sign = trades->signs[i];
        const double mid = mid_before(trades, i);
        const double weight = is_weighted ? (double)trades->size_lots[i] : 1;
        if (sign == 0 || sign == LF_SIGN_UNKNOWN || isnan(mid) || !(weight > 0) ||
            (later_mids != NULL && !isfinite(later_mids[i]))) {
            continue;
        }
        const double effective = 2 * sign * ((double)trades->price_units[i] - mid);
        const double impact = later_mids != NULL ? 2 * sign * (later_mids[i] - mid) : NAN;
        sums[0] += weight * effective;
        sums[1] += weight * impact;
        sums[2] += weight * effective / mid * 1e4;
        sums[3] += weight * impact / mid * 1e4;
        total += weight;
        costs.count++;
    }
    if (costs.count > 0) {
        costs.effective = sums[0] / total;
        costs.impact = sums[1] / total;
        costs.realised = (sums[0] - sums[1]) / total;
        costs.effective_bps = sums[2] / total;
        costs.impact_bps = sums[3] / total;
        costs.realised_bps = (sums[2] - sums[3]) / total;
    }
    return costs;
}

/* ---- the shape of the book -------------------------------------------------------------- */

double lf_study_side_slope(double mid, const double *prices, const double *sizes, size_t count)
{
    double sum = 0, cumulated = 0, log_before = 0, price_before = mid;
    for (size_t i = 0; i < count; i++) {
        const double distance = fabs(prices[i] / price_before - 1);
        cumulated += sizes[i];
        const double log_now = log(cumulated);
        const bool goes_out = i == 0 || (prices[i] > prices[i - 1]) == (prices[0] > mid);
        if (!(sizes[i] > 0) || !(log_now > 0) || !(distance > 0) || !goes_out) {
            return NAN;
        }
        sum += (i == 0 ? log_now : log_now / log_before - 1) / distance;
        log_before = log_now;
        price_before = prices[i];
    }
    return count > 0 && mid > 0 && isfinite(sum) ? sum / (double)count : NAN;
}

/* One side of a book, without its missing levels. */
static double slope_of(double mid, const int64_t *ticks, const int64_t *lots)
{
    double prices[LF_LEVELS_MAX], sizes[LF_LEVELS_MAX];
    size_t count = 0;
    for (size_t m = 0; m < LF_LEVELS_MAX; m++) {
        if (lots[m] > 0) {
            prices[count] = (double)ticks[m];
            sizes[count++] = (double)lots[m];
        }
    }
    return lf_study_side_slope(mid, prices, sizes, count);
}

double lf_study_book_slope(const lf_quotes *quotes)
{
    if (!lf_book_valid(quotes) || lf_book_mid2(quotes) <= 0) {
        return NAN;
    }
    const double mid = (double)lf_book_mid2(quotes) / 2;
    return (slope_of(mid, quotes->bid_ticks, quotes->bid_lots) +
            slope_of(mid, quotes->ask_ticks, quotes->ask_lots)) /
           2;
}
