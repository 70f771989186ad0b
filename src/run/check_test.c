/*
 * Goal: what is wrong with a configuration is told before any data are read, for each use of it.
 * Method: rows of keys, the use, what it must come to and a part of what is said; no data at all.
 */
#include "line_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

static const struct {
    const char *keys[2][2];
    lf_run_use use;
    lf_status status;
    const char *part;
} rows[] = {
    {{{"features.set", "all"}}, LF_RUN_USE_FEATURES, LF_OK, ""},
    {{{"features.set", "mlofi"}}, LF_RUN_USE_FEATURES, LF_OK, ""},
    {{{"features.set", "vpin,default"}}, LF_RUN_USE_FEATURES, LF_OK, ""},
    {{{"features.set", "vpn"}}, LF_RUN_USE_FEATURES, LF_NOT_FOUND, "did you mean \"vpin\""},
    {{{"features.set", "vpin,"}}, LF_RUN_USE_FEATURES, LF_NOT_FOUND, "no feature \"\""},
    /* What a use does not look at is not its business. */
    {{{"features.set", "vpn"}}, LF_RUN_USE_TRAIN, LF_OK, ""},
    {{{"model.features", "vpn"}}, LF_RUN_USE_FEATURES, LF_OK, ""},
    {{{"model.features", "vpn"}, {"sweep.keys", "risk.hold=1s"}}, LF_RUN_USE_SWEEP, LF_OK, ""},
    {{{"model.features", "vpn"}}, LF_RUN_USE_TRAIN, LF_NOT_FOUND, "did you mean \"vpin\""},
    {{{"model.features", "vpn"}}, LF_RUN_USE_LINE, LF_NOT_FOUND, "did you mean \"vpin\""},
    {{{"model.features", "mlofi"}}, LF_RUN_USE_TRAIN, LF_NOT_FOUND, "no feature \"mlofi\""},
    {{{"model.monotone", "vpin:up"}}, LF_RUN_USE_TRAIN, LF_RANGE, "a feature and a sign"},
    {{{"model.features", "spread_bps"}, {"model.monotone", "vpin:+"}},
     LF_RUN_USE_TRAIN,
     LF_NOT_FOUND,
     "not among the model's features"},
    {{{"model.features", "spread_bps,vpin"}, {"model.monotone", "vpin:+"}},
     LF_RUN_USE_LINE,
     LF_OK,
     ""},
    {{{"model.trials", "5"}}, LF_RUN_USE_TRAIN, LF_OK, ""},
    {{{"model.trials", "5"}}, LF_RUN_USE_LINE, LF_RANGE, "model.trials is for train"},
    {{{"sweep.keys", "risk.hold=1s,2s"}}, LF_RUN_USE_LINE, LF_RANGE, "is for backtest"},
    {{{"train.validation", "kfold"}}, LF_RUN_USE_TRAIN, LF_OK, ""},
    {{{"train.validation", "kfold"}}, LF_RUN_USE_LINE, LF_RANGE, "cannot trade"},
    {{{"sweep.keys", "risk.hold=1s,2s"}}, LF_RUN_USE_SWEEP, LF_OK, ""},
    {{{"sweep.keys", "risk.hodl=1s"}}, LF_RUN_USE_SWEEP, LF_NOT_FOUND, "hold"},
    {{{"sweep.keys", "risk.hold=1s,soon"}}, LF_RUN_USE_SWEEP, LF_RANGE, "risk.hold"},
    {{{"sweep.keys", "risk.order_size=5,-1"}}, LF_RUN_USE_SWEEP, LF_RANGE, "risk.order_size"},
};

static void test_rows(void **state)
{
    (void)state;
    lf_config *const config = malloc(sizeof *config);
    assert_non_null(config);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lf_error error = {0};
        const lf_run_job job = {.config = config};
        lf_config_default(config);
        for (size_t k = 0; k < 2 && rows[i].keys[k][0] != NULL; k++) {
            const char *const *const key = rows[i].keys[k];
            assert_int_equal(lf_config_set_text(config, key[0], key[1], NULL), LF_OK);
        }
        if (lf_config_check(config, &error) != LF_OK) {
            fail_msg("row %zu: %s", i, error.message);
        }
        const lf_status status = lf_run_check(&job, rows[i].use, &error);
        if (status != rows[i].status || strstr(error.message, rows[i].part) == NULL) {
            fail_msg("row %zu: %s, \"%s\"", i, lf_status_name(status), error.message);
        }
    }
    free(config);
}

static double value(const lf_feature_view *view, const double *row, const void *kept)
{
    (void)view;
    (void)kept;
    return row[0];
}

/* Features of one's own are known by name. */
static void test_users(void **state)
{
    (void)state;
    const lf_feature_user mine = {.name = "mine", .value = value, .mirror = LF_MIRROR_ODD};
    lf_feature_users *users = NULL;
    lf_config *const config = malloc(sizeof *config);
    assert_non_null(config);
    lf_config_default(config);
    assert_int_equal(lf_config_set_text(config, "features.set", "default,mine", NULL), LF_OK);
    assert_int_equal(lf_config_set_text(config, "model.features", "vpin,mine", NULL), LF_OK);
    assert_int_equal(lf_feature_users_create(NULL, &mine, 1, &users, NULL), LF_OK);
    for (int k = 0; k < 2; k++) {
        const lf_run_job job = {.config = config, .users = k == 0 ? users : NULL};
        const lf_status expected = k == 0 ? LF_OK : LF_NOT_FOUND;
        assert_int_equal(lf_run_check(&job, LF_RUN_USE_FEATURES, NULL), expected);
        assert_int_equal(lf_run_check(&job, LF_RUN_USE_TRAIN, NULL), expected);
        assert_int_equal(lf_run_check(&job, LF_RUN_USE_LINE, NULL), expected);
    }
    lf_feature_users_destroy(users);
    free(config);
}

static void test_memory(void **state)
{
    (void)state;
    static const lf_run_use uses[] = {
        LF_RUN_USE_FEATURES, LF_RUN_USE_TRAIN, LF_RUN_USE_SWEEP, LF_RUN_USE_LINE};
    lf_config *const config = malloc(sizeof *config);
    assert_non_null(config);
    for (size_t i = 0; i < 4; i++) {
        lf_config_default(config);
        if (uses[i] == LF_RUN_USE_SWEEP) {
            assert_int_equal(lf_config_set_text(config, "sweep.keys", "risk.hold=1s", NULL), LF_OK);
        }
        bool enough = false;
        for (uint64_t n = 0; !enough; n++) {
            lf_testing_memory memory;
            lf_testing_memory_start(&memory, n);
            const lf_run_job job = {.allocator = &memory.allocator, .config = config};
            const lf_status status = lf_run_check(&job, uses[i], NULL);
            enough = memory.calls <= n;
            assert_int_equal(status, enough ? LF_OK : LF_NOMEM);
            assert_int_equal(memory.live, 0);
        }
    }
    free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_users),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
