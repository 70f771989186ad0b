/* Where the net came from: the move held, spread, latency and fees of each round trip. */
#include "report_internal.h"

#include <lobflow/execution.h>
#include <lobflow/pipeline.h>

#include <math.h>
#include <string.h>

/* Money is summed in 1e-9 of the currency, as the ledger does, so that parts add up to the unit. */
__extension__ typedef __int128 wide;

/* Amounts beyond this are no trades of a table that a backtest wrote. */
#define MONEY_MAX 9e9

/* What was earned, each part for itself; losses and costs are negative. */
typedef struct parts {
    wide held;    /* from the mid at the entry's decision to that at the exit's */
    wide spread;  /* price of the fill against the mid at the fill */
    wide latency; /* mid at the fill against the mid at the decision, the wait of a rest included */
    wide fees;
    double count; /* of round trips or fills */
} parts;

/* One fill at its price and at the two mids. */
typedef struct amounts {
    int64_t price;
    int64_t mid;
    int64_t decision;
    int64_t fee;
} amounts;

#define EXIT_WORDS (LF_EXIT_COUNT + 1)           /* the last: of another program */
#define LIQUIDITY_WORDS (LF_LIQUIDITY_COUNT + 1) /* the last: of another program */

/* The round trip that a symbol is in, from flat to flat. */
typedef struct walker {
    const char *symbol;
    size_t next_trade;      /* rows of the trades before it are done with */
    size_t trade;           /* its row; SIZE_MAX: the table has none */
    int64_t position;       /* signed lots */
    int64_t closed_nano;    /* paid or received by its closing fills */
    double decision;        /* mid of the last fill's decision */
    size_t entry_liquidity; /* of its first fill */
    parts sums;
} walker;

typedef struct attribution {
    const lfi_account *account;
    walker *walkers;
    size_t walker_count;
    size_t walker_capacity;
    const char *exits[EXIT_WORDS];
    const char *liquidities[LIQUIDITY_WORDS];
    parts by_exit[EXIT_WORDS];
    parts by_entry[LIQUIDITY_WORDS];
    parts by_fill[LIQUIDITY_WORDS];
    double without_mid; /* fills */
} attribution;

/* ---- sums ------------------------------------------------------------------------------- */

static int64_t nano_of(double money)
{
    return fabs(money) < MONEY_MAX ? (int64_t)llround(1e9 * money) : 0;
}

static int64_t share_of(int64_t amount, int64_t part, int64_t whole)
{
    return (int64_t)((wide)amount * part / whole);
}

static amounts share_of_all(const amounts *all, int64_t part, int64_t whole)
{
    return (amounts){
        .price = share_of(all->price, part, whole),
        .mid = share_of(all->mid, part, whole),
        .decision = share_of(all->decision, part, whole),
        .fee = share_of(all->fee, part, whole),
    };
}

static void add_amounts(parts *sums, int side, const amounts *a)
{
    sums->held -= side * (wide)a->decision;
    sums->latency -= side * ((wide)a->mid - a->decision);
    sums->spread -= side * ((wide)a->price - a->mid);
    sums->fees -= a->fee;
}

static void add_parts(parts *sums, const parts *more)
{
    sums->held += more->held;
    sums->spread += more->spread;
    sums->latency += more->latency;
    sums->fees += more->fees;
    sums->count += more->count;
}

static wide net_of(const parts *p)
{
    return p->held + p->spread + p->latency + p->fees;
}

/* The place of a word in a list; the last place when it is not in it. */
static size_t place_of(const char *word, const char *const *words, size_t count)
{
    size_t w = 0;
    while (w + 1 < count && strcmp(words[w], word) != 0) {
        w++;
    }
    return w;
}

/* ---- round trips ------------------------------------------------------------------------ */

/* The entry of a symbol; a run has few. NULL without memory. */
static walker *find_walker(const lf_allocator *allocator, attribution *at, const char *symbol)
{
    for (size_t i = 0; i < at->walker_count; i++) {
        if (strcmp(at->walkers[i].symbol, symbol) == 0) {
            return &at->walkers[i];
        }
    }
    void *memory = at->walkers;
    const size_t needed = at->walker_count + 1;
    if (lf_grow(allocator, &memory, &at->walker_capacity, needed, sizeof(walker)) != LF_OK) {
        return NULL;
    }
    at->walkers = memory;
    at->walkers[at->walker_count] = (walker){.symbol = symbol};
    return &at->walkers[at->walker_count++];
}

/* A round trip begins at the time of its first fill; its row is the symbol's next of that time. */
static void start_trip(const attribution *at, walker *w, int64_t time_ns, size_t liquidity)
{
    const lfi_table *trades = &at->account->tables[LF_BACKTEST_TRADES];
    size_t row = w->next_trade;
    while (row < trades->rows &&
           (strcmp(lfi_cell_text(&trades->cells[LFI_TRADE_SYMBOL], row), w->symbol) != 0 ||
            lfi_cell_time(&trades->cells[LFI_TRADE_ENTRY], row) < time_ns)) {
        row++;
    }
    const bool found =
        row < trades->rows && lfi_cell_time(&trades->cells[LFI_TRADE_ENTRY], row) == time_ns;
    w->trade = found ? row : SIZE_MAX;
    w->next_trade = found ? row + 1 : row;
    w->entry_liquidity = liquidity;
    w->closed_nano = 0;
    w->sums = (parts){.count = 1};
}

static bool is_left_open(const attribution *at, const walker *w)
{
    const lfi_table *trades = &at->account->tables[LF_BACKTEST_TRADES];
    return w->trade != SIZE_MAX &&
           strcmp(
               lfi_cell_text(&trades->cells[LFI_TRADE_REASON], w->trade), at->exits[LF_EXIT_OPEN]
           ) == 0;
}

/* Over: what was not closed by fills was valued at the mid of the close, which the row knows. */
static void end_trip(attribution *at, walker *w)
{
    const lfi_table *trades = &at->account->tables[LF_BACKTEST_TRADES];
    const double lot_size = at->account->lot_size;
    const char *reason = "";
    if (w->trade != SIZE_MAX) {
        reason = lfi_cell_text(&trades->cells[LFI_TRADE_REASON], w->trade);
    }
    if (w->position != 0 && is_left_open(at, w)) {
        const double price = lfi_cell(&trades->cells[LFI_TRADE_EXIT_PRICE], w->trade);
        const double lots = lfi_cell(&trades->cells[LFI_TRADE_LOTS], w->trade);
        const wide left = (wide)nano_of(price * lots * lot_size) - w->closed_nano;
        w->sums.held += w->position > 0 ? left : -left;
    } else if (w->position != 0) {
        w->sums.held += nano_of((double)w->position * w->decision * lot_size);
    }
    add_parts(&at->by_exit[place_of(reason, at->exits, EXIT_WORDS)], &w->sums);
    add_parts(&at->by_entry[w->entry_liquidity], &w->sums);
    w->position = 0;
}

/* One fill as money at its price and at its mids; one that has no mid is all move. */
static amounts read_fill(attribution *at, size_t row, double lots, double *decision)
{
    const lfi_cells *cells = at->account->tables[LF_BACKTEST_FILLS].cells;
    const double size = lots * at->account->lot_size;
    const double price = lfi_cell(&cells[LFI_FILL_PRICE], row);
    double mid = lfi_cell(&cells[LFI_FILL_MID], row);
    *decision = lfi_cell(&cells[LFI_FILL_MID_DECISION], row);
    if (!(mid > 0) || !(*decision > 0)) {
        at->without_mid++;
        mid = mid > 0 ? mid : price;
        *decision = mid;
    }
    return (amounts){
        .price = nano_of(price * size),
        .mid = nano_of(mid * size),
        .decision = nano_of(*decision * size),
        .fee = nano_of(lfi_cell(&cells[LFI_FILL_FEE], row)),
    };
}

static lf_status add_fill(const lf_allocator *allocator, attribution *at, size_t row)
{
    const lfi_cells *cells = at->account->tables[LF_BACKTEST_FILLS].cells;
    const lfi_cells *exits = &at->account->tables[LF_BACKTEST_TRADES].cells[LFI_TRADE_EXIT];
    const int64_t time_ns = lfi_cell_time(&cells[LFI_FILL_TIME], row);
    const int side = lfi_cell(&cells[LFI_FILL_SIDE], row) > 0 ? 1 : -1;
    const char *word = lfi_cell_text(&cells[LFI_FILL_LIQUIDITY], row);
    const size_t liquidity = place_of(word, at->liquidities, LIQUIDITY_WORDS);
    const double count = lfi_cell(&cells[LFI_FILL_LOTS], row);
    walker *w = find_walker(allocator, at, lfi_cell_text(&cells[LFI_FILL_SYMBOL], row));
    if (w == NULL) {
        return LF_NOMEM;
    }
    if (!(count >= 1) || !(count < MONEY_MAX)) {
        return LF_OK;
    }
    if (w->position != 0 && is_left_open(at, w) && lfi_cell_time(exits, w->trade) < time_ns) {
        end_trip(at, w);
    }
    const int64_t lots = (int64_t)count;
    amounts all = read_fill(at, row, count, &w->decision);
    at->by_fill[liquidity].count++;
    add_amounts(&at->by_fill[liquidity], side, &all);

    const int64_t held = w->position < 0 ? -w->position : w->position;
    const int64_t closed = w->position * side >= 0 ? 0 : lots < held ? lots : held;
    const amounts closing = share_of_all(&all, closed, lots);
    if (closed > 0) {
        add_amounts(&w->sums, side, &closing);
        w->closed_nano += closing.price;
        w->position += side * closed;
        if (w->position == 0) {
            end_trip(at, w);
        }
    }
    if (lots > closed) {
        if (w->position == 0) {
            start_trip(at, w, time_ns, liquidity);
        }
        const amounts opening = {
            .price = all.price - closing.price,
            .mid = all.mid - closing.mid,
            .decision = all.decision - closing.decision,
            .fee = all.fee - closing.fee,
        };
        add_amounts(&w->sums, side, &opening);
        w->position += side * (lots - closed);
    }
    return LF_OK;
}

/* ---- JSON ------------------------------------------------------------------------------- */

static void put_nano(lfi_metrics *m, json_t *out, const char *key, wide nano)
{
    lfi_put_money(m, out, key, (double)nano / 1e9);
}

static void put_parts(lfi_metrics *m, json_t *out, const parts *p)
{
    put_nano(m, out, "held", p->held);
    put_nano(m, out, "spread", p->spread);
    put_nano(m, out, "latency", p->latency);
    put_nano(m, out, "fees", p->fees);
}

/* Groups of round trips, those that have any. */
static void put_trips(
    lfi_metrics *m,
    json_t *list,
    const char *key,
    const char *const *words,
    const parts *groups,
    size_t count
)
{
    for (size_t g = 0; g < count; g++) {
        if (groups[g].count > 0) {
            json_t *row = lfi_append_object(m, list);
            lfi_put_text(m, row, key, words[g]);
            lfi_put_count(m, row, "trades", groups[g].count);
            put_parts(m, row, &groups[g]);
            put_nano(m, row, "net", net_of(&groups[g]));
        }
    }
}

static void put_attribution(lfi_metrics *m, json_t *out, const attribution *at)
{
    const lfi_account *account = at->account;
    const double net = account->gross - account->fees;
    const wide net_nano = fabs(net) < 1e28 ? (wide)round(1e9 * net) : 0;
    parts total = {0};
    for (size_t g = 0; g < EXIT_WORDS; g++) {
        add_parts(&total, &at->by_exit[g]);
    }
    lfi_put_count(m, out, "trades", total.count);
    put_parts(m, out, &total);
    put_nano(m, out, "rest", net_nano - net_of(&total));
    put_nano(m, out, "net", net_nano);
    lfi_put_count(m, out, "fills_without_mid", at->without_mid);
    json_t *list = lfi_put_list(m, out, "by_liquidity");
    for (size_t l = 0; l < LIQUIDITY_WORDS; l++) {
        if (at->by_fill[l].count > 0) {
            json_t *row = lfi_append_object(m, list);
            lfi_put_text(m, row, "liquidity", at->liquidities[l]);
            lfi_put_count(m, row, "fills", at->by_fill[l].count);
            put_nano(m, row, "spread", at->by_fill[l].spread);
            put_nano(m, row, "latency", at->by_fill[l].latency);
            put_nano(m, row, "fees", at->by_fill[l].fees);
        }
    }
    list = lfi_put_list(m, out, "by_entry");
    put_trips(m, list, "liquidity", at->liquidities, at->by_entry, LIQUIDITY_WORDS);
    list = lfi_put_list(m, out, "by_exit_reason");
    put_trips(m, list, "exit_reason", at->exits, at->by_exit, EXIT_WORDS);
}

lf_status lfi_metrics_attribution(lfi_metrics *m, json_t *out)
{
    attribution at = {.account = &m->accounts[0]};
    for (int r = 0; r < LF_REASON_COUNT; r++) {
        at.exits[r] = lf_reason_name((lf_reason)r);
    }
    for (int l = 0; l < LF_LIQUIDITY_COUNT; l++) {
        at.liquidities[l] = lf_liquidity_name((lf_liquidity)l);
    }
    at.exits[LF_EXIT_OPEN] = "open";
    at.exits[EXIT_WORDS - 1] = "other";
    at.liquidities[LIQUIDITY_WORDS - 1] = "other";
    lf_status status = LF_OK;
    const size_t rows = at.account->tables[LF_BACKTEST_FILLS].rows;
    for (size_t i = 0; i < rows && status == LF_OK; i++) {
        status = add_fill(m->allocator, &at, i);
    }
    for (size_t w = 0; w < at.walker_count && status == LF_OK; w++) {
        if (at.walkers[w].position != 0) {
            end_trip(&at, &at.walkers[w]);
        }
    }
    if (status == LF_OK) {
        put_attribution(m, out, &at);
    }
    lf_release(m->allocator, at.walkers);
    return status;
}
