/* Features of one's own in model.json: what a run that trades the model must register. */
#include "model_internal.h"

#include <string.h>

static const char *const mirror_names[] = {"even", "odd", "swap", "swap_minus", "inverse"};
#define MIRROR_COUNT (sizeof mirror_names / sizeof mirror_names[0])

static bool uses(const size_t *features, size_t count, size_t index)
{
    for (size_t i = 0; i < count; i++) {
        if (features[i] == index) {
            return true;
        }
    }
    return false;
}

json_t *lfi_users_json(const lf_feature_users *users, const size_t *features, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < lf_feature_users_count(users); i++) {
        const lf_feature_user *const user = lf_feature_users_at(users, i);
        const size_t index = lf_feature_count_all() + i;
        const int32_t partner = lf_feature_info_of(users, index)->partner;
        /* A partner comes along: a rule that swaps names it. */
        if (!uses(features, count, index) &&
            (partner < 0 || !uses(features, count, (size_t)partner))) {
            continue;
        }
        json_t *const entry = json_pack(
            "{s:s, s:s, s:s, s:s, s:s, s:I}",
            "name",
            user->name,
            "unit",
            user->unit,
            "formula",
            user->formula,
            "version",
            user->version,
            "mirror",
            mirror_names[user->mirror],
            "warmup_ns",
            (json_int_t)user->warmup_ns
        );
        if (user->partner != NULL) {
            (void)json_object_set_new(entry, "partner", json_string(user->partner));
        }
        (void)json_array_append_new(list, entry);
    }
    if (json_array_size(list) == 0) {
        json_decref(list);
        return NULL;
    }
    return list;
}

static bool read_mirror(const json_t *entry, lf_mirror *out)
{
    const char *const word = json_string_value(json_object_get(entry, "mirror"));
    for (size_t i = 0; word != NULL && i < MIRROR_COUNT; i++) {
        if (strcmp(word, mirror_names[i]) == 0) {
            *out = (lf_mirror)i;
            return true;
        }
    }
    return false;
}

lf_status lfi_users_read(
    const json_t *list, const lf_allocator *allocator, lf_feature_users **out, lf_error *error
)
{
    lf_feature_user items[LF_FEATURE_USERS_MAX];
    const size_t count = json_array_size(list);
    *out = NULL;
    if (list == NULL) {
        return LF_OK;
    }
    if (count == 0 || count > LF_FEATURE_USERS_MAX) {
        return lf_error_set(error, LF_FORMAT, "a list of 1 to %d features", LF_FEATURE_USERS_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *const entry = json_array_get(list, i);
        items[i] = (lf_feature_user){
            .name = json_string_value(json_object_get(entry, "name")),
            .unit = json_string_value(json_object_get(entry, "unit")),
            .formula = json_string_value(json_object_get(entry, "formula")),
            .version = json_string_value(json_object_get(entry, "version")),
            .partner = json_string_value(json_object_get(entry, "partner")),
            .warmup_ns = json_integer_value(json_object_get(entry, "warmup_ns")),
        };
        if (!read_mirror(entry, &items[i].mirror)) {
            return lf_error_set(error, LF_FORMAT, "features with a mirror rule each");
        }
    }
    const lf_status status = lf_feature_users_create(allocator, items, count, out, error);
    return status == LF_OK || status == LF_NOMEM
               ? status
               : lf_error_set(error, LF_FORMAT, "features that can be registered");
}
