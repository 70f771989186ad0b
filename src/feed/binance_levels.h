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

/* Bytes whose closing brackets are found at once, for all lists that they hold. */
#define LFI_BINANCE_WINDOW 1024

/* Closing brackets of a part of a line. */
typedef struct lfi_binance_brackets {
    const char *begin, *end; /* of the part; NULL at first */
    size_t next, count;
    uint16_t places[LFI_BINANCE_WINDOW + 8]; /* [count] from begin on; some more are written */
} lfi_binance_brackets;

/* Whether this processor has what it takes. */
bool lfi_binance_levels_usable(void);

/*
 * Read levels of one shape: as many whole digits of the price and as many decimals of both as the
 * first one has, eight digits of value at most. Shapes are kept for the lists to come.
 * span->at moves to the bracket of the first level that is not of the kind, or to what follows the
 * last one; the caller looks at that.
 *
 * @param brackets  of this line, kept from list to list
 * @param out       [room]
 * @return levels read
 */
size_t lfi_binance_levels(
    lfi_binance_brackets *brackets,
    lfi_binance_shape shapes[LFI_BINANCE_SHAPES],
    lfi_binance_span *span,
    lfi_binance_scale *prices,
    lfi_binance_scale *sizes,
    lfi_l2_level *out,
    size_t room
);

#endif
