/*
 * Goal: a run folder read back gives the metrics that the tables in memory give, and a folder that
 * is not whole is refused by the name of what is missing.
 * Method: the small run of report_testing.h written as a folder with one strategy below it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report_testing.h"

static const char *const files[] = {
    "orders.parquet", "fills.parquet", "trades.parquet", "equity.parquet"};

typedef struct fixture {
    lf_testing_folder folder;
    testing_run t;
    char *metrics;
    bool has_arrow;
} fixture;

static lf_status write_tables(const lf_report_strategy *strategy, const char *path)
{
    lf_status status = lf_mkdirs(path, NULL);
    for (int t = 0; t < LF_BACKTEST_TABLE_COUNT && status == LF_OK; t++) {
        char name[1024];
        (void)snprintf(name, sizeof name, "%s/%s", path, files[t]);
        status = lf_frame_write(strategy->tables[t], name, NULL);
    }
    return status;
}

static int make_folder(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    *state = f;
    if (f == NULL || !lf_testing_folder_make(&f->folder)) {
        return -1;
    }
    testing_run_make(&f->t, 2, true, true);
    const lf_report_facts facts = testing_facts();
    assert_int_equal(lf_report_metrics(&f->t.run, &facts, &f->metrics, NULL), LF_OK);
    const char *metrics = lf_testing_path(&f->folder, "metrics.json");
    assert_int_equal(lf_file_write_atomic(metrics, f->metrics, strlen(f->metrics), NULL), LF_OK);
    assert_int_equal(lf_mkdirs(lf_testing_path(&f->folder, "models/fold_01"), NULL), LF_OK);
    const lf_status status = write_tables(&f->t.strategies[0], f->folder.path);
    f->has_arrow = status != LF_DEPENDENCY;
    if (f->has_arrow) {
        const char *predictions = lf_testing_path(&f->folder, "predictions.parquet");
        assert_int_equal(status, LF_OK);
        assert_int_equal(lf_frame_write(f->t.run.predictions, predictions, NULL), LF_OK);
        const char *below = lf_testing_path(&f->folder, "idle");
        assert_int_equal(write_tables(&f->t.strategies[1], below), LF_OK);
    }
    return 0;
}

static int remove_folder(void **state)
{
    fixture *f = *state;
    testing_run_end(&f->t);
    lf_release(NULL, f->metrics);
    lf_testing_folder_remove(&f->folder);
    free(f);
    return 0;
}

static void skip_without_arrow(const fixture *f)
{
    if (!f->has_arrow) {
        print_message("skipped: no Arrow plugin\n");
        skip();
    }
}

static void test_round_trip(void **state)
{
    fixture *f = *state;
    skip_without_arrow(f);
    lf_report_folder *folder = NULL;
    lf_error error;
    const lf_status status = lf_report_folder_open(NULL, f->folder.path, &folder, &error);
    if (status != LF_OK) {
        print_message("%s\n", error.message);
    }
    assert_int_equal(status, LF_OK);
    assert_string_equal(lf_report_folder_metrics(folder), f->metrics);
    const lf_report_run *run = lf_report_folder_run(folder);
    assert_int_equal(run->strategy_count, 2);
    assert_string_equal(run->strategies[0].name, "main");
    assert_string_equal(run->strategies[1].name, "idle");
    /* Only tables were written, so the same facts give the same bytes again. */
    const lf_report_facts facts = testing_facts();
    char *again = NULL;
    assert_int_equal(lf_report_metrics(run, &facts, &again, NULL), LF_OK);
    assert_string_equal(again, f->metrics);
    lf_release(NULL, again);
    lf_report_folder_close(folder);
    lf_report_folder_close(NULL);
}

/* A run into the folder of an older one leaves its strategies there: they are none of it. */
static void test_left_over(void **state)
{
    fixture *f = *state;
    skip_without_arrow(f);
    lf_report_folder *folder = NULL;
    assert_int_equal(
        write_tables(&f->t.strategies[1], lf_testing_path(&f->folder, "gated")), LF_OK
    );
    assert_int_equal(write_tables(&f->t.strategies[1], lf_testing_path(&f->folder, "main")), LF_OK);
    assert_int_equal(lf_report_folder_open(NULL, f->folder.path, &folder, NULL), LF_OK);
    const lf_report_run *run = lf_report_folder_run(folder);
    assert_int_equal(run->strategy_count, 2);
    assert_string_equal(run->strategies[0].name, "main");
    assert_string_equal(run->strategies[1].name, "idle");
    lf_report_folder_close(folder);
}

static void test_missing_file(void **state)
{
    fixture *f = *state;
    static const char *const names[] = {
        "metrics.json",
        "orders.parquet",
        "predictions.parquet",
        "equity.parquet",
        "idle/fills.parquet"};
    const size_t count = f->has_arrow ? COUNT_OF(names) : 1;
    for (size_t i = 0; i < count; i++) {
        char from[1024];
        (void)snprintf(from, sizeof from, "%s/%s", f->folder.path, names[i]);
        const char *to = lf_testing_path(&f->folder, "away");
        assert_int_equal(rename(from, to), 0);
        lf_report_folder *folder = NULL;
        lf_error error;
        assert_int_equal(
            lf_report_folder_open(NULL, f->folder.path, &folder, &error), LF_NOT_FOUND
        );
        assert_null(folder);
        assert_non_null(strstr(error.message, names[i]));
        assert_int_equal(rename(to, from), 0);
    }
}

static void test_broken(void **state)
{
    fixture *f = *state;
    const char *metrics = lf_testing_path(&f->folder, "metrics.json");
    lf_report_folder *folder = NULL;
    lf_error error;
    assert_int_equal(lf_file_write_atomic(metrics, "{\n\"a\": }", 8, NULL), LF_OK);
    assert_int_equal(lf_report_folder_open(NULL, f->folder.path, &folder, &error), LF_FORMAT);
    assert_int_equal(error.line, 2);
    assert_int_equal(lf_file_write_atomic(metrics, f->metrics, strlen(f->metrics), NULL), LF_OK);
    if (f->has_arrow) {
        const char *trades = lf_testing_path(&f->folder, "trades.parquet");
        assert_int_equal(lf_frame_write(f->t.run.predictions, trades, NULL), LF_OK);
        assert_int_equal(lf_report_folder_open(NULL, f->folder.path, &folder, &error), LF_MISMATCH);
        assert_non_null(strstr(error.message, "trades needs a time column \"ts_entry\""));
    }
    assert_null(folder);
}

/* Tables come from malloc, so only the folder's own memory is counted. */
static void test_failing_memory(void **state)
{
    fixture *f = *state;
    skip_without_arrow(f);
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        lf_report_folder *folder = NULL;
        const lf_status status =
            lf_report_folder_open(&memory.allocator, f->folder.path, &folder, NULL);
        lf_report_folder_close(folder);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round_trip, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_left_over, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_missing_file, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_broken, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_failing_memory, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
