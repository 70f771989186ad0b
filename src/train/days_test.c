/*
 * Goal: training needs no more than one symbol-day at a time, and what it makes does not depend on
 * where the days come from; a sample is even.
 * Method: a provider that makes each day when it is opened, destroys it when it is closed and
 * counts; its models against those of the same frames in memory, byte by byte.
 */
#include "train_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "train_testing.h"

#define START INT64_C(1340285400000000000)

enum {
    DAYS = 3,
    ROWS = 4000
};

static lf_frame *make(size_t day)
{
    return testing_make(&(testing_day){
        .rows = ROWS,
        .first_ns = START + (int64_t)day * LF_NS_PER_DAY,
        .skill = 1,
        .seed = 40 + day,
    });
}

/* Makes days when they are asked for. */
typedef struct maker {
    size_t open_count;
    size_t most_open;
    size_t opened;   /* all in all */
    size_t fails_at; /* number of the opening that fails; SIZE_MAX: none */
} maker;

static lf_status open_day(void *context, size_t day, lf_frame **out, lf_error *error)
{
    maker *const m = context;
    if (m->opened++ == m->fails_at) {
        return lf_error_set(error, LF_IO, "day %zu is gone.", day);
    }
    m->open_count++;
    m->most_open = m->open_count > m->most_open ? m->open_count : m->most_open;
    *out = make(day);
    return LF_OK;
}

static void close_day(void *context, size_t day, lf_frame *frame)
{
    maker *const m = context;
    assert_true(day < DAYS);
    m->open_count--;
    lf_frame_destroy(frame);
}

static lf_train_days provider(maker *m)
{
    *m = (maker){.fails_at = SIZE_MAX};
    return (lf_train_days){.context = m, .count = DAYS, .open = open_day, .close = close_day};
}

static void test_one_day_at_a_time(void **state)
{
    (void)state;
    lf_frame *frames[DAYS];
    for (size_t d = 0; d < DAYS; d++) {
        frames[d] = make(d);
    }
    for (int kind = LF_TRAIN_LOGISTIC; kind >= LF_TRAIN_TREES; kind--) {
        lf_train_options options = testing_options();
        options.kind = (lf_train_kind)kind;
        options.rounds_max = 20;
        lf_testing_folder folder;
        assert_true(lf_testing_folder_make(&folder));
        lf_error error = {0};
        lf_train_walk *walks[2] = {NULL, NULL};
        maker m;
        const lf_train_days days = provider(&m);
        if (testing_skip(
                lf_train_walk_days(&days, &options, folder.path, &walks[0], &error), &error
            )) {
            lf_testing_folder_remove(&folder);
            break;
        }
        assert_int_equal(
            lf_train_walk_forward(frames, DAYS, &options, folder.path, &walks[1], &error), LF_OK
        );
        assert_int_equal(m.open_count, 0);
        assert_int_equal(m.most_open, 1);
        /* Model ids are hashes of the whole folder; they stand in the JSON beside all scores. */
        assert_string_equal(lf_train_walk_json(walks[0]), lf_train_walk_json(walks[1]));
        lf_train_walk_destroy(walks[0]);
        lf_train_walk_destroy(walks[1]);
        lf_testing_folder_remove(&folder);
    }
    for (size_t d = 0; d < DAYS; d++) {
        lf_frame_destroy(frames[d]);
    }
}

/* Whichever opening fails, what open() returned comes back and no day stays open. */
static void test_failing_days(void **state)
{
    (void)state;
    lf_testing_folder folder;
    assert_true(lf_testing_folder_make(&folder));
    for (size_t n = 0;; n += 1 + n / 4) {
        lf_train_options options = testing_options();
        options.kind = LF_TRAIN_LOGISTIC;
        lf_train_walk *walk = NULL;
        lf_error error = {0};
        maker m;
        const lf_train_days days = provider(&m);
        m.fails_at = n;
        const lf_status status = lf_train_walk_days(&days, &options, folder.path, &walk, &error);
        lf_train_walk_destroy(walk);
        assert_int_equal(m.open_count, 0);
        if (m.opened <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_IO);
        assert_non_null(strstr(error.message, "is gone"));
        assert_null(walk);
    }
    lf_testing_folder_remove(&folder);
}

/* Few rows are all in the sample; of many, early and late ones are there alike. */
static void test_sample(void **state)
{
    (void)state;
    enum {
        PLACES = 2000,
        COLUMN = 2 /* of the features of made-up days */
    };
    lf_frame *frames[DAYS];
    for (size_t d = 0; d < DAYS; d++) {
        frames[d] = make(d);
        for (size_t i = 0; i < ROWS; i++) {
            /* A number that tells the row. */
            lf_frame_f64(frames[d], 3 + COLUMN)[i] = (double)(d * ROWS + i);
        }
    }
    lf_train_options options = testing_options();
    options.mirrored = false;
    const lf_train_days days = lf_train_days_of(frames, DAYS);
    lfi_data data;
    assert_int_equal(lfi_data_create(&days, &options, true, &data, NULL), LF_OK);
    const lfi_query query = {
        .data = &data,
        .head = LF_HEAD_RET_1MIN,
        .span = {.first_ns = INT64_MIN, .end_ns = INT64_MAX, .label_end_ns = INT64_MAX},
    };
    lfi_sample all;
    assert_int_equal(lfi_sample_rows(&query, LFI_SAMPLE_ROWS, 1, &all, NULL), LF_OK);
    /* 60 rows of a day have no label, and one in 97 is not valid. */
    assert_true(all.count == all.row_count && all.count > DAYS * 3800 && all.count < DAYS * 3940);
    for (size_t i = 1; i < all.count; i++) {
        const double *const rows = all.values + COLUMN * all.capacity;
        assert_true(rows[i] > rows[i - 1]);
    }
    lfi_sample some;
    assert_int_equal(lfi_sample_rows(&query, PLACES, 1, &some, NULL), LF_OK);
    assert_int_equal(some.count, PLACES);
    assert_int_equal(some.row_count, all.row_count);
    size_t thirds[DAYS] = {0};
    for (size_t i = 0; i < some.count; i++) {
        thirds[(size_t)some.values[COLUMN * some.capacity + i] / ROWS]++;
    }
    /* Each day has a third of the rows; five standard deviations of a count are 105. */
    for (size_t d = 0; d < DAYS; d++) {
        assert_true(thirds[d] > PLACES / DAYS - 105 && thirds[d] < PLACES / DAYS + 106);
    }
    lfi_sample_release(NULL, &some);
    lfi_sample_release(NULL, &all);
    lfi_data_destroy(&data);
    for (size_t d = 0; d < DAYS; d++) {
        lf_frame_destroy(frames[d]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_day_at_a_time),
        cmocka_unit_test(test_failing_days),
        cmocka_unit_test(test_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
