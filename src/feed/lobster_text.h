/* Numbers in the text of LOBSTER rows: one digit at a time, and eight at a time where it counts. */
#ifndef LOBFLOW_FEED_LOBSTER_TEXT_H
#define LOBFLOW_FEED_LOBSTER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A LOBSTER price unit is 1e-4 of the currency, a tick 0.01. */
#define LFI_UNITS_PER_TICK 100
#define LFI_SECONDS_PER_DAY 86400

/* An integer of at most digits_max (18) digits at *at, up to a comma or the end. */
static inline bool lfi_take_int(const char **at, const char *end, int digits_max, int64_t *out)
{
    const char *p = *at;
    const bool is_negative = p < end && *p == '-';
    p += is_negative;
    uint64_t value = 0;
    int digits = 0;
    for (; p < end && *p != ','; p++, digits++) {
        const unsigned digit = (unsigned)(*p - '0');
        if (digit > 9 || digits == digits_max) {
            return false;
        }
        value = 10 * value + digit;
    }
    *out = is_negative ? -(int64_t)value : (int64_t)value;
    *at = p;
    return digits > 0;
}

/* Eight bytes as they stand, the first one lowest. */
static inline uint64_t lfi_load_eight(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/*
 * The number that eight digits make, the first one lowest in the word; false when one is no digit.
 * Neighbours are put together: digits to pairs, pairs to fours, fours to eight.
 */
static inline bool lfi_eight_digits(uint64_t word, uint64_t *out)
{
    const uint64_t high = UINT64_C(0xf0f0f0f0f0f0f0f0), zeros = UINT64_C(0x3030303030303030);
    /* Adding 6 lifts ':' to '?' into the next row of the code. */
    if ((word & high) != zeros || ((word + UINT64_C(0x0606060606060606)) & high) != zeros) {
        return false;
    }
    word -= zeros;
    word = (word * 10 + (word >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
    word = (word * 100 + (word >> 16)) & UINT64_C(0x0000ffff0000ffff);
    *out = (word * 10000 + (word >> 32)) & UINT64_C(0xffffffff);
    return true;
}

/* The number that count digits (1 to 8) at text make; eight bytes are read. */
static inline bool lfi_take_digits(const char *text, unsigned count, uint64_t *out)
{
    const unsigned unused = 64 - 8 * count;
    const uint64_t zeros = UINT64_C(0x3030303030303030);
    const uint64_t word = lfi_load_eight(text) << unused;
    return lfi_eight_digits(unused == 0 ? word : word | (zeros >> (64 - unused)), out);
}

/*
 * An integer of 1 to 7 digits at *at and the comma behind it; *at is then behind the comma. Eight
 * bytes are read. False for anything else.
 */
static inline bool lfi_take_short(const char **at, int64_t *out)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t word = lfi_load_eight(*at);
    const uint64_t not_comma = word ^ (ones * ',');
    /* The lowest marked byte is the first comma; marks above it mean nothing. */
    const uint64_t marks = (not_comma - ones) & ~not_comma & (ones * 0x80);
    const unsigned digits = marks != 0 ? (unsigned)__builtin_ctzll(marks) / 8 : 0;
    uint64_t value;
    if (digits == 0 || !lfi_take_digits(*at, digits, &value)) {
        return false;
    }
    *out = (int64_t)value;
    *at += digits + 1;
    return true;
}

/* An integer of 1 to 18 digits at *at, up to a comma before end; eight bytes are read. */
static inline bool lfi_take_long(const char **at, const char *end, int64_t *out)
{
    const char *p = *at;
    uint64_t value;
    if (lfi_take_short(at, out)) {
        return --*at < end;
    }
    if (!lfi_take_digits(p, 8, &value)) {
        return false;
    }
    const char *const last = end - p > 18 ? p + 18 : end;
    for (p += 8; p < last && *p != ','; p++) {
        const unsigned digit = (unsigned)(*p - '0');
        if (digit > 9) {
            return false;
        }
        value = 10 * value + digit;
    }
    *out = (int64_t)value;
    *at = p;
    return p < end && *p == ',';
}

#endif
