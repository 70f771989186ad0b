/*
 * Goal: of few predictions all are scored, of many every so manieth, whatever parts they come in.
 * Method: rows that tell their number; whole tables and parts of odd lengths.
 */
#include "report_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

#define MOST ((size_t)1 << 19)

enum {
    TIME,
    SYMBOL,
    P_UP,
    VALID
};

/* Rows [first, first + count) of a table whose first half is of "A" and the rest of "B". */
static lf_frame *make_rows(size_t first, size_t count, size_t all)
{
    static const lf_column_spec specs[] = {
        [TIME] = {"ts_event", LF_COLUMN_TIME},
        [SYMBOL] = {"symbol", LF_COLUMN_TEXT},
        [P_UP] = {"p_up_1min", LF_COLUMN_F64},
        [VALID] = {"valid", LF_COLUMN_BOOL},
    };
    lf_frame *frame = NULL;
    assert_int_equal(lf_frame_create(NULL, specs, 4, count, &frame, NULL), LF_OK);
    assert_int_equal(lf_frame_append(frame, count), LF_OK);
    for (size_t i = 0; i < count; i++) {
        lf_frame_i64(frame, TIME)[i] = (int64_t)(first + i);
        lf_frame_f64(frame, P_UP)[i] = 0.5 * (double)(first + i);
        lf_frame_bool(frame, VALID)[i] = (first + i) % 3 == 0;
    }
    const size_t half = first > all / 2 ? 0 : all / 2 - first < count ? all / 2 - first : count;
    assert_int_equal(lf_frame_set_text(frame, SYMBOL, 0, half, "A"), LF_OK);
    assert_int_equal(lf_frame_set_text(frame, SYMBOL, half, count - half, "B"), LF_OK);
    return frame;
}

/* Parts of 1, 2, 3, ... thousand rows, the first two of them empty. */
typedef struct cut {
    lf_frame *open;
    size_t all;
    size_t until; /* this part cannot be opened */
} cut;

static size_t begin_of(const cut *c, size_t part)
{
    const size_t at = part < 2 ? 0 : (part - 2) * (part - 1) / 2 * 1000;
    return at < c->all ? at : c->all;
}

static lf_status open_part(void *context, size_t part, lf_frame **out, lf_error *error)
{
    cut *const c = context;
    const size_t first = begin_of(c, part);
    if (part == c->until) {
        return lf_error_set(error, LF_IO, "part %zu is gone", part);
    }
    lf_frame_destroy(c->open);
    c->open = make_rows(first, begin_of(c, part + 1) - first, c->all);
    *out = c->open;
    return LF_OK;
}

static void check_chosen(const lfi_metrics *m, size_t all, size_t every)
{
    assert_int_equal(m->predicted_rows, all);
    assert_int_equal(m->every, every);
    assert_int_equal(lf_frame_row_count(m->predictions), (all + every - 1) / every);
    assert_true(lf_frame_row_count(m->predictions) <= MOST);
    for (size_t i = 0; i < lf_frame_row_count(m->predictions); i++) {
        const size_t row = i * every;
        if (lf_frame_i64(m->predictions, TIME)[i] != (int64_t)row ||
            lf_frame_f64(m->predictions, P_UP)[i] != 0.5 * (double)row ||
            lf_frame_bool(m->predictions, VALID)[i] != (row % 3 == 0) ||
            strcmp(lf_frame_text(m->predictions, SYMBOL, i), row < all / 2 ? "A" : "B") != 0) {
            fail_msg("row %zu is not row %zu of all", i, row);
        }
    }
}

static void test_choose(void **state)
{
    (void)state;
    static const struct {
        size_t rows;
        size_t every;
    } cases[] = {{5000, 1}, {MOST, 1}, {MOST + 1, 2}, {2 * MOST + 5, 3}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const size_t rows = cases[i].rows;
        lf_report_run run = {.predictions = make_rows(0, rows, rows)};
        lfi_metrics whole = {.run = &run};
        assert_int_equal(lfi_metrics_choose(&whole, NULL), LF_OK);
        check_chosen(&whole, rows, cases[i].every);
        assert_true((whole.predictions == run.predictions) == (cases[i].every == 1));
        if (whole.predictions != run.predictions) {
            lf_frame_destroy(whole.predictions);
        }
        lf_frame_destroy(run.predictions);

        cut c = {.all = rows, .until = SIZE_MAX};
        size_t parts = 0;
        while (begin_of(&c, parts) < rows) {
            parts++;
        }
        run = (lf_report_run){.prediction_parts = {&c, parts, rows, open_part}};
        lfi_metrics cut_up = {.run = &run};
        assert_int_equal(lfi_metrics_choose(&cut_up, NULL), LF_OK);
        check_chosen(&cut_up, rows, cases[i].every);
        lf_frame_destroy(cut_up.predictions);
        lf_frame_destroy(c.open);
    }
}

static void test_none_and_gone(void **state)
{
    (void)state;
    lf_report_run run = {0};
    lfi_metrics m = {.run = &run};
    assert_int_equal(lfi_metrics_choose(&m, NULL), LF_OK);
    assert_null(m.predictions);
    assert_int_equal(m.predicted_rows, 0);

    cut c = {.all = 5000, .until = 3};
    lf_error error;
    run.prediction_parts = (lf_report_parts){&c, 5, 5000, open_part};
    assert_int_equal(lfi_metrics_choose(&m, &error), LF_IO);
    assert_string_equal(error.message, "part 3 is gone");
    lf_frame_destroy(m.predictions);
    lf_frame_destroy(c.open);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choose),
        cmocka_unit_test(test_none_and_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
