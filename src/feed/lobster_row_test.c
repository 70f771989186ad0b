/*
 * Goal: the quick readers of LOBSTER rows give what the slow ones give, on rows that follow each
 * other as in a market, on rows that have nothing to do with each other, and on damaged rows.
 * Method: both read the same random rows; seeds are printed when they differ.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "feed_testing.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Both readers of one file. */
typedef struct twins {
    lfi_rows fast, whole;
} twins;

static bool same_rows(const twins *t)
{
    const lfi_row_text *a = &t->fast.texts[t->fast.now], *b = &t->whole.texts[t->whole.now];
    return memcmp(
               &t->fast.rows[t->fast.now], &t->whole.rows[t->whole.now], sizeof t->fast.rows[0]
           ) == 0 &&
           a->bytes == b->bytes && memcmp(a->text, b->text, a->bytes) == 0 &&
           memcmp(
               a->starts, b->starts, (size_t)(2 * t->fast.level_count + 1) * sizeof a->starts[0]
           ) == 0;
}

/* What the fast reader said about the change is true of the values. */
static bool is_change(const lfi_rows *rows, lfi_row_change change)
{
    const lfi_book_row *now = &rows->rows[rows->now], *before = &rows->rows[rows->before];
    if (change == LFI_ROW_SAME) {
        return memcmp(now, before, sizeof *now) == 0;
    }
    return change != LFI_ROW_SIZES || memcmp(now->ticks, before->ticks, sizeof now->ticks) == 0;
}

/* Read a line with both; whether it was a good one. Bytes behind it are of another row. */
static bool read_both(twins *t, const char *line, size_t bytes, uint64_t seed)
{
    char buffer[2 * LFI_ROW_BYTES_MAX];
    lfi_fault faults[2];
    const lfi_book_row before = t->fast.rows[t->fast.now];
    memset(buffer, '7', sizeof buffer);
    assert_true(bytes + LFI_LINE_SLACK <= sizeof buffer);
    memcpy(buffer, line, bytes);
    const lfi_row_change fast = lfi_rows_read(&t->fast, buffer, bytes, &faults[0]);
    const lfi_row_change whole = lfi_rows_read_whole(&t->whole, buffer, bytes, &faults[1]);
    const bool agree = (fast == LFI_ROW_BAD) == (whole == LFI_ROW_BAD) &&
                       (fast != LFI_ROW_BAD ||
                        (strcmp(faults[0].field, faults[1].field) == 0 &&
                         strcmp(faults[0].expected, faults[1].expected) == 0 &&
                         faults[0].text == faults[1].text && faults[0].bytes == faults[1].bytes)) &&
                       (t->fast.has_row == t->whole.has_row) &&
                       (!t->fast.has_row || same_rows(t)) &&
                       (fast == LFI_ROW_BAD ||
                        memcmp(&t->fast.rows[t->fast.before], &before, sizeof before) == 0 ||
                        t->fast.before == t->fast.now) &&
                       (fast == LFI_ROW_BAD || is_change(&t->fast, fast));
    if (!agree) {
        fail_msg(
            "seed %llu: %d and %d for \"%.*s\"",
            (unsigned long long)seed,
            (int)fast,
            (int)whole,
            (int)bytes,
            line
        );
    }
    return fast != LFI_ROW_BAD;
}

static void test_rows_of_a_market(void **state)
{
    (void)state;
    static const int levels[] = {1, 2, 3, 10, 17, 50};
    static twins t;
    for (size_t i = 0; i < COUNT(levels); i++) {
        ft_market market;
        ft_market_start(&market, i + 1, levels[i]);
        lfi_rows_start(&t.fast, levels[i]);
        lfi_rows_start(&t.whole, levels[i]);
        int64_t same = 0, sizes = 0;
        for (int k = 0; k < 4000; k++) {
            char message[128], row[LFI_ROW_BYTES_MAX];
            const uint8_t now = t.fast.now;
            ft_market_next(&market, message, row);
            assert_true(read_both(&t, row, strlen(row) - 1, i + 1));
            same += t.fast.now == now;
            sizes += t.fast.now != now;
        }
        /* Both ways were walked. */
        assert_true(same > 50 && sizes > 50);
    }
}

/* A row in which one or two bytes are put, taken away, doubled or exchanged. */
static size_t spoil(lf_random *random, const char *row, size_t bytes, char *out)
{
    static const char put[] = "0123456789,,,--. x\r\xff";
    memcpy(out, row, bytes);
    for (uint64_t k = 1 + lf_random_below(random, 2); k > 0 && bytes > 2; k--) {
        const size_t at = (size_t)lf_random_below(random, bytes - 1);
        switch (lf_random_below(random, 5)) {
        case 0:
            out[at] = put[lf_random_below(random, sizeof put - 1)];
            break;
        case 1:
            memmove(out + at, out + at + 1, bytes - at - 1);
            bytes--;
            break;
        case 2:
            memmove(out + at + 1, out + at, bytes - at);
            bytes++;
            break;
        case 3:
            bytes = at;
            break;
        default: {
            const char keep = out[at];
            out[at] = out[at + 1];
            out[at + 1] = keep;
        }
        }
    }
    return bytes;
}

static void test_spoilt_rows(void **state)
{
    (void)state;
    static const int levels[] = {1, 2, 10, 50};
    static twins t, keep;
    int good = 0, bad = 0;
    for (size_t i = 0; i < COUNT(levels); i++) {
        const uint64_t seed = 100 + i;
        ft_market market;
        lf_random random;
        ft_market_start(&market, seed, levels[i]);
        lf_random_seed(&random, seed, 1);
        lfi_rows_start(&t.fast, levels[i]);
        lfi_rows_start(&t.whole, levels[i]);
        for (int k = 0; k < 3000; k++) {
            char message[128], row[LFI_ROW_BYTES_MAX], spoilt[LFI_ROW_BYTES_MAX + 8];
            ft_market_next(&market, message, row);
            const size_t bytes = spoil(&random, row, strlen(row) - 1, spoilt);
            keep = t;
            if (read_both(&t, spoilt, bytes, seed)) {
                good++;
            } else {
                bad++;
                t = keep;
                assert_true(read_both(&t, row, strlen(row) - 1, seed));
            }
        }
    }
    assert_true(good > 1000 && bad > 1000);
}

/* A line that is longer than any row can be. */
static void test_endless_row(void **state)
{
    (void)state;
    static lfi_rows rows;
    static char line[100000 + LFI_LINE_SLACK];
    static const char short_line[64 + LFI_LINE_SLACK] = "200,1,100,1";
    lfi_fault fault;
    memset(line, '0', sizeof line);
    lfi_rows_start(&rows, 1);
    assert_int_equal(lfi_rows_read(&rows, line, 100000, &fault), LFI_ROW_BAD);
    assert_int_equal(lfi_rows_read(&rows, short_line, 11, &fault), LFI_ROW_PRICES);
    line[10] = line[20] = line[30] = ',';
    assert_int_equal(lfi_rows_read(&rows, line, 100000, &fault), LFI_ROW_BAD);
    memset(line, ',', sizeof line);
    assert_int_equal(lfi_rows_read(&rows, line, 100000, &fault), LFI_ROW_BAD);
    assert_string_equal(fault.expected, "4 fields for 1 levels");
    assert_int_equal(lfi_rows_read(&rows, short_line, 11, &fault), LFI_ROW_SAME);
}

/* ---- message rows ----------------------------------------------------------------------- */

static bool same_message(const lfi_message *a, const lfi_message *b)
{
    return a->since_midnight_ns == b->since_midnight_ns && a->order_id == b->order_id &&
           a->size == b->size && a->price == b->price && a->type == b->type &&
           a->direction == b->direction;
}

static void test_messages(void **state)
{
    (void)state;
    ft_market market;
    lf_random random;
    ft_market_start(&market, 5, 10);
    lf_random_seed(&random, 5, 1);
    int quick = 0, slow = 0, bad = 0;
    for (int k = 0; k < 60000; k++) {
        char message[128], row[LFI_ROW_BYTES_MAX], text[512];
        ft_market_next(&market, message, row);
        size_t bytes = strlen(message) - 1;
        /* Behind the line lies a row that looks like its end. */
        memset(text, '1', sizeof text);
        memcpy(text + 200, ",5,123,-1\n", 10);
        if (k % 3 == 0) {
            memcpy(text, message, bytes);
        } else {
            bytes = spoil(&random, message, bytes, text);
        }
        memcpy(text + bytes, k % 2 == 0 ? ",5,100,1\n" : "1,1,100,1,1\n", 9);
        lfi_message fast, whole;
        lfi_fault fault;
        const bool is_fast = lfi_message_parse_fast(text, bytes, &fast);
        const bool is_good = lfi_message_parse(text, bytes, &whole, &fault);
        if (is_fast && (!is_good || !same_message(&fast, &whole))) {
            fail_msg("row %d: %.*s", k, (int)bytes, text);
        }
        assert_true(k % 3 != 0 || is_fast);
        quick += is_fast;
        slow += !is_fast && is_good;
        bad += !is_good;
    }
    assert_true(quick > 20000 && slow > 50 && bad > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_of_a_market),
        cmocka_unit_test(test_spoilt_rows),
        cmocka_unit_test(test_endless_row),
        cmocka_unit_test(test_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
