/* The direct reader of Coinbase messages of one part in the usual spelling: no blanks, no escapes.
 */
#include "coinbase.h"
#include "json_cursor.h"

/* A text of the line. */
typedef struct text {
    const char *at;
    size_t bytes;
} text;

/* ---- texts ------------------------------------------------------------------------------ */

static bool is_word(text value, const char *word)
{
    return value.bytes == strlen(word) && memcmp(value.at, word, value.bytes) == 0;
}

static bool decimal_of(text value, lfi_binance_scale *scale, int64_t *out)
{
    return lfi_binance_decimal(value.at, value.bytes, scale, out);
}

static bool product_of(text value, lfi_coinbase_part *out)
{
    if (!lfi_coinbase_is_product(value.at, value.bytes)) {
        return false;
    }
    memcpy(out->product, value.at, value.bytes);
    out->product[value.bytes] = '\0';
    return true;
}

/* A time; the date is read again only when it is not the last one's. */
static bool time_of(text value, lfi_coinbase_part *out, int64_t *out_ns)
{
    int64_t clock_ns;
    if (value.bytes < LFI_COINBASE_DATE_BYTES ||
        memcmp(value.at, out->date, LFI_COINBASE_DATE_BYTES) != 0) {
        if (value.bytes < LFI_COINBASE_DATE_BYTES || !lfi_coinbase_date(value.at, &out->date_ns)) {
            return false;
        }
        memcpy(out->date, value.at, LFI_COINBASE_DATE_BYTES);
    }
    if (!lfi_coinbase_clock(value.at, value.bytes, &clock_ns)) {
        return false;
    }
    *out_ns = out->date_ns + clock_ns;
    return true;
}

static int side_of(text value)
{
    return is_word(value, "buy") || is_word(value, "bid")                               ? 1
           : is_word(value, "sell") || is_word(value, "offer") || is_word(value, "ask") ? -1
                                                                                        : 0;
}

/* ---- objects without depth -------------------------------------------------------------- */

enum key {
    KEY_TYPE,
    KEY_PRODUCT_ID,
    KEY_TIME,
    KEY_SEQUENCE,
    KEY_SIDE,
    KEY_PRICE,
    KEY_SIZE,
    KEY_ORDER_ID,
    KEY_REMAINING_SIZE,
    KEY_TRADE_ID,
    KEY_MAKER_ORDER_ID,
    KEY_NEW_PRICE,
    KEY_NEW_SIZE,
    KEY_CHANGES,
    KEY_TAKER_ORDER_ID, /* from here on: known, and not read */
    KEY_REASON,
    KEY_ORDER_TYPE,
    KEY_CLIENT_OID,
    KEY_FUNDS,
    KEY_OLD_SIZE,
    KEY_OLD_PRICE,
    KEY_COUNT,
};

#define BIT(key) (UINT32_C(1) << (key))

static const text names[KEY_COUNT] = {
#define NAME(key, name) [key] = {name, sizeof(name) - 1}
    NAME(KEY_TYPE, "type"),
    NAME(KEY_PRODUCT_ID, "product_id"),
    NAME(KEY_TIME, "time"),
    NAME(KEY_SEQUENCE, "sequence"),
    NAME(KEY_SIDE, "side"),
    NAME(KEY_PRICE, "price"),
    NAME(KEY_SIZE, "size"),
    NAME(KEY_ORDER_ID, "order_id"),
    NAME(KEY_REMAINING_SIZE, "remaining_size"),
    NAME(KEY_TRADE_ID, "trade_id"),
    NAME(KEY_MAKER_ORDER_ID, "maker_order_id"),
    NAME(KEY_NEW_PRICE, "new_price"),
    NAME(KEY_NEW_SIZE, "new_size"),
    NAME(KEY_CHANGES, "changes"),
    NAME(KEY_TAKER_ORDER_ID, "taker_order_id"),
    NAME(KEY_REASON, "reason"),
    NAME(KEY_ORDER_TYPE, "order_type"),
    NAME(KEY_CLIENT_OID, "client_oid"),
    NAME(KEY_FUNDS, "funds"),
    NAME(KEY_OLD_SIZE, "old_size"),
    NAME(KEY_OLD_PRICE, "old_price"),
#undef NAME
};

/* The values of an object: texts, but for whole numbers. */
typedef struct fields {
    uint32_t met, numbers; /* bits of keys: there at all, a whole number */
    text texts[KEY_COUNT];
    int64_t sequence, trade_id;
} fields;

static bool has_text(const fields *f, enum key key)
{
    return ((f->met & ~f->numbers) & BIT(key)) != 0;
}

static enum key key_of(text name)
{
    for (int i = 0; i < KEY_COUNT; i++) {
        if (names[i].bytes == name.bytes && memcmp(names[i].at, name.at, name.bytes) == 0) {
            return (enum key)i;
        }
    }
    return KEY_COUNT;
}

/* [["buy","price","size"],...] */
static bool take_changes(lfi_cursor *c, lfi_coinbase_part *out)
{
    if (!lfi_take_char(c, '[')) {
        return false;
    }
    if (lfi_take_char(c, ']')) {
        return true;
    }
    do {
        text side;
        lfi_l2_level numbers;
        if (out->level_count == out->level_capacity || !lfi_take_char(c, '[') ||
            !lfi_take_string(c, &side.at, &side.bytes) || !lfi_take_word(c, ",\"", 2)) {
            return false;
        }
        lfi_coinbase_level *const level = &out->levels[out->level_count++];
        level->side = side_of(side);
        if (level->side == 0 ||
            !lfi_take_level(c->at, &out->price_scale, &out->size_scale, &numbers, &c->at)) {
            return false;
        }
        level->price_ticks = numbers.price_ticks;
        level->size_lots = numbers.size_lots;
    } while (lfi_take_char(c, ','));
    return lfi_take_char(c, ']');
}

static bool take_number(lfi_cursor *c, enum key key, fields *f)
{
    f->numbers |= BIT(key);
    return key == KEY_SEQUENCE   ? lfi_take_integer(c, &f->sequence)
           : key == KEY_TRADE_ID ? lfi_take_integer(c, &f->trade_id)
                                 : false;
}

/* {"key":value,...}; changes go into out, which is NULL where there must be none. */
static bool take_object(lfi_cursor *c, fields *f, lfi_coinbase_part *out)
{
    f->met = f->numbers = 0;
    if (!lfi_take_char(c, '{')) {
        return false;
    }
    do {
        text name;
        if (!lfi_take_string(c, &name.at, &name.bytes) || !lfi_take_char(c, ':') ||
            c->at >= c->end) {
            return false;
        }
        const enum key key = key_of(name);
        if (key == KEY_COUNT || (f->met & BIT(key)) != 0) {
            return false; /* nobody knows it, or it comes twice */
        }
        f->met |= BIT(key);
        const bool fine = key == KEY_CHANGES ? out != NULL && take_changes(c, out)
                          : *c->at == '"'
                              ? lfi_take_string(c, &f->texts[key].at, &f->texts[key].bytes)
                              : take_number(c, key, f);
        if (!fine) {
            return false;
        }
    } while (lfi_take_char(c, ','));
    return lfi_take_char(c, '}');
}

/* ---- parts ------------------------------------------------------------------------------ */

static bool trade_id_of(const fields *f, int64_t *out)
{
    lfi_binance_scale scale = {0};
    if (!has_text(f, KEY_TRADE_ID)) {
        *out = f->trade_id;
        return (f->met & BIT(KEY_TRADE_ID)) != 0;
    }
    return decimal_of(f->texts[KEY_TRADE_ID], &scale, out) && scale.fractions == 0;
}

/* A trade whose text names the side of the resting order. */
static bool put_trade(const fields *f, lfi_coinbase_part *out)
{
    if (!has_text(f, KEY_SIDE) || !has_text(f, KEY_PRICE) || !has_text(f, KEY_SIZE)) {
        return false;
    }
    const text side = f->texts[KEY_SIDE];
    const bool is_bid = is_word(side, "buy") || is_word(side, "BUY");
    out->kind = LFI_COINBASE_TRADE;
    out->sign = is_bid ? -1 : 1;
    return (is_bid || is_word(side, "sell") || is_word(side, "SELL")) &&
           decimal_of(f->texts[KEY_PRICE], &out->price_scale, &out->price) &&
           decimal_of(f->texts[KEY_SIZE], &out->size_scale, &out->size) &&
           trade_id_of(f, &out->trade_id);
}

/* Price and size of an order that comes to rest, or changes; a change may keep its price. */
static bool put_numbers(const fields *f, enum key price, enum key size, lfi_coinbase_part *out)
{
    const bool may_keep = price == KEY_NEW_PRICE && (f->met & BIT(price)) == 0;
    return (may_keep ||
            (has_text(f, price) && decimal_of(f->texts[price], &out->price_scale, &out->price))) &&
           has_text(f, size) && decimal_of(f->texts[size], &out->size_scale, &out->size);
}

/* A message of the channel full that is no trade. */
static bool put_order(const fields *f, text type, lfi_coinbase_part *out)
{
    const text id = f->texts[KEY_ORDER_ID];
    out->side = has_text(f, KEY_SIDE) ? side_of(f->texts[KEY_SIDE]) : 0;
    out->kind = LFI_COINBASE_NUMBER;
    if (is_word(type, "received") ||
        (is_word(type, "change") && (f->met & BIT(KEY_NEW_SIZE)) == 0)) {
        return true;
    }
    if (!has_text(f, KEY_ORDER_ID) || id.bytes == 0) {
        return false;
    }
    out->order_id = lfi_coinbase_order_id(id.at, id.bytes);
    if (is_word(type, "done")) {
        out->kind = LFI_COINBASE_DONE;
        return true;
    }
    if (is_word(type, "open")) {
        out->kind = LFI_COINBASE_OPEN;
        return out->side != 0 && put_numbers(f, KEY_PRICE, KEY_REMAINING_SIZE, out);
    }
    out->kind = LFI_COINBASE_RESIZE;
    return is_word(type, "change") && put_numbers(f, KEY_NEW_PRICE, KEY_NEW_SIZE, out);
}

/* ---- lines ------------------------------------------------------------------------------ */

static bool take_exchange(lfi_cursor *c, lfi_coinbase_part *out)
{
    fields f;
    if (!take_object(c, &f, out) || c->at != c->end || !has_text(&f, KEY_TYPE) ||
        !has_text(&f, KEY_PRODUCT_ID) || !has_text(&f, KEY_TIME) || has_text(&f, KEY_SEQUENCE)) {
        return false;
    }
    const text type = f.texts[KEY_TYPE];
    const bool is_update = is_word(type, "l2update");
    if (is_update != ((f.met & BIT(KEY_CHANGES)) != 0) ||
        !product_of(f.texts[KEY_PRODUCT_ID], out) ||
        !time_of(f.texts[KEY_TIME], out, &out->ts_ns)) {
        return false;
    }
    if ((f.met & BIT(KEY_SEQUENCE)) != 0) {
        out->sequence = f.sequence;
    }
    const bool has_maker = has_text(&f, KEY_MAKER_ORDER_ID);
    const text maker = has_maker ? f.texts[KEY_MAKER_ORDER_ID] : (text){"", 0};
    out->order_id = lfi_coinbase_order_id(maker.at, maker.bytes);
    if (is_update) {
        out->kind = LFI_COINBASE_UPDATE;
        return true;
    }
    return is_word(type, "match") ? put_trade(&f, out) : put_order(&f, type, out);
}

/* {"side":"bid","event_time":"...","price_level":"...","new_quantity":"..."} */
static bool take_update(lfi_cursor *c, lfi_coinbase_part *out, int64_t *last_ns)
{
    text side, time;
    int64_t ts_ns;
    if (out->level_count == out->level_capacity || !lfi_take_word(c, "{\"side\":", 8) ||
        !lfi_take_string(c, &side.at, &side.bytes) || !lfi_take_word(c, ",\"event_time\":", 14) ||
        !lfi_take_string(c, &time.at, &time.bytes) || !lfi_take_word(c, ",\"price_level\":", 15)) {
        return false;
    }
    lfi_coinbase_level *const level = &out->levels[out->level_count++];
    level->side = side_of(side);
    if (time_of(time, out, &ts_ns) && ts_ns > *last_ns) {
        *last_ns = ts_ns;
    }
    return level->side != 0 && lfi_take_decimal(c, &out->price_scale, &level->price_ticks) &&
           lfi_take_word(c, ",\"new_quantity\":", 16) &&
           lfi_take_decimal(c, &out->size_scale, &level->size_lots) && lfi_take_char(c, '}');
}

/* "type":"update","product_id":"...","updates":[...] */
static bool take_book(lfi_cursor *c, int64_t sent_ns, lfi_coinbase_part *out)
{
    text type, product;
    int64_t last_ns = LFI_BINANCE_NONE;
    if (!lfi_take_word(c, "\"type\":", 7) || !lfi_take_string(c, &type.at, &type.bytes) ||
        !lfi_take_word(c, ",\"product_id\":", 14) ||
        !lfi_take_string(c, &product.at, &product.bytes) || !product_of(product, out) ||
        !lfi_take_word(c, ",\"updates\":[", 12)) {
        return false;
    }
    out->kind = is_word(type, "snapshot") ? LFI_COINBASE_SNAPSHOT : LFI_COINBASE_UPDATE;
    if (out->kind == LFI_COINBASE_UPDATE && !is_word(type, "update")) {
        return false;
    }
    if (!lfi_take_char(c, ']')) {
        do {
            if (!take_update(c, out, &last_ns)) {
                return false;
            }
        } while (lfi_take_char(c, ','));
        if (!lfi_take_char(c, ']')) {
            return false;
        }
    }
    out->ts_ns = lfi_coinbase_book_ns(out->kind, last_ns, sent_ns);
    return true;
}

/* "type":"update","trades":[...] with one trade */
static bool take_tape(lfi_cursor *c, lfi_coinbase_part *out)
{
    fields f;
    return lfi_take_word(c, "\"type\":\"update\",\"trades\":[", 26) && take_object(c, &f, NULL) &&
           lfi_take_char(c, ']') && has_text(&f, KEY_PRODUCT_ID) && has_text(&f, KEY_TIME) &&
           product_of(f.texts[KEY_PRODUCT_ID], out) && put_trade(&f, out) &&
           time_of(f.texts[KEY_TIME], out, &out->ts_ns);
}

static bool take_advanced(lfi_cursor *c, lfi_coinbase_line *line, lfi_coinbase_part *out)
{
    text channel, client, sent;
    if (!lfi_take_string(c, &channel.at, &channel.bytes)) {
        return false;
    }
    if (lfi_take_word(c, ",\"client_id\":", 13) && !lfi_take_string(c, &client.at, &client.bytes)) {
        return false;
    }
    if (!lfi_take_word(c, ",\"timestamp\":", 13) || !lfi_take_string(c, &sent.at, &sent.bytes) ||
        !time_of(sent, out, &line->sent_ns) || !lfi_take_word(c, ",\"sequence_num\":", 16) ||
        !lfi_take_integer(c, &line->sequence) || !lfi_take_word(c, ",\"events\":[{", 12)) {
        return false;
    }
    line->is_tape = is_word(channel, "market_trades");
    const bool fine = line->is_tape
                          ? take_tape(c, out)
                          : is_word(channel, "l2_data") && take_book(c, line->sent_ns, out);
    return fine && lfi_take_word(c, "}]}", 3) && c->at == c->end;
}

bool lfi_coinbase_fast(
    const char *json, size_t bytes, lfi_coinbase_line *line, lfi_coinbase_part *out
)
{
    lfi_cursor c = {json, json, json + bytes};
    return lfi_take_word(&c, "{\"channel\":", 11) ? take_advanced(&c, line, out)
                                                  : take_exchange(&c, out);
}
