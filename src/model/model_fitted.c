/* Parameters of fitted features in model.json: one entry for each feature, by its name. */
#include "model_internal.h"

#include <math.h>

/* JSON has no NaN: a state without an estimate is null. */
static json_t *numbers(const double *values, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *value = isfinite(values[i]) ? json_real(values[i]) : json_null();
        (void)json_array_append_new(list, value);
    }
    return list;
}

/* Position among the fitted features: windows first, then the micro-price. */
static size_t position_of(size_t feature)
{
    return feature - lf_feature_count();
}

static json_t *microprice_json(const lf_feature_microprice *p)
{
    json_t *rows = json_array();
    for (int32_t s = 0; s < p->spread_count; s++) {
        json_t *row = numbers(p->offset_ticks[s], (size_t)p->imbalance_count);
        (void)json_array_append_new(rows, row);
    }
    return json_pack(
        "{s:b, s:o, s:o}",
        "pools_wide",
        p->pools_wide,
        "bounds",
        numbers(p->bounds, (size_t)p->imbalance_count / 2),
        "offset_ticks",
        rows
    );
}

json_t *lfi_fitted_json(const lf_feature_fitted *fitted, const size_t *features, size_t count)
{
    json_t *all = json_object();
    for (size_t i = 0; i < count; i++) {
        if (!lf_feature_is_fitted(features[i])) {
            continue;
        }
        const size_t at = position_of(features[i]);
        json_t *entry = NULL;
        if (at < LF_FEATURE_WINDOW_COUNT) {
            const lf_feature_integrated *one = &fitted->integrated[at];
            entry = json_pack("{s:o}", "weights", numbers(one->weights, (size_t)one->level_count));
        } else {
            entry = microprice_json(&fitted->microprice);
        }
        (void)json_object_set_new(all, lf_feature_at(features[i])->name, entry);
    }
    return all;
}

/* ---- reading ---------------------------------------------------------------------------- */

/* A list of numbers; its length, or 0 when it is none, too long or holds something else. */
static size_t read_numbers(const json_t *list, size_t most, bool may_be_null, double *out)
{
    const size_t count = json_array_size(list);
    if (count > most) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(list, i);
        if (!json_is_number(value) && !(may_be_null && json_is_null(value))) {
            return 0;
        }
        out[i] = json_is_null(value) ? NAN : json_number_value(value);
    }
    return count;
}

static bool read_integrated(const json_t *entry, lf_feature_integrated *out)
{
    const json_t *list = json_object_get(entry, "weights");
    out->level_count = (int32_t)read_numbers(list, LF_LEVELS_MAX, false, out->weights);
    return out->level_count > 0;
}

static bool read_bounds(const json_t *list, size_t count, double *out)
{
    if (!json_is_array(list) || json_array_size(list) != count ||
        read_numbers(list, count, false, out) != count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (out[i] < 0 || out[i] > 1 || (i > 0 && out[i] < out[i - 1])) {
            return false;
        }
    }
    return true;
}

static bool read_microprice(const json_t *entry, lf_feature_microprice *out)
{
    const json_t *rows = json_object_get(entry, "offset_ticks");
    const json_t *pools_wide = json_object_get(entry, "pools_wide");
    const size_t spreads = json_array_size(rows);
    const size_t imbalances = json_array_size(json_array_get(rows, 0));
    if (spreads < 1 || spreads > LF_FEATURE_SPREADS_MAX || imbalances % 2 != 1 ||
        imbalances > LF_FEATURE_IMBALANCES_MAX || !json_is_boolean(pools_wide)) {
        return false;
    }
    for (size_t s = 0; s < spreads; s++) {
        const json_t *row = json_array_get(rows, s);
        if (read_numbers(row, imbalances, true, out->offset_ticks[s]) != imbalances) {
            return false;
        }
    }
    out->imbalance_count = (int32_t)imbalances;
    out->spread_count = (int32_t)spreads;
    out->pools_wide = json_is_true(pools_wide);
    return read_bounds(json_object_get(entry, "bounds"), imbalances / 2, out->bounds);
}

bool lfi_fitted_read(
    const json_t *object,
    const size_t *features,
    size_t count,
    lf_feature_fitted *out,
    const char **wrong
)
{
    *out = (lf_feature_fitted){0};
    for (size_t i = 0; i < count; i++) {
        if (!lf_feature_is_fitted(features[i])) {
            continue;
        }
        const lf_feature_info *info = lf_feature_at(features[i]);
        const json_t *entry = json_object_get(object, info->name);
        const size_t at = position_of(features[i]);
        const bool is_read = at < LF_FEATURE_WINDOW_COUNT
                                 ? read_integrated(entry, &out->integrated[at])
                                 : read_microprice(entry, &out->microprice);
        if (!is_read) {
            *wrong = info->name;
            return false;
        }
    }
    return true;
}
