/*
 * Hasbrouck's vector autoregression of returns and order flow in trade time.
 *
 * Letters: p lags, r returns, x flow; a row of the design is (1, r_{t-1} .. r_{t-p}, x_{t-1} ..
 * x_{t-p}, x_t), the 1 only with an intercept. x_t stands last, so that the equation of the flow,
 * which lacks it, uses the leading part of the same sums.
 */
#include "study_internal.h"

#include <math.h>
#include <string.h>

#define COLUMNS_MAX (2 * LF_STUDY_LAGS_MAX + 2)
#define DEFAULT_LAGS_MAX 10
#define DEFAULT_STEPS 20

/* The data and the shape of the design. */
typedef struct design {
    const double *r, *x;
    size_t count;
    size_t lags;
    size_t skip; /* lags that a row must have behind it, >= lags: one sample for all choices */
    bool has_intercept;
    size_t columns; /* of the return equation; the flow equation has one less */
} design;

/* Coefficients of both equations, in the order of the columns, and how well they fit. */
typedef struct solution {
    double r_on[COLUMNS_MAX], x_on[COLUMNS_MAX];
    double r_squares, x_squares; /* of the residuals */
    size_t rows;
} solution;

static design design_of(const double *r, const double *x, size_t count, size_t lags, bool intercept)
{
    return (design){
        .r = r,
        .x = x,
        .count = count,
        .lags = lags,
        .skip = lags,
        .has_intercept = intercept,
        .columns = 2 * lags + 1 + (intercept ? 1 : 0),
    };
}

/*
 * The next row at or after *t that has all its lags defined, into row [columns]. `run` counts the
 * defined values up to *t. False at the end.
 */
static bool next_row(const design *d, size_t *t, size_t *run, double *row)
{
    for (; *t < d->count; (*t)++) {
        *run = isfinite(d->r[*t]) && isfinite(d->x[*t]) ? *run + 1 : 0;
        if (*run > d->skip) {
            break;
        }
    }
    if (*t >= d->count) {
        return false;
    }
    size_t c = 0;
    if (d->has_intercept) {
        row[c++] = 1;
    }
    for (size_t i = 1; i <= d->lags; i++) {
        row[c + i - 1] = d->r[*t - i];
        row[c + d->lags + i - 1] = d->x[*t - i];
    }
    row[c + 2 * d->lags] = d->x[*t];
    return true;
}

static double product(const double *a, const double *b, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

/* Both equations by least squares; false when there are too few rows or the columns depend. */
static bool solve(const design *d, solution *out)
{
    double row[COLUMNS_MAX], gram[COLUMNS_MAX * COLUMNS_MAX] = {0}, part[COLUMNS_MAX * COLUMNS_MAX];
    const size_t n = d->columns;
    memset(out, 0, sizeof *out);
    for (size_t t = 0, run = 0; next_row(d, &t, &run, row); t++) {
        for (size_t i = 0; i < n; i++) {
            out->r_on[i] += row[i] * d->r[t];
            out->x_on[i] += row[i] * d->x[t];
            for (size_t j = 0; j <= i; j++) {
                gram[i * n + j] += row[i] * row[j];
            }
        }
        out->rows++;
    }
    if (out->rows < n + 2) {
        return false;
    }
    for (size_t i = 0; i + 1 < n; i++) {
        memcpy(&part[i * (n - 1)], &gram[i * n], (n - 1) * sizeof *part);
    }
    if (!lfi_study_solve_cholesky(gram, out->r_on, n) ||
        !lfi_study_solve_cholesky(part, out->x_on, n - 1)) {
        return false;
    }
    for (size_t t = 0, run = 0; next_row(d, &t, &run, row); t++) {
        const double u = d->r[t] - product(out->r_on, row, n);
        const double v = d->x[t] - product(out->x_on, row, n - 1);
        out->r_squares += u * u;
        out->x_squares += v * v;
    }
    return true;
}

/*
 * Schwarz's criterion of the system. With x_t in the return equation the two residuals are
 * uncorrelated, so the determinant of their covariance is the product of the variances.
 */
static double schwarz(const design *d, const solution *fit)
{
    const double rows = (double)fit->rows;
    return rows * (log(fit->r_squares / rows) + log(fit->x_squares / rows)) +
           (double)(2 * d->columns - 1) * log(rows);
}

/* The best number of lags, judged on the rows that have lags_max behind them; 0 when none fits. */
static size_t choose_lags(const design *like, size_t lags_max)
{
    size_t best = 0;
    double least = INFINITY;
    for (size_t lags = 1; lags <= lags_max; lags++) {
        design d = design_of(like->r, like->x, like->count, lags, like->has_intercept);
        d.skip = lags_max;
        solution fit;
        if (solve(&d, &fit)) {
            const double value = schwarz(&d, &fit);
            /* A perfect fit gives minus infinity: the shortest such one is taken. */
            if (best == 0 || value < least) {
                best = lags;
                least = value;
            }
        }
    }
    return best;
}

static void fill(const design *d, const solution *fit, lf_study_var *out)
{
    const size_t first = d->has_intercept ? 1 : 0, p = d->lags;
    const double rows = (double)fit->rows;
    *out = (lf_study_var){.lags = p, .count = fit->rows};
    for (size_t i = 0; i < p; i++) {
        out->returns_on_returns[i] = fit->r_on[first + i];
        out->returns_on_flow[i] = fit->r_on[first + p + i];
        out->flow_on_returns[i] = fit->x_on[first + i];
        out->flow_on_flow[i] = fit->x_on[first + p + i];
    }
    out->returns_on_flow_now = fit->r_on[first + 2 * p];
    out->return_intercept = d->has_intercept ? fit->r_on[0] : 0;
    out->flow_intercept = d->has_intercept ? fit->x_on[0] : 0;
    out->return_variance = fit->r_squares / (rows - (double)d->columns);
    out->flow_variance = fit->x_squares / (rows - (double)(d->columns - 1));
}

/* One unit of flow at step 0 and nothing else; returns cumulated. */
static double respond(const lf_study_var *var, size_t steps, double *response)
{
    /* The newest value first: what happened i + 1 steps ago stands at [i]. */
    double r_past[LF_STUDY_LAGS_MAX] = {0}, x_past[LF_STUDY_LAGS_MAX] = {0}, sum = 0;
    for (size_t step = 0; step <= steps; step++) {
        const double x = (step == 0 ? 1 : 0) + product(var->flow_on_returns, r_past, var->lags) +
                         product(var->flow_on_flow, x_past, var->lags);
        const double r = var->returns_on_flow_now * x +
                         product(var->returns_on_returns, r_past, var->lags) +
                         product(var->returns_on_flow, x_past, var->lags);
        sum += r;
        if (response != NULL) {
            response[step] = sum;
        }
        memmove(r_past + 1, r_past, (LF_STUDY_LAGS_MAX - 1) * sizeof *r_past);
        memmove(x_past + 1, x_past, (LF_STUDY_LAGS_MAX - 1) * sizeof *x_past);
        r_past[0] = r;
        x_past[0] = x;
    }
    return sum;
}

lf_status lf_study_var_fit(
    const double *returns,
    const double *flow,
    size_t count,
    const lf_study_var_options *options,
    lf_study_var *out,
    double *response,
    lf_error *error
)
{
    const lf_study_var_options o = options != NULL ? *options : (lf_study_var_options){0};
    const size_t lags_max = o.lags_max != 0 ? o.lags_max : DEFAULT_LAGS_MAX;
    if (o.lags > LF_STUDY_LAGS_MAX || lags_max > LF_STUDY_LAGS_MAX) {
        return lf_error_set(
            error, LF_RANGE, "the vector autoregression takes at most %d lags", LF_STUDY_LAGS_MAX
        );
    }
    design d = design_of(returns, flow, count, o.lags, o.has_intercept);
    const size_t lags = o.lags != 0 ? o.lags : choose_lags(&d, lags_max);
    solution fit;
    d = design_of(returns, flow, count, lags, o.has_intercept);
    if (lags == 0 || !solve(&d, &fit)) {
        return lf_error_set(
            error,
            LF_DATA,
            "the vector autoregression of %zu rows cannot be fitted: too few unbroken rows for the "
            "lags, or returns or flow that do not vary",
            count
        );
    }
    fill(&d, &fit, out);
    out->impact = respond(out, o.steps != 0 ? o.steps : DEFAULT_STEPS, response);
    return LF_OK;
}
