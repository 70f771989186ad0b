/*
 * Goal: every look at a held-out day is written down once and counted for the right day; what
 * cannot be written down is refused; what is said of the looks is true. Method: a ledger in a
 * folder of its own, looks at overlapping sets of days, lines that a person spoilt, ledgers that
 * cannot be read or written, memory that fails.
 */
#include "holdout_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

static const lfi_held_day a1 = {"AAA", "2024-01-05", 100};
static const lfi_held_day a2 = {"AAA", "2024-01-08", 200};
static const lfi_held_day b2 = {"BBB", "2024-01-08", 300};
static const lfi_held_day other = {"AAA", "2024-01-05", 101};

/* A job whose ledger lies in a folder. */
typedef struct fixture {
    lf_testing_folder folder;
    lf_config *config;
    lf_run_job job;
} fixture;

static void open_fixture(fixture *f)
{
    assert_true(lf_testing_folder_make(&f->folder));
    f->config = lf_allocate(NULL, 1, sizeof *f->config);
    assert_non_null(f->config);
    lf_config_default(f->config);
    (void)snprintf(
        f->config->holdout_ledger,
        sizeof f->config->holdout_ledger,
        "%s/deep/looks.tsv",
        f->folder.path
    );
    f->job = (lf_run_job){.config = f->config};
}

static void close_fixture(fixture *f)
{
    lf_release(NULL, f->config);
    lf_testing_folder_remove(&f->folder);
}

static int64_t looks_at(const fixture *f, const lfi_held_day *days, size_t count)
{
    int64_t looks = -1;
    assert_int_equal(lfi_ledger_count(&f->job, days, count, &looks, NULL), LF_OK);
    return looks;
}

static void look(const fixture *f, const lfi_held_day *days, size_t count, const char *folder)
{
    assert_int_equal(lfi_ledger_add(&f->job, days, count, "train", folder, NULL), LF_OK);
}

static void test_counts(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    const lfi_held_day both[2] = {a1, a2};
    const lfi_held_day last[2] = {a2, b2};
    assert_int_equal(looks_at(&f, both, 2), 0);
    look(&f, both, 2, "model");
    assert_int_equal(looks_at(&f, both, 2), 1);
    assert_int_equal(looks_at(&f, &a1, 1), 1);
    assert_int_equal(looks_at(&f, &b2, 1), 0);
    assert_int_equal(looks_at(&f, &other, 1), 0);
    /* One day in common: the day that was looked at most counts. */
    assert_int_equal(looks_at(&f, last, 2), 1);
    look(&f, last, 2, "a folder\nwith a line end\tand a tab");
    assert_int_equal(looks_at(&f, last, 2), 2);
    assert_int_equal(looks_at(&f, &a1, 1), 1);
    assert_int_equal(looks_at(&f, &b2, 1), 1);
    /* What a person has spoilt counts for nothing and hides nothing. */
    char *text = NULL;
    size_t bytes = 0;
    assert_int_equal(lf_file_read_all(NULL, f.config->holdout_ledger, &text, &bytes, NULL), LF_OK);
    char *more = malloc(bytes + 200);
    assert_non_null(more);
    const int length = snprintf(
        more,
        bytes + 200,
        "%snot a line\n\n\tAAA\t2024-01-05\n2026-01-01\ttrain\tAAA\t2024-01-05\tmany\tx\n"
        "2026-01-01\ttrain\tAAA\t2024-01-05\t100\tx",
        text
    );
    assert_int_equal(
        lf_file_write_atomic(f.config->holdout_ledger, more, (size_t)length, NULL), LF_OK
    );
    assert_int_equal(looks_at(&f, &a1, 1), 2);
    free(more);
    lf_release(NULL, text);
    close_fixture(&f);
}

static void test_places(void **state)
{
    (void)state;
    fixture f;
    char path[LFI_PATH_BYTES];
    lf_error error = {0};
    open_fixture(&f);
    f.config->holdout_ledger[0] = '\0';
    assert_int_equal(setenv("XDG_STATE_HOME", "/s", 1), 0);
    assert_int_equal(setenv("HOME", "/h", 1), 0);
    assert_int_equal(lfi_ledger_path(f.config, path, NULL), LF_OK);
    assert_string_equal(path, "/s/lobflow/holdout.tsv");
    assert_int_equal(setenv("XDG_STATE_HOME", "relative", 1), 0);
    assert_int_equal(lfi_ledger_path(f.config, path, NULL), LF_OK);
    assert_string_equal(path, "/h/.local/state/lobflow/holdout.tsv");
    assert_int_equal(unsetenv("HOME"), 0);
    assert_int_equal(lfi_ledger_path(f.config, path, &error), LF_IO);
    assert_non_null(strstr(error.message, "train.holdout_ledger"));
    /* A ledger that is a folder can be neither read nor written. */
    (void)snprintf(f.config->holdout_ledger, sizeof f.config->holdout_ledger, "%s", f.folder.path);
    assert_int_equal(lfi_ledger_add(&f.job, &a1, 1, "train", "m", &error), LF_IO);
    assert_non_null(strstr(error.message, "not scored"));
    close_fixture(&f);
}

static void test_notes(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    lfi_held_day days[3] = {a1, a2, b2};
    lfi_holdout holdout = {.span = {1, 2}, .days = days, .count = 3};
    char note[512];
    assert_int_equal(lfi_holdout_look(&f.job, &holdout, "train", "m", NULL), LF_OK);
    lfi_holdout_note(&holdout, note, sizeof note);
    /* Two symbols of one date are one day. */
    assert_string_equal(
        note,
        "2 days from 2024-01-05 on held out: not trained on and not scored here; looked at 0 times "
        "so far."
    );
    holdout.is_scored = true;
    for (int k = 1; k <= 2; k++) {
        assert_int_equal(lfi_holdout_look(&f.job, &holdout, "train", "m", NULL), LF_OK);
        assert_int_equal(holdout.looks, k);
        lfi_holdout_note(&holdout, note, sizeof note);
        assert_int_equal(strstr(note, "not out of sample") != NULL, k == 2);
    }
    char *text = NULL;
    json_t *root = json_pack("{s:[]}", "folds");
    assert_int_equal(
        lfi_holdout_findings(&f.job, &holdout, root, "{\"scored_rows\": 7}", &text, NULL), LF_OK
    );
    json_decref(root);
    assert_non_null(strstr(text, "\"looks\": 2"));
    assert_non_null(strstr(text, "\"scored_rows\": 7"));
    lf_release(NULL, text);
    /* Without held-out days findings stay as they are. */
    holdout.span = (lf_train_span){INT64_MAX, INT64_MAX};
    root = json_object();
    assert_int_equal(lfi_holdout_findings(&f.job, &holdout, root, NULL, &text, NULL), LF_OK);
    json_decref(root);
    assert_string_equal(text, "{}");
    lf_release(NULL, text);
    close_fixture(&f);
}

static void test_training(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t first;
    } cases[] = {
        {NULL, INT64_MAX},
        {"", INT64_MAX},
        {"{}", INT64_MAX},
        {"{\"options\": {\"holdout\": {\"first_ns\": 5}}}", INT64_MAX},
        {"{\"options\": {\"holdout\": {\"first_ns\": 5, \"end_ns\": 9}}}", 5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(lfi_holdout_of_training(cases[i].text).first_ns == cases[i].first);
    }
}

static void test_memory(void **state)
{
    (void)state;
    fixture f;
    open_fixture(&f);
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        f.job.allocator = &memory.allocator;
        int64_t looks = 0;
        lf_status status = lfi_ledger_add(&f.job, &a1, 1, "train", "m", NULL);
        if (status == LF_OK) {
            status = lfi_ledger_count(&f.job, &a1, 1, &looks, NULL);
        }
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            assert_true(looks > 0);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
    }
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_notes),
        cmocka_unit_test(test_training),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
