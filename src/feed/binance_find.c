/* Finds the symbol-days of Binance captures: chains of dated files, days of undated ones. */
#include "binance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lines that are looked at to tell what a file is. */
#define PROBE_LINES 100
/* Of a snapshot of 5,000 levels a side; other files in a folder have no line ends at all. */
#define PROBE_LINE_MAX ((size_t)1 << 20)
/* Files that are read back to find the snapshot from which a book comes. */
#define BACK_MAX 366
/* What a dated file holds of another date's day, when there is no file of that date: less belongs
   to its own day. */
#define OTHER_DAY_NS (60 * LF_NS_PER_MINUTE)

/* One file of a chain. */
typedef struct capture {
    char name[1024];
    bool has_date, is_wanted; /* else it only lends its book, or its edge */
    lf_date date;
    lfi_binance_facts facts;
} capture;

/* Files that follow one another. */
typedef struct chain {
    capture *files; /* [count], by date, owned */
    size_t count, capacity;
} chain;

/* Days found so far. */
typedef struct day_list {
    lf_source *sources; /* [count], owned */
    size_t count, capacity;
} day_list;

/* ---- recognising ------------------------------------------------------------------------ */

bool lfi_binance_probe(const char *name)
{
    lfi_stream *in = NULL;
    lfi_binance_message m = {0};
    bool found = false, goes_on = lfi_capture_open(NULL, name, &in, NULL) == LF_OK;
    if (goes_on) {
        lfi_stream_allow_lines(in, PROBE_LINE_MAX);
    }
    for (int i = 0; i < PROBE_LINES && goes_on && !found; i++) {
        const char *line;
        size_t bytes;
        lfi_binance_fault fault;
        goes_on = lfi_stream_line(in, &line, &bytes, NULL) == LF_OK && line != NULL;
        if (!goes_on || bytes == 0) {
            continue;
        }
        /* Other text costs no more than a look at its first line. */
        const bool is_usual = line[0] == '{' || (line[0] >= '1' && line[0] <= '9');
        goes_on = is_usual && memchr(line, '{', bytes < 32 ? bytes : 32) != NULL &&
                  lfi_binance_make_room(NULL, &m, bytes, NULL) == LF_OK &&
                  lfi_binance_parse(line, bytes, &m, &fault);
        found = goes_on && m.kind != LFI_BINANCE_OTHER;
    }
    lf_release(NULL, m.levels);
    lfi_stream_close(in);
    return found;
}

/* ---- chains ----------------------------------------------------------------------------- */

static int64_t day_of(int64_t ts_ns)
{
    return ts_ns / LF_NS_PER_DAY - (ts_ns % LF_NS_PER_DAY < 0);
}

static lf_status scan(capture *file, lf_error *error)
{
    lfi_binance_facts_start(&file->facts);
    return lfi_binance_scan(NULL, file->name, &file->facts, error);
}

/* Add a file and scan it. */
static lf_status add_file(chain *c, const char *name, bool is_wanted, lf_error *error)
{
    void *files = c->files;
    const lf_status status = lf_grow(NULL, &files, &c->capacity, c->count + 1, sizeof *c->files);
    if (status != LF_OK) {
        return lf_error_set(error, status, "no memory for the list of files");
    }
    c->files = files;
    capture *const file = &c->files[c->count++];
    *file = (capture){.is_wanted = is_wanted};
    (void)snprintf(file->name, sizeof file->name, "%s", name);
    file->has_date = lfi_capture_date(name, &file->date);
    return scan(file, error);
}

static int compare_files(const void *a, const void *b)
{
    const capture *const x = a, *const y = b;
    const int64_t i = x->has_date ? lf_date_to_days(x->date) : 0;
    const int64_t j = y->has_date ? lf_date_to_days(y->date) : 0;
    return i < j ? -1 : i > j;
}

static bool name_beside(const capture *file, int step, char out[1024])
{
    const int64_t days = lf_date_to_days(file->date) + step;
    return file->has_date && lfi_capture_name_at(file->name, lf_date_from_days(days), out) &&
           lfi_capture_exists(out);
}

/* Files before the first one up to one with a snapshot, and the one behind the last. */
static lf_status add_neighbours(chain *c, lf_error *error)
{
    char name[1024];
    lf_status status = LF_OK;
    capture first = c->files[0];
    for (int i = 0; i < BACK_MAX && status == LF_OK && !first.facts.has_snapshot &&
                    name_beside(&first, -1, name);
         i++) {
        status = add_file(c, name, false, error);
        first = c->files[c->count - 1];
    }
    qsort(c->files, c->count, sizeof *c->files, compare_files);
    if (status == LF_OK && name_beside(&c->files[c->count - 1], 1, name)) {
        status = add_file(c, name, false, error);
    }
    return status;
}

/* All facts of a chain in one; an error when its files do not belong together. */
static lf_status join_facts(const chain *c, lfi_binance_facts *all, lf_error *error)
{
    *all = c->files[0].facts;
    for (size_t i = 1; i < c->count; i++) {
        const lfi_binance_facts *const f = &c->files[i].facts;
        if (all->symbol[0] != '\0' && f->symbol[0] != '\0' && strcmp(all->symbol, f->symbol) != 0) {
            return lf_error_set(
                error,
                LF_DATA,
                "%s holds %s, and %s, which follows it by name, holds %s",
                c->files[0].name,
                all->symbol,
                c->files[i].name,
                f->symbol
            );
        }
        if (all->symbol[0] == '\0') {
            memcpy(all->symbol, f->symbol, sizeof all->symbol);
        }
        all->venue = f->venue > all->venue ? f->venue : all->venue;
        all->price_fractions |= f->price_fractions;
        all->size_fractions |= f->size_fractions;
        all->info_tick = f->info_tick > 0 ? f->info_tick : all->info_tick;
        all->info_lot = f->info_lot > 0 ? f->info_lot : all->info_lot;
        all->ahead_ns = f->ahead_ns > all->ahead_ns ? f->ahead_ns : all->ahead_ns;
        all->has_local = all->has_local && f->has_local;
        all->has_snapshot = all->has_snapshot || f->has_snapshot;
        all->depth_count += f->depth_count;
    }
    return LF_OK;
}

/* ---- days ------------------------------------------------------------------------------- */

static bool has_file_of(const chain *c, int64_t day)
{
    for (size_t i = 0; i < c->count; i++) {
        if (c->files[i].has_date && lf_date_to_days(c->files[i].date) == day) {
            return true;
        }
    }
    return false;
}

/* Whether a file holds a day of its own on this date. */
static bool holds_day(const chain *c, const capture *file, int64_t day)
{
    const int64_t open_ns = day * LF_NS_PER_DAY;
    const int64_t from_ns = file->facts.first_ns > open_ns ? file->facts.first_ns : open_ns;
    const int64_t close_ns = open_ns + LF_NS_PER_DAY;
    const int64_t to_ns = file->facts.last_ns < close_ns ? file->facts.last_ns : close_ns;
    if (file->has_date && lf_date_to_days(file->date) != day) {
        return !has_file_of(c, day) && to_ns - from_ns >= OTHER_DAY_NS;
    }
    return true;
}

/* The file to begin with so that the book of a file's first message is known. */
static size_t first_file(const chain *c, size_t at)
{
    size_t first = at;
    while (first > 0 && !(first < at && c->files[first].facts.has_snapshot)) {
        first--;
        if (c->files[at].facts.has_snapshot) {
            break; /* its own does for all but the first moments */
        }
    }
    return first;
}

static lf_status add_day(
    day_list *list,
    const chain *c,
    size_t at,
    int64_t day,
    const lfi_binance_facts *all,
    lf_error *error
)
{
    const capture *const file = &c->files[at], *const first = &c->files[first_file(c, at)];
    void *sources = list->sources;
    const lf_status status =
        lf_grow(NULL, &sources, &list->capacity, list->count + 1, sizeof *list->sources);
    if (status != LF_OK) {
        return lf_error_set(error, status, "no memory for the list of days");
    }
    list->sources = sources;
    lf_source *const source = &list->sources[list->count++];
    *source = (lf_source){
        .date = lf_date_from_days(day),
        .level_count = LF_LEVELS_MAX,
        .tick_nano = lfi_binance_tick_nano(all),
        .lot_nano = lfi_binance_lot_nano(all),
        .clock_shift_ns = all->has_local && all->ahead_ns > 0 ? all->ahead_ns : 0,
        .has_local_times = all->has_local,
        .from_ns = INT64_MIN,
        .to_ns = INT64_MAX,
    };
    (void)snprintf(source->format, sizeof source->format, "binance");
    (void)snprintf(source->venue, sizeof source->venue, "%s", lfi_binance_venue_name(all->venue));
    memcpy(source->path, file->name, sizeof source->path);
    memcpy(source->symbol, all->symbol, sizeof source->symbol);
    if (first != file) {
        memcpy(source->path2, first->name, sizeof source->path2);
    }
    /* The first and the last day reach to the ends of the data. */
    if (first != file || day_of(file->facts.first_ns) < day) {
        source->from_ns = day * LF_NS_PER_DAY;
    }
    if (at + 1 < c->count || day_of(file->facts.last_ns) > day) {
        source->to_ns = (day + 1) * LF_NS_PER_DAY;
    }
    return LF_OK;
}

static lf_status
add_days(day_list *list, const chain *c, const lfi_binance_facts *all, lf_error *error)
{
    lf_status status = LF_OK;
    for (size_t i = 0; i < c->count && status == LF_OK; i++) {
        const capture *const file = &c->files[i];
        if (!file->is_wanted || file->facts.first_ns == LF_TIME_NONE) {
            continue;
        }
        const int64_t first = day_of(file->facts.first_ns), last = day_of(file->facts.last_ns);
        for (int64_t day = first; day <= last && status == LF_OK; day++) {
            if (holds_day(c, file, day)) {
                status = add_day(list, c, i, day, all, error);
            }
        }
    }
    return status;
}

/* ---- captures --------------------------------------------------------------------------- */

static lf_status find_chain(day_list *list, chain *c, lf_error *error)
{
    lfi_binance_facts all;
    lf_status status = add_neighbours(c, error);
    if (status == LF_OK) {
        status = join_facts(c, &all, error);
    }
    if (status == LF_OK && (all.depth_count == 0 || all.symbol[0] == '\0')) {
        return lf_error_set_at(
            error,
            LF_FORMAT,
            c->files[0].name,
            LF_POSITION_NONE,
            LF_POSITION_NONE,
            "the capture has no diffs of the book (stream SYMBOL@depth@100ms or @0ms); trades and "
            "best levels alone make no book"
        );
    }
    if (status == LF_OK && !all.has_snapshot) {
        return lf_error_set_at(
            error,
            LF_DATA,
            c->files[0].name,
            LF_POSITION_NONE,
            LF_POSITION_NONE,
            "the capture has no snapshot of the book (REST depth, a line with lastUpdateId); diffs "
            "alone tell changes only"
        );
    }
    return status == LF_OK ? add_days(list, c, &all, error) : status;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Where the name of the day after a name stands among the sorted ones; count without. */
static size_t place_after(char (*names)[1024], size_t count, const char *name)
{
    char wanted[1024];
    lf_date date;
    if (!lfi_capture_date(name, &date) ||
        !lfi_capture_name_at(name, lf_date_from_days(lf_date_to_days(date) + 1), wanted)) {
        return count;
    }
    const char *const found = bsearch(wanted, names, count, sizeof *names, compare_names);
    return found != NULL ? (size_t)(found - names[0]) / sizeof *names : count;
}

/* The chain that begins with a name; which names it took is noted. */
static lf_status find_from(
    day_list *list, char (*names)[1024], size_t count, size_t at, bool *taken, lf_error *error
)
{
    chain c = {0};
    lf_status status = LF_OK;
    for (size_t i = at; i < count && status == LF_OK; i = place_after(names, count, names[i])) {
        taken[i] = true;
        status = add_file(&c, names[i], true, error);
    }
    if (status == LF_OK) {
        status = find_chain(list, &c, error);
    }
    lf_release(NULL, c.files);
    return status;
}

/* Sort, and drop what was typed twice. */
static size_t sort_names(char (*names)[1024], size_t count)
{
    size_t kept = 0;
    qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || strcmp(names[kept - 1], names[i]) != 0) {
            memmove(names[kept++], names[i], sizeof *names);
        }
    }
    return kept;
}

lf_status lfi_binance_find(
    char (*names)[1024], size_t count, lf_source **sources, size_t *source_count, lf_error *error
)
{
    day_list list = {0};
    const size_t kept = sort_names(names, count);
    bool *const taken = lf_allocate(NULL, kept + 1, sizeof *taken);
    lf_status status =
        taken != NULL ? LF_OK : lf_error_set(error, LF_NOMEM, "no memory for the list of files");
    /* An earlier date sorts first, so each chain is met at its beginning. */
    for (size_t i = 0; i < kept && status == LF_OK; i++) {
        if (!taken[i]) {
            status = find_from(&list, names, kept, i, taken, error);
        }
    }
    lf_release(NULL, taken);
    if (status != LF_OK) {
        lf_release(NULL, list.sources);
        list = (day_list){0};
    }
    *sources = list.sources;
    *source_count = list.count;
    return status;
}
