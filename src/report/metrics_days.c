/*
 * Days and P&L of one strategy, from its equity table.
 *
 * The table is the longest of a run, so it may come in parts, and only one is in memory. A first
 * pass finds where each symbol's days lie; a second one goes day by day over all symbols. What is
 * kept of a day are its minutes; its steps are shown to a watcher and forgotten.
 */
#include "report_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static lf_status no_memory(lf_error *error)
{
    return lf_error_set(error, LF_NOMEM, "not enough memory for the P&L curves.");
}

/* ---- parts ------------------------------------------------------------------------------ */

static bool is_whole(const lfi_account *account)
{
    return account->strategy->tables[LF_BACKTEST_EQUITY] != NULL;
}

size_t lfi_account_parts(const lfi_account *account)
{
    return is_whole(account) ? 1 : account->strategy->equity.count;
}

lf_status lfi_account_open(lfi_account *account, size_t part, lf_error *error)
{
    const lf_report_strategy *strategy = account->strategy;
    if (is_whole(account) || part == account->open_part) {
        return LF_OK;
    }
    lf_frame *frame = NULL;
    account->open_part = SIZE_MAX;
    lf_status status = strategy->equity.open(strategy->equity.context, part, &frame, error);
    if (status == LF_OK) {
        lfi_table *table = &account->tables[LF_BACKTEST_EQUITY];
        status = lfi_table_bind(frame, LF_BACKTEST_EQUITY, strategy->name, table, error);
    }
    account->open_part = status == LF_OK ? part : SIZE_MAX;
    return status;
}

/* ---- where days lie --------------------------------------------------------------------- */

/* Room in the lists of the account that is taken already. */
typedef struct room {
    size_t days;
    size_t pieces;
    size_t symbols;
} room;

static int compare_days(const void *left, const void *right)
{
    const lfi_day *a = left;
    const lfi_day *b = right;
    return (a->date > b->date) - (a->date < b->date);
}

lfi_day *lfi_account_day(const lfi_account *account, int64_t date)
{
    const lfi_day key = {.date = date};
    return account->day_count == 0
               ? NULL
               : bsearch(&key, account->days, account->day_count, sizeof key, compare_days);
}

/* Give the date a place among the days; NULL without memory. */
static lfi_day *add_day(lfi_account *account, room *taken, int64_t date, int64_t time_ns)
{
    void *memory = account->days;
    const size_t needed = account->day_count + 1;
    if (lf_grow(account->allocator, &memory, &taken->days, needed, sizeof(lfi_day)) != LF_OK) {
        return NULL;
    }
    account->days = memory;
    /* Days come in order but for a second symbol, so this moves little. */
    size_t at = account->day_count++;
    for (; at > 0 && account->days[at - 1].date > date; at--) {
        account->days[at] = account->days[at - 1];
    }
    account->days[at] = (lfi_day){.date = date, .first_ns = time_ns, .last_ns = time_ns};
    return &account->days[at];
}

/* Number of a symbol; a run has few. SIZE_MAX without memory. */
static size_t find_symbol(lfi_account *account, room *taken, const char *symbol)
{
    for (size_t i = 0; i < account->symbol_count; i++) {
        if (strcmp(account->symbols[i], symbol) == 0) {
            return i;
        }
    }
    void *memory = account->symbols;
    const size_t needed = account->symbol_count + 1;
    const size_t bytes = strlen(symbol) + 1;
    if (lf_grow(account->allocator, &memory, &taken->symbols, needed, sizeof(char *)) != LF_OK) {
        return SIZE_MAX;
    }
    account->symbols = memory;
    char *copy = lf_allocate(account->allocator, bytes, 1);
    if (copy == NULL) {
        return SIZE_MAX;
    }
    memcpy(copy, symbol, bytes);
    account->symbols[account->symbol_count] = copy;
    return account->symbol_count++;
}

/* Begin a piece at a row of the part that is open; NULL without memory. */
static lfi_piece *
add_piece(lfi_account *account, room *taken, size_t part, size_t row, int64_t date)
{
    const lfi_cells *symbols = &account->tables[LF_BACKTEST_EQUITY].cells[LFI_EQUITY_SYMBOL];
    const size_t symbol = find_symbol(account, taken, lfi_cell_text(symbols, row));
    void *memory = account->pieces;
    const size_t needed = account->piece_count + 1;
    if (symbol == SIZE_MAX ||
        lf_grow(account->allocator, &memory, &taken->pieces, needed, sizeof(lfi_piece)) != LF_OK) {
        return NULL;
    }
    account->pieces = memory;
    lfi_piece *piece = &account->pieces[account->piece_count++];
    *piece = (lfi_piece){.part = part, .first = row, .symbol = symbol, .date = date};
    return piece;
}

static lf_status
scan_part(lfi_account *account, room *taken, size_t part, const lfi_calendar *calendar)
{
    const lfi_table *equity = &account->tables[LF_BACKTEST_EQUITY];
    const lfi_cells *symbols = &equity->cells[LFI_EQUITY_SYMBOL];
    lfi_piece *piece = NULL;
    lfi_day *day = NULL;
    for (size_t i = 0; i < equity->rows; i++) {
        const int64_t time_ns = lfi_cell_time(&equity->cells[LFI_EQUITY_TIME], i);
        const int64_t date = lfi_equity_day(calendar, equity, i);
        if (piece == NULL || piece->date != date ||
            strcmp(account->symbols[piece->symbol], lfi_cell_text(symbols, i)) != 0) {
            piece = add_piece(account, taken, part, i, date);
            day = lfi_account_day(account, date);
            day = day != NULL ? day : add_day(account, taken, date, time_ns);
            if (piece == NULL || day == NULL) {
                return LF_NOMEM;
            }
        }
        piece->end = i + 1;
        day->first_ns = time_ns < day->first_ns ? time_ns : day->first_ns;
        day->last_ns = time_ns > day->last_ns ? time_ns : day->last_ns;
    }
    account->equity_rows += equity->rows;
    return LF_OK;
}

static lf_status scan(lfi_account *account, const lfi_calendar *calendar, lf_error *error)
{
    room taken = {0};
    for (size_t part = 0; part < lfi_account_parts(account); part++) {
        const lf_status status = lfi_account_open(account, part, error);
        if (status != LF_OK) {
            return status;
        }
        if (scan_part(account, &taken, part, calendar) != LF_OK) {
            return no_memory(error);
        }
    }
    return account->equity_rows > 0 ? LF_OK
                                    : lf_error_set(
                                          error,
                                          LF_DATA,
                                          "strategy \"%s\": the table of equity has no rows.",
                                          account->strategy->name
                                      );
}

/* ---- P&L -------------------------------------------------------------------------------- */

/* Bucket b of a day holds the times in (first + b * bucket, first + (b + 1) * bucket], the first
   one its opening too. */
static size_t bucket_of(const lfi_day *day, int64_t time_ns, int64_t bucket_ns)
{
    const int64_t since_ns = time_ns - day->first_ns;
    return since_ns <= 0 ? 0 : (size_t)((since_ns - 1) / bucket_ns);
}

/* Number the minutes and steps of all days. */
static lf_status make_minutes(lfi_account *account)
{
    lfi_curve *minutes = &account->minutes;
    for (size_t d = 0; d < account->day_count; d++) {
        lfi_day *day = &account->days[d];
        day->minute = minutes->count;
        day->step = account->step_count;
        day->step_count = bucket_of(day, day->last_ns, account->step_ns) + 1;
        minutes->count += bucket_of(day, day->last_ns, LF_NS_PER_MINUTE) + 1;
        account->step_count += day->step_count;
    }
    minutes->gross = lf_allocate(account->allocator, minutes->count + 1, sizeof *minutes->gross);
    minutes->net = lf_allocate(account->allocator, minutes->count + 1, sizeof *minutes->net);
    minutes->days = lf_allocate(account->allocator, minutes->count + 1, sizeof *minutes->days);
    if (minutes->gross == NULL || minutes->net == NULL || minutes->days == NULL) {
        return LF_NOMEM;
    }
    for (size_t d = 0; d < account->day_count; d++) {
        const size_t end =
            d + 1 < account->day_count ? account->days[d + 1].minute : minutes->count;
        for (size_t i = account->days[d].minute; i < end; i++) {
            minutes->days[i] = (uint32_t)d;
        }
    }
    return LF_OK;
}

/* Totals of a symbol so far: the equity table holds running sums of each. */
typedef struct running {
    double gross;
    double fees;
    const lfi_day *day; /* of the last mid */
    int64_t minute;     /* of the day, of the last mid that was looked at */
    double mid;
} running;

/* What goes from day to day. */
typedef struct walk {
    running *symbols; /* [symbol_count] */
    double *gross;    /* [steps of the longest day] */
    double *net;
    double level; /* of the net */
    double peak;
    int64_t peak_ns;
} walk;

/* The mid's moves from minute to minute within a session: the first mid of each is looked at. */
static void note_move(lfi_account *account, running *now, const lfi_day *day, size_t row)
{
    const lfi_table *equity = &account->tables[LF_BACKTEST_EQUITY];
    const double mid = lfi_cell(&equity->cells[LFI_EQUITY_MID], row);
    const int64_t time_ns = lfi_cell_time(&equity->cells[LFI_EQUITY_TIME], row);
    const int64_t minute = (time_ns - day->first_ns) / LF_NS_PER_MINUTE;
    const bool is_first = now->day != day;
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

/* Spread the changes of the running sums over the minutes and steps of a day. */
static void fill_piece(lfi_account *account, walk *w, lfi_day *day, const lfi_piece *piece)
{
    const lfi_table *equity = &account->tables[LF_BACKTEST_EQUITY];
    running *now = &w->symbols[piece->symbol];
    for (size_t i = piece->first; i < piece->end; i++) {
        const int64_t time_ns = lfi_cell_time(&equity->cells[LFI_EQUITY_TIME], i);
        const double gross = lfi_cell(&equity->cells[LFI_EQUITY_GROSS], i);
        const double fees = lfi_cell(&equity->cells[LFI_EQUITY_FEES], i);
        /* Before the first valid mid nothing can be worth anything. */
        const double more_gross = isfinite(gross) ? gross - now->gross : 0;
        const double more_fees = isfinite(fees) ? fees - now->fees : 0;
        const size_t minute = day->minute + bucket_of(day, time_ns, LF_NS_PER_MINUTE);
        const size_t step = bucket_of(day, time_ns, account->step_ns);
        now->gross += more_gross;
        now->fees += more_fees;
        account->minutes.gross[minute] += more_gross;
        account->minutes.net[minute] += more_gross - more_fees;
        w->gross[step] += more_gross;
        w->net[step] += more_gross - more_fees;
        day->gross += more_gross;
        day->fees += more_fees;
        note_move(account, now, day, i);
        account->in_position_rows += lfi_cell(&equity->cells[LFI_EQUITY_POSITION], i) != 0;
        account->invalid_rows += lfi_cell(&equity->cells[LFI_EQUITY_VALID], i) == 0;
    }
}

/* How far the net has fallen from its highest point. */
static void follow_fall(lfi_account *account, walk *w, const lfi_day *day)
{
    lfi_drawdown *worst = &account->drawdown;
    for (size_t i = 0; i < day->step_count; i++) {
        const int64_t time_ns = day->first_ns + (int64_t)(i + 1) * account->step_ns;
        w->level += w->net[i];
        if (w->level >= w->peak) {
            w->peak = w->level;
            w->peak_ns = time_ns;
        } else if (w->peak - w->level > worst->amount) {
            *worst = (lfi_drawdown){w->peak - w->level, w->peak_ns, time_ns};
        }
    }
}

static lf_status
walk_day(lfi_account *account, walk *w, size_t d, const lfi_watcher *watcher, lf_error *error)
{
    lfi_day *day = &account->days[d];
    memset(w->gross, 0, day->step_count * sizeof *w->gross);
    memset(w->net, 0, day->step_count * sizeof *w->net);
    for (size_t p = 0; p < account->piece_count; p++) {
        if (account->pieces[p].date != day->date) {
            continue;
        }
        const lf_status status = lfi_account_open(account, account->pieces[p].part, error);
        if (status != LF_OK) {
            return status;
        }
        fill_piece(account, w, day, &account->pieces[p]);
    }
    follow_fall(account, w, day);
    if (watcher != NULL) {
        watcher->day(watcher->context, account, w->gross, w->net, day->step_count);
    }
    return LF_OK;
}

static lf_status walk_days(lfi_account *account, const lfi_watcher *watcher, lf_error *error)
{
    const lf_allocator *const allocator = account->allocator;
    size_t longest = 0;
    for (size_t d = 0; d < account->day_count; d++) {
        const size_t count = account->days[d].step_count;
        longest = count > longest ? count : longest;
    }
    walk w = {
        .symbols = lf_allocate(allocator, account->symbol_count, sizeof *w.symbols),
        .gross = lf_allocate(allocator, longest, sizeof *w.gross),
        .net = lf_allocate(allocator, longest, sizeof *w.net),
        .peak_ns = account->days[0].first_ns,
    };
    account->drawdown = (lfi_drawdown){.peak_ns = LF_TIME_NONE, .trough_ns = LF_TIME_NONE};
    lf_status status =
        w.symbols != NULL && w.gross != NULL && w.net != NULL ? LF_OK : no_memory(error);
    for (size_t d = 0; d < account->day_count && status == LF_OK; d++) {
        status = walk_day(account, &w, d, watcher, error);
    }
    for (size_t s = 0; s < account->symbol_count && status == LF_OK; s++) {
        account->gross += w.symbols[s].gross;
        account->fees += w.symbols[s].fees;
    }
    lf_release(allocator, w.symbols);
    lf_release(allocator, w.gross);
    lf_release(allocator, w.net);
    return status;
}

lf_status lfi_account_days(
    lfi_account *account, const lfi_calendar *calendar, const lfi_watcher *watcher, lf_error *error
)
{
    const lf_status status = scan(account, calendar, error);
    if (status != LF_OK) {
        return status;
    }
    return make_minutes(account) == LF_OK ? walk_days(account, watcher, error) : no_memory(error);
}
