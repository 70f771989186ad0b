/* Probes of resilience: how much of the depth that a large print took is back after 5 seconds. */
#include "feature_internal.h"

/* r is summed in units of 2^-52, the spacing of doubles below 1; 2^12 probes of r = 1 would fit and
   at most 600 mature in 5 minutes. */
#define RECOVERY_UNIT 0x1p52

static int64_t near_lots(const lf_feature_engine *engine, int side)
{
    return side == 0 ? engine->last.bid_near_lots : engine->last.ask_near_lots;
}

void lfi_probes_restart(lf_feature_engine *engine)
{
    for (int side = 0; side < 2; side++) {
        engine->probes[side].count = 0;
        engine->probes[side].is_pending = false;
        engine->probes[side].last_start_ns = LF_TIME_NONE;
    }
    engine->trough_end_ns = LF_TIME_NONE;
    (void)lfi_ring_restart(&engine->recovery);
}

void lfi_probes_mark(
    lf_feature_engine *engine, int side, int64_t ts_ns, bool has_depth, int64_t depth_lots
)
{
    lfi_probes *probes = &engine->probes[side];
    if (probes->last_start_ns != LF_TIME_NONE &&
        ts_ns - probes->last_start_ns < LFI_PROBE_TROUGH_NS) {
        return;
    }
    probes->last_start_ns = ts_ns;
    /* Its depth after the print is known once all events of this time are. */
    probes->is_pending = has_depth;
    probes->pending_depth_lots = depth_lots;
}

void lfi_probes_start(lf_feature_engine *engine, int64_t ts_ns)
{
    for (int side = 0; side < 2; side++) {
        lfi_probes *probes = &engine->probes[side];
        if (!probes->is_pending) {
            continue;
        }
        probes->is_pending = false;
        assert(probes->count < LFI_PROBES_MAX);
        probes->items[probes->count++] = (lfi_probe){
            .ts_ns = ts_ns,
            .depth_lots = probes->pending_depth_lots,
            .trough_lots = near_lots(engine, side),
        };
        engine->trough_end_ns = ts_ns + LFI_PROBE_TROUGH_NS;
    }
}

void lfi_probes_watch(lf_feature_engine *engine, int64_t ts_ns)
{
    for (int side = 0; side < 2; side++) {
        lfi_probes *probes = &engine->probes[side];
        const int64_t lots = near_lots(engine, side);
        for (int i = 0; i < probes->count; i++) {
            lfi_probe *probe = &probes->items[i];
            if (ts_ns - probe->ts_ns <= LFI_PROBE_TROUGH_NS && lots < probe->trough_lots) {
                probe->trough_lots = lots;
            }
        }
    }
}

static void mature(lf_feature_engine *engine, int side)
{
    lfi_probes *probes = &engine->probes[side];
    const lfi_probe probe = probes->items[0];
    probes->count--;
    memmove(probes->items, probes->items + 1, (size_t)probes->count * sizeof probe);
    if (probe.trough_lots >= probe.depth_lots) {
        return;
    }
    const int64_t back = near_lots(engine, side) - probe.trough_lots;
    const int64_t taken = probe.depth_lots - probe.trough_lots;
    double r = (double)back / (double)taken;
    r = r < 0 ? 0 : r;
    r = r > 1 ? 1 : r;
    lfi_recovery *sums =
        lfi_ring_extend(&engine->recovery, probe.ts_ns + LFI_MATURE_NS, sizeof *sums);
    /* Probes of a side start at least 1 s apart: the ring holds what 5 minutes can bring. */
    if (sums != NULL) {
        sums->sum += (uint64_t)(r * RECOVERY_UNIT);
        sums->count++;
    }
}

int64_t lfi_probes_mature(lf_feature_engine *engine, int64_t t_ns)
{
    for (;;) {
        /* The earlier of the two sides' oldest, so that the sums grow in order of time. */
        int side = -1;
        int64_t due_ns = INT64_MAX;
        for (int i = 0; i < 2; i++) {
            const lfi_probes *probes = &engine->probes[i];
            if (probes->count > 0 && probes->items[0].ts_ns + LFI_MATURE_NS < due_ns) {
                due_ns = probes->items[0].ts_ns + LFI_MATURE_NS;
                side = i;
            }
        }
        if (due_ns > t_ns || side < 0) {
            return due_ns;
        }
        mature(engine, side);
    }
}
