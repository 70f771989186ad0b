/* Row values that are sums of flow over events: order flow imbalance, queue dynamics, rates. */
#include "feature_internal.h"

bool lfi_is_flow(size_t index)
{
    return index <= LFI_OFI_ACCEL_1MIN ||
           (index >= LFI_SESSION_FRACTION && index <= LFI_EVENT_BURST_10S) ||
           (index >= LFI_DEPLETION_BID_10S && index <= LFI_REPLENISH_ASK_10S) ||
           lf_feature_is_fitted(index); /* those look at flows and the present quotes */
}

/* Sums over one window. */
typedef struct window_flow {
    int64_t ofi; /* of e_1 */
    int64_t bid; /* of dW_1 */
    int64_t ask; /* of dV_1 */
    int64_t all_levels;
    int64_t events;
    /* Q = depth / (2 M count): the mean over events, or the present state when there is none. */
    double inverse_q;
    double inverse_qm; /* 1 / (M Q) */
} window_flow;

static window_flow take(lf_feature_engine *engine, int window, int64_t t_ns)
{
    const lfi_flow *now = lfi_ring_newest(&engine->flow);
    const lfi_flow *then = lfi_ring_seek(&engine->flow, window, t_ns);
    window_flow out = {
        .bid = (int64_t)(now->bid_in - then->bid_in - (now->bid_out - then->bid_out)),
        .ask = (int64_t)(now->ask_in - then->ask_in - (now->ask_out - then->ask_out)),
        .all_levels = (int64_t)(now->all_levels - then->all_levels),
        .events = (int64_t)(now->events - then->events),
    };
    out.ofi = out.bid - out.ask;
    const int64_t count = (int64_t)(now->valid_events - then->valid_events);
    const int64_t depth = (int64_t)(now->depth - then->depth);
    out.inverse_qm =
        count > 0 ? 2.0 * (double)count / (double)depth : 2.0 / (double)engine->depth_lots;
    out.inverse_q = out.inverse_qm * engine->instrument.level_count;
    return out;
}

double lfi_inverse_q(lf_feature_engine *engine, int window, int64_t t_ns)
{
    return take(engine, window, t_ns).inverse_q;
}

static void row_queue(lf_feature_engine *engine, const window_flow *over_10s, double *row)
{
    const lfi_flow *now = lfi_ring_newest(&engine->flow);
    const lfi_flow *then = lfi_ring_entry(&engine->flow, engine->flow.cursors[LFI_WINDOW_10S]);
    row[LFI_DEPLETION_BID_10S] = (double)(now->bid_out - then->bid_out) * over_10s->inverse_q;
    row[LFI_DEPLETION_ASK_10S] = (double)(now->ask_out - then->ask_out) * over_10s->inverse_q;
    row[LFI_REPLENISH_BID_10S] = (double)(now->bid_in - then->bid_in) * over_10s->inverse_q;
    row[LFI_REPLENISH_ASK_10S] = (double)(now->ask_in - then->ask_in) * over_10s->inverse_q;
}

void lfi_row_flow(lf_feature_engine *engine, int64_t t_ns, double *row)
{
    const window_flow w1s = take(engine, LFI_WINDOW_1S, t_ns);
    const window_flow w10s = take(engine, LFI_WINDOW_10S, t_ns);
    const window_flow w1min = take(engine, LFI_WINDOW_1MIN, t_ns);
    const window_flow w5min = take(engine, LFI_WINDOW_5MIN, t_ns);
    row[LFI_OFI_1S] = (double)w1s.ofi;
    row[LFI_OFI_10S] = (double)w10s.ofi;
    row[LFI_OFI_1MIN] = (double)w1min.ofi;
    row[LFI_OFI_5MIN] = (double)w5min.ofi;
    row[LFI_OFI_NORM_1MIN] = (double)w1min.ofi * w1min.inverse_q;
    row[LFI_OFI_MULTI_1MIN] = (double)w1min.all_levels * w1min.inverse_qm;
    row[LFI_OFI_MULTI_5MIN] = (double)w5min.all_levels * w5min.inverse_qm;
    row[LFI_OFI_BID_1MIN] = (double)w1min.bid * w1min.inverse_q;
    row[LFI_OFI_ASK_1MIN] = (double)w1min.ask * w1min.inverse_q;
    row[LFI_OFI_ACCEL_1MIN] = (double)(6 * w10s.ofi - w1min.ofi) * w1min.inverse_q;
    row_queue(engine, &w10s, row);

    const lf_instrument *instrument = &engine->instrument;
    row[LFI_SESSION_FRACTION] =
        (double)(t_ns - instrument->session_open_ns) /
        (double)(instrument->session_close_ns - instrument->session_open_ns);
    row[LFI_EVENT_RATE_10S] = (double)w10s.events / 10;
    row[LFI_EVENT_BURST_10S] =
        w5min.events == 0 ? 0 : (double)(30 * w10s.events) / (double)w5min.events;
}
