/*
 * Goal: labels are what the module's page says, undefined exactly where it says, and cost one knot
 * a change. Method: hand-made paths as tables; random paths with resets, halts, broken states and
 * equal times against a brute-force twin that scans all events for each label.
 */
#include <lobflow/label.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "label_testing.h"

#define EVENTS LABEL_EVENTS
#define LENGTH_S LABEL_LENGTH_S

static void test_table(void **state)
{
    (void)state;
    const int64_t s = LF_NS_PER_SECOND;
    const lf_event events[] = {
        label_event(-5 * s, 100, 0, LF_EVENT_QUOTE), /* carried in */
        label_event(10 * s, 110, 0, LF_EVENT_QUOTE),
        label_event(10 * s, 120, 0, LF_EVENT_QUOTE), /* the last of its time counts */
        label_event(20 * s, 0, 0, LF_EVENT_QUOTE),
        label_event(30 * s, 120, 0, LF_EVENT_QUOTE), /* a masked spell is no break */
        label_event(40 * s, 120, LF_EVENT_RESET, LF_EVENT_QUOTE),
        label_event(50 * s, 120, LF_EVENT_MASKED, LF_EVENT_HALT),
        label_event(60 * s, 90, LF_EVENT_RESET, LF_EVENT_HALT),
        label_event(LENGTH_S * s, 1000, 0, LF_EVENT_QUOTE), /* after the close */
    };
    lf_label_path *path = label_path(events, sizeof events / sizeof events[0], LF_CLOCK_EXCHANGE);
    static const struct {
        int64_t at_s, horizon_s, delay_s;
        double from2, to2; /* 0: undefined */
    } cases[] = {
        {0, 5, 0, 201, 201},
        {0, 10, 0, 201, 241}, /* an event at t + h belongs to it */
        {5, 5, 5, 241, 241},
        {0, 20, 0, 0, 0}, /* no state at the end */
        {20, 15, 0, 0, 0},
        {15, 20, 0, 241, 241},
        {15, 25, 0, 0, 0},    /* a reset at the very end lies between */
        {40, 5, 0, 241, 241}, /* one at the very beginning does not */
        {45, 5, 0, 0, 0},
        {45, 20, 0, 0, 0},
        {60, 10, 0, 181, 181},
        {LENGTH_S - 10, 10, 0, 181, 181}, /* up to the session's end */
        {LENGTH_S - 10, 9, 2, 0, 0},
        {LENGTH_S - 10, 11, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const int64_t t_ns = cases[i].at_s * s;
        double ret;
        double up;
        lf_label_horizon(path, &t_ns, 1, cases[i].horizon_s * s, cases[i].delay_s * s, &ret, &up);
        if (cases[i].from2 == 0) {
            assert_true(isnan(ret) && isnan(up));
            continue;
        }
        assert_true(fabs(ret - 1e4 * log(cases[i].to2 / cases[i].from2)) < 1e-9);
        if (cases[i].to2 == cases[i].from2) {
            assert_true(isnan(up) && ret == 0);
        } else {
            assert_true(up == (cases[i].to2 > cases[i].from2 ? 1 : 0));
        }
    }
    assert_int_equal(lf_label_mid2(path, -6 * s), 0);
    assert_int_equal(lf_label_mid2(path, 10 * s), 241);
    assert_int_equal(lf_label_mid2(path, 25 * s), 0);
    assert_int_equal(lf_label_mid2(path, 700 * s), 181);
    lf_label_path_destroy(path);
}

/* The label by a scan over all events. */
static void twin_label(
    const lf_event *events,
    size_t count,
    bool is_local,
    int64_t from_ns,
    int64_t to_ns,
    double *ret,
    double *up
)
{
    int64_t from2 = 0;
    int64_t to2 = 0;
    bool is_broken = to_ns > label_instrument.session_close_ns;
    for (size_t i = 0; i < count; i++) {
        const lf_event *event = &events[i];
        const int64_t ts_ns = is_local ? event->ts_local_ns : event->ts_exchange_ns;
        if (ts_ns > to_ns || ts_ns >= label_instrument.session_close_ns) {
            break;
        }
        to2 = lf_book_event_valid(event) ? lf_book_mid2(&event->quotes) : 0;
        from2 = ts_ns <= from_ns ? to2 : from2;
        const bool is_halt = event->kind == LF_EVENT_HALT || (event->flags & LF_EVENT_RESET) != 0;
        is_broken = is_broken || (is_halt && ts_ns > from_ns);
    }
    const bool is_defined = !is_broken && from2 != 0 && to2 != 0;
    *ret = is_defined ? 1e4 * log((double)to2 / (double)from2) : NAN;
    *up = !is_defined || to2 == from2 ? NAN : (to2 > from2 ? 1 : 0);
}

static void test_twin(void **state)
{
    (void)state;
    lf_event *events = calloc(EVENTS, sizeof *events);
    int64_t times_ns[LENGTH_S];
    double ret[LENGTH_S];
    double up[LENGTH_S];
    size_t defined = 0;
    size_t moved = 0;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        const bool is_local = seed % 2 == 0;
        const size_t count = label_random_day(seed, events);
        lf_label_path *path =
            label_path(events, count, is_local ? LF_CLOCK_LOCAL : LF_CLOCK_EXCHANGE);
        for (int i = 0; i < LENGTH_S; i++) {
            times_ns[i] = i * LF_NS_PER_SECOND;
        }
        const int64_t horizon_ns = (int64_t)(10 + seed) * LF_NS_PER_SECOND;
        const int64_t delay_ns = (int64_t)(seed % 3) * 100 * LF_NS_PER_MILLISECOND;
        lf_label_horizon(path, times_ns, LENGTH_S, horizon_ns, delay_ns, ret, up);
        for (int i = 0; i < LENGTH_S; i++) {
            const int64_t from_ns = times_ns[i] + delay_ns;
            double twin_ret;
            double twin_up;
            twin_label(events, count, is_local, from_ns, from_ns + horizon_ns, &twin_ret, &twin_up);
            assert_int_equal(isnan(ret[i]), isnan(twin_ret));
            assert_int_equal(isnan(up[i]), isnan(twin_up));
            assert_true(isnan(twin_ret) || fabs(ret[i] - twin_ret) < 1e-9);
            assert_true(isnan(twin_up) || up[i] == twin_up);
            defined += isnan(twin_ret) ? 0 : 1;
            moved += isnan(twin_up) ? 0 : 1;
        }
        lf_label_path_destroy(path);
    }
    assert_true(defined > 500 && moved > 300);
    free(events);
}

/* A quiet book costs one knot, and every allocation may fail. */
static void test_memory(void **state)
{
    (void)state;
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        lf_label_path *path = NULL;
        lf_status status = lf_label_path_create(
            &memory.allocator, &label_instrument, LF_CLOCK_EXCHANGE, &path, NULL
        );
        for (int64_t i = 0; status == LF_OK && i < 100000; i++) {
            /* Every tenth event moves the mid: 10,000 knots of 24 bytes. */
            const lf_event event = label_event(i * 1000, 100 + i / 10 % 2, 0, LF_EVENT_QUOTE);
            status = lf_label_path_push(path, &event);
        }
        assert_true(memory.bytes_live < 500000);
        lf_label_path_destroy(path);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
    }
    lf_label_path_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_twin),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
