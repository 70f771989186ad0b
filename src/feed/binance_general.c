/* The reader of Binance messages in any spelling, through a general parser of JSON. */
#include "binance_message.h"

#include <jansson.h>
#include <string.h>

static bool fail(lfi_binance_fault *fault, const char *field, const char *expected)
{
    *fault = (lfi_binance_fault){field, expected};
    return false;
}

/* A number that may be missing. */
static bool integer_of(const json_t *object, const char *key, int64_t *out)
{
    const json_t *const value = json_object_get(object, key);
    if (json_is_integer(value)) {
        *out = json_integer_value(value);
    }
    return value == NULL || (json_is_integer(value) && *out >= 0);
}

static bool time_of(const json_t *object, const char *key, int64_t *out_ns)
{
    int64_t number = LFI_BINANCE_NONE;
    return integer_of(object, key, &number) &&
           (number == LFI_BINANCE_NONE || lfi_binance_time(number, out_ns));
}

static bool decimal_of(const json_t *value, lfi_binance_scale *scale, int64_t *out)
{
    return json_is_string(value) &&
           lfi_binance_decimal(json_string_value(value), json_string_length(value), scale, out);
}

static bool is_text(const json_t *value, const char *word)
{
    return json_is_string(value) && strcmp(json_string_value(value), word) == 0;
}

static bool levels_of(lfi_binance_message *m, const json_t *list, size_t *first, size_t *count)
{
    *first = m->level_count;
    *count = json_array_size(list);
    if (!json_is_array(list) || *count > m->level_capacity - m->level_count) {
        return false;
    }
    for (size_t i = 0; i < *count; i++) {
        const json_t *const level = json_array_get(list, i);
        lfi_l2_level *const out = &m->levels[m->level_count++];
        if (!decimal_of(json_array_get(level, 0), &m->price_scale, &out->price_ticks) ||
            !decimal_of(json_array_get(level, 1), &m->size_scale, &out->size_lots)) {
            return false;
        }
    }
    return true;
}

static bool take_levels(const json_t *data, lfi_binance_message *m, lfi_binance_fault *fault)
{
    const bool is_snapshot = m->kind == LFI_BINANCE_SNAPSHOT;
    const json_t *const bids = json_object_get(data, is_snapshot ? "bids" : "b");
    const json_t *const asks = json_object_get(data, is_snapshot ? "asks" : "a");
    if (!levels_of(m, bids, &m->bid_first, &m->bid_count) ||
        !levels_of(m, asks, &m->ask_first, &m->ask_count)) {
        return fail(
            fault, "bids and asks", "lists of [\"price\",\"size\"] with at most 8 decimals"
        );
    }
    return true;
}

static bool take_trade(const json_t *data, lfi_binance_message *m, lfi_binance_fault *fault)
{
    const json_t *const kind = json_object_get(data, "X"), *const maker =
                                                               json_object_get(data, "m");
    const bool is_aggregate = m->kind == LFI_BINANCE_AGGREGATE;
    if (!decimal_of(json_object_get(data, "p"), &m->price_scale, &m->price) ||
        !decimal_of(json_object_get(data, "q"), &m->size_scale, &m->size) ||
        !json_is_boolean(maker)) {
        return fail(fault, "p, q, m", "price and size as texts, and true or false");
    }
    if (!integer_of(data, is_aggregate ? "a" : "t", &m->trade_id) ||
        (is_aggregate &&
         (!integer_of(data, "f", &m->first_id) || !integer_of(data, "l", &m->last_id)))) {
        return fail(fault, "t, a, f, l", "whole numbers");
    }
    m->buyer_is_maker = json_is_true(maker);
    m->is_market = kind == NULL || is_text(kind, "MARKET");
    return true;
}

/* ---- exchangeInfo ----------------------------------------------------------------------- */

/* The value of a key in the filter of a type, as a decimal. */
static bool filter_of(
    const json_t *filters, const char *type, const char *key, lfi_binance_scale *scale, int64_t *out
)
{
    for (size_t i = 0; i < json_array_size(filters); i++) {
        const json_t *const filter = json_array_get(filters, i);
        if (is_text(json_object_get(filter, "filterType"), type)) {
            return decimal_of(json_object_get(filter, key), scale, out);
        }
    }
    return false;
}

/* Tick and lot of the symbol that is looked for, or of the only one. */
static bool take_info(const json_t *symbols, lfi_binance_message *m, lfi_binance_fault *fault)
{
    const size_t count = json_array_size(symbols);
    lfi_binance_scale scale = {.places = LFI_BINANCE_PLACES_MAX};
    for (size_t i = 0; i < count; i++) {
        const json_t *const symbol = json_array_get(symbols, i);
        const json_t *const name = json_object_get(symbol, "symbol");
        const json_t *const filters = json_object_get(symbol, "filters");
        if (!json_is_string(name) || (m->wanted == NULL ? count > 1 : !is_text(name, m->wanted))) {
            continue;
        }
        if (!lfi_binance_set_symbol(m, json_string_value(name), json_string_length(name)) ||
            !filter_of(filters, "PRICE_FILTER", "tickSize", &scale, &m->price) ||
            !filter_of(filters, "LOT_SIZE", "stepSize", &scale, &m->size)) {
            return fail(fault, "exchangeInfo", "a symbol with tickSize and stepSize");
        }
        m->kind = LFI_BINANCE_INFO;
        return true;
    }
    return true; /* of other symbols */
}

/* ---- messages --------------------------------------------------------------------------- */

static lfi_binance_kind kind_of(const json_t *data)
{
    const json_t *const kind = json_object_get(data, "e");
    return json_object_get(data, "lastUpdateId") != NULL ? LFI_BINANCE_SNAPSHOT
           : is_text(kind, "depthUpdate")                ? LFI_BINANCE_DEPTH
           : is_text(kind, "trade")                      ? LFI_BINANCE_TRADE
           : is_text(kind, "aggTrade")                   ? LFI_BINANCE_AGGREGATE
                                                         : LFI_BINANCE_OTHER;
}

static bool take_object(const json_t *data, lfi_binance_message *m, lfi_binance_fault *fault)
{
    const bool is_snapshot = kind_of(data) == LFI_BINANCE_SNAPSHOT;
    const json_t *const symbol = json_object_get(data, is_snapshot ? "symbol" : "s");
    m->kind = kind_of(data);
    if (m->kind == LFI_BINANCE_OTHER) {
        return true;
    }
    if (!time_of(data, "E", &m->event_ns) || !time_of(data, "T", &m->time_ns)) {
        return fail(fault, "E, T", "ms since 1970");
    }
    if (symbol != NULL &&
        (!json_is_string(symbol) ||
         !lfi_binance_set_symbol(m, json_string_value(symbol), json_string_length(symbol)))) {
        return fail(fault, "s", "a symbol of at most 31 letters, digits, _ and -");
    }
    m->is_coin_margined =
        json_object_get(data, "ps") != NULL || json_object_get(data, "pair") != NULL;
    if (m->kind == LFI_BINANCE_TRADE || m->kind == LFI_BINANCE_AGGREGATE) {
        return take_trade(data, m, fault);
    }
    if (!integer_of(data, "U", &m->first_id) || !integer_of(data, "pu", &m->before_id) ||
        !integer_of(data, is_snapshot ? "lastUpdateId" : "u", &m->last_id)) {
        return fail(fault, "U, u, pu, lastUpdateId", "whole numbers");
    }
    return take_levels(data, m, fault);
}

bool lfi_binance_parse_general(
    const char *json, size_t bytes, lfi_binance_message *out, lfi_binance_fault *fault
)
{
    json_t *const root = json_loadb(json, bytes, JSON_REJECT_DUPLICATES, NULL);
    const json_t *const stream = json_object_get(root, "stream");
    const json_t *const data = json_object_get(root, "data");
    const json_t *const message = json_is_object(data) ? data : root;
    lfi_binance_reset(out);
    const bool is_read = !json_is_string(stream) ||
                         lfi_binance_is_read(json_string_value(stream), json_string_length(stream));
    bool fine = true;
    if (!json_is_object(root)) {
        /* Recorders write lists of one symbol's numbers too; they are none of ours. */
        fine = json_is_array(root) || fail(fault, "the line", "an object of JSON");
    } else if (json_is_array(json_object_get(message, "symbols"))) {
        fine = take_info(json_object_get(message, "symbols"), out, fault);
    } else if (is_read) {
        fine = take_object(message, out, fault);
    }
    json_decref(root);
    return fine;
}
