/*
 * Goal: the book of levels equals a plain ladder after every change, also when it is full.
 * Method: random changes of both; a table of small cases.
 */
#include "l2book.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../tests/testing.h"

#define SEED 7
#define TICKS 400

static lfi_l2book book;

static int set_up(void **state)
{
    (void)state;
    return lfi_l2book_create(&book, NULL) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    lfi_l2book_destroy(&book, NULL);
    return 0;
}

/* Best levels of a ladder of lots by tick. */
static void ladder_quotes(int64_t lots[2][TICKS], lf_quotes *out)
{
    size_t bids = 0, asks = 0;
    for (int m = 0; m < LF_LEVELS_MAX; m++) {
        out->bid_ticks[m] = LF_BID_NONE;
        out->ask_ticks[m] = LF_ASK_NONE;
        out->bid_lots[m] = out->ask_lots[m] = 0;
    }
    for (int i = 0; i < TICKS; i++) {
        const int down = TICKS - 1 - i;
        if (lots[0][down] > 0 && bids < LF_LEVELS_MAX) {
            out->bid_ticks[bids] = down;
            out->bid_lots[bids++] = lots[0][down];
        }
        if (lots[1][i] > 0 && asks < LF_LEVELS_MAX) {
            out->ask_ticks[asks] = i;
            out->ask_lots[asks++] = lots[1][i];
        }
    }
}

static void test_ladder(void **state)
{
    (void)state;
    static int64_t lots[2][TICKS];
    lf_random random;
    lf_quotes expected, found;
    lf_random_seed(&random, SEED, 0);
    for (int i = 0; i < 200000; i++) {
        const int side = (int)lf_random_below(&random, 2);
        /* Near the touch mostly, and empty more often at times, so that sides run dry. */
        const size_t range = lf_random_below(&random, 4) == 0 ? TICKS : 20;
        const size_t away = lf_random_below(&random, range);
        const size_t tick = side == 0 ? TICKS - 1 - away : away;
        const bool is_empty = lf_random_below(&random, i / 20000 % 2 == 0 ? 2 : 8) > 0;
        const int64_t size = is_empty ? 0 : 1 + (int64_t)lf_random_below(&random, 1000);
        lots[side][tick] = size;
        lfi_l2book_set(&book, side == 0 ? 1 : -1, (int64_t)tick, size);
        lfi_l2book_quotes(&book, &found);
        ladder_quotes(lots, &expected);
        assert_memory_equal(&found, &expected, sizeof found);
    }
    assert_int_equal(book.dropped_count, 0);
    lfi_l2book_clear(&book);
    lfi_l2book_quotes(&book, &found);
    assert_int_equal(found.bid_ticks[0], LF_BID_NONE);
    assert_int_equal(found.ask_ticks[0], LF_ASK_NONE);
}

/* A full side drops its worst level, or what would be worse. */
static void test_full(void **state)
{
    (void)state;
    const int64_t count = (int64_t)LFI_L2_LEVELS_MAX;
    lf_quotes found;
    lfi_l2book_clear(&book);
    for (int64_t i = 0; i < count; i++) {
        lfi_l2book_set(&book, 1, 2 * i, 1 + i);
        lfi_l2book_set(&book, -1, 10 * count + 2 * i, 1 + i);
    }
    assert_int_equal(book.dropped_count, 0);
    lfi_l2book_set(&book, 1, -5, 9); /* worse than all */
    assert_int_equal(book.dropped_count, 1);
    assert_int_equal(book.bid.levels[0].price_ticks, 0);
    lfi_l2book_set(&book, 1, 2 * count - 3, 9); /* second best */
    assert_int_equal(book.dropped_count, 2);
    assert_int_equal(book.bid.count, LFI_L2_LEVELS_MAX);
    assert_int_equal(book.bid.levels[0].price_ticks, 2);
    lfi_l2book_set(&book, -1, 10 * count - 1, 9); /* a new best */
    lfi_l2book_quotes(&book, &found);
    assert_int_equal(found.bid_ticks[0], 2 * count - 2);
    assert_int_equal(found.bid_ticks[1], 2 * count - 3);
    assert_int_equal(found.bid_lots[1], 9);
    assert_int_equal(found.ask_ticks[0], 10 * count - 1);
    assert_int_equal(found.ask_ticks[1], 10 * count);
    lfi_l2book_set(&book, 1, 2 * count - 3, 4); /* a size alone */
    lfi_l2book_set(&book, 1, 1, 0);             /* was never there */
    lfi_l2book_quotes(&book, &found);
    assert_int_equal(found.bid_lots[1], 4);
    assert_int_equal(book.bid.count, LFI_L2_LEVELS_MAX);
}

/* Sums of single orders: what falls to 0 or below is gone, and no sum runs over. */
static void test_add(void **state)
{
    static const struct {
        int64_t change_lots, expected_lots; /* 0: no level */
    } steps[] = {
        {-3, 0}, {5, 5}, {-2, 3}, {-3, 0}, {4, 4}, {-9, 0}, {INT64_MAX, INT64_MAX}, {7, INT64_MAX}};
    (void)state;
    for (int side = 1; side >= -1; side -= 2) {
        lfi_l2book_clear(&book);
        for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
            lf_quotes found;
            lfi_l2book_add(&book, side, 100, steps[i].change_lots);
            lfi_l2book_quotes(&book, &found);
            assert_int_equal(
                side > 0 ? found.bid_lots[0] : found.ask_lots[0], steps[i].expected_lots
            );
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ladder),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_add),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
