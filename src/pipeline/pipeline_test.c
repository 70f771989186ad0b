/*
 * Goal: the pipeline makes the rows that the feature module makes, at the times of the grid, for
 * all strategies as for each alone, and takes no memory once it stands. Method: simulated LOBSTER
 * days given event by event; rows are compared byte by byte.
 */
#include <lobflow/feature.h>
#include <lobflow/model.h>
#include <lobflow/pipeline.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

#define SESSION_S 23400

/* ---- a day and what comes of it --------------------------------------------------------- */

static lf_testing_folder folder;

static int make_folder(void **state)
{
    (void)state;
    const lf_testing_day day = {
        .symbol = "TEST",
        .date = "2024-01-03",
        .seed = 11,
        .messages = 30000,
        .with_halts = true,
    };
    return lf_testing_folder_make(&folder) && lf_testing_day_write(&folder, &day) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    lf_testing_folder_remove(&folder);
    return 0;
}

static lf_feed *open_day(size_t batch_events, int64_t latency_ns)
{
    const lf_feed_options options = {.batch_events = batch_events, .feed_latency_ns = latency_ns};
    const char *const paths[] = {folder.path};
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

/* What a pass over the day leaves behind. */
typedef struct pass {
    double *features; /* [rows][lf_feature_count()] */
    lf_row *rows;
    size_t row_count;
    size_t intent_counts[2];
    uint64_t intent_hashes[2];
} pass;

static pass pass_new(void)
{
    pass out = {0};
    out.features = calloc((size_t)SESSION_S * lf_feature_count(), sizeof *out.features);
    out.rows = calloc(SESSION_S, sizeof *out.rows);
    assert_non_null(out.features);
    assert_non_null(out.rows);
    return out;
}

static void pass_free(pass *self)
{
    free(self->features);
    free(self->rows);
}

/* Requests are counted and then refused at once, so that each signal is seen. */
static void take_intents(lf_pipeline *pipeline, size_t strategies, int64_t now_ns, pass *out)
{
    for (size_t i = 0; i < strategies; i++) {
        for (lf_intent intent; lf_pipeline_take(pipeline, i, &intent);) {
            out->intent_counts[i]++;
            out->intent_hashes[i] =
                lf_hash64(&intent.request, sizeof intent.request, out->intent_hashes[i]);
            const lf_report report = {
                .order_id = intent.request.order_id,
                .kind = LF_REPORT_REJECTED,
                .state = LF_ORDER_STATE_REJECTED,
            };
            assert_int_equal(lf_pipeline_report(pipeline, i, now_ns, &report, NULL), LF_OK);
        }
    }
}

static void wake_until(lf_pipeline *pipeline, size_t strategies, int64_t ts_ns, pass *out)
{
    while (lf_pipeline_wake_due(pipeline) < ts_ns) {
        const int64_t now_ns = lf_pipeline_wake_due(pipeline);
        lf_row row;
        if (lf_pipeline_wake(pipeline, &row)) {
            assert_true(out->row_count < SESSION_S);
            const double *const features = lf_pipeline_features(pipeline);
            if (features != NULL) {
                memcpy(
                    out->features + out->row_count * lf_feature_count(),
                    features,
                    lf_feature_count() * sizeof *features
                );
            }
            out->rows[out->row_count++] = row;
        }
        take_intents(pipeline, strategies, now_ns, out);
    }
}

static void run(lf_pipeline *pipeline, size_t strategies, lf_feed *feed, pass *out)
{
    for (;;) {
        lf_batch batch;
        assert_int_equal(lf_feed_next(feed, &batch, NULL), LF_OK);
        if (batch.event_count == 0) {
            break;
        }
        for (size_t i = 0; i < batch.event_count; i++) {
            const lf_event *const event = &batch.events[i];
            wake_until(pipeline, strategies, event->ts_local_ns, out);
            assert_int_equal(
                lf_pipeline_event(
                    pipeline, event->ts_local_ns, event, batch.trades + event->trade_first
                ),
                LF_OK
            );
            take_intents(pipeline, strategies, event->ts_local_ns, out);
        }
    }
    wake_until(pipeline, strategies, INT64_MAX, out);
}

/* ---- rows ------------------------------------------------------------------------------- */

typedef struct wanted {
    const pass *made;
    size_t at;
} wanted;

static lf_status compare_rows(void *context, const lf_frame *rows, lf_error *error)
{
    (void)error;
    wanted *const self = context;
    lf_frame *const frame = (lf_frame *)(uintptr_t)rows;
    for (size_t i = 0; i < lf_frame_row_count(rows); i++, self->at++) {
        const lf_row *const row = &self->made->rows[self->at];
        assert_int_equal(lf_frame_i64(frame, 0)[i], row->ts_ns);
        assert_int_equal(lf_frame_bool(frame, 2)[i], row->valid);
        for (size_t f = 0; f < lf_feature_count(); f++) {
            const double *const made = &self->made->features[self->at * lf_feature_count() + f];
            if (memcmp(&lf_frame_f64(frame, 3 + f)[i], made, sizeof *made) != 0) {
                fail_msg(
                    "row %zu, %s: %g, alone %g",
                    self->at,
                    lf_feature_at(f)->name,
                    *made,
                    lf_frame_f64(frame, 3 + f)[i]
                );
            }
        }
    }
    return LF_OK;
}

/* With zero and with some feed latency, in batches of any size, the rows are those of
   lf_feature_rows() on the same clock, to the byte. */
static void test_rows_are_the_features(void **state)
{
    (void)state;
    static const struct {
        size_t batch_events;
        int64_t latency_ns;
        lf_clock clock;
    } runs[] = {
        {0, 0, LF_CLOCK_EXCHANGE},
        {1, 0, LF_CLOCK_LOCAL},
        {7, 250 * LF_NS_PER_MILLISECOND, LF_CLOCK_LOCAL},
    };
    lf_strategy_options strategy;
    lf_strategy_options_default(&strategy);
    for (size_t k = 0; k < sizeof runs / sizeof runs[0]; k++) {
        lf_feed *feed = open_day(runs[k].batch_events, runs[k].latency_ns);
        const lf_pipeline_options options = {.strategies = &strategy, .strategy_count = 1};
        lf_pipeline *pipeline;
        assert_int_equal(
            lf_pipeline_create(lf_feed_instrument(feed), &options, &pipeline, NULL), LF_OK
        );
        pass made = pass_new();
        run(pipeline, 1, feed, &made);
        lf_feed_close(feed);
        assert_int_equal(made.row_count, SESSION_S);
        assert_int_equal(made.intent_counts[0], 0);

        feed = open_day(0, runs[k].latency_ns);
        wanted rows = {.made = &made};
        lf_feature_carry alone;
        lf_feature_carry carried;
        const lf_feature_rows_options row_options = {.engine = {.clock = runs[k].clock}};
        assert_int_equal(
            lf_feature_rows(feed, &row_options, compare_rows, &rows, &alone, NULL), LF_OK
        );
        assert_int_equal(rows.at, SESSION_S);
        lf_pipeline_carry_get(pipeline, &carried);
        assert_memory_equal(&alone, &carried, sizeof alone);
        lf_feed_close(feed);
        lf_pipeline_destroy(pipeline);
        pass_free(&made);
    }
}

/* ---- predictions and strategies --------------------------------------------------------- */

static lf_model *some_model(int64_t open_ns)
{
    const lf_model_meta meta = lf_testing_model_meta(open_ns);
    lf_model *model = NULL;
    assert_int_equal(lf_testing_model(lf_testing_path(&folder, "model"), &meta, &model), LF_OK);
    return model;
}

/* Two strategies in one pass send what each sends alone; rows given instead of computed lead to the
   same requests. */
static void test_together_as_alone(void **state)
{
    (void)state;
    lf_strategy_options strategies[2];
    lf_strategy_options_default(&strategies[0]);
    lf_strategy_options_default(&strategies[1]);
    strategies[1].execution.entry = LF_ORDER_KIND_PASSIVE;
    lf_feed *feed = open_day(0, 0);
    const lf_instrument instrument = *lf_feed_instrument(feed);
    lf_feed_close(feed);
    lf_model *const model = some_model(instrument.session_open_ns);
    /* Two spans with a hole between them. */
    const int64_t open_ns = instrument.session_open_ns;
    const lf_span spans[] = {
        {.from_ns = open_ns, .to_ns = open_ns + 7000 * LF_NS_PER_SECOND, .model = model},
        {.from_ns = open_ns + 9000 * LF_NS_PER_SECOND, .to_ns = INT64_MAX, .model = model},
    };
    lf_span given[2] = {spans[0], spans[1]};
    given[0].model = given[1].model = NULL;
    given[0].meta = given[1].meta = *lf_model_meta_of(model);
    pass passes[4];
    for (int k = 0; k < 4; k++) {
        passes[k] = pass_new();
        const size_t count = k == 0 || k == 3 ? 2 : 1;
        const lf_pipeline_options options = {
            .strategies = k == 2 ? &strategies[1] : strategies,
            .strategy_count = count,
            .spans = k == 3 ? given : spans,
            .span_count = 2,
            .rows = k == 3 ? passes[0].rows : NULL,
            .row_count = SESSION_S,
        };
        lf_pipeline *pipeline;
        assert_int_equal(lf_pipeline_create(&instrument, &options, &pipeline, NULL), LF_OK);
        feed = open_day(0, 0);
        run(pipeline, count, feed, &passes[k]);
        lf_feed_close(feed);
        lf_pipeline_destroy(pipeline);
    }
    assert_true(passes[0].intent_counts[0] > 100);
    for (int k = 0; k < 2; k++) {
        assert_int_equal(passes[0].intent_counts[k], passes[1 + k].intent_counts[0]);
        assert_int_equal(passes[0].intent_hashes[k], passes[1 + k].intent_hashes[0]);
        assert_int_equal(passes[0].intent_counts[k], passes[3].intent_counts[k]);
        assert_int_equal(passes[0].intent_hashes[k], passes[3].intent_hashes[k]);
    }
    for (int i = 0; i < SESSION_S; i++) {
        const lf_row *const row = &passes[0].rows[i];
        const bool traded = i < 7000 || i >= 9000;
        assert_int_equal(row->span, i < 7000 ? 0 : traded ? 1 : -1);
        assert_int_equal(row->traded, traded);
        assert_true(traded || isnan(row->prediction.p_up_1min));
        assert_memory_equal(
            &passes[3].rows[i].prediction, &row->prediction, sizeof row->prediction
        );
        assert_int_equal(passes[3].rows[i].mid2, row->mid2);
        assert_int_equal(passes[3].rows[i].valid, row->valid);
    }
    for (int k = 0; k < 4; k++) {
        pass_free(&passes[k]);
    }
    lf_model_destroy(model);
}

/* ---- memory ----------------------------------------------------------------------------- */

static void test_memory(void **state)
{
    (void)state;
    lf_feed *feed = open_day(0, 0);
    const lf_instrument instrument = *lf_feed_instrument(feed);
    lf_model *const model = some_model(instrument.session_open_ns);
    const lf_span span = {
        .from_ns = instrument.session_open_ns, .to_ns = INT64_MAX, .model = model};
    lf_strategy_options strategies[2];
    lf_strategy_options_default(&strategies[0]);
    lf_strategy_options_default(&strategies[1]);
    strategies[1].execution.entry = LF_ORDER_KIND_PASSIVE;
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        const lf_pipeline_options options = {
            .allocator = &memory.allocator,
            .strategies = strategies,
            .strategy_count = 2,
            .spans = &span,
            .span_count = 1,
            .features = {.window_events_max = 4096},
        };
        lf_pipeline *pipeline = (lf_pipeline *)&pipeline;
        lf_error error;
        const lf_status status = lf_pipeline_create(&instrument, &options, &pipeline, &error);
        if (memory.calls <= n) {
            /* Enough memory: from here on the day takes none. */
            assert_int_equal(status, LF_OK);
            const uint64_t calls = memory.calls;
            pass made = pass_new();
            run(pipeline, 2, feed, &made);
            assert_true(made.intent_counts[0] > 100);
            assert_int_equal(memory.calls, calls);
            pass_free(&made);
            lf_pipeline_destroy(pipeline);
            assert_int_equal(memory.live, 0);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
        assert_null(pipeline);
        assert_int_equal(memory.live, 0);
    }
    lf_model_destroy(model);
    lf_feed_close(feed);
    lf_pipeline_destroy(NULL);
}

/* ---- what is refused -------------------------------------------------------------------- */

typedef struct refusal {
    const char *name;
    size_t strategy_count;
    size_t span_count;
    lf_span spans[2];
    size_t row_count;
    int64_t rows_from_ns;
    int64_t step_ns;
    double p_long, stop_ticks, max_daily_loss;
    int64_t entry_ns;
    lf_status status;
    const char *says;
} refusal;

static const refusal refusals[] = {
    {.name = "no strategy", .status = LF_RANGE, .says = "strategy"},
    {.name = "signal", .strategy_count = 1, .p_long = 2, .status = LF_RANGE, .says = "p_long"},
    {.name = "stop", .strategy_count = 1, .stop_ticks = -1, .status = LF_RANGE, .says = "stop_t"},
    {.name = "latency",
     .strategy_count = 1,
     .entry_ns = -1,
     .status = LF_RANGE,
     .says = "latency_entry"},
    {.name = "loss",
     .strategy_count = 1,
     .max_daily_loss = -5,
     .status = LF_RANGE,
     .says = "max_daily_loss"},
    {.name = "step", .strategy_count = 1, .step_ns = -1, .status = LF_RANGE, .says = "step"},
    {.name = "a span without model",
     .strategy_count = 1,
     .span_count = 1,
     .spans = {{.from_ns = 1, .to_ns = 2}},
     .status = LF_RANGE,
     .says = "no model"},
    {.name = "a span that ends before it begins",
     .strategy_count = 1,
     .span_count = 1,
     .spans = {{.from_ns = 3, .to_ns = 2}},
     .row_count = 1,
     .status = LF_RANGE,
     .says = "Span 0"},
    {.name = "spans that overlap",
     .strategy_count = 1,
     .span_count = 2,
     .spans = {{.from_ns = 1, .to_ns = 5}, {.from_ns = 4, .to_ns = 9}},
     .row_count = 1,
     .status = LF_RANGE,
     .says = "Span 1"},
    {.name = "rows off the grid",
     .strategy_count = 1,
     .row_count = 3,
     .rows_from_ns = 1,
     .status = LF_MISMATCH,
     .says = "Row 0"},
    {.name = "rows of another step",
     .strategy_count = 1,
     .row_count = 3,
     .step_ns = 2 * LF_NS_PER_SECOND,
     .status = LF_MISMATCH,
     .says = "Row 1"},
};

static void test_refusals(void **state)
{
    (void)state;
    lf_feed *const feed = open_day(0, 0);
    const lf_instrument *const instrument = lf_feed_instrument(feed);
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const refusal *const row = &refusals[i];
        lf_strategy_options strategy;
        lf_strategy_options_default(&strategy);
        strategy.signal.p_long = row->p_long > 0 ? row->p_long : strategy.signal.p_long;
        strategy.risk.stop_ticks = row->stop_ticks < 0 ? row->stop_ticks : 3;
        strategy.risk.max_daily_loss = row->max_daily_loss < 0 ? row->max_daily_loss : NAN;
        strategy.execution.latency.entry_ns = row->entry_ns;
        lf_row rows[3];
        for (int k = 0; k < 3; k++) {
            const int64_t first_ns = instrument->session_open_ns + row->rows_from_ns;
            rows[k] = (lf_row){.ts_ns = first_ns + k * LF_NS_PER_SECOND};
        }
        const lf_pipeline_options options = {
            .strategies = &strategy,
            .strategy_count = row->strategy_count,
            .spans = row->spans,
            .span_count = row->span_count,
            .rows = row->row_count > 0 ? rows : NULL,
            .row_count = row->row_count,
            .step_ns = row->step_ns,
        };
        lf_pipeline *pipeline = (lf_pipeline *)&pipeline;
        lf_error error;
        const lf_status status = lf_pipeline_create(instrument, &options, &pipeline, &error);
        assert_null(pipeline);
        if (status != row->status || strstr(error.message, row->says) == NULL) {
            fail_msg("%s: %s, \"%s\"", row->name, lf_status_name(status), error.message);
        }
    }
    lf_feed_close(feed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_the_features),
        cmocka_unit_test(test_together_as_alone),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
