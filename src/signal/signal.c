/* From a row's prediction and order flow to a side: two rules and a cost gate. */
#include <lobflow/signal.h>

#include <math.h>
#include <string.h>

static const char *const rule_names[] = {
#define RULE_NAME(name, code, text) [code] = text,
    LF_RULE_MAP(RULE_NAME)
#undef RULE_NAME
};

static const char *const horizon_names[] = {
#define HORIZON_NAME(name, code, text) [code] = text,
    LF_HORIZON_MAP(HORIZON_NAME)
#undef HORIZON_NAME
};

#define HORIZON_COUNT (sizeof horizon_names / sizeof horizon_names[0])

const char *lf_rule_name(lf_rule rule)
{
    const size_t index = (size_t)rule;
    return index < sizeof rule_names / sizeof rule_names[0] ? rule_names[index] : "unknown";
}

const char *lf_horizon_name(lf_horizon horizon)
{
    const size_t index = (size_t)horizon;
    return index < HORIZON_COUNT ? horizon_names[index] : "unknown";
}

lf_status lf_horizon_parse(const char *text, lf_horizon *out, lf_error *error)
{
    for (size_t i = 0; i < HORIZON_COUNT; i++) {
        if (strcmp(text, horizon_names[i]) == 0) {
            *out = (lf_horizon)i;
            return LF_OK;
        }
    }
    return lf_error_set(
        error, LF_NOT_FOUND, "signal.horizon is \"%s\"; write \"1min\" or \"5min\".", text
    );
}

void lf_signal_options_default(lf_signal_options *options)
{
    /* The numbers of the brief: 5 points beyond a coin, the fifth strongest flows, and for
       reversion the strongest fiftieth. */
    *options = (lf_signal_options){
        .horizon = LF_HORIZON_1MIN,
        .p_long = 0.55,
        .p_short = 0.45,
        .threshold_quantile = 0.8,
        .extreme_quantile = 0.98,
        .ofi_threshold = NAN,
        .ofi_extreme = NAN,
        .cost_factor = 0.0,
        .continuation = true,
        .reversion = true,
    };
}

static bool is_open_share(double value)
{
    return value > 0.0 && value < 1.0;
}

/* NaN means: from the model. */
static bool is_threshold(double value)
{
    return isnan(value) || (value >= 0.0 && isfinite(value));
}

lf_status lf_signal_options_check(const lf_signal_options *options, lf_error *error)
{
    if ((size_t)options->horizon >= HORIZON_COUNT) {
        return lf_error_set(error, LF_RANGE, "signal.horizon is neither 1min nor 5min.");
    }
    if (!(options->p_short >= 0.0 && options->p_short <= options->p_long && options->p_long <= 1.0
        )) {
        return lf_error_set(
            error,
            LF_RANGE,
            "signal.p_short is %g and signal.p_long is %g; 0 <= p_short <= p_long <= 1 is needed.",
            options->p_short,
            options->p_long
        );
    }
    if (!is_open_share(options->threshold_quantile) || !is_open_share(options->extreme_quantile) ||
        options->threshold_quantile > options->extreme_quantile) {
        return lf_error_set(
            error,
            LF_RANGE,
            "signal.threshold_quantile is %g and signal.extreme_quantile is %g; both lie between "
            "0 and 1 and the first is not the larger.",
            options->threshold_quantile,
            options->extreme_quantile
        );
    }
    if (!is_threshold(options->ofi_threshold) || !is_threshold(options->ofi_extreme) ||
        options->ofi_threshold > options->ofi_extreme) {
        return lf_error_set(
            error,
            LF_RANGE,
            "signal.ofi_threshold is %g and signal.ofi_extreme is %g; each is nan (the model's) or "
            ">= 0, and the first is not the larger.",
            options->ofi_threshold,
            options->ofi_extreme
        );
    }
    if (!(options->cost_factor >= 0.0 && isfinite(options->cost_factor))) {
        return lf_error_set(
            error, LF_RANGE, "signal.cost_factor is %g; it must be >= 0.", options->cost_factor
        );
    }
    return LF_OK;
}

/* +1 when the model is for up, -1 for down, 0 undecided or undefined. */
static int32_t model_side(const lf_signal_options *options, double p_up)
{
    return p_up > options->p_long ? 1 : p_up < options->p_short ? -1 : 0;
}

/* The options' bounds, or the model's where they leave them open. */
static double threshold_of(const lf_signal_options *options, const lf_signal_input *input)
{
    return isnan(options->ofi_threshold) ? input->ofi_threshold : options->ofi_threshold;
}

static double extreme_of(const lf_signal_options *options, const lf_signal_input *input)
{
    return isnan(options->ofi_extreme) ? input->ofi_extreme : options->ofi_extreme;
}

static lf_rule
matching_rule(const lf_signal_options *options, const lf_signal_input *input, int32_t side)
{
    const double flow = (double)side * input->ofi_norm_1min;
    if (options->continuation && flow > threshold_of(options, input)) {
        return LF_RULE_CONTINUATION;
    }
    if (options->reversion && flow < -extreme_of(options, input)) {
        return LF_RULE_REVERSION;
    }
    return LF_RULE_NONE;
}

bool lf_signal_is_open(const lf_signal_options *options, const lf_signal_input *input)
{
    return matching_rule(options, input, 1) != LF_RULE_NONE ||
           matching_rule(options, input, -1) != LF_RULE_NONE;
}

void lf_signal_decide(
    const lf_signal_options *options, const lf_signal_input *input, lf_signal *out
)
{
    const lf_prediction *prediction = &input->prediction;
    const double p_up =
        options->horizon == LF_HORIZON_5MIN ? prediction->p_up_5min : prediction->p_up_1min;
    *out = (lf_signal){
        .rule = LF_RULE_NONE,
        .p_up = p_up,
        .expected_bps = fabs(prediction->ret_1min_bps),
    };
    const int32_t side = model_side(options, p_up);
    const lf_rule rule = side == 0 ? LF_RULE_NONE : matching_rule(options, input, side);
    if (rule == LF_RULE_NONE) {
        return;
    }
    const double expected_bps = (double)side * prediction->ret_1min_bps;
    /* Without a factor the plain rule shows, whatever the magnitude head says. */
    if (options->cost_factor > 0.0 &&
        !(expected_bps > options->cost_factor * input->round_trip_cost_bps)) {
        return;
    }
    out->side = side;
    out->rule = rule;
    out->expected_bps = expected_bps;
}
