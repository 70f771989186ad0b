/*
 * Goal: probes find the queue model by which a market works. Method: markets of single orders in
 * which orders leave from the back, from the front, or anywhere in their queues; in the first two a
 * model is exactly true, so it must tell every probe's fate and time, and in the third the share of
 * the lots does better than either end. Losses by hand.
 */
#include <lobflow/calibrate.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../tests/orders_testing.h"
#include "../../tests/testing.h"

static void replay(int leaving, lf_calibrate_result *out)
{
    lf_calibrator *probes;
    lf_error error;
    market *const self = malloc(sizeof *self);
    assert_non_null(self);
    assert_int_equal(lf_calibrate_create(NULL, 40 * LF_NS_PER_SECOND, &probes, NULL), LF_OK);
    for (uint64_t seed = 1; seed <= 8; seed++) {
        begin_market(self, seed, 10);
        self->leaving = leaving;
        const lf_instrument instrument = market_instrument(10);
        assert_int_equal(lf_calibrate_begin(probes, &instrument, NULL), LF_OK);
        for (int i = 0; i < 20000; i++) {
            lf_event event;
            if (i == 0) {
                show_again(self, &event);
            } else {
                next_event(self, &event);
            }
            if (lf_calibrate_event(
                    probes, &event, self->trades, self->changes, (size_t)self->change_count, &error
                ) != LF_OK) {
                fail_msg("seed %llu: %s", (unsigned long long)seed, error.message);
            }
        }
    }
    *out = *lf_calibrate_result_of(probes);
    lf_calibrate_destroy(probes);
    free(self);
    /* Enough of each fate, and each probe once in each fit. */
    assert_true(out->probe_count > 1000 && out->void_count > 10);
    assert_true(out->filled_count - out->crossed_count > out->probe_count / 20);
    assert_true(out->filled_count < out->probe_count);
    for (int i = 0; i < LF_CALIBRATE_FITS; i++) {
        int64_t sum = 0, filled = 0;
        for (int j = 0; j < 8; j++) {
            const int64_t count = out->fits[i].counts[j / 4][j / 2 % 2][j % 2];
            sum += count;
            filled += j % 2 == 1 ? count : 0;
        }
        assert_int_equal(sum, out->probe_count);
        assert_int_equal(filled, out->filled_count);
    }
}

static const lf_calibrate_fit *
fit_of(const lf_calibrate_result *study, lf_queue_model model, double n)
{
    for (int i = 0; i < LF_CALIBRATE_FITS; i++) {
        if (study->fits[i].model == model && study->fits[i].n == n) {
            return &study->fits[i];
        }
    }
    fail_msg("no such fit");
    return NULL;
}

static int64_t wrong_of(const lf_calibrate_fit *fit)
{
    return fit->counts[0][0][1] + fit->counts[0][1][0] + fit->counts[1][0][1] +
           fit->counts[1][1][0];
}

static void test_ends(void **state)
{
    (void)state;
    static const struct {
        int leaving;
        lf_queue_model is_true, is_false;
    } rows[] = {
        {-1, LF_QUEUE_RISK_AVERSE, LF_QUEUE_OPTIMISTIC},
        {1, LF_QUEUE_OPTIMISTIC, LF_QUEUE_RISK_AVERSE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lf_calibrate_result study;
        replay(rows[i].leaving, &study);
        const lf_calibrate_fit *const right = fit_of(&study, rows[i].is_true, 0.0);
        const lf_calibrate_fit *const wrong = fit_of(&study, rows[i].is_false, 0.0);
        assert_int_equal(wrong_of(right), 0);
        assert_int_equal(right->time_distance_ns, 0);
        assert_int_equal(right->time_count, study.filled_count);
        assert_true(wrong_of(wrong) > study.probe_count / 100);
        assert_true(wrong->time_distance_ns > 0);
        assert_true(lf_calibrate_log_loss(right) < lf_calibrate_log_loss(wrong));
        assert_true(lf_calibrate_log_loss(right) < 0.01);
    }
}

static void test_between(void **state)
{
    (void)state;
    lf_calibrate_result study;
    replay(2, &study);
    const lf_calibrate_fit *const share = fit_of(&study, LF_QUEUE_POWER, 1.0);
    const lf_calibrate_fit *const averse = fit_of(&study, LF_QUEUE_RISK_AVERSE, 0.0);
    const lf_calibrate_fit *const hopeful = fit_of(&study, LF_QUEUE_OPTIMISTIC, 0.0);
    assert_true(lf_calibrate_log_loss(share) < lf_calibrate_log_loss(averse));
    assert_true(lf_calibrate_log_loss(share) < lf_calibrate_log_loss(hopeful));
    assert_true(wrong_of(share) < wrong_of(averse) && wrong_of(share) < wrong_of(hopeful));
    /* The careful one is late, the hopeful one early. */
    assert_true(averse->time_bias_ns > 0 && hopeful->time_bias_ns < 0);
}

static void test_losses(void **state)
{
    (void)state;
    /* Even probes: 3 of 4 right when filled was said, 1 of 1 when not; odd ones: 1 of 2, 2 of 2. */
    const lf_calibrate_fit fit = {.counts = {{{1, 0}, {1, 3}}, {{2, 0}, {1, 1}}}};
    const double said = -(log(3.5 / 5) + log(1.5 / 5)) - (log(0.5) + 3 * log(0.5)) / 1.0;
    const double other = -2 * log(1 - 0.5 / 2) - log(1 - 0.5 / 3);
    assert_true(fabs(lf_calibrate_log_loss(&fit) - (said + other) / 9) < 1e-12);
    const double even = -(3 * log(1 - 3.5 / 6) + log(3.5 / 6)), odd_rate = 1.5 / 5;
    const double base = even - 3 * log(odd_rate) - 2 * log(1 - odd_rate);
    assert_true(fabs(lf_calibrate_base_loss(&fit) - base / 9) < 1e-12);
    const lf_calibrate_fit none = {.counts = {{{0}}}};
    assert_true(isnan(lf_calibrate_log_loss(&none)));
}

static void test_refusals(void **state)
{
    (void)state;
    lf_calibrator *probes;
    lf_error error;
    assert_int_equal(lf_calibrate_create(NULL, 0, &probes, &error), LF_RANGE);
    for (uint64_t fail_at = 0; fail_at < 8; fail_at++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, fail_at);
        lf_status status =
            lf_calibrate_create(&memory.allocator, LF_NS_PER_SECOND, &probes, &error);
        const lf_instrument instrument = market_instrument(10);
        if (status == LF_OK) {
            status = lf_calibrate_begin(probes, &instrument, &error);
        }
        assert_int_equal(status, LF_NOMEM);
        lf_calibrate_destroy(probes);
        assert_int_equal(memory.live, 0);
    }
    lf_instrument blind = market_instrument(10);
    blind.has_orders = false;
    assert_int_equal(lf_calibrate_create(NULL, LF_NS_PER_SECOND, &probes, NULL), LF_OK);
    assert_int_equal(lf_calibrate_begin(probes, &blind, &error), LF_MISMATCH);
    lf_calibrate_destroy(probes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_between),
        cmocka_unit_test(test_losses),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
