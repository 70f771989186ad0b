/* Names of captures: files or members of archives, with a date in them or without. */
#include "binance.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* ---- files and members ------------------------------------------------------------------ */

/* Cut "a.zip:b" at the colon; false when the name is a file's, or no file's. */
static bool cut_member(const char *name, char archive[1024], const char **member)
{
    struct stat info;
    const char *const colon = strrchr(name, ':');
    if (stat(name, &info) == 0 || colon == NULL || (size_t)(colon - name) >= 1024) {
        return false;
    }
    (void)snprintf(archive, 1024, "%.*s", (int)(colon - name), name);
    *member = colon + 1;
    return stat(archive, &info) == 0;
}

lf_status
lfi_capture_open(const lf_allocator *allocator, const char *name, lfi_stream **out, lf_error *error)
{
    char archive[1024];
    const char *member = NULL;
    const bool is_member = cut_member(name, archive, &member);
    const lf_status status =
        lfi_stream_open(allocator, is_member ? archive : name, member, out, error);
    if (status == LF_OK) {
        lfi_stream_allow_lines(*out, LFI_CAPTURE_LINE_MAX);
    }
    return status;
}

typedef struct member_search {
    const char *member;
    bool found;
} member_search;

static lf_status visit(void *context, const char *member, lf_error *error)
{
    member_search *const search = context;
    (void)error;
    search->found = search->found || strcmp(member, search->member) == 0;
    return LF_OK;
}

bool lfi_capture_exists(const char *name)
{
    char archive[1024];
    struct stat info;
    member_search search = {0};
    if (!cut_member(name, archive, &search.member)) {
        return stat(name, &info) == 0 && S_ISREG(info.st_mode);
    }
    return lfi_archive_list(archive, visit, &search, NULL) == LF_OK && search.found;
}

int64_t lfi_capture_bytes(const char *name)
{
    char archive[1024];
    const char *member;
    struct stat info;
    const bool is_member = cut_member(name, archive, &member);
    return stat(is_member ? archive : name, &info) == 0 ? (int64_t)info.st_size : 0;
}

/* ---- dates ------------------------------------------------------------------------------ */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A date of this form at text, with no digit behind it. */
static bool date_at(const char *text, bool has_dashes, lf_date *out)
{
    char copy[11];
    const size_t length = has_dashes ? 10 : 8;
    for (size_t i = 0; i < length; i++) {
        const bool is_dash = has_dashes && (i == 4 || i == 7);
        if (is_dash ? text[i] != '-' : !is_digit(text[i])) {
            return false;
        }
        copy[i] = text[i];
    }
    copy[length] = '\0';
    return !is_digit(text[length]) && lf_date_parse(copy, out) == LF_OK;
}

/* Where the last date of the file's own name stands, and how long it is; NULL without one. */
static const char *find_date(const char *name, lf_date *out, size_t *length)
{
    const char *const slash = strrchr(name, '/'), *found = NULL;
    const char *const base = slash != NULL ? slash + 1 : name;
    for (const char *at = base; *at != '\0'; at++) {
        lf_date date;
        if (at > base && is_digit(at[-1])) {
            continue;
        }
        for (int has_dashes = 0; has_dashes < 2; has_dashes++) {
            if (date_at(at, has_dashes != 0, &date)) {
                found = at;
                *out = date;
                *length = has_dashes != 0 ? 10 : 8;
            }
        }
    }
    return found;
}

bool lfi_capture_date(const char *name, lf_date *out)
{
    size_t length;
    return find_date(name, out, &length) != NULL;
}

bool lfi_capture_name_at(const char *name, lf_date date, char out[1024])
{
    lf_date old;
    size_t length;
    char text[11], digits[9];
    const char *const at = find_date(name, &old, &length);
    if (at == NULL || date.year < 0 || date.year > 9999) {
        return false;
    }
    lf_date_format(date, text);
    (void)snprintf(digits, sizeof digits, "%.4s%.2s%.2s", text, text + 5, text + 8);
    return snprintf(
               out,
               1024,
               "%.*s%s%s",
               (int)(at - name),
               name,
               length == 10 ? text : digits,
               at + length
           ) < 1024;
}

/* ---- symbols ---------------------------------------------------------------------------- */

void lfi_binance_currency(const char *symbol, char out[8])
{
    static const char *const known[] = {
        "FDUSD",
        "USDT",
        "USDC",
        "BUSD",
        "TUSD",
        "USD",
        "BTC",
        "ETH",
        "BNB",
        "EUR",
        "GBP",
        "TRY",
        "BRL",
        "JPY"};
    const size_t bytes = strcspn(symbol, "_"); /* a date or PERP behind it */
    out[0] = '\0';
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const size_t length = strlen(known[i]);
        if (bytes > length && memcmp(symbol + bytes - length, known[i], length) == 0) {
            (void)snprintf(out, 8, "%s", known[i]);
            return;
        }
    }
}
