/* Signs of market orders: a pool of metaorders whose lengths have a power-law tail. */
#include "synth_internal.h"

#include <math.h>

/*
 * Lillo, Mike and Farmer (2005): a metaorder of length L sends L orders of one sign; with
 * P(L > l) = l^-exponent the signs' autocorrelation decays as lag^(1 - exponent). A length here is
 * geometric with mean 2^j, and kind j comes with weight 2^(-j exponent): the same tail up to
 * the longest kind, and every moment of the flow has a closed form (drift.c). A model that was
 * fitted gives the parts of the orders by kind instead.
 */
void lfi_signs_init(lfi_signs *signs, const lf_synth_model *model, lf_random *random)
{
    double kinds = 0, lengths = 0, given = 0;
    signs->pool = (int32_t)model->metaorders;
    for (int j = 0; j < LF_SYNTH_KINDS; j++) {
        given += model->order_mix[j];
    }
    for (int j = 0; j < LF_SYNTH_KINDS; j++) {
        signs->end[j] = exp2(-j);
        /* A part of the orders is a part of the metaorders times their length. */
        signs->share[j] =
            given > 0 ? model->order_mix[j] * signs->end[j] : exp2(-j * model->length_exponent);
        kinds += signs->share[j];
        lengths += signs->share[j] / signs->end[j];
    }
    for (int j = 0; j < LF_SYNTH_KINDS; j++) {
        /* Of the orders of one metaorder slot, those that have another one of it before them. */
        signs->weight[j] =
            signs->share[j] / signs->end[j] / lengths * (1 - signs->end[j]) / signs->pool;
        signs->share[j] /= kinds;
    }
    for (int i = 0; i < signs->pool; i++) {
        signs->is_fresh[i] = true;
    }
    /* Until the longest have had their turn. */
    double surprise;
    for (int i = 0; i < 20000; i++) {
        (void)lfi_signs_next(signs, random, &surprise);
    }
}

static void renew(lfi_signs *signs, size_t i, lf_random *random)
{
    double left = lf_random_uniform(random);
    int kind = 0;
    while (kind + 1 < LF_SYNTH_KINDS && left >= signs->share[kind]) {
        left -= signs->share[kind++];
    }
    signs->kind[i] = kind;
    signs->sign[i] = lf_random_below(random, 2) == 0 ? -1 : 1;
}

int32_t lfi_signs_next(lfi_signs *signs, lf_random *random, double *surprise)
{
    double expected = 0;
    for (int i = 0; i < signs->pool; i++) {
        expected += signs->is_fresh[i] ? 0 : (double)signs->sign[i] / signs->pool;
    }
    const size_t i = (size_t)lf_random_below(random, (uint64_t)signs->pool);
    if (signs->is_fresh[i]) {
        renew(signs, i, random);
    }
    signs->is_fresh[i] = lf_random_uniform(random) < signs->end[signs->kind[i]];
    *surprise = signs->sign[i] - expected;
    return signs->sign[i];
}

double lfi_signs_acf(const lfi_signs *signs, int64_t lag)
{
    double sum = 0;
    for (int j = 0; j < LF_SYNTH_KINDS; j++) {
        sum += signs->weight[j] * pow(1 - signs->end[j] / signs->pool, (double)(lag - 1));
    }
    return lag == 0 ? 1 : sum;
}
