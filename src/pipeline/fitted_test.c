/*
 * Goal: models with fitted features of their own share one engine, each row is made with the
 * parameters of its model to the byte, and no memory is taken for it; other books are refused.
 * Method: a simulated LOBSTER day traded by two models whose parameters differ; predictions beside
 * those from rows of lf_feature_rows() with each model's parameters.
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
#define CUT_S 9000
#define SET "default,ofi_integrated_1min,microprice_offset_ticks"

static lf_testing_folder folder;

static int make_folder(void **state)
{
    (void)state;
    const lf_testing_day day = {
        .symbol = "TEST",
        .date = "2024-01-03",
        .seed = 12,
        .messages = 20000,
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

static lf_feed *open_day(void)
{
    const char *const paths[] = {folder.path};
    lf_source_list list;
    lf_feed *feed = NULL;
    assert_int_equal(lf_feed_find(paths, 1, NULL, &list, NULL), LF_OK);
    assert_int_equal(lf_feed_open(&list.sources[0], NULL, &feed, NULL), LF_OK);
    lf_source_list_clear(&list);
    return feed;
}

/* A logistic model of the two fitted features; `tilt` makes parameters differ. */
static lf_model *make_model(const char *name, int32_t levels, double tilt, int64_t open_ns)
{
    const size_t features[] = {
        lf_feature_find("ofi_integrated_1min"), lf_feature_find("microprice_offset_ticks")};
    static const double weights[] = {0.05, 0.7};
    static const double means[] = {0, 0};
    const lf_linear_head head = {.weights = weights, .means = means};
    lf_feature_fitted fitted = {
        .integrated[2].level_count = levels,
        .microprice =
            {
                .imbalance_count = 3,
                .spread_count = 1,
                .pools_wide = true,
                .bounds = {0.1 + tilt},
                .offset_ticks = {{-tilt, 0, tilt}},
            },
    };
    for (int32_t m = 0; m < levels; m++) {
        fitted.integrated[2].weights[m] = m == 0 ? tilt : (1 - tilt) / (levels - 1);
    }
    const lf_model_content content = {
        .meta = lf_testing_model_meta(open_ns),
        .features = features,
        .feature_count = 2,
        .linear = {&head, &head, &head},
        .fitted = &fitted,
    };
    const char *const path = lf_testing_path(&folder, name);
    lf_model *model = NULL;
    assert_int_equal(lf_model_save(path, &content, NULL), LF_OK);
    assert_int_equal(lf_model_load(NULL, path, &model, NULL), LF_OK);
    return model;
}

/* ---- a day through the pipeline --------------------------------------------------------- */

static void wake_until(lf_pipeline *pipeline, int64_t ts_ns, lf_row *rows, size_t *count)
{
    while (lf_pipeline_wake_due(pipeline) < ts_ns) {
        const int64_t now_ns = lf_pipeline_wake_due(pipeline);
        if (lf_pipeline_wake(pipeline, &rows[*count])) {
            ++*count;
        }
        for (lf_intent intent; lf_pipeline_take(pipeline, 0, &intent);) {
            const lf_report report = {
                .order_id = intent.request.order_id,
                .kind = LF_REPORT_REJECTED,
                .state = LF_ORDER_STATE_REJECTED,
            };
            assert_int_equal(lf_pipeline_report(pipeline, 0, now_ns, &report, NULL), LF_OK);
        }
    }
}

static void run(lf_pipeline *pipeline, lf_row *rows)
{
    lf_feed *feed = open_day();
    size_t count = 0;
    for (;;) {
        lf_batch batch;
        assert_int_equal(lf_feed_next(feed, &batch, NULL), LF_OK);
        if (batch.event_count == 0) {
            break;
        }
        for (size_t i = 0; i < batch.event_count; i++) {
            const lf_event *const event = &batch.events[i];
            const lf_trade *const trades = batch.trades + event->trade_first;
            wake_until(pipeline, event->ts_local_ns, rows, &count);
            assert_int_equal(lf_pipeline_event(pipeline, event->ts_local_ns, event, trades), LF_OK);
        }
    }
    wake_until(pipeline, INT64_MAX, rows, &count);
    assert_int_equal(count, SESSION_S);
    lf_feed_close(feed);
}

/* ---- the same from rows ----------------------------------------------------------------- */

typedef struct wanted {
    const lf_model *model;
    const lf_row *rows;
    size_t first, end; /* rows that the model trades */
    size_t at;
    size_t moving; /* rows whose fitted features are both defined and not 0 */
} wanted;

static lf_status compare(void *context, const lf_frame *piece, lf_error *error)
{
    (void)error;
    wanted *const self = context;
    lf_frame *const frame = (lf_frame *)(uintptr_t)piece;
    const size_t integrated = lf_frame_find(frame, "ofi_integrated_1min");
    const size_t microprice = lf_frame_find(frame, "microprice_offset_ticks");
    for (size_t i = 0; i < lf_frame_row_count(piece); i++, self->at++) {
        double row[LF_MODEL_FEATURES_MAX] = {0};
        lf_prediction found;
        if (self->at < self->first || self->at >= self->end) {
            continue;
        }
        const double x = lf_frame_f64(frame, integrated)[i];
        const double y = lf_frame_f64(frame, microprice)[i];
        row[lf_feature_find("ofi_integrated_1min")] = x;
        row[lf_feature_find("microprice_offset_ticks")] = y;
        lf_model_predict(self->model, row, lf_frame_bool(frame, 2)[i] != 0, &found);
        assert_memory_equal(&found, &self->rows[self->at].prediction, sizeof found);
        self->moving += !isnan(x) && x != 0 && !isnan(y) && y != 0 ? 1 : 0;
    }
    return LF_OK;
}

static void test_two_models(void **state)
{
    (void)state;
    lf_feed *feed = open_day();
    const lf_instrument instrument = *lf_feed_instrument(feed);
    lf_feed_close(feed);
    const int64_t open_ns = instrument.session_open_ns;
    const int64_t cut_ns = open_ns + CUT_S * LF_NS_PER_SECOND;
    lf_model *const models[] = {
        make_model("one", instrument.level_count, 0.25, open_ns),
        make_model("two", instrument.level_count, 0.5, open_ns),
    };
    const lf_span spans[] = {
        {.from_ns = open_ns, .to_ns = cut_ns, .model = models[0]},
        {.from_ns = cut_ns, .to_ns = INT64_MAX, .model = models[1]},
    };
    lf_strategy_options strategy;
    lf_strategy_options_default(&strategy);
    lf_testing_memory memory;
    lf_testing_memory_start(&memory, UINT64_MAX);
    const lf_pipeline_options options = {
        .allocator = &memory.allocator,
        .strategies = &strategy,
        .strategy_count = 1,
        .spans = spans,
        .span_count = 2,
    };
    lf_pipeline *pipeline;
    lf_row *const rows = calloc(SESSION_S + 1, sizeof *rows);
    assert_non_null(rows);
    assert_int_equal(lf_pipeline_create(&instrument, &options, &pipeline, NULL), LF_OK);
    const uint64_t calls = memory.calls;
    run(pipeline, rows);
    assert_int_equal(memory.calls, calls);
    lf_pipeline_destroy(pipeline);
    for (size_t k = 0; k < 2; k++) {
        wanted self = {
            .model = models[k],
            .rows = rows,
            .first = k == 0 ? 0 : CUT_S,
            .end = k == 0 ? CUT_S : SESSION_S,
        };
        const lf_feature_rows_options row_options = {
            .set = SET,
            .fitted = lf_model_fitted(models[k]),
        };
        feed = open_day();
        assert_int_equal(lf_feature_rows(feed, &row_options, compare, &self, NULL, NULL), LF_OK);
        lf_feed_close(feed);
        assert_true(self.moving > 1000);
        lf_model_destroy(models[k]);
    }
    free(rows);
}

static void test_other_levels(void **state)
{
    (void)state;
    lf_feed *feed = open_day();
    const lf_instrument instrument = *lf_feed_instrument(feed);
    lf_feed_close(feed);
    lf_model *const model =
        make_model("other", instrument.level_count - 1, 0.25, instrument.session_open_ns);
    const lf_span span = {.from_ns = 0, .to_ns = INT64_MAX, .model = model};
    lf_strategy_options strategy;
    lf_strategy_options_default(&strategy);
    const lf_pipeline_options options = {
        .strategies = &strategy, .strategy_count = 1, .spans = &span, .span_count = 1};
    lf_pipeline *pipeline = NULL;
    lf_error error;
    assert_int_equal(lf_pipeline_create(&instrument, &options, &pipeline, &error), LF_MISMATCH);
    assert_null(pipeline);
    assert_non_null(strstr(error.message, "ofi_integrated_1min were fitted on books of"));
    lf_model_destroy(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_models),
        cmocka_unit_test(test_other_levels),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
