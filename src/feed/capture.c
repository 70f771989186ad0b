/* What the readers of captures share: units, crossed books, days, and the events that leave. */
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

lf_status
lfi_capture_set_units(const lf_instrument *instrument, lfi_capture_units *out, lf_error *error)
{
    return lfi_binance_set_scale(instrument->tick_nano, &out->price_scale, &out->tick_step) &&
                   lfi_binance_set_scale(instrument->lot_nano, &out->size_scale, &out->lot_step)
               ? LF_OK
               : lf_error_set(
                     error,
                     LF_RANGE,
                     "the tick and the lot of this format have at most %d decimals",
                     LFI_BINANCE_PLACES_MAX
                 );
}

lf_status
lfi_capture_choose(const lf_source *found, size_t count, lf_source *source, lf_error *error)
{
    for (size_t i = 0; i < count; i++) {
        if (lf_date_to_days(found[i].date) == lf_date_to_days(source->date) &&
            (source->symbol[0] == '\0' || strcmp(source->symbol, found[i].symbol) == 0)) {
            *source = found[i];
            return LF_OK;
        }
    }
    return lf_error_set(error, LF_NOT_FOUND, "%s does not hold that day", source->path);
}

/* ---- events that leave ------------------------------------------------------------------ */

bool lfi_capture_out_create(
    lfi_capture_out *out,
    lfi_reader *reader,
    const lf_source *source,
    const lf_feed_options *options,
    const lf_allocator *allocator
)
{
    const size_t batch_events = options->batch_events != 0 ? options->batch_events : 1024;
    *out = (lfi_capture_out){
        .reader = reader,
        .events = lf_allocate(allocator, batch_events, sizeof *out->events),
        .trades = lf_allocate(allocator, batch_events, sizeof *out->trades),
        .batch_events = batch_events,
        .is_masked = true,
        .from_ns = source->from_ns,
        .to_ns = source->to_ns != 0 ? source->to_ns : INT64_MAX,
        .last_ts_ns = INT64_MIN,
        .last_local_ns = INT64_MIN,
    };
    lfi_capture_cut(&out->quotes, 0);
    return out->events != NULL && out->trades != NULL;
}

void lfi_capture_out_destroy(lfi_capture_out *out, const lf_allocator *allocator)
{
    lf_release(allocator, out->events);
    lf_release(allocator, out->trades);
}

bool lfi_capture_leave(lfi_capture_out *out, bool is_late, bool is_gap)
{
    lf_feed_stats *const stats = &out->reader->stats;
    lf_event *const event = &out->events[out->count];
    if (event->ts_exchange_ns < out->last_ts_ns) {
        stats->backward_count += !is_late && out->last_ts_ns >= out->from_ns;
        event->ts_exchange_ns = out->last_ts_ns;
    }
    const int64_t ts_ns = event->ts_exchange_ns;
    const int64_t local_ns = event->ts_local_ns > ts_ns ? event->ts_local_ns : ts_ns;
    out->last_local_ns = local_ns > out->last_local_ns ? local_ns : out->last_local_ns;
    out->last_ts_ns = ts_ns;
    event->ts_local_ns = out->last_local_ns;
    out->is_done = ts_ns >= out->to_ns;
    if (ts_ns < out->from_ns || out->is_done) {
        out->trade_count -= event->trade_count;
        return false;
    }
    stats->gap_count += is_gap;
    lfi_count_event(stats, event);
    out->count++;
    return true;
}

void lfi_capture_put_end(lfi_capture_out *out)
{
    const int64_t ts_ns = out->last_ts_ns + 1;
    out->has_end = true;
    if (out->is_done || out->is_masked || ts_ns <= out->from_ns ||
        ts_ns >= out->reader->instrument.session_close_ns) {
        return;
    }
    out->events[out->count] = (lf_event){
        .ts_exchange_ns = ts_ns,
        .ts_local_ns = out->last_local_ns + 1,
        .flags = LF_EVENT_LAST | LF_EVENT_MASKED,
        .trade_first = (uint32_t)out->trade_count,
        .kind = LF_EVENT_OTHER,
        .quotes = out->quotes,
    };
    (void)lfi_capture_leave(out, false, false);
}
