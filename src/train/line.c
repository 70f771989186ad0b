/*
 * Linear models by Newton's method: logistic regression, and least squares as its one-step case.
 *
 * Columns are standardised first, so that one ridge penalty fits all of them and the normal
 * equations are well conditioned; a missing value counts as the mean of its column. Each iteration
 * is one pass over the days, so that no more than a day's rows are held.
 */
#include "train_internal.h"

#include <math.h>
#include <string.h>

/* What an iteration works on: n = features + 1, the last one for the intercept. */
typedef struct work {
    const lfi_query *query;
    bool is_binary;
    double penalty;
    size_t n;
    size_t row_count;
    double up_count;   /* rows that rise, when binary */
    double weights[2]; /* of rows that fall and that rise */
    double *counts;    /* [n - 1] rows where the column is finite */
    double *means;     /* [n - 1] */
    double *scales;    /* [n - 1] 1 / sd, 0 for a column that does not vary */
    double *beta;      /* [n] */
    double *step;      /* [n] gradient, then the step */
    double *hessian;   /* [n][n] */
    double *row;       /* [n] */
} work;

static lf_status sum_rows(void *context, const lfi_matrix *rows, lf_error *error)
{
    work *const w = context;
    const size_t k = w->n - 1;
    (void)error;
    w->row_count += rows->row_count;
    for (size_t i = 0; i < rows->row_count; i++) {
        w->up_count += rows->y[i] > 0.5;
        for (size_t f = 0; f < k; f++) {
            const double x = rows->x[i * k + f];
            w->means[f] += isfinite(x) ? x : 0;
            w->counts[f] += isfinite(x) ? 1 : 0;
        }
    }
    return LF_OK;
}

static lf_status sum_squares(void *context, const lfi_matrix *rows, lf_error *error)
{
    work *const w = context;
    const size_t k = w->n - 1;
    (void)error;
    for (size_t i = 0; i < rows->row_count; i++) {
        for (size_t f = 0; f < k; f++) {
            const double x = rows->x[i * k + f] - w->means[f];
            w->scales[f] += isfinite(x) ? x * x : 0;
        }
    }
    return LF_OK;
}

static lf_status standardise(work *w, size_t least_rows, lf_error *error)
{
    lf_status status = lfi_each_day(w->query, sum_rows, w, error);
    if (status == LF_OK) {
        status = lfi_check_rows(w->query, w->row_count, least_rows, error);
    }
    for (size_t f = 0; f + 1 < w->n; f++) {
        w->means[f] = w->counts[f] > 0 ? w->means[f] / w->counts[f] : 0;
    }
    if (status == LF_OK) {
        status = lfi_each_day(w->query, sum_squares, w, error);
    }
    for (size_t f = 0; f + 1 < w->n; f++) {
        const double sd = w->counts[f] > 0 ? sqrt(w->scales[f] / w->counts[f]) : 0;
        w->scales[f] = sd > 0 && isfinite(sd) ? 1 / sd : 0;
    }
    return status;
}

static void standard_row(work *w, const double *x)
{
    const size_t k = w->n - 1;
    for (size_t f = 0; f < k; f++) {
        w->row[f] = isfinite(x[f]) ? (x[f] - w->means[f]) * w->scales[f] : 0;
    }
    w->row[k] = 1;
}

/* Adds rows to gradient and Hessian of the loss at beta. */
static lf_status accumulate(void *context, const lfi_matrix *rows, lf_error *error)
{
    work *const w = context;
    const size_t n = w->n;
    (void)error;
    for (size_t i = 0; i < rows->row_count; i++) {
        standard_row(w, rows->x + i * (n - 1));
        double z = 0;
        for (size_t f = 0; f < n; f++) {
            z += w->beta[f] * w->row[f];
        }
        const double mean = w->is_binary ? 1 / (1 + exp(-z)) : z;
        const double factor = w->weights[w->is_binary && rows->y[i] > 0.5];
        const double weight = factor * (w->is_binary ? mean * (1 - mean) : 1);
        const double miss = factor * (rows->y[i] - mean);
        for (size_t f = 0; f < n; f++) {
            const double part = weight * w->row[f];
            w->step[f] += miss * w->row[f];
            for (size_t g = 0; g <= f; g++) {
                w->hessian[f * n + g] += part * w->row[g];
            }
        }
    }
    return LF_OK;
}

/* Gradient and Hessian of the penalised loss at beta: one pass over all days. */
static lf_status differentiate(work *w, lf_error *error)
{
    const size_t n = w->n;
    memset(w->hessian, 0, n * n * sizeof *w->hessian);
    memset(w->step, 0, n * sizeof *w->step);
    const lf_status status = lfi_each_day(w->query, accumulate, w, error);
    for (size_t f = 0; f + 1 < n; f++) {
        w->step[f] -= w->penalty * w->beta[f];
        w->hessian[f * n + f] += w->penalty;
    }
    return status;
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

static lf_status iterate(work *w, int32_t *rounds, lf_error *error)
{
    /* Newton's method doubles the digits; 25 rounds are far more than an ordinary fit takes, and a
       separable one is held by the penalty. */
    const int32_t rounds_max = w->is_binary ? 25 : 1;
    for (*rounds = 1;; ++*rounds) {
        double largest = 0;
        const lf_status status = differentiate(w, error);
        if (status != LF_OK) {
            return status;
        }
        solve(w);
        for (size_t f = 0; f < w->n; f++) {
            largest = fmax(largest, fabs(w->step[f]));
        }
        /* A step beyond 4 standard units of log odds overshoots: shorten it. */
        const double factor = w->is_binary && largest > 4 ? 4 / largest : 1;
        for (size_t f = 0; f < w->n; f++) {
            w->beta[f] += factor * w->step[f];
        }
        if (largest < 1e-10 || *rounds == rounds_max) {
            return LF_OK;
        }
    }
}

lf_status lfi_line_fit(
    const lfi_query *query, double ridge, size_t least_rows, lfi_line *out, lf_error *error
)
{
    const lf_allocator *const allocator = query->data->allocator;
    const size_t n = lfi_query_width(query) + 1;
    double *block = lf_allocate(allocator, n * (n + 6), sizeof *block);
    if (block == NULL) {
        return lf_error_set(error, LF_NOMEM, "not enough memory for %zu coefficients.", n);
    }
    work w = {
        .query = query,
        .is_binary = query->head != LF_HEAD_RET_1MIN,
        .n = n,
        .hessian = block,
        .counts = block + n * n,
        .means = block + n * (n + 1),
        .scales = block + n * (n + 2),
        .beta = block + n * (n + 3),
        .step = block + n * (n + 4),
        .row = block + n * (n + 5),
    };
    *out = (lfi_line){0};
    lf_status status = standardise(&w, least_rows, error);
    w.weights[0] = w.weights[1] = 1;
    if (w.is_binary && query->data->options->balanced && w.up_count > 0 &&
        w.up_count < (double)w.row_count) {
        w.weights[0] = 0.5 * (double)w.row_count / ((double)w.row_count - w.up_count);
        w.weights[1] = 0.5 * (double)w.row_count / w.up_count;
    }
    /* A row of a logistic carries information 1/4 at best, one of least squares 1. */
    w.penalty = ridge * (double)w.row_count * (w.is_binary ? 0.25 : 1);
    out->row_count = w.row_count;
    if (status == LF_OK) {
        status = iterate(&w, &out->rounds, error);
    }
    out->intercept = w.beta[n - 1];
    for (size_t f = 0; f + 1 < n; f++) {
        out->weights[f] = w.beta[f] * w.scales[f];
        out->means[f] = w.means[f];
    }
    lf_release(allocator, block);
    return status;
}

double lfi_line_value(const lfi_line *line, const double *x, size_t feature_count)
{
    double z = line->intercept;
    for (size_t f = 0; f < feature_count; f++) {
        z += isfinite(x[f]) ? line->weights[f] * (x[f] - line->means[f]) : 0;
    }
    return z;
}
