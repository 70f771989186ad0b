/* Numbers to text and back: shortest doubles, integers. */
#include <lobflow/base.h>

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base_internal.h"

__extension__ typedef unsigned __int128 u128;

#define SIGNIFICAND_BITS 52
#define EXPONENT_BIAS 1075

/* A decimal number: digits * 10^exponent. */
typedef struct decimal {
    uint64_t digits;
    int32_t exponent;
} decimal;

/* High 64 bits of g * cp / 2^64, with its last bit set when anything was cut off. */
static uint64_t round_to_odd(const uint64_t g[2], uint64_t cp)
{
    const u128 low = (u128)g[1] * cp;
    const u128 high = (u128)g[0] * cp + (uint64_t)(low >> 64);
    return (uint64_t)(high >> 64) | ((uint64_t)high > 1 ? 1 : 0);
}

/*
 * The shortest decimal in the rounding interval of c * 2^q, and the nearest of those (Schubfach).
 * Names are the paper's: vbl, vb, vbr are four times the interval's left end, the value and the
 * right end, in units of 10^k, rounded to odd.
 */
static decimal shortest_decimal(uint64_t c, int32_t q, bool lower_is_closer)
{
    const uint64_t odd = c & 1;
    /* floor(log10(2^q)) and floor(log10(3/4 2^q)): 1262611 / 2^22 is log10(2), 524031 / 2^22 is
       -log10(3/4); exact for all exponents of a double. */
    const int32_t k = (q * 1262611 - (lower_is_closer ? 524031 : 0)) >> 22;
    /* 1741647 / 2^19 is log2(10). */
    const int32_t h = q + ((-k * 1741647) >> 19) + 1;
    const uint64_t *g = lfi_pow10[-k - LFI_POW10_MIN];
    const uint64_t vbl = round_to_odd(g, (4 * c - 2 + (lower_is_closer ? 1 : 0)) << h);
    const uint64_t vb = round_to_odd(g, (4 * c) << h);
    const uint64_t vbr = round_to_odd(g, (4 * c + 2) << h);
    /* The ends belong to the interval when c is even. */
    const uint64_t lower = vbl + odd;
    const uint64_t upper = vbr - odd;
    const uint64_t s = vb / 4;
    if (s >= 10) {
        const uint64_t tens = s / 10;
        const bool down_inside = lower <= 40 * tens;
        const bool up_inside = 40 * tens + 40 <= upper;
        if (down_inside != up_inside) {
            return (decimal){tens + (up_inside ? 1 : 0), k + 1};
        }
    }
    const bool down_inside = lower <= 4 * s;
    const bool up_inside = 4 * s + 4 <= upper;
    if (down_inside != up_inside) {
        return (decimal){s + (up_inside ? 1 : 0), k};
    }
    const uint64_t middle = 4 * s + 2;
    const bool round_up = vb > middle || (vb == middle && (s & 1) != 0);
    return (decimal){s + (round_up ? 1 : 0), k};
}

/* bits is those of a finite number above zero. */
static decimal to_decimal(uint64_t bits)
{
    const uint64_t fraction = bits & ((UINT64_C(1) << SIGNIFICAND_BITS) - 1);
    const int32_t exponent = (int32_t)(bits >> SIGNIFICAND_BITS) & 0x7ff;
    if (exponent == 0) {
        return shortest_decimal(fraction, 1 - EXPONENT_BIAS, false);
    }
    const uint64_t c = fraction | (UINT64_C(1) << SIGNIFICAND_BITS);
    const int32_t q = exponent - EXPONENT_BIAS;
    if (q <= 0 && q > -SIGNIFICAND_BITS - 1 && (c & ((UINT64_C(1) << -q) - 1)) == 0) {
        return (decimal){c >> -q, 0}; /* a whole number below 2^53 */
    }
    return shortest_decimal(c, q, fraction == 0 && exponent > 1);
}

static int write_digits(uint64_t value, char *out)
{
    char reversed[20];
    int count = 0;
    do {
        reversed[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    for (int i = 0; i < count; i++) {
        out[i] = reversed[count - 1 - i];
    }
    return count;
}

static char *put(char *to, const char *from, int count)
{
    memcpy(to, from, (size_t)count);
    return to + count;
}

static char *put_zeros(char *to, int count)
{
    memset(to, '0', (size_t)count);
    return to + count;
}

/* d.ddde-07, at least two digits of exponent, as C and Python write it. */
static char *put_scientific(char *to, const char *digits, int count, int point)
{
    *to++ = digits[0];
    if (count > 1) {
        *to++ = '.';
        to = put(to, digits + 1, count - 1);
    }
    const int exponent = point - 1;
    *to++ = 'e';
    *to++ = exponent < 0 ? '-' : '+';
    const int size = exponent < 0 ? -exponent : exponent;
    if (size < 10) {
        *to++ = '0';
    }
    return to + write_digits((uint64_t)size, to);
}

/* point is the place of the decimal point counted from the first digit. */
static char *put_decimal(char *to, decimal value)
{
    char digits[20];
    while (value.digits % 10 == 0) {
        value.digits /= 10;
        value.exponent++;
    }
    const int count = write_digits(value.digits, digits);
    const int point = count + value.exponent;
    /* The bounds of plain notation are those of Python's repr, which readers are used to. */
    if (point > 16 || point < -3) {
        return put_scientific(to, digits, count, point);
    }
    if (point <= 0) {
        to = put(to, "0.", 2);
        to = put_zeros(to, -point);
        return put(to, digits, count);
    }
    if (point >= count) {
        return put_zeros(put(to, digits, count), point - count);
    }
    to = put(to, digits, point);
    *to++ = '.';
    return put(to, digits + point, count - point);
}

size_t lf_double_format(double value, char out[LF_DOUBLE_TEXT_BYTES])
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    char *to = out;
    const uint64_t magnitude = bits & ~(UINT64_C(1) << 63);
    const uint64_t infinity = UINT64_C(0x7ff) << SIGNIFICAND_BITS;
    if (magnitude > infinity) {
        to = put(to, "nan", 3);
    } else {
        if (bits != magnitude) {
            *to++ = '-';
        }
        if (magnitude == infinity) {
            to = put(to, "inf", 3);
        } else if (magnitude == 0) {
            *to++ = '0';
        } else {
            to = put_decimal(to, to_decimal(magnitude));
        }
    }
    *to = '\0';
    return (size_t)(to - out);
}

size_t lf_int64_format(int64_t value, char out[LF_DOUBLE_TEXT_BYTES])
{
    char *to = out;
    uint64_t magnitude = (uint64_t)value;
    if (value < 0) {
        *to++ = '-';
        magnitude = 0 - magnitude;
    }
    to += write_digits(magnitude, to);
    *to = '\0';
    return (size_t)(to - out);
}

lf_status lf_int64_parse(const char *text, size_t bytes, int64_t *out)
{
    const bool negative = bytes > 0 && text[0] == '-';
    size_t i = bytes > 0 && (text[0] == '-' || text[0] == '+') ? 1 : 0;
    if (i == bytes) {
        return LF_RANGE;
    }
    int64_t value = 0;
    for (; i < bytes; i++) {
        /* Counted downwards, because INT64_MIN has no positive twin. */
        if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(value, INT64_C(10), &value) ||
            __builtin_sub_overflow(value, (int64_t)(text[i] - '0'), &value)) {
            return LF_RANGE;
        }
    }
    if (!negative && value == INT64_MIN) {
        return LF_RANGE;
    }
    *out = negative ? value : -value;
    return LF_OK;
}

/* ---- text to double ---- */

/* Powers of ten that a double holds exactly. */
static const double exact_pow10[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                     1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                     1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* What a decimal text consists of. */
typedef struct parsed {
    uint64_t digits;
    int exponent;
    int digit_count; /* significant ones */
    bool good;       /* the text has the form of a decimal number */
} parsed;

static size_t scan_digits(const char *text, size_t bytes, size_t i, parsed *out)
{
    for (; i < bytes && text[i] >= '0' && text[i] <= '9'; i++) {
        out->good = true;
        if (out->digit_count < 19) {
            out->digits = out->digits * 10 + (uint64_t)(text[i] - '0');
        }
        if (out->digit_count > 0 || text[i] != '0') {
            out->digit_count++;
        }
    }
    return i;
}

static parsed scan_decimal(const char *text, size_t bytes)
{
    parsed out = {0};
    size_t i = scan_digits(text, bytes, bytes > 0 && (*text == '-' || *text == '+') ? 1 : 0, &out);
    if (i < bytes && text[i] == '.') {
        const size_t start = i + 1;
        i = scan_digits(text, bytes, start, &out);
        out.exponent -= (int)(i - start);
    }
    if (out.good && i < bytes && (text[i] == 'e' || text[i] == 'E')) {
        int64_t exponent;
        /* More than four digits of exponent are left to strtod. */
        if (bytes - i - 1 > 5 || lf_int64_parse(text + i + 1, bytes - i - 1, &exponent) != LF_OK) {
            out.digit_count = 100;
        } else {
            out.exponent += (int)exponent;
        }
        i = bytes;
    }
    out.good = out.good && i == bytes;
    return out;
}

static lf_status parse_with_strtod(const char *text, size_t bytes, double *out)
{
    char copy[1024];
    if (bytes == 0 || bytes >= sizeof copy || memchr(text, '\0', bytes) != NULL) {
        return LF_RANGE;
    }
    /* strtod also takes spaces in front and hexadecimal numbers; tables have none. */
    if (memchr(text, 'x', bytes) != NULL || memchr(text, 'X', bytes) != NULL ||
        memchr("\t\n\v\f\r ", text[0], 6) != NULL || memchr(text, '(', bytes) != NULL) {
        return LF_RANGE;
    }
    memcpy(copy, text, bytes);
    copy[bytes] = '\0';
    const locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (plain == (locale_t)0) {
        return LF_RANGE;
    }
    char *end;
    const double value = strtod_l(copy, &end, plain);
    freelocale(plain);
    if (end != copy + bytes) {
        return LF_RANGE;
    }
    *out = value;
    return LF_OK;
}

/*
 * digits * 10^exponent, when 128 bits of the power decide the rounding; false otherwise.
 *
 * The power is cut off to 128 bits, so the true product lies in [H, H + 2) where H is the high 128
 * of 192 bits computed here. Only when that interval may hold the half between two doubles is more
 * needed. Lemire (2021), Number parsing at a gigabyte per second, SPE 51(8), has the idea.
 */
static bool scale_decimal(uint64_t digits, int exponent, double *out)
{
    if (digits == 0 || exponent < LFI_POW10_MIN || exponent >= LFI_POW10_MIN + LFI_POW10_COUNT) {
        return false;
    }
    /* The table is rounded up by one everywhere. */
    const uint64_t *entry = lfi_pow10[exponent - LFI_POW10_MIN];
    const uint64_t low_word = entry[1] - 1;
    const uint64_t high_word = entry[0] - (entry[1] == 0 ? 1 : 0);
    const int zeros = __builtin_clzll(digits);
    const u128 low = (u128)low_word * (digits << zeros);
    const u128 high = (u128)high_word * (digits << zeros) + (uint64_t)(low >> 64);

    /* 53 bits are kept; the product has 127 or 128. */
    const int cut = (uint64_t)(high >> 64) >> 63 != 0 ? 75 : 74;
    const u128 rest = high & (((u128)1 << cut) - 1);
    const u128 half = (u128)1 << (cut - 1);
    if (rest == half || rest == half - 1) {
        return false;
    }
    uint64_t significand = (uint64_t)(high >> cut) + (rest > half ? 1 : 0);
    /* (1741647 e) >> 19 is floor(log2(10^e)). */
    int binary = cut + ((exponent * 1741647) >> 19) - 63 - zeros;
    if (significand >> (SIGNIFICAND_BITS + 1) != 0) {
        significand >>= 1;
        binary++;
    }
    if (binary < -1074 || binary > 971) {
        return false; /* subnormal or too large */
    }
    const uint64_t bits = (significand & ((UINT64_C(1) << SIGNIFICAND_BITS) - 1)) |
                          (uint64_t)(binary + EXPONENT_BIAS) << SIGNIFICAND_BITS;
    memcpy(out, &bits, sizeof bits);
    return true;
}

lf_status lf_double_parse(const char *text, size_t bytes, double *out)
{
    const parsed p = scan_decimal(text, bytes);
    if (!p.good || p.digit_count > 19) {
        return parse_with_strtod(text, bytes, out);
    }
    double value;
    if (p.digits <= (UINT64_C(1) << 53) && p.exponent >= -22 && p.exponent <= 22) {
        /* Clinger (1990): digits and power are exact, so one rounding is the right one. */
        value = (double)p.digits;
        value = p.exponent < 0 ? value / exact_pow10[-p.exponent] : value * exact_pow10[p.exponent];
    } else if (!scale_decimal(p.digits, p.exponent, &value)) {
        return parse_with_strtod(text, bytes, out);
    }
    *out = text[0] == '-' ? -value : value;
    return LF_OK;
}
