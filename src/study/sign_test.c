/*
 * Goal: the rules sign trades as their papers say, and mirror.
 * Method: eight trades worked out by an independent program, then properties on random trades.
 */
#include <lobflow/study.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define TRADES 9
#define RULES 5
#define RANDOM_TRADES 400

/* Quote 10.00 to 10.10, prices in 0.01; the trade before the eight was at 10.04. */
static const int64_t PRICES[TRADES] = {1004, 1006, 1010, 1008, 1005, 1005, 1002, 1000, 1012};
static const int64_t BIDS[TRADES] = {1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000};
static const int64_t ASKS[TRADES] = {1010, 1010, 1010, 1010, 1010, 1010, 1010, 1010, 1010};

static const lf_study_trades EIGHT = {
    .price_units = PRICES,
    .bid_units = BIDS,
    .ask_units = ASKS,
    .count = TRADES,
};

static void test_oracle(void **state)
{
    (void)state;
    static const struct {
        lf_study_sign_rule rule;
        int8_t signs[TRADES];
    } rows[] = {
        {LF_STUDY_SIGN_TICK, {0, 1, 1, -1, -1, -1, -1, -1, 1}},
        {LF_STUDY_SIGN_QUOTE, {-1, 1, 1, 1, 0, 0, -1, -1, 1}},
        {LF_STUDY_SIGN_LEE_READY, {-1, 1, 1, 1, -1, -1, -1, -1, 1}},
        {LF_STUDY_SIGN_EMO, {0, 1, 1, -1, -1, -1, -1, -1, 1}},
        {LF_STUDY_SIGN_CLNV, {0, 1, 1, 1, -1, -1, -1, -1, 1}},
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        int8_t signs[TRADES];
        lf_study_sign_trades(rows[r].rule, &EIGHT, signs);
        assert_memory_equal(signs, rows[r].signs, sizeof signs);
    }
}

/* The edge of CLNV's band: three tenths of the spread, that very price included. */
static void test_band(void **state)
{
    (void)state;
    const int64_t prices[] = {1050, 1030, 1031, 1070, 1069, 999, 1101, 1000, 1100};
    int64_t bids[9], asks[9];
    int8_t signs[9];
    for (int i = 0; i < 9; i++) {
        bids[i] = 1000;
        asks[i] = 1100;
    }
    const lf_study_trades trades = {
        .price_units = prices, .bid_units = bids, .ask_units = asks, .count = 9};
    lf_study_sign_trades(LF_STUDY_SIGN_CLNV, &trades, signs);
    /* Outside the band and outside the quotes the tick rule decides. */
    const int8_t expected[] = {0, -1, 1, 1, -1, -1, 1, -1, 1};
    assert_memory_equal(signs, expected, sizeof expected);
}

/* No quote, a locked and a crossed one: only the quote rule gives up. */
static void test_without_quote(void **state)
{
    (void)state;
    const int64_t prices[] = {10, 11, 11, 10};
    const int64_t bids[] = {LF_BID_NONE, LF_BID_NONE, 11, 12};
    const int64_t asks[] = {LF_ASK_NONE, 12, 11, 10};
    const lf_study_trades trades = {
        .price_units = prices, .bid_units = bids, .ask_units = asks, .count = 4};
    const int8_t none[] = {0, 0, 0, 0}, tick[] = {0, 1, 1, -1};
    for (int rule = 0; rule < RULES; rule++) {
        int8_t signs[4];
        lf_study_sign_trades((lf_study_sign_rule)rule, &trades, signs);
        assert_memory_equal(signs, rule == LF_STUDY_SIGN_QUOTE ? none : tick, sizeof signs);
    }
    const lf_study_trades nothing = {.count = 0};
    lf_study_sign_trades(LF_STUDY_SIGN_TICK, &nothing, NULL);
}

/* Random trades around random quotes; mirrored, prices change their sign and sides swap. */
static void test_mirror_and_scale(void **state)
{
    (void)state;
    int64_t prices[RANDOM_TRADES], bids[RANDOM_TRADES], asks[RANDOM_TRADES];
    int64_t prices2[RANDOM_TRADES], bids2[RANDOM_TRADES], asks2[RANDOM_TRADES];
    int8_t signs[RANDOM_TRADES], signs2[RANDOM_TRADES];
    lf_random random;
    lf_random_seed(&random, 11, 0);
    for (size_t i = 0; i < RANDOM_TRADES; i++) {
        bids[i] = 1000 + (int64_t)lf_random_below(&random, 20);
        asks[i] = bids[i] + 1 + (int64_t)lf_random_below(&random, 10);
        prices[i] = bids[i] - 2 + (int64_t)lf_random_below(&random, 14);
    }
    const lf_study_trades trades = {
        .price_units = prices, .bid_units = bids, .ask_units = asks, .count = RANDOM_TRADES};
    const lf_study_trades other = {
        .price_units = prices2, .bid_units = bids2, .ask_units = asks2, .count = RANDOM_TRADES};
    for (int rule = 0; rule < RULES; rule++) {
        lf_study_sign_trades((lf_study_sign_rule)rule, &trades, signs);
        size_t decided = 0;
        for (int64_t scale = -1; scale <= 7; scale += 8) {
            for (size_t i = 0; i < RANDOM_TRADES; i++) {
                prices2[i] = scale * prices[i];
                bids2[i] = scale * (scale < 0 ? asks[i] : bids[i]);
                asks2[i] = scale * (scale < 0 ? bids[i] : asks[i]);
            }
            lf_study_sign_trades((lf_study_sign_rule)rule, &other, signs2);
            for (size_t i = 0; i < RANDOM_TRADES; i++) {
                assert_int_equal(signs2[i], scale < 0 ? -signs[i] : signs[i]);
                decided += signs[i] != 0;
            }
        }
        assert_true(decided > RANDOM_TRADES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oracle),
        cmocka_unit_test(test_band),
        cmocka_unit_test(test_without_quote),
        cmocka_unit_test(test_mirror_and_scale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
