/*
 * Goal: delays are what their model says. Method: quantiles of many draws against the distribution,
 * recorded rows by hand, the event rate by hand, and draws that depend on nothing but their names.
 */
#include <lobflow/execution.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

#define MS LF_NS_PER_MILLISECOND

static lf_latency_options some_options(void)
{
    lf_execution_options options;
    lf_execution_options_default(&options);
    options.latency.decision_ns = 2 * MS;
    options.latency.entry_ns = 7 * MS;
    options.latency.cancel_ns = 3 * MS;
    options.latency.response_ns = 5 * MS;
    return options.latency;
}

static lf_latency *create(const lf_latency_options *options)
{
    lf_latency *latency = NULL;
    lf_error error;
    if (lf_latency_create(NULL, options, &latency, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    return latency;
}

static void write_file(const char *name, const char *text, char out[LF_LATENCY_PATH_BYTES])
{
    (void)snprintf(out, LF_LATENCY_PATH_BYTES, "%s", lf_testing_path(lf_testing_home(), name));
    assert_int_equal(lf_file_write_atomic(out, text, strlen(text), NULL), LF_OK);
}

static void test_constant(void **state)
{
    (void)state;
    const lf_latency_options options = some_options();
    lf_latency *const latency = create(&options);
    static const int64_t expected[] = {2 * MS, 7 * MS, 3 * MS, 5 * MS};
    for (uint64_t key = 0; key < 1000; key++) {
        for (int leg = 0; leg < 4; leg++) {
            bool lost = true;
            const int64_t delay =
                lf_latency_draw(latency, (lf_leg)leg, (int64_t)key, key, leg == 3 ? NULL : &lost);
            assert_int_equal(delay, expected[leg]);
            assert_true(leg == 3 || !lost);
        }
    }
    lf_latency_destroy(latency);
}

static int compare(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

static void test_lognormal(void **state)
{
    (void)state;
    enum {
        DRAWS = 200000
    };
    lf_latency_options options = some_options();
    options.model = LF_LATENCY_LOGNORMAL;
    options.sigma = 0.8;
    lf_latency *const latency = create(&options);
    double *const delays = malloc(DRAWS * sizeof *delays);
    assert_non_null(delays);
    for (uint64_t key = 0; key < DRAWS; key++) {
        bool lost = true;
        delays[key] = (double)lf_latency_draw(latency, LF_LEG_ENTRY, 0, key, &lost);
        assert_false(lost);
    }
    qsort(delays, DRAWS, sizeof *delays, compare);
    static const struct {
        double share, z;
    } rows[] = {{0.05, -1.644854}, {0.5, 0.0}, {0.8413447, 1.0}, {0.99, 2.326348}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const double found = delays[(size_t)(rows[i].share * (DRAWS - 1))];
        const double expected = 7e6 * exp(0.8 * rows[i].z);
        assert_true(fabs(found / expected - 1.0) < 0.02);
    }
    free(delays);
    lf_latency_destroy(latency);
}

/* The luck of a message is its own: nothing that was drawn before changes it. */
static void test_draws_have_names(void **state)
{
    (void)state;
    lf_latency_options options = some_options();
    options.model = LF_LATENCY_LOGNORMAL;
    options.lost_share = 0.3;
    lf_latency *const all = create(&options);
    lf_latency *const few = create(&options);
    options.seed = 2;
    lf_latency *const other = create(&options);
    int different = 0;
    for (uint64_t key = 0; key < 3000; key++) {
        bool lost = false;
        const int64_t delay = lf_latency_draw(all, LF_LEG_ENTRY, 0, key, &lost);
        different += delay != lf_latency_draw(all, LF_LEG_CANCEL, 0, key, &(bool){false});
        if (key % 7 == 0) {
            bool again = !lost;
            assert_int_equal(lf_latency_draw(few, LF_LEG_ENTRY, 99, key, &again), delay);
            assert_int_equal(again, lost);
            different += delay != lf_latency_draw(other, LF_LEG_ENTRY, 0, key, &again);
        }
    }
    assert_true(different > 3400);
    lf_latency_destroy(all);
    lf_latency_destroy(few);
    lf_latency_destroy(other);
}

static void test_lost(void **state)
{
    (void)state;
    lf_latency_options options = some_options();
    options.lost_share = 0.25;
    lf_latency *const latency = create(&options);
    int lost_count = 0;
    for (uint64_t key = 0; key < 40000; key++) {
        bool lost = false;
        const int64_t delay = lf_latency_draw(latency, LF_LEG_ENTRY, 0, key, &lost);
        /* The refusal comes back the way that a report takes. */
        assert_int_equal(delay, lost ? 12 * MS : 7 * MS);
        lost_count += lost;
    }
    assert_true(abs(lost_count - 10000) < 400);
    lf_latency_destroy(latency);
}

static void test_recorded(void **state)
{
    (void)state;
    lf_latency_options options = some_options();
    options.model = LF_LATENCY_RECORDED;
    write_file(
        "rows.csv",
        "request_ns,exchange_ns,response_ns\n"
        "1000,1100,1300\n"
        "2000,2300,2400\n"
        "3000,0,3900\n"
        "4000,4100,4200\n",
        options.rows
    );
    lf_latency *const latency = create(&options);
    static const struct {
        lf_leg leg;
        int64_t at, delay;
        bool lost;
    } rows[] = {
        {LF_LEG_ENTRY, 0, 100, false}, /* before the first row: as there */
        {LF_LEG_ENTRY, 1000, 100, false},
        {LF_LEG_ENTRY, 1500, 200, false},
        {LF_LEG_CANCEL, 1250, 150, false},
        {LF_LEG_ENTRY, 2000, 400, true}, /* between a row and a refusal: refused */
        {LF_LEG_ENTRY, 2500, 650, true}, /* response less request of both, halfway */
        {LF_LEG_ENTRY, 3999, 201, true},
        {LF_LEG_ENTRY, 4000, 100, false},
        {LF_LEG_ENTRY, 9000, 100, false},    /* after the last row: as there */
        {LF_LEG_RESPONSE, 1700, 150, false}, /* between the exchange times 1100 and 2300 */
        {LF_LEG_RESPONSE, 50, 200, false},
        {LF_LEG_DECISION, 1500, 2 * MS, false}, /* not in the rows */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool lost = !rows[i].lost;
        const int64_t delay = lf_latency_draw(latency, rows[i].leg, rows[i].at, i, &lost);
        if (delay != rows[i].delay || lost != rows[i].lost) {
            fail_msg("row %zu: %lld, lost %d", i, (long long)delay, lost);
        }
    }
    lf_latency_destroy(latency);
}

static void test_measured_decisions(void **state)
{
    (void)state;
    lf_latency_options options = some_options();
    write_file("times.csv", "ns,count\n100,1\n200,3\n5000,6\n", options.decision_times);
    lf_latency *const latency = create(&options);
    int counts[3] = {0};
    for (uint64_t key = 0; key < 50000; key++) {
        const int64_t delay = lf_latency_draw(latency, LF_LEG_DECISION, 0, key, NULL);
        counts[0] += delay == 100;
        counts[1] += delay == 200;
        counts[2] += delay == 5000;
    }
    assert_int_equal(counts[0] + counts[1] + counts[2], 50000);
    assert_true(abs(counts[0] - 5000) < 300 && abs(counts[1] - 15000) < 500);
    lf_latency_destroy(latency);
}

/* 1000 events a second as usual; then ten times as many for a second. */
static void test_burst(void **state)
{
    (void)state;
    lf_latency_options options = some_options();
    options.burst = 0.5;
    lf_latency *const latency = create(&options);
    lf_latency_begin(latency, 0);
    int64_t now = 0;
    assert_int_equal(lf_latency_draw(latency, LF_LEG_ENTRY, 0, 1, &(bool){false}), 7 * MS);
    for (int i = 0; i < 20000; i++) {
        now += MS;
        lf_latency_event(latency, now);
    }
    const double calm = (double)lf_latency_draw(latency, LF_LEG_ENTRY, now, 1, &(bool){false});
    assert_true(fabs(calm / (7.0 * MS) - 1.0) < 0.01);
    for (int i = 0; i < 10000; i++) {
        now += MS / 10;
        lf_latency_event(latency, now);
    }
    /* Recent rate 10 a ms; the session's mean is 30000 events in 21000 ms. */
    const double hurried = (double)lf_latency_draw(latency, LF_LEG_ENTRY, now, 1, &(bool){false});
    const double expected = 1.0 + 0.5 * (10.0 / (30000.0 / 21000.0) - 1.0);
    assert_true(fabs(hurried / (7.0 * MS) / expected - 1.0) < 0.01);
    assert_int_equal(lf_latency_draw(latency, LF_LEG_DECISION, now, 1, NULL), 2 * MS);
    /* Half a second later it is over. */
    const double later =
        (double)lf_latency_draw(latency, LF_LEG_ENTRY, now + 500 * MS, 1, &(bool){false});
    assert_true(later < 7.1 * MS);
    lf_latency_destroy(latency);
}

static void test_refused_files(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        lf_status status;
        const char *word;
    } rows[] = {
        {"request_ns,exchange_ns\n1,2\n", LF_MISMATCH, "response_ns"},
        {"request_ns,exchange_ns,response_ns\n", LF_DATA, "no rows"},
        {"request_ns,exchange_ns,response_ns\n5,6,7\n4,8,9\n", LF_DATA, "row 2"},
        {"request_ns,exchange_ns,response_ns\n5,4,7\n", LF_DATA, "row 1"},
        {"request_ns,exchange_ns,response_ns\n5,0,4\n", LF_DATA, "row 1"},
        {"request_ns,exchange_ns,response_ns\n1,9,10\n2,8,11\n", LF_DATA, "row 2"},
    };
    lf_error error;
    lf_latency *latency = NULL;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lf_latency_options options = some_options();
        options.model = LF_LATENCY_RECORDED;
        write_file("bad.csv", rows[i].text, options.rows);
        if (lf_latency_create(NULL, &options, &latency, &error) != rows[i].status ||
            strstr(error.message, rows[i].word) == NULL) {
            fail_msg("file %zu: %s", i, error.message);
        }
        assert_null(latency);
    }
    lf_latency_options options = some_options();
    write_file("bad.csv", "ns,count\n5,1\n5,1\n", options.decision_times);
    assert_int_equal(lf_latency_create(NULL, &options, &latency, &error), LF_DATA);
    (void)snprintf(options.decision_times, sizeof options.decision_times, "/nowhere/times.csv");
    assert_int_equal(lf_latency_create(NULL, &options, &latency, &error), LF_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_constant),
        cmocka_unit_test(test_lognormal),
        cmocka_unit_test(test_draws_have_names),
        cmocka_unit_test(test_lost),
        cmocka_unit_test(test_recorded),
        cmocka_unit_test(test_measured_decisions),
        cmocka_unit_test(test_burst),
        cmocka_unit_test(test_refused_files),
    };
    return cmocka_run_group_tests(tests, lf_testing_home_make, lf_testing_home_remove);
}
