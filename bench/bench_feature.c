/*
 * Time of the feature engine on one day: ns per event of updates, ns per row on the 1 s grid and at
 * every event time, with and without the many-level flows. Minimum of several runs over events that
 * lie in memory, so that reading the feed is not measured.
 *
 *     bench_feature DATA [RUNS]
 */
#include <lobflow/feature.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUNS_DEFAULT 9
#define FEATURES_MAX 256

/* A day in memory. */
typedef struct day {
    lf_instrument instrument;
    lf_event *events;
    lf_trade *trades;
    size_t event_count;
    size_t event_capacity;
    size_t trade_count;
    size_t trade_capacity;
} day;

/* When rows are asked for. */
typedef enum row_mode {
    ROWS_NONE = 0,
    ROWS_GRID = 1,
    ROWS_EVENTS = 2,
} row_mode;

static lf_status append_batch(day *out, const lf_batch *batch)
{
    void *events = out->events;
    void *trades = out->trades;
    lf_status status = lf_grow(
        NULL,
        &events,
        &out->event_capacity,
        out->event_count + batch->event_count,
        sizeof *out->events
    );
    if (status == LF_OK) {
        status = lf_grow(
            NULL,
            &trades,
            &out->trade_capacity,
            out->trade_count + batch->trade_count,
            sizeof *out->trades
        );
    }
    out->events = events;
    out->trades = trades;
    if (status != LF_OK) {
        return status;
    }
    for (size_t i = 0; i < batch->event_count; i++) {
        lf_event *event = &out->events[out->event_count + i];
        *event = batch->events[i];
        event->trade_first += (uint32_t)out->trade_count;
    }
    if (batch->trade_count > 0) {
        memcpy(
            out->trades + out->trade_count,
            batch->trades,
            batch->trade_count * sizeof *batch->trades
        );
    }
    out->event_count += batch->event_count;
    out->trade_count += batch->trade_count;
    return LF_OK;
}

static lf_status read_day(const char *path, day *out, lf_error *error)
{
    lf_source_list list;
    lf_status status = lf_feed_find(&path, 1, NULL, &list, error);
    if (status != LF_OK) {
        return status;
    }
    lf_feed *feed = NULL;
    status = lf_feed_open(&list.sources[0], NULL, &feed, error);
    lf_source_list_clear(&list);
    lf_batch batch = {.event_count = 1};
    while (status == LF_OK && batch.event_count > 0) {
        status = lf_feed_next(feed, &batch, error);
        if (status == LF_OK) {
            status = append_batch(out, &batch);
        }
    }
    if (status == LF_OK) {
        out->instrument = *lf_feed_instrument(feed);
    }
    lf_feed_close(feed);
    return status;
}

/* One pass; ns taken, or -1. Counts the rows. */
static int64_t pass(const day *data, bool with_mlofi, row_mode mode, size_t *rows)
{
    const lf_feature_options options = {.with_mlofi = with_mlofi, .vpin_bucket_lots = 2000};
    lf_feature_engine *engine;
    if (lf_feature_engine_create(&data->instrument, &options, &engine, NULL) != LF_OK) {
        return -1;
    }
    double row[FEATURES_MAX];
    bool valid;
    *rows = 0;
    int64_t grid_ns = data->instrument.session_open_ns;
    const int64_t close_ns = data->instrument.session_close_ns;
    lf_status status = LF_OK;
    const int64_t begin_ns = lf_clock_monotonic_ns();
    for (size_t i = 0; status == LF_OK && i < data->event_count; i++) {
        const lf_event *event = &data->events[i];
        const int64_t ts_ns = event->ts_exchange_ns;
        for (; mode == ROWS_GRID && grid_ns < ts_ns && grid_ns < close_ns; ++*rows) {
            lf_feature_row(engine, grid_ns, row, &valid);
            grid_ns += LF_NS_PER_SECOND;
        }
        if (mode == ROWS_EVENTS && i > 0 && ts_ns > event[-1].ts_exchange_ns) {
            lf_feature_row(engine, event[-1].ts_exchange_ns, row, &valid);
            ++*rows;
        }
        status = lf_feature_update(engine, event, data->trades + event->trade_first);
    }
    const int64_t end_ns = lf_clock_monotonic_ns();
    lf_feature_engine_destroy(engine);
    return status == LF_OK ? end_ns - begin_ns : -1;
}

static int64_t best_of(const day *data, bool with_mlofi, row_mode mode, int runs, size_t *rows)
{
    int64_t best = INT64_MAX;
    for (int i = 0; i < runs; i++) {
        const int64_t taken = pass(data, with_mlofi, mode, rows);
        best = taken < best ? taken : best;
    }
    return best;
}

int main(int count, char **words)
{
    if (count < 2) {
        (void)fprintf(stderr, "usage: bench_feature DATA [RUNS]\n");
        return 2;
    }
    const long asked = count > 2 ? strtol(words[2], NULL, 10) : RUNS_DEFAULT;
    const int runs = asked > 0 && asked < 1000 ? (int)asked : RUNS_DEFAULT;
    day data = {0};
    lf_error error = {0};
    if (lf_feature_count() > FEATURES_MAX || read_day(words[1], &data, &error) != LF_OK) {
        (void)fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    for (int with_mlofi = 0; with_mlofi < 2; with_mlofi++) {
        size_t rows[3] = {0};
        const double update = (double)best_of(&data, with_mlofi, ROWS_NONE, runs, &rows[0]);
        const double grid = (double)best_of(&data, with_mlofi, ROWS_GRID, runs, &rows[1]);
        const double events = (double)best_of(&data, with_mlofi, ROWS_EVENTS, runs, &rows[2]);
        (void)printf(
            "%s: %.1f ns/event over %zu events, %.0f ns/row on the 1 s grid, %.0f ns/row at "
            "events\n",
            with_mlofi ? "with mlofi" : "default",
            update / (double)data.event_count,
            data.event_count,
            (grid - update) / (double)rows[1],
            (events - update) / (double)rows[2]
        );
    }
    lf_release(NULL, data.events);
    lf_release(NULL, data.trades);
    return 0;
}
