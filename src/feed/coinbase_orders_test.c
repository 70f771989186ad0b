/*
 * Goal: the channel full gives the book of single orders after every message; what is missing,
 *       doubled or out of order is counted and masked, and no usable state is ever a wrong one.
 * Method: a made market of orders in a plain list, whose levels after every message are known,
 *         written as the venue does and damaged.
 */
#include "coinbase_orders.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed_testing.h"

#define SEED 20240811
#define TICKS 40
#define ORDERS_MAX 600
#define LINES_MAX 2000
/* 2024-08-09T12:00:00Z */
#define START_NS (INT64_C(1723204800) * LF_NS_PER_SECOND)

typedef struct made_line {
    char *text; /* owned */
    int64_t ts_ns;
    bool is_snapshot;
    lf_quotes truth;
} made_line;

static struct {
    lf_random random;
    struct {
        int side, tick; /* 1 bid, -1 ask */
        int64_t lots;
    } orders[ORDERS_MAX]; /* lots 0: gone */
    int order_count;
    int64_t sequence, now_ns, trade_lots, trade_count;
    made_line lines[LINES_MAX];
    size_t count;
} made;

static ft_reading got;

static lf_testing_folder folder;

static int64_t below(int64_t bound)
{
    return (int64_t)lf_random_below(&made.random, (uint64_t)bound);
}

static int set_up(void **state)
{
    (void)state;
    return lf_testing_folder_make(&folder) ? 0 : -1;
}

static void forget_lines(void)
{
    for (size_t i = 0; i < made.count; i++) {
        free(made.lines[i].text);
    }
    memset(&made, 0, sizeof made);
}

static int tear_down(void **state)
{
    (void)state;
    forget_lines();
    lf_testing_folder_remove(&folder);
    return 0;
}

/* ---- making ----------------------------------------------------------------------------- */

static void truth_of(lf_quotes *out)
{
    int64_t lots[2][TICKS] = {{0}};
    for (int i = 0; i < made.order_count; i++) {
        lots[made.orders[i].side < 0][made.orders[i].tick] += made.orders[i].lots;
    }
    ft_best_levels(lots[0], lots[1], TICKS, 100, out);
}

/* A line of the channel; what comes behind the frame is made from the format. */
__attribute__((format(printf, 2, 3))) static void put(const char *type, const char *format, ...)
{
    char rest[512], time[32];
    va_list list;
    assert_true(made.count < LINES_MAX);
    made_line *const line = &made.lines[made.count++];
    va_start(list, format);
    (void)vsnprintf(rest, sizeof rest, format, list);
    va_end(list);
    made.now_ns += LF_NS_PER_MILLISECOND;
    line->ts_ns = made.now_ns;
    lf_time_format(made.now_ns, time);
    line->text = malloc(1024);
    assert_non_null(line->text);
    (void)snprintf(
        line->text,
        1024,
        "{\"type\":\"%s\",\"product_id\":\"A-B\",\"time\":\"%s\",\"sequence\":%lld,%s}\n",
        type,
        time,
        (long long)++made.sequence,
        rest
    );
    truth_of(&line->truth);
}

/* All orders as of a number of messages ago, arriving now. */
static void put_snapshot(void)
{
    size_t bytes;
    made_line *const line = &made.lines[made.count];
    *line = (made_line){.ts_ns = made.now_ns, .is_snapshot = true};
    FILE *const out = open_memstream(&line->text, &bytes);
    (void)fprintf(out, "{\"sequence\":%lld,\"bids\":[", (long long)made.sequence);
    for (int side = 1; side >= -1; side -= 2) {
        bool is_first = true;
        for (int i = 0; i < made.order_count; i++) {
            if (made.orders[i].side == side && made.orders[i].lots > 0) {
                (void)fprintf(
                    out,
                    "%s[\"%d\",\"%lld\",\"order-%d\"]",
                    is_first ? "" : ",",
                    100 + made.orders[i].tick,
                    (long long)made.orders[i].lots,
                    i
                );
                is_first = false;
            }
        }
        (void)fprintf(out, side > 0 ? "],\"asks\":[" : "]}\n");
    }
    assert_int_equal(fclose(out), 0);
    truth_of(&line->truth);
    made.count++;
}

static int some_order(void)
{
    int i = (int)below(made.order_count);
    for (int tries = 0; made.orders[i].lots == 0 && tries < made.order_count; tries++) {
        i = (i + 1) % made.order_count;
    }
    return i;
}

static const char *side_name(int order)
{
    return made.orders[order].side > 0 ? "buy" : "sell";
}

static void make_order(void)
{
    const int i = made.order_count++;
    const int side = below(2) == 0 ? 1 : -1, away = (int)below(TICKS / 2);
    assert_true(made.order_count <= ORDERS_MAX);
    put("received", "\"order_id\":\"order-%d\",\"order_type\":\"limit\"", i);
    made.orders[i].side = side;
    made.orders[i].tick = side > 0 ? TICKS / 2 - 1 - away : TICKS / 2 + away;
    made.orders[i].lots = 1 + below(50);
    put("open",
        "\"order_id\":\"order-%d\",\"side\":\"%s\",\"price\":\"%d\",\"remaining_size\":\"%lld\"",
        i,
        side_name(i),
        100 + made.orders[i].tick,
        (long long)made.orders[i].lots);
}

static void make_cancel(void)
{
    const int i = some_order();
    made.orders[i].lots = 0;
    put("done", "\"order_id\":\"order-%d\",\"side\":\"%s\",\"reason\":\"canceled\"", i, side_name(i)
    );
}

/* A trade takes a part of an order, or all; then the order is over. */
static void make_match(void)
{
    const int i = some_order();
    const int64_t lots = below(2) == 0 ? made.orders[i].lots : 1 + below(made.orders[i].lots);
    made.orders[i].lots -= lots;
    made.trade_lots += lots;
    made.trade_count++;
    put("match",
        "\"trade_id\":%lld,\"maker_order_id\":\"order-%d\",\"taker_order_id\":\"t\",\"side\":\"%"
        "s\","
        "\"price\":\"%d\",\"size\":\"%lld\"",
        (long long)made.trade_count,
        i,
        side_name(i),
        100 + made.orders[i].tick,
        (long long)lots);
    if (made.orders[i].lots == 0) {
        put("done", "\"order_id\":\"order-%d\",\"reason\":\"filled\"", i);
    }
}

/* A smaller size, or another size at another price. */
static void make_change(void)
{
    const int i = some_order();
    const int64_t old = made.orders[i].lots;
    if (below(2) == 0) {
        made.orders[i].lots = 1 + below(old);
        put("change",
            "\"order_id\":\"order-%d\",\"old_size\":\"%lld\",\"new_size\":\"%lld\",\"price\":\"1\"",
            i,
            (long long)old,
            (long long)made.orders[i].lots);
        return;
    }
    made.orders[i].tick = made.orders[i].side > 0 ? 0 : TICKS - 1;
    made.orders[i].lots = 1 + below(80);
    put("change",
        "\"order_id\":\"order-%d\",\"new_size\":\"%lld\",\"new_price\":\"%d\",\"old_price\":\"1\"",
        i,
        (long long)made.orders[i].lots,
        100 + made.orders[i].tick);
}

/* Some orders, a snapshot, a market, a second snapshot two thirds in. */
static void make_market(void)
{
    forget_lines();
    made.now_ns = START_NS;
    lf_random_seed(&made.random, SEED, 0);
    for (int i = 0; i < 100; i++) {
        make_order();
    }
    put_snapshot();
    for (int i = 0; i < 900; i++) {
        const int64_t what = below(10);
        if (i == 600) {
            put_snapshot();
        } else if (what < 5) {
            make_order();
        } else if (what < 7) {
            make_cancel();
        } else if (what < 9) {
            make_match();
        } else {
            make_change();
        }
    }
}

/* ---- reading ---------------------------------------------------------------------------- */

/* Read the lines [count] in the order of their indices. */
static void read_order(const size_t *order, size_t count)
{
    const char *const path = lf_testing_path(&folder, "full.jsonl");
    FILE *const file = fopen(path, "wb");
    assert_non_null(file);
    for (size_t i = 0; i < count; i++) {
        assert_true(fputs(made.lines[order[i]].text, file) >= 0);
    }
    assert_int_equal(fclose(file), 0);
    ft_read_paths(&got, &path, 1, NULL);
    assert_int_equal(got.status, LF_OK);
}

static size_t all_lines(size_t order[LINES_MAX + 8])
{
    for (size_t i = 0; i < made.count; i++) {
        order[i] = i;
    }
    return made.count;
}

/* Each state that may be used is the true one of its time; how many there are. */
static int64_t check_states(void)
{
    int64_t used = 0;
    for (size_t i = 0; i < got.count; i++) {
        const lf_event *const e = &got.events[i];
        bool found = false;
        if ((e->flags & LF_EVENT_MASKED) != 0) {
            continue;
        }
        for (size_t k = 0; k < made.count && !found; k++) {
            found = made.lines[k].ts_ns == e->ts_exchange_ns &&
                    memcmp(&made.lines[k].truth, &e->quotes, sizeof e->quotes) == 0;
        }
        assert_true(found);
        used++;
    }
    return used;
}

/* ---- tests ------------------------------------------------------------------------------ */

static void test_whole(void **state)
{
    size_t order[LINES_MAX + 8];
    (void)state;
    make_market();
    read_order(order, all_lines(order));
    assert_true(check_states() > 800);
    assert_int_equal(got.trades, made.trade_count);
    assert_int_equal(got.trade_lots, made.trade_lots);
    assert_int_equal(got.masked, 1); /* behind the last message */
    assert_int_equal(got.resets, 0); /* the second snapshot was not needed */
    assert_int_equal(got.stats.gap_count, 0);
    assert_int_equal(got.stats.unknown_order_count, 0);
    assert_int_equal(got.stats.duplicate_order_count, 0);
    assert_int_equal(got.stats.overfill_count, 0);
    assert_int_equal(got.stats.kind_counts[LF_EVENT_EXECUTE], made.trade_count);
    assert_true(got.stats.kind_counts[LF_EVENT_ADD] > 300);
    assert_true(got.stats.kind_counts[LF_EVENT_DELETE] > 100);
    assert_true(got.stats.kind_counts[LF_EVENT_CANCEL] > 10);
}

/* A snapshot that comes later than messages which follow it: these have waited. */
static void test_late_snapshot(void **state)
{
    size_t order[LINES_MAX + 8];
    (void)state;
    make_market();
    const size_t count = all_lines(order);
    size_t at = 0;
    while (!made.lines[at].is_snapshot) {
        at++;
    }
    memmove(order + at, order + at + 1, 30 * sizeof *order);
    order[at + 30] = at;
    read_order(order, count);
    assert_int_equal(got.stats.gap_count, 0);
    assert_true(check_states() > 780);
    assert_int_equal(got.stats.unknown_order_count, 0);
}

/* A snapshot, which bears no time, that comes before messages which it shows. */
static void test_early_snapshot(void **state)
{
    size_t order[LINES_MAX + 8];
    (void)state;
    make_market();
    const size_t count = all_lines(order);
    size_t at = 0;
    while (!made.lines[at].is_snapshot) {
        at++;
    }
    memmove(order + at - 29, order + at - 30, 30 * sizeof *order);
    order[at - 30] = at;
    read_order(order, count);
    assert_int_equal(got.stats.gap_count, 0);
    assert_int_equal(got.stats.stale_count, 30);
    assert_int_equal(got.masked, 1);
    assert_true(check_states() > 800);
}

static void test_removed(void **state)
{
    size_t order[LINES_MAX + 8];
    (void)state;
    make_market();
    for (size_t at = 220; at < 700; at += 57) {
        const size_t count = all_lines(order) - 1;
        memmove(order + at, order + at + 1, (count - at) * sizeof *order);
        read_order(order, count);
        assert_true(got.stats.gap_count >= 1);
        assert_int_equal(got.stats.kind_counts[LF_EVENT_QUOTE] > 2, true);
        assert_true(got.masked > 1);
        assert_true(got.resets >= 1);
        assert_true(check_states() > 300);
    }
}

static void test_doubled(void **state)
{
    size_t order[LINES_MAX + 8];
    (void)state;
    make_market();
    for (size_t at = 220; at < 700; at += 57) {
        const size_t count = all_lines(order) + 1;
        memmove(order + at + 1, order + at, (count - at - 1) * sizeof *order);
        read_order(order, count);
        assert_int_equal(got.stats.gap_count, 0);
        assert_int_equal(got.stats.stale_count, 1);
        assert_int_equal(got.masked, 1);
        assert_int_equal(got.trade_lots, made.trade_lots);
        (void)check_states();
    }
}

static void test_reordered(void **state)
{
    size_t order[LINES_MAX + 8];
    (void)state;
    make_market();
    const size_t count = all_lines(order);
    order[300] = 301;
    order[301] = 300;
    read_order(order, count);
    assert_int_equal(got.stats.gap_count, 1);
    assert_true(got.resets >= 1);
    assert_true(check_states() > 300);
}

/* Orders that are not there, twice there, or too small are counted. */
static void test_contradictions(void **state)
{
    size_t order[LINES_MAX + 8];
    (void)state;
    make_market();
    const char *const match = "\"trade_id\":%lld,\"maker_order_id\":\"%s\",\"side\":\"buy\","
                              "\"price\":\"100\",\"size\":\"%d\"";
    const char *const open =
        "\"order_id\":\"x\",\"side\":\"buy\",\"price\":\"100\",\"remaining_size\":\"7\"";
    put("match", match, (long long)made.trade_count + 1, "nobody", 1);
    put("open", "%s", open);
    put("open", "%s", open);
    put("match", match, (long long)made.trade_count + 2, "x", 8);
    read_order(order, all_lines(order));
    assert_int_equal(got.stats.unknown_order_count, 1);
    assert_int_equal(got.stats.duplicate_order_count, 1);
    assert_int_equal(got.stats.overfill_count, 1);
    assert_int_equal(got.events[got.count - 2].kind, LF_EVENT_EXECUTE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_late_snapshot),
        cmocka_unit_test(test_early_snapshot),
        cmocka_unit_test(test_removed),
        cmocka_unit_test(test_doubled),
        cmocka_unit_test(test_reordered),
        cmocka_unit_test(test_contradictions),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
