/*
 * Fuzzes captures and packets of CME MDP 3.0: any file is refused with an error or counted, and the
 * counts agree with one another.
 */
#include <lobflow/feed.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check(bool condition)
{
    if (!condition) {
        abort();
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
    (void)close(file);
    return 0;
}
