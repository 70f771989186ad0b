/* Orders by id in a table with open addressing; numbers checked; what comes too early waits. */
#include "coinbase_orders.h"

#include <string.h>

#define CAPACITY_MIN ((size_t)1 << 14)
/* Messages that wait for a snapshot: some minutes of a busy product. The older half goes first,
   which a snapshot that comes later than they did makes up for. */
#define WAITING_MAX ((size_t)1 << 16)

bool lfi_coinbase_orders_create(
    lfi_coinbase_orders *orders, const lf_allocator *allocator, lfi_l2book *levels
)
{
    *orders = (lfi_coinbase_orders){.allocator = allocator, .levels = levels};
    orders->capacity = CAPACITY_MIN;
    orders->places = lf_allocate(allocator, orders->capacity, sizeof *orders->places);
    orders->waiting = lf_allocate(allocator, WAITING_MAX, sizeof *orders->waiting);
    return orders->places != NULL && orders->waiting != NULL;
}

void lfi_coinbase_orders_destroy(lfi_coinbase_orders *orders)
{
    lf_release(orders->allocator, orders->places);
    lf_release(orders->allocator, orders->waiting);
}

/* ---- table ------------------------------------------------------------------------------ */

static size_t home_of(const lfi_coinbase_orders *orders, uint64_t id)
{
    return (size_t)(id * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (orders->capacity - 1);
}

/* Where an order is, or would be put. */
static lfi_coinbase_order *place_of(const lfi_coinbase_orders *orders, uint64_t id)
{
    size_t at = home_of(orders, id);
    while (orders->places[at].id != 0 && orders->places[at].id != id) {
        at = (at + 1) & (orders->capacity - 1);
    }
    return &orders->places[at];
}

/* Take an order out; those behind it move up, so that no search ends too early. */
static void take_out(lfi_coinbase_orders *orders, lfi_coinbase_order *order)
{
    const size_t mask = orders->capacity - 1;
    size_t hole = (size_t)(order - orders->places), at = hole;
    lfi_l2book_add(orders->levels, order->side, order->price_ticks, -order->size_lots);
    for (;;) {
        at = (at + 1) & mask;
        if (orders->places[at].id == 0) {
            break;
        }
        const size_t home = home_of(orders, orders->places[at].id);
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            orders->places[hole] = orders->places[at];
            hole = at;
        }
    }
    orders->places[hole] = (lfi_coinbase_order){0};
    orders->count--;
}

/* Twice as many places; at most half of them are taken. */
static lf_status grow(lfi_coinbase_orders *orders, lf_error *error)
{
    lfi_coinbase_order *const old = orders->places;
    const size_t count = orders->capacity;
    lfi_coinbase_order *const places = lf_allocate(orders->allocator, 2 * count, sizeof *places);
    if (places == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory for %zu orders", count);
    }
    orders->places = places;
    orders->capacity = 2 * count;
    for (size_t i = 0; i < count; i++) {
        if (old[i].id != 0) {
            *place_of(orders, old[i].id) = old[i];
        }
    }
    lf_release(orders->allocator, old);
    return LF_OK;
}

static lf_status
put_in(lfi_coinbase_orders *orders, const lfi_coinbase_order *order, lf_error *error)
{
    lfi_coinbase_order *place = place_of(orders, order->id);
    if (place->id != 0) {
        orders->duplicate_count++;
        take_out(orders, place);
    }
    if (2 * (orders->count + 1) > orders->capacity) {
        const lf_status status = grow(orders, error);
        if (status != LF_OK) {
            return status;
        }
    }
    *place_of(orders, order->id) = *order;
    orders->count++;
    lfi_l2book_add(orders->levels, order->side, order->price_ticks, order->size_lots);
    return LF_OK;
}

/* ---- messages --------------------------------------------------------------------------- */

static void reduce(lfi_coinbase_orders *orders, lfi_coinbase_order *order, int64_t lots)
{
    if (lots >= order->size_lots) {
        orders->overfill_count += lots > order->size_lots;
        take_out(orders, order);
        return;
    }
    order->size_lots -= lots;
    lfi_l2book_add(orders->levels, order->side, order->price_ticks, -lots);
}

/* A new size, perhaps at a new price, of an order that may not have reached the book. */
static lf_status apply_resize(
    lfi_coinbase_orders *orders,
    const lfi_coinbase_change *change,
    lfi_coinbase_effect *effect,
    lf_error *error
)
{
    lfi_coinbase_order *const order = place_of(orders, change->order_id);
    if (order->id == 0) {
        return LF_OK;
    }
    lfi_coinbase_order changed = *order;
    const bool is_moved = change->price != LFI_BINANCE_NONE && change->price != order->price_ticks;
    const int64_t gone = order->size_lots - change->size;
    if (!is_moved && gone >= 0) {
        *effect = (lfi_coinbase_effect){LF_EVENT_CANCEL, order->side, order->price_ticks, gone};
        reduce(orders, order, gone);
        return LF_OK;
    }
    *effect = (lfi_coinbase_effect){LF_EVENT_QUOTE, 0, 0, 0};
    changed.price_ticks = is_moved ? change->price : order->price_ticks;
    changed.size_lots = change->size;
    take_out(orders, order);
    return changed.size_lots > 0 ? put_in(orders, &changed, error) : LF_OK;
}

static lf_status apply(
    lfi_coinbase_orders *orders,
    const lfi_coinbase_change *change,
    lfi_coinbase_effect *effect,
    lf_error *error
)
{
    const lfi_coinbase_order fresh = {change->order_id, change->price, change->size, change->side};
    lfi_coinbase_order *const order = place_of(orders, change->order_id);
    *effect = (lfi_coinbase_effect){LF_EVENT_OTHER, 0, 0, 0};
    orders->sequence = change->sequence;
    orders->ts_ns = change->ts_ns;
    switch (change->kind) {
    case LFI_COINBASE_OPEN:
        *effect = (lfi_coinbase_effect){LF_EVENT_ADD, change->side, change->price, change->size};
        return change->size > 0 ? put_in(orders, &fresh, error) : LF_OK;
    case LFI_COINBASE_DONE: /* also of orders that never rested, or are filled already */
        if (order->id != 0) {
            *effect = (lfi_coinbase_effect
            ){LF_EVENT_DELETE, order->side, order->price_ticks, order->size_lots};
            take_out(orders, order);
        }
        return LF_OK;
    case LFI_COINBASE_TRADE:
        *effect =
            (lfi_coinbase_effect){LF_EVENT_EXECUTE, change->side, change->price, change->size};
        orders->unknown_count += order->id == 0;
        if (order->id != 0) {
            reduce(orders, order, change->size);
        }
        return LF_OK;
    case LFI_COINBASE_RESIZE:
        return apply_resize(orders, change, effect, error);
    case LFI_COINBASE_OTHER:
    case LFI_COINBASE_NUMBER:
    case LFI_COINBASE_SNAPSHOT:
    case LFI_COINBASE_UPDATE:
    case LFI_COINBASE_ORDERS:
    default:
        return LF_OK;
    }
}

static void keep(lfi_coinbase_orders *orders, const lfi_coinbase_change *change)
{
    if (orders->waiting_count == WAITING_MAX) {
        const size_t half = WAITING_MAX / 2;
        memmove(orders->waiting, orders->waiting + half, half * sizeof *orders->waiting);
        orders->waiting_count = half;
    }
    orders->waiting[orders->waiting_count++] = *change;
}

lf_status lfi_coinbase_orders_take(
    lfi_coinbase_orders *orders,
    const lfi_coinbase_part *part,
    lfi_coinbase_step *step,
    lfi_coinbase_effect *effect,
    lf_error *error
)
{
    const lfi_coinbase_change change = {
        .kind = part->kind,
        .side = part->kind == LFI_COINBASE_TRADE ? -part->sign : part->side,
        .order_id = part->order_id,
        .price = part->price,
        .size = part->size,
        .sequence = part->sequence,
        .ts_ns = part->ts_ns,
    };
    /* Numbers that go back while time goes on have begun anew. A snapshot that bears no time shows
       what was numbered not long before it. */
    const int64_t back = orders->sequence - change.sequence;
    const bool is_shown =
        orders->ts_ns >= 0 ? change.ts_ns <= orders->ts_ns : back < (int64_t)WAITING_MAX;
    if (orders->is_known && back >= 0 && is_shown) {
        *step = LFI_COINBASE_STALE;
        return LF_OK;
    }
    if (orders->is_known && change.sequence == orders->sequence + 1) {
        *step = LFI_COINBASE_APPLIED;
        return apply(orders, &change, effect, error);
    }
    *step = orders->is_known ? LFI_COINBASE_LOST : LFI_COINBASE_WAITING;
    orders->is_known = false;
    keep(orders, &change);
    return LF_OK;
}

/* Apply what has waited and follows; the book is known when nothing is missing among it. */
static lf_status catch_up(lfi_coinbase_orders *orders, lf_error *error)
{
    lf_status status = LF_OK;
    orders->is_known = true;
    for (size_t i = 0; i < orders->waiting_count && status == LF_OK && orders->is_known; i++) {
        const lfi_coinbase_change *const change = &orders->waiting[i];
        lfi_coinbase_effect effect;
        if (change->sequence <= orders->sequence) {
            continue;
        }
        if (change->sequence == orders->sequence + 1) {
            status = apply(orders, change, &effect, error);
        } else {
            orders->is_known = false;
        }
    }
    return status;
}

lf_status lfi_coinbase_orders_snapshot(
    lfi_coinbase_orders *orders,
    const lfi_coinbase_part *part,
    lfi_coinbase_step *step,
    lf_error *error
)
{
    lf_status status = LF_OK;
    *step = LFI_COINBASE_STALE;
    if (orders->is_known) {
        return LF_OK; /* nothing is missing: it is not needed */
    }
    memset(orders->places, 0, orders->capacity * sizeof *orders->places);
    orders->count = 0;
    lfi_l2book_clear(orders->levels);
    for (size_t i = 0; i < part->level_count && status == LF_OK; i++) {
        const lfi_coinbase_level *const level = &part->levels[i];
        const lfi_coinbase_order order = {
            level->order_id, level->price_ticks, level->size_lots, level->side};
        status = level->size_lots > 0 ? put_in(orders, &order, error) : LF_OK;
    }
    orders->is_used = true;
    orders->sequence = part->sequence;
    orders->ts_ns = part->ts_ns;
    if (status == LF_OK) {
        status = catch_up(orders, error);
    }
    *step = orders->is_known ? LFI_COINBASE_FOUND : LFI_COINBASE_WAITING;
    orders->waiting_count = orders->is_known ? 0 : orders->waiting_count;
    return status;
}
