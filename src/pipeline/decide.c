/* A strategy of one's own: what it is shown, and how its wishes become orders. */
#include "pipeline_internal.h"

static int64_t magnitude(int64_t value)
{
    return value < 0 ? -value : value;
}

/* What is left of the working order, with its sign; 0 without one. */
static int64_t working_lots(const lfi_strategy *strategy)
{
    const lfi_live *const live = &strategy->live;
    return live->active
               ? live->intent.request.side * (live->intent.request.lots - live->filled_lots)
               : 0;
}

static void show_working(const lfi_strategy *strategy, lf_strategy_view *view)
{
    const lfi_live *const live = &strategy->live;
    if (live->active) {
        view->working_lots = working_lots(strategy);
        view->working_price_ticks = live->intent.request.price_ticks;
        view->working_sent_ns = live->intent.ts_sent_ns;
        view->working_kind = live->intent.request.order_kind;
        view->working_cancel = live->cancel_sent;
    }
}

static void show(
    const lf_pipeline *pipeline,
    const lfi_strategy *strategy,
    const lf_row *row,
    lf_strategy_view *view
)
{
    const lf_instrument *const instrument = &pipeline->instrument;
    const lf_model_meta *const meta = lfi_span_meta(&pipeline->spans[row->span]);
    const lf_ledger *const ledger = &strategy->ledger;
    *view = (lf_strategy_view){
        .ts_ns = row->ts_ns,
        .session_open_ns = instrument->session_open_ns,
        .session_close_ns = instrument->session_close_ns,
        .flatten_ns = lfi_flatten_time(pipeline, strategy),
        .tick_nano = instrument->tick_nano,
        .lot_nano = instrument->lot_nano,
        .level_count = instrument->level_count,
        .mid2 = pipeline->local.mid2,
        .spread_ticks = pipeline->local.spread_ticks,
        .position_lots = ledger->position_lots,
        .max_position = strategy->options.risk.max_position,
        .opened_ns = ledger->position_lots != 0 ? strategy->opened_ns : LF_TIME_NONE,
        .net_nano =
            lf_ledger_net_nano(ledger, pipeline->local.mid2, strategy->fees.money_unit_nano),
        .is_leaving = strategy->exit_wanted,
        .p_up_1min = row->prediction.p_up_1min,
        .p_up_5min = row->prediction.p_up_5min,
        .ret_1min_bps = row->prediction.ret_1min_bps,
        .ofi_norm_1min = row->ofi_norm_1min,
        .ofi_1min = row->ofi_1min,
        .depth_imbalance_l1 = row->depth_imbalance_l1,
        .ofi_threshold = meta->ofi_threshold,
        .ofi_extreme = meta->ofi_extreme,
        .median_spread_ticks = meta->median_spread_ticks,
        .quotes = pipeline->local.quotes,
    };
    show_working(strategy, view);
}

/* A position that risk.max_position allows. */
static int64_t allowed(const lfi_strategy *strategy, int64_t position)
{
    const int64_t most = strategy->options.risk.max_position;
    return position > most ? most : position < -most ? -most : position;
}

/* The reason of an order that leads from one position to another. */
static lf_reason reason_of(int64_t from, int64_t to)
{
    if (from != 0 && to != 0 && (from > 0) != (to > 0)) {
        return LF_REASON_REVERSE;
    }
    return magnitude(to) < magnitude(from) ? LF_REASON_TARGET : LF_REASON_ENTRY;
}

static void send(
    lf_pipeline *pipeline,
    lfi_strategy *strategy,
    const lf_row *row,
    const lf_action *action,
    int64_t target
)
{
    const int64_t position = strategy->ledger.position_lots;
    const lf_signal_options *const signal = &strategy->options.signal;
    const lf_prediction *const prediction = &row->prediction;
    const int64_t lots = target - position;
    if (lots == 0) {
        return;
    }
    const lf_reason reason = reason_of(position, target);
    const lf_intent intent = {
        .request =
            {
                .lots = magnitude(lots),
                .side = lots > 0 ? 1 : -1,
                .price_ticks = action->limit_ticks,
            },
        .ts_decision_ns = row->ts_ns,
        .ts_sent_ns = row->ts_ns + strategy->options.execution.latency.decision_ns,
        .decided = true,
        .reason = reason,
        .cause = reason,
        .has_limit = action->limit_ticks != LF_PRICE_NONE,
        .rule = LF_RULE_NONE,
        .p_up = signal->horizon == LF_HORIZON_5MIN ? prediction->p_up_5min : prediction->p_up_1min,
        .expected_bps = (lots > 0 ? 1 : -1) * prediction->ret_1min_bps,
    };
    const bool is_passive = action->order_kind == LF_ORDER_KIND_PASSIVE;
    lfi_strategy_send(
        pipeline, strategy, intent, is_passive ? LF_ORDER_KIND_PASSIVE : LF_ORDER_KIND_MARKETABLE
    );
}

static void
act(lf_pipeline *pipeline, lfi_strategy *strategy, const lf_row *row, const lf_action *action)
{
    const int64_t position = strategy->ledger.position_lots;
    const int64_t working = working_lots(strategy);
    const bool is_target = action->kind == LF_ACTION_TARGET;
    const int64_t most = strategy->options.risk.max_position;
    /* Before the sum, so that it fits. */
    const int64_t lots = action->lots > 2 * most    ? 2 * most
                         : action->lots < -2 * most ? -2 * most
                                                    : action->lots;
    const int64_t target = allowed(strategy, is_target ? lots : position + lots);
    /* A marketable order is done before a cancel could reach it. */
    const bool can_cancel =
        strategy->live.active && strategy->live.intent.request.order_kind == LF_ORDER_KIND_PASSIVE;
    if (action->kind == LF_ACTION_CANCEL) {
        if (can_cancel) {
            lfi_strategy_take_back(strategy, row->ts_ns);
        }
        return;
    }
    strategy->stats.signal_count++;
    if (!strategy->live.active) {
        send(pipeline, strategy, row, action, target);
    } else if (is_target && can_cancel && position + working != target) {
        lfi_strategy_take_back(strategy, row->ts_ns);
    }
}

void lfi_strategy_ask(lf_pipeline *pipeline, lfi_strategy *strategy, const lf_row *row)
{
    const lf_strategy_options *const options = &strategy->options;
    lf_strategy_view view;
    lf_action action = {
        .kind = LF_ACTION_NONE,
        .order_kind = options->execution.entry,
        .limit_ticks = LF_PRICE_NONE,
    };
    if (pipeline->failure != LF_OK) {
        return;
    }
    show(pipeline, strategy, row, &view);
    pipeline->failure =
        options->decide(options->context, strategy->state, &view, pipeline->own_features, &action);
    const bool is_known = action.kind >= LF_ACTION_TARGET && action.kind <= LF_ACTION_CANCEL;
    if (pipeline->failure == LF_OK && is_known && !strategy->exit_wanted) {
        strategy->stats.signal_counts[LF_RULE_NONE]++;
        act(pipeline, strategy, row, &action);
    }
}
