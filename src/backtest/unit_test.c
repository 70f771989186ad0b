/*
 * Goal: days traded alone, written and put together are the days traded one after the other, to
 * the byte; nothing else is taken for them. Method: five strategies with drawn delays over two
 * days; files with every kind of damage; every allocation fails once.
 */
#include <lobflow/backtest.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "days_testing.h"

static lf_testing_folder days[2];
static lf_model *model;

static int make_days(void **state)
{
    (void)state;
    static const char *const dates[] = {"2024-01-03", "2024-01-04"};
    for (int i = 0; i < 2; i++) {
        const lf_testing_day day = {
            .symbol = "TEST",
            .date = dates[i],
            .seed = 15 + (uint64_t)i,
            .messages = 12000,
            .with_halts = true,
        };
        if (!lf_testing_folder_make(&days[i]) || !lf_testing_day_write(&days[i], &day)) {
            return -1;
        }
    }
    lf_feed *const feed = days_open(&days[0], 0, 0);
    model = days_model(&days[0], lf_feed_instrument(feed)->session_open_ns);
    lf_feed_close(feed);
    return 0;
}

static int remove_days(void **state)
{
    (void)state;
    lf_model_destroy(model);
    lf_testing_folder_remove(&days[0]);
    lf_testing_folder_remove(&days[1]);
    return 0;
}

/* Delays are drawn, and drawn anew each day. */
static lf_status
create(const lf_allocator *allocator, bool is_unit, int64_t first_day, lf_backtest **out)
{
    lf_strategy_options strategies[DAYS_STRATEGIES];
    days_strategies(strategies);
    for (int i = 0; i < DAYS_STRATEGIES; i++) {
        strategies[i].execution.latency.model = LF_LATENCY_LOGNORMAL;
        strategies[i].execution.latency.sigma = 0.5;
        strategies[i].execution.latency.lost_share = 0.02;
    }
    const lf_backtest_options options = {
        .allocator = allocator,
        .strategies = strategies,
        .strategy_count = DAYS_STRATEGIES,
        .starting_cash = 1000,
        .check_every_fill = true,
        .is_unit = is_unit,
        .first_day = first_day,
    };
    return lf_backtest_create(&options, out, NULL);
}

static lf_backtest *created(bool is_unit, int64_t first_day)
{
    lf_backtest *backtest = NULL;
    assert_int_equal(create(NULL, is_unit, first_day, &backtest), LF_OK);
    return backtest;
}

#define KEY UINT64_C(77)

static const char *unit_path(int day)
{
    return lf_testing_path(&days[0], day == 0 ? "first.unit" : "second.unit");
}

/* Trades a day alone, as number `first_day` of its symbol, into a file. */
static void make_unit(int day, int64_t first_day)
{
    const int64_t note = 100 + day;
    lf_backtest *const unit = created(true, first_day);
    days_trade(unit, &days[day], model, 0);
    assert_int_equal(lf_backtest_save(unit, KEY, &note, sizeof note, unit_path(day), NULL), LF_OK);
    lf_backtest_destroy(unit);
}

static lf_status append(lf_backtest *backtest, int day, lf_error *error)
{
    int64_t note = 0;
    const lf_status status =
        lf_backtest_append(backtest, unit_path(day), KEY, &note, sizeof note, error);
    assert_true(status != LF_OK || note == 100 + day);
    return status;
}

static void test_together_again(void **state)
{
    (void)state;
    lf_backtest *const whole = created(false, 0);
    days_trade(whole, &days[0], model, 0);
    days_trade(whole, &days[1], model, 0);
    make_unit(1, 1); /* the later day first */
    make_unit(0, 0);
    lf_backtest *const parts = created(false, 0);
    assert_int_equal(append(parts, 0, NULL), LF_OK);
    assert_int_equal(append(parts, 1, NULL), LF_OK);
    assert_true(days_hash_all(whole) == days_hash_all(parts));
    for (size_t i = 0; i < DAYS_STRATEGIES; i++) {
        assert_true(lf_backtest_ledger(whole, i)->fill_count > 10);
        assert_memory_equal(
            lf_backtest_ledger(whole, i), lf_backtest_ledger(parts, i), sizeof(lf_ledger)
        );
        assert_memory_equal(
            lf_backtest_counts_of(whole, i),
            lf_backtest_counts_of(parts, i),
            sizeof(lf_backtest_counts)
        );
    }
    /* The number of the day matters: other delays are drawn. */
    make_unit(1, 0);
    lf_backtest *const others = created(false, 0);
    assert_int_equal(append(others, 0, NULL), LF_OK);
    assert_int_equal(append(others, 1, NULL), LF_OK);
    assert_true(days_hash_all(whole) != days_hash_all(others));
    lf_backtest_destroy(whole);
    lf_backtest_destroy(parts);
    lf_backtest_destroy(others);
}

static void test_refusals(void **state)
{
    (void)state;
    lf_error error;
    int64_t note = 0;
    make_unit(0, 0);
    make_unit(1, 1);
    const char *const path = unit_path(1);
    assert_int_equal(lf_backtest_read_note(NULL, path, KEY, &note, sizeof note, &error), LF_OK);
    assert_int_equal(note, 101);
    assert_int_equal(
        lf_backtest_read_note(NULL, path, KEY + 1, &note, sizeof note, &error), LF_MISMATCH
    );
    assert_int_equal(lf_backtest_read_note(NULL, path, KEY, &note, 4, &error), LF_FORMAT);
    assert_int_equal(
        lf_backtest_read_note(NULL, "/nowhere", KEY, &note, sizeof note, &error), LF_NOT_FOUND
    );
    /* Days in order; a backtest of days is no unit, nor is one without a day. */
    lf_backtest *backtest = created(false, 0);
    assert_int_equal(append(backtest, 1, &error), LF_OK);
    assert_int_equal(append(backtest, 0, &error), LF_MISMATCH);
    assert_non_null(strstr(error.message, "2024-01-03 does not follow"));
    assert_int_equal(lf_backtest_save(backtest, KEY, NULL, 0, path, &error), LF_RANGE);
    lf_backtest_destroy(backtest);
    backtest = created(true, 0);
    assert_int_equal(lf_backtest_save(backtest, KEY, NULL, 0, path, &error), LF_RANGE);
    lf_backtest_destroy(backtest);
    /* Other strategies. */
    backtest = NULL;
    lf_strategy_options one;
    lf_strategy_options_default(&one);
    const lf_backtest_options options = {.strategies = &one, .strategy_count = 1};
    assert_int_equal(lf_backtest_create(&options, &backtest, NULL), LF_OK);
    assert_int_equal(append(backtest, 0, &error), LF_MISMATCH);
    assert_non_null(strstr(error.message, "of 5 strategies, not of 1"));
    lf_backtest_destroy(backtest);
}

/* A file cut short or changed in any place is no unit. */
static void test_damage(void **state)
{
    (void)state;
    char *bytes = NULL;
    size_t count = 0;
    int64_t note = 0;
    make_unit(0, 0);
    const char *const path = unit_path(0);
    assert_int_equal(lf_file_read_all(NULL, path, &bytes, &count, NULL), LF_OK);
    for (size_t kept = 0; kept < count; kept += kept < 400 ? 37 : count / 7) {
        lf_backtest *const backtest = created(false, 0);
        assert_int_equal(lf_file_write_atomic(path, bytes, kept, NULL), LF_OK);
        assert_int_equal(append(backtest, 0, NULL), LF_FORMAT);
        lf_backtest_destroy(backtest);
    }
    for (size_t at = 0; at < count; at += 1 + count / 23) {
        bytes[at] = (char)(bytes[at] ^ 0x10);
        assert_int_equal(lf_file_write_atomic(path, bytes, count, NULL), LF_OK);
        assert_int_equal(
            lf_backtest_read_note(NULL, path, KEY, &note, sizeof note, NULL), LF_FORMAT
        );
        bytes[at] = (char)(bytes[at] ^ 0x10);
    }
    lf_release(NULL, bytes);
}

static void test_allocations(void **state)
{
    (void)state;
    make_unit(0, 0);
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_backtest *backtest = NULL;
        lf_testing_memory_start(&memory, n);
        lf_status status = create(&memory.allocator, false, 0, &backtest);
        status = status == LF_OK ? append(backtest, 0, NULL) : status;
        lf_backtest_destroy(backtest);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            assert_true(n > 50);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_together_again),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_allocations),
    };
    return cmocka_run_group_tests(tests, make_days, remove_days);
}
