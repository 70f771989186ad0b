/* The configuration: defaults, one key at a time, checks. Its text is in config_text.c. */
#include "run_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than the table holds; keys beyond it would not be suggested. */
#define KEYS_MAX ((size_t)128)

void lf_config_default(lf_config *config)
{
    memset(config, 0, sizeof *config);
    memcpy(config->set, "default", sizeof "default");
    config->step_ns = LF_NS_PER_SECOND;
    config->clock = LF_CLOCK_EXCHANGE;
    config->smooth_samples = 60;
    lf_label_barrier_options_default(&config->barrier);
    memcpy(config->meta_side, "depth_imbalance_l1", sizeof "depth_imbalance_l1");
    lf_train_options_init(&config->model, LF_TRAIN_SYMMETRIC);
    lf_train_split_options_default(&config->split);
    lf_signal_options_default(&config->signal);
    lf_execution_options_default(&config->execution);
    lf_risk_options_default(&config->risk);
    config->starting_cash = 100000;
    config->trials = 1;
    config->trials_sharpe_sd = NAN;
    config->planted_alpha = NAN;
}

size_t lf_config_key_count(void)
{
    return lfi_config_entry_count;
}

const lf_config_key *lf_config_key_at(size_t index)
{
    return &lfi_config_entries[index].key;
}

/* ---- finding a key ---------------------------------------------------------------------- */

static lf_status unknown_key(const char *section, const char *key, lf_error *error)
{
    char names[KEYS_MAX][64];
    const char *candidates[KEYS_MAX];
    char typed[128];
    const size_t count = lfi_config_entry_count < KEYS_MAX ? lfi_config_entry_count : KEYS_MAX;
    for (size_t i = 0; i < count; i++) {
        const lf_config_key *const known = &lfi_config_entries[i].key;
        (void)snprintf(names[i], sizeof names[i], "%s.%s", known->section, known->name);
        candidates[i] = names[i];
    }
    (void)snprintf(typed, sizeof typed, "%s.%s", section, key);
    const char *near = NULL;
    for (size_t i = 0; i < count && near == NULL; i++) {
        /* The right name in the wrong section is nearer than any other name. */
        near = strcmp(lfi_config_entries[i].key.name, key) == 0 ? names[i] : NULL;
    }
    near = near != NULL ? near : lf_suggest(typed, candidates, count);
    if (near == NULL) {
        return lf_error_set(
            error, LF_NOT_FOUND, "There is no key %s, see --print-config for all keys.", typed
        );
    }
    return lf_error_set(error, LF_NOT_FOUND, "There is no key %s; did you mean %s?", typed, near);
}

static const lfi_config_entry *find_entry(const char *section, const char *key)
{
    for (size_t i = 0; i < lfi_config_entry_count; i++) {
        const lfi_config_entry *const entry = &lfi_config_entries[i];
        if (strcmp(entry->key.section, section) == 0 && strcmp(entry->key.name, key) == 0) {
            return entry;
        }
    }
    return NULL;
}

/* ---- storing a value -------------------------------------------------------------------- */

static const char *kind_name(lf_config_kind kind)
{
    static const char *const names[] = {
        [LF_CONFIG_BOOL] = "true or false",
        [LF_CONFIG_INTEGER] = "a whole number",
        [LF_CONFIG_NUMBER] = "a number",
        [LF_CONFIG_TEXT] = "a text",
        [LF_CONFIG_DURATION] = "a duration such as \"250ms\" or \"1min\"",
        [LF_CONFIG_PATHS] = "a list of texts",
    };
    return names[kind];
}

static lf_status wrong_kind(const lfi_config_entry *entry, lf_error *error)
{
    return lf_error_set(
        error,
        LF_MISMATCH,
        "%s.%s must be %s.",
        entry->key.section,
        entry->key.name,
        kind_name(entry->key.kind)
    );
}

static lf_status
store_word(const lfi_config_entry *entry, const char *text, void *place, lf_error *error)
{
    char choices[256] = "";
    for (int32_t i = 0; entry->words[i] != NULL; i++) {
        if (strcmp(entry->words[i], text) == 0) {
            memcpy(place, &i, sizeof i);
            return LF_OK;
        }
        const size_t used = strlen(choices);
        (void)snprintf(
            choices + used, sizeof choices - used, "%s%s", i > 0 ? ", " : "", entry->words[i]
        );
    }
    return lf_error_set(
        error,
        LF_RANGE,
        "%s.%s is \"%s\"; it can be: %s.",
        entry->key.section,
        entry->key.name,
        text,
        choices
    );
}

static lf_status store_duration(
    const lfi_config_entry *entry, const lf_config_value *value, void *place, lf_error *error
)
{
    int64_t duration_ns = 0;
    if (value->kind == LF_CONFIG_INTEGER && value->integer == 0) {
        memcpy(place, &duration_ns, sizeof duration_ns);
        return LF_OK;
    }
    if (value->kind != LF_CONFIG_TEXT) {
        return wrong_kind(entry, error);
    }
    if (lf_duration_parse(value->text, &duration_ns) != LF_OK) {
        return lf_error_set(
            error,
            LF_RANGE,
            "%s.%s is \"%s\"; it must be a duration such as 500us, 250ms, 1s or 1min.",
            entry->key.section,
            entry->key.name,
            value->text
        );
    }
    memcpy(place, &duration_ns, sizeof duration_ns);
    return LF_OK;
}

static lf_status store_text(
    const lfi_config_entry *entry, const char *text, size_t capacity, char *place, lf_error *error
)
{
    const size_t length = strlen(text);
    if (length >= capacity) {
        return lf_error_set(
            error,
            LF_RANGE,
            "%s.%s has %zu characters; it can have %zu.",
            entry->key.section,
            entry->key.name,
            length,
            capacity - 1
        );
    }
    memcpy(place, text, length + 1);
    return LF_OK;
}

static lf_status
add_path(lf_config *config, const lfi_config_entry *entry, const char *text, lf_error *error)
{
    if (config->path_count == LF_CONFIG_PATHS_MAX) {
        return lf_error_set(
            error, LF_RANGE, "data.paths can hold %d paths; name a folder.", LF_CONFIG_PATHS_MAX
        );
    }
    const lf_status status =
        store_text(entry, text, sizeof config->paths[0], config->paths[config->path_count], error);
    config->path_count += status == LF_OK;
    return status;
}

static lf_status store_number(
    const lfi_config_entry *entry, const lf_config_value *value, void *place, lf_error *error
)
{
    const bool whole = value->kind == LF_CONFIG_INTEGER;
    if (entry->storage == LFI_CONFIG_F64) {
        if (!whole && value->kind != LF_CONFIG_NUMBER) {
            return wrong_kind(entry, error);
        }
        const double number = whole ? (double)value->integer : value->number;
        memcpy(place, &number, sizeof number);
        return LF_OK;
    }
    if (!whole) {
        return wrong_kind(entry, error);
    }
    if (entry->storage == LFI_CONFIG_I64) {
        memcpy(place, &value->integer, sizeof value->integer);
        return LF_OK;
    }
    if (value->integer < INT32_MIN || value->integer > INT32_MAX) {
        return lf_error_set(
            error, LF_RANGE, "%s.%s is too large.", entry->key.section, entry->key.name
        );
    }
    const int32_t small = (int32_t)value->integer;
    memcpy(place, &small, sizeof small);
    return LF_OK;
}

/* All keys of [model] get the preset's defaults; what is not a key of the preset stays. */
static void take_preset(lf_config *config)
{
    const lf_train_options before = config->model;
    lf_train_options_init(&config->model, before.preset);
    config->model.horizon_ns = before.horizon_ns;
    config->model.horizon_long_ns = before.horizon_long_ns;
    config->model_features[0] = '\0';
    config->model_monotone[0] = '\0';
}

static lf_status store(
    lf_config *config, const lfi_config_entry *entry, const lf_config_value *value, lf_error *error
)
{
    char *const place = (char *)config + entry->offset;
    switch (entry->storage) {
    case LFI_CONFIG_BOOL:
        if (value->kind != LF_CONFIG_BOOL) {
            return wrong_kind(entry, error);
        }
        memcpy(place, &value->boolean, sizeof value->boolean);
        return LF_OK;
    case LFI_CONFIG_I32:
    case LFI_CONFIG_I64:
    case LFI_CONFIG_F64:
        return store_number(entry, value, place, error);
    case LFI_CONFIG_NS:
        return store_duration(entry, value, place, error);
    case LFI_CONFIG_TEXT:
    case LFI_CONFIG_WORD:
    case LFI_CONFIG_AS_OF:
    case LFI_CONFIG_PATHS:
        break;
    }
    if (value->kind != LF_CONFIG_TEXT) {
        return wrong_kind(entry, error);
    }
    if (entry->storage == LFI_CONFIG_WORD) {
        return store_word(entry, value->text, place, error);
    }
    if (entry->storage == LFI_CONFIG_AS_OF) {
        return lf_fees_as_of_parse(value->text, &config->execution.fees, error);
    }
    return entry->storage == LFI_CONFIG_PATHS
               ? add_path(config, entry, value->text, error)
               : store_text(entry, value->text, entry->bytes, place, error);
}

lf_status lf_config_set(
    lf_config *config,
    const char *section,
    const char *key,
    const lf_config_value *value,
    lf_error *error
)
{
    const lfi_config_entry *const entry = find_entry(section, key);
    if (entry == NULL) {
        return unknown_key(section, key, error);
    }
    const lf_status status = store(config, entry, value, error);
    if (status == LF_OK && entry->offset == offsetof(lf_config, model.preset) &&
        entry->storage == LFI_CONFIG_WORD) {
        take_preset(config);
    }
    return status;
}

/* ---- a value as a person types it ------------------------------------------------------- */

static lf_config_value typed_value(lf_config_kind kind, const char *text)
{
    lf_config_value value = {.kind = LF_CONFIG_TEXT, .text = text};
    const size_t length = strlen(text);
    if (kind == LF_CONFIG_BOOL && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)) {
        value.kind = LF_CONFIG_BOOL;
        value.boolean = text[0] == 't';
    } else if (kind == LF_CONFIG_INTEGER && lf_int64_parse(text, length, &value.integer) == LF_OK) {
        value.kind = LF_CONFIG_INTEGER;
    } else if (kind == LF_CONFIG_NUMBER && strcmp(text, "nan") == 0) {
        value.kind = LF_CONFIG_NUMBER;
        value.number = NAN;
    } else if (kind == LF_CONFIG_NUMBER && lf_double_parse(text, length, &value.number) == LF_OK) {
        value.kind = LF_CONFIG_NUMBER;
    }
    return value;
}

lf_status
lf_config_set_text(lf_config *config, const char *name, const char *value, lf_error *error)
{
    char section[64];
    const char *const dot = strchr(name, '.');
    const size_t length = dot != NULL ? (size_t)(dot - name) : 0;
    if (dot == NULL || length >= sizeof section) {
        return lf_error_set(
            error, LF_NOT_FOUND, "\"%s\" is no key; a key is section.name, as risk.hold.", name
        );
    }
    memcpy(section, name, length);
    section[length] = '\0';
    const lfi_config_entry *const entry = find_entry(section, dot + 1);
    if (entry == NULL) {
        return unknown_key(section, dot + 1, error);
    }
    const lf_config_value typed = typed_value(entry->key.kind, value);
    return lf_config_set(config, section, dot + 1, &typed, error);
}

/* ---- all together ----------------------------------------------------------------------- */

/* The keys of [labels]. */
static lf_status check_labels(const lf_config *config, lf_error *error)
{
    const lf_label_barrier_options *const b = &config->barrier;
    const struct {
        const char *name;
        const char *expected;
        bool is_good;
    } rules[] = {
        {"delay",
         "from 0 to a day",
         config->label_delay_ns >= 0 && config->label_delay_ns <= LF_NS_PER_DAY},
        {"smooth_samples",
         "from 1 to 100000",
         config->smooth_samples >= 1 && config->smooth_samples <= 100000},
        {"barrier_up", "above 0; inf: no barrier", b->up > 0},
        {"barrier_down", "above 0; inf: no barrier", b->down > 0},
        {"barrier_width_bps",
         "0 or more; nan: the volatility",
         isnan(b->width_bps) || (b->width_bps >= 0 && isfinite(b->width_bps))},
        {"barrier_floor_ticks", "above 0", b->floor_ticks > 0 && isfinite(b->floor_ticks)},
        {"volatility_step",
         "from 1ms to a day",
         b->step_ns >= LF_NS_PER_MILLISECOND && b->step_ns <= LF_NS_PER_DAY},
        {"volatility_window",
         "from labels.volatility_step to a day",
         b->window_ns >= b->step_ns && b->window_ns <= LF_NS_PER_DAY},
        {"meta_cost_bps", "a number", isfinite(config->meta_cost_bps)},
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (!rules[i].is_good) {
            return lf_error_set(
                error, LF_RANGE, "labels.%s must be %s.", rules[i].name, rules[i].expected
            );
        }
    }
    return LF_OK;
}

lf_status lf_config_check(const lf_config *config, lf_error *error)
{
    lf_date date;
    if (config->step_ns < LF_NS_PER_SECOND / 1000) {
        return lf_error_set(error, LF_RANGE, "features.step must be at least 1ms.");
    }
    if (config->vpin_bucket_lots < 0) {
        return lf_error_set(error, LF_RANGE, "features.vpin_bucket must be 0 or more.");
    }
    if (config->model.horizon_ns <= 0 || config->model.horizon_long_ns > LF_NS_PER_DAY ||
        config->model.horizon_long_ns < config->model.horizon_ns) {
        return lf_error_set(
            error,
            LF_RANGE,
            "labels.horizon must be positive, and labels.horizon_long not below it or above a day."
        );
    }
    if (config->levels < 0 || config->levels > 50) {
        return lf_error_set(error, LF_RANGE, "instrument.levels must be from 0 to 50.");
    }
    if (!(config->tick >= 0 && config->tick <= 1e9 && config->lot >= 0 && config->lot <= 1e9)) {
        return lf_error_set(
            error,
            LF_RANGE,
            "instrument.tick and instrument.lot must be 0 or more, and at most 1e9."
        );
    }
    if (config->date[0] != '\0' && lf_date_parse(config->date, &date) != LF_OK) {
        return lf_error_set(
            error, LF_RANGE, "data.date is \"%s\"; it must be YYYY-MM-DD.", config->date
        );
    }
    if (!isfinite(config->starting_cash)) {
        return lf_error_set(error, LF_RANGE, "risk.starting_cash must be a number.");
    }
    if (config->model_trials < 0 || config->model_trials > 1000000) {
        return lf_error_set(error, LF_RANGE, "model.trials must be from 0 to 1000000.");
    }
    if (config->trials < 1) {
        return lf_error_set(error, LF_RANGE, "report.trials must be at least 1.");
    }
    if (config->trials_sharpe_sd < 0 || isinf(config->trials_sharpe_sd)) {
        return lf_error_set(
            error, LF_RANGE, "report.trials_sharpe_sd must be nan, 0 or a positive number."
        );
    }
    lf_status status = check_labels(config, error);
    if (status == LF_OK) {
        status = lf_train_split_options_check(&config->split, error);
    }
    if (status == LF_OK) {
        status = lf_signal_options_check(&config->signal, error);
    }
    if (status == LF_OK) {
        status = lf_execution_options_check(&config->execution, error);
    }
    return status == LF_OK ? lf_risk_options_check(&config->risk, error) : status;
}

/* ---- feeds ------------------------------------------------------------------------------ */

static const char *text_or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

void lf_run_feed_options(const lf_config *config, lf_feed_options *out)
{
    *out = (lf_feed_options){
        .format = text_or_null(config->format),
        .symbol = text_or_null(config->symbol),
        .date = text_or_null(config->date),
        .level_count = config->levels,
        .strict = config->strict,
        .tick_nano = llround(config->tick * 1e9),
        .lot_nano = llround(config->lot * 1e9),
    };
}

lf_status lf_run_find(
    const lf_config *config,
    const char *const *paths,
    size_t path_count,
    lf_source_list *out,
    lf_error *error
)
{
    const char *configured[LF_CONFIG_PATHS_MAX];
    lf_feed_options options;
    lf_run_feed_options(config, &options);
    *out = (lf_source_list){0};
    if (path_count == 0) {
        for (int32_t i = 0; i < config->path_count; i++) {
            configured[i] = config->paths[i];
        }
        paths = configured;
        path_count = (size_t)config->path_count;
    }
    if (path_count == 0) {
        return lf_error_set(
            error, LF_NOT_FOUND, "No data is named; give --data PATH or the key data.paths."
        );
    }
    return lf_feed_find(paths, path_count, &options, out, error);
}
