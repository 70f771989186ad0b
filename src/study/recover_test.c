/*
 * Goal: on simulated data the estimators give back the parameters that made them.
 * Method: each simulation knows its truth. Over many rounds the mean must lie within four standard
 * errors of it, plus a bias that is known and stated; where the estimator has a standard error, the
 * 95 % interval must hold the truth about that often. Without an argument: 200 rounds. With a
 * number of rounds (`make study-estimators`): the same, and a table.
 */
#include <lobflow/study.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEST_ROUNDS 200
#define ROWS 1000
#define SEED 2024

/* One estimate; se is NaN where the estimator has none. */
typedef struct estimate {
    double value, se;
} estimate;

static double sign_of(lf_random *random)
{
    return lf_random_uniform(random) < 0.5 ? -1 : 1;
}

/* ---- lines ------------------------------------------------------------------------------ */

#define KYLE_LAMBDA 2.5e-5

static estimate kyle_plain(lf_random *random)
{
    double changes[ROWS], sizes[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        sizes[i] = 400 * lf_random_normal(random);
        changes[i] = 0.001 + KYLE_LAMBDA * sizes[i] + 0.02 * lf_random_normal(random);
    }
    const lf_study_slope line = lf_study_kyle(changes, sizes, ROWS, true);
    return (estimate){line.slope, line.slope_se};
}

/* The noise grows with the size of the trade: White's errors. */
static estimate kyle_uneven(lf_random *random)
{
    double changes[ROWS], sizes[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        sizes[i] = 400 * lf_random_normal(random);
        changes[i] = KYLE_LAMBDA * sizes[i] + 5e-5 * fabs(sizes[i]) * lf_random_normal(random);
    }
    const lf_study_slope line = lf_study_kyle(changes, sizes, ROWS, true);
    return (estimate){line.slope, line.slope_se_white};
}

#define HASBROUCK_LAMBDA 1e-6

/* Trades of random size, ten to a bar of five minutes; the bars are cut from their columns. */
static estimate hasbrouck_bars(lf_random *random)
{
    enum {
        BARS = 200,
        EACH = 10
    };
    int64_t ts[BARS * EACH], prices[BARS * EACH], lots[BARS * EACH];
    int8_t signs[BARS * EACH];
    lf_study_bar bars[BARS];
    double returns[BARS], roots[BARS];
    for (int64_t i = 0; i < BARS * EACH; i++) {
        ts[i] = 1 + i * 30;
        prices[i] = 500000;
        lots[i] = 1 + (int64_t)lf_random_below(random, 1000);
        signs[i] = lf_random_uniform(random) < 0.5 ? -1 : 1;
    }
    const lf_study_trades trades = {
        .ts_ns = ts,
        .price_units = prices,
        .size_lots = lots,
        .signs = signs,
        .count = BARS * EACH};
    const lf_study_bar_options options = {.bar_ns = 300, .unit_value = 1e-4};
    lf_study_trade_bars(&trades, &options, BARS, bars);
    for (size_t j = 0; j < BARS; j++) {
        roots[j] = bars[j].root_flow;
        returns[j] = HASBROUCK_LAMBDA * roots[j] + 3e-4 * lf_random_normal(random);
    }
    const lf_study_slope line = lf_study_hasbrouck(returns, roots, BARS, true);
    return (estimate){line.slope, line.slope_se};
}

/* Normal returns of deviation 0.01 on a value of 1e6: E|r| / value. */
static estimate amihud_normal(lf_random *random)
{
    double returns[ROWS], values[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        returns[i] = 0.01 * lf_random_normal(random);
        values[i] = 1e6;
    }
    return (estimate){lf_study_amihud(returns, values, ROWS), NAN};
}

/* ---- spreads ---------------------------------------------------------------------------- */

#define ROLL_SPREAD 0.05

static estimate roll_bounce(lf_random *random)
{
    double prices[ROWS], mid = 100;
    for (size_t i = 0; i < ROWS; i++) {
        mid += 0.02 * lf_random_normal(random);
        prices[i] = mid + ROLL_SPREAD / 2 * sign_of(random);
    }
    return (estimate){lf_study_roll_spread(prices, ROWS, true).spread, NAN};
}

#define RANGE_SPREAD 0.01
#define RANGE_STEPS 500

/* Twenty days of a random walk with 1.5 % a day, each trade at the bid or at the ask. */
static estimate corwin_schultz_walk(lf_random *random)
{
    enum {
        DAYS = 20
    };
    double highs[DAYS], lows[DAYS], closes[DAYS], mid = 0;
    for (size_t day = 0; day < DAYS; day++) {
        mid += 0.003 * lf_random_normal(random); /* overnight */
        double high = -INFINITY, low = INFINITY, last = 0;
        for (int step = 0; step < RANGE_STEPS; step++) {
            mid += 0.015 / sqrt(RANGE_STEPS) * lf_random_normal(random);
            last = mid + sign_of(random) * log((1 + RANGE_SPREAD / 2) / (1 - RANGE_SPREAD / 2)) / 2;
            high = fmax(high, last);
            low = fmin(low, last);
        }
        highs[day] = 50 * exp(high);
        lows[day] = 50 * exp(low);
        closes[day] = 50 * exp(last);
    }
    const lf_study_ranges ranges = {highs, lows, closes, DAYS};
    return (estimate){lf_study_corwin_schultz(&ranges, LF_STUDY_NEGATIVE_KEEP, NULL), NAN};
}

/* Half a spread of 2 units, of which 0.6 is impact; measured through states and mids after. */
static estimate cost_impact(lf_random *random)
{
    enum {
        TRADES = 300
    };
    int64_t state_ts[2 * TRADES], bids[2 * TRADES], asks[2 * TRADES], lots[2 * TRADES];
    int64_t ts[TRADES], prices[TRADES], before_bids[TRADES], before_asks[TRADES];
    int8_t signs[TRADES];
    double later[TRADES];
    int64_t bid = 100000;
    for (size_t i = 0; i < TRADES; i++) {
        signs[i] = lf_random_uniform(random) < 0.5 ? -1 : 1;
        ts[i] = (int64_t)i * 100 + 50;
        prices[i] = (signs[i] > 0 ? bid + 4 : bid) * 10;
        for (size_t k = 0; k < 2; k++) {
            /* The quote after the trade comes 5 later: by one tick with chance 0.6, and noise. */
            if (k == 1) {
                bid += lf_random_uniform(random) < 0.6 ? signs[i] : 0;
                bid += (int64_t)lf_random_below(random, 3) - 1;
            }
            state_ts[2 * i + k] = (int64_t)i * 100 + (k == 0 ? 0 : 55);
            bids[2 * i + k] = bid;
            asks[2 * i + k] = bid + 4;
            lots[2 * i + k] = 1;
        }
    }
    const lf_study_states states = {state_ts, bids, asks, lots, lots, 2 * TRADES};
    lf_study_quotes_before(&states, ts, TRADES, 0, 10, before_bids, before_asks);
    lf_study_mids_at(&states, ts, TRADES, 10, later);
    for (size_t i = 0; i < TRADES; i++) {
        later[i] *= 10;
    }
    const lf_study_trades trades = {
        .price_units = prices,
        .bid_units = before_bids,
        .ask_units = before_asks,
        .signs = signs,
        .count = TRADES,
    };
    const lf_study_costs costs = lf_study_spread_costs(&trades, later, false);
    assert_true(fabs(costs.effective - 40) < 1e-9);
    assert_true(fabs(costs.realised + costs.impact - costs.effective) < 1e-9);
    return (estimate){costs.impact, NAN};
}

/* ---- VPIN ------------------------------------------------------------------------------- */

#define BUCKET 400
#define BUCKETS 60

/* Trades of one lot and random sign: the mean of |buys - sales| is that of a symmetric walk. */
static estimate vpin_random_sides(lf_random *random)
{
    static int64_t lots[BUCKET * BUCKETS];
    static double shares[BUCKET * BUCKETS];
    lf_study_bucket buckets[BUCKETS];
    double vpin[BUCKETS];
    size_t count;
    for (size_t i = 0; i < BUCKET * BUCKETS; i++) {
        lots[i] = 1;
        shares[i] = lf_random_uniform(random) < 0.5 ? 0 : 1;
    }
    assert_int_equal(
        lf_study_fill_buckets(
            lots, shares, BUCKET * BUCKETS, BUCKET, buckets, BUCKETS, &count, NULL
        ),
        LF_OK
    );
    lf_study_vpin(buckets, count, 50, vpin);
    return (estimate){vpin[BUCKETS - 1], NAN};
}

/* One bar to a bucket and a price that knows nothing of the flow: the shares are uniform. */
static estimate vpin_bulk_noise(lf_random *random)
{
    enum {
        BARS = 400,
        WINDOW = 200
    };
    int64_t lots[BARS];
    double changes[BARS], sds[BARS], shares[BARS], vpin[BARS];
    lf_study_bucket buckets[BARS];
    size_t count;
    for (size_t i = 0; i < BARS; i++) {
        lots[i] = 1000;
        changes[i] = lf_random_normal(random);
    }
    lf_study_bulk_sd(changes, BARS, WINDOW, sds);
    lf_study_bulk_shares(changes, sds, BARS, 0, shares);
    assert_int_equal(
        lf_study_fill_buckets(lots, shares, BARS, 1000, buckets, BARS, &count, NULL), LF_OK
    );
    lf_study_vpin(buckets, count, 50, vpin);
    return (estimate){vpin[count - 1], NAN};
}

/* ---- Hasbrouck's VAR -------------------------------------------------------------------- */

/* r_t = -0.2 r_{t-1} + 0.5 x_t + 0.1 x_{t-1} + u, x_t = 0.3 x_{t-1} + 0.2 x_{t-2} - 0.1 r_{t-1} + v
 */
static void make_var(lf_random *random, size_t count, double *returns, double *flow)
{
    for (size_t t = 0; t < count; t++) {
        const double r1 = t > 0 ? returns[t - 1] : 0, x1 = t > 0 ? flow[t - 1] : 0;
        const double x2 = t > 1 ? flow[t - 2] : 0;
        flow[t] = 0.3 * x1 + 0.2 * x2 - 0.1 * r1 + lf_random_normal(random);
        returns[t] = -0.2 * r1 + 0.5 * flow[t] + 0.1 * x1 + lf_random_normal(random);
    }
}

/* What a unit of flow does in the long run: X = 1 + 0.5 X - 0.1 R, R = -0.2 R + 0.6 X. */
#define VAR_IMPACT (0.5 / 0.55)

static estimate var_impact(lf_random *random)
{
    static double returns[5 * ROWS], flow[5 * ROWS];
    lf_study_var var;
    make_var(random, 5 * ROWS, returns, flow);
    const lf_study_var_options options = {.lags = 2, .steps = 60};
    assert_int_equal(lf_study_var_fit(returns, flow, 5 * ROWS, &options, &var, NULL, NULL), LF_OK);
    return (estimate){var.impact, NAN};
}

/* The number of lags that Schwarz's criterion takes; the truth is 2. */
static estimate var_lags(lf_random *random)
{
    static double returns[5 * ROWS], flow[5 * ROWS];
    lf_study_var var;
    make_var(random, 5 * ROWS, returns, flow);
    const lf_study_var_options options = {.lags_max = 4};
    assert_int_equal(lf_study_var_fit(returns, flow, 5 * ROWS, &options, &var, NULL, NULL), LF_OK);
    return (estimate){(double)var.lags, NAN};
}

/* ---- fitted parameters ------------------------------------------------------------------ */

/* The chain of METHODS.md O7 walked at random: the micro-price of the high state is 3/35. */
static estimate microprice_chain(lf_random *random)
{
    enum {
        STEPS = 4 * ROWS
    };
    static const double quiet[3][3] = {{0.5, 0.2, 0.1}, {0.2, 0.4, 0.2}, {0.1, 0.2, 0.5}};
    static const double down[3] = {0.8, 0.5, 0.2};
    static const double moving[3][3] = {{0.1, 0.3, 0.6}, {0.35, 0.3, 0.35}, {0.6, 0.3, 0.1}};
    static const int64_t bid_of[3] = {1, 5, 9}, ask_of[3] = {9, 5, 1};
    int64_t bids[STEPS], asks[STEPS], bid_lots[STEPS], ask_lots[STEPS];
    int now = 1;
    int64_t ask = 100003;
    for (size_t t = 0; t < STEPS; t++) {
        bids[t] = 90000;
        asks[t] = ask;
        bid_lots[t] = bid_of[now];
        ask_lots[t] = ask_of[now];
        const bool is_move = lf_random_uniform(random) < 0.2;
        ask += !is_move ? 0 : lf_random_uniform(random) < down[now] ? -1 : 1;
        double left = lf_random_uniform(random) * (is_move ? 1 : 0.8);
        const double *chances = is_move ? moving[now] : quiet[now];
        int next = 0;
        for (; next < 2 && left >= chances[next]; next++) {
            left -= chances[next];
        }
        now = next;
    }
    const lf_study_states states = {NULL, bids, asks, bid_lots, ask_lots, STEPS};
    const lf_study_microprice_options options = {
        .imbalance_count = 3, .spread_count = 1, .has_equal_width = true, .pools_wide = true};
    lf_study_microprice fit;
    assert_int_equal(lf_study_microprice_fit(&states, &options, &fit, NULL), LF_OK);
    return (estimate){lf_feature_microprice_offset(&fit.parameters, 9, 9, 1), NAN};
}

/* A common factor with loadings 1 to 10 and equal noise: the deepest weight is 10/55. */
static estimate integrated_weight(lf_random *random)
{
    enum {
        LEVELS = 10
    };
    static double ofi[ROWS * LEVELS];
    for (size_t i = 0; i < ROWS; i++) {
        const double factor = lf_random_normal(random);
        for (size_t m = 0; m < LEVELS; m++) {
            ofi[i * LEVELS + m] = (double)(m + 1) * factor + 6 * lf_random_normal(random);
        }
    }
    lf_study_integrated fit;
    assert_int_equal(lf_study_integrated_fit(ofi, ROWS, LEVELS, &fit, NULL), LF_OK);
    return (estimate){fit.parameters.weights[LEVELS - 1], NAN};
}

/* ---- the rounds ------------------------------------------------------------------------- */

typedef struct simulation {
    const char *name;
    estimate (*run)(lf_random *random);
    double truth;
    double bias_max; /* share of the truth that the mean may be off, and why below */
} simulation;

/*
 * Known biases: Roll takes a root; the response and the micro-price are ratios; a deviation of 200
 * bars is itself uncertain; Corwin-Schultz sees 500 trades a day, not a path, and only part of what
 * happens overnight can be undone.
 */
static const simulation SIMULATIONS[] = {
    {"kyle", kyle_plain, KYLE_LAMBDA, 0},
    {"kyle, uneven noise", kyle_uneven, KYLE_LAMBDA, 0},
    {"hasbrouck 2009, bars", hasbrouck_bars, HASBROUCK_LAMBDA, 0},
    {"amihud", amihud_normal, 0.01 * 0.79788456080286541 / 1e6, 0},
    {"roll", roll_bounce, ROLL_SPREAD, 0.01},
    {"corwin-schultz", corwin_schultz_walk, RANGE_SPREAD, 0.07},
    {"price impact", cost_impact, 12, 0},
    {"vpin, random sides", vpin_random_sides, 0.0398693019638, 0},
    {"vpin, bulk on noise", vpin_bulk_noise, 0.5, 0.005},
    {"var impact", var_impact, VAR_IMPACT, 0.005},
    {"var lags", var_lags, 2, 0},
    {"microprice", microprice_chain, 3.0 / 35, 0.01},
    {"integrated weight", integrated_weight, 10.0 / 55, 0.005},
};

/* What the rounds of one simulation gave. */
typedef struct outcome {
    double mean, sd, covered; /* covered: share of the 95 % intervals; NaN without */
    bool is_right;
} outcome;

static outcome repeat(const simulation *s, uint64_t stream, size_t rounds)
{
    lf_random random;
    lf_random_seed(&random, SEED, stream);
    double sum = 0, squares = 0, covered = 0;
    bool has_se = true;
    for (size_t i = 0; i < rounds; i++) {
        const estimate e = s->run(&random);
        /* About the truth, so that no digits are lost. */
        const double off = e.value / s->truth - 1;
        sum += off;
        squares += off * off;
        has_se = has_se && !isnan(e.se);
        covered += fabs(e.value - s->truth) <= 1.959963984540054 * e.se ? 1 : 0;
    }
    const double n = (double)rounds, mean = sum / n;
    const double sd = sqrt(fmax(0, squares / n - mean * mean) * n / (n - 1));
    outcome o = {(1 + mean) * s->truth, sd * fabs(s->truth), has_se ? covered / n : NAN, true};
    o.is_right = fabs(mean) <= 4 * sd / sqrt(n) + s->bias_max;
    /* Four binomial standard errors about 0.95, and half a point for intervals that are normal. */
    if (has_se && fabs(o.covered - 0.95) > 4 * sqrt(0.95 * 0.05 / n) + 0.005) {
        o.is_right = false;
    }
    return o;
}

static void test_recover(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof SIMULATIONS / sizeof SIMULATIONS[0]; i++) {
        const outcome o = repeat(&SIMULATIONS[i], i, TEST_ROUNDS);
        if (!o.is_right) {
            print_error(
                "%s (seed %d): mean %g, truth %g, deviation %g, covered %g\n",
                SIMULATIONS[i].name,
                SEED,
                o.mean,
                SIMULATIONS[i].truth,
                o.sd,
                o.covered
            );
        }
        assert_true(o.is_right);
    }
}

static int print_table(size_t rounds)
{
    int status = 0;
    (void)printf(
        "%-22s %12s %12s %9s %9s %8s\n", "estimator", "truth", "mean", "bias %", "sd %", "covered"
    );
    for (size_t i = 0; i < sizeof SIMULATIONS / sizeof SIMULATIONS[0]; i++) {
        const simulation *s = &SIMULATIONS[i];
        const outcome o = repeat(s, i, rounds);
        (void)printf(
            "%-22s %12.6g %12.6g %9.2f %9.2f %8.3f%s\n",
            s->name,
            s->truth,
            o.mean,
            100 * (o.mean / s->truth - 1),
            100 * o.sd / s->truth,
            o.covered,
            o.is_right ? "" : "  WRONG"
        );
        status = o.is_right ? status : 1;
    }
    return status;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_recover)};
    if (argc > 1) {
        const unsigned long rounds = strtoul(argv[1], NULL, 10);
        return rounds > 1 ? print_table(rounds) : 2;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
