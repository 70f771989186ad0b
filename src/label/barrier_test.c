/*
 * Goal: the triple barrier says which barrier was met first and when, looks at nothing outside of
 * [t, t + d + h] but the volatility's past window, and is undefined where it is not known.
 * Method: a hand-computed table; hand-made gaps; random days against a scan over all events; the
 * same days mirrored, and changed behind the horizon.
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

#define S LF_NS_PER_SECOND

/* Columns of a whole session. */
typedef struct rows {
    double label[LABEL_LENGTH_S];
    double ret[LABEL_LENGTH_S];
    int64_t end[LABEL_LENGTH_S];
    double width[LABEL_LENGTH_S];
} rows;

static void
label(const lf_label_path *path, const lf_label_barrier_options *options, size_t count, rows *out)
{
    int64_t times_ns[LABEL_LENGTH_S];
    const lf_label_barriers columns = {out->label, out->ret, out->end, out->width};
    label_seconds(times_ns);
    lf_label_barrier(path, times_ns, count, options, &columns);
}

/* Prices 100, 100.4, ... in half ticks of 0.1; barriers at 1 %, 5 s. */
static void test_oracle(void **state)
{
    (void)state;
    static const int64_t mids2[] = {
        2000, 2008, 2018, 2004, 1992, 1982, 1998, 2026, 2020, 2010, 2012};
    static const struct {
        int64_t end_s;
        double label;
        double ret;
    } cases[] = {
        {5, 0, -0.009000000},
        {5, -1, -0.012948207},
        {4, -1, -0.012884044},
        {5, -1, -0.010978044},
        {7, 1, 0.017068273},
        {7, 1, 0.022199798},
        {7, 1, 0.014014014},
        {12, 0, -0.006910168}, /* the last price holds until the vertical barrier */
    };
    lf_label_path *path = label_path_of(mids2, 11);
    lf_label_barrier_options options;
    rows out;
    lf_label_barrier_options_default(&options);
    options.horizon_ns = 5 * S;
    options.width_bps = 100;
    label(path, &options, 8, &out);
    for (size_t i = 0; i < 8; i++) {
        assert_true(out.label[i] == cases[i].label);
        assert_true(out.end[i] == cases[i].end_s * S);
        assert_true(fabs(expm1(out.ret[i] * 1e-4) - cases[i].ret) < 1e-9);
        assert_true(fabs(out.width[i] - 0.005 * (double)mids2[i]) < 1e-9);
    }
    options.sign_at_end = true;
    label(path, &options, 8, &out);
    assert_true(out.label[0] == -1 && out.label[7] == -1 && out.label[4] == 1);
    options.up = INFINITY;
    label(path, &options, 8, &out);
    assert_true(out.label[4] == 1 && out.end[4] == 9 * S);
    lf_label_path_destroy(path);
}

/* One row at 0 s, one tick up or down decides within 10 s. */
static void test_unknown(void **state)
{
    (void)state;
    const lf_event start = label_event(0, 100, 0, LF_EVENT_QUOTE);
    const struct {
        const char *what;
        lf_event events[3];
        double label; /* NaN: undefined */
        int64_t end_s;
    } cases[] = {
        {"a masked spell hides the way, not the touch behind it",
         {start,
          label_event(2 * S, 0, 0, LF_EVENT_QUOTE),
          label_event(5 * S, 101, 0, LF_EVENT_QUOTE)},
         1,
         5},
        {"a masked state at the end",
         {start,
          label_event(2 * S, 105, 0, LF_EVENT_QUOTE),
          label_event(9 * S, 0, 0, LF_EVENT_QUOTE)},
         NAN,
         0},
        {"a reset before the touch",
         {start,
          label_event(2 * S, 100, LF_EVENT_RESET, LF_EVENT_QUOTE),
          label_event(5 * S, 105, 0, LF_EVENT_QUOTE)},
         NAN,
         0},
        {"a reset behind the touch: no label, whatever was met before",
         {start,
          label_event(2 * S, 105, 0, LF_EVENT_QUOTE),
          label_event(5 * S, 105, LF_EVENT_RESET, LF_EVENT_QUOTE)},
         NAN,
         0},
        {"events of one time are one state",
         {start,
          label_event(2 * S, 90, 0, LF_EVENT_QUOTE),
          label_event(2 * S, 101, 0, LF_EVENT_QUOTE)},
         1,
         2},
        {"a touch at the very end",
         {start,
          label_event(10 * S, 99, 0, LF_EVENT_QUOTE),
          label_event(10 * S + 1, 110, 0, LF_EVENT_QUOTE)},
         -1,
         10},
    };
    lf_label_barrier_options options;
    lf_label_barrier_options_default(&options);
    options.horizon_ns = 10 * S;
    options.width_bps = 0; /* the floor of one tick */
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lf_label_path *path = label_path(cases[i].events, 3, LF_CLOCK_EXCHANGE);
        rows out;
        label(path, &options, 1, &out);
        if (isnan(cases[i].label)) {
            assert_true(isnan(out.label[0]) && isnan(out.ret[0]) && out.end[0] == LF_TIME_NONE);
        } else {
            assert_true(out.label[0] == cases[i].label && out.end[0] == cases[i].end_s * S);
        }
        lf_label_path_destroy(path);
    }
}

static void test_close(void **state)
{
    (void)state;
    const lf_event events[2] = {
        label_event(0, 100, 0, LF_EVENT_QUOTE),
        label_event((LABEL_LENGTH_S - 5) * S, 102, 0, LF_EVENT_QUOTE)};
    lf_label_path *path = label_path(events, 2, LF_CLOCK_EXCHANGE);
    const int64_t times_ns[2] = {(LABEL_LENGTH_S - 8) * S, (LABEL_LENGTH_S - 4) * S};
    double found[2];
    int64_t end[2];
    const lf_label_barriers out = {.label = found, .end_ns = end};
    lf_label_barrier_options options;
    lf_label_barrier_options_default(&options);
    options.horizon_ns = 20 * S;
    options.width_bps = 0;
    lf_label_barrier(path, times_ns, 2, &options, &out);
    assert_true(isnan(found[0]) && isnan(found[1]));
    options.cut_at_close = true;
    lf_label_barrier(path, times_ns, 2, &options, &out);
    assert_true(found[0] == 1 && end[0] == (LABEL_LENGTH_S - 5) * S);
    assert_true(found[1] == 0 && end[1] == LABEL_LENGTH_S * S);
    options.delay_ns = 4 * S; /* at the close nothing is left */
    lf_label_barrier(path, times_ns, 2, &options, &out);
    assert_true(found[0] == 0 && isnan(found[1]) && end[1] == LF_TIME_NONE);
    lf_label_path_destroy(path);
}

/* ---- a slow twin ------------------------------------------------------------------------ */

/* Volatility by its definition, two scans for each step. */
static double twin_sigma(
    const lf_event *events, size_t count, int64_t t_ns, const lf_label_barrier_options *options
)
{
    double squares = 0;
    double steps = 0;
    for (int64_t to_ns = options->step_ns; to_ns <= t_ns; to_ns += options->step_ns) {
        int64_t breaks[2];
        if (to_ns <= t_ns - options->window_ns) {
            continue;
        }
        const int64_t from2 = label_scan(events, count, to_ns - options->step_ns, &breaks[0]);
        const int64_t to2 = label_scan(events, count, to_ns, &breaks[1]);
        if (from2 != 0 && to2 != 0 && breaks[0] == breaks[1]) {
            squares += 0.25 * (double)((to2 - from2) * (to2 - from2));
            steps += 1;
        }
    }
    const bool is_known = steps > 0 && 2 * steps >= (double)(options->window_ns / options->step_ns);
    return is_known ? sqrt(squares / steps) : NAN;
}

static double twin_label(
    const lf_event *events,
    size_t count,
    int64_t t_ns,
    const lf_label_barrier_options *options,
    int64_t *end_ns
)
{
    int64_t breaks[2];
    const int64_t from_ns = t_ns + options->delay_ns;
    const int64_t to_ns = from_ns + options->horizon_ns;
    const int64_t from2 = label_scan(events, count, from_ns, &breaks[0]);
    const int64_t to2 = label_scan(events, count, to_ns, &breaks[1]);
    const double horizon = (double)options->horizon_ns / (double)options->step_ns;
    double width = sqrt(horizon) * twin_sigma(events, count, t_ns, options);
    *end_ns = LF_TIME_NONE;
    if (to_ns > label_instrument.session_close_ns || from2 == 0 || to2 == 0 ||
        breaks[0] != breaks[1] || isnan(width)) {
        return NAN;
    }
    width = width < options->floor_ticks ? options->floor_ticks : width;
    for (size_t i = 0; i < count; i++) {
        const int64_t at_ns = events[i].ts_exchange_ns;
        const bool is_last = i + 1 == count || events[i + 1].ts_exchange_ns > at_ns;
        if (at_ns <= from_ns || at_ns > to_ns || !is_last || !lf_book_event_valid(&events[i]) ||
            at_ns >= label_instrument.session_close_ns) {
            continue;
        }
        const double change = 0.5 * (double)(lf_book_mid2(&events[i].quotes) - from2);
        if (change >= options->up * width || change <= -options->down * width) {
            *end_ns = at_ns;
            return change > 0 ? 1 : -1;
        }
    }
    *end_ns = to_ns;
    return 0;
}

static lf_label_barrier_options random_options(uint64_t seed)
{
    lf_label_barrier_options options;
    lf_label_barrier_options_default(&options);
    options.horizon_ns = (int64_t)(10 + seed) * S;
    options.delay_ns = (int64_t)(seed % 3) * 100 * LF_NS_PER_MILLISECOND;
    options.window_ns = 30 * S;
    options.step_ns = (int64_t)(1 + seed % 2) * S;
    options.up = 1 + 0.25 * (double)(seed % 4);
    return options;
}

static void test_twin(void **state)
{
    (void)state;
    lf_event *events = calloc(LABEL_EVENTS, sizeof *events);
    size_t seen[4] = {0};
    for (uint64_t seed = 1; seed <= 4; seed++) {
        const size_t count = label_random_day(seed, events);
        const lf_label_barrier_options options = random_options(seed);
        lf_label_path *path = label_path(events, count, LF_CLOCK_EXCHANGE);
        rows out;
        label(path, &options, LABEL_LENGTH_S, &out);
        for (int64_t i = 0; i < LABEL_LENGTH_S; i++) {
            int64_t end_ns;
            const double twin = twin_label(events, count, i * S, &options, &end_ns);
            assert_int_equal(isnan(twin), isnan(out.label[i]));
            assert_true(end_ns == out.end[i]);
            assert_true(isnan(twin) || twin == out.label[i]);
            seen[isnan(twin) ? 3 : (size_t)(twin + 1)]++;
        }
        lf_label_path_destroy(path);
    }
    print_message(
        "barriers: %zu down, %zu vertical, %zu up, %zu undefined\n",
        seen[0],
        seen[1],
        seen[2],
        seen[3]
    );
    assert_true(seen[0] > 100 && seen[1] > 100 && seen[2] > 100 && seen[3] > 100);
    free(events);
}

/* ---- properties ------------------------------------------------------------------------- */

static void test_mirror(void **state)
{
    (void)state;
    lf_event *events = calloc(LABEL_EVENTS, sizeof *events);
    for (uint64_t seed = 1; seed <= 4; seed++) {
        const size_t count = label_random_day(seed, events);
        lf_label_barrier_options options = random_options(seed);
        rows plain;
        rows mirrored;
        lf_label_path *path = label_path(events, count, LF_CLOCK_EXCHANGE);
        label(path, &options, LABEL_LENGTH_S, &plain);
        lf_label_path_destroy(path);
        label_mirror(events, count, 20000);
        const double up = options.up;
        options.up = options.down;
        options.down = up;
        path = label_path(events, count, LF_CLOCK_EXCHANGE);
        label(path, &options, LABEL_LENGTH_S, &mirrored);
        lf_label_path_destroy(path);
        for (size_t i = 0; i < LABEL_LENGTH_S; i++) {
            assert_true(plain.end[i] == mirrored.end[i]);
            assert_true(isnan(plain.label[i]) || plain.label[i] == -mirrored.label[i]);
            assert_true(isnan(plain.label[i]) || plain.width[i] == mirrored.width[i]);
        }
    }
    free(events);
}

/* Whatever happens after t + d + h, the label of t stays; whatever happens after t, so does its
   width. */
static void test_prefix(void **state)
{
    (void)state;
    lf_event *events = calloc(LABEL_EVENTS, sizeof *events);
    for (uint64_t seed = 1; seed <= 4; seed++) {
        const size_t count = label_random_day(seed, events);
        const lf_label_barrier_options options = random_options(seed);
        const int64_t cut_ns = 200 * S + (int64_t)seed;
        const int64_t reach_ns = options.delay_ns + options.horizon_ns;
        rows plain;
        rows changed;
        lf_label_path *path = label_path(events, count, LF_CLOCK_EXCHANGE);
        label(path, &options, LABEL_LENGTH_S, &plain);
        lf_label_path_destroy(path);
        label_change_after(events, count, cut_ns);
        path = label_path(events, count, LF_CLOCK_EXCHANGE);
        label(path, &options, LABEL_LENGTH_S, &changed);
        lf_label_path_destroy(path);
        size_t later = 0;
        for (int64_t i = 0; i < LABEL_LENGTH_S; i++) {
            if (i * S + reach_ns <= cut_ns) {
                assert_memory_equal(&plain.label[i], &changed.label[i], sizeof(double));
                assert_memory_equal(&plain.ret[i], &changed.ret[i], sizeof(double));
                assert_true(plain.end[i] == changed.end[i]);
            } else if (i * S <= cut_ns) {
                later += plain.end[i] != changed.end[i] || plain.label[i] != changed.label[i];
                assert_true(
                    isnan(plain.width[i]) || isnan(changed.width[i]) ||
                    plain.width[i] == changed.width[i]
                );
            }
        }
        assert_true(later > 0);
    }
    free(events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oracle),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_close),
        cmocka_unit_test(test_twin),
        cmocka_unit_test(test_mirror),
        cmocka_unit_test(test_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
