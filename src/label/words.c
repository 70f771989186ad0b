/* Labels as a person names them: "1min", "barrier:5min". */
#include <lobflow/label.h>

#include <stdio.h>
#include <string.h>

static const char *const kind_words[LF_LABEL_KIND_COUNT] = {
    [LF_LABEL_RETURN] = "return",
    [LF_LABEL_SMOOTH] = "smooth",
    [LF_LABEL_BARRIER] = "barrier",
    [LF_LABEL_META] = "meta",
    [LF_LABEL_WEIGHT] = "weight",
};

static lf_status parse_kind(const char *word, lf_label_kind *out, lf_error *error)
{
    for (int kind = 0; kind < LF_LABEL_KIND_COUNT; kind++) {
        if (strcmp(kind_words[kind], word) == 0) {
            *out = (lf_label_kind)kind;
            return LF_OK;
        }
    }
    const char *const near = lf_suggest(word, kind_words, LF_LABEL_KIND_COUNT);
    return lf_error_set(
        error,
        LF_RANGE,
        "there is no label \"%s\"%s%s; a label is a duration or smooth, barrier, meta or weight, a "
        "colon and a duration, as 1min,barrier:5min.",
        word,
        near != NULL ? "; did you mean " : "",
        near != NULL ? near : ""
    );
}

static lf_status parse_word(char *word, lf_label_spec *out, lf_error *error)
{
    char *const colon = strchr(word, ':');
    const char *duration = word;
    *out = (lf_label_spec){.kind = LF_LABEL_RETURN};
    if (colon != NULL) {
        *colon = '\0';
        duration = colon + 1;
        const lf_status status = parse_kind(word, &out->kind, error);
        if (status != LF_OK) {
            return status;
        }
    }
    if (lf_duration_parse(duration, &out->horizon_ns) != LF_OK || out->horizon_ns <= 0 ||
        out->horizon_ns > LF_NS_PER_DAY) {
        return lf_error_set(
            error,
            LF_RANGE,
            "\"%s\" is no horizon of a label; it is a duration up to a day, as 1min or 250ms.",
            duration
        );
    }
    return LF_OK;
}

lf_status lf_label_parse(
    const char *text, lf_label_spec *specs, size_t capacity, size_t *count, lf_error *error
)
{
    *count = 0;
    while (*text != '\0') {
        char word[64];
        const size_t length = strcspn(text, ",");
        if (*count == capacity) {
            return lf_error_set(error, LF_RANGE, "more than %zu labels are named.", capacity);
        }
        (void)snprintf(word, sizeof word, "%.*s", (int)length, text);
        lf_label_spec *const spec = &specs[*count];
        const lf_status status = parse_word(word, spec, error);
        if (status != LF_OK) {
            return status;
        }
        for (size_t i = 0; i < *count; i++) {
            if (specs[i].kind == spec->kind && specs[i].horizon_ns == spec->horizon_ns) {
                return lf_error_set(
                    error, LF_RANGE, "the label %.*s is named twice.", (int)length, text
                );
            }
        }
        ++*count;
        text += length + (text[length] == ',' ? 1 : 0);
    }
    return LF_OK;
}
