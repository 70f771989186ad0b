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
 * ret and up at given times, as docs/modules/label.md defines them.
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

/**
 * Relative change from the mid to the mean of several later mids, in bps.
 *
 * The mean is that of sample_count mids at t+d + i h / sample_count, i = 1 to sample_count; NaN
 * where one of them or the mid at t+d is not valid, where a reset or a halt lies between, or where
 * t+d+h passes the session's end. With one sample it is the simple return over the horizon.
 *
 * @param smooth_bps  [count] out: 1e4 (mean / mid(t+d) - 1); may be NULL
 * @param past_bps    [count] out: 1e4 (mean / past mean - 1), the past mean being that of the mids
 *                    at t+d - i h / sample_count, i = 0 to sample_count - 1; may be NULL. Not to be
 *                    trained on: it holds past prices, so whoever repeats the last move seems to
 *                    foretell it even on a random walk. It is here to compare with published
 *                    numbers, and to show that.
 *
 * Source: Ntakaris et al. (2018), Benchmark dataset for mid-price forecasting, J. Forecasting (the
 *         later mean against the mid); Zhang, Zohren, Roberts (2019), DeepLOB, IEEE Trans. Signal
 *         Processing (against the past mean).
 */
LF_API void lf_label_smooth(
    const lf_label_path *path,
    const int64_t *times_ns,
    size_t count,
    int64_t horizon_ns,
    int64_t delay_ns,
    int32_t sample_count,
    double *smooth_bps,
    double *past_bps
);

/* ---- the triple barrier ----------------------------------------------------------------- */

/**
 * Trailing volatility of the mid: root mean square of its changes over steps, in ticks a step.
 *
 * Steps lie on the grid session start + k step; those that end in (t - window, t] count. One
 * without a valid mid at both ends, or with a reset or a halt in it, is left out. NaN until half
 * the steps of a window are there.
 *
 * @param times_ns     [count] ascending row times
 * @param window_ns    at least step_ns
 * @param sigma_ticks  [count] out
 *
 * Causal: row t uses nothing later than t.
 * Cost:   one pass over path and grid; sums of integers, so there is no drift.
 */
LF_API void lf_label_volatility(
    const lf_label_path *path,
    const int64_t *times_ns,
    size_t count,
    int64_t window_ns,
    int64_t step_ns,
    double *sigma_ticks
);

/** Where the barriers stand. lf_label_barrier_options_default() fills in every default. */
typedef struct lf_label_barrier_options {
    int64_t horizon_ns; /* 5 min, the vertical barrier: > 0 */
    int64_t delay_ns;   /* 0 */
    double up;          /* 1, the upper barrier in widths: > 0; INFINITY: none */
    double down;        /* 1, the lower one, likewise */
    double width_bps;   /* NaN: a width is the volatility over the horizon; else so much */
    double floor_ticks; /* 1, least width: > 0 */
    int64_t window_ns;  /* 5 min, of the volatility */
    int64_t step_ns;    /* 1 s, of the volatility */
    bool sign_at_end;   /* false; the vertical barrier gives the sign of the return, not 0 */
    bool cut_at_close;  /* false; a horizon that passes the session's end stops there */
} lf_label_barrier_options;

/** What happened first; columns of count rows each, all but the first may be NULL. */
typedef struct lf_label_barriers {
    double *label;       /* 1 upper, -1 lower, 0 vertical; NaN undefined */
    double *ret_bps;     /* 1e4 ln(mid(end) / mid(t+d)), NaN */
    int64_t *end_ns;     /* when the label was known, LF_TIME_NONE where it is undefined */
    double *width_ticks; /* one width, NaN */
} lf_label_barriers;

/** Write every default. */
LF_API void lf_label_barrier_options_default(lf_label_barrier_options *options);

/**
 * Which of three barriers the mid meets first after t+d.
 *
 * A width is the trailing volatility at t (lf_label_volatility()) times sqrt(horizon / step), or
 * width_bps of the mid, but floor_ticks at least. Barriers stand at mid(t+d) + up widths and - down
 * widths; the first valid state in (t+d, t+d+h] on or beyond one decides, or the end does.
 *
 * Conservative where something is not known: a label is defined exactly where ret_<h> is (and the
 * volatility), whatever it turns out to be, so a gap or a halt within the horizon, or a masked
 * state at its end, undefines it even when a barrier was met before. Through a masked spell the mid
 * is not known: a barrier counts as met at the first valid state behind it, never earlier.
 *
 * @param times_ns  [count] ascending row times
 * @param out       columns of [count]
 *
 * Cost: a scan of the path from each row to its barrier.
 * Source: Lopez de Prado (2018), Advances in Financial Machine Learning, chapter 3.
 */
LF_API void lf_label_barrier(
    const lf_label_path *path,
    const int64_t *times_ns,
    size_t count,
    const lf_label_barrier_options *options,
    const lf_label_barriers *out
);

/**
 * Meta-labels: whether it was right to follow a side that something else has chosen.
 *
 * @param side     [count] its sign is the side; 0 or NaN: none
 * @param ret_bps  [count] what the mid did afterwards
 * @param meta     [count] out: 1 if sign(side) ret > cost_bps, 0 if not, NaN without side or
 *                 return; may be ret_bps
 * Source: Lopez de Prado (2018), Advances in Financial Machine Learning, section 3.6.
 */
LF_API void lf_label_meta(
    const double *side, const double *ret_bps, size_t count, double cost_bps, double *meta
);

/* ---- weights ---------------------------------------------------------------------------- */

/**
 * Average uniqueness of labels that overlap: the mean over a label's span of 1 / (labels whose
 * spans cover that instant). Their sum says how many labels there are in effect.
 *
 * @param from_ns     [count] label i looks at (from, end]
 * @param end_ns      [count] later than from; LF_TIME_NONE: no label
 * @param uniqueness  [count] out, above 0 and at most 1; NaN without a label
 * @return LF_OK or LF_NOMEM
 *
 * Cost:   sorts 2 count times; exact in time, no grid.
 * Source: Lopez de Prado (2018), Advances in Financial Machine Learning, section 4.4.
 */
LF_API LF_MUST_CHECK lf_status lf_label_uniqueness(
    const lf_allocator *allocator,
    const int64_t *from_ns,
    const int64_t *end_ns,
    size_t count,
    double *uniqueness
);

/**
 * Return attributed to each label: the absolute sum over its span of the log changes of the mid,
 * each shared among the labels that cover it. A weight that prefers labels with large moves of
 * their own.
 *
 * @param from_ns          [count] label i looks at (from, end]
 * @param end_ns           [count] later than from; LF_TIME_NONE: no label
 * @param attribution_bps  [count] out, 0 or more; NaN without a label
 * @return LF_OK or LF_NOMEM
 * Source: Lopez de Prado (2018), Advances in Financial Machine Learning, section 4.6.
 */
LF_API LF_MUST_CHECK lf_status lf_label_attribution(
    const lf_allocator *allocator,
    const lf_label_path *path,
    const int64_t *from_ns,
    const int64_t *end_ns,
    size_t count,
    double *attribution_bps
);

/* ---- names ------------------------------------------------------------------------------ */

/** Kinds of labels that a table can have. */
typedef enum lf_label_kind {
    LF_LABEL_RETURN = 0,  /* "1min": ret_1min and up_1min */
    LF_LABEL_SMOOTH = 1,  /* "smooth:1min" */
    LF_LABEL_BARRIER = 2, /* "barrier:5min" */
    LF_LABEL_META = 3,    /* "meta:1min" */
    LF_LABEL_WEIGHT = 4,  /* "weight:1min" */
} lf_label_kind;

#define LF_LABEL_KIND_COUNT 5

/** One label of a table. */
typedef struct lf_label_spec {
    lf_label_kind kind;
    int64_t horizon_ns;
} lf_label_spec;

/**
 * Read labels as a person names them, separated by commas: a duration for ret and up, or a kind, a
 * colon and a duration.
 *
 * @param specs  [capacity] out
 * @param count  out
 * @return LF_OK, or LF_RANGE (no such kind, no duration, one twice, too many)
 */
LF_API LF_MUST_CHECK lf_status lf_label_parse(
    const char *text, lf_label_spec *specs, size_t capacity, size_t *count, lf_error *error
);

/* ---- reading ---------------------------------------------------------------------------- */

/** Twice the mid in ticks at a time, or 0 when the state is not valid then. */
LF_API int64_t lf_label_mid2(const lf_label_path *path, int64_t t_ns);

#ifdef __cplusplus
}
#endif

#endif
