/*
 * Goal: the queue models bracket each other in a venue: at every moment the optimistic one has
 * filled at least as much as any other, and the risk-averse one at most as much. Method: random
 * days; on each side one order at a time, the same for all venues, cancelled at the same time.
 */
#include <lobflow/execution.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "day_testing.h"

/* One venue for each model, and what its present order on each side has filled. */
typedef struct desk {
    lf_venue *venues[LF_QUEUE_FIFO];
    uint64_t ids[2]; /* 0: none; 0 bid, 1 ask */
    int64_t filled[LF_QUEUE_FIFO][2];
    int64_t sums[LF_QUEUE_FIFO];
    uint64_t last_id;
} desk;

static void open_desk(desk *self, int32_t level_count)
{
    *self = (desk){0};
    const lf_instrument instrument = day_instrument(level_count);
    for (int model = 0; model < LF_QUEUE_FIFO; model++) {
        lf_execution_options options;
        lf_execution_options_default(&options);
        options.queue.model = (lf_queue_model)model;
        options.queue.n = 2.0;
        assert_int_equal(
            lf_venue_create(NULL, &instrument, &options, &self->venues[model], NULL), LF_OK
        );
    }
}

/* Takes in what the venues say about the present orders. */
static void listen(desk *self)
{
    for (int model = 0; model < LF_QUEUE_FIFO; model++) {
        for (lf_report report; lf_venue_take(self->venues[model], &report);) {
            for (int side = 0; side < 2; side++) {
                if (report.kind == LF_REPORT_FILL && report.order_id == self->ids[side]) {
                    self->filled[model][side] += report.fill.lots;
                    self->sums[model] += report.fill.lots;
                }
            }
        }
    }
    for (int side = 0; side < 2; side++) {
        for (int model = 0; model < LF_QUEUE_FIFO; model++) {
            const int64_t filled = self->filled[model][side];
            if (filled > self->filled[LF_QUEUE_OPTIMISTIC][side] ||
                filled < self->filled[LF_QUEUE_RISK_AVERSE][side]) {
                fail_msg("%s filled %lld", lf_queue_model_name((lf_queue_model)model), filled);
            }
        }
    }
}

static void request_all(desk *self, const lf_request *request, int64_t ts_ns)
{
    for (int model = 0; model < LF_QUEUE_FIFO; model++) {
        assert_int_equal(lf_venue_request(self->venues[model], request, ts_ns, NULL), LF_OK);
    }
    listen(self);
}

/* Now and then a side's order goes and another comes, near the touch and away from the other. */
static void renew(desk *self, day *random, int64_t ts_ns)
{
    for (int side = 0; side < 2; side++) {
        if (below(random, 40) != 0) {
            continue;
        }
        if (self->ids[side] != 0) {
            const lf_request cancel = {.order_id = self->ids[side], .kind = LF_REQUEST_CANCEL};
            request_all(self, &cancel, ts_ns);
        }
        const int touch = best_tick(random, side);
        self->ids[side] = ++self->last_id;
        for (int model = 0; model < LF_QUEUE_FIFO; model++) {
            self->filled[model][side] = 0;
        }
        const lf_request request = {
            .order_id = self->ids[side],
            .lots = 1 + below(random, 60),
            .price_ticks = BASE + touch + (side == 0 ? -1 : 1) * below(random, 3),
            .order_kind = LF_ORDER_KIND_PASSIVE,
            .side = side == 0 ? 1 : -1,
            .post_only = true,
        };
        request_all(self, &request, ts_ns);
    }
}

static void test_models_bracket(void **state)
{
    (void)state;
    int64_t sums[LF_QUEUE_FIFO] = {0};
    for (uint64_t seed = 1; seed <= 20; seed++) {
        const int32_t level_count = seed % 2 == 0 ? 10 : 3;
        day random;
        desk self;
        begin_day(&random, seed, level_count);
        open_desk(&self, level_count);
        for (int step = 0; step < 2000; step++) {
            lf_event event;
            make_event(&random, &event);
            for (int model = 0; model < LF_QUEUE_FIFO; model++) {
                assert_int_equal(
                    lf_venue_event(self.venues[model], &event, random.trades, NULL), LF_OK
                );
            }
            listen(&self);
            renew(&self, &random, event.ts_exchange_ns);
        }
        for (int model = 0; model < LF_QUEUE_FIFO; model++) {
            sums[model] += self.sums[model];
            lf_venue_destroy(self.venues[model]);
        }
    }
    /* The bracket is open: the models are not one and the same. */
    assert_true(sums[LF_QUEUE_OPTIMISTIC] > sums[LF_QUEUE_POWER]);
    assert_true(sums[LF_QUEUE_POWER] > sums[LF_QUEUE_RISK_AVERSE]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models_bracket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
