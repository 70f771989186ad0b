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

/* Sums that become the result's means by level. */
typedef struct level_means {
    running_mean is_levels[LF_LEVELS_MAX], oos_levels[LF_LEVELS_MAX];
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

/* Two blocks' rows, the one to fit and the one to judge on, and room for the packed columns of both
   or for one fold's rows. */
typedef struct pair {
    block_rows fit, test;
    double *work;
} pair;

/* R^2 in the block and on the next; NaN when there is no fit. x are [count][columns]. */
static void judge(
    const pair *p, const double *x_fit, const double *x_test, size_t m, double ridge, double r2[2]
)
{
    double coefficients[LFI_STUDY_COLUMNS_MAX];
    r2[0] = r2[1] = NAN;
    if (!lfi_study_fit(x_fit, p->fit.y, p->fit.count, m, ridge, coefficients)) {
        return;
    }
    r2[0] = lfi_study_r2(x_fit, p->fit.y, p->fit.count, m, coefficients);
    r2[1] = lfi_study_r2(x_test, p->test.y, p->test.count, m, coefficients);
}

/* Least squares on the first m levels, for every m. */
static void fit_levels(const pair *p, size_t levels, level_means *means, lf_study_block *block)
{
    double *const packed_fit = p->work;
    double *const packed_test = p->work + p->fit.count * levels;
    double r2[2];
    for (size_t m = 1; m <= levels; m++) {
        take_columns(&p->fit, levels, m, packed_fit);
        take_columns(&p->test, levels, m, packed_test);
        judge(p, packed_fit, packed_test, m, 0, r2);
        mean_add(&means->is_levels[m - 1], r2[0]);
        mean_add(&means->oos_levels[m - 1], r2[1]);
        if (m == 1) {
            block->r2_is_best = r2[0];
            block->r2_oos_best = r2[1];
        }
    }
}

/* What tames many levels that move together: a penalty, or their common direction. */
static void fit_joined(const pair *p, size_t levels, lf_study_block *block)
{
    double vector[LF_LEVELS_MAX], share, r2[2];
    double *const packed_fit = p->work;
    double *const packed_test = p->work + p->fit.count * levels;
    const double ridge = best_ridge(&p->fit, levels, p->work);
    judge(p, p->fit.x, p->test.x, levels, ridge, r2);
    block->r2_is_ridge = r2[0];
    block->r2_oos_ridge = r2[1];
    if (lfi_study_first_vector(p->fit.x, p->fit.count, levels, vector, &share)) {
        project(&p->fit, levels, vector, packed_fit);
        project(&p->test, levels, vector, packed_test);
        judge(p, packed_fit, packed_test, 1, 0, r2);
        block->r2_is_integrated = r2[0];
        block->r2_oos_integrated = r2[1];
        block->pc1_share = share;
    }
}

static void clear_block(lf_study_block *block)
{
    block->r2_is_best = block->r2_oos_best = NAN;
    block->r2_is_ridge = block->r2_oos_ridge = NAN;
    block->r2_is_integrated = block->r2_oos_integrated = NAN;
    block->pc1_share = NAN;
}

lf_status lfi_study_levels(lf_study *study, lf_study_result *result)
{
    const size_t n = study->bins_per_block;
    const size_t levels = (size_t)study->instrument.level_count;
    const size_t rows_size = n * (levels + 1);
    double *const memory = lf_allocate(study->allocator, 4 * rows_size, sizeof *memory);
    if (memory == NULL) {
        return LF_NOMEM;
    }
    pair p = {
        .fit = {memory, memory + n * levels, 0},
        .test = {memory + rows_size, memory + rows_size + n * levels, 0},
        .work = memory + 2 * rows_size,
    };
    level_means means;
    memset(&means, 0, sizeof means);
    for (size_t i = 0; i < study->block_count; i++) {
        clear_block(&study->blocks[i]);
        if (i + 1 == study->block_count) {
            continue;
        }
        fill_rows(&study->bins[i * n], n, levels, &p.fit);
        fill_rows(&study->bins[(i + 1) * n], n, levels, &p.test);
        if (p.fit.count > levels + 2 && p.test.count > 2) {
            fit_levels(&p, levels, &means, &study->blocks[i]);
            fit_joined(&p, levels, &study->blocks[i]);
        }
    }
    for (size_t m = 0; m < levels; m++) {
        result->r2_is_levels[m] = mean_get(means.is_levels[m]);
        result->r2_oos_levels[m] = mean_get(means.oos_levels[m]);
    }
    lf_release(study->allocator, memory);
    return LF_OK;
}
