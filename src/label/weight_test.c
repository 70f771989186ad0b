/*
 * Goal: labels that share time are worth less, by exactly what their spans share.
 * Method: hand-computed values; random spans against a twin that walks every second; a set of spans
 * that do not overlap, which are worth one each; memory that fails.
 */
#include <lobflow/label.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "label_testing.h"

#define S LF_NS_PER_SECOND
#define SPANS 200

static void test_oracle(void **state)
{
    (void)state;
    static const int64_t end_s[8] = {5, 5, 4, 5, 7, 7, 7, 10};
    static const double expected[4] = {0.466666667, 0.333333333, 0.291666667, 0.25};
    int64_t from[9];
    int64_t end[9];
    double found[9];
    for (int64_t i = 0; i < 8; i++) {
        from[i] = i * S;
        end[i] = end_s[i] * S;
    }
    from[8] = 3 * S; /* one without a label shares nothing */
    end[8] = LF_TIME_NONE;
    assert_int_equal(lf_label_uniqueness(NULL, from, end, 9, found), LF_OK);
    for (size_t i = 0; i < 4; i++) {
        assert_true(fabs(found[i] - expected[i]) < 1e-9);
    }
    assert_true(fabs(found[7] - 1) < 1e-12 && isnan(found[8]));
    assert_int_equal(lf_label_uniqueness(NULL, from, end, 0, found), LF_OK);
}

/* Spans with ends at whole seconds on a walk that moves each second. */
typedef struct case_data {
    int64_t mids2[LABEL_LENGTH_S];
    int64_t from[SPANS];
    int64_t end[SPANS];
} case_data;

static void make_case(uint64_t seed, case_data *out)
{
    lf_random random;
    lf_random_seed(&random, seed, 5);
    for (int i = 0; i < LABEL_LENGTH_S; i++) {
        out->mids2[i] =
            i == 0 ? 20000 : out->mids2[i - 1] + (int64_t)lf_random_below(&random, 7) - 3;
    }
    for (int i = 0; i < SPANS; i++) {
        out->from[i] = (int64_t)lf_random_below(&random, 500) * S;
        out->end[i] = out->from[i] + (1 + (int64_t)lf_random_below(&random, 60)) * S;
        out->end[i] = i % 17 == 3 ? LF_TIME_NONE : out->end[i];
    }
}

static double concurrent(const case_data *data, int64_t second)
{
    double count = 0;
    for (int i = 0; i < SPANS; i++) {
        count += data->end[i] != LF_TIME_NONE && data->from[i] < second * S &&
                 data->end[i] >= second * S;
    }
    return count;
}

static void test_twin(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        case_data data;
        double uniqueness[SPANS];
        double attribution[SPANS];
        make_case(seed, &data);
        lf_label_path *path = label_path_of(data.mids2, LABEL_LENGTH_S);
        assert_int_equal(lf_label_uniqueness(NULL, data.from, data.end, SPANS, uniqueness), LF_OK);
        assert_int_equal(
            lf_label_attribution(NULL, path, data.from, data.end, SPANS, attribution), LF_OK
        );
        for (int i = 0; i < SPANS; i++) {
            double shares = 0;
            double moves = 0;
            double seconds = 0;
            if (data.end[i] == LF_TIME_NONE) {
                assert_true(isnan(uniqueness[i]) && isnan(attribution[i]));
                continue;
            }
            for (int64_t t = data.from[i] / S + 1; t <= data.end[i] / S; t++) {
                const double ratio = (double)data.mids2[t] / (double)data.mids2[t - 1];
                shares += 1 / concurrent(&data, t);
                moves += 1e4 * log(ratio) / concurrent(&data, t);
                seconds += 1;
            }
            assert_true(fabs(uniqueness[i] - shares / seconds) < 1e-12);
            assert_true(fabs(attribution[i] - fabs(moves)) < 1e-7);
            assert_true(uniqueness[i] > 0 && uniqueness[i] <= 1);
        }
        lf_label_path_destroy(path);
    }
}

/* Labels side by side are worth one each and keep their whole return. */
static void test_alone(void **state)
{
    (void)state;
    case_data data;
    double uniqueness[10];
    double attribution[10];
    make_case(1, &data);
    for (int64_t i = 0; i < 10; i++) {
        data.from[i] = i * 60 * S + 1;
        data.end[i] = i < 9 ? (i + 1) * 60 * S + 1 : LF_TIME_NONE;
    }
    lf_label_path *path = label_path_of(data.mids2, LABEL_LENGTH_S);
    assert_int_equal(lf_label_uniqueness(NULL, data.from, data.end, 10, uniqueness), LF_OK);
    assert_int_equal(lf_label_attribution(NULL, path, data.from, data.end, 10, attribution), LF_OK);
    for (size_t i = 0; i < 9; i++) {
        const double from2 = (double)lf_label_mid2(path, data.from[i]);
        const double end2 = (double)lf_label_mid2(path, data.end[i]);
        assert_true(fabs(uniqueness[i] - 1) < 1e-12);
        assert_true(fabs(attribution[i] - fabs(1e4 * log(end2 / from2))) < 1e-7);
    }
    lf_label_path_destroy(path);
}

static void test_memory(void **state)
{
    (void)state;
    static const int64_t from[2] = {0, 1};
    static const int64_t end[2] = {5, 6};
    double found[2];
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        const lf_status status = lf_label_uniqueness(&memory.allocator, from, end, 2, found);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oracle),
        cmocka_unit_test(test_twin),
        cmocka_unit_test(test_alone),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
