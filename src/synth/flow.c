/* Order flow: new orders, cancellations, market orders and hidden executions, and their messages.
 */
#include "synth_internal.h"

#include <math.h>
#include <string.h>

/* Fills of one market order. */
#define FILLS_MAX 50
/* Messages of one withdrawal of quotes; the rest follows with the next step. */
#define WITHDRAW_MAX 100
/*
 * A side with fewer orders gets the next ones and loses none but by trades, and trades stop before
 * the last: a market without one side is another model, and every reader would mask it.
 */
#define SIDE_LEAST 24
#define SIDE_LAST 4
/* A price unit of LOBSTER is 1/100 tick. */
#define UNITS_PER_TICK 100

/* Geometric with a mean, at least 1. */
static int64_t draw_size(lf_random *random, double mean)
{
    const double size = ceil(lf_random_exponential(random) * mean);
    return size < 1 ? 1 : (int64_t)size;
}

/* Size of a new order: geometric with a mean that may itself be drawn, so that some are large. */
static int64_t draw_order(lf_synth *s, double part)
{
    const double tail = s->model.size_tail;
    double mean = s->model.size_mean * s->depth_scale * part;
    if (tail > 0) {
        mean *= exp(tail * lf_random_normal(&s->random) - tail * tail / 2);
    }
    return draw_size(&s->random, mean);
}

static int32_t bid_limit(const lf_synth *s)
{
    return (int32_t)floor(s->reference - s->half_spread);
}

static int32_t ask_limit(const lf_synth *s)
{
    return (int32_t)ceil(s->reference + s->half_spread);
}

/* Hand out a message when it shows in the visible book, or when it is a trade. */
static lf_event *emit(lf_synth *s, lf_event_kind kind, uint64_t id, int32_t side, int64_t lots)
{
    lf_event *event = &s->events[s->event_count];
    lfi_ladder_quotes(&s->ladder, s->options.level_count, s->base_ticks, &event->quotes);
    const bool is_shown = memcmp(&event->quotes, &s->shown, sizeof s->shown) != 0;
    if (s->is_silent || (!is_shown && kind != LF_EVENT_HIDDEN)) {
        s->shown = event->quotes;
        return NULL;
    }
    s->shown = event->quotes;
    s->traces[s->event_count++] =
        (lfi_synth_trace){s->latent, s->flow, s->activity, s->heat, s->shock};
    event->ts_exchange_ns = event->ts_local_ns = s->ts_ns;
    event->order_id = id;
    event->size_lots = lots;
    event->price_units = 0;
    event->instrument = 0;
    event->flags = LF_EVENT_LAST;
    event->trade_first = (uint32_t)s->trade_count;
    event->trade_count = 0;
    event->kind = (uint8_t)kind;
    event->side = (int8_t)side;
    return event;
}

static void emit_trade(lf_synth *s, lf_event *event, int64_t price_units, int64_t lots, bool hidden)
{
    if (event != NULL) {
        event->price_units = price_units;
        event->trade_count = 1;
        s->trades[s->trade_count++] = (lf_trade){
            .price_units = price_units,
            .size_lots = lots,
            .sign = (int8_t)-event->side,
            .hidden = hidden,
        };
    }
}

static void add_order(lf_synth *s, int32_t side, int32_t ticks, int64_t lots)
{
    const uint32_t slot = lfi_ladder_add(&s->ladder, side, ticks, lots);
    if (slot == LFI_SYNTH_NONE) {
        return;
    }
    lf_event *event = emit(s, LF_EVENT_ADD, s->ladder.orders[slot].id, side, lots);
    if (event != NULL) {
        event->price_units = (s->base_ticks + ticks) * UNITS_PER_TICK;
    }
}

static void remove_order(lf_synth *s, uint32_t slot, int64_t lots)
{
    const lfi_order order = s->ladder.orders[slot];
    lfi_ladder_reduce(&s->ladder, slot, lots);
    const lf_event_kind kind = lots == order.lots ? LF_EVENT_DELETE : LF_EVENT_CANCEL;
    lf_event *event = emit(s, kind, order.id, order.side, lots);
    if (event != NULL) {
        event->price_units = (s->base_ticks + order.ticks) * UNITS_PER_TICK;
    }
}

/* A while on the same side of the clock: messages of one burst are a microsecond apart. */
static void next_in_burst(lf_synth *s)
{
    lfi_synth_instant(s, 200 + (int64_t)lf_random_below(&s->random, 1800));
}

void lfi_synth_withdraw(lf_synth *s)
{
    lfi_ladder *ladder = &s->ladder;
    const int32_t bid = bid_limit(s), ask = ask_limit(s);
    for (int i = 0; i < WITHDRAW_MAX; i++) {
        const bool bid_stale = ladder->best[0] > bid, ask_stale = ladder->best[1] < ask;
        if (!bid_stale && !ask_stale) {
            break;
        }
        const int side = ask_stale ? 1 : 0;
        const uint32_t slot = ladder->levels[side][ladder->best[side]].first;
        if (ladder->side_count[side] == 1) {
            add_order(s, side == 0 ? 1 : -1, side == 0 ? bid : ask, ladder->orders[slot].lots);
            next_in_burst(s);
        }
        remove_order(s, slot, ladder->orders[slot].lots);
        next_in_burst(s);
    }
}

/*
 * How far the latent price can move before the touch of a side is withdrawn, from 0 to 1, as a part
 * of the reach. Who quotes sees it coming, so queues are short where it is near.
 */
static double room(const lf_synth *s, int32_t side)
{
    const lf_synth_model *r = &s->model;
    const double ahead = side * (s->latent - s->reference);
    const double touch = side > 0 ? s->reference - s->half_spread - s->ladder.best[0]
                                  : s->ladder.best[1] - s->reference - s->half_spread;
    const double edge = r->zone > 0 ? 0.5 + r->zone : r->follow_ticks;
    const double left = edge > 0 ? edge + ahead : touch;
    return fmin(fmax(left / r->queue_reach, 0), 1);
}

void lfi_synth_limit_order(lf_synth *s)
{
    const lf_synth_model *r = &s->model;
    const uint32_t *count = s->ladder.side_count;
    int32_t side = lf_random_below(&s->random, 2) == 0 ? 1 : -1;
    if (count[0] < SIDE_LEAST || count[1] < SIDE_LEAST) {
        side = count[0] < count[1] ? 1 : -1;
    }
    const double tail = pow(1 - lf_random_uniform(&s->random), -1 / r->depth_exponent);
    const double distance = s->half_spread + r->depth_ticks * (tail - 1);
    /* Nobody places an order further away than 5 % of the price. */
    if (distance > 0.05 * s->reference) {
        return;
    }
    const int32_t ticks =
        side > 0 ? (int32_t)floor(s->reference - distance) : (int32_t)ceil(s->reference + distance);
    const bool at_touch = side > 0 ? ticks >= s->ladder.best[0] : ticks <= s->ladder.best[1];
    const double wary = at_touch ? r->queue_response * (1 - room(s, side)) : 0;
    if (lf_random_uniform(&s->random) < wary) {
        return;
    }
    add_order(s, side, ticks, draw_order(s, 1 - wary));
}

void lfi_synth_better_quote(lf_synth *s, int32_t side)
{
    const int32_t ticks = side > 0 ? bid_limit(s) : ask_limit(s);
    if (side > 0 ? ticks > s->ladder.best[0] : ticks < s->ladder.best[1]) {
        add_order(s, side, ticks, draw_order(s, 1));
    }
}

void lfi_synth_cancel(lf_synth *s)
{
    const lf_synth_model *r = &s->model;
    const uint32_t slot = s->ladder.live[lf_random_below(&s->random, s->ladder.live_count)];
    const lfi_order *order = &s->ladder.orders[slot];
    const int side = order->side > 0 ? 0 : 1;
    const int32_t best = s->ladder.best[side];
    if (s->ladder.side_count[side] <= SIDE_LEAST) {
        return;
    }
    const double behind = fabs((double)(order->ticks - best));
    const double keep = behind == 0 ? r->queue_response * room(s, order->side)
                                    : behind / (behind + r->cancel_depth);
    /* Who wants much waits longer, so that a short queue is one that goes soon. */
    const double usual = r->size_mean * s->depth_scale / 2;
    const double hurry = behind > 0 || r->size_patience <= 0
                             ? 1
                             : fmin(pow(usual / (double)order->lots, r->size_patience), 1);
    if (lf_random_uniform(&s->random) < 1 - (1 - keep) * hurry) {
        return;
    }
    /* One cancellation in ten takes back a part. */
    const bool is_part = order->lots > 1 && lf_random_below(&s->random, 10) == 0;
    const int64_t lots =
        is_part ? 1 + (int64_t)lf_random_below(&s->random, (uint64_t)order->lots - 1) : order->lots;
    remove_order(s, slot, lots);
}

/* An execution enters the flow, and what nobody could expect of its sign moves the price. */
static void take_in(lf_synth *s, int32_t sign, int64_t lots, double surprise)
{
    s->flow += sign * (double)lots / s->model.market_size_mean;
    s->latent += s->impact * surprise;
}

/* Walk the queues from the front up to a price; all fills share one instant. The lots filled. */
static int64_t walk(lf_synth *s, int32_t sign, int64_t lots_wanted, double limit_ticks)
{
    const int hit = sign > 0 ? 1 : 0;
    int64_t left = lots_wanted;
    for (int i = 0; i < FILLS_MAX && left > 0 && s->ladder.side_count[hit] > SIDE_LAST; i++) {
        const int32_t ticks = s->ladder.best[hit];
        if (sign * (ticks - limit_ticks) > 0) {
            break;
        }
        const uint32_t slot = s->ladder.levels[hit][ticks].first;
        const lfi_order order = s->ladder.orders[slot];
        const int64_t lots = left < order.lots ? left : order.lots;
        lfi_ladder_reduce(&s->ladder, slot, lots);
        lf_event *event = emit(s, LF_EVENT_EXECUTE, order.id, order.side, lots);
        emit_trade(s, event, (s->base_ticks + ticks) * UNITS_PER_TICK, lots, false);
        left -= lots;
    }
    return lots_wanted - left;
}

void lfi_synth_market_order(lf_synth *s)
{
    double surprise;
    const int32_t sign = lfi_signs_next(&s->signs, &s->random, &surprise);
    const int64_t wanted = draw_size(&s->random, s->model.market_size_mean);
    take_in(s, sign, walk(s, sign, wanted, sign * HUGE_VAL), surprise);
}

/*
 * The touch is taken whatever it is worth, so that every shock shows. It is no part of the flow
 * whose signs have memory: what it tells is in the shock, and its surprise would count twice.
 */
void lfi_synth_shock(lf_synth *s)
{
    const int32_t sign = lf_random_below(&s->random, 2) == 0 ? -1 : 1;
    s->shock += sign * s->options.alpha_shock_ticks;
    const double touch = s->ladder.best[sign > 0 ? 1 : 0];
    const double value = s->latent + s->shock;
    (void)walk(s, sign, INT64_MAX, sign * fmax(sign * touch, sign * value));
}

/* An execution against an order that nobody saw: inside the spread, or at the touch of one tick. */
void lfi_synth_hidden_execution(lf_synth *s)
{
    const int32_t bid = s->ladder.best[0], ask = s->ladder.best[1];
    double surprise;
    const int32_t sign = lfi_signs_next(&s->signs, &s->random, &surprise);
    const int64_t lots = draw_size(&s->random, s->model.market_size_mean);
    const int64_t mid_units = (2 * s->base_ticks + bid + ask) * (UNITS_PER_TICK / 2);
    const bool at_mid = ask - bid < 3 || lf_random_below(&s->random, 2) == 0;
    const int64_t edge = s->base_ticks + (sign > 0 ? ask - 1 : bid + 1);
    lf_event *event = emit(s, LF_EVENT_HIDDEN, 0, -sign, lots);
    emit_trade(s, event, at_mid ? mid_units : edge * UNITS_PER_TICK, lots, true);
    take_in(s, sign, lots, surprise);
}
