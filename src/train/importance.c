/* Which features the forecasts need, out of sample and fold by fold, and how steady that is. */
#include "train_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Predictions of one walk: 16 features of four folds are asked 3,125 rows each. */
#define PREDICTIONS_MAX 200000.0

/* A fold is asked neither fewer rows nor more. */
#define ROWS_LEAST 500.0
#define ROWS_MOST 4000.0

/* Rows of one fold's test span, every so many of them, column by column. */
typedef struct sample {
    size_t rows;
    size_t capacity;
    size_t stride;
    double *x; /* [feature_count][capacity] */
    double *labels[LF_HEAD_COUNT];
    uint32_t *days; /* number of the symbol-day */
    uint8_t *valid; /* all 1: others are not in the sample */
} sample;

/* What one walk's importance works with. */
typedef struct measurer {
    const lfi_data *data;
    sample sample;
    double *mixed; /* [feature_count][capacity] columns with their blocks exchanged */
    size_t *from;  /* [capacity] row that each row takes its value from */
    double *forecast;
    double *truth;
    lf_prediction *found;
    const double *columns[LF_MODEL_FEATURES_MAX];
    lfi_importance *out;
} measurer;

/* ---- memory ----------------------------------------------------------------------------- */

void lfi_importance_release(const lf_allocator *allocator, lfi_importance *importance)
{
    lf_release(allocator, importance->drops);
    lf_release(allocator, importance->gains);
    *importance = (lfi_importance){0};
}

static void measurer_release(measurer *m)
{
    const lf_allocator *allocator = m->data->allocator;
    lf_release(allocator, m->sample.x);
    for (int head = 0; head < LF_HEAD_COUNT; head++) {
        lf_release(allocator, m->sample.labels[head]);
    }
    lf_release(allocator, m->sample.days);
    lf_release(allocator, m->sample.valid);
    lf_release(allocator, m->mixed);
    lf_release(allocator, m->from);
    lf_release(allocator, m->forecast);
    lf_release(allocator, m->truth);
    lf_release(allocator, m->found);
}

static bool measurer_create(measurer *m, size_t capacity)
{
    const lf_allocator *allocator = m->data->allocator;
    sample *s = &m->sample;
    bool is_whole = true;
    s->capacity = capacity;
    s->x = lf_allocate(allocator, capacity, m->data->feature_count * sizeof *s->x);
    for (int head = 0; head < LF_HEAD_COUNT; head++) {
        s->labels[head] = lf_allocate(allocator, capacity, sizeof(double));
        is_whole = is_whole && s->labels[head] != NULL;
    }
    s->days = lf_allocate(allocator, capacity, sizeof *s->days);
    s->valid = lf_allocate(allocator, capacity, sizeof *s->valid);
    m->mixed = lf_allocate(allocator, capacity, m->data->feature_count * sizeof *m->mixed);
    m->from = lf_allocate(allocator, capacity, sizeof *m->from);
    m->forecast = lf_allocate(allocator, capacity, sizeof *m->forecast);
    m->truth = lf_allocate(allocator, capacity, sizeof *m->truth);
    m->found = lf_allocate(allocator, capacity, sizeof *m->found);
    return is_whole && s->x != NULL && s->days != NULL && s->valid != NULL && m->mixed != NULL &&
           m->from != NULL && m->forecast != NULL && m->truth != NULL && m->found != NULL;
}

/* ---- the sample ------------------------------------------------------------------------- */

static void take_day(measurer *m, const lfi_columns *day, const lfi_span *span)
{
    sample *s = &m->sample;
    size_t seen = 0;
    for (size_t i = 0; i < day->row_count && s->rows < s->capacity; i++) {
        if (!lfi_in_span(m->data, day, i, span) || seen++ % s->stride != 0) {
            continue;
        }
        for (size_t f = 0; f < m->data->feature_count; f++) {
            s->x[f * s->capacity + s->rows] = day->features[f][i];
        }
        for (int head = 0; head < LF_HEAD_COUNT; head++) {
            s->labels[head][s->rows] = day->labels[head][i];
        }
        s->days[s->rows] = (uint32_t)day->day;
        s->valid[s->rows++] = 1;
    }
}

/* Rows of a span, from the times of the days alone. */
static double expected_rows(const lfi_data *data, const lfi_span *span)
{
    double rows = 0;
    for (size_t d = 0; d < data->days->count; d++) {
        const lfi_bounds *b = &data->bounds[d];
        const int64_t from = b->first_ns > span->first_ns ? b->first_ns : span->first_ns;
        const int64_t to = b->last_ns < span->end_ns ? b->last_ns : span->end_ns;
        const double length = (double)(b->last_ns - b->first_ns);
        if (lfi_day_touches(data, d, span) && to > from) {
            rows += (double)b->row_count * (double)(to - from) / length;
        }
    }
    return rows;
}

static lfi_span test_span(const lf_train_fold *fold, size_t test)
{
    return (lfi_span){
        .first_ns = fold->tests[test].first_ns,
        .end_ns = fold->tests[test].end_ns,
        .label_end_ns = INT64_MAX,
    };
}

static lf_status take_span(measurer *m, const lfi_span *span, lf_error *error)
{
    lf_status status = LF_OK;
    for (size_t d = 0; d < m->data->days->count && status == LF_OK; d++) {
        lfi_columns day;
        if (!lfi_day_touches(m->data, d, span)) {
            continue;
        }
        status = lfi_day_open(m->data, d, &day, error);
        if (status == LF_OK) {
            take_day(m, &day, span);
            lfi_day_close(m->data, &day);
        }
    }
    return status;
}

/* Between the spans that a fold scores may lie others that it trained on. */
static lf_status take_fold(measurer *m, const lf_train_fold *fold, lf_error *error)
{
    double rows = 0;
    for (size_t i = 0; i < fold->test_count; i++) {
        const lfi_span span = test_span(fold, i);
        rows += expected_rows(m->data, &span);
    }
    const double share = rows / (double)m->sample.capacity;
    lf_status status = LF_OK;
    m->sample.rows = 0;
    m->sample.stride = share > 1 ? (size_t)ceil(share) : 1;
    lfi_fitted_use(m->data, lf_model_fitted(fold->model));
    for (size_t i = 0; i < fold->test_count && status == LF_OK; i++) {
        const lfi_span span = test_span(fold, i);
        status = take_span(m, &span, error);
    }
    return status;
}

/* Exchanges blocks of time within each symbol-day; rows of an incomplete last block stay. */
static void draw_blocks(measurer *m, uint64_t stream)
{
    const lf_train_options *o = m->data->options;
    const sample *s = &m->sample;
    const double every_ns = (double)o->step_ns * (double)s->stride;
    const double block = round((double)lfi_block_ns(o->horizon_ns) / every_ns);
    const size_t width = block > 1 ? (size_t)block : 1;
    lf_random random;
    lf_random_seed(&random, o->seed, stream);
    for (size_t first = 0, end = 0; first < s->rows; first = end) {
        while (end < s->rows && s->days[end] == s->days[first]) {
            m->from[end] = end;
            end++;
        }
        for (size_t b = (end - first) / width; b > 1; b--) {
            const size_t other = (size_t)lf_random_below(&random, b);
            for (size_t i = 0; i < width; i++) {
                const size_t a = first + (b - 1) * width + i;
                const size_t c = first + other * width + i;
                const size_t kept = m->from[a];
                m->from[a] = m->from[c];
                m->from[c] = kept;
            }
        }
    }
}

/* ---- scores ----------------------------------------------------------------------------- */

/* AUC of the directions, correlation of the return, on the rows whose label is defined. */
static lf_status
score_sample(measurer *m, const lf_model *model, double out[LF_HEAD_COUNT], lf_error *error)
{
    const sample *s = &m->sample;
    lf_status status =
        lf_model_predict_columns(model, m->columns, s->valid, s->rows, m->found, error);
    for (int head = 0; head < LF_HEAD_COUNT && status == LF_OK; head++) {
        size_t count = 0;
        for (size_t i = 0; i < s->rows; i++) {
            const lf_prediction *p = &m->found[i];
            const double value = head == LF_HEAD_UP_1MIN   ? p->p_up_1min
                                 : head == LF_HEAD_UP_5MIN ? p->p_up_5min
                                                           : p->ret_1min_bps;
            if (!isnan(s->labels[head][i]) && !isnan(value)) {
                m->forecast[count] = value;
                m->truth[count++] = s->labels[head][i];
            }
        }
        if (head == LF_HEAD_RET_1MIN) {
            out[head] = lf_stats_pearson(m->forecast, m->truth, count);
            /* A forecast that is the same for all rows goes with nothing. */
            out[head] = isnan(out[head]) && count > 1 ? 0 : out[head];
        } else {
            status = lf_stats_auc(m->data->allocator, m->forecast, m->truth, count, &out[head]);
        }
    }
    return status == LF_NOMEM ? lf_error_set(error, status, "not enough memory for the scores.")
                              : status;
}

static double *cell(lfi_importance *out, double *values, size_t fold, int head)
{
    return values + (fold * LF_HEAD_COUNT + (size_t)head) * out->unit_count;
}

static bool is_in_unit(const measurer *m, size_t feature, size_t unit)
{
    const lfi_importance *out = m->out;
    const char *group = lfi_feature_info(m->data, feature)->group;
    return unit < out->feature_count ? unit == feature
                                     : strcmp(group, out->groups[unit - out->feature_count]) == 0;
}

/* The columns of a unit with their blocks exchanged, all others as they are. */
static void show_unit(measurer *m, size_t unit)
{
    for (size_t f = 0; f < m->out->feature_count; f++) {
        const double *from = is_in_unit(m, f, unit) ? m->mixed : m->sample.x;
        m->columns[f] = from + f * m->sample.capacity;
    }
}

static lf_status measure_fold(measurer *m, const lf_train_fold *fold, size_t k, lf_error *error)
{
    lfi_importance *out = m->out;
    double base[LF_HEAD_COUNT];
    double worse[LF_HEAD_COUNT];
    lf_status status = take_fold(m, fold, error);
    if (status != LF_OK) {
        return status;
    }
    out->rows += (double)m->sample.rows / (double)out->fold_count;
    for (size_t f = 0; f < out->feature_count; f++) {
        m->columns[f] = m->sample.x + f * m->sample.capacity;
    }
    status = score_sample(m, fold->model, base, error);
    draw_blocks(m, k + 1);
    for (size_t f = 0; f < out->feature_count; f++) {
        for (size_t i = 0; i < m->sample.rows; i++) {
            m->mixed[f * m->sample.capacity + i] = m->columns[f][m->from[i]];
        }
    }
    for (size_t unit = 0; unit < out->unit_count && status == LF_OK; unit++) {
        show_unit(m, unit);
        status = score_sample(m, fold->model, worse, error);
        for (int head = 0; head < LF_HEAD_COUNT && status == LF_OK; head++) {
            cell(out, out->drops, k, head)[unit] = base[head] - worse[head];
        }
    }
    for (int head = 0; head < LF_HEAD_COUNT && status == LF_OK; head++) {
        out->base[head] += base[head] / (double)out->fold_count;
    }
    return status;
}

/* Shares of gain that training wrote into the fold's model; NaN for linear models. */
static void read_gains(measurer *m, const lf_train_fold *fold, size_t k)
{
    lfi_importance *out = m->out;
    json_t *training = json_loads(lf_model_training(fold->model), 0, NULL);
    for (int head = 0; head < LF_HEAD_COUNT; head++) {
        const char *name = lf_head_name((lf_head)head);
        json_t *entry = json_object_get(json_object_get(training, "heads"), name);
        json_t *gains = json_object_get(entry, "importance_gain");
        double *shares = cell(out, out->gains, k, head);
        double sum = 0;
        for (size_t f = 0; f < out->feature_count; f++) {
            json_t *gain = json_object_get(gains, lfi_feature_info(m->data, f)->name);
            shares[f] = json_is_number(gain) ? json_number_value(gain) : NAN;
            sum += json_is_number(gain) ? shares[f] : 0;
        }
        for (size_t f = 0; f < out->feature_count; f++) {
            shares[f] = sum > 0 ? shares[f] / sum : NAN;
        }
        for (size_t unit = out->feature_count; unit < out->unit_count; unit++) {
            for (size_t f = 0; f < out->feature_count; f++) {
                shares[unit] += is_in_unit(m, f, unit) ? shares[f] : 0;
            }
        }
    }
    json_decref(training);
}

/* Groups of which two features or more are there, in the order of the registry. */
static void find_groups(lfi_importance *out, const lfi_data *data)
{
    for (size_t f = 0; f < data->feature_count; f++) {
        const char *group = lfi_feature_info(data, f)->group;
        size_t members = 0;
        bool is_known = false;
        for (size_t g = 0; g < out->group_count; g++) {
            is_known = is_known || strcmp(out->groups[g], group) == 0;
        }
        for (size_t other = 0; other < data->feature_count; other++) {
            members += strcmp(lfi_feature_info(data, other)->group, group) == 0;
        }
        if (!is_known && members > 1 && out->group_count < LFI_GROUPS_MAX) {
            out->groups[out->group_count++] = group;
        }
    }
    out->unit_count = out->feature_count + out->group_count;
}

lf_status lfi_importance_measure(
    const lfi_data *data,
    const lf_train_fold *folds,
    size_t fold_count,
    lfi_importance *out,
    lf_error *error
)
{
    const size_t kept = fold_count < LFI_IMPORTANCE_FOLDS ? fold_count : LFI_IMPORTANCE_FOLDS;
    measurer *m = lf_allocate(data->allocator, 1, sizeof *m);
    *out = (lfi_importance){.fold_count = kept, .feature_count = data->feature_count};
    find_groups(out, data);
    const double each = PREDICTIONS_MAX / (double)(kept * out->unit_count);
    const size_t cells = kept * LF_HEAD_COUNT * out->unit_count;
    out->drops = lf_allocate(data->allocator, cells + 1, sizeof *out->drops);
    out->gains = lf_allocate(data->allocator, cells + 1, sizeof *out->gains);
    lf_status status = LF_NOMEM;
    if (m != NULL) {
        m->data = data;
        m->out = out;
        const bool is_whole = measurer_create(m, (size_t)fmin(fmax(each, ROWS_LEAST), ROWS_MOST));
        status = is_whole && out->drops != NULL && out->gains != NULL ? LF_OK : LF_NOMEM;
    }
    if (status == LF_NOMEM) {
        (void)lf_error_set(error, status, "not enough memory for the importance of features.");
    }
    for (size_t k = 0; k < kept && status == LF_OK; k++) {
        const lf_train_fold *fold = &folds[fold_count - kept + k];
        read_gains(m, fold, k);
        status = measure_fold(m, fold, k, error);
    }
    if (m != NULL) {
        measurer_release(m);
    }
    lf_release(data->allocator, m);
    if (status != LF_OK) {
        lfi_importance_release(data->allocator, out);
    }
    return status;
}
