/* How good the forecasts were: scores with intervals, calibration, by hour and by confidence. */
#include "report_internal.h"

#include <math.h>
#include <string.h>

/* The rows of one horizon whose mid moved and that were predicted. */
typedef struct moving {
    const lf_allocator *allocator;
    double *p;     /* forecast */
    double *up;    /* 1 or 0 */
    double *ranks; /* of whatever is cut into tenths */
    double *edge;  /* |p - 0.5| */
    int32_t *hours;
    size_t count;
} moving;

static void moving_release(moving *rows)
{
    lf_release(rows->allocator, rows->p);
    lf_release(rows->allocator, rows->up);
    lf_release(rows->allocator, rows->ranks);
    lf_release(rows->allocator, rows->edge);
    lf_release(rows->allocator, rows->hours);
}

static lf_status moving_create(const lf_allocator *allocator, size_t rows, moving *out)
{
    *out = (moving){.allocator = allocator};
    out->p = lf_allocate(allocator, rows + 1, sizeof *out->p);
    out->up = lf_allocate(allocator, rows + 1, sizeof *out->up);
    out->ranks = lf_allocate(allocator, rows + 1, sizeof *out->ranks);
    out->edge = lf_allocate(allocator, rows + 1, sizeof *out->edge);
    out->hours = lf_allocate(allocator, rows + 1, sizeof *out->hours);
    if (out->p == NULL || out->up == NULL || out->ranks == NULL || out->edge == NULL ||
        out->hours == NULL) {
        moving_release(out);
        return LF_NOMEM;
    }
    return LF_OK;
}

static int32_t local_hour(const lf_zone *zone, int64_t time_ns)
{
    const int64_t local_ns = time_ns + lf_zone_offset_s(zone, time_ns) * LF_NS_PER_SECOND;
    const int64_t of_day_ns = (local_ns % LF_NS_PER_DAY + LF_NS_PER_DAY) % LF_NS_PER_DAY;
    return (int32_t)(of_day_ns / (60 * LF_NS_PER_MINUTE));
}

/* lf_train_score() has checked that the columns are there. */
static void moving_fill(const lfi_metrics *m, const char *p_name, const char *up_name, moving *out)
{
    lf_frame *frame = m->run->predictions;
    const double *p = lf_frame_f64(frame, lf_frame_find(frame, p_name));
    const double *up = lf_frame_f64(frame, lf_frame_find(frame, up_name));
    const int64_t *times = lf_frame_i64(frame, lf_frame_find(frame, "ts_event"));
    out->count = 0;
    for (size_t i = 0; i < lf_frame_row_count(frame); i++) {
        if (!isnan(p[i]) && !isnan(up[i])) {
            out->p[out->count] = p[i];
            out->up[out->count] = up[i];
            out->edge[out->count] = fabs(p[i] - 0.5);
            out->hours[out->count++] = local_hour(m->zone, times[i]);
        }
    }
}

static double hit_of(const moving *rows, size_t i)
{
    return rows->p[i] == 0.5 ? 0.5 : (rows->p[i] > 0.5) == (rows->up[i] > 0.5) ? 1 : 0;
}

/* Sums of the rows in one bin. */
typedef struct bin {
    double rows;
    double p;
    double up;
    double hits;
    double edge;
} bin;

static void bin_add(bin *b, const moving *rows, size_t i)
{
    b->rows += 1;
    b->p += rows->p[i];
    b->up += rows->up[i];
    b->hits += hit_of(rows, i);
    b->edge += rows->edge[i];
}

/* Tenths of equal count by rank; rows of equal value stay together. */
static size_t tenth_of(const moving *rows, size_t i)
{
    return (size_t)(10 * (rows->ranks[i] - 0.5) / (double)rows->count);
}

static lf_status put_calibration(lfi_metrics *m, moving *rows, json_t *list)
{
    bin bins[10] = {0};
    if (lf_stats_midranks(m->allocator, rows->p, rows->count, rows->ranks) != LF_OK) {
        return LF_NOMEM;
    }
    for (size_t i = 0; i < rows->count; i++) {
        bin_add(&bins[tenth_of(rows, i)], rows, i);
    }
    for (int b = 0; b < 10; b++) {
        json_t *row = lfi_append_object(m, list);
        lfi_put_count(m, row, "bin", b + 1);
        lfi_put_count(m, row, "rows", bins[b].rows);
        lfi_put_number(m, row, "mean_predicted", bins[b].p / bins[b].rows);
        lfi_put_number(m, row, "share_up", bins[b].up / bins[b].rows);
    }
    return LF_OK;
}

static lf_status put_confidence(lfi_metrics *m, moving *rows, json_t *list)
{
    bin bins[10] = {0};
    if (lf_stats_midranks(m->allocator, rows->edge, rows->count, rows->ranks) != LF_OK) {
        return LF_NOMEM;
    }
    for (size_t i = 0; i < rows->count; i++) {
        bin_add(&bins[tenth_of(rows, i)], rows, i);
    }
    for (int b = 0; b < 10; b++) {
        json_t *row = lfi_append_object(m, list);
        lfi_put_count(m, row, "decile", b + 1);
        lfi_put_count(m, row, "rows", bins[b].rows);
        lfi_put_number(m, row, "mean_distance", bins[b].edge / bins[b].rows);
        lfi_put_number(m, row, "accuracy", bins[b].hits / bins[b].rows);
    }
    return LF_OK;
}

static void put_hours(lfi_metrics *m, const moving *rows, json_t *list)
{
    bin bins[24] = {0};
    for (size_t i = 0; i < rows->count; i++) {
        bin_add(&bins[rows->hours[i]], rows, i);
    }
    for (int hour = 0; hour < 24; hour++) {
        if (bins[hour].rows > 0) {
            const double ups = bins[hour].up / bins[hour].rows;
            json_t *row = lfi_append_object(m, list);
            lfi_put_count(m, row, "hour", hour);
            lfi_put_count(m, row, "rows", bins[hour].rows);
            lfi_put_number(m, row, "accuracy", bins[hour].hits / bins[hour].rows);
            lfi_put_number(m, row, "majority", fmax(ups, 1 - ups));
        }
    }
}

static void put_direction(lfi_metrics *m, json_t *out, const lf_train_direction *d)
{
    lfi_put_count(m, out, "rows", d->rows);
    lfi_put_number(m, out, "moving_share", d->moving_share);
    lfi_put_number(m, out, "effective_rows", d->effective_rows);
    lfi_put_number(m, out, "accuracy", d->accuracy);
    lfi_put_interval(m, out, "accuracy_interval", d->accuracy_interval);
    lfi_put_number(m, out, "majority", d->majority);
    lfi_put_number(m, out, "less_majority", d->less_majority);
    lfi_put_interval(m, out, "less_majority_interval", d->less_majority_interval);
    lfi_put_number(m, out, "auc", d->auc);
    lfi_put_interval(m, out, "auc_interval", d->auc_interval);
    lfi_put_number(m, out, "log_loss", d->log_loss);
    lfi_put_number(m, out, "brier", d->brier);
}

static lf_status put_horizon(lfi_metrics *m, json_t *out, int horizon)
{
    const lf_train_direction *all = horizon == 0 ? m->scores.up_1min : m->scores.up_5min;
    put_direction(m, out, &all[LF_TRAIN_MODEL]);
    json_t *beside = lfi_put_object(m, out, "baselines");
    put_direction(m, lfi_put_object(m, beside, "queue_sign"), &all[LF_TRAIN_QUEUE_SIGN]);
    put_direction(m, lfi_put_object(m, beside, "ofi_sign"), &all[LF_TRAIN_OFI_SIGN]);
    moving rows;
    if (moving_create(m->allocator, lf_frame_row_count(m->run->predictions), &rows) != LF_OK) {
        return LF_NOMEM;
    }
    moving_fill(
        m, horizon == 0 ? "p_up_1min" : "p_up_5min", horizon == 0 ? "up_1min" : "up_5min", &rows
    );
    lf_status status = put_calibration(m, &rows, lfi_put_list(m, out, "calibration"));
    if (status == LF_OK) {
        status = put_confidence(m, &rows, lfi_put_list(m, out, "by_confidence"));
    }
    if (status == LF_OK) {
        put_hours(m, &rows, lfi_put_list(m, out, "by_hour"));
    }
    moving_release(&rows);
    return status;
}

/* ---- what the walk found beside --------------------------------------------------------- */

/* The walk scored model and logistic on the same rows; its figures may differ from those of the
   table by the delay of the labels. */
static void put_walk(lfi_metrics *m, json_t *out)
{
    json_t *walk = lfi_parse(m->facts->scores_json);
    json_t *beats = json_null();
    if (walk != NULL) {
        static const char *const horizons[] = {"up_1min", "up_5min"};
        for (int h = 0; h < 2; h++) {
            json_t *both = json_object_get(walk, horizons[h]);
            json_t *model = json_object_get(json_object_get(both, "model"), "auc");
            json_t *logistic = json_object_get(both, "logistic3");
            json_t *auc = json_object_get(logistic, "auc");
            json_t *at = lfi_put_object(m, out, horizons[h]);
            lfi_put_number(
                m, at, "model_auc", json_is_number(model) ? json_number_value(model) : NAN
            );
            lfi_put(m, at, "logistic3", logistic == NULL ? json_null() : json_deep_copy(logistic));
            if (h == 0 && json_is_number(model) && json_is_number(auc)) {
                beats = json_boolean(json_number_value(model) > json_number_value(auc));
            }
        }
        json_t *best = json_object_get(walk, "least_best_round");
        lfi_put_number(
            m, out, "least_best_round", json_is_number(best) ? json_number_value(best) : NAN
        );
        lfi_put_count(m, out, "folds", (double)json_array_size(json_object_get(walk, "folds")));
    }
    lfi_put(m, out, "model_beats_logistic3", beats);
    json_decref(walk);
}

/* ---- the section ------------------------------------------------------------------------ */

/* Number of the symbol-day of each row; owned, NULL without memory. */
static uint32_t *make_days(const lfi_metrics *m, lf_error *error, lf_status *status)
{
    lf_frame *frame = m->run->predictions;
    const size_t rows = lf_frame_row_count(frame);
    const size_t time = lf_frame_find(frame, "ts_event");
    const size_t symbol = lf_frame_find(frame, "symbol");
    if (time == SIZE_MAX || symbol == SIZE_MAX ||
        lf_frame_column(frame, time).kind != LF_COLUMN_TIME ||
        lf_frame_column(frame, symbol).kind != LF_COLUMN_TEXT) {
        *status = lf_error_set(
            error, LF_MISMATCH, "the predictions need the columns \"ts_event\" and \"symbol\"."
        );
        return NULL;
    }
    uint32_t *days = lf_allocate(m->allocator, rows + 1, sizeof *days);
    if (days == NULL) {
        *status = lf_error_set(error, LF_NOMEM, "not enough memory for the scores.");
        return NULL;
    }
    const int64_t *times = lf_frame_i64(frame, time);
    int64_t last_date = 0;
    for (size_t i = 0; i < rows; i++) {
        const int64_t date = lfi_local_day(m->zone, times[i]);
        const bool same =
            i > 0 && date == last_date &&
            strcmp(lf_frame_text(frame, symbol, i), lf_frame_text(frame, symbol, i - 1)) == 0;
        days[i] = i == 0 ? 0 : days[i - 1] + !same;
        last_date = date;
    }
    return days;
}

static lf_status score(lfi_metrics *m, lf_error *error)
{
    lf_status status = LF_OK;
    uint32_t *days = make_days(m, error, &status);
    if (days == NULL) {
        return status;
    }
    /* The labels in the table have no delay. */
    const lf_train_score_options options = {
        .allocator = m->allocator,
        .step_ns = m->facts->step_ns > 0 ? m->facts->step_ns : LF_NS_PER_SECOND,
        .seed = m->facts->seed,
        .days = days,
    };
    status = lf_train_score(m->run->predictions, &options, &m->scores, error);
    lf_release(m->allocator, days);
    m->has_scores = status == LF_OK;
    return status;
}

lf_status lfi_metrics_signal(lfi_metrics *m, json_t *out, lf_error *error)
{
    static const char *const horizons[] = {"up_1min", "up_5min"};
    if (m->run->predictions != NULL) {
        lf_status status = score(m, error);
        for (int h = 0; h < 2 && status == LF_OK; h++) {
            status = put_horizon(m, lfi_put_object(m, out, horizons[h]), h);
            if (status != LF_OK) {
                (void)lf_error_set(error, status, "not enough memory for the scores.");
            }
        }
        if (status != LF_OK) {
            return status;
        }
        const lf_train_return *r = &m->scores.ret_1min;
        json_t *ret = lfi_put_object(m, out, "ret_1min");
        lfi_put_count(m, ret, "rows", r->rows);
        lfi_put_count(m, ret, "days", r->days);
        lfi_put_number(m, ret, "ic", r->ic);
        lfi_put_interval(m, ret, "ic_interval", r->ic_interval);
        lfi_put_number(m, ret, "rank_ic", r->rank_ic);
        lfi_put_number(m, ret, "icir", r->icir);
        lfi_put_number(m, ret, "r2", r->r2);
        lfi_put_interval(m, ret, "r2_interval", r->r2_interval);
        lfi_put_number(m, ret, "queue_ic", r->queue_ic);
        lfi_put_number(m, ret, "ic_less_queue", r->ic_less_queue);
        lfi_put_interval(m, ret, "ic_less_queue_interval", r->ic_less_queue_interval);
        lfi_put_count(m, out, "scored_rows", m->scores.scored_rows);
        lfi_put_number(m, out, "median_spread_ticks", m->scores.median_spread_ticks);
        lfi_put(m, out, "leak_suspected", json_boolean(m->scores.leak_suspected));
    }
    put_walk(m, lfi_put_object(m, out, "walk"));
    return LF_OK;
}
