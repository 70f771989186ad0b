/*
 * Goal: a day that was written as ITCH and read again is the same day, event by event; what cannot
 *       be written is refused.
 * Method: a small LOBSTER day with every type of message, random ones of several depths, the
 *         public sample when it is there, and days of ITCH itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed_testing.h"
#include "itch_testing.h"

#define MARKET_ROWS 1500
#define BOOK "TOY_2024-06-10_34200000_57600000_orderbook_%d.csv"
#define MESSAGE "TOY_2024-06-10_34200000_57600000_message_%d.csv"

static lf_status write_itch(
    const char *from,
    const char *to,
    const lf_feed_options *feed,
    lf_convert_report *report,
    lf_error *error
)
{
    lf_source_list list;
    const lf_convert_options options = {.feed = feed, .as_itch = true};
    const lf_feed_options plain = {.symbol = feed != NULL ? feed->symbol : NULL};
    lf_status status = lf_feed_find(&from, 1, &plain, &list, error);
    if (status == LF_OK) {
        status = lf_feed_convert(&list, &options, to, report, error);
        lf_source_list_clear(&list);
    }
    return status;
}

/* A removal of an order that no message has told of may come back as another kind of removal, or as
   an event that only changes the book. */
static bool is_removal(const lf_event *event)
{
    return event->kind == LF_EVENT_CANCEL || event->kind == LF_EVENT_DELETE;
}

/* Events and trades are the same; kinds, sides, prices and sizes where is_told. */
static void check_same(const it_tape *a, const it_tape *b, bool is_told)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        const lf_event *const x = &a->events[i], *const y = &b->events[i];
        assert_int_equal(x->ts_exchange_ns, y->ts_exchange_ns);
        assert_int_equal(x->ts_local_ns, y->ts_local_ns);
        assert_int_equal(x->flags, y->flags);
        assert_int_equal(x->trade_count, y->trade_count);
        assert_memory_equal(&x->quotes, &y->quotes, sizeof x->quotes);
        assert_memory_equal(&a->trades[i], &b->trades[i], sizeof a->trades[i]);
        if (!is_told || (is_removal(x) && y->kind == LF_EVENT_OTHER)) {
            continue;
        }
        assert_true(x->kind == y->kind || (is_removal(x) && is_removal(y)));
        if (x->kind != LF_EVENT_HALT) {
            assert_int_equal(x->kind == LF_EVENT_CROSS ? 0 : x->side, y->side);
            assert_int_equal(x->price_units, y->price_units);
            assert_true(x->size_lots == y->size_lots || is_removal(x));
        }
    }
    assert_int_equal(b->stats.violation_count, 0);
    assert_int_equal(a->stats.halt_count, b->stats.halt_count);
}

/* The events of whatever is at a path. */
static it_tape read_any(const char *path, const char *symbol)
{
    it_tape t = {0};
    lf_source_list list;
    const lf_feed_options options = {.symbol = symbol};
    assert_int_equal(lf_feed_find(&path, 1, &options, &list, NULL), LF_OK);
    assert_int_equal(list.count, 1);
    assert_int_equal(ft_read_events(list.sources, NULL, it_keep, &t, &t.stats, NULL), LF_OK);
    lf_source_list_clear(&list);
    return t;
}

static void check_way(const lf_testing_folder *folder, const char *from, const char *name)
{
    lf_convert_report report;
    lf_error error;
    const char *const to = lf_testing_path(folder, name);
    it_tape a = read_any(from, NULL);
    if (write_itch(from, to, NULL, &report, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    it_tape b = it_read(to, NULL, 7);
    check_same(&a, &b, true);
    assert_int_equal(report.event_count, a.count);
    assert_true(report.record_count >= (int64_t)a.count);
    assert_int_equal(report.local_count, 0);
    it_drop(&a);
    it_drop(&b);
}

/* Two levels. An order from before the day, one that nothing explains, a hidden trade, a cross, a
   halt; an execution of more than is known. */
static void test_small_day(void **state)
{
    (void)state;
    static const char messages[] = "34200.1,1,11,100,1000000,1\n"
                                   "34200.2,1,12,50,1000300,-1\n"
                                   "34200.3,4,12,20,1000300,-1\n"
                                   "34200.3,5,0,7,1000150,-1\n"
                                   "34200.3,5,0,7,1000150,1\n"
                                   "34200.4,2,11,30,1000000,1\n"
                                   "34201.0,4,9,40,1000000,1\n"
                                   "34202.0,6,-1,500,1000000,-1\n"
                                   "34203.0,7,0,0,-1,-1\n"
                                   "34203.5,1,13,10,1000100,1\n"
                                   "34204.0,7,0,0,0,-1\n"
                                   "34205.0,7,0,0,1,-1\n"
                                   "34206.0,1,14,20,1000100,1\n"
                                   "34210.0,3,11,70,1000000,1\n"
                                   "34211.0,4,77,30,1000100,1\n"
                                   "34212.0,4,78,33,999800,1\n";
    static const char books[] = "1000300,80,1000000,140,1000400,60,999900,10\n"
                                "1000300,130,1000000,140,1000400,60,999900,10\n"
                                "1000300,110,1000000,140,1000400,60,999900,10\n"
                                "1000300,110,1000000,140,1000400,60,999900,10\n"
                                "1000300,110,1000000,140,1000400,60,999900,10\n"
                                "1000300,110,1000000,110,1000400,60,999900,10\n"
                                "1000300,110,1000000,70,1000400,60,999900,10\n"
                                "1000300,110,1000000,70,1000400,60,999900,10\n"
                                "1000300,110,1000000,70,1000400,60,999900,10\n"
                                "1000300,110,1000100,10,1000400,60,1000000,70\n"
                                "1000300,110,1000100,10,1000400,60,1000000,70\n"
                                "1000300,110,1000100,10,1000400,60,1000000,70\n"
                                "1000300,110,1000100,30,1000400,60,1000000,70\n"
                                "1000300,110,1000100,30,1000400,60,999800,33\n"
                                "1000300,110,999800,33,1000400,60,-9999999999,0\n"
                                "1000300,110,-9999999999,0,1000400,60,-9999999999,0\n";
    char name[64];
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    (void)snprintf(name, sizeof name, BOOK, 2);
    (void)ft_write(&folder, name, books);
    (void)snprintf(name, sizeof name, MESSAGE, 2);
    check_way(&folder, ft_write(&folder, name, messages), "2024-06-10.itch");
    lf_testing_folder_remove(&folder);
}

/* Random markets, of which files show some levels. */
static void test_markets(void **state)
{
    (void)state;
    static const int depths[] = {1, 3, 10, 14};
    static ft_market market;
    lf_testing_folder folder;
    char name[64], *const message = malloc(MARKET_ROWS * 128);
    char *const book = malloc(MARKET_ROWS * (size_t)800), row[LFI_ROW_BYTES_MAX];
    assert_true(message != NULL && book != NULL);
    assert_true(lf_testing_folder_make(&folder));
    for (size_t i = 0; i < 4; i++) {
        size_t message_bytes = 0, book_bytes = 0;
        ft_market_start(&market, 70 + i, depths[i]);
        for (int k = 0; k < MARKET_ROWS; k++) {
            ft_market_next(&market, message + message_bytes, row);
            message_bytes += strlen(message + message_bytes);
            memcpy(book + book_bytes, row, strlen(row) + 1);
            book_bytes += strlen(row);
        }
        (void)snprintf(name, sizeof name, BOOK, depths[i]);
        (void)ft_write(&folder, name, book);
        (void)snprintf(name, sizeof name, MESSAGE, depths[i]);
        check_way(&folder, ft_write(&folder, name, message), "2024-06-10.itch");
    }
    free(message);
    free(book);
    lf_testing_folder_remove(&folder);
}

/* Days of ITCH: orders that are replaced, executions that are not printed, a gap. */
static void test_itch_again(void **state)
{
    (void)state;
    static const char *const names[] = {IT_NAME, "again_2019-12-30.itch"};
    lf_testing_folder folder;
    lf_convert_report report;
    lf_error error;
    it_day d;
    const lf_feed_options chosen = {.symbol = IT_STOCK};
    assert_true(lf_testing_folder_make(&folder));
    it_make_day(&d, 4);
    for (int i = 0; i < 2; i++) {
        if (i == 1) { /* its order is not there any more */
            it_append(&d.file, it_take('E', IT_LOCATE, IT_AT(9000), 1, 5));
            it_append(&d.file, it_take('E', IT_LOCATE, IT_AT(9001), 1, 5));
        }
        const char *const from = it_write(&folder, names[0], &d.file);
        const char *const to = lf_testing_path(&folder, names[1]);
        it_tape a = it_read(from, IT_STOCK, 0);
        assert_int_equal(write_itch(from, to, &chosen, &report, &error), LF_OK);
        it_tape b = it_read(to, IT_STOCK, 0);
        check_same(&a, &b, false);
        assert_int_equal(a.stats.gap_count, i);
        assert_int_equal(b.stats.gap_count, i);
        it_drop(&a);
        it_drop(&b);
    }
    it_drop_day(&d);
    lf_testing_folder_remove(&folder);
}

static void test_sample(void **state)
{
    (void)state;
    lf_testing_folder folder;
    const char *const path =
        lf_testing_shared("data/lobster/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip");
    if (path == NULL) {
        skip();
    }
    assert_true(lf_testing_folder_make(&folder));
    check_way(&folder, path, "2012-06-21.itch");
    lf_testing_folder_remove(&folder);
}

/* ---- what is not written ---------------------------------------------------------------- */

static const char *write_row(const lf_testing_folder *folder, const char *stem, const char *price)
{
    char name[80], text[128];
    (void)snprintf(name, sizeof name, "%s_34200000_57600000_orderbook_1.csv", stem);
    (void)snprintf(text, sizeof text, "%s,50,1000000,100\n", price);
    (void)ft_write(folder, name, text);
    (void)snprintf(name, sizeof name, "%s_34200000_57600000_message_1.csv", stem);
    (void)snprintf(text, sizeof text, "34200.1,1,11,50,%s,-1\n", price);
    return ft_write(folder, name, text);
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *stem, *price, *symbol;
        lf_status status;
        const char *text;
    } rows[] = {
        {"NINECHARS_2024-06-10", "1000300", NULL, LF_UNSUPPORTED, "at most eight letters"},
        {"DEAR_2024-06-10", "4294967300", NULL, LF_UNSUPPORTED, "up to 429496.7295"},
        {"TOY_2024-06-10", "1000300", NULL, LF_OK, NULL},
    };
    lf_testing_folder folder;
    lf_convert_report report;
    lf_source_list list;
    lf_error error;
    assert_true(lf_testing_folder_make(&folder));
    const char *const to = lf_testing_path(&folder, "2024-06-10.itch");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const from = write_row(&folder, rows[i].stem, rows[i].price);
        error.message[0] = '\0';
        assert_int_equal(write_itch(from, to, NULL, &report, &error), rows[i].status);
        assert_true(rows[i].text == NULL || strstr(error.message, rows[i].text) != NULL);
        assert_int_equal(access(to, F_OK) == 0, rows[i].status == LF_OK);
    }
    const char *const paths[] = {
        write_row(&folder, "TOY_2024-06-10", "1000300"),
        write_row(&folder, "TOY_2024-06-11", "1000300")};
    const lf_convert_options options = {.as_itch = true};
    assert_int_equal(lf_feed_find(paths, 2, NULL, &list, &error), LF_OK);
    assert_int_equal(lf_feed_convert(&list, &options, to, &report, &error), LF_RANGE);
    assert_non_null(strstr(error.message, "has one day"));
    lf_source_list_clear(&list);
    lf_testing_folder_remove(&folder);
}

static void test_memory(void **state)
{
    (void)state;
    lf_testing_folder folder;
    lf_convert_report report;
    it_day d;
    assert_true(lf_testing_folder_make(&folder));
    it_make_day(&d, 6);
    d.file.count = 800;
    const char *const from = it_write(&folder, IT_NAME, &d.file);
    const char *const to = lf_testing_path(&folder, "to.itch");
    bool is_done = false;
    for (uint64_t n = 0; !is_done; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        const lf_feed_options feed = {.allocator = &memory.allocator, .symbol = IT_STOCK};
        const lf_status status = write_itch(from, to, &feed, &report, NULL);
        is_done = memory.calls <= n;
        assert_int_equal(status, is_done ? LF_OK : LF_NOMEM);
        assert_int_equal(memory.live, 0);
    }
    it_drop_day(&d);
    lf_testing_folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_day),
        cmocka_unit_test(test_markets),
        cmocka_unit_test(test_itch_again),
        cmocka_unit_test(test_sample),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
