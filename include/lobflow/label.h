/**
 * @file
 * Labels: what the mid does after a row. Offline lane: looks ahead by design.
 */
#ifndef LOBFLOW_LABEL_H
#define LOBFLOW_LABEL_H

#include <lobflow/base.h>
#include <lobflow/feature.h>
#include <lobflow/feed.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The path of the mid through one session: one knot where the state changes. */
typedef struct lf_label_path lf_label_path;

/**
 * Create an empty path.
 *
 * @param instrument  copied
 * @param clock       which time of an event counts
 * @param out         owned; NULL on failure
 * @return LF_OK or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_label_path_create(
    const lf_allocator *allocator,
    const lf_instrument *instrument,
    lf_clock clock,
    lf_label_path **out,
    lf_error *error
);

/** Take in one event; LF_OK or LF_NOMEM. */
LF_API LF_MUST_CHECK lf_status lf_label_path_push(lf_label_path *path, const lf_event *event);

/** End a path; NULL is accepted. */
LF_API void lf_label_path_destroy(lf_label_path *path);

/**
 * ret and up at given times, as FEATURES.md section 5.
 *
 * @param times_ns    [count] ascending row times
 * @param horizon_ns  h > 0
 * @param delay_ns    d >= 0
 * @param ret_bps     [count] out: 1e4 ln(mid(t+d+h)/mid(t+d)); NaN where undefined; may be NULL
 * @param up          [count] out: 1, 0, or NaN where the mid did not move; may be NULL
 */
LF_API void lf_label_horizon(
    const lf_label_path *path,
    const int64_t *times_ns,
    size_t count,
    int64_t horizon_ns,
    int64_t delay_ns,
    double *ret_bps,
    double *up
);

/** Twice the mid in ticks at a time, or 0 when the state is not valid then. */
LF_API int64_t lf_label_mid2(const lf_label_path *path, int64_t t_ns);

#ifdef __cplusplus
}
#endif

#endif
