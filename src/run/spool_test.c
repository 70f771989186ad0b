/*
 * Goal: long tables that are given day by day become the files that whole tables would, come back
 * for the report, and memory does not grow with the days. Method: days of made-up rows in the
 * tables of a backtest; files compared with those of whole tables; an allocator that counts, and
 * fails once at every call.
 */
#include "trade_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../tests/testing.h"

enum {
    DAYS = 9,
    ROWS = 700
};

static const char *const SYMBOLS[2] = {"AAA", "BBB"};

/* A desk with tables and without days. */
typedef struct made {
    lf_testing_memory memory;
    lf_config *config;
    lf_run_job job;
    lf_strategy_options strategies[LFI_STRATEGIES_MAX];
    lfi_desk desk;
} made;

static lf_status made_create(made *m, const char *folder, uint64_t fail_at)
{
    *m = (made){.config = calloc(1, sizeof *m->config)};
    lf_config_default(m->config);
    lf_testing_memory_start(&m->memory, UINT64_MAX);
    m->job = (lf_run_job){.config = m->config, .allocator = &m->memory.allocator};
    m->desk = (lfi_desk){.job = &m->job, .folder = folder, .strategies = m->strategies};
    m->desk.strategy_count = lfi_strategies(&m->job, m->strategies);
    const lf_backtest_options options = {
        .strategies = m->strategies,
        .strategy_count = m->desk.strategy_count,
    };
    assert_int_equal(lf_backtest_create(&options, &m->desk.backtest, NULL), LF_OK);
    m->memory.fail_at = fail_at;
    return lfi_spool_create(&m->job, &m->desk.spool, NULL);
}

static void made_end(made *m)
{
    lfi_spool_destroy(m->desk.spool);
    lf_backtest_destroy(m->desk.backtest);
    free(m->config);
    assert_int_equal(m->memory.live, 0);
}

/* Rows of a day at the end of a table: a time, a number that only it has, a text. */
static void add_rows(lf_frame *frame, int day, size_t table)
{
    const size_t first = lf_frame_row_count(frame);
    assert_int_equal(lf_frame_append(frame, ROWS), LF_OK);
    for (size_t i = first; i < first + ROWS; i++) {
        const double value = (double)(100000 * table + 1000 * (size_t)day + i - first);
        lf_frame_i64(frame, lf_frame_find(frame, "ts_event"))[i] =
            day * LF_NS_PER_DAY + (int64_t)(i - first);
        lf_frame_f64(frame, lf_frame_find(frame, "mid"))[i] = value;
        lf_frame_bool(frame, lf_frame_find(frame, "valid"))[i] = i % 7 != 0;
    }
    const size_t symbol = lf_frame_find(frame, "symbol");
    assert_int_equal(lf_frame_set_text(frame, symbol, first, ROWS, SYMBOLS[day > DAYS / 2]), LF_OK);
}

static lf_frame *table_of(lf_backtest *backtest, size_t table)
{
    return table == 0 ? lf_backtest_predictions(backtest)
                      : lf_backtest_frame(backtest, table - 1, LF_BACKTEST_EQUITY);
}

static void add_day(made *m, int day)
{
    for (size_t t = 0; t <= m->desk.strategy_count; t++) {
        add_rows(table_of(m->desk.backtest, t), day, t);
    }
}

static lf_status put_days(made *m)
{
    lf_status status = LF_OK;
    for (int day = 0; day < DAYS && status == LF_OK; day++) {
        add_day(m, day);
        status = lfi_spool_put(&m->desk, SYMBOLS[day > DAYS / 2], NULL);
    }
    return status;
}

static void must_be_equal(const char *left, const char *right)
{
    char *texts[2];
    size_t bytes[2];
    assert_int_equal(lf_file_read_all(NULL, left, &texts[0], &bytes[0], NULL), LF_OK);
    assert_int_equal(lf_file_read_all(NULL, right, &texts[1], &bytes[1], NULL), LF_OK);
    assert_int_equal(bytes[0], bytes[1]);
    assert_memory_equal(texts[0], texts[1], bytes[0]);
    lf_release(NULL, texts[0]);
    lf_release(NULL, texts[1]);
}

/* Path of a table's file in a folder. */
static void path_of(const made *m, const lf_testing_folder *folder, size_t table, char out[512])
{
    char name[256];
    (void)snprintf(
        name,
        sizeof name,
        "run/%s%s%s.parquet",
        table < 2 ? "" : m->strategies[table - 1].name,
        table < 2 ? "" : "/",
        table == 0 ? "predictions" : "equity"
    );
    (void)snprintf(out, 512, "%s", lf_testing_path(folder, name));
}

static void test_files(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    char run[512];
    (void)snprintf(run, sizeof run, "%s", lf_testing_path(&folder, "run"));
    made m;
    assert_int_equal(made_create(&m, run, UINT64_MAX), LF_OK);
    const lf_status status = put_days(&m);
    if (status == LF_DEPENDENCY) {
        print_message("skipped: no Arrow plugin\n");
        made_end(&m);
        lf_testing_folder_remove(&folder);
        return;
    }
    assert_int_equal(status, LF_OK);
    for (size_t t = 0; t <= m.desk.strategy_count; t++) {
        char path[512];
        path_of(&m, &folder, t, path);
        assert_int_not_equal(access(path, F_OK), 0); /* not before it is whole */
        assert_int_equal(lf_frame_row_count(table_of(m.desk.backtest, t)), 0);
    }
    assert_int_equal(lfi_spool_finish(m.desk.spool, NULL), LF_OK);
    for (size_t t = 0; t <= m.desk.strategy_count; t++) {
        lf_frame *const whole = table_of(m.desk.backtest, t);
        const lf_report_parts parts =
            t == 0 ? lfi_spool_predictions(m.desk.spool) : lfi_spool_equity(m.desk.spool, t - 1);
        char path[512];
        char other[512];
        assert_int_equal(parts.count, DAYS);
        assert_int_equal(parts.row_count, DAYS * ROWS);
        for (int day = DAYS - 1; day >= 0; day--) {
            lf_frame *part = NULL;
            assert_int_equal(parts.open(parts.context, (size_t)day, &part, NULL), LF_OK);
            lf_frame_clear(whole);
            add_rows(whole, day, t);
            const size_t mid = lf_frame_find(whole, "mid");
            assert_int_equal(lf_frame_row_count(part), ROWS);
            assert_memory_equal(lf_frame_f64(part, mid), lf_frame_f64(whole, mid), ROWS * 8);
        }
        lf_frame_clear(whole);
        for (int day = 0; day < DAYS; day++) {
            add_rows(whole, day, t);
        }
        (void)snprintf(other, sizeof other, "%s", lf_testing_path(&folder, "whole.parquet"));
        assert_int_equal(lf_frame_write(whole, other, NULL), LF_OK);
        path_of(&m, &folder, t, path);
        must_be_equal(path, other);
    }
    made_end(&m);
    lf_testing_folder_remove(&folder);
}

/* After the second day nothing more is taken; what is not finished leaves no file. */
static void test_memory(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    char run[512];
    (void)snprintf(run, sizeof run, "%s", lf_testing_path(&folder, "run"));
    made m;
    assert_int_equal(made_create(&m, run, UINT64_MAX), LF_OK);
    uint64_t before = 0;
    for (int day = 0; day < 40; day++) {
        add_day(&m, day % DAYS);
        const lf_status status = lfi_spool_put(&m.desk, "AAA", NULL);
        if (status == LF_DEPENDENCY) {
            print_message("skipped: no Arrow plugin\n");
            break;
        }
        assert_int_equal(status, LF_OK);
        if (day == 1) {
            before = m.memory.bytes_live;
        } else if (day > 1) {
            /* Where each day lies is all that is added. */
            assert_in_range(m.memory.bytes_live, before, before + 7 * 128 * 64);
        }
    }
    char path[512];
    path_of(&m, &folder, 1, path);
    made_end(&m);
    assert_int_not_equal(access(path, F_OK), 0);
    lf_testing_folder_remove(&folder);
}

static void make_file(const lf_testing_folder *folder, const char *file, long pid, char out[512])
{
    char name[256];
    (void)snprintf(name, sizeof name, "run/%s.%ld.0.tmp", file, pid);
    (void)snprintf(out, 512, "%s", lf_testing_path(folder, name));
    assert_int_equal(lf_file_write_atomic(out, "x", 1, NULL), LF_OK);
}

/* What a call that was killed left goes; what a process that lives writes, and other files, stay.
 */
static void test_left(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    char run[512];
    (void)snprintf(run, sizeof run, "%s", lf_testing_path(&folder, "run"));
    assert_int_equal(lf_mkdirs(run, NULL), LF_OK);
    const pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    char left[512];
    char alive[512];
    char other[512];
    make_file(&folder, "predictions.parquet", child, left);
    make_file(&folder, "predictions.parquet", getppid(), alive);
    make_file(&folder, "my.predictions.parquet", child, other);
    made m;
    assert_int_equal(made_create(&m, run, UINT64_MAX), LF_OK);
    add_day(&m, 0);
    const lf_status status = lfi_spool_put(&m.desk, "AAA", NULL);
    if (status == LF_DEPENDENCY) {
        print_message("skipped: no Arrow plugin\n");
    } else {
        assert_int_equal(status, LF_OK);
        assert_int_not_equal(access(left, F_OK), 0);
    }
    assert_int_equal(access(alive, F_OK), 0);
    assert_int_equal(access(other, F_OK), 0);
    made_end(&m);
    lf_testing_folder_remove(&folder);
}

static void test_failing_memory(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    char run[512];
    (void)snprintf(run, sizeof run, "%s", lf_testing_path(&folder, "run"));
    for (uint64_t n = 0;; n++) {
        made m;
        lf_status status = made_create(&m, run, n);
        if (status == LF_OK) {
            add_day(&m, 0);
            status = lfi_spool_put(&m.desk, "AAA", NULL);
        }
        const bool is_through = m.memory.calls <= n || status == LF_DEPENDENCY;
        assert_true(is_through || status == LF_NOMEM);
        made_end(&m);
        if (is_through) {
            break;
        }
    }
    lf_testing_folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_left),
        cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
