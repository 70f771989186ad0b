/*
 * Goal: the built-in rules written down again as a strategy of one's own trade the same: every
 * fill, order and round trip but for the name of the rule; what a strategy sees is the row; and one
 * that gives up ends the day with what it said. Method: five ways to trade a simulated day with
 * halts, each beside its copy in one pass.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "days_testing.h"

enum {
    BOTH = 2 * DAYS_STRATEGIES
};

static lf_testing_folder folder;
static lf_model *model;

static int make_day(void **state)
{
    (void)state;
    const lf_testing_day day = {
        .symbol = "TEST",
        .date = "2024-01-03",
        .seed = 15,
        .messages = 12000,
        .with_halts = true,
    };
    if (!lf_testing_folder_make(&folder) || !lf_testing_day_write(&folder, &day)) {
        return -1;
    }
    lf_feed *const feed = days_open(&folder, 0, 0);
    model = days_model(&folder, lf_feed_instrument(feed)->session_open_ns);
    lf_feed_close(feed);
    return 0;
}

static int remove_day(void **state)
{
    (void)state;
    lf_model_destroy(model);
    lf_testing_folder_remove(&folder);
    return 0;
}

/* ---- the rules, written down again ------------------------------------------------------ */

typedef struct copy {
    const lf_strategy_options *options;
    size_t asked;
    size_t fail_at; /* call that ends the run; SIZE_MAX: none */
} copy;

static lf_status decide(
    void *context,
    void *state,
    const lf_strategy_view *view,
    const double *features,
    lf_action *action
)
{
    copy *const self = context;
    const lf_signal_options *const signal = &self->options->signal;
    const lf_risk_options *const risk = &self->options->risk;
    assert_null(state);
    assert_true(
        features[lf_feature_find("ofi_norm_1min")] == view->ofi_norm_1min ||
        isnan(view->ofi_norm_1min)
    );
    if (self->asked++ == self->fail_at) {
        return LF_DATA;
    }
    const double p = view->p_up_1min;
    const int side = p > signal->p_long ? 1 : p < signal->p_short ? -1 : 0;
    const double flow = side * view->ofi_norm_1min;
    const bool with = flow > view->ofi_threshold;
    const bool against = flow < -view->ofi_extreme;
    if (side == 0 || !(with || against)) {
        return LF_OK;
    }
    if (view->working_lots != 0) {
        const bool is_other_way = (view->working_lots > 0) != (side > 0);
        action->kind = is_other_way ? LF_ACTION_CANCEL : LF_ACTION_NONE;
    } else if (view->position_lots * side <= 0) {
        const int64_t size =
            risk->order_size < risk->max_position ? risk->order_size : risk->max_position;
        action->kind = LF_ACTION_TARGET;
        action->lots = side * size;
    }
    return LF_OK;
}

/* All five ways and their copies; end it with lf_backtest_destroy(). */
static lf_backtest *new_backtest(copy copies[DAYS_STRATEGIES], lf_strategy_options both[BOTH])
{
    days_strategies(both);
    for (int i = 0; i < DAYS_STRATEGIES; i++) {
        lf_strategy_options *const own = &both[DAYS_STRATEGIES + i];
        *own = both[i];
        own->name[1] = '2';
        own->decide = decide;
        own->context = &copies[i];
        copies[i] = (copy){.options = &both[i], .fail_at = SIZE_MAX};
    }
    const lf_backtest_options options = {
        .strategies = both,
        .strategy_count = BOTH,
        .starting_cash = 1000,
        .check_every_fill = true,
    };
    lf_backtest *backtest = NULL;
    assert_int_equal(lf_backtest_create(&options, &backtest, NULL), LF_OK);
    return backtest;
}

/* A table without the column that names the rule or the strategy. */
static uint64_t hash_but_names(lf_backtest *backtest, size_t strategy, lf_backtest_table table)
{
    lf_frame *const frame = lf_backtest_frame(backtest, strategy, table);
    uint64_t hash = 0;
    for (size_t c = 0; c < lf_frame_column_count(frame); c++) {
        const lf_column_spec column = lf_frame_column(frame, c);
        const size_t rows = lf_frame_row_count(frame);
        if (strcmp(column.name, "rule") == 0 || strcmp(column.name, "strategy") == 0) {
            continue;
        }
        if (column.kind == LF_COLUMN_F64) {
            hash = lf_hash64(lf_frame_f64(frame, c), rows * sizeof(double), hash);
        } else if (column.kind == LF_COLUMN_TEXT) {
            for (size_t i = 0; i < rows; i++) {
                const char *const text = lf_frame_text(frame, c, i);
                hash = lf_hash64(text, strlen(text) + 1, hash);
            }
        } else if (column.kind == LF_COLUMN_BOOL) {
            hash = lf_hash64(lf_frame_bool(frame, c), rows, hash);
        } else {
            hash = lf_hash64(lf_frame_i64(frame, c), rows * sizeof(int64_t), hash);
        }
    }
    return hash;
}

/* ---- tests ------------------------------------------------------------------------------ */

static void test_same_fills(void **state)
{
    (void)state;
    copy copies[DAYS_STRATEGIES];
    lf_strategy_options both[BOTH];
    lf_backtest *const backtest = new_backtest(copies, both);
    days_trade(backtest, &folder, model, 0);
    for (size_t i = 0; i < DAYS_STRATEGIES; i++) {
        const size_t own = DAYS_STRATEGIES + i;
        assert_true(copies[i].asked > 1000);
        assert_true(lf_backtest_ledger(backtest, i)->fill_count > 10);
        assert_memory_equal(
            lf_backtest_ledger(backtest, i), lf_backtest_ledger(backtest, own), sizeof(lf_ledger)
        );
        for (int t = 0; t < LF_BACKTEST_TABLE_COUNT; t++) {
            const lf_backtest_table table = (lf_backtest_table)t;
            assert_true(hash_but_names(backtest, i, table) == hash_but_names(backtest, own, table));
        }
        const lf_strategy_stats *const ours = &lf_backtest_counts_of(backtest, own)->strategy;
        const lf_strategy_stats *const rules = &lf_backtest_counts_of(backtest, i)->strategy;
        assert_memory_equal(ours->order_counts, rules->order_counts, sizeof rules->order_counts);
    }
    lf_backtest_destroy(backtest);
}

static void test_failure(void **state)
{
    (void)state;
    copy copies[DAYS_STRATEGIES];
    lf_strategy_options both[BOTH];
    lf_backtest *const backtest = new_backtest(copies, both);
    copies[2].fail_at = 4000;
    lf_feed *const feed = days_open(&folder, 0, DAYS_FEED_NS);
    const lf_span span = {.from_ns = INT64_MIN, .to_ns = INT64_MAX, .model = model};
    const lf_backtest_day_options day = {.spans = &span, .span_count = 1};
    lf_error error;
    assert_int_equal(lf_backtest_day(backtest, feed, &day, &error), LF_DATA);
    assert_non_null(strstr(error.message, "TEST: the strategy ended the run at its decision of"));
    assert_int_equal(copies[2].asked, 4001);
    assert_true(copies[0].asked <= 4001 && copies[4].asked <= 4001);
    lf_feed_close(feed);
    lf_backtest_destroy(backtest);
}

/* Without a model it trades on the book alone; a rule of the built-in kind cannot. */
static lf_status by_queue(
    void *context,
    void *state,
    const lf_strategy_view *view,
    const double *features,
    lf_action *action
)
{
    (void)context;
    int64_t *const wait = state;
    assert_true(isnan(view->p_up_1min));
    assert_true(features[lf_feature_find("depth_imbalance_l1")] == view->depth_imbalance_l1);
    if (++*wait % 60 == 0) {
        action->kind = LF_ACTION_TARGET;
        action->lots = view->depth_imbalance_l1 > 0 ? 10 : -10;
    }
    return LF_OK;
}

static void test_without_model(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        lf_strategy_options strategy;
        lf_strategy_options_default(&strategy);
        strategy.execution.latency.feed_ns = DAYS_FEED_NS;
        strategy.decide = k == 0 ? by_queue : NULL;
        strategy.state_bytes = sizeof(int64_t);
        const lf_backtest_options options = {
            .strategies = &strategy, .strategy_count = 1, .step_ns = LF_NS_PER_SECOND};
        lf_backtest *backtest = NULL;
        lf_feed *const feed = days_open(&folder, 0, DAYS_FEED_NS);
        const lf_span span = {.from_ns = INT64_MIN, .to_ns = INT64_MAX};
        const lf_backtest_day_options day = {.spans = &span, .span_count = 1};
        assert_int_equal(lf_backtest_create(&options, &backtest, NULL), LF_OK);
        const lf_status status = lf_backtest_day(backtest, feed, &day, NULL);
        assert_int_equal(status, k == 0 ? LF_OK : LF_RANGE);
        assert_true(k == 1 || lf_backtest_ledger(backtest, 0)->fill_count > 100);
        lf_feed_close(feed);
        lf_backtest_destroy(backtest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_fills),
        cmocka_unit_test(test_failure),
        cmocka_unit_test(test_without_model),
    };
    return cmocka_run_group_tests(tests, make_day, remove_day);
}
