/* One row: values of every group, then NaN where the state or the warm-up forbids them. */
#include "feature_internal.h"

/* The longest warm-up of the registry. */
#define WARMUP_MAX_NS (5 * LF_NS_PER_MINUTE)

static void fill_nan(double *row)
{
    for (int i = 0; i < LFI_FEATURE_COUNT; i++) {
        row[i] = NAN;
    }
}

/* What is a share of mid means nothing at prices of 0 or below. */
static void mask_unpriced(double *row)
{
    row[LFI_SPREAD_BPS] = NAN;
    row[LFI_MICROPRICE_OFFSET_BPS] = NAN;
    row[LFI_VWAP_DISTANCE] = NAN;
}

static void mask_cold(double *row, int64_t age_ns)
{
    for (int i = 0; i < LFI_FEATURE_COUNT; i++) {
        if (age_ns < lf_feature_at((size_t)i)->warmup_ns) {
            row[i] = NAN;
        }
    }
}

static void fill_all(lf_feature_engine *engine, int64_t t_ns, double *row)
{
    if (t_ns >= engine->due_ns) {
        lfi_advance(engine, t_ns);
    }
    lfi_row_flow(engine, t_ns, row);
    lfi_row_book(engine, t_ns, row);
    lfi_row_path(engine, t_ns, row);
    lfi_row_trades(engine, t_ns, row);
    if (engine->last.mid2 <= 0) {
        mask_unpriced(row);
    }
}

void lf_feature_row(lf_feature_engine *engine, int64_t t_ns, double *row, bool *valid)
{
    const lf_instrument *instrument = &engine->instrument;
    const bool is_inside =
        t_ns >= instrument->session_open_ns && t_ns < instrument->session_close_ns;
    *valid = engine->is_valid && is_inside;
    if (!*valid) {
        fill_nan(row);
        return;
    }
    if (engine->keeps_all) {
        fill_all(engine, t_ns, row);
    } else {
        fill_nan(row);
    }
    if (engine->keeps_flow && !engine->keeps_all) {
        lfi_row_flow(engine, t_ns, row);
    }
    const int64_t age_ns = engine->start_ns == LF_TIME_NONE ? 0 : t_ns - engine->start_ns;
    if (age_ns < WARMUP_MAX_NS) {
        mask_cold(row, age_ns);
    }
}

bool lf_feature_is_warm(const lf_feature_engine *engine, int64_t t_ns, int64_t window_ns)
{
    return engine->start_ns != LF_TIME_NONE && t_ns - engine->start_ns >= window_ns;
}

void lf_feature_mlofi(lf_feature_engine *engine, int64_t t_ns, int64_t *flows)
{
    assert(engine->levels.capacity != 0);
    const int count = engine->instrument.level_count;
    const uint64_t *now = lfi_ring_newest(&engine->levels);
    for (int window = 0; window < LFI_WINDOW_COUNT; window++) {
        const uint64_t *then = lfi_ring_seek(&engine->levels, window, t_ns);
        engine->kernel->take(now, then, count, flows + (size_t)(3 * window * count));
    }
}
