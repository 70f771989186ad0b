/* The configuration as TOML: every key with its meaning, readable again to the same values. */
#include "run_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A text that grows. */
typedef struct builder {
    const lf_allocator *allocator;
    char *text;
    size_t bytes;
    size_t capacity;
    bool failed;
} builder;

static void add_bytes(builder *out, const char *text, size_t bytes)
{
    void *memory = out->text;
    if (out->failed ||
        lf_grow(out->allocator, &memory, &out->capacity, out->bytes + bytes + 1, 1) != LF_OK) {
        out->failed = true;
        return;
    }
    out->text = memory;
    memcpy(out->text + out->bytes, text, bytes);
    out->bytes += bytes;
    out->text[out->bytes] = '\0';
}

static void add(builder *out, const char *text)
{
    add_bytes(out, text, strlen(text));
}

/* A basic string of TOML 1.0: quotes, backslashes and control characters are escaped. */
static void add_string(builder *out, const char *text)
{
    add(out, "\"");
    for (const char *c = text; *c != '\0'; c++) {
        const unsigned char code = (unsigned char)*c;
        if (*c == '"' || *c == '\\') {
            add(out, "\\");
            add_bytes(out, c, 1);
        } else if (code < 0x20 || code == 0x7f) {
            char escape[8];
            (void)snprintf(escape, sizeof escape, "\\u%04X", code);
            add(out, escape);
        } else {
            add_bytes(out, c, 1);
        }
    }
    add(out, "\"");
}

/* A float of TOML needs a point or an exponent; "nan" and "inf" are its own words. */
static void add_double(builder *out, double value)
{
    char text[LF_DOUBLE_TEXT_BYTES + 2];
    if (isnan(value)) {
        add(out, "nan");
        return;
    }
    if (isinf(value)) {
        add(out, value > 0 ? "inf" : "-inf");
        return;
    }
    const size_t length = lf_double_format(value, text);
    text[length] = '\0';
    add(out, text);
    if (strpbrk(text, ".eE") == NULL) {
        add(out, ".0");
    }
}

static void add_int(builder *out, int64_t value)
{
    char text[LF_DOUBLE_TEXT_BYTES + 1];
    const size_t length = lf_int64_format(value, text);
    add_bytes(out, text, length);
}

static void add_duration(builder *out, int64_t value_ns)
{
    char text[32] = "0s";
    if (value_ns != 0) {
        lf_duration_format(value_ns, text);
    }
    add_string(out, text);
}

static void add_paths(builder *out, const lf_config *config)
{
    add(out, "[");
    for (int32_t i = 0; i < config->path_count; i++) {
        add(out, i > 0 ? ", " : "");
        add_string(out, config->paths[i]);
    }
    add(out, "]");
}

static void add_value(builder *out, const lf_config *config, const lfi_config_entry *entry)
{
    const char *const place = (const char *)config + entry->offset;
    char as_of[16];
    int32_t small = 0;
    int64_t large = 0;
    double number = 0;
    bool flag = false;
    switch (entry->storage) {
    case LFI_CONFIG_BOOL:
        memcpy(&flag, place, sizeof flag);
        add(out, flag ? "true" : "false");
        break;
    case LFI_CONFIG_I32:
        memcpy(&small, place, sizeof small);
        add_int(out, small);
        break;
    case LFI_CONFIG_I64:
        memcpy(&large, place, sizeof large);
        add_int(out, large);
        break;
    case LFI_CONFIG_F64:
        memcpy(&number, place, sizeof number);
        add_double(out, number);
        break;
    case LFI_CONFIG_NS:
        memcpy(&large, place, sizeof large);
        add_duration(out, large);
        break;
    case LFI_CONFIG_WORD:
        memcpy(&small, place, sizeof small);
        add_string(out, entry->words[small]);
        break;
    case LFI_CONFIG_AS_OF:
        lf_fees_as_of_format(&config->execution.fees, as_of);
        add_string(out, as_of);
        break;
    case LFI_CONFIG_TEXT:
        add_string(out, place);
        break;
    case LFI_CONFIG_PATHS:
        add_paths(out, config);
        break;
    }
}

lf_status
lf_config_text(const lf_config *config, const lf_allocator *allocator, char **out, lf_error *error)
{
    /* Column at which the meanings stand, where the value is short enough. */
    const size_t comment_column = 36;
    builder text = {.allocator = allocator};
    const char *section = "";
    *out = NULL;
    for (size_t i = 0; i < lfi_config_entry_count; i++) {
        const lfi_config_entry *const entry = &lfi_config_entries[i];
        if (strcmp(section, entry->key.section) != 0) {
            section = entry->key.section;
            add(&text, i > 0 ? "\n[" : "[");
            add(&text, section);
            add(&text, "]\n");
        }
        const size_t line = text.bytes;
        add(&text, entry->key.name);
        add(&text, " = ");
        add_value(&text, config, entry);
        do {
            add(&text, " ");
        } while (!text.failed && text.bytes - line < comment_column);
        add(&text, "# ");
        add(&text, entry->key.help);
        add(&text, "\n");
    }
    if (text.failed) {
        lf_release(allocator, text.text);
        return lf_error_set(error, LF_NOMEM, "No memory for the text of the configuration.");
    }
    *out = text.text;
    return LF_OK;
}
