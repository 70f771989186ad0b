/*
 * Goal: the level models find a planted plane in and out of sample, the integrated OFI is the first
 * principal direction, and a bad fit shows out of sample. Method: grids made by hand.
 */
#include "study_internal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define BINS 60
/* A price so high that a log return is the relative change to nine places. */
#define HIGH_MID2 INT64_C(1000000000000)

static lf_study *make_study(int32_t levels)
{
    lf_instrument instrument = {.level_count = levels, .session_close_ns = 3600 * LF_NS_PER_SECOND};
    const lf_study_options options = {
        .window_ns = 30 * LF_NS_PER_SECOND, .block_ns = BINS * 30 * LF_NS_PER_SECOND};
    lf_study *study;
    assert_int_equal(lf_study_create(&instrument, &options, &study, NULL), LF_OK);
    assert_int_equal(study->bin_count, 2 * BINS);
    return study;
}

/* Depth 1 at every level, so that normalised OFI is OFI. */
static void set_bin(lf_study *study, size_t i, int64_t change2, const int64_t *ofi)
{
    const size_t levels = (size_t)study->instrument.level_count;
    lfi_study_bin *const bin = &study->bins[i];
    bin->counts = true;
    bin->mid2_begin = HIGH_MID2;
    bin->mid2_end = HIGH_MID2 + change2;
    bin->row_count = 1;
    bin->row_depth2 = 2 * (int64_t)levels;
    for (size_t m = 0; m < levels; m++) {
        bin->ofi[m] = ofi[m];
    }
}

static void fit(lf_study *study, lf_study_result *result)
{
    *result = (lf_study_result){0};
    assert_int_equal(lfi_study_levels(study, result), LF_OK);
}

static void test_planted_plane(void **state)
{
    (void)state;
    lf_study *const study = make_study(2);
    lf_study_result result;
    lf_random random;
    lf_random_seed(&random, 5, 0);
    for (size_t i = 0; i < study->bin_count; i++) {
        const int64_t ofi[] = {
            (int64_t)lf_random_below(&random, 201) - 100,
            (int64_t)lf_random_below(&random, 201) - 100,
        };
        set_bin(study, i, 2 * ofi[0] + 5 * ofi[1], ofi);
    }
    fit(study, &result);
    const lf_study_block *const block = &study->blocks[0];
    assert_true(fabs(result.r2_is_levels[1] - 1) < 1e-6);
    assert_true(fabs(result.r2_oos_levels[1] - 1) < 1e-6);
    /* The first level has 4 parts of 29 of the variance. */
    assert_true(fabs(block->r2_is_best - 4.0 / 29) < 0.12);
    assert_true(block->r2_is_best == result.r2_is_levels[0]);
    assert_true(block->r2_is_ridge > 0.999 && block->r2_oos_ridge > 0.999);
    /* Two unrelated levels have no common direction worth the name. */
    assert_true(block->pc1_share > 0.5 && block->pc1_share < 0.65);
    /* There is no block behind the last. */
    assert_true(isnan(study->blocks[1].r2_is_best) && isnan(study->blocks[1].r2_oos_ridge));
    lf_study_destroy(study);
}

/* All levels are one number times 1, 2, 3: the direction explains all, weights 1/6, 2/6, 3/6, and
   least squares on more than one level is not defined. */
static void test_one_direction(void **state)
{
    (void)state;
    lf_study *const study = make_study(3);
    lf_study_result result;
    for (size_t i = 0; i < study->bin_count; i++) {
        const int64_t flow = (int64_t)(i * 37 % 101) - 50;
        const int64_t ofi[] = {flow, 2 * flow, 3 * flow};
        set_bin(study, i, 7 * flow, ofi);
    }
    fit(study, &result);
    const lf_study_block *const block = &study->blocks[0];
    assert_true(fabs(block->pc1_share - 1) < 1e-12);
    assert_true(fabs(block->r2_is_integrated - 1) < 1e-6);
    assert_true(fabs(block->r2_oos_integrated - 1) < 1e-6);
    assert_true(fabs(result.r2_oos_levels[0] - 1) < 1e-6);
    assert_true(isnan(result.r2_is_levels[1]) && isnan(result.r2_oos_levels[2]));
    assert_true(block->r2_oos_ridge > 0.999);
    lf_study_destroy(study);
}

/* Impact turns round from one block to the next: y = x, then y = -x. The fit is perfect where it
   was made; outside, SSE = sum (2x)^2 = 4 SST, so R^2 = -3. */
static void test_outside_is_outside(void **state)
{
    (void)state;
    lf_study *const study = make_study(1);
    lf_study_result result;
    for (size_t i = 0; i < study->bin_count; i++) {
        const int64_t flow = (int64_t)(i % BINS) % 2 == 0 ? 30 : -30;
        set_bin(study, i, i < BINS ? flow : -flow, &flow);
    }
    fit(study, &result);
    assert_true(fabs(study->blocks[0].r2_is_best - 1) < 1e-6);
    assert_true(fabs(study->blocks[0].r2_oos_best + 3) < 1e-6);
    lf_study_destroy(study);
}

/* Windows that do not count, and prices without a logarithm, are not in the rows. */
static void test_rows_left_out(void **state)
{
    (void)state;
    lf_study *const study = make_study(1);
    lf_study_result result;
    for (size_t i = 0; i < study->bin_count; i++) {
        const int64_t flow = (int64_t)(i * 37 % 101) - 50;
        set_bin(study, i, i % 3 == 0 ? 4000 : flow, &flow);
        study->bins[i].counts = i % 3 != 0;
        if (i % 7 == 0) {
            study->bins[i].mid2_begin = -HIGH_MID2;
        }
    }
    fit(study, &result);
    assert_true(fabs(study->blocks[0].r2_is_best - 1) < 1e-6);
    assert_true(fabs(study->blocks[0].r2_oos_best - 1) < 1e-6);
    lf_study_destroy(study);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_planted_plane),
        cmocka_unit_test(test_one_direction),
        cmocka_unit_test(test_outside_is_outside),
        cmocka_unit_test(test_rows_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
