/*
 * Simulated days, a small model and some ways to trade it, for the tests of the backtest. Header
 * only; include it after cmocka.h.
 */
#ifndef LOBFLOW_BACKTEST_DAYS_TESTING_H
#define LOBFLOW_BACKTEST_DAYS_TESTING_H

#include <lobflow/backtest.h>
#include <lobflow/model.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../tests/testing.h"

#define DAYS_MS LF_NS_PER_MILLISECOND
/* Latencies that differ, so that none can stand in for another. */
#define DAYS_FEED_NS (11 * DAYS_MS)
#define DAYS_DECISION_NS (2 * DAYS_MS)
#define DAYS_ENTRY_NS (7 * DAYS_MS)
#define DAYS_CANCEL_NS (3 * DAYS_MS)
#define DAYS_RESPONSE_NS (5 * DAYS_MS)

enum {
    DAYS_STRATEGIES = 5
};

LF_TESTING_UNUSED static lf_feed *
days_open(const lf_testing_folder *folder, size_t batch_events, int64_t feed_ns)
{
    const lf_feed_options options = {.batch_events = batch_events, .feed_latency_ns = feed_ns};
    const char *const paths[] = {folder->path};
    lf_source_list list;
    lf_feed *feed = NULL;
    lf_error error;
    if (lf_feed_find(paths, 1, &options, &list, &error) != LF_OK ||
        lf_feed_open(&list.sources[0], &options, &feed, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    lf_source_list_clear(&list);
    return feed;
}

/* Five ways to trade the same predictions. */
LF_TESTING_UNUSED static void days_strategies(lf_strategy_options out[DAYS_STRATEGIES])
{
    for (int i = 0; i < DAYS_STRATEGIES; i++) {
        lf_strategy_options_default(&out[i]);
        out[i].name[0] = (char)('a' + i);
        out[i].name[1] = '\0';
        out[i].execution.latency = (lf_latency_options){
            .feed_ns = DAYS_FEED_NS,
            .decision_ns = DAYS_DECISION_NS,
            .entry_ns = DAYS_ENTRY_NS,
            .cancel_ns = DAYS_CANCEL_NS,
            .response_ns = DAYS_RESPONSE_NS,
        };
    }
    out[1].execution.entry = LF_ORDER_KIND_PASSIVE;
    out[2].execution.entry = LF_ORDER_KIND_PASSIVE;
    out[2].execution.post_only = false;
    out[2].execution.passive_timeout = LF_TIMEOUT_CROSS;
    out[2].execution.passive_limit_ns = 20 * LF_NS_PER_SECOND;
    out[3].execution.limit_ticks = 0;
    out[3].execution.impact = (lf_impact_options){
        .model = LF_IMPACT_SQUARE_ROOT,
        .factor = 1,
        .daily_volatility_bps = 150,
        .daily_volume_lots = 1e6,
    };
    out[3].risk.order_size = 370;
    out[3].risk.max_position = 333;
    out[4].execution.entry = LF_ORDER_KIND_PASSIVE;
    out[4].execution.fees.schedule = LF_FEE_SCHEDULE_BPS;
    out[4].execution.fees.maker_bps = -1;
    out[4].risk.stop_ticks = 0;
    out[4].risk.stop_spreads = 0;
    out[4].risk.max_daily_loss = 40;
    out[4].risk.flatten_ns = 0;
}

/* A model that was fitted before a time; end it with lf_model_destroy(). */
LF_TESTING_UNUSED static lf_model *
days_model(const lf_testing_folder *folder, int64_t purge_until_ns)
{
    const lf_model_meta meta = lf_testing_model_meta(purge_until_ns);
    lf_model *model = NULL;
    assert_int_equal(lf_testing_model(lf_testing_path(folder, "model"), &meta, &model), LF_OK);
    return model;
}

/* One backtest with all five strategies. */
LF_TESTING_UNUSED static lf_backtest *days_backtest(const lf_allocator *allocator)
{
    lf_strategy_options strategies[DAYS_STRATEGIES];
    days_strategies(strategies);
    const lf_backtest_options options = {
        .allocator = allocator,
        .strategies = strategies,
        .strategy_count = DAYS_STRATEGIES,
        .starting_cash = 1000,
        .check_every_fill = true,
    };
    lf_backtest *backtest = NULL;
    assert_int_equal(lf_backtest_create(&options, &backtest, NULL), LF_OK);
    return backtest;
}

/* Trades one folder's day from its open on; fails the test when the backtest does. */
LF_TESTING_UNUSED static void days_trade(
    lf_backtest *backtest, const lf_testing_folder *folder, const lf_model *model, size_t batch
)
{
    lf_feed *const feed = days_open(folder, batch, DAYS_FEED_NS);
    const lf_span span = {.from_ns = INT64_MIN, .to_ns = INT64_MAX, .model = model};
    const lf_backtest_day_options day = {.spans = &span, .span_count = 1};
    lf_error error;
    if (lf_backtest_day(backtest, feed, &day, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    lf_feed_close(feed);
}

/* ---- tables ----------------------------------------------------------------------------- */

LF_TESTING_UNUSED static size_t days_column(const lf_frame *frame, const char *name)
{
    const size_t column = lf_frame_find(frame, name);
    if (column == SIZE_MAX) {
        fail_msg("no column %s", name);
    }
    return column;
}

LF_TESTING_UNUSED static const int64_t *days_whole(lf_frame *frame, const char *name)
{
    return lf_frame_i64(frame, days_column(frame, name));
}

LF_TESTING_UNUSED static const double *days_number(lf_frame *frame, const char *name)
{
    return lf_frame_f64(frame, days_column(frame, name));
}

LF_TESTING_UNUSED static const char *days_text(lf_frame *frame, const char *name, size_t row)
{
    return lf_frame_text(frame, days_column(frame, name), row);
}

/* Fingerprint of the first rows of a table, every column. */
LF_TESTING_UNUSED static uint64_t days_hash(lf_frame *frame, size_t rows)
{
    uint64_t hash = rows;
    for (size_t c = 0; c < lf_frame_column_count(frame); c++) {
        switch (lf_frame_column(frame, c).kind) {
        case LF_COLUMN_F64:
            hash = lf_hash64(lf_frame_f64(frame, c), rows * sizeof(double), hash);
            break;
        case LF_COLUMN_I64:
        case LF_COLUMN_TIME:
            hash = lf_hash64(lf_frame_i64(frame, c), rows * sizeof(int64_t), hash);
            break;
        case LF_COLUMN_BOOL:
            hash = lf_hash64(lf_frame_bool(frame, c), rows, hash);
            break;
        case LF_COLUMN_TEXT:
            for (size_t i = 0; i < rows; i++) {
                const char *const text = lf_frame_text(frame, c, i);
                hash = lf_hash64(text, strlen(text) + 1, hash);
            }
            break;
        }
    }
    return hash;
}

/* Fingerprint of all tables of all strategies and of the predictions. */
LF_TESTING_UNUSED static uint64_t days_hash_all(lf_backtest *backtest)
{
    lf_frame *const predictions = lf_backtest_predictions(backtest);
    uint64_t hash = days_hash(predictions, lf_frame_row_count(predictions));
    for (size_t i = 0; i < lf_backtest_strategy_count(backtest); i++) {
        for (int t = 0; t < LF_BACKTEST_TABLE_COUNT; t++) {
            lf_frame *const frame = lf_backtest_frame(backtest, i, (lf_backtest_table)t);
            const uint64_t one = days_hash(frame, lf_frame_row_count(frame));
            hash = lf_hash64(&one, sizeof one, hash);
        }
    }
    return hash;
}

/* ---- what truly was --------------------------------------------------------------------- */

/* The state after each event, on the exchange clock. */
typedef struct days_state {
    int64_t ts_ns;
    int64_t bid, ask, mid2; /* of the last valid state */
    bool valid;
} days_state;

typedef struct days_path {
    days_state *states;
    size_t count;
} days_path;

LF_TESTING_UNUSED static days_path days_path_read(const lf_testing_folder *folder)
{
    lf_feed *const feed = days_open(folder, 0, 0);
    days_path path = {0};
    days_state state = {0};
    for (;;) {
        lf_batch batch;
        assert_int_equal(lf_feed_next(feed, &batch, NULL), LF_OK);
        if (batch.event_count == 0) {
            break;
        }
        path.states = realloc(path.states, (path.count + batch.event_count) * sizeof *path.states);
        assert_non_null(path.states);
        for (size_t i = 0; i < batch.event_count; i++) {
            const lf_event *const event = &batch.events[i];
            state.ts_ns = event->ts_exchange_ns;
            state.valid = lf_book_event_valid(event);
            if (state.valid) {
                state.bid = event->quotes.bid_ticks[0];
                state.ask = event->quotes.ask_ticks[0];
                state.mid2 = state.bid + state.ask;
            }
            path.states[path.count++] = state;
        }
    }
    lf_feed_close(feed);
    return path;
}

/* The state that all events at or before a time have reached; NULL before the first. */
LF_TESTING_UNUSED static const days_state *days_at(const days_path *path, int64_t ts_ns)
{
    size_t low = 0;
    size_t high = path->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (path->states[middle].ts_ns <= ts_ns) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == 0 ? NULL : &path->states[low - 1];
}

#endif
