/* Reader of Binance's csv files: best levels and trades of one day in order of time, as events. */
#include "binance_csv.h"
#include "capture.h"

#include <string.h>

/* Trades of futures whose numbers are left out on purpose (insurance fund, deleveraging) come in
   small numbers; more in a row are missing. */
#define LEFT_OUT_MAX 16

typedef enum side {
    QUOTES = 0,
    TRADES = 1,
} side;

/* One of the two files. */
typedef struct input {
    lfi_csv_input in;
    bool is_open, has_row; /* the newest row waits */
    bool is_over;          /* nothing more of the day comes */
    bool is_at_end;        /* of the file */
    bool is_gap;           /* rows before the one that waits are missing */
    int64_t last_id, last_ns;
    int64_t file_bytes;
} input;

typedef struct csv_day {
    const lf_allocator *allocator;
    lf_allocator memory;
    lfi_reader *reader;
    lfi_room room;
    input inputs[2]; /* side */
    lf_quotes quotes;
    bool is_known; /* the quotes are what stands in the book */
    bool strict, has_end, owes_reset;
    lfi_capture_units units;
    int64_t from_ns, to_ns, latency_ns, last_ts_ns;
} csv_day;

/* ---- rows ------------------------------------------------------------------------------- */

static lf_status to_units(csv_day *self, input *from, lf_error *error)
{
    lfi_csv_row *const row = &from->in.row;
    const int count = from->in.layout->kind == LFI_CSV_TICKER ? 2 : 1;
    bool price_fits = !lfi_capture_is_finer(&row->price_scale),
         size_fits = !lfi_capture_is_finer(&row->size_scale);
    for (int i = 0; i < count; i++) {
        price_fits = lfi_capture_divide(&row->prices[i], self->units.tick_step) && price_fits;
        size_fits = lfi_capture_divide(&row->sizes[i], self->units.lot_step) && size_fits;
    }
    return price_fits && size_fits
               ? LF_OK
               : lfi_capture_fail_unit(
                     &self->reader->instrument, from->in.stream, !price_fits, error
                 );
}

/* Whether a row is one that was there; else what is missing before it. */
static bool is_stale(csv_day *self, input *from, bool is_inside)
{
    lf_feed_stats *const stats = &self->reader->stats;
    const lfi_csv_row *const row = &from->in.row;
    const lfi_csv_layout *const layout = from->in.layout;
    const bool has_last = from->last_id >= 0, is_back = has_last && row->id <= from->last_id;
    /* Numbers that go back while time goes on have begun anew. */
    if (is_back && row->ts_ns <= from->last_ns) {
        stats->stale_count += is_inside;
        return true;
    }
    const int64_t missing = has_last && !is_back ? row->id - from->last_id - 1 : 0;
    from->last_id = row->id;
    if (layout->kind == LFI_CSV_TICKER) {
        return false;
    }
    stats->check_count += is_inside;
    const bool is_left_out = !layout->has_all && missing <= LEFT_OUT_MAX;
    stats->skipped_count += is_left_out && is_inside ? missing : 0;
    from->is_gap = from->is_gap || is_back || (missing > 0 && !is_left_out);
    return false;
}

/* Have the next row of the day wait. */
static lf_status fetch(csv_day *self, input *from, lf_error *error)
{
    while (from->is_open && !from->has_row && !from->is_over) {
        bool got;
        lf_status status = lfi_csv_next(&from->in, &got, error);
        if (status != LF_OK) {
            return status;
        }
        lfi_csv_row *const row = &from->in.row;
        from->is_at_end = !got;
        from->is_over = !got || row->ts_ns >= self->to_ns;
        if (from->is_over) {
            break;
        }
        const bool is_inside = row->ts_ns >= self->from_ns;
        if (is_stale(self, from, is_inside)) {
            continue;
        }
        if (row->ts_ns < from->last_ns) {
            self->reader->stats.backward_count += is_inside;
            row->ts_ns = from->last_ns;
        }
        from->last_ns = row->ts_ns;
        status = to_units(self, from, error);
        if (status != LF_OK) {
            return status;
        }
        from->has_row = true;
    }
    return LF_OK;
}

/* ---- events ----------------------------------------------------------------------------- */

static void begin_event(csv_day *self, lf_event *event, int64_t ts_ns, lf_event_kind kind)
{
    *event = (lf_event){
        .ts_exchange_ns = ts_ns,
        .ts_local_ns = ts_ns + self->latency_ns,
        .flags = LF_EVENT_LAST | (self->is_known ? 0 : (uint32_t)LF_EVENT_MASKED),
        .kind = (uint8_t)kind,
        .quotes = self->quotes,
    };
    self->last_ts_ns = ts_ns;
}

static lf_status put_quote(csv_day *self, lf_event *event, bool *got, lf_error *error)
{
    input *const from = &self->inputs[QUOTES];
    const lfi_csv_row *const row = &from->in.row;
    lf_quotes *const q = &self->quotes;
    const bool has_bid = row->prices[LFI_BID] > 0 && row->sizes[LFI_BID] > 0;
    const bool has_ask = row->prices[LFI_ASK] > 0 && row->sizes[LFI_ASK] > 0;
    from->has_row = false;
    q->bid_ticks[0] = has_bid ? row->prices[LFI_BID] : LF_BID_NONE;
    q->bid_lots[0] = has_bid ? row->sizes[LFI_BID] : 0;
    q->ask_ticks[0] = has_ask ? row->prices[LFI_ASK] : LF_ASK_NONE;
    q->ask_lots[0] = has_ask ? row->sizes[LFI_ASK] : 0;
    self->is_known = true;
    *got = row->ts_ns >= self->from_ns;
    if (!*got) {
        return LF_OK;
    }
    begin_event(self, event, row->ts_ns, LF_EVENT_QUOTE);
    return lfi_is_crossed(q)
               ? lfi_capture_violate(&self->reader->stats, from->in.stream, self->strict, error)
               : LF_OK;
}

static void put_trade(csv_day *self, lf_event *event, lf_trade *trade, bool *got)
{
    input *const from = &self->inputs[TRADES];
    const lfi_csv_row *const row = &from->in.row;
    lf_feed_stats *const stats = &self->reader->stats;
    const bool is_inside = row->ts_ns >= self->from_ns;
    const bool is_trade = row->prices[0] > 0 && row->sizes[0] > 0;
    from->has_row = false;
    stats->gap_count += is_inside && from->is_gap;
    self->owes_reset = is_inside && (self->owes_reset || from->is_gap);
    from->is_gap = false;
    stats->skipped_count += is_inside && !is_trade;
    *got = is_inside && is_trade;
    if (!*got) {
        return;
    }
    begin_event(self, event, row->ts_ns, LF_EVENT_TRADE);
    *trade = (lf_trade){
        .price_units = row->prices[0],
        .size_lots = row->sizes[0],
        .sign = row->buyer_is_maker ? -1 : 1,
    };
    event->flags |= self->owes_reset ? (uint32_t)LF_EVENT_RESET : 0;
    event->price_units = trade->price_units;
    event->size_lots = trade->size_lots;
    event->trade_count = 1;
    event->side = (int8_t)-trade->sign;
    self->owes_reset = false;
}

/* Nothing is known behind the last row. */
static void put_end(csv_day *self, lf_event *event, bool *got)
{
    const int64_t ts_ns = self->last_ts_ns + 1;
    self->has_end = true;
    *got = self->is_known && self->last_ts_ns >= self->from_ns && ts_ns < self->to_ns;
    self->is_known = false;
    if (*got) {
        begin_event(self, event, ts_ns, LF_EVENT_OTHER);
    }
}

/* lfi_read_event: of one time the trade comes first, the quote shows what it left. */
static lf_status
read_event(void *context, lf_event *event, lf_trade *trade, bool *got, lf_error *error)
{
    csv_day *const self = context;
    input *const quotes = &self->inputs[QUOTES], *const trades = &self->inputs[TRADES];
    *got = false;
    while (!*got && !self->has_end) {
        lf_status status = fetch(self, quotes, error);
        if (status == LF_OK) {
            status = fetch(self, trades, error);
        }
        if (status != LF_OK) {
            return status;
        }
        const bool is_trade =
            trades->has_row && (!quotes->has_row || trades->in.row.ts_ns <= quotes->in.row.ts_ns);
        if (is_trade) {
            /* Behind the last quote of the file the book is not known. */
            self->is_known = self->is_known && !(quotes->is_at_end && !quotes->has_row &&
                                                 trades->in.row.ts_ns > quotes->last_ns);
            put_trade(self, event, trade, got);
        } else if (quotes->has_row) {
            status = put_quote(self, event, got, error);
        } else {
            put_end(self, event, got);
        }
        if (status != LF_OK) {
            return status;
        }
    }
    if (*got) {
        lfi_count_event(&self->reader->stats, event);
    }
    return LF_OK;
}

static lf_status csv_next(void *context, lf_batch *out, lf_error *error)
{
    csv_day *const self = context;
    lf_feed_stats *const stats = &self->reader->stats;
    const lf_status status = lfi_room_fill(&self->room, read_event, self, out, error);
    stats->input_bytes = stats->text_bytes = 0;
    for (int i = 0; i < 2; i++) {
        const input *const from = &self->inputs[i];
        if (from->is_open) {
            stats->input_bytes += from->is_over ? from->file_bytes : lfi_csv_input_bytes(&from->in);
            stats->text_bytes += lfi_csv_text_bytes(&from->in);
        }
    }
    return status;
}

/* ---- opening ---------------------------------------------------------------------------- */

static void csv_close(void *context)
{
    csv_day *const self = context;
    const lf_allocator memory = self->memory;
    const lf_allocator *const allocator = self->allocator != NULL ? &memory : NULL;
    for (int i = 0; i < 2; i++) {
        if (self->inputs[i].is_open) {
            lfi_csv_close(&self->inputs[i].in);
        }
    }
    lfi_room_destroy(&self->room, allocator);
    lf_release(allocator, self);
}

/* Open a file and give it the day's units. */
static lf_status open_input(csv_day *self, const char *name, int64_t split_id, lf_error *error)
{
    lfi_csv_input in;
    const lf_status status = lfi_csv_open(self->allocator, name, split_id, &in, error);
    if (status != LF_OK) {
        return status;
    }
    input *const to = &self->inputs[in.layout->kind == LFI_CSV_TICKER ? QUOTES : TRADES];
    if (to->is_open) {
        lfi_csv_close(&in);
        return lf_error_set(error, LF_DATA, "%s has the same rows as the other file", name);
    }
    *to = (input){
        .in = in,
        .is_open = true,
        .last_id = -1,
        .last_ns = INT64_MIN,
        .file_bytes = lfi_capture_bytes(name) * (split_id > 0 ? 2 : 1),
    };
    to->in.row.price_scale = self->units.price_scale;
    to->in.row.size_scale = self->units.size_scale;
    self->reader->stats.input_bytes_total += to->file_bytes;
    return LF_OK;
}

static lf_status
begin(csv_day *self, const lf_source *source, const lf_feed_options *options, lf_error *error)
{
    lf_instrument *const instrument = &self->reader->instrument;
    lf_status status = lfi_capture_instrument(source, options, instrument, error);
    if (status != LF_OK) {
        return status;
    }
    lfi_binance_currency(instrument->symbol, instrument->currency);
    instrument->is_inverse = strcmp(source->venue, "BINANCE_COINM") == 0;
    instrument->level_count = 1;
    self->from_ns = source->from_ns;
    self->to_ns = source->to_ns;
    self->latency_ns = options->feed_latency_ns;
    self->strict = options->strict;
    self->last_ts_ns = INT64_MIN;
    self->reader->stats.first_violation_line = LF_POSITION_NONE;
    lfi_capture_cut(&self->quotes, 0);
    lfi_capture_cut(&self->quotes, 1);
    if (!lfi_room_create(&self->room, self->allocator, options)) {
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", source->path);
    }
    status = lfi_capture_set_units(instrument, &self->units, error);
    if (status == LF_OK) {
        status = open_input(self, source->path, source->split_ids[0], error);
    }
    return status == LF_OK && source->path2[0] != '\0'
               ? open_input(self, source->path2, source->split_ids[1], error)
               : status;
}

/* What lf_feed_find() would have found out about a source that was made by hand. */
static lf_status complete(lf_source *source, lf_error *error)
{
    char names[2][1024];
    lf_source *found;
    size_t count;
    const size_t name_count = source->path2[0] != '\0' ? 2 : 1;
    memcpy(names[0], source->path, sizeof names[0]);
    memcpy(names[1], source->path2, sizeof names[1]);
    lf_status status = lfi_csv_find(names, name_count, source->symbol, &found, &count, error);
    if (status == LF_OK) {
        status = lfi_capture_choose(found, count, source, error);
    }
    lf_release(NULL, found);
    return status;
}

lf_status lfi_csv_open_day(
    const lf_source *source, const lf_feed_options *options, lfi_reader *reader, lf_error *error
)
{
    lf_source whole = *source;
    const lf_status status = source->tick_nano > 0 ? LF_OK : complete(&whole, error);
    if (status != LF_OK) {
        return status;
    }
    csv_day *const self = lf_allocate(options->allocator, 1, sizeof *self);
    if (self == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", source->path);
    }
    self->allocator = lfi_keep_allocator(options->allocator, &self->memory);
    self->reader = reader;
    return lfi_reader_start(reader, begin(self, &whole, options, error), csv_next, csv_close, self);
}
