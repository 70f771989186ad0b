/* Keys of [risk], the words of the module, and a strategy's defaults. */
#include "pipeline_internal.h"

#include <math.h>
#include <string.h>

static const char *const reason_words[] = {
#define REASON_WORD(name, code, text) [code] = text,
    LF_REASON_MAP(REASON_WORD)
#undef REASON_WORD
};

static_assert(
    sizeof reason_words / sizeof reason_words[0] == LF_REASON_COUNT,
    "LF_REASON_COUNT follows its map"
);

const char *lf_reason_name(lf_reason reason)
{
    return (size_t)reason < LF_REASON_COUNT ? reason_words[reason] : "unknown";
}

void lf_risk_options_default(lf_risk_options *options)
{
    /* The brief's strategy: 100 shares, one minute, out five minutes before the end. */
    *options = (lf_risk_options){
        .order_size = 100,
        .max_position = 100,
        .hold_ns = LF_NS_PER_MINUTE,
        .stop_ticks = 3.0,
        .stop_spreads = 1.0,
        .flatten_ns = 5 * LF_NS_PER_MINUTE,
        .max_daily_loss = NAN,
        .retry_ns = LF_NS_PER_SECOND,
    };
}

void lf_strategy_options_default(lf_strategy_options *options)
{
    memset(options, 0, sizeof *options);
    lf_signal_options_default(&options->signal);
    lf_execution_options_default(&options->execution);
    lf_risk_options_default(&options->risk);
    const char *const name = lf_order_kind_name(options->execution.entry);
    memcpy(options->name, name, strlen(name) + 1);
}

/* Largest size of an order, lots: with prices of a million ticks its value still fits. */
#define SIZE_MAX_LOTS INT64_C(1000000000)

lf_status lf_risk_options_check(const lf_risk_options *options, lf_error *error)
{
    if (options->order_size < 1 || options->order_size > SIZE_MAX_LOTS ||
        options->max_position < 1 || options->max_position > SIZE_MAX_LOTS) {
        return lf_error_set(
            error,
            LF_RANGE,
            "risk.order_size is %lld and risk.max_position is %lld lots; both must lie between 1 "
            "and 1000000000.",
            (long long)options->order_size,
            (long long)options->max_position
        );
    }
    if (options->hold_ns <= 0 || options->hold_ns > LF_NS_PER_DAY || options->flatten_ns < 0 ||
        options->flatten_ns > LF_NS_PER_DAY || options->retry_ns <= 0 ||
        options->retry_ns > LF_NS_PER_DAY) {
        return lf_error_set(
            error,
            LF_RANGE,
            "risk.hold and risk.retry must be above 0 and risk.flatten at least 0, each at most "
            "1d; they are %lld, %lld and %lld ns.",
            (long long)options->hold_ns,
            (long long)options->retry_ns,
            (long long)options->flatten_ns
        );
    }
    if (options->max_orders_per_second < 0 || options->max_orders_per_second > LFI_RATE_MAX ||
        options->kill_rejects < 0 || options->kill_rejects > SIZE_MAX_LOTS) {
        return lf_error_set(
            error,
            LF_RANGE,
            "risk.max_orders_per_second is %lld and risk.kill_rejects is %lld; they must be 0 "
            "(none) "
            "or above, the first at most %d.",
            (long long)options->max_orders_per_second,
            (long long)options->kill_rejects,
            LFI_RATE_MAX
        );
    }
    if (!(options->stop_ticks >= 0.0 && options->stop_ticks <= 1e9 &&
          options->stop_spreads >= 0.0 && options->stop_spreads <= 1e6)) {
        return lf_error_set(
            error,
            LF_RANGE,
            "risk.stop_ticks is %g and risk.stop_spreads is %g; both must be >= 0.",
            options->stop_ticks,
            options->stop_spreads
        );
    }
    if (!isnan(options->max_daily_loss) &&
        !(options->max_daily_loss > 0.0 && options->max_daily_loss <= 1e9)) {
        return lf_error_set(
            error,
            LF_RANGE,
            "risk.max_daily_loss is %g; it must be nan (none) or above 0 and at most 1e9.",
            options->max_daily_loss
        );
    }
    return LF_OK;
}
