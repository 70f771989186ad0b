/*
 * The page: whole or not at all, texts that cannot break out, the same bytes twice, a year below
 * 5 MB, series that end where the metrics do. How it looks and works is tested in a browser,
 * tests/page.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report_testing.h"

#include "made_testing.h"

static void assert_near(double value, double expected, double allowed)
{
    if (!(fabs(value - expected) <= allowed)) {
        print_error("%.12g, expected %.12g\n", value, expected);
    }
    assert_true(fabs(value - expected) <= allowed);
}

static const char *const made_symbols[] = {"</script><script>", "B"};

static const made_options small = {
    .symbols = made_symbols,
    .symbol_count = 2,
    .days = 3,
    .rows = 391,
    .step_ns = LF_NS_PER_MINUTE,
    .trades_per_day = 20,
    .knowledge = 0.1,
    .seed = 3,
};

static char *metrics_of(const made_run *made, const char *title)
{
    const lf_report_facts facts = made_facts(made, title);
    char *metrics = NULL;
    assert_int_equal(lf_report_metrics(&made->run, &facts, &metrics, NULL), LF_OK);
    return metrics;
}

static char *page_of(const lf_report_run *run, const char *metrics, const char *path, size_t *bytes)
{
    char *page = NULL;
    assert_int_equal(lf_report_html(run, metrics, path, NULL), LF_OK);
    assert_int_equal(lf_file_read_all(NULL, path, &page, bytes, NULL), LF_OK);
    return page;
}

/* The JSON of one of the two data elements, parsed; the text of the page is changed. */
static json_t *data_of(char *page, const char *id)
{
    char mark[64];
    (void)snprintf(mark, sizeof mark, "<script type=\"application/json\" id=\"%s\">", id);
    char *start = strstr(page, mark);
    assert_non_null(start);
    start += strlen(mark);
    char *end = strstr(start, "</script>");
    assert_non_null(end);
    json_t *root = json_loadb(start, (size_t)(end - start), 0, NULL);
    assert_true(json_is_object(root));
    return root;
}

/* Sum of differences: the last value of a column. */
static double last_of(const json_t *object, const char *key)
{
    const json_t *list = json_object_get(object, key);
    double sum = 0;
    size_t i;
    json_t *value;
    assert_true(json_is_array(list));
    json_array_foreach(list, i, value)
    {
        assert_true(json_is_integer(value));
        sum += json_number_value(value);
    }
    return sum;
}

static double largest_of(const json_t *object, const char *key)
{
    double sum = 0;
    double largest = 0;
    size_t i;
    json_t *value;
    json_array_foreach(json_object_get(object, key), i, value)
    {
        sum += json_number_value(value);
        largest = fmax(largest, sum);
    }
    return largest;
}

/* ---- what is in it ---------------------------------------------------------------------- */

/* Two days of eleven rows: nothing is thinned away, and every number is known. */
static void test_series(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    testing_run t;
    testing_run_make(&t, 2, true, true);
    const lf_report_facts facts = testing_facts();
    char *metrics = NULL;
    assert_int_equal(lf_report_metrics(&t.run, &facts, &metrics, NULL), LF_OK);
    char *page = page_of(&t.run, metrics, lf_testing_path(&folder, "page.html"), &(size_t){0});
    json_t *series = data_of(page, "series");
    const json_t *curve = json_array_get(json_object_get(series, "curves"), 0);
    const double unit = pow(10, -json_number_value(json_object_get(curve, "digits")));
    assert_near(unit * last_of(curve, "gross"), 2, 1e-9);
    assert_near(unit * last_of(curve, "net"), 1.2, 1e-9);
    /* From 7 less 0.7 it rises to 11.5 on the second day and falls to 1.2. */
    assert_near(unit * largest_of(curve, "fall"), 10.3, 1e-9);
    /* Steps of 30 s, each counted at its end: ten a day. */
    assert_near(last_of(curve, "step"), 19, 0);
    const json_t *day = json_array_get(json_object_get(series, "sessions"), 1);
    assert_near(last_of(day, "mid"), 10015, 0);
    assert_near(last_of(day, "step"), 10, 0);
    assert_near(last_of(day, "position"), 0, 0);
    const json_t *masked = json_object_get(day, "masked");
    assert_int_equal(json_array_size(masked), 2);
    assert_int_equal(json_integer_value(json_array_get(masked, 0)), 9);
    assert_int_equal(json_integer_value(json_array_get(masked, 1)), 1);
    const json_t *trades = json_object_get(series, "trades");
    assert_int_equal(json_integer_value(json_object_get(trades, "total")), 2);
    /* The second round trip begins a day and 60.5 s after the opening of the first day. */
    assert_near(last_of(trades, "entry_ms"), 86400000 + 60500, 0);
    assert_string_equal(
        json_string_value(json_array_get(json_object_get(trades, "reason_words"), 1)), "stop"
    );
    json_decref(series);
    lf_release(NULL, page);
    lf_release(NULL, metrics);
    testing_run_end(&t);
    lf_testing_folder_remove(&folder);
}

/* Value i of a column of differences, in its unit. */
static double value_of(const json_t *object, const char *key, size_t i, int digits)
{
    const json_t *list = json_object_get(object, key);
    double sum = 0;
    assert_true(i < json_array_size(list));
    for (size_t k = 0; k <= i; k++) {
        sum += json_number_value(json_array_get(list, k));
    }
    return sum * pow(10, -digits);
}

static const char *word_of(const json_t *object, const char *key, size_t i)
{
    char words[64];
    (void)snprintf(words, sizeof words, "%s_words", key);
    const size_t place = (size_t)value_of(object, key, i, 0);
    return json_string_value(json_array_get(json_object_get(object, words), place));
}

/* The first order is decided at 10:00:30 and filled half a second later; rows are made every 30 s,
   and the spread is two ticks where there are forecasts: until 10:02 of the first day. */
static void test_orders(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    testing_run t;
    testing_run_make(&t, 2, true, true);
    lf_report_facts facts = testing_facts();
    facts.tick = 0.01;
    char *metrics = NULL;
    assert_int_equal(lf_report_metrics(&t.run, &facts, &metrics, NULL), LF_OK);
    char *page = page_of(&t.run, metrics, lf_testing_path(&folder, "page.html"), &(size_t){0});
    json_t *series = data_of(page, "series");
    const json_t *orders = json_object_get(series, "orders");
    const json_t *fills = json_object_get(orders, "fills");
    const json_t *book = json_object_get(orders, "book");
    assert_int_equal(json_integer_value(json_object_get(orders, "total")), 5);
    assert_int_equal(json_integer_value(json_object_get(orders, "shown")), 5);
    assert_int_equal(json_integer_value(json_object_get(fills, "count")), 4);
    assert_near(value_of(orders, "decision_us", 0, 0), 30e6, 0);
    assert_near(value_of(orders, "venue_us", 0, 0), 5e5, 0);
    assert_near(value_of(orders, "mid_arrival", 0, 6), 100.01, 1e-9);
    assert_near(value_of(orders, "price", 0, 6), -1, 0); /* none */
    assert_near(value_of(orders, "depth", 0, 0), 200, 0);
    assert_near(value_of(orders, "depth", 3, 0), -1, 0); /* not known */
    assert_string_equal(word_of(orders, "kind", 2), "passive");
    assert_string_equal(word_of(orders, "status", 4), "cancelled");
    assert_near(value_of(fills, "order", 1, 0), 1, 0);
    assert_near(value_of(fills, "us", 0, 0), 5e5, 0);
    assert_near(value_of(fills, "price", 3, 6), 100.10, 1e-9);
    assert_string_equal(word_of(fills, "liquidity", 2), "maker");
    /* From 20 s before the decision to 40 s behind the end: the rows of 10:00:30 and 10:01. */
    assert_near(value_of(book, "points", 0, 0), 2, 0);
    assert_near(value_of(book, "ms", 0, 0), 0, 0);
    assert_near(value_of(book, "ms", 1, 0), 30000, 0);
    assert_near(value_of(book, "bid", 0, 6), 99.99, 1e-9);
    assert_near(value_of(book, "ask", 0, 6), 100.01, 1e-9);
    assert_near(value_of(book, "bid", 1, 6), 100.04, 1e-9);
    /* The second day has no forecasts, so the mid is all that is known. */
    const size_t last = json_array_size(json_object_get(book, "ms")) - 1;
    assert_near(value_of(book, "bid", last, 6), 100.15, 1e-9);
    assert_near(value_of(book, "ask", last, 6), 100.15, 1e-9);
    json_decref(series);
    lf_release(NULL, page);
    lf_release(NULL, metrics);
    testing_run_end(&t);
    lf_testing_folder_remove(&folder);
}

/* Every kept extreme and every change of the position is one of the table. */
static void test_thinned(void **state)
{
    (void)state;
    enum {
        ROWS = 30000
    };
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    made_options options = small;
    options.symbol_count = 1;
    options.days = 1;
    options.rows = ROWS;
    options.step_ns = LF_NS_PER_SECOND;
    made_run made;
    made_run_make(&made, &options);
    char *metrics = metrics_of(&made, "thinned");
    char *page = page_of(&made.run, metrics, lf_testing_path(&folder, "page.html"), &(size_t){0});
    json_t *series = data_of(page, "series");
    json_t *root = data_of(page, "metrics");
    const json_t *curve = json_array_get(json_object_get(series, "curves"), 0);
    const double unit = pow(10, -json_number_value(json_object_get(curve, "digits")));
    const json_t *risk = json_object_get(root, "risk");
    assert_true(json_array_size(json_object_get(curve, "net")) < 2500 * 6 + 1);
    assert_near(
        unit * largest_of(curve, "fall"),
        json_number_value(json_object_get(risk, "max_drawdown")),
        unit
    );
    const json_t *session = json_array_get(json_object_get(series, "sessions"), 0);
    const size_t kept = json_array_size(json_object_get(session, "mid"));
    assert_in_range(kept, 8000, 24600);
    const double top = json_number_value(json_object_get(series, "price_digits"));
    lf_frame *equity = made.strategies[0].tables[LF_BACKTEST_EQUITY];
    const double *mids = lf_frame_f64(equity, lf_frame_find(equity, "mid"));
    const int64_t *positions = lf_frame_i64(equity, lf_frame_find(equity, "position"));
    double highest = 0;
    double changes = 0;
    for (size_t i = 0; i < ROWS; i++) {
        highest = fmax(highest, mids[i]);
        changes += i > 0 && positions[i] != positions[i - 1];
    }
    assert_near(largest_of(session, "mid"), highest * pow(10, top), 1e-3);
    double found = 0;
    size_t i;
    json_t *value;
    json_array_foreach(json_object_get(session, "position"), i, value)
    {
        found += i > 0 && json_integer_value(value) != 0;
    }
    assert_true(changes > 10);
    assert_near(found, changes, 0);
    json_decref(series);
    json_decref(root);
    lf_release(NULL, page);
    lf_release(NULL, metrics);
    made_run_end(&made);
    lf_testing_folder_remove(&folder);
}

/* ---- texts ------------------------------------------------------------------------------ */

static size_t occurrences(const char *text, const char *word)
{
    const size_t bytes = strlen(word);
    size_t found = 0;
    for (size_t i = 0; text[i] != '\0'; i++) {
        found += strncmp(text + i, word, bytes) == 0;
    }
    return found;
}

/* Markup in a title, a symbol and a configuration adds no element. */
static void test_escaped(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    made_run made;
    made_run_make(&made, &small);
    char *plain_metrics = metrics_of(&made, "plain");
    lf_report_facts facts = made_facts(&made, "</title><script>alert(1)</script>");
    facts.config_toml = "</script><script>alert(2)</script><!--";
    facts.data_text = "</pre></noscript><script>alert(3)</script> & \xE2\x80\xA8";
    char *metrics = NULL;
    assert_int_equal(lf_report_metrics(&made.run, &facts, &metrics, NULL), LF_OK);
    const char *path = lf_testing_path(&folder, "page.html");
    char *plain = page_of(&made.run, plain_metrics, path, &(size_t){0});
    char *page = page_of(&made.run, metrics, path, &(size_t){0});
    static const char *const words[] = {"<script", "</script", "</title", "</pre", "<!--"};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        assert_int_equal(occurrences(page, words[i]), occurrences(plain, words[i]));
    }
    assert_null(strstr(page, "<script>alert"));
    assert_non_null(strstr(page, "<title>&lt;/title&gt;&lt;script&gt;alert(1)"));
    json_t *root = data_of(page, "metrics");
    const json_t *meta = json_object_get(root, "meta");
    assert_string_equal(json_string_value(json_object_get(meta, "config_toml")), facts.config_toml);
    assert_string_equal(json_string_value(json_object_get(meta, "data")), facts.data_text);
    json_decref(root);
    lf_release(NULL, plain);
    lf_release(NULL, page);
    lf_release(NULL, metrics);
    lf_release(NULL, plain_metrics);
    made_run_end(&made);
    lf_testing_folder_remove(&folder);
}

/* Nothing in the page is loaded from anywhere, and the licence of what is in it is there. */
static void test_self_contained(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    testing_run t;
    testing_run_make(&t, 1, false, false);
    const lf_report_facts facts = testing_facts();
    char *metrics = NULL;
    assert_int_equal(lf_report_metrics(&t.run, &facts, &metrics, NULL), LF_OK);
    char *page = page_of(&t.run, metrics, lf_testing_path(&folder, "page.html"), &(size_t){0});
    static const char *const words[] = {" src=", "<link rel=\"stylesheet", "@import", "url(http"};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        assert_null(strstr(page, words[i]));
    }
    assert_non_null(strstr(page, "Permission is hereby granted, free of charge"));
    assert_non_null(strstr(page, "default-src 'none'"));
    lf_release(NULL, page);
    lf_release(NULL, metrics);
    testing_run_end(&t);
    lf_testing_folder_remove(&folder);
}

/* ---- the file --------------------------------------------------------------------------- */

static void test_same_bytes(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    made_run made;
    made_run_make(&made, &small);
    char *metrics = metrics_of(&made, "same");
    size_t bytes[2];
    char *pages[2];
    for (int i = 0; i < 2; i++) {
        pages[i] = page_of(&made.run, metrics, lf_testing_path(&folder, "page.html"), &bytes[i]);
    }
    assert_int_equal(bytes[0], bytes[1]);
    assert_memory_equal(pages[0], pages[1], bytes[0]);
    lf_release(NULL, pages[0]);
    lf_release(NULL, pages[1]);
    lf_release(NULL, metrics);
    made_run_end(&made);
    lf_testing_folder_remove(&folder);
}

/* What fails leaves an older page as it was and nothing beside it. */
static void test_whole_or_nothing(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    made_run made;
    made_run_make(&made, &small);
    char *metrics = metrics_of(&made, "whole");
    const char *path = lf_testing_path(&folder, "page.html");
    assert_int_equal(lf_file_write_atomic(path, "older", 5, NULL), LF_OK);

    static const char *const texts[] = {"", "[]", "{\"signal\": {}}"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        assert_int_equal(lf_report_html(&made.run, texts[i], path, NULL), LF_FORMAT);
    }
    lf_report_strategy broken[2] = {made.strategies[0], made.strategies[1]};
    broken[1].tables[LF_BACKTEST_EQUITY] = broken[1].tables[LF_BACKTEST_TRADES];
    lf_report_run run = made.run;
    run.strategies = broken;
    lf_error error;
    assert_int_equal(lf_report_html(&run, metrics, path, &error), LF_MISMATCH);
    assert_non_null(strstr(error.message, "passive"));
    assert_int_equal(
        lf_report_html(&made.run, metrics, lf_testing_path(&folder, "none/page.html"), &error),
        LF_IO
    );
    assert_int_equal(lf_report_html(&made.run, metrics, "/dev/full", &error), LF_IO);

    size_t bytes = 0;
    char *text = NULL;
    assert_int_equal(lf_file_read_all(NULL, path, &text, &bytes, NULL), LF_OK);
    assert_string_equal(text, "older");
    assert_int_equal(lf_testing_entry_count(folder.path), 1);
    lf_release(NULL, text);
    lf_release(NULL, metrics);
    made_run_end(&made);
    lf_testing_folder_remove(&folder);
}

static void test_failing_memory(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    made_run made;
    made_run_make(&made, &small);
    char *metrics = metrics_of(&made, "memory");
    const char *path = lf_testing_path(&folder, "page.html");
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        made.run.allocator = &memory.allocator;
        const lf_status status = lf_report_html(&made.run, metrics, path, NULL);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            assert_true(n > 10);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
        assert_int_equal(lf_testing_entry_count(folder.path), 0);
    }
    lf_release(NULL, metrics);
    made_run_end(&made);
    lf_testing_folder_remove(&folder);
}

/* A year with more round trips than the page lists. A step of 10 s keeps the test short; that the
   size does not follow the rows is shown by half as many of them. */
static void test_year(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    size_t bytes[2];
    for (int i = 0; i < 2; i++) {
        made_options options = small;
        options.symbol_count = 1;
        options.days = 250;
        options.step_ns = (i == 0 ? 10 : 20) * LF_NS_PER_SECOND;
        options.rows = i == 0 ? 2341 : 1171;
        options.trades_per_day = 150;
        made_run made;
        made_run_make(&made, &options);
        char *metrics = metrics_of(&made, "year");
        char *page = page_of(&made.run, metrics, lf_testing_path(&folder, "page.html"), &bytes[i]);
        json_t *series = data_of(page, "series");
        const json_t *trades = json_object_get(series, "trades");
        if (i == 0) {
            assert_int_equal(json_integer_value(json_object_get(trades, "shown")), 20000);
            assert_int_equal(json_array_size(json_object_get(trades, "gross")), 20000);
        }
        assert_true(
            (size_t)json_integer_value(json_object_get(trades, "total")) ==
            lf_frame_row_count(made.strategies[0].tables[LF_BACKTEST_TRADES])
        );
        json_decref(series);
        lf_release(NULL, page);
        lf_release(NULL, metrics);
        made_run_end(&made);
    }
    print_message("250 days: %zu and %zu bytes\n", bytes[0], bytes[1]);
    assert_true(bytes[0] < 5000000);
    assert_true(bytes[0] < 1.5 * (double)bytes[1]);
    lf_testing_folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_series),
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_thinned),
        cmocka_unit_test(test_escaped),
        cmocka_unit_test(test_self_contained),
        cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_whole_or_nothing),
        cmocka_unit_test(test_failing_memory),
        cmocka_unit_test(test_year),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
