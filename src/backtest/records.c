/* Rows of the tables: what happened, as docs/formats/run.md names it. */
#include "backtest_internal.h"

#include <math.h>

static lf_status no_memory(lf_error *error)
{
    return lf_error_set(error, LF_NOMEM, "No memory for the tables of a backtest.");
}

/* A mid in currency; NaN before the first valid state. */
static double mid_of(const lfi_replay *replay, int64_t mid2)
{
    return mid2 == 0 ? NAN : (double)mid2 * (double)replay->units.tick_nano / 2e9;
}

static double price_ticks_of(const lfi_replay *replay, int64_t ticks)
{
    return ticks == LF_PRICE_NONE ? NAN : (double)ticks * (double)replay->units.tick_nano / 1e9;
}

/* ---- rows ------------------------------------------------------------------------------- */

void lfi_write_account(
    double starting_cash,
    const lf_ledger *ledger,
    int64_t mid2,
    int64_t money_unit_nano,
    lf_frame *frame,
    size_t row
)
{
    const double gross = lf_ledger_gross(ledger, mid2, money_unit_nano);
    const double fees = (double)ledger->fees_nano * 1e-9;
    lf_frame_f64(frame, LFI_EQUITY_CASH)[row] = starting_cash + (double)ledger->cash_nano * 1e-9;
    lf_frame_f64(frame, LFI_EQUITY_FEE_SUM)[row] = fees;
    lf_frame_f64(frame, LFI_EQUITY_GROSS_SUM)[row] = gross;
    lf_frame_f64(frame, LFI_EQUITY_NET_SUM)[row] = gross - fees;
}

/* A unit keeps the money of its rows as whole numbers, for the days before to be added. */
static lf_status keep_account(
    const lf_backtest *backtest,
    lfi_book_keeper *keeper,
    size_t row,
    const lf_ledger *ledger,
    int64_t mid2
)
{
    void *accounts = keeper->accounts;
    const lf_status status = lf_grow(
        lfi_backtest_allocator(backtest),
        &accounts,
        &keeper->account_capacity,
        row + 1,
        sizeof *keeper->accounts
    );
    keeper->accounts = accounts;
    if (status == LF_OK) {
        keeper->accounts[row] = (lfi_account){ledger->cash_nano, ledger->fees_nano, mid2};
    }
    return status;
}

static lf_status append_equity(
    lfi_replay *replay,
    lfi_book_keeper *keeper,
    const lf_ledger *ledger,
    const lf_row *row,
    lf_error *error
)
{
    lf_frame *const frame = keeper->tables[LF_BACKTEST_EQUITY];
    const size_t at = lf_frame_row_count(frame);
    if (lf_frame_append(frame, 1) != LF_OK) {
        return no_memory(error);
    }
    const lf_backtest *const backtest = replay->backtest;
    if (backtest->is_unit && keep_account(backtest, keeper, at, ledger, row->mid2) != LF_OK) {
        return no_memory(error);
    }
    lf_frame_i64(frame, LFI_EQUITY_TS)[at] = row->ts_ns;
    lf_frame_bool(frame, LFI_EQUITY_IS_VALID)[at] = row->valid;
    lf_frame_f64(frame, LFI_EQUITY_MID_PRICE)[at] = mid_of(replay, row->mid2);
    lf_frame_i64(frame, LFI_EQUITY_LOTS)[at] = ledger->position_lots;
    lfi_write_account(
        backtest->starting_cash, ledger, row->mid2, replay->units.money_unit_nano, frame, at
    );
    return LF_OK;
}

/* Give the predictions since the last change of model their model's name. */
static lf_status name_model(lfi_replay *replay, size_t until)
{
    const size_t from = replay->model_row;
    replay->model_row = until;
    if (until == from || replay->model_span < 0) {
        return LF_OK;
    }
    const lf_span *const span = &replay->options->spans[replay->model_span];
    const lf_model_meta *const meta =
        span->model != NULL ? lf_model_meta_of(span->model) : &span->meta;
    return lf_frame_set_text(
        replay->backtest->predictions, LFI_PREDICTIONS_MODEL, from, until - from, meta->model_id
    );
}

static lf_status append_prediction(lfi_replay *replay, const lf_row *row, lf_error *error)
{
    lf_frame *const frame = replay->backtest->predictions;
    const size_t at = lf_frame_row_count(frame);
    if (row->span != replay->model_span) {
        if (name_model(replay, at) != LF_OK) {
            return no_memory(error);
        }
        replay->model_span = row->span;
    }
    if (lf_frame_append(frame, 1) != LF_OK) {
        return no_memory(error);
    }
    const bool known = row->mid2 != 0;
    lf_frame_i64(frame, LFI_PREDICTIONS_TS)[at] = row->ts_ns;
    lf_frame_f64(frame, LFI_PREDICTIONS_UP_1MIN)[at] = row->prediction.p_up_1min;
    lf_frame_f64(frame, LFI_PREDICTIONS_UP_5MIN)[at] = row->prediction.p_up_5min;
    lf_frame_f64(frame, LFI_PREDICTIONS_RET_BPS)[at] = row->prediction.ret_1min_bps;
    lf_frame_bool(frame, LFI_PREDICTIONS_VALID)[at] = row->valid;
    lf_frame_f64(frame, LFI_PREDICTIONS_MID)[at] = mid_of(replay, row->mid2);
    lf_frame_f64(frame, LFI_PREDICTIONS_SPREAD)[at] = known ? (double)row->spread_ticks : NAN;
    lf_frame_f64(frame, LFI_PREDICTIONS_OFI_NORM)[at] = row->ofi_norm_1min;
    lf_frame_f64(frame, LFI_PREDICTIONS_OFI)[at] = row->ofi_1min;
    lf_frame_f64(frame, LFI_PREDICTIONS_IMBALANCE)[at] = row->depth_imbalance_l1;
    return LF_OK;
}

lf_status lfi_record_row(lfi_replay *replay, const lf_row *row, lf_error *error)
{
    lf_backtest *const backtest = replay->backtest;
    /* For a sweep the minutes will do. */
    if (backtest->lean &&
        (row->ts_ns % LF_NS_PER_MINUTE != 0 || row->ts_ns <= replay->instrument->session_open_ns)) {
        return LF_OK;
    }
    for (size_t i = 0; i < backtest->strategy_count; i++) {
        lfi_book_keeper *const keeper = &backtest->strategies[i];
        const lf_ledger *const today = lf_pipeline_ledger(replay->pipeline, i);
        /* What the strategy knows at this time: the days before and today's reports so far. */
        const lf_ledger known = {
            .cash_nano = keeper->start.cash_nano + today->cash_nano,
            .fees_nano = keeper->start.fees_nano + today->fees_nano,
            .position_lots = today->position_lots,
        };
        const lf_status status = append_equity(replay, keeper, &known, row, error);
        if (status != LF_OK) {
            return status;
        }
    }
    return row->traded && !backtest->lean ? append_prediction(replay, row, error) : LF_OK;
}

lf_status lfi_record_close(lfi_replay *replay, lfi_book_keeper *keeper, lf_error *error)
{
    const lf_row row = {
        .ts_ns = replay->instrument->session_close_ns,
        .valid = replay->state_valid,
        .mid2 = lf_venue_mid2(keeper->venue),
    };
    return append_equity(replay, keeper, &keeper->ledger, &row, error);
}

/* ---- orders ----------------------------------------------------------------------------- */

lf_status lfi_record_order(
    lfi_replay *replay, lfi_book_keeper *keeper, const lf_intent *intent, lf_error *error
)
{
    lf_frame *const frame = keeper->tables[LF_BACKTEST_ORDERS];
    const size_t at = lf_frame_row_count(frame);
    const lf_request *const request = &intent->request;
    void *sent = keeper->sent;
    const lf_status grown = lf_grow(
        lfi_backtest_allocator(replay->backtest),
        &sent,
        &keeper->sent_capacity,
        keeper->sent_count + 1,
        sizeof *keeper->sent
    );
    keeper->sent = sent;
    if (grown != LF_OK || lf_frame_append(frame, 1) != LF_OK ||
        lf_frame_set_text(frame, LFI_ORDERS_KIND, at, 1, lf_order_kind_name(request->order_kind)) !=
            LF_OK ||
        lf_frame_set_text(frame, LFI_ORDERS_REASON, at, 1, lf_reason_name(intent->reason)) !=
            LF_OK ||
        lf_frame_set_text(frame, LFI_ORDERS_RULE, at, 1, lf_rule_name(intent->rule)) != LF_OK) {
        return no_memory(error);
    }
    keeper->sent[keeper->sent_count++] = (lfi_sent){
        .mid2_decision = intent->mid2_decision,
        .sent_ns = intent->ts_sent_ns,
        .cancel_ns = INT64_MAX,
        .reason = intent->reason,
        .cause = intent->cause,
        .rule = intent->rule,
    };
    /* Numbers start again each day inside; in the table they run on. */
    lf_frame_i64(frame, LFI_ORDERS_ID)[at] = (int64_t)(keeper->first_order + request->order_id);
    lf_frame_i64(frame, LFI_ORDERS_DECISION)[at] = intent->ts_decision_ns;
    lf_frame_i64(frame, LFI_ORDERS_SENT)[at] = intent->ts_sent_ns;
    lf_frame_i64(frame, LFI_ORDERS_VENUE)[at] = LF_TIME_NONE;
    lf_frame_i64(frame, LFI_ORDERS_DONE)[at] = LF_TIME_NONE;
    lf_frame_i64(frame, LFI_ORDERS_SIDE)[at] = request->side;
    lf_frame_f64(frame, LFI_ORDERS_PRICE)[at] = price_ticks_of(replay, request->price_ticks);
    lf_frame_i64(frame, LFI_ORDERS_LOTS)[at] = request->lots;
    lf_frame_f64(frame, LFI_ORDERS_MID_DECISION)[at] = mid_of(replay, intent->mid2_decision);
    lf_frame_f64(frame, LFI_ORDERS_P_UP)[at] = intent->p_up;
    lf_frame_f64(frame, LFI_ORDERS_EXPECTED)[at] = intent->expected_bps;
    return LF_OK;
}

void lfi_record_arrival(
    lfi_replay *replay, lfi_book_keeper *keeper, const lf_request *request, int64_t ts_ns
)
{
    lf_frame *const frame = keeper->tables[LF_BACKTEST_ORDERS];
    const size_t at = keeper->first_order + (size_t)request->order_id - 1;
    const int64_t depth = lf_venue_depth(keeper->venue, request);
    lf_frame_i64(frame, LFI_ORDERS_VENUE)[at] = ts_ns;
    lf_frame_f64(frame, LFI_ORDERS_MID_ARRIVAL)[at] = mid_of(replay, lf_venue_mid2(keeper->venue));
    lf_frame_f64(frame, LFI_ORDERS_DEPTH_ARRIVAL)[at] = depth < 0 ? NAN : (double)depth;
}

static const char *status_of(const lf_report *report)
{
    /* A rest that was cancelled or ran out does not undo the part that was filled. */
    if (report->state != LF_ORDER_STATE_FILLED && report->filled_lots > 0) {
        return "partial";
    }
    return lf_order_state_name(report->state);
}

lf_status lfi_record_report(lfi_book_keeper *keeper, const lf_report *report, lf_error *error)
{
    lf_frame *const frame = keeper->tables[LF_BACKTEST_ORDERS];
    const size_t at = keeper->first_order + (size_t)report->order_id - 1;
    if (report->kind == LF_REPORT_CANCEL_REJECTED) {
        return LF_OK;
    }
    lf_frame_i64(frame, LFI_ORDERS_FILLED)[at] = report->filled_lots;
    if (!lf_order_state_done(report->state)) {
        return LF_OK;
    }
    lf_frame_i64(frame, LFI_ORDERS_DONE)[at] = report->ts_venue_ns;
    return lf_frame_set_text(frame, LFI_ORDERS_STATUS, at, 1, status_of(report)) == LF_OK
               ? LF_OK
               : no_memory(error);
}

/* ---- fills ------------------------------------------------------------------------------ */

lf_status lfi_record_fill(
    lfi_replay *replay, lfi_book_keeper *keeper, const lf_fill *fill, int64_t ts_ns, lf_error *error
)
{
    lf_frame *const frame = keeper->tables[LF_BACKTEST_FILLS];
    const size_t at = lf_frame_row_count(frame);
    const lfi_sent *const sent = &keeper->sent[fill->order_id - 1];
    if (lf_frame_append(frame, 1) != LF_OK ||
        lf_frame_set_text(frame, LFI_FILLS_LIQUIDITY, at, 1, lf_liquidity_name(fill->liquidity)) !=
            LF_OK ||
        lf_frame_set_text(frame, LFI_FILLS_REASON, at, 1, lf_reason_name(sent->reason)) != LF_OK) {
        return no_memory(error);
    }
    const int64_t fee =
        fill->fees.commission_nano + fill->fees.exchange_nano + fill->fees.regulatory_nano;
    lf_frame_i64(frame, LFI_FILLS_ORDER)[at] = (int64_t)(keeper->first_order + fill->order_id);
    lf_frame_i64(frame, LFI_FILLS_VENUE)[at] = fill->ts_venue_ns;
    lf_frame_i64(frame, LFI_FILLS_LOCAL)[at] = ts_ns;
    lf_frame_i64(frame, LFI_FILLS_SIDE)[at] = fill->side;
    /* The impact model's part is paid too; without one the price is the book's, exactly. */
    lf_frame_f64(frame, LFI_FILLS_PRICE)[at] =
        fill->impact_nano == 0 ? price_ticks_of(replay, fill->price_ticks)
                               : lfi_price_of(&replay->units, fill->value_nano, fill->lots);
    lf_frame_i64(frame, LFI_FILLS_LOTS)[at] = fill->lots;
    lf_frame_f64(frame, LFI_FILLS_FEE)[at] = (double)fee * 1e-9;
    lf_frame_f64(frame, LFI_FILLS_MID_VENUE)[at] = mid_of(replay, fill->mid2_venue);
    lf_frame_f64(frame, LFI_FILLS_MID_DECISION)[at] = mid_of(replay, sent->mid2_decision);
    lf_frame_bool(frame, LFI_FILLS_AFTER_CANCEL)[at] = fill->ts_venue_ns >= sent->cancel_ns;
    return LF_OK;
}

/* ---- the end of a day ------------------------------------------------------------------- */

static lf_status name_rows(lf_frame *frame, size_t column, size_t first, const char *symbol)
{
    const size_t count = lf_frame_row_count(frame) - first;
    return count == 0 ? LF_OK : lf_frame_set_text(frame, column, first, count, symbol);
}

lf_status lfi_record_day(lfi_replay *replay, lf_error *error)
{
    lf_backtest *const backtest = replay->backtest;
    const char *const symbol = replay->instrument->symbol;
    lf_frame *const predictions = backtest->predictions;
    lf_status status = name_model(replay, lf_frame_row_count(predictions));
    if (status == LF_OK) {
        status = name_rows(predictions, LFI_PREDICTIONS_SYMBOL, replay->first_prediction, symbol);
    }
    for (size_t i = 0; i < backtest->strategy_count && status == LF_OK; i++) {
        const lfi_book_keeper *const keeper = &backtest->strategies[i];
        const struct {
            lf_backtest_table table;
            size_t column;
            size_t first;
        } parts[] = {
            {LF_BACKTEST_ORDERS, LFI_ORDERS_SYMBOL, keeper->first_order},
            {LF_BACKTEST_FILLS, LFI_FILLS_SYMBOL, keeper->first_fill},
            {LF_BACKTEST_TRADES, LFI_TRADES_SYMBOL, keeper->first_trade},
            {LF_BACKTEST_EQUITY, LFI_EQUITY_NAME, keeper->first_equity},
        };
        for (size_t t = 0; t < sizeof parts / sizeof parts[0] && status == LF_OK; t++) {
            status =
                name_rows(keeper->tables[parts[t].table], parts[t].column, parts[t].first, symbol);
        }
    }
    return status == LF_OK ? LF_OK : no_memory(error);
}
