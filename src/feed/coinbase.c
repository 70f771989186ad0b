/* Reader of Coinbase captures: books and trades in the order of the exchange's clock, as events. */
#include "capture.h"
#include "coinbase_orders.h"

#include <stdio.h>
#include <string.h>

/* Trades are collected for 0.25 s before they are sent, and books for 0.05 s: what is older than
   the newest by more than this can go. */
#define LATE_NS LF_NS_PER_SECOND
/* Events that wait for older ones. When there are more the oldest waits no longer. */
#define WAITING_MAX ((size_t)1 << 12)

/* Before any time; there is room below to subtract from it. */
#define TIME_NEVER (INT64_MIN / 2)

/* An event that waits, with its trade. */
typedef struct waiting {
    lf_event event;
    lf_trade trade;
    bool is_book; /* a state of the book; else a trade, whose state is that before it */
    bool is_gap;
} waiting;

typedef struct coinbase {
    const lf_allocator *allocator;
    lf_allocator memory;
    lfi_reader *reader;
    lfi_stream *stream;
    lfi_coinbase_line line; /* at hand, when it is open */
    const char *text;       /* [text_bytes] of the line, borrowed */
    size_t text_bytes;
    lfi_coinbase_part part;
    lfi_capture_units units;
    lfi_l2book levels;
    lfi_coinbase_orders orders; /* in use once a snapshot of them has come */
    bool is_known, was_known;
    uint32_t owed_flags; /* of a snapshot without a time: the next update has them */
    waiting *queue;      /* [2 * WAITING_MAX], in order of time from first on */
    size_t first, waiting_count;
    lfi_capture_out out;
    bool strict, is_at_end;
    int64_t shift_ns, latency_ns;
    int64_t top_ns;    /* latest exchange time of any message */
    int64_t local_ns;  /* of the line */
    int64_t update_ns; /* of the last update since the snapshot */
    int64_t book_ns, trade_ns;
    int64_t sequence, sent_ns; /* of the connection */
    int64_t trade_id;
} coinbase;

/* ---- numbers ---------------------------------------------------------------------------- */

/* The part's numbers in ticks and lots. */
static lf_status to_units(coinbase *self, lf_error *error)
{
    lfi_coinbase_part *const p = &self->part;
    bool price_fits = !lfi_capture_is_finer(&p->price_scale),
         size_fits = !lfi_capture_is_finer(&p->size_scale);
    for (size_t i = 0; i < p->level_count; i++) {
        price_fits =
            lfi_capture_divide(&p->levels[i].price_ticks, self->units.tick_step) && price_fits;
        size_fits = lfi_capture_divide(&p->levels[i].size_lots, self->units.lot_step) && size_fits;
    }
    if (p->price != LFI_BINANCE_NONE) {
        price_fits = lfi_capture_divide(&p->price, self->units.tick_step) && price_fits;
    }
    if (p->size != LFI_BINANCE_NONE) {
        size_fits = lfi_capture_divide(&p->size, self->units.lot_step) && size_fits;
    }
    return price_fits && size_fits
               ? LF_OK
               : lfi_capture_fail_unit(&self->reader->instrument, self->stream, !price_fits, error);
}

/* ---- events that wait ------------------------------------------------------------------- */

/* Whether what is being read belongs to the day. */
static bool is_inside(const coinbase *self)
{
    return self->top_ns >= self->out.from_ns && self->top_ns < self->out.to_ns;
}

/* A place in the queue for an event of this time: behind those of the same time, but a trade comes
   before the states of its time, which show what it left. */
static waiting *make_place(coinbase *self, int64_t ts_ns, bool is_book)
{
    if (self->first + self->waiting_count == 2 * WAITING_MAX) {
        memmove(self->queue, self->queue + self->first, self->waiting_count * sizeof *self->queue);
        self->first = 0;
    }
    size_t at = self->first + self->waiting_count++;
    while (at > self->first) {
        const waiting *const before = &self->queue[at - 1];
        const int64_t before_ns = before->event.ts_exchange_ns;
        if (before_ns < ts_ns || (before_ns == ts_ns && (is_book || !before->is_book))) {
            break;
        }
        self->queue[at] = *before;
        at--;
    }
    self->queue[at] = (waiting){.is_book = is_book};
    self->queue[at].event.ts_exchange_ns = ts_ns;
    self->queue[at].event.ts_local_ns = self->local_ns != LFI_BINANCE_NONE
                                            ? self->local_ns + self->shift_ns
                                            : ts_ns + self->latency_ns;
    return &self->queue[at];
}

static lf_status check_crossed(coinbase *self, const lf_quotes *q, lf_error *error)
{
    return lfi_is_crossed(q) && is_inside(self)
               ? lfi_capture_violate(&self->reader->stats, self->stream, self->strict, error)
               : LF_OK;
}

/* The book as it is now, as an event. Times of the book never go back. */
static waiting *place_book(coinbase *self, int64_t ts_ns, uint32_t flags)
{
    self->book_ns = ts_ns > self->book_ns ? ts_ns : self->book_ns;
    waiting *const to = make_place(self, self->book_ns, true);
    lf_quotes *const q = &to->event.quotes;
    to->event.flags = flags | LF_EVENT_LAST;
    to->event.kind = LF_EVENT_QUOTE;
    to->is_gap = (flags & LF_EVENT_MASKED) != 0;
    lfi_l2book_quotes(&self->levels, q);
    lfi_capture_cut(q, self->reader->instrument.level_count);
    return to;
}

static lf_status put_book(coinbase *self, int64_t ts_ns, uint32_t flags, lf_error *error)
{
    const waiting *const to = place_book(self, ts_ns, flags);
    return to->is_gap ? LF_OK : check_crossed(self, &to->event.quotes, error);
}

/* Something is missing, as a message of this time shows: the book is unknown from the last state
   that is certain on, until a snapshot comes. */
static lf_status lose(coinbase *self, int64_t ts_ns, lf_error *error)
{
    const bool was_known = self->is_known;
    const int64_t from_ns = self->book_ns > TIME_NEVER ? self->book_ns : ts_ns;
    self->is_known = false;
    self->owed_flags = 0;
    return was_known ? put_book(self, from_ns, LF_EVENT_MASKED, error) : LF_OK;
}

/* ---- parts ------------------------------------------------------------------------------ */

static void set_levels(coinbase *self)
{
    for (size_t i = 0; i < self->part.level_count; i++) {
        const lfi_coinbase_level *const level = &self->part.levels[i];
        lfi_l2book_set(&self->levels, level->side, level->price_ticks, level->size_lots);
    }
}

static lf_status take_snapshot(coinbase *self, lf_error *error)
{
    const uint32_t flags = LF_EVENT_SNAPSHOT | (self->was_known ? LF_EVENT_RESET : 0);
    const int64_t ts_ns = self->part.ts_ns;
    lfi_l2book_clear(&self->levels);
    set_levels(self);
    self->update_ns = INT64_MIN;
    self->is_known = self->was_known = true;
    self->owed_flags = ts_ns < 0 ? flags : 0;
    return ts_ns < 0 ? LF_OK : put_book(self, ts_ns, flags, error);
}

static lf_status take_update(coinbase *self, lf_error *error)
{
    const int64_t ts_ns = self->part.ts_ns;
    const uint32_t owed = self->owed_flags;
    /* Updates of the Exchange have no numbers. Their time is all that shows that they are not in
       order; which levels are wrong by then cannot be told. */
    if (self->sequence == LFI_BINANCE_NONE && ts_ns < self->update_ns && self->is_known) {
        self->reader->stats.backward_count += is_inside(self);
        return lose(self, self->top_ns, error);
    }
    if (!self->is_known) {
        self->reader->stats.skipped_count += is_inside(self);
        return LF_OK;
    }
    set_levels(self);
    self->update_ns = ts_ns;
    self->owed_flags = 0;
    self->reader->stats.check_count += is_inside(self);
    return put_book(self, ts_ns, owed, error);
}

static void take_trade(coinbase *self)
{
    const lfi_coinbase_part *const p = &self->part;
    lf_feed_stats *const stats = &self->reader->stats;
    if (self->trade_id != LFI_BINANCE_NONE && p->trade_id <= self->trade_id) {
        stats->stale_count += is_inside(self);
        return;
    }
    const bool is_gap = self->trade_id != LFI_BINANCE_NONE && p->trade_id > self->trade_id + 1;
    const bool is_trade = p->price > 0 && p->size > 0;
    stats->backward_count += p->ts_ns < self->trade_ns && is_inside(self);
    self->trade_id = p->trade_id;
    self->trade_ns = p->ts_ns > self->trade_ns ? p->ts_ns : self->trade_ns;
    waiting *const to = make_place(self, self->trade_ns, false);
    to->is_gap = is_gap;
    to->event.price_units = p->price;
    to->event.size_lots = is_trade ? p->size : 0;
    to->event.flags = LF_EVENT_LAST | (is_gap ? LF_EVENT_RESET : 0);
    to->event.trade_count = is_trade;
    to->event.kind = is_trade ? LF_EVENT_TRADE : LF_EVENT_OTHER;
    to->event.side = (int8_t)-p->sign;
    to->trade = (lf_trade){.price_units = p->price, .size_lots = p->size, .sign = p->sign};
}

/* ---- single orders ---------------------------------------------------------------------- */

static lf_status take_orders(coinbase *self, lf_error *error)
{
    lfi_coinbase_step step;
    const lf_status status = lfi_coinbase_orders_snapshot(&self->orders, &self->part, &step, error);
    if (status != LF_OK || step != LFI_COINBASE_FOUND) {
        self->reader->stats.skipped_count += step == LFI_COINBASE_STALE && is_inside(self);
        /* Whatever the levels were before, they are those of an old snapshot now. */
        return status != LF_OK || step == LFI_COINBASE_STALE ? status
                                                             : lose(self, self->top_ns, error);
    }
    const uint32_t flags = LF_EVENT_SNAPSHOT | (self->was_known ? LF_EVENT_RESET : 0);
    const int64_t ts_ns = self->orders.ts_ns;
    self->is_known = self->was_known = true;
    self->owed_flags = ts_ns < 0 ? flags : 0;
    return ts_ns < 0 ? LF_OK : put_book(self, ts_ns, flags, error);
}

/* What a message did to an order, with the book after it. */
static lf_status put_order(coinbase *self, const lfi_coinbase_effect *effect, lf_error *error)
{
    const lfi_coinbase_part *const p = &self->part;
    lf_feed_stats *const stats = &self->reader->stats;
    stats->unknown_order_count = self->orders.unknown_count;
    stats->duplicate_order_count = self->orders.duplicate_count;
    stats->overfill_count = self->orders.overfill_count;
    stats->check_count += is_inside(self);
    if (effect->kind == LF_EVENT_OTHER) {
        return LF_OK;
    }
    waiting *const to = place_book(self, p->ts_ns, self->owed_flags);
    const bool is_trade =
        effect->kind == LF_EVENT_EXECUTE && effect->price_ticks > 0 && effect->size_lots > 0;
    self->owed_flags = 0;
    to->event.kind = (uint8_t)effect->kind;
    to->event.order_id = effect->kind != LF_EVENT_QUOTE ? p->order_id : 0;
    to->event.price_units = effect->price_ticks;
    to->event.size_lots = effect->size_lots;
    to->event.side = (int8_t)effect->side;
    to->event.trade_count = is_trade;
    to->trade = (lf_trade
    ){.price_units = effect->price_ticks, .size_lots = effect->size_lots, .sign = p->sign};
    return check_crossed(self, &to->event.quotes, error);
}

/* A numbered message of the channel full. Until a snapshot of orders comes, trades are trades, and
   the rest is kept for it. */
static lf_status take_order(coinbase *self, lf_error *error)
{
    lfi_coinbase_step step;
    lfi_coinbase_effect effect;
    const bool is_trade = self->part.kind == LFI_COINBASE_TRADE;
    lf_status status = lfi_coinbase_orders_take(&self->orders, &self->part, &step, &effect, error);
    if (status != LF_OK) {
        return status;
    }
    self->reader->stats.stale_count += step == LFI_COINBASE_STALE && is_inside(self);
    if (step == LFI_COINBASE_APPLIED) {
        self->trade_id = is_trade ? self->part.trade_id : self->trade_id;
        return put_order(self, &effect, error);
    }
    if (step == LFI_COINBASE_LOST) {
        status = lose(self, self->part.ts_ns, error);
    }
    if (step != LFI_COINBASE_STALE && is_trade) {
        take_trade(self);
    }
    return status;
}

static lf_status take_part(coinbase *self, lf_error *error)
{
    const lfi_coinbase_part *const p = &self->part;
    const bool is_nameless = p->kind == LFI_COINBASE_ORDERS && p->product[0] == '\0';
    const bool is_ours = p->kind != LFI_COINBASE_OTHER &&
                         (is_nameless || strcmp(p->product, self->reader->instrument.symbol) == 0);
    const bool is_level2 = p->kind == LFI_COINBASE_SNAPSHOT || p->kind == LFI_COINBASE_UPDATE;
    /* The book is made of single orders, where they are: the levels say less. */
    if (!is_ours || (is_level2 && self->orders.is_used)) {
        self->reader->stats.skipped_count += is_inside(self);
        return LF_OK;
    }
    const lf_status status = to_units(self, error);
    if (status != LF_OK) {
        return status;
    }
    self->top_ns = p->ts_ns > self->top_ns ? p->ts_ns : self->top_ns;
    if (p->kind == LFI_COINBASE_ORDERS) {
        return take_orders(self, error);
    }
    if (p->sequence != LFI_BINANCE_NONE && !is_level2) {
        return take_order(self, error);
    }
    switch (p->kind) {
    case LFI_COINBASE_SNAPSHOT:
        return take_snapshot(self, error);
    case LFI_COINBASE_UPDATE:
        return take_update(self, error);
    case LFI_COINBASE_TRADE:
        take_trade(self);
        return LF_OK;
    default: /* orders without a number */
        self->reader->stats.skipped_count += is_inside(self);
        return LF_OK;
    }
}

/* ---- lines ------------------------------------------------------------------------------ */

/* The number of a message among all of its connection; false: it was there already. */
static bool
take_sequence(coinbase *self, const lfi_coinbase_line *line, lf_status *status, lf_error *error)
{
    const int64_t last = self->sequence, now = line->sequence;
    if (now == LFI_BINANCE_NONE) {
        return true;
    }
    /* Numbers that go back while time goes on are those of a new connection. */
    if (last != LFI_BINANCE_NONE && now <= last && line->sent_ns <= self->sent_ns) {
        self->reader->stats.stale_count += is_inside(self);
        return false;
    }
    self->sequence = now;
    self->sent_ns = line->sent_ns;
    self->top_ns = line->sent_ns > self->top_ns ? line->sent_ns : self->top_ns;
    if (last != LFI_BINANCE_NONE && now != last + 1) {
        *status = lose(self, line->sent_ns, error);
    }
    return true;
}

/* Begin the next line. */
static lf_status open_line(coinbase *self, lf_error *error)
{
    lfi_coinbase_line *const line = &self->line;
    lfi_binance_fault fault;
    lf_status status = lfi_stream_line(self->stream, &self->text, &self->text_bytes, error);
    self->is_at_end = status == LF_OK && self->text == NULL;
    if (status != LF_OK || self->is_at_end || self->text_bytes == 0) {
        return status;
    }
    status = lfi_coinbase_make_room(self->allocator, &self->part, self->text_bytes, error);
    if (status != LF_OK) {
        return status;
    }
    self->part.price_scale = self->units.price_scale;
    self->part.size_scale = self->units.size_scale;
    const bool fine =
        lfi_coinbase_open_line(self->text, self->text_bytes, line, &self->part, &fault);
    self->local_ns = line->local_ns;
    if (!fine || !take_sequence(self, line, &status, error)) {
        lfi_coinbase_close(line);
    }
    return fine ? status
                : lfi_binance_fail(self->stream, &fault, self->text, self->text_bytes, error);
}

/* Take one part of the line: others may have to leave before there is room for the next. */
static lf_status read_part(coinbase *self, lf_error *error)
{
    lfi_binance_fault fault;
    if (!lfi_coinbase_next(&self->line, &self->part, &fault)) {
        return lfi_binance_fail(self->stream, &fault, self->text, self->text_bytes, error);
    }
    if (self->line.is_done) {
        lfi_coinbase_close(&self->line);
        return LF_OK;
    }
    return take_part(self, error);
}

/* ---- events that leave ------------------------------------------------------------------ */

/* Let the oldest event go when no older one can come. */
static bool leave_one(coinbase *self)
{
    waiting *const from = &self->queue[self->first];
    if (self->waiting_count == 0 || !(self->is_at_end || self->waiting_count >= WAITING_MAX ||
                                      from->event.ts_exchange_ns < self->top_ns - LATE_NS)) {
        return false;
    }
    lfi_capture_out *const out = &self->out;
    lf_event *const event = lfi_capture_next(out);
    self->first++;
    self->waiting_count--;
    if (from->is_book) {
        out->quotes = from->event.quotes;
        out->is_masked = (from->event.flags & LF_EVENT_MASKED) != 0;
    } else {
        from->event.quotes = out->quotes;
        from->event.flags |= out->is_masked ? (uint32_t)LF_EVENT_MASKED : 0;
    }
    *event = from->event;
    event->trade_first = (uint32_t)out->trade_count;
    if (event->trade_count > 0) {
        out->trades[out->trade_count++] = from->trade;
    }
    (void)lfi_capture_leave(out, false, from->is_gap);
    return true;
}

static lf_status coinbase_next(void *context, lf_batch *out, lf_error *error)
{
    coinbase *const self = context;
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
        } else {
            status = self->line.is_open ? read_part(self, error) : open_line(self, error);
        }
    }
    self->reader->stats.input_bytes = lfi_stream_input_bytes(self->stream);
    self->reader->stats.text_bytes = lfi_stream_text_bytes(self->stream);
    *out = (lf_batch){leaving->events, leaving->trades, leaving->count, leaving->trade_count};
    return status;
}

/* ---- opening ---------------------------------------------------------------------------- */

static void coinbase_close(void *context)
{
    coinbase *const self = context;
    const lf_allocator memory = self->memory;
    const lf_allocator *const allocator = self->allocator != NULL ? &memory : NULL;
    lfi_coinbase_close(&self->line);
    lfi_stream_close(self->stream);
    lfi_l2book_destroy(&self->levels, allocator);
    lfi_coinbase_orders_destroy(&self->orders);
    lf_release(allocator, self->part.levels);
    lfi_capture_out_destroy(&self->out, allocator);
    lf_release(allocator, self->queue);
    lf_release(allocator, self);
}

/* The currency of prices: what follows the first dash of BTC-USD; "" when more follows. */
static void set_currency(lf_instrument *instrument)
{
    const char *const dash = strchr(instrument->symbol, '-');
    if (dash != NULL && strchr(dash + 1, '-') == NULL &&
        strlen(dash + 1) < sizeof instrument->currency) {
        (void)snprintf(instrument->currency, sizeof instrument->currency, "%s", dash + 1);
    }
}

static lf_status set_instrument(
    coinbase *self, const lf_source *source, const lf_feed_options *options, lf_error *error
)
{
    lf_instrument *const instrument = &self->reader->instrument;
    const lf_status status = lfi_capture_instrument(source, options, instrument, error);
    if (status != LF_OK) {
        return status;
    }
    set_currency(instrument);
    self->shift_ns = source->clock_shift_ns;
    self->latency_ns = options->feed_latency_ns;
    self->strict = options->strict;
    self->reader->stats.clock_shift_ns = source->clock_shift_ns;
    return lfi_capture_set_units(instrument, &self->units, error);
}

static lf_status
begin(coinbase *self, const lf_source *source, const lf_feed_options *options, lf_error *error)
{
    lf_status status = set_instrument(self, source, options, error);
    if (status != LF_OK) {
        return status;
    }
    self->queue = lf_allocate(self->allocator, 2 * WAITING_MAX, sizeof *self->queue);
    if (!lfi_capture_out_create(&self->out, self->reader, source, options, self->allocator) ||
        self->queue == NULL || !lfi_l2book_create(&self->levels, self->allocator) ||
        !lfi_coinbase_orders_create(&self->orders, self->allocator, &self->levels)) {
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", source->path);
    }
    self->top_ns = self->book_ns = self->trade_ns = self->sent_ns = TIME_NEVER;
    self->sequence = self->trade_id = LFI_BINANCE_NONE;
    self->reader->stats.first_violation_line = LF_POSITION_NONE;
    self->reader->stats.input_bytes_total = lfi_capture_bytes(source->path);
    return lfi_capture_open(self->allocator, source->path, &self->stream, error);
}

/* What lf_feed_find() would have found out about a source that was made by hand. */
static lf_status complete(lf_source *source, lf_error *error)
{
    char names[1][1024];
    lf_source *found;
    size_t count;
    memcpy(names[0], source->path, sizeof names[0]);
    lf_status status = lfi_coinbase_find(names, 1, &found, &count, error);
    if (status == LF_OK) {
        status = lfi_capture_choose(found, count, source, error);
    }
    lf_release(NULL, found);
    return status;
}

lf_status lfi_coinbase_open(
    const lf_source *source, const lf_feed_options *options, lfi_reader *reader, lf_error *error
)
{
    lf_source whole = *source;
    const lf_status status = source->tick_nano > 0 ? LF_OK : complete(&whole, error);
    if (status != LF_OK) {
        return status;
    }
    coinbase *const self = lf_allocate(options->allocator, 1, sizeof *self);
    if (self == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", source->path);
    }
    self->allocator = lfi_keep_allocator(options->allocator, &self->memory);
    self->reader = reader;
    return lfi_reader_start(
        reader, begin(self, &whole, options, error), coinbase_next, coinbase_close, self
    );
}
