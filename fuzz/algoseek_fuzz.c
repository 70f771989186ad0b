/* Fuzzes the AlgoSeek reader: any file is refused with a place, or gives events in time order. */
#include <lobflow/book.h>

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void read_day(const lf_source *source, const lf_feed_options *options)
{
    lf_feed *feed = NULL;
    lf_batch batch;
    lf_error error;
    int64_t last_ns = INT64_MIN;
    if (lf_feed_open(source, options, &feed, &error) != LF_OK) {
        return;
    }
    while (lf_feed_next(feed, &batch, &error) == LF_OK && batch.event_count > 0) {
        for (size_t i = 0; i < batch.event_count; i++) {
            const lf_event *const event = &batch.events[i];
            if (event->ts_exchange_ns < last_ns || event->trade_count > 1 ||
                event->trade_first + event->trade_count > batch.trade_count) {
                abort();
            }
            last_ns = event->ts_exchange_ns;
            (void)lf_book_event_valid(event);
        }
    }
    lf_feed_close(feed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char path[64];
    const char *const paths[] = {path};
    lf_source_list list;
    lf_error error;
    const int file = memfd_create("fuzz.csv", 0);
    if (file < 0 || write(file, data, bytes) != (ssize_t)bytes) {
        abort();
    }
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    const lf_feed_options options = {.format = "algoseek", .batch_events = 1 + bytes % 7};
    if (lf_feed_find(paths, 1, &options, &list, &error) == LF_OK) {
        read_day(&list.sources[0], &options);
        lf_source_list_clear(&list);
    } else if (error.message[0] == '\0') {
        abort();
    }
    (void)close(file);
    return 0;
}
