/*
 * Goal: the public Databento samples are read as another program counted them, and the book of
 *       single orders equals a plain ladder after every record.
 * Method: the folder of reference data, when it is there; otherwise the tests say so and are
 *         skipped (dbn_test.c covers the rules on files made there).
 */
#include "dbn.h"

#include <lobflow/l3.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed_testing.h"

#define ES "data/databento/esh4-glbx-mdp3-20231225.mbo.dbn.zst"
#define ES_START "data/databento/orderbooks_mbo_2024-05-08T00-00-00_2024-05-08T00-00-02.dbn.zst"
#define ES_QUOTES "data/databento/futures_mbp-1_2024-07-01T23-58_2024-07-02T00-02.dbn.zst"
#define TICK_NANO INT64_C(250000000)

/* ---- the plain ladder ------------------------------------------------------------------- */

#define RUNGS 40000
#define PLACES (1 << 18)

typedef struct ladder_order {
    uint64_t id; /* 0: free */
    int32_t rung;
    uint32_t lots;
    int side; /* 0 bid, 1 ask */
} ladder_order;

/* Lots and orders at each tick, and the orders in a table from which nothing is ever removed. */
typedef struct ladder {
    int64_t lots[2][RUNGS];
    uint32_t orders[2][RUNGS];
    ladder_order table[PLACES];
    int64_t unknown_count, order_count;
    int32_t top_bid, top_ask;
} ladder;

static ladder_order *place(ladder *l, uint64_t id)
{
    size_t at = (size_t)(id * UINT64_C(11400714819323198485) >> 46);
    while (l->table[at].id != 0 && l->table[at].id != id) {
        at = (at + 1) % PLACES;
    }
    return &l->table[at];
}

static void leave(ladder *l, ladder_order *o, uint32_t lots)
{
    assert_true(lots <= o->lots); /* no size below zero */
    o->lots -= lots;
    l->lots[o->side][o->rung] -= lots;
    l->orders[o->side][o->rung] -= o->lots == 0;
    l->order_count -= o->lots == 0;
}

static void enter(ladder *l, ladder_order *o, int side, int32_t rung, uint32_t lots)
{
    assert_in_range(rung, 1, RUNGS - 1);
    o->side = side;
    o->rung = rung;
    o->lots = lots;
    l->lots[side][rung] += lots;
    l->orders[side][rung]++;
    l->order_count++;
    l->top_bid = side == 0 && rung > l->top_bid ? rung : l->top_bid;
    l->top_ask = side == 1 && rung < l->top_ask ? rung : l->top_ask;
}

static void apply(ladder *l, const dbn_mbo *m)
{
    if (m->action != 'A' && m->action != 'C' && m->action != 'M') {
        return;
    }
    ladder_order *const o = place(l, m->order_id);
    if (m->action != 'A' && o->lots == 0) {
        l->unknown_count++;
        return;
    }
    if (m->action == 'C') {
        leave(l, o, m->size);
        return;
    }
    if (m->action == 'M') {
        leave(l, o, o->lots);
    }
    o->id = m->order_id;
    enter(l, o, m->side == 'A', (int32_t)(m->price / TICK_NANO), m->size);
}

static void compare(ladder *l, const lf_l3 *l3)
{
    for (int side = 0; side < 2; side++) {
        const lf_l3_side *const best = lf_l3_best(l3, 0, side == 0 ? 1 : -1);
        const int32_t step = side == 0 ? -1 : 1;
        int32_t *const top = side == 0 ? &l->top_bid : &l->top_ask;
        while (*top > 0 && *top < RUNGS && l->lots[side][*top] == 0) {
            *top += step;
        }
        int32_t rung = *top;
        for (int m = 0; m < LF_L3_LEVELS; m++) {
            while (rung > 0 && rung < RUNGS && l->lots[side][rung] == 0) {
                rung += step;
            }
            const bool found = rung > 0 && rung < RUNGS;
            assert_int_equal(best->lots[m], found ? l->lots[side][rung] : 0);
            assert_int_equal(best->orders[m], found ? l->orders[side][rung] : 0);
            if (found) {
                assert_int_equal(best->prices[m], rung);
            }
            rung += step;
        }
    }
}

static lf_status put(lf_l3 *l3, const dbn_mbo *m)
{
    const int side = m->side == 'B' ? 1 : -1;
    switch (m->action) {
    case 'A':
        return lf_l3_add(l3, 0, m->order_id, side, m->price / TICK_NANO, m->size);
    case 'M':
        return lf_l3_modify(l3, 0, m->order_id, side, m->price / TICK_NANO, m->size);
    case 'C':
        return lf_l3_reduce(l3, m->order_id, m->size);
    default:
        return LF_OK;
    }
}

static void replay(const char *name, int64_t best_bid, int64_t levels[2], int64_t orders)
{
    static ladder l;
    const char *const path = lf_testing_shared(name);
    lfi_dbn_in *in;
    lf_l3 *l3;
    const unsigned char *record;
    if (path == NULL) {
        skip();
    }
    memset(&l, 0, sizeof l);
    l.top_ask = RUNGS - 1;
    assert_int_equal(lfi_dbn_in_open(NULL, path, &in, NULL), LF_OK);
    assert_int_equal(lf_l3_create(NULL, &l3, NULL), LF_OK);
    for (;;) {
        dbn_mbo m;
        assert_int_equal(lfi_dbn_in_next(in, &record, NULL), LF_OK);
        if (record == NULL) {
            break;
        }
        memcpy(&m, record, sizeof m);
        apply(&l, &m);
        assert_int_equal(put(l3, &m), LF_OK);
        compare(&l, l3);
    }
    const lf_l3_stats *const stats = lf_l3_stats_of(l3);
    assert_int_equal(l.unknown_count, 0);
    assert_int_equal(stats->unknown_count + stats->duplicate_count + stats->overfill_count, 0);
    assert_int_equal(lf_l3_level_count(l3, 0, 1), levels[0]);
    assert_int_equal(lf_l3_level_count(l3, 0, -1), levels[1]);
    assert_int_equal(lf_l3_order_count(l3, 0), orders);
    assert_int_equal(l.order_count, orders);
    assert_int_equal(lf_l3_best(l3, 0, 1)->prices[0], best_bid);
    assert_int_equal(lf_l3_best(l3, 0, -1)->prices[0], best_bid + 1);
    lf_l3_destroy(l3);
    lfi_dbn_in_close(in);
}

static void test_replay_day(void **state)
{
    (void)state;
    replay(ES, 4810 * 4, (int64_t[]){922, 565}, 11217);
}

static void test_replay_start(void **state)
{
    (void)state;
    replay(ES_START, 5214 * 4, (int64_t[]){976, 571}, 13598);
}

/* ---- events ----------------------------------------------------------------------------- */

/* What the events of a file add up to. */
typedef struct sums {
    lf_instrument instrument;
    lf_feed_stats stats;
    int64_t snapshots, resets, trade_lots, trades;
    int64_t first_crossed_ns, last_crossed_ns;
    lf_event last;
} sums;

static bool sum_up(const char *name, sums *out)
{
    const char *const path = lf_testing_shared(name);
    lf_source_list list;
    lf_feed *feed;
    lf_batch batch;
    memset(out, 0, sizeof *out);
    if (path == NULL) {
        return false;
    }
    assert_int_equal(lf_feed_find(&path, 1, NULL, &list, NULL), LF_OK);
    assert_int_equal(list.count, 1);
    assert_int_equal(lf_feed_open(&list.sources[0], NULL, &feed, NULL), LF_OK);
    for (;;) {
        assert_int_equal(lf_feed_next(feed, &batch, NULL), LF_OK);
        if (batch.event_count == 0) {
            break;
        }
        for (size_t i = 0; i < batch.event_count; i++) {
            const lf_event *const e = &batch.events[i];
            const lf_quotes *const q = &e->quotes;
            out->snapshots += (e->flags & LF_EVENT_SNAPSHOT) != 0;
            out->resets += (e->flags & LF_EVENT_RESET) != 0;
            if (q->bid_lots[0] > 0 && q->ask_lots[0] > 0 && q->bid_ticks[0] >= q->ask_ticks[0]) {
                out->first_crossed_ns =
                    out->first_crossed_ns == 0 ? e->ts_exchange_ns : out->first_crossed_ns;
                out->last_crossed_ns = e->ts_exchange_ns;
            }
        }
        for (size_t i = 0; i < batch.trade_count; i++) {
            out->trades++;
            out->trade_lots += batch.trades[i].size_lots;
        }
        out->last = batch.events[batch.event_count - 1];
    }
    out->instrument = *lf_feed_instrument(feed);
    out->stats = *lf_feed_stats_of(feed);
    lf_feed_close(feed);
    lf_source_list_clear(&list);
    return true;
}

static void test_events_day(void **state)
{
    (void)state;
    static sums s;
    const int64_t day_ns = INT64_C(1703462400) * LF_NS_PER_SECOND; /* 2023-12-25T00:00Z */
    if (!sum_up(ES, &s)) {
        skip();
    }
    assert_int_equal(s.snapshots, 1);
    assert_int_equal(s.stats.event_count - s.snapshots, 47022);
    assert_int_equal(s.stats.crossed_count, 891);
    /* The auction before the open: 22:39:55 to 22:59:59.9997. */
    assert_in_range(
        s.first_crossed_ns - day_ns,
        (22 * 3600 + 39 * 60 + 55) * LF_NS_PER_SECOND,
        (22 * 3600 + 39 * 60 + 56) * LF_NS_PER_SECOND
    );
    assert_in_range(
        s.last_crossed_ns - day_ns,
        23 * 3600 * LF_NS_PER_SECOND - LF_NS_PER_MILLISECOND,
        23 * 3600 * LF_NS_PER_SECOND
    );
    assert_int_equal(s.trades, 2973);
    assert_int_equal(s.resets, 0);
    assert_int_equal(s.stats.violation_count + s.stats.unknown_order_count, 0);
    assert_int_equal(s.stats.backward_count + s.stats.skipped_count + s.stats.off_tick_count, 0);
    /* The session is named by the day on which it ends; it opens at 17:00 Chicago. */
    assert_int_equal(lf_date_to_days(s.instrument.date), lf_date_to_days((lf_date){2023, 12, 26}));
    assert_int_equal(s.instrument.session_open_ns - day_ns, 23 * 3600 * LF_NS_PER_SECOND);
    assert_int_equal(s.instrument.tick_nano, TICK_NANO);
    assert_int_equal(s.instrument.lot_nano, 50 * LF_NS_PER_SECOND);
    assert_int_equal(s.last.quotes.bid_ticks[0], 4810 * 4);
    assert_int_equal(s.last.quotes.ask_ticks[0], 4810 * 4 + 1);
}

static void test_events_start(void **state)
{
    (void)state;
    static sums s;
    if (!sum_up(ES_START, &s)) {
        skip();
    }
    assert_int_equal(s.stats.event_count, 185);
    assert_int_equal(s.stats.crossed_count, 0);
    assert_int_equal(s.last.quotes.bid_ticks[0], 5214 * 4);
}

/* The snapshot at midnight in mid-file shows what was known: no flow, and nothing is forgotten. */
static void test_quotes(void **state)
{
    (void)state;
    static sums s;
    if (!sum_up(ES_QUOTES, &s)) {
        skip();
    }
    assert_int_equal(s.snapshots, 1);
    assert_int_equal(s.resets, 0);
    assert_int_equal(s.trades, 120);
    /* 2,288 records, of which each trade is one event with the change behind it. */
    assert_int_equal(s.stats.event_count, 2288 - 120);
    assert_int_equal(s.instrument.level_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replay_day),
        cmocka_unit_test(test_replay_start),
        cmocka_unit_test(test_events_day),
        cmocka_unit_test(test_events_start),
        cmocka_unit_test(test_quotes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
