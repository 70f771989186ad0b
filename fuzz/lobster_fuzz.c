/*
 * Fuzzes the LOBSTER reader: any two files are refused with a reason or give events that keep their
 * promises, the same for any size of batches. The first byte chooses levels, strict and the size of
 * batches; then come the message file, a line of "#", and the orderbook file.
 */
#include <lobflow/feed.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void write_file(const char *path, const uint8_t *data, size_t bytes)
{
    FILE *file = fopen(path, "wb");
    check(file != NULL);
    check(bytes == 0 || fwrite(data, 1, bytes, file) == bytes);
    check(fclose(file) == 0);
}

/* What any event of this feed promises. */
static void check_event(const lf_event *e, const lf_batch *batch, int32_t level_count)
{
    check(e->kind < LF_EVENT_KIND_COUNT && e->side >= -1 && e->side <= 1 && e->size_lots >= 0);
    check(e->trade_count <= 1 && e->trade_first + e->trade_count <= batch->trade_count);
    check(e->trade_count == (e->kind == LF_EVENT_EXECUTE || e->kind == LF_EVENT_HIDDEN ? 1 : 0));
    for (int m = 0; m < LF_LEVELS_MAX; m++) {
        const lf_quotes *q = &e->quotes;
        check((q->bid_lots[m] > 0) == (q->bid_ticks[m] != LF_BID_NONE));
        check((q->ask_lots[m] > 0) == (q->ask_ticks[m] != LF_ASK_NONE));
        check(q->bid_lots[m] == 0 || q->bid_ticks[m] > 0);
        check(q->ask_lots[m] == 0 || q->ask_ticks[m] > 0);
        check(m < level_count || (q->bid_lots[m] == 0 && q->ask_lots[m] == 0));
    }
}

/* Read a day; the hash of its events up to the end or the error, whose text comes back too. */
static uint64_t read_day(const lf_source *source, const lf_feed_options *options, lf_error *error)
{
    lf_feed *feed = NULL;
    lf_batch batch = {.event_count = 1};
    uint64_t hash = 0;
    int64_t count = 0, last_ns = INT64_MIN;
    lf_status status = lf_feed_open(source, options, &feed, error);
    check((status == LF_OK) == (feed != NULL));
    while (status == LF_OK && batch.event_count > 0) {
        status = lf_feed_next(feed, &batch, error);
        for (size_t i = 0; status == LF_OK && i < batch.event_count; i++) {
            lf_event e = batch.events[i];
            check_event(&e, &batch, lf_feed_instrument(feed)->level_count);
            check(e.ts_exchange_ns >= last_ns);
            last_ns = e.ts_exchange_ns;
            e.trade_first = 0;
            hash = lf_hash64(&e, sizeof e, hash);
            count++;
        }
    }
    if (status == LF_OK) {
        const lf_feed_stats *stats = lf_feed_stats_of(feed);
        check(stats->event_count == count && stats->check_count <= count);
        check(!options->strict || stats->violation_count + stats->crossed_count == 0);
    } else {
        check(error->message[0] != '\0' && error->status == status);
        hash = lf_hash64(error->message, strlen(error->message), 1);
    }
    lf_feed_close(feed);
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const int32_t levels[] = {1, 2, 3, 5, 10, 11, 50, 7};
    const uint8_t choice = bytes > 0 ? data[0] : 0;
    const uint8_t *message = data + (bytes > 0);
    const size_t left = bytes - (bytes > 0);
    const uint8_t *mark = left > 0 ? memmem(message, left, "#\n", 2) : NULL;
    const uint8_t *book = mark != NULL ? mark + 2 : message + left;
    lf_source source = {
        .format = "lobster",
        .symbol = "A",
        .date = {2012, 6, 21},
        .level_count = levels[choice % 8]};
    (void)snprintf(source.path, sizeof source.path, "/tmp/lobflow-fuzz-%ld.m", (long)getpid());
    (void)snprintf(source.path2, sizeof source.path2, "/tmp/lobflow-fuzz-%ld.o", (long)getpid());
    write_file(source.path, message, (size_t)((mark != NULL ? mark : message + left) - message));
    write_file(source.path2, book, (size_t)(message + left - book));
    lf_feed_options options = {.strict = (choice & 8) != 0, .batch_events = 1 + choice / 16};
    lf_error error = {.message = ""};
    const uint64_t hash = read_day(&source, &options, &error);
    options.batch_events = 1000;
    check(read_day(&source, &options, &error) == hash);
    (void)unlink(source.path);
    (void)unlink(source.path2);
    return 0;
}
