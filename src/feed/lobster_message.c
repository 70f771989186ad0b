/* One row of a LOBSTER message file: time, type, order id, size, price, direction. */
#include "feed_internal.h"

#include "lobster_text.h"

#include <stdio.h>
#include <string.h>

#define FIELD_COUNT 6

/* A field of the row. */
typedef struct field {
    const char *text;
    size_t bytes;
} field;

static const char *const field_names[FIELD_COUNT] = {
    "field 1 (time)",
    "field 2 (type)",
    "field 3 (order id)",
    "field 4 (size)",
    "field 5 (price)",
    "field 6 (direction)",
};

static bool refuse(lfi_fault *fault, const field *fields, int index, const char *expected)
{
    snprintf(fault->field, sizeof fault->field, "%s", field_names[index]);
    snprintf(fault->expected, sizeof fault->expected, "%s", expected);
    fault->text = fields[index].text;
    fault->bytes = fields[index].bytes;
    return false;
}

static bool split(const char *line, size_t bytes, field fields[FIELD_COUNT])
{
    const char *const end = line + bytes;
    const char *begin = line;
    for (int i = 0; i < FIELD_COUNT; i++) {
        const char *comma = memchr(begin, ',', (size_t)(end - begin));
        if ((comma == NULL) != (i == FIELD_COUNT - 1)) {
            return false;
        }
        fields[i] = (field){begin, (size_t)((comma != NULL ? comma : end) - begin)};
        begin = comma != NULL ? comma + 1 : end;
    }
    return true;
}

/* Seconds after midnight as decimal text, to ns; digits past the ninth are cut. */
static bool parse_time(const field *from, int64_t *out_ns)
{
    const char *p = from->text, *const end = p + from->bytes;
    int64_t seconds = 0, fraction = 0;
    int digits = 0, places = 0;
    for (; p < end && *p >= '0' && *p <= '9'; p++, digits++) {
        seconds = 10 * seconds + (*p - '0');
        if (seconds >= LFI_SECONDS_PER_DAY) {
            return false;
        }
    }
    if (digits == 0) {
        return false;
    }
    if (p < end && *p == '.') {
        for (p++; p < end && *p >= '0' && *p <= '9'; p++) {
            if (places < 9) {
                fraction = 10 * fraction + (*p - '0');
                places++;
            }
        }
    }
    for (; places < 9; places++) {
        fraction *= 10;
    }
    *out_ns = seconds * LF_NS_PER_SECOND + fraction;
    return p == end;
}

static bool parse_field(const field *from, int digits_max, int64_t *out)
{
    const char *p = from->text;
    return lfi_take_int(&p, from->text + from->bytes, digits_max, out) &&
           p == from->text + from->bytes;
}

/* What a type asks of the fields behind it. */
static bool check(const lfi_message *m, const field *fields, lfi_fault *fault)
{
    const bool is_order = m->type <= 5;
    if (m->order_id < 0 && m->type < 6) {
        return refuse(fault, fields, 2, "an integer, 0 or more, of at most 18 digits");
    }
    if (is_order ? m->size <= 0 : m->size < 0) {
        return refuse(
            fault, fields, 3, is_order ? "a size above 0 of at most 10 digits" : "a size, 0 or more"
        );
    }
    if (m->type <= 4 && (m->price <= 0 || m->price % LFI_UNITS_PER_TICK != 0)) {
        return refuse(fault, fields, 4, "a price above 0 in 1/10000, on a whole cent");
    }
    if (m->type == 5 && m->price <= 0) {
        return refuse(fault, fields, 4, "a price above 0 in 1/10000");
    }
    if (m->type == 7 && (m->price < -1 || m->price > 1)) {
        return refuse(
            fault, fields, 4, "-1 (a halt begins), 0 (quoting resumes) or 1 (trading resumes)"
        );
    }
    if (m->direction < -1 || m->direction > 1 || (m->direction == 0 && is_order)) {
        return refuse(fault, fields, 5, "1 or -1");
    }
    return true;
}

bool lfi_message_parse(const char *line, size_t bytes, lfi_message *out, lfi_fault *fault)
{
    field fields[FIELD_COUNT];
    int64_t type, direction;
    if (!split(line, bytes, fields)) {
        snprintf(fault->field, sizeof fault->field, "the row");
        snprintf(fault->expected, sizeof fault->expected, "6 fields with commas between");
        fault->text = line;
        fault->bytes = bytes;
        return false;
    }
    if (!parse_time(&fields[0], &out->since_midnight_ns)) {
        return refuse(
            fault, fields, 0, "seconds after midnight, below 86400, such as 34200.017459617"
        );
    }
    if (!parse_field(&fields[1], 1, &type) || type < 1 || type > 7) {
        return refuse(fault, fields, 1, "1 to 7");
    }
    if (!parse_field(&fields[2], 18, &out->order_id)) {
        return refuse(fault, fields, 2, "an integer of at most 18 digits");
    }
    if (!parse_field(&fields[3], 10, &out->size)) {
        return refuse(fault, fields, 3, "an integer of at most 10 digits");
    }
    if (!parse_field(&fields[4], 10, &out->price)) {
        return refuse(fault, fields, 4, "an integer of at most 10 digits");
    }
    if (!parse_field(&fields[5], 1, &direction)) {
        return refuse(fault, fields, 5, "1 or -1");
    }
    out->type = (int8_t)type;
    out->direction = (int8_t)direction;
    return check(out, fields, fault);
}

/* ---- the usual forms -------------------------------------------------------------------- */

/* The fraction of a second that 1 to 9 digits stand for, and the comma behind them. */
static inline bool take_usual_fraction(const char **at, uint64_t *out_ns)
{
    static const uint64_t scale[] = {
        0, 100000000, 10000000, 1000000, 100000, 10000, 1000, 100, 10, 1};
    const char *const begin = *at;
    uint64_t eight;
    int64_t few;
    if (begin[9] == ',' && lfi_take_digits(begin, 8, &eight)) {
        const unsigned ninth = (unsigned)(begin[8] - '0');
        *out_ns = 10 * eight + ninth;
        *at = begin + 10;
        return ninth <= 9;
    }
    if (begin[8] == ',' && lfi_take_digits(begin, 8, &eight)) {
        *out_ns = scale[8] * eight;
        *at = begin + 9;
        return true;
    }
    if (!lfi_take_short(at, &few)) {
        return false;
    }
    *out_ns = scale[*at - begin - 1] * (uint64_t)few;
    return true;
}

/* SSSSS.N to SSSSS.NNNNNNNNN, and a comma. */
static inline bool take_usual_time(const char **at, int64_t *out_ns)
{
    uint64_t seconds, fraction_ns;
    if ((*at)[5] != '.' || !lfi_take_digits(*at, 5, &seconds) || seconds >= LFI_SECONDS_PER_DAY) {
        return false;
    }
    *at += 6;
    if (!take_usual_fraction(at, &fraction_ns)) {
        return false;
    }
    *out_ns = (int64_t)(seconds * LF_NS_PER_SECOND + fraction_ns);
    return true;
}

bool lfi_message_parse_fast(const char *line, size_t bytes, lfi_message *out)
{
    /* No row is shorter; what is read behind this one is found out where it must end. */
    if (bytes < sizeof "34200.0,1,1,1,1,1" - 1) {
        return false;
    }
    const char *p = line, *const end = line + bytes;
    if (!take_usual_time(&p, &out->since_midnight_ns) || p[1] != ',') {
        return false;
    }
    const unsigned type = (unsigned)(p[0] - '0');
    p += 2;
    if (type < 1 || type > 5 || !lfi_take_long(&p, end, &out->order_id)) {
        return false;
    }
    p++;
    if (!lfi_take_short(&p, &out->size) || !lfi_take_short(&p, &out->price) || p >= end) {
        return false;
    }
    const bool is_ask = *p == '-';
    out->type = (int8_t)type;
    out->direction = is_ask ? -1 : 1;
    p += is_ask;
    return p + 1 == end && *p == '1' && out->size > 0 && out->price > 0 &&
           (type == 5 || out->price % LFI_UNITS_PER_TICK == 0);
}
