/*
 * Goal: simulated days are reproducible, keep a book that every consumer can use, and read back
 * without a contradiction. Method: two seeds, every event of a day, market orders without end, and
 * a round trip through the LOBSTER reader.
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

static int32_t filled_levels(const lf_quotes *q)
{
    int32_t count = 0;
    while (count < LF_LEVELS_MAX && q->bid_lots[count] > 0 && q->ask_lots[count] > 0) {
        count++;
    }
    return count;
}

/*
 * Both presets: every state is valid and times grow. Features sum over ten levels and a liquid
 * share fills all of them; five must always stand, which is as far as depth_imbalance_l5 looks.
 */
static void test_book_stays_sane(void **state)
{
    (void)state;
    for (int preset = 0; preset < 2; preset++) {
        lf_synth_options options;
        lf_synth_options_default(&options);
        options.preset = (lf_synth_preset)preset;
        lf_synth *synth;
        lf_batch batch;
        int64_t last_ns = 0, full = 0, count = 0;
        assert_int_equal(lf_synth_open(&options, 3, &synth, NULL), LF_OK);
        for (lf_synth_next(synth, &batch); batch.event_count > 0; lf_synth_next(synth, &batch)) {
            for (size_t i = 0; i < batch.event_count; i++) {
                const lf_quotes *q = &batch.events[i].quotes;
                assert_true(lf_book_valid(q));
                assert_true(filled_levels(q) >= 5);
                full += filled_levels(q) == LF_LEVELS_MAX;
                count++;
                assert_true(fabs((double)lf_book_mid2(q) / 2 - 10000) < 9000);
                assert_true(batch.events[i].ts_exchange_ns >= last_ns);
                last_ns = batch.events[i].ts_exchange_ns;
            }
        }
        print_message(
            "preset %d: all ten levels in %.5f of the states\n",
            preset,
            (double)full / (double)count
        );
        assert_true((double)full > 0.999 * (double)count);
        lf_synth_close(synth);
    }
}

/* However many buy and sell orders come at once, and wherever the price jumps, both sides stay. */
static void test_trades_leave_both_sides(void **state)
{
    (void)state;
    for (int preset = 0; preset < 2; preset++) {
        lf_synth_options options;
        lf_synth_options_default(&options);
        options.preset = (lf_synth_preset)preset;
        lf_synth *synth;
        lf_quotes quotes;
        assert_int_equal(lf_synth_open(&options, 0, &synth, NULL), LF_OK);
        for (int i = 0; i < 3000; i++) {
            synth->event_count = synth->trade_count = 0;
            lfi_synth_market_order(synth);
            lfi_ladder_quotes(&synth->ladder, 10, 0, &quotes);
            assert_true(lf_book_valid(&quotes));
        }
        for (int i = 0; i < 40; i++) {
            synth->reference += i % 2 == 0 ? 300 : -300;
            for (int burst = 0; burst < 10; burst++) {
                synth->event_count = synth->trade_count = 0;
                lfi_synth_withdraw(synth);
                for (size_t k = 0; k < synth->event_count; k++) {
                    assert_true(synth->events[k].quotes.bid_lots[0] > 0);
                    assert_true(synth->events[k].quotes.ask_lots[0] > 0);
                }
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
    assert_string_equal(lf_synth_instrument(synth)->time_zone, lf_feed_instrument(feed)->time_zone);
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
        assert_string_equal(lf_feed_instrument(feed)->time_zone, "America/New_York");
        compare_day(&options, (int32_t)i, feed);
        assert_int_equal(lf_feed_stats_of(feed)->violation_count, 0);
        assert_int_equal(lf_feed_stats_of(feed)->crossed_count, 0);
        lf_feed_close(feed);
    }
    lf_source_list_clear(&list);
    lf_testing_folder_remove(&folder);
}

static void test_refuses_options(void **state)
{
    (void)state;
    static const struct {
        const char *symbol;
        double alpha, activity;
        int32_t levels;
        lf_date first_date;
        int32_t days;
    } rows[] = {
        {"SYN", -0.1, 1, 10, {2024, 1, 2}, 1},
        {"SYN", 0.6, 1, 10, {2024, 1, 2}, 1},
        {"SYN", 0, 0, 10, {2024, 1, 2}, 1},
        {"SYN", 0, 1, 11, {2024, 1, 2}, 1},
        /* Names that the reader of the files would not take for a symbol. */
        {"A_B", 0, 1, 10, {2024, 1, 2}, 1},
        {"", 0, 1, 10, {2024, 1, 2}, 1},
        {"A\"B", 0, 1, 10, {2024, 1, 2}, 1},
        {"\xc3\x84", 0, 1, 10, {2024, 1, 2}, 1},
        {".A", 0, 1, 10, {2024, 1, 2}, 1},
        {"A\n", 0, 1, 10, {2024, 1, 2}, 1},
        /* Times beyond what ns since 1970 can tell. */
        {"SYN", 0, 1, 10, {2262, 1, 2}, 1},
        {"SYN", 0, 1, 10, {1677, 1, 4}, 1},
        {"SYN", 0, 1, 10, {2261, 12, 20}, 20},
        {"SYN", 0, 1, 10, {9999, 12, 30}, INT32_MAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lf_synth_options options;
        lf_synth_options_default(&options);
        strcpy(options.symbol, rows[i].symbol);
        options.alpha = rows[i].alpha;
        options.activity = rows[i].activity;
        options.level_count = rows[i].levels;
        options.first_date = rows[i].first_date;
        options.day_count = rows[i].days;
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
        cmocka_unit_test(test_trades_leave_both_sides),
        cmocka_unit_test(test_refuses_options),
        cmocka_unit_test(test_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
