/**
 * @file
 * The price-impact study: how order flow imbalance moves the mid, on any data. Offline lane.
 *
 * Sources: Cont, Kukanov, Stoikov (2014), The price impact of order book events; Xu, Gould, Howison
 * (2019), Multi-level order-flow imbalance; Cont, Cucuringu, Zhang (2023), Cross-impact of order
 * flow imbalance; Gould, Bonart (2016), Queue imbalance as a one-tick-ahead price predictor.
 */
#ifndef LOBFLOW_STUDY_H
#define LOBFLOW_STUDY_H

#include <lobflow/base.h>
#include <lobflow/feed.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What to study. Zero is the default everywhere. */
typedef struct lf_study_options {
    const lf_allocator *allocator;
    int64_t window_ns; /* 0: 10 s; the grid of one observation */
    int64_t block_ns;  /* 0: 30 min; the observations of one regression */
    /** Part of the day, ns after local midnight in the instrument's zone as instants UTC; 0: the
        whole session. Events at or before `from` only set the first state. */
    int64_t from_ns;
    int64_t to_ns;
    uint64_t seed; /* of the uniform draw between moves */
} lf_study_options;

/** One block (half hour). R^2 are within the block, with an intercept. */
typedef struct lf_study_block {
    int64_t begin_ns;
    int64_t observation_count;
    double alpha;                  /* ticks */
    double beta;                   /* ticks per lot */
    double beta_se;                /* White's HC0 */
    double r2_ofi;                 /* mid change on OFI of the best level */
    double r2_trade_imbalance;     /* mid change on signed traded volume */
    double r2_ofi_no_price_change; /* OFI of events that leave both best prices in place */
    double depth_mean; /* mean best-level depth (bid + ask)/2 over best-quote updates, lots */
} lf_study_block;

/** The result for one symbol-day; NaN where it is not defined. */
typedef struct lf_study_result {
    size_t block_count;
    double r2_ofi; /* means over the blocks */
    double r2_trade_imbalance;
    double r2_ofi_no_price_change;
    double beta_mean;
    double depth_mean;
    double lambda; /* beta = c / depth^lambda */
    double c;
    double r2_next;             /* next mid change on this OFI, one regression over all blocks */
    double auc_queue_imbalance; /* uniform in time between moves */
    double auc_queue_imbalance_last; /* last state before the move */
    double logit_intercept; /* P(up) = 1 / (1 + exp(-(intercept + slope I))), uniform in time */
    double logit_slope;
    int64_t move_count;
    int32_t level_count;
    /** Levels: fitted on one block, judged in it and on the next; log mid returns. */
    double r2_is_levels[LF_LEVELS_MAX]; /* least squares on levels 1..m */
    double r2_oos_levels[LF_LEVELS_MAX];
    double r2_is_best, r2_oos_best;
    double r2_is_ridge, r2_oos_ridge; /* all levels, penalty chosen by 5-fold validation */
    double r2_is_integrated, r2_oos_integrated;
    double pc1_share; /* of the variance of the levels' OFI, mean over blocks */
} lf_study_result;

/** A study under way. */
typedef struct lf_study lf_study;

/**
 * Create a study of one symbol-day.
 *
 * @param instrument  copied
 * @param options     copied; NULL: defaults
 * @param out         owned; NULL on failure
 * @return LF_OK, LF_RANGE (window does not divide block, empty span) or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_study_create(
    const lf_instrument *instrument,
    const lf_study_options *options,
    lf_study **out,
    lf_error *error
);

/** Take in the events of a batch; LF_OK or LF_NOMEM. */
LF_API LF_MUST_CHECK lf_status lf_study_push(lf_study *study, const lf_batch *batch);

/**
 * Fit everything; no batch may be pushed afterwards.
 *
 * @param blocks  out, borrowed until destroy, [result->block_count]
 * @return LF_OK, LF_DATA (no valid state in the span) or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_study_finish(
    lf_study *study, lf_study_result *result, const lf_study_block **blocks, lf_error *error
);

/** End a study; NULL is accepted. */
LF_API void lf_study_destroy(lf_study *study);

#ifdef __cplusplus
}
#endif

#endif
