/* One strategy's decisions: entries and exits, one order at a time. */
#include "pipeline_internal.h"

#include <math.h>
#include <string.h>

/* ---- small questions -------------------------------------------------------------------- */

int64_t lfi_flatten_time(const lf_pipeline *pipeline, const lfi_strategy *strategy)
{
    return pipeline->instrument.session_close_ns - strategy->options.risk.flatten_ns;
}

/* Exits that may not wait for a better price. */
static bool is_urgent(lf_reason reason)
{
    return reason == LF_REASON_STOP || reason == LF_REASON_SESSION_END ||
           reason == LF_REASON_LOSS_LIMIT || reason == LF_REASON_KILL;
}

/* A wish to leave gives way to one of a higher rank: what is urgent goes before what is patient,
   and what is for every position before a stop, which is for one. */
static int rank_of(lf_reason reason)
{
    return reason == LF_REASON_STOP ? 1 : is_urgent(reason) ? 2 : 0;
}

static bool outbox_has_room(const lfi_strategy *strategy)
{
    return strategy->outbox_count < LFI_OUTBOX_MAX;
}

static void outbox_push(lfi_strategy *strategy, const lf_intent *intent)
{
    const int64_t most = strategy->options.risk.max_orders_per_second;
    if (most > 0) {
        strategy->sent_ns[strategy->sent_count++ % most] = intent->ts_decision_ns;
    }
    const size_t at = (strategy->outbox_first + strategy->outbox_count) % LFI_OUTBOX_MAX;
    strategy->outbox[at] = *intent;
    strategy->outbox_count++;
}

/* When a further request may go out: now, or a second after the one that is as many back. */
static int64_t rate_allows_ns(const lfi_strategy *strategy, int64_t ts_ns)
{
    const int64_t most = strategy->options.risk.max_orders_per_second;
    if (most == 0 || strategy->sent_count < most) {
        return ts_ns;
    }
    const int64_t free_ns = strategy->sent_ns[strategy->sent_count % most] + LF_NS_PER_SECOND;
    return free_ns > ts_ns ? free_ns : ts_ns;
}

/* Limit of an order: the touch for a passive one, a distance from the other touch or none. */
static int64_t
order_price(const lf_pipeline *pipeline, const lfi_strategy *strategy, const lf_intent *intent)
{
    const lf_quotes *const quotes = &pipeline->local.quotes;
    const bool buy = intent->request.side > 0;
    if (intent->has_limit) {
        return intent->request.price_ticks;
    }
    if (intent->request.order_kind == LF_ORDER_KIND_PASSIVE) {
        return buy ? quotes->bid_ticks[0] : quotes->ask_ticks[0];
    }
    const int64_t most = strategy->options.execution.limit_ticks;
    if (most < 0 || is_urgent(intent->cause)) {
        return LF_PRICE_NONE;
    }
    return buy ? quotes->ask_ticks[0] + most : quotes->bid_ticks[0] - most;
}

/* ---- sending ---------------------------------------------------------------------------- */

void lfi_strategy_send(
    lf_pipeline *pipeline, lfi_strategy *strategy, lf_intent intent, lf_order_kind kind
)
{
    /* After the close nothing can be traded: a report that comes then asks for nothing more. */
    if (intent.ts_decision_ns >= pipeline->instrument.session_close_ns) {
        return;
    }
    /* Where nothing can be traded nothing is sent: an exit waits for the next valid state. */
    if (!pipeline->local.valid) {
        strategy->exit_waits = strategy->exit_wanted;
        return;
    }
    const int64_t allowed_ns = rate_allows_ns(strategy, intent.ts_decision_ns);
    if (allowed_ns > intent.ts_decision_ns) {
        strategy->stats.rate_limited_count++;
        strategy->retry_ns = strategy->exit_wanted ? allowed_ns : INT64_MAX;
        return;
    }
    if (!outbox_has_room(strategy)) {
        return;
    }
    const lf_execution_options *const execution = &strategy->options.execution;
    intent.request.order_kind = kind;
    intent.request.kind = LF_REQUEST_NEW;
    intent.request.order_id = ++strategy->last_order_id;
    intent.request.post_only = execution->post_only;
    intent.mid2_decision = pipeline->local.mid2;
    intent.request.price_ticks = order_price(pipeline, strategy, &intent);
    const bool passive = intent.request.order_kind == LF_ORDER_KIND_PASSIVE;
    strategy->live = (lfi_live){
        .active = true,
        .intent = intent,
        .expire_ns = passive ? intent.ts_sent_ns + execution->passive_limit_ns : INT64_MAX,
    };
    strategy->retry_ns = INT64_MAX;
    strategy->stats.order_counts[intent.reason]++;
    outbox_push(strategy, &intent);
}

/* `delay_ns` lies between the decision and the sending. */
static void
send_cancel(lfi_strategy *strategy, int64_t ts_ns, int64_t delay_ns, bool timed_out, bool decided)
{
    lfi_live *const live = &strategy->live;
    if (live->cancel_sent || !outbox_has_room(strategy)) {
        return;
    }
    lf_intent intent = live->intent;
    intent.request.kind = LF_REQUEST_CANCEL;
    intent.ts_decision_ns = ts_ns;
    intent.decided = decided;
    /* Never before the order that it takes back. */
    const int64_t sent_ns = ts_ns + delay_ns;
    intent.ts_sent_ns = sent_ns > intent.ts_sent_ns ? sent_ns : intent.ts_sent_ns;
    live->cancel_sent = true;
    live->timed_out = timed_out;
    strategy->last_cancelled_id = live->intent.request.order_id;
    outbox_push(strategy, &intent);
}

/* An order that takes the whole position off. */
static void send_exit(
    lf_pipeline *pipeline, lfi_strategy *strategy, int64_t ts_ns, lf_reason reason, lf_reason cause
)
{
    const int64_t position = strategy->ledger.position_lots;
    lf_intent intent = {
        .request =
            {
                .lots = position > 0 ? position : -position,
                .side = position > 0 ? -1 : 1,
            },
        .ts_decision_ns = ts_ns,
        .ts_sent_ns = ts_ns,
        .reason = reason,
        .cause = cause,
        .rule = strategy->opener.rule,
        .p_up = strategy->opener.p_up,
        .expected_bps = strategy->opener.expected_bps,
    };
    const bool patient = cause == LF_REASON_HOLD && reason == LF_REASON_HOLD;
    lfi_strategy_send(
        pipeline,
        strategy,
        intent,
        patient ? strategy->options.execution.entry : LF_ORDER_KIND_MARKETABLE
    );
}

void lfi_strategy_exit(
    lf_pipeline *pipeline, lfi_strategy *strategy, int64_t ts_ns, lf_reason reason
)
{
    if (!strategy->exit_wanted || rank_of(reason) > rank_of(strategy->exit_reason)) {
        strategy->exit_wanted = true;
        strategy->exit_reason = reason;
    }
    const lfi_live *const live = &strategy->live;
    if (live->active) {
        const bool patient_exit = live->intent.cause == LF_REASON_HOLD && !is_urgent(reason);
        if (live->intent.request.order_kind == LF_ORDER_KIND_PASSIVE && !patient_exit) {
            send_cancel(strategy, ts_ns, 0, false, false);
        }
    } else if (strategy->ledger.position_lots != 0) {
        send_exit(pipeline, strategy, ts_ns, strategy->exit_reason, strategy->exit_reason);
    } else {
        strategy->exit_wanted = false;
    }
}

void lfi_strategy_resume(lf_pipeline *pipeline, lfi_strategy *strategy, int64_t ts_ns)
{
    strategy->exit_waits = false;
    if (!strategy->live.active && strategy->ledger.position_lots != 0) {
        send_exit(pipeline, strategy, ts_ns, strategy->exit_reason, strategy->exit_reason);
    }
    lfi_strategy_schedule(pipeline, strategy);
}

/* ---- rows ------------------------------------------------------------------------------- */

/* What a row offers, but for what a round trip costs. */
static lf_signal_input input_of(const lf_pipeline *pipeline, const lf_row *row)
{
    const lf_model_meta *const meta = lfi_span_meta(&pipeline->spans[row->span]);
    return (lf_signal_input){
        .prediction = row->prediction,
        .ofi_norm_1min = row->ofi_norm_1min,
        .ofi_threshold = meta->ofi_threshold,
        .ofi_extreme = meta->ofi_extreme,
        .round_trip_cost_bps = NAN,
    };
}

bool lfi_is_open(const lf_pipeline *pipeline, const lf_row *row)
{
    const lf_signal_input input = input_of(pipeline, row);
    for (size_t i = 0; i < pipeline->strategy_count; i++) {
        if (lf_signal_is_open(&pipeline->strategies[i].options.signal, &input)) {
            return true;
        }
    }
    return false;
}

static void
decide(const lf_pipeline *pipeline, lfi_strategy *strategy, const lf_row *row, lf_signal *signal)
{
    const lf_strategy_options *const options = &strategy->options;
    lf_signal_input input = input_of(pipeline, row);
    if (options->signal.cost_factor > 0.0 && lf_signal_is_open(&options->signal, &input)) {
        input.round_trip_cost_bps = lf_fees_round_trip_bps(
            &strategy->fees,
            options->execution.entry,
            &pipeline->local.quotes,
            options->risk.order_size
        );
    }
    lf_signal_decide(&options->signal, &input, signal);
    strategy->stats.signal_counts[signal->rule]++;
    strategy->stats.signal_count += signal->side != 0;
}

static void send_entry(
    lf_pipeline *pipeline, lfi_strategy *strategy, const lf_row *row, const lf_signal *signal
)
{
    const lf_strategy_options *const options = &strategy->options;
    const int64_t position = strategy->ledger.position_lots;
    const int64_t size = options->risk.order_size < options->risk.max_position
                             ? options->risk.order_size
                             : options->risk.max_position;
    const lf_reason reason = position == 0 ? LF_REASON_ENTRY : LF_REASON_REVERSE;
    const lf_intent intent = {
        .request =
            {
                /* A reversal takes the old position off and opens the new one in one order. */
                .lots = size + (position > 0 ? position : -position),
                .side = signal->side,
            },
        .ts_decision_ns = row->ts_ns,
        .ts_sent_ns = row->ts_ns + options->execution.latency.decision_ns,
        .decided = true,
        .reason = reason,
        .cause = reason,
        .rule = signal->rule,
        .p_up = signal->p_up,
        .expected_bps = signal->expected_bps,
    };
    lfi_strategy_send(pipeline, strategy, intent, options->execution.entry);
}

void lfi_strategy_take_back(lfi_strategy *strategy, int64_t ts_ns)
{
    send_cancel(strategy, ts_ns, strategy->options.execution.latency.decision_ns, false, true);
}

void lfi_strategy_row(lf_pipeline *pipeline, lfi_strategy *strategy, const lf_row *row)
{
    lfi_strategy_limit(pipeline, strategy, row->ts_ns);
    const bool closed = row->ts_ns >= lfi_flatten_time(pipeline, strategy);
    if (!row->traded || !row->valid || closed || strategy->stats.stopped ||
        strategy->stats.killed) {
        return;
    }
    if (strategy->options.decide != NULL) {
        lfi_strategy_ask(pipeline, strategy, row);
        return;
    }
    lf_signal signal;
    decide(pipeline, strategy, row, &signal);
    if (signal.side == 0 || strategy->exit_wanted) {
        return;
    }
    const lfi_live *const live = &strategy->live;
    const int64_t position = strategy->ledger.position_lots;
    if (live->active) {
        /* A resting entry that the signal now speaks against is taken back. */
        if (live->intent.request.order_kind == LF_ORDER_KIND_PASSIVE &&
            live->intent.request.side == -signal.side) {
            lfi_strategy_take_back(strategy, row->ts_ns);
        }
    } else if (position == 0 || (position > 0) == (signal.side < 0)) {
        send_entry(pipeline, strategy, row, &signal);
    }
}

/* ---- limits, stops and timers ----------------------------------------------------------- */

void lfi_strategy_limit(lf_pipeline *pipeline, lfi_strategy *strategy, int64_t ts_ns)
{
    if (strategy->max_loss_nano == 0 || strategy->stats.stopped) {
        return;
    }
    const int64_t net =
        lf_ledger_net_nano(&strategy->ledger, pipeline->local.mid2, strategy->fees.money_unit_nano);
    if (net <= -strategy->max_loss_nano) {
        strategy->stats.stopped = true;
        lfi_strategy_exit(pipeline, strategy, ts_ns, LF_REASON_LOSS_LIMIT);
    }
}

void lfi_strategy_kill(lf_pipeline *pipeline, lfi_strategy *strategy, int64_t ts_ns)
{
    if (!strategy->stats.killed) {
        strategy->stats.killed = true;
        lfi_strategy_exit(pipeline, strategy, ts_ns, LF_REASON_KILL);
    }
}

void lfi_strategy_stop(lf_pipeline *pipeline, lfi_strategy *strategy, int64_t ts_ns)
{
    const int64_t mid2 = pipeline->local.mid2;
    const bool hit = strategy->ledger.position_lots > 0 ? mid2 <= strategy->stop_mid2
                                                        : mid2 >= strategy->stop_mid2;
    const bool leaving = strategy->exit_wanted && is_urgent(strategy->exit_reason);
    if (hit && !leaving) {
        lfi_strategy_exit(pipeline, strategy, ts_ns, LF_REASON_STOP);
    }
}

void lfi_strategy_timers(lf_pipeline *pipeline, lfi_strategy *strategy, int64_t ts_ns)
{
    const lfi_live *const live = &strategy->live;
    if (!strategy->closing && ts_ns >= lfi_flatten_time(pipeline, strategy)) {
        strategy->closing = true;
        lfi_strategy_exit(pipeline, strategy, ts_ns, LF_REASON_SESSION_END);
    }
    if (live->active && ts_ns >= live->expire_ns) {
        send_cancel(strategy, ts_ns, 0, !live->cancel_again || live->timed_out, false);
    }
    if (!strategy->exit_wanted && ts_ns >= strategy->hold_until_ns) {
        lfi_strategy_exit(pipeline, strategy, ts_ns, LF_REASON_HOLD);
    }
    if (ts_ns >= strategy->retry_ns) {
        strategy->retry_ns = INT64_MAX;
        if (!live->active && strategy->ledger.position_lots != 0) {
            strategy->stats.retry_count++;
            send_exit(pipeline, strategy, ts_ns, strategy->exit_reason, strategy->exit_reason);
        }
    }
}

void lfi_strategy_schedule(const lf_pipeline *pipeline, lfi_strategy *strategy)
{
    const lfi_live *const live = &strategy->live;
    int64_t due = strategy->closing ? INT64_MAX : lfi_flatten_time(pipeline, strategy);
    if (live->active && !live->cancel_sent && live->expire_ns < due) {
        due = live->expire_ns;
    }
    if (!strategy->exit_wanted && strategy->hold_until_ns < due) {
        due = strategy->hold_until_ns;
    }
    if (strategy->retry_ns < due) {
        due = strategy->retry_ns;
    }
    /* After the close nothing can be done any more. */
    strategy->due_ns = due < pipeline->instrument.session_close_ns ? due : INT64_MAX;
}
