/* Studies as JSON (docs/formats/impact.md). */
#include "impact.h"

#include <math.h>

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

size_t impact_entries(const lf_study_result *r, impact_entry out[IMPACT_ENTRIES_MAX])
{
    /* clang-format off */
    const impact_entry all[] = {
        {"r2_ofi", "R^2 of the mid's change on OFI", r->r2_ofi, false},
        {"r2_trade_imbalance", "R^2 on trade imbalance", r->r2_trade_imbalance, false},
        {"r2_both", "R^2 on both", r->r2_both, false},
        {"r2_ofi_no_price_change", "R^2 on OFI without price changes",
         r->r2_ofi_no_price_change, false},
        {"r2_next", "R^2 of the next change on this OFI", r->r2_next, false},
        {"beta_mean", "beta, ticks a lot", r->beta_mean, false},
        {"depth_mean", "depth of the best level, lots", r->depth_mean, false},
        {"beta_depth2", "beta x 2 depth (1: equal queues)", r->beta_depth2, false},
        {"lambda", "lambda of beta = c / depth^lambda", r->lambda, false},
        {"c", "c", r->c, false},
        {"r2_depth_law", "R^2 of log beta on log depth", r->r2_depth_law, false},
        {"auc_queue_imbalance", "AUC of queue imbalance, even in time",
         r->auc_queue_imbalance, false},
        {"auc_queue_imbalance_last", "AUC of its last state before a move",
         r->auc_queue_imbalance_last, false},
        {"logit_intercept", "logit of queue imbalance, intercept", r->logit_intercept, false},
        {"logit_slope", "logit of queue imbalance, slope", r->logit_slope, false},
        {"r2_is_best", "in sample, best level", r->r2_is_best, false},
        {"r2_is_ridge", "in sample, all levels, ridge", r->r2_is_ridge, true},
        {"r2_is_integrated", "in sample, integrated OFI", r->r2_is_integrated, true},
        {"r2_oos_best", "out of sample, best level", r->r2_oos_best, false},
        {"r2_oos_ridge", "out of sample, all levels, ridge", r->r2_oos_ridge, true},
        {"r2_oos_integrated", "out of sample, integrated OFI", r->r2_oos_integrated, true},
        {"pc1_share", "levels: share of the first component", r->pc1_share, true},
    };
    /* clang-format on */
    size_t count = 0;
    for (; count < sizeof all / sizeof all[0]; count++) {
        out[count] = all[count];
        if (all[count].of_levels && r->level_count < 2) {
            out[count].value = NAN;
        }
    }
    return count;
}

/* A number of a block of one level that only deeper levels give a meaning. */
static json_t *of_levels(const impact_study *study, double value)
{
    return study->result.level_count > 1 ? number(value) : json_null();
}

static json_t *block_json(const impact_study *study, const lf_study_block *b)
{
    char clock[8];
    impact_clock(study, b->begin_ns, clock);
    /* clang-format off */
    return json_pack(
        "{ss sI sI so so so so so so so so so so so so so so so}",
        "begin", clock,
        "begin_ns", (json_int_t)b->begin_ns,
        "observations", (json_int_t)b->observation_count,
        "alpha", number(b->alpha),
        "beta", number(b->beta),
        "beta_se", number(b->beta_se),
        "r2_ofi", number(b->r2_ofi),
        "r2_trade_imbalance", number(b->r2_trade_imbalance),
        "r2_both", number(b->r2_both),
        "r2_ofi_no_price_change", number(b->r2_ofi_no_price_change),
        "depth_mean", number(b->depth_mean),
        "r2_is_best", number(b->r2_is_best),
        "r2_is_ridge", of_levels(study, b->r2_is_ridge),
        "r2_is_integrated", of_levels(study, b->r2_is_integrated),
        "r2_oos_best", number(b->r2_oos_best),
        "r2_oos_ridge", of_levels(study, b->r2_oos_ridge),
        "r2_oos_integrated", of_levels(study, b->r2_oos_integrated),
        "pc1_share", of_levels(study, b->pc1_share)
    );
    /* clang-format on */
}

static json_t *levels_json(const double *values, int32_t count)
{
    json_t *const list = json_array();
    for (int32_t m = 0; m < count; m++) {
        (void)json_array_append_new(list, number(values[m]));
    }
    return list;
}

/* For the page: OFI in lots and the mid's change in half ticks, whole numbers both. */
static json_t *observations_json(const lf_study_observation *rows, size_t count)
{
    json_t *const ofi = json_array();
    json_t *const change2 = json_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(ofi, json_integer((json_int_t)rows[i].ofi_lots));
        (void)json_array_append_new(change2, json_integer((json_int_t)(2 * rows[i].change_ticks)));
    }
    return json_pack("{so so}", "ofi_lots", ofi, "change_half_ticks", change2);
}

static json_t *study_json(const impact_study *study)
{
    const lf_study_result *const r = &study->result;
    const lf_instrument *const in = &study->instrument;
    impact_entry entries[IMPACT_ENTRIES_MAX];
    char date[11];
    char from[8];
    char to[8];
    lf_date_format(in->date, date);
    impact_clock(study, study->from_ns, from);
    impact_clock(study, study->to_ns, to);
    json_t *const halfhours = json_array();
    for (size_t i = 0; i < r->block_count; i++) {
        (void)json_array_append_new(halfhours, block_json(study, &study->blocks[i]));
    }
    json_t *const out = json_pack(
        "{ss ss ss so sI sI si sf sI so}",
        "symbol",
        in->symbol,
        "date",
        date,
        "time_zone",
        in->time_zone,
        "hours",
        json_sprintf("%s-%s", from, to),
        "window_ns",
        (json_int_t)study->window_ns,
        "block_ns",
        (json_int_t)study->block_ns,
        "levels",
        (int)r->level_count,
        "tick",
        (double)in->tick_nano * 1e-9,
        "moves",
        (json_int_t)r->move_count,
        "halfhours",
        halfhours
    );
    const size_t count = impact_entries(r, entries);
    for (size_t i = 0; i < count; i++) {
        (void)json_object_set_new(out, entries[i].key, number(entries[i].value));
    }
    json_t *const inside = levels_json(r->r2_is_levels, r->level_count);
    json_t *const outside = levels_json(r->r2_oos_levels, r->level_count);
    (void)json_object_set_new(out, "r2_is_levels", inside);
    (void)json_object_set_new(out, "r2_oos_levels", outside);
    if (study->observations != NULL) {
        json_t *const rows = observations_json(study->observations, study->observation_count);
        (void)json_object_set_new(out, "points", rows);
    }
    return out;
}

json_t *impact_json(const impact_study *studies, size_t count, bool as_list)
{
    if (count == 1 && !as_list) {
        return study_json(studies);
    }
    json_t *const list = json_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(list, study_json(&studies[i]));
    }
    return list;
}
