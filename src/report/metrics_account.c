/* The account of one strategy: sums over its orders, fills and trades, beside its days. */
#include "report_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int64_t lfi_local_day(const lfi_calendar *calendar, int64_t time_ns)
{
    const int64_t offset_ns = lf_zone_offset_s(calendar->zone, time_ns) * LF_NS_PER_SECOND;
    const int64_t local_ns = time_ns + offset_ns + calendar->shift_ns;
    const int64_t day = local_ns / LF_NS_PER_DAY;
    return local_ns % LF_NS_PER_DAY < 0 ? day - 1 : day;
}

/* Rows of a session are no further apart. */
#define STEP_MAX_NS (60 * LF_NS_PER_MINUTE)

int64_t lfi_equity_day(const lfi_calendar *calendar, const lfi_table *equity, size_t row)
{
    const lfi_cells *times = &equity->cells[LFI_EQUITY_TIME];
    const lfi_cells *symbols = &equity->cells[LFI_EQUITY_SYMBOL];
    const int64_t time_ns = lfi_cell_time(times, row);
    const int64_t since_ns = row > 0 ? time_ns - lfi_cell_time(times, row - 1) : 0;
    const bool goes_on = since_ns > 0 && since_ns <= STEP_MAX_NS &&
                         strcmp(lfi_cell_text(symbols, row), lfi_cell_text(symbols, row - 1)) == 0;
    return lfi_local_day(calendar, time_ns - goes_on);
}

/* ---- sums ------------------------------------------------------------------------------- */

/* What one lot is of the asset: gross P&L of round trips over price difference times lots. Exactly
   1 for shares; other contracts are rounded to four digits, because average prices are rounded. */
static double find_lot_size(const lfi_table *trades)
{
    double money = 0;
    double moves = 0;
    for (size_t i = 0; i < trades->rows; i++) {
        const double move = lfi_cell(&trades->cells[LFI_TRADE_EXIT_PRICE], i) -
                            lfi_cell(&trades->cells[LFI_TRADE_ENTRY_PRICE], i);
        const double gross = lfi_cell(&trades->cells[LFI_TRADE_GROSS], i);
        const double size = fabs(move) * lfi_cell(&trades->cells[LFI_TRADE_LOTS], i);
        if (isfinite(gross) && isfinite(size)) {
            money += fabs(gross);
            moves += size;
        }
    }
    if (!(money > 0) || !(moves > 0)) {
        return 1;
    }
    const double ratio = money / moves;
    const double unit = pow(10, floor(log10(ratio)) - 3);
    return fabs(ratio - 1) < 1e-3 ? 1 : round(ratio / unit) * unit;
}

static void sum_orders(lfi_account *account)
{
    const lfi_table *orders = &account->tables[LF_BACKTEST_ORDERS];
    account->order_count = (double)orders->rows;
    for (size_t i = 0; i < orders->rows; i++) {
        account->filled_orders += lfi_cell(&orders->cells[LFI_ORDER_FILLED], i) > 0;
    }
}

static void sum_fills(lfi_account *account)
{
    const lfi_table *fills = &account->tables[LF_BACKTEST_FILLS];
    for (size_t i = 0; i < fills->rows; i++) {
        const double lots = lfi_cell(&fills->cells[LFI_FILL_LOTS], i);
        const double price = lfi_cell(&fills->cells[LFI_FILL_PRICE], i);
        const double mid = lfi_cell(&fills->cells[LFI_FILL_MID], i);
        const double side = lfi_cell(&fills->cells[LFI_FILL_SIDE], i);
        account->traded_lots += lots;
        account->traded_value += lots * price * account->lot_size;
        if (mid > 0) {
            account->spread_cost += side * (price - mid) * lots * account->lot_size;
        }
    }
}

static void sum_trades(lfi_account *account, const lfi_calendar *calendar)
{
    const lfi_table *trades = &account->tables[LF_BACKTEST_TRADES];
    account->trade_count = (double)trades->rows;
    for (size_t i = 0; i < trades->rows; i++) {
        const int64_t entry_ns = lfi_cell_time(&trades->cells[LFI_TRADE_ENTRY], i);
        const int64_t exit_ns = lfi_cell_time(&trades->cells[LFI_TRADE_EXIT], i);
        lfi_day *day = lfi_account_day(account, lfi_local_day(calendar, exit_ns - 1));
        account->trade_lots += lfi_cell(&trades->cells[LFI_TRADE_LOTS], i);
        account->winning_trades += lfi_cell(&trades->cells[LFI_TRADE_NET], i) > 0;
        account->hold_seconds += (double)(exit_ns - entry_ns) / (double)LF_NS_PER_SECOND;
        if (day != NULL) {
            day->trade_count++;
        }
    }
}

/* ---- the account ------------------------------------------------------------------------ */

static lf_status bind_tables(lfi_account *account, lf_error *error)
{
    const lf_report_strategy *strategy = account->strategy;
    lf_status status = LF_OK;
    for (int t = 0; t < LF_BACKTEST_TABLE_COUNT && status == LF_OK; t++) {
        const bool in_parts =
            t == LF_BACKTEST_EQUITY && strategy->tables[t] == NULL && strategy->equity.count > 0;
        if (!in_parts) {
            status = lfi_table_bind(
                strategy->tables[t],
                (lf_backtest_table)t,
                strategy->name,
                &account->tables[t],
                error
            );
        }
    }
    return status;
}

lf_status lfi_account_create(
    const lf_allocator *allocator,
    const lf_report_strategy *strategy,
    const lfi_calendar *calendar,
    int64_t step_ns,
    const lfi_watcher *watcher,
    lfi_account *out,
    lf_error *error
)
{
    *out = (lfi_account){
        .strategy = strategy,
        .allocator = allocator,
        .open_part = SIZE_MAX,
        .step_ns = step_ns,
    };
    lf_status status = bind_tables(out, error);
    if (status == LF_OK) {
        status = lfi_account_days(out, calendar, watcher, error);
    }
    if (status != LF_OK) {
        lfi_account_release(out);
        return status;
    }
    out->lot_size = find_lot_size(&out->tables[LF_BACKTEST_TRADES]);
    sum_orders(out);
    sum_fills(out);
    sum_trades(out, calendar);
    return LF_OK;
}

void lfi_account_release(lfi_account *account)
{
    for (size_t i = 0; i < account->symbol_count; i++) {
        lf_release(account->allocator, account->symbols[i]);
    }
    lf_release(account->allocator, account->symbols);
    lf_release(account->allocator, account->pieces);
    lf_release(account->allocator, account->days);
    lf_release(account->allocator, account->minutes.gross);
    lf_release(account->allocator, account->minutes.net);
    lf_release(account->allocator, account->minutes.days);
    *account = (lfi_account){0};
}

double lfi_break_even_per_share(const lfi_account *account)
{
    return account->traded_lots > 0 ? account->gross / (account->traded_lots * account->lot_size)
                                    : NAN;
}

double lfi_break_even_bps(const lfi_account *account)
{
    return account->traded_value > 0 ? 1e4 * account->gross / account->traded_value : NAN;
}

double lfi_masked_share(const lfi_account *account)
{
    const lf_backtest_counts *counts = account->strategy->counts;
    if (counts != NULL && counts->session_ns > 0) {
        return (double)counts->masked_ns / (double)counts->session_ns;
    }
    return account->invalid_rows / (double)account->equity_rows;
}
