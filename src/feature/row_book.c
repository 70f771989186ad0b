/* Row values of the book itself: depth and its shape. */
#include "feature_internal.h"

static double imbalance(int64_t bid, int64_t ask)
{
    return (double)(bid - ask) / (double)(bid + ask);
}

/* Filled levels, the deepest of them, and sums over them. */
typedef struct side_shape {
    int filled;
    int64_t span_ticks; /* best to deepest filled level, >= 0 */
    int64_t lots;
    double pressure; /* sum of lots over twice the distance from mid */
} side_shape;

static side_shape measure_side(const int64_t *ticks, const int64_t *lots, int count, int64_t mid2)
{
    side_shape shape = {0};
    for (int m = 0; m < count; m++) {
        if (lots[m] <= 0) {
            continue;
        }
        const int64_t span = ticks[m] - ticks[0];
        const int64_t distance2 = 2 * ticks[m] - mid2;
        shape.filled++;
        shape.span_ticks = span < 0 ? -span : span;
        shape.lots += lots[m];
        shape.pressure += (double)lots[m] / (double)(distance2 < 0 ? -distance2 : distance2);
    }
    return shape;
}

static double slope(const side_shape *shape)
{
    return shape->filled < 2 ? NAN : 100.0 * (double)shape->span_ticks / (double)shape->lots;
}

/* (ask_slope - bid_slope) / (ask_slope + bid_slope), over the common denominator. */
static double slope_imbalance(const side_shape *bid, const side_shape *ask)
{
    if (bid->filled < 2 || ask->filled < 2) {
        return NAN;
    }
    const lfi_i128 a = (lfi_i128)ask->span_ticks * bid->lots;
    const lfi_i128 b = (lfi_i128)bid->span_ticks * ask->lots;
    return (double)(a - b) / (double)(a + b);
}

/* Offset of the size-weighted price of the near levels from mid, exact until the division. */
static double microprice_offset_bps(const lf_quotes *quotes, int count, int64_t mid2)
{
    lfi_i128 offset2 = 0; /* twice the sum of size * (price - mid) */
    int64_t lots = 0;
    for (int m = 0; m < count; m++) {
        const int64_t bid = quotes->bid_lots[m];
        const int64_t ask = quotes->ask_lots[m];
        if (bid <= 0 || ask <= 0) {
            continue;
        }
        offset2 += (lfi_i128)bid * (2 * quotes->ask_ticks[m] - mid2);
        offset2 += (lfi_i128)ask * (2 * quotes->bid_ticks[m] - mid2);
        lots += bid + ask;
    }
    return 1e4 * (double)offset2 / ((double)lots * (double)mid2);
}

static int64_t sum_lots(const int64_t *lots, int count)
{
    int64_t sum = 0;
    for (int m = 0; m < count; m++) {
        sum += lots[m];
    }
    return sum;
}

static void row_depth(const lf_quotes *quotes, int levels, double *row)
{
    const int three = levels < 3 ? levels : 3;
    const int64_t *bid = quotes->bid_lots;
    const int64_t *ask = quotes->ask_lots;
    row[LFI_DEPTH_IMBALANCE_L1] = imbalance(bid[0], ask[0]);
    row[LFI_DEPTH_IMBALANCE_L3] = imbalance(sum_lots(bid, three), sum_lots(ask, three));
    const int64_t bid_all = sum_lots(bid, levels);
    const int64_t ask_all = sum_lots(ask, levels);
    row[LFI_VOLUME_IMBALANCE] = imbalance(bid_all, ask_all);
    row[LFI_TOTAL_DEPTH] = (double)(bid_all + ask_all);
    row[LFI_DEPTH_RATIO] = (double)bid_all / (double)ask_all;
    row[LFI_BID_CONCENTRATION] = (double)bid[0] / (double)bid_all;
    row[LFI_ASK_CONCENTRATION] = (double)ask[0] / (double)ask_all;
}

static void row_near_depth(lf_feature_engine *engine, int64_t t_ns, double *row)
{
    row[LFI_DEPTH_IMBALANCE_L5] = imbalance(engine->last.bid_near_lots, engine->last.ask_near_lots);
    const lfi_depth *then = lfi_ring_seek(&engine->depth, LFI_WINDOW_10S, t_ns);
    row[LFI_DEPTH_IMBALANCE_CHANGE_10S] =
        then->bid_near_lots == 0
            ? NAN
            : row[LFI_DEPTH_IMBALANCE_L5] - imbalance(then->bid_near_lots, then->ask_near_lots);
}

static void row_shape(const lf_feature_engine *engine, double *row)
{
    const lf_quotes *quotes = &engine->quotes;
    const int levels = engine->instrument.level_count;
    const int64_t mid2 = engine->last.mid2;
    const side_shape bid = measure_side(quotes->bid_ticks, quotes->bid_lots, levels, mid2);
    const side_shape ask = measure_side(quotes->ask_ticks, quotes->ask_lots, levels, mid2);
    row[LFI_BID_SLOPE] = slope(&bid);
    row[LFI_ASK_SLOPE] = slope(&ask);
    row[LFI_SLOPE_IMBALANCE] = slope_imbalance(&bid, &ask);
    row[LFI_BOOK_PRESSURE] = (bid.pressure - ask.pressure) / (bid.pressure + ask.pressure);
    const int count = levels < LFI_NEAR_LEVELS ? levels : LFI_NEAR_LEVELS;
    row[LFI_MICROPRICE_OFFSET_BPS] = microprice_offset_bps(quotes, count, mid2);
}

void lfi_row_book(lf_feature_engine *engine, int64_t t_ns, double *row)
{
    row_depth(&engine->quotes, engine->instrument.level_count, row);
    row_near_depth(engine, t_ns, row);
    row_shape(engine, row);
}
