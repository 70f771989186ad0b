/* The venue alone, of the verb bench: two resting orders that follow the touch. */
#include "bench.h"

#include <lobflow/book.h>

#define STEP_NS (100 * LF_NS_PER_MILLISECOND)
#define ORDER_LOTS 100

/* An order on each side, looked at every 100 ms. */
typedef struct quoter {
    lf_market *market;
    lf_venue *venue;
    struct {
        uint64_t id;
        int64_t price_ticks;
        bool rests;
    } sides[2]; /* 0 bid, 1 ask */
    int64_t next_ns;
    uint64_t last_id;
    int64_t fill_count;
} quoter;

static void hear(quoter *self)
{
    for (lf_report report; lf_venue_take(self->venue, &report);) {
        self->fill_count += report.kind == LF_REPORT_FILL;
        for (int s = 0; s < 2; s++) {
            if (self->sides[s].id == report.order_id && lf_order_state_done(report.state)) {
                self->sides[s].rests = false;
            }
        }
    }
}

/* Takes back an order that is not at the touch, and sends one where none rests. */
static lf_status quote(quoter *self, int s, const lf_quotes *quotes, int64_t ts_ns, lf_error *error)
{
    const int64_t price = s == 0 ? quotes->bid_ticks[0] : quotes->ask_ticks[0];
    lf_status status = LF_OK;
    if (self->sides[s].rests && self->sides[s].price_ticks != price) {
        const lf_request cancel = {.order_id = self->sides[s].id, .kind = LF_REQUEST_CANCEL};
        status = lf_venue_request(self->venue, &cancel, ts_ns, error);
        hear(self);
    }
    if (status == LF_OK && !self->sides[s].rests) {
        self->sides[s].id = ++self->last_id;
        self->sides[s].price_ticks = price;
        self->sides[s].rests = true;
        const lf_request request = {
            .order_id = self->last_id,
            .lots = ORDER_LOTS,
            .price_ticks = price,
            .order_kind = LF_ORDER_KIND_PASSIVE,
            .side = s == 0 ? 1 : -1,
            .post_only = true,
        };
        status = lf_venue_request(self->venue, &request, ts_ns, error);
        hear(self);
    }
    return status;
}

static lf_status
meet(quoter *self, const bench_day *day, size_t index, const lf_quotes *before, lf_error *error)
{
    const lf_event *const event = &day->events[index];
    lf_status status = LF_OK;
    if (event->ts_exchange_ns >= self->next_ns) {
        if (before != NULL && lf_book_valid(before)) {
            status = quote(self, 0, before, self->next_ns, error);
            if (status == LF_OK) {
                status = quote(self, 1, before, self->next_ns, error);
            }
        }
        /* Steps without an event between them would find nothing new. */
        self->next_ns += (event->ts_exchange_ns - self->next_ns) / STEP_NS * STEP_NS + STEP_NS;
    }
    if (status == LF_OK) {
        status = lf_market_event(self->market, event, day->trades + event->trade_first, error);
    }
    size_t reported_count;
    (void)lf_market_reported(self->market, &reported_count);
    if (reported_count > 0) {
        hear(self);
    }
    return status;
}

static lf_status venue_pass(const bench *work, void *context, bench_pass *pass, lf_error *error)
{
    const bench_day *const day = &work->day;
    int64_t *const fill_count = context;
    lf_execution_options options;
    lf_execution_options_default(&options);
    options.fees.schedule = LF_FEE_SCHEDULE_NONE;
    quoter self = {.next_ns = day->instrument.session_open_ns};
    lf_status status = lf_market_create(NULL, &day->instrument, &self.market, error);
    if (status == LF_OK) {
        status = lf_market_open(self.market, &options, &self.venue, error);
    }
    for (size_t from = 0; from < day->event_count && status == LF_OK; from += BENCH_PIECE) {
        const size_t left = day->event_count - from;
        const size_t count = left < BENCH_PIECE ? left : BENCH_PIECE;
        bench_begin(pass);
        for (size_t i = from; i < from + count && status == LF_OK; i++) {
            const lf_quotes *const before = i > 0 ? &day->events[i - 1].quotes : NULL;
            status = meet(&self, day, i, before, error);
        }
        bench_end(pass, count, count * sizeof *day->events);
    }
    lf_venue_destroy(self.venue);
    lf_market_destroy(self.market);
    *fill_count = self.fill_count;
    return status;
}

lf_status bench_venue(bench *work, lf_error *error)
{
    int64_t fill_count = 0;
    return bench_measure(work, "backtest", "two quotes alone", venue_pass, &fill_count, error);
}
