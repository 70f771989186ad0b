/* Moments, quantiles, sorting and the two distributions that intervals need. */
#include <lobflow/stats.h>

#include <math.h>
#include <stdlib.h>

double lf_stats_mean(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += values[i];
    }
    return count == 0 ? NAN : sum / (double)count;
}

double lf_stats_sd(const double *values, size_t count)
{
    if (count < 2) {
        return NAN;
    }
    const double mean = lf_stats_mean(values, count);
    double squares = 0;
    for (size_t i = 0; i < count; i++) {
        squares += (values[i] - mean) * (values[i] - mean);
    }
    return sqrt(squares / (double)(count - 1));
}

double lf_stats_quantile(const double *sorted, size_t count, double share)
{
    if (count == 0 || !(share >= 0 && share <= 1)) {
        return NAN;
    }
    const double place = share * (double)(count - 1);
    const size_t below = (size_t)place;
    if (below + 1 >= count) {
        return sorted[count - 1];
    }
    return sorted[below] + (place - (double)below) * (sorted[below + 1] - sorted[below]);
}

static int compare_doubles(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

void lf_stats_sort(double *values, size_t count)
{
    if (count > 1) {
        qsort(values, count, sizeof *values, compare_doubles);
    }
}

double lf_stats_normal_cdf(double z)
{
    return 0.5 * erfc(-z / sqrt(2.0));
}

/* Ratio of two polynomials of degree 7; coefficients from the constant term up. */
static double ratio(const double top[8], const double bottom[8], double x)
{
    double a = top[7];
    double b = bottom[7];
    for (int i = 6; i >= 0; i--) {
        a = a * x + top[i];
        b = b * x + bottom[i];
    }
    return a / b;
}

/* The tables of AS 241, PPND16: the middle, the shoulder and the tail. */
static const double MIDDLE_TOP[8] = {
    3.3871328727963666080e0,
    1.3314166789178437745e2,
    1.9715909503065514427e3,
    1.3731693765509461125e4,
    4.5921953931549871457e4,
    6.7265770927008700853e4,
    3.3430575583588128105e4,
    2.5090809287301226727e3,
};
static const double MIDDLE_BOTTOM[8] = {
    1.0,
    4.2313330701600911252e1,
    6.8718700749205790830e2,
    5.3941960214247511077e3,
    2.1213794301586595867e4,
    3.9307895800092710610e4,
    2.8729085735721942674e4,
    5.2264952788528545610e3,
};
static const double SHOULDER_TOP[8] = {
    1.42343711074968357734e0,
    4.63033784615654529590e0,
    5.76949722146069140550e0,
    3.64784832476320460504e0,
    1.27045825245236838258e0,
    2.41780725177450611770e-1,
    2.27238449892691845833e-2,
    7.74545014278341407640e-4,
};
static const double SHOULDER_BOTTOM[8] = {
    1.0,
    2.05319162663775882187e0,
    1.67638483018380384940e0,
    6.89767334985100004550e-1,
    1.48103976427480074590e-1,
    1.51986665636164571966e-2,
    5.47593808499534494600e-4,
    1.05075007164441684324e-9,
};
static const double TAIL_TOP[8] = {
    6.65790464350110377720e0,
    5.46378491116411436990e0,
    1.78482653991729133580e0,
    2.96560571828504891230e-1,
    2.65321895265761230930e-2,
    1.24266094738807843860e-3,
    2.71155556874348757815e-5,
    2.01033439929228813265e-7,
};
static const double TAIL_BOTTOM[8] = {
    1.0,
    5.99832206555887937690e-1,
    1.36929880922735805310e-1,
    1.48753612908506148525e-2,
    7.86869131145613259100e-4,
    1.84631831751005468180e-5,
    1.42151175831644588870e-7,
    2.04426310338993978564e-15,
};

double lf_stats_normal_quantile(double share)
{
    if (!(share >= 0 && share <= 1)) {
        return NAN;
    }
    if (share <= 0 || share >= 1) {
        return share <= 0 ? -INFINITY : INFINITY;
    }
    const double q = share - 0.5;
    if (fabs(q) <= 0.425) {
        return q * ratio(MIDDLE_TOP, MIDDLE_BOTTOM, 0.180625 - q * q);
    }
    const double r = sqrt(-log(q < 0 ? share : 1 - share));
    const double z = r <= 5 ? ratio(SHOULDER_TOP, SHOULDER_BOTTOM, r - 1.6)
                            : ratio(TAIL_TOP, TAIL_BOTTOM, r - 5);
    return q < 0 ? -z : z;
}

/*
 * The continued fraction of the incomplete beta function, evaluated front to back by Lentz's
 * method; it converges fast for x < (a + 1)/(a + b + 2).
 */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double value = d;
    for (int m = 1; m < 100000; m++) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double step = 1;
        for (int half = 0; half < 2; half++) {
            const double factor = half == 0 ? even : odd;
            d = 1 + factor * d;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = 1 + factor / c;
            c = fabs(c) < tiny ? tiny : c;
            step = c * d;
            value *= step;
        }
        if (fabs(step - 1) < 1e-16) {
            break;
        }
    }
    return value;
}

/* I_x(a, b); the complement 1 - x is given too, because subtracting would lose digits. */
static double beta_share(double a, double b, double x, double complement)
{
    int sign;
    if (!(x > 0) || !(complement > 0)) {
        return x > 0 ? 1 : 0;
    }
    const double log_front = lgamma_r(a + b, &sign) - lgamma_r(a, &sign) - lgamma_r(b, &sign) +
                             a * log(x) + b * log(complement);
    const double front = exp(log_front);
    return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a
                                     : 1 - front * beta_fraction(b, a, complement) / b;
}

double lf_stats_t_cdf(double t, double degrees)
{
    if (isnan(t) || !(degrees > 0)) {
        return NAN;
    }
    if (degrees >= 1e8) {
        return lf_stats_normal_cdf(t);
    }
    if (isinf(t * t)) {
        return t > 0 ? 1 : 0;
    }
    const double all = degrees + t * t;
    const double tail = 0.5 * beta_share(degrees / 2, 0.5, degrees / all, t * t / all);
    return t > 0 ? 1 - tail : tail;
}

/* The quantile between two bounds, halved until they are neighbours in double or close to it. */
static double search_t(double share, double degrees, double low, double high)
{
    for (int i = 0; i < 200 && high - low > 1e-13 * fmax(1, fabs(low)); i++) {
        const double middle = low + (high - low) / 2;
        if (lf_stats_t_cdf(middle, degrees) < share) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low + (high - low) / 2;
}

double lf_stats_t_quantile(double share, double degrees)
{
    const double z = lf_stats_normal_quantile(share);
    if (!(degrees > 0) || !isfinite(z)) {
        return degrees > 0 ? z : NAN;
    }
    if (degrees < 5) {
        /* The terms below are too few. The tails are even, so the upper half is enough. */
        double high = 1;
        const double upper = share < 0.5 ? 1 - share : share;
        while (lf_stats_t_cdf(high, degrees) < upper && high < 1e300) {
            high *= 2;
        }
        const double t = upper == 0.5 ? 0 : search_t(upper, degrees, 0, high);
        return share < 0.5 ? -t : t;
    }
    const double s = z * z;
    const double g1 = z * (s + 1) / 4;
    const double g2 = z * ((5 * s + 16) * s + 3) / 96;
    const double g3 = z * (((3 * s + 19) * s + 17) * s - 15) / 384;
    return z + g1 / degrees + g2 / (degrees * degrees) + g3 / (degrees * degrees * degrees);
}
