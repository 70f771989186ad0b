/* Dates, times and durations as numbers and as text. */
#include <lobflow/base.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/*
 * Dates are counted in eras of 400 years that begin on 1 March of a year divisible by 400: an era
 * has 146097 days, and the leap day is the last day of its year, so months need no table.
 */
#define DAYS_PER_ERA INT64_C(146097)
/* Days from 0000-03-01 to 1970-01-01. */
#define EPOCH_SHIFT_DAYS INT64_C(719468)

static int64_t floor_div(int64_t value, int64_t divisor)
{
    const int64_t quotient = value / divisor;
    return quotient - (value % divisor < 0 ? 1 : 0);
}

int64_t lf_date_to_days(lf_date date)
{
    const int64_t year = (int64_t)date.year - (date.month <= 2 ? 1 : 0);
    const int64_t era = floor_div(year, 400);
    const int64_t year_of_era = year - era * 400;
    /* Months from March; (153 m + 2) / 5 is the number of days before month m. */
    const int64_t month = (date.month + 9) % 12;
    const int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
    const int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - EPOCH_SHIFT_DAYS;
}

lf_date lf_date_from_days(int64_t days)
{
    const int64_t shifted = days + EPOCH_SHIFT_DAYS;
    const int64_t era = floor_div(shifted, DAYS_PER_ERA);
    const int64_t day_of_era = shifted - era * DAYS_PER_ERA;
    /* Take out the leap days of 4 and 100 years and put the one of 400 back, then divide. */
    const int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t month = (5 * day_of_year + 2) / 153;
    const lf_date date = {
        .year = (int32_t)(era * 400 + year_of_era + (month >= 10 ? 1 : 0)),
        .month = (int32_t)(month < 10 ? month + 3 : month - 9),
        .day = (int32_t)(day_of_year - (153 * month + 2) / 5 + 1),
    };
    return date;
}

static bool read_digits(const char *text, size_t count, int32_t *out)
{
    int32_t value = 0;
    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        value = value * 10 + (text[i] - '0');
    }
    *out = value;
    return true;
}

lf_status lf_date_parse(const char *text, lf_date *out)
{
    const size_t length = strlen(text);
    const bool dashed = length == 10 && text[4] == '-' && text[7] == '-';
    if (!dashed && length != 8) {
        return LF_RANGE;
    }
    lf_date date;
    if (!read_digits(text, 4, &date.year) ||
        !read_digits(text + (dashed ? 5 : 4), 2, &date.month) ||
        !read_digits(text + (dashed ? 8 : 6), 2, &date.day)) {
        return LF_RANGE;
    }
    if (date.month < 1 || date.month > 12 || date.day < 1 || date.day > 31) {
        return LF_RANGE;
    }
    /* A day that does not exist (30 February) comes back as another one. */
    const lf_date same = lf_date_from_days(lf_date_to_days(date));
    if (same.month != date.month || same.day != date.day) {
        return LF_RANGE;
    }
    *out = date;
    return LF_OK;
}

/* Writes value in exactly width digits; higher digits are dropped. */
static char *put_digits(char *to, int64_t value, int width)
{
    for (int i = width - 1; i >= 0; i--) {
        to[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return to + width;
}

static char *put_date(char *to, lf_date date)
{
    to = put_digits(to, date.year, 4);
    *to++ = '-';
    to = put_digits(to, date.month, 2);
    *to++ = '-';
    return put_digits(to, date.day, 2);
}

void lf_date_format(lf_date date, char out[11])
{
    *put_date(out, date) = '\0';
}

void lf_time_format(int64_t time_ns, char out[32])
{
    if (time_ns == LF_TIME_NONE) {
        memcpy(out, "none", 5);
        return;
    }
    const int64_t days = floor_div(time_ns, LF_NS_PER_DAY);
    /* In two steps, because days * ns per day may lie below INT64_MIN. */
    const int64_t rest = time_ns % LF_NS_PER_DAY;
    const int64_t of_day = rest < 0 ? rest + LF_NS_PER_DAY : rest;
    const int64_t second = of_day / LF_NS_PER_SECOND;
    char *to = put_date(out, lf_date_from_days(days));
    *to++ = 'T';
    to = put_digits(to, second / 3600, 2);
    *to++ = ':';
    to = put_digits(to, second / 60 % 60, 2);
    *to++ = ':';
    to = put_digits(to, second % 60, 2);
    *to++ = '.';
    to = put_digits(to, of_day % LF_NS_PER_SECOND, 9);
    *to++ = 'Z';
    *to = '\0';
}

/* Largest first: the writer takes the first that divides. */
static const struct unit {
    const char *name;
    int64_t ns;
} units[] = {
    {"d", LF_NS_PER_DAY},
    {"h", 60 * LF_NS_PER_MINUTE},
    {"min", LF_NS_PER_MINUTE},
    {"s", LF_NS_PER_SECOND},
    {"ms", LF_NS_PER_MILLISECOND},
    {"us", 1000},
    {"ns", 1},
};

static bool unit_from_name(const char *name, int64_t *out_ns)
{
    if (*name == '\0') {
        *out_ns = 1;
        return true;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(name, units[i].name) == 0) {
            *out_ns = units[i].ns;
            return true;
        }
    }
    return false;
}

/* Moves *text over digits and appends them to *value; counts them. */
static bool take_digits(const char **text, int64_t *value, int *count)
{
    for (*count = 0; **text >= '0' && **text <= '9'; (*text)++, (*count)++) {
        if (__builtin_mul_overflow(*value, INT64_C(10), value) ||
            __builtin_add_overflow(*value, (int64_t)(**text - '0'), value)) {
            return false;
        }
    }
    return true;
}

lf_status lf_duration_parse(const char *text, int64_t *out_ns)
{
    const bool negative = *text == '-';
    const char *at = text + (negative || *text == '+' ? 1 : 0);
    int64_t value = 0;
    int whole_digits = 0;
    int decimals = 0;
    if (!take_digits(&at, &value, &whole_digits)) {
        return LF_RANGE;
    }
    if (*at == '.') {
        at++;
        if (!take_digits(&at, &value, &decimals) || decimals == 0) {
            return LF_RANGE;
        }
    }
    int64_t unit_ns;
    if (whole_digits == 0 || !unit_from_name(at, &unit_ns) ||
        __builtin_mul_overflow(value, unit_ns, &value)) {
        return LF_RANGE;
    }
    for (int i = 0; i < decimals; i++) {
        if (value % 10 != 0) {
            return LF_RANGE;
        }
        value /= 10;
    }
    *out_ns = negative ? -value : value;
    return LF_OK;
}

void lf_duration_format(int64_t duration_ns, char out[32])
{
    size_t i = sizeof units / sizeof units[0] - 1;
    if (duration_ns != 0) {
        for (i = 0; duration_ns % units[i].ns != 0; i++) {
        }
    }
    (void)snprintf(out, 32, "%" PRId64 "%s", duration_ns / units[i].ns, units[i].name);
}

int64_t lf_clock_monotonic_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * LF_NS_PER_SECOND + (int64_t)now.tv_nsec;
}
