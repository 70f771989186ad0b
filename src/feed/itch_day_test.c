/*
 * Goal: the book is that of a naive list of orders after every message, whatever the file is packed
 *       in; what is missing, doubled or out of order is counted and masked and never a wrong book.
 * Method: random days, and such days with one message taken out, doubled or moved.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed_testing.h"
#include "itch_testing.h"

/* ---- random days ------------------------------------------------------------------------ */

/* Plain and compressed, in batches of several sizes, the book is the naive one. */
static void test_random_days(void **state)
{
    (void)state;
    static const size_t batches[] = {1, 7, 0};
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    for (uint64_t seed = 0; seed < 3; seed++) {
        it_day d;
        it_make_day(&d, seed);
        it_tape t = it_read(it_write(&folder, IT_NAME, &d.file), IT_STOCK, batches[seed]);
        assert_int_equal(t.count, d.count);
        for (size_t i = 0; i < d.count; i++) {
            assert_memory_equal(&t.events[i].quotes, &d.quotes[i], sizeof d.quotes[i]);
            assert_int_equal(t.events[i].flags, LF_EVENT_LAST);
        }
        assert_int_equal(t.stats.violation_count, 0);
        assert_int_equal(t.stats.crossed_count, 0);
        assert_int_equal(t.stats.skipped_count, d.file.count - d.count);
        it_drop(&t);
        it_drop_day(&d);
    }
    lf_testing_folder_remove(&folder);
}

static void test_compressed(void **state)
{
    (void)state;
    static const char *const filters[] = {"gzip", "zstd", "xz", "bzip2"};
    lf_testing_folder folder;
    it_day d;
    size_t bytes;
    assert_true(lf_testing_folder_make(&folder));
    it_make_day(&d, 9);
    unsigned char *const data = it_bytes(&d.file, &bytes);
    for (size_t i = 0; i < 4; i++) {
        const char *const path = lf_testing_path(&folder, "S123019-v50.txt.gz");
        struct archive *const out = archive_write_new();
        struct archive_entry *const entry = archive_entry_new();
        assert_int_equal(archive_write_set_format_raw(out), ARCHIVE_OK);
        assert_int_equal(archive_write_add_filter_by_name(out, filters[i]), ARCHIVE_OK);
        assert_int_equal(archive_write_open_filename(out, path), ARCHIVE_OK);
        archive_entry_set_filetype(entry, AE_IFREG);
        assert_int_equal(archive_write_header(out, entry), ARCHIVE_OK);
        assert_int_equal(archive_write_data(out, data, bytes), bytes);
        assert_int_equal(archive_write_close(out), ARCHIVE_OK);
        archive_entry_free(entry);
        archive_write_free(out);
        it_tape t = it_read(path, IT_STOCK, 0);
        assert_int_equal(t.count, d.count);
        assert_memory_equal(
            &t.events[t.count - 1].quotes, &d.quotes[d.count - 1], sizeof d.quotes[0]
        );
        assert_int_equal(t.stats.text_bytes, bytes);
        assert_true(t.stats.input_bytes_total > 0 && t.stats.input_bytes_total < (int64_t)bytes);
        it_drop(&t);
    }
    free(data);
    it_drop_day(&d);
    lf_testing_folder_remove(&folder);
}

/* ---- faults ----------------------------------------------------------------------------- */

typedef enum fault {
    REMOVED,
    DOUBLED,
    MOVED, /* one message of the stock goes behind its next one */
    FAULTS
} fault;

/* The day's file with a fault at the stock's message `at`. */
static it_file spoil(const it_day *d, fault how, size_t at)
{
    it_file file = {0};
    for (size_t i = 0; i < d->file.count; i++) {
        const it_message *const m = &d->file.messages[i];
        const bool is_it = i == d->places[at];
        if (!is_it || how == DOUBLED) {
            it_append(&file, *m);
        }
        if (is_it && how == DOUBLED) {
            it_append(&file, *m);
        }
        if (how == MOVED && i == d->places[at + 1]) {
            it_append(&file, d->file.messages[d->places[at]]);
        }
    }
    return file;
}

/* States that are not masked from the message `from` on are those of the day. */
static void check_states(const it_day *d, const it_tape *t, size_t from)
{
    size_t place = 0;
    for (size_t i = 0; i < t->count; i++) {
        const lf_event *const e = &t->events[i];
        while (place < d->count &&
               IT_MIDNIGHT_NS + lfi_itch_time_ns(d->file.messages[d->places[place]].bytes) <
                   e->ts_exchange_ns) {
            place++;
        }
        if (place >= from && (e->flags & LF_EVENT_MASKED) == 0) {
            assert_memory_equal(&e->quotes, &d->quotes[place], sizeof e->quotes);
        }
    }
}

/* The order of the message is told of again: its loss is seen there. */
static size_t seen_at(const it_day *d, size_t at)
{
    const unsigned char *const id = d->file.messages[d->places[at]].bytes + LFI_ITCH_ORDER;
    for (size_t i = at + 1; i < d->count; i++) {
        const unsigned char *const m = d->file.messages[d->places[i]].bytes;
        if (m[0] != 'P' && memcmp(m + LFI_ITCH_ORDER, id, 8) == 0) {
            return i;
        }
    }
    return d->count;
}

static void test_faults(void **state)
{
    (void)state;
    lf_testing_folder folder;
    it_day d;
    size_t seen_count = 0;
    assert_true(lf_testing_folder_make(&folder));
    it_make_day(&d, 5);
    for (size_t at = 300; at + 1 < d.count; at += 41) {
        const unsigned char type = d.file.messages[d.places[at]].bytes[0];
        for (int how = 0; how < FAULTS; how++) {
            if (how == REMOVED && type != 'A' && type != 'F') {
                continue;
            }
            it_file file = spoil(&d, (fault)how, at);
            it_tape t = it_read(it_write(&folder, IT_NAME, &file), IT_STOCK, 0);
            if (how == REMOVED) {
                const size_t seen = seen_at(&d, at);
                assert_true(t.stats.gap_count >= (seen < d.count));
                check_states(&d, &t, seen);
                seen_count += seen < d.count;
            } else if (how == DOUBLED) {
                assert_int_equal(t.stats.stale_count, 1);
                assert_int_equal(t.stats.violation_count, 0);
                check_states(&d, &t, 0);
            } else {
                assert_true(t.stats.gap_count >= 1);
                assert_int_equal(t.stats.backward_count, 1);
                assert_true((t.events[t.count - 1].flags & LF_EVENT_MASKED) != 0);
            }
            it_drop(&t);
            lf_release(NULL, file.messages);
        }
    }
    assert_true(seen_count > 5);
    it_drop_day(&d);
    lf_testing_folder_remove(&folder);
}

/* ---- single orders ---------------------------------------------------------------------- */

static void apply_change(lf_l3 *l3, const lf_order_change *c)
{
    lf_status status = LF_OK;
    if (c->kind == LF_CHANGE_ADD) {
        status = lf_l3_add(l3, 0, c->order_id, c->side, c->price_ticks, c->lots);
    } else if (c->kind == LF_CHANGE_REDUCE) {
        status = lf_l3_reduce(l3, c->order_id, c->lots);
    } else {
        assert_int_equal(c->kind, LF_CHANGE_FILL);
    }
    assert_int_equal(status, LF_OK);
}

/* What is told of single orders builds the same book. */
static void test_changes(void **state)
{
    (void)state;
    const lf_feed_options options = {.with_orders = true, .batch_events = 100};
    lf_testing_folder folder;
    lf_feed *feed;
    lf_l3 *l3;
    lf_batch batch = {.event_count = 1};
    lf_error error;
    it_day d;
    assert_true(lf_testing_folder_make(&folder));
    it_make_day(&d, 3);
    const lf_source source = it_find(it_write(&folder, IT_NAME, &d.file), IT_STOCK);
    assert_int_equal(lf_l3_create(NULL, &l3, &error), LF_OK);
    assert_int_equal(lf_feed_open(&source, &options, &feed, &error), LF_OK);
    assert_true(lf_feed_instrument(feed)->has_orders);
    while (batch.event_count > 0) {
        assert_int_equal(lf_feed_next(feed, &batch, &error), LF_OK);
        for (size_t i = 0; i < batch.event_count; i++) {
            const lf_quotes *const q = &batch.events[i].quotes;
            size_t count;
            const lf_order_change *const changes = lf_feed_changes(feed, i, &count);
            for (size_t k = 0; k < count; k++) {
                apply_change(l3, &changes[k]);
            }
            assert_memory_equal(lf_l3_best(l3, 0, 1)->prices, q->bid_ticks, sizeof q->bid_ticks);
            assert_memory_equal(lf_l3_best(l3, 0, -1)->lots, q->ask_lots, sizeof q->ask_lots);
        }
    }
    lf_feed_close(feed);
    lf_l3_destroy(l3);
    it_drop_day(&d);
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
    const lf_source source = it_find(it_write(&folder, IT_NAME, &d.file), IT_STOCK);
    const lf_feed_options options = {.with_orders = true};
    (void)ft_fail_memory(NULL, &source, &options, 1);
    it_drop_day(&d);
    lf_testing_folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_days),
        cmocka_unit_test(test_compressed),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
