/*
 * Goal: the books of all stocks of a stream are those of naive lists of orders, however the stream
 *       is cut; what contradicts them and what a file or a capture holds is counted.
 * Method: random days of three stocks, pushed in pieces of any size; small files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed_testing.h"
#include "itch_testing.h"

static void check_side(const lf_l3_side *best, const int64_t *ticks, const int64_t *lots)
{
    for (int m = 0; m < LF_LEVELS_MAX; m++) {
        assert_int_equal(best->lots[m], lots[m]);
        if (lots[m] > 0) {
            assert_int_equal(best->prices[m], ticks[m] * 100);
        }
    }
}

/* After each message of the first stock its book is the naive one. */
static void test_messages(void **state)
{
    (void)state;
    lf_itch_books *books;
    lf_error error;
    it_day d;
    size_t place = 0;
    it_make_day(&d, 12);
    assert_int_equal(lf_itch_books_create(NULL, &books, &error), LF_OK);
    for (size_t i = 0; i < d.file.count; i++) {
        const it_file one = {&d.file.messages[i], 1, 1};
        size_t bytes, taken;
        unsigned char *const data = it_bytes(&one, &bytes);
        assert_int_equal(lf_itch_books_push(books, data, bytes, &taken, &error), LF_OK);
        assert_int_equal(taken, bytes);
        free(data);
        if (place < d.count && i == d.places[place]) {
            const lf_quotes *const q = &d.quotes[place++];
            const lf_l3 *const l3 = lf_itch_books_l3(books);
            check_side(lf_l3_best(l3, IT_LOCATE, 1), q->bid_ticks, q->bid_lots);
            check_side(lf_l3_best(l3, IT_LOCATE, -1), q->ask_ticks, q->ask_lots);
        }
    }
    assert_int_equal(place, d.count);
    lf_itch_books_destroy(books);
    it_drop_day(&d);
}

/* Any cut of the bytes gives the same books and counts. */
static void test_pieces(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 7, 50, 1000, SIZE_MAX};
    lf_error error;
    lf_itch_counts first = {0};
    it_day d;
    size_t bytes;
    it_make_day(&d, 12);
    unsigned char *const data = it_bytes(&d.file, &bytes);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        lf_itch_books *books;
        size_t begin = 0, end = 0;
        assert_int_equal(lf_itch_books_create(NULL, &books, &error), LF_OK);
        while (begin < bytes) {
            size_t taken;
            end = sizes[i] < bytes - end ? end + sizes[i] : bytes;
            assert_int_equal(
                lf_itch_books_push(books, data + begin, end - begin, &taken, &error), LF_OK
            );
            begin += taken;
        }
        const lf_quotes *const q = &d.quotes[d.count - 1];
        check_side(lf_l3_best(lf_itch_books_l3(books), IT_LOCATE, 1), q->bid_ticks, q->bid_lots);
        const lf_itch_counts *const counts = lf_itch_books_counts(books);
        first = i == 0 ? *counts : first;
        assert_memory_equal(counts, &first, sizeof first);
        assert_int_equal(counts->message_count, d.file.count);
        assert_int_equal(counts->stock_count, 3);
        assert_int_equal(counts->plain_bytes, bytes);
        assert_int_equal(counts->unknown_order_count, 0);
        lf_itch_books_destroy(books);
    }
    free(data);
    it_drop_day(&d);
}

/* Contradictions, unknown types, a length of 0, times that go back; a message that is too short. */
static void test_counts(void **state)
{
    (void)state;
    const it_order bid = {11, 'B', 300, 100000}, none = {12, 'B', 0, 100000},
                   free_one = {13, 'S', 5, 0};
    const it_order fresh = {15, 'B', 10, 100100};
    lf_testing_folder folder;
    lf_itch_counts c;
    lf_error error;
    it_file file = {0};
    assert_true(lf_testing_folder_make(&folder));
    it_append(&file, it_stock(IT_LOCATE, IT_STOCK, IT_AT(0), 'P'));
    it_append(&file, it_stock(IT_LOCATE + 1, "OTHER", IT_AT(0), 'P'));
    it_append(&file, it_add('A', IT_LOCATE, IT_STOCK, IT_AT(2), bid));
    it_append(&file, it_add('A', IT_LOCATE, IT_STOCK, IT_AT(1), bid));
    it_append(&file, it_add('F', IT_LOCATE, IT_STOCK, IT_AT(3), none));
    it_append(&file, it_add('A', IT_LOCATE, IT_STOCK, IT_AT(3), free_one));
    it_append(&file, (it_message){.bytes = "z?", .count = 2});
    it_append(&file, (it_message){.count = 0});
    it_append(&file, it_take('E', IT_LOCATE, IT_AT(4), 11, 301));
    it_append(&file, it_replace(IT_LOCATE, IT_AT(5), 14, fresh));
    const char *const path = it_write(&folder, IT_NAME, &file);
    assert_true(lf_itch_is_market(path));
    assert_int_equal(lf_itch_count(path, NULL, &c, &error), LF_OK);
    assert_int_equal(c.message_count, 9);
    assert_int_equal(c.type_counts['A'], 3);
    assert_int_equal(c.unknown_count, 1);
    assert_int_equal(c.stock_count, 2);
    assert_int_equal(c.duplicate_order_count, 1);
    assert_int_equal(c.overfill_count, 1);
    assert_int_equal(c.unknown_order_count, 1);
    assert_int_equal(c.range_count, 2);
    assert_int_equal(c.backward_count, 1);
    assert_int_equal(c.order_count_max, 1);
    assert_int_equal(c.first_ns, IT_AT(0));
    assert_int_equal(c.last_ns, IT_AT(5));
    assert_false(c.is_capture);
    it_append(&file, (it_message){.bytes = "D", .count = 9});
    (void)it_write(&folder, IT_NAME, &file);
    assert_int_equal(lf_itch_count(path, NULL, &c, &error), LF_FORMAT);
    assert_non_null(strstr(error.message, "a message D of 9 bytes, where its type has 19"));
    assert_int_equal(c.message_count, 9);
    assert_int_equal(lf_itch_count("/nowhere", NULL, &c, &error), LF_NOT_FOUND);
    assert_false(lf_itch_is_market("/nowhere"));
    file.count = 1;
    assert_false(lf_itch_is_market(it_write(&folder, IT_NAME, &file)));
    /* Without a directory the stocks have only numbers. */
    file.count = 0;
    it_append(&file, it_add('A', IT_LOCATE, IT_STOCK, IT_AT(2), bid));
    assert_true(lf_itch_is_market(it_write(&folder, IT_NAME, &file)));
    assert_int_equal(lf_itch_count(path, NULL, &c, &error), LF_OK);
    assert_int_equal(c.stock_count, 0);
    assert_int_equal(c.order_count_max, 1);
    lf_release(NULL, file.messages);
    lf_testing_folder_remove(&folder);
}

/* Without memory at any place, nothing is left behind. */
static void test_memory(void **state)
{
    (void)state;
    lf_testing_folder folder;
    it_day d;
    assert_true(lf_testing_folder_make(&folder));
    it_make_day(&d, 2);
    d.file.count = 300;
    const char *const path = it_write(&folder, IT_NAME, &d.file);
    bool is_done = false;
    for (uint64_t n = 0; !is_done; n++) {
        lf_testing_memory memory;
        lf_itch_counts c;
        lf_testing_memory_start(&memory, n);
        const lf_status status = lf_itch_count(path, &memory.allocator, &c, NULL);
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
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
