/* Lines of Coinbase captures: Exchange and Advanced Trade, levels, trades and single orders. */
#include "coinbase.h"

#include <string.h>

/* Levels of a snapshot that were never changed bear 1970 as their time. */
#define TIME_MIN_NS (INT64_C(946684800) * LF_NS_PER_SECOND)

static bool fail(lfi_binance_fault *fault, const char *field, const char *expected)
{
    *fault = (lfi_binance_fault){field, expected};
    return false;
}

static bool is_text(const json_t *value, const char *word)
{
    return json_is_string(value) && strcmp(json_string_value(value), word) == 0;
}

/* ---- times ------------------------------------------------------------------------------ */

/* So many digits; false when there is anything else. */
static bool digits_of(const char *text, int count, int64_t *out)
{
    *out = 0;
    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        *out = 10 * *out + (text[i] - '0');
    }
    return true;
}

bool lfi_coinbase_date(const char *text, int64_t *out_ns)
{
    char day[LFI_COINBASE_DATE_BYTES + 1];
    lf_date date;
    memcpy(day, text, LFI_COINBASE_DATE_BYTES);
    day[LFI_COINBASE_DATE_BYTES] = '\0';
    if (day[4] != '-' || lf_date_parse(day, &date) != LF_OK || date.year < 1970 ||
        date.year > 2199) {
        return false;
    }
    *out_ns = lf_date_to_days(date) * LF_NS_PER_DAY;
    return true;
}

bool lfi_coinbase_clock(const char *text, size_t bytes, int64_t *out_ns)
{
    int64_t hour, minute, second, part = 0;
    if (bytes < 20 || bytes > 30 || text[bytes - 1] != 'Z' || text[10] != 'T' || text[13] != ':' ||
        text[16] != ':' || !digits_of(text + 11, 2, &hour) || !digits_of(text + 14, 2, &minute) ||
        !digits_of(text + 17, 2, &second) || hour > 23 || minute > 59 || second > 60) {
        return false;
    }
    const int places = (int)bytes - 21; /* of the second; -1 without a point */
    if (places == 0 || (places > 0 && (text[19] != '.' || !digits_of(text + 20, places, &part)))) {
        return false;
    }
    for (int i = places > 0 ? places : 0; i < 9; i++) {
        part *= 10;
    }
    *out_ns =
        hour * 60 * LF_NS_PER_MINUTE + minute * LF_NS_PER_MINUTE + second * LF_NS_PER_SECOND + part;
    return true;
}

bool lfi_coinbase_time(const char *text, size_t bytes, int64_t *out_ns)
{
    int64_t date_ns, clock_ns;
    if (!lfi_coinbase_clock(text, bytes, &clock_ns) || !lfi_coinbase_date(text, &date_ns)) {
        return false;
    }
    *out_ns = date_ns + clock_ns;
    return true;
}

static bool time_of(const json_t *object, const char *key, int64_t *out_ns)
{
    const json_t *const value = json_object_get(object, key);
    return json_is_string(value) &&
           lfi_coinbase_time(json_string_value(value), json_string_length(value), out_ns);
}

/* ---- values ----------------------------------------------------------------------------- */

static bool decimal_of(const json_t *value, lfi_binance_scale *scale, int64_t *out)
{
    return json_is_string(value) &&
           lfi_binance_decimal(json_string_value(value), json_string_length(value), scale, out);
}

bool lfi_coinbase_is_product(const char *text, size_t bytes)
{
    bool fine = bytes > 0 && bytes < sizeof((lfi_coinbase_part *)NULL)->product;
    for (size_t i = 0; i < bytes && fine; i++) {
        const char c = text[i];
        fine = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
    }
    return fine;
}

/* A product such as BTC-USD or BTC-PERP-INTX. */
static bool product_of(const json_t *object, lfi_coinbase_part *out, lfi_binance_fault *fault)
{
    const json_t *const value = json_object_get(object, "product_id");
    const size_t bytes = json_string_length(value);
    if (!json_is_string(value) || !lfi_coinbase_is_product(json_string_value(value), bytes)) {
        return fail(fault, "product_id", "a product such as BTC-USD, of at most 31 letters");
    }
    memcpy(out->product, json_string_value(value), bytes + 1);
    return true;
}

/* A number of a trade: a whole number, or one in a text. */
static bool id_of(const json_t *value, int64_t *out)
{
    lfi_binance_scale scale = {0};
    if (json_is_integer(value)) {
        *out = json_integer_value(value);
        return *out >= 0;
    }
    return decimal_of(value, &scale, out) && scale.fractions == 0;
}

static bool take_level(lfi_coinbase_part *out, int side, const json_t *price, const json_t *size)
{
    if (out->level_count == out->level_capacity) {
        return false;
    }
    lfi_coinbase_level *const level = &out->levels[out->level_count];
    level->side = side;
    out->level_count++;
    return side != 0 && decimal_of(price, &out->price_scale, &level->price_ticks) &&
           decimal_of(size, &out->size_scale, &level->size_lots);
}

static int side_of(const json_t *value)
{
    return is_text(value, "buy") || is_text(value, "bid")                               ? 1
           : is_text(value, "sell") || is_text(value, "offer") || is_text(value, "ask") ? -1
                                                                                        : 0;
}

/* A trade whose text names the side of the resting order. */
static bool take_trade(const json_t *data, lfi_coinbase_part *out, lfi_binance_fault *fault)
{
    const json_t *const side = json_object_get(data, "side");
    const bool is_bid = is_text(side, "buy") || is_text(side, "BUY");
    out->kind = LFI_COINBASE_TRADE;
    out->sign = is_bid ? -1 : 1;
    if (!is_bid && !is_text(side, "sell") && !is_text(side, "SELL")) {
        return fail(fault, "side", "buy or sell");
    }
    if (!decimal_of(json_object_get(data, "price"), &out->price_scale, &out->price) ||
        !decimal_of(json_object_get(data, "size"), &out->size_scale, &out->size)) {
        return fail(fault, "price, size", "decimals in texts, with at most 8 places");
    }
    if (!id_of(json_object_get(data, "trade_id"), &out->trade_id)) {
        return fail(fault, "trade_id", "a whole number");
    }
    return time_of(data, "time", &out->ts_ns) || fail(fault, "time", "ISO 8601, UTC (...Z)");
}

/* ---- Exchange --------------------------------------------------------------------------- */

static bool take_side(lfi_coinbase_part *out, int side, const json_t *list)
{
    bool fine = json_is_array(list);
    for (size_t i = 0; fine && i < json_array_size(list); i++) {
        const json_t *const level = json_array_get(list, i);
        fine = take_level(out, side, json_array_get(level, 0), json_array_get(level, 1));
    }
    return fine;
}

static bool take_snapshot(const json_t *data, lfi_coinbase_part *out, lfi_binance_fault *fault)
{
    out->kind = LFI_COINBASE_SNAPSHOT;
    if (!take_side(out, 1, json_object_get(data, "bids")) ||
        !take_side(out, -1, json_object_get(data, "asks"))) {
        return fail(fault, "bids and asks", "lists of [\"price\",\"size\"], at most 8 decimals");
    }
    /* Older captures have none. */
    return json_object_get(data, "time") == NULL || time_of(data, "time", &out->ts_ns) ||
           fail(fault, "time", "ISO 8601, UTC (...Z)");
}

static bool take_update(const json_t *data, lfi_coinbase_part *out, lfi_binance_fault *fault)
{
    const json_t *const changes = json_object_get(data, "changes");
    bool fine = json_is_array(changes);
    out->kind = LFI_COINBASE_UPDATE;
    for (size_t i = 0; fine && i < json_array_size(changes); i++) {
        const json_t *const change = json_array_get(changes, i);
        fine = take_level(
            out,
            side_of(json_array_get(change, 0)),
            json_array_get(change, 1),
            json_array_get(change, 2)
        );
    }
    if (!fine) {
        return fail(
            fault, "changes", "a list of [\"buy\" or \"sell\",\"price\",\"size\"], 8 decimals"
        );
    }
    return time_of(data, "time", &out->ts_ns) || fail(fault, "time", "ISO 8601, UTC (...Z)");
}

uint64_t lfi_coinbase_order_id(const char *text, size_t bytes)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < bytes; i++) {
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    }
    return hash != 0 ? hash : 1;
}

static bool order_of(const json_t *value, uint64_t *out)
{
    *out = lfi_coinbase_order_id(json_string_value(value), json_string_length(value));
    return json_string_length(value) > 0;
}

/* All orders: ["price","size","order_id"]. The REST interface does not say of which product. */
static bool take_orders(const json_t *data, lfi_coinbase_part *out, lfi_binance_fault *fault)
{
    static const char *const names[] = {"bids", "asks"};
    bool fine = true;
    out->kind = LFI_COINBASE_ORDERS;
    for (int side = 0; side < 2; side++) {
        const json_t *const list = json_object_get(data, names[side]);
        fine = fine && json_is_array(list);
        for (size_t i = 0; fine && i < json_array_size(list); i++) {
            const json_t *const order = json_array_get(list, i);
            fine =
                take_level(out, 1 - 2 * side, json_array_get(order, 0), json_array_get(order, 1)) &&
                order_of(json_array_get(order, 2), &out->levels[out->level_count - 1].order_id);
        }
    }
    if (!fine || !id_of(json_object_get(data, "sequence"), &out->sequence)) {
        return fail(
            fault, "bids and asks", "lists of [\"price\",\"size\",\"order_id\"] with a sequence"
        );
    }
    if (json_object_get(data, "product_id") != NULL && !product_of(data, out, fault)) {
        return false;
    }
    return json_object_get(data, "time") == NULL || time_of(data, "time", &out->ts_ns) ||
           fail(fault, "time", "ISO 8601, UTC (...Z)");
}

/* Price and size of an order message; a change may keep its price. */
static bool take_order_numbers(const json_t *data, lfi_coinbase_part *out)
{
    const bool is_open = out->kind == LFI_COINBASE_OPEN;
    const json_t *const moved = json_object_get(data, "new_price");
    const json_t *const price = is_open ? json_object_get(data, "price") : moved;
    return (price == NULL ? !is_open : decimal_of(price, &out->price_scale, &out->price)) &&
           decimal_of(
               json_object_get(data, is_open ? "remaining_size" : "new_size"),
               &out->size_scale,
               &out->size
           );
}

/* A message of the channel full that is no trade. */
static bool take_order(const json_t *data, lfi_coinbase_part *out, lfi_binance_fault *fault)
{
    const json_t *const type = json_object_get(data, "type");
    out->kind = is_text(type, "open")     ? LFI_COINBASE_OPEN
                : is_text(type, "done")   ? LFI_COINBASE_DONE
                : is_text(type, "change") ? LFI_COINBASE_RESIZE
                                          : LFI_COINBASE_NUMBER;
    out->side = side_of(json_object_get(data, "side"));
    /* Orders for an amount of money have no size, and rest nowhere. */
    if (out->kind == LFI_COINBASE_RESIZE && json_object_get(data, "new_size") == NULL) {
        out->kind = LFI_COINBASE_NUMBER;
    }
    if (out->kind != LFI_COINBASE_NUMBER &&
        !order_of(json_object_get(data, "order_id"), &out->order_id)) {
        return fail(fault, "order_id", "a text");
    }
    if ((out->kind == LFI_COINBASE_OPEN || out->kind == LFI_COINBASE_RESIZE) &&
        !take_order_numbers(data, out)) {
        return fail(fault, "price, remaining_size, new_size", "decimals, with at most 8 places");
    }
    if (out->kind == LFI_COINBASE_OPEN && out->side == 0) {
        return fail(fault, "side", "buy or sell");
    }
    return time_of(data, "time", &out->ts_ns) || fail(fault, "time", "ISO 8601, UTC (...Z)");
}

static bool is_order(const json_t *type)
{
    return is_text(type, "open") || is_text(type, "done") || is_text(type, "change") ||
           is_text(type, "received") || is_text(type, "activate");
}

static bool next_exchange(lfi_coinbase_line *line, lfi_coinbase_part *out, lfi_binance_fault *fault)
{
    const json_t *const data = line->root, *const type = json_object_get(data, "type");
    const bool is_snapshot = is_text(type, "snapshot"), is_update = is_text(type, "l2update");
    const bool is_match = is_text(type, "match");
    if (line->event > 0) {
        line->is_done = true;
        return true;
    }
    line->event = 1;
    if (type == NULL && json_object_get(data, "sequence") != NULL &&
        json_object_get(data, "bids") != NULL) {
        return take_orders(data, out, fault);
    }
    if (!is_snapshot && !is_update && !is_match && !is_order(type)) {
        return true;
    }
    /* Conditional orders (activate) are not numbered. */
    (void)id_of(json_object_get(data, "sequence"), &out->sequence);
    (void)order_of(json_object_get(data, "maker_order_id"), &out->order_id);
    return product_of(data, out, fault) && (is_snapshot ? take_snapshot(data, out, fault)
                                            : is_update ? take_update(data, out, fault)
                                            : is_match  ? take_trade(data, out, fault)
                                                        : take_order(data, out, fault));
}

/* ---- Advanced Trade --------------------------------------------------------------------- */

int64_t lfi_coinbase_book_ns(lfi_coinbase_kind kind, int64_t last_ns, int64_t sent_ns)
{
    return kind == LFI_COINBASE_UPDATE && last_ns >= TIME_MIN_NS && last_ns <= sent_ns ? last_ns
                                                                                       : sent_ns;
}

/* Levels of one event. */
static bool
take_levels(const json_t *event, int64_t sent_ns, lfi_coinbase_part *out, lfi_binance_fault *fault)
{
    const json_t *const updates = json_object_get(event, "updates");
    const json_t *const type = json_object_get(event, "type");
    bool fine = json_is_array(updates);
    int64_t last_ns = LFI_BINANCE_NONE;
    for (size_t i = 0; fine && i < json_array_size(updates); i++) {
        const json_t *const update = json_array_get(updates, i);
        int64_t ts_ns = LFI_BINANCE_NONE;
        fine = take_level(
            out,
            side_of(json_object_get(update, "side")),
            json_object_get(update, "price_level"),
            json_object_get(update, "new_quantity")
        );
        if (time_of(update, "event_time", &ts_ns) && ts_ns > last_ns) {
            last_ns = ts_ns;
        }
    }
    out->kind = is_text(type, "snapshot") ? LFI_COINBASE_SNAPSHOT : LFI_COINBASE_UPDATE;
    out->ts_ns = lfi_coinbase_book_ns(out->kind, last_ns, sent_ns);
    if (!fine || (out->kind == LFI_COINBASE_UPDATE && !is_text(type, "update"))) {
        return fail(
            fault, "updates", "snapshot or update of side, price_level, new_quantity (8 decimals)"
        );
    }
    return product_of(event, out, fault);
}

/* The trade at line->trade. Some messages list the newest first: all go in order of number. */
static bool take_next_trade(
    lfi_coinbase_line *line, const json_t *trades, lfi_coinbase_part *out, lfi_binance_fault *fault
)
{
    const size_t count = json_array_size(trades), at = line->trade++;
    int64_t first = 0, last = 0;
    (void)id_of(json_object_get(json_array_get(trades, 0), "trade_id"), &first);
    (void)id_of(json_object_get(json_array_get(trades, count - 1), "trade_id"), &last);
    const json_t *const trade = json_array_get(trades, first > last ? count - 1 - at : at);
    return product_of(trade, out, fault) && take_trade(trade, out, fault);
}

static bool next_advanced(lfi_coinbase_line *line, lfi_coinbase_part *out, lfi_binance_fault *fault)
{
    const json_t *const events = json_object_get(line->root, "events");
    const json_t *const channel = json_object_get(line->root, "channel");
    const bool is_book = is_text(channel, "l2_data"), is_tape = is_text(channel, "market_trades");
    if (line->event >= json_array_size(events) || (!is_book && !is_tape)) {
        line->is_done = true;
        return true;
    }
    const json_t *const event = json_array_get(events, line->event);
    if (is_book) {
        line->event++;
        return take_levels(event, line->sent_ns, out, fault);
    }
    /* A snapshot of trades is of those before the subscription. */
    const json_t *const trades = json_object_get(event, "trades");
    if (is_text(json_object_get(event, "type"), "update") &&
        line->trade < json_array_size(trades)) {
        return take_next_trade(line, trades, out, fault);
    }
    line->event++;
    line->trade = 0;
    return true;
}

/* ---- lines ------------------------------------------------------------------------------ */

/* A part of which nothing is known. */
static void empty(lfi_coinbase_part *out)
{
    out->kind = LFI_COINBASE_OTHER;
    out->product[0] = '\0';
    out->level_count = 0;
    out->ts_ns = out->trade_id = out->price = out->size = LFI_BINANCE_NONE;
    out->sequence = LFI_BINANCE_NONE;
    out->order_id = 0;
    out->side = 0;
    out->price_scale.fractions = out->size_scale.fractions = 0;
}

/* Through the parser. */
static bool
open_general(const char *json, size_t bytes, lfi_coinbase_line *out, lfi_binance_fault *fault)
{
    out->sequence = out->sent_ns = LFI_BINANCE_NONE;
    out->root = json_loadb(json, bytes, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(out->root)) {
        /* Recorders write lists of products too; they are none of ours. */
        return json_is_array(out->root) || fail(fault, "the line", "an object of JSON");
    }
    if (json_object_get(out->root, "channel") == NULL) {
        return true;
    }
    const json_t *const sequence = json_object_get(out->root, "sequence_num");
    if (!json_is_integer(sequence) || json_integer_value(sequence) < 0) {
        return fail(fault, "sequence_num", "a whole number");
    }
    out->sequence = json_integer_value(sequence);
    return time_of(out->root, "timestamp", &out->sent_ns) ||
           fail(fault, "timestamp", "ISO 8601, UTC (...Z)");
}

bool lfi_coinbase_open_line(
    const char *line,
    size_t bytes,
    lfi_coinbase_line *out,
    lfi_coinbase_part *part,
    lfi_binance_fault *fault
)
{
    size_t used = 0;
    *out = (lfi_coinbase_line){.sequence = LFI_BINANCE_NONE, .sent_ns = LFI_BINANCE_NONE};
    if (!lfi_capture_local(line, bytes, &out->local_ns, &used, fault)) {
        return false;
    }
    if (part != NULL) {
        empty(part);
        out->is_direct = lfi_coinbase_fast(line + used, bytes - used, out, part);
    }
    out->is_open = out->is_direct || open_general(line + used, bytes - used, out, fault);
    return out->is_open;
}

void lfi_coinbase_close(lfi_coinbase_line *line)
{
    json_decref(line->root);
    line->root = NULL;
    line->is_open = false;
}

bool lfi_coinbase_is_message(const lfi_coinbase_line *line)
{
    static const char *const types[] = {
        "snapshot",
        "l2update",
        "match",
        "last_match",
        "subscriptions",
        "heartbeat",
        "ticker",
        "received",
        "open",
        "done",
        "change"};
    const json_t *const type = json_object_get(line->root, "type");
    if (line->is_direct) {
        return true;
    }
    if (line->sequence != LFI_BINANCE_NONE) {
        return json_is_array(json_object_get(line->root, "events"));
    }
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (is_text(type, types[i])) {
            return json_object_get(line->root, i == 4 ? "channels" : "product_id") != NULL;
        }
    }
    return false;
}

bool lfi_coinbase_next(lfi_coinbase_line *line, lfi_coinbase_part *out, lfi_binance_fault *fault)
{
    if (line->is_direct && line->event == 0) {
        line->event = 1;
        return true;
    }
    empty(out);
    if (line->is_direct) {
        /* The parser tells the end of a list of trades as a part of its own. */
        line->is_done = !line->is_tape || line->event == 2;
        line->event = 2;
        return true;
    }
    return line->sequence != LFI_BINANCE_NONE ? next_advanced(line, out, fault)
                                              : next_exchange(line, out, fault);
}

lf_status lfi_coinbase_make_room(
    const lf_allocator *allocator, lfi_coinbase_part *part, size_t bytes, lf_error *error
)
{
    void *levels = part->levels;
    const lf_status status = lf_grow(
        allocator,
        &levels,
        &part->level_capacity,
        LFI_COINBASE_LEVELS_OF(bytes),
        sizeof *part->levels
    );
    part->levels = levels;
    return status == LF_OK ? LF_OK
                           : lf_error_set(error, status, "no memory for the levels of a message");
}
