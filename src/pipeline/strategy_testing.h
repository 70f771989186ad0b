/* A strategy under a table's hand: messages go in, and what it sends comes out as a line of text.
 */
#ifndef LOBFLOW_PIPELINE_STRATEGY_TESTING_H
#define LOBFLOW_PIPELINE_STRATEGY_TESTING_H

#include <lobflow/pipeline.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

#define OPEN_NS (INT64_C(1000) * LF_NS_PER_SECOND)
#define ROWS 120
#define MS LF_NS_PER_MILLISECOND

/* ---- messages --------------------------------------------------------------------------- */

/*
 * p the prediction of row `ms` / 1000 is a per cent, the flow b tenths (1 is the threshold); q a
 * state with bid a and ask b, c = 1: masked; w wakes up to the time; reports on the last order: a
 * accepted, f filled a lots at b, x its rest cancelled, r rejected, e expired; k: a cancel came too
 * late; K the kill switch.
 */
typedef struct message {
    char what;
    int64_t ms;
    int64_t a, b, c;
} message;

/*
 * Options: P passive entries, C that cross when their time is over, T a limit at the touch, M at
 * most 50 lots, N no stop, H one of 2.25 ticks, W a stop of two median spreads (2 ticks each), L a
 * loss limit of 2 USD, F no time for leaving, 1 and 2 at most so many orders and cancels a second,
 * K killed by two rejects in a row.
 */
typedef struct scenario {
    const char *name;
    const char *options;
    message messages[12];
    const char *sent;
} scenario;

#define QUOTE \
    { \
        'q', 500, 100, 102, 0 \
    }
#define LONG(second) \
    { \
        'p', (second)*1000, 60, 15, 0 \
    }
#define SHORT(second) \
    { \
        'p', (second)*1000, 40, -15, 0 \
    }

/* ---- a strategy under the table's hand -------------------------------------------------- */

typedef struct desk {
    lf_pipeline *pipeline;
    lf_row rows[ROWS];
    lf_request last; /* new order */
    int64_t last_filled;
    char log[1024];
    size_t used;
} desk;

static lf_instrument small_instrument(void)
{
    return (lf_instrument){
        .symbol = "TEST",
        .currency = "USD",
        .tick_nano = 10000000,
        .lot_nano = LF_NS_PER_SECOND,
        .units_per_tick = 100,
        .level_count = 1,
        .session_open_ns = OPEN_NS,
        .session_close_ns = OPEN_NS + ROWS * LF_NS_PER_SECOND,
        .date = {2026, 6, 1},
    };
}

static lf_strategy_options options_of(const char *flags)
{
    lf_strategy_options options;
    lf_strategy_options_default(&options);
    options.execution.fees.schedule = LF_FEE_SCHEDULE_NONE;
    options.risk.hold_ns = 10 * LF_NS_PER_SECOND;
    options.risk.flatten_ns = 20 * LF_NS_PER_SECOND;
    for (; *flags != '\0'; flags++) {
        switch (*flags) {
        case 'P':
            options.execution.entry = LF_ORDER_KIND_PASSIVE;
            break;
        case 'C':
            options.execution.passive_timeout = LF_TIMEOUT_CROSS;
            break;
        case 'T':
            options.execution.limit_ticks = 0;
            break;
        case 'M':
            options.risk.max_position = 50;
            break;
        case 'N':
            options.risk.stop_ticks = 0;
            options.risk.stop_spreads = 0;
            break;
        case 'H':
            options.risk.stop_ticks = 2.25;
            break;
        case 'W':
            options.risk.stop_spreads = 2;
            break;
        case 'L':
            options.risk.max_daily_loss = 2;
            break;
        case '1':
        case '2':
            options.risk.max_orders_per_second = *flags - '0';
            break;
        case 'K':
            options.risk.kill_rejects = 2;
            break;
        case 'F':
            options.risk.flatten_ns = 0;
            break;
        default:
            fail_msg("no option %c", *flags);
        }
    }
    return options;
}

static void log_intent(desk *self, const lf_intent *intent)
{
    const lf_request *const request = &intent->request;
    char *const text = self->log + self->used;
    const size_t room = sizeof self->log - self->used;
    const int64_t delay_ms = (intent->ts_sent_ns - intent->ts_decision_ns) / MS;
    const bool is_new = request->kind == LF_REQUEST_NEW;
    const bool limited = request->price_ticks != LF_PRICE_NONE;
    const bool other_cause = intent->cause != intent->reason;
    char delay[16] = "";
    char price[24] = "";
    char what[80];
    if (limited) {
        (void)snprintf(price, sizeof price, "%lld", (long long)request->price_ticks);
    }
    if (delay_ms != 0) {
        (void)snprintf(delay, sizeof delay, "+%lld", (long long)delay_ms);
    }
    if (is_new) {
        (void)snprintf(
            what,
            sizeof what,
            "%c%lld%c%s %s",
            request->side > 0 ? 'B' : 'S',
            (long long)request->lots,
            request->order_kind == LF_ORDER_KIND_PASSIVE ? 'p' : 'm',
            price,
            lf_reason_name(intent->reason)
        );
        self->last = *request;
        self->last_filled = 0;
    } else {
        (void)snprintf(what, sizeof what, "x%llu", (unsigned long long)request->order_id);
    }
    const int length = snprintf(
        text,
        room,
        "%lld%s:%s%s%s%s ",
        (long long)((intent->ts_decision_ns - OPEN_NS) / MS),
        delay,
        what,
        is_new && other_cause ? "(" : "",
        is_new && other_cause ? lf_reason_name(intent->cause) : "",
        is_new && other_cause ? ")" : ""
    );
    self->used += length > 0 && (size_t)length < room ? (size_t)length : 0;
}

static void drain(desk *self)
{
    for (lf_intent intent; lf_pipeline_take(self->pipeline, 0, &intent);) {
        log_intent(self, &intent);
    }
}

/* Everything that is due before a time. */
static void wake_until(desk *self, int64_t ts_ns)
{
    while (lf_pipeline_wake_due(self->pipeline) < ts_ns) {
        (void)lf_pipeline_wake(self->pipeline, NULL);
        drain(self);
    }
}

static lf_event state_of(const message *m)
{
    lf_event event = {.kind = LF_EVENT_QUOTE, .flags = m->c == 1 ? LF_EVENT_MASKED : 0};
    event.ts_exchange_ns = OPEN_NS + m->ms * MS;
    event.ts_local_ns = event.ts_exchange_ns;
    for (int level = 0; level < LF_LEVELS_MAX; level++) {
        event.quotes.bid_ticks[level] = LF_BID_NONE;
        event.quotes.ask_ticks[level] = LF_ASK_NONE;
    }
    event.quotes.bid_ticks[0] = m->a;
    event.quotes.ask_ticks[0] = m->b;
    event.quotes.bid_lots[0] = 100;
    event.quotes.ask_lots[0] = 100;
    return event;
}

static lf_report report_of(desk *self, const message *m)
{
    lf_report report = {.order_id = self->last.order_id, .ts_venue_ns = OPEN_NS + m->ms * MS};
    if (m->what == 'f') {
        self->last_filled += m->a;
        const bool whole = self->last_filled == self->last.lots;
        report.kind = LF_REPORT_FILL;
        report.state = whole ? LF_ORDER_STATE_FILLED : LF_ORDER_STATE_WORKING_PARTIAL;
        report.fill = (lf_fill){
            .order_id = self->last.order_id,
            .price_ticks = m->b,
            .lots = m->a,
            .value_nano = m->a * m->b * 10000000,
            .side = self->last.side,
        };
    } else if (m->what == 'x') {
        report.kind = LF_REPORT_CANCELLED;
        report.state = LF_ORDER_STATE_CANCELLED;
    } else if (m->what == 'r') {
        report.kind = LF_REPORT_REJECTED;
        report.state = LF_ORDER_STATE_REJECTED;
    } else if (m->what == 'e') {
        report.kind = LF_REPORT_EXPIRED;
        report.state = LF_ORDER_STATE_EXPIRED;
    } else if (m->what == 'k') {
        report.kind = LF_REPORT_CANCEL_REJECTED;
        report.state = LF_ORDER_STATE_REJECTED;
    } else {
        report.kind = LF_REPORT_ACCEPTED;
        report.state = LF_ORDER_STATE_RESTING;
    }
    report.filled_lots = self->last_filled;
    return report;
}

/* Begin with one strategy; the rows have been made. */
LF_TESTING_UNUSED static void open_desk(desk *self, const lf_strategy_options *strategy)
{
    const lf_instrument instrument = small_instrument();
    const lf_span span = {
        .from_ns = OPEN_NS,
        .to_ns = INT64_MAX,
        .meta = {.ofi_threshold = 1, .ofi_extreme = 3, .median_spread_ticks = 2},
    };
    const lf_pipeline_options options = {
        .strategies = strategy,
        .strategy_count = 1,
        .spans = &span,
        .span_count = 1,
        .rows = self->rows,
        .row_count = ROWS,
    };
    assert_int_equal(lf_pipeline_create(&instrument, &options, &self->pipeline, NULL), LF_OK);
}

LF_TESTING_UNUSED static void start(desk *self, const scenario *row)
{
    const lf_strategy_options strategy = options_of(row->options);
    memset(self, 0, sizeof *self);
    for (int i = 0; i < ROWS; i++) {
        self->rows[i] = (lf_row){
            .ts_ns = OPEN_NS + i * LF_NS_PER_SECOND,
            .prediction = {0.5, 0.5, 0},
        };
    }
    for (size_t k = 0; k < 12 && row->messages[k].what != 0; k++) {
        const message *const m = &row->messages[k];
        if (m->what == 'p') {
            self->rows[m->ms / 1000].prediction.p_up_1min = (double)m->a / 100;
            self->rows[m->ms / 1000].ofi_norm_1min = (double)m->b / 10;
        }
    }
    open_desk(self, &strategy);
}

/* Put one message in and take out what the strategy sends. */
LF_TESTING_UNUSED static void hear(desk *self, const char *name, const message *m)
{
    const int64_t ts_ns = OPEN_NS + m->ms * MS;
    wake_until(self, ts_ns + (m->what == 'w'));
    if (m->what == 'q') {
        const lf_event event = state_of(m);
        assert_int_equal(lf_pipeline_event(self->pipeline, ts_ns, &event, NULL), LF_OK);
    } else if (m->what == 'K') {
        lf_pipeline_kill(self->pipeline, 0, ts_ns);
    } else if (m->what != 'w') {
        const lf_report report = report_of(self, m);
        lf_error error;
        if (lf_pipeline_report(self->pipeline, 0, ts_ns, &report, &error) != LF_OK) {
            fail_msg("%s: %s", name, error.message);
        }
    }
    drain(self);
    assert_int_equal(lf_ledger_check(lf_pipeline_ledger(self->pipeline, 0), NULL), LF_OK);
}

LF_TESTING_UNUSED static void play(const scenario *row)
{
    desk self;
    start(&self, row);
    for (size_t k = 0; k < 12 && row->messages[k].what != 0; k++) {
        const message *const m = &row->messages[k];
        if (m->what != 'p') {
            hear(&self, row->name, m);
        }
    }
    if (strcmp(self.log, row->sent) != 0) {
        fail_msg("%s: expected \"%s\", got \"%s\"", row->name, row->sent, self.log);
    }
    lf_pipeline_destroy(self.pipeline);
}

#define PLAY_ALL(table) \
    (void)state; \
    for (size_t i = 0; i < sizeof(table) / sizeof((table)[0]); i++) { \
        play(&(table)[i]); \
    }

#endif
