/*
 * Goal: the rules of lf_signal_decide() to the letter of its contract. Method: a table of rows with
 * the side and rule expected, the mirror property on random inputs, and option checks by key.
 */
#include <lobflow/signal.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

typedef struct signal_case {
    const char *name;
    double p_up, ret_bps, flow, cost_bps, cost_factor;
    int32_t side;
    lf_rule rule;
} signal_case;

/* Threshold 0.5, extreme 2 in all rows. */
static const signal_case cases[] = {
    {"continuation long", 0.60, 1, 0.6, 3, 0, 1, LF_RULE_CONTINUATION},
    {"continuation short", 0.40, -1, -0.6, 3, 0, -1, LF_RULE_CONTINUATION},
    {"p at the bound", 0.55, 1, 0.6, 3, 0, 0, LF_RULE_NONE},
    {"p at the lower bound", 0.45, -1, -0.6, 3, 0, 0, LF_RULE_NONE},
    {"flow at the threshold", 0.60, 1, 0.5, 3, 0, 0, LF_RULE_NONE},
    {"flow too weak", 0.60, 1, 0.2, 3, 0, 0, LF_RULE_NONE},
    {"flow against, not extreme", 0.60, 1, -1.9, 3, 0, 0, LF_RULE_NONE},
    {"flow against, at the extreme", 0.60, 1, -2.0, 3, 0, 0, LF_RULE_NONE},
    {"reversion long", 0.60, 1, -2.1, 3, 0, 1, LF_RULE_REVERSION},
    {"reversion short", 0.40, -1, 2.1, 3, 0, -1, LF_RULE_REVERSION},
    {"extreme flow with the model", 0.60, 1, 2.1, 3, 0, 1, LF_RULE_CONTINUATION},
    {"model undecided", 0.50, 1, 2.1, 3, 0, 0, LF_RULE_NONE},
    {"no prediction", NAN, 1, 2.1, 3, 0, 0, LF_RULE_NONE},
    {"no flow", 0.60, 1, NAN, 3, 0, 0, LF_RULE_NONE},
    {"no magnitude, no gate", 0.60, NAN, 0.6, 3, 0, 1, LF_RULE_CONTINUATION},
    {"gate met", 0.60, 3.1, 0.6, 3, 1, 1, LF_RULE_CONTINUATION},
    {"gate at the cost", 0.60, 3.0, 0.6, 3, 1, 0, LF_RULE_NONE},
    {"gate missed", 0.60, 1, 0.6, 3, 1, 0, LF_RULE_NONE},
    {"gate, half factor", 0.60, 1.6, 0.6, 3, 0.5, 1, LF_RULE_CONTINUATION},
    {"gate, magnitude disagrees", 0.60, -9, 0.6, 3, 1, 0, LF_RULE_NONE},
    {"gate, short", 0.40, -3.1, -0.6, 3, 1, -1, LF_RULE_CONTINUATION},
    {"gate, no magnitude", 0.60, NAN, 0.6, 3, 1, 0, LF_RULE_NONE},
    {"gate, cost unknown", 0.60, 9, 0.6, NAN, 1, 0, LF_RULE_NONE},
    {"gate, rebate above costs", 0.60, -0.1, 0.6, -0.5, 1, 1, LF_RULE_CONTINUATION},
};

static lf_signal_input input_of(const signal_case *row)
{
    return (lf_signal_input){
        .prediction = {row->p_up, NAN, row->ret_bps},
        .ofi_norm_1min = row->flow,
        .ofi_threshold = 0.5,
        .ofi_extreme = 2.0,
        .round_trip_cost_bps = row->cost_bps,
    };
}

static void test_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        lf_signal_options options;
        lf_signal_options_default(&options);
        options.cost_factor = cases[i].cost_factor;
        const lf_signal_input input = input_of(&cases[i]);
        lf_signal signal;
        lf_signal_decide(&options, &input, &signal);
        if (signal.side != cases[i].side || signal.rule != cases[i].rule) {
            fail_msg("%s: side %d rule %s", cases[i].name, signal.side, lf_rule_name(signal.rule));
        }
        if (signal.side != 0 && !isnan(cases[i].ret_bps)) {
            assert_true(signal.expected_bps == signal.side * cases[i].ret_bps);
        }
    }
}

static void test_switches_and_overrides(void **state)
{
    (void)state;
    lf_signal_options options;
    lf_signal_options_default(&options);
    lf_signal_input input = {{0.4, 0.6, 1.0}, 0.6, 0.5, 2.0, 0.0};
    lf_signal signal;

    lf_signal_decide(&options, &input, &signal);
    assert_int_equal(signal.side, 0);
    options.horizon = LF_HORIZON_5MIN;
    lf_signal_decide(&options, &input, &signal);
    assert_int_equal(signal.side, 1);
    assert_true(signal.p_up == 0.6);

    options.ofi_threshold = 0.7;
    lf_signal_decide(&options, &input, &signal);
    assert_int_equal(signal.side, 0);
    options.ofi_threshold = 0.1;
    options.continuation = false;
    lf_signal_decide(&options, &input, &signal);
    assert_int_equal(signal.side, 0);

    input.ofi_norm_1min = -0.6;
    options.ofi_extreme = 0.55;
    lf_signal_decide(&options, &input, &signal);
    assert_int_equal(signal.rule, LF_RULE_REVERSION);
    options.reversion = false;
    lf_signal_decide(&options, &input, &signal);
    assert_int_equal(signal.side, 0);
}

/* Where the rules are closed no prediction gives a side; where they are open some does. */
static void test_is_open(void **state)
{
    (void)state;
    static const double forecasts[] = {0, 0.3, 0.5, 0.7, 1, NAN};
    lf_random random;
    lf_random_seed(&random, 8, 0);
    int open_count = 0;
    for (int i = 0; i < 5000; i++) {
        lf_signal_options options;
        lf_signal_options_default(&options);
        options.continuation = lf_random_below(&random, 3) > 0;
        options.reversion = lf_random_below(&random, 3) > 0;
        options.ofi_threshold = lf_random_below(&random, 2) > 0 ? NAN : 0.25;
        options.ofi_extreme = lf_random_below(&random, 2) > 0 ? NAN : 1;
        lf_signal_input input = {{0}, lf_random_normal(&random), 0.5, 2.0, 1.0};
        input.ofi_norm_1min = lf_random_below(&random, 20) > 0 ? input.ofi_norm_1min : NAN;
        bool has_side = false;
        for (size_t f = 0; f < sizeof forecasts / sizeof forecasts[0]; f++) {
            lf_signal signal;
            input.prediction = (lf_prediction){forecasts[f], forecasts[f], 1};
            lf_signal_decide(&options, &input, &signal);
            has_side = has_side || signal.side != 0;
        }
        assert_int_equal(lf_signal_is_open(&options, &input), has_side);
        open_count += has_side;
    }
    assert_in_range(open_count, 500, 4500);
}

/* Exchanging buyers and sellers exchanges the sides and nothing else. */
static void test_mirror(void **state)
{
    (void)state;
    lf_random random;
    lf_random_seed(&random, 7, 0);
    int sides[3] = {0, 0, 0};
    for (int i = 0; i < 20000; i++) {
        lf_signal_options options;
        lf_signal_options_default(&options);
        options.cost_factor = lf_random_below(&random, 2) ? 0.0 : 0.5;
        /* Multiples of 1/64 so that 1 - p is exact; bounds off the multiples. */
        const double p = (double)lf_random_below(&random, 65) / 64.0;
        const double ret = lf_random_normal(&random);
        const double flow = 2.0 * lf_random_normal(&random);
        options.p_long = 0.5501;
        options.p_short = 1.0 - 0.5501;
        const lf_signal_input there = {{p, p, ret}, flow, 0.5, 2.0, 1.0};
        const lf_signal_input back = {{1.0 - p, 1.0 - p, -ret}, -flow, 0.5, 2.0, 1.0};
        lf_signal a, b;
        lf_signal_decide(&options, &there, &a);
        lf_signal_decide(&options, &back, &b);
        assert_int_equal(a.side, -b.side);
        assert_int_equal(a.rule, b.rule);
        assert_true(a.expected_bps == b.expected_bps);
        sides[a.side + 1]++;
    }
    assert_true(sides[0] > 100 && sides[1] > 100 && sides[2] > 100);
}

static void test_options(void **state)
{
    (void)state;
    lf_signal_options good;
    lf_signal_options_default(&good);
    assert_int_equal(lf_signal_options_check(&good, NULL), LF_OK);
    lf_signal_options bad[7] = {good, good, good, good, good, good, good};
    bad[0].p_short = 0.6;
    bad[1].p_long = 1.5;
    bad[2].threshold_quantile = 0.99;
    bad[3].extreme_quantile = 1.0;
    bad[4].ofi_threshold = -1.0;
    bad[5].cost_factor = NAN;
    bad[6].horizon = (lf_horizon)9;
    static const char *const keys[] = {
        "signal.p_short",
        "signal.p_long",
        "signal.threshold_quantile",
        "signal.extreme_quantile",
        "signal.ofi_threshold",
        "signal.cost_factor",
        "signal.horizon",
    };
    for (size_t i = 0; i < 7; i++) {
        lf_error error;
        assert_int_equal(lf_signal_options_check(&bad[i], &error), LF_RANGE);
        assert_non_null(strstr(error.message, keys[i]));
    }
    lf_horizon horizon;
    lf_error error;
    assert_int_equal(lf_horizon_parse("5min", &horizon, &error), LF_OK);
    assert_int_equal(horizon, LF_HORIZON_5MIN);
    assert_int_equal(lf_horizon_parse("1h", &horizon, &error), LF_NOT_FOUND);
    assert_string_equal(lf_horizon_name(LF_HORIZON_1MIN), "1min");
    assert_string_equal(lf_rule_name(LF_RULE_REVERSION), "reversion");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_switches_and_overrides),
        cmocka_unit_test(test_is_open),
        cmocka_unit_test(test_mirror),
        cmocka_unit_test(test_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
