/* One symbol-day traded alone, into a file. */
#include "given_internal.h"
#include "units_internal.h"

#include <string.h>
#include <unistd.h>

typedef struct day_pass {
    const lf_run_job *job;
    const lf_feed *feed;
    lf_label_path *path;
} day_pass;

/* Where the reading of a day stands. */
static lf_status tell(const day_pass *pass, const char *stage, lf_error *error)
{
    const lf_feed_stats *const stats = lf_feed_stats_of(pass->feed);
    const double part = stats->input_bytes_total > 0
                            ? (double)stats->input_bytes / (double)stats->input_bytes_total
                            : 0;
    return lfi_tell(pass->job, stage, part < 1 ? part : 1, error);
}

static lf_status on_batch(void *context, const lf_batch *batch, lf_error *error)
{
    const day_pass *const pass = context;
    for (size_t i = 0; i < batch->event_count; i++) {
        if (lf_label_path_push(pass->path, &batch->events[i]) != LF_OK) {
            return lf_error_set(error, LF_NOMEM, "No memory for the path of the mid.");
        }
    }
    return tell(pass, "backtest", error);
}

static lf_status
open_feed(const lfi_units *units, const lfi_unit *unit, lf_feed **out, lf_error *error)
{
    const lf_run_job *const job = units->job;
    lf_feed_options options;
    lf_run_feed_options(job->config, &options);
    options.allocator = job->allocator;
    options.feed_latency_ns = job->config->execution.latency.feed_ns;
    for (size_t i = 0; i < units->strategy_count; i++) {
        options.with_orders |= units->strategies[i].execution.queue.model == LF_QUEUE_FIFO;
    }
    return lf_feed_open(&job->sources[unit->day], &options, out, error);
}

/* What came true after each prediction of the day. */
static lf_status set_labels(
    const lfi_units *units, lf_backtest *backtest, const lf_label_path *path, lf_error *error
)
{
    const lf_allocator *const allocator = units->job->allocator;
    lf_frame *const predictions = lf_backtest_predictions(backtest);
    const size_t count = lf_frame_row_count(predictions);
    double *const values = lf_allocate(allocator, 4 * count + 1, sizeof *values);
    if (values == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for the labels of a day.");
    }
    const size_t ts = lf_frame_find(predictions, "ts_event");
    const int64_t *const times = lf_frame_i64(predictions, ts);
    double *const ret_long = values + 2 * count;
    const lf_model_meta *const meta = lfi_meta_of(&units->trading->spans[0]);
    lf_label_horizon(path, times, count, meta->horizon_ns, 0, values, values + count);
    lf_label_horizon(path, times, count, meta->horizon_long_ns, 0, ret_long, ret_long + count);
    const lf_status status = lf_backtest_set_labels(
        backtest, 0, count, values, values + count, ret_long, ret_long + count, error
    );
    lf_release(allocator, values);
    return status;
}

static lf_status
create_backtest(const lfi_units *units, const lfi_unit *unit, lf_backtest **out, lf_error *error)
{
    const lf_config *const config = units->job->config;
    const lf_backtest_options options = {
        .allocator = units->job->allocator,
        .strategies = units->strategies,
        .strategy_count = units->strategy_count,
        .step_ns = config->step_ns,
        .starting_cash = config->starting_cash,
        .in_sample = units->trading->in_sample,
        .check_every_fill = config->check_every_fill,
        .lean = units->lean,
        .is_unit = true,
        .first_day = unit->number,
    };
    return lf_backtest_create(&options, out, error);
}

/* Trade the day into a backtest of its own. */
static lf_status trade_feed(
    const lfi_units *units,
    const lf_run_job *job,
    lfi_unit *unit,
    lf_feed *feed,
    lf_backtest *backtest,
    lf_error *error
)
{
    day_pass pass = {.job = job, .feed = feed};
    lf_row *rows = NULL;
    size_t row_count = 0;
    const struct lfi_given *const given = units->trading->given;
    lf_status status = LF_OK;
    if (given != NULL) {
        status = lfi_given_rows(given, job, unit->day, &rows, &row_count, error);
    }
    if (status != LF_OK) {
        return status;
    }
    status = lf_label_path_create(
        job->allocator, lf_feed_instrument(feed), LF_CLOCK_LOCAL, &pass.path, error
    );
    if (status != LF_OK) {
        lf_release(job->allocator, rows);
        return status;
    }
    const lf_backtest_day_options options = {
        .spans = units->trading->spans,
        .span_count = units->trading->span_count,
        .rows = rows,
        .row_count = row_count,
        .carry = &unit->carry,
        .carry_out = &unit->carry_out,
        .users = job->users,
        .on_batch = on_batch,
        .context = &pass,
    };
    status = lf_backtest_day(backtest, feed, &options, error);
    if (status == LF_OK && !units->lean) {
        status = set_labels(units, backtest, pass.path, error);
    }
    lf_label_path_destroy(pass.path);
    lf_release(job->allocator, rows);
    return status;
}

static lf_status trade(
    const lfi_units *units, const lf_run_job *job, lfi_unit *unit, const char *path, lf_error *error
)
{
    lf_feed *feed = NULL;
    lf_backtest *backtest = NULL;
    lf_status status = open_feed(units, unit, &feed, error);
    if (status == LF_OK) {
        status = create_backtest(units, unit, &backtest, error);
    }
    if (status == LF_OK) {
        status = trade_feed(units, job, unit, feed, backtest, error);
    }
    if (status == LF_OK) {
        const lfi_unit_note note = {
            .instrument = *lf_feed_instrument(feed),
            .stats = *lf_feed_stats_of(feed),
            .carry_out = unit->carry_out,
        };
        status = lf_backtest_save(backtest, unit->key, &note, sizeof note, path, error);
    }
    lf_backtest_destroy(backtest);
    lf_feed_close(feed);
    return status;
}

lf_status
lfi_unit_make(const lfi_units *units, const lf_run_job *job, lfi_unit *unit, lf_error *error)
{
    char path[LFI_PATH_BYTES];
    lfi_unit_note note;
    lf_status status = lfi_source_key(&job->sources[unit->day], &unit->source, error);
    if (status != LF_OK) {
        return status;
    }
    uint64_t key = lf_hash64(&units->common_key, sizeof units->common_key, unit->source);
    key = lf_hash64(&unit->number, sizeof unit->number, key);
    unit->key = lf_hash64(&unit->carry, sizeof unit->carry, key);
    status = lfi_unit_path(units, unit, path, error);
    if (status != LF_OK) {
        return status;
    }
    if (units->job->strategy == NULL && access(path, F_OK) == 0 &&
        lf_backtest_read_note(job->allocator, path, unit->key, &note, sizeof note, NULL) == LF_OK) {
        unit->carry_out = note.carry_out;
        unit->was_done = true;
        return LF_OK;
    }
    return trade(units, job, unit, path, error);
}

static lf_status on_carry_batch(void *context, const lf_batch *batch, lf_error *error)
{
    (void)batch;
    return tell(context, "carry", error);
}

static lf_status no_rows(void *context, const lf_frame *rows, lf_error *error)
{
    (void)context;
    (void)rows;
    (void)error;
    return LF_OK;
}

lf_status
lfi_unit_carry(const lfi_units *units, const lf_run_job *job, lfi_unit *unit, lf_error *error)
{
    lf_feed *feed = NULL;
    lf_status status = open_feed(units, unit, &feed, error);
    if (status != LF_OK) {
        return status;
    }
    day_pass pass = {.job = job, .feed = feed};
    const lf_feature_rows_options options = {
        .engine =
            {
                .allocator = job->allocator,
                .clock = LF_CLOCK_LOCAL,
                .vpin_bucket_lots = lfi_meta_of(&units->trading->spans[0])->vpin_bucket_lots,
                .carry = &unit->carry,
            },
        .set = "vpin",
        .step_ns = LF_NS_PER_MINUTE,
        .on_batch = on_carry_batch,
    };
    status = lf_feature_rows(feed, &options, no_rows, &pass, &unit->carry_out, error);
    lf_feed_close(feed);
    return status;
}
