/* Row values of the path that mid, spread and depth took through the windows. */
#include "feature_internal.h"

/* Below this, exact 128-bit arithmetic cannot have wrapped out of range. */
#define EXACT_VARIANCE_MAX 0x1p120L

/* Sums and integrals up to t, from an entry at or before it. */
static lfi_mid mid_at(const lfi_ring *ring, uint64_t index, int64_t t_ns)
{
    lfi_mid mid = *(const lfi_mid *)lfi_ring_entry(ring, index);
    lfi_mid_integrate(&mid, lfi_elapsed(lfi_ring_time(ring, index), t_ns));
    return mid;
}

static lfi_u128 depth_time_at(const lfi_ring *ring, uint64_t index, int64_t t_ns)
{
    const lfi_depth *depth = lfi_ring_entry(ring, index);
    const uint64_t elapsed = lfi_elapsed(lfi_ring_time(ring, index), t_ns);
    return depth->depth_time + (lfi_u128)(uint64_t)depth->depth_lots * elapsed;
}

/* Depth over its time-weighted mean, less one: (depth * time - integral) / integral. */
static double depth_change(lf_feature_engine *engine, int64_t t_ns, uint64_t valid_time)
{
    const lfi_ring *ring = &engine->depth;
    (void)lfi_ring_seek(&engine->depth, LFI_WINDOW_1MIN, t_ns);
    const lfi_u128 at_t = depth_time_at(ring, ring->end - 1, t_ns);
    const lfi_u128 at_start =
        depth_time_at(ring, ring->cursors[LFI_WINDOW_1MIN], t_ns - LF_NS_PER_MINUTE);
    const lfi_i128 integral = (lfi_i128)(at_t - at_start);
    if (valid_time == 0 || integral == 0) {
        return NAN;
    }
    const lfi_i128 level = (lfi_i128)engine->depth_lots * (lfi_i128)valid_time;
    return (double)(level - integral) / (double)integral;
}

/*
 * (spread - mean) / sd with mean = s1 / w and sd^2 = (s2 w - s1^2) / w^2, all integers. The square
 * may pass 2^128 for absurd spreads; the difference is then still right modulo 2^128, and a long
 * double tells whether it is too large for that.
 */
static double spread_z(int64_t spread_ticks, lfi_u128 s1, lfi_u128 s2, uint64_t w)
{
    const lfi_i128 offset = (lfi_i128)spread_ticks * (lfi_i128)w - (lfi_i128)s1;
    const lfi_u128 exact = s2 * w - s1 * s1;
    const long double rough = (long double)s2 * (long double)w - (long double)s1 * (long double)s1;
    const long double variance = rough < EXACT_VARIANCE_MAX ? (long double)exact : rough;
    return variance == 0 ? 0 : (double)((long double)offset / sqrtl(variance));
}

static double momentum_bps(const lfi_mid *now, const lfi_mid *then)
{
    if (!then->has_mid || then->mid2 <= 0 || now->mid2 <= 0) {
        return NAN;
    }
    if (now->mid2 == then->mid2) {
        return 0;
    }
    return 1e4 * log1p((double)(now->mid2 - then->mid2) / (double)then->mid2);
}

static double volatility_bps(const lfi_mid *now, const lfi_mid *then)
{
    const lfi_u128 sum = now->square_returns - then->square_returns;
    return 1e4 * sqrt((double)sum) * 0x1p-50; /* the square root of the unit 2^-100 */
}

static double efficiency(const lfi_mid *now, const lfi_mid *then)
{
    if (!then->has_mid) {
        return NAN;
    }
    const int64_t moved = now->mid2 - then->mid2;
    const uint64_t path = now->path2 - then->path2;
    return path == 0 ? 0 : (double)(moved < 0 ? -moved : moved) / (double)path;
}

static void row_one_minute(lf_feature_engine *engine, const lfi_mid *now, int64_t t_ns, double *row)
{
    const lfi_mid *entry = lfi_ring_seek(&engine->mid, LFI_WINDOW_1MIN, t_ns);
    const lfi_mid then =
        mid_at(&engine->mid, engine->mid.cursors[LFI_WINDOW_1MIN], t_ns - LF_NS_PER_MINUTE);
    row[LFI_PRICE_MOMENTUM_1MIN] = momentum_bps(now, entry);
    row[LFI_VOLATILITY_1MIN] = volatility_bps(now, entry);
    const uint64_t valid_time = now->valid_time - then.valid_time;
    row[LFI_DEPTH_CHANGE_1MIN] = depth_change(engine, t_ns, valid_time);
    row[LFI_ONE_TICK_SHARE_1MIN] =
        valid_time == 0 ? NAN
                        : (double)(now->one_tick_time - then.one_tick_time) / (double)valid_time;
    const uint64_t changes = now->changes - then.changes;
    row[LFI_MID_REVERSAL_1MIN] =
        changes == 0 ? 0 : (double)(now->reversals - then.reversals) / (double)changes;
}

static void
row_five_minutes(lf_feature_engine *engine, const lfi_mid *now, int64_t t_ns, double *row)
{
    const lfi_mid *entry = lfi_ring_seek(&engine->mid, LFI_WINDOW_5MIN, t_ns);
    const lfi_mid then =
        mid_at(&engine->mid, engine->mid.cursors[LFI_WINDOW_5MIN], t_ns - 5 * LF_NS_PER_MINUTE);
    row[LFI_PRICE_MOMENTUM_5MIN] = momentum_bps(now, entry);
    row[LFI_VOLATILITY_5MIN] = volatility_bps(now, entry);
    row[LFI_EFFICIENCY_5MIN] = efficiency(now, entry);
    const uint64_t valid_time = now->valid_time - then.valid_time;
    row[LFI_SPREAD_Z_SCORE] = valid_time == 0 ? NAN
                                              : spread_z(
                                                    now->spread_ticks,
                                                    now->spread_time - then.spread_time,
                                                    now->spread2_time - then.spread2_time,
                                                    valid_time
                                                );
}

void lfi_row_path(lf_feature_engine *engine, int64_t t_ns, double *row)
{
    const lfi_ring *ring = &engine->mid;
    const lfi_before *last = &engine->last;
    row[LFI_SPREAD_BPS] = 2e4 * (double)lf_book_spread(&engine->quotes) / (double)last->mid2;
    const lfi_mid now = mid_at(ring, ring->end - 1, t_ns);
    const lfi_mid *ten = lfi_ring_seek(&engine->mid, LFI_WINDOW_10S, t_ns);
    row[LFI_MOMENTUM_10S] = momentum_bps(&now, ten);
    row[LFI_MID_CHANGES_10S] = (double)(now.changes - ten->changes);
    row_one_minute(engine, &now, t_ns, row);
    row_five_minutes(engine, &now, t_ns, row);

    const lfi_session *session = &engine->session;
    row[LFI_SECONDS_SINCE_MID_CHANGE] =
        session->last_mid_change_ns == LF_TIME_NONE
            ? NAN
            : (double)(t_ns - session->last_mid_change_ns) / (double)LF_NS_PER_SECOND;
}
