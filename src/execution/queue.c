/* Where an own order stands in its queue, as far as a book of levels can tell. */
#include "execution_internal.h"

#include <math.h>
#include <string.h>

/*
 * Share of a removal that came from behind us, where front lots stand before us and back lots
 * behind. Nothing behind gives 0 and nothing in front gives 1 for every rule; what the formulas say
 * of 0/0 is never asked.
 * Source: https://quant.stackexchange.com/questions/3782 and
 * https://rigtorp.se/2013/06/08/estimating-order-queue-position.html for the power and log forms;
 * hftbacktest names the variants by number.
 */
static double share_behind(lf_queue_model model, double n, double front, double back)
{
    if (front <= 0.0) {
        return 1.0;
    }
    if (back <= 0.0) {
        return 0.0;
    }
    switch (model) {
    case LF_QUEUE_POWER: {
        const double sum = pow(back, n) + pow(front, n);
        return isfinite(sum) ? pow(back, n) / sum : 1.0 / (1.0 + pow(front / back, n));
    }
    case LF_QUEUE_POWER2: {
        const double all = pow(back + front, n);
        return isfinite(all) ? pow(back, n) / all : pow(back / (back + front), n);
    }
    case LF_QUEUE_POWER3:
        return 1.0 - pow(front / (front + back), n);
    case LF_QUEUE_LOG:
        return log(1.0 + back) / (log(1.0 + back) + log(1.0 + front));
    case LF_QUEUE_LOG2:
        return log(1.0 + back) / log(1.0 + back + front);
    case LF_QUEUE_RISK_AVERSE:
        return 1.0;
    case LF_QUEUE_OPTIMISTIC:
        return 0.0;
    case LF_QUEUE_FIFO: /* fifo.c knows */
        break;
    }
    return 1.0;
}

void lfi_queue_join(lfi_place *place, int64_t displayed)
{
    *place = (lfi_place){
        .front = displayed >= 0 ? (double)displayed : (double)LFI_AHEAD_UNKNOWN,
        .shown = displayed,
    };
}

int64_t lfi_queue_trade(lfi_place *place, int64_t lots, int64_t offered)
{
    place->front -= (double)offered;
    place->traded += (double)lots;
    /* A front of -0.5 is a lot that is ours: rounded half away from zero. */
    if (place->front > -0.5) {
        return 0;
    }
    const double reached = round(-place->front);
    place->front = 0.0;
    return reached < (double)offered ? (int64_t)reached : offered;
}

/* share_behind(), remembered: powers and logarithms cost more than finding that they were asked. */
static double
share_known(const lf_queue_options *options, lfi_share *shares, double front, double back)
{
    if (front <= 0.0 || back <= 0.0) {
        return share_behind(options->model, options->n, front, back); /* no answer is empty */
    }
    uint64_t bits[2];
    memcpy(&bits[0], &front, sizeof front);
    memcpy(&bits[1], &back, sizeof back);
    /* Odd factors mix all bits into the upper ones. */
    const uint64_t mixed =
        (bits[0] * UINT64_C(0x9e3779b97f4a7c15) ^ bits[1]) * UINT64_C(0xd6e8feb86659fd93);
    lfi_share *const known = &shares[mixed >> 32 & (LFI_SHARES - 1)];
    if (known->front != front || known->back != back || known->n != options->n ||
        known->model != options->model) {
        *known = (lfi_share){
            .front = front,
            .back = back,
            .n = options->n,
            .share = share_behind(options->model, options->n, front, back),
            .model = options->model,
        };
    }
    return known->share;
}

void lfi_queue_depth(
    const lf_queue_options *options, lfi_share *shares, lfi_place *place, int64_t displayed
)
{
    if (displayed == place->shown) {
        return; /* nothing was said about this price */
    }
    if (displayed < 0) { /* out of view: what happens there is not seen */
        place->shown = displayed;
        place->traded = 0.0;
        return;
    }
    const double now = (double)displayed;
    /* What left without trading; trades were taken off when they were seen. */
    const double left = (double)place->shown - now - place->traded;
    if (place->shown >= 0 && left >= 0.0) {
        const double back = (double)place->shown - place->front;
        const double p = share_known(options, shares, place->front, back);
        /* Behind us no more can leave than stands there: the rest left in front. */
        const double behind = back - p * left;
        const double front = place->front - (1.0 - p) * left + (behind < 0.0 ? behind : 0.0);
        /* Nor in front of us: a rule that says so (the log forms do) has too much of it there. */
        place->front = front >= 0.0 || place->front < 0.0 ? front : 0.0;
    }
    if (place->front > now) {
        place->front = now;
    }
    place->traded = 0.0;
    place->shown = displayed;
}
