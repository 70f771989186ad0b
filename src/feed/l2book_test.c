/*
 * Goal: the book of levels equals a plain ladder after every change, also when it is full.
 * Method: random changes of both, near the touch and over many windows of prices; a table of small
 * cases.
 */
#include "l2book.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

/* A naive side of few levels: keys ascend. */
typedef struct naive {
    lfi_l2_level levels[512];
    size_t count;
} naive;

static void naive_set(naive *self, int64_t key, int64_t lots)
{
    size_t at = 0;
    while (at < self->count && self->levels[at].price_ticks < key) {
        at++;
    }
    if (at < self->count && self->levels[at].price_ticks == key) {
        memmove(
            &self->levels[at], &self->levels[at + 1], (--self->count - at) * sizeof *self->levels
        );
    }
    if (lots > 0) {
        memmove(
            &self->levels[at + 1], &self->levels[at], (self->count++ - at) * sizeof *self->levels
        );
        self->levels[at] = (lfi_l2_level){key, lots};
    }
}

static void naive_quotes(const naive *sides, lf_quotes *out)
{
    for (size_t m = 0; m < LF_LEVELS_MAX; m++) {
        const bool has_bid = m < sides[0].count, has_ask = m < sides[1].count;
        const lfi_l2_level none = {0, 0};
        const lfi_l2_level bid = has_bid ? sides[0].levels[sides[0].count - 1 - m] : none;
        const lfi_l2_level ask = has_ask ? sides[1].levels[sides[1].count - 1 - m] : none;
        out->bid_ticks[m] = has_bid ? bid.price_ticks : LF_BID_NONE;
        out->ask_ticks[m] = has_ask ? -ask.price_ticks : LF_ASK_NONE;
        out->bid_lots[m] = bid.size_lots;
        out->ask_lots[m] = ask.size_lots;
    }
}

/*
 * Prices that wander over many windows, with levels far behind and now and then far ahead of the
 * touch, sides that run dry, and prices below zero.
 */
static void test_wide(void **state)
{
    (void)state;
    static naive sides[2];
    lf_random random;
    lf_quotes expected, found;
    int64_t centre = 0;
    lf_random_seed(&random, SEED, 1);
    lfi_l2book_clear(&book);
    for (int i = 0; i < 400000; i++) {
        const size_t side = (size_t)lf_random_below(&random, 2);
        naive *const at = &sides[side];
        const uint64_t reach = UINT64_C(1) << (3 + lf_random_below(&random, 18));
        centre += (int64_t)lf_random_below(&random, 1201) - (i / 50000 % 2 == 0 ? 400 : 800);
        int64_t key = (side == 0 ? centre : -centre) - (int64_t)lf_random_below(&random, reach);
        key += lf_random_below(&random, 5000) == 0 ? (int64_t)LFI_L2_WINDOW : 0;
        /* Most take away or change what is there. */
        if (at->count > 0 && (lf_random_below(&random, 3) > 0 || at->count == 500)) {
            key = at->levels[lf_random_below(&random, at->count)].price_ticks;
        }
        const bool goes = at->count == 500 || lf_random_below(&random, 3) == 0;
        const int64_t lots = goes ? 0 : 1 + (int64_t)lf_random_below(&random, 1000);
        const int64_t price = side == 0 ? key : -key;
        if (lf_random_below(&random, 60000) == 0) {
            at->count = 0;
            while (lfi_l2book_count(side == 0 ? &book.bid : &book.ask) > 0) {
                lfi_l2book_quotes(&book, &found);
                lfi_l2book_set(
                    &book,
                    side == 0 ? 1 : -1,
                    side == 0 ? found.bid_ticks[0] : found.ask_ticks[0],
                    0
                );
            }
        }
        naive_set(at, key, lots);
        lfi_l2book_set(&book, side == 0 ? 1 : -1, price, lots);
        assert_int_equal(lfi_l2book_count(side == 0 ? &book.bid : &book.ask), at->count);
        lfi_l2book_quotes(&book, &found);
        naive_quotes(sides, &expected);
        assert_memory_equal(&found, &expected, sizeof found);
    }
    assert_int_equal(book.dropped_count, 0);
}

/* Price of the worst bid. */
static int64_t worst_of(const lfi_l2_side *bid)
{
    if (bid->far_count > 0) {
        return bid->far[0].price_ticks;
    }
    size_t at = 0;
    while (bid->lots[at] == 0) {
        at++;
    }
    return bid->base + (int64_t)at;
}

/* A full side drops its worst level, or what would be worse; levels lie so many ticks apart. */
static void fill_and_drop(int64_t step)
{
    const int64_t count = (int64_t)LFI_L2_LEVELS_MAX;
    const int64_t best_bid = step * (count - 1), best_ask = 10 * step * count;
    lf_quotes found;
    book.dropped_count = 0;
    lfi_l2book_clear(&book);
    for (int64_t i = 0; i < count; i++) {
        lfi_l2book_set(&book, 1, step * i, 1 + i);
        lfi_l2book_set(&book, -1, best_ask + step * i, 1 + i);
    }
    assert_int_equal(book.dropped_count, 0);
    lfi_l2book_set(&book, 1, -5, 9); /* worse than all */
    assert_int_equal(book.dropped_count, 1);
    assert_int_equal(worst_of(&book.bid), 0);
    lfi_l2book_set(&book, 1, best_bid - 1, 9); /* second best */
    assert_int_equal(book.dropped_count, 2);
    assert_int_equal(lfi_l2book_count(&book.bid), LFI_L2_LEVELS_MAX);
    assert_int_equal(worst_of(&book.bid), step);
    lfi_l2book_set(&book, 1, step + 1, 9); /* second worst: the worst makes room */
    assert_int_equal(book.dropped_count, 3);
    assert_int_equal(worst_of(&book.bid), step + 1);
    lfi_l2book_set(&book, -1, best_ask - 1, 9); /* a new best */
    lfi_l2book_quotes(&book, &found);
    assert_int_equal(found.bid_ticks[0], best_bid);
    assert_int_equal(found.bid_ticks[1], best_bid - 1);
    assert_int_equal(found.bid_lots[1], 9);
    assert_int_equal(found.ask_ticks[0], best_ask - 1);
    assert_int_equal(found.ask_ticks[1], best_ask);
    lfi_l2book_set(&book, 1, best_bid - 1, 4); /* a size alone */
    lfi_l2book_set(&book, 1, 1, 0);            /* was never there */
    lfi_l2book_quotes(&book, &found);
    assert_int_equal(found.bid_lots[1], 4);
    assert_int_equal(lfi_l2book_count(&book.bid), LFI_L2_LEVELS_MAX);
}

static void test_full(void **state)
{
    (void)state;
    fill_and_drop(2);  /* all within the window */
    fill_and_drop(16); /* three quarters of them behind it */
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
        cmocka_unit_test(test_wide),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_add),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
