/*
 * Fuzzes captures and packets of CME MDP 3.0: any file is refused with an error or counted, and the
 * counts agree with one another; of its books capture_fuzzing.h says what must hold.
 */
#include "capture_fuzzing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* The books of securities that seeds have, by price and by order. */
static void read_books(const char *path)
{
    static const char *const symbols[] = {"7", "77"};
    const int64_t tick_nano = 10000000;
    const lf_feed_options one = {.tick_nano = tick_nano, .batch_events = 1};
    const lf_feed_options some = {.tick_nano = tick_nano, .batch_events = 7, .with_orders = true};
    const lf_feed_options strict = {.tick_nano = tick_nano, .strict = true};
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        lf_source source = {.format = "cme", .date = {2017, 7, 14}};
        (void)snprintf(source.path, sizeof source.path, "%s", path);
        (void)snprintf(source.symbol, sizeof source.symbol, "%s", symbols[i]);
        check(read_day(&source, &one) == read_day(&source, &some));
        (void)read_day(&source, &strict);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char path[64];
    lf_cme_counts c;
    lf_error error = {0};
    const int file = memfd_create("fuzz.pcap", 0);
    check(file >= 0 && write(file, data, bytes) == (ssize_t)bytes);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    (void)lf_cme_is_capture(path);
    if (lf_cme_count(path, NULL, &c, &error) != LF_OK) {
        check(error.message[0] != '\0');
    }
    const int64_t fed = c.feed_counts[0] + c.feed_counts[1];
    check(c.frame_count == fed + c.other_count + c.damaged_count);
    check(fed == c.packet_count + c.copy_count);
    check(c.gap_count <= c.missing_count && c.first_ts_ns <= c.last_ts_ns);
    read_books(path);
    (void)close(file);
    return 0;
}
