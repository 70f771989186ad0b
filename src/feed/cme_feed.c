/* Reader of CME captures: the book by price and the trades of one security, as events. */
#include "binance.h"
#include "cme_book.h"
#include "dbn.h"

#include <stdio.h>
#include <string.h>

/* Entries that wait for a snapshot; when they are more, a later snapshot is needed. */
#define WAITING_MAX ((size_t)1 << 13)
/* No time is later, so that a latency or a shift can be added. */
#define TIME_MAX_NS (INT64_MAX - 4 * LF_NS_PER_DAY)
/* No tick is larger. */
#define TICK_MAX 1e18
/* States of a security in which orders match: 17 ready to trade; 103 no change, 255 not told. */
#define STATUS_OPEN 17
#define STATUS_SAME 103
#define STATUS_NONE 255

/* Where fields stand in a status. */
enum {
    STATUS_GROUP = 8,
    STATUS_ASSET = 14,
    STATUS_SECURITY = 20,
    STATUS_STATE = 27,
    STATUS_BYTES = 28
};

/* An event on its way, with its trade where it has one. */
typedef struct queued {
    lf_event event;
    lf_trade trade;
} queued;

typedef struct cme {
    const lf_allocator *allocator;
    lf_allocator memory;
    lfi_reader *reader;
    lfi_cme_capture capture;
    lfi_cme_security security;
    lfi_cme_book book;
    lfi_cme_book spare; /* of the newest snapshot, when has_spare */
    uint64_t spare_sequence;
    uint32_t spare_number; /* as in number */
    int64_t spare_ns;
    uint8_t spare_state;
    lfi_room room;
    queued *queue; /* [queue_count] from queue_first on, owned */
    size_t queue_first, queue_count, queue_capacity;
    lfi_cme_entry *waiting; /* [waiting_count] of WAITING_MAX, owned */
    size_t waiting_count;
    uint64_t book_sequence; /* the book is known: its state is after this packet */
    uint64_t since;         /* entries wait from this packet on; 0: none has come */
    uint64_t newest;        /* packet of the channel */
    int64_t begin_ns;       /* when the sequence of the channel began */
    uint32_t number;        /* of the security's newest update; 0: not told */
    int64_t pending_ns;     /* when the book changed, where the event goes on: is_pending */
    bool has_spare, is_known, was_known, is_closed, is_at_end, strict, owes_reset;
    bool is_pending;
    bool is_doubtful; /* packets are missing, perhaps none with updates of the security */
    lf_quotes quotes;
    int64_t from_ns, to_ns, shift_ns, latency_ns;
    int64_t last_ts_ns, last_local_ns;
    lf_status status; /* of what a packet needed */
    lf_error *error;
} cme;

/* ---- events ----------------------------------------------------------------------------- */

/* A price in ticks; between two it moves away from the other side. */
static int64_t ticks_of(cme *self, int64_t price, bool is_ask)
{
    const int64_t step = self->reader->instrument.units_per_tick;
    const int64_t rest = price % step;
    int64_t ticks = price / step;
    if (rest != 0) {
        self->reader->stats.off_tick_count++;
        ticks += is_ask ? rest > 0 : -(rest < 0);
    }
    return ticks;
}

/* The levels of a side; those that fall on one tick are one. */
static void fill(cme *self, const lfi_cme_side *side, bool is_ask, int64_t *ticks, int64_t *lots)
{
    const int32_t levels = self->reader->instrument.level_count;
    int32_t count = 0;
    for (int32_t m = 0; m < side->count; m++) {
        const int64_t at = ticks_of(self, side->prices[m], is_ask);
        const bool is_same = count > 0 && ticks[count - 1] == at;
        if (is_same) {
            lots[count - 1] += side->lots[m];
        } else if (count < levels) {
            ticks[count] = at;
            lots[count++] = side->lots[m];
        }
    }
    for (; count < LF_LEVELS_MAX; count++) {
        ticks[count] = is_ask ? LF_ASK_NONE : LF_BID_NONE;
        lots[count] = 0;
    }
}

static void set_quotes(cme *self)
{
    lf_quotes *const q = &self->quotes;
    fill(self, &self->book.bid, false, q->bid_ticks, q->bid_lots);
    fill(self, &self->book.ask, true, q->ask_ticks, q->ask_lots);
}

/* Put an event behind the others. Its times never go back; of those before the day nothing is
   told. */
static queued *put_event(cme *self, lf_event_kind kind, int64_t ts_ns, uint32_t flags)
{
    const bool has_local = self->reader->instrument.has_local_times;
    const bool is_masked = !self->is_known || self->is_closed;
    void *room = self->queue;
    const int64_t captured_ns =
        self->capture.ts_ns < TIME_MAX_NS ? self->capture.ts_ns : TIME_MAX_NS;
    ts_ns = ts_ns < TIME_MAX_NS ? ts_ns : TIME_MAX_NS;
    int64_t local_ns = has_local ? captured_ns + self->shift_ns : ts_ns + self->latency_ns;
    if (ts_ns < self->last_ts_ns) {
        self->reader->stats.backward_count += (flags & LF_EVENT_SNAPSHOT) == 0;
        ts_ns = self->last_ts_ns;
    }
    local_ns = local_ns > ts_ns ? local_ns : ts_ns;
    local_ns = local_ns > self->last_local_ns ? local_ns : self->last_local_ns;
    self->last_ts_ns = ts_ns;
    self->last_local_ns = local_ns;
    if (ts_ns < self->from_ns || ts_ns >= self->to_ns || self->status != LF_OK) {
        return NULL;
    }
    self->status = lf_grow(
        self->allocator, &room, &self->queue_capacity, self->queue_count + 1, sizeof *self->queue
    );
    self->queue = room;
    if (self->status != LF_OK) {
        (void)lf_error_set(self->error, self->status, "no memory for events");
        return NULL;
    }
    queued *const to = &self->queue[self->queue_count++];
    *to = (queued){
        .event =
            {
                .ts_exchange_ns = ts_ns,
                .ts_local_ns = local_ns,
                .flags = flags | LF_EVENT_LAST | (is_masked ? (uint32_t)LF_EVENT_MASKED : 0) |
                         (self->owes_reset && !is_masked ? (uint32_t)LF_EVENT_RESET : 0),
                .kind = (uint8_t)kind,
                .quotes = self->quotes,
            },
    };
    self->owes_reset = self->owes_reset && is_masked;
    lfi_count_event(&self->reader->stats, &to->event);
    return to;
}

/* What contradicts the book is counted; where that is asked for, it is an error. */
static void violate(cme *self, const char *what)
{
    self->reader->stats.violation_count++;
    if (self->strict && self->status == LF_OK) {
        self->status = lf_error_set(
            self->error, LF_DATA, "%s; without --strict such states are counted", what
        );
    }
}

static void put_book(cme *self, int64_t ts_ns, uint32_t flags)
{
    set_quotes(self);
    const bool is_crossed = lfi_is_crossed(&self->quotes);
    (void)put_event(self, LF_EVENT_QUOTE, ts_ns, flags);
    if (is_crossed && !self->is_closed) {
        violate(self, "the best bid is not below the best ask");
    }
}

/* Tell of a book that waited for the end of an event. */
static void flush(cme *self)
{
    if (self->is_pending && self->is_known) {
        self->is_pending = false;
        put_book(self, self->pending_ns, 0);
    }
}

/* ---- what is known ---------------------------------------------------------------------- */

static void start_waiting(cme *self, uint64_t sequence)
{
    self->waiting_count = 0;
    self->since = sequence;
}

/* The book is not known from here on: a masked event says so. */
static void lose(cme *self, uint64_t since)
{
    const bool was_known = self->is_known;
    self->is_known = self->is_doubtful = self->is_pending = false;
    self->owes_reset = self->owes_reset || self->was_known;
    start_waiting(self, since);
    if (was_known && self->last_ts_ns != INT64_MIN) {
        (void)put_event(self, LF_EVENT_QUOTE, self->last_ts_ns, 0);
    }
}

/* Packets are missing: the number of the security's next update will tell whether the book is lost.
 */
static void doubt(cme *self, uint64_t since)
{
    const bool owes_reset = self->owes_reset, is_pending = self->is_pending;
    const bool is_doubtful = (self->is_known || self->is_doubtful) && self->number > 0;
    lose(self, since);
    if (is_doubtful) {
        self->is_doubtful = true;
        self->is_pending = is_pending;
        self->owes_reset = owes_reset;
    }
}

/* The book is known from here on, as the state after a packet. */
static void know(cme *self, uint64_t sequence)
{
    self->is_known = self->was_known = true;
    self->is_doubtful = self->is_pending = false;
    self->book_sequence = sequence;
    self->waiting_count = 0;
}

/* Whether an update is the next one. */
static void follow_number(cme *self, uint32_t number, uint32_t sequence)
{
    const uint32_t last = self->number;
    if (number == 0) {
        return;
    }
    self->number = number;
    if (number == last + 1) {
        self->is_known = self->is_known || self->is_doubtful;
        self->is_doubtful = false;
        return;
    }
    if (self->is_doubtful) {
        self->is_doubtful = self->is_pending = false;
        self->owes_reset = true;
    } else if (last > 0) {
        self->reader->stats.gap_count++;
        lose(self, (uint64_t)sequence + 1);
    }
}

static bool apply(cme *self, const lfi_cme_entry *entry)
{
    self->reader->stats.check_count++;
    if (lfi_cme_book_apply(&self->book, entry)) {
        return true;
    }
    violate(self, "an entry does not fit the level that it names");
    return false;
}

/* ---- messages --------------------------------------------------------------------------- */

static void wait_for(cme *self, const lfi_cme_entry *entry)
{
    if (self->waiting_count == WAITING_MAX) {
        start_waiting(self, (uint64_t)entry->sequence + 1);
        return;
    }
    if (entry->sequence >= self->since) {
        self->waiting[self->waiting_count++] = *entry;
    }
}

static lfi_cme_entry
entry_of(const lfi_cme_layout *layout, const unsigned char *at, uint32_t sequence, int64_t ts_ns)
{
    return (lfi_cme_entry){
        .price = lfi_cme_price(at, layout->is_old),
        .lots = lfi_cme_lots(layout, at),
        .ts_ns = ts_ns,
        .sequence = sequence,
        .level = at[layout->level],
        .action = at[layout->action],
        .is_ask = at[layout->type] == '1',
    };
}

/* An entry of the security's book; true when it has changed. */
static bool take_level(
    cme *self,
    const lfi_cme_layout *layout,
    const unsigned char *at,
    uint32_t sequence,
    int64_t ts_ns
)
{
    const unsigned char type = at[layout->type];
    if (type != '0' && type != '1' && type != 'J') {
        self->reader->stats.skipped_count++;
        return false;
    }
    if (type == 'J') {
        flush(self);
        lfi_cme_book_clear(&self->book);
        self->owes_reset = self->owes_reset || self->was_known;
        know(self, sequence);
        return true;
    }
    const lfi_cme_entry entry = entry_of(layout, at, sequence, ts_ns);
    if (!self->is_known) {
        wait_for(self, &entry);
        return false;
    }
    if (!apply(self, &entry)) {
        self->is_pending = false;
        lose(self, (uint64_t)sequence + 1);
        return false;
    }
    return true;
}

static void take_trade(
    cme *self, const lfi_cme_layout *layout, const unsigned char *at, int64_t ts_ns, bool is_last
)
{
    static const int8_t signs[] = {0, 1, -1};
    const int64_t price = lfi_cme_price(at, layout->is_old), lots = lfi_cme_lots(layout, at);
    const uint8_t aggressor = at[layout->type];
    const int8_t sign = aggressor < 3 ? signs[aggressor] : LF_SIGN_UNKNOWN;
    if (at[layout->action] != 0 || price == LFI_CME_NONE || lots <= 0) {
        self->reader->stats.skipped_count++;
        return;
    }
    queued *const to = put_event(self, LF_EVENT_TRADE, ts_ns, 0);
    if (to == NULL) {
        return;
    }
    to->event.flags &= is_last ? UINT32_MAX : ~(uint32_t)LF_EVENT_LAST;
    to->event.price_units = price;
    to->event.size_lots = lots;
    to->event.side = sign == LF_SIGN_UNKNOWN ? 0 : (int8_t)-sign;
    to->event.trade_count = 1;
    to->trade = (lf_trade){.price_units = price, .size_lots = lots, .sign = sign};
}

/* Entries of books, of trades, or only numbered with them. */
static void take_entries(
    cme *self,
    const lfi_cme_message *m,
    const lfi_cme_layout *layout,
    uint32_t sequence,
    bool is_stale
)
{
    lfi_cme_group group;
    if (m->block_bytes <= LFI_CME_INDICATOR || !lfi_cme_group_of(m, layout->bytes, &group)) {
        return;
    }
    const int64_t ts_ns = lfi_cme_time(m->body);
    const uint8_t indicator = m->body[LFI_CME_INDICATOR];
    bool is_changed = false;
    if (self->is_pending && ts_ns != self->pending_ns) {
        flush(self);
    }
    for (size_t i = 0; i < group.count; i++) {
        const unsigned char *const at = group.entries + i * group.entry_bytes;
        if (lfi_cme_32(at + layout->security) != self->security.id) {
            continue;
        }
        if (is_stale) {
            self->reader->stats.stale_count += layout->kind == LFI_CME_BOOK;
        } else if (layout->number > 0) {
            follow_number(self, lfi_cme_32(at + layout->number), sequence);
        }
        if (layout->kind == LFI_CME_TRADES) {
            const bool is_end = (indicator & LFI_CME_END_OF_EVENT) != 0;
            take_trade(self, layout, at, ts_ns, is_end && i + 1 == group.count);
        } else if (layout->kind == LFI_CME_BOOK && !is_stale) {
            is_changed = take_level(self, layout, at, sequence, ts_ns) || is_changed;
        }
    }
    if (is_changed && self->is_known) {
        self->is_pending = true;
        self->pending_ns = ts_ns;
    }
    if ((indicator & (LFI_CME_LAST_QUOTE | LFI_CME_END_OF_EVENT)) != 0) {
        flush(self);
    }
}

static void take_state(cme *self, uint8_t state, int64_t ts_ns, bool is_told)
{
    const bool is_closed = state != STATUS_OPEN;
    if (state == STATUS_SAME || state == STATUS_NONE || is_closed == self->is_closed) {
        return;
    }
    self->is_closed = is_closed;
    self->owes_reset = self->owes_reset || (!is_closed && self->was_known);
    if (is_told) {
        self->reader->stats.halt_count += is_closed;
        (void)put_event(self, LF_EVENT_HALT, ts_ns, 0);
    }
}

/* A status is of a security, or of all that have a group and an asset. */
static void take_status(cme *self, const lfi_cme_message *m)
{
    if (m->block_bytes < STATUS_BYTES) {
        return;
    }
    const uint32_t id = lfi_cme_32(m->body + STATUS_SECURITY);
    const lfi_cme_security *const ours = &self->security;
    const bool is_all = id == INT32_MAX && ours->is_defined &&
                        strncmp((const char *)m->body + STATUS_GROUP, ours->group, 6) == 0 &&
                        (m->body[STATUS_ASSET] == '\0' ||
                         strncmp((const char *)m->body + STATUS_ASSET, ours->asset, 6) == 0);
    if (id == ours->id || is_all) {
        take_state(self, m->body[STATUS_STATE], lfi_cme_time(m->body), true);
    }
}

/* The newest snapshot and what waits behind it are the book, if nothing is missing between. */
static void recover(cme *self)
{
    const uint64_t sequence = self->spare_sequence;
    if (self->is_known || !self->has_spare || sequence + 1 < self->since) {
        return;
    }
    int64_t ts_ns = self->spare_ns;
    self->book = self->spare;
    self->has_spare = false;
    self->owes_reset = self->owes_reset || self->is_doubtful;
    self->number = self->spare_number > self->number ? self->spare_number : self->number;
    for (size_t i = 0; i < self->waiting_count; i++) {
        const lfi_cme_entry *const entry = &self->waiting[i];
        if (entry->sequence <= sequence) {
            continue;
        }
        if (!apply(self, entry)) {
            start_waiting(self, self->newest + 1);
            return;
        }
        ts_ns = entry->ts_ns > ts_ns ? entry->ts_ns : ts_ns;
    }
    know(self, sequence > self->newest ? sequence : self->newest);
    take_state(self, self->spare_state, 0, false);
    put_book(self, ts_ns, LF_EVENT_SNAPSHOT);
}

/* A snapshot is kept also while the book is known: it may tell of packets that are found out to be
   lost only later. */
static void
take_snapshot(cme *self, const lfi_cme_message *m, const lfi_cme_layout *layout, int64_t sent_ns)
{
    lfi_cme_group group;
    if (m->block_bytes < LFI_CME_SNAPSHOT_BYTES ||
        lfi_cme_32(m->body + LFI_CME_SNAPSHOT_SECURITY) != self->security.id ||
        !lfi_cme_group_of(m, layout->bytes, &group)) {
        return;
    }
    const uint64_t sequence = lfi_cme_32(m->body);
    self->reader->stats.skipped_count += self->is_known;
    if (sent_ns < self->begin_ns || (self->has_spare && sequence < self->spare_sequence)) {
        return;
    }
    self->spare.level_count = self->book.level_count;
    self->has_spare = lfi_cme_book_load(&self->spare, &group, layout);
    if (!self->has_spare) {
        violate(self, "a snapshot whose levels are no book");
        return;
    }
    self->spare_sequence = sequence;
    self->spare_number = lfi_cme_32(m->body + LFI_CME_SNAPSHOT_NUMBER);
    self->spare_ns = lfi_cme_time(m->body + LFI_CME_SNAPSHOT_TIME);
    self->spare_state = m->body[LFI_CME_SNAPSHOT_STATUS];
    recover(self);
}

static void take_message(cme *self, const lfi_cme_message *m, uint32_t sequence, bool is_stale)
{
    const lfi_cme_layout *const layout = lfi_cme_layout_of(m->template_id);
    if (layout->number > 0) {
        take_entries(self, m, layout, sequence, is_stale);
    } else if (m->template_id == LFI_CME_STATUS) {
        flush(self);
        take_status(self, m);
    } else if (m->template_id == LFI_CME_RESET) {
        flush(self);
        lfi_cme_book_clear(&self->book);
        self->owes_reset = self->owes_reset || self->was_known;
        know(self, sequence);
        self->number = 0;
        if (m->block_bytes >= 8) {
            put_book(self, lfi_cme_time(m->body), 0);
        }
    }
}

/* A packet of the security's channel has come: whether it follows the book. */
static void follow(cme *self, const lfi_cme_packet *packet)
{
    const uint64_t sequence = packet->sequence;
    const bool is_anew = packet->after_start && self->newest > 0;
    const bool is_gap = self->is_known ? sequence > self->book_sequence + 1 : packet->after_gap;
    if (packet->after_start) {
        self->begin_ns = is_anew ? packet->ts_ns : INT64_MIN;
        self->has_spare = self->has_spare && !is_anew;
    }
    if (is_anew) {
        self->number = 0;
        lose(self, sequence);
    } else if (is_gap) {
        self->reader->stats.gap_count++;
        doubt(self, sequence);
    } else if (self->since == 0) {
        self->since = sequence;
    }
    /* Books are empty before the first packet of a week. */
    if (packet->after_start && sequence == 1) {
        lfi_cme_book_clear(&self->book);
        know(self, 0);
    }
    recover(self);
    self->newest = sequence;
}

/* lfi_cme_take */
static void take_packet(void *context, const lfi_cme_packet *packet)
{
    cme *const self = context;
    const lfi_cme_place *const place = self->capture.place;
    const bool is_ours =
        place->address == self->security.address && place->port == self->security.port;
    size_t at = LFI_CME_PACKET_HEAD;
    lfi_cme_message m;
    if (is_ours) {
        follow(self, packet);
    }
    const bool is_stale = self->is_known && packet->sequence <= self->book_sequence;
    while (self->status == LF_OK && lfi_cme_message_next(packet->bytes, packet->count, &at, &m)) {
        const lfi_cme_layout *const layout = lfi_cme_layout_of(m.template_id);
        if (layout->kind == LFI_CME_SNAPSHOT) {
            take_snapshot(self, &m, layout, packet->ts_ns);
        } else if (is_ours) {
            take_message(self, &m, packet->sequence, is_stale);
        }
    }
    if (is_ours && self->is_known && packet->sequence > self->book_sequence) {
        self->book_sequence = packet->sequence;
    }
}

/* ---- reading ---------------------------------------------------------------------------- */

/* Nothing is known of the book behind the last message. */
static void put_end(cme *self)
{
    flush(self);
    const int64_t ts_ns = self->last_ts_ns + 1;
    if (self->is_known && self->last_ts_ns != INT64_MIN &&
        ts_ns < self->reader->instrument.session_close_ns) {
        self->is_known = false;
        (void)put_event(self, LF_EVENT_OTHER, ts_ns, 0);
    }
}

/* lfi_read_event */
static lf_status
read_event(void *context, lf_event *event, lf_trade *trade, bool *got, lf_error *error)
{
    cme *const self = context;
    self->error = error;
    while (self->queue_first == self->queue_count && !self->is_at_end) {
        self->queue_first = self->queue_count = 0;
        const lf_status status =
            lfi_cme_capture_next(&self->capture, take_packet, self, got, error);
        if (status == LF_OK && !*got) {
            self->is_at_end = true;
            lfi_cme_capture_finish(&self->capture, take_packet, self);
            put_end(self);
        }
        if (status != LF_OK || self->status != LF_OK) {
            return status != LF_OK ? status : self->status;
        }
    }
    *got = self->queue_first < self->queue_count;
    if (*got) {
        const queued *const from = &self->queue[self->queue_first++];
        *event = from->event;
        *trade = from->trade;
    }
    return LF_OK;
}

static lf_status cme_next(void *context, lf_batch *out, lf_error *error)
{
    cme *const self = context;
    const lf_status status = lfi_room_fill(&self->room, read_event, self, out, error);
    self->reader->stats.input_bytes = lfi_pcap_input_bytes(self->capture.pcap);
    return status;
}

/* ---- opening ---------------------------------------------------------------------------- */

static void cme_close(void *context)
{
    cme *const self = context;
    const lf_allocator memory = self->memory;
    const lf_allocator *const allocator = self->allocator != NULL ? &memory : NULL;
    if (self->capture.places != NULL) {
        lfi_cme_capture_close(&self->capture);
    }
    lfi_room_destroy(&self->room, allocator);
    lf_release(allocator, self->queue);
    lf_release(allocator, self->waiting);
    lf_release(allocator, self);
}

/* A step of prices and what one is worth: of the options, or of the definition. */
static lf_status set_tick(cme *self, const lf_feed_options *options, lf_error *error)
{
    lf_instrument *const instrument = &self->reader->instrument;
    const lfi_cme_security *const s = &self->security;
    const double factor = s->factor_nano > 0 ? (double)s->factor_nano * 1e-9 : 1.0;
    const double tick =
        options->tick_nano > 0 ? (double)options->tick_nano : (double)s->step_nano * factor;
    const double step = options->tick_nano > 0 ? tick / factor : (double)s->step_nano;
    instrument->tick_nano = tick < TICK_MAX ? (int64_t)(tick + 0.5) : 0;
    instrument->units_per_tick = step < TICK_MAX ? (int64_t)(step + 0.5) : 0;
    if (instrument->units_per_tick <= 0 || instrument->tick_nano <= 0) {
        return lf_error_set(
            error,
            LF_DATA,
            "the capture does not define the tick of %s; give it as instrument.tick, in the unit "
            "of the prices sent",
            s->symbol
        );
    }
    return LF_OK;
}

static lf_status
set_instrument(cme *self, const lf_source *source, const lf_feed_options *options, lf_error *error)
{
    lf_instrument *const instrument = &self->reader->instrument;
    const dbn_metadata metadata = {.dataset = LFI_CME_DATASET};
    lf_status status = lfi_dbn_instrument(&metadata, source, options, instrument, error);
    if (status == LF_OK) {
        status = set_tick(self, options, error);
    }
    if (self->security.currency[0] != '\0') {
        memcpy(instrument->currency, self->security.currency, sizeof self->security.currency);
    }
    instrument->has_local_times = source->has_local_times;
    self->book.level_count =
        self->security.level_count > 0 ? self->security.level_count : LF_LEVELS_MAX;
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

static lf_status
begin(cme *self, const lf_source *source, const lf_feed_options *options, lf_error *error)
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
    set_quotes(self);
    self->waiting = lf_allocate(self->allocator, WAITING_MAX, sizeof *self->waiting);
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
    cme *const self = lf_allocate(options->allocator, 1, sizeof *self);
    if (self == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", source->path);
    }
    if (options->allocator != NULL) {
        self->memory = *options->allocator;
        self->allocator = &self->memory;
    }
    self->reader = reader;
    const lf_status status = begin(self, source, options, error);
    if (status != LF_OK) {
        cme_close(self);
        return status;
    }
    reader->next = cme_next;
    reader->close = cme_close;
    reader->self = self;
    return LF_OK;
}
