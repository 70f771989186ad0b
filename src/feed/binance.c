/* Reader of Binance captures: diffs and trades in the order of the exchange's clock, as events. */
#include "binance.h"
#include "binance_book.h"
#include "capture.h"

#include <stdio.h>
#include <string.h>

/* Streams of one venue are late to each other by less; the largest seen is 0.17 s. */
#define LATE_NS LF_NS_PER_SECOND
/* Events that wait for the other stream. When one ring is full the oldest event waits no more. */
#define DIFFS_MAX ((size_t)1 << 11)
#define TRADES_MAX ((size_t)1 << 14)

/* A trade that waits. */
typedef struct waiting_trade {
    int64_t ts_ns, local_ns, price_units, size_lots;
    int8_t sign;
    bool is_gap; /* trades before it are missing */
} waiting_trade;

/* A diff that waits, as the event it becomes. */
typedef struct waiting_diff {
    lf_event event;
    int64_t check_count;  /* messages whose order was checked */
    bool is_gap, is_late; /* its time is older than its arrival: it waited for a snapshot */
} waiting_diff;

typedef struct binance {
    const lf_allocator *allocator;
    lf_allocator memory;
    lfi_reader *reader;
    char name[1024]; /* of the file being read */
    lfi_stream *stream;
    int64_t done_bytes, done_text; /* of the files before it */
    lfi_binance_message m;
    lfi_binance_book book;
    lfi_capture_out out;
    waiting_diff *diffs;   /* [DIFFS_MAX], a ring */
    waiting_trade *queued; /* [TRADES_MAX], a ring */
    size_t diff_first, diff_count, queued_first, queued_count;
    bool strict, was_known, is_at_end;
    uint32_t owed_flags;         /* of a snapshot without a time: the next diff has them */
    int64_t tick_step, lot_step; /* units of the parsed numbers in a tick, in a lot */
    int64_t shift_ns, latency_ns;
    int64_t top_ns; /* latest exchange time of any message */
    int64_t diff_ns, trade_ns;
    int64_t last_trade_id;
    lfi_binance_kind trade_kind; /* trades or aggregates: what came first */
} binance;

/* ---- numbers ---------------------------------------------------------------------------- */

/* The message's numbers in ticks and lots. */
static lf_status to_units(binance *self, lf_error *error)
{
    lfi_binance_message *const m = &self->m;
    bool price_fits = !lfi_capture_is_finer(&m->price_scale),
         size_fits = !lfi_capture_is_finer(&m->size_scale);
    if (self->tick_step != 1 || self->lot_step != 1) {
        for (size_t i = 0; i < m->level_count; i++) {
            price_fits =
                lfi_capture_divide(&m->levels[i].price_ticks, self->tick_step) && price_fits;
            size_fits = lfi_capture_divide(&m->levels[i].size_lots, self->lot_step) && size_fits;
        }
        if (m->price != LFI_BINANCE_NONE && m->size != LFI_BINANCE_NONE) {
            price_fits = lfi_capture_divide(&m->price, self->tick_step) && price_fits;
            size_fits = lfi_capture_divide(&m->size, self->lot_step) && size_fits;
        }
    }
    return price_fits && size_fits
               ? LF_OK
               : lfi_capture_fail_unit(&self->reader->instrument, self->stream, !price_fits, error);
}

/* ---- events that wait ------------------------------------------------------------------- */

/* Whether what is being read belongs to the day. */
static bool is_inside(const binance *self)
{
    return self->top_ns >= self->out.from_ns && self->top_ns < self->out.to_ns;
}

static int64_t local_of(const binance *self, int64_t ts_ns)
{
    const int64_t local_ns = self->m.local_ns;
    return local_ns != LFI_BINANCE_NONE ? local_ns + self->shift_ns : ts_ns + self->latency_ns;
}

/* Exchange time of the message; of its stream it never goes back. */
static int64_t take_time(binance *self, int64_t *last_ns)
{
    const int64_t ts_ns = lfi_binance_exchange_ns(&self->m);
    if (ts_ns > self->top_ns) {
        self->top_ns = ts_ns;
    }
    self->reader->stats.backward_count += ts_ns < *last_ns && is_inside(self);
    *last_ns = ts_ns > *last_ns ? ts_ns : *last_ns;
    return *last_ns;
}

/* The book as it is now, as an event. */
static lf_status
put_diff(binance *self, int64_t ts_ns, uint32_t flags, bool is_gap, lf_error *error)
{
    waiting_diff *const to = &self->diffs[(self->diff_first + self->diff_count++) % DIFFS_MAX];
    lf_quotes *const q = &to->event.quotes;
    to->event = (lf_event){
        .ts_exchange_ns = ts_ns,
        .ts_local_ns = local_of(self, ts_ns),
        .flags = flags | LF_EVENT_LAST,
        .kind = LF_EVENT_QUOTE,
    };
    to->check_count = self->book.applied_count;
    to->is_gap = is_gap;
    to->is_late = (flags & LF_EVENT_SNAPSHOT) != 0;
    lfi_l2book_quotes(&self->book.levels, q);
    lfi_capture_cut(q, self->reader->instrument.level_count);
    return lfi_is_crossed(q) && !is_gap && is_inside(self)
               ? lfi_capture_violate(&self->reader->stats, self->stream, self->strict, error)
               : LF_OK;
}

/* ---- messages --------------------------------------------------------------------------- */

/* The book is known from here on. */
static lf_status put_found(binance *self, int64_t ts_ns, uint32_t flags, lf_error *error)
{
    const uint32_t all = flags | (self->was_known ? LF_EVENT_RESET : 0);
    self->was_known = true;
    if (ts_ns < 0) {
        self->owed_flags |= all;
        return LF_OK;
    }
    return put_diff(self, ts_ns, all, false, error);
}

static lf_status take_diff(binance *self, lf_error *error)
{
    const int64_t ts_ns = take_time(self, &self->diff_ns);
    const lfi_binance_step step = lfi_binance_book_diff(&self->book, &self->m, ts_ns);
    uint32_t owed = self->owed_flags;
    switch (step) {
    case LFI_BINANCE_STALE:
        self->reader->stats.stale_count += is_inside(self);
        return LF_OK;
    case LFI_BINANCE_WAITING:
        return LF_OK;
    case LFI_BINANCE_LOST:
        return put_diff(self, ts_ns, LF_EVENT_MASKED, true, error);
    case LFI_BINANCE_APPLIED:
        self->owed_flags = 0;
        return put_diff(self, ts_ns, owed, false, error);
    case LFI_BINANCE_FOUND:
    default:
        self->owed_flags = 0;
        return put_found(self, self->book.time_ns, owed, error);
    }
}

static lf_status take_snapshot(binance *self, lf_error *error)
{
    const int64_t ts_ns = lfi_binance_exchange_ns(&self->m);
    const lfi_binance_step step = lfi_binance_book_snapshot(&self->book, &self->m, ts_ns);
    if (step == LFI_BINANCE_STALE) {
        self->reader->stats.skipped_count += is_inside(self);
    }
    return step == LFI_BINANCE_FOUND ? put_found(self, self->book.time_ns, LF_EVENT_SNAPSHOT, error)
                                     : LF_OK;
}

static void take_trade(binance *self)
{
    const lfi_binance_message *const m = &self->m;
    lf_feed_stats *const stats = &self->reader->stats;
    const int64_t id = m->trade_id;
    /* Numbers that go back while time goes on have begun anew. */
    const bool is_anew = id != LFI_BINANCE_NONE && id <= self->last_trade_id &&
                         lfi_binance_exchange_ns(m) > self->trade_ns;
    const int64_t last = is_anew ? id - 2 : self->last_trade_id;
    if (self->trade_kind == LFI_BINANCE_OTHER) {
        self->trade_kind = m->kind;
    }
    if (m->kind != self->trade_kind) {
        stats->skipped_count += is_inside(self);
        return;
    }
    if (id != LFI_BINANCE_NONE && id <= last) {
        stats->stale_count += is_inside(self);
        return;
    }
    const int64_t ts_ns = take_time(self, &self->trade_ns);
    self->last_trade_id = id != LFI_BINANCE_NONE ? id : last;
    const bool is_gap = id != LFI_BINANCE_NONE && last != LFI_BINANCE_NONE && id > last + 1;
    const bool is_trade = m->is_market && m->price > 0 && m->size > 0;
    stats->skipped_count += !is_trade && is_inside(self);
    if (!is_trade && !is_gap) {
        return;
    }
    self->queued[(self->queued_first + self->queued_count++) % TRADES_MAX] = (waiting_trade){
        .ts_ns = ts_ns,
        .local_ns = local_of(self, ts_ns),
        .price_units = m->price,
        .size_lots = is_trade ? m->size : 0,
        .sign = m->buyer_is_maker ? -1 : 1,
        .is_gap = is_gap,
    };
}

static lf_status take_message(binance *self, lf_error *error)
{
    switch (self->m.kind) {
    case LFI_BINANCE_DEPTH:
        return take_diff(self, error);
    case LFI_BINANCE_SNAPSHOT:
        return take_snapshot(self, error);
    case LFI_BINANCE_TRADE:
    case LFI_BINANCE_AGGREGATE:
        take_trade(self);
        return LF_OK;
    case LFI_BINANCE_OTHER:
    case LFI_BINANCE_INFO:
    default:
        self->reader->stats.skipped_count += is_inside(self);
        return LF_OK;
    }
}

/* ---- lines ------------------------------------------------------------------------------ */

/* The file of the next date, if there is one; else the end. */
static lf_status next_file(binance *self, lf_error *error)
{
    char next[1024];
    lf_date date;
    self->done_bytes += lfi_capture_bytes(self->name);
    self->done_text += lfi_stream_text_bytes(self->stream);
    lfi_stream_close(self->stream);
    self->stream = NULL;
    if (!lfi_capture_date(self->name, &date) ||
        !lfi_capture_name_at(self->name, lf_date_from_days(lf_date_to_days(date) + 1), next) ||
        !lfi_capture_exists(next)) {
        self->is_at_end = true;
        return LF_OK;
    }
    memcpy(self->name, next, sizeof self->name);
    return lfi_capture_open(self->allocator, self->name, &self->stream, error);
}

static lf_status read_line(binance *self, lf_error *error)
{
    const char *line;
    size_t bytes;
    lfi_binance_fault fault;
    lf_status status = lfi_stream_line(self->stream, &line, &bytes, error);
    if (status == LF_OK && line == NULL) {
        return next_file(self, error);
    }
    if (status != LF_OK || bytes == 0) {
        return status;
    }
    status = lfi_binance_make_room(self->allocator, &self->m, bytes, error);
    if (status != LF_OK) {
        return status;
    }
    self->m.wanted = self->reader->instrument.symbol;
    if (!lfi_binance_parse(line, bytes, &self->m, &fault)) {
        return lfi_binance_fail(self->stream, &fault, line, bytes, error);
    }
    status = self->m.kind != LFI_BINANCE_INFO ? to_units(self, error) : LF_OK;
    return status == LF_OK ? take_message(self, error) : status;
}

/* ---- events that leave ------------------------------------------------------------------ */

static void leave_diff(binance *self)
{
    lfi_capture_out *const out = &self->out;
    const waiting_diff *const from = &self->diffs[self->diff_first];
    lf_event *const event = lfi_capture_next(out);
    *event = from->event;
    event->trade_first = (uint32_t)out->trade_count;
    out->quotes = event->quotes;
    out->is_masked = (event->flags & LF_EVENT_MASKED) != 0;
    self->diff_first = (self->diff_first + 1) % DIFFS_MAX;
    self->diff_count--;
    if (lfi_capture_leave(out, from->is_late, from->is_gap)) {
        self->reader->stats.check_count += from->check_count;
    }
}

static void leave_trade(binance *self)
{
    lfi_capture_out *const out = &self->out;
    const waiting_trade *const from = &self->queued[self->queued_first];
    lf_event *const event = lfi_capture_next(out);
    const bool is_trade = from->size_lots > 0;
    *event = (lf_event){
        .ts_exchange_ns = from->ts_ns,
        .ts_local_ns = from->local_ns,
        .price_units = from->price_units,
        .size_lots = from->size_lots,
        .flags = LF_EVENT_LAST | (out->is_masked ? (uint32_t)LF_EVENT_MASKED : 0) |
                 (from->is_gap ? (uint32_t)LF_EVENT_RESET : 0),
        .trade_first = (uint32_t)out->trade_count,
        .trade_count = is_trade,
        .kind = is_trade ? LF_EVENT_TRADE : LF_EVENT_OTHER,
        .side = (int8_t)-from->sign,
        .quotes = out->quotes,
    };
    if (is_trade) {
        out->trades[out->trade_count++] = (lf_trade){
            .price_units = from->price_units,
            .size_lots = from->size_lots,
            .sign = from->sign,
        };
    }
    self->queued_first = (self->queued_first + 1) % TRADES_MAX;
    self->queued_count--;
    (void)lfi_capture_leave(out, false, from->is_gap);
}

/*
 * Let the oldest event go when no older one can come: each stream is in order, so when both have
 * one it is the older of the two, of one time the trade, which is what changed the book. A stream
 * that is silent is waited for.
 */
static bool leave_one(binance *self)
{
    const bool has_diff = self->diff_count > 0, has_trade = self->queued_count > 0;
    const int64_t diff_ns =
        has_diff ? self->diffs[self->diff_first].event.ts_exchange_ns : INT64_MAX;
    const int64_t trade_ns = has_trade ? self->queued[self->queued_first].ts_ns : INT64_MAX;
    const int64_t first_ns = diff_ns < trade_ns ? diff_ns : trade_ns;
    const bool is_full = self->diff_count == DIFFS_MAX || self->queued_count == TRADES_MAX;
    if ((!has_diff && !has_trade) || !((has_diff && has_trade) || is_full || self->is_at_end ||
                                       first_ns < self->top_ns - LATE_NS)) {
        return false;
    }
    if (diff_ns < trade_ns) {
        leave_diff(self);
    } else {
        leave_trade(self);
    }
    return true;
}

static lf_status binance_next(void *context, lf_batch *out, lf_error *error)
{
    binance *const self = context;
    lf_feed_stats *const stats = &self->reader->stats;
    lfi_capture_out *const leaving = &self->out;
    lf_status status = LF_OK;
    leaving->count = leaving->trade_count = 0;
    while (lfi_capture_has_room(leaving) && status == LF_OK) {
        if (leave_one(self)) {
            continue;
        }
        if (self->is_at_end && leaving->has_end) {
            break;
        }
        if (self->is_at_end) {
            lfi_capture_put_end(leaving);
            continue;
        }
        status = read_line(self, error);
    }
    stats->input_bytes =
        self->done_bytes + (self->stream != NULL ? lfi_stream_input_bytes(self->stream) : 0);
    stats->text_bytes =
        self->done_text + (self->stream != NULL ? lfi_stream_text_bytes(self->stream) : 0);
    *out = (lf_batch){leaving->events, leaving->trades, leaving->count, leaving->trade_count};
    return status;
}

/* ---- opening ---------------------------------------------------------------------------- */

static void binance_close(void *context)
{
    binance *const self = context;
    const lf_allocator memory = self->memory;
    const lf_allocator *const allocator = self->allocator != NULL ? &memory : NULL;
    lfi_stream_close(self->stream);
    lfi_binance_book_destroy(&self->book, allocator);
    lf_release(allocator, self->m.levels);
    lfi_capture_out_destroy(&self->out, allocator);
    lf_release(allocator, self->diffs);
    lf_release(allocator, self->queued);
    lf_release(allocator, self);
}

static lf_status set_instrument(
    binance *self, const lf_source *source, const lf_feed_options *options, lf_error *error
)
{
    lf_instrument *const instrument = &self->reader->instrument;
    lf_status status = lfi_capture_instrument(source, options, instrument, error);
    if (status != LF_OK) {
        return status;
    }
    lfi_binance_currency(instrument->symbol, instrument->currency);
    instrument->is_inverse = strcmp(source->venue, "BINANCE_COINM") == 0;
    lfi_capture_units units;
    status = lfi_capture_set_units(instrument, &units, error);
    if (status != LF_OK) {
        return status;
    }
    self->m.price_scale = units.price_scale;
    self->m.size_scale = units.size_scale;
    self->tick_step = units.tick_step;
    self->lot_step = units.lot_step;
    self->shift_ns = source->clock_shift_ns;
    self->latency_ns = options->feed_latency_ns;
    self->strict = options->strict;
    self->reader->stats.clock_shift_ns = source->clock_shift_ns;
    return LF_OK;
}

/* Bytes of all files that will be read. */
static int64_t bytes_total(const lf_source *source)
{
    char name[1024];
    lf_date date;
    int64_t total = lfi_capture_bytes(source->path);
    memcpy(name, source->path2[0] != '\0' ? source->path2 : source->path, sizeof name);
    while (strcmp(name, source->path) != 0 && lfi_capture_date(name, &date)) {
        char next[1024];
        total += lfi_capture_bytes(name);
        if (!lfi_capture_name_at(name, lf_date_from_days(lf_date_to_days(date) + 1), next)) {
            break;
        }
        memcpy(name, next, sizeof name);
    }
    return total;
}

static lf_status
begin(binance *self, const lf_source *source, const lf_feed_options *options, lf_error *error)
{
    lf_status status = set_instrument(self, source, options, error);
    if (status != LF_OK) {
        return status;
    }
    self->diffs = lf_allocate(self->allocator, DIFFS_MAX, sizeof *self->diffs);
    self->queued = lf_allocate(self->allocator, TRADES_MAX, sizeof *self->queued);
    if (!lfi_capture_out_create(&self->out, self->reader, source, options, self->allocator) ||
        self->diffs == NULL || self->queued == NULL ||
        !lfi_binance_book_create(&self->book, self->allocator)) {
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", source->path);
    }
    self->diff_ns = self->trade_ns = INT64_MIN;
    self->last_trade_id = LFI_BINANCE_NONE;
    self->reader->stats.first_violation_line = LF_POSITION_NONE;
    self->reader->stats.input_bytes_total = bytes_total(source);
    memcpy(self->name, source->path2[0] != '\0' ? source->path2 : source->path, sizeof self->name);
    return lfi_capture_open(self->allocator, self->name, &self->stream, error);
}

/* What lf_feed_find() would have found out about a source that was made by hand. */
static lf_status complete(lf_source *source, lf_error *error)
{
    char names[1][1024];
    lf_source *found;
    size_t count;
    memcpy(names[0], source->path, sizeof names[0]);
    lf_status status = lfi_binance_find(names, 1, &found, &count, error);
    if (status == LF_OK) {
        status = lfi_capture_choose(found, count, source, error);
    }
    lf_release(NULL, found);
    return status;
}

lf_status lfi_binance_open(
    const lf_source *source, const lf_feed_options *options, lfi_reader *reader, lf_error *error
)
{
    lf_source whole = *source;
    const lf_status status = source->tick_nano > 0 ? LF_OK : complete(&whole, error);
    if (status != LF_OK) {
        return status;
    }
    binance *const self = lf_allocate(options->allocator, 1, sizeof *self);
    if (self == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", source->path);
    }
    self->allocator = lfi_keep_allocator(options->allocator, &self->memory);
    self->reader = reader;
    return lfi_reader_start(
        reader, begin(self, &whole, options, error), binance_next, binance_close, self
    );
}
