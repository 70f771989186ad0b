/*
 * Goal: a day that was converted to DBN and read again is the same day, and what is not is counted.
 * Method: a small LOBSTER day with every type of message, through each schema, compared event by
 *         event; the refusals; failures of memory and of writing.
 */
#include "dbn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed_testing.h"

/* Two levels. An order from before the day, one behind the levels, a hidden trade, a cross and a
   halt with its three messages; at 34210 the second level of the bids comes from nowhere. */
static const char messages[] = "34200.1,1,11,100,1000000,1\n"
                               "34200.2,1,12,50,1000300,-1\n"
                               "34200.3,4,12,20,1000300,-1\n"
                               "34200.3,5,0,7,1000150,-1\n"
                               "34200.4,2,11,30,1000000,1\n"
                               "34201.0,4,9,40,1000000,1\n"
                               "34202.0,6,-1,500,1000000,-1\n"
                               "34203.0,7,0,0,-1,-1\n"
                               "34203.5,1,13,10,1000100,1\n"
                               "34204.0,7,0,0,0,-1\n"
                               "34205.0,7,0,0,1,-1\n"
                               "34210.0,3,11,70,1000000,1\n"
                               "34211.0,3,13,10,1000100,1\n";
static const char books[] = "1000300,80,1000000,140,1000400,60,999900,10\n"
                            "1000300,130,1000000,140,1000400,60,999900,10\n"
                            "1000300,110,1000000,140,1000400,60,999900,10\n"
                            "1000300,110,1000000,140,1000400,60,999900,10\n"
                            "1000300,110,1000000,110,1000400,60,999900,10\n"
                            "1000300,110,1000000,70,1000400,60,999900,10\n"
                            "1000300,110,1000000,70,1000400,60,999900,10\n"
                            "1000300,110,1000000,70,1000400,60,999900,10\n"
                            "1000300,110,1000100,10,1000400,60,1000000,70\n"
                            "1000300,110,1000100,10,1000400,60,1000000,70\n"
                            "1000300,110,1000100,10,1000400,60,1000000,70\n"
                            "1000300,110,1000100,10,1000400,60,999800,33\n"
                            "1000300,110,999800,33,1000400,60,-9999999999,0\n";

#define EVENTS 13

typedef struct day {
    lf_instrument instrument;
    lf_feed_stats stats;
    lf_event events[64];
    lf_trade trades[64];
    size_t event_count, trade_count;
} day;

static const char *write_day(const lf_testing_folder *folder)
{
    (void)ft_write(folder, "TOY_2024-06-10_34200000_57600000_orderbook_2.csv", books);
    return ft_write(folder, "TOY_2024-06-10_34200000_57600000_message_2.csv", messages);
}

static void read_day(const char *path, day *out)
{
    lf_source_list list;
    lf_feed *feed;
    lf_batch batch;
    const lf_feed_options options = {.feed_latency_ns = 77};
    memset(out, 0, sizeof *out);
    assert_int_equal(lf_feed_find(&path, 1, NULL, &list, NULL), LF_OK);
    assert_int_equal(list.count, 1);
    assert_int_equal(lf_feed_open(&list.sources[0], &options, &feed, NULL), LF_OK);
    do {
        assert_int_equal(lf_feed_next(feed, &batch, NULL), LF_OK);
        memcpy(&out->events[out->event_count], batch.events, batch.event_count * sizeof(lf_event));
        memcpy(&out->trades[out->trade_count], batch.trades, batch.trade_count * sizeof(lf_trade));
        out->event_count += batch.event_count;
        out->trade_count += batch.trade_count;
    } while (batch.event_count > 0);
    out->instrument = *lf_feed_instrument(feed);
    out->stats = *lf_feed_stats_of(feed);
    lf_feed_close(feed);
    lf_source_list_clear(&list);
}

static lf_status convert(
    const char *from,
    const char *to,
    const lf_feed_options *feed,
    lf_dbn_schema schema,
    lf_convert_report *report,
    lf_error *error
)
{
    lf_source_list list;
    const lf_convert_options options = {.feed = feed, .schema = schema};
    const lf_feed_options plain = {.symbol = feed != NULL ? feed->symbol : NULL};
    const lf_status found = lf_feed_find(&from, 1, &plain, &list, error);
    if (found != LF_OK) {
        return found;
    }
    const lf_status status = lf_feed_convert(&list, &options, to, report, error);
    lf_source_list_clear(&list);
    return status;
}

static void check_same(const day *a, const day *b, bool has_orders)
{
    assert_int_equal(a->event_count, EVENTS);
    assert_int_equal(b->event_count, EVENTS);
    assert_int_equal(a->trade_count, b->trade_count);
    assert_memory_equal(a->trades, b->trades, a->trade_count * sizeof(lf_trade));
    for (size_t i = 0; i < EVENTS; i++) {
        const lf_event *const x = &a->events[i], *const y = &b->events[i];
        assert_int_equal(x->ts_exchange_ns, y->ts_exchange_ns);
        assert_int_equal(x->ts_local_ns, y->ts_local_ns);
        assert_int_equal(x->flags, y->flags);
        assert_int_equal(x->trade_count, y->trade_count);
        assert_memory_equal(&x->quotes, &y->quotes, sizeof x->quotes);
        /* Of levels nobody can tell a part of an order from its last part. */
        const bool is_cancel = x->kind == LF_EVENT_CANCEL || x->kind == LF_EVENT_DELETE;
        const lf_event_kind kind = is_cancel && !has_orders ? LF_EVENT_CANCEL : x->kind;
        assert_int_equal(kind, y->kind);
        if (x->kind != LF_EVENT_HALT) {
            assert_int_equal(x->side, y->side);
            assert_int_equal(x->price_units, y->price_units);
            assert_int_equal(x->size_lots, y->size_lots);
        }
    }
    assert_int_equal(b->stats.halt_count, 1);
    assert_int_equal(b->stats.gap_count, 0);
    assert_int_equal(b->stats.violation_count, 0);
    assert_int_equal(a->instrument.tick_nano, b->instrument.tick_nano);
    assert_int_equal(a->instrument.lot_nano, b->instrument.lot_nano);
    assert_int_equal(a->instrument.units_per_tick, b->instrument.units_per_tick);
    assert_int_equal(a->instrument.level_count, b->instrument.level_count);
    assert_int_equal(a->instrument.session_open_ns, b->instrument.session_open_ns);
    assert_int_equal(a->instrument.session_close_ns, b->instrument.session_close_ns);
    assert_string_equal(a->instrument.symbol, b->instrument.symbol);
    assert_string_equal(a->instrument.venue, b->instrument.venue);
    assert_string_equal(a->instrument.time_zone, b->instrument.time_zone);
}

static void test_same_day(void **state)
{
    (void)state;
    static day a, b;
    static const char *const names[] = {"o.dbn", "o.dbn.zst"};
    lf_testing_folder folder;
    lf_convert_report report;
    assert_true(lf_testing_folder_make(&folder));
    const char *const from = write_day(&folder);
    read_day(from, &a);
    for (int i = 0; i < 2; i++) {
        const char *const to = lf_testing_path(&folder, names[i]);
        assert_int_equal(convert(from, to, NULL, LF_DBN_MBP_10, &report, NULL), LF_OK);
        assert_int_equal(report.event_count, EVENTS);
        assert_int_equal(report.record_count, EVENTS + 2); /* an execution has two */
        assert_int_equal(report.hidden_count, 1);
        assert_int_equal(report.cross_count, 1);
        assert_int_equal(report.halt_count, 1);
        assert_int_equal(report.reset_count, 0);
        read_day(to, &b);
        check_same(&a, &b, false);
        assert_int_equal(convert(from, to, NULL, LF_DBN_MBO, &report, NULL), LF_OK);
        assert_true(report.repair_count > 0);
        read_day(to, &b);
        check_same(&a, &b, true);
        assert_int_equal(convert(from, to, NULL, LF_DBN_TRADES, &report, NULL), LF_OK);
        assert_int_equal(report.record_count, 3);
        assert_int_equal(report.silent_count, EVENTS - 3);
        read_day(to, &b);
        assert_int_equal(b.event_count, 3);
        assert_memory_equal(a.trades, b.trades, 3 * sizeof(lf_trade));
        assert_int_equal(b.events[0].quotes.bid_ticks[0], LF_BID_NONE);
    }
    lf_testing_folder_remove(&folder);
}

/* Two days in one file: the second does not begin with the orders that the first one left. */
static void test_two_days(void **state)
{
    (void)state;
    static day a, b;
    static const lf_dbn_schema schemas[] = {LF_DBN_MBO, LF_DBN_MBP_10};
    static const char second[] = "34200.1,1,21,100,1000900,1\n"
                                 "34200.2,1,22,50,1001000,-1\n";
    static const char second_books[] = "1001000,80,1000900,100,1001100,60,1000800,10\n"
                                       "1001000,130,1000900,100,1001100,60,1000800,10\n";
    lf_testing_folder folder;
    lf_convert_report report;
    assert_true(lf_testing_folder_make(&folder));
    (void)write_day(&folder);
    (void)ft_write(&folder, "TOY_2024-06-11_34200000_57600000_orderbook_2.csv", second_books);
    const char *const path =
        ft_write(&folder, "TOY_2024-06-11_34200000_57600000_message_2.csv", second);
    read_day(path, &a);
    for (size_t i = 0; i < 2; i++) {
        const char *const to = lf_testing_path(&folder, "two.dbn");
        const lf_feed_options options = {.date = "2024-06-11", .feed_latency_ns = 77};
        lf_source_list list;
        lf_feed *feed;
        lf_batch batch;
        assert_int_equal(convert(folder.path, to, NULL, schemas[i], &report, NULL), LF_OK);
        assert_int_equal(lf_feed_find(&to, 1, &options, &list, NULL), LF_OK);
        assert_int_equal(list.count, 1);
        assert_int_equal(lf_feed_open(&list.sources[0], &options, &feed, NULL), LF_OK);
        assert_int_equal(lf_feed_next(feed, &batch, NULL), LF_OK);
        assert_int_equal(batch.event_count, 2);
        memcpy(b.events, batch.events, 2 * sizeof(lf_event));
        for (size_t e = 0; e < 2; e++) {
            const lf_event *const x = &a.events[e], *const y = &b.events[e];
            assert_memory_equal(&x->quotes, &y->quotes, sizeof x->quotes);
            assert_int_equal(x->ts_exchange_ns, y->ts_exchange_ns);
            assert_int_equal(x->kind, y->kind);
            assert_int_equal(x->flags, y->flags);
            assert_int_equal(x->side, y->side);
            assert_int_equal(x->price_units, y->price_units);
            assert_int_equal(x->size_lots, y->size_lots);
        }
        assert_int_equal(lf_feed_stats_of(feed)->violation_count, 0);
        lf_feed_close(feed);
        lf_source_list_clear(&list);
        (void)remove(to);
    }
    lf_testing_folder_remove(&folder);
}

/* Single orders of a file of ours become levels record by record; the day stays the same. */
static void test_orders_to_levels(void **state)
{
    (void)state;
    static day a, b;
    lf_testing_folder folder;
    lf_convert_report report;
    size_t one_bytes, two_bytes;
    char *one, *two;
    assert_true(lf_testing_folder_make(&folder));
    const char *const from = write_day(&folder), *const mbo = lf_testing_path(&folder, "mbo.dbn");
    const char *const to = lf_testing_path(&folder, "to.dbn");
    read_day(from, &a);
    assert_int_equal(convert(from, mbo, NULL, LF_DBN_MBO, &report, NULL), LF_OK);
    assert_int_equal(convert(mbo, to, NULL, LF_DBN_MBP_10, &report, NULL), LF_OK);
    read_day(to, &b);
    assert_memory_equal(
        &a.events[EVENTS - 1].quotes, &b.events[b.event_count - 1].quotes, sizeof(lf_quotes)
    );
    assert_int_equal(b.trade_count, a.trade_count);
    /* Ten levels from either way are the same book: nothing is left of how it was made. */
    for (size_t i = 0, k = 0; i < EVENTS && k < b.event_count; i++) {
        while (k < b.event_count && b.events[k].ts_exchange_ns < a.events[i].ts_exchange_ns) {
            k++;
        }
        if (k < b.event_count && b.events[k].ts_exchange_ns == a.events[i].ts_exchange_ns &&
            (i + 1 == EVENTS || a.events[i + 1].ts_exchange_ns > a.events[i].ts_exchange_ns)) {
            while (k + 1 < b.event_count &&
                   b.events[k + 1].ts_exchange_ns == a.events[i].ts_exchange_ns) {
                k++;
            }
            assert_memory_equal(&a.events[i].quotes, &b.events[k].quotes, sizeof(lf_quotes));
        }
    }
    /* The same schema is the same bytes; a symbol that is the only one too. */
    const lf_feed_options chosen = {.symbol = "TOY"};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            convert(mbo, to, i == 0 ? NULL : &chosen, LF_DBN_MBO, &report, NULL), LF_OK
        );
        assert_int_equal(lf_file_read_all(NULL, mbo, &one, &one_bytes, NULL), LF_OK);
        assert_int_equal(lf_file_read_all(NULL, to, &two, &two_bytes, NULL), LF_OK);
        assert_int_equal(one_bytes, two_bytes);
        assert_memory_equal(one, two, one_bytes);
        assert_int_equal(report.plain_bytes, one_bytes);
        lf_release(NULL, one);
        lf_release(NULL, two);
    }
    lf_testing_folder_remove(&folder);
}

static bool stop(void *context, double share)
{
    (void)context;
    (void)share;
    return false;
}

static void test_refusals(void **state)
{
    (void)state;
    lf_testing_folder folder;
    lf_convert_report report;
    lf_error error;
    lf_source_list list;
    assert_true(lf_testing_folder_make(&folder));
    const char *const from = write_day(&folder), *const to = lf_testing_path(&folder, "to.dbn");
    assert_int_equal(convert(from, to, NULL, LF_DBN_MBP_1, &report, &error), LF_UNSUPPORTED);
    assert_int_equal(convert(from, to, NULL, LF_DBN_TRADES, &report, &error), LF_OK);
    const char *const other = lf_testing_path(&folder, "other.dbn");
    assert_int_equal(convert(to, other, NULL, LF_DBN_MBO, &report, &error), LF_UNSUPPORTED);
    assert_non_null(strstr(error.message, "trades hold no book"));
    assert_int_equal(lf_feed_find(&from, 1, NULL, &list, NULL), LF_OK);
    const lf_convert_options stopped = {.schema = LF_DBN_MBP_10, .progress = stop};
    assert_int_equal(lf_feed_convert(&list, &stopped, other, &report, &error), LF_CANCELLED);
    const lf_convert_options plain = {.schema = LF_DBN_MBP_10};
    assert_int_equal(lf_feed_convert(&list, &plain, "/nowhere/at/all.dbn", &report, &error), LF_IO);
    lf_source two[] = {list.sources[0], list.sources[0]};
    memcpy(two[1].symbol, "OTHER", 6);
    const lf_source_list both = {two, 2}, none = {two, 0};
    assert_int_equal(lf_feed_convert(&both, &plain, other, &report, &error), LF_RANGE);
    assert_int_equal(lf_feed_convert(&none, &plain, other, &report, &error), LF_RANGE);
    /* Nothing half written is left. */
    assert_int_equal(access(other, F_OK), -1);
    lf_source_list_clear(&list);
    lf_testing_folder_remove(&folder);
}

static void test_no_memory(void **state)
{
    (void)state;
    lf_testing_folder folder;
    lf_convert_report report;
    assert_true(lf_testing_folder_make(&folder));
    const char *const from = write_day(&folder), *const mbo = lf_testing_path(&folder, "mbo.dbn");
    const char *const to = lf_testing_path(&folder, "to.dbn.zst");
    assert_int_equal(convert(from, mbo, NULL, LF_DBN_MBO, &report, NULL), LF_OK);
    for (int i = 0; i < 2; i++) {
        for (uint64_t n = 0;; n++) {
            lf_testing_memory memory;
            lf_testing_memory_start(&memory, n);
            const lf_feed_options feed = {.allocator = &memory.allocator};
            const lf_status status = i == 0 ? convert(from, to, &feed, LF_DBN_MBO, &report, NULL)
                                            : convert(mbo, to, &feed, LF_DBN_MBP_10, &report, NULL);
            assert_int_equal(memory.live, 0);
            if (memory.calls <= n) {
                assert_int_equal(status, LF_OK);
                break;
            }
            assert_int_equal(status, LF_NOMEM);
        }
    }
    lf_testing_folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_day),
        cmocka_unit_test(test_two_days),
        cmocka_unit_test(test_orders_to_levels),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
