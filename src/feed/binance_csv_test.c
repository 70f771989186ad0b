/*
 * Goal: the csv files that Binance offers give its best levels and its trades, in every layout and
 *       packing; what is missing, doubled, out of order or no row is counted, masked or refused.
 * Method: a made market written in all layouts, whose true quotes are known; and files of few rows,
 *         one fault each.
 */
#include "feed_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed_testing.h"

#define SEED 20240330
#define ROWS 1500
#define COUNT(array) (sizeof(array) / sizeof(array)[0])
/* 2024-03-30T00:00:00Z in ms. */
#define DAY_MS INT64_C(1711756800000)
#define DAY_NS (DAY_MS * LF_NS_PER_MILLISECOND)

#define TICKER_HEAD \
    "update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,transaction_time,event_" \
    "time\n"
#define TRADES_HEAD "id,price,qty,quote_qty,time,is_buyer_maker\n"

static ft_reading got;

/* ---- a made market ---------------------------------------------------------------------- */

/* A row of either file; prices in tenths, sizes in thousandths. */
typedef struct made_row {
    bool is_trade, is_sell;
    int64_t ts_ms, id, bid, bid_size, ask, ask_size, price, size;
} made_row;

static struct {
    made_row rows[ROWS];
    int64_t trades, trade_lots;
} market;

static void make_market(void)
{
    lf_random random;
    int64_t ts_ms = DAY_MS + 5, update_id = 4000000000000, trade_id = 4800000000, mid = 700005;
    lf_random_seed(&random, SEED, 0);
    memset(&market, 0, sizeof market);
    for (size_t i = 0; i < ROWS; i++) {
        made_row *const row = &market.rows[i];
        ts_ms += (int64_t)lf_random_below(&random, 200);
        row->is_trade = i > 0 && lf_random_below(&random, 3) == 0;
        /* Of one time the trade comes first. */
        ts_ms += row->is_trade && ts_ms == market.rows[i - 1].ts_ms;
        mid += (int64_t)lf_random_below(&random, 3) - 1;
        row->ts_ms = ts_ms;
        row->bid = mid;
        row->ask = mid + 1 + (int64_t)lf_random_below(&random, 2);
        row->bid_size = 1 + (int64_t)lf_random_below(&random, 20000);
        row->ask_size = 1 + (int64_t)lf_random_below(&random, 20000);
        row->is_sell = lf_random_below(&random, 2) == 0;
        row->price = row->is_sell ? row->bid : row->ask;
        row->size = 1 + (int64_t)lf_random_below(&random, 5000);
        row->id = row->is_trade ? ++trade_id : (update_id += 1 + (int64_t)(i % 900));
        market.trades += row->is_trade;
        market.trade_lots += row->is_trade ? row->size : 0;
    }
}

/* How a file is written. */
typedef struct how {
    const char *name;
    int kind; /* 0 ticker, 1 trades, 2 aggregates */
    bool is_spot, has_header, in_us;
} how;

static void put_decimal(FILE *out, int64_t value, int places, bool with_zeros)
{
    const int64_t power = places == 1 ? 10 : 1000;
    (void)fprintf(
        out,
        "%lld.%0*lld%s,",
        (long long)(value / power),
        places,
        (long long)(value % power),
        with_zeros ? "0000" : ""
    );
}

static void put_trade(FILE *out, const made_row *row, const how *h)
{
    const long long time = (long long)row->ts_ms * (h->in_us ? 1000 : 1), id = (long long)row->id;
    const char *const words[] = {"true", "false", "True", "False"};
    (void)fprintf(out, "%lld,", id);
    put_decimal(out, row->price, 1, h->is_spot);
    put_decimal(out, row->size, 3, h->is_spot);
    if (h->kind == 2) {
        (void)fprintf(out, "%lld,%lld,", 2 * id, 2 * id + 1);
    } else {
        (void)fprintf(out, "123.4500000000,");
    }
    (void)fprintf(out, "%lld,%s", time, words[(row->is_sell ? 0 : 1) + (h->is_spot ? 2 : 0)]);
    (void)fprintf(out, h->is_spot ? ",True\n" : "\n");
}

static char *text_of(const how *h)
{
    static const char *const heads[3][2] = {
        {TICKER_HEAD, ""},
        {TRADES_HEAD, "id,price,qty,quoteQty,time,isBuyerMaker,isBestMatch\n"},
        {"agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n",
         "agg_tradeId,price,qty,first_tradeId,last_tradeId,transact_time,is_buyer_maker,"
         "is_best_match\n"},
    };
    char *text = NULL;
    size_t bytes = 0;
    FILE *const out = open_memstream(&text, &bytes);
    assert_non_null(out);
    (void)fputs(h->has_header ? heads[h->kind][h->is_spot] : "", out);
    for (size_t i = 0; i < ROWS; i++) {
        const made_row *const row = &market.rows[i];
        if (row->is_trade && h->kind != 0) {
            put_trade(out, row, h);
        } else if (!row->is_trade && h->kind == 0) {
            (void)fprintf(out, "%lld,", (long long)row->id);
            put_decimal(out, row->bid, 1, true);
            put_decimal(out, row->bid_size, 3, true);
            put_decimal(out, row->ask, 1, true);
            put_decimal(out, row->ask_size, 3, true);
            (void)fprintf(out, "%lld,%lld\n", (long long)row->ts_ms, (long long)row->ts_ms + 4);
        }
    }
    assert_int_equal(fclose(out), 0);
    return text;
}

static const char *write_file(const how *h)
{
    char *const text = text_of(h);
    const char *const path = ft_write(lf_testing_home(), h->name, text);
    free(text);
    return path;
}

/* The events are the market's, and one that ends it; `has_quotes`: with the best levels. */
static void check_events(bool has_quotes)
{
    const made_row *quote = NULL;
    size_t at = 0;
    assert_int_equal(got.status, LF_OK);
    for (size_t i = 0; i < ROWS; i++) {
        const made_row *const row = &market.rows[i];
        quote = !row->is_trade ? row : quote;
        if (!row->is_trade && !has_quotes) {
            continue;
        }
        const lf_event *const e = &got.events[at++];
        assert_int_equal(e->ts_exchange_ns, row->ts_ms * LF_NS_PER_MILLISECOND);
        assert_int_equal(e->kind, row->is_trade ? LF_EVENT_TRADE : LF_EVENT_QUOTE);
        assert_int_equal(e->flags, LF_EVENT_LAST | (has_quotes ? 0 : LF_EVENT_MASKED));
        assert_int_equal(e->quotes.bid_ticks[0], has_quotes ? quote->bid : LF_BID_NONE);
        assert_int_equal(e->quotes.ask_ticks[0], has_quotes ? quote->ask : LF_ASK_NONE);
        assert_int_equal(e->quotes.bid_lots[0], has_quotes ? quote->bid_size : 0);
        assert_int_equal(e->quotes.ask_lots[0], has_quotes ? quote->ask_size : 0);
        assert_int_equal(e->quotes.bid_lots[1] + e->quotes.ask_lots[1], 0);
        if (row->is_trade) {
            assert_int_equal(e->price_units, row->price);
            assert_int_equal(e->size_lots, row->size);
            assert_int_equal(e->side, row->is_sell ? 1 : -1);
        }
    }
    if (has_quotes) {
        assert_int_equal(got.events[at].kind, LF_EVENT_OTHER);
        assert_int_equal(got.events[at++].flags, LF_EVENT_LAST | LF_EVENT_MASKED);
    }
    assert_int_equal(got.count, at);
    assert_int_equal(got.stats.event_count, at);
    assert_int_equal(got.trades, market.trades);
    assert_int_equal(got.trade_lots, market.trade_lots);
    assert_int_equal(got.stats.gap_count + got.stats.stale_count + got.stats.skipped_count, 0);
    assert_int_equal(got.stats.check_count, market.trades);
}

/* ---- layouts ---------------------------------------------------------------------------- */

static const struct layout_case {
    how trades;
    const char *symbol, *venue;
} layouts[] = {
    {{"BTCUSDT-trades-2024-03-30.csv", 1, false, true, false}, "BTCUSDT", "BINANCE_USDM"},
    {{"BTCUSDT-trades-2024-03-30.csv", 1, false, false, false}, "BTCUSDT", "BINANCE_USDM"},
    {{"BTCUSDT-aggTrades-2024-03-30.csv", 2, false, true, false}, "BTCUSDT", "BINANCE_USDM"},
    {{"BTCUSDT-aggTrades-2024-03-30.csv", 2, false, false, true}, "BTCUSDT", "BINANCE_USDM"},
    {{"BTCUSDT_240628-trades-2024-03-30.csv", 1, false, true, false},
     "BTCUSDT_240628",
     "BINANCE_USDM"},
    {{"BTCUSD_PERP-trades-2024-03-30.csv", 1, false, true, false}, "BTCUSD_PERP", "BINANCE_COINM"},
    {{"BTCUSDT-trades-2024-03-30.csv", 1, true, false, false}, "BTCUSDT", "BINANCE"},
    {{"BTCUSDT-trades-2024-03-30.csv", 1, true, true, true}, "BTCUSDT", "BINANCE"},
    {{"BTCUSDT-aggTrades-2024-03-30.csv", 2, true, false, true}, "BTCUSDT", "BINANCE"},
    {{"BTCUSDT-aggTrades-2024-03-30.csv", 2, true, true, false}, "BTCUSDT", "BINANCE"},
};

/* Trades in every layout; those of futures with the best levels beside them too. */
static void test_layouts(void **state)
{
    (void)state;
    make_market();
    for (size_t i = 0; i < COUNT(layouts); i++) {
        const struct layout_case *const row = &layouts[i];
        const lf_feed_options options = {.batch_events = i % 2 == 0 ? 1 : 0};
        char name[64];
        (void)snprintf(name, sizeof name, "%s-bookTicker-2024-03-30.csv", row->symbol);
        const how ticker = {name, 0, false, i % 3 == 0, i % 2 == 0};
        const char *const paths[] = {write_file(&row->trades), write_file(&ticker)};
        ft_read_paths(&got, paths, 1, &options);
        check_events(false);
        assert_string_equal(got.instrument.symbol, row->symbol);
        assert_string_equal(got.instrument.venue, row->venue);
        assert_string_equal(got.instrument.currency, i == 5 ? "USD" : "USDT");
        assert_int_equal(got.instrument.is_inverse, i == 5);
        assert_int_equal(got.instrument.tick_nano, 100000000);
        assert_int_equal(got.instrument.lot_nano, 1000000);
        assert_int_equal(got.instrument.level_count, 1);
        if (!row->trades.is_spot) {
            ft_read_paths(&got, paths, 2, &options);
            check_events(true);
        }
    }
}

/* Zipped, as they are offered, and otherwise packed; in a folder; and the same file named twice. */
static void test_packings(void **state)
{
    (void)state;
    static const ft_archive zip = {.format = "zip"}, gzip = {.format = "raw", .filter = "gzip"};
    make_market();
    const how ticker = {"ETHUSDT-bookTicker-2024-03-30.csv", 0, false, true, false};
    const how trades = {"ETHUSDT-trades-2024-03-30.csv", 1, false, true, false};
    char *const texts[2] = {text_of(&ticker), text_of(&trades)};
    const ft_member members[2] = {{ticker.name, texts[0]}, {trades.name, texts[1]}};
    const char *paths[3] = {
        ft_pack(lf_testing_home(), "ETHUSDT-bookTicker-2024-03-30.zip", &zip, &members[0], 1),
        ft_pack(lf_testing_home(), "ETHUSDT-trades-2024-03-30.zip", &zip, &members[1], 1),
    };
    paths[2] = paths[0];
    ft_read_paths(&got, paths, 3, NULL);
    check_events(true);
    assert_true(got.stats.input_bytes <= got.stats.input_bytes_total);
    paths[1] =
        ft_pack(lf_testing_home(), "ETHUSDT-trades-2024-03-30.csv.gz", &gzip, &members[1], 1);
    ft_read_paths(&got, paths, 2, NULL);
    check_events(true);
    paths[0] = ft_pack(lf_testing_home(), "both.zip", &zip, members, 2);
    ft_read_paths(&got, paths, 1, NULL);
    check_events(true);
    const ft_member crowd[2] = {{ticker.name, texts[0]}, {"ETHUSDT-1m-2024-03-30.csv", "1,2,3\n"}};
    paths[0] = ft_pack(lf_testing_home(), "crowd.zip", &zip, crowd, 2);
    ft_read_paths(&got, paths, 2, NULL);
    check_events(true);
    free(texts[0]);
    free(texts[1]);
}

/* A file whose rows are those of its two halves in turn, as long as both have some; which of them
   begins, and behind the header. */
static char *in_turn(const char *text, bool has_header, bool later_first)
{
    const char *const body = has_header ? strchr(text, '\n') + 1 : text;
    const char *const middle = strchr(body + strlen(body) / 2 + 100, '\n') + 1;
    const char *at[2] = {body, middle};
    const char *const ends[2] = {middle, text + strlen(text)};
    char *const out = calloc(1, strlen(text) + 1);
    size_t bytes = (size_t)(body - text);
    assert_non_null(out);
    memcpy(out, text, bytes);
    for (int half = later_first; at[0] < ends[0] || at[1] < ends[1]; half = 1 - half) {
        if (at[half] < ends[half]) {
            const size_t row = (size_t)(strchr(at[half], '\n') + 1 - at[half]);
            memcpy(out + bytes, at[half], row);
            at[half] += row;
            bytes += row;
        }
    }
    assert_int_equal(bytes, strlen(text));
    return out;
}

/* Some of Binance's files have the halves of their period row by row: they are read as they should
   be, quotes and trades alike, also of a month. */
static void test_halves(void **state)
{
    (void)state;
    make_market();
    for (int i = 0; i < 8; i++) {
        const bool has_header = (i & 1) != 0;
        const char *const day = (i & 4) != 0 ? "" : "-30";
        char names[2][64];
        const char *paths[2];
        for (int kind = 0; kind < 2; kind++) {
            (void)snprintf(
                names[kind],
                sizeof names[kind],
                "BTCUSDT-%s-2024-03%s.csv",
                kind == 0 ? "bookTicker" : "trades",
                day
            );
            const how h = {names[kind], kind, false, has_header, false};
            char *const text = text_of(&h), *const mixed = in_turn(text, has_header, (i & 2) != 0);
            paths[kind] = ft_write(lf_testing_home(), h.name, kind == 0 || i > 0 ? mixed : text);
            free(text);
            free(mixed);
        }
        ft_read_paths(&got, paths, 2, NULL);
        check_events(true);
        assert_int_equal(got.stats.backward_count, 0);
        assert_int_equal(got.stats.input_bytes, got.stats.input_bytes_total);
        ft_read_paths(&got, paths + 1, 1, NULL);
        check_events(false);
    }
}

/* ---- what is wrong ---------------------------------------------------------------------- */

#define FUTURES(id, time) id ",70000.5,0.002,140.001," time ",true\n"
#define SPOT(id, time) id ",70000.50000000,0.00200000,140.00100000," time ",True,True\n"
#define AGGREGATE(id, time) id ",70000.5,0.002,1,1," time ",true\n"
#define TICK(id, bid, ask, time) id "," bid ",1.500," ask ",2.000," time "," time "\n"
#define T0 "1711756800100"
#define T1 "1711756800200"
#define T2 "1711756800300"

static const struct count_case {
    const char *name, *text;
    int64_t trades, gaps, resets, stale, skipped, backward;
} count_cases[] = {
    /* Numbers of spot and of aggregates follow one another. */
    {"A-trades-", SPOT("7", T0) SPOT("8", T1) SPOT("9", T2), 3, 0, 0, 0, 0, 0},
    {"A-trades-", SPOT("7", T0) SPOT("9", T1) SPOT("10", T2), 3, 1, 1, 0, 0, 0},
    {"A-trades-", SPOT("7", T0) SPOT("7", T0) SPOT("8", T2), 2, 0, 0, 1, 0, 0},
    {"A-trades-", SPOT("7", T1) SPOT("8", T0) SPOT("9", T2), 3, 0, 0, 0, 0, 1},
    {"A-trades-", SPOT("70", T0) SPOT("3", T1) SPOT("4", T2), 3, 1, 1, 0, 0, 0},
    {"A-aggTrades-", AGGREGATE("7", T0) AGGREGATE("9", T1), 2, 1, 1, 0, 0, 0},
    /* Of futures some trades are left out; many are missing. */
    {"A-trades-", FUTURES("7", T0) FUTURES("9", T1), 2, 0, 0, 0, 1, 0},
    {"A-trades-", FUTURES("7", T0) FUTURES("24", T1), 2, 0, 0, 0, 16, 0},
    {"A-trades-", FUTURES("7", T0) FUTURES("25", T1), 2, 1, 1, 0, 0, 0},
    /* A trade of nothing is none; the gap before it is that of the next one. */
    {"A-trades-",
     SPOT("7", T0) "9,1.0,0.00000000,0," T1 ",True,True\n" SPOT("10", T2),
     2,
     1,
     1,
     0,
     1,
     0},
    {"A-trades-",
     "id,price,qty,quoteQty,time,isBuyerMaker,isBestMatch\r\n" SPOT("7", T0) "\n" SPOT("8", T1),
     2,
     0,
     0,
     0,
     0,
     0},
};

static void test_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(count_cases); i++) {
        const struct count_case *const row = &count_cases[i];
        char name[64];
        (void)snprintf(name, sizeof name, "%s2024-03-30.csv", row->name);
        const char *const path = ft_write(lf_testing_home(), name, row->text);
        ft_read_paths(&got, &path, 1, NULL);
        if (got.status != LF_OK || got.trades != row->trades || got.stats.gap_count != row->gaps ||
            got.resets != row->resets || got.stats.stale_count != row->stale ||
            got.stats.skipped_count != row->skipped || got.stats.backward_count != row->backward) {
            fail_msg("row %zu: %s", i, got.error.message);
        }
    }
}

static const struct error_case {
    const char *name, *text;
    lf_status status;
    int64_t line;
    const char *message;
} error_cases[] = {
    {"A-trades-2024-03-30.csv",
     SPOT("7", T0) "8,70000.5,x,1," T1 ",True,True\n",
     LF_FORMAT,
     2,
     "field 3 (qty) must be a decimal number, found \"x\""},
    {"A-trades-2024-03-30.csv",
     TRADES_HEAD FUTURES("7", T0) FUTURES("8", "-5"),
     LF_FORMAT,
     3,
     "field 5 (time) must be a time in ms or us since 1970, found \"-5\""},
    {"A-trades-2024-03-30.csv",
     FUTURES("7", T0) FUTURES("8", "1711756800200000000"),
     LF_FORMAT,
     2,
     "field 5 (time)"},
    {"A-trades-2024-03-30.csv",
     FUTURES("7", T0) "8,1.5,2,3," T1 ",1\n",
     LF_FORMAT,
     2,
     "field 6 (is_buyer_maker) must be true or false, found \"1\""},
    {"A-trades-2024-03-30.csv",
     FUTURES("7", T0) "8,1.5,2,3," T1,
     LF_FORMAT,
     2,
     "the row must be 6 fields between commas, found \"8,1.5,2,3,"},
    {"A-trades-2024-03-30.csv", FUTURES("7", T0) SPOT("8", T1), LF_FORMAT, 2, "the row must be 6"},
    {"A-trades-2024-03-30.csv",
     FUTURES("7", T0) "8,1e-5,2,3," T1 ",true\n",
     LF_FORMAT,
     2,
     "field 2 (price) must be a decimal number, found \"1e-5\""},
    {"A-bookTicker-2024-03-30.csv",
     TICKER_HEAD TICK("5", "1.0", "1.1", T0) ",1.0,1,1.1,1," T1 "," T1 "\n",
     LF_FORMAT,
     3,
     "field 1 (update_id) must be a whole number"},
    /* Time goes back although numbers go on; within a half; and halves that overlap. */
    {"A-bookTicker-2024-03-30.csv",
     TICK("5", "1.0", "1.1", T0) TICK("6", "1.0", "1.1", "1711800000000")
         TICK("7", "1.0", "1.1", T1),
     LF_DATA,
     3,
     "in the order of their first field (update_id)"},
    {"A-bookTicker-2024-03-30.csv",
     TICK("5", "1.0", "1.1", T0) TICK("900", "1.0", "1.1", "1711800000000")
         TICK("6", "1.0", "1.1", T1) TICK("901", "1.0", "1.1", "1711799000000"),
     LF_DATA,
     4,
     "in the order of their first field (update_id)"},
    {"A-bookTicker-2024-03-30.csv",
     TICK("5", "1.0", "1.1", T0) TICK("900", "1.0", "1.1", "1711800000000")
         TICK("6", "1.0", "1.1", T1) TICK("7", "1.0", "1.1", "1711800009000"),
     LF_DATA,
     0,
     "in the order of their first field (update_id)"},
    /* The whole file twice. */
    {"A-trades-2024-03-30.csv",
     FUTURES("7", T0) FUTURES("8", "1711800000000") FUTURES("7", T0) FUTURES("8", "1711800000000"),
     LF_OK,
     0,
     ""},
    {"A-trades-2024-03-30.csv",
     FUTURES("7", "5") FUTURES("8", T1),
     LF_DATA,
     0,
     "of more than 366 days"},
    {"rows.csv", FUTURES("7", T0), LF_FORMAT, 0, "give --symbol"},
    /* A header alone, other columns, other files of the venue. */
    {"A-trades-2024-03-30.csv", TRADES_HEAD, LF_FORMAT, 0, "not a format that lobflow reads"},
    {"A-trades-2024-03-30.csv",
     "id,qty,price,quote_qty,time,is_buyer_maker\n" FUTURES("7", T0),
     LF_FORMAT,
     0,
     "not a format that lobflow reads"},
    {"A-1m-2024-03-30.csv",
     "1711756800000,1,2,3,4,5,1711756859999,6,7,8,9,0\n",
     LF_FORMAT,
     0,
     "looks like LOBSTER"},
};

static void test_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(error_cases); i++) {
        const struct error_case *const row = &error_cases[i];
        const char *const path = ft_write(lf_testing_home(), row->name, row->text);
        ft_read_paths(&got, &path, 1, NULL);
        if (got.status != row->status || strstr(got.error.message, row->message) == NULL ||
            (row->line != 0 && got.error.line != row->line)) {
            fail_msg("row %zu: %d, %s", i, (int)got.status, got.error.message);
        }
    }
}

/* A state that is crossed is counted, and an error when asked for; a side without size is none. */
static void test_crossed(void **state)
{
    (void)state;
    const lf_feed_options strict = {.strict = true};
    const char *const path = ft_write(
        lf_testing_home(),
        "A-bookTicker-2024-03-30.csv",
        TICK("5", "1.0", "1.1", T0) TICK("6", "1.2", "1.1", T1) "7,0,0.000,1.1,1.000," T2 "," T2
                                                                "\n"
    );
    ft_read_paths(&got, &path, 1, NULL);
    assert_int_equal(got.status, LF_OK);
    assert_int_equal(got.stats.violation_count, 1);
    assert_int_equal(got.stats.first_violation_line, 2);
    assert_int_equal(got.stats.crossed_count, 1);
    assert_int_equal(got.events[2].quotes.bid_ticks[0], LF_BID_NONE);
    assert_int_equal(got.events[2].quotes.ask_ticks[0], 11);
    ft_read_paths(&got, &path, 1, &strict);
    assert_int_equal(got.status, LF_DATA);
    /* Between two units of what was given as tick. */
    const lf_feed_options coarse = {.tick_nano = 500000000};
    ft_read_paths(&got, &path, 1, &coarse);
    assert_int_equal(got.status, LF_DATA);
    assert_non_null(strstr(got.error.message, "set instrument.tick"));
    const lf_feed_options fine = {.tick_nano = 10000000, .symbol = "B"};
    const char *const other = ft_write(lf_testing_home(), "x.csv", TICK("5", "1.0", "1.1", T0));
    ft_read_paths(&got, &other, 1, &fine);
    assert_int_equal(got.status, LF_OK);
    assert_string_equal(got.instrument.symbol, "B");
    assert_int_equal(got.events[0].quotes.bid_ticks[0], 100);
}

/* Behind the last row of the quotes trades are masked. */
static void test_short_quotes(void **state)
{
    (void)state;
    const char *const paths[] = {
        ft_write(lf_testing_home(), "A-bookTicker-2024-03-30.csv", TICK("5", "1.0", "1.1", T1)),
        ft_write(
            lf_testing_home(),
            "A-trades-2024-03-30.csv",
            FUTURES("7", T0) FUTURES("8", T1) FUTURES("9", T2)
        ),
    };
    static const uint32_t masked[] = {LF_EVENT_MASKED, LF_EVENT_MASKED, 0, LF_EVENT_MASKED};
    ft_read_paths(&got, paths, 2, NULL);
    assert_int_equal(got.status, LF_OK);
    assert_int_equal(got.count, COUNT(masked));
    for (size_t i = 0; i < COUNT(masked); i++) {
        assert_int_equal(got.events[i].flags & LF_EVENT_MASKED, masked[i]);
    }
}

/* ---- days ------------------------------------------------------------------------------- */

#define MONTH(id, time) id ",70000.5,0.002,140.001," time ",true\n"

/* A file of a month has its days, one of a day only its own; each day is there once. */
static void test_days(void **state)
{
    (void)state;
    static const char text[] =
        MONTH("7", "1711756799000") MONTH("8", "1711756801000") MONTH("9", "1711843200500");
    lf_source_list list;
    const char *paths[2] = {ft_write(lf_testing_home(), "A-trades-2024-03.csv", text)};
    assert_int_equal(lf_feed_find(paths, 1, NULL, &list, NULL), LF_OK);
    assert_int_equal(list.count, 3);
    for (size_t i = 0; i < 3; i++) {
        ft_read_source(&got, &list.sources[i], NULL);
        assert_int_equal(got.status, LF_OK);
        assert_int_equal(got.trades, 1);
        assert_int_equal(got.instrument.date.day, 29 + (int)i);
        assert_int_equal(got.stats.gap_count, 0);
    }
    lf_source_list_clear(&list);
    paths[1] = ft_write(lf_testing_home(), "A-trades-2024-03-30.csv", text);
    ft_read_paths(&got, paths + 1, 1, NULL);
    assert_int_equal(got.status, LF_OK);
    assert_int_equal(got.trades, 1);
    assert_int_equal(got.instrument.date.day, 30);
    assert_int_equal(lf_feed_find(paths, 2, NULL, &list, &got.error), LF_DATA);
    assert_non_null(strstr(got.error.message, "name one of them"));
    /* The quotes of a month and the trades of a day: the book of the evening before goes on. */
    paths[0] = ft_write(
        lf_testing_home(),
        "A-bookTicker-2024-03.csv",
        TICK("5", "1.0", "1.1", "1711756799000") TICK("6", "1.0", "1.2", "1711756802000")
    );
    const lf_feed_options options = {.date = "2024-03-30"};
    ft_read_paths(&got, paths, 2, &options);
    assert_int_equal(got.status, LF_OK);
    assert_int_equal(got.count, 3);
    assert_int_equal(got.events[0].kind, LF_EVENT_TRADE);
    assert_int_equal(got.events[0].flags, LF_EVENT_LAST);
    assert_int_equal(got.events[0].quotes.ask_ticks[0], 11);
    /* Single trades are taken where there are aggregates too. */
    paths[0] = ft_write(lf_testing_home(), "A-aggTrades-2024-03-30.csv", AGGREGATE("1", T0));
    ft_read_paths(&got, paths, 2, NULL);
    assert_int_equal(got.events[0].ts_exchange_ns, 1711756801000 * LF_NS_PER_MILLISECOND);
}

/* A source without what finding has found out is completed. */
static void test_plain_source(void **state)
{
    (void)state;
    make_market();
    const how ticker = {"BTCUSDT-bookTicker-2024-03-30.csv", 0, false, true, false};
    const how trades = {"BTCUSDT-trades-2024-03-30.csv", 1, false, true, false};
    lf_source source = {.format = "binance_csv", .date = {2024, 3, 30}, .symbol = "BTCUSDT"};
    (void)snprintf(source.path, sizeof source.path, "%s", write_file(&trades));
    (void)snprintf(source.path2, sizeof source.path2, "%s", write_file(&ticker));
    ft_read_source(&got, &source, NULL);
    check_events(true);
    source.date.day = 31;
    ft_read_source(&got, &source, NULL);
    assert_int_equal(got.status, LF_NOT_FOUND);
}

/* Nothing is taken while reading, and failing takes nothing along. */
static void test_memory(void **state)
{
    (void)state;
    lf_source_list list;
    make_market();
    const how ticker = {"BTCUSDT-bookTicker-2024-03-30.csv", 0, false, true, false};
    const how trades = {"BTCUSDT-trades-2024-03-30.csv", 1, false, true, false};
    const char *const paths[] = {write_file(&ticker), write_file(&trades)};
    assert_int_equal(lf_feed_find(paths, 2, NULL, &list, NULL), LF_OK);
    const lf_feed_options options = {.batch_events = 16};
    assert_true(ft_fail_memory(&got, &list.sources[0], &options, 1) < 12);
    lf_source_list_clear(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_packings),
        cmocka_unit_test(test_halves),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_crossed),
        cmocka_unit_test(test_short_quotes),
        cmocka_unit_test(test_days),
        cmocka_unit_test(test_plain_source),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, lf_testing_home_make, lf_testing_home_remove);
}
