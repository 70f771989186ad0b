/*
 * Goal: fitted features equal their definitions, mirror, depend on the past alone, take no memory,
 * and are refused with a sentence where their parameters are missing.
 * Method: made-up parameters on random sessions of market_testing.h against the slow twin, on
 * mirrored sessions and on sessions that end early; a table of what is refused.
 */
#include "twin_row_testing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../tests/testing.h"

#define FITTED LF_FEATURE_FITTED_COUNT
#define SEEDS 6

static const int64_t windows_ns[LF_FEATURE_WINDOW_COUNT] = {
    TWIN_SECOND, 10 * TWIN_SECOND, TWIN_MINUTE, 5 * TWIN_MINUTE};

/* Parameters that no fit gave: other weights for each window, one state without an estimate. */
static lf_feature_fitted made_up(int32_t level_count, bool pools_wide)
{
    lf_feature_fitted out = {0};
    for (int w = 0; w < LF_FEATURE_WINDOW_COUNT; w++) {
        double sum = 0;
        out.integrated[w].level_count = level_count;
        for (int32_t m = 0; m < level_count; m++) {
            out.integrated[w].weights[m] = 1 + (m * 7 + w * 3) % 5;
            sum += out.integrated[w].weights[m];
        }
        for (int32_t m = 0; m < level_count; m++) {
            out.integrated[w].weights[m] /= sum;
        }
    }
    lf_feature_microprice *p = &out.microprice;
    *p = (lf_feature_microprice){
        .imbalance_count = 5,
        .spread_count = 3,
        .pools_wide = pools_wide,
        .bounds = {0.15, 0.55},
    };
    for (int s = 0; s < 3; s++) {
        for (int i = 0; i < 5; i++) {
            p->offset_ticks[s][i] = (i - 2) * (0.1 + 0.07 * s);
        }
    }
    p->offset_ticks[2][0] = p->offset_ticks[2][4] = NAN;
    return out;
}

/* A run over a day: the fitted features on the grid. */
typedef struct table {
    double *values; /* [count][FITTED] */
    size_t count;
} table;

static void
advance(lf_feature_engine *engine, const market *day, size_t end, size_t *next, int64_t t)
{
    for (; *next < end && day->events[*next].ts_exchange_ns <= t; ++*next) {
        const lf_event *event = &day->events[*next];
        assert_int_equal(lf_feature_update(engine, event, day->trades + event->trade_first), LF_OK);
    }
}

static void
row_at(lf_feature_engine *engine, const lf_feature_fitted *fitted, int64_t t_ns, double row[FITTED])
{
    lf_feature_ingredients ingredients;
    lf_feature_ingredients_at(engine, t_ns, &ingredients);
    lf_feature_fitted_row(fitted, &ingredients, row);
}

static table run_day(const market *day, const lf_feature_fitted *fitted, size_t event_count)
{
    const lf_feature_options options = {.with_mlofi = true};
    const lf_instrument *instrument = &day->instrument;
    const int64_t length_ns = instrument->session_close_ns - instrument->session_open_ns;
    table out = {.count = (size_t)(length_ns / LF_NS_PER_SECOND)};
    out.values = calloc(out.count * FITTED, sizeof *out.values);
    lf_feature_engine *engine;
    assert_int_equal(lf_feature_engine_create(instrument, &options, &engine, NULL), LF_OK);
    size_t next = 0;
    for (size_t k = 0; k < out.count; k++) {
        const int64_t t_ns = instrument->session_open_ns + (int64_t)k * LF_NS_PER_SECOND;
        advance(engine, day, event_count, &next, t_ns);
        row_at(engine, fitted, t_ns, &out.values[k * FITTED]);
    }
    lf_feature_engine_destroy(engine);
    return out;
}

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static market_options options_of(uint64_t seed)
{
    return (market_options){
        .seed = seed,
        .event_count = 4000,
        .length_s = 1200,
        .base_ticks = seed % 2 == 0 ? 500 : 100000,
        .level_count = seed % 2 == 0 ? 10 : 3,
        .is_clean = seed % 3 == 0,
    };
}

/* ---- the definitions -------------------------------------------------------------------- */

/* The state that a value falls into, by looking from the lowest imbalance upwards. */
static double twin_microprice(const lf_feature_microprice *p, const lf_quotes *quotes)
{
    const double edges[] = {-p->bounds[1], -p->bounds[0], p->bounds[0], p->bounds[1]};
    const double bid = (double)quotes->bid_lots[0], ask = (double)quotes->ask_lots[0];
    const double imbalance = (bid - ask) / (bid + ask);
    const int64_t spread = quotes->ask_ticks[0] - quotes->bid_ticks[0];
    int state = 0;
    for (int i = 0; i < 4; i++) {
        state += imbalance > edges[i] || (i < 2 && imbalance == edges[i]) ? 1 : 0;
    }
    if (spread > 3 && !p->pools_wide) {
        return NAN;
    }
    return p->offset_ticks[spread > 3 ? 2 : spread - 1][state];
}

static void twin_fitted(twin *self, const lf_feature_fitted *fitted, int64_t t_ns, double *row)
{
    twin_seek(self, t_ns);
    for (int i = 0; i < FITTED; i++) {
        row[i] = NAN;
    }
    if (self->end == 0 || !self->valid[self->end - 1] || !twin_in_session(self, t_ns)) {
        return;
    }
    for (int w = 0; w < LF_FEATURE_WINDOW_COUNT; w++) {
        const double q = twin_q(self, windows_ns[w]);
        double sum = 0;
        for (int m = 0; m < self->day->instrument.level_count; m++) {
            const twin_flow flow = twin_sum_flow(self, windows_ns[w], m);
            sum += fitted->integrated[w].weights[m] * (double)(flow.bid - flow.ask) / q;
        }
        row[w] = twin_age(self) >= windows_ns[w] ? sum : NAN;
    }
    row[4] = twin_microprice(&fitted->microprice, twin_quotes(self, self->end - 1));
}

static void test_twin(void **state)
{
    (void)state;
    int64_t counts[FITTED] = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        const market_options options = options_of(seed);
        market day = market_make(&options);
        twin reference = twin_make(&day, 40);
        const lf_feature_fitted fitted = made_up(options.level_count, seed % 2 == 0);
        table rows = run_day(&day, &fitted, day.event_count);
        for (size_t k = 0; k < rows.count; k++) {
            double theirs[FITTED];
            const double *ours = &rows.values[k * FITTED];
            const int64_t t_ns = day.instrument.session_open_ns + (int64_t)k * LF_NS_PER_SECOND;
            twin_fitted(&reference, &fitted, t_ns, theirs);
            for (int i = 0; i < FITTED; i++) {
                const double bound = 1e-9 * fmax(1e-3, fabs(theirs[i]));
                counts[i] += !isnan(theirs[i]) && theirs[i] != 0 ? 1 : 0;
                if (!same(ours[i], theirs[i]) && !(fabs(ours[i] - theirs[i]) <= bound)) {
                    fail_msg(
                        "seed %d row %d column %d: %.17g, the twin says %.17g",
                        (int)seed,
                        (int)k,
                        i,
                        ours[i],
                        theirs[i]
                    );
                }
            }
        }
        free(rows.values);
        twin_free(&reference);
        market_free(&day);
    }
    for (int i = 0; i < FITTED; i++) {
        assert_true(counts[i] > 500);
    }
}

/* ---- what holds for any input ----------------------------------------------------------- */

static void test_mirror(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        const market_options options = options_of(seed);
        market day = market_make(&options);
        market mirrored = market_mirror(&day, 2 * options.base_ticks + MARKET_TICKS);
        const lf_feature_fitted fitted = made_up(options.level_count, true);
        table rows = run_day(&day, &fitted, day.event_count);
        table others = run_day(&mirrored, &fitted, day.event_count);
        for (size_t i = 0; i < rows.count * FITTED; i++) {
            const size_t index = lf_feature_count() + i % FITTED;
            double expected = 0;
            assert_int_equal(
                lf_feature_mirror_row(&index, 1, &rows.values[i], &expected, NULL), LF_OK
            );
            assert_true(same(others.values[i], expected));
        }
        free(rows.values);
        free(others.values);
        market_free(&day);
        market_free(&mirrored);
    }
}

static void test_prefix(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        const market_options options = options_of(seed);
        market day = market_make(&options);
        const lf_feature_fitted fitted = made_up(options.level_count, true);
        table whole = run_day(&day, &fitted, day.event_count);
        for (size_t part = 1; part < 4; part++) {
            const size_t cut = day.event_count * part / 4;
            const int64_t span_ns = day.events[cut].ts_exchange_ns - day.instrument.session_open_ns;
            const size_t last = span_ns > 0 ? (size_t)((span_ns - 1) / LF_NS_PER_SECOND) : 0;
            table prefix = run_day(&day, &fitted, cut);
            for (size_t i = 0; i < (last + 1) * FITTED && i < whole.count * FITTED; i++) {
                assert_true(same(whole.values[i], prefix.values[i]));
            }
            free(prefix.values);
        }
        free(whole.values);
        market_free(&day);
    }
}

static void test_silence(void **state)
{
    (void)state;
    const market_options options = options_of(2);
    market day = market_make(&options);
    lf_testing_memory memory;
    lf_testing_memory_start(&memory, UINT64_MAX);
    const lf_feature_options engine_options = {.allocator = &memory.allocator, .with_mlofi = true};
    const lf_feature_fitted fitted = made_up(options.level_count, true);
    lf_feature_engine *engine;
    assert_int_equal(
        lf_feature_engine_create(&day.instrument, &engine_options, &engine, NULL), LF_OK
    );
    const uint64_t calls = memory.calls;
    size_t next = 0;
    for (size_t i = 0; i < day.event_count; i++) {
        double row[FITTED];
        const int64_t t_ns = day.events[i].ts_exchange_ns;
        advance(engine, &day, day.event_count, &next, t_ns);
        row_at(engine, &fitted, t_ns, row);
    }
    assert_int_equal(memory.calls, calls);
    lf_feature_engine_destroy(engine);
    assert_int_equal(memory.live, 0);
    market_free(&day);
}

/* ---- what is there and what is not ------------------------------------------------------ */

/* Part of the parameters gives part of the columns; a state that is not valid gives none. */
static void test_part(void **state)
{
    (void)state;
    lf_feature_fitted fitted = made_up(2, false);
    lf_feature_ingredients one = {
        .valid = true,
        .level_count = 2,
        .bid_ticks = 100,
        .ask_ticks = 102,
        .bid_lots = 9,
        .ask_lots = 1,
    };
    double row[FITTED];
    fitted.integrated[1].level_count = 0;
    fitted.integrated[3].level_count = 0;
    one.ofi[0][0] = 4;
    one.ofi[0][1] = -4;
    one.ofi[2][0] = NAN;
    lf_feature_fitted_row(&fitted, &one, row);
    /* Weights of the first window: 1 and 3 (7 % 5 + 1) of 4. */
    assert_true(row[0] == 0.25 * 4 - 0.75 * 4);
    assert_true(isnan(row[1]) && isnan(row[2]) && isnan(row[3]));
    assert_true(row[4] == 2 * (0.1 + 0.07));
    one.ask_ticks = 104; /* wider than the grid */
    lf_feature_fitted_row(&fitted, &one, row);
    assert_true(isnan(row[4]));
    one.ask_ticks = 100; /* locked */
    lf_feature_fitted_row(&fitted, &one, row);
    assert_true(isnan(row[4]));
    one.valid = false;
    lf_feature_fitted_row(&fitted, &one, row);
    assert_true(isnan(row[0]));
}

static void test_check(void **state)
{
    (void)state;
    lf_feature_fitted fitted = made_up(5, true);
    fitted.integrated[0].level_count = 0;
    const size_t first = lf_feature_count();
    const struct {
        size_t index;
        const lf_feature_fitted *fitted;
        int32_t level_count;
        const char *told; /* NULL: good */
    } cases[] = {
        {lf_feature_find("vpin"), NULL, 5, NULL},
        {lf_feature_find("ofi_integrated_1min"), &fitted, 5, NULL},
        {lf_feature_find("ofi_integrated_1min"), NULL, 5, "earlier days"},
        {lf_feature_find("ofi_integrated_1s"), &fitted, 5, "ofi_integrated_1s needs parameters"},
        {lf_feature_find("ofi_integrated_5min"), &fitted, 10, "5 levels, but this one has 10"},
        {lf_feature_find("microprice_offset_ticks"), &fitted, 10, NULL},
        {lf_feature_find("microprice_offset_ticks"), NULL, 10, "microprice_offset_ticks needs"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lf_error error;
        const lf_status status = lf_feature_fitted_check(
            cases[i].fitted, &cases[i].index, 1, cases[i].level_count, &error
        );
        assert_int_equal(status, cases[i].told == NULL ? LF_OK : LF_MISMATCH);
        assert_true(cases[i].told == NULL || strstr(error.message, cases[i].told) != NULL);
    }
    assert_int_equal(lf_feature_count_all(), first + FITTED);
    assert_true(lf_feature_fitted_has(NULL, 0) && !lf_feature_fitted_has(NULL, first));
    assert_true(lf_feature_needs_fitted(&first, 1));
    assert_false(lf_feature_needs_fitted(&cases[0].index, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twin),
        cmocka_unit_test(test_mirror),
        cmocka_unit_test(test_prefix),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_part),
        cmocka_unit_test(test_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
