/* What an ITCH file or capture is of: whether it is one, its day, the stocks asked for, clocks. */
#include "itch.h"

#include <stdio.h>
#include <string.h>

/* Messages that are looked at to know the format. */
#define PROBE_MESSAGES 16
/* Symbols that an error lists. */
#define LISTED 8
#define WANTED_MAX 32
/* A clock that is further away was not set. */
#define BEHIND_MAX_NS LF_NS_PER_DAY

void lfi_itch_pad(const char *symbol, unsigned char out[LFI_ITCH_STOCK_BYTES])
{
    const size_t length = strlen(symbol);
    memset(out, length <= LFI_ITCH_STOCK_BYTES ? ' ' : 0, LFI_ITCH_STOCK_BYTES);
    memcpy(out, symbol, length <= LFI_ITCH_STOCK_BYTES ? length : 0);
}

/* ---- recognising ------------------------------------------------------------------------ */

/* The first message is one of ITCH 5.0, and none of the next has a length that its type has not. */
bool lfi_itch_probe(const char *path)
{
    lfi_itch_in *in;
    lfi_itch_message m = {0};
    bool fits = lfi_itch_in_open(NULL, path, &in, NULL) == LF_OK;
    if (!fits) {
        return false;
    }
    size_t known_count = 0;
    for (int i = 0; fits && i < PROBE_MESSAGES; i++) {
        if (lfi_itch_next(in, &m, NULL) != LF_OK || m.at == NULL) {
            fits = m.at == NULL && known_count > 0;
            break;
        }
        const size_t bytes = lfi_itch_bytes[m.at[0]];
        fits = bytes != 0 ? bytes == m.bytes : known_count > 0;
        fits = fits && (i > 0 || lfi_itch_time_ns(m.at) < LFI_ITCH_TIME_MAX_NS);
        known_count += bytes != 0;
    }
    lfi_itch_in_close(in);
    return fits && known_count > 0;
}

/* ---- the day ---------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool make_date(const char *year, const char *month_day, lf_date *out)
{
    char text[9];
    (void)snprintf(text, sizeof text, "%.4s%.4s", year, month_day);
    return strcmp(text, "19900101") >= 0 && lf_date_parse(text, out) == LF_OK;
}

/* 12302019.NASDAQ_ITCH50, 20191230.itch, 2019-12-30.itch, S123019-v50.txt */
static bool date_of(const char *path, lf_date *out)
{
    const char *const slash = strrchr(path, '/');
    for (const char *at = slash != NULL ? slash + 1 : path; *at != '\0';) {
        size_t count = 0;
        char text[11];
        while (is_digit(at[count])) {
            count++;
        }
        (void)snprintf(text, sizeof text, "%.10s", at);
        if (count == 8 && (make_date(at + 4, at, out) || make_date(at, at + 4, out))) {
            return true;
        }
        if (count == 4 && text[4] == '-' && text[7] == '-' && lf_date_parse(text, out) == LF_OK) {
            return true;
        }
        if (count == 6) {
            char year[5];
            (void)snprintf(year, sizeof year, "20%.2s", at + 4);
            if (make_date(year, at, out)) {
                return true;
            }
        }
        at += count > 0 ? count : 1;
    }
    return false;
}

/* The day in New York of a time. */
static lf_status date_at(int64_t ts_ns, lf_date *out, lf_error *error)
{
    lf_zone *zone;
    const lf_status status = lf_zone_create(NULL, "America/New_York", &zone, error);
    if (status == LF_OK) {
        const int64_t local_ns = ts_ns + lf_zone_offset_s(zone, ts_ns) * LF_NS_PER_SECOND;
        *out = lf_date_from_days(local_ns / LF_NS_PER_DAY);
        lf_zone_destroy(zone);
    }
    return status;
}

static lf_status set_date(
    const char *path,
    const lf_feed_options *options,
    int64_t captured_ns,
    lf_date *out,
    lf_error *error
)
{
    if (date_of(path, out) ||
        (options->date != NULL && lf_date_parse(options->date, out) == LF_OK)) {
        return LF_OK;
    }
    if (captured_ns > LF_NS_PER_DAY && captured_ns < INT64_MAX - LF_NS_PER_DAY) {
        return date_at(captured_ns, out, error);
    }
    return lf_error_set_at(
        error,
        LF_FORMAT,
        path,
        LF_POSITION_NONE,
        LF_POSITION_NONE,
        "looks like NASDAQ ITCH, but its name does not say the day; give --date"
    );
}

/* ---- stocks ----------------------------------------------------------------------------- */

/* Stocks that are looked for, or all that the directory has. */
typedef struct stock_list {
    unsigned char wanted[WANTED_MAX][LFI_ITCH_STOCK_BYTES]; /* [wanted_count] */
    size_t wanted_count;
    lfi_dbn_list *found;
    const lf_source *base;
    char known[LISTED * (LFI_ITCH_STOCK_BYTES + 2) + 1]; /* the first ones, for an error */
    size_t known_bytes, known_count;
    /* Of a capture, which is read whole: its first time, and by how much its clock was behind the
       messages' (after midnight, 0 without) at least and at most. */
    int64_t captured_ns, behind_min_ns, behind_max_ns;
} stock_list;

/* The symbols between commas. */
static lf_status want(stock_list *list, const char *symbols, lf_error *error)
{
    for (const char *at = symbols; at != NULL && *at != '\0';) {
        char symbol[LFI_ITCH_STOCK_BYTES + 1];
        const size_t bytes = strcspn(at, ",");
        if (bytes == 0 || bytes > LFI_ITCH_STOCK_BYTES || list->wanted_count == WANTED_MAX) {
            return lf_error_set(
                error, LF_NOT_FOUND, "\"%.*s\" is no symbol of NASDAQ", (int)bytes, at
            );
        }
        (void)snprintf(symbol, sizeof symbol, "%.*s", (int)bytes, at);
        unsigned char *const to = list->wanted[list->wanted_count];
        lfi_itch_pad(symbol, to);
        bool is_new = true;
        for (size_t i = 0; i < list->wanted_count; i++) {
            is_new = is_new && memcmp(list->wanted[i], to, LFI_ITCH_STOCK_BYTES) != 0;
        }
        list->wanted_count += is_new;
        at += bytes + (at[bytes] == ',');
    }
    return LF_OK;
}

static void take_name(const unsigned char *stock, char out[LFI_ITCH_STOCK_BYTES + 1])
{
    size_t bytes = LFI_ITCH_STOCK_BYTES;
    while (bytes > 0 && stock[bytes - 1] == ' ') {
        bytes--;
    }
    memcpy(out, stock, bytes);
    out[bytes] = '\0';
}

static void note(stock_list *list, const unsigned char *stock)
{
    char name[LFI_ITCH_STOCK_BYTES + 1];
    take_name(stock, name);
    if (list->known_count < LISTED) {
        list->known_bytes += (size_t)snprintf(
            list->known + list->known_bytes,
            sizeof list->known - list->known_bytes,
            "%s%s",
            list->known_count > 0 ? ", " : "",
            name
        );
    }
    list->known_count++;
}

static lf_status add(stock_list *list, const unsigned char *message)
{
    lfi_dbn_list *const found = list->found;
    void *sources = found->sources;
    const lf_status status =
        lf_grow(NULL, &sources, &found->capacity, found->count + 1, sizeof *found->sources);
    found->sources = sources;
    if (status == LF_OK) {
        lf_source *const source = &found->sources[found->count++];
        *source = *list->base;
        take_name(lfi_itch_stock(message), source->symbol);
        if (lfi_itch_is_own(message)) {
            const uint32_t levels = lfi_itch_32(message + LFI_ITCH_LEVELS);
            const bool is_few = levels > 0 && levels < LF_LEVELS_MAX;
            source->level_count = is_few ? (int32_t)levels : LF_LEVELS_MAX;
        }
    }
    return status;
}

/* A wanted stock is one day, once. */
static lf_status look_at(stock_list *list, const unsigned char *message)
{
    const unsigned char *const stock = lfi_itch_stock(message);
    for (size_t i = 0; i < list->wanted_count; i++) {
        if (memcmp(list->wanted[i], stock, LFI_ITCH_STOCK_BYTES) == 0) {
            memmove(list->wanted[i], list->wanted[--list->wanted_count], sizeof list->wanted[0]);
            return add(list, message);
        }
    }
    return LF_OK;
}

/* Compare the clocks of a packet of a capture. */
static void take_clocks(stock_list *list, int64_t captured_ns, const unsigned char *message)
{
    if (captured_ns <= 0 || lfi_itch_bytes[message[0]] == 0) {
        return;
    }
    const int64_t behind_ns = lfi_itch_time_ns(message) - captured_ns;
    const bool is_first = list->captured_ns == 0;
    list->captured_ns = is_first ? captured_ns : list->captured_ns;
    list->behind_min_ns =
        is_first || behind_ns < list->behind_min_ns ? behind_ns : list->behind_min_ns;
    list->behind_max_ns =
        is_first || behind_ns > list->behind_max_ns ? behind_ns : list->behind_max_ns;
}

/* Read on until all that is wanted was found, or to the first order behind the directory; of a
   capture to the end. */
static lf_status scan(lfi_itch_in *in, stock_list *list, lf_error *error)
{
    const bool is_capture = lfi_itch_mold_of(in) != NULL;
    const bool is_choice = list->wanted_count > 0;
    lfi_itch_message m;
    for (;;) {
        lf_status status = lfi_itch_next(in, &m, error);
        if (status != LF_OK || m.at == NULL) {
            return status;
        }
        const bool is_order = m.at[0] == 'A' || m.at[0] == 'F';
        const bool is_found =
            is_choice ? list->wanted_count == 0 : list->known_count > 0 && is_order;
        if (is_found && !is_capture) {
            return LF_OK;
        }
        take_clocks(list, lfi_itch_window_of(in)->ts_ns, m.at);
        const unsigned char *const stock =
            lfi_itch_bytes[m.at[0]] != 0 ? lfi_itch_stock(m.at) : NULL;
        if (stock == NULL) {
            continue;
        }
        if (m.at[0] == 'R') {
            note(list, stock);
            status = !is_choice && list->known_count == 1 ? add(list, m.at) : LF_OK;
        }
        status = is_choice ? look_at(list, m.at) : status;
        if (status != LF_OK) {
            return lf_error_set(error, status, "no memory for the list of symbols");
        }
    }
}

static lf_status judge(const stock_list *list, const char *symbols, lf_error *error)
{
    char missing[LFI_ITCH_STOCK_BYTES + 1] = "";
    if (symbols != NULL && list->wanted_count > 0) {
        take_name(list->wanted[0], missing);
    }
    if (missing[0] == '\0' && (symbols != NULL || list->known_count == 1)) {
        return LF_OK;
    }
    return lf_error_set_at(
        error,
        LF_NOT_FOUND,
        list->base->path,
        LF_POSITION_NONE,
        LF_POSITION_NONE,
        missing[0] != '\0'       ? "%s is not in the file; it holds %s%s"
        : list->known_count == 0 ? "the file names no stocks%s%s%s; choose one with --symbol"
                                 : "%sthe file holds several stocks; choose with --symbol: %s%s",
        missing,
        missing[0] != '\0' && list->known_count == 0 ? "no stocks" : list->known,
        list->known_count > LISTED ? " and others" : ""
    );
}

/* Whether the times of the capture are those of the day, and by how much they are behind. */
static lf_status set_clocks(const stock_list *list, lfi_dbn_list *out, lf_error *error)
{
    lf_instrument day = {0};
    if (list->captured_ns == 0 || out->count == 0) {
        return LF_OK;
    }
    const lf_status status = lfi_us_session(NULL, out->sources[0].date, &day, error);
    const int64_t midnight_ns = day.session_open_ns - LFI_US_OPEN_NS;
    const int64_t most_ns = list->behind_max_ns + midnight_ns;
    const int64_t least_ns = list->behind_min_ns + midnight_ns;
    for (size_t i = 0; i < out->count && status == LF_OK; i++) {
        lf_source *const source = &out->sources[i];
        source->has_local_times = most_ns <= BEHIND_MAX_NS && least_ns >= -BEHIND_MAX_NS;
        source->clock_shift_ns = source->has_local_times && most_ns > 0 ? most_ns : 0;
    }
    return status;
}

lf_status
lfi_itch_find(const char *path, const lf_feed_options *options, lfi_dbn_list *out, lf_error *error)
{
    lf_source base = {.format = "itch", .level_count = LF_LEVELS_MAX};
    stock_list list = {.found = out, .base = &base};
    lfi_itch_in *in = NULL;
    *out = (lfi_dbn_list){0};
    (void)snprintf(base.path, sizeof base.path, "%s", path);
    lf_status status = want(&list, options->symbol, error);
    if (status == LF_OK) {
        status = lfi_itch_in_open(NULL, path, &in, error);
    }
    if (status == LF_OK) {
        status = scan(in, &list, error);
    }
    lfi_itch_in_close(in);
    if (status == LF_OK) {
        status = judge(&list, options->symbol, error);
    }
    if (status == LF_OK) {
        status = set_date(path, options, list.captured_ns, &base.date, error);
    }
    for (size_t i = 0; i < out->count; i++) {
        out->sources[i].date = base.date;
    }
    if (status == LF_OK) {
        status = set_clocks(&list, out, error);
    }
    if (status != LF_OK) {
        lf_release(NULL, out->sources);
        *out = (lfi_dbn_list){0};
    }
    return status;
}
