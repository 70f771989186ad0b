/* The venue's side of events: trades and states meet the resting orders. */
#include "execution_internal.h"

#include <math.h>
#include <string.h>

__extension__ typedef __int128 wide;

/* Reports that may wait at first: more than one event can cause for some orders. */
#define REPORTS_FIRST 256

/* ---- life ------------------------------------------------------------------------------- */

static void release(lf_venue *venue)
{
    const lf_allocator *const allocator = lfi_market_allocator(venue->market);
    lf_channel_destroy(venue->reports);
    lf_l3_destroy(venue->l3);
    lf_release(allocator, venue->executed);
    lf_release(allocator, venue->orders);
    lf_release(allocator, venue);
}

lf_status lfi_venue_create(
    lf_market *market, const lf_execution_options *options, lf_venue **out, lf_error *error
)
{
    const lf_allocator *const allocator = lfi_market_allocator(market);
    lf_fees fees;
    lf_status status = lf_execution_options_check(options, error);
    if (status == LF_OK) {
        status = lf_fees_resolve(&options->fees, &market->instrument, &fees, error);
    }
    if (status != LF_OK) {
        return status;
    }
    lf_venue *const venue = lf_allocate(allocator, 1, sizeof *venue);
    if (venue == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for a venue.");
    }
    venue->market = market;
    venue->first_event = market->event_count;
    venue->options = *options;
    venue->fees = fees;
    venue->orders = lf_allocate(allocator, (size_t)options->orders_max, sizeof *venue->orders);
    status = lf_channel_create(allocator, sizeof(lf_report), REPORTS_FIRST, &venue->reports, error);
    if (status == LF_OK && venue->orders == NULL) {
        status = lf_error_set(error, LF_NOMEM, "No memory for the orders of a venue.");
    }
    if (status == LF_OK && options->queue.model == LF_QUEUE_FIFO) {
        status = lfi_fifo_create(venue, error);
    }
    if (status != LF_OK) {
        release(venue);
        return status;
    }
    *out = venue;
    return LF_OK;
}

lf_status lf_venue_create(
    const lf_allocator *allocator,
    const lf_instrument *instrument,
    const lf_execution_options *options,
    lf_venue **out,
    lf_error *error
)
{
    *out = NULL;
    lf_market *market = NULL;
    lf_status status = lf_market_create(allocator, instrument, &market, error);
    if (status == LF_OK) {
        status = lfi_venue_create(market, options, out, error);
    }
    if (status != LF_OK) {
        lf_market_destroy(market);
        return status;
    }
    (*out)->owns_market = true;
    return LF_OK;
}

void lf_venue_destroy(lf_venue *venue)
{
    if (venue == NULL) {
        return;
    }
    lf_market *const market = venue->market;
    const bool owns_market = venue->owns_market;
    if (!owns_market) {
        lfi_market_leave(venue);
    }
    release(venue);
    if (owns_market) {
        lf_market_destroy(market);
    }
}

/* ---- reports and fills ------------------------------------------------------------------ */

static lf_status push_report(lf_venue *venue, const lf_report *report, lf_error *error)
{
    venue->stats.report_count++;
    if (report->reject != LF_REJECT_NONE) {
        venue->stats.reject_counts[report->reject]++;
    }
    if (lf_channel_push(venue->reports, report->ts_venue_ns, report) != LF_OK) {
        return lf_error_set(error, LF_NOMEM, "No memory for the reports of a venue.");
    }
    return LF_OK;
}

lf_status lfi_venue_step(
    lf_venue *venue,
    lfi_order *order,
    lf_order_state to,
    lf_report_kind kind,
    lf_reject reject,
    int64_t ts_ns,
    lf_error *error
)
{
    if (!lf_order_state_may(order->state, to)) {
        return lf_error_set(
            error,
            LF_INVARIANT,
            "Order %llu stepped from %s to %s, which no order may; please report it.",
            (unsigned long long)order->order_id,
            lf_order_state_name(order->state),
            lf_order_state_name(to)
        );
    }
    order->state = to;
    venue->has_done |= lfi_order_done(order);
    const lf_report report = {
        .order_id = order->order_id,
        .ts_venue_ns = ts_ns,
        .filled_lots = order->filled_lots,
        .leaves_lots = lfi_order_done(order) ? 0 : order->lots - order->filled_lots,
        .mid2_venue = venue->mid2,
        .kind = kind,
        .state = to,
        .reject = reject,
    };
    return push_report(venue, &report, error);
}

lf_status lfi_venue_refuse(
    lf_venue *venue,
    uint64_t order_id,
    const lfi_order *order,
    lf_report_kind kind,
    lf_reject reject,
    int64_t ts_ns,
    lf_error *error
)
{
    const lf_report report = {
        .order_id = order_id,
        .ts_venue_ns = ts_ns,
        .filled_lots = order != NULL ? order->filled_lots : 0,
        .leaves_lots = order != NULL ? order->lots - order->filled_lots : 0,
        .mid2_venue = venue->mid2,
        .kind = kind,
        .state = order != NULL ? order->state : LF_ORDER_STATE_REJECTED,
        .reject = reject,
    };
    return push_report(venue, &report, error);
}

/* Constants of Almgren, Thum, Hauptmann and Li (2005): permanent and temporary impact. */
#define ALMGREN_GAMMA 0.314
#define ALMGREN_ETA 0.142

/* Impact as a share of the value: the whole order's size counts on every unit of it. */
static double impact_share(const lf_venue *venue, const lfi_order *order)
{
    const lf_impact_options *const impact = &venue->options.impact;
    const lf_instrument *const instrument = &venue->market->instrument;
    const double sigma = impact->factor * impact->daily_volatility_bps * 1e-4;
    const double part = (double)order->lots / impact->daily_volume_lots;
    const double session_ns = (double)(instrument->session_close_ns - instrument->session_open_ns);
    double permanent;
    switch (impact->model) {
    case LF_IMPACT_SQUARE_ROOT:
        return sigma * sqrt(part);
    case LF_IMPACT_ALMGREN:
        permanent = ALMGREN_GAMMA * sigma * part *
                    sqrt(sqrt(impact->outstanding_lots / impact->daily_volume_lots));
        return permanent / 2.0 +
               ALMGREN_ETA * sigma * pow(part * session_ns / (double)impact->duration_ns, 0.6);
    case LF_IMPACT_NONE:
        break;
    }
    return 0.0;
}

/* What the impact model adds to the value of a marketable fill, 1e-9. */
static int64_t impact_of(const lf_venue *venue, const lfi_order *order, int64_t value_nano)
{
    if (venue->options.impact.model == LF_IMPACT_NONE) {
        return 0;
    }
    /* More than the whole price is no impact but a wrong option. */
    return llround(fabs((double)value_nano) * fmin(impact_share(venue, order), 1.0));
}

static lf_status
make_fill(const lf_venue *venue, const lfi_order *order, lf_fill *fill, lf_error *error)
{
    const wide value = (wide)fill->price_ticks * venue->fees.money_unit_nano * fill->lots;
    /* A sixteenth of the range leaves room for impact and for sums in the ledger. */
    if (value > INT64_MAX / 16 || value < INT64_MIN / 16 ||
        lf_fees_charge(
            &venue->fees, order->side, fill->liquidity, fill->price_ticks, fill->lots, &fill->fees
        ) != LF_OK) {
        return lf_error_set(
            error,
            LF_RANGE,
            "A fill of %lld lots at %lld ticks does not fit in 64 bits of 1e-9 %s; trade smaller "
            "sizes.",
            (long long)fill->lots,
            (long long)fill->price_ticks,
            venue->market->instrument.currency
        );
    }
    const bool taker = fill->liquidity == LF_LIQUIDITY_TAKER;
    fill->impact_nano = taker ? impact_of(venue, order, (int64_t)value) : 0;
    fill->value_nano = (int64_t)value + order->side * fill->impact_nano;
    return LF_OK;
}

lf_status lfi_venue_fill(
    lf_venue *venue,
    lfi_order *order,
    int64_t price_ticks,
    int64_t lots,
    lf_liquidity liquidity,
    int64_t ts_ns,
    lf_error *error
)
{
    const int64_t leaves = order->lots - order->filled_lots;
    const lf_order_state to =
        lots == leaves ? LF_ORDER_STATE_FILLED : LF_ORDER_STATE_WORKING_PARTIAL;
    if (lots <= 0 || lots > leaves || !lf_order_state_may(order->state, to)) {
        return lf_error_set(
            error,
            LF_INVARIANT,
            "Order %llu (%s) would fill %lld of %lld lots that are left; please report it.",
            (unsigned long long)order->order_id,
            lf_order_state_name(order->state),
            (long long)lots,
            (long long)leaves
        );
    }
    lf_report report = {
        .order_id = order->order_id,
        .ts_venue_ns = ts_ns,
        .fill =
            {
                .order_id = order->order_id,
                .ts_venue_ns = ts_ns,
                .price_ticks = price_ticks,
                .lots = lots,
                .mid2_venue = venue->mid2,
                .side = order->side,
                .liquidity = liquidity,
            },
        .filled_lots = order->filled_lots + lots,
        .leaves_lots = leaves - lots,
        .mid2_venue = venue->mid2,
        .kind = LF_REPORT_FILL,
        .state = to,
    };
    const lf_status status = make_fill(venue, order, &report.fill, error);
    if (status != LF_OK) {
        return status;
    }
    order->state = to;
    venue->has_done |= lfi_order_done(order);
    order->filled_lots += lots;
    venue->stats.fill_counts[liquidity]++;
    venue->stats.fill_lots[liquidity] += lots;
    return push_report(venue, &report, error);
}

void lfi_venue_sweep(lf_venue *venue)
{
    if (!venue->has_done) {
        return;
    }
    size_t kept = 0;
    for (size_t i = 0; i < venue->order_count; i++) {
        if (!lfi_order_done(&venue->orders[i])) {
            if (kept != i) {
                venue->orders[kept] = venue->orders[i];
            }
            kept++;
        } else if (venue->l3 != NULL) {
            lfi_fifo_leave(venue, &venue->orders[i]);
        }
    }
    venue->order_count = kept;
    venue->has_done = false;
}

lf_status lfi_venue_expire(lf_venue *venue, lf_reject reason, int64_t ts_ns, lf_error *error)
{
    for (size_t i = 0; i < venue->order_count; i++) {
        const lf_status status = lfi_venue_step(
            venue,
            &venue->orders[i],
            LF_ORDER_STATE_EXPIRED,
            LF_REPORT_EXPIRED,
            reason,
            ts_ns,
            error
        );
        if (status != LF_OK) {
            return status;
        }
        venue->stats.expired_count++;
    }
    lfi_venue_sweep(venue);
    return LF_OK;
}

/* ---- trades ----------------------------------------------------------------------------- */

/* Aggressor of a trade; where the feed does not tell, by the last valid mid. */
static int32_t aggressor(const lf_venue *venue, const lf_trade *trade)
{
    if (trade->sign != LF_SIGN_UNKNOWN) {
        return trade->sign;
    }
    const int64_t price2 = 2 * trade->price_units;
    const int64_t mid2 = venue->mid2 * venue->market->instrument.units_per_tick;
    return venue->mid2 == 0 || price2 == mid2 ? 0 : price2 > mid2 ? 1 : -1;
}

/* How far a trade lies beyond an order's price, price units: > 0 through it, 0 at it. */
static int64_t beyond(const lf_venue *venue, const lfi_order *order, const lf_trade *trade)
{
    const int64_t price_units = order->price_ticks * venue->market->instrument.units_per_tick;
    return order->side > 0 ? price_units - trade->price_units : trade->price_units - price_units;
}

/*
 * One trade at an order's price. `spent` is what earlier own orders took of this trade: an order
 * gets what is left after them and after the market's quantity ahead of it.
 */
static lf_status meet_at_price(
    lf_venue *venue,
    lfi_order *order,
    int64_t trade_lots,
    int64_t *spent,
    int64_t ts_ns,
    lf_error *error
)
{
    const int64_t reached = lfi_queue_trade(&order->place, trade_lots, trade_lots - *spent);
    const int64_t leaves = order->lots - order->filled_lots;
    const bool whole = reached > leaves || !venue->options.queue.partial;
    const int64_t lots = whole ? leaves : reached;
    if (reached == 0) {
        return LF_OK;
    }
    *spent += lots;
    return lfi_venue_fill(venue, order, order->price_ticks, lots, LF_LIQUIDITY_MAKER, ts_ns, error);
}

/* The market has gone beyond an order's price: what is left of it is filled. */
static lf_status fill_crossed(lf_venue *venue, lfi_order *order, int64_t ts_ns, lf_error *error)
{
    return lfi_venue_fill(
        venue,
        order,
        order->price_ticks,
        order->lots - order->filled_lots,
        LF_LIQUIDITY_MAKER_CROSSED,
        ts_ns,
        error
    );
}

/* Own fills of one trade <= its size - what was ahead of the first own order, to the whole lot. */
static lf_status check_conservation(
    lf_venue *venue, int64_t filled_before, int64_t trade_lots, double ahead, lf_error *error
)
{
    const int64_t filled = venue->stats.fill_lots[LF_LIQUIDITY_MAKER] - filled_before;
    const double left = round((double)trade_lots - ahead);
    const int64_t most = left > 0.0 ? (int64_t)left : 0;
    venue->stats.conservation_checks++;
    if (filled > most && venue->options.queue.partial) {
        return lf_error_set(
            error,
            LF_INVARIANT,
            "Own orders took %lld lots of a trade of %lld with %.1f ahead of them; at most %lld "
            "can be true. Please report it.",
            (long long)filled,
            (long long)trade_lots,
            ahead,
            (long long)most
        );
    }
    return LF_OK;
}

static lf_status meet_trade(lf_venue *venue, const lf_trade *trade, int64_t ts_ns, lf_error *error)
{
    const int32_t sign = aggressor(venue, trade);
    const int64_t filled_before = venue->stats.fill_lots[LF_LIQUIDITY_MAKER];
    int64_t spent = 0;
    double ahead_first = 0.0;
    bool met = false;
    for (size_t i = 0; i < venue->order_count; i++) {
        lfi_order *const order = &venue->orders[i];
        const int64_t distance = beyond(venue, order, trade);
        lf_status status = LF_OK;
        if (lfi_order_done(order)) {
            continue;
        }
        if (distance > 0) {
            status = fill_crossed(venue, order, ts_ns, error);
        } else if (distance == 0 && sign == -order->side && !trade->hidden && venue->l3 == NULL) {
            ahead_first = met ? ahead_first : order->place.front;
            met = true;
            status = meet_at_price(venue, order, trade->size_lots, &spent, ts_ns, error);
        }
        if (status != LF_OK) {
            return status;
        }
    }
    return met ? check_conservation(venue, filled_before, trade->size_lots, ahead_first, error)
               : LF_OK;
}

/* ---- states ----------------------------------------------------------------------------- */

int64_t lfi_venue_displayed(const lf_venue *venue, int32_t side, int64_t price_ticks)
{
    const lf_quotes *const quotes = &venue->market->quotes;
    const int64_t *const prices = side > 0 ? quotes->bid_ticks : quotes->ask_ticks;
    const int64_t *const lots = side > 0 ? quotes->bid_lots : quotes->ask_lots;
    const int32_t last = venue->market->instrument.level_count - 1;
    for (int32_t m = 0; m <= last; m++) {
        if (prices[m] == price_ticks) {
            return lots[m];
        }
        /* The level is worse: nothing at our price. */
        if (lots[m] > 0 && (side > 0 ? prices[m] < price_ticks : prices[m] > price_ticks)) {
            return 0;
        }
    }
    /* When the last level is missing, the feed has shown all that there is. */
    return lots[last] == 0 ? 0 : -1;
}

/* The other side has reached the price of an order, if own orders have not taken what is there. */
static lf_status cross(lf_venue *venue, lfi_order *order, int64_t ts_ns, lf_error *error)
{
    if (lfi_order_done(order) || !lfi_venue_reached(venue, order->side, order->price_ticks)) {
        return LF_OK;
    }
    return fill_crossed(venue, order, ts_ns, error);
}

/* A valid new state: cancellations show, and the other side may have reached our price. */
static lf_status meet_state(lf_venue *venue, int64_t ts_ns, lf_error *error)
{
    const lf_quotes *const quotes = &venue->market->quotes;
    for (size_t i = 0; i < venue->order_count; i++) {
        lfi_order *const order = &venue->orders[i];
        const int64_t price = order->price_ticks;
        const bool buy = order->side > 0;
        if (venue->l3 == NULL) {
            /* Most orders rest at the touch. */
            const int64_t touch = buy ? quotes->bid_ticks[0] : quotes->ask_ticks[0];
            const int64_t displayed = price != touch
                                          ? lfi_venue_displayed(venue, order->side, price)
                                      : buy ? quotes->bid_lots[0]
                                            : quotes->ask_lots[0];
            if (displayed != order->place.shown) {
                lfi_queue_depth(
                    &venue->options.queue, venue->market->shares, &order->place, displayed
                );
            }
        }
        if (buy ? quotes->ask_ticks[0] <= price : quotes->bid_ticks[0] >= price) {
            const lf_status status = cross(venue, order, ts_ns, error);
            if (status != LF_OK) {
                return status;
            }
        }
    }
    return LF_OK;
}

static lf_status
meet_trades(lf_venue *venue, const lf_event *event, const lf_trade *trades, lf_error *error)
{
    /* An auction's print says nothing about a queue, and in a masked state nothing is believed. */
    if (venue->market->is_masked || event->kind == LF_EVENT_CROSS) {
        return LF_OK;
    }
    for (size_t i = 0; i < event->trade_count; i++) {
        const lf_status status = meet_trade(venue, &trades[i], event->ts_exchange_ns, error);
        if (status != LF_OK) {
            return status;
        }
    }
    return LF_OK;
}

static lf_status before_event(lf_venue *venue, const lf_event *event, lf_error *error)
{
    lf_status status = LF_OK;
    if (venue->order_count > 0 &&
        event->ts_exchange_ns >= venue->market->instrument.session_close_ns) {
        status = lfi_venue_expire(
            venue, LF_REJECT_CLOSED, venue->market->instrument.session_close_ns, error
        );
    }
    if ((event->flags & LF_EVENT_RESET) != 0) {
        /* What happened to the queue meanwhile nobody can know. */
        venue->taken_counts[0] = 0;
        venue->taken_counts[1] = 0;
        if (status == LF_OK) {
            status = lfi_venue_expire(venue, LF_REJECT_RESET, event->ts_exchange_ns, error);
        }
    }
    return status;
}

/* Everything that an event may do before its state is looked at. */
static lf_status
before_state(lf_venue *venue, const lf_event *event, const lf_trade *trades, lf_error *error)
{
    venue->mid2 = venue->market->mid2_before;
    lf_status status = before_event(venue, event, error);
    if (status == LF_OK && venue->l3 != NULL) {
        status = lfi_fifo_event(venue, event, error);
    }
    if (status == LF_OK && venue->order_count > 0) {
        status = meet_trades(venue, event, trades, error);
    }
    return status;
}

lf_status
lfi_venue_meet(lf_venue *venue, const lf_event *event, const lf_trade *trades, lf_error *error)
{
    const lf_market *const market = venue->market;
    const bool is_plain = event->trade_count == 0 && (event->flags & LF_EVENT_RESET) == 0 &&
                          event->ts_exchange_ns < market->instrument.session_close_ns &&
                          venue->l3 == NULL;
    lf_status status = is_plain ? LF_OK : before_state(venue, event, trades, error);
    venue->mid2 = market->mid2;
    if (status == LF_OK && market->is_valid) {
        if (venue->taken_counts[0] + venue->taken_counts[1] > 0) {
            lfi_venue_refresh_taken(venue);
        }
        status = meet_state(venue, event->ts_exchange_ns, error);
    }
    if (venue->has_done) {
        lfi_venue_sweep(venue);
    }
    return status;
}

lf_status
lf_venue_event(lf_venue *venue, const lf_event *event, const lf_trade *trades, lf_error *error)
{
    assert(venue->owns_market);
    lfi_market_state(venue->market, event);
    const lf_status status = lfi_venue_meet(venue, event, trades, error);
    venue->market->change_count = 0;
    return status;
}

void lf_venue_changes(lf_venue *venue, const lf_order_change *changes, size_t count)
{
    lf_market_changes(venue->market, changes, count);
}

lf_status lf_venue_close(lf_venue *venue, int64_t ts_venue_ns, lf_error *error)
{
    venue->mid2 = venue->market->mid2;
    const lf_status status = lfi_venue_expire(venue, LF_REJECT_CLOSED, ts_venue_ns, error);
    lfi_market_watch(venue);
    return status;
}

/* ---- questions -------------------------------------------------------------------------- */

bool lf_venue_take(lf_venue *venue, lf_report *out)
{
    return lf_channel_take(venue->reports, out);
}

size_t lf_venue_open_count(const lf_venue *venue)
{
    return venue->order_count;
}

int64_t lf_venue_ahead(const lf_venue *venue, uint64_t order_id)
{
    for (size_t i = 0; i < venue->order_count; i++) {
        if (venue->orders[i].order_id == order_id) {
            return llround(fmax(lfi_venue_front(venue, &venue->orders[i]), 0.0));
        }
    }
    return -1;
}

int64_t lf_venue_mid2(const lf_venue *venue)
{
    return venue->market->mid2;
}

const lf_fees *lf_venue_fees(const lf_venue *venue)
{
    return &venue->fees;
}

const lf_venue_stats *lf_venue_stats_of(lf_venue *venue)
{
    venue->stats.event_count = venue->market->event_count - venue->first_event;
    return &venue->stats;
}
