/* Loads a model folder and refuses what does not belong together. */
#include "model_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What loading carries from step to step. */
typedef struct loader {
    lf_model *model;
    const char *folder;
    char file[4096]; /* the file being read, for errors */
    uint64_t hash;   /* of everything read so far */
    lf_error *error;
} loader;

static lf_status wrong(loader *l, const char *field, const char *expected)
{
    return lf_error_set_at(
        l->error,
        LF_FORMAT,
        l->file,
        LF_POSITION_NONE,
        LF_POSITION_NONE,
        "field \"%s\" must be %s; train the model again.",
        field,
        expected
    );
}

/* Reads a file of the folder into memory; its bytes count for the model's id. */
static lf_status read_file(loader *l, const char *name, char **out, size_t *bytes)
{
    const int needed = snprintf(l->file, sizeof l->file, "%s/%s", l->folder, name);
    if (needed < 0 || (size_t)needed >= sizeof l->file) {
        return lf_error_set(l->error, LF_NOT_FOUND, "%s: the name is too long.", l->folder);
    }
    const lf_status status = lf_file_read_all(l->model->allocator, l->file, out, bytes, l->error);
    if (status == LF_OK) {
        l->hash = lf_hash64(*out, *bytes, l->hash);
    }
    return status;
}

static lf_status get_int(loader *l, const json_t *object, const char *field, int64_t *out)
{
    const json_t *value = json_object_get(object, field);
    if (!json_is_integer(value)) {
        return wrong(l, field, "a whole number");
    }
    *out = (int64_t)json_integer_value(value);
    return LF_OK;
}

/* A number, or NaN for null. */
static lf_status get_double(loader *l, const json_t *object, const char *field, double *out)
{
    const json_t *value = json_object_get(object, field);
    if (!json_is_number(value) && !json_is_null(value)) {
        return wrong(l, field, "a number or null");
    }
    *out = json_is_null(value) ? NAN : json_number_value(value);
    return LF_OK;
}

static lf_status read_calibration(loader *l, const json_t *fitted)
{
    const json_t *all = json_object_get(fitted, "calibration");
    for (int head = 0; head < LF_DIRECTION_COUNT; head++) {
        const json_t *entry = json_object_get(all, lf_head_name((lf_head)head));
        lf_calibration *c = &l->model->meta.calibration[head];
        if (entry == NULL) {
            continue;
        }
        if (get_double(l, entry, "slope", &c->slope) != LF_OK ||
            get_double(l, entry, "intercept", &c->intercept) != LF_OK) {
            return LF_FORMAT;
        }
        c->is_set = true;
        if (!(c->slope >= 0 && isfinite(c->slope) && isfinite(c->intercept))) {
            return wrong(l, "calibration", "a slope of 0 or more and an intercept");
        }
    }
    return LF_OK;
}

static lf_status read_fitted(loader *l, const json_t *root)
{
    lf_model_meta *meta = &l->model->meta;
    const json_t *fitted = json_object_get(root, "fitted");
    const struct {
        const char *field;
        int64_t *out;
    } whole[] = {
        {"label_delay_ns", &meta->label_delay_ns},
        {"step_ns", &meta->step_ns},
        {"train_first_ns", &meta->train_first_ns},
        {"train_last_ns", &meta->train_last_ns},
        {"purge_until_ns", &meta->purge_until_ns},
        {"vpin_bucket_lots", &meta->vpin_bucket_lots},
    };
    const struct {
        const char *field;
        double *out;
    } real[] = {
        {"ofi_threshold", &meta->ofi_threshold},
        {"ofi_extreme", &meta->ofi_extreme},
        {"median_spread_ticks", &meta->median_spread_ticks},
    };
    lf_status status = LF_OK;
    for (size_t i = 0; i < sizeof whole / sizeof whole[0] && status == LF_OK; i++) {
        status = get_int(l, fitted, whole[i].field, whole[i].out);
    }
    for (size_t i = 0; i < sizeof real / sizeof real[0] && status == LF_OK; i++) {
        status = get_double(l, fitted, real[i].field, real[i].out);
    }
    meta->horizon_ns = LF_NS_PER_MINUTE;
    meta->horizon_long_ns = 5 * LF_NS_PER_MINUTE;
    /* Folders from before there was a choice do not name them. */
    if (status == LF_OK && json_object_get(fitted, "horizon_ns") != NULL) {
        status = get_int(l, fitted, "horizon_ns", &meta->horizon_ns);
    }
    if (status == LF_OK && json_object_get(fitted, "horizon_long_ns") != NULL) {
        status = get_int(l, fitted, "horizon_long_ns", &meta->horizon_long_ns);
    }
    if (status == LF_OK && (meta->horizon_ns <= 0 || meta->horizon_long_ns <= 0)) {
        status = wrong(l, "horizon_ns", "positive");
    }
    if (status == LF_OK) {
        status = read_calibration(l, fitted);
    }
    const char *clock = json_string_value(json_object_get(fitted, "clock"));
    if (status == LF_OK &&
        (clock == NULL || (strcmp(clock, "exchange") != 0 && strcmp(clock, "local") != 0))) {
        status = wrong(l, "clock", "\"exchange\" or \"local\"");
    }
    if (status == LF_OK) {
        meta->clock = strcmp(clock, "local") == 0 ? LF_CLOCK_LOCAL : LF_CLOCK_EXCHANGE;
    }
    return status;
}

static lf_status unknown_feature(loader *l, const char *name)
{
    const char *names[LF_MODEL_FEATURES_MAX];
    const size_t known = lf_feature_count_all() < LF_MODEL_FEATURES_MAX ? lf_feature_count_all()
                                                                        : LF_MODEL_FEATURES_MAX;
    for (size_t i = 0; i < known; i++) {
        names[i] = lf_feature_at(i)->name;
    }
    const char *near = lf_suggest(name, names, known);
    return lf_error_set_at(
        l->error,
        LF_MISMATCH,
        l->file,
        LF_POSITION_NONE,
        LF_POSITION_NONE,
        "the model wants the feature \"%.100s\", which this version does not make%s%s%s; train the "
        "model again.",
        name,
        near == NULL ? "" : " (did you mean \"",
        near == NULL ? "" : near,
        near == NULL ? "" : "\"?)"
    );
}

static lf_status read_features(loader *l, const json_t *root)
{
    lf_model *model = l->model;
    const json_t *list = json_object_get(root, "features");
    const size_t count = json_array_size(list);
    lf_error inner;
    if (lfi_users_read(
            json_object_get(root, "user_features"), model->allocator, &model->users, &inner
        ) != LF_OK) {
        return wrong(l, "user_features", inner.message);
    }
    if (count == 0 || count > LF_MODEL_FEATURES_MAX) {
        return wrong(l, "features", "a list of 1 to 256 names");
    }
    for (size_t i = 0; i < count; i++) {
        const char *name = json_string_value(json_array_get(list, i));
        if (name == NULL) {
            return wrong(l, "features", "a list of names");
        }
        model->features[i] = lf_feature_find_of(model->users, name);
        if (model->features[i] == SIZE_MAX) {
            return unknown_feature(l, name);
        }
        for (size_t j = 0; j < i; j++) {
            if (model->features[j] == model->features[i]) {
                return wrong(l, "features", "a list without repetition");
            }
        }
    }
    model->feature_count = count;
    if (!model->meta.mirrored) {
        return LF_OK;
    }
    if (lf_feature_mirror_plan(model->users, model->features, count, model->mirror, &inner) !=
        LF_OK) {
        return lf_error_set_at(
            l->error,
            LF_MISMATCH,
            l->file,
            LF_POSITION_NONE,
            LF_POSITION_NONE,
            "the features cannot be mirrored: %s",
            inner.message
        );
    }
    return LF_OK;
}

static lf_status read_parameters(loader *l, const json_t *root)
{
    lf_model *model = l->model;
    const char *name = "";
    const json_t *object = json_object_get(root, "fitted_features");
    model->has_fitted = lf_feature_needs_fitted(model->features, model->feature_count);
    if (lfi_fitted_read(object, model->features, model->feature_count, &model->fitted, &name)) {
        return LF_OK;
    }
    char field[64];
    (void)snprintf(field, sizeof field, "fitted_features.%s", name);
    return wrong(l, field, "the parameters of that feature");
}

/* The scorer's features must be the model's, in order. */
static lf_status check_scorer(loader *l, const lf_scorer *scorer, int head)
{
    const lf_model *model = l->model;
    const size_t count = lf_scorer_feature_count(scorer);
    for (size_t i = 0; i < count && i < model->feature_count; i++) {
        const char *expected = lf_feature_info_of(model->users, model->features[i])->name;
        if (strcmp(lf_scorer_feature_name(scorer, i), expected) != 0) {
            return lf_error_set_at(
                l->error,
                LF_MISMATCH,
                l->file,
                LF_POSITION_NONE,
                LF_POSITION_NONE,
                "feature %zu is \"%.100s\", but model.json says \"%s\".",
                i,
                lf_scorer_feature_name(scorer, i),
                expected
            );
        }
    }
    if (count != model->feature_count) {
        return lf_error_set_at(
            l->error,
            LF_MISMATCH,
            l->file,
            LF_POSITION_NONE,
            LF_POSITION_NONE,
            "the trees have %zu features, but model.json names %zu.",
            count,
            model->feature_count
        );
    }
    if (lf_scorer_output_count(scorer) != 1 ||
        lf_scorer_is_probability(scorer) != (head != LF_HEAD_RET_1MIN)) {
        return lf_error_set_at(
            l->error,
            LF_MISMATCH,
            l->file,
            LF_POSITION_NONE,
            LF_POSITION_NONE,
            "the objective must be %s for this head.",
            head != LF_HEAD_RET_1MIN ? "binary" : "a regression"
        );
    }
    return LF_OK;
}

static lf_status load_trees(loader *l, int head, const json_t *entry)
{
    char name[32];
    char hash[32];
    char *text = NULL;
    size_t bytes = 0;
    const char *expected = json_string_value(json_object_get(entry, "xxh64"));
    if (expected == NULL) {
        return wrong(l, "xxh64", "the hash of the head's file");
    }
    /* The name is fixed: a folder that came from elsewhere cannot point at other files. */
    (void)snprintf(name, sizeof name, "%s.txt", lf_head_name((lf_head)head));
    lf_status status = read_file(l, name, &text, &bytes);
    if (status != LF_OK) {
        return status;
    }
    (void)snprintf(hash, sizeof hash, "%016llx", (unsigned long long)lf_hash64(text, bytes, 0));
    if (strcmp(hash, expected) != 0) {
        status = lf_error_set_at(
            l->error,
            LF_MISMATCH,
            l->file,
            LF_POSITION_NONE,
            LF_POSITION_NONE,
            "the file is not the one that model.json was written with (hash %s, expected %.16s); "
            "copy the whole folder or train again.",
            hash,
            expected
        );
    }
    lf_scorer *scorer = NULL;
    if (status == LF_OK) {
        status = lf_scorer_create(l->model->allocator, text, bytes, l->file, &scorer, l->error);
    }
    lf_release(l->model->allocator, text);
    l->model->scorers[head] = scorer;
    return status != LF_OK ? status : check_scorer(l, scorer, head);
}

static lf_status load_numbers(loader *l, const json_t *entry, const char *field, double *out)
{
    const json_t *list = json_object_get(entry, field);
    if (json_array_size(list) != l->model->feature_count) {
        return wrong(l, field, "a list with one number for each feature");
    }
    for (size_t i = 0; i < l->model->feature_count; i++) {
        const json_t *value = json_array_get(list, i);
        if (!json_is_number(value)) {
            return wrong(l, field, "a list of numbers");
        }
        out[i] = json_number_value(value);
    }
    return LF_OK;
}

/* A linear head, or what trees start from. */
static lf_status load_linear(loader *l, int head, const json_t *entry)
{
    const size_t count = l->model->feature_count;
    double weights[LF_MODEL_FEATURES_MAX];
    double means[LF_MODEL_FEATURES_MAX];
    if (!json_is_number(json_object_get(entry, "intercept"))) {
        return wrong(l, "intercept", "a number");
    }
    lf_status status = load_numbers(l, entry, "weights", weights);
    if (status == LF_OK) {
        status = load_numbers(l, entry, "means", means);
    }
    if (status != LF_OK) {
        return status;
    }
    lfi_linear *const line =
        lf_allocate(l->model->allocator, 1, sizeof *line + count * sizeof *line->terms);
    if (line == NULL) {
        return lf_error_set(l->error, LF_NOMEM, "%s: not enough memory.", l->folder);
    }
    l->model->linear[head] = line;
    line->intercept = json_number_value(json_object_get(entry, "intercept"));
    for (size_t i = 0; i < count; i++) {
        if (weights[i] != 0) {
            line->terms[line->count++] = (lfi_term){(uint32_t)i, weights[i], means[i]};
        }
    }
    return LF_OK;
}

static lf_status load_heads(loader *l, const json_t *root)
{
    const json_t *heads = json_object_get(root, "heads");
    const bool is_trees = strcmp(l->model->meta.kind, "trees") == 0;
    bool has_head = false;
    char file[sizeof l->file];
    memcpy(file, l->file, sizeof file);
    for (int head = 0; head < LF_HEAD_COUNT; head++) {
        const json_t *entry = json_object_get(heads, lf_head_name((lf_head)head));
        if (entry == NULL) {
            continue;
        }
        has_head = true;
        lf_status status = is_trees ? load_trees(l, head, entry) : LF_OK;
        if (status != LF_OK) {
            return status;
        }
        memcpy(l->file, file, sizeof file);
        const json_t *const line = is_trees ? json_object_get(entry, "start") : entry;
        status = line != NULL ? load_linear(l, head, line) : LF_OK;
        if (status == LF_OK && is_trees && line != NULL && l->model->scorers[head]->is_average) {
            status = wrong(l, "start", "left out for trees whose mean is taken");
        }
        if (status != LF_OK) {
            return status;
        }
    }
    return has_head ? LF_OK : wrong(l, "heads", "an object with at least one head");
}

static lf_status keep_training(loader *l, const json_t *root)
{
    const json_t *training = json_object_get(root, "training");
    if (!json_is_object(training)) {
        return wrong(l, "training", "an object");
    }
    char *text = json_dumps(training, JSON_COMPACT | JSON_REAL_PRECISION(17));
    const size_t bytes = text == NULL ? 0 : strlen(text) + 1;
    l->model->training = text == NULL ? NULL : lf_allocate(l->model->allocator, bytes, 1);
    if (l->model->training != NULL) {
        memcpy(l->model->training, text, bytes);
    }
    free(text);
    return l->model->training != NULL
               ? LF_OK
               : lf_error_set(l->error, LF_NOMEM, "%s: not enough memory.", l->folder);
}

static lf_status read_root(loader *l, const json_t *root)
{
    lf_model_meta *meta = &l->model->meta;
    const char *format = json_string_value(json_object_get(root, "format"));
    const char *kind = json_string_value(json_object_get(root, "kind"));
    const json_t *mirrored = json_object_get(root, "mirrored");
    int64_t version = 0;
    if (format == NULL || strcmp(format, "lobflow-model") != 0) {
        return wrong(l, "format", "\"lobflow-model\"");
    }
    if (get_int(l, root, "format_version", &version) != LF_OK) {
        return LF_FORMAT;
    }
    if (version < LFI_MODEL_FORMAT_OLDEST || version > LFI_MODEL_FORMAT) {
        return lf_error_set_at(
            l->error,
            LF_UNSUPPORTED,
            l->file,
            LF_POSITION_NONE,
            LF_POSITION_NONE,
            "format_version is %lld, this version reads %d to %d; train the model again.",
            (long long)version,
            LFI_MODEL_FORMAT_OLDEST,
            LFI_MODEL_FORMAT
        );
    }
    if (kind == NULL || (strcmp(kind, "trees") != 0 && strcmp(kind, "logistic") != 0)) {
        return wrong(l, "kind", "\"trees\" or \"logistic\"");
    }
    if (!json_is_boolean(mirrored)) {
        return wrong(l, "mirrored", "true or false");
    }
    (void)snprintf(meta->kind, sizeof meta->kind, "%s", kind);
    meta->mirrored = json_is_true(mirrored);
    lf_status status = read_fitted(l, root);
    if (status == LF_OK) {
        status = read_features(l, root);
    }
    if (status == LF_OK) {
        status = read_parameters(l, root);
    }
    if (status == LF_OK) {
        status = keep_training(l, root);
    }
    return status != LF_OK ? status : load_heads(l, root);
}

lf_status
lf_model_load(const lf_allocator *allocator, const char *path, lf_model **out, lf_error *error)
{
    *out = NULL;
    lf_model *model = lf_allocate(allocator, 1, sizeof *model);
    if (model == NULL) {
        return lf_error_set(error, LF_NOMEM, "%s: not enough memory.", path);
    }
    model->allocator = allocator;
    loader l = {.model = model, .folder = path, .error = error};
    char *text = NULL;
    size_t bytes = 0;
    json_t *root = NULL;
    lf_status status = read_file(&l, "model.json", &text, &bytes);
    if (status == LF_OK) {
        json_error_t place;
        root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &place);
        status = root != NULL ? read_root(&l, root)
                              : lf_error_set_at(
                                    error,
                                    LF_FORMAT,
                                    l.file,
                                    place.line,
                                    LF_POSITION_NONE,
                                    "this is no JSON: %s.",
                                    place.text
                                );
    }
    json_decref(root);
    lf_release(allocator, text);
    if (status != LF_OK) {
        lf_model_destroy(model);
        return status;
    }
    (void)snprintf(
        model->meta.model_id, sizeof model->meta.model_id, "%016llx", (unsigned long long)l.hash
    );
    *out = model;
    return LF_OK;
}
