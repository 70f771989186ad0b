/*
 * Writes the pages that the browser test opens: one with everything that a run can have, one of a
 * run without trades or predictions, and one whose texts try to break out of the page.
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
