/* Keys of [execution]: defaults and checks. */
#include "execution_internal.h"

#include <math.h>
#include <string.h>

void lf_execution_options_default(lf_execution_options *options)
{
    *options = (lf_execution_options){
        .entry = LF_ORDER_KIND_MARKETABLE,
        .post_only = true,
        .passive_limit_ns = 5 * LF_NS_PER_SECOND, /* a twelfth of the 1-min horizon */
        .passive_timeout = LF_TIMEOUT_CANCEL,
        .limit_ticks = -1,
        .orders_max = 64,
        /* An exit must not be stopped by an entry that still rests. */
        .self_trade = LF_SELF_TRADE_CANCEL_RESTING,
        .queue = {.model = LF_QUEUE_RISK_AVERSE, .n = 3.0, .partial = true},
        /* The brief's budget: features < 1 ms, prediction < 1 ms, an order < 10 ms; the way of the
           data and of the reports is taken to be as long as that of an order. */
        .latency =
            {
                .feed_ns = 10 * LF_NS_PER_MILLISECOND,
                .decision_ns = 2 * LF_NS_PER_MILLISECOND,
                .entry_ns = 10 * LF_NS_PER_MILLISECOND,
                .cancel_ns = 10 * LF_NS_PER_MILLISECOND,
                .response_ns = 10 * LF_NS_PER_MILLISECOND,
                .model = LF_LATENCY_CONSTANT,
                .sigma = 0.5, /* 99 of 100 within a factor of 3.6 of the median */
                .seed = 1,
            },
        .fees =
            {
                .schedule = LF_FEE_SCHEDULE_US_NASDAQ,
                .as_of = LF_FEES_AS_OF_NEWEST,
                .commission_per_share = 0.001, /* the brief's */
                .taker_per_share = NAN,
                .maker_per_share = NAN,
                .fee_per_contract = NAN,
                /* Binance USDT perpetuals, lowest tier. */
                .taker_bps = 5.0,
                .maker_bps = 2.0,
            },
        .impact =
            {
                .model = LF_IMPACT_NONE,
                .factor = 1.0, /* "of order one" in the literature */
                .daily_volatility_bps = NAN,
                .daily_volume_lots = NAN,
                .outstanding_lots = NAN,
                .duration_ns = LF_NS_PER_MINUTE,
            },
    };
}

static lf_status check_latency(const lf_latency_options *latency, lf_error *error)
{
    /* Ten minutes: a larger number is a wrong unit, and sums of times must not overflow. */
    const int64_t most_ns = 10 * LF_NS_PER_MINUTE;
    const struct {
        const char *key;
        int64_t value_ns;
    } rows[] = {
        {"latency_feed", latency->feed_ns},
        {"latency_decision", latency->decision_ns},
        {"latency_entry", latency->entry_ns},
        {"latency_cancel", latency->cancel_ns},
        {"latency_response", latency->response_ns},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].value_ns < 0 || rows[i].value_ns > most_ns) {
            return lf_error_set(
                error,
                LF_RANGE,
                "execution.%s is %lld ns; it must lie between 0 and 10min.",
                rows[i].key,
                (long long)rows[i].value_ns
            );
        }
    }
    if ((size_t)latency->model >= LF_LATENCY_MODEL_COUNT || !(latency->sigma >= 0.0) ||
        latency->sigma > 5.0 || !(latency->burst >= 0.0) || latency->burst > 1000.0 ||
        !(latency->lost_share >= 0.0) || latency->lost_share > 1.0) {
        return lf_error_set(
            error,
            LF_RANGE,
            "execution.latency_sigma (0 to 5, is %g), latency_burst (0 to 1000, is %g), "
            "latency_lost (0 to 1, is %g) or latency_model is out of bounds.",
            latency->sigma,
            latency->burst,
            latency->lost_share
        );
    }
    if (latency->model == LF_LATENCY_RECORDED && latency->rows[0] == '\0') {
        return lf_error_set(
            error, LF_RANGE, "execution.latency_model = \"recorded\" needs execution.latency_rows."
        );
    }
    return LF_OK;
}

static lf_status check_impact(const lf_impact_options *impact, lf_error *error)
{
    if ((size_t)impact->model > LF_IMPACT_ALMGREN) {
        return lf_error_set(error, LF_RANGE, "execution.impact is not a model of impact.");
    }
    if (impact->model != LF_IMPACT_NONE &&
        !(impact->factor >= 0.0 && impact->factor <= 100.0 && impact->daily_volatility_bps >= 0.0 &&
          impact->daily_volatility_bps <= 1e4 && impact->daily_volume_lots > 0.0 &&
          isfinite(impact->daily_volume_lots))) {
        return lf_error_set(
            error,
            LF_RANGE,
            "execution.impact = \"%s\" needs impact_factor (0 to 100, is %g), "
            "impact_daily_volatility_bps (0 to 10000, is %g) and impact_daily_volume (lots > 0, "
            "is %g).",
            lf_impact_name(impact->model),
            impact->factor,
            impact->daily_volatility_bps,
            impact->daily_volume_lots
        );
    }
    if (impact->model == LF_IMPACT_ALMGREN &&
        !(impact->outstanding_lots > 0.0 && isfinite(impact->outstanding_lots) &&
          impact->duration_ns > 0 && impact->duration_ns <= LF_NS_PER_DAY)) {
        return lf_error_set(
            error,
            LF_RANGE,
            "execution.impact = \"almgren\" needs impact_outstanding (lots > 0, is %g) and "
            "impact_duration (above 0 and at most 1d, is %lld ns).",
            impact->outstanding_lots,
            (long long)impact->duration_ns
        );
    }
    return LF_OK;
}

static lf_status check_orders(const lf_execution_options *options, lf_error *error)
{
    if ((size_t)options->entry > LF_ORDER_KIND_PASSIVE ||
        (size_t)options->passive_timeout > LF_TIMEOUT_CROSS) {
        return lf_error_set(
            error, LF_RANGE, "execution.entry or execution.passive_timeout is not one of its words."
        );
    }
    if (options->passive_limit_ns <= 0 || options->passive_limit_ns > LF_NS_PER_DAY) {
        return lf_error_set(
            error,
            LF_RANGE,
            "execution.passive_limit is %lld ns; it must be above 0 and at most 1d.",
            (long long)options->passive_limit_ns
        );
    }
    if (options->limit_ticks < -1 || options->limit_ticks > 1000000) {
        return lf_error_set(
            error,
            LF_RANGE,
            "execution.limit_ticks is %lld; it must be -1 (no limit) or 0 to 1000000.",
            (long long)options->limit_ticks
        );
    }
    if (options->orders_max < 1 || options->orders_max > 100000) {
        return lf_error_set(
            error,
            LF_RANGE,
            "execution.orders_max is %lld; it must lie between 1 and 100000.",
            (long long)options->orders_max
        );
    }
    return LF_OK;
}

static lf_status check_queue(const lf_execution_options *options, lf_error *error)
{
    if ((size_t)options->queue.model >= LF_QUEUE_COUNT ||
        (size_t)options->self_trade > LF_SELF_TRADE_CANCEL_INCOMING) {
        return lf_error_set(
            error, LF_RANGE, "execution.queue or execution.self_trade is not one of its words."
        );
    }
    if (!(options->queue.n > 0.0 && options->queue.n <= 100.0)) {
        return lf_error_set(
            error,
            LF_RANGE,
            "execution.queue_power is %g; it must be above 0 and at most 100.",
            options->queue.n
        );
    }
    return LF_OK;
}

lf_status lf_execution_options_check(const lf_execution_options *options, lf_error *error)
{
    lf_status status = check_latency(&options->latency, error);
    if (status == LF_OK) {
        status = check_impact(&options->impact, error);
    }
    if (status == LF_OK) {
        status = check_orders(options, error);
    }
    if (status == LF_OK) {
        status = check_queue(options, error);
    }
    return status == LF_OK ? lfi_fee_tier_check(options->fees.schedule, options->fees.tier, error)
                           : status;
}

lf_status lf_fees_as_of_parse(const char *text, lf_fee_options *out, lf_error *error)
{
    if (strcmp(text, "newest") == 0) {
        out->as_of = LF_FEES_AS_OF_NEWEST;
        return LF_OK;
    }
    if (strcmp(text, "trade_date") == 0) {
        out->as_of = LF_FEES_AS_OF_TRADE_DATE;
        return LF_OK;
    }
    lf_date date;
    if (lf_date_parse(text, &date) != LF_OK) {
        return lf_error_set(
            error,
            LF_RANGE,
            "execution.fees_as_of is \"%s\"; write \"newest\", \"trade_date\" or YYYY-MM-DD.",
            text
        );
    }
    out->as_of = LF_FEES_AS_OF_DATE;
    out->as_of_date = date;
    return LF_OK;
}

void lf_fees_as_of_format(const lf_fee_options *options, char out[16])
{
    if (options->as_of == LF_FEES_AS_OF_DATE) {
        lf_date_format(options->as_of_date, out);
        return;
    }
    const char *const word = options->as_of == LF_FEES_AS_OF_TRADE_DATE ? "trade_date" : "newest";
    memcpy(out, word, strlen(word) + 1);
}
