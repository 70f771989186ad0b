/* The direct reader of Binance messages in the usual spelling: no blanks, no escapes. */
#include "binance_levels.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* Where the reader stands. Bytes from at on may be read up to LFI_LINE_SLACK behind end. */
typedef struct cursor {
    const char *begin, *at, *end;
    uint64_t letters; /* keys of one letter that were met: none may come twice */
    bool has_bulk;    /* this processor reads levels in bulk */
} cursor;

/* A key of one letter in cursor.letters, and the longer ones. */
#define KEY(letter) (UINT64_C(1) << ((letter)&63))
#define KEY_PU KEY(0)
#define KEY_PS KEY(27)
#define KEY_BIDS KEY(28)
#define KEY_ASKS KEY(29)
#define KEY_LAST KEY(30)

static const int64_t powers[LFI_BINANCE_PLACES_MAX + 1] = {
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

/* ---- digits ----------------------------------------------------------------------------- */

/* Bit i: the byte i is no digit. Bits from 32 on are set, so that there always is a next one. */
static inline uint64_t not_digits(const char *text)
{
    const uint64_t beyond = UINT64_C(0xffffffff00000000);
#if defined(__SSE2__)
    const __m128i zero = _mm_set1_epi8('0'), nine = _mm_set1_epi8(9);
    const __m128i low = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(const void *)text), zero);
    const __m128i high =
        _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(const void *)(text + 16)), zero);
    const int low_bits = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(low, nine), low));
    const int high_bits = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(high, nine), high));
    return beyond | (uint32_t) ~((uint32_t)low_bits | (uint32_t)high_bits << 16);
#else
    uint32_t digits = 0;
    for (int i = 0; i < 32; i++) {
        digits |= (uint32_t)((unsigned char)(text[i] - '0') <= 9) << i;
    }
    return beyond | (uint32_t)~digits;
#endif
}

/* How many of 17 bytes are digits before the first that is none; 17 when all are. */
static inline unsigned count_digits(const char *text)
{
#if defined(__SSE2__)
    const __m128i zero = _mm_set1_epi8('0'), nine = _mm_set1_epi8(9);
    const __m128i low = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(const void *)text), zero);
    const int bits = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(low, nine), low));
    const unsigned count = (unsigned)__builtin_ctz(~(unsigned)bits);
    return count == 16 && (unsigned char)(text[16] - '0') <= 9 ? 17 : count;
#else
    unsigned count = 0;
    while (count < 17 && (unsigned char)(text[count] - '0') <= 9) {
        count++;
    }
    return count;
#endif
}

static inline unsigned next_bit(uint64_t *bits)
{
    const unsigned at = (unsigned)__builtin_ctzll(*bits);
    *bits &= *bits - 1;
    return at;
}

/* Eight bytes as digits, the first one lowest; what is no digit becomes anything. */
static inline uint64_t load_digits(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word ^ UINT64_C(0x3030303030303030);
}

/* The number that eight digits make, the first one lowest. */
static inline int64_t value_of(uint64_t word)
{
    word = (word * 10 + (word >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
    word = (word * 100 + (word >> 16)) & UINT64_C(0x0000ffff0000ffff);
    return (int64_t)((word * 10000 + (word >> 32)) & UINT64_C(0xffffffff));
}

/* The number of count digits, 1 to 8. */
static inline int64_t whole_of(const char *text, unsigned count)
{
    return value_of(load_digits(text) << (64 - 8 * count));
}

/* A decimal of whole digits (1 to 8) and parts (0 to 8) behind a point. */
static inline int64_t
decimal_of(const char *text, unsigned whole, unsigned parts, lfi_binance_scale *scale)
{
    int64_t value = whole_of(text, whole) * powers[scale->places];
    if (parts > 0) {
        const uint64_t word = load_digits(text + whole + 1) & (UINT64_MAX >> (64 - 8 * parts));
        scale->fractions |= word;
        value += scale->places > 0 ? value_of(word << (64 - 8 * scale->places)) : 0;
    }
    return value;
}

/* ---- tokens ----------------------------------------------------------------------------- */

static inline bool take_char(cursor *c, char wanted)
{
    const bool fits = c->at < c->end && *c->at == wanted;
    c->at += fits;
    return fits;
}

static inline bool take_word(cursor *c, const char *word, size_t bytes)
{
    const bool fits = (size_t)(c->end - c->at) >= bytes && memcmp(c->at, word, bytes) == 0;
    c->at += fits ? bytes : 0;
    return fits;
}

/* A string of letters that need no second look; its bytes lie in the line. */
static bool take_string(cursor *c, const char **text, size_t *bytes)
{
    if (!take_char(c, '"')) {
        return false;
    }
    const char *at = c->at;
    while (at < c->end && *at != '"') {
        if (*at < ' ' || *at > '~' || *at == '\\') {
            return false;
        }
        at++;
    }
    *text = c->at;
    *bytes = (size_t)(at - c->at);
    c->at = at + 1;
    return at < c->end;
}

/* A whole number of 1 to 16 digits, as JSON has it. */
static inline bool take_integer(cursor *c, int64_t *out)
{
    const char *const text = c->at;
    if (text >= c->end) {
        return false;
    }
    const unsigned count = count_digits(text);
    if (count == 0 || count > 16 || (count > 1 && text[0] == '0')) {
        return false;
    }
    *out = count <= 8 ? whole_of(text, count)
                      : whole_of(text, 8) * powers[count - 8] + whole_of(text + 8, count - 8);
    c->at += count;
    return c->at < c->end && (*c->at == ',' || *c->at == '}');
}

static bool take_decimal(cursor *c, lfi_binance_scale *scale, int64_t *out)
{
    const char *text;
    size_t bytes;
    return take_string(c, &text, &bytes) && lfi_binance_decimal(text, bytes, scale, out);
}

static bool take_flag(cursor *c, bool *out)
{
    *out = c->at < c->end && *c->at == 't';
    return *out ? take_word(c, "true", 4) : take_word(c, "false", 5);
}

/* ---- levels ----------------------------------------------------------------------------- */

/*
 * Price and size whose text fits 32 bytes, from behind the first quote on. All places where the
 * digits end come out of one comparison; what stands there is then compared.
 */
static inline bool take_level(
    const char *text,
    lfi_binance_scale *prices,
    lfi_binance_scale *sizes,
    lfi_l2_level *out,
    const char **end
)
{
    uint64_t bits = not_digits(text);
    const unsigned whole = next_bit(&bits);
    const bool has_point = text[whole] == '.';
    const unsigned close = has_point ? next_bit(&bits) : whole;
    /* "," after the price: the next two ends of digits follow at once. */
    const bool is_parted = next_bit(&bits) == close + 1 && next_bit(&bits) == close + 2 &&
                           memcmp(text + close, "\",\"", 3) == 0;
    const unsigned second = close + 3;
    const unsigned second_whole = next_bit(&bits);
    const bool has_second_point = second_whole < 32 && text[second_whole] == '.';
    const unsigned second_close = has_second_point ? next_bit(&bits) : second_whole;
    const unsigned parts = has_point ? close - whole - 1 : 0;
    const unsigned second_parts = has_second_point ? second_close - second_whole - 1 : 0;
    /* Lengths of 0 wrap around and are too large, except the parts behind a point. */
    const bool fits = is_parted && second_close < 32 && whole - 1 < 8 && parts <= 8 &&
                      second_whole - second - 1 < 8 && second_parts <= 8 &&
                      has_point == (parts > 0) && has_second_point == (second_parts > 0) &&
                      text[second_close] == '"' && text[second_close + 1] == ']';
    if (!fits) {
        return false;
    }
    out->price_ticks = decimal_of(text, whole, parts, prices);
    out->size_lots = decimal_of(text + second, second_whole - second, second_parts, sizes);
    *end = text + second_close + 2;
    return true;
}

/* One level of any kind, from its bracket on. */
static inline bool
take_any_level(cursor *c, lfi_binance_scale *prices, lfi_binance_scale *sizes, lfi_l2_level *out)
{
    if (!take_char(c, '[')) {
        return false;
    }
    if (c->at < c->end && *c->at == '"' && take_level(c->at + 1, prices, sizes, out, &c->at)) {
        return c->at < c->end;
    }
    return take_decimal(c, prices, &out->price_ticks) && take_char(c, ',') &&
           take_decimal(c, sizes, &out->size_lots) && take_char(c, ']');
}

/* [["price","size"],...] */
static bool take_levels(cursor *c, lfi_binance_message *m, size_t *first, size_t *count)
{
    *first = m->level_count;
    if (!take_char(c, '[')) {
        return false;
    }
    if (take_char(c, ']')) {
        return true;
    }
    lfi_binance_scale prices = m->price_scale, sizes = m->size_scale;
    lfi_l2_level *out = m->levels + m->level_count;
    const lfi_l2_level *const full = m->levels + m->level_capacity;
    bool fine = true;
    do {
        lfi_binance_span span = {c->begin, c->at, c->end};
        const size_t many =
            c->has_bulk ? lfi_binance_levels(&span, &prices, &sizes, out, (size_t)(full - out)) : 0;
        out += many;
        c->at = span.at;
        /* What is not of one shape is taken one by one. */
        if (c->at < c->end && (many == 0 || *c->at == '[')) {
            fine = out < full && take_any_level(c, &prices, &sizes, out);
            out++;
        }
    } while (fine && take_char(c, ','));
    m->price_scale = prices;
    m->size_scale = sizes;
    *count = (size_t)(out - m->levels) - m->level_count;
    m->level_count += *count;
    return fine && take_char(c, ']');
}

/* ---- keys ------------------------------------------------------------------------------- */

static bool take_kind(cursor *c, lfi_binance_message *m)
{
    const char *text;
    size_t bytes;
    if (!take_string(c, &text, &bytes)) {
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
    return take_integer(c, &number) && lfi_binance_time(number, out_ns);
}

static bool take_symbol(cursor *c, lfi_binance_message *m)
{
    const char *text;
    size_t bytes;
    return take_string(c, &text, &bytes) && lfi_binance_set_symbol(m, text, bytes);
}

/* a: levels of a diff, the number of an aggregate. */
static bool take_asks(cursor *c, lfi_binance_message *m)
{
    return c->at < c->end && *c->at == '[' ? take_levels(c, m, &m->ask_first, &m->ask_count)
                                           : take_integer(c, &m->trade_id);
}

static bool take_order_kind(cursor *c, lfi_binance_message *m)
{
    const char *text;
    size_t bytes;
    if (!take_string(c, &text, &bytes)) {
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
        return take_integer(c, &m->first_id);
    case 'u':
    case 'l':
        return take_integer(c, &m->last_id);
    case 't':
        return take_integer(c, &m->trade_id);
    case 'b':
        return take_levels(c, m, &m->bid_first, &m->bid_count);
    case 'a':
        return take_asks(c, m);
    case 'p':
        return take_decimal(c, &m->price_scale, &m->price);
    case 'q':
        return take_decimal(c, &m->size_scale, &m->size);
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
    if (take_word(c, "\"pu\":", 5)) {
        c->letters |= KEY_PU;
        return letters != c->letters && take_integer(c, &m->before_id);
    }
    if (take_word(c, "\"ps\":", 5)) {
        c->letters |= KEY_PS;
        m->is_coin_margined = true;
        return letters != c->letters && take_string(c, &text, &bytes);
    }
    if (take_word(c, "\"bids\":", 7)) {
        c->letters |= KEY_BIDS;
        return letters != c->letters && take_levels(c, m, &m->bid_first, &m->bid_count);
    }
    if (take_word(c, "\"asks\":", 7)) {
        c->letters |= KEY_ASKS;
        return letters != c->letters && take_levels(c, m, &m->ask_first, &m->ask_count);
    }
    if (take_word(c, "\"lastUpdateId\":", 15)) {
        c->letters |= KEY_LAST;
        m->kind = LFI_BINANCE_SNAPSHOT;
        return letters != c->letters && take_integer(c, &m->last_id);
    }
    return false;
}

static bool take_object(cursor *c, lfi_binance_message *m)
{
    if (!take_char(c, '{')) {
        return false;
    }
    do {
        const bool is_letter = c->end - c->at > 4 && c->at[0] == '"' && c->at[2] == '"' &&
                               c->at[3] == ':' && c->at[1] != '"';
        if (is_letter) {
            const char key = c->at[1];
            c->at += 4;
            if (!take_letter(c, key, m)) {
                return false;
            }
        } else if (!take_named(c, m)) {
            return false;
        }
    } while (take_char(c, ','));
    return take_char(c, '}');
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

static bool parse(const char *json, size_t bytes, bool has_bulk, lfi_binance_message *out)
{
    cursor c = {json, json, json + bytes, 0, has_bulk};
    const char *stream;
    size_t stream_bytes;
    lfi_binance_reset(out);
    if (!take_word(&c, "{\"stream\":", 10)) {
        return take_object(&c, out) && c.at == c.end && is_usual(&c, out);
    }
    if (!take_string(&c, &stream, &stream_bytes) || !take_word(&c, ",\"data\":", 8)) {
        return false;
    }
    if (!lfi_binance_is_read(stream, stream_bytes)) {
        /* Not read further, but a line that is cut off must not pass. */
        return bytes > 2 && json[bytes - 1] == '}' && json[bytes - 2] == '}';
    }
    return take_object(&c, out) && take_char(&c, '}') && c.at == c.end && is_usual(&c, out);
}

bool lfi_binance_parse_fast(const char *json, size_t bytes, lfi_binance_message *out)
{
    return parse(json, bytes, lfi_binance_levels_usable(), out);
}

bool lfi_binance_parse_plain(const char *json, size_t bytes, lfi_binance_message *out)
{
    return parse(json, bytes, false, out);
}
