/*
 * Goal: what must hold for any input: a row depends on the past alone, on nothing but the events,
 * mirrors by the registry's rule, repeats to the bit, and the engine takes no memory after create.
 * Method: random sessions of market_testing.h, run twice in different ways and compared bit by bit.
 */
#include "market_testing.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../tests/testing.h"

#define FEATURES ((size_t)LFI_FEATURE_COUNT)
#define SEEDS 6
#define FLOWS_MAX ((size_t)LF_LEVELS_MAX * 4 * 3)

static market_options options_of(uint64_t seed)
{
    return (market_options){
        .seed = seed,
        .event_count = 6000,
        .length_s = 1500,
        .base_ticks = 100000,
        .level_count = seed % 2 == 0 ? 10 : 3,
        .ties_unordered = seed % 3 == 0,
        .is_clean = seed % 4 == 0,
    };
}

/* A row a second of a day. */
typedef struct table {
    double *values; /* [count][FEATURES] */
    bool *valid;
    int64_t *times_ns;
    size_t count;
} table;

static lf_status feed_one(lf_feature_engine *engine, const market *day, size_t i)
{
    return lf_feature_update(engine, &day->events[i], day->trades + day->events[i].trade_first);
}

/*
 * The rows on the grid, from the first event_count events; with `asks_often`, rows at other times
 * are asked for in between, which must change nothing.
 */
static table
run_day(const market *day, const lf_feature_options *options, size_t event_count, bool asks_often)
{
    lf_feature_engine *engine;
    assert_int_equal(lf_feature_engine_create(&day->instrument, options, &engine, NULL), LF_OK);
    const lf_instrument *instrument = &day->instrument;
    const size_t rows =
        (size_t)((instrument->session_close_ns - instrument->session_open_ns) / LF_NS_PER_SECOND);
    table out = {.count = rows};
    out.values = calloc(rows * FEATURES, sizeof *out.values);
    out.valid = calloc(rows, sizeof *out.valid);
    out.times_ns = calloc(rows, sizeof *out.times_ns);
    size_t next = 0;
    for (size_t k = 0; k < rows; k++) {
        const int64_t t_ns = instrument->session_open_ns + (int64_t)k * LF_NS_PER_SECOND;
        while (next < event_count && day->events[next].ts_exchange_ns <= t_ns) {
            double row[FEATURES];
            bool valid;
            assert_int_equal(feed_one(engine, day, next), LF_OK);
            const int64_t ts_ns = day->events[next].ts_exchange_ns;
            next++;
            const bool is_last_of_time =
                next == event_count || day->events[next].ts_exchange_ns > ts_ns;
            if (asks_often && is_last_of_time) {
                lf_feature_row(engine, ts_ns, row, &valid);
            }
        }
        lf_feature_row(engine, t_ns, &out.values[k * FEATURES], &out.valid[k]);
        out.times_ns[k] = t_ns;
    }
    lf_feature_engine_destroy(engine);
    return out;
}

static void free_table(table *rows)
{
    free(rows->values);
    free(rows->valid);
    free(rows->times_ns);
}

static void assert_same_rows(const table *a, const table *b, size_t count)
{
    assert_memory_equal(a->valid, b->valid, count * sizeof *a->valid);
    for (size_t i = 0; i < count * FEATURES; i++) {
        const bool same =
            a->values[i] == b->values[i] || (isnan(a->values[i]) && isnan(b->values[i]));
        if (!same) {
            fail_msg(
                "row %d, %s: %.17g and %.17g",
                (int)(i / FEATURES),
                lf_feature_at(i % FEATURES)->name,
                a->values[i],
                b->values[i]
            );
        }
    }
}

/* Repeat: equal bits. Asking for rows in between, also twice, changes nothing. */
static void test_repeat_and_chunks(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        const market_options options = options_of(seed);
        market day = market_make(&options);
        const lf_feature_options engine = {.vpin_bucket_lots = 50};
        table plain = run_day(&day, &engine, day.event_count, false);
        table again = run_day(&day, &engine, day.event_count, false);
        table often = run_day(&day, &engine, day.event_count, true);
        assert_memory_equal(
            plain.values, again.values, plain.count * FEATURES * sizeof *plain.values
        );
        assert_same_rows(&plain, &often, plain.count);
        free_table(&plain);
        free_table(&again);
        free_table(&often);
        market_free(&day);
    }
}

/* Prefix: a file that ends early gives the same rows up to its end. */
static void test_prefix(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        const market_options options = options_of(seed);
        market day = market_make(&options);
        const lf_feature_options engine = {.vpin_bucket_lots = 50};
        table whole = run_day(&day, &engine, day.event_count, false);
        for (size_t part = 1; part < 5; part++) {
            const size_t cut = day.event_count * part / 5 - part;
            table prefix = run_day(&day, &engine, cut, false);
            size_t rows = 0;
            while (rows < whole.count && whole.times_ns[rows] < day.events[cut].ts_exchange_ns) {
                rows++;
            }
            assert_same_rows(&whole, &prefix, rows);
            free_table(&prefix);
        }
        free_table(&whole);
        market_free(&day);
    }
}

/* A feature that looks one row ahead: each value is that of the next row. */
static void shift_rows(table *rows)
{
    for (size_t i = 0; i < rows->count * FEATURES; i++) {
        rows->values[i] = i + FEATURES < rows->count * FEATURES ? rows->values[i + FEATURES] : NAN;
    }
}

/* The same test rejects rows that see one second of the future, in every session; a single cut may
   lie where the next second is masked or brings nothing. */
static void test_prefix_catches_a_shift(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        const market_options options = options_of(seed);
        market day = market_make(&options);
        const lf_feature_options engine = {.vpin_bucket_lots = 50};
        table whole = run_day(&day, &engine, day.event_count, false);
        size_t caught = 0;
        shift_rows(&whole);
        for (size_t part = 1; part < 5; part++) {
            const size_t cut = day.event_count * part / 5 - part;
            table prefix = run_day(&day, &engine, cut, false);
            size_t different = 0;
            size_t rows = 0;
            shift_rows(&prefix);
            while (rows < whole.count && whole.times_ns[rows] < day.events[cut].ts_exchange_ns) {
                rows++;
            }
            for (size_t i = 0; i < rows * FEATURES; i++) {
                const bool both_nan = isnan(whole.values[i]) && isnan(prefix.values[i]);
                different += !both_nan && whole.values[i] != prefix.values[i];
            }
            caught += different > 0;
            free_table(&prefix);
        }
        assert_true(caught > 0);
        free_table(&whole);
        market_free(&day);
    }
}

/*
 * Whether mirroring is exact. Reflecting prices p -> 2c - p keeps ticks, lots and times, but not
 * ratios to mid: what is in bps changes by a share of about 2 (p - c) / c of the terms it is summed
 * from. Here p - c is at most 60 ticks and c is 1e8 ticks, so 1e-5 of the larger of the value and
 * of 10 ticks in bps (1e-3) is a bound with room.
 */
static bool is_relative_to_price(size_t index)
{
    return strncmp(lf_feature_at(index)->unit, "bps", 3) == 0;
}

/* The many-level flows at the end of a day. */
static void last_flows(const market *day, const lf_feature_options *options, int64_t *flows)
{
    lf_feature_engine *engine;
    assert_int_equal(lf_feature_engine_create(&day->instrument, options, &engine, NULL), LF_OK);
    for (size_t i = 0; i < day->event_count; i++) {
        assert_int_equal(feed_one(engine, day, i), LF_OK);
    }
    lf_feature_mlofi(engine, day->events[day->event_count - 1].ts_exchange_ns, flows);
    lf_feature_engine_destroy(engine);
}

/* Mirrored many-level flows: the imbalance turns its sign, bid and ask flow change places. */
static void compare_mirrored_flows(const market *day, const market *mirrored)
{
    const lf_feature_options options = {.with_mlofi = true};
    int64_t flows[FLOWS_MAX] = {0};
    int64_t others[FLOWS_MAX] = {0};
    last_flows(day, &options, flows);
    last_flows(mirrored, &options, others);
    const size_t levels = (size_t)day->instrument.level_count;
    for (size_t window = 0; window < 4; window++) {
        for (size_t i = 3 * levels * window; i < 3 * levels * window + levels; i++) {
            assert_int_equal(others[i], -flows[i]);
            assert_int_equal(others[i + levels], flows[i + 2 * levels]);
            assert_int_equal(others[i + 2 * levels], flows[i + levels]);
        }
    }
}

/* Mirror: exchange bid and ask, buyers and sellers; every feature follows its rule. */
static void test_mirror(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        market_options options = options_of(seed);
        options.base_ticks = 100000000;
        market day = market_make(&options);
        market mirrored = market_mirror(&day, 2 * options.base_ticks + MARKET_TICKS);
        const lf_feature_options engine = {.vpin_bucket_lots = 50};
        table rows = run_day(&day, &engine, day.event_count, false);
        table others = run_day(&mirrored, &engine, day.event_count, false);
        size_t indices[FEATURES];
        for (size_t i = 0; i < FEATURES; i++) {
            indices[i] = i;
        }
        for (size_t k = 0; k < rows.count; k++) {
            double expected[FEATURES];
            assert_int_equal(
                lf_feature_mirror_row(
                    indices, FEATURES, &rows.values[k * FEATURES], expected, NULL
                ),
                LF_OK
            );
            for (size_t i = 0; i < FEATURES; i++) {
                const double value = others.values[k * FEATURES + i];
                const bool is_nan = isnan(value) && isnan(expected[i]);
                const double bound = 1e-5 * fmax(fabs(value), 1e-3);
                /* 1/x of a rounded ratio may differ in its last bit. */
                const bool is_inverse = lf_feature_at(i)->mirror == LF_MIRROR_INVERSE;
                const bool is_near =
                    is_relative_to_price(i)
                        ? fabs(value - expected[i]) <= bound
                        : (is_inverse && fabs(value - expected[i]) <= 1e-15 * value);
                if (!is_nan && value != expected[i] && !is_near) {
                    fail_msg(
                        "seed %d row %d %s: %.17g, by its rule %.17g",
                        (int)seed,
                        (int)k,
                        lf_feature_at(i)->name,
                        value,
                        expected[i]
                    );
                }
            }
        }
        free_table(&rows);
        compare_mirrored_flows(&day, &mirrored);
        free_table(&others);
        market_free(&day);
        market_free(&mirrored);
    }
}

/* Kernels: each one that this processor has gives the same bits, for each number of levels. */
static void test_kernels(void **state)
{
    (void)state;
    for (int32_t levels = 1; levels <= LF_LEVELS_MAX; levels++) {
        market_options options = options_of(3);
        options.level_count = levels;
        market day = market_make(&options);
        lf_feature_options engine = {.vpin_bucket_lots = 50, .with_mlofi = true};
        int64_t flows[FLOWS_MAX] = {0};
        table fastest = run_day(&day, &engine, day.event_count, false);
        last_flows(&day, &engine, flows);
        for (size_t k = 1; lf_feature_kernel_at(k) != NULL; k++) {
            engine.kernel = lf_feature_kernel_at(k);
            int64_t others[FLOWS_MAX] = {0};
            table other = run_day(&day, &engine, day.event_count, false);
            last_flows(&day, &engine, others);
            assert_memory_equal(fastest.valid, other.valid, fastest.count * sizeof *other.valid);
            assert_memory_equal(
                fastest.values, other.values, fastest.count * FEATURES * sizeof *other.values
            );
            assert_memory_equal(flows, others, sizeof flows);
            free_table(&other);
        }
        free_table(&fastest);
        market_free(&day);
    }
}

/* The many-level flows are the same beside all features and alone; then no feature is there. */
static void compare_flows_alone(const market *day)
{
    const size_t none = 0;
    const lf_feature_options beside = {.with_mlofi = true};
    const lf_feature_options alone = {.with_mlofi = true, .features = &none};
    int64_t flows[FLOWS_MAX] = {0};
    int64_t others[FLOWS_MAX] = {0};
    last_flows(day, &beside, flows);
    last_flows(day, &alone, others);
    assert_memory_equal(flows, others, sizeof flows);
    table rows = run_day(day, &alone, day->event_count, false);
    for (size_t i = 0; i < rows.count * FEATURES; i++) {
        assert_true(isnan(rows.values[i]));
    }
    free_table(&rows);
}

/* Asked for one by one, features are what they are among all; what is not kept is undefined. */
static void test_asked_for(void **state)
{
    (void)state;
    const market_options options = options_of(1);
    market day = market_make(&options);
    lf_feature_options engine = {.vpin_bucket_lots = 50};
    table all = run_day(&day, &engine, day.event_count, false);
    size_t flows = 0;
    for (size_t i = 0; i < FEATURES; i++) {
        engine.features = &i;
        engine.feature_count = 1;
        table one = run_day(&day, &engine, day.event_count, false);
        assert_memory_equal(all.valid, one.valid, all.count * sizeof *all.valid);
        bool is_flow = true;
        for (size_t k = 0; k < all.count; k++) {
            const double *wanted = &all.values[k * FEATURES];
            const double *got = &one.values[k * FEATURES];
            if (got[i] != wanted[i] && !(isnan(got[i]) && isnan(wanted[i]))) {
                fail_msg("row %d, %s alone: %.17g", (int)k, lf_feature_at(i)->name, got[i]);
            }
            is_flow = is_flow && isnan(got[LFI_TOTAL_DEPTH]) && isnan(got[LFI_VWAP_DISTANCE]);
        }
        flows += is_flow ? 1 : 0;
        free_table(&one);
    }
    /* Ten of OFI, four of queues, three of time. */
    assert_int_equal(flows, 17);
    compare_flows_alone(&day);
    free_table(&all);
    market_free(&day);
}

/* Features that remember the whole session. */
static bool is_of_session(const char *name)
{
    return strcmp(name, "vpin") == 0 || strcmp(name, "vwap_distance") == 0 ||
           strcmp(name, "trade_sign_ewma") == 0;
}

/*
 * No drift: after 100,000 events windows hold the same bits as in an engine that began 11 minutes
 * ago, and after a silence longer than every window nothing is left of what was summed.
 */
static void test_drift(void **state)
{
    (void)state;
    const market_options options = {
        .seed = 9,
        .event_count = 100000,
        .length_s = 2400,
        .base_ticks = 10000000, /* a price of 1e5 in ticks of 0.01 */
        .level_count = 10,
        .is_clean = true,
    };
    market day = market_make(&options);
    /* The market ends before the session does: the rest is silence. */
    const int64_t last_ns = day.events[day.event_count - 1].ts_exchange_ns;
    day.instrument.session_close_ns = last_ns + 10 * LF_NS_PER_MINUTE;
    const int64_t begin_ns = last_ns - 15 * LF_NS_PER_MINUTE;
    market tail = day;
    while (tail.events->ts_exchange_ns < begin_ns) {
        tail.events++;
        tail.event_count--;
    }
    table whole = run_day(&day, NULL, day.event_count, false);
    table late = run_day(&tail, NULL, tail.event_count, false);
    size_t compared = 0;
    for (size_t k = 0; k < whole.count; k++) {
        for (size_t i = 0; i < FEATURES; i++) {
            const double a = whole.values[k * FEATURES + i];
            const double b = late.values[k * FEATURES + i];
            if (whole.times_ns[k] < begin_ns + 11 * LF_NS_PER_MINUTE ||
                is_of_session(lf_feature_at(i)->name)) {
                continue;
            }
            compared++;
            if (a != b && !(isnan(a) && isnan(b))) {
                fail_msg("row %d %s: %.17g and %.17g", (int)k, lf_feature_at(i)->name, a, b);
            }
        }
    }
    assert_true(compared > 100 * FEATURES);
    const double *row = &whole.values[(whole.count - 1) * FEATURES];
    assert_true(row[lf_feature_find("volatility_5min")] == 0);
    assert_true(row[lf_feature_find("spread_z_score")] == 0);
    assert_true(row[lf_feature_find("depth_change_1min")] == 0);
    assert_true(row[lf_feature_find("ofi_5min")] == 0);
    assert_true(isnan(row[lf_feature_find("effective_spread_1min")]));
    free_table(&whole);
    free_table(&late);
    market_free(&day);
}

/* Silence: after create nothing is taken; everything is given back. */
static void test_silence(void **state)
{
    (void)state;
    const market_options options = options_of(2);
    market day = market_make(&options);
    lf_testing_memory memory;
    lf_testing_memory_start(&memory, UINT64_MAX);
    const lf_feature_options engine_options = {
        .allocator = &memory.allocator, .with_mlofi = true, .vpin_bucket_lots = 50};
    lf_feature_engine *engine;
    assert_int_equal(
        lf_feature_engine_create(&day.instrument, &engine_options, &engine, NULL), LF_OK
    );
    const uint64_t calls = memory.calls;
    assert_true(calls > 0);
    for (size_t i = 0; i < day.event_count; i++) {
        double row[FEATURES];
        bool valid;
        assert_int_equal(feed_one(engine, &day, i), LF_OK);
        lf_feature_row(engine, day.events[i].ts_exchange_ns, row, &valid);
    }
    assert_int_equal(memory.calls, calls);
    lf_feature_engine_destroy(engine);
    assert_int_equal(memory.live, 0);
    market_free(&day);
}

/* Hunger: each allocation may fail; create then says so and leaves nothing behind. */
static void test_hunger(void **state)
{
    (void)state;
    const market_options options = {.seed = 1, .event_count = 1, .length_s = 10, .level_count = 3};
    market day = market_make(&options);
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        const lf_feature_options engine_options = {
            .allocator = &memory.allocator, .with_mlofi = true, .window_events_max = 100};
        lf_feature_engine *engine = NULL;
        lf_error error;
        const lf_status status =
            lf_feature_engine_create(&day.instrument, &engine_options, &engine, &error);
        lf_feature_engine_destroy(engine);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
        assert_null(engine);
        assert_int_equal(error.status, LF_NOMEM);
    }
    market_free(&day);
}

/* Room: a window that just fits gives the same rows, one that does not is an error. */
static void test_room(void **state)
{
    (void)state;
    const market_options options = {
        .seed = 5,
        .event_count = 8000,
        .length_s = 900,
        .base_ticks = 500,
        .level_count = 5,
        .is_clean = true};
    market day = market_make(&options);
    const lf_feature_options plenty = {0};
    const lf_feature_options enough = {.window_events_max = 4000};
    table a = run_day(&day, &plenty, day.event_count, false);
    table b = run_day(&day, &enough, day.event_count, false);
    assert_same_rows(&a, &b, a.count);
    free_table(&a);
    free_table(&b);

    const lf_feature_options little = {.window_events_max = 300};
    lf_feature_engine *engine;
    assert_int_equal(lf_feature_engine_create(&day.instrument, &little, &engine, NULL), LF_OK);
    lf_status status = LF_OK;
    size_t i = 0;
    while (status == LF_OK && i < day.event_count) {
        status = feed_one(engine, &day, i++);
    }
    assert_int_equal(status, LF_RANGE);
    assert_true(i > 300);
    lf_feature_engine_destroy(engine);
    market_free(&day);
}

/* Time that goes back is refused. */
static void test_time_goes_back(void **state)
{
    (void)state;
    const market_options options = {.seed = 1, .event_count = 2, .length_s = 10, .level_count = 3};
    market day = market_make(&options);
    lf_feature_engine *engine;
    assert_int_equal(lf_feature_engine_create(&day.instrument, NULL, &engine, NULL), LF_OK);
    assert_int_equal(feed_one(engine, &day, 1), LF_OK);
    day.events[0].ts_exchange_ns = day.events[1].ts_exchange_ns - 1;
    assert_int_equal(feed_one(engine, &day, 0), LF_RANGE);
    lf_feature_engine_destroy(engine);
    market_free(&day);
}

/* Both clocks: times shifted as a whole with the session give the same rows. */
static void test_clock(void **state)
{
    (void)state;
    const market_options options = options_of(3);
    market day = market_make(&options);
    const lf_feature_options exchange = {.vpin_bucket_lots = 50};
    table a = run_day(&day, &exchange, day.event_count, false);
    for (size_t i = 0; i < day.event_count; i++) {
        day.events[i].ts_local_ns = day.events[i].ts_exchange_ns;
    }
    const lf_feature_options local = {.vpin_bucket_lots = 50, .clock = LF_CLOCK_LOCAL};
    table b = run_day(&day, &local, day.event_count, false);
    assert_same_rows(&a, &b, a.count);
    free_table(&a);
    free_table(&b);
    market_free(&day);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_repeat_and_chunks),
        cmocka_unit_test(test_prefix),
        cmocka_unit_test(test_prefix_catches_a_shift),
        cmocka_unit_test(test_mirror),
        cmocka_unit_test(test_kernels),
        cmocka_unit_test(test_asked_for),
        cmocka_unit_test(test_drift),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_hunger),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_time_goes_back),
        cmocka_unit_test(test_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
