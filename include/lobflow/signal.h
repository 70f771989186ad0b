/**
 * @file
 * From a prediction and the order flow to a side: the two rules of the strategy, as a pure
 * function.
 */
#ifndef LOBFLOW_SIGNAL_H
#define LOBFLOW_SIGNAL_H

#include <lobflow/base.h>
#include <lobflow/feature.h>
#include <lobflow/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Which rule gave a signal: enum, code, text of the `rule` column. */
#define LF_RULE_MAP(X) \
    X(NONE, 0, "none") \
    X(CONTINUATION, 1, "continuation") \
    X(REVERSION, 2, "reversion")

typedef enum lf_rule {
#define LF_RULE_ENUM(name, code, text) LF_RULE_##name = code,
    LF_RULE_MAP(LF_RULE_ENUM)
#undef LF_RULE_ENUM
} lf_rule;

/** Which probability decides: enum, code, text of the key `signal.horizon`. */
#define LF_HORIZON_MAP(X) \
    X(1MIN, 0, "1min") \
    X(5MIN, 1, "5min")

typedef enum lf_horizon {
#define LF_HORIZON_ENUM(name, code, text) LF_HORIZON_##name = code,
    LF_HORIZON_MAP(LF_HORIZON_ENUM)
#undef LF_HORIZON_ENUM
} lf_horizon;

/** Keys of [signal]; lf_signal_options_default() gives the values named here. */
typedef struct lf_signal_options {
    lf_horizon horizon;        /* horizon = "1min": p_up_1min decides; "5min": p_up_5min */
    double p_long;             /* p_long = 0.55: the model is for up when p > this */
    double p_short;            /* p_short = 0.45: the model is for down when p < this */
    double threshold_quantile; /* threshold_quantile = 0.8 of |ofi_norm_1min| in training */
    double extreme_quantile;   /* extreme_quantile = 0.98 of |ofi_norm_1min| in training */
    double ofi_threshold;      /* ofi_threshold = nan: the model's, from threshold_quantile */
    double ofi_extreme;        /* ofi_extreme = nan: the model's, from extreme_quantile */
    double cost_factor;        /* cost_factor = 0: no gate; 1: the move must pay the round trip */
    bool continuation;         /* continuation = true: trade with the flow */
    bool reversion;            /* reversion = true: trade against an extreme flow */
} lf_signal_options;

/** What a row offers to the rules. */
typedef struct lf_signal_input {
    lf_prediction prediction;
    double ofi_norm_1min;       /* NaN: no signal */
    double ofi_threshold;       /* of the model: lf_model_meta.ofi_threshold */
    double ofi_extreme;         /* of the model: lf_model_meta.ofi_extreme */
    double round_trip_cost_bps; /* in and out again: spread and fees; NaN blocks a gated signal */
} lf_signal_input;

/** What the rules say. */
typedef struct lf_signal {
    int32_t side; /* +1 buy, -1 sell, 0 stay away */
    lf_rule rule; /* LF_RULE_NONE when side is 0 */
    double p_up;  /* the probability that decided; NaN without one */
    /** side * predicted 1-min return (bps); with side 0 its absolute value. The model has no 5-min
        magnitude, so the 1-min one serves both horizons. */
    double expected_bps;
} lf_signal;

/** Defaults of DESIGN section 5, as named at each member. */
LF_API void lf_signal_options_default(lf_signal_options *options);

/**
 * Check that options can be used.
 *
 * @return LF_OK, or LF_RANGE naming the key: 0 <= p_short <= p_long <= 1, quantiles in (0, 1) with
 *         threshold <= extreme, cost_factor >= 0, thresholds NaN or >= 0 with threshold <= extreme
 */
LF_API LF_MUST_CHECK lf_status
lf_signal_options_check(const lf_signal_options *options, lf_error *error);

/**
 * Apply the rules to one row.
 *
 * Continuation: the model is for up and ofi_norm_1min > threshold (buy), or for down and
 * ofi_norm_1min < -threshold (sell). Reversion: |ofi_norm_1min| > extreme and the model is against
 * it: trade with the model. The two exclude each other. With cost_factor > 0 the predicted move in
 * the trade's direction must exceed cost_factor times the round-trip cost. An undefined (NaN) input
 * gives side 0. All comparisons are strict.
 *
 * @param options  checked ones
 *
 * Causal: pure function of its arguments. Cost: some ns; allocates nothing, cannot fail.
 */
LF_API void
lf_signal_decide(const lf_signal_options *options, const lf_signal_input *input, lf_signal *out);

/**
 * Whether some prediction would give a side, so that it is worth asking a model: the flow is beyond
 * the bound of a rule that is switched on. The prediction of the input is not looked at.
 *
 * @param options  checked ones
 * @return false: lf_signal_decide() says side 0 whatever the prediction
 */
LF_API bool lf_signal_is_open(const lf_signal_options *options, const lf_signal_input *input);

/** Text of a rule as it stands in the frames. @return static text, never NULL */
LF_API const char *lf_rule_name(lf_rule rule);

/** Text of a horizon as it stands in a configuration. @return static text, never NULL */
LF_API const char *lf_horizon_name(lf_horizon horizon);

/** Read a horizon's text. @return LF_OK, or LF_NOT_FOUND naming the choices */
LF_API LF_MUST_CHECK lf_status lf_horizon_parse(const char *text, lf_horizon *out, lf_error *error);

#ifdef __cplusplus
}
#endif

#endif
