/* The sets of a sweep side by side, as JSON and as a table. */
#include "sweep_internal.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers of a set ------------------------------------------------------------------- */

#define NUMBER_COUNT 18

static const char *const number_names[NUMBER_COUNT] = {
    "orders",
    "filled_orders",
    "fill_rate",
    "fills",
    "trades",
    "win_rate",
    "gross",
    "fees",
    "net",
    "net_per_trade",
    "break_even_bps_per_side",
    "sharpe_annual",
    "sharpe_psr",
    "sharpe_deflated",
    "max_drawdown",
    "losing_days",
    "unflat_days",
    "exposure",
};

/* Variance of the ratios of all sets, of one minute; NaN when it cannot be told. */
static double variance_of(const lfi_sweep_facts *facts)
{
    double sum = 0;
    double squares = 0;
    double count = 0;
    for (size_t i = 0; i < facts->axes->set_count; i++) {
        const double ratio = facts->scores[i].sharpe.ratio;
        if (isfinite(ratio)) {
            sum += ratio;
            count++;
        }
    }
    for (size_t i = 0; i < facts->axes->set_count; i++) {
        const double off = facts->scores[i].sharpe.ratio - sum / count;
        squares += isfinite(off) ? off * off : 0;
    }
    return count > 1 ? squares / (count - 1) : NAN;
}

/* Trials without skill differ by the error of a ratio that is 0, if nothing else is known. */
static double trial_variance(const lfi_sweep_facts *facts, const lf_sharpe *sharpe)
{
    const double found = variance_of(facts);
    const double least = sharpe->count > 1 ? 1 / ((double)sharpe->count - 1) : NAN;
    return isfinite(found) && found > 0 ? found : least;
}

static void numbers_of(const lfi_sweep_facts *facts, size_t set, double out[NUMBER_COUNT])
{
    const lfi_set_score *const s = &facts->scores[set];
    const double trials = (double)facts->trials;
    const double values[NUMBER_COUNT] = {
        (double)s->orders,
        (double)s->filled_orders,
        s->orders > 0 ? (double)s->filled_orders / (double)s->orders : NAN,
        (double)s->fills,
        (double)s->trades,
        s->trades > 0 ? (double)s->winning_trades / (double)s->trades : NAN,
        s->gross,
        s->fees,
        s->net,
        s->trades > 0 ? s->net / (double)s->trades : NAN,
        s->turnover > 0 ? 1e4 * s->gross / s->turnover : NAN,
        lfi_sweep_annual(facts->desk, s->sharpe.ratio),
        lf_stats_psr(&s->sharpe, 0),
        lf_stats_deflated_sharpe(&s->sharpe, trials, trial_variance(facts, &s->sharpe)),
        s->max_drawdown,
        (double)s->losing_days,
        (double)s->unflat_days,
        s->exposure,
    };
    memcpy(out, values, sizeof values);
}

/* The set of the largest Sharpe ratio; SIZE_MAX when none has one. */
static size_t best_of(const lfi_sweep_facts *facts)
{
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < facts->axes->set_count; i++) {
        const double ratio = facts->scores[i].sharpe.ratio;
        if (isfinite(ratio) && (best == SIZE_MAX || ratio > facts->scores[best].sharpe.ratio)) {
            best = i;
        }
    }
    return best;
}

/* ---- JSON ------------------------------------------------------------------------------- */

static json_t *number(double value)
{
    if (!isfinite(value)) {
        return json_null();
    }
    return value == rint(value) && fabs(value) < 1e15 ? json_integer((json_int_t)value)
                                                      : json_real(value);
}

static json_t *parameters_of(const lfi_axes *axes, size_t set)
{
    json_t *const out = json_object();
    for (size_t a = 0; a < axes->axis_count; a++) {
        (void
        )json_object_set_new(out, axes->axes[a].key, json_string(lfi_axes_value(axes, set, a)));
    }
    return out;
}

char *lfi_sweep_parameters(const lfi_axes *axes, size_t set)
{
    json_t *const object = parameters_of(axes, set);
    char *const text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    return text;
}

static json_t *axes_json(const lfi_axes *axes)
{
    json_t *const list = json_array();
    for (size_t a = 0; a < axes->axis_count; a++) {
        json_t *const values = json_array();
        for (size_t v = 0; v < axes->axes[a].value_count; v++) {
            (void)json_array_append_new(values, json_string(axes->axes[a].values[v]));
        }
        (void)json_array_append_new(
            list, json_pack("{s:s, s:o}", "key", axes->axes[a].key, "values", values)
        );
    }
    return list;
}

static json_t *sets_json(const lfi_sweep_facts *facts)
{
    json_t *const list = json_array();
    for (size_t i = 0; i < facts->axes->set_count; i++) {
        double numbers[NUMBER_COUNT];
        numbers_of(facts, i, numbers);
        json_t *const set = json_pack(
            "{s:I, s:o}", "set", (json_int_t)(i + 1), "parameters", parameters_of(facts->axes, i)
        );
        for (size_t n = 0; n < NUMBER_COUNT; n++) {
            (void)json_object_set_new(set, number_names[n], number(numbers[n]));
        }
        (void)json_array_append_new(list, set);
    }
    return list;
}

lf_status lfi_sweep_json(const lfi_sweep_facts *facts, char **out, lf_error *error)
{
    const lf_allocator *const allocator = facts->desk->job->allocator;
    const size_t best = best_of(facts);
    const double sd = sqrt(variance_of(facts));
    const double chance = best != SIZE_MAX ? sqrt(trial_variance(facts, &facts->scores[best].sharpe)
                                             ) * lf_stats_expected_max((double)facts->trials)
                                           : NAN;
    json_t *const root = json_pack(
        "{s:s, s:I, s:s, s:b, s:s, s:o, s:I, s:o, s:o, s:o, s:o}",
        "title",
        facts->title,
        "days",
        (json_int_t)facts->desk->counts[0].day_count,
        "model_id",
        facts->model_id,
        "in_sample",
        facts->desk->trading->in_sample,
        "version",
        LF_VERSION,
        "axes",
        axes_json(facts->axes),
        "trials",
        (json_int_t)facts->trials,
        "best",
        best != SIZE_MAX ? json_integer((json_int_t)(best + 1)) : json_null(),
        "sharpe_sd_annual",
        number(lfi_sweep_annual(facts->desk, sd)),
        "sharpe_best_by_chance_annual",
        number(lfi_sweep_annual(facts->desk, chance)),
        "sets",
        sets_json(facts)
    );
    char *const text = root != NULL ? json_dumps(root, JSON_INDENT(1)) : NULL;
    json_decref(root);
    *out = text != NULL ? lf_allocate(allocator, strlen(text) + 2, 1) : NULL;
    if (*out != NULL) {
        memcpy(*out, text, strlen(text));
        (*out)[strlen(text)] = '\n';
    }
    free(text);
    return *out != NULL ? LF_OK : lf_error_set(error, LF_NOMEM, "No memory for the sweep.");
}

/* ---- table ------------------------------------------------------------------------------ */

static lf_status fill(const lfi_sweep_facts *facts, lf_frame *frame)
{
    const lfi_axes *const axes = facts->axes;
    lf_status status = lf_frame_append(frame, axes->set_count);
    for (size_t i = 0; i < axes->set_count && status == LF_OK; i++) {
        double numbers[NUMBER_COUNT];
        numbers_of(facts, i, numbers);
        lf_frame_i64(frame, 0)[i] = (int64_t)(i + 1);
        for (size_t a = 0; a < axes->axis_count && status == LF_OK; a++) {
            status = lf_frame_set_text(frame, 1 + a, i, 1, lfi_axes_value(axes, i, a));
        }
        for (size_t n = 0; n < NUMBER_COUNT; n++) {
            lf_frame_f64(frame, 1 + axes->axis_count + n)[i] = numbers[n];
        }
    }
    return status;
}

lf_status lfi_sweep_frame(const lfi_sweep_facts *facts, lf_frame **out, lf_error *error)
{
    const lfi_axes *const axes = facts->axes;
    lf_column_spec specs[1 + LFI_AXES_MAX + NUMBER_COUNT] = {{"set", LF_COLUMN_I64}};
    size_t count = 1;
    for (size_t a = 0; a < axes->axis_count; a++) {
        specs[count++] = (lf_column_spec){axes->axes[a].key, LF_COLUMN_TEXT};
    }
    for (size_t n = 0; n < NUMBER_COUNT; n++) {
        specs[count++] = (lf_column_spec){number_names[n], LF_COLUMN_F64};
    }
    lf_status status =
        lf_frame_create(facts->desk->job->allocator, specs, count, axes->set_count, out, error);
    if (status == LF_OK && fill(facts, *out) != LF_OK) {
        status = lf_error_set(error, LF_NOMEM, "No memory for the table of the sweep.");
    }
    return status;
}
