/* Guesses the aggressor of trades: tick, quote, Lee-Ready, EMO and CLNV rules. */
#include "study_internal.h"

/* What a rule says when it leaves a trade to the tick rule. */
#define UNDECIDED INT8_C(2)

static int8_t by_mid(int64_t price, int64_t bid, int64_t ask)
{
    if (2 * price == bid + ask) {
        return UNDECIDED;
    }
    return 2 * price > bid + ask ? 1 : -1;
}

static int8_t by_touch(int64_t price, int64_t bid, int64_t ask)
{
    return price == ask ? 1 : price == bid ? -1 : UNDECIDED;
}

/* Within three tenths of the spread of a quote, and not beyond it. */
static int8_t by_band(int64_t price, int64_t bid, int64_t ask)
{
    const int64_t band10 = 3 * (ask - bid);
    if (price <= ask && 10 * (ask - price) <= band10) {
        return 1;
    }
    return price >= bid && 10 * (price - bid) <= band10 ? -1 : UNDECIDED;
}

static int8_t by_quote(lf_study_sign_rule rule, int64_t price, int64_t bid, int64_t ask)
{
    if (bid == LF_BID_NONE || ask == LF_ASK_NONE || bid >= ask) {
        return UNDECIDED;
    }
    switch (rule) {
    case LF_STUDY_SIGN_QUOTE:
    case LF_STUDY_SIGN_LEE_READY:
        return by_mid(price, bid, ask);
    case LF_STUDY_SIGN_EMO:
        return by_touch(price, bid, ask);
    case LF_STUDY_SIGN_CLNV:
        return by_band(price, bid, ask);
    case LF_STUDY_SIGN_TICK:
        break;
    }
    return UNDECIDED;
}

void lf_study_sign_trades(lf_study_sign_rule rule, const lf_study_trades *trades, int8_t *signs)
{
    int8_t tick_sign = 0;
    for (size_t i = 0; i < trades->count; i++) {
        const int64_t price = trades->price_units[i];
        if (i > 0 && price != trades->price_units[i - 1]) {
            tick_sign = price > trades->price_units[i - 1] ? 1 : -1;
        }
        int8_t sign = UNDECIDED;
        if (rule != LF_STUDY_SIGN_TICK) {
            sign = by_quote(rule, price, trades->bid_units[i], trades->ask_units[i]);
        }
        if (sign == UNDECIDED) {
            sign = rule == LF_STUDY_SIGN_QUOTE ? 0 : tick_sign;
        }
        signs[i] = sign;
    }
}
