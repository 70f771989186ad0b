/* A loaded model: what it is and what it predicts. */
#include "model_internal.h"

#include <assert.h>
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
    lf_feature_users_destroy(model->users);
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

const lf_feature_users *lf_model_users(const lf_model *model)
{
    return model->users;
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

double lf_calibrate(const lf_calibration *calibration, double p)
{
    /* Beyond this a logit says nothing that so few rows could tell. */
    const double least = 1e-12;
    if (!calibration->is_set || isnan(p)) {
        return p;
    }
    const double bounded = fmin(fmax(p, least), 1 - least);
    const double z = calibration->intercept + calibration->slope * log(bounded / (1 - bounded));
    return 1 / (1 + exp(-z));
}

static double linear_value(const lfi_linear *line, const double *x)
{
    double z = line->intercept;
    for (size_t i = 0; i < line->count; i++) {
        const lfi_term *const term = &line->terms[i];
        z += isfinite(x[term->feature]) ? term->weight * (x[term->feature] - term->mean) : 0;
    }
    return z;
}

/* The value of a head that is a line. */
static double line_head(const lf_model *model, int head, const double *x)
{
    if (model->linear[head] == NULL) {
        return NAN;
    }
    const double z = linear_value(model->linear[head], x);
    return head == LF_HEAD_RET_1MIN ? z : 1 / (1 + exp(-z));
}

/* What trees say, from their sum on. */
static double tree_head(const lf_model *model, int head, const double *x, double raw)
{
    const lfi_linear *const start = model->linear[head];
    if (start != NULL) {
        raw = linear_value(start, x) + raw;
    }
    return lfi_scorer_finish(model->scorers[head], raw);
}

/* What a mirrored model says that was asked for the row and for its mirror image. */
static double mean_of(int head, double value, double other)
{
    return head == LF_HEAD_RET_1MIN ? (value - other) / 2 : (value + (1 - other)) / 2;
}

/* A head's value; of the row and, when mirror is not NULL, of its mirror image. */
static double head_value(const lf_model *model, int head, const double *x, const double *mirror)
{
    const lf_scorer *const scorer = model->scorers[head];
    /* Most features of the mirror image are those of the row, so its ranks are known already. */
    lfi_ranks state;
    state.is_set = false;
    const double value = scorer != NULL
                             ? tree_head(model, head, x, lfi_scorer_raw_next(scorer, x, &state))
                             : line_head(model, head, x);
    if (mirror == NULL) {
        return value;
    }
    const double other =
        scorer != NULL ? tree_head(model, head, mirror, lfi_scorer_raw_next(scorer, mirror, &state))
                       : line_head(model, head, mirror);
    return mean_of(head, value, other);
}

/* What the heads say, calibrated. */
static lf_prediction prediction_of(const lf_model *model, const double values[LF_HEAD_COUNT])
{
    const lf_calibration *const calibration = model->meta.calibration;
    return (lf_prediction){
        .p_up_1min = lf_calibrate(&calibration[LF_HEAD_UP_1MIN], values[LF_HEAD_UP_1MIN]),
        .p_up_5min = lf_calibrate(&calibration[LF_HEAD_UP_5MIN], values[LF_HEAD_UP_5MIN]),
        .ret_1min_bps = values[LF_HEAD_RET_1MIN],
    };
}

static void mirror_row(const lf_model *model, const double *x, double *out)
{
    lf_feature_mirror_apply(model->mirror, model->feature_count, x, out);
}

void lf_model_predict(const lf_model *model, const double *row, bool valid, lf_prediction *out)
{
    double x[LF_MODEL_FEATURES_MAX];
    double mirror[LF_MODEL_FEATURES_MAX];
    double values[LF_HEAD_COUNT] = {NAN, NAN, NAN};
    if (valid) {
        for (size_t i = 0; i < model->feature_count; i++) {
            x[i] = row[model->features[i]];
        }
        if (model->meta.mirrored) {
            mirror_row(model, x, mirror);
        }
        for (int head = 0; head < LF_HEAD_COUNT; head++) {
            values[head] = head_value(model, head, x, model->meta.mirrored ? mirror : NULL);
        }
    }
    *out = prediction_of(model, values);
}

/* ---- many rows -------------------------------------------------------------------------- */

/* Rows that are gathered at once. */
#define PART_ROWS ((size_t)256)

/* The rows that are predicted next, and what is found. */
typedef struct part {
    double *rows;    /* [PART_ROWS][feature_count] */
    double *mirrors; /* the same */
    size_t *places;  /* [PART_ROWS] where each stands among all rows */
    size_t count;
} part;

static void
head_values(const lf_model *model, int head, const double *rows, size_t count, double *out)
{
    const size_t width = model->feature_count;
    const bool is_trees = model->scorers[head] != NULL;
    if (is_trees) {
        lf_scorer_raw_rows(model->scorers[head], rows, width, count, out);
    }
    for (size_t i = 0; i < count; i++) {
        const double *const x = rows + i * width;
        out[i] = is_trees ? tree_head(model, head, x, out[i]) : line_head(model, head, x);
    }
}

static void predict_part(const lf_model *model, const part *p, lf_prediction *out)
{
    const size_t width = model->feature_count;
    double values[LF_HEAD_COUNT][PART_ROWS];
    double others[PART_ROWS];
    for (size_t i = 0; i < p->count && model->meta.mirrored; i++) {
        mirror_row(model, p->rows + i * width, p->mirrors + i * width);
    }
    for (int head = 0; head < LF_HEAD_COUNT; head++) {
        head_values(model, head, p->rows, p->count, values[head]);
        if (model->meta.mirrored) {
            head_values(model, head, p->mirrors, p->count, others);
            for (size_t i = 0; i < p->count; i++) {
                values[head][i] = mean_of(head, values[head][i], others[i]);
            }
        }
    }
    for (size_t i = 0; i < p->count; i++) {
        const double row[LF_HEAD_COUNT] = {values[0][i], values[1][i], values[2][i]};
        out[p->places[i]] = prediction_of(model, row);
    }
}

lf_status lf_model_predict_columns(
    const lf_model *model,
    const double *const *columns,
    const uint8_t *valid,
    size_t count,
    lf_prediction *out,
    lf_error *error
)
{
    static const double nothing[LF_HEAD_COUNT] = {NAN, NAN, NAN};
    const size_t width = model->feature_count;
    const lf_allocator *const allocator = model->allocator;
    part p = {
        .rows = lf_allocate(allocator, PART_ROWS, width * sizeof(double)),
        .mirrors = lf_allocate(allocator, PART_ROWS, width * sizeof(double)),
        .places = lf_allocate(allocator, PART_ROWS, sizeof(size_t)),
    };
    const bool has_memory = p.rows != NULL && p.mirrors != NULL && p.places != NULL;
    for (size_t i = 0; i < count && has_memory; i++) {
        if (!valid[i]) {
            out[i] = prediction_of(model, nothing);
        } else {
            for (size_t f = 0; f < width; f++) {
                p.rows[p.count * width + f] = columns[f][i];
            }
            p.places[p.count++] = i;
        }
        if (p.count == PART_ROWS || i + 1 == count) {
            predict_part(model, &p, out);
            p.count = 0;
        }
    }
    lf_release(allocator, p.rows);
    lf_release(allocator, p.mirrors);
    lf_release(allocator, p.places);
    return has_memory ? LF_OK
                      : lf_error_set(error, LF_NOMEM, "not enough memory for %zu rows.", PART_ROWS);
}
