/*
 * Platt's calibration: a logistic regression of what came true on the log odds of the forecast.
 *
 * Two numbers (one for a mirrored model) are what the stopping rows can carry: a fifth of five days
 * holds some hundred independent minutes. Isotonic regression bends a curve for each ten of them.
 * Source: Platt (1999), Probabilistic outputs for support vector machines, section 2.2.
 */
#include "train_internal.h"

#include <math.h>

/* Rows that the line is fitted on, as log odds and labels. */
typedef struct pairs {
    const lfi_query *query;
    lfi_forecast forecast;
    const void *context;
    double *logits; /* [capacity] */
    double *labels;
    size_t count;
    size_t capacity;
    size_t label_capacity;
} pairs;

static lf_status note_rows(void *context, const lfi_matrix *rows, lf_error *error)
{
    pairs *const p = context;
    const lf_allocator *const allocator = p->query->data->allocator;
    const bool is_mirrored = p->query->data->options->mirrored;
    const size_t copies = is_mirrored ? 2 : 1;
    const size_t needed = p->count + rows->row_count / copies;
    const double least = 1e-12;
    void *logits = p->logits;
    void *labels = p->labels;
    lf_status status = lf_grow(allocator, &logits, &p->capacity, needed, sizeof *p->logits);
    p->logits = logits;
    if (status == LF_OK) {
        status = lf_grow(allocator, &labels, &p->label_capacity, needed, sizeof *p->labels);
        p->labels = labels;
    }
    if (status != LF_OK) {
        return lf_error_set(error, status, "not enough memory for %zu forecasts.", needed);
    }
    for (size_t i = 0; i < rows->row_count; i += copies) {
        const double *const x = rows->x + i * rows->feature_count;
        double up = p->forecast(p->context, x);
        if (is_mirrored) {
            /* The mirrored row stands behind its original. */
            up = (up + (1 - p->forecast(p->context, x + rows->feature_count))) / 2;
        }
        up = fmin(fmax(up, least), 1 - least);
        p->logits[p->count] = log(up / (1 - up));
        p->labels[p->count++] = rows->y[i];
    }
    return LF_OK;
}

/* How many independent rows one row is worth: labels of a minute overlap on a grid of seconds. */
static double worth(const lfi_query *query)
{
    const lf_train_options *const o = query->data->options;
    const int64_t horizon_ns = query->head == LF_HEAD_UP_5MIN ? o->horizon_long_ns : o->horizon_ns;
    return fmin(1, (double)o->step_ns / (double)horizon_ns);
}

/*
 * Newton's method for slope and intercept, on as much information as there is in rows that overlap.
 * It starts from what the model says: a slope of 1 +- 1/2 and an intercept of 0 +- 1/2.
 */
static void fit_line(const pairs *p, bool is_mirrored, lf_calibration *out)
{
    const double belief = 4; /* 1 / (1/2)^2 */
    const double of_row = worth(p->query);
    double a = 1;
    double b = 0;
    for (int round = 0; round < 50; round++) {
        double gradient[2] = {belief * (1 - a), -belief * b};
        double hessian[3] = {belief, 0, belief};
        for (size_t i = 0; i < p->count; i++) {
            const double z = p->logits[i];
            const double mean = 1 / (1 + exp(-(a * z + b)));
            const double miss = of_row * (p->labels[i] - mean);
            const double weight = of_row * mean * (1 - mean);
            gradient[0] += miss * z;
            gradient[1] += miss;
            hessian[0] += weight * z * z;
            hessian[1] += weight * z;
            hessian[2] += weight;
        }
        double steps[2] = {gradient[0] / hessian[0], 0};
        if (!is_mirrored) {
            const double whole = hessian[0] * hessian[2] - hessian[1] * hessian[1];
            steps[0] = (hessian[2] * gradient[0] - hessian[1] * gradient[1]) / whole;
            steps[1] = (hessian[0] * gradient[1] - hessian[1] * gradient[0]) / whole;
        }
        /* A step of more than 2 overshoots. */
        const double largest = fmax(fabs(steps[0]), fabs(steps[1]));
        const double factor = largest > 2 ? 2 / largest : 1;
        a += factor * steps[0];
        b += factor * steps[1];
        if (largest < 1e-12) {
            break;
        }
    }
    *out = (lf_calibration){.is_set = isfinite(a) && isfinite(b), .slope = a, .intercept = b};
}

/* With a slope of 0 only the mean is left: its log odds, or even odds. */
static void level(const pairs *p, bool is_mirrored, lf_calibration *out)
{
    double ups = 0;
    for (size_t i = 0; i < p->count; i++) {
        ups += p->labels[i];
    }
    const double mean = (ups + 1) / ((double)p->count + 2);
    out->slope = 0;
    out->intercept = is_mirrored ? 0 : log(mean / (1 - mean));
}

lf_status lfi_platt_fit(
    const lfi_query *query,
    lfi_forecast forecast,
    const void *context,
    lf_calibration *out,
    lf_error *error
)
{
    const lf_allocator *const allocator = query->data->allocator;
    const bool is_mirrored = query->data->options->mirrored;
    pairs p = {.query = query, .forecast = forecast, .context = context};
    *out = (lf_calibration){0};
    const lf_status status = lfi_each_day(query, note_rows, &p, error);
    if (status == LF_OK && p.count >= 100) {
        fit_line(&p, is_mirrored, out);
        if (out->is_set && out->slope < 0) {
            /* Upside down on these rows: chance, or it would not have been fitted. Say nothing
               rather than the opposite. */
            level(&p, is_mirrored, out);
        }
    }
    lf_release(allocator, p.logits);
    lf_release(allocator, p.labels);
    return status;
}
