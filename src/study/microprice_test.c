/*
 * Goal: the micro-price is Stoikov's, antisymmetric to the bit, and undefined where nothing is
 * known. Method: the chain of METHODS.md O7, whose answer is a fraction, made into rows that have
 * exactly its transitions; a chain walked at random and summed by brute force; sides exchanged.
 */
#include <lobflow/study.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

/* Fails when two numbers differ by more than `within`; 0 asks for equality. */
#define assert_near(a, b, within) assert_true(fabs((a) - (b)) <= (within))

#define ROWS_MAX 40000

/* Rows being written. */
typedef struct rows {
    int64_t bid[ROWS_MAX], ask[ROWS_MAX], bid_lots[ROWS_MAX], ask_lots[ROWS_MAX];
    size_t count;
} rows;

static rows g_rows, g_mirror; /* too large for the stack */

static void add(rows *r, int64_t bid, int64_t ask, int64_t bid_lots, int64_t ask_lots)
{
    assert_true(r->count < ROWS_MAX);
    r->bid[r->count] = bid;
    r->ask[r->count] = ask;
    r->bid_lots[r->count] = bid_lots;
    r->ask_lots[r->count++] = ask_lots;
}

static void add_break(rows *r)
{
    add(r, LF_BID_NONE, LF_ASK_NONE, 0, 0);
}

static lf_study_states view(const rows *r)
{
    return (lf_study_states){
        .bid_ticks = r->bid,
        .ask_ticks = r->ask,
        .bid_lots = r->bid_lots,
        .ask_lots = r->ask_lots,
        .count = r->count,
    };
}

/* Sizes of the three imbalances of the oracle: -0.8, 0, 0.8. */
static const int64_t BID_OF[3] = {1, 5, 9};
static const int64_t ASK_OF[3] = {9, 5, 1};

/* One transition apart from all others: the mid moves by so many half ticks, through the ask. */
static void add_transition(rows *r, int from, int to, int64_t move_ticks2)
{
    add(r, 100, 103, BID_OF[from], ASK_OF[from]);
    add(r, 100, 103 + move_ticks2, BID_OF[to], ASK_OF[to]);
    add_break(r);
}

/* A hundred transitions from each of the states, as the matrices of O7 have them. */
static void make_oracle(rows *r)
{
    static const int quiet[3][3] = {{50, 20, 10}, {20, 40, 20}, {10, 20, 50}};
    static const int down[3] = {16, 10, 4};
    static const int moving[3][3] = {{2, 6, 12}, {7, 6, 7}, {12, 6, 2}};
    r->count = 0;
    for (int from = 0; from < 3; from++) {
        int moves = 0;
        for (int to = 0; to < 3; to++) {
            for (int k = 0; k < quiet[from][to]; k++) {
                add_transition(r, from, to, 0);
            }
            for (int k = 0; k < moving[from][to]; k++) {
                add_transition(r, from, to, moves++ < down[from] ? -1 : 1);
            }
        }
    }
}

static void test_oracle(void **state)
{
    (void)state;
    make_oracle(&g_rows);
    const lf_study_states states = view(&g_rows);
    for (int mirrored = 0; mirrored < 2; mirrored++) {
        lf_study_microprice fit;
        const lf_study_microprice_options options = {
            .imbalance_count = 3,
            .spread_count = 1,
            .has_equal_width = true,
            .pools_wide = true,
            .keeps_asymmetry = mirrored == 0,
            .tolerance_ticks = 1e-13,
        };
        assert_int_equal(lf_study_microprice_fit(&states, &options, &fit, NULL), LF_OK);
        assert_int_equal(fit.transition_count, 300);
        assert_int_equal(fit.move_count, 60);
        assert_near(fit.first_ticks[0][0], -0.1, 1e-14);
        assert_near(fit.first_ticks[0][1], 0, 1e-14);
        assert_near(fit.first_ticks[0][2], 0.1, 1e-14);
        assert_near(fit.parameters.offset_ticks[0][0], -3.0 / 35, 1e-12);
        assert_near(fit.parameters.offset_ticks[0][1], 0, 1e-12);
        assert_near(fit.parameters.offset_ticks[0][2], 3.0 / 35, 1e-12);
        assert_near(lf_feature_microprice_offset(&fit.parameters, 7, 9, 1), 3.0 / 35, 1e-12);
        assert_near(lf_feature_microprice_offset(&fit.parameters, 7, 1, 9), -3.0 / 35, 1e-12);
        assert_near(lf_feature_microprice_offset(&fit.parameters, 1, 20, 20), 0, 1e-12);
    }
}

/* A few terms are the paper's partial sums: with terms_max they must not pass for the answer. */
static void test_terms(void **state)
{
    (void)state;
    make_oracle(&g_rows);
    const lf_study_states states = view(&g_rows);
    lf_study_microprice fit;
    lf_study_microprice_options options = {
        .imbalance_count = 3,
        .spread_count = 1,
        .has_equal_width = true,
        .pools_wide = true,
        .tolerance_ticks = 1e-4,
    };
    /* Terms shrink sixfold from 0.1: 0.1/6^4 = 7.7e-5 is the fifth, which is still added. */
    assert_int_equal(lf_study_microprice_fit(&states, &options, &fit, NULL), LF_OK);
    assert_int_equal(fit.term_count, 5);
    assert_near(fit.parameters.offset_ticks[0][2], 0.085725308642, 1e-12);
    options.terms_max = 4;
    lf_error error;
    fit.term_count = 77;
    assert_int_equal(lf_study_microprice_fit(&states, &options, &fit, &error), LF_DATA);
    assert_int_equal(fit.term_count, 77);
    /* Without mirroring and with every move upwards, the sum grows for ever. */
    g_rows.count = 0;
    add_transition(&g_rows, 0, 0, 0);
    add_transition(&g_rows, 0, 0, 1);
    const lf_study_states upwards = view(&g_rows);
    options.keeps_asymmetry = true;
    options.terms_max = 0;
    assert_int_equal(lf_study_microprice_fit(&upwards, &options, &fit, &error), LF_DATA);
}

/* ---- a random book ---------------------------------------------------------------------- */

/* A walk of best quotes: sizes drift, a side that empties gives way. Some rows are broken. */
static void make_walk(rows *r, size_t count, uint64_t seed)
{
    lf_random random;
    lf_random_seed(&random, seed, 0);
    int64_t bid = 1000, ask = 1001, bid_lots = 10, ask_lots = 10;
    r->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (lf_random_uniform(&random) < 0.005) {
            add_break(r);
        }
        add(r, bid, ask, bid_lots, ask_lots);
        bid_lots += (int64_t)lf_random_below(&random, 7) - 3;
        ask_lots += (int64_t)lf_random_below(&random, 7) - 3;
        if (bid_lots <= 0) {
            bid--;
            bid_lots = 5 + (int64_t)lf_random_below(&random, 15);
        }
        if (ask_lots <= 0) {
            ask++;
            ask_lots = 5 + (int64_t)lf_random_below(&random, 15);
        }
        if (ask - bid > 1 && lf_random_uniform(&random) < 0.3) {
            const bool is_bid = lf_random_uniform(&random) < 0.5;
            bid += is_bid ? 1 : 0;
            ask -= is_bid ? 0 : 1;
            *(is_bid ? &bid_lots : &ask_lots) = 1 + (int64_t)lf_random_below(&random, 8);
        }
        bid_lots = bid_lots > 60 ? 60 : bid_lots;
        ask_lots = ask_lots > 60 ? 60 : ask_lots;
    }
}

static void mirror(const rows *from, rows *to)
{
    to->count = 0;
    for (size_t i = 0; i < from->count; i++) {
        if (from->bid_lots[i] == 0) {
            add_break(to);
        } else {
            add(to, -from->ask[i], -from->bid[i], from->ask_lots[i], from->bid_lots[i]);
        }
    }
}

/* Exchanging sides in the lookup flips the sign to the bit; in the fit it changes nothing. */
static void test_mirror(void **state)
{
    (void)state;
    make_walk(&g_rows, 20000, 4);
    mirror(&g_rows, &g_mirror);
    const lf_study_states states = view(&g_rows), other = view(&g_mirror);
    lf_study_microprice fit, fit2;
    const lf_study_microprice_options options = {.spread_count = 4};
    assert_int_equal(lf_study_microprice_fit(&states, &options, &fit, NULL), LF_OK);
    assert_int_equal(lf_study_microprice_fit(&other, &options, &fit2, NULL), LF_OK);
    assert_int_equal(fit.transition_count, fit2.transition_count);
    size_t defined = 0;
    double before = -1;
    for (int64_t bid = 1; bid <= 40; bid++) {
        const double up = lf_feature_microprice_offset(&fit.parameters, 1, bid, 41 - bid);
        const double down = lf_feature_microprice_offset(&fit.parameters, 1, 41 - bid, bid);
        assert_true(up == -down);
        assert_near(up, lf_feature_microprice_offset(&fit2.parameters, 1, bid, 41 - bid), 1e-9);
        /* More on the bid pulls the price up, never beyond the quotes. */
        assert_true(up >= before - 1e-9 && fabs(up) < 1);
        before = up;
        defined += isnan(up) ? 0 : 1;
    }
    assert_int_equal(defined, 40);
    assert_true(lf_feature_microprice_offset(&fit.parameters, 1, 30, 2) > 0.15);
    assert_true(lf_feature_microprice_offset(&fit.parameters, 2, 7, 7) == 0);
}

/* The states of three buckets and one spread, followed row by row without any linear algebra. */
static void test_brute_force(void **state)
{
    (void)state;
    make_walk(&g_rows, 20000, 9);
    const lf_study_states states = view(&g_rows);
    const lf_study_microprice_options options = {
        .imbalance_count = 3,
        .spread_count = 1,
        .has_equal_width = true,
        .pools_wide = true,
        .keeps_asymmetry = true,
        .tolerance_ticks = 1,
    };
    /* A tolerance of one tick takes the first term alone: G1, the first move from each state. */
    lf_study_microprice fit;
    assert_int_equal(lf_study_microprice_fit(&states, &options, &fit, NULL), LF_OK);
    assert_int_equal(fit.term_count, 1);
    double quiet[3][3] = {{0}}, moved[3] = {0}, total[3] = {0}, g[3] = {0};
    for (size_t i = 0; i + 1 < g_rows.count; i++) {
        if (g_rows.bid_lots[i] == 0 || g_rows.bid_lots[i + 1] == 0) {
            continue;
        }
        int at[2];
        for (size_t k = 0; k < 2; k++) {
            const double b = (double)g_rows.bid_lots[i + k], a = (double)g_rows.ask_lots[i + k];
            at[k] = (b - a) / (b + a) < -1.0 / 3 ? 0 : (b - a) / (b + a) > 1.0 / 3 ? 2 : 1;
        }
        const int64_t move2 = g_rows.bid[i + 1] + g_rows.ask[i + 1] - g_rows.bid[i] - g_rows.ask[i];
        total[at[0]] += 1;
        moved[at[0]] += (double)move2 / 2;
        quiet[at[0]][at[1]] += move2 == 0 ? 1 : 0;
    }
    for (int step = 0; step < 2000; step++) {
        double next[3];
        for (int i = 0; i < 3; i++) {
            next[i] = moved[i];
            for (int j = 0; j < 3; j++) {
                next[i] += quiet[i][j] * g[j];
            }
            next[i] /= total[i];
        }
        memcpy(g, next, sizeof g);
    }
    assert_true(g[2] > 0.02 && g[0] < -0.02);
    for (int i = 0; i < 3; i++) {
        assert_near(fit.parameters.offset_ticks[0][i], g[i], 1e-12);
    }
}

/* Quantile buckets of the imbalance hold about as many rows each. */
static void test_buckets(void **state)
{
    (void)state;
    make_walk(&g_rows, 20000, 2);
    const lf_study_states states = view(&g_rows);
    lf_study_microprice fit;
    const lf_study_microprice_options options = {.imbalance_count = 5, .pools_wide = true};
    assert_int_equal(lf_study_microprice_fit(&states, &options, &fit, NULL), LF_OK);
    double inside[3] = {0}, all = 0;
    for (size_t i = 0; i < g_rows.count; i++) {
        if (g_rows.bid_lots[i] > 0) {
            const double b = (double)g_rows.bid_lots[i], a = (double)g_rows.ask_lots[i];
            const double size = fabs(b - a) / (b + a);
            inside
                [size <= fit.parameters.bounds[0]   ? 0
                 : size <= fit.parameters.bounds[1] ? 1
                                                    : 2]++;
            all++;
        }
    }
    assert_near(inside[0] / all, 0.2, 0.02);
    assert_near(inside[1] / all, 0.4, 0.02);
    assert_near(inside[2] / all, 0.4, 0.02);
}

/* ---- where nothing is known ------------------------------------------------------------- */

static void test_unknown_states(void **state)
{
    (void)state;
    g_rows.count = 0;
    for (int k = 0; k < 10; k++) {
        add_transition(&g_rows, 0, 2, 1);
        add_transition(&g_rows, 2, 0, 0);
    }
    /* From here no move is ever seen, and what leads here alone is as blind. */
    for (int k = 0; k < 10; k++) {
        add(&g_rows, 100, 105, 9, 1);
        add(&g_rows, 100, 105, 1, 9);
        add_break(&g_rows);
    }
    const lf_study_states states = view(&g_rows);
    lf_study_microprice fit;
    lf_study_microprice_options options = {
        .imbalance_count = 3, .spread_count = 5, .has_equal_width = true};
    assert_int_equal(lf_study_microprice_fit(&states, &options, &fit, NULL), LF_DATA);
    /* The spread of 4 after a move leads nowhere either, so there was no move to a known state. */
    for (int k = 0; k < 10; k++) {
        add(&g_rows, 100, 104, 1, 9);
        add(&g_rows, 100, 103, 9, 1);
        add_break(&g_rows);
        add(&g_rows, 100, 104, 9, 1);
        add(&g_rows, 100, 103, 9, 1);
        add_break(&g_rows);
    }
    const lf_study_states more = view(&g_rows);
    assert_int_equal(lf_study_microprice_fit(&more, &options, &fit, NULL), LF_OK);
    assert_true(!isnan(lf_feature_microprice_offset(&fit.parameters, 3, 1, 9)));
    assert_true(!isnan(lf_feature_microprice_offset(&fit.parameters, 4, 9, 1)));
    assert_true(isnan(lf_feature_microprice_offset(&fit.parameters, 5, 9, 1))); /* blind */
    assert_true(isnan(lf_feature_microprice_offset(&fit.parameters, 3, 5, 5))); /* not seen */
    assert_true(isnan(lf_feature_microprice_offset(&fit.parameters, 2, 9, 1)));
    assert_true(isnan(lf_feature_microprice_offset(&fit.parameters, 6, 9, 1))
    ); /* wider than the grid */
    assert_true(isnan(lf_feature_microprice_offset(&fit.parameters, 0, 9, 1)));
    assert_true(isnan(lf_feature_microprice_offset(&fit.parameters, 3, 0, 9)));
    assert_true(isnan(lf_feature_microprice_offset(&fit.parameters, 3, 1, 0)));
    /* Moves beyond the bound are left out: here all are of one half tick. */
    options.move_ticks2_max = 1;
    lf_study_microprice same;
    assert_int_equal(lf_study_microprice_fit(&more, &options, &same, NULL), LF_OK);
    assert_int_equal(same.move_count, fit.move_count);
    add_transition(&g_rows, 0, 2, 2);
    const lf_study_states jumped = view(&g_rows);
    assert_int_equal(lf_study_microprice_fit(&jumped, &options, &same, NULL), LF_OK);
    assert_int_equal(same.move_count, fit.move_count);
}

static void test_arguments_and_memory(void **state)
{
    (void)state;
    lf_study_microprice fit;
    lf_error error;
    make_walk(&g_rows, 2000, 1);
    const lf_study_states states = view(&g_rows), nothing = {.count = 0};
    const lf_study_microprice_options bad[] = {
        {.imbalance_count = 4},
        {.imbalance_count = LF_FEATURE_IMBALANCES_MAX + 2},
        {.imbalance_count = -1},
        {.spread_count = LF_FEATURE_SPREADS_MAX + 1},
        {.spread_count = -1},
        {.tolerance_ticks = NAN},
        {.terms_max = -1},
        {.move_ticks2_max = -1},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(lf_study_microprice_fit(&states, &bad[i], &fit, &error), LF_RANGE);
    }
    assert_int_equal(lf_study_microprice_fit(&nothing, NULL, &fit, &error), LF_DATA);
    rows *still = &g_mirror;
    still->count = 0;
    for (int k = 0; k < 100; k++) {
        add(still, 100, 101, 1 + k % 7, 3);
    }
    const lf_study_states constant = view(still);
    assert_int_equal(lf_study_microprice_fit(&constant, NULL, &fit, &error), LF_DATA);
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        const lf_study_microprice_options options = {.allocator = &memory.allocator};
        const lf_status status = lf_study_microprice_fit(&states, &options, &fit, &error);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            assert_true(n >= 4);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oracle),
        cmocka_unit_test(test_terms),
        cmocka_unit_test(test_mirror),
        cmocka_unit_test(test_brute_force),
        cmocka_unit_test(test_buckets),
        cmocka_unit_test(test_unknown_states),
        cmocka_unit_test(test_arguments_and_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
