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

static void measure_day(const lf_synth_options *options, int32_t day, lf_synth_facts *out)
{
    lf_synth *synth;
    lf_synth_check *check;
    lf_error error;
    lf_batch batch;
    assert_int_equal(lf_synth_open(options, day, &synth, &error), LF_OK);
    assert_int_equal(
        lf_synth_check_create(NULL, lf_synth_instrument(synth), &check, &error), LF_OK
    );
    for (lf_synth_next(synth, &batch); batch.event_count > 0; lf_synth_next(synth, &batch)) {
        assert_int_equal(lf_synth_check_push(check, &batch), LF_OK);
    }
    assert_int_equal(lf_synth_check_finish(check, out, &error), LF_OK);
    lf_synth_check_destroy(check);
    lf_synth_close(synth);
}

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
            measure_day(&options, day, &facts);
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
static void make_day(bool goes_back, lf_synth_facts *out)
{
    lf_instrument instrument = {.tick_nano = 10000000, .units_per_tick = 100, .level_count = 1};
    instrument.session_open_ns = INT64_C(1700000000) * LF_NS_PER_SECOND;
    instrument.session_close_ns = instrument.session_open_ns + 390 * LF_NS_PER_MINUTE;
    lf_synth_check *check;
    lf_error error;
    assert_int_equal(lf_synth_check_create(NULL, &instrument, &check, &error), LF_OK);
    for (int64_t second = 0; second < 23400; second++) {
        const int64_t mid = 30000 + (goes_back ? second % 2 : second);
        lf_trade trade = {.price_units = mid * 100, .size_lots = 5, .sign = 1};
        trade.sign = second % 2 == 0 ? 1 : -1;
        lf_event event = {.kind = LF_EVENT_EXECUTE, .flags = LF_EVENT_LAST, .trade_count = 1};
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
        const lf_batch batch = {&event, &trade, 1, 1};
        assert_int_equal(lf_synth_check_push(check, &batch), LF_OK);
    }
    assert_int_equal(lf_synth_check_finish(check, out, &error), LF_OK);
    lf_synth_check_destroy(check);
}

static void test_measures_of_made_up_days(void **state)
{
    (void)state;
    lf_synth_facts f;
    make_day(true, &f);
    assert_int_equal(f.event_count, 23400);
    assert_true(fabs(f.events_per_minute - 60) < 1e-9);
    assert_true(f.spread_one_tick_share == 0 && f.spread_mean_ticks == 4);
    /* Every second trade is a sale: the next one's sign is always the other. */
    assert_true(fabs(f.sign_acf_1 + 1) < 1e-3 && fabs(f.sign_acf_10 - 1) < 1e-3);
    assert_true(fabs(f.variance_ratio_20) < 1e-9);
    assert_true(fabs(f.open_activity - 1) < 1e-9 && fabs(f.close_activity - 1) < 1e-9);
    /* Depth of the first of thirteen parts is 75, of the others 100. */
    assert_true(fabs(f.open_depth - 75 / (75.0 / 13 + 100 * 12.0 / 13)) < 1e-6);
    make_day(false, &f);
    assert_true(fabs(f.variance_ratio_20 - 20) < 1e-9);
    assert_true(fabs(f.variance_ratio_60_20 - 3) < 1e-9);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_measures_of_made_up_days),
        cmocka_unit_test(test_no_valid_book_is_data_error),
        cmocka_unit_test(test_presets_look_real),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
