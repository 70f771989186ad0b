/*
 * Events and paths for the tests of labels. Header only; include it after cmocka.h.
 */
#ifndef LOBFLOW_LABEL_TESTING_H
#define LOBFLOW_LABEL_TESTING_H

#include <lobflow/book.h>
#include <lobflow/label.h>

#include "../../tests/testing.h"

#define LABEL_EVENTS 3000
#define LABEL_LENGTH_S 600

static const lf_instrument label_instrument = {
    .tick_nano = 10000000,
    .lot_nano = LF_NS_PER_SECOND,
    .units_per_tick = 100,
    .level_count = 1,
    .session_open_ns = 0,
    .session_close_ns = LABEL_LENGTH_S * LF_NS_PER_SECOND,
};

/* An event with twice this mid, the narrowest spread around it; 0: a missing bid. */
LF_TESTING_UNUSED static lf_event
label_mid_event(int64_t ts_ns, int64_t mid2, uint32_t flags, lf_event_kind kind)
{
    lf_event event = {.ts_exchange_ns = ts_ns, .ts_local_ns = ts_ns + 5};
    event.flags = flags;
    event.kind = (uint8_t)kind;
    for (int m = 0; m < LF_LEVELS_MAX; m++) {
        event.quotes.bid_ticks[m] = LF_BID_NONE;
        event.quotes.ask_ticks[m] = LF_ASK_NONE;
    }
    const int64_t bid = (mid2 - 1) / 2;
    if (mid2 != 0) {
        event.quotes.bid_ticks[0] = bid;
        event.quotes.bid_lots[0] = 1;
    }
    event.quotes.ask_ticks[0] = mid2 == 0 ? 1 : mid2 - bid;
    event.quotes.ask_lots[0] = 1;
    return event;
}

/* An event with a best bid and an ask one tick above; bid 0 means a missing bid. */
LF_TESTING_UNUSED static lf_event
label_event(int64_t ts_ns, int64_t bid_ticks, uint32_t flags, lf_event_kind kind)
{
    return label_mid_event(ts_ns, bid_ticks == 0 ? 0 : 2 * bid_ticks + 1, flags, kind);
}

LF_TESTING_UNUSED static lf_label_path *
label_path(const lf_event *events, size_t count, lf_clock clock)
{
    lf_label_path *path;
    assert_int_equal(lf_label_path_create(NULL, &label_instrument, clock, &path, NULL), LF_OK);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(lf_label_path_push(path, &events[i]), LF_OK);
    }
    return path;
}

/* A path of prices one second apart. */
LF_TESTING_UNUSED static lf_label_path *label_path_of(const int64_t *mids2, size_t count)
{
    lf_label_path *path;
    assert_int_equal(
        lf_label_path_create(NULL, &label_instrument, LF_CLOCK_EXCHANGE, &path, NULL), LF_OK
    );
    for (size_t i = 0; i < count; i++) {
        const lf_event event =
            label_mid_event((int64_t)i * LF_NS_PER_SECOND, mids2[i], 0, LF_EVENT_QUOTE);
        assert_int_equal(lf_label_path_push(path, &event), LF_OK);
    }
    return path;
}

/* A random walk with equal times, whole seconds, masked states, resets and halts. */
LF_TESTING_UNUSED static size_t label_random_day(uint64_t seed, lf_event *events)
{
    lf_random random;
    lf_random_seed(&random, seed, 1);
    int64_t ts_ns = -2 * LF_NS_PER_SECOND;
    int64_t bid = 5000;
    bool is_halted = false;
    for (size_t i = 0; i < LABEL_EVENTS; i++) {
        if (lf_random_below(&random, 4) != 0) {
            ts_ns += (int64_t)(lf_random_exponential(&random) * 0.25e9);
        }
        if (lf_random_below(&random, 8) == 0) {
            ts_ns += LF_NS_PER_SECOND - 1;
            ts_ns -= ts_ns % LF_NS_PER_SECOND;
        }
        bid += (int64_t)lf_random_below(&random, 3) - 1;
        uint32_t flags = 0;
        lf_event_kind kind = LF_EVENT_QUOTE;
        const uint64_t dice = lf_random_below(&random, 300);
        if (is_halted ? dice < 60 : dice == 0) {
            kind = LF_EVENT_HALT;
            flags |= is_halted ? LF_EVENT_RESET : 0;
            is_halted = !is_halted;
        } else if (dice == 299) {
            flags |= LF_EVENT_RESET;
        }
        flags |= is_halted ? LF_EVENT_MASKED : 0;
        events[i] = label_event(ts_ns, dice >= 280 ? 0 : bid, flags, kind);
    }
    return LABEL_EVENTS;
}

/* A row each second of the session. */
LF_TESTING_UNUSED static void label_seconds(int64_t times_ns[LABEL_LENGTH_S])
{
    for (int64_t i = 0; i < LABEL_LENGTH_S; i++) {
        times_ns[i] = i * LF_NS_PER_SECOND;
    }
}

/* Twice the mid at a time by a scan over all events, 0 without one; breaks up to then. */
LF_TESTING_UNUSED static int64_t
label_scan(const lf_event *events, size_t count, int64_t t_ns, int64_t *breaks)
{
    int64_t mid2 = 0;
    *breaks = 0;
    for (size_t i = 0; i < count; i++) {
        const lf_event *event = &events[i];
        if (event->ts_exchange_ns > t_ns ||
            event->ts_exchange_ns >= label_instrument.session_close_ns) {
            break;
        }
        mid2 = lf_book_event_valid(event) ? lf_book_mid2(&event->quotes) : 0;
        const bool is_halt = event->kind == LF_EVENT_HALT && (event->flags & LF_EVENT_MASKED) != 0;
        *breaks += is_halt || (event->flags & LF_EVENT_RESET) != 0;
    }
    return mid2;
}

/* The day seen in a mirror that hangs at a level: bid and ask changed places. */
LF_TESTING_UNUSED static void label_mirror(lf_event *events, size_t count, int64_t level2)
{
    for (size_t i = 0; i < count; i++) {
        if (lf_book_event_valid(&events[i])) {
            const int64_t mid2 = lf_book_mid2(&events[i].quotes);
            events[i] = label_mid_event(
                events[i].ts_exchange_ns,
                level2 - mid2,
                events[i].flags,
                (lf_event_kind)events[i].kind
            );
        }
    }
}

/* Another walk from the first event after a time on; breaks and masked states stay. */
LF_TESTING_UNUSED static void label_change_after(lf_event *events, size_t count, int64_t t_ns)
{
    for (size_t i = 0; i < count; i++) {
        if (events[i].ts_exchange_ns > t_ns && lf_book_event_valid(&events[i])) {
            events[i] = label_event(
                events[i].ts_exchange_ns,
                9000 + (int64_t)(i * 7919 % 50),
                events[i].flags,
                (lf_event_kind)events[i].kind
            );
        }
    }
}

#endif
