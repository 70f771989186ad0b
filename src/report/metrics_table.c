/* Columns of a run's tables, found by name once and read by place. */
#include "report_internal.h"

#include <math.h>

double lfi_cell(const lfi_cells *cells, size_t row)
{
    switch (cells->kind) {
    case LF_COLUMN_F64:
        return ((const double *)cells->values)[row];
    case LF_COLUMN_I64:
    case LF_COLUMN_TIME:
        return (double)((const int64_t *)cells->values)[row];
    case LF_COLUMN_BOOL:
        return ((const uint8_t *)cells->values)[row];
    case LF_COLUMN_TEXT:
        break;
    }
    return NAN;
}

int64_t lfi_cell_time(const lfi_cells *cells, size_t row)
{
    return ((const int64_t *)cells->values)[row];
}

const char *lfi_cell_text(const lfi_cells *cells, size_t row)
{
    return lf_frame_text(cells->frame, cells->index, row);
}

/* What a column may hold. */
typedef enum wanted {
    NUMBER,
    TIME,
    TEXT,
    OPTIONAL /* a number that older tables do not have */
} wanted;

typedef struct name {
    const char *text;
    wanted kind;
} name;

static const name orders[LFI_CELLS_MAX] = {
    [LFI_ORDER_ID] = {"order_id", NUMBER},
    [LFI_ORDER_DECISION] = {"ts_decision", TIME},
    [LFI_ORDER_SENT] = {"ts_sent", TIME},
    [LFI_ORDER_VENUE] = {"ts_venue", TIME},
    [LFI_ORDER_DONE] = {"ts_done", TIME},
    [LFI_ORDER_SYMBOL] = {"symbol", TEXT},
    [LFI_ORDER_SIDE] = {"side", NUMBER},
    [LFI_ORDER_KIND] = {"kind", TEXT},
    [LFI_ORDER_PRICE] = {"price", NUMBER},
    [LFI_ORDER_LOTS] = {"lots", NUMBER},
    [LFI_ORDER_FILLED] = {"filled_lots", NUMBER},
    [LFI_ORDER_STATUS] = {"status", TEXT},
    [LFI_ORDER_REASON] = {"reason", TEXT},
    [LFI_ORDER_MID_DECISION] = {"mid_decision", NUMBER},
    [LFI_ORDER_MID_ARRIVAL] = {"mid_arrival", NUMBER},
    [LFI_ORDER_DEPTH] = {"depth_arrival", OPTIONAL},
};

static const name fills[LFI_CELLS_MAX] = {
    [LFI_FILL_ORDER] = {"order_id", NUMBER},
    [LFI_FILL_TIME] = {"ts_venue", TIME},
    [LFI_FILL_SYMBOL] = {"symbol", TEXT},
    [LFI_FILL_SIDE] = {"side", NUMBER},
    [LFI_FILL_PRICE] = {"price", NUMBER},
    [LFI_FILL_LOTS] = {"lots", NUMBER},
    [LFI_FILL_LIQUIDITY] = {"liquidity", TEXT},
    [LFI_FILL_FEE] = {"fee", NUMBER},
    [LFI_FILL_MID] = {"mid_venue", NUMBER},
    [LFI_FILL_MID_DECISION] = {"mid_decision", NUMBER},
};

static const name trades[LFI_CELLS_MAX] = {
    [LFI_TRADE_ENTRY] = {"ts_entry", TIME},
    [LFI_TRADE_EXIT] = {"ts_exit", TIME},
    [LFI_TRADE_SYMBOL] = {"symbol", TEXT},
    [LFI_TRADE_SIDE] = {"side", NUMBER},
    [LFI_TRADE_LOTS] = {"lots", NUMBER},
    [LFI_TRADE_ENTRY_PRICE] = {"entry_price", NUMBER},
    [LFI_TRADE_EXIT_PRICE] = {"exit_price", NUMBER},
    [LFI_TRADE_GROSS] = {"gross", NUMBER},
    [LFI_TRADE_FEES] = {"fees", NUMBER},
    [LFI_TRADE_NET] = {"net", NUMBER},
    [LFI_TRADE_REASON] = {"exit_reason", TEXT},
    [LFI_TRADE_RULE] = {"rule", TEXT},
};

static const name equity[LFI_CELLS_MAX] = {
    [LFI_EQUITY_TIME] = {"ts_event", TIME},
    [LFI_EQUITY_SYMBOL] = {"symbol", TEXT},
    [LFI_EQUITY_VALID] = {"valid", NUMBER},
    [LFI_EQUITY_MID] = {"mid", NUMBER},
    [LFI_EQUITY_POSITION] = {"position", NUMBER},
    [LFI_EQUITY_FEES] = {"fees", NUMBER},
    [LFI_EQUITY_GROSS] = {"gross", NUMBER},
};

static const struct {
    const char *text;
    const name *names;
} layouts[LF_BACKTEST_TABLE_COUNT] = {
    [LF_BACKTEST_ORDERS] = {"orders", orders},
    [LF_BACKTEST_FILLS] = {"fills", fills},
    [LF_BACKTEST_TRADES] = {"trades", trades},
    [LF_BACKTEST_EQUITY] = {"equity", equity},
};

static bool fits(lf_column_kind kind, wanted want)
{
    switch (want) {
    case TIME:
        return kind == LF_COLUMN_TIME;
    case TEXT:
        return kind == LF_COLUMN_TEXT;
    case NUMBER:
    case OPTIONAL:
        break;
    }
    return kind == LF_COLUMN_F64 || kind == LF_COLUMN_I64 || kind == LF_COLUMN_BOOL;
}

static void bind(lf_frame *frame, size_t column, lfi_cells *out)
{
    out->frame = frame;
    out->index = column;
    out->kind = lf_frame_column(frame, column).kind;
    switch (out->kind) {
    case LF_COLUMN_F64:
        out->values = lf_frame_f64(frame, column);
        break;
    case LF_COLUMN_I64:
    case LF_COLUMN_TIME:
        out->values = lf_frame_i64(frame, column);
        break;
    case LF_COLUMN_BOOL:
        out->values = lf_frame_bool(frame, column);
        break;
    case LF_COLUMN_TEXT:
        out->values = NULL;
        break;
    }
}

lf_status lfi_table_bind(
    lf_frame *frame, lf_backtest_table table, const char *strategy, lfi_table *out, lf_error *error
)
{
    static const char *const kinds[] = {"number", "time", "text", "number"};
    const name *names = layouts[table].names;
    const char *text = layouts[table].text;
    if (frame == NULL) {
        return lf_error_set(
            error, LF_MISMATCH, "strategy \"%s\" has no table of %s.", strategy, text
        );
    }
    out->rows = lf_frame_row_count(frame);
    for (size_t i = 0; i < LFI_CELLS_MAX && names[i].text != NULL; i++) {
        const size_t column = lf_frame_find(frame, names[i].text);
        if (column == SIZE_MAX && names[i].kind == OPTIONAL) {
            out->cells[i] = (lfi_cells){.kind = LF_COLUMN_TEXT}; /* whose numbers are NaN */
            continue;
        }
        if (column == SIZE_MAX || !fits(lf_frame_column(frame, column).kind, names[i].kind)) {
            return lf_error_set(
                error,
                LF_MISMATCH,
                "strategy \"%s\": the table of %s needs a %s column \"%s\".",
                strategy,
                text,
                kinds[names[i].kind],
                names[i].text
            );
        }
        bind(frame, column, &out->cells[i]);
    }
    return LF_OK;
}
