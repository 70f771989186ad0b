/* What a DBN file leaves open: sessions by dataset, tick and lot by contract, days in a file. */
#include "binance.h"
#include "dbn.h"

#include <stdio.h>
#include <stdlib.h>

#define HOUR_NS (60 * LF_NS_PER_MINUTE)
/* More sessions than this in one file are not counted. */
#define SESSIONS_MAX 4000

/* ---- calendars -------------------------------------------------------------------------- */

/* Sessions of a market, in its own time. */
typedef struct calendar {
    const char *prefixes; /* of datasets, each between spaces */
    const char *time_zone;
    int64_t open_ns;   /* after midnight of the day that the session is named by */
    int64_t close_ns;  /* likewise */
    int64_t switch_ns; /* from here on a time belongs to the next session */
    bool rests;        /* no session on Saturday and Sunday */
} calendar;

static const calendar calendars[] = {
    {" GLBX ", "America/Chicago", -7 * HOUR_NS, 16 * HOUR_NS, 16 * HOUR_NS, true},
    {" XNAS XNYS XBOS XPSX XASE XCHI XCIS ARCX BATS BATY EDGA EDGX IEXG MEMX EPRL DBEQ EQUS ",
     "America/New_York",
     LFI_US_OPEN_NS,
     16 * HOUR_NS,
     20 * HOUR_NS,
     true},
    {"", "UTC", 0, 24 * HOUR_NS, 24 * HOUR_NS, false},
};

static const calendar *calendar_of(const char *dataset)
{
    char word[8];
    const size_t length = strcspn(dataset, ".");
    const calendar *at = calendars;
    (void)snprintf(word, sizeof word, " %.*s ", (int)(length < 5 ? length : 5), dataset);
    while (at->prefixes[0] != '\0' && (length != 4 || strstr(at->prefixes, word) == NULL)) {
        at++;
    }
    return at;
}

static bool is_us(const calendar *c)
{
    return c == &calendars[1];
}

/* 0 for Monday, from days since 1970-01-01, a Thursday. */
static int64_t weekday_of(int64_t days)
{
    return ((days % 7) + 7 + 3) % 7;
}

/* Days since 1970 of the first day from `days` on that has a session. */
static int64_t session_day(const calendar *c, int64_t days)
{
    const int64_t weekday = weekday_of(days);
    return c->rests && weekday >= 5 ? days + 7 - weekday : days;
}

lf_date lfi_dbn_session_date(const char *dataset, lf_date first, size_t index)
{
    const calendar *const c = calendar_of(dataset);
    const int64_t days = lf_date_to_days(first), steps = (int64_t)index;
    if (!c->rests) {
        return lf_date_from_days(days + steps);
    }
    /* Five sessions a week, counted from the Monday before. */
    const int64_t from = index > 0 ? session_day(c, days + 1) : days;
    const int64_t weekday = weekday_of(from), left = weekday + (index > 0 ? steps - 1 : 0);
    return lf_date_from_days(index > 0 ? from - weekday + left / 5 * 7 + left % 5 : days);
}

static bool is_tellable(lf_date date)
{
    return date.year >= 1679 && date.year <= 2260;
}

lf_status lfi_dbn_session(
    const char *dataset,
    const lf_allocator *allocator,
    lf_date date,
    lf_instrument *out,
    lf_error *error
)
{
    const calendar *const c = calendar_of(dataset);
    lf_zone *zone;
    if (!is_tellable(date)) {
        return lf_error_set(
            error, LF_RANGE, "a day in %d cannot be told in ns since 1970", (int)date.year
        );
    }
    const lf_status status = lf_zone_create(allocator, c->time_zone, &zone, error);
    if (status != LF_OK) {
        return status;
    }
    out->session_open_ns = lf_zone_to_utc(zone, date, c->open_ns);
    out->session_close_ns = lf_zone_to_utc(zone, date, c->close_ns);
    out->date = date;
    (void)snprintf(out->time_zone, sizeof out->time_zone, "%s", c->time_zone);
    lf_zone_destroy(zone);
    return LF_OK;
}

lf_status lfi_dbn_sessions(
    const dbn_metadata *metadata,
    uint64_t first_ts,
    const lf_allocator *allocator,
    lf_date *first,
    size_t *count,
    lf_error *error
)
{
    const calendar *const c = calendar_of(metadata->dataset);
    lf_zone *zone;
    const lf_status status = lf_zone_create(allocator, c->time_zone, &zone, error);
    if (status != LF_OK) {
        return status;
    }
    const int64_t ts_ns = first_ts <= INT64_MAX ? (int64_t)first_ts : 0;
    const int64_t local_ns = ts_ns + lf_zone_offset_s(zone, ts_ns) * LF_NS_PER_SECOND;
    int64_t days = local_ns / LF_NS_PER_DAY - (local_ns % LF_NS_PER_DAY < 0);
    days += local_ns - days * LF_NS_PER_DAY >= c->switch_ns;
    *first = lf_date_from_days(session_day(c, days));
    *count = 1;
    /* A further session counts when the file spans at least half of it. */
    while (metadata->end <= INT64_MAX && *count < SESSIONS_MAX) {
        const lf_date date = lfi_dbn_session_date(metadata->dataset, *first, *count);
        if (!is_tellable(date) ||
            lf_zone_to_utc(zone, date, (c->open_ns + c->close_ns) / 2) > (int64_t)metadata->end) {
            break;
        }
        ++*count;
    }
    lf_zone_destroy(zone);
    return LF_OK;
}

/* ---- instruments ------------------------------------------------------------------------ */

/* Contracts of CME Group: the tick, and what one contract is of (USD per point of the price). */
static const struct {
    const char *root;
    int64_t tick_nano, lot_nano;
} contracts[] = {
    {"ES", 250000000, 50000000000},  {"MES", 250000000, 5000000000},
    {"NQ", 250000000, 20000000000},  {"MNQ", 250000000, 2000000000},
    {"YM", 1000000000, 5000000000},  {"MYM", 1000000000, 500000000},
    {"RTY", 100000000, 50000000000}, {"M2K", 100000000, 5000000000},
    {"CL", 10000000, 1000000000000}, {"MCL", 10000000, 100000000000},
    {"NG", 1000000, 10000000000000}, {"GC", 100000000, 100000000000},
    {"MGC", 100000000, 10000000000}, {"SI", 5000000, 5000000000000},
    {"HG", 500000, 25000000000000},  {"ZB", 31250000, 1000000000000},
    {"ZN", 15625000, 1000000000000}, {"ZF", 7812500, 1000000000000},
    {"ZT", 3906250, 2000000000000},  {"6E", 50000, 125000000000000},
};

/* Whether a symbol is an outright of a root: month letter and year behind it, or ".c.0" and such.
 */
static bool is_outright(const char *symbol, const char *root)
{
    const size_t length = strlen(root);
    if (strncmp(symbol, root, length) != 0) {
        return false;
    }
    const char *const rest = symbol + length;
    if (rest[0] == '.') {
        return strspn(rest + 1, "cvn") == 1 && rest[2] == '.' && strlen(rest) == 4;
    }
    return rest[0] != '\0' && strchr("FGHJKMNQUVXZ", rest[0]) != NULL && strlen(rest) >= 2 &&
           strlen(rest) <= 3 && strspn(rest + 1, "0123456789") == strlen(rest + 1);
}

static void set_contract(const char *symbol, lf_instrument *out)
{
    for (size_t i = 0; i < sizeof contracts / sizeof contracts[0]; i++) {
        if (is_outright(symbol, contracts[i].root)) {
            out->tick_nano = contracts[i].tick_nano;
            out->lot_nano = contracts[i].lot_nano;
        }
    }
}

/* Venues of files that we write, by the code that begins their dataset. */
static const struct {
    const char *code, *venue;
} own_venues[] = {
    {"XNAS", "NASDAQ"},
    {"EQUS", "US"},
    {"BINS", "BINANCE"},
    {"BINU", "BINANCE_USDM"},
    {"BINC", "BINANCE_COINM"},
    {"COIN", "COINBASE"},
};

const char *lfi_dbn_own_code(const char *venue)
{
    for (size_t i = 0; i < sizeof own_venues / sizeof own_venues[0]; i++) {
        if (strcmp(venue, own_venues[i].venue) == 0) {
            return own_venues[i].code;
        }
    }
    return venue;
}

/* One of so many decimals, in 1e-9. */
static int64_t unit_of(char decimals)
{
    int64_t unit = LF_NS_PER_SECOND;
    for (; decimals > '0'; decimals--) {
        unit /= 10;
    }
    return unit;
}

dbn_own lfi_dbn_own(const char *dataset)
{
    dbn_own own = {.level_count = DBN_LEVELS};
    const char *at = strstr(dataset, DBN_OWN_DATASET);
    own.is_own = at != NULL;
    if (at == NULL) {
        return own;
    }
    for (size_t i = 0; i < sizeof own_venues / sizeof own_venues[0]; i++) {
        if (strncmp(dataset, own_venues[i].code, 4) == 0) {
            own.venue = own_venues[i].venue;
        }
    }
    at += strlen(DBN_OWN_DATASET);
    if (at[0] >= '0' && at[0] <= '9' && at[1] >= '0' && at[1] <= '9') {
        own.tick_nano = unit_of(at[0]);
        own.lot_nano = unit_of(at[1]);
        at += 1;
    }
    if ((at[0] == '.' || own.tick_nano > 0) && at[1] >= '1' && at[1] <= '9') {
        own.level_count = at[1] - '0';
        own.ties_unordered = at[2] == 'u';
    }
    return own;
}

lf_status lfi_dbn_instrument(
    const dbn_metadata *metadata,
    const lf_source *source,
    const lf_feed_options *options,
    lf_instrument *out,
    lf_error *error
)
{
    const char *const dataset = metadata->dataset;
    const calendar *const c = calendar_of(dataset);
    const dbn_own own = lfi_dbn_own(dataset);
    const lf_status status = lfi_dbn_session(dataset, options->allocator, source->date, out, error);
    if (status != LF_OK) {
        return status;
    }
    const char *const venue = own.venue != NULL ? own.venue : dataset;
    (void)snprintf(out->symbol, sizeof out->symbol, "%s", source->symbol);
    (void)snprintf(out->venue, sizeof out->venue, "%s", venue);
    (void)snprintf(out->currency, sizeof out->currency, "USD");
    out->level_count = source->level_count >= 1 && source->level_count < LF_LEVELS_MAX
                           ? source->level_count
                           : LF_LEVELS_MAX;
    out->ties_unordered = own.ties_unordered;
    out->lot_nano = LF_NS_PER_SECOND; /* one of whatever is traded */
    if (is_us(c)) {
        out->tick_nano = 10000000;
    } else if (c == &calendars[0]) {
        set_contract(source->symbol, out);
    }
    if (own.tick_nano > 0) {
        out->tick_nano = own.tick_nano;
        out->lot_nano = own.lot_nano;
        lfi_binance_currency(source->symbol, out->currency);
        out->is_inverse = strcmp(venue, "BINANCE_COINM") == 0;
    }
    out->tick_nano = options->tick_nano > 0 ? options->tick_nano : out->tick_nano;
    out->lot_nano = options->lot_nano > 0 ? options->lot_nano : out->lot_nano;
    return LF_OK;
}

bool lfi_dbn_instrument_id(
    const dbn_metadata *metadata, const char *symbol, lf_date date, uint32_t *out
)
{
    const uint32_t day =
        (uint32_t)(date.year * 10000) + (uint32_t)(date.month * 100) + (uint32_t)date.day;
    bool found = false;
    for (size_t i = 0; i < metadata->interval_count; i++) {
        const dbn_interval *const interval = &metadata->intervals[i];
        if (strcmp(interval->symbol, symbol) != 0) {
            continue;
        }
        const bool covers = interval->first_day <= day && day < interval->end_day;
        /* A session may be named by the day after the file's last one: the nearest before it. */
        if (covers || !found || interval->first_day <= day) {
            *out = interval->instrument_id;
            found = true;
        }
        if (covers) {
            break;
        }
    }
    return found;
}

lf_status lfi_dbn_first_time(lfi_dbn_in *in, uint64_t *out, lf_error *error)
{
    const dbn_metadata *const metadata = lfi_dbn_in_metadata(in);
    const uint8_t rtype = lfi_dbn_rtype(metadata->schema);
    const unsigned char *record;
    bool has_snapshot = false;
    lf_status status;
    *out = metadata->start;
    while ((status = lfi_dbn_in_next(in, &record, error)) == LF_OK && record != NULL) {
        uint64_t ts;
        const size_t at =
            record[1] == DBN_RTYPE_MBO ? offsetof(dbn_mbo, ts_recv) : offsetof(dbn_trade, ts_recv);
        if (record[1] != rtype) {
            continue;
        }
        if ((lfi_dbn_flags_of(record) & DBN_SNAPSHOT) == 0) {
            memcpy(out, record + offsetof(dbn_header, ts_event), sizeof *out);
            return LF_OK;
        }
        memcpy(&ts, record + at, sizeof ts);
        if (!has_snapshot && ts <= INT64_MAX) {
            *out = ts;
            has_snapshot = true;
        }
    }
    return status;
}

/* ---- ticks ------------------------------------------------------------------------------ */

static int64_t common_divisor(int64_t a, int64_t b)
{
    while (b != 0) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a < 0 ? -a : a;
}

/* Divisor of what is known and the prices of a record. */
static int64_t take_prices(int64_t tick, const unsigned char *record)
{
    const dbn_message m = lfi_dbn_message(record);
    const bool is_trade = record[1] == DBN_RTYPE_TRADE;
    const size_t level_count = record[1] == DBN_RTYPE_MBP_10  ? DBN_LEVELS
                               : record[1] == DBN_RTYPE_MBP_1 ? 1
                                                              : 0;
    if ((m.action == 'A' || m.action == 'M' || is_trade) && lfi_dbn_is_price(m.price)) {
        tick = common_divisor(tick, m.price);
    }
    for (size_t i = 0; i < level_count; i++) {
        dbn_level level;
        memcpy(&level, record + sizeof(dbn_trade) + i * sizeof level, sizeof level);
        tick = lfi_dbn_is_price(level.bid_price) ? common_divisor(tick, level.bid_price) : tick;
        tick = lfi_dbn_is_price(level.ask_price) ? common_divisor(tick, level.ask_price) : tick;
    }
    return tick;
}

lf_status lfi_dbn_scan_tick(
    const lf_allocator *allocator,
    const char *path,
    const uint32_t *id,
    int64_t *out_nano,
    lf_error *error
)
{
    lfi_dbn_in *in;
    const unsigned char *record = NULL;
    uint32_t wanted = id != NULL ? *id : 0;
    bool is_chosen = id != NULL;
    *out_nano = 0;
    lf_status status = lfi_dbn_in_open(allocator, path, &in, error);
    for (int i = 0; status == LF_OK && i < DBN_SCAN_RECORDS; i++) {
        uint32_t found;
        status = lfi_dbn_in_next(in, &record, error);
        if (status != LF_OK || record == NULL) {
            break;
        }
        memcpy(&found, record + offsetof(dbn_header, instrument_id), sizeof found);
        if (record[1] != lfi_dbn_rtype(lfi_dbn_in_metadata(in)->schema)) {
            continue;
        }
        wanted = is_chosen ? wanted : found;
        is_chosen = true;
        *out_nano = found == wanted ? take_prices(*out_nano, record) : *out_nano;
    }
    lfi_dbn_in_close(in);
    return status;
}

lf_status lfi_dbn_span(
    lfi_dbn_in *in,
    const lf_allocator *allocator,
    lf_date date,
    int64_t session_close_ns,
    int64_t *from_ns,
    int64_t *to_ns,
    lf_error *error
)
{
    const dbn_metadata *const metadata = lfi_dbn_in_metadata(in);
    uint64_t first_ts;
    lf_date first;
    size_t count = 0;
    lf_status status = lfi_dbn_first_time(in, &first_ts, error);
    if (status == LF_OK) {
        status = lfi_dbn_sessions(metadata, first_ts, allocator, &first, &count, error);
    }
    *from_ns = INT64_MIN;
    *to_ns = INT64_MAX;
    for (size_t i = 0; status == LF_OK && i < count; i++) {
        lf_instrument other = {0};
        if (lf_date_to_days(lfi_dbn_session_date(metadata->dataset, first, i)) !=
            lf_date_to_days(date)) {
            continue;
        }
        if (i > 0) {
            const lf_date before = lfi_dbn_session_date(metadata->dataset, first, i - 1);
            status = lfi_dbn_session(metadata->dataset, allocator, before, &other, error);
            *from_ns = other.session_close_ns;
        }
        if (i + 1 < count) {
            *to_ns = session_close_ns;
        }
    }
    return status;
}
