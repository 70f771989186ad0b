/*
 * Goal: the venue's fills are right beyond the cases that somebody thought of. Method: days of
 * random books with trades, halts, resets, holes and broken states, and a hundred thousand random
 * requests, are given to the venue and to its slow twin; every report must agree in every member,
 * and every resting order in its place. On the way the shares and the money of each account are
 * added up: what went in must come out. LOBFLOW_SLOW=1 asks for a million requests.
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
#include "twin_testing.h"

static_assert(DAY_TICKS == TWIN_TICKS, "The twin knows every price of a day.");

static lf_request make_request(day *self, uint64_t next_id)
{
    const int32_t side = below(self, 2) == 0 ? 1 : -1;
    const int touch = best_tick(self, side > 0 ? 0 : 1);
    lf_request request = {
        .order_id = next_id,
        .lots = 1 + below(self, 50),
        .side = side,
        .post_only = below(self, 2) == 0,
        .price_ticks = BASE + touch - side * (below(self, 8) - 2),
        .order_kind = LF_ORDER_KIND_PASSIVE,
    };
    if (next_id > 1 && below(self, 3) == 0) {
        /* Mostly a young one, so that some still rest. */
        const int64_t back = below(self, below(self, 3) == 0 ? (int64_t)next_id : 12) + 1;
        const uint64_t age = (uint64_t)back < next_id ? (uint64_t)back : next_id;
        const bool cancel = below(self, 2) == 0;
        request.order_id = next_id - age;
        request.kind = cancel ? LF_REQUEST_CANCEL : LF_REQUEST_MODIFY;
        request.lots -= below(self, 20) == 0 ? request.lots : 0; /* nonsense now and then */
        return request;
    }
    if (below(self, 4) == 0) {
        request.tif = below(self, 2) == 0 ? LF_TIF_IOC : LF_TIF_FOK;
        request.price_ticks = BASE + touch + side * below(self, 5);
    }
    if (below(self, 5) == 0) {
        request.order_kind = LF_ORDER_KIND_MARKETABLE;
        request.lots = 1 + below(self, 200);
        if (below(self, 2) == 0) {
            request.price_ticks = LF_PRICE_NONE;
        }
    }
    return request;
}

/* ---- venue against twin ----------------------------------------------------------------- */

typedef struct tally {
    lf_ledger ledger;
    int64_t wanted, filled, given_up; /* lots of all orders */
    int64_t fills[LF_LIQUIDITY_COUNT];
    int64_t requests;
    int64_t lots[TWIN_ORDERS];                      /* of the day's orders, by id - 1 */
    int64_t reports[LF_REPORT_MODIFY_REJECTED + 1]; /* by kind */
    int64_t rejects[LF_REJECT_COUNT];
} tally;

static void must_agree(const lf_report *left, const lf_report *right, uint64_t seed, int64_t at)
{
    const bool same =
        left->order_id == right->order_id && left->ts_venue_ns == right->ts_venue_ns &&
        left->kind == right->kind && left->state == right->state && left->reject == right->reject &&
        left->filled_lots == right->filled_lots && left->leaves_lots == right->leaves_lots &&
        left->mid2_venue == right->mid2_venue &&
        left->fill.price_ticks == right->fill.price_ticks && left->fill.lots == right->fill.lots &&
        left->fill.side == right->fill.side && left->fill.liquidity == right->fill.liquidity &&
        left->fill.value_nano == right->fill.value_nano;
    if (!same) {
        fail_msg(
            "seed %llu, step %lld: venue: order %llu kind %d state %d reject %d, %lld @ %lld, "
            "filled %lld; twin: order %llu kind %d state %d reject %d, %lld @ %lld, filled %lld",
            (unsigned long long)seed,
            (long long)at,
            (unsigned long long)left->order_id,
            (int)left->kind,
            (int)left->state,
            (int)left->reject,
            (long long)left->fill.lots,
            (long long)left->fill.price_ticks,
            (long long)left->filled_lots,
            (unsigned long long)right->order_id,
            (int)right->kind,
            (int)right->state,
            (int)right->reject,
            (long long)right->fill.lots,
            (long long)right->fill.price_ticks,
            (long long)right->filled_lots
        );
    }
}

/* Adds up what orders wanted and what they gave up. */
static void note_life(const lf_report *report, tally *sum)
{
    sum->reports[report->kind]++;
    sum->rejects[report->reject]++;
    if (report->kind == LF_REPORT_CANCEL_REJECTED || report->kind == LF_REPORT_MODIFY_REJECTED) {
        return;
    }
    int64_t *const lots = &sum->lots[report->order_id - 1];
    if (report->kind == LF_REPORT_MODIFIED) {
        const int64_t now = report->filled_lots + report->leaves_lots;
        sum->wanted += now - *lots;
        *lots = now;
    }
    if (lf_order_state_done(report->state)) {
        sum->given_up += *lots - report->filled_lots;
    }
}

/* All reports so far must be the twin's; the fills go into the account. */
static void compare(lf_venue *venue, twin *slow, tally *sum, uint64_t seed, int64_t at)
{
    int count = 0;
    for (lf_report report; lf_venue_take(venue, &report); count++) {
        if (count >= slow->report_count) {
            fail_msg("seed %llu, step %lld: the venue says more", (unsigned long long)seed, at);
        }
        must_agree(&report, &slow->reports[count], seed, at);
        if (report.kind == LF_REPORT_FILL) {
            assert_int_equal(lf_ledger_fill(&sum->ledger, &report.fill, NULL), LF_OK);
            assert_int_equal(lf_ledger_check(&sum->ledger, NULL), LF_OK);
            sum->fills[report.fill.liquidity]++;
            sum->filled += report.fill.lots;
        }
        note_life(&report, sum);
    }
    if (count != slow->report_count) {
        fail_msg("seed %llu, step %lld: the twin says more", (unsigned long long)seed, at);
    }
    slow->report_count = 0;
    for (int i = 0; i < slow->order_count; i++) {
        const uint64_t id = (uint64_t)i + 1;
        const int64_t left = slow->orders[i].rests ? lf_venue_ahead(venue, id) : 0;
        const int64_t right = slow->orders[i].rests ? twin_ahead(slow, id) : 0;
        const bool unknown = left > TWIN_UNKNOWN / 2 && right > TWIN_UNKNOWN / 2;
        if (left != right && !unknown) {
            fail_msg(
                "seed %llu, step %lld, order %llu: %lld ahead, twin %lld",
                (unsigned long long)seed,
                (long long)at,
                (unsigned long long)id,
                (long long)left,
                (long long)right
            );
        }
    }
}

static void run_day(twin *slow, uint64_t seed, int32_t level_count, tally *sum)
{
    enum {
        STEPS = 2500,
        ORDERS_MAX = 6
    };
    day random;
    begin_day(&random, seed, level_count);
    memset(slow, 0, sizeof *slow);
    slow->orders_max = ORDERS_MAX;
    slow->base = BASE;
    slow->self_trade = (lf_self_trade)(seed % 2);
    slow->instrument = day_instrument(level_count);
    lf_execution_options options;
    lf_execution_options_default(&options);
    options.orders_max = ORDERS_MAX;
    options.self_trade = slow->self_trade;
    lf_venue *venue;
    assert_int_equal(lf_venue_create(NULL, &slow->instrument, &options, &venue, NULL), LF_OK);
    lf_error error;
    uint64_t next_id = 1;
    for (int step = 0; step < STEPS; step++) {
        lf_event event;
        make_event(&random, &event);
        /* The last events lie behind the close. */
        event.ts_exchange_ns += step > STEPS - 10 ? CLOSE_NS : 0;
        if (lf_venue_event(venue, &event, random.trades, &error) != LF_OK) {
            fail_msg("seed %llu: %s", (unsigned long long)seed, error.message);
        }
        twin_event(slow, &event, random.trades);
        compare(venue, slow, sum, seed, step);
        for (int64_t more = below(&random, 3); more > 0; more--) {
            const lf_request request = make_request(&random, next_id);
            const bool is_new = request.kind == LF_REQUEST_NEW;
            sum->requests++;
            if (is_new) {
                sum->wanted += request.lots;
                sum->lots[next_id++ - 1] = request.lots;
            }
            assert_int_equal(
                lf_venue_request(venue, &request, event.ts_exchange_ns, &error), LF_OK
            );
            twin_request(slow, &request, event.ts_exchange_ns);
            compare(venue, slow, sum, seed, step);
        }
    }
    assert_int_equal(lf_venue_open_count(venue), 0);
    assert_true(lf_venue_stats_of(venue)->conservation_checks > 0);
    lf_venue_destroy(venue);
}

static void test_venue_is_its_twin(void **state)
{
    (void)state;
    static const int32_t level_counts[] = {1, 3, 5, 10};
    twin *const slow = malloc(sizeof *slow);
    assert_non_null(slow);
    tally *const sum = calloc(1, sizeof *sum);
    assert_non_null(sum);
    const char *const slow_run = getenv("LOBFLOW_SLOW");
    const uint64_t days = slow_run != NULL && slow_run[0] == '1' ? 440 : 44;
    for (uint64_t seed = 1; seed <= days; seed++) {
        run_day(slow, seed, level_counts[seed / 2 % 4], sum);
    }
    free(slow);
    /* Every lot that was wanted was filled or given up, and the account holds all that was
       filled. */
    assert_int_equal(sum->wanted, sum->filled + sum->given_up);
    assert_int_equal(sum->ledger.bought_lots + sum->ledger.sold_lots, sum->filled);
    assert_true(sum->requests > (int64_t)days * 100000 / 44);
    for (int i = 0; i < LF_LIQUIDITY_COUNT; i++) {
        assert_true(sum->fills[i] > 1000);
    }
    /* Everything that can be said was said. */
    for (int i = 0; i <= LF_REPORT_MODIFY_REJECTED; i++) {
        assert_true(sum->reports[i] > 100);
    }
    for (int i = LF_REJECT_NONE + 1; i < LF_REJECT_COUNT; i++) {
        if (i == LF_REJECT_GATEWAY) {
            continue; /* never the venue's word */
        }
        if (sum->rejects[i] < 10) {
            fail_msg("%s was said %lld times", lf_reject_name((lf_reject)i), sum->rejects[i]);
        }
    }
    free(sum);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_venue_is_its_twin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
