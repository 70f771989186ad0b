/*
 * Goal: a call that fails leaves no folder behind that it made for nothing, and touches nothing
 * that was there. Method: rows of what is there before, what a call makes, and what must be left.
 */
#include "line_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../tests/testing.h"

static bool is_there(const char *name)
{
    return access(lf_testing_path(lf_testing_home(), name), F_OK) == 0;
}

static void make(const char *name)
{
    const char *const path = lf_testing_path(lf_testing_home(), name);
    if (strstr(name, ".csv") != NULL) {
        assert_int_equal(lf_file_write_atomic(path, "x", 1, NULL), LF_OK);
    } else {
        assert_int_equal(lf_mkdirs(path, NULL), LF_OK);
    }
}

static const struct {
    const char *before;  /* there before the call */
    const char *folder;  /* of the call */
    const char *name;    /* below it */
    const char *made[3]; /* by the call */
    const char *left;    /* must still be there */
    const char *gone;    /* must not */
} rows[] = {
    {"a", "a/run", "models", {"a/run/models"}, "a", "a/run"},
    {"b/run", "b/run", "models", {"b/run/models"}, "b/run", "b/run/models"},
    {"c/run/models", "c/run", "models", {NULL}, "c/run/models", NULL},
    {"d", "d/run/", "", {"d/run/models", "d/run/passive"}, "d", "d/run"},
    /* What holds a file stays, and the way to it. */
    {"e", "e/run", "", {"e/run/models", "e/run/x.csv"}, "e/run/x.csv", "e/run/models"},
    /* An empty folder of somebody else is not touched. */
    {"f/run/mine", "f/run", ".units", {"f/run/u/.units"}, "f/run/mine", NULL},
    {"g", "g/deep/er/run", "models", {"g/deep/er/run/models"}, "g", "g/deep"},
};

static void test_what_is_left(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lfi_made made;
        make(rows[i].before);
        char folder[512];
        (void
        )snprintf(folder, sizeof folder, "%s", lf_testing_path(lf_testing_home(), rows[i].folder));
        assert_int_equal(lfi_made_begin(folder, rows[i].name, &made, NULL), LF_OK);
        for (size_t k = 0; k < 3 && rows[i].made[k] != NULL; k++) {
            make(rows[i].made[k]);
        }
        lfi_made_undo(&made);
        if (!is_there(rows[i].left) || (rows[i].gone != NULL && is_there(rows[i].gone))) {
            fail_msg("row %zu: %s", i, made.path);
        }
    }
}

static void test_relative(void **state)
{
    (void)state;
    char here[1024];
    lfi_made made;
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(lf_testing_home()->path), 0);
    assert_int_equal(lfi_made_begin("rel/run", "models", &made, NULL), LF_OK);
    assert_string_equal(made.path, "rel");
    assert_int_equal(lf_mkdirs("rel/run/models", NULL), LF_OK);
    lfi_made_undo(&made);
    assert_int_equal(access("rel", F_OK), -1);
    assert_int_equal(chdir(here), 0);
}

static void test_long(void **state)
{
    (void)state;
    static char path[LFI_PATH_BYTES + 1];
    lfi_made made;
    memset(path, 'x', sizeof path - 1);
    assert_int_equal(lfi_made_begin(path, "models", &made, NULL), LF_RANGE);
    lfi_made_undo(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_left),
        cmocka_unit_test(test_relative),
        cmocka_unit_test(test_long),
    };
    return cmocka_run_group_tests(tests, lf_testing_home_make, lf_testing_home_remove);
}
