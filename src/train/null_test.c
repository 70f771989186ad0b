/*
 * Goal: permutations say what chance gives, leave the days as they were, and go on where they were
 * stopped.
 * Method: made-up days with a planted signal and without one; a walk that is stopped in the middle
 * must end with the same bytes as one that was not; failing allocations.
 */
#include <lobflow/train.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "train_testing.h"

#define START INT64_C(1340285400000000000)

enum {
    DAYS = 2,
    ROWS = 8000
};

/* Frames, a walk over them, and the folder that it wrote to. */
typedef struct fixture {
    lf_frame *frames[DAYS];
    lf_train_days days;
    lf_train_options options;
    lf_testing_folder folder;
    lf_train_walk *walk;
    int calls;    /* of progress, after which it says no; 0: never */
    double least; /* share that progress began with */
} fixture;

static bool on_progress(void *context, double share)
{
    fixture *f = context;
    f->least = fmin(f->least, share);
    return f->calls == 0 || --f->calls > 0;
}

static void fixture_make(fixture *f, double skill)
{
    memset(f, 0, sizeof *f);
    for (int d = 0; d < DAYS; d++) {
        f->frames[d] = testing_make(&(testing_day
        ){.rows = ROWS,
          .first_ns = START + d * LF_NS_PER_DAY,
          .skill = skill,
          .seed = 40 + (uint64_t)d});
    }
    f->days = lf_train_days_of(f->frames, DAYS);
    f->options = testing_options();
    f->options.kind = LF_TRAIN_LOGISTIC;
    f->options.progress = on_progress;
    f->options.progress_context = f;
    f->least = 1;
    assert_true(lf_testing_folder_make(&f->folder));
    assert_int_equal(
        lf_train_walk_days(&f->days, &f->options, f->folder.path, &f->walk, NULL), LF_OK
    );
}

static lf_status permute(fixture *f, size_t count)
{
    f->least = 1;
    return lf_train_walk_permute(f->walk, &f->days, &f->options, count, f->folder.path, NULL);
}

static void fixture_end(fixture *f)
{
    lf_train_walk_destroy(f->walk);
    for (int d = 0; d < DAYS; d++) {
        lf_frame_destroy(f->frames[d]);
    }
    lf_testing_folder_remove(&f->folder);
}

static bool exists(const fixture *f, const char *name)
{
    char path[1200];
    (void)snprintf(path, sizeof path, "%s/%s", f->folder.path, name);
    return access(path, F_OK) == 0;
}

static void check_same_days(const fixture *f)
{
    for (int d = 0; d < DAYS; d++) {
        const testing_day made = {ROWS, START + d * LF_NS_PER_DAY, 1, 40 + (uint64_t)d};
        lf_frame *fresh = testing_make(&made);
        for (size_t c = 3; c < TESTING_COLUMNS; c++) {
            assert_memory_equal(
                lf_frame_f64(f->frames[d], c), lf_frame_f64(fresh, c), ROWS * sizeof(double)
            );
        }
        lf_frame_destroy(fresh);
    }
}

/* No permutation of 19 finds what is there: p is 1 / 20. */
static void test_planted(void **state)
{
    (void)state;
    enum {
        COUNT = 19
    };
    fixture f;
    fixture_make(&f, 1);
    assert_true(lf_train_walk_null(f.walk)->count == 0);
    assert_null(strstr(lf_train_walk_json(f.walk), "permutations"));
    assert_int_equal(permute(&f, COUNT), LF_OK);
    const lf_train_null *null = lf_train_walk_null(f.walk);
    const lf_train_scores *scores = lf_train_walk_scores(f.walk);
    const lf_train_stand *auc = &null->scores[LF_TRAIN_NULL_AUC_1MIN];
    print_message(
        "planted: auc %.3f among %.3f +- %.3f [%.3f %.3f]\n",
        auc->truth,
        auc->mean,
        auc->sd,
        auc->low,
        auc->high
    );
    assert_true(null->count == COUNT);
    assert_true(auc->truth == scores->up_1min[LF_TRAIN_MODEL].auc);
    assert_true(auc->reached == 0 && fabs(auc->p - 0.05) < 1e-15);
    assert_true(fabs(auc->mean - 0.5) < 3 * auc->sd / sqrt(COUNT) && auc->sd > 0.005);
    assert_true(auc->low < 0.5 && auc->high > 0.5);
    assert_true(null->scores[LF_TRAIN_NULL_IC].truth == scores->ret_1min.ic_all);
    assert_true(null->scores[LF_TRAIN_NULL_IC].reached == 0);
    assert_non_null(strstr(lf_train_walk_json(f.walk), "\"permutations\""));
    assert_null(strstr(scores->warnings, "permutations"));
    /* A larger count adds to what is there. */
    assert_int_equal(permute(&f, COUNT + 1), LF_OK);
    assert_true(f.least > 0.9 && lf_train_walk_null(f.walk)->count == COUNT + 1);
    assert_true(exists(&f, "permutations.jsonl") && !exists(&f, ".permuted"));
    check_same_days(&f);
    fixture_end(&f);
}

static void test_nothing(void **state)
{
    (void)state;
    fixture f;
    fixture_make(&f, 0);
    assert_int_equal(permute(&f, 9), LF_OK);
    const lf_train_stand *auc = &lf_train_walk_null(f.walk)->scores[LF_TRAIN_NULL_AUC_1MIN];
    print_message("nothing: auc %.3f, %.0f of 9 reach it\n", auc->truth, auc->reached);
    assert_true(auc->p > 0.1 && auc->p == (1 + auc->reached) / 10);
    assert_non_null(strstr(lf_train_walk_scores(f.walk)->warnings, "chance would do"));
    fixture_end(&f);
}

static char *read_ledger(const fixture *f, size_t *bytes)
{
    char path[1200];
    char *text = NULL;
    (void)snprintf(path, sizeof path, "%s/permutations.jsonl", f->folder.path);
    assert_int_equal(lf_file_read_all(NULL, path, &text, bytes, NULL), LF_OK);
    return text;
}

/* Stopped in the third of six, then asked for six: the first two are not made again. */
static void test_resumed(void **state)
{
    (void)state;
    fixture whole;
    fixture stopped;
    size_t whole_bytes = 0;
    size_t stopped_bytes = 0;
    fixture_make(&whole, 1);
    fixture_make(&stopped, 1);
    assert_int_equal(permute(&whole, 6), LF_OK);
    stopped.calls = 2 * 3 + 2; /* three heads a permutation tell of themselves */
    assert_int_equal(permute(&stopped, 6), LF_CANCELLED);
    assert_true(lf_train_walk_null(stopped.walk)->count == 0);
    assert_false(exists(&stopped, ".permuted"));
    check_same_days(&stopped);
    stopped.calls = 0;
    assert_int_equal(permute(&stopped, 6), LF_OK);
    assert_true(stopped.least > 2.0 / 6 && stopped.least < 3.0 / 6);
    char *a = read_ledger(&whole, &whole_bytes);
    char *b = read_ledger(&stopped, &stopped_bytes);
    assert_int_equal(whole_bytes, stopped_bytes);
    assert_memory_equal(a, b, whole_bytes);
    assert_string_equal(lf_train_walk_json(whole.walk), lf_train_walk_json(stopped.walk));
    lf_release(NULL, a);
    lf_release(NULL, b);
    fixture_end(&whole);
    fixture_end(&stopped);
}

/* Permutations of another walk are not taken over. */
static void test_other_walk(void **state)
{
    (void)state;
    fixture f;
    fixture_make(&f, 1);
    assert_int_equal(permute(&f, 2), LF_OK);
    lf_train_walk_destroy(f.walk);
    f.options.ridge = 100;
    assert_int_equal(lf_train_walk_days(&f.days, &f.options, f.folder.path, &f.walk, NULL), LF_OK);
    assert_int_equal(permute(&f, 2), LF_OK);
    assert_true(f.least < 0.5);
    fixture_end(&f);
}

static void test_failing_memory(void **state)
{
    (void)state;
    fixture f;
    fixture_make(&f, 1);
    for (uint64_t n = 0;; n += 1 + n / 2) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        lf_train_options options = f.options;
        options.allocator = &memory.allocator;
        char ledger[1200];
        (void)snprintf(ledger, sizeof ledger, "%s/permutations.jsonl", f.folder.path);
        (void)remove(ledger);
        const lf_status status =
            lf_train_walk_permute(f.walk, &f.days, &options, 1, f.folder.path, NULL);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
    }
    check_same_days(&f);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_planted),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_resumed),
        cmocka_unit_test(test_other_walk),
        cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
