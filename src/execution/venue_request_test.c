/*
 * Goal: what an order finds when it arrives is what the book shows to it. Method: a book of two
 * levels, each row one order, the number worked out by hand.
 */
#include <lobflow/execution.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define OPEN_NS (INT64_C(1000) * LF_NS_PER_SECOND)

static lf_venue *venue_create(void)
{
    const lf_instrument instrument = {
        .symbol = "TEST",
        .currency = "USD",
        .tick_nano = 10000000,
        .lot_nano = 1000000000,
        .units_per_tick = 100,
        .level_count = 2,
        .session_open_ns = OPEN_NS,
        .session_close_ns = 2 * OPEN_NS,
        .date = {2026, 6, 1},
    };
    lf_execution_options options;
    lf_execution_options_default(&options);
    options.fees.schedule = LF_FEE_SCHEDULE_NONE;
    lf_venue *venue = NULL;
    assert_int_equal(lf_venue_create(NULL, &instrument, &options, &venue, NULL), LF_OK);
    return venue;
}

/* 50 lots are bid at 100 and 500 at 98; `ask_lots` are asked at 103 and 600 at 104. */
static void show(lf_venue *venue, int64_t ask_lots)
{
    lf_event event = {.kind = LF_EVENT_QUOTE, .ts_exchange_ns = OPEN_NS};
    for (int m = 0; m < LF_LEVELS_MAX; m++) {
        event.quotes.bid_ticks[m] = LF_BID_NONE;
        event.quotes.ask_ticks[m] = LF_ASK_NONE;
    }
    for (int m = 0; m < 2; m++) {
        event.quotes.bid_ticks[m] = 100 - 2 * m;
        event.quotes.bid_lots[m] = m == 0 ? 50 : 500;
        event.quotes.ask_ticks[m] = 103 + m;
        event.quotes.ask_lots[m] = m == 0 ? ask_lots : 600;
    }
    assert_int_equal(lf_venue_event(venue, &event, NULL, NULL), LF_OK);
}

static lf_request order(int32_t side, lf_order_kind kind, int64_t price_ticks)
{
    return (lf_request){
        .kind = LF_REQUEST_NEW,
        .order_id = 1,
        .lots = 40,
        .price_ticks = price_ticks,
        .side = side,
        .order_kind = kind,
    };
}

static void test_depth(void **state)
{
    (void)state;
    static const struct {
        const char *about;
        int32_t side;
        lf_order_kind kind;
        int64_t price_ticks;
        int64_t before; /* depth on the untouched book */
        int64_t after;  /* and once an own order has taken 40 of the 70 at the ask */
    } rows[] = {
        {"takes without a limit", 1, LF_ORDER_KIND_MARKETABLE, LF_PRICE_NONE, 670, 630},
        {"takes the best level", 1, LF_ORDER_KIND_MARKETABLE, 103, 70, 30},
        {"its limit reaches nothing", 1, LF_ORDER_KIND_MARKETABLE, 102, 0, 0},
        {"sells down to its limit", -1, LF_ORDER_KIND_MARKETABLE, 99, 50, 50},
        {"a resting order that crosses takes", 1, LF_ORDER_KIND_PASSIVE, 103, 70, 30},
        {"joins the bid", 1, LF_ORDER_KIND_PASSIVE, 100, 50, 50},
        {"first between bid and ask", 1, LF_ORDER_KIND_PASSIVE, 101, 0, 0},
        {"first between two levels", 1, LF_ORDER_KIND_PASSIVE, 99, 0, 0},
        {"joins the second level", 1, LF_ORDER_KIND_PASSIVE, 98, 500, 500},
        {"below what is shown", 1, LF_ORDER_KIND_PASSIVE, 97, -1, -1},
        {"joins the ask, which own taking does not shorten",
         -1,
         LF_ORDER_KIND_PASSIVE,
         103,
         70,
         70},
    };
    lf_venue *const venue = venue_create();
    const lf_request first = order(1, LF_ORDER_KIND_MARKETABLE, 103);
    assert_int_equal(lf_venue_depth(venue, &first), -1); /* no state yet */
    show(venue, 70);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            const lf_request request = order(rows[i].side, rows[i].kind, rows[i].price_ticks);
            const int64_t depth = lf_venue_depth(venue, &request);
            if (depth != (pass == 0 ? rows[i].before : rows[i].after)) {
                fail_msg("%s, pass %d: %lld lots", rows[i].about, pass, (long long)depth);
            }
        }
        if (pass == 0) {
            assert_int_equal(lf_venue_request(venue, &first, OPEN_NS, NULL), LF_OK);
        }
    }
    show(
        venue, 90
    ); /* more than before: 60 are there that were not taken, the memory is 40 of 90 */
    assert_int_equal(lf_venue_depth(venue, &first), 50);
    show(venue, 0);
    assert_int_equal(lf_venue_depth(venue, &first), -1); /* no valid book without an ask */
    lf_venue_destroy(venue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
