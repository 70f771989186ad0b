/* Trades the days of a job: strategies side by side, one backtest for each symbol. */
#include "trade_internal.h"

#include <math.h>
#include <string.h>

/* ---- strategies ------------------------------------------------------------------------- */

static void name_strategy(lf_strategy_options *strategy)
{
    const char *const kind = lf_order_kind_name(strategy->execution.entry);
    const bool gated = strategy->signal.cost_factor > 0;
    (void)snprintf(strategy->name, sizeof strategy->name, "%s%s", kind, gated ? "_gated" : "");
}

size_t lfi_strategies(const lf_config *config, lf_strategy_options out[LFI_STRATEGIES_MAX])
{
    static const lf_order_kind kinds[] = {LF_ORDER_KIND_MARKETABLE, LF_ORDER_KIND_PASSIVE};
    const double factors[] = {config->signal.cost_factor, config->signal.cost_factor > 0 ? 0 : 1};
    const lf_strategy_options configured = {
        .signal = config->signal,
        .execution = config->execution,
        .risk = config->risk,
    };
    size_t count = 0;
    out[count] = configured;
    name_strategy(&out[count++]);
    /* Beside it: the other way to enter, and both with the other choice of the cost gate. */
    for (size_t f = 0; f < sizeof factors / sizeof factors[0]; f++) {
        for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
            if (f == 0 && kinds[k] == config->execution.entry) {
                continue;
            }
            out[count] = configured;
            out[count].execution.entry = kinds[k];
            out[count].signal.cost_factor = factors[f];
            name_strategy(&out[count++]);
        }
    }
    static const lf_queue_model bracket[] = {LF_QUEUE_RISK_AVERSE, LF_QUEUE_OPTIMISTIC};
    for (size_t b = 0; b < sizeof bracket / sizeof bracket[0]; b++) {
        if (bracket[b] != config->execution.queue.model) {
            lf_strategy_options *const end = &out[count++];
            *end = configured;
            end->execution.entry = LF_ORDER_KIND_PASSIVE;
            end->execution.queue.model = bracket[b];
            const char *const name = lf_queue_model_name(bracket[b]);
            (void)snprintf(end->name, sizeof end->name, "passive_%s", name);
        }
    }
    return count;
}

/* ---- one day ---------------------------------------------------------------------------- */

typedef struct trade_day {
    const lf_run_job *job;
    size_t day;
    const lf_feed *feed;
    lf_label_path *path;
} trade_day;

static lf_status on_batch(void *context, const lf_batch *batch, lf_error *error)
{
    const trade_day *const pass = context;
    for (size_t i = 0; i < batch->event_count; i++) {
        if (lf_label_path_push(pass->path, &batch->events[i]) != LF_OK) {
            return lf_error_set(error, LF_NOMEM, "No memory for the path of the mid.");
        }
    }
    return lfi_tell_day(pass->job, "backtest", pass->day, pass->feed, error);
}

/* What came true after each prediction of the day. */
static lf_status set_labels(
    const lf_run_job *job,
    const lfi_trading *trading,
    lf_backtest *backtest,
    const lf_label_path *path,
    size_t first,
    lf_error *error
)
{
    lf_frame *const predictions = lf_backtest_predictions(backtest);
    const size_t count = lf_frame_row_count(predictions) - first;
    double *const values = lf_allocate(job->allocator, 4 * count + 1, sizeof *values);
    if (values == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for the labels of a day.");
    }
    const size_t ts = lf_frame_find(predictions, "ts_event");
    const int64_t *const times = lf_frame_i64(predictions, ts) + first;
    double *const ret_5min = values + 2 * count;
    const lf_model_meta *const meta = lf_model_meta_of(trading->spans[0].model);
    lf_label_horizon(path, times, count, meta->horizon_ns, 0, values, values + count);
    lf_label_horizon(path, times, count, meta->horizon_long_ns, 0, ret_5min, ret_5min + count);
    const lf_status status = lf_backtest_set_labels(
        backtest, first, count, values, values + count, ret_5min, ret_5min + count, error
    );
    lf_release(job->allocator, values);
    return status;
}

static lf_status trade_feed(
    const lfi_desk *desk, size_t day, lf_feed *feed, lf_feature_carry *carry, lf_error *error
)
{
    const lf_run_job *const job = desk->job;
    trade_day pass = {.job = job, .day = day, .feed = feed};
    lf_status status = lf_label_path_create(
        job->allocator, lf_feed_instrument(feed), LF_CLOCK_LOCAL, &pass.path, error
    );
    if (status != LF_OK) {
        return status;
    }
    const lf_feature_carry before =
        desk->trading->days != NULL ? desk->trading->days[day].carry : *carry;
    const lf_backtest_day_options options = {
        .spans = desk->trading->spans,
        .span_count = desk->trading->span_count,
        .carry = &before,
        .carry_out = carry,
        .on_batch = on_batch,
        .context = &pass,
    };
    const size_t first = lf_frame_row_count(lf_backtest_predictions(desk->backtest));
    status = lf_backtest_day(desk->backtest, feed, &options, error);
    if (status == LF_OK) {
        status = set_labels(job, desk->trading, desk->backtest, pass.path, first, error);
    }
    lf_label_path_destroy(pass.path);
    return status;
}

/* True when a span holds a part of the day's session. */
static bool is_traded(const lfi_trading *trading, const lf_instrument *instrument)
{
    for (size_t i = 0; i < trading->span_count; i++) {
        if (trading->spans[i].from_ns < instrument->session_close_ns &&
            trading->spans[i].to_ns > instrument->session_open_ns) {
            return true;
        }
    }
    return false;
}

static lf_status trade_source(lfi_desk *desk, size_t day, lf_feature_carry *carry, lf_error *error)
{
    const lf_run_job *const job = desk->job;
    lf_feed_options options;
    lf_run_feed_options(job->config, &options);
    options.allocator = job->allocator;
    options.feed_latency_ns = job->config->execution.latency.feed_ns;
    lf_feed *feed = NULL;
    lf_status status = lf_feed_open(&job->sources[day], &options, &feed, error);
    if (status != LF_OK) {
        return status;
    }
    const lf_instrument *const instrument = lf_feed_instrument(feed);
    if (is_traded(desk->trading, instrument)) {
        status = trade_feed(desk, day, feed, carry, error);
        lfi_desk_note(desk, instrument, lf_feed_stats_of(feed));
    }
    lf_feed_close(feed);
    return status;
}

/* ---- the walk's predictions, again ------------------------------------------------------ */

static bool same_number(double left, double right)
{
    return left == right || (isnan(left) && isnan(right));
}

static lf_status walk_differs(const char *symbol, int64_t time_ns, lf_error *error)
{
    char time[32];
    lf_time_format(time_ns, time);
    return lf_error_set(
        error,
        LF_INVARIANT,
        "%s at %s: the prediction made while trading is not the one that was scored; please report "
        "it.",
        symbol,
        time
    );
}

/* The causal lane computes features and predictions anew while it trades. They must be those that
   the offline lane was scored with, row by row and to the last bit, or one of the two sees another
   past. */
static lf_status check_walk(const lfi_desk *desk, const char *symbol, lf_error *error)
{
    static const char *const heads[] = {"p_up_1min", "p_up_5min", "ret_1min_bps"};
    lf_frame *const walk = desk->trading->walk;
    lf_frame *const live = lf_backtest_predictions(desk->backtest);
    if (walk == NULL) {
        return LF_OK;
    }
    const size_t symbols = lf_frame_find(walk, "symbol");
    const int64_t *const walk_times = lf_frame_i64(walk, lf_frame_find(walk, "ts_event"));
    const int64_t *const times = lf_frame_i64(live, lf_frame_find(live, "ts_event"));
    const double *scored[3];
    const double *made[3];
    for (size_t h = 0; h < 3; h++) {
        scored[h] = lf_frame_f64(walk, lf_frame_find(walk, heads[h]));
        made[h] = lf_frame_f64(live, lf_frame_find(live, heads[h]));
    }
    const size_t count = lf_frame_row_count(live);
    size_t at = 0;
    for (size_t i = 0; i < lf_frame_row_count(walk); i++) {
        if (strcmp(lf_frame_text(walk, symbols, i), symbol) != 0) {
            continue;
        }
        bool same = at < count && times[at] == walk_times[i];
        for (size_t h = 0; h < 3 && same; h++) {
            same = same_number(made[h][at], scored[h][i]);
        }
        if (!same) {
            return walk_differs(symbol, walk_times[i], error);
        }
        at++;
    }
    return at == count ? LF_OK : walk_differs(symbol, times[at], error);
}

/* ---- one symbol, all symbols ------------------------------------------------------------ */

static lf_status create_backtest(lfi_desk *desk, lf_error *error)
{
    const lf_config *const config = desk->job->config;
    const lf_backtest_options options = {
        .allocator = desk->job->allocator,
        .strategies = desk->strategies,
        .strategy_count = desk->strategy_count,
        .step_ns = config->step_ns,
        .starting_cash = config->starting_cash,
        .in_sample = desk->trading->in_sample,
        .check_every_fill = config->check_every_fill,
    };
    return lf_backtest_create(&options, &desk->backtest, error);
}

static void add_counts(lf_backtest_counts *sum, const lf_backtest_counts *more)
{
    lf_backtest_counts before = *sum;
    /* All members but the flag and the name are int64 counts. */
    *sum = *more;
    sum->strategy.stopped = before.strategy.stopped || more->strategy.stopped;
    sum->day_count += before.day_count;
    for (int i = 0; i < LF_EXIT_COUNT; i++) {
        sum->exit_counts[i] += before.exit_counts[i];
    }
    sum->trade_count += before.trade_count;
    sum->unflat_days += before.unflat_days;
    sum->loss_stop_days += before.loss_stop_days;
    sum->in_position_ns += before.in_position_ns;
    sum->masked_ns += before.masked_ns;
    sum->session_ns += before.session_ns;
    sum->gateway_rejects += before.gateway_rejects;
    sum->ledger_checks += before.ledger_checks;
    sum->strategy.signal_count += before.strategy.signal_count;
    for (int i = 0; i < 3; i++) {
        sum->strategy.signal_counts[i] += before.strategy.signal_counts[i];
    }
    for (int i = 0; i < LF_REASON_COUNT; i++) {
        sum->strategy.order_counts[i] += before.strategy.order_counts[i];
    }
    sum->strategy.retry_count += before.strategy.retry_count;
    sum->strategy.reject_count += before.strategy.reject_count;
    sum->strategy.fill_count += before.strategy.fill_count;
    sum->strategy.cancel_race_count += before.strategy.cancel_race_count;
    sum->strategy.in_position_ns += before.strategy.in_position_ns;
    sum->venue.event_count += before.venue.event_count;
    sum->venue.request_count += before.venue.request_count;
    sum->venue.order_count += before.venue.order_count;
    sum->venue.report_count += before.venue.report_count;
    for (int i = 0; i < LF_REJECT_COUNT; i++) {
        sum->venue.reject_counts[i] += before.venue.reject_counts[i];
    }
    for (int i = 0; i < LF_LIQUIDITY_COUNT; i++) {
        sum->venue.fill_counts[i] += before.venue.fill_counts[i];
        sum->venue.fill_lots[i] += before.venue.fill_lots[i];
    }
    sum->venue.cancel_count += before.venue.cancel_count;
    sum->venue.expired_count += before.venue.expired_count;
    sum->venue.conservation_checks += before.venue.conservation_checks;
}

/* Put a symbol's tables behind those of the symbols before it. */
static lf_status merge(lfi_desk *desk, lf_error *error)
{
    lf_status status = LF_OK;
    for (size_t i = 0; i < desk->strategy_count; i++) {
        add_counts(&desk->counts[i], lf_backtest_counts_of(desk->backtest, i));
    }
    if (desk->all == NULL) {
        desk->all = desk->backtest;
        desk->backtest = NULL;
        return LF_OK;
    }
    status = lf_frame_concat(
        lf_backtest_predictions(desk->all), lf_backtest_predictions(desk->backtest)
    );
    for (size_t i = 0; i < desk->strategy_count && status == LF_OK; i++) {
        for (int t = 0; t < LF_BACKTEST_TABLE_COUNT && status == LF_OK; t++) {
            const lf_backtest_table table = (lf_backtest_table)t;
            status = lf_frame_concat(
                lf_backtest_frame(desk->all, i, table), lf_backtest_frame(desk->backtest, i, table)
            );
        }
    }
    lf_backtest_destroy(desk->backtest);
    desk->backtest = NULL;
    return status == LF_OK ? LF_OK : lf_error_set(error, status, "No memory for the tables.");
}

static lf_status trade_symbol(lfi_desk *desk, const char *symbol, lf_error *error)
{
    const lf_run_job *const job = desk->job;
    lf_feature_carry carry = {0};
    lf_status status = create_backtest(desk, error);
    for (size_t i = 0; i < job->source_count && status == LF_OK; i++) {
        if (strcmp(job->sources[i].symbol, symbol) == 0) {
            status = trade_source(desk, i, &carry, error);
        }
    }
    if (status == LF_OK) {
        status = check_walk(desk, symbol, error);
    }
    return status == LF_OK ? merge(desk, error) : status;
}

lf_status lfi_desk_trade(lfi_desk *desk, lf_error *error)
{
    const lf_run_job *const job = desk->job;
    desk->strategy_count = lfi_strategies(job->config, desk->strategies);
    for (size_t i = 0; i < job->source_count; i++) {
        bool seen = false;
        for (size_t j = 0; j < i && !seen; j++) {
            seen = strcmp(job->sources[j].symbol, job->sources[i].symbol) == 0;
        }
        const lf_status status = seen ? LF_OK : trade_symbol(desk, job->sources[i].symbol, error);
        if (status != LF_OK) {
            return status;
        }
    }
    if (desk->counts[0].day_count == 0) {
        return lf_error_set(error, LF_DATA, "There is no day to trade.");
    }
    return LF_OK;
}

void lfi_desk_close(lfi_desk *desk)
{
    lf_backtest_destroy(desk->backtest);
    lf_backtest_destroy(desk->all);
    lf_release(desk->job->allocator, desk->data_text);
}
