/* Takes in a day, simulated or real, for the measures that simulators are judged by. */
#include "synth_internal.h"

#include <lobflow/book.h>

#include <math.h>

/* Regressions need some observations of 10 s each. */
#define BLOCK_LEAST_NS (5 * LF_NS_PER_MINUTE)
/* Less of a session than this is measured as a session of its own. */
#define WHOLE_SHARE 0.9

/* Nothing where the day is too short for one window. */
static lf_status create_study(lf_synth_check *self, int64_t length_ns, lf_error *error)
{
    const int64_t part_ns = length_ns / LF_SYNTH_PARTS;
    lf_study_options options = {
        .allocator = self->allocator,
        .block_ns = part_ns > BLOCK_LEAST_NS ? part_ns : BLOCK_LEAST_NS,
    };
    options.block_ns = options.block_ns < length_ns ? options.block_ns : length_ns;
    options.block_ns -= options.block_ns % (10 * LF_NS_PER_SECOND);
    return options.block_ns > 0 ? lf_study_create(&self->instrument, &options, &self->study, error)
                                : LF_OK;
}

lf_status lf_synth_check_create(
    const lf_allocator *allocator,
    const lf_instrument *instrument,
    lf_synth_check **out,
    lf_error *error
)
{
    *out = NULL;
    lf_synth_check *self = lf_allocate(allocator, 1, sizeof *self);
    if (self == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory to measure a day");
    }
    if (allocator != NULL) {
        self->memory = *allocator;
        self->allocator = &self->memory;
    }
    self->instrument = *instrument;
    self->mid = NAN;
    self->print_ts_ns = self->state_ts_ns = LF_TIME_NONE;
    const int64_t length_ns = instrument->session_close_ns - instrument->session_open_ns;
    self->second_count = (size_t)(length_ns / LF_NS_PER_SECOND);
    self->mids = lf_allocate(allocator, self->second_count + 1, sizeof *self->mids);
    self->minute_count = self->second_count / 60;
    self->minute_events =
        lf_allocate(allocator, self->minute_count + 1, sizeof *self->minute_events);
    self->spreads = lf_allocate(allocator, LFI_CHECK_SPREADS, sizeof *self->spreads);
    lf_status status = LF_NOMEM;
    if (self->mids != NULL && self->minute_events != NULL && self->spreads != NULL) {
        status = create_study(self, length_ns, error);
    }
    if (status != LF_OK) {
        lf_synth_check_destroy(self);
        return status == LF_NOMEM ? lf_error_set(error, status, "no memory to measure a day")
                                  : status;
    }
    *out = self;
    return LF_OK;
}

void lf_synth_check_destroy(lf_synth_check *check)
{
    if (check == NULL) {
        return;
    }
    const lf_allocator memory = check->memory;
    const lf_allocator *allocator = check->allocator != NULL ? &memory : NULL;
    lf_study_destroy(check->study);
    lf_release(allocator, check->mids);
    lf_release(allocator, check->spreads);
    lf_release(allocator, check->minute_events);
    lf_release(allocator, check->signs);
    lf_release(allocator, check);
}

void lfi_check_fill_seconds(lf_synth_check *self, int64_t ts_ns)
{
    const int64_t open_ns = self->instrument.session_open_ns;
    while (self->second_now <= self->second_count &&
           open_ns + (int64_t)self->second_now * LF_NS_PER_SECOND < ts_ns) {
        self->mids[self->second_now++] = self->mid;
    }
}

/*
 * Who began a trade, where the feed does not tell: the quote of an earlier instant decides, at its
 * mid the last change of the price. Lee, Ready (1991).
 */
static int8_t sign_of(lf_synth_check *self, const lf_trade *trade)
{
    const int64_t price = trade->price_units;
    if (price != self->print_units) {
        self->tick_sign = price > self->print_units ? 1 : -1;
        self->print_units = price;
    }
    if (trade->sign != LF_SIGN_UNKNOWN) {
        return trade->sign;
    }
    const int64_t off = 2 * price - self->before_mid2 * self->instrument.units_per_tick;
    if (self->before_mid2 == 0 || off == 0) {
        return self->tick_sign;
    }
    return off > 0 ? 1 : -1;
}

/* Trades of one instant and one sign are one decision. */
static lf_status take_trade(lf_synth_check *self, int64_t ts_ns, const lf_trade *trade)
{
    const int8_t sign = sign_of(self, trade);
    self->trade_lots += trade->size_lots;
    if (ts_ns == self->print_ts_ns && sign == self->print_sign) {
        return LF_OK;
    }
    self->print_ts_ns = ts_ns;
    self->print_sign = sign;
    self->trade_count++;
    self->hidden_count += trade->hidden;
    if (sign != 1 && sign != -1) {
        return LF_OK;
    }
    const lf_status status = lf_grow(
        self->allocator, (void **)&self->signs, &self->sign_capacity, self->sign_count + 1, 1
    );
    if (status == LF_OK) {
        self->signs[self->sign_count++] = sign;
    }
    return status;
}

/* Distances and sizes behind the best levels, of one side. */
static void take_levels(lf_synth_check *self, const int64_t *ticks, const int64_t *lots)
{
    int32_t last = 0;
    while (last + 1 < self->instrument.level_count && lots[last + 1] > 0) {
        last++;
        self->behind_lots += lots[last];
    }
    self->behind_count += last;
    self->behind_ticks += ticks[last] > ticks[0] ? ticks[last] - ticks[0] : ticks[0] - ticks[last];
}

static void take_state(lf_synth_check *self, const lf_event *event, size_t part)
{
    const lf_quotes *q = &event->quotes;
    if (!lf_book_event_valid(event)) {
        return;
    }
    const int64_t spread = lf_book_spread(q);
    const double mid = (double)lf_book_mid2(q) / 2;
    self->move_count += !isnan(self->mid) && mid != self->mid;
    self->mid = mid;
    self->valid_count++;
    self->spreads[spread < LFI_CHECK_SPREADS ? spread : LFI_CHECK_SPREADS - 1]++;
    self->part_rows[part]++;
    self->part_spread[part] += spread;
    self->part_depth2[part] += q->bid_lots[0] + q->ask_lots[0];
    take_levels(self, q->bid_ticks, q->bid_lots);
    take_levels(self, q->ask_ticks, q->ask_lots);
}

/* The mid that stood before this instant is kept for trades that tell no sign. */
static void begin_instant(lf_synth_check *self, int64_t ts_ns)
{
    if (ts_ns != self->state_ts_ns) {
        self->before_mid2 = isnan(self->mid) ? 0 : (int64_t)(2 * self->mid);
        self->state_ts_ns = ts_ns;
    }
}

lf_status lf_synth_check_push(lf_synth_check *check, const lf_batch *batch)
{
    const lf_instrument *in = &check->instrument;
    const int64_t length_ns = in->session_close_ns - in->session_open_ns;
    for (size_t i = 0; i < batch->event_count; i++) {
        const lf_event *event = &batch->events[i];
        const int64_t ts_ns = event->ts_exchange_ns;
        if (ts_ns < in->session_open_ns || ts_ns >= in->session_close_ns) {
            continue;
        }
        lfi_check_fill_seconds(check, ts_ns);
        begin_instant(check, ts_ns);
        const size_t place =
            (size_t)((double)(ts_ns - in->session_open_ns) / (double)length_ns * LF_SYNTH_PARTS);
        const size_t part = place < LF_SYNTH_PARTS ? place : LF_SYNTH_PARTS - 1;
        check->event_count++;
        check->part_events[part]++;
        /* The last place takes what is left of a minute. */
        check->minute_events[(ts_ns - in->session_open_ns) / LF_NS_PER_MINUTE]++;
        /* The price of an auction is no decision of one side. */
        const uint16_t count = event->kind == LF_EVENT_CROSS ? 0 : event->trade_count;
        for (uint16_t t = 0; t < count; t++) {
            const lf_status status =
                take_trade(check, ts_ns, &batch->trades[event->trade_first + t]);
            if (status != LF_OK) {
                return status;
            }
        }
        take_state(check, event, part);
    }
    return check->study != NULL ? lf_study_push(check->study, batch) : LF_OK;
}

/* ---- whole days ------------------------------------------------------------------------- */

lf_status lf_synth_check_day(
    const lf_synth_options *options, int32_t day, lf_synth_facts *out, lf_error *error
)
{
    lf_synth *synth = NULL;
    lf_synth_check *check = NULL;
    lf_batch batch;
    lf_status status = lf_synth_open(options, day, &synth, error);
    if (status == LF_OK) {
        status =
            lf_synth_check_create(options->allocator, lf_synth_instrument(synth), &check, error);
    }
    while (status == LF_OK) {
        lf_synth_next(synth, &batch);
        if (batch.event_count == 0) {
            status = lf_synth_check_finish(check, out, error);
            break;
        }
        if (lf_synth_check_push(check, &batch) != LF_OK) {
            status = lf_error_set(error, LF_NOMEM, "no memory to measure a day");
        }
    }
    lf_synth_check_destroy(check);
    lf_synth_close(synth);
    return status;
}

/* The part of a session that data cover, from their first valid state on. */
typedef struct cover {
    lf_instrument instrument;
    int64_t first_ns, last_ns;
} cover;

static void widen(cover *out, const lf_batch *batch)
{
    for (size_t i = 0; i < batch->event_count; i++) {
        const int64_t ts_ns = batch->events[i].ts_exchange_ns;
        if (out->first_ns == LF_TIME_NONE && lf_book_event_valid(&batch->events[i])) {
            out->first_ns = ts_ns;
        }
        out->last_ns = ts_ns;
    }
}

/* Read all of a source into a check, or only to see what it covers. */
static lf_status read_source(
    const lf_source *source,
    const lf_feed_options *options,
    lf_synth_check *check,
    cover *covered,
    lf_error *error
)
{
    lf_feed *feed;
    lf_batch batch;
    lf_status status = lf_feed_open(source, options, &feed, error);
    if (status != LF_OK) {
        return status;
    }
    for (;;) {
        status = lf_feed_next(feed, &batch, error);
        if (status != LF_OK || batch.event_count == 0) {
            break;
        }
        if (check == NULL) {
            widen(covered, &batch);
        } else if (lf_synth_check_push(check, &batch) != LF_OK) {
            status = lf_error_set(error, LF_NOMEM, "no memory to measure a day");
            break;
        }
    }
    if (check == NULL) {
        covered->instrument = *lf_feed_instrument(feed);
    }
    lf_feed_close(feed);
    return status;
}

/* True when less than a whole session is covered, which then becomes the session. */
static bool narrow(cover *c)
{
    lf_instrument *in = &c->instrument;
    const double length_ns = (double)(in->session_close_ns - in->session_open_ns);
    const int64_t first_ns = c->first_ns > in->session_open_ns ? c->first_ns : in->session_open_ns;
    const int64_t last_ns = c->last_ns < in->session_close_ns ? c->last_ns : in->session_close_ns;
    if (c->first_ns == LF_TIME_NONE || last_ns <= first_ns ||
        (double)(last_ns - first_ns) >= WHOLE_SHARE * length_ns) {
        return false;
    }
    in->session_open_ns = first_ns;
    in->session_close_ns = last_ns + 1;
    return true;
}

lf_status lf_synth_check_source(
    const lf_source *source, const lf_feed_options *options, lf_synth_facts *out, lf_error *error
)
{
    cover covered = {.first_ns = LF_TIME_NONE, .last_ns = LF_TIME_NONE};
    lf_synth_check *check = NULL;
    lf_status status = read_source(source, options, NULL, &covered, error);
    const bool is_part = status == LF_OK && narrow(&covered);
    if (status == LF_OK) {
        status = lf_synth_check_create(
            options != NULL ? options->allocator : NULL, &covered.instrument, &check, error
        );
    }
    if (status == LF_OK) {
        status = read_source(source, options, check, &covered, error);
    }
    if (status == LF_OK) {
        status = lf_synth_check_finish(check, out, error);
        if (status == LF_DATA) {
            status = lf_error_set_at(
                error,
                status,
                source->path,
                LF_POSITION_NONE,
                LF_POSITION_NONE,
                "the book is never valid in the session"
            );
        }
    }
    if (status == LF_OK && is_part) {
        out->open_activity = out->close_activity = out->open_depth = NAN;
    }
    lf_synth_check_destroy(check);
    return status;
}
