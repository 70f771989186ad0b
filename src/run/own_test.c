/*
 * Goal: a strategy of one's own in the verbs: with a model, with predictions, with the walk's
 * models and with neither; the rules written down again make the run that the rules make; one that
 * gives up ends the run with what it said and leaves nothing behind; verbs that cannot trade it say
 * so. Method: two simulated days and a logistic model of the first.
 */
#include "trade_internal.h"

#include <lobflow/report.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../tests/testing.h"

static lf_testing_folder data;
static lf_source_list sources;
static lf_config *config;
static lf_model *model;

static int make_data(void **state)
{
    static const char *const dates[] = {"2024-01-03", "2024-01-04"};
    (void)state;
    bool good = lf_testing_folder_make(&data);
    for (size_t i = 0; i < 2 && good; i++) {
        const lf_testing_day day = {
            .symbol = "AB", .date = dates[i], .seed = 400 + i, .messages = 6000};
        good = lf_testing_day_write(&data, &day);
    }
    const char *const paths[] = {data.path};
    if (!good || lf_feed_find(paths, 1, NULL, &sources, NULL) != LF_OK) {
        return -1;
    }
    config = malloc(sizeof *config);
    lf_config_default(config);
    config->model.kind = LF_TRAIN_LOGISTIC;
    config->signal.p_long = 0.5;
    config->signal.p_short = 0.5;
    const lf_run_job job = {.config = config, .sources = sources.sources, .source_count = 1};
    const char *const path = lf_testing_path(&data, "model");
    return lf_run_train(&job, path, NULL, NULL) == LF_OK &&
                   lf_model_load(NULL, path, &model, NULL) == LF_OK
               ? 0
               : -1;
}

static int remove_data(void **state)
{
    (void)state;
    lf_model_destroy(model);
    free(config);
    lf_source_list_clear(&sources);
    lf_testing_folder_remove(&data);
    return 0;
}

static lf_run_job job_of(const lf_run_strategy *strategy)
{
    return (lf_run_job){
        .config = config,
        .sources = sources.sources + 1,
        .source_count = 1,
        .strategy = strategy,
    };
}

/* ---- strategies ------------------------------------------------------------------------- */

/* The rules of [signal] with the options of the configuration; fails at a call when it is told. */
static lf_status rules(
    void *context,
    void *state,
    const lf_strategy_view *view,
    const double *features,
    lf_action *action
)
{
    const int64_t fail_at = context != NULL ? *(const int64_t *)context : -1;
    (void)features;
    if ((*(int64_t *)state)++ == fail_at) {
        return LF_CANCELLED;
    }
    const double p = view->p_up_1min;
    const int side = p > config->signal.p_long ? 1 : p < config->signal.p_short ? -1 : 0;
    const double flow = side * view->ofi_norm_1min;
    const bool go = flow > view->ofi_threshold || flow < -view->ofi_extreme;
    if (side != 0 && go && view->working_lots == 0 && view->position_lots * side <= 0) {
        action->kind = LF_ACTION_TARGET;
        action->lots = side * config->risk.order_size;
    }
    return LF_OK;
}

static const lf_run_strategy rules_again = {.decide = rules, .state_bytes = sizeof(int64_t)};

static size_t rows_of(const char *path)
{
    lf_frame *table = NULL;
    assert_int_equal(lf_frame_read(lf_testing_path(&data, path), &table, NULL), LF_OK);
    const size_t rows = lf_frame_row_count(table);
    lf_frame_destroy(table);
    return rows;
}

static void must_be_same_fills(const char *left, const char *right)
{
    lf_frame *tables[2];
    for (int k = 0; k < 2; k++) {
        const char *const path = lf_testing_path(&data, k == 0 ? left : right);
        assert_int_equal(lf_frame_read(path, &tables[k], NULL), LF_OK);
    }
    const size_t rows = lf_frame_row_count(tables[0]);
    assert_true(rows > 20 && rows == lf_frame_row_count(tables[1]));
    for (size_t c = 0; c < lf_frame_column_count(tables[0]); c++) {
        for (size_t i = 0; i < rows; i++) {
            if (lf_frame_column(tables[0], c).kind == LF_COLUMN_TEXT) {
                assert_string_equal(lf_frame_text(tables[0], c, i), lf_frame_text(tables[1], c, i));
            } else if (lf_frame_column(tables[0], c).kind == LF_COLUMN_F64) {
                const double x = lf_frame_f64(tables[0], c)[i];
                const double y = lf_frame_f64(tables[1], c)[i];
                assert_true(x == y || (isnan(x) && isnan(y)));
            }
        }
    }
    lf_frame_destroy(tables[0]);
    lf_frame_destroy(tables[1]);
}

/* ---- tests ------------------------------------------------------------------------------ */

static void test_with_model(void **state)
{
    (void)state;
    const lf_run_job plain = job_of(NULL);
    const lf_run_job own = job_of(&rules_again);
    lf_error error;
    if (lf_run_backtest(&plain, model, false, lf_testing_path(&data, "rules"), NULL, &error) !=
            LF_OK ||
        lf_run_backtest(&own, model, false, lf_testing_path(&data, "own"), NULL, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    must_be_same_fills("rules/fills.parquet", "own/fills.parquet");
    assert_int_equal(access(lf_testing_path(&data, "own/.units"), F_OK), -1);
    assert_int_equal(access(lf_testing_path(&data, "own/report.html"), F_OK), 0);
    assert_true(rows_of("own/strategy_optimistic/fills.parquet") > 0);
    /* Nothing of a finished run is taken for another strategy. */
    const int64_t never = 1;
    const lf_run_strategy other = {
        .decide = rules, .context = (void *)(uintptr_t)&never, .state_bytes = sizeof(int64_t)};
    const lf_run_job changed = job_of(&other);
    assert_int_equal(
        lf_run_backtest(&changed, model, false, lf_testing_path(&data, "own"), NULL, NULL),
        LF_CANCELLED
    );
}

/* The model's own predictions as a table have no threshold of flow: more is traded, but traded. */
static void test_with_predictions_and_with_the_walk(void **state)
{
    (void)state;
    lf_run_job own = job_of(&rules_again);
    lf_frame *table = NULL;
    lf_error error;
    assert_int_equal(lf_run_predict_table(&own, model, false, &table, NULL), LF_OK);
    const char *folder = lf_testing_path(&data, "given");
    if (lf_run_backtest_predictions(&own, table, folder, NULL, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    assert_true(rows_of("given/fills.parquet") > rows_of("own/fills.parquet"));
    lf_frame_destroy(table);
    own.sources = sources.sources;
    own.source_count = 2;
    folder = lf_testing_path(&data, "line");
    if (lf_run_line(&own, folder, NULL, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    assert_true(rows_of("line/fills.parquet") > 20);
}

/* Buys and sells by turns, a minute each, as the queue says. */
static lf_status by_queue(
    void *context,
    void *state,
    const lf_strategy_view *view,
    const double *features,
    lf_action *action
)
{
    (void)context;
    int64_t *const calls = state;
    assert_true(isnan(view->p_up_1min));
    /* Its bucket goes on from day to day, whoever trades them first. */
    calls[1] += isnan(features[lf_feature_find("vpin")]) ? 0 : 1;
    if (++calls[0] % 60 == 0) {
        action->kind = LF_ACTION_TARGET;
        action->lots = view->depth_imbalance_l1 > 0 ? 50 : -50;
        action->order_kind = calls[1] > 0 ? LF_ORDER_KIND_PASSIVE : LF_ORDER_KIND_MARKETABLE;
    }
    return LF_OK;
}

static void test_alone(void **state)
{
    (void)state;
    const lf_run_strategy strategy = {.decide = by_queue, .state_bytes = 2 * sizeof(int64_t)};
    lf_run_job job = job_of(&strategy);
    job.sources = sources.sources;
    job.source_count = 2;
    lf_error error;
    char *metrics[2];
    config->vpin_bucket_lots = 500;
    for (int k = 0; k < 2; k++) {
        const char *const folder = lf_testing_path(&data, k == 0 ? "alone" : "alone_again");
        job.jobs = 2 - k;
        if (lf_run_backtest_strategy(&job, folder, &metrics[k], &error) != LF_OK) {
            fail_msg("%s", error.message);
        }
    }
    config->vpin_bucket_lots = 0;
    assert_string_equal(metrics[0], metrics[1]);
    assert_true(rows_of("alone/fills.parquet") > 200);
    lf_frame *orders = NULL;
    assert_int_equal(
        lf_frame_read(lf_testing_path(&data, "alone/orders.parquet"), &orders, NULL), LF_OK
    );
    size_t passive = 0;
    const size_t kind = lf_frame_find(orders, "kind");
    for (size_t i = 0; i < lf_frame_row_count(orders); i++) {
        passive += strcmp(lf_frame_text(orders, kind, i), "passive") == 0 ? 1 : 0;
    }
    assert_true(passive > 20);
    lf_frame_destroy(orders);
    lf_release(NULL, metrics[0]);
    lf_release(NULL, metrics[1]);
    const lf_run_job without = job_of(NULL);
    assert_int_equal(
        lf_run_backtest_strategy(&without, lf_testing_path(&data, "none"), NULL, NULL), LF_RANGE
    );
}

static void test_failure(void **state)
{
    (void)state;
    const int64_t fail_at = 5000;
    const lf_run_strategy strategy = {
        .decide = rules, .context = (void *)(uintptr_t)&fail_at, .state_bytes = sizeof(int64_t)};
    const lf_run_job job = job_of(&strategy);
    lf_error error;
    const char *folder = lf_testing_path(&data, "stopped");
    assert_int_equal(lf_run_backtest(&job, model, false, folder, NULL, &error), LF_CANCELLED);
    assert_non_null(strstr(error.message, "AB: the strategy ended the run at its decision of"));
    assert_int_equal(access(folder, F_OK), -1);
    /* A folder that was there stays, with what lay in it. */
    assert_int_equal(lf_mkdirs(folder, NULL), LF_OK);
    assert_int_equal(lf_run_backtest(&job, model, false, folder, NULL, &error), LF_CANCELLED);
    assert_int_equal(access(folder, F_OK), 0);
    assert_int_equal(rmdir(folder), 0);
}

/* The desk of a call that was killed after its last day: its finished days lie there still. */
static void leave_days(const lf_run_job *job, const lfi_trading *trading, const char *folder)
{
    lfi_desk desk = {.job = job, .trading = trading, .folder = folder};
    assert_int_equal(lfi_desk_trade(&desk, NULL), LF_OK);
    lfi_desk_close(&desk);
}

static void hear(void *context, const char *sentence)
{
    (void)snprintf(context, 512, "%s", sentence);
}

/* Nobody can tell what a function does by looking at it, so what a killed call of a strategy has
   finished is taken by no later call: not by another strategy, not by the same one, not without
   one. The rules know their days again. */
static void test_killed(void **state)
{
    (void)state;
    static const lf_run_strategy others = {.decide = rules, .state_bytes = 2 * sizeof(int64_t)};
    const lf_run_strategy *const left[] = {&rules_again, &rules_again, &rules_again, NULL};
    const lf_run_strategy *const next[] = {&others, &rules_again, NULL, NULL};
    const lf_span span = {.from_ns = INT64_MIN, .to_ns = INT64_MAX, .model = model};
    const lfi_trading trading = {.spans = &span, .span_count = 1};
    for (size_t i = 0; i < 4; i++) {
        char name[16], said[512] = "";
        (void)snprintf(name, sizeof name, "killed%zu", i);
        const lf_run_job killed = job_of(left[i]);
        lf_run_job job = job_of(next[i]);
        job.say = hear;
        job.say_context = said;
        leave_days(&killed, &trading, lf_testing_path(&data, name));
        leave_days(&job, &trading, lf_testing_path(&data, name));
        const char *const expected = i < 3 ? "traded anew" : "1 of 1 days had been finished";
        if (strstr(said, expected) == NULL) {
            fail_msg("row %zu: \"%s\"", i, said);
        }
    }
}

/* As many strategies, one configuration: the key still tells who decides. */
static void test_key(void **state)
{
    (void)state;
    const lf_span span = {.from_ns = INT64_MIN, .to_ns = INT64_MAX, .model = model};
    const lfi_trading trading = {.spans = &span, .span_count = 1};
    uint64_t keys[2];
    for (int k = 0; k < 2; k++) {
        const lf_run_job job = job_of(k == 0 ? NULL : &rules_again);
        lfi_units units = {.job = &job, .trading = &trading, .strategy_count = 3};
        assert_int_equal(lfi_common_key(&units, NULL), LF_OK);
        keys[k] = units.common_key;
    }
    assert_true(keys[0] != keys[1]);
}

static void test_refused(void **state)
{
    (void)state;
    const lf_run_job job = job_of(&rules_again);
    const char *const folder = lf_testing_path(&data, "refused");
    lf_error error;
    (void)snprintf(config->sweep, sizeof config->sweep, "risk.hold=30s,1min");
    assert_int_equal(lf_run_sweep(&job, model, false, folder, NULL, &error), LF_UNSUPPORTED);
    config->sweep[0] = '\0';
    assert_non_null(strstr(error.message, "not by sweep"));
    assert_int_equal(
        lf_run_latency(&job, model, false, NULL, folder, NULL, &error), LF_UNSUPPORTED
    );
    assert_int_equal(
        lf_run_backtest_part(&job, model, false, folder, 0, 1, &error), LF_UNSUPPORTED
    );
    assert_int_equal(access(folder, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_with_model),
        cmocka_unit_test(test_with_predictions_and_with_the_walk),
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_failure),
        cmocka_unit_test(test_killed),
        cmocka_unit_test(test_key),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, make_data, remove_data);
}
