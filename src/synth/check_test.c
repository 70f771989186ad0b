/*
 * Goal: the measures of a day are right, and both presets look like the stocks they stand for.
 * Method: a made-up day whose measures are known, then three simulated days against the bands of
 * docs/modules/synth.md.
 */
#include "synth_internal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../tests/testing.h"

#define MEASURES 16

static void measures_of(const lf_synth_facts *f, double out[MEASURES])
{
    const double all[MEASURES] = {
        f->events_per_minute,
        f->spread_one_tick_share,
        f->spread_mean_ticks,
        f->queue_imbalance_auc,
        f->ofi_r2_10s,
        f->beta_depth2,
        f->sign_acf_1,
        f->sign_acf_10,
        f->sign_acf_100,
        f->absolute_return_acf_1,
        f->absolute_return_acf_5,
        f->variance_ratio_20,
        f->variance_ratio_60_20,
        f->volatility_1min_bps,
        f->open_activity,
        f->open_depth,
    };
    memcpy(out, all, sizeof all);
}

static const char *const measure_names[MEASURES] = {
    "events per minute",
    "share of spread 1",
    "mean spread",
    "AUC of queue imbalance",
    "R^2 of OFI, 10 s",
    "beta 2 depth",
    "sign acf 1",
    "sign acf 10",
    "sign acf 100",
    "|return| acf 1",
    "|return| acf 5",
    "VR(20)",
    "VR(60/20)",
    "volatility, bps a minute",
    "activity at the open",
    "depth at the open",
};

/* Means over days against what is known of real ones; see docs/modules/synth.md for each band. */
static void test_presets_look_real(void **state)
{
    (void)state;
    enum {
        DAYS = 5
    };
    static const double least[2][MEASURES] = {
        {1000, 0, 3, 0.55, 0.5, 0.5, 0.2, 0.1, 0.02, 0.02, 0.02, 0.9, 0.9, 8, 1.5, 0.4},
        {1000, 0.75, 1, 0.74, 0.55, 0.4, 0.2, 0.1, 0.02, 0.02, 0.02, 0.9, 0.9, 8, 1.5, 0.4},
    };
    static const double most[2][MEASURES] = {
        {2500, 0.05, 8, 0.64, 0.76, 2, 0.4, 0.2, 0.08, 0.3, 0.3, 1.1, 1.1, 16, 8, 0.65},
        {2500, 0.95, 1.5, 0.8, 0.72, 2, 0.4, 0.2, 0.08, 0.3, 0.3, 1.1, 1.1, 16, 8, 0.65},
    };
    for (int preset = 0; preset < 2; preset++) {
        lf_synth_options options;
        lf_synth_options_default(&options);
        options.preset = (lf_synth_preset)preset;
        double mean[MEASURES] = {0};
        for (int32_t day = 0; day < DAYS; day++) {
            lf_synth_facts facts;
            double measures[MEASURES];
            assert_int_equal(lf_synth_check_day(&options, day, &facts, NULL), LF_OK);
            measures_of(&facts, measures);
            for (int m = 0; m < MEASURES; m++) {
                mean[m] += measures[m] / DAYS;
            }
        }
        for (int m = 0; m < MEASURES; m++) {
            print_message("preset %d: %-24s %.3f\n", preset, measure_names[m], mean[m]);
            assert_true(mean[m] >= least[preset][m] && mean[m] <= most[preset][m]);
        }
    }
}

/* A day in which the mid goes up and down by one tick each second, or always up. */
static void make_day(bool goes_back, int8_t unknown_sign, lf_synth_facts *out)
{
    lf_instrument instrument = {.tick_nano = 10000000, .units_per_tick = 100, .level_count = 1};
    instrument.session_open_ns = INT64_C(1700000000) * LF_NS_PER_SECOND;
    instrument.session_close_ns = instrument.session_open_ns + 390 * LF_NS_PER_MINUTE;
    lf_synth_check *check;
    lf_error error;
    assert_int_equal(lf_synth_check_create(NULL, &instrument, &check, &error), LF_OK);
    for (int64_t second = 0; second < 23400; second++) {
        const int64_t mid = 30000 + (goes_back ? second % 2 : second);
        /* Purchases at the ask that stood, sales at the bid; each is two fills. */
        const int8_t sign = second % 2 == 0 ? 1 : -1;
        lf_trade trades[2] = {{.price_units = (mid + 3 * sign) * 100, .size_lots = 2}};
        trades[0].sign = unknown_sign != 0 ? unknown_sign : sign;
        trades[1] = trades[0];
        trades[1].size_lots = 3;
        lf_event event = {.kind = LF_EVENT_EXECUTE, .flags = LF_EVENT_LAST, .trade_count = 2};
        event.ts_exchange_ns = instrument.session_open_ns + second * LF_NS_PER_SECOND + 1;
        event.ts_local_ns = event.ts_exchange_ns;
        for (int m = 0; m < LF_LEVELS_MAX; m++) {
            event.quotes.bid_ticks[m] = LF_BID_NONE;
            event.quotes.ask_ticks[m] = LF_ASK_NONE;
        }
        event.quotes.bid_ticks[0] = mid - 2;
        event.quotes.ask_ticks[0] = mid + 2;
        event.quotes.bid_lots[0] = 100;
        event.quotes.ask_lots[0] = second < 1800 ? 50 : 100;
        const lf_batch batch = {&event, trades, 1, 2};
        assert_int_equal(lf_synth_check_push(check, &batch), LF_OK);
    }
    assert_int_equal(lf_synth_check_finish(check, out, &error), LF_OK);
    lf_synth_check_destroy(check);
}

static void test_measures_of_made_up_days(void **state)
{
    (void)state;
    lf_synth_facts f;
    make_day(true, 0, &f);
    assert_int_equal(f.event_count, 23400);
    assert_true(fabs(f.events_per_minute - 60) < 1e-9);
    assert_true(f.spread_one_tick_share == 0 && f.spread_mean_ticks == 4);
    assert_true(f.spread_p90_ticks == 4 && isnan(f.level_gap_ticks) && f.hidden_share == 0);
    assert_true(fabs(f.trades_per_minute - 60) < 1e-9 && fabs(f.trade_lots - 5) < 1e-9);
    assert_true(fabs(f.price_ticks - 30000.5) < 1e-3);
    assert_true(fabs(f.depth_lots - (100 - 25 * 1800 / 23400.0)) < 1e-6);
    assert_true(fabs(f.activity[5] - 1) < 1e-9 && fabs(f.spread[5] - 1) < 1e-9);
    /* Every second trade is a sale: the next one's sign is always the other. */
    assert_true(fabs(f.sign_acf_1 + 1) < 1e-3 && fabs(f.sign_acf_10 - 1) < 1e-3);
    assert_true(fabs(f.variance_ratio_20) < 1e-9);
    assert_true(fabs(f.open_activity - 1) < 1e-9 && fabs(f.close_activity - 1) < 1e-9);
    /* Depth of the first of thirteen parts is 75, of the others 100. */
    assert_true(fabs(f.open_depth - 75 / (75.0 / 13 + 100 * 12.0 / 13)) < 1e-6);
    make_day(false, 0, &f);
    assert_true(fabs(f.variance_ratio_20 - 20) < 1e-9);
    assert_true(fabs(f.variance_ratio_60_20 - 3) < 1e-9);
}

/* A feed that does not tell who began a trade gives the same signs by the quote before it. */
static void test_unknown_signs_are_guessed(void **state)
{
    (void)state;
    lf_synth_facts f;
    make_day(true, LF_SIGN_UNKNOWN, &f);
    assert_true(fabs(f.sign_acf_1 + 1) < 1e-3 && fabs(f.sign_acf_10 - 1) < 1e-3);
    assert_true(fabs(f.trades_per_minute - 60) < 1e-9);
}

/* Files tell what the events in memory tell. */
static void test_source_is_the_day(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    lf_synth_options options;
    lf_synth_options_default(&options);
    options.activity = 0.1;
    options.level_count = 4;
    lf_source_list list;
    lf_error error;
    lf_synth_facts simulated, read;
    const char *path = folder.path;
    assert_int_equal(lf_synth_write(&options, path, NULL, NULL, &error), LF_OK);
    assert_int_equal(lf_feed_find(&path, 1, NULL, &list, &error), LF_OK);
    assert_int_equal(lf_synth_check_day(&options, 0, &simulated, &error), LF_OK);
    assert_int_equal(lf_synth_check_source(&list.sources[0], NULL, &read, &error), LF_OK);
    assert_int_equal(read.event_count, simulated.event_count);
    size_t count;
    const lf_synth_measure *measures = lf_synth_measures(&count);
    for (size_t i = 0; i < count; i++) {
        const double value = lf_synth_measure_of(&read, &measures[i]);
        assert_true(value == lf_synth_measure_of(&simulated, &measures[i]));
        assert_true(isnan(measures[i].least[0]) || measures[i].least[0] < measures[i].most[0]);
    }
    assert_true(read.level_gap_ticks >= 1 && read.level_depth > 0.5);
    lf_source_list_clear(&list);
    lf_testing_folder_remove(&folder);
}

static void test_no_valid_book_is_data_error(void **state)
{
    (void)state;
    lf_instrument instrument = {.tick_nano = 10000000, .units_per_tick = 100, .level_count = 1};
    instrument.session_close_ns = 390 * LF_NS_PER_MINUTE;
    lf_synth_check *check;
    lf_synth_facts f;
    assert_int_equal(lf_synth_check_create(NULL, &instrument, &check, NULL), LF_OK);
    assert_int_equal(lf_synth_check_finish(check, &f, NULL), LF_DATA);
    lf_synth_check_destroy(check);
}

/* Measures that need more than a day has are undefined; no market is fitted to them. */
static void test_short_days(void **state)
{
    (void)state;
    static const struct {
        int64_t session_ns;
        size_t events;
    } rows[] = {
        {390 * LF_NS_PER_MINUTE, 1}, /* a row and then nothing */
        {5 * LF_NS_PER_SECOND, 2},   /* no window of 10 s */
        {LF_NS_PER_SECOND / 1000, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lf_instrument instrument = {.tick_nano = 10000000, .units_per_tick = 100, .level_count = 1};
        instrument.session_close_ns = rows[i].session_ns;
        lf_event events[2] = {{.kind = LF_EVENT_ADD}, {.kind = LF_EVENT_ADD}};
        for (size_t k = 0; k < 2; k++) {
            events[k].ts_exchange_ns = events[k].ts_local_ns = (int64_t)k * LF_NS_PER_SECOND;
            events[k].quotes.bid_ticks[0] = 100;
            events[k].quotes.ask_ticks[0] = 102;
            events[k].quotes.bid_lots[0] = events[k].quotes.ask_lots[0] = 5;
        }
        const lf_batch batch = {.events = events, .event_count = rows[i].events};
        lf_synth_check *check;
        lf_synth_facts f;
        lf_synth_model model;
        lf_error error;
        assert_int_equal(lf_synth_check_create(NULL, &instrument, &check, &error), LF_OK);
        assert_int_equal(lf_synth_check_push(check, &batch), LF_OK);
        assert_int_equal(lf_synth_check_finish(check, &f, &error), LF_OK);
        lf_synth_check_destroy(check);
        assert_true(f.price_ticks == 101 || isnan(f.price_ticks));
        assert_true(f.spread_mean_ticks == 2 && f.depth_lots == 5 && f.trades_per_minute == 0);
        assert_true(isnan(f.sign_acf_1) && isnan(f.variance_ratio_20) && isnan(f.sign_exponent));
        size_t count;
        const lf_synth_measure *measures = lf_synth_measures(&count);
        for (size_t k = 0; k < count; k++) {
            const double value = lf_synth_measure_of(&f, &measures[k]);
            assert_true(isnan(value) || fabs(value) < INFINITY);
        }
        assert_int_equal(lf_synth_fit(NULL, &f, NULL, NULL, &model, &error), LF_DATA);
        assert_non_null(strstr(error.message, "too little data"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_measures_of_made_up_days),
        cmocka_unit_test(test_unknown_signs_are_guessed),
        cmocka_unit_test(test_source_is_the_day),
        cmocka_unit_test(test_no_valid_book_is_data_error),
        cmocka_unit_test(test_short_days),
        cmocka_unit_test(test_presets_look_real),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
