/*
 * A slow and obvious twin of the venue: every price is a queue of pieces in which strangers and own
 * orders stand one behind the other. Trades eat from the front, cancellations leave at the back,
 * growth joins at the back; that is all there is to the risk-averse rule. Prices are an array. Own
 * orders are asked in the order in which they took their places, which a modification may renew.
 */
#ifndef LOBFLOW_EXECUTION_TWIN_TESTING_H
#define LOBFLOW_EXECUTION_TWIN_TESTING_H

#include <lobflow/execution.h>

#include <assert.h>
#include <string.h>

/* Prices are base + 0 ... TWIN_TICKS - 1. */
#define TWIN_TICKS 64
#define TWIN_PIECES 64
#define TWIN_ORDERS 8192
#define TWIN_REPORTS 512
/* Strangers that nobody can count: the price was out of view. */
#define TWIN_UNKNOWN (INT64_MAX / 2)
#define TWIN_HIDDEN (-1)

/* Some lots that stand together: strangers (order 0) or what is left of an own order. */
typedef struct twin_piece {
    uint64_t order_id;
    int64_t lots;
} twin_piece;

typedef struct twin_queue {
    twin_piece pieces[TWIN_PIECES];
    int count;
} twin_queue;

typedef struct twin_order {
    lf_request request;
    int64_t filled;
    int place; /* index in the sequence */
    bool rests;
} twin_order;

typedef struct twin {
    lf_instrument instrument;
    int64_t orders_max;
    int64_t base;
    twin_queue queues[2][TWIN_TICKS]; /* 0 bid, 1 ask */
    int64_t shown[2][TWIN_TICKS];     /* lots in view; TWIN_HIDDEN: out of view */
    int64_t taken[2][TWIN_TICKS];
    int64_t best[2];
    int64_t mid2;
    bool valid, masked;
    twin_order orders[TWIN_ORDERS]; /* by id - 1: ids grow in order of arrival */
    int order_count;
    uint64_t sequence[2 * TWIN_ORDERS]; /* ids by time of joining a queue; 0: left again */
    int sequence_count;
    lf_self_trade self_trade;
    lf_report reports[TWIN_REPORTS];
    int report_count;
} twin;

static int twin_side(int32_t side)
{
    return side > 0 ? 0 : 1;
}

/* ---- reports ---------------------------------------------------------------------------- */

static lf_report *twin_report(twin *self, uint64_t id, lf_report_kind kind, int64_t ts_ns)
{
    assert(self->report_count < TWIN_REPORTS);
    lf_report *const report = &self->reports[self->report_count++];
    *report =
        (lf_report){.order_id = id, .ts_venue_ns = ts_ns, .kind = kind, .mid2_venue = self->mid2};
    return report;
}

static void twin_end(
    twin *self,
    twin_order *order,
    lf_report_kind kind,
    lf_order_state state,
    lf_reject why,
    int64_t ts_ns
)
{
    lf_report *const report = twin_report(self, order->request.order_id, kind, ts_ns);
    report->filled_lots = order->filled;
    report->state = state;
    report->reject = why;
    order->rests = false;
}

static void twin_fill(
    twin *self, twin_order *order, int64_t price, int64_t lots, lf_liquidity how, int64_t ts_ns
)
{
    order->filled += lots;
    const int64_t leaves = order->request.lots - order->filled;
    lf_report *const report = twin_report(self, order->request.order_id, LF_REPORT_FILL, ts_ns);
    report->filled_lots = order->filled;
    report->leaves_lots = leaves;
    report->state = leaves == 0 ? LF_ORDER_STATE_FILLED : LF_ORDER_STATE_WORKING_PARTIAL;
    report->fill.price_ticks = price;
    report->fill.lots = lots;
    report->fill.side = order->request.side;
    report->fill.liquidity = how;
    report->fill.value_nano = price * lots * self->instrument.tick_nano;
    if (leaves == 0) {
        order->rests = false;
    }
}

/* ---- queues ----------------------------------------------------------------------------- */

static twin_queue *twin_queue_of(twin *self, const twin_order *order)
{
    return &self->queues[twin_side(order->request.side)][order->request.price_ticks - self->base];
}

/* Adds lots to the end of a list of pieces; strangers side by side are one piece. */
static void twin_join(twin_queue *queue, uint64_t id, int64_t lots)
{
    if (lots == 0) {
        return;
    }
    twin_piece *const last = queue->count > 0 ? &queue->pieces[queue->count - 1] : NULL;
    if (id == 0 && last != NULL && last->order_id == 0) {
        last->lots = lots < TWIN_UNKNOWN - last->lots ? last->lots + lots : TWIN_UNKNOWN;
        return;
    }
    assert(queue->count < TWIN_PIECES);
    queue->pieces[queue->count++] = (twin_piece){id, lots};
}

/* Takes pieces out that are empty or whose order rests no more; a queue without own orders is
   nobody's business. */
static void twin_tidy(twin *self, twin_queue *queue)
{
    twin_queue kept = {.count = 0};
    bool own = false;
    for (int i = 0; i < queue->count; i++) {
        const twin_piece piece = queue->pieces[i];
        if (piece.order_id == 0 || self->orders[piece.order_id - 1].rests) {
            twin_join(&kept, piece.order_id, piece.lots);
            own |= piece.order_id != 0;
        }
    }
    queue->count = 0;
    if (own) {
        *queue = kept;
    }
}

static void twin_tidy_all(twin *self)
{
    for (int side = 0; side < 2; side++) {
        for (int tick = 0; tick < TWIN_TICKS; tick++) {
            twin_tidy(self, &self->queues[side][tick]);
        }
    }
}

/* Strangers become as many as are shown: the last ones leave first. */
static void twin_show(twin_queue *queue, int64_t shown)
{
    int64_t total = 0;
    for (int i = 0; i < queue->count; i++) {
        twin_piece *const piece = &queue->pieces[i];
        if (piece->order_id == 0) {
            /* No piece can be larger than the whole; this also counts the unknown ones. */
            piece->lots = piece->lots < shown ? piece->lots : shown;
            total += piece->lots;
        }
    }
    for (int i = queue->count - 1; i >= 0 && total > shown; i--) {
        twin_piece *const piece = &queue->pieces[i];
        if (piece->order_id == 0) {
            const int64_t leave = piece->lots < total - shown ? piece->lots : total - shown;
            piece->lots -= leave;
            total -= leave;
        }
    }
    twin_join(queue, 0, shown - total);
}

/* Strangers in front of an order; -1 when it does not rest. */
static int64_t twin_ahead(twin *self, uint64_t id)
{
    const twin_order *const order = &self->orders[id - 1];
    int64_t ahead = 0;
    if (!order->rests) {
        return -1;
    }
    const twin_queue *const queue = twin_queue_of(self, order);
    for (int i = 0; i < queue->count && queue->pieces[i].order_id != id; i++) {
        const twin_piece *const piece = &queue->pieces[i];
        ahead += piece->order_id == 0 && ahead < TWIN_UNKNOWN / 2 ? piece->lots : 0;
    }
    return ahead;
}

/* ---- sequence --------------------------------------------------------------------------- */

/* The order that took the i-th place, if it still rests there. */
static twin_order *twin_next(twin *self, int i)
{
    twin_order *const order = self->sequence[i] == 0 ? NULL : &self->orders[self->sequence[i] - 1];
    return order != NULL && order->rests && order->place == i ? order : NULL;
}

static void twin_take_place(twin *self, twin_order *order)
{
    assert(self->sequence_count < 2 * TWIN_ORDERS);
    order->place = self->sequence_count++;
    self->sequence[order->place] = order->request.order_id;
    order->rests = true;
}

/* ---- events ----------------------------------------------------------------------------- */

static void twin_expire(twin *self, lf_reject why, int64_t ts_ns)
{
    for (int i = 0; i < self->sequence_count; i++) {
        twin_order *const order = twin_next(self, i);
        if (order != NULL) {
            twin_end(self, order, LF_REPORT_EXPIRED, LF_ORDER_STATE_EXPIRED, why, ts_ns);
        }
    }
    twin_tidy_all(self);
}

/* One trade eats the queue at its price; what each own order gets is noted by id. */
static void twin_eat(twin *self, twin_queue *queue, int64_t lots, int64_t got[TWIN_PIECES][2])
{
    int count = 0;
    for (int i = 0; i < queue->count && lots > 0; i++) {
        twin_piece *const piece = &queue->pieces[i];
        if (piece->order_id != 0 && !self->orders[piece->order_id - 1].rests) {
            continue;
        }
        const int64_t part = piece->lots < lots ? piece->lots : lots;
        piece->lots -= part;
        lots -= part;
        if (piece->order_id != 0) {
            got[count][0] = (int64_t)piece->order_id;
            got[count++][1] = part;
        }
    }
    got[count][0] = 0;
}

static int64_t twin_got(int64_t got[TWIN_PIECES][2], uint64_t id)
{
    for (int i = 0; got[i][0] != 0; i++) {
        if (got[i][0] == (int64_t)id) {
            return got[i][1];
        }
    }
    return 0;
}

static void twin_trade(twin *self, const lf_trade *trade, int64_t ts_ns)
{
    const int64_t units = self->instrument.units_per_tick;
    int64_t got[TWIN_PIECES][2] = {{0}};
    int sign = trade->sign;
    if (sign == LF_SIGN_UNKNOWN) {
        const int64_t twice = 2 * trade->price_units - self->mid2 * units;
        sign = self->mid2 == 0 ? 0 : (twice > 0) - (twice < 0);
    }
    const int64_t tick = trade->price_units / units - self->base;
    if (sign != 0 && !trade->hidden && trade->price_units % units == 0 && tick >= 0 &&
        tick < TWIN_TICKS) {
        twin_eat(self, &self->queues[sign < 0 ? 0 : 1][tick], trade->size_lots, got);
    }
    for (int i = 0; i < self->sequence_count; i++) {
        twin_order *const order = twin_next(self, i);
        if (order == NULL) {
            continue;
        }
        const lf_request *const request = &order->request;
        const int64_t own_units = request->price_ticks * units;
        const bool through =
            request->side > 0 ? trade->price_units < own_units : trade->price_units > own_units;
        const int64_t part = twin_got(got, request->order_id);
        if (through) {
            const int64_t rest = request->lots - order->filled;
            twin_fill(self, order, request->price_ticks, rest, LF_LIQUIDITY_MAKER_CROSSED, ts_ns);
        } else if (part > 0) {
            twin_fill(self, order, request->price_ticks, part, LF_LIQUIDITY_MAKER, ts_ns);
        }
    }
    twin_tidy_all(self);
}

/* What the feed lets us know of each price of a side. */
static void twin_look(twin *self, const lf_quotes *quotes, int side)
{
    const int64_t *const prices = side == 0 ? quotes->bid_ticks : quotes->ask_ticks;
    const int64_t *const lots = side == 0 ? quotes->bid_lots : quotes->ask_lots;
    const int last = self->instrument.level_count - 1;
    int64_t worst = side == 0 ? INT64_MAX : INT64_MIN;
    for (int tick = 0; tick < TWIN_TICKS; tick++) {
        self->shown[side][tick] = 0;
    }
    for (int m = 0; m <= last; m++) {
        if (lots[m] > 0) {
            self->shown[side][prices[m] - self->base] = lots[m];
            worst = prices[m];
        }
    }
    self->best[side] = prices[0];
    for (int tick = 0; tick < TWIN_TICKS && lots[last] > 0; tick++) {
        const int64_t price = self->base + tick;
        if (side == 0 ? price < worst : price > worst) {
            self->shown[side][tick] = TWIN_HIDDEN;
        }
    }
}

/* Lots of the other side in view, up to a price, that own orders have not taken. */
static int64_t twin_untaken(const twin *self, const lf_request *request, int64_t price)
{
    const int other = request->side > 0 ? 1 : 0;
    int64_t sum = 0;
    for (int tick = 0; tick < TWIN_TICKS; tick++) {
        const int64_t at = self->base + tick;
        const bool within =
            price == LF_PRICE_NONE || (request->side > 0 ? at <= price : at >= price);
        if (within && self->shown[other][tick] > 0) {
            sum += self->shown[other][tick] - self->taken[other][tick];
        }
    }
    return sum;
}

static void twin_state(twin *self, int64_t ts_ns)
{
    for (int side = 0; side < 2; side++) {
        for (int tick = 0; tick < TWIN_TICKS; tick++) {
            const int64_t shown = self->shown[side][tick];
            twin_queue *const queue = &self->queues[side][tick];
            if (shown != TWIN_HIDDEN && queue->count > 0) {
                twin_show(queue, shown);
            }
            if (shown != TWIN_HIDDEN && self->taken[side][tick] > shown) {
                self->taken[side][tick] = shown;
            }
        }
    }
    for (int i = 0; i < self->sequence_count; i++) {
        twin_order *const order = twin_next(self, i);
        if (order != NULL && twin_untaken(self, &order->request, order->request.price_ticks) > 0) {
            const lf_request *const request = &order->request;
            const int64_t rest = request->lots - order->filled;
            twin_fill(self, order, request->price_ticks, rest, LF_LIQUIDITY_MAKER_CROSSED, ts_ns);
        }
    }
    twin_tidy_all(self);
}

static void twin_event(twin *self, const lf_event *event, const lf_trade *trades)
{
    if (event->ts_exchange_ns >= self->instrument.session_close_ns) {
        twin_expire(self, LF_REJECT_CLOSED, self->instrument.session_close_ns);
    }
    if ((event->flags & LF_EVENT_RESET) != 0) {
        memset(self->taken, 0, sizeof self->taken);
        twin_expire(self, LF_REJECT_RESET, event->ts_exchange_ns);
    }
    self->masked = (event->flags & LF_EVENT_MASKED) != 0;
    for (int i = 0; i < event->trade_count && !self->masked && event->kind != LF_EVENT_CROSS; i++) {
        twin_trade(self, &trades[i], event->ts_exchange_ns);
    }
    const lf_quotes *const quotes = &event->quotes;
    self->valid = !self->masked && quotes->bid_lots[0] > 0 && quotes->ask_lots[0] > 0 &&
                  quotes->bid_ticks[0] < quotes->ask_ticks[0];
    if (self->valid) {
        self->mid2 = quotes->bid_ticks[0] + quotes->ask_ticks[0];
        twin_look(self, quotes, 0);
        twin_look(self, quotes, 1);
        twin_state(self, event->ts_exchange_ns);
    }
}

/* ---- requests --------------------------------------------------------------------------- */

/* The own order that an incoming one meets first, up to a price. */
static twin_order *twin_met(twin *self, const lf_request *request, int64_t price)
{
    twin_order *met = NULL;
    for (int i = 0; i < self->sequence_count; i++) {
        twin_order *const other = twin_next(self, i);
        if (other == NULL || other->request.side == request->side) {
            continue;
        }
        const int64_t at = other->request.price_ticks;
        if ((price == LF_PRICE_NONE || (request->side > 0 ? at <= price : at >= price)) &&
            (met == NULL ||
             (request->side > 0 ? at < met->request.price_ticks : at > met->request.price_ticks))) {
            met = other;
        }
    }
    return met;
}

/* Deals with an own order in the way. @return whether the incoming one may go on */
static bool twin_clear(twin *self, twin_order *met, int64_t ts_ns)
{
    if (self->self_trade == LF_SELF_TRADE_CANCEL_INCOMING) {
        return false;
    }
    twin_end(self, met, LF_REPORT_CANCELLED, LF_ORDER_STATE_CANCELLED, LF_REJECT_SELF_TRADE, ts_ns);
    return true;
}

/* Lots at a tick that stand before the own order that is met there. */
static int64_t twin_before(twin *self, const twin_order *met, int64_t price, int64_t there)
{
    if (met == NULL) {
        return there;
    }
    const int book = twin_side(met->request.side);
    const int64_t front =
        twin_ahead(self, met->request.order_id) - self->taken[book][price - self->base];
    if (met->request.price_ticks != price || front <= 0) {
        return 0;
    }
    return front < there ? front : there;
}

/* Eats displayed lots of the other side tick by tick. @return whether it may go on */
static bool twin_take(twin *self, twin_order *order, int64_t ts_ns)
{
    const lf_request *const request = &order->request;
    const int other = request->side > 0 ? 1 : 0;
    const int step = request->side > 0 ? 1 : -1;
    int tick = request->side > 0 ? 0 : TWIN_TICKS - 1;
    while (tick >= 0 && tick < TWIN_TICKS && order->filled < request->lots) {
        const int64_t price = self->base + tick;
        const int64_t there = self->shown[other][tick] - self->taken[other][tick];
        const bool too_far =
            request->price_ticks != LF_PRICE_NONE &&
            (request->side > 0 ? price > request->price_ticks : price < request->price_ticks);
        if (self->shown[other][tick] <= 0 || there <= 0 || too_far) {
            tick += step;
            continue;
        }
        twin_order *const met = twin_met(self, request, price);
        const int64_t left = request->lots - order->filled;
        const int64_t most = twin_before(self, met, price, there);
        const int64_t part = most < left ? most : left;
        if (part > 0) {
            self->taken[other][tick] += part;
            twin_fill(self, order, price, part, LF_LIQUIDITY_TAKER, ts_ns);
        }
        if (part < left && met != NULL && !twin_clear(self, met, ts_ns)) {
            return false;
        }
    }
    twin_order *met = NULL;
    while (order->filled < request->lots &&
           (met = twin_met(self, request, request->price_ticks)) != NULL) {
        if (!twin_clear(self, met, ts_ns)) {
            return false;
        }
    }
    return true;
}

static int twin_resting(twin *self)
{
    int count = 0;
    for (int i = 0; i < self->sequence_count; i++) {
        count += twin_next(self, i) != NULL;
    }
    return count;
}

static bool twin_crosses(const twin *self, int32_t side, int64_t price)
{
    return side > 0 ? price >= self->best[1] : price <= self->best[0];
}

static lf_reject twin_closed(const twin *self, int64_t ts_ns)
{
    if (ts_ns < self->instrument.session_open_ns || ts_ns >= self->instrument.session_close_ns) {
        return LF_REJECT_CLOSED;
    }
    if (self->masked) {
        return LF_REJECT_HALTED;
    }
    return self->valid ? LF_REJECT_NONE : LF_REJECT_INVALID_BOOK;
}

static lf_reject twin_refusal(twin *self, const lf_request *request, int64_t ts_ns)
{
    const bool passive = request->order_kind == LF_ORDER_KIND_PASSIVE;
    const bool crosses = passive && twin_crosses(self, request->side, request->price_ticks);
    const bool may_rest = passive && request->tif == LF_TIF_DAY;
    if (passive && request->post_only && !may_rest) {
        return LF_REJECT_BAD_REQUEST;
    }
    const lf_reject why = twin_closed(self, ts_ns);
    if (why != LF_REJECT_NONE) {
        return why;
    }
    if (crosses && request->post_only) {
        return LF_REJECT_WOULD_CROSS;
    }
    return may_rest && !crosses && twin_resting(self) == self->orders_max ? LF_REJECT_TOO_MANY
                                                                          : LF_REJECT_NONE;
}

static void twin_drop(twin *self, twin_order *order, lf_reject why, int64_t ts_ns)
{
    twin_end(self, order, LF_REPORT_CANCELLED, LF_ORDER_STATE_CANCELLED, why, ts_ns);
}

/* Why an order that wants all or nothing gets nothing. */
static lf_reject twin_kill(twin *self, const lf_request *request)
{
    if (twin_untaken(self, request, request->price_ticks) < request->lots) {
        return LF_REJECT_NO_LIQUIDITY;
    }
    const twin_order *const met = twin_met(self, request, request->price_ticks);
    if (met == NULL || self->self_trade == LF_SELF_TRADE_CANCEL_RESTING) {
        return LF_REJECT_NONE;
    }
    const int64_t price = met->request.price_ticks;
    const int other = request->side > 0 ? 1 : 0;
    const int64_t shown = self->shown[other][price - self->base];
    const int64_t there = shown > 0 ? shown - self->taken[other][price - self->base] : 0;
    const int64_t before = twin_untaken(self, request, price - request->side) +
                           (there > 0 ? twin_before(self, met, price, there) : 0);
    return before < request->lots ? LF_REJECT_SELF_TRADE : LF_REJECT_NONE;
}

/* An order that does not rest (yet) takes, and its rest finds a place or not. */
static void twin_enter(twin *self, twin_order *order, int64_t ts_ns)
{
    const lf_request *const request = &order->request;
    const bool may_rest =
        request->order_kind == LF_ORDER_KIND_PASSIVE && request->tif == LF_TIF_DAY;
    const lf_reject kill = request->tif == LF_TIF_FOK ? twin_kill(self, request) : LF_REJECT_NONE;
    if (kill != LF_REJECT_NONE) {
        twin_drop(self, order, kill, ts_ns);
        return;
    }
    const bool goes_on = twin_take(self, order, ts_ns);
    twin_tidy_all(self);
    if (order->filled == request->lots) {
        return;
    }
    if (!goes_on || !may_rest || twin_resting(self) == self->orders_max) {
        const lf_reject room = may_rest ? LF_REJECT_TOO_MANY : LF_REJECT_NO_LIQUIDITY;
        twin_drop(self, order, goes_on ? room : LF_REJECT_SELF_TRADE, ts_ns);
        return;
    }
    twin_queue *const queue = twin_queue_of(self, order);
    const int64_t shown = self->shown[twin_side(request->side)][request->price_ticks - self->base];
    if (shown == TWIN_HIDDEN) {
        twin_join(queue, 0, TWIN_UNKNOWN);
    } else if (queue->count == 0) {
        twin_join(queue, 0, shown);
    }
    twin_join(queue, request->order_id, request->lots - order->filled);
    twin_take_place(self, order);
}

static void twin_new(twin *self, const lf_request *request, int64_t ts_ns)
{
    assert(self->order_count < TWIN_ORDERS && request->order_id == (uint64_t)self->order_count + 1);
    twin_order *const order = &self->orders[self->order_count++];
    *order = (twin_order){.request = *request};
    const lf_reject why = twin_refusal(self, request, ts_ns);
    if (why != LF_REJECT_NONE) {
        twin_end(self, order, LF_REPORT_REJECTED, LF_ORDER_STATE_REJECTED, why, ts_ns);
        return;
    }
    lf_report *const accepted = twin_report(self, request->order_id, LF_REPORT_ACCEPTED, ts_ns);
    accepted->state = LF_ORDER_STATE_RESTING;
    accepted->leaves_lots = request->lots;
    twin_enter(self, order, ts_ns);
}

/* Cuts an own order's piece to what it still wants. */
static void twin_cut(twin *self, twin_order *order, int64_t lots)
{
    twin_queue *const queue = twin_queue_of(self, order);
    for (int i = 0; i < queue->count; i++) {
        if (queue->pieces[i].order_id == order->request.order_id) {
            queue->pieces[i].lots = lots - order->filled;
        }
    }
    order->request.lots = lots;
}

static void twin_modify(twin *self, twin_order *order, const lf_request *wish, int64_t ts_ns)
{
    lf_request *const request = &order->request;
    const bool less = wish->price_ticks == request->price_ticks && wish->lots <= request->lots;
    lf_reject why = wish->lots <= 0 ? LF_REJECT_BAD_REQUEST
                    : less          ? LF_REJECT_NONE
                                    : twin_closed(self, ts_ns);
    if (why == LF_REJECT_NONE && !less && request->post_only &&
        twin_crosses(self, request->side, wish->price_ticks)) {
        why = LF_REJECT_WOULD_CROSS;
    }
    if (why == LF_REJECT_NONE && wish->lots <= order->filled) {
        twin_drop(self, order, LF_REJECT_NONE, ts_ns);
        twin_tidy_all(self);
        return;
    }
    const bool done = why == LF_REJECT_NONE;
    lf_report *const report = twin_report(
        self, request->order_id, done ? LF_REPORT_MODIFIED : LF_REPORT_MODIFY_REJECTED, ts_ns
    );
    report->filled_lots = order->filled;
    report->leaves_lots = (done ? wish->lots : request->lots) - order->filled;
    report->state = order->filled > 0 ? LF_ORDER_STATE_WORKING_PARTIAL : LF_ORDER_STATE_RESTING;
    report->reject = why;
    if (done && less) {
        twin_cut(self, order, wish->lots);
    } else if (done) {
        order->rests = false;
        twin_tidy_all(self);
        request->lots = wish->lots;
        request->price_ticks = wish->price_ticks;
        twin_enter(self, order, ts_ns);
    }
}

static void twin_request(twin *self, const lf_request *request, int64_t ts_ns)
{
    if (ts_ns >= self->instrument.session_close_ns) {
        twin_expire(self, LF_REJECT_CLOSED, self->instrument.session_close_ns);
    }
    if (request->kind == LF_REQUEST_NEW) {
        twin_new(self, request, ts_ns);
        return;
    }
    const bool known = request->order_id > 0 && request->order_id <= (uint64_t)self->order_count;
    twin_order *const order = known ? &self->orders[request->order_id - 1] : NULL;
    const bool cancel = request->kind == LF_REQUEST_CANCEL;
    if (order != NULL && order->rests) {
        if (cancel) {
            twin_drop(self, order, LF_REJECT_NONE, ts_ns);
            twin_tidy_all(self);
        } else {
            twin_modify(self, order, request, ts_ns);
        }
        return;
    }
    lf_report *const late = twin_report(
        self,
        request->order_id,
        cancel ? LF_REPORT_CANCEL_REJECTED : LF_REPORT_MODIFY_REJECTED,
        ts_ns
    );
    late->state = LF_ORDER_STATE_REJECTED;
    late->reject = LF_REJECT_UNKNOWN_ORDER;
}

#endif
