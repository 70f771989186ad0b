/*
 * Fuzzes the two readers of Binance messages: what the direct one takes, the general one takes too,
 * and to the same values; nothing behind the line matters.
 */
#include "../src/feed/binance_message.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check(bool condition)
{
    if (!condition) {
        abort();
    }
}

static lfi_binance_message prepare(size_t bytes, unsigned places)
{
    lfi_binance_message m = {
        .price_scale = {.places = places},
        .size_scale = {.places = LFI_BINANCE_PLACES_MAX - places},
        .level_capacity = LFI_BINANCE_LEVELS_OF(bytes),
    };
    m.levels = calloc(m.level_capacity, sizeof *m.levels);
    check(m.levels != NULL);
    return m;
}

static void
check_levels(const lfi_l2_level *a, const lfi_l2_level *b, size_t a_count, size_t b_count)
{
    check(a_count == b_count);
    for (size_t i = 0; i < a_count; i++) {
        check(a[i].price_ticks == b[i].price_ticks && a[i].size_lots == b[i].size_lots);
    }
}

static void compare(const char *json, size_t bytes, unsigned places)
{
    lfi_binance_message a = prepare(bytes, places), b = prepare(bytes, places);
    lfi_binance_fault fault;
    bool fits = lfi_binance_parse_fast(json, bytes, &a);
    if (fits) { /* once more, with what it has kept of itself */
        a.price_scale.fractions = a.size_scale.fractions = 0;
        fits = lfi_binance_parse_fast(json, bytes, &a);
        check(fits);
    }
    check(lfi_binance_parse_plain(json, bytes, &b) == fits);
    if (fits && a.kind != LFI_BINANCE_OTHER) {
        check_levels(a.levels, b.levels, a.level_count, b.level_count);
        b.price_scale.fractions = b.size_scale.fractions = 0;
        check(lfi_binance_parse_general(json, bytes, &b, &fault));
        check(a.kind == b.kind && a.event_ns == b.event_ns && a.time_ns == b.time_ns);
        check(a.first_id == b.first_id && a.last_id == b.last_id && a.before_id == b.before_id);
        check(a.trade_id == b.trade_id && a.price == b.price && a.size == b.size);
        check(a.buyer_is_maker == b.buyer_is_maker && a.is_market == b.is_market);
        check(a.is_coin_margined == b.is_coin_margined && strcmp(a.symbol, b.symbol) == 0);
        check(a.price_scale.fractions == b.price_scale.fractions);
        check(a.size_scale.fractions == b.size_scale.fractions);
        check_levels(a.levels + a.bid_first, b.levels + b.bid_first, a.bid_count, b.bid_count);
        check_levels(a.levels + a.ask_first, b.levels + b.ask_first, a.ask_count, b.ask_count);
    }
    free(a.levels);
    free(b.levels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    /* As in a stream: the line, and whatever the buffer holds behind it. */
    char *const line = malloc(bytes + LFI_LINE_SLACK);
    lfi_binance_fault fault;
    check(line != NULL);
    memcpy(line, data, bytes);
    memset(line + bytes, bytes % 2 == 0 ? '1' : '"', LFI_LINE_SLACK);
    compare(line, bytes, (unsigned)(bytes % (LFI_BINANCE_PLACES_MAX + 1)));
    lfi_binance_message m = prepare(bytes, 2);
    (void)lfi_binance_parse(line, bytes, &m, &fault);
    free(m.levels);
    free(line);
    return 0;
}
