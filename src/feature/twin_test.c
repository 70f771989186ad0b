/*
 * Goal: the engine equals the definitions on whatever a feed may bring.
 * Method: random sessions with every fault of market_testing.h; each row of the engine, on the 1 s
 * grid and at every event, against the slow twin: integers exactly, undefined where undefined,
 * the rest within 1e-9 relative (absolute where nearly equal numbers are subtracted).
 */
#include "twin_row_testing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define BUCKET_LOTS 40
#define FEATURES ((size_t)LFI_FEATURE_COUNT)

/* Rows in which a feature was defined, and in which it was neither undefined nor 0. */
static int64_t defined_counts[FEATURES];
static int64_t other_counts[FEATURES];

static void compare_row(lf_feature_engine *engine, twin *reference, int64_t t_ns, uint64_t seed)
{
    double ours[FEATURES];
    double theirs[FEATURES];
    bool valid;
    lf_feature_row(engine, t_ns, ours, &valid);
    const bool twin_valid = twin_row(reference, t_ns, theirs);
    assert_int_equal(valid, twin_valid);
    for (size_t i = 0; i < FEATURES; i++) {
        defined_counts[i] += isnan(theirs[i]) ? 0 : 1;
        other_counts[i] += isnan(theirs[i]) || theirs[i] == 0 ? 0 : 1;
        if (!twin_agrees(i, ours[i], theirs[i])) {
            const int64_t open_ns = reference->day->instrument.session_open_ns;
            fail_msg(
                "seed %d, %.9f s: %s is %.17g, the twin says %.17g",
                (int)seed,
                (double)(t_ns - open_ns) / 1e9,
                lf_feature_at(i)->name,
                ours[i],
                theirs[i]
            );
        }
    }
}

static void compare_flows(lf_feature_engine *engine, twin *reference, int64_t t_ns)
{
    static const int64_t windows_ns[] = {
        TWIN_SECOND, 10 * TWIN_SECOND, TWIN_MINUTE, 5 * TWIN_MINUTE};
    int64_t flows[LF_LEVELS_MAX * 4 * 3];
    lf_feature_mlofi(engine, t_ns, flows);
    twin_seek(reference, t_ns);
    const int levels = reference->day->instrument.level_count;
    for (int m = 0; m < levels; m++) {
        for (int window = 0; window < 4; window++) {
            const bool is_warm = twin_age(reference) >= windows_ns[window];
            assert_int_equal(lf_feature_is_warm(engine, t_ns, windows_ns[window]), is_warm);
            if (!is_warm) {
                continue;
            }
            const twin_flow sum = twin_sum_flow(reference, windows_ns[window], m);
            const int64_t *ours = &flows[window * 3 * levels + m];
            assert_int_equal(ours[0], sum.bid - sum.ask);
            assert_int_equal(ours[levels], sum.bid);
            assert_int_equal(ours[2 * levels], sum.ask);
        }
    }
}

/* Runs one day and compares a row at each grid time and, if asked, at each event time. */
static void compare_day(const market_options *options, bool at_events)
{
    market day = market_make(options);
    twin reference = twin_make(&day, BUCKET_LOTS);
    const lf_feature_options engine_options = {.vpin_bucket_lots = BUCKET_LOTS, .with_mlofi = true};
    lf_feature_engine *engine;
    assert_int_equal(
        lf_feature_engine_create(&day.instrument, &engine_options, &engine, NULL), LF_OK
    );
    int64_t grid_ns = day.instrument.session_open_ns;
    for (size_t i = 0; i < day.event_count; i++) {
        const int64_t ts_ns = day.events[i].ts_exchange_ns;
        const int64_t last_ns = i > 0 ? day.events[i - 1].ts_exchange_ns : ts_ns;
        if (at_events && ts_ns > last_ns) {
            compare_row(engine, &reference, last_ns, options->seed);
        }
        for (; grid_ns < ts_ns && grid_ns < day.instrument.session_close_ns;
             grid_ns += LF_NS_PER_SECOND) {
            compare_row(engine, &reference, grid_ns, options->seed);
            if (grid_ns / LF_NS_PER_SECOND % 29 == 0) {
                compare_flows(engine, &reference, grid_ns);
            }
        }
        assert_int_equal(
            lf_feature_update(engine, &day.events[i], day.trades + day.events[i].trade_first), LF_OK
        );
    }
    lf_feature_engine_destroy(engine);
    twin_free(&reference);
    market_free(&day);
}

static void test_grid(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        static const int32_t levels[] = {10, 1, 3, 5};
        const market_options options = {
            .seed = seed,
            .event_count = 2000,
            .length_s = 1200,
            .base_ticks = seed % 2 == 0 ? 10000 : 1000000,
            .level_count = levels[seed % 4],
            .ties_unordered = seed % 3 == 0,
        };
        compare_day(&options, false);
    }
}

static void test_events(void **state)
{
    (void)state;
    for (uint64_t seed = 11; seed <= 16; seed++) {
        const market_options options = {
            .seed = seed,
            .event_count = 1500,
            .length_s = 900,
            .base_ticks = 500,
            .level_count = seed % 2 == 0 ? 10 : 2,
            .ties_unordered = seed % 3 == 0,
        };
        compare_day(&options, true);
    }
}

/* Without faults the five-minute windows stay warm. */
static void test_clean(void **state)
{
    (void)state;
    for (uint64_t seed = 21; seed <= 24; seed++) {
        const market_options options = {
            .seed = seed,
            .event_count = 3000,
            .length_s = 900,
            .base_ticks = 30000,
            .level_count = seed % 2 == 0 ? 5 : 10,
            .ties_unordered = seed % 2 == 0,
            .is_clean = true,
        };
        compare_day(&options, seed == 21);
    }
}

/* The comparisons above mean something: every feature was defined and not 0 in many of the rows. */
static void test_coverage(void **state)
{
    (void)state;
    for (size_t i = 0; i < FEATURES; i++) {
        if (other_counts[i] < 500) {
            fail_msg(
                "%s was defined in %d rows and not 0 in %d",
                lf_feature_at(i)->name,
                (int)defined_counts[i],
                (int)other_counts[i]
            );
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grid),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_coverage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
