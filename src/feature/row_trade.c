/* Row values of trades: volumes, prints, spreads paid, resilience and price impact. */
#include "feature_internal.h"

static double trade_imbalance(const lfi_trades *now, const lfi_trades *then)
{
    const int64_t buy = (int64_t)(now->buy_lots - then->buy_lots);
    const int64_t sell = (int64_t)(now->sell_lots - then->sell_lots);
    return buy + sell == 0 ? 0 : (double)(buy - sell) / (double)(buy + sell);
}

/* Mean of spreads from their sum in units of 2^-40 bps. */
static double mean_bps(lfi_i128 sum, uint64_t lots)
{
    return lots == 0 ? NAN : (double)sum * 0x1p-40 / (double)lots;
}

static void row_one_minute(lf_feature_engine *engine, int64_t t_ns, double *row)
{
    const lfi_trades *now = lfi_ring_newest(&engine->trades);
    const lfi_trades *then = lfi_ring_seek(&engine->trades, LFI_WINDOW_1MIN, t_ns);
    row[LFI_BUY_VOLUME_1MIN] = (double)(now->buy_lots - then->buy_lots);
    row[LFI_SELL_VOLUME_1MIN] = (double)(now->sell_lots - then->sell_lots);
    row[LFI_TRADE_IMBALANCE] = trade_imbalance(now, then);
    row[LFI_TRADE_COUNT_1MIN] = (double)(now->prints - then->prints);
    const uint64_t volume = now->volume_lots - then->volume_lots;
    const int64_t large = (int64_t)(now->large_signed_lots - then->large_signed_lots);
    row[LFI_LARGE_TRADE_IMBALANCE_1MIN] = volume == 0 ? 0 : (double)large / (double)volume;
    row[LFI_EFFECTIVE_SPREAD_1MIN] =
        mean_bps(now->effective - then->effective, now->effective_lots - then->effective_lots);

    const lfi_matured *matured = lfi_ring_newest(&engine->matured);
    const lfi_matured *before = lfi_ring_seek(&engine->matured, LFI_WINDOW_1MIN, t_ns);
    const uint64_t lots = matured->lots - before->lots;
    row[LFI_REALIZED_SPREAD_1MIN] = mean_bps(matured->realized - before->realized, lots);
    row[LFI_PRICE_IMPACT_1MIN] = mean_bps(matured->impact - before->impact, lots);
}

/* 2 sqrt(-c) in ticks, c the mean product of successive price changes. Roll (1984). */
static double roll_spread(const lf_feature_engine *engine, lfi_i128 sum, uint64_t count)
{
    if (count == 0) {
        return NAN;
    }
    if (sum >= 0) {
        return 0;
    }
    const double units = 2 * sqrt((double)-sum / (double)count);
    return units / (double)engine->instrument.units_per_tick;
}

static void row_five_minutes(lf_feature_engine *engine, int64_t t_ns, double *row)
{
    const lfi_trades *now = lfi_ring_newest(&engine->trades);
    const lfi_trades *then = lfi_ring_seek(&engine->trades, LFI_WINDOW_5MIN, t_ns);
    row[LFI_TRADE_IMBALANCE_5MIN] = trade_imbalance(now, then);
    const uint64_t prints = now->prints - then->prints;
    const uint64_t volume = now->volume_lots - then->volume_lots;
    row[LFI_AVG_TRADE_SIZE_5MIN] = prints == 0 ? NAN : (double)volume / (double)prints;
    row[LFI_ROLL_SPREAD_5MIN] =
        roll_spread(engine, now->roll - then->roll, now->roll_count - then->roll_count);

    const lfi_recovery *recovery = lfi_ring_newest(&engine->recovery);
    const lfi_recovery *before = lfi_ring_seek(&engine->recovery, LFI_WINDOW_5MIN, t_ns);
    const uint64_t probes = recovery->count - before->count;
    row[LFI_RESILIENCE] =
        probes == 0 ? NAN : (double)(recovery->sum - before->sum) * 0x1p-52 / (double)probes;
}

/* (mid - vwap) / mid in bps, exact until the division. */
static double vwap_distance(const lf_feature_engine *engine)
{
    const lfi_session *session = &engine->session;
    if (session->volume_lots == 0) {
        return NAN;
    }
    const lfi_i128 mid2 =
        (lfi_i128)engine->last.mid2 * engine->instrument.units_per_tick * session->volume_lots;
    return 1e4 * (double)(mid2 - 2 * session->notional) / (double)mid2;
}

void lfi_row_trades(lf_feature_engine *engine, int64_t t_ns, double *row)
{
    const lfi_trades *now = lfi_ring_newest(&engine->trades);
    const lfi_trades *then = lfi_ring_seek(&engine->trades, LFI_WINDOW_10S, t_ns);
    row[LFI_TRADE_IMBALANCE_10S] = trade_imbalance(now, then);
    row[LFI_LARGE_TRADE_INDICATOR] = now->large_prints != then->large_prints ? 1 : 0;
    row_one_minute(engine, t_ns, row);
    row_five_minutes(engine, t_ns, row);
    row[LFI_VPIN] = lfi_vpin(engine);
    lfi_bars_measure(engine);
    row[LFI_KYLE_LAMBDA_5MIN] = engine->bars.kyle;
    row[LFI_AMIHUD_5MIN] = engine->bars.amihud;

    const lfi_session *session = &engine->session;
    row[LFI_VWAP_DISTANCE] = vwap_distance(engine);
    row[LFI_TRADE_SIGN_EWMA] = session->sign_ewma;
    row[LFI_SECONDS_SINCE_TRADE] =
        session->last_trade_ns == LF_TIME_NONE
            ? NAN
            : (double)(t_ns - session->last_trade_ns) / (double)LF_NS_PER_SECOND;
}
