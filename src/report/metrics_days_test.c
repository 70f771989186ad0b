/*
 * Goal: a run whose long tables come in parts gives the metrics and the page of the whole tables,
 * to the byte. Method: a made-up run of two symbols, a day or several a part; the small run whose
 * numbers are known; parts that cannot be read.
 */
#include "report_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report_testing.h"

#include "made_testing.h"

/* A table that is opened some rows at a time. */
typedef struct cut {
    lf_frame *whole;
    lf_frame *open;
    size_t rows; /* of a part */
    size_t gone; /* this part cannot be opened */
} cut;

static lf_frame *empty_like(const lf_frame *frame)
{
    lf_column_spec specs[24];
    lf_frame *out = NULL;
    const size_t count = lf_frame_column_count(frame);
    for (size_t c = 0; c < count; c++) {
        specs[c] = lf_frame_column(frame, c);
    }
    assert_int_equal(lf_frame_create(NULL, specs, count, 0, &out, NULL), LF_OK);
    return out;
}

static void copy_cell(lf_frame *to, size_t to_row, lf_frame *from, size_t row, size_t column)
{
    switch (lf_frame_column(from, column).kind) {
    case LF_COLUMN_F64:
        lf_frame_f64(to, column)[to_row] = lf_frame_f64(from, column)[row];
        break;
    case LF_COLUMN_I64:
    case LF_COLUMN_TIME:
        lf_frame_i64(to, column)[to_row] = lf_frame_i64(from, column)[row];
        break;
    case LF_COLUMN_BOOL:
        lf_frame_bool(to, column)[to_row] = lf_frame_bool(from, column)[row];
        break;
    case LF_COLUMN_TEXT:
        assert_int_equal(
            lf_frame_set_text(to, column, to_row, 1, lf_frame_text(from, column, row)), LF_OK
        );
        break;
    }
}

static lf_status open_part(void *context, size_t part, lf_frame **out, lf_error *error)
{
    cut *const c = context;
    const size_t first = part * c->rows;
    const size_t left = lf_frame_row_count(c->whole) - first;
    const size_t count = left < c->rows ? left : c->rows;
    if (part == c->gone) {
        return lf_error_set(error, LF_IO, "part %zu is gone", part);
    }
    lf_frame_destroy(c->open); /* what was borrowed before is no more */
    c->open = empty_like(c->whole);
    assert_int_equal(lf_frame_append(c->open, count), LF_OK);
    for (size_t column = 0; column < lf_frame_column_count(c->whole); column++) {
        for (size_t i = 0; i < count; i++) {
            copy_cell(c->open, i, c->whole, first + i, column);
        }
    }
    *out = c->open;
    return LF_OK;
}

static lf_report_parts parts_of(cut *c, lf_frame *whole, size_t rows)
{
    const size_t count = lf_frame_row_count(whole);
    *c = (cut){.whole = whole, .rows = rows, .gone = SIZE_MAX};
    return (lf_report_parts){c, (count + rows - 1) / rows, count, open_part};
}

typedef struct results {
    char *metrics;
    char *page;
} results;

static results results_of(const lf_report_run *run, const made_run *made, const char *path)
{
    const lf_report_facts facts = made_facts(made, "cut");
    results out = {NULL, NULL};
    size_t bytes = 0;
    assert_int_equal(lf_report_metrics(run, &facts, &out.metrics, NULL), LF_OK);
    assert_int_equal(lf_report_html(run, out.metrics, path, NULL), LF_OK);
    assert_int_equal(lf_file_read_all(NULL, path, &out.page, &bytes, NULL), LF_OK);
    return out;
}

static void release(results *r)
{
    lf_release(NULL, r->metrics);
    lf_release(NULL, r->page);
}

static const char *const symbols[] = {"AAA", "BBB"};
enum {
    ROWS = 391
};
static const made_options small = {
    .symbols = symbols,
    .symbol_count = 2,
    .days = 4,
    .rows = ROWS,
    .step_ns = LF_NS_PER_MINUTE,
    .trades_per_day = 40,
    .knowledge = 0.3,
    .seed = 5,
};

/* The run with its long tables cut. */
typedef struct cut_run {
    lf_report_run run;
    lf_report_strategy strategies[2];
    cut cuts[3];
} cut_run;

static void cut_run_make(cut_run *out, const made_run *made, size_t rows)
{
    out->run = made->run;
    out->run.strategies = out->strategies;
    out->run.predictions = NULL;
    out->run.prediction_parts = parts_of(&out->cuts[2], made->run.predictions, rows);
    for (int s = 0; s < 2; s++) {
        out->strategies[s] = made->strategies[s];
        lf_frame *const equity = made->strategies[s].tables[LF_BACKTEST_EQUITY];
        out->strategies[s].tables[LF_BACKTEST_EQUITY] = NULL;
        out->strategies[s].equity = parts_of(&out->cuts[s], equity, rows);
    }
}

static void cut_run_end(cut_run *run)
{
    for (int i = 0; i < 3; i++) {
        lf_frame_destroy(run->cuts[i].open);
    }
}

static void test_parts_are_the_whole(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    const char *const path = lf_testing_path(&folder, "page.html");
    made_run made;
    made_run_make(&made, &small);
    results whole = results_of(&made.run, &made, path);
    /* A symbol-day each; several in one, the last part shorter; all. */
    static const size_t rows[] = {ROWS, 3 * ROWS, 8 * ROWS};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        cut_run in_parts;
        cut_run_make(&in_parts, &made, rows[i]);
        results cut_up = results_of(&in_parts.run, &made, path);
        assert_string_equal(cut_up.metrics, whole.metrics);
        assert_string_equal(cut_up.page, whole.page);
        release(&cut_up);
        cut_run_end(&in_parts);
    }
    release(&whole);
    made_run_end(&made);
    lf_testing_folder_remove(&folder);
}

/* The run that fits on paper, a day a part. */
static void test_known(void **state)
{
    (void)state;
    testing_run t;
    testing_run_make(&t, 2, true, true);
    const lf_report_facts facts = testing_facts();
    char *whole = NULL;
    char *cut_up = NULL;
    cut days;
    assert_int_equal(lf_report_metrics(&t.run, &facts, &whole, NULL), LF_OK);
    lf_frame *const equity = t.strategies[0].tables[LF_BACKTEST_EQUITY];
    t.strategies[0].tables[LF_BACKTEST_EQUITY] = NULL;
    t.strategies[0].equity = parts_of(&days, equity, STEPS);
    assert_int_equal(lf_report_metrics(&t.run, &facts, &cut_up, NULL), LF_OK);
    assert_string_equal(cut_up, whole);
    lf_frame_destroy(days.open);
    t.strategies[0].tables[LF_BACKTEST_EQUITY] = equity;
    lf_release(NULL, whole);
    lf_release(NULL, cut_up);
    testing_run_end(&t);
}

/* A part that is gone is the error of the call, for each part of each table. */
static void test_gone(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    const char *const path = lf_testing_path(&folder, "page.html");
    made_run made;
    made_run_make(&made, &small);
    const lf_report_facts facts = made_facts(&made, "gone");
    cut_run run;
    cut_run_make(&run, &made, ROWS);
    char *metrics = NULL;
    assert_int_equal(lf_report_metrics(&run.run, &facts, &metrics, NULL), LF_OK);
    for (size_t table = 0; table < 3; table++) {
        for (size_t part = 0; part < 8; part++) {
            lf_error error;
            char *none = NULL;
            run.cuts[table].gone = part;
            assert_int_equal(lf_report_metrics(&run.run, &facts, &none, &error), LF_IO);
            assert_null(none);
            assert_non_null(strstr(error.message, "is gone"));
            assert_int_equal(lf_report_html(&run.run, metrics, path, &error), LF_IO);
            run.cuts[table].gone = SIZE_MAX;
        }
    }
    lf_release(NULL, metrics);
    cut_run_end(&run);
    made_run_end(&made);
    lf_testing_folder_remove(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_are_the_whole),
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
