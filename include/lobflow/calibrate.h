/**
 * @file
 * Which queue model is true: single orders replayed as levels. Offline lane.
 *
 * Probes join the back of the best queues. Their true fate is known from the orders, and each model
 * of lf_queue_model tells it from the levels alone; docs/modules/calibrate.md reads the numbers.
 */
#ifndef LOBFLOW_CALIBRATE_H
#define LOBFLOW_CALIBRATE_H

#include <lobflow/base.h>
#include <lobflow/execution.h>
#include <lobflow/feed.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How well one queue model told the fate of probes whose true fate single orders show. */
typedef struct lf_calibrate_fit {
    lf_queue_model model;
    double n; /* of the power forms; 0 for the others */
    /** Probes by half (even and odd ones), by what the model said (1: filled), by what was true. */
    int64_t counts[2][2][2];
    int64_t time_count;       /* probes that both filled */
    int64_t time_bias_ns;     /* sum over these of the model's time to fill less the true one */
    int64_t time_distance_ns; /* sum of how far apart they are */
} lf_calibrate_fit;

/** Queue models that are tried, with all their n. */
#define LF_CALIBRATE_FITS 22

/** What probes have found so far. */
typedef struct lf_calibrate_result {
    int64_t probe_count;   /* with a known fate */
    int64_t filled_count;  /* of these, truly filled within the horizon */
    int64_t crossed_count; /* of these, because the price was crossed: no queue decides that */
    int64_t fill_ns;       /* sum of the true times to fill */
    int64_t void_count;    /* ended by a reset or the close, or refused; not counted above */
    lf_calibrate_fit fits[LF_CALIBRATE_FITS];
} lf_calibrate_result;

/** A replay of single orders as levels: probes of one lot at the back of the best queues. */
typedef struct lf_calibrator lf_calibrator;

/**
 * Create probes of queues.
 *
 * @param horizon_ns  how long a probe rests, > 0
 * @param out         owned; NULL on failure
 * @return LF_OK, LF_RANGE or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_calibrate_create(
    const lf_allocator *allocator, int64_t horizon_ns, lf_calibrator **out, lf_error *error
);

/** End them; NULL is accepted. */
LF_API void lf_calibrate_destroy(lf_calibrator *probes);

/**
 * A symbol-day begins; probes of the day before are void.
 *
 * @return LF_OK, LF_MISMATCH (the instrument has no orders), LF_RANGE or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status
lf_calibrate_begin(lf_calibrator *probes, const lf_instrument *instrument, lf_error *error);

/**
 * Take in an event. On each side one probe rests at a time, in a venue for each model and in one
 * with exact queues; the next one begins when all have filled it or its time is over.
 *
 * @param changes  [change_count] as lf_feed_changes() has them
 * @return as lf_venue_event()
 *
 * Cost: that of a venue's event 23 times over.
 */
LF_API LF_MUST_CHECK lf_status lf_calibrate_event(
    lf_calibrator *probes,
    const lf_event *event,
    const lf_trade *trades,
    const lf_order_change *changes,
    size_t change_count,
    lf_error *error
);

/** What was found so far, borrowed. */
LF_API const lf_calibrate_result *lf_calibrate_result_of(const lf_calibrator *probes);

/**
 * Log loss, in nats a probe, of the true fate told from the model's answer: how often its answers
 * are right is learnt on the one half of the probes and scored on the other, and the other way
 * round. NaN without probes.
 */
LF_API double lf_calibrate_log_loss(const lf_calibrate_fit *fit);

/** The same, told from the share of filled probes alone: what a useless model has. */
LF_API double lf_calibrate_base_loss(const lf_calibrate_fit *fit);

#ifdef __cplusplus
}
#endif

#endif
