/* The market of tests of planted news. Header only. */
#ifndef LOBFLOW_SYNTH_QUICK_TESTING_H
#define LOBFLOW_SYNTH_QUICK_TESTING_H

#include <lobflow/synth.h>

/* An even day whose quotes are at the latent price within some milliseconds. */
static inline void testing_quick_market(lf_synth_model *model)
{
    lf_synth_model_default(LF_SYNTH_SMALL_TICK, model);
    model->volatility = 0.3;
    model->impact_share = 0;
    model->spread_wobble = 0;
    model->improve_rate = 1000;
    model->activity_sd = 0;
    for (int i = 0; i < LF_SYNTH_PARTS; i++) {
        model->activity[i] = model->spread[i] = model->depth[i] = 1;
    }
}

#endif
