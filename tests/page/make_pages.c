/*
 * Writes the pages that the browser test opens: one with everything that a run can have, one of a
 * run without trades or predictions, one whose texts try to break out of the page, one of variants
 * that lie on each other, and one of a year.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../src/report/report_testing.h"

#include "../../src/report/made_testing.h"

static const char *folder;

static void write_page(const lf_report_run *run, const lf_report_facts *facts, const char *name)
{
    char path[1024];
    char *metrics = NULL;
    lf_error error;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    lf_status status = lf_report_metrics(run, facts, &metrics, &error);
    if (status == LF_OK) {
        status = lf_report_html(run, metrics, path, &error);
    }
    if (status != LF_OK) {
        print_error("%s: %s\n", name, error.message);
    }
    assert_int_equal(status, LF_OK);
    lf_release(NULL, metrics);
}

static void test_full(void **state)
{
    (void)state;
    static const char *const symbols[] = {"GOOG", "AAPL"};
    const made_options options = {
        .symbols = symbols,
        .symbol_count = 1,
        .days = 5,
        .rows = 23401,
        .step_ns = LF_NS_PER_SECOND,
        .trades_per_day = 60,
        .knowledge = 0.2,
        .seed = 11,
    };
    made_run made;
    made_run_make(&made, &options);
    lf_report_facts facts = made_facts(&made, "GOOG 2012-06-18 to 2012-06-22");
    write_page(&made.run, &facts, "full.html");
    made_run_end(&made);
}

/* Passive variants that are one: their lines lie on each other from end to end. */
static void test_bracket(void **state)
{
    (void)state;
    static const char *const symbols[] = {"GOOG"};
    static const char *const names[] = {
        "marketable", "passive", "passive_gated", "passive_optimistic"};
    const made_options options = {
        .symbols = symbols,
        .symbol_count = 1,
        .days = 5,
        .rows = 391,
        .step_ns = LF_NS_PER_MINUTE,
        .trades_per_day = 20,
        .knowledge = 0.2,
        .seed = 7,
    };
    made_run made;
    made_run_make(&made, &options);
    lf_report_strategy strategies[4];
    for (size_t s = 0; s < COUNT_OF(names); s++) {
        strategies[s] = made.strategies[s > 0];
        (void)snprintf(strategies[s].name, sizeof strategies[s].name, "%s", names[s]);
    }
    made.run.strategies = strategies;
    made.run.strategy_count = COUNT_OF(names);
    const lf_report_facts facts = made_facts(&made, "bracket");
    write_page(&made.run, &facts, "bracket.html");
    made_run_end(&made);
}

/* A year: 250 sessions of rows every second. */
static void test_year(void **state)
{
    (void)state;
    static const char *const symbols[] = {"GOOG"};
    const made_options options = {
        .symbols = symbols,
        .symbol_count = 1,
        .days = 250,
        .rows = 23401,
        .step_ns = LF_NS_PER_SECOND,
        .trades_per_day = 100,
        .knowledge = 0.1,
        .seed = 13,
    };
    made_run made;
    made_run_make(&made, &options);
    const lf_report_facts facts = made_facts(&made, "a year");
    write_page(&made.run, &facts, "year.html");
    made_run_end(&made);
}

/* Two symbols, in sample, and texts that look like markup. */
static void test_hostile(void **state)
{
    (void)state;
    static const char *const symbols[] = {"</script><b>A", "B&B"};
    const made_options options = {
        .symbols = symbols,
        .symbol_count = 2,
        .days = 25,
        .rows = 391,
        .step_ns = LF_NS_PER_MINUTE,
        .trades_per_day = 8,
        .knowledge = 0.1,
        .seed = 5,
    };
    made_run made;
    made_run_make(&made, &options);
    lf_report_facts facts = made_facts(&made, "</title><script>window.broken = 1</script>");
    facts.in_sample = true;
    facts.planted_alpha = 0.02;
    facts.config_toml = "# <!-- <script> </script><img src=x onerror='window.broken = 1'>\n";
    facts.data_text = "</pre><script>window.broken = 1</script>";
    write_page(&made.run, &facts, "hostile.html");
    made_run_end(&made);
}

static void test_empty(void **state)
{
    (void)state;
    testing_run t;
    testing_run_make(&t, 1, false, false);
    lf_frame_destroy(t.run.predictions);
    t.run.predictions = NULL;
    const lf_report_facts facts = testing_facts();
    write_page(&t.run, &facts, "empty.html");
    testing_run_end(&t);
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_bracket),
        cmocka_unit_test(test_year),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_empty),
    };
    if (argument_count != 2) {
        print_error("usage: make_pages FOLDER\n");
        return 2;
    }
    folder = arguments[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
