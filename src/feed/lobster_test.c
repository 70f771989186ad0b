/*
 * Goal: the LOBSTER reader on whole files: swapped columns, all numbers of levels, any size of
 * batches, memory, days of the calendar, archives, and what real days are known to hold. Method: a
 * small generated market whose files fit each other, changed or cut.
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
/* The smallest day. */
#define FIRST "34200.000000000,1,1,5,1000000,1\n"
#define FIRST_BOOK "1000100,7,1000000,5\n"

static lf_testing_folder folder;
static char message_path[512], book_path[512];

static int make_folder(void **state)
{
    (void)state;
    if (!lf_testing_folder_make(&folder)) {
        return -1;
    }
    (void)snprintf(message_path, sizeof message_path, "%s", lf_testing_path(&folder, "m.csv"));
    (void)snprintf(book_path, sizeof book_path, "%s", lf_testing_path(&folder, "o.csv"));
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    lf_testing_folder_remove(&folder);
    return 0;
}

/* ---- files that do not belong together -------------------------------------------------- */

/* Two files of a small market, as texts that grow. */
typedef struct day_text {
    char *message, *book; /* owned */
    size_t message_bytes, book_bytes;
} day_text;

static void day_text_end(day_text *day)
{
    lf_release(NULL, day->message);
    lf_release(NULL, day->book);
}

/* Change one row of both files in place; NULL: none. */
typedef void (*row_edit)(char *message, char *book);

static void make_day(day_text *day, uint64_t seed, int levels, int events, row_edit edit)
{
    ft_market market;
    ft_market_start(&market, seed, levels);
    *day = (day_text){
        .message = lf_allocate(NULL, (size_t)events * 128 + 1, 1),
        .book = lf_allocate(NULL, (size_t)events * 40 * (size_t)levels + 4096, 1),
    };
    assert_non_null(day->message);
    assert_non_null(day->book);
    for (int i = 0; i < events; i++) {
        char message[128], book[LFI_ROW_BYTES_MAX];
        ft_market_next(&market, message, book);
        if (edit != NULL) {
            edit(message, book);
        }
        memcpy(day->message + day->message_bytes, message, strlen(message));
        day->message_bytes += strlen(message);
        memcpy(day->book + day->book_bytes, book, strlen(book));
        day->book_bytes += strlen(book);
    }
}

static void write_day(const day_text *day)
{
    ft_write_bytes(message_path, day->message, day->message_bytes);
    ft_write_bytes(book_path, day->book, day->book_bytes);
}

/* Fields of a line put in another order; order says which field comes where. */
static void reorder(char *line, const char *order)
{
    char copy[LFI_ROW_BYTES_MAX], *fields[4 * LFI_LOBSTER_LEVELS_MAX];
    size_t count = 0, used = 0;
    (void)snprintf(copy, sizeof copy, "%.*s", (int)strcspn(line, "\n"), line);
    for (char *part = strtok(copy, ","); part != NULL; part = strtok(NULL, ",")) {
        fields[count++] = part;
    }
    const size_t width = strlen(order);
    for (size_t i = 0; i < count; i++) {
        const size_t from = i - i % width + (size_t)(order[i % width] - '0');
        used += (size_t)sprintf(line + used, "%s%c", fields[from], i + 1 < count ? ',' : '\n');
    }
}

static void swap_size_and_price(char *message, char *book)
{
    (void)book;
    reorder(message, "012435");
}

static void swap_size_and_id(char *message, char *book)
{
    (void)book;
    /* Hidden executions have the id 0, which is no size. */
    if (strstr(message, ",5,0,") == NULL) {
        reorder(message, "013245");
    }
}

static void turn_direction(char *message, char *book)
{
    (void)book;
    char *last = strrchr(message, ',') + 1;
    memcpy(last, last[0] == '-' ? "1\n" : "-1\n", last[0] == '-' ? 3 : 4);
}

static void swap_time_and_type(char *message, char *book)
{
    (void)book;
    reorder(message, "102345");
}

static void swap_sides(char *message, char *book)
{
    (void)message;
    reorder(book, "2301");
}

static void swap_price_and_size(char *message, char *book)
{
    (void)message;
    reorder(book, "1032");
}

static const struct swap_case {
    const char *name;
    row_edit edit;
    const char *text; /* in the error */
} swap_cases[] = {
    {"message size and price", swap_size_and_price, "field 5 (price) must be a price above 0"},
    {"message size and id",
     swap_size_and_id,
     "are inconsistent (the book does not change as the messages say); columns are swapped or the "
     "two files do not belong together"},
    {"message direction",
     turn_direction,
     "are inconsistent (the book does not change as the messages say); columns are swapped or the "
     "two files do not belong together"},
    {"message time and type", swap_time_and_type, "field 2 (type) must be 1 to 7"},
    {"book bid and ask",
     swap_sides,
     "are inconsistent (bid at or above ask); columns are swapped or the two files do not belong "
     "together"},
    {"book price and size",
     swap_price_and_size,
     "must be a price above 0 in 1/10000 on a whole cent"},
};

static lf_status read_pair_files(int32_t levels, const lf_feed_options *options, lf_error *error)
{
    const lf_source source = ft_pair_source(message_path, book_path, levels);
    return ft_read_events(&source, options, NULL, NULL, NULL, error);
}

/* Swapped columns are malformed, not merely inconsistent: also without strict, also in short files.
 */
static void test_swapped_columns(void **state)
{
    (void)state;
    static const int events[] = {400, 3000};
    for (size_t i = 0; i < COUNT(swap_cases); i++) {
        for (size_t k = 0; k < COUNT(events); k++) {
            day_text day;
            lf_error error = {.message = ""};
            make_day(&day, 11 + k, 5, events[k], swap_cases[i].edit);
            write_day(&day);
            const lf_status status = read_pair_files(5, NULL, &error);
            if (status != LF_FORMAT || strstr(error.message, swap_cases[i].text) == NULL) {
                fail_msg("%s: %d %s", swap_cases[i].name, (int)status, error.message);
            }
            day_text_end(&day);
        }
    }
}

/* The exact sentence, and that few faults among many rows are no malformed file. */
static void test_judgement(void **state)
{
    (void)state;
    lf_error error;
    char wanted[1200];
    static char message[40000], book[40000];
    for (int bad = 100; bad <= 101; bad++) {
        size_t m = 0, b = 0;
        for (int i = 0; i <= 200; i++) {
            m += (size_t)sprintf(message + m, "%d,1,1,5,1000000,1\n", 34200 + i);
            b += (size_t
            )sprintf(book + b, "1000100,7,1000000,%d\n", 5 * (i > bad ? i - bad : 0) + 5);
        }
        ft_write_bytes(message_path, message, m);
        ft_write_bytes(book_path, book, b);
        const lf_status status = read_pair_files(1, NULL, &error);
        assert_int_equal(status, bad == 100 ? LF_OK : LF_FORMAT);
    }
    (void)snprintf(
        wanted,
        sizeof wanted,
        "%s:2: 101 of 200 rows from here on are inconsistent (the book does not change as the "
        "messages say); columns are swapped or the two files do not belong together",
        message_path
    );
    assert_string_equal(error.message, wanted);
}

/* ---- levels, sizes of batches, memory --------------------------------------------------- */

/* A file of L levels: the first ten are the events' quotes; one more level is refused. */
static void test_levels(void **state)
{
    (void)state;
    for (int levels = 1; levels <= 50; levels++) {
        day_text day;
        lf_feed *feed;
        lf_batch batch;
        lf_error error;
        make_day(&day, 3, levels, 60, NULL);
        write_day(&day);
        const lf_feed_options strict = {.strict = true};
        const lf_source source = ft_pair_source(message_path, book_path, levels);
        assert_int_equal(lf_feed_open(&source, &strict, &feed, &error), LF_OK);
        assert_int_equal(lf_feed_next(feed, &batch, &error), LF_OK);
        assert_int_equal(batch.event_count, 60);
        assert_int_equal(lf_feed_instrument(feed)->level_count, levels < 10 ? levels : 10);
        char *row = strtok(day.book, "\n,");
        for (size_t i = 0; i < 60; i++) {
            for (int field = 0; field < 4 * levels; field++, row = strtok(NULL, "\n,")) {
                const lf_quotes *q = &batch.events[i].quotes;
                const int64_t *const arrays[] = {
                    q->ask_ticks, q->ask_lots, q->bid_ticks, q->bid_lots};
                int64_t value;
                assert_int_equal(lf_int64_parse(row, strlen(row), &value), LF_OK);
                if (field < 40) {
                    const int64_t wanted = field % 2 == 0 ? value / 100 : value;
                    assert_int_equal(arrays[field % 4][field / 4], wanted);
                }
            }
        }
        lf_feed_close(feed);
        assert_int_equal(
            read_pair_files(levels + 1, NULL, &error), levels < 50 ? LF_FORMAT : LF_RANGE
        );
        day_text_end(&day);
    }
}

/* All events and trades of the two files as one hash. */
static uint64_t hash_events(const lf_feed_options *options, size_t *count)
{
    const lf_source source = ft_pair_source(message_path, book_path, 10);
    lf_feed *feed;
    lf_batch batch;
    uint64_t hash = 0;
    *count = 0;
    assert_int_equal(lf_feed_open(&source, options, &feed, NULL), LF_OK);
    do {
        assert_int_equal(lf_feed_next(feed, &batch, NULL), LF_OK);
        for (size_t i = 0; i < batch.event_count; i++) {
            lf_event event = batch.events[i];
            hash = lf_hash64(
                batch.trades + event.trade_first, event.trade_count * sizeof *batch.trades, hash
            );
            event.trade_first = 0;
            hash = lf_hash64(&event, sizeof event, hash);
        }
        *count += batch.event_count;
        assert_true(options->batch_events == 0 || batch.event_count <= options->batch_events);
    } while (batch.event_count > 0);
    /* The end stays the end. */
    assert_int_equal(lf_feed_next(feed, &batch, NULL), LF_OK);
    assert_int_equal(batch.event_count, 0);
    lf_feed_close(feed);
    return hash;
}

static void test_any_size_of_batches(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 3, 7, 64, 1000, 1023, 1024, 1025, 5000, 100000};
    day_text day;
    size_t count, wanted_count;
    make_day(&day, 21, 10, 5000, NULL);
    write_day(&day);
    const uint64_t wanted = hash_events(&(lf_feed_options){0}, &wanted_count);
    assert_int_equal(wanted_count, 5000);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        assert_true(hash_events(&(lf_feed_options){.batch_events = sizes[i]}, &count) == wanted);
        assert_int_equal(count, wanted_count);
    }
    day_text_end(&day);
}

static void test_silence(void **state)
{
    (void)state;
    day_text day;
    make_day(&day, 22, 10, 5000, NULL);
    write_day(&day);
    lf_testing_memory memory;
    lf_testing_memory_start(&memory, UINT64_MAX);
    const lf_feed_options options = {.allocator = &memory.allocator};
    const lf_source source = ft_pair_source(message_path, book_path, 10);
    lf_feed *feed;
    lf_batch batch;
    assert_int_equal(lf_feed_open(&source, &options, &feed, NULL), LF_OK);
    const uint64_t calls = memory.calls;
    /* Two text buffers, a batch and little else: never the day. */
    assert_true(memory.bytes_live < 1200 * 1024);
    do {
        assert_int_equal(lf_feed_next(feed, &batch, NULL), LF_OK);
    } while (batch.event_count > 0);
    assert_int_equal(memory.calls, calls);
    lf_feed_close(feed);
    assert_int_equal(memory.live, 0);
    day_text_end(&day);
}

/* Every allocation fails in turn, for a pair and for an archive. */
static void test_hunger(void **state)
{
    (void)state;
    const ft_member members[] = {
        {"A_2012-06-21_1_2_orderbook_1.csv", FIRST_BOOK},
        {"A_2012-06-21_1_2_message_1.csv", FIRST}};
    lf_source sources[2] = {
        ft_pair_source(message_path, book_path, 1), ft_pair_source(message_path, book_path, 1)};
    ft_write_bytes(message_path, FIRST, strlen(FIRST));
    ft_write_bytes(book_path, FIRST_BOOK, strlen(FIRST_BOOK));
    (void)snprintf(
        sources[1].path,
        sizeof sources[1].path,
        "%s",
        ft_pack(&folder, "h.zip", &(ft_archive){"zip", NULL, NULL, NULL}, members, 2)
    );
    sources[1].path2[0] = '\0';
    for (size_t i = 0; i < 2; i++) {
        uint64_t n = 0;
        for (;; n++) {
            lf_testing_memory memory;
            lf_testing_memory_start(&memory, n);
            const lf_feed_options options = {.allocator = &memory.allocator};
            lf_feed *feed;
            lf_batch batch = {.event_count = 0};
            lf_status status = lf_feed_open(&sources[i], &options, &feed, NULL);
            if (status == LF_OK) {
                status = lf_feed_next(feed, &batch, NULL);
            } else {
                assert_null(feed);
            }
            lf_feed_close(feed);
            assert_int_equal(memory.live, 0);
            if (memory.calls <= n) {
                assert_int_equal(status, LF_OK);
                assert_int_equal(batch.event_count, 1);
                break;
            }
            assert_int_equal(status, LF_NOMEM);
        }
        assert_true(n >= 8);
    }
}

/* ---- days and options ------------------------------------------------------------------- */

static const struct day_case {
    lf_date date;
    int64_t open_s; /* 09:30 in New York, UTC seconds since 1970 */
} day_cases[] = {
    {{2012, 6, 21}, 1340285400}, /* summer: 13:30 */
    {{2012, 1, 3}, 1325601000},  /* winter: 14:30 */
    {{2012, 3, 11}, 1331472600}, /* the day that has 23 hours: 13:30 */
    {{2012, 3, 12}, 1331559000},
    {{2012, 11, 4}, 1352039400}, /* the day that has 25 hours: 14:30 */
    {{2012, 11, 5}, 1352125800},
};

static void test_days(void **state)
{
    (void)state;
    ft_write_bytes(message_path, FIRST, strlen(FIRST));
    ft_write_bytes(book_path, FIRST_BOOK, strlen(FIRST_BOOK));
    for (size_t i = 0; i < COUNT(day_cases); i++) {
        lf_source source = ft_pair_source(message_path, book_path, 1);
        lf_feed *feed;
        lf_batch batch;
        source.date = day_cases[i].date;
        const lf_feed_options options = {.feed_latency_ns = 250};
        assert_int_equal(lf_feed_open(&source, &options, &feed, NULL), LF_OK);
        assert_int_equal(lf_feed_next(feed, &batch, NULL), LF_OK);
        /* 34200 s after midnight is 09:30, whatever the clocks did in the night. */
        const int64_t open_ns = day_cases[i].open_s * LF_NS_PER_SECOND;
        assert_int_equal(batch.events[0].ts_exchange_ns, open_ns);
        assert_int_equal(batch.events[0].ts_local_ns, open_ns + 250);
        const lf_instrument *in = lf_feed_instrument(feed);
        assert_int_equal(in->session_open_ns, open_ns);
        assert_int_equal(in->session_close_ns, open_ns + 390 * LF_NS_PER_MINUTE);
        assert_string_equal(in->symbol, "A");
        assert_string_equal(in->venue, "NASDAQ");
        assert_string_equal(in->currency, "USD");
        assert_string_equal(in->time_zone, "America/New_York");
        assert_int_equal(in->tick_nano, 10000000);
        assert_int_equal(in->lot_nano, 1000000000);
        assert_int_equal(in->units_per_tick, 100);
        assert_false(in->ties_unordered);
        lf_feed_close(feed);
    }
}

static void test_open_refuses(void **state)
{
    (void)state;
    static const struct {
        int32_t year, level_count;
        int64_t latency_ns;
        lf_status status;
        const char *text;
    } cases[] = {
        {2012, 0, 0, LF_RANGE, "0 levels; LOBSTER files have 1 to 50"},
        {2012, 51, 0, LF_RANGE, "51 levels; LOBSTER files have 1 to 50"},
        {2012, -1, 0, LF_RANGE, "-1 levels; LOBSTER files have 1 to 50"},
        {1, 1, 0, LF_RANGE, "a day in 1 cannot be told in ns since 1970; check the date"},
        {2262, 1, 0, LF_RANGE, "a day in 2262 cannot be told in ns since 1970; check the date"},
        {2012, 1, -1, LF_RANGE, "the feed latency must be 0 to 1 day"},
        {2012, 1, INT64_MAX, LF_RANGE, "the feed latency must be 0 to 1 day"},
        {2261, 1, LF_NS_PER_DAY, LF_OK, ""},
        {1678, 1, 0, LF_OK, ""},
    };
    ft_write_bytes(message_path, FIRST, strlen(FIRST));
    ft_write_bytes(book_path, FIRST_BOOK, strlen(FIRST_BOOK));
    for (size_t i = 0; i < COUNT(cases); i++) {
        lf_source source = ft_pair_source(message_path, book_path, cases[i].level_count);
        lf_feed *feed;
        lf_error error = {.message = ""};
        source.date = (lf_date){cases[i].year, 12, 31};
        const lf_feed_options options = {.feed_latency_ns = cases[i].latency_ns};
        assert_int_equal(lf_feed_open(&source, &options, &feed, &error), cases[i].status);
        assert_non_null(strstr(error.message, cases[i].text));
        lf_feed_close(feed);
    }
    lf_source gone = ft_pair_source(message_path, book_path, 1);
    (void)snprintf(gone.path2, sizeof gone.path2, "%s/gone.csv", folder.path);
    lf_feed *feed;
    assert_int_equal(lf_feed_open(&gone, NULL, &feed, NULL), LF_NOT_FOUND);
    assert_null(feed);
}

/* ---- archives --------------------------------------------------------------------------- */

#define MEMBER(symbol, day, kind) symbol "_2012-06-2" day "_1_2_" kind "_1.csv"

/* Size of the first add of a day in an archive, or the negative status. */
static int64_t first_size(const char *path, const lf_feed_options *options, lf_error *error)
{
    lf_source_list list;
    lf_feed *feed = NULL;
    lf_batch batch;
    int64_t size = -1;
    lf_status status = lf_feed_find(&path, 1, options, &list, error);
    if (status == LF_OK) {
        assert_int_equal(list.count, 1);
        status = lf_feed_open(&list.sources[0], options, &feed, error);
    }
    if (status == LF_OK) {
        status = lf_feed_next(feed, &batch, error);
    }
    if (status == LF_OK) {
        size = batch.events[0].size_lots;
        assert_int_equal(batch.event_count, 1);
        assert_int_equal(lf_feed_next(feed, &batch, error), LF_OK);
        assert_int_equal(
            lf_feed_stats_of(feed)->input_bytes, lf_feed_stats_of(feed)->input_bytes_total
        );
        assert_true(lf_feed_stats_of(feed)->input_bytes > 100);
    }
    lf_feed_close(feed);
    lf_source_list_clear(&list);
    return status == LF_OK ? size : -(int64_t)status;
}

static void test_archives(void **state)
{
    (void)state;
    static const char *const formats[] = {"zip", "7zip", "ustar"};
    /* The days of an archive in any order, among other things. */
    static const ft_member members[] = {
        {"x/" MEMBER("B", "1", "orderbook"), "1000100,7,1000000,2\n"},
        {"x/" MEMBER("A", "2", "message"), "34200.0,1,1,3,1000000,1\n"},
        {"ReadMe.txt", "free sample"},
        {"x/" MEMBER("A", "1", "orderbook"), "1000100,7,1000000,1\n"},
        {"x/" MEMBER("B", "1", "message"), "34200.0,1,1,2,1000000,1\n"},
        {"x/" MEMBER("A", "2", "orderbook"), "1000100,7,1000000,3\n"},
        {"x/" MEMBER("A", "1", "message"), "34200.0,1,1,1,1000000,1\n"},
    };
    for (size_t i = 0; i < COUNT(formats); i++) {
        const char *path = ft_pack(
            &folder,
            "days.zip",
            &(ft_archive){formats[i], NULL, NULL, NULL},
            members,
            COUNT(members)
        );
        lf_feed_options options = {.symbol = "A", .date = "2012-06-21"};
        lf_error error = {.message = ""};
        assert_int_equal(first_size(path, &options, &error), 1);
        options.date = "2012-06-22";
        assert_int_equal(first_size(path, &options, &error), 3);
        options = (lf_feed_options){.symbol = "B"};
        assert_int_equal(first_size(path, &options, &error), 2);
    }
    /* An only day is taken under another name and date. */
    const ft_member only[] = {members[2], members[4], members[0]};
    const char *path =
        ft_pack(&folder, "only.zip", &(ft_archive){"zip", NULL, NULL, NULL}, only, COUNT(only));
    const lf_feed_options other = {.symbol = "Z", .date = "2020-01-02"};
    lf_error error = {.message = ""};
    assert_int_equal(first_size(path, &other, &error), 2);
}

static void test_archives_that_fail(void **state)
{
    (void)state;
    static const ft_member members[] = {
        {MEMBER("A", "1", "message"), "34200.0,1,1,1,1000000,1\n"},
        {MEMBER("A", "1", "orderbook"), "1000100,7,1000000,1\n"},
    };
    lf_error error = {.message = ""};
    const char *path = ft_pack(
        &folder,
        "secret.zip",
        &(ft_archive){"zip", NULL, "zip:encryption=zipcrypt", "word"},
        members,
        2
    );
    assert_int_equal(first_size(path, NULL, &error), -LF_UNSUPPORTED);
    assert_non_null(strstr(error.message, "secret.zip:" MEMBER("A", "1", "message") ": the archive")
    );
    /* One day is asked for that is not there: a list kept from before, another archive since. */
    const ft_member none[] = {members[0]};
    lf_source source = {.symbol = "A", .date = {2012, 6, 21}, .level_count = 1};
    lf_feed *feed;
    (void)snprintf(
        source.path,
        sizeof source.path,
        "%s",
        ft_pack(&folder, "half.zip", &(ft_archive){"zip", NULL, NULL, NULL}, none, 1)
    );
    assert_int_equal(lf_feed_open(&source, NULL, &feed, &error), LF_NOT_FOUND);
    assert_non_null(strstr(
        error.message,
        "half.zip: the archive does not hold exactly one message and one orderbook file of A, "
        "2012-06-21, 1 levels"
    ));
}

/* A day cut off inside an archive: the events before the cut, then an error; never a shorter day.
 */
static void test_cut_archive(void **state)
{
    (void)state;
    day_text day;
    make_day(&day, 31, 10, 3000, NULL);
    const ft_member members[] = {
        {MEMBER("A", "1", "message"), day.message}, {MEMBER("A", "1", "orderbook"), day.book}};
    const char *path =
        ft_pack(&folder, "day.zip", &(ft_archive){"zip", NULL, NULL, NULL}, members, 2);
    size_t bytes;
    char *data = ft_read(path, &bytes);
    const char *cut = lf_testing_path(&folder, "cut.zip");
    for (size_t i = 1; i < 12; i++) {
        ft_write_bytes(cut, data, bytes * i / 12);
        lf_source source = {.symbol = "A", .date = {2012, 6, 21}, .level_count = 10};
        (void)snprintf(source.path, sizeof source.path, "%s", cut);
        lf_feed *feed = NULL;
        lf_batch batch = {.event_count = 1};
        lf_error error = {.message = ""};
        lf_status status = lf_feed_open(&source, NULL, &feed, &error);
        while (status == LF_OK && batch.event_count > 0) {
            status = lf_feed_next(feed, &batch, &error);
        }
        lf_feed_close(feed);
        assert_true(status == LF_FORMAT || status == LF_NOT_FOUND);
        assert_non_null(strstr(error.message, cut));
    }
    lf_release(NULL, data);
    day_text_end(&day);
}

/* ---- real days -------------------------------------------------------------------------- */

/* Facts that were counted by an independent program. */
static const struct real_case {
    const char *file;
    int64_t kinds[5]; /* types 1 to 5 */
    int64_t check_count;
    int32_t level_count;
} real_cases[] = {
    {"data/lobster/LOBSTER_SampleFile_AAPL_2012-06-21_1.zip",
     {54818, 252, 28437, 23658, 11332},
     107164,
     1},
    {"data/lobster/LOBSTER_SampleFile_AMZN_2012-06-21_5.zip",
     {77381, 450, 66685, 8974, 2445},
     153490,
     5},
    {"data/lobster/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip",
     {71258, 19, 64961, 7765, 3913},
     144002,
     10},
};

static void test_real_days(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(real_cases); i++) {
        const struct real_case *c = &real_cases[i];
        const char *path = lf_testing_shared(c->file);
        if (path == NULL) {
            skip();
        }
        lf_source_list list;
        lf_feed *feed;
        lf_batch batch;
        const lf_feed_options strict = {.strict = true};
        assert_int_equal(lf_feed_find(&path, 1, NULL, &list, NULL), LF_OK);
        assert_int_equal(list.count, 1);
        assert_int_equal(list.sources[0].level_count, c->level_count);
        assert_int_equal(lf_feed_open(&list.sources[0], &strict, &feed, NULL), LF_OK);
        do {
            assert_int_equal(lf_feed_next(feed, &batch, NULL), LF_OK);
        } while (batch.event_count > 0);
        const lf_feed_stats *s = lf_feed_stats_of(feed);
        assert_memory_equal(s->kind_counts, c->kinds, sizeof c->kinds);
        assert_int_equal(s->kind_counts[LF_EVENT_CROSS] + s->halt_count, 0);
        assert_int_equal(s->check_count, c->check_count);
        assert_int_equal(s->violation_count, 0);
        assert_int_equal(s->crossed_count, 0);
        assert_int_equal(s->one_sided_count, 0);
        assert_int_equal(s->input_bytes, s->input_bytes_total);
        lf_feed_close(feed);
        lf_source_list_clear(&list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_swapped_columns),
        cmocka_unit_test(test_judgement),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_any_size_of_batches),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_hunger),
        cmocka_unit_test(test_days),
        cmocka_unit_test(test_open_refuses),
        cmocka_unit_test(test_archives),
        cmocka_unit_test(test_archives_that_fail),
        cmocka_unit_test(test_cut_archive),
        cmocka_unit_test(test_real_days),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
