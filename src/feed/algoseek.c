/* Reader of AlgoSeek TAQ days: one-sided national best quotes and trades, every row an event. */
#include "feed_internal.h"

#include "lobster_text.h"

#include <stdio.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* A price unit is 1e-4 of the currency, a tick 0.01. */
#define UNITS_PER_TICK 100
#define PRICE_PLACES 4
/* Of a number, places included. */
#define DIGITS_MAX 10
#define FIELDS 8
#define DATE_BYTES 8

/* Condition bits of prints that are not part of continuous trading: opening, closing and reopening
   prints, crosses, official open and close. docs/formats/algoseek.md. */
#define CONDITIONS_APART UINT64_C(0x052001C0)

static const char *const field_names[FIELDS] = {
    "field 1 (Date)",
    "field 2 (Timestamp)",
    "field 3 (EventType)",
    "field 4 (Ticker)",
    "field 5 (Price)",
    "field 6 (Quantity)",
    "field 7 (Exchange)",
    "field 8 (Conditions)",
};

enum {
    DATE,
    TIME,
    TYPE,
    TICKER,
    PRICE,
    QUANTITY,
    EXCHANGE,
    CONDITIONS,
};

static const char header[] = "Date,Timestamp,EventType,Ticker,Price,Quantity,Exchange,Conditions";

/* A piece of a line. */
typedef struct piece {
    const char *at;
    size_t bytes;
} piece;

typedef struct algoseek {
    const lf_allocator *allocator;
    lf_allocator memory;
    lfi_reader *reader;
    lfi_stream *stream;
    lfi_room room;
    int64_t midnight_ns, feed_latency_ns, last_ts_ns;
    uint64_t second_text; /* HH:MM:SS of a row that was understood, as lfi_load_eight() gives it */
    int64_t second_ns;    /* that time after midnight */
    lf_quotes quotes;     /* national best, one level */
    char date[16];        /* as the rows write it */
    char symbol[32];
    size_t symbol_bytes;
    uint64_t symbol_word, symbol_mask; /* of a symbol of at most eight letters; mask 0: longer */
    char other[32];                    /* another symbol of the file, "" when none was seen */
    bool is_chosen; /* the symbol was asked for: rows of others are passed over */
} algoseek;

/* What a row does. */
typedef enum row_kind {
    ROW_SKIP = 0,
    ROW_BID,
    ROW_ASK,
    ROW_TRADE,
    ROW_OTHER,
} row_kind;

/* ---- fields ----------------------------------------------------------------------------- */

static lf_status
bad_field(const algoseek *self, lf_error *error, int field, piece found, const char *expected)
{
    return lf_error_set_at(
        error,
        LF_FORMAT,
        lfi_stream_name(self->stream),
        lfi_stream_line_number(self->stream),
        LF_POSITION_NONE,
        "%s must be %s, found \"%.*s\"; check that this is an unedited AlgoSeek TAQ file",
        field < FIELDS ? field_names[field] : "the row",
        expected,
        (int)(found.bytes < 60 ? found.bytes : 60),
        found.at
    );
}

/* Cut a line at its commas; false when it has not 8 fields. */
static bool cut_any(const char *line, size_t bytes, piece out[FIELDS])
{
    const char *at = line, *const end = line + bytes;
    for (int i = 0; i < FIELDS - 1; i++) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        if (comma == NULL) {
            return false;
        }
        out[i] = (piece){at, (size_t)(comma - at)};
        at = comma + 1;
    }
    out[FIELDS - 1] = (piece){at, (size_t)(end - at)};
    return memchr(at, ',', (size_t)(end - at)) == NULL;
}

/* Lines up to this length are cut by a mask of their commas. */
#define CUT_BYTES_MAX 128

/* The commas among 64 bytes, a bit each. */
static inline uint64_t commas_of(const char *text)
{
    uint64_t bits = 0;
#if defined(__SSE2__)
    for (int i = 0; i < 64; i += 16) {
        const __m128i some = _mm_loadu_si128((const __m128i *)(const void *)(text + i));
        const __m128i is_comma = _mm_cmpeq_epi8(some, _mm_set1_epi8(','));
        bits |= (uint64_t)(uint32_t)_mm_movemask_epi8(is_comma) << i;
    }
#else
    const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f), commas = UINT64_C(0x2c2c2c2c2c2c2c2c);
    for (int i = 0; i < 64; i += 8) {
        const uint64_t other = lfi_load_eight(text + i) ^ commas;
        /* The top bit of each byte that is a comma, then all of them side by side. */
        const uint64_t tops = ~(((other & low) + low) | other | low);
        bits |= ((tops >> 7) * UINT64_C(0x0102040810204080) >> 56) << i;
    }
#endif
    return bits;
}

/* The lowest bytes bits. */
static inline uint64_t first_of(uint64_t bits, size_t bytes)
{
    return bytes < 64 ? bits & ((UINT64_C(1) << bytes) - 1) : bits;
}

/* The same as cut_any(); up to LFI_LINE_SLACK bytes behind the line are read. */
static inline bool cut(const char *line, size_t bytes, piece out[FIELDS])
{
    const bool is_long = bytes > 64;
    if (bytes > CUT_BYTES_MAX ||
        (is_long && first_of(commas_of(line + 64), bytes - 64) != 0)) { /* rare */
        return cut_any(line, bytes, out);
    }
    uint64_t bits = first_of(commas_of(line), bytes), last = bits;
    for (int i = 0; i < FIELDS - 2; i++) {
        last &= last - 1;
    }
    if (last == 0 || (last & (last - 1)) != 0) { /* not seven of them */
        return false;
    }
    const char *at = line;
    for (int i = 0; i < FIELDS - 1; i++) {
        const char *const comma = line + __builtin_ctzll(bits);
        out[i] = (piece){at, (size_t)(comma - at)};
        at = comma + 1;
        bits &= bits - 1;
    }
    out[FIELDS - 1] = (piece){at, (size_t)(line + bytes - at)};
    return true;
}

static bool is_word(piece text, const char *word)
{
    return text.bytes == strlen(word) && memcmp(text.at, word, text.bytes) == 0;
}

static bool begins_with(piece text, const char *word)
{
    return text.bytes >= strlen(word) && memcmp(text.at, word, strlen(word)) == 0;
}

/* Two digits at text; false when they are none or above max. */
static bool two_digits(const char *text, int64_t max, int64_t *out)
{
    const unsigned tens = (unsigned)(text[0] - '0'), ones = (unsigned)(text[1] - '0');
    *out = 10 * (int64_t)tens + ones;
    return tens <= 9 && ones <= 9 && *out <= max;
}

/* HH:MM:SS with decimals or without, to ns after midnight. */
static bool take_any_time(piece text, int64_t *out_ns)
{
    int64_t hours, minutes, seconds, fraction = 0;
    const char *t = text.at;
    if (text.bytes < 8 || !two_digits(t, 23, &hours) || t[2] != ':' ||
        !two_digits(t + 3, 59, &minutes) || t[5] != ':' || !two_digits(t + 6, 59, &seconds) ||
        (text.bytes > 8 && (t[8] != '.' || text.bytes == 9))) {
        return false;
    }
    /* Nine places, missing ones zeros; digits past the ninth are cut. */
    for (size_t i = 9; i < 18 || i < text.bytes; i++) {
        const unsigned digit = i < text.bytes ? (unsigned)(t[i] - '0') : 0;
        if (digit > 9) {
            return false;
        }
        fraction = i < 18 ? 10 * fraction + digit : fraction;
    }
    *out_ns = ((hours * 60 + minutes) * 60 + seconds) * LF_NS_PER_SECOND + fraction;
    return true;
}

/* take_any_time(): most rows have three places and the second of the row before. */
static inline bool take_time(algoseek *self, piece text, int64_t *out_ns)
{
    uint64_t few;
    if (text.bytes == 12 && text.at[8] == '.' && lfi_take_digits(text.at + 9, 3, &few)) {
        const uint64_t second = lfi_load_eight(text.at);
        int64_t second_ns = self->second_ns;
        if (second == self->second_text || take_any_time((piece){text.at, 8}, &second_ns)) {
            self->second_text = second;
            self->second_ns = second_ns;
            *out_ns = second_ns + (int64_t)few * LF_NS_PER_MILLISECOND;
            return true;
        }
        return false;
    }
    return take_any_time(text, out_ns);
}

/* A decimal number that is a whole number of 1e-places; more places may only be zeros. */
static bool take_any_decimal(piece text, int places, int64_t *out)
{
    int64_t value = 0;
    int digits = 0, left = -1; /* places left after the point; -1 before it */
    for (size_t i = 0; i < text.bytes; i++) {
        const unsigned digit = (unsigned)(text.at[i] - '0');
        if (text.at[i] == '.' && left < 0 && places > 0) {
            left = places;
            continue;
        }
        if (digit > 9 || (left == 0 && digit != 0)) {
            return false;
        }
        if (left == 0) {
            continue;
        }
        if (++digits > DIGITS_MAX) {
            return false;
        }
        value = 10 * value + digit;
        left -= left > 0;
    }
    for (left = left < 0 ? places : left; left > 0; left--) {
        value *= 10;
    }
    *out = value;
    return digits > 0;
}

/* take_any_decimal() of four places: up to six digits, a point and four more are usual. */
static bool take_price(piece text, int64_t *out)
{
    uint64_t whole, places;
    if (text.bytes > 5 && text.bytes <= 11 && text.at[text.bytes - 5] == '.' &&
        lfi_take_digits(text.at, (unsigned)text.bytes - 5, &whole) &&
        lfi_take_digits(text.at + text.bytes - 4, 4, &places)) {
        *out = (int64_t)(10000 * whole + places);
        return true;
    }
    return take_any_decimal(text, PRICE_PLACES, out);
}

/* take_any_decimal() without places. */
static bool take_quantity(piece text, int64_t *out)
{
    uint64_t value;
    if (text.bytes >= 1 && text.bytes <= 8 &&
        lfi_take_digits(text.at, (unsigned)text.bytes, &value)) {
        *out = (int64_t)value;
        return true;
    }
    return take_any_decimal(text, 0, out);
}

static bool take_hex(piece text, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < text.bytes; i++) {
        const char c = text.at[i];
        const unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                               : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                               : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                                                      : 16;
        if (digit > 15) {
            return false;
        }
        value = 16 * value + digit;
    }
    *out = value;
    return text.bytes <= 8;
}

/* ---- rows ------------------------------------------------------------------------------- */

static row_kind kind_of(piece type)
{
    /* Bids and asks take turns as they like, so nothing branches on which of them it is. */
    if (type.bytes == sizeof "QUOTE BID NB" - 1 && memcmp(type.at, "QUOTE ", 6) == 0) {
        const int is_bid = memcmp(type.at + 6, "BID NB", 6) == 0;
        const int is_ask = memcmp(type.at + 6, "ASK NB", 6) == 0;
        return (row_kind)(is_bid * ROW_BID + is_ask * ROW_ASK); /* else ROW_SKIP */
    }
    if (begins_with(type, "QUOTE")) {
        return ROW_SKIP;
    }
    return is_word(type, "TRADE") || is_word(type, "TRADE NB") ? ROW_TRADE : ROW_OTHER;
}

static inline bool is_symbol(const algoseek *self, piece ticker)
{
    if (ticker.bytes != self->symbol_bytes) {
        return false;
    }
    return self->symbol_mask != 0
               ? (lfi_load_eight(ticker.at) & self->symbol_mask) == self->symbol_word
               : memcmp(ticker.at, self->symbol, self->symbol_bytes) == 0;
}

static lf_status check_row(algoseek *self, const piece *fields, bool *is_ours, lf_error *error)
{
    *is_ours = is_symbol(self, fields[TICKER]);
    if (fields[DATE].bytes != DATE_BYTES || memcmp(fields[DATE].at, self->date, DATE_BYTES) != 0) {
        char expected[64];
        (void)snprintf(expected, sizeof expected, "the file's day %s", self->date);
        return bad_field(self, error, DATE, fields[DATE], expected);
    }
    if (!*is_ours && self->other[0] == '\0' && fields[TICKER].bytes < sizeof self->other) {
        memcpy(self->other, fields[TICKER].at, fields[TICKER].bytes);
    }
    if (!*is_ours && !self->is_chosen) {
        return lf_error_set_at(
            error,
            LF_UNSUPPORTED,
            lfi_stream_name(self->stream),
            lfi_stream_line_number(self->stream),
            LF_POSITION_NONE,
            "the file holds several symbols, such as %s and %.*s; choose one with --symbol",
            self->symbol,
            (int)(fields[TICKER].bytes < 31 ? fields[TICKER].bytes : 31),
            fields[TICKER].at
        );
    }
    return LF_OK;
}

static lf_status set_side(
    algoseek *self, const piece *fields, bool is_bid, int64_t price, int64_t lots, lf_error *error
)
{
    const bool is_empty = price == 0 || lots == 0;
    if (price % UNITS_PER_TICK != 0) {
        return bad_field(self, error, PRICE, fields[PRICE], "a quote on whole cents");
    }
    const int64_t ticks = price / UNITS_PER_TICK;
    lf_quotes *const q = &self->quotes;
    (is_bid ? q->bid_ticks : q->ask_ticks)[0] = !is_empty ? ticks
                                                : is_bid  ? LF_BID_NONE
                                                          : LF_ASK_NONE;
    (is_bid ? q->bid_lots : q->ask_lots)[0] = is_empty ? 0 : lots;
    return LF_OK;
}

/* The numbers of a row. */
typedef struct numbers {
    int64_t ts_ns, price, lots;
    uint64_t conditions;
} numbers;

static lf_status take_numbers(algoseek *self, const piece *fields, numbers *out, lf_error *error)
{
    if (!take_time(self, fields[TIME], &out->ts_ns)) {
        return bad_field(self, error, TIME, fields[TIME], "HH:MM:SS with or without decimals");
    }
    out->ts_ns += self->midnight_ns;
    if (out->ts_ns < self->last_ts_ns) {
        return lf_error_set_at(
            error,
            LF_FORMAT,
            lfi_stream_name(self->stream),
            lfi_stream_line_number(self->stream),
            LF_POSITION_NONE,
            "%s goes back by %.9f s; rows must be in time order",
            field_names[TIME],
            (double)(self->last_ts_ns - out->ts_ns) / 1e9
        );
    }
    if (!take_price(fields[PRICE], &out->price)) {
        return bad_field(self, error, PRICE, fields[PRICE], "a price with at most 4 decimals");
    }
    if (!take_quantity(fields[QUANTITY], &out->lots)) {
        return bad_field(self, error, QUANTITY, fields[QUANTITY], "a whole number of shares");
    }
    if (!take_hex(fields[CONDITIONS], &out->conditions)) {
        return bad_field(self, error, CONDITIONS, fields[CONDITIONS], "up to 8 hex digits");
    }
    return LF_OK;
}

static lf_status make_event(
    algoseek *self,
    row_kind kind,
    const piece *fields,
    lf_event *event,
    lf_trade *trade,
    lf_error *error
)
{
    numbers row;
    lf_status status = take_numbers(self, fields, &row, error);
    const bool is_quote = kind == ROW_BID || kind == ROW_ASK;
    if (status == LF_OK && is_quote) {
        status = set_side(self, fields, kind == ROW_BID, row.price, row.lots, error);
    }
    if (status != LF_OK) {
        return status;
    }
    const bool is_trade = kind == ROW_TRADE && (row.conditions & CONDITIONS_APART) == 0 &&
                          row.price > 0 && row.lots > 0;
    self->last_ts_ns = row.ts_ns;
    /* The rest is as lfi_algoseek_open() left it: deeper levels, order ids. */
    event->ts_exchange_ns = row.ts_ns;
    event->ts_local_ns = row.ts_ns + self->feed_latency_ns;
    event->price_units = row.price;
    event->size_lots = row.lots;
    event->flags = LF_EVENT_LAST;
    event->trade_count = is_trade;
    event->kind = is_quote            ? LF_EVENT_QUOTE
                  : is_trade          ? LF_EVENT_TRADE
                  : kind == ROW_TRADE ? LF_EVENT_CROSS
                                      : LF_EVENT_OTHER;
    event->side = (int8_t)((kind == ROW_BID) - (kind == ROW_ASK));
    event->quotes.bid_ticks[0] = self->quotes.bid_ticks[0];
    event->quotes.bid_lots[0] = self->quotes.bid_lots[0];
    event->quotes.ask_ticks[0] = self->quotes.ask_ticks[0];
    event->quotes.ask_lots[0] = self->quotes.ask_lots[0];
    *trade = (lf_trade){
        .price_units = row.price,
        .size_lots = row.lots,
        .sign = LF_SIGN_UNKNOWN,
    };
    lfi_count_event(&self->reader->stats, event);
    return LF_OK;
}

/* Read rows until one is an event; *got is false at the end. */
static lf_status
read_event(void *context, lf_event *event, lf_trade *trade, bool *got, lf_error *error)
{
    algoseek *const self = context;
    for (;;) {
        const char *line;
        size_t bytes;
        piece fields[FIELDS];
        bool is_ours = false;
        lf_status status = lfi_stream_line(self->stream, &line, &bytes, error);
        if (status == LF_OK && bytes == 0) {
            status = lfi_stream_skip_empty_end(self->stream, &line, 0, "AlgoSeek TAQ", error);
        }
        *got = status == LF_OK && line != NULL;
        if (!*got) {
            return status;
        }
        if (!cut(line, bytes, fields)) {
            return bad_field(self, error, FIELDS, (piece){line, bytes}, "8 fields between commas");
        }
        status = check_row(self, fields, &is_ours, error);
        if (status != LF_OK) {
            return status;
        }
        const row_kind kind = is_ours ? kind_of(fields[TYPE]) : ROW_SKIP;
        if (kind != ROW_SKIP) {
            return make_event(self, kind, fields, event, trade, error);
        }
    }
}

static lf_status no_rows(const algoseek *self, lf_error *error)
{
    return lf_error_set_at(
        error,
        LF_FORMAT,
        lfi_stream_name(self->stream),
        LF_POSITION_NONE,
        LF_POSITION_NONE,
        "the file has no row of %s%s%s",
        self->symbol,
        self->other[0] != '\0' ? "; it holds " : "",
        self->other
    );
}

static lf_status algoseek_next(void *context, lf_batch *out, lf_error *error)
{
    algoseek *const self = context;
    lf_feed_stats *const stats = &self->reader->stats;
    lf_batch batch;
    const lf_status status = lfi_room_fill(&self->room, read_event, self, &batch, error);
    if (status != LF_OK) {
        return status;
    }
    stats->input_bytes = lfi_stream_input_bytes(self->stream);
    stats->text_bytes = lfi_stream_text_bytes(self->stream);
    if (stats->event_count == 0) {
        return no_rows(self, error);
    }
    *out = batch;
    return LF_OK;
}

/* ---- opening ---------------------------------------------------------------------------- */

static void algoseek_close(void *context)
{
    algoseek *const self = context;
    const lf_allocator memory = self->memory;
    const lf_allocator *const allocator = self->allocator != NULL ? &memory : NULL;
    lfi_stream_close(self->stream);
    lfi_room_destroy(&self->room, allocator);
    lf_release(allocator, self);
}

static lf_status set_day(algoseek *self, const lf_source *source, lf_error *error)
{
    lf_instrument *const instrument = &self->reader->instrument;
    const lf_status status = lfi_us_session(self->allocator, source->date, instrument, error);
    if (status != LF_OK) {
        return status;
    }
    self->midnight_ns = instrument->session_open_ns - LFI_US_OPEN_NS;
    (void)snprintf(
        self->date,
        sizeof self->date,
        "%04d%02d%02d",
        (int)source->date.year % 10000,
        (int)source->date.month % 100,
        (int)source->date.day % 100
    );
    self->second_text = lfi_load_eight("00:00:00");
    (void)snprintf(self->symbol, sizeof self->symbol, "%s", source->symbol);
    self->symbol_bytes = strlen(self->symbol);
    if (self->symbol_bytes >= 1 && self->symbol_bytes <= 8) {
        self->symbol_mask = UINT64_MAX >> (64 - 8 * self->symbol_bytes);
        self->symbol_word = lfi_load_eight(self->symbol) & self->symbol_mask;
    }
    (void)snprintf(instrument->symbol, sizeof instrument->symbol, "%s", source->symbol);
    (void)snprintf(instrument->venue, sizeof instrument->venue, "US");
    instrument->units_per_tick = UNITS_PER_TICK;
    instrument->level_count = 1;
    instrument->ties_unordered = true;
    for (int m = 0; m < LF_LEVELS_MAX; m++) {
        self->quotes.bid_ticks[m] = LF_BID_NONE;
        self->quotes.ask_ticks[m] = LF_ASK_NONE;
    }
    for (size_t i = 0; i < self->room.event_capacity; i++) {
        self->room.events[i] = (lf_event){.quotes = self->quotes};
    }
    return LF_OK;
}

static lf_status skip_header(algoseek *self, const char *path, lf_error *error)
{
    const char *line;
    size_t bytes;
    lf_status status = lfi_stream_open(self->allocator, path, NULL, &self->stream, error);
    if (status == LF_OK) {
        status = lfi_stream_line(self->stream, &line, &bytes, error);
    }
    if (status == LF_OK &&
        (line == NULL || bytes != sizeof header - 1 || memcmp(line, header, bytes) != 0)) {
        status = lf_error_set_at(
            error, LF_FORMAT, path, 1, LF_POSITION_NONE, "the first line must be \"%s\"", header
        );
    }
    return status;
}

lf_status lfi_algoseek_open(
    const lf_source *source, const lf_feed_options *options, lfi_reader *reader, lf_error *error
)
{
    algoseek *const self = lf_allocate(options->allocator, 1, sizeof *self);
    if (self == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", source->path);
    }
    self->allocator = lfi_keep_allocator(options->allocator, &self->memory);
    self->reader = reader;
    self->feed_latency_ns = options->feed_latency_ns;
    self->is_chosen = options->symbol != NULL;
    self->last_ts_ns = INT64_MIN;
    reader->stats.first_violation_line = LF_POSITION_NONE;
    lf_status status = lfi_room_create(&self->room, self->allocator, options)
                           ? set_day(self, source, error)
                           : lf_error_set(error, LF_NOMEM, "no memory to read %s", source->path);
    if (status == LF_OK) {
        status = skip_header(self, source->path, error);
    }
    return lfi_reader_start(reader, status, algoseek_next, algoseek_close, self);
}

/* ---- recognising ------------------------------------------------------------------------ */

/* Whether a file is called as its symbol, as AlgoSeek does: AIG.csv.gz. */
static bool is_called(const char *path, const char *symbol)
{
    const char *const slash = strrchr(path, '/');
    const char *const name = slash != NULL ? slash + 1 : path;
    const size_t bytes = strlen(symbol);
    return strncmp(name, symbol, bytes) == 0 && name[bytes] == '.';
}

/* Read on until a row is one of the symbol. */
static lf_status look_for(lfi_stream *stream, const char *symbol, bool *found, lf_error *error)
{
    const char *line = NULL;
    size_t bytes = 0;
    piece fields[FIELDS];
    lf_status status;
    *found = false;
    do {
        status = lfi_stream_line(stream, &line, &bytes, error);
        *found = status == LF_OK && line != NULL && cut(line, bytes, fields) &&
                 is_word(fields[TICKER], symbol);
    } while (status == LF_OK && line != NULL && !*found);
    return status;
}

lf_status lfi_algoseek_probe(
    const char *path, const char *symbol, lf_source *out, bool *found, lf_error *error
)
{
    algoseek self = {0};
    const char *line = NULL;
    size_t bytes = 0;
    piece fields[FIELDS];
    char date[16] = "";
    *found = skip_header(&self, path, NULL) == LF_OK;
    if (*found && lfi_stream_line(self.stream, &line, &bytes, NULL) == LF_OK && line != NULL &&
        cut(line, bytes, fields) && fields[DATE].bytes < sizeof date &&
        fields[TICKER].bytes < sizeof out->symbol) {
        memcpy(date, fields[DATE].at, fields[DATE].bytes);
        memcpy(out->symbol, fields[TICKER].at, fields[TICKER].bytes);
        out->symbol[fields[TICKER].bytes] = '\0';
    }
    bool has_symbol = false;
    lf_status status = LF_OK;
    if (date[0] != '\0' && symbol != NULL && strcmp(out->symbol, symbol) != 0 &&
        !is_called(path, out->symbol)) {
        status = look_for(self.stream, symbol, &has_symbol, error);
    }
    if (has_symbol) {
        (void)snprintf(out->symbol, sizeof out->symbol, "%s", symbol);
    }
    lfi_stream_close(self.stream);
    if (status != LF_OK) {
        return status;
    }
    if (*found && lf_date_parse(date, &out->date) != LF_OK) {
        return lf_error_set_at(
            error,
            LF_FORMAT,
            path,
            2,
            LF_POSITION_NONE,
            "the first row must have a date such as 20131007 and a ticker"
        );
    }
    out->level_count = 1;
    (void)snprintf(out->format, sizeof out->format, "algoseek");
    return LF_OK;
}
