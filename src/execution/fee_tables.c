/* What venues charge, by tier and date, with where it was read. Rates change: these are dated. */
#include "execution_internal.h"

#include <string.h>

/*
 * Shares of the value in 1e-6 bps. A table begins on the day for which its rates were seen, and
 * says nothing of the days before.
 */
typedef struct tier_row {
    int64_t taker_micro_bps, maker_micro_bps;
} tier_row;

#define BPS(taker, maker) \
    { \
        (int64_t)((taker)*1000000), (int64_t)((maker)*1000000) \
    }

/*
 * Binance USD-M futures, USDT pairs, VIP 0 to 9, without the discount for paying in BNB (10 %).
 * Source: VIP 0 to 6 in the venue's "Fee Structure & Fee Calculations of USDS-M Futures" (support
 * faq 360033544231) and two independent tables; VIP 7 to 9 in one of these. Read 2026-09.
 */
static const tier_row binance_usdm[] = {
    BPS(5.0, 2.0),
    BPS(4.0, 1.6),
    BPS(3.5, 1.4),
    BPS(3.2, 1.2),
    BPS(3.0, 1.0),
    BPS(2.7, 0.8),
    BPS(2.5, 0.6),
    BPS(2.2, 0.4),
    BPS(2.0, 0.2),
    BPS(1.7, 0.0),
};

/*
 * Binance spot, VIP 0 to 2, without the discount for paying in BNB (25 %). The tables that could be
 * read disagree on higher tiers, which are therefore not here. Read 2026-09.
 */
static const tier_row binance_spot[] = {
    BPS(10.0, 10.0),
    BPS(10.0, 9.0),
    BPS(10.0, 8.0),
};

/*
 * Coinbase Exchange by volume of 30 days in USD: below 10 thousand, 50 thousand, 100 thousand, 1
 * million, 15 million, 75 million, 250 million, 400 million, and above; stable pairs apart.
 * Source: help.coinbase.com/en/exchange/trading-and-funding/exchange-fees, as shown from 2023-08
 * on.
 */
static const tier_row coinbase[] = {
    BPS(60.0, 40.0),
    BPS(40.0, 25.0),
    BPS(25.0, 15.0),
    BPS(20.0, 10.0),
    BPS(18.0, 8.0),
    BPS(16.0, 6.0),
    BPS(12.0, 3.0),
    BPS(8.0, 0.0),
    BPS(5.0, 0.0),
};

static const struct {
    lf_fee_schedule schedule;
    lf_date from;
    const tier_row *rows;
    int64_t count;
} tables[] = {
    {LF_FEE_SCHEDULE_BINANCE_USDM,
     {2025, 1, 1},
     binance_usdm,
     sizeof binance_usdm / sizeof binance_usdm[0]},
    {LF_FEE_SCHEDULE_BINANCE_SPOT,
     {2025, 1, 1},
     binance_spot,
     sizeof binance_spot / sizeof binance_spot[0]},
    {LF_FEE_SCHEDULE_COINBASE, {2023, 8, 14}, coinbase, sizeof coinbase / sizeof coinbase[0]},
};

/*
 * CME Globex, one contract and side, no member: exchange and clearing. ES as brokers quote it, MES
 * as in CME's fee finder (community.optimusfutures.com/t/11570). Other products differ: they are
 * given with fee_per_contract. Read 2026-09.
 */
static const struct {
    const char *root;
    int64_t nano;
} contracts[] = {
    {"ES", 1380000000},
    {"MES", 350000000},
};

static const lf_date contracts_from = {2025, 1, 1};

/* NFA assessment of one contract and side. Source: NFA Bylaw 1301(b). */
enum {
    NFA_NANO = 20000000
};

static lf_status check_begin(const char *name, lf_date from, lf_date date, lf_error *error)
{
    char begin[11], text[11];
    if (lf_date_to_days(date) >= lf_date_to_days(from)) {
        return LF_OK;
    }
    lf_date_format(from, begin);
    lf_date_format(date, text);
    return lf_error_set(
        error,
        LF_RANGE,
        "The fee schedule \"%s\" begins on %s and %s lies before; write execution.fees_as_of = "
        "\"newest\" or a later date.",
        name,
        begin,
        text
    );
}

lf_status
lfi_fee_tier(lf_fee_schedule schedule, int64_t tier, lf_date date, lf_fees *out, lf_error *error)
{
    const char *const name = lf_fee_schedule_name(schedule);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        if (tables[i].schedule != schedule) {
            continue;
        }
        if (tier < 0 || tier >= tables[i].count) {
            return lf_error_set(
                error,
                LF_RANGE,
                "execution.fee_tier is %lld; \"%s\" has 0 to %lld. For other rates write fees = "
                "\"bps\" with fee_taker_bps and fee_maker_bps.",
                (long long)tier,
                name,
                (long long)tables[i].count - 1
            );
        }
        out->taker_micro_bps = tables[i].rows[tier].taker_micro_bps;
        out->maker_micro_bps = tables[i].rows[tier].maker_micro_bps;
        return check_begin(name, tables[i].from, date, error);
    }
    return lf_error_set(error, LF_RANGE, "execution.fees = \"%s\" has no tiers.", name);
}

/* Whether a symbol is of a root: "ESH4", "ES.c.0", and not "ESX" or a spread "ESH4-ESM4". */
static bool is_of_root(const char *symbol, const char *root)
{
    const size_t length = strlen(root);
    if (strncmp(symbol, root, length) != 0 || strchr(symbol, '-') != NULL) {
        return false;
    }
    const char *const rest = symbol + length;
    return rest[0] == '.' || (rest[0] != '\0' && strchr("FGHJKMNQUVXZ", rest[0]) != NULL &&
                              rest[1] >= '0' && rest[1] <= '9');
}

lf_status
lfi_fee_contract(const lf_instrument *instrument, lf_date date, lf_fees *out, lf_error *error)
{
    out->regulatory_lot_nano = NFA_NANO;
    for (size_t i = 0; i < sizeof contracts / sizeof contracts[0]; i++) {
        if (is_of_root(instrument->symbol, contracts[i].root)) {
            out->exchange_lot_nano = contracts[i].nano;
            return check_begin("cme", contracts_from, date, error);
        }
    }
    return lf_error_set(
        error,
        LF_RANGE,
        "execution.fees = \"cme\" knows ES and MES, not %s; give what the exchange takes for one "
        "contract and side with execution.fee_per_contract.",
        instrument->symbol
    );
}
