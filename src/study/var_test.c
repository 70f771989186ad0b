/*
 * Goal: Hasbrouck's system is fitted and its response cumulated as an independent program does.
 * Method: rows that a formula makes, solved elsewhere by a QR least squares; then properties.
 */
#include <lobflow/study.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* Fails when two numbers differ by more than `within`; 0 asks for equality. */
#define assert_near(a, b, within) assert_true(fabs((a) - (b)) <= (within))

#define ROWS 60
#define STEPS 5

static void make_rows(double returns[ROWS], double flow[ROWS])
{
    for (int t = 0; t < ROWS; t++) {
        returns[t] = ((7 * t * t + 3 * t + t * t * t) % 23 - 11) / 10.0;
        flow[t] = (5 * t * t + 2 * t + 1 + t * t * t) % 17 - 8;
    }
}

static void test_oracle(void **state)
{
    (void)state;
    double returns[ROWS], flow[ROWS], response[STEPS + 1];
    lf_study_var var;
    make_rows(returns, flow);
    const lf_study_var_options options = {.lags = 2, .steps = STEPS};
    assert_int_equal(lf_study_var_fit(returns, flow, ROWS, &options, &var, response, NULL), LF_OK);
    assert_int_equal(var.lags, 2);
    assert_int_equal(var.count, 58);
    assert_near(var.returns_on_returns[0], -0.2375244430293, 1e-12);
    assert_near(var.returns_on_returns[1], -0.3383381875112, 1e-12);
    assert_near(var.returns_on_flow[0], 0.01597830185076, 1e-12);
    assert_near(var.returns_on_flow[1], 0.0003130203051978, 1e-12);
    assert_near(var.returns_on_flow_now, 0.04799342815214, 1e-12);
    assert_near(var.flow_on_returns[0], 1.571564328252, 1e-11);
    assert_near(var.flow_on_returns[1], -0.7663629625412, 1e-11);
    assert_near(var.flow_on_flow[0], 0.3746324034646, 1e-12);
    assert_near(var.flow_on_flow[1], -0.5291423777875, 1e-12);
    assert_near(var.return_variance, 0.2890134475196, 1e-12);
    assert_near(var.flow_variance, 15.60643494197, 1e-10);
    const double cumulated[] = {
        0.04799342815214,
        0.07417190383548,
        0.04212594752775,
        0.0141169884619,
        0.02460233249053,
        0.04461195349985,
    };
    for (size_t step = 0; step <= STEPS; step++) {
        assert_near(response[step], cumulated[step], 1e-12);
    }
    assert_near(var.impact, response[STEPS], 0);
}

static void test_intercept(void **state)
{
    (void)state;
    double returns[ROWS], flow[ROWS];
    lf_study_var var;
    make_rows(returns, flow);
    const lf_study_var_options options = {.lags = 2, .steps = STEPS, .has_intercept = true};
    assert_int_equal(lf_study_var_fit(returns, flow, ROWS, &options, &var, NULL, NULL), LF_OK);
    assert_near(var.return_intercept, -0.1489015353092, 1e-12);
    assert_near(var.flow_intercept, 0.01313061033837, 1e-11);
    assert_near(var.returns_on_flow_now, 0.04811893602604, 1e-12);
    assert_near(var.return_variance, 0.2715052782386, 1e-12);
    assert_near(var.flow_variance, 15.90071999253, 1e-10);
    assert_near(var.impact, 0.04614990809393, 1e-12);
}

/* A row that is not defined takes itself and the rows that look back on it: 3 of 58. */
static void test_break(void **state)
{
    (void)state;
    double returns[ROWS], flow[ROWS];
    lf_study_var var;
    make_rows(returns, flow);
    const lf_study_var_options options = {.lags = 2};
    for (int column = 0; column < 2; column++) {
        double *broken = column == 0 ? returns : flow;
        const double kept = broken[20];
        broken[20] = NAN;
        assert_int_equal(lf_study_var_fit(returns, flow, ROWS, &options, &var, NULL, NULL), LF_OK);
        broken[20] = kept;
        assert_int_equal(var.count, 55);
        assert_near(var.returns_on_returns[0], -0.199443202639, 1e-12);
        assert_near(var.returns_on_flow_now, 0.05233444620878, 1e-12);
    }
}

/* Schwarz's criterion of 1 to 4 lags on the same 56 rows: 126.27, 113.84, 116.37, 119.05. */
static void test_choice(void **state)
{
    (void)state;
    double returns[ROWS], flow[ROWS];
    lf_study_var chosen, two;
    make_rows(returns, flow);
    const lf_study_var_options choose = {.lags_max = 4}, fixed = {.lags = 2};
    assert_int_equal(lf_study_var_fit(returns, flow, ROWS, &choose, &chosen, NULL, NULL), LF_OK);
    assert_int_equal(lf_study_var_fit(returns, flow, ROWS, &fixed, &two, NULL, NULL), LF_OK);
    assert_int_equal(chosen.lags, 2);
    assert_int_equal(chosen.count, 58);
    assert_near(chosen.impact, two.impact, 0);
}

/* Sides exchanged (both signs flip): the same system; prices times k: impact times k. */
static void test_mirror_and_scale(void **state)
{
    (void)state;
    double returns[ROWS], flow[ROWS];
    lf_study_var plain, other;
    make_rows(returns, flow);
    const lf_study_var_options options = {.lags = 3};
    assert_int_equal(lf_study_var_fit(returns, flow, ROWS, &options, &plain, NULL, NULL), LF_OK);
    for (size_t t = 0; t < ROWS; t++) {
        returns[t] *= -1e-4;
        flow[t] *= -1;
    }
    assert_int_equal(lf_study_var_fit(returns, flow, ROWS, &options, &other, NULL, NULL), LF_OK);
    assert_near(other.impact * 1e4, plain.impact, 1e-12);
    for (size_t i = 0; i < 3; i++) {
        assert_near(other.returns_on_returns[i], plain.returns_on_returns[i], 1e-12);
        assert_near(other.flow_on_returns[i] * 1e-4, plain.flow_on_returns[i], 1e-11);
        assert_near(other.flow_on_flow[i], plain.flow_on_flow[i], 1e-12);
    }
    /* Flow alone turned round: a trade moves the price the other way. */
    for (size_t t = 0; t < ROWS; t++) {
        flow[t] *= -1;
    }
    assert_int_equal(lf_study_var_fit(returns, flow, ROWS, &options, &other, NULL, NULL), LF_OK);
    assert_near(other.impact * 1e4, -plain.impact, 1e-12);
}

static void test_nothing_to_fit(void **state)
{
    (void)state;
    double returns[ROWS], flow[ROWS], still[ROWS] = {0}, ones[ROWS];
    lf_study_var var;
    lf_error error;
    make_rows(returns, flow);
    for (size_t t = 0; t < ROWS; t++) {
        ones[t] = 1;
    }
    const lf_study_var_options two = {.lags = 2}, many = {.lags = LF_STUDY_LAGS_MAX + 1};
    const lf_study_var_options wide = {.lags_max = LF_STUDY_LAGS_MAX + 1};
    assert_int_equal(lf_study_var_fit(returns, flow, ROWS, &many, &var, NULL, &error), LF_RANGE);
    assert_int_equal(lf_study_var_fit(returns, flow, ROWS, &wide, &var, NULL, &error), LF_RANGE);
    assert_int_equal(lf_study_var_fit(returns, flow, 0, &two, &var, NULL, &error), LF_DATA);
    assert_int_equal(lf_study_var_fit(returns, flow, 8, &two, &var, NULL, &error), LF_DATA);
    assert_int_equal(lf_study_var_fit(returns, flow, 9, &two, &var, NULL, &error), LF_OK);
    assert_int_equal(lf_study_var_fit(still, flow, ROWS, &two, &var, NULL, &error), LF_DATA);
    assert_int_equal(lf_study_var_fit(returns, still, ROWS, &two, &var, NULL, &error), LF_DATA);
    assert_int_equal(lf_study_var_fit(returns, ones, ROWS, &two, &var, NULL, &error), LF_DATA);
    assert_int_equal(lf_study_var_fit(returns, still, ROWS, NULL, &var, NULL, &error), LF_DATA);
    for (size_t t = 0; t < ROWS; t += 2) {
        returns[t] = NAN;
    }
    assert_int_equal(lf_study_var_fit(returns, flow, ROWS, NULL, &var, NULL, &error), LF_DATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oracle),
        cmocka_unit_test(test_intercept),
        cmocka_unit_test(test_break),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_mirror_and_scale),
        cmocka_unit_test(test_nothing_to_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
