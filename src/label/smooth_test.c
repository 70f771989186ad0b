/*
 * Goal: smoothed labels are the means they say, and meta-labels judge the side they are given. The
 * label with the past mean leaks, which is shown and not only said.
 * Method: hand-computed values; random days against a scan over all events; a random walk, on which
 * nothing can be foretold and the leaking label seems to be.
 */
#include <lobflow/label.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "label_testing.h"

#define S LF_NS_PER_SECOND

static void test_oracle(void **state)
{
    (void)state;
    static const int64_t mids2[] = {20, 22, 24, 26, 24, 22, 20};
    lf_label_path *path = label_path_of(mids2, 7);
    const int64_t times_ns[2] = {1 * S, 3 * S};
    double smooth[2];
    double past[2];
    lf_label_smooth(path, times_ns, 2, 2 * S, 0, 2, smooth, past);
    assert_true(fabs(smooth[1] * 1e-4 + 0.115384615) < 1e-9);
    assert_true(fabs(past[1] * 1e-4 + 0.08) < 1e-9);
    /* (12 + 13) / 2 against 11, and against (10 + 11) / 2. */
    assert_true(fabs(smooth[0] - 1e4 * (12.5 / 11 - 1)) < 1e-9);
    assert_true(fabs(past[0] - 1e4 * (12.5 / 10.5 - 1)) < 1e-9);
    lf_label_path_destroy(path);
}

/* The mean of mids by scans; 0 when one of them is not connected with the state at from. */
static double twin_mean(
    const lf_event *events, size_t count, int64_t from_ns, int64_t first_ns, int64_t gap_ns, int n
)
{
    int64_t breaks[2];
    double sum = 0;
    const int64_t from2 = label_scan(events, count, from_ns, &breaks[0]);
    for (int i = 0; i < n; i++) {
        const int64_t mid2 = label_scan(events, count, first_ns + i * gap_ns, &breaks[1]);
        if (from2 == 0 || mid2 == 0 || breaks[0] != breaks[1]) {
            return 0;
        }
        sum += 0.5 * (double)mid2;
    }
    return sum / n;
}

static void test_twin(void **state)
{
    (void)state;
    lf_event *events = calloc(LABEL_EVENTS, sizeof *events);
    int64_t times_ns[LABEL_LENGTH_S];
    double smooth[LABEL_LENGTH_S];
    double past[LABEL_LENGTH_S];
    size_t defined[2] = {0, 0};
    label_seconds(times_ns);
    for (uint64_t seed = 1; seed <= 3; seed++) {
        const size_t count = label_random_day(seed, events);
        lf_label_path *path = label_path(events, count, LF_CLOCK_EXCHANGE);
        const int n = 4 + (int)seed;
        const int64_t gap_ns = 700 * LF_NS_PER_MILLISECOND;
        const int64_t delay_ns = (int64_t)seed * 50 * LF_NS_PER_MILLISECOND;
        lf_label_smooth(path, times_ns, LABEL_LENGTH_S, n * gap_ns, delay_ns, n, smooth, past);
        for (size_t i = 0; i < LABEL_LENGTH_S; i++) {
            const int64_t from_ns = times_ns[i] + delay_ns;
            int64_t breaks;
            const double from = 0.5 * (double)label_scan(events, count, from_ns, &breaks);
            double later = twin_mean(events, count, from_ns, from_ns + gap_ns, gap_ns, n);
            const double earlier =
                twin_mean(events, count, from_ns, from_ns - (n - 1) * gap_ns, gap_ns, n);
            later = from_ns + n * gap_ns > label_instrument.session_close_ns ? 0 : later;
            assert_int_equal(isnan(smooth[i]), later == 0);
            assert_int_equal(isnan(past[i]), later == 0 || earlier == 0);
            assert_true(isnan(smooth[i]) || fabs(smooth[i] - 1e4 * (later / from - 1)) < 1e-7);
            assert_true(isnan(past[i]) || fabs(past[i] - 1e4 * (later / earlier - 1)) < 1e-7);
            defined[0] += isnan(smooth[i]) ? 0 : 1;
            defined[1] += isnan(past[i]) ? 0 : 1;
        }
        lf_label_path_destroy(path);
    }
    assert_true(defined[0] > defined[1] && defined[1] > 500);
    free(events);
}

/* What happens behind the horizon, or (for the plain one) before t, changes nothing. */
static void test_prefix(void **state)
{
    (void)state;
    lf_event *events = calloc(LABEL_EVENTS, sizeof *events);
    int64_t times_ns[LABEL_LENGTH_S];
    double before[LABEL_LENGTH_S];
    double after[LABEL_LENGTH_S];
    label_seconds(times_ns);
    for (uint64_t seed = 1; seed <= 3; seed++) {
        const size_t count = label_random_day(seed, events);
        lf_label_path *path = label_path(events, count, LF_CLOCK_EXCHANGE);
        lf_label_smooth(path, times_ns, LABEL_LENGTH_S, 10 * S, 0, 10, before, NULL);
        lf_label_path_destroy(path);
        label_change_after(events, count, 200 * S);
        path = label_path(events, count, LF_CLOCK_EXCHANGE);
        lf_label_smooth(path, times_ns, LABEL_LENGTH_S, 10 * S, 0, 10, after, NULL);
        lf_label_path_destroy(path);
        assert_memory_equal(before, after, 191 * sizeof *before);
        assert_memory_not_equal(before, after, sizeof before);
    }
    free(events);
}

/* Share of rows in which a guess has the sign of a label. */
static double hit_rate(const double *guess, const double *label, size_t count)
{
    double hits = 0;
    double rows = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isnan(guess[i]) && !isnan(label[i]) && guess[i] != 0 && label[i] != 0) {
            hits += (guess[i] > 0) == (label[i] > 0);
            rows += 1;
        }
    }
    return hits / rows;
}

/* On a random walk the last move says nothing of the next one. */
static void test_past_mean_leaks(void **state)
{
    (void)state;
    double rates[2] = {0, 0};
    const int seeds = 40;
    for (int seed = 0; seed < seeds; seed++) {
        int64_t mids2[LABEL_LENGTH_S];
        int64_t times_ns[LABEL_LENGTH_S];
        double smooth[LABEL_LENGTH_S];
        double past[LABEL_LENGTH_S];
        double guess[LABEL_LENGTH_S];
        lf_random random;
        lf_random_seed(&random, (uint64_t)seed, 3);
        for (int i = 0; i < LABEL_LENGTH_S; i++) {
            const int64_t move = lf_random_below(&random, 2) == 0 ? -2 : 2;
            mids2[i] = i == 0 ? 20000 : mids2[i - 1] + move;
            guess[i] = i < 10 ? NAN : (double)(mids2[i] - mids2[i - 10]);
        }
        label_seconds(times_ns);
        lf_label_path *path = label_path_of(mids2, LABEL_LENGTH_S);
        lf_label_smooth(path, times_ns, LABEL_LENGTH_S, 10 * S, 0, 10, smooth, past);
        rates[0] += hit_rate(guess, smooth, LABEL_LENGTH_S) / seeds;
        rates[1] += hit_rate(guess, past, LABEL_LENGTH_S) / seeds;
        lf_label_path_destroy(path);
    }
    print_message("the last move on a random walk: %.3f, past mean %.3f\n", rates[0], rates[1]);
    assert_true(fabs(rates[0] - 0.5) < 0.02);
    assert_true(rates[1] > 0.7);
}

static void test_meta(void **state)
{
    (void)state;
    static const double side[] = {1, 1, -0.2, -1, 0, NAN, 1, 3};
    static const double ret[] = {5, 1, -5, 5, 9, 9, NAN, 2};
    static const double expected[] = {1, 0, 1, 0, NAN, NAN, NAN, 0};
    double meta[8];
    lf_label_meta(side, ret, 8, 2, meta);
    for (size_t i = 0; i < 8; i++) {
        assert_true(isnan(expected[i]) ? isnan(meta[i]) : meta[i] == expected[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oracle),
        cmocka_unit_test(test_twin),
        cmocka_unit_test(test_prefix),
        cmocka_unit_test(test_past_mean_leaks),
        cmocka_unit_test(test_meta),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
