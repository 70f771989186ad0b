/*
 * Goal: whoever trades which day when, the run is the same to the byte, and what was finished
 * before an interruption is neither lost nor taken for something else. Method: two symbols over
 * three days and a model that looks at vpin, which crosses the days' borders; runs with one and
 * several threads, stopped runs that go on, runs whose configuration, models or data changed
 * meanwhile.
 */
#include "trade_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

static lf_testing_folder data;
static lf_source_list sources;
static lf_model *model;

static lf_model *new_model(double weight)
{
    const size_t features[] = {lf_feature_find("ofi_norm_1min"), lf_feature_find("vpin")};
    const double weights[] = {0.05, weight};
    static const double means[] = {0, 0.3};
    const lf_linear_head head = {.weights = weights, .means = means};
    const lf_model_content content = {
        .meta = lf_testing_model_meta(INT64_C(1704200000) * LF_NS_PER_SECOND),
        .features = features,
        .feature_count = 2,
        .linear = {&head, &head, &head},
    };
    lf_model *out = NULL;
    const char *const path = lf_testing_path(&data, "model");
    assert_int_equal(lf_model_save(path, &content, NULL), LF_OK);
    assert_int_equal(lf_model_load(NULL, path, &out, NULL), LF_OK);
    return out;
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
            .seed = 200 + i,
            .messages = 8000,
        };
        if (!lf_testing_day_write(&data, &day)) {
            return -1;
        }
    }
    const char *const paths[] = {data.path};
    model = new_model(0.4);
    return lf_feed_find(paths, 1, NULL, &sources, NULL) == LF_OK ? 0 : -1;
}

static int remove_data(void **state)
{
    (void)state;
    lf_model_destroy(model);
    lf_source_list_clear(&sources);
    lf_testing_folder_remove(&data);
    return 0;
}

/* ---- a desk and what it has made -------------------------------------------------------- */

/* The person at the terminal: what was said, and when it is enough. */
typedef struct person {
    double stop_at; /* share; above 1: never */
    double last;
    char said[512];
} person;

static bool on_progress(void *context, const char *stage, double share)
{
    person *const self = context;
    assert_string_equal(stage, "backtest");
    assert_true(share >= 0 && share <= 1);
    self->last = share;
    return share < self->stop_at;
}

static void on_say(void *context, const char *sentence)
{
    person *const self = context;
    (void)snprintf(self->said, sizeof self->said, "%s", sentence);
}

typedef struct setting {
    const char *folder;
    int32_t jobs;
    double stop_at; /* 0: never */
    double order_size;
    const lf_model *model; /* NULL: the usual one */
    bool ahead;            /* the days are traded one by one before, the last one first */
} setting;

/* Trades everything; *hash is of all tables, 0 when it failed. */
static lf_status trade(const setting *how, uint64_t *hash, person *who)
{
    lf_config *const config = malloc(sizeof *config);
    assert_non_null(config);
    lf_config_default(config);
    config->risk.order_size = how->order_size > 0 ? (int64_t)how->order_size : 100;
    config->execution.latency.model = LF_LATENCY_LOGNORMAL;
    *who = (person){.stop_at = how->stop_at > 0 ? how->stop_at : 2};
    const lf_run_job job = {
        .config = config,
        .sources = sources.sources,
        .source_count = sources.count,
        .progress = on_progress,
        .progress_context = who,
        .say = on_say,
        .say_context = who,
        .jobs = how->jobs,
    };
    const lf_span span = {
        .from_ns = INT64_MIN,
        .to_ns = INT64_MAX,
        .model = how->model != NULL ? how->model : model,
    };
    const lfi_trading trading = {.spans = &span, .span_count = 1};
    lfi_desk desk = {
        .job = &job, .trading = &trading, .folder = lf_testing_path(&data, how->folder)};
    lf_run_job quiet = job;
    quiet.progress = NULL;
    for (size_t i = sources.count; how->ahead && i-- > 0;) {
        lfi_desk part = {.job = &quiet, .trading = &trading, .folder = desk.folder};
        assert_int_equal(lfi_desk_trade_part(&part, i, 1, NULL), LF_OK);
        lfi_desk_close(&part);
    }
    const lf_status status = lfi_desk_trade(&desk, NULL);
    *hash = 0;
    for (size_t i = 0; i < desk.strategy_count && status == LF_OK; i++) {
        for (int t = 0; t < LF_BACKTEST_TABLE_COUNT; t++) {
            const char *const path = lf_testing_path(&data, "table.csv");
            char *text = NULL;
            size_t bytes = 0;
            lf_frame *const frame = lf_backtest_frame(desk.all, i, (lf_backtest_table)t);
            assert_int_equal(lf_frame_write(frame, path, NULL), LF_OK);
            assert_int_equal(lf_file_read_all(NULL, path, &text, &bytes, NULL), LF_OK);
            *hash = lf_hash64(text, bytes, *hash);
            lf_release(NULL, text);
        }
        *hash = lf_hash64(&desk.counts[i], sizeof desk.counts[i], *hash);
    }
    if (status == LF_OK) {
        *hash = lf_hash64(desk.data_text, desk.data_bytes, *hash);
        assert_true(desk.counts[0].trade_count > 20);
    }
    lfi_desk_close(&desk);
    free(config);
    return status;
}

static int unit_count(const char *folder)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%s/.units", folder);
    return lf_testing_entry_count(lf_testing_path(&data, name));
}

/* ---- tests ------------------------------------------------------------------------------ */

static uint64_t alone; /* what one thread makes of everything */

static void test_any_number_of_threads(void **state)
{
    (void)state;
    person who;
    setting how = {.folder = "one", .jobs = 1};
    assert_int_equal(trade(&how, &alone, &who), LF_OK);
    assert_true(who.last > 0.9 && who.said[0] == '\0');
    assert_int_equal(unit_count("one"), 5);
    static const int32_t jobs[] = {2, 3, 5, 16};
    for (size_t i = 0; i < sizeof jobs / sizeof jobs[0]; i++) {
        static const char *const folders[] = {"two", "three", "five", "many"};
        uint64_t hash = 0;
        how = (setting){.folder = folders[i], .jobs = jobs[i]};
        assert_int_equal(trade(&how, &hash, &who), LF_OK);
        assert_true(hash == alone);
    }
}

/* vpin of the second day depends on the first one, so the carry is no formality. */
static void test_carry_matters(void **state)
{
    (void)state;
    person who;
    uint64_t hash = 0;
    const lf_source_list all = sources;
    sources.sources = all.sources + 1; /* the first day is not there */
    sources.count = all.count - 1;
    const setting how = {.folder = "later", .jobs = 1};
    assert_int_equal(trade(&how, &hash, &who), LF_OK);
    sources = all;
    assert_int_equal(unit_count("later"), 4);
    /* No file of a day after the first may serve both: all have another past. */
    const setting again = {.folder = "later", .jobs = 1};
    assert_int_equal(trade(&again, &hash, &who), LF_OK);
    assert_true(hash == alone);
    assert_non_null(strstr(who.said, "2 of 5 days")); /* those of the other symbol */
}

static void test_stopped_and_gone_on(void **state)
{
    (void)state;
    static const double stops[] = {0.05, 0.3, 0.7, 0.95};
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
        for (int32_t jobs = 1; jobs <= 2; jobs++) {
            person who;
            uint64_t hash = 0;
            char folder[32];
            (void)snprintf(folder, sizeof folder, "stop%zu-%d", i, (int)jobs);
            setting how = {.folder = folder, .jobs = jobs, .stop_at = stops[i]};
            const lf_status status = trade(&how, &hash, &who);
            /* Several threads may be done before the person is asked. */
            assert_true(status == LF_CANCELLED || (jobs > 1 && status == LF_OK));
            const int finished = unit_count(folder);
            assert_true(jobs > 1 || finished == (int)(stops[i] * 5));
            how.stop_at = 0;
            assert_int_equal(trade(&how, &hash, &who), LF_OK);
            assert_true(hash == alone);
            char words[32];
            (void)snprintf(words, sizeof words, "%d of 5 days", finished);
            assert_true(finished == 0 || strstr(who.said, words) != NULL);
        }
    }
}

/* Another configuration, another model, changed data, a damaged file: traded anew. */
static void test_nothing_else_is_taken(void **state)
{
    (void)state;
    person who;
    uint64_t hash = 0;
    setting how = {.folder = "one", .jobs = 1, .order_size = 50};
    assert_int_equal(trade(&how, &hash, &who), LF_OK);
    assert_true(hash != alone);
    assert_non_null(strstr(who.said, "traded anew"));
    lf_model *const other = new_model(0.5);
    how = (setting){.folder = "two", .jobs = 1, .model = other};
    assert_int_equal(trade(&how, &hash, &who), LF_OK);
    assert_true(hash != alone);
    assert_non_null(strstr(who.said, "traded anew"));
    lf_model_destroy(other);
    /* One day's data loses its last event. */
    char *text = NULL;
    size_t bytes = 0;
    const char *const path = sources.sources[4].path;
    assert_int_equal(lf_file_read_all(NULL, path, &text, &bytes, NULL), LF_OK);
    assert_int_equal(lf_file_write_atomic(path, text, bytes - 1, NULL), LF_OK);
    how = (setting){.folder = "three", .jobs = 1};
    assert_int_equal(trade(&how, &hash, &who), LF_OK);
    assert_non_null(strstr(who.said, "4 of 5 days"));
    assert_int_equal(lf_file_write_atomic(path, text, bytes, NULL), LF_OK);
    lf_release(NULL, text);
}

/* The error is that of the earliest day, however many are at work; days before it stay. */
static void test_failing_day(void **state)
{
    (void)state;
    char name[sizeof sources.sources[2].path];
    memcpy(name, sources.sources[2].path, sizeof name);
    (void
    )snprintf(sources.sources[2].path, sizeof name, "%s", lf_testing_path(&data, "nowhere.csv"));
    for (int32_t jobs = 1; jobs <= 4; jobs++) {
        person who;
        uint64_t hash = 0;
        const setting how = {.folder = "failing", .jobs = jobs};
        assert_int_equal(trade(&how, &hash, &who), LF_IO);
        assert_true(unit_count("failing") >= 2);
    }
    memcpy(sources.sources[2].path, name, sizeof name);
}

/* Days traded apart, each finding out by itself what lies before it, are those of one call. */
static void test_parts(void **state)
{
    (void)state;
    person who;
    uint64_t hash = 0;
    const setting how = {.folder = "parts", .jobs = 1, .ahead = true};
    assert_int_equal(trade(&how, &hash, &who), LF_OK);
    assert_true(hash == alone);
    assert_non_null(strstr(who.said, "5 of 5 days"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_number_of_threads),
        cmocka_unit_test(test_carry_matters),
        cmocka_unit_test(test_stopped_and_gone_on),
        cmocka_unit_test(test_nothing_else_is_taken),
        cmocka_unit_test(test_failing_day),
        cmocka_unit_test(test_parts),
    };
    return cmocka_run_group_tests(tests, make_data, remove_data);
}
