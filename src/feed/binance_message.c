/* Lines of a Binance capture: local time and JSON; what the fast and the general reader share. */
#include "binance_message.h"

#include <string.h>

/* 2200 in ms and us: later times leave no room to add in ns. What is more than that in ms is us. */
#define MS_MAX INT64_C(7258118400000)
#define US_MAX INT64_C(7258118400000000)

static const int64_t powers[LFI_BINANCE_PLACES_MAX + 1] = {
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

int lfi_binance_decimals(uint64_t fractions)
{
    return fractions == 0 ? 0 : 8 - __builtin_clzll(fractions) / 8;
}

bool lfi_binance_decimal(const char *text, size_t bytes, lfi_binance_scale *scale, int64_t *out)
{
    /* Nine times the power is the most that a fraction adds. */
    const int64_t power = powers[scale->places], whole_max = INT64_MAX / 4 / power;
    int64_t whole = 0, part = 0;
    size_t i = 0;
    for (; i < bytes && text[i] != '.'; i++) {
        const unsigned digit = (unsigned)(text[i] - '0');
        if (digit > 9 || whole > whole_max / 10 - 1) {
            return false;
        }
        whole = 10 * whole + digit;
    }
    if (i == 0 || i + 1 == bytes) {
        return false;
    }
    i += i < bytes;
    for (unsigned place = 0; i < bytes || place < scale->places; place++) {
        const unsigned digit = i < bytes ? (unsigned)(text[i] - '0') : 0;
        if (digit > 9 || (place >= LFI_BINANCE_PLACES_MAX && digit != 0)) {
            return false;
        }
        if (place < LFI_BINANCE_PLACES_MAX) {
            scale->fractions |= (uint64_t)digit << (8 * place);
        }
        part = place < scale->places ? 10 * part + digit : part;
        i += i < bytes;
    }
    *out = whole * power + part;
    return true;
}

bool lfi_binance_set_scale(int64_t unit_nano, lfi_binance_scale *scale, int64_t *step)
{
    int64_t rest = unit_nano;
    unsigned places = 9;
    while (places > 0 && rest % 10 == 0) {
        rest /= 10;
        places--;
    }
    *scale = (lfi_binance_scale){.places = places};
    *step = rest;
    return places <= LFI_BINANCE_PLACES_MAX && rest > 0;
}

void lfi_binance_reset(lfi_binance_message *m)
{
    m->kind = LFI_BINANCE_OTHER;
    m->local_ns = m->event_ns = m->time_ns = LFI_BINANCE_NONE;
    m->first_id = m->last_id = m->before_id = m->trade_id = LFI_BINANCE_NONE;
    m->price = m->size = LFI_BINANCE_NONE;
    m->buyer_is_maker = false;
    m->is_market = true;
    m->is_coin_margined = false;
    m->symbol[0] = '\0';
    m->bid_first = m->bid_count = m->ask_first = m->ask_count = m->level_count = 0;
}

bool lfi_binance_set_symbol(lfi_binance_message *m, const char *text, size_t bytes)
{
    if (bytes == 0 || bytes >= sizeof m->symbol) {
        return false;
    }
    for (size_t i = 0; i < bytes; i++) {
        const unsigned char c = (unsigned char)text[i];
        const bool is_letter = (unsigned char)((c | 0x20) - 'a') < 26;
        const bool is_digit = (unsigned char)(c - '0') < 10;
        if (!is_letter && !is_digit && c != '_' && c != '-' && c < 0x80) {
            return false;
        }
    }
    memcpy(m->symbol, text, bytes);
    m->symbol[bytes] = '\0';
    return true;
}

bool lfi_binance_is_read(const char *stream, size_t bytes)
{
    const char *const at = memchr(stream, '@', bytes);
    if (at == NULL) {
        return false;
    }
    const char *const name = at + 1;
    const size_t left = bytes - (size_t)(name - stream);
    /* depth5, depth10 and depth20 are the best levels only, and no diffs. */
    return (left >= 5 && memcmp(name, "depth", 5) == 0 && (left == 5 || name[5] == '@')) ||
           (left == 5 && memcmp(name, "trade", 5) == 0) ||
           (left == 8 && memcmp(name, "aggTrade", 8) == 0);
}

bool lfi_binance_time(int64_t number, int64_t *out_ns)
{
    if (number < 0 || number > US_MAX) {
        return false;
    }
    *out_ns = number <= MS_MAX ? number * LF_NS_PER_MILLISECOND : number * 1000;
    return true;
}

/* ---- lines ------------------------------------------------------------------------------ */

static bool fail(lfi_binance_fault *fault, const char *field, const char *expected)
{
    *fault = (lfi_binance_fault){field, expected};
    return false;
}

/* What every kind must have. */
static bool is_whole(const lfi_binance_message *m, lfi_binance_fault *fault)
{
    const bool has_time = m->event_ns >= 0 || m->time_ns >= 0;
    const bool is_trade = m->kind == LFI_BINANCE_TRADE || m->kind == LFI_BINANCE_AGGREGATE;
    if (is_trade && (!has_time || m->price < 0 || m->size < 0)) {
        return fail(fault, "the trade", "a time, p and q");
    }
    if (m->kind == LFI_BINANCE_DEPTH &&
        (!has_time || m->first_id < 0 || m->last_id < m->first_id)) {
        return fail(fault, "the depth message", "a time, U and u, where u is not below U");
    }
    if (m->kind == LFI_BINANCE_SNAPSHOT && m->last_id < 0) {
        return fail(fault, "the snapshot", "lastUpdateId");
    }
    return true;
}

bool lfi_capture_local(
    const char *line, size_t bytes, int64_t *local_ns, size_t *used, lfi_binance_fault *fault
)
{
    size_t at = 0;
    int64_t value = 0;
    while (at < bytes && at < 19 && line[at] >= '0' && line[at] <= '9') {
        const int64_t digit = line[at] - '0';
        if (value > (INT64_MAX - digit) / 10) {
            break;
        }
        value = 10 * value + digit;
        at++;
    }
    if (at > 0 && (at >= bytes || line[at] != ' ' || value > US_MAX * 1000)) {
        return fail(fault, "the line", "local time in ns since 1970, a space and JSON");
    }
    *local_ns = at > 0 ? value : LFI_BINANCE_NONE;
    *used = at > 0 ? at + 1 : 0;
    return true;
}

bool lfi_binance_parse(
    const char *line, size_t bytes, lfi_binance_message *out, lfi_binance_fault *fault
)
{
    size_t used = 0;
    int64_t local_ns = 0;
    if (!lfi_capture_local(line, bytes, &local_ns, &used, fault)) {
        return false;
    }
    if (!lfi_binance_parse_fast(line + used, bytes - used, out) &&
        !lfi_binance_parse_general(line + used, bytes - used, out, fault)) {
        return false;
    }
    out->local_ns = local_ns;
    return is_whole(out, fault);
}
