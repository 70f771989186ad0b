/* The latency surface as text: one table for each way to enter, a row for each delay. */
#include "latency.h"

#include <math.h>
#include <string.h>

static const char *const legs[] = {"feed", "decision", "entry", "cancel", "response", "all"};
#define LEG_COUNT (sizeof legs / sizeof legs[0])

static double real(const json_t *object, const char *key)
{
    const json_t *const value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static const char *text(const json_t *object, const char *key)
{
    const char *const value = json_string_value(json_object_get(object, key));
    return value != NULL ? value : "";
}

static int64_t delay_of(const json_t *cell)
{
    return (int64_t)json_integer_value(json_object_get(cell, "latency_ns"));
}

/* The cell without delay stands under every leg. */
static const json_t *find(const json_t *cells, const char *entry, const char *leg, int64_t delay_ns)
{
    size_t i = 0;
    const json_t *cell = NULL;
    json_array_foreach(cells, i, cell)
    {
        if (strcmp(text(cell, "entry"), entry) == 0 && delay_of(cell) == delay_ns &&
            (delay_ns == 0 || strcmp(text(cell, "leg"), leg) == 0)) {
            return cell;
        }
    }
    return NULL;
}

static void put(FILE *to, int width, int digits, double value)
{
    if (isfinite(value)) {
        fprintf(to, " %*.*f", width, digits, value);
    } else {
        fprintf(to, " %*s", width, "-");
    }
}

static void put_delay(FILE *to, double ns)
{
    char word[32];
    lf_duration_format((int64_t)ns, word);
    fprintf(to, "  %8s", word);
}

/* Net by delay and leg, then what all delays together do to the orders. */
static void put_table(FILE *to, const json_t *surface, const char *entry)
{
    const json_t *const cells = json_object_get(surface, "cells");
    size_t i = 0;
    const json_t *cell = NULL;
    fprintf(to, "  %8s", "delay");
    for (size_t k = 0; k < LEG_COUNT; k++) {
        fprintf(to, " %8s", legs[k]);
    }
    fprintf(to, "   fills  slip bps  adv bps  races\n");
    json_array_foreach(cells, i, cell)
    {
        const bool is_row = strcmp(text(cell, "leg"), "all") == 0;
        if (!is_row || strcmp(text(cell, "entry"), entry) != 0) {
            continue;
        }
        put_delay(to, (double)delay_of(cell));
        for (size_t k = 0; k < LEG_COUNT; k++) {
            put(to, 8, 2, real(find(cells, entry, legs[k], delay_of(cell)), "net"));
        }
        put(to, 6, 1, 100.0 * real(cell, "fill_rate"));
        fputc('%', to);
        put(to, 9, 2, real(cell, "slippage_bps"));
        put(to, 8, 2, real(cell, "adverse_bps"));
        fprintf(to, " %6lld\n", json_integer_value(json_object_get(cell, "race_fills")));
    }
}

static void put_summary(FILE *to, const json_t *surface, const json_t *summary)
{
    const char *const entry = text(summary, "entry");
    const json_t *const points = json_object_get(summary, "break_even");
    const json_t *const best = find(json_object_get(surface, "cells"), entry, "all", 0);
    const json_t *const interval = json_object_get(best, "net_interval");
    fprintf(to, "  Without delay: gross %.2f, net %.2f", real(best, "gross"), real(best, "net"));
    if (json_is_number(json_array_get(interval, 0))) {
        fprintf(
            to,
            " (95 %% interval of %lld round trips %.2f to %.2f)",
            json_integer_value(json_object_get(best, "round_trips")),
            json_number_value(json_array_get(interval, 0)),
            json_number_value(json_array_get(interval, 1))
        );
    }
    const json_t *const all = json_object_get(points, "all");
    const double at = real(all, "ns");
    fprintf(to, "\n  Break-even with all delays at once: ");
    if (isfinite(at)) {
        char word[32];
        lf_duration_format((int64_t)at, word);
        fprintf(to, "%s\n", word);
    } else {
        fprintf(to, "none, %s\n", text(all, "why"));
    }
    const double left = real(summary, "gross_left_at_50ms");
    if (isfinite(left)) {
        fprintf(to, "  Gross edge left at 50 ms: %.0f %%\n", 100.0 * left);
    }
}

/* A measured time: three digits are more than it repeats. */
static void put_time(FILE *to, double ns)
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    size_t unit = 0;
    char word[32];
    while (ns >= 1000.0 && unit < 3) {
        ns /= 1000.0;
        unit++;
    }
    (void)snprintf(word, sizeof word, "%.3g%s", ns, units[unit]);
    fprintf(to, " %12s", word);
}

static void put_budget(FILE *to, const json_t *measured)
{
    size_t i = 0;
    const json_t *row = NULL;
    fprintf(to, "\n%-30s %12s %12s %12s\n", "Budget", "asked below", "median here", "99 % here");
    json_array_foreach(measured, i, row)
    {
        fprintf(to, "%-30s", text(row, "what"));
        put_time(to, real(row, "asked_ns"));
        put_time(to, real(row, "p50_ns"));
        put_time(to, real(row, "p99_ns"));
        fputc('\n', to);
    }
}

void latency_text(const json_t *surface, FILE *to)
{
    const json_t *const dates = json_object_get(surface, "dates");
    size_t i = 0;
    const json_t *summary = NULL;
    fprintf(
        to,
        "%s, %s to %s, %lld %s%s%s\nNet profit in %s by delay: of one leg with the others at 0, "
        "then of all\n",
        text(surface, "symbols"),
        json_string_value(json_array_get(dates, 0)),
        json_string_value(json_array_get(dates, 1)),
        json_integer_value(json_object_get(surface, "days")),
        json_integer_value(json_object_get(surface, "days")) == 1 ? "day" : "days",
        json_is_true(json_object_get(surface, "in_sample")) ? " (IN-SAMPLE)" : "",
        json_integer_value(json_object_get(surface, "holdout_looks")) > 0 ? " (HELD-OUT)" : "",
        text(surface, "currency")
    );
    json_array_foreach(json_object_get(surface, "summary"), i, summary)
    {
        fprintf(to, "\n%s\n", text(summary, "entry"));
        put_table(to, surface, text(summary, "entry"));
        put_summary(to, surface, summary);
    }
    fprintf(
        to,
        "\nThe last columns belong to all delays at once: lots of entries that were filled; price "
        "paid\nbeyond the mid at the decision; the mid's move against maker fills within 1 s; "
        "fills while a\ncancel was on its way.\n"
    );
    const json_t *const measured = json_object_get(surface, "measured");
    if (measured != NULL) {
        put_budget(to, measured);
    }
}
