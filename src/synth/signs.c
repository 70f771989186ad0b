/* Signs of market orders and the strength of the planted drift. */
#include "synth_internal.h"

#include <math.h>

/* Windows of one minute that the calibration simulates: 1 % error of the planted share. */
#define CALIBRATION_WINDOWS 40000
#define MINUTE_S 60.0

/* Length of a metaorder: Pareto with P(L > l) = l^-exponent, rounded up. */
static int64_t draw_length(double exponent, lf_random *random)
{
    const double length = pow(1 - lf_random_uniform(random), -1 / exponent);
    return length < 1e6 ? (int64_t)ceil(length) : 1000000;
}

static void renew(lfi_signs *signs, size_t i, lf_random *random)
{
    signs->sign[i] = lf_random_below(random, 2) == 0 ? -1 : 1;
    signs->left[i] = draw_length(signs->exponent, random);
}

void lfi_signs_init(lfi_signs *signs, double exponent, lf_random *random)
{
    signs->exponent = exponent;
    for (size_t i = 0; i < LFI_SYNTH_POOL; i++) {
        renew(signs, i, random);
    }
}

int32_t lfi_signs_next(lfi_signs *signs, lf_random *random)
{
    const size_t i = (size_t)lf_random_below(random, LFI_SYNTH_POOL);
    const int32_t sign = signs->sign[i];
    if (--signs->left[i] == 0) {
        renew(signs, i, random);
    }
    return sign;
}

/*
 * The flow state x jumps by sign * size / mean size at each execution and decays with the
 * half-life; the latent price drifts by drift * x. With D = the integral of x over the next minute,
 *
 *     share explained by x = drift^2 Cov(x, D)^2 / (Var(x) (drift^2 Var(D) + volatility^2 60 s)).
 *
 * Signs have memory, so the three moments come from a simulation of the flow alone.
 */
double lfi_synth_drift(
    double alpha, double half_life_s, double market_rate, double volatility, double exponent
)
{
    if (!(alpha > 0)) {
        return 0;
    }
    lf_random random;
    lfi_signs signs;
    lf_random_seed(&random, 20140107, 0);
    lfi_signs_init(&signs, exponent, &random);
    const double kappa = log(2) / half_life_s;
    double x = 0, integral = 0, now = 0, at_begin = 0, xx = 0, xd = 0, dd = 0;
    double next = lf_random_exponential(&random) / market_rate;
    for (int window = -100; window < CALIBRATION_WINDOWS; window++) {
        const double end = now + MINUTE_S;
        at_begin = x;
        integral = 0;
        while (now < end) {
            const double until = next < end ? next : end;
            const double decay = exp(-kappa * (until - now));
            integral += x * (1 - decay) / kappa;
            x *= decay;
            now = until;
            if (now == next) {
                x += lfi_signs_next(&signs, &random) * lf_random_exponential(&random);
                next = now + lf_random_exponential(&random) / market_rate;
            }
        }
        if (window >= 0) {
            xx += at_begin * at_begin;
            xd += at_begin * integral;
            dd += integral * integral;
        }
    }
    const double n = CALIBRATION_WINDOWS;
    const double gain = xd * xd / (xx * n) - alpha * dd / n;
    const double noise = volatility * volatility * MINUTE_S;
    return gain > 0 ? sqrt(alpha * noise / gain) : NAN;
}

double lf_synth_hit_bound(double alpha)
{
    return 0.5 + asin(sqrt(alpha)) / acos(-1.0);
}
