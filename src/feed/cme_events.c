/* What the packets of CME tell of one security: its book by price or by order, trades, as events.
 */
#include "cme_feed.h"

#include <math.h>
#include <string.h>

/* No time is later, so that a latency or a shift can be added. */
#define TIME_MAX_NS (INT64_MAX - 4 * LF_NS_PER_DAY)
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

/* ---- events ----------------------------------------------------------------------------- */

static void set_quotes(lfi_cme_reader *self)
{
    const lf_instrument *const instrument = &self->reader->instrument;
    if (self->by_orders) {
        lfi_cme_orders_quotes(&self->orders, &self->quotes);
    } else {
        lfi_cme_book_quotes(
            &self->book,
            self->step_nano,
            instrument->level_count,
            &self->quotes,
            &self->stats->off_tick_count
        );
    }
}

/* Remember what a packet needed and could not get. */
static void note(lfi_cme_reader *self, lf_status status)
{
    if (status != LF_OK && self->status == LF_OK) {
        self->status = lf_error_set(self->error, status, "no memory for events");
    }
}

/* The changes of orders since the last event are those of this one. */
static void put_changes(lfi_cme_reader *self, lfi_cme_queued *to)
{
    lfi_cme_orders *const orders = &self->orders;
    if (orders->is_told && self->is_behind) {
        note(self, lfi_cme_orders_tell(orders));
        self->is_behind = false;
    }
    void *room = self->changes;
    const size_t count = orders->told_count, all = self->change_count + count;
    note(self, lf_grow(self->allocator, &room, &self->change_capacity, all, sizeof *self->changes));
    self->changes = room;
    if (count > 0 && self->status == LF_OK) {
        memcpy(self->changes + self->change_count, orders->told, count * sizeof *orders->told);
        self->change_count = all;
        orders->told_count = 0;
    }
    to->change_end = self->change_count;
}

/* Put an event behind the others. Its times never go back; of those before the day nothing is
   told. */
static lfi_cme_queued *
put_event(lfi_cme_reader *self, lf_event_kind kind, int64_t ts_ns, uint32_t flags)
{
    const bool has_local = self->reader->instrument.has_local_times;
    const bool is_masked = !self->is_known || self->is_closed;
    void *room = self->queue;
    const int64_t captured_ns =
        self->capture.ts_ns < TIME_MAX_NS ? self->capture.ts_ns : TIME_MAX_NS;
    ts_ns = ts_ns < TIME_MAX_NS ? ts_ns : TIME_MAX_NS;
    int64_t local_ns = has_local ? captured_ns + self->shift_ns : ts_ns + self->latency_ns;
    if (ts_ns < self->last_ts_ns) {
        self->stats->backward_count += (flags & LF_EVENT_SNAPSHOT) == 0;
        ts_ns = self->last_ts_ns;
    }
    local_ns = local_ns > ts_ns ? local_ns : ts_ns;
    local_ns = local_ns > self->last_local_ns ? local_ns : self->last_local_ns;
    self->last_ts_ns = ts_ns;
    self->last_local_ns = local_ns;
    if (ts_ns < self->from_ns || ts_ns >= self->to_ns || self->status != LF_OK) {
        self->is_behind = true;
        self->orders.told_count = 0;
        return NULL;
    }
    const size_t count = self->queue_count + 1;
    note(self, lf_grow(self->allocator, &room, &self->queue_capacity, count, sizeof *self->queue));
    self->queue = room;
    if (self->status != LF_OK) {
        return NULL;
    }
    lfi_cme_queued *const to = &self->queue[self->queue_count++];
    *to = (lfi_cme_queued){
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
    put_changes(self, to);
    lfi_count_event(&self->reader->stats, &to->event);
    return to;
}

/* What contradicts the book is counted; where that is asked for, it is an error. */
static void violate(lfi_cme_reader *self, const char *what)
{
    self->stats->violation_count++;
    if (self->strict && self->stats == &self->reader->stats && self->status == LF_OK) {
        self->status = lf_error_set(
            self->error, LF_DATA, "%s; without --strict such states are counted", what
        );
    }
}

static void put_book(lfi_cme_reader *self, int64_t ts_ns, uint32_t flags)
{
    set_quotes(self);
    const bool is_crossed = lfi_is_crossed(&self->quotes);
    (void)put_event(self, LF_EVENT_QUOTE, ts_ns, flags);
    if (is_crossed && !self->is_closed) {
        violate(self, "the best bid is not below the best ask");
    }
}

/* Tell of a book that waited for the end of an event. */
static void flush(lfi_cme_reader *self)
{
    if (self->is_pending && self->is_known) {
        self->is_pending = false;
        put_book(self, self->pending_ns, 0);
    }
}

/* ---- what is known ---------------------------------------------------------------------- */

static void start_waiting(lfi_cme_reader *self, uint64_t sequence)
{
    self->waiting_count = 0;
    self->since = sequence;
}

/* The book is not known from here on: a masked event says so. */
static void lose(lfi_cme_reader *self, uint64_t since)
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
static void doubt(lfi_cme_reader *self, uint64_t since)
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
static void know(lfi_cme_reader *self, uint64_t sequence)
{
    self->is_known = self->was_known = true;
    self->is_doubtful = self->is_pending = false;
    self->book_sequence = sequence;
    self->waiting_count = 0;
}

/* Whether an update is the next one. */
static void follow_number(lfi_cme_reader *self, uint32_t number, uint32_t sequence)
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
        self->stats->gap_count++;
        lose(self, (uint64_t)sequence + 1);
    }
}

static bool apply(lfi_cme_reader *self, const lfi_cme_entry *entry)
{
    self->stats->check_count++;
    if (lfi_cme_book_apply(&self->book, entry)) {
        return true;
    }
    violate(self, "an entry does not fit the level that it names");
    return false;
}

/* ---- messages --------------------------------------------------------------------------- */

static void wait_for(lfi_cme_reader *self, const lfi_cme_entry *entry)
{
    if (self->waiting_count == LFI_CME_WAITING_MAX) {
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
    lfi_cme_reader *self,
    const lfi_cme_layout *layout,
    const unsigned char *at,
    uint32_t sequence,
    int64_t ts_ns
)
{
    const unsigned char type = at[layout->type];
    if (type != '0' && type != '1' && type != 'J') {
        self->stats->skipped_count++;
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

/* A raw price in the units of trades. */
static int64_t units_of(const lfi_cme_reader *self, int64_t price)
{
    const int64_t units = self->reader->instrument.units_per_tick, rest = price % self->step_nano;
    const double part = (double)rest * (double)units / (double)self->step_nano;
    return price / self->step_nano * units + llrint(part);
}

static void take_trade(
    lfi_cme_reader *self,
    const lfi_cme_layout *layout,
    const unsigned char *at,
    int64_t ts_ns,
    bool is_last
)
{
    static const int8_t signs[] = {0, 1, -1};
    const int64_t price = lfi_cme_price(at, layout->is_old), lots = lfi_cme_lots(layout, at);
    const uint8_t aggressor = at[layout->type];
    const int8_t sign = aggressor < 3 ? signs[aggressor] : LF_SIGN_UNKNOWN;
    if (at[layout->action] != 0 || price == LFI_CME_NONE || lots <= 0) {
        self->stats->skipped_count++;
        return;
    }
    lfi_cme_queued *const to = put_event(self, LF_EVENT_TRADE, ts_ns, 0);
    if (to == NULL) {
        return;
    }
    to->event.flags &= is_last ? UINT32_MAX : ~(uint32_t)LF_EVENT_LAST;
    const int64_t units = units_of(self, price);
    to->event.price_units = units;
    to->event.size_lots = lots;
    to->event.side = sign == LF_SIGN_UNKNOWN ? 0 : (int8_t)-sign;
    to->event.trade_count = 1;
    to->trade = (lf_trade){.price_units = units, .size_lots = lots, .sign = sign};
}

/* ---- single orders ---------------------------------------------------------------------- */

/* A change of an order; true when it has changed the book. */
static bool take_order(lfi_cme_reader *self, const lfi_cme_order *order)
{
    lf_status status;
    const lf_l3_stats *const stats = lf_l3_stats_of(self->orders.l3);
    const int64_t wrong = stats->unknown_count + stats->duplicate_count;
    const bool is_changed = lfi_cme_orders_take(&self->orders, order, &status);
    note(self, status);
    self->stats->check_count += is_changed;
    if (stats->unknown_count + stats->duplicate_count > wrong) {
        violate(self, "a change of an order that is not there, or a new one that is");
    }
    return is_changed;
}

/* An entry of a book by order. */
static bool take_queue_entry(
    lfi_cme_reader *self, const lfi_cme_message *m, const unsigned char *at, uint32_t sequence
)
{
    const lfi_cme_layout *const layout = lfi_cme_layout_of(m->template_id);
    const unsigned char type = at[layout->type];
    const int64_t price = lfi_cme_price(at + LFI_CME_ORDER_PRICE, layout->is_old);
    if (type != '0' && type != '1') {
        self->stats->skipped_count++;
        return false;
    }
    const lfi_cme_order order = {
        .id = lfi_cme_64(at),
        .price_ticks =
            price != LFI_CME_NONE ? lfi_cme_ticks(price, self->step_nano, type == '1') : 0,
        .lots = price != LFI_CME_NONE ? lfi_cme_lots(layout, at) : 0,
        .ts_ns = lfi_cme_time(m->body),
        .sequence = sequence,
        .action = at[layout->action],
        .is_ask = type == '1',
    };
    return take_order(self, &order);
}

/* The orders behind the levels of a message. */
static void take_parts(
    lfi_cme_reader *self,
    const lfi_cme_message *m,
    const lfi_cme_layout *layout,
    const lfi_cme_group *levels,
    uint32_t sequence
)
{
    lfi_cme_group parts;
    lfi_cme_second_group_of(m, levels, LFI_CME_PART_BYTES, &parts);
    for (size_t i = 0; i < parts.count; i++) {
        const unsigned char *const at = parts.entries + i * parts.entry_bytes;
        const size_t index = at[LFI_CME_PART_LEVEL];
        if (index == 0 || index > levels->count) {
            continue;
        }
        const unsigned char *const level = levels->entries + (index - 1) * levels->entry_bytes;
        const unsigned char type = level[layout->type];
        const int64_t price = lfi_cme_price(level, layout->is_old);
        const int32_t lots = (int32_t)lfi_cme_32(at + LFI_CME_PART_LOTS);
        if (lfi_cme_32(level + layout->security) != self->security.id ||
            (type != '0' && type != '1') || price == LFI_CME_NONE) {
            continue;
        }
        const lfi_cme_order order = {
            .id = lfi_cme_64(at),
            .price_ticks = lfi_cme_ticks(price, self->step_nano, type == '1'),
            .lots = lots != INT32_MAX ? lots : 0,
            .ts_ns = lfi_cme_time(m->body),
            .sequence = sequence,
            .action = at[LFI_CME_PART_ACTION],
            .is_ask = type == '1',
        };
        (void)take_order(self, &order);
    }
}

/* Which resting orders the n-th entry of a trade summary has reached: each entry says how many
   orders of the second group are its own. */
static void take_fills(
    lfi_cme_reader *self,
    const lfi_cme_layout *layout,
    const lfi_cme_group *trades,
    const lfi_cme_group *fills,
    size_t n
)
{
    uint64_t first = 0, count = 0;
    for (size_t i = 0; i <= n; i++) {
        const unsigned char *const at = trades->entries + i * trades->entry_bytes;
        first += count;
        count = lfi_cme_32(at + layout->number + 4);
    }
    for (uint64_t i = first; i < first + count && i < fills->count; i++) {
        const unsigned char *const at = fills->entries + i * fills->entry_bytes;
        const int32_t lots = (int32_t)lfi_cme_32(at + LFI_CME_FILL_LOTS);
        if (lots > 0) {
            note(self, lfi_cme_orders_fill(&self->orders, lfi_cme_64(at), lots));
        }
    }
}

/* Single orders are known that were not. */
static void know_orders(lfi_cme_reader *self)
{
    lfi_cme_orders_end_packet(&self->orders, self->newest);
    if (self->by_orders) {
        know(self, self->orders.sequence);
        put_book(self, self->orders.known_ns, LF_EVENT_SNAPSHOT);
    }
}

/* Whether a packet of the security's channel follows the orders. */
static void follow_orders(lfi_cme_reader *self, const lfi_cme_packet *packet, bool is_anew)
{
    lfi_cme_orders *const orders = &self->orders;
    const uint64_t sequence = packet->sequence;
    const bool is_gap = orders->is_known ? sequence > orders->sequence + 1 : packet->after_gap;
    lf_status status = LF_OK;
    if (is_anew) {
        orders->piece_total = 0;
    }
    if (is_anew || is_gap) {
        note(self, lfi_cme_orders_lose(orders, sequence));
    } else if (orders->since == 0) {
        orders->since = sequence;
    }
    if (packet->after_start && sequence == 1) {
        note(self, lfi_cme_orders_begin(orders, 0));
    }
    if (lfi_cme_orders_recover(orders, &status)) {
        know_orders(self);
    }
    note(self, status);
}

static void take_queues(
    lfi_cme_reader *self, const lfi_cme_message *m, const lfi_cme_layout *layout, int64_t sent_ns
)
{
    lf_status status = LF_OK;
    if (m->block_bytes < LFI_CME_ORDERS_BYTES || sent_ns < self->begin_ns ||
        lfi_cme_32(m->body + LFI_CME_SNAPSHOT_SECURITY) != self->security.id) {
        return;
    }
    if (lfi_cme_orders_piece(&self->orders, m, layout, self->step_nano, &status)) {
        know_orders(self);
    }
    note(self, status);
}

/* ---- messages --------------------------------------------------------------------------- */

/* Entries of books, of trades, or only numbered with them. */
static void take_entries(
    lfi_cme_reader *self,
    const lfi_cme_message *m,
    const lfi_cme_layout *layout,
    uint32_t sequence,
    bool is_stale
)
{
    lfi_cme_group group, fills;
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
            self->stats->stale_count += layout->kind == LFI_CME_BOOK;
        } else if (layout->number > 0) {
            follow_number(self, lfi_cme_32(at + layout->number), sequence);
        }
        if (layout->kind == LFI_CME_TRADES) {
            const bool is_end = (indicator & LFI_CME_END_OF_EVENT) != 0;
            if (self->orders.is_told && at[layout->action] == 0) {
                lfi_cme_second_group_of(m, &group, LFI_CME_FILL_BYTES, &fills);
                take_fills(self, layout, &group, &fills, i);
            }
            take_trade(self, layout, at, ts_ns, is_end && i + 1 == group.count);
        } else if (layout->kind == LFI_CME_BOOK && !is_stale) {
            is_changed = take_level(self, layout, at, sequence, ts_ns) || is_changed;
        } else if (layout->kind == LFI_CME_ORDERS && self->orders.l3 != NULL) {
            const bool has_changed = take_queue_entry(self, m, at, sequence);
            is_changed = (self->by_orders && has_changed) || is_changed;
        }
    }
    if (layout->kind == LFI_CME_BOOK && self->orders.l3 != NULL) {
        take_parts(self, m, layout, &group, sequence);
    }
    if (is_changed && self->is_known) {
        self->is_pending = true;
        self->pending_ns = ts_ns;
    }
    if ((indicator & (LFI_CME_LAST_QUOTE | LFI_CME_END_OF_EVENT)) != 0) {
        flush(self);
    }
}

/* The state of trading after a packet, unless a later one is known: a snapshot is older than what
   has come since. */
static void
take_state(lfi_cme_reader *self, uint8_t state, uint64_t sequence, int64_t ts_ns, bool is_told)
{
    const bool is_closed = state != STATUS_OPEN;
    if (state == STATUS_SAME || state == STATUS_NONE || sequence < self->state_sequence) {
        return;
    }
    self->state_sequence = sequence;
    if (is_closed == self->is_closed) {
        return;
    }
    self->is_closed = is_closed;
    self->owes_reset = self->owes_reset || (!is_closed && self->was_known);
    if (is_told) {
        self->stats->halt_count += is_closed;
        (void)put_event(self, LF_EVENT_HALT, ts_ns, 0);
    }
}

/* A status is of a security, or of all that have a group and an asset. */
static void take_status(lfi_cme_reader *self, const lfi_cme_message *m, uint32_t sequence)
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
        take_state(self, m->body[STATUS_STATE], sequence, lfi_cme_time(m->body), true);
    }
}

/* The newest snapshot and what waits behind it are the book, if nothing is missing between. */
static void recover(lfi_cme_reader *self)
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
    take_state(self, self->spare_state, sequence, 0, false);
    put_book(self, ts_ns, LF_EVENT_SNAPSHOT);
}

/* A snapshot is kept also while the book is known: it may tell of packets that are found out to be
   lost only later. */
static void take_snapshot(
    lfi_cme_reader *self, const lfi_cme_message *m, const lfi_cme_layout *layout, int64_t sent_ns
)
{
    lfi_cme_group group;
    if (m->block_bytes < LFI_CME_SNAPSHOT_BYTES ||
        lfi_cme_32(m->body + LFI_CME_SNAPSHOT_SECURITY) != self->security.id ||
        !lfi_cme_group_of(m, layout->bytes, &group)) {
        return;
    }
    const uint64_t sequence = lfi_cme_32(m->body);
    self->stats->skipped_count += self->is_known;
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

static void
take_message(lfi_cme_reader *self, const lfi_cme_message *m, uint32_t sequence, bool is_stale)
{
    const lfi_cme_layout *const layout = lfi_cme_layout_of(m->template_id);
    if (layout->number > 0 || layout->kind == LFI_CME_ORDERS) {
        take_entries(self, m, layout, sequence, is_stale);
    } else if (m->template_id == LFI_CME_STATUS) {
        flush(self);
        take_status(self, m, sequence);
    } else if (m->template_id == LFI_CME_RESET) {
        flush(self);
        lfi_cme_book_clear(&self->book);
        self->owes_reset = self->owes_reset || self->was_known;
        know(self, sequence);
        self->number = 0;
        if (self->orders.l3 != NULL) {
            note(self, lfi_cme_orders_begin(&self->orders, sequence));
        }
        if (m->block_bytes >= 8) {
            put_book(self, lfi_cme_time(m->body), 0);
        }
    }
}

/* A packet of the security's channel has come: whether it follows the book. */
static void follow(lfi_cme_reader *self, const lfi_cme_packet *packet)
{
    const uint64_t sequence = packet->sequence;
    const bool is_anew = packet->after_start && self->newest > 0;
    const bool is_gap = self->is_known ? sequence > self->book_sequence + 1 : packet->after_gap;
    if (packet->after_start) {
        self->begin_ns = is_anew ? packet->ts_ns : INT64_MIN;
        self->has_spare = self->has_spare && !is_anew;
        self->state_sequence = is_anew ? 0 : self->state_sequence;
    }
    if (is_anew) {
        self->number = 0;
        lose(self, sequence);
    } else if (is_gap) {
        self->stats->gap_count++;
        doubt(self, sequence);
    } else if (self->since == 0) {
        self->since = sequence;
    }
    /* Books are empty before the first packet of a week. */
    if (packet->after_start && sequence == 1) {
        lfi_cme_book_clear(&self->book);
        know(self, 0);
    }
    if (self->orders.l3 != NULL) {
        follow_orders(self, packet, is_anew);
    }
    recover(self);
    self->newest = sequence;
}

/* What happened to orders since the last packet. */
static void count_orders(lfi_cme_reader *self)
{
    const lf_l3_stats *const now = lf_l3_stats_of(self->orders.l3);
    self->stats->unknown_order_count += now->unknown_count - self->unknown_count;
    self->stats->duplicate_order_count += now->duplicate_count - self->duplicate_count;
    self->unknown_count = now->unknown_count;
    self->duplicate_count = now->duplicate_count;
}

void lfi_cme_reader_take(void *context, const lfi_cme_packet *packet)
{
    lfi_cme_reader *const self = context;
    const lfi_cme_place *const place = self->capture.place;
    const bool is_of_day = packet->ts_ns >= self->from_ns && packet->ts_ns < self->to_ns;
    self->stats = is_of_day ? &self->reader->stats : &self->elsewhere;
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
        } else if (layout->kind == LFI_CME_QUEUES && self->orders.l3 != NULL) {
            take_queues(self, &m, layout, packet->ts_ns);
        } else if (is_ours) {
            take_message(self, &m, packet->sequence, is_stale);
        }
    }
    if (is_ours && self->is_known && packet->sequence > self->book_sequence) {
        self->book_sequence = packet->sequence;
    }
    if (is_ours && self->orders.l3 != NULL) {
        lfi_cme_orders_end_packet(&self->orders, packet->sequence);
    }
    if (self->orders.l3 != NULL) {
        count_orders(self);
    }
}

/* Nothing is known of the book behind the last message. */
void lfi_cme_reader_end(lfi_cme_reader *self)
{
    flush(self);
    const int64_t ts_ns = self->last_ts_ns + 1;
    if (self->is_known && self->last_ts_ns != INT64_MIN &&
        ts_ns < self->reader->instrument.session_close_ns) {
        self->is_known = false;
        (void)put_event(self, LF_EVENT_OTHER, ts_ns, 0);
    }
}

void lfi_cme_reader_begin(lfi_cme_reader *self)
{
    self->stats = &self->reader->stats;
    set_quotes(self);
}
