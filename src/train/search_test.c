/*
 * Goal: every trial is recorded once, a search that was stopped goes on, the best trial is the
 * best, and foreign files are refused. Method: a logistic on made-up days, so that a trial is
 * quick; the record is read back with SQLite itself.
 */
#include "train_internal.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "train_testing.h"

#define START INT64_C(1340285400000000000)

/* A search of some trials over one made-up day. */
typedef struct bench {
    lf_testing_folder folder;
    char path[1024];
    char models[1024];
    lf_frame *day;
    lf_train_options options;
} bench;

static void setup(bench *b)
{
    assert_true(lf_testing_folder_make(&b->folder));
    (void)snprintf(b->path, sizeof b->path, "%s", lf_testing_path(&b->folder, "trials.sqlite"));
    (void)snprintf(b->models, sizeof b->models, "%s", lf_testing_path(&b->folder, "models"));
    b->day = testing_make(&(testing_day){.rows = 4000, .first_ns = START, .skill = 1, .seed = 4});
    b->options = testing_options();
    b->options.kind = LF_TRAIN_LOGISTIC;
    b->options.blocks_in_day = 3;
}

static void teardown(bench *b)
{
    lf_frame_destroy(b->day);
    lf_testing_folder_remove(&b->folder);
}

static lf_status
search(bench *b, int64_t count, lf_train_options *best, lf_train_search *found, lf_error *error)
{
    const lf_train_days days = lf_train_days_of(&b->day, 1);
    const lf_train_search_options options = {
        .path = b->path,
        .folder = b->models,
        .trial_count = count,
    };
    return lf_train_search_days(&days, &b->options, &options, best, found, error);
}

static void test_goes_on(void **state)
{
    (void)state;
    bench b;
    lf_train_options best;
    lf_train_options again;
    lf_train_search found;
    int64_t count = 0;
    setup(&b);
    assert_int_equal(lf_train_trial_count(b.path, &count, NULL), LF_NOT_FOUND);
    assert_int_equal(search(&b, 3, &best, &found, NULL), LF_OK);
    assert_true(found.made == 3 && found.recorded == 3);
    /* Models of trials are not kept. */
    assert_int_equal(lf_testing_entry_count(b.models), 0);
    assert_int_equal(search(&b, 5, &best, &found, NULL), LF_OK);
    assert_true(found.made == 2 && found.recorded == 5);
    assert_true(found.best_log_loss <= found.first_log_loss);
    assert_non_null(strstr(found.parameters, "ridge"));
    assert_int_equal(search(&b, 5, &again, &found, NULL), LF_OK);
    assert_true(found.made == 0 && found.recorded == 5 && again.ridge == best.ridge);
    /* Other options are another search; all trials count. */
    b.options.horizon_long_ns = b.options.horizon_ns;
    assert_int_equal(search(&b, 1, &again, &found, NULL), LF_OK);
    assert_true(found.made == 1 && found.recorded == 6 && found.best == 0);
    assert_true(again.ridge == b.options.ridge);
    assert_int_equal(lf_train_trial_count(b.path, &count, NULL), LF_OK);
    assert_int_equal(count, 6);
    /* So are other ways of validation: their losses are not of the same rows. */
    b.options.split.validation = LF_TRAIN_KFOLD;
    assert_int_equal(search(&b, 1, &again, &found, NULL), LF_OK);
    assert_true(found.made == 1 && found.recorded == 7);
    b.options.split.folds = 3;
    assert_int_equal(search(&b, 1, &again, &found, NULL), LF_OK);
    assert_true(found.made == 1 && found.recorded == 8);
    b.options.split.embargo_after_ns += 1;
    assert_int_equal(search(&b, 1, &again, &found, NULL), LF_OK);
    assert_true(found.made == 1 && found.recorded == 9);
    teardown(&b);
}

static void test_record(void **state)
{
    (void)state;
    bench b;
    lf_train_options best;
    lf_train_search found;
    setup(&b);
    assert_int_equal(search(&b, 4, &best, &found, NULL), LF_OK);
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open(b.path, &database), SQLITE_OK);
    static const char text[] =
        "SELECT number, parameters, log_loss, auc, seconds, started FROM trials ORDER BY log_loss";
    assert_int_equal(sqlite3_prepare_v2(database, text, -1, &statement, NULL), SQLITE_OK);
    int rows = 0;
    while (sqlite3_step(statement) == SQLITE_ROW) {
        if (rows++ == 0) {
            assert_true(sqlite3_column_int64(statement, 0) == found.best);
            assert_string_equal((const char *)sqlite3_column_text(statement, 1), found.parameters);
            assert_true(sqlite3_column_double(statement, 2) == found.best_log_loss);
        }
        const double auc = sqlite3_column_double(statement, 3);
        assert_true(auc > 0.5 && auc < 1 && sqlite3_column_double(statement, 4) > 0);
        assert_int_equal(strncmp((const char *)sqlite3_column_text(statement, 5), "20", 2), 0);
    }
    assert_int_equal(rows, 4);
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(database);
    teardown(&b);
}

/* Draws lie in their space, differ from each other, and are the same again. */
static void test_draws(void **state)
{
    (void)state;
    lf_train_options base;
    lf_train_options first;
    lf_train_options_init(&base, LF_TRAIN_SYMMETRIC);
    lfi_trial_draw(&base, 0, &first);
    assert_memory_equal(&base, &first, sizeof base);
    double before = 0;
    for (int64_t k = 1; k < 500; k++) {
        lf_train_options o;
        lf_train_options same;
        lfi_trial_draw(&base, k, &o);
        lfi_trial_draw(&base, k, &same);
        assert_memory_equal(&o, &same, sizeof o);
        assert_true(o.learning_rate >= 0.01 && o.learning_rate <= 0.2);
        assert_true(
            o.num_leaves >= 7 && o.num_leaves <= 63 && o.max_depth >= 3 && o.max_depth <= 8
        );
        assert_true(o.min_data_in_leaf >= 20 && o.min_data_in_leaf <= 2000);
        assert_true(o.learning_rate != before && o.ridge == base.ridge);
        assert_int_equal(lfi_check_options(&o, NULL), LF_OK);
        before = o.learning_rate;
    }
}

/* Stops in the middle of the third trial. */
static bool stop_later(void *context, double share)
{
    (void)context;
    return share < 0.5;
}

static void test_stopped(void **state)
{
    (void)state;
    bench b;
    lf_train_options best;
    lf_train_search found;
    int64_t count = 0;
    setup(&b);
    b.options.progress = stop_later;
    assert_int_equal(search(&b, 5, &best, &found, NULL), LF_CANCELLED);
    assert_int_equal(lf_train_trial_count(b.path, &count, NULL), LF_OK);
    assert_int_equal(count, 2);
    b.options.progress = NULL;
    assert_int_equal(search(&b, 5, &best, &found, NULL), LF_OK);
    assert_true(found.made == 3 && found.recorded == 5);
    teardown(&b);
}

static void test_refused(void **state)
{
    (void)state;
    bench b;
    lf_train_options best;
    lf_train_search found;
    lf_error error = {0};
    int64_t count = 0;
    setup(&b);
    assert_int_equal(search(&b, 0, &best, &found, &error), LF_RANGE);
    static const char text[] = "This is a letter, and no database at all; it must stay as it is.";
    assert_int_equal(lf_file_write_atomic(b.path, text, sizeof text, NULL), LF_OK);
    assert_int_equal(search(&b, 2, &best, &found, &error), LF_FORMAT);
    assert_non_null(strstr(error.message, "trials.sqlite"));
    assert_int_equal(lf_train_trial_count(b.path, &count, &error), LF_FORMAT);
    (void)snprintf(b.path, sizeof b.path, "/dev/null/trials.sqlite");
    assert_int_equal(search(&b, 2, &best, &found, &error), LF_IO);
    teardown(&b);
}

static void test_failing_memory(void **state)
{
    (void)state;
    bench b;
    setup(&b);
    for (uint64_t n = 0;; n += 1 + n / 3) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        lf_train_options best;
        lf_train_search found;
        b.options.allocator = &memory.allocator;
        b.options.seed = n;
        const lf_status status = search(&b, 1, &best, &found, NULL);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
    }
    teardown(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goes_on),
        cmocka_unit_test(test_record),
        cmocka_unit_test(test_draws),
        cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
