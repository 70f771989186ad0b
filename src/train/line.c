/*
 * Linear models by Newton's method: logistic regression, and least squares as its one-step case.
 *
 * Columns are standardised first, so that one ridge penalty fits all of them and the normal
 * equations are well conditioned; a missing value counts as the mean of its column.
 */
#include "train_internal.h"

#include <math.h>
#include <string.h>

/* What an iteration works on: n = features + 1, the last one for the intercept. */
typedef struct work {
    const lfi_matrix *rows;
    bool is_binary;
    double penalty;
    size_t n;
    double *means;   /* [n - 1] */
    double *scales;  /* [n - 1] 1 / sd, 0 for a column that does not vary */
    double *beta;    /* [n] */
    double *step;    /* [n] gradient, then the step */
    double *hessian; /* [n][n] */
    double *row;     /* [n] */
} work;

static void standardise(work *w)
{
    const size_t k = w->n - 1;
    for (size_t f = 0; f < k; f++) {
        double sum = 0;
        double count = 0;
        for (size_t i = 0; i < w->rows->row_count; i++) {
            const double x = w->rows->x[i * k + f];
            sum += isfinite(x) ? x : 0;
            count += isfinite(x) ? 1 : 0;
        }
        w->means[f] = count > 0 ? sum / count : 0;
        double squares = 0;
        for (size_t i = 0; i < w->rows->row_count; i++) {
            const double x = w->rows->x[i * k + f] - w->means[f];
            squares += isfinite(x) ? x * x : 0;
        }
        const double sd = count > 0 ? sqrt(squares / count) : 0;
        w->scales[f] = sd > 0 && isfinite(sd) ? 1 / sd : 0;
    }
}

static void standard_row(const work *w, size_t i)
{
    const size_t k = w->n - 1;
    for (size_t f = 0; f < k; f++) {
        const double x = w->rows->x[i * k + f];
        w->row[f] = isfinite(x) ? (x - w->means[f]) * w->scales[f] : 0;
    }
    w->row[k] = 1;
}

/* Gradient and Hessian of the penalised loss at beta. */
static void accumulate(work *w)
{
    const size_t n = w->n;
    memset(w->hessian, 0, n * n * sizeof *w->hessian);
    memset(w->step, 0, n * sizeof *w->step);
    for (size_t i = 0; i < w->rows->row_count; i++) {
        standard_row(w, i);
        double z = 0;
        for (size_t f = 0; f < n; f++) {
            z += w->beta[f] * w->row[f];
        }
        const double mean = w->is_binary ? 1 / (1 + exp(-z)) : z;
        const double weight = w->is_binary ? mean * (1 - mean) : 1;
        const double miss = w->rows->y[i] - mean;
        for (size_t f = 0; f < n; f++) {
            const double part = weight * w->row[f];
            w->step[f] += miss * w->row[f];
            for (size_t g = 0; g <= f; g++) {
                w->hessian[f * n + g] += part * w->row[g];
            }
        }
    }
    for (size_t f = 0; f + 1 < n; f++) {
        w->step[f] -= w->penalty * w->beta[f];
        w->hessian[f * n + f] += w->penalty;
    }
}

/* Cholesky in place on the lower triangle, then two substitutions: step = hessian^-1 gradient. A
   column without information (it does not vary, no penalty) gets a step of 0. */
static void solve(work *w)
{
    const size_t n = w->n;
    double *a = w->hessian;
    for (size_t j = 0; j < n; j++) {
        double pivot = a[j * n + j];
        const double whole = pivot;
        for (size_t k = 0; k < j; k++) {
            pivot -= a[j * n + k] * a[j * n + k];
        }
        /* Below this share of the column's own size only rounding is left. */
        const bool is_empty = !(pivot > 1e-12 * whole);
        a[j * n + j] = is_empty ? INFINITY : sqrt(pivot);
        for (size_t i = j + 1; i < n; i++) {
            double sum = a[i * n + j];
            for (size_t k = 0; k < j; k++) {
                sum -= a[i * n + k] * a[j * n + k];
            }
            a[i * n + j] = is_empty ? 0 : sum / a[j * n + j];
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++) {
            w->step[i] -= a[i * n + k] * w->step[k];
        }
        w->step[i] /= a[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; k++) {
            w->step[i] -= a[k * n + i] * w->step[k];
        }
        w->step[i] /= a[i * n + i];
    }
}

static int32_t iterate(work *w)
{
    /* Newton's method doubles the digits; 25 rounds are far more than an ordinary fit takes, and a
       separable one is held by the penalty. */
    const int32_t rounds_max = w->is_binary ? 25 : 1;
    for (int32_t round = 1; round <= rounds_max; round++) {
        double largest = 0;
        accumulate(w);
        solve(w);
        for (size_t f = 0; f < w->n; f++) {
            largest = fmax(largest, fabs(w->step[f]));
        }
        /* A step beyond 4 standard units of log odds overshoots: shorten it. */
        const double factor = w->is_binary && largest > 4 ? 4 / largest : 1;
        for (size_t f = 0; f < w->n; f++) {
            w->beta[f] += factor * w->step[f];
        }
        if (largest < 1e-10) {
            return round;
        }
    }
    return rounds_max;
}

lf_status lfi_line_fit(
    const lf_allocator *allocator,
    const lfi_matrix *rows,
    bool is_binary,
    double ridge,
    lfi_line *out,
    lf_error *error
)
{
    const size_t n = rows->feature_count + 1;
    double *block = lf_allocate(allocator, n * (n + 5), sizeof *block);
    if (block == NULL) {
        return lf_error_set(error, LF_NOMEM, "not enough memory for %zu coefficients.", n);
    }
    work w = {
        .rows = rows,
        .is_binary = is_binary,
        /* A row of a logistic carries information 1/4 at best, one of least squares 1. */
        .penalty = ridge * (double)rows->row_count * (is_binary ? 0.25 : 1),
        .n = n,
        .hessian = block,
        .means = block + n * n,
        .scales = block + n * (n + 1),
        .beta = block + n * (n + 2),
        .step = block + n * (n + 3),
        .row = block + n * (n + 4),
    };
    standardise(&w);
    *out = (lfi_line){0};
    out->rounds = iterate(&w);
    out->intercept = w.beta[n - 1];
    for (size_t f = 0; f + 1 < n; f++) {
        out->weights[f] = w.beta[f] * w.scales[f];
        out->means[f] = w.means[f];
    }
    lf_release(allocator, block);
    return LF_OK;
}

double lfi_line_value(const lfi_line *line, const double *x, size_t feature_count)
{
    double z = line->intercept;
    for (size_t f = 0; f < feature_count; f++) {
        z += isfinite(x[f]) ? line->weights[f] * (x[f] - line->means[f]) : 0;
    }
    return z;
}
