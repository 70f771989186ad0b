/*
 * Goal: with single orders seen, an own order is filled exactly as price-time priority says.
 * Method: scenarios by hand with the faults of other simulators by name; then random days of single
 * orders and up to a million requests, whose fills and places must equal those of a market in which
 * own orders stand in line (orders_testing.h), with the invariants of the account after every
 * message. LOBFLOW_SLOW=1 asks for the million.
 */
#include <lobflow/execution.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../tests/orders_testing.h"
#include "../../tests/testing.h"

/* ---- by hand ---------------------------------------------------------------------------- */

/* What one message does, and what the own order must have got and what must stand before it. */
typedef struct step {
    const char *name;
    lf_order_change changes[3];
    size_t count;
    int64_t ahead, got;
} step;

#define ADD(id, at, size) \
    { \
        .order_id = (id), .price_ticks = (at), .lots = (size), .kind = LF_CHANGE_ADD, .side = 1 \
    }
#define MODIFY(id, at, size) \
    { \
        .order_id = (id), .price_ticks = (at), .lots = (size), .kind = LF_CHANGE_MODIFY, .side = 1 \
    }
#define REDUCE(id, size) \
    { \
        .order_id = (id), .lots = (size), .kind = LF_CHANGE_REDUCE \
    }
#define FILL(id, size) \
    { \
        .order_id = (id), .lots = (size), .kind = LF_CHANGE_FILL \
    }

static lf_venue *open_venue(bool has_orders, lf_error *error)
{
    lf_instrument instrument = market_instrument(2);
    instrument.has_orders = has_orders;
    lf_execution_options options;
    lf_execution_options_default(&options);
    options.queue.model = LF_QUEUE_FIFO;
    lf_venue *venue;
    const lf_status status = lf_venue_create(NULL, &instrument, &options, &venue, error);
    assert_true((status == LF_OK) == has_orders);
    return venue;
}

static const lf_event plain = {
    .ts_exchange_ns = LINE_OPEN_NS,
    .kind = LF_EVENT_QUOTE,
    .quotes =
        {
            .bid_ticks = {100, 99, LF_BID_NONE},
            .bid_lots = {50, 10},
            .ask_ticks = {102, 103, LF_ASK_NONE},
            .ask_lots = {50, 10},
        },
};

static void give(lf_venue *venue, uint32_t flags, const lf_order_change *changes, size_t count)
{
    lf_event event = plain;
    event.flags = flags;
    lf_venue_changes(venue, changes, count);
    assert_int_equal(lf_venue_event(venue, &event, NULL, NULL), LF_OK);
}

static void ask(lf_venue *venue, lf_request_kind kind, uint64_t id, int64_t price, int64_t lots)
{
    const lf_request request = {
        .order_id = id,
        .lots = lots,
        .price_ticks = price,
        .kind = kind,
        .order_kind = LF_ORDER_KIND_PASSIVE,
        .side = 1,
        .post_only = true,
    };
    assert_int_equal(lf_venue_request(venue, &request, LINE_OPEN_NS, NULL), LF_OK);
}

static int64_t filled_of(lf_venue *venue, uint64_t id)
{
    int64_t sum = 0;
    for (lf_report report; lf_venue_take(venue, &report);) {
        sum += report.order_id == id ? report.fill.lots : 0;
    }
    return sum;
}

/* The own bid of 10 comes after order 1 (20 lots) and order 2 (30 lots); order 3 comes after it. */
static lf_venue *queue_up(void)
{
    lf_venue *const venue = open_venue(true, NULL);
    const lf_order_change before[] = {ADD(1, 100, 20), ADD(2, 100, 30)};
    give(venue, 0, before, 2);
    ask(venue, LF_REQUEST_NEW, 1, 100, 10);
    assert_int_equal(lf_venue_ahead(venue, 1), 50);
    const lf_order_change behind[] = {ADD(3, 100, 40)};
    give(venue, 0, behind, 1);
    assert_int_equal(lf_venue_ahead(venue, 1), 50);
    return venue;
}

static void test_one_message(void **state)
{
    (void)state;
    static const step steps[] = {
        {"T3: a cancel ahead moves us by its own size", {REDUCE(1, 5)}, 1, 45, 0},
        {"T3: an order ahead goes whole", {REDUCE(2, 30)}, 1, 20, 0},
        {"a cancel behind says nothing", {REDUCE(3, 40)}, 1, 50, 0},
        {"less keeps its place", {MODIFY(1, 100, 7)}, 1, 37, 0},
        {"more goes to the end", {MODIFY(1, 100, 25)}, 1, 30, 0},
        {"another price goes away", {MODIFY(2, 99, 30)}, 1, 20, 0},
        {"the first is executed", {FILL(1, 20), REDUCE(1, 20)}, 2, 30, 0},
        {"in part, told by its new size", {FILL(1, 5), MODIFY(1, 100, 15)}, 2, 45, 0},
        {"T4: the next part of an iceberg comes to the end",
         {FILL(1, 20), MODIFY(1, 100, 20)},
         2,
         30,
         0},
        {"T4: and where it was shown in part", {FILL(1, 5), MODIFY(1, 100, 18)}, 2, 30, 0},
        {"who stands behind is executed: we are", {FILL(3, 4), REDUCE(3, 4)}, 2, 50, 4},
        {"T1: exactly what is left", {FILL(3, 10), REDUCE(3, 10)}, 2, -1, 10},
        {"more than is left", {FILL(3, 40), REDUCE(3, 40)}, 2, -1, 10},
        {"T2: three parts", {FILL(3, 3), FILL(3, 3), FILL(3, 2)}, 3, 50, 8},
        {"T4: a fill of an unknown order", {FILL(99, 40)}, 1, 50, 0},
        {"an order elsewhere is executed", {ADD(9, 99, 5), FILL(9, 5), REDUCE(9, 5)}, 3, 50, 0},
    };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        lf_venue *const venue = queue_up();
        (void)filled_of(venue, 1);
        give(venue, 0, steps[i].changes, steps[i].count);
        const int64_t got = filled_of(venue, 1), ahead = lf_venue_ahead(venue, 1);
        if (got != steps[i].got || ahead != steps[i].ahead) {
            fail_msg("%s: %lld got, %lld ahead", steps[i].name, (long long)got, (long long)ahead);
        }
        lf_venue_destroy(venue);
    }
}

/* T5: two own orders share what one stranger got, the first one first. */
static void test_own_orders_share(void **state)
{
    (void)state;
    lf_venue *const venue = queue_up();
    ask(venue, LF_REQUEST_NEW, 2, 100, 10);
    assert_int_equal(lf_venue_ahead(venue, 2), 90);
    const lf_order_change more[] = {ADD(4, 100, 5), FILL(4, 13)};
    lf_report report;
    while (lf_venue_take(venue, &report)) {
    }
    give(venue, 0, more, 2);
    int64_t got[3] = {0};
    while (lf_venue_take(venue, &report)) {
        got[report.order_id] += report.fill.lots;
    }
    assert_int_equal(got[1], 10);
    assert_int_equal(got[2], 3);
    assert_int_equal(lf_venue_ahead(venue, 2), 90);
    lf_venue_destroy(venue);
}

/* An own order that wants less keeps its place; one that wants more or another price does not. */
static void test_own_changes(void **state)
{
    (void)state;
    lf_venue *const venue = queue_up();
    ask(venue, LF_REQUEST_MODIFY, 1, 100, 6);
    assert_int_equal(lf_venue_ahead(venue, 1), 50);
    ask(venue, LF_REQUEST_MODIFY, 1, 100, 8);
    assert_int_equal(lf_venue_ahead(venue, 1), 90);
    ask(venue, LF_REQUEST_MODIFY, 1, 99, 8);
    assert_int_equal(lf_venue_ahead(venue, 1), 0);
    ask(venue, LF_REQUEST_CANCEL, 1, 0, 0);
    assert_int_equal(lf_venue_open_count(venue), 0);
    lf_venue_destroy(venue);
}

/* T7: a snapshot of what is known keeps the place; a book that was rebuilt ends the order. */
static void test_snapshots(void **state)
{
    (void)state;
    static const lf_order_change book[] = {
        {.kind = LF_CHANGE_CLEAR}, ADD(1, 100, 20), ADD(2, 100, 30), ADD(3, 100, 40)};
    lf_venue *const venue = queue_up();
    give(venue, LF_EVENT_SNAPSHOT, book, 4);
    assert_int_equal(lf_venue_ahead(venue, 1), 50);
    give(venue, LF_EVENT_SNAPSHOT | LF_EVENT_RESET, book, 4);
    assert_int_equal(lf_venue_open_count(venue), 0);
    ask(venue, LF_REQUEST_NEW, 2, 100, 10);
    assert_int_equal(lf_venue_ahead(venue, 2), 90);
    give(venue, 0, book, 1);
    assert_int_equal(lf_venue_open_count(venue), 0);
    lf_venue_destroy(venue);
}

static void test_refusals(void **state)
{
    (void)state;
    lf_error error;
    assert_null(open_venue(false, &error));
    assert_non_null(strstr(error.message, "execution.queue = \"fifo\""));
    assert_non_null(strstr(error.message, "risk_averse"));
    lf_venue *const venue = open_venue(true, NULL);
    const lf_order_change taken = ADD(UINT64_MAX - 1, 100, 5);
    lf_venue_changes(venue, &taken, 1);
    assert_int_equal(lf_venue_event(venue, &plain, NULL, &error), LF_UNSUPPORTED);
    lf_venue_destroy(venue);
}

/* ---- against the market of single orders ------------------------------------------------ */

typedef struct sums {
    int64_t requests, fills[LF_LIQUIDITY_COUNT], expired, shared, snapshots;
    lf_ledger ledger;
} sums;

/* What the venue says must be what the market has done to own orders since. */
static void agree(lf_venue *venue, market *self, sums *sum, uint64_t seed, int64_t at)
{
    int64_t got[LINE_OWN][LF_LIQUIDITY_COUNT] = {{0}};
    for (lf_report report; lf_venue_take(venue, &report);) {
        const line_own *const own = own_of(self, report.order_id);
        if (own == NULL || report.kind == LF_REPORT_REJECTED) {
            fail_msg(
                "seed %llu, step %lld: a report too many", (unsigned long long)seed, (long long)at
            );
        }
        sum->expired += report.kind == LF_REPORT_EXPIRED;
        if (report.kind == LF_REPORT_FILL) {
            got[own - self->own][report.fill.liquidity] += report.fill.lots;
            assert_int_equal(report.fill.price_ticks, own->price);
            assert_int_equal(lf_ledger_fill(&sum->ledger, &report.fill, NULL), LF_OK);
            assert_int_equal(lf_ledger_check(&sum->ledger, NULL), LF_OK);
            sum->fills[report.fill.liquidity]++;
        }
    }
    int kept = 0, resting = 0, filled = 0;
    for (int i = 0; i < self->own_count; i++) {
        line_own *const own = &self->own[i];
        const bool same = memcmp(got[i], own->got, sizeof own->got) == 0;
        const int64_t left = lf_venue_ahead(venue, own->id);
        const int64_t right = own->rests ? line_ahead(self, own) : -1;
        if (!same || left != right) {
            fail_msg(
                "seed %llu, step %lld, order %llu: venue %lld maker, %lld crossed, %lld ahead; "
                "market "
                "%lld, %lld, %lld",
                (unsigned long long)seed,
                (long long)at,
                (unsigned long long)own->id,
                (long long)got[i][LF_LIQUIDITY_MAKER],
                (long long)got[i][LF_LIQUIDITY_MAKER_CROSSED],
                (long long)left,
                (long long)own->got[LF_LIQUIDITY_MAKER],
                (long long)own->got[LF_LIQUIDITY_MAKER_CROSSED],
                (long long)right
            );
        }
        filled += own->got[LF_LIQUIDITY_MAKER] > 0;
        memset(own->got, 0, sizeof own->got);
        resting += own->rests;
        if (own->rests) {
            self->own[kept++] = *own;
        }
    }
    sum->shared += filled > 1;
    self->own_count = kept;
    assert_int_equal(lf_venue_open_count(venue), resting);
}

/* Whether own orders of the other side leave a price free: meeting them is for other tests. */
static bool is_free(const market *self, int side, int64_t price)
{
    for (int i = 0; i < self->own_count; i++) {
        const line_own *const own = &self->own[i];
        if (own->side != side && (side == 0 ? own->price <= price : own->price >= price)) {
            return false;
        }
    }
    return true;
}

/* A new bid or ask at the touch, behind it, or (bids) before it. */
static lf_request new_order(market *self, uint64_t id)
{
    const int bid = best_of(self, 0), ask = best_of(self, 1);
    const bool inside =
        ask - bid > 1 && pick(self, 4) == 0 && is_free(self, 0, LINE_BASE + bid + 1);
    int side = (int)pick(self, 2);
    int tick = (side == 0 ? bid : ask) + (side == 0 ? -1 : 1) * (int)pick(self, 4);
    if (inside || !is_free(self, side, LINE_BASE + tick)) {
        side = 0;
        tick = inside ? bid + 1 : bid;
    }
    const lf_request request = {
        .order_id = id,
        .lots = 1 + pick(self, 15),
        .price_ticks = LINE_BASE + tick,
        .order_kind = LF_ORDER_KIND_PASSIVE,
        .side = side == 0 ? 1 : -1,
        .post_only = true,
    };
    self->own[self->own_count++] = (line_own
    ){.id = id, .price = request.price_ticks, .lots = request.lots, .side = side, .rests = true};
    line_join(&self->lines[side][tick], id, request.lots, true);
    return request;
}

/* An own order that rests wants less, more, or nothing any more. */
static lf_request change_own(market *self)
{
    line_own *const own = &self->own[pick(self, self->own_count)];
    line *const at = &self->lines[own->side][own->price - LINE_BASE];
    const int64_t kind = pick(self, 3);
    lf_request request = {
        .order_id = own->id,
        .kind = kind == 0 ? LF_REQUEST_CANCEL : LF_REQUEST_MODIFY,
        .price_ticks = own->price,
        .lots = kind == 1 ? own->filled + 1 : own->lots + 1,
    };
    own->rests = kind != 0;
    own->lots = kind == 0 ? own->lots : request.lots;
    if (kind == 2) {
        own->rests = false;
        tidy(self, true);
        own->rests = true;
        line_join(at, own->id, 1, true);
    }
    tidy(self, true);
    return request;
}

static void
run_requests(lf_venue *venue, market *self, sums *sum, uint64_t *next_id, uint64_t seed, int64_t at)
{
    /* A locked-out market refuses, which other tests look at. */
    for (int64_t more = pick(self, 4); more > 0 && self->valid; more--) {
        const bool is_new = self->own_count == 0 || (self->own_count < 8 && pick(self, 2) == 0);
        const lf_request request = is_new ? new_order(self, (*next_id)++) : change_own(self);
        lf_error error;
        if (lf_venue_request(venue, &request, self->ts_ns, &error) != LF_OK) {
            fail_msg("seed %llu: %s", (unsigned long long)seed, error.message);
        }
        sum->requests++;
        agree(venue, self, sum, seed, at);
    }
}

static void run_day(market *self, uint64_t seed, sums *sum)
{
    static const int32_t level_counts[] = {1, 3, 10};
    begin_market(self, seed, level_counts[seed % 3]);
    const lf_instrument instrument = market_instrument(self->level_count);
    lf_execution_options options;
    lf_execution_options_default(&options);
    options.queue.model = LF_QUEUE_FIFO;
    options.fees.schedule = LF_FEE_SCHEDULE_NONE;
    lf_venue *venue;
    assert_int_equal(lf_venue_create(NULL, &instrument, &options, &venue, NULL), LF_OK);
    uint64_t next_id = 1;
    for (int at = 0; at < 4000; at++) {
        lf_event event;
        const bool again = at == 0 || (self->valid && pick(self, 200) == 0);
        if (again) {
            show_again(self, &event);
            sum->snapshots++;
        } else {
            next_event(self, &event);
        }
        lf_venue_changes(venue, self->changes, (size_t)self->change_count);
        lf_error error;
        if (lf_venue_event(venue, &event, self->trades, &error) != LF_OK) {
            fail_msg("seed %llu: %s", (unsigned long long)seed, error.message);
        }
        agree(venue, self, sum, seed, at);
        run_requests(venue, self, sum, &next_id, seed, at);
    }
    lf_venue_destroy(venue);
}

static void test_venue_is_the_market(void **state)
{
    (void)state;
    const char *const slow = getenv("LOBFLOW_SLOW");
    const int64_t wanted = slow != NULL && slow[0] == '1' ? 1000000 : 100000;
    market *const self = malloc(sizeof *self);
    assert_non_null(self);
    sums sum = {0};
    for (uint64_t seed = 1; sum.requests < wanted; seed++) {
        run_day(self, seed, &sum);
    }
    free(self);
    print_message(
        "%lld requests, %lld fills in a queue, %lld crossed, %lld expired, %lld trades shared\n",
        (long long)sum.requests,
        (long long)sum.fills[LF_LIQUIDITY_MAKER],
        (long long)sum.fills[LF_LIQUIDITY_MAKER_CROSSED],
        (long long)sum.expired,
        (long long)sum.shared
    );
    assert_true(sum.fills[LF_LIQUIDITY_MAKER] > wanted / 50);
    assert_true(sum.fills[LF_LIQUIDITY_MAKER_CROSSED] > wanted / 50);
    assert_true(sum.expired > 100 && sum.shared > 100 && sum.snapshots > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_message),
        cmocka_unit_test(test_own_orders_share),
        cmocka_unit_test(test_own_changes),
        cmocka_unit_test(test_snapshots),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_venue_is_the_market),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
