/*
 * Any file is refused with an error, or gives days of events in time order on both clocks whose
 * trades are there and whose levels are in order, the same for any size of batches. Header only.
 */
#ifndef LOBFLOW_CAPTURE_FUZZING_H
#define LOBFLOW_CAPTURE_FUZZING_H

#include <lobflow/book.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void check(bool condition)
{
    if (!condition) {
        abort();
    }
}

/* Levels in order, missing ones behind the others; which side is before the other is the data's. */
static void check_quotes(const lf_quotes *q)
{
    for (int m = 0; m < LF_LEVELS_MAX; m++) {
        check((q->bid_lots[m] > 0) == (q->bid_ticks[m] != LF_BID_NONE));
        check((q->ask_lots[m] > 0) == (q->ask_ticks[m] != LF_ASK_NONE));
        check(m == 0 || q->bid_ticks[m] < q->bid_ticks[m - 1] || q->bid_lots[m] == 0);
        check(m == 0 || q->ask_ticks[m] > q->ask_ticks[m - 1] || q->ask_lots[m] == 0);
    }
}

/* Read a day; the sum of what its events say, or how it failed: a batch that ends so is lost. */
static uint64_t read_day(const lf_source *source, const lf_feed_options *options)
{
    lf_feed *feed = NULL;
    lf_batch batch = {.event_count = 1};
    lf_error error = {0};
    int64_t last_ns = INT64_MIN, last_local_ns = INT64_MIN;
    uint64_t sum = 0;
    lf_status status = lf_feed_open(source, options, &feed, &error);
    check((status == LF_OK) == (feed != NULL));
    while (status == LF_OK && batch.event_count > 0) {
        status = lf_feed_next(feed, &batch, &error);
        for (size_t i = 0; status == LF_OK && i < batch.event_count; i++) {
            const lf_event *const e = &batch.events[i];
            check(e->ts_exchange_ns >= last_ns && e->ts_local_ns >= last_local_ns);
            check(e->ts_local_ns >= e->ts_exchange_ns);
            check(e->trade_first + e->trade_count <= batch.trade_count);
            check(e->kind < LF_EVENT_KIND_COUNT && e->size_lots >= 0);
            check_quotes(&e->quotes);
            if (lf_book_event_valid(e)) {
                check(lf_book_spread(&e->quotes) > 0);
            }
            sum = sum * 31 + (uint64_t)e->ts_exchange_ns + e->flags + e->kind;
            sum += (uint64_t)e->quotes.bid_lots[0] * 3 + (uint64_t)e->quotes.ask_lots[0];
            last_ns = e->ts_exchange_ns;
            last_local_ns = e->ts_local_ns;
        }
    }
    check(status == LF_OK || error.message[0] != '\0');
    lf_feed_close(feed);
    return status == LF_OK ? sum : (uint64_t)status;
}

/* The content of a file. */
typedef struct fuzz_piece {
    const uint8_t *data;
    size_t bytes;
} fuzz_piece;

/* Read one or two files with the format, the symbol and the date of options. */
static void fuzz_files(const lf_feed_options *how, const fuzz_piece *pieces, size_t count)
{
    char names[2][64];
    const char *paths[2];
    int files[2];
    lf_source_list list;
    lf_error error = {0};
    for (size_t i = 0; i < count; i++) {
        files[i] = memfd_create("fuzz", 0);
        check(files[i] >= 0);
        check(write(files[i], pieces[i].data, pieces[i].bytes) == (ssize_t)pieces[i].bytes);
        (void)snprintf(names[i], sizeof names[i], "/proc/self/fd/%d", files[i]);
        paths[i] = names[i];
    }
    lf_feed_options one = *how, some = *how;
    one.batch_events = 1;
    some.batch_events = 7;
    some.with_orders = true;
    const lf_feed_options strict = {.symbol = how->symbol, .strict = true};
    if (lf_feed_find(paths, count, &one, &list, &error) == LF_OK) {
        for (size_t i = 0; i < list.count && i < 3; i++) {
            check(read_day(&list.sources[i], &one) == read_day(&list.sources[i], &some));
            (void)read_day(&list.sources[i], &strict);
        }
        lf_source_list_clear(&list);
    } else {
        check(error.message[0] != '\0');
    }
    for (size_t i = 0; i < count; i++) {
        (void)close(files[i]);
    }
}

/* Read a file as captures of a format. */
static inline void fuzz_capture(const lf_feed_options *how, const uint8_t *data, size_t bytes)
{
    fuzz_files(how, &(fuzz_piece){data, bytes}, 1);
}

#endif
