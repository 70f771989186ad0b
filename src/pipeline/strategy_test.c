/*
 * Goal: what a strategy sends, when, and why, in every situation that a row, an event, a timer or a
 * report can bring about. Method: a row of the table is a list of messages with their times and the
 * requests they must cause, as one line of text short enough to be worked out by hand.
 *
 * A request is "time:what": B100m a marketable buy of 100 without a limit (m102: at most 102),
 * S40p102 a passive sell of 40 at 102, x2 a cancel of order 2, then the reason, with the cause in
 * brackets where it is another. Times are ms after the open; +2: sent 2 ms after the decision.
 *
 * The session has 120 s, rows every second, the last 20 s are for leaving; positions are held for
 * 10 s, passive orders rest for 5 s, the stop lies 3 ticks from the mid at the decision.
 */
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
 * late.
 */
typedef struct message {
    char what;
    int64_t ms;
    int64_t a, b, c;
} message;

/*
 * Options: P passive entries, C that cross when their time is over, T a limit at the touch, M at
 * most 50 lots, N no stop, H one of 2.25 ticks, W a stop of two median spreads (2 ticks each), L a
 * loss limit of 2 USD, F no time for leaving.
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

static const scenario entries[] = {
    {"nothing without a signal", "", {QUOTE, {'w', 120000, 0, 0, 0}}, ""},
    {"a signal for up buys", "", {QUOTE, LONG(1), {'w', 1000, 0, 0, 0}}, "1000+2:B100m entry "},
    {"a signal for down sells", "", {QUOTE, SHORT(1), {'w', 1000, 0, 0, 0}}, "1000+2:S100m entry "},
    {"weak flow does nothing", "", {QUOTE, {'p', 1000, 60, 10, 0}, {'w', 5000, 0, 0, 0}}, ""},
    {"flow against the model does nothing",
     "",
     {QUOTE, {'p', 1000, 60, -15, 0}, {'w', 5000, 0, 0, 0}},
     ""},
    {"unless it is extreme",
     "",
     {QUOTE, {'p', 1000, 60, -35, 0}, {'w', 5000, 0, 0, 0}},
     "1000+2:B100m entry "},
    {"T10 no decision in a halt", "", {{'q', 500, 100, 102, 1}, LONG(1), {'w', 5000, 0, 0, 0}}, ""},
    {"no decision before the first state", "", {LONG(1), {'w', 5000, 0, 0, 0}}, ""},
    {"no decision on a crossed book",
     "",
     {{'q', 500, 102, 100, 0}, LONG(1), {'w', 5000, 0, 0, 0}},
     ""},
    {"a state of the same instant is seen",
     "",
     {{'q', 1000, 100, 102, 0}, LONG(1), {'w', 1000, 0, 0, 0}},
     "1000+2:B100m entry "},
    {"the size is cut to the largest position",
     "M",
     {QUOTE, LONG(1), {'w', 1000, 0, 0, 0}},
     "1000+2:B50m entry "},
    {"a limit at the touch",
     "T",
     {QUOTE, SHORT(1), {'w', 1000, 0, 0, 0}},
     "1000+2:S100m100 entry "},
    {"passive at the touch", "P", {QUOTE, LONG(1), {'w', 1000, 0, 0, 0}}, "1000+2:B100p100 entry "},
    {"one order at a time",
     "",
     {QUOTE, LONG(1), LONG(2), SHORT(3), {'w', 5000, 0, 0, 0}},
     "1000+2:B100m entry "},
    {"a refused entry waits for the next signal",
     "P",
     {QUOTE, LONG(1), {'w', 1000, 0, 0, 0}, {'r', 1022, 0, 0, 0}, LONG(3), {'w', 5000, 0, 0, 0}},
     "1000+2:B100p100 entry 3000+2:B100p100 entry "},
    {"no entry while leaving time runs",
     "",
     {QUOTE, LONG(100), LONG(101), {'w', 120000, 0, 0, 0}},
     ""},
    {"the last entry before it",
     "",
     {QUOTE, LONG(99), {'w', 99000, 0, 0, 0}},
     "99000+2:B100m entry "},
};

static const scenario exits[] = {
    {"held for 10 s from the fill",
     "",
     {QUOTE, LONG(1), {'f', 1022, 100, 102, 0}, {'w', 20000, 0, 0, 0}},
     "1000+2:B100m entry 11022:S100m hold "},
    {"a signal on the same side neither adds nor extends",
     "",
     {QUOTE, LONG(1), {'f', 1022, 100, 102, 0}, LONG(5), {'w', 20000, 0, 0, 0}},
     "1000+2:B100m entry 11022:S100m hold "},
    {"a timer goes before the row of its instant",
     "",
     {QUOTE, LONG(1), {'f', 2000, 100, 102, 0}, SHORT(12), {'w', 15000, 0, 0, 0}},
     "1000+2:B100m entry 12000:S100m hold "},
    {"an exit keeps its limit",
     "T",
     {QUOTE, LONG(1), {'f', 1022, 100, 102, 0}, {'w', 20000, 0, 0, 0}},
     "1000+2:B100m102 entry 11022:S100m100 hold "},
    {"an exit that did not fill is sent again",
     "",
     {QUOTE,
      LONG(1),
      {'f', 1022, 100, 102, 0},
      {'f', 11044, 30, 100, 0},
      {'x', 11044, 0, 0, 0},
      {'w', 20000, 0, 0, 0}},
     "1000+2:B100m entry 11022:S100m hold 12044:S70m hold "},
    {"a halt: no price, again each second",
     "T",
     {QUOTE,
      LONG(1),
      {'f', 1022, 100, 102, 0},
      {'q', 11000, 100, 102, 1},
      {'r', 11044, 0, 0, 0},
      {'r', 12064, 0, 0, 0},
      {'w', 13064, 0, 0, 0}},
     "1000+2:B100m102 entry 11022:S100m hold 12044:S100m hold 13064:S100m hold "},
    {"stop at 3 ticks from the mid at the decision",
     "",
     {QUOTE, LONG(1), {'f', 1022, 100, 102, 0}, {'q', 3000, 97, 99, 0}},
     "1000+2:B100m entry 3000:S100m stop "},
    {"half a tick less is no stop",
     "",
     {QUOTE, LONG(1), {'f', 1022, 100, 102, 0}, {'q', 3000, 97, 100, 0}},
     "1000+2:B100m entry "},
    {"stop of a short position, without its limit",
     "T",
     {QUOTE, SHORT(1), {'f', 1022, 100, 100, 0}, {'q', 3000, 103, 105, 0}},
     "1000+2:S100m100 entry 3000:B100m stop "},
    {"a state that is not valid stops nothing",
     "",
     {QUOTE, LONG(1), {'f', 1022, 100, 102, 0}, {'q', 3000, 90, 91, 1}, {'q', 3001, 92, 91, 0}},
     "1000+2:B100m entry "},
    {"two median spreads are farther than 3 ticks",
     "W",
     {QUOTE, LONG(1), {'f', 1022, 100, 102, 0}, {'q', 3000, 96, 99, 0}, {'q', 3001, 96, 98, 0}},
     "1000+2:B100m entry 3001:S100m stop "},
    {"a stop between half ticks lies at the next one",
     "H",
     {QUOTE, LONG(1), {'f', 1022, 100, 102, 0}, {'q', 3000, 98, 100, 0}, {'q', 3001, 98, 99, 0}},
     "1000+2:B100m entry 3001:S100m stop "},
    {"without a stop",
     "N",
     {QUOTE, LONG(1), {'f', 1022, 100, 102, 0}, {'q', 3000, 50, 51, 0}},
     "1000+2:B100m entry "},
    {"a stop while the entry is still being filled",
     "",
     {QUOTE,
      LONG(1),
      {'f', 1022, 40, 102, 0},
      {'q', 1030, 97, 99, 0},
      {'x', 1040, 0, 0, 0},
      {'w', 5000, 0, 0, 0}},
     "1000+2:B100m entry 1040:S40m stop "},
    {"out before the session ends",
     "",
     {QUOTE, LONG(95), {'f', 95022, 100, 102, 0}, {'w', 120000, 0, 0, 0}},
     "95000+2:B100m entry 100000:S100m session_end "},
    {"again until the close, and not after it",
     "",
     {QUOTE,
      LONG(95),
      {'f', 95022, 100, 102, 0},
      {'r', 100020, 0, 0, 0},
      {'r', 119500, 0, 0, 0},
      {'w', 130000, 0, 0, 0}},
     "95000+2:B100m entry 100000:S100m session_end 101020:S100m session_end "},
    {"without leaving time the day ends with the position",
     "F",
     {QUOTE, LONG(115), {'f', 115022, 100, 102, 0}, {'w', 130000, 0, 0, 0}},
     "115000+2:B100m entry "},
    {"an entry on its way when leaving time begins",
     "",
     {QUOTE, LONG(99), {'w', 100000, 0, 0, 0}, {'f', 100010, 100, 102, 0}, {'w', 119000, 0, 0, 0}},
     "99000+2:B100m entry 100010:S100m session_end "},
    {"the loss limit is looked at after every event",
     "NL",
     {QUOTE,
      LONG(1),
      {'f', 1022, 100, 102, 0},
      {'q', 3500, 99, 102, 0},
      {'q', 3600, 99, 101, 0},
      {'f', 3620, 100, 99, 0},
      LONG(6),
      {'w', 9000, 0, 0, 0}},
     "1000+2:B100m entry 3600:S100m loss_limit "},
    {"a loss that is taken counts as well",
     "L",
     {QUOTE,
      LONG(1),
      {'f', 1022, 100, 102, 0},
      {'f', 11040, 100, 100, 0},
      LONG(13),
      {'w', 19000, 0, 0, 0}},
     "1000+2:B100m entry 11022:S100m hold "},
};

static const scenario reversals[] = {
    {"the opposite signal closes and opens in one order",
     "",
     {QUOTE,
      LONG(1),
      {'f', 1022, 100, 102, 0},
      SHORT(5),
      {'f', 5022, 200, 100, 0},
      {'w', 20000, 0, 0, 0}},
     "1000+2:B100m entry 5000+2:S200m reverse 15022:B100m hold "},
    {"fills in pieces: the new position begins with the piece that turns it",
     "",
     {QUOTE,
      LONG(1),
      {'f', 1022, 100, 102, 0},
      SHORT(5),
      {'f', 5022, 60, 100, 0},
      {'f', 5023, 60, 100, 0},
      {'f', 5024, 80, 100, 0},
      {'w', 20000, 0, 0, 0}},
     "1000+2:B100m entry 5000+2:S200m reverse 15023:B100m hold "},
    {"a rest that did not fill leaves the old position to its own time",
     "",
     {QUOTE,
      LONG(1),
      {'f', 1022, 100, 102, 0},
      SHORT(5),
      {'f', 5022, 60, 100, 0},
      {'x', 5022, 0, 0, 0},
      {'w', 20000, 0, 0, 0}},
     "1000+2:B100m entry 5000+2:S200m reverse 11022:S40m hold "},
    {"the old position's time ends while the reversal is on its way",
     "",
     {QUOTE,
      LONG(1),
      {'f', 1022, 100, 102, 0},
      SHORT(11),
      {'f', 11030, 200, 100, 0},
      {'w', 30000, 0, 0, 0}},
     "1000+2:B100m entry 11000+2:S200m reverse 21030:B100m hold "},
    {"the old position's stop is hit while the reversal is on its way",
     "",
     {QUOTE,
      LONG(1),
      {'f', 1022, 100, 102, 0},
      SHORT(5),
      {'w', 5000, 0, 0, 0},
      {'q', 5010, 97, 99, 0},
      {'f', 5022, 200, 97, 0},
      {'w', 30000, 0, 0, 0}},
     "1000+2:B100m entry 5000+2:S200m reverse 15022:B100m hold "},
    {"leaving time begins while the reversal is on its way",
     "",
     {QUOTE,
      LONG(95),
      {'f', 95022, 100, 102, 0},
      SHORT(99),
      {'w', 100000, 0, 0, 0},
      {'f', 100001, 200, 100, 0},
      {'w', 119000, 0, 0, 0}},
     "95000+2:B100m entry 99000+2:S200m reverse 100001:B100m session_end "},
    {"a passive reversal that ran out of time still closes",
     "P",
     {QUOTE,
      LONG(1),
      {'f', 1100, 100, 100, 0},
      SHORT(4),
      {'w', 9002, 0, 0, 0},
      {'x', 9022, 0, 0, 0},
      {'w', 10000, 0, 0, 0}},
     "1000+2:B100p100 entry 4000+2:S200p102 reverse 9002:x2 9022:S100m cross(reverse) "},
    {"a refused one as well",
     "P",
     {QUOTE,
      LONG(1),
      {'f', 1100, 100, 100, 0},
      SHORT(4),
      {'w', 4000, 0, 0, 0},
      {'r', 4022, 0, 0, 0},
      {'w', 6000, 0, 0, 0}},
     "1000+2:B100p100 entry 4000+2:S200p102 reverse 4022:S100m cross(reverse) "},
    {"one that a later signal takes back leaves the position",
     "P",
     {QUOTE,
      LONG(1),
      {'f', 1100, 100, 100, 0},
      SHORT(4),
      LONG(6),
      {'w', 6000, 0, 0, 0},
      {'x', 6022, 0, 0, 0},
      {'w', 11100, 0, 0, 0}},
     "1000+2:B100p100 entry 4000+2:S200p102 reverse 6000+2:x2 11100:S100p102 hold "},
};

static const scenario passives[] = {
    {"an entry's time is over",
     "P",
     {QUOTE, LONG(1), {'w', 7000, 0, 0, 0}, {'x', 7012, 0, 0, 0}, {'w', 30000, 0, 0, 0}},
     "1000+2:B100p100 entry 6002:x1 "},
    {"part of it was filled",
     "P",
     {QUOTE,
      LONG(1),
      {'f', 2000, 30, 100, 0},
      {'w', 6002, 0, 0, 0},
      {'x', 6022, 0, 0, 0},
      {'w', 17000, 0, 0, 0},
      {'x', 17020, 0, 0, 0},
      {'w', 30000, 0, 0, 0}},
     "1000+2:B100p100 entry 6002:x1 12000:S30p102 hold 17000:x2 17020:S30m cross(hold) "},
    {"the rest crosses",
     "PC",
     {QUOTE,
      LONG(1),
      {'f', 2000, 30, 100, 0},
      {'w', 6002, 0, 0, 0},
      {'x', 6022, 0, 0, 0},
      {'w', 7000, 0, 0, 0}},
     "1000+2:B100p100 entry 6002:x1 6022:B70m cross(entry) "},
    {"the cancel comes too late",
     "PC",
     {QUOTE,
      LONG(1),
      {'w', 6002, 0, 0, 0},
      {'f', 6010, 100, 100, 0},
      {'k', 6022, 0, 0, 0},
      {'w', 16010, 0, 0, 0}},
     "1000+2:B100p100 entry 6002:x1 16010:S100p102 hold "},
    {"the opposite signal takes an entry back",
     "P",
     {QUOTE, LONG(1), SHORT(3), {'w', 3000, 0, 0, 0}, {'x', 3022, 0, 0, 0}, {'w', 9000, 0, 0, 0}},
     "1000+2:B100p100 entry 3000+2:x1 "},
    {"never before the order that it takes back",
     "P",
     {QUOTE,
      LONG(1),
      {'f', 1100, 100, 100, 0},
      SHORT(4),
      {'w', 4000, 0, 0, 0},
      {'q', 4001, 97, 99, 0},
      {'x', 4030, 0, 0, 0}},
     "1000+2:B100p100 entry 4000+2:S200p102 reverse 4001+1:x2 4030:S100m stop "},
    {"one cancel is enough",
     "P",
     {QUOTE, LONG(1), SHORT(6), SHORT(7), {'w', 7000, 0, 0, 0}, {'x', 7010, 0, 0, 0}},
     "1000+2:B100p100 entry 6000+2:x1 "},
    {"a cancel for leaving time",
     "P",
     {QUOTE, LONG(97), {'w', 100000, 0, 0, 0}, {'x', 100020, 0, 0, 0}, {'w', 119000, 0, 0, 0}},
     "97000+2:B100p100 entry 100000:x1 "},
    {"an expired exit crosses",
     "P",
     {QUOTE,
      LONG(1),
      {'f', 2000, 100, 100, 0},
      {'w', 12000, 0, 0, 0},
      {'e', 12500, 0, 0, 0},
      {'w', 13000, 0, 0, 0}},
     "1000+2:B100p100 entry 12000:S100p102 hold 12500:S100m cross(hold) "},
    {"a stop makes a patient exit urgent",
     "P",
     {QUOTE,
      LONG(1),
      {'f', 2000, 100, 100, 0},
      {'w', 12000, 0, 0, 0},
      {'q', 12100, 97, 99, 0},
      {'x', 12120, 0, 0, 0},
      {'w', 13000, 0, 0, 0}},
     "1000+2:B100p100 entry 12000:S100p102 hold 12100:x2 12120:S100m stop "},
    {"a signal does not disturb an exit",
     "P",
     {QUOTE,
      LONG(1),
      {'f', 2000, 100, 100, 0},
      LONG(13),
      {'w', 15000, 0, 0, 0},
      {'f', 15500, 100, 102, 0},
      {'w', 16000, 0, 0, 0}},
     "1000+2:B100p100 entry 12000:S100p102 hold "},
};

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

static void start(desk *self, const scenario *row)
{
    const lf_instrument instrument = small_instrument();
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
    const lf_span span = {
        .from_ns = OPEN_NS,
        .to_ns = INT64_MAX,
        .meta = {.ofi_threshold = 1, .ofi_extreme = 3, .median_spread_ticks = 2},
    };
    const lf_pipeline_options options = {
        .strategies = &strategy,
        .strategy_count = 1,
        .spans = &span,
        .span_count = 1,
        .rows = self->rows,
        .row_count = ROWS,
    };
    assert_int_equal(lf_pipeline_create(&instrument, &options, &self->pipeline, NULL), LF_OK);
}

static void play(const scenario *row)
{
    desk self;
    start(&self, row);
    for (size_t k = 0; k < 12 && row->messages[k].what != 0; k++) {
        const message *const m = &row->messages[k];
        const int64_t ts_ns = OPEN_NS + m->ms * MS;
        if (m->what == 'p') {
            continue;
        }
        wake_until(&self, ts_ns + (m->what == 'w'));
        if (m->what == 'q') {
            const lf_event event = state_of(m);
            assert_int_equal(lf_pipeline_event(self.pipeline, ts_ns, &event, NULL), LF_OK);
        } else if (m->what != 'w') {
            const lf_report report = report_of(&self, m);
            lf_error error;
            if (lf_pipeline_report(self.pipeline, 0, ts_ns, &report, &error) != LF_OK) {
                fail_msg("%s: %s", row->name, error.message);
            }
        }
        drain(&self);
        assert_int_equal(lf_ledger_check(lf_pipeline_ledger(self.pipeline, 0), NULL), LF_OK);
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

static void test_entries(void **state)
{
    PLAY_ALL(entries)
}

static void test_exits(void **state)
{
    PLAY_ALL(exits)
}

static void test_reversals(void **state)
{
    PLAY_ALL(reversals)
}

static void test_passive_orders(void **state)
{
    PLAY_ALL(passives)
}

/* ---- counts and reports that cannot be -------------------------------------------------- */

static void test_counts(void **state)
{
    (void)state;
    static const scenario row = {
        "counts",
        "PL",
        {QUOTE, LONG(1), {'w', 1000, 0, 0, 0}},
        "",
    };
    desk self;
    start(&self, &row);
    const lf_event event = state_of(&row.messages[0]);
    assert_int_equal(lf_pipeline_event(self.pipeline, OPEN_NS + 500 * MS, &event, NULL), LF_OK);
    wake_until(&self, OPEN_NS + 6003 * MS);
    static const message told[] = {
        {'a', 6004, 0, 0, 0},
        {'f', 6005, 60, 100, 0},
        {'f', 6006, 40, 100, 0},
        {'k', 6022, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        const lf_report report = report_of(&self, &told[i]);
        const int64_t ts_ns = OPEN_NS + told[i].ms * MS;
        assert_int_equal(lf_pipeline_report(self.pipeline, 0, ts_ns, &report, NULL), LF_OK);
    }
    /* 60 ticks against 100 lots are a loss of 60 USD: the day is over. */
    const message fall = {'q', 8005, 39, 41, 0};
    const lf_event low = state_of(&fall);
    assert_int_equal(lf_pipeline_event(self.pipeline, OPEN_NS + 8005 * MS, &low, NULL), LF_OK);
    drain(&self);
    const message out = {'f', 8006, 100, 40, 0};
    const lf_report report = report_of(&self, &out);
    assert_int_equal(
        lf_pipeline_report(self.pipeline, 0, OPEN_NS + 8006 * MS, &report, NULL), LF_OK
    );
    const lf_strategy_stats *const stats = lf_pipeline_stats_of(self.pipeline, 0);
    assert_int_equal(stats->signal_count, 1);
    assert_int_equal(stats->signal_counts[LF_RULE_CONTINUATION], 1);
    assert_int_equal(stats->order_counts[LF_REASON_ENTRY], 1);
    assert_int_equal(stats->fill_count, 3);
    assert_int_equal(stats->cancel_race_count, 1);
    assert_true(stats->stopped);
    assert_int_equal(stats->in_position_ns, 2001 * MS);
    assert_int_equal(lf_pipeline_ledger(self.pipeline, 0)->position_lots, 0);
    assert_int_equal(lf_pipeline_ledger(self.pipeline, 0)->cash_nano, INT64_C(-60000000000));
    assert_int_equal(lf_pipeline_mid2(self.pipeline), 80);
    lf_pipeline_destroy(self.pipeline);
}

/* Reports that no order allows stop the run. */
static void test_impossible_reports(void **state)
{
    (void)state;
    static const scenario row = {"entry", "", {QUOTE, LONG(1)}, ""};
    static const struct {
        const char *name;
        int64_t id, lots, filled;
        int32_t side;
    } rows[] = {
        {"another order", 7, 10, 10, 1},
        {"more than was asked", 1, 101, 101, 1},
        {"a sum that is not the sum", 1, 10, 20, 1},
        {"the other side", 1, 10, 10, -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        desk self;
        start(&self, &row);
        const lf_event event = state_of(&row.messages[0]);
        assert_int_equal(lf_pipeline_event(self.pipeline, OPEN_NS + 500 * MS, &event, NULL), LF_OK);
        wake_until(&self, OPEN_NS + 1001 * MS);
        const lf_report report = {
            .order_id = (uint64_t)rows[i].id,
            .kind = LF_REPORT_FILL,
            .state = LF_ORDER_STATE_WORKING_PARTIAL,
            .filled_lots = rows[i].filled,
            .fill = {.lots = rows[i].lots, .side = rows[i].side, .order_id = (uint64_t)rows[i].id},
        };
        lf_error error;
        if (lf_pipeline_report(self.pipeline, 0, OPEN_NS + 1022 * MS, &report, &error) !=
            LF_INVARIANT) {
            fail_msg("%s was believed", rows[i].name);
        }
        assert_int_equal(lf_pipeline_ledger(self.pipeline, 0)->fill_count, 0);
        lf_pipeline_destroy(self.pipeline);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_exits),
        cmocka_unit_test(test_reversals),
        cmocka_unit_test(test_passive_orders),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_impossible_reports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
