/* How good the forecasts were: scores with intervals, by kind of row and by day. */
#include "report_internal.h"

#include <math.h>
#include <string.h>

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
    lfi_put_interval(m, out, "log_loss_interval", d->log_loss_interval);
    lfi_put_number(m, out, "brier", d->brier);
    lfi_put_interval(m, out, "brier_interval", d->brier_interval);
    lfi_put_count(m, out, "all_rows", d->all_rows);
    lfi_put_number(m, out, "all_effective_rows", d->all_effective_rows);
    lfi_put_number(m, out, "all_accuracy", d->all_accuracy);
    lfi_put_interval(m, out, "all_accuracy_interval", d->all_accuracy_interval);
}

/* A baseline, and whether the model is better than it. */
static void
put_baseline(lfi_metrics *m, json_t *list, const char *name, const lf_train_direction *d)
{
    json_t *out = lfi_put_object(m, list, name);
    put_direction(m, out, d);
    json_t *better = lfi_put_object(m, out, "model_better");
    lfi_put_number(m, better, "hits", d->hits_test.better);
    lfi_put_number(m, better, "hits_t", d->hits_test.t);
    lfi_put_number(m, better, "hits_p", d->hits_test.p);
    lfi_put_number(m, better, "brier", d->brier_test.better);
    lfi_put_number(m, better, "brier_t", d->brier_test.t);
    lfi_put_number(m, better, "brier_p", d->brier_test.p);
}

static lf_status put_horizon(lfi_metrics *m, json_t *out, int horizon)
{
    const lf_train_direction *all = horizon == 0 ? m->scores.up_1min : m->scores.up_5min;
    const lf_train_bins *bins = horizon == 0 ? &m->scores.bins_1min : &m->scores.bins_5min;
    put_direction(m, out, &all[LF_TRAIN_MODEL]);
    json_t *beside = lfi_put_object(m, out, "baselines");
    put_baseline(m, beside, "queue_sign", &all[LF_TRAIN_QUEUE_SIGN]);
    put_baseline(m, beside, "ofi_sign", &all[LF_TRAIN_OFI_SIGN]);
    char *text = NULL;
    const lf_status status = lf_train_bins_json(m->allocator, bins, &text);
    json_t *lists = status == LF_OK ? lfi_parse(text) : NULL;
    lf_release(m->allocator, text);
    m->failed = m->failed || lists == NULL || json_object_update(out, lists) != 0;
    json_decref(lists);
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
            json_t *prior = json_object_get(both, "prior");
            lfi_put(m, at, "logistic3", logistic == NULL ? json_null() : json_deep_copy(logistic));
            lfi_put(m, at, "prior", prior == NULL ? json_null() : json_deep_copy(prior));
            if (h == 0 && json_is_number(model) && json_is_number(auc)) {
                beats = json_boolean(json_number_value(model) > json_number_value(auc));
            }
        }
        json_t *null = json_object_get(walk, "permutations");
        if (null != NULL) {
            lfi_put(m, out, "permutations", json_deep_copy(null));
        }
        json_t *importance = json_object_get(walk, "importance");
        if (importance != NULL) {
            lfi_put(m, out, "importance", json_deep_copy(importance));
        }
        json_t *best = json_object_get(walk, "least_best_round");
        lfi_put_number(
            m, out, "least_best_round", json_is_number(best) ? json_number_value(best) : NAN
        );
        lfi_put_count(m, out, "folds", (double)json_array_size(json_object_get(walk, "folds")));
        json_t *holdout = json_object_get(walk, "holdout");
        if (holdout != NULL) {
            lfi_put(m, out, "holdout", json_deep_copy(holdout));
        }
    }
    lfi_put(m, out, "model_beats_logistic3", beats);
    json_decref(walk);
}

/* ---- the section ------------------------------------------------------------------------ */

/* Number of the symbol-day of each row; owned, NULL without memory. */
static uint32_t *make_days(const lfi_metrics *m, lf_error *error, lf_status *status)
{
    lf_frame *frame = m->predictions;
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
        const int64_t date = lfi_local_day(&m->calendar, times[i]);
        const bool same =
            i > 0 && date == last_date &&
            strcmp(lf_frame_text(frame, symbol, i), lf_frame_text(frame, symbol, i - 1)) == 0;
        days[i] = i == 0 ? 0 : days[i - 1] + !same;
        last_date = date;
    }
    return days;
}

/* Correlations of each symbol-day, kept until they are written. */
static void put_days(lfi_metrics *m, json_t *list, const lf_train_day *days, size_t count)
{
    lf_frame *frame = m->predictions;
    const size_t symbol = lf_frame_find(frame, "symbol");
    for (size_t i = 0; i < count; i++) {
        json_t *row = lfi_append_object(m, list);
        lfi_put_date(m, row, "date", lfi_local_day(&m->calendar, days[i].first_ns));
        lfi_put_text(m, row, "symbol", lf_frame_text(frame, symbol, days[i].first_row));
        lfi_put_count(m, row, "rows", days[i].rows);
        lfi_put_number(m, row, "ic", days[i].ic);
        lfi_put_interval(m, row, "ic_interval", days[i].ic_interval);
        lfi_put_number(m, row, "rank_ic", days[i].rank_ic);
        lfi_put_interval(m, row, "rank_ic_interval", days[i].rank_ic_interval);
    }
}

/* Scores all predictions; days are put into a list that the caller owns. */
static lf_status score(lfi_metrics *m, json_t *by_day, lf_error *error)
{
    lf_status status = LF_OK;
    uint32_t *days = make_days(m, error, &status);
    if (days == NULL) {
        return status;
    }
    const size_t rows = lf_frame_row_count(m->predictions);
    const size_t day_count = rows == 0 ? 0 : (size_t)days[rows - 1] + 1;
    lf_train_day *found = lf_allocate(m->allocator, day_count + 1, sizeof *found);
    if (found == NULL) {
        lf_release(m->allocator, days);
        return lf_error_set(error, LF_NOMEM, "not enough memory for the scores.");
    }
    /* The labels in the table have no delay. */
    const lf_train_score_options options = {
        .allocator = m->allocator,
        .step_ns =
            (int64_t)m->every * (m->facts->step_ns > 0 ? m->facts->step_ns : LF_NS_PER_SECOND),
        .horizon_ns = m->facts->horizon_ns,
        .horizon_long_ns = m->facts->horizon_long_ns,
        .seed = m->facts->seed,
        .days = days,
        .zone = m->calendar.zone,
        .by_day = found,
    };
    status = lf_train_score(m->predictions, &options, &m->scores, error);
    if (status == LF_OK) {
        put_days(m, by_day, found, day_count);
    }
    lf_release(m->allocator, days);
    lf_release(m->allocator, found);
    m->has_scores = status == LF_OK;
    return status;
}

static void put_return(lfi_metrics *m, json_t *out)
{
    const lf_train_return *r = &m->scores.ret_1min;
    lfi_put_count(m, out, "rows", r->rows);
    lfi_put_number(m, out, "effective_rows", r->effective_rows);
    lfi_put_count(m, out, "days", r->days);
    lfi_put_number(m, out, "ic", r->ic);
    lfi_put_interval(m, out, "ic_days_interval", r->ic_days_interval);
    lfi_put_number(m, out, "ic_all", r->ic_all);
    lfi_put_interval(m, out, "ic_interval", r->ic_interval);
    lfi_put_number(m, out, "rank_ic", r->rank_ic);
    lfi_put_number(m, out, "rank_ic_all", r->rank_ic_all);
    lfi_put_interval(m, out, "rank_ic_interval", r->rank_ic_interval);
    lfi_put_number(m, out, "icir", r->icir);
    lfi_put_number(m, out, "rank_icir", r->rank_icir);
    lfi_put_number(m, out, "r2", r->r2);
    lfi_put_interval(m, out, "r2_interval", r->r2_interval);
    lfi_put_number(m, out, "queue_ic", r->queue_ic);
    lfi_put_number(m, out, "ic_less_queue", r->ic_less_queue);
    lfi_put_interval(m, out, "ic_less_queue_interval", r->ic_less_queue_interval);
}

static lf_status put_scores(lfi_metrics *m, json_t *out, lf_error *error)
{
    static const char *const horizons[] = {"up_1min", "up_5min"};
    json_t *by_day = json_array();
    lf_status status = score(m, by_day, error);
    for (int h = 0; h < 2 && status == LF_OK; h++) {
        status = put_horizon(m, lfi_put_object(m, out, horizons[h]), h);
        if (status != LF_OK) {
            (void)lf_error_set(error, status, "not enough memory for the scores.");
        }
    }
    if (status != LF_OK) {
        json_decref(by_day);
        return status;
    }
    json_t *ret = lfi_put_object(m, out, "ret_1min");
    put_return(m, ret);
    lfi_put(m, ret, "by_day", by_day);
    lfi_put_count(m, out, "scored_rows", m->scores.scored_rows);
    lfi_put_count(m, out, "scored_every", (double)m->every);
    lfi_put_number(m, out, "median_spread_ticks", m->scores.median_spread_ticks);
    lfi_put(m, out, "leak_suspected", json_boolean(m->scores.leak_suspected));
    return LF_OK;
}

lf_status lfi_metrics_signal(lfi_metrics *m, json_t *out, lf_error *error)
{
    const lf_status status = m->predictions != NULL ? put_scores(m, out, error) : LF_OK;
    if (status == LF_OK) {
        put_walk(m, lfi_put_object(m, out, "walk"));
    }
    return status;
}
