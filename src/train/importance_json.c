/* The importance of features as JSON: means over folds, and how well the folds agree. */
#include "train_internal.h"

#include <math.h>

/* One kind of importance of one head, fold by fold. */
typedef struct by_fold {
    const double *values; /* fold k, feature f: values[k * step + f] */
    size_t step;
    size_t folds;
    size_t features;
} by_fold;

static by_fold view(const lfi_importance *i, const double *values, int head)
{
    return (by_fold){
        .values = values + (size_t)head * i->unit_count,
        .step = LF_HEAD_COUNT * i->unit_count,
        .folds = i->fold_count,
        .features = i->feature_count,
    };
}

/* Mean rank correlation of all pairs of folds; NaN with one fold, below three features, or where
   a fold has none. */
static double agreement(const lf_allocator *allocator, const by_fold *v, bool *failed)
{
    double sum = 0;
    double pairs = 0;
    for (size_t a = 0; a < v->folds && v->features >= 3; a++) {
        for (size_t b = a + 1; b < v->folds; b++) {
            const double *x = v->values + a * v->step;
            const double *y = v->values + b * v->step;
            double rank = NAN;
            bool known = true;
            for (size_t f = 0; f < v->features; f++) {
                known = known && isfinite(x[f]) && isfinite(y[f]);
            }
            if (known && lf_stats_spearman(allocator, x, y, v->features, &rank) != LF_OK) {
                *failed = true;
            }
            sum += isfinite(rank) ? rank : 0;
            pairs += isfinite(rank) ? 1 : 0;
        }
    }
    return pairs > 0 ? sum / pairs : NAN;
}

/* Mean, interval and range of one feature over the folds. */
typedef struct spread {
    double mean;
    lf_interval interval; /* Student's t; NaN below three folds */
    double low;
    double high;
    double positive;
} spread;

static spread spread_of(const by_fold *v, size_t feature)
{
    double values[LFI_IMPORTANCE_FOLDS] = {0};
    size_t count = 0;
    spread s = {.low = NAN, .high = NAN, .interval = {NAN, NAN}};
    for (size_t k = 0; k < v->folds; k++) {
        const double value = v->values[k * v->step + feature];
        if (isfinite(value)) {
            values[count++] = value;
            s.low = count == 1 ? value : fmin(s.low, value);
            s.high = count == 1 ? value : fmax(s.high, value);
            s.positive += value > 0 ? 1 : 0;
        }
    }
    s.mean = lf_stats_mean(values, count);
    if (count > 2) {
        const double half = lf_stats_t_quantile(0.975, (double)count - 1) *
                            lf_stats_sd(values, count) / sqrt((double)count);
        s.interval = (lf_interval){s.mean - half, s.mean + half};
    }
    return s;
}

static json_t *fold_list(const by_fold *v, size_t feature)
{
    json_t *list = json_array();
    for (size_t k = 0; k < v->folds; k++) {
        (void)json_array_append_new(list, lfi_number(v->values[k * v->step + feature]));
    }
    return list;
}

static json_t *unit_json(
    const by_fold *drops, const by_fold *gains, size_t unit, const char *key, const char *name
)
{
    const spread drop = spread_of(drops, unit);
    const spread gain = spread_of(gains, unit);
    return json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
        key,
        name,
        "drop",
        lfi_number(drop.mean),
        "drop_interval",
        lfi_interval(drop.interval),
        "positive_folds",
        lfi_number(drop.positive),
        "drop_by_fold",
        fold_list(drops, unit),
        "gain_share",
        lfi_number(gain.mean),
        "gain_share_low",
        lfi_number(gain.low),
        "gain_share_high",
        lfi_number(gain.high)
    );
}

static json_t *head_json(const lfi_importance *i, const lfi_data *data, int head, bool *failed)
{
    const by_fold drops = view(i, i->drops, head);
    const by_fold gains = view(i, i->gains, head);
    json_t *features = json_array();
    json_t *groups = json_array();
    for (size_t unit = 0; unit < i->unit_count; unit++) {
        const bool is_feature = unit < i->feature_count;
        const char *name =
            is_feature ? lfi_feature_info(data, unit)->name : i->groups[unit - i->feature_count];
        json_t *entry = unit_json(&drops, &gains, unit, is_feature ? "feature" : "group", name);
        (void)json_array_append_new(is_feature ? features : groups, entry);
    }
    return json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:o}",
        "score",
        head == LF_HEAD_RET_1MIN ? "ic" : "auc",
        "base",
        lfi_number(i->base[head]),
        "drop_agreement",
        lfi_number(agreement(data->allocator, &drops, failed)),
        "gain_agreement",
        lfi_number(agreement(data->allocator, &gains, failed)),
        "groups",
        groups,
        "features",
        features
    );
}

json_t *lfi_importance_json(const lfi_importance *importance, const lfi_data *data)
{
    bool failed = false;
    json_t *heads = json_object();
    for (int head = 0; head < LF_HEAD_COUNT; head++) {
        const char *name = lf_head_name((lf_head)head);
        (void)json_object_set_new(heads, name, head_json(importance, data, head, &failed));
    }
    json_t *root = json_pack(
        "{s:I, s:o, s:o}",
        "folds",
        (json_int_t)importance->fold_count,
        "rows",
        lfi_number(importance->rows),
        "heads",
        heads
    );
    if (failed) {
        json_decref(root);
        return NULL;
    }
    return root;
}
