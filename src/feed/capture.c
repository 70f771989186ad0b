/* What the readers of captures share: units, crossed books, the day that a source names. */
#include "capture.h"

#include <stdio.h>
#include <string.h>

lf_status lfi_capture_fail_unit(
    const lf_instrument *instrument, const lfi_stream *stream, bool is_price, lf_error *error
)
{
    return lf_error_set_at(
        error,
        LF_DATA,
        lfi_stream_name(stream),
        lfi_stream_line_number(stream),
        LF_POSITION_NONE,
        "a %s that is no whole number of %s of %g; set instrument.%s",
        is_price ? "price" : "size",
        is_price ? "ticks" : "lots",
        (double)(is_price ? instrument->tick_nano : instrument->lot_nano) * 1e-9,
        is_price ? "tick" : "lot"
    );
}

lf_status
lfi_capture_violate(lf_feed_stats *stats, const lfi_stream *stream, bool strict, lf_error *error)
{
    stats->violation_count++;
    if (stats->first_violation_line == LF_POSITION_NONE) {
        stats->first_violation_line = lfi_stream_line_number(stream);
    }
    return !strict ? LF_OK
                   : lf_error_set_at(
                         error,
                         LF_DATA,
                         lfi_stream_name(stream),
                         lfi_stream_line_number(stream),
                         LF_POSITION_NONE,
                         "the best bid is not below the best ask; without --strict such "
                         "states are counted"
                     );
}

void lfi_capture_cut(lf_quotes *quotes, int32_t level_count)
{
    for (int m = level_count; m < LF_LEVELS_MAX; m++) {
        quotes->bid_ticks[m] = LF_BID_NONE;
        quotes->ask_ticks[m] = LF_ASK_NONE;
        quotes->bid_lots[m] = quotes->ask_lots[m] = 0;
    }
}

lf_status lfi_capture_instrument(
    const lf_source *source, const lf_feed_options *options, lf_instrument *out, lf_error *error
)
{
    const int32_t levels = source->level_count;
    memcpy(out->symbol, source->symbol, sizeof out->symbol);
    memcpy(out->venue, source->venue, sizeof out->venue);
    (void)snprintf(out->time_zone, sizeof out->time_zone, "UTC");
    out->tick_nano = options->tick_nano > 0 ? options->tick_nano : source->tick_nano;
    out->lot_nano = options->lot_nano > 0 ? options->lot_nano : source->lot_nano;
    out->units_per_tick = 1;
    out->has_local_times = source->has_local_times;
    out->level_count = levels > 0 && levels < LF_LEVELS_MAX ? levels : LF_LEVELS_MAX;
    out->date = source->date;
    if (source->date.year < 1970 || source->date.year > 2199) {
        return lf_error_set(
            error, LF_RANGE, "no capture is of the year %d", (int)source->date.year
        );
    }
    out->session_open_ns = lf_date_to_days(source->date) * LF_NS_PER_DAY;
    out->session_close_ns = out->session_open_ns + LF_NS_PER_DAY;
    return LF_OK;
}
