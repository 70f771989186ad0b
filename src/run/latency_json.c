/* The latency surface as JSON. Keys: docs/formats/latency.md. */
#include "latency_internal.h"

#include <math.h>
#include <string.h>

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static double net_of(const lfi_cell *cell)
{
    return cell->gross - cell->fees;
}

/* Half the width of the 95 % interval of the sum of the round trips, taken as independent. */
static double trip_half_width(const lfi_cell *cell)
{
    const double n = (double)cell->trips;
    if (cell->trips < 2) {
        return NAN;
    }
    const double mean = cell->trip_sum / n;
    const double variance = fmax(cell->trip_squares - n * mean * mean, 0.0) / (n - 1.0);
    return 1.959963984540054 * sqrt(n * variance);
}

static double ratio(double part, double whole)
{
    return whole > 0.0 ? part / whole : NAN;
}

static json_t *cell_json(const lfi_cell *cell)
{
    const double net = net_of(cell);
    const double half = trip_half_width(cell);
    return json_pack(
        "{s:s s:s s:I s:o s:o s:o s:[o,o] s:I s:o s:o s:o s:I s:I s:o}",
        "entry",
        lf_order_kind_name(cell->entry),
        "leg",
        lfi_leg_name(cell->leg),
        "latency_ns",
        (json_int_t)cell->latency_ns,
        "gross",
        number(cell->gross),
        "fees",
        number(cell->fees),
        "net",
        number(net),
        "net_interval",
        number(net - half),
        number(net + half),
        "round_trips",
        (json_int_t)cell->trips,
        "fill_rate",
        number(ratio((double)cell->entry_filled_lots, (double)cell->entry_lots)),
        "slippage_bps",
        number(1e4 * ratio(cell->slippage, cell->value)),
        "adverse_bps",
        number(1e4 * ratio(cell->adverse, cell->maker_value)),
        "late_cancels",
        (json_int_t)cell->late_cancels,
        "race_fills",
        (json_int_t)cell->race_fills,
        "race_loss",
        number(cell->race_loss)
    );
}

/* ---- what the surface comes to ---------------------------------------------------------- */

/* The cell of a leg and delay; the undelayed one belongs to every leg. */
static const lfi_cell *
find_cell(const lfi_latency_facts *facts, lf_order_kind entry, lfi_leg leg, int64_t latency_ns)
{
    for (size_t i = 0; i < facts->cell_count; i++) {
        const lfi_cell *const cell = &facts->cells[i];
        if (cell->entry == entry && cell->latency_ns == latency_ns &&
            (cell->leg == leg || latency_ns == 0)) {
            return cell;
        }
    }
    return NULL;
}

/* Where a line through two points crosses zero, over the logarithm of the delay but for the first
   stretch, which begins at 0. */
static double crossing(const lfi_cell *before, const lfi_cell *after)
{
    const double share = net_of(before) / (net_of(before) - net_of(after));
    const double from = (double)before->latency_ns;
    const double to = (double)after->latency_ns;
    return before->latency_ns == 0 ? share * to : from * pow(to / from, share);
}

/* The first delay of a leg at which nothing is earned any more; NaN: none, *why says it. */
static double
break_even(const lfi_latency_facts *facts, lf_order_kind entry, lfi_leg leg, const char **why)
{
    const lfi_cell *before = find_cell(facts, entry, leg, 0);
    *why = "";
    if (!(net_of(before) > 0.0)) {
        *why = "nothing is earned without any delay";
        return NAN;
    }
    for (size_t i = 0; i < facts->cell_count; i++) {
        const lfi_cell *const cell = &facts->cells[i];
        if (cell->entry != entry || cell->leg != leg || cell->latency_ns == 0) {
            continue;
        }
        if (net_of(cell) <= 0.0) {
            return crossing(before, cell);
        }
        before = cell;
    }
    *why = "something is left at every delay tried";
    return NAN;
}

static json_t *summary_json(const lfi_latency_facts *facts, lf_order_kind entry)
{
    const lfi_cell *const best = find_cell(facts, entry, LFI_LEG_ALL, 0);
    const lfi_cell *const slow = find_cell(facts, entry, LFI_LEG_ALL, 50 * LF_NS_PER_MILLISECOND);
    json_t *const out = json_pack(
        "{s:s s:o s:o}",
        "entry",
        lf_order_kind_name(entry),
        "gross_left_at_50ms",
        number(slow != NULL ? ratio(slow->gross, best->gross) : NAN),
        "net_lost_at_50ms",
        number(slow != NULL ? net_of(best) - net_of(slow) : NAN)
    );
    json_t *const points = json_object();
    for (int leg = 0; leg < LFI_LEG_COUNT && out != NULL; leg++) {
        const char *why = "";
        const double at = break_even(facts, entry, (lfi_leg)leg, &why);
        json_object_set_new(
            points,
            lfi_leg_name((lfi_leg)leg),
            json_pack("{s:o s:s}", "ns", number(round(at)), "why", why)
        );
    }
    if (out == NULL || json_object_set_new(out, "break_even", points) != 0) {
        json_decref(out);
        return NULL;
    }
    return out;
}

json_t *lfi_latency_json(const lfi_latency_facts *facts)
{
    json_t *const root = json_pack(
        "{s:s s:s s:[s,s] s:I s:s s:b s:I s:[o,o] s:[]}",
        "kind",
        "lobflow latency",
        "symbols",
        facts->symbols,
        "dates",
        facts->first_date,
        facts->last_date,
        "days",
        (json_int_t)facts->day_count,
        "currency",
        facts->currency,
        "in_sample",
        facts->in_sample,
        "holdout_looks",
        (json_int_t)facts->holdout_looks,
        "summary",
        summary_json(facts, LF_ORDER_KIND_MARKETABLE),
        summary_json(facts, LF_ORDER_KIND_PASSIVE),
        "cells"
    );
    json_t *const cells = json_object_get(root, "cells");
    for (size_t i = 0; i < facts->cell_count && cells != NULL; i++) {
        if (json_array_append_new(cells, cell_json(&facts->cells[i])) != 0) {
            json_decref(root);
            return NULL;
        }
    }
    return root;
}
