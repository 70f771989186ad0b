/* Ten-second bars of the session and the two impact measures over the last 30 of them. */
#include "feature_internal.h"

void lfi_bars_restart(lf_feature_engine *engine)
{
    engine->bars.count = 0;
    engine->bars.counts = false;
    engine->bars.is_stale = true;
}

void lfi_bars_close(lf_feature_engine *engine, int64_t t_ns)
{
    lfi_bars *bars = &engine->bars;
    while (bars->end_ns <= t_ns) {
        const int64_t mid2 = engine->last.mid2;
        if (bars->counts) {
            bars->open.mid2_end = mid2;
            bars->open.has_mids = bars->open.has_mids && engine->last.is_set;
            bars->ring[bars->count % LFI_BARS] = bars->open;
            bars->count++;
            bars->is_stale = true;
        }
        bars->open = (lfi_bar){.mid2_begin = mid2, .has_mids = engine->last.is_set};
        bars->counts = engine->start_ns != LF_TIME_NONE;
        bars->end_ns += LFI_BAR_NS;
    }
}

/* OLS slope of the change of mid on signed volume, from exact sums. Kyle (1985), Hasbrouck (2009).
 */
static double measure_kyle(const lfi_bars *bars)
{
    lfi_i128 x = 0;
    lfi_i128 y = 0;
    lfi_i128 xx = 0;
    lfi_i128 xy = 0;
    for (int i = 0; i < LFI_BARS; i++) {
        const lfi_bar *bar = &bars->ring[i];
        if (!bar->has_mids) {
            return NAN;
        }
        const lfi_i128 change2 = bar->mid2_end - bar->mid2_begin;
        x += bar->signed_lots;
        y += change2;
        xx += (lfi_i128)bar->signed_lots * bar->signed_lots;
        xy += change2 * bar->signed_lots;
    }
    const lfi_i128 variation = LFI_BARS * xx - x * x;
    if (variation == 0) {
        return NAN;
    }
    return (double)(LFI_BARS * xy - x * y) / (2.0 * (double)variation);
}

/* Mean of absolute return over traded value. Amihud (2002). */
static double measure_amihud(const lfi_bars *bars, double units_to_currency)
{
    double sum = 0;
    int count = 0;
    for (int i = 0; i < LFI_BARS; i++) {
        const lfi_bar *bar = &bars->ring[(bars->count + i) % LFI_BARS];
        if (bar->notional <= 0) {
            continue;
        }
        if (!bar->has_mids || bar->mid2_begin <= 0 || bar->mid2_end <= 0) {
            return NAN;
        }
        const double change = (double)(bar->mid2_end - bar->mid2_begin);
        const double ret_bps = 1e4 * log1p(change / (double)bar->mid2_begin);
        sum += fabs(ret_bps) / ((double)bar->notional * units_to_currency * 1e-6);
        count++;
    }
    return count == 0 ? NAN : sum / count;
}

void lfi_bars_measure(lf_feature_engine *engine)
{
    lfi_bars *bars = &engine->bars;
    if (!bars->is_stale) {
        return;
    }
    bars->is_stale = false;
    const bool is_full = bars->count >= LFI_BARS;
    bars->kyle = is_full ? measure_kyle(bars) : NAN;
    bars->amihud = is_full ? measure_amihud(bars, engine->units_to_currency) : NAN;
}
