/* What the sets of a sweep were worth, from their tables. */
#include "sweep_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double lfi_sweep_annual(const lfi_desk *desk, double ratio)
{
    return ratio * sqrt(lfi_desk_days_per_year(desk) * lfi_desk_minutes_per_day(desk));
}

static int compare_times(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left;
    const int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* The distinct times of the rows of all symbols; all sets have the same rows. */
static size_t list_times(lf_frame *equity, int64_t *out)
{
    const size_t rows = lf_frame_row_count(equity);
    size_t count = 0;
    memcpy(out, lf_frame_i64(equity, lf_frame_find(equity, "ts_event")), rows * sizeof *out);
    qsort(out, rows, sizeof *out, compare_times);
    for (size_t i = 0; i < rows; i++) {
        if (i == 0 || out[i] != out[i - 1]) {
            out[count++] = out[i];
        }
    }
    return count;
}

/* Work space for the curve of one set. */
typedef struct curve {
    int64_t *times; /* [count] */
    double *net;    /* [count] changes up to each time, of all symbols */
    size_t *at;     /* [row_count] where each row of the table belongs */
    uint8_t *ends;  /* [count] a day ended there */
    size_t count;
} curve;

/* As the report: a day is one of the sessions' calendar, and its end belongs to it. */
static lf_status find_ends(const lfi_desk *desk, curve *c, lf_error *error)
{
    const char *const name = desk->time_zone[0] != '\0' ? desk->time_zone : "UTC";
    lf_zone *zone = NULL;
    int64_t before = 0;
    const lf_status status = lf_zone_create(desk->job->allocator, name, &zone, error);
    for (size_t i = 0; i < c->count && status == LF_OK; i++) {
        const int64_t time_ns = c->times[i] - 1;
        const int64_t offset_ns = lf_zone_offset_s(zone, time_ns) * LF_NS_PER_SECOND;
        const int64_t day = (time_ns + offset_ns + desk->day_shift_ns) / LF_NS_PER_DAY;
        if (i > 0) {
            c->ends[i - 1] = day != before;
        }
        before = day;
    }
    if (c->count > 0) {
        c->ends[c->count - 1] = 1;
    }
    lf_zone_destroy(zone);
    return status;
}

static lf_status curve_create(lfi_desk *desk, curve *out, lf_error *error)
{
    const lf_allocator *const allocator = desk->job->allocator;
    lf_frame *const equity = lf_backtest_frame(desk->all, 0, LF_BACKTEST_EQUITY);
    const size_t rows = lf_frame_row_count(equity);
    const int64_t *const times = lf_frame_i64(equity, lf_frame_find(equity, "ts_event"));
    out->times = lf_allocate(allocator, rows + 1, sizeof *out->times);
    out->net = lf_allocate(allocator, rows + 1, sizeof *out->net);
    out->at = lf_allocate(allocator, rows + 1, sizeof *out->at);
    out->ends = lf_allocate(allocator, rows + 1, sizeof *out->ends);
    if (out->times == NULL || out->net == NULL || out->at == NULL || out->ends == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for the curves of the sets.");
    }
    out->count = list_times(equity, out->times);
    for (size_t i = 0; i < rows; i++) {
        const int64_t *const found =
            bsearch(&times[i], out->times, out->count, sizeof *out->times, compare_times);
        out->at[i] = (size_t)(found - out->times);
    }
    return find_ends(desk, out, error);
}

static void curve_release(const lfi_desk *desk, curve *c)
{
    const lf_allocator *const allocator = desk->job->allocator;
    lf_release(allocator, c->times);
    lf_release(allocator, c->net);
    lf_release(allocator, c->at);
    lf_release(allocator, c->ends);
}

/* Changes of the net of a set; running sums of a symbol begin at zero. */
static void curve_fill(lf_frame *equity, curve *c)
{
    const double *const net = lf_frame_f64(equity, lf_frame_find(equity, "net"));
    const size_t symbols = lf_frame_find(equity, "symbol");
    double before = 0;
    memset(c->net, 0, c->count * sizeof *c->net);
    for (size_t i = 0; i < lf_frame_row_count(equity); i++) {
        const bool is_new =
            i > 0 &&
            strcmp(lf_frame_text(equity, symbols, i), lf_frame_text(equity, symbols, i - 1)) != 0;
        before = is_new ? 0 : before;
        /* Before the first valid mid nothing can be worth anything. */
        if (isfinite(net[i])) {
            c->net[c->at[i]] += net[i] - before;
            before = net[i];
        }
    }
}

static void score_curve(const curve *c, lfi_set_score *out)
{
    double level = 0;
    double peak = 0;
    double day = 0;
    for (size_t i = 0; i < c->count; i++) {
        level += c->net[i];
        day += c->net[i];
        peak = level > peak ? level : peak;
        out->max_drawdown = peak - level > out->max_drawdown ? peak - level : out->max_drawdown;
        if (c->ends[i]) {
            out->losing_days += day < 0;
            day = 0;
        }
    }
    out->net = level;
    out->sharpe = lf_stats_sharpe(c->net, c->count);
}

static void score_tables(lfi_desk *desk, size_t set, lfi_set_score *out)
{
    lf_frame *const orders = lf_backtest_frame(desk->all, set, LF_BACKTEST_ORDERS);
    lf_frame *const trades = lf_backtest_frame(desk->all, set, LF_BACKTEST_TRADES);
    lf_frame *const fills = lf_backtest_frame(desk->all, set, LF_BACKTEST_FILLS);
    const int64_t *const filled = lf_frame_i64(orders, lf_frame_find(orders, "filled_lots"));
    const double *const net = lf_frame_f64(trades, lf_frame_find(trades, "net"));
    const double *const fees = lf_frame_f64(fills, lf_frame_find(fills, "fee"));
    out->orders = (int64_t)lf_frame_row_count(orders);
    out->trades = (int64_t)lf_frame_row_count(trades);
    out->fills = (int64_t)lf_frame_row_count(fills);
    for (size_t i = 0; i < lf_frame_row_count(orders); i++) {
        out->filled_orders += filled[i] > 0;
    }
    for (size_t i = 0; i < lf_frame_row_count(trades); i++) {
        out->winning_trades += net[i] > 0;
    }
    for (size_t i = 0; i < lf_frame_row_count(fills); i++) {
        out->fees += fees[i];
    }
}

lf_status lfi_sweep_score(lfi_desk *desk, lfi_set_score *out, lf_error *error)
{
    curve c = {0};
    const lf_status status = curve_create(desk, &c, error);
    for (size_t i = 0; i < desk->strategy_count && status == LF_OK; i++) {
        const lf_backtest_counts *const counts = &desk->counts[i];
        lfi_set_score *const score = &out[i];
        *score = (lfi_set_score){
            .unflat_days = counts->unflat_days,
            .turnover = desk->turnover[i],
            .exposure = counts->session_ns > 0
                            ? (double)counts->in_position_ns / (double)counts->session_ns
                            : NAN,
        };
        curve_fill(lf_backtest_frame(desk->all, i, LF_BACKTEST_EQUITY), &c);
        score_curve(&c, score);
        score_tables(desk, i, score);
        score->gross = score->net + score->fees;
    }
    curve_release(desk, &c);
    return status;
}
