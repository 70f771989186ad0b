/* Fuzzes the reader of Binance's csv files, two at a time: capture_fuzzing.h says what must hold.
 */
#include "capture_fuzzing.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* A zero byte is between two files, quotes and trades perhaps. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const uint8_t *const cut = bytes > 0 ? memchr(data, 0, bytes) : NULL;
    const size_t first = cut != NULL ? (size_t)(cut - data) : bytes;
    const fuzz_piece pieces[2] = {{data, first}, {data + first + 1, bytes - first - 1}};
    const lf_feed_options how = {.format = "binance_csv", .symbol = "BTCUSDT"};
    fuzz_files(&how, pieces, cut != NULL ? 2 : 1);
    return 0;
}
