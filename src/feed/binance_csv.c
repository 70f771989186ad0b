/* Rows of Binance's csv files: which columns a file has, and what stands in them. */
#include "binance_csv.h"

#include "lobster_text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Digits of a whole number; a name in a header. */
#define DIGITS_MAX 18
#define NAME_MAX_BYTES 48

/* clang-format off: one layout a block. */
static const lfi_csv_layout layouts[] = {
    {LFI_CSV_TICKER,
     false,
     false,
     7,
     {LFI_CSV_ID,
      LFI_CSV_BID,
      LFI_CSV_BID_SIZE,
      LFI_CSV_ASK,
      LFI_CSV_ASK_SIZE,
      LFI_CSV_TIME,
      LFI_CSV_TIME},
     {"update_id",
      "best_bid_price",
      "best_bid_qty",
      "best_ask_price",
      "best_ask_qty",
      "transaction_time",
      "event_time"}},
    {LFI_CSV_TRADES,
     true,
     true,
     7,
     {LFI_CSV_ID,
      LFI_CSV_PRICE,
      LFI_CSV_SIZE,
      LFI_CSV_AMOUNT,
      LFI_CSV_TIME,
      LFI_CSV_MAKER,
      LFI_CSV_MATCH},
     {"id", "price", "qty", "quote_qty", "time", "is_buyer_maker", "is_best_match"}},
    {LFI_CSV_TRADES,
     false,
     false,
     6,
     {LFI_CSV_ID, LFI_CSV_PRICE, LFI_CSV_SIZE, LFI_CSV_AMOUNT, LFI_CSV_TIME, LFI_CSV_MAKER},
     {"id", "price", "qty", "quote_qty", "time", "is_buyer_maker"}},
    {LFI_CSV_AGGREGATES,
     true,
     true,
     8,
     {LFI_CSV_ID,
      LFI_CSV_PRICE,
      LFI_CSV_SIZE,
      LFI_CSV_NUMBER,
      LFI_CSV_NUMBER,
      LFI_CSV_TIME,
      LFI_CSV_MAKER,
      LFI_CSV_MATCH},
     {"agg_trade_id",
      "price",
      "quantity",
      "first_trade_id",
      "last_trade_id",
      "transact_time",
      "is_buyer_maker",
      "is_best_match"}},
    {LFI_CSV_AGGREGATES,
     false,
     true,
     7,
     {LFI_CSV_ID,
      LFI_CSV_PRICE,
      LFI_CSV_SIZE,
      LFI_CSV_NUMBER,
      LFI_CSV_NUMBER,
      LFI_CSV_TIME,
      LFI_CSV_MAKER},
     {"agg_trade_id",
      "price",
      "quantity",
      "first_trade_id",
      "last_trade_id",
      "transact_time",
      "is_buyer_maker"}},
};
/* clang-format on */

/* What a column of each role is called, in small letters, and what it must be. */
static const struct role {
    const char *name;
    const char *expected;
} role_table[] = {
    [LFI_CSV_ID] = {"id", "a whole number"},
    [LFI_CSV_PRICE] = {"price", "a decimal number"},
    [LFI_CSV_SIZE] = {"q", "a decimal number"},
    [LFI_CSV_BID] = {"bid_price", "a decimal number"},
    [LFI_CSV_BID_SIZE] = {"bid_q", "a decimal number"},
    [LFI_CSV_ASK] = {"ask_price", "a decimal number"},
    [LFI_CSV_ASK_SIZE] = {"ask_q", "a decimal number"},
    [LFI_CSV_TIME] = {"time", "a time in ms or us since 1970"},
    [LFI_CSV_MAKER] = {"maker", "true or false"},
    [LFI_CSV_NUMBER] = {"id", "a whole number"},
    [LFI_CSV_AMOUNT] = {"q", "a decimal number"},
    [LFI_CSV_MATCH] = {"match", "true or false"},
};

/* A piece of a line. */
typedef struct piece {
    const char *at;
    size_t bytes;
} piece;

/* What is wrong with a row. */
typedef struct fault {
    int field; /* from 0; -1: the row */
    piece text;
} fault;

/* ---- fields ----------------------------------------------------------------------------- */

/* Cut a line at its commas; the number of fields, LFI_CSV_FIELDS_MAX + 1 for more than fit. */
static int cut(const char *line, size_t bytes, piece out[LFI_CSV_FIELDS_MAX])
{
    const char *at = line, *const end = line + bytes;
    int count = 0;
    for (;;) {
        const char *const comma = memchr(at, ',', (size_t)(end - at));
        if (count == LFI_CSV_FIELDS_MAX) {
            return count + 1;
        }
        out[count++] = (piece){at, (size_t)((comma != NULL ? comma : end) - at)};
        if (comma == NULL) {
            return count;
        }
        at = comma + 1;
    }
}

static bool take_whole(piece text, int64_t *out)
{
    const char *at = text.at;
    return text.bytes > 0 && at[0] != '-' &&
           lfi_take_int(&at, text.at + text.bytes, DIGITS_MAX, out);
}

static bool take_bool(piece text, bool *out)
{
    *out = text.bytes == 4 && strncasecmp(text.at, "true", 4) == 0;
    return *out || (text.bytes == 5 && strncasecmp(text.at, "false", 5) == 0);
}

static bool take_time(piece text, int64_t *out_ns)
{
    int64_t number;
    return take_whole(text, &number) && lfi_binance_time(number, out_ns);
}

/* A decimal number with any number of digits, which is not kept. */
static bool is_decimal(piece text)
{
    size_t points = 0;
    for (size_t i = 0; i < text.bytes; i++) {
        points += text.at[i] == '.';
        if (text.at[i] != '.' && (unsigned)(text.at[i] - '0') > 9) {
            return false;
        }
    }
    return text.bytes > points && points <= 1;
}

static bool take_field(uint8_t role, piece text, lfi_csv_row *row)
{
    int64_t number;
    bool flag;
    switch (role) {
    case LFI_CSV_ID:
        return take_whole(text, &row->id);
    case LFI_CSV_PRICE:
        return lfi_binance_decimal(text.at, text.bytes, &row->price_scale, &row->prices[0]);
    case LFI_CSV_SIZE:
        return lfi_binance_decimal(text.at, text.bytes, &row->size_scale, &row->sizes[0]);
    case LFI_CSV_BID:
    case LFI_CSV_ASK:
        return lfi_binance_decimal(
            text.at,
            text.bytes,
            &row->price_scale,
            &row->prices[role == LFI_CSV_BID ? LFI_BID : LFI_ASK]
        );
    case LFI_CSV_BID_SIZE:
    case LFI_CSV_ASK_SIZE:
        return lfi_binance_decimal(
            text.at,
            text.bytes,
            &row->size_scale,
            &row->sizes[role == LFI_CSV_BID_SIZE ? LFI_BID : LFI_ASK]
        );
    case LFI_CSV_TIME:
        return take_time(text, &row->ts_ns);
    case LFI_CSV_MAKER:
        return take_bool(text, &row->buyer_is_maker);
    case LFI_CSV_NUMBER:
        return take_whole(text, &number);
    case LFI_CSV_AMOUNT:
        return is_decimal(text);
    case LFI_CSV_MATCH:
    default:
        return take_bool(text, &flag);
    }
}

/* ---- rows ------------------------------------------------------------------------------- */

static bool
parse(const lfi_csv_layout *layout, const char *line, size_t bytes, lfi_csv_row *out, fault *wrong)
{
    piece fields[LFI_CSV_FIELDS_MAX];
    if (cut(line, bytes, fields) != layout->field_count) {
        *wrong = (fault){-1, {line, bytes}};
        return false;
    }
    bool has_time = false;
    int64_t ts_ns = 0;
    for (int i = 0; i < layout->field_count; i++) {
        if (!take_field(layout->roles[i], fields[i], out)) {
            *wrong = (fault){i, fields[i]};
            return false;
        }
        /* The first time is when it happened, a second one when it was told. */
        if (layout->roles[i] == LFI_CSV_TIME) {
            ts_ns = has_time ? ts_ns : out->ts_ns;
            has_time = true;
        }
    }
    out->ts_ns = ts_ns;
    return true;
}

static lf_status fail_row(const lfi_csv_input *input, const fault *wrong, lf_error *error)
{
    const lfi_csv_layout *const layout = input->layout;
    const bool is_row = wrong->field < 0;
    char name[64], expected[64];
    if (is_row) {
        (void)snprintf(name, sizeof name, "the row");
        (void)snprintf(expected, sizeof expected, "%d fields between commas", layout->field_count);
    } else {
        const int i = wrong->field;
        (void)snprintf(name, sizeof name, "field %d (%s)", i + 1, layout->names[i]);
        (void)snprintf(expected, sizeof expected, "%s", role_table[layout->roles[i]].expected);
    }
    return lf_error_set_at(
        error,
        LF_FORMAT,
        lfi_stream_name(input->stream),
        lfi_stream_line_number(input->stream),
        LF_POSITION_NONE,
        "%s must be %s, found \"%.*s\"; check that this is an unedited file of Binance",
        name,
        expected,
        (int)(wrong->text.bytes < 60 ? wrong->text.bytes : 60),
        wrong->text.at
    );
}

/* ---- layouts ---------------------------------------------------------------------------- */

/* The layout that a row has; NULL when it has none. */
static const lfi_csv_layout *layout_of(const char *line, size_t bytes)
{
    lfi_csv_row row = {0};
    fault wrong;
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        if (parse(&layouts[i], line, bytes, &row, &wrong)) {
            return &layouts[i];
        }
    }
    return NULL;
}

/* Whether a name has a word in it, whatever the letters' size. */
static bool has_word(piece name, const char *word)
{
    const size_t length = strlen(word);
    for (size_t i = 0; i + length <= name.bytes; i++) {
        if (strncasecmp(name.at + i, word, length) == 0) {
            return true;
        }
    }
    return false;
}

/* A name of a column: a letter first. */
static bool is_name(piece text)
{
    const char first = text.bytes > 0 ? (char)(text.at[0] | 0x20) : '0';
    return first >= 'a' && first <= 'z' && text.bytes <= NAME_MAX_BYTES;
}

/* Whether a line is a header of this layout. */
static bool is_header(const lfi_csv_layout *layout, const char *line, size_t bytes)
{
    piece fields[LFI_CSV_FIELDS_MAX];
    bool is_one = cut(line, bytes, fields) == layout->field_count;
    for (int i = 0; i < layout->field_count && is_one; i++) {
        is_one = is_name(fields[i]) && has_word(fields[i], role_table[layout->roles[i]].name);
    }
    return is_one;
}

/* ---- files ------------------------------------------------------------------------------ */

static lf_status fail_layout(const lfi_csv_input *input, lf_error *error)
{
    return lf_error_set_at(
        error,
        LF_FORMAT,
        lfi_stream_name(input->stream),
        lfi_stream_line_number(input->stream),
        LF_POSITION_NONE,
        "neither trades, aggTrades nor bookTicker as data.binance.vision has them"
    );
}

/* Find the layout by the first row and what is above it. */
static lf_status find_layout(lfi_csv_input *input, lf_error *error)
{
    lfi_csv_half *const half = &input->halves[input->half];
    char head[LFI_CSV_ROW_BYTES_MAX];
    size_t head_bytes = 0;
    input->layout = NULL;
    for (int i = 0; i < 2 && input->layout == NULL; i++) {
        const char *line;
        size_t bytes;
        const lf_status status = lfi_stream_line(half->stream, &line, &bytes, error);
        if (status != LF_OK) {
            return status;
        }
        if (line == NULL || bytes == 0 || bytes > sizeof head) {
            return fail_layout(input, error);
        }
        input->layout = layout_of(line, bytes);
        if (input->layout != NULL) {
            memcpy(half->first, line, bytes);
            half->first_bytes = bytes;
        } else if (i == 0) {
            memcpy(head, line, bytes);
            head_bytes = bytes;
        }
    }
    return input->layout != NULL && (head_bytes == 0 || is_header(input->layout, head, head_bytes))
               ? LF_OK
               : fail_layout(input, error);
}

/* Go over to a reading of the file. */
static void turn_to(lfi_csv_input *input, int half)
{
    input->half = half;
    input->stream = input->halves[half].stream;
}

lf_status lfi_csv_open(
    const lf_allocator *allocator,
    const char *name,
    int64_t split_id,
    lfi_csv_input *out,
    lf_error *error
)
{
    *out = (lfi_csv_input){.split_id = split_id};
    for (int half = split_id > 0 ? 1 : 0; half >= 0; half--) {
        lf_status status = lfi_capture_open(allocator, name, &out->halves[half].stream, error);
        if (status == LF_OK) {
            turn_to(out, half);
            lfi_stream_allow_lines(out->stream, LFI_CSV_ROW_BYTES_MAX);
            status = find_layout(out, error);
        }
        if (status != LF_OK) {
            lfi_csv_close(out);
            return status;
        }
    }
    return LF_OK;
}

void lfi_csv_close(lfi_csv_input *input)
{
    for (int half = 0; half < 2; half++) {
        lfi_stream_close(input->halves[half].stream);
        input->halves[half].stream = NULL;
    }
    input->stream = NULL;
}

int64_t lfi_csv_input_bytes(const lfi_csv_input *input)
{
    const lfi_stream *const second = input->halves[1].stream;
    return lfi_stream_input_bytes(input->halves[0].stream) +
           (second != NULL ? lfi_stream_input_bytes(second) : 0);
}

int64_t lfi_csv_text_bytes(const lfi_csv_input *input)
{
    const lfi_stream *const second = input->halves[1].stream;
    return lfi_stream_text_bytes(input->halves[0].stream) +
           (second != NULL ? lfi_stream_text_bytes(second) : 0);
}

/* The next row as it stands. */
static lf_status next_row(lfi_csv_input *input, bool *got, lf_error *error)
{
    lfi_csv_half *const half = &input->halves[input->half];
    const char *line = half->first;
    size_t bytes = half->first_bytes;
    fault wrong;
    half->first_bytes = 0;
    *got = true;
    while (bytes == 0) {
        const lf_status status = lfi_stream_line(half->stream, &line, &bytes, error);
        if (status != LF_OK || line == NULL) {
            *got = false;
            return status;
        }
    }
    return parse(input->layout, line, bytes, &input->row, &wrong) ? LF_OK
                                                                  : fail_row(input, &wrong, error);
}

lf_status lfi_csv_next(lfi_csv_input *input, bool *got, lf_error *error)
{
    for (;;) {
        const lf_status status = next_row(input, got, error);
        const bool is_later = input->split_id > 0 && input->row.id >= input->split_id;
        if (status != LF_OK || (*got && is_later == (input->half == 1))) {
            return status;
        }
        if (!*got && (input->split_id == 0 || input->half == 1)) {
            return LF_OK;
        }
        if (!*got) {
            turn_to(input, 1);
        }
    }
}

bool lfi_csv_probe(const char *name)
{
    lfi_csv_input input;
    const bool is_one = lfi_csv_open(NULL, name, 0, &input, NULL) == LF_OK;
    if (is_one) {
        lfi_csv_close(&input);
    }
    return is_one;
}
