/*
 * Goal: a set of a sweep is a run of its own, to the byte, and the table beside it says what the
 * report of that run says. Method: two symbols, eight sets of three keys in one pass against eight
 * runs; trials counted over repetitions; everything that cannot be swept is refused by name.
 */
#include "sweep_internal.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

#define KEYS "risk.hold=30s, 2min;execution.entry=marketable,passive;signal.p_long=0.505,0.52"
#define SETS 8

static lf_testing_folder data;
static lf_source_list sources;
static lf_model *model;
static lf_config *config;
static bool has_arrow;

static int make_data(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"AB", "2024-01-03"}, {"AB", "2024-01-04"}, {"C", "2024-01-04"}};
    if (!lf_testing_folder_make(&data)) {
        return -1;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const lf_testing_day day = {
            .symbol = rows[i][0],
            .date = rows[i][1],
            .seed = 300 + i,
            .messages = 10000,
        };
        if (!lf_testing_day_write(&data, &day)) {
            return -1;
        }
    }
    const char *const paths[] = {data.path};
    const lf_model_meta meta = lf_testing_model_meta(INT64_C(1704200000) * LF_NS_PER_SECOND);
    config = malloc(sizeof *config);
    lf_column_spec spec = {"x", LF_COLUMN_F64};
    lf_frame *frame = NULL;
    if (config == NULL || lf_frame_create(NULL, &spec, 1, 1, &frame, NULL) != LF_OK) {
        return -1;
    }
    has_arrow = lf_frame_write(frame, lf_testing_path(&data, "x.parquet"), NULL) != LF_DEPENDENCY;
    (void)remove(lf_testing_path(&data, "x.parquet"));
    lf_frame_destroy(frame);
    if (lf_feed_find(paths, 1, NULL, &sources, NULL) != LF_OK) {
        return -1;
    }
    return lf_testing_model(lf_testing_path(&data, "model"), &meta, &model) == LF_OK ? 0 : -1;
}

static int remove_data(void **state)
{
    (void)state;
    free(config);
    lf_model_destroy(model);
    lf_source_list_clear(&sources);
    lf_testing_folder_remove(&data);
    return 0;
}

static bool is_skipped(void)
{
    if (!has_arrow) {
        print_message("skipped: no Arrow plugin\n");
    }
    return !has_arrow;
}

/* ---- helpers ---------------------------------------------------------------------------- */

static lf_run_job new_job(int32_t jobs)
{
    lf_config_default(config);
    return (lf_run_job){
        .config = config,
        .sources = sources.sources,
        .source_count = sources.count,
        .jobs = jobs,
    };
}

static json_t *swept(const char *keys, const char *name, int32_t jobs)
{
    const lf_run_job job = new_job(jobs);
    char *text = NULL;
    lf_error error;
    (void)snprintf(config->sweep, sizeof config->sweep, "%s", keys);
    if (lf_run_sweep(&job, model, false, lf_testing_path(&data, name), &text, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    json_t *const root = json_loads(text, 0, NULL);
    assert_non_null(root);
    lf_release(NULL, text);
    return root;
}

static void must_be_same(const char *left, const char *right, const char *name)
{
    char paths[2][1024];
    char *text[2];
    size_t bytes[2];
    const char *const folders[] = {left, right};
    for (int i = 0; i < 2; i++) {
        (void)snprintf(paths[i], sizeof paths[i], "%s/%s/%s", data.path, folders[i], name);
        assert_int_equal(lf_file_read_all(NULL, paths[i], &text[i], &bytes[i], NULL), LF_OK);
    }
    if (bytes[0] != bytes[1] || memcmp(text[0], text[1], bytes[0]) != 0) {
        fail_msg("%s and %s are not the same", paths[0], paths[1]);
    }
    lf_release(NULL, text[0]);
    lf_release(NULL, text[1]);
}

static double number_at(const json_t *value, const char *path)
{
    while (*path != '\0') {
        char key[64];
        const size_t length = strcspn(path, ".");
        (void)snprintf(key, sizeof key, "%.*s", (int)length, path);
        value = json_object_get(value, key);
        path += length + (path[length] == '.');
    }
    return json_is_number(value) ? json_number_value(value) : NAN;
}

/* ---- tests ------------------------------------------------------------------------------ */

/* The table's numbers beside those of a report. */
static void compare_numbers(const json_t *set, const json_t *metrics)
{
    static const struct {
        const char *set, *report;
    } pairs[] = {
        {"trades", "pnl.trades"},
        {"gross", "pnl.gross"},
        {"fees", "pnl.fees"},
        {"net", "pnl.net"},
        {"net_per_trade", "pnl.net_per_trade"},
        {"win_rate", "pnl.win_rate"},
        {"break_even_bps_per_side", "pnl.break_even_bps_per_side"},
        {"sharpe_annual", "pnl.sharpe.intraday_net.annual"},
        {"sharpe_psr", "pnl.sharpe.intraday_net.psr"},
        {"fill_rate", "execution.fill_rate"},
        {"orders", "execution.orders"},
        {"losing_days", "risk.losing_days"},
        {"unflat_days", "risk.unflat_days"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const double left = number_at(set, pairs[i].set);
        const double right = number_at(metrics, pairs[i].report);
        const double size = 1 + fabs(right);
        if (!(fabs(left - right) < 1e-6 * size)) {
            fail_msg("%s is %.12g, but the report says %.12g", pairs[i].set, left, right);
        }
    }
}

static void test_sets_are_runs(void **state)
{
    (void)state;
    if (is_skipped()) {
        return;
    }
    json_t *const root = swept(KEYS, "sweep", 1);
    const json_t *const sets = json_object_get(root, "sets");
    assert_int_equal(json_array_size(sets), SETS);
    assert_int_equal((int)number_at(root, "trials"), SETS);
    assert_int_equal((int)number_at(root, "days"), 3);
    static const char *const holds[] = {"30s", "2min"};
    static const char *const entries[] = {"marketable", "passive"};
    static const char *const bounds[] = {"0.505", "0.52"};
    for (size_t i = 0; i < SETS; i++) {
        const lf_run_job job = new_job(1);
        char name[32];
        char folder[64];
        char *metrics = NULL;
        assert_int_equal(lf_config_set_text(config, "risk.hold", holds[i / 4], NULL), LF_OK);
        assert_int_equal(
            lf_config_set_text(config, "execution.entry", entries[i / 2 % 2], NULL), LF_OK
        );
        assert_int_equal(lf_config_set_text(config, "signal.p_long", bounds[i % 2], NULL), LF_OK);
        (void)snprintf(name, sizeof name, "alone%zu", i);
        (void)snprintf(folder, sizeof folder, "sweep/sets/%04zu", i + 1);
        assert_int_equal(
            lf_run_backtest(&job, model, false, lf_testing_path(&data, name), &metrics, NULL), LF_OK
        );
        static const char *const files[] = {
            "config.toml", "orders.parquet", "fills.parquet", "trades.parquet"};
        for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
            must_be_same(folder, name, files[f]);
        }
        json_t *const report = json_loads(metrics, 0, NULL);
        assert_true(number_at(report, "pnl.trades") > 4);
        compare_numbers(json_array_get(sets, i), report);
        json_decref(report);
        lf_release(NULL, metrics);
    }
    /* The deflated ratio knows of all sets, so it is below the undeflated one. */
    const json_t *const best = json_array_get(sets, (size_t)number_at(root, "best") - 1);
    assert_true(number_at(best, "sharpe_deflated") <= number_at(best, "sharpe_psr"));
    assert_true(number_at(root, "sharpe_sd_annual") > 0);
    assert_true(number_at(root, "sharpe_best_by_chance_annual") > 0);
    json_decref(root);
}

/* The same again: the same bytes by two threads, and no new trials; another value is a new one. */
static void test_trials(void **state)
{
    (void)state;
    if (is_skipped()) {
        return;
    }
    json_decref(swept(KEYS, "first", 1));
    json_decref(swept(KEYS, "second", 2));
    must_be_same("first", "second", "sweep.json");
    must_be_same("first", "second", "sweep.csv");
    must_be_same("first", "second", "sweep.parquet");
    must_be_same("first", "second", "sets/0008/fills.parquet");
    json_decref(swept(KEYS, "first", 1));
    int64_t count = 0;
    const char *const file = lf_testing_path(&data, "first/trials.sqlite");
    assert_int_equal(lf_train_trial_count(file, &count, NULL), LF_OK);
    assert_int_equal(count, SETS);
    json_t *const more = swept("risk.hold=30s,3min", "first", 1);
    assert_int_equal(lf_train_trial_count(file, &count, NULL), LF_OK);
    assert_int_equal(count, SETS + 2); /* the same hold with other bounds is another set */
    assert_int_equal((int)number_at(more, "trials"), SETS + 2);
    json_decref(more);
}

/* Three days without a break: the first minute of one is a minute behind the last of another. */
static void test_days(void **state)
{
    (void)state;
    static const struct {
        int64_t minute; /* after the first midnight */
        double net;
    } changes[] = {{720, 2}, {1440, 1}, {1441, 0}, {2881, -1}, {4320, -3}, {INT64_MAX, 0}};
    enum {
        MINUTES = 3 * 24 * 60
    };
    const lf_run_job job = new_job(1);
    lf_backtest_counts counts = {0};
    double turnover = 0, net = 0;
    lfi_desk desk = {
        .job = &job,
        .strategy_count = 1,
        .counts = &counts,
        .turnover = &turnover,
        .time_zone = "UTC",
    };
    lfi_set_score score;
    lf_strategy_options strategy;
    lf_strategy_options_default(&strategy);
    const lf_backtest_options options = {.strategies = &strategy, .strategy_count = 1};
    assert_int_equal(lf_backtest_create(&options, &desk.all, NULL), LF_OK);
    lf_frame *const equity = lf_backtest_frame(desk.all, 0, LF_BACKTEST_EQUITY);
    assert_int_equal(lf_frame_append(equity, MINUTES), LF_OK);
    for (int64_t i = 0, next = 0; i < MINUTES; i++) {
        net = i + 1 == changes[next].minute ? changes[next++].net : net;
        lf_frame_i64(equity, lf_frame_find(equity, "ts_event"))[i] =
            20000 * LF_NS_PER_DAY + (i + 1) * LF_NS_PER_MINUTE;
        lf_frame_f64(equity, lf_frame_find(equity, "net"))[i] = net;
    }
    assert_int_equal(lfi_sweep_score(&desk, &score, NULL), LF_OK);
    assert_true(score.net == -3);
    assert_true(score.max_drawdown == 5);
    assert_int_equal(score.losing_days, 2); /* +1, -1, -3 */
    lf_backtest_destroy(desk.all);
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *keys;
        lf_status status;
        const char *says;
    } rows[] = {
        {"risk.hold", LF_RANGE, "risk.hold=VALUE"},
        {"risk.hold=30s;", LF_RANGE, "=VALUE"},
        {"risk.hold=30s,", LF_RANGE, "risk.hold"},
        {"risk.hold=30s;risk.hold=1min", LF_RANGE, "twice"},
        {"risk.hodl=30s", LF_NOT_FOUND, "hold"},
        {"risk.hold=soon", LF_RANGE, "risk.hold"},
        {"risk.order_size=-1", LF_RANGE, "risk.order_size"},
        {"model.kind=trees", LF_RANGE, "not a key of [signal]"},
        {"execution.latency_feed=1ms", LF_RANGE, "lobflow latency"},
        {"signal.threshold_quantile=0.7,0.8", LF_RANGE, "signal.ofi_threshold"},
        {"risk.starting_cash=1,2", LF_RANGE, "changes no decision"},
        {"risk.hold=1,2,3,4,5,6,7,8;risk.retry=1,2,3,4,5,6,7,8;risk.flatten=1,2,3,4,5,6,7,8;"
         "risk.order_size=1,2,3,4,5,6,7,8;risk.max_position=1,2",
         LF_RANGE,
         "more than 4096 sets"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const lf_run_job job = new_job(1);
        lf_error error = {0};
        const char *const folder = lf_testing_path(&data, "refused");
        (void)snprintf(config->sweep, sizeof config->sweep, "%s", rows[i].keys);
        const lf_status status = lf_run_sweep(&job, model, false, folder, NULL, &error);
        if (status != rows[i].status || strstr(error.message, rows[i].says) == NULL) {
            fail_msg("%s: %s: %s", rows[i].keys, lf_status_name(status), error.message);
        }
    }
    /* A run has a model for each fold: it is not swept. */
    const lf_run_job job = new_job(1);
    lf_error error;
    (void)snprintf(config->sweep, sizeof config->sweep, "risk.hold=30s,1min");
    assert_int_equal(lf_run_line(&job, lf_testing_path(&data, "refused"), NULL, &error), LF_RANGE);
    assert_non_null(strstr(error.message, "sweep.keys"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sets_are_runs),
        cmocka_unit_test(test_trials),
        cmocka_unit_test(test_days),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, make_data, remove_data);
}
