/* Reader of CME captures: the book and the trades of one security, as events. */
#include "cme_feed.h"
#include "binance.h"
#include "dbn.h"

#include <stdio.h>
#include <string.h>

/* ---- reading ---------------------------------------------------------------------------- */

/* The changes of the next event of the batch. */
static lf_status hand_on_changes(lfi_cme_reader *self, size_t end, lf_error *error)
{
    lfi_changes *const to = &self->reader->changes;
    lf_status status = LF_OK;
    for (; self->change_first < end && status == LF_OK; self->change_first++) {
        status = lfi_changes_push(to, &self->changes[self->change_first], error);
    }
    return status == LF_OK ? lfi_changes_close(to, self->batch_index++, NULL, error) : status;
}

/* lfi_read_event */
static lf_status
read_event(void *context, lf_event *event, lf_trade *trade, bool *got, lf_error *error)
{
    lfi_cme_reader *const self = context;
    self->error = error;
    while (self->queue_first == self->queue_count && !self->is_at_end) {
        self->queue_first = self->queue_count = self->change_first = self->change_count = 0;
        const lf_status status =
            lfi_cme_capture_next(&self->capture, lfi_cme_reader_take, self, got, error);
        if (status == LF_OK && !*got) {
            self->is_at_end = true;
            lfi_cme_capture_finish(&self->capture, lfi_cme_reader_take, self);
            lfi_cme_reader_end(self);
        }
        if (status != LF_OK || self->status != LF_OK) {
            return status != LF_OK ? status : self->status;
        }
    }
    *got = self->queue_first < self->queue_count;
    if (*got) {
        const lfi_cme_queued *const from = &self->queue[self->queue_first++];
        *event = from->event;
        *trade = from->trade;
        return hand_on_changes(self, from->change_end, error);
    }
    return LF_OK;
}

static lf_status cme_next(void *context, lf_batch *out, lf_error *error)
{
    lfi_cme_reader *const self = context;
    lf_feed_stats *const stats = &self->reader->stats;
    self->batch_index = 0;
    lfi_changes_begin_batch(&self->reader->changes);
    const lf_status status = lfi_room_fill(&self->room, read_event, self, out, error);
    stats->input_bytes = lfi_pcap_input_bytes(self->capture.pcap);
    return status;
}

/* ---- opening ---------------------------------------------------------------------------- */

static void cme_close(void *context)
{
    lfi_cme_reader *const self = context;
    const lf_allocator memory = self->memory;
    const lf_allocator *const allocator = self->allocator != NULL ? &memory : NULL;
    if (self->capture.places != NULL) {
        lfi_cme_capture_close(&self->capture);
    }
    lfi_room_destroy(&self->room, allocator);
    lfi_changes_end(&self->reader->changes);
    lfi_cme_orders_clear(&self->orders);
    lf_release(allocator, self->changes);
    lf_release(allocator, self->queue);
    lf_release(allocator, self->waiting);
    lf_release(allocator, self);
}

static lf_status set_instrument(
    lfi_cme_reader *self, const lf_source *source, const lf_feed_options *options, lf_error *error
)
{
    lf_instrument *const instrument = &self->reader->instrument;
    const dbn_metadata metadata = {.dataset = LFI_CME_DATASET};
    lf_status status = lfi_dbn_instrument(&metadata, source, options, instrument, error);
    if (status == LF_OK) {
        status = lfi_cme_set_tick(&self->security, options, instrument, &self->step_nano, error);
    }
    if (self->security.currency[0] != '\0') {
        memcpy(instrument->currency, self->security.currency, sizeof self->security.currency);
    }
    instrument->has_local_times = source->has_local_times;
    self->book.level_count = self->security.level_count > 0 ? self->security.level_count
                             : source->level_count > 0      ? instrument->level_count
                                                            : LF_LEVELS_MAX;
    self->from_ns = source->from_ns;
    self->to_ns = source->to_ns != 0 ? source->to_ns : INT64_MAX;
    self->shift_ns = source->clock_shift_ns;
    self->latency_ns = options->feed_latency_ns;
    self->strict = options->strict;
    self->reader->stats.clock_shift_ns = source->clock_shift_ns;
    self->reader->stats.first_violation_line = LF_POSITION_NONE;
    self->last_ts_ns = self->last_local_ns = self->begin_ns = INT64_MIN;
    return status;
}

/* Single orders are kept where they are asked for, and where there is nothing else. */
static lf_status begin_orders(lfi_cme_reader *self, const lf_feed_options *options, lf_error *error)
{
    lf_instrument *const instrument = &self->reader->instrument;
    self->by_orders = !self->security.has_book;
    instrument->has_orders = options->with_orders && self->security.has_orders;
    if (!self->by_orders && !instrument->has_orders) {
        return LF_OK;
    }
    lf_status status = lfi_cme_orders_create(&self->orders, self->allocator);
    if (status != LF_OK) {
        return lf_error_set(error, status, "no memory for the orders of %s", self->security.symbol);
    }
    self->orders.is_told = instrument->has_orders;
    const size_t batch_events = options->batch_events != 0 ? options->batch_events : 1024;
    return instrument->has_orders
               ? lfi_changes_start(&self->reader->changes, self->allocator, batch_events, error)
               : LF_OK;
}

static lf_status begin(
    lfi_cme_reader *self, const lf_source *source, const lf_feed_options *options, lf_error *error
)
{
    lfi_cme_facts facts;
    const lfi_cme_security *security;
    lf_status status = lfi_cme_scan(self->allocator, source->path, &facts, error);
    if (status != LF_OK) {
        return status;
    }
    status = lfi_cme_choose(&facts, source->path, source->symbol, &security, error);
    if (status == LF_OK) {
        self->security = *security;
        status = set_instrument(self, source, options, error);
    }
    lfi_cme_facts_clear(self->allocator, &facts);
    if (status != LF_OK) {
        return status;
    }
    status = begin_orders(self, options, error);
    if (status != LF_OK) {
        return status;
    }
    lfi_cme_reader_begin(self);
    self->waiting = lf_allocate(self->allocator, LFI_CME_WAITING_MAX, sizeof *self->waiting);
    if (self->waiting == NULL || !lfi_room_create(&self->room, self->allocator, options)) {
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", source->path);
    }
    self->reader->stats.input_bytes_total = lfi_capture_bytes(source->path);
    return lfi_cme_capture_open(self->allocator, source->path, &self->capture, error);
}

lf_status lfi_cme_open(
    const lf_source *source, const lf_feed_options *options, lfi_reader *reader, lf_error *error
)
{
    lfi_cme_reader *const self = lf_allocate(options->allocator, 1, sizeof *self);
    if (self == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", source->path);
    }
    self->allocator = lfi_keep_allocator(options->allocator, &self->memory);
    self->reader = reader;
    return lfi_reader_start(reader, begin(self, source, options, error), cme_next, cme_close, self);
}
