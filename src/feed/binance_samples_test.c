/*
 * Goal: public Binance captures are read as another program counted them.
 * Method: the folder of reference data, when it is there; otherwise the tests say so and are
 *         skipped (binance_test.c covers the rules on captures made there).
 */
#include "binance.h"
#include "binance_book.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed_testing.h"

/* What is known of the two days of a capture together. */
typedef struct sample {
    const char *files[2];
    const char *venue, *symbol;
    int64_t tick_nano, lot_nano;
    int64_t applied, trades, buys, trade_lots;
    int64_t bid_ticks, bid_lots, ask_ticks, ask_lots; /* at the end */
    size_t bids, asks;                                /* levels held at the end */
    int64_t behind_ns;                                /* of the local clock, about */
} sample;

/* Some sizes of the spot book have six decimals, though the lot has long been 0.00001. */
static const sample samples[] = {
    {.files = {"data/binance/usdm_btcusdt_20240718.gz", "data/binance/usdm_btcusdt_20240719.gz"},
     .venue = "BINANCE_USDM",
     .symbol = "BTCUSDT",
     .tick_nano = 100000000,
     .lot_nano = 1000000,
     .applied = 9017,
     .trades = 10701,
     .buys = 4195,
     .trade_lots = 1122459,
     .bid_ticks = 638674,
     .bid_lots = 2,
     .ask_ticks = 638675,
     .ask_lots = 5045,
     .bids = 5276,
     .asks = 5156,
     .behind_ns = INT64_C(1520000000)},
    {.files =
         {"data/binance/cm_btcusd_perp_20240808.gz", "data/binance/cm_btcusd_perp_20240809.gz"},
     .venue = "BINANCE_COINM",
     .symbol = "BTCUSD_PERP",
     .tick_nano = 100000000,
     .lot_nano = 1000000000,
     .applied = 44772,
     .trades = 5235,
     .buys = 2565,
     .trade_lots = 182183,
     .bid_ticks = 616000,
     .bid_lots = 27,
     .ask_ticks = 616001,
     .ask_lots = 1647,
     .bids = 1510,
     .asks = 1733,
     .behind_ns = INT64_C(1270000000)},
    {.files = {"data/binance/spot_btcusdt_20240808.gz", "data/binance/spot_btcusdt_20240809.gz"},
     .venue = "BINANCE",
     .symbol = "BTCUSDT",
     .tick_nano = 10000000,
     .lot_nano = 1000,
     .applied = 6493,
     .trades = 19904,
     .buys = 9093,
     .trade_lots = 437915520,
     .bid_ticks = 6160201,
     .bid_lots = 1671770,
     .ask_ticks = 6160202,
     .ask_lots = 2667950,
     .bids = 1971,
     .asks = 2962,
     .behind_ns = INT64_C(1270000000)},
};
#define SAMPLES (sizeof samples / sizeof samples[0])

/* Paths of a sample; false when the data is not there. */
static bool find_files(const sample *s, char paths[2][1024])
{
    for (int i = 0; i < 2; i++) {
        const char *const path = lf_testing_shared(s->files[i]);
        if (path == NULL) {
            return false;
        }
        (void)snprintf(paths[i], sizeof paths[i], "%s", path);
    }
    return true;
}

/* What a day adds. */
typedef struct sums {
    int64_t applied, trades, buys, trade_lots, gaps, crossed, stale, backward, resets;
    lf_event last; /* that changed the book */
} sums;

static void add_day(const lf_source *source, const sample *s, sums *out)
{
    lf_feed *feed;
    lf_batch batch;
    assert_int_equal(lf_feed_open(source, NULL, &feed, NULL), LF_OK);
    const lf_instrument *const in = lf_feed_instrument(feed);
    assert_string_equal(in->symbol, s->symbol);
    assert_string_equal(in->venue, s->venue);
    assert_int_equal(in->tick_nano, s->tick_nano);
    assert_int_equal(in->lot_nano, s->lot_nano);
    for (;;) {
        assert_int_equal(lf_feed_next(feed, &batch, NULL), LF_OK);
        if (batch.event_count == 0) {
            break;
        }
        for (size_t i = 0; i < batch.event_count; i++) {
            const lf_event *const e = &batch.events[i];
            out->resets += (e->flags & LF_EVENT_RESET) != 0;
            if (e->kind == LF_EVENT_QUOTE) {
                out->last = *e;
            }
        }
        for (size_t i = 0; i < batch.trade_count; i++) {
            out->trades++;
            out->buys += batch.trades[i].sign > 0;
            out->trade_lots += batch.trades[i].size_lots;
        }
    }
    const lf_feed_stats *const stats = lf_feed_stats_of(feed);
    out->applied += stats->check_count;
    out->gaps += stats->gap_count;
    out->crossed += stats->crossed_count;
    out->stale += stats->stale_count;
    out->backward += stats->backward_count;
    assert_in_range(stats->clock_shift_ns, s->behind_ns - 10000000, s->behind_ns + 10000000);
    lf_feed_close(feed);
}

static void test_events(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        const sample *const s = &samples[i];
        char paths[2][1024];
        lf_source_list list;
        sums all = {0};
        if (!find_files(s, paths)) {
            skip();
        }
        const char *const both[] = {paths[0], paths[1]};
        assert_int_equal(lf_feed_find(both, 2, NULL, &list, NULL), LF_OK);
        assert_int_equal(list.count, 2);
        add_day(&list.sources[0], s, &all);
        add_day(&list.sources[1], s, &all);
        lf_source_list_clear(&list);
        assert_int_equal(all.applied, s->applied);
        assert_int_equal(all.trades, s->trades);
        assert_int_equal(all.buys, s->buys);
        assert_int_equal(all.trade_lots, s->trade_lots);
        assert_int_equal(all.gaps + all.crossed + all.backward + all.resets, 0);
        assert_int_equal(all.last.quotes.bid_ticks[0], s->bid_ticks);
        assert_int_equal(all.last.quotes.bid_lots[0], s->bid_lots);
        assert_int_equal(all.last.quotes.ask_ticks[0], s->ask_ticks);
        assert_int_equal(all.last.quotes.ask_lots[0], s->ask_lots);
    }
}

/* Levels of both sides after all messages of a file. */
static void replay(const char *path, lfi_binance_message *m, lfi_binance_book *b)
{
    lfi_stream *in;
    assert_int_equal(lfi_capture_open(NULL, path, &in, NULL), LF_OK);
    for (;;) {
        const char *line;
        size_t bytes;
        lfi_binance_fault fault;
        assert_int_equal(lfi_stream_line(in, &line, &bytes, NULL), LF_OK);
        if (line == NULL) {
            break;
        }
        assert_int_equal(lfi_binance_make_room(NULL, m, bytes, NULL), LF_OK);
        assert_true(lfi_binance_parse(line, bytes, m, &fault));
        if (m->kind == LFI_BINANCE_SNAPSHOT) {
            assert_int_equal(lfi_binance_book_snapshot(b, m, 0), LFI_BINANCE_FOUND);
        } else if (m->kind == LFI_BINANCE_DEPTH) {
            assert_int_not_equal(lfi_binance_book_diff(b, m, 0), LFI_BINANCE_LOST);
        }
    }
    assert_int_equal(lfi_binance_decimals(m->price_scale.fractions), m->price_scale.places);
    assert_int_equal(lfi_binance_decimals(m->size_scale.fractions), m->size_scale.places);
    lfi_stream_close(in);
}

static void test_levels(void **state)
{
    (void)state;
    for (size_t i = 0; i < SAMPLES; i++) {
        const sample *const s = &samples[i];
        char paths[2][1024];
        lfi_binance_message m = {0};
        lfi_binance_book book = {0};
        if (!find_files(s, paths)) {
            skip();
        }
        for (int64_t unit = s->tick_nano; unit < LF_NS_PER_SECOND; unit *= 10) {
            m.price_scale.places++;
        }
        for (int64_t unit = s->lot_nano; unit < LF_NS_PER_SECOND; unit *= 10) {
            m.size_scale.places++;
        }
        assert_true(lfi_binance_book_create(&book, NULL));
        replay(paths[0], &m, &book);
        replay(paths[1], &m, &book);
        assert_int_equal(lfi_l2book_count(&book.levels.bid), s->bids);
        assert_int_equal(lfi_l2book_count(&book.levels.ask), s->asks);
        assert_int_equal(book.levels.dropped_count, 0);
        lfi_binance_book_destroy(&book, NULL);
        lf_release(NULL, m.levels);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
