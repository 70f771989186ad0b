/* The public face of all readers: opens the one that a source names and hands calls on. */
#include "feed_internal.h"

#include <string.h>

#define BATCH_EVENTS_DEFAULT 1024

struct lf_feed {
    lf_allocator memory;
    const lf_allocator *allocator;
    lfi_reader reader;
};

lf_status lf_feed_check(const lf_feed_options *options, lf_error *error)
{
    static const char *const formats[] = {
        "lobster", "algoseek", "dbn", "itch", "binance", "binance_csv", "coinbase", "cme"};
    bool is_known = options->format == NULL;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0] && !is_known; i++) {
        is_known = strcmp(options->format, formats[i]) == 0;
    }
    if (!is_known) {
        return lf_error_set(
            error,
            LF_NOT_FOUND,
            "unknown format \"%s\"; known: lobster, algoseek, dbn, itch, binance, binance_csv, "
            "coinbase, cme",
            options->format
        );
    }
    lf_date date;
    if (options->date != NULL && lf_date_parse(options->date, &date) != LF_OK) {
        return lf_error_set(error, LF_RANGE, "\"%s\" is no date; write YYYY-MM-DD", options->date);
    }
    if (options->symbol != NULL && strlen(options->symbol) >= sizeof((lf_source *)0)->symbol) {
        return lf_error_set(error, LF_RANGE, "the symbol \"%s\" is too long", options->symbol);
    }
    return LF_OK;
}

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
    const lf_status status =
        strcmp(source->format, "dbn") == 0 ? lfi_dbn_open(source, &own, &feed->reader, error)
        : strcmp(source->format, "binance") == 0
            ? lfi_binance_open(source, &own, &feed->reader, error)
        : strcmp(source->format, "binance_csv") == 0
            ? lfi_csv_open_day(source, &own, &feed->reader, error)
        : strcmp(source->format, "coinbase") == 0
            ? lfi_coinbase_open(source, &own, &feed->reader, error)
        : strcmp(source->format, "cme") == 0  ? lfi_cme_open(source, &own, &feed->reader, error)
        : strcmp(source->format, "itch") == 0 ? lfi_itch_open(source, &own, &feed->reader, error)
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

const lf_order_change *lf_feed_changes(const lf_feed *feed, size_t event, size_t *count)
{
    const lfi_changes *const changes = &feed->reader.changes;
    *count = 0;
    if (changes->ends == NULL) {
        return NULL;
    }
    const size_t first = event > 0 ? changes->ends[event - 1] : 0;
    *count = changes->ends[event] - first;
    return changes->items != NULL ? changes->items + first : NULL;
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

/* ---- batches, for readers that make one event at a time --------------------------------- */

bool lfi_room_create(lfi_room *room, const lf_allocator *allocator, const lf_feed_options *options)
{
    const size_t count = options->batch_events != 0 ? options->batch_events : BATCH_EVENTS_DEFAULT;
    *room = (lfi_room){
        .events = lf_allocate(allocator, count, sizeof *room->events),
        .trades = lf_allocate(allocator, count, sizeof *room->trades),
        .event_capacity = count,
    };
    const bool is_there = room->events != NULL && room->trades != NULL;
    if (!is_there) {
        lfi_room_destroy(room, allocator);
    }
    return is_there;
}

void lfi_room_destroy(lfi_room *room, const lf_allocator *allocator)
{
    lf_release(allocator, room->events);
    lf_release(allocator, room->trades);
    *room = (lfi_room){0};
}

lf_status
lfi_room_fill(const lfi_room *room, lfi_read_event read, void *self, lf_batch *out, lf_error *error)
{
    size_t count = 0, trade_count = 0;
    while (count < room->event_capacity) {
        bool got;
        lf_event *const event = &room->events[count];
        /* No event before this one has more than one trade, so there is room for its own. */
        const lf_status status = read(self, event, &room->trades[trade_count], &got, error);
        if (status != LF_OK) {
            return status;
        }
        if (!got) {
            break;
        }
        event->trade_first = (uint32_t)trade_count;
        trade_count += event->trade_count;
        count++;
    }
    *out = (lf_batch){room->events, room->trades, count, trade_count};
    return LF_OK;
}
