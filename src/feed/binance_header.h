/* What stands before the levels of a depth message, recognised by the message before it. */
#ifndef LFI_FEED_BINANCE_HEADER_H
#define LFI_FEED_BINANCE_HEADER_H

#include "binance_message.h"

/*
 * Learn from a depth message in the usual spelling that has been read in full. Headers of one
 * stream differ in the digits of their numbers alone.
 */
void lfi_binance_header_learn(const char *json, size_t bytes, lfi_binance_message *m);

/*
 * Read the header of a message that differs in nothing else from the one learnt; for processors
 * with AVX2. Bytes behind the text are read.
 *
 * @return bytes up to the bracket of the bids, all but the levels set in m; 0: another header
 */
size_t lfi_binance_header_take(const char *json, size_t bytes, lfi_binance_message *m);

#endif
