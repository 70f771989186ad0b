/*
 * A made-up run of any length that looks like a real one: prices that wander, a signal that knows a
 * little, two ways to trade it. Header only; include it after report_testing.h.
 */
#ifndef LOBFLOW_MADE_TESTING_H
#define LOBFLOW_MADE_TESTING_H

#include <lobflow/base.h>
#include <lobflow/stats.h>

/* What is made. Sessions are 9:30 to 16:00 in New York, or shorter. */
typedef struct made_options {
    const char *const *symbols; /* [symbol_count] */
    size_t symbol_count;
    int days;
    int rows; /* of a day: 23401 in steps of 1 s is a whole session */
    int64_t step_ns;
    double trades_per_day;
    double knowledge; /* of the next minute's move, correlation of the signal with it */
    uint64_t seed;
} made_options;

typedef struct made_run {
    made_options options;
    lf_zone *zone;
    lf_report_strategy strategies[2];
    lf_strategy_options strategy_options[2];
    lf_backtest_counts counts[2];
    lf_report_run run;
    double *mids;   /* [rows] of the day at hand */
    double *signal; /* [rows] */
} made_run;

/* One strategy trading one symbol for one day. */
typedef struct made_desk {
    made_run *made;
    lf_report_strategy *strategy;
    lf_random random;
    const char *symbol;
    int64_t open_ns;
    int64_t order_id;
    double lots;  /* held, signed */
    double price; /* of the entry */
    double fee;   /* of the entry */
    int entry_row;
    double gross_at; /* cash without fees */
    double fees;
} made_desk;

#define MADE_SPREAD 0.06
#define MADE_TICK 0.01

static lf_frame *made_like(lf_frame *frame)
{
    lf_frame_clear(frame);
    return frame;
}

static size_t made_row(lf_frame *frame)
{
    assert_int_equal(lf_frame_append(frame, 1), LF_OK);
    return lf_frame_row_count(frame) - 1;
}

static int64_t made_open(const made_run *made, int day)
{
    const lf_date date =
        lf_date_from_days(lf_date_to_days((lf_date){2012, 6, 18}) + day / 5 * 7 + day % 5);
    return lf_zone_to_utc(made->zone, date, 570 * LF_NS_PER_MINUTE);
}

/* A price on half ticks, and a signal that sees a part of the next minute. */
static void made_prices(made_run *made, lf_random *random, double *last)
{
    const int rows = made->options.rows;
    const int ahead = (int)(LF_NS_PER_MINUTE / made->options.step_ns);
    const double know = made->options.knowledge;
    double drift = 0;
    double price = *last;
    for (int i = 0; i < rows; i++) {
        const double open = 1 + 1.5 * exp(-(double)i / (0.05 * rows));
        drift = 0.98 * drift + 0.0004 * lf_random_normal(random);
        price += drift + 0.012 * open * lf_random_normal(random);
        made->mids[i] = round(price / (MADE_TICK / 2)) * MADE_TICK / 2;
    }
    for (int i = 0; i < rows; i++) {
        const double move = i + ahead < rows ? made->mids[i + ahead] - made->mids[i] : 0;
        made->signal[i] = know * move / 0.15 + sqrt(1 - know * know) * lf_random_normal(random);
    }
    *last = price;
}

static void made_predict(made_run *made, const char *symbol, int64_t open_ns)
{
    lf_frame *frame = made->run.predictions;
    const int rows = made->options.rows;
    for (int i = 0; i < rows; i++) {
        const size_t row = made_row(frame);
        const double signal = made->signal[i];
        const double p = 1 / (1 + exp(-0.25 * signal));
        /* What stands beside the model knows less, each in its own way. */
        const double flow = signal + 3 * sin(0.013 * i + 1);
        const double queue = signal + 1.2 * sin(0.05 * i);
        set_i64(frame, "ts_event", row, open_ns + i * made->options.step_ns);
        set_text(frame, "symbol", row, symbol);
        set_f64(frame, "p_up_1min", row, p);
        set_f64(frame, "p_up_5min", row, 0.5 + (p - 0.5) / 2);
        set_f64(frame, "ret_1min_bps", row, signal * 0.3);
        set_f64(frame, "spread_ticks", row, MADE_SPREAD / MADE_TICK + i / 600 % 4);
        set_f64(frame, "ofi_1min", row, round(100 * flow));
        set_f64(frame, "ofi_norm_1min", row, flow);
        set_f64(frame, "depth_imbalance_l1", row, tanh(queue / 3));
        for (int h = 0; h < 2; h++) {
            const int64_t minutes = h == 0 ? 1 : 5;
            const int64_t to = i + minutes * LF_NS_PER_MINUTE / made->options.step_ns;
            const double move = to < rows ? made->mids[to] - made->mids[i] : NAN;
            set_f64(frame, h == 0 ? "ret_1min" : "ret_5min", row, 1e4 * move / made->mids[i]);
            set_f64(
                frame,
                h == 0 ? "up_1min" : "up_5min",
                row,
                move == 0 || isnan(move) ? NAN : move > 0
            );
        }
    }
}

/* An order at a row that fills there, or does not. Gives its price with the fee in *fee. */
static double
made_order(made_desk *d, int i, double side, bool passive, bool fills, const char *why)
{
    const double *mids = d->made->mids;
    const int64_t time_ns = d->open_ns + i * d->made->options.step_ns;
    const double mid = mids[i];
    const double arrival = mids[i > 0 ? i - 1 : 0];
    const double price = mid + (passive ? -side : side) * MADE_SPREAD / 2;
    lf_frame *orders = d->strategy->tables[LF_BACKTEST_ORDERS];
    size_t row = made_row(orders);
    d->order_id++;
    set_i64(orders, "order_id", row, d->order_id);
    set_i64(orders, "ts_decision", row, time_ns - 12 * LF_NS_PER_MILLISECOND);
    set_i64(orders, "ts_sent", row, time_ns - 10 * LF_NS_PER_MILLISECOND);
    set_i64(orders, "ts_venue", row, time_ns);
    set_i64(orders, "ts_done", row, time_ns + (fills ? 0 : 30 * LF_NS_PER_SECOND));
    set_f64(orders, "price", row, passive ? price : NAN);
    set_text(orders, "symbol", row, d->symbol);
    set_i64(orders, "side", row, (int64_t)side);
    set_text(orders, "kind", row, passive ? "passive" : "marketable");
    set_i64(orders, "lots", row, 100);
    set_i64(orders, "filled_lots", row, fills ? 100 : 0);
    set_text(orders, "status", row, fills ? "filled" : "cancelled");
    set_text(orders, "reason", row, why);
    set_f64(orders, "mid_decision", row, arrival);
    set_f64(orders, "mid_arrival", row, mid);
    set_f64(orders, "depth_arrival", row, passive ? 300 + 20 * (i % 7) : 2500 + 100 * (i % 11));
    if (fills) {
        lf_frame *table = d->strategy->tables[LF_BACKTEST_FILLS];
        row = made_row(table);
        set_i64(table, "order_id", row, d->order_id);
        set_i64(table, "ts_venue", row, time_ns);
        set_text(table, "symbol", row, d->symbol);
        set_i64(table, "side", row, (int64_t)side);
        set_f64(table, "price", row, price);
        set_i64(table, "lots", row, 100);
        set_text(table, "liquidity", row, passive ? "maker" : "taker");
        set_f64(table, "fee", row, passive ? -0.1 : 0.4);
        set_f64(table, "mid_venue", row, mid);
        set_f64(table, "mid_decision", row, arrival);
    }
    return price;
}

static void made_leave(made_desk *d, int i, const char *why)
{
    const double side = d->lots > 0 ? 1 : -1;
    const double price = made_order(d, i, -side, false, true, why);
    const double gross = d->lots * (price - d->price);
    lf_frame *trades = d->strategy->tables[LF_BACKTEST_TRADES];
    const size_t row = made_row(trades);
    set_i64(trades, "ts_entry", row, d->open_ns + d->entry_row * d->made->options.step_ns);
    set_i64(trades, "ts_exit", row, d->open_ns + i * d->made->options.step_ns);
    set_text(trades, "symbol", row, d->symbol);
    set_i64(trades, "side", row, (int64_t)side);
    set_i64(trades, "lots", row, 100);
    set_f64(trades, "entry_price", row, d->price);
    set_f64(trades, "exit_price", row, price);
    set_f64(trades, "gross", row, gross);
    set_f64(trades, "fees", row, d->fee + 0.4);
    set_f64(trades, "net", row, gross - d->fee - 0.4);
    set_text(trades, "exit_reason", row, why);
    set_text(trades, "rule", row, d->order_id % 5 == 0 ? "reversion" : "continuation");
    d->gross_at += d->lots * price;
    d->fees += 0.4;
    d->lots = 0;
}

static void made_enter(made_desk *d, int i, bool passive)
{
    const double side = d->made->signal[i] > 0 ? 1 : -1;
    const bool fills = !passive || lf_random_uniform(&d->random) < 0.6;
    const double price = made_order(d, i, side, passive, fills, "entry");
    if (fills) {
        d->lots = side * 100;
        d->price = price;
        d->fee = passive ? -0.1 : 0.4;
        d->entry_row = i;
        d->gross_at -= d->lots * price;
        d->fees += d->fee;
    }
}

static void made_decide(made_desk *d, int i, bool passive)
{
    const made_options *o = &d->made->options;
    const int hold = (int)(LF_NS_PER_MINUTE / o->step_ns);
    const int flat = o->rows - 5 * hold;
    const double move = d->lots / 100 * (d->made->mids[i] - d->made->mids[d->entry_row]);
    if (d->lots != 0 && i >= flat) {
        made_leave(d, i, "session_end");
    } else if (d->lots != 0 && move <= -0.2) {
        made_leave(d, i, "stop");
    } else if (d->lots != 0 && i >= d->entry_row + hold) {
        made_leave(d, i, "hold");
    } else if (d->lots == 0 && i < flat && fabs(d->made->signal[i]) > 0.8) {
        /* Two of five signals are as strong. */
        if (lf_random_uniform(&d->random) < 2.4 * o->trades_per_day / o->rows) {
            made_enter(d, i, passive);
        }
    }
}

static void made_trade(made_desk *d, bool passive)
{
    const made_options *o = &d->made->options;
    lf_frame *equity = d->strategy->tables[LF_BACKTEST_EQUITY];
    for (int i = 0; i < o->rows; i++) {
        made_decide(d, i, passive);
        const size_t row = made_row(equity);
        /* A ledger has no error of rounding that grows. */
        const double gross = round(1e6 * (d->gross_at + d->lots * d->made->mids[i])) / 1e6;
        set_i64(equity, "ts_event", row, d->open_ns + i * o->step_ns);
        set_text(equity, "symbol", row, d->symbol);
        lf_frame_bool(equity, 2)[row] =
            i >= 3 && (i < o->rows / 3 || i > o->rows / 3 + o->rows / 150);
        set_f64(equity, "mid", row, d->made->mids[i]);
        set_i64(equity, "position", row, (int64_t)d->lots);
        set_f64(equity, "cash", row, 1e6 + d->gross_at - d->fees);
        set_f64(equity, "fees", row, d->fees);
        set_f64(equity, "gross", row, gross);
        set_f64(equity, "net", row, gross - d->fees);
    }
}

/* All days of one symbol after another, so that running sums need no more than a desk. */
static void made_symbol(made_run *made, size_t symbol)
{
    lf_random prices;
    made_desk desks[2];
    double last = 580 - 200 * (double)symbol;
    lf_random_seed(&prices, made->options.seed, symbol);
    for (int s = 0; s < 2; s++) {
        desks[s] = (made_desk
        ){.made = made, .strategy = &made->strategies[s], .symbol = made->options.symbols[symbol]};
        lf_random_seed(&desks[s].random, made->options.seed, 100 + 2 * symbol + (size_t)s);
    }
    for (int day = 0; day < made->options.days; day++) {
        const int64_t open_ns = made_open(made, day);
        made_prices(made, &prices, &last);
        made_predict(made, made->options.symbols[symbol], open_ns);
        for (int s = 0; s < 2; s++) {
            desks[s].open_ns = open_ns;
            desks[s].order_id = 0;
            made_trade(&desks[s], s == 1);
        }
    }
}

static void made_run_make(made_run *made, const made_options *options)
{
    *made = (made_run){.options = *options};
    assert_int_equal(lf_zone_create(NULL, "America/New_York", &made->zone, NULL), LF_OK);
    made->mids = lf_allocate(NULL, (size_t)options->rows, sizeof *made->mids);
    made->signal = lf_allocate(NULL, (size_t)options->rows, sizeof *made->signal);
    made->run.predictions = made_like(make_predictions(false));
    for (int s = 0; s < 2; s++) {
        lf_report_strategy *strategy = &made->strategies[s];
        strategy->tables[LF_BACKTEST_ORDERS] = made_like(make_orders(false));
        strategy->tables[LF_BACKTEST_FILLS] = made_like(make_fills(false));
        strategy->tables[LF_BACKTEST_TRADES] = made_like(make_trades(false));
        strategy->tables[LF_BACKTEST_EQUITY] = made_like(make_equity(1, false));
        lf_strategy_options_default(&made->strategy_options[s]);
        made->strategy_options[s].execution.entry =
            s == 0 ? LF_ORDER_KIND_MARKETABLE : LF_ORDER_KIND_PASSIVE;
        (void)snprintf(strategy->name, sizeof strategy->name, s == 0 ? "marketable" : "passive");
        made->counts[s] = (lf_backtest_counts
        ){.day_count = options->days, .ledger_checks = 12345, .masked_ns = 7, .session_ns = 1000};
        made->counts[s].market_lots =
            (int64_t)options->days * (int64_t)options->symbol_count * 4000000;
        made->counts[s].strategy.signal_count = 4321;
        (void)snprintf(made->counts[s].fees_name, sizeof made->counts[s].fees_name, "made up");
        strategy->options = &made->strategy_options[s];
        strategy->counts = &made->counts[s];
    }
    for (size_t symbol = 0; symbol < options->symbol_count; symbol++) {
        made_symbol(made, symbol);
    }
    made->run.strategies = made->strategies;
    made->run.strategy_count = 2;
}

static void made_run_end(made_run *made)
{
    for (int s = 0; s < 2; s++) {
        for (int table = 0; table < LF_BACKTEST_TABLE_COUNT; table++) {
            lf_frame_destroy(made->strategies[s].tables[table]);
        }
    }
    lf_frame_destroy(made->run.predictions);
    lf_zone_destroy(made->zone);
    lf_release(NULL, made->mids);
    lf_release(NULL, made->signal);
}

/* ---- what the tables do not hold ---------------------------------------------------------- */

static const char made_scores[] =
    "{\"up_1min\": {\"model\": {\"auc\": 0.5583}, \"logistic3\": {\"rows\": 88210, \"moving_share"
    "\": 0.94, \"effective_rows\": 2400.5, \"accuracy\": 0.531, \"accuracy_interval\": [0.511, 0."
    "551], \"majority\": 0.503, \"less_majority\": 0.028, \"less_majority_interval\": [0.008, 0.0"
    "49], \"auc\": 0.5466, \"auc_interval\": [0.527, 0.567], \"log_loss\": 0.6905, \"brier\": 0.2"
    "487, \"all_accuracy\": 0.499, \"model_better\": {\"hits\": 0.0121, \"hits_t\": 1.31, \"hits_"
    "p\": 0.19, \"brier\": 0.0009, \"brier_t\": 2.2, \"brier_p\": 0.028}}, \"prior\": {\"rows\":"
    " 88210, \"moving_share\": 0.94, \"effective_rows\": 1900.5, \"accuracy\": 0.4975, \"accuracy"
    "_interval\": [0.474, 0.521], \"majority\": 0.503, \"less_majority\": -0.0055, \"less_majorit"
    "y_interval\": [-0.04, 0.011], \"auc\": 0.494, \"auc_interval\": [0.47, 0.52], \"log_loss\":"
    " 0.6934, \"brier\": 0.2501, \"all_accuracy\": 0.467, \"model_better\": {\"hits\": 0.045, \"h"
    "its_t\": 4.4, \"hits_p\": 1e-05, \"brier\": 0.0023, \"brier_t\": 3.9, \"brier_p\": 0.0001}}}"
    ", \"up_5min\": {\"model\": {\"auc\": 0.5204}, \"logistic3\": {\"auc\": 0.5241, \"auc_interva"
    "l\": [0.494, 0.553], \"accuracy\": 0.513, \"accuracy_interval\": [0.48, 0.546], \"majority\""
    ": 0.507, \"less_majority\": 0.006, \"less_majority_interval\": [-0.03, 0.04], \"model_better"
    "\": {\"hits\": -0.0121, \"hits_t\": -2.31, \"hits_p\": 0.021, \"brier\": 0.0001, \"brier_t\""
    ": 0.1, \"brier_p\": 0.92}}}, \"importance\": {\"folds\": 4, \"rows\": 3125, \"heads\": {\"up"
    "_1min\": {\"score\": \"auc\", \"base\": 0.5583, \"drop_agreement\": 0.71, \"gain_agreement\""
    ": 0.88, \"groups\": [{\"group\": \"depth\", \"drop\": 0.0402, \"drop_interval\": [0.0331, 0."
    "0473], \"positive_folds\": 4, \"drop_by_fold\": [0.04, 0.041, 0.038, 0.0418], \"gain_share\""
    ": 0.5, \"gain_share_low\": 0.45, \"gain_share_high\": 0.56}, {\"group\": \"ofi\", \"drop\":"
    " 0.0196, \"drop_interval\": [0.0088, 0.0304], \"positive_folds\": 4, \"drop_by_fold\": [0.02"
    ", 0.021, 0.018, 0.0194], \"gain_share\": 0.3, \"gain_share_low\": 0.25, \"gain_share_high\":"
    " 0.36}], \"features\": [{\"feature\": \"depth_imbalance_l1\", \"drop\": 0.0313, \"drop_inter"
    "val\": [0.0293, 0.0333], \"positive_folds\": 4, \"drop_by_fold\": [0.0311, 0.0324, 0.0296, 0"
    ".0321], \"gain_share\": 0.372, \"gain_share_low\": 0.298, \"gain_share_high\": 0.446}, {\"fe"
    "ature\": \"ofi_norm_1min\", \"drop\": 0.0135, \"drop_interval\": [0.0085, 0.0185], \"positiv"
    "e_folds\": 4, \"drop_by_fold\": [0.0148, 0.0132, 0.0167, 0.0093], \"gain_share\": 0.144, \"g"
    "ain_share_low\": 0.115, \"gain_share_high\": 0.173}, {\"feature\": \"micro_price_gap\", \"dr"
    "op\": 0.0078, \"drop_interval\": [0.0058, 0.0097], \"positive_folds\": 4, \"drop_by_fold\":"
    " [0.0092, 0.0069, 0.0066, 0.0084], \"gain_share\": 0.108, \"gain_share_low\": 0.086, \"gain_"
    "share_high\": 0.13}, {\"feature\": \"ofi_1s\", \"drop\": 0.0066, \"drop_interval\": [0.0021,"
    " 0.011], \"positive_folds\": 4, \"drop_by_fold\": [0.0047, 0.0053, 0.0055, 0.0107], \"gain_s"
    "hare\": 0.048, \"gain_share_low\": 0.038, \"gain_share_high\": 0.058}, {\"feature\": \"vpin"
    "\", \"drop\": -0.0001, \"drop_interval\": [-0.0052, 0.005], \"positive_folds\": 2, \"drop_by"
    "_fold\": [0.0034, -0.004, 0.0014, -0.0011], \"gain_share\": 0.01, \"gain_share_low\": 0.008,"
    " \"gain_share_high\": 0.012}, {\"feature\": \"spread_ticks\", \"drop\": -0.0016, \"drop_inte"
    "rval\": [-0.0079, 0.0048], \"positive_folds\": 1, \"drop_by_fold\": [-0.002, 0.0034, -0.0012"
    ", -0.0064], \"gain_share\": 0.01, \"gain_share_low\": 0.008, \"gain_share_high\": 0.012}]}}}"
    ", \"permutations\": {\"count\": 20, \"auc_1min\": {\"truth\": 0.5583, \"mean\": 0.4986, \"sd"
    "\": 0.012, \"low\": 0.471, \"high\": 0.5231, \"reached\": 0, \"p\": 0.0476}, \"less_majority"
    "_1min\": {\"truth\": 0.059, \"mean\": -0.011, \"sd\": 0.009, \"low\": -0.031, \"high\": 0.00"
    "4, \"reached\": 0, \"p\": 0.0476}, \"ic\": {\"truth\": 0.1959, \"mean\": 0.001, \"sd\": 0.02"
    ", \"low\": -0.04, \"high\": 0.035, \"reached\": 0, \"p\": 0.0476}}, \"least_best_round\": 42"
    ", \"folds\": [{}, {}, {}, {}]}";

static const char made_training[] =
    "{\"heads\": {\"up_1min\": {\"importance_gain\": {\"depth_imbalance_l1\": 512.5, "
    "\"ofi_norm_1min\": 420.25, \"ofi_1s\": 260, \"micro_price_gap\": 244, \"ofi_10s\": 190, "
    "\"trade_imbalance_1min\": 120, \"spread_ticks\": 96, \"depth_imbalance_l5\": 88, "
    "\"volatility_5min\": 72, \"ret_1min_past\": 61, \"vpin\": 44, \"mlofi_l3\": 40, "
    "\"queue_age_bid\": 31, \"hour_sin\": 9, \"trade_count_10s\": 0},"
    "\"importance_split\": {\"depth_imbalance_l1\": 212, \"ofi_norm_1min\": 180, \"ofi_1s\": 140, "
    "\"micro_price_gap\": 133, \"ofi_10s\": 101, \"trade_imbalance_1min\": 77, \"spread_ticks\": "
    "65, \"depth_imbalance_l5\": 61, \"volatility_5min\": 60, \"ret_1min_past\": 44, \"vpin\": 39, "
    "\"mlofi_l3\": 30, \"queue_age_bid\": 22, \"hour_sin\": 8, \"trade_count_10s\": 0}},"
    "\"ret_1min\": {\"importance_gain\": {\"ofi_norm_1min\": 90, \"spread_ticks\": 30},"
    "\"importance_split\": {\"ofi_norm_1min\": 40, \"spread_ticks\": 12}}}}";

static const char made_config[] =
    "# lobflow run configuration\n\n[data]\nsymbol = \"GOOG\"\nformat = \"lobster\"\n\n[features]\n"
    "step = \"1s\"\nset = \"default\"\n\n[signal]\nhorizon = \"1min\"\np_long = 0.55\np_short = "
    "0.45\ncost_factor = 0\n\n[execution]\nentry = \"marketable\"\nimpact = \"none\"\n";

static lf_report_facts made_facts(const made_run *made, const char *title)
{
    return (lf_report_facts){
        .title = title,
        .data_text = "GOOG 2012-06-18: 1482312 events, 0 book violations in 2964624 checks, 0 "
                     "halts, 0 gaps\nGOOG 2012-06-19: 1239071 events, 0 book violations in 2478142 "
                     "checks, 1 halts, 0 gaps\n",
        .symbol = made->options.symbols[0],
        .time_zone = "America/New_York",
        .scores_json = made_scores,
        .training_json = made_training,
        .config_toml = made_config,
        .version = LF_VERSION,
        .step_ns = made->options.step_ns,
        .planted_alpha = NAN,
        .seed = made->options.seed,
        .trial_count = 12,
        .starting_cash = 1e6,
        .tick = MADE_TICK,
    };
}

#endif
