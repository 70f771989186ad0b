/*
 * A small market maker on recorded days, as hftbacktest's users write it, to compare fills one by
 * one: mm100 QUEUE START_NS FILE... prints order, side, ticks, lots, time at the exchange, and the
 * step that saw it.
 *
 * Every 100 ms on the local clock it keeps one post-only order of 10 lots at each touch, within 50
 * lots; an order at another price is cancelled, and a new one goes out once that is answered. Own
 * messages take 5 ms each way, and an order that is reached is filled whole.
 *
 * mm100 --time ROUNDS SETS QUEUE START_NS FILE... first reads all events into memory, then trades
 * them as often as asked, with so many makers of different limits side by side, and prints on
 * stderr what reading took, how many events there are, and the ns of each round.
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

/* Every event of all days. */
typedef struct day {
    lf_event *events;
    int64_t *known_ns; /* [event_count] when each is known locally; nothing overtakes */
    lf_trade *trades;
    size_t event_count, event_capacity;
    size_t trade_count, trade_capacity;
    lf_instrument instrument;
} day;

typedef struct maker {
    int64_t due_ns; /* earliest of report, request and step */
    lf_venue *venue;
    const day *days;
    size_t seen; /* events known locally */
    lf_channel *requests, *reports;
    slot slots[2]; /* 0 bid, 1 ask */
    int64_t position_lots;
    int64_t limit_lots;
    int64_t step_ns;
    uint64_t last_id;
    bool is_silent; /* prints no fills */
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
    if (at->fill_ns != 0 && !self->is_silent) {
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

static void quote(maker *self, int side, int64_t price)
{
    slot *const at = &self->slots[side];
    const bool wanted = side == 0 ? self->position_lots < self->limit_lots
                                  : self->position_lots > -self->limit_lots;
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
    const day *const days = self->days;
    look(self, 0);
    look(self, 1);
    while (self->seen < days->event_count && days->known_ns[self->seen] <= self->step_ns) {
        self->seen++;
    }
    const lf_quotes *const quotes = self->seen > 0 ? &days->events[self->seen - 1].quotes : NULL;
    if (quotes != NULL && lf_book_valid(quotes)) {
        quote(self, 0, quotes->bid_ticks[0]);
        quote(self, 1, quotes->ask_ticks[0]);
    }
    self->step_ns += STEP_NS;
}

/* ---- time ------------------------------------------------------------------------------- */

/* Everything that is due before a time of the exchange. */
static void advance(maker *self, int64_t limit_ns)
{
    lf_error error;
    for (;;) {
        const int64_t report_ns = lf_channel_due(self->reports);
        const int64_t request_ns = lf_channel_due(self->requests);
        int64_t due = request_ns < report_ns ? request_ns : report_ns;
        due = self->step_ns < due ? self->step_ns : due;
        self->due_ns = due;
        if (due >= limit_ns) {
            return;
        }
        if (report_ns == due) {
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

/* All makers up to an event, the event, and what their venues say of it. */
static void
meet(maker *makers, size_t count, lf_market *market, const lf_event *event, const lf_trade *trades)
{
    lf_error error;
    size_t reported_count;
    for (size_t i = 0; i < count; i++) {
        if (makers[i].due_ns < event->ts_exchange_ns) {
            advance(&makers[i], event->ts_exchange_ns);
        }
    }
    must(lf_market_event(market, event, trades, &error), &error);
    const uint32_t *const reported = lf_market_reported(market, &reported_count);
    for (size_t i = 0; i < reported_count; i++) {
        maker *const self = &makers[reported[i]];
        collect(self);
        const int64_t report_ns = lf_channel_due(self->reports);
        self->due_ns = report_ns < self->due_ns ? report_ns : self->due_ns;
    }
}

/* ---- days ------------------------------------------------------------------------------- */

static void keep(day *out, const lf_batch *batch)
{
    lf_error error = {.message = "no memory for the events"};
    void *events = out->events;
    void *trades = out->trades;
    const size_t event_count = out->event_count + batch->event_count;
    const size_t trade_count = out->trade_count + batch->trade_count;
    must(lf_grow(NULL, &events, &out->event_capacity, event_count, sizeof *out->events), &error);
    out->events = events;
    must(lf_grow(NULL, &trades, &out->trade_capacity, trade_count, sizeof *out->trades), &error);
    out->trades = trades;
    for (size_t i = 0; i < batch->event_count; i++) {
        out->events[out->event_count] = batch->events[i];
        out->events[out->event_count++].trade_first += (uint32_t)out->trade_count;
    }
    for (size_t i = 0; i < batch->trade_count; i++) {
        out->trades[out->trade_count++] = batch->trades[i];
    }
}

static void read_days(const lf_source_list *list, day *out)
{
    lf_error error;
    for (size_t i = 0; i < list->count; i++) {
        lf_feed *feed = NULL;
        lf_batch batch = {.event_count = 1};
        must(lf_feed_open(&list->sources[i], NULL, &feed, &error), &error);
        if (i == 0) {
            out->instrument = *lf_feed_instrument(feed);
        }
        while (batch.event_count > 0) {
            must(lf_feed_next(feed, &batch, &error), &error);
            keep(out, &batch);
        }
        lf_feed_close(feed);
    }
    out->instrument.session_close_ns += (int64_t)(list->count - 1) * LF_NS_PER_DAY;
    out->known_ns = lf_allocate(NULL, out->event_count + 1, sizeof *out->known_ns);
    must(out->known_ns != NULL ? LF_OK : LF_NOMEM, &(lf_error){.message = "no memory"});
    int64_t last_ns = INT64_MIN;
    for (size_t i = 0; i < out->event_count; i++) {
        const int64_t ts_ns = out->events[i].ts_local_ns;
        last_ns = ts_ns > last_ns ? ts_ns : last_ns;
        out->known_ns[i] = last_ns;
    }
}

/* ---- makers ----------------------------------------------------------------------------- */

/* One venue for all days: the book goes on over midnight. The makers share one market. */
static void open_maker(
    maker *self, const day *days, lf_market *market, const char *queue, int64_t start_ns, int set
)
{
    lf_error error;
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
    *self = (maker){
        .days = days,
        .due_ns = INT64_MIN,
        .limit_lots = LIMIT_LOTS + (int64_t)set * ORDER_LOTS,
        .step_ns = start_ns + STEP_NS,
        .is_silent = set > 0,
    };
    must(lf_market_open(market, &options, &self->venue, &error), &error);
    must(lf_channel_create(NULL, sizeof(lf_request), 64, &self->requests, &error), &error);
    must(lf_channel_create(NULL, sizeof(lf_report), 64, &self->reports, &error), &error);
}

static void close_maker(maker *self)
{
    lf_channel_destroy(self->requests);
    lf_channel_destroy(self->reports);
    lf_venue_destroy(self->venue);
}

/* One pass of all makers; fills are printed in the last one only. Returns its ns. */
static int64_t trade(const day *days, const char *queue, int64_t start_ns, int sets, bool is_silent)
{
    lf_error error;
    lf_market *market;
    must(lf_market_create(NULL, &days->instrument, &market, &error), &error);
    maker *const makers = calloc((size_t)sets, sizeof *makers);
    if (makers == NULL) {
        exit(1);
    }
    for (int i = 0; i < sets; i++) {
        open_maker(&makers[i], days, market, queue, start_ns, i);
        makers[i].is_silent |= is_silent;
    }
    const int64_t begin_ns = lf_clock_monotonic_ns();
    for (size_t e = 0; e < days->event_count; e++) {
        const lf_event *const event = &days->events[e];
        meet(makers, (size_t)sets, market, event, days->trades + event->trade_first);
    }
    const int64_t taken_ns = lf_clock_monotonic_ns() - begin_ns;
    for (int i = 0; i < sets; i++) {
        close_maker(&makers[i]);
    }
    lf_market_destroy(market);
    free(makers);
    return taken_ns;
}

int main(int argc, char **argv)
{
    const bool is_timed = argc > 1 && strcmp(argv[1], "--time") == 0;
    const int first = is_timed ? 4 : 1;
    if (argc < first + 3) {
        fprintf(stderr, "mm100 [--time ROUNDS SETS] QUEUE START_NS FILE...\n");
        return 2;
    }
    const int rounds = is_timed ? atoi(argv[2]) : 1;
    const int sets = is_timed ? atoi(argv[3]) : 1;
    const int64_t start_ns = strtoll(argv[first + 1], NULL, 10);
    const char *const *const paths = (const char *const *)argv + first + 2;
    lf_error error;
    lf_source_list list;
    day days = {0};
    const int64_t begin_ns = lf_clock_monotonic_ns();
    must(lf_feed_find(paths, (size_t)(argc - first - 2), NULL, &list, &error), &error);
    read_days(&list, &days);
    if (is_timed) {
        const int64_t read_ns = lf_clock_monotonic_ns() - begin_ns;
        fprintf(stderr, "read %lld events %zu\n", (long long)read_ns, days.event_count);
    }
    for (int r = 0; r < rounds; r++) {
        const int64_t ns = trade(&days, argv[first], start_ns, sets, r + 1 < rounds);
        if (is_timed) {
            fprintf(stderr, "round %lld\n", (long long)ns);
        }
    }
    lf_release(NULL, days.events);
    lf_release(NULL, days.known_ns);
    lf_release(NULL, days.trades);
    lf_source_list_clear(&list);
    return 0;
}
