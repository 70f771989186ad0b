/*
 * Goal: the estimators of impact and liquidity equal their papers' formulas, and say nothing where
 * there is nothing to say.
 * Method: values of an independent program, then scale, mirror and order on random rows.
 */
#include <lobflow/study.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Fails when two numbers differ by more than `within`; 0 asks for equality. */
#define assert_near(a, b, within) assert_true(fabs((a) - (b)) <= (within))

#define ROWS 6
#define RANDOM_ROWS 300

static const double CHANGES[ROWS] = {0.02, -0.01, 0.03, 0.00, -0.03, 0.01};
static const double VOLUMES[ROWS] = {500, -300, 800, 100, -900, 200};

/* Prices from 20 on, log returns, value of each trade and its signed root. */
static void
make_returns(double prices[ROWS], double returns[ROWS], double values[ROWS], double roots[ROWS])
{
    double price = 20;
    for (size_t i = 0; i < ROWS; i++) {
        returns[i] = log((price + CHANGES[i]) / price);
        price += CHANGES[i];
        prices[i] = price;
        values[i] = fabs(VOLUMES[i]) * price;
        roots[i] = copysign(sqrt(values[i]), VOLUMES[i]);
    }
}

static void test_lines(void **state)
{
    (void)state;
    lf_study_slope line = lf_study_kyle(CHANGES, VOLUMES, ROWS, true);
    assert_near(line.slope, 3.566176470588e-05, 1e-17);
    assert_near(line.intercept, 9.558823529412e-04, 1e-15);
    assert_near(line.r2, 0.988340336, 1e-9);
    assert_near(line.slope_se, 1.936701058e-06, 1e-15);
    assert_int_equal(line.count, ROWS);
    line = lf_study_kyle(CHANGES, VOLUMES, ROWS, false);
    assert_near(line.slope, 3.586956521739e-05, 1e-17);
    assert_near(line.intercept, 0, 0);
    /* White's error and the classic one, of the regression of METHODS.md O2. */
    const double ofi[] = {120, -80, 40, -10, 200, -150}, mids[] = {1.5, -1, 0, 0.5, 2.5, -2};
    line = lf_study_kyle(mids, ofi, 6, true);
    assert_near(line.slope, 0.012409200969, 1e-12);
    assert_near(line.slope_se, 0.001408604876, 1e-12);
    assert_near(line.slope_se_white, 0.000388175602, 1e-12);

    double prices[ROWS], returns[ROWS], values[ROWS], roots[ROWS];
    make_returns(prices, returns, values, roots);
    line = lf_study_hasbrouck(returns, roots, ROWS, true);
    assert_near(line.slope, 1.009662617195e-05, 1e-17);
    assert_near(line.r2, 0.937694829, 1e-9);
    assert_near(lf_study_amihud(returns, values, ROWS), 8.074913237986e-08, 1e-19);
}

/* Without intercept the errors are those of y = b x: checked by hand on three points. */
static void test_line_through_zero(void **state)
{
    (void)state;
    const double x[] = {1, 2, -1}, y[] = {2, 3, -1};
    const lf_study_slope line = lf_study_kyle(y, x, 3, false);
    assert_near(line.slope, 9.0 / 6, 1e-15);
    /* Residuals 0.5, 0, 0.5. */
    assert_near(line.slope_se, sqrt(0.5 / 2 / 6), 1e-15);
    assert_near(line.slope_se_white, sqrt(0.25 + 0.25) / 6, 1e-15);
    assert_near(line.r2, 1 - 0.5 / 14, 1e-15);
}

static void test_lines_without_rows(void **state)
{
    (void)state;
    const double x[] = {1, NAN, 3, 4, INFINITY, 7}, y[] = {2, 9, 6, 8, 9, 14};
    const double still[] = {5, 5, 5, 5, 5, 5};
    lf_study_slope line = lf_study_kyle(y, x, 6, true);
    assert_near(line.slope, 2, 1e-14);
    assert_int_equal(line.count, 4);
    assert_true(isnan(lf_study_kyle(y, x, 3, true).slope));
    assert_true(isnan(lf_study_kyle(y, x, 0, true).slope));
    assert_true(isnan(lf_study_kyle(y, still, 6, true).slope));
    /* A price that never changes has no impact, and no R^2. */
    line = lf_study_kyle(still, y, 6, true);
    assert_near(line.slope, 0, 1e-16);
    assert_true(isnan(line.r2));
    assert_true(isnan(lf_study_amihud(y, still, 0)));
    const double zeros[6] = {0}, some[] = {0, 0, 4, NAN, 0, -1};
    assert_true(isnan(lf_study_amihud(y, zeros, 6)));
    assert_near(lf_study_amihud(y, some, 6), 1.5, 0);
}

static void test_roll(void **state)
{
    (void)state;
    const double prices[] = {10.0, 10.1, 10.0, 10.1, 10.1, 10.0, 10.1};
    lf_study_roll roll = lf_study_roll_spread(prices, 7, true);
    assert_near(roll.covariance, -0.0075, 1e-13);
    assert_near(roll.spread, 0.173205080757, 1e-12);
    assert_int_equal(roll.count, 5);
    roll = lf_study_roll_spread(prices, 7, false);
    assert_near(roll.covariance, -0.006, 1e-13);
    assert_near(roll.spread, 0.154919333848, 1e-12);
    /* A trend has a positive covariance and no spread; a still price has the spread 0. */
    const double trend[] = {1, 2, 4, 7}, still[] = {3, 3, 3, 3};
    roll = lf_study_roll_spread(trend, 4, false);
    assert_near(roll.covariance, (2 + 6) / 2.0, 0);
    assert_true(isnan(roll.spread));
    assert_near(lf_study_roll_spread(still, 4, true).spread, 0, 0);
    assert_true(isnan(lf_study_roll_spread(trend, 2, false).covariance));
    assert_true(isnan(lf_study_roll_spread(trend, 3, true).covariance));
    assert_near(lf_study_roll_spread(trend, 3, false).covariance, 2, 0);
    /* What is not defined parts the days: only changes within 1 2 1 and within 5 7 5 count. */
    const double days[] = {1, 2, 1, NAN, 5, 7, 5};
    roll = lf_study_roll_spread(days, 7, false);
    assert_int_equal(roll.count, 2);
    assert_near(roll.covariance, (-1 - 4) / 2.0, 0);
}

static void test_corwin_schultz(void **state)
{
    (void)state;
    const double highs[] = {102, 103, 103, 102, 102}, lows[] = {100, 101, 101, 100, 100};
    double spreads[4];
    const lf_study_ranges up = {highs, lows, NULL, 2};
    assert_near(
        lf_study_corwin_schultz(&up, LF_STUDY_NEGATIVE_KEEP, spreads), -0.004081485360, 1e-12
    );
    assert_near(lf_study_corwin_schultz(&up, LF_STUDY_NEGATIVE_ZERO, NULL), 0, 0);
    assert_true(isnan(lf_study_corwin_schultz(&up, LF_STUDY_NEGATIVE_DROP, spreads)));
    assert_true(isnan(spreads[0]));
    const lf_study_ranges same = {highs + 3, lows + 3, NULL, 2};
    assert_near(
        lf_study_corwin_schultz(&same, LF_STUDY_NEGATIVE_ZERO, spreads), 0.019801980198, 1e-12
    );
    /* The mean is over what is left: two of the four pairs are negative. */
    const lf_study_ranges all = {highs, lows, NULL, 5};
    const double kept = lf_study_corwin_schultz(&all, LF_STUDY_NEGATIVE_KEEP, spreads);
    assert_near(kept, (spreads[0] + spreads[1] + spreads[2] + spreads[3]) / 4, 1e-17);
    const double zero = lf_study_corwin_schultz(&all, LF_STUDY_NEGATIVE_ZERO, NULL);
    assert_near(zero, (spreads[1] + spreads[3]) / 4, 1e-17);
    const double dropped = lf_study_corwin_schultz(&all, LF_STUDY_NEGATIVE_DROP, NULL);
    assert_near(dropped, (spreads[1] + spreads[3]) / 2, 1e-17);
    assert_true(kept < zero && zero < dropped);
}

/* A day beyond the close before it is moved until it touches: then it is the same day again. */
static void test_overnight(void **state)
{
    (void)state;
    const double same = 0.019801980198;
    /* Up by 8 from the close 102, down by 7 from the close 100. */
    const double up_highs[] = {102, 112}, up_lows[] = {100, 110}, up_closes[] = {102, 111};
    const double down_highs[] = {102, 93}, down_lows[] = {100, 91}, down_closes[] = {100, 92};
    double high2[] = {102, 104}, low2[] = {100, 102};
    double plain;
    const lf_study_ranges touching = {high2, low2, NULL, 2};
    (void)lf_study_corwin_schultz(&touching, LF_STUDY_NEGATIVE_KEEP, &plain);
    double spread;
    const lf_study_ranges up = {up_highs, up_lows, up_closes, 2};
    (void)lf_study_corwin_schultz(&up, LF_STUDY_NEGATIVE_KEEP, &spread);
    assert_near(spread, plain, 1e-15);
    high2[1] = 100;
    low2[1] = 98;
    (void)lf_study_corwin_schultz(&touching, LF_STUDY_NEGATIVE_KEEP, &plain);
    const lf_study_ranges down = {down_highs, down_lows, down_closes, 2};
    (void)lf_study_corwin_schultz(&down, LF_STUDY_NEGATIVE_KEEP, &spread);
    assert_near(spread, plain, 1e-15);
    /* A day that holds the close stays where it is. */
    const double highs[] = {102, 102}, lows[] = {100, 100}, closes[] = {101, 101};
    const lf_study_ranges inside = {highs, lows, closes, 2};
    assert_near(lf_study_corwin_schultz(&inside, LF_STUDY_NEGATIVE_KEEP, NULL), same, 1e-12);
    const double bad_closes[] = {NAN, 1};
    const lf_study_ranges bad = {highs, lows, bad_closes, 2};
    assert_true(isnan(lf_study_corwin_schultz(&bad, LF_STUDY_NEGATIVE_KEEP, NULL)));
    const double bad_lows[] = {103, 0};
    const lf_study_ranges crossed = {highs, bad_lows, NULL, 2};
    assert_true(isnan(lf_study_corwin_schultz(&crossed, LF_STUDY_NEGATIVE_KEEP, NULL)));
    assert_true(isnan(lf_study_corwin_schultz(&(lf_study_ranges){highs, lows, NULL, 1}, 0, NULL)));
    assert_true(isnan(lf_study_corwin_schultz(&(lf_study_ranges){highs, lows, NULL, 0}, 0, NULL)));
    /* Without any range there is no spread. */
    const double still[] = {50, 50};
    const lf_study_ranges flat = {still, still, NULL, 2};
    assert_near(lf_study_corwin_schultz(&flat, LF_STUDY_NEGATIVE_KEEP, NULL), 0, 0);
}

static void test_costs(void **state)
{
    (void)state;
    /* A buy at 10.07 with the mid at 10.05, later 10.06; units of 0.01. */
    const int64_t prices[] = {1007, 1000, 1000, 1000, 998};
    const int64_t bids[] = {1004, LF_BID_NONE, 999, 999, 999};
    const int64_t asks[] = {1006, 1001, 1001, 1001, 1001};
    const int64_t sizes[] = {3, 100, 100, 0, 1};
    const int8_t signs[] = {1, 1, 0, LF_SIGN_UNKNOWN, -1};
    const double later[] = {1006, 1000, 1000, 1000, NAN};
    lf_study_trades trades = {
        .price_units = prices,
        .bid_units = bids,
        .ask_units = asks,
        .size_lots = sizes,
        .signs = signs,
        .count = 5,
    };
    lf_study_costs costs = lf_study_spread_costs(&trades, later, true);
    assert_int_equal(costs.count, 1);
    assert_near(costs.effective, 4, 1e-12);
    assert_near(costs.realised, 2, 1e-12);
    assert_near(costs.impact, 2, 1e-12);
    assert_near(costs.effective_bps, 39.800995, 1e-6);
    assert_near(costs.realised_bps, 39.800995 / 2, 1e-6);
    /* Without later mids the last sale counts too: 2 x 2 units at a mid of 1000. */
    costs = lf_study_spread_costs(&trades, NULL, false);
    assert_int_equal(costs.count, 2);
    assert_near(costs.effective, 4, 1e-12);
    assert_near(costs.effective_bps, (39.800995 + 40) / 2, 1e-6);
    assert_true(isnan(costs.realised) && isnan(costs.impact));
    costs = lf_study_spread_costs(&trades, NULL, true);
    assert_near(costs.effective_bps, (3 * 39.800995 + 40) / 4, 1e-6);
    trades.count = 0;
    costs = lf_study_spread_costs(&trades, NULL, true);
    assert_true(isnan(costs.effective) && costs.count == 0);
}

static void test_slope(void **state)
{
    (void)state;
    const double bids[] = {99.9, 99.8, 99.7}, bid_sizes[] = {200, 300, 500};
    const double asks[] = {100.1, 100.2, 100.3}, ask_sizes[] = {100, 400, 500};
    assert_near(lf_study_side_slope(100, asks, ask_sizes, 3), 1688.920960945, 1e-8);
    assert_near(lf_study_side_slope(100, bids, bid_sizes, 3), 1860.798814700, 1e-8);
    lf_quotes quotes = {{0}, {0}, {0}, {0}};
    for (int m = 0; m < LF_LEVELS_MAX; m++) {
        quotes.bid_ticks[m] = m < 3 ? 999 - m : LF_BID_NONE;
        quotes.ask_ticks[m] = m < 3 ? 1001 + m : LF_ASK_NONE;
        quotes.bid_lots[m] = m < 3 ? (int64_t)bid_sizes[m] : 0;
        quotes.ask_lots[m] = m < 3 ? (int64_t)ask_sizes[m] : 0;
    }
    assert_near(lf_study_book_slope(&quotes), 1774.859887822, 1e-8);
    /* Prices in another unit: the same slope; sizes in another unit: not. */
    const double wide[] = {1001, 1002, 1003}, hundreds[] = {10000, 40000, 50000};
    assert_near(lf_study_side_slope(1000, wide, ask_sizes, 3), 1688.920960945, 1e-8);
    assert_true(lf_study_side_slope(100, asks, hundreds, 3) > 2000);
    /* One lot at the best price has the logarithm 0; a level not farther out, or empty, is none. */
    const double one[] = {1, 400, 500}, empty[] = {100, 0, 500}, back[] = {100.1, 100.1, 100.2};
    assert_true(isnan(lf_study_side_slope(100, asks, one, 3)));
    assert_true(isnan(lf_study_side_slope(100, asks, empty, 3)));
    assert_true(isnan(lf_study_side_slope(100, back, ask_sizes, 3)));
    assert_true(isnan(lf_study_side_slope(100.1, asks, ask_sizes, 3)));
    assert_true(isnan(lf_study_side_slope(100, asks, ask_sizes, 0)));
    assert_true(isnan(lf_study_side_slope(0, asks, ask_sizes, 3)));
    quotes.bid_lots[0] = 0;
    assert_true(isnan(lf_study_book_slope(&quotes)));
}

/* Prices times k: lambda times k; sizes times k: lambda / k; sides exchanged: the same lambda. */
static void test_scale_and_order(void **state)
{
    (void)state;
    double x[RANDOM_ROWS], y[RANDOM_ROWS], x2[RANDOM_ROWS], y2[RANDOM_ROWS], p2[RANDOM_ROWS];
    double prices[RANDOM_ROWS];
    lf_random random;
    lf_random_seed(&random, 5, 0);
    for (size_t i = 0; i < RANDOM_ROWS; i++) {
        x[i] = lf_random_normal(&random) * 100;
        y[i] = 0.01 * x[i] + lf_random_normal(&random);
        prices[i] = 100 + (lf_random_uniform(&random) < 0.5 ? 0.5 : -0.5);
    }
    const lf_study_slope plain = lf_study_kyle(y, x, RANDOM_ROWS, true);
    const double roll = lf_study_roll_spread(prices, RANDOM_ROWS, true).spread;
    assert_true(roll > 0);
    for (size_t i = 0; i < RANDOM_ROWS; i++) {
        /* Rows in another order, prices times -3, sizes times -5, time reversed for Roll. */
        const size_t j = (i * 7 + 11) % RANDOM_ROWS;
        x2[i] = -5 * x[j];
        y2[i] = -3 * y[j];
        p2[i] = 3 * prices[RANDOM_ROWS - 1 - i];
    }
    const lf_study_slope other = lf_study_kyle(y2, x2, RANDOM_ROWS, true);
    assert_near(other.slope / plain.slope, 0.6, 1e-12);
    assert_near(other.slope_se / plain.slope_se, 0.6, 1e-12);
    assert_near(other.slope_se_white / plain.slope_se_white, 0.6, 1e-12);
    assert_near(other.intercept, -3 * plain.intercept, 1e-12);
    assert_near(other.r2, plain.r2, 1e-12);
    assert_near(lf_study_roll_spread(p2, RANDOM_ROWS, true).spread, 3 * roll, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_line_through_zero),
        cmocka_unit_test(test_lines_without_rows),
        cmocka_unit_test(test_roll),
        cmocka_unit_test(test_corwin_schultz),
        cmocka_unit_test(test_overnight),
        cmocka_unit_test(test_costs),
        cmocka_unit_test(test_slope),
        cmocka_unit_test(test_scale_and_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
