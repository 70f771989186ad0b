/*
 * A slow and obvious twin of the venue: every price is a queue of pieces in which strangers and own
 * orders stand one behind the other. Trades eat from the front, cancellations leave at the back,
 * growth joins at the back; that is all there is to the risk-averse rule. Prices are an array.
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

/* ---- events ----------------------------------------------------------------------------- */

static void twin_expire(twin *self, lf_reject why, int64_t ts_ns)
{
    for (int i = 0; i < self->order_count; i++) {
        if (self->orders[i].rests) {
            twin_end(self, &self->orders[i], LF_REPORT_EXPIRED, LF_ORDER_STATE_EXPIRED, why, ts_ns);
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
    for (int i = 0; i < self->order_count; i++) {
        twin_order *const order = &self->orders[i];
        const lf_request *const request = &order->request;
        if (!order->rests) {
            continue;
        }
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
    for (int i = 0; i < self->order_count; i++) {
        twin_order *const order = &self->orders[i];
        const lf_request *const request = &order->request;
        const bool reached = request->side > 0 ? self->best[1] <= request->price_ticks
                                               : self->best[0] >= request->price_ticks;
        if (order->rests && reached) {
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

static int twin_resting(const twin *self)
{
    int count = 0;
    for (int i = 0; i < self->order_count; i++) {
        count += self->orders[i].rests;
    }
    return count;
}

/* Eats displayed lots of the other side tick by tick. */
static void twin_take(twin *self, twin_order *order, int64_t ts_ns)
{
    const lf_request *const request = &order->request;
    const int other = request->side > 0 ? 1 : 0;
    const int step = request->side > 0 ? 1 : -1;
    for (int tick = request->side > 0 ? 0 : TWIN_TICKS - 1; tick >= 0 && tick < TWIN_TICKS;
         tick += step) {
        const int64_t price = self->base + tick;
        const int64_t left = request->lots - order->filled;
        const bool too_far =
            request->price_ticks != LF_PRICE_NONE &&
            (request->side > 0 ? price > request->price_ticks : price < request->price_ticks);
        if (self->shown[other][tick] <= 0 || left == 0 || too_far) {
            continue;
        }
        const int64_t there = self->shown[other][tick] - self->taken[other][tick];
        const int64_t part = there < left ? there : left;
        if (part > 0) {
            self->taken[other][tick] += part;
            twin_fill(self, order, price, part, LF_LIQUIDITY_TAKER, ts_ns);
        }
    }
    if (order->filled < request->lots) {
        twin_end(
            self,
            order,
            LF_REPORT_CANCELLED,
            LF_ORDER_STATE_CANCELLED,
            LF_REJECT_NO_LIQUIDITY,
            ts_ns
        );
    }
}

static lf_reject twin_refusal(const twin *self, const lf_request *request, int64_t ts_ns)
{
    const bool passive = request->order_kind == LF_ORDER_KIND_PASSIVE;
    const bool crosses = passive && (request->side > 0 ? request->price_ticks >= self->best[1]
                                                       : request->price_ticks <= self->best[0]);
    if (ts_ns < self->instrument.session_open_ns || ts_ns >= self->instrument.session_close_ns) {
        return LF_REJECT_CLOSED;
    }
    if (self->masked) {
        return LF_REJECT_HALTED;
    }
    if (!self->valid) {
        return LF_REJECT_INVALID_BOOK;
    }
    if (crosses && request->post_only) {
        return LF_REJECT_WOULD_CROSS;
    }
    return passive && !crosses && twin_resting(self) == self->orders_max ? LF_REJECT_TOO_MANY
                                                                         : LF_REJECT_NONE;
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
    if (request->order_kind == LF_ORDER_KIND_MARKETABLE ||
        (request->side > 0 ? request->price_ticks >= self->best[1]
                           : request->price_ticks <= self->best[0])) {
        twin_take(self, order, ts_ns);
        return;
    }
    twin_queue *const queue = twin_queue_of(self, order);
    const int64_t shown = self->shown[twin_side(request->side)][request->price_ticks - self->base];
    if (shown == TWIN_HIDDEN) {
        twin_join(queue, 0, TWIN_UNKNOWN);
    } else if (queue->count == 0) {
        twin_join(queue, 0, shown);
    }
    twin_join(queue, request->order_id, request->lots);
    order->rests = true;
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
    if (known && self->orders[request->order_id - 1].rests) {
        twin_end(
            self,
            &self->orders[request->order_id - 1],
            LF_REPORT_CANCELLED,
            LF_ORDER_STATE_CANCELLED,
            LF_REJECT_NONE,
            ts_ns
        );
        twin_tidy_all(self);
        return;
    }
    lf_report *const late = twin_report(self, request->order_id, LF_REPORT_CANCEL_REJECTED, ts_ns);
    late->state = LF_ORDER_STATE_REJECTED;
    late->reject = LF_REJECT_UNKNOWN_ORDER;
}

#endif
