/*
 * Goal: where an edge with a half-life is planted, the latency surface says so: net falls with each
 * delay, within noise, and is 0 where the closed form has it, H log2(E / C). Method: two days with
 * news of H = 100 ms; the product's own line learns to see them on the first and trades the second
 * with each delay. E and C are measured: net without delay and costs, the mean spread and the fees.
 */
#include <lobflow/run.h>
#include <lobflow/synth.h>

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../src/synth/quick_testing.h"
#include "testing.h"

#define MS LF_NS_PER_MILLISECOND
#define HALF_LIFE_NS (100 * MS)
#define STEP_NS (100 * MS)
/* Some three round trips' costs are then left, on average, at the row after the news. */
#define SHOCK_TICKS 18.0
#define FEE_USD 0.0025
#define TICK_USD 0.01

static const int64_t delays_ns[] = {0, 50 * MS, 100 * MS, 150 * MS, 200 * MS, 300 * MS};
#define DELAY_COUNT (sizeof delays_ns / sizeof delays_ns[0])

/* ---- the days and the line -------------------------------------------------------------- */

static void plant(lf_synth_options *options, const char *folder)
{
    lf_error error;
    lf_synth_model model;
    testing_quick_market(&model);
    options->model = &model;
    options->day_count = 2;
    options->level_count = 1;
    options->alpha_half_life_ns = HALF_LIFE_NS;
    options->alpha_shock_ticks = SHOCK_TICKS;
    options->alpha_shock_rate = 0.05;
    if (lf_synth_write(options, folder, NULL, NULL, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    options->model = NULL;
}

/* Flow of a second, sure forecasts only, one share for two seconds. */
static void configure(lf_config *config)
{
    static const char *const keys[][2] = {
        {"features.step", "100ms"},
        {"labels.horizon", "200ms"},
        {"labels.horizon_long", "1s"},
        {"model.features", "ofi_1s"},
        {"model.rounds_max", "60"},
        {"model.importance", "false"},
        {"signal.p_long", "0.9"},
        {"signal.p_short", "0.1"},
        {"signal.ofi_threshold", "0"},
        {"signal.ofi_extreme", "0"},
        {"execution.fees", "commission"},
        {"execution.commission_per_share", "0.0025"},
        {"risk.order_size", "1"},
        {"risk.max_position", "1"},
        {"risk.hold", "2s"},
        {"risk.stop_ticks", "0"},
        {"risk.stop_spreads", "0"},
    };
    lf_error error;
    lf_config_default(config);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (lf_config_set_text(config, keys[i][0], keys[i][1], &error) != LF_OK) {
            fail_msg("%s", error.message);
        }
    }
}

/* Mean spread of a day over the time that it stood, USD. */
static double mean_spread(const lf_source *source)
{
    const lf_feed_options options = {0};
    lf_feed *feed;
    lf_batch batch;
    lf_error error;
    double sum = 0, weight = 0, spread = 0;
    int64_t last_ns = 0;
    assert_int_equal(lf_feed_open(source, &options, &feed, &error), LF_OK);
    while (lf_feed_next(feed, &batch, &error) == LF_OK && batch.event_count > 0) {
        for (size_t i = 0; i < batch.event_count; i++) {
            const lf_event *const event = &batch.events[i];
            const double stood = last_ns > 0 ? (double)(event->ts_exchange_ns - last_ns) : 0;
            sum += stood * spread;
            weight += stood;
            last_ns = event->ts_exchange_ns;
            spread = TICK_USD * (double)(event->quotes.ask_ticks[0] - event->quotes.bid_ticks[0]);
        }
    }
    lf_feed_close(feed);
    return sum / weight;
}

/* ---- the surface ------------------------------------------------------------------------ */

/* What a round trip earned, USD. */
typedef struct earned {
    double net, error; /* mean of the round trips and its standard error */
    double count;
} earned;

static double number(const json_t *cell, const char *key)
{
    const json_t *const value = json_object_get(cell, key);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

static earned earned_at(const json_t *surface, const char *leg, int64_t delay_ns)
{
    size_t i;
    json_t *cell;
    json_array_foreach(json_object_get(surface, "cells"), i, cell)
    {
        const char *const entry = json_string_value(json_object_get(cell, "entry"));
        const char *const name = json_string_value(json_object_get(cell, "leg"));
        if (strcmp(entry, "marketable") != 0 || (int64_t)number(cell, "latency_ns") != delay_ns ||
            (delay_ns > 0 && strcmp(name, leg) != 0)) {
            continue;
        }
        const json_t *const interval = json_object_get(cell, "net_interval");
        const double width = json_number_value(json_array_get(interval, 1)) -
                             json_number_value(json_array_get(interval, 0));
        const double count = number(cell, "round_trips");
        return (earned){number(cell, "net") / count, width / (2 * 1.96) / count, count};
    }
    fail_msg("%s at %lld ns: no cell", leg, (long long)delay_ns);
    return (earned){0};
}

static double break_even_ms(const json_t *surface, const char *leg)
{
    const json_t *const all =
        json_object_get(json_array_get(json_object_get(surface, "summary"), 0), "break_even");
    return number(json_object_get(all, leg), "ns") / MS;
}

static void must_fall(const json_t *surface, const char *leg)
{
    earned before = earned_at(surface, leg, 0);
    print_message("%-8s %6.2f", leg, 100 * before.net);
    for (size_t i = 1; i < DELAY_COUNT; i++) {
        const earned now = earned_at(surface, leg, delays_ns[i]);
        const double noise = sqrt(before.error * before.error + now.error * now.error);
        print_message(" %6.2f +- %.2f", 100 * now.net, 100 * now.error);
        assert_true(now.net - before.net < 2 * noise);
        before = now;
    }
    print_message("\n");
    const earned first = earned_at(surface, leg, 0);
    assert_true(first.net > 10 * first.error && before.net < -5 * before.error);
}

/* Crosses 0 within a factor of 1.5 of where it should. */
static void must_cross(const json_t *surface, const char *leg, double expected_ms)
{
    const double found_ms = break_even_ms(surface, leg);
    print_message("%-8s 0 at %.1f ms, expected %.1f ms\n", leg, found_ms, expected_ms);
    assert_true(found_ms < 1.5 * expected_ms && found_ms > expected_ms / 1.5);
}

static json_t *surface_of(const lf_config *config, const lf_source_list *days, const char *folder)
{
    const lf_run_job job = {.config = config, .sources = days->sources, .source_count = 2};
    const lf_run_latency_options options = {
        .latencies_ns = delays_ns, .latency_count = DELAY_COUNT};
    lf_error error;
    char *text = NULL;
    if (lf_run_latency(&job, NULL, false, &options, folder, &text, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    json_t *const surface = json_loads(text, 0, NULL);
    assert_non_null(surface);
    lf_release(NULL, text);
    return surface;
}

/* What is left of the news at the next row, on average over when they come between two rows. */
static double planted_at_row(const lf_synth_options *options)
{
    enum {
        PARTS = 1000
    };
    double sum = 0;
    for (int i = 0; i < PARTS; i++) {
        sum += lf_synth_edge_left(options, (STEP_NS * (2 * i + 1)) / (2 * PARTS));
    }
    return TICK_USD * sum / PARTS;
}

static void test_net_crosses_zero_where_the_planted_edge_equals_costs(void **state)
{
    (void)state;
    static lf_config config;
    static const char *const entries[] = {"feed", "decision", "entry"};
    lf_testing_folder data;
    lf_source_list days;
    lf_synth_options options;
    assert_true(lf_testing_folder_make(&data));
    lf_synth_options_default(&options);
    plant(&options, data.path);
    const char *const paths[] = {data.path};
    assert_int_equal(lf_feed_find(paths, 1, NULL, &days, NULL), LF_OK);
    assert_int_equal(days.count, 2);
    configure(&config);
    json_t *const surface = surface_of(&config, &days, lf_testing_path(&data, "surface"));
    const double cost = mean_spread(&days.sources[1]) + 2 * FEE_USD;
    const earned first = earned_at(surface, "all", 0);
    const double edge = first.net + cost;
    const double expected_ms = (double)HALF_LIFE_NS / MS * log2(edge / cost);
    print_message(
        "C %.2f cents, E %.2f +- %.2f (planted at the row %.2f), E / C %.2f, %.0f round trips\n",
        100 * cost,
        100 * edge,
        100 * first.error,
        100 * planted_at_row(&options),
        edge / cost,
        first.count
    );
    assert_true(first.count > 800 && edge / cost > 2.5 && edge / cost < 3.5);
    /* Quotes that have not come back yet, and a trade or two without news, take a part. */
    assert_true(fabs(edge / planted_at_row(&options) - 1) < 0.2);
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        must_fall(surface, entries[i]);
        must_cross(surface, entries[i], expected_ms);
    }
    /* All at once: feed, decision and entry add up. Cancels and reports delay no entry. */
    must_fall(surface, "all");
    must_cross(surface, "all", expected_ms / 3);
    for (size_t i = 1; i < DELAY_COUNT; i++) {
        const earned cancel = earned_at(surface, "cancel", delays_ns[i]);
        const earned response = earned_at(surface, "response", delays_ns[i]);
        assert_true(cancel.net == first.net);
        assert_true(fabs(response.net - first.net) < 2 * first.error);
    }
    json_decref(surface);
    lf_source_list_clear(&days);
    lf_testing_folder_remove(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_net_crosses_zero_where_the_planted_edge_equals_costs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
