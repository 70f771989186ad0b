/*
 * Goal: a saved folder loads as what it was, mirrored predictions are exactly antisymmetric, and a
 * folder whose parts do not belong together is refused with a clear error.
 * Method: folders written by lf_model_save() with hand-written trees; each broken one changes one
 * file or one field.
 */
#include <lobflow/model.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

/* One split on the first feature at 0.25 and one leaf value each side. */
#define TREES(objective, left, right) \
    "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=1\n" \
    "objective=" objective "\nfeature_names=ofi_norm_1min depth_imbalance_l1\n" \
    "feature_infos=none none\ntree_sizes=9\n\nTree=0\nnum_leaves=2\nnum_cat=0\nsplit_feature=0\n" \
    "split_gain=1\nthreshold=0.25\ndecision_type=8\nleft_child=-1\nright_child=-2\n" \
    "leaf_value=" left " " right "\nis_linear=0\nshrinkage=1\n\nend of trees\n"

static const char UP_1MIN[] = TREES("binary sigmoid:1", "-1", "1.5");
static const char UP_5MIN[] = TREES("binary sigmoid:1", "-0.5", "0.25");
static const char RET_1MIN[] = TREES("regression", "-2", "3");

/* What a test writes: two odd features and three heads. */
typedef struct setting {
    lf_testing_folder folder;
    size_t features[2];
    lf_model_content content;
} setting;

static void start(setting *s)
{
    memset(s, 0, sizeof *s);
    assert_true(lf_testing_folder_make(&s->folder));
    s->features[0] = lf_feature_find("ofi_norm_1min");
    s->features[1] = lf_feature_find("depth_imbalance_l1");
    s->content = (lf_model_content){
        .meta =
            {
                .kind = "trees",
                .mirrored = true,
                .label_delay_ns = 100000000,
                .step_ns = LF_NS_PER_SECOND,
                .train_first_ns = INT64_C(1340285400000000001),
                .train_last_ns = INT64_C(1340300000000000002),
                .purge_until_ns = INT64_C(1340300360000000003),
                .vpin_bucket_lots = 12345,
                .ofi_threshold = 0.1,
                .ofi_extreme = 2.0 / 3.0,
                .median_spread_ticks = NAN,
                .clock = LF_CLOCK_LOCAL,
            },
        .features = s->features,
        .feature_count = 2,
        .texts = {UP_1MIN, UP_5MIN, RET_1MIN},
        .text_bytes = {strlen(UP_1MIN), strlen(UP_5MIN), strlen(RET_1MIN)},
        .training_json = "{\"rounds\": 12, \"note\": \"a b\"}",
    };
}

static void stop(setting *s)
{
    lf_testing_folder_remove(&s->folder);
}

static void save(setting *s)
{
    lf_error error = {0};
    if (lf_model_save(s->folder.path, &s->content, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
}

static lf_model *load(setting *s)
{
    lf_model *model = NULL;
    lf_error error = {0};
    if (lf_model_load(NULL, s->folder.path, &model, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
    return model;
}

static void test_round_trip(void **state)
{
    (void)state;
    setting s;
    start(&s);
    save(&s);
    lf_model *model = load(&s);
    const lf_model_meta *meta = lf_model_meta_of(model);
    const lf_model_meta *wrote = &s.content.meta;
    assert_string_equal(meta->kind, "trees");
    assert_true(meta->mirrored);
    assert_int_equal(meta->label_delay_ns, wrote->label_delay_ns);
    assert_int_equal(meta->step_ns, wrote->step_ns);
    assert_true(meta->train_first_ns == wrote->train_first_ns);
    assert_true(meta->train_last_ns == wrote->train_last_ns);
    assert_true(meta->purge_until_ns == wrote->purge_until_ns);
    assert_int_equal(meta->vpin_bucket_lots, wrote->vpin_bucket_lots);
    assert_true(meta->ofi_threshold == wrote->ofi_threshold);
    assert_true(meta->ofi_extreme == wrote->ofi_extreme);
    assert_true(isnan(meta->median_spread_ticks));
    assert_int_equal(meta->clock, LF_CLOCK_LOCAL);
    assert_int_equal(strlen(meta->model_id), 16);
    size_t count = 0;
    const size_t *features = lf_model_features(model, &count);
    assert_int_equal(count, 2);
    assert_memory_equal(features, s.features, sizeof s.features);
    assert_string_equal(lf_model_training(model), "{\"rounds\":12,\"note\":\"a b\"}");
    for (int head = 0; head < LF_HEAD_COUNT; head++) {
        assert_true(lf_model_has_head(model, (lf_head)head));
    }
    /* The same content gives the same bytes and id, another content another id. */
    char id[64];
    memcpy(id, meta->model_id, sizeof id);
    lf_model_destroy(model);
    save(&s);
    model = load(&s);
    assert_string_equal(lf_model_meta_of(model)->model_id, id);
    lf_model_destroy(model);
    s.content.meta.ofi_threshold = 0.2;
    save(&s);
    model = load(&s);
    assert_string_not_equal(lf_model_meta_of(model)->model_id, id);
    lf_model_destroy(model);
    lf_model_destroy(NULL);
    stop(&s);
}

/* Replaces the first `from` of a file by `to`. */
static void change_file(const setting *s, const char *name, const char *from, const char *to)
{
    char *text = NULL;
    size_t bytes = 0;
    const char *path = lf_testing_path(&s->folder, name);
    assert_int_equal(lf_file_read_all(NULL, path, &text, &bytes, NULL), LF_OK);
    const char *at = strstr(text, from);
    assert_non_null(at);
    char *changed = calloc(bytes + strlen(to) + 1, 1);
    assert_non_null(changed);
    memcpy(changed, text, (size_t)(at - text));
    strcat(changed, to);
    strcat(changed, at + strlen(from));
    assert_int_equal(lf_file_write_atomic(path, changed, strlen(changed), NULL), LF_OK);
    free(changed);
    lf_release(NULL, text);
}

static double sigmoid(double z)
{
    return 1 / (1 + exp(-z));
}

static void test_mirrored_prediction(void **state)
{
    (void)state;
    setting s;
    start(&s);
    save(&s);
    lf_model *model = load(&s);
    double row[LF_MODEL_FEATURES_MAX] = {0};
    lf_prediction up;
    lf_prediction down;
    row[s.features[0]] = 1;
    lf_model_predict(model, row, true, &up);
    assert_true(fabs(up.p_up_1min - (sigmoid(1.5) + 1 - sigmoid(-1)) / 2) < 1e-15);
    assert_true(fabs(up.p_up_5min - (sigmoid(0.25) + 1 - sigmoid(-0.5)) / 2) < 1e-15);
    assert_true(up.ret_1min_bps == 2.5);
    row[s.features[0]] = -1;
    lf_model_predict(model, row, true, &down);
    assert_true(fabs(down.p_up_1min + up.p_up_1min - 1) < 1e-15);
    assert_true(down.ret_1min_bps == -2.5);
    row[s.features[0]] = 0;
    lf_model_predict(model, row, true, &up);
    assert_true(up.p_up_1min == 0.5 && up.ret_1min_bps == 0);
    lf_model_predict(model, row, false, &up);
    assert_true(isnan(up.p_up_1min) && isnan(up.p_up_5min) && isnan(up.ret_1min_bps));
    lf_model_destroy(model);

    s.content.meta.mirrored = false;
    s.content.texts[LF_HEAD_UP_5MIN] = NULL;
    save(&s);
    model = load(&s);
    lf_model_predict(model, row, true, &up);
    assert_true(up.p_up_1min == sigmoid(-1) && up.ret_1min_bps == -2 && isnan(up.p_up_5min));
    assert_false(lf_model_has_head(model, LF_HEAD_UP_5MIN));
    lf_model_destroy(model);
    stop(&s);
}

static void test_logistic(void **state)
{
    (void)state;
    setting s;
    start(&s);
    static const double weights[] = {2, -0.5};
    static const double means[] = {0.25, 0.1};
    const lf_linear_head head = {.intercept = 0.3, .weights = weights, .means = means};
    (void)snprintf(s.content.meta.kind, sizeof s.content.meta.kind, "logistic");
    s.content.meta.mirrored = false;
    for (int i = 0; i < LF_HEAD_COUNT; i++) {
        s.content.texts[i] = NULL;
        s.content.linear[i] = &head;
    }
    save(&s);
    lf_model *model = load(&s);
    double row[LF_MODEL_FEATURES_MAX] = {0};
    lf_prediction found;
    row[s.features[0]] = 1;
    row[s.features[1]] = 0.3;
    lf_model_predict(model, row, true, &found);
    const double z = 0.3 + 2 * 0.75 - 0.5 * (0.3 - 0.1);
    assert_true(fabs(found.p_up_1min - sigmoid(z)) < 1e-15);
    assert_true(fabs(found.ret_1min_bps - z) < 1e-15);
    row[s.features[0]] = NAN;
    lf_model_predict(model, row, true, &found);
    assert_true(fabs(found.ret_1min_bps - (0.3 - 0.1)) < 1e-15);
    lf_model_destroy(model);
    stop(&s);
}

/* Trees that mend a line: the sum of both becomes the forecast. */
static void test_starts(void **state)
{
    (void)state;
    setting s;
    start(&s);
    static const double weights[] = {2, -0.5};
    static const double means[] = {0.25, 0.1};
    const lf_linear_head line = {.intercept = 0.3, .weights = weights, .means = means};
    s.content.starts[LF_HEAD_UP_1MIN] = &line;
    s.content.starts[LF_HEAD_RET_1MIN] = &line;
    for (int mirrored = 0; mirrored < 2; mirrored++) {
        s.content.meta.mirrored = mirrored != 0;
        save(&s);
        lf_model *model = load(&s);
        double row[LF_MODEL_FEATURES_MAX] = {0};
        lf_prediction found;
        row[s.features[0]] = 1;
        row[s.features[1]] = 0.3;
        lf_model_predict(model, row, true, &found);
        const double z = 0.3 + 2 * 0.75 - 0.5 * (0.3 - 0.1);
        const double other = 0.3 + 2 * (-1 - 0.25) - 0.5 * (-0.3 - 0.1);
        const double up = sigmoid(z + 1.5);
        const double expected = mirrored ? (up + 1 - sigmoid(other - 1)) / 2 : up;
        const double ret = mirrored ? (z + 3 - (other - 2)) / 2 : z + 3;
        assert_true(fabs(found.p_up_1min - expected) < 1e-15);
        assert_true(fabs(found.ret_1min_bps - ret) < 1e-14);
        /* The head without a line is as it was. */
        const double alone = mirrored ? (sigmoid(0.25) + 1 - sigmoid(-0.5)) / 2 : sigmoid(0.25);
        assert_true(fabs(found.p_up_5min - alone) < 1e-15);
        /* A missing value takes no part in the line. */
        row[s.features[1]] = NAN;
        const double rest = mirrored ? (2 * 0.75 + 3 - (2 * -1.25 - 2)) / 2 : 0.3 + 2 * 0.75 + 3;
        lf_model_predict(model, row, true, &found);
        assert_true(fabs(found.ret_1min_bps - rest) < 1e-14);
        lf_model_destroy(model);
    }
    char *text = NULL;
    size_t bytes = 0;
    const char *path = lf_testing_path(&s.folder, "model.json");
    assert_int_equal(lf_file_read_all(NULL, path, &text, &bytes, NULL), LF_OK);
    assert_non_null(strstr(text, "\"format_version\": 4"));
    lf_release(NULL, text);
    change_file(&s, "model.json", "\"means\"", "\"modes\"");
    lf_model *model = NULL;
    lf_error error = {0};
    assert_int_equal(lf_model_load(NULL, s.folder.path, &model, &error), LF_FORMAT);
    assert_non_null(strstr(error.message, "means"));
    stop(&s);
}

/* The rows of columns give the bits of rows one by one, invalid ones NaN. */
static void check_columns(const lf_model *model)
{
    enum {
        COUNT = 600,
        WIDTH = 2
    };
    static double values[WIDTH][COUNT];
    static uint8_t valid[COUNT];
    static lf_prediction found[COUNT];
    const double *const columns[WIDTH] = {values[0], values[1]};
    size_t width = 0;
    const size_t *const features = lf_model_features(model, &width);
    assert_int_equal(width, WIDTH);
    for (size_t i = 0; i < COUNT; i++) {
        valid[i] = i % 7 != 3;
        values[0][i] = i % 11 == 0 ? NAN : sin((double)i) * 2;
        values[1][i] = i % 5 == 0 ? 0 : cos((double)i);
    }
    /* Of every length around those that are taken at once. */
    static const size_t counts[] = {0, 1, 15, 128, 255, 256, 257, 300, 301, COUNT};
    for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
        memset(found, 1, sizeof found);
        lf_error error = {0};
        const size_t count = counts[k];
        assert_int_equal(
            lf_model_predict_columns(model, columns, valid, count, found, &error), LF_OK
        );
        for (size_t i = 0; i < count; i++) {
            double row[LF_MODEL_FEATURES_MAX] = {0};
            lf_prediction one;
            row[features[0]] = values[0][i];
            row[features[1]] = values[1][i];
            lf_model_predict(model, row, valid[i] != 0, &one);
            assert_memory_equal(&one, &found[i], sizeof one);
        }
    }
}

static void test_columns(void **state)
{
    (void)state;
    static const double weights[] = {2, -0.5};
    static const double means[] = {0.25, 0.1};
    const lf_linear_head head = {.intercept = 0.3, .weights = weights, .means = means};
    setting s;
    start(&s);
    for (int round = 0; round < 6; round++) {
        s.content.meta.mirrored = round % 2 == 0;
        s.content.starts[LF_HEAD_UP_1MIN] = round / 2 == 1 ? &head : NULL;
        if (round == 4) {
            (void)snprintf(s.content.meta.kind, sizeof s.content.meta.kind, "logistic");
            memset(s.content.texts, 0, sizeof s.content.texts);
            s.content.linear[LF_HEAD_UP_1MIN] = &head;
            s.content.linear[LF_HEAD_RET_1MIN] = &head;
        }
        save(&s);
        lf_model *const model = load(&s);
        check_columns(model);
        lf_model_destroy(model);
    }
    stop(&s);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        const char *from;
        const char *to;
        lf_status status;
        const char *word;
    } rows[] = {
        {"model.json", "{", "[", LF_FORMAT, "JSON"},
        {"model.json", "lobflow-model", "other", LF_FORMAT, "format"},
        {"model.json", "\"format_version\": 2", "\"format_version\": 99", LF_UNSUPPORTED, "99"},
        {"model.json", "\"format_version\": 2", "\"format_version\": 0", LF_UNSUPPORTED, "1 to 4"},
        {"model.json", "\"trees\"", "\"forest\"", LF_FORMAT, "kind"},
        {"model.json", "\"mirrored\": true", "\"mirrored\": 1", LF_FORMAT, "mirrored"},
        {"model.json", "\"ofi_norm_1min\"", "\"ofi_norm_1mim\"", LF_MISMATCH, "ofi_norm_1min"},
        {"model.json", "\"ofi_norm_1min\"", "\"ofi_1min\"", LF_MISMATCH, "ofi_norm_1min"},
        {"model.json", "\"ofi_norm_1min\"", "\"depth_imbalance_l1\"", LF_FORMAT, "repetition"},
        {"model.json", "\"ofi_norm_1min\",", "", LF_MISMATCH, "feature"},
        {"model.json", "\"step_ns\": ", "\"step_ns\": 0.5, \"x\": ", LF_FORMAT, "step_ns"},
        {"model.json",
         "\"ofi_threshold\": ",
         "\"ofi_threshold\": \"a\", \"x\": ",
         LF_FORMAT,
         "ofi"},
        {"model.json", "\"clock\": \"local\"", "\"clock\": \"wall\"", LF_FORMAT, "clock"},
        {"model.json", "\"heads\"", "\"tails\"", LF_FORMAT, "heads"},
        {"model.json", "\"xxh64\"", "\"md5\"", LF_FORMAT, "xxh64"},
        {"up_1min.txt", "leaf_value=-1", "leaf_value=-2", LF_MISMATCH, "up_1min.txt"},
        {"ret_1min.txt", "end of trees", "", LF_MISMATCH, "ret_1min.txt"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        setting s;
        start(&s);
        save(&s);
        change_file(&s, rows[i].file, rows[i].from, rows[i].to);
        lf_model *model = (lf_model *)&s;
        lf_error error = {0};
        const lf_status status = lf_model_load(NULL, s.folder.path, &model, &error);
        if (status != rows[i].status || strstr(error.message, rows[i].word) == NULL) {
            fail_msg("%s: status %d: %s", rows[i].from, status, error.message);
        }
        assert_null(model);
        stop(&s);
    }
}

/* ---- fitted features -------------------------------------------------------------------- */

/* A logistic model of three features, two of them fitted. */
typedef struct fitted_setting {
    setting base;
    size_t features[3];
    lf_feature_fitted fitted;
    lf_linear_head head;
} fitted_setting;

static void start_fitted(fitted_setting *s)
{
    static const double weights[] = {1, 2, 3};
    static const double means[] = {0, 0, 0};
    start(&s->base);
    s->features[0] = lf_feature_find("ofi_integrated_10s");
    s->features[1] = lf_feature_find("vpin");
    s->features[2] = lf_feature_find("microprice_offset_ticks");
    s->head = (lf_linear_head){.intercept = 0.25, .weights = weights, .means = means};
    s->fitted = (lf_feature_fitted){
        .integrated[1] = {3, {1.0 / 3, 0.1, 17.0 / 30}},
        .microprice =
            {
                .imbalance_count = 5,
                .spread_count = 2,
                .pools_wide = true,
                .bounds = {0.1, 2.0 / 3},
                .offset_ticks = {{-0.7, -1.0 / 3, 0, 1.0 / 3, 0.7}, {-1, NAN, 0, NAN, 1}},
            },
    };
    lf_model_content *content = &s->base.content;
    (void)snprintf(content->meta.kind, sizeof content->meta.kind, "logistic");
    content->features = s->features;
    content->feature_count = 3;
    content->fitted = &s->fitted;
    for (int i = 0; i < LF_HEAD_COUNT; i++) {
        content->texts[i] = NULL;
        content->linear[i] = &s->head;
    }
}

static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

/* What is saved comes back to the bit, and makes the same rows and predictions. */
static void test_fitted_round_trip(void **state)
{
    (void)state;
    fitted_setting s;
    start_fitted(&s);
    save(&s.base);
    lf_model *model = load(&s.base);
    const lf_feature_fitted *found = lf_model_fitted(model);
    assert_non_null(found);
    assert_int_equal(found->integrated[0].level_count, 0);
    assert_int_equal(found->integrated[1].level_count, 3);
    assert_memory_equal(
        found->integrated[1].weights, s.fitted.integrated[1].weights, 3 * sizeof(double)
    );
    const lf_feature_microprice *p = &found->microprice;
    assert_int_equal(p->imbalance_count, 5);
    assert_int_equal(p->spread_count, 2);
    assert_true(p->pools_wide);
    assert_memory_equal(p->bounds, s.fitted.microprice.bounds, 2 * sizeof(double));
    for (int i = 0; i < 10; i++) {
        assert_true(
            same_bits(p->offset_ticks[i / 5][i % 5], s.fitted.microprice.offset_ticks[i / 5][i % 5])
        );
    }
    lf_feature_ingredients ingredients = {
        .valid = true,
        .level_count = 3,
        .ofi[1] = {0.3, -0.7, 1.1},
        .bid_ticks = 10,
        .ask_ticks = 11,
        .bid_lots = 8,
        .ask_lots = 5,
    };
    double row[LF_MODEL_FEATURES_MAX] = {0};
    double made[LF_FEATURE_FITTED_COUNT];
    lf_prediction prediction;
    lf_feature_fitted_row(found, &ingredients, row + lf_feature_count());
    lf_feature_fitted_row(&s.fitted, &ingredients, made);
    assert_true(same_bits(row[s.features[0]], made[1]) && same_bits(row[s.features[2]], made[4]));
    lf_model_predict(model, row, true, &prediction);
    /* Mirrored: half of f(x) - f(mirror x), where both fitted features are odd. */
    assert_true(made[4] == 1.0 / 3);
    assert_true(fabs(prediction.ret_1min_bps - (made[1] + 3 * made[4])) < 1e-12);
    lf_model_destroy(model);
    stop(&s.base);
}

static void test_fitted_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from;
        const char *to;
        const char *word;
    } rows[] = {
        {"\"fitted_features\"", "\"other\"", "fitted_features.ofi_integrated_10s"},
        {"\"ofi_integrated_10s\": {", "\"a\": {", "fitted_features.ofi_integrated_10s"},
        {"\"weights\": [\n        0", "\"weights\": [\n \"a\", 0", "ofi_integrated_10s"},
        {"\"weights\": [\n        0", "\"weights\": [0,0,0,0,0,0,0,0, 0", "ofi_integrated_10s"},
        {"\"pools_wide\": true", "\"pools_wide\": 1", "microprice_offset_ticks"},
        {"\"bounds\": [", "\"bounds\": [ 0.05,", "microprice_offset_ticks"},
        {"0.10000000000000001,\n        0.6", "0.9,\n        0.6", "microprice_offset_ticks"},
        {"\"offset_ticks\": [\n        [", "\"offset_ticks\": [[0.5,", "microprice_offset_ticks"},
        {"\"offset_ticks\": [", "\"offset_ticks\": [ [0.0],", "microprice_offset_ticks"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fitted_setting s;
        start_fitted(&s);
        save(&s.base);
        change_file(&s.base, "model.json", rows[i].from, rows[i].to);
        lf_model *model = NULL;
        lf_error error = {0};
        const lf_status status = lf_model_load(NULL, s.base.folder.path, &model, &error);
        if (status != LF_FORMAT || strstr(error.message, rows[i].word) == NULL) {
            fail_msg("%s: status %d: %s", rows[i].from, status, error.message);
        }
        assert_null(model);
        stop(&s.base);
    }
    fitted_setting s;
    start_fitted(&s);
    s.base.content.fitted = NULL;
    assert_int_equal(lf_model_save(s.base.folder.path, &s.base.content, NULL), LF_RANGE);
    stop(&s.base);
}

/* A folder of version 1 is one without parameters of fitted features. */
static void test_version_1(void **state)
{
    (void)state;
    setting s;
    start(&s);
    save(&s);
    change_file(&s, "model.json", "\"format_version\": 2", "\"format_version\": 1");
    lf_model *model = load(&s);
    assert_null(lf_model_fitted(model));
    lf_model_destroy(model);
    stop(&s);
}

static void test_missing_files(void **state)
{
    (void)state;
    static const char *const names[] = {"model.json", "up_1min.txt", "up_5min.txt", "ret_1min.txt"};
    for (size_t i = 0; i < 4; i++) {
        setting s;
        start(&s);
        save(&s);
        assert_int_equal(unlink(lf_testing_path(&s.folder, names[i])), 0);
        lf_model *model = NULL;
        lf_error error = {0};
        assert_int_equal(lf_model_load(NULL, s.folder.path, &model, &error), LF_NOT_FOUND);
        assert_non_null(strstr(error.message, names[i]));
        stop(&s);
    }
}

static void test_save_refuses(void **state)
{
    (void)state;
    setting s;
    start(&s);
    s.content.training_json = "[1]";
    assert_int_equal(lf_model_save(s.folder.path, &s.content, NULL), LF_RANGE);
    s.content.training_json = NULL;
    s.content.feature_count = 0;
    assert_int_equal(lf_model_save(s.folder.path, &s.content, NULL), LF_RANGE);
    s.content.feature_count = 2;
    (void)snprintf(s.content.meta.kind, sizeof s.content.meta.kind, "logistic");
    assert_int_equal(lf_model_save(s.folder.path, &s.content, NULL), LF_RANGE);
    (void)snprintf(s.content.meta.kind, sizeof s.content.meta.kind, "other");
    assert_int_equal(lf_model_save(s.folder.path, &s.content, NULL), LF_RANGE);
    (void)snprintf(s.content.meta.kind, sizeof s.content.meta.kind, "trees");
    static const double weights[] = {1, 2};
    const lf_linear_head line = {.weights = weights, .means = weights};
    s.content.texts[LF_HEAD_UP_5MIN] = NULL;
    s.content.starts[LF_HEAD_UP_5MIN] = &line;
    assert_int_equal(lf_model_save(s.folder.path, &s.content, NULL), LF_RANGE);
    s.content.starts[LF_HEAD_UP_5MIN] = NULL;
    memset(s.content.texts, 0, sizeof s.content.texts);
    assert_int_equal(lf_model_save(s.folder.path, &s.content, NULL), LF_RANGE);
    assert_int_equal(lf_testing_entry_count(s.folder.path), 0);
    stop(&s);
}

static void test_failing_memory(void **state)
{
    (void)state;
    setting s;
    start(&s);
    save(&s);
    static const double values[20] = {0};
    static const uint8_t valid[20] = {1, 1, 0, 1};
    const double *const columns[] = {values, values};
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        lf_model *model = NULL;
        lf_status status = lf_model_load(&memory.allocator, s.folder.path, &model, NULL);
        const uint64_t calls = memory.calls;
        if (model != NULL) {
            double row[LF_MODEL_FEATURES_MAX] = {0};
            lf_prediction found;
            lf_model_predict(model, row, true, &found);
            assert_int_equal(memory.calls, calls);
            lf_prediction many[20];
            status = lf_model_predict_columns(model, columns, valid, 20, many, NULL);
        }
        const uint64_t all_calls = memory.calls;
        lf_model_destroy(model);
        assert_int_equal(memory.live, 0);
        if (all_calls <= n) {
            assert_int_equal(status, LF_OK);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
    }
    stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_mirrored_prediction),
        cmocka_unit_test(test_logistic),
        cmocka_unit_test(test_starts),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_fitted_round_trip),
        cmocka_unit_test(test_fitted_refused),
        cmocka_unit_test(test_version_1),
        cmocka_unit_test(test_missing_files),
        cmocka_unit_test(test_save_refuses),
        cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
