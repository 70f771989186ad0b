/*
 * Goal: validity, mid, spread and flow of states as docs/modules/book.md has them, and the summary
 * of a day: counts, masked time, silence, the exact median. Method: rows of states with values
 * worked out by hand; a slow twin for random days; the three public days.
 */
#include <lobflow/book.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define S LF_NS_PER_SECOND
#define OPEN_NS (1000 * S)
#define CLOSE_NS (2000 * S)

/* A state of one level; lots of 0: the level is missing. */
static lf_quotes state_of(int64_t bid, int64_t bid_lots, int64_t ask, int64_t ask_lots)
{
    lf_quotes q;
    memset(&q, 0, sizeof q);
    for (int m = 0; m < LF_LEVELS_MAX; m++) {
        q.bid_ticks[m] = LF_BID_NONE;
        q.ask_ticks[m] = LF_ASK_NONE;
    }
    if (bid_lots > 0) {
        q.bid_ticks[0] = bid;
        q.bid_lots[0] = bid_lots;
    }
    if (ask_lots > 0) {
        q.ask_ticks[0] = ask;
        q.ask_lots[0] = ask_lots;
    }
    return q;
}

/* ---- states ----------------------------------------------------------------------------- */

static const struct state_case {
    int64_t bid, bid_lots, ask, ask_lots;
    bool valid;
    int64_t mid2, spread; /* of valid ones */
} state_cases[] = {
    {100, 1, 101, 1, true, 201, 1},
    {100, 5, 110, 7, true, 210, 10},
    {-3, 5, 3, 7, true, 0, 6},
    {101, 1, 101, 1, false, 0, 0}, /* locked */
    {102, 1, 101, 1, false, 0, 0}, /* crossed */
    {100, 0, 101, 1, false, 0, 0},
    {100, 1, 101, 0, false, 0, 0},
    {100, 0, 101, 0, false, 0, 0},
};

static void test_states(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(state_cases); i++) {
        const struct state_case *c = &state_cases[i];
        lf_event event = {.quotes = state_of(c->bid, c->bid_lots, c->ask, c->ask_lots)};
        assert_int_equal(lf_book_valid(&event.quotes), c->valid);
        assert_int_equal(lf_book_event_valid(&event), c->valid);
        if (c->valid) {
            assert_int_equal(lf_book_mid2(&event.quotes), c->mid2);
            assert_int_equal(lf_book_spread(&event.quotes), c->spread);
        }
        event.flags = LF_EVENT_MASKED;
        assert_false(lf_book_event_valid(&event));
        event.flags = LF_EVENT_RESET | LF_EVENT_LAST;
        assert_int_equal(lf_book_event_valid(&event), c->valid);
    }
}

/* dW and dV of book.h, branch by branch. */
static const struct flow_case {
    int64_t from, from_lots, to, to_lots;
    int64_t bid_flow, ask_flow;
} flow_cases[] = {
    {100, 5, 100, 5, 0, 0},
    {100, 5, 100, 9, 4, 4},
    {100, 5, 100, 2, -3, -3},
    {100, 5, 101, 7, 7, -5}, /* higher: a better bid, a worse ask */
    {100, 5, 99, 7, -5, 7},
};

static void test_flows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(flow_cases); i++) {
        const struct flow_case *c = &flow_cases[i];
        assert_int_equal(lf_book_bid_flow(c->from, c->from_lots, c->to, c->to_lots), c->bid_flow);
        assert_int_equal(lf_book_ask_flow(c->from, c->from_lots, c->to, c->to_lots), c->ask_flow);
    }
    /* A level that appears brings its size, one that goes away takes it, none to none is nothing.
     */
    assert_int_equal(lf_book_bid_flow(LF_BID_NONE, 0, 100, 5), 5);
    assert_int_equal(lf_book_bid_flow(100, 5, LF_BID_NONE, 0), -5);
    assert_int_equal(lf_book_bid_flow(LF_BID_NONE, 0, LF_BID_NONE, 0), 0);
    assert_int_equal(lf_book_ask_flow(LF_ASK_NONE, 0, 100, 5), 5);
    assert_int_equal(lf_book_ask_flow(100, 5, LF_ASK_NONE, 0), -5);
    assert_int_equal(lf_book_ask_flow(LF_ASK_NONE, 0, LF_ASK_NONE, 0), 0);
    /* The two in one: e = dW - dV, and its mirror (sides exchanged, prices negated) is -e. */
    const lf_quotes a = state_of(100, 5, 103, 8), b = state_of(101, 2, 103, 3);
    const lf_quotes x = state_of(-103, 8, -100, 5), y = state_of(-103, 3, -101, 2);
    assert_int_equal(lf_book_ofi(&a, &b, 0), 2 - (3 - 8));
    assert_int_equal(lf_book_ofi(&x, &y, 0), -(2 - (3 - 8)));
    assert_int_equal(lf_book_ofi(&a, &b, 1), 0);
}

/* ---- days ------------------------------------------------------------------------------- */

/* An event of a day: a state at a time. */
typedef struct moment {
    int64_t at_ns;
    int64_t bid, bid_lots, ask, ask_lots;
    uint32_t flags;
    uint8_t kind;
    uint16_t trades;
    bool hidden;
} moment;

#define MOMENTS_MAX 64

/* What a summary must be; times in whole seconds of ns. */
static const struct day_case {
    const char *name;
    moment moments[8];
    size_t count;
    lf_book_summary wanted;
} day_cases[] = {
    {.name = "no event",
     .wanted = {.masked_ns = 1000 * S, .session_ns = 1000 * S, .median_spread_ticks = NAN}},
    {.name = "one state at the open",
     .moments = {{OPEN_NS, 100, 1, 101, 1, 0, 0, 0, false}},
     .count = 1,
     .wanted = {.event_count = 1, .session_ns = 1000 * S, .median_spread_ticks = 1}},
    {.name = "the book is carried in from before",
     .moments = {{OPEN_NS - 5 * S, 100, 1, 102, 1, 0, 0, 0, false}},
     .count = 1,
     .wanted = {.event_count = 1, .session_ns = 1000 * S, .median_spread_ticks = 2}},
    {.name = "the first state comes late",
     .moments = {{OPEN_NS + 3 * S, 100, 1, 102, 1, 0, 0, 0, false}},
     .count = 1,
     .wanted =
         {.event_count = 1, .masked_ns = 3 * S, .session_ns = 1000 * S, .median_spread_ticks = 2}},
    {.name = "after the close nothing is masked",
     .moments =
         {{OPEN_NS, 100, 1, 103, 1, 0, 0, 0, false},
          {CLOSE_NS + 7 * S, 100, 0, 103, 1, 0, 0, 0, false},
          {CLOSE_NS + 9 * S, 100, 0, 103, 1, 0, 0, 0, false}},
     .count = 3,
     .wanted =
         {.event_count = 3,
          .one_sided_count = 2,
          .session_ns = 1000 * S,
          .median_spread_ticks = 3,
          .longest_silence_ns = 1007 * S}},
    {.name = "crossed, locked, one-sided, empty",
     .moments =
         {{OPEN_NS, 100, 1, 101, 1, 0, 0, 0, false},
          {OPEN_NS + 10 * S, 102, 1, 101, 1, 0, 0, 0, false},
          {OPEN_NS + 20 * S, 101, 1, 101, 1, 0, 0, 0, false},
          {OPEN_NS + 30 * S, 100, 0, 101, 1, 0, 0, 0, false},
          {OPEN_NS + 40 * S, 100, 0, 101, 0, 0, 0, 0, false},
          {OPEN_NS + 50 * S, 100, 1, 101, 1, 0, 0, 0, false}},
     .count = 6,
     .wanted =
         {.event_count = 6,
          .crossed_count = 2,
          .one_sided_count = 2,
          .masked_ns = 40 * S,
          .session_ns = 1000 * S,
          .median_spread_ticks = 1,
          .longest_silence_ns = 10 * S}},
    {.name = "a mid of zero is a mid",
     .moments =
         {{OPEN_NS, -1, 1, 1, 1, 0, 0, 0, false},
          {OPEN_NS, -1, 1, 2, 1, 0, 0, 0, false},
          {OPEN_NS, -2, 1, 2, 1, 0, 0, 0, false},
          {OPEN_NS, -3, 1, 3, 1, 0, 0, 0, false}},
     .count = 4,
     .wanted =
         {.event_count = 4,
          .mid_change_count = 2,
          .session_ns = 1000 * S,
          .median_spread_ticks = 3.5}},
    {.name = "a change of mid steps over what is masked, but not over a reset",
     .moments =
         {{OPEN_NS, 100, 1, 102, 1, 0, 0, 0, false},
          {OPEN_NS + S, 100, 0, 102, 1, 0, 0, 0, false},
          {OPEN_NS + 2 * S, 100, 1, 104, 1, 0, 0, 0, false},
          {OPEN_NS + 3 * S, 100, 1, 104, 1, LF_EVENT_MASKED, LF_EVENT_HALT, 0, false},
          {OPEN_NS + 5 * S, 100, 1, 106, 1, LF_EVENT_RESET, LF_EVENT_HALT, 0, false},
          {OPEN_NS + 6 * S, 100, 1, 108, 1, 0, 0, 0, false}},
     .count = 6,
     .wanted =
         {.event_count = 6,
          .mid_change_count = 2,
          .one_sided_count = 1,
          .masked_ns = 3 * S,
          .session_ns = 1000 * S,
          .median_spread_ticks = 5,
          .longest_silence_ns = 2 * S}},
    {.name = "trades",
     .moments =
         {{OPEN_NS, 100, 1, 101, 1, 0, LF_EVENT_EXECUTE, 1, false},
          {OPEN_NS, 100, 1, 101, 1, 0, LF_EVENT_HIDDEN, 1, true},
          {OPEN_NS, 100, 1, 101, 1, 0, LF_EVENT_TRADE, 3, false},
          {OPEN_NS, 100, 1, 101, 1, 0, LF_EVENT_CROSS, 0, false}},
     .count = 4,
     .wanted =
         {.event_count = 4,
          .trade_count = 5,
          .hidden_trade_count = 1,
          .cross_count = 1,
          .session_ns = 1000 * S,
          .median_spread_ticks = 1}},
    /* Wider than the counted cells: the last one. */
    {.name = "wide",
     .moments =
         {{OPEN_NS, 0, 1, 65534, 1, 0, 0, 0, false},
          {OPEN_NS, 0, 1, 65535, 1, 0, 0, 0, false},
          {OPEN_NS, 0, 1, 99999999, 1, 0, 0, 0, false}},
     .count = 3,
     .wanted =
         {.event_count = 3,
          .mid_change_count = 2,
          .session_ns = 1000 * S,
          .median_spread_ticks = 65535}},
};

static const lf_instrument day_instrument = {
    .symbol = "A", .session_open_ns = OPEN_NS, .session_close_ns = CLOSE_NS, .level_count = 1};

static lf_event event_of(const moment *m, uint32_t trade_first)
{
    return (lf_event){
        .ts_exchange_ns = m->at_ns,
        .ts_local_ns = m->at_ns,
        .flags = m->flags,
        .kind = m->kind,
        .trade_count = m->trades,
        .trade_first = trade_first,
        .quotes = state_of(m->bid, m->bid_lots, m->ask, m->ask_lots),
    };
}

/* Summarise moments, so many in a batch. */
static lf_book_summary summarize(const moment *moments, size_t count, size_t batch_events)
{
    lf_book_summarizer *self;
    lf_book_summary out;
    lf_testing_memory memory;
    lf_testing_memory_start(&memory, UINT64_MAX);
    assert_int_equal(
        lf_book_summarizer_create(&memory.allocator, &day_instrument, &self, NULL), LF_OK
    );
    const uint64_t calls = memory.calls;
    for (size_t first = 0; first < count; first += batch_events) {
        lf_event events[MOMENTS_MAX];
        lf_trade trades[4 * MOMENTS_MAX];
        size_t n = 0, trade_count = 0;
        memset(trades, 0, sizeof trades);
        for (; n < batch_events && first + n < count; n++) {
            const moment *m = &moments[first + n];
            events[n] = event_of(m, (uint32_t)trade_count);
            for (int t = 0; t < m->trades; t++) {
                trades[trade_count++].hidden = m->hidden;
            }
        }
        const lf_batch batch = {events, trades, n, trade_count};
        lf_book_summarizer_push(self, &batch);
    }
    lf_book_summarizer_get(self, &out);
    assert_int_equal(memory.calls, calls);
    lf_book_summarizer_destroy(self);
    assert_int_equal(memory.live, 0);
    return out;
}

static bool same_summary(const lf_book_summary *a, const lf_book_summary *b)
{
    const bool same_median = a->median_spread_ticks == b->median_spread_ticks ||
                             (isnan(a->median_spread_ticks) && isnan(b->median_spread_ticks));
    return a->event_count == b->event_count && a->trade_count == b->trade_count &&
           a->hidden_trade_count == b->hidden_trade_count && a->cross_count == b->cross_count &&
           a->mid_change_count == b->mid_change_count && a->crossed_count == b->crossed_count &&
           a->one_sided_count == b->one_sided_count && a->masked_ns == b->masked_ns &&
           a->session_ns == b->session_ns && same_median &&
           a->longest_silence_ns == b->longest_silence_ns;
}

static void test_days(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(day_cases); i++) {
        const struct day_case *c = &day_cases[i];
        for (size_t batch = 1; batch <= 8; batch += 7) {
            const lf_book_summary got = summarize(c->moments, c->count, batch);
            if (!same_summary(&got, &c->wanted)) {
                fail_msg(
                    "%s: mid changes %lld, masked %lld, silence %lld, median %g",
                    c->name,
                    (long long)got.mid_change_count,
                    (long long)got.masked_ns,
                    (long long)got.longest_silence_ns,
                    got.median_spread_ticks
                );
            }
        }
    }
}

/* ---- random days against a slow twin ---------------------------------------------------- */

static bool is_valid(const moment *m)
{
    return m->bid_lots > 0 && m->ask_lots > 0 && m->bid < m->ask &&
           (m->flags & LF_EVENT_MASKED) == 0;
}

/* Second by second and spread by spread. */
static lf_book_summary slow_summary(const moment *moments, size_t count)
{
    lf_book_summary out = {.event_count = (int64_t)count, .session_ns = CLOSE_NS - OPEN_NS};
    int64_t spreads[MOMENTS_MAX], last_mid2 = 0;
    size_t valid_count = 0;
    bool has_mid = false;
    for (int64_t t = OPEN_NS; t < CLOSE_NS; t += S) {
        bool valid = false;
        for (size_t i = 0; i < count && moments[i].at_ns <= t; i++) {
            valid = is_valid(&moments[i]);
        }
        out.masked_ns += valid ? 0 : S;
    }
    for (size_t i = 0; i < count; i++) {
        const moment *m = &moments[i];
        const bool both = m->bid_lots > 0 && m->ask_lots > 0;
        out.one_sided_count += !both;
        out.crossed_count += both && m->bid >= m->ask;
        if (i > 0 && m->at_ns - m[-1].at_ns > out.longest_silence_ns) {
            out.longest_silence_ns = m->at_ns - m[-1].at_ns;
        }
        has_mid = has_mid && (m->flags & LF_EVENT_RESET) == 0;
        if (is_valid(m)) {
            out.mid_change_count += has_mid && m->bid + m->ask != last_mid2;
            has_mid = true;
            last_mid2 = m->bid + m->ask;
            size_t k = valid_count++;
            for (; k > 0 && spreads[k - 1] > m->ask - m->bid; k--) {
                spreads[k] = spreads[k - 1];
            }
            spreads[k] = m->ask - m->bid;
        }
    }
    out.median_spread_ticks =
        valid_count > 0 ? (double)(spreads[(valid_count - 1) / 2] + spreads[valid_count / 2]) / 2
                        : NAN;
    return out;
}

static void test_random_days(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        moment moments[MOMENTS_MAX];
        lf_random random;
        lf_random_seed(&random, seed, 0);
        const size_t count = (size_t)lf_random_below(&random, MOMENTS_MAX);
        int64_t at_ns = OPEN_NS - 20 * S;
        for (size_t i = 0; i < count; i++) {
            static const uint32_t flags[] = {0, 0, 0, 0, 0, 0, LF_EVENT_MASKED, LF_EVENT_RESET};
            at_ns += (int64_t)lf_random_below(&random, 60) * S;
            moments[i] = (moment){
                .at_ns = at_ns,
                .bid = 100 + (int64_t)lf_random_below(&random, 4),
                .ask = 102 + (int64_t)lf_random_below(&random, 4),
                .bid_lots = (int64_t)lf_random_below(&random, 8),
                .ask_lots = (int64_t)lf_random_below(&random, 8),
                .flags = flags[lf_random_below(&random, 8)],
            };
        }
        const lf_book_summary wanted = slow_summary(moments, count);
        const lf_book_summary got =
            summarize(moments, count, 1 + (size_t)lf_random_below(&random, MOMENTS_MAX));
        if (!same_summary(&got, &wanted)) {
            fail_msg("seed %llu", (unsigned long long)seed);
        }
    }
}

static void test_failing_allocations(void **state)
{
    (void)state;
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        lf_book_summarizer *self;
        const lf_status status =
            lf_book_summarizer_create(&memory.allocator, &day_instrument, &self, NULL);
        lf_book_summarizer_destroy(self);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
        assert_null(self);
    }
}

/* ---- real days -------------------------------------------------------------------------- */

/* Facts that were counted by an independent program. */
static const struct real_case {
    const char *file;
    int64_t event_count, trade_count, hidden_count, mid_changes;
    double median_spread_ticks, silence_s;
} real_cases[] = {
    {"data/lobster/LOBSTER_SampleFile_AAPL_2012-06-21_1.zip",
     118497,
     34990,
     11332,
     64350,
     15,
     17.3},
    {"data/lobster/LOBSTER_SampleFile_AMZN_2012-06-21_5.zip", 155935, 11419, 2445, 27557, 13, 19.9},
    {"data/lobster/LOBSTER_SampleFile_GOOG_2012-06-21_10.zip",
     147916,
     11678,
     3913,
     24084,
     28,
     19.3},
};

static void test_real_days(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(real_cases); i++) {
        const struct real_case *c = &real_cases[i];
        const char *path = lf_testing_shared(c->file);
        if (path == NULL) {
            skip();
        }
        lf_source_list list;
        lf_feed *feed;
        lf_batch batch;
        lf_book_summarizer *self;
        lf_book_summary got;
        assert_int_equal(lf_feed_find(&path, 1, NULL, &list, NULL), LF_OK);
        assert_int_equal(lf_feed_open(&list.sources[0], NULL, &feed, NULL), LF_OK);
        assert_int_equal(
            lf_book_summarizer_create(NULL, lf_feed_instrument(feed), &self, NULL), LF_OK
        );
        do {
            assert_int_equal(lf_feed_next(feed, &batch, NULL), LF_OK);
            lf_book_summarizer_push(self, &batch);
        } while (batch.event_count > 0);
        lf_book_summarizer_get(self, &got);
        assert_int_equal(got.event_count, c->event_count);
        assert_int_equal(got.trade_count, c->trade_count);
        assert_int_equal(got.hidden_trade_count, c->hidden_count);
        assert_int_equal(got.mid_change_count, c->mid_changes);
        assert_int_equal(got.crossed_count + got.one_sided_count + got.cross_count, 0);
        assert_true(got.median_spread_ticks == c->median_spread_ticks);
        assert_true(fabs((double)got.longest_silence_ns / 1e9 - c->silence_s) <= 0.05);
        /* Masked are only the milliseconds before the first event. */
        assert_true(got.masked_ns > 0 && got.masked_ns < 20 * LF_NS_PER_MILLISECOND);
        assert_int_equal(got.session_ns, 390 * LF_NS_PER_MINUTE);
        lf_book_summarizer_destroy(self);
        lf_feed_close(feed);
        lf_source_list_clear(&list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_flows),
        cmocka_unit_test(test_days),
        cmocka_unit_test(test_random_days),
        cmocka_unit_test(test_failing_allocations),
        cmocka_unit_test(test_real_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
