/* Names of LOBSTER files: symbol, date, kind and levels. */
#include "feed_internal.h"

#include <string.h>

static int32_t digits(const char *text, int count)
{
    int32_t value = 0;
    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        value = 10 * value + (text[i] - '0');
    }
    return value;
}

/* A date YYYY-MM-DD at the beginning of a text. */
static bool parse_date(const char *text, lf_date *out)
{
    char copy[11];
    if (strlen(text) < 10) {
        return false;
    }
    memcpy(copy, text, 10);
    copy[10] = '\0';
    return copy[4] == '-' && lf_date_parse(copy, out) == LF_OK;
}

bool lf_lobster_is_symbol(const char *text, size_t bytes)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const size_t plain = strspn(text, letters);
    size_t all = plain;
    while (all < bytes && (strchr("-.+=^$", text[all]) != NULL || strspn(text + all, letters))) {
        all++;
    }
    return plain > 0 && all >= bytes;
}

static bool is_ending(const char *text)
{
    static const char *const endings[] = {".csv", ".csv.gz", ".csv.bz2", ".csv.xz", ".csv.zst"};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        if (strcmp(text, endings[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool lfi_lobster_name_parse(const char *path, lfi_lobster_name *out)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    const char *message = strstr(name, "_message_"), *book = strstr(name, "_orderbook_");
    const char *kind = message != NULL ? message : book;
    const char *under = strchr(name, '_');
    if (kind == NULL || under == NULL || under >= kind) {
        return false;
    }
    const size_t symbol_bytes = (size_t)(under - name);
    if (symbol_bytes >= sizeof out->symbol || !lf_lobster_is_symbol(name, symbol_bytes) ||
        !parse_date(under + 1, &out->date)) {
        return false;
    }
    memcpy(out->symbol, name, symbol_bytes);
    out->symbol[symbol_bytes] = '\0';
    out->is_message = message != NULL;
    const char *levels = kind + (message != NULL ? strlen("_message_") : strlen("_orderbook_"));
    int length = 0;
    while (levels[length] >= '0' && levels[length] <= '9' && length < 3) {
        length++;
    }
    out->level_count = digits(levels, length);
    return length > 0 && is_ending(levels + length);
}
