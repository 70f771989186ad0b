/* How long the work itself takes on this machine: each event and each row of a day is timed. */
#include "latency_internal.h"

#include <math.h>
#include <stdlib.h>

/* Times kept of one kind: enough for a stable 99th percentile. */
#define SAMPLES_MAX ((size_t)200000)

typedef struct samples {
    double *values; /* [SAMPLES_MAX] ns */
    size_t count;
} samples;

static void note(samples *to, int64_t begin_ns)
{
    const double taken = (double)(lf_clock_monotonic_ns() - begin_ns);
    if (to->count < SAMPLES_MAX) {
        to->values[to->count++] = taken;
    }
}

static int compare(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

static double quantile(const samples *from, double share)
{
    return from->count == 0 ? NAN : from->values[(size_t)(share * (double)(from->count - 1) + 0.5)];
}

/* Feeds a pipeline as it would be fed live; nobody answers its orders. */
static lf_status
time_events(lf_feed *feed, lf_pipeline *pipeline, samples *events, samples *rows, lf_error *error)
{
    while (events->count < SAMPLES_MAX) {
        lf_batch batch;
        const lf_status status = lf_feed_next(feed, &batch, error);
        if (status != LF_OK || batch.event_count == 0) {
            return status;
        }
        for (size_t i = 0; i < batch.event_count; i++) {
            const lf_event *const event = &batch.events[i];
            lf_row row;
            lf_intent intent;
            while (lf_pipeline_wake_due(pipeline) < event->ts_local_ns) {
                const int64_t begin_ns = lf_clock_monotonic_ns();
                if (lf_pipeline_wake(pipeline, &row) && row.traded) {
                    note(rows, begin_ns);
                }
            }
            const int64_t begin_ns = lf_clock_monotonic_ns();
            if (lf_pipeline_event(
                    pipeline, event->ts_local_ns, event, batch.trades + event->trade_first
                ) != LF_OK) {
                return lf_error_set(error, LF_RANGE, "The day is too busy for the windows.");
            }
            note(events, begin_ns);
            while (lf_pipeline_take(pipeline, 0, &intent)) {
            }
        }
    }
    return LF_OK;
}

static lf_status time_day(
    const lf_run_job *job,
    const lfi_trading *trading,
    lf_feed *feed,
    samples *events,
    samples *rows,
    lf_error *error
)
{
    lf_strategy_options strategy;
    lf_strategy_options_default(&strategy);
    strategy.signal = job->config->signal;
    strategy.execution = job->config->execution;
    strategy.risk = job->config->risk;
    const lf_model *const model = trading->spans[0].model;
    const lf_pipeline_options options = {
        .allocator = job->allocator,
        .strategies = &strategy,
        .strategy_count = 1,
        .spans = trading->spans,
        .span_count = trading->span_count,
        .step_ns = job->config->step_ns,
        .features =
            {
                .vpin_bucket_lots = lf_model_meta_of(model)->vpin_bucket_lots,
                .users = job->users,
            },
    };
    lf_pipeline *pipeline = NULL;
    lf_status status = lf_pipeline_create(lf_feed_instrument(feed), &options, &pipeline, error);
    if (status == LF_OK) {
        status = time_events(feed, pipeline, events, rows, error);
    }
    lf_pipeline_destroy(pipeline);
    return status;
}

static lf_status time_source(
    const lf_run_job *job,
    const lfi_trading *trading,
    const lf_source *source,
    samples *events,
    samples *rows,
    lf_error *error
)
{
    lf_feed_options options;
    lf_feed *feed = NULL;
    lf_run_feed_options(job->config, &options);
    options.allocator = job->allocator;
    lf_status status = lf_feed_open(source, &options, &feed, error);
    if (status == LF_OK) {
        status = time_day(job, trading, feed, events, rows, error);
    }
    lf_feed_close(feed);
    return status;
}

static json_t *row_json(const char *what, double asked_ns, double p50_ns, double p99_ns)
{
    return json_pack(
        "{s:s s:f s:f s:f}", "what", what, "asked_ns", asked_ns, "p50_ns", p50_ns, "p99_ns", p99_ns
    );
}

/* The brief's budget, beside what was measured and what the configuration says. */
static json_t *
budget_json(const lf_latency_options *given, const samples *events, const samples *rows)
{
    const double way = (double)(given->feed_ns + given->entry_ns);
    const double work50 = quantile(events, 0.5) + quantile(rows, 0.5);
    const double work99 = quantile(events, 0.99) + quantile(rows, 0.99);
    json_t *const out = json_array();
    json_array_append_new(
        out, row_json("features, an event", 1e6, quantile(events, 0.5), quantile(events, 0.99))
    );
    json_array_append_new(
        out, row_json("row, prediction, decision", 2e6, quantile(rows, 0.5), quantile(rows, 0.99))
    );
    json_array_append_new(
        out,
        row_json(
            "order to venue, as configured", 10e6, (double)given->entry_ns, (double)given->entry_ns
        )
    );
    json_array_append_new(
        out, row_json("whole, feed as configured", 50e6, way + work50, way + work99)
    );
    return out;
}

/* How often each time was needed, for execution.latency_decision_times. */
static lf_status write_times(const samples *rows, const char *folder, lf_error *error)
{
    char path[LFI_PATH_BYTES];
    lf_output *output = NULL;
    lf_status status = lfi_path(folder, "decision.csv", path, error);
    if (status == LF_OK) {
        status = lf_output_create(NULL, path, &output, error);
    }
    if (status == LF_OK) {
        status = lf_output_write(output, "ns,count\n", 9, error);
    }
    for (size_t i = 0; i < rows->count && status == LF_OK;) {
        size_t end = i;
        while (end < rows->count && !(rows->values[end] > rows->values[i])) {
            end++;
        }
        char line[64];
        const int length = snprintf(line, sizeof line, "%.0f,%zu\n", rows->values[i], end - i);
        status = lf_output_write(output, line, (size_t)length, error);
        i = end;
    }
    if (status == LF_OK) {
        status = lf_output_finish(output, error);
    }
    lf_output_destroy(output);
    return status;
}

lf_status lfi_latency_measure(
    const lf_run_job *job,
    const lfi_trading *trading,
    const char *folder,
    json_t **out,
    lf_error *error
)
{
    samples events = {.values = lf_allocate(job->allocator, SAMPLES_MAX, sizeof(double))};
    samples rows = {.values = lf_allocate(job->allocator, SAMPLES_MAX, sizeof(double))};
    lf_status status = LF_OK;
    *out = NULL;
    if (events.values == NULL || rows.values == NULL) {
        status = lf_error_set(error, LF_NOMEM, "No memory for the times of a day.");
    }
    /* The first day with rows that a model may trade. */
    for (size_t i = 0; i < job->source_count && status == LF_OK && rows.count == 0; i++) {
        events.count = 0;
        status = time_source(job, trading, &job->sources[i], &events, &rows, error);
    }
    if (status == LF_OK && rows.count > 0) {
        qsort(events.values, events.count, sizeof *events.values, compare);
        qsort(rows.values, rows.count, sizeof *rows.values, compare);
        status = write_times(&rows, folder, error);
        *out = budget_json(&job->config->execution.latency, &events, &rows);
    }
    lf_release(job->allocator, events.values);
    lf_release(job->allocator, rows.values);
    return status;
}
