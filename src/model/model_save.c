/* Writes a model folder: the heads first, model.json with their hashes last. */
#include "model_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* JSON has no NaN: an unknown number is null. */
static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *numbers(const double *values, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(list, number(values[i]));
    }
    return list;
}

static lf_status
join_path(char *out, size_t bytes, const char *folder, const char *name, lf_error *error)
{
    const int needed = snprintf(out, bytes, "%s/%s", folder, name);
    if (needed < 0 || (size_t)needed >= bytes) {
        return lf_error_set(error, LF_RANGE, "%s: the name of the folder is too long.", folder);
    }
    return LF_OK;
}

static json_t *feature_names(const lf_model_content *content)
{
    json_t *list = json_array();
    for (size_t i = 0; i < content->feature_count; i++) {
        const lf_feature_info *info = lf_feature_info_of(content->users, content->features[i]);
        (void)json_array_append_new(list, json_string(info->name));
    }
    return list;
}

static json_t *line_entry(const lf_linear_head *line, size_t feature_count)
{
    return json_pack(
        "{s:o, s:o, s:o}",
        "intercept",
        number(line->intercept),
        "weights",
        numbers(line->weights, feature_count),
        "means",
        numbers(line->means, feature_count)
    );
}

static json_t *head_entry(const lf_model_content *content, int head)
{
    if (content->linear[head] != NULL) {
        return line_entry(content->linear[head], content->feature_count);
    }
    char file[32];
    char hash[32];
    (void)snprintf(file, sizeof file, "%s.txt", lf_head_name((lf_head)head));
    (void)snprintf(
        hash,
        sizeof hash,
        "%016llx",
        (unsigned long long)lf_hash64(content->texts[head], content->text_bytes[head], 0)
    );
    json_t *entry = json_pack("{s:s, s:s}", "file", file, "xxh64", hash);
    if (content->starts[head] != NULL) {
        json_t *start = line_entry(content->starts[head], content->feature_count);
        (void)json_object_set_new(entry, "start", start);
    }
    return entry;
}

static json_t *heads(const lf_model_content *content)
{
    json_t *all = json_object();
    for (int head = 0; head < LF_HEAD_COUNT; head++) {
        if (content->texts[head] != NULL || content->linear[head] != NULL) {
            (void)json_object_set_new(all, lf_head_name((lf_head)head), head_entry(content, head));
        }
    }
    return all;
}

/* A folder that nothing is new in can be read by the versions before. */
static int format_version(const lf_model_content *content, bool has_users)
{
    const lf_calibration *const calibration = content->meta.calibration;
    bool is_new = has_users;
    for (int head = 0; head < LF_HEAD_COUNT; head++) {
        is_new = is_new || content->starts[head] != NULL;
    }
    if (is_new) {
        return LFI_MODEL_FORMAT;
    }
    return calibration[0].is_set || calibration[1].is_set ? LFI_MODEL_FORMAT_CALIBRATED
                                                          : LFI_MODEL_FORMAT_PLAIN;
}

static json_t *fitted(const lf_model_meta *meta)
{
    json_t *entry = json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:o, s:o, s:o}",
        "label_delay_ns",
        (json_int_t)meta->label_delay_ns,
        "horizon_ns",
        (json_int_t)(meta->horizon_ns > 0 ? meta->horizon_ns : LF_NS_PER_MINUTE),
        "horizon_long_ns",
        (json_int_t)(meta->horizon_long_ns > 0 ? meta->horizon_long_ns : 5 * LF_NS_PER_MINUTE),
        "step_ns",
        (json_int_t)meta->step_ns,
        "train_first_ns",
        (json_int_t)meta->train_first_ns,
        "train_last_ns",
        (json_int_t)meta->train_last_ns,
        "purge_until_ns",
        (json_int_t)meta->purge_until_ns,
        "vpin_bucket_lots",
        (json_int_t)meta->vpin_bucket_lots,
        "clock",
        meta->clock == LF_CLOCK_LOCAL ? "local" : "exchange",
        "ofi_threshold",
        number(meta->ofi_threshold),
        "ofi_extreme",
        number(meta->ofi_extreme),
        "median_spread_ticks",
        number(meta->median_spread_ticks)
    );
    json_t *calibrations = json_object();
    for (int head = 0; head < LF_DIRECTION_COUNT; head++) {
        const lf_calibration *c = &meta->calibration[head];
        if (c->is_set) {
            json_t *pair = json_pack("{s:f, s:f}", "slope", c->slope, "intercept", c->intercept);
            (void)json_object_set_new(calibrations, lf_head_name((lf_head)head), pair);
        }
    }
    if (json_object_size(calibrations) > 0) {
        (void)json_object_set(entry, "calibration", calibrations);
    }
    json_decref(calibrations);
    return entry;
}

static lf_status check_content(const lf_model_content *content, lf_error *error)
{
    const bool is_trees = strcmp(content->meta.kind, "trees") == 0;
    bool has_head = false;
    if (!is_trees && strcmp(content->meta.kind, "logistic") != 0) {
        return lf_error_set(error, LF_RANGE, "model kind must be \"trees\" or \"logistic\".");
    }
    for (int head = 0; head < LF_HEAD_COUNT; head++) {
        const bool is_tree = content->texts[head] != NULL;
        const bool is_linear = content->linear[head] != NULL;
        const bool is_started = content->starts[head] != NULL;
        if ((is_tree && !is_trees) || (is_linear && is_trees) || (is_started && !is_tree)) {
            return lf_error_set(error, LF_RANGE, "a head does not fit the kind of the model.");
        }
        has_head = has_head || is_tree || is_linear;
    }
    if (!has_head || content->feature_count == 0 ||
        content->feature_count > LF_MODEL_FEATURES_MAX) {
        return lf_error_set(
            error,
            LF_RANGE,
            "a model needs a head and 1 to %d features, found %zu.",
            LF_MODEL_FEATURES_MAX,
            content->feature_count
        );
    }
    for (size_t i = 0; i < content->feature_count; i++) {
        if (!lf_feature_fitted_has(content->fitted, content->features[i])) {
            return lf_error_set(
                error,
                LF_RANGE,
                "a model with the feature %s needs its fitted parameters.",
                lf_feature_at(content->features[i])->name
            );
        }
    }
    return LF_OK;
}

static lf_status write_heads(const char *path, const lf_model_content *content, lf_error *error)
{
    lf_status status = LF_OK;
    for (int head = 0; head < LF_HEAD_COUNT && status == LF_OK; head++) {
        char file[32];
        char whole[4096];
        (void)snprintf(file, sizeof file, "%s.txt", lf_head_name((lf_head)head));
        status = join_path(whole, sizeof whole, path, file, error);
        if (status == LF_OK && content->texts[head] != NULL) {
            status =
                lf_file_write_atomic(whole, content->texts[head], content->text_bytes[head], error);
        }
    }
    return status;
}

lf_status lf_model_save(const char *path, const lf_model_content *content, lf_error *error)
{
    lf_status status = check_content(content, error);
    if (status != LF_OK) {
        return status;
    }
    const char *text = content->training_json == NULL ? "{}" : content->training_json;
    json_t *training = json_loads(text, 0, NULL);
    if (!json_is_object(training)) {
        json_decref(training);
        return lf_error_set(error, LF_RANGE, "training_json must be a JSON object.");
    }
    json_t *users = lfi_users_json(content->users, content->features, content->feature_count);
    json_t *root = json_pack(
        "{s:s, s:i, s:s, s:s, s:b, s:o, s:o, s:o, s:o}",
        "format",
        "lobflow-model",
        "format_version",
        format_version(content, users != NULL),
        "lobflow_version",
        LF_VERSION,
        "kind",
        content->meta.kind,
        "mirrored",
        content->meta.mirrored,
        "features",
        feature_names(content),
        "heads",
        heads(content),
        "fitted",
        fitted(&content->meta),
        "training",
        training
    );
    if (users != NULL) {
        (void)json_object_set_new(root, "user_features", users);
    }
    if (lf_feature_needs_fitted(content->features, content->feature_count)) {
        json_t *parameters =
            lfi_fitted_json(content->fitted, content->features, content->feature_count);
        (void)json_object_set_new(root, "fitted_features", parameters);
    }
    char *json = root == NULL ? NULL : json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    char whole[4096];
    status = json == NULL ? lf_error_set(error, LF_NOMEM, "%s: not enough memory.", path) : LF_OK;
    if (status == LF_OK) {
        status = lf_mkdirs(path, error);
    }
    if (status == LF_OK) {
        status = write_heads(path, content, error);
    }
    if (status == LF_OK) {
        status = join_path(whole, sizeof whole, path, "model.json", error);
    }
    if (status == LF_OK) {
        status = lf_file_write_atomic(whole, json, strlen(json), error);
    }
    free(json);
    json_decref(root);
    return status;
}
