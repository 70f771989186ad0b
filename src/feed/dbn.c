/* Reader of DBN files: records up to the one that ends an event become one event. */
#include "dbn.h"
#include "capture.h"

#include <lobflow/l3.h>

#include <math.h>
#include <stdio.h>

static_assert(LF_L3_LEVELS == LF_LEVELS_MAX, "best levels are copied into quotes");
static_assert(LF_L3_BID_NONE == LF_BID_NONE && LF_L3_ASK_NONE == LF_ASK_NONE, "as they are");

#define TRADES_OF_EVENT_MAX UINT16_MAX

/* An event whose last record has not come yet. */
typedef struct open_event {
    bool is_open, is_snapshot;
    bool is_doubtful; /* by its last record */
    bool is_reset;    /* its book was cleared */
    bool has_fill;    /* F */
    char taker_side;  /* of the latest T, or 0 */
    char change;      /* action of the first record that changes the book, or 0 */
    bool is_gone;     /* that order is gone */
    bool is_all_hidden;
    /* Records as they stood: copies of bytes that were written long ago wait for nothing, copies of
       fields that were just taken from them do. */
    unsigned char first[sizeof(dbn_mbo)], last[sizeof(dbn_mbo)];
    unsigned char note[sizeof(dbn_mbo)];       /* the first N */
    bool has_note, has_first, is_contradicted; /* by a record that does not fit the book */
    size_t trade_first;
} open_event;

typedef struct dbn {
    const lf_allocator *allocator;
    lf_allocator memory;
    lfi_reader *reader;
    lfi_dbn_in *in;
    lf_l3 *l3;        /* MBO only */
    lf_event *events; /* [batch_events + 1] */
    lf_trade *trades; /* [trade_capacity] */
    size_t batch_events, count, trade_count, trade_capacity;
    int32_t level_count; /* of a record: 0, 1 or 10 */
    uint16_t schema;
    uint8_t rtype;
    uint32_t id;
    bool has_id, strict, is_own, is_scanned_tick, has_state, is_bad, is_done;
    bool is_wide; /* ten levels, and lfi_dbn_levels() can be used */
    int64_t tick_nano, unit_nano;
    double ticks_per_nano;
    int64_t from_ns, to_ns; /* events outside only set the book */
    lf_l3_stats earlier;    /* of the orders, before from_ns */
    int64_t feed_latency_ns, last_ts_ns, last_local_ns;
    lf_quotes quotes;          /* after the last event */
    lf_quotes before;          /* a snapshot */
    dbn_level raw[DBN_LEVELS]; /* that quotes were made from */
    open_event now;
} dbn;

/* ---- prices ----------------------------------------------------------------------------- */

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static lf_status far_price(const dbn *self, lf_error *error)
{
    return lfi_dbn_in_fail(
        self->in, error, LF_FORMAT, "a price beyond 2.3e9, where sums of two no longer fit"
    );
}

/* A price of the book that may lie between two ticks: it goes away from the mid and is counted;
   where the tick was only guessed from the first records, the guess was wrong. */
static lf_status divide_price(dbn *self, int64_t price, bool is_bid, int64_t *out, lf_error *error)
{
    const bool is_between = price % self->tick_nano != 0;
    *out = floor_divide(price, self->tick_nano) + (is_between && !is_bid);
    self->reader->stats.off_tick_count += is_between;
    if (is_between && self->is_scanned_tick) {
        return lfi_dbn_in_fail(
            self->in,
            error,
            LF_DATA,
            "the price %lld e-9 is no whole number of ticks of %lld e-9, as those of the first %d "
            "records are; set instrument.tick",
            (long long)price,
            (long long)self->tick_nano,
            DBN_SCAN_RECORDS
        );
    }
    return LF_OK;
}

/* Ticks of a price of the book. A product in floating point is a guess that the way back proves,
   and takes a fifth of a division's time. */
static lf_status to_ticks(dbn *self, int64_t price, bool is_bid, int64_t *out, lf_error *error)
{
    if (!lfi_dbn_is_price(price)) {
        return far_price(self, error);
    }
    *out = llrint((double)price * self->ticks_per_nano);
    return *out * self->tick_nano == price ? LF_OK : divide_price(self, price, is_bid, out, error);
}

static lf_status to_units(const dbn *self, int64_t price, int64_t *out, lf_error *error)
{
    if (!lfi_dbn_is_price(price)) {
        return far_price(self, error);
    }
    *out = price / self->unit_nano;
    if (*out * self->unit_nano == price) {
        return LF_OK;
    }
    return lfi_dbn_in_fail(
        self->in,
        error,
        LF_DATA,
        "the price %lld e-9 of a trade is no whole number of price units of %lld e-9; set a "
        "smaller "
        "instrument.tick",
        (long long)price,
        (long long)self->unit_nano
    );
}

/* Price of a message for its event; one that is finer than the unit is cut, it is shown only. */
static int64_t shown_units(const dbn *self, int64_t price)
{
    return lfi_dbn_is_price(price) ? floor_divide(price, self->unit_nano) : 0;
}

static bool has_price(int64_t price, uint32_t size)
{
    return price != DBN_PRICE_NONE && size > 0;
}

static lf_status take_level(dbn *self, int m, const dbn_level *level, lf_error *error)
{
    lf_quotes *const q = &self->quotes;
    const dbn_level was = self->raw[m];
    const bool has_bid = has_price(level->bid_price, level->bid_size);
    const bool has_ask = has_price(level->ask_price, level->ask_size);
    lf_status status = LF_OK;
    self->raw[m] = *level;
    if (!has_bid) {
        q->bid_ticks[m] = LF_BID_NONE;
    } else if (level->bid_price != was.bid_price || !has_price(was.bid_price, was.bid_size)) {
        status = to_ticks(self, level->bid_price, true, &q->bid_ticks[m], error);
    }
    const bool had_ask = has_price(was.ask_price, was.ask_size);
    if (!has_ask) {
        q->ask_ticks[m] = LF_ASK_NONE;
    } else if (status == LF_OK && (level->ask_price != was.ask_price || !had_ask)) {
        status = to_ticks(self, level->ask_price, false, &q->ask_ticks[m], error);
    }
    q->bid_lots[m] = has_bid ? level->bid_size : 0;
    q->ask_lots[m] = has_ask ? level->ask_size : 0;
    return status;
}

/* Levels of a record: only those that differ from the record before. */
static lf_status take_levels(dbn *self, const unsigned char *bytes, lf_error *error)
{
    lf_status status = LF_OK;
    if (self->is_wide &&
        lfi_dbn_levels(bytes, self->tick_nano, self->ticks_per_nano, self->raw, &self->quotes)) {
        return LF_OK;
    }
    for (int m = 0; m < self->level_count && status == LF_OK; m++) {
        dbn_level level;
        memcpy(&level, bytes + (size_t)m * sizeof level, sizeof level);
        if (memcmp(&level, &self->raw[m], sizeof level) != 0) {
            status = take_level(self, m, &level, error);
        }
    }
    return status;
}

/* ---- orders ----------------------------------------------------------------------------- */

static lf_status apply_order(dbn *self, const dbn_message *m, lf_error *error)
{
    const int side = m->side == 'B' ? 1 : -1;
    lf_order_change change = {.order_id = m->order_id, .lots = m->size};
    int64_t ticks = 0;
    lf_status status = LF_OK;
    if (m->action != 'A' && m->action != 'M') {
        const bool is_fill = m->action == 'F';
        change.kind = is_fill ? LF_CHANGE_FILL : LF_CHANGE_REDUCE;
        /* An order that was changed so that it crosses has an F too: it took, it did not wait. */
        if (is_fill && m->side == self->now.taker_side && m->side != 'N') {
            return LF_OK;
        }
        status = lfi_changes_push(&self->reader->changes, &change, error);
        return status == LF_OK && !is_fill ? lf_l3_reduce(self->l3, m->order_id, m->size) : status;
    }
    if ((m->side != 'B' && m->side != 'A') || m->price == DBN_PRICE_NONE) {
        return LF_DATA;
    }
    status = to_ticks(self, m->price, side > 0, &ticks, error);
    if (status != LF_OK) {
        return status == LF_DATA ? LF_FORMAT : status; /* not the book's fault */
    }
    change.kind = m->action == 'A' ? LF_CHANGE_ADD : LF_CHANGE_MODIFY;
    change.side = (int8_t)side;
    change.price_ticks = ticks;
    if (lfi_changes_push(&self->reader->changes, &change, error) != LF_OK) {
        return LF_NOMEM;
    }
    return m->action == 'A' ? lf_l3_add(self->l3, 0, m->order_id, side, ticks, m->size)
                            : lf_l3_modify(self->l3, 0, m->order_id, side, ticks, m->size);
}

static lf_status take_order(dbn *self, const dbn_message *m, lf_error *error)
{
    lf_feed_stats *const stats = &self->reader->stats;
    lf_l3_order left;
    if ((m->flags & DBN_TOP) != 0) {
        return lfi_dbn_in_fail(
            self->in,
            error,
            LF_UNSUPPORTED,
            "records of the top of the book among single orders are not read"
        );
    }
    const int64_t unknown_count = lf_l3_stats_of(self->l3)->unknown_count;
    const lf_status status = apply_order(self, m, error);
    const int64_t ts_ns = (int64_t)m->ts_event;
    const bool is_of_day = ts_ns >= self->from_ns && ts_ns < self->to_ns;
    stats->check_count += is_of_day && (m->flags & DBN_SNAPSHOT) == 0;
    if (status == LF_NOMEM) {
        return lf_error_set(error, LF_NOMEM, "no memory for the orders of the book");
    }
    if (status != LF_OK && status != LF_DATA) {
        return status;
    }
    if (status == LF_DATA && is_of_day) {
        stats->violation_count++;
        self->now.is_contradicted = true;
        if (stats->first_violation_line == LF_POSITION_NONE) {
            stats->first_violation_line = lfi_dbn_in_record_count(self->in);
        }
    }
    if (status == LF_DATA && self->strict && is_of_day) {
        return lfi_dbn_in_fail(
            self->in,
            error,
            LF_DATA,
            "the record of order %llu does not fit the book; without --strict such records are "
            "counted",
            (unsigned long long)m->order_id
        );
    }
    if (self->now.change == 0) {
        self->now.is_gone = m->action == 'C' &&
                            unknown_count == lf_l3_stats_of(self->l3)->unknown_count &&
                            !lf_l3_find(self->l3, m->order_id, &left);
    }
    return LF_OK;
}

/* ---- events ----------------------------------------------------------------------------- */

static lf_status add_trade(dbn *self, const dbn_message *m, lf_error *error)
{
    const bool is_hidden = self->is_own && (m->flags & DBN_PUBLISHER) != 0;
    int64_t units = 0;
    if (m->price == DBN_PRICE_NONE || m->size == 0) {
        return LF_OK;
    }
    lf_status status = to_units(self, m->price, &units, error);
    if (status == LF_OK && self->trade_count == self->trade_capacity) {
        void *trades = self->trades;
        status = lf_grow(
            self->allocator,
            &trades,
            &self->trade_capacity,
            self->trade_count + 1,
            sizeof *self->trades
        );
        self->trades = trades;
        if (status != LF_OK) {
            return lf_error_set(error, status, "no memory for the trades of an event");
        }
    }
    if (status == LF_OK) {
        self->trades[self->trade_count++] = (lf_trade){
            .price_units = units,
            .size_lots = m->size,
            .sign = m->side == 'B'   ? 1
                    : m->side == 'A' ? -1
                                     : LF_SIGN_UNKNOWN,
            .hidden = is_hidden,
        };
        self->now.is_all_hidden = self->now.is_all_hidden && is_hidden;
    }
    return status;
}

static lf_event_kind kind_of(const dbn *self, size_t trade_count)
{
    const open_event *const now = &self->now;
    if (now->is_snapshot) {
        return LF_EVENT_QUOTE;
    }
    if (trade_count > 0) {
        return now->change != 0 || now->has_fill ? LF_EVENT_EXECUTE
               : now->is_all_hidden              ? LF_EVENT_HIDDEN
                                                 : LF_EVENT_TRADE;
    }
    switch (now->change) {
    case 'A':
        return LF_EVENT_ADD;
    case 'C':
        return now->is_gone ? LF_EVENT_DELETE : LF_EVENT_CANCEL;
    case 'M':
    case 'R':
        return LF_EVENT_QUOTE;
    default:
        break;
    }
    if (self->is_own && now->has_note) {
        const dbn_message m = lfi_dbn_message(now->note);
        return (m.flags & DBN_PUBLISHER) == 0 ? LF_EVENT_OTHER
               : m.price == DBN_PRICE_NONE    ? LF_EVENT_HALT
                                              : LF_EVENT_CROSS;
    }
    return LF_EVENT_OTHER;
}

/* Local and exchange time of the open event. */
static lf_status set_times(dbn *self, lf_event *event, lf_error *error)
{
    const dbn_message last = lfi_dbn_message(self->now.last), *const m = &last;
    const bool is_known = m->ts_recv <= INT64_MAX;
    const bool is_received = is_known && (m->flags & DBN_BAD_TS_RECV) == 0;
    /* A snapshot shows the book at the time it was taken, whenever its orders came; ours have that
       as the time of the event. */
    const uint64_t ts =
        self->now.is_snapshot && is_known && !self->is_own ? m->ts_recv : m->ts_event;
    if (ts > INT64_MAX && ts != DBN_TIME_NONE) {
        return lfi_dbn_in_fail(self->in, error, LF_FORMAT, "a time after the year 2262");
    }
    int64_t ts_ns = ts <= INT64_MAX ? (int64_t)ts : self->last_ts_ns;
    if (ts_ns < self->last_ts_ns) {
        self->reader->stats.backward_count++;
        ts_ns = self->last_ts_ns;
    }
    const int64_t latency_ns = self->now.is_snapshot ? 0 : self->feed_latency_ns;
    int64_t local_ns = ts_ns;
    if (is_received && (int64_t)m->ts_recv > ts_ns) {
        local_ns = (int64_t)m->ts_recv;
    } else if (!is_received && ts_ns <= INT64_MAX - latency_ns) {
        local_ns = ts_ns + latency_ns;
    }
    local_ns = local_ns > self->last_local_ns ? local_ns : self->last_local_ns;
    event->ts_exchange_ns = self->last_ts_ns = ts_ns;
    event->ts_local_ns = self->last_local_ns = local_ns;
    return LF_OK;
}

static uint32_t event_flags(dbn *self)
{
    const open_event *const now = &self->now;
    uint32_t flags = LF_EVENT_LAST;
    /* A snapshot that shows what was known anyway resets nothing. */
    const bool is_rebuilt = now->is_snapshot && self->has_state &&
                            memcmp(&self->before, &self->quotes, sizeof self->before) != 0;
    if (now->is_doubtful) {
        flags |= LF_EVENT_MASKED;
    }
    if (is_rebuilt || (now->is_reset && !now->is_snapshot) || (self->is_bad && !now->is_doubtful)) {
        flags |= LF_EVENT_RESET;
    }
    return flags | (now->is_snapshot ? LF_EVENT_SNAPSHOT : 0);
}

static void count_event(dbn *self, const lf_event *event)
{
    lf_feed_stats *const stats = &self->reader->stats;
    const bool turns_bad = (event->flags & LF_EVENT_MASKED) != 0 && !self->is_bad;
    stats->halt_count += turns_bad && event->kind == LF_EVENT_HALT;
    stats->gap_count += turns_bad && event->kind != LF_EVENT_HALT;
    lfi_count_event(stats, event);
}

static void copy_best(dbn *self)
{
    const lf_l3_side *const bids = lf_l3_best(self->l3, 0, 1);
    const lf_l3_side *const asks = lf_l3_best(self->l3, 0, -1);
    memcpy(self->quotes.bid_ticks, bids->prices, sizeof bids->prices);
    memcpy(self->quotes.bid_lots, bids->lots, sizeof bids->lots);
    memcpy(self->quotes.ask_ticks, asks->prices, sizeof asks->prices);
    memcpy(self->quotes.ask_lots, asks->lots, sizeof asks->lots);
}

/* What was counted before the day is none of its. */
static void forget_counts(dbn *self)
{
    lf_feed_stats *const stats = &self->reader->stats;
    stats->off_tick_count = stats->backward_count = stats->skipped_count = 0;
    if (self->l3 != NULL) {
        self->earlier = *lf_l3_stats_of(self->l3);
    }
}

/* The open event is complete: put it behind the others, or only keep its book. */
static lf_status close_event(dbn *self, lf_error *error)
{
    lf_event *const event = &self->events[self->count];
    const open_event *const now = &self->now;
    const size_t trade_count = self->trade_count - now->trade_first;
    if (self->l3 != NULL) {
        copy_best(self);
    }
    const lf_status status = set_times(self, event, error);
    if (status != LF_OK) {
        return status;
    }
    self->now.is_doubtful = now->is_doubtful || now->is_contradicted;
    const dbn_message shown =
        lfi_dbn_message(now->change == 0 && now->has_note ? now->note : now->first);
    const dbn_message *const m = &shown;
    const int side = m->side == 'B' ? 1 : m->side == 'A' ? -1 : 0;
    event->order_id = m->order_id;
    event->price_units = shown_units(self, m->price);
    event->size_lots = m->size;
    event->instrument = 0;
    event->flags = event_flags(self);
    event->trade_first = (uint32_t)now->trade_first;
    event->trade_count = (uint16_t)trade_count;
    event->kind = (uint8_t)kind_of(self, trade_count);
    /* The side of a trade is its aggressor's. */
    event->side = (int8_t)(m->action == 'T' ? -side : side);
    event->quotes = self->quotes;
    self->now.is_open = false;
    self->has_state = true;
    const bool is_outside =
        event->ts_exchange_ns < self->from_ns || event->ts_exchange_ns >= self->to_ns;
    if (event->ts_exchange_ns < self->from_ns) {
        forget_counts(self);
    }
    if (is_outside) {
        lfi_changes_drop(&self->reader->changes);
        self->trade_count = now->trade_first;
        self->is_done = event->ts_exchange_ns >= self->to_ns;
    } else {
        count_event(self, event);
        self->count++;
    }
    self->is_bad = now->is_doubtful;
    return is_outside ? LF_OK
                      : lfi_changes_close(&self->reader->changes, self->count - 1, self->l3, error);
}

/* All orders are gone. */
static lf_status clear_orders(dbn *self, lf_error *error)
{
    const lf_order_change change = {.kind = LF_CHANGE_CLEAR};
    lf_l3_clear(self->l3, 0);
    return lfi_changes_push(&self->reader->changes, &change, error);
}

static lf_status open_event_now(dbn *self, bool is_snapshot, lf_error *error)
{
    open_event *const now = &self->now;
    now->is_open = true;
    now->is_snapshot = is_snapshot;
    now->is_doubtful = now->is_reset = now->has_fill = now->is_gone = false;
    now->is_all_hidden = true;
    now->has_note = now->has_first = now->is_contradicted = false;
    now->change = now->taker_side = 0;
    now->trade_first = self->trade_count;
    if (is_snapshot) {
        self->before = self->quotes;
        if (self->l3 != NULL) {
            return clear_orders(self, error);
        }
    }
    return LF_OK;
}

static void keep(unsigned char out[sizeof(dbn_mbo)], const unsigned char *record)
{
    if (record[1] == DBN_RTYPE_MBO) {
        memcpy(out, record, sizeof(dbn_mbo));
    } else {
        memcpy(out, record, sizeof(dbn_trade));
    }
}

/* What a record tells about its event besides the book. */
static void note(open_event *now, const unsigned char *record, const dbn_message *m, bool is_own)
{
    /* A change that our own files make only to keep the book right describes no event. */
    const bool is_mark = is_own && (m->flags & DBN_PUBLISHER) != 0;
    const bool is_repair = is_mark && m->order_id != 0;
    if (is_mark && m->action == 'R') {
        return; /* yesterday's orders go */
    }
    const bool is_change =
        m->action == 'A' || m->action == 'C' || m->action == 'M' || m->action == 'R';
    now->is_doubtful = (m->flags & DBN_MAYBE_BAD_BOOK) != 0;
    now->has_fill = now->has_fill || m->action == 'F';
    now->taker_side = m->action == 'T' ? m->side : now->taker_side;
    now->is_reset = now->is_reset || m->action == 'R';
    if (m->action == 'N' && !now->has_note) {
        keep(now->note, record);
        now->has_note = true;
    }
    if (is_change && now->change == 0 && !is_repair) {
        now->change = m->action;
        keep(now->first, record);
    } else if (!now->has_first) {
        keep(now->first, record);
    }
    now->has_first = true;
    keep(now->last, record);
}

static lf_status
take_record(dbn *self, const unsigned char *record, const dbn_message *m, lf_error *error)
{
    const bool is_snapshot = (m->flags & DBN_SNAPSHOT) != 0;
    lf_status status = LF_OK;
    /* A snapshot ends where other records begin, and the other way round; its records need not say
       so. An event with more trades than it can count is cut. */
    if (self->now.is_open && (self->now.is_snapshot != is_snapshot ||
                              self->trade_count - self->now.trade_first == TRADES_OF_EVENT_MAX)) {
        status = close_event(self, error);
    }
    if (status == LF_OK && !self->now.is_open) {
        status = open_event_now(self, is_snapshot, error);
    }
    if (status == LF_OK && self->l3 != NULL) {
        if (m->action == 'R') {
            status = clear_orders(self, error);
        } else if (m->action == 'F') {
            status = apply_order(self, m, error);
        } else if (m->action == 'A' || m->action == 'C' || m->action == 'M') {
            status = take_order(self, m, error);
        }
    } else if (status == LF_OK && self->level_count > 0) {
        status = take_levels(self, record + sizeof(dbn_trade), error);
    }
    if (status == LF_OK && m->action == 'T') {
        status = add_trade(self, m, error);
    }
    if (status != LF_OK) {
        return status;
    }
    note(&self->now, record, m, self->is_own);
    const bool is_last = (m->flags & DBN_LAST) != 0 || self->schema == LF_DBN_TRADES;
    return is_last ? close_event(self, error) : LF_OK;
}

/* ---- records ---------------------------------------------------------------------------- */

/* Whether a record is of the instrument that was asked for. */
static lf_status is_ours(dbn *self, const unsigned char *record, bool *out, lf_error *error)
{
    uint32_t id;
    memcpy(&id, record + offsetof(dbn_header, instrument_id), sizeof id);
    *out = record[1] == self->rtype;
    if (*out && !self->has_id) {
        self->id = id;
        self->has_id = true;
    }
    if (!*out || id == self->id) {
        return LF_OK;
    }
    *out = false;
    if (lfi_dbn_in_metadata(self->in)->interval_count == 0 &&
        self->reader->instrument.symbol[0] == '\0') {
        return lfi_dbn_in_fail(
            self->in,
            error,
            LF_UNSUPPORTED,
            "the file holds several instruments, such as %lu and %lu, and names none; choose one "
            "with --symbol",
            (unsigned long)self->id,
            (unsigned long)id
        );
    }
    return LF_OK;
}

static void finish_batch(dbn *self)
{
    lf_feed_stats *const stats = &self->reader->stats;
    stats->input_bytes = lfi_dbn_in_input_bytes(self->in);
    stats->text_bytes = lfi_dbn_in_plain_bytes(self->in);
    if (self->l3 != NULL) {
        const lf_l3_stats *const l3 = lf_l3_stats_of(self->l3);
        stats->unknown_order_count = l3->unknown_count - self->earlier.unknown_count;
        stats->duplicate_order_count = l3->duplicate_count - self->earlier.duplicate_count;
        stats->overfill_count = l3->overfill_count - self->earlier.overfill_count;
    }
}

/* Trades of an event that is still open go to the front of the next batch. */
static void begin_batch(dbn *self)
{
    const size_t first = self->now.is_open ? self->now.trade_first : self->trade_count;
    const size_t kept = self->trade_count - first;
    memmove(self->trades, self->trades + first, kept * sizeof *self->trades);
    lfi_changes_begin_batch(&self->reader->changes);
    self->now.trade_first = 0;
    self->trade_count = kept;
    self->count = 0;
}

static lf_status dbn_next(void *context, lf_batch *out, lf_error *error)
{
    dbn *const self = context;
    lf_status status = LF_OK;
    begin_batch(self);
    while (self->count < self->batch_events && !self->is_done) {
        const unsigned char *record;
        bool ours = false;
        status = lfi_dbn_in_next(self->in, &record, error);
        if (status == LF_OK && record == NULL) {
            self->is_done = true;
            status = self->now.is_open ? close_event(self, error) : LF_OK;
            break;
        }
        if (status == LF_OK) {
            status = is_ours(self, record, &ours, error);
        }
        if (status == LF_OK && ours) {
            const dbn_message m = lfi_dbn_message(record);
            if (self->l3 != NULL) {
                lfi_dbn_look_ahead(self->in, self->l3);
            }
            status = take_record(self, record, &m, error);
        }
        if (status != LF_OK) {
            return status;
        }
        self->reader->stats.skipped_count += !ours;
    }
    finish_batch(self);
    const size_t complete = self->now.is_open ? self->now.trade_first : self->trade_count;
    *out = (lf_batch){self->events, self->trades, self->count, complete};
    return status;
}

/* ---- opening ---------------------------------------------------------------------------- */

static void dbn_close(void *context)
{
    dbn *const self = context;
    const lf_allocator memory = self->memory;
    const lf_allocator *const allocator = self->allocator != NULL ? &memory : NULL;
    lfi_dbn_in_close(self->in);
    lf_l3_destroy(self->l3);
    lfi_changes_end(&self->reader->changes);
    lf_release(allocator, self->events);
    lf_release(allocator, self->trades);
    lf_release(allocator, self);
}

static lf_status
set_instrument(dbn *self, const lf_source *source, const lf_feed_options *options, lf_error *error)
{
    const dbn_metadata *const metadata = lfi_dbn_in_metadata(self->in);
    lf_instrument *const instrument = &self->reader->instrument;
    int64_t number;
    lf_status status = lfi_dbn_instrument(metadata, source, options, instrument, error);
    if (status != LF_OK) {
        return status;
    }
    self->schema = metadata->schema;
    self->rtype = lfi_dbn_rtype(metadata->schema);
    self->is_own = lfi_dbn_own(metadata->dataset).is_own;
    self->level_count = self->schema == LF_DBN_MBP_10  ? DBN_LEVELS
                        : self->schema == LF_DBN_MBP_1 ? 1
                                                       : 0;
    self->is_wide = self->schema == LF_DBN_MBP_10 && lfi_dbn_levels_usable();
    self->has_id = lfi_dbn_instrument_id(metadata, source->symbol, source->date, &self->id);
    if (!self->has_id && metadata->interval_count > 0) {
        return lf_error_set_at(
            error,
            LF_NOT_FOUND,
            source->path,
            LF_POSITION_NONE,
            LF_POSITION_NONE,
            "the file does not hold %s",
            source->symbol
        );
    }
    /* A file that names nothing: the symbol may be the number. */
    if (!self->has_id && lf_int64_parse(source->symbol, strlen(source->symbol), &number) == LF_OK &&
        number >= 0 && number <= UINT32_MAX) {
        self->id = (uint32_t)number;
        self->has_id = true;
    }
    if (instrument->tick_nano == 0) {
        status = lfi_dbn_scan_tick(
            self->allocator, source->path, self->has_id ? &self->id : NULL, &self->tick_nano, error
        );
        self->is_scanned_tick = self->tick_nano > 0;
        instrument->tick_nano = self->is_scanned_tick ? self->tick_nano : 10000000;
    }
    self->tick_nano = instrument->tick_nano;
    self->ticks_per_nano = 1 / (double)self->tick_nano;
    instrument->units_per_tick = lfi_dbn_units_per_tick(self->tick_nano);
    self->unit_nano = self->tick_nano / instrument->units_per_tick;
    return status;
}

static lf_status
begin(dbn *self, const lf_source *source, const lf_feed_options *options, lf_error *error)
{
    const lf_l3_options books = {.allocator = self->allocator};
    lf_status status = lfi_dbn_in_open(self->allocator, source->path, &self->in, error);
    if (status == LF_OK && lfi_dbn_schema_name(lfi_dbn_in_metadata(self->in)->schema) == NULL) {
        status = lfi_dbn_in_fail(
            self->in, error, LF_UNSUPPORTED, "mbo, mbp-1, mbp-10 and trades are read"
        );
    }
    if (status == LF_OK) {
        status = set_instrument(self, source, options, error);
    }
    if (status == LF_OK) {
        status = lfi_dbn_span(
            self->in,
            self->allocator,
            source->date,
            self->reader->instrument.session_close_ns,
            &self->from_ns,
            &self->to_ns,
            error
        );
    }
    if (status == LF_OK && self->schema == LF_DBN_MBO) {
        status = lf_l3_create(&books, &self->l3, error);
    }
    if (status == LF_OK && self->l3 != NULL && options->with_orders) {
        self->reader->instrument.has_orders = true;
        status =
            lfi_changes_start(&self->reader->changes, self->allocator, self->batch_events, error);
    }
    /* What was read to find the span is read again. */
    lfi_dbn_in_close(self->in);
    self->in = NULL;
    if (status == LF_OK) {
        status = lfi_dbn_in_open(self->allocator, source->path, &self->in, error);
    }
    if (status == LF_OK) {
        self->reader->stats.input_bytes_total = lfi_dbn_in_input_total(self->in);
    }
    return status;
}

lf_status lfi_dbn_open(
    const lf_source *source, const lf_feed_options *options, lfi_reader *reader, lf_error *error
)
{
    dbn *const self = lf_allocate(options->allocator, 1, sizeof *self);
    if (self == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", source->path);
    }
    self->allocator = lfi_keep_allocator(options->allocator, &self->memory);
    self->reader = reader;
    self->batch_events = options->batch_events != 0 ? options->batch_events : 1024;
    self->trade_capacity = self->batch_events + 1;
    self->feed_latency_ns = options->feed_latency_ns;
    self->strict = options->strict;
    self->last_ts_ns = self->last_local_ns = INT64_MIN;
    lfi_capture_cut(&self->quotes, 0);
    reader->stats.first_violation_line = LF_POSITION_NONE;
    self->events = lf_allocate(self->allocator, self->batch_events + 1, sizeof *self->events);
    self->trades = lf_allocate(self->allocator, self->trade_capacity, sizeof *self->trades);
    const lf_status status =
        self->events != NULL && self->trades != NULL
            ? begin(self, source, options, error)
            : lf_error_set(error, LF_NOMEM, "no memory to read %s", source->path);
    return lfi_reader_start(reader, status, dbn_next, dbn_close, self);
}
