/* The venue's side of requests: new orders and cancels. */
#include "execution_internal.h"

/* ---- memory of what was taken ----------------------------------------------------------- */

static int64_t taken_at(const lf_venue *venue, size_t book_side, int64_t price_ticks)
{
    for (size_t i = 0; i < venue->taken_counts[book_side]; i++) {
        if (venue->taken[book_side][i].price_ticks == price_ticks) {
            return venue->taken[book_side][i].lots;
        }
    }
    return 0;
}

/* Forgets the oldest price that has left the view; a full list holds more prices than any view. */
static void forget_unseen(lf_venue *venue, size_t book_side)
{
    static_assert(LFI_TAKEN_MAX > LF_LEVELS_MAX, "A full list holds a price out of view.");
    lfi_taken *const list = venue->taken[book_side];
    const int32_t side = book_side == 0 ? 1 : -1;
    size_t at = 0;
    while (at < LFI_TAKEN_MAX - 1 && lfi_venue_displayed(venue, side, list[at].price_ticks) >= 0) {
        at++;
    }
    for (size_t i = at + 1; i < LFI_TAKEN_MAX; i++) {
        list[i - 1] = list[i];
    }
    venue->taken_counts[book_side]--;
}

static void remember_taken(lf_venue *venue, size_t book_side, int64_t price_ticks, int64_t lots)
{
    lfi_taken *const list = venue->taken[book_side];
    size_t *const count = &venue->taken_counts[book_side];
    for (size_t i = 0; i < *count; i++) {
        if (list[i].price_ticks == price_ticks) {
            list[i].lots += lots;
            return;
        }
    }
    if (*count == LFI_TAKEN_MAX) {
        forget_unseen(venue, book_side);
    }
    list[(*count)++] = (lfi_taken){price_ticks, lots};
}

void lfi_venue_refresh_taken(lf_venue *venue)
{
    for (size_t book_side = 0; book_side < 2; book_side++) {
        lfi_taken *const list = venue->taken[book_side];
        size_t kept = 0;
        for (size_t i = 0; i < venue->taken_counts[book_side]; i++) {
            const int64_t displayed =
                lfi_venue_displayed(venue, book_side == 0 ? 1 : -1, list[i].price_ticks);
            lfi_taken entry = list[i];
            if (displayed >= 0 && displayed < entry.lots) {
                entry.lots = displayed;
            }
            if (entry.lots > 0) {
                list[kept++] = entry;
            }
        }
        venue->taken_counts[book_side] = kept;
    }
}

lf_status lfi_venue_take(lf_venue *venue, lfi_order *order, int64_t ts_ns, lf_error *error)
{
    const bool buy = order->side > 0;
    const int64_t *const prices = buy ? venue->quotes.ask_ticks : venue->quotes.bid_ticks;
    const int64_t *const lots = buy ? venue->quotes.ask_lots : venue->quotes.bid_lots;
    const size_t book_side = buy ? 1 : 0;
    for (int32_t m = 0; m < venue->instrument.level_count; m++) {
        const int64_t leaves = order->lots - order->filled_lots;
        const bool too_far =
            order->price_ticks != LF_PRICE_NONE &&
            (buy ? prices[m] > order->price_ticks : prices[m] < order->price_ticks);
        if (leaves == 0 || (lots[m] > 0 && too_far)) {
            break;
        }
        const int64_t there = lots[m] - taken_at(venue, book_side, prices[m]);
        const int64_t take = there < leaves ? there : leaves;
        if (take <= 0) {
            continue;
        }
        const lf_status status =
            lfi_venue_fill(venue, order, prices[m], take, LF_LIQUIDITY_TAKER, ts_ns, error);
        if (status != LF_OK) {
            return status;
        }
        remember_taken(venue, book_side, prices[m], take);
    }
    return LF_OK;
}

/* ---- new orders ------------------------------------------------------------------------- */

static bool crosses(const lf_venue *venue, const lf_request *request)
{
    return request->side > 0 ? request->price_ticks >= venue->quotes.ask_ticks[0]
                             : request->price_ticks <= venue->quotes.bid_ticks[0];
}

static bool is_well_formed(const lf_venue *venue, const lf_request *request)
{
    const bool passive = request->order_kind == LF_ORDER_KIND_PASSIVE;
    /* Trade prices are compared in price units, so a price must survive the product. */
    const int64_t most = INT64_MAX / 4 / venue->instrument.units_per_tick;
    const bool price_fits = request->price_ticks >= -most && request->price_ticks <= most;
    return request->order_id > 0 && request->lots > 0 && request->lots <= LFI_AHEAD_UNKNOWN &&
           (request->side == 1 || request->side == -1) &&
           (passive || request->order_kind == LF_ORDER_KIND_MARKETABLE) &&
           (price_fits || (!passive && request->price_ticks == LF_PRICE_NONE)) &&
           lf_venue_ahead(venue, request->order_id) < 0;
}

static lf_reject refusal(const lf_venue *venue, const lf_request *request, int64_t ts_ns)
{
    if (!is_well_formed(venue, request)) {
        return LF_REJECT_BAD_REQUEST;
    }
    if (ts_ns < venue->instrument.session_open_ns || ts_ns >= venue->instrument.session_close_ns) {
        return LF_REJECT_CLOSED;
    }
    if (venue->masked) {
        return LF_REJECT_HALTED;
    }
    if (!venue->valid) {
        return LF_REJECT_INVALID_BOOK;
    }
    if (request->order_kind == LF_ORDER_KIND_PASSIVE && request->post_only &&
        crosses(venue, request)) {
        return LF_REJECT_WOULD_CROSS;
    }
    /* What takes at once needs no room: an exit is never refused for orders that rest. */
    if (request->order_kind == LF_ORDER_KIND_PASSIVE && !crosses(venue, request) &&
        venue->order_count == (size_t)venue->options.orders_max) {
        return LF_REJECT_TOO_MANY;
    }
    return LF_REJECT_NONE;
}

/* Takes what it may and cancels the rest; the order never rests. */
static lf_status take_or_cancel(lf_venue *venue, lfi_order *order, int64_t ts_ns, lf_error *error)
{
    lf_status status = lfi_venue_take(venue, order, ts_ns, error);
    if (status == LF_OK && !lf_order_state_done(order->state)) {
        status = lfi_venue_step(
            venue,
            order,
            LF_ORDER_STATE_CANCELLED,
            LF_REPORT_CANCELLED,
            LF_REJECT_NO_LIQUIDITY,
            ts_ns,
            error
        );
    }
    return status;
}

static lf_status
new_order(lf_venue *venue, const lf_request *request, int64_t ts_ns, lf_error *error)
{
    lfi_order order = {
        .order_id = request->order_id,
        .price_ticks = request->price_ticks,
        .lots = request->lots,
        .side = request->side,
        .kind = request->order_kind,
        .state = LF_ORDER_STATE_SENT,
    };
    venue->stats.order_count++;
    const lf_reject reject = refusal(venue, request, ts_ns);
    const bool refused = reject != LF_REJECT_NONE;
    const lf_status status = lfi_venue_step(
        venue,
        &order,
        refused ? LF_ORDER_STATE_REJECTED : LF_ORDER_STATE_RESTING,
        refused ? LF_REPORT_REJECTED : LF_REPORT_ACCEPTED,
        reject,
        ts_ns,
        error
    );
    if (status != LF_OK || refused) {
        return status;
    }
    if (order.kind == LF_ORDER_KIND_MARKETABLE || crosses(venue, request)) {
        return take_or_cancel(venue, &order, ts_ns, error);
    }
    const int64_t displayed = lfi_venue_displayed(venue, order.side, order.price_ticks);
    order.ahead_lots = displayed >= 0 ? displayed : LFI_AHEAD_UNKNOWN;
    venue->orders[venue->order_count++] = order;
    return LF_OK;
}

/* ---- cancels ---------------------------------------------------------------------------- */

static lf_status
cancel_order(lf_venue *venue, const lf_request *request, int64_t ts_ns, lf_error *error)
{
    for (size_t i = 0; i < venue->order_count; i++) {
        lfi_order *const order = &venue->orders[i];
        if (order->order_id == request->order_id) {
            const lf_status status = lfi_venue_step(
                venue,
                order,
                LF_ORDER_STATE_CANCELLED,
                LF_REPORT_CANCELLED,
                LF_REJECT_NONE,
                ts_ns,
                error
            );
            venue->stats.cancel_count++;
            lfi_venue_sweep(venue);
            return status;
        }
    }
    return lfi_venue_late_cancel(venue, request->order_id, ts_ns, error);
}

lf_status
lf_venue_request(lf_venue *venue, const lf_request *request, int64_t ts_venue_ns, lf_error *error)
{
    venue->stats.request_count++;
    if (venue->order_count > 0 && ts_venue_ns >= venue->instrument.session_close_ns) {
        const lf_status status =
            lfi_venue_expire(venue, LF_REJECT_CLOSED, venue->instrument.session_close_ns, error);
        if (status != LF_OK) {
            return status;
        }
    }
    return request->kind == LF_REQUEST_CANCEL ? cancel_order(venue, request, ts_venue_ns, error)
                                              : new_order(venue, request, ts_venue_ns, error);
}
