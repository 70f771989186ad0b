/*
 * Goal: every rule of the venue by itself, and the faults that other simulators had (PEERS T1 to
 * T26, named in the rows). Method: a row is a list of messages and the reports it must cause, as
 * one line of text; both are short enough to be checked by hand.
 *
 * Reports: "+1" order 1 accepted, "!1:why" rejected, "1=60@100t" filled 60 at 100 as taker (m
 * maker, x crossed), "-1" rest cancelled, "~1:why" expired, "?1" a cancel that found nothing,
 * "%1:30" modified and 30 lots left, "?1:why" a modification refused.
 */
#include <lobflow/execution.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

#define OPEN_NS (INT64_C(1000) * LF_NS_PER_SECOND)
#define CLOSE_NS (INT64_C(2000) * LF_NS_PER_SECOND)
#define UNITS 100 /* price units to the tick, as LOBSTER */

/* ---- a venue and its words -------------------------------------------------------------- */

static lf_instrument small_instrument(void)
{
    return (lf_instrument){
        .symbol = "TEST",
        .currency = "USD",
        .tick_nano = 10000000, /* 0.01 */
        .lot_nano = 1000000000,
        .units_per_tick = UNITS,
        .level_count = 2,
        .session_open_ns = OPEN_NS,
        .session_close_ns = CLOSE_NS,
        .date = {2026, 6, 1},
    };
}

static lf_execution_options free_options(void)
{
    lf_execution_options options;
    lf_execution_options_default(&options);
    options.fees.schedule = LF_FEE_SCHEDULE_NONE;
    options.orders_max = 3;
    return options;
}

/* Two levels a side: the second lies one tick behind with 500 lots. */
static lf_event state_event(int64_t bid, int64_t bid_lots, int64_t ask, int64_t ask_lots)
{
    lf_event event = {.kind = LF_EVENT_QUOTE};
    for (int m = 0; m < LF_LEVELS_MAX; m++) {
        event.quotes.bid_ticks[m] = LF_BID_NONE;
        event.quotes.ask_ticks[m] = LF_ASK_NONE;
    }
    if (bid_lots > 0) {
        event.quotes.bid_ticks[0] = bid;
        event.quotes.bid_lots[0] = bid_lots;
        event.quotes.bid_ticks[1] = bid - 1;
        event.quotes.bid_lots[1] = 500;
    }
    if (ask_lots > 0) {
        event.quotes.ask_ticks[0] = ask;
        event.quotes.ask_lots[0] = ask_lots;
        event.quotes.ask_ticks[1] = ask + 1;
        event.quotes.ask_lots[1] = 500;
    }
    return event;
}

static size_t log_report(const lf_report *report, char *text, size_t room)
{
    const unsigned long long id = report->order_id;
    const char *const why = lf_reject_name(report->reject);
    int used = 0;
    switch (report->kind) {
    case LF_REPORT_ACCEPTED:
        used = snprintf(text, room, "+%llu ", id);
        break;
    case LF_REPORT_REJECTED:
        used = snprintf(text, room, "!%llu:%s ", id, why);
        break;
    case LF_REPORT_FILL:
        used = snprintf(
            text,
            room,
            "%llu=%lld@%lld%c ",
            id,
            (long long)report->fill.lots,
            (long long)report->fill.price_ticks,
            "tmx"[report->fill.liquidity]
        );
        break;
    case LF_REPORT_CANCELLED:
        used = snprintf(text, room, "-%llu ", id);
        break;
    case LF_REPORT_EXPIRED:
        used = snprintf(text, room, "~%llu:%s ", id, why);
        break;
    case LF_REPORT_CANCEL_REJECTED:
        used = snprintf(text, room, "?%llu ", id);
        break;
    case LF_REPORT_MODIFIED:
        used = snprintf(text, room, "%%%llu:%lld ", id, (long long)report->leaves_lots);
        break;
    case LF_REPORT_MODIFY_REJECTED:
        used = snprintf(text, room, "?%llu:%s ", id, why);
        break;
    }
    return used > 0 && (size_t)used < room ? (size_t)used : 0;
}

/* ---- scenarios -------------------------------------------------------------------------- */

/*
 * What one message is: S state (bid, lots, ask, lots); T trade (price in units, lots, sign) with
 * the state unchanged; X hidden trade; H masked state; R reset with a state; N snapshot of a state;
 * P passive (id, side, price, lots), O the same without post-only, I immediate or cancel, F fill or
 * kill; M marketable (id, side, lots, limit or 0); U modify (id, -, price, lots); C cancel (id); E
 * close; L an event after the close.
 */
typedef struct message {
    char what;
    int64_t a, b, c, d;
} message;

typedef struct scenario {
    const char *name;
    message messages[16];
    const char *reports;
} scenario;

static const scenario scenarios[] = {
    /* Marketable. */
    {"buys at the ask", {{'S', 100, 50, 101, 60}, {'M', 1, 1, 40, 0}}, "+1 1=40@101t "},
    {"sells at the bid", {{'S', 100, 50, 101, 60}, {'M', 1, -1, 50, 0}}, "+1 1=50@100t "},
    {"walks the levels", {{'S', 100, 50, 101, 60}, {'M', 1, 1, 100, 0}}, "+1 1=60@101t 1=40@102t "},
    {"rest beyond the display is cancelled",
     {{'S', 100, 50, 101, 60}, {'M', 1, 1, 600, 0}},
     "+1 1=60@101t 1=500@102t -1 "},
    {"limit stops the walk", {{'S', 100, 50, 101, 60}, {'M', 1, 1, 100, 101}}, "+1 1=60@101t -1 "},
    {"limit away from the market", {{'S', 100, 50, 101, 60}, {'M', 1, 1, 5, 100}}, "+1 -1 "},
    {"what was taken is gone",
     {{'S', 100, 50, 101, 60}, {'M', 1, 1, 40, 0}, {'M', 2, 1, 40, 101}},
     "+1 1=40@101t +2 2=20@101t -2 "},
    {"new size is there for the next",
     {{'S', 100, 50, 101, 60}, {'M', 1, 1, 60, 0}, {'S', 100, 50, 101, 75}, {'M', 2, 1, 60, 101}},
     "+1 1=60@101t +2 2=15@101t -2 "},
    {"a level that went away comes back whole",
     {{'S', 100, 50, 101, 60},
      {'M', 1, 1, 60, 0},
      {'S', 100, 50, 102, 60},
      {'S', 100, 50, 101, 60},
      {'M', 2, 1, 60, 0}},
     "+1 1=60@101t +2 2=60@101t "},
    {"each side has its memory",
     {{'S', 100, 50, 101, 60}, {'M', 1, 1, 60, 0}, {'M', 2, -1, 50, 0}, {'M', 3, -1, 1, 100}},
     "+1 1=60@101t +2 2=50@100t +3 -3 "},
    {"T10 no fill in a halt",
     {{'S', 100, 50, 101, 60}, {'H', 0, 0, 0, 0}, {'M', 1, 1, 10, 0}},
     "!1:halted "},
    {"no fill against one side", {{'S', 100, 50, 0, 0}, {'M', 1, -1, 10, 0}}, "!1:invalid_book "},
    {"no fill against a crossed book",
     {{'S', 102, 50, 101, 60}, {'M', 1, 1, 10, 0}},
     "!1:invalid_book "},
    {"no fill before the first state", {{'M', 1, 1, 10, 0}}, "!1:invalid_book "},
    {"no order after the close",
     {{'S', 100, 50, 101, 60}, {'L', 0, 0, 0, 0}, {'M', 1, 1, 10, 0}},
     "!1:closed "},
    {"bad requests",
     {{'S', 100, 50, 101, 60}, {'M', 1, 1, 0, 0}, {'M', 2, 3, 10, 0}, {'M', 0, 1, 10, 0}},
     "!1:bad_request !2:bad_request !0:bad_request "},
    /* Queue. */
    {"waits for what is ahead",
     {{'S', 100, 50, 101, 60}, {'P', 1, 1, 100, 10}, {'T', 10000, 50, -1, 0}},
     "+1 "},
    {"T1 fill equal to what is left",
     {{'S', 100, 50, 101, 60}, {'P', 1, 1, 100, 10}, {'T', 10000, 60, -1, 0}},
     "+1 1=10@100m "},
    {"T2 three partial fills",
     {{'S', 100, 50, 101, 60},
      {'P', 1, 1, 100, 10},
      {'T', 10000, 53, -1, 0},
      {'T', 10000, 3, -1, 0},
      {'T', 10000, 30, -1, 0}},
     "+1 1=3@100m 1=3@100m 1=4@100m "},
    {"T5 two own orders share one trade",
     {{'S', 100, 50, 101, 60}, {'P', 1, 1, 100, 10}, {'P', 2, 1, 100, 10}, {'T', 10000, 65, -1, 0}},
     "+1 +2 1=10@100m 2=5@100m "},
    {"T5 the market's orders between two own ones",
     {{'S', 100, 10, 101, 60},
      {'P', 1, 1, 100, 10},
      {'S', 100, 30, 101, 60},
      {'P', 2, 1, 100, 10},
      {'T', 10000, 25, -1, 0},
      {'T', 10000, 25, -1, 0}},
     "+1 +2 1=10@100m 2=10@100m "},
    {"T6 two equal trades are two budgets",
     {{'S', 100, 0, 101, 60},
      {'S', 99, 50, 101, 60},
      {'P', 1, 1, 100, 10},
      {'T', 10000, 4, -1, 0},
      {'T', 10000, 4, -1, 0}},
     "+1 1=4@100m 1=4@100m "},
    {"cancels ahead show when the level is smaller",
     {{'S', 100, 50, 101, 60},
      {'P', 1, 1, 100, 10},
      {'S', 100, 20, 101, 60},
      {'T', 10000, 25, -1, 0}},
     "+1 1=5@100m "},
    {"growth is behind us",
     {{'S', 100, 50, 101, 60},
      {'P', 1, 1, 100, 10},
      {'S', 100, 90, 101, 60},
      {'T', 10000, 55, -1, 0}},
     "+1 1=5@100m "},
    {"T7 a snapshot keeps the place",
     {{'S', 100, 50, 101, 60},
      {'P', 1, 1, 100, 10},
      {'T', 10000, 40, -1, 0},
      {'N', 100, 80, 101, 60},
      {'T', 10000, 15, -1, 0}},
     "+1 1=5@100m "},
    {"T17 the front stays the front",
     {{'S', 99, 50, 101, 60},
      {'P', 1, 1, 100, 10},
      {'S', 100, 10, 101, 60},
      {'S', 100, 6, 101, 60},
      {'T', 10000, 1, -1, 0}},
     "+1 1=1@100m "},
    {"a buyer's trade at our bid is not for us",
     {{'S', 100, 0, 101, 60},
      {'S', 99, 50, 101, 60},
      {'P', 1, 1, 100, 10},
      {'T', 10000, 40, 1, 0},
      {'T', 10000, 40, 0, 0}},
     "+1 "},
    {"an unsigned trade below the mid is a seller's",
     {{'S', 99, 50, 102, 60}, {'P', 1, 1, 100, 10}, {'T', 10000, 4, 2, 0}},
     "+1 1=4@100m "},
    {"a hidden trade at our price proves nothing",
     {{'S', 100, 1, 101, 60}, {'P', 1, 1, 100, 10}, {'X', 10000, 40, -1, 0}},
     "+1 "},
    {"a midpoint trade is not at our price",
     {{'S', 100, 1, 101, 60}, {'P', 1, 1, 100, 10}, {'X', 10050, 40, -1, 0}},
     "+1 "},
    {"a trade half a tick through us",
     {{'S', 100, 50, 101, 60}, {'P', 1, 1, 100, 10}, {'X', 9950, 1, -1, 0}},
     "+1 1=10@100x "},
    {"a trade through us, sell side",
     {{'S', 100, 50, 101, 60}, {'P', 1, -1, 101, 10}, {'T', 10200, 1, 1, 0}},
     "+1 1=10@101x "},
    {"the other side reaches our price",
     {{'S', 100, 50, 101, 60}, {'P', 1, 1, 100, 10}, {'S', 99, 50, 100, 60}},
     "+1 1=10@100x "},
    {"a crossed state fills nothing",
     {{'S', 100, 50, 101, 60}, {'P', 1, 1, 100, 10}, {'S', 101, 50, 100, 60}},
     "+1 "},
    {"sells wait on the ask",
     {{'S', 100, 50, 101, 60}, {'P', 1, -1, 101, 10}, {'T', 10100, 65, 1, 0}},
     "+1 1=5@101m "},
    {"a price below the display waits for its level",
     {{'S', 100, 50, 101, 60},
      {'P', 1, 1, 97, 10},
      {'T', 9700, 900, -1, 0},
      {'S', 97, 30, 101, 60},
      {'T', 9700, 34, -1, 0}},
     "+1 1=4@97m "},
    /* Arrival. */
    {"post-only would cross",
     {{'S', 100, 50, 101, 60}, {'P', 1, 1, 101, 10}, {'P', 2, -1, 100, 10}},
     "!1:would_cross !2:would_cross "},
    {"without post-only it takes, and the rest rests",
     {{'S', 100, 50, 101, 6}, {'O', 1, 1, 101, 10}, {'C', 1, 0, 0, 0}},
     "+1 1=6@101t -1 "},
    {"what it took is not there to fill the rest",
     {{'S', 100, 50, 101, 6}, {'O', 1, 1, 101, 10}, {'S', 100, 50, 101, 6}, {'S', 100, 50, 101, 9}},
     "+1 1=6@101t 1=4@101x "},
    {"immediate or cancel",
     {{'S', 100, 50, 101, 6}, {'I', 1, 1, 101, 10}, {'I', 2, 1, 100, 10}},
     "+1 1=6@101t -1 +2 -2 "},
    {"fill or kill",
     {{'S', 100, 50, 101, 6}, {'F', 1, 1, 101, 10}, {'F', 2, 1, 101, 6}, {'F', 3, 1, 102, 500}},
     "+1 -1 +2 2=6@101t +3 3=500@102t "},
    {"fill or kill does not count what was taken",
     {{'S', 100, 50, 101, 6}, {'M', 1, 1, 2, 0}, {'F', 2, 1, 101, 5}, {'F', 3, 1, 101, 4}},
     "+1 1=2@101t +2 -2 +3 3=4@101t "},
    /* Modification. */
    {"less keeps the place",
     {{'S', 100, 50, 101, 60},
      {'P', 1, 1, 100, 10},
      {'T', 10000, 45, -1, 0},
      {'U', 1, 0, 100, 4},
      {'T', 10000, 9, -1, 0}},
     "+1 %1:4 1=4@100m "},
    {"more loses it",
     {{'S', 100, 50, 101, 60},
      {'P', 1, 1, 100, 10},
      {'T', 10000, 45, -1, 0},
      {'U', 1, 0, 100, 11},
      {'T', 10000, 49, -1, 0},
      {'T', 10000, 3, -1, 0}},
     "+1 %1:11 1=2@100m "},
    {"another price loses it",
     {{'S', 100, 50, 101, 60},
      {'P', 1, 1, 99, 10},
      {'U', 1, 0, 100, 10},
      {'T', 10000, 50, -1, 0},
      {'T', 10000, 10, -1, 0}},
     "+1 %1:10 1=10@100m "},
    {"the youngest of two after it",
     {{'S', 99, 50, 101, 60},
      {'P', 1, 1, 100, 10},
      {'P', 2, 1, 100, 10},
      {'U', 1, 0, 100, 12},
      {'T', 10000, 12, -1, 0}},
     "+1 +2 %1:12 2=10@100m 1=2@100m "},
    {"not above what is filled: a cancel",
     {{'S', 99, 50, 101, 60}, {'P', 1, 1, 100, 10}, {'T', 10000, 4, -1, 0}, {'U', 1, 0, 100, 4}},
     "+1 1=4@100m -1 "},
    {"post-only stays where it was",
     {{'S', 100, 50, 101, 60}, {'P', 1, 1, 100, 10}, {'U', 1, 0, 101, 10}, {'C', 1, 0, 0, 0}},
     "+1 ?1:would_cross -1 "},
    {"without post-only it takes",
     {{'S', 100, 50, 101, 60}, {'O', 1, 1, 100, 10}, {'U', 1, 0, 101, 70}},
     "+1 %1:70 1=60@101t "},
    {"a halt lets one want less, not more",
     {{'S', 100, 50, 101, 60},
      {'P', 1, 1, 100, 10},
      {'H', 0, 0, 0, 0},
      {'U', 1, 0, 100, 5},
      {'U', 1, 0, 100, 6}},
     "+1 %1:5 ?1:halted "},
    {"T8 a modification after the fill is late",
     {{'S', 99, 50, 101, 60}, {'P', 1, 1, 100, 10}, {'T', 10000, 10, -1, 0}, {'U', 1, 0, 100, 5}},
     "+1 1=10@100m ?1:unknown_order "},
    {"nonsense changes nothing",
     {{'S', 100, 50, 101, 60}, {'P', 1, 1, 100, 10}, {'U', 1, 0, 100, 0}, {'C', 1, 0, 0, 0}},
     "+1 ?1:bad_request -1 "},
    /* Own orders that would meet. */
    {"strangers in front come first",
     {{'S', 100, 50, 101, 60}, {'P', 1, 1, 100, 10}, {'M', 2, -1, 50, 0}},
     "+1 +2 2=50@100t "},
    {"then the own order goes",
     {{'S', 100, 50, 101, 60}, {'P', 1, 1, 100, 10}, {'S', 100, 70, 101, 60}, {'M', 2, -1, 60, 0}},
     "+1 +2 2=50@100t -1 2=10@100t "},
    {"inside the spread it is met first",
     {{'S', 100, 50, 103, 60}, {'P', 1, 1, 101, 10}, {'M', 2, -1, 5, 0}},
     "+1 +2 -1 2=5@100t "},
    {"an order that rests ends one that it would lock",
     {{'S', 100, 50, 103, 60}, {'P', 1, 1, 101, 10}, {'P', 2, -1, 101, 5}},
     "+1 +2 -1 "},
    {"all that stand in the way",
     {{'S', 100, 50, 103, 60}, {'P', 1, 1, 101, 10}, {'P', 2, 1, 102, 10}, {'M', 3, -1, 5, 0}},
     "+1 +2 +3 -2 -1 3=5@100t "},
    {"too many",
     {{'S', 100, 50, 101, 60},
      {'P', 1, 1, 100, 1},
      {'P', 2, 1, 100, 1},
      {'P', 3, 1, 100, 1},
      {'P', 4, 1, 100, 1}},
     "+1 +2 +3 !4:too_many "},
    {"a marketable order needs no room to rest",
     {{'S', 100, 50, 101, 60},
      {'P', 1, 1, 100, 1},
      {'P', 2, 1, 100, 1},
      {'P', 3, 1, 100, 1},
      {'M', 4, -1, 10, 0},
      {'O', 5, 1, 101, 10}},
     "+1 +2 +3 +4 4=10@100t +5 5=10@101t "},
    {"an id that lives",
     {{'S', 100, 50, 101, 60}, {'P', 1, 1, 100, 1}, {'P', 1, 1, 100, 1}},
     "+1 !1:bad_request "},
    /* End of life. */
    {"cancel", {{'S', 100, 50, 101, 60}, {'P', 1, 1, 100, 10}, {'C', 1, 0, 0, 0}}, "+1 -1 "},
    {"T8 a cancel after the fill is late",
     {{'S', 100, 0, 101, 60},
      {'S', 99, 50, 101, 60},
      {'P', 1, 1, 100, 10},
      {'T', 10000, 10, -1, 0},
      {'C', 1, 0, 0, 0}},
     "+1 1=10@100m ?1 "},
    {"cancelled orders fill no more",
     {{'S', 99, 50, 101, 60}, {'P', 1, 1, 100, 10}, {'C', 1, 0, 0, 0}, {'T', 10000, 9, -1, 0}},
     "+1 -1 "},
    {"a cancel works in a halt",
     {{'S', 100, 50, 101, 60}, {'P', 1, 1, 100, 10}, {'H', 0, 0, 0, 0}, {'C', 1, 0, 0, 0}},
     "+1 -1 "},
    {"T10 trades of a halt fill nothing",
     {{'S', 99, 50, 101, 60}, {'P', 1, 1, 100, 10}, {'H', 10000, 50, -1, 0}},
     "+1 "},
    {"T10 no fill across a gap",
     {{'S', 100, 50, 101, 60}, {'P', 1, 1, 100, 10}, {'R', 90, 50, 91, 60}},
     "+1 ~1:reset "},
    {"close", {{'S', 100, 50, 101, 60}, {'P', 1, 1, 100, 10}, {'E', 0, 0, 0, 0}}, "+1 ~1:closed "},
    {"an event after the close fills nothing",
     {{'S', 100, 50, 101, 60}, {'P', 1, 1, 100, 10}, {'L', 0, 0, 0, 0}},
     "+1 ~1:closed "},
    {"T26 no event after the last state", {{'S', 100, 50, 101, 60}, {'E', 0, 0, 0, 0}}, ""},
};

static lf_request request_of(const message *m)
{
    switch (m->what) {
    case 'C':
        return (lf_request){.order_id = (uint64_t)m->a, .kind = LF_REQUEST_CANCEL};
    case 'U':
        return (lf_request){
            .order_id = (uint64_t)m->a,
            .price_ticks = m->c,
            .lots = m->d,
            .kind = LF_REQUEST_MODIFY,
        };
    case 'M':
        return (lf_request){
            .order_id = (uint64_t)m->a,
            .side = (int32_t)m->b,
            .lots = m->c,
            .price_ticks = m->d == 0 ? LF_PRICE_NONE : m->d,
            .order_kind = LF_ORDER_KIND_MARKETABLE,
        };
    default:
        return (lf_request){
            .order_id = (uint64_t)m->a,
            .side = (int32_t)m->b,
            .price_ticks = m->c,
            .lots = m->d,
            .order_kind = LF_ORDER_KIND_PASSIVE,
            .post_only = m->what == 'P',
            .tif = m->what == 'I'   ? LF_TIF_IOC
                   : m->what == 'F' ? LF_TIF_FOK
                                    : LF_TIF_DAY,
        };
    }
}

/* Gives one message to a venue; `last` is the state so far. */
static lf_status give(lf_venue *venue, const message *m, int64_t ts_ns, lf_event *last)
{
    lf_trade trade = {m->a, m->b, (int8_t)m->c, m->what == 'X', {0}};
    lf_event event = *last;
    event.flags = 0;
    event.trade_count = 0;
    event.ts_exchange_ns = ts_ns;
    switch (m->what) {
    case 'S':
    case 'N':
    case 'R':
        event = state_event(m->a, m->b, m->c, m->d);
        event.ts_exchange_ns = ts_ns;
        event.flags = m->what == 'R' ? LF_EVENT_RESET : m->what == 'N' ? LF_EVENT_SNAPSHOT : 0;
        break;
    case 'T':
    case 'X':
        event.trade_count = 1;
        break;
    case 'H':
        event.flags = LF_EVENT_MASKED;
        event.trade_count = m->b > 0 ? 1 : 0;
        break;
    case 'L':
        event.ts_exchange_ns = CLOSE_NS;
        break;
    case 'E':
        return lf_venue_close(venue, CLOSE_NS, NULL);
    default: {
        const lf_request request = request_of(m);
        return lf_venue_request(venue, &request, last->ts_exchange_ns, NULL);
    }
    }
    *last = event;
    return lf_venue_event(venue, &event, &trade, NULL);
}

static void test_scenarios(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
        const scenario *const row = &scenarios[i];
        const lf_instrument instrument = small_instrument();
        const lf_execution_options options = free_options();
        lf_venue *venue;
        assert_int_equal(lf_venue_create(NULL, &instrument, &options, &venue, NULL), LF_OK);
        lf_event last = state_event(0, 0, 0, 0);
        last.ts_exchange_ns = OPEN_NS;
        char log[1024] = "";
        size_t used = 0;
        for (size_t k = 0; k < 16 && row->messages[k].what != 0; k++) {
            const int64_t ts_ns = OPEN_NS + (int64_t)k;
            assert_int_equal(give(venue, &row->messages[k], ts_ns, &last), LF_OK);
            for (lf_report report; lf_venue_take(venue, &report);) {
                used += log_report(&report, log + used, sizeof log - used);
            }
        }
        if (strcmp(log, row->reports) != 0) {
            fail_msg("%s: expected \"%s\", got \"%s\"", row->name, row->reports, log);
        }
        lf_venue_destroy(venue);
    }
}

/* ---- money ------------------------------------------------------------------------------ */

/* A round trip worked out by hand, with us_nasdaq fees and square-root impact. */
static void test_money_by_hand(void **state)
{
    (void)state;
    const lf_instrument instrument = small_instrument();
    lf_execution_options options = free_options();
    options.fees.schedule = LF_FEE_SCHEDULE_US_NASDAQ;
    options.fees.as_of = LF_FEES_AS_OF_TRADE_DATE;
    options.impact.model = LF_IMPACT_SQUARE_ROOT;
    options.impact.daily_volatility_bps = 200;
    options.impact.daily_volume_lots = 10000;
    lf_venue *venue;
    assert_int_equal(lf_venue_create(NULL, &instrument, &options, &venue, NULL), LF_OK);
    lf_event event = state_event(5000, 300, 5001, 300);
    event.ts_exchange_ns = OPEN_NS;
    assert_int_equal(lf_venue_event(venue, &event, NULL, NULL), LF_OK);
    lf_request request = {
        .order_id = 1, .lots = 100, .price_ticks = LF_PRICE_NONE, .side = 1, .post_only = true};
    assert_int_equal(lf_venue_request(venue, &request, OPEN_NS, NULL), LF_OK);
    request.order_id = 2;
    request.side = -1;
    request.price_ticks = 5001;
    request.order_kind = LF_ORDER_KIND_PASSIVE;
    assert_int_equal(lf_venue_request(venue, &request, OPEN_NS, NULL), LF_OK);
    const lf_trade trade = {5001 * UNITS, 400, 1, false, {0}};
    event.trade_count = 1;
    assert_int_equal(lf_venue_event(venue, &event, &trade, NULL), LF_OK);

    lf_ledger ledger = {0};
    int fills = 0;
    for (lf_report report; lf_venue_take(venue, &report);) {
        if (report.kind != LF_REPORT_FILL) {
            continue;
        }
        fills++;
        assert_int_equal(lf_ledger_fill(&ledger, &report.fill, NULL), LF_OK);
        assert_int_equal(lf_ledger_check(&ledger, NULL), LF_OK);
        if (report.fill.side > 0) {
            /* 100 x 50.01 = 5001; impact 0.02 sqrt(100/10000) = 20 bps = 10.002; commission 0.1;
               take fee 0.3. */
            assert_int_equal(report.fill.impact_nano, INT64_C(10002000000));
            assert_int_equal(report.fill.value_nano, INT64_C(5011002000000));
            assert_int_equal(report.fill.fees.commission_nano, 100000000);
            assert_int_equal(report.fill.fees.exchange_nano, 300000000);
            assert_int_equal(report.fill.fees.regulatory_nano, 0);
        } else {
            /* 5001; no impact; rebate 0.18; Section 31: 5001 x 20.60e-6 = 0.1030206; TAF 0.0195. */
            assert_int_equal(report.fill.value_nano, INT64_C(5001000000000));
            assert_int_equal(report.fill.fees.exchange_nano, -180000000);
            assert_int_equal(report.fill.fees.regulatory_nano, 103020600 + 19500000);
            assert_int_equal(report.fill.liquidity, LF_LIQUIDITY_MAKER);
        }
    }
    assert_int_equal(fills, 2);
    assert_int_equal(ledger.position_lots, 0);
    /* -5011.002 + 5001 - 0.1 - 0.3 - 0.1 + 0.18 - 0.1225206 */
    assert_int_equal(ledger.cash_nano, INT64_C(-10444520600));
    assert_int_equal(ledger.impact_nano, INT64_C(10002000000));
    lf_venue_destroy(venue);
}

/* The paper's own table: a tenth of the daily volume, over three parts of a day, in bps. */
static const struct {
    const char *name;
    double volume, outstanding, volatility_bps;
    int64_t lots, parts; /* the day has so many of the duration */
    int64_t bps;
} almgren_rows[] = {
    {"IBM 0.1", 6561000, 1728e6, 157, 656100, 10, 32},
    {"IBM 0.2", 6561000, 1728e6, 157, 656100, 5, 25},
    {"IBM 0.5", 6561000, 1728e6, 157, 656100, 2, 18},
    {"DRI 0.1", 1929000, 168e6, 226, 192900, 10, 43},
    {"DRI 0.2", 1929000, 168e6, 226, 192900, 5, 32},
    {"DRI 0.5", 1929000, 168e6, 226, 192900, 2, 23},
};

static void test_almgren_is_the_paper(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof almgren_rows / sizeof almgren_rows[0]; i++) {
        const lf_instrument instrument = small_instrument();
        lf_execution_options options = free_options();
        options.impact = (lf_impact_options){
            .model = LF_IMPACT_ALMGREN,
            .factor = 1,
            .daily_volatility_bps = almgren_rows[i].volatility_bps,
            .daily_volume_lots = almgren_rows[i].volume,
            .outstanding_lots = almgren_rows[i].outstanding,
            .duration_ns =
                (instrument.session_close_ns - instrument.session_open_ns) / almgren_rows[i].parts,
        };
        lf_venue *venue;
        assert_int_equal(lf_venue_create(NULL, &instrument, &options, &venue, NULL), LF_OK);
        lf_event event = state_event(5000, 700000, 5001, 700000);
        event.ts_exchange_ns = OPEN_NS;
        assert_int_equal(lf_venue_event(venue, &event, NULL, NULL), LF_OK);
        const lf_request request = {
            .order_id = 1,
            .lots = almgren_rows[i].lots,
            .price_ticks = LF_PRICE_NONE,
            .side = i % 2 == 0 ? 1 : -1,
        };
        assert_int_equal(lf_venue_request(venue, &request, OPEN_NS, NULL), LF_OK);
        int64_t impact_nano = 0, value_nano = 0;
        for (lf_report report; lf_venue_take(venue, &report);) {
            impact_nano += report.fill.impact_nano;
            value_nano += report.fill.value_nano - report.fill.side * report.fill.impact_nano;
        }
        const double bps = 1e4 * (double)impact_nano / (double)value_nano;
        if (llround(bps) != almgren_rows[i].bps) {
            fail_msg("%s: %g bps", almgren_rows[i].name, bps);
        }
        lf_venue_destroy(venue);
    }
}

static void test_sizes_that_do_not_fit(void **state)
{
    (void)state;
    const lf_instrument instrument = small_instrument();
    const lf_execution_options options = free_options();
    lf_venue *venue;
    assert_int_equal(lf_venue_create(NULL, &instrument, &options, &venue, NULL), LF_OK);
    lf_event event = state_event(1, 1, INT64_C(1) << 40, INT64_C(1) << 40);
    event.ts_exchange_ns = OPEN_NS;
    assert_int_equal(lf_venue_event(venue, &event, NULL, NULL), LF_OK);
    const lf_request request = {
        .order_id = 1, .lots = INT64_C(1) << 40, .price_ticks = LF_PRICE_NONE, .side = 1};
    lf_error error;
    assert_int_equal(lf_venue_request(venue, &request, OPEN_NS, &error), LF_RANGE);
    assert_non_null(strstr(error.message, "64 bits"));
    lf_venue_destroy(venue);
}

/* ---- books with holes, long memories ---------------------------------------------------- */

static void show(lf_venue *venue, lf_event *event, int64_t ts_ns)
{
    event->ts_exchange_ns = ts_ns;
    assert_int_equal(lf_venue_event(venue, event, NULL, NULL), LF_OK);
}

/* All that is filled of a marketable buy. */
static int64_t buy(lf_venue *venue, uint64_t id, int64_t lots, int64_t limit, int64_t ts_ns)
{
    const lf_request request = {.order_id = id, .lots = lots, .price_ticks = limit, .side = 1};
    assert_int_equal(lf_venue_request(venue, &request, ts_ns, NULL), LF_OK);
    int64_t filled = 0;
    for (lf_report report; lf_venue_take(venue, &report);) {
        filled += report.fill.lots;
    }
    return filled;
}

/* A level that is missing between two others says nothing about those behind it. */
static void test_hole_between_levels(void **state)
{
    (void)state;
    lf_instrument instrument = small_instrument();
    instrument.level_count = 3;
    const lf_execution_options options = free_options();
    lf_venue *venue;
    assert_int_equal(lf_venue_create(NULL, &instrument, &options, &venue, NULL), LF_OK);
    lf_event event = state_event(100, 50, 101, 60);
    event.quotes.bid_ticks[2] = 98;
    event.quotes.bid_lots[2] = 70;
    event.quotes.ask_ticks[2] = 103;
    event.quotes.ask_lots[2] = 80;
    show(venue, &event, OPEN_NS);
    const lf_request request = {
        .order_id = 1,
        .lots = 10,
        .price_ticks = 98,
        .side = 1,
        .order_kind = LF_ORDER_KIND_PASSIVE,
    };
    assert_int_equal(lf_venue_request(venue, &request, OPEN_NS, NULL), LF_OK);
    assert_int_equal(lf_venue_ahead(venue, 1), 70);
    event.quotes.bid_ticks[1] = LF_BID_NONE;
    event.quotes.bid_lots[1] = 0;
    event.quotes.ask_ticks[1] = LF_ASK_NONE;
    event.quotes.ask_lots[1] = 0;
    show(venue, &event, OPEN_NS + 1);
    assert_int_equal(lf_venue_ahead(venue, 1), 70);
    assert_int_equal(buy(venue, 2, 1000, LF_PRICE_NONE, OPEN_NS + 1), 60 + 80);
    /* A last level that is missing does say it: the feed shows all there is. */
    event.quotes.bid_ticks[2] = LF_BID_NONE;
    event.quotes.bid_lots[2] = 0;
    show(venue, &event, OPEN_NS + 2);
    assert_int_equal(lf_venue_ahead(venue, 1), 0);
    lf_venue_destroy(venue);
}

/* What was taken at a visible price is never forgotten for prices that left the view. */
static void test_taken_at_many_prices(void **state)
{
    (void)state;
    const lf_instrument instrument = small_instrument();
    const lf_execution_options options = free_options();
    lf_venue *venue;
    assert_int_equal(lf_venue_create(NULL, &instrument, &options, &venue, NULL), LF_OK);
    lf_event event = state_event(100, 50, 101, 60);
    for (int i = 0; i < 100; i++) {
        /* The second level comes nearer each time, so that the one before leaves the view. */
        event.quotes.ask_ticks[1] = 300 - i;
        show(venue, &event, OPEN_NS + i);
        const int64_t there = i == 0 ? 560 : 500;
        assert_int_equal(buy(venue, (uint64_t)i + 1, 1000, LF_PRICE_NONE, OPEN_NS + i), there);
    }
    lf_venue_destroy(venue);
}

/* ---- memory ----------------------------------------------------------------------------- */

static lf_status day_of_orders(const lf_allocator *allocator, uint64_t *calls_after_create)
{
    const lf_instrument instrument = small_instrument();
    const lf_execution_options options = free_options();
    lf_venue *venue;
    lf_error error;
    lf_status status = lf_venue_create(allocator, &instrument, &options, &venue, &error);
    if (status != LF_OK) {
        assert_null(venue);
        return status;
    }
    const lf_testing_memory *const memory = allocator->context;
    const uint64_t calls = memory->calls;
    for (int i = 0; i < 1000 && status == LF_OK; i++) {
        lf_event event = state_event(100 + i % 3, 50, 102 + i % 3, 60);
        event.ts_exchange_ns = OPEN_NS + i;
        status = lf_venue_event(venue, &event, NULL, NULL);
        const lf_request request = {
            .order_id = (uint64_t)i + 1,
            .lots = 10,
            .price_ticks = 100,
            .side = i % 2 ? 1 : -1,
            .order_kind = i % 3 ? LF_ORDER_KIND_MARKETABLE : LF_ORDER_KIND_PASSIVE,
        };
        if (status == LF_OK) {
            status = lf_venue_request(venue, &request, OPEN_NS + i, NULL);
        }
        for (lf_report report; lf_venue_take(venue, &report);) {
        }
    }
    *calls_after_create = memory->calls - calls;
    lf_venue_destroy(venue);
    return status;
}

static void test_memory(void **state)
{
    (void)state;
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        uint64_t after = 0;
        const lf_status status = day_of_orders(&memory.allocator, &after);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            assert_int_equal(after, 0);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scenarios),
        cmocka_unit_test(test_money_by_hand),
        cmocka_unit_test(test_almgren_is_the_paper),
        cmocka_unit_test(test_sizes_that_do_not_fit),
        cmocka_unit_test(test_hole_between_levels),
        cmocka_unit_test(test_taken_at_many_prices),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
