/*
 * Goal: the quick readers of LOBSTER rows give what the slow ones give, on rows that follow each
 * other as in a market, on rows that have nothing to do with each other, and on damaged rows.
 * Method: all read the same random rows; seeds are printed when they differ. The readers for
 * processors with AVX-512 are skipped on others.
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

/* The readers of one file. */
typedef struct twins {
    lfi_rows fast, whole, wide;
    lf_random random;
    int64_t wide_count; /* rows that the wide one took */
} twins;

static void start(twins *t, uint64_t seed, int level_count)
{
    lfi_rows_start(&t->fast, level_count);
    lfi_rows_start(&t->whole, level_count);
    lfi_rows_start(&t->wide, level_count);
    lf_random_seed(&t->random, seed, 7);
    t->wide_count = 0;
}

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
    bool same_prices = true;
    for (size_t i = 0; i < COUNT(now->pairs); i++) {
        same_prices = same_prices && now->pairs[i].ticks == before->pairs[i].ticks;
    }
    return change != LFI_ROW_SIZES || same_prices;
}

/* A price of the newest row of the fast reader, or of the one before it. */
static lfi_look any_look(twins *t)
{
    const lfi_rows *rows = &t->fast;
    const uint64_t pair = lf_random_below(&t->random, 2 * (uint64_t)rows->level_count);
    const uint8_t which = lf_random_below(&t->random, 2) == 0 ? rows->now : rows->before;
    const int64_t ticks = rows->rows[which].pairs[pair].ticks;
    /* No message has the price of a missing level. */
    const bool is_there = ticks != LF_ASK_NONE && ticks != LF_BID_NONE;
    return (lfi_look){.side = (int)(pair % 2), .ticks = is_there ? ticks : 1};
}

/* Read a line that the fast reader has read, as the reader of days does; whether all agrees. */
static bool agrees_wide(twins *t, lfi_row_change change, const char *line, size_t bytes)
{
    static char text[2 * LFI_ROW_BYTES_MAX + LFI_LINE_SLACK];
    /* A return at the end of a line would be taken for one before its newline. */
    const bool ends_in_return = bytes > 0 && line[bytes - 1] == '\r';
    const bool has_return = ends_in_return || lf_random_below(&t->random, 5) == 0;
    const bool is_first = !t->wide.has_row;
    memset(text, (char)('/' + lf_random_below(&t->random, 4)), sizeof text);
    memcpy(text, line, bytes);
    memcpy(text + bytes, has_return ? "\r\n" : "\n3", 2);
    lfi_look fast_look = any_look(t), wide_look = fast_look;
    lf_quotes fast_quotes, wide_quotes;
    const lfi_window window = {text, text + sizeof text - LFI_LINE_SLACK, 0};
    const size_t took = lfi_wide_row(&t->wide, &window, &wide_look, &wide_quotes);
    t->wide_count += took > 0;
    if (took == 0) {
        lfi_fault fault;
        lfi_wide_leave(&t->wide);
        const lfi_row_change other = lfi_rows_read(&t->wide, text, bytes, &fault);
        if (other == LFI_ROW_BAD || change == LFI_ROW_BAD) {
            return other == change;
        }
        lfi_rows_look(&t->wide, other, &wide_look);
        lfi_rows_quotes(&t->wide, &wide_quotes);
    }
    lfi_rows_look(&t->fast, change, &fast_look);
    lfi_rows_quotes(&t->fast, &fast_quotes);
    static lfi_rows left;
    left = t->wide;
    lfi_wide_leave(&left);
    return change != LFI_ROW_BAD && (took == 0 || took == bytes + 1 + has_return) &&
           fast_look.is_ordered == wide_look.is_ordered &&
           (is_first || (fast_look.is_same == wide_look.is_same &&
                         fast_look.moved_lots == wide_look.moved_lots)) &&
           memcmp(&fast_quotes, &wide_quotes, sizeof fast_quotes) == 0 &&
           memcmp(&left.rows[left.now], &t->fast.rows[t->fast.now], sizeof left.rows[0]) == 0;
}

/* Read a line with all; whether it was a good one. Bytes behind it are of another row. */
static bool read_all(twins *t, const char *line, size_t bytes, uint64_t seed)
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
                       (fast == LFI_ROW_BAD || is_change(&t->fast, fast)) &&
                       (!lfi_wide_works() || agrees_wide(t, fast, line, bytes));
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
        start(&t, i + 1, levels[i]);
        int64_t same = 0, sizes = 0;
        for (int k = 0; k < 4000; k++) {
            char message[128], row[LFI_ROW_BYTES_MAX];
            const uint8_t now = t.fast.now;
            ft_market_next(&market, message, row);
            assert_true(read_all(&t, row, strlen(row) - 1, i + 1));
            same += t.fast.now == now;
            sizes += t.fast.now != now;
        }
        /* Both ways were walked. */
        assert_true(same > 50 && sizes > 50);
        /* The small market often has missing levels, which are not for the wide reader. */
        assert_true(!lfi_wide_works() || t.wide_count > 1000);
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
        start(&t, seed, levels[i]);
        for (int k = 0; k < 3000; k++) {
            char message[128], row[LFI_ROW_BYTES_MAX], spoilt[LFI_ROW_BYTES_MAX + 8];
            ft_market_next(&market, message, row);
            const size_t bytes = spoil(&random, row, strlen(row) - 1, spoilt);
            keep = t;
            if (read_all(&t, spoilt, bytes, seed)) {
                good++;
            } else {
                bad++;
                t = keep;
                assert_true(read_all(&t, row, strlen(row) - 1, seed));
            }
        }
    }
    assert_true(good > 1000 && bad > 1000);
}

/* Rows that the wide reader takes, and some that it may not take; two levels. */
static void test_forms_of_rows(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        bool is_taken;
    } cases[] = {
        {"200,1,100,1,300,1,99900,1", true},
        {"99999900,99999999,99999800,99999999,99999900,99999999,99999800,99999999", false},
        {"9999900,99999999,9999800,99999999,99999900,999999,99900,9", true},
        {"00200,01,100,1,300,1,100,1", true},
        {"100000000,1,100,1,300,1,100,1", false},
        {"200,100000000,100,1,300,1,100,1", false},
        {"200,1,100,1,9999999999,0,-9999999999,0", false},
        {"250,1,100,1,300,1,100,1", false},
        {"201,1,100,1,300,1,100,1", false},
        {"200,1,0,1,300,1,100,1", false},
        {"200,0,100,1,300,1,100,1", false},
        {"200,1,100,1,300,1,100", false},
        {"200,1,100,1,300,1,100,", false},
        {"200,1,100,1,300,1,100,1,", false},
        {"200,1,100,1,300,1,100,1,1", false},
        {"200,1,100,,300,1,100,1", false},
        {"200,1,100 ,1,300,1,100,1", false},
        {"200,1,100,1,300,+1,100,1", false},
        {",200,1,100,1,300,1,100", false},
        {"200;1,100,1,300,1,100,1", false},
        {"200,1,100,1,300,1,100,1\r", false},
        {"", false},
    };
    static twins t;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *row = cases[i].row;
        start(&t, i, 2);
        (void)read_all(&t, row, strlen(row), i);
        if (lfi_wide_works() && cases[i].is_taken != (t.wide_count > 0)) {
            fail_msg("\"%s\"", row);
        }
    }
    if (!lfi_wide_works()) {
        print_message("skipped: the processor has no AVX-512 VBMI2\n");
    }
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

/* What the reader for AVX-512 makes of a line with more behind it; whether it takes it. */
static bool takes_wide(const char *line, size_t bytes, bool is_good, const lfi_message *whole)
{
    char text[1024 + LFI_LINE_SLACK];
    const bool has_return = bytes % 2 == 0 || line[bytes - 1] == '\r';
    memset(text, '1', sizeof text);
    memcpy(text, line, bytes);
    memcpy(text + bytes, has_return ? "\r\n,1" : "\n1,,", 4);
    const lfi_window window = {text, text + sizeof text - LFI_LINE_SLACK, 0};
    lfi_message wide;
    const size_t took = lfi_wide_works() ? lfi_wide_message(&window, &wide) : 0;
    if (took > 0 && (!is_good || !same_message(&wide, whole) || took != bytes + 1 + has_return)) {
        fail_msg("%.*s", (int)bytes, line);
    }
    return took > 0;
}

/* Messages, and whether the wide reader takes them. */
static void test_forms_of_messages(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        bool is_taken;
    } cases[] = {
        {"34200.017459617,5,0,1,2238200,-1", true},
        {"34200.1,1,1,1,100,1", true},
        {"34200.12345678,4,123456789,1234567,1234500,-1", true},
        {"86399.999999999,2,9999999999999999,99999999,99999900,1", true},
        {"86400.1,1,1,1,100,1", false},
        {"34200.017459617,1,12345678901234567,1,100,1", false},
        {"34200.0174596171,1,1,1,100,1", false},
        {"4200.017459617,1,1,1,100,1", false},
        {"34200.,1,1,1,100,1", false},
        {"34200,1,1,1,1,100,1", false},
        {"34200.1,1.1,1,100,1", false},
        {"34200.1,0,1,1,100,1", false},
        {"34200.1,6,-1,1,100,1", false},
        {"34200.1,7,0,0,-1,-1", false},
        {"34200.1,11,1,1,100,1", false},
        {"34200.1,1,,1,100,1", false},
        {"34200.1,1,1,0,100,1", false},
        {"34200.1,1,1,1,0,1", false},
        {"34200.1,1,1,1,150,1", false},
        {"34200.1,5,1,1,150,1", true},
        {"34200.1,1,1,1,100,2", false},
        {"34200.1,1,1,1,100,-2", false},
        {"34200.1,1,1,1,100,0-1", false},
        {"34200.1,1,1,1,100,11", false},
        {"34200.1,1,1,1,100,--1", false},
        {"34200.1,1,1,1,-100,1", false},
        {"34200.1,1,1,1,100,", false},
        {"34200.1,1,1,1,100,1,", false},
        {"34200.1,1,1,1,100,1 ", false},
        {"34200.1,1,1,1 ,100,1", false},
        {"34200.1,1,1,1,100", false},
        {"", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *row = cases[i].row;
        lfi_message whole;
        lfi_fault fault;
        const bool is_good = lfi_message_parse(row, strlen(row), &whole, &fault);
        const bool is_taken = takes_wide(row, strlen(row), is_good, &whole);
        if (lfi_wide_works() && is_taken != cases[i].is_taken) {
            fail_msg("\"%s\"", row);
        }
    }
}

static void test_messages(void **state)
{
    (void)state;
    ft_market market;
    lf_random random;
    ft_market_start(&market, 5, 10);
    lf_random_seed(&random, 5, 1);
    int quick = 0, wide = 0, slow = 0, bad = 0;
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
        const bool is_wide = takes_wide(text, bytes, is_good, &whole);
        assert_true(k % 3 != 0 || (is_fast && (is_wide || !lfi_wide_works())));
        wide += is_wide;
        quick += is_fast;
        slow += !is_fast && is_good;
        bad += !is_good;
    }
    assert_true(quick > 20000 && slow > 50 && bad > 10000);
    assert_true(!lfi_wide_works() || (wide > 20000 && wide < 50000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_of_a_market),
        cmocka_unit_test(test_spoilt_rows),
        cmocka_unit_test(test_forms_of_rows),
        cmocka_unit_test(test_endless_row),
        cmocka_unit_test(test_forms_of_messages),
        cmocka_unit_test(test_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
