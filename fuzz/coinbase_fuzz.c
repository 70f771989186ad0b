/* Fuzzes the Coinbase reader: capture_fuzzing.h says what must hold. */
#include "capture_fuzzing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    fuzz_capture(&(lf_feed_options){.format = "coinbase"}, data, bytes);
    return 0;
}
