/* Dated fee schedules and the fees of a fill, in integers. */
#include "execution_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

__extension__ typedef __int128 wide;

#define NANO INT64_C(1000000000)

/* "newest" means in force on the day the table was last held against its sources, so that a run
   does not depend on the clock of the machine. */
static const lf_date reviewed = {2026, 9, 22};

static lf_status
rate_to_int(const char *key, double value, double scale, int64_t *out, lf_error *error)
{
    /* 1e15 leaves room for every product below. */
    const double scaled = value * scale;
    if (!(fabs(scaled) < 1e15)) {
        return lf_error_set(
            error, LF_RANGE, "execution.%s is %g; it must be a number of sensible size.", key, value
        );
    }
    *out = (int64_t)llround(scaled);
    return LF_OK;
}

static lf_date charged_date(const lf_fee_options *options, const lf_instrument *instrument)
{
    switch (options->as_of) {
    case LF_FEES_AS_OF_TRADE_DATE:
        return instrument->date;
    case LF_FEES_AS_OF_DATE:
        return options->as_of_date;
    case LF_FEES_AS_OF_NEWEST:
        break;
    }
    return reviewed;
}

static lf_status resolve_units(const lf_instrument *instrument, lf_fees *out, lf_error *error)
{
    /* What a contract earns is its fixed amount times the change of 1 / price: no number of ticks.
     */
    if (instrument->is_inverse) {
        return lf_error_set(
            error,
            LF_UNSUPPORTED,
            "%s of %s is an inverse contract, whose profit is in the coin; the ledger has no such "
            "money. Backtest a contract that is settled in the currency of its price.",
            instrument->symbol,
            instrument->venue
        );
    }
    const wide unit = (wide)instrument->tick_nano * instrument->lot_nano;
    if (instrument->tick_nano <= 0 || instrument->lot_nano <= 0 || unit % NANO != 0 ||
        unit / NANO > INT64_MAX / 2) {
        return lf_error_set(
            error,
            LF_RANGE,
            "One tick (%lld e-9) of one lot (%lld e-9) of %s is not a whole number of 1e-9 %s; the "
            "ledger counts in these, so choose a larger lot.",
            (long long)instrument->tick_nano,
            (long long)instrument->lot_nano,
            instrument->symbol,
            instrument->currency
        );
    }
    out->money_unit_nano = (int64_t)(unit / NANO);
    out->tick_nano = instrument->tick_nano;
    out->lot_nano = instrument->lot_nano;
    return LF_OK;
}

/* What regulators take of a sale, and the exchange of a share. */
static lf_status
take_us_rates(const lf_fee_options *options, lf_date date, lf_fees *out, lf_error *error)
{
    static const char *const items[] = {"section31", "taf", "taf_cap"};
    int64_t *const places[] = {
        &out->section31_nano_per_million, &out->taf_nano, &out->taf_cap_nano};
    const lfi_fee_rate *rate = NULL;
    lf_status status = LF_OK;
    for (size_t i = 0; i < sizeof items / sizeof items[0] && status == LF_OK; i++) {
        status = lfi_fee_rate_on("us_regulatory", items[i], date, &rate, error);
        *places[i] = status == LF_OK ? rate->taker_nano : 0;
    }
    if (status == LF_OK) {
        status = lfi_fee_rate_on("us_nasdaq", "low", date, &rate, error);
        out->taker_low_micro_bps = status == LF_OK ? rate->taker_nano / 1000 : 0;
        out->maker_low_micro_bps = status == LF_OK ? rate->maker_nano / 1000 : 0;
    }
    if (status == LF_OK) {
        status = lfi_fee_tier(LF_FEE_SCHEDULE_US_NASDAQ, options->tier, date, &rate, error);
        out->taker_nano = status == LF_OK ? rate->taker_nano : 0;
        out->maker_nano = status == LF_OK ? rate->maker_nano : 0;
    }
    return status;
}

static lf_status resolve_us(
    const lf_fee_options *options, const lf_instrument *instrument, lf_fees *out, lf_error *error
)
{
    if (strcmp(instrument->currency, "USD") != 0) {
        return lf_error_set(
            error,
            LF_MISMATCH,
            "execution.fees = \"us_nasdaq\" is for USD, but %s is in %s; write fees = \"bps\" with "
            "fee_taker_bps and fee_maker_bps.",
            instrument->symbol,
            instrument->currency
        );
    }
    const lf_date date = charged_date(options, instrument);
    char text[11];
    lf_date_format(date, text);
    char tier[32] = "";
    if (options->tier != 0) {
        (void)snprintf(tier, sizeof tier, " tier %lld", (long long)options->tier);
    }
    (void)snprintf(out->name, sizeof out->name, "us_nasdaq%s as of %s", tier, text);
    lf_status status = take_us_rates(options, date, out, error);
    if (status == LF_OK && !isnan(options->taker_per_share)) {
        status = rate_to_int(
            "fee_taker_per_share", options->taker_per_share, 1e9, &out->taker_nano, error
        );
    }
    if (status == LF_OK && !isnan(options->maker_per_share)) {
        status = rate_to_int(
            "fee_maker_per_share", options->maker_per_share, 1e9, &out->maker_nano, error
        );
    }
    return status;
}

static lf_status resolve_bps(const lf_fee_options *options, lf_fees *out, lf_error *error)
{
    lf_status status =
        rate_to_int("fee_taker_bps", options->taker_bps, 1e6, &out->taker_micro_bps, error);
    if (status == LF_OK) {
        status =
            rate_to_int("fee_maker_bps", options->maker_bps, 1e6, &out->maker_micro_bps, error);
    }
    (void)snprintf(
        out->name,
        sizeof out->name,
        "bps: taker %g, maker %g",
        options->taker_bps,
        options->maker_bps
    );
    return status;
}

static lf_status resolve_tier(
    const lf_fee_options *options, const lf_instrument *instrument, lf_fees *out, lf_error *error
)
{
    const lf_date date = charged_date(options, instrument);
    char text[11];
    lf_date_format(date, text);
    (void)snprintf(
        out->name,
        sizeof out->name,
        "%s tier %lld as of %s",
        lf_fee_schedule_name(options->schedule),
        (long long)options->tier,
        text
    );
    const lfi_fee_rate *rate = NULL;
    const lf_status status = lfi_fee_tier(options->schedule, options->tier, date, &rate, error);
    if (status == LF_OK) {
        /* Bps in 1e-9 of one, as 1e-6. */
        out->taker_micro_bps = rate->taker_nano / 1000;
        out->maker_micro_bps = rate->maker_nano / 1000;
    }
    return status;
}

static lf_status resolve_cme(
    const lf_fee_options *options, const lf_instrument *instrument, lf_fees *out, lf_error *error
)
{
    const lf_date date = charged_date(options, instrument);
    const bool is_given = !isnan(options->fee_per_contract);
    char text[11];
    lf_date_format(date, text);
    (void)snprintf(out->name, sizeof out->name, "cme as of %s", text);
    lf_status status = lfi_fee_assessment(date, out, error);
    if (status == LF_OK && !is_given) {
        status = lfi_fee_contract(instrument, date, out, error);
    }
    if (status == LF_OK && is_given) {
        status = rate_to_int(
            "fee_per_contract", options->fee_per_contract, 1e9, &out->exchange_lot_nano, error
        );
    }
    return status != LF_OK ? status
                           : rate_to_int(
                                 "commission_per_contract",
                                 options->commission_per_contract,
                                 1e9,
                                 &out->commission_lot_nano,
                                 error
                             );
}

lf_status lf_fees_resolve(
    const lf_fee_options *options, const lf_instrument *instrument, lf_fees *out, lf_error *error
)
{
    lf_fees fees = {.name = "none"};
    lf_status status = resolve_units(instrument, &fees, error);
    const bool by_share = options->schedule == LF_FEE_SCHEDULE_US_NASDAQ ||
                          options->schedule == LF_FEE_SCHEDULE_COMMISSION;
    if (status == LF_OK && by_share) {
        (void)snprintf(
            fees.name, sizeof fees.name, "commission %g a share", options->commission_per_share
        );
        status = rate_to_int(
            "commission_per_share", options->commission_per_share, 1e9, &fees.commission_nano, error
        );
    }
    if (status == LF_OK && options->schedule == LF_FEE_SCHEDULE_US_NASDAQ) {
        status = resolve_us(options, instrument, &fees, error);
    }
    if (status == LF_OK && options->schedule == LF_FEE_SCHEDULE_BPS) {
        status = resolve_bps(options, &fees, error);
    }
    if (status == LF_OK && options->schedule == LF_FEE_SCHEDULE_CME) {
        status = resolve_cme(options, instrument, &fees, error);
    }
    if (status == LF_OK && options->schedule >= LF_FEE_SCHEDULE_BINANCE_USDM &&
        options->schedule <= LF_FEE_SCHEDULE_COINBASE) {
        status = resolve_tier(options, instrument, &fees, error);
    }
    if (status == LF_OK && (size_t)options->schedule > LF_FEE_SCHEDULE_COINBASE) {
        status = lf_error_set(error, LF_RANGE, "execution.fees is not a schedule.");
    }
    if (status == LF_OK) {
        *out = fees;
    }
    return status;
}

/* Half away from zero; divisor > 0. */
static wide divide_round(wide value, wide divisor)
{
    const wide half = divisor / 2;
    return value >= 0 ? (value + half) / divisor : -((-value + half) / divisor);
}

static bool fits(wide value)
{
    return value >= INT64_MIN && value <= INT64_MAX;
}

static wide
exchange_fee(const lf_fees *fees, bool taker, int64_t price_ticks, wide share_nano, wide value_nano)
{
    const wide micro_bps = taker ? fees->taker_micro_bps : fees->maker_micro_bps;
    const wide low_micro_bps = taker ? fees->taker_low_micro_bps : fees->maker_low_micro_bps;
    const wide per_share = taker ? fees->taker_nano : fees->maker_nano;
    /* 1 bps = 1e-4 and rates are in 1e-6 bps. */
    const wide bps_divisor = (wide)10000 * 1000000;
    wide fee = divide_round(value_nano * micro_bps, bps_divisor);
    if ((wide)price_ticks * fees->tick_nano < NANO) {
        fee += divide_round(value_nano * low_micro_bps, bps_divisor);
    } else {
        fee += divide_round(share_nano * per_share, NANO);
    }
    return fee;
}

lf_status lf_fees_charge(
    const lf_fees *fees,
    int32_t side,
    lf_liquidity liquidity,
    int64_t price_ticks,
    int64_t lots,
    lf_fee_parts *out
)
{
    const wide share_nano = (wide)lots * fees->lot_nano;
    const wide signed_nano = (wide)price_ticks * fees->money_unit_nano * lots;
    /* Below zero the other side pays, but a venue takes its part of what changes hands. */
    const wide value_nano = signed_nano < 0 ? -signed_nano : signed_nano;
    /* Below 2^63 the products with rates below 1e15 fit in 128 bits. */
    if (share_nano > INT64_MAX || value_nano > INT64_MAX) {
        return LF_RANGE;
    }
    const wide commission = divide_round(share_nano * fees->commission_nano, NANO) +
                            (wide)lots * fees->commission_lot_nano;
    const wide exchange =
        exchange_fee(fees, liquidity == LF_LIQUIDITY_TAKER, price_ticks, share_nano, value_nano) +
        (wide)lots * fees->exchange_lot_nano;
    wide regulatory_fee = (wide)lots * fees->regulatory_lot_nano;
    if (side < 0) {
        const wide taf = divide_round(share_nano * fees->taf_nano, NANO);
        regulatory_fee +=
            fees->taf_cap_nano > 0 && taf > fees->taf_cap_nano ? fees->taf_cap_nano : taf;
        regulatory_fee +=
            divide_round(value_nano * fees->section31_nano_per_million, (wide)NANO * 1000000);
    }
    if (!fits(commission) || !fits(exchange) || !fits(regulatory_fee)) {
        return LF_RANGE;
    }
    *out = (lf_fee_parts){(int64_t)commission, (int64_t)exchange, (int64_t)regulatory_fee};
    return LF_OK;
}

double lf_fees_round_trip_bps(
    const lf_fees *fees, lf_order_kind kind, const lf_quotes *quotes, int64_t lots
)
{
    if (!lf_book_valid(quotes)) {
        return NAN;
    }
    const bool passive = kind == LF_ORDER_KIND_PASSIVE;
    const lf_liquidity liquidity = passive ? LF_LIQUIDITY_MAKER : LF_LIQUIDITY_TAKER;
    /* A taker buys at the ask and sells at the bid; a maker is charged for the other two. */
    const int64_t buy_ticks = passive ? quotes->bid_ticks[0] : quotes->ask_ticks[0];
    const int64_t sell_ticks = passive ? quotes->ask_ticks[0] : quotes->bid_ticks[0];
    lf_fee_parts in, back;
    if (lf_fees_charge(fees, 1, liquidity, buy_ticks, lots, &in) != LF_OK ||
        lf_fees_charge(fees, -1, liquidity, sell_ticks, lots, &back) != LF_OK) {
        return NAN;
    }
    const double mid_ticks = fabs(0.5 * (double)lf_book_mid2(quotes));
    const double value = mid_ticks * (double)fees->money_unit_nano * (double)lots;
    const double fee = (double)in.commission_nano + (double)in.exchange_nano +
                       (double)in.regulatory_nano + (double)back.commission_nano +
                       (double)back.exchange_nano + (double)back.regulatory_nano;
    const double spread_bps = passive ? 0.0 : 1e4 * (double)lf_book_spread(quotes) / mid_ticks;
    return spread_bps + 1e4 * fee / value;
}
