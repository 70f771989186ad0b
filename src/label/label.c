/* The path of the mid through a session as knots, and the labels read off it. */
#include "label_internal.h"

#include <lobflow/book.h>

#include <assert.h>
#include <math.h>

/* Knots to take memory for at first: 4096 of 24 bytes are about 100 kB; it doubles after. */
#define FIRST_KNOTS 4096

lf_status lf_label_path_create(
    const lf_allocator *allocator,
    const lf_instrument *instrument,
    lf_clock clock,
    lf_label_path **out,
    lf_error *error
)
{
    assert(instrument != NULL && out != NULL);
    *out = NULL;
    lf_label_path *path = lf_allocate(allocator, 1, sizeof *path);
    if (path == NULL) {
        return lf_error_set(error, LF_NOMEM, "There is no memory for a path of labels.");
    }
    if (allocator != NULL) {
        path->own_allocator = *allocator;
        path->allocator = &path->own_allocator;
    }
    path->open_ns = instrument->session_open_ns;
    path->close_ns = instrument->session_close_ns;
    path->clock = clock;
    *out = path;
    return LF_OK;
}

void lf_label_path_destroy(lf_label_path *path)
{
    if (path == NULL) {
        return;
    }
    const lf_allocator allocator = path->own_allocator;
    const lf_allocator *memory = path->allocator != NULL ? &allocator : NULL;
    lf_release(memory, path->knots);
    lf_release(memory, path);
}

/* Room for one more knot. */
static lf_status make_room(lf_label_path *path)
{
    if (path->count < path->capacity) {
        return LF_OK;
    }
    void *knots = path->knots;
    const size_t needed = path->count == 0 ? FIRST_KNOTS : path->count + 1;
    const lf_status status =
        lf_grow(path->allocator, &knots, &path->capacity, needed, sizeof *path->knots);
    path->knots = knots;
    return status;
}

lf_status lf_label_path_push(lf_label_path *path, const lf_event *event)
{
    const int64_t ts_ns =
        path->clock == LF_CLOCK_LOCAL ? event->ts_local_ns : event->ts_exchange_ns;
    if (ts_ns >= path->close_ns) {
        return LF_OK;
    }
    const bool is_halt = event->kind == LF_EVENT_HALT && (event->flags & LF_EVENT_MASKED) != 0;
    const bool is_break = is_halt || (event->flags & LF_EVENT_RESET) != 0;
    const int64_t mid2 = lf_book_event_valid(event) ? lf_book_mid2(&event->quotes) : 0;
    const lfi_knot none = {.ts_ns = LF_TIME_NONE};
    const lfi_knot last = path->count > 0 ? path->knots[path->count - 1] : none;
    assert(ts_ns >= last.ts_ns);
    if (mid2 == last.mid2 && !is_break) {
        return LF_OK;
    }
    /* Events of one time leave one knot: the state after all of them. */
    if (ts_ns != last.ts_ns) {
        const lf_status status = make_room(path);
        if (status != LF_OK) {
            return status;
        }
        path->count++;
    }
    path->knots[path->count - 1] = (lfi_knot){
        .ts_ns = ts_ns,
        .mid2 = mid2,
        .breaks = last.breaks + (is_break ? 1 : 0),
    };
    return LF_OK;
}

lfi_knot lfi_knot_at(const lf_label_path *path, int64_t t_ns, size_t *cursor)
{
    size_t i = *cursor;
    while (i < path->count && path->knots[i].ts_ns <= t_ns) {
        i++;
    }
    *cursor = i;
    return i == 0 ? (lfi_knot){.ts_ns = LF_TIME_NONE} : path->knots[i - 1];
}

void lf_label_horizon(
    const lf_label_path *path,
    const int64_t *times_ns,
    size_t count,
    int64_t horizon_ns,
    int64_t delay_ns,
    double *ret_bps,
    double *up
)
{
    assert(horizon_ns > 0 && delay_ns >= 0);
    size_t from_cursor = 0;
    size_t to_cursor = 0;
    for (size_t i = 0; i < count; i++) {
        const int64_t from_ns = times_ns[i] + delay_ns;
        const int64_t to_ns = from_ns + horizon_ns;
        const lfi_knot from = lfi_knot_at(path, from_ns, &from_cursor);
        const lfi_knot to = lfi_knot_at(path, to_ns, &to_cursor);
        const bool is_defined = to_ns <= path->close_ns && lfi_knots_connected(from, to);
        const double change = (double)(to.mid2 - from.mid2);
        if (ret_bps != NULL) {
            ret_bps[i] = is_defined ? 1e4 * log1p(change / (double)from.mid2) : NAN;
        }
        if (up != NULL) {
            up[i] = !is_defined || change == 0 ? NAN : (change > 0 ? 1 : 0);
        }
    }
}

void lf_label_meta(
    const double *side, const double *ret_bps, size_t count, double cost_bps, double *meta
)
{
    for (size_t i = 0; i < count; i++) {
        const bool is_defined = !isnan(ret_bps[i]) && !isnan(side[i]) && side[i] != 0;
        const double gain_bps = side[i] > 0 ? ret_bps[i] : -ret_bps[i];
        meta[i] = !is_defined ? NAN : gain_bps > cost_bps ? 1 : 0;
    }
}

int64_t lf_label_mid2(const lf_label_path *path, int64_t t_ns)
{
    size_t low = 0;
    size_t high = path->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (path->knots[middle].ts_ns <= t_ns) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == 0 ? 0 : path->knots[low - 1].mid2;
}
