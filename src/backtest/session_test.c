/*
 * Goal: what a backtest refuses, what it finds when something is broken, and how a session ends.
 * Method: small simulated days; every guard is tried from both sides, the ledger is broken number
 * by number, every allocation fails once.
 */
#include <lobflow/backtest.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "days_testing.h"

static lf_testing_folder early, late;
static lf_model *model;
static lf_instrument instrument; /* of the early day */

static int make_day(lf_testing_folder *folder, const char *date, uint64_t seed)
{
    const lf_testing_day day = {
        .symbol = "TEST",
        .date = date,
        .seed = seed,
        .messages = 6000,
        .after_s = 3600,
    };
    return lf_testing_folder_make(folder) && lf_testing_day_write(folder, &day) ? 0 : -1;
}

static int make_days(void **state)
{
    (void)state;
    if (make_day(&early, "2024-01-03", 21) != 0 || make_day(&late, "2024-01-04", 22) != 0) {
        return -1;
    }
    lf_feed *const feed = days_open(&early, 0, 0);
    instrument = *lf_feed_instrument(feed);
    lf_feed_close(feed);
    model = days_model(&early, instrument.session_open_ns);
    return 0;
}

static int remove_days(void **state)
{
    (void)state;
    lf_model_destroy(model);
    lf_testing_folder_remove(&early);
    lf_testing_folder_remove(&late);
    return 0;
}

/* One day with options of the day; the feed is opened with a latency. */
static lf_status trade(
    lf_backtest *backtest,
    const lf_testing_folder *folder,
    int64_t feed_ns,
    const lf_backtest_day_options *day,
    lf_error *error
)
{
    lf_feed *const feed = days_open(folder, 0, feed_ns);
    const lf_status status = lf_backtest_day(backtest, feed, day, error);
    lf_feed_close(feed);
    return status;
}

static lf_backtest *create(const lf_strategy_options *strategy, bool in_sample)
{
    const lf_backtest_options options = {
        .strategies = strategy,
        .strategy_count = 1,
        .in_sample = in_sample,
        .check_every_fill = true,
    };
    lf_backtest *backtest = NULL;
    assert_int_equal(lf_backtest_create(&options, &backtest, NULL), LF_OK);
    return backtest;
}

static lf_strategy_options one_strategy(void)
{
    lf_strategy_options all[DAYS_STRATEGIES];
    days_strategies(all);
    return all[0];
}

/* ---- nothing before its time ------------------------------------------------------------- */

/* An exit that the rate limit puts off is sent when its second is over, in the middle between two
   rows: it knows of the events up to then, and of none after. */
static void test_late_exits_know_no_more(void **state)
{
    (void)state;
    lf_testing_folder busy;
    const lf_testing_day day = {
        .symbol = "TEST", .date = "2024-01-03", .seed = 23, .messages = 60000, .after_s = 60};
    assert_true(lf_testing_folder_make(&busy) && lf_testing_day_write(&busy, &day));
    lf_strategy_options strategy = one_strategy();
    strategy.risk.max_orders_per_second = 1;
    strategy.risk.stop_ticks = 0.5;
    strategy.risk.stop_spreads = 0;
    const lf_backtest_options options = {
        .strategies = &strategy, .strategy_count = 1, .step_ns = 30 * LF_NS_PER_SECOND};
    lf_backtest *backtest = NULL;
    assert_int_equal(lf_backtest_create(&options, &backtest, NULL), LF_OK);
    days_trade(backtest, &busy, model, 0);
    const days_path path = days_path_read(&busy);
    lf_frame *const orders = lf_backtest_frame(backtest, 0, LF_BACKTEST_ORDERS);
    const double tick = (double)instrument.tick_nano * 1e-9;
    size_t between = 0;
    for (size_t i = 0; i < lf_frame_row_count(orders); i++) {
        const int64_t ts_ns = days_whole(orders, "ts_decision")[i];
        const days_state *const known = days_at(&path, ts_ns - DAYS_FEED_NS);
        assert_non_null(known);
        if (known->ts_ns == ts_ns - DAYS_FEED_NS || ts_ns % options.step_ns == 0) {
            continue; /* at an event, which may be one of several, or at a row */
        }
        assert_true(
            fabs(days_number(orders, "mid_decision")[i] - 0.5 * (double)known->mid2 * tick) < 1e-9
        );
        between++;
    }
    assert_true(lf_backtest_counts_of(backtest, 0)->strategy.rate_limited_count > 5);
    assert_true(between > 5);
    free(path.states);
    lf_backtest_destroy(backtest);
    lf_testing_folder_remove(&busy);
}

/* ---- delays that vary ------------------------------------------------------------------- */

/* Delays are drawn, requests get lost on their way, and all is long when the market hurries: the
   accounts balance all the same, and the same day gives the same fills. */
static void test_rough_ways(void **state)
{
    (void)state;
    lf_strategy_options strategies[DAYS_STRATEGIES];
    days_strategies(strategies);
    for (int i = 0; i < DAYS_STRATEGIES; i++) {
        lf_latency_options *const latency = &strategies[i].execution.latency;
        latency->model = LF_LATENCY_LOGNORMAL;
        latency->sigma = 1.0;
        latency->burst = 0.5;
        latency->lost_share = 0.2;
        latency->seed = 7;
        strategies[i].execution.passive_limit_ns = 30 * LF_NS_PER_SECOND;
    }
    strategies[3] = strategies[1]; /* twins meet the same luck */
    const lf_backtest_options options = {
        .strategies = strategies,
        .strategy_count = DAYS_STRATEGIES,
        .check_every_fill = true,
    };
    lf_backtest *backtest = NULL;
    assert_int_equal(lf_backtest_create(&options, &backtest, NULL), LF_OK);
    days_trade(backtest, &early, model, 0);
    days_trade(backtest, &late, model, 0);
    for (size_t i = 0; i < DAYS_STRATEGIES; i++) {
        const lf_backtest_counts *const counts = lf_backtest_counts_of(backtest, i);
        lf_frame *const orders = lf_backtest_frame(backtest, i, LF_BACKTEST_ORDERS);
        int64_t unlike = 0;
        for (size_t k = 0; k < lf_frame_row_count(orders); k++) {
            const int64_t venue_ns = days_whole(orders, "ts_venue")[k];
            const int64_t sent_ns = days_whole(orders, "ts_sent")[k];
            assert_true(venue_ns == LF_TIME_NONE || venue_ns >= sent_ns);
            assert_true(sent_ns >= days_whole(orders, "ts_decision")[k]);
            unlike += venue_ns != LF_TIME_NONE && venue_ns - sent_ns != DAYS_ENTRY_NS;
        }
        assert_true(counts->gateway_rejects > 5);
        assert_true(counts->strategy.fill_count > 5);
        assert_true(unlike > 20);
    }
    lf_frame *const one = lf_backtest_frame(backtest, 1, LF_BACKTEST_FILLS);
    lf_frame *const two = lf_backtest_frame(backtest, 3, LF_BACKTEST_FILLS);
    assert_int_equal(lf_frame_row_count(one), lf_frame_row_count(two));
    assert_memory_equal(
        days_whole(one, "ts_local"),
        days_whole(two, "ts_local"),
        lf_frame_row_count(one) * sizeof(int64_t)
    );
    lf_backtest_destroy(backtest);
}

/* Half of all requests get lost, each on its own: a cancel that is sent again comes through, so no
   passive order outlives its time by much. */
static void test_cancels_get_through(void **state)
{
    (void)state;
    lf_strategy_options strategies[DAYS_STRATEGIES];
    days_strategies(strategies);
    lf_strategy_options strategy = strategies[1];
    strategy.execution.latency.lost_share = 0.5;
    lf_backtest *const backtest = create(&strategy, false);
    days_trade(backtest, &early, model, 0);
    lf_frame *const orders = lf_backtest_frame(backtest, 0, LF_BACKTEST_ORDERS);
    size_t resting = 0;
    for (size_t i = 0; i < lf_frame_row_count(orders); i++) {
        const int64_t rested_ns =
            days_whole(orders, "ts_done")[i] - days_whole(orders, "ts_sent")[i];
        /* Its time, and 20 cancels a second apart: one of a million is longer. */
        assert_true(rested_ns < strategy.execution.passive_limit_ns + 20 * strategy.risk.retry_ns);
        resting += rested_ns > strategy.execution.passive_limit_ns;
    }
    assert_true(resting > 20);
    lf_backtest_destroy(backtest);
}

/* A gateway that passes nothing on: no order ever reaches the venue. */
static void test_nothing_gets_through(void **state)
{
    (void)state;
    lf_strategy_options strategy = one_strategy();
    strategy.execution.latency.lost_share = 1.0;
    lf_backtest *const backtest = create(&strategy, false);
    days_trade(backtest, &early, model, 0);
    const lf_backtest_counts *const counts = lf_backtest_counts_of(backtest, 0);
    assert_true(counts->gateway_rejects > 5);
    assert_int_equal(counts->gateway_rejects, counts->strategy.reject_count);
    assert_int_equal(counts->venue.request_count, 0);
    assert_int_equal(lf_backtest_ledger(backtest, 0)->fill_count, 0);
    lf_backtest_destroy(backtest);
}

/* ---- the end of a session --------------------------------------------------------------- */

/* A position that nobody closes is valued at the last mid of the session, although the feed goes on
   for an hour; nothing of that hour changes a table. */
static void test_a_position_over_the_close(void **state)
{
    (void)state;
    lf_strategy_options strategy = one_strategy();
    strategy.risk.flatten_ns = 0;
    strategy.risk.hold_ns = LF_NS_PER_DAY;
    strategy.risk.stop_ticks = 0;
    strategy.risk.stop_spreads = 0;
    strategy.execution.entry = LF_ORDER_KIND_PASSIVE;
    strategy.execution.passive_limit_ns = LF_NS_PER_DAY;
    const days_path path = days_path_read(&early);
    const days_state *const close = days_at(&path, instrument.session_close_ns - 1);
    assert_true(close->mid2 != path.states[path.count - 1].mid2);
    lf_backtest *const backtest = create(&strategy, false);
    days_trade(backtest, &early, model, 0);

    lf_frame *const trades = lf_backtest_frame(backtest, 0, LF_BACKTEST_TRADES);
    lf_frame *const equity = lf_backtest_frame(backtest, 0, LF_BACKTEST_EQUITY);
    const lf_backtest_counts *const counts = lf_backtest_counts_of(backtest, 0);
    const size_t last = lf_frame_row_count(trades) - 1;
    const double mid = 0.005 * (double)close->mid2;
    assert_int_equal(counts->unflat_days, 1);
    assert_int_equal(counts->exit_counts[LF_EXIT_OPEN], 1);
    assert_string_equal(days_text(trades, "exit_reason", last), "open");
    assert_int_equal(days_whole(trades, "ts_exit")[last], instrument.session_close_ns);
    assert_true(fabs(days_number(trades, "exit_price")[last] - mid) < 1e-9);
    const size_t end = lf_frame_row_count(equity) - 1;
    assert_int_equal(end, 23400);
    assert_int_equal(days_whole(equity, "ts_event")[end], instrument.session_close_ns);
    assert_true(fabs(days_number(equity, "mid")[end] - mid) < 1e-9);
    assert_int_equal(days_whole(equity, "position")[end], 0);
    /* The best mid while it was open is one of the session. */
    int64_t high = 0;
    int64_t low = INT64_MAX;
    for (size_t i = 0; i < path.count && path.states[i].ts_ns < instrument.session_close_ns; i++) {
        const days_state *const seen = &path.states[i];
        high = seen->mid2 > high ? seen->mid2 : high;
        low = seen->mid2 > 0 && seen->mid2 < low ? seen->mid2 : low;
    }
    const double entry = 100 * days_number(trades, "entry_price")[last];
    const bool is_long = days_whole(trades, "side")[last] > 0;
    const double most = is_long ? 0.5 * (double)high - entry : entry - 0.5 * (double)low;
    assert_true(days_number(trades, "ticks_best")[last] <= most + 1e-6);
    lf_backtest_destroy(backtest);
    free(path.states);
}

/* What rests at the close ends at the close, and the strategy hears of it a response later. */
static void test_orders_expire_at_the_close(void **state)
{
    (void)state;
    lf_strategy_options strategy = one_strategy();
    strategy.execution.entry = LF_ORDER_KIND_PASSIVE;
    strategy.execution.passive_limit_ns = LF_NS_PER_DAY;
    strategy.risk.flatten_ns = 0;
    strategy.signal.p_long = 0.5;
    strategy.signal.p_short = 0.5;
    lf_backtest *const backtest = create(&strategy, false);
    days_trade(backtest, &early, model, 0);
    lf_frame *const orders = lf_backtest_frame(backtest, 0, LF_BACKTEST_ORDERS);
    size_t expired = 0;
    for (size_t i = 0; i < lf_frame_row_count(orders); i++) {
        if (strcmp(days_text(orders, "status", i), "expired") == 0) {
            assert_int_equal(days_whole(orders, "ts_done")[i], instrument.session_close_ns);
            expired++;
        }
        assert_true(
            days_whole(orders, "ts_decision")[i] <= instrument.session_close_ns + DAYS_RESPONSE_NS
        );
        assert_true(days_whole(orders, "ts_decision")[i] >= instrument.session_open_ns);
    }
    assert_int_equal(expired, lf_backtest_counts_of(backtest, 0)->venue.expired_count);
    assert_true(expired <= 1);
    lf_backtest_destroy(backtest);
}

/* T26: a day of one event, which lies in the session. */
static void test_one_event(void **state)
{
    (void)state;
    const lf_testing_day day = {
        .symbol = "TEST",
        .date = "2024-01-05",
        .seed = 1,
        .messages = 5000,
        .messages_kept = 1,
    };
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder) && lf_testing_day_write(&folder, &day));
    lf_backtest *const backtest = days_backtest(NULL);
    days_trade(backtest, &folder, model, 0);
    for (size_t i = 0; i < DAYS_STRATEGIES; i++) {
        lf_frame *const equity = lf_backtest_frame(backtest, i, LF_BACKTEST_EQUITY);
        assert_int_equal(lf_frame_row_count(equity), 23401);
        assert_int_equal(lf_frame_row_count(lf_backtest_frame(backtest, i, LF_BACKTEST_ORDERS)), 0);
        /* Before the event nothing is valid: 1 ms after the open and 11 ms of feed. */
        assert_int_equal(lf_frame_bool(equity, days_column(equity, "valid"))[0], 0);
        assert_true(isnan(days_number(equity, "mid")[0]));
        assert_int_equal(lf_frame_bool(equity, days_column(equity, "valid"))[1], 1);
        assert_int_equal(lf_backtest_counts_of(backtest, i)->masked_ns, LF_NS_PER_MILLISECOND);
    }
    lf_backtest_destroy(backtest);
    lf_testing_folder_remove(&folder);
}

/* ---- guards ----------------------------------------------------------------------------- */

/* No row that a model was trained on, or that shares a window with one, is traded by it. */
static void test_in_sample_guard(void **state)
{
    (void)state;
    const int64_t open_ns = instrument.session_open_ns;
    const int64_t close_ns = instrument.session_close_ns;
    const struct {
        const char *name;
        int64_t from_ns, to_ns, train_first_ns, purge_until_ns;
        bool in_sample;
        lf_status status;
    } rows[] = {
        {"trained before", INT64_MIN, INT64_MAX, 0, open_ns, false, LF_OK},
        {"its last window reaches into the day",
         INT64_MIN,
         INT64_MAX,
         0,
         open_ns + 1,
         false,
         LF_MISMATCH},
        {"that is asked for", INT64_MIN, INT64_MAX, 0, open_ns + 1, true, LF_OK},
        {"only later rows are traded", open_ns + 1, INT64_MAX, 0, open_ns + 1, false, LF_OK},
        {"only earlier rows are traded",
         INT64_MIN,
         close_ns - 1,
         close_ns - 1,
         close_ns,
         false,
         LF_OK},
        {"a row of the training", INT64_MIN, close_ns, close_ns - 1, close_ns, false, LF_MISMATCH},
        {"a span that lies elsewhere", close_ns, INT64_MAX, 0, INT64_MAX, false, LF_OK},
        {"a span without time", open_ns, open_ns, 0, INT64_MAX, false, LF_OK},
    };
    const lf_strategy_options strategy = one_strategy();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lf_row *const given = calloc(23400, sizeof *given);
        assert_non_null(given);
        for (int k = 0; k < 23400; k++) {
            given[k].ts_ns = open_ns + k * LF_NS_PER_SECOND;
        }
        lf_span span = {.from_ns = rows[i].from_ns, .to_ns = rows[i].to_ns};
        span.meta.train_first_ns = rows[i].train_first_ns;
        span.meta.purge_until_ns = rows[i].purge_until_ns;
        const lf_backtest_day_options day = {
            .spans = &span, .span_count = 1, .rows = given, .row_count = 23400};
        lf_backtest *const backtest = create(&strategy, rows[i].in_sample);
        lf_error error;
        const lf_status status = trade(backtest, &early, DAYS_FEED_NS, &day, &error);
        if (status != rows[i].status) {
            fail_msg("%s: %s", rows[i].name, lf_status_name(status));
        }
        assert_true(status == LF_OK || strstr(error.message, "trained on") != NULL);
        lf_backtest_destroy(backtest);
        free(given);
    }
}

static void test_feed_latency_must_be_that_of_the_feed(void **state)
{
    (void)state;
    const lf_backtest_day_options day = {0};
    lf_error error;
    lf_strategy_options strategy = one_strategy();
    lf_backtest *backtest = create(&strategy, false);
    assert_int_equal(trade(backtest, &early, 0, &day, &error), LF_MISMATCH);
    assert_non_null(strstr(error.message, "feed latency"));
    lf_backtest_destroy(backtest);

    lf_strategy_options two[2] = {strategy, strategy};
    two[1].execution.latency.feed_ns++;
    const lf_backtest_options options = {.strategies = two, .strategy_count = 2};
    assert_int_equal(lf_backtest_create(&options, &backtest, &error), LF_MISMATCH);
    assert_null(backtest);
    two[1].risk.hold_ns = 0;
    assert_int_equal(lf_backtest_create(&options, &backtest, &error), LF_RANGE);
    const lf_backtest_options none = {.strategies = two};
    assert_int_equal(lf_backtest_create(&none, &backtest, &error), LF_RANGE);
    const lf_backtest_options poor = {
        .strategies = two, .strategy_count = 1, .starting_cash = INFINITY};
    assert_int_equal(lf_backtest_create(&poor, &backtest, &error), LF_RANGE);
}

/* Messages cannot travel back: a day must follow the one before it. */
static void test_days_must_ascend(void **state)
{
    (void)state;
    const lf_strategy_options strategy = one_strategy();
    const lf_backtest_day_options day = {0};
    const lf_testing_folder *const second[] = {&early, &late};
    for (int i = 0; i < 2; i++) {
        lf_backtest *const backtest = create(&strategy, false);
        lf_error error;
        assert_int_equal(trade(backtest, &late, DAYS_FEED_NS, &day, &error), LF_OK);
        assert_int_equal(trade(backtest, second[i], DAYS_FEED_NS, &day, &error), LF_MISMATCH);
        assert_non_null(strstr(error.message, "order of time"));
        lf_backtest_destroy(backtest);
    }
}

static void test_labels(void **state)
{
    (void)state;
    lf_backtest *const backtest = days_backtest(NULL);
    days_trade(backtest, &early, model, 0);
    lf_frame *const predictions = lf_backtest_predictions(backtest);
    const size_t rows = lf_frame_row_count(predictions);
    const double values[4][2] = {{1, 2}, {3, 4}, {5, 6}, {7, 8}};
    assert_true(isnan(days_number(predictions, "ret_1min")[10]));
    assert_int_equal(
        lf_backtest_set_labels(
            backtest, rows - 2, 2, values[0], values[1], values[2], values[3], NULL
        ),
        LF_OK
    );
    assert_true(days_number(predictions, "ret_1min")[rows - 1] == 2);
    assert_true(days_number(predictions, "up_1min")[rows - 2] == 3);
    assert_true(days_number(predictions, "ret_5min")[rows - 1] == 6);
    assert_true(days_number(predictions, "up_5min")[rows - 2] == 7);
    lf_error error;
    assert_int_equal(
        lf_backtest_set_labels(
            backtest, rows - 1, 2, values[0], values[1], values[2], values[3], &error
        ),
        LF_RANGE
    );
    lf_backtest_destroy(backtest);
}

/* ---- what is broken is found ------------------------------------------------------------ */

typedef struct breaker {
    lf_backtest *backtest;
    size_t offset;
    int64_t at_ns;
} breaker;

static lf_status
break_ledger(void *context, const lf_row *row, const double *features, lf_error *error)
{
    (void)features;
    (void)error;
    const breaker *const self = context;
    if (row->ts_ns == self->at_ns) {
        char *const place = (char *)lf_backtest_ledger(self->backtest, 0) + self->offset;
        int64_t value;
        memcpy(&value, place, sizeof value);
        value++;
        memcpy(place, &value, sizeof value);
    }
    return LF_OK;
}

/* One unit of 1e-9, one lot, one count too many: the run stops and says what broke, whether fills
   are checked one by one or the day as a whole. */
static void test_broken_ledger(void **state)
{
    (void)state;
    static const struct {
        size_t offset;
        const char *says;
    } rows[] = {
        {offsetof(lf_ledger, cash_nano), "cash = sold - bought"},
        {offsetof(lf_ledger, position_lots), "= position"},
        {offsetof(lf_ledger, fees_nano), "fees = commission"},
        {offsetof(lf_ledger, sold_lots), "= position"},
        {offsetof(lf_ledger, bought_nano), "cash = sold - bought"},
        {offsetof(lf_ledger, regulatory_nano), "fees = commission"},
        {offsetof(lf_ledger, settled_nano), "cash = sold - bought"},
        {offsetof(lf_ledger, fill_count), "fills = taker"},
        {offsetof(lf_ledger, fill_lots), "lots by liquidity"},
    };
    lf_strategy_options strategies[DAYS_STRATEGIES];
    days_strategies(strategies);
    const lf_span span = {.from_ns = INT64_MIN, .to_ns = INT64_MAX, .model = model};
    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        breaker context = {.offset = rows[i / 2].offset};
        const lf_backtest_options options = {
            .strategies = strategies,
            .strategy_count = 1,
            .check_every_fill = i % 2 == 0,
        };
        assert_int_equal(lf_backtest_create(&options, &context.backtest, NULL), LF_OK);
        context.at_ns = instrument.session_open_ns + 9000 * LF_NS_PER_SECOND;
        const lf_backtest_day_options day = {
            .spans = &span, .span_count = 1, .on_row = break_ledger, .context = &context};
        lf_error error;
        assert_int_equal(trade(context.backtest, &early, DAYS_FEED_NS, &day, &error), LF_INVARIANT);
        if (strstr(error.message, rows[i / 2].says) == NULL) {
            fail_msg("row %zu: %s", i / 2, error.message);
        }
        lf_backtest_destroy(context.backtest);
    }
}

static lf_status
refuse_row(void *context, const lf_row *row, const double *features, lf_error *error)
{
    (void)context;
    (void)row;
    assert_non_null(features);
    return lf_error_set(error, LF_CANCELLED, "enough");
}

static lf_status refuse_batch(void *context, const lf_batch *batch, lf_error *error)
{
    (void)context;
    (void)batch;
    return lf_error_set(error, LF_CANCELLED, "enough");
}

static void test_callbacks_can_stop(void **state)
{
    (void)state;
    const lf_strategy_options strategy = one_strategy();
    const lf_backtest_day_options days[] = {{.on_row = refuse_row}, {.on_batch = refuse_batch}};
    for (int i = 0; i < 2; i++) {
        lf_backtest *const backtest = create(&strategy, false);
        assert_int_equal(trade(backtest, &early, DAYS_FEED_NS, &days[i], NULL), LF_CANCELLED);
        lf_backtest_destroy(backtest);
    }
}

/* ---- memory ----------------------------------------------------------------------------- */

static lf_status whole_life(const lf_allocator *allocator)
{
    lf_strategy_options strategies[DAYS_STRATEGIES];
    days_strategies(strategies);
    const lf_backtest_options options = {
        .allocator = allocator,
        .strategies = strategies,
        .strategy_count = 2,
        .step_ns = 30 * LF_NS_PER_SECOND,
    };
    lf_backtest *backtest = (lf_backtest *)&backtest;
    lf_error error;
    lf_status status = lf_backtest_create(&options, &backtest, &error);
    if (status != LF_OK) {
        assert_null(backtest);
        return status;
    }
    const lf_span span = {.from_ns = INT64_MIN, .to_ns = INT64_MAX, .model = model};
    const lf_backtest_day_options day = {
        .spans = &span, .span_count = 1, .window_events_max = 4096};
    status = trade(backtest, &early, DAYS_FEED_NS, &day, &error);
    assert_true(
        status != LF_OK ||
        lf_frame_row_count(lf_backtest_frame(backtest, 0, LF_BACKTEST_FILLS)) > 20
    );
    lf_backtest_destroy(backtest);
    return status;
}

static void test_memory(void **state)
{
    (void)state;
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        const lf_status status = whole_life(&memory.allocator);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_late_exits_know_no_more),
        cmocka_unit_test(test_rough_ways),
        cmocka_unit_test(test_cancels_get_through),
        cmocka_unit_test(test_nothing_gets_through),
        cmocka_unit_test(test_a_position_over_the_close),
        cmocka_unit_test(test_orders_expire_at_the_close),
        cmocka_unit_test(test_one_event),
        cmocka_unit_test(test_in_sample_guard),
        cmocka_unit_test(test_feed_latency_must_be_that_of_the_feed),
        cmocka_unit_test(test_days_must_ascend),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_broken_ledger),
        cmocka_unit_test(test_callbacks_can_stop),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, make_days, remove_days);
}
