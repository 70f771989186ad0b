/*
 * Goal: VPIN is the one of its authors, bar by bar and bucket by bucket.
 * Method: values of an independent program, then properties on random bars.
 */
#include <lobflow/study.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* Fails when two numbers differ by more than `within`; 0 asks for equality. */
#define assert_near(a, b, within) assert_true(fabs((a) - (b)) <= (within))

#define BARS 6
#define RANDOM_BARS 500

static const double CHANGES[BARS] = {0.02, -0.01, 0.00, 0.03, -0.02, 0.01};
static const int64_t SIZES[BARS] = {100, 80, 60, 120, 140, 100};

/* Oracle: deviation fixed at 0.02, buckets of 200, three of them. */
static void test_oracle(void **state)
{
    (void)state;
    const double bought[BARS] = {
        84.134474607, 24.683003098, 30.0, 111.983135848, 22.211735550, 69.146246127};
    const double buckets_bought[] = {118.817477705, 138.329346005, 85.011771521};
    double sds[BARS], shares[BARS], vpin[3];
    for (size_t i = 0; i < BARS; i++) {
        sds[i] = 0.02;
    }
    lf_study_bulk_shares(CHANGES, sds, BARS, 0, shares);
    for (size_t i = 0; i < BARS; i++) {
        assert_near(shares[i] * (double)SIZES[i], bought[i], 1e-9);
    }
    lf_study_bucket buckets[3];
    size_t count;
    assert_int_equal(
        lf_study_fill_buckets(SIZES, shares, BARS, 200, buckets, 3, &count, NULL), LF_OK
    );
    assert_int_equal(count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_near(buckets[i].buy_lots, buckets_bought[i], 1e-9);
        assert_near(buckets[i].buy_lots + buckets[i].sell_lots, 200, 1e-9);
    }
    assert_int_equal(buckets[0].last_row, 2);
    assert_int_equal(buckets[1].last_row, 4);
    assert_int_equal(buckets[2].last_row, 5);
    lf_study_vpin(buckets, 3, 3, vpin);
    assert_true(isnan(vpin[0]) && isnan(vpin[1]));
    assert_near(vpin[2], 0.240450173965, 1e-12);
}

/* Oracle: buckets (150, 50), (90, 110), (200, 0) from true sides. */
static void test_true_sides(void **state)
{
    (void)state;
    const int64_t sizes[] = {150, 140, 310};
    const double shares[] = {1, 0, 1};
    /* 150 bought; 50 + 90 sold; the rest bought, split over two edges. */
    lf_study_bucket buckets[3];
    size_t count;
    double vpin[3];
    assert_int_equal(lf_study_fill_buckets(sizes, shares, 3, 200, buckets, 3, &count, NULL), LF_OK);
    assert_int_equal(count, 3);
    assert_near(buckets[0].buy_lots, 150, 0);
    assert_near(buckets[1].buy_lots, 110, 0);
    assert_near(buckets[1].sell_lots, 90, 0);
    assert_near(buckets[2].buy_lots, 200, 0);
    lf_study_vpin(buckets, 3, 3, vpin);
    assert_near(vpin[2], (100 + 20 + 200) / 600.0, 1e-15);
}

/* A trailing deviation about zero sees nothing of its own bar or later; oracle: by hand. */
static void test_trailing_deviation(void **state)
{
    (void)state;
    const double changes[] = {NAN, 3, 4, NAN, NAN, 12, 5, 1000};
    double sds[8];
    lf_study_bulk_sd(changes, 8, 2, sds);
    assert_true(isnan(sds[0]) && isnan(sds[1]) && isnan(sds[2]));
    for (size_t i = 3; i <= 5; i++) {
        assert_near(sds[i], sqrt(12.5), 1e-15);
    }
    assert_near(sds[6], sqrt(80), 1e-14);
    assert_near(sds[7], sqrt(84.5), 1e-14);
    /* The whole sample's, with six changes: sigma about zero of the oracle. */
    double all[BARS + 1], with_next[BARS + 1];
    for (size_t i = 0; i < BARS; i++) {
        with_next[i] = CHANGES[i];
    }
    with_next[BARS] = 5;
    lf_study_bulk_sd(with_next, BARS + 1, BARS, all);
    assert_near(all[BARS], 0.017795130420, 1e-12);
}

/* Student's t with a quarter degree, from an independent program; and what is not defined. */
static void test_shares(void **state)
{
    (void)state;
    const double changes[] = {1, 3, -2.5, NAN, 1, 0, 1, -1, INFINITY};
    const double sds[] = {1, 1, 1, 1, NAN, 0, 0, 0, 1};
    const double expected[] = {
        0.644348128962956, 0.7259671989406911, 0.2865753576303863, 0.5, 0.5, 0.5, 1, 0, 0.5};
    double shares[9];
    lf_study_bulk_shares(changes, sds, 9, 0.25, shares);
    for (size_t i = 0; i < 9; i++) {
        assert_near(shares[i], expected[i], 1e-12);
    }
    lf_study_bulk_shares(changes, sds, 9, 0, shares);
    assert_near(shares[0], 0.841344746068543, 1e-14);
    assert_near(shares[8], 0.5, 0);
}

static void test_arguments(void **state)
{
    (void)state;
    const int64_t sizes[] = {10, 20}, negative[] = {10, -1};
    const double shares[] = {1, 0}, high[] = {1, 1.01}, undefined[] = {1, NAN};
    lf_study_bucket buckets[2];
    size_t count;
    lf_error error;
    assert_int_equal(
        lf_study_fill_buckets(sizes, shares, 2, 0, buckets, 2, &count, &error), LF_RANGE
    );
    assert_int_equal(
        lf_study_fill_buckets(negative, shares, 2, 5, buckets, 2, &count, &error), LF_RANGE
    );
    assert_int_equal(
        lf_study_fill_buckets(sizes, high, 2, 5, buckets, 2, &count, &error), LF_RANGE
    );
    assert_int_equal(
        lf_study_fill_buckets(sizes, undefined, 2, 5, buckets, 2, &count, &error), LF_RANGE
    );
    /* Too small an array says how large it must be. */
    assert_int_equal(
        lf_study_fill_buckets(sizes, shares, 2, 5, buckets, 2, &count, &error), LF_RANGE
    );
    assert_int_equal(count, 6);
    assert_int_equal(lf_study_fill_buckets(sizes, shares, 2, 7, NULL, 0, &count, &error), LF_OK);
    assert_int_equal(count, 4);
    /* A huge trade takes no huge number of steps. */
    const int64_t huge[] = {3, INT64_MAX / 2};
    assert_int_equal(lf_study_fill_buckets(huge, shares, 2, 2, NULL, 0, &count, &error), LF_OK);
    assert_int_equal(count, (size_t)(INT64_MAX / 2 / 2 + 2));
    /* No trade and no volume: no bucket; one bucket: its own imbalance. */
    const int64_t zeros[] = {0, 0};
    assert_int_equal(lf_study_fill_buckets(NULL, NULL, 0, 5, buckets, 2, &count, NULL), LF_OK);
    assert_int_equal(count, 0);
    assert_int_equal(lf_study_fill_buckets(zeros, shares, 2, 5, buckets, 2, &count, NULL), LF_OK);
    assert_int_equal(count, 0);
    assert_int_equal(lf_study_fill_buckets(sizes, shares, 2, 30, buckets, 2, &count, NULL), LF_OK);
    double vpin;
    lf_study_vpin(buckets, count, 1, &vpin);
    assert_near(vpin, 1.0 / 3, 1e-15);
}

/* Sides exchanged: the same VPIN; prices and sizes scaled: the same VPIN; NaN before 50. */
static void test_properties(void **state)
{
    (void)state;
    static double changes[RANDOM_BARS], sds[RANDOM_BARS], shares[RANDOM_BARS];
    static int64_t sizes[RANDOM_BARS];
    static lf_study_bucket buckets[RANDOM_BARS];
    static double vpin[RANDOM_BARS], other[RANDOM_BARS];
    lf_random random;
    lf_random_seed(&random, 3, 0);
    for (size_t i = 0; i < RANDOM_BARS; i++) {
        changes[i] = lf_random_normal(&random);
        sizes[i] = (int64_t)lf_random_below(&random, 200);
    }
    size_t count = 0;
    for (int round = 0; round < 3; round++) {
        const double price_scale = round == 1 ? -1 : round == 2 ? 1000 : 1;
        const int64_t size_scale = round == 2 ? 16 : 1;
        for (size_t i = 0; i < RANDOM_BARS; i++) {
            changes[i] *= price_scale;
            sizes[i] *= size_scale;
        }
        lf_study_bulk_sd(changes, RANDOM_BARS, 30, sds);
        lf_study_bulk_shares(changes, sds, RANDOM_BARS, 0, shares);
        const int64_t bucket_lots = 300 * size_scale;
        assert_int_equal(
            lf_study_fill_buckets(
                sizes, shares, RANDOM_BARS, bucket_lots, buckets, RANDOM_BARS, &count, NULL
            ),
            LF_OK
        );
        lf_study_vpin(buckets, count, 50, round == 0 ? vpin : other);
        for (size_t i = 0; i < count && round > 0; i++) {
            assert_true(isnan(vpin[i]) == isnan(other[i]));
            assert_true(isnan(vpin[i]) || fabs(vpin[i] - other[i]) < 1e-12);
        }
    }
    assert_true(count > 100);
    for (size_t i = 0; i < count; i++) {
        assert_true(isnan(vpin[i]) == (i < 49));
        assert_true(isnan(vpin[i]) || (vpin[i] > 0 && vpin[i] < 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oracle),
        cmocka_unit_test(test_true_sides),
        cmocka_unit_test(test_trailing_deviation),
        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_properties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
