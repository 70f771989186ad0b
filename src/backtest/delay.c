/* The feed as it reaches the strategy: events wait out the feed's latency. */
#include "backtest_internal.h"

#include <string.h>

/* Make room for more items after a live stretch [first, count): move it to the front when that
   frees enough, else grow. Either way each item moves O(1) times on average. */
static lf_status make_room(
    const lf_allocator *allocator,
    void **memory,
    size_t *capacity,
    size_t *first,
    size_t *count,
    size_t more,
    size_t item_bytes
)
{
    if (*count + more <= *capacity) {
        return LF_OK;
    }
    const size_t live = *count - *first;
    if (live + more > *capacity / 2) {
        const lf_status status =
            lf_grow(allocator, memory, capacity, 2 * (live + more) + 64, item_bytes);
        if (status != LF_OK) {
            return status;
        }
    }
    if (*first > 0) {
        char *const bytes = *memory;
        memmove(bytes, bytes + *first * item_bytes, live * item_bytes);
        *first = 0;
        *count = live;
    }
    return LF_OK;
}

lf_status lfi_delay_push(lfi_delay *delay, const lf_event *event, const lf_trade *trades)
{
    void *events = delay->events;
    lf_status status = make_room(
        delay->allocator,
        &events,
        &delay->event_capacity,
        &delay->event_first,
        &delay->event_count,
        1,
        sizeof *event
    );
    delay->events = events;
    if (status != LF_OK) {
        return status;
    }
    if (event->trade_count > 0) {
        void *memory = delay->trades;
        /* Trades are found by their distance from the first one that waits. */
        status = make_room(
            delay->allocator,
            &memory,
            &delay->trade_capacity,
            &delay->trade_first,
            &delay->trade_count,
            event->trade_count,
            sizeof *trades
        );
        delay->trades = memory;
        if (status != LF_OK) {
            return status;
        }
        memcpy(delay->trades + delay->trade_count, trades, event->trade_count * sizeof *trades);
        delay->trade_count += event->trade_count;
    }
    lf_event *const copy = &delay->events[delay->event_count++];
    *copy = *event;
    const int64_t earliest =
        event->ts_exchange_ns > delay->last_ns ? event->ts_exchange_ns : delay->last_ns;
    copy->ts_local_ns = event->ts_local_ns > earliest ? event->ts_local_ns : earliest;
    delay->last_ns = copy->ts_local_ns;
    return LF_OK;
}

int64_t lfi_delay_due(const lfi_delay *delay)
{
    return delay->event_first < delay->event_count ? delay->events[delay->event_first].ts_local_ns
                                                   : INT64_MAX;
}

const lf_event *lfi_delay_take(lfi_delay *delay, const lf_trade **trades)
{
    const lf_event *const event = &delay->events[delay->event_first++];
    *trades = delay->trades + delay->trade_first;
    delay->trade_first += event->trade_count;
    return event;
}

void lfi_delay_clear(lfi_delay *delay)
{
    delay->event_first = 0;
    delay->event_count = 0;
    delay->trade_first = 0;
    delay->trade_count = 0;
    delay->last_ns = INT64_MIN;
}

void lfi_delay_release(lfi_delay *delay)
{
    lf_release(delay->allocator, delay->events);
    lf_release(delay->allocator, delay->trades);
    *delay = (lfi_delay){0};
}
