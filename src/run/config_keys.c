/* The table of configuration keys: section, name, meaning, and where the value lies. */
#include "run_internal.h"

static const char *const clock_words[] = {"exchange", "local", NULL};
static const char *const preset_words[] = {"symmetric", "brief", NULL};
static const char *const kind_words[] = {"trees", "logistic", NULL};
static const char *const start_words[] = {"mean", "logistic3", NULL};
static const char *const calibration_words[] = {"none", "platt", NULL};
static const char *const validation_words[] = {"walk_forward", "rolling", "kfold", "cpcv", NULL};
static const char *const horizon_words[] = {"1min", "5min", NULL};
static const char *const entry_words[] = {"marketable", "passive", NULL};
static const char *const timeout_words[] = {"cancel", "cross", NULL};
static const char *const fee_words[] = {
    "us_nasdaq",
    "commission",
    "bps",
    "none",
    "cme",
    "binance_usdm",
    "binance_spot",
    "coinbase",
    NULL};
static const char *const queue_words[] = {
    "risk_averse", "power", "power2", "power3", "log", "log2", "optimistic", "fifo", NULL};
static const char *const latency_words[] = {"constant", "lognormal", "recorded", NULL};
static const char *const self_trade_words[] = {"cancel_resting", "cancel_incoming", NULL};
static const char *const impact_words[] = {"none", "square_root", "almgren", NULL};

static_assert(sizeof(lf_clock) == 4 && sizeof(lf_order_kind) == 4, "words are stored as 32 bits");

#define AT(member) .offset = offsetof(lf_config, member)
#define BOOLEAN(section, name, member, help) \
    { \
        {section, name, help, LF_CONFIG_BOOL}, LFI_CONFIG_BOOL, AT(member) \
    }
#define I32(section, name, member, help) \
    { \
        {section, name, help, LF_CONFIG_INTEGER}, LFI_CONFIG_I32, AT(member) \
    }
#define I64(section, name, member, help) \
    { \
        {section, name, help, LF_CONFIG_INTEGER}, LFI_CONFIG_I64, AT(member) \
    }
#define F64(section, name, member, help) \
    { \
        {section, name, help, LF_CONFIG_NUMBER}, LFI_CONFIG_F64, AT(member) \
    }
#define NS(section, name, member, help) \
    { \
        {section, name, help, LF_CONFIG_DURATION}, LFI_CONFIG_NS, AT(member) \
    }
#define TEXT(section, name, member, help) \
    { \
        {section, name, help, LF_CONFIG_TEXT}, LFI_CONFIG_TEXT, AT(member), \
            .bytes = sizeof(((lf_config *)0)->member) \
    }
#define WORD(section, name, member, list, help) \
    { \
        {section, name, help, LF_CONFIG_TEXT}, LFI_CONFIG_WORD, AT(member), .words = (list) \
    }

/* clang-format off: one key a line. */
const lfi_config_entry lfi_config_entries[] = {
    {{"data", "paths", "archives, folders or files", LF_CONFIG_PATHS}, LFI_CONFIG_PATHS, AT(paths)},
    TEXT("data", "format", format, "\"\": by content; else a name as \"lobster\""),
    TEXT("data", "date", date, "\"\": from the file name; else YYYY-MM-DD"),
    BOOLEAN("data", "strict", strict, "inconsistencies of the book are errors"),

    TEXT("instrument", "symbol", symbol, "\"\": from the file name"),
    I32("instrument", "levels", levels, "0: from the file name"),
    F64("instrument", "tick", tick, "DBN, Binance: of the price; 0: by contract or found"),
    F64("instrument", "lot", lot, "DBN, Binance: units in a lot; 0: by contract, else found or 1"),

    TEXT(
        "features",
        "set",
        set,
        "for `features`: default, scale_free, fitted, mlofi, all, or names a,b,c"
    ),
    NS("features", "step", step_ns, "time between rows"),
    WORD("features", "clock", clock, clock_words, "for `features`: exchange or local time"),
    I64("features",
        "vpin_bucket",
        vpin_bucket_lots,
        "lots; 0: 1/50 of the mean volume of earlier days"),

    NS("labels", "delay", label_delay_ns, "labels look from row time + delay"),
    NS("labels",
       "horizon",
       model.horizon_ns,
       "of the models up_1min and ret_1min, which keep their names"),
    NS("labels", "horizon_long", model.horizon_long_ns, "of the model up_5min"),
    I32("labels", "smooth_samples", smooth_samples, "later mids that a smoothed label averages"),
    F64("labels", "barrier_up", barrier.up, "upper barrier, in widths; inf: none"),
    F64("labels", "barrier_down", barrier.down, "lower barrier, in widths; inf: none"),
    F64("labels",
        "barrier_width_bps",
        barrier.width_bps,
        "one width; nan: the trailing volatility over the horizon"),
    F64("labels", "barrier_floor_ticks", barrier.floor_ticks, "least width"),
    BOOLEAN(
        "labels",
        "barrier_sign_at_end",
        barrier.sign_at_end,
        "no barrier met: the sign of the return, not 0"
    ),
    BOOLEAN(
        "labels",
        "barrier_cut_at_close",
        barrier.cut_at_close,
        "a horizon past the session's end stops there"
    ),
    NS("labels", "volatility_window", barrier.window_ns, "before a row, for the barriers"),
    NS("labels", "volatility_step", barrier.step_ns, "of the changes in it"),
    TEXT("labels", "meta_side", meta_side, "the feature whose sign a meta-label judges"),
    F64("labels", "meta_cost_bps", meta_cost_bps, "what a side must earn to be right"),

    WORD(
        "model",
        "preset",
        model.preset,
        preset_words,
        "symmetric, or brief: larger trees, all features"
    ),
    WORD("model", "kind", model.kind, kind_words, "trees (LightGBM) or logistic"),
    TEXT("model", "features", model_features, "\"\": those of the preset"),
    BOOLEAN(
        "model", "mirrored", model.mirrored, "every training row also with bid and ask exchanged"
    ),
    BOOLEAN(
        "model", "balanced", model.balanced, "ups and downs weigh alike; mirrored they do anyway"
    ),
    TEXT(
        "model",
        "monotone",
        model_monotone,
        "trees: features that forecasts only rise or fall with, a:+,b:-"
    ),
    BOOLEAN(
        "model",
        "use_missing",
        model.use_missing,
        "trees: missing values go where they fit, else they are 0"
    ),
    WORD(
        "model",
        "start",
        model.start,
        start_words,
        "trees mend the mean, or the three-feature logistic where its features are"
    ),
    WORD(
        "model",
        "calibration",
        model.calibration,
        calibration_words,
        "of probabilities, on the stopping rows"
    ),
    I32("model", "num_leaves", model.num_leaves, "of a tree"),
    I32("model", "max_depth", model.max_depth, "of a tree"),
    F64("model", "learning_rate", model.learning_rate, "shrinkage of each tree"),
    I32("model", "min_data_in_leaf", model.min_data_in_leaf, "rows"),
    I32("model", "rounds_max", model.rounds_max, "trees at most"),
    I32("model", "early_stopping_rounds", model.early_stopping_rounds, "rounds without a gain"),
    F64("model",
        "early_stopping_share",
        model.early_stopping_share,
        "last part of the training span; 0: all rounds"),
    F64("model",
        "early_stopping_se",
        model.early_stopping_se,
        "fewest rounds within so many standard errors of the least loss"),
    I64("model", "trials", model_trials, "for `train`: parameters are searched first; 0: not"),
    TEXT(
        "model",
        "trials_file",
        trials_file,
        "record of all trials (SQLite); \"\": trials.sqlite in the model folder"
    ),
    I64("model", "seed", model.seed, "of LightGBM"),
    I64("model",
        "permute_seed",
        model.permute_seed,
        "0; else labels are permuted in blocks of 5 min: finds nothing"),
    I32("model",
        "permutations",
        model.permutations,
        "walks on permuted labels beside the true one, to see what chance gives"),
    BOOLEAN("model", "importance", model.importance, "of features, measured on the last folds"),
    I32("model", "threads", model.threads, "0: one for each core; results do not depend on it"),
    F64("model", "ridge", model.ridge, "of linear fits, in units of one row's information"),
    NS("model",
       "embargo",
       model.embargo_ns,
       "between a training label's end and the first scored row"),
    I32("model",
        "blocks_in_day",
        model.blocks_in_day,
        "one day alone is cut into so many; the first only trains"),

    WORD(
        "train",
        "validation",
        split.validation,
        validation_words,
        "walk_forward, rolling, kfold or cpcv; the first two may trade"
    ),
    I32("train", "folds", split.folds, "kfold, cpcv: groups of days, or of time when days are few"),
    I32("train", "test_folds", split.test_folds, "cpcv: groups scored at once"),
    I32("train", "train_days", split.train_days, "rolling: days, or blocks of one day, in training"
    ),
    NS("train",
       "embargo_after",
       split.embargo_after_ns,
       "kfold, cpcv: left out behind a scored span, beyond model.embargo"),
    I32("train", "holdout_days", split.holdout_days, "last days that neither train nor score"),
    BOOLEAN("train", "holdout", split.holdout, "score the held-out days; each look is counted"),
    TEXT(
        "train",
        "holdout_ledger",
        holdout_ledger,
        "\"\": ~/.local/state/lobflow/holdout.tsv counts the looks"
    ),

    WORD("signal", "horizon", signal.horizon, horizon_words, "which probability decides"),
    F64("signal", "p_long", signal.p_long, "the model is for up above this"),
    F64("signal", "p_short", signal.p_short, "the model is for down below this"),
    F64("signal", "threshold_quantile", signal.threshold_quantile, "of |ofi_norm_1min| in training"
    ),
    F64("signal", "extreme_quantile", signal.extreme_quantile, "of |ofi_norm_1min| in training"),
    F64("signal", "ofi_threshold", signal.ofi_threshold, "nan: from threshold_quantile"),
    F64("signal", "ofi_extreme", signal.ofi_extreme, "nan: from extreme_quantile"),
    F64("signal",
        "cost_factor",
        signal.cost_factor,
        "expected move over round-trip cost; 0: no gate"),
    BOOLEAN("signal", "continuation", signal.continuation, "trade with the flow"),
    BOOLEAN("signal", "reversion", signal.reversion, "trade against an extreme flow"),

    WORD("execution", "entry", execution.entry, entry_words, "how the main strategy enters"),
    BOOLEAN(
        "execution",
        "post_only",
        execution.post_only,
        "a passive order that would cross is rejected"
    ),
    NS("execution", "passive_limit", execution.passive_limit_ns, "how long a passive order may rest"
    ),
    WORD(
        "execution",
        "passive_timeout",
        execution.passive_timeout,
        timeout_words,
        "a passive entry then; exits cross"
    ),
    I64("execution", "limit_ticks", execution.limit_ticks, "beyond the touch; -1: no limit"),
    I64("execution", "orders_max", execution.orders_max, "own orders that may rest at once"),
    WORD(
        "execution",
        "self_trade",
        execution.self_trade,
        self_trade_words,
        "which order goes when own ones would meet"
    ),
    WORD(
        "execution",
        "queue",
        execution.queue.model,
        queue_words,
        "which removals were ahead of us; fifo: as single orders show"
    ),
    F64("execution", "queue_power", execution.queue.n, "n of queue = power, power2, power3"),
    BOOLEAN(
        "execution",
        "queue_partial",
        execution.queue.partial,
        "false: an order that a trade reaches is filled whole"
    ),
    NS("execution", "latency_feed", execution.latency.feed_ns, "exchange to us"),
    NS("execution", "latency_decision", execution.latency.decision_ns, "features and prediction"),
    NS("execution", "latency_entry", execution.latency.entry_ns, "a new order to the venue"),
    NS("execution", "latency_cancel", execution.latency.cancel_ns, "a cancel to the venue"),
    NS("execution", "latency_response", execution.latency.response_ns, "a report back to us"),
    WORD(
        "execution",
        "latency_model",
        execution.latency.model,
        latency_words,
        "own messages; lognormal: the delays are medians"
    ),
    F64("execution", "latency_sigma", execution.latency.sigma, "of the logarithm, for lognormal"),
    F64("execution",
        "latency_burst",
        execution.latency.burst,
        "more delay for each multiple of the usual event rate"),
    F64("execution",
        "latency_lost",
        execution.latency.lost_share,
        "share of requests that the gateway refuses"),
    I64("execution", "latency_seed", execution.latency.seed, "of what is drawn"),
    TEXT(
        "execution",
        "latency_rows",
        execution.latency.rows,
        "table of request_ns, exchange_ns, response_ns, for recorded"
    ),
    TEXT(
        "execution",
        "latency_decision_times",
        execution.latency.decision_times,
        "table of ns, count to draw decisions from"
    ),
    WORD("execution", "fees", execution.fees.schedule, fee_words, "schedule"),
    {{"execution", "fees_as_of", "newest, trade_date or YYYY-MM-DD", LF_CONFIG_TEXT},
     LFI_CONFIG_AS_OF,
     AT(execution.fees)},
    F64("execution", "commission_per_share", execution.fees.commission_per_share, "currency"),
    F64("execution",
        "fee_taker_per_share",
        execution.fees.taker_per_share,
        "currency; nan: the venue's table"),
    F64("execution",
        "fee_maker_per_share",
        execution.fees.maker_per_share,
        "currency, < 0: rebate; nan: the table"),
    I64("execution",
        "fee_tier",
        execution.fees.tier,
        "of us_nasdaq, binance_usdm, binance_spot, coinbase"),
    F64("execution",
        "commission_per_contract",
        execution.fees.commission_per_contract,
        "the broker's, for cme"),
    F64("execution",
        "fee_per_contract",
        execution.fees.fee_per_contract,
        "the exchange's, for cme; nan: the table"),
    F64("execution", "fee_taker_bps", execution.fees.taker_bps, "for fees = \"bps\""),
    F64("execution", "fee_maker_bps", execution.fees.maker_bps, "for fees = \"bps\"; < 0: rebate"),
    WORD(
        "execution",
        "impact",
        execution.impact.model,
        impact_words,
        "beyond walking the displayed book"
    ),
    F64("execution", "impact_factor", execution.impact.factor, "Y: impact is so many times"),
    F64("execution", "impact_daily_volatility_bps", execution.impact.daily_volatility_bps, "sigma"),
    F64("execution", "impact_daily_volume", execution.impact.daily_volume_lots, "V, lots"),
    F64("execution",
        "impact_outstanding",
        execution.impact.outstanding_lots,
        "Theta, lots, for almgren"),
    NS("execution", "impact_duration", execution.impact.duration_ns, "T, for almgren"),
    BOOLEAN(
        "execution",
        "check_every_fill",
        check_every_fill,
        "ledger invariants after every fill, not once a day"
    ),

    I64("risk", "order_size", risk.order_size, "lots"),
    I64("risk", "max_position", risk.max_position, "lots"),
    NS("risk", "hold", risk.hold_ns, "from the first fill"),
    F64("risk", "stop_ticks", risk.stop_ticks, "stop: the larger of these ticks"),
    F64("risk", "stop_spreads", risk.stop_spreads, "and so many median spreads; both 0: none"),
    NS("risk", "flatten", risk.flatten_ns, "before the end of the session"),
    F64("risk", "max_daily_loss", risk.max_daily_loss, "currency; nan: none"),
    NS("risk", "retry", risk.retry_ns, "before an exit that did not fill is sent again"),
    I64("risk",
        "max_orders_per_second",
        risk.max_orders_per_second,
        "orders and cancels; 0: no limit, at most 100"),
    I64("risk", "kill_rejects", risk.kill_rejects, "orders refused in a row that kill; 0: never"),
    F64("risk", "starting_cash", starting_cash, "currency; shifts the cash column only"),

    TEXT("sweep", "keys", sweep, "of backtest: key=a,b;key=c,d tries every combination"),

    I64("report", "trials", trials, "configurations looked at so far, for the deflated Sharpe ratio"
    ),
    F64("report",
        "trials_sharpe_sd",
        trials_sharpe_sd,
        "of the trials' Sharpe ratios a year; nan: as of trials without skill"),
    F64("report", "planted_alpha", planted_alpha, "of a simulation; nan: real or unknown"),
    TEXT("report", "title", title, "\"\": symbols and dates"),
};
/* clang-format on */

const size_t lfi_config_entry_count = sizeof lfi_config_entries / sizeof lfi_config_entries[0];
