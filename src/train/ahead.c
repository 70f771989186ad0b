/* Models of a walk that were fitted ahead, by whoever: written, checked and taken. */
#include "train_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

lf_status
lfi_ahead_path(const char *folder, size_t number, char out[LFI_PATH_BYTES], lf_error *error)
{
    const int length = snprintf(out, LFI_PATH_BYTES, "%s/model_%04zu", folder, number);
    return length > 0 && (size_t)length < LFI_PATH_BYTES
               ? LF_OK
               : lf_error_set(error, LF_RANGE, "%s: the name of the folder is too long.", folder);
}

/* ---- taking one ------------------------------------------------------------------------- */

/* Whether what training wrote of itself is what it would write of these rows and options. */
static bool is_of(const json_t *training, const lfi_data *data, uint64_t fingerprint)
{
    char hash[32];
    (void)snprintf(hash, sizeof hash, "%016llx", (unsigned long long)fingerprint);
    const json_t *const found = json_object_get(json_object_get(training, "data"), "xxh64");
    /* Written and read once, so that numbers are rounded alike. */
    json_t *const now = lfi_options_json(data);
    char *const text = now != NULL ? json_dumps(now, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
    json_t *const options = text != NULL ? json_loads(text, 0, NULL) : NULL;
    const bool same = json_is_string(found) && strcmp(json_string_value(found), hash) == 0 &&
                      json_equal(options, json_object_get(training, "options")) == 1;
    json_decref(now);
    json_decref(options);
    free(text);
    return same;
}

static void take_rounds(const json_t *training, lfi_task *task)
{
    const json_t *const heads = json_object_get(training, "heads");
    for (int head = 0; head < LF_HEAD_COUNT; head++) {
        const json_t *const entry = json_object_get(heads, lf_head_name((lf_head)head));
        const json_t *const best = json_object_get(entry, "best_round");
        if (json_is_integer(best)) {
            task->best_rounds[head] = (int32_t)json_integer_value(best);
            task->least_best_round = fmin(task->least_best_round, task->best_rounds[head]);
        }
    }
}

static lf_status copy_file(
    const lf_allocator *allocator,
    const char *from,
    const char *to,
    const char *name,
    lf_error *error
)
{
    char source[LFI_PATH_BYTES];
    char target[LFI_PATH_BYTES];
    char *bytes = NULL;
    size_t count = 0;
    const int a = snprintf(source, sizeof source, "%s/%s", from, name);
    const int b = snprintf(target, sizeof target, "%s/%s", to, name);
    if (a < 0 || b < 0 || (size_t)a >= sizeof source || (size_t)b >= sizeof target) {
        return lf_error_set(error, LF_RANGE, "%s: the name of the folder is too long.", to);
    }
    lf_status status = lf_file_read_all(allocator, source, &bytes, &count, error);
    if (status == LF_OK) {
        status = lf_file_write_atomic(target, bytes, count, error);
    }
    lf_release(allocator, bytes);
    return status;
}

/* The heads, then model.json, as saving does. */
static lf_status copy_model(
    const lfi_data *data, const lf_model *model, const char *from, const char *to, lf_error *error
)
{
    const bool is_trees = data->options->kind == LF_TRAIN_TREES;
    lf_status status = lf_mkdirs(to, error);
    for (int head = 0; head < LF_HEAD_COUNT && status == LF_OK && is_trees; head++) {
        char name[32];
        (void)snprintf(name, sizeof name, "%s.txt", lf_head_name((lf_head)head));
        if (lf_model_has_head(model, (lf_head)head)) {
            status = copy_file(data->allocator, from, to, name, error);
        }
    }
    return status == LF_OK ? copy_file(data->allocator, from, to, "model.json", error) : status;
}

lf_status lfi_ahead_take(
    const lfi_data *data,
    uint64_t fingerprint,
    const char *path,
    lfi_task *task,
    bool *taken,
    lf_error *error
)
{
    char folder[LFI_PATH_BYTES];
    lf_model *model = NULL;
    *taken = false;
    lf_status status = lfi_ahead_path(data->options->ahead, task->number, folder, error);
    /* One that cannot be read, or is of other rows, is fitted anew. */
    if (status != LF_OK || lf_model_load(data->allocator, folder, &model, NULL) != LF_OK) {
        return status;
    }
    json_t *const training = json_loads(lf_model_training(model), 0, NULL);
    if (is_of(training, data, fingerprint)) {
        status = copy_model(data, model, folder, path, error);
        *taken = status == LF_OK;
    }
    if (*taken) {
        take_rounds(training, task);
    }
    json_decref(training);
    lf_model_destroy(model);
    return status;
}

/* ---- making one ------------------------------------------------------------------------- */

/* The rows of a fold, or of the final model. */
static lf_status find_span(
    const lf_train_days *days,
    const lf_train_options *options,
    size_t number,
    lf_train_fold *folds,
    lfi_span *out,
    lf_error *error
)
{
    size_t count = 0;
    if (number == 0) {
        const bool is_held = options->holdout.first_ns < options->holdout.end_ns;
        *out = (lfi_span){
            .first_ns = INT64_MIN,
            .end_ns = INT64_MAX,
            .label_end_ns = is_held ? options->holdout.first_ns - options->embargo_ns : INT64_MAX,
        };
        return LF_OK;
    }
    const lf_status status = lf_train_plan_days(days, options, folds, &count, error);
    if (status != LF_OK) {
        return status;
    }
    if (number > count) {
        return lf_error_set(error, LF_RANGE, "There is no fold %zu of %zu.", number, count);
    }
    *out = lfi_fold_span(&folds[number - 1]);
    return LF_OK;
}

lf_status lf_train_fit_ahead(
    const lf_train_days *days, const lf_train_options *options, size_t number, lf_error *error
)
{
    lf_train_options own = *options;
    own.ahead = NULL; /* it is made, not taken */
    char path[LFI_PATH_BYTES];
    lfi_span span;
    lfi_data data = {0};
    lf_train_fold *const folds = lf_allocate(own.allocator, LF_TRAIN_FOLDS_MAX, sizeof *folds);
    lf_status status = folds != NULL
                           ? lfi_check_options(&own, error)
                           : lf_error_set(error, LF_NOMEM, "not enough memory for the folds.");
    if (status == LF_OK) {
        status = lfi_ahead_path(options->ahead, number, path, error);
    }
    if (status == LF_OK) {
        status = find_span(days, &own, number, folds, &span, error);
    }
    if (status == LF_OK) {
        status = lfi_data_create(days, &own, number > 0, &data, error);
    }
    if (status == LF_OK) {
        lfi_task task = {.options = &own, .share_last = 1, .least_best_round = INFINITY};
        status = lfi_fit_span(&data, &span, path, &task, error);
        lfi_data_destroy(&data);
    }
    lf_release(own.allocator, folds);
    return status;
}
