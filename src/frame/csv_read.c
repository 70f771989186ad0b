/* Comma-separated values (RFC 4180, LF or CRLF) as a table; the kinds are guessed from all rows. */
#include <lobflow/frame.h>

#include <string.h>
#include <strings.h>

#include "frame_internal.h"

/* One cell; quoted ones still have their doubled quotes. */
typedef struct cell {
    const char *text;
    size_t bytes;
    bool quoted;
    bool last; /* the line ends behind it */
} cell;

/* A place in the file. */
typedef struct cursor {
    char *at;
    char *end;
    int64_t line; /* 1-based, of the next cell */
} cursor;

/* What all cells of a column up to now could be. */
typedef struct guess {
    bool whole, number, truth, zero_one, seen;
} guess;

typedef struct reader {
    const lf_allocator *allocator;
    const char *path;
    lf_error *error;
    char *data;
    size_t bytes;
    cursor rows; /* the first row behind the header */
    size_t column_count;
    size_t row_count;
    lf_column_spec *specs;
    guess *guesses;
    lf_frame *frame;
} reader;

static lf_status bad_line(const reader *in, int64_t line, const char *what)
{
    return lf_error_set_at(in->error, LF_FORMAT, in->path, line, LF_POSITION_NONE, "%s.", what);
}

/* Ends the cell before at: steps over a comma or a line end. False when something else follows. */
static bool step_over_end(cursor *from, cell *out)
{
    out->last = true;
    if (from->at == from->end) {
        return true;
    }
    if (*from->at == ',') {
        out->last = false;
        from->at++;
        return true;
    }
    if (*from->at == '\r' && from->at + 1 < from->end && from->at[1] == '\n') {
        from->at++;
    }
    if (*from->at != '\n') {
        return false;
    }
    from->at++;
    from->line++;
    return true;
}

static bool next_quoted(cursor *from, cell *out)
{
    from->at++;
    out->text = from->at;
    out->quoted = true;
    for (;; from->at++) {
        if (from->at == from->end) {
            return false;
        }
        from->line += *from->at == '\n' ? 1 : 0;
        if (*from->at != '"') {
            continue;
        }
        if (from->at + 1 < from->end && from->at[1] == '"') {
            from->at++;
            continue;
        }
        break;
    }
    out->bytes = (size_t)(from->at - out->text);
    from->at++;
    return step_over_end(from, out);
}

/* The next cell; false when a quote is not closed or something stands behind it. */
static bool next_cell(cursor *from, cell *out)
{
    if (from->at < from->end && *from->at == '"') {
        return next_quoted(from, out);
    }
    out->text = from->at;
    out->quoted = false;
    while (from->at < from->end && *from->at != ',' && *from->at != '\n') {
        from->at++;
    }
    out->bytes = (size_t)(from->at - out->text);
    if (from->at == from->end || *from->at == '\n') {
        out->bytes -= out->bytes > 0 && out->text[out->bytes - 1] == '\r' ? 1 : 0;
    }
    return step_over_end(from, out);
}

/* A whole line that is empty is no row, except in a table of one column. */
static void skip_empty_lines(const reader *in, cursor *from)
{
    while (in->column_count > 1 && from->at < from->end) {
        char *at = from->at + (*from->at == '\r' && from->at + 1 < from->end ? 1 : 0);
        if (*at != '\n') {
            return;
        }
        from->at = at + 1;
        from->line++;
    }
}

/* ---- header ---- */

/* Takes doubled quotes apart in place and ends the text with a NUL; the file is our own copy. */
static char *unquote(const cell *from)
{
    char *start = (char *)(uintptr_t)from->text;
    char *to = start;
    for (size_t i = 0; i < from->bytes; i++) {
        *to++ = start[i];
        i += from->quoted && start[i] == '"' ? 1 : 0;
    }
    /* Behind a cell stands a comma, a quote, a line end or the NUL of the file. */
    *to = '\0';
    return start;
}

static lf_status read_header(reader *in)
{
    /* Excel and others put a byte order mark in front. */
    const size_t mark = in->bytes >= 3 && memcmp(in->data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    cursor from = {in->data + mark, in->data + in->bytes, 1};
    if (from.at == from.end) {
        return bad_line(in, 1, "the file is empty; a line with the names of the columns is needed");
    }
    if (memchr(in->data, '\0', in->bytes) != NULL) {
        return lf_error_set_at(
            in->error,
            LF_FORMAT,
            in->path,
            LF_POSITION_NONE,
            (char *)memchr(in->data, '\0', in->bytes) - in->data,
            "a NUL byte has no place in a text file."
        );
    }
    const cursor start = from;
    cell name = {.last = false};
    for (in->column_count = 0; !name.last; in->column_count++) {
        if (!next_cell(&from, &name)) {
            return bad_line(in, 1, "a quote in the line of names is not closed");
        }
    }
    in->specs = lf_allocate(in->allocator, in->column_count, sizeof *in->specs);
    in->guesses = lf_allocate(in->allocator, in->column_count, sizeof *in->guesses);
    if (in->specs == NULL || in->guesses == NULL) {
        return LF_NOMEM;
    }
    from = start;
    for (size_t i = 0; i < in->column_count; i++) {
        (void)next_cell(&from, &name);
        in->specs[i].name = unquote(&name);
        in->guesses[i] = (guess){true, true, true, true, false};
    }
    in->rows = from;
    return LF_OK;
}

/* ---- first pass: kinds ---- */

static bool is_word(const cell *from, const char *word)
{
    return from->bytes == strlen(word) && strncasecmp(from->text, word, from->bytes) == 0;
}

static void narrow(guess *column, const cell *from)
{
    int64_t whole;
    double number;
    column->seen = true;
    if (from->quoted) {
        *column = (guess){.seen = true};
        return;
    }
    column->truth = column->truth && (is_word(from, "true") || is_word(from, "false"));
    if (column->whole && lf_int64_parse(from->text, from->bytes, &whole) == LF_OK) {
        column->zero_one = column->zero_one && (whole == 0 || whole == 1);
        return;
    }
    column->whole = false;
    column->number = column->number && (from->bytes == 0 ||
                                        lf_double_parse(from->text, from->bytes, &number) == LF_OK);
}

static lf_column_kind kind_of(const guess *column, const char *name)
{
    if (!column->seen) {
        return strncmp(name, "ts_", 3) == 0 ? LF_COLUMN_TIME : LF_COLUMN_F64;
    }
    if (column->whole && strncmp(name, "ts_", 3) == 0) {
        return LF_COLUMN_TIME;
    }
    if (column->truth || (column->whole && column->zero_one && strcmp(name, "valid") == 0)) {
        return LF_COLUMN_BOOL;
    }
    if (column->whole) {
        return LF_COLUMN_I64;
    }
    return column->number ? LF_COLUMN_F64 : LF_COLUMN_TEXT;
}

static lf_status wrong_count(const reader *in, int64_t line, size_t found)
{
    return lf_error_set_at(
        in->error,
        LF_FORMAT,
        in->path,
        line,
        LF_POSITION_NONE,
        "the header names %zu columns, but this line has %s%zu.",
        in->column_count,
        found > in->column_count ? "more than " : "",
        found > in->column_count ? in->column_count : found
    );
}

static lf_status guess_kinds(reader *in)
{
    cursor from = in->rows;
    skip_empty_lines(in, &from);
    while (from.at < from.end) {
        const int64_t line = from.line;
        cell value = {.last = false};
        size_t count = 0;
        while (!value.last) {
            if (!next_cell(&from, &value)) {
                return bad_line(in, line, "a quote is not closed, or text follows one");
            }
            if (count < in->column_count) {
                narrow(&in->guesses[count], &value);
            }
            count++;
        }
        if (count != in->column_count) {
            return wrong_count(in, line, count);
        }
        in->row_count++;
        skip_empty_lines(in, &from);
    }
    for (size_t i = 0; i < in->column_count; i++) {
        in->specs[i].kind = kind_of(&in->guesses[i], in->specs[i].name);
    }
    return LF_OK;
}

/* ---- second pass: values ---- */

static lf_status store(reader *in, size_t column, size_t row, const cell *from)
{
    lf_frame *frame = in->frame;
    switch (in->specs[column].kind) {
    case LF_COLUMN_F64:
        /* An empty cell stays NaN. */
        return from->bytes == 0
                   ? LF_OK
                   : lf_double_parse(from->text, from->bytes, &lf_frame_f64(frame, column)[row]);
    case LF_COLUMN_I64:
    case LF_COLUMN_TIME:
        return lf_int64_parse(from->text, from->bytes, &lf_frame_i64(frame, column)[row]);
    case LF_COLUMN_BOOL:
        lf_frame_bool(frame, column)[row] = is_word(from, "true") || is_word(from, "1") ? 1 : 0;
        return LF_OK;
    case LF_COLUMN_TEXT:
        return lf_frame_set_text(frame, column, row, 1, unquote(from));
    }
    return LF_OK;
}

static lf_status read_rows(reader *in)
{
    if (lf_frame_append(in->frame, in->row_count) != LF_OK) {
        return LF_NOMEM;
    }
    cursor from = in->rows;
    for (size_t row = 0; row < in->row_count; row++) {
        skip_empty_lines(in, &from);
        for (size_t i = 0; i < in->column_count; i++) {
            cell value;
            (void)next_cell(&from, &value);
            const lf_status status = store(in, i, row, &value);
            if (status != LF_OK) {
                return status;
            }
        }
    }
    return LF_OK;
}

lf_status
lfi_csv_read(const lf_allocator *allocator, const char *path, lf_frame **out, lf_error *error)
{
    *out = NULL;
    reader in = {.allocator = allocator, .path = path, .error = error};
    lf_status status = lf_file_read_all(allocator, path, &in.data, &in.bytes, error);
    if (status == LF_OK) {
        status = read_header(&in);
    }
    if (status == LF_OK) {
        status = guess_kinds(&in);
    }
    if (status == LF_OK) {
        status = lf_frame_create(allocator, in.specs, in.column_count, 0, &in.frame, error);
    }
    if (status == LF_OK) {
        status = read_rows(&in);
    }
    lf_release(allocator, in.specs);
    lf_release(allocator, in.guesses);
    lf_release(allocator, in.data);
    if (status == LF_NOMEM) {
        (void)lf_error_set(error, LF_NOMEM, "No memory to read the table %s.", path);
    }
    if (status != LF_OK) {
        lf_frame_destroy(in.frame);
        return status;
    }
    *out = in.frame;
    return LF_OK;
}
