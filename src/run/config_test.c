/*
 * Goal: a configuration says what is run and nothing else: every key is written, read again to the
 * same value, refused when it is another kind, and unknown ones are named with the nearest known.
 * Method: the table of keys is walked; the TOML is read again by a reader of a few lines.
 */
#include "run_internal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tests/testing.h"

/* ---- values and texts ------------------------------------------------------------------- */

static char *text_of(const lf_config *config)
{
    char *text = NULL;
    assert_int_equal(lf_config_text(config, NULL, &text, NULL), LF_OK);
    return text;
}

/* A value that no default has. */
static lf_config_value other_value(const lf_config *config, const lfi_config_entry *entry)
{
    const char *const place = (const char *)config + entry->offset;
    switch (entry->storage) {
    case LFI_CONFIG_BOOL:
        return (lf_config_value){.kind = LF_CONFIG_BOOL, .boolean = !*(const bool *)place};
    case LFI_CONFIG_I32:
    case LFI_CONFIG_I64:
        return (lf_config_value){.kind = LF_CONFIG_INTEGER, .integer = 37};
    case LFI_CONFIG_F64:
        return (lf_config_value){.kind = LF_CONFIG_NUMBER, .number = 0.1 + 0.2};
    case LFI_CONFIG_NS:
        return (lf_config_value){.kind = LF_CONFIG_TEXT, .text = "1234567ns"};
    case LFI_CONFIG_WORD: {
        int32_t index;
        memcpy(&index, place, sizeof index);
        const char *const next = entry->words[index + 1];
        return (lf_config_value
        ){.kind = LF_CONFIG_TEXT, .text = next != NULL ? next : entry->words[0]};
    }
    case LFI_CONFIG_AS_OF:
        return (lf_config_value){.kind = LF_CONFIG_TEXT, .text = "2025-06-01"};
    case LFI_CONFIG_TEXT:
    case LFI_CONFIG_PATHS:
        break;
    }
    /* Short enough for the format and the date, and all that TOML must escape. */
    return (lf_config_value){.kind = LF_CONFIG_TEXT, .text = "a\"b\\c #\t=x"};
}

/* ---- a small reader of our own TOML ----------------------------------------------------- */

/* The text of a basic string at *at, behind its first quote; *at is moved behind the last one. */
static void take_string(const char **at, char *out)
{
    const char *p = *at;
    for (; *p != '"'; p++) {
        assert_true(*p != '\0' && *p != '\n');
        if (*p != '\\') {
            *out++ = *p;
        } else if (*++p == 'u') {
            unsigned code = 0;
            assert_int_equal(sscanf(p + 1, "%4x", &code), 1);
            *out++ = (char)code;
            p += 4;
        } else {
            *out++ = *p;
        }
    }
    *out = '\0';
    *at = p + 1;
}

static void take_value(lf_config *config, const char *section, const char *key, const char *at)
{
    static char text[2048];
    lf_config_value value = {.kind = LF_CONFIG_TEXT, .text = text};
    const bool is_list = *at == '[';
    at += is_list;
    while (*at == '"' || *at == ',' || (is_list && *at == ' ')) {
        if (*at++ == '"') {
            take_string(&at, text);
            assert_int_equal(lf_config_set(config, section, key, &value, NULL), LF_OK);
        }
        if (!is_list) {
            return;
        }
    }
    if (is_list) {
        assert_int_equal(*at, ']');
        return;
    }
    const size_t length = strcspn(at, " ");
    char *end = NULL;
    if (*at == 't' || *at == 'f') {
        value = (lf_config_value){.kind = LF_CONFIG_BOOL, .boolean = *at == 't'};
    } else if (strcspn(at, ".ne") < length) {
        value = (lf_config_value){.kind = LF_CONFIG_NUMBER, .number = strtod(at, &end)};
    } else {
        value = (lf_config_value){.kind = LF_CONFIG_INTEGER, .integer = strtoll(at, &end, 10)};
    }
    lf_error error;
    if (lf_config_set(config, section, key, &value, &error) != LF_OK) {
        fail_msg("%s", error.message);
    }
}

static void read_toml(lf_config *config, const char *toml)
{
    char section[64] = "";
    char key[64];
    lf_config_default(config);
    for (const char *line = toml; *line != '\0'; line = strchr(line, '\n') + 1) {
        if (sscanf(line, "[%63[a-z]]", section) == 1 || *line == '\n') {
            continue;
        }
        assert_int_equal(sscanf(line, "%63[a-z0-9_]", key), 1);
        assert_memory_equal(line + strlen(key), " = ", 3);
        take_value(config, section, key, line + strlen(key) + 3);
    }
}

/* Differing lines of two texts. */
static int changed_lines(const char *left, const char *right)
{
    int count = 0;
    while (*left != '\0' && *right != '\0') {
        const size_t left_length = strcspn(left, "\n");
        const size_t right_length = strcspn(right, "\n");
        count += left_length != right_length || memcmp(left, right, left_length) != 0;
        left += left_length + (left[left_length] == '\n');
        right += right_length + (right[right_length] == '\n');
    }
    return *left == *right ? count : -1;
}

/* ---- round trips ------------------------------------------------------------------------ */

static void must_read_again(const lf_config *config, const char *name)
{
    char *const text = text_of(config);
    lf_config *const again = malloc(sizeof *again);
    assert_non_null(again);
    read_toml(again, text);
    char *const second = text_of(again);
    if (strcmp(text, second) != 0) {
        fail_msg("%s: %d lines changed on the way", name, changed_lines(text, second));
    }
    free(again);
    lf_release(NULL, text);
    lf_release(NULL, second);
}

static void test_every_key_round_trips(void **state)
{
    (void)state;
    lf_config *const config = malloc(sizeof *config);
    lf_config *const all = malloc(sizeof *all);
    assert_true(config != NULL && all != NULL);
    lf_config_default(config);
    lf_config_default(all);
    must_read_again(config, "defaults");
    char *const defaults = text_of(config);
    assert_int_equal(lf_config_key_count(), lfi_config_entry_count);
    for (size_t i = 0; i < lfi_config_entry_count; i++) {
        const lfi_config_entry *const entry = &lfi_config_entries[i];
        const lf_config_key *const key = lf_config_key_at(i);
        assert_ptr_equal(key, &entry->key);
        assert_true(strlen(key->help) > 0 && strchr(key->help, '\n') == NULL);
        lf_config_default(config);
        const lf_config_value value = other_value(config, entry);
        assert_int_equal(lf_config_set(config, key->section, key->name, &value, NULL), LF_OK);
        assert_int_equal(lf_config_set(all, key->section, key->name, &value, NULL), LF_OK);
        must_read_again(config, key->name);
        /* One key changes one line, but the preset, which brings its own defaults. */
        char *const text = text_of(config);
        const int changed = changed_lines(defaults, text);
        if (strcmp(key->name, "preset") == 0 ? changed < 2 : changed != 1) {
            fail_msg("%s.%s changes %d lines", key->section, key->name, changed);
        }
        lf_release(NULL, text);
    }
    must_read_again(all, "all keys");
    char *const text = text_of(all);
    assert_true(changed_lines(defaults, text) >= (int)lfi_config_entry_count);
    lf_release(NULL, text);
    lf_release(NULL, defaults);
    free(config);
    free(all);
}

/* Values at the ends of what a number can be. */
static void test_numbers_keep_their_bits(void **state)
{
    (void)state;
    static const double numbers[] = {
        NAN, INFINITY, -INFINITY, 0.0, -0.0, 1e300, -1e-300, 100000, 0.1, 1.0 / 3, 5e-324};
    lf_config *const config = malloc(sizeof *config);
    assert_non_null(config);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        lf_config_default(config);
        const lf_config_value value = {.kind = LF_CONFIG_NUMBER, .number = numbers[i]};
        assert_int_equal(lf_config_set(config, "report", "planted_alpha", &value, NULL), LF_OK);
        char *const text = text_of(config);
        read_toml(config, text);
        assert_true(config->planted_alpha == numbers[i] || isnan(numbers[i]));
        assert_int_equal(isnan(config->planted_alpha), isnan(numbers[i]));
        lf_release(NULL, text);
    }
    static const int64_t wholes[] = {0, INT64_MAX, INT64_MIN, -1};
    for (size_t i = 0; i < sizeof wholes / sizeof wholes[0]; i++) {
        lf_config_default(config);
        const lf_config_value value = {.kind = LF_CONFIG_INTEGER, .integer = wholes[i]};
        assert_int_equal(lf_config_set(config, "risk", "order_size", &value, NULL), LF_OK);
        char *const text = text_of(config);
        read_toml(config, text);
        assert_int_equal(config->risk.order_size, wholes[i]);
        lf_release(NULL, text);
    }
    free(config);
}

static void test_as_a_person_types_it(void **state)
{
    (void)state;
    lf_config *const config = malloc(sizeof *config);
    assert_non_null(config);
    lf_config_default(config);
    static const struct {
        const char *name, *value;
    } rows[] = {
        {"risk.hold", "90s"},
        {"risk.max_daily_loss", "250"},
        {"risk.order_size", "200"},
        {"signal.reversion", "false"},
        {"signal.horizon", "5min"},
        {"signal.ofi_threshold", "nan"},
        {"execution.latency_feed", "0"},
        {"execution.fees_as_of", "trade_date"},
        {"report.title", "a = b"},
        {"data.paths", "one"},
        {"data.paths", "two"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lf_error error;
        if (lf_config_set_text(config, rows[i].name, rows[i].value, &error) != LF_OK) {
            fail_msg("%s", error.message);
        }
    }
    assert_int_equal(config->risk.hold_ns, 90 * LF_NS_PER_SECOND);
    assert_true(config->risk.max_daily_loss == 250);
    assert_int_equal(config->risk.order_size, 200);
    assert_false(config->signal.reversion);
    assert_int_equal(config->signal.horizon, LF_HORIZON_5MIN);
    assert_true(isnan(config->signal.ofi_threshold));
    assert_int_equal(config->execution.latency.feed_ns, 0);
    assert_int_equal(config->execution.fees.as_of, LF_FEES_AS_OF_TRADE_DATE);
    assert_string_equal(config->title, "a = b");
    assert_int_equal(config->path_count, 2);
    assert_string_equal(config->paths[1], "two");
    assert_int_equal(lf_config_check(config, NULL), LF_OK);
    free(config);
}

/* ---- what is refused -------------------------------------------------------------------- */

static void test_unknown_keys(void **state)
{
    (void)state;
    static const struct {
        const char *name, *says;
    } rows[] = {
        {"risk.hodl", "did you mean risk.hold?"},
        {"rsk.hold", "did you mean risk.hold?"},
        {"execution.latency_fed", "did you mean execution.latency_feed?"},
        {"execution.max_daily_loss", "did you mean risk.max_daily_loss?"},
        {"signal.cost_facter", "did you mean signal.cost_factor?"},
        {"qqqqqqqqqq.zzzzzzzzzz", "--print-config"},
        {"hold", "section.name"},
        {"risk.", "There is no key risk."},
        {".hold", "There is no key .hold"},
    };
    lf_config *const config = malloc(sizeof *config);
    lf_config *const before = malloc(sizeof *before);
    assert_true(config != NULL && before != NULL);
    lf_config_default(config);
    memcpy(before, config, sizeof *before);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lf_error error;
        assert_int_equal(lf_config_set_text(config, rows[i].name, "1", &error), LF_NOT_FOUND);
        if (strstr(error.message, rows[i].says) == NULL) {
            fail_msg("%s: %s", rows[i].name, error.message);
        }
    }
    assert_memory_equal(config, before, sizeof *config);
    free(config);
    free(before);
}

/* Every key with a value of another kind: nothing is stored, and the key is named. */
static void test_values_of_another_kind(void **state)
{
    (void)state;
    const lf_config_value text = {.kind = LF_CONFIG_TEXT, .text = "x"};
    const lf_config_value fraction = {.kind = LF_CONFIG_NUMBER, .number = 1.5};
    const lf_config_value whole = {.kind = LF_CONFIG_INTEGER, .integer = 5};
    lf_config *const config = malloc(sizeof *config);
    lf_config *const before = malloc(sizeof *before);
    assert_true(config != NULL && before != NULL);
    lf_config_default(config);
    memcpy(before, config, sizeof *before);
    for (size_t i = 0; i < lfi_config_entry_count; i++) {
        const lf_config_key *const key = &lfi_config_entries[i].key;
        const lf_config_kind kind = key->kind;
        const lf_config_value *const value = kind == LF_CONFIG_INTEGER ? &fraction
                                             : kind == LF_CONFIG_BOOL || kind == LF_CONFIG_NUMBER
                                                 ? &text
                                                 : &whole;
        char name[128];
        (void)snprintf(name, sizeof name, "%s.%s must be", key->section, key->name);
        lf_error error;
        assert_int_equal(
            lf_config_set(config, key->section, key->name, value, &error), LF_MISMATCH
        );
        assert_non_null(strstr(error.message, name));
    }
    assert_memory_equal(config, before, sizeof *config);
    free(config);
    free(before);
}

static void test_values_out_of_bounds(void **state)
{
    (void)state;
    static char long_text[1100];
    memset(long_text, 'x', sizeof long_text - 1);
    static const struct {
        const char *name, *value, *says;
    } rows[] = {
        {"execution.entry", "pasive", "marketable, passive"},
        {"execution.fees", "nasdaq", "us_nasdaq, commission, bps, none"},
        {"risk.hold", "5 parsecs", "5 parsecs"},
        {"risk.hold", "", "risk.hold"},
        {"execution.fees_as_of", "2025-13-01", "2025-13-01"},
        {"data.date", long_text, "can have 15"},
        {"report.title", long_text, "can have 127"},
        {"data.paths", long_text, "can have 1023"},
        {"model.num_leaves", "3000000000", "too large"},
    };
    lf_config *const config = malloc(sizeof *config);
    lf_config *const before = malloc(sizeof *before);
    assert_true(config != NULL && before != NULL);
    lf_config_default(config);
    memcpy(before, config, sizeof *before);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lf_error error;
        assert_int_equal(lf_config_set_text(config, rows[i].name, rows[i].value, &error), LF_RANGE);
        if (strstr(error.message, rows[i].says) == NULL) {
            fail_msg("%s: %s", rows[i].name, error.message);
        }
    }
    assert_memory_equal(config, before, sizeof *config);
    for (int i = 0; i < LF_CONFIG_PATHS_MAX; i++) {
        assert_int_equal(lf_config_set_text(config, "data.paths", "p", NULL), LF_OK);
    }
    lf_error error;
    assert_int_equal(lf_config_set_text(config, "data.paths", "p", &error), LF_RANGE);
    assert_non_null(strstr(error.message, "name a folder"));
    free(config);
    free(before);
}

/* Values that can be stored and make no sense together are named before anything runs. */
static void test_check_names_the_key(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value, *says;
    } rows[] = {
        {"features.step", "1us", "features.step"},
        {"features.vpin_bucket", "-1", "features.vpin_bucket"},
        {"labels.delay", "2d", "labels.delay"},
        {"labels.smooth_samples", "0", "labels.smooth_samples"},
        {"train.folds", "1", "train.folds"},
        {"train.train_days", "0", "train.train_days"},
        {"train.embargo_after", "31d", "train.embargo_after"},
        {"labels.barrier_down", "0.0", "labels.barrier_down"},
        {"labels.barrier_width_bps", "-1", "labels.barrier_width_bps"},
        {"labels.barrier_floor_ticks", "0", "labels.barrier_floor_ticks"},
        {"labels.volatility_step", "10min", "labels.volatility_window"},
        {"labels.volatility_step", "0", "labels.volatility_step"},
        {"labels.meta_cost_bps", "nan", "labels.meta_cost_bps"},
        {"instrument.levels", "51", "instrument.levels"},
        {"data.date", "2024-02-30", "data.date"},
        {"risk.starting_cash", "nan", "risk.starting_cash"},
        {"report.trials", "0", "report.trials"},
        {"report.trials_sharpe_sd", "-1", "report.trials_sharpe_sd"},
        {"signal.p_long", "0.3", "signal.p_short"},
        {"signal.cost_factor", "-1", "signal.cost_factor"},
        {"execution.latency_entry", "-1ms", "execution.latency_entry"},
        {"execution.orders_max", "0", "execution.orders_max"},
        {"execution.impact", "square_root", "impact_daily_volume"},
        {"risk.order_size", "0", "risk.order_size"},
        {"risk.hold", "0s", "risk.hold"},
        {"risk.max_daily_loss", "-5", "risk.max_daily_loss"},
    };
    lf_config *const config = malloc(sizeof *config);
    assert_non_null(config);
    lf_config_default(config);
    assert_int_equal(lf_config_check(config, NULL), LF_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        lf_error error;
        lf_config_default(config);
        assert_int_equal(lf_config_set_text(config, rows[i].name, rows[i].value, NULL), LF_OK);
        assert_int_equal(lf_config_check(config, &error), LF_RANGE);
        if (strstr(error.message, rows[i].says) == NULL) {
            fail_msg("%s: %s", rows[i].name, error.message);
        }
    }
    free(config);
}

/* ---- presets, paths, memory ------------------------------------------------------------- */

static void test_preset_brings_its_defaults(void **state)
{
    (void)state;
    lf_config *const config = malloc(sizeof *config);
    assert_non_null(config);
    lf_config_default(config);
    lf_train_options brief;
    lf_train_options_init(&brief, LF_TRAIN_BRIEF);
    assert_true(config->model.num_leaves != brief.num_leaves);
    assert_int_equal(lf_config_set_text(config, "model.num_leaves", "63", NULL), LF_OK);
    assert_int_equal(lf_config_set_text(config, "model.preset", "brief", NULL), LF_OK);
    assert_int_equal(config->model.num_leaves, brief.num_leaves);
    assert_int_equal(config->model.mirrored, brief.mirrored);
    assert_int_equal(lf_config_set_text(config, "model.num_leaves", "63", NULL), LF_OK);
    assert_int_equal(config->model.num_leaves, 63);
    /* In the written file the preset stands before what it would change. */
    char *const text = text_of(config);
    assert_true(strstr(text, "preset = ") < strstr(text, "num_leaves = "));
    lf_release(NULL, text);
    free(config);
}

static void test_no_data_named(void **state)
{
    (void)state;
    lf_config *const config = malloc(sizeof *config);
    assert_non_null(config);
    lf_config_default(config);
    lf_source_list list;
    lf_error error;
    assert_int_equal(lf_run_find(config, NULL, 0, &list, &error), LF_NOT_FOUND);
    assert_non_null(strstr(error.message, "data.paths"));
    assert_int_equal(lf_config_set_text(config, "data.paths", "/no/such/folder", NULL), LF_OK);
    assert_int_equal(lf_run_find(config, NULL, 0, &list, &error), LF_NOT_FOUND);
    assert_non_null(strstr(error.message, "/no/such/folder"));
    assert_int_equal(list.count, 0);
    free(config);
}

static void test_memory(void **state)
{
    (void)state;
    lf_config *const config = malloc(sizeof *config);
    assert_non_null(config);
    lf_config_default(config);
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        char *text = (char *)&text;
        const lf_status status = lf_config_text(config, &memory.allocator, &text, NULL);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            lf_release(&memory.allocator, text);
            assert_int_equal(memory.live, 0);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
        assert_null(text);
        assert_int_equal(memory.live, 0);
    }
    free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_key_round_trips),
        cmocka_unit_test(test_numbers_keep_their_bits),
        cmocka_unit_test(test_as_a_person_types_it),
        cmocka_unit_test(test_unknown_keys),
        cmocka_unit_test(test_values_of_another_kind),
        cmocka_unit_test(test_values_out_of_bounds),
        cmocka_unit_test(test_check_names_the_key),
        cmocka_unit_test(test_preset_brings_its_defaults),
        cmocka_unit_test(test_no_data_named),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
