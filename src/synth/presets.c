/* Two kinds of stock: the numbers of the simulated market. */
#include "synth_internal.h"

/*
 * Chosen by measuring, not fitted to one stock: some 1,300 events a minute, a volatility of 10 to
 * 12 bps a minute as of a liquid share, and the facts of docs/modules/synth.md, which says what
 * each number is for.
 */
const lf_synth_model *lfi_synth_preset(lf_synth_preset preset)
{
    static const lf_synth_model all[] = {
        [LF_SYNTH_SMALL_TICK] =
            {
                .price_ticks = 10000,
                .volatility = 1.5,
                .impact_share = 0.6,
                .zone = 0,
                .stickiness = 0,
                .half_spread = 1.0,
                .spread_wobble = 0.25,
                .limit_rate = 14,
                .improve_rate = 0.3,
                .cancel_rate = 0.6,
                .cancel_depth = 1,
                .market_rate = 2.2,
                .hidden_rate = 0.3,
                .depth_ticks = 5,
                .depth_exponent = 1.2,
                .size_mean = 120,
                .market_size_mean = 90,
                .queue_response = 0.8,
                .queue_reach = 3,
                .metaorders = 2,
                .length_exponent = 1.55,
                .activity_sd = 0.5,
                .volatility_power = 1,
            },
        [LF_SYNTH_LARGE_TICK] =
            {
                .price_ticks = 3000,
                .volatility = 0.387,
                .impact_share = 0.35,
                .zone = 0.5,
                .stickiness = 0.9,
                .half_spread = 0,
                .spread_wobble = 0,
                .limit_rate = 17,
                .improve_rate = 2,
                .cancel_rate = 0.6,
                .cancel_depth = 0.5,
                .market_rate = 1.7,
                .hidden_rate = 0.2,
                .depth_ticks = 0.6,
                .depth_exponent = 1.0,
                .size_mean = 300,
                .market_size_mean = 180,
                .queue_response = 0.98,
                .queue_reach = 2,
                .metaorders = 2,
                .length_exponent = 1.55,
                .activity_sd = 0.5,
                .volatility_power = 1,
            },
    };
    return &all[preset];
}

void lf_synth_model_default(lf_synth_preset preset, lf_synth_model *out)
{
    *out = *lfi_synth_preset(preset);
}
