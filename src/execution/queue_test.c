/*
 * Goal: the place in a queue of levels is what the published rules say, and what they leave open is
 * what we say. Method: cases by hand, an oracle that writes the rules down once more, and the
 * properties that every rule must have on random removals and trades.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../tests/testing.h"
#include "execution_internal.h"

/* All cases ask the same memory, so each answer must be for what was asked. */
static lfi_share shares[LFI_SHARES];

static lfi_place place_at(double front, int64_t shown)
{
    return (lfi_place){.front = front, .shown = shown};
}

/* ---- by hand ---------------------------------------------------------------------------- */

static void test_by_hand(void **state)
{
    (void)state;
    static const struct {
        lf_queue_model model;
        double n;
        double front;
        int64_t shown, now;
        double after;
    } rows[] = {
        /* 20 of 100 leave, 60 in front and 40 behind. */
        {LF_QUEUE_RISK_AVERSE, 1, 60, 100, 80, 60},
        {LF_QUEUE_OPTIMISTIC, 1, 60, 100, 80, 40},
        {LF_QUEUE_POWER, 1, 60, 100, 80, 60 - 0.6 * 20},
        {LF_QUEUE_POWER, 2, 60, 100, 80, 60 - 20 * (1 - 1600.0 / 5200.0)},
        {LF_QUEUE_POWER2, 1, 60, 100, 80, 60 - 0.6 * 20},
        {LF_QUEUE_POWER2, 2, 60, 100, 80, 60 - 20 * (1 - 0.16)},
        {LF_QUEUE_POWER3, 1, 60, 100, 80, 60 - 0.6 * 20},
        {LF_QUEUE_POWER3, 3, 60, 100, 80, 60 - 20 * 0.216},
        {LF_QUEUE_LOG, 1, 1, 3, 2, 1 - (1 - 0.61314719276545841)},
        {LF_QUEUE_LOG2, 1, 1, 3, 2, 1 - (1 - 0.79248125036057809)},
        /* Powers beyond what a number holds. */
        {LF_QUEUE_POWER, 100, 2000, 4000, 3900, 1950},
        {LF_QUEUE_POWER, 100, 2000, 6000, 5900, 2000},
        {LF_QUEUE_POWER, 100, 4000, 6000, 5900, 3900},
        {LF_QUEUE_POWER2, 100, 2000, 4000, 3900, 1900},
        /* More than stands behind: the rest must have stood in front. */
        {LF_QUEUE_RISK_AVERSE, 1, 60, 100, 50, 50},
        {LF_QUEUE_POWER3, 3, 90, 100, 60, 60},
        {LF_QUEUE_LOG, 1, 1, 10, 2, 0},
        /* Growth is behind us, whatever the rule. */
        {LF_QUEUE_OPTIMISTIC, 1, 60, 100, 130, 60},
        {LF_QUEUE_LOG, 1, 60, 100, 130, 60},
        /* The level is gone. */
        {LF_QUEUE_LOG, 1, 60, 100, 0, 0},
        {LF_QUEUE_POWER, 0.5, 1, 10, 0, 0},
        /* T17: at the front, and an empty level. */
        {LF_QUEUE_POWER, 2.5, 0, 10, 4, 0},
        {LF_QUEUE_POWER2, 2.5, 0, 10, 4, 0},
        {LF_QUEUE_POWER3, 2.5, 0, 0, 4, 0},
        {LF_QUEUE_LOG2, 2.5, 0, 0, 4, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const lf_queue_options options = {rows[i].model, rows[i].n, true};
        lfi_place place = place_at(rows[i].front, rows[i].shown);
        lfi_queue_depth(&options, shares, &place, rows[i].now);
        if (!(fabs(place.front - rows[i].after) <= 1e-12 * 100)) {
            fail_msg("row %zu: %.17g, expected %.17g", i, place.front, rows[i].after);
        }
    }
}

/* Trades and the display that repeats them: taken off once. */
static void test_trades_count_once(void **state)
{
    (void)state;
    for (int model = 0; model < LF_QUEUE_FIFO; model++) {
        const lf_queue_options options = {(lf_queue_model)model, 2.0, true};
        lfi_place place;
        lfi_queue_join(&place, 100);
        assert_int_equal(lfi_queue_trade(&place, 30, 30), 0);
        lfi_queue_depth(&options, shares, &place, 100); /* a message about another price */
        lfi_queue_depth(&options, shares, &place, 70);
        assert_true(place.front == 70.0);
        /* The display is late by one trade: the rest of its change is a removal. */
        assert_int_equal(lfi_queue_trade(&place, 20, 20), 0);
        lfi_queue_depth(&options, shares, &place, 40);
        assert_true(place.front == 40.0 && place.traded == 0.0);
        assert_int_equal(lfi_queue_trade(&place, 55, 55), 15);
        assert_true(place.front == 0.0);
    }
}

/* The display falls before the trade that it shows: the trade then counts twice, towards us. */
static void test_display_before_trade(void **state)
{
    (void)state;
    const lf_queue_options options = {LF_QUEUE_RISK_AVERSE, 3.0, true};
    lfi_place place = place_at(50, 100);
    lfi_queue_depth(&options, shares, &place, 80);
    assert_true(place.front == 50.0);
    assert_int_equal(lfi_queue_trade(&place, 20, 20), 0);
    lfi_queue_depth(&options, shares, &place, 75); /* 5 left, 20 were seen to trade: growth of 15 */
    assert_true(place.front == 30.0);
}

static void test_out_of_view(void **state)
{
    (void)state;
    const lf_queue_options options = {LF_QUEUE_POWER, 1.0, true};
    lfi_place place;
    lfi_queue_join(&place, -1);
    assert_int_equal(lfi_queue_trade(&place, 1000, 1000), 0);
    lfi_queue_depth(&options, shares, &place, 40);
    assert_true(place.front == 40.0);
    lfi_queue_depth(&options, shares, &place, -1);
    lfi_queue_depth(&options, shares, &place, 90); /* what happened meanwhile is not known */
    assert_true(place.front == 40.0);
    lfi_queue_depth(&options, shares, &place, -1);
    lfi_queue_depth(&options, shares, &place, 10);
    assert_true(place.front == 10.0);
}

static void test_part_of_a_lot(void **state)
{
    (void)state;
    static const struct {
        double front;
        int64_t lots, reached;
        double after;
    } rows[] = {
        {0.4, 1, 1, 0.0},  /* 0.6 of it is ours: rounded up */
        {0.5, 1, 1, 0.0},  /* half a lot is away from zero */
        {0.6, 1, 0, -0.4}, /* 0.4 of it: not yet */
        {-0.4, 1, 1, 0.0},
        {-0.4, 0, 0, -0.4},
        {2.6, 5, 2, 0.0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lfi_place place = place_at(rows[i].front, 10);
        assert_int_equal(lfi_queue_trade(&place, rows[i].lots, rows[i].lots), rows[i].reached);
        assert_true(fabs(place.front - rows[i].after) < 1e-12);
    }
}

/* ---- an oracle and properties ----------------------------------------------------------- */

/* F' of the published rule, with its p, for what it defines: F and B above 0. */
static double rule(lf_queue_model model, double n, double f, double b, double d, double now)
{
    double p = 0.0;
    switch (model) {
    case LF_QUEUE_RISK_AVERSE:
        return fmin(f, now);
    case LF_QUEUE_POWER:
        p = 1.0 / (1.0 + pow(f / b, n));
        break;
    case LF_QUEUE_POWER2:
        p = fmin(pow(b / (b + f), n), 1.0);
        break;
    case LF_QUEUE_POWER3:
        p = 1.0 - pow(f / (f + b), n);
        break;
    case LF_QUEUE_LOG:
        p = log1p(b) / (log1p(b) + log1p(f));
        break;
    case LF_QUEUE_LOG2:
        p = log1p(b) / log1p(b + f);
        break;
    case LF_QUEUE_OPTIMISTIC:
    case LF_QUEUE_FIFO:
        break;
    }
    const double front = f - (1.0 - p) * d + fmin(b - p * d, 0.0);
    return fmin(fmax(front, 0.0), now);
}

static void test_random_removals(void **state)
{
    (void)state;
    lf_random random;
    lf_random_seed(&random, 11, 0);
    for (int i = 0; i < 200000; i++) {
        const lf_queue_model model = (lf_queue_model)lf_random_below(&random, LF_QUEUE_FIFO);
        const double n = 0.5 + (double)lf_random_below(&random, 10) / 2.0;
        const lf_queue_options options = {model, n, true};
        const int64_t front = 1 + (int64_t)lf_random_below(&random, 1000);
        const int64_t back = 1 + (int64_t)lf_random_below(&random, 1000);
        const int64_t shown = front + back;
        const int64_t now = (int64_t)lf_random_below(&random, (uint64_t)shown + 50);
        lfi_place place = place_at((double)front, shown);
        lfi_queue_depth(&options, shares, &place, now);
        const double expected =
            now > shown
                ? (double)front
                : rule(model, n, (double)front, (double)back, (double)(shown - now), (double)now);
        if (!(fabs(place.front - expected) <= 1e-9 * (1.0 + expected))) {
            fail_msg("%s: %.17g, not %.17g", lf_queue_model_name(model), place.front, expected);
        }
        /* Never further back than before, never behind the display, between the two bounds. */
        lfi_place worst = place_at((double)front, shown);
        lfi_place best = place_at((double)front, shown);
        lfi_queue_depth(&(lf_queue_options){LF_QUEUE_RISK_AVERSE, n, true}, shares, &worst, now);
        lfi_queue_depth(&(lf_queue_options){LF_QUEUE_OPTIMISTIC, n, true}, shares, &best, now);
        assert_true(place.front <= worst.front && place.front >= best.front - 1e-9);
        assert_true(worst.front <= (double)front && place.front >= 0.0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_trades_count_once),
        cmocka_unit_test(test_display_before_trade),
        cmocka_unit_test(test_out_of_view),
        cmocka_unit_test(test_part_of_a_lot),
        cmocka_unit_test(test_random_removals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
