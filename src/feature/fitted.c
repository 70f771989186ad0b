/* Features whose parameters were fitted on earlier days: the integrated OFI and the micro-price. */
#include "feature_internal.h"

/* ---- one value -------------------------------------------------------------------------- */

double lf_feature_integrated_value(const lf_feature_integrated *integrated, const double *ofi)
{
    double sum = 0;
    for (int32_t m = 0; m < integrated->level_count; m++) {
        sum += integrated->weights[m] * ofi[m];
    }
    return sum;
}

int32_t lf_feature_microprice_imbalance(const lf_feature_microprice *microprice, double imbalance)
{
    const int32_t half = microprice->imbalance_count / 2;
    int32_t out = 0;
    while (out < half && fabs(imbalance) > microprice->bounds[out]) {
        out++;
    }
    return imbalance < 0 ? half - out : half + out;
}

int32_t lf_feature_microprice_spread(const lf_feature_microprice *microprice, int64_t spread_ticks)
{
    const int32_t count = microprice->spread_count;
    if (spread_ticks < 1 || (spread_ticks > count && !microprice->pools_wide)) {
        return -1;
    }
    return (int32_t)(spread_ticks < count ? spread_ticks : count) - 1;
}

double lf_feature_microprice_offset(
    const lf_feature_microprice *microprice,
    int64_t spread_ticks,
    int64_t bid_lots,
    int64_t ask_lots
)
{
    const int32_t spread = lf_feature_microprice_spread(microprice, spread_ticks);
    if (spread < 0 || bid_lots <= 0 || ask_lots <= 0) {
        return NAN;
    }
    const double bid = (double)bid_lots;
    const double ask = (double)ask_lots;
    const int32_t imbalance =
        lf_feature_microprice_imbalance(microprice, (bid - ask) / (bid + ask));
    return microprice->offset_ticks[spread][imbalance];
}

void lf_feature_fitted_row(
    const lf_feature_fitted *fitted, const lf_feature_ingredients *ingredients, double *row
)
{
    for (int i = 0; i < LF_FEATURE_FITTED_COUNT; i++) {
        row[i] = NAN;
    }
    if (!ingredients->valid) {
        return;
    }
    for (int window = 0; window < LF_FEATURE_WINDOW_COUNT; window++) {
        if (fitted->integrated[window].level_count > 0) {
            row[window] =
                lf_feature_integrated_value(&fitted->integrated[window], ingredients->ofi[window]);
        }
    }
    if (fitted->microprice.imbalance_count > 0) {
        row[LF_FEATURE_WINDOW_COUNT] = lf_feature_microprice_offset(
            &fitted->microprice,
            ingredients->ask_ticks - ingredients->bid_ticks,
            ingredients->bid_lots,
            ingredients->ask_lots
        );
    }
}

/* ---- what is there ---------------------------------------------------------------------- */

bool lf_feature_needs_fitted(const size_t *indices, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (lf_feature_is_fitted(indices[i])) {
            return true;
        }
    }
    return false;
}

/* Levels that the parameters of a feature were fitted on; 0: they are not there, -1: any. */
static int32_t levels_of(const lf_feature_fitted *fitted, size_t index)
{
    if (!lf_feature_is_fitted(index)) {
        return -1;
    }
    if (fitted == NULL) {
        return 0;
    }
    if (index == LFI_MICROPRICE_OFFSET_TICKS) {
        return fitted->microprice.imbalance_count > 0 ? -1 : 0;
    }
    return fitted->integrated[index - LFI_OFI_INTEGRATED_1S].level_count;
}

bool lf_feature_fitted_has(const lf_feature_fitted *fitted, size_t index)
{
    return levels_of(fitted, index) != 0;
}

lf_status lf_feature_fitted_check(
    const lf_feature_fitted *fitted,
    const size_t *indices,
    size_t count,
    int32_t level_count,
    lf_error *error
)
{
    for (size_t i = 0; i < count; i++) {
        const int32_t levels = levels_of(fitted, indices[i]);
        const char *name = levels >= 0 ? lf_feature_at(indices[i])->name : "";
        if (levels == 0) {
            return lf_error_set(
                error,
                LF_MISMATCH,
                "The feature %s needs parameters that were fitted on earlier days: take them from "
                "a model that was trained with it, or fit them to rows of earlier days.",
                name
            );
        }
        if (levels > 0 && levels != level_count) {
            return lf_error_set(
                error,
                LF_MISMATCH,
                "The parameters of %s were fitted on books of %d levels, but this one has %d; use "
                "data with as many levels, or fit them anew.",
                name,
                (int)levels,
                (int)level_count
            );
        }
    }
    return LF_OK;
}
