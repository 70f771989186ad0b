/* The trades of an event: signs, prints, volumes, spreads paid and what they were worth 5 s later.
 */
#include "feature_internal.h"

/* Spreads are summed in units of 2^-40 bps: 1e-12 bps is a thousandth of what matters, and 128 bits
   hold 2^46 lots that pay 1e12 bps. */
#define SPREAD_UNIT 0x1p40

/* Adds lots * bps exactly; the truncation is the same for both signs. */
static void add_spread(lfi_i128 *sum, int64_t lots, double bps)
{
    *sum += (lfi_i128)(bps * SPREAD_UNIT) * lots;
}

/* Sign of a trade whose feed does not tell it: quote rule, then tick rule. Lee, Ready (1991). */
static int lee_ready(const lf_feature_engine *engine, const lfi_before *before, int64_t price_units)
{
    if (before->is_set) {
        const int64_t price2 = 2 * price_units;
        const int64_t mid2 = before->mid2 * engine->instrument.units_per_tick;
        if (price2 != mid2) {
            return price2 > mid2 ? 1 : -1;
        }
    }
    return engine->session.tick_sign;
}

static void add_to_session(lfi_session *session, const lf_trade *trade, int64_t ts_ns)
{
    if (session->has_price && trade->price_units != session->last_price_units) {
        session->tick_sign = trade->price_units > session->last_price_units ? 1 : -1;
    }
    session->has_price = true;
    session->last_price_units = trade->price_units;
    session->last_trade_ns = ts_ns;
    session->volume_lots += trade->size_lots;
    session->notional += (lfi_i128)trade->price_units * trade->size_lots;
}

static void add_roll(lf_feature_engine *engine, lfi_trades *sums, int64_t price_units)
{
    int64_t *prices = engine->prices_units;
    if (engine->price_count == 2) {
        sums->roll += (lfi_i128)(price_units - prices[1]) * (prices[1] - prices[0]);
        sums->roll_count++;
    } else {
        engine->price_count++;
    }
    prices[0] = prices[1];
    prices[1] = price_units;
}

static lf_status add_effective(
    lf_feature_engine *engine,
    lfi_trades *sums,
    const lfi_before *before,
    const lf_trade *trade,
    int sign,
    int64_t ts_ns
)
{
    if (sign == 0 || !before->is_set || before->mid2 <= 0) {
        return LF_OK;
    }
    const double mid2 = (double)(before->mid2 * engine->instrument.units_per_tick);
    const double over2 =
        (double)(2 * trade->price_units - before->mid2 * engine->instrument.units_per_tick);
    add_spread(&sums->effective, trade->size_lots, 2e4 * sign * over2 / mid2);
    sums->effective_lots += (uint64_t)trade->size_lots;
    lfi_waiting *waiting = lfi_queue_push(&engine->waiting, ts_ns);
    if (waiting == NULL) {
        return LF_RANGE;
    }
    *waiting = (lfi_waiting){
        .price_units = trade->price_units,
        .signed_lots = sign * trade->size_lots,
        .mid2 = before->mid2,
    };
    lfi_due(engine, ts_ns + LFI_MATURE_NS);
    return LF_OK;
}

static void open_print(
    lf_feature_engine *engine, lfi_trades *sums, const lfi_before *before, int sign, int64_t ts_ns
)
{
    lfi_print_close(engine);
    engine->print = (lfi_print){
        .is_open = true,
        .has_depth = before->is_set,
        .sign = (int8_t)sign,
        .ts_ns = ts_ns,
        .depth_lots = sign > 0 ? before->ask_near_lots : before->bid_near_lots,
    };
    sums->prints++;
    engine->session.sign_ewma += 0.1 * (sign - engine->session.sign_ewma);
    lfi_due(engine, ts_ns);
}

void lfi_print_close(lf_feature_engine *engine)
{
    lfi_print *print = &engine->print;
    if (!print->is_open) {
        return;
    }
    print->is_open = false;
    lfi_trades *sums = lfi_ring_newest(&engine->trades);
    const lfi_trades *then = lfi_ring_seek(&engine->trades, LFI_WINDOW_5MIN, print->ts_ns);
    const int64_t count = (int64_t)(sums->prints - then->prints) - 1;
    const int64_t volume = (int64_t)(sums->volume_lots - then->volume_lots) - print->size_lots;
    if (count < LFI_LARGE_PRINTS_MIN ||
        (lfi_i128)print->size_lots * count <= 2 * (lfi_i128)volume) {
        return;
    }
    sums->large_prints++;
    sums->large_signed_lots += (uint64_t)(print->sign * print->size_lots);
    if (print->sign != 0) {
        lfi_probes_mark(
            engine, print->sign > 0 ? 1 : 0, print->ts_ns, print->has_depth, print->depth_lots
        );
    }
}

static lf_status take_trade(
    lf_feature_engine *engine, const lfi_before *before, const lf_trade *trade, int64_t ts_ns
)
{
    lfi_trades *sums = lfi_ring_extend(&engine->trades, ts_ns, sizeof *sums);
    if (sums == NULL) {
        return LF_RANGE;
    }
    add_to_session(&engine->session, trade, ts_ns);
    const int sign = trade->sign == LF_SIGN_UNKNOWN ? lee_ready(engine, before, trade->price_units)
                                                    : trade->sign;
    lfi_vpin_add(engine, sign, trade->size_lots);
    engine->bars.open.signed_lots += sign * trade->size_lots;
    engine->bars.open.notional += (lfi_i128)trade->price_units * trade->size_lots;

    const lfi_print *print = &engine->print;
    if (!print->is_open || print->ts_ns != ts_ns || print->sign != sign) {
        open_print(engine, sums, before, sign, ts_ns);
    }
    engine->print.size_lots += trade->size_lots;
    sums->volume_lots += (uint64_t)trade->size_lots;
    sums->buy_lots += sign > 0 ? (uint64_t)trade->size_lots : 0;
    sums->sell_lots += sign < 0 ? (uint64_t)trade->size_lots : 0;
    add_roll(engine, sums, trade->price_units);
    return add_effective(engine, sums, before, trade, sign, ts_ns);
}

lf_status lfi_trades_update(
    lf_feature_engine *engine, const lf_event *event, const lf_trade *trades, int64_t ts_ns
)
{
    const lfi_before *before = engine->instrument.ties_unordered ? &engine->earlier : &engine->last;
    for (int i = 0; i < event->trade_count; i++) {
        const lf_status status = take_trade(engine, before, &trades[i], ts_ns);
        if (status != LF_OK) {
            return status;
        }
    }
    return LF_OK;
}

void lfi_trades_restart(lf_feature_engine *engine)
{
    (void)lfi_ring_restart(&engine->trades);
    (void)lfi_ring_restart(&engine->matured);
    lfi_queue_restart(&engine->waiting);
    engine->print.is_open = false;
    engine->price_count = 0;
}

/* Realized spread and impact of one trade, given the mid 5 s after it. */
static void
mature(lfi_matured *sums, const lfi_waiting *trade, int64_t later_mid2, int64_t units_per_tick)
{
    const int sign = trade->signed_lots > 0 ? 1 : -1;
    const int64_t lots = sign * trade->signed_lots;
    const double mid2 = (double)trade->mid2;
    const double kept2 = (double)(2 * trade->price_units - later_mid2 * units_per_tick);
    const double moved2 = (double)(later_mid2 - trade->mid2);
    add_spread(&sums->realized, lots, 2e4 * sign * kept2 / (mid2 * (double)units_per_tick));
    add_spread(&sums->impact, lots, 2e4 * sign * moved2 / mid2);
    sums->lots += (uint64_t)lots;
}

int64_t lfi_trades_mature(lf_feature_engine *engine, int64_t t_ns)
{
    lfi_ring *queue = &engine->waiting;
    while (queue->begin < queue->end) {
        const int64_t due_ns = lfi_ring_time(queue, queue->begin) + LFI_MATURE_NS;
        if (due_ns > t_ns) {
            return due_ns;
        }
        lfi_matured *sums = lfi_ring_extend(&engine->matured, due_ns, sizeof *sums);
        /* As many trades can mature in 5 minutes as can happen: the trades' ring was not full. */
        if (sums != NULL) {
            mature(
                sums,
                lfi_ring_entry(queue, queue->begin),
                engine->last.mid2,
                engine->instrument.units_per_tick
            );
        }
        queue->begin++;
    }
    return INT64_MAX;
}
