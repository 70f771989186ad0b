/* Reader of LOBSTER days: a message and an orderbook file in step, row k of both is one event. */
#include "feed_internal.h"

#include "lobster_text.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define LEVELS_FILE_MAX LFI_LOBSTER_LEVELS_MAX
/* Below this many checks a high share of violations may be chance. */
#define CHECKS_TO_JUDGE 200
/* So often the share is looked at. */
#define EVENTS_BETWEEN_JUDGEMENTS 1024
/* A found text is shown up to here. */
#define SHOWN_BYTES_MAX 40

typedef struct lobster {
    const lf_allocator *allocator;
    lf_allocator memory;
    lfi_reader *reader;
    lfi_stream *message, *orderbook;
    lfi_window *message_text, *orderbook_text; /* of the streams */
    bool is_wide;                              /* the processor can do what lobster_wide.c needs */
    lfi_room room;
    int64_t midnight_ns, feed_latency_ns, last_ts_ns;
    int64_t visible_fault_count; /* violations by visible events */
    lf_quotes last;              /* after the last event of the batch before */
    bool strict, is_halted;
    bool from_archive; /* both streams read the same file */
    lfi_rows rows;
} lobster;

/* ---- errors ----------------------------------------------------------------------------- */

static lf_status fail_row(const lfi_stream *stream, const lfi_fault *fault, lf_error *error)
{
    char shown[SHOWN_BYTES_MAX + 1];
    size_t bytes = 0;
    for (; bytes < fault->bytes && bytes < SHOWN_BYTES_MAX; bytes++) {
        const char c = fault->text[bytes];
        shown[bytes] = (char)(c >= ' ' && c <= '~' ? c : '?');
    }
    shown[bytes] = '\0';
    return lf_error_set_at(
        error,
        LF_FORMAT,
        lfi_stream_name(stream),
        lfi_stream_line_number(stream),
        LF_POSITION_NONE,
        "%s must be %s, found \"%s\"%s; check that this is an unedited LOBSTER file",
        fault->field,
        fault->expected,
        shown,
        bytes < fault->bytes ? "..." : ""
    );
}

static lf_status fail_back(const lobster *self, int64_t ts_ns, lf_error *error)
{
    char back[32];
    lf_duration_format(self->last_ts_ns - ts_ns, back);
    return lf_error_set_at(
        error,
        LF_FORMAT,
        lfi_stream_name(self->message),
        lfi_stream_line_number(self->message),
        LF_POSITION_NONE,
        "field 1 (time) goes back by %s; rows must be in time order",
        back
    );
}

/* What strict refuses. */
static lf_status
fail_strict(const lobster *self, bool is_crossed, bool is_ordered, bool does_fit, lf_error *error)
{
    const char *what = does_fit
                           ? "the book changes elsewhere than the message says; rows are missing"
                           : "the book does not change by the size of the message at its price";
    if (is_crossed) {
        what = "the best bid is at or above the best ask";
    } else if (!is_ordered) {
        what = "the levels are not in the order of their prices";
    }
    const lfi_stream *stream = is_crossed || !is_ordered ? self->orderbook : self->message;
    return lf_error_set_at(
        error,
        LF_DATA,
        lfi_stream_name(stream),
        lfi_stream_line_number(stream),
        LF_POSITION_NONE,
        "%s; without strict such rows are counted",
        what
    );
}

static lf_status fail_uneven(const lobster *self, bool message_ended, lf_error *error)
{
    const lfi_stream *shorter = message_ended ? self->message : self->orderbook;
    const int64_t line = lfi_stream_line_number(shorter);
    return lf_error_set_at(
        error,
        LF_FORMAT,
        lfi_stream_name(shorter),
        line > 0 ? line : LF_POSITION_NONE,
        LF_POSITION_NONE,
        "the file %s, but its partner %s has more rows; both must have one row per event",
        line > 0 ? "ends here" : "is empty",
        lfi_stream_name(message_ended ? self->orderbook : self->message)
    );
}

/* Most rows contradict each other: the columns or the pairing of the files must be wrong. */
static lf_status judge(const lobster *self, lf_error *error)
{
    const lf_feed_stats *stats = &self->reader->stats;
    const bool unfit =
        stats->check_count >= CHECKS_TO_JUDGE && 2 * self->visible_fault_count > stats->check_count;
    const bool crossed =
        stats->event_count >= CHECKS_TO_JUDGE && 2 * stats->crossed_count > stats->event_count;
    if (!unfit && !crossed) {
        return LF_OK;
    }
    return lf_error_set_at(
        error,
        LF_FORMAT,
        lfi_stream_name(crossed ? self->orderbook : self->message),
        stats->first_violation_line,
        LF_POSITION_NONE,
        "%lld of %lld rows from here on are inconsistent (%s); columns are swapped or the two "
        "files do not belong together",
        (long long)(crossed ? stats->crossed_count : self->visible_fault_count),
        (long long)(crossed ? stats->event_count : stats->check_count),
        crossed ? "bid at or above ask" : "the book does not change as the messages say"
    );
}

/* ---- checks ----------------------------------------------------------------------------- */

/* A visible event moves the size at its price by exactly its size; a hidden one moves nothing. */
static bool is_consistent(const lfi_message *m, const lfi_look *look)
{
    return m->type == 5 ? look->is_same : look->moved_lots == (m->type == 1 ? m->size : -m->size);
}

/* Ticks, then lots of a side, as lf_quotes has them. */
typedef struct side_view {
    const int64_t *ticks, *lots; /* [LF_LEVELS_MAX] */
} side_view;

static_assert(
    offsetof(lf_quotes, bid_lots) - offsetof(lf_quotes, bid_ticks) ==
            LF_LEVELS_MAX * sizeof(int64_t) &&
        offsetof(lf_quotes, ask_lots) - offsetof(lf_quotes, ask_ticks) ==
            LF_LEVELS_MAX * sizeof(int64_t),
    "a side is one piece of memory"
);

static side_view side_of(const lf_quotes *quotes, bool is_bid)
{
    return is_bid ? (side_view){quotes->bid_ticks, quotes->bid_lots}
                  : (side_view){quotes->ask_ticks, quotes->ask_lots};
}

/* Whether so many levels are the same, from one on in each. */
static bool are_same(side_view a, int first_a, side_view b, int first_b, int count)
{
    const size_t bytes = count > 0 ? (size_t)count * sizeof *a.ticks : 0;
    return memcmp(a.ticks + first_a, b.ticks + first_b, bytes) == 0 &&
           memcmp(a.lots + first_a, b.lots + first_b, bytes) == 0;
}

/*
 * Whether nothing but the level of a visible event has changed: the other side is as it was, and so
 * are the levels of its own, one place on where a level has come or gone. If not, rows are missing
 * between, or messages.
 */
static bool is_rest_same(
    const lobster *self, const lfi_look *look, const lf_quotes *before, const lf_quotes *now
)
{
    const bool is_bid = look->side == LFI_BID;
    const side_view old = side_of(before, is_bid), new = side_of(now, is_bid);
    const side_view old_other = side_of(before, !is_bid), new_other = side_of(now, !is_bid);
    const int level_count = self->reader->instrument.level_count;
    int k = 0;
    if (memcmp(old_other.ticks, new_other.ticks, 2 * LF_LEVELS_MAX * sizeof(int64_t)) != 0) {
        return false;
    }
    while (k < level_count && old.ticks[k] == new.ticks[k] && old.lots[k] == new.lots[k]) {
        k++;
    }
    if (k == level_count) {
        return true; /* an order behind the levels */
    }
    const bool is_there = new.ticks[k] == look->ticks, was_there = old.ticks[k] == look->ticks;
    const int left = level_count - 1 - k;
    return (is_there || was_there) &&
           (is_there && was_there ? are_same(new, k + 1, old, k + 1, left)
            : is_there            ? are_same(new, k + 1, old, k, left)
                                  : are_same(new, k, old, k + 1, left));
}

/* Count what is wrong with the book after the event that was read last. */
static lf_status check_book(
    lobster *self, const lfi_message *m, const lfi_look *look, lf_event *event, lf_error *error
)
{
    lf_feed_stats *stats = &self->reader->stats;
    const lf_quotes *const quotes = &event->quotes;
    const lf_quotes *const before = event > self->room.events ? &event[-1].quotes : &self->last;
    const bool has_bid = quotes->bid_lots[0] > 0, has_ask = quotes->ask_lots[0] > 0;
    const bool is_crossed = has_bid && has_ask && quotes->bid_ticks[0] >= quotes->ask_ticks[0];
    bool does_fit = true, does_follow = true;
    if (stats->event_count > 1 && m->type <= 5) {
        does_fit = is_consistent(m, look);
        does_follow = does_fit && (m->type == 5 || is_rest_same(self, look, before, quotes));
        /* Hidden executions have no size change to check; they only may not change the book. */
        stats->check_count += m->type <= 4;
        self->visible_fault_count += m->type <= 4 && !does_fit;
    }
    stats->crossed_count += is_crossed;
    stats->one_sided_count += !has_bid || !has_ask;
    stats->violation_count += !does_fit || !look->is_ordered;
    stats->gap_count += !does_follow;
    if (is_crossed || !does_follow || !look->is_ordered) {
        if (stats->first_violation_line == LF_POSITION_NONE) {
            stats->first_violation_line = lfi_stream_line_number(self->message);
        }
        if (self->strict) {
            return fail_strict(self, is_crossed, look->is_ordered, does_fit, error);
        }
    }
    return stats->event_count % EVENTS_BETWEEN_JUDGEMENTS == 0 ? judge(self, error) : LF_OK;
}

/* ---- events ----------------------------------------------------------------------------- */

/* Type 7: price -1 begins a halt, 1 ends it; 0 lets quoting resume while trading stays halted. */
static uint32_t take_halt(lobster *self, int64_t price)
{
    if (price == 1) {
        self->is_halted = false;
        return LF_EVENT_RESET;
    }
    self->reader->stats.halt_count += price == -1 && !self->is_halted;
    self->is_halted = self->is_halted || price == -1;
    return 0;
}

static void make_event(lobster *self, const lfi_message *m, lf_event *event, lf_trade *trade)
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
    const int64_t ts_ns = self->midnight_ns + m->since_midnight_ns;
    const bool is_trade = m->type == 4 || m->type == 5, is_halt = m->type == 7;
    const uint32_t reset = is_halt ? take_halt(self, m->price) : 0;
    event->ts_exchange_ns = ts_ns;
    event->ts_local_ns = ts_ns + self->feed_latency_ns;
    event->order_id = m->order_id > 0 ? (uint64_t)m->order_id : 0;
    event->price_units = is_halt ? 0 : m->price;
    event->size_lots = m->size;
    event->instrument = 0;
    event->flags = LF_EVENT_LAST | reset | (self->is_halted ? LF_EVENT_MASKED : 0);
    event->trade_count = is_trade;
    event->kind = kinds[m->type];
    event->side = is_halt ? 0 : m->direction;
    if (is_trade) {
        *trade = (lf_trade){
            .price_units = m->price,
            .size_lots = m->size,
            .sign = (int8_t)-m->direction,
            .hidden = m->type == 5,
        };
    }
    if (stats->event_count == 0) {
        stats->first_ts_ns = ts_ns;
    }
    stats->last_ts_ns = ts_ns;
    stats->event_count++;
    stats->kind_counts[event->kind]++;
}

/* ---- rows of both files ----------------------------------------------------------------- */

/* Next row of both files; *message is NULL at the end. */
static lf_status next_rows(
    lobster *self,
    const char **message,
    size_t *message_bytes,
    const char **book,
    size_t *book_bytes,
    lf_error *error
)
{
    lf_status status = lfi_stream_line(self->message, message, message_bytes, error);
    if (status == LF_OK) {
        status = lfi_stream_line(self->orderbook, book, book_bytes, error);
    }
    if (status == LF_OK && *message_bytes == 0) {
        status = lfi_stream_skip_empty_end(self->message, message, 0, "LOBSTER", error);
    }
    if (status == LF_OK && *book_bytes == 0) {
        status = lfi_stream_skip_empty_end(self->orderbook, book, 0, "LOBSTER", error);
    }
    if (status == LF_OK && (*message == NULL) != (*book == NULL)) {
        status = fail_uneven(self, *message == NULL, error);
    }
    return status;
}

/* What a message expects of the book. */
static void look_for(const lfi_message *m, lfi_look *look)
{
    look->side = m->direction > 0 ? LFI_BID : LFI_ASK;
    look->ticks = m->price / LFI_UNITS_PER_TICK;
}

static void step_over(lfi_window *window, size_t bytes)
{
    window->at += bytes;
    window->line_number++;
}

/* Read one row of both files if both are of a usual form. */
static bool read_usual(lobster *self, lfi_message *m, lfi_look *look, lf_quotes *quotes)
{
    const size_t message_bytes = lfi_wide_message(self->message_text, m);
    if (message_bytes == 0) {
        return false;
    }
    look_for(m, look);
    const size_t book_bytes = lfi_wide_row(&self->rows, self->orderbook_text, look, quotes);
    if (book_bytes == 0) {
        return false;
    }
    step_over(self->message_text, message_bytes);
    step_over(self->orderbook_text, book_bytes);
    return true;
}

static lf_status check_time(const lobster *self, const lfi_message *m, lf_error *error)
{
    const int64_t ts_ns = self->midnight_ns + m->since_midnight_ns;
    return ts_ns < self->last_ts_ns ? fail_back(self, ts_ns, error) : LF_OK;
}

/* Read one row of both files, whatever it is; *got is false at the end. */
static lf_status read_any(
    lobster *self, lfi_message *m, lfi_look *look, lf_quotes *quotes, bool *got, lf_error *error
)
{
    const char *line, *book;
    size_t bytes, book_bytes;
    lfi_fault fault;
    *got = false;
    lf_status status = next_rows(self, &line, &bytes, &book, &book_bytes, error);
    if (status != LF_OK || line == NULL) {
        return status;
    }
    if (!lfi_message_parse_fast(line, bytes, m) && !lfi_message_parse(line, bytes, m, &fault)) {
        return fail_row(self->message, &fault, error);
    }
    status = check_time(self, m, error);
    if (status != LF_OK) {
        return status;
    }
    lfi_wide_leave(&self->rows);
    const lfi_row_change change = lfi_rows_read(&self->rows, book, book_bytes, &fault);
    if (change == LFI_ROW_BAD) {
        return fail_row(self->orderbook, &fault, error);
    }
    look_for(m, look);
    lfi_rows_look(&self->rows, change, look);
    lfi_rows_quotes(&self->rows, quotes);
    *got = true;
    return LF_OK;
}

/* Read one row of both files; *got is false at the end. */
static lf_status
read_event(void *context, lf_event *event, lf_trade *trade, bool *got, lf_error *error)
{
    lobster *self = context;
    lfi_message m;
    lfi_look look;
    *got = self->is_wide && read_usual(self, &m, &look, &event->quotes);
    const lf_status status =
        *got ? check_time(self, &m, error) : read_any(self, &m, &look, &event->quotes, got, error);
    if (status != LF_OK || !*got) {
        return status;
    }
    make_event(self, &m, event, trade);
    self->last_ts_ns = event->ts_exchange_ns;
    return check_book(self, &m, &look, event, error);
}

/* Bytes read of the files as they lie on the disk; of an archive by the share of its text. */
static void count_bytes(lobster *self)
{
    lf_feed_stats *stats = &self->reader->stats;
    stats->text_bytes =
        lfi_stream_text_bytes(self->message) + lfi_stream_text_bytes(self->orderbook);
    if (!self->from_archive) {
        stats->input_bytes =
            lfi_stream_input_bytes(self->message) + lfi_stream_input_bytes(self->orderbook);
        return;
    }
    const double text_total = (double)lfi_stream_text_total(self->message) +
                              (double)lfi_stream_text_total(self->orderbook);
    const double share = text_total > 0 ? (double)stats->text_bytes / text_total : 0;
    stats->input_bytes = (int64_t)((double)stats->input_bytes_total * (share < 1 ? share : 1));
}

static lf_status lobster_next(void *context, lf_batch *out, lf_error *error)
{
    lobster *self = context;
    lf_feed_stats *stats = &self->reader->stats;
    lf_batch batch;
    const lf_status status = lfi_room_fill(&self->room, read_event, self, &batch, error);
    if (status != LF_OK) {
        return status;
    }
    if (batch.event_count > 0) {
        self->last = batch.events[batch.event_count - 1].quotes;
    }
    count_bytes(self);
    if (stats->event_count == 0) {
        return lf_error_set_at(
            error,
            LF_FORMAT,
            lfi_stream_name(self->message),
            LF_POSITION_NONE,
            LF_POSITION_NONE,
            "the file is empty; a LOBSTER day has one row per event"
        );
    }
    if (batch.event_count == 0) {
        const lf_status judged = judge(self, error);
        if (judged != LF_OK) {
            return judged;
        }
    }
    *out = batch;
    return LF_OK;
}

static void lobster_close(void *context)
{
    lobster *self = context;
    const lf_allocator memory = self->memory;
    const lf_allocator *allocator = self->allocator != NULL ? &memory : NULL;
    lfi_stream_close(self->message);
    lfi_stream_close(self->orderbook);
    lfi_room_destroy(&self->room, allocator);
    lf_release(allocator, self);
}

/* ---- opening ---------------------------------------------------------------------------- */

static lf_status set_day(lobster *self, const lf_source *source, lf_error *error)
{
    lf_instrument *instrument = &self->reader->instrument;
    const int32_t levels = self->rows.level_count;
    const lf_status status = lfi_us_session(self->allocator, source->date, instrument, error);
    if (status != LF_OK) {
        return status;
    }
    self->midnight_ns = instrument->session_open_ns - LFI_US_OPEN_NS;
    snprintf(instrument->symbol, sizeof instrument->symbol, "%s", source->symbol);
    snprintf(instrument->venue, sizeof instrument->venue, "NASDAQ");
    instrument->units_per_tick = LFI_UNITS_PER_TICK;
    instrument->level_count = levels < LF_LEVELS_MAX ? levels : LF_LEVELS_MAX;
    return LF_OK;
}

/* The members of an archive that may be the two files of a day. */
typedef struct member_pair {
    const lf_source *source;
    const char *path;
    char names[2][1024]; /* message, orderbook: those of the day asked for */
    char only[2][1024];  /* those of any day */
    int counts[2], only_counts[2];
} member_pair;

static lf_status visit_member(void *context, const char *member, lf_error *error)
{
    member_pair *pair = context;
    lfi_lobster_name name;
    if (!lfi_lobster_name_parse(member, &name)) {
        return LF_OK;
    }
    const int k = name.is_message ? 0 : 1;
    if (strlen(member) >= sizeof pair->names[k]) {
        return lf_error_set_at(
            error,
            LF_RANGE,
            pair->path,
            LF_POSITION_NONE,
            LF_POSITION_NONE,
            "the name of a member is too long"
        );
    }
    snprintf(pair->only[k], sizeof pair->only[k], "%s", member);
    pair->only_counts[k]++;
    if (strcmp(name.symbol, pair->source->symbol) == 0 &&
        name.level_count == pair->source->level_count &&
        lf_date_to_days(name.date) == lf_date_to_days(pair->source->date)) {
        snprintf(pair->names[k], sizeof pair->names[k], "%s", member);
        pair->counts[k]++;
    }
    return LF_OK;
}

/* The two members of the day; an only day is taken whatever it calls itself. */
static lf_status find_members(member_pair *pair, lf_error *error)
{
    const lf_status status = lfi_archive_list(pair->path, visit_member, pair, error);
    if (status != LF_OK) {
        return status;
    }
    if (pair->counts[0] == 1 && pair->counts[1] == 1) {
        return LF_OK;
    }
    if (pair->only_counts[0] == 1 && pair->only_counts[1] == 1) {
        memcpy(pair->names, pair->only, sizeof pair->names);
        return LF_OK;
    }
    char date[11];
    lf_date_format(pair->source->date, date);
    return lf_error_set_at(
        error,
        LF_NOT_FOUND,
        pair->path,
        LF_POSITION_NONE,
        LF_POSITION_NONE,
        "the archive does not hold exactly one message and one orderbook file of %s, %s, %d levels",
        pair->source->symbol,
        date,
        (int)pair->source->level_count
    );
}

static int64_t file_bytes(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? (int64_t)info.st_size : 0;
}

/* Open the two text streams: two files, or two members of one archive. */
static lf_status open_streams(lobster *self, const lf_source *source, lf_error *error)
{
    const char *paths[2] = {source->path, source->path2};
    const char *members[2] = {NULL, NULL};
    member_pair *pair = NULL;
    lf_status status = LF_OK;
    self->from_archive = source->path2[0] == '\0';
    self->reader->stats.input_bytes_total = file_bytes(source->path);
    if (self->from_archive) {
        pair = lf_allocate(self->allocator, 1, sizeof *pair);
        if (pair == NULL) {
            return lf_error_set(error, LF_NOMEM, "no memory to read %s", source->path);
        }
        pair->source = source;
        pair->path = source->path;
        status = find_members(pair, error);
        paths[1] = source->path;
        members[0] = pair->names[0];
        members[1] = pair->names[1];
    } else {
        self->reader->stats.input_bytes_total += file_bytes(source->path2);
    }
    if (status == LF_OK) {
        status = lfi_stream_open(self->allocator, paths[0], members[0], &self->message, error);
    }
    if (status == LF_OK) {
        status = lfi_stream_open(self->allocator, paths[1], members[1], &self->orderbook, error);
    }
    if (status == LF_OK) {
        self->message_text = lfi_stream_window(self->message);
        self->orderbook_text = lfi_stream_window(self->orderbook);
    }
    lf_release(self->allocator, pair);
    return status;
}

/* Fill a reader whose memory is there. */
static lf_status
start(lobster *self, const lf_source *source, const lf_feed_options *options, lf_error *error)
{
    self->feed_latency_ns = options->feed_latency_ns;
    self->strict = options->strict;
    self->is_wide = lfi_wide_works();
    self->last_ts_ns = INT64_MIN;
    self->reader->stats.first_violation_line = LF_POSITION_NONE;
    if (!lfi_room_create(&self->room, self->allocator, options)) {
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", source->path);
    }
    if (source->level_count < 1 || source->level_count > LEVELS_FILE_MAX) {
        return lf_error_set_at(
            error,
            LF_RANGE,
            source->path,
            LF_POSITION_NONE,
            LF_POSITION_NONE,
            "%d levels; LOBSTER files have 1 to %d",
            (int)source->level_count,
            LEVELS_FILE_MAX
        );
    }
    lfi_rows_start(&self->rows, source->level_count);
    const lf_status status = set_day(self, source, error);
    return status == LF_OK ? open_streams(self, source, error) : status;
}

lf_status lfi_lobster_open(
    const lf_source *source, const lf_feed_options *options, lfi_reader *reader, lf_error *error
)
{
    lobster *self = lf_allocate(options->allocator, 1, sizeof *self);
    if (self == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", source->path);
    }
    self->allocator = lfi_keep_allocator(options->allocator, &self->memory);
    self->reader = reader;
    return lfi_reader_start(
        reader, start(self, source, options, error), lobster_next, lobster_close, self
    );
}
