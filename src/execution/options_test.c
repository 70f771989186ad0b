/*
 * Goal: options and words of the module. Method: every bound from both sides, every word there and
 * back, the life of an order step by step.
 */
#include <lobflow/execution.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

static lf_execution_options defaults(void)
{
    lf_execution_options options;
    lf_execution_options_default(&options);
    return options;
}

static void test_defaults(void **state)
{
    (void)state;
    const lf_execution_options options = defaults();
    assert_int_equal(lf_execution_options_check(&options, NULL), LF_OK);
    assert_int_equal(options.entry, LF_ORDER_KIND_MARKETABLE);
    assert_int_equal(options.fees.schedule, LF_FEE_SCHEDULE_US_NASDAQ);
    assert_true(options.fees.commission_per_share == 0.001);
    assert_int_equal(options.latency.feed_ns, 10 * LF_NS_PER_MILLISECOND);
}

/* A member at a place gets a value; the check accepts it or names its key. */
static void test_bounds(void **state)
{
    (void)state;
    static const struct {
        size_t offset;
        int64_t value;
        const char *key; /* NULL: accepted */
    } rows[] = {
        {offsetof(lf_execution_options, latency.feed_ns), -1, "latency_feed"},
        {offsetof(lf_execution_options, latency.decision_ns), -1, "latency_decision"},
        {offsetof(lf_execution_options, latency.entry_ns), -1, "latency_entry"},
        {offsetof(lf_execution_options, latency.cancel_ns), -1, "latency_cancel"},
        {offsetof(lf_execution_options, latency.response_ns), -1, "latency_response"},
        {offsetof(lf_execution_options, latency.response_ns), 0, NULL},
        {offsetof(lf_execution_options, latency.entry_ns), 10 * LF_NS_PER_MINUTE, NULL},
        {offsetof(lf_execution_options, latency.entry_ns), 10 * LF_NS_PER_MINUTE + 1, "entry"},
        {offsetof(lf_execution_options, passive_limit_ns), 0, "passive_limit"},
        {offsetof(lf_execution_options, passive_limit_ns), 1, NULL},
        {offsetof(lf_execution_options, passive_limit_ns), LF_NS_PER_DAY + 1, "passive_limit"},
        {offsetof(lf_execution_options, limit_ticks), -1, NULL},
        {offsetof(lf_execution_options, limit_ticks), -2, "limit_ticks"},
        {offsetof(lf_execution_options, limit_ticks), 1000001, "limit_ticks"},
        {offsetof(lf_execution_options, orders_max), 0, "orders_max"},
        {offsetof(lf_execution_options, orders_max), 1, NULL},
        {offsetof(lf_execution_options, orders_max), 100001, "orders_max"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lf_execution_options options = defaults();
        memcpy((char *)&options + rows[i].offset, &rows[i].value, sizeof rows[i].value);
        lf_error error;
        const lf_status status = lf_execution_options_check(&options, &error);
        if (status != (rows[i].key == NULL ? LF_OK : LF_RANGE) ||
            (rows[i].key != NULL && strstr(error.message, rows[i].key) == NULL)) {
            fail_msg("row %zu: status %d", i, (int)status);
        }
    }
}

static void test_impact_needs_its_numbers(void **state)
{
    (void)state;
    lf_execution_options options = defaults();
    options.impact.model = LF_IMPACT_SQUARE_ROOT;
    assert_int_equal(lf_execution_options_check(&options, NULL), LF_RANGE);
    options.impact.daily_volatility_bps = 200;
    options.impact.daily_volume_lots = 1e6;
    assert_int_equal(lf_execution_options_check(&options, NULL), LF_OK);
    options.impact.daily_volume_lots = 0;
    assert_int_equal(lf_execution_options_check(&options, NULL), LF_RANGE);
    options.impact.daily_volume_lots = INFINITY;
    assert_int_equal(lf_execution_options_check(&options, NULL), LF_RANGE);
    options.impact.daily_volume_lots = 1e6;
    options.impact.factor = -1;
    assert_int_equal(lf_execution_options_check(&options, NULL), LF_RANGE);
    options.impact.factor = 1;
    options.impact.model = LF_IMPACT_ALMGREN;
    assert_int_equal(lf_execution_options_check(&options, NULL), LF_RANGE);
    options.impact.outstanding_lots = 1e9;
    assert_int_equal(lf_execution_options_check(&options, NULL), LF_OK);
    options.impact.duration_ns = 0;
    assert_int_equal(lf_execution_options_check(&options, NULL), LF_RANGE);
    options.impact.model = (lf_impact)7;
    assert_int_equal(lf_execution_options_check(&options, NULL), LF_RANGE);
    options = defaults();
    options.entry = (lf_order_kind)9;
    assert_int_equal(lf_execution_options_check(&options, NULL), LF_RANGE);
}

static void test_queue_options(void **state)
{
    (void)state;
    lf_error error;
    lf_execution_options options = defaults();
    for (int model = 0; model < LF_QUEUE_COUNT; model++) {
        options.queue.model = (lf_queue_model)model;
        assert_int_equal(lf_execution_options_check(&options, NULL), LF_OK);
    }
    options.queue.model = (lf_queue_model)LF_QUEUE_COUNT;
    assert_int_equal(lf_execution_options_check(&options, &error), LF_RANGE);
    assert_non_null(strstr(error.message, "execution.queue"));
    static const double powers[] = {0.0, -1.0, 101.0, NAN};
    for (size_t i = 0; i < sizeof powers / sizeof powers[0]; i++) {
        options = defaults();
        options.queue.n = powers[i];
        assert_int_equal(lf_execution_options_check(&options, &error), LF_RANGE);
        assert_non_null(strstr(error.message, "queue_power"));
    }
    options = defaults();
    options.self_trade = (lf_self_trade)2;
    assert_int_equal(lf_execution_options_check(&options, NULL), LF_RANGE);
    assert_string_equal(lf_queue_model_name(LF_QUEUE_POWER3), "power3");
    assert_string_equal(lf_self_trade_name(LF_SELF_TRADE_CANCEL_INCOMING), "cancel_incoming");
}

static void test_fees_as_of(void **state)
{
    (void)state;
    static const char *const texts[] = {"newest", "trade_date", "2025-05-14"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        lf_execution_options options = defaults();
        char text[16];
        assert_int_equal(lf_fees_as_of_parse(texts[i], &options.fees, NULL), LF_OK);
        lf_fees_as_of_format(&options.fees, text);
        assert_string_equal(text, texts[i]);
    }
    lf_execution_options options = defaults();
    lf_error error;
    assert_int_equal(lf_fees_as_of_parse("2025-02-30", &options.fees, &error), LF_RANGE);
    assert_non_null(strstr(error.message, "2025-02-30"));
    assert_int_equal(lf_fees_as_of_parse("yesterday", &options.fees, NULL), LF_RANGE);
    assert_int_equal(options.fees.as_of, LF_FEES_AS_OF_NEWEST);
}

static void test_words(void **state)
{
    (void)state;
    lf_error error;
    lf_order_kind kind;
    lf_fee_schedule schedule;
    lf_impact impact;
    lf_timeout timeout;
#define THERE_AND_BACK(NAME, code, text) \
    assert_int_equal(PARSE(text, &PLACE, NULL), LF_OK); \
    assert_int_equal(PLACE, code); \
    assert_string_equal(SAY(PLACE), text);
#define PARSE lf_order_kind_parse
#define SAY lf_order_kind_name
#define PLACE kind
    LF_ORDER_KIND_MAP(THERE_AND_BACK)
#undef PARSE
#undef SAY
#undef PLACE
#define PARSE lf_fee_schedule_parse
#define SAY lf_fee_schedule_name
#define PLACE schedule
    LF_FEE_SCHEDULE_MAP(THERE_AND_BACK)
#undef PARSE
#undef SAY
#undef PLACE
#define PARSE lf_impact_parse
#define SAY lf_impact_name
#define PLACE impact
    LF_IMPACT_MAP(THERE_AND_BACK)
#undef PARSE
#undef SAY
#undef PLACE
#define PARSE lf_timeout_parse
#define SAY lf_timeout_name
#define PLACE timeout
    LF_TIMEOUT_MAP(THERE_AND_BACK)
#undef PARSE
#undef SAY
#undef PLACE
#undef THERE_AND_BACK
    assert_int_equal(lf_order_kind_parse("pasive", &kind, &error), LF_NOT_FOUND);
    assert_non_null(strstr(error.message, "did you mean \"passive\""));
    assert_int_equal(lf_fee_schedule_parse("", &schedule, &error), LF_NOT_FOUND);
    assert_non_null(strstr(error.message, "us_nasdaq, commission, bps, none"));
    assert_string_equal(lf_reject_name((lf_reject)99), "unknown");
    assert_string_equal(lf_liquidity_name(LF_LIQUIDITY_MAKER_CROSSED), "maker_crossed");
    assert_string_equal(lf_order_state_name(LF_ORDER_STATE_WORKING_PARTIAL), "working_partial");
}

/* Rows: from; columns: to, in the order of lf_order_state. */
static void test_life_of_an_order(void **state)
{
    (void)state;
    static const char *const may[LF_ORDER_STATE_COUNT] = {
        [LF_ORDER_STATE_SENT] = "0100010",
        [LF_ORDER_STATE_RESTING] = "0111101", /* a modified order rests on */
        [LF_ORDER_STATE_WORKING_PARTIAL] = "0011101",
        [LF_ORDER_STATE_FILLED] = "0000000",
        [LF_ORDER_STATE_CANCELLED] = "0000000",
        [LF_ORDER_STATE_REJECTED] = "0000000",
        [LF_ORDER_STATE_EXPIRED] = "0000000",
    };
    for (int from = 0; from < LF_ORDER_STATE_COUNT; from++) {
        bool any = false;
        for (int to = 0; to < LF_ORDER_STATE_COUNT; to++) {
            const bool expected = may[from][to] == '1';
            assert_int_equal(
                lf_order_state_may((lf_order_state)from, (lf_order_state)to), expected
            );
            any |= expected;
        }
        assert_int_equal(lf_order_state_done((lf_order_state)from), !any);
    }
    assert_false(lf_order_state_may((lf_order_state)7, LF_ORDER_STATE_SENT));
    assert_false(lf_order_state_may(LF_ORDER_STATE_SENT, (lf_order_state)7));
    assert_false(lf_order_state_done((lf_order_state)7));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_impact_needs_its_numbers),
        cmocka_unit_test(test_queue_options),
        cmocka_unit_test(test_fees_as_of),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_life_of_an_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
