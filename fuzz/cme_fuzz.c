/*
 * Fuzzes captures and packets of CME MDP 3.0: any file is refused with an error or counted, and the
 * counts agree with one another; events of its books are in order of time, and levels of price.
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

static void check_quotes(const lf_quotes *q)
{
    for (int m = 1; m < LF_LEVELS_MAX; m++) {
        check(q->bid_ticks[m] < q->bid_ticks[m - 1] || q->bid_lots[m] == 0);
        check(q->ask_ticks[m] > q->ask_ticks[m - 1] || q->ask_lots[m] == 0);
    }
}

static void read_day(const lf_source *source, const lf_feed_options *options)
{
    lf_feed *feed = NULL;
    lf_batch batch = {.event_count = 1};
    lf_error error = {0};
    int64_t last_ns = INT64_MIN;
    lf_status status = lf_feed_open(source, options, &feed, &error);
    while (status == LF_OK && batch.event_count > 0) {
        status = lf_feed_next(feed, &batch, &error);
        for (size_t i = 0; status == LF_OK && i < batch.event_count; i++) {
            const lf_event *const event = &batch.events[i];
            check(event->ts_exchange_ns >= last_ns);
            check(event->ts_local_ns >= event->ts_exchange_ns);
            check_quotes(&event->quotes);
            last_ns = event->ts_exchange_ns;
        }
    }
    check(status == LF_OK || error.message[0] != '\0');
    lf_feed_close(feed);
}

/* The books of securities that seeds have. */
static void read_books(const char *path)
{
    static const char *const symbols[] = {"7", "8"};
    const lf_feed_options options = {.tick_nano = 10000000};
    for (size_t i = 0; i < 2; i++) {
        lf_source source = {.format = "cme", .date = {2017, 7, 14}};
        (void)snprintf(source.path, sizeof source.path, "%s", path);
        (void)snprintf(source.symbol, sizeof source.symbol, "%s", symbols[i]);
        read_day(&source, &options);
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
