/*
 * Goal: books by order of CME are those of a naive list of orders after every event, best levels
 *       and queues alike, from a beginning and from a snapshot in pieces; lost packets mask them;
 *       orders beside a book by price are told with its events, executions with their trades.
 * Method: random orders, written as a capture in all ways there are; the changes that come out are
 *         replayed.
 */
#include "cme_feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cme_testing.h"

#define ORDERS_MAX 60
/* Bids stand at 1000 to 1007, asks from 1008 on: all of them are among the ten best levels. */
#define PRICES 8
#define EVENTS 900

/* ---- a naive market --------------------------------------------------------------------- */

typedef struct naive_order {
    uint64_t id, priority;
    int64_t price, lots;
    int side; /* 0 bid, 1 ask */
} naive_order;

typedef struct naive {
    naive_order orders[ORDERS_MAX];
    size_t count;
} naive;

/* What one event did. */
typedef struct deed {
    naive_order order; /* after it, or before it when it is deleted */
    int action;
} deed;

typedef struct naive_day {
    naive states[EVENTS + 1]; /* after each packet; packet i has event i */
    deed deeds[EVENTS + 1];
    uint64_t next_id, next_priority;
} naive_day;

static deed act(naive *m, naive_day *d, lf_random *random)
{
    const uint64_t dice = lf_random_below(random, 10);
    if (m->count < 12 || (dice < 4 && m->count < ORDERS_MAX)) {
        naive_order *const fresh = &m->orders[m->count++];
        const int side = (int)lf_random_below(random, 2);
        *fresh = (naive_order){
            .id = d->next_id += 1 + lf_random_below(random, 1000000),
            .priority = d->next_priority++,
            .price = 1000 + (int64_t)lf_random_below(random, PRICES) + (side == 1 ? PRICES : 0),
            .lots = 1 + (int64_t)lf_random_below(random, 50),
            .side = side,
        };
        return (deed){*fresh, 0};
    }
    const size_t at = (size_t)lf_random_below(random, m->count);
    naive_order *const order = &m->orders[at];
    if (dice < 7) {
        const deed gone = {*order, 2};
        m->orders[at] = m->orders[--m->count];
        return gone;
    }
    const bool is_smaller = dice == 7 && order->lots > 1;
    if (is_smaller) {
        order->lots -= 1 + (int64_t)lf_random_below(random, (uint64_t)order->lots - 1);
    } else {
        /* A larger size, or another price: it goes to the end. */
        order->lots += 1 + (int64_t)lf_random_below(random, 9);
        order->priority = d->next_priority++;
    }
    return (deed){*order, 1};
}

static void make_orders(naive_day *d)
{
    lf_random random;
    lf_random_seed(&random, 43, 0);
    memset(d, 0, sizeof *d);
    d->next_id = 6400000000000;
    d->next_priority = 1;
    for (size_t i = 1; i <= EVENTS; i++) {
        d->states[i] = d->states[i - 1];
        d->deeds[i] = act(&d->states[i], d, &random);
    }
}

static int64_t lots_at(const naive *m, int side, int64_t price)
{
    int64_t lots = 0;
    for (size_t i = 0; i < m->count; i++) {
        lots += m->orders[i].side == side && m->orders[i].price == price ? m->orders[i].lots : 0;
    }
    return lots;
}

/* The level of a price, from 1: how many better ones there are, and itself. */
static int level_at(const naive *m, int side, int64_t price)
{
    int level = 1;
    for (int64_t p = 1000; p < 1000 + 2 * PRICES; p++) {
        level += (side == 0 ? p > price : p < price) && lots_at(m, side, p) > 0;
    }
    return level;
}

static void check_levels(const lf_quotes *q, const naive *m)
{
    for (int side = 0; side < 2; side++) {
        int at = 0;
        const int64_t *const ticks = side == 0 ? q->bid_ticks : q->ask_ticks;
        const int64_t *const lots = side == 0 ? q->bid_lots : q->ask_lots;
        for (int i = 0; i < 2 * PRICES; i++) {
            const int64_t price = 1000 + (side == 0 ? 2 * PRICES - 1 - i : i);
            if (lots_at(m, side, price) > 0) {
                assert_int_equal(ticks[at], price);
                assert_int_equal(lots[at++], lots_at(m, side, price));
            }
        }
        assert_int_equal(lots[at], 0);
    }
}

/* ---- captures --------------------------------------------------------------------------- */

/* How orders are told. */
typedef enum way {
    BY_ORDER,     /* template 47 */
    BY_ORDER_OLD, /* template 43 */
    WITH_LEVELS,  /* behind the levels of template 46 */
    WITH_LONG,    /* and of 64 */
} way;

static void put_queue_entry(const writer *w, unsigned char *at, const deed *what)
{
    put(at, what->order.id, 8);
    put(at + 8, what->order.priority, 8);
    put(at + 16, raw(w, TICK * what->order.price), 8);
    put(at + 24, what->action == 2 ? INT32_MAX : (uint64_t)what->order.lots, 4);
    put(at + 28, SECURITY, 4);
    at[32] = (unsigned char)what->action;
    at[33] = what->order.side == 0 ? '0' : '1';
}

static message by_order(const writer *w, const deed *what, int64_t ts_ns)
{
    message m = start(w->is_old ? 43 : 47, 11);
    unsigned char *const at = m.bytes + m.count + 3;
    put(m.bytes + 10, (uint64_t)ts_ns, 8);
    m.bytes[10 + LFI_CME_INDICATOR] = LFI_CME_LAST_QUOTE | LFI_CME_END_OF_EVENT;
    put_queue_entry(w, at, what);
    /* An order of another security. */
    put_queue_entry(w, at + 40, what);
    put(at + 40 + 28, OTHER, 4);
    add_group(&m, 40, 2);
    return m;
}

static void add_parts(message *m, size_t entry_bytes, size_t count)
{
    put(m->bytes + m->count, entry_bytes, 2);
    m->bytes[m->count + 7] = (unsigned char)count;
    m->count += 8 + entry_bytes * count;
}

/* The level that an order has changed, and the order. */
static message
with_level(writer *w, const naive *before, const naive *after, const deed *what, int64_t ts_ns)
{
    const int side = what->order.side;
    const int64_t price = what->order.price, lots = lots_at(after, side, price);
    const int action = lots == 0 ? 2 : lots_at(before, side, price) == 0 ? 0 : 1;
    message m = start_books(w, ts_ns);
    unsigned char *const at = m.bytes + m.count + 3;
    set_other(w, at);
    set_entry(
        w, at + 32, side == 0 ? '0' : '1', level_at(after, side, price), action, TICK * price, lots
    );
    add_group(&m, 32, 2);
    unsigned char *const part = m.bytes + m.count + 8;
    for (int i = 0; i < 2; i++) {
        put(part + 24 * i, what->order.id + (uint64_t)i, 8);
        put(part + 24 * i + 8, what->order.priority, 8);
        put(part + 24 * i + 16, what->action == 2 ? INT32_MAX : (uint64_t)what->order.lots, 4);
        part[24 * i + 20] = (unsigned char)(2 - i); /* the second one is of the other security */
        part[24 * i + 21] = (unsigned char)what->action;
    }
    add_parts(&m, 24, 2);
    return m;
}

/* A snapshot in pieces of ten orders, in no order. */
static void add_queues(writer *w, const naive *m, uint32_t sequence, int64_t ts_ns)
{
    const uint32_t total = (uint32_t)(m->count + 9) / 10;
    for (uint32_t piece = 1; piece <= total; piece++) {
        message s = start(w->is_old ? 44 : 53, 28);
        put(s.bytes + 10, sequence, 4);
        put(s.bytes + 10 + 8, SECURITY, 4);
        put(s.bytes + 10 + 12, total, 4);
        put(s.bytes + 10 + 16, piece, 4);
        put(s.bytes + 10 + 20, (uint64_t)(START_NS + (int64_t)sequence * 1000), 8);
        size_t count = 0;
        for (size_t i = (piece - 1) * 10; i < m->count && count < 10; i++, count++) {
            unsigned char *const at = s.bytes + s.count + 3 + 29 * count;
            const naive_order *const order = &m->orders[i];
            put(at, order->id, 8);
            put(at + 8, order->priority, 8);
            put(at + 16, raw(w, TICK * order->price), 8);
            put(at + 24, (uint64_t)order->lots, 4);
            at[28] = order->side == 0 ? '0' : '1';
        }
        add_group(&s, 29, count);
        add_packet(w, 1, piece, ts_ns + 5 + piece, &s, 1);
    }
}

/* Packets [first, EVENTS] but for a lost one; snapshots of `snapshot` are told 20 packets later. */
static void make_capture(writer *w, const naive_day *d, way how, const day *plan)
{
    const style styles[] = {
        {.feed_count = 2},
        {.feed_count = 2, .is_old = true},
        {.feed_count = 2},
        {.feed_count = 2, .is_long = true},
    };
    start_capture(w, styles[how]);
    add_definition(w, SECURITY, "ESZ7");
    add_definition(w, OTHER, "ESH8");
    for (uint32_t i = plan->first; i <= EVENTS; i++) {
        const int64_t ts_ns = START_NS + (int64_t)i * 1000;
        message m = how < WITH_LEVELS
                        ? by_order(w, &d->deeds[i], ts_ns)
                        : with_level(w, &d->states[i - 1], &d->states[i], &d->deeds[i], ts_ns);
        if (i != plan->lost) {
            add_packet(w, 0, i, ts_ns + 10, &m, 1);
        }
        if (plan->snapshot > 0 && i == plan->snapshot + 20) {
            add_queues(w, &d->states[plan->snapshot], plan->snapshot, ts_ns);
        }
    }
}

/* ---- reading ---------------------------------------------------------------------------- */

/* What the changes that came out make. */
typedef struct replay {
    lf_l3 *l3;
    const naive *truth;
    size_t at; /* visited */
    uint64_t last_priority;
    int64_t last_price;
    int64_t masked, resets, states, fills;
} replay;

static void apply_change(replay *r, const lf_order_change *c)
{
    lf_status status = LF_OK;
    switch (c->kind) {
    case LF_CHANGE_ADD:
        status = lf_l3_add(r->l3, 0, c->order_id, c->side, c->price_ticks, c->lots);
        break;
    case LF_CHANGE_REDUCE:
        status = lf_l3_reduce(r->l3, c->order_id, c->lots);
        break;
    case LF_CHANGE_MODIFY:
        status = lf_l3_modify(r->l3, 0, c->order_id, c->side, c->price_ticks, c->lots);
        break;
    case LF_CHANGE_FILL:
        r->fills += c->lots;
        break;
    default:
        lf_l3_clear(r->l3, 0);
        break;
    }
    assert_int_equal(status, LF_OK);
}

/* lf_l3_visit: the order is there, and behind those of lower priority at its price. */
static lf_status check_order(void *context, uint64_t order_id, const lf_l3_order *order)
{
    replay *const r = context;
    for (size_t i = 0; i < r->truth->count; i++) {
        const naive_order *const true_order = &r->truth->orders[i];
        if (true_order->id == order_id) {
            assert_int_equal(order->price, true_order->price);
            assert_int_equal(order->lots, true_order->lots);
            assert_int_equal(order->side, true_order->side == 0 ? 1 : -1);
            assert_true(order->price != r->last_price || true_order->priority > r->last_priority);
            r->last_price = order->price;
            r->last_priority = true_order->priority;
            r->at++;
            return LF_OK;
        }
    }
    fail_msg("no such order");
    return LF_OK;
}

static void check_queues(replay *r, const naive *truth)
{
    r->truth = truth;
    r->at = 0;
    r->last_price = 0;
    assert_int_equal(lf_l3_each(r->l3, 0, check_order, r), LF_OK);
    assert_int_equal(r->at, truth->count);
}

/* Read it all; every state that may be used is the true one, and so are the queues told by then. */
static void replay_day(
    const lf_source *source, const naive_day *d, bool with_orders, replay *r, lf_feed_stats *stats
)
{
    const lf_feed_options options = {
        .with_orders = with_orders,
        .batch_events = 7,
        .tick_nano = TICK * INT64_C(100000), /* a file of DBN would have that of the contract */
    };
    lf_feed *feed;
    lf_batch batch = {.event_count = 1};
    lf_error error;
    *r = (replay){0};
    assert_int_equal(lf_l3_create(NULL, &r->l3, NULL), LF_OK);
    assert_int_equal(lf_feed_open(source, &options, &feed, &error), LF_OK);
    assert_int_equal(lf_feed_instrument(feed)->has_orders, with_orders);
    while (batch.event_count > 0) {
        assert_int_equal(lf_feed_next(feed, &batch, &error), LF_OK);
        for (size_t i = 0; i < batch.event_count; i++) {
            const lf_event *const e = &batch.events[i];
            const naive *const truth = &d->states[(e->ts_exchange_ns - START_NS) / 1000];
            size_t count;
            const lf_order_change *const changes = lf_feed_changes(feed, i, &count);
            for (size_t k = 0; k < count; k++) {
                apply_change(r, &changes[k]);
            }
            r->masked += (e->flags & LF_EVENT_MASKED) != 0;
            r->resets += (e->flags & LF_EVENT_RESET) != 0;
            if ((e->flags & LF_EVENT_MASKED) == 0) {
                r->states++;
                check_levels(&e->quotes, truth);
                if (with_orders) {
                    check_queues(r, truth);
                }
            }
        }
    }
    *stats = *lf_feed_stats_of(feed);
    lf_feed_close(feed);
    lf_l3_destroy(r->l3);
}

static lf_source find_day(const lf_testing_folder *folder, const writer *w)
{
    const char *const path = lf_testing_path(folder, "orders.pcap");
    const lf_feed_options options = {.symbol = "ESZ7"};
    lf_source_list list;
    lf_error error;
    ft_write_bytes(path, w->bytes, w->count);
    assert_int_equal(lf_feed_find(&path, 1, &options, &list, &error), LF_OK);
    assert_int_equal(list.count, 1);
    const lf_source source = list.sources[0];
    lf_source_list_clear(&list);
    return source;
}

/* ---- tests ------------------------------------------------------------------------------ */

static naive_day made;

/* From the first packet of a week on, in all ways, with and without the orders. */
static void test_whole(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    make_orders(&made);
    for (int i = 0; i < 8; i++) {
        writer w;
        replay r;
        lf_feed_stats stats;
        const day plan = {.first = 1};
        make_capture(&w, &made, (way)(i / 2), &plan);
        const lf_source source = find_day(&folder, &w);
        replay_day(&source, &made, i % 2 == 0, &r, &stats);
        assert_int_equal(r.states, EVENTS);
        assert_int_equal(r.masked, 1); /* the end */
        assert_int_equal(r.resets, 0);
        assert_int_equal(stats.unknown_order_count + stats.duplicate_order_count, 0);
        assert_int_equal(stats.gap_count + stats.violation_count + stats.crossed_count, 0);
        free(w.bytes);
    }
    lf_testing_folder_remove(&folder);
}

/* From a snapshot on; and a lost packet, with a snapshot that is young enough and one that is not.
 */
static void test_snapshot(void **state)
{
    (void)state;
    static const struct {
        day plan;
        int64_t states, masked, resets, gaps;
    } rows[] = {
        {{.first = 100, .snapshot = 110}, 1 + EVENTS - 130, 1, 0, 0},
        {{.first = 1, .lost = 500, .snapshot = 500}, 499 + 1 + EVENTS - 520, 2, 1, 1},
        {{.first = 1, .lost = 500, .snapshot = 700}, 499 + 1 + EVENTS - 720, 2, 1, 1},
        {{.first = 1, .lost = 500, .snapshot = 499}, 499, 1, 0, 1},
    };
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    make_orders(&made);
    for (size_t i = 0; i < 4 * sizeof rows / sizeof rows[0]; i++) {
        writer w;
        replay r;
        lf_feed_stats stats;
        make_capture(&w, &made, i % 2 == 0 ? BY_ORDER : BY_ORDER_OLD, &rows[i / 4].plan);
        const lf_source source = find_day(&folder, &w);
        replay_day(&source, &made, i % 4 < 2, &r, &stats);
        assert_int_equal(r.states, rows[i / 4].states);
        assert_int_equal(r.masked, rows[i / 4].masked);
        assert_int_equal(r.resets, rows[i / 4].resets);
        assert_int_equal(stats.gap_count, rows[i / 4].gaps);
        assert_int_equal(stats.unknown_order_count + stats.duplicate_order_count, 0);
        free(w.bytes);
    }
    lf_testing_folder_remove(&folder);
}

/* As single orders of DBN, the orders of the venue come back: the same states and queues. */
static void test_convert(void **state)
{
    (void)state;
    static const day plans[] = {
        {.first = 1},
        {.first = 100, .snapshot = 110},
        {.first = 1, .lost = 500, .snapshot = 500},
        {.first = 1, .lost = 500, .snapshot = 700},
    };
    const lf_feed_options feed_options = {.symbol = "ESZ7"};
    const lf_convert_options options = {.feed = &feed_options, .schema = LF_DBN_MBO};
    lf_testing_folder folder;
    lf_convert_report report;
    lf_error error;
    assert_true(lf_testing_folder_make(&folder));
    const char *const out = lf_testing_path(&folder, "orders.dbn");
    make_orders(&made);
    for (size_t i = 0; i < 4 * sizeof plans / sizeof plans[0]; i++) {
        writer w;
        replay from_capture, from_file;
        lf_feed_stats stats;
        if (i % 4 >= WITH_LEVELS && i >= 4) {
            continue; /* without a snapshot of levels they are never known again */
        }
        make_capture(&w, &made, (way)(i % 4), &plans[i / 4]);
        lf_source source = find_day(&folder, &w);
        replay_day(&source, &made, true, &from_capture, &stats);
        lf_source_list list = {.sources = &source, .count = 1};
        assert_int_equal(lf_feed_convert(&list, &options, out, &report, &error), LF_OK);
        source.from_ns = source.to_ns = 0;
        (void)snprintf(source.path, sizeof source.path, "%s", out);
        (void)snprintf(source.format, sizeof source.format, "dbn");
        replay_day(&source, &made, true, &from_file, &stats);
        assert_true(report.repair_count == 0 || plans[i / 4].lost > 0);
        assert_int_equal(from_file.states, from_capture.states);
        assert_int_equal(from_file.masked, from_capture.masked);
        assert_int_equal(from_file.resets, from_capture.resets);
        assert_int_equal(stats.unknown_order_count + stats.duplicate_order_count, 0);
        assert_int_equal(stats.violation_count, 0);
        free(w.bytes);
    }
    lf_testing_folder_remove(&folder);
}

/* Two trades of one message: the first, of another security, has one order, ours two. */
static message trade_with_orders(const writer *w)
{
    static const uint64_t reached[] = {7, 55, 8};
    message m = start(48, 11);
    unsigned char *const entry = m.bytes + m.count + 3;
    put(m.bytes + 10, (uint64_t)START_NS + 2000, 8);
    m.bytes[10 + LFI_CME_INDICATOR] = LFI_CME_LAST_TRADE;
    for (int i = 0; i < 2; i++) {
        put(entry + 32 * i, raw(w, TICK * 1001), 8);
        put(entry + 32 * i + 8, i == 0 ? 9 : 2, 4);
        put(entry + 32 * i + 12, i == 0 ? OTHER : SECURITY, 4);
        put(entry + 32 * i + 20, i == 0 ? 1 : 2, 4);
        entry[32 * i + 24] = 1;
    }
    add_group(&m, 32, 2);
    for (int i = 0; i < 3; i++) {
        put(m.bytes + m.count + 8 + 16 * i, reached[i], 8);
        put(m.bytes + m.count + 8 + 16 * i + 8, 2, 4);
    }
    add_parts(&m, 16, 3);
    return m;
}

/* Two orders, a trade that takes from the second one, and a deletion of one that is not there. */
static void make_fills(writer *w)
{
    const deed deeds[] = {
        {{.id = 7, .priority = 1, .price = 1001, .lots = 5, .side = 1}, 0},
        {{.id = 8, .priority = 2, .price = 1001, .lots = 4, .side = 1}, 0},
        {{.id = 8, .priority = 2, .price = 1001, .lots = 2, .side = 1}, 1},
        {{.id = 9, .price = 1001, .side = 1}, 2},
    };
    start_capture(w, (style){.feed_count = 2});
    add_definition(w, SECURITY, "ESZ7");
    for (uint32_t i = 0; i < 2; i++) {
        message m = by_order(w, &deeds[i], START_NS + 1000 + i);
        add_packet(w, 0, 1 + i, START_NS + 1010 + i, &m, 1);
    }
    message ms[2] = {trade_with_orders(w), by_order(w, &deeds[2], START_NS + 2000)};
    add_packet(w, 0, 3, START_NS + 2010, ms, 2);
    message unknown = by_order(w, &deeds[3], START_NS + 3000);
    add_packet(w, 0, 4, START_NS + 3010, &unknown, 1);
}

/* As DBN the trade has its F, of the order that it reached. */
static void check_converted_fill(const lf_testing_folder *folder, const lf_source *source)
{
    const char *const out = lf_testing_path(folder, "fills.dbn");
    const lf_convert_options options = {.schema = LF_DBN_MBO};
    const lf_feed_options how = {.with_orders = true};
    lf_source found = *source;
    const lf_source_list list = {.sources = &found, .count = 1};
    lf_convert_report report;
    lf_feed *feed;
    lf_batch batch;
    size_t count;
    assert_int_equal(lf_feed_convert(&list, &options, out, &report, NULL), LF_OK);
    (void)snprintf(found.path, sizeof found.path, "%s", out);
    (void)snprintf(found.format, sizeof found.format, "dbn");
    assert_int_equal(lf_feed_open(&found, &how, &feed, NULL), LF_OK);
    assert_int_equal(lf_feed_next(feed, &batch, NULL), LF_OK);
    assert_int_equal(batch.event_count, 6);
    assert_int_equal(batch.events[2].kind, LF_EVENT_EXECUTE);
    assert_int_equal(batch.trades[0].sign, 1);
    const lf_order_change *const change = lf_feed_changes(feed, 2, &count);
    assert_int_equal(count, 1);
    assert_int_equal(change->kind, LF_CHANGE_FILL);
    assert_int_equal(change->order_id, 8);
    assert_int_equal(batch.events[3].quotes.ask_lots[0], 7);
    lf_feed_close(feed);
}

/* A trade says which resting orders it reached; what they lose is told with the book after it. */
static void test_fills(void **state)
{
    (void)state;
    writer w;
    lf_feed *feed;
    lf_batch batch;
    lf_error error;
    size_t count;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    make_fills(&w);
    const lf_source source = find_day(&folder, &w);
    lf_feed_options options = {.with_orders = true};
    assert_int_equal(lf_feed_open(&source, &options, &feed, &error), LF_OK);
    assert_int_equal(lf_feed_next(feed, &batch, &error), LF_OK);
    assert_int_equal(batch.event_count, 6);
    assert_int_equal(batch.events[2].kind, LF_EVENT_TRADE);
    const lf_order_change *change = lf_feed_changes(feed, 2, &count);
    assert_int_equal(count, 1);
    assert_int_equal(change->kind, LF_CHANGE_FILL);
    assert_int_equal(change->order_id, 8);
    assert_int_equal(change->lots, 2);
    change = lf_feed_changes(feed, 3, &count);
    assert_int_equal(count, 1);
    assert_int_equal(change->kind, LF_CHANGE_MODIFY);
    assert_int_equal(change->lots, 2);
    assert_int_equal(batch.events[3].quotes.ask_lots[0], 7);
    assert_int_equal(lf_feed_next(feed, &batch, &error), LF_OK);
    assert_int_equal(lf_feed_stats_of(feed)->unknown_order_count, 1);
    assert_int_equal(lf_feed_stats_of(feed)->violation_count, 1);
    lf_feed_close(feed);
    check_converted_fill(&folder, &source);
    options.strict = true;
    assert_int_equal(lf_feed_open(&source, &options, &feed, &error), LF_OK);
    assert_int_equal(lf_feed_next(feed, &batch, &error), LF_DATA);
    assert_non_null(strstr(error.message, "an order that is not there"));
    lf_feed_close(feed);
    free(w.bytes);
    lf_testing_folder_remove(&folder);
}

/* Without memory at any place, nothing is left behind. */
static void test_memory(void **state)
{
    (void)state;
    writer w;
    lf_testing_folder folder;
    const day plan = {.first = 1, .lost = 500, .snapshot = 600};
    assert_true(lf_testing_folder_make(&folder));
    make_orders(&made);
    make_capture(&w, &made, BY_ORDER, &plan);
    const lf_source source = find_day(&folder, &w);
    const lf_feed_options options = {.with_orders = true};
    (void)ft_fail_memory(NULL, &source, &options, 17);
    free(w.bytes);
    lf_testing_folder_remove(&folder);
}

/* ---- public packets --------------------------------------------------------------------- */

/* The first message of a template in the only packet of a file. */
static lfi_cme_message message_of(lfi_pcap *pcap, uint16_t template_id)
{
    lfi_datagram datagram;
    lfi_cme_message m = {0};
    size_t at = LFI_CME_PACKET_HEAD;
    bool got;
    lf_error error;
    assert_int_equal(lfi_pcap_next(pcap, &datagram, &got, &error), LF_OK);
    assert_true(got);
    while (lfi_cme_message_next(datagram.payload, datagram.bytes, &at, &m)) {
        if (m.template_id == template_id) {
            return m;
        }
    }
    fail_msg("no such message");
    return m;
}

/* The layouts of books by order, and of orders in books by price and in trades. */
static void test_packets(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        uint16_t template_id;
        size_t part_bytes, parts;
        uint64_t id; /* of the first order */
        int32_t lots;
    } rows[] = {
        {"OrderBook", 47, 0, 0, 76662054355, 4},
        {"Book", 46, LFI_CME_PART_BYTES, 16, 563189401446, 1},
        {"TradeSummary", 48, LFI_CME_FILL_BYTES, 3, 88463941745, 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char name[96];
        lfi_pcap *pcap;
        lf_error error;
        lfi_cme_group group, parts;
        const lfi_cme_layout *const layout = lfi_cme_layout_of(rows[i].template_id);
        (void)snprintf(
            name,
            sizeof name,
            "data/cme_mdp3/packets/v1.9_MdIncrementalRefresh%s.pcap",
            rows[i].file
        );
        const char *const path = lf_testing_shared(name);
        if (path == NULL) {
            skip();
        }
        assert_int_equal(lfi_pcap_open(NULL, path, &pcap, &error), LF_OK);
        const lfi_cme_message m = message_of(pcap, rows[i].template_id);
        assert_true(lfi_cme_group_of(&m, layout->bytes, &group));
        lfi_cme_second_group_of(&m, &group, rows[i].part_bytes, &parts);
        assert_int_equal(parts.count, rows[i].parts);
        const unsigned char *const order = rows[i].parts > 0 ? parts.entries : group.entries;
        const size_t lots_at = layout->kind == LFI_CME_ORDERS ? layout->size
                               : layout->kind == LFI_CME_BOOK ? LFI_CME_PART_LOTS
                                                              : LFI_CME_FILL_LOTS;
        assert_int_equal(lfi_cme_64(order), rows[i].id);
        assert_int_equal(lfi_cme_32(order + lots_at), rows[i].lots);
        lfi_pcap_close(pcap);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_snapshot),
        cmocka_unit_test(test_convert),
        cmocka_unit_test(test_fills),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_packets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
