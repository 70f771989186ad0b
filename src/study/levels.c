/* The level models: how much more of a return the deeper levels explain, in and out of sample. */
#include "study_internal.h"

#include <math.h>
#include <string.h>

/* Penalties tried, 1e-5 to 1e5 in even log steps, and folds: Xu, Gould, Howison (2019). */
#define RIDGE_STEPS 50
#define RIDGE_FOLDS 5

/* One block's rows: returns and normalised OFI by level. */
typedef struct block_rows {
    double *x; /* [count][levels] */
    double *y; /* [count] log mid returns */
    size_t count;
} block_rows;

/* A mean that skips what is not defined. */
typedef struct running_mean {
    double sum;
    int64_t count;
} running_mean;

static void mean_add(running_mean *mean, double value)
{
    if (!isnan(value)) {
        mean->sum += value;
        mean->count++;
    }
}

static double mean_get(running_mean mean)
{
    return mean.count > 0 ? mean.sum / (double)mean.count : NAN;
}

static void fill_rows(const lfi_study_bin *bins, size_t count, size_t levels, block_rows *rows)
{
    rows->count = 0;
    for (size_t i = 0; i < count; i++) {
        const lfi_study_bin *bin = &bins[i];
        /* A price that is not positive has no logarithm. */
        if (!bin->counts || bin->mid2_begin <= 0 || bin->mid2_end <= 0) {
            continue;
        }
        /* Q: mean over the window's rows and all levels of (bid + ask)/2. */
        const double rows_levels = (double)bin->row_count * (double)levels;
        const double depth = bin->row_count > 0 ? (double)bin->row_depth2 / (2 * rows_levels) : 1;
        for (size_t m = 0; m < levels; m++) {
            rows->x[rows->count * levels + m] = depth > 0 ? (double)bin->ofi[m] / depth : 0;
        }
        rows->y[rows->count] = log((double)bin->mid2_end / (double)bin->mid2_begin);
        rows->count++;
    }
}

/* The first m of `levels` columns, packed. */
static void take_columns(const block_rows *rows, size_t levels, size_t m, double *packed)
{
    for (size_t i = 0; i < rows->count; i++) {
        memcpy(&packed[i * m], &rows->x[i * levels], m * sizeof *packed);
    }
}

/* Squared error of one fold left out, with one penalty; INFINITY when the fit fails. */
static double
fold_error(const block_rows *rows, size_t levels, double ridge, size_t fold, double *work)
{
    double coefficients[LFI_STUDY_COLUMNS_MAX];
    double *x = work, *y = work + rows->count * levels;
    const size_t begin = rows->count * fold / RIDGE_FOLDS;
    const size_t end = rows->count * (fold + 1) / RIDGE_FOLDS;
    const size_t kept = rows->count - (end - begin);
    memcpy(x, rows->x, begin * levels * sizeof *x);
    memcpy(x + begin * levels, rows->x + end * levels, (rows->count - end) * levels * sizeof *x);
    memcpy(y, rows->y, begin * sizeof *y);
    memcpy(y + begin, rows->y + end, (rows->count - end) * sizeof *y);
    if (!lfi_study_fit(x, y, kept, levels, ridge, coefficients)) {
        return INFINITY;
    }
    double error = 0;
    for (size_t i = begin; i < end; i++) {
        double fit = coefficients[0];
        for (size_t m = 0; m < levels; m++) {
            fit += coefficients[m + 1] * rows->x[i * levels + m];
        }
        error += (rows->y[i] - fit) * (rows->y[i] - fit);
    }
    return error;
}

static double best_ridge(const block_rows *rows, size_t levels, double *work)
{
    double best = 0, best_error = INFINITY;
    for (int step = 0; step < RIDGE_STEPS; step++) {
        const double ridge = pow(10, -5 + 10.0 * step / (RIDGE_STEPS - 1));
        double error = 0;
        for (size_t fold = 0; fold < RIDGE_FOLDS; fold++) {
            error += fold_error(rows, levels, ridge, fold, work);
        }
        if (error < best_error) {
            best_error = error;
            best = ridge;
        }
    }
    return best;
}

/* Sums that become the result's means. */
typedef struct level_means {
    running_mean is_levels[LF_LEVELS_MAX], oos_levels[LF_LEVELS_MAX];
    running_mean is_ridge, oos_ridge, is_integrated, oos_integrated, share;
} level_means;

static void project(const block_rows *rows, size_t levels, const double *vector, double *out)
{
    for (size_t i = 0; i < rows->count; i++) {
        out[i] = 0;
        for (size_t m = 0; m < levels; m++) {
            out[i] += vector[m] * rows->x[i * levels + m];
        }
    }
}

/* Fit on one block, judge on it and on the next. */
static void fit_pair(
    const block_rows *fit, const block_rows *test, size_t levels, double *work, level_means *means
)
{
    double coefficients[LFI_STUDY_COLUMNS_MAX], vector[LF_LEVELS_MAX], share;
    double *packed_fit = work, *packed_test = work + fit->count * levels;
    for (size_t m = 1; m <= levels; m++) {
        take_columns(fit, levels, m, packed_fit);
        take_columns(test, levels, m, packed_test);
        if (lfi_study_fit(packed_fit, fit->y, fit->count, m, 0, coefficients)) {
            const double inside = lfi_study_r2(packed_fit, fit->y, fit->count, m, coefficients);
            const double outside = lfi_study_r2(packed_test, test->y, test->count, m, coefficients);
            mean_add(&means->is_levels[m - 1], inside);
            mean_add(&means->oos_levels[m - 1], outside);
        }
    }
    const double ridge = best_ridge(fit, levels, work);
    if (lfi_study_fit(fit->x, fit->y, fit->count, levels, ridge, coefficients)) {
        mean_add(&means->is_ridge, lfi_study_r2(fit->x, fit->y, fit->count, levels, coefficients));
        mean_add(
            &means->oos_ridge, lfi_study_r2(test->x, test->y, test->count, levels, coefficients)
        );
    }
    if (lfi_study_first_vector(fit->x, fit->count, levels, vector, &share)) {
        project(fit, levels, vector, packed_fit);
        project(test, levels, vector, packed_test);
        if (lfi_study_fit(packed_fit, fit->y, fit->count, 1, 0, coefficients)) {
            const double inside = lfi_study_r2(packed_fit, fit->y, fit->count, 1, coefficients);
            const double outside = lfi_study_r2(packed_test, test->y, test->count, 1, coefficients);
            mean_add(&means->is_integrated, inside);
            mean_add(&means->oos_integrated, outside);
        }
        mean_add(&means->share, share);
    }
}

static void store_means(const level_means *means, size_t levels, lf_study_result *result)
{
    for (size_t m = 0; m < levels; m++) {
        result->r2_is_levels[m] = mean_get(means->is_levels[m]);
        result->r2_oos_levels[m] = mean_get(means->oos_levels[m]);
    }
    result->r2_is_best = result->r2_is_levels[0];
    result->r2_oos_best = result->r2_oos_levels[0];
    result->r2_is_ridge = mean_get(means->is_ridge);
    result->r2_oos_ridge = mean_get(means->oos_ridge);
    result->r2_is_integrated = mean_get(means->is_integrated);
    result->r2_oos_integrated = mean_get(means->oos_integrated);
    result->pc1_share = mean_get(means->share);
}

lf_status lfi_study_levels(
    const lf_allocator *allocator,
    const lfi_study_bin *bins,
    size_t bins_per_block,
    size_t block_count,
    size_t level_count,
    lf_study_result *result
)
{
    /* Two blocks of rows and room for the packed columns of both, or for one fold's rows. */
    const size_t rows_size = bins_per_block * (level_count + 1);
    double *memory = lf_allocate(allocator, 4 * rows_size, sizeof *memory);
    if (memory == NULL) {
        return LF_NOMEM;
    }
    block_rows fit = {memory, memory + bins_per_block * level_count, 0};
    block_rows test = {memory + rows_size, memory + rows_size + bins_per_block * level_count, 0};
    double *work = memory + 2 * rows_size;
    level_means means;
    memset(&means, 0, sizeof means);
    for (size_t block = 0; block + 1 < block_count; block++) {
        fill_rows(&bins[block * bins_per_block], bins_per_block, level_count, &fit);
        fill_rows(&bins[(block + 1) * bins_per_block], bins_per_block, level_count, &test);
        if (fit.count > level_count + 2 && test.count > 2) {
            fit_pair(&fit, &test, level_count, work, &means);
        }
    }
    store_means(&means, level_count, result);
    lf_release(allocator, memory);
    return LF_OK;
}
