/* Finding features by name, naming sets of them, and mirroring a row of them. */
#include "feature_internal.h"

/* No feature's name comes near this; a longer word cannot be one. */
#define NAME_BYTES_MAX 64

size_t lf_feature_find(const char *name)
{
    for (size_t i = 0; i < LFI_FEATURE_COUNT_ALL; i++) {
        if (strcmp(lf_feature_at(i)->name, name) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* Indices of the built-in features and those of one's own. */
static size_t index_count(const lf_feature_users *users)
{
    return (size_t)LFI_FEATURE_COUNT_ALL + lf_feature_users_count(users);
}

static lf_status refuse_name(const lf_feature_users *users, const char *word, lf_error *error)
{
    const char *candidates[LFI_FEATURE_INDICES_MAX + 6];
    size_t count = 0;
    for (size_t i = 0; i < index_count(users); i++) {
        candidates[count++] = lf_feature_info_of(users, i)->name;
    }
    candidates[count++] = "user";
    candidates[count++] = "default";
    candidates[count++] = "scale_free";
    candidates[count++] = "fitted";
    candidates[count++] = "mlofi";
    candidates[count++] = "all";
    const char *hint = lf_suggest(word, candidates, count);
    if (hint != NULL) {
        return lf_error_set(
            error, LF_NOT_FOUND, "There is no feature \"%s\"; did you mean \"%s\"?", word, hint
        );
    }
    return lf_error_set(
        error,
        LF_NOT_FOUND,
        "There is no feature \"%s\"; expected \"default\", \"scale_free\", \"fitted\", names of "
        "features joined by commas, or for a table \"mlofi\" or \"all\".",
        word
    );
}

/* Adds one word's features. */
static lf_status add_word(
    const lf_feature_users *users, const char *word, size_t *indices, size_t *count, lf_error *error
)
{
    const bool is_default = strcmp(word, "default") == 0;
    const bool is_scale_free = strcmp(word, "scale_free") == 0;
    const bool is_fitted = strcmp(word, "fitted") == 0;
    const bool is_user = users != NULL && strcmp(word, "user") == 0;
    bool is_known = is_default || is_scale_free || is_fitted || is_user;
    for (size_t i = 0; i < index_count(users); i++) {
        const lf_feature_info *info = lf_feature_info_of(users, i);
        const bool is_own = i >= (size_t)LFI_FEATURE_COUNT_ALL;
        const bool is_named = strcmp(word, info->name) == 0;
        const bool is_of_set = (is_default && !info->is_fitted && !is_own) ||
                               (is_scale_free && info->is_scale_free) ||
                               (is_fitted && info->is_fitted) || (is_user && is_own);
        is_known = is_known || is_named;
        if (!is_named && !is_of_set) {
            continue;
        }
        bool is_new = true;
        for (size_t k = 0; k < *count; k++) {
            is_new = is_new && indices[k] != i;
        }
        if (is_new) {
            indices[(*count)++] = i;
        }
    }
    return is_known ? LF_OK : refuse_name(users, word, error);
}

lf_status lf_feature_select(const char *set, size_t *indices, size_t *count, lf_error *error)
{
    return lf_feature_select_of(NULL, set, indices, count, error);
}

lf_status lf_feature_select_of(
    const lf_feature_users *users, const char *set, size_t *indices, size_t *count, lf_error *error
)
{
    *count = 0;
    const char *rest = set;
    for (;;) {
        char word[NAME_BYTES_MAX] = "";
        const size_t length = strcspn(rest, ",");
        /* A word that is too long is cut, and as it then names nothing it is refused. */
        memcpy(word, rest, length < sizeof word ? length : sizeof word - 1);
        const lf_status status = add_word(users, word, indices, count, error);
        if (status != LF_OK) {
            *count = 0;
            return status;
        }
        if (rest[length] == '\0') {
            return LF_OK;
        }
        rest += length + 1;
    }
}

static size_t position_of(const size_t *indices, size_t count, int32_t feature)
{
    for (size_t k = 0; k < count; k++) {
        if (indices[k] == (size_t)feature) {
            return k;
        }
    }
    return SIZE_MAX;
}

static lf_status plan_step(
    const lf_feature_users *users,
    const size_t *indices,
    size_t count,
    size_t k,
    lf_mirror_step *out,
    lf_error *error
)
{
    const lf_feature_info *info = lf_feature_info_of(users, indices[k]);
    const size_t from = info->partner >= 0 ? position_of(indices, count, info->partner) : k;
    if (from == SIZE_MAX) {
        return lf_error_set(
            error,
            LF_RANGE,
            "The feature %s cannot be mirrored without its partner %s; select both.",
            info->name,
            lf_feature_info_of(users, (size_t)info->partner)->name
        );
    }
    *out = (lf_mirror_step){.from = (uint32_t)from, .mirror = info->mirror};
    return LF_OK;
}

static double mirror_value(const lf_mirror_step *step, const double *row)
{
    const double value = row[step->from];
    switch (step->mirror) {
    case LF_MIRROR_EVEN:
    case LF_MIRROR_SWAP:
        return value;
    case LF_MIRROR_ODD:
    case LF_MIRROR_SWAP_MINUS:
        /* 0 - x, so that 0 becomes 0 and not -0. */
        return 0.0 - value;
    case LF_MIRROR_INVERSE:
        return 1.0 / value;
    }
    return value;
}

lf_status lf_feature_mirror_plan(
    const lf_feature_users *users,
    const size_t *indices,
    size_t count,
    lf_mirror_step *steps,
    lf_error *error
)
{
    lf_status status = LF_OK;
    for (size_t k = 0; k < count && status == LF_OK; k++) {
        status = plan_step(users, indices, count, k, &steps[k], error);
    }
    return status;
}

void lf_feature_mirror_apply(
    const lf_mirror_step *steps, size_t count, const double *row, double *out
)
{
    for (size_t k = 0; k < count; k++) {
        out[k] = mirror_value(&steps[k], row);
    }
}

lf_status lf_feature_mirror_row(
    const size_t *indices, size_t count, const double *row, double *out, lf_error *error
)
{
    return lf_feature_mirror_row_of(NULL, indices, count, row, out, error);
}

lf_status lf_feature_mirror_row_of(
    const lf_feature_users *users,
    const size_t *indices,
    size_t count,
    const double *row,
    double *out,
    lf_error *error
)
{
    lf_status status = LF_OK;
    for (size_t k = 0; k < count && status == LF_OK; k++) {
        lf_mirror_step step = {0};
        status = plan_step(users, indices, count, k, &step, error);
        if (status == LF_OK) {
            out[k] = mirror_value(&step, row);
        }
    }
    return status;
}
