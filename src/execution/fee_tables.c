/* Rates by schedule, item and date, looked up in the table that tools/make_fees.py makes. */
#include "execution_internal.h"

#include <stdio.h>
#include <string.h>

static bool is_of(const lfi_fee_rate *row, const char *schedule, const char *item)
{
    return strcmp(row->schedule, schedule) == 0 && strcmp(row->item, item) == 0;
}

static lf_status begins_later(const char *schedule, lf_date from, lf_date date, lf_error *error)
{
    char begin[11], text[11];
    lf_date_format(from, begin);
    lf_date_format(date, text);
    return lf_error_set(
        error,
        LF_RANGE,
        "The fee schedule \"%s\" begins on %s and %s lies before; write execution.fees_as_of = "
        "\"newest\" or a later date.",
        schedule,
        begin,
        text
    );
}

lf_status lfi_fee_rate_on(
    const char *schedule, const char *item, lf_date date, const lfi_fee_rate **out, lf_error *error
)
{
    const lfi_fee_rate *first = NULL;
    const lfi_fee_rate *found = NULL;
    *out = NULL;
    for (size_t i = 0; i < lfi_fee_rate_count; i++) {
        const lfi_fee_rate *const row = &lfi_fee_rates[i];
        if (!is_of(row, schedule, item)) {
            continue;
        }
        first = first == NULL ? row : first;
        found = lf_date_to_days(row->from) <= lf_date_to_days(date) ? row : found;
    }
    if (first == NULL) {
        return lf_error_set(error, LF_NOT_FOUND, "\"%s\" has no rate %s.", schedule, item);
    }
    if (found == NULL) {
        return begins_later(schedule, first->from, date, error);
    }
    if (!found->is_known) {
        char from[11], text[11];
        lf_date_format(found->from, from);
        lf_date_format(date, text);
        return lf_error_set(
            error,
            LF_RANGE,
            "What \"%s\" took of tier %s from %s on is not known, and %s lies there; write another "
            "execution.fees_as_of, or fees = \"bps\" with fee_taker_bps and fee_maker_bps.",
            schedule,
            item,
            from,
            text
        );
    }
    *out = found;
    return LF_OK;
}

/* Tiers are items by their numbers, which count from 0. */
static int64_t tier_count(const char *schedule)
{
    for (int64_t tier = 0;; tier++) {
        char item[24];
        bool is_there = false;
        (void)snprintf(item, sizeof item, "%lld", (long long)tier);
        for (size_t i = 0; i < lfi_fee_rate_count && !is_there; i++) {
            is_there = is_of(&lfi_fee_rates[i], schedule, item);
        }
        if (!is_there) {
            return tier;
        }
    }
}

lf_status lfi_fee_tier(
    lf_fee_schedule schedule, int64_t tier, lf_date date, const lfi_fee_rate **out, lf_error *error
)
{
    const char *const name = lf_fee_schedule_name(schedule);
    const lf_status status = lfi_fee_tier_check(schedule, tier, error);
    char item[24];
    (void)snprintf(item, sizeof item, "%lld", (long long)tier);
    return status == LF_OK ? lfi_fee_rate_on(name, item, date, out, error) : status;
}

lf_status lfi_fee_tier_check(lf_fee_schedule schedule, int64_t tier, lf_error *error)
{
    const char *const name = lf_fee_schedule_name(schedule);
    const int64_t count = tier_count(name);
    if (count == 0 || (tier >= 0 && tier < count)) {
        return LF_OK;
    }
    return lf_error_set(
        error,
        LF_RANGE,
        "execution.fee_tier is %lld; \"%s\" has 0 to %lld (docs/fees.md). For other rates write "
        "%s.",
        (long long)tier,
        name,
        (long long)count - 1,
        schedule == LF_FEE_SCHEDULE_US_NASDAQ
            ? "fee_taker_per_share and fee_maker_per_share"
            : "fees = \"bps\" with fee_taker_bps and fee_maker_bps"
    );
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

#define CME "cme"

lf_status lfi_fee_assessment(lf_date date, lf_fees *out, lf_error *error)
{
    const lfi_fee_rate *rate = NULL;
    const lf_status status = lfi_fee_rate_on(CME, "NFA", date, &rate, error);
    if (status == LF_OK) {
        out->regulatory_lot_nano = rate->taker_nano;
    }
    return status;
}

lf_status
lfi_fee_contract(const lf_instrument *instrument, lf_date date, lf_fees *out, lf_error *error)
{
    const lfi_fee_rate *rate = NULL;
    for (size_t i = 0; i < lfi_fee_rate_count; i++) {
        const lfi_fee_rate *const row = &lfi_fee_rates[i];
        if (strcmp(row->schedule, CME) != 0 || !is_of_root(instrument->symbol, row->item)) {
            continue;
        }
        const lf_status status = lfi_fee_rate_on(CME, row->item, date, &rate, error);
        if (status == LF_OK) {
            out->exchange_lot_nano = rate->taker_nano;
        }
        return status;
    }
    return lf_error_set(
        error,
        LF_RANGE,
        "execution.fees = \"cme\" does not know %s (docs/fees.md has the contracts); give what the "
        "exchange takes for one contract and side with execution.fee_per_contract.",
        instrument->symbol
    );
}
