/* Small dense regressions in plain loops: at most 11 columns, so the order of every sum is fixed.
 */
#include "study_internal.h"

#include <math.h>
#include <string.h>

lfi_study_line lfi_study_ols(const double *x, const double *y, size_t count)
{
    lfi_study_line line = {NAN, NAN, NAN, NAN};
    double mean_x = 0, mean_y = 0;
    for (size_t i = 0; i < count; i++) {
        mean_x += x[i];
        mean_y += y[i];
    }
    mean_x /= (double)count;
    mean_y /= (double)count;
    double sxx = 0, sxy = 0, syy = 0;
    for (size_t i = 0; i < count; i++) {
        const double dx = x[i] - mean_x, dy = y[i] - mean_y;
        sxx += dx * dx;
        sxy += dx * dy;
        syy += dy * dy;
    }
    if (count < 3 || !(sxx > 0)) {
        return line;
    }
    line.beta = sxy / sxx;
    line.alpha = mean_y - line.beta * mean_x;
    double meat = 0;
    for (size_t i = 0; i < count; i++) {
        const double dx = x[i] - mean_x;
        const double residual = y[i] - line.alpha - line.beta * x[i];
        meat += dx * dx * residual * residual;
    }
    line.beta_se = sqrt(meat) / sxx;
    line.r2 = syy > 0 ? sxy * sxy / (sxx * syy) : NAN;
    return line;
}

bool lfi_study_solve_cholesky(double *a, double *b, size_t n)
{
    for (size_t j = 0; j < n; j++) {
        double pivot = a[j * n + j];
        for (size_t k = 0; k < j; k++) {
            pivot -= a[j * n + k] * a[j * n + k];
        }
        /* A pivot this small beside its diagonal is rounding, not information. */
        if (!(pivot > 1e-12 * a[j * n + j]) || !(pivot > 0)) {
            return false;
        }
        a[j * n + j] = sqrt(pivot);
        for (size_t i = j + 1; i < n; i++) {
            double sum = a[i * n + j];
            for (size_t k = 0; k < j; k++) {
                sum -= a[i * n + k] * a[j * n + k];
            }
            a[i * n + j] = sum / a[j * n + j];
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++) {
            b[i] -= a[i * n + k] * b[k];
        }
        b[i] /= a[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; k++) {
            b[i] -= a[k * n + i] * b[k];
        }
        b[i] /= a[i * n + i];
    }
    return true;
}

/* Column means and standard deviations of x. */
static void
moments(const double *x, size_t count, size_t columns, double *means, double *deviations)
{
    for (size_t c = 0; c < columns; c++) {
        double sum = 0, squares = 0;
        for (size_t i = 0; i < count; i++) {
            sum += x[i * columns + c];
        }
        means[c] = sum / (double)count;
        for (size_t i = 0; i < count; i++) {
            const double d = x[i * columns + c] - means[c];
            squares += d * d;
        }
        deviations[c] = sqrt(squares / (double)count);
    }
}

bool lfi_study_fit(
    const double *x,
    const double *y,
    size_t count,
    size_t columns,
    double ridge,
    double *coefficients
)
{
    double means[LF_LEVELS_MAX], deviations[LF_LEVELS_MAX];
    double gram[LF_LEVELS_MAX * LF_LEVELS_MAX] = {0}, right[LF_LEVELS_MAX] = {0};
    if (count < columns + 2) {
        return false;
    }
    moments(x, count, columns, means, deviations);
    double mean_y = 0;
    for (size_t i = 0; i < count; i++) {
        mean_y += y[i];
    }
    mean_y /= (double)count;
    for (size_t i = 0; i < count; i++) {
        double z[LF_LEVELS_MAX];
        for (size_t c = 0; c < columns; c++) {
            z[c] = deviations[c] > 0 ? (x[i * columns + c] - means[c]) / deviations[c] : 0;
        }
        for (size_t c = 0; c < columns; c++) {
            right[c] += z[c] * (y[i] - mean_y);
            for (size_t d = 0; d <= c; d++) {
                gram[c * columns + d] += z[c] * z[d];
            }
        }
    }
    for (size_t c = 0; c < columns; c++) {
        gram[c * columns + c] += ridge;
    }
    if (!lfi_study_solve_cholesky(gram, right, columns)) {
        return false;
    }
    coefficients[0] = mean_y;
    for (size_t c = 0; c < columns; c++) {
        coefficients[c + 1] = deviations[c] > 0 ? right[c] / deviations[c] : 0;
        coefficients[0] -= coefficients[c + 1] * means[c];
    }
    return true;
}

double lfi_study_r2(
    const double *x, const double *y, size_t count, size_t columns, const double *coefficients
)
{
    double mean = 0, sse = 0, sst = 0;
    for (size_t i = 0; i < count; i++) {
        mean += y[i];
    }
    mean /= (double)count;
    for (size_t i = 0; i < count; i++) {
        double fit = coefficients[0];
        for (size_t c = 0; c < columns; c++) {
            fit += coefficients[c + 1] * x[i * columns + c];
        }
        sse += (y[i] - fit) * (y[i] - fit);
        sst += (y[i] - mean) * (y[i] - mean);
    }
    return sst > 0 ? 1 - sse / sst : NAN;
}

/* Turns rows and columns p, q of the symmetric a [n][n] so that a[p][q] becomes 0. */
static void rotate(double *a, double *vectors, size_t n, size_t p, size_t q)
{
    const double off = a[p * n + q];
    if (off == 0) {
        return;
    }
    const double theta = (a[q * n + q] - a[p * n + p]) / (2 * off);
    /* The smaller of the two turns; a theta whose square overflows gives 0. */
    const double tangent = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1));
    const double cosine = 1 / sqrt(tangent * tangent + 1), sine = tangent * cosine;
    for (size_t k = 0; k < n; k++) {
        const double x = a[k * n + p], y = a[k * n + q];
        a[k * n + p] = cosine * x - sine * y;
        a[k * n + q] = sine * x + cosine * y;
    }
    for (size_t k = 0; k < n; k++) {
        const double x = a[p * n + k], y = a[q * n + k];
        a[p * n + k] = cosine * x - sine * y;
        a[q * n + k] = sine * x + cosine * y;
    }
    for (size_t k = 0; k < n; k++) {
        const double x = vectors[k * n + p], y = vectors[k * n + q];
        vectors[k * n + p] = cosine * x - sine * y;
        vectors[k * n + q] = sine * x + cosine * y;
    }
}

/*
 * Eigenvalues of the symmetric a [n][n] on its diagonal, eigenvectors in the columns of vectors.
 * Jacobi's cyclic method: unlike power steps it depends on no first guess.
 */
static void diagonalise(double *a, double *vectors, size_t n)
{
    for (size_t i = 0; i < n * n; i++) {
        vectors[i] = i % (n + 1) == 0 ? 1 : 0;
    }
    /* It converges quadratically: fewer than ten sweeps settle 10 x 10. */
    for (int sweep = 0; sweep < 60; sweep++) {
        double off = 0, all = 0;
        for (size_t i = 0; i < n * n; i++) {
            all += a[i] * a[i];
            off += i % (n + 1) == 0 ? 0 : a[i] * a[i];
        }
        if (!(off > 1e-32 * all)) {
            return;
        }
        for (size_t p = 0; p + 1 < n; p++) {
            for (size_t q = p + 1; q < n; q++) {
                rotate(a, vectors, n, p, q);
            }
        }
    }
}

bool lfi_study_first_vector_of(double *covariance, size_t columns, double *vector, double *share)
{
    double vectors[LF_LEVELS_MAX * LF_LEVELS_MAX];
    double trace = 0;
    for (size_t c = 0; c < columns; c++) {
        trace += covariance[c * columns + c];
    }
    if (!(trace > 0) || !isfinite(trace)) {
        return false;
    }
    diagonalise(covariance, vectors, columns);
    size_t first = 0;
    for (size_t c = 1; c < columns; c++) {
        first = covariance[c * columns + c] > covariance[first * columns + first] ? c : first;
    }
    double sum = 0, absolute = 0;
    for (size_t c = 0; c < columns; c++) {
        vector[c] = vectors[c * columns + first];
        sum += vector[c];
        absolute += fabs(vector[c]);
    }
    /* A sum of 0 up to rounding has no sign: then the best level counts +. */
    const bool flips = fabs(sum) > 1e-12 * absolute ? sum < 0 : vector[0] < 0;
    for (size_t c = 0; c < columns; c++) {
        vector[c] = (flips ? -vector[c] : vector[c]) / absolute;
    }
    *share = covariance[first * columns + first] / trace;
    return true;
}

bool lfi_study_first_vector(
    const double *x, size_t count, size_t columns, double *vector, double *share
)
{
    double means[LF_LEVELS_MAX], deviations[LF_LEVELS_MAX];
    double covariance[LF_LEVELS_MAX * LF_LEVELS_MAX];
    moments(x, count, columns, means, deviations);
    for (size_t c = 0; c < columns; c++) {
        for (size_t d = 0; d < columns; d++) {
            double sum = 0;
            for (size_t i = 0; i < count; i++) {
                sum += (x[i * columns + c] - means[c]) * (x[i * columns + d] - means[d]);
            }
            covariance[c * columns + d] = sum / (double)count;
        }
    }
    return lfi_study_first_vector_of(covariance, columns, vector, share);
}

bool lfi_study_logit(
    const double *x, const double *labels, size_t count, double *intercept, double *slope
)
{
    double a = 0, b = 0;
    for (int step = 0; step < 50; step++) {
        double g0 = 0, g1 = 0, h00 = 0, h01 = 0, h11 = 0;
        for (size_t i = 0; i < count; i++) {
            const double p = 1 / (1 + exp(-(a + b * x[i])));
            const double w = p * (1 - p);
            g0 += labels[i] - p;
            g1 += (labels[i] - p) * x[i];
            h00 += w;
            h01 += w * x[i];
            h11 += w * x[i] * x[i];
        }
        const double determinant = h00 * h11 - h01 * h01;
        if (!(determinant > 0)) {
            return false;
        }
        const double da = (h11 * g0 - h01 * g1) / determinant;
        const double db = (h00 * g1 - h01 * g0) / determinant;
        a += da;
        b += db;
        if (fabs(da) < 1e-12 && fabs(db) < 1e-12) {
            break;
        }
        if (!(fabs(b) < 1e6)) {
            return false;
        }
    }
    *intercept = a;
    *slope = b;
    return true;
}
