/* What the files of the synth module share: the book of single orders and the market around it. */
#ifndef LOBFLOW_SYNTH_INTERNAL_H
#define LOBFLOW_SYNTH_INTERNAL_H

#include <lobflow/synth.h>

/* Prices that the book can hold, in ticks: 0.01 to 655.35 USD. */
#define LFI_SYNTH_TICKS 65536
/* Orders that can rest at once; the model keeps some hundreds. */
#define LFI_SYNTH_ORDERS 8192
/* No order; ends a list. */
#define LFI_SYNTH_NONE UINT32_MAX

/* One resting order, in the list of its price in order of arrival. */
typedef struct lfi_order {
    uint64_t id;
    int64_t lots;
    int32_t ticks;
    int32_t side; /* +1 bid, -1 ask */
    uint32_t next, previous;
    uint32_t live_index; /* its place in lfi_ladder.live */
} lfi_order;

/* A price: total size and its queue. */
typedef struct lfi_level {
    int64_t lots;
    uint32_t first, last;
} lfi_level;

/* Both sides of the book. */
typedef struct lfi_ladder {
    lfi_level *levels[2]; /* bid, ask: [LFI_SYNTH_TICKS] */
    lfi_order *orders;    /* [LFI_SYNTH_ORDERS] */
    uint32_t *live;       /* [LFI_SYNTH_ORDERS] slots in use, then free ones */
    uint32_t live_count;
    int32_t best[2]; /* best bid and ask; 0 and LFI_SYNTH_TICKS when empty */
    uint64_t next_id;
} lfi_ladder;

lf_status lfi_ladder_init(const lf_allocator *allocator, lfi_ladder *ladder);
void lfi_ladder_free(const lf_allocator *allocator, lfi_ladder *ladder);

/* Add an order at the tail of its price; LFI_SYNTH_NONE when the book is full. */
uint32_t lfi_ladder_add(lfi_ladder *ladder, int32_t side, int32_t ticks, int64_t lots);

/* Take lots (at most all) from an order; an empty order leaves. */
void lfi_ladder_reduce(lfi_ladder *ladder, uint32_t slot, int64_t lots);

/* The best levels. */
void lfi_ladder_quotes(const lfi_ladder *ladder, int32_t level_count, lf_quotes *out);

/* Signs of market orders with long memory: a pool of metaorders of Pareto length. */
#define LFI_SYNTH_POOL 2
typedef struct lfi_signs {
    int32_t sign[LFI_SYNTH_POOL];
    int64_t left[LFI_SYNTH_POOL];
    double exponent; /* of the length's tail */
} lfi_signs;

void lfi_signs_init(lfi_signs *signs, double exponent, lf_random *random);
int32_t lfi_signs_next(lfi_signs *signs, lf_random *random);

/* What differs between the presets; rates are per second at activity 1. */
typedef struct lfi_synth_rates {
    double price_start;   /* ticks */
    double volatility;    /* ticks per square root of a second, of the latent price */
    double half_spread;   /* ticks from the latent price to the first price that may be quoted */
    double spread_wobble; /* sd of the log of the half spread */
    double limit_rate;    /* new orders, both sides together */
    double cancel_rate;   /* of one order */
    double market_rate;   /* market orders, both signs together */
    double hidden_rate;   /* executions against hidden orders */
    double depth_ticks;   /* mean distance of new orders from the touch */
    double size_mean;     /* lots of a new order */
    double market_size_mean;
    double queue_response; /* how strongly queues thin out as the latent price comes near */
} lfi_synth_rates;

const lfi_synth_rates *lfi_synth_rates_of(lf_synth_preset preset);

/*
 * Drift per unit of flow state that makes past flow explain the share alpha of the variance of the
 * 1-min latent return; 0 for alpha 0. See calibrate.c for the formula.
 */
double lfi_synth_drift(
    double alpha, double half_life_s, double market_rate, double volatility, double exponent
);

#endif
