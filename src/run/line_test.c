/*
 * Goal: the verbs tie the modules together without losing anything: a run folder is whole and
 * repeats to the byte, symbols are put together, no model trades what it was trained on, and what
 * was scored is what was traded. Method: simulated days of two symbols, a small given model and a
 * logistic walk, so that nothing but the Arrow plugin is needed.
 */
#include "trade_internal.h"

#include <lobflow/report.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

/* ---- data ------------------------------------------------------------------------------- */

/* AB trades on all three days, A from the second on. */
static lf_testing_folder data;
static lf_source_list sources;
static lf_model *model;
static bool has_arrow;

static bool find_arrow(void)
{
    static const lf_column_spec specs[] = {{"x", LF_COLUMN_F64}};
    lf_frame *frame = NULL;
    if (lf_frame_create(NULL, specs, 1, 1, &frame, NULL) != LF_OK) {
        return false;
    }
    const lf_status status = lf_frame_write(frame, lf_testing_path(&data, "x.parquet"), NULL);
    (void)remove(lf_testing_path(&data, "x.parquet"));
    lf_frame_destroy(frame);
    return status != LF_DEPENDENCY;
}

static int make_data(void **state)
{
    (void)state;
    static const struct {
        const char *symbol, *date;
    } rows[] = {
        {"AB", "2024-01-03"},
        {"AB", "2024-01-04"},
        {"A", "2024-01-04"},
        {"AB", "2024-01-05"},
        {"A", "2024-01-05"},
    };
    if (!lf_testing_folder_make(&data)) {
        return -1;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const lf_testing_day day = {
            .symbol = rows[i].symbol,
            .date = rows[i].date,
            .seed = 100 + i,
            .messages = 12000,
        };
        if (!lf_testing_day_write(&data, &day)) {
            return -1;
        }
    }
    const char *const paths[] = {data.path};
    has_arrow = find_arrow();
    if (lf_feed_find(paths, 1, NULL, &sources, NULL) != LF_OK) {
        return -1;
    }
    const lf_model_meta meta = lf_testing_model_meta(INT64_C(1704200000) * LF_NS_PER_SECOND);
    return lf_testing_model(lf_testing_path(&data, "model"), &meta, &model) == LF_OK ? 0 : -1;
}

static int remove_data(void **state)
{
    (void)state;
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

static lf_config *new_config(void)
{
    lf_config *const config = malloc(sizeof *config);
    assert_non_null(config);
    lf_config_default(config);
    config->model.kind = LF_TRAIN_LOGISTIC;
    config->check_every_fill = true;
    return config;
}

/* Whole bytes of a file; end it with lf_release(). */
static char *file_of(const char *folder, const char *name, size_t *bytes)
{
    char path[2048];
    char *text = NULL;
    lf_error error;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    if (lf_file_read_all(NULL, path, &text, bytes, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    return text;
}

static const char *const tables[] = {
    "orders.parquet", "fills.parquet", "trades.parquet", "equity.parquet"};

/* Every file of a run folder, strategies beside it included, is the same in another. */
static void must_be_same(const char *left, const char *right)
{
    static const char *const names[] = {
        "config.toml", "predictions.parquet", "metrics.json", "report.html"};
    static const char *const folders[] = {
        ".", "passive", "marketable_gated", "passive_gated", "passive_optimistic"};
    char files[24][64];
    size_t count = 0;
    for (size_t i = 0; i < 4; i++) {
        (void)snprintf(files[count++], 64, "%s", names[i]);
    }
    for (size_t i = 0; i < 5; i++) {
        for (size_t t = 0; t < 4; t++) {
            (void)snprintf(files[count++], 64, "%s/%s", folders[i], tables[t]);
        }
    }
    for (size_t i = 0; i < count; i++) {
        size_t bytes[2];
        char *const a = file_of(left, files[i], &bytes[0]);
        char *const b = file_of(right, files[i], &bytes[1]);
        if (bytes[0] != bytes[1] || memcmp(a, b, bytes[0]) != 0) {
            fail_msg("%s is not the same again", files[i]);
        }
        lf_release(NULL, a);
        lf_release(NULL, b);
    }
}

/* ---- a given model ---------------------------------------------------------------------- */

static void test_backtest_of_two_symbols(void **state)
{
    (void)state;
    if (is_skipped()) {
        return;
    }
    lf_config *const config = new_config();
    const lf_run_job job = {
        .config = config, .sources = sources.sources, .source_count = sources.count};
    static const char *const names[] = {"one", "two"};
    for (int i = 0; i < 2; i++) {
        char *metrics = NULL;
        lf_error error;
        if (lf_run_backtest(
                &job, model, false, lf_testing_path(&data, names[i]), &metrics, &error
            ) != LF_OK) {
            fail_msg("%s", error.message);
        }
        /* Both symbols, in the order of their first days; one is a part of the other's name. */
        assert_non_null(strstr(metrics, "AB A 2024-01-03 to 2024-01-05"));
        lf_release(NULL, metrics);
    }
    must_be_same(lf_testing_path(&data, "one"), lf_testing_path(&data, "two"));

    lf_report_folder *folder = NULL;
    assert_int_equal(
        lf_report_folder_open(NULL, lf_testing_path(&data, "one"), &folder, NULL), LF_OK
    );
    const lf_report_run *const run = lf_report_folder_run(folder);
    assert_int_equal(run->strategy_count, 5);
    assert_int_equal(lf_frame_row_count(run->predictions), 5 * 23400);
    for (size_t i = 0; i < run->strategy_count; i++) {
        lf_frame *const equity = run->strategies[i].tables[LF_BACKTEST_EQUITY];
        const size_t symbols = lf_frame_find(equity, "symbol");
        /* Three days of AB, then two of A, each with its close. */
        assert_int_equal(lf_frame_row_count(equity), 5 * 23401);
        assert_string_equal(lf_frame_text(equity, symbols, 3 * 23401 - 1), "AB");
        assert_string_equal(lf_frame_text(equity, symbols, 3 * 23401), "A");
    }
    assert_true(lf_frame_row_count(run->strategies[0].tables[LF_BACKTEST_FILLS]) > 50);
    lf_report_folder_close(folder);
    free(config);
}

/* Beside the passive strategy stand both ends of what its queue may have been. */
static void test_bracket(void **state)
{
    (void)state;
    lf_config *const config = new_config();
    const lf_run_job job = {.config = config};
    lf_strategy_options strategies[LFI_STRATEGIES_MAX];
    config->execution.entry = LF_ORDER_KIND_PASSIVE;
    config->execution.queue.model = LF_QUEUE_POWER3;
    assert_int_equal(lfi_strategies(&job, strategies), 6);
    assert_string_equal(strategies[0].name, "passive");
    assert_string_equal(strategies[4].name, "passive_risk_averse");
    assert_string_equal(strategies[5].name, "passive_optimistic");
    assert_int_equal(strategies[1].execution.queue.model, LF_QUEUE_POWER3);
    assert_int_equal(strategies[4].execution.queue.model, LF_QUEUE_RISK_AVERSE);
    assert_int_equal(strategies[5].execution.queue.model, LF_QUEUE_OPTIMISTIC);
    config->execution.queue.model = LF_QUEUE_OPTIMISTIC;
    assert_int_equal(lfi_strategies(&job, strategies), 5);
    assert_string_equal(strategies[4].name, "passive_risk_averse");
    free(config);
}

/* A day alone and the same day among others: what is traded does not depend on the company. */
static void test_company_changes_nothing(void **state)
{
    (void)state;
    lf_config *const config = new_config();
    const lf_span span = {.from_ns = INT64_MIN, .to_ns = INT64_MAX, .model = model};
    const lfi_trading trading = {.spans = &span, .span_count = 1};
    const lf_run_job all = {
        .config = config, .sources = sources.sources, .source_count = sources.count};
    lfi_desk together = {
        .job = &all, .trading = &trading, .folder = lf_testing_path(&data, "together")};
    assert_int_equal(lfi_desk_trade(&together, NULL), LF_OK);
    lf_source only[2];
    size_t count = 0;
    for (size_t i = 0; i < sources.count; i++) {
        if (strcmp(sources.sources[i].symbol, "A") == 0) {
            only[count++] = sources.sources[i];
        }
    }
    assert_int_equal(count, 2);
    const lf_run_job few = {.config = config, .sources = only, .source_count = count};
    lfi_desk alone = {.job = &few, .trading = &trading, .folder = lf_testing_path(&data, "alone")};
    assert_int_equal(lfi_desk_trade(&alone, NULL), LF_OK);
    assert_int_equal(together.strategy_count, 5);
    assert_string_equal(together.time_zone, "America/New_York");
    for (size_t i = 0; i < together.strategy_count; i++) {
        lf_frame *const many = lf_backtest_frame(together.all, i, LF_BACKTEST_FILLS);
        lf_frame *const some = lf_backtest_frame(alone.all, i, LF_BACKTEST_FILLS);
        const size_t rows = lf_frame_row_count(some);
        const size_t first = lf_frame_row_count(many) - rows;
        const char *const columns[] = {"ts_venue", "side", "lots"};
        assert_true(i >= 2 || rows > 0);
        for (size_t c = 0; c < 3; c++) {
            const size_t column = lf_frame_find(many, columns[c]);
            assert_memory_equal(
                lf_frame_i64(many, column) + first,
                lf_frame_i64(some, column),
                rows * sizeof(int64_t)
            );
        }
        assert_int_equal(together.counts[i].day_count, 5);
        assert_int_equal(alone.counts[i].day_count, 2);
        assert_true(
            together.counts[i].venue.event_count > alone.counts[i].venue.event_count &&
            together.counts[i].session_ns == 5 * 23400 * LF_NS_PER_SECOND
        );
    }
    lfi_desk_close(&together);
    lfi_desk_close(&alone);
    free(config);
}

static void test_refusals(void **state)
{
    (void)state;
    lf_config *const config = new_config();
    lf_run_job job = {.config = config, .sources = sources.sources, .source_count = sources.count};
    lf_error error;
    /* Trained into the second day: the first two days may not be traded by it. */
    lf_model *late = NULL;
    const lf_model_meta meta = lf_testing_model_meta(INT64_C(1704400000) * LF_NS_PER_SECOND);
    assert_int_equal(lf_testing_model(lf_testing_path(&data, "late"), &meta, &late), LF_OK);
    const char *const folder = lf_testing_path(&data, "refused");
    assert_int_equal(lf_run_backtest(&job, late, false, folder, NULL, &error), LF_MISMATCH);
    assert_non_null(strstr(error.message, "trained on"));
    const char *const file = lf_testing_path(&data, "refused.csv");
    assert_int_equal(lf_run_predict(&job, late, false, file, &error), LF_MISMATCH);
    assert_int_not_equal(access(file, F_OK), 0);
    job.source_count = 1;
    assert_int_equal(lf_run_predict(&job, late, true, file, &error), LF_OK);
    assert_int_equal(access(file, F_OK), 0);
    lf_model_destroy(late);

    config->step_ns = 2 * LF_NS_PER_SECOND;
    assert_int_equal(lf_run_backtest(&job, model, false, folder, NULL, &error), LF_MISMATCH);
    assert_non_null(strstr(error.message, "features.step is 2s"));
    config->step_ns = LF_NS_PER_SECOND;
    job.source_count = 0;
    assert_int_equal(lf_run_backtest(&job, model, false, folder, NULL, &error), LF_DATA);
    free(config);
}

/* ---- what was scored is what is traded -------------------------------------------------- */

/* Predictions as a walk leaves them, from a first pass. */
static lf_frame *walked(lf_backtest *backtest, size_t rows)
{
    static const lf_column_spec specs[] = {
        {"ts_event", LF_COLUMN_TIME},
        {"symbol", LF_COLUMN_TEXT},
        {"p_up_1min", LF_COLUMN_F64},
        {"p_up_5min", LF_COLUMN_F64},
        {"ret_1min_bps", LF_COLUMN_F64},
    };
    lf_frame *const live = lf_backtest_predictions(backtest);
    lf_frame *out = NULL;
    assert_int_equal(lf_frame_create(NULL, specs, 5, rows, &out, NULL), LF_OK);
    assert_int_equal(lf_frame_append(out, rows), LF_OK);
    for (size_t c = 0; c < 5; c++) {
        const size_t from = lf_frame_find(live, specs[c].name);
        if (specs[c].kind == LF_COLUMN_TEXT) {
            assert_int_equal(lf_frame_set_text(out, c, 0, rows, "AB"), LF_OK);
        } else if (specs[c].kind == LF_COLUMN_TIME) {
            memcpy(lf_frame_i64(out, c), lf_frame_i64(live, from), rows * sizeof(int64_t));
        } else {
            memcpy(lf_frame_f64(out, c), lf_frame_f64(live, from), rows * sizeof(double));
        }
    }
    return out;
}

static void test_walk_is_checked(void **state)
{
    (void)state;
    lf_config *const config = new_config();
    const lf_span span = {.from_ns = INT64_MIN, .to_ns = INT64_MAX, .model = model};
    lfi_trading trading = {.spans = &span, .span_count = 1};
    const lf_run_job job = {.config = config, .sources = sources.sources, .source_count = 1};
    lfi_desk first = {.job = &job, .trading = &trading, .folder = lf_testing_path(&data, "walked")};
    assert_int_equal(lfi_desk_trade(&first, NULL), LF_OK);
    /* Column that is changed by its last bit; -1 none, -2 the last row is missing. */
    static const int changes[] = {-1, 2, 3, 4, -2};
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        trading.walk = walked(first.all, changes[i] == -2 ? 23399 : 23400);
        if (changes[i] > 0) {
            double *const value = &lf_frame_f64(trading.walk, (size_t)changes[i])[20000];
            assert_true(*value == *value);
            *value = nextafter(*value, 2);
        }
        lfi_desk again = {
            .job = &job, .trading = &trading, .folder = lf_testing_path(&data, "walked")};
        lf_error error;
        const lf_status status = lfi_desk_trade(&again, &error);
        if (status != (changes[i] == -1 ? LF_OK : LF_INVARIANT)) {
            fail_msg("change %d: %s", changes[i], lf_status_name(status));
        }
        lfi_desk_close(&again);
        lf_frame_destroy(trading.walk);
    }
    lfi_desk_close(&first);
    free(config);
}

/* ---- the whole line --------------------------------------------------------------------- */

static void test_line(void **state)
{
    (void)state;
    if (is_skipped()) {
        return;
    }
    lf_config *const config = new_config();
    /* Three days of AB, and one day alone, which is cut into blocks. */
    lf_source days[3];
    size_t count = 0;
    for (size_t i = 0; i < sources.count; i++) {
        if (strcmp(sources.sources[i].symbol, "AB") == 0) {
            days[count++] = sources.sources[i];
        }
    }
    static const struct {
        size_t count;
        size_t rows; /* that are out of sample */
        const char *names[2];
    } runs[] = {{3, 2 * 23400, {"line", "again"}}, {1, 4 * 4680, {"blocks", "blocks2"}}};
    for (size_t k = 0; k < 2; k++) {
        const lf_run_job job = {.config = config, .sources = days, .source_count = runs[k].count};
        for (int i = 0; i < 2; i++) {
            char *metrics = NULL;
            lf_error error;
            const char *const path = lf_testing_path(&data, runs[k].names[i]);
            if (lf_run_line(&job, path, &metrics, &error) != LF_OK) {
                fail_msg("%s", error.message);
            }
            assert_non_null(metrics);
            lf_release(NULL, metrics);
        }
        const char *const left = lf_testing_path(&data, runs[k].names[0]);
        must_be_same(left, lf_testing_path(&data, runs[k].names[1]));
        lf_report_folder *folder = NULL;
        assert_int_equal(lf_report_folder_open(NULL, left, &folder, NULL), LF_OK);
        const lf_report_run *const run = lf_report_folder_run(folder);
        lf_frame *const predictions = run->predictions;
        assert_int_equal(lf_frame_row_count(predictions), runs[k].rows);
        /* Nothing is decided before the first row that a model had not seen. */
        const int64_t first_ns =
            lf_frame_i64(predictions, lf_frame_find(predictions, "ts_event"))[0];
        lf_frame *const orders = run->strategies[0].tables[LF_BACKTEST_ORDERS];
        const size_t decision = lf_frame_find(orders, "ts_decision");
        for (size_t i = 0; i < lf_frame_row_count(orders); i++) {
            assert_true(lf_frame_i64(orders, decision)[i] >= first_ns);
        }
        lf_report_folder_close(folder);
    }
    free(config);
}

/* ---- stopping, failing ------------------------------------------------------------------ */

typedef struct watch {
    const char *stage;
    double last;
    bool seen;
} watch;

static bool stop_at(void *context, const char *stage, double share)
{
    watch *const self = context;
    assert_true(share >= 0 && share <= 1);
    self->seen |= strcmp(stage, self->stage) == 0;
    return !self->seen;
}

static void test_cancelling(void **state)
{
    (void)state;
    static const char *const stages[] = {"features", "train", "backtest", "report"};
    lf_config *const config = new_config();
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        watch context = {.stage = stages[i]};
        const lf_run_job job = {
            .config = config,
            .sources = sources.sources,
            .source_count = 1,
            .progress = stop_at,
            .progress_context = &context,
        };
        char *metrics = (char *)&metrics;
        const char *const folder = lf_testing_path(&data, "stopped");
        assert_int_equal(lf_run_line(&job, folder, &metrics, NULL), LF_CANCELLED);
        assert_true(context.seen);
        assert_null(metrics);
        assert_int_not_equal(access(lf_testing_path(&data, "stopped/metrics.json"), F_OK), 0);
        assert_int_not_equal(access(lf_testing_path(&data, "stopped/report.html"), F_OK), 0);
    }
    free(config);
}

/* Rows without a barrier label have no holding time; the others hold for at most the horizon. */
static void test_barriers(void **state)
{
    (void)state;
    lf_config *const config = new_config();
    const lf_run_job job = {.config = config, .sources = sources.sources, .source_count = 1};
    const lf_label_spec label = {LF_LABEL_BARRIER, LF_NS_PER_MINUTE};
    const lf_run_features_options options = {.labels = &label, .label_count = 1};
    lf_frame *rows = NULL;
    (void)snprintf(config->set, sizeof config->set, "session_fraction");
    assert_int_equal(lf_run_features_table(&job, &options, &rows, NULL), LF_OK);
    const double *const sides = lf_frame_f64(rows, lf_frame_find(rows, "barrier_1min"));
    const double *const holds = lf_frame_f64(rows, lf_frame_find(rows, "barrier_hold_1min"));
    size_t known = 0;
    for (size_t i = 0; i < lf_frame_row_count(rows); i++) {
        assert_int_equal(isnan(holds[i]), isnan(sides[i]));
        assert_true(isnan(holds[i]) || (holds[i] >= 0 && holds[i] <= 60));
        known += isnan(holds[i]) ? 0 : 1;
    }
    assert_true(known > 1000 && known < lf_frame_row_count(rows));
    lf_frame_destroy(rows);
    free(config);
}

/* A file of a run that cannot be written, because a folder has its name. */
static void run_into(const lf_run_job *job, const char *folder, const char *name)
{
    char file[256];
    (void)snprintf(file, sizeof file, "unfinished/%s", name);
    const char *const path = lf_testing_path(&data, file);
    assert_int_equal(remove(path), 0);
    assert_int_equal(lf_mkdirs(path, NULL), LF_OK);
    assert_int_equal(lf_run_backtest(job, model, false, folder, NULL, NULL), LF_IO);
    assert_int_equal(remove(path), 0);
}

/* A run again into its folder that cannot be finished. Where a table cannot even be begun, the old
   run is as it was; once tables are new, what told of the old run is gone, so that nobody takes its
   metrics for theirs. */
static void test_unfinished(void **state)
{
    (void)state;
    if (is_skipped()) {
        return;
    }
    lf_config *const config = new_config();
    const lf_run_job job = {.config = config, .sources = sources.sources, .source_count = 1};
    lf_report_folder *read = NULL;
    const char *const folder = lf_testing_path(&data, "unfinished");
    const char *const page = lf_testing_path(&data, "unfinished/report.html");
    assert_int_equal(lf_run_backtest(&job, model, false, folder, NULL, NULL), LF_OK);
    run_into(&job, folder, "equity.parquet");
    assert_int_equal(access(page, F_OK), 0);
    run_into(&job, folder, "trades.parquet");
    assert_int_equal(lf_report_folder_open(NULL, folder, &read, NULL), LF_NOT_FOUND);
    assert_int_not_equal(access(page, F_OK), 0);
    assert_int_equal(lf_run_backtest(&job, model, false, folder, NULL, NULL), LF_OK);
    assert_int_equal(lf_report_folder_open(NULL, folder, &read, NULL), LF_OK);
    lf_report_folder_close(read);
    free(config);
}

/* Days and figures of a year of a report go by the sessions of the data. */
static void test_sessions(void **state)
{
    (void)state;
    static const struct {
        const char *zone;
        int open_minute, close_minute; /* of local time; below 0 on the evening before */
        double shift_hours, days, minutes;
    } rows[] = {
        {"America/New_York", 570, 960, 0, 252, 390},
        {"America/Chicago", -420, 960, 7, 252, 1380},
        {"UTC", 0, 1440, 0, 365, 1440},
    };
    lf_config *const config = new_config();
    const lf_run_job job = {.config = config};
    const lf_feed_stats stats = {0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lfi_desk desk = {.job = &job};
        lf_zone *zone = NULL;
        assert_int_equal(lf_zone_create(NULL, rows[i].zone, &zone, NULL), LF_OK);
        /* A short day before a whole one. */
        for (int k = 0; k < 2; k++) {
            const lf_date date = {2024, 3, k == 0 ? 8 : 11};
            lf_instrument day = {.symbol = "X", .date = date, .tick_nano = 10000000};
            (void)snprintf(day.time_zone, sizeof day.time_zone, "%s", rows[i].zone);
            day.session_open_ns =
                lf_zone_to_utc(zone, date, rows[i].open_minute * LF_NS_PER_MINUTE);
            day.session_close_ns = day.session_open_ns +
                                   (rows[i].close_minute - rows[i].open_minute - (k == 0 ? 180 : 0)
                                   ) * LF_NS_PER_MINUTE;
            lfi_desk_note(&desk, &day, &stats);
        }
        assert_true((double)desk.day_shift_ns == rows[i].shift_hours * 60 * LF_NS_PER_MINUTE);
        assert_true(lfi_desk_days_per_year(&desk) == rows[i].days);
        assert_true(lfi_desk_minutes_per_day(&desk) == rows[i].minutes);
        lf_zone_destroy(zone);
        lfi_holdout_close(&job, &desk.holdout);
        lfi_desk_close(&desk);
    }
    free(config);
}

/* Allocations fail here and there; all of them would take minutes. */
static void test_memory(void **state)
{
    (void)state;
    lf_config *const config = new_config();
    const lf_span span = {.from_ns = INT64_MIN, .to_ns = INT64_MAX, .model = model};
    const lfi_trading trading = {.spans = &span, .span_count = 1};
    bool enough = false;
    for (uint64_t n = 0; !enough; n += 1 + n / 4) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        const lf_run_job job = {
            .allocator = &memory.allocator,
            .config = config,
            .sources = sources.sources,
            .source_count = 3,
        };
        lfi_desk desk = {
            .job = &job, .trading = &trading, .folder = lf_testing_path(&data, "memory")};
        lf_error error;
        const lf_status status = lfi_desk_trade(&desk, &error);
        enough = memory.calls <= n;
        /* The text about the data may be left out; nothing else may. */
        assert_true(status == LF_NOMEM || status == LF_OK);
        assert_true(!enough || status == LF_OK);
        lfi_units_remove(&desk.units); /* the next one begins anew */
        lfi_desk_close(&desk);
        assert_int_equal(memory.live, 0);
    }
    free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_backtest_of_two_symbols),
        cmocka_unit_test(test_bracket),
        cmocka_unit_test(test_company_changes_nothing),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_walk_is_checked),
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_cancelling),
        cmocka_unit_test(test_barriers),
        cmocka_unit_test(test_unfinished),
        cmocka_unit_test(test_sessions),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, make_data, remove_data);
}
