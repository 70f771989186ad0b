/*
 * Fuzzes the two readers of Coinbase messages: what the direct one takes, the parser takes too, and
 * to the same parts; nothing behind the line matters.
 */
#include "../src/feed/coinbase.h"

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

static lfi_coinbase_part prepare(size_t bytes)
{
    lfi_coinbase_part part = {
        .price_scale = {.places = (unsigned)(bytes % (LFI_BINANCE_PLACES_MAX + 1))},
        .size_scale = {.places = (unsigned)(bytes % 7)},
        .level_capacity = LFI_COINBASE_LEVELS_OF(bytes),
    };
    part.levels = calloc(part.level_capacity, sizeof *part.levels);
    check(part.levels != NULL);
    return part;
}

static void check_parts(const lfi_coinbase_part *a, const lfi_coinbase_part *b)
{
    check(a->kind == b->kind && strcmp(a->product, b->product) == 0 && a->ts_ns == b->ts_ns);
    check(a->trade_id == b->trade_id && a->price == b->price && a->size == b->size);
    check(a->sequence == b->sequence && a->order_id == b->order_id && a->side == b->side);
    check(a->kind != LFI_COINBASE_TRADE || a->sign == b->sign);
    check(a->price_scale.fractions == b->price_scale.fractions);
    check(a->size_scale.fractions == b->size_scale.fractions);
    check(a->level_count == b->level_count);
    for (size_t i = 0; i < a->level_count; i++) {
        check(a->levels[i].side == b->levels[i].side);
        check(a->levels[i].price_ticks == b->levels[i].price_ticks);
        check(a->levels[i].size_lots == b->levels[i].size_lots);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    /* As in a stream: the line, and whatever the buffer holds behind it. */
    char *const text = malloc(bytes + LFI_LINE_SLACK);
    lfi_coinbase_line direct, parsed;
    lfi_binance_fault fault;
    check(text != NULL);
    memcpy(text, data, bytes);
    memset(text + bytes, bytes % 2 == 0 ? '1' : '"', LFI_LINE_SLACK);
    lfi_coinbase_part a = prepare(bytes), b = prepare(bytes);
    bool fine = lfi_coinbase_open_line(text, bytes, &direct, &a, &fault);
    check(lfi_coinbase_open_line(text, bytes, &parsed, NULL, &fault) == fine);
    while (fine) {
        check(direct.sequence == parsed.sequence && direct.sent_ns == parsed.sent_ns);
        fine = lfi_coinbase_next(&direct, &a, &fault);
        check(lfi_coinbase_next(&parsed, &b, &fault) == fine && direct.is_done == parsed.is_done);
        if (fine) {
            check_parts(&a, &b);
        }
        fine = fine && !direct.is_done;
    }
    lfi_coinbase_close(&direct);
    lfi_coinbase_close(&parsed);
    free(a.levels);
    free(b.levels);
    free(text);
    return 0;
}
