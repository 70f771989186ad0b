/*
 * A small market maker on recorded days, as hftbacktest's users write it, to compare fills one by
 * one: mm100 QUEUE START_NS FILE... prints order, side, ticks, lots, time at the exchange, and the
 * step that saw it.
 *
 * Every 100 ms on the local clock it keeps one post-only order of 10 lots at each touch, within 50
 * lots; an order at another price is cancelled, and a new one goes out once that is answered. Own
 * messages take 5 ms each way, and an order that is reached is filled whole.
 */
#include <lobflow/lobflow.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP_NS (100 * LF_NS_PER_MILLISECOND)
#define WAY_NS (5 * LF_NS_PER_MILLISECOND)
#define ORDER_LOTS 10
#define LIMIT_LOTS 50

/* An own order as the strategy knows it. */
typedef struct slot {
    uint64_t id; /* 0: empty */
    int64_t price_ticks;
    int64_t fill_ns; /* exchange time of the fill, 0: none */
    bool accepted, cancelling, done;
} slot;

typedef struct maker {
    lf_venue *venue;
    lf_channel *requests, *reports, *news;
    lf_quotes quotes; /* as seen locally */
    slot slots[2];    /* 0 bid, 1 ask */
    int64_t position_lots;
    int64_t step_ns;
    uint64_t last_id;
} maker;

static void must(lf_status status, const lf_error *error)
{
    if (status != LF_OK) {
        fprintf(stderr, "mm100: %s\n", error->message);
        exit(1);
    }
}

/* ---- messages --------------------------------------------------------------------------- */

static void hear(maker *self, const lf_report *report)
{
    for (int side = 0; side < 2; side++) {
        slot *const at = &self->slots[side];
        if (at->id != report->order_id) {
            continue;
        }
        at->accepted |= report->kind == LF_REPORT_ACCEPTED;
        at->cancelling &= report->kind != LF_REPORT_CANCEL_REJECTED;
        at->done |= lf_order_state_done(report->state) && report->kind != LF_REPORT_CANCEL_REJECTED;
        if (report->kind == LF_REPORT_FILL) {
            at->fill_ns = report->ts_venue_ns;
            self->position_lots += report->fill.side * report->fill.lots;
        }
    }
}

static void collect(maker *self)
{
    lf_error error;
    for (lf_report report; lf_venue_take(self->venue, &report);) {
        must(lf_channel_push(self->reports, report.ts_venue_ns + WAY_NS, &report), &error);
    }
}

static void send(maker *self, const lf_request *request)
{
    lf_error error;
    must(lf_channel_push(self->requests, self->step_ns + WAY_NS, request), &error);
}

/* ---- a step ----------------------------------------------------------------------------- */

static void look(maker *self, int side)
{
    slot *const at = &self->slots[side];
    if (at->id == 0 || !at->done) {
        return;
    }
    if (at->fill_ns != 0) {
        printf(
            "%llu,%d,%lld,%d,%lld,%lld\n",
            (unsigned long long)at->id,
            side == 0 ? 1 : -1,
            (long long)at->price_ticks,
            ORDER_LOTS,
            (long long)at->fill_ns,
            (long long)self->step_ns
        );
    }
    *at = (slot){0};
}

static void quote(maker *self, int side)
{
    slot *const at = &self->slots[side];
    const bool wanted =
        side == 0 ? self->position_lots < LIMIT_LOTS : self->position_lots > -LIMIT_LOTS;
    const int64_t price = side == 0 ? self->quotes.bid_ticks[0] : self->quotes.ask_ticks[0];
    if (at->id != 0 && at->accepted && !at->cancelling && (!wanted || at->price_ticks != price)) {
        const lf_request cancel = {.order_id = at->id, .kind = LF_REQUEST_CANCEL};
        at->cancelling = true;
        send(self, &cancel);
    } else if (at->id == 0 && wanted) {
        *at = (slot){.id = ++self->last_id, .price_ticks = price};
        const lf_request request = {
            .order_id = at->id,
            .lots = ORDER_LOTS,
            .price_ticks = price,
            .order_kind = LF_ORDER_KIND_PASSIVE,
            .side = side == 0 ? 1 : -1,
            .post_only = true,
        };
        send(self, &request);
    }
}

static void step(maker *self)
{
    look(self, 0);
    look(self, 1);
    if (lf_book_valid(&self->quotes)) {
        quote(self, 0);
        quote(self, 1);
    }
    self->step_ns += STEP_NS;
}

/* ---- time ------------------------------------------------------------------------------- */

/* Everything that is due before a time of the exchange. */
static void advance(maker *self, int64_t limit_ns)
{
    lf_error error;
    for (;;) {
        const int64_t news_ns = lf_channel_due(self->news);
        const int64_t report_ns = lf_channel_due(self->reports);
        const int64_t request_ns = lf_channel_due(self->requests);
        int64_t due = news_ns < report_ns ? news_ns : report_ns;
        due = request_ns < due ? request_ns : due;
        due = self->step_ns < due ? self->step_ns : due;
        if (due >= limit_ns) {
            return;
        }
        if (news_ns == due) {
            (void)lf_channel_take(self->news, &self->quotes);
        } else if (report_ns == due) {
            lf_report report;
            (void)lf_channel_take(self->reports, &report);
            hear(self, &report);
        } else if (request_ns == due) {
            lf_request request;
            (void)lf_channel_take(self->requests, &request);
            must(lf_venue_request(self->venue, &request, due, &error), &error);
            collect(self);
        } else {
            step(self);
        }
    }
}

static void trade_feed(maker *self, lf_feed *feed)
{
    lf_error error;
    for (;;) {
        lf_batch batch;
        must(lf_feed_next(feed, &batch, &error), &error);
        if (batch.event_count == 0) {
            return;
        }
        for (size_t i = 0; i < batch.event_count; i++) {
            const lf_event *const event = &batch.events[i];
            advance(self, event->ts_exchange_ns);
            must(
                lf_venue_event(self->venue, event, batch.trades + event->trade_first, &error),
                &error
            );
            collect(self);
            must(lf_channel_push(self->news, event->ts_local_ns, &event->quotes), &error);
        }
    }
}

/* One venue for all days: the book goes on over midnight. */
static void open_venue(maker *self, const lf_source_list *list, const char *queue)
{
    lf_error error;
    lf_feed *feed = NULL;
    lf_execution_options options;
    lf_execution_options_default(&options);
    options.fees.schedule = LF_FEE_SCHEDULE_NONE;
    options.queue.n = 3.0;
    options.queue.partial = false;
    while (strcmp(lf_queue_model_name(options.queue.model), queue) != 0) {
        options.queue.model++;
        if (options.queue.model == LF_QUEUE_COUNT) {
            fprintf(stderr, "mm100: there is no queue model %s\n", queue);
            exit(2);
        }
    }
    must(lf_feed_open(&list->sources[0], NULL, &feed, &error), &error);
    lf_instrument instrument = *lf_feed_instrument(feed);
    instrument.session_close_ns += (int64_t)(list->count - 1) * LF_NS_PER_DAY;
    must(lf_venue_create(NULL, &instrument, &options, &self->venue, &error), &error);
    lf_feed_close(feed);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "mm100 QUEUE START_NS FILE...\n");
        return 2;
    }
    lf_error error;
    lf_source_list list;
    maker self = {.step_ns = strtoll(argv[2], NULL, 10) + STEP_NS};
    for (int m = 0; m < LF_LEVELS_MAX; m++) {
        self.quotes.bid_ticks[m] = LF_BID_NONE;
        self.quotes.ask_ticks[m] = LF_ASK_NONE;
    }
    const char *const *const paths = (const char *const *)argv + 3;
    must(lf_feed_find(paths, (size_t)argc - 3, NULL, &list, &error), &error);
    open_venue(&self, &list, argv[1]);
    must(lf_channel_create(NULL, sizeof(lf_request), 64, &self.requests, &error), &error);
    must(lf_channel_create(NULL, sizeof(lf_report), 64, &self.reports, &error), &error);
    must(lf_channel_create(NULL, sizeof(lf_quotes), 1024, &self.news, &error), &error);
    for (size_t i = 0; i < list.count; i++) {
        lf_feed *feed = NULL;
        must(lf_feed_open(&list.sources[i], NULL, &feed, &error), &error);
        trade_feed(&self, feed);
        lf_feed_close(feed);
    }
    lf_channel_destroy(self.requests);
    lf_channel_destroy(self.reports);
    lf_channel_destroy(self.news);
    lf_venue_destroy(self.venue);
    lf_source_list_clear(&list);
    return 0;
}
