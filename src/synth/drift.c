/* How strong the planted drift must be, and what then bounds every forecast. */
#include "synth_internal.h"

#include <math.h>

/*
 * Executions come at `rate`, each with a sign s and a relative size v of mean 1 and mean square m2.
 * The flow state x jumps by s v and decays with kappa; the latent price drifts by c x. With D the
 * integral of x over the next minute T, the return is c D + M, where M is a martingale's increment
 * of variance N T that has nothing to do with the past but moves with the surprises in D. So
 *
 *     share explained by x = c^2 Cov(x, D)^2 / (Var(x) (c^2 Var(D) + 2 c Cov(D, M) + N T)) = A,
 *
 * a quadratic equation for c. The autocorrelation of signs is a sum of geometric sequences
 * a_j q_j^(k-1), which the Poisson clock turns into a_j exp(-nu_j u) with nu_j = rate (1 - q_j); a
 * filter of decay kappa makes of that the autocovariance of x at lag u,
 *
 *     rate m2 / (2 kappa) e^(-kappa u)
 *         + sum_j rate^2 a_j / (kappa^2 - nu_j^2) (e^(-nu_j u) - nu_j / kappa e^(-kappa u)),
 *
 * and all moments are integrals of exponentials.
 */

/* Integral of e^(-a u) over [0, t]. */
static double first_integral(double a, double t)
{
    return -expm1(-a * t) / a;
}

/* Integral of (t - u) e^(-a u) over [0, t]. */
static double second_integral(double a, double t)
{
    return (t - first_integral(a, t)) / a;
}

lfi_flow_moments lfi_synth_flow_moments(
    const lfi_signs *signs, double rate, double kappa, double size_square, double t
)
{
    const double fresh = rate * size_square / (2 * kappa);
    lfi_flow_moments m = {
        .variance = fresh,
        .covariance = fresh * first_integral(kappa, t),
        .integral_variance = 2 * fresh * second_integral(kappa, t),
    };
    double first = 1;
    double with_surprise = 0;
    for (int j = 0; j < LF_SYNTH_KINDS; j++) {
        const double a = signs->weight[j];
        double nu = rate * signs->end[j] / signs->pool;
        /* The formulas have a removable pole where the two decays meet. */
        nu *= fabs(nu / kappa - 1) < 1e-6 ? 1 + 2e-6 : 1;
        const double scale = rate * rate * a / (kappa * kappa - nu * nu);
        const double slow = nu / kappa;
        m.variance += scale * (1 - slow);
        m.covariance += scale * (first_integral(nu, t) - slow * first_integral(kappa, t));
        m.integral_variance +=
            2 * scale * (second_integral(nu, t) - slow * second_integral(kappa, t));
        first -= a;
        with_surprise += a / kappa *
                         (t - first_integral(nu, t) -
                          nu / (nu - kappa) * (first_integral(kappa, t) - first_integral(nu, t)));
    }
    with_surprise += first / kappa * (t - first_integral(kappa, t));
    m.surprise_covariance = rate * with_surprise;
    m.surprise_square = first;
    return m;
}

double lfi_synth_drift(const lfi_flow_moments *m, double alpha, double impact, double noise)
{
    const double gain = m->covariance * m->covariance / m->variance - alpha * m->integral_variance;
    if (!(alpha > 0)) {
        return 0;
    }
    if (!(gain > 0)) {
        return NAN;
    }
    const double cross = alpha * impact * m->surprise_covariance;
    return (cross + sqrt(cross * cross + gain * alpha * noise)) / gain;
}

double lf_synth_edge_left(const lf_synth_options *options, int64_t delay_ns)
{
    return options->alpha_shock_ticks *
           exp2(-(double)delay_ns / (double)options->alpha_half_life_ns);
}

double lf_synth_hit_bound(double alpha)
{
    return 0.5 + asin(sqrt(alpha)) / acos(-1.0);
}
