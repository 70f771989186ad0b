/* The triple barrier, and the trailing volatility that sets its width. */
#include "label_internal.h"

#include <assert.h>
#include <math.h>

/* ---- volatility ------------------------------------------------------------------------- */

/* One end of the window that slides over the steps of the session's grid. */
typedef struct slider {
    int64_t step; /* number of the next step; step k lasts from grid point k - 1 to k */
    size_t from_cursor;
    size_t to_cursor;
} slider;

/* The change over the slider's step in half ticks, which it leaves behind; false when the step has
   none. */
static bool next_change(const lf_label_path *path, int64_t step_ns, slider *s, int64_t *change)
{
    const int64_t to_ns = path->open_ns + s->step * step_ns;
    const lfi_knot from = lfi_knot_at(path, to_ns - step_ns, &s->from_cursor);
    const lfi_knot to = lfi_knot_at(path, to_ns, &s->to_cursor);
    s->step++;
    *change = to.mid2 - from.mid2;
    return lfi_knots_connected(from, to);
}

/* Steps of the grid that end at or before a time; step 0 would begin before the session. */
static int64_t steps_until(const lf_label_path *path, int64_t t_ns, int64_t step_ns)
{
    return t_ns < path->open_ns ? 0 : (t_ns - path->open_ns) / step_ns;
}

void lf_label_volatility(
    const lf_label_path *path,
    const int64_t *times_ns,
    size_t count,
    int64_t window_ns,
    int64_t step_ns,
    double *sigma_ticks
)
{
    assert(step_ns > 0 && window_ns >= step_ns);
    slider head = {.step = 1};
    slider tail = {.step = 1};
    /* Squares of half ticks are integers, so the rolling sum never drifts. */
    int64_t squares = 0;
    int64_t steps = 0;
    int64_t change = 0;
    for (size_t i = 0; i < count; i++) {
        const int64_t last = steps_until(path, times_ns[i], step_ns);
        const int64_t gone = steps_until(path, times_ns[i] - window_ns, step_ns);
        while (head.step <= last) {
            if (next_change(path, step_ns, &head, &change)) {
                squares += change * change;
                steps++;
            }
        }
        while (tail.step <= gone) {
            if (next_change(path, step_ns, &tail, &change)) {
                squares -= change * change;
                steps--;
            }
        }
        const bool is_known = steps > 0 && 2 * steps >= window_ns / step_ns;
        sigma_ticks[i] = is_known ? 0.5 * sqrt((double)squares / (double)steps) : NAN;
    }
}

/* ---- barriers --------------------------------------------------------------------------- */

void lf_label_barrier_options_default(lf_label_barrier_options *options)
{
    *options = (lf_label_barrier_options){
        .horizon_ns = 5 * LF_NS_PER_MINUTE,
        .up = 1,
        .down = 1,
        .width_bps = NAN,
        .floor_ticks = 1,
        .window_ns = 5 * LF_NS_PER_MINUTE,
        .step_ns = LF_NS_PER_SECOND,
    };
}

/* One row: from where, until when, and how far in half ticks. */
typedef struct corridor {
    lfi_knot from;
    int64_t to_ns;
    double up2;
    double down2;
} corridor;

/* The first valid state in (from, to] on or beyond a barrier; SIZE_MAX when there is none. */
static size_t first_touch(const lf_label_path *path, const corridor *c, size_t next)
{
    for (size_t k = next; k < path->count && path->knots[k].ts_ns <= c->to_ns; k++) {
        const double change = (double)(path->knots[k].mid2 - c->from.mid2);
        if (path->knots[k].mid2 > 0 && (change >= c->up2 || change <= -c->down2)) {
            return k;
        }
    }
    return SIZE_MAX;
}

/* Half ticks from the mid to a barrier that is one width away. */
static double width2(const lf_label_barrier_options *options, double sigma_ticks, int64_t mid2)
{
    const double steps = (double)options->horizon_ns / (double)options->step_ns;
    const double half_ticks = isnan(options->width_bps) ? 2 * sigma_ticks * sqrt(steps)
                                                        : options->width_bps * 1e-4 * (double)mid2;
    /* fmax() would take the floor for a volatility that is not known. */
    return half_ticks < 2 * options->floor_ticks ? 2 * options->floor_ticks : half_ticks;
}

static void put_undefined(const lf_label_barriers *out, size_t i)
{
    out->label[i] = NAN;
    if (out->ret_bps != NULL) {
        out->ret_bps[i] = NAN;
    }
    if (out->width_ticks != NULL) {
        out->width_ticks[i] = NAN;
    }
    if (out->end_ns != NULL) {
        out->end_ns[i] = LF_TIME_NONE;
    }
}

static void put_defined(
    const lf_label_barriers *out, size_t i, double label, double ret_bps, double width, int64_t end
)
{
    out->label[i] = label;
    if (out->ret_bps != NULL) {
        out->ret_bps[i] = ret_bps;
    }
    if (out->width_ticks != NULL) {
        out->width_ticks[i] = width;
    }
    if (out->end_ns != NULL) {
        out->end_ns[i] = end;
    }
}

void lf_label_barrier(
    const lf_label_path *path,
    const int64_t *times_ns,
    size_t count,
    const lf_label_barrier_options *options,
    const lf_label_barriers *out
)
{
    assert(options->horizon_ns > 0 && options->delay_ns >= 0 && out->label != NULL);
    assert(options->up > 0 && options->down > 0 && options->floor_ticks > 0);
    size_t from_cursor = 0;
    size_t to_cursor = 0;
    /* The volatility waits in the place of the labels, which come after it. */
    if (isnan(options->width_bps)) {
        lf_label_volatility(
            path, times_ns, count, options->window_ns, options->step_ns, out->label
        );
    }
    for (size_t i = 0; i < count; i++) {
        const int64_t from_ns = times_ns[i] + options->delay_ns;
        corridor c = {.to_ns = from_ns + options->horizon_ns};
        if (options->cut_at_close && c.to_ns > path->close_ns) {
            c.to_ns = path->close_ns;
        }
        c.from = lfi_knot_at(path, from_ns, &from_cursor);
        const lfi_knot to = lfi_knot_at(path, c.to_ns, &to_cursor);
        const double sigma = isnan(options->width_bps) ? out->label[i] : NAN;
        const double width = width2(options, sigma, c.from.mid2);
        if (from_ns >= c.to_ns || c.to_ns > path->close_ns || !lfi_knots_connected(c.from, to) ||
            isnan(width)) {
            put_undefined(out, i);
            continue;
        }
        c.up2 = options->up * width;
        c.down2 = options->down * width;
        const size_t touch = first_touch(path, &c, from_cursor);
        const bool is_touched = touch != SIZE_MAX;
        const double change = (double)((is_touched ? path->knots[touch] : to).mid2 - c.from.mid2);
        const double sign = change > 0 ? 1 : change < 0 ? -1 : 0;
        put_defined(
            out,
            i,
            is_touched || options->sign_at_end ? sign : 0,
            1e4 * log1p(change / (double)c.from.mid2),
            0.5 * width,
            is_touched ? path->knots[touch].ts_ns : c.to_ns
        );
    }
}
