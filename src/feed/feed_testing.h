/*
 * What the tests of the feed module share: files and archives with given texts. Header only;
 * include it after cmocka.h.
 */
#ifndef LOBFLOW_FEED_TESTING_H
#define LOBFLOW_FEED_TESTING_H

#include "feed_internal.h"

#include <archive.h>
#include <archive_entry.h>

#include "../../tests/testing.h"

/* One file inside an archive. */
typedef struct ft_member {
    const char *name;
    const char *text;
} ft_member;

/* What to make: a format ("zip", "7zip", "ustar", "raw"), a filter ("gzip", ... or NULL). */
typedef struct ft_archive {
    const char *format;
    const char *filter;
    const char *options;    /* libarchive's, or NULL */
    const char *passphrase; /* or NULL */
} ft_archive;

LF_TESTING_UNUSED static void ft_write_bytes(const char *path, const void *data, size_t bytes)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

/* Write a text; the path comes back. */
LF_TESTING_UNUSED static const char *
ft_write(const lf_testing_folder *folder, const char *name, const char *text)
{
    const char *path = lf_testing_path(folder, name);
    ft_write_bytes(path, text, strlen(text));
    return path;
}

LF_TESTING_UNUSED static void ft_append_member(struct archive *out, const ft_member *member)
{
    struct archive_entry *entry = archive_entry_new();
    const size_t bytes = strlen(member->text);
    archive_entry_set_pathname(entry, member->name);
    archive_entry_set_size(entry, (la_int64_t)bytes);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    assert_int_equal(archive_write_header(out, entry), ARCHIVE_OK);
    assert_int_equal(archive_write_data(out, member->text, bytes), bytes);
    archive_entry_free(entry);
}

/* Write an archive (or a compressed file, of one member); the path comes back. */
LF_TESTING_UNUSED static const char *ft_pack(
    const lf_testing_folder *folder,
    const char *name,
    const ft_archive *how,
    const ft_member *members,
    size_t count
)
{
    const char *path = lf_testing_path(folder, name);
    struct archive *out = archive_write_new();
    assert_non_null(out);
    assert_int_equal(archive_write_set_format_by_name(out, how->format), ARCHIVE_OK);
    if (how->filter != NULL) {
        assert_int_equal(archive_write_add_filter_by_name(out, how->filter), ARCHIVE_OK);
    }
    if (how->options != NULL) {
        assert_int_equal(archive_write_set_options(out, how->options), ARCHIVE_OK);
    }
    if (how->passphrase != NULL) {
        assert_int_equal(archive_write_set_passphrase(out, how->passphrase), ARCHIVE_OK);
    }
    assert_int_equal(archive_write_open_filename(out, path), ARCHIVE_OK);
    for (size_t i = 0; i < count; i++) {
        ft_append_member(out, &members[i]);
    }
    assert_int_equal(archive_write_close(out), ARCHIVE_OK);
    archive_write_free(out);
    return path;
}

/* A whole file; end it with lf_release(NULL, ...). */
LF_TESTING_UNUSED static char *ft_read(const char *path, size_t *bytes)
{
    char *data;
    assert_int_equal(lf_file_read_all(NULL, path, &data, bytes, NULL), LF_OK);
    return data;
}

/* ---- true levels ------------------------------------------------------------------------ */

/* The best levels of a naive book: lots [ticks] of each side, from first_tick on. */
LF_TESTING_UNUSED static void ft_best_levels(
    const int64_t *bid_lots, const int64_t *ask_lots, int ticks, int64_t first_tick, lf_quotes *out
)
{
    int bids = 0, asks = 0;
    memset(out, 0, sizeof *out);
    for (int m = 0; m < LF_LEVELS_MAX; m++) {
        out->bid_ticks[m] = LF_BID_NONE;
        out->ask_ticks[m] = LF_ASK_NONE;
    }
    for (int i = 0; i < ticks; i++) {
        const int bid = ticks - 1 - i;
        if (bid_lots[bid] > 0 && bids < LF_LEVELS_MAX) {
            out->bid_ticks[bids] = first_tick + bid;
            out->bid_lots[bids++] = bid_lots[bid];
        }
        if (ask_lots[i] > 0 && asks < LF_LEVELS_MAX) {
            out->ask_ticks[asks] = first_tick + i;
            out->ask_lots[asks++] = ask_lots[i];
        }
    }
}

/* ---- reading ---------------------------------------------------------------------------- */

/* A day whose two files lie anywhere. */
LF_TESTING_UNUSED static lf_source
ft_pair_source(const char *message_path, const char *book_path, int32_t level_count)
{
    lf_source source = {.symbol = "A", .date = {2012, 6, 21}, .level_count = level_count};
    (void)snprintf(source.path, sizeof source.path, "%s", message_path);
    (void)snprintf(source.path2, sizeof source.path2, "%s", book_path);
    return source;
}

/* What is done with each event. */
typedef void (*ft_visit)(void *context, const lf_event *event, const lf_trade *trades);

/* Read all events; visit and stats, which come up to where it failed, may be NULL. */
LF_TESTING_UNUSED static lf_status ft_read_events(
    const lf_source *source,
    const lf_feed_options *options,
    ft_visit visit,
    void *context,
    lf_feed_stats *stats,
    lf_error *error
)
{
    lf_feed *feed = NULL;
    lf_batch batch = {.event_count = 1};
    lf_status status = lf_feed_open(source, options, &feed, error);
    while (status == LF_OK && batch.event_count > 0) {
        status = lf_feed_next(feed, &batch, error);
        for (size_t i = 0; visit != NULL && status == LF_OK && i < batch.event_count; i++) {
            visit(context, &batch.events[i], batch.trades);
        }
    }
    if (feed != NULL && stats != NULL) {
        *stats = *lf_feed_stats_of(feed);
    }
    lf_feed_close(feed);
    return status;
}

/* Events that a test keeps. */
#define FT_EVENTS_MAX 8000

/* Everything that came out of reading a day. */
typedef struct ft_reading {
    lf_event events[FT_EVENTS_MAX];
    size_t count;
    int64_t trades, trade_lots, bought; /* bought: trades whose aggressor was the buyer */
    int64_t masked, resets, snapshots;  /* events with these flags */
    lf_instrument instrument;
    lf_feed_stats stats;
    lf_status status;
    lf_error error;
} ft_reading;

/* Keep a batch, whose events follow those before it on both clocks. */
LF_TESTING_UNUSED static void ft_take_batch(ft_reading *got, const lf_batch *batch)
{
    for (size_t i = 0; i < batch->event_count; i++) {
        const lf_event *const e = &batch->events[i];
        assert_true(got->count < FT_EVENTS_MAX);
        if (got->count > 0) {
            assert_true(e->ts_exchange_ns >= got->events[got->count - 1].ts_exchange_ns);
            assert_true(e->ts_local_ns >= got->events[got->count - 1].ts_local_ns);
        }
        assert_true(e->ts_local_ns >= e->ts_exchange_ns);
        got->masked += (e->flags & LF_EVENT_MASKED) != 0;
        got->resets += (e->flags & LF_EVENT_RESET) != 0;
        got->snapshots += (e->flags & LF_EVENT_SNAPSHOT) != 0;
        got->events[got->count++] = *e;
    }
    for (size_t i = 0; i < batch->trade_count; i++) {
        got->trades++;
        got->trade_lots += batch->trades[i].size_lots;
        got->bought += batch->trades[i].sign > 0;
    }
}

/* Read a day; what is known of it up to where it failed is kept. */
LF_TESTING_UNUSED static void
ft_read_source(ft_reading *got, const lf_source *source, const lf_feed_options *options)
{
    lf_feed *feed = NULL;
    lf_batch batch = {.event_count = 1};
    memset(got, 0, sizeof *got);
    got->status = lf_feed_open(source, options, &feed, &got->error);
    while (got->status == LF_OK && batch.event_count > 0) {
        got->status = lf_feed_next(feed, &batch, &got->error);
        if (got->status == LF_OK) {
            ft_take_batch(got, &batch);
        }
    }
    if (feed != NULL) {
        got->instrument = *lf_feed_instrument(feed);
        got->stats = *lf_feed_stats_of(feed);
    }
    lf_feed_close(feed);
}

/* Read a day with memory that fails at call n, for all n up to 60 and then for every some-th: each
   time what was taken is given back. The result of the last one, which does not fail, stays in got
   (NULL: events are not kept); returns how often the whole asks for memory. */
LF_TESTING_UNUSED static uint64_t
ft_fail_memory(ft_reading *got, const lf_source *source, const lf_feed_options *how, uint64_t some)
{
    lf_testing_memory memory;
    lf_feed_options options = *how;
    lf_error error;
    for (uint64_t n = 0;; n += n < 60 ? 1 : some) {
        lf_testing_memory_start(&memory, n);
        options.allocator = &memory.allocator;
        lf_status status;
        if (got != NULL) {
            ft_read_source(got, source, &options);
            status = got->status;
        } else {
            status = ft_read_events(source, &options, NULL, NULL, NULL, &error);
        }
        assert_int_equal(status, memory.calls <= n ? LF_OK : LF_NOMEM);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            return memory.calls;
        }
    }
}

/* Find the only day behind paths and read it. */
LF_TESTING_UNUSED static void ft_read_paths(
    ft_reading *got, const char *const *paths, size_t count, const lf_feed_options *options
)
{
    lf_source_list list;
    memset(got, 0, sizeof *got);
    got->status = lf_feed_find(paths, count, options, &list, &got->error);
    if (got->status == LF_OK) {
        assert_int_equal(list.count, 1);
        ft_read_source(got, &list.sources[0], options);
        lf_source_list_clear(&list);
    }
}

/* ---- a small market --------------------------------------------------------------------- */

#define FT_TICKS 400
#define FT_FIRST_TICK 9800 /* ticks FT_FIRST_TICK to FT_FIRST_TICK + FT_TICKS */

/* A book whose changes are written as LOBSTER rows that fit each other. */
typedef struct ft_market {
    lf_random random;
    int64_t lots[2][FT_TICKS]; /* ask, bid */
    int level_count;
    int64_t since_midnight_ns;
} ft_market;

/* Ticks of the best levels of a side, best first; how many there are, at most level_count. */
LF_TESTING_UNUSED static int ft_levels(const ft_market *market, int side, int *ticks)
{
    int count = 0;
    for (int i = 0; i < FT_TICKS && count < market->level_count; i++) {
        const int tick = side == 0 ? i : FT_TICKS - 1 - i;
        if (market->lots[side][tick] > 0) {
            ticks[count++] = tick;
        }
    }
    return count;
}

LF_TESTING_UNUSED static void ft_market_start(ft_market *market, uint64_t seed, int level_count)
{
    memset(market, 0, sizeof *market);
    lf_random_seed(&market->random, seed, 0);
    market->level_count = level_count;
    market->since_midnight_ns = 34200 * LF_NS_PER_SECOND;
    for (int i = 0; i < FT_TICKS; i += 2) {
        market->lots[i < FT_TICKS / 2 ? 1 : 0][i] = 100;
    }
}

/* The book as a row with a newline; bytes written. */
LF_TESTING_UNUSED static size_t ft_market_row(const ft_market *market, char *out, size_t room)
{
    int ticks[2][LFI_LOBSTER_LEVELS_MAX];
    const int counts[2] = {ft_levels(market, 0, ticks[0]), ft_levels(market, 1, ticks[1])};
    size_t used = 0;
    for (int m = 0; m < market->level_count; m++) {
        for (int side = 0; side < 2; side++) {
            const bool is_there = m < counts[side];
            const long long price = is_there ? (FT_FIRST_TICK + ticks[side][m]) * 100LL
                                             : (side == 0 ? 9999999999LL : -9999999999LL);
            used += (size_t)snprintf(
                out + used,
                room - used,
                "%lld,%lld%c",
                price,
                is_there ? (long long)market->lots[side][ticks[side][m]] : 0,
                m + 1 == market->level_count && side == 1 ? '\n' : ','
            );
        }
    }
    return used;
}

LF_TESTING_UNUSED static int ft_below(ft_market *market, int bound)
{
    return (int)lf_random_below(&market->random, (uint64_t)bound);
}

/* Whether a price of a side is among those that a row shows. */
LF_TESTING_UNUSED static bool ft_is_shown(const ft_market *market, int side, int tick)
{
    int ticks[LFI_LOBSTER_LEVELS_MAX];
    const int count = ft_levels(market, side, ticks);
    for (int i = 0; i < count; i++) {
        if (ticks[i] == tick) {
            return true;
        }
    }
    return false;
}

/* Take lots away at a shown price, mostly the best; the LOBSTER type. */
LF_TESTING_UNUSED static int ft_take(ft_market *market, int side, int *tick, int64_t *lots)
{
    int ticks[LFI_LOBSTER_LEVELS_MAX];
    const int count = ft_levels(market, side, ticks);
    if (count == 0) {
        return 0;
    }
    const int level = ft_below(market, 3) > 0 ? 0 : ft_below(market, count);
    *tick = ticks[level];
    const int64_t there = market->lots[side][*tick];
    const bool whole = ft_below(market, 2) == 0;
    *lots = whole ? there : 1 + ft_below(market, (int)there);
    market->lots[side][*tick] -= *lots;
    return whole ? 3 : (ft_below(market, 2) == 0 ? 2 : 4);
}

/* Add lots at a price that is shown then and does not cross; 0 when the dice chose another. */
LF_TESTING_UNUSED static int ft_give(ft_market *market, int side, int *tick, int64_t *lots)
{
    int best[2];
    ft_market top = *market;
    top.level_count = 1;
    const int there = ft_levels(&top, side, &best[side]);
    if (ft_levels(&top, 1 - side, &best[1 - side]) == 0 || there == 0) {
        best[0] = FT_TICKS / 2;
        best[1] = FT_TICKS / 2 - 1;
    }
    const int away = ft_below(market, market->level_count + 2) - 1;
    *tick = side == 0 ? best[0] + away : best[1] - away;
    *lots = 1 + ft_below(market, ft_below(market, 8) == 0 ? 200000 : 300);
    const bool fine = *tick >= 0 && *tick < FT_TICKS && market->lots[1 - side][*tick] == 0 &&
                      (side == 0 ? *tick > best[1] : *tick < best[0]);
    if (!fine) {
        return 0;
    }
    market->lots[side][*tick] += *lots;
    if (!ft_is_shown(market, side, *tick)) {
        market->lots[side][*tick] -= *lots;
        return 0;
    }
    return 1;
}

/* One message row and the book row after it, NUL at the end of both. */
LF_TESTING_UNUSED static void ft_market_next(ft_market *market, char message[128], char *row)
{
    int type = 0, tick = 0, side = 0;
    int64_t lots = 0;
    while (type == 0) {
        side = ft_below(market, 2);
        const int what = ft_below(market, 20);
        if (what == 0) {
            type = 5;
            tick = FT_TICKS / 2;
            lots = 1 + ft_below(market, 100);
        } else {
            type = what < 10 ? ft_give(market, side, &tick, &lots)
                             : ft_take(market, side, &tick, &lots);
        }
    }
    market->since_midnight_ns += ft_below(market, 1000000) * (int64_t)ft_below(market, 2);
    (void)snprintf(
        message,
        128,
        "%lld.%09lld,%d,%d,%lld,%lld,%d\n",
        (long long)(market->since_midnight_ns / LF_NS_PER_SECOND),
        (long long)(market->since_midnight_ns % LF_NS_PER_SECOND),
        type,
        type == 5 ? 0 : 1 + ft_below(market, 200000000),
        (long long)lots,
        (FT_FIRST_TICK + tick) * 100LL + (type == 5 ? 50 : 0),
        side == 0 ? -1 : 1
    );
    row[ft_market_row(market, row, LFI_ROW_BYTES_MAX)] = '\0';
}

#endif
