/* Writes a day of events as ITCH 5.0: the changes of single orders that the converter makes of
 * them. */
#include "convert.h"
#include "itch.h"

#include <stdio.h>

/* The largest price that four bytes hold. */
#define PRICE_MAX UINT32_MAX
/* Id of orders that live for one message; no feed has it. */
#define EXECUTED_ID UINT64_MAX
/* Entries of an empty table of references. */
#define REFS_MIN 1024

/* A message in the making. */
typedef struct message {
    unsigned char bytes[64];
    size_t count;
} message;

/* The reference number of an order by its id in the feed; 0: an empty place. */
typedef struct ref {
    uint64_t id, number;
} ref;

struct lfi_itch_out {
    ref *refs; /* [ref_mask + 1], owned */
    size_t ref_mask, ref_count;
    uint64_t last_number, last_match, last_message;
    message *messages; /* [count] of the event, owned */
    size_t count, capacity;
    int64_t midnight_ns;
    lfi_part trade; /* of the event, not written yet; action 0: none */
    unsigned char stock[LFI_ITCH_STOCK_BYTES];
    bool is_closed;
};

static lf_status no_memory(lf_error *error)
{
    return lf_error_set(error, LF_NOMEM, "no memory to write an ITCH file");
}

/* ---- reference numbers ------------------------------------------------------------------ */

static size_t home_of(const lfi_itch_out *self, uint64_t id)
{
    id = (id ^ (id >> 32)) * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(id >> 20) & self->ref_mask;
}

static size_t place_of(const lfi_itch_out *self, uint64_t id)
{
    size_t at = home_of(self, id);
    while (self->refs[at].number != 0 && self->refs[at].id != id) {
        at = (at + 1) & self->ref_mask;
    }
    return at;
}

static lf_status widen(lfi_convert *c, size_t places)
{
    lfi_itch_out *const self = c->itch;
    ref *const old = self->refs;
    const size_t old_count = old != NULL ? self->ref_mask + 1 : 0;
    ref *const refs = lf_allocate(c->allocator, places, sizeof *refs);
    if (refs == NULL) {
        return LF_NOMEM;
    }
    self->refs = refs;
    self->ref_mask = places - 1;
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].number != 0) {
            self->refs[place_of(self, old[i].id)] = old[i];
        }
    }
    lf_release(c->allocator, old);
    return LF_OK;
}

/* A new number for an order, in place of the one it had; 0 without memory. */
static uint64_t give_number(lfi_convert *c, uint64_t id)
{
    lfi_itch_out *const self = c->itch;
    if (2 * (self->ref_count + 1) > self->ref_mask + 1 &&
        widen(c, 2 * (self->ref_mask + 1)) != LF_OK) {
        return 0;
    }
    ref *const at = &self->refs[place_of(self, id)];
    self->ref_count += at->number == 0;
    *at = (ref){id, ++self->last_number};
    return at->number;
}

/* The number of an order that is there; it is forgotten when the order is gone. */
static uint64_t take_number(lfi_itch_out *self, uint64_t id, bool is_gone)
{
    size_t gap = place_of(self, id);
    const uint64_t number = self->refs[gap].number;
    if (number == 0 || !is_gone) {
        return number;
    }
    for (size_t at = (gap + 1) & self->ref_mask; self->refs[at].number != 0;
         at = (at + 1) & self->ref_mask) {
        const size_t home = home_of(self, self->refs[at].id);
        if (((at - home) & self->ref_mask) >= ((at - gap) & self->ref_mask)) {
            self->refs[gap] = self->refs[at];
            gap = at;
        }
    }
    self->refs[gap].number = 0;
    self->ref_count--;
    return number;
}

/* ---- messages --------------------------------------------------------------------------- */

static void put(unsigned char *at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        at[i] = (unsigned char)(value >> (8 * (bytes - 1 - i)));
    }
}

/* A message of the stock, behind the others of the event; NULL without memory. */
static unsigned char *add_message(lfi_convert *c, char type, int64_t time_ns, int marks)
{
    lfi_itch_out *const self = c->itch;
    void *messages = self->messages;
    if (lf_grow(
            c->allocator, &messages, &self->capacity, self->count + 1, sizeof *self->messages
        ) != LF_OK) {
        return NULL;
    }
    self->messages = messages;
    message *const m = &self->messages[self->count++];
    *m = (message){.count = lfi_itch_bytes[(unsigned char)type]};
    m->bytes[0] = (unsigned char)type;
    put(m->bytes + LFI_ITCH_LOCATE, type != 'S', 2);
    put(m->bytes + LFI_ITCH_TRACKING,
        ++self->last_message << LFI_ITCH_MARK_BITS | (uint64_t)marks,
        2);
    put(m->bytes + LFI_ITCH_TIME, (uint64_t)time_ns, 6);
    return m->bytes;
}

/* H: trading goes on (T) or not, without a reason. */
static lf_status put_state(lfi_convert *c, char state, int64_t time_ns, int marks, lf_error *error)
{
    unsigned char *const m = add_message(c, 'H', time_ns, marks);
    if (m == NULL) {
        return no_memory(error);
    }
    memcpy(m + LFI_ITCH_STOCK, c->itch->stock, LFI_ITCH_STOCK_BYTES);
    memset(m + LFI_ITCH_STATE, ' ', lfi_itch_bytes['H'] - LFI_ITCH_STATE);
    m[LFI_ITCH_STATE] = (unsigned char)state;
    c->itch->is_closed = state != 'T';
    return LF_OK;
}

static lf_status to_price(int64_t price_nano, uint32_t *out, lf_error *error)
{
    const int64_t price = price_nano / LFI_ITCH_UNIT_NANO;
    if (price_nano % LFI_ITCH_UNIT_NANO != 0 || price <= 0 || price > PRICE_MAX) {
        return lf_error_set(
            error,
            LF_UNSUPPORTED,
            "the price %g is none of ITCH: whole numbers of 0.0001 up to 429496.7295",
            (double)price_nano * 1e-9
        );
    }
    *out = (uint32_t)price;
    return LF_OK;
}

static lf_status check_lots(int64_t lots, lf_error *error)
{
    return lots >= 0 && lots <= UINT32_MAX
               ? LF_OK
               : lf_error_set(
                     error,
                     LF_RANGE,
                     "a size of %lld lots does not fit into the 32 bits of ITCH",
                     (long long)lots
                 );
}

static int64_t time_of(const lfi_convert *c, const lf_event *event)
{
    return event->ts_exchange_ns - c->itch->midnight_ns;
}

static int marks_of(const lfi_part *part)
{
    return (part->flags & DBN_PUBLISHER) != 0 ? LFI_ITCH_MADE_UP : 0;
}

/* D: an order that is there goes on the quiet. */
static lf_status put_removal(lfi_convert *c, const lf_event *event, uint64_t id, lf_error *error)
{
    const uint64_t number = take_number(c->itch, id, true);
    if (number == 0) {
        return LF_OK;
    }
    unsigned char *const m = add_message(c, 'D', time_of(c, event), LFI_ITCH_MADE_UP);
    if (m == NULL) {
        return no_memory(error);
    }
    put(m + LFI_ITCH_ORDER, number, 8);
    return LF_OK;
}

/* A: a new order under a new number; one of the same id goes first. */
static lf_status
put_add(lfi_convert *c, const lf_event *event, const lfi_part *part, lf_error *error)
{
    uint32_t price = 0;
    lf_status status = to_price(part->price_nano, &price, error);
    if (status == LF_OK) {
        status = put_removal(c, event, part->order_id, error);
    }
    if (status != LF_OK) {
        return status;
    }
    const uint64_t number = give_number(c, part->order_id);
    unsigned char *const m = add_message(c, 'A', time_of(c, event), marks_of(part));
    if (number == 0 || m == NULL) {
        return no_memory(error);
    }
    put(m + LFI_ITCH_ORDER, number, 8);
    m[LFI_ITCH_SIDE] = part->side > 0 ? 'B' : 'S';
    put(m + LFI_ITCH_SHARES, (uint64_t)part->lots, 4);
    memcpy(m + LFI_ITCH_OF, c->itch->stock, LFI_ITCH_STOCK_BYTES);
    put(m + LFI_ITCH_PRICE, price, 4);
    return LF_OK;
}

/* U: another size or price of an order, under a new number. */
static lf_status
put_replace(lfi_convert *c, const lf_event *event, const lfi_part *part, lf_error *error)
{
    uint32_t price = 0;
    lf_status status = to_price(part->price_nano, &price, error);
    if (status != LF_OK) {
        return status;
    }
    const uint64_t old = take_number(c->itch, part->order_id, false);
    const uint64_t number = give_number(c, part->order_id);
    unsigned char *const m = add_message(c, 'U', time_of(c, event), marks_of(part));
    if (number == 0 || m == NULL) {
        return no_memory(error);
    }
    put(m + LFI_ITCH_ORDER, old, 8);
    put(m + LFI_ITCH_NEW_ORDER, number, 8);
    put(m + LFI_ITCH_NEW_SHARES, (uint64_t)part->lots, 4);
    put(m + LFI_ITCH_NEW_PRICE, price, 4);
    return LF_OK;
}

/* X, or D when the order is gone; E or C when it is executed. */
static lf_status
put_reduce(lfi_convert *c, const lf_event *event, const lfi_part *part, lf_error *error)
{
    lfi_itch_out *const self = c->itch;
    lf_l3_order order;
    const bool is_gone = !lf_l3_find(c->l3, part->order_id, &order);
    const lfi_part trade = self->trade;
    const bool is_fill = trade.action != 0 && marks_of(part) == 0 && trade.lots == part->lots;
    const bool is_there = trade.price_nano == part->price_nano;
    uint32_t price = 0;
    if (is_fill && to_price(trade.price_nano, &price, error) != LF_OK) {
        return LF_UNSUPPORTED;
    }
    const int marks = trade.action != 0 && !is_fill ? LFI_ITCH_MADE_UP : marks_of(part);
    const char type = is_fill ? (is_there ? 'E' : 'C') : is_gone ? 'D' : 'X';
    const uint64_t number = take_number(self, part->order_id, is_gone);
    unsigned char *const m = add_message(c, type, time_of(c, event), marks);
    if (m == NULL) {
        return no_memory(error);
    }
    put(m + LFI_ITCH_ORDER, number, 8);
    if (type != 'D') {
        put(m + LFI_ITCH_TAKEN, (uint64_t)part->lots, 4);
    }
    if (is_fill) {
        put(m + LFI_ITCH_MATCH, ++self->last_match, 8);
        self->trade.action = 0;
    }
    if (type == 'C') {
        m[LFI_ITCH_PRINTABLE] = 'Y';
        put(m + LFI_ITCH_PRICE, price, 4);
    }
    return LF_OK;
}

/* P: against a hidden order, or a report apart from the book. */
static lf_status put_report(lfi_convert *c, const lf_event *event, lf_error *error)
{
    lfi_itch_out *const self = c->itch;
    const lfi_part *const trade = &self->trade;
    const bool is_hidden = (trade->flags & DBN_PUBLISHER) != 0;
    uint32_t price = 0;
    const lf_status status = to_price(trade->price_nano, &price, error);
    if (status != LF_OK) {
        return status;
    }
    unsigned char *const m =
        add_message(c, 'P', time_of(c, event), is_hidden ? 0 : LFI_ITCH_VISIBLE);
    if (m == NULL) {
        return no_memory(error);
    }
    /* The side is that of the order that stood there. */
    m[LFI_ITCH_SIDE] = trade->side > 0 ? 'S' : trade->side < 0 ? 'B' : ' ';
    put(m + LFI_ITCH_SHARES, (uint64_t)trade->lots, 4);
    memcpy(m + LFI_ITCH_OF, self->stock, LFI_ITCH_STOCK_BYTES);
    put(m + LFI_ITCH_PRICE, price, 4);
    put(m + LFI_ITCH_REPORT_MATCH, ++self->last_match, 8);
    self->trade.action = 0;
    return LF_OK;
}

/* An execution of an order that is not known: it is made up and goes at once. */
static lf_status put_execution(lfi_convert *c, const lf_event *event, lf_error *error)
{
    lfi_itch_out *const self = c->itch;
    lfi_part made_up = self->trade;
    made_up.side = (int8_t)-made_up.side;
    made_up.flags = DBN_PUBLISHER;
    made_up.order_id = EXECUTED_ID;
    lf_status status = put_add(c, event, &made_up, error);
    if (status != LF_OK) {
        return status;
    }
    unsigned char *const m = add_message(c, 'E', time_of(c, event), 0);
    if (m == NULL) {
        return no_memory(error);
    }
    put(m + LFI_ITCH_ORDER, take_number(self, EXECUTED_ID, true), 8);
    put(m + LFI_ITCH_TAKEN, (uint64_t)made_up.lots, 4);
    put(m + LFI_ITCH_MATCH, ++self->last_match, 8);
    c->report->repair_count++;
    self->trade.action = 0;
    return LF_OK;
}

/* The trade of the event that no change of an order has told. */
static lf_status put_trade(lfi_convert *c, const lf_event *event, lf_error *error)
{
    const lfi_part *const trade = &c->itch->trade;
    if (trade->action == 0) {
        return LF_OK;
    }
    const bool is_report =
        event->kind != LF_EVENT_EXECUTE || trade->side == 0 || (trade->flags & DBN_PUBLISHER) != 0;
    return is_report ? put_report(c, event, error) : put_execution(c, event, error);
}

/* H, Q, or N for what changes nothing. */
static lf_status
put_note(lfi_convert *c, const lf_event *event, const lfi_part *part, lf_error *error)
{
    lfi_itch_out *const self = c->itch;
    const bool is_masked = (event->flags & LF_EVENT_MASKED) != 0;
    const char type = event->kind == LF_EVENT_CROSS ? 'Q' : 'N';
    if (event->kind == LF_EVENT_HALT) {
        return put_state(c, is_masked ? 'H' : 'T', time_of(c, event), 0, error);
    }
    unsigned char *const m = add_message(c, type, time_of(c, event), 0);
    if (m == NULL) {
        return no_memory(error);
    }
    memcpy(m + (type == 'Q' ? LFI_ITCH_CROSS_STOCK : LFI_ITCH_STOCK), self->stock, 8);
    if (type == 'Q') {
        uint32_t price = 0;
        const lf_status status = to_price(part->price_nano, &price, error);
        put(m + LFI_ITCH_CROSS_SHARES, (uint64_t)part->lots, 8);
        put(m + LFI_ITCH_CROSS_PRICE, status == LF_OK ? price : 0, 4);
        put(m + LFI_ITCH_CROSS_MATCH, ++self->last_match, 8);
        m[LFI_ITCH_CROSS_TYPE] = 'I';
        return status;
    } else {
        m[LFI_ITCH_STATE] = 'N';
    }
    return LF_OK;
}

/* The book begins anew: all orders go, on the quiet. */
static lf_status put_clear(lfi_convert *c, const lf_event *event, lf_error *error)
{
    lfi_itch_out *const self = c->itch;
    for (size_t i = 0; i <= self->ref_mask; i++) {
        if (self->refs[i].number != 0) {
            unsigned char *const m = add_message(c, 'D', time_of(c, event), LFI_ITCH_MADE_UP);
            if (m == NULL) {
                return no_memory(error);
            }
            put(m + LFI_ITCH_ORDER, self->refs[i].number, 8);
            self->refs[i].number = 0;
        }
    }
    self->ref_count = 0;
    return LF_OK;
}

/* Trading stops or goes on without a halt that an event tells: a gap, or its end. */
static lf_status put_mask(lfi_convert *c, const lf_event *event, lf_error *error)
{
    const bool is_masked = (event->flags & LF_EVENT_MASKED) != 0;
    const char state = is_masked ? 'P' : 'T';
    return event->kind == LF_EVENT_HALT || is_masked == c->itch->is_closed
               ? LF_OK
               : put_state(c, state, time_of(c, event), LFI_ITCH_MADE_UP, error);
}

lf_status
lfi_itch_out_part(lfi_convert *c, const lf_event *event, const lfi_part *part, lf_error *error)
{
    lfi_itch_out *const self = c->itch;
    const int64_t time_ns = time_of(c, event);
    if (time_ns < 0 || time_ns >= LFI_ITCH_TIME_MAX_NS) {
        return lf_error_set(error, LF_RANGE, "an event lies outside the day of the file");
    }
    lf_status status = check_lots(part->lots, error);
    if (status == LF_OK && self->count == 0) {
        status = put_mask(c, event, error);
    }
    if (status != LF_OK) {
        return status;
    }
    switch (part->action) {
    case 'A':
        return put_add(c, event, part, error);
    case 'M':
        return put_replace(c, event, part, error);
    case 'C':
        return put_reduce(c, event, part, error);
    case 'T':
        status = put_trade(c, event, error);
        self->trade = *part;
        return status;
    case 'N':
        return put_note(c, event, part, error);
    case 'R':
        return put_clear(c, event, error);
    default:
        return LF_OK;
    }
}

bool lfi_itch_out_is_empty(const lfi_convert *c)
{
    return c->itch->count == 0 && c->itch->trade.action == 0;
}

/* ---- the file --------------------------------------------------------------------------- */

static lf_status write_messages(lfi_convert *c, lf_error *error)
{
    lfi_itch_out *const self = c->itch;
    lf_status status = LF_OK;
    for (size_t i = 0; i < self->count && status == LF_OK; i++) {
        const message *const m = &self->messages[i];
        unsigned char bytes[2 + sizeof m->bytes];
        put(bytes, m->count, 2);
        memcpy(bytes + 2, m->bytes, m->count);
        c->report->record_count++;
        c->report->plain_bytes += (int64_t)m->count + 2;
        status = lfi_dbn_out_write(c->out, bytes, m->count + 2, error);
    }
    self->count = 0;
    return status;
}

lf_status lfi_itch_out_event(lfi_convert *c, const lf_event *event, lf_error *error)
{
    lfi_itch_out *const self = c->itch;
    const lf_status status = put_trade(c, event, error);
    for (size_t i = 0; i + 1 < self->count; i++) {
        self->messages[i].bytes[LFI_ITCH_TRACKING + 1] |= LFI_ITCH_GOES_ON;
    }
    return status == LF_OK ? write_messages(c, error) : status;
}

/* The start of messages, the stock, and that it trades. */
static lf_status put_head(lfi_convert *c, lf_error *error)
{
    lfi_itch_out *const self = c->itch;
    unsigned char *m = add_message(c, 'S', 0, 0);
    if (m == NULL) {
        return no_memory(error);
    }
    m[LFI_ITCH_EVENT] = 'O';
    m = add_message(c, 'R', 0, 0);
    if (m == NULL) {
        return no_memory(error);
    }
    put(m + LFI_ITCH_TRACKING, LFI_ITCH_OWN, 2);
    memcpy(m + LFI_ITCH_STOCK, self->stock, LFI_ITCH_STOCK_BYTES);
    memcpy(m + 19, "QN", 2);
    put(m + 21, 100, 4);
    memcpy(m + 25, "NCZ TN 1N", 9);
    put(m + LFI_ITCH_LEVELS, (uint64_t)c->level_count, 4);
    m[38] = 'N';
    const lf_status status = put_state(c, 'T', 0, LFI_ITCH_MADE_UP | LFI_ITCH_GOES_ON, error);
    return status == LF_OK ? write_messages(c, error) : status;
}

lf_status lfi_itch_out_begin(lfi_convert *c, const lf_instrument *instrument, lf_error *error)
{
    if (strcmp(instrument->time_zone, "America/New_York") != 0 ||
        instrument->lot_nano != LFI_ITCH_LOT_NANO ||
        strlen(instrument->symbol) > LFI_ITCH_STOCK_BYTES) {
        return lf_error_set(
            error,
            LF_UNSUPPORTED,
            "%s cannot be written as ITCH, which holds US equities in shares, with symbols of at "
            "most eight letters",
            instrument->symbol
        );
    }
    c->itch = lf_allocate(c->allocator, 1, sizeof *c->itch);
    if (c->itch == NULL || widen(c, REFS_MIN) != LF_OK) {
        return no_memory(error);
    }
    c->itch->midnight_ns = instrument->session_open_ns - LFI_US_OPEN_NS;
    lfi_itch_pad(instrument->symbol, c->itch->stock);
    return put_head(c, error);
}

lf_status lfi_itch_out_finish(lfi_convert *c, lf_error *error)
{
    unsigned char *const m = add_message(c, 'S', LFI_ITCH_LAST_NS, 0);
    if (m == NULL) {
        return no_memory(error);
    }
    m[LFI_ITCH_EVENT] = 'C';
    return write_messages(c, error);
}

void lfi_itch_out_destroy(lfi_convert *c)
{
    if (c->itch != NULL) {
        lf_release(c->allocator, c->itch->refs);
        lf_release(c->allocator, c->itch->messages);
        lf_release(c->allocator, c->itch);
    }
}
