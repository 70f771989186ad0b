/* Studies as text, at most 100 columns wide. */
#include "impact.h"

#include <math.h>
#include <string.h>

#define MEAN_COLUMNS 10

void impact_clock(const impact_study *study, int64_t ts_ns, char out[8])
{
    const int64_t day_s = 86400;
    const int64_t local_s = ts_ns / LF_NS_PER_SECOND + study->offset_s;
    const int64_t second = ((local_s % day_s) + day_s) % day_s;
    /* The end of a day that is midnight reads better as 24:00. */
    const bool is_end = second == 0 && ts_ns == study->to_ns;
    const int minutes = is_end ? 24 * 60 : (int)(second / 60);
    (void)snprintf(out, 8, "%02d:%02d", minutes / 60 % 100, minutes % 60);
}

/* A number in some columns; a dash where it is not defined. */
static void put(FILE *to, int width, int digits, double value)
{
    if (isfinite(value)) {
        fprintf(to, " %*.*f", width, digits, value);
    } else {
        fprintf(to, " %*s", width, "-");
    }
}

/* Betas of liquid and of thin books differ by orders of magnitude. */
static void put_small(FILE *to, int width, double value)
{
    if (isfinite(value)) {
        fprintf(to, " %*.*g", width, 4, value);
    } else {
        fprintf(to, " %*s", width, "-");
    }
}

static void print_head(const impact_study *study, FILE *to)
{
    const lf_instrument *const in = &study->instrument;
    char date[11];
    char from[8];
    char until[8];
    char window[32];
    lf_date_format(in->date, date);
    impact_clock(study, study->from_ns, from);
    impact_clock(study, study->to_ns, until);
    lf_duration_format(study->window_ns, window);
    fprintf(
        to, "%s %s, %s-%s %s, windows of %s\n", in->symbol, date, from, until, in->time_zone, window
    );
}

/* Blocks before the first and behind the last one with observations are left out: a capture of some
   minutes is of a day of 24 hours. */
static void filled_blocks(const impact_study *study, size_t *first, size_t *end)
{
    *first = 0;
    *end = study->result.block_count;
    while (*first < *end && study->blocks[*first].observation_count == 0) {
        (*first)++;
    }
    while (*end > *first && study->blocks[*end - 1].observation_count == 0) {
        (*end)--;
    }
}

static void print_blocks(const impact_study *study, FILE *to)
{
    const lf_study_result *const r = &study->result;
    size_t first, end;
    filled_blocks(study, &first, &end);
    fprintf(
        to,
        "  %-5s %5s %11s %10s %6s %7s %7s %7s %7s %10s\n",
        "from",
        "n",
        "beta",
        "s.e.",
        "t",
        "R^2",
        "trades",
        "both",
        "no move",
        "depth"
    );
    for (size_t i = first; i < end; i++) {
        const lf_study_block *const b = &study->blocks[i];
        char clock[8];
        impact_clock(study, b->begin_ns, clock);
        fprintf(to, "  %-5s %5lld", clock, (long long)b->observation_count);
        put_small(to, 11, b->beta);
        put_small(to, 10, b->beta_se);
        put(to, 6, 1, b->beta / b->beta_se);
        put(to, 7, 3, b->r2_ofi);
        put(to, 7, 3, b->r2_trade_imbalance);
        put(to, 7, 3, b->r2_both);
        put(to, 7, 3, b->r2_ofi_no_price_change);
        put(to, 10, 1, b->depth_mean);
        fputc('\n', to);
    }
    fprintf(to, "  %-11s", "mean");
    put_small(to, 11, r->beta_mean);
    fprintf(to, " %17s", "");
    put(to, 7, 3, r->r2_ofi);
    put(to, 7, 3, r->r2_trade_imbalance);
    put(to, 7, 3, r->r2_both);
    put(to, 7, 3, r->r2_ofi_no_price_change);
    put(to, 10, 1, r->depth_mean);
    fputc('\n', to);
}

static void print_law(const lf_study_result *r, FILE *to)
{
    fputs("  depth law   beta = c / depth^lambda: lambda", to);
    put(to, 1, 3, r->lambda);
    fputs(", c", to);
    put_small(to, 1, r->c);
    fputs(", R^2", to);
    put(to, 1, 3, r->r2_depth_law);
    fputs("\n              beta x 2 depth", to);
    put(to, 1, 3, r->beta_depth2);
    fputs(
        " (1: equal queues)\n  next        R^2 of the next window's change on this window's OFI", to
    );
    put(to, 1, 5, r->r2_next);
    fputs("\n  queue       AUC of the next move: even in time", to);
    put(to, 1, 3, r->auc_queue_imbalance);
    fputs(", last state before it", to);
    put(to, 1, 3, r->auc_queue_imbalance_last);
    fprintf(to, " (%lld moves)\n              logit: intercept", (long long)r->move_count);
    put(to, 1, 3, r->logit_intercept);
    fputs(", slope", to);
    put(to, 1, 3, r->logit_slope);
    fputc('\n', to);
}

static void print_levels(const lf_study_result *r, FILE *to)
{
    const size_t count = (size_t)r->level_count;
    fputs("  levels     ", to);
    for (size_t m = 0; m < count; m++) {
        fprintf(to, " %5d", (int)m + 1);
    }
    fputs(count > 1 ? " ridge integrated\n  in sample  " : "\n  in sample  ", to);
    for (size_t m = 0; m < count; m++) {
        put(to, 5, 3, r->r2_is_levels[m]);
    }
    if (count > 1) {
        put(to, 5, 3, r->r2_is_ridge);
        put(to, 10, 3, r->r2_is_integrated);
    }
    fputs("\n  next block ", to);
    for (size_t m = 0; m < count; m++) {
        put(to, 5, 3, r->r2_oos_levels[m]);
    }
    if (count > 1) {
        put(to, 5, 3, r->r2_oos_ridge);
        put(to, 10, 3, r->r2_oos_integrated);
        fputs("\n  first component's share of the levels' variance", to);
        put(to, 1, 3, r->pc1_share);
    }
    fputc('\n', to);
}

/* ---- several ---------------------------------------------------------------------------- */

/* What the table of several studies shows. */
static void mean_columns(const lf_study_result *r, double out[MEAN_COLUMNS])
{
    const double several = r->level_count > 1 ? 1 : NAN;
    const double all[MEAN_COLUMNS] = {
        r->r2_ofi,
        r->r2_trade_imbalance,
        r->r2_ofi_no_price_change,
        r->r2_next,
        r->lambda,
        r->beta_depth2,
        r->auc_queue_imbalance,
        r->r2_oos_best,
        r->r2_oos_integrated * several,
        r->pc1_share * several,
    };
    memcpy(out, all, sizeof all);
}

static void print_row(FILE *to, const double values[MEAN_COLUMNS])
{
    static const int digits[MEAN_COLUMNS] = {3, 3, 3, 4, 2, 2, 3, 3, 3, 3};
    for (int i = 0; i < MEAN_COLUMNS; i++) {
        put(to, 6, digits[i], values[i]);
    }
    fputc('\n', to);
}

/* The mean of the studies of a window, or of one symbol's too; what is not defined is left out. */
static void print_mean(
    const impact_study *studies, size_t count, const char *symbol, int64_t window_ns, FILE *to
)
{
    double sums[MEAN_COLUMNS] = {0};
    int counts[MEAN_COLUMNS] = {0};
    char window[32];
    int days = 0;
    for (size_t i = 0; i < count; i++) {
        double values[MEAN_COLUMNS];
        if (studies[i].window_ns != window_ns ||
            (symbol != NULL && strcmp(studies[i].instrument.symbol, symbol) != 0)) {
            continue;
        }
        mean_columns(&studies[i].result, values);
        days++;
        for (int k = 0; k < MEAN_COLUMNS; k++) {
            sums[k] += isfinite(values[k]) ? values[k] : 0;
            counts[k] += isfinite(values[k]) ? 1 : 0;
        }
    }
    if (days < 2) {
        return;
    }
    for (int k = 0; k < MEAN_COLUMNS; k++) {
        sums[k] = counts[k] > 0 ? sums[k] / counts[k] : NAN;
    }
    lf_duration_format(window_ns, window);
    fprintf(to, "  %-7.7s mean of %-3d %4s", symbol != NULL ? symbol : "all", days, window);
    print_row(to, sums);
}

/* True for the first study of its window, and of its symbol when that counts. */
static bool is_first(const impact_study *studies, size_t i, bool by_symbol)
{
    for (size_t j = 0; j < i; j++) {
        if (studies[j].window_ns == studies[i].window_ns &&
            (!by_symbol || strcmp(studies[j].instrument.symbol, studies[i].instrument.symbol) == 0
            )) {
            return false;
        }
    }
    return true;
}

static bool has_many_symbols(const impact_study *studies, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (strcmp(studies[i].instrument.symbol, studies[0].instrument.symbol) != 0) {
            return true;
        }
    }
    return false;
}

static void print_several(const impact_study *studies, size_t count, FILE *to)
{
    static const char *const heads[MEAN_COLUMNS] = {
        "R^2", "trades", "nomove", "next", "lambda", "b2D", "AUC", "best", "integ", "PC1"};
    fprintf(to, "\nDays %*s", 19, "");
    for (int i = 0; i < MEAN_COLUMNS; i++) {
        fprintf(to, " %6s", heads[i]);
    }
    fputc('\n', to);
    for (size_t i = 0; i < count; i++) {
        double values[MEAN_COLUMNS];
        char date[11];
        char window[32];
        lf_date_format(studies[i].instrument.date, date);
        lf_duration_format(studies[i].window_ns, window);
        fprintf(to, "  %-7.7s %-10s %4s", studies[i].instrument.symbol, date, window);
        mean_columns(&studies[i].result, values);
        print_row(to, values);
    }
    for (size_t i = 0; i < count; i++) {
        if (is_first(studies, i, true)) {
            print_mean(studies, count, studies[i].instrument.symbol, studies[i].window_ns, to);
        }
    }
    for (size_t i = 0; i < count && has_many_symbols(studies, count); i++) {
        if (is_first(studies, i, false)) {
            print_mean(studies, count, NULL, studies[i].window_ns, to);
        }
    }
    fputs("  best, integ: R^2 on the next half hour. b2D: beta x 2 depth.\n", to);
}

void impact_text(const impact_study *studies, size_t count, FILE *to)
{
    for (size_t i = 0; i < count; i++) {
        fputs(i > 0 ? "\n" : "", to);
        print_head(&studies[i], to);
        print_blocks(&studies[i], to);
        print_law(&studies[i].result, to);
        print_levels(&studies[i].result, to);
    }
    if (count > 1) {
        print_several(studies, count, to);
    }
}
