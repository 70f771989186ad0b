/* Reader of LOBSTER days: a message and an orderbook file in step, row k of both is one event. */
#include "feed_internal.h"

#include <stdio.h>
#include <string.h>

#define LEVELS_FILE_MAX 50
#define FIELDS_MESSAGE 6
/* A LOBSTER price unit is 1e-4 of the currency, a tick 0.01. */
#define UNITS_PER_TICK 100
#define EMPTY_PRICE INT64_C(9999999999)
/* Longest price in units: ten digits, as the empty level has. */
#define PRICE_DIGITS_MAX 10
/* Below this many checks a high share of violations may be chance. */
#define CHECKS_TO_JUDGE 200

typedef struct lobster {
    const lf_allocator *allocator;
    lf_allocator memory;
    lfi_reader *reader;
    lfi_stream *message, *orderbook;
    lf_event *events; /* [batch_events] */
    lf_trade *trades; /* [batch_events] */
    size_t batch_events;
    int32_t levels_file;
    int64_t midnight_ns, feed_latency_ns, last_ts_ns;
    bool strict, has_row, is_halted;
    /* The row before and the row now, as in the file: ask price, ask size, bid price, bid size. */
    int64_t rows[2][4 * LEVELS_FILE_MAX];
    int64_t *previous, *current;
} lobster;

/* One parsed message row. */
typedef struct message {
    int64_t ts_ns, type, order_id, size, price, direction;
} message;

static lf_status bad_field(
    const lfi_stream *stream,
    lf_error *error,
    const char *field,
    const char *text,
    size_t bytes,
    const char *expected
)
{
    return lf_error_set_at(
        error,
        LF_FORMAT,
        lfi_stream_name(stream),
        lfi_stream_line_number(stream),
        LF_POSITION_NONE,
        "%s must be %s, found \"%.*s\"; check that this is an unedited LOBSTER file",
        field,
        expected,
        (int)(bytes < 40 ? bytes : 40),
        text
    );
}

/* Bytes up to the next comma or the end, for showing a field. */
static size_t field_bytes(const char *begin, const char *end)
{
    size_t bytes = 0;
    while (begin + bytes < end && begin[bytes] != ',') {
        bytes++;
    }
    return bytes;
}

/* An integer of at most digits_max digits at *at, up to a comma or the end. */
static bool take_int(const char **at, const char *end, int digits_max, int64_t *out)
{
    const char *p = *at;
    const bool negative = p < end && *p == '-';
    p += negative;
    uint64_t value = 0;
    int digits = 0;
    for (; p < end && *p != ','; p++, digits++) {
        const unsigned digit = (unsigned)(*p - '0');
        if (digit > 9 || digits == digits_max) {
            return false;
        }
        value = 10 * value + digit;
    }
    *out = negative ? -(int64_t)value : (int64_t)value;
    *at = p;
    return digits > 0;
}

/* Seconds after midnight as decimal text, to ns; digits past the ninth are cut. */
static bool take_time(const char **at, const char *end, int64_t *out_ns)
{
    const char *p = *at;
    int64_t seconds = 0, fraction = 0;
    int digits = 0, places = 0;
    for (; p < end && *p >= '0' && *p <= '9'; p++) {
        seconds = 10 * seconds + (*p - '0');
        if (++digits > 6) {
            return false;
        }
    }
    if (digits == 0) {
        return false;
    }
    if (p < end && *p == '.') {
        for (p++; p < end && *p >= '0' && *p <= '9'; p++) {
            if (places < 9) {
                fraction = 10 * fraction + (*p - '0');
                places++;
            }
        }
    }
    for (; places < 9; places++) {
        fraction *= 10;
    }
    if (p < end && *p != ',') {
        return false;
    }
    *at = p;
    *out_ns = seconds * LF_NS_PER_SECOND + fraction;
    return true;
}

static lf_status
parse_message(const lobster *self, const char *line, size_t bytes, message *out, lf_error *error)
{
    static const char *const names[FIELDS_MESSAGE] = {
        "field 1 (time)",
        "field 2 (type)",
        "field 3 (order id)",
        "field 4 (size)",
        "field 5 (price)",
        "field 6 (direction)",
    };
    static const int digits[FIELDS_MESSAGE] = {0, 1, 18, 10, PRICE_DIGITS_MAX, 1};
    int64_t *const fields[FIELDS_MESSAGE] = {
        &out->ts_ns,
        &out->type,
        &out->order_id,
        &out->size,
        &out->price,
        &out->direction,
    };
    const char *p = line, *const end = line + bytes;
    for (int i = 0; i < FIELDS_MESSAGE; i++) {
        const char *begin = p;
        const bool fine =
            i == 0 ? take_time(&p, end, fields[i]) : take_int(&p, end, digits[i], fields[i]);
        if (!fine) {
            return bad_field(
                self->message,
                error,
                names[i],
                begin,
                field_bytes(begin, end),
                i == 0 ? "seconds after midnight such as 34200.017459617"
                       : (i == 4 ? "an integer of at most 10 digits" : "an integer")
            );
        }
        if (i + 1 < FIELDS_MESSAGE ? p >= end : p != end) {
            return bad_field(
                self->message, error, "the row", line, bytes, "6 fields with commas between"
            );
        }
        p++;
    }
    out->ts_ns += self->midnight_ns;
    return LF_OK;
}

static lf_status check_message(const lobster *self, const message *m, lf_error *error)
{
    const lfi_stream *stream = self->message;
    char text[32];
    if (m->type < 1 || m->type > 7) {
        snprintf(text, sizeof text, "%lld", (long long)m->type);
        return bad_field(stream, error, "field 2 (type)", text, strlen(text), "1 to 7");
    }
    if (m->type != 7 && m->direction != 1 && m->direction != -1) {
        snprintf(text, sizeof text, "%lld", (long long)m->direction);
        return bad_field(stream, error, "field 6 (direction)", text, strlen(text), "1 or -1");
    }
    if (m->type != 7 && (m->size < 0 || (m->type != 6 && m->price <= 0))) {
        snprintf(text, sizeof text, "%lld,%lld", (long long)m->size, (long long)m->price);
        return bad_field(
            stream, error, "fields 4 and 5 (size, price)", text, strlen(text), "positive"
        );
    }
    if (m->ts_ns < self->last_ts_ns) {
        return lf_error_set_at(
            error,
            LF_FORMAT,
            lfi_stream_name(stream),
            lfi_stream_line_number(stream),
            LF_POSITION_NONE,
            "field 1 (time) goes back by %.9f s; rows must be in time order",
            (double)(self->last_ts_ns - m->ts_ns) / 1e9
        );
    }
    return LF_OK;
}

static lf_status parse_orderbook(lobster *self, const char *line, size_t bytes, lf_error *error)
{
    static const char *const kinds[] = {"ask price", "ask size", "bid price", "bid size"};
    const char *p = line, *const end = line + bytes;
    const int count = 4 * self->levels_file;
    for (int i = 0; i < count; i++) {
        const char *begin = p;
        int64_t *value = &self->current[i];
        const bool is_price = i % 2 == 0;
        const bool parsed = take_int(&p, end, PRICE_DIGITS_MAX, value);
        const bool is_empty =
            parsed && is_price && (*value == EMPTY_PRICE || *value == -EMPTY_PRICE);
        /* A book stands on ticks; a price of 0 or less is no price. */
        const bool fine =
            parsed && (is_price ? is_empty || *value % UNITS_PER_TICK == 0 : *value >= 0);
        if (!fine) {
            char field[64];
            snprintf(
                field, sizeof field, "field %d (%s of level %d)", i + 1, kinds[i % 4], i / 4 + 1
            );
            return bad_field(
                self->orderbook,
                error,
                field,
                begin,
                field_bytes(begin, end),
                is_price ? "a price in 1/10000 on a whole cent, of at most 10 digits"
                         : "a size, 0 or more, of at most 10 digits"
            );
        }
        if (i + 1 < count ? p >= end : p != end) {
            char expected[64];
            snprintf(
                expected, sizeof expected, "%d fields for %d levels", count, (int)self->levels_file
            );
            return bad_field(self->orderbook, error, "the row", line, bytes, expected);
        }
        p++;
    }
    return LF_OK;
}

/* Best levels of a row as quotes; an empty level, also one of size 0, is none. */
static void to_quotes(const lobster *self, lf_quotes *quotes)
{
    const int kept = self->levels_file < LF_LEVELS_MAX ? self->levels_file : LF_LEVELS_MAX;
    for (int m = 0; m < LF_LEVELS_MAX; m++) {
        quotes->ask_ticks[m] = LF_ASK_NONE;
        quotes->bid_ticks[m] = LF_BID_NONE;
        quotes->ask_lots[m] = quotes->bid_lots[m] = 0;
        if (m < kept) {
            const int64_t *level = &self->current[4 * m];
            if (level[1] > 0 && level[0] != EMPTY_PRICE && level[0] != -EMPTY_PRICE) {
                quotes->ask_ticks[m] = level[0] / UNITS_PER_TICK;
                quotes->ask_lots[m] = level[1];
            }
            if (level[3] > 0 && level[2] != EMPTY_PRICE && level[2] != -EMPTY_PRICE) {
                quotes->bid_ticks[m] = level[2] / UNITS_PER_TICK;
                quotes->bid_lots[m] = level[3];
            }
        }
    }
}

/* Size shown at a price on a side of a row; 0 where it is not among the levels. */
static int64_t size_at(const lobster *self, const int64_t *row, int64_t direction, int64_t price)
{
    const int offset = direction > 0 ? 2 : 0;
    for (int m = 0; m < self->levels_file; m++) {
        if (row[4 * m + offset] == price) {
            return row[4 * m + offset + 1];
        }
    }
    return 0;
}

/* A visible event moves the size at its price by exactly its size; a hidden one moves nothing. */
static bool is_consistent(const lobster *self, const message *m)
{
    const size_t bytes = (size_t)self->levels_file * 4 * sizeof *self->current;
    if (m->type == 5) {
        return memcmp(self->previous, self->current, bytes) == 0;
    }
    const int64_t change = size_at(self, self->current, m->direction, m->price) -
                           size_at(self, self->previous, m->direction, m->price);
    return change == (m->type == 1 ? m->size : -m->size);
}

static lf_status fail_violation(const lobster *self, lf_error *error)
{
    return lf_error_set_at(
        error,
        LF_DATA,
        lfi_stream_name(self->message),
        lfi_stream_line_number(self->message),
        LF_POSITION_NONE,
        "the message does not fit the change of the orderbook file at its price; without --strict "
        "such rows are counted"
    );
}

/* Most rows contradict each other: the columns or the pairing of the files must be wrong. */
static lf_status judge(const lobster *self, lf_error *error)
{
    const lf_feed_stats *stats = &self->reader->stats;
    const bool no_change =
        stats->check_count >= CHECKS_TO_JUDGE && 2 * stats->violation_count > stats->check_count;
    const bool crossed =
        stats->event_count >= CHECKS_TO_JUDGE && 2 * stats->crossed_count > stats->event_count;
    if (!no_change && !crossed) {
        return LF_OK;
    }
    return lf_error_set_at(
        error,
        LF_FORMAT,
        lfi_stream_name(crossed ? self->orderbook : self->message),
        stats->first_violation_line,
        LF_POSITION_NONE,
        "%lld of %lld rows are inconsistent (%s); columns are swapped or the two files do not "
        "belong together",
        (long long)(no_change ? stats->violation_count : stats->crossed_count),
        (long long)(no_change ? stats->check_count : stats->event_count),
        crossed ? "bid at or above ask" : "the book does not change as the messages say"
    );
}

static lf_status
check_book(lobster *self, const message *m, const lf_quotes *quotes, lf_error *error)
{
    lf_feed_stats *stats = &self->reader->stats;
    const bool has_bid = quotes->bid_lots[0] > 0, has_ask = quotes->ask_lots[0] > 0;
    const bool is_crossed = has_bid && has_ask && quotes->bid_ticks[0] >= quotes->ask_ticks[0];
    bool is_fault = is_crossed;
    stats->crossed_count += is_crossed;
    stats->one_sided_count += !has_bid || !has_ask;
    if (self->has_row && m->type <= 5) {
        const bool fits = is_consistent(self, m);
        /* Hidden executions have no size change to check; they only may not change the book. */
        stats->check_count += m->type <= 4;
        stats->violation_count += !fits;
        is_fault = is_fault || !fits;
    }
    if (is_fault && stats->first_violation_line == LF_POSITION_NONE) {
        stats->first_violation_line = lfi_stream_line_number(self->message);
    }
    if (is_fault && self->strict) {
        return fail_violation(self, error);
    }
    return stats->event_count % 1024 == 0 ? judge(self, error) : LF_OK;
}

static void make_trade(const message *m, lf_event *event, lf_trade *trade)
{
    if (m->type == 4 || m->type == 5) {
        *trade = (lf_trade){
            .price_units = m->price,
            .size_lots = m->size,
            .sign = (int8_t)-m->direction,
            .hidden = m->type == 5,
        };
        event->trade_count = 1;
    }
}

/* Type 7: price -1 begins a halt, 1 ends it; 0 lets quoting resume while trading stays halted. */
static uint32_t halt_flags(lobster *self, const message *m)
{
    if (m->type == 7) {
        self->reader->stats.halt_count += m->price == -1 && !self->is_halted;
        if (m->price == 1) {
            self->is_halted = false;
            return LF_EVENT_RESET;
        }
        self->is_halted = self->is_halted || m->price == -1;
    }
    return self->is_halted ? LF_EVENT_MASKED : 0;
}

static void make_event(lobster *self, const message *m, lf_event *event, lf_trade *trade)
{
    static const uint8_t kinds[] = {
        LF_EVENT_OTHER,
        LF_EVENT_ADD,
        LF_EVENT_CANCEL,
        LF_EVENT_DELETE,
        LF_EVENT_EXECUTE,
        LF_EVENT_HIDDEN,
        LF_EVENT_CROSS,
        LF_EVENT_HALT,
    };
    lf_feed_stats *stats = &self->reader->stats;
    event->ts_exchange_ns = m->ts_ns;
    event->ts_local_ns = m->ts_ns + self->feed_latency_ns;
    event->order_id = (uint64_t)m->order_id;
    event->price_units = m->price;
    event->size_lots = m->size;
    event->instrument = 0;
    event->flags = LF_EVENT_LAST | halt_flags(self, m);
    event->trade_count = 0;
    event->kind = kinds[m->type];
    event->side = (int8_t)(m->type == 7 ? 0 : m->direction);
    make_trade(m, event, trade);
    to_quotes(self, &event->quotes);
    if (stats->event_count == 0) {
        stats->first_ts_ns = m->ts_ns;
    }
    stats->last_ts_ns = m->ts_ns;
    stats->event_count++;
    stats->kind_counts[event->kind]++;
}

static lf_status uneven(const lobster *self, bool message_ended, lf_error *error)
{
    const lfi_stream *shorter = message_ended ? self->message : self->orderbook;
    return lf_error_set_at(
        error,
        LF_FORMAT,
        lfi_stream_name(shorter),
        lfi_stream_line_number(shorter),
        LF_POSITION_NONE,
        "the file ends here, but its partner %s has more rows; both must have one row per event",
        lfi_stream_name(message_ended ? self->orderbook : self->message)
    );
}

/* Read one row of both files; *got is false at the end. */
static lf_status
read_event(lobster *self, lf_event *event, lf_trade *trade, bool *got, lf_error *error)
{
    const char *line, *book;
    size_t bytes, book_bytes;
    message m;
    *got = false;
    lf_status status = lfi_stream_line(self->message, &line, &bytes, error);
    if (status == LF_OK) {
        status = lfi_stream_line(self->orderbook, &book, &book_bytes, error);
    }
    if (status != LF_OK) {
        return status;
    }
    if (line == NULL || book == NULL) {
        return line == book ? LF_OK : uneven(self, line == NULL, error);
    }
    status = parse_message(self, line, bytes, &m, error);
    if (status == LF_OK) {
        status = check_message(self, &m, error);
    }
    if (status == LF_OK) {
        status = parse_orderbook(self, book, book_bytes, error);
    }
    if (status != LF_OK) {
        return status;
    }
    make_event(self, &m, event, trade);
    status = check_book(self, &m, &event->quotes, error);
    self->last_ts_ns = m.ts_ns;
    self->has_row = true;
    int64_t *swap = self->previous;
    self->previous = self->current;
    self->current = swap;
    *got = true;
    return status;
}

static lf_status lobster_next(void *context, lf_batch *out, lf_error *error)
{
    lobster *self = context;
    lf_feed_stats *stats = &self->reader->stats;
    size_t count = 0, trade_count = 0;
    while (count < self->batch_events) {
        bool got;
        lf_event *event = &self->events[count];
        const lf_status status = read_event(self, event, &self->trades[trade_count], &got, error);
        if (status != LF_OK) {
            return status;
        }
        if (!got) {
            break;
        }
        event->trade_first = (uint32_t)trade_count;
        trade_count += event->trade_count;
        count++;
    }
    stats->input_bytes =
        lfi_stream_input_bytes(self->message) + lfi_stream_input_bytes(self->orderbook);
    stats->text_bytes =
        lfi_stream_text_bytes(self->message) + lfi_stream_text_bytes(self->orderbook);
    *out = (lf_batch){self->events, self->trades, count, trade_count};
    if (count == 0 && stats->event_count == 0) {
        return lf_error_set_at(
            error,
            LF_FORMAT,
            lfi_stream_name(self->message),
            LF_POSITION_NONE,
            LF_POSITION_NONE,
            "the file is empty; a LOBSTER day has one row per event"
        );
    }
    return count == 0 ? judge(self, error) : LF_OK;
}

static void lobster_close(void *context)
{
    lobster *self = context;
    if (self == NULL) {
        return;
    }
    const lf_allocator memory = self->memory;
    const lf_allocator *allocator = self->allocator != NULL ? &memory : NULL;
    lfi_stream_close(self->message);
    lfi_stream_close(self->orderbook);
    lf_release(allocator, self->events);
    lf_release(allocator, self->trades);
    lf_release(allocator, self);
}

static lf_status set_day(lobster *self, const lf_source *source, lf_error *error)
{
    lf_instrument *instrument = &self->reader->instrument;
    const lf_status status = lfi_us_session(self->allocator, source->date, instrument, error);
    if (status != LF_OK) {
        return status;
    }
    self->midnight_ns = instrument->session_open_ns - LFI_US_OPEN_NS;
    snprintf(instrument->symbol, sizeof instrument->symbol, "%s", source->symbol);
    snprintf(instrument->venue, sizeof instrument->venue, "NASDAQ");
    instrument->units_per_tick = UNITS_PER_TICK;
    instrument->level_count = self->levels_file < LF_LEVELS_MAX ? self->levels_file : LF_LEVELS_MAX;
    return LF_OK;
}

/* Open the two text streams: two files, or two members of one archive. */
typedef struct member_pair {
    const lf_source *source;
    char names[2][512]; /* message, orderbook */
} member_pair;

static lf_status visit_member(void *context, const char *member, lf_error *error)
{
    (void)error;
    member_pair *pair = context;
    lfi_lobster_name name;
    if (lfi_lobster_name_parse(member, &name) && strcmp(name.symbol, pair->source->symbol) == 0 &&
        lf_date_to_days(name.date) == lf_date_to_days(pair->source->date)) {
        snprintf(pair->names[name.is_message ? 0 : 1], sizeof pair->names[0], "%s", member);
    }
    return LF_OK;
}

static lf_status open_streams(lobster *self, const lf_source *source, lf_error *error)
{
    member_pair pair = {.source = source};
    const char *paths[2] = {source->path, source->path2};
    const char *members[2] = {NULL, NULL};
    if (source->path2[0] == '\0') {
        lf_status status = lfi_archive_list(source->path, visit_member, &pair, error);
        if (status != LF_OK) {
            return status;
        }
        paths[1] = source->path;
        members[0] = pair.names[0];
        members[1] = pair.names[1];
    }
    const lf_status status =
        lfi_stream_open(self->allocator, paths[0], members[0], &self->message, error);
    return status != LF_OK
               ? status
               : lfi_stream_open(self->allocator, paths[1], members[1], &self->orderbook, error);
}

lf_status lfi_lobster_open(
    const lf_source *source, const lf_feed_options *options, lfi_reader *reader, lf_error *error
)
{
    lobster *self = lf_allocate(options->allocator, 1, sizeof *self);
    if (self == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", source->path);
    }
    if (options->allocator != NULL) {
        self->memory = *options->allocator;
        self->allocator = &self->memory;
    }
    self->reader = reader;
    self->batch_events = options->batch_events != 0 ? options->batch_events : 1024;
    self->levels_file = source->level_count;
    self->feed_latency_ns = options->feed_latency_ns;
    self->strict = options->strict;
    self->last_ts_ns = INT64_MIN;
    self->previous = self->rows[0];
    self->current = self->rows[1];
    reader->stats.first_violation_line = LF_POSITION_NONE;
    self->events = lf_allocate(self->allocator, self->batch_events, sizeof *self->events);
    self->trades = lf_allocate(self->allocator, self->batch_events + 1, sizeof *self->trades);
    lf_status status = LF_OK;
    if (self->events == NULL || self->trades == NULL) {
        status = lf_error_set(error, LF_NOMEM, "no memory to read %s", source->path);
    } else if (source->level_count < 1 || source->level_count > LEVELS_FILE_MAX) {
        status = lf_error_set_at(
            error,
            LF_RANGE,
            source->path,
            LF_POSITION_NONE,
            LF_POSITION_NONE,
            "%d levels; LOBSTER files have 1 to %d",
            (int)source->level_count,
            LEVELS_FILE_MAX
        );
    } else {
        status = set_day(self, source, error);
    }
    if (status == LF_OK) {
        status = open_streams(self, source, error);
    }
    if (status != LF_OK) {
        lobster_close(self);
        return status;
    }
    reader->next = lobster_next;
    reader->close = lobster_close;
    reader->self = self;
    return LF_OK;
}
