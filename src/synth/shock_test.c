/*
 * Goal: news move the price by what was planted, as fast as was planted, at the rate that was
 * planted; everyone can see them and nobody foresees them. Method: all shocks of a day of a quick
 * market, the moves of the latent price and of the mid after them and before, with their standard
 * errors.
 */
#include "quick_testing.h"
#include "synth_internal.h"

#include <lobflow/book.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define SESSION_S 23400
#define SHOCK_TICKS 12.0
#define SHOCK_RATE 0.05
#define HALF_LIFE_NS (100 * LF_NS_PER_MILLISECOND)
/* What comes later than ten half-lives is a thousandth. */
#define SETTLED_NS (10 * HALF_LIFE_NS)

/* A day: its states, and which of them begin a shock. */
typedef struct day {
    lf_synth_options options;
    int64_t *times_ns;
    double *latents, *mids;
    double *shocks; /* what is left at each */
    size_t count;
    size_t *starts; /* states after the first fill of a shock */
    int8_t *signs;
    size_t start_count;
    size_t taken_count; /* shocks whose first fill took the touch or a part of it */
} day;

static void take_in(day *d, const lf_event *event, const lfi_synth_trace *trace)
{
    const size_t i = d->count++;
    d->times_ns[i] = event->ts_exchange_ns;
    d->latents[i] = trace->latent;
    d->mids[i] = (double)lf_book_mid2(&event->quotes) / 2;
    d->shocks[i] = trace->shock;
    if (i == 0) {
        return;
    }
    const double waited = (double)(d->times_ns[i] - d->times_ns[i - 1]) / (double)HALF_LIFE_NS;
    const double jump = trace->shock - d->shocks[i - 1] * exp2(-waited);
    if (fabs(jump) > SHOCK_TICKS / 2) {
        assert_true(fabs(fabs(jump) - SHOCK_TICKS) < 1e-3);
        d->signs[d->start_count] = jump > 0 ? 1 : -1;
        d->taken_count += event->kind == LF_EVENT_EXECUTE && (event->side > 0) == (jump < 0);
        d->starts[d->start_count++] = i;
    }
}

static int day_open(void **state)
{
    enum {
        ROOM = 3000000
    };
    static day d;
    lf_synth_model model;
    lf_synth *synth;
    lf_batch batch;
    d = (day){
        .times_ns = calloc(ROOM, sizeof *d.times_ns),
        .latents = calloc(ROOM, sizeof *d.latents),
        .mids = calloc(ROOM, sizeof *d.mids),
        .shocks = calloc(ROOM, sizeof *d.shocks),
        .starts = calloc(ROOM, sizeof *d.starts),
        .signs = calloc(ROOM, sizeof *d.signs),
    };
    testing_quick_market(&model);
    lf_synth_options_default(&d.options);
    d.options.model = &model;
    d.options.alpha_half_life_ns = HALF_LIFE_NS;
    d.options.alpha_shock_ticks = SHOCK_TICKS;
    d.options.alpha_shock_rate = SHOCK_RATE;
    if (lf_synth_open(&d.options, 0, &synth, NULL) != LF_OK) {
        return -1;
    }
    for (lf_synth_next(synth, &batch); batch.event_count > 0; lf_synth_next(synth, &batch)) {
        const lfi_synth_trace *const traces = lfi_synth_traces(synth);
        for (size_t i = 0; i < batch.event_count; i++) {
            assert_true(d.count < ROOM);
            take_in(&d, &batch.events[i], &traces[i]);
        }
    }
    lf_synth_close(synth);
    d.options.model = NULL;
    *state = &d;
    return 0;
}

static int day_close(void **state)
{
    day *const d = *state;
    free(d->times_ns);
    free(d->latents);
    free(d->mids);
    free(d->shocks);
    free(d->starts);
    free(d->signs);
    return 0;
}

/* The state that stands at an instant. */
static size_t state_at(const day *d, int64_t ts_ns)
{
    size_t low = 0, high = d->count;
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (d->times_ns[middle] <= ts_ns) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static double latent_at(const day *d, int64_t ts_ns)
{
    const size_t i = state_at(d, ts_ns);
    const double waited = (double)(ts_ns - d->times_ns[i]) / (double)HALF_LIFE_NS;
    return d->latents[i] + d->shocks[i] * (1 - exp2(-waited));
}

static double mid_at(const day *d, int64_t ts_ns)
{
    return d->mids[state_at(d, ts_ns)];
}

/* Mean move in the direction of the shocks from one delay after them to another. */
typedef struct moved {
    double mean, error;
} moved;

/* No other shock within a second and a half: others add nothing to the mean, and much noise. */
static bool is_alone(const day *d, size_t k)
{
    const int64_t start_ns = d->times_ns[d->starts[k]];
    const int64_t reach_ns = 3 * SETTLED_NS / 2;
    return (k == 0 || start_ns - d->times_ns[d->starts[k - 1]] > reach_ns) &&
           (k + 1 == d->start_count || d->times_ns[d->starts[k + 1]] - start_ns > reach_ns);
}

static moved
move_after(const day *d, double (*price_at)(const day *, int64_t), int64_t from_ns, int64_t to_ns)
{
    double sum = 0, squares = 0, n = 0;
    for (size_t k = 0; k < d->start_count; k++) {
        const int64_t start_ns = d->times_ns[d->starts[k]];
        if (start_ns + from_ns < d->times_ns[0] || start_ns + to_ns > d->times_ns[d->count - 1] ||
            (from_ns >= 0 && !is_alone(d, k))) {
            continue;
        }
        const double from = price_at(d, start_ns + from_ns);
        const double move = d->signs[k] * (price_at(d, start_ns + to_ns) - from);
        sum += move;
        squares += move * move;
        n++;
    }
    const double mean = sum / n;
    return (moved){mean, sqrt((squares / n - mean * mean) / (n - 1))};
}

/* ---- tests ------------------------------------------------------------------------------ */

static void test_what_is_left_halves_with_the_half_life(void **state)
{
    static const int64_t delays_ms[] = {0, 10, 20, 50, 100, 150, 200, 300, 500};
    const day *const d = *state;
    for (size_t i = 0; i < sizeof delays_ms / sizeof delays_ms[0]; i++) {
        const int64_t from_ns = delays_ms[i] * LF_NS_PER_MILLISECOND, to_ns = from_ns + SETTLED_NS;
        const double planted =
            lf_synth_edge_left(&d->options, from_ns) - lf_synth_edge_left(&d->options, to_ns);
        const moved latent = move_after(d, latent_at, from_ns, to_ns);
        const moved mid = move_after(d, mid_at, from_ns, to_ns);
        print_message(
            "%3d ms: planted %.3f, latent %.3f +- %.3f, mid %.3f +- %.3f ticks\n",
            (int)delays_ms[i],
            planted,
            latent.mean,
            latent.error,
            mid.mean,
            mid.error
        );
        assert_true(fabs(latent.mean - planted) < 3 * latent.error);
        assert_true(latent.error < 0.002 * SHOCK_TICKS);
        /* At the shock itself half of what was taken is in the mid. Later quotes lag by some ms. */
        assert_true(delays_ms[i] == 0 || fabs(mid.mean - planted) < 3 * mid.error + 0.03 * planted);
    }
}

static void test_shocks_are_seen_and_not_foreseen(void **state)
{
    const day *const d = *state;
    const double expected = SHOCK_RATE * SESSION_S, count = (double)d->start_count;
    print_message("%.0f shocks, %.0f expected\n", count, expected);
    assert_true(fabs(count - expected) < 4 * sqrt(expected));
    /* Each begins with a trade in its direction. */
    assert_int_equal(d->taken_count, d->start_count);
    const moved before = move_after(d, mid_at, -10 * LF_NS_PER_SECOND, -1);
    print_message("ten seconds before: %.3f +- %.3f ticks\n", before.mean, before.error);
    assert_true(fabs(before.mean) < 3 * before.error);
    double signs = 0;
    for (size_t k = 0; k < d->start_count; k++) {
        signs += d->signs[k];
    }
    assert_true(fabs(signs) < 3.5 * sqrt(count));
}

static uint64_t day_hash(const lf_synth_options *options)
{
    lf_synth *synth;
    lf_batch batch;
    uint64_t hash = 0;
    assert_int_equal(lf_synth_open(options, 0, &synth, NULL), LF_OK);
    for (lf_synth_next(synth, &batch); batch.event_count > 0; lf_synth_next(synth, &batch)) {
        hash = lf_hash64(batch.events, batch.event_count * sizeof *batch.events, hash);
    }
    lf_synth_close(synth);
    return hash;
}

/* Without shocks their rate and half-life are nothing to the day. */
static void test_off_is_off(void **state)
{
    (void)state;
    lf_synth_options options;
    lf_synth_options_default(&options);
    options.activity = 0.05;
    const uint64_t plain = day_hash(&options);
    options.alpha_shock_rate = 5;
    options.alpha_half_life_ns = HALF_LIFE_NS;
    assert_true(day_hash(&options) == plain);
    options.alpha_shock_ticks = 0.5;
    assert_true(day_hash(&options) != plain);
}

/* Both stocks keep both sides under large and frequent news. */
static void test_book_bears_large_news(void **state)
{
    (void)state;
    for (int preset = 0; preset < 2; preset++) {
        lf_synth_options options;
        lf_synth *synth;
        lf_batch batch;
        lf_synth_options_default(&options);
        options.preset = (lf_synth_preset)preset;
        options.activity = 0.1;
        options.alpha_half_life_ns = HALF_LIFE_NS;
        options.alpha_shock_ticks = 60;
        options.alpha_shock_rate = 0.5;
        assert_int_equal(lf_synth_open(&options, 0, &synth, NULL), LF_OK);
        int64_t last_ns = 0;
        for (lf_synth_next(synth, &batch); batch.event_count > 0; lf_synth_next(synth, &batch)) {
            for (size_t i = 0; i < batch.event_count; i++) {
                assert_true(lf_book_valid(&batch.events[i].quotes));
                assert_true(batch.events[i].ts_exchange_ns >= last_ns);
                last_ns = batch.events[i].ts_exchange_ns;
            }
        }
        lf_synth_close(synth);
    }
}

static void test_closed_form(void **state)
{
    (void)state;
    lf_synth_options options;
    lf_synth_options_default(&options);
    options.alpha_shock_ticks = 8;
    options.alpha_half_life_ns = HALF_LIFE_NS;
    assert_true(lf_synth_edge_left(&options, 0) == 8);
    assert_true(lf_synth_edge_left(&options, HALF_LIFE_NS) == 4);
    assert_true(lf_synth_edge_left(&options, 3 * HALF_LIFE_NS) == 1);
}

static void test_refused(void **state)
{
    (void)state;
    static const double rows[][2] = {
        {-1, 0.02}, {1001, 0.02}, {NAN, 0.02}, {5, 0}, {5, -1}, {5, 11}, {5, NAN}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lf_synth_options options;
        lf_synth *synth;
        lf_synth_options_default(&options);
        options.alpha_shock_ticks = rows[i][0];
        options.alpha_shock_rate = rows[i][1];
        assert_int_equal(lf_synth_open(&options, 0, &synth, NULL), LF_RANGE);
        assert_null(synth);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_left_halves_with_the_half_life),
        cmocka_unit_test(test_shocks_are_seen_and_not_foreseen),
        cmocka_unit_test(test_off_is_off),
        cmocka_unit_test(test_book_bears_large_news),
        cmocka_unit_test(test_closed_form),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, day_open, day_close);
}
