/*
 * Goal: a model is found back from a day that it made, and wrong numbers are refused. Method: days
 * of changed presets are measured, fitted, simulated anew with another seed, and measured again;
 * every member of a model is written and set.
 */
#include "synth_internal.h"

#include <lobflow/book.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../tests/testing.h"

/* A quiet stock, so that the rounds of a fit take little time. */
static void quiet_stock(lf_synth_preset preset, lf_synth_options *options, lf_synth_model *model)
{
    lf_synth_options_default(options);
    lf_synth_model_default(preset, model);
    const double slow = 0.2;
    model->limit_rate *= slow;
    model->cancel_rate *= slow;
    model->market_rate *= slow;
    model->hidden_rate *= slow;
    model->size_mean *= 3;
    model->activity_sd = 0;
    model->volatility_power = 2;
    model->metaorders = 1;
    /* Half of the orders come in fours, the others alone. */
    model->order_mix[0] = model->order_mix[2] = 0.5;
    for (int i = 0; i < LF_SYNTH_PARTS; i++) {
        model->activity[i] = i == 0 ? 2.2 : 0.9;
        model->depth[i] = i == 0 ? 0.4 : 1.05;
        model->spread[i] = 1;
    }
    options->preset = preset;
    options->model = model;
    options->level_count = 5;
}

static void test_model_is_found_back(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double share, difference;
    } rows[] = {
        {"events_per_minute", 0.1, 0},
        {"trades_per_minute", 0.1, 0},
        {"trade_lots", 0.1, 0},
        {"hidden_share", 0.2, 0},
        {"depth_lots", 0.15, 0},
        {"spread_mean_ticks", 0.15, 0},
        {"spread_one_tick_share", 0, 0.1},
        {"volatility_1min_bps", 0.15, 0},
        {"queue_imbalance_auc", 0, 0.06},
        {"ofi_r2_10s", 0, 0.15},
        {"sign_acf_1", 0, 0.06},
        {"sign_acf_10", 0, 0.06},
        {"open_activity", 0.2, 0},
        {"open_depth", 0, 0.15},
    };
    size_t count;
    const lf_synth_measure *measures = lf_synth_measures(&count);
    for (int preset = 0; preset < 2; preset++) {
        lf_synth_options options;
        lf_synth_model made, found;
        lf_synth_facts wanted, got;
        quiet_stock((lf_synth_preset)preset, &options, &made);
        assert_int_equal(lf_synth_check_day(&options, 0, &wanted, NULL), LF_OK);
        assert_int_equal(lf_synth_kind_of(&wanted), preset);
        assert_int_equal(lf_synth_fit(NULL, &wanted, NULL, NULL, &found, NULL), LF_OK);
        assert_int_equal(lfi_synth_model_check(&found, NULL), LF_OK);
        options.model = &found;
        options.seed = 7;
        assert_int_equal(lf_synth_check_day(&options, 0, &got, NULL), LF_OK);
        for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
            size_t m = 0;
            while (strcmp(measures[m].name, rows[r].name) != 0) {
                assert_true(++m < count);
            }
            const double a = lf_synth_measure_of(&wanted, &measures[m]);
            const double b = lf_synth_measure_of(&got, &measures[m]);
            print_message("preset %d: %-22s %9.4g %9.4g\n", preset, rows[r].name, a, b);
            assert_true(fabs(b - a) <= rows[r].share * a + rows[r].difference + 1e-9);
        }
    }
}

static bool stop(void *context, int32_t day, double share)
{
    (void)day;
    return ++*(int *)context < 2 && share < 1;
}

static void test_fit_can_be_stopped(void **state)
{
    (void)state;
    lf_synth_options options;
    lf_synth_model model, found = {.price_ticks = 7};
    lf_synth_facts facts;
    lf_error error;
    int calls = 0;
    quiet_stock(LF_SYNTH_SMALL_TICK, &options, &model);
    assert_int_equal(lf_synth_check_day(&options, 0, &facts, NULL), LF_OK);
    assert_int_equal(lf_synth_fit(NULL, &facts, stop, &calls, &found, &error), LF_CANCELLED);
    assert_int_equal(calls, 2);
    assert_true(found.price_ticks == 7);
}

/* Prices beyond the ladder's ticks: the ladder is moved, and nothing else changes. */
static void test_high_prices(void **state)
{
    (void)state;
    lf_synth_options options;
    lf_synth_model model;
    lf_synth *synth;
    lf_batch batch;
    quiet_stock(LF_SYNTH_SMALL_TICK, &options, &model);
    model.price_ticks = 640000;
    options.model = &model;
    assert_int_equal(lf_synth_open(&options, 0, &synth, NULL), LF_OK);
    for (lf_synth_next(synth, &batch); batch.event_count > 0; lf_synth_next(synth, &batch)) {
        for (size_t i = 0; i < batch.event_count; i++) {
            const lf_event *event = &batch.events[i];
            assert_true(lf_book_valid(&event->quotes));
            const double mid = (double)lf_book_mid2(&event->quotes) / 2;
            assert_true(fabs(mid - 640000) < 32000);
            assert_true(fabs((double)event->price_units / 100 - mid) < 32000);
        }
        assert_true(fabs(lf_synth_latent_ticks(synth) - 640000) < 32000);
    }
    lf_synth_close(synth);
}

static void test_numbers_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double value;
        size_t count;
        const char *says;
    } rows[] = {
        {"limit_rat", 1, 1, "limit_rate?"},
        {"limit_rate", -1, 1, "from 0.01 to"},
        {"limit_rate", NAN, 1, "nan"},
        {"limit_rate", 1, 2, "1 numbers, not 2"},
        {"metaorders", 9, 1, "from 1 to 8"},
        {"activity", 1, 1, "13 numbers"},
    };
    lf_synth_options options;
    lf_synth_model model;
    lf_error error;
    lf_synth *synth;
    lf_synth_model_default(LF_SYNTH_SMALL_TICK, &model);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const double values[LF_SYNTH_PARTS] = {rows[i].value, rows[i].value};
        const lf_status status =
            lf_synth_model_set(&model, rows[i].name, values, rows[i].count, &error);
        assert_int_equal(status, LF_RANGE);
        assert_non_null(strstr(error.message, rows[i].says));
    }
    const double rate = 3;
    assert_int_equal(lf_synth_model_set(&model, "limit_rate", &rate, 1, &error), LF_OK);
    assert_true(model.limit_rate == 3);
    lf_synth_options_default(&options);
    options.model = &model;
    model.queue_reach = -1;
    assert_int_equal(lf_synth_open(&options, 0, &synth, &error), LF_RANGE);
    assert_non_null(strstr(error.message, "queue_reach"));
}

static void test_mean_of_facts(void **state)
{
    (void)state;
    lf_synth_facts facts[2] = {{.event_count = 5}, {.event_count = 9}}, mean;
    facts[0].trade_lots = 1;
    facts[1].trade_lots = 4;
    facts[0].level_gap_ticks = NAN;
    facts[1].level_gap_ticks = 3;
    facts[0].open_depth = facts[1].open_depth = NAN;
    facts[0].depth[LF_SYNTH_PARTS - 1] = 1;
    lf_synth_facts_mean(facts, 2, &mean);
    assert_true(mean.event_count == 5 && mean.trade_lots == 2.5 && mean.level_gap_ticks == 3);
    assert_true(isnan(mean.open_depth) && mean.depth[LF_SYNTH_PARTS - 1] == 0.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_is_found_back),
        cmocka_unit_test(test_fit_can_be_stopped),
        cmocka_unit_test(test_high_prices),
        cmocka_unit_test(test_numbers_are_checked),
        cmocka_unit_test(test_mean_of_facts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
