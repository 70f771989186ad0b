/* The pipeline: events and time in, rows made, strategies asked. */
#include "pipeline_internal.h"

#include <math.h>
#include <string.h>

/* ---- life ------------------------------------------------------------------------------- */

const lf_model_meta *lfi_span_meta(const lf_span *span)
{
    return span->model != NULL ? lf_model_meta_of(span->model) : &span->meta;
}

static lf_status check_strategies(const lf_pipeline_options *options, lf_error *error)
{
    if (options->strategy_count == 0) {
        return lf_error_set(error, LF_RANGE, "A pipeline needs at least one strategy.");
    }
    for (size_t i = 0; i < options->strategy_count; i++) {
        const lf_strategy_options *const strategy = &options->strategies[i];
        lf_status status = lf_signal_options_check(&strategy->signal, error);
        if (status == LF_OK) {
            status = lf_execution_options_check(&strategy->execution, error);
        }
        if (status == LF_OK) {
            status = lf_risk_options_check(&strategy->risk, error);
        }
        if (status != LF_OK) {
            return status;
        }
    }
    return LF_OK;
}

/* Whether no strategy needs predictions. */
static bool all_own(const lf_pipeline_options *options)
{
    for (size_t i = 0; i < options->strategy_count; i++) {
        if (options->strategies[i].decide == NULL) {
            return false;
        }
    }
    return true;
}

static lf_status check_spans(const lf_pipeline_options *options, lf_error *error)
{
    for (size_t i = 0; i < options->span_count; i++) {
        const lf_span *const span = &options->spans[i];
        if (span->from_ns > span->to_ns || (i > 0 && span->from_ns < options->spans[i - 1].to_ns)) {
            return lf_error_set(
                error,
                LF_RANGE,
                "Span %zu of the models does not follow the span before it; order them by time.",
                i
            );
        }
        if (span->model == NULL && options->rows == NULL && !all_own(options)) {
            return lf_error_set(
                error, LF_RANGE, "Span %zu has no model and no rows were given.", i
            );
        }
    }
    return LF_OK;
}

static lf_status check_rows(const lf_pipeline *pipeline, lf_error *error)
{
    for (size_t i = 0; i < pipeline->row_count; i++) {
        const int64_t expected =
            pipeline->instrument.session_open_ns + (int64_t)i * pipeline->step_ns;
        if (pipeline->rows[i].ts_ns != expected) {
            return lf_error_set(
                error,
                LF_MISMATCH,
                "Row %zu of the given predictions lies at %lld ns, but the grid of the session "
                "has %lld there; make them with the same step and session.",
                i,
                (long long)pipeline->rows[i].ts_ns,
                (long long)expected
            );
        }
    }
    return LF_OK;
}

static lf_status
make_strategies(lf_pipeline *pipeline, const lf_pipeline_options *options, lf_error *error)
{
    pipeline->strategies =
        lf_allocate(options->allocator, options->strategy_count, sizeof *pipeline->strategies);
    if (pipeline->strategies == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for the strategies of a pipeline.");
    }
    pipeline->strategy_count = options->strategy_count;
    for (size_t i = 0; i < options->strategy_count; i++) {
        lfi_strategy *const strategy = &pipeline->strategies[i];
        strategy->options = options->strategies[i];
        pipeline->keeps_levels = pipeline->keeps_levels || strategy->options.decide != NULL;
        if (strategy->options.state_bytes > 0) {
            strategy->state = lf_allocate(options->allocator, strategy->options.state_bytes, 1);
            if (strategy->state == NULL) {
                return lf_error_set(error, LF_NOMEM, "No memory for the state of a strategy.");
            }
        }
        const lf_status status = lf_fees_resolve(
            &strategy->options.execution.fees, &pipeline->instrument, &strategy->fees, error
        );
        if (status != LF_OK) {
            return status;
        }
        const double loss = strategy->options.risk.max_daily_loss;
        strategy->max_loss_nano = isnan(loss) ? 0 : (int64_t)llround(loss * 1e9);
        strategy->hold_until_ns = INT64_MAX;
        strategy->retry_ns = INT64_MAX;
        lfi_strategy_schedule(pipeline, strategy);
    }
    return LF_OK;
}

/* Fitted features of a model want books of as many levels as it was trained on. */
static lf_status check_fitted(lf_pipeline *pipeline, lf_error *error)
{
    const int32_t levels = pipeline->instrument.level_count;
    lf_status status = LF_OK;
    for (size_t i = 0; i < pipeline->span_count && status == LF_OK; i++) {
        const lf_model *const model = pipeline->spans[i].model;
        size_t count = 0;
        const size_t *const features = model != NULL ? lf_model_features(model, &count) : NULL;
        if (model != NULL && lf_model_fitted(model) != NULL) {
            pipeline->is_fitted = true;
            status =
                lf_feature_fitted_check(lf_model_fitted(model), features, count, levels, error);
        }
    }
    return status;
}

/* Find the features of one's own that the models use among those of the run. */
static lf_status check_users(lf_pipeline *pipeline, lf_error *error)
{
    lf_status status = LF_OK;
    for (size_t i = 0; i < pipeline->span_count && status == LF_OK; i++) {
        const lf_model *const model = pipeline->spans[i].model;
        size_t *const places = pipeline->user_places + i * LF_FEATURE_USERS_MAX;
        if (model != NULL) {
            status = lf_feature_users_match(pipeline->users, lf_model_users(model), places, error);
        }
    }
    return status;
}

/* Memory for the rows that the models look at. */
static lf_status
make_row_memory(lf_pipeline *pipeline, const lf_allocator *allocator, lf_error *error)
{
    const size_t width = lf_feature_count_all() + LF_FEATURE_USERS_MAX;
    const size_t places = (pipeline->span_count + 1) * LF_FEATURE_USERS_MAX;
    pipeline->features = lf_allocate(allocator, width, sizeof *pipeline->features);
    pipeline->user_values =
        lf_allocate(allocator, LF_FEATURE_USERS_MAX, sizeof *pipeline->user_values);
    pipeline->user_places = lf_allocate(allocator, places, sizeof *pipeline->user_places);
    if (pipeline->features == NULL || pipeline->user_values == NULL ||
        pipeline->user_places == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for a row of features.");
    }
    for (size_t i = 0; i < width; i++) {
        pipeline->features[i] = NAN;
    }
    if (pipeline->keeps_levels) {
        pipeline->own_features = lf_allocate(allocator, width, sizeof *pipeline->own_features);
        if (pipeline->own_features == NULL) {
            return lf_error_set(error, LF_NOMEM, "No memory for a row of features.");
        }
    }
    return LF_OK;
}

static lf_status
make_engine(lf_pipeline *pipeline, const lf_pipeline_options *options, lf_error *error)
{
    pipeline->ofi_norm_index = lf_feature_find("ofi_norm_1min");
    pipeline->ofi_index = lf_feature_find("ofi_1min");
    pipeline->imbalance_index = lf_feature_find("depth_imbalance_l1");
    pipeline->users = options->features.users;
    lf_status status = make_row_memory(pipeline, options->allocator, error);
    if (status == LF_OK) {
        status = check_users(pipeline, error);
    }
    if (status == LF_OK) {
        status = check_fitted(pipeline, error);
    }
    if (status != LF_OK) {
        return status;
    }
    lf_feature_options features = options->features;
    features.with_mlofi = features.with_mlofi || pipeline->is_fitted;
    features.allocator = options->allocator;
    features.clock = LF_CLOCK_LOCAL;
    return lf_feature_engine_create(&pipeline->instrument, &features, &pipeline->engine, error);
}

static lf_status build(lf_pipeline *pipeline, const lf_pipeline_options *options, lf_error *error)
{
    lf_status status = check_rows(pipeline, error);
    if (status == LF_OK && options->span_count > 0) {
        pipeline->spans =
            lf_allocate(options->allocator, options->span_count, sizeof *pipeline->spans);
        if (pipeline->spans == NULL) {
            return lf_error_set(error, LF_NOMEM, "No memory for the spans of a pipeline.");
        }
        memcpy(pipeline->spans, options->spans, options->span_count * sizeof *pipeline->spans);
        pipeline->span_count = options->span_count;
    }
    if (status == LF_OK) {
        status = make_strategies(pipeline, options, error);
    }
    if (status == LF_OK && options->rows == NULL) {
        status = make_engine(pipeline, options, error);
    }
    return status;
}

static void schedule(lf_pipeline *pipeline)
{
    int64_t due = INT64_MAX;
    for (size_t i = 0; i < pipeline->strategy_count; i++) {
        due = pipeline->strategies[i].due_ns < due ? pipeline->strategies[i].due_ns : due;
    }
    pipeline->timer_ns = due;
}

lf_status lf_pipeline_create(
    const lf_instrument *instrument,
    const lf_pipeline_options *options,
    lf_pipeline **out,
    lf_error *error
)
{
    *out = NULL;
    lf_status status = check_strategies(options, error);
    if (status == LF_OK) {
        status = check_spans(options, error);
    }
    if (status == LF_OK && options->step_ns < 0) {
        status = lf_error_set(error, LF_RANGE, "The step between rows must be above 0.");
    }
    if (status != LF_OK) {
        return status;
    }
    lf_pipeline *const pipeline = lf_allocate(options->allocator, 1, sizeof *pipeline);
    if (pipeline == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for a pipeline.");
    }
    pipeline->has_allocator = options->allocator != NULL;
    if (options->allocator != NULL) {
        pipeline->allocator = *options->allocator;
    }
    pipeline->instrument = *instrument;
    pipeline->step_ns = options->step_ns > 0 ? options->step_ns : LF_NS_PER_SECOND;
    pipeline->rows = options->rows;
    pipeline->row_count = options->rows != NULL ? options->row_count : 0;
    pipeline->next_row_ns = instrument->session_open_ns < instrument->session_close_ns
                                ? instrument->session_open_ns
                                : INT64_MAX;
    status = build(pipeline, options, error);
    if (status != LF_OK) {
        lf_pipeline_destroy(pipeline);
        return status;
    }
    pipeline->is_sparing = options->is_sparing && !pipeline->keeps_levels;
    schedule(pipeline);
    *out = pipeline;
    return LF_OK;
}

void lf_pipeline_destroy(lf_pipeline *pipeline)
{
    if (pipeline == NULL) {
        return;
    }
    const lf_allocator allocator = pipeline->allocator;
    const lf_allocator *const used = pipeline->has_allocator ? &allocator : NULL;
    lf_feature_engine_destroy(pipeline->engine);
    lf_release(used, pipeline->features);
    lf_release(used, pipeline->user_values);
    lf_release(used, pipeline->user_places);
    for (size_t i = 0; i < pipeline->strategy_count; i++) {
        lf_release(used, pipeline->strategies[i].state);
    }
    lf_release(used, pipeline->own_features);
    lf_release(used, pipeline->strategies);
    lf_release(used, pipeline->spans);
    lf_release(used, pipeline);
}

/* ---- events ----------------------------------------------------------------------------- */

static void take_state(lfi_local *local, const lf_event *event, bool keeps_levels)
{
    if (keeps_levels) {
        local->quotes = event->quotes;
    }
    local->quotes.bid_ticks[0] = event->quotes.bid_ticks[0];
    local->quotes.bid_lots[0] = event->quotes.bid_lots[0];
    local->quotes.ask_ticks[0] = event->quotes.ask_ticks[0];
    local->quotes.ask_lots[0] = event->quotes.ask_lots[0];
    local->valid = lf_book_event_valid(event);
    if (local->valid) {
        local->mid2 = lf_book_mid2(&event->quotes);
        local->spread_ticks = lf_book_spread(&event->quotes);
    }
}

lf_status lf_pipeline_event(
    lf_pipeline *pipeline, int64_t ts_ns, const lf_event *event, const lf_trade *trades
)
{
    if (pipeline->engine != NULL) {
        const lf_status status = lf_feature_update(pipeline->engine, event, trades);
        if (status != LF_OK) {
            return status;
        }
    }
    take_state(&pipeline->local, event, pipeline->keeps_levels);
    /* After the close the venue refuses everything, and a position is valued as it is. */
    if (!pipeline->local.valid || ts_ns >= pipeline->instrument.session_close_ns) {
        return LF_OK;
    }
    for (size_t i = 0; i < pipeline->strategy_count; i++) {
        lfi_strategy *const strategy = &pipeline->strategies[i];
        if (strategy->has_stop) {
            lfi_strategy_stop(pipeline, strategy, ts_ns);
        }
        if (strategy->ledger.position_lots != 0) {
            lfi_strategy_limit(pipeline, strategy, ts_ns);
        }
        if (strategy->exit_waits) {
            lfi_strategy_resume(pipeline, strategy, ts_ns);
            schedule(pipeline);
        }
        if (strategy->retry_ns < strategy->due_ns) { /* the rate limit put an exit off */
            lfi_strategy_schedule(pipeline, strategy);
            schedule(pipeline);
        }
    }
    return LF_OK;
}

/* ---- rows ------------------------------------------------------------------------------- */

static int32_t span_at(const lf_pipeline *pipeline, int64_t ts_ns)
{
    for (size_t i = 0; i < pipeline->span_count; i++) {
        if (ts_ns >= pipeline->spans[i].from_ns && ts_ns < pipeline->spans[i].to_ns) {
            return (int32_t)i;
        }
    }
    return -1;
}

/* The fitted features behind the others, with the parameters of the row's model. */
static void compute_fitted(lf_pipeline *pipeline, const lf_row *row)
{
    static const lf_feature_fitted nothing;
    const lf_model *const model = row->span >= 0 ? pipeline->spans[row->span].model : NULL;
    const lf_feature_fitted *const fitted = model != NULL ? lf_model_fitted(model) : NULL;
    lf_feature_ingredients ingredients;
    lf_feature_ingredients_at(pipeline->engine, row->ts_ns, &ingredients);
    lf_feature_fitted_row(
        fitted != NULL ? fitted : &nothing, &ingredients, pipeline->features + lf_feature_count()
    );
}

/* The features of one's own behind all others, in the order of the row's model. */
static void compute_users(lf_pipeline *pipeline, const lf_row *row)
{
    const lf_model *const model = row->span >= 0 ? pipeline->spans[row->span].model : NULL;
    const lf_feature_users *const wanted = model != NULL ? lf_model_users(model) : NULL;
    double *const out = pipeline->features + lf_feature_count_all();
    lf_feature_user_row(pipeline->engine, row->ts_ns, pipeline->features, pipeline->user_values);
    for (size_t i = 0; i < lf_feature_users_count(wanted); i++) {
        const size_t at = (size_t)row->span * LF_FEATURE_USERS_MAX + i;
        out[i] = pipeline->user_values[pipeline->user_places[at]];
    }
}

static void compute_row(lf_pipeline *pipeline, lf_row *row)
{
    bool valid = false;
    lf_feature_row(pipeline->engine, row->ts_ns, pipeline->features, &valid);
    row->valid = valid;
    row->ofi_norm_1min = pipeline->features[pipeline->ofi_norm_index];
    row->ofi_1min = pipeline->features[pipeline->ofi_index];
    row->depth_imbalance_l1 = pipeline->features[pipeline->imbalance_index];
    if (pipeline->is_fitted) {
        compute_fitted(pipeline, row);
    }
    if (pipeline->users != NULL) {
        compute_users(pipeline, row);
    }
    const lf_model *const model = row->span >= 0 ? pipeline->spans[row->span].model : NULL;
    if (model != NULL && (!pipeline->is_sparing || lfi_is_open(pipeline, row))) {
        lf_model_predict(model, pipeline->features, valid, &row->prediction);
    }
    if (pipeline->own_features != NULL) {
        const size_t count = lf_feature_count_all();
        const size_t users = lf_feature_users_count(pipeline->users);
        double *const out = pipeline->own_features;
        memcpy(out, pipeline->features, count * sizeof *out);
        memcpy(out + count, pipeline->user_values, users * sizeof *out);
    }
}

static void copy_row(const lf_pipeline *pipeline, lf_row *row)
{
    row->valid = pipeline->local.valid;
    if (pipeline->next_row < pipeline->row_count) {
        const lf_row *const given = &pipeline->rows[pipeline->next_row];
        row->ofi_norm_1min = given->ofi_norm_1min;
        row->ofi_1min = given->ofi_1min;
        row->depth_imbalance_l1 = given->depth_imbalance_l1;
        if (row->span >= 0) {
            row->prediction = given->prediction;
        }
    }
}

static void make_row(lf_pipeline *pipeline, lf_row *row)
{
    *row = (lf_row){
        .ts_ns = pipeline->next_row_ns,
        .mid2 = pipeline->local.mid2,
        .spread_ticks = pipeline->local.spread_ticks,
        .prediction = {NAN, NAN, NAN},
        .ofi_norm_1min = NAN,
        .ofi_1min = NAN,
        .depth_imbalance_l1 = NAN,
        .span = span_at(pipeline, pipeline->next_row_ns),
    };
    row->traded = row->span >= 0;
    if (pipeline->engine != NULL) {
        compute_row(pipeline, row);
    } else {
        copy_row(pipeline, row);
    }
    pipeline->next_row++;
    pipeline->next_row_ns += pipeline->step_ns;
    if (pipeline->next_row_ns >= pipeline->instrument.session_close_ns) {
        pipeline->next_row_ns = INT64_MAX;
    }
}

int64_t lf_pipeline_wake_due(const lf_pipeline *pipeline)
{
    return pipeline->next_row_ns < pipeline->timer_ns ? pipeline->next_row_ns : pipeline->timer_ns;
}

bool lf_pipeline_wake(lf_pipeline *pipeline, lf_row *row)
{
    lf_row made = {.ts_ns = LF_TIME_NONE};
    const int64_t ts_ns = lf_pipeline_wake_due(pipeline);
    /* Timers go first: an exit that is due is not undone by the row of the same instant. */
    const bool is_row = pipeline->timer_ns > ts_ns && ts_ns != INT64_MAX;
    if (is_row) {
        make_row(pipeline, &made);
    }
    for (size_t i = 0; i < pipeline->strategy_count; i++) {
        lfi_strategy *const strategy = &pipeline->strategies[i];
        if (is_row) {
            lfi_strategy_row(pipeline, strategy, &made);
        } else if (strategy->due_ns <= ts_ns && ts_ns != INT64_MAX) {
            lfi_strategy_timers(pipeline, strategy, ts_ns);
        }
        lfi_strategy_schedule(pipeline, strategy);
    }
    schedule(pipeline);
    if (row != NULL) {
        *row = made;
    }
    return is_row;
}

/* ---- reports and questions -------------------------------------------------------------- */

lf_status lf_pipeline_report(
    lf_pipeline *pipeline, size_t strategy, int64_t ts_ns, const lf_report *report, lf_error *error
)
{
    lfi_strategy *const one = &pipeline->strategies[strategy];
    const lf_status status = lfi_strategy_report(pipeline, one, ts_ns, report, error);
    lfi_strategy_schedule(pipeline, one);
    schedule(pipeline);
    return status;
}

void lf_pipeline_kill(lf_pipeline *pipeline, size_t strategy, int64_t ts_ns)
{
    lfi_strategy *const one = &pipeline->strategies[strategy];
    lfi_strategy_kill(pipeline, one, ts_ns);
    lfi_strategy_schedule(pipeline, one);
    schedule(pipeline);
}

size_t lf_pipeline_next(const lf_pipeline *pipeline, size_t from)
{
    while (from < pipeline->strategy_count && pipeline->strategies[from].outbox_count == 0) {
        from++;
    }
    return from < pipeline->strategy_count ? from : pipeline->strategy_count;
}

bool lf_pipeline_take(lf_pipeline *pipeline, size_t strategy, lf_intent *out)
{
    lfi_strategy *const one = &pipeline->strategies[strategy];
    if (one->outbox_count == 0) {
        return false;
    }
    *out = one->outbox[one->outbox_first];
    one->outbox_first = (one->outbox_first + 1) % LFI_OUTBOX_MAX;
    one->outbox_count--;
    return true;
}

const lf_ledger *lf_pipeline_ledger(const lf_pipeline *pipeline, size_t strategy)
{
    return &pipeline->strategies[strategy].ledger;
}

const lf_strategy_stats *lf_pipeline_stats_of(const lf_pipeline *pipeline, size_t strategy)
{
    return &pipeline->strategies[strategy].stats;
}

lf_status lf_pipeline_failure(const lf_pipeline *pipeline)
{
    return pipeline->failure;
}

int64_t lf_pipeline_mid2(const lf_pipeline *pipeline)
{
    return pipeline->local.mid2;
}

bool lf_pipeline_valid(const lf_pipeline *pipeline)
{
    return pipeline->local.valid;
}

void lf_pipeline_carry_get(const lf_pipeline *pipeline, lf_feature_carry *out)
{
    if (pipeline->engine != NULL) {
        lf_feature_carry_get(pipeline->engine, out);
    } else {
        memset(out, 0, sizeof *out);
    }
}

const double *lf_pipeline_features(const lf_pipeline *pipeline)
{
    return pipeline->features;
}
