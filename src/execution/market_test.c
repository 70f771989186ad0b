/*
 * Goal: a venue in a market does what it would do alone, though the market tells it only of events
 * that may concern it. Method: random days with halts, resets, holes and broken states; venues of
 * every model and both self-trade rules, each with random requests of its own, once in one market
 * and once alone; after each message all reports agree in every member, and all places in a queue.
 */
#include <lobflow/execution.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "day_testing.h"

enum {
    VENUES = 2 * LF_QUEUE_FIFO,
    STEPS = 2500,
    DAYS = 24,
};

typedef struct pair {
    lf_venue *together, *alone;
    uint64_t last_id;
} pair;

typedef struct desk {
    lf_market *market;
    pair pairs[VENUES];
    int64_t reports[LF_REPORT_MODIFY_REJECTED + 1]; /* by kind */
    int64_t fills[LF_LIQUIDITY_COUNT];
    int64_t quiet_count; /* events of which no venue had anything to say */
} desk;

static void open_desk(desk *self, const lf_instrument *instrument)
{
    assert_int_equal(lf_market_create(NULL, instrument, &self->market, NULL), LF_OK);
    for (int i = 0; i < VENUES; i++) {
        lf_execution_options options;
        lf_execution_options_default(&options);
        options.orders_max = 5;
        options.queue.model = (lf_queue_model)(i % LF_QUEUE_FIFO);
        options.queue.n = i < LF_QUEUE_FIFO ? 3.0 : 1.5;
        options.self_trade = (lf_self_trade)(i / LF_QUEUE_FIFO);
        pair *const at = &self->pairs[i];
        at->last_id = 0;
        assert_int_equal(lf_market_open(self->market, &options, &at->together, NULL), LF_OK);
        assert_int_equal(lf_venue_create(NULL, instrument, &options, &at->alone, NULL), LF_OK);
    }
}

static void close_desk(desk *self)
{
    for (int i = 0; i < VENUES; i++) {
        const lf_venue_stats left = *lf_venue_stats_of(self->pairs[i].together);
        const lf_venue_stats right = *lf_venue_stats_of(self->pairs[i].alone);
        assert_memory_equal(&left, &right, sizeof left);
        lf_venue_destroy(self->pairs[i].together);
        lf_venue_destroy(self->pairs[i].alone);
    }
    lf_market_destroy(self->market);
}

static bool is_same(const lf_report *left, const lf_report *right)
{
    const lf_fill *const a = &left->fill;
    const lf_fill *const b = &right->fill;
    return left->order_id == right->order_id && left->ts_venue_ns == right->ts_venue_ns &&
           left->kind == right->kind && left->state == right->state &&
           left->reject == right->reject && left->filled_lots == right->filled_lots &&
           left->leaves_lots == right->leaves_lots && left->mid2_venue == right->mid2_venue &&
           a->order_id == b->order_id && a->ts_venue_ns == b->ts_venue_ns &&
           a->price_ticks == b->price_ticks && a->lots == b->lots &&
           a->value_nano == b->value_nano && a->mid2_venue == b->mid2_venue && a->side == b->side &&
           a->liquidity == b->liquidity;
}

/* Both say the same, and all orders of both stand at the same place. Returns the reports. */
static int compare(desk *self, int number, uint64_t seed, int step)
{
    pair *const at = &self->pairs[number];
    int count = 0;
    for (lf_report left, right; lf_venue_take(at->together, &left); count++) {
        if (!lf_venue_take(at->alone, &right) || !is_same(&left, &right)) {
            fail_msg("seed %d, step %d, venue %d: another report", (int)seed, step, number);
        }
        self->reports[left.kind]++;
        self->fills[left.fill.liquidity] += left.kind == LF_REPORT_FILL;
    }
    lf_report more;
    if (lf_venue_take(at->alone, &more)) {
        fail_msg("seed %d, step %d, venue %d: a report is missing", (int)seed, step, number);
    }
    assert_int_equal(lf_venue_open_count(at->together), lf_venue_open_count(at->alone));
    assert_int_equal(lf_venue_mid2(at->together), lf_venue_mid2(at->alone));
    for (uint64_t id = at->last_id > 20 ? at->last_id - 20 : 1; id <= at->last_id; id++) {
        if (lf_venue_ahead(at->together, id) != lf_venue_ahead(at->alone, id)) {
            fail_msg("seed %d, step %d, venue %d: another place", (int)seed, step, number);
        }
    }
    return count;
}

static lf_request make_request(day *self, uint64_t next_id)
{
    const int32_t side = below(self, 2) == 0 ? 1 : -1;
    const int touch = best_tick(self, side > 0 ? 0 : 1);
    lf_request request = {
        .order_id = next_id,
        .lots = 1 + below(self, 50),
        .side = side,
        .price_ticks = BASE + touch - side * (below(self, 14) - 2),
        .order_kind = LF_ORDER_KIND_PASSIVE,
        .post_only = below(self, 2) == 0,
    };
    const int64_t kind = below(self, 8);
    if (kind < 2 && next_id > 1) {
        request.order_id -= 1 + (uint64_t)below(self, next_id < 8 ? (int64_t)next_id - 1 : 7);
        request.kind = kind == 0 ? LF_REQUEST_CANCEL : LF_REQUEST_MODIFY;
    } else if (kind == 2) {
        request.order_kind = LF_ORDER_KIND_MARKETABLE;
        request.price_ticks = LF_PRICE_NONE;
        request.post_only = false;
    }
    return request;
}

static void ask_some(desk *self, day *random, int64_t ts_ns, uint64_t seed, int step)
{
    lf_error error;
    for (int i = 0; i < VENUES; i++) {
        pair *const at = &self->pairs[i];
        if (below(random, 3) != 0) {
            continue;
        }
        const lf_request request = make_request(random, at->last_id + 1);
        at->last_id += request.kind == LF_REQUEST_NEW;
        assert_int_equal(lf_venue_request(at->together, &request, ts_ns, &error), LF_OK);
        assert_int_equal(lf_venue_request(at->alone, &request, ts_ns, &error), LF_OK);
        (void)compare(self, i, seed, step);
    }
}

static void run_day(desk *self, uint64_t seed, int32_t level_count)
{
    const lf_instrument instrument = day_instrument(level_count);
    day random;
    lf_error error;
    begin_day(&random, seed, level_count);
    open_desk(self, &instrument);
    for (int step = 0; step < STEPS; step++) {
        lf_event event;
        make_event(&random, &event);
        /* The last events lie behind the close. */
        event.ts_exchange_ns += step > STEPS - 10 ? CLOSE_NS : 0;
        assert_int_equal(lf_market_event(self->market, &event, random.trades, &error), LF_OK);
        size_t reported_count;
        const uint32_t *const reported = lf_market_reported(self->market, &reported_count);
        size_t next = 0;
        for (int i = 0; i < VENUES; i++) {
            lf_venue *const alone = self->pairs[i].alone;
            assert_int_equal(lf_venue_event(alone, &event, random.trades, &error), LF_OK);
            const bool is_listed = next < reported_count && reported[next] == (uint32_t)i;
            next += is_listed;
            assert_int_equal(compare(self, i, seed, step) > 0, is_listed);
        }
        assert_int_equal(next, reported_count);
        self->quiet_count += reported_count == 0;
        ask_some(self, &random, event.ts_exchange_ns, seed, step);
    }
    close_desk(self);
}

static void test_together_as_alone(void **state)
{
    (void)state;
    static const int32_t level_counts[] = {1, 2, 5, 10};
    desk *const self = calloc(1, sizeof *self);
    assert_non_null(self);
    for (uint64_t seed = 1; seed <= DAYS; seed++) {
        run_day(self, seed, level_counts[seed % 4]);
    }
    /* Enough of everything was said, and nothing often enough. */
    for (int i = 0; i <= LF_REPORT_MODIFY_REJECTED; i++) {
        assert_true(self->reports[i] > 100);
    }
    for (int i = 0; i < LF_LIQUIDITY_COUNT; i++) {
        assert_true(self->fills[i] > 1000);
    }
    assert_true(self->quiet_count > DAYS * STEPS / 10);
    free(self);
}

/* Venues come and go; the numbers of the others stay. */
static void test_venues_end(void **state)
{
    (void)state;
    const lf_instrument instrument = day_instrument(5);
    lf_execution_options options;
    lf_execution_options_default(&options);
    lf_market *market;
    lf_venue *venues[4];
    assert_int_equal(lf_market_create(NULL, &instrument, &market, NULL), LF_OK);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(lf_market_open(market, &options, &venues[i], NULL), LF_OK);
    }
    lf_event event = {.ts_exchange_ns = OPEN_NS, .kind = LF_EVENT_QUOTE};
    day random;
    begin_day(&random, 1, 5);
    show_book(&random, &event.quotes);
    assert_int_equal(lf_market_event(market, &event, NULL, NULL), LF_OK);
    for (int i = 0; i < 4; i++) {
        const lf_request request = {
            .order_id = 1,
            .lots = 5,
            .side = 1,
            .price_ticks = event.quotes.bid_ticks[0],
            .order_kind = LF_ORDER_KIND_PASSIVE,
        };
        lf_report report;
        assert_int_equal(lf_venue_request(venues[i], &request, OPEN_NS, NULL), LF_OK);
        assert_true(lf_venue_take(venues[i], &report));
    }
    lf_venue_destroy(venues[1]);
    lf_venue_destroy(venues[0]);
    event.flags = LF_EVENT_RESET;
    assert_int_equal(lf_market_event(market, &event, NULL, NULL), LF_OK);
    size_t count;
    const uint32_t *const reported = lf_market_reported(market, &count);
    assert_int_equal(count, 2);
    assert_int_equal(reported[0], 2);
    assert_int_equal(reported[1], 3);
    lf_venue_destroy(venues[2]);
    lf_venue_destroy(venues[3]);
    lf_market_destroy(market);
}

static lf_status open_all(const lf_allocator *allocator, lf_venue **venues, lf_market **market)
{
    const lf_instrument instrument = day_instrument(5);
    lf_execution_options options;
    lf_execution_options_default(&options);
    lf_status status = lf_market_create(allocator, &instrument, market, NULL);
    for (int i = 0; i < 6 && status == LF_OK; i++) {
        status = lf_market_open(*market, &options, &venues[i], NULL);
    }
    return status;
}

static void test_memory(void **state)
{
    (void)state;
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_venue *venues[6] = {NULL};
        lf_market *market = NULL;
        lf_testing_memory_start(&memory, n);
        const lf_status status = open_all(&memory.allocator, venues, &market);
        for (int i = 0; i < 6; i++) {
            lf_venue_destroy(venues[i]);
        }
        lf_market_destroy(market);
        assert_int_equal(memory.live, 0);
        assert_int_equal(status, memory.calls <= n ? LF_OK : LF_NOMEM);
        if (memory.calls <= n) {
            assert_true(n > 12);
            return;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_together_as_alone),
        cmocka_unit_test(test_venues_end),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
