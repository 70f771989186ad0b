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
static int price_digits(lfi_account *account, lf_status *status, lf_error *error)
{
    int digits = 0;
    double scale = 1;
    for (size_t part = 0; part < lfi_account_parts(account) && *status == LF_OK; part++) {
        const lfi_table *equity = &account->tables[LF_BACKTEST_EQUITY];
        *status = lfi_account_open(account, part, error);
        for (size_t i = 0; *status == LF_OK && i < equity->rows; i++) {
            const double mid = lfi_cell(&equity->cells[LFI_EQUITY_MID], i);
            while (digits < 8 && isfinite(mid) && fabs(mid * scale - round(mid * scale)) > 1e-4) {
                digits++;
                scale *= 10;
            }
        }
    }
    return digits;
}

static void note_no_memory(lfi_page *page)
{
    if (page->status == LF_OK) {
        page->status = lf_error_set(page->error, LF_NOMEM, "not enough memory for the page.");
    }
}

/* ---- P&L over whole sessions ------------------------------------------------------------ */

/* One step of a curve: sums so far, and how far the net lies below its highest value. */
typedef struct point {
    size_t step;
    double gross;
    double net;
    double fall;
} point;

/* The lowest, the highest and the last value of the stretch at hand. */
typedef struct extremes {
    point low;
    point high;
} extremes;

/* A curve that is thinned while its days go by, so that no more than what is kept is in memory. */
typedef struct thinner {
    const lf_allocator *allocator;
    bool is_main; /* the fall is thinned too */
    size_t stretches;
    size_t stretch; /* at hand */
    point now;
    double peak;
    extremes net;
    extremes fall;
    double most; /* of gross and net */
    point *kept;
    size_t count;
    size_t capacity;
    lf_status status;
} thinner;

static void
follow(extremes *all, const point *now, double value, double low, double high, bool first)
{
    all->low = first || value < low ? *now : all->low;
    all->high = first || value > high ? *now : all->high;
}

/* Keep the points of the stretch that ends, each once, in their order. */
static void end_stretch(thinner *t)
{
    const point *points[] = {&t->net.low, &t->net.high, &t->fall.low, &t->fall.high, &t->now};
    const size_t none = t->is_main ? SIZE_MAX : 2; /* of a variant no fall is kept */
    void *memory = t->kept;
    t->status = lf_grow(t->allocator, &memory, &t->capacity, t->count + 5, sizeof *t->kept);
    if (t->status != LF_OK) {
        return;
    }
    t->kept = memory;
    size_t last = 0;
    bool any = false;
    for (;;) {
        const point *next = NULL;
        for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
            const bool is_left = (!any || points[i]->step > last) && (i < none || i == 4);
            next = is_left && (next == NULL || points[i]->step < next->step) ? points[i] : next;
        }
        if (next == NULL) {
            break;
        }
        t->kept[t->count++] = *next;
        last = next->step;
        any = true;
    }
    t->stretch++;
}

static void watch_day(
    void *context, const lfi_account *account, const double *gross, const double *net, size_t count
)
{
    thinner *t = context;
    const size_t all = account->step_count;
    const size_t stretches = t->stretches < all ? t->stretches : all;
    for (size_t i = 0; i < count && t->status == LF_OK; i++) {
        const bool first = t->now.step == t->stretch * all / stretches;
        t->now.gross += gross[i];
        t->now.net += net[i];
        t->peak = fmax(t->peak, t->now.net);
        t->now.fall = t->peak - t->now.net;
        t->most = fmax(t->most, fmax(fabs(t->now.gross), fabs(t->now.net)));
        follow(&t->net, &t->now, t->now.net, t->net.low.net, t->net.high.net, first);
        follow(&t->fall, &t->now, t->now.fall, t->fall.low.fall, t->fall.high.fall, first);
        if (t->now.step + 1 == (t->stretch + 1) * all / stretches) {
            end_stretch(t);
        }
        t->now.step++;
    }
}

/* One column of what was kept. */
static void put_points(
    lfi_page *page, const char *key, const thinner *t, size_t member, double scale, double *values
)
{
    for (size_t i = 0; i < t->count; i++) {
        values[i] = *(const double *)(const void *)((const char *)&t->kept[i] + member);
    }
    lfi_page_column(page, key, values, NULL, t->count, scale);
    lfi_page_format(page, ",");
}

/* The curve of the main strategy, or of another one with less in it. */
static void put_curve(lfi_page *page, const thinner *t)
{
    double *values = lf_allocate(page->allocator, t->count + 1, sizeof *values);
    if (values == NULL || t->status != LF_OK) {
        lf_release(page->allocator, values);
        note_no_memory(page);
        return;
    }
    const int digits = lfi_money_digits(t->most);
    const double scale = pow(10, digits);
    lfi_page_format(page, "\"digits\":%d,", digits);
    if (t->is_main) {
        put_points(page, "gross", t, offsetof(point, gross), scale, values);
        put_points(page, "fall", t, offsetof(point, fall), scale, values);
    }
    put_points(page, "net", t, offsetof(point, net), scale, values);
    for (size_t i = 0; i < t->count; i++) {
        values[i] = (double)t->kept[i].step;
    }
    lfi_page_column(page, "step", values, NULL, t->count, 1);
    lf_release(page->allocator, values);
}

static void put_days(lfi_page *page, const lfi_account *account, const lf_zone *zone)
{
    lfi_page_format(page, "\"days\":[");
    for (size_t d = 0; d < account->day_count; d++) {
        const lfi_day *day = &account->days[d];
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
            day->step,
            day->step_count
        );
    }
    lfi_page_format(page, "]");
}

/* ---- price and position of each day ----------------------------------------------------- */

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
static size_t fill(desk *w, const lfi_table *equity, const lfi_piece *p, int64_t first_ns)
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
static void put_masked(
    lfi_page *page, const lfi_table *equity, const lfi_piece *p, const desk *w, int64_t first_ns
)
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

static void put_piece(lfi_page *page, lfi_account *account, const lfi_piece *p, desk *w)
{
    const lfi_table *equity = &account->tables[LF_BACKTEST_EQUITY];
    const lfi_day *day = lfi_account_day(account, p->date);
    const int64_t first_ns = day->first_ns;
    const lf_status status = lfi_account_open(account, p->part, page->error);
    if (status != LF_OK) {
        page->status = page->status == LF_OK ? status : page->status;
        return;
    }
    const size_t count = fill(w, equity, p, first_ns);
    lfi_thin(w->mids, count, w->stretches, w->marks);
    mark_changes(w, count);
    lfi_page_format(page, "{\"day\":%zu,\"symbol\":", (size_t)(day - account->days));
    lfi_page_string(page, account->symbols[p->symbol]);
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

static void put_all_pieces(lfi_page *page, lfi_account *account, desk *w)
{
    const int digits = price_digits(account, &page->status, page->error);
    w->price_scale = pow(10, digits);
    lfi_page_format(page, "\"price_digits\":%d,\"sessions\":[", digits);
    for (size_t p = 0; p < account->piece_count && page->status == LF_OK; p++) {
        lfi_page_format(page, "%s", p == 0 ? "" : ",\n");
        put_piece(page, account, &account->pieces[p], w);
    }
    lfi_page_format(page, "]");
}

static void put_sessions(lfi_page *page, lfi_account *account)
{
    const size_t pieces = account->piece_count;
    size_t longest = 0;
    for (size_t p = 0; p < pieces; p++) {
        const size_t rows = account->pieces[p].end - account->pieces[p].first;
        longest = rows > longest ? rows : longest;
    }
    desk w = {
        .steps = lf_allocate(page->allocator, longest, sizeof *w.steps),
        .mids = lf_allocate(page->allocator, longest, sizeof *w.mids),
        .positions = lf_allocate(page->allocator, longest, sizeof *w.positions),
        .marks = lf_allocate(page->allocator, longest, sizeof *w.marks),
        .stretches = bounded(PRICE_STRETCHES / pieces, PRICE_STRETCHES_LEAST, PRICE_STRETCHES_MOST),
        .changes = bounded(POSITION_CHANGES / pieces, POSITION_CHANGES_LEAST, SIZE_MAX),
        .step_ns = account->step_ns,
    };
    if (w.steps == NULL || w.mids == NULL || w.positions == NULL || w.marks == NULL) {
        note_no_memory(page);
    } else {
        put_all_pieces(page, account, &w);
    }
    lf_release(page->allocator, w.steps);
    lf_release(page->allocator, w.mids);
    lf_release(page->allocator, w.positions);
    lf_release(page->allocator, w.marks);
}

/* ---- all -------------------------------------------------------------------------------- */

/* One account at a time. */
static void put_strategy(lfi_page *page, const lfi_series *series, size_t s)
{
    const lf_report_strategy *strategy = &series->run->strategies[s];
    lfi_account account;
    thinner t = {
        .allocator = page->allocator,
        .is_main = s == 0,
        .stretches = s == 0 ? CURVE_STRETCHES : VARIANT_STRETCHES,
    };
    const lfi_watcher watcher = {.context = &t, .day = watch_day};
    const lf_status status = lfi_account_create(
        page->allocator,
        strategy,
        &series->calendar,
        series->step_ns,
        &watcher,
        &account,
        page->error
    );
    if (status != LF_OK) {
        page->status = page->status == LF_OK ? status : page->status;
        lf_release(page->allocator, t.kept);
        return;
    }
    if (s == 0) {
        put_days(page, &account, series->calendar.zone);
        lfi_page_format(page, ",\n");
        put_sessions(page, &account);
        lfi_page_format(page, ",\n");
        lfi_page_trades(page, &account, account.days[0].first_ns);
        lfi_page_format(page, ",\n");
        lfi_page_orders(page, series, &account, account.days[0].first_ns);
        lfi_page_format(page, ",\n\"curves\":[\n");
    }
    lfi_page_format(page, "%s{\"name\":", s == 0 ? "" : ",\n");
    lfi_page_string(page, strategy->name);
    lfi_page_format(page, ",");
    put_curve(page, &t);
    lfi_page_format(page, "}");
    lf_release(page->allocator, t.kept);
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
