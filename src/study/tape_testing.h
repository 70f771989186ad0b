/*
 * Days made by hand for the tests of the study: events in memory, a state changed step by step, the
 * tape pushed in batches of any size. Header only; include it after cmocka.h.
 */
#ifndef LOBFLOW_STUDY_TAPE_TESTING_H
#define LOBFLOW_STUDY_TAPE_TESTING_H

#include <lobflow/study.h>

#include <string.h>

#define TAPE_EVENTS_MAX 8192
#define TAPE_UNUSED __attribute__((unused))
/* Any day: 2012-06-21, 09:30 in New York. */
#define TAPE_OPEN_NS (INT64_C(1340285400) * LF_NS_PER_SECOND)

/* A day of one symbol, with the state that stands now. */
typedef struct tape {
    lf_instrument instrument;
    lf_event events[TAPE_EVENTS_MAX];
    lf_trade trades[TAPE_EVENTS_MAX];
    size_t event_count;
    size_t trade_count;
    lf_quotes now;
} tape;

/* An empty day; trades need the order in which they are made to be that of their events. */
TAPE_UNUSED static void tape_start(tape *t, int32_t levels)
{
    memset(t, 0, sizeof *t);
    memcpy(t->instrument.symbol, "TAPE", 5);
    t->instrument.tick_nano = 10000000;
    t->instrument.lot_nano = LF_NS_PER_SECOND;
    t->instrument.units_per_tick = 100;
    t->instrument.level_count = levels;
    t->instrument.session_open_ns = TAPE_OPEN_NS;
    t->instrument.session_close_ns = TAPE_OPEN_NS + 390 * LF_NS_PER_MINUTE;
    for (int m = 0; m < LF_LEVELS_MAX; m++) {
        t->now.bid_ticks[m] = LF_BID_NONE;
        t->now.ask_ticks[m] = LF_ASK_NONE;
    }
}

static int64_t tape_ns(double seconds)
{
    return TAPE_OPEN_NS + (int64_t)(seconds * 1e9);
}

/* An event so many seconds after the open, with the state as it is now. */
static lf_event *tape_event(tape *t, double seconds, lf_event_kind kind)
{
    assert_true(t->event_count < TAPE_EVENTS_MAX);
    lf_event *const event = &t->events[t->event_count++];
    event->ts_exchange_ns = event->ts_local_ns = tape_ns(seconds);
    event->kind = (uint8_t)kind;
    event->trade_first = (uint32_t)t->trade_count;
    event->quotes = t->now;
    return event;
}

/* A new best bid and ask; deeper levels stay as they are. */
TAPE_UNUSED static lf_event *
tape_quote(tape *t, double seconds, int64_t bid, int64_t bid_lots, int64_t ask, int64_t ask_lots)
{
    t->now.bid_ticks[0] = bid_lots > 0 ? bid : LF_BID_NONE;
    t->now.bid_lots[0] = bid_lots;
    t->now.ask_ticks[0] = ask_lots > 0 ? ask : LF_ASK_NONE;
    t->now.ask_lots[0] = ask_lots;
    return tape_event(t, seconds, LF_EVENT_QUOTE);
}

/* A trade that leaves the book as it is. */
TAPE_UNUSED static lf_event *
tape_trade(tape *t, double seconds, int64_t price_units, int64_t lots, int8_t sign)
{
    lf_event *const event = tape_event(t, seconds, LF_EVENT_TRADE);
    event->trade_count = 1;
    t->trades[t->trade_count++] =
        (lf_trade){.price_units = price_units, .size_lots = lots, .sign = sign};
    return event;
}

/* Push a tape in batches of some size; the study is not finished. */
TAPE_UNUSED static lf_status tape_push(const tape *t, size_t batch_events, lf_study *study)
{
    lf_status status = LF_OK;
    for (size_t i = 0; i < t->event_count && status == LF_OK; i += batch_events) {
        const size_t left = t->event_count - i;
        const lf_batch batch = {
            .events = &t->events[i],
            .trades = t->trades,
            .event_count = left < batch_events ? left : batch_events,
            .trade_count = t->trade_count,
        };
        status = lf_study_push(study, &batch);
    }
    return status;
}

#endif
