/* Single orders of CME: changes applied or kept until a snapshot is whole, and told on. */
#include "cme_orders.h"

#include <stdlib.h>
#include <string.h>

/* Changes that wait for a snapshot; when they are more, a later one is needed. */
#define WAITING_MAX ((size_t)1 << 20)

enum {
    NEW = 0,
    CHANGE = 1,
    DELETE = 2
};

lf_status lfi_cme_orders_create(lfi_cme_orders *orders, const lf_allocator *allocator)
{
    const lf_l3_options options = {.allocator = allocator};
    *orders = (lfi_cme_orders){.allocator = allocator};
    return lf_l3_create(&options, &orders->l3, NULL);
}

void lfi_cme_orders_clear(lfi_cme_orders *orders)
{
    lf_l3_destroy(orders->l3);
    lf_release(orders->allocator, orders->waiting.items);
    lf_release(orders->allocator, orders->snapshot.items);
    lf_release(orders->allocator, orders->told);
    *orders = (lfi_cme_orders){0};
}

/* ---- telling ---------------------------------------------------------------------------- */

static lf_status push(lfi_cme_orders *orders, const lf_order_change *change)
{
    void *room = orders->told;
    if (!orders->is_told) {
        return LF_OK;
    }
    const lf_status status = lf_grow(
        orders->allocator, &room, &orders->told_capacity, orders->told_count + 1, sizeof *change
    );
    orders->told = room;
    if (status == LF_OK) {
        orders->told[orders->told_count++] = *change;
    }
    return status;
}

/* lf_l3_visit */
static lf_status tell_order(void *context, uint64_t order_id, const lf_l3_order *order)
{
    const lf_order_change change = lfi_change_that_adds(order_id, order);
    return push(context, &change);
}

lf_status lfi_cme_orders_tell(lfi_cme_orders *orders)
{
    const lf_order_change clear = {.kind = LF_CHANGE_CLEAR};
    orders->told_count = 0;
    const lf_status status = push(orders, &clear);
    return status == LF_OK ? lf_l3_each(orders->l3, 0, tell_order, orders) : status;
}

lf_status lfi_cme_orders_fill(lfi_cme_orders *orders, uint64_t id, int64_t lots)
{
    lf_l3_order order;
    const lf_order_change fill = {.order_id = id, .lots = lots, .kind = LF_CHANGE_FILL};
    return orders->is_known && lf_l3_find(orders->l3, id, &order) ? push(orders, &fill) : LF_OK;
}

/* ---- changes ---------------------------------------------------------------------------- */

static lf_status empty(lfi_cme_orders *orders)
{
    lf_l3_clear(orders->l3, 0);
    return lfi_cme_orders_tell(orders);
}

lf_status lfi_cme_orders_begin(lfi_cme_orders *orders, uint64_t sequence)
{
    orders->is_known = true;
    orders->sequence = sequence;
    orders->waiting.count = 0;
    return empty(orders);
}

lf_status lfi_cme_orders_lose(lfi_cme_orders *orders, uint64_t since)
{
    orders->is_known = false;
    orders->waiting.count = 0;
    orders->since = since;
    return empty(orders);
}

static lf_status append(lfi_cme_orders *orders, lfi_cme_row *row, const lfi_cme_order *order)
{
    void *room = row->items;
    const lf_status status =
        lf_grow(orders->allocator, &room, &row->capacity, row->count + 1, sizeof *order);
    row->items = room;
    if (status == LF_OK) {
        row->items[row->count++] = *order;
    }
    return status;
}

/* What contradicts the book is counted there; LF_OK or LF_NOMEM. */
static lf_status apply(lfi_cme_orders *orders, const lfi_cme_order *order)
{
    const int side = order->is_ask ? -1 : 1;
    const bool is_gone = order->action == DELETE || order->lots <= 0;
    lf_l3_order old;
    lf_order_change change = {
        .order_id = order->id,
        .price_ticks = order->price_ticks,
        .lots = order->lots,
        .kind = order->action == NEW ? LF_CHANGE_ADD : LF_CHANGE_MODIFY,
        .side = (int8_t)side,
    };
    if (is_gone) {
        const bool is_there = lf_l3_find(orders->l3, order->id, &old);
        const bool is_fine = lf_l3_remove(orders->l3, order->id) == LF_OK;
        change = (lf_order_change
        ){.order_id = order->id, .lots = is_there ? old.lots : 0, .kind = LF_CHANGE_REDUCE};
        return is_there && is_fine ? push(orders, &change) : LF_OK;
    }
    const lf_status status =
        order->action == NEW
            ? lf_l3_add(orders->l3, 0, order->id, side, order->price_ticks, order->lots)
            : lf_l3_modify(orders->l3, 0, order->id, side, order->price_ticks, order->lots);
    /* A size beyond what a book takes leaves it as it was. */
    return status == LF_NOMEM ? status : status == LF_RANGE ? LF_OK : push(orders, &change);
}

bool lfi_cme_orders_take(lfi_cme_orders *orders, const lfi_cme_order *change, lf_status *status)
{
    *status = LF_OK;
    if (!orders->is_known && orders->waiting.count == WAITING_MAX) {
        orders->waiting.count = 0;
        orders->since = change->sequence + 1;
    }
    if (!orders->is_known) {
        *status =
            change->sequence >= orders->since ? append(orders, &orders->waiting, change) : LF_OK;
        return false;
    }
    if (change->sequence <= orders->sequence) {
        return false;
    }
    *status = apply(orders, change);
    return *status == LF_OK;
}

void lfi_cme_orders_end_packet(lfi_cme_orders *orders, uint64_t sequence)
{
    if (orders->is_known && sequence > orders->sequence) {
        orders->sequence = sequence;
    }
}

/* ---- snapshots -------------------------------------------------------------------------- */

/* Who comes first at a price has the lower number. */
static int compare(const void *a, const void *b)
{
    const lfi_cme_order *const x = a, *const y = b;
    return x->priority != y->priority ? (x->priority < y->priority ? -1 : 1)
                                      : (x->id > y->id) - (x->id < y->id);
}

bool lfi_cme_orders_recover(lfi_cme_orders *orders, lf_status *status)
{
    const uint64_t sequence = orders->snapshot_sequence;
    uint64_t newest = sequence;
    *status = LF_OK;
    if (orders->is_known || orders->piece_total == 0 || orders->piece_count < orders->piece_total ||
        sequence + 1 < orders->since) {
        return false;
    }
    orders->piece_total = 0;
    orders->known_ns = orders->snapshot_ns;
    lf_l3_clear(orders->l3, 0);
    orders->told_count = 0;
    if (orders->snapshot.count > 0) {
        qsort(
            orders->snapshot.items, orders->snapshot.count, sizeof *orders->snapshot.items, compare
        );
    }
    for (size_t i = 0; i < orders->snapshot.count && *status == LF_OK; i++) {
        *status = apply(orders, &orders->snapshot.items[i]);
    }
    for (size_t i = 0; i < orders->waiting.count && *status == LF_OK; i++) {
        const lfi_cme_order *const change = &orders->waiting.items[i];
        if (change->sequence > sequence) {
            *status = apply(orders, change);
            newest = change->sequence;
            orders->known_ns = change->ts_ns > orders->known_ns ? change->ts_ns : orders->known_ns;
        }
    }
    orders->waiting.count = 0;
    orders->sequence = newest;
    orders->is_known = true;
    *status = *status == LF_OK ? lfi_cme_orders_tell(orders) : *status;
    return *status == LF_OK;
}

bool lfi_cme_orders_piece(
    lfi_cme_orders *orders,
    const lfi_cme_message *message,
    const lfi_cme_layout *layout,
    int64_t step,
    lf_status *status
)
{
    lfi_cme_group group;
    const unsigned char *const root = message->body;
    *status = LF_OK;
    if (message->block_bytes < LFI_CME_ORDERS_BYTES ||
        !lfi_cme_group_of(message, layout->bytes, &group)) {
        return false;
    }
    const uint64_t sequence = lfi_cme_32(root);
    const uint32_t piece = lfi_cme_32(root + LFI_CME_PIECE);
    if (piece == 1) {
        orders->snapshot.count = 0;
        orders->snapshot_sequence = sequence;
        orders->snapshot_ns = lfi_cme_time(root + LFI_CME_ORDERS_TIME);
        orders->piece_count = 0;
        orders->piece_total = lfi_cme_32(root + LFI_CME_PIECES);
    }
    if (sequence != orders->snapshot_sequence || piece != orders->piece_count + 1 ||
        piece > orders->piece_total) {
        orders->piece_total = 0;
        return false;
    }
    orders->piece_count = piece;
    for (size_t i = 0; i < group.count && *status == LF_OK; i++) {
        const unsigned char *const at = group.entries + i * group.entry_bytes;
        const char type = (char)at[layout->type];
        const int64_t price = lfi_cme_price(at + LFI_CME_ORDER_PRICE, layout->is_old);
        const int64_t lots = lfi_cme_lots(layout, at);
        const lfi_cme_order order = {
            .id = lfi_cme_64(at),
            .priority = lfi_cme_64(at + LFI_CME_ORDER_PRIORITY),
            .price_ticks = price != LFI_CME_NONE ? lfi_cme_ticks(price, step, type == '1') : 0,
            .lots = lots,
            .is_ask = type == '1',
        };
        if (price != LFI_CME_NONE && lots > 0 && (type == '0' || type == '1')) {
            *status = append(orders, &orders->snapshot, &order);
        }
    }
    return *status == LF_OK && lfi_cme_orders_recover(orders, status);
}

/* ---- levels ----------------------------------------------------------------------------- */

void lfi_cme_orders_quotes(const lfi_cme_orders *orders, lf_quotes *out)
{
    const lf_l3_side *const bid = lf_l3_best(orders->l3, 0, 1);
    const lf_l3_side *const ask = lf_l3_best(orders->l3, 0, -1);
    memcpy(out->bid_ticks, bid->prices, sizeof out->bid_ticks);
    memcpy(out->bid_lots, bid->lots, sizeof out->bid_lots);
    memcpy(out->ask_ticks, ask->prices, sizeof out->ask_ticks);
    memcpy(out->ask_lots, ask->lots, sizeof out->ask_lots);
}
