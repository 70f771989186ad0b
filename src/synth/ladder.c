/* The book of the simulated market: single orders in queues by price, best prices kept. */
#include "synth_internal.h"

static int side_index(int32_t side)
{
    return side > 0 ? 0 : 1;
}

lf_status lfi_ladder_init(const lf_allocator *allocator, lfi_ladder *ladder)
{
    ladder->orders = lf_allocate(allocator, LFI_SYNTH_ORDERS, sizeof *ladder->orders);
    ladder->live = lf_allocate(allocator, LFI_SYNTH_ORDERS, sizeof *ladder->live);
    ladder->levels[0] = lf_allocate(allocator, LFI_SYNTH_TICKS, sizeof **ladder->levels);
    ladder->levels[1] = lf_allocate(allocator, LFI_SYNTH_TICKS, sizeof **ladder->levels);
    if (ladder->orders == NULL || ladder->live == NULL || ladder->levels[0] == NULL ||
        ladder->levels[1] == NULL) {
        lfi_ladder_free(allocator, ladder);
        return LF_NOMEM;
    }
    for (uint32_t i = 0; i < LFI_SYNTH_ORDERS; i++) {
        ladder->live[i] = i;
    }
    for (uint32_t i = 0; i < LFI_SYNTH_TICKS; i++) {
        ladder->levels[0][i] = ladder->levels[1][i] =
            (lfi_level){0, LFI_SYNTH_NONE, LFI_SYNTH_NONE};
    }
    ladder->best[0] = 0;
    ladder->best[1] = LFI_SYNTH_TICKS;
    ladder->next_id = 1;
    return LF_OK;
}

void lfi_ladder_free(const lf_allocator *allocator, lfi_ladder *ladder)
{
    lf_release(allocator, ladder->orders);
    lf_release(allocator, ladder->live);
    lf_release(allocator, ladder->levels[0]);
    lf_release(allocator, ladder->levels[1]);
    *ladder = (lfi_ladder){0};
}

uint32_t lfi_ladder_add(lfi_ladder *ladder, int32_t side, int32_t ticks, int64_t lots)
{
    if (ladder->live_count == LFI_SYNTH_ORDERS || ticks <= 0 || ticks >= LFI_SYNTH_TICKS) {
        return LFI_SYNTH_NONE;
    }
    const int s = side_index(side);
    const uint32_t slot = ladder->live[ladder->live_count];
    lfi_level *level = &ladder->levels[s][ticks];
    ladder->orders[slot] = (lfi_order){
        .id = ladder->next_id++,
        .lots = lots,
        .ticks = ticks,
        .side = side,
        .next = LFI_SYNTH_NONE,
        .previous = level->last,
        .live_index = ladder->live_count++,
    };
    if (level->last != LFI_SYNTH_NONE) {
        ladder->orders[level->last].next = slot;
    } else {
        level->first = slot;
    }
    level->last = slot;
    level->lots += lots;
    ladder->side_count[s]++;
    if (side > 0 ? ticks > ladder->best[0] : ticks < ladder->best[1]) {
        ladder->best[s] = ticks;
    }
    return slot;
}

/* The best price may have emptied: step to the next one that holds orders. */
static void settle_best(lfi_ladder *ladder, int s)
{
    int32_t ticks = ladder->best[s];
    if (s == 0) {
        while (ticks > 0 && ladder->levels[0][ticks].lots == 0) {
            ticks--;
        }
    } else {
        while (ticks < LFI_SYNTH_TICKS && ladder->levels[1][ticks].lots == 0) {
            ticks++;
        }
    }
    ladder->best[s] = ticks;
}

static void unlink_order(lfi_ladder *ladder, uint32_t slot)
{
    lfi_order *order = &ladder->orders[slot];
    lfi_level *level = &ladder->levels[side_index(order->side)][order->ticks];
    if (order->previous != LFI_SYNTH_NONE) {
        ladder->orders[order->previous].next = order->next;
    } else {
        level->first = order->next;
    }
    if (order->next != LFI_SYNTH_NONE) {
        ladder->orders[order->next].previous = order->previous;
    } else {
        level->last = order->previous;
    }
    ladder->side_count[side_index(order->side)]--;
    /* The last live order takes its place, so that a random one is one draw away. */
    const uint32_t last = ladder->live[--ladder->live_count];
    ladder->live[order->live_index] = last;
    ladder->orders[last].live_index = order->live_index;
    ladder->live[ladder->live_count] = slot;
}

void lfi_ladder_reduce(lfi_ladder *ladder, uint32_t slot, int64_t lots)
{
    lfi_order *order = &ladder->orders[slot];
    const int s = side_index(order->side);
    ladder->levels[s][order->ticks].lots -= lots;
    order->lots -= lots;
    if (order->lots == 0) {
        unlink_order(ladder, slot);
        settle_best(ladder, s);
    }
}

void lfi_ladder_quotes(
    const lfi_ladder *ladder, int32_t level_count, int64_t base_ticks, lf_quotes *out
)
{
    int32_t bid = ladder->best[0], ask = ladder->best[1];
    for (int m = 0; m < LF_LEVELS_MAX; m++) {
        const bool wanted = m < level_count;
        while (wanted && bid > 0 && ladder->levels[0][bid].lots == 0) {
            bid--;
        }
        while (wanted && ask < LFI_SYNTH_TICKS && ladder->levels[1][ask].lots == 0) {
            ask++;
        }
        const bool has_bid = wanted && bid > 0, has_ask = wanted && ask < LFI_SYNTH_TICKS;
        out->bid_ticks[m] = has_bid ? base_ticks + bid : LF_BID_NONE;
        out->bid_lots[m] = has_bid ? ladder->levels[0][bid].lots : 0;
        out->ask_ticks[m] = has_ask ? base_ticks + ask : LF_ASK_NONE;
        out->ask_lots[m] = has_ask ? ladder->levels[1][ask].lots : 0;
        bid -= has_bid;
        ask += has_ask;
    }
}
