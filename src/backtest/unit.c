/*
 * A day traded alone, as a file, and days put together again.
 *
 * A unit knows nothing of other days: its account begins at zero, its orders at number 1. What a
 * table says about all days so far is worked out when the unit is put behind the days before it,
 * from whole numbers, so the result does not depend on who traded which day when. The file is read
 * by the program that wrote it, hence plain numbers of this machine, a key and a checksum.
 */
#include "backtest_internal.h"

#include <stdlib.h>
#include <string.h>

static const char magic[16] = "lobflow unit 02";

typedef struct unit_head {
    char magic[16];
    uint64_t key;
    uint64_t note_bytes;
    uint64_t strategy_count;
    int64_t money_unit_nano;
    lf_instrument instrument;
} unit_head;

/* ---- writing ---------------------------------------------------------------------------- */

typedef struct unit_writer {
    const lf_allocator *allocator;
    void *data;
    size_t bytes;
    size_t capacity;
    lf_status status; /* of all writing so far */
} unit_writer;

static void make_room(unit_writer *writer, size_t bytes)
{
    if (writer->status == LF_OK) {
        writer->status = lf_grow(
            writer->allocator, &writer->data, &writer->capacity, writer->bytes + bytes + 1, 1
        );
    }
}

static void put(unit_writer *writer, const void *data, size_t bytes)
{
    make_room(writer, bytes);
    if (writer->status == LF_OK && bytes > 0) {
        memcpy((char *)writer->data + writer->bytes, data, bytes);
        writer->bytes += bytes;
    }
}

/* Two texts of a column, most of which are one and the same. */
static bool is_same(const char *a, const char *b)
{
    return a == b || strcmp(a, b) == 0;
}

/* A text column as stretches of equal texts. */
static void put_texts(unit_writer *writer, const lf_frame *frame, size_t column)
{
    const size_t rows = lf_frame_row_count(frame);
    for (size_t i = 0; i < rows;) {
        const char *const text = lf_frame_text(frame, column, i);
        uint64_t run[2] = {1, strlen(text)};
        while (i + run[0] < rows && is_same(lf_frame_text(frame, column, i + run[0]), text)) {
            run[0]++;
        }
        put(writer, run, sizeof run);
        put(writer, text, run[1]);
        i += run[0];
    }
}

/* Values of a column and the bytes of one of them; NULL for a text. */
static void *values_of(lf_frame *frame, size_t column, size_t *bytes)
{
    *bytes = sizeof(double);
    switch (lf_frame_column(frame, column).kind) {
    case LF_COLUMN_F64:
        return lf_frame_f64(frame, column);
    case LF_COLUMN_I64:
    case LF_COLUMN_TIME:
        return lf_frame_i64(frame, column);
    case LF_COLUMN_BOOL:
        *bytes = 1;
        return lf_frame_bool(frame, column);
    case LF_COLUMN_TEXT:
        break;
    }
    return NULL;
}

/* The first columns of a table. */
static void put_frame(unit_writer *writer, lf_frame *frame, size_t column_count)
{
    const uint64_t rows = lf_frame_row_count(frame);
    put(writer, &rows, sizeof rows);
    for (size_t c = 0; c < column_count; c++) {
        size_t bytes = 0;
        const bool is_text = lf_frame_column(frame, c).kind == LF_COLUMN_TEXT;
        if (is_text) {
            put_texts(writer, frame, c);
        } else if (rows > 0) {
            const void *const values = values_of(frame, c, &bytes);
            put(writer, values, rows * bytes);
        }
    }
}

/* Columns of a table that are kept; the sums over days are worked out anew. */
static size_t columns_kept(lf_backtest_table table, const lf_frame *frame)
{
    return table == LF_BACKTEST_EQUITY ? LFI_EQUITY_CASH : lf_frame_column_count(frame);
}

/* Room for all tables at once, texts aside: growing to it copies the first of them many times. */
static void make_room_for_tables(unit_writer *writer, lf_backtest *backtest)
{
    lf_frame *frame = backtest->predictions;
    size_t bytes = lf_frame_row_count(frame) * lf_frame_column_count(frame) * sizeof(double);
    for (size_t i = 0; i < backtest->strategy_count; i++) {
        const lfi_book_keeper *const keeper = &backtest->strategies[i];
        for (int t = 0; t < LF_BACKTEST_TABLE_COUNT; t++) {
            frame = keeper->tables[t];
            bytes += lf_frame_row_count(frame) * columns_kept((lf_backtest_table)t, frame) *
                     sizeof(double);
        }
        frame = keeper->tables[LF_BACKTEST_EQUITY];
        bytes += lf_frame_row_count(frame) * sizeof *keeper->accounts;
    }
    make_room(writer, bytes);
}

lf_status lf_backtest_save(
    lf_backtest *backtest,
    uint64_t key,
    const void *note,
    size_t note_bytes,
    const char *path,
    lf_error *error
)
{
    unit_writer writer = {.allocator = lfi_backtest_allocator(backtest)};
    unit_head head = {
        .key = key,
        .note_bytes = note_bytes,
        .strategy_count = backtest->strategy_count,
        .money_unit_nano = backtest->money_unit_nano,
        .instrument = backtest->last_day,
    };
    if (!backtest->is_unit || backtest->strategies[0].counts.day_count != 1) {
        return lf_error_set(error, LF_RANGE, "A unit is one day, traded as a unit.");
    }
    memcpy(head.magic, magic, sizeof magic);
    make_room_for_tables(&writer, backtest);
    put(&writer, &head, sizeof head);
    put(&writer, note, note_bytes);
    put_frame(&writer, backtest->predictions, lf_frame_column_count(backtest->predictions));
    for (size_t i = 0; i < backtest->strategy_count; i++) {
        lfi_book_keeper *const keeper = &backtest->strategies[i];
        put(&writer, &keeper->counts, sizeof keeper->counts);
        put(&writer, &keeper->ledger, sizeof keeper->ledger);
        for (int t = 0; t < LF_BACKTEST_TABLE_COUNT; t++) {
            lf_frame *const frame = keeper->tables[t];
            put_frame(&writer, frame, columns_kept((lf_backtest_table)t, frame));
        }
        const size_t rows = lf_frame_row_count(keeper->tables[LF_BACKTEST_EQUITY]);
        put(&writer, keeper->accounts, rows * sizeof *keeper->accounts);
    }
    const uint64_t sum = writer.status == LF_OK ? lf_hash64(writer.data, writer.bytes, key) : 0;
    put(&writer, &sum, sizeof sum);
    lf_status status = writer.status;
    if (status != LF_OK) {
        (void)lf_error_set(error, status, "No memory for the file of a day.");
    } else {
        status = lf_file_write_atomic(path, writer.data, writer.bytes, error);
    }
    lf_release(writer.allocator, writer.data);
    return status;
}

/* ---- reading ---------------------------------------------------------------------------- */

typedef struct unit_reader {
    const lf_allocator *allocator;
    char *data;
    size_t bytes; /* without the checksum */
    size_t at;
    unit_head head;
} unit_reader;

/* The next bytes, borrowed; NULL when there are not as many. */
static const void *take(unit_reader *reader, uint64_t count, size_t item_bytes)
{
    const size_t left = reader->bytes - reader->at;
    if (count > left / (item_bytes > 0 ? item_bytes : 1)) {
        return NULL;
    }
    const char *const at = reader->data + reader->at;
    reader->at += (size_t)count * item_bytes;
    return at;
}

static bool take_copy(unit_reader *reader, void *out, size_t bytes)
{
    const void *const from = take(reader, 1, bytes);
    if (from != NULL && bytes > 0) {
        memcpy(out, from, bytes);
    }
    return from != NULL;
}

static lf_status damaged(const char *path, lf_error *error)
{
    return lf_error_set_at(
        error, LF_FORMAT, path, LF_POSITION_NONE, LF_POSITION_NONE, "not a whole unit of a backtest"
    );
}

/* Read and verify a file; end it with lf_release() of reader->data in every case. */
static lf_status open_unit(
    const lf_allocator *allocator,
    const char *path,
    uint64_t key,
    unit_reader *reader,
    lf_error *error
)
{
    uint64_t sum = 0;
    size_t bytes = 0;
    *reader = (unit_reader){.allocator = allocator};
    const lf_status status = lf_file_read_all(allocator, path, &reader->data, &bytes, error);
    if (status != LF_OK) {
        return status;
    }
    if (bytes < sizeof reader->head + sizeof sum) {
        return damaged(path, error);
    }
    reader->bytes = bytes - sizeof sum;
    memcpy(&sum, reader->data + reader->bytes, sizeof sum);
    (void)take_copy(reader, &reader->head, sizeof reader->head);
    if (memcmp(reader->head.magic, magic, sizeof magic) != 0) {
        return damaged(path, error);
    }
    if (reader->head.key != key) {
        return lf_error_set_at(
            error,
            LF_MISMATCH,
            path,
            LF_POSITION_NONE,
            LF_POSITION_NONE,
            "a day of another configuration or of other data"
        );
    }
    const bool is_whole = lf_hash64(reader->data, reader->bytes, key) == sum;
    return is_whole ? LF_OK : damaged(path, error);
}

static lf_status
take_note(unit_reader *reader, void *note, size_t note_bytes, const char *path, lf_error *error)
{
    if (reader->head.note_bytes != note_bytes || !take_copy(reader, note, note_bytes)) {
        return damaged(path, error);
    }
    return LF_OK;
}

lf_status lf_backtest_read_note(
    const lf_allocator *allocator,
    const char *path,
    uint64_t key,
    void *note,
    size_t note_bytes,
    lf_error *error
)
{
    unit_reader reader;
    lf_status status = open_unit(allocator, path, key, &reader, error);
    if (status == LF_OK) {
        status = take_note(&reader, note, note_bytes, path, error);
    }
    lf_release(allocator, reader.data);
    return status;
}

/* LF_FORMAT: the file does not hold what it should. */
static lf_status take_texts(unit_reader *reader, lf_frame *frame, size_t column, size_t first)
{
    const size_t rows = lf_frame_row_count(frame);
    lf_status status = LF_OK;
    for (size_t i = first; i < rows && status == LF_OK;) {
        uint64_t run[2];
        if (!take_copy(reader, run, sizeof run) || run[0] == 0 || run[0] > rows - i) {
            return LF_FORMAT;
        }
        const char *const from = take(reader, run[1], 1);
        char text[256];
        if (from == NULL || run[1] >= sizeof text) {
            return LF_FORMAT;
        }
        memcpy(text, from, run[1]);
        text[run[1]] = '\0';
        status = lf_frame_set_text(frame, column, i, (size_t)run[0], text);
        i += (size_t)run[0];
    }
    return status;
}

/* Append the rows of a table, its first columns filled. */
static lf_status take_frame(unit_reader *reader, lf_frame *frame, size_t column_count)
{
    const size_t first = lf_frame_row_count(frame);
    uint64_t rows = 0;
    if (!take_copy(reader, &rows, sizeof rows) || rows > reader->bytes) {
        return LF_FORMAT;
    }
    lf_status status = lf_frame_append(frame, (size_t)rows);
    for (size_t c = 0; c < column_count && status == LF_OK && rows > 0; c++) {
        if (lf_frame_column(frame, c).kind == LF_COLUMN_TEXT) {
            status = take_texts(reader, frame, c, first);
            continue;
        }
        size_t bytes = 0;
        char *const values = values_of(frame, c, &bytes);
        const void *const from = take(reader, rows, bytes);
        status = from != NULL ? LF_OK : LF_FORMAT;
        if (from != NULL) {
            memcpy(values + first * bytes, from, (size_t)rows * bytes);
        }
    }
    return status;
}

/* ---- putting together ------------------------------------------------------------------- */

void lf_backtest_counts_add(lf_backtest_counts *sum, const lf_backtest_counts *more)
{
    lf_strategy_stats *const strategy = &sum->strategy;
    lf_venue_stats *const venue = &sum->venue;
    sum->day_count += more->day_count;
    for (int i = 0; i < LF_EXIT_COUNT; i++) {
        sum->exit_counts[i] += more->exit_counts[i];
    }
    sum->trade_count += more->trade_count;
    sum->unflat_days += more->unflat_days;
    sum->loss_stop_days += more->loss_stop_days;
    sum->kill_days += more->kill_days;
    sum->in_position_ns += more->in_position_ns;
    sum->masked_ns += more->masked_ns;
    sum->session_ns += more->session_ns;
    sum->market_lots += more->market_lots;
    sum->gateway_rejects += more->gateway_rejects;
    sum->ledger_checks += more->ledger_checks;
    strategy->signal_count += more->strategy.signal_count;
    for (int i = 0; i < 3; i++) {
        strategy->signal_counts[i] += more->strategy.signal_counts[i];
    }
    for (int i = 0; i < LF_REASON_COUNT; i++) {
        strategy->order_counts[i] += more->strategy.order_counts[i];
    }
    strategy->retry_count += more->strategy.retry_count;
    strategy->reject_count += more->strategy.reject_count;
    strategy->fill_count += more->strategy.fill_count;
    strategy->cancel_race_count += more->strategy.cancel_race_count;
    strategy->rate_limited_count += more->strategy.rate_limited_count;
    strategy->stopped |= more->strategy.stopped;
    strategy->killed |= more->strategy.killed;
    strategy->in_position_ns += more->strategy.in_position_ns;
    venue->event_count += more->venue.event_count;
    venue->request_count += more->venue.request_count;
    venue->order_count += more->venue.order_count;
    venue->report_count += more->venue.report_count;
    for (int i = 0; i < LF_REJECT_COUNT; i++) {
        venue->reject_counts[i] += more->venue.reject_counts[i];
    }
    for (int i = 0; i < LF_LIQUIDITY_COUNT; i++) {
        venue->fill_counts[i] += more->venue.fill_counts[i];
        venue->fill_lots[i] += more->venue.fill_lots[i];
    }
    venue->cancel_count += more->venue.cancel_count;
    venue->expired_count += more->venue.expired_count;
    venue->conservation_checks += more->venue.conservation_checks;
    memcpy(sum->fees_name, more->fees_name, sizeof sum->fees_name);
}

/* Every member of a ledger is a sum, so two ledgers are added member by member. */
static lf_status add_ledger(lf_ledger *sum, const lf_ledger *more, lf_error *error)
{
    enum {
        MEMBERS = sizeof *sum / sizeof(int64_t)
    };
    int64_t left[MEMBERS];
    int64_t right[MEMBERS];
    memcpy(left, sum, sizeof left);
    memcpy(right, more, sizeof right);
    for (size_t i = 0; i < MEMBERS; i++) {
        if (__builtin_add_overflow(left[i], right[i], &left[i])) {
            return lf_error_set(error, LF_RANGE, "The money of all days does not fit in 64 bits.");
        }
    }
    memcpy(sum, left, sizeof left);
    return lf_ledger_check(sum, error);
}

/* Orders and fills of the unit are numbered on from those before. */
static void number_orders(lf_frame *frame, size_t column, size_t first, size_t orders_before)
{
    int64_t *const ids = lf_frame_i64(frame, column);
    for (size_t i = first; i < lf_frame_row_count(frame); i++) {
        ids[i] += (int64_t)orders_before;
    }
}

/* The accounts of the unit, on top of what the days before left. */
static lf_status
add_accounts(lf_backtest *backtest, lfi_book_keeper *keeper, size_t first, unit_reader *reader)
{
    lf_frame *const frame = keeper->tables[LF_BACKTEST_EQUITY];
    for (size_t i = first; i < lf_frame_row_count(frame); i++) {
        lfi_account account;
        if (!take_copy(reader, &account, sizeof account)) {
            return LF_FORMAT;
        }
        const lf_ledger known = {
            .cash_nano = keeper->ledger.cash_nano + account.cash_nano,
            .fees_nano = keeper->ledger.fees_nano + account.fees_nano,
            .position_lots = lf_frame_i64(frame, LFI_EQUITY_LOTS)[i],
        };
        lfi_write_account(
            backtest->starting_cash, &known, account.mid2, reader->head.money_unit_nano, frame, i
        );
    }
    return LF_OK;
}

static lf_status append_strategy(
    lf_backtest *backtest, lfi_book_keeper *keeper, unit_reader *reader, lf_error *error
)
{
    lf_backtest_counts counts;
    lf_ledger ledger;
    size_t first[LF_BACKTEST_TABLE_COUNT];
    lf_status status =
        take_copy(reader, &counts, sizeof counts) && take_copy(reader, &ledger, sizeof ledger)
            ? LF_OK
            : LF_FORMAT;
    for (int t = 0; t < LF_BACKTEST_TABLE_COUNT && status == LF_OK; t++) {
        lf_frame *const frame = keeper->tables[t];
        first[t] = lf_frame_row_count(frame);
        status = take_frame(reader, frame, columns_kept((lf_backtest_table)t, frame));
    }
    if (status == LF_OK) {
        const size_t orders = first[LF_BACKTEST_ORDERS];
        const size_t fills = first[LF_BACKTEST_FILLS];
        number_orders(keeper->tables[LF_BACKTEST_ORDERS], LFI_ORDERS_ID, orders, orders);
        number_orders(keeper->tables[LF_BACKTEST_FILLS], LFI_FILLS_ORDER, fills, orders);
        status = add_accounts(backtest, keeper, first[LF_BACKTEST_EQUITY], reader);
    }
    if (status != LF_OK) {
        return status;
    }
    lf_backtest_counts_add(&keeper->counts, &counts);
    return add_ledger(&keeper->ledger, &ledger, error);
}

lf_status lf_backtest_append(
    lf_backtest *backtest,
    const char *path,
    uint64_t key,
    void *note,
    size_t note_bytes,
    lf_error *error
)
{
    unit_reader reader;
    lf_status status = open_unit(lfi_backtest_allocator(backtest), path, key, &reader, error);
    if (status == LF_OK) {
        status = take_note(&reader, note, note_bytes, path, error);
    }
    if (status == LF_OK && reader.head.strategy_count != backtest->strategy_count) {
        status = lf_error_set(
            error,
            LF_MISMATCH,
            "%s: a day of %zu strategies, not of %zu.",
            path,
            (size_t)reader.head.strategy_count,
            backtest->strategy_count
        );
    }
    if (status == LF_OK) {
        status = lfi_check_order(backtest, &reader.head.instrument, error);
    }
    if (status == LF_OK) {
        lf_frame *const predictions = backtest->predictions;
        status = take_frame(&reader, predictions, lf_frame_column_count(predictions));
        if (status == LF_NOMEM) {
            (void)lf_error_set(error, status, "No memory for the predictions of a day.");
        }
    }
    if (status == LF_OK) {
        backtest->last_close_ns = reader.head.instrument.session_close_ns;
        backtest->last_day = reader.head.instrument;
    }
    for (size_t i = 0; i < backtest->strategy_count && status == LF_OK; i++) {
        status = append_strategy(backtest, &backtest->strategies[i], &reader, error);
        if (status == LF_NOMEM) {
            (void)lf_error_set(error, status, "No memory for the tables of a day.");
        }
    }
    if (status == LF_FORMAT || (status == LF_OK && reader.at != reader.bytes)) {
        status = damaged(path, error);
    }
    lf_release(reader.allocator, reader.data);
    return status;
}
