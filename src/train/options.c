/* Defaults of the presets, and the bounds of every option. */
#include "train_internal.h"

#include <math.h>
#include <string.h>

void lf_train_options_init(lf_train_options *options, lf_train_preset preset)
{
    const bool is_symmetric = preset == LF_TRAIN_SYMMETRIC;
    *options = (lf_train_options){
        .preset = preset,
        .kind = LF_TRAIN_TREES,
        .features = is_symmetric ? "scale_free" : "default",
        .mirrored = is_symmetric,
        .start = is_symmetric ? LF_TRAIN_START_LOGISTIC3 : LF_TRAIN_START_MEAN,
        .use_missing = true,
        .num_leaves = is_symmetric ? 15 : 31,
        .max_depth = is_symmetric ? 4 : 6,
        .learning_rate = 0.05,
        /* Rows overlap: 200 rows of a 1-s grid are three to four labels of a minute. The brief
           preset keeps LightGBM's own 20. */
        .min_data_in_leaf = is_symmetric ? 200 : 20,
        .rounds_max = 300,
        .early_stopping_rounds = 30,
        .early_stopping_share = 0.2,
        /* Where trees only mend, fewer of them cost little, and chance is all that speaks for more.
         */
        .early_stopping_se = is_symmetric ? 1 : 0,
        .seed = 1,
        .importance = true,
        .ridge = 0.001,
        .step_ns = LF_NS_PER_SECOND,
        .horizon_ns = LF_NS_PER_MINUTE,
        .horizon_long_ns = 5 * LF_NS_PER_MINUTE,
        .embargo_ns = LFI_LOOKBACK_NS,
        .threshold_quantile = 0.8,
        .extreme_quantile = 0.98,
        .blocks_in_day = 5,
    };
    lf_train_split_options_default(&options->split);
}

static lf_status out_of_range(lf_error *error, const char *name, const char *expected)
{
    return lf_error_set(error, LF_RANGE, "model.%s must be %s.", name, expected);
}

static bool is_horizon(int64_t horizon_ns)
{
    return horizon_ns > 0 && horizon_ns <= LF_NS_PER_DAY;
}

lf_status lfi_check_options(const lf_train_options *o, lf_error *error)
{
    const struct {
        const char *name;
        const char *expected;
        bool is_good;
    } rules[] = {
        {"num_leaves", "from 2 to 131072", o->num_leaves >= 2 && o->num_leaves <= 131072},
        {"max_depth",
         "-1 or from 1 to 64",
         o->max_depth == -1 || (o->max_depth >= 1 && o->max_depth <= 64)},
        {"learning_rate", "above 0 and at most 1", o->learning_rate > 0 && o->learning_rate <= 1},
        {"min_data_in_leaf", "at least 1", o->min_data_in_leaf >= 1},
        {"rounds_max", "from 1 to 100000", o->rounds_max >= 1 && o->rounds_max <= 100000},
        {"early_stopping_rounds", "at least 1", o->early_stopping_rounds >= 1},
        {"early_stopping_share",
         "from 0 to 0.5",
         o->early_stopping_share >= 0 && o->early_stopping_share <= 0.5},
        {"early_stopping_se",
         "0 or more",
         o->early_stopping_se >= 0 && isfinite(o->early_stopping_se)},
        {"threads", "0 or more", o->threads >= 0},
        {"ridge", "0 or more", o->ridge >= 0 && isfinite(o->ridge)},
        {"step", "positive", o->step_ns > 0},
        {"label_delay",
         "from 0 to a day",
         o->label_delay_ns >= 0 && o->label_delay_ns <= LF_NS_PER_DAY},
        {"permutations", "from 0 to 100000", o->permutations >= 0 && o->permutations <= 100000},
        {"horizon", "positive and at most a day", is_horizon(o->horizon_ns)},
        {"horizon_long",
         "at most a day and not below horizon",
         is_horizon(o->horizon_long_ns) && o->horizon_long_ns >= o->horizon_ns},
        {"calibration",
         "none without early_stopping_share, whose rows it is fitted on",
         o->calibration == LF_TRAIN_UNCALIBRATED || o->early_stopping_share > 0},
        {"embargo", "from 0 to a day", o->embargo_ns >= 0 && o->embargo_ns <= LF_NS_PER_DAY},
        {"threshold_quantile",
         "from 0 to 1",
         o->threshold_quantile >= 0 && o->threshold_quantile <= 1},
        {"extreme_quantile", "from 0 to 1", o->extreme_quantile >= 0 && o->extreme_quantile <= 1},
        {"blocks_in_day", "from 2 to 1000", o->blocks_in_day >= 2 && o->blocks_in_day <= 1000},
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (!rules[i].is_good) {
            return out_of_range(error, rules[i].name, rules[i].expected);
        }
    }
    return lf_train_split_options_check(&o->split, error);
}

/* ---- monotone features ------------------------------------------------------------------ */

/* One entry, "name:+" or "name:-", of some bytes. */
static lf_status parse_entry(lfi_data *data, const char *entry, size_t bytes, lf_error *error)
{
    const size_t length = bytes >= 2 ? bytes - 2 : 0;
    const char sign = bytes >= 2 ? entry[bytes - 1] : '\0';
    if (length == 0 || entry[length] != ':' || (sign != '+' && sign != '-')) {
        return lf_error_set(
            error,
            LF_RANGE,
            "model.monotone has \"%.*s\"; an entry is a feature and a sign, as in "
            "depth_imbalance_l1:+.",
            (int)(bytes < 100 ? bytes : 100),
            entry
        );
    }
    for (size_t i = 0; i < data->feature_count; i++) {
        const char *name = lfi_feature_info(data, i)->name;
        if (strlen(name) == length && memcmp(name, entry, length) == 0) {
            data->monotone[i] = sign == '+' ? 1 : -1;
            return LF_OK;
        }
    }
    return lf_error_set(
        error,
        LF_NOT_FOUND,
        "model.monotone names \"%.*s\", which is not among the model's features.",
        (int)(length < 100 ? length : 100),
        entry
    );
}

lf_status lfi_monotone_parse(lfi_data *data, lf_error *error)
{
    const char *at = data->options->monotone;
    lf_status status = LF_OK;
    if (at == NULL || *at == '\0') {
        return LF_OK;
    }
    if (data->options->kind != LF_TRAIN_TREES) {
        return lf_error_set(error, LF_RANGE, "model.monotone needs model.kind = trees.");
    }
    while (status == LF_OK) {
        const size_t bytes = strcspn(at, ",");
        status = parse_entry(data, at, bytes, error);
        if (at[bytes] == '\0') {
            break;
        }
        at += bytes + 1;
    }
    return status;
}
