/* Labels against the mean of several later mids, and against that of several earlier ones. */
#include "label_internal.h"

#include <assert.h>
#include <math.h>

/* Sum of twice the mids at first, first + h/k, ... that a mean is taken of. */
typedef struct samples {
    int64_t sum2;
    bool is_defined;
} samples;

/* Mids at base + i * span / count for i in [first, first + count), all connected with one state. */
static samples take_samples(
    const lf_label_path *path,
    lfi_knot with,
    int64_t base_ns,
    int64_t span_ns,
    int32_t count,
    int32_t first,
    size_t cursor
)
{
    samples out = {.is_defined = with.mid2 > 0};
    for (int32_t i = first; i < first + count && out.is_defined; i++) {
        /* Whole parts and remainders apart: span times i could be more than 64 bits hold. */
        const int64_t at_ns = base_ns + span_ns / count * i + span_ns % count * i / count;
        const lfi_knot knot = lfi_knot_at(path, at_ns, &cursor);
        out.sum2 += knot.mid2;
        out.is_defined = lfi_knots_connected(with, knot);
    }
    return out;
}

void lf_label_smooth(
    const lf_label_path *path,
    const int64_t *times_ns,
    size_t count,
    int64_t horizon_ns,
    int64_t delay_ns,
    int32_t sample_count,
    double *smooth_bps,
    double *past_bps
)
{
    assert(horizon_ns > 0 && delay_ns >= 0 && sample_count > 0);
    size_t from_cursor = 0;
    size_t past_cursor = 0;
    for (size_t i = 0; i < count; i++) {
        const int64_t from_ns = times_ns[i] + delay_ns;
        const int64_t past_ns = from_ns - horizon_ns;
        const lfi_knot from = lfi_knot_at(path, from_ns, &from_cursor);
        const samples later =
            take_samples(path, from, from_ns, horizon_ns, sample_count, 1, from_cursor);
        const bool is_defined = from_ns + horizon_ns <= path->close_ns && later.is_defined;
        if (smooth_bps != NULL) {
            const int64_t base2 = sample_count * from.mid2;
            smooth_bps[i] = is_defined ? 1e4 * (double)(later.sum2 - base2) / (double)base2 : NAN;
        }
        if (past_bps != NULL) {
            (void)lfi_knot_at(path, past_ns, &past_cursor);
            const samples earlier =
                take_samples(path, from, past_ns, horizon_ns, sample_count, 1, past_cursor);
            past_bps[i] = is_defined && earlier.is_defined
                              ? 1e4 * (double)(later.sum2 - earlier.sum2) / (double)earlier.sum2
                              : NAN;
        }
    }
}
