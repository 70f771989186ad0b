/* Fuzzes the ITCH reader: capture_fuzzing.h says what must hold. */
#include "capture_fuzzing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const lf_feed_options how = {
        .format = "itch",
        .symbol = bytes % 2 == 0 ? "TEST,TEST2" : NULL,
        .date = "2019-12-30",
    };
    fuzz_capture(&how, data, bytes);
    return 0;
}
