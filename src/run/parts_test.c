/*
 * Goal: training in parts gives the model folder of training at once, to the byte, in whatever
 * order the parts are made; models that are missing, damaged or of other rows are fitted anew.
 * Method: three simulated days, one of another symbol; every file of both folders compared.
 */
#include "line_internal.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../tests/testing.h"

enum {
    DAYS = 4
};

static lf_testing_folder data;
static lf_source_list sources;

static int make_data(void **state)
{
    static const char *const dates[DAYS] = {"2024-01-03", "2024-01-04", "2024-01-04", "2024-01-05"};
    (void)state;
    bool good = lf_testing_folder_make(&data);
    for (size_t i = 0; i < DAYS && good; i++) {
        const lf_testing_day day = {
            .symbol = i == 2 ? "CD" : "AB",
            .date = dates[i],
            .seed = 500 + i,
            .messages = 5000,
        };
        good = lf_testing_day_write(&data, &day);
    }
    const char *const paths[] = {data.path};
    return good && lf_feed_find(paths, 1, NULL, &sources, NULL) == LF_OK ? 0 : -1;
}

static int remove_data(void **state)
{
    (void)state;
    lf_source_list_clear(&sources);
    lf_testing_folder_remove(&data);
    return 0;
}

static lf_run_job job_of(const lf_config *config)
{
    return (lf_run_job){.config = config, .sources = sources.sources, .source_count = DAYS};
}

/* kind 0: the preset as it is; 1: a logistic with fitted features, the last day held out. */
static lf_config *new_config(int kind)
{
    lf_config *const config = malloc(sizeof *config);
    assert_non_null(config);
    lf_config_default(config);
    config->model.rounds_max = 20;
    config->step_ns = 5 * LF_NS_PER_SECOND;
    if (kind == 1) {
        config->model.kind = LF_TRAIN_LOGISTIC;
        config->split.holdout_days = 1;
        (void)snprintf(
            config->model_features,
            sizeof config->model_features,
            "ofi_norm_1min,depth_imbalance_l1,vpin,ofi_integrated_10s,microprice_offset_ticks"
        );
    }
    return config;
}

/* Rows of all days, the last one first. */
static void make_rows(const lf_run_job *job, const char *folder)
{
    lf_feature_carry carries[DAYS];
    lf_error error;
    assert_int_equal(lf_run_carries(job, carries, NULL), LF_OK);
    for (size_t i = DAYS; i-- > 0;) {
        if (lf_run_train_rows(job, i, &carries[i], folder, &error) != LF_OK) {
            fail_msg("%s", error.message);
        }
    }
}

/* Each file of a model folder is there in the other and has the same bytes; how many. */
static size_t must_be_same(const char *left, const char *right)
{
    DIR *const list = opendir(left);
    size_t count = 0;
    assert_non_null(list);
    for (const struct dirent *entry = readdir(list); entry != NULL; entry = readdir(list)) {
        char a[2048];
        char b[2048];
        (void)snprintf(a, sizeof a, "%s/%s", left, entry->d_name);
        (void)snprintf(b, sizeof b, "%s/%s", right, entry->d_name);
        if (entry->d_name[0] == '.') {
            continue;
        }
        if (entry->d_type == DT_DIR) {
            count += must_be_same(a, b);
            continue;
        }
        char *bytes[2] = {NULL, NULL};
        size_t sizes[2];
        lf_error error;
        if (lf_file_read_all(NULL, a, &bytes[0], &sizes[0], &error) != LF_OK ||
            lf_file_read_all(NULL, b, &bytes[1], &sizes[1], &error) != LF_OK) {
            fail_msg("%s", error.message);
        }
        if (sizes[0] != sizes[1] || memcmp(bytes[0], bytes[1], sizes[0]) != 0) {
            fail_msg("%s and %s differ", a, b);
        }
        lf_release(NULL, bytes[0]);
        lf_release(NULL, bytes[1]);
        count++;
    }
    (void)closedir(list);
    return count;
}

static char folder[2][1024];

/* Trains at once and in parts; the folder of the parts. */
static const char *train_twice(const lf_config *config, int kind)
{
    static char parts[1024];
    const lf_run_job job = job_of(config);
    lf_error error;
    size_t count = 0;
    (void)snprintf(folder[0], sizeof folder[0], "%s/whole_%d", data.path, kind);
    (void)snprintf(folder[1], sizeof folder[1], "%s/joined_%d", data.path, kind);
    (void)snprintf(parts, sizeof parts, "%s/parts_%d", data.path, kind);
    const lf_status status = lf_run_train(&job, folder[0], NULL, &error);
    if (status == LF_DEPENDENCY) {
        print_message("skipped: %s\n", error.message);
        return NULL;
    }
    assert_int_equal(status, LF_OK);
    make_rows(&job, parts);
    assert_int_equal(lf_run_train_fold_count(&job, parts, &count, NULL), LF_OK);
    assert_int_equal(count, kind == 1 ? 2 : 3);
    for (size_t number = count; number-- > 0;) {
        if (lf_run_train_fold(&job, parts, number, &error) != LF_OK) {
            fail_msg("%s", error.message);
        }
    }
    assert_int_equal(lf_run_train_fold(&job, parts, count, NULL), LF_RANGE);
    if (lf_run_train_parts(&job, parts, folder[1], NULL, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    return parts;
}

static void test_same_bytes(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        lf_config *const config = new_config(kind);
        if (train_twice(config, kind) != NULL) {
            const size_t files = must_be_same(folder[0], folder[1]);
            assert_int_equal(must_be_same(folder[1], folder[0]), files);
            assert_true(files >= 3);
        }
        free(config);
    }
}

/* A note of another build, a cut and a damaged one are refused by name, and nothing is trained. */
static void test_wrong_notes(void **state)
{
    (void)state;
    static const struct {
        size_t at;    /* byte that is changed; SIZE_MAX: none */
        size_t bytes; /* kept; SIZE_MAX: all */
        const char *part;
    } wrong[] = {
        {0, SIZE_MAX, "no note of the rows"},
        {9, SIZE_MAX, "another build"},
        {17, SIZE_MAX, "damaged"},
        {200, SIZE_MAX, "damaged"},
        {SIZE_MAX, 4, "no note of the rows"},
        {SIZE_MAX, 300, "another build"},
        {SIZE_MAX, 0, "no note of the rows"},
    };
    lf_config *const config = new_config(1);
    const lf_run_job job = job_of(config);
    char parts[1024], path[2048], out[1024];
    char *note = NULL;
    size_t bytes = 0, count = 0;
    (void)snprintf(parts, sizeof parts, "%s/notes", data.path);
    (void)snprintf(path, sizeof path, "%s/day_00001.note", parts);
    (void)snprintf(out, sizeof out, "%s/noted", data.path);
    make_rows(&job, parts);
    assert_int_equal(lf_file_read_all(NULL, path, &note, &bytes, NULL), LF_OK);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        lf_error error = {0};
        const size_t at = wrong[i].at;
        if (at != SIZE_MAX) {
            note[at] = (char)(note[at] ^ 1);
        }
        const size_t kept = wrong[i].bytes < bytes ? wrong[i].bytes : bytes;
        assert_int_equal(lf_file_write_atomic(path, note, kept, NULL), LF_OK);
        if (at != SIZE_MAX) {
            note[at] = (char)(note[at] ^ 1);
        }
        const lf_status status = lf_run_train_fold_count(&job, parts, &count, &error);
        if (status != LF_FORMAT || strstr(error.message, wrong[i].part) == NULL ||
            strstr(error.message, "day_00001.note") == NULL) {
            fail_msg("row %zu: %s", i, error.message);
        }
        assert_int_equal(lf_run_train_parts(&job, parts, out, NULL, NULL), LF_FORMAT);
        assert_int_equal(access(out, F_OK), -1);
    }
    assert_int_equal(lf_file_write_atomic(path, note, bytes, NULL), LF_OK);
    assert_int_equal(lf_run_train_fold_count(&job, parts, &count, NULL), LF_OK);
    lf_release(NULL, note);
    free(config);
}

/* What is taken is checked: a model of another seed, half a model and none are fitted anew. */
static void test_wrong_models(void **state)
{
    (void)state;
    lf_config *const config = new_config(0);
    const char *const parts = train_twice(config, 2);
    if (parts == NULL) {
        free(config);
        return;
    }
    const lf_run_job job = job_of(config);
    char path[2048];
    /* Fold 1: of another seed. Fold 2: a head is cut. The final model: not there. */
    config->model.seed = 77;
    assert_int_equal(lf_run_train_fold(&job, parts, 1, NULL), LF_OK);
    config->model.seed = 1;
    (void)snprintf(path, sizeof path, "%s/model_0002/up_1min.txt", parts);
    assert_int_equal(truncate(path, 100), 0);
    (void)snprintf(path, sizeof path, "%s/model_0000/model.json", parts);
    assert_int_equal(unlink(path), 0);
    char again[1024];
    (void)snprintf(again, sizeof again, "%s/again", data.path);
    assert_int_equal(lf_run_train_parts(&job, parts, again, NULL, NULL), LF_OK);
    assert_true(must_be_same(folder[0], again) > 10);
    /* A day without rows. */
    (void)snprintf(path, sizeof path, "%s/day_00001.note", parts);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(lf_run_train_parts(&job, parts, again, NULL, NULL), LF_NOT_FOUND);
    free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_wrong_models),
        cmocka_unit_test(test_wrong_notes),
    };
    return cmocka_run_group_tests(tests, make_data, remove_data);
}
