/* One strategy's view of what the venue says: fills, ends of orders, and what follows. */
#include "pipeline_internal.h"

#include <math.h>
#include <string.h>

static int32_t sign_of(int64_t value)
{
    return (value > 0) - (value < 0);
}

/* ---- position --------------------------------------------------------------------------- */

/* Where the stop of a new position lies: the larger of two distances from the mid at decision. */
static void set_stop(lf_pipeline *pipeline, lfi_strategy *strategy, int32_t side)
{
    const lf_risk_options *const risk = &strategy->options.risk;
    double spread = 0.0;
    for (size_t i = 0; i < pipeline->span_count; i++) {
        const lf_span *const span = &pipeline->spans[i];
        if (strategy->opener.ts_decision_ns >= span->from_ns) {
            spread = lfi_span_meta(span)->median_spread_ticks;
        }
    }
    const double by_spread = spread > 0.0 ? risk->stop_spreads * spread : 0.0;
    const double distance = fmax(risk->stop_ticks, by_spread);
    strategy->has_stop = distance > 0.0;
    /* "Has moved by": in half ticks, the first whole number that is not less. */
    strategy->stop_mid2 = strategy->opener.mid2_decision - side * (int64_t)ceil(2.0 * distance);
}

static void
position_opened(lf_pipeline *pipeline, lfi_strategy *strategy, int64_t ts_ns, int32_t side)
{
    strategy->opener = strategy->live.intent;
    strategy->opened_ns = ts_ns;
    strategy->hold_until_ns = ts_ns + strategy->options.risk.hold_ns;
    set_stop(pipeline, strategy, side);
}

static void position_closed(lfi_strategy *strategy, int64_t ts_ns)
{
    strategy->stats.in_position_ns += ts_ns - strategy->opened_ns;
    strategy->hold_until_ns = INT64_MAX;
    strategy->has_stop = false;
    /* Holding time and stop were those of this position; a position that the same order opens
       begins anew. The session's end and the loss limit are for every position. */
    if (strategy->exit_reason == LF_REASON_HOLD || strategy->exit_reason == LF_REASON_STOP) {
        strategy->exit_wanted = false;
    }
}

static lf_status take_fill(
    lf_pipeline *pipeline,
    lfi_strategy *strategy,
    int64_t ts_ns,
    const lf_report *report,
    lf_error *error
)
{
    lfi_live *const live = &strategy->live;
    const int64_t filled = live->filled_lots + report->fill.lots;
    if (filled != report->filled_lots || filled > live->intent.request.lots ||
        report->fill.side != live->intent.request.side) {
        return lf_error_set(
            error,
            LF_INVARIANT,
            "Order %llu: the venue reports %lld lots filled, the strategy counts %lld of %lld; "
            "please report it.",
            (unsigned long long)report->order_id,
            (long long)report->filled_lots,
            (long long)filled,
            (long long)live->intent.request.lots
        );
    }
    const int32_t before = sign_of(strategy->ledger.position_lots);
    const lf_status status = lf_ledger_fill(&strategy->ledger, &report->fill, error);
    if (status != LF_OK) {
        return status;
    }
    live->filled_lots = filled;
    strategy->stats.fill_count++;
    const int32_t after = sign_of(strategy->ledger.position_lots);
    if (before != 0 && after != before) {
        position_closed(strategy, ts_ns);
    }
    if (after != 0 && after != before) {
        position_opened(pipeline, strategy, ts_ns, after);
    }
    return LF_OK;
}

/* ---- the end of an order ---------------------------------------------------------------- */

/* The part of an ended passive order that is carried on as a marketable one; 0: none. */
static int64_t lots_to_cross(const lfi_strategy *strategy, const lfi_live *ended)
{
    const int64_t leaves = ended->intent.request.lots - ended->filled_lots;
    const int64_t position = strategy->ledger.position_lots;
    const bool cross = strategy->options.execution.passive_timeout == LF_TIMEOUT_CROSS;
    if (ended->intent.request.order_kind != LF_ORDER_KIND_PASSIVE || leaves == 0) {
        return 0;
    }
    if (ended->timed_out && cross) {
        return leaves;
    }
    if (ended->cancel_sent && !ended->timed_out) {
        /* A later signal took it back: what it was to do is not wanted any more. */
        return 0;
    }
    /* A reversal was to close the old position, and that does not depend on the entry's rule. */
    const bool old_left = ended->intent.reason == LF_REASON_REVERSE && position != 0 &&
                          sign_of(position) != ended->intent.request.side;
    return old_left ? (position > 0 ? position : -position) : 0;
}

/* After an order has ended while the strategy wants to be flat. */
static void
go_on_leaving(lf_pipeline *pipeline, lfi_strategy *strategy, const lfi_live *ended, int64_t ts_ns)
{
    if (strategy->ledger.position_lots == 0) {
        strategy->exit_wanted = false;
        return;
    }
    const lf_reason cause = ended->intent.cause;
    const bool was_exit = cause != LF_REASON_ENTRY && cause != LF_REASON_REVERSE;
    const bool was_passive = ended->intent.request.order_kind == LF_ORDER_KIND_PASSIVE;
    if (was_exit && !was_passive) {
        /* It did not fill at the present book: a pause, then again. */
        strategy->retry_ns = ts_ns + strategy->options.risk.retry_ns;
        return;
    }
    lf_intent intent = strategy->opener;
    const int64_t position = strategy->ledger.position_lots;
    intent.request = (lf_request){
        .lots = position > 0 ? position : -position,
        .side = position > 0 ? -1 : 1,
    };
    intent.ts_decision_ns = ts_ns;
    intent.ts_sent_ns = ts_ns;
    intent.decided = false;
    intent.has_limit = false;
    intent.cause = strategy->exit_reason;
    intent.reason = was_exit && strategy->exit_reason == LF_REASON_HOLD ? LF_REASON_CROSS
                                                                        : strategy->exit_reason;
    lfi_strategy_send(pipeline, strategy, intent, LF_ORDER_KIND_MARKETABLE);
}

static void order_ended(lf_pipeline *pipeline, lfi_strategy *strategy, int64_t ts_ns)
{
    const lfi_live ended = strategy->live;
    strategy->live.active = false;
    if (strategy->exit_wanted) {
        go_on_leaving(pipeline, strategy, &ended, ts_ns);
        return;
    }
    const int64_t lots = lots_to_cross(strategy, &ended);
    if (lots > 0) {
        lf_intent intent = ended.intent;
        intent.request.lots = lots;
        intent.ts_decision_ns = ts_ns;
        intent.ts_sent_ns = ts_ns;
        intent.decided = false;
        intent.has_limit = false;
        intent.reason = LF_REASON_CROSS;
        lfi_strategy_send(pipeline, strategy, intent, LF_ORDER_KIND_MARKETABLE);
    }
}

/* ---- reports ---------------------------------------------------------------------------- */

/* The gateway did not pass a cancel on: the order lives, and after a pause the cancel is sent
   again. */
static void cancel_refused(lfi_strategy *strategy, int64_t ts_ns, uint64_t order_id)
{
    lfi_live *const live = &strategy->live;
    strategy->stats.reject_count++;
    if (live->active && live->intent.request.order_id == order_id) {
        live->cancel_sent = false;
        live->cancel_again = true;
        live->expire_ns = ts_ns + strategy->options.risk.retry_ns;
    }
}

lf_status lfi_strategy_report(
    lf_pipeline *pipeline,
    lfi_strategy *strategy,
    int64_t ts_ns,
    const lf_report *report,
    lf_error *error
)
{
    const lfi_live *const live = &strategy->live;
    if (report->kind == LF_REPORT_CANCEL_REJECTED && report->reject == LF_REJECT_GATEWAY) {
        cancel_refused(strategy, ts_ns, report->order_id);
        return LF_OK;
    }
    if (report->kind == LF_REPORT_CANCEL_REJECTED) {
        /* The order was done before the cancel arrived; its own report came first. */
        strategy->stats.cancel_race_count++;
        return LF_OK;
    }
    if (!live->active || report->order_id != live->intent.request.order_id) {
        return lf_error_set(
            error,
            LF_INVARIANT,
            "The venue reports on order %llu, which is not alive; please report it.",
            (unsigned long long)report->order_id
        );
    }
    lf_status status = LF_OK;
    if (report->kind == LF_REPORT_FILL) {
        status = take_fill(pipeline, strategy, ts_ns, report, error);
    }
    const bool is_rejected = report->kind == LF_REPORT_REJECTED;
    strategy->stats.reject_count += is_rejected;
    strategy->rejects_in_row = is_rejected ? strategy->rejects_in_row + 1 : 0;
    if (status == LF_OK && lf_order_state_done(report->state)) {
        order_ended(pipeline, strategy, ts_ns);
    }
    const int64_t kill_rejects = strategy->options.risk.kill_rejects;
    if (kill_rejects > 0 && strategy->rejects_in_row >= kill_rejects) {
        lfi_strategy_kill(pipeline, strategy, ts_ns);
    }
    if (status == LF_OK) {
        lfi_strategy_limit(pipeline, strategy, ts_ns);
    }
    return status;
}
