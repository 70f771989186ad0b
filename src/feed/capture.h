/* What the readers of captures share: units, crossed books, the day that a source names. */
#ifndef LOBFLOW_FEED_CAPTURE_H
#define LOBFLOW_FEED_CAPTURE_H

#include "binance_message.h"
#include "feed_internal.h"

/* Whether the numbers read with a scale had digits behind its last place. */
static inline bool lfi_capture_is_finer(const lfi_binance_scale *scale)
{
    return lfi_binance_decimals(scale->fractions) > (int)scale->places;
}

/* Divide a number by the units in a tick or lot; false when something is left. */
static inline bool lfi_capture_divide(int64_t *number, int64_t step)
{
    const bool fits = *number % step == 0;
    *number /= step;
    return fits;
}

/* The line of the stream holds a price or size that is no whole number of ticks or lots. */
lf_status lfi_capture_fail_unit(
    const lf_instrument *instrument, const lfi_stream *stream, bool is_price, lf_error *error
);

/* The line of the stream made a crossed book: count it, and refuse it when strict. */
lf_status
lfi_capture_violate(lf_feed_stats *stats, const lfi_stream *stream, bool strict, lf_error *error);

/* Leave so many levels a side. */
void lfi_capture_cut(lf_quotes *quotes, int32_t level_count);

/* Symbol, units and the day around the clock that a source and the options name; LF_RANGE for a
   year that no capture is of. */
lf_status lfi_capture_instrument(
    const lf_source *source, const lf_feed_options *options, lf_instrument *out, lf_error *error
);

#endif
