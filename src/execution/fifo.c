/* Where an own order stands when every order of the market is seen. */
#include "execution_internal.h"

#include <assert.h>

/*
 * The orders of the market stand in a book of single orders, and an own order stands among them as
 * a mark of one lot, so that its place is exact by construction: who came before it is before it,
 * whatever happens to him. Own ids are counted down from the end of all ids, where no venue is.
 */
#define MARK_COUNT (UINT64_C(1) << 40)

static uint64_t mark_of(uint64_t order_id)
{
    return UINT64_MAX - order_id;
}

static bool is_mark(uint64_t id)
{
    return id >= UINT64_MAX - MARK_COUNT;
}

bool lfi_fifo_has_room(uint64_t order_id)
{
    return order_id <= MARK_COUNT;
}

lf_status lfi_fifo_create(lf_venue *venue, lf_error *error)
{
    const lf_instrument *const instrument = &venue->market->instrument;
    if (!instrument->has_orders) {
        return lf_error_set(
            error,
            LF_MISMATCH,
            "execution.queue = \"fifo\" follows single orders, and the data of %s (%s) do not have "
            "them; take data of single orders (Databento mbo, NASDAQ ITCH, CME by order, Coinbase "
            "full), or a model of the queue such as \"risk_averse\".",
            instrument->symbol,
            instrument->venue
        );
    }
    const lf_l3_options options = {
        .allocator = lfi_market_allocator(venue->market),
    };
    return lf_l3_create(&options, &venue->l3, error);
}

lf_status lfi_fifo_join(lf_venue *venue, const lfi_order *order, lf_error *error)
{
    const uint64_t mark = mark_of(order->order_id);
    return lf_l3_add(venue->l3, 0, mark, order->side, order->price_ticks, 1) == LF_OK
               ? LF_OK
               : lf_error_set(error, LF_NOMEM, "No memory for the queue of an order.");
}

void lfi_fifo_leave(lf_venue *venue, const lfi_order *order)
{
    const lf_status status = lf_l3_remove(venue->l3, mark_of(order->order_id));
    assert(status == LF_OK);
    (void)status;
}

/* Own orders of a price that are marked there, whether or not they are done by now. */
static bool is_at(const lfi_order *order, int32_t side, int64_t price_ticks)
{
    return order->side == side && order->price_ticks == price_ticks;
}

double lfi_venue_front(const lf_venue *venue, const lfi_order *order)
{
    if (venue->l3 == NULL) {
        return order->place.front;
    }
    int64_t lots = 0;
    size_t orders = 0;
    if (!lf_l3_ahead(venue->l3, mark_of(order->order_id), &lots, &orders)) {
        return 0.0;
    }
    /* The list is in the order of the queue. */
    for (const lfi_order *other = venue->orders; other < order; other++) {
        lots -= is_at(other, order->side, order->price_ticks);
    }
    return (double)lots;
}

static bool is_any_at(const lf_venue *venue, int32_t side, int64_t price_ticks)
{
    for (size_t i = 0; i < venue->order_count; i++) {
        if (is_at(&venue->orders[i], side, price_ticks)) {
            return true;
        }
    }
    return false;
}

/* Own orders that stand before an order of the market: the first so many of their price. */
static size_t marks_before(const lf_venue *venue, uint64_t id)
{
    size_t count = 0;
    while (lf_l3_before(venue->l3, id, &id)) {
        count += is_mark(id);
    }
    return count;
}

/* What of the lots that passed an own order has not been given to it or to own ones before it. */
static int64_t
share_of(const lf_venue *venue, lfi_order *order, int64_t passed_lots, int64_t *filled_before)
{
    if (order->run_event != venue->market->event_count) {
        order->run_event = venue->market->event_count;
        order->run_behind = order->run_filled = 0;
    }
    order->run_behind += passed_lots;
    const int64_t share = order->run_behind - *filled_before - order->run_filled;
    const int64_t leaves = order->lots - order->filled_lots;
    const bool is_whole = share > leaves || !venue->options.queue.partial;
    const int64_t part = share <= 0 || lf_order_state_done(order->state) ? 0
                         : is_whole                                      ? leaves
                                                                         : share;
    order->run_filled += part;
    *filled_before += order->run_filled;
    return part;
}

/*
 * A stranger was executed. What reached him has passed all who stand before him, so own orders
 * among these would have been filled instead, the first ones first: of all that an event executed
 * behind an own order, it gets what own orders before it have not got.
 */
static lf_status
meet_fill(lf_venue *venue, const lf_order_change *change, int64_t ts_ns, lf_error *error)
{
    lf_l3_order stranger;
    if (!lf_l3_find(venue->l3, change->order_id, &stranger) ||
        !is_any_at(venue, stranger.side, stranger.price)) {
        return LF_OK; /* a hidden order, or none of our prices: it says nothing about our queues */
    }
    size_t before = marks_before(venue, change->order_id);
    int64_t filled_before = 0;
    venue->stats.conservation_checks++;
    for (size_t i = 0; i < venue->order_count && before > 0; i++) {
        lfi_order *const order = &venue->orders[i];
        if (!is_at(order, stranger.side, stranger.price)) {
            continue;
        }
        before--;
        const int64_t lots = share_of(venue, order, change->lots, &filled_before);
        const lf_status status =
            lots == 0 ? LF_OK
                      : lfi_venue_fill(
                            venue, order, order->price_ticks, lots, LF_LIQUIDITY_MAKER, ts_ns, error
                        );
        if (status != LF_OK) {
            return status;
        }
    }
    return LF_OK;
}

/* ---- the market's orders ---- */

static lfi_executed *executed_of(const lf_venue *venue, uint64_t order_id)
{
    for (size_t i = 0; i < venue->executed_count; i++) {
        if (venue->executed[i].order_id == order_id) {
            return &venue->executed[i];
        }
    }
    return NULL;
}

static lf_status remember_executed(lf_venue *venue, const lf_order_change *change, lf_error *error)
{
    lfi_executed *const known = executed_of(venue, change->order_id);
    if (known != NULL) {
        known->lots += change->lots;
        return LF_OK;
    }
    void *list = venue->executed;
    const lf_status status = lf_grow(
        lfi_market_allocator(venue->market),
        &list,
        &venue->executed_capacity,
        venue->executed_count + 1,
        sizeof *venue->executed
    );
    venue->executed = list;
    if (status != LF_OK) {
        return lf_error_set(error, status, "No memory for what an event executes.");
    }
    venue->executed[venue->executed_count++] = (lfi_executed){change->order_id, change->lots};
    return LF_OK;
}

/* Whether a change shows more of an order than its execution left: the next part of an iceberg,
   which comes to the end of the queue. */
static bool is_refreshed(const lf_venue *venue, const lf_order_change *change)
{
    lfi_executed *const executed = executed_of(venue, change->order_id);
    lf_l3_order order;
    if (executed == NULL || executed->lots == 0 ||
        !lf_l3_find(venue->l3, change->order_id, &order)) {
        return false;
    }
    const int64_t left = order.lots - executed->lots;
    executed->lots = 0;
    return change->lots > left;
}

static lf_status reduce(lf_venue *venue, const lf_order_change *change)
{
    lfi_executed *const executed = executed_of(venue, change->order_id);
    if (executed != NULL) {
        executed->lots -= change->lots < executed->lots ? change->lots : executed->lots;
    }
    return lf_l3_reduce(venue->l3, change->order_id, change->lots);
}

static lf_status clear_book(lf_venue *venue, int64_t ts_ns, lf_error *error)
{
    /* Who will stand where nobody can know. */
    const lf_status status = lfi_venue_expire(venue, LF_REJECT_RESET, ts_ns, error);
    lf_l3_clear(venue->l3, 0);
    return status;
}

/* What contradicts the book was counted by the feed, and is treated here as there. */
static lf_status apply(lf_venue *venue, const lf_order_change *change, lf_error *error)
{
    lf_l3 *const l3 = venue->l3;
    const uint64_t id = change->order_id;
    lf_status status = LF_OK;
    if (is_mark(id)) {
        return lf_error_set(
            error,
            LF_UNSUPPORTED,
            "The data have an order with the id %llu; execution.queue = \"fifo\" needs the ids "
            "from %llu on for itself.",
            (unsigned long long)id,
            (unsigned long long)(UINT64_MAX - MARK_COUNT)
        );
    }
    switch ((lf_change_kind)change->kind) {
    case LF_CHANGE_ADD:
        status = lf_l3_add(l3, 0, id, change->side, change->price_ticks, change->lots);
        break;
    case LF_CHANGE_REDUCE:
        status = reduce(venue, change);
        break;
    case LF_CHANGE_MODIFY:
        if (is_refreshed(venue, change) && lf_l3_remove(l3, id) != LF_OK) {
            break;
        }
        status = lf_l3_modify(l3, 0, id, change->side, change->price_ticks, change->lots);
        break;
    case LF_CHANGE_FILL:
    case LF_CHANGE_CLEAR:
        break;
    }
    return status == LF_OK || status == LF_DATA
               ? LF_OK
               : lf_error_set(error, status, "No memory for the orders of the market.");
}

lf_status lfi_fifo_event(lf_venue *venue, const lf_event *event, lf_error *error)
{
    const lf_order_change *const changes = venue->market->changes;
    const size_t count = venue->market->change_count;
    const bool says_fills = !venue->market->is_masked && event->kind != LF_EVENT_CROSS;
    /* A snapshot that shows what is known anyway would only lose the places of own orders. */
    if ((event->flags & LF_EVENT_SNAPSHOT) != 0 && venue->order_count > 0) {
        return LF_OK;
    }
    lf_status status = LF_OK;
    venue->executed_count = 0;
    for (size_t i = 0; i < count && status == LF_OK; i++) {
        const lf_order_change *const change = &changes[i];
        if (change->kind == LF_CHANGE_CLEAR) {
            status = clear_book(venue, event->ts_exchange_ns, error);
            continue;
        }
        if (change->kind != LF_CHANGE_FILL) {
            status = apply(venue, change, error);
            continue;
        }
        status = remember_executed(venue, change, error);
        if (status == LF_OK && says_fills && venue->order_count > 0) {
            status = meet_fill(venue, change, event->ts_exchange_ns, error);
        }
    }
    return status;
}
