/* The public face of all readers: opens the one that a source names and hands calls on. */
#include "feed_internal.h"

#include <string.h>

struct lf_feed {
    lf_allocator memory;
    const lf_allocator *allocator;
    lfi_reader reader;
};

lf_status lf_feed_open(
    const lf_source *source, const lf_feed_options *options, lf_feed **out, lf_error *error
)
{
    *out = NULL;
    lf_feed_options own = {0};
    if (options != NULL) {
        own = *options;
    }
    if (own.feed_latency_ns < 0 || own.feed_latency_ns > LF_NS_PER_DAY) {
        return lf_error_set(error, LF_RANGE, "the feed latency must be 0 to 1 day");
    }
    lf_feed *feed = lf_allocate(own.allocator, 1, sizeof *feed);
    if (feed == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", source->path);
    }
    if (own.allocator != NULL) {
        feed->memory = *own.allocator;
        feed->allocator = &feed->memory;
    }
    const lf_status status = strcmp(source->format, "dbn") == 0
                                 ? lfi_dbn_open(source, &own, &feed->reader, error)
                             : strcmp(source->format, "binance") == 0
                                 ? lfi_binance_open(source, &own, &feed->reader, error)
                             : strcmp(source->format, "algoseek") == 0
                                 ? lfi_algoseek_open(source, &own, &feed->reader, error)
                                 : lfi_lobster_open(source, &own, &feed->reader, error);
    if (status != LF_OK) {
        lf_release(own.allocator, feed);
        return status;
    }
    *out = feed;
    return LF_OK;
}

const lf_instrument *lf_feed_instrument(const lf_feed *feed)
{
    return &feed->reader.instrument;
}

lf_status lf_feed_next(lf_feed *feed, lf_batch *out, lf_error *error)
{
    return feed->reader.next(feed->reader.self, out, error);
}

const lf_feed_stats *lf_feed_stats_of(const lf_feed *feed)
{
    return &feed->reader.stats;
}

void lf_feed_close(lf_feed *feed)
{
    if (feed == NULL) {
        return;
    }
    feed->reader.close(feed->reader.self);
    const lf_allocator memory = feed->memory;
    lf_release(feed->allocator != NULL ? &memory : NULL, feed);
}
