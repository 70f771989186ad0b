/* Features of one's own: checked, kept, and found by name or index behind the built-in ones. */
#include "feature_internal.h"

#define TEXT_BYTES 160
/* Longer texts are no use in a table, and a version is a hash or a date. */
#define SHORT_BYTES 64

/* One of them with its texts. */
typedef struct entry {
    lf_feature_user user;
    lf_feature_info info;
    char name[LF_FEATURE_NAME_BYTES];
    char partner[LF_FEATURE_NAME_BYTES];
    char unit[SHORT_BYTES];
    char version[SHORT_BYTES];
    char formula[TEXT_BYTES];
} entry;

struct lf_feature_users {
    lf_allocator allocator;
    bool has_allocator;
    size_t count;
    entry entries[LF_FEATURE_USERS_MAX];
};

/* ---- checking --------------------------------------------------------------------------- */

static bool is_name(const char *name)
{
    const size_t length = name != NULL ? strlen(name) : 0;
    bool good = length > 0 && length < LF_FEATURE_NAME_BYTES && name[0] >= 'a' && name[0] <= 'z';
    for (size_t i = 0; good && i < length; i++) {
        const char c = name[i];
        good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    }
    return good;
}

/* Words that name sets, and columns that stand beside the features. */
static bool is_taken(const char *name)
{
    static const char *const words[] = {
        "default", "scale_free", "fitted", "user", "all", "mlofi", "symbol", "valid", "ts_event"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(name, words[i]) == 0) {
            return true;
        }
    }
    return lf_feature_find(name) != SIZE_MAX || lf_feature_is_ingredient(name);
}

static lf_status copy_text(char *out, size_t bytes, const char *text, lf_error *error)
{
    const size_t length = text != NULL ? strlen(text) : 0;
    if (length >= bytes) {
        return lf_error_set(
            error,
            LF_RANGE,
            "The text \"%.40s...\" of a feature has more than %zu bytes.",
            text,
            bytes - 1
        );
    }
    memcpy(out, text != NULL ? text : "", length + 1);
    return LF_OK;
}

static lf_status refuse(const lf_feature_user *item, const char *what, lf_error *error)
{
    return lf_error_set(error, LF_RANGE, "The feature \"%.60s\": %s.", item->name, what);
}

static bool has_partner(const lf_feature_user *item)
{
    return item->mirror == LF_MIRROR_SWAP || item->mirror == LF_MIRROR_SWAP_MINUS;
}

static lf_status
check_item(const lf_feature_users *users, const lf_feature_user *item, lf_error *error)
{
    if (!is_name(item->name)) {
        return lf_error_set(
            error,
            LF_RANGE,
            "\"%.60s\" is no name of a feature: up to %d letters a-z, digits and \"_\", first a "
            "letter.",
            item->name != NULL ? item->name : "",
            LF_FEATURE_NAME_BYTES - 1
        );
    }
    if (is_taken(item->name)) {
        return refuse(item, "the name is built in; choose another", error);
    }
    for (size_t i = 0; i < users->count; i++) {
        if (strcmp(users->entries[i].name, item->name) == 0) {
            return refuse(item, "the name is there twice", error);
        }
    }
    if ((int)item->mirror < LF_MIRROR_EVEN || item->mirror > LF_MIRROR_INVERSE) {
        return refuse(item, "there is no such mirror rule", error);
    }
    if (has_partner(item) != (item->partner != NULL)) {
        return refuse(
            item, "a partner goes with the mirror rules that swap, and only with them", error
        );
    }
    if (item->warmup_ns < 0 || item->warmup_ns > LF_NS_PER_DAY) {
        return refuse(item, "the warm-up must lie between 0 and a day", error);
    }
    if (item->state_bytes > LF_FEATURE_STATE_BYTES_MAX) {
        return refuse(item, "the state must have at most 1 MiB", error);
    }
    return LF_OK;
}

static lf_status add(lf_feature_users *users, const lf_feature_user *item, lf_error *error)
{
    entry *const to = &users->entries[users->count];
    lf_status status = check_item(users, item, error);
    if (status == LF_OK) {
        status = copy_text(to->unit, sizeof to->unit, item->unit != NULL ? item->unit : "-", error);
    }
    if (status == LF_OK) {
        status = copy_text(to->formula, sizeof to->formula, item->formula, error);
    }
    if (status == LF_OK) {
        status = copy_text(to->version, sizeof to->version, item->version, error);
    }
    if (status == LF_OK) {
        status = copy_text(to->partner, sizeof to->partner, item->partner, error);
    }
    if (status != LF_OK) {
        return status;
    }
    memcpy(to->name, item->name, strlen(item->name) + 1);
    to->user = *item;
    to->user.name = to->name;
    to->user.unit = to->unit;
    to->user.formula = to->formula;
    to->user.version = to->version;
    to->user.partner = item->partner != NULL ? to->partner : NULL;
    to->info = (lf_feature_info){
        .name = to->name,
        .group = "user",
        .unit = to->unit,
        .formula = to->formula,
        .source = "of one's own",
        .warmup_ns = item->warmup_ns,
        .mirror = item->mirror,
        .partner = -1,
    };
    users->count++;
    return LF_OK;
}

/* Partners are each other's, as buying is selling's. */
static lf_status pair(lf_feature_users *users, lf_error *error)
{
    for (size_t i = 0; i < users->count; i++) {
        entry *const one = &users->entries[i];
        if (one->user.partner == NULL) {
            continue;
        }
        const size_t place = lf_feature_find_of(users, one->user.partner);
        const bool is_own = place != SIZE_MAX && place >= (size_t)LFI_FEATURE_COUNT_ALL;
        const entry *const other =
            is_own ? &users->entries[place - (size_t)LFI_FEATURE_COUNT_ALL] : NULL;
        if (other == NULL || other == one || other->user.mirror != one->user.mirror ||
            strcmp(other->partner, one->name) != 0) {
            return refuse(
                &one->user,
                "its partner must be in the list, with the same rule and this one as partner",
                error
            );
        }
        one->info.partner = (int32_t)place;
    }
    return LF_OK;
}

/* ---- life ------------------------------------------------------------------------------- */

lf_status lf_feature_users_create(
    const lf_allocator *allocator,
    const lf_feature_user *items,
    size_t count,
    lf_feature_users **out,
    lf_error *error
)
{
    *out = NULL;
    if (count == 0 || count > LF_FEATURE_USERS_MAX) {
        return lf_error_set(
            error, LF_RANGE, "A run takes 1 to %d features of one's own.", LF_FEATURE_USERS_MAX
        );
    }
    lf_feature_users *const users = lf_allocate(allocator, 1, sizeof *users);
    if (users == NULL) {
        return lf_error_set(error, LF_NOMEM, "There is no memory for features of one's own.");
    }
    users->has_allocator = allocator != NULL;
    if (allocator != NULL) {
        users->allocator = *allocator;
    }
    lf_status status = LF_OK;
    for (size_t i = 0; i < count && status == LF_OK; i++) {
        status = add(users, &items[i], error);
    }
    if (status == LF_OK) {
        status = pair(users, error);
    }
    if (status != LF_OK) {
        lf_feature_users_destroy(users);
        return status;
    }
    *out = users;
    return LF_OK;
}

void lf_feature_users_destroy(lf_feature_users *users)
{
    if (users != NULL) {
        const lf_allocator allocator = users->allocator;
        lf_release(users->has_allocator ? &allocator : NULL, users);
    }
}

size_t lf_feature_users_count(const lf_feature_users *users)
{
    return users != NULL ? users->count : 0;
}

const lf_feature_user *lf_feature_users_at(const lf_feature_users *users, size_t index)
{
    assert(index < lf_feature_users_count(users));
    return &users->entries[index].user;
}

/* ---- finding ---------------------------------------------------------------------------- */

const lf_feature_info *lf_feature_info_of(const lf_feature_users *users, size_t index)
{
    if (index < (size_t)LFI_FEATURE_COUNT_ALL) {
        return lf_feature_at(index);
    }
    assert(index - (size_t)LFI_FEATURE_COUNT_ALL < lf_feature_users_count(users));
    return &users->entries[index - (size_t)LFI_FEATURE_COUNT_ALL].info;
}

size_t lf_feature_find_of(const lf_feature_users *users, const char *name)
{
    for (size_t i = 0; i < lf_feature_users_count(users); i++) {
        if (strcmp(users->entries[i].name, name) == 0) {
            return (size_t)LFI_FEATURE_COUNT_ALL + i;
        }
    }
    return lf_feature_find(name);
}

static lf_status mismatch(const char *name, const char *what, lf_error *error)
{
    return lf_error_set(
        error, LF_MISMATCH, "The feature \"%s\" is not built in, and %s.", name, what
    );
}

/* One that is wanted among those that there are. */
static lf_status
match_one(const lf_feature_users *have, const lf_feature_user *want, size_t *place, lf_error *error)
{
    const size_t index = lf_feature_find_of(have, want->name);
    if (index == SIZE_MAX || index < (size_t)LFI_FEATURE_COUNT_ALL) {
        return mismatch(
            want->name, "nothing makes it here; register it for this run as in training", error
        );
    }
    *place = index - (size_t)LFI_FEATURE_COUNT_ALL;
    const lf_feature_user *const found = lf_feature_users_at(have, *place);
    if (found->value == NULL) {
        return mismatch(want->name, "it has no function; register it with one", error);
    }
    if (strcmp(found->version, want->version) != 0) {
        return mismatch(
            want->name, "its version is not the one that was trained with; train again", error
        );
    }
    const bool is_partner = (found->partner == NULL) == (want->partner == NULL) &&
                            (found->partner == NULL || strcmp(found->partner, want->partner) == 0);
    return found->mirror == want->mirror && is_partner
               ? LF_OK
               : mismatch(want->name, "its mirror rule is another one; train again", error);
}

lf_status lf_feature_users_match(
    const lf_feature_users *have, const lf_feature_users *want, size_t *places, lf_error *error
)
{
    for (size_t i = 0; i < lf_feature_users_count(want); i++) {
        size_t place = 0;
        const lf_status status = match_one(have, lf_feature_users_at(want, i), &place, error);
        if (status != LF_OK) {
            return status;
        }
        if (places != NULL) {
            places[i] = place;
        }
    }
    return LF_OK;
}
