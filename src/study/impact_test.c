/*
 * Goal: the study finds what was put in, to values computed by hand or by an independent program,
 * and lets nothing in that is no observation. Method: days made by hand.
 */
#include "study_internal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../tests/testing.h"
#include "tape_testing.h"

/* What a finished study said. */
typedef struct outcome {
    lf_study *study; /* for what it owns */
    lf_study_result result;
    const lf_study_block *blocks;
} outcome;

static void study_tape(const tape *t, const lf_study_options *options, outcome *out)
{
    lf_error error;
    assert_int_equal(lf_study_create(&t->instrument, options, &out->study, &error), LF_OK);
    assert_int_equal(tape_push(t, 64, out->study), LF_OK);
    const lf_status status = lf_study_finish(out->study, &out->result, &out->blocks, &error);
    if (status != LF_OK) {
        print_error("%s\n", error.message);
    }
    assert_int_equal(status, LF_OK);
}

static void assert_near(double value, double expected, double within)
{
    if (!(fabs(value - expected) <= within)) {
        print_error("%.12g is not %.12g\n", value, expected);
    }
    assert_true(fabs(value - expected) <= within);
}

/* Options for tapes: windows of 10 s, blocks of `windows` of them, the whole tape. */
static lf_study_options short_options(int windows, int blocks)
{
    return (lf_study_options){
        .window_ns = 10 * LF_NS_PER_SECOND,
        .block_ns = windows * 10 * LF_NS_PER_SECOND,
        .to_ns = tape_ns(10.0 * windows * blocks),
    };
}

/* ---- planted impact --------------------------------------------------------------------- */

/*
 * A book with D lots at every price: a move by one tick takes D of one side and puts D on the
 * other, so the change of the mid is OFI / (2 D) without a rest: beta 1/(2D), c 1/2, lambda 1.
 */
static void test_stylised_book(void **state)
{
    (void)state;
    static tape t;
    static const int64_t depths[] = {100, 200, 400, 800};
    static const int moves[] = {1, 3, -2, 0, -4, 2, 1, -1};
    tape_start(&t, 1);
    int64_t bid = 1000;
    tape_quote(&t, -1, bid, 100, bid + 1, 100);
    for (int block = 0; block < 4; block++) {
        for (int i = 0; i < 8; i++) {
            const double begin = 10.0 * (8 * block + i);
            tape_quote(&t, begin + 1, bid, depths[block], bid + 1, depths[block]);
            for (int k = 0; k < abs(moves[i]); k++) {
                bid += moves[i] > 0 ? 1 : -1;
                tape_quote(&t, begin + 2 + k, bid, depths[block], bid + 1, depths[block]);
                tape_trade(&t, begin + 2 + k, 100 * bid, 10, moves[i] > 0 ? 1 : -1);
            }
        }
    }
    tape_quote(&t, 321, bid, 800, bid + 1, 800);
    const lf_study_options options = short_options(8, 4);
    outcome got;
    study_tape(&t, &options, &got);
    assert_int_equal(got.result.block_count, 4);
    for (size_t i = 0; i < 4; i++) {
        const lf_study_block *const block = &got.blocks[i];
        assert_int_equal(block->begin_ns, tape_ns(80.0 * (double)i));
        assert_int_equal(block->observation_count, 8);
        assert_near(block->beta, 0.5 / (double)depths[i], 1e-15);
        assert_near(block->beta_se, 0, 1e-15);
        assert_near(block->alpha, 0, 1e-12);
        assert_near(block->r2_ofi, 1, 1e-12);
        assert_near(block->r2_trade_imbalance, 1, 1e-12);
        assert_near(block->depth_mean, (double)depths[i], 0);
        /* All flow came with a change of price. */
        assert_true(isnan(block->r2_ofi_no_price_change));
    }
    assert_near(got.result.r2_ofi, 1, 1e-12);
    assert_near(got.result.lambda, 1, 1e-12);
    assert_near(got.result.c, 0.5, 1e-12);
    assert_near(got.result.r2_depth_law, 1, 1e-12);
    assert_near(got.result.beta_depth2, 1, 1e-12);
    assert_int_equal(got.blocks[3].observation_first, 24);
    assert_near(got.result.depth_mean, 375, 1e-12);
    assert_near(got.result.beta_mean, (1.0 / 200 + 1.0 / 400 + 1.0 / 800 + 1.0 / 1600) / 4, 1e-15);
    lf_study_destroy(got.study);
}

/* Flow between two best quotes as the paper writes it, not as the library does. */
static int64_t paper_flow(const lf_quotes *a, const lf_quotes *b)
{
    int64_t e = 0;
    e += b->bid_ticks[0] >= a->bid_ticks[0] ? b->bid_lots[0] : 0;
    e -= b->bid_ticks[0] <= a->bid_ticks[0] ? a->bid_lots[0] : 0;
    e -= b->ask_ticks[0] <= a->ask_ticks[0] ? b->ask_lots[0] : 0;
    e += b->ask_ticks[0] >= a->ask_ticks[0] ? a->ask_lots[0] : 0;
    return e;
}

/* An observation with a chosen change of the mid (half ticks) and OFI: a move, then a size that
   grows by what is missing. */
static void plant(tape *t, double begin, int64_t half_ticks, int64_t ofi)
{
    const lf_quotes before = t->now;
    const int64_t up = half_ticks / 2;
    tape_quote(
        t, begin + 1, before.bid_ticks[0] + up, 10000, before.ask_ticks[0] + half_ticks - up, 10000
    );
    const int64_t left = ofi - paper_flow(&before, &t->now);
    const lf_quotes now = t->now;
    const int64_t bid_lots = 10000 + (left > 0 ? left : 0);
    const int64_t ask_lots = 10000 - (left < 0 ? left : 0);
    tape_quote(t, begin + 2, now.bid_ticks[0], bid_lots, now.ask_ticks[0], ask_lots);
}

/* Oracle: the regression of linear_test.c, White's error included, now from a book; the next
   change on this OFI over the same six observations by hand. */
static void test_planted_regression(void **state)
{
    (void)state;
    static tape t;
    static const int64_t ofi[] = {120, -80, 40, -10, 200, -150};
    static const int64_t half_ticks[] = {3, -2, 0, 1, 5, -4};
    tape_start(&t, 1);
    tape_quote(&t, 0, 1000, 10000, 1010, 10000);
    for (int i = 0; i < 6; i++) {
        plant(&t, 10.0 * i, half_ticks[i], ofi[i]);
    }
    tape_event(&t, 61, LF_EVENT_OTHER);
    const lf_study_options options = short_options(6, 1);
    outcome got;
    study_tape(&t, &options, &got);
    assert_near(got.blocks[0].beta, 0.012409200969, 1e-12);
    assert_near(got.blocks[0].r2_ofi, 0.950985494784, 1e-12);
    assert_near(got.blocks[0].beta_se, 0.000388175602, 1e-12);
    /* x = 120 -80 40 -10 200, mean 54; y = -1 0 .5 2.5 -2, mean 0: sxy = -525, sxx = 47920,
       syy = 11.5. */
    assert_near(got.result.r2_next, 525.0 * 525.0 / (47920 * 11.5), 1e-12);
    lf_study_destroy(got.study);
}

/* The mid follows what trades and quotes bring together, and neither alone: R^2 of both is 1. */
static void test_both(void **state)
{
    (void)state;
    static tape t;
    static const int64_t ofi[] = {100, -300, 200, 400, -200, -100};
    static const int64_t traded[] = {300, 100, -200, -100, 100, -200};
    tape_start(&t, 1);
    tape_quote(&t, 0, 1000, 10000, 1010, 10000);
    for (int i = 0; i < 6; i++) {
        plant(&t, 10.0 * i, (ofi[i] + traded[i]) / 100, ofi[i]);
        const int8_t sign = traded[i] > 0 ? 1 : -1;
        tape_trade(&t, 10.0 * i + 3, 100000, sign * traded[i], sign);
    }
    tape_event(&t, 61, LF_EVENT_OTHER);
    const lf_study_options options = short_options(6, 1);
    outcome got;
    study_tape(&t, &options, &got);
    assert_near(got.result.r2_both, 1, 1e-12);
    assert_true(got.result.r2_ofi < 0.9 && got.result.r2_trade_imbalance < 0.9);
    lf_study_destroy(got.study);
}

/* The worked rows of the paper's definition: three windows of three rows. */
static void test_worked_rows(void **state)
{
    (void)state;
    static tape t;
    static const int64_t rows[][4] = {
        {100, 50, 101, 40}, /* before the hours */
        {100, 70, 101, 40}, /* bid + 20 */
        {100, 70, 101, 25}, /* ask - 15 */
        {101, 10, 102, 30}, /* both up */
        {100, 70, 102, 30}, /* best bid gone */
        {100, 70, 101, 5},  /* new ask inside */
        {100, 60, 101, 5},  /* bid - 10 */
        {99, 80, 101, 5},   /* best bid gone */
        {99, 80, 101, 5},   /* a hidden execution: the same book again */
        {99, 90, 100, 7},   /* bid + 10 and a new ask */
    };
    static const int64_t ofi[] = {70, -25, -57};
    static const int64_t quiet[] = {35, -10, 0};
    static const int64_t change2[] = {2, -2, -2};
    tape_start(&t, 1);
    for (int i = 0; i < 10; i++) {
        const double seconds = i == 0 ? 0 : 10.0 * ((i - 1) / 3) + 1 + (i - 1) % 3;
        tape_quote(&t, seconds, rows[i][0], rows[i][1], rows[i][2], rows[i][3]);
    }
    t.events[8].kind = LF_EVENT_HIDDEN;
    tape_event(&t, 31, LF_EVENT_OTHER);
    const lf_study_options options = short_options(3, 1);
    outcome got;
    study_tape(&t, &options, &got);
    for (int i = 0; i < 3; i++) {
        const lfi_study_bin *const bin = &got.study->bins[i];
        assert_int_equal(bin->ofi[0], ofi[i]);
        assert_int_equal(bin->ofi_no_price_change, quiet[i]);
        assert_int_equal(bin->mid2_end - bin->mid2_begin, change2[i]);
    }
    assert_near(got.blocks[0].depth_mean, 376.0 / 9, 1e-12);
    size_t count;
    const lf_study_observation *const observed_rows = lf_study_observations(got.study, &count);
    assert_int_equal(count, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(observed_rows[i].begin_ns, tape_ns(10.0 * i));
        assert_int_equal(observed_rows[i].ofi_lots, ofi[i]);
        assert_int_equal(observed_rows[i].ofi_no_price_change_lots, quiet[i]);
        assert_near(observed_rows[i].change_ticks, (double)change2[i] / 2, 0);
    }
    lf_study_destroy(got.study);
}

/* Oracle: Xu, Gould, Howison (2019): a bid of 7 above 10, 10, 10 moves every deeper level. */
static void test_levels_flow(void **state)
{
    (void)state;
    static tape t;
    tape_start(&t, 3);
    for (int m = 0; m < 3; m++) {
        t.now.bid_ticks[m] = 140 - m;
        t.now.bid_lots[m] = 10;
        t.now.ask_ticks[m] = 142 + m;
        t.now.ask_lots[m] = 5;
    }
    tape_event(&t, 0, LF_EVENT_QUOTE);
    for (int m = 2; m > 0; m--) {
        t.now.bid_ticks[m] = t.now.bid_ticks[m - 1];
        t.now.bid_lots[m] = t.now.bid_lots[m - 1];
    }
    t.now.bid_ticks[0] = 141;
    t.now.bid_lots[0] = 7;
    tape_event(&t, 5, LF_EVENT_QUOTE);
    tape_event(&t, 31, LF_EVENT_OTHER);
    const lf_study_options options = short_options(3, 1);
    outcome got;
    study_tape(&t, &options, &got);
    static const int64_t flow[] = {7, 10, 10};
    assert_memory_equal(got.study->bins[0].ofi, flow, sizeof flow);
    lf_study_destroy(got.study);
}

/* A mid that never moves has nothing to explain: undefined, not zero and not a failure. */
static void test_still_mid(void **state)
{
    (void)state;
    static tape t;
    tape_start(&t, 1);
    tape_quote(&t, 0, 1000, 100, 1001, 100);
    for (int i = 0; i < 60; i++) {
        tape_quote(&t, i + 0.5, 1000, 100 + (i * 37) % 11, 1001, 100);
    }
    tape_event(&t, 61, LF_EVENT_OTHER);
    const lf_study_options options = short_options(6, 1);
    outcome got;
    study_tape(&t, &options, &got);
    assert_near(got.blocks[0].beta, 0, 0);
    assert_true(isnan(got.blocks[0].r2_ofi));
    assert_true(isnan(got.blocks[0].r2_trade_imbalance));
    assert_true(isnan(got.result.r2_ofi));
    assert_true(isnan(got.result.lambda));
    assert_true(isnan(got.result.c));
    assert_true(isnan(got.result.r2_next));
    assert_true(isnan(got.result.auc_queue_imbalance));
    assert_true(isnan(got.result.logit_slope));
    assert_true(isnan(got.result.r2_is_best));
    assert_int_equal(got.result.move_count, 0);
    lf_study_destroy(got.study);
}

/* ---- what is no observation ------------------------------------------------------------- */

/* Six windows with a move and some flow in each; returns the tape's bid. */
static void make_six(tape *t)
{
    static const int64_t half_ticks[] = {2, -2, 4, 2, -4, 2};
    tape_start(t, 1);
    tape_quote(t, 0, 1000, 10000, 1010, 10000);
    for (int i = 0; i < 6; i++) {
        plant(t, 10.0 * i, half_ticks[i], 100 * half_ticks[i] + (i % 2));
    }
    tape_event(t, 61, LF_EVENT_OTHER);
}

/* Which of the six windows are observations: a bit each, the first lowest. */
static unsigned observed(const tape *t, outcome *got)
{
    const lf_study_options options = short_options(6, 1);
    unsigned bits = 0;
    study_tape(t, &options, got);
    for (size_t i = 0; i < 6; i++) {
        bits |= got->study->bins[i].counts ? 1U << i : 0;
    }
    int64_t count = 0;
    for (unsigned left = bits; left != 0; left &= left - 1) {
        count++;
    }
    assert_int_equal(got->blocks[0].observation_count, count);
    lf_study_destroy(got->study);
    return bits;
}

/* The event of a tape at or after a time, and its number. */
static size_t at(const tape *t, double seconds)
{
    size_t i = 0;
    while (t->events[i].ts_exchange_ns < tape_ns(seconds)) {
        i++;
    }
    return i;
}

/* A state without asks is stepped over: windows wholly in it fall out, the one that ends it has the
   whole change and the whole flow. */
static void test_one_sided(void **state)
{
    (void)state;
    static tape t;
    outcome got;
    make_six(&t);
    for (size_t i = at(&t, 12); i < at(&t, 41); i++) {
        t.events[i].quotes.ask_ticks[0] = LF_ASK_NONE;
        t.events[i].quotes.ask_lots[0] = 0;
    }
    assert_int_equal(observed(&t, &got), 0x33); /* windows 3 and 4 are gone */
    const lf_quotes *const before = &t.events[at(&t, 11)].quotes;
    const lf_quotes *const after = &t.events[at(&t, 41)].quotes;
    const lf_quotes *const last = &t.events[at(&t, 42)].quotes;
    const lf_study_options options = short_options(6, 1);
    study_tape(&t, &options, &got);
    const lfi_study_bin *const bin = &got.study->bins[4];
    assert_int_equal(bin->ofi[0], paper_flow(before, after) + paper_flow(after, last));
    assert_int_equal(bin->mid2_begin, before->bid_ticks[0] + before->ask_ticks[0]);
    assert_int_equal(bin->mid2_end, last->bid_ticks[0] + last->ask_ticks[0]);
    lf_study_destroy(got.study);
}

/* No observation touches a halt, nor the time from its end to the next valid state; what happened
   while it lasted is in none. */
static void test_halt(void **state)
{
    (void)state;
    static tape t;
    outcome got;
    make_six(&t);
    const size_t end = at(&t, 32);
    for (size_t i = at(&t, 12); i < end; i++) {
        t.events[i].flags |= LF_EVENT_MASKED;
    }
    t.events[end].flags |= LF_EVENT_RESET;
    assert_int_equal(observed(&t, &got), 0x31); /* 10 to 40 s are gone */
    /* The first state after it has no ask. */
    t.events[end].quotes.ask_ticks[0] = LF_ASK_NONE;
    t.events[end].quotes.ask_lots[0] = 0;
    assert_int_equal(observed(&t, &got), 0x21);
    /* To the end of the hours, without a reset. */
    for (size_t i = at(&t, 12); i < t.event_count; i++) {
        t.events[i].flags = LF_EVENT_MASKED;
    }
    assert_int_equal(observed(&t, &got), 0x01);
}

/* A gap lies somewhere between the event before it and the one that has the reset. */
static void test_gap(void **state)
{
    (void)state;
    static tape t;
    outcome got;
    make_six(&t);
    t.events[at(&t, 31)].flags |= LF_EVENT_RESET; /* the event before is at 22 s */
    assert_int_equal(observed(&t, &got), 0x33);
    make_six(&t);
    t.events[0].flags |= LF_EVENT_RESET; /* before the hours: nothing is lost */
    assert_int_equal(observed(&t, &got), 0x3f);
}

/* Windows that the data do not reach are no observations of a quiet market. */
static void test_short_data(void **state)
{
    (void)state;
    static tape t;
    outcome got;
    make_six(&t);
    t.event_count = at(&t, 41);
    assert_int_equal(observed(&t, &got), 0x0f);
    /* A quiet market is one when the data go on behind it. */
    make_six(&t);
    t.event_count = at(&t, 32);
    tape_event(&t, 61, LF_EVENT_OTHER);
    assert_int_equal(observed(&t, &got), 0x3f);
    /* Data that begin within the hours. */
    make_six(&t);
    memmove(&t.events[0], &t.events[at(&t, 21)], (t.event_count - at(&t, 21)) * sizeof t.events[0]);
    t.event_count -= 5;
    assert_int_equal(observed(&t, &got), 0x38);
}

/* ---- trades ----------------------------------------------------------------------------- */

/* Signs by Lee-Ready where the feed has none: the mid just before, else the tick rule, which
   outlives a reset where the mid does not. Trades of 1, 2, 4, ... lots tell their signs apart. */
static void test_trade_signs(void **state)
{
    (void)state;
    static tape t;
    tape_start(&t, 1);
    tape_trade(&t, 1, 100100, 1, LF_SIGN_UNKNOWN); /* no mid, no change of price: 0 */
    tape_quote(&t, 2, 1000, 100, 1002, 100);
    tape_trade(&t, 3, 100200, 2, LF_SIGN_UNKNOWN);  /* above the mid: +2 */
    tape_trade(&t, 4, 100000, 4, LF_SIGN_UNKNOWN);  /* below: -4 */
    tape_trade(&t, 5, 100100, 8, LF_SIGN_UNKNOWN);  /* at it, after a higher price: +8 */
    tape_trade(&t, 6, 100199, 16, -1);              /* the feed tells: -16 */
    tape_trade(&t, 7, 100199, 32, 0);               /* nobody's: 0 */
    t.now.ask_lots[0] = 0;                          /* one-sided: the last valid mid stays */
    tape_trade(&t, 8, 100000, 64, LF_SIGN_UNKNOWN); /* below: -64 */
    tape_trade(&t, 9, 100050, 128, LF_SIGN_UNKNOWN) /* no mid after a reset, higher: +128 */
        ->flags |= LF_EVENT_RESET;
    t.now.ask_lots[0] = 100;
    tape_quote(&t, 31, 1000, 100, 1002, 100);
    tape_event(&t, 61, LF_EVENT_OTHER);
    const lf_study_options options = short_options(3, 2);
    outcome got;
    study_tape(&t, &options, &got);
    assert_int_equal(got.study->bins[0].trade_imbalance, 2 - 4 + 8 - 16 - 64 + 128);
    lf_study_destroy(got.study);
}

/* Where a feed does not order quotes and trades of one time, a trade is signed by the state of the
   time before. */
static void test_unordered_ties(void **state)
{
    (void)state;
    static tape t;
    for (int unordered = 0; unordered < 2; unordered++) {
        tape_start(&t, 1);
        t.instrument.ties_unordered = unordered == 1;
        tape_quote(&t, 0, 1000, 100, 1002, 100);
        tape_quote(&t, 5, 1004, 100, 1006, 100);
        tape_quote(&t, 5, 1003, 100, 1007, 100);
        tape_trade(&t, 5, 100200, 10, LF_SIGN_UNKNOWN); /* a buyer, who moved the quotes up */
        tape_trade(&t, 6, 100700, 1, LF_SIGN_UNKNOWN);
        tape_event(&t, 31, LF_EVENT_OTHER);
        const lf_study_options options = short_options(3, 1);
        outcome got;
        study_tape(&t, &options, &got);
        assert_int_equal(got.study->bins[0].trade_imbalance, unordered == 1 ? 11 : -9);
        lf_study_destroy(got.study);
    }
}

/* ---- queue imbalance -------------------------------------------------------------------- */

/* Oracle: AUC by counting pairs, with ties half; each interval has one state, so that the draw
   cannot matter. */
static void test_queue_auc(void **state)
{
    (void)state;
    static tape t;
    static const int64_t bid_lots[] = {50, 20, 80, 50, 70, 30, 80, 10};
    static const int up[] = {1, 0, 1, 0, 1, 0, 0, 1};
    tape_start(&t, 1);
    int64_t bid = 1000;
    tape_quote(&t, 0, bid, 50, bid + 1, 50);
    bid++;
    tape_quote(&t, 1, bid, bid_lots[0], bid + 1, 100 - bid_lots[0]);
    double pairs = 0;
    for (int i = 0; i < 8; i++) {
        bid += up[i] == 1 ? 1 : -1;
        const int64_t next = i < 7 ? bid_lots[i + 1] : 50;
        tape_quote(&t, 3.0 + 2 * i, bid, next, bid + 1, 100 - next);
        for (int j = 0; j < 8; j++) {
            if (up[i] > up[j]) {
                pairs += bid_lots[i] == bid_lots[j] ? 0.5 : bid_lots[i] > bid_lots[j] ? 1 : 0;
            }
        }
    }
    tape_event(&t, 31, LF_EVENT_OTHER);
    const lf_study_options options = short_options(3, 1);
    outcome got;
    study_tape(&t, &options, &got);
    assert_int_equal(got.result.move_count, 8);
    assert_near(got.result.auc_queue_imbalance, pairs / 16, 1e-12);
    assert_near(got.result.auc_queue_imbalance_last, pairs / 16, 1e-12);
    lf_study_destroy(got.study);
}

/* Intervals of 9 s with more bids, then 1 s with more asks: the draw falls on the first in nine of
   ten, the last state is always the second. */
static void test_queue_draw_is_even_in_time(void **state)
{
    (void)state;
    static tape t;
    tape_start(&t, 1);
    int64_t bid = 1000;
    const int count = 2000;
    for (int i = 0; i < count; i++) {
        bid += i % 3 == 0 ? 1 : i % 3 == 1 ? -1 : 2;
        tape_quote(&t, 10.0 * i, bid, 75, bid + 1, 25);
        tape_quote(&t, 10.0 * i + 9, bid, 25, bid + 1, 75);
    }
    const lf_study_options options = short_options(10, 200);
    outcome got;
    study_tape(&t, &options, &got);
    int first = 0;
    for (size_t i = 0; i < got.study->move_count; i++) {
        first += got.study->moves[i].imbalance_uniform > 0;
        assert_near(got.study->moves[i].imbalance_last, -0.5, 0);
    }
    /* Seed 0: four standard deviations of a binomial are 54. */
    assert_int_equal(got.study->move_count, count - 2);
    assert_true(abs(first - 1798) < 54);
    lf_study_destroy(got.study);
}

/* Intervals of 1 s with more bids, 8 s without asks, 1 s with more asks: masked time is no time, so
   the draw falls on both alike. */
static void test_queue_draw_skips_masked_time(void **state)
{
    (void)state;
    static tape t;
    tape_start(&t, 1);
    int64_t bid = 1000;
    const int count = 2000;
    for (int i = 0; i < count; i++) {
        bid += i % 3 == 0 ? 1 : i % 3 == 1 ? -1 : 2;
        tape_quote(&t, 10.0 * i, bid, 75, bid + 1, 25);
        tape_quote(&t, 10.0 * i + 1, bid, 75, bid + 1, 0);
        tape_quote(&t, 10.0 * i + 9, bid, 25, bid + 1, 75);
    }
    const lf_study_options options = short_options(10, 200);
    outcome got;
    study_tape(&t, &options, &got);
    int first = 0;
    for (size_t i = 0; i < got.study->move_count; i++) {
        first += got.study->moves[i].imbalance_uniform > 0;
    }
    /* Four standard deviations are 90. */
    assert_int_equal(got.study->move_count, count - 2);
    assert_true(abs(first - 999) < 90);
    lf_study_destroy(got.study);
}

/* ---- use -------------------------------------------------------------------------------- */

/* A day of chance with all that feeds bring: broken states, halts, resets, trades of every sign. */
static void make_wild_tape(tape *t, uint64_t seed)
{
    lf_random random;
    lf_random_seed(&random, seed, 0);
    tape_start(t, 2);
    int64_t bid = 1000;
    double seconds = -3;
    for (int i = 0; i < 4000; i++) {
        seconds += 0.15 * lf_random_exponential(&random);
        const uint64_t kind = lf_random_below(&random, 200);
        bid += kind < 30 ? (kind % 2 == 0 ? 1 : -1) : 0;
        const int64_t lots = 1 + (int64_t)lf_random_below(&random, 90);
        t->now.bid_ticks[1] = bid - 1;
        t->now.bid_lots[1] = 1 + (int64_t)lf_random_below(&random, 90);
        t->now.ask_ticks[1] = bid + 2;
        t->now.ask_lots[1] = 50;
        lf_event *const event =
            tape_quote(t, seconds, bid, kind == 199 ? 0 : lots, bid + (kind != 198), 50);
        event->flags |= kind == 197 ? LF_EVENT_MASKED : 0;
        event->flags |= kind == 196 ? LF_EVENT_RESET : 0;
        if (kind >= 100 && kind < 140) {
            tape_trade(t, seconds, 100 * bid + (int64_t)kind, lots, (int8_t)(kind % 4 - 1));
        }
    }
}

static void test_batches_do_not_matter(void **state)
{
    (void)state;
    static tape t;
    make_wild_tape(&t, 3);
    const lf_study_options options = short_options(15, 3);
    outcome first;
    study_tape(&t, &options, &first);
    assert_true(first.result.move_count > 100);
    static const size_t sizes[] = {1, 7, TAPE_EVENTS_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        outcome again;
        assert_int_equal(lf_study_create(&t.instrument, &options, &again.study, NULL), LF_OK);
        assert_int_equal(tape_push(&t, sizes[i], again.study), LF_OK);
        assert_int_equal(lf_study_finish(again.study, &again.result, &again.blocks, NULL), LF_OK);
        assert_memory_equal(&first.result, &again.result, sizeof first.result);
        assert_memory_equal(first.blocks, again.blocks, 3 * sizeof *first.blocks);
        lf_study_destroy(again.study);
    }
    lf_study_destroy(first.study);
}

static lf_status use_with(const tape *t, const lf_allocator *allocator)
{
    lf_study_options options = short_options(15, 3);
    options.allocator = allocator;
    lf_study *study;
    lf_study_result result;
    const lf_study_block *blocks;
    lf_status status = lf_study_create(&t->instrument, &options, &study, NULL);
    if (status == LF_OK) {
        status = tape_push(t, 64, study);
    }
    if (status == LF_OK) {
        status = lf_study_finish(study, &result, &blocks, NULL);
    }
    lf_study_destroy(study);
    return status;
}

static void test_failing_allocations(void **state)
{
    (void)state;
    static tape t;
    make_wild_tape(&t, 4);
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        const lf_status status = use_with(&t, &memory.allocator);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
    }
}

static void test_refuses(void **state)
{
    (void)state;
    static tape t;
    tape_start(&t, 1);
    lf_error error;
    lf_study *study;
    lf_study_options options = {.window_ns = 7 * LF_NS_PER_SECOND};
    assert_int_equal(lf_study_create(&t.instrument, &options, &study, &error), LF_RANGE);
    assert_null(study);
    options = (lf_study_options){.from_ns = tape_ns(0), .to_ns = tape_ns(1799)};
    assert_int_equal(lf_study_create(&t.instrument, &options, &study, &error), LF_RANGE);
    /* Never a valid state: an error, not a table of nothing. */
    lf_study_result result;
    const lf_study_block *blocks;
    tape_quote(&t, 5, 1000, 10, 1001, 0);
    assert_int_equal(lf_study_create(&t.instrument, NULL, &study, &error), LF_OK);
    assert_int_equal(tape_push(&t, 1, study), LF_OK);
    assert_int_equal(lf_study_finish(study, &result, &blocks, &error), LF_DATA);
    lf_study_destroy(study);
    lf_study_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stylised_book),
        cmocka_unit_test(test_planted_regression),
        cmocka_unit_test(test_both),
        cmocka_unit_test(test_worked_rows),
        cmocka_unit_test(test_levels_flow),
        cmocka_unit_test(test_still_mid),
        cmocka_unit_test(test_one_sided),
        cmocka_unit_test(test_halt),
        cmocka_unit_test(test_gap),
        cmocka_unit_test(test_short_data),
        cmocka_unit_test(test_trade_signs),
        cmocka_unit_test(test_unordered_ties),
        cmocka_unit_test(test_queue_auc),
        cmocka_unit_test(test_queue_draw_is_even_in_time),
        cmocka_unit_test(test_queue_draw_skips_masked_time),
        cmocka_unit_test(test_batches_do_not_matter),
        cmocka_unit_test(test_failing_allocations),
        cmocka_unit_test(test_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
