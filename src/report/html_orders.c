/*
 * Some orders of the page, each with its life, its fills, and the book while it lived.
 *
 * A year has more orders than a page can hold: those that made the largest gains and losses are
 * kept, and of the rest some, evenly. Equity tells the mid and predictions the spread, row by row;
 * each table is read once, and its rows go to the orders that were alive.
 */
#include "report_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ORDERS_MAX 400
/* Round trips whose orders are kept before others. */
#define TRIPS_FIRST 100
#define POINTS_MAX 60 /* of the book of an order */
#define BEFORE_NS (20 * LF_NS_PER_SECOND)
#define AFTER_NS (40 * LF_NS_PER_SECOND)
/* What comes later than this is not shown; no order of the strategy rests so long. */
#define LONGEST_NS (20 * LF_NS_PER_MINUTE)

/* The book at a row. */
typedef struct point {
    int64_t time_ns;
    double mid;
    double spread_ticks; /* NaN: not known */
} point;

/* One order that is kept. */
typedef struct life {
    size_t row;
    const char *symbol;
    int64_t from_ns;
    int64_t to_ns;
    int64_t stride_ns; /* of the points */
    size_t count;
    point points[POINTS_MAX];
} life;

typedef struct lives {
    lfi_account *account;
    const lfi_table *orders;
    const lfi_table *fills;
    uint8_t *marks;      /* [orders->rows] */
    size_t *fill_orders; /* [fills->rows] row of each fill's order; SIZE_MAX: none */
    size_t *rows;        /* [count] of the table of orders */
    life *list;          /* [count] in order of from_ns */
    size_t count;
} lives;

/* ---- which orders ----------------------------------------------------------------------- */

static double size_of(const lfi_table *trades, size_t row)
{
    const double net = lfi_cell(&trades->cells[LFI_TRADE_NET], row);
    return isfinite(net) ? fabs(net) : 0;
}

static int compare_falling(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a < b) - (a > b);
}

/* |net| that a round trip must exceed to be one of the first; NaN without memory. */
static double least_size(const lf_allocator *allocator, const lfi_table *trades)
{
    if (trades->rows <= TRIPS_FIRST) {
        return -1;
    }
    double *sizes = lf_allocate(allocator, trades->rows, sizeof *sizes);
    double least = NAN;
    if (sizes != NULL) {
        for (size_t i = 0; i < trades->rows; i++) {
            sizes[i] = size_of(trades, i);
        }
        qsort(sizes, trades->rows, sizeof *sizes, compare_falling);
        least = sizes[TRIPS_FIRST];
    }
    lf_release(allocator, sizes);
    return least;
}

/* Round trips and fills stand in order of symbol and time, so a trip's fills are found by going on.
 */
static void mark_trip(lives *l, size_t trade, size_t *fill)
{
    const lfi_table *trades = &l->account->tables[LF_BACKTEST_TRADES];
    const int64_t ends[] = {
        lfi_cell_time(&trades->cells[LFI_TRADE_ENTRY], trade),
        lfi_cell_time(&trades->cells[LFI_TRADE_EXIT], trade),
    };
    const char *symbol = lfi_cell_text(&trades->cells[LFI_TRADE_SYMBOL], trade);
    for (size_t i = *fill; i < l->fills->rows; i++) {
        const int64_t time_ns = lfi_cell_time(&l->fills->cells[LFI_FILL_TIME], i);
        const bool same = strcmp(lfi_cell_text(&l->fills->cells[LFI_FILL_SYMBOL], i), symbol) == 0;
        if (same && time_ns > ends[1]) {
            return;
        }
        if (same && (time_ns == ends[0] || time_ns == ends[1]) && l->fill_orders[i] != SIZE_MAX) {
            l->marks[l->fill_orders[i]] = 1;
            *fill = i;
        }
    }
}

/* Mark the orders that are shown. */
static lf_status mark(lives *l, const lf_allocator *allocator)
{
    const lfi_table *trades = &l->account->tables[LF_BACKTEST_TRADES];
    const double least = least_size(allocator, trades);
    const size_t rows = l->orders->rows;
    size_t marked = 0;
    size_t fill = 0;
    if (isnan(least)) {
        return LF_NOMEM;
    }
    for (size_t t = 0; t < trades->rows; t++) {
        if (size_of(trades, t) > least) {
            mark_trip(l, t, &fill);
        }
    }
    for (size_t i = 0; i < rows; i++) {
        marked += l->marks[i];
    }
    const size_t left = marked < ORDERS_MAX ? ORDERS_MAX - marked : 0;
    const size_t every = left > 0 ? (rows - 1) / left + 1 : SIZE_MAX;
    for (size_t i = 0; i < rows && left > 0; i += every) {
        l->marks[i] = 1;
    }
    for (size_t i = 0; i < rows; i++) {
        l->count += l->marks[i] && l->count < 2 * (size_t)ORDERS_MAX;
    }
    return LF_OK;
}

/* ---- their lives ------------------------------------------------------------------------ */

static int64_t order_time(const lives *l, int column, size_t row)
{
    return lfi_cell_time(&l->orders->cells[column], row);
}

static int compare_lives(const void *left, const void *right)
{
    const life *a = left;
    const life *b = right;
    return a->from_ns != b->from_ns ? (a->from_ns > b->from_ns) - (a->from_ns < b->from_ns)
                                    : (a->row > b->row) - (a->row < b->row);
}

static void begin_lives(lives *l)
{
    size_t at = 0;
    for (size_t row = 0; row < l->orders->rows && at < l->count; row++) {
        if (l->marks[row] == 0) {
            continue;
        }
        const int64_t decision_ns = order_time(l, LFI_ORDER_DECISION, row);
        const int64_t done_ns = order_time(l, LFI_ORDER_DONE, row);
        const int64_t end_ns = done_ns > decision_ns ? done_ns : decision_ns;
        life *one = &l->list[at];
        l->rows[at++] = row;
        *one = (life){
            .row = row,
            .symbol = lfi_cell_text(&l->orders->cells[LFI_ORDER_SYMBOL], row),
            .from_ns = decision_ns - BEFORE_NS,
            .to_ns = end_ns + AFTER_NS,
        };
        if (one->to_ns - one->from_ns > LONGEST_NS) {
            one->to_ns = one->from_ns + LONGEST_NS;
        }
        const int64_t steps = (one->to_ns - one->from_ns) / l->account->step_ns + 1;
        one->stride_ns = ((steps - 1) / POINTS_MAX + 1) * l->account->step_ns;
    }
    qsort(l->list, l->count, sizeof *l->list, compare_lives);
}

/* The first life that can hold a time, as none is longer than the longest. */
static size_t first_life(const lives *l, int64_t time_ns)
{
    size_t low = 0;
    size_t high = l->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (l->list[middle].from_ns < time_ns - LONGEST_NS) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* A row of the equity table for all who were alive: at the first, and when a stride has gone by. */
static void note_mid(lives *l, const char *symbol, int64_t time_ns, double mid)
{
    for (size_t i = first_life(l, time_ns); i < l->count && l->list[i].from_ns <= time_ns; i++) {
        life *one = &l->list[i];
        const bool is_due =
            one->count == 0 || time_ns >= one->points[one->count - 1].time_ns + one->stride_ns;
        if (time_ns <= one->to_ns && is_due && one->count < POINTS_MAX &&
            strcmp(one->symbol, symbol) == 0) {
            one->points[one->count++] = (point){time_ns, mid, NAN};
        }
    }
}

static int compare_points(const void *left, const void *right)
{
    const point *a = left;
    const point *b = right;
    return (a->time_ns > b->time_ns) - (a->time_ns < b->time_ns);
}

static void note_spread(lives *l, const char *symbol, int64_t time_ns, double spread_ticks)
{
    const point key = {.time_ns = time_ns};
    for (size_t i = first_life(l, time_ns); i < l->count && l->list[i].from_ns <= time_ns; i++) {
        life *one = &l->list[i];
        if (time_ns > one->to_ns || one->count == 0 || strcmp(one->symbol, symbol) != 0) {
            continue;
        }
        point *found = bsearch(&key, one->points, one->count, sizeof key, compare_points);
        if (found != NULL) {
            found->spread_ticks = spread_ticks;
        }
    }
}

/* ---- the book --------------------------------------------------------------------------- */

static lf_status read_mids(lives *l, lf_error *error)
{
    for (size_t part = 0; part < lfi_account_parts(l->account); part++) {
        const lf_status status = lfi_account_open(l->account, part, error);
        if (status != LF_OK) {
            return status;
        }
        const lfi_table *equity = &l->account->tables[LF_BACKTEST_EQUITY];
        for (size_t i = 0; i < equity->rows; i++) {
            const double mid = lfi_cell(&equity->cells[LFI_EQUITY_MID], i);
            if (mid > 0) {
                const char *symbol = lfi_cell_text(&equity->cells[LFI_EQUITY_SYMBOL], i);
                note_mid(l, symbol, lfi_cell_time(&equity->cells[LFI_EQUITY_TIME], i), mid);
            }
        }
    }
    return LF_OK;
}

/* Without the columns there is no spread. */
static void read_spreads_of(lives *l, lf_frame *frame)
{
    const size_t time = lf_frame_find(frame, "ts_event");
    const size_t symbol = lf_frame_find(frame, "symbol");
    const size_t spread = lf_frame_find(frame, "spread_ticks");
    if (time == SIZE_MAX || symbol == SIZE_MAX || spread == SIZE_MAX ||
        lf_frame_column(frame, time).kind != LF_COLUMN_TIME ||
        lf_frame_column(frame, symbol).kind != LF_COLUMN_TEXT ||
        lf_frame_column(frame, spread).kind != LF_COLUMN_F64) {
        return;
    }
    const int64_t *times = lf_frame_i64(frame, time);
    const double *spreads = lf_frame_f64(frame, spread);
    for (size_t i = 0; i < lf_frame_row_count(frame); i++) {
        if (isfinite(spreads[i])) {
            note_spread(l, lf_frame_text(frame, symbol, i), times[i], spreads[i]);
        }
    }
}

static lf_status read_spreads(lives *l, const lf_report_run *run, lf_error *error)
{
    const lf_report_parts *parts = &run->prediction_parts;
    if (run->predictions != NULL) {
        read_spreads_of(l, run->predictions);
        return LF_OK;
    }
    for (size_t part = 0; part < parts->count; part++) {
        lf_frame *frame = NULL;
        const lf_status status = parts->open(parts->context, part, &frame, error);
        if (status != LF_OK) {
            return status;
        }
        read_spreads_of(l, frame);
    }
    return LF_OK;
}

/* ---- columns ---------------------------------------------------------------------------- */

/* Values that go to the page, in room for the largest column. */
typedef struct sheet {
    lfi_page *page;
    double *values;
    size_t count;
} sheet;

static void put_column(sheet *s, const char *key, double scale)
{
    lfi_page_format(s->page, ",");
    lfi_page_column(s->page, key, s->values, NULL, s->count, scale);
    s->count = 0;
}

static double finite_or(double value, double otherwise)
{
    return isfinite(value) ? value : otherwise;
}

static void put_numbers(sheet *s, const lives *l, const char *key, int column, double scale)
{
    for (size_t i = 0; i < l->count; i++) {
        const double value = lfi_cell(&l->orders->cells[column], l->list[i].row);
        s->values[s->count++] = finite_or(value, -1);
    }
    put_column(s, key, scale);
}

/* us from the decision; -1 where it never came to that. */
static void put_delays(sheet *s, const lives *l, const char *key, int column)
{
    for (size_t i = 0; i < l->count; i++) {
        const size_t row = l->list[i].row;
        const int64_t decision_ns = order_time(l, LFI_ORDER_DECISION, row);
        const int64_t time_ns = order_time(l, column, row);
        const bool is_there = time_ns != LF_TIME_NONE && time_ns >= decision_ns;
        s->values[s->count++] = is_there ? round((double)(time_ns - decision_ns) / 1e3) : -1;
    }
    put_column(s, key, 1);
}

static void put_orders(sheet *s, const lives *l, int64_t origin_ns, double price_scale)
{
    for (size_t i = 0; i < l->count; i++) {
        const int64_t time_ns = order_time(l, LFI_ORDER_DECISION, l->list[i].row);
        s->values[s->count++] = (double)(time_ns - origin_ns);
    }
    put_column(s, "decision_us", 1e-3);
    put_delays(s, l, "sent_us", LFI_ORDER_SENT);
    put_delays(s, l, "venue_us", LFI_ORDER_VENUE);
    put_delays(s, l, "done_us", LFI_ORDER_DONE);
    put_numbers(s, l, "number", LFI_ORDER_ID, 1);
    put_numbers(s, l, "side", LFI_ORDER_SIDE, 1);
    put_numbers(s, l, "lots", LFI_ORDER_LOTS, 1);
    put_numbers(s, l, "filled", LFI_ORDER_FILLED, 1);
    put_numbers(s, l, "depth", LFI_ORDER_DEPTH, 1);
    put_numbers(s, l, "price", LFI_ORDER_PRICE, price_scale);
    put_numbers(s, l, "mid_decision", LFI_ORDER_MID_DECISION, price_scale);
    put_numbers(s, l, "mid_arrival", LFI_ORDER_MID_ARRIVAL, price_scale);
    for (size_t i = 0; i < l->count; i++) {
        l->rows[i] = l->list[i].row;
    }
    lfi_page_words(s->page, "symbol", &l->orders->cells[LFI_ORDER_SYMBOL], l->rows, l->count);
    lfi_page_words(s->page, "kind", &l->orders->cells[LFI_ORDER_KIND], l->rows, l->count);
    lfi_page_words(s->page, "status", &l->orders->cells[LFI_ORDER_STATUS], l->rows, l->count);
    lfi_page_words(s->page, "reason", &l->orders->cells[LFI_ORDER_REASON], l->rows, l->count);
}

/* Fills of the orders that are shown: the order's place in the list, us from its decision. */
static void put_fills(sheet *s, const lives *l, size_t *rows, double price_scale)
{
    size_t count = 0;
    for (size_t i = 0; i < l->count; i++) {
        for (size_t f = 0; f < l->fills->rows && count < l->fills->rows; f++) {
            if (l->fill_orders[f] == l->list[i].row) {
                s->values[count] = (double)i;
                rows[count++] = f;
            }
        }
    }
    lfi_page_format(s->page, ",\"fills\":{\"count\":%zu", count);
    s->count = count;
    put_column(s, "order", 1);
    for (size_t i = 0; i < count; i++) {
        const size_t row = l->fill_orders[rows[i]];
        const int64_t since_ns = lfi_cell_time(&l->fills->cells[LFI_FILL_TIME], rows[i]) -
                                 order_time(l, LFI_ORDER_DECISION, row);
        s->values[s->count++] = (double)since_ns;
    }
    put_column(s, "us", 1e-3);
    for (size_t i = 0; i < count; i++) {
        s->values[s->count++] = finite_or(lfi_cell(&l->fills->cells[LFI_FILL_PRICE], rows[i]), 0);
    }
    put_column(s, "price", price_scale);
    for (size_t i = 0; i < count; i++) {
        s->values[s->count++] = finite_or(lfi_cell(&l->fills->cells[LFI_FILL_LOTS], rows[i]), 0);
    }
    put_column(s, "lots", 1);
    lfi_page_words(s->page, "liquidity", &l->fills->cells[LFI_FILL_LIQUIDITY], rows, count);
    lfi_page_format(s->page, "}");
}

/* The book of each order: how many points, their ms from the decision, bid and ask. */
static void put_book(sheet *s, const lives *l, double tick, double price_scale)
{
    lfi_page_format(s->page, ",\"book\":{\"known\":%s", tick > 0 ? "true" : "false");
    for (size_t i = 0; i < l->count; i++) {
        s->values[s->count++] = (double)l->list[i].count;
    }
    put_column(s, "points", 1);
    for (size_t i = 0; i < l->count; i++) {
        const int64_t decision_ns = order_time(l, LFI_ORDER_DECISION, l->list[i].row);
        for (size_t p = 0; p < l->list[i].count; p++) {
            s->values[s->count++] = (double)(l->list[i].points[p].time_ns - decision_ns);
        }
    }
    put_column(s, "ms", 1e-6);
    for (int side = -1; side <= 1; side += 2) {
        for (size_t i = 0; i < l->count; i++) {
            for (size_t p = 0; p < l->list[i].count; p++) {
                const point *at = &l->list[i].points[p];
                const double half = tick > 0 ? finite_or(at->spread_ticks, 0) * tick / 2 : 0;
                s->values[s->count++] = at->mid + side * half;
            }
        }
        put_column(s, side < 0 ? "bid" : "ask", price_scale);
    }
    lfi_page_format(s->page, "}");
}

/* ---- the part --------------------------------------------------------------------------- */

/* Which order each fill is of. */
static lf_status join_fills(lives *l, const lfi_page *page, const lfi_calendar *calendar)
{
    const lfi_table *fills = l->fills;
    lfi_order_key *keys = lfi_join_index(page->allocator, calendar, l->orders);
    if (keys == NULL) {
        return LF_NOMEM;
    }
    for (size_t i = 0; i < fills->rows; i++) {
        const int64_t time_ns = lfi_cell_time(&fills->cells[LFI_FILL_TIME], i);
        l->fill_orders[i] = lfi_join_find(
            keys,
            l->orders->rows,
            lfi_cell_text(&fills->cells[LFI_FILL_SYMBOL], i),
            lfi_local_day(calendar, time_ns),
            lfi_cell(&fills->cells[LFI_FILL_ORDER], i)
        );
    }
    lf_release(page->allocator, keys);
    return LF_OK;
}

static lf_status choose(lives *l, const lfi_page *page, const lfi_series *series, lf_error *error)
{
    const lf_allocator *const allocator = page->allocator;
    l->marks = lf_allocate(allocator, l->orders->rows + 1, sizeof *l->marks);
    l->fill_orders = lf_allocate(allocator, l->fills->rows + 1, sizeof *l->fill_orders);
    lf_status status = l->marks != NULL && l->fill_orders != NULL ? LF_OK : LF_NOMEM;
    if (status == LF_OK) {
        status = join_fills(l, page, &series->calendar);
    }
    if (status == LF_OK) {
        status = mark(l, allocator);
    }
    l->rows = lf_allocate(allocator, l->count + 1, sizeof *l->rows);
    l->list = lf_allocate(allocator, l->count + 1, sizeof *l->list);
    if (status != LF_OK || l->rows == NULL || l->list == NULL) {
        return lf_error_set(error, LF_NOMEM, "not enough memory for the page.");
    }
    begin_lives(l);
    status = read_mids(l, error);
    return status == LF_OK && series->tick > 0 ? read_spreads(l, series->run, error) : status;
}

static void put_all(lfi_page *page, const lives *l, const lfi_series *series, int64_t origin_ns)
{
    const size_t longest =
        l->count * POINTS_MAX > l->fills->rows ? l->count * POINTS_MAX : l->fills->rows;
    sheet s = {
        .page = page,
        .values = lf_allocate(page->allocator, longest + 1, sizeof *s.values),
    };
    size_t *rows = lf_allocate(page->allocator, l->fills->rows + 1, sizeof *rows);
    if (s.values == NULL || rows == NULL) {
        if (page->status == LF_OK) {
            page->status = lf_error_set(page->error, LF_NOMEM, "not enough memory for the page.");
        }
    } else {
        const double scale = pow(10, 6);
        lfi_page_format(
            page,
            "\"orders\":{\"total\":%zu,\"shown\":%zu,\"price_digits\":6",
            l->orders->rows,
            l->count
        );
        put_orders(&s, l, origin_ns, scale);
        put_fills(&s, l, rows, scale);
        put_book(&s, l, series->tick, scale);
        lfi_page_format(page, "}");
    }
    lf_release(page->allocator, s.values);
    lf_release(page->allocator, rows);
}

void lfi_page_orders(
    lfi_page *page, const lfi_series *series, lfi_account *account, int64_t origin_ns
)
{
    lives l = {
        .account = account,
        .orders = &account->tables[LF_BACKTEST_ORDERS],
        .fills = &account->tables[LF_BACKTEST_FILLS],
    };
    const lf_status status = choose(&l, page, series, page->error);
    if (status != LF_OK) {
        page->status = page->status == LF_OK ? status : page->status;
    } else {
        put_all(page, &l, series, origin_ns);
    }
    lf_release(page->allocator, l.marks);
    lf_release(page->allocator, l.fill_orders);
    lf_release(page->allocator, l.rows);
    lf_release(page->allocator, l.list);
}
