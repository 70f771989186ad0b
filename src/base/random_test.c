/*
 * Goal: the same seed gives the same numbers everywhere, and they have the distribution they claim.
 * Method: the reference outputs of splitmix64 and xoshiro256++, numbers pinned to the bit, moments
 * and tail counts within five standard errors at a fixed seed.
 */
#include <lobflow/base.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SEED 20120621
#define DRAWS 1000000

static void test_xoshiro_reference(void **state)
{
    (void)state;
    /* What the authors' xoshiro256plusplus.c gives from the state 1, 2, 3, 4. */
    static const uint64_t wanted[] = {
        UINT64_C(41943041),
        UINT64_C(58720359),
        UINT64_C(3588806011781223),
        UINT64_C(3591011842654386),
        UINT64_C(9228616714210784205),
        UINT64_C(9973669472204895162),
        UINT64_C(14011001112246962877),
        UINT64_C(12406186145184390807),
        UINT64_C(15849039046786891736),
        UINT64_C(10450023813501588000),
    };
    lf_random random = {{1, 2, 3, 4}};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        assert_true(lf_random_next(&random) == wanted[i]);
    }
}

static void test_splitmix_reference(void **state)
{
    (void)state;
    /* The first outputs of splitmix64 from 1234567. */
    static const uint64_t wanted[] = {
        UINT64_C(6457827717110365317),
        UINT64_C(3203168211198807973),
        UINT64_C(9817491932198370423),
        UINT64_C(4593380528125082431),
    };
    lf_random random;
    lf_random_seed(&random, 1234567, 0);
    for (size_t i = 0; i < 4; i++) {
        assert_true(random.state[i] == wanted[i]);
    }
}

static void test_streams_differ(void **state)
{
    (void)state;
    for (uint64_t stream = 1; stream < 100; stream++) {
        lf_random one;
        lf_random other;
        lf_random_seed(&one, SEED, stream - 1);
        lf_random_seed(&other, SEED, stream);
        int equal = 0;
        for (int i = 0; i < 100; i++) {
            equal += lf_random_next(&one) == lf_random_next(&other) ? 1 : 0;
        }
        assert_int_equal(equal, 0);
    }
}

static void test_pinned_values(void **state)
{
    (void)state;
    /* A change of any of these is a change of every simulated day. */
    lf_random random;
    lf_random_seed(&random, 42, 0);
    assert_true(lf_random_next(&random) == UINT64_C(0xd0764d4f4476689f));
    assert_true(lf_random_uniform(&random) == 0x1.467905d15dbccp-2);
    assert_true(lf_random_below(&random, 1000) == 983);
    assert_true(lf_random_exponential(&random) == 0x1.154a46bd10ba5p+1);
    assert_true(lf_random_normal(&random) == 0x1.55d5643105c87p-1);
}

static void test_uniform(void **state)
{
    (void)state;
    lf_random random;
    lf_random_seed(&random, SEED, 2);
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < DRAWS; i++) {
        const double u = lf_random_uniform(&random);
        assert_true(u >= 0 && u < 1);
        sum += u;
        squares += (u - 0.5) * (u - 0.5);
    }
    assert_true(fabs(sum / DRAWS - 0.5) < 5 * sqrt(1.0 / 12 / DRAWS));
    assert_true(fabs(squares / DRAWS - 1.0 / 12) < 5 * sqrt(1.0 / 180 / DRAWS));
}

static void test_below(void **state)
{
    (void)state;
    lf_random random;
    lf_random_seed(&random, SEED, 3);
    int counts[7] = {0};
    for (int i = 0; i < DRAWS; i++) {
        counts[lf_random_below(&random, 7)]++;
    }
    double chi2 = 0;
    for (int i = 0; i < 7; i++) {
        chi2 += (counts[i] - DRAWS / 7.0) * (counts[i] - DRAWS / 7.0) / (DRAWS / 7.0);
    }
    /* 6 degrees of freedom: above 28 once in 10^4. */
    assert_true(chi2 < 28);
    for (int i = 0; i < 1000; i++) {
        assert_true(lf_random_below(&random, 1) == 0);
        /* Nearly half of all words are thrown away for this bound. */
        assert_true(lf_random_below(&random, (UINT64_C(1) << 63) + 1) <= UINT64_C(1) << 63);
    }
}

static void test_exponential(void **state)
{
    (void)state;
    lf_random random;
    lf_random_seed(&random, SEED, 4);
    double sum = 0;
    double squares = 0;
    int above[6] = {0};
    static const double bounds[6] = {0.1, 0.5, 0.7, 1, 2, 6};
    for (int i = 0; i < DRAWS; i++) {
        const double x = lf_random_exponential(&random);
        assert_true(x >= 0);
        sum += x;
        squares += x * x;
        for (int b = 0; b < 6; b++) {
            above[b] += x > bounds[b] ? 1 : 0;
        }
    }
    /* Variances of x and x^2 are 1 and 20. */
    assert_true(fabs(sum / DRAWS - 1) < 5 * sqrt(1.0 / DRAWS));
    assert_true(fabs(squares / DRAWS - 2) < 5 * sqrt(20.0 / DRAWS));
    for (int b = 0; b < 6; b++) {
        const double p = exp(-bounds[b]);
        assert_true(fabs(above[b] / (double)DRAWS - p) < 5 * sqrt(p * (1 - p) / DRAWS));
    }
}

static void test_normal(void **state)
{
    (void)state;
    lf_random random;
    lf_random_seed(&random, SEED, 5);
    double powers[4] = {0};
    int above[5] = {0};
    static const double bounds[5] = {-2, -0.5, 0.5, 1, 3};
    for (int i = 0; i < DRAWS; i++) {
        const double x = lf_random_normal(&random);
        double power = 1;
        for (int k = 0; k < 4; k++) {
            power *= x;
            powers[k] += power;
        }
        for (int b = 0; b < 5; b++) {
            above[b] += x > bounds[b] ? 1 : 0;
        }
    }
    /* Moments 0, 1, 0, 3; variances of x^k are 1, 2, 15, 96. */
    static const double moments[4] = {0, 1, 0, 3};
    static const double variances[4] = {1, 2, 15, 96};
    for (int k = 0; k < 4; k++) {
        assert_true(fabs(powers[k] / DRAWS - moments[k]) < 5 * sqrt(variances[k] / DRAWS));
    }
    for (int b = 0; b < 5; b++) {
        const double p = 0.5 * erfc(bounds[b] / sqrt(2.0));
        assert_true(fabs(above[b] / (double)DRAWS - p) < 5 * sqrt(p * (1 - p) / DRAWS));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_xoshiro_reference),
        cmocka_unit_test(test_splitmix_reference),
        cmocka_unit_test(test_streams_differ),
        cmocka_unit_test(test_pinned_values),
        cmocka_unit_test(test_uniform),
        cmocka_unit_test(test_below),
        cmocka_unit_test(test_exponential),
        cmocka_unit_test(test_normal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
