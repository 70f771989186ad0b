/*
 * Fuzzes the DBN reader and the converter: any file is refused with an error, or gives events in
 * time order on both clocks whose trades are there; and what was read can be written.
 */
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
    int64_t last_ns = INT64_MIN, last_local_ns = INT64_MIN;
    if (lf_feed_open(source, options, &feed, &error) != LF_OK) {
        return;
    }
    while (lf_feed_next(feed, &batch, &error) == LF_OK && batch.event_count > 0) {
        for (size_t i = 0; i < batch.event_count; i++) {
            const lf_event *const event = &batch.events[i];
            if (event->ts_exchange_ns < last_ns || event->ts_local_ns < last_local_ns ||
                event->ts_local_ns < event->ts_exchange_ns ||
                event->trade_first + event->trade_count > batch.trade_count) {
                abort();
            }
            last_ns = event->ts_exchange_ns;
            last_local_ns = event->ts_local_ns;
            if (lf_book_event_valid(event)) {
                (void)lf_book_mid2(&event->quotes);
                (void)lf_book_spread(&event->quotes);
            }
        }
    }
    lf_feed_close(feed);
}

static void write_days(const lf_source_list *list, const lf_feed_options *feed)
{
    static const lf_dbn_schema schemas[] = {LF_DBN_MBO, LF_DBN_MBP_10, LF_DBN_TRADES};
    for (int i = 0; i < 3; i++) {
        const lf_convert_options options = {.feed = feed, .schema = schemas[i]};
        lf_convert_report report;
        lf_error error = {0};
        if (lf_feed_convert(list, &options, "/dev/null", &report, &error) != LF_OK &&
            error.message[0] == '\0') {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char path[64];
    const char *const paths[] = {path};
    lf_source_list list;
    lf_error error = {0};
    const int file = memfd_create("fuzz.dbn", 0);
    if (file < 0 || write(file, data, bytes) != (ssize_t)bytes) {
        abort();
    }
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    const lf_feed_options options = {
        .format = "dbn", .batch_events = 1 + bytes % 7, .strict = bytes % 3 == 0};
    if (lf_feed_find(paths, 1, &options, &list, &error) == LF_OK) {
        for (size_t i = 0; i < list.count && i < 3; i++) {
            read_day(&list.sources[i], &options);
        }
        write_days(&list, &options);
        lf_source_list_clear(&list);
    } else if (error.message[0] == '\0') {
        abort();
    }
    (void)close(file);
    return 0;
}
