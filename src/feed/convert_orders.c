/*
 * Events as single orders. A feed of levels does not know all its orders, so at each price one
 * order is made up that holds what the known ones do not explain, and after each event the book of
 * the orders is made equal to the book of the event. Where a feed tells its orders beside its
 * levels (CME), they are written as they are told, and made-up ones fill the times without them.
 */
#include "convert.h"

#define MADE_UP (UINT64_C(1) << 63)

/* The id of the made-up order at a price; ids of venues do not reach so far. */
static uint64_t made_up_id(int side, int64_t ticks)
{
    return MADE_UP | (side > 0 ? UINT64_C(1) << 62 : 0) |
           ((uint64_t)ticks & ((UINT64_C(1) << 62) - 1));
}

/* Apply a record to the book. */
static lf_status apply(lfi_convert *c, const lfi_part *part, lf_error *error)
{
    const int64_t ticks = part->price_nano / c->tick_nano;
    lf_status status = LF_OK;
    if (part->action == 'A') {
        status = lf_l3_add(c->l3, 0, part->order_id, part->side, ticks, part->lots);
    } else if (part->action == 'M') {
        status = lf_l3_modify(c->l3, 0, part->order_id, part->side, ticks, part->lots);
    } else if (part->action == 'C') {
        status = lf_l3_reduce(c->l3, part->order_id, part->lots);
    } else if (part->action == 'R') {
        lf_l3_clear(c->l3, 0);
    }
    return status == LF_OK || status == LF_DATA
               ? LF_OK
               : lf_error_set(error, status, "the book of single orders cannot be kept");
}

/* Apply a record to the book and write it. */
static lf_status emit(lfi_convert *c, const lf_event *event, const lfi_part *part, lf_error *error)
{
    const lf_status status = apply(c, part, error);
    return status == LF_OK ? lfi_convert_order(c, event, part, error) : status;
}

/* A change that no message of the feed tells. */
static lf_status repair(
    lfi_convert *c,
    const lf_event *event,
    char action,
    int side,
    int64_t ticks,
    uint64_t id,
    int64_t lots,
    lf_error *error
)
{
    const lfi_part part = {
        .action = action,
        .side = (int8_t)side,
        .price_nano = ticks * c->tick_nano,
        .lots = lots,
        .order_id = id,
        .flags = DBN_PUBLISHER,
    };
    c->report->repair_count++;
    return emit(c, event, &part, error);
}

/* Take lots away at a price: what was made up first, then orders from the front of the queue. */
static lf_status take_away(
    lfi_convert *c, const lf_event *event, int side, int64_t ticks, int64_t lots, lf_error *error
)
{
    uint64_t id = made_up_id(side, ticks);
    lf_status status = LF_OK;
    lf_l3_order order;
    bool found = lf_l3_find(c->l3, id, &order);
    while (status == LF_OK && lots > 0 && (found || lf_l3_first(c->l3, 0, side, ticks, &id))) {
        (void)lf_l3_find(c->l3, id, &order);
        const int64_t taken = lots < order.lots ? lots : order.lots;
        status = repair(c, event, 'C', side, ticks, id, taken, error);
        lots -= taken;
        found = false;
    }
    return status;
}

/* Lots that the event's book has at a price; -1 where its levels do not reach. */
static int64_t lots_at(const lfi_convert *c, const lf_event *event, int side, int64_t ticks)
{
    const int64_t *const prices = side > 0 ? event->quotes.bid_ticks : event->quotes.ask_ticks;
    const int64_t *const lots = side > 0 ? event->quotes.bid_lots : event->quotes.ask_lots;
    const int last = c->level_count - 1;
    for (int m = 0; m < c->level_count; m++) {
        if (lots[m] > 0 && prices[m] == ticks) {
            return lots[m];
        }
    }
    const bool is_behind = side > 0 ? ticks < prices[last] : ticks > prices[last];
    /* Behind ten levels nobody looks, and orders there may come back; orders that are told are true
       behind fewer ones too. */
    const bool is_free = c->level_count == LF_L3_LEVELS || c->has_changes;
    return is_free && lots[last] > 0 && is_behind ? -1 : 0;
}

/* Take away what the event's book does not have. */
static lf_status remove_extra(lfi_convert *c, const lf_event *event, int side, lf_error *error)
{
    const lf_l3_side *const best = lf_l3_best(c->l3, 0, side);
    lf_status status = LF_OK;
    for (int m = 0; m < LF_L3_LEVELS && status == LF_OK && best->lots[m] > 0;) {
        const int64_t wanted = lots_at(c, event, side, best->prices[m]);
        if (wanted < 0) {
            break;
        }
        if (best->lots[m] > wanted) {
            status = take_away(c, event, side, best->prices[m], best->lots[m] - wanted, error);
        }
        m += wanted > 0; /* else the next level has come here */
    }
    return status;
}

/* Add what the event's book has more. */
static lf_status add_missing(lfi_convert *c, const lf_event *event, int side, lf_error *error)
{
    const int64_t *const prices = side > 0 ? event->quotes.bid_ticks : event->quotes.ask_ticks;
    const int64_t *const lots = side > 0 ? event->quotes.bid_lots : event->quotes.ask_lots;
    lf_status status = LF_OK;
    for (int m = 0; m < c->level_count && status == LF_OK; m++) {
        int64_t there;
        size_t orders;
        lf_l3_order order;
        if (lots[m] <= 0) {
            continue;
        }
        lf_l3_at(c->l3, 0, side, prices[m], &there, &orders);
        if (lots[m] > there) {
            const uint64_t id = made_up_id(side, prices[m]);
            const bool is_known = lf_l3_find(c->l3, id, &order);
            const int64_t all = lots[m] - there + (is_known ? order.lots : 0);
            status = repair(c, event, is_known ? 'M' : 'A', side, prices[m], id, all, error);
        }
    }
    return status;
}

/* The order that a message is about: the one it names, or the made-up one at its price. */
static bool find_order(
    const lfi_convert *c, const lf_event *event, int64_t ticks, uint64_t *id, lf_l3_order *order
)
{
    *id = event->order_id;
    if (event->order_id != 0 && lf_l3_find(c->l3, *id, order) && order->side == event->side &&
        order->price == ticks) {
        return true;
    }
    *id = made_up_id(event->side, ticks);
    return event->side != 0 && lf_l3_find(c->l3, *id, order);
}

static lf_status put_trades(
    lfi_convert *c,
    const lf_event *event,
    const lf_trade *trades,
    uint64_t filled_id,
    lf_error *error
)
{
    lf_status status = LF_OK;
    for (uint16_t i = 0; i < event->trade_count && status == LF_OK; i++) {
        lfi_part part = {
            .action = 'T',
            .side = lfi_aggressor(&trades[i]),
            .price_nano = trades[i].price_units * c->unit_nano,
            .lots = trades[i].size_lots,
            .flags = trades[i].hidden ? DBN_PUBLISHER : 0,
        };
        status = lfi_convert_order(c, event, &part, error);
        if (status == LF_OK && event->kind == LF_EVENT_EXECUTE) {
            part.action = 'F';
            part.side = event->side;
            part.order_id = filled_id;
            status = lfi_convert_order(c, event, &part, error);
        }
    }
    return status;
}

/* The event's own message about an order, or a note when it is about none. */
static lf_status
put_message(lfi_convert *c, const lf_event *event, const lf_trade *trades, lf_error *error)
{
    const bool is_order = event->kind == LF_EVENT_ADD || event->kind == LF_EVENT_CANCEL ||
                          event->kind == LF_EVENT_DELETE || event->kind == LF_EVENT_EXECUTE;
    const bool is_note = event->kind == LF_EVENT_CROSS || event->kind == LF_EVENT_HALT ||
                         event->kind == LF_EVENT_OTHER;
    const int64_t nano = event->price_units * c->unit_nano, ticks = nano / c->tick_nano;
    lf_l3_order order = {0};
    lfi_part part = {.side = event->side, .price_nano = nano, .lots = event->size_lots};
    const bool is_known = is_order && find_order(c, event, ticks, &part.order_id, &order);
    lf_status status =
        put_trades(c, event, trades, is_known ? part.order_id : event->order_id, error);
    if (status != LF_OK || (!is_order && !is_note)) {
        return status;
    }
    if (is_note) {
        part.action = 'N';
        part.flags = event->kind == LF_EVENT_OTHER ? 0 : DBN_PUBLISHER;
        part.price_nano = event->kind == LF_EVENT_CROSS ? nano : DBN_PRICE_NONE;
        part.lots = event->kind == LF_EVENT_CROSS ? event->size_lots : 0;
        return lfi_convert_order(c, event, &part, error);
    }
    if (event->kind == LF_EVENT_ADD) {
        part.action = 'A';
        part.order_id = event->order_id != 0 ? event->order_id : made_up_id(event->side, ticks);
        const bool is_there = lf_l3_find(c->l3, part.order_id, &order);
        part.lots += is_there && event->order_id == 0 ? order.lots : 0;
        part.action = is_there ? 'M' : 'A';
        return event->side != 0 && part.lots > 0 ? emit(c, event, &part, error) : LF_OK;
    }
    part.action = 'C';
    part.lots = part.lots < order.lots ? part.lots : order.lots;
    return is_known && part.lots > 0 ? emit(c, event, &part, error) : LF_OK;
}

/* ---- orders that are told --------------------------------------------------------------- */

/* What a change is as a part of an event; false where it is of no order that is there. */
static bool part_of(const lfi_convert *c, const lf_order_change *change, lfi_part *out)
{
    static const char actions[] = {
        [LF_CHANGE_ADD] = 'A',
        [LF_CHANGE_REDUCE] = 'C',
        [LF_CHANGE_MODIFY] = 'M',
        [LF_CHANGE_FILL] = 'F',
        [LF_CHANGE_CLEAR] = 'R',
    };
    lf_l3_order order = {.side = change->side, .price = change->price_ticks};
    const bool is_of_known = change->kind == LF_CHANGE_REDUCE || change->kind == LF_CHANGE_FILL;
    if (is_of_known && !lf_l3_find(c->l3, change->order_id, &order)) {
        return false;
    }
    const bool is_clear = change->kind == LF_CHANGE_CLEAR;
    *out = (lfi_part){
        .action = actions[change->kind],
        .side = order.side,
        .price_nano = is_clear ? DBN_PRICE_NONE : order.price * c->tick_nano,
        .lots = change->lots,
        .order_id = change->order_id,
        .flags = is_clear ? DBN_PUBLISHER : 0,
    };
    return true;
}

/* Trades, then all changes. */
static lf_status
put_changes(lfi_convert *c, const lf_event *event, const lf_trade *trades, lf_error *error)
{
    lfi_part part;
    lf_status status = put_trades(c, event, trades, 0, error);
    for (size_t i = 0; i < c->change_count && status == LF_OK; i++) {
        if (!part_of(c, &c->changes[i], &part)) {
            continue;
        }
        status = emit(c, event, &part, error);
        /* An R that is marked as ours tells a reader nothing of the event. */
        if (status == LF_OK && part.action == 'R') {
            status = lfi_convert_flush(c, false, error);
        }
    }
    return status;
}

/* An order of the book; lf_l3_visit. */
typedef struct dump {
    lfi_convert *convert;
    const lf_event *event;
    lf_error *error;
} dump;

static lf_status put_order(void *context, uint64_t order_id, const lf_l3_order *order)
{
    const dump *const to = context;
    const lfi_part part = {
        .action = 'A',
        .side = order->side,
        .price_nano = order->price * to->convert->tick_nano,
        .lots = order->lots,
        .order_id = order_id,
        .flags = (order_id & MADE_UP) != 0 ? DBN_PUBLISHER : 0,
    };
    return lfi_convert_order(to->convert, to->event, &part, to->error);
}

/* A snapshot of levels: who reads it begins with an empty book, so all orders come again. */
static lf_status put_all_orders(lfi_convert *c, const lf_event *event, lf_error *error)
{
    dump to = {c, event, error};
    const lfi_part clear = {.action = 'R', .price_nano = DBN_PRICE_NONE};
    lfi_part part;
    lf_status status = LF_OK;
    for (size_t i = 0; i < c->change_count && status == LF_OK; i++) {
        status = part_of(c, &c->changes[i], &part) ? apply(c, &part, error) : LF_OK;
    }
    status = status == LF_OK ? lfi_convert_order(c, event, &clear, error) : status;
    return status == LF_OK ? lf_l3_each(c->l3, 0, put_order, &to) : status;
}

/* ---- events ----------------------------------------------------------------------------- */

/* What the feed tells of the event: the whole book anew, its orders, or its own message. */
static lf_status
put_told(lfi_convert *c, const lf_event *event, const lf_trade *trades, lf_error *error)
{
    lfi_part clear = {.action = 'R', .price_nano = DBN_PRICE_NONE};
    lf_status status = LF_OK;
    if ((event->flags & LF_EVENT_SNAPSHOT) != 0 && c->has_changes) {
        return put_all_orders(c, event, error);
    }
    if ((event->flags & LF_EVENT_SNAPSHOT) != 0) {
        return emit(c, event, &clear, error);
    }
    if (c->is_new_day) {
        /* Yesterday's orders go, and the event stays what it is. */
        clear.flags = DBN_PUBLISHER;
        status = emit(c, event, &clear, error);
        status = status == LF_OK ? lfi_convert_flush(c, false, error) : status;
    }
    if (status != LF_OK) {
        return status;
    }
    return c->has_changes ? put_changes(c, event, trades, error)
                          : put_message(c, event, trades, error);
}

lf_status
lfi_convert_orders(lfi_convert *c, const lf_event *event, const lf_trade *trades, lf_error *error)
{
    lf_status status = put_told(c, event, trades, error);
    c->is_new_day = false;
    for (int side = 1; side >= -1 && status == LF_OK; side -= 2) {
        status = remove_extra(c, event, side, error);
    }
    for (int side = 1; side >= -1 && status == LF_OK; side -= 2) {
        status = add_missing(c, event, side, error);
    }
    const bool is_empty = c->itch != NULL ? lfi_itch_out_is_empty(c) : c->held.count == 0;
    if (status == LF_OK && is_empty) { /* it changed nothing and is an event all the same */
        const lfi_part note = {.action = 'N', .price_nano = DBN_PRICE_NONE};
        status = lfi_convert_order(c, event, &note, error);
    }
    if (status == LF_OK && c->itch != NULL) {
        return lfi_itch_out_event(c, event, error);
    }
    return status == LF_OK ? lfi_convert_flush(c, true, error) : status;
}
