/*
 * Goal: predictions of others land on the rows of their times and on no other, what does not fit is
 * refused by row, and no memory is lost when there is too little.
 * Method: a quiet simulated day, tables made by hand; allocations that fail one after the other.
 */
#include "given_internal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

#define STEP (60 * LF_NS_PER_SECOND)

static lf_testing_folder folder;
static lf_source_list days;
static lf_config config;
static lf_instrument instrument;

static int make_day(void **state)
{
    (void)state;
    const lf_testing_day day = {
        .symbol = "AB",
        .date = "2024-01-03",
        .seed = 7,
        .messages = 2000,
    };
    lf_feed *feed = NULL;
    assert_true(lf_testing_folder_make(&folder));
    assert_true(lf_testing_day_write(&folder, &day));
    const char *const paths[] = {folder.path};
    assert_int_equal(lf_feed_find(paths, 1, NULL, &days, NULL), LF_OK);
    assert_int_equal(lf_feed_open(&days.sources[0], NULL, &feed, NULL), LF_OK);
    instrument = *lf_feed_instrument(feed);
    lf_feed_close(feed);
    lf_config_default(&config);
    config.step_ns = STEP;
    return 0;
}

static int remove_day(void **state)
{
    (void)state;
    lf_source_list_clear(&days);
    lf_testing_folder_remove(&folder);
    return 0;
}

static lf_run_job job_of(const lf_allocator *allocator)
{
    return (lf_run_job){
        .allocator = allocator,
        .config = &config,
        .sources = days.sources,
        .source_count = 1,
    };
}

/* Rows at some minutes after the opening; end the table with lf_frame_destroy(). */
static lf_frame *table_of(const int64_t *minutes, size_t count)
{
    const lf_column_spec specs[] = {{"ts_event", LF_COLUMN_TIME}, {"p_up_1min", LF_COLUMN_F64}};
    lf_frame *out = NULL;
    assert_int_equal(lf_frame_create(NULL, specs, 2, count, &out, NULL), LF_OK);
    assert_int_equal(lf_frame_append(out, count), LF_OK);
    for (size_t i = 0; i < count; i++) {
        lf_frame_i64(out, 0)[i] = instrument.session_open_ns + minutes[i] * STEP;
        lf_frame_f64(out, 1)[i] = 0.5 + 0.001 * (double)minutes[i];
    }
    return out;
}

static void test_places(void **state)
{
    (void)state;
    const int64_t minutes[] = {17, 3, 389, -1, 390, 100};
    const lf_run_job job = job_of(NULL);
    lf_frame *table = table_of(minutes, 6);
    lfi_given given;
    lf_row *rows = NULL;
    size_t count = 0;
    assert_int_equal(lfi_given_open(&job, table, &given, NULL), LF_OK);
    assert_true(given.span.from_ns == instrument.session_open_ns - STEP);
    assert_int_equal(lfi_given_rows(&given, &job, 0, &rows, &count, NULL), LF_OK);
    assert_int_equal(count, 390);
    size_t placed = 0;
    for (size_t i = 0; i < count; i++) {
        const double p = rows[i].prediction.p_up_1min;
        assert_true(rows[i].ts_ns == instrument.session_open_ns + (int64_t)i * STEP);
        assert_true(isnan(rows[i].prediction.p_up_5min));
        assert_true(isnan(p) || p == 0.5 + 0.001 * (double)i);
        placed += isnan(p) ? 0 : 1;
    }
    assert_int_equal(placed, 4);
    lf_release(NULL, rows);
    lf_frame_destroy(table);
}

/* Other values, another name; the same, the same. */
static void test_name(void **state)
{
    (void)state;
    const int64_t minutes[] = {1, 2};
    const lf_run_job job = job_of(NULL);
    lfi_given given[3];
    for (int k = 0; k < 3; k++) {
        lf_frame *table = table_of(minutes, 2);
        lf_frame_f64(table, 1)[1] += k == 2 ? 0x1p-50 : 0;
        assert_int_equal(lfi_given_open(&job, table, &given[k], NULL), LF_OK);
        lf_frame_destroy(table);
    }
    const char *const name = given[0].span.meta.model_id;
    assert_string_equal(name, given[1].span.meta.model_id);
    assert_string_not_equal(name, given[2].span.meta.model_id);
}

static void test_refused(void **state)
{
    (void)state;
    const int64_t minutes[] = {5, 7, 5};
    const lf_run_job job = job_of(NULL);
    lf_error error;
    lf_row *rows = NULL;
    size_t count = 0;
    lfi_given given;
    lf_frame *table = table_of(minutes, 3);
    assert_int_equal(lfi_given_open(&job, table, &given, NULL), LF_OK);
    assert_int_equal(lfi_given_rows(&given, &job, 0, &rows, &count, &error), LF_DATA);
    assert_non_null(strstr(error.message, "Row 2"));
    assert_null(rows);
    lf_frame_i64(table, 0)[2] += 1;
    assert_int_equal(lfi_given_rows(&given, &job, 0, &rows, &count, &error), LF_MISMATCH);
    assert_non_null(strstr(error.message, "every 1min"));
    lf_frame_f64(table, 1)[0] = -0.1;
    assert_int_equal(lfi_given_open(&job, table, &given, &error), LF_DATA);
    lf_frame_destroy(table);
}

static void test_failing_memory(void **state)
{
    (void)state;
    const int64_t minutes[] = {5, 7};
    lf_frame *table = table_of(minutes, 2);
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        const lf_run_job job = job_of(&memory.allocator);
        lfi_given given;
        lf_row *rows = NULL;
        size_t count = 0;
        assert_int_equal(lfi_given_open(&job, table, &given, NULL), LF_OK);
        const lf_status status = lfi_given_rows(&given, &job, 0, &rows, &count, NULL);
        assert_true((rows != NULL) == (status == LF_OK));
        lf_release(&memory.allocator, rows);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
    }
    lf_frame_destroy(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_name),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, make_day, remove_day);
}
