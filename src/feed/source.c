/* Finds the symbol-days behind the paths that a person types: archives, folders, files, pairs. */
#include "feed_internal.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Folders below the one typed that are searched too. */
#define DEPTH_MAX 2

/* A search under way. */
typedef struct search {
    const lf_feed_options *options;
    lf_source_list *list;
    size_t capacity;
    const char *archive; /* the archive being listed, or NULL */
    size_t member_count;
    bool allows_others; /* in a folder, files of other kinds are passed over */
} search;

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

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* Length of a date YYYY-MM-DD at text, or 0. */
static bool parse_date(const char *text, lf_date *out)
{
    for (int i = 0; i < 10; i++) {
        if (text[i] == '\0') {
            return false;
        }
    }
    char copy[11];
    memcpy(copy, text, 10);
    copy[10] = '\0';
    return digits(text, 4) > 0 && text[4] == '-' && lf_date_parse(copy, out) == LF_OK;
}

bool lfi_lobster_name_parse(const char *path, lfi_lobster_name *out)
{
    const char *name = base_name(path);
    const char *message = strstr(name, "_message_"), *book = strstr(name, "_orderbook_");
    const char *kind = message != NULL ? message : book;
    const char *under = strchr(name, '_');
    if (kind == NULL || under == NULL || under == name || under >= kind) {
        return false;
    }
    const size_t symbol_bytes = (size_t)(under - name);
    if (symbol_bytes >= sizeof out->symbol || !parse_date(under + 1, &out->date)) {
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
    return length > 0 && strncmp(levels + length, ".csv", 4) == 0;
}

/* One more symbol-day. */
static lf_status add_source(search *s, const lf_source *source, lf_error *error)
{
    const lf_status status = lf_grow(
        NULL, (void **)&s->list->sources, &s->capacity, s->list->count + 1, sizeof *s->list->sources
    );
    if (status != LF_OK) {
        return lf_error_set(error, status, "no memory for the list of files");
    }
    s->list->sources[s->list->count++] = *source;
    return LF_OK;
}

/* The entry of a symbol-day, made when it is not there yet. */
static lf_status entry_of(
    search *s, const char *path, const lfi_lobster_name *name, lf_source **out, lf_error *error
)
{
    for (size_t i = 0; i < s->list->count; i++) {
        lf_source *known = &s->list->sources[i];
        const bool same_place = s->archive != NULL
                                    ? strcmp(known->path, path) == 0
                                    : known->path[0] == '\0' || known->path2[0] == '\0';
        if (same_place && strcmp(known->symbol, name->symbol) == 0 &&
            lf_date_to_days(known->date) == lf_date_to_days(name->date)) {
            *out = known;
            return LF_OK;
        }
    }
    lf_source fresh = {.date = name->date, .level_count = name->level_count};
    snprintf(fresh.format, sizeof fresh.format, "lobster");
    snprintf(fresh.symbol, sizeof fresh.symbol, "%s", name->symbol);
    const lf_status status = add_source(s, &fresh, error);
    if (status != LF_OK) {
        return status;
    }
    *out = &s->list->sources[s->list->count - 1];
    return LF_OK;
}

static lf_status visit_member(void *context, const char *member, lf_error *error)
{
    search *s = context;
    lfi_lobster_name name;
    lf_source *source;
    if (!lfi_lobster_name_parse(member, &name)) {
        return LF_OK;
    }
    s->member_count++;
    const lf_status status = entry_of(s, s->archive, &name, &source, error);
    if (status == LF_OK) {
        snprintf(source->path, sizeof source->path, "%s", s->archive);
        /* Kept until the end of the listing: which of the two members was seen. */
        const size_t used = strlen(source->path2);
        snprintf(
            source->path2 + used, sizeof source->path2 - used, "%c", name.is_message ? 'm' : 'o'
        );
    }
    return status;
}

static lf_status add_archive(search *s, const char *path, lf_error *error)
{
    const size_t first = s->list->count;
    s->archive = path;
    s->member_count = 0;
    const lf_status status = lfi_archive_list(path, visit_member, s, error);
    s->archive = NULL;
    if (status != LF_OK) {
        return status;
    }
    if (s->member_count == 0 && !s->allows_others) {
        return lf_error_set_at(
            error,
            LF_FORMAT,
            path,
            LF_POSITION_NONE,
            LF_POSITION_NONE,
            "the archive holds no LOBSTER message and orderbook files "
            "(SYMBOL_YYYY-MM-DD_START_END_message_LEVELS.csv)"
        );
    }
    for (size_t i = first; i < s->list->count; i++) {
        lf_source *source = &s->list->sources[i];
        const bool has_message = strchr(source->path2, 'm') != NULL;
        const bool has_book = strchr(source->path2, 'o') != NULL;
        source->path2[0] = '\0';
        if (!has_message || !has_book) {
            return lf_error_set_at(
                error,
                LF_FORMAT,
                path,
                LF_POSITION_NONE,
                LF_POSITION_NONE,
                "the %s file of %s is missing from the archive; both are needed",
                has_message ? "orderbook" : "message",
                source->symbol
            );
        }
    }
    return LF_OK;
}

static lf_status add_algoseek(search *s, const char *path, bool *found, lf_error *error)
{
    lf_source source = {0};
    (void)snprintf(source.path, sizeof source.path, "%s", path);
    const lf_status status = lfi_algoseek_probe(path, &source, found, error);
    return status == LF_OK && *found ? add_source(s, &source, error) : status;
}

static lf_status add_file(search *s, const char *path, lf_error *error)
{
    lfi_lobster_name name;
    lf_source *source;
    if (lfi_archive_probe(path)) {
        return add_archive(s, path, error);
    }
    if (lfi_lobster_name_parse(path, &name)) {
        const lf_status status = entry_of(s, path, &name, &source, error);
        if (status == LF_OK) {
            char *to = name.is_message ? source->path : source->path2;
            snprintf(to, sizeof source->path, "%s", path);
        }
        return status;
    }
    bool is_algoseek = false;
    const lf_status status = add_algoseek(s, path, &is_algoseek, error);
    if (status != LF_OK || is_algoseek || s->allows_others) {
        return status;
    }
    return lf_error_set_at(
        error,
        LF_FORMAT,
        path,
        LF_POSITION_NONE,
        LF_POSITION_NONE,
        "not a format that lobflow reads; it reads AlgoSeek TAQ files (.csv, .csv.gz), LOBSTER "
        "archives (.zip, .7z), folders and file "
        "pairs named SYMBOL_YYYY-MM-DD_START_END_message_LEVELS.csv and ..._orderbook_LEVELS.csv"
    );
}

static lf_status add_path(search *s, const char *path, int depth, lf_error *error);

static lf_status add_folder(search *s, const char *path, int depth, lf_error *error)
{
    struct dirent **entries;
    const int count = scandir(path, &entries, NULL, alphasort);
    if (count < 0) {
        return lf_error_set_at(
            error, LF_IO, path, LF_POSITION_NONE, LF_POSITION_NONE, "the folder cannot be read"
        );
    }
    lf_status status = LF_OK;
    for (int i = 0; i < count; i++) {
        char inside[1024];
        const char *name = entries[i]->d_name;
        const int length = snprintf(inside, sizeof inside, "%s/%s", path, name);
        if (status == LF_OK && name[0] != '.' && length < (int)sizeof inside) {
            status = add_path(s, inside, depth, error);
        }
        free(entries[i]);
    }
    free(entries);
    return status;
}

static lf_status add_path(search *s, const char *path, int depth, lf_error *error)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        return lf_error_set_at(
            error,
            LF_NOT_FOUND,
            path,
            LF_POSITION_NONE,
            LF_POSITION_NONE,
            "there is no such file or folder"
        );
    }
    if (strlen(path) >= sizeof s->list->sources->path) {
        return lf_error_set(error, LF_RANGE, "%s: the path is too long", path);
    }
    if (!S_ISDIR(info.st_mode)) {
        return add_file(s, path, error);
    }
    s->allows_others = true;
    return depth < DEPTH_MAX + 1 ? add_folder(s, path, depth + 1, error) : LF_OK;
}

/* The partner of a file of a pair, by its name. */
static bool guess_partner(const lf_source *source, char out[1024])
{
    const bool has_message = source->path[0] != '\0';
    const char *known = has_message ? source->path : source->path2;
    const char *from = has_message ? "_message_" : "_orderbook_";
    const char *to = has_message ? "_orderbook_" : "_message_";
    const char *at = NULL;
    for (const char *p = strstr(known, from); p != NULL; p = strstr(p + 1, from)) {
        at = p;
    }
    struct stat info;
    return at != NULL &&
           snprintf(out, 1024, "%.*s%s%s", (int)(at - known), known, to, at + strlen(from)) <
               1024 &&
           stat(out, &info) == 0;
}

static lf_status complete_pairs(lf_source_list *list, lf_error *error)
{
    for (size_t i = 0; i < list->count; i++) {
        lf_source *source = &list->sources[i];
        const bool is_alone = strcmp(source->format, "lobster") != 0 ||
                              (source->path2[0] == '\0' && lfi_archive_probe(source->path));
        char partner[1024];
        if (is_alone || (source->path[0] != '\0' && source->path2[0] != '\0')) {
            continue;
        }
        const bool has_message = source->path[0] != '\0';
        if (!guess_partner(source, partner)) {
            return lf_error_set_at(
                error,
                LF_FORMAT,
                has_message ? source->path : source->path2,
                LF_POSITION_NONE,
                LF_POSITION_NONE,
                "its %s file is missing; a LOBSTER day needs both files in one folder",
                has_message ? "orderbook" : "message"
            );
        }
        memcpy(has_message ? source->path2 : source->path, partner, sizeof partner);
    }
    return LF_OK;
}

static int by_date_and_symbol(const void *a, const void *b)
{
    const lf_source *x = a, *y = b;
    const int64_t dx = lf_date_to_days(x->date), dy = lf_date_to_days(y->date);
    return dx != dy ? (dx < dy ? -1 : 1) : strcmp(x->symbol, y->symbol);
}

/* Keep what the options ask for, and let flags overrule the names. */
static lf_status
apply_options(lf_source_list *list, const lf_feed_options *options, lf_error *error)
{
    for (size_t i = 0; i < list->count; i++) {
        lf_source *source = &list->sources[i];
        if (options->symbol != NULL) {
            snprintf(source->symbol, sizeof source->symbol, "%s", options->symbol);
        }
        if (options->level_count != 0) {
            source->level_count = options->level_count;
        }
        if (options->date != NULL && lf_date_parse(options->date, &source->date) != LF_OK) {
            return lf_error_set(
                error, LF_RANGE, "\"%s\" is no date; write YYYY-MM-DD", options->date
            );
        }
    }
    return LF_OK;
}

lf_status lf_feed_find(
    const char *const *paths,
    size_t path_count,
    const lf_feed_options *options,
    lf_source_list *out,
    lf_error *error
)
{
    static const lf_feed_options defaults;
    *out = (lf_source_list){0};
    search s = {.options = options != NULL ? options : &defaults, .list = out};
    lf_status status = LF_OK;
    if (s.options->format != NULL && strcmp(s.options->format, "lobster") != 0 &&
        strcmp(s.options->format, "algoseek") != 0) {
        return lf_error_set(
            error,
            LF_NOT_FOUND,
            "unknown format \"%s\"; known: lobster, algoseek",
            s.options->format
        );
    }
    for (size_t i = 0; i < path_count && status == LF_OK; i++) {
        s.allows_others = false;
        status = add_path(&s, paths[i], 0, error);
    }
    if (status == LF_OK) {
        status = complete_pairs(out, error);
    }
    if (status == LF_OK && out->count == 0) {
        status = lf_error_set_at(
            error,
            LF_NOT_FOUND,
            path_count > 0 ? paths[0] : "",
            LF_POSITION_NONE,
            LF_POSITION_NONE,
            "nothing here that lobflow reads: LOBSTER archives, message and orderbook files, or "
            "AlgoSeek TAQ files"
        );
    }
    if (status == LF_OK) {
        status = apply_options(out, s.options, error);
    }
    if (status != LF_OK) {
        lf_release(NULL, out->sources);
        *out = (lf_source_list){0};
        return status;
    }
    qsort(out->sources, out->count, sizeof *out->sources, by_date_and_symbol);
    return LF_OK;
}

void lf_source_list_clear(lf_source_list *list)
{
    lf_release(NULL, list->sources);
    *list = (lf_source_list){0};
}
