/*
 * Goal: records of single orders that are missing, doubled or out of order are counted and masked
 *       where they contradict the book, and the book is the true one again right behind them.
 * Method: random days of single records, damaged in one place each; the states that may be used
 *         are compared with those of a naive list of orders. A missing order is not known until a
 *         later record is about it: the states before are those without it.
 */
#include "dbn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed_testing.h"

#define T0 UINT64_C(1717977600000000000) /* 2024-06-10 */
#define RECORDS 400
#define PRICES 16
#define DAYS 60

/* A record, and the lots at each price after it; bids below PRICES / 2. */
typedef struct made {
    dbn_mbo record;
    int64_t lots[PRICES];
} made;

static made day[RECORDS];

static int64_t price_of(int at)
{
    return INT64_C(1000000000) + at * INT64_C(10000000);
}

/* Orders are added, cut and taken out; none is touched twice in a row. */
static void make_day(uint64_t seed)
{
    static struct {
        uint64_t id;
        int at;
        int64_t lots;
    } orders[RECORDS];
    int64_t lots[PRICES] = {0};
    size_t count = 0;
    uint64_t last_id = 0, next_id = 0;
    lf_random random;
    lf_random_seed(&random, seed, 0);
    for (size_t i = 0; i < RECORDS; i++) {
        size_t k = count > 0 ? lf_random_below(&random, count) : 0;
        const bool is_new = count < 12 || lf_random_below(&random, 3) == 0;
        if (is_new) {
            k = count++;
            orders[k].id = ++next_id;
            orders[k].at = (int)lf_random_below(&random, PRICES);
            orders[k].lots = 0;
        } else if (orders[k].id == last_id) {
            k = (k + 1) % count;
        }
        const int64_t change =
            is_new ? 2 + (int64_t)lf_random_below(&random, 90)
            : lf_random_below(&random, 2) == 0
                ? orders[k].lots
                : 1 + (int64_t)lf_random_below(&random, (uint64_t)orders[k].lots);
        lots[orders[k].at] += is_new ? change : -change;
        orders[k].lots += is_new ? change : -change;
        last_id = orders[k].id;
        day[i].record = (dbn_mbo){
            .header =
                {
                    .length = sizeof(dbn_mbo) / 4,
                    .rtype = DBN_RTYPE_MBO,
                    .instrument_id = 7,
                    .ts_event = T0 + i + 1,
                },
            .order_id = last_id,
            .price = price_of(orders[k].at),
            .size = (uint32_t)change,
            .flags = DBN_LAST,
            .action = is_new ? 'A' : 'C',
            .side = orders[k].at < PRICES / 2 ? 'B' : 'A',
            .ts_recv = T0 + i + 1,
        };
        memcpy(day[i].lots, lots, sizeof lots);
        if (orders[k].lots == 0) {
            orders[k] = orders[--count];
        }
    }
}

/* What an order that is missing had at a record. */
static int64_t lots_of(uint64_t id, size_t last)
{
    int64_t lots = 0;
    for (size_t i = 0; i <= last; i++) {
        const dbn_mbo *const r = &day[i].record;
        lots += r->order_id != id ? 0 : r->action == 'A' ? (int64_t)r->size : -(int64_t)r->size;
    }
    return lots;
}

typedef struct damage {
    size_t order[RECORDS + 1]; /* records as they are written */
    size_t count;
    size_t known_from; /* states before this record lack the order of `missing` */
    size_t missing;    /* RECORDS: none */
} damage;

static void write_day(const char *path, const damage *d)
{
    static unsigned char file[(RECORDS + 8) * sizeof(dbn_mbo) + 4096];
    dbn_metadata m = {
        .version = DBN_VERSION_NEWEST,
        .dataset = "TEST.DATA",
        .schema = LF_DBN_MBO,
        .start = T0,
        .end = T0 + RECORDS,
        .stype_in = DBN_RAW_SYMBOL,
        .stype_out = DBN_INSTRUMENT_ID,
    };
    const dbn_interval interval = {
        .symbol = "AAA", .instrument_id = 7, .first_day = 20240610, .end_day = 20240611};
    assert_int_equal(lfi_dbn_metadata_add(&m, NULL, &interval), LF_OK);
    assert_int_equal(lfi_dbn_metadata_encode(&m, NULL, NULL), LF_OK);
    assert_true(m.byte_count < 4096);
    memcpy(file, m.bytes, m.byte_count);
    size_t bytes = m.byte_count;
    lfi_dbn_metadata_clear(&m, NULL);
    for (size_t i = 0; i < d->count; i++, bytes += sizeof(dbn_mbo)) {
        memcpy(file + bytes, &day[d->order[i]].record, sizeof(dbn_mbo));
    }
    ft_write_bytes(path, file, bytes);
}

static void check_state(const lf_event *e, const damage *d, size_t at)
{
    const dbn_mbo *const gone = d->missing < RECORDS ? &day[d->missing].record : NULL;
    int bid = 0, ask = 0;
    for (int k = 0; k < PRICES; k++) {
        const bool is_bid = k < PRICES / 2;
        const int price = is_bid ? PRICES / 2 - 1 - k : k;
        int64_t lots = day[at].lots[price];
        if (gone != NULL && at < d->known_from && price_of(price) == gone->price) {
            lots -= lots_of(gone->order_id, at);
        }
        if (lots > 0) {
            const int m = is_bid ? bid++ : ask++;
            const int64_t ticks = is_bid ? e->quotes.bid_ticks[m] : e->quotes.ask_ticks[m];
            assert_int_equal(ticks, 100 + price);
            assert_int_equal(is_bid ? e->quotes.bid_lots[m] : e->quotes.ask_lots[m], lots);
        }
    }
    assert_int_equal(e->quotes.bid_lots[bid], 0);
    assert_int_equal(e->quotes.ask_lots[ask], 0);
}

/* The states that may be used are right; gaps and masked events are those expected. */
static void check_day(const lf_testing_folder *folder, const damage *d, int64_t gaps)
{
    static ft_reading got;
    const lf_feed_options options = {.tick_nano = 10000000};
    const char *const path = lf_testing_path(folder, "damaged.dbn");
    write_day(path, d);
    ft_read_paths(&got, &path, 1, &options);
    assert_int_equal(got.status, LF_OK);
    assert_int_equal(got.count, d->count);
    assert_int_equal(got.stats.gap_count, gaps);
    assert_int_equal(got.stats.violation_count, gaps);
    assert_int_equal(got.masked, gaps);
    assert_int_equal(got.resets, gaps);
    for (size_t i = 0; i < got.count; i++) {
        if ((got.events[i].flags & LF_EVENT_MASKED) == 0) {
            check_state(&got.events[i], d, d->order[i]);
        }
    }
}

static damage whole_day(void)
{
    damage d = {.count = RECORDS, .missing = RECORDS};
    for (size_t i = 0; i < RECORDS; i++) {
        d.order[i] = i;
    }
    return d;
}

/* The place behind which nothing of an order comes; 0 when it is not taken out by one record. */
static size_t end_of(size_t first)
{
    size_t last = 0, count = 0;
    for (size_t i = first + 1; i < RECORDS; i++) {
        if (day[i].record.order_id == day[first].record.order_id) {
            last = i;
            count++;
        }
    }
    return count == 1 && day[last].record.size == day[first].record.size && last + 1 < RECORDS
               ? last
               : 0;
}

static size_t find_whole_order(lf_random *random)
{
    for (;;) {
        const size_t at = lf_random_below(random, RECORDS);
        if (day[at].record.action == 'A' && end_of(at) != 0) {
            return at;
        }
    }
}

/* An order is missing: known when it goes. */
static void test_removed(void **state)
{
    (void)state;
    lf_testing_folder folder;
    lf_random random;
    assert_true(lf_testing_folder_make(&folder));
    for (uint64_t seed = 1; seed <= DAYS; seed++) {
        make_day(seed);
        lf_random_seed(&random, seed, 1);
        damage d = whole_day();
        check_day(&folder, &d, 0);
        d.missing = find_whole_order(&random);
        d.known_from = end_of(d.missing);
        memmove(
            &d.order[d.missing], &d.order[d.missing + 1], (--d.count - d.missing) * sizeof *d.order
        );
        check_day(&folder, &d, 1);
    }
    lf_testing_folder_remove(&folder);
}

/* A record comes again at once: an order twice, the same one taken out twice. */
static void test_doubled(void **state)
{
    (void)state;
    lf_testing_folder folder;
    lf_random random;
    assert_true(lf_testing_folder_make(&folder));
    for (uint64_t seed = 1; seed <= DAYS; seed++) {
        make_day(seed);
        lf_random_seed(&random, seed, 2);
        damage d = whole_day();
        size_t at = find_whole_order(&random);
        at = seed % 2 == 0 ? at : end_of(at);
        memmove(&d.order[at + 1], &d.order[at], (d.count++ - at) * sizeof *d.order);
        check_day(&folder, &d, 1);
    }
    lf_testing_folder_remove(&folder);
}

/* Two records of different orders change places: the book behind both is the true one, and the
   time that goes back is counted. */
static void test_swapped(void **state)
{
    (void)state;
    static ft_reading got;
    const lf_feed_options options = {.tick_nano = 10000000};
    lf_testing_folder folder;
    lf_random random;
    assert_true(lf_testing_folder_make(&folder));
    const char *const path = lf_testing_path(&folder, "damaged.dbn");
    for (uint64_t seed = 1; seed <= DAYS; seed++) {
        make_day(seed);
        lf_random_seed(&random, seed, 3);
        damage d = whole_day();
        const size_t at = 1 + lf_random_below(&random, RECORDS - 2);
        d.order[at] = at + 1;
        d.order[at + 1] = at;
        write_day(path, &d);
        ft_read_paths(&got, &path, 1, &options);
        assert_int_equal(got.status, LF_OK);
        assert_int_equal(got.count, RECORDS);
        assert_int_equal(got.stats.backward_count, 1);
        assert_int_equal(got.stats.violation_count, 0);
        for (size_t i = 0; i < RECORDS; i++) {
            if (i != at) {
                check_state(&got.events[i], &d, i);
            }
        }
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
