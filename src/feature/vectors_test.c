/*
 * Goal: every feature, and the many-level flows, equal reference numbers that an independent
 * program computed for real and made-up days.
 * Method: lf_feature_rows() over each day with data in the shared folder beside the checkout; each
 * row of a reference table is looked up by its time; integers and undefined values exactly, the
 * others within the tolerance that comes with the tables. Without the folder: skipped.
 */
#include <lobflow/feature.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

/* One reference table while rows pass by. */
typedef struct reference {
    lf_frame *table;
    const char *name;
    size_t next; /* row of the table that waits for its time */
    size_t compared;
} reference;

static bool is_absolute(const char *name)
{
    static const char *const names[] = {
        "microprice_offset_bps",
        "vwap_distance",
        "momentum_10s",
        "price_momentum_1min",
        "price_momentum_5min",
        "volatility_1min",
        "volatility_5min",
        "effective_spread_1min",
        "realized_spread_1min",
        "price_impact_1min",
        "roll_spread_5min",
        "amihud_5min",
        "spread_z_score",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Columns that are compared exactly: integer features and all many-level flows. */
static bool is_exact(const char *name)
{
    const size_t index = lf_feature_find(name);
    return index == SIZE_MAX || lf_feature_at(index)->is_integer;
}

/* A value of a table that was read from text, where a column of integers may be one. */
static double value_of(lf_frame *table, size_t column, size_t row)
{
    switch (lf_frame_column(table, column).kind) {
    case LF_COLUMN_F64:
        return lf_frame_f64(table, column)[row];
    case LF_COLUMN_BOOL:
        return lf_frame_bool(table, column)[row];
    default:
        return (double)lf_frame_i64(table, column)[row];
    }
}

static void compare_row(const reference *expected, lf_frame *rows, size_t row)
{
    for (size_t column = 1; column < lf_frame_column_count(expected->table); column++) {
        const char *name = lf_frame_column(expected->table, column).name;
        const size_t ours = lf_frame_find(rows, name);
        assert_true(ours != SIZE_MAX);
        const double value = lf_frame_f64(rows, ours)[row];
        const double wanted = value_of(expected->table, column, expected->next);
        const double bound =
            is_exact(name) ? 0 : fmax(is_absolute(name) ? 1e-9 : 1e-12, 1e-9 * fabs(wanted));
        const bool both_nan = isnan(value) && isnan(wanted);
        if (!both_nan && !(fabs(value - wanted) <= bound)) {
            fail_msg(
                "%s row %d: %s is %.17g, expected %.17g",
                expected->name,
                (int)expected->next,
                name,
                value,
                wanted
            );
        }
    }
}

static lf_status compare_piece(void *context, const lf_frame *piece, lf_error *error)
{
    (void)error;
    reference *expected = context;
    lf_frame *rows = (lf_frame *)(uintptr_t)piece; /* the getters of values want it writable */
    const int64_t *times_ns = lf_frame_i64(rows, 0);
    const size_t count = lf_frame_row_count(expected->table);
    for (size_t row = 0; row < lf_frame_row_count(piece) && expected->next < count; row++) {
        if (times_ns[row] == lf_frame_i64(expected->table, 0)[expected->next]) {
            compare_row(expected, rows, row);
            expected->next++;
            expected->compared++;
        }
    }
    return LF_OK;
}

static lf_feed *open_day(const char *path)
{
    lf_error error;
    lf_source_list list;
    if (lf_feed_find(&path, 1, NULL, &list, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    assert_int_equal(list.count, 1);
    lf_feed *feed;
    if (lf_feed_open(&list.sources[0], NULL, &feed, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    lf_source_list_clear(&list);
    return feed;
}

static void compare_table(const char *input, const char *table, int64_t bucket_lots, bool at_events)
{
    char path[1024];
    const char *found = lf_testing_shared(table);
    assert_non_null(found);
    lf_error error;
    reference expected = {.name = table};
    if (lf_frame_read(found, &expected.table, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    (void)snprintf(path, sizeof path, "%s", lf_testing_shared(input));
    lf_feed *feed = open_day(path);
    const lf_feature_rows_options options = {
        .engine.vpin_bucket_lots = bucket_lots, .set = "all", .at_events = at_events};
    if (lf_feature_rows(feed, &options, compare_piece, &expected, NULL, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    lf_feed_close(feed);
    assert_int_equal(expected.compared, lf_frame_row_count(expected.table));
    lf_frame_destroy(expected.table);
}

static void test_vectors(void **state)
{
    (void)state;
    static const struct {
        const char *input;
        const char *name;
        int64_t bucket_lots;
        bool is_whole; /* has tables at events and of many-level flows */
    } cases[] = {
        {"vectors/edge/LOBSTER_EDGE_2012-06-21_3.zip", "EDGE_3", 20, true},
        {"data/lobster/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip", "GOOG_10", 2000, true},
        {"data/lobster/LOBSTER_SampleFile_AMZN_2012-06-21_5.zip", "AMZN_5", 3000, false},
        {"data/lobster/LOBSTER_SampleFile_AAPL_2012-06-21_1.zip", "AAPL_1", 10000, false},
        {"vectors/edge/20131007/EDGE.csv.gz", "EDGE_20131007", 15, true},
        {"data/algoseek/20131007/BAC.csv.gz", "BAC_20131007", 200000, false},
        {"data/algoseek/20131008/AIG.csv.gz", "AIG_20131008", 50000, false},
    };
    if (lf_testing_shared("vectors/README.md") == NULL) {
        skip();
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char table[256];
        (void)snprintf(table, sizeof table, "vectors/%s.csv", cases[i].name);
        compare_table(cases[i].input, table, cases[i].bucket_lots, false);
        if (cases[i].is_whole) {
            (void)snprintf(table, sizeof table, "vectors/%s_events.csv", cases[i].name);
            compare_table(cases[i].input, table, cases[i].bucket_lots, true);
            (void)snprintf(table, sizeof table, "vectors/%s_mlofi.csv", cases[i].name);
            compare_table(cases[i].input, table, cases[i].bucket_lots, false);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
