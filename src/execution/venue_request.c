/* The venue's side of requests: new orders, changes and cancels. */
#include "execution_internal.h"

#include <math.h>

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

/* ---- taking ----------------------------------------------------------------------------- */

static bool too_far(const lfi_order *order, int64_t price_ticks)
{
    return order->price_ticks != LF_PRICE_NONE &&
           (order->side > 0 ? price_ticks > order->price_ticks : price_ticks < order->price_ticks);
}

/* Displayed lots of the other side's level m that own orders have not taken. */
static int64_t there_at(const lf_venue *venue, int32_t side, int32_t m, int64_t *price_ticks)
{
    const lf_quotes *const quotes = &venue->market->quotes;
    const bool buy = side > 0;
    *price_ticks = buy ? quotes->ask_ticks[m] : quotes->bid_ticks[m];
    const int64_t lots = buy ? quotes->ask_lots[m] : quotes->bid_lots[m];
    return lots > 0 ? lots - taken_at(venue, buy ? 1 : 0, *price_ticks) : 0;
}

int64_t lfi_venue_takeable(const lf_venue *venue, const lfi_order *order)
{
    int64_t sum = 0;
    for (int32_t m = 0; m < venue->market->instrument.level_count; m++) {
        int64_t price_ticks = 0;
        const int64_t there = there_at(venue, order->side, m, &price_ticks);
        if (there > 0 && !too_far(order, price_ticks)) {
            sum = there < INT64_MAX - sum ? sum + there : INT64_MAX;
        }
    }
    return sum;
}

bool lfi_venue_reached(const lf_venue *venue, int32_t side, int64_t price_ticks)
{
    const lf_quotes *const quotes = &venue->market->quotes;
    const int64_t best = side > 0 ? quotes->ask_ticks[0] : quotes->bid_ticks[0];
    if (side > 0 ? best > price_ticks : best < price_ticks) {
        return false; /* nearly always */
    }
    const lfi_order at = {.side = side, .price_ticks = price_ticks};
    return lfi_venue_takeable(venue, &at) > 0;
}

/* The best own order of the other side that stands at a price or before it; NULL: none. */
static lfi_order *own_in_way(lf_venue *venue, int32_t side, int64_t price_ticks)
{
    lfi_order *best = NULL;
    for (size_t i = 0; i < venue->order_count; i++) {
        lfi_order *const other = &venue->orders[i];
        const bool meets =
            price_ticks == LF_PRICE_NONE ||
            (side > 0 ? other->price_ticks <= price_ticks : other->price_ticks >= price_ticks);
        if (other->side == -side && meets && !lfi_order_done(other) &&
            (best == NULL || (side > 0 ? other->price_ticks < best->price_ticks
                                       : other->price_ticks > best->price_ticks))) {
            best = other;
        }
    }
    return best;
}

/* Lots at a price that are taken before an own order is met: what stands before it. */
static int64_t
before_own(const lf_venue *venue, const lfi_order *other, int64_t price_ticks, int64_t there)
{
    if (other == NULL) {
        return there;
    }
    const int64_t front = llround(fmax(lfi_venue_front(venue, other), 0.0));
    const int64_t taken = taken_at(venue, other->side > 0 ? 0 : 1, price_ticks);
    if (other->price_ticks != price_ticks || front <= taken) {
        return 0;
    }
    return front - taken < there ? front - taken : there;
}

/* Ends an own order that is in the way, or says that the incoming one must stop. */
static lf_status
clear_way(lf_venue *venue, lfi_order *other, int64_t ts_ns, bool *stopped, lf_error *error)
{
    if (venue->options.self_trade == LF_SELF_TRADE_CANCEL_INCOMING) {
        *stopped = true;
        return LF_OK;
    }
    venue->stats.cancel_count++;
    return lfi_venue_step(
        venue,
        other,
        LF_ORDER_STATE_CANCELLED,
        LF_REPORT_CANCELLED,
        LF_REJECT_SELF_TRADE,
        ts_ns,
        error
    );
}

/* Takes what level m has, past own orders that stand there or before. */
static lf_status take_level(
    lf_venue *venue, lfi_order *order, int32_t m, int64_t ts_ns, bool *stopped, lf_error *error
)
{
    for (;;) {
        int64_t price_ticks = 0;
        const int64_t there = there_at(venue, order->side, m, &price_ticks);
        const int64_t leaves = order->lots - order->filled_lots;
        if (there <= 0 || leaves == 0 || too_far(order, price_ticks)) {
            return LF_OK;
        }
        lfi_order *const other = own_in_way(venue, order->side, price_ticks);
        const int64_t most = before_own(venue, other, price_ticks, there);
        const int64_t take = most < leaves ? most : leaves;
        lf_status status = LF_OK;
        if (take > 0) {
            status =
                lfi_venue_fill(venue, order, price_ticks, take, LF_LIQUIDITY_TAKER, ts_ns, error);
            remember_taken(venue, order->side > 0 ? 1 : 0, price_ticks, take);
        }
        if (status == LF_OK && take < leaves && other != NULL) {
            status = clear_way(venue, other, ts_ns, stopped, error);
        }
        if (status != LF_OK || *stopped) {
            return status;
        }
    }
}

lf_status
lfi_venue_take(lf_venue *venue, lfi_order *order, int64_t ts_ns, bool *stopped, lf_error *error)
{
    *stopped = false;
    /* No level is better than the best. */
    const lf_quotes *const quotes = &venue->market->quotes;
    const bool reaches =
        !too_far(order, order->side > 0 ? quotes->ask_ticks[0] : quotes->bid_ticks[0]);
    for (int32_t m = 0; reaches && m < venue->market->instrument.level_count && !*stopped; m++) {
        const lf_status status = take_level(venue, order, m, ts_ns, stopped, error);
        if (status != LF_OK) {
            return status;
        }
    }
    /* An own order may stand inside the spread, or where nothing is left to take. */
    while (order->filled_lots < order->lots && !*stopped) {
        lfi_order *const other = own_in_way(venue, order->side, order->price_ticks);
        if (other == NULL) {
            break;
        }
        const lf_status status = clear_way(venue, other, ts_ns, stopped, error);
        if (status != LF_OK) {
            return status;
        }
    }
    return LF_OK;
}

/* ---- entering --------------------------------------------------------------------------- */

static bool crosses(const lf_venue *venue, int32_t side, int64_t price_ticks)
{
    const lf_quotes *const quotes = &venue->market->quotes;
    return side > 0 ? price_ticks >= quotes->ask_ticks[0] : price_ticks <= quotes->bid_ticks[0];
}

int64_t lf_venue_depth(const lf_venue *venue, const lf_request *request)
{
    const lfi_order order = {.side = request->side, .price_ticks = request->price_ticks};
    if (!venue->market->is_valid) {
        return -1;
    }
    return request->order_kind == LF_ORDER_KIND_MARKETABLE ||
                   crosses(venue, request->side, request->price_ticks)
               ? lfi_venue_takeable(venue, &order)
               : lfi_venue_displayed(venue, request->side, request->price_ticks);
}

static bool price_fits(const lf_venue *venue, int64_t price_ticks)
{
    /* Trade prices are compared in price units, so a price must survive the product. */
    const int64_t most = INT64_MAX / 4 / venue->market->instrument.units_per_tick;
    return price_ticks >= -most && price_ticks <= most;
}

static bool is_well_formed(const lf_venue *venue, const lf_request *request)
{
    const bool passive = request->order_kind == LF_ORDER_KIND_PASSIVE;
    return request->order_id > 0 && request->lots > 0 && request->lots <= LFI_AHEAD_UNKNOWN &&
           (request->side == 1 || request->side == -1) &&
           (passive || request->order_kind == LF_ORDER_KIND_MARKETABLE) &&
           (price_fits(venue, request->price_ticks) ||
            (!passive && request->price_ticks == LF_PRICE_NONE)) &&
           (size_t)request->tif <= LF_TIF_FOK &&
           !(passive && request->post_only && request->tif != LF_TIF_DAY) &&
           (venue->l3 == NULL || lfi_fifo_has_room(request->order_id)) &&
           lf_venue_ahead(venue, request->order_id) < 0;
}

/* Why nothing may be entered now. */
static lf_reject refusal(const lf_venue *venue, int64_t ts_ns)
{
    const lf_market *const market = venue->market;
    if (ts_ns < market->instrument.session_open_ns ||
        ts_ns >= market->instrument.session_close_ns) {
        return LF_REJECT_CLOSED;
    }
    if (market->is_masked) {
        return LF_REJECT_HALTED;
    }
    return market->is_valid ? LF_REJECT_NONE : LF_REJECT_INVALID_BOOK;
}

static lf_reject refusal_of(const lf_venue *venue, const lf_request *request, int64_t ts_ns)
{
    if (!is_well_formed(venue, request)) {
        return LF_REJECT_BAD_REQUEST;
    }
    const lf_reject reject = refusal(venue, ts_ns);
    if (reject != LF_REJECT_NONE || request->order_kind != LF_ORDER_KIND_PASSIVE) {
        return reject;
    }
    const bool crossing = crosses(venue, request->side, request->price_ticks);
    if (request->post_only && crossing) {
        return LF_REJECT_WOULD_CROSS;
    }
    /* What takes at once needs no room: an exit is never refused for orders that rest. */
    return !crossing && request->tif == LF_TIF_DAY &&
                   venue->order_count == (size_t)venue->options.orders_max
               ? LF_REJECT_TOO_MANY
               : LF_REJECT_NONE;
}

static lf_status
cancel_rest(lf_venue *venue, lfi_order *order, lf_reject reject, int64_t ts_ns, lf_error *error)
{
    return lfi_venue_step(
        venue, order, LF_ORDER_STATE_CANCELLED, LF_REPORT_CANCELLED, reject, ts_ns, error
    );
}

/* What is left of an order joins a queue if it may. */
static lf_status rest_or_cancel(lf_venue *venue, lfi_order *order, int64_t ts_ns, lf_error *error)
{
    if (order->kind == LF_ORDER_KIND_MARKETABLE || order->tif != LF_TIF_DAY) {
        return cancel_rest(venue, order, LF_REJECT_NO_LIQUIDITY, ts_ns, error);
    }
    if (venue->order_count == (size_t)venue->options.orders_max) {
        return cancel_rest(venue, order, LF_REJECT_TOO_MANY, ts_ns, error);
    }
    venue->orders[venue->order_count++] = *order;
    lfi_order *const rests = &venue->orders[venue->order_count - 1];
    if (venue->l3 != NULL) {
        return lfi_fifo_join(venue, rests, error);
    }
    lfi_queue_join(&rests->place, lfi_venue_displayed(venue, order->side, order->price_ticks));
    return LF_OK;
}

/* Why an order that must be filled whole cannot be. */
static lf_reject kill_reason(lf_venue *venue, const lfi_order *order)
{
    if (lfi_venue_takeable(venue, order) < order->lots) {
        return LF_REJECT_NO_LIQUIDITY;
    }
    const lfi_order *const other = own_in_way(venue, order->side, order->price_ticks);
    if (other == NULL || venue->options.self_trade == LF_SELF_TRADE_CANCEL_RESTING) {
        return LF_REJECT_NONE;
    }
    lfi_order before = *order;
    before.price_ticks = other->price_ticks - order->side;
    int64_t sum = lfi_venue_takeable(venue, &before);
    for (int32_t m = 0; m < venue->market->instrument.level_count && sum < order->lots; m++) {
        int64_t price_ticks = 0;
        const int64_t there = there_at(venue, order->side, m, &price_ticks);
        if (there > 0 && price_ticks == other->price_ticks) {
            sum += before_own(venue, other, price_ticks, there);
        }
    }
    return sum < order->lots ? LF_REJECT_SELF_TRADE : LF_REJECT_NONE;
}

/* An accepted order that is not in the list: takes what it may, and the rest rests or goes. */
static lf_status enter(lf_venue *venue, lfi_order *order, int64_t ts_ns, lf_error *error)
{
    if (order->tif == LF_TIF_FOK) {
        const lf_reject reject = kill_reason(venue, order);
        if (reject != LF_REJECT_NONE) {
            return cancel_rest(venue, order, reject, ts_ns, error);
        }
    }
    bool stopped = false;
    lf_status status = lfi_venue_take(venue, order, ts_ns, &stopped, error);
    lfi_venue_sweep(venue);
    if (status != LF_OK || lfi_order_done(order)) {
        return status;
    }
    return stopped ? cancel_rest(venue, order, LF_REJECT_SELF_TRADE, ts_ns, error)
                   : rest_or_cancel(venue, order, ts_ns, error);
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
        .tif = request->tif,
        .post_only = request->post_only && request->order_kind == LF_ORDER_KIND_PASSIVE,
    };
    venue->stats.order_count++;
    const lf_reject reject = refusal_of(venue, request, ts_ns);
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
    return status != LF_OK || refused ? status : enter(venue, &order, ts_ns, error);
}

/* ---- orders that rest ------------------------------------------------------------------- */

static lfi_order *find(lf_venue *venue, uint64_t order_id)
{
    for (size_t i = 0; i < venue->order_count; i++) {
        if (venue->orders[i].order_id == order_id) {
            return &venue->orders[i];
        }
    }
    return NULL;
}

static lf_status cancel_order(lf_venue *venue, lfi_order *order, int64_t ts_ns, lf_error *error)
{
    const lf_status status = cancel_rest(venue, order, LF_REJECT_NONE, ts_ns, error);
    venue->stats.cancel_count++;
    lfi_venue_sweep(venue);
    return status;
}

/* Why a resting order may not become what a request wants. */
static lf_reject modify_refusal(
    const lf_venue *venue, const lfi_order *order, const lf_request *request, int64_t ts_ns
)
{
    if (request->lots <= 0 || request->lots > LFI_AHEAD_UNKNOWN ||
        !price_fits(venue, request->price_ticks)) {
        return LF_REJECT_BAD_REQUEST;
    }
    /* Wanting less is as good as a cancel, which is always allowed. */
    if (request->price_ticks == order->price_ticks && request->lots <= order->lots) {
        return LF_REJECT_NONE;
    }
    const lf_reject reject = refusal(venue, ts_ns);
    return reject == LF_REJECT_NONE && order->post_only &&
                   crosses(venue, order->side, request->price_ticks)
               ? LF_REJECT_WOULD_CROSS
               : reject;
}

static lf_status modify_order(
    lf_venue *venue, lfi_order *order, const lf_request *request, int64_t ts_ns, lf_error *error
)
{
    const lf_reject reject = modify_refusal(venue, order, request, ts_ns);
    if (reject != LF_REJECT_NONE) {
        return lfi_venue_refuse(
            venue, order->order_id, order, LF_REPORT_MODIFY_REJECTED, reject, ts_ns, error
        );
    }
    if (request->lots <= order->filled_lots) {
        return cancel_order(venue, order, ts_ns, error);
    }
    const bool keeps = request->price_ticks == order->price_ticks && request->lots <= order->lots;
    order->lots = request->lots;
    order->price_ticks = request->price_ticks;
    const lf_status status = lfi_venue_step(
        venue, order, order->state, LF_REPORT_MODIFIED, LF_REJECT_NONE, ts_ns, error
    );
    if (status != LF_OK || keeps) {
        return status;
    }
    /* It leaves the list and comes in again, as the youngest. */
    lfi_order moved = *order;
    if (venue->l3 != NULL) {
        lfi_fifo_leave(venue, &moved);
    }
    const size_t at = (size_t)(order - venue->orders);
    for (size_t i = at + 1; i < venue->order_count; i++) {
        venue->orders[i - 1] = venue->orders[i];
    }
    venue->order_count--;
    return enter(venue, &moved, ts_ns, error);
}

/* A request in an open session. */
static lf_status handle(lf_venue *venue, const lf_request *request, int64_t ts_ns, lf_error *error)
{
    if (request->kind == LF_REQUEST_NEW) {
        return new_order(venue, request, ts_ns, error);
    }
    const bool cancel = request->kind == LF_REQUEST_CANCEL;
    lfi_order *const order = find(venue, request->order_id);
    if (order == NULL) {
        return lfi_venue_refuse(
            venue,
            request->order_id,
            NULL,
            cancel ? LF_REPORT_CANCEL_REJECTED : LF_REPORT_MODIFY_REJECTED,
            LF_REJECT_UNKNOWN_ORDER,
            ts_ns,
            error
        );
    }
    return cancel ? cancel_order(venue, order, ts_ns, error)
                  : modify_order(venue, order, request, ts_ns, error);
}

lf_status
lf_venue_request(lf_venue *venue, const lf_request *request, int64_t ts_venue_ns, lf_error *error)
{
    const int64_t close_ns = venue->market->instrument.session_close_ns;
    lf_status status = LF_OK;
    venue->stats.request_count++;
    venue->mid2 = venue->market->mid2;
    if (venue->order_count > 0 && ts_venue_ns >= close_ns) {
        status = lfi_venue_expire(venue, LF_REJECT_CLOSED, close_ns, error);
    }
    if (status == LF_OK) {
        status = handle(venue, request, ts_venue_ns, error);
    }
    lfi_market_watch(venue);
    return status;
}
