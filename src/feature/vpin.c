/* VPIN: order-flow toxicity in volume time. Easley, Lopez de Prado, O'Hara (2012). */
#include "feature_internal.h"

/* Counted in half lots, because a trade without a sign counts half and half. */

void lfi_vpin_begin(lf_feature_engine *engine, const lf_feature_carry *carry, int64_t bucket_lots)
{
    if (carry != NULL) {
        engine->vpin = *carry;
    }
    const lf_feature_carry *vpin = &engine->vpin;
    engine->vpin_bucket_lots = bucket_lots;
    if (bucket_lots == 0 && vpin->day_count > 0 && vpin->volume_lots > 0) {
        /* A fiftieth of the mean daily volume, rounded to whole lots. */
        const int64_t parts = vpin->day_count * LFI_VPIN_BUCKETS;
        const int64_t rounded = (vpin->volume_lots + parts / 2) / parts;
        engine->vpin_bucket_lots = rounded > 0 ? rounded : 1;
    }
    engine->vpin_is_stale = true;
}

static void close_bucket(lf_feature_engine *engine)
{
    lf_feature_carry *vpin = &engine->vpin;
    const int64_t imbalance2 = vpin->bucket_imbalance2;
    vpin->ring_imbalance2[vpin->ring_next] = imbalance2 < 0 ? -imbalance2 : imbalance2;
    vpin->ring_size_lots[vpin->ring_next] = vpin->bucket_size_lots;
    vpin->ring_next = (vpin->ring_next + 1) % LFI_VPIN_BUCKETS;
    vpin->ring_count += vpin->ring_count < LFI_VPIN_BUCKETS ? 1 : 0;
    vpin->bucket_open = 0;
    engine->vpin_is_stale = true;
}

/* Opens a bucket; of a trade that fills more buckets than are kept, those between are skipped. */
static bool open_bucket(lf_feature_engine *engine, int64_t *rest2)
{
    lf_feature_carry *vpin = &engine->vpin;
    const int64_t size_lots = engine->vpin_bucket_lots;
    if (size_lots == 0) {
        return false;
    }
    const int64_t whole = *rest2 / 2 / size_lots;
    if (whole > LFI_VPIN_BUCKETS) {
        *rest2 -= (whole - LFI_VPIN_BUCKETS) * 2 * size_lots;
    }
    vpin->bucket_open = 1;
    vpin->bucket_size_lots = size_lots;
    vpin->bucket_filled2 = 0;
    vpin->bucket_imbalance2 = 0;
    return true;
}

void lfi_vpin_add(lf_feature_engine *engine, int sign, int64_t size_lots)
{
    lf_feature_carry *vpin = &engine->vpin;
    int64_t rest2 = 2 * size_lots;
    while (rest2 > 0) {
        if (!vpin->bucket_open && !open_bucket(engine, &rest2)) {
            return;
        }
        const int64_t room2 = 2 * vpin->bucket_size_lots - vpin->bucket_filled2;
        const int64_t part2 = rest2 < room2 ? rest2 : room2;
        vpin->bucket_filled2 += part2;
        vpin->bucket_imbalance2 += sign * part2;
        rest2 -= part2;
        if (part2 == room2) {
            close_bucket(engine);
        }
    }
}

double lfi_vpin(lf_feature_engine *engine)
{
    const lf_feature_carry *vpin = &engine->vpin;
    if (!engine->vpin_is_stale) {
        return engine->vpin_value;
    }
    engine->vpin_is_stale = false;
    engine->vpin_value = NAN;
    if (vpin->ring_count == LFI_VPIN_BUCKETS) {
        double sum = 0;
        for (int i = 0; i < LFI_VPIN_BUCKETS; i++) {
            sum += (double)vpin->ring_imbalance2[i] / (double)(2 * vpin->ring_size_lots[i]);
        }
        engine->vpin_value = sum / LFI_VPIN_BUCKETS;
    }
    return engine->vpin_value;
}
