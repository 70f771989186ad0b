/* Levels of Binance messages in bulk, for processors with AVX2 and BMI2. */
#ifndef LOBFLOW_FEED_BINANCE_LEVELS_H
#define LOBFLOW_FEED_BINANCE_LEVELS_H

#include "binance_message.h"

/* Where levels are read from, and how far. */
typedef struct lfi_binance_span {
    const char *begin; /* of the line: nothing before it is read */
    const char *at;    /* the opening bracket of a level */
    const char *end;   /* of the line; LFI_LINE_SLACK bytes behind it may be read */
} lfi_binance_span;

/* Whether this processor has what it takes. */
bool lfi_binance_levels_usable(void);

/*
 * Read levels of one shape: as many decimals as the first one has, eight digits of value at most.
 * span->at moves to the bracket of the first level that is not of the kind, or to what follows the
 * last one; the caller looks at that.
 *
 * @param out  [room]
 * @return levels read
 */
size_t lfi_binance_levels(
    lfi_binance_span *span,
    lfi_binance_scale *prices,
    lfi_binance_scale *sizes,
    lfi_l2_level *out,
    size_t room
);

#endif
