/* What sweep.keys says: keys, their values, and the configuration of each combination. */
#include "sweep_internal.h"

#include <string.h>

/* Keys of the three sections that cannot differ between strategies of one pass, and why. */
static const struct {
    const char *key, *reason;
} refused[] = {
    {"signal.threshold_quantile", "acts in training; sweep signal.ofi_threshold"},
    {"signal.extreme_quantile", "acts in training; sweep signal.ofi_extreme"},
    {"execution.latency_feed", "changes what all sets see; `lobflow latency` varies it"},
    {"execution.latency_rows", "names a file; compare two runs"},
    {"execution.latency_decision_times", "names a file; compare two runs"},
    {"execution.check_every_fill", "is the same for all"},
    {"risk.starting_cash", "changes no decision"},
};

static lf_status check_key(const lfi_axes *axes, const char *key, lf_error *error)
{
    static const char *const sections[] = {"signal.", "execution.", "risk."};
    bool is_strategy = false;
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        is_strategy |= strncmp(key, sections[i], strlen(sections[i])) == 0;
    }
    if (!is_strategy) {
        return lf_error_set(
            error,
            LF_RANGE,
            "sweep.keys: %s is not a key of [signal], [execution] or [risk]; sets share rows and "
            "model.",
            key
        );
    }
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (strcmp(key, refused[i].key) == 0) {
            return lf_error_set(error, LF_RANGE, "sweep.keys: %s %s.", key, refused[i].reason);
        }
    }
    for (size_t i = 0; i < axes->axis_count; i++) {
        if (strcmp(axes->axes[i].key, key) == 0) {
            return lf_error_set(error, LF_RANGE, "sweep.keys: %s stands there twice.", key);
        }
    }
    return LF_OK;
}

/* Text without spaces around it. */
static char *trim(char *text)
{
    text += strspn(text, " ");
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == ' ') {
        text[--length] = '\0';
    }
    return text;
}

/* "key=a,b": one axis. Its values follow those of the axes before it. */
static lf_status read_axis(char *text, lfi_axes *out, size_t *used, lf_error *error)
{
    char *const equals = strchr(text, '=');
    if (equals == NULL) {
        return lf_error_set(
            error, LF_RANGE, "sweep.keys: write %s=VALUE,VALUE; sets of keys with ; between.", text
        );
    }
    if (out->axis_count == LFI_AXES_MAX) {
        return lf_error_set(error, LF_RANGE, "sweep.keys: more than %zu keys.", LFI_AXES_MAX);
    }
    *equals = '\0';
    lfi_axis *const axis = &out->axes[out->axis_count];
    *axis = (lfi_axis){.key = trim(text), .values = out->values + *used};
    lf_status status = check_key(out, axis->key, error);
    char *rest = equals + 1;
    while (status == LF_OK && rest != NULL) {
        char *const comma = strchr(rest, ',');
        if (comma != NULL) {
            *comma = '\0';
        }
        if (*used == sizeof out->values / sizeof out->values[0]) {
            return lf_error_set(error, LF_RANGE, "sweep.keys: too many values.");
        }
        axis->values[axis->value_count++] = trim(rest);
        ++*used;
        rest = comma != NULL ? comma + 1 : NULL;
    }
    out->axis_count++;
    out->set_count *= axis->value_count > 0 ? axis->value_count : 1;
    if (status == LF_OK && out->set_count > LFI_SETS_MAX) {
        return lf_error_set(error, LF_RANGE, "sweep.keys: more than %zu sets.", LFI_SETS_MAX);
    }
    return status;
}

lf_status lfi_axes_read(const lf_config *config, lfi_axes *out, lf_error *error)
{
    size_t used = 0;
    lf_status status = LF_OK;
    memset(out, 0, sizeof *out);
    out->set_count = 1;
    memcpy(out->text, config->sweep, sizeof out->text);
    char *rest = out->text;
    while (status == LF_OK && rest != NULL) {
        char *const end = strchr(rest, ';');
        if (end != NULL) {
            *end = '\0';
        }
        status = read_axis(rest, out, &used, error);
        rest = end != NULL ? end + 1 : NULL;
    }
    return status;
}

const char *lfi_axes_value(const lfi_axes *axes, size_t set, size_t axis)
{
    for (size_t a = axes->axis_count; a-- > axis + 1;) {
        set /= axes->axes[a].value_count;
    }
    return axes->axes[axis].values[set % axes->axes[axis].value_count];
}

lf_status
lfi_axes_set(const lfi_axes *axes, size_t set, const lf_config *base, lf_config *out, lf_error *e)
{
    lf_status status = LF_OK;
    *out = *base;
    out->sweep[0] = '\0';
    for (size_t a = 0; a < axes->axis_count && status == LF_OK; a++) {
        status = lf_config_set_text(out, axes->axes[a].key, lfi_axes_value(axes, set, a), e);
    }
    return status == LF_OK ? lf_config_check(out, e) : status;
}
