/* What the files of the study module share: the grid of observations and the small regressions. */
#ifndef LOBFLOW_STUDY_INTERNAL_H
#define LOBFLOW_STUDY_INTERNAL_H

#include <lobflow/study.h>

/* Intercept and levels: the widest regression here. */
#define LFI_STUDY_COLUMNS_MAX (LF_LEVELS_MAX + 1)

/* One observation: what happened in (begin, begin + window]. */
typedef struct lfi_study_bin {
    bool has_begin; /* a valid state stood before it, so that mid2_begin is one */
    bool was_valid; /* at some time in it */
    bool is_broken; /* some of it lies in a halt, in a gap, or before a reset's first valid state */
    bool counts;    /* closed, and an observation */
    int64_t mid2_begin; /* twice the mid in ticks */
    int64_t mid2_end;
    int64_t ofi[LF_LEVELS_MAX];
    int64_t ofi_no_price_change;
    int64_t trade_imbalance;
    int64_t row_count;     /* events with a valid state */
    int64_t row_depth2;    /* their sum over all levels of bid + ask lots */
    int64_t update_count;  /* best-quote updates and hidden executions */
    int64_t update_depth2; /* their sum of best bid + ask lots */
} lfi_study_bin;

/* One move of the mid with the queue imbalance before it. */
typedef struct lfi_study_move {
    double imbalance_uniform; /* at a time drawn evenly between this move and the one before */
    double imbalance_last;    /* of the state that the move ended */
    double up;
} lfi_study_move;

/* A study under way. */
struct lf_study {
    lf_allocator memory;
    const lf_allocator *allocator;
    lf_instrument instrument;
    lf_study_options options;
    lfi_study_bin *bins; /* [block_count * bins_per_block] */
    lf_study_block *blocks;
    lf_study_observation *observations; /* [observation_count], room for all bins */
    size_t observation_count;
    size_t bins_per_block, block_count, bin_count;
    lf_quotes previous; /* last valid state since the last reset */
    bool has_previous;
    int64_t mid2;    /* of previous */
    lf_quotes shown; /* state of the event before, valid or not */
    bool has_shown;
    bool is_valid;   /* the state after the event before */
    bool is_stopped; /* a halt, or after a reset, and no valid state since */
    int64_t last_ts_ns;
    size_t bin_now;
    bool in_hours;        /* the first observation was opened */
    int64_t earlier_mid2; /* of the last valid state of an earlier timestamp */
    bool has_earlier;
    int64_t tick_sign, last_price_units;
    bool has_price;
    lfi_study_move *moves;
    size_t move_count, move_capacity;
    lf_random random;
    bool interval_open; /* a move was seen, so that the next interval has a begin */
    double drawn;       /* the draw within the open interval */
    int64_t drawn_total_ns, state_since_ns;
};

/* All events are in: close what the data reach. */
void lfi_study_collected(lf_study *study);

/* A fitted line with its spread. */
typedef struct lfi_study_line {
    double alpha, beta, beta_se, r2;
} lfi_study_line;

/* Least squares of y on x with an intercept; White's HC0 standard error. NaN when x is constant. */
lfi_study_line lfi_study_ols(const double *x, const double *y, size_t count);

/*
 * Least squares on several columns with an unpenalised intercept. x is [count][columns] row-major;
 * ridge >= 0 is the penalty on standardised columns. coefficients: [columns + 1], intercept first.
 * False when the columns are collinear (ridge 0) or there are too few rows.
 */
bool lfi_study_fit(
    const double *x,
    const double *y,
    size_t count,
    size_t columns,
    double ridge,
    double *coefficients
);

/* 1 - SSE/SST of a fit on rows; SST about the rows' own mean. NaN when y does not vary. */
double lfi_study_r2(
    const double *x, const double *y, size_t count, size_t columns, const double *coefficients
);

/*
 * First principal vector of the covariance of x [count][columns], sum of absolute values 1, sum
 * positive; and its share of the total variance. False when nothing varies.
 */
bool lfi_study_first_vector(
    const double *x, size_t count, size_t columns, double *vector, double *share
);

/* The same of a covariance [columns][columns], which is used up. */
bool lfi_study_first_vector_of(double *covariance, size_t columns, double *vector, double *share);

/*
 * Solve A z = b for a symmetric positive definite A [n][n]: z replaces b [n], the factor A. False
 * when A is not positive definite up to rounding.
 */
bool lfi_study_solve_cholesky(double *a, double *b, size_t n);

/* Logistic regression of labels (0/1) on one column, by Newton steps; false when it separates. */
bool lfi_study_logit(
    const double *x, const double *labels, size_t count, double *intercept, double *slope
);

/* The level models of the blocks, from the grid, and the means by level. */
lf_status lfi_study_levels(lf_study *study, lf_study_result *result);

/* True when row i of the columns has two sides that do not cross or touch. */
bool lfi_study_state_valid(const lf_study_states *states, size_t i);

#endif
