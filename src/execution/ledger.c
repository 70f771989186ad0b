/* The ledger: two accounts of the same fills that must agree to the unit. */
#include <lobflow/execution.h>

#include <math.h>

__extension__ typedef __int128 wide;

/* Adds with a check; *failed stays true once set. */
static void add(int64_t *sum, int64_t value, bool *failed)
{
    if (__builtin_add_overflow(*sum, value, sum)) {
        *failed = true;
    }
}

static lf_status too_large(lf_error *error)
{
    return lf_error_set(
        error,
        LF_RANGE,
        "The ledger's sums do not fit in 64 bits of 1e-9 currency; trade smaller sizes."
    );
}

lf_status lf_ledger_fill(lf_ledger *ledger, const lf_fill *fill, lf_error *error)
{
    if (fill->lots <= 0 || (fill->side != 1 && fill->side != -1) || fill->value_nano == INT64_MIN ||
        (size_t)fill->liquidity >= LF_LIQUIDITY_COUNT) {
        return lf_error_set(
            error,
            LF_INVARIANT,
            "A fill of order %llu has %lld lots on side %d; it needs lots > 0 and a side.",
            (unsigned long long)fill->order_id,
            (long long)fill->lots,
            fill->side
        );
    }
    lf_ledger next = *ledger;
    bool failed = false;
    int64_t fee = 0;
    add(&fee, fill->fees.commission_nano, &failed);
    add(&fee, fill->fees.exchange_nano, &failed);
    add(&fee, fill->fees.regulatory_nano, &failed);

    int64_t cash = 0;
    add(&cash, fill->side > 0 ? -fill->value_nano : fill->value_nano, &failed);
    int64_t minus_fee = 0;
    failed |= __builtin_sub_overflow(INT64_C(0), fee, &minus_fee);
    add(&cash, minus_fee, &failed);
    add(&next.cash_nano, cash, &failed);
    add(&next.position_lots, fill->side > 0 ? fill->lots : -fill->lots, &failed);
    add(&next.fees_nano, fee, &failed);

    add(fill->side > 0 ? &next.bought_lots : &next.sold_lots, fill->lots, &failed);
    add(fill->side > 0 ? &next.bought_nano : &next.sold_nano, fill->value_nano, &failed);
    add(&next.commission_nano, fill->fees.commission_nano, &failed);
    add(&next.exchange_nano, fill->fees.exchange_nano, &failed);
    add(&next.regulatory_nano, fill->fees.regulatory_nano, &failed);
    add(&next.impact_nano, fill->impact_nano, &failed);
    next.fill_count++;
    next.fill_counts[fill->liquidity]++;
    add(&next.fill_lots[fill->liquidity], fill->lots, &failed);
    if (failed) {
        return too_large(error);
    }
    *ledger = next;
    return LF_OK;
}

/* Twice the value of a position at a mid, 1e-9. Where 128 bits are not enough it is the largest
   that still leaves room for cash. */
static wide value2_nano(int64_t lots, int64_t mid2, int64_t money_unit_nano)
{
    const wide most = (wide)1 << 126;
    wide value = 0;
    if (__builtin_mul_overflow((wide)mid2 * money_unit_nano, (wide)lots, &value)) {
        return (lots < 0) != (mid2 < 0) ? -most : most;
    }
    return value > most ? most : value < -most ? -most : value;
}

lf_status
lf_ledger_settle(lf_ledger *ledger, int64_t mid2, int64_t money_unit_nano, lf_error *error)
{
    /* Half a unit of 1e-9 may be lost where mid2 * unit is odd: towards zero. */
    const wide value = value2_nano(ledger->position_lots, mid2, money_unit_nano) / 2;
    if (value > INT64_MAX || value < INT64_MIN) {
        return too_large(error);
    }
    lf_ledger next = *ledger;
    bool failed = false;
    add(&next.cash_nano, (int64_t)value, &failed);
    add(&next.settled_nano, (int64_t)value, &failed);
    add(&next.settled_lots, ledger->position_lots, &failed);
    next.position_lots = 0;
    if (failed) {
        return too_large(error);
    }
    *ledger = next;
    return LF_OK;
}

static lf_status broke(const char *what, wide left, wide right, lf_error *error)
{
    return lf_error_set(
        error,
        LF_INVARIANT,
        "The ledger broke: %s (%lld is not %lld). No number of this run can be trusted; please "
        "report it with the configuration.",
        what,
        (long long)left,
        (long long)right
    );
}

lf_status lf_ledger_check(const lf_ledger *ledger, lf_error *error)
{
    const wide lots = (wide)ledger->bought_lots - ledger->sold_lots - ledger->settled_lots;
    if (lots != ledger->position_lots) {
        return broke(
            "shares bought - sold - settled = position", lots, ledger->position_lots, error
        );
    }
    const wide fees =
        (wide)ledger->commission_nano + ledger->exchange_nano + ledger->regulatory_nano;
    if (fees != ledger->fees_nano) {
        return broke("fees = commission + exchange + regulatory", ledger->fees_nano, fees, error);
    }
    const wide cash = (wide)ledger->sold_nano - ledger->bought_nano + ledger->settled_nano - fees;
    if (cash != ledger->cash_nano) {
        return broke("cash = sold - bought + settled - fees", ledger->cash_nano, cash, error);
    }
    wide count = 0;
    wide filled = 0;
    for (size_t i = 0; i < LF_LIQUIDITY_COUNT; i++) {
        count += ledger->fill_counts[i];
        filled += ledger->fill_lots[i];
    }
    if (count != ledger->fill_count) {
        return broke("fills = taker + maker + crossed", ledger->fill_count, count, error);
    }
    const wide traded = (wide)ledger->bought_lots + ledger->sold_lots;
    if (filled != traded) {
        return broke("lots by liquidity = bought + sold", filled, traded, error);
    }
    return LF_OK;
}

/* Twice the gross in 1e-9: a whole number also at a half-tick mid. */
static wide gross2_nano(const lf_ledger *ledger, int64_t mid2, int64_t money_unit_nano)
{
    const wide cash = (wide)ledger->cash_nano + ledger->fees_nano;
    return 2 * cash + value2_nano(ledger->position_lots, mid2, money_unit_nano);
}

double lf_ledger_gross(const lf_ledger *ledger, int64_t mid2, int64_t money_unit_nano)
{
    return (double)gross2_nano(ledger, mid2, money_unit_nano) / 2e9;
}

int64_t lf_ledger_net_nano(const lf_ledger *ledger, int64_t mid2, int64_t money_unit_nano)
{
    const wide net2 = gross2_nano(ledger, mid2, money_unit_nano) - 2 * (wide)ledger->fees_nano;
    const wide net = net2 >= 0 ? net2 / 2 : -((-net2 + 1) / 2);
    return net > INT64_MAX ? INT64_MAX : net < INT64_MIN ? INT64_MIN : (int64_t)net;
}
