/*
 * Goal: rows of a LOBSTER day that are missing or doubled are a counted gap, and the books stay
 *       those of the rows; rows out of order are refused.
 * Method: random days damaged in one place each. A naive rule says whether a row follows from the
 *         one before it and the message: all levels put into a list, the message applied.
 */
#include "feed_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed_testing.h"

#define ROWS 300
#define DAYS 40

typedef struct made_row {
    char message[128], book[LFI_ROW_BYTES_MAX];
    int type;
    long long size, price, since_ns;
    int side; /* 0 ask, 1 bid */
    long long prices[2][LF_LEVELS_MAX], lots[2][LF_LEVELS_MAX];
} made_row;

static made_row rows[ROWS];
static int level_count;

static void make_day(uint64_t seed, int levels)
{
    static ft_market market;
    level_count = levels;
    ft_market_start(&market, seed, levels);
    for (int i = 0; i < ROWS; i++) {
        made_row *const row = &rows[i];
        long long seconds, ns, id;
        int direction;
        ft_market_next(&market, row->message, row->book);
        assert_int_equal(
            sscanf(
                row->message,
                "%lld.%lld,%d,%lld,%lld,%lld,%d",
                &seconds,
                &ns,
                &row->type,
                &id,
                &row->size,
                &row->price,
                &direction
            ),
            7
        );
        row->side = direction > 0;
        row->since_ns = seconds * 1000000000 + ns;
        const char *at = row->book;
        for (int m = 0; m < levels; m++) {
            for (int side = 0; side < 2; side++) {
                int used;
                assert_int_equal(
                    sscanf(at, "%lld,%lld%*c%n", &row->prices[side][m], &row->lots[side][m], &used),
                    2
                );
                at += used;
            }
        }
    }
}

/* Whether a side's levels are those of before with an order of `size` more at a price; a level that
   comes into sight behind the others may be any. */
static bool is_explained(
    const made_row *before, const made_row *after, int side, long long price, long long size
)
{
    long long prices[LF_LEVELS_MAX + 1], lots[LF_LEVELS_MAX + 1];
    int count = 0;
    bool is_put = size == 0;
    for (int m = 0; m <= level_count; m++) {
        const bool is_there = m < level_count && before->lots[side][m] > 0;
        const long long at = is_there ? before->prices[side][m] : 0;
        const bool is_behind = !is_there || (side == 0 ? at > price : at < price);
        if (!is_put && is_behind) {
            prices[count] = price;
            lots[count++] = size;
            is_put = true;
        }
        if (!is_there) {
            break;
        }
        prices[count] = at;
        lots[count] = before->lots[side][m];
        if (!is_put && at == price) {
            lots[count] += size;
            is_put = true;
        }
        count += lots[count] > 0;
    }
    count = count < level_count ? count : level_count;
    for (int m = 0; m < count; m++) {
        if (after->prices[side][m] != prices[m] || after->lots[side][m] != lots[m]) {
            return false;
        }
    }
    return size < 0 || count == level_count || after->lots[side][count] == 0;
}

static bool follows(const made_row *before, const made_row *after)
{
    const long long size = after->type == 5 ? 0 : after->type == 1 ? after->size : -after->size;
    return is_explained(before, after, after->side, after->price, size) &&
           is_explained(before, after, 1 - after->side, 0, 0);
}

/* Read the rows in an order. */
static void read_rows(
    const lf_testing_folder *folder, const int *order, int count, bool strict, ft_reading *got
)
{
    static char messages[ROWS * 130], books[(ROWS + 1) * LFI_ROW_BYTES_MAX];
    size_t message_bytes = 0, book_bytes = 0;
    for (int i = 0; i < count; i++) {
        const made_row *const row = &rows[order[i]];
        message_bytes += (size_t)sprintf(messages + message_bytes, "%s", row->message);
        book_bytes += (size_t)sprintf(books + book_bytes, "%s", row->book);
    }
    messages[message_bytes] = books[book_bytes] = '\0';
    const lf_source source = ft_pair_source(
        ft_write(folder, "message", messages), ft_write(folder, "orderbook", books), level_count
    );
    const lf_feed_options options = {.batch_events = 7, .strict = strict};
    ft_read_source(got, &source, &options);
}

/* One gap or none; every book is that of its row. */
static void check_rows(const ft_reading *got, const int *order, int count, bool has_gap)
{
    assert_int_equal(got->status, LF_OK);
    assert_int_equal(got->count, count);
    assert_int_equal(got->stats.gap_count, has_gap);
    for (int i = 0; i < count; i++) {
        const lf_event *const e = &got->events[i];
        const made_row *const row = &rows[order[i]];
        assert_int_equal(e->flags, LF_EVENT_LAST);
        for (int m = 0; m < level_count; m++) {
            assert_int_equal(e->quotes.ask_lots[m], row->lots[0][m]);
            assert_int_equal(e->quotes.bid_lots[m], row->lots[1][m]);
            assert_true(row->lots[0][m] == 0 || e->quotes.ask_ticks[m] * 100 == row->prices[0][m]);
            assert_true(row->lots[1][m] == 0 || e->quotes.bid_ticks[m] * 100 == row->prices[1][m]);
        }
    }
}

static int in_order(int order[ROWS + 1])
{
    for (int i = 0; i < ROWS; i++) {
        order[i] = i;
    }
    return ROWS;
}

/* A row is missing in both files. */
static void test_removed(void **state)
{
    (void)state;
    static ft_reading got;
    static const int levels[] = {1, 2, 5, 10};
    lf_testing_folder folder;
    lf_random random;
    int found = 0;
    assert_true(lf_testing_folder_make(&folder));
    for (uint64_t seed = 1; seed <= DAYS; seed++) {
        int order[ROWS + 1];
        int count = in_order(order);
        make_day(seed, levels[seed % 4]);
        lf_random_seed(&random, seed, 1);
        read_rows(&folder, order, count, true, &got);
        check_rows(&got, order, count, false);
        const int at = 1 + (int)lf_random_below(&random, ROWS - 2);
        memmove(order + at, order + at + 1, (size_t)(--count - at) * sizeof *order);
        const bool is_seen = !follows(&rows[at - 1], &rows[at + 1]);
        read_rows(&folder, order, count, false, &got);
        check_rows(&got, order, count, is_seen);
        read_rows(&folder, order, count, true, &got);
        assert_int_equal(got.status, is_seen ? LF_DATA : LF_OK);
        found += is_seen;
    }
    assert_true(found > DAYS / 2); /* a hidden execution is not missed, nor what is behind levels */
    lf_testing_folder_remove(&folder);
}

/* A row comes twice in both files. */
static void test_doubled(void **state)
{
    (void)state;
    static ft_reading got;
    lf_testing_folder folder;
    lf_random random;
    assert_true(lf_testing_folder_make(&folder));
    for (uint64_t seed = 1; seed <= DAYS; seed++) {
        int order[ROWS + 1];
        int count = in_order(order);
        make_day(seed, 1 + (int)(seed % 10));
        lf_random_seed(&random, seed, 2);
        const int at = 1 + (int)lf_random_below(&random, ROWS - 2);
        memmove(order + at + 1, order + at, (size_t)(count++ - at) * sizeof *order);
        read_rows(&folder, order, count, false, &got);
        check_rows(&got, order, count, !follows(&rows[at], &rows[at]));
    }
    lf_testing_folder_remove(&folder);
}

/* Two rows that differ in time change places. */
static void test_swapped(void **state)
{
    (void)state;
    static ft_reading got;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    for (uint64_t seed = 1; seed <= DAYS; seed++) {
        int order[ROWS + 1];
        const int count = in_order(order);
        make_day(seed, 3);
        int at = (int)seed;
        while (rows[at].since_ns == rows[at + 1].since_ns) {
            at++;
        }
        order[at] = at + 1;
        order[at + 1] = at;
        read_rows(&folder, order, count, false, &got);
        assert_int_equal(got.status, LF_FORMAT);
        assert_int_equal(got.error.line, at + 2);
        assert_non_null(strstr(got.error.message, "goes back"));
    }
    lf_testing_folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_removed),
        cmocka_unit_test(test_doubled),
        cmocka_unit_test(test_swapped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
