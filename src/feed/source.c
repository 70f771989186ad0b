/* Finds the symbol-days behind the paths that a person types: archives, folders, files, pairs. */
#include "feed_internal.h"
#include "pcap.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Folders below the one typed that are searched too. */
#define DEPTH_MAX 2
/* Files that are typed make pairs wherever they lie; files of a folder only within it. */
#define PLACE_TYPED 0

/* A message or orderbook file, or such a member of an archive. */
typedef struct found {
    char path[1024]; /* of the file, or of the archive */
    lfi_lobster_name name;
    uint32_t place; /* PLACE_TYPED, or the number of the folder or archive */
    bool is_member;
} found;

typedef struct name_list {
    char (*names)[1024]; /* [count], owned */
    size_t count, capacity;
} name_list;

/* A search under way. */
typedef struct search {
    const lf_feed_options *options;
    lf_date date; /* options->date, when there is one */
    found *files; /* [file_count], owned */
    size_t file_count, file_capacity;
    uint32_t place_count;
    const char *path; /* typed now, or the archive being listed */
    uint32_t place;
    bool in_folder; /* files of other kinds are passed over */
    /* Typed files whose names say nothing: message, orderbook ("" without one). */
    char nameless[2][1024];
    int32_t nameless_level_count;
    name_list binance, coinbase; /* captures */
    name_list csv;               /* of data.binance.vision */
    lf_source_list *list;
    size_t list_capacity;
} search;

/* ---- names ------------------------------------------------------------------------------ */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static const char *kind_name(bool is_message)
{
    return is_message ? "message" : "orderbook";
}

/* ---- what is there ---------------------------------------------------------------------- */

static lf_status fail_at(lf_error *error, lf_status status, const char *path, const char *text)
{
    return lf_error_set_at(error, status, path, LF_POSITION_NONE, LF_POSITION_NONE, "%s", text);
}

static lf_status add_found(search *s, const lfi_lobster_name *name, bool is_member, lf_error *error)
{
    void *files = s->files;
    const lf_status status =
        lf_grow(NULL, &files, &s->file_capacity, s->file_count + 1, sizeof *s->files);
    if (status != LF_OK) {
        return lf_error_set(error, status, "no memory for the list of files");
    }
    s->files = files;
    found *fresh = &s->files[s->file_count++];
    *fresh = (found){.name = *name, .place = s->place, .is_member = is_member};
    snprintf(fresh->path, sizeof fresh->path, "%s", s->path);
    return LF_OK;
}

static lf_status add_source(search *s, const lf_source *source, lf_error *error)
{
    void *sources = s->list->sources;
    const lf_status status =
        lf_grow(NULL, &sources, &s->list_capacity, s->list->count + 1, sizeof *source);
    if (status != LF_OK) {
        return lf_error_set(error, status, "no memory for the list of days");
    }
    s->list->sources = sources;
    s->list->sources[s->list->count++] = *source;
    return LF_OK;
}

/* A file or a member that may be of a crypto venue. */
static lf_status add_capture(search *s, const char *name, bool *is_one, lf_error *error)
{
    name_list *const list = lfi_csv_probe(name)        ? &s->csv
                            : lfi_binance_probe(name)  ? &s->binance
                            : lfi_coinbase_probe(name) ? &s->coinbase
                                                       : NULL;
    *is_one = list != NULL;
    if (list == NULL) {
        return LF_OK;
    }
    void *names = list->names;
    const lf_status status =
        lf_grow(NULL, &names, &list->capacity, list->count + 1, sizeof *list->names);
    list->names = names;
    if (status != LF_OK) {
        return lf_error_set(error, status, "no memory for the list of files");
    }
    snprintf(list->names[list->count++], sizeof *list->names, "%s", name);
    return LF_OK;
}

typedef lf_status (*find_days
)(char (*names)[1024], size_t count, lf_source **sources, size_t *source_count, lf_error *error);

/* Add the days that a venue's files gave, and release them. */
static lf_status
add_days(search *s, lf_source *sources, size_t count, lf_status status, lf_error *error)
{
    for (size_t i = 0; status == LF_OK && i < count; i++) {
        status = add_source(s, &sources[i], error);
    }
    lf_release(NULL, sources);
    return status;
}

/* The days of all captures of a venue: those of one symbol follow one another. */
static lf_status
add_captured_days(search *s, const name_list *list, find_days find, lf_error *error)
{
    lf_source *sources = NULL;
    size_t count = 0;
    const lf_status status =
        list->count > 0 ? find(list->names, list->count, &sources, &count, error) : LF_OK;
    return add_days(s, sources, count, status, error);
}

static lf_status add_csv_days(search *s, lf_error *error)
{
    const name_list *const list = &s->csv;
    lf_source *sources = NULL;
    size_t count = 0;
    const lf_status status =
        list->count > 0
            ? lfi_csv_find(list->names, list->count, s->options->symbol, &sources, &count, error)
            : LF_OK;
    return add_days(s, sources, count, status, error);
}

/* A file that is a day by itself, by its content. */
static lf_status add_algoseek(search *s, bool *is_one, lf_error *error)
{
    lf_source source = {0};
    snprintf(source.path, sizeof source.path, "%s", s->path);
    const lf_status status =
        lfi_algoseek_probe(s->path, s->options->symbol, &source, is_one, error);
    return status == LF_OK && *is_one ? add_source(s, &source, error) : status;
}

/* The days of each symbol in a Databento file, or of one in a capture of CME. */
typedef lf_status (*list_days
)(const char *path, const lf_feed_options *options, lfi_dbn_list *out, lf_error *error);

static lf_status add_listed(search *s, list_days list_of, lf_error *error)
{
    lfi_dbn_list list;
    lf_status status = list_of(s->path, s->options, &list, error);
    for (size_t i = 0; status == LF_OK && i < list.count; i++) {
        status = add_source(s, &list.sources[i], error);
    }
    lf_release(NULL, list.sources);
    return status;
}

static lf_status visit_member(void *context, const char *member, lf_error *error)
{
    search *s = context;
    lfi_lobster_name name;
    char path[sizeof s->files->path];
    bool is_one;
    if (lfi_lobster_name_parse(member, &name)) {
        return add_found(s, &name, true, error);
    }
    const int bytes = snprintf(path, sizeof path, "%s:%s", s->path, member);
    return bytes < (int)sizeof path ? add_capture(s, path, &is_one, error) : LF_OK;
}

/* Files and members that are one part of days. */
static size_t found_count(const search *s)
{
    return s->file_count + s->binance.count + s->coinbase.count + s->csv.count;
}

static lf_status add_archive(search *s, lf_error *error)
{
    const size_t count = found_count(s);
    const uint32_t place = s->place;
    s->place = ++s->place_count;
    const lf_status status = lfi_archive_list(s->path, visit_member, s, error);
    s->place = place;
    if (status == LF_OK && found_count(s) == count && !s->in_folder) {
        return fail_at(
            error,
            LF_FORMAT,
            s->path,
            "the archive holds no LOBSTER message and orderbook files "
            "(SYMBOL_YYYY-MM-DD_START_END_message_LEVELS.csv), no capture of Binance or Coinbase "
            "and no csv file of data.binance.vision"
        );
    }
    return status;
}

/* Fields of a row of nothing but numbers; 0 when it is anything else. */
static size_t count_fields(const char *line, size_t bytes)
{
    size_t commas = 0;
    for (size_t i = 0; i < bytes; i++) {
        if (strchr("0123456789.-,", line[i]) == NULL || line[i] == '\0') {
            return 0;
        }
        commas += line[i] == ',';
    }
    return bytes > 0 ? commas + 1 : 0;
}

static bool is_network_capture(const char *path)
{
    lfi_pcap *pcap;
    const bool is_one = lfi_pcap_open(NULL, path, &pcap, NULL) == LF_OK;
    if (is_one) {
        lfi_pcap_close(pcap);
    }
    return is_one;
}

static lf_status fail_unknown(const search *s, lf_error *error)
{
    return fail_at(
        error,
        LF_FORMAT,
        s->path,
        is_network_capture(s->path)
            ? "a capture of network traffic that does not begin with UDP packets of CME MDP 3.0 or "
              "of NASDAQ ITCH (MoldUDP64), which are those that lobflow reads; packets in TCP are "
              "not read"
            : "not a format that lobflow reads; it reads Databento files (.dbn, .dbn.zst), NASDAQ "
              "ITCH files, network captures of ITCH and of CME MDP 3.0 (.pcap, .pcapng), AlgoSeek "
              "TAQ files (.csv, .csv.gz), captures of Binance and Coinbase (lines of JSON, plain "
              "or packed), bookTicker, trades and aggTrades of data.binance.vision, LOBSTER "
              "archives (.zip, .7z), folders and file pairs named "
              "SYMBOL_YYYY-MM-DD_START_END_message_LEVELS.csv and ..._orderbook_LEVELS.csv"
    );
}

/* A typed file whose name says nothing: by its first row, when the options say the rest. */
static lf_status add_nameless(search *s, lf_error *error)
{
    lfi_stream *stream = NULL;
    const char *line = NULL;
    size_t bytes = 0;
    lf_status status = lfi_stream_open(NULL, s->path, NULL, &stream, error);
    if (status == LF_OK) {
        status = lfi_stream_line(stream, &line, &bytes, error);
    }
    const size_t fields = status == LF_OK && line != NULL ? count_fields(line, bytes) : 0;
    lfi_stream_close(stream);
    if (status != LF_OK && status != LF_FORMAT) {
        return status;
    }
    const bool is_message = fields == 6;
    if (!is_message && (fields == 0 || fields % 4 != 0)) {
        return fail_unknown(s, error);
    }
    if (s->options->symbol == NULL || s->options->date == NULL) {
        return fail_at(
            error,
            LF_FORMAT,
            s->path,
            "looks like LOBSTER, but its name does not say symbol and date; give --symbol and "
            "--date"
        );
    }
    char *to = s->nameless[is_message ? 0 : 1];
    if (to[0] != '\0' && strcmp(to, s->path) != 0) {
        return lf_error_set(
            error,
            LF_DATA,
            "%s and %s are both LOBSTER %s files of one day; name one",
            to,
            s->path,
            kind_name(is_message)
        );
    }
    snprintf(to, sizeof s->nameless[0], "%s", s->path);
    if (!is_message) {
        s->nameless_level_count = (int32_t)(fields / 4);
    }
    return LF_OK;
}

static lf_status add_file(search *s, lf_error *error)
{
    lfi_lobster_name name;
    if (lfi_dbn_probe(s->path)) {
        return add_listed(s, lfi_dbn_find, error);
    }
    if (lfi_itch_probe(s->path)) {
        return add_listed(s, lfi_itch_find, error);
    }
    if (lfi_archive_probe(s->path)) {
        return add_archive(s, error);
    }
    if (lfi_lobster_name_parse(s->path, &name)) {
        return add_found(s, &name, false, error);
    }
    bool is_one = false;
    lf_status status = add_algoseek(s, &is_one, error);
    if (status == LF_OK && !is_one) {
        status = add_capture(s, s->path, &is_one, error);
    }
    if (status != LF_OK || is_one || s->in_folder) {
        return status;
    }
    if (lf_cme_is_capture(s->path)) {
        return add_listed(s, lfi_cme_find, error);
    }
    return add_nameless(s, error);
}

static lf_status add_path(search *s, const char *path, int depth, lf_error *error);

static lf_status add_folder(search *s, const char *path, int depth, lf_error *error)
{
    struct dirent **entries;
    const int count = scandir(path, &entries, NULL, alphasort);
    if (count < 0) {
        return fail_at(
            error, errno == ENOMEM ? LF_NOMEM : LF_IO, path, "the folder cannot be read"
        );
    }
    const uint32_t place = ++s->place_count;
    lf_status status = LF_OK;
    for (int i = 0; i < count; i++) {
        char inside[1024];
        const char *name = entries[i]->d_name;
        if (status == LF_OK && name[0] != '.') {
            const int bytes = snprintf(inside, sizeof inside, "%s/%s", path, name);
            s->place = place;
            status = bytes < (int)sizeof inside
                         ? add_path(s, inside, depth, error)
                         : fail_at(error, LF_RANGE, path, "a path in this folder is too long");
        }
        free(entries[i]);
    }
    free(entries);
    return status;
}

static lf_status add_path(search *s, const char *path, int depth, lf_error *error)
{
    struct stat info;
    if (strlen(path) >= sizeof s->files->path) {
        return fail_at(error, LF_RANGE, path, "the path is too long");
    }
    if (stat(path, &info) != 0) {
        return fail_at(error, LF_NOT_FOUND, path, "there is no such file or folder");
    }
    if (S_ISDIR(info.st_mode)) {
        s->in_folder = true;
        return depth <= DEPTH_MAX ? add_folder(s, path, depth + 1, error) : LF_OK;
    }
    if (!S_ISREG(info.st_mode)) {
        return s->in_folder ? LF_OK : fail_at(error, LF_FORMAT, path, "neither file nor folder");
    }
    s->path = path;
    return add_file(s, error);
}

/* ---- pairs ------------------------------------------------------------------------------ */

static int compare_int64(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

/* Files of one day and place side by side, the message file first. */
static int compare_found(const void *a, const void *b)
{
    const found *x = a, *y = b;
    int order = compare_int64(lf_date_to_days(x->name.date), lf_date_to_days(y->name.date));
    order = order != 0 ? order : strcmp(x->name.symbol, y->name.symbol);
    order = order != 0 ? order : compare_int64(x->name.level_count, y->name.level_count);
    order = order != 0 ? order : compare_int64(x->place, y->place);
    order = order != 0 ? order : compare_int64(!x->name.is_message, !y->name.is_message);
    return order != 0 ? order : strcmp(x->path, y->path);
}

static bool is_same_day(const found *a, const found *b)
{
    return lf_date_to_days(a->name.date) == lf_date_to_days(b->name.date) &&
           strcmp(a->name.symbol, b->name.symbol) == 0 &&
           a->name.level_count == b->name.level_count && a->place == b->place;
}

/* The partner of a file of a pair, by its name, in the same folder. */
static bool guess_partner(const found *file, char out[1024])
{
    const char *known = file->path;
    const char *from = file->name.is_message ? "_message_" : "_orderbook_";
    const char *to = file->name.is_message ? "_orderbook_" : "_message_";
    const char *at = strstr(base_name(known), from);
    struct stat info;
    return at != NULL &&
           snprintf(out, 1024, "%.*s%s%s", (int)(at - known), known, to, at + strlen(from)) <
               1024 &&
           stat(out, &info) == 0;
}

static lf_status fail_twice(const found *a, const found *b, lf_error *error)
{
    char date[11];
    lf_date_format(a->name.date, date);
    return lf_error_set_at(
        error,
        LF_DATA,
        a->path,
        LF_POSITION_NONE,
        LF_POSITION_NONE,
        "two %s files of %s, %s, %d levels are here, %s%s; only one can be meant",
        kind_name(a->name.is_message),
        a->name.symbol,
        date,
        (int)a->name.level_count,
        a->is_member ? "both in the archive" : "the other is ",
        a->is_member ? "" : b->path
    );
}

static lf_status fail_single(const found *file, lf_error *error)
{
    char date[11];
    lf_date_format(file->name.date, date);
    return lf_error_set_at(
        error,
        LF_FORMAT,
        file->path,
        LF_POSITION_NONE,
        LF_POSITION_NONE,
        "the %s file of %s, %s, %d levels is missing%s; a LOBSTER day needs both",
        kind_name(!file->name.is_message),
        file->name.symbol,
        date,
        (int)file->name.level_count,
        file->is_member ? " from the archive" : ""
    );
}

/* One source from the files [count] of one day in one place. */
static lf_status add_pair(search *s, const found *files, size_t count, lf_error *error)
{
    const found *pair[2] = {NULL, NULL};
    for (size_t i = 0; i < count; i++) {
        const found **slot = &pair[files[i].name.is_message ? 0 : 1];
        const bool is_other =
            *slot != NULL && (files[i].is_member || strcmp((*slot)->path, files[i].path) != 0);
        if (is_other) {
            return fail_twice(*slot, &files[i], error);
        }
        *slot = &files[i];
    }
    char partner[1024];
    lf_source source = {.date = files->name.date, .level_count = files->name.level_count};
    snprintf(source.format, sizeof source.format, "lobster");
    memcpy(source.symbol, files->name.symbol, sizeof source.symbol);
    if (pair[0] == NULL || pair[1] == NULL) {
        if (files->is_member || !guess_partner(files, partner)) {
            return fail_single(files, error);
        }
    }
    memcpy(source.path, pair[0] != NULL ? pair[0]->path : partner, sizeof source.path);
    if (!files->is_member) {
        memcpy(source.path2, pair[1] != NULL ? pair[1]->path : partner, sizeof source.path2);
    }
    return add_source(s, &source, error);
}

static lf_status add_nameless_pair(search *s, lf_error *error)
{
    const bool has_message = s->nameless[0][0] != '\0', has_book = s->nameless[1][0] != '\0';
    if (!has_message && !has_book) {
        return LF_OK;
    }
    if (!has_message || !has_book) {
        return lf_error_set_at(
            error,
            LF_FORMAT,
            s->nameless[has_message ? 0 : 1],
            LF_POSITION_NONE,
            LF_POSITION_NONE,
            "a LOBSTER %s file without its partner; name the %s file too",
            kind_name(has_message),
            kind_name(!has_message)
        );
    }
    lf_source source = {.date = s->date, .level_count = s->nameless_level_count};
    snprintf(source.format, sizeof source.format, "lobster");
    snprintf(source.symbol, sizeof source.symbol, "%s", s->options->symbol);
    memcpy(source.path, s->nameless[0], sizeof source.path);
    memcpy(source.path2, s->nameless[1], sizeof source.path2);
    return add_source(s, &source, error);
}

static lf_status make_pairs(search *s, lf_error *error)
{
    lf_status status = add_nameless_pair(s, error);
    if (s->file_count > 1) {
        qsort(s->files, s->file_count, sizeof *s->files, compare_found);
    }
    for (size_t first = 0, end; first < s->file_count && status == LF_OK; first = end) {
        end = first + 1;
        while (end < s->file_count && is_same_day(&s->files[first], &s->files[end])) {
            end++;
        }
        status = add_pair(s, &s->files[first], end - first, error);
    }
    return status;
}

/* ---- choice ----------------------------------------------------------------------------- */

/* What an option asks a day to be. */
typedef struct wish {
    const char *symbol; /* NULL: not asked */
    const lf_date *date;
    int32_t level_count; /* 0: not asked */
} wish;

bool lfi_is_listed(const char *list, const char *symbol)
{
    const size_t bytes = strlen(symbol);
    for (const char *at = list; at != NULL; at = strchr(at, ',')) {
        at += at != list;
        if (strncmp(at, symbol, bytes) == 0 && (at[bytes] == '\0' || at[bytes] == ',')) {
            return true;
        }
    }
    return false;
}

static bool fits(const lf_source *source, const wish *w)
{
    return (w->symbol == NULL || lfi_is_listed(w->symbol, source->symbol)) &&
           (w->date == NULL || lf_date_to_days(source->date) == lf_date_to_days(*w->date)) &&
           (w->level_count == 0 || source->level_count == w->level_count);
}

static void overrule(lf_source *source, const wish *w)
{
    if (w->symbol != NULL && strchr(w->symbol, ',') == NULL) {
        snprintf(source->symbol, sizeof source->symbol, "%s", w->symbol);
    }
    /* Messages and rows of these say when they were sent. */
    if (w->date != NULL && strcmp(source->format, "binance") != 0 &&
        strcmp(source->format, "binance_csv") != 0 && strcmp(source->format, "coinbase") != 0) {
        source->date = *w->date;
    }
    if (w->level_count != 0) {
        source->level_count = w->level_count;
    }
}

/* The first symbol of a list that no day has, with its bytes; NULL: all are there. */
static const char *find_missing(const lf_source_list *list, const char *symbols, size_t *bytes)
{
    for (const char *at = symbols; *at != '\0'; at += *bytes + (at[*bytes] == ',')) {
        *bytes = strcspn(at, ",");
        bool is_there = false;
        for (size_t i = 0; i < list->count && !is_there; i++) {
            const char *const symbol = list->sources[i].symbol;
            is_there = strlen(symbol) == *bytes && strncmp(symbol, at, *bytes) == 0;
        }
        if (!is_there) {
            return at;
        }
    }
    return NULL;
}

/* Keep the days that fit; when none does, an only one is taken for what was asked. */
static lf_status choose_by(lf_source_list *list, bool was_only, const wish *w, lf_error *error)
{
    size_t kept = 0;
    char first[64], date[11];
    lf_date_format(list->sources[0].date, date);
    snprintf(
        first,
        sizeof first,
        "%s, %s, %d levels",
        list->sources[0].symbol,
        date,
        (int)list->sources[0].level_count
    );
    if (was_only) {
        overrule(&list->sources[0], w);
    }
    for (size_t i = 0; i < list->count; i++) {
        if (fits(&list->sources[i], w)) {
            list->sources[kept++] = list->sources[i];
        }
    }
    list->count = kept;
    size_t bytes = 0;
    const char *const missing = w->symbol != NULL ? find_missing(list, w->symbol, &bytes) : NULL;
    if (missing != NULL) {
        return lf_error_set(
            error,
            LF_NOT_FOUND,
            "no day of symbol %.*s here; the first is %s",
            (int)bytes,
            missing,
            first
        );
    }
    if (kept > 0) {
        return LF_OK;
    }
    if (w->date != NULL) {
        lf_date_format(*w->date, date);
        return lf_error_set(
            error, LF_NOT_FOUND, "no day with date %s here; the first is %s", date, first
        );
    }
    return lf_error_set(
        error,
        LF_NOT_FOUND,
        "no day with %d levels here; the first is %s",
        (int)w->level_count,
        first
    );
}

static lf_status choose(const search *s, lf_error *error)
{
    const wish wishes[] = {
        {.symbol = s->options->symbol},
        {.date = s->options->date != NULL ? &s->date : NULL},
        {.level_count = s->options->level_count},
    };
    lf_source_list *list = s->list;
    const bool was_only = list->count == 1;
    lf_status status = LF_OK;
    for (size_t i = 0; i < sizeof wishes / sizeof wishes[0] && status == LF_OK; i++) {
        status = choose_by(list, was_only, &wishes[i], error);
    }
    return status;
}

static int compare_source(const void *a, const void *b)
{
    const lf_source *x = a, *y = b;
    int order = compare_int64(lf_date_to_days(x->date), lf_date_to_days(y->date));
    order = order != 0 ? order : strcmp(x->symbol, y->symbol);
    order = order != 0 ? order : strcmp(x->venue, y->venue);
    order = order != 0 ? order : compare_int64(x->level_count, y->level_count);
    return order != 0 ? order : strcmp(x->path, y->path);
}

/* A day that is there twice would count twice in everything. */
static lf_status refuse_twins(const lf_source_list *list, lf_error *error)
{
    for (size_t i = 1; i < list->count; i++) {
        const lf_source *a = &list->sources[i - 1], *b = &list->sources[i];
        if (lf_date_to_days(a->date) == lf_date_to_days(b->date) &&
            strcmp(a->symbol, b->symbol) == 0 && strcmp(a->venue, b->venue) == 0) {
            char date[11];
            lf_date_format(a->date, date);
            return lf_error_set(
                error,
                LF_DATA,
                "%s of %s is there twice: %s (%d levels) and %s (%d levels); name one of them%s",
                a->symbol,
                date,
                a->path,
                (int)a->level_count,
                b->path,
                (int)b->level_count,
                a->level_count != b->level_count ? " or give --levels" : ""
            );
        }
    }
    return LF_OK;
}

/* Everything behind the typed paths. */
static lf_status
look_at_all(search *s, const char *const *paths, size_t path_count, lf_error *error)
{
    lf_status status = LF_OK;
    for (size_t i = 0; i < path_count && status == LF_OK; i++) {
        s->in_folder = false;
        s->place = PLACE_TYPED;
        status = add_path(s, paths[i], 0, error);
    }
    if (status == LF_OK) {
        status = make_pairs(s, error);
    }
    if (status == LF_OK) {
        status = add_captured_days(s, &s->binance, lfi_binance_find, error);
    }
    if (status == LF_OK) {
        status = add_captured_days(s, &s->coinbase, lfi_coinbase_find, error);
    }
    if (status == LF_OK) {
        status = add_csv_days(s, error);
    }
    if (status == LF_OK && s->list->count == 0) {
        status = fail_at(
            error,
            LF_NOT_FOUND,
            path_count > 0 ? paths[0] : "",
            "nothing here that lobflow reads: LOBSTER archives, message and orderbook files, "
            "AlgoSeek TAQ files, Databento or NASDAQ ITCH files, captures of Binance, Coinbase or "
            "CME, or csv files of data.binance.vision"
        );
    }
    lf_release(NULL, s->files);
    lf_release(NULL, s->binance.names);
    lf_release(NULL, s->coinbase.names);
    lf_release(NULL, s->csv.names);
    return status;
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
    lf_status status = lf_feed_check(s.options, error);
    if (status == LF_OK && s.options->date != NULL) {
        status = lf_date_parse(s.options->date, &s.date);
    }
    if (status == LF_OK) {
        status = look_at_all(&s, paths, path_count, error);
    }
    if (status == LF_OK) {
        status = choose(&s, error);
    }
    if (status == LF_OK) {
        qsort(out->sources, out->count, sizeof *out->sources, compare_source);
        status = refuse_twins(out, error);
    }
    if (status != LF_OK) {
        lf_source_list_clear(out);
    }
    return status;
}

void lf_source_list_clear(lf_source_list *list)
{
    lf_release(NULL, list->sources);
    *list = (lf_source_list){0};
}
