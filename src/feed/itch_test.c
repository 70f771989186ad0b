/*
 * Goal: each message of ITCH 5.0 becomes the event it stands for; what contradicts the book is
 *       counted and masked; days and stocks are found; what cannot be read is refused with its
 * byte. Method: files of single messages made here; an event is compared as a line of text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed_testing.h"
#include "gzip.h"
#include "itch_testing.h"

/* ---- each message ----------------------------------------------------------------------- */

/* A message, and the event it becomes: kind, side, order, shares@price, flags, trade | best bid and
   ask as shares@ticks. NULL: none. */
typedef struct row {
    it_message message;
    const char *event;
} row;

static size_t put_level(char *out, size_t room, int64_t lots, int64_t ticks)
{
    return lots > 0 ? (size_t)snprintf(out, room, " %lld@%lld", (long long)lots, (long long)ticks)
                    : (size_t)snprintf(out, room, " -");
}

static void describe(const lf_event *e, const lf_trade *trade, char out[160])
{
    static const char *const kinds[] = {
        "add", "cancel", "delete", "execute", "hidden", "cross", "halt", "quote", "trade", "other"};
    size_t at = (size_t)snprintf(
        out,
        160,
        "%s %d #%llu %lld@%lld%s%s",
        kinds[e->kind],
        e->side,
        (unsigned long long)e->order_id,
        (long long)e->size_lots,
        (long long)e->price_units,
        (e->flags & LF_EVENT_MASKED) != 0 ? " masked" : "",
        (e->flags & LF_EVENT_RESET) != 0 ? " reset" : ""
    );
    if (e->trade_count > 0) {
        at += (size_t)snprintf(
            out + at,
            160 - at,
            " %s %lld@%lld %d",
            trade->hidden ? "unseen" : "traded",
            (long long)trade->size_lots,
            (long long)trade->price_units,
            trade->sign
        );
    }
    at += (size_t)snprintf(out + at, 160 - at, " |");
    at += put_level(out + at, 160 - at, e->quotes.bid_lots[0], e->quotes.bid_ticks[0]);
    (void)put_level(out + at, 160 - at, e->quotes.ask_lots[0], e->quotes.ask_ticks[0]);
}

/* Write the messages, read them back, and compare. */
static void check_rows(const row *rows, size_t count, lf_feed_stats *stats)
{
    lf_testing_folder folder;
    it_file file = {0};
    size_t events = 0;
    char text[160];
    assert_true(lf_testing_folder_make(&folder));
    for (size_t i = 0; i < count; i++) {
        it_append(&file, rows[i].message);
    }
    it_tape t = it_read(it_write(&folder, IT_NAME, &file), NULL, 0);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].event != NULL) {
            assert_true(events < t.count);
            const lf_event *const e = &t.events[events];
            describe(e, &t.trades[events++], text);
            assert_string_equal(text, rows[i].event);
            assert_int_equal(
                e->ts_exchange_ns, IT_MIDNIGHT_NS + lfi_itch_time_ns(rows[i].message.bytes)
            );
            assert_int_equal(e->ts_local_ns, e->ts_exchange_ns);
        }
    }
    assert_int_equal(t.count, events);
    *stats = t.stats;
    it_drop(&t);
    lf_release(NULL, file.messages);
    lf_testing_folder_remove(&folder);
}

#define CHECK_ROWS(rows, stats) check_rows(rows, sizeof(rows) / sizeof(rows)[0], stats)

static it_message
add(char type, int second, uint64_t id, char side, uint32_t shares, uint32_t price)
{
    const it_order order = {id, side, shares, price};
    return it_add(type, IT_LOCATE, IT_STOCK, IT_AT(second), order);
}

static it_message take(char type, int second, uint64_t id, uint32_t shares)
{
    return it_take(type, IT_LOCATE, IT_AT(second), id, shares);
}

static it_message take_at(int second, uint64_t id, uint32_t shares, char printable, uint32_t price)
{
    return it_take_at(IT_LOCATE, IT_AT(second), id, shares, printable, price);
}

static it_message replace(int second, uint64_t id, uint64_t to, uint32_t shares, uint32_t price)
{
    const it_order fresh = {to, 'B', shares, price};
    return it_replace(IT_LOCATE, IT_AT(second), id, fresh);
}

static it_message halt(int second, char state)
{
    return it_state(IT_LOCATE, IT_STOCK, IT_AT(second), state);
}

static it_message market_halt(int second, char action)
{
    it_message m = it_make('h', IT_LOCATE, IT_AT(second));
    it_text(m.bytes + 11, IT_STOCK, 8);
    m.bytes[20] = (unsigned char)action;
    return m;
}

static it_message cross(int second, uint64_t shares, uint32_t price)
{
    return it_cross(IT_LOCATE, IT_STOCK, IT_AT(second), shares, price);
}

static it_message directory(char code)
{
    return it_stock(IT_LOCATE, IT_STOCK, IT_AT(0), code);
}

static void test_orders(void **state)
{
    (void)state;
    it_message other = add('A', 10, 11, 'B', 1, 100300);
    it_put(other.bytes + 1, IT_LOCATE + 1, 2);
    const row rows[] = {
        {directory('P'), NULL},
        {add('A', 1, 11, 'B', 300, 100000), "add 1 #11 300@100000 | 300@1000 -"},
        {add('F', 2, 12, 'S', 50, 100200), "add -1 #12 50@100200 | 300@1000 50@1002"},
        {take('X', 3, 11, 100), "cancel 1 #11 100@100000 | 200@1000 50@1002"},
        {take('E', 4, 12, 20), "execute -1 #12 20@100200 traded 20@100200 1 | 200@1000 30@1002"},
        {take_at(5, 12, 10, 'Y', 100150),
         "execute -1 #12 10@100150 traded 10@100150 1 | 200@1000 20@1002"},
        /* Part of a cross, which a message of its own prints. */
        {take_at(6, 12, 10, 'N', 100150), "cross -1 #12 10@100200 | 200@1000 10@1002"},
        {replace(7, 11, 13, 40, 100100), "quote 1 #13 40@100100 | 40@1001 10@1002"},
        {take('X', 8, 12, 10), "delete -1 #12 10@100200 | 40@1001 -"},
        {take('D', 9, 13, 0), "delete 1 #13 40@100100 | - -"},
        {other, NULL},
        {{.bytes = "z?", .count = 2}, NULL},
    };
    lf_feed_stats stats;
    CHECK_ROWS(rows, &stats);
    assert_int_equal(stats.check_count, 9);
    assert_int_equal(stats.violation_count, 0);
    assert_int_equal(stats.skipped_count, 3);
    assert_int_equal(stats.gap_count, 0);
}

static void test_trades_and_states(void **state)
{
    (void)state;
    const row rows[] = {
        {directory('P'), NULL},
        {halt(1, 'T'), "halt 0 #0 0@0 | - -"},
        /* Since 2014 the side of a hidden order is always B, which says nothing. */
        {add('P', 2, 0, 'B', 30, 100050), "hidden 0 #0 30@100050 unseen 30@100050 2 | - -"},
        {add('P', 2, 0, 'S', 30, 100050), "hidden -1 #0 30@100050 unseen 30@100050 1 | - -"},
        {halt(3, 'H'), "halt 0 #0 0@0 masked | - -"},
        {halt(4, 'Q'), "halt 0 #0 0@0 masked | - -"},
        {cross(5, 1234, 100000), "cross 0 #0 1234@100000 masked | - -"},
        {halt(6, 'T'), "halt 0 #0 0@0 reset | - -"},
        {cross(7, 0, 0), "other 0 #0 0@0 | - -"},
        {market_halt(8, 'H'), "halt 0 #0 0@0 masked | - -"},
        {market_halt(9, 'T'), "halt 0 #0 0@0 reset | - -"},
        {halt(10, 'P'), "halt 0 #0 0@0 masked | - -"},
        {it_make('B', IT_LOCATE, IT_AT(11)), NULL},
    };
    /* In a file that lobflow wrote it does. */
    it_message own = directory('T');
    it_put(own.bytes + LFI_ITCH_TRACKING, LFI_ITCH_OWN, 2);
    const row written[] = {
        {own, NULL},
        {add('P', 2, 0, 'B', 30, 100050), "hidden 1 #0 30@100050 unseen 30@100050 -1 | - -"},
    };
    lf_feed_stats stats;
    CHECK_ROWS(rows, &stats);
    assert_int_equal(stats.halt_count, 3);
    assert_int_equal(stats.broken_count, 1);
    assert_int_equal(stats.violation_count, 0);
    CHECK_ROWS(written, &stats);
}

/* Contradictions: the event is masked, the next that fits is a reset. */
static void test_doubts(void **state)
{
    (void)state;
    const row rows[] = {
        {directory('P'), NULL},
        {add('A', 1, 11, 'B', 300, 100000), "add 1 #11 300@100000 | 300@1000 -"},
        {add('A', 2, 11, 'B', 200, 100000), "add 1 #11 200@100000 masked | 200@1000 -"},
        {take('X', 3, 11, 50), "cancel 1 #11 50@100000 reset | 150@1000 -"},
        /* Gone anyway: known again at once. */
        {take('D', 4, 99, 0), "other 0 #99 0@0 masked | 150@1000 -"},
        /* What is left of it is not known until it goes. */
        {take('E', 5, 98, 5), "other 0 #98 5@0 masked | 150@1000 -"},
        {take('X', 6, 11, 50), "cancel 1 #11 50@100000 masked | 100@1000 -"},
        {replace(7, 98, 21, 10, 100100), "other 0 #21 10@100100 masked | 100@1000 -"},
        {take_at(8, 21, 5, 'Y', 100100),
         "trade 0 #21 5@100100 masked traded 5@100100 2 | 100@1000 -"},
        {take('D', 9, 21, 0), "other 0 #21 0@0 masked | 100@1000 -"},
        {take('E', 10, 11, 150), "execute 1 #11 150@100000 masked traded 150@100000 -1 | - -"},
        {add('A', 11, 22, 'B', 0, 100000), "other 1 #22 0@100000 masked | - -"},
        {add('A', 12, 11, 'B', 300, 100000), "add 1 #11 300@100000 reset | 300@1000 -"},
    };
    lf_feed_stats stats;
    CHECK_ROWS(rows, &stats);
    assert_int_equal(stats.violation_count, 8);
    assert_int_equal(stats.gap_count, 5);
    assert_int_equal(stats.unknown_order_count, 5);
    assert_int_equal(stats.duplicate_order_count, 1);
    assert_int_equal(stats.overfill_count, 1);
    assert_int_equal(stats.first_violation_line, 3);
}

/* Shares below a dollar stand between cents: levels go away from the mid, trades keep prices. */
static void test_fractions(void **state)
{
    (void)state;
    const it_order orders[] = {
        {1, 'B', 10, 5099},
        {2, 'B', 20, 5001},
        {3, 'B', 40, 4999},
        {4, 'S', 10, 5101},
        {5, 'S', 20, 5199},
        {6, 'S', 40, 5200},
    };
    lf_testing_folder folder;
    it_file file = {0};
    assert_true(lf_testing_folder_make(&folder));
    it_append(&file, it_stock(IT_LOCATE, IT_STOCK, IT_AT(0), 'P'));
    for (int i = 0; i < 6; i++) {
        it_append(&file, it_add('A', IT_LOCATE, IT_STOCK, IT_AT(i), orders[i]));
    }
    it_append(&file, it_take('E', IT_LOCATE, IT_AT(9), 1, 5));
    it_tape t = it_read(it_write(&folder, IT_NAME, &file), IT_STOCK, 0);
    const lf_quotes *const q = &t.events[6].quotes;
    const int64_t bids[] = {50, 49}, bid_lots[] = {25, 40}, asks[] = {52}, ask_lots[] = {70};
    assert_int_equal(t.count, 7);
    assert_memory_equal(q->bid_ticks, bids, sizeof bids);
    assert_memory_equal(q->bid_lots, bid_lots, sizeof bid_lots);
    assert_memory_equal(q->ask_ticks, asks, sizeof asks);
    assert_memory_equal(q->ask_lots, ask_lots, sizeof ask_lots);
    assert_int_equal(q->bid_ticks[2], LF_BID_NONE);
    assert_int_equal(q->ask_ticks[1], LF_ASK_NONE);
    assert_int_equal(t.trades[6].price_units, 5099);
    assert_int_equal(t.stats.off_tick_count, 5);
    it_drop(&t);
    lf_release(NULL, file.messages);
    lf_testing_folder_remove(&folder);
}

/* ---- finding ---------------------------------------------------------------------------- */

static void test_find(void **state)
{
    (void)state;
    static const struct {
        const char *name, *symbol, *date;
        size_t count; /* 0: an error */
        lf_date found;
        const char *text;
    } rows[] = {
        {IT_NAME, IT_STOCK, NULL, 1, {2019, 12, 30}, NULL},
        {IT_NAME ".gz", "OTHER", NULL, 1, {2019, 12, 30}, NULL},
        {"S081321-v50.txt", "LONGNAME", NULL, 1, {2021, 8, 13}, NULL},
        {"20191230.itch", "TEST,OTHER", NULL, 2, {2019, 12, 30}, NULL},
        {"x_2020-01-02.bin", "TEST,TEST", NULL, 1, {2020, 1, 2}, NULL},
        {"day", IT_STOCK, "2019-05-06", 1, {2019, 5, 6}, NULL},
        {"12345", IT_STOCK, NULL, 0, {0}, "give --date"},
        {IT_NAME, NULL, NULL, 0, {0}, "choose with --symbol: TEST, OTHER, LONGNAME"},
        {IT_NAME, "AAPL", NULL, 0, {0}, "AAPL is not in the file; it holds TEST, OTHER, LONGNAME"},
        {IT_NAME, "TEST,AAPL", NULL, 0, {0}, "AAPL is not in the file"},
        {IT_NAME, "NINECHARS", NULL, 0, {0}, "\"NINECHARS\" is no symbol of NASDAQ"},
    };
    lf_testing_folder folder;
    it_day d;
    assert_true(lf_testing_folder_make(&folder));
    it_make_day(&d, 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *const path = it_write(&folder, rows[i].name, &d.file);
        const lf_feed_options options = {.symbol = rows[i].symbol, .date = rows[i].date};
        lf_source_list list;
        lf_error error = {0};
        const lf_status status = lf_feed_find(&path, 1, &options, &list, &error);
        assert_int_equal(status == LF_OK, rows[i].count > 0);
        assert_int_equal(list.count, rows[i].count);
        if (rows[i].count > 0) {
            assert_int_equal(lf_date_to_days(list.sources[0].date), lf_date_to_days(rows[i].found));
            assert_non_null(strstr(rows[i].symbol, list.sources[0].symbol));
        } else if (strstr(error.message, rows[i].text) == NULL) {
            fail_msg("%s", error.message);
        }
        lf_source_list_clear(&list);
    }
    it_drop_day(&d);
    lf_testing_folder_remove(&folder);
}

/* ---- what cannot be read ---------------------------------------------------------------- */

static void test_errors(void **state)
{
    (void)state;
    const it_order bid = {11, 'B', 300, 100000};
    const lf_feed_options strict = {.strict = true};
    lf_testing_folder folder;
    it_file file = {0};
    lf_error error;
    size_t bytes;
    assert_true(lf_testing_folder_make(&folder));
    it_append(&file, it_stock(IT_LOCATE, IT_STOCK, IT_AT(0), 'P'));
    it_append(&file, it_add('A', IT_LOCATE, IT_STOCK, IT_AT(1), bid));
    it_append(&file, it_take('D', IT_LOCATE, IT_AT(2), 12, 0));
    const char *const path = it_write(&folder, IT_NAME, &file);
    const lf_source source = it_find(path, IT_STOCK);
    assert_int_equal(ft_read_events(&source, &strict, NULL, NULL, NULL, &error), LF_DATA);
    assert_non_null(strstr(error.message, "byte 79: the message D of order 12 does not fit"));
    unsigned char *const data = it_bytes(&file, &bytes);
    /* Cut off at every byte: an error, or the end of a message. */
    for (size_t cut = 41; cut < bytes; cut++) {
        const bool is_whole = cut == 41 || cut == 79;
        ft_write_bytes(path, data, cut);
        const lf_status status = ft_read_events(&source, NULL, NULL, NULL, NULL, &error);
        assert_int_equal(status, is_whole ? LF_OK : LF_FORMAT);
        if (!is_whole) {
            assert_non_null(strstr(error.message, cut < 79 ? "byte 41: the last" : "byte 79: the"));
            assert_non_null(strstr(error.message, "is cut off"));
        }
    }
    /* The same while stocks are looked for, before an order comes. */
    lf_source_list list;
    ft_write_bytes(path, data, 43);
    assert_int_equal(lf_feed_find(&path, 1, NULL, &list, &error), LF_FORMAT);
    assert_non_null(strstr(error.message, "is cut off"));
    /* A message that is shorter than its type. */
    data[42] = 35;
    ft_write_bytes(path, data, bytes);
    assert_int_equal(ft_read_events(&source, NULL, NULL, NULL, NULL, &error), LF_FORMAT);
    assert_non_null(strstr(error.message, "byte 41: a message A of 35 bytes, where its type has 36")
    );
    free(data);
    lf_release(NULL, file.messages);
    lf_testing_folder_remove(&folder);
}

/* Write data as a .gz of one stored block, of which the last bytes are missing. */
static void write_cut(const char *path, const unsigned char *data, size_t bytes, size_t missing)
{
    unsigned char packed[1024] = {0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1};
    assert_true(missing <= bytes && bytes + 15 <= sizeof packed);
    packed[11] = (unsigned char)bytes;
    packed[12] = (unsigned char)(bytes >> 8);
    packed[13] = (unsigned char)~packed[11];
    packed[14] = (unsigned char)~packed[12];
    memcpy(packed + 15, data, bytes);
    ft_write_bytes(path, packed, bytes + 15 - missing);
}

/* A .gz that ends early is one of ITCH all the same, and what is wrong with it is said. */
static void test_cut_gzip(void **state)
{
    (void)state;
    const it_order bid = {11, 'B', 300, 100000};
    lf_testing_folder folder;
    it_file file = {0};
    lf_error error;
    lf_source_list list;
    lfi_gzip *gzip;
    size_t bytes;
    char text[64];
    assert_true(lf_testing_folder_make(&folder));
    it_append(&file, it_stock(IT_LOCATE, IT_STOCK, IT_AT(0), 'P'));
    it_append(&file, it_add('A', IT_LOCATE, IT_STOCK, IT_AT(1), bid));
    it_append(&file, it_take('D', IT_LOCATE, IT_AT(2), 11, 0));
    unsigned char *const data = it_bytes(&file, &bytes);
    const char *const path = lf_testing_path(&folder, "12302019.NASDAQ_ITCH50.gz");
    write_cut(path, data, bytes, 0);
    assert_int_equal(lfi_gzip_open(NULL, path, &gzip, NULL), LF_OK);
    const bool has_isal = gzip != NULL;
    lfi_gzip_close(gzip);
    /* Without the checksum behind the data; within the last message, within the first order. */
    for (size_t missing = 0; has_isal && missing < bytes - 41; missing++) {
        const lf_feed_options options = {.symbol = IT_STOCK};
        write_cut(path, data, bytes, missing);
        lf_status status = lf_feed_find(&path, 1, &options, &list, &error);
        if (missing <= 21) { /* the order behind the directory is whole */
            assert_int_equal(status, LF_OK);
            assert_int_equal(list.count, 1);
            status = ft_read_events(&list.sources[0], NULL, NULL, NULL, NULL, &error);
        }
        assert_int_equal(status, LF_FORMAT);
        (void)snprintf(text, sizeof text, "cut off after %zu bytes of them", bytes - missing);
        assert_non_null(strstr(error.message, "messages of ITCH, damaged or "));
        assert_non_null(strstr(error.message, text));
        lf_source_list_clear(&list);
        /* The same where the stocks of the whole file are looked for. */
        const lf_feed_options other = {.symbol = "OTHER"};
        assert_int_equal(lf_feed_find(&path, 1, &other, &list, &error), LF_FORMAT);
        assert_non_null(strstr(error.message, text));
    }
    if (!has_isal) {
        print_message("skipped: built without ISA-L\n");
    }
    free(data);
    lf_release(NULL, file.messages);
    lf_testing_folder_remove(&folder);
}

/* Times beyond the day, lengths of 0, prices of 0, sides that are none. */
static void test_ranges(void **state)
{
    (void)state;
    const it_order bid = {11, 'B', 300, 100000}, odd = {12, '?', 1, 100000},
                   free_one = {13, 'S', 1, 0};
    lf_testing_folder folder;
    it_file file = {0};
    assert_true(lf_testing_folder_make(&folder));
    it_append(&file, it_stock(IT_LOCATE, IT_STOCK, IT_AT(0), 'P'));
    it_append(&file, (it_message){.count = 0});
    it_append(&file, it_add('A', IT_LOCATE, IT_STOCK, IT_AT(1), bid));
    it_append(&file, it_add('A', IT_LOCATE, IT_STOCK, IT_AT(2), odd));
    it_append(&file, it_add('A', IT_LOCATE, IT_STOCK, IT_AT(3), free_one));
    it_append(&file, it_take('X', IT_LOCATE, IT_AT(86400), 11, 1));
    it_append(&file, it_take('X', IT_LOCATE, IT_AT(4), 11, 1));
    it_append(&file, it_cross(IT_LOCATE, IT_STOCK, IT_AT(5), UINT64_MAX, 100000));
    it_append(&file, (it_message){.count = 0});
    it_tape t = it_read(it_write(&folder, IT_NAME, &file), IT_STOCK, 0);
    assert_int_equal(t.count, 6);
    assert_int_equal(t.stats.violation_count, 4);
    assert_int_equal(t.events[3].ts_exchange_ns, IT_MIDNIGHT_NS + IT_AT(3));
    assert_int_equal(t.events[4].flags, LF_EVENT_LAST | LF_EVENT_RESET);
    assert_int_equal(t.events[5].size_lots, 0);
    assert_int_equal(t.events[5].flags, LF_EVENT_LAST | LF_EVENT_MASKED);
    it_drop(&t);
    lf_release(NULL, file.messages);
    lf_testing_folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_trades_and_states),
        cmocka_unit_test(test_doubts),
        cmocka_unit_test(test_fractions),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_cut_gzip),
        cmocka_unit_test(test_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
