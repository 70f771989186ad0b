/*
 * Goal: of a file of several sessions each one counts what is wrong in it, and is refused by strict
 *       reading for that alone.
 * Method: two UTC days of single orders written here; the first has an order that is added twice,
 *         an unknown one and one that is taken too much of.
 */
#include "dbn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed_testing.h"

#define DAY_NS UINT64_C(1717977600000000000) /* 2024-06-10 */
#define NEXT_NS (DAY_NS + UINT64_C(86400000000000))

static const struct row {
    uint64_t ts_ns, id;
    int64_t price;
    uint32_t size;
    char action, side;
} rows[] = {
    {DAY_NS + 1, 11, 1000000000, 4, 'A', 'B'},
    {DAY_NS + 2, 12, 1010000000, 4, 'A', 'A'},
    {DAY_NS + 3, 12, 1010000000, 4, 'A', 'A'},
    {DAY_NS + 4, 99, 1010000000, 4, 'C', 'A'},
    {DAY_NS + 5, 12, 1010000000, 9, 'C', 'A'},
    {NEXT_NS + 1, 13, 1010000000, 4, 'A', 'A'},
    {NEXT_NS + 2, 11, 1000000000, 1, 'C', 'B'},
    {NEXT_NS * 2 - DAY_NS - 1, 11, 1000000000, 1, 'C', 'B'},
};

static size_t make_file(unsigned char *out, size_t room)
{
    dbn_metadata m = {
        .version = DBN_VERSION_NEWEST,
        .dataset = "TEST.DATA",
        .schema = LF_DBN_MBO,
        .start = DAY_NS,
        .end = NEXT_NS * 2 - DAY_NS,
        .stype_in = DBN_RAW_SYMBOL,
        .stype_out = DBN_INSTRUMENT_ID,
    };
    const dbn_interval interval = {
        .symbol = "AAA", .instrument_id = 7, .first_day = 20240610, .end_day = 20240612};
    assert_int_equal(lfi_dbn_metadata_add(&m, NULL, &interval), LF_OK);
    assert_int_equal(lfi_dbn_metadata_encode(&m, NULL, NULL), LF_OK);
    assert_true(m.byte_count + sizeof rows / sizeof rows[0] * sizeof(dbn_mbo) <= room);
    memcpy(out, m.bytes, m.byte_count);
    size_t bytes = m.byte_count;
    lfi_dbn_metadata_clear(&m, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const dbn_mbo record = {
            .header =
                {
                    .length = sizeof record / 4,
                    .rtype = DBN_RTYPE_MBO,
                    .instrument_id = 7,
                    .ts_event = rows[i].ts_ns,
                },
            .order_id = rows[i].id,
            .price = rows[i].price,
            .size = rows[i].size,
            .flags = DBN_LAST,
            .action = rows[i].action,
            .side = rows[i].side,
            .ts_recv = rows[i].ts_ns,
        };
        memcpy(out + bytes, &record, sizeof record);
        bytes += sizeof record;
    }
    return bytes;
}

static void test_days(void **state)
{
    (void)state;
    static ft_reading got;
    static unsigned char file[8192];
    const lf_feed_options strict = {.strict = true};
    const struct {
        int64_t events, checks, violations, unknown, doubled, overfilled;
    } days[] = {{5, 5, 3, 1, 1, 1}, {3, 3, 0, 0, 0, 0}};
    lf_testing_folder folder;
    lf_source_list list;
    assert_true(lf_testing_folder_make(&folder));
    const char *const path = lf_testing_path(&folder, "two.dbn");
    ft_write_bytes(path, file, make_file(file, sizeof file));
    assert_int_equal(lf_feed_find(&path, 1, NULL, &list, NULL), LF_OK);
    assert_int_equal(list.count, 2);
    for (size_t i = 0; i < list.count; i++) {
        ft_read_source(&got, &list.sources[i], NULL);
        assert_int_equal(got.status, LF_OK);
        assert_int_equal(got.stats.event_count, days[i].events);
        assert_int_equal(got.stats.check_count, days[i].checks);
        assert_int_equal(got.stats.violation_count, days[i].violations);
        assert_int_equal(got.stats.unknown_order_count, days[i].unknown);
        assert_int_equal(got.stats.duplicate_order_count, days[i].doubled);
        assert_int_equal(got.stats.overfill_count, days[i].overfilled);
        ft_read_source(&got, &list.sources[i], &strict);
        assert_int_equal(got.status, days[i].violations > 0 ? LF_DATA : LF_OK);
    }
    /* The book of the day before is there from the first event on. */
    assert_int_equal(got.events[0].quotes.bid_lots[0], 4);
    assert_int_equal(got.events[2].quotes.bid_lots[0], 2);
    lf_source_list_clear(&list);
    lf_testing_folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
