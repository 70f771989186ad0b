/*
 * Goal: simulated days are reproducible, read back without a contradiction, and carry exactly the
 * predictability that was planted. Method: two seeds, a round trip through the LOBSTER reader, and
 * regressions of the latent price on past flow.
 */
#include "synth_internal.h"

#include <lobflow/book.h>
#include <lobflow/feed.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../tests/testing.h"

static uint64_t day_hash(const lf_synth_options *options, int32_t day, int64_t *count)
{
    lf_synth *synth;
    lf_batch batch;
    uint64_t hash = 0;
    *count = 0;
    assert_int_equal(lf_synth_open(options, day, &synth, NULL), LF_OK);
    for (lf_synth_next(synth, &batch); batch.event_count > 0; lf_synth_next(synth, &batch)) {
        hash = lf_hash64(batch.events, batch.event_count * sizeof *batch.events, hash);
        *count += (int64_t)batch.event_count;
    }
    lf_synth_close(synth);
    return hash;
}

static void test_same_seed_same_day(void **state)
{
    (void)state;
    lf_synth_options options;
    lf_synth_options_default(&options);
    options.activity = 0.2;
    int64_t count, again;
    const uint64_t first = day_hash(&options, 0, &count);
    assert_true(count > 50000);
    options.day_count = 7;
    assert_true(day_hash(&options, 0, &again) == first);
    assert_int_equal(count, again);
    assert_true(day_hash(&options, 1, &again) != first);
    options.seed = 2;
    assert_true(day_hash(&options, 0, &again) != first);
}

/* Both presets: every state is valid, ten levels stand on each side, times grow. */
static void test_book_stays_sane(void **state)
{
    (void)state;
    for (int preset = 0; preset < 2; preset++) {
        lf_synth_options options;
        lf_synth_options_default(&options);
        options.preset = (lf_synth_preset)preset;
        lf_synth *synth;
        lf_batch batch;
        int64_t last_ns = 0;
        assert_int_equal(lf_synth_open(&options, 3, &synth, NULL), LF_OK);
        for (lf_synth_next(synth, &batch); batch.event_count > 0; lf_synth_next(synth, &batch)) {
            for (size_t i = 0; i < batch.event_count; i++) {
                const lf_quotes *q = &batch.events[i].quotes;
                assert_true(lf_book_valid(q));
                assert_true(q->bid_lots[4] > 0 && q->ask_lots[4] > 0);
                assert_true(fabs((double)lf_book_mid2(q) / 2 - 10000) < 9000);
                assert_true(batch.events[i].ts_exchange_ns >= last_ns);
                last_ns = batch.events[i].ts_exchange_ns;
            }
        }
        lf_synth_close(synth);
    }
}

/* The next event of a stream of batches, or NULL at its end. */
static const lf_event *next_simulated(lf_synth *synth, lf_batch *batch, size_t *at)
{
    if (*at == batch->event_count) {
        lf_synth_next(synth, batch);
        *at = 0;
    }
    return batch->event_count > 0 ? &batch->events[(*at)++] : NULL;
}

static void compare_day(const lf_synth_options *options, int32_t day, lf_feed *feed)
{
    lf_synth *synth;
    lf_error error;
    lf_batch read;
    lf_batch simulated = {0};
    size_t at = 0;
    assert_int_equal(lf_synth_open(options, day, &synth, &error), LF_OK);
    for (;;) {
        assert_int_equal(lf_feed_next(feed, &read, &error), LF_OK);
        if (read.event_count == 0) {
            break;
        }
        for (size_t i = 0; i < read.event_count; i++) {
            const lf_event *event = next_simulated(synth, &simulated, &at);
            assert_non_null(event);
            assert_int_equal(event->ts_exchange_ns, read.events[i].ts_exchange_ns);
            assert_int_equal(event->kind, read.events[i].kind);
            assert_int_equal(event->size_lots, read.events[i].size_lots);
            assert_int_equal(event->trade_count, read.events[i].trade_count);
            assert_memory_equal(&event->quotes, &read.events[i].quotes, sizeof event->quotes);
        }
    }
    assert_null(next_simulated(synth, &simulated, &at));
    lf_synth_close(synth);
}

static void test_reader_accepts_files(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    lf_synth_options options;
    lf_synth_options_default(&options);
    options.activity = 0.2;
    options.day_count = 2;
    lf_error error;
    assert_int_equal(lf_synth_write(&options, folder.path, NULL, NULL, &error), LF_OK);
    lf_source_list list;
    const char *path = folder.path;
    assert_int_equal(lf_feed_find(&path, 1, NULL, &list, &error), LF_OK);
    assert_int_equal(list.count, 2);
    for (size_t i = 0; i < list.count; i++) {
        lf_feed *feed;
        const lf_feed_options strict = {.strict = true};
        assert_int_equal(lf_feed_open(&list.sources[i], &strict, &feed, &error), LF_OK);
        compare_day(&options, (int32_t)i, feed);
        assert_int_equal(lf_feed_stats_of(feed)->violation_count, 0);
        assert_int_equal(lf_feed_stats_of(feed)->crossed_count, 0);
        lf_feed_close(feed);
    }
    lf_source_list_clear(&list);
    lf_testing_folder_remove(&folder);
}

/* Squared correlation of the latent return of the next minute with the flow before it. */
static double planted_share(double alpha, int32_t day_count)
{
    lf_synth_options options;
    lf_synth_options_default(&options);
    options.alpha = alpha;
    options.activity = 0.5;
    double xy = 0, xx = 0, yy = 0;
    for (int32_t day = 0; day < day_count; day++) {
        lf_synth *synth;
        lf_batch batch;
        assert_int_equal(lf_synth_open(&options, day, &synth, NULL), LF_OK);
        const double kappa = log(2) / 60;
        int64_t last_ns = lf_synth_instrument(synth)->session_open_ns;
        int64_t next_ns = last_ns + 5 * LF_NS_PER_MINUTE;
        double flow = 0, mid = 0, mid_before = 0, flow_before = 0;
        for (lf_synth_next(synth, &batch); batch.event_count > 0; lf_synth_next(synth, &batch)) {
            for (size_t i = 0; i < batch.event_count; i++) {
                const lf_event *event = &batch.events[i];
                for (; event->ts_exchange_ns > next_ns; next_ns += LF_NS_PER_MINUTE) {
                    const double x = flow_before, y = mid_before > 0 ? mid - mid_before : 0;
                    xy += x * y;
                    xx += x * x;
                    yy += y * y;
                    flow_before = flow * exp(-kappa * (double)(next_ns - last_ns) / 1e9);
                    mid_before = mid;
                }
                for (uint16_t t = 0; t < event->trade_count; t++) {
                    const lf_trade *trade = &batch.trades[event->trade_first + t];
                    flow *= exp(-kappa * (double)(event->ts_exchange_ns - last_ns) / 1e9);
                    flow += trade->sign * (double)trade->size_lots;
                    last_ns = event->ts_exchange_ns;
                }
                mid = (double)lf_book_mid2(&event->quotes) / 2;
            }
        }
        lf_synth_close(synth);
    }
    return xy * xy / (xx * yy);
}

/* 20 days are 7,680 minutes: the standard error of a squared correlation of 0.05 is 0.005. */
static void test_planted_share_is_found(void **state)
{
    (void)state;
    assert_true(planted_share(0, 20) < 0.002);
    const double found = planted_share(0.05, 20);
    print_message("planted 0.05, found %.4f\n", found);
    assert_true(fabs(found - 0.05) < 0.02);
}

/* With signs that have no memory the calibration must give its closed form. */
static void test_drift_closed_form(void **state)
{
    (void)state;
    const double alpha = 0.05, half_life = 60, rate = 2, volatility = 1.5, t = 60;
    const double kappa = log(2) / half_life;
    /* Sizes are exponential with mean 1, so that each jump has mean square 2. */
    const double variance = rate * 2 / (2 * kappa), g = (1 - exp(-kappa * t)) / kappa;
    const double fresh =
        rate * 2 / (kappa * kappa) *
        (t - 2 * (1 - exp(-kappa * t)) / kappa + (1 - exp(-2 * kappa * t)) / (2 * kappa));
    const double total = variance * g * g + fresh;
    const double expected =
        sqrt(alpha * volatility * volatility * t / (variance * g * g - alpha * total));
    /* An exponent of 60 makes metaorders of two orders at most: almost no memory. */
    const double drift = lfi_synth_drift(alpha, half_life, rate, volatility, 60);
    print_message("drift %.5f, closed form without memory %.5f\n", drift, expected);
    assert_true(drift < expected * 1.03 && drift > expected * 0.5);
}

static void test_refuses_options(void **state)
{
    (void)state;
    static const struct {
        const char *symbol;
        double alpha, activity;
        int32_t levels;
    } rows[] = {
        {"SYN", -0.1, 1, 10},
        {"SYN", 0.6, 1, 10},
        {"SYN", 0, 0, 10},
        {"SYN", 0, 1, 11},
        {"A_B", 0, 1, 10},
        {"", 0, 1, 10},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lf_synth_options options;
        lf_synth_options_default(&options);
        strcpy(options.symbol, rows[i].symbol);
        options.alpha = rows[i].alpha;
        options.activity = rows[i].activity;
        options.level_count = rows[i].levels;
        lf_synth *synth;
        lf_error error;
        assert_int_equal(lf_synth_open(&options, 0, &synth, &error), LF_RANGE);
        assert_null(synth);
    }
}

static void test_failing_allocations(void **state)
{
    (void)state;
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        lf_synth_options options;
        lf_synth_options_default(&options);
        options.allocator = &memory.allocator;
        lf_synth *synth;
        const lf_status status = lf_synth_open(&options, 0, &synth, NULL);
        if (status == LF_OK) {
            const uint64_t calls = memory.calls;
            lf_batch batch;
            lf_synth_next(synth, &batch);
            assert_int_equal(memory.calls, calls);
        }
        lf_synth_close(synth);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_seed_same_day),
        cmocka_unit_test(test_book_stays_sane),
        cmocka_unit_test(test_reader_accepts_files),
        cmocka_unit_test(test_planted_share_is_found),
        cmocka_unit_test(test_drift_closed_form),
        cmocka_unit_test(test_refuses_options),
        cmocka_unit_test(test_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
