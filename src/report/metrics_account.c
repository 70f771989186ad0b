/* The account of one strategy: days, P&L curves and sums over its orders, fills and trades. */
#include "report_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int64_t lfi_local_day(const lf_zone *zone, int64_t time_ns)
{
    const int64_t local_ns = time_ns + lf_zone_offset_s(zone, time_ns) * LF_NS_PER_SECOND;
    const int64_t day = local_ns / LF_NS_PER_DAY;
    return local_ns % LF_NS_PER_DAY < 0 ? day - 1 : day;
}

/* Rows of a session are no further apart. */
#define STEP_MAX_NS (60 * LF_NS_PER_MINUTE)

int64_t lfi_equity_day(const lf_zone *zone, const lfi_table *equity, size_t row)
{
    const lfi_cells *times = &equity->cells[LFI_EQUITY_TIME];
    const lfi_cells *symbols = &equity->cells[LFI_EQUITY_SYMBOL];
    const int64_t time_ns = lfi_cell_time(times, row);
    const int64_t since_ns = row > 0 ? time_ns - lfi_cell_time(times, row - 1) : 0;
    const bool goes_on = since_ns > 0 && since_ns <= STEP_MAX_NS &&
                         strcmp(lfi_cell_text(symbols, row), lfi_cell_text(symbols, row - 1)) == 0;
    return lfi_local_day(zone, time_ns - goes_on);
}

static int compare_days(const void *left, const void *right)
{
    const lfi_day *a = left;
    const lfi_day *b = right;
    return (a->date > b->date) - (a->date < b->date);
}

static lfi_day *find_day(const lfi_account *account, int64_t date)
{
    const lfi_day key = {.date = date};
    return account->day_count == 0
               ? NULL
               : bsearch(&key, account->days, account->day_count, sizeof key, compare_days);
}

/* ---- days ------------------------------------------------------------------------------- */

/* One entry for each calendar day of the equity table, in order, with its first and last time. */
static lf_status make_days(lfi_account *account, const lf_zone *zone)
{
    const lfi_table *equity = &account->tables[LF_BACKTEST_EQUITY];
    size_t capacity = 0;
    void *memory = NULL;
    lfi_day *last = NULL;
    for (size_t i = 0; i < equity->rows; i++) {
        const int64_t time_ns = lfi_cell_time(&equity->cells[LFI_EQUITY_TIME], i);
        const int64_t date = lfi_equity_day(zone, equity, i);
        if (last == NULL || last->date != date) {
            last = find_day(account, date);
        }
        if (last == NULL) {
            const size_t needed = account->day_count + 1;
            if (lf_grow(account->allocator, &memory, &capacity, needed, sizeof *last) != LF_OK) {
                return LF_NOMEM;
            }
            account->days = memory;
            /* Days come in order but for a second symbol, so this moves little. */
            size_t at = account->day_count++;
            for (; at > 0 && account->days[at - 1].date > date; at--) {
                account->days[at] = account->days[at - 1];
            }
            last = &account->days[at];
            *last = (lfi_day){.date = date, .first_ns = time_ns, .last_ns = time_ns};
        }
        last->first_ns = time_ns < last->first_ns ? time_ns : last->first_ns;
        last->last_ns = time_ns > last->last_ns ? time_ns : last->last_ns;
    }
    return LF_OK;
}

/* ---- curves ----------------------------------------------------------------------------- */

/* Bucket b of a day holds the times in (first + b * bucket, first + (b + 1) * bucket], the first
   one its opening too. */
static size_t bucket_of(const lfi_day *day, int64_t time_ns, int64_t bucket_ns)
{
    const int64_t since_ns = time_ns - day->first_ns;
    return since_ns <= 0 ? 0 : (size_t)((since_ns - 1) / bucket_ns);
}

static lf_status curve_create(lfi_account *account, int64_t bucket_ns, lfi_curve *out)
{
    *out = (lfi_curve){.bucket_ns = bucket_ns};
    for (size_t d = 0; d < account->day_count; d++) {
        const lfi_day *day = &account->days[d];
        out->count += bucket_of(day, day->last_ns, bucket_ns) + 1;
    }
    out->gross = lf_allocate(account->allocator, out->count + 1, sizeof *out->gross);
    out->net = lf_allocate(account->allocator, out->count + 1, sizeof *out->net);
    out->days = lf_allocate(account->allocator, out->count + 1, sizeof *out->days);
    if (out->gross == NULL || out->net == NULL || out->days == NULL) {
        return LF_NOMEM;
    }
    size_t at = 0;
    for (size_t d = 0; d < account->day_count; d++) {
        lfi_day *day = &account->days[d];
        const size_t count = bucket_of(day, day->last_ns, bucket_ns) + 1;
        day->bucket = at;
        for (size_t i = 0; i < count; i++) {
            out->days[at++] = (uint32_t)d;
        }
    }
    return LF_OK;
}

static void curve_release(const lf_allocator *allocator, lfi_curve *curve)
{
    lf_release(allocator, curve->gross);
    lf_release(allocator, curve->net);
    lf_release(allocator, curve->days);
}

/* Totals of a symbol so far: the equity table holds running sums of each. */
typedef struct running {
    const char *symbol;
    double gross;
    double fees;
    const lfi_day *day; /* of the last mid */
    int64_t minute;     /* of the day, of the last mid that was looked at */
    double mid;
} running;

typedef struct runners {
    running *list;
    size_t count;
    size_t capacity;
} runners;

/* The entry of a row's symbol; a run has few. NULL without memory. */
static running *
find_running(const lf_allocator *allocator, runners *all, const char *symbol, running *last)
{
    if (last != NULL && (last->symbol == symbol || strcmp(last->symbol, symbol) == 0)) {
        return last;
    }
    for (size_t i = 0; i < all->count; i++) {
        if (strcmp(all->list[i].symbol, symbol) == 0) {
            return &all->list[i];
        }
    }
    void *memory = all->list;
    if (lf_grow(allocator, &memory, &all->capacity, all->count + 1, sizeof *last) != LF_OK) {
        return NULL;
    }
    all->list = memory;
    all->list[all->count] = (running){.symbol = symbol};
    return &all->list[all->count++];
}

/* The mid's moves from minute to minute within a session: the first mid of each is looked at. */
static void note_move(
    lfi_account *account, running *now, const lfi_day *day, const lfi_table *equity, size_t row
)
{
    const double mid = lfi_cell(&equity->cells[LFI_EQUITY_MID], row);
    const int64_t time_ns = lfi_cell_time(&equity->cells[LFI_EQUITY_TIME], row);
    const int64_t minute = (time_ns - day->first_ns) / LF_NS_PER_MINUTE;
    const bool is_first = now->day == NULL || now->day != day;
    if (!(mid > 0) || (!is_first && minute == now->minute)) {
        return;
    }
    const double move = is_first ? 0 : log(mid / now->mid);
    account->session_count += is_first;
    account->moves_squared += move * move;
    now->day = day;
    now->minute = minute;
    now->mid = mid;
}

/* Spreads the changes of the running sums over a curve; sums up days and rows when told to. */
static lf_status curve_fill(lfi_account *account, const lf_zone *zone, lfi_curve *curve, bool sums)
{
    const lfi_table *equity = &account->tables[LF_BACKTEST_EQUITY];
    runners all = {0};
    running *now = NULL;
    lfi_day *day = NULL;
    for (size_t i = 0; i < equity->rows; i++) {
        const int64_t time_ns = lfi_cell_time(&equity->cells[LFI_EQUITY_TIME], i);
        const int64_t date = lfi_equity_day(zone, equity, i);
        const double gross = lfi_cell(&equity->cells[LFI_EQUITY_GROSS], i);
        const double fees = lfi_cell(&equity->cells[LFI_EQUITY_FEES], i);
        const char *symbol = lfi_cell_text(&equity->cells[LFI_EQUITY_SYMBOL], i);
        now = find_running(account->allocator, &all, symbol, now);
        if (now == NULL) {
            lf_release(account->allocator, all.list);
            return LF_NOMEM;
        }
        if (day == NULL || day->date != date) {
            day = find_day(account, date);
        }
        /* Before the first valid mid nothing can be worth anything. */
        const double more_gross = isfinite(gross) ? gross - now->gross : 0;
        const double more_fees = isfinite(fees) ? fees - now->fees : 0;
        now->gross += more_gross;
        now->fees += more_fees;
        const size_t at = day->bucket + bucket_of(day, time_ns, curve->bucket_ns);
        curve->gross[at] += more_gross;
        curve->net[at] += more_gross - more_fees;
        if (sums) {
            day->gross += more_gross;
            day->fees += more_fees;
            note_move(account, now, day, equity, i);
            account->in_position_rows += lfi_cell(&equity->cells[LFI_EQUITY_POSITION], i) != 0;
            account->invalid_rows += lfi_cell(&equity->cells[LFI_EQUITY_VALID], i) == 0;
        }
    }
    for (size_t s = 0; sums && s < all.count; s++) {
        account->gross += all.list[s].gross;
        account->fees += all.list[s].fees;
    }
    lf_release(account->allocator, all.list);
    return LF_OK;
}

static lfi_drawdown find_drawdown(const lfi_account *account)
{
    const lfi_curve *curve = &account->steps;
    lfi_drawdown worst = {.peak_ns = LF_TIME_NONE, .trough_ns = LF_TIME_NONE};
    double level = 0;
    double peak = 0;
    int64_t peak_ns = account->day_count > 0 ? account->days[0].first_ns : LF_TIME_NONE;
    for (size_t i = 0; i < curve->count; i++) {
        const lfi_day *day = &account->days[curve->days[i]];
        const int64_t time_ns = day->first_ns + (int64_t)(i - day->bucket + 1) * curve->bucket_ns;
        level += curve->net[i];
        if (level >= peak) {
            peak = level;
            peak_ns = time_ns;
        } else if (peak - level > worst.amount) {
            worst = (lfi_drawdown){peak - level, peak_ns, time_ns};
        }
    }
    return worst;
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

static void sum_trades(lfi_account *account, const lf_zone *zone)
{
    const lfi_table *trades = &account->tables[LF_BACKTEST_TRADES];
    account->trade_count = (double)trades->rows;
    for (size_t i = 0; i < trades->rows; i++) {
        const int64_t entry_ns = lfi_cell_time(&trades->cells[LFI_TRADE_ENTRY], i);
        const int64_t exit_ns = lfi_cell_time(&trades->cells[LFI_TRADE_EXIT], i);
        lfi_day *day = find_day(account, lfi_local_day(zone, exit_ns - 1));
        account->trade_lots += lfi_cell(&trades->cells[LFI_TRADE_LOTS], i);
        account->winning_trades += lfi_cell(&trades->cells[LFI_TRADE_NET], i) > 0;
        account->hold_seconds += (double)(exit_ns - entry_ns) / (double)LF_NS_PER_SECOND;
        if (day != NULL) {
            day->trade_count++;
        }
    }
}

/* ---- the account ------------------------------------------------------------------------ */

static lf_status make_curves(lfi_account *account, const lf_zone *zone, int64_t step_ns)
{
    lf_status status = make_days(account, zone);
    if (status == LF_OK) {
        status = curve_create(account, LF_NS_PER_MINUTE, &account->minutes);
    }
    if (status == LF_OK) {
        status = curve_fill(account, zone, &account->minutes, true);
    }
    if (status == LF_OK) {
        status = curve_create(account, step_ns, &account->steps);
    }
    return status != LF_OK ? status : curve_fill(account, zone, &account->steps, false);
}

lf_status lfi_account_create(
    const lf_allocator *allocator,
    const lf_report_strategy *strategy,
    const lf_zone *zone,
    int64_t step_ns,
    lfi_account *out,
    lf_error *error
)
{
    lf_status status = LF_OK;
    *out = (lfi_account){.strategy = strategy, .allocator = allocator};
    for (int t = 0; t < LF_BACKTEST_TABLE_COUNT && status == LF_OK; t++) {
        status = lfi_table_bind(
            strategy->tables[t], (lf_backtest_table)t, strategy->name, &out->tables[t], error
        );
    }
    if (status == LF_OK && out->tables[LF_BACKTEST_EQUITY].rows == 0) {
        status = lf_error_set(
            error, LF_DATA, "strategy \"%s\": the table of equity has no rows.", strategy->name
        );
    }
    if (status == LF_OK && make_curves(out, zone, step_ns) != LF_OK) {
        status = lf_error_set(error, LF_NOMEM, "not enough memory for the P&L curves.");
    }
    if (status != LF_OK) {
        lfi_account_release(out);
        return status;
    }
    out->lot_size = find_lot_size(&out->tables[LF_BACKTEST_TRADES]);
    out->drawdown = find_drawdown(out);
    sum_orders(out);
    sum_fills(out);
    sum_trades(out, zone);
    return LF_OK;
}

void lfi_account_release(lfi_account *account)
{
    lf_release(account->allocator, account->days);
    curve_release(account->allocator, &account->minutes);
    curve_release(account->allocator, &account->steps);
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
    return account->invalid_rows / (double)account->tables[LF_BACKTEST_EQUITY].rows;
}
