/*
 * Goal: fitted features in the verbs: parameters come from earlier days or from a model, never from
 * the day itself or a later one, and what was scored is what is predicted and traded.
 * Method: three simulated days of one symbol; tables with and without later days, beside rows made
 * by hand with the parameters that a model holds; a line of one day and of three.
 */
#include "line_internal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

#define ROWS 23400
#define SET "ofi_1min,microprice_offset_ticks,ofi_integrated_10s"
#define MODEL_SET "ofi_norm_1min,depth_imbalance_l1,microprice_offset_ticks,ofi_integrated_10s"

enum {
    DAYS = 3
};

static lf_testing_folder data;
static lf_source_list sources;
static lf_testing_folder small; /* days that are read again and again */
static lf_source_list small_sources;

static bool make_days(int messages, size_t count, lf_testing_folder *folder, lf_source_list *list)
{
    static const char *const dates[DAYS] = {"2024-01-03", "2024-01-04", "2024-01-05"};
    if (!lf_testing_folder_make(folder)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const lf_testing_day day = {
            .symbol = "AB", .date = dates[i], .seed = 200 + i, .messages = messages};
        if (!lf_testing_day_write(folder, &day)) {
            return false;
        }
    }
    const char *const paths[] = {folder->path};
    return lf_feed_find(paths, 1, NULL, list, NULL) == LF_OK;
}

static int make_data(void **state)
{
    (void)state;
    const bool is_made = make_days(6000, DAYS, &data, &sources);
    return is_made && make_days(400, 2, &small, &small_sources) ? 0 : -1;
}

static int remove_data(void **state)
{
    (void)state;
    lf_source_list_clear(&sources);
    lf_source_list_clear(&small_sources);
    lf_testing_folder_remove(&data);
    lf_testing_folder_remove(&small);
    return 0;
}

static lf_config *new_config(const char *set)
{
    lf_config *const config = malloc(sizeof *config);
    assert_non_null(config);
    lf_config_default(config);
    config->model.kind = LF_TRAIN_LOGISTIC;
    (void)snprintf(config->set, sizeof config->set, "%s", set);
    (void)snprintf(config->model_features, sizeof config->model_features, "%s", MODEL_SET);
    return config;
}

/* Counts sentences that hold a word. */
typedef struct ear {
    const char *word;
    int heard;
} ear;

static void listen(void *context, const char *sentence)
{
    ear *const self = context;
    self->heard += strstr(sentence, self->word) != NULL ? 1 : 0;
}

/* The table in memory is the one in the file. */
static void
must_be_in_memory(const lf_run_job *job, const lf_run_features_options *options, lf_frame *file)
{
    lf_frame *table = NULL;
    assert_int_equal(lf_run_features_table(job, options, &table, NULL), LF_OK);
    const size_t rows = lf_frame_row_count(file);
    assert_int_equal(lf_frame_row_count(table), rows);
    assert_int_equal(lf_frame_column_count(table), lf_frame_column_count(file));
    for (size_t c = 0; c < lf_frame_column_count(table); c++) {
        assert_string_equal(lf_frame_column(table, c).name, lf_frame_column(file, c).name);
        if (lf_frame_column(table, c).kind == LF_COLUMN_F64) {
            assert_int_equal(lf_frame_cast(file, c, LF_COLUMN_F64, NULL), LF_OK);
            for (size_t i = 0; i < rows; i++) {
                const double x = lf_frame_f64(table, c)[i];
                const double y = lf_frame_f64(file, c)[i];
                assert_true(x == y || (isnan(x) && isnan(y)));
            }
        }
    }
    lf_frame_destroy(table);
}

/* The table of the verb features over some of the days; end it with lf_frame_destroy(). */
static lf_frame *
table_of(const lf_config *config, size_t first, size_t count, const lf_model *model, ear *self)
{
    const lf_run_job job = {
        .config = config,
        .sources = sources.sources + first,
        .source_count = count,
        .say = self != NULL ? listen : NULL,
        .say_context = self,
    };
    const lf_run_features_options options = {.model = model};
    const char *const path = lf_testing_path(&data, "f.csv");
    lf_frame *out = NULL;
    lf_error error;
    if (lf_run_features(&job, &options, path, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    assert_int_equal(lf_frame_read(path, &out, NULL), LF_OK);
    assert_int_equal(lf_frame_row_count(out), count * ROWS);
    assert_int_equal(remove(path), 0);
    if (self == NULL) {
        must_be_in_memory(&job, &options, out);
    }
    return out;
}

static double value_at(lf_frame *frame, const char *name, size_t row)
{
    const size_t column = lf_frame_find(frame, name);
    assert_true(column != SIZE_MAX);
    return lf_frame_f64(frame, column)[row];
}

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void must_be_same(lf_frame *a, size_t a_first, lf_frame *b, size_t b_first, size_t rows)
{
    static const char *const names[] = {
        "ofi_1min", "microprice_offset_ticks", "ofi_integrated_10s"};
    size_t moving = 0;
    for (size_t n = 0; n < 3; n++) {
        for (size_t i = 0; i < rows; i++) {
            const double x = value_at(a, names[n], a_first + i);
            assert_true(same(x, value_at(b, names[n], b_first + i)));
            moving += !isnan(x) && x != 0 ? 1 : 0;
        }
    }
    assert_true(moving > rows);
}

/* ---- the verb features ------------------------------------------------------------------ */

/* The first day is undefined and says so; a day's columns do not depend on later days, but on all
   earlier ones. */
static void test_earlier_days(void **state)
{
    (void)state;
    lf_config *const config = new_config(SET);
    ear self = {.word = "no earlier day is given"};
    lf_frame *two = table_of(config, 0, 2, NULL, &self);
    assert_int_equal(self.heard, 1);
    assert_int_equal(lf_frame_column_count(two), 3 + 3);
    for (size_t i = 0; i < ROWS; i++) {
        assert_true(isnan(value_at(two, "microprice_offset_ticks", i)));
        assert_true(isnan(value_at(two, "ofi_integrated_10s", i)));
    }
    lf_frame *three = table_of(config, 0, 3, NULL, &self);
    must_be_same(two, ROWS, three, ROWS, ROWS);
    /* The third day, with one earlier day less. */
    lf_frame *late = table_of(config, 1, 2, NULL, &self);
    size_t different = 0;
    for (size_t i = 0; i < ROWS; i++) {
        const double x = value_at(three, "ofi_integrated_10s", 2 * ROWS + i);
        const double y = value_at(late, "ofi_integrated_10s", ROWS + i);
        assert_int_equal(isnan(x), isnan(y));
        different += !isnan(x) && x != y ? 1 : 0;
    }
    assert_true(different > ROWS / 4);
    lf_frame_destroy(two);
    lf_frame_destroy(three);
    lf_frame_destroy(late);
    free(config);
}

/* A model that was trained on the first day. */
static lf_model *train_first_day(const lf_config *config, const char *name)
{
    const lf_run_job job = {.config = config, .sources = sources.sources, .source_count = 1};
    const char *const path = lf_testing_path(&data, name);
    lf_model *model = NULL;
    lf_error error;
    if (lf_run_train(&job, path, NULL, &error) != LF_OK ||
        lf_model_load(NULL, path, &model, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    assert_non_null(lf_model_fitted(model));
    return model;
}

/* With a model the columns are those of its parameters, on each day, and without the first day. */
static void test_model(void **state)
{
    (void)state;
    lf_config *const config = new_config(SET);
    lf_model *const model = train_first_day(config, "model");
    ear self = {.word = "the model was trained on this day"};
    lf_frame *all = table_of(config, 0, 3, model, &self);
    assert_int_equal(self.heard, 1);
    lf_frame *last = table_of(config, 2, 1, model, &self);
    assert_int_equal(self.heard, 1);
    must_be_same(all, 2 * ROWS, last, 0, ROWS);
    /* The purge leaves the last ten minutes of the first day out of the model's fit only when
       something is scored behind it: this one has seen all of the day, as the verb has. */
    lf_frame *fitted = table_of(config, 0, 2, NULL, NULL);
    size_t near = 0;
    for (size_t i = 0; i < ROWS; i++) {
        const double x = value_at(all, "ofi_integrated_10s", ROWS + i);
        const double y = value_at(fitted, "ofi_integrated_10s", ROWS + i);
        assert_int_equal(isnan(x), isnan(y));
        near += !isnan(x) && fabs(x - y) <= 0.05 * (1 + fabs(x)) ? 1 : 0;
    }
    assert_true(near > ROWS / 2);
    lf_frame_destroy(all);
    lf_frame_destroy(last);
    lf_frame_destroy(fitted);
    /* What the model has no parameters for is refused. */
    (void)snprintf(config->set, sizeof config->set, "ofi_integrated_5min");
    const lf_run_job job = {.config = config, .sources = sources.sources, .source_count = 1};
    const lf_run_features_options options = {.model = model};
    lf_error error;
    const char *const path = lf_testing_path(&data, "g.csv");
    assert_int_equal(lf_run_features(&job, &options, path, &error), LF_MISMATCH);
    assert_non_null(strstr(error.message, "ofi_integrated_5min needs parameters"));
    lf_model_destroy(model);
    free(config);
}

/* ---- predictions ------------------------------------------------------------------------ */

/* What predict writes is what the model says of rows made by hand with its parameters. */
static void test_predict(void **state)
{
    (void)state;
    lf_config *const config = new_config("default,fitted");
    lf_model *const model = train_first_day(config, "predicting");
    const lf_run_job job = {.config = config, .sources = sources.sources + 1, .source_count = 1};
    const char *const path = lf_testing_path(&data, "p.csv");
    lf_frame *predictions = NULL;
    lf_error error;
    if (lf_run_predict(&job, model, false, path, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    assert_int_equal(lf_frame_read(path, &predictions, NULL), LF_OK);
    (void)snprintf(config->set, sizeof config->set, "%s", MODEL_SET);
    lf_frame *rows = table_of(config, 1, 1, model, NULL);
    size_t count = 0;
    const size_t *const features = lf_model_features(model, &count);
    const uint8_t *const valid = lf_frame_bool(rows, lf_frame_find(rows, "valid"));
    for (size_t i = 0; i < ROWS; i++) {
        double row[LF_MODEL_FEATURES_MAX] = {0};
        lf_prediction found;
        for (size_t f = 0; f < count; f++) {
            row[features[f]] = value_at(rows, lf_feature_at(features[f])->name, i);
        }
        lf_model_predict(model, row, valid[i] != 0, &found);
        assert_true(same(found.p_up_1min, value_at(predictions, "p_up_1min", i)));
        assert_true(same(found.ret_1min_bps, value_at(predictions, "ret_1min_bps", i)));
    }
    lf_frame_destroy(predictions);
    lf_frame_destroy(rows);
    lf_model_destroy(model);
    free(config);
}

/* The line compares each prediction made while trading with the one that was scored, to the bit:
   one day of four models with parameters of their own, and days scored by earlier ones. */
static void test_line(void **state)
{
    (void)state;
    static const char *const names[] = {"blocks", "days"};
    static const size_t counts[] = {1, DAYS};
    lf_config *const config = new_config(SET);
    for (size_t k = 0; k < 2; k++) {
        const lf_run_job job = {
            .config = config, .sources = sources.sources, .source_count = counts[k]};
        lf_error error;
        const lf_status status = lf_run_line(&job, lf_testing_path(&data, names[k]), NULL, &error);
        if (status == LF_DEPENDENCY) {
            print_message("skipped: %s\n", error.message);
            break;
        }
        if (status != LF_OK) {
            fail_msg("%s", error.message);
        }
    }
    free(config);
}

static void fail_memory(bool in_memory)
{
    lf_config *const config = new_config(SET);
    config->step_ns = 60 * LF_NS_PER_SECOND;
    for (uint64_t n = 0;; n += in_memory ? 1 + n / 8 : 1) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        const lf_run_job job = {
            .allocator = &memory.allocator,
            .config = config,
            .sources = small_sources.sources,
            .source_count = 2,
        };
        const lf_run_features_options options = {0};
        const char *const path = lf_testing_path(&data, "m.csv");
        lf_frame *table = NULL;
        const lf_status status = in_memory ? lf_run_features_table(&job, &options, &table, NULL)
                                           : lf_run_features(&job, &options, path, NULL);
        assert_true((table != NULL) == (in_memory && status == LF_OK));
        lf_frame_destroy(table);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
    }
    free(config);
}

static void test_memory(void **state)
{
    (void)state;
    fail_memory(false);
    fail_memory(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_earlier_days),
        cmocka_unit_test(test_model),
        cmocka_unit_test(test_predict),
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, make_data, remove_data);
}
