/* What the readers of captures share: units, crossed books, the day that a source names. */
#ifndef LOBFLOW_FEED_CAPTURE_H
#define LOBFLOW_FEED_CAPTURE_H

#include "binance_message.h"
#include "feed_internal.h"

/* The events of a day that leave a reader, in the order of both clocks. */
typedef struct lfi_capture_out {
    lfi_reader *reader;
    lf_event *events; /* [batch_events], owned */
    lf_trade *trades; /* [batch_events], owned */
    size_t batch_events, count, trade_count;
    lf_quotes quotes;       /* after the last state that left */
    bool is_masked;         /* likewise */
    bool is_done, has_end;  /* the day is over; what is behind the data has been said */
    int64_t from_ns, to_ns; /* of the day */
    int64_t last_ts_ns, last_local_ns;
} lfi_capture_out;

/* Take memory for batches; false without, and then there is something to destroy all the same. */
bool lfi_capture_out_create(
    lfi_capture_out *out,
    lfi_reader *reader,
    const lf_source *source,
    const lf_feed_options *options,
    const lf_allocator *allocator
);
void lfi_capture_out_destroy(lfi_capture_out *out, const lf_allocator *allocator);

/* The place of the next event, whose trades follow those before it. */
static inline lf_event *lfi_capture_next(lfi_capture_out *out)
{
    return &out->events[out->count];
}

static inline bool lfi_capture_has_room(const lfi_capture_out *out)
{
    return out->count < out->batch_events && !out->is_done;
}

/* The event at that place goes behind the others, unless it lies outside the day: then false, and
   its trades are taken back. is_late: its time is older on purpose. */
bool lfi_capture_leave(lfi_capture_out *out, bool is_late, bool is_gap);

/* Nothing is known of the book behind the last message: a masked event says so to whoever would
   take its silence for a quiet market. */
void lfi_capture_put_end(lfi_capture_out *out);

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

/* Decimals of numbers, and the units of parsed ones in a tick and in a lot. LF_OK or LF_RANGE. */
typedef struct lfi_capture_units {
    lfi_binance_scale price_scale, size_scale;
    int64_t tick_step, lot_step;
} lfi_capture_units;

lf_status
lfi_capture_set_units(const lf_instrument *instrument, lfi_capture_units *out, lf_error *error);

/* A source made by hand becomes the found day [count] of its date and, where it has one, symbol.
   LF_OK or LF_NOT_FOUND. */
lf_status
lfi_capture_choose(const lf_source *found, size_t count, lf_source *source, lf_error *error);

#endif
