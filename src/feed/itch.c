/* Reader of ITCH: the orders of one stock, message by message, as events with the book after. */
#include "itch.h"

#include "capture.h"

#include <stdio.h>
#include <string.h>

static_assert(LF_L3_LEVELS == LF_LEVELS_MAX, "best levels become quotes");
static_assert(LF_L3_BID_NONE == LF_BID_NONE && LF_L3_ASK_NONE == LF_ASK_NONE, "as they are");

/* Orders that may be known to be missing; when they are more the book is lost. */
#define MISSING_MAX 64
/* No time is later, so that a shift can be added. */
#define TIME_MAX_NS (INT64_MAX - 4 * LF_NS_PER_DAY)
/* No message that is understood is longer. */
#define COPY_BYTES 64
/* From this day on the side of a trade against a hidden order says nothing. */
#define SIDE_END ((lf_date){2014, 7, 14})

/* One side of the book: prices as they were sent, and in ticks. */
typedef struct side_cache {
    int64_t prices[LF_LEVELS_MAX], ticks[LF_LEVELS_MAX];
    bool is_between[LF_LEVELS_MAX]; /* two ticks */
} side_cache;

/* What a message did. */
typedef struct effect {
    lf_event_kind kind;
    int8_t side; /* of the resting order */
    uint64_t order_id;
    int64_t price, lots; /* as sent */
    bool has_trade;
    lf_trade trade;
} effect;

typedef struct itch {
    const lf_allocator *allocator;
    lf_allocator memory;
    lfi_reader *reader;
    lfi_itch_in *in;
    lf_l3 *l3; /* prices as they were sent */
    lfi_room room;
    size_t count, trade_count; /* in the batch */
    lf_quotes quotes;
    side_cache bids, asks;
    int64_t units_per_tick;
    unsigned char stock[LFI_ITCH_STOCK_BYTES];
    uint32_t locate;
    bool has_locate, knows_sides, strict;
    bool is_own;    /* lobflow wrote the file: messages have marks */
    effect pending; /* of an event that goes on, when has_pending */
    bool has_pending;
    bool is_closed, is_stopped; /* by state of trading; by a halt of the market */
    bool is_doubtful;           /* the message at hand contradicts the book */
    bool is_lost;               /* for the rest of the day */
    bool was_masked;
    uint64_t missing[MISSING_MAX]; /* [missing_count] orders that live unknown */
    size_t missing_count;
    unsigned char last[COPY_BYTES]; /* [last_bytes] message of the stock */
    size_t last_bytes;
    int64_t message_count;
    int64_t midnight_ns, latency_ns, shift_ns, last_ts_ns, last_local_ns;
} itch;

/* ---- doubts ----------------------------------------------------------------------------- */

static bool is_in_doubt(const itch *self)
{
    return self->is_doubtful || self->is_lost || self->missing_count > 0;
}

/* The message contradicts the book: messages before it are missing. */
static void doubt(itch *self)
{
    lf_feed_stats *const stats = &self->reader->stats;
    stats->gap_count += !is_in_doubt(self);
    stats->violation_count++;
    if (stats->first_violation_line == LF_POSITION_NONE) {
        stats->first_violation_line = self->message_count;
    }
    self->is_doubtful = true;
}

/* An order lives of which nothing but its id is known. */
static void miss(itch *self, uint64_t order_id)
{
    for (size_t i = 0; i < self->missing_count; i++) {
        if (self->missing[i] == order_id) {
            return;
        }
    }
    if (self->missing_count == MISSING_MAX) {
        self->is_lost = true;
    } else {
        self->missing[self->missing_count++] = order_id;
    }
}

/* An order that was missing is known or gone. */
static void settle(itch *self, uint64_t order_id)
{
    for (size_t i = 0; i < self->missing_count; i++) {
        if (self->missing[i] == order_id) {
            self->missing[i] = self->missing[--self->missing_count];
            return;
        }
    }
}

/* What the book said to a message. */
static lf_status judge(itch *self, lf_status status, lf_error *error)
{
    if (status == LF_DATA) {
        doubt(self);
        return LF_OK;
    }
    return status == LF_OK ? LF_OK
                           : lf_error_set(error, status, "no memory for the orders of the book");
}

/* ---- prices ----------------------------------------------------------------------------- */

/* A price in ticks; between two it moves away from the other side. */
static int64_t ticks_of(const itch *self, int64_t price, bool is_ask)
{
    return price / self->units_per_tick + (is_ask && price % self->units_per_tick != 0);
}

/* Levels that fall on one tick are one. */
static void merge(
    const side_cache *cache, const int64_t *from_lots, int64_t none, int64_t *ticks, int64_t *lots
)
{
    int count = 0;
    for (int m = 0; m < LF_LEVELS_MAX && from_lots[m] > 0; m++) {
        if (count > 0 && ticks[count - 1] == cache->ticks[m]) {
            lots[count - 1] += from_lots[m];
        } else {
            ticks[count] = cache->ticks[m];
            lots[count++] = from_lots[m];
        }
    }
    for (; count < LF_LEVELS_MAX; count++) {
        ticks[count] = none;
        lots[count] = 0;
    }
}

static void set_side(itch *self, int side, side_cache *cache, int64_t *ticks, int64_t *lots)
{
    const lf_l3_side *const best = lf_l3_best(self->l3, 0, side);
    const int64_t none = side > 0 ? LF_BID_NONE : LF_ASK_NONE;
    bool is_between = false;
    for (int m = 0; m < LF_LEVELS_MAX; m++) {
        const int64_t price = best->prices[m];
        if (price != cache->prices[m]) {
            cache->prices[m] = price;
            cache->is_between[m] = price != none && price % self->units_per_tick != 0;
            cache->ticks[m] = price != none ? ticks_of(self, price, side < 0) : none;
        }
        is_between = is_between || cache->is_between[m];
    }
    if (is_between) {
        merge(cache, best->lots, none, ticks, lots);
    } else {
        memcpy(ticks, cache->ticks, sizeof cache->ticks);
        memcpy(lots, best->lots, sizeof best->lots);
    }
}

static void set_quotes(itch *self)
{
    lf_quotes *const q = &self->quotes;
    const int32_t level_count = self->reader->instrument.level_count;
    set_side(self, 1, &self->bids, q->bid_ticks, q->bid_lots);
    set_side(self, -1, &self->asks, q->ask_ticks, q->ask_lots);
    if (level_count < LF_LEVELS_MAX) {
        lfi_capture_cut(q, level_count);
    }
}

/* ---- orders ----------------------------------------------------------------------------- */

static lf_status
push(itch *self, lf_change_kind kind, uint64_t order_id, int64_t lots, lf_error *error)
{
    const lf_order_change change = {.order_id = order_id, .lots = lots, .kind = (uint8_t)kind};
    return lfi_changes_push(&self->reader->changes, &change, error);
}

/* A new order, with what the message says of it in the effect. */
static lf_status add_order(itch *self, effect *e, lf_error *error)
{
    if (e->side == 0 || e->lots <= 0 || e->price <= 0) {
        doubt(self);
        e->kind = LF_EVENT_OTHER;
        return LF_OK;
    }
    const lf_order_change change = {
        .order_id = e->order_id,
        .price_ticks = ticks_of(self, e->price, e->side < 0),
        .lots = e->lots,
        .kind = LF_CHANGE_ADD,
        .side = e->side,
    };
    settle(self, e->order_id);
    self->reader->stats.off_tick_count += e->price % self->units_per_tick != 0;
    const lf_status status = lfi_changes_push(&self->reader->changes, &change, error);
    return status != LF_OK
               ? status
               : judge(
                     self, lf_l3_add(self->l3, 0, e->order_id, e->side, e->price, e->lots), error
                 );
}

/* Lots leave an order; false in *there when it is not known. */
static lf_status take_lots(itch *self, effect *e, bool is_fill, bool *there, lf_error *error)
{
    lf_l3_order order = {0};
    *there = lf_l3_find(self->l3, e->order_id, &order);
    e->side = order.side;
    e->price = order.price;
    const int64_t lots = e->lots < order.lots ? e->lots : order.lots;
    lf_status status =
        is_fill && lots > 0 ? push(self, LF_CHANGE_FILL, e->order_id, lots, error) : LF_OK;
    if (status == LF_OK && lots > 0) {
        status = push(self, LF_CHANGE_REDUCE, e->order_id, lots, error);
    }
    if (status == LF_OK) {
        status = judge(self, lf_l3_reduce(self->l3, e->order_id, e->lots), error);
    }
    if (!*there) {
        e->kind = LF_EVENT_OTHER;
        miss(self, e->order_id);
    }
    return status;
}

static int8_t side_of(unsigned char letter)
{
    return (int8_t)((letter == 'B') - (letter == 'S'));
}

static lf_trade trade_of(int64_t price, int64_t lots, int8_t sign, bool is_hidden)
{
    return (lf_trade){.price_units = price, .size_lots = lots, .sign = sign, .hidden = is_hidden};
}

static lf_status take_add(itch *self, const unsigned char *m, effect *e, lf_error *error)
{
    e->kind = LF_EVENT_ADD;
    e->side = side_of(m[LFI_ITCH_SIDE]);
    e->lots = lfi_itch_32(m + LFI_ITCH_SHARES);
    e->price = lfi_itch_32(m + LFI_ITCH_PRICE);
    return add_order(self, e, error);
}

/* E at the order's price, C at its own; what is not printed was part of a cross. */
static lf_status take_execution(itch *self, const unsigned char *m, effect *e, lf_error *error)
{
    const bool has_price = m[0] == 'C';
    const bool is_printed = !has_price || m[LFI_ITCH_PRINTABLE] != 'N';
    bool there;
    e->kind = is_printed ? LF_EVENT_EXECUTE : LF_EVENT_CROSS;
    e->lots = lfi_itch_32(m + LFI_ITCH_TAKEN);
    const lf_status status = take_lots(self, e, is_printed, &there, error);
    const int64_t price = has_price ? lfi_itch_32(m + LFI_ITCH_PRICE) : e->price;
    e->has_trade = is_printed && (there || has_price) && e->lots > 0 && price > 0;
    if (e->has_trade) {
        const int8_t sign = (int8_t)(there ? -e->side : LF_SIGN_UNKNOWN);
        e->kind = there ? LF_EVENT_EXECUTE : LF_EVENT_TRADE;
        e->price = price;
        e->trade = trade_of(price, e->lots, sign, false);
    }
    return status;
}

static lf_status take_cancel(itch *self, const unsigned char *m, effect *e, lf_error *error)
{
    lf_l3_order left;
    bool there;
    e->kind = LF_EVENT_CANCEL;
    e->lots = lfi_itch_32(m + LFI_ITCH_TAKEN);
    const lf_status status = take_lots(self, e, false, &there, error);
    if (there && !lf_l3_find(self->l3, e->order_id, &left)) {
        e->kind = LF_EVENT_DELETE;
    }
    return status;
}

static lf_status take_delete(itch *self, effect *e, lf_error *error)
{
    lf_l3_order order = {0};
    const bool there = lf_l3_find(self->l3, e->order_id, &order);
    e->kind = there ? LF_EVENT_DELETE : LF_EVENT_OTHER;
    e->side = order.side;
    e->price = order.price;
    e->lots = order.lots;
    lf_status status = there ? push(self, LF_CHANGE_REDUCE, e->order_id, order.lots, error) : LF_OK;
    if (status == LF_OK) {
        status = judge(self, lf_l3_remove(self->l3, e->order_id), error);
    }
    settle(self, e->order_id);
    return status;
}

/* An order goes and another comes at the end of its queue, on the same side. */
static lf_status take_replace(itch *self, const unsigned char *m, effect *e, lf_error *error)
{
    effect old = {.order_id = e->order_id};
    lf_status status = take_delete(self, &old, error);
    e->kind = LF_EVENT_QUOTE;
    e->order_id = lfi_itch_64(m + LFI_ITCH_NEW_ORDER);
    e->lots = lfi_itch_32(m + LFI_ITCH_NEW_SHARES);
    e->price = lfi_itch_32(m + LFI_ITCH_NEW_PRICE);
    e->side = old.side;
    if (old.side == 0) {
        e->kind = LF_EVENT_OTHER;
        miss(self, e->order_id);
        return status;
    }
    return status == LF_OK ? add_order(self, e, error) : status;
}

/* ---- other messages --------------------------------------------------------------------- */

/* In a file of ours; 0 in any other. */
static uint32_t marks_of(const itch *self, const unsigned char *m)
{
    return self->is_own ? lfi_itch_16(m + LFI_ITCH_TRACKING) : 0;
}

static void take_hidden(itch *self, const unsigned char *m, effect *e)
{
    const int8_t side = side_of(m[LFI_ITCH_SIDE]);
    e->lots = lfi_itch_32(m + LFI_ITCH_SHARES);
    e->price = lfi_itch_32(m + LFI_ITCH_PRICE);
    e->order_id = 0;
    const bool is_hidden = (marks_of(self, m) & LFI_ITCH_VISIBLE) == 0;
    e->has_trade = e->lots > 0 && e->price > 0;
    e->kind = !e->has_trade ? LF_EVENT_OTHER : is_hidden ? LF_EVENT_HIDDEN : LF_EVENT_TRADE;
    if (e->has_trade) {
        /* A seller can only stand there by being told; a buyer stands in all of them. */
        e->side = (int8_t)(side < 0 || self->knows_sides ? side : 0);
        const int8_t sign = (int8_t)(e->side != 0 ? -e->side : LF_SIGN_UNKNOWN);
        e->trade = trade_of(e->price, e->lots, sign, is_hidden);
    }
}

static void take_cross(itch *self, const unsigned char *m, effect *e)
{
    const uint64_t shares = lfi_itch_64(m + LFI_ITCH_CROSS_SHARES);
    e->order_id = 0;
    e->price = lfi_itch_32(m + LFI_ITCH_CROSS_PRICE);
    e->kind = shares > 0 ? LF_EVENT_CROSS : LF_EVENT_OTHER;
    if (shares > UINT32_MAX) {
        doubt(self);
        e->kind = LF_EVENT_OTHER;
    } else {
        e->lots = (int64_t)shares;
    }
}

/* T trades; H halted, P paused, Q quotes only: not. A halt of the market is one more. */
static void take_state(itch *self, const unsigned char *m, effect *e)
{
    const bool was_open = !self->is_closed && !self->is_stopped;
    if (m[0] == 'H') {
        self->is_closed = m[LFI_ITCH_STATE] != 'T';
    } else {
        self->is_stopped = m[LFI_ITCH_ACTION] == 'H';
    }
    e->order_id = 0;
    e->kind = LF_EVENT_HALT;
    const bool ends = was_open && (self->is_closed || self->is_stopped);
    const bool is_gap = (marks_of(self, m) & LFI_ITCH_MADE_UP) != 0;
    self->reader->stats.halt_count += ends && !is_gap;
    self->reader->stats.gap_count += ends && is_gap;
}

/* ---- events ----------------------------------------------------------------------------- */

/* Messages about orders follow one another in time; where they do not, their order is lost. */
static void set_time(itch *self, const unsigned char *m, bool is_order)
{
    const int64_t since_ns = lfi_itch_time_ns(m);
    const int64_t ts_ns = self->midnight_ns + since_ns;
    if (since_ns >= LFI_ITCH_TIME_MAX_NS) {
        doubt(self);
    } else if (ts_ns >= self->last_ts_ns) {
        self->last_ts_ns = ts_ns;
    } else {
        self->reader->stats.backward_count++;
        if (is_order) {
            doubt(self);
            self->is_lost = true;
        }
    }
}

/* Local time of an event: as captured, or made up. */
static int64_t local_time(itch *self)
{
    const int64_t captured_ns = lfi_itch_window_of(self->in)->ts_ns;
    const bool has_local = self->reader->instrument.has_local_times;
    const int64_t ts_ns = self->last_ts_ns;
    int64_t local_ns = ts_ns + self->latency_ns;
    if (has_local) {
        local_ns = captured_ns < TIME_MAX_NS ? captured_ns + self->shift_ns : TIME_MAX_NS;
        local_ns = local_ns > ts_ns ? local_ns : ts_ns;
    }
    self->last_local_ns = local_ns > self->last_local_ns ? local_ns : self->last_local_ns;
    return self->last_local_ns;
}

static lf_status put_event(itch *self, const effect *e, lf_error *error)
{
    lf_event *const event = &self->room.events[self->count];
    const bool is_masked = self->is_closed || self->is_stopped || is_in_doubt(self);
    set_quotes(self);
    *event = (lf_event){
        .ts_exchange_ns = self->last_ts_ns,
        .ts_local_ns = local_time(self),
        .order_id = e->order_id,
        .price_units = e->price,
        .size_lots = e->lots,
        .flags = LF_EVENT_LAST | (is_masked ? (uint32_t)LF_EVENT_MASKED : 0) |
                 (self->was_masked && !is_masked ? (uint32_t)LF_EVENT_RESET : 0),
        .trade_first = (uint32_t)self->trade_count,
        .trade_count = e->has_trade,
        .kind = (uint8_t)e->kind,
        .side = e->side,
        .quotes = self->quotes,
    };
    if (e->has_trade) {
        self->room.trades[self->trade_count++] = e->trade;
    }
    self->was_masked = is_masked;
    self->is_doubtful = false;
    lfi_count_event(&self->reader->stats, event);
    return lfi_changes_close(&self->reader->changes, self->count++, self->l3, error);
}

/* A message of a file of ours: the event is what its last unmarked message told. */
static lf_status put_marked(itch *self, const unsigned char *m, const effect *e, lf_error *error)
{
    const uint32_t marks = marks_of(self, m);
    if ((marks & LFI_ITCH_MADE_UP) == 0) {
        self->pending = *e;
        self->has_pending = true;
    }
    if ((marks & LFI_ITCH_GOES_ON) != 0) {
        return LF_OK;
    }
    const effect nothing = {.kind = LF_EVENT_OTHER};
    const lf_status status = put_event(self, self->has_pending ? &self->pending : &nothing, error);
    self->has_pending = false;
    return status;
}

/* Packets are missing: which of the orders are still there, nobody tells any more. */
static lf_status lose(itch *self, lf_error *error)
{
    static const effect nothing = {.kind = LF_EVENT_OTHER};
    const bool was_known = self->reader->stats.event_count > 0 && !self->was_masked;
    lfi_itch_window_of(self->in)->is_after_gap = false;
    self->reader->stats.gap_count++;
    self->is_lost = true;
    return was_known ? put_event(self, &nothing, error) : LF_OK;
}

/* What a message does to the book; *is_event is false where it is counted and no more. */
static lf_status
apply(itch *self, const unsigned char *m, effect *e, bool *is_event, lf_error *error)
{
    lf_feed_stats *const stats = &self->reader->stats;
    *is_event = true;
    switch (m[0]) {
    case 'A':
    case 'F':
        return take_add(self, m, e, error);
    case 'E':
    case 'C':
        return take_execution(self, m, e, error);
    case 'X':
        return take_cancel(self, m, e, error);
    case 'D':
        return take_delete(self, e, error);
    case 'U':
        return take_replace(self, m, e, error);
    case 'P':
        take_hidden(self, m, e);
        return LF_OK;
    case 'Q':
        take_cross(self, m, e);
        return LF_OK;
    case 'H':
    case 'h':
        take_state(self, m, e);
        return LF_OK;
    default:
        *is_event = self->is_own && m[0] == 'N';
        e->kind = LF_EVENT_OTHER;
        stats->broken_count += m[0] == 'B';
        stats->skipped_count += m[0] != 'B' && !*is_event;
        return LF_OK;
    }
}

static lf_status take_message(itch *self, const lfi_itch_message *message, lf_error *error)
{
    const unsigned char *const m = message->at;
    lf_feed_stats *const stats = &self->reader->stats;
    bool is_event;
    if (message->bytes == self->last_bytes && memcmp(m, self->last, message->bytes) == 0) {
        stats->stale_count++;
        return LF_OK;
    }
    self->last_bytes = message->bytes <= COPY_BYTES ? message->bytes : 0;
    memcpy(self->last, m, self->last_bytes);
    const bool is_order = strchr("AFECXDU", m[0]) != NULL;
    effect e = {.order_id = is_order ? lfi_itch_64(m + LFI_ITCH_ORDER) : 0};
    const int64_t violation_count = stats->violation_count;
    stats->check_count += is_order;
    set_time(self, m, is_order);
    const lf_status status = apply(self, m, &e, &is_event, error);
    if (status != LF_OK) {
        return status;
    }
    if (self->strict && stats->violation_count > violation_count) {
        return lfi_itch_fail(
            self->in,
            m,
            error,
            LF_DATA,
            "the message %c of order %llu does not fit what came before it; without --strict such "
            "messages are counted",
            m[0],
            (unsigned long long)e.order_id
        );
    }
    if (!is_event) {
        return LF_OK;
    }
    return self->is_own ? put_marked(self, m, &e, error) : put_event(self, &e, error);
}

/* Whether a message is about the stock, whose number the first that names it tells. */
static bool is_ours(itch *self, const unsigned char *m)
{
    if (self->has_locate) {
        return lfi_itch_16(m + LFI_ITCH_LOCATE) == self->locate;
    }
    const unsigned char *const stock = lfi_itch_stock(m);
    if (stock == NULL || memcmp(stock, self->stock, LFI_ITCH_STOCK_BYTES) != 0) {
        return false;
    }
    self->has_locate = true;
    self->locate = lfi_itch_16(m + LFI_ITCH_LOCATE);
    self->is_own = lfi_itch_is_own(m);
    self->knows_sides = self->knows_sides || self->is_own;
    return true;
}

static lf_status itch_next(void *context, lf_batch *out, lf_error *error)
{
    itch *const self = context;
    lf_feed_stats *const stats = &self->reader->stats;
    lfi_itch_window *const window = lfi_itch_window_of(self->in);
    lfi_itch_message message = {0};
    self->count = self->trade_count = 0;
    lfi_changes_begin_batch(&self->reader->changes);
    while (self->count < self->room.event_capacity) {
        lf_status status = lfi_itch_next(self->in, &message, error);
        if (status == LF_OK && window->is_after_gap) {
            status = lose(self, error);
        }
        if (status != LF_OK) {
            return status;
        }
        if (message.at == NULL) {
            break;
        }
        if (self->count == self->room.event_capacity) { /* the gap has taken the last place */
            window->at = message.at - 2;
            break;
        }
        self->message_count++;
        if (lfi_itch_bytes[message.at[0]] == 0 || !is_ours(self, message.at)) {
            stats->skipped_count++;
            continue;
        }
        status = take_message(self, &message, error);
        if (status != LF_OK) {
            return status;
        }
    }
    const lf_l3_stats *const l3 = lf_l3_stats_of(self->l3);
    stats->unknown_order_count = l3->unknown_count;
    stats->duplicate_order_count = l3->duplicate_count;
    stats->overfill_count = l3->overfill_count;
    stats->input_bytes = lfi_itch_input_bytes(self->in);
    stats->text_bytes = lfi_itch_plain_bytes(self->in);
    *out = (lf_batch){self->room.events, self->room.trades, self->count, self->trade_count};
    return LF_OK;
}

/* ---- opening ---------------------------------------------------------------------------- */

static void itch_close(void *context)
{
    itch *const self = context;
    const lf_allocator memory = self->memory;
    const lf_allocator *const allocator = self->allocator != NULL ? &memory : NULL;
    lfi_itch_in_close(self->in);
    lf_l3_destroy(self->l3);
    lfi_changes_end(&self->reader->changes);
    lfi_room_destroy(&self->room, allocator);
    lf_release(allocator, self);
}

static lf_status
set_instrument(itch *self, const lf_source *source, const lf_feed_options *options, lf_error *error)
{
    lf_instrument *const instrument = &self->reader->instrument;
    const int32_t levels = source->level_count;
    const lf_status status = lfi_us_session(self->allocator, source->date, instrument, error);
    if (status != LF_OK) {
        return status;
    }
    (void)snprintf(instrument->symbol, sizeof instrument->symbol, "%s", source->symbol);
    (void)snprintf(instrument->venue, sizeof instrument->venue, "NASDAQ");
    instrument->tick_nano = options->tick_nano > 0 ? options->tick_nano : instrument->tick_nano;
    instrument->lot_nano = options->lot_nano > 0 ? options->lot_nano : instrument->lot_nano;
    if (instrument->tick_nano % LFI_ITCH_UNIT_NANO != 0) {
        return lf_error_set(
            error, LF_RANGE, "prices of ITCH are whole numbers of 0.0001; so must the tick be"
        );
    }
    self->units_per_tick = instrument->tick_nano / LFI_ITCH_UNIT_NANO;
    instrument->units_per_tick = self->units_per_tick;
    instrument->level_count = levels > 0 && levels < LF_LEVELS_MAX ? levels : LF_LEVELS_MAX;
    self->midnight_ns = instrument->session_open_ns - LFI_US_OPEN_NS;
    self->latency_ns = options->feed_latency_ns;
    self->strict = options->strict;
    self->last_ts_ns = self->midnight_ns;
    self->last_local_ns = INT64_MIN;
    self->shift_ns = source->clock_shift_ns;
    instrument->has_local_times = source->has_local_times;
    self->reader->stats.clock_shift_ns = source->clock_shift_ns;
    self->knows_sides = lf_date_to_days(source->date) < lf_date_to_days(SIDE_END);
    lfi_itch_pad(source->symbol, self->stock);
    self->reader->stats.first_violation_line = LF_POSITION_NONE;
    return LF_OK;
}

static lf_status
begin(itch *self, const lf_source *source, const lf_feed_options *options, lf_error *error)
{
    /* Of one stock there are few orders, and their ids lie far apart: places by id would waste a
       page for each of them. */
    const lf_l3_options books = {.allocator = self->allocator};
    lf_status status = set_instrument(self, source, options, error);
    if (status == LF_OK && !lfi_room_create(&self->room, self->allocator, options)) {
        status = lf_error_set(error, LF_NOMEM, "no memory to read %s", source->path);
    }
    if (status == LF_OK) {
        status = lf_l3_create(&books, &self->l3, error);
    }
    if (status == LF_OK && options->with_orders) {
        self->reader->instrument.has_orders = true;
        status = lfi_changes_start(
            &self->reader->changes, self->allocator, self->room.event_capacity, error
        );
    }
    if (status == LF_OK) {
        status = lfi_itch_in_open(self->allocator, source->path, &self->in, error);
    }
    if (status == LF_OK) {
        self->reader->stats.input_bytes_total = lfi_itch_input_total(self->in);
    }
    return status;
}

lf_status lfi_itch_open(
    const lf_source *source, const lf_feed_options *options, lfi_reader *reader, lf_error *error
)
{
    itch *const self = lf_allocate(options->allocator, 1, sizeof *self);
    if (self == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", source->path);
    }
    self->allocator = lfi_keep_allocator(options->allocator, &self->memory);
    self->reader = reader;
    return lfi_reader_start(
        reader, begin(self, source, options, error), itch_next, itch_close, self
    );
}
