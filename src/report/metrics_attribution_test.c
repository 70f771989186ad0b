/*
 * Goal: the parts of the net add up to it, to 1e-9 of the currency, and each is what it says.
 * Method: the small run of report_testing.h by hand; random days of two symbols whose parts are
 * also summed here, in half ticks; tables that lack a mid, a round trip or a known word.
 */
#include <lobflow/stats.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report_testing.h"

static json_t *attribution_of(const testing_run *t)
{
    const lf_report_facts facts = testing_facts();
    char *text = NULL;
    assert_int_equal(lf_report_metrics(&t->run, &facts, &text, NULL), LF_OK);
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    json_t *found = json_object_get(json_object_get(root, "pnl"), "attribution");
    assert_true(json_is_object(found));
    json_incref(found);
    json_decref(root);
    lf_release(NULL, text);
    return found;
}

static int64_t nano(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    assert_true(json_is_number(value));
    return llround(1e9 * json_number_value(value));
}

/* The row of a list whose word is this; NULL when there is none. */
static json_t *row_of(const json_t *object, const char *list, const char *key, const char *word)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(object, list), i, row)
    {
        if (strcmp(json_string_value(json_object_get(row, key)), word) == 0) {
            return row;
        }
    }
    return NULL;
}

static const char *const part_keys[] = {"held", "spread", "latency", "fees"};

/* Down and across: parts sum to the net, rows to the parts. */
static void check_sums(const json_t *a)
{
    static const char *const lists[] = {"by_entry", "by_exit_reason", "by_liquidity"};
    int64_t sum = nano(a, "rest");
    for (size_t k = 0; k < COUNT_OF(part_keys); k++) {
        sum += nano(a, part_keys[k]);
        for (size_t l = k == 0 ? 1 : 0; l < COUNT_OF(lists); l++) {
            int64_t down = 0;
            size_t i;
            json_t *row;
            if (k == 0 && l == 2) {
                continue; /* fills hold nothing */
            }
            json_array_foreach(json_object_get(a, lists[l]), i, row)
            {
                down += nano(row, part_keys[k]);
            }
            assert_int_equal(down, nano(a, part_keys[k]));
        }
    }
    assert_int_equal(sum, nano(a, "net"));
    for (size_t l = 0; l < 2; l++) {
        size_t i;
        json_t *row;
        json_array_foreach(json_object_get(a, lists[l]), i, row)
        {
            int64_t across = 0;
            for (size_t k = 0; k < COUNT_OF(part_keys); k++) {
                across += nano(row, part_keys[k]);
            }
            assert_int_equal(across, nano(row, "net"));
        }
    }
}

/* ---- by hand ---------------------------------------------------------------------------- */

static void check_row(const json_t *row, double held, double spread, double latency, double fees)
{
    const double expected[] = {held, spread, latency, fees};
    for (size_t k = 0; k < COUNT_OF(part_keys); k++) {
        assert_int_equal(nano(row, part_keys[k]), llround(1e9 * expected[k]));
    }
}

static void test_by_hand(void **state)
{
    (void)state;
    testing_run t;
    testing_run_make(&t, 2, true, true);
    json_t *a = attribution_of(&t);
    check_sums(a);
    check_row(a, 6, -2, -2, -0.8);
    assert_int_equal(nano(a, "rest"), 0);
    check_row(row_of(a, "by_exit_reason", "exit_reason", "hold"), 10, -2, -1, -0.7);
    check_row(row_of(a, "by_exit_reason", "exit_reason", "stop"), -4, 0, -1, -0.1);
    check_row(row_of(a, "by_entry", "liquidity", "taker"), 10, -2, -1, -0.7);
    check_row(row_of(a, "by_entry", "liquidity", "maker"), -4, 0, -1, -0.1);
    const json_t *maker = row_of(a, "by_liquidity", "liquidity", "maker");
    assert_int_equal(nano(maker, "spread"), 1000000000);
    assert_int_equal(nano(maker, "latency"), 0);
    assert_int_equal(nano(maker, "fees"), 200000000);
    assert_null(row_of(a, "by_liquidity", "liquidity", "maker_crossed"));
    json_decref(a);
    testing_run_end(&t);
}

static void test_no_fills(void **state)
{
    (void)state;
    testing_run t;
    testing_run_make(&t, 1, false, false);
    json_t *a = attribution_of(&t);
    check_sums(a);
    check_row(a, 0, 0, 0, 0);
    assert_int_equal(json_array_size(json_object_get(a, "by_exit_reason")), 0);
    json_decref(a);
    testing_run_end(&t);
}

/* What the tables do not tell is never put under a part that it may not belong to. */
static void test_incomplete(void **state)
{
    (void)state;
    testing_run t;
    testing_run_make(&t, 2, true, true);
    lf_frame *fills = t.strategies[0].tables[LF_BACKTEST_FILLS];
    set_f64(fills, "mid_venue", 0, NAN);
    set_f64(fills, "mid_decision", 3, NAN);
    set_text(fills, "liquidity", 1, "auction");
    json_t *a = attribution_of(&t);
    check_sums(a);
    check_row(a, 4 - 1, -1, 0, -0.8);
    assert_int_equal(nano(a, "rest"), 0);
    assert_int_equal(json_integer_value(json_object_get(a, "fills_without_mid")), 2);
    assert_non_null(row_of(a, "by_liquidity", "liquidity", "other"));
    json_decref(a);

    /* The ledger earned what no fill explains. */
    lf_frame *equity = t.strategies[0].tables[LF_BACKTEST_EQUITY];
    set_f64(equity, "gross", lf_frame_row_count(equity) - 1, 2.5);
    lf_frame_clear(t.strategies[0].tables[LF_BACKTEST_TRADES]);
    a = attribution_of(&t);
    check_sums(a);
    assert_int_equal(nano(a, "rest"), 500000000);
    assert_int_equal(json_array_size(json_object_get(a, "by_exit_reason")), 1);
    assert_non_null(row_of(a, "by_exit_reason", "exit_reason", "other"));
    json_decref(a);
    testing_run_end(&t);
}

/* ---- random days ------------------------------------------------------------------------ */

#define REASONS 4

static const char *const reasons[REASONS] = {"hold", "stop", "reverse", "open"};

/* A symbol being traded; money in half ticks of 0.005, fees in 1e-9. */
typedef struct desk {
    testing_run *t;
    lf_random random;
    const char *symbol;
    int64_t clock; /* half seconds */
    int64_t mid2;
    int64_t position;
    int64_t entry_time;
    int64_t entry_lots;
    int64_t exit_value; /* of this round trip */
    int64_t trip_held;
    int64_t all_paid;
    int64_t all_fees_nano;
    int64_t held[REASONS];
} desk;

static int64_t draw(desk *d, int64_t from, int64_t to)
{
    return from + (int64_t)(lf_random_uniform(&d->random) * (double)(to - from + 1));
}

/* One row of the fills; the mid wanders between decision, arrival and fill. */
static void random_fill(desk *d, int64_t side, int64_t lots)
{
    static const char *const liquidities[] = {"taker", "maker", "maker_crossed"};
    lf_frame *fills = d->t->strategies[0].tables[LF_BACKTEST_FILLS];
    const size_t row = lf_frame_row_count(fills);
    const int64_t decision2 = d->mid2;
    const int64_t venue2 = decision2 + draw(d, -3, 3);
    const int64_t price2 = venue2 + venue2 % 2 + 2 * draw(d, -2, 2);
    const int64_t fee_nano = draw(d, -300000001, 700000003);
    d->clock += draw(d, 1, 3);
    d->mid2 = venue2 + draw(d, -9, 9);
    assert_int_equal(lf_frame_append(fills, 1), LF_OK);
    set_i64(fills, "ts_venue", row, at(0, d->clock));
    set_text(fills, "symbol", row, d->symbol);
    set_i64(fills, "side", row, side);
    set_i64(fills, "lots", row, lots);
    set_f64(fills, "price", row, 0.005 * (double)price2);
    set_f64(fills, "mid_venue", row, 0.005 * (double)venue2);
    set_f64(fills, "mid_decision", row, 0.005 * (double)decision2);
    set_f64(fills, "fee", row, 1e-9 * (double)fee_nano);
    set_text(fills, "liquidity", row, liquidities[draw(d, 0, 2)]);
    d->all_paid += side * lots * price2;
    d->all_fees_nano += fee_nano;
    const int64_t held = d->position < 0 ? -d->position : d->position;
    const int64_t closed = d->position * side >= 0 ? 0 : lots < held ? lots : held;
    d->exit_value += closed * price2;
    d->trip_held -= side * closed * decision2;
    d->position += side * lots;
    if (lots > closed && (closed > 0 || held == 0)) {
        d->entry_time = d->clock;
    }
    /* The rest of a fill that turns the position belongs to the next round trip. */
    if (closed == 0) {
        d->entry_lots += lots;
        d->trip_held -= side * lots * decision2;
    }
}

static void random_trade(desk *d, int64_t entry_time, int64_t side, int reason)
{
    lf_frame *trades = d->t->strategies[0].tables[LF_BACKTEST_TRADES];
    const size_t row = lf_frame_row_count(trades);
    assert_int_equal(lf_frame_append(trades, 1), LF_OK);
    set_i64(trades, "ts_entry", row, at(0, entry_time));
    set_i64(trades, "ts_exit", row, at(0, d->clock));
    set_text(trades, "symbol", row, d->symbol);
    set_i64(trades, "side", row, side);
    set_i64(trades, "lots", row, d->entry_lots);
    set_f64(trades, "exit_price", row, 0.005 * (double)d->exit_value / (double)d->entry_lots);
    set_text(trades, "exit_reason", row, reasons[reason]);
    d->held[reason] += d->trip_held;
    d->entry_lots = 0;
    d->exit_value = 0;
    d->trip_held = 0;
}

/* Some fills in, some out; the last one closes, turns the position, or is not there at all. */
static void random_trip(desk *d, int64_t turned)
{
    const int64_t side = turned != 0 ? (turned > 0 ? 1 : -1) : draw(d, 0, 1) * 2 - 1;
    for (int64_t n = draw(d, turned == 0, 2); n > 0; n--) {
        random_fill(d, side, draw(d, 1, 400));
    }
    const int64_t entry_time = d->entry_time;
    if (draw(d, 0, 1) == 1 && side * d->position > 1) {
        random_fill(d, -side, draw(d, 1, side * d->position - 1));
    }
    const int64_t left = side * d->position;
    const int way = (int)draw(d, 0, 3);
    if (way == 3) {
        /* Valued at the mid of the close. */
        d->clock += draw(d, 1, 3);
        d->exit_value += left * d->mid2;
        d->trip_held += side * left * d->mid2;
        d->all_paid -= side * left * d->mid2;
        d->position = 0;
        random_trade(d, entry_time, side, way);
        return;
    }
    const int64_t more = way == 2 ? draw(d, 1, 300) : 0;
    const int64_t decision2 = d->mid2;
    random_fill(d, -side, left + more);
    random_trade(d, entry_time, side, way);
    if (more > 0) {
        d->entry_lots = more;
        d->trip_held = side * more * decision2;
        random_trip(d, d->position);
    }
}

static void random_run(testing_run *t, uint64_t seed, desk desks[2])
{
    static const char *const symbols[] = {"T", "U"};
    testing_run_make(t, 1, false, false);
    lf_frame *equity = t->strategies[0].tables[LF_BACKTEST_EQUITY];
    lf_frame *second = make_equity(1, false);
    assert_int_equal(lf_frame_set_text(second, 1, 0, STEPS, symbols[1]), LF_OK);
    assert_int_equal(lf_frame_concat(equity, second), LF_OK);
    lf_frame_destroy(second);
    for (int s = 0; s < 2; s++) {
        desk *d = &desks[s];
        *d = (desk){.t = t, .symbol = symbols[s], .mid2 = 20001 + 7 * s};
        lf_random_seed(&d->random, seed, (uint64_t)s);
        for (int64_t n = draw(d, 1, 30); n > 0; n--) {
            random_trip(d, 0);
            d->clock += 2;
        }
        const size_t row = (size_t)(s + 1) * STEPS - 1;
        set_f64(equity, "gross", row, -0.005 * (double)d->all_paid);
        set_f64(equity, "fees", row, 1e-9 * (double)d->all_fees_nano);
    }
}

static void test_random(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        testing_run t;
        desk desks[2];
        random_run(&t, seed, desks);
        json_t *a = attribution_of(&t);
        check_sums(a);
        const int64_t paid = desks[0].all_paid + desks[1].all_paid;
        const int64_t fees = desks[0].all_fees_nano + desks[1].all_fees_nano;
        assert_int_equal(nano(a, "rest"), 0);
        assert_int_equal(nano(a, "net"), -5000000 * paid - fees);
        assert_int_equal(nano(a, "fees"), -fees);
        for (int r = 0; r < REASONS; r++) {
            const int64_t held = 5000000 * (desks[0].held[r] + desks[1].held[r]);
            const json_t *row = row_of(a, "by_exit_reason", "exit_reason", reasons[r]);
            assert_int_equal(row == NULL ? 0 : nano(row, "held"), held);
        }
        json_decref(a);
        testing_run_end(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_no_fills),
        cmocka_unit_test(test_incomplete),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
