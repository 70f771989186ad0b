/* The tables of a backtest. Columns: docs/formats/run.md. */
#include "backtest_internal.h"

/* clang-format off */
static const lf_column_spec orders[] = {
    {"order_id", LF_COLUMN_I64},
    {"ts_decision", LF_COLUMN_TIME},
    {"ts_sent", LF_COLUMN_TIME},
    {"ts_venue", LF_COLUMN_TIME},
    {"ts_done", LF_COLUMN_TIME},
    {"symbol", LF_COLUMN_TEXT},
    {"side", LF_COLUMN_I64},
    {"kind", LF_COLUMN_TEXT},
    {"price", LF_COLUMN_F64},
    {"lots", LF_COLUMN_I64},
    {"filled_lots", LF_COLUMN_I64},
    {"status", LF_COLUMN_TEXT},
    {"reason", LF_COLUMN_TEXT},
    {"rule", LF_COLUMN_TEXT},
    {"mid_decision", LF_COLUMN_F64},
    {"mid_arrival", LF_COLUMN_F64},
    {"depth_arrival", LF_COLUMN_F64},
    {"p_up", LF_COLUMN_F64},
    {"expected_bps", LF_COLUMN_F64},
};
/* clang-format on */

static const lf_column_spec fills[] = {
    {"order_id", LF_COLUMN_I64},
    {"ts_venue", LF_COLUMN_TIME},
    {"ts_local", LF_COLUMN_TIME},
    {"symbol", LF_COLUMN_TEXT},
    {"side", LF_COLUMN_I64},
    {"price", LF_COLUMN_F64},
    {"lots", LF_COLUMN_I64},
    {"liquidity", LF_COLUMN_TEXT},
    {"fee", LF_COLUMN_F64},
    {"mid_venue", LF_COLUMN_F64},
    {"mid_decision", LF_COLUMN_F64},
    {"reason", LF_COLUMN_TEXT},
    {"after_cancel", LF_COLUMN_BOOL},
};

static const lf_column_spec trades[] = {
    {"ts_entry", LF_COLUMN_TIME},
    {"ts_exit", LF_COLUMN_TIME},
    {"symbol", LF_COLUMN_TEXT},
    {"side", LF_COLUMN_I64},
    {"lots", LF_COLUMN_I64},
    {"entry_price", LF_COLUMN_F64},
    {"exit_price", LF_COLUMN_F64},
    {"gross", LF_COLUMN_F64},
    {"fees", LF_COLUMN_F64},
    {"net", LF_COLUMN_F64},
    {"exit_reason", LF_COLUMN_TEXT},
    {"rule", LF_COLUMN_TEXT},
    {"ticks_best", LF_COLUMN_F64},
    {"ticks_worst", LF_COLUMN_F64},
};

static const lf_column_spec equity[] = {
    {"ts_event", LF_COLUMN_TIME},
    {"symbol", LF_COLUMN_TEXT},
    {"valid", LF_COLUMN_BOOL},
    {"mid", LF_COLUMN_F64},
    {"position", LF_COLUMN_I64},
    {"cash", LF_COLUMN_F64},
    {"fees", LF_COLUMN_F64},
    {"gross", LF_COLUMN_F64},
    {"net", LF_COLUMN_F64},
};

static const lf_column_spec predictions[] = {
    {"ts_event", LF_COLUMN_TIME},
    {"symbol", LF_COLUMN_TEXT},
    {"p_up_1min", LF_COLUMN_F64},
    {"p_up_5min", LF_COLUMN_F64},
    {"ret_1min_bps", LF_COLUMN_F64},
    {"model_id", LF_COLUMN_TEXT},
    {"valid", LF_COLUMN_BOOL},
    {"mid", LF_COLUMN_F64},
    {"spread_ticks", LF_COLUMN_F64},
    {"ofi_norm_1min", LF_COLUMN_F64},
    {"ofi_1min", LF_COLUMN_F64},
    {"depth_imbalance_l1", LF_COLUMN_F64},
    {"ret_1min", LF_COLUMN_F64},
    {"up_1min", LF_COLUMN_F64},
    {"ret_5min", LF_COLUMN_F64},
    {"up_5min", LF_COLUMN_F64},
};

#define COLUMNS(list) list, sizeof(list) / sizeof((list)[0])

static const struct {
    const lf_column_spec *specs;
    size_t count;
} tables[LF_BACKTEST_TABLE_COUNT] = {
    [LF_BACKTEST_ORDERS] = {COLUMNS(orders)},
    [LF_BACKTEST_FILLS] = {COLUMNS(fills)},
    [LF_BACKTEST_TRADES] = {COLUMNS(trades)},
    [LF_BACKTEST_EQUITY] = {COLUMNS(equity)},
};

lf_status lfi_backtest_table_create(
    const lf_allocator *allocator, lf_backtest_table table, lf_frame **out, lf_error *error
)
{
    return lf_frame_create(allocator, tables[table].specs, tables[table].count, 0, out, error);
}

lf_status lfi_predictions_create(const lf_allocator *allocator, lf_frame **out, lf_error *error)
{
    return lf_frame_create(allocator, COLUMNS(predictions), 0, out, error);
}
