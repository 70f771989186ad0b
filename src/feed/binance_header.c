/* The header of a depth message: its bytes beside those of the header before, 32 at a time. */
#include "binance_header.h"
#include "json_cursor.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx2")))

/* Digits that a number has room for; longer ones are left to the other reader. */
#define DIGITS_MAX 16

static int64_t *number_of(lfi_binance_message *m, lfi_binance_number which)
{
    switch (which) {
    case LFI_BINANCE_NUMBER_EVENT:
        return &m->event_ns;
    case LFI_BINANCE_NUMBER_TIME:
        return &m->time_ns;
    case LFI_BINANCE_NUMBER_FIRST:
        return &m->first_id;
    case LFI_BINANCE_NUMBER_LAST:
        return &m->last_id;
    case LFI_BINANCE_NUMBER_BEFORE:
    default:
        return &m->before_id;
    }
}

/* The number whose key ends before a colon; false for any other. */
static bool which_of(const char *colon, lfi_binance_number *out)
{
    static const char *const keys[] = {
        [LFI_BINANCE_NUMBER_EVENT] = "\"E\"",
        [LFI_BINANCE_NUMBER_TIME] = "\"T\"",
        [LFI_BINANCE_NUMBER_FIRST] = "\"U\"",
        [LFI_BINANCE_NUMBER_LAST] = "\"u\"",
        [LFI_BINANCE_NUMBER_BEFORE] = "\"pu\"",
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const size_t bytes = strlen(keys[i]);
        if (memcmp(colon - bytes, keys[i], bytes) == 0) {
            *out = (lfi_binance_number)i;
            return true;
        }
    }
    return false;
}

/* Where the list of bids opens; NULL when not within the room. */
static const char *bids_of(const char *json, size_t bytes)
{
    static const char key[] = ",\"b\":";
    const size_t most = bytes < LFI_BINANCE_HEADER_MAX ? bytes : LFI_BINANCE_HEADER_MAX;
    const char *const at = memmem(json, most, key, sizeof key - 1);
    return at != NULL ? at + sizeof key - 1 : NULL;
}

void lfi_binance_header_learn(const char *json, size_t bytes, lfi_binance_message *m)
{
    lfi_binance_header *const h = &m->header;
    const char *const end = bids_of(json, bytes);
    *h = (lfi_binance_header){0};
    if (end == NULL) {
        return;
    }
    memset(h->most, UINT8_MAX, sizeof h->most);
    memset(h->most, 0, (size_t)(end - json));
    memcpy(h->text, json, (size_t)(end - json));
    /* No string of the header holds a quote, so this is a key's end wherever it stands. */
    for (const char *at = json + 4; at < end; at++) {
        lfi_binance_number which;
        if (at[0] != ':' || at[-1] != '"' || lfi_count_digits(at + 1) == 0) {
            continue;
        }
        const unsigned count = lfi_count_digits(at + 1);
        const size_t first = (size_t)(at + 1 - json);
        if (count > DIGITS_MAX || !which_of(at, &which)) {
            return;
        }
        h->numbers[h->number_count++] =
            (lfi_binance_place){.which = which, .first = (uint16_t)first, .count = (uint8_t)count};
        memset(h->text + first, '0', count);
        memset(h->most + first, 9, count);
        if (count > 1) { /* JSON's numbers do not begin with a zero */
            h->text[first] = '1';
            h->most[first] = 8;
        }
    }
    memcpy(h->symbol, m->symbol, sizeof h->symbol);
    h->is_coin_margined = m->is_coin_margined;
    h->bytes = (size_t)(end - json);
}

/* Whether every byte is the one learnt, or a digit where a digit was. */
TARGET static bool fits(const lfi_binance_header *h, const char *json)
{
    __m256i all = _mm256_set1_epi8(-1);
    for (size_t i = 0; i < h->bytes; i += 32) {
        const __m256i text = _mm256_loadu_si256((const __m256i *)(const void *)(json + i));
        const __m256i base = _mm256_loadu_si256((const __m256i *)(const void *)(h->text + i));
        const __m256i most = _mm256_loadu_si256((const __m256i *)(const void *)(h->most + i));
        const __m256i left = _mm256_sub_epi8(text, base);
        all = _mm256_and_si256(all, _mm256_cmpeq_epi8(_mm256_min_epu8(left, most), left));
    }
    return _mm256_movemask_epi8(all) == -1;
}

static int64_t value_at(const char *text, unsigned count)
{
    return count <= 8
               ? lfi_whole_of(text, count)
               : lfi_whole_of(text, 8) * lfi_powers[count - 8] + lfi_whole_of(text + 8, count - 8);
}

size_t lfi_binance_header_take(const char *json, size_t bytes, lfi_binance_message *m)
{
    const lfi_binance_header *const h = &m->header;
    if (h->bytes == 0 || bytes <= h->bytes || !fits(h, json)) {
        return 0;
    }
    lfi_binance_reset(m);
    for (unsigned i = 0; i < h->number_count; i++) {
        const lfi_binance_place *const place = &h->numbers[i];
        const int64_t value = value_at(json + place->first, place->count);
        int64_t *const out = number_of(m, place->which);
        *out = value;
        if (place->which <= LFI_BINANCE_NUMBER_TIME && !lfi_binance_time(value, out)) {
            return 0;
        }
    }
    m->kind = LFI_BINANCE_DEPTH;
    m->is_coin_margined = h->is_coin_margined;
    memcpy(m->symbol, h->symbol, sizeof m->symbol);
    return h->bytes;
}

#else

void lfi_binance_header_learn(const char *json, size_t bytes, lfi_binance_message *m)
{
    (void)json;
    (void)bytes;
    (void)m;
}

size_t lfi_binance_header_take(const char *json, size_t bytes, lfi_binance_message *m)
{
    (void)json;
    (void)bytes;
    (void)m;
    return 0;
}

#endif
