/*
 * Goal: labels equal reference numbers that an independent program computed.
 * Method: the path of each day with data in the shared folder beside the checkout; up and undefined
 * values exactly, returns within 1e-9 bps. Without the folder: skipped.
 */
#include <lobflow/frame.h>
#include <lobflow/label.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

/* The path of one symbol-day. */
static lf_label_path *read_path(const char *input)
{
    lf_error error;
    lf_source_list list;
    if (lf_feed_find(&input, 1, NULL, &list, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    lf_feed *feed;
    if (lf_feed_open(&list.sources[0], NULL, &feed, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    lf_source_list_clear(&list);
    lf_label_path *path;
    assert_int_equal(
        lf_label_path_create(NULL, lf_feed_instrument(feed), LF_CLOCK_EXCHANGE, &path, NULL), LF_OK
    );
    for (;;) {
        lf_batch batch;
        assert_int_equal(lf_feed_next(feed, &batch, NULL), LF_OK);
        if (batch.event_count == 0) {
            break;
        }
        for (size_t i = 0; i < batch.event_count; i++) {
            assert_int_equal(lf_label_path_push(path, &batch.events[i]), LF_OK);
        }
    }
    lf_feed_close(feed);
    return path;
}

static double value_of(lf_frame *table, const char *name, size_t row)
{
    const size_t column = lf_frame_find(table, name);
    assert_true(column != SIZE_MAX);
    if (lf_frame_column(table, column).kind == LF_COLUMN_F64) {
        return lf_frame_f64(table, column)[row];
    }
    return (double)lf_frame_i64(table, column)[row];
}

static void compare(const char *what, size_t row, double ours, double wanted, double bound)
{
    const bool both_nan = isnan(ours) && isnan(wanted);
    if (!both_nan && !(fabs(ours - wanted) <= bound)) {
        fail_msg("%s row %d: %.17g, expected %.17g", what, (int)row, ours, wanted);
    }
}

static void compare_table(const lf_label_path *path, const char *name, int64_t delay_ns)
{
    lf_frame *table;
    lf_error error;
    if (lf_frame_read(lf_testing_shared(name), &table, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    const size_t count = lf_frame_row_count(table);
    assert_true(count > 100);
    double *ret = calloc(count, sizeof *ret);
    double *up = calloc(count, sizeof *up);
    for (int minutes = 1; minutes <= 5; minutes += 4) {
        char ret_name[16];
        char up_name[16];
        (void)snprintf(ret_name, sizeof ret_name, "ret_%dmin", minutes);
        (void)snprintf(up_name, sizeof up_name, "up_%dmin", minutes);
        lf_label_horizon(
            path, lf_frame_i64(table, 0), count, minutes * LF_NS_PER_MINUTE, delay_ns, ret, up
        );
        for (size_t row = 0; row < count; row++) {
            compare(name, row, ret[row], value_of(table, ret_name, row), 1e-9);
            compare(name, row, up[row], value_of(table, up_name, row), 0);
        }
    }
    free(ret);
    free(up);
    lf_frame_destroy(table);
}

static void test_vectors(void **state)
{
    (void)state;
    static const struct {
        const char *input;
        const char *name;
    } cases[] = {
        {"vectors/edge/LOBSTER_EDGE_2012-06-21_3.zip", "EDGE_3"},
        {"data/lobster/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip", "GOOG_10"},
        {"data/lobster/LOBSTER_SampleFile_AMZN_2012-06-21_5.zip", "AMZN_5"},
        {"data/lobster/LOBSTER_SampleFile_AAPL_2012-06-21_1.zip", "AAPL_1"},
        {"vectors/edge/20131007/EDGE.csv.gz", "EDGE_20131007"},
        {"data/algoseek/20131007/BAC.csv.gz", "BAC_20131007"},
        {"data/algoseek/20131008/AIG.csv.gz", "AIG_20131008"},
    };
    if (lf_testing_shared("vectors/README.md") == NULL) {
        skip();
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char name[256];
        lf_label_path *path = read_path(lf_testing_shared(cases[i].input));
        (void)snprintf(name, sizeof name, "vectors/%s_labels_d0.csv", cases[i].name);
        compare_table(path, name, 0);
        (void)snprintf(name, sizeof name, "vectors/%s_labels_d100ms.csv", cases[i].name);
        compare_table(path, name, 100 * LF_NS_PER_MILLISECOND);
        lf_label_path_destroy(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
