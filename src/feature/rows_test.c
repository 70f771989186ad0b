/*
 * Goal: the rows of a whole day are those of the engine, however the feed is cut into batches, on
 * the grid and at events, in pieces, with every set; sinks, bad sets and failing memory are heard.
 * Method: a generated LOBSTER day in a folder, read again by hand through the engine. Days with
 * halts, crossed, locked and one-sided books, in batches of every size, against the slow twin.
 */
#include "twin_row_testing.h"

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

#define FEATURES ((size_t)LFI_FEATURE_COUNT)
#define LEVELS 2
#define MESSAGES 20000
#define STEM "TEST_2012-06-21_34200000_57600000"

/* All rows that a sink was given. */
typedef struct collected {
    int64_t *times_ns;
    uint8_t *valid;
    double *values;
    size_t row_count;
    size_t column_count; /* without ts_event, symbol, valid */
    size_t pieces;
    size_t stop_after; /* pieces; 0: never */
    char first_column[64];
    char last_column[64];
} collected;

/*
 * Message and book files whose every visible message fits the book: sizes grow and shrink at the
 * best prices, and now and then a better ask comes and goes.
 */
static void write_day(const lf_testing_folder *folder)
{
    FILE *messages = fopen(lf_testing_path(folder, STEM "_message_2.csv"), "w");
    FILE *books = fopen(lf_testing_path(folder, STEM "_orderbook_2.csv"), "w");
    assert_non_null(messages);
    assert_non_null(books);
    lf_random random;
    lf_random_seed(&random, 7, 0);
    int bid = 500;
    int ask = 500;
    bool is_better = false;
    double time_s = 34200.25;
    for (int i = 0; i < MESSAGES; i++) {
        if (lf_random_below(&random, 5) != 0) {
            time_s += lf_random_exponential(&random) * 1.3;
        }
        const int size = 1 + (int)lf_random_below(&random, 9);
        const int side = lf_random_below(&random, 2) == 0 ? 1 : -1;
        int *lots = side > 0 ? &bid : &ask;
        const char *price = side > 0 ? "1000000" : "1000200";
        int type = 1 + (int)lf_random_below(&random, 5);
        int lots_told = size;
        if (i > 0 && lf_random_below(&random, 10) == 0) {
            type = is_better ? 3 : 1;
            (void)fprintf(messages, "%.9f,%d,9,7,1000100,-1\n", time_s, type);
            is_better = !is_better;
        } else {
            type = type == 3 || (type == 4 && side < 0 && is_better) ? 2 : type;
            type = *lots < 50 || i == 0 ? 1 : type;
            *lots += type == 1 ? size : (type == 5 ? 0 : -size);
            (void)fprintf(messages, "%.9f,%d,5,%d,%s,%d\n", time_s, type, lots_told, price, side);
        }
        if (is_better) {
            (void)fprintf(books, "1000100,7,1000000,%d,1000200,%d,999900,30\n", bid, ask);
        } else {
            (void)fprintf(books, "1000200,%d,1000000,%d,1000300,40,999900,30\n", ask, bid);
        }
    }
    assert_int_equal(fclose(messages), 0);
    assert_int_equal(fclose(books), 0);
}

static lf_feed *open_day(const lf_testing_folder *folder, size_t batch_events)
{
    const lf_feed_options options = {.batch_events = batch_events};
    const char *paths[] = {folder->path};
    lf_source_list list;
    lf_error error;
    if (lf_feed_find(paths, 1, &options, &list, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    assert_int_equal(list.count, 1);
    lf_feed *feed;
    if (lf_feed_open(&list.sources[0], &options, &feed, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    lf_source_list_clear(&list);
    return feed;
}

static lf_status collect(void *context, const lf_frame *rows, lf_error *error)
{
    collected *out = context;
    lf_frame *frame = (lf_frame *)(uintptr_t)rows; /* the getters of values want it writable */
    const size_t count = lf_frame_row_count(rows);
    const size_t columns = lf_frame_column_count(rows) - 3;
    assert_true(count > 0);
    assert_string_equal(lf_frame_column(rows, 0).name, "ts_event");
    assert_string_equal(lf_frame_text(rows, 1, count - 1), "TEST");
    (void)snprintf(out->first_column, 64, "%s", lf_frame_column(rows, 3).name);
    (void)snprintf(out->last_column, 64, "%s", lf_frame_column(rows, columns + 2).name);
    const size_t total = out->row_count + count;
    out->times_ns = realloc(out->times_ns, total * sizeof *out->times_ns);
    out->valid = realloc(out->valid, total);
    out->values = realloc(out->values, total * columns * sizeof *out->values);
    memcpy(out->times_ns + out->row_count, lf_frame_i64(frame, 0), count * sizeof(int64_t));
    memcpy(out->valid + out->row_count, lf_frame_bool(frame, 2), count);
    for (size_t column = 0; column < columns; column++) {
        const double *values = lf_frame_f64(frame, 3 + column);
        for (size_t row = 0; row < count; row++) {
            out->values[(out->row_count + row) * columns + column] = values[row];
        }
    }
    out->row_count = total;
    out->column_count = columns;
    out->pieces++;
    if (out->pieces == out->stop_after) {
        return lf_error_set(error, LF_CANCELLED, "The test has seen enough.");
    }
    return LF_OK;
}

static void free_collected(collected *rows)
{
    free(rows->times_ns);
    free(rows->valid);
    free(rows->values);
}

static collected
run(const lf_testing_folder *folder,
    const lf_feature_rows_options *options,
    size_t batch_events,
    lf_feature_carry *carry)
{
    collected out = {0};
    lf_feed *feed = open_day(folder, batch_events);
    lf_error error;
    if (lf_feature_rows(feed, options, collect, &out, carry, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    lf_feed_close(feed);
    return out;
}

static void assert_same(const collected *a, const collected *b)
{
    assert_int_equal(a->row_count, b->row_count);
    assert_int_equal(a->column_count, b->column_count);
    assert_memory_equal(a->times_ns, b->times_ns, a->row_count * sizeof *a->times_ns);
    assert_memory_equal(a->valid, b->valid, a->row_count);
    assert_memory_equal(a->values, b->values, a->row_count * a->column_count * sizeof *a->values);
}

/* The rows one by one, by hand. */
static void compare_by_hand(const lf_testing_folder *folder, const collected *rows, bool at_events)
{
    lf_feed *feed = open_day(folder, 0);
    lf_feature_engine *engine;
    const lf_feature_options options = {.vpin_bucket_lots = 100, .with_mlofi = true};
    assert_int_equal(
        lf_feature_engine_create(lf_feed_instrument(feed), &options, &engine, NULL), LF_OK
    );
    size_t next = 0;
    for (bool at_end = false; !at_end;) {
        lf_batch batch;
        assert_int_equal(lf_feed_next(feed, &batch, NULL), LF_OK);
        at_end = batch.event_count == 0;
        for (size_t i = 0; i < batch.event_count + (at_end ? 1 : 0); i++) {
            const int64_t ts_ns = at_end ? INT64_MAX : batch.events[i].ts_exchange_ns;
            for (; next < rows->row_count && rows->times_ns[next] < ts_ns; next++) {
                double row[FEATURES];
                bool valid;
                lf_feature_row(engine, rows->times_ns[next], row, &valid);
                assert_int_equal(rows->valid[next], valid);
                assert_memory_equal(row, &rows->values[next * rows->column_count], sizeof row);
            }
            if (!at_end) {
                const lf_event *event = &batch.events[i];
                assert_int_equal(
                    lf_feature_update(engine, event, batch.trades + event->trade_first), LF_OK
                );
                if (at_events && next < rows->row_count) {
                    assert_true(rows->times_ns[next] == ts_ns);
                }
            }
        }
    }
    assert_int_equal(next, rows->row_count);
    lf_feature_engine_destroy(engine);
    lf_feed_close(feed);
}

static void test_grid_and_chunks(void **state)
{
    const lf_testing_folder *folder = *state;
    const lf_feature_rows_options options = {.engine.vpin_bucket_lots = 100};
    static const size_t batches[] = {1, 7, 1024};
    collected first = run(folder, &options, 0, NULL);
    assert_int_equal(first.row_count, 23400);
    assert_int_equal(first.column_count, FEATURES);
    assert_int_equal(first.pieces, 46);
    compare_by_hand(folder, &first, false);
    for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++) {
        collected other = run(folder, &options, batches[i], NULL);
        assert_same(&first, &other);
        free_collected(&other);
    }
    free_collected(&first);
}

static void test_events(void **state)
{
    const lf_testing_folder *folder = *state;
    const lf_feature_rows_options options = {
        .engine.vpin_bucket_lots = 100, .at_events = true, .set = "all"};
    collected rows = run(folder, &options, 33, NULL);
    assert_true(rows.row_count > MESSAGES / 2 && rows.row_count < MESSAGES);
    assert_int_equal(rows.column_count, FEATURES + LEVELS * 4 * 3);
    assert_string_equal(rows.last_column, "ask_flow_m2_5min");
    for (size_t i = 1; i < rows.row_count; i++) {
        assert_true(rows.times_ns[i] > rows.times_ns[i - 1]);
    }
    compare_by_hand(folder, &rows, true);
    free_collected(&rows);
}

/* The first level's flows of the many-level columns are the features of the same window. */
static void test_sets(void **state)
{
    const lf_testing_folder *folder = *state;
    const lf_feature_rows_options plain = {.set = "ofi_1s,ofi_5min", .step_ns = 10000000000};
    const lf_feature_rows_options many = {.set = "mlofi", .step_ns = 10000000000};
    collected rows = run(folder, &plain, 0, NULL);
    collected flows = run(folder, &many, 0, NULL);
    assert_int_equal(rows.row_count, 2340);
    assert_int_equal(rows.column_count, 2);
    assert_string_equal(rows.first_column, "ofi_1s");
    assert_int_equal(flows.column_count, LEVELS * 4 * 3);
    assert_string_equal(flows.first_column, "ofi_m1_1s");
    for (size_t i = 0; i < rows.row_count; i++) {
        for (size_t k = 0; k < 2; k++) {
            const double a = rows.values[i * 2 + k];
            const double b = flows.values[i * flows.column_count + 3 * k];
            assert_true(a == b || (isnan(a) && isnan(b)));
        }
    }
    /* With a carry the engine keeps all that the next day needs; the rows are the same. */
    lf_feature_carry carry;
    collected carried = run(folder, &plain, 0, &carry);
    assert_same(&rows, &carried);
    assert_true(carry.volume_lots > 0);
    free_collected(&rows);
    free_collected(&flows);
    free_collected(&carried);
}

static void test_failures(void **state)
{
    const lf_testing_folder *folder = *state;
    lf_error error;
    collected out = {.stop_after = 2};
    lf_feed *feed = open_day(folder, 0);
    assert_int_equal(lf_feature_rows(feed, NULL, collect, &out, NULL, &error), LF_CANCELLED);
    assert_int_equal(out.pieces, 2);
    free_collected(&out);
    lf_feed_close(feed);

    feed = open_day(folder, 0);
    const lf_feature_rows_options misspelt = {.set = "ofi_norm_1mni"};
    out = (collected){0};
    assert_int_equal(lf_feature_rows(feed, &misspelt, collect, &out, NULL, &error), LF_NOT_FOUND);
    assert_non_null(strstr(error.message, "ofi_norm_1min"));
    lf_feed_close(feed);

    feed = open_day(folder, 0);
    const lf_feature_rows_options small = {.engine.window_events_max = 10};
    assert_int_equal(lf_feature_rows(feed, &small, collect, &out, NULL, &error), LF_RANGE);
    assert_non_null(strstr(error.message, "window_events_max"));
    assert_int_equal(out.pieces, 0);
    lf_feed_close(feed);
}

/* ---- fitted features -------------------------------------------------------------------- */

#define FITTED_SET "ofi_1min,microprice_offset_ticks,ofi_integrated_10s,ofi_integrated_1min"

static lf_feature_fitted made_up(void)
{
    lf_feature_fitted out = {
        .integrated =
            {
                [1] = {LEVELS, {0.25, 0.75}},
                [2] = {LEVELS, {0.5, 0.5}},
            },
        .microprice = {.imbalance_count = 3, .spread_count = 2, .bounds = {0.2}},
    };
    for (int s = 0; s < 2; s++) {
        out.microprice.offset_ticks[s][0] = -0.3 - s;
        out.microprice.offset_ticks[s][2] = 0.3 + s;
    }
    return out;
}

/* The fitted columns made again from the columns of their ingredients, piece by piece. */
static lf_status make_again(void *context, const lf_frame *rows, lf_error *error)
{
    (void)error;
    size_t *const defined = context;
    const lf_feature_fitted fitted = made_up();
    lf_frame *frame = (lf_frame *)(uintptr_t)rows;
    size_t indices[LF_FEATURE_FITTED_COUNT + FEATURES];
    size_t count = 0;
    lf_feature_ingredient_columns columns;
    assert_int_equal(lf_feature_select(FITTED_SET, indices, &count, NULL), LF_OK);
    assert_int_equal(lf_feature_ingredients_find(frame, indices, count, &columns, NULL), LF_OK);
    assert_int_equal(columns.level_count, LEVELS);
    for (size_t i = 0; i < lf_frame_row_count(rows); i++) {
        lf_feature_ingredients ingredients;
        double row[LF_FEATURE_FITTED_COUNT];
        lf_feature_ingredients_read(&columns, i, &ingredients);
        lf_feature_fitted_row(&fitted, &ingredients, row);
        for (size_t k = 1; k < count; k++) {
            const double made = lf_frame_f64(frame, 3 + k)[i];
            const double again = row[indices[k] - lf_feature_count()];
            assert_true(made == again || (isnan(made) && isnan(again)));
            *defined += isnan(made) || made == 0 ? 0 : 1;
        }
        assert_true(isnan(row[0]) && isnan(row[3]));
    }
    return LF_OK;
}

/* In the order of the set, equal to what the ingredients give, which stand behind them. */
static void test_fitted(void **state)
{
    const lf_testing_folder *folder = *state;
    const lf_feature_fitted fitted = made_up();
    const lf_feature_rows_options plain = {.set = FITTED_SET, .fitted = &fitted};
    lf_feature_rows_options more = plain;
    more.with_ingredients = true;
    collected rows = run(folder, &plain, 0, NULL);
    collected both = run(folder, &more, 7, NULL);
    assert_int_equal(rows.column_count, 4);
    assert_string_equal(rows.last_column, "ofi_integrated_1min");
    assert_int_equal(both.column_count, 4 + 2 * LEVELS + 4);
    assert_string_equal(both.last_column, "best_ask_lots");
    assert_true(lf_feature_is_ingredient(both.last_column));
    assert_true(lf_feature_is_ingredient("ofi_norm_m10_5min"));
    assert_false(lf_feature_is_ingredient(rows.last_column));
    assert_false(lf_feature_is_ingredient("ofi_norm_1min"));
    size_t moving = 0;
    for (size_t i = 0; i < rows.row_count; i++) {
        const double *one = &rows.values[i * 4];
        const double *two = &both.values[i * both.column_count];
        assert_memory_equal(one, two, 4 * sizeof *one);
        moving += !isnan(one[3]) && one[3] != 0 ? 1 : 0;
    }
    assert_true(moving > 1000);
    free_collected(&rows);
    free_collected(&both);
    size_t defined = 0;
    lf_feed *feed = open_day(folder, 0);
    assert_int_equal(lf_feature_rows(feed, &more, make_again, &defined, NULL, NULL), LF_OK);
    assert_true(defined > 3000);
    lf_feed_close(feed);
    /* Without parameters the ingredients are the same and the features undefined. */
    more.fitted = NULL;
    rows = run(folder, &more, 0, NULL);
    for (size_t i = 0; i < rows.row_count; i++) {
        assert_true(isnan(rows.values[i * rows.column_count + 1]));
    }
    free_collected(&rows);
}

static void test_fitted_refused(void **state)
{
    const lf_testing_folder *folder = *state;
    lf_feature_fitted fitted = made_up();
    lf_feature_rows_options options = {.set = "ofi_integrated_1min"};
    collected out = {0};
    lf_error error;
    lf_feed *feed = open_day(folder, 0);
    assert_int_equal(lf_feature_rows(feed, &options, collect, &out, NULL, &error), LF_MISMATCH);
    assert_non_null(strstr(error.message, "ofi_integrated_1min needs parameters"));
    fitted.integrated[2].level_count = 5;
    options.fitted = &fitted;
    options.with_ingredients = true;
    assert_int_equal(lf_feature_rows(feed, &options, collect, &out, NULL, &error), LF_MISMATCH);
    assert_non_null(strstr(error.message, "5 levels, but this one has 2"));
    assert_int_equal(out.pieces, 0);
    lf_feed_close(feed);
    /* A frame without the columns. */
    const lf_column_spec specs[] = {{"valid", LF_COLUMN_BOOL}, {"ofi_norm_m1_1min", LF_COLUMN_F64}};
    const size_t indices[] = {
        lf_feature_find("ofi_integrated_1min"), lf_feature_find("microprice_offset_ticks")};
    lf_feature_ingredient_columns columns;
    lf_frame *frame = NULL;
    assert_int_equal(lf_frame_create(NULL, specs, 2, 0, &frame, NULL), LF_OK);
    assert_int_equal(lf_feature_ingredients_find(frame, indices, 1, &columns, &error), LF_OK);
    assert_int_equal(columns.level_count, 1);
    assert_int_equal(lf_feature_ingredients_find(frame, indices, 2, &columns, &error), LF_MISMATCH);
    assert_non_null(strstr(error.message, "best_bid_ticks"));
    lf_frame_destroy(frame);
}

/* The carry of a day counts it and its volume. */
static void test_carry(void **state)
{
    const lf_testing_folder *folder = *state;
    const lf_feature_rows_options options = {.set = "vpin"};
    lf_feature_carry carry = {0};
    collected rows = run(folder, &options, 0, &carry);
    assert_int_equal(carry.day_count, 1);
    assert_true(carry.volume_lots > 1000);
    assert_true(isnan(rows.values[rows.row_count - 1]));
    free_collected(&rows);
    /* The second day fills about 50 buckets, the third surely enough. */
    for (int day = 2; day <= 3; day++) {
        const lf_feature_rows_options next = {.set = "vpin", .engine.carry = &carry};
        lf_feature_carry after;
        rows = run(folder, &next, 0, &after);
        carry = after;
        assert_int_equal(carry.day_count, day);
        if (day == 3) {
            assert_true(rows.values[rows.row_count - 1] > 0);
        }
        free_collected(&rows);
    }
}

static void test_hunger(void **state)
{
    const lf_testing_folder *folder = *state;
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        const lf_feature_rows_options options = {
            .engine.allocator = &memory.allocator,
            .engine.window_events_max = 2000,
            .set = "all",
            .step_ns = 600000000000,
        };
        collected out = {0};
        lf_feed *feed = open_day(folder, 0);
        const lf_status status = lf_feature_rows(feed, &options, collect, &out, NULL, NULL);
        lf_feed_close(feed);
        free_collected(&out);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
    }
}

/* ---- faulty days in batches of every size, against the twin ------------------------------- */

#define FAULTY_EVENTS 400
#define FAULTY_LOTS 40
/* The events of a faulty day lie in its first 30 minutes or so. */
#define FAULTY_ROWS 2000

/*
 * One line of the message file: a halt, a hidden trade, or an auction's, which is no trade. All of
 * them may change the book without that the reader takes the two files for strangers.
 */
static void write_message(FILE *file, const market *day, const lf_event *event)
{
    const int64_t since_ns = event->ts_exchange_ns - day->instrument.session_open_ns;
    const int64_t ns = 34200 * LF_NS_PER_SECOND + since_ns;
    int type = 6;
    long long lots = 1;
    long long units = day->instrument.units_per_tick;
    int direction = -1;
    if (event->kind == LF_EVENT_HALT) {
        type = 7;
        units = (event->flags & LF_EVENT_MASKED) != 0 ? -1 : 1;
    } else if (event->trade_count > 0) {
        const lf_trade *trade = &day->trades[event->trade_first];
        type = 5;
        units = trade->price_units;
        lots = trade->size_lots;
        direction = trade->sign > 0 ? -1 : 1;
    }
    (void)fprintf(
        file,
        "%lld.%09lld,%d,9,%lld,%lld,%d\n",
        (long long)(ns / LF_NS_PER_SECOND),
        (long long)(ns % LF_NS_PER_SECOND),
        type,
        lots,
        units,
        direction
    );
}

static void write_book(FILE *file, const lf_quotes *quotes, int levels)
{
    for (int m = 0; m < levels; m++) {
        const bool has_ask = quotes->ask_ticks[m] != LF_ASK_NONE;
        const bool has_bid = quotes->bid_ticks[m] != LF_BID_NONE;
        (void)fprintf(
            file,
            "%s%lld,%lld,%lld,%lld",
            m > 0 ? "," : "",
            has_ask ? (long long)(quotes->ask_ticks[m] * MARKET_UNITS_PER_TICK) : 9999999999LL,
            (long long)quotes->ask_lots[m],
            has_bid ? (long long)(quotes->bid_ticks[m] * MARKET_UNITS_PER_TICK) : -9999999999LL,
            (long long)quotes->bid_lots[m]
        );
    }
    (void)fprintf(file, "\n");
}

/* A random day of market_testing.h as files; what LOBSTER cannot say is left out. */
static void write_faulty(const lf_testing_folder *folder, const market *day)
{
    char name[128];
    const int levels = day->instrument.level_count;
    (void)snprintf(name, sizeof name, "TEST_2012-06-21_34200000_57600000_message_%d.csv", levels);
    FILE *messages = fopen(lf_testing_path(folder, name), "w");
    (void)snprintf(name, sizeof name, "TEST_2012-06-21_34200000_57600000_orderbook_%d.csv", levels);
    FILE *books = fopen(lf_testing_path(folder, name), "w");
    assert_non_null(messages);
    assert_non_null(books);
    for (size_t i = 0; i < day->event_count; i++) {
        write_message(messages, day, &day->events[i]);
        write_book(books, &day->events[i].quotes, levels);
    }
    assert_int_equal(fclose(messages), 0);
    assert_int_equal(fclose(books), 0);
}

/* The day as the feed gives it. */
static market read_market(const lf_testing_folder *folder)
{
    lf_feed *feed = open_day(folder, FAULTY_EVENTS);
    lf_batch batch;
    if (lf_feed_next(feed, &batch, NULL) != LF_OK) {
        fail_msg("the day cannot be read");
    }
    market day = {
        .instrument = *lf_feed_instrument(feed),
        .event_count = batch.event_count,
        .trade_count = batch.trade_count,
    };
    assert_int_equal(day.event_count, FAULTY_EVENTS);
    day.events = calloc(batch.event_count, sizeof *day.events);
    day.trades = calloc(batch.trade_count + 1, sizeof *day.trades);
    memcpy(day.events, batch.events, batch.event_count * sizeof *day.events);
    memcpy(day.trades, batch.trades, batch.trade_count * sizeof *day.trades);
    lf_feed_close(feed);
    return day;
}

/* Rows against the definitions, all of them while events come; how many are not valid. */
static size_t compare_with_twin(const market *day, const collected *rows, int seed)
{
    twin reference = twin_make(day, FAULTY_LOTS);
    size_t masked = 0;
    for (size_t k = 0; k < rows->row_count; k += k < FAULTY_ROWS ? 1 : 97) {
        double wanted[FEATURES];
        const double *got = &rows->values[k * rows->column_count];
        const bool is_valid = twin_row(&reference, rows->times_ns[k], wanted);
        assert_int_equal(rows->valid[k], is_valid);
        masked += is_valid ? 0 : 1;
        for (size_t i = 0; i < FEATURES; i++) {
            if (!twin_agrees(i, got[i], wanted[i])) {
                const char *name = lf_feature_at(i)->name;
                fail_msg("seed %d, row %zu: %s %.17g, %.17g", seed, k, name, got[i], wanted[i]);
            }
        }
    }
    twin_free(&reference);
    return masked;
}

static void compare_batches(const lf_testing_folder *folder, const market *day, int seed)
{
    for (int at_events = 0; at_events <= 1; at_events++) {
        const lf_feature_rows_options options = {
            .engine.vpin_bucket_lots = FAULTY_LOTS, .at_events = at_events == 1};
        collected whole = run(folder, &options, 0, NULL);
        const size_t masked = compare_with_twin(day, &whole, seed);
        assert_true(masked > 5);
        for (size_t size = 1; size <= FAULTY_EVENTS; size++) {
            /* All sizes at events; on the grid, whose rows are many, the small ones and some. */
            if (at_events == 0 && size > 8 && size % 67 != 0) {
                continue;
            }
            collected cut = run(folder, &options, size, NULL);
            assert_same(&whole, &cut);
            free_collected(&cut);
        }
        free_collected(&whole);
    }
}

static void test_faulty_days(void **state)
{
    (void)state;
    for (int seed = 31; seed <= 33; seed++) {
        const market_options options = {
            .seed = (uint64_t)seed,
            .event_count = FAULTY_EVENTS,
            .length_s = 1200,
            .base_ticks = 10000,
            .level_count = seed % 2 == 0 ? 3 : 10,
            .fault_rate = 8,
        };
        lf_testing_folder folder;
        assert_true(lf_testing_folder_make(&folder));
        market made = market_make(&options);
        write_faulty(&folder, &made);
        market day = read_market(&folder);
        compare_batches(&folder, &day, seed);
        market_free(&made);
        market_free(&day);
        lf_testing_folder_remove(&folder);
    }
}

static int make_folder(void **state)
{
    static lf_testing_folder folder;
    if (!lf_testing_folder_make(&folder)) {
        return -1;
    }
    write_day(&folder);
    *state = &folder;
    return 0;
}

static int remove_folder(void **state)
{
    lf_testing_folder_remove(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grid_and_chunks),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_fitted),
        cmocka_unit_test(test_fitted_refused),
        cmocka_unit_test(test_carry),
        cmocka_unit_test(test_faulty_days),
        cmocka_unit_test(test_hunger),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
