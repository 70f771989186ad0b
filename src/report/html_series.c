/* The series of the page, thinned: P&L over whole sessions, and each day's price and position. */
#include "report_internal.h"

#include <math.h>
#include <string.h>

/* Bounds that keep a page of a year of one-second rows below 5 MB and quick to draw: a screen has
   about 2,000 columns, and three values of each stretch draw it as all of them would. */
#define CURVE_STRETCHES 2500
#define VARIANT_STRETCHES 600
#define PRICE_STRETCHES 60000 /* of all days together */
#define PRICE_STRETCHES_LEAST 60
#define PRICE_STRETCHES_MOST 8000
#define POSITION_CHANGES 80000 /* of all days together */
#define POSITION_CHANGES_LEAST 100

/* ---- thinning --------------------------------------------------------------------------- */

void lfi_thin(const double *values, size_t count, size_t stretches, uint8_t *marks)
{
    stretches = stretches < count ? stretches : count;
    for (size_t s = 0; s < stretches; s++) {
        const size_t end = (s + 1) * count / stretches;
        size_t low = s * count / stretches;
        size_t high = low;
        for (size_t i = low; i < end; i++) {
            low = values[i] < values[low] ? i : low;
            high = values[i] > values[high] ? i : high;
        }
        marks[low] = marks[high] = marks[end - 1] = 1;
    }
}

int lfi_money_digits(double largest)
{
    const double digits = largest > 0 && isfinite(largest) ? 6 - floor(log10(largest)) : 2;
    return digits < 0 ? 0 : digits > 9 ? 9 : (int)digits;
}

/* Decimals that write a price exactly, as far as 8 will do. */
static int price_digits(const lfi_table *equity)
{
    int digits = 0;
    double scale = 1;
    for (size_t i = 0; i < equity->rows; i++) {
        const double mid = lfi_cell(&equity->cells[LFI_EQUITY_MID], i);
        while (digits < 8 && isfinite(mid) && fabs(mid * scale - round(mid * scale)) > 1e-4) {
            digits++;
            scale *= 10;
        }
    }
    return digits;
}

static double largest_of(const double *values, size_t count)
{
    double largest = 0;
    for (size_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs(values[i]));
    }
    return largest;
}

static void note_no_memory(lfi_page *page)
{
    if (page->status == LF_OK) {
        page->status = lf_error_set(page->error, LF_NOMEM, "not enough memory for the page.");
    }
}

/* ---- P&L over whole sessions ------------------------------------------------------------ */

/* Changes become sums, so that the curve ends at the P&L of the run. */
static void accumulate(lfi_curve *curve)
{
    for (size_t i = 1; i < curve->count; i++) {
        curve->gross[i] += curve->gross[i - 1];
        curve->net[i] += curve->net[i - 1];
    }
}

/* How far each value lies below the highest one before it, nothing at the start included. */
static void fall_of(const double *values, size_t count, double *fall)
{
    double peak = 0;
    for (size_t i = 0; i < count; i++) {
        peak = fmax(peak, values[i]);
        fall[i] = peak - values[i];
    }
}

/* Work space for one curve, three columns of it. */
typedef struct space {
    double *places; /* 0, 1, 2, ... */
    double *fall;
    uint8_t *marks;
} space;

static void space_release(const lf_allocator *allocator, space *s)
{
    lf_release(allocator, s->places);
    lf_release(allocator, s->fall);
    lf_release(allocator, s->marks);
}

static bool space_create(const lf_allocator *allocator, size_t count, space *out)
{
    out->places = lf_allocate(allocator, count, sizeof *out->places);
    out->fall = lf_allocate(allocator, count, sizeof *out->fall);
    out->marks = lf_allocate(allocator, count, sizeof *out->marks);
    if (out->places == NULL || out->fall == NULL || out->marks == NULL) {
        space_release(allocator, out);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        out->places[i] = (double)i;
    }
    return true;
}

/* The accumulated curve of the main strategy, or of another one with less in it. */
static void put_curve(lfi_page *page, const lfi_curve *curve, bool main)
{
    space s = {0};
    if (!space_create(page->allocator, curve->count, &s)) {
        note_no_memory(page);
        return;
    }
    const size_t stretches = main ? CURVE_STRETCHES : VARIANT_STRETCHES;
    const double most =
        fmax(largest_of(curve->gross, curve->count), largest_of(curve->net, curve->count));
    const int digits = lfi_money_digits(most);
    const double scale = pow(10, digits);
    fall_of(curve->net, curve->count, s.fall);
    lfi_thin(curve->net, curve->count, stretches, s.marks);
    lfi_page_format(page, "\"digits\":%d,", digits);
    if (main) {
        lfi_thin(s.fall, curve->count, stretches, s.marks);
        lfi_page_column(page, "gross", curve->gross, s.marks, curve->count, scale);
        lfi_page_format(page, ",");
        lfi_page_column(page, "fall", s.fall, s.marks, curve->count, scale);
        lfi_page_format(page, ",");
    }
    lfi_page_column(page, "net", curve->net, s.marks, curve->count, scale);
    lfi_page_format(page, ",");
    lfi_page_column(page, "step", s.places, s.marks, curve->count, 1);
    space_release(page->allocator, &s);
}

static void put_days(lfi_page *page, const lfi_account *account, const lf_zone *zone)
{
    lfi_page_format(page, "\"days\":[");
    for (size_t d = 0; d < account->day_count; d++) {
        const lfi_day *day = &account->days[d];
        const size_t end =
            d + 1 < account->day_count ? account->days[d + 1].bucket : account->steps.count;
        char date[11];
        lf_date_format(lf_date_from_days(day->date), date);
        lfi_page_format(
            page,
            "%s{\"date\":\"%s\",\"first_ms\":%lld,\"last_ms\":%lld,\"offset_s\":%d,"
            "\"step\":%zu,\"steps\":%zu}",
            d == 0 ? "" : ",",
            date,
            (long long)(day->first_ns / LF_NS_PER_MILLISECOND),
            (long long)(day->last_ns / LF_NS_PER_MILLISECOND),
            (int)lf_zone_offset_s(zone, day->first_ns),
            day->bucket,
            end - day->bucket
        );
    }
    lfi_page_format(page, "]");
}

/* ---- price and position of each day ----------------------------------------------------- */

/* Rows of one symbol and day. */
typedef struct piece {
    size_t first;
    size_t end;
    int64_t date;
    size_t day; /* index into the account's days */
} piece;

/* The piece that begins at a row. */
static piece next_piece(const lfi_table *equity, const lf_zone *zone, size_t first)
{
    const lfi_cells *symbols = &equity->cells[LFI_EQUITY_SYMBOL];
    const char *symbol = lfi_cell_text(symbols, first);
    piece out = {first, first + 1, lfi_equity_day(zone, equity, first), 0};
    while (out.end < equity->rows && lfi_equity_day(zone, equity, out.end) == out.date &&
           strcmp(lfi_cell_text(symbols, out.end), symbol) == 0) {
        out.end++;
    }
    return out;
}

/* Columns of the longest piece, and how much of a piece may be kept. */
typedef struct desk {
    double *steps;
    double *mids;
    double *positions;
    uint8_t *marks;
    size_t stretches;
    size_t changes;
    double price_scale;
    int64_t step_ns;
} desk;

/* Fill the columns from the first row with a price on; gives how many rows there are. */
static size_t fill(desk *w, const lfi_table *equity, const piece *p, int64_t first_ns)
{
    size_t count = 0;
    double mid = NAN;
    for (size_t i = p->first; i < p->end; i++) {
        const double now = lfi_cell(&equity->cells[LFI_EQUITY_MID], i);
        const double position = lfi_cell(&equity->cells[LFI_EQUITY_POSITION], i);
        const int64_t since_ns = lfi_cell_time(&equity->cells[LFI_EQUITY_TIME], i) - first_ns;
        mid = isfinite(now) ? now : mid;
        if (isfinite(mid)) {
            w->steps[count] = (double)since_ns / (double)w->step_ns;
            w->mids[count] = mid;
            w->positions[count] = isfinite(position) ? position : 0;
            w->marks[count++] = 0;
        }
    }
    return count;
}

/* Both sides of a change, so that it is drawn where it was. */
static void mark_changes(desk *w, size_t count)
{
    size_t left = w->changes;
    for (size_t i = 1; i < count && left > 0; i++) {
        if (w->positions[i] != w->positions[i - 1]) {
            w->marks[i] = 1;
            left--;
        }
    }
}

/* "masked": first step and number of steps of each stretch without a valid state. */
static void
put_masked(lfi_page *page, const lfi_table *equity, const piece *p, const desk *w, int64_t first_ns)
{
    const lfi_cells *valid = &equity->cells[LFI_EQUITY_VALID];
    const lfi_cells *times = &equity->cells[LFI_EQUITY_TIME];
    size_t left = w->changes;
    const char *comma = "";
    lfi_page_format(page, "\"masked\":[");
    for (size_t i = p->first; i < p->end && left > 0; i++) {
        const size_t first = i;
        while (i < p->end && lfi_cell(valid, i) == 0) {
            i++;
        }
        if (i > first) {
            const int64_t since_ns = lfi_cell_time(times, first) - first_ns;
            const int64_t long_ns = lfi_cell_time(times, i - 1) - lfi_cell_time(times, first);
            lfi_page_format(
                page,
                "%s%lld,%lld",
                comma,
                (long long)(since_ns / w->step_ns),
                (long long)(long_ns / w->step_ns + 1)
            );
            comma = ",";
            left--;
        }
    }
    lfi_page_format(page, "]");
}

static void put_piece(lfi_page *page, const lfi_account *account, const piece *p, desk *w)
{
    const lfi_table *equity = &account->tables[LF_BACKTEST_EQUITY];
    const int64_t first_ns = account->days[p->day].first_ns;
    const size_t count = fill(w, equity, p, first_ns);
    lfi_thin(w->mids, count, w->stretches, w->marks);
    mark_changes(w, count);
    lfi_page_format(page, "{\"day\":%zu,\"symbol\":", p->day);
    lfi_page_string(page, lfi_cell_text(&equity->cells[LFI_EQUITY_SYMBOL], p->first));
    lfi_page_format(page, ",");
    lfi_page_column(page, "step", w->steps, w->marks, count, 1);
    lfi_page_format(page, ",");
    lfi_page_column(page, "mid", w->mids, w->marks, count, w->price_scale);
    lfi_page_format(page, ",");
    lfi_page_column(page, "position", w->positions, w->marks, count, 1);
    lfi_page_format(page, ",");
    put_masked(page, equity, p, w, first_ns);
    lfi_page_format(page, "}");
}

static size_t bounded(size_t value, size_t least, size_t most)
{
    return value < least ? least : value > most ? most : value;
}

static size_t day_index(const lfi_account *account, int64_t date)
{
    size_t d = 0;
    while (d + 1 < account->day_count && account->days[d].date < date) {
        d++;
    }
    return d;
}

static void put_all_pieces(lfi_page *page, const lfi_account *account, const lf_zone *zone, desk *w)
{
    const lfi_table *equity = &account->tables[LF_BACKTEST_EQUITY];
    const int digits = price_digits(equity);
    w->price_scale = pow(10, digits);
    lfi_page_format(page, "\"price_digits\":%d,\"sessions\":[", digits);
    for (size_t at = 0; at < equity->rows;) {
        piece p = next_piece(equity, zone, at);
        p.day = day_index(account, p.date);
        lfi_page_format(page, "%s", at == 0 ? "" : ",\n");
        put_piece(page, account, &p, w);
        at = p.end;
    }
    lfi_page_format(page, "]");
}

static void
put_sessions(lfi_page *page, const lfi_account *account, const lf_zone *zone, int64_t step_ns)
{
    const lfi_table *equity = &account->tables[LF_BACKTEST_EQUITY];
    size_t pieces = 0;
    size_t longest = 0;
    for (size_t at = 0; at < equity->rows; pieces++) {
        const piece p = next_piece(equity, zone, at);
        longest = p.end - p.first > longest ? p.end - p.first : longest;
        at = p.end;
    }
    desk w = {
        .steps = lf_allocate(page->allocator, longest, sizeof *w.steps),
        .mids = lf_allocate(page->allocator, longest, sizeof *w.mids),
        .positions = lf_allocate(page->allocator, longest, sizeof *w.positions),
        .marks = lf_allocate(page->allocator, longest, sizeof *w.marks),
        .stretches = bounded(PRICE_STRETCHES / pieces, PRICE_STRETCHES_LEAST, PRICE_STRETCHES_MOST),
        .changes = bounded(POSITION_CHANGES / pieces, POSITION_CHANGES_LEAST, SIZE_MAX),
        .step_ns = step_ns,
    };
    if (w.steps == NULL || w.mids == NULL || w.positions == NULL || w.marks == NULL) {
        note_no_memory(page);
    } else {
        put_all_pieces(page, account, zone, &w);
    }
    lf_release(page->allocator, w.steps);
    lf_release(page->allocator, w.mids);
    lf_release(page->allocator, w.positions);
    lf_release(page->allocator, w.marks);
}

/* ---- all -------------------------------------------------------------------------------- */

/* One account at a time: each holds curves as long as the run. */
static void put_strategy(lfi_page *page, const lfi_series *series, size_t s)
{
    const lf_report_strategy *strategy = &series->run->strategies[s];
    lfi_account account;
    const lf_status status = lfi_account_create(
        page->allocator, strategy, series->zone, series->step_ns, &account, page->error
    );
    if (status != LF_OK) {
        page->status = page->status == LF_OK ? status : page->status;
        return;
    }
    if (s == 0) {
        put_days(page, &account, series->zone);
        lfi_page_format(page, ",\n");
        put_sessions(page, &account, series->zone, series->step_ns);
        lfi_page_format(page, ",\n");
        lfi_page_trades(page, &account, account.days[0].first_ns);
        lfi_page_format(page, ",\n\"curves\":[\n");
    }
    lfi_page_format(page, "%s{\"name\":", s == 0 ? "" : ",\n");
    lfi_page_string(page, strategy->name);
    lfi_page_format(page, ",");
    accumulate(&account.steps);
    put_curve(page, &account.steps, s == 0);
    lfi_page_format(page, "}");
    lfi_account_release(&account);
}

void lfi_page_series(lfi_page *page, const lfi_series *series)
{
    char step_ms[LF_DOUBLE_TEXT_BYTES];
    (void)lf_double_format((double)series->step_ns / (double)LF_NS_PER_MILLISECOND, step_ms);
    lfi_page_format(page, "{\"step_ms\":%s,", step_ms);
    for (size_t s = 0; s < series->run->strategy_count && page->status == LF_OK; s++) {
        put_strategy(page, series, s);
    }
    lfi_page_format(page, "]}");
}
