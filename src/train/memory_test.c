/*
 * Goal: the memory of a fit grows with the number of rows only by what LightGBM keeps of a row.
 * Method: days made when they are opened, fitted in processes of their own so that each has its own
 * peak; the slope of the peak between few and many days, in bytes a row. Allocators under
 * sanitizers keep what is released, so there the slope is only printed.
 */
#include <lobflow/train.h>

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "train_testing.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

enum {
    ROWS = 23400,
    FEW = 6, /* the sample for the bins is full from three days on */
    MANY = 18,
    SKIPPED = 77, /* exit code: no LightGBM */
};

/* Of a row: a byte for each of 16 features, 4 + 4 for label and score's share of rounding, 8 for
   the score, 8 for gradients, 20 for the partition and what is sorted by it, all of it twice
   because rows are mirrored; the rest is room for what the allocator loses. */
static const double BYTES_A_ROW_MAX = 120;

/* A day with all features of the preset. */
static lf_status open_day(void *context, size_t day, lf_frame **out, lf_error *error)
{
    static const lf_column_spec fixed[] = {
        {"ts_event", LF_COLUMN_TIME},
        {"valid", LF_COLUMN_BOOL},
        {"ret_1min", LF_COLUMN_F64},
        {"up_1min", LF_COLUMN_F64},
        {"up_5min", LF_COLUMN_F64},
    };
    (void)context;
    lf_column_spec specs[5 + LF_MODEL_FEATURES_MAX];
    size_t indices[LF_MODEL_FEATURES_MAX];
    size_t count = 0;
    lf_random random;
    memcpy(specs, fixed, sizeof fixed);
    assert_true(lf_feature_count() <= LF_MODEL_FEATURES_MAX);
    assert_int_equal(lf_feature_select("scale_free", indices, &count, error), LF_OK);
    for (size_t f = 0; f < count; f++) {
        specs[5 + f] = (lf_column_spec){lf_feature_at(indices[f])->name, LF_COLUMN_F64};
    }
    assert_int_equal(lf_frame_create(NULL, specs, 5 + count, ROWS, out, error), LF_OK);
    assert_int_equal(lf_frame_append(*out, ROWS), LF_OK);
    lf_random_seed(&random, 1 + day, 0);
    for (size_t i = 0; i < ROWS; i++) {
        const double ret = lf_random_normal(&random);
        lf_frame_i64(*out, 0)[i] = (int64_t)day * LF_NS_PER_DAY + (int64_t)i * LF_NS_PER_SECOND;
        lf_frame_bool(*out, 1)[i] = 1;
        lf_frame_f64(*out, 2)[i] = ret;
        lf_frame_f64(*out, 3)[i] = ret > 0 ? 1 : 0;
        lf_frame_f64(*out, 4)[i] = ret > 0 ? 1 : 0;
        for (size_t f = 0; f < count; f++) {
            lf_frame_f64(*out, 5 + f)[i] = lf_random_normal(&random) + 0.1 * ret;
        }
    }
    return LF_OK;
}

static void close_day(void *context, size_t day, lf_frame *frame)
{
    (void)context;
    (void)day;
    lf_frame_destroy(frame);
}

/* In a process of its own: fits, and ends with what it found. */
static void fit(const char *path, size_t day_count)
{
    /* What is released goes back to the system, as in the program. */
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 18);
    const lf_train_days days = {.count = day_count, .open = open_day, .close = close_day};
    lf_train_options options;
    lf_train_options_init(&options, LF_TRAIN_SYMMETRIC);
    options.rounds_max = 5;
    options.threads = 1;
    lf_error error = {0};
    const lf_status status = lf_train_fit_days(&days, INT64_MIN, INT64_MAX, &options, path, &error);
    if (status != LF_OK) {
        (void)fprintf(stderr, "%s\n", error.message);
    }
    _exit(status == LF_OK ? 0 : status == LF_DEPENDENCY ? SKIPPED : 1);
}

/* Peak of a fit in bytes; 0 without LightGBM. */
static double peak(const char *path, size_t day_count)
{
    int code = 0;
    struct rusage usage;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        fit(path, day_count);
    }
    assert_true(wait4(child, &code, 0, &usage) == child && WIFEXITED(code));
    if (WEXITSTATUS(code) == SKIPPED) {
        return 0;
    }
    assert_int_equal(WEXITSTATUS(code), 0);
    return 1024 * (double)usage.ru_maxrss;
}

static void test_growth(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    const double few = peak(folder.path, FEW);
    const double many = few > 0 ? peak(folder.path, MANY) : 0;
    const double slope = (many - few) / ((MANY - FEW) * ROWS);
    lf_testing_folder_remove(&folder);
    if (few == 0) {
        print_message("skipped: no LightGBM\n");
        return;
    }
    print_message(
        "%d days %.1f MB, %d days %.1f MB: %.0f bytes a row\n",
        FEW,
        few / 1e6,
        MANY,
        many / 1e6,
        slope
    );
    assert_true(IS_SANITIZED || slope < BYTES_A_ROW_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_growth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
