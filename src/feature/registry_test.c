/*
 * Goal: the registry is complete and consistent, sets select what they name, and mirroring is an
 * involution with a closed scale-free set.
 * Method: every entry against the rules of docs/modules/feature.md; tables of sets and of errors.
 */
#include <lobflow/feature.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define FEATURES 64
#define FEATURES_ALL 69

static void test_entries(void **state)
{
    (void)state;
    assert_int_equal(lf_feature_count(), FEATURES);
    assert_int_equal(lf_feature_count_all(), FEATURES_ALL);
    for (size_t i = 0; i < FEATURES_ALL; i++) {
        const lf_feature_info *info = lf_feature_at(i);
        assert_int_equal(info->is_fitted, i >= FEATURES);
        assert_false(info->is_fitted && info->is_scale_free);
        assert_int_equal(lf_feature_find(info->name), i);
        assert_true(info->group[0] != '\0' && info->unit[0] != '\0');
        assert_true(info->formula[0] != '\0' && info->source[0] != '\0');
        assert_true(info->warmup_ns >= 0 && info->warmup_ns <= 5 * LF_NS_PER_MINUTE);
    }
    assert_true(lf_feature_find("ofi") == SIZE_MAX);
}

/* The window in a name is the warm-up; five features have one that their name does not tell. */
static void test_warmups(void **state)
{
    (void)state;
    static const struct {
        const char *suffix;
        int64_t warmup_ns;
    } suffixes[] = {
        {"_1s", LF_NS_PER_SECOND},
        {"_10s", 10 * LF_NS_PER_SECOND},
        {"_1min", LF_NS_PER_MINUTE},
        {"_5min", 5 * LF_NS_PER_MINUTE},
    };
    static const struct {
        const char *name;
        int64_t warmup_ns;
    } others[] = {
        {"trade_imbalance", LF_NS_PER_MINUTE},
        {"large_trade_indicator", 10 * LF_NS_PER_SECOND},
        {"spread_z_score", 5 * LF_NS_PER_MINUTE},
        {"resilience", 5 * LF_NS_PER_MINUTE},
        {"event_burst_10s", 5 * LF_NS_PER_MINUTE},
    };
    for (size_t i = 0; i < FEATURES_ALL; i++) {
        const lf_feature_info *info = lf_feature_at(i);
        const size_t length = strlen(info->name);
        int64_t expected = 0;
        for (size_t k = 0; k < 4; k++) {
            const size_t tail = strlen(suffixes[k].suffix);
            if (length > tail && strcmp(info->name + length - tail, suffixes[k].suffix) == 0) {
                expected = suffixes[k].warmup_ns;
            }
        }
        for (size_t k = 0; k < sizeof others / sizeof others[0]; k++) {
            if (strcmp(info->name, others[k].name) == 0) {
                expected = others[k].warmup_ns;
            }
        }
        assert_int_equal(info->warmup_ns, expected);
    }
}

static void test_partners(void **state)
{
    (void)state;
    for (size_t i = 0; i < FEATURES_ALL; i++) {
        const lf_feature_info *info = lf_feature_at(i);
        const bool swaps = info->mirror == LF_MIRROR_SWAP || info->mirror == LF_MIRROR_SWAP_MINUS;
        assert_int_equal(info->partner >= 0, swaps);
        if (swaps) {
            const lf_feature_info *partner = lf_feature_at((size_t)info->partner);
            assert_int_equal(partner->partner, i);
            assert_int_equal(partner->mirror, info->mirror);
            assert_int_equal(partner->is_scale_free, info->is_scale_free);
        }
    }
}

static void test_select(void **state)
{
    (void)state;
    static const struct {
        const char *set;
        size_t count;
        const char *first;
    } cases[] = {
        {"default", FEATURES, "ofi_1s"},
        {"scale_free", 16, "ofi_norm_1min"},
        {"vpin", 1, "vpin"},
        {"spread_bps,ofi_1s", 2, "spread_bps"},
        {"vpin,vpin,default", FEATURES, "vpin"},
        {"fitted", FEATURES_ALL - FEATURES, "ofi_integrated_1s"},
        {"default,microprice_offset_ticks", FEATURES + 1, "ofi_1s"},
        {"fitted,default", FEATURES_ALL, "ofi_integrated_1s"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t indices[FEATURES_ALL];
        size_t count = 0;
        assert_int_equal(lf_feature_select(cases[i].set, indices, &count, NULL), LF_OK);
        assert_int_equal(count, cases[i].count);
        assert_string_equal(lf_feature_at(indices[0])->name, cases[i].first);
    }
}

static void test_select_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *set;
        const char *told; /* part of the message */
    } cases[] = {
        {"ofi_1mim", "did you mean \"ofi_1min\""},
        {"ofi_1s,", "There is no feature \"\""},
        {"", "There is no feature \"\""},
        {"a_very_long_word_that_is_longer_than_any_name_of_a_feature_could_ever_be_in_this_table",
         "There is no feature"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t indices[FEATURES_ALL];
        size_t count = 99;
        lf_error error;
        assert_int_equal(lf_feature_select(cases[i].set, indices, &count, &error), LF_NOT_FOUND);
        assert_int_equal(count, 0);
        assert_non_null(strstr(error.message, cases[i].told));
    }
}

/* Twice mirrored is the row again, for all features and for the scale-free ones. */
static void test_mirror_twice(void **state)
{
    (void)state;
    static const char *const sets[] = {"default", "scale_free", "default,fitted"};
    for (size_t s = 0; s < 3; s++) {
        size_t indices[FEATURES_ALL];
        size_t count;
        assert_int_equal(lf_feature_select(sets[s], indices, &count, NULL), LF_OK);
        double row[FEATURES_ALL];
        double once[FEATURES_ALL];
        double twice[FEATURES_ALL];
        double by_steps[FEATURES_ALL];
        lf_mirror_step steps[FEATURES_ALL];
        for (size_t k = 0; k < count; k++) {
            /* Powers of two, whose inverse is exact. */
            row[k] = ldexp(1.0, (int)(k % 7) - 3);
        }
        assert_int_equal(lf_feature_mirror_row(indices, count, row, once, NULL), LF_OK);
        assert_int_equal(lf_feature_mirror_row(indices, count, once, twice, NULL), LF_OK);
        /* The steps that were found before do the same. */
        assert_int_equal(lf_feature_mirror_plan(NULL, indices, count, steps, NULL), LF_OK);
        lf_feature_mirror_apply(steps, count, row, by_steps);
        assert_memory_equal(by_steps, once, count * sizeof *once);
        assert_memory_equal(row, twice, count * sizeof *row);
    }
}

static void test_mirror_without_partner(void **state)
{
    (void)state;
    const size_t indices[1] = {lf_feature_find("bid_slope")};
    const double row[1] = {1};
    double out[1];
    lf_error error;
    lf_mirror_step step;
    assert_int_equal(lf_feature_mirror_plan(NULL, indices, 1, &step, NULL), LF_RANGE);
    assert_int_equal(lf_feature_mirror_row(indices, 1, row, out, &error), LF_RANGE);
    assert_non_null(strstr(error.message, "ask_slope"));
}

static void test_options(void **state)
{
    (void)state;
    const lf_instrument good = {
        .tick_nano = 10000000,
        .lot_nano = LF_NS_PER_SECOND,
        .units_per_tick = 100,
        .level_count = 10,
        .session_close_ns = LF_NS_PER_SECOND,
    };
    lf_instrument bad[6] = {good, good, good, good, good, good};
    bad[0].level_count = 0;
    bad[1].level_count = LF_LEVELS_MAX + 1;
    bad[2].session_close_ns = 0;
    bad[3].units_per_tick = 0;
    bad[4].tick_nano = 0;
    bad[5].lot_nano = 0;
    lf_feature_engine *engine;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        lf_error error;
        assert_int_equal(lf_feature_engine_create(&bad[i], NULL, &engine, &error), LF_RANGE);
        assert_null(engine);
        assert_true(error.message[0] != '\0');
    }
    const lf_feature_options negative = {.vpin_bucket_lots = -1};
    assert_int_equal(lf_feature_engine_create(&good, &negative, &engine, NULL), LF_RANGE);
    const lf_feature_options huge = {.window_events_max = SIZE_MAX};
    assert_int_equal(lf_feature_engine_create(&good, &huge, &engine, NULL), LF_RANGE);
    lf_feature_engine_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_warmups),
        cmocka_unit_test(test_partners),
        cmocka_unit_test(test_select),
        cmocka_unit_test(test_select_refuses),
        cmocka_unit_test(test_mirror_twice),
        cmocka_unit_test(test_mirror_without_partner),
        cmocka_unit_test(test_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
