/*
 * Goal: the best levels and trades of public captures, written as the csv files that Binance offers
 *       of such days, come out as another program counted them.
 * Method: the streams bookTicker and trade of the reference captures as rows; skipped where they
 *         are not (binance_csv_test.c covers the rules on files made there).
 */
#include "binance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "feed_testing.h"

static const struct sample {
    const char *captures[2];
    const char *dates[2];
    const char *symbol;
    bool is_spot; /* its bookTicker has no time */
    int64_t quotes, trades, buys, trade_lots;
    int64_t bid_ticks, bid_lots, ask_ticks, ask_lots; /* of the last row */
} samples[] = {
    {{"data/binance/usdm_btcusdt_20240718.gz", "data/binance/usdm_btcusdt_20240719.gz"},
     {"2024-07-18", "2024-07-19"},
     "BTCUSDT",
     false,
     52260,
     10701,
     4195,
     1122459,
     638652,
     40,
     638653,
     5801},
    {{"data/binance/cm_btcusd_perp_20240808.gz", "data/binance/cm_btcusd_perp_20240809.gz"},
     {"2024-08-08", "2024-08-09"},
     "BTCUSD_PERP",
     false,
     48355,
     5235,
     2565,
     182183,
     616000,
     27,
     616001,
     1647},
    {{"data/binance/spot_btcusdt_20240808.gz", "data/binance/spot_btcusdt_20240809.gz"},
     {"2024-08-08", "2024-08-09"},
     "BTCUSDT",
     true,
     0,
     19904,
     9093,
     43791552,
     LF_BID_NONE,
     0,
     LF_ASK_NONE,
     0},
};

static lf_testing_folder folder;

/* Files of one kind, one for each date. */
typedef struct output {
    FILE *files[2];
    const char *paths[2];
} output;

static void open_output(output *out, const struct sample *s, const char *kind)
{
    for (int i = 0; i < 2; i++) {
        char name[96];
        (void)snprintf(name, sizeof name, "%s-%s-%s.csv", s->symbol, kind, s->dates[i]);
        out->paths[i] = lf_testing_path(&folder, name);
        out->files[i] = fopen(out->paths[i], "wb");
        assert_non_null(out->files[i]);
    }
}

static const char *text_of(const json_t *message, const char *key)
{
    return json_string_value(json_object_get(message, key));
}

static long long number_of(const json_t *message, const char *key)
{
    return (long long)json_integer_value(json_object_get(message, key));
}

/* The message as a row of the file of its date. */
static void write_row(const json_t *m, const struct sample *s, output *quotes, output *trades)
{
    const char *const event = text_of(m, "e");
    const long long time = number_of(m, "T");
    const lf_date date = lf_date_from_days(time / 86400000);
    char day[11];
    lf_date_format(date, day);
    const int at = strcmp(day, s->dates[0]) == 0 ? 0 : 1;
    if (event != NULL && strcmp(event, "bookTicker") == 0) {
        (void)fprintf(
            quotes->files[at],
            "%lld,%s,%s,%s,%s,%lld,%lld\n",
            number_of(m, "u"),
            text_of(m, "b"),
            text_of(m, "B"),
            text_of(m, "a"),
            text_of(m, "A"),
            time,
            number_of(m, "E")
        );
    } else if (event != NULL && strcmp(event, "trade") == 0) {
        (void)fprintf(
            trades->files[at],
            "%lld,%s,%s,0.0,%lld,%s%s\n",
            number_of(m, "t"),
            text_of(m, "p"),
            text_of(m, "q"),
            time,
            json_is_true(json_object_get(m, "m")) ? "True" : "False",
            s->is_spot ? ",True" : ""
        );
    }
}

static bool write_csv(const struct sample *s, output *quotes, output *trades)
{
    for (int i = 0; i < 2; i++) {
        const char *const path = lf_testing_shared(s->captures[i]);
        const char *line = "";
        size_t bytes;
        lfi_stream *in;
        if (path == NULL) {
            return false;
        }
        assert_int_equal(lfi_capture_open(NULL, path, &in, NULL), LF_OK);
        while (line != NULL) {
            assert_int_equal(lfi_stream_line(in, &line, &bytes, NULL), LF_OK);
            const char *const text = line != NULL ? memchr(line, '{', bytes) : NULL;
            json_t *const root =
                text != NULL ? json_loadb(text, bytes - (size_t)(text - line), 0, NULL) : NULL;
            if (root != NULL) {
                write_row(json_object_get(root, "data"), s, quotes, trades);
                json_decref(root);
            }
        }
        lfi_stream_close(in);
    }
    return true;
}

static void check_sample(const struct sample *s, const output *quotes, const output *trades)
{
    const char *const paths[] = {
        trades->paths[0], trades->paths[1], quotes->paths[0], quotes->paths[1]};
    lf_source_list list;
    lf_error error;
    lf_quotes last = {.bid_ticks = {LF_BID_NONE}, .ask_ticks = {LF_ASK_NONE}};
    int64_t quote_count = 0, trade_count = 0, bought = 0, trade_lots = 0;
    assert_int_equal(lf_feed_find(paths, s->is_spot ? 2 : 4, NULL, &list, &error), LF_OK);
    assert_int_equal(list.count, 2);
    for (size_t i = 0; i < 2; i++) {
        lf_feed *feed;
        lf_batch batch = {.event_count = 1};
        assert_int_equal(lf_feed_open(&list.sources[i], NULL, &feed, &error), LF_OK);
        while (batch.event_count > 0) {
            assert_int_equal(lf_feed_next(feed, &batch, &error), LF_OK);
            for (size_t k = 0; k < batch.event_count; k++) {
                const bool is_quote = batch.events[k].kind == LF_EVENT_QUOTE;
                last = is_quote ? batch.events[k].quotes : last;
                quote_count += is_quote;
            }
            for (size_t k = 0; k < batch.trade_count; k++) {
                trade_count++;
                bought += batch.trades[k].sign > 0;
                trade_lots += batch.trades[k].size_lots;
            }
        }
        const lf_feed_stats *const stats = lf_feed_stats_of(feed);
        assert_int_equal(stats->gap_count + stats->stale_count + stats->backward_count, 0);
        assert_int_equal(stats->violation_count + stats->crossed_count, 0);
        lf_feed_close(feed);
    }
    lf_source_list_clear(&list);
    assert_int_equal(quote_count, s->quotes);
    assert_int_equal(trade_count, s->trades);
    assert_int_equal(bought, s->buys);
    assert_int_equal(trade_lots, s->trade_lots);
    assert_int_equal(last.bid_ticks[0], s->bid_ticks);
    assert_int_equal(last.bid_lots[0], s->bid_lots);
    assert_int_equal(last.ask_ticks[0], s->ask_ticks);
    assert_int_equal(last.ask_lots[0], s->ask_lots);
}

static void test_samples(void **state)
{
    (void)state;
    assert_true(lf_testing_folder_make(&folder));
    bool is_there = true;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0] && is_there; i++) {
        output quotes, trades;
        open_output(&quotes, &samples[i], "bookTicker");
        open_output(&trades, &samples[i], "trades");
        is_there = write_csv(&samples[i], &quotes, &trades);
        for (int k = 0; k < 2; k++) {
            assert_int_equal(fclose(quotes.files[k]), 0);
            assert_int_equal(fclose(trades.files[k]), 0);
        }
        if (is_there) {
            check_sample(&samples[i], &quotes, &trades);
        }
    }
    lf_testing_folder_remove(&folder);
    if (!is_there) {
        skip();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_samples)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
