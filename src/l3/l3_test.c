/*
 * Goal: books of single orders are right after every message, and say what contradicted them.
 * Method: hand cases; random days against a list of orders in the order they came, from which
 *         everything is counted anew; memory watched over many days; the n-th allocation fails.
 */
#include <lobflow/l3.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../tests/testing.h"

/* ---- the naive book --------------------------------------------------------------------- */

#define NAIVE_MAX 6000
#define BOOKS 2

typedef struct naive_order {
    uint64_t id;
    int64_t price, lots;
    uint32_t book;
    int side;
} naive_order;

/* Orders in the order of their time priority. */
typedef struct naive {
    naive_order orders[NAIVE_MAX];
    size_t count;
    lf_l3_stats stats;
} naive;

static size_t naive_find(const naive *n, uint64_t id)
{
    size_t i = 0;
    while (i < n->count && n->orders[i].id != id) {
        i++;
    }
    return i;
}

static void naive_drop(naive *n, size_t at)
{
    n->count--;
    memmove(&n->orders[at], &n->orders[at + 1], (n->count - at) * sizeof n->orders[0]);
}

static void naive_put(naive *n, naive_order order)
{
    assert_true(n->count < NAIVE_MAX);
    n->orders[n->count++] = order;
    if ((int64_t)n->count > n->stats.order_count_max) {
        n->stats.order_count_max = (int64_t)n->count;
    }
}

static void naive_add(naive *n, naive_order order)
{
    const size_t at = naive_find(n, order.id);
    n->stats.message_count++;
    if (order.lots == 0) {
        n->stats.empty_count++;
        return;
    }
    if (at < n->count) {
        n->stats.duplicate_count++;
        naive_drop(n, at);
    }
    naive_put(n, order);
}

static void naive_reduce(naive *n, uint64_t id, int64_t lots)
{
    const size_t at = naive_find(n, id);
    n->stats.message_count++;
    if (at == n->count) {
        n->stats.unknown_count++;
    } else if (lots == 0) {
        n->stats.empty_count++;
    } else if (lots >= n->orders[at].lots) {
        n->stats.overfill_count += lots > n->orders[at].lots;
        naive_drop(n, at);
    } else {
        n->orders[at].lots -= lots;
    }
}

static void naive_remove(naive *n, uint64_t id)
{
    const size_t at = naive_find(n, id);
    n->stats.message_count++;
    if (at == n->count) {
        n->stats.unknown_count++;
    } else {
        naive_drop(n, at);
    }
}

static void naive_modify(naive *n, naive_order order)
{
    const size_t at = naive_find(n, order.id);
    n->stats.message_count++;
    n->stats.unknown_count += at == n->count;
    n->stats.empty_count += order.lots == 0;
    if (order.lots == 0) {
        if (at < n->count) {
            naive_drop(n, at);
        }
        return;
    }
    naive_order *const old = &n->orders[at];
    if (at < n->count && old->book == order.book && old->side == order.side &&
        old->price == order.price && order.lots <= old->lots) {
        old->lots = order.lots;
        return;
    }
    if (at < n->count) {
        naive_drop(n, at);
    }
    naive_put(n, order);
}

static void naive_clear(naive *n, uint32_t book)
{
    n->stats.message_count++;
    for (size_t i = n->count; i-- > 0;) {
        if (n->orders[i].book == book) {
            naive_drop(n, i);
        }
    }
}

/* The best price beyond `beyond` of a side; false when there is none. */
static bool
naive_next(const naive *n, uint32_t book, int side, bool has_beyond, int64_t beyond, int64_t *out)
{
    bool found = false;
    for (size_t i = 0; i < n->count; i++) {
        const naive_order *const o = &n->orders[i];
        const bool fits = o->book == book && o->side == side &&
                          (!has_beyond || (side > 0 ? o->price < beyond : o->price > beyond));
        if (fits && (!found || (side > 0 ? o->price > *out : o->price < *out))) {
            *out = o->price;
            found = true;
        }
    }
    return found;
}

static void check_side(const naive *n, const lf_l3 *l3, uint32_t book, int side)
{
    const lf_l3_side *const best = lf_l3_best(l3, book, side);
    int64_t price = 0;
    bool has_price = false;
    for (int m = 0; m < LF_L3_LEVELS; m++) {
        int64_t lots = 0;
        size_t orders = 0;
        const bool found = naive_next(n, book, side, has_price, price, &price);
        for (size_t i = 0; found && i < n->count; i++) {
            const naive_order *const o = &n->orders[i];
            const bool fits = o->book == book && o->side == side && o->price == price;
            lots += fits ? o->lots : 0;
            orders += fits;
        }
        if (!found) {
            assert_int_equal(best->prices[m], side > 0 ? LF_L3_BID_NONE : LF_L3_ASK_NONE);
            assert_int_equal(best->lots[m], 0);
            assert_int_equal(best->orders[m], 0);
            for (int k = m + 1; k < LF_L3_LEVELS; k++) {
                assert_int_equal(best->lots[k], 0);
            }
            return;
        }
        has_price = true;
        assert_int_equal(best->prices[m], price);
        assert_int_equal(best->lots[m], lots);
        assert_int_equal(best->orders[m], orders);
    }
}

/* Every order is where it should be, with the right queue before it; levels are counted. */
static void check_orders(const naive *n, const lf_l3 *l3)
{
    for (size_t i = 0; i < n->count; i++) {
        const naive_order *const o = &n->orders[i];
        int64_t ahead = 0, lots;
        size_t ahead_count = 0, count;
        lf_l3_order found;
        for (size_t k = 0; k < i; k++) {
            const naive_order *const b = &n->orders[k];
            const bool is_before = b->book == o->book && b->side == o->side && b->price == o->price;
            ahead += is_before ? b->lots : 0;
            ahead_count += is_before;
        }
        assert_true(lf_l3_find(l3, o->id, &found));
        assert_int_equal(found.price, o->price);
        assert_int_equal(found.lots, o->lots);
        assert_int_equal(found.book, o->book);
        assert_int_equal(found.side, o->side);
        assert_true(lf_l3_ahead(l3, o->id, &lots, &count));
        /* Going back through the queue meets as many as stand ahead. */
        size_t steps = 0;
        for (uint64_t id = o->id; lf_l3_before(l3, id, &id);) {
            steps++;
        }
        assert_int_equal(steps, count);
        assert_int_equal(lots, ahead);
        assert_int_equal(count, ahead_count);
        if (ahead_count == 0) {
            uint64_t first;
            assert_true(lf_l3_first(l3, o->book, o->side, o->price, &first));
            assert_int_equal(first, o->id);
        }
    }
    for (uint32_t book = 0; book < BOOKS; book++) {
        size_t orders = 0;
        for (int side = -1; side <= 1; side += 2) {
            int64_t price = 0;
            size_t levels = 0;
            while (naive_next(n, book, side, levels > 0, price, &price)) {
                levels++;
            }
            assert_int_equal(lf_l3_level_count(l3, book, side), levels);
        }
        for (size_t i = 0; i < n->count; i++) {
            orders += n->orders[i].book == book;
        }
        assert_int_equal(lf_l3_order_count(l3, book), orders);
    }
}

static void check_stats(const naive *n, const lf_l3 *l3)
{
    const lf_l3_stats *const s = lf_l3_stats_of(l3);
    assert_int_equal(s->message_count, n->stats.message_count);
    assert_int_equal(s->unknown_count, n->stats.unknown_count);
    assert_int_equal(s->duplicate_count, n->stats.duplicate_count);
    assert_int_equal(s->overfill_count, n->stats.overfill_count);
    assert_int_equal(s->empty_count, n->stats.empty_count);
    assert_int_equal(s->order_count, (int64_t)n->count);
    assert_int_equal(s->order_count_max, n->stats.order_count_max);
}

/* ---- random days ------------------------------------------------------------------------ */

typedef struct market {
    lf_random random;
    naive naive;
    lf_l3 *l3;
    uint64_t next_id;
    lf_l3_ids ids;
    int64_t spread; /* of prices around the middle */
} market;

/* An id that lives, mostly; else any. */
static uint64_t some_id(market *m)
{
    if (m->naive.count > 0 && lf_random_below(&m->random, 100) < 95) {
        return m->naive.orders[lf_random_below(&m->random, m->naive.count)].id;
    }
    return m->next_id - lf_random_below(&m->random, 50);
}

static uint64_t fresh_id(market *m)
{
    m->next_id += 1 + lf_random_below(&m->random, m->ids == LF_L3_IDS_GROWING ? 400 : 9);
    if (m->ids == LF_L3_IDS_ANY && lf_random_below(&m->random, 20) == 0) {
        m->next_id += lf_random_next(&m->random) >> 20;
    }
    return lf_random_below(&m->random, 100) == 0 ? some_id(m) : m->next_id;
}

static naive_order some_order(market *m, uint64_t id)
{
    return (naive_order){
        .id = id,
        .price = (int64_t)lf_random_below(&m->random, (uint64_t)(2 * m->spread)) - m->spread,
        .lots = lf_random_below(&m->random, 200) == 0 ? 0 : (int64_t)lf_random_below(&m->random, 9),
        .book = (uint32_t)lf_random_below(&m->random, BOOKS),
        .side = lf_random_below(&m->random, 2) == 0 ? 1 : -1,
    };
}

static void step(market *m, size_t target)
{
    const uint64_t what = lf_random_below(&m->random, 1000);
    naive *const n = &m->naive;
    lf_status status;
    if (what < 2) {
        const uint32_t book = (uint32_t)lf_random_below(&m->random, BOOKS);
        naive_clear(n, book);
        lf_l3_clear(m->l3, book);
        return;
    }
    if (what < (n->count < target ? 550 : 300)) {
        const naive_order o = some_order(m, fresh_id(m));
        naive_add(n, o);
        status = lf_l3_add(m->l3, o.book, o.id, o.side, o.price, o.lots);
    } else if (what < 650) {
        const naive_order o = some_order(m, some_id(m));
        naive_modify(n, o);
        status = lf_l3_modify(m->l3, o.book, o.id, o.side, o.price, o.lots);
    } else if (what < 800) {
        const uint64_t id = some_id(m);
        naive_remove(n, id);
        status = lf_l3_remove(m->l3, id);
    } else {
        const uint64_t id = some_id(m);
        const int64_t lots = (int64_t)lf_random_below(&m->random, 5);
        for (int ahead = LF_L3_STEP_TABLE; ahead <= LF_L3_STEP_QUEUE; ahead++) {
            lf_l3_prefetch(m->l3, id, (lf_l3_step)ahead);
        }
        naive_reduce(n, id, lots);
        status = lf_l3_reduce(m->l3, id, lots);
    }
    assert_true(status == LF_OK || status == LF_DATA);
}

static void run_days(lf_l3_ids ids, uint64_t seed, int64_t spread, size_t target, int steps)
{
    static market m;
    memset(&m, 0, sizeof m);
    const lf_l3_options options = {.book_count = BOOKS, .ids = ids, .order_capacity = 1};
    lf_random_seed(&m.random, seed, 0);
    m.ids = ids;
    m.spread = spread;
    m.next_id = seed * 1000;
    assert_int_equal(lf_l3_create(&options, &m.l3, NULL), LF_OK);
    for (int i = 0; i < steps; i++) {
        step(&m, target);
        for (uint32_t book = 0; book < BOOKS; book++) {
            check_side(&m.naive, m.l3, book, 1);
            check_side(&m.naive, m.l3, book, -1);
        }
        check_stats(&m.naive, m.l3);
        if (i % 128 == 0) {
            check_orders(&m.naive, m.l3);
        }
    }
    check_orders(&m.naive, m.l3);
    lf_l3_destroy(m.l3);
}

static void test_random_days(void **state)
{
    (void)state;
    const struct {
        lf_l3_ids ids;
        uint64_t seed;
        int64_t spread;
        size_t target;
        int steps;
    } rows[] = {
        {LF_L3_IDS_ANY, 1, 6, 60, 20000},
        {LF_L3_IDS_ANY, 2, 40, 300, 8000},
        {LF_L3_IDS_ANY, 3, 1000, 700, 4000},
        {LF_L3_IDS_GROWING, 4, 6, 60, 20000},
        {LF_L3_IDS_GROWING, 5, 40, 300, 8000},
        {LF_L3_IDS_GROWING, 6, 1000, 700, 4000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        run_days(rows[i].ids, rows[i].seed, rows[i].spread, rows[i].target, rows[i].steps);
    }
}

/* ---- hand cases ------------------------------------------------------------------------- */

/* One stranger's cancel moves a queue by its own size only, and keeps who stands behind whom. */
static void test_queue(void **state)
{
    (void)state;
    lf_l3 *l3;
    int64_t lots;
    size_t orders;
    assert_int_equal(lf_l3_create(NULL, &l3, NULL), LF_OK);
    for (uint64_t id = 1; id <= 4; id++) {
        assert_int_equal(lf_l3_add(l3, 0, id, 1, 100, 10 * (int64_t)id), LF_OK);
    }
    assert_true(lf_l3_ahead(l3, 4, &lots, &orders));
    assert_int_equal(lots, 60);
    assert_int_equal(orders, 3);
    assert_int_equal(lf_l3_reduce(l3, 2, 5), LF_OK); /* in front: its own size */
    assert_true(lf_l3_ahead(l3, 4, &lots, &orders));
    assert_int_equal(lots, 55);
    assert_int_equal(lf_l3_modify(l3, 0, 3, 1, 100, 29), LF_OK); /* smaller: keeps its place */
    assert_true(lf_l3_ahead(l3, 4, &lots, &orders));
    assert_int_equal(lots, 54);
    assert_int_equal(lf_l3_modify(l3, 0, 3, 1, 100, 30), LF_OK); /* larger: goes behind */
    assert_true(lf_l3_ahead(l3, 4, &lots, &orders));
    assert_int_equal(lots, 25);
    assert_int_equal(orders, 2);
    assert_int_equal(lf_l3_remove(l3, 3), LF_OK); /* behind: nothing */
    assert_true(lf_l3_ahead(l3, 4, &lots, &orders));
    assert_int_equal(lots, 25);
    assert_false(lf_l3_ahead(l3, 3, &lots, &orders));
    lf_l3_at(l3, 0, 1, 100, &lots, &orders);
    assert_int_equal(lots, 65);
    assert_int_equal(orders, 3);
    lf_l3_at(l3, 0, -1, 100, &lots, &orders);
    assert_int_equal(lots, 0);
    lf_l3_destroy(l3);
}

static void test_ranges(void **state)
{
    (void)state;
    lf_l3 *l3;
    lf_error error;
    const lf_l3_options many = {.book_count = UINT32_MAX};
    const lf_l3_options growing = {.ids = LF_L3_IDS_GROWING};
    assert_int_equal(lf_l3_create(&many, &l3, &error), LF_RANGE);
    assert_null(l3);
    assert_int_equal(lf_l3_create(&growing, &l3, NULL), LF_OK);
    assert_int_equal(lf_l3_add(l3, 0, 0, 1, 5, 1), LF_OK); /* id 0 is an id */
    assert_int_equal(lf_l3_add(l3, 0, UINT64_MAX, 1, 5, 1), LF_RANGE);
    assert_int_equal(lf_l3_add(l3, 0, 1, 1, 5, INT64_C(1) << 32), LF_RANGE);
    assert_int_equal(lf_l3_add(l3, 0, 1, 1, 5, -1), LF_RANGE);
    assert_int_equal(lf_l3_level_count(l3, 0, 1), 1);
    assert_int_equal(lf_l3_reduce(l3, 0, 1), LF_OK);
    /* With nothing left the numbers may begin anywhere. */
    assert_int_equal(lf_l3_add(l3, 0, UINT64_MAX - 1, -1, 5, 1), LF_OK);
    assert_int_equal(lf_l3_reduce(l3, UINT64_MAX - 1, 1), LF_OK);
    assert_int_equal(lf_l3_add(l3, 0, 7, -1, 5, 1), LF_OK);
    assert_int_equal(lf_l3_order_count(l3, 0), 1);
    lf_l3_destroy(l3);
    /* They may begin late in a day, and all below come behind. */
    assert_int_equal(lf_l3_create(&growing, &l3, NULL), LF_OK);
    assert_int_equal(lf_l3_add(l3, 0, 23485802, 1, 5, 1), LF_OK);
    assert_int_equal(lf_l3_add(l3, 0, 70575, 1, 5, 1), LF_OK);
    assert_int_equal(lf_l3_add(l3, 0, 0, 1, 5, 1), LF_OK);
    assert_int_equal(lf_l3_add(l3, 0, 2200000000, 1, 5, 1), LF_OK);
    assert_int_equal(lf_l3_order_count(l3, 0), 4);
    assert_int_equal(lf_l3_reduce(l3, 70575, 1), LF_OK);
    lf_l3_destroy(l3);
    lf_l3_destroy(NULL);
}

/* ---- looking ahead ---------------------------------------------------------------------- */

#define MANY_BOOKS 40
#define MANY_MESSAGES 60000
#define MANY_LEVELS 8192

typedef struct plan {
    lf_l3_coming coming;
    char kind; /* A add, D remove, E reduce, M modify */
    int64_t lots;
} plan;

static plan some_plan(lf_random *random, uint64_t newest, bool is_start)
{
    const uint64_t what = is_start ? 0 : lf_random_below(random, 100);
    plan p = {
        .kind = what < 45   ? 'A'
                : what < 80 ? 'D'
                : what < 90 ? 'E'
                            : 'M',
        .lots = 1 + (int64_t)lf_random_below(random, 3),
        .coming = {.price = LF_L3_BID_NONE, .book = (uint32_t)lf_random_below(random, MANY_BOOKS)},
    };
    p.coming.order_id = p.kind == 'A' ? newest + 1 : newest - lf_random_below(random, newest + 9);
    if (p.kind == 'A' || p.kind == 'M') {
        p.coming.price = (int64_t)lf_random_below(random, 400) - 200;
        p.coming.side = lf_random_below(random, 2) == 0 ? 1 : -1;
    }
    return p;
}

static lf_status follow(lf_l3 *l3, const plan *p)
{
    const lf_l3_coming *const c = &p->coming;
    return p->kind == 'A'   ? lf_l3_add(l3, c->book, c->order_id, c->side, c->price, p->lots)
           : p->kind == 'D' ? lf_l3_remove(l3, c->order_id)
           : p->kind == 'E' ? lf_l3_reduce(l3, c->order_id, p->lots)
                            : lf_l3_modify(l3, c->book, c->order_id, c->side, c->price, p->lots);
}

/* Books that were looked at are those that were not, with thousands of levels, ids that are not
   there, and messages that are told wrongly. */
static void test_look(void **state)
{
    (void)state;
    static plan plans[MANY_MESSAGES];
    for (int ids = LF_L3_IDS_ANY; ids <= LF_L3_IDS_GROWING; ids++) {
        const lf_l3_options options = {.book_count = MANY_BOOKS, .ids = (lf_l3_ids)ids};
        lf_l3_scout scout = {0};
        lf_l3 *looked, *plain;
        lf_random random;
        uint64_t newest = 0;
        size_t level_count = 0;
        lf_random_seed(&random, 21, 0);
        for (size_t i = 0; i < MANY_MESSAGES; i++) {
            plans[i] = some_plan(&random, newest, i < MANY_MESSAGES / 2);
            newest += plans[i].kind == 'A';
        }
        assert_int_equal(lf_l3_create(&options, &looked, NULL), LF_OK);
        assert_int_equal(lf_l3_create(&options, &plain, NULL), LF_OK);
        for (size_t i = 0; i < MANY_MESSAGES + LF_L3_AHEAD; i++) {
            lf_l3_coming coming = plans[i % MANY_MESSAGES].coming;
            if (i % 50 == 0) {
                coming.order_id = lf_random_next(&random);
                coming.side = (int8_t)-coming.side;
            }
            coming.side = plans[i % MANY_MESSAGES].kind == 'M' ? 0 : coming.side;
            lf_l3_look(looked, &scout, &coming);
            if (i >= LF_L3_AHEAD) {
                const plan *const p = &plans[i - LF_L3_AHEAD];
                assert_int_equal(follow(looked, p), follow(plain, p));
            }
        }
        for (uint32_t book = 0; book < MANY_BOOKS; book++) {
            for (int side = -1; side <= 1; side += 2) {
                const lf_l3_side *const best = lf_l3_best(plain, book, side);
                assert_memory_equal(lf_l3_best(looked, book, side), best, sizeof *best);
                level_count += lf_l3_level_count(looked, book, side);
            }
        }
        assert_true(level_count > MANY_LEVELS);
        assert_memory_equal(
            lf_l3_stats_of(looked), lf_l3_stats_of(plain), sizeof *lf_l3_stats_of(plain)
        );
        lf_l3_destroy(looked);
        lf_l3_destroy(plain);
    }
}

/* ---- memory ----------------------------------------------------------------------------- */

/* Days with ever new ids: after the first one the books take no more memory. */
static void watch_days(lf_l3_ids ids)
{
    lf_testing_memory memory;
    lf_testing_memory_start(&memory, UINT64_MAX);
    const lf_l3_options options = {.allocator = &memory.allocator, .ids = ids};
    lf_l3 *l3;
    lf_random random;
    uint64_t bytes = 0, id = 0;
    lf_random_seed(&random, 11, 0);
    assert_int_equal(lf_l3_create(&options, &l3, NULL), LF_OK);
    for (int day = 0; day < 10; day++) {
        for (int i = 0; i < 60000; i++) {
            const int64_t price = 1000 + (int64_t)lf_random_below(&random, 500);
            assert_int_equal(lf_l3_add(l3, 0, ++id, 1, price, 1), LF_OK);
            if (id % 60000 > 20000) {
                assert_int_equal(lf_l3_remove(l3, id - 20000), LF_OK);
            }
        }
        lf_l3_clear(l3, 0);
        assert_int_equal(lf_l3_order_count(l3, 0), 0);
        bytes = day == 0 ? memory.bytes_live : bytes;
        /* The directory of growing ids has 12 bytes for a page of 32,768. */
        assert_true(memory.bytes_live <= bytes + 12 * 64);
    }
    lf_l3_destroy(l3);
    assert_int_equal(memory.live, 0);
}

static void test_memory_flat(void **state)
{
    (void)state;
    watch_days(LF_L3_IDS_ANY);
    watch_days(LF_L3_IDS_GROWING);
}

static lf_status fill(const lf_l3_options *options)
{
    lf_l3 *l3;
    lf_status status = lf_l3_create(options, &l3, NULL);
    for (uint64_t id = 1; status == LF_OK && id < 3000; id++) {
        status = lf_l3_add(l3, id % 2, 40 * id, 1, (int64_t)(id * 7 % 90), 1 + (int64_t)(id % 5));
        if (status == LF_OK && id % 3 == 0) {
            status = lf_l3_modify(l3, id % 2, 40 * id, -1, (int64_t)(id % 97), 4);
        }
    }
    lf_l3_destroy(l3);
    return status;
}

static void test_no_memory(void **state)
{
    (void)state;
    for (int ids = 0; ids < 2; ids++) {
        for (uint64_t n = 0;; n++) {
            lf_testing_memory memory;
            lf_testing_memory_start(&memory, n);
            const lf_l3_options options = {
                .allocator = &memory.allocator,
                .book_count = 2,
                .ids = ids == 0 ? LF_L3_IDS_ANY : LF_L3_IDS_GROWING,
                .order_capacity = 16,
            };
            const lf_status status = fill(&options);
            assert_int_equal(memory.live, 0);
            if (memory.calls <= n) {
                assert_int_equal(status, LF_OK);
                break;
            }
            assert_int_equal(status, LF_NOMEM);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queue),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_random_days),
        cmocka_unit_test(test_look),
        cmocka_unit_test(test_memory_flat),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
