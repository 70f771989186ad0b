/* A loaded model: what it is and what it predicts. */
#include "model_internal.h"

#include <math.h>

const char *lf_head_name(lf_head head)
{
    static const char *const names[LF_HEAD_COUNT] = {"up_1min", "up_5min", "ret_1min"};
    return names[head];
}

void lf_model_destroy(lf_model *model)
{
    if (model == NULL) {
        return;
    }
    const lf_allocator *allocator = model->allocator;
    for (int head = 0; head < LF_HEAD_COUNT; head++) {
        lf_scorer_destroy(model->scorers[head]);
        lf_release(allocator, model->linear[head]);
    }
    lf_release(allocator, model->training);
    lf_release(allocator, model);
}

const lf_model_meta *lf_model_meta_of(const lf_model *model)
{
    return &model->meta;
}

const size_t *lf_model_features(const lf_model *model, size_t *count)
{
    *count = model->feature_count;
    return model->features;
}

const lf_feature_fitted *lf_model_fitted(const lf_model *model)
{
    return model->has_fitted ? &model->fitted : NULL;
}

bool lf_model_has_head(const lf_model *model, lf_head head)
{
    return model->scorers[head] != NULL || model->linear[head] != NULL;
}

const char *lf_model_training(const lf_model *model)
{
    return model->training;
}

static double linear_value(const double *head, size_t count, const double *x)
{
    const double *weights = head + 1;
    const double *means = weights + count;
    double z = head[0];
    for (size_t i = 0; i < count; i++) {
        z += isfinite(x[i]) ? weights[i] * (x[i] - means[i]) : 0;
    }
    return z;
}

static double head_value(const lf_model *model, int head, const double *x)
{
    if (model->scorers[head] != NULL) {
        return lf_scorer_predict(model->scorers[head], x);
    }
    if (model->linear[head] == NULL) {
        return NAN;
    }
    const double z = linear_value(model->linear[head], model->feature_count, x);
    return head == LF_HEAD_RET_1MIN ? z : 1 / (1 + exp(-z));
}

void lf_model_predict(const lf_model *model, const double *row, bool valid, lf_prediction *out)
{
    double x[LF_MODEL_FEATURES_MAX];
    double mirror[LF_MODEL_FEATURES_MAX];
    double values[LF_HEAD_COUNT] = {NAN, NAN, NAN};
    for (size_t i = 0; valid && i < model->feature_count; i++) {
        x[i] = row[model->features[i]];
    }
    for (int head = 0; valid && head < LF_HEAD_COUNT; head++) {
        values[head] = head_value(model, head, x);
    }
    /* Loading has seen that every partner is there, so this cannot fail. */
    if (valid && model->meta.mirrored &&
        lf_feature_mirror_row(model->features, model->feature_count, x, mirror, NULL) == LF_OK) {
        for (int head = 0; head < LF_HEAD_COUNT; head++) {
            const double other = head_value(model, head, mirror);
            values[head] = head == LF_HEAD_RET_1MIN ? (values[head] - other) / 2
                                                    : (values[head] + (1 - other)) / 2;
        }
    }
    *out = (lf_prediction){
        .p_up_1min = values[LF_HEAD_UP_1MIN],
        .p_up_5min = values[LF_HEAD_UP_5MIN],
        .ret_1min_bps = values[LF_HEAD_RET_1MIN],
    };
}
