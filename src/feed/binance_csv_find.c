/* Finds the symbol-days of Binance's csv files: reads each once, and puts quotes beside trades. */
#include "binance_csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows are in the order of their ids; their times go back by less. */
#define LATE_NS LF_NS_PER_SECOND
/* A file holds a day or a month. */
#define DAYS_MAX 366

/* A file, read once. */
typedef struct csv_file {
    char name[1024];
    char symbol[32];
    const char *venue;
    lfi_csv_kind kind;
    uint64_t price_fractions, size_fractions;
    int64_t first_day, last_day;
    int64_t split_id; /* lfi_csv_input */
} csv_file;

typedef struct search {
    csv_file *files; /* [file_count], owned */
    size_t file_count;
    lf_source *sources; /* [count], owned */
    size_t count, capacity;
} search;

/* ---- names ------------------------------------------------------------------------------ */

/* The file's own name: behind folders, and behind the archive it is a member of. */
static const char *own_name(const char *name)
{
    const char *const slash = strrchr(name, '/'), *const colon = strrchr(name, ':');
    const char *const last = slash == NULL || (colon != NULL && colon > slash) ? colon : slash;
    return last != NULL ? last + 1 : name;
}

/* SYMBOL-bookTicker-DATE.csv and its like; false when it is another name. */
static bool take_symbol(const char *name, char out[32])
{
    static const char *const kinds[] = {"-bookTicker", "-trades", "-aggTrades"};
    lfi_binance_message m;
    const char *const own = own_name(name);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const char *const at = strstr(own, kinds[i]);
        if (at != NULL && lfi_binance_set_symbol(&m, own, (size_t)(at - own))) {
            memcpy(out, m.symbol, sizeof m.symbol);
            return true;
        }
    }
    return false;
}

/* The venue by its columns and, of futures, by what the price is in: BTCUSD_PERP is margined in
   coins, BTCUSDT_240927 is not. */
static const char *venue_of(const csv_file *file, bool is_spot)
{
    const bool is_coin = strstr(file->symbol, "USD_") != NULL;
    return lfi_binance_venue_name(
        is_spot   ? LFI_BINANCE_SPOT
        : is_coin ? LFI_BINANCE_COINM
                  : LFI_BINANCE_USDM
    );
}

/* ---- reading once ----------------------------------------------------------------------- */

static lf_status fail_order(const lfi_csv_input *in, int64_t newest_ns, lf_error *error)
{
    return lf_error_set_at(
        error,
        LF_DATA,
        lfi_stream_name(in->stream),
        lfi_stream_line_number(in->stream),
        LF_POSITION_NONE,
        "the time goes back by %.3f s: some of Binance's files are not in the order of their first "
        "field (%s); sort the rows by it, as with \"sort -t, -k1,1n\"",
        (double)(newest_ns - in->row.ts_ns) * 1e-9,
        in->layout->names[0]
    );
}

static int64_t day_of(int64_t ts_ns)
{
    return ts_ns / LF_NS_PER_DAY;
}

/* The times of a half, or of the whole file while it is not known to have two. */
typedef struct span {
    int64_t first_ns, newest_ns;
} span;

/*
 * Time has gone back at a row. Where two halves of a period stand row by row, it is of the earlier
 * one, and the first row of the file with a higher number begins the later one. *split_id is 0 when
 * there is none.
 */
static lf_status
find_split(const char *name, int64_t id, int64_t *split_id, span *later, lf_error *error)
{
    lfi_csv_input in;
    bool got = true;
    *split_id = 0;
    lf_status status = lfi_csv_open(NULL, name, 0, &in, error);
    if (status != LF_OK) {
        return status;
    }
    while (status == LF_OK && got && *split_id == 0) {
        status = lfi_csv_next(&in, &got, error);
        if (status == LF_OK && got && in.row.id > id) {
            *split_id = in.row.id;
            later->first_ns = in.row.ts_ns;
        }
    }
    lfi_csv_close(&in);
    return status;
}

/* Take in the time of a row; halves[1] is the later one, where there are two. */
static lf_status take_time(csv_file *file, const lfi_csv_input *in, span halves[2], lf_error *error)
{
    const int64_t ts_ns = in->row.ts_ns;
    span *half = &halves[file->split_id > 0 && in->row.id >= file->split_id];
    if (ts_ns < half->newest_ns - LATE_NS && file->split_id == 0) {
        /* What came so far ends with a row of the later half. */
        halves[1].newest_ns = halves[0].newest_ns;
        const lf_status status =
            find_split(file->name, in->row.id, &file->split_id, &halves[1], error);
        if (status != LF_OK) {
            return status;
        }
        half->newest_ns = file->split_id > 0 ? ts_ns : half->newest_ns;
    }
    if (ts_ns < half->newest_ns - LATE_NS) {
        return fail_order(in, half->newest_ns, error);
    }
    half->first_ns = ts_ns < half->first_ns ? ts_ns : half->first_ns;
    half->newest_ns = ts_ns > half->newest_ns ? ts_ns : half->newest_ns;
    return LF_OK;
}

/* The earlier half must end where the later one begins, and a file has not too many days. */
static lf_status
set_days(csv_file *file, const lfi_csv_input *in, const span halves[2], lf_error *error)
{
    const bool is_split = file->split_id > 0;
    if (is_split && halves[0].newest_ns - LATE_NS > halves[1].first_ns) {
        return fail_order(in, halves[0].newest_ns, error);
    }
    file->first_day = day_of(halves[0].first_ns);
    file->last_day = day_of(halves[is_split].newest_ns);
    if (file->last_day - file->first_day <= DAYS_MAX) {
        return LF_OK;
    }
    return lf_error_set_at(
        error,
        LF_DATA,
        lfi_stream_name(in->stream),
        LF_POSITION_NONE,
        LF_POSITION_NONE,
        "the rows are of more than %d days",
        DAYS_MAX
    );
}

static lf_status scan(csv_file *file, lfi_csv_input *in, lf_error *error)
{
    span halves[2] = {{INT64_MAX, 0}, {INT64_MAX, 0}};
    bool got = true;
    lf_status status = LF_OK;
    while (status == LF_OK && got) {
        status = lfi_csv_next(in, &got, error);
        if (status == LF_OK && got) {
            status = take_time(file, in, halves, error);
        }
    }
    if (status != LF_OK) {
        return status;
    }
    file->price_fractions = in->row.price_scale.fractions;
    file->size_fractions = in->row.size_scale.fractions;
    return set_days(file, in, halves, error);
}

/* Read a file once; its name may say symbol and day. */
static lf_status look_at(csv_file *file, const char *name, const char *symbol, lf_error *error)
{
    lfi_csv_input in;
    lf_date date;
    (void)snprintf(file->name, sizeof file->name, "%s", name);
    if (!take_symbol(name, file->symbol)) {
        if (symbol == NULL) {
            return lf_error_set_at(
                error,
                LF_FORMAT,
                name,
                LF_POSITION_NONE,
                LF_POSITION_NONE,
                "the name does not say the symbol, as BTCUSDT-trades-2024-03-30.csv does; give "
                "--symbol"
            );
        }
        (void)snprintf(file->symbol, sizeof file->symbol, "%s", symbol);
    }
    lf_status status = lfi_csv_open(NULL, name, 0, &in, error);
    if (status != LF_OK) {
        return status;
    }
    file->kind = in.layout->kind;
    file->venue = venue_of(file, in.layout->is_spot);
    status = scan(file, &in, error);
    lfi_csv_close(&in);
    const int64_t day = lfi_capture_date(name, &date) ? lf_date_to_days(date) : 0;
    if (status == LF_OK && day >= file->first_day && day <= file->last_day) {
        file->first_day = file->last_day = day;
    }
    return status;
}

/* ---- days ------------------------------------------------------------------------------- */

static bool is_of(const csv_file *a, const csv_file *b)
{
    return strcmp(a->symbol, b->symbol) == 0 && strcmp(a->venue, b->venue) == 0;
}

/* The file of a kind that holds a day of what `of` is about; an error when there are two. */
static lf_status file_of(
    const search *s,
    const csv_file *of,
    lfi_csv_kind kind,
    int64_t day,
    const csv_file **out,
    lf_error *error
)
{
    *out = NULL;
    for (size_t i = 0; i < s->file_count; i++) {
        const csv_file *const file = &s->files[i];
        if (!is_of(file, of) || file->kind != kind || day < file->first_day ||
            day > file->last_day) {
            continue;
        }
        if (*out != NULL) {
            return lf_error_set(
                error,
                LF_DATA,
                "%s and %s hold rows of %s of one day; name one of them, or join their rows in one "
                "file",
                (*out)->name,
                file->name,
                file->symbol
            );
        }
        *out = file;
    }
    return LF_OK;
}

static bool has_day(const search *s, const csv_file *of, int64_t day)
{
    const lf_date date = lf_date_from_days(day);
    for (size_t i = 0; i < s->count; i++) {
        const lf_source *const known = &s->sources[i];
        if (strcmp(known->symbol, of->symbol) == 0 && strcmp(known->venue, of->venue) == 0 &&
            memcmp(&known->date, &date, sizeof date) == 0) {
            return true;
        }
    }
    return false;
}

/* Tick and lot in 1e-9: the finest decimals in all files of a symbol. */
static void set_units(const search *s, const csv_file *of, lf_source *out)
{
    uint64_t price_fractions = 0, size_fractions = 0;
    for (size_t i = 0; i < s->file_count; i++) {
        if (is_of(&s->files[i], of)) {
            price_fractions |= s->files[i].price_fractions;
            size_fractions |= s->files[i].size_fractions;
        }
    }
    out->tick_nano = lfi_binance_unit_nano(price_fractions);
    out->lot_nano = lfi_binance_unit_nano(size_fractions);
}

static lf_status add_day(search *s, const csv_file *of, int64_t day, lf_error *error)
{
    const csv_file *found[3];
    lf_status status = LF_OK;
    for (int kind = 0; kind < 3 && status == LF_OK; kind++) {
        status = file_of(s, of, (lfi_csv_kind)kind, day, &found[kind], error);
    }
    if (status != LF_OK) {
        return status;
    }
    const csv_file *const ticker = found[LFI_CSV_TICKER];
    const csv_file *const trades =
        found[LFI_CSV_TRADES] != NULL ? found[LFI_CSV_TRADES] : found[LFI_CSV_AGGREGATES];
    void *sources = s->sources;
    status = lf_grow(NULL, &sources, &s->capacity, s->count + 1, sizeof *s->sources);
    if (status != LF_OK) {
        return lf_error_set(error, status, "no memory for the list of days");
    }
    s->sources = sources;
    lf_source *const source = &s->sources[s->count++];
    *source = (lf_source){
        .format = "binance_csv",
        .date = lf_date_from_days(day),
        .level_count = 1,
        .from_ns = day * LF_NS_PER_DAY,
        .to_ns = (day + 1) * LF_NS_PER_DAY,
    };
    memcpy(source->symbol, of->symbol, sizeof source->symbol);
    (void)snprintf(source->venue, sizeof source->venue, "%s", of->venue);
    const csv_file *const first = ticker != NULL ? ticker : trades;
    memcpy(source->path, first->name, sizeof source->path);
    source->split_ids[0] = first->split_id;
    if (ticker != NULL && trades != NULL) {
        memcpy(source->path2, trades->name, sizeof source->path2);
        source->split_ids[1] = trades->split_id;
    }
    set_units(s, of, source);
    return LF_OK;
}

lf_status lfi_csv_find(
    char (*names)[1024],
    size_t count,
    const char *symbol,
    lf_source **sources,
    size_t *source_count,
    lf_error *error
)
{
    search s = {.files = lf_allocate(NULL, count + 1, sizeof *s.files)};
    lf_status status =
        s.files != NULL ? LF_OK : lf_error_set(error, LF_NOMEM, "no memory for the list of files");
    for (size_t i = 0; i < count && status == LF_OK; i++) {
        bool is_known = false;
        for (size_t j = 0; j < s.file_count && !is_known; j++) {
            is_known = strcmp(s.files[j].name, names[i]) == 0;
        }
        if (!is_known) {
            status = look_at(&s.files[s.file_count++], names[i], symbol, error);
        }
    }
    for (size_t i = 0; i < s.file_count && status == LF_OK; i++) {
        const csv_file *const file = &s.files[i];
        for (int64_t day = file->first_day; day <= file->last_day && status == LF_OK; day++) {
            if (!has_day(&s, file, day)) {
                status = add_day(&s, file, day, error);
            }
        }
    }
    lf_release(NULL, s.files);
    if (status != LF_OK) {
        lf_release(NULL, s.sources);
        s.sources = NULL;
        s.count = 0;
    }
    *sources = s.sources;
    *source_count = s.count;
    return status;
}
