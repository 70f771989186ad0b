/*
 * Goal: every number of the metrics is the one that a person finds with pencil and paper.
 * Method: the small run of report_testing.h; undefined cases; failing allocations; repeated bytes.
 */
#include <lobflow/stats.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "metrics_testing.h"

static bool warns(json_t *root, const char *words)
{
    size_t i;
    json_t *line;
    json_array_foreach(json_object_get(root, "warnings"), i, line)
    {
        if (strstr(json_string_value(line), words) != NULL) {
            return true;
        }
    }
    return false;
}

static void test_pnl(void **state)
{
    (void)state;
    testing_run t;
    testing_run_make(&t, 2, true, true);
    const lf_report_facts facts = testing_facts();
    json_t *root = metrics_of(&t, &facts);
    const double year = sqrt(252.0 * 390);
    const double gross_ratio = 0.2 / sqrt((160 - 10 * 0.04) / 9);
    const double net_squares = 2.7 * 2.7 + 25 + 1.4 * 1.4 + 5.2 * 5.2 + 10.3 * 10.3;
    const double net_ratio = 0.12 / sqrt((net_squares - 10 * 0.0144) / 9);
    const expected rows[] = {
        {"pnl.gross_at_mid", 4},
        {"pnl.spread_cost", 2},
        {"pnl.gross", 2},
        {"pnl.fees", 0.8},
        {"pnl.net", 1.2},
        {"pnl.trades", 2},
        {"pnl.gross_per_trade", 1},
        {"pnl.net_per_trade", 0.6},
        {"pnl.gross_per_share", 0.01},
        {"pnl.net_per_share", 0.006},
        {"pnl.win_rate", 0.5},
        {"pnl.mean_hold_seconds", 90},
        {"pnl.traded_lots", 400},
        {"pnl.traded_value", 40026},
        {"pnl.break_even_bps_per_side", 1e4 * 2 / 40026},
        {"pnl.break_even_per_share", 0.005},
        {"pnl.break_even_at_mid_bps_per_side", 1e4 * 4 / 40026},
        {"pnl.cost_paid_bps_per_side", 1e4 * 0.8 / 40026},
        {"pnl.turnover_per_day", 20.013},
        {"pnl.by_exit_reason.0.gross", 7},
        {"pnl.by_exit_reason.1.net", -5.1},
        {"pnl.by_rule.0.trades", 1},
        {"pnl.by_rule.1.win_rate", 0},
        {"pnl.by_day.0.net", 6.3},
        {"pnl.by_day.1.gross", -5},
        {"pnl.by_day.1.fees", 0.1},
        {"pnl.by_day.1.trades", 1},
        {"pnl.sharpe.daily_gross.per_period", sqrt(2) / 12},
        {"pnl.sharpe.daily_net.annual", 0.6 / (11.4 / sqrt(2)) * sqrt(252)},
        {"pnl.sharpe.intraday_gross.periods", 10},
        {"pnl.sharpe.intraday_gross.per_period", gross_ratio},
        {"pnl.sharpe.intraday_gross.annual", gross_ratio * year},
        {"pnl.sharpe.intraday_net.per_period", net_ratio},
        {"pnl.sharpe.intraday_gross.deflated_benchmark_annual", 0},
    };
    check_numbers(root, rows, COUNT_OF(rows));
    assert_true(warns(root, "2 trades are too few"));
    assert_false(warns(root, "does not cover"));
    json_decref(root);
    testing_run_end(&t);
}

static void test_risk_and_costs(void **state)
{
    (void)state;
    testing_run t;
    testing_run_make(&t, 2, true, true);
    const lf_report_facts facts = testing_facts();
    json_t *root = metrics_of(&t, &facts);
    const expected rows[] = {
        {"risk.max_drawdown", 10.3},
        {"risk.losing_days", 1},
        {"risk.worst_day_net", -5.1},
        {"risk.exposure", 6.0 / 22},
        {"risk.masked_share", 1.0 / 22},
        {"risk.unflat_days", NAN},
        {"costs.total", 2.8},
        {"costs.fees", 0.8},
        {"costs.spread", 2},
        {"costs.commission", NAN},
        {"costs.total_per_share", 0.007},
        {"meta.days", 2},
        {"meta.rows", 22},
        {"meta.lot_size", 1},
        {"meta.planted_alpha", NAN},
        {"variants.0.net", 1.2},
        {"variants.0.fill_rate", 0.8},
        {"variants.1.net", 0},
        {"variants.1.fill_rate", NAN},
        {"variants.1.break_even_bps_per_side", NAN},
    };
    check_numbers(root, rows, COUNT_OF(rows));
    assert_string_equal(
        json_string_value(find(root, "risk.max_drawdown_from")), "2012-06-22T10:02:00.000000000Z"
    );
    assert_string_equal(
        json_string_value(find(root, "risk.max_drawdown_to")), "2012-06-22T10:03:00.000000000Z"
    );
    assert_string_equal(json_string_value(find(root, "risk.worst_day")), "2012-06-22");
    assert_false(warns(root, "no valid book"));
    assert_true(json_is_array(find(root, "execution.queue_bracket")));
    assert_null(find(root, "execution.queue_bracket.0"));
    json_decref(root);
    testing_run_end(&t);
}

/* Careful models stand before hopeful ones; another gate or a marketable entry does not belong. */
static void test_queue_bracket(void **state)
{
    (void)state;
    testing_run t;
    testing_run_make(&t, 2, true, true);
    lf_strategy_options options[2];
    for (int s = 0; s < 2; s++) {
        lf_strategy_options_default(&options[s]);
        options[s].execution.entry = LF_ORDER_KIND_PASSIVE;
        options[s].execution.queue.model = s == 0 ? LF_QUEUE_OPTIMISTIC : LF_QUEUE_RISK_AVERSE;
        t.strategies[s].options = &options[s];
    }
    const lf_report_facts facts = testing_facts();
    json_t *root = metrics_of(&t, &facts);
    const expected rows[] = {
        {"execution.queue_bracket.0.net", 0},
        {"execution.queue_bracket.1.net", 1.2},
        {"execution.queue_bracket.1.fill_rate", 0.8},
    };
    check_numbers(root, rows, COUNT_OF(rows));
    assert_string_equal(
        json_string_value(find(root, "execution.queue_bracket.0.queue")), "risk_averse"
    );
    json_decref(root);
    options[1].signal.cost_factor += 1;
    root = metrics_of(&t, &facts);
    assert_null(find(root, "execution.queue_bracket.1"));
    json_decref(root);
    testing_run_end(&t);
}

/* Minutes of the mid: 100 100.05 100.1 100.2 100.2 100.2, then 100.04 100.04 100 100.15 100.15
   100.15; 20,000 lots a session are traded, 400 in two of them by us, in orders of 100. */
static void test_capacity(void **state)
{
    (void)state;
    testing_run t;
    testing_run_make(&t, 2, true, true);
    const lf_report_facts facts = testing_facts();
    json_t *root = metrics_of(&t, &facts);
    static const double mids[][2] = {
        {100, 100.05}, {100.05, 100.1}, {100.1, 100.2}, {100.04, 100}, {100, 100.15}};
    double squares = 0;
    for (size_t i = 0; i < COUNT_OF(mids); i++) {
        squares += pow(log(mids[i][1] / mids[i][0]), 2);
    }
    const double sigma = 1e4 * sqrt(squares / 2);
    const double edge = 1e4 * 1.2 / 40026;
    const expected unknown[] = {
        {"pnl.capacity.sessions", 2},
        {"pnl.capacity.market_lots", NAN},
        {"pnl.capacity.daily_volatility_bps", sigma},
        {"pnl.capacity.edge_bps_per_side", edge},
        {"pnl.capacity.zero_lots", NAN},
        {"pnl.capacity.best_net", NAN},
        {"pnl.capacity.depth.marketable.orders", 2},
        {"pnl.capacity.depth.marketable.depth_lots", 225},
        {"pnl.capacity.depth.marketable.size_to_depth", 200.0 / 450},
        {"pnl.capacity.depth.marketable.larger_share", 0},
        {"pnl.capacity.depth.passive.size_to_depth", 1},
        {"pnl.capacity.depth.passive.larger_share", 0.5},
    };
    check_numbers(root, unknown, COUNT_OF(unknown));
    json_decref(root);

    const lf_backtest_counts counts = {.market_lots = 40000};
    t.strategies[0].counts = &counts;
    root = metrics_of(&t, &facts);
    const double impact = sigma * sqrt(100.0 / 20000); /* of one order */
    const double zero = 20000 * pow(edge / sigma, 2);
    const expected known[] = {
        {"pnl.capacity.market_share", 0.01},
        {"pnl.capacity.order_lots", 100},
        {"pnl.capacity.daily_volume_lots", 20000},
        {"pnl.capacity.impact_bps_per_side", impact},
        {"pnl.capacity.zero_lots", zero},
        {"pnl.capacity.best_lots", zero * 4 / 9},
        {"pnl.capacity.best_net", round(1e9 * 1.2 / 3 * zero * 4 / 9 / 100) / 1e9},
        {"pnl.capacity.sizes.0.net", 1.2 - 40026e-4 * impact},
        {"pnl.capacity.sizes.3.times", 10},
        {"pnl.capacity.sizes.3.market_share", 0.1},
        {"pnl.capacity.sizes.3.impact_bps_per_side", impact * sqrt(10)},
        {"pnl.capacity.sizes.3.net", 10 * (1.2 - 40026e-4 * impact * sqrt(10))},
    };
    check_numbers(root, known, COUNT_OF(known));
    json_decref(root);

    testing_run_end(&t);
}

/* Three of four fills took and have paid 2 * 50 * sqrt(100 / 10,000) = 10 bps by the law. */
static void test_capacity_charged(void **state)
{
    (void)state;
    testing_run t;
    testing_run_make(&t, 2, true, true);
    const lf_report_facts facts = testing_facts();
    const double edge = 1e4 * 1.2 / 40026;
    lf_strategy_options options;
    lf_strategy_options_default(&options);
    options.execution.impact = (lf_impact_options){
        .model = LF_IMPACT_SQUARE_ROOT,
        .factor = 2,
        .daily_volatility_bps = 50,
        .daily_volume_lots = 10000,
    };
    t.strategies[0].options = &options;
    json_t *root = metrics_of(&t, &facts);
    const expected charged[] = {
        {"pnl.capacity.impact_bps_per_side", 10},
        {"pnl.capacity.edge_bps_per_side", edge + 7.5},
        {"pnl.capacity.zero_lots", 10000 * pow((edge + 7.5) / 100, 2)},
    };
    check_numbers(root, charged, COUNT_OF(charged));
    json_decref(root);
    testing_run_end(&t);
}

static void test_execution(void **state)
{
    (void)state;
    testing_run t;
    testing_run_make(&t, 2, true, true);
    const lf_report_facts facts = testing_facts();
    json_t *root = metrics_of(&t, &facts);
    const double decision_bps = 1e4 * (.02 / 100 + .01 / 100.1 - .01 / 100.04 + .02 / 100.08) / 4;
    const double later_bps = 1e4 * (.03 / 100.02 - .11 / 100.09 + 0 / 100.05 + .05 / 100.10) / 4;
    const expected rows[] = {
        {"execution.orders", 5},
        {"execution.by_kind.marketable", 3},
        {"execution.by_kind.passive", 2},
        {"execution.by_status.filled", 4},
        {"execution.by_status.cancelled", 1},
        {"execution.by_reason.entry", 3},
        {"execution.by_reason.cross", 0},
        {"execution.fill_rate", 0.8},
        {"execution.fill_rate_entries", 2.0 / 3},
        {"execution.fill_rate_passive", 0.5},
        {"execution.lot_fill_rate", 0.8},
        {"execution.fills", 4},
        {"execution.fees", 0.8},
        {"execution.slippage_decision_per_share", 0.01},
        {"execution.slippage_decision_bps", decision_bps},
        {"execution.slippage_arrival_per_share", 0.005},
        {"execution.half_spread_per_share", 0.005},
        {"execution.latency_cost_per_share", 0.005},
        {"execution.markouts.1.per_share", -0.0075},
        {"execution.markouts.1.bps", later_bps},
        {"execution.markouts.2.per_share", -0.005},
        {"execution.markouts.3.lots", 0},
        {"execution.markouts.3.bps", NAN},
        {"execution.by_liquidity.taker.lot_share", 0.75},
        {"execution.by_liquidity.taker.slippage_decision_per_share", 0.05 / 3},
        {"execution.by_liquidity.maker.fees", -0.2},
        {"execution.by_liquidity.maker.half_spread_per_share", -0.01},
        {"execution.by_liquidity.maker_crossed.fills", 0},
        {"execution.by_liquidity.maker_crossed.half_spread_bps", NAN},
        {"execution.cancel_races", NAN},
    };
    check_numbers(root, rows, COUNT_OF(rows));
    json_decref(root);
    testing_run_end(&t);
}

static void test_signal(void **state)
{
    (void)state;
    testing_run t;
    testing_run_make(&t, 2, true, true);
    lf_report_facts facts = testing_facts();
    facts.scores_json = "{\"up_1min\": {\"model\": {\"auc\": 0.5}, \"logistic3\": {\"auc\": 0.52},"
                        "\"prior\": {\"brier\": 0.25}},"
                        "\"least_best_round\": 4, \"folds\": [1, 2]}";
    facts.training_json = "{\"heads\": {\"up_1min\": {\"importance_gain\": {\"a\": 3, \"b\": 1},"
                          "\"importance_split\": {\"a\": 5, \"b\": 2}}}}";
    facts.planted_alpha = 0.25;
    facts.in_sample = true;
    json_t *root = metrics_of(&t, &facts);
    const expected rows[] = {
        {"signal.up_1min.rows", 10},
        {"signal.up_1min.moving_share", 1},
        {"signal.up_1min.accuracy", 0.8},
        {"signal.up_1min.majority", 0.5},
        {"signal.up_1min.auc", 0.8},
        {"signal.up_1min.baselines.queue_sign.accuracy", 0.8},
        {"signal.up_1min.baselines.ofi_sign.accuracy", 0.6},
        {"signal.up_1min.baselines.ofi_sign.brier", NAN},
        {"signal.up_1min.calibration.2.mean_predicted", 0.3125},
        {"signal.up_1min.calibration.2.share_up", 1},
        {"signal.up_1min.by_confidence.0.rows", 0},
        {"signal.up_1min.by_confidence.0.accuracy", NAN},
        {"signal.up_1min.by_confidence.1.rows", 2},
        {"signal.up_1min.by_confidence.1.mean_distance", 0.03125},
        {"signal.up_1min.by_confidence.5.accuracy", 0},
        {"signal.up_1min.by_confidence.9.accuracy", 1},
        {"signal.up_1min.by_hour.0.hour", 10},
        {"signal.up_1min.by_hour.0.accuracy", 0.8},
        {"signal.up_1min.by_hour.1.hour", 11},
        {"signal.up_1min.by_hour.1.majority", 0.8},
        {"signal.up_5min.accuracy", 0.8},
        {"signal.ret_1min.days", 1},
        {"signal.ret_1min.icir", NAN},
        {"signal.walk.up_1min.logistic3.auc", 0.52},
        {"signal.walk.least_best_round", 4},
        {"signal.walk.folds", 2},
        {"meta.planted_accuracy_bound", 0.5 + 1.0 / 6},
        {"meta.importance.up_1min.0.gain_share", 0.75},
        {"meta.importance.up_1min.1.split", 2},
    };
    check_numbers(root, rows, COUNT_OF(rows));
    assert_true(json_is_false(find(root, "signal.walk.model_beats_logistic3")));
    assert_true(warns(root, "does not beat the three-feature logistic"));
    assert_true(warns(root, "kept 4 rounds"));
    assert_true(warns(root, "planted alpha of 0.25, which bounds the accuracy at 0.6667"));
    assert_true(warns(root, "In sample"));
    json_decref(root);
    testing_run_end(&t);
}

/* Rows of a kind, the tests, and what the walk tells. */
static void test_signal_details(void **state)
{
    (void)state;
    testing_run t;
    testing_run_make(&t, 2, true, true);
    lf_report_facts facts = testing_facts();
    facts.scores_json = "{\"up_1min\": {\"prior\": {\"brier\": 0.25}}}";
    json_t *root = metrics_of(&t, &facts);
    /* Forecasts k/16 off the exact shares, ten rows of one each. */
    const double calibration_error = (1 + 3 + 11 + 7 + 7.5 + 7.5 + 7 + 11 + 3 + 1) / 16.0 / 10;
    /* Hits of the model 1 1 0 1 1 1 1 0 1 1, of the flow + - + - ...: 0 1 1 1 0 0 1 1 1 0. */
    static const double differences[] = {1, 0, -1, 0, 1, 1, 0, -1, 0, 1};
    const lf_diebold_mariano flow = lf_stats_diebold_mariano(differences, 10, 2);
    const expected rows[] = {
        {"signal.up_1min.by_hour.1.effective_rows", 1}, /* in one block of time */
        {"signal.up_1min.by_hour.1.accuracy_interval.0", NAN},
        {"signal.up_1min.by_spread.0.low", 2},
        {"signal.up_1min.by_spread.0.rows", 10},
        {"signal.up_1min.calibration_error", calibration_error},
        {"signal.up_1min.all_accuracy", 0.8},
        {"signal.up_1min.baselines.queue_sign.model_better.hits", 0},
        {"signal.up_1min.baselines.ofi_sign.model_better.hits", 0.2},
        {"signal.up_1min.baselines.ofi_sign.model_better.hits_p", flow.p},
        {"signal.up_1min.baselines.ofi_sign.model_better.brier_p", NAN},
        {"signal.ret_1min.by_day.0.rows", 10},
        {"signal.walk.up_1min.prior.brier", 0.25},
    };
    check_numbers(root, rows, COUNT_OF(rows));
    json_decref(root);
    testing_run_end(&t);
}

/* What the backtest counted goes before what the rows say, and options name the costs. */
static void test_counts(void **state)
{
    (void)state;
    testing_run t;
    testing_run_make(&t, 2, true, true);
    lf_backtest_counts counts = {
        .unflat_days = 1,
        .loss_stop_days = 2,
        .kill_days = 5,
        .masked_ns = 10,
        .session_ns = 100,
        .ledger_checks = 7,
        .strategy = {.reject_count = 3, .cancel_race_count = 4, .rate_limited_count = 6},
        .fees_name = "test fees",
    };
    counts.venue.reject_counts[LF_REJECT_WOULD_CROSS] = 3;
    lf_strategy_options options;
    lf_strategy_options_default(&options);
    t.strategies[0].counts = &counts;
    t.strategies[0].options = &options;
    lf_report_facts facts = testing_facts();
    facts.trial_count = 100;
    json_t *root = metrics_of(&t, &facts);
    const double best = 2.530602893202 / 3; /* of 100 trials without skill, 10 periods */
    const expected rows[] = {
        {"execution.rejects.would_cross", 3},
        {"execution.cancel_races", 4},
        {"execution.rejected", 3},
        {"risk.masked_share", 0.1},
        {"risk.unflat_days", 1},
        {"risk.loss_stop_days", 2},
        {"risk.kill_days", 5},
        {"risk.rate_limited", 6},
        {"risk.ledger_checks", 7},
        {"costs.commission", 0.4},
        {"costs.exchange_and_regulatory", 0.4},
        {"meta.options.hold_ns", 6e10},
        {"meta.options.latency.decision_ns", 2e6},
        {"meta.trials", 100},
        {"pnl.sharpe.min_backtest_years", 2.530602893202 * 2.530602893202},
        {"pnl.sharpe.trial_variance_annual", NAN},
        {"risk.overfitting.variants", 2},
        {"risk.overfitting.probability", NAN}, /* ten minutes are too few */
        {"pnl.sharpe.intraday_net.deflated_benchmark_annual", best * sqrt(252.0 * 390)},
    };
    check_numbers(root, rows, COUNT_OF(rows));
    /* Trials whose ratios differ by 4 a year. */
    facts.trial_variance = 16;
    json_t *told = metrics_of(&t, &facts);
    const expected wide[] = {
        {"pnl.sharpe.trial_variance_annual", 16},
        {"pnl.sharpe.daily_net.deflated_benchmark_annual", 2.530602893202 * 4},
        {"pnl.sharpe.intraday_net.deflated_benchmark_annual", 2.530602893202 * 4},
    };
    check_numbers(told, wide, COUNT_OF(wide));
    json_decref(told);
    assert_string_equal(json_string_value(find(root, "costs.fees_name")), "test fees");
    assert_true(warns(root, "10.0 % of the session had no valid book"));
    assert_true(warns(root, "1 day ended with a position"));
    json_decref(root);
    testing_run_end(&t);
}

/* Fees five times as high, then a gross loss, then forecasts that know the future. */
static void test_warnings(void **state)
{
    (void)state;
    testing_run t;
    testing_run_make(&t, 2, true, true);
    lf_report_facts facts = testing_facts();
    lf_frame *equity = t.strategies[0].tables[LF_BACKTEST_EQUITY];
    lf_frame *predictions = t.run.predictions;
    for (size_t i = 0; i < lf_frame_row_count(equity); i++) {
        lf_frame_f64(equity, lf_frame_find(equity, "fees"))[i] *= 5;
    }
    json_t *root = metrics_of(&t, &facts);
    assert_true(warns(root, "Gross P&L of 2.00 does not cover fees of 4.00: it breaks even at"));
    assert_false(warns(root, "Too good to be true"));
    assert_true(json_is_false(find(root, "signal.leak_suspected")));
    json_decref(root);

    for (size_t i = 0; i < lf_frame_row_count(equity); i++) {
        lf_frame_f64(equity, lf_frame_find(equity, "gross"))[i] *= -1;
    }
    for (size_t i = 0; i < lf_frame_row_count(predictions); i++) {
        const double truth = lf_frame_f64(predictions, lf_frame_find(predictions, "ret_1min"))[i];
        set_f64(predictions, "ret_1min_bps", i, truth);
        set_f64(predictions, "spread_ticks", i, 5);
    }
    root = metrics_of(&t, &facts);
    assert_true(warns(root, "Gross P&L is -2.00 before fees (0.00 at the mid)"));
    assert_true(warns(root, "Too good to be true for a spread of 5.0 ticks"));
    assert_true(json_is_true(find(root, "signal.leak_suspected")));
    json_decref(root);
    testing_run_end(&t);
}

/* Ten o'clock UTC in June is six in New York; a contract of 50 shares is found from its trades, and
   an exit reason of another program is not lost. */
static void test_zone_and_lots(void **state)
{
    (void)state;
    testing_run t;
    testing_run_make(&t, 2, true, true);
    lf_report_facts facts = testing_facts();
    facts.time_zone = "America/New_York";
    lf_frame *trades = t.strategies[0].tables[LF_BACKTEST_TRADES];
    for (size_t i = 0; i < 2; i++) {
        lf_frame_f64(trades, lf_frame_find(trades, "gross"))[i] *= 50;
    }
    set_text(trades, "exit_reason", 1, "moon");
    json_t *root = metrics_of(&t, &facts);
    const expected rows[] = {
        {"signal.up_1min.by_hour.0.hour", 6},
        {"signal.up_1min.by_hour.1.hour", 7},
        {"meta.days", 2},
        {"meta.lot_size", 50},
        {"pnl.traded_value", 40026 * 50},
        {"pnl.spread_cost", 100},
        {"pnl.break_even_per_share", 0.0001},
        {"pnl.by_exit_reason.1.trades", 1},
        {"execution.slippage_decision_per_share", 0.01},
    };
    check_numbers(root, rows, COUNT_OF(rows));
    assert_string_equal(json_string_value(find(root, "pnl.by_exit_reason.0.exit_reason")), "hold");
    assert_string_equal(json_string_value(find(root, "pnl.by_exit_reason.1.exit_reason")), "other");
    json_decref(root);

    facts.time_zone = "Nowhere/Atlantis";
    char *text = NULL;
    lf_error error;
    assert_int_equal(lf_report_metrics(&t.run, &facts, &text, &error), LF_NOT_FOUND);
    assert_null(text);
    testing_run_end(&t);
}

static void test_undefined(void **state)
{
    (void)state;
    testing_run t;
    testing_run_make(&t, 1, false, false);
    const lf_report_facts facts = testing_facts();
    json_t *root = metrics_of(&t, &facts);
    const expected rows[] = {
        {"signal.up_1min.rows", 0},
        {"signal.up_1min.accuracy", NAN},
        {"signal.up_1min.calibration.0.rows", 0},
        {"signal.ret_1min.ic", NAN},
        {"execution.orders", 0},
        {"execution.fill_rate", NAN},
        {"execution.slippage_decision_bps", NAN},
        {"pnl.net", 0},
        {"pnl.net_per_trade", NAN},
        {"pnl.win_rate", NAN},
        {"pnl.break_even_bps_per_side", NAN},
        {"pnl.capacity.order_lots", NAN},
        {"pnl.capacity.zero_lots", NAN},
        {"pnl.capacity.depth.passive.depth_lots", NAN},
        {"pnl.sharpe.daily_net.annual", NAN},
        {"pnl.sharpe.daily_net.annual_interval.0", NAN},
        {"pnl.sharpe.intraday_net.annual", NAN},
        {"pnl.sharpe.intraday_net.psr", NAN},
        {"risk.max_drawdown", 0},
        {"risk.exposure", 0},
        {"costs.total_per_share", NAN},
    };
    check_numbers(root, rows, COUNT_OF(rows));
    assert_true(json_is_null(find(root, "risk.max_drawdown_from")));
    assert_true(json_is_null(find(root, "signal.walk.model_beats_logistic3")));
    assert_true(warns(root, "There are no trades"));
    assert_true(warns(root, "no row that moved"));
    json_decref(root);

    lf_frame *predictions = t.run.predictions;
    t.run.predictions = NULL;
    root = metrics_of(&t, &facts);
    assert_null(find(root, "signal.up_1min"));
    json_decref(root);
    t.run.predictions = predictions;
    testing_run_end(&t);
}

/* Two symbols of one day are one P&L: the second earns what the first loses. */
static void test_two_symbols(void **state)
{
    (void)state;
    testing_run t;
    testing_run_make(&t, 1, true, true);
    lf_frame *equity = t.strategies[0].tables[LF_BACKTEST_EQUITY];
    lf_frame *second = make_equity(1, true);
    assert_int_equal(lf_frame_set_text(second, 1, 0, STEPS, "U"), LF_OK);
    for (size_t i = 0; i < STEPS; i++) {
        lf_frame_f64(second, 7)[i] *= -1;
    }
    assert_int_equal(lf_frame_concat(equity, second), LF_OK);
    lf_frame_destroy(second);
    const lf_report_facts facts = testing_facts();
    json_t *root = metrics_of(&t, &facts);
    const expected rows[] = {
        {"meta.days", 1},
        {"pnl.gross", 0},
        {"pnl.fees", 1.4},
        {"pnl.by_day.0.net", -1.4},
        {"pnl.sharpe.intraday_gross.periods", 5},
        {"pnl.sharpe.intraday_gross.annual", NAN},
        {"risk.max_drawdown", 1.4},
    };
    check_numbers(root, rows, COUNT_OF(rows));
    json_decref(root);
    testing_run_end(&t);
}

static void test_refused(void **state)
{
    (void)state;
    testing_run t;
    testing_run_make(&t, 2, true, true);
    const lf_report_facts facts = testing_facts();
    char *text = NULL;
    lf_error error;
    lf_frame *equity = t.strategies[0].tables[LF_BACKTEST_EQUITY];
    t.strategies[0].tables[LF_BACKTEST_EQUITY] = t.strategies[0].tables[LF_BACKTEST_TRADES];
    assert_int_equal(lf_report_metrics(&t.run, &facts, &text, &error), LF_MISMATCH);
    assert_non_null(strstr(error.message, "equity needs a time column \"ts_event\""));
    t.strategies[0].tables[LF_BACKTEST_EQUITY] = NULL;
    assert_int_equal(lf_report_metrics(&t.run, &facts, &text, &error), LF_MISMATCH);
    t.strategies[0].tables[LF_BACKTEST_EQUITY] = equity;
    lf_frame_clear(equity);
    assert_int_equal(lf_report_metrics(&t.run, &facts, &text, &error), LF_DATA);
    assert_null(text);
    testing_run_end(&t);
}

static void test_repeat(void **state)
{
    (void)state;
    testing_run t;
    testing_run_make(&t, 2, true, true);
    const lf_report_facts facts = testing_facts();
    char *first = NULL;
    char *second = NULL;
    assert_int_equal(lf_report_metrics(&t.run, &facts, &first, NULL), LF_OK);
    assert_int_equal(lf_report_metrics(&t.run, &facts, &second, NULL), LF_OK);
    assert_string_equal(first, second);
    lf_release(NULL, first);
    lf_release(NULL, second);
    testing_run_end(&t);
}

static void test_failing_memory(void **state)
{
    (void)state;
    testing_run t;
    testing_run_make(&t, 2, true, true);
    const lf_report_facts facts = testing_facts();
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        t.run.allocator = &memory.allocator;
        char *text = NULL;
        const lf_status status = lf_report_metrics(&t.run, &facts, &text, NULL);
        lf_release(&memory.allocator, text);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
    }
    testing_run_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pnl),
        cmocka_unit_test(test_risk_and_costs),
        cmocka_unit_test(test_queue_bracket),
        cmocka_unit_test(test_capacity),
        cmocka_unit_test(test_capacity_charged),
        cmocka_unit_test(test_execution),
        cmocka_unit_test(test_signal),
        cmocka_unit_test(test_signal_details),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_warnings),
        cmocka_unit_test(test_zone_and_lots),
        cmocka_unit_test(test_undefined),
        cmocka_unit_test(test_two_symbols),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_repeat),
        cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
