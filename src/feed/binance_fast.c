/* The direct reader of Binance messages in the usual spelling: no blanks, no escapes. */
#include "binance_header.h"
#include "binance_levels.h"
#include "json_cursor.h"

#include <string.h>

/* Where the reader stands, and what it has met. */
typedef struct cursor {
    lfi_cursor text;
    uint64_t letters; /* keys of one letter that were met: none may come twice */
    /* Where levels end; NULL: this processor does not read them in bulk. */
    lfi_binance_brackets *brackets;
} cursor;

/* A key of one letter in cursor.letters, and the longer ones. */
#define KEY(letter) (UINT64_C(1) << ((letter)&63))
#define KEY_PU KEY(0)
#define KEY_PS KEY(27)
#define KEY_BIDS KEY(28)
#define KEY_ASKS KEY(29)
#define KEY_LAST KEY(30)

/* ---- values ----------------------------------------------------------------------------- */

static bool take_flag(cursor *c, bool *out)
{
    *out = c->text.at < c->text.end && *c->text.at == 't';
    return *out ? lfi_take_word(&c->text, "true", 4) : lfi_take_word(&c->text, "false", 5);
}

/* ---- levels ----------------------------------------------------------------------------- */

/* One level of any kind, from its bracket on. */
static inline bool
take_any_level(cursor *c, lfi_binance_scale *prices, lfi_binance_scale *sizes, lfi_l2_level *out)
{
    if (!lfi_take_char(&c->text, '[')) {
        return false;
    }
    if (c->text.at < c->text.end && *c->text.at == '"' &&
        lfi_take_level(c->text.at + 1, prices, sizes, out, &c->text.at)) {
        return c->text.at < c->text.end;
    }
    return lfi_take_decimal(&c->text, prices, &out->price_ticks) && lfi_take_char(&c->text, ',') &&
           lfi_take_decimal(&c->text, sizes, &out->size_lots) && lfi_take_char(&c->text, ']');
}

/* [["price","size"],...] */
static bool take_levels(cursor *c, lfi_binance_message *m, size_t *first, size_t *count)
{
    *first = m->level_count;
    if (!lfi_take_char(&c->text, '[')) {
        return false;
    }
    if (lfi_take_char(&c->text, ']')) {
        return true;
    }
    lfi_binance_scale prices = m->price_scale, sizes = m->size_scale;
    lfi_l2_level *out = m->levels + m->level_count;
    const lfi_l2_level *const full = m->levels + m->level_capacity;
    bool fine = true;
    do {
        lfi_binance_span span = {c->text.begin, c->text.at, c->text.end};
        const size_t many =
            c->brackets != NULL
                ? lfi_binance_levels(
                      c->brackets, m->shapes, &span, &prices, &sizes, out, (size_t)(full - out)
                  )
                : 0;
        out += many;
        c->text.at = span.at;
        /* What is not of one shape is taken one by one. */
        if (c->text.at < c->text.end && (many == 0 || *c->text.at == '[')) {
            fine = out < full && take_any_level(c, &prices, &sizes, out);
            out++;
        }
    } while (fine && lfi_take_char(&c->text, ','));
    m->price_scale = prices;
    m->size_scale = sizes;
    *count = (size_t)(out - m->levels) - m->level_count;
    m->level_count += *count;
    return fine && lfi_take_char(&c->text, ']');
}

/* ---- keys ------------------------------------------------------------------------------- */

static bool take_kind(cursor *c, lfi_binance_message *m)
{
    const char *text;
    size_t bytes;
    if (!lfi_take_string(&c->text, &text, &bytes)) {
        return false;
    }
    if (bytes == 11 && memcmp(text, "depthUpdate", 11) == 0) {
        m->kind = LFI_BINANCE_DEPTH;
    } else if (bytes == 5 && memcmp(text, "trade", 5) == 0) {
        m->kind = LFI_BINANCE_TRADE;
    } else if (bytes == 8 && memcmp(text, "aggTrade", 8) == 0) {
        m->kind = LFI_BINANCE_AGGREGATE;
    } else {
        return false; /* not one of the usual ones */
    }
    return true;
}

static bool take_time(cursor *c, int64_t *out_ns)
{
    int64_t number;
    return lfi_take_integer(&c->text, &number) && lfi_binance_time(number, out_ns);
}

static bool take_symbol(cursor *c, lfi_binance_message *m)
{
    const char *text;
    size_t bytes;
    return lfi_take_string(&c->text, &text, &bytes) && lfi_binance_set_symbol(m, text, bytes);
}

/* a: levels of a diff, the number of an aggregate. */
static bool take_asks(cursor *c, lfi_binance_message *m)
{
    return c->text.at < c->text.end && *c->text.at == '['
               ? take_levels(c, m, &m->ask_first, &m->ask_count)
               : lfi_take_integer(&c->text, &m->trade_id);
}

static bool take_order_kind(cursor *c, lfi_binance_message *m)
{
    const char *text;
    size_t bytes;
    if (!lfi_take_string(&c->text, &text, &bytes)) {
        return false;
    }
    m->is_market = bytes == 6 && memcmp(text, "MARKET", 6) == 0;
    return true;
}

/* The value of a key of one letter. */
static bool take_letter(cursor *c, char key, lfi_binance_message *m)
{
    bool flag;
    const uint64_t bit = KEY(key);
    if (key < 'A' || (c->letters & bit) != 0) {
        return false;
    }
    c->letters |= bit;
    switch (key) {
    case 'e':
        return take_kind(c, m);
    case 'E':
        return take_time(c, &m->event_ns);
    case 'T':
        return take_time(c, &m->time_ns);
    case 's':
        return take_symbol(c, m);
    case 'U':
    case 'f':
        return lfi_take_integer(&c->text, &m->first_id);
    case 'u':
    case 'l':
        return lfi_take_integer(&c->text, &m->last_id);
    case 't':
        return lfi_take_integer(&c->text, &m->trade_id);
    case 'b':
        return take_levels(c, m, &m->bid_first, &m->bid_count);
    case 'a':
        return take_asks(c, m);
    case 'p':
        return lfi_take_decimal(&c->text, &m->price_scale, &m->price);
    case 'q':
        return lfi_take_decimal(&c->text, &m->size_scale, &m->size);
    case 'm':
        return take_flag(c, &m->buyer_is_maker);
    case 'M':
        return take_flag(c, &flag);
    case 'X':
        return take_order_kind(c, m);
    default:
        return false;
    }
}

/* A longer key and its value; the REST snapshot has no others. A second one of a name is left to
   the general reader, which refuses it. */
static bool take_named(cursor *c, lfi_binance_message *m)
{
    const char *text;
    size_t bytes;
    const uint64_t letters = c->letters;
    if (lfi_take_word(&c->text, "\"pu\":", 5)) {
        c->letters |= KEY_PU;
        return letters != c->letters && lfi_take_integer(&c->text, &m->before_id);
    }
    if (lfi_take_word(&c->text, "\"ps\":", 5)) {
        c->letters |= KEY_PS;
        m->is_coin_margined = true;
        return letters != c->letters && lfi_take_string(&c->text, &text, &bytes);
    }
    if (lfi_take_word(&c->text, "\"bids\":", 7)) {
        c->letters |= KEY_BIDS;
        return letters != c->letters && take_levels(c, m, &m->bid_first, &m->bid_count);
    }
    if (lfi_take_word(&c->text, "\"asks\":", 7)) {
        c->letters |= KEY_ASKS;
        return letters != c->letters && take_levels(c, m, &m->ask_first, &m->ask_count);
    }
    if (lfi_take_word(&c->text, "\"lastUpdateId\":", 15)) {
        c->letters |= KEY_LAST;
        m->kind = LFI_BINANCE_SNAPSHOT;
        return letters != c->letters && lfi_take_integer(&c->text, &m->last_id);
    }
    return false;
}

static bool take_object(cursor *c, lfi_binance_message *m)
{
    if (!lfi_take_char(&c->text, '{')) {
        return false;
    }
    do {
        const bool is_letter = c->text.end - c->text.at > 4 && c->text.at[0] == '"' &&
                               c->text.at[2] == '"' && c->text.at[3] == ':' && c->text.at[1] != '"';
        if (is_letter) {
            const char key = c->text.at[1];
            c->text.at += 4;
            if (!take_letter(c, key, m)) {
                return false;
            }
        } else if (!take_named(c, m)) {
            return false;
        }
    } while (lfi_take_char(&c->text, ','));
    return lfi_take_char(&c->text, '}');
}

/* Whether the keys are those of the kind: a price in a diff or levels in a trade are not. */
static bool is_usual(const cursor *c, const lfi_binance_message *m)
{
    const uint64_t all = KEY('e') | KEY('E') | KEY('s') | KEY('T') | KEY_PS;
    const uint64_t trade = KEY('p') | KEY('q') | KEY('m');
    const uint64_t levels = KEY('b') | KEY('a');
    const uint64_t snapshot = KEY_BIDS | KEY_ASKS | KEY_LAST;
    uint64_t needed, allowed;
    bool fine = true;
    switch (m->kind) {
    case LFI_BINANCE_DEPTH:
        needed = levels;
        allowed = all | KEY('U') | KEY('u') | KEY_PU;
        fine = m->trade_id == LFI_BINANCE_NONE;
        break;
    case LFI_BINANCE_TRADE:
        needed = trade;
        allowed = all | KEY('t') | KEY('M') | KEY('X');
        break;
    case LFI_BINANCE_AGGREGATE:
        needed = trade | KEY('a');
        allowed = all | KEY('f') | KEY('l') | KEY('M');
        fine = m->trade_id != LFI_BINANCE_NONE;
        break;
    case LFI_BINANCE_SNAPSHOT:
        needed = snapshot;
        allowed = KEY('E') | KEY('T');
        break;
    default:
        return false;
    }
    return fine && (c->letters & needed) == needed && (c->letters & ~(needed | allowed)) == 0;
}

/* A depth message whose header is the last one's but for its digits. */
static bool take_alike(cursor *c, lfi_binance_message *out)
{
    const size_t bytes = (size_t)(c->text.end - c->text.at);
    const size_t header = lfi_binance_header_take(c->text.at, bytes, out);
    if (header == 0) {
        return false;
    }
    const bool has_stream = c->text.at[2] == 's'; /* {"stream":...: one brace more at the end */
    c->text.at += header;
    return take_levels(c, out, &out->bid_first, &out->bid_count) &&
           lfi_take_word(&c->text, ",\"a\":", 5) &&
           take_levels(c, out, &out->ask_first, &out->ask_count) &&
           lfi_take_word(&c->text, "}}", has_stream ? 2 : 1) && c->text.at == c->text.end;
}

/* Every key of a message. */
static bool take_keys(cursor *c, lfi_binance_message *out)
{
    const char *stream;
    size_t stream_bytes;
    lfi_binance_reset(out);
    if (!lfi_take_word(&c->text, "{\"stream\":", 10)) {
        return take_object(c, out) && c->text.at == c->text.end && is_usual(c, out);
    }
    if (!lfi_take_string(&c->text, &stream, &stream_bytes) ||
        !lfi_take_word(&c->text, ",\"data\":", 8)) {
        return false;
    }
    if (!lfi_binance_is_read(stream, stream_bytes)) {
        /* Not read further, but a line that is cut off must not pass. */
        return c->text.end - c->text.begin > 2 && c->text.end[-1] == '}' && c->text.end[-2] == '}';
    }
    return take_object(c, out) && lfi_take_char(&c->text, '}') && c->text.at == c->text.end &&
           is_usual(c, out);
}

static bool parse(const char *json, size_t bytes, bool has_bulk, lfi_binance_message *out)
{
    const lfi_binance_scale prices = out->price_scale, sizes = out->size_scale;
    lfi_binance_brackets brackets;
    brackets.begin = brackets.end = NULL;
    brackets.next = brackets.count = 0;
    cursor c = {.text = {json, json, json + bytes}, .brackets = has_bulk ? &brackets : NULL};
    if (has_bulk && take_alike(&c, out)) {
        return true;
    }
    /* Levels that were read in vain have left no marks. */
    out->price_scale = prices;
    out->size_scale = sizes;
    brackets.begin = NULL;
    brackets.next = brackets.count = 0;
    c = (cursor){.text = {json, json, json + bytes}, .brackets = c.brackets};
    const bool is_read = take_keys(&c, out);
    if (is_read && has_bulk && out->kind == LFI_BINANCE_DEPTH) {
        lfi_binance_header_learn(json, bytes, out);
    }
    return is_read;
}

bool lfi_binance_parse_fast(const char *json, size_t bytes, lfi_binance_message *out)
{
    return parse(json, bytes, lfi_binance_levels_usable(), out);
}

bool lfi_binance_parse_plain(const char *json, size_t bytes, lfi_binance_message *out)
{
    return parse(json, bytes, false, out);
}
