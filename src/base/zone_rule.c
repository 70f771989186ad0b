/* The POSIX TZ rule in the footer of a zone file, for years behind its table (RFC 8536, 3.3.1). */
#include <lobflow/base.h>

#include "base_internal.h"

static bool take_number(const char **at, int32_t most, int32_t *out)
{
    int32_t value = 0;
    const char *start = *at;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        value = value * 10 + (**at - '0');
        if (value > most) {
            return false;
        }
    }
    *out = value;
    return *at > start;
}

static bool take_char(const char **at, char wanted)
{
    if (**at != wanted) {
        return false;
    }
    (*at)++;
    return true;
}

/* A zone's letters, or anything in angle brackets. */
static bool take_name(const char **at)
{
    const char *start = *at;
    if (take_char(at, '<')) {
        while (**at != '\0' && **at != '>') {
            (*at)++;
        }
        return take_char(at, '>');
    }
    while ((**at >= 'A' && **at <= 'Z') || (**at >= 'a' && **at <= 'z')) {
        (*at)++;
    }
    return *at - start >= 3;
}

/* [+-]hh[:mm[:ss]] */
static bool take_time(const char **at, int32_t *out_s)
{
    int32_t parts[3] = {0, 0, 0};
    const bool negative = take_char(at, '-');
    if (!negative) {
        (void)take_char(at, '+');
    }
    /* A week of hours: RFC 8536 allows -167 to 167. */
    if (!take_number(at, 167, &parts[0])) {
        return false;
    }
    for (int i = 1; i < 3 && take_char(at, ':'); i++) {
        if (!take_number(at, 59, &parts[i])) {
            return false;
        }
    }
    const int32_t seconds = parts[0] * 3600 + parts[1] * 60 + parts[2];
    *out_s = negative ? -seconds : seconds;
    return true;
}

/* Seconds west of Greenwich; POSIX allows up to 24 hours. */
static bool take_offset(const char **at, int32_t *out_s)
{
    return take_time(at, out_s) && *out_s < 25 * 3600 && *out_s > -25 * 3600;
}

static bool take_day(const char **at, lfi_zone_change *out)
{
    if (take_char(at, 'M')) {
        out->kind = LFI_ZONE_DAY_WEEK;
        return take_number(at, 12, &out->month) && out->month > 0 && take_char(at, '.') &&
               take_number(at, 5, &out->week) && out->week > 0 && take_char(at, '.') &&
               take_number(at, 6, &out->day);
    }
    if (take_char(at, 'J')) {
        out->kind = LFI_ZONE_DAY_JULIAN;
        return take_number(at, 365, &out->day) && out->day > 0;
    }
    out->kind = LFI_ZONE_DAY_ZERO;
    return take_number(at, 365, &out->day);
}

static bool take_change(const char **at, lfi_zone_change *out)
{
    /* A change without a time happens at two in the morning. */
    out->time_s = 2 * 3600;
    if (!take_char(at, ',') || !take_day(at, out)) {
        return false;
    }
    return !take_char(at, '/') || take_time(at, &out->time_s);
}

bool lfi_zone_rule_parse(const char *text, lfi_zone_rule *out)
{
    lfi_zone_rule rule = {0};
    const char *at = text;
    if (*at == '\0') {
        *out = rule;
        return true;
    }
    int32_t west_s;
    if (!take_name(&at) || !take_offset(&at, &west_s)) {
        return false;
    }
    rule.is_set = true;
    /* POSIX counts west of Greenwich as positive. */
    rule.standard_offset_s = -west_s;
    if (*at != '\0') {
        rule.has_daylight = true;
        rule.daylight_offset_s = rule.standard_offset_s + 3600;
        if (!take_name(&at)) {
            return false;
        }
        if (*at != ',') {
            if (!take_offset(&at, &west_s)) {
                return false;
            }
            rule.daylight_offset_s = -west_s;
        }
        if (!take_change(&at, &rule.start) || !take_change(&at, &rule.end) || *at != '\0') {
            return false;
        }
    }
    *out = rule;
    return true;
}

static bool is_leap_year(int32_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days since 1970 of a change in a year. */
static int64_t change_day(const lfi_zone_change *change, int32_t year)
{
    const int64_t new_year = lf_date_to_days((lf_date){year, 1, 1});
    if (change->kind == LFI_ZONE_DAY_ZERO) {
        return new_year + change->day;
    }
    if (change->kind == LFI_ZONE_DAY_JULIAN) {
        return new_year + change->day - 1 + (is_leap_year(year) && change->day >= 60 ? 1 : 0);
    }
    const int64_t first = lf_date_to_days((lf_date){year, change->month, 1});
    const bool december = change->month == 12;
    const int64_t next =
        lf_date_to_days((lf_date){year + (december ? 1 : 0), december ? 1 : change->month + 1, 1});
    /* 1970-01-01 was a Thursday; the sum is kept positive for %. */
    const int64_t first_weekday = ((first + 4) % 7 + 7) % 7;
    int64_t day = first + (change->day - first_weekday + 7) % 7 + 7 * (change->week - 1);
    while (day >= next) {
        day -= 7;
    }
    return day;
}

int32_t lfi_zone_rule_offset_s(const lfi_zone_rule *rule, int64_t time_s)
{
    if (!rule->has_daylight) {
        return rule->standard_offset_s;
    }
    const int64_t local_s = time_s + rule->standard_offset_s;
    const int64_t local_day = local_s / 86400 - (local_s % 86400 < 0 ? 1 : 0);
    const int32_t year = lf_date_from_days(local_day).year;
    const int64_t start_s =
        change_day(&rule->start, year) * 86400 + rule->start.time_s - rule->standard_offset_s;
    const int64_t end_s =
        change_day(&rule->end, year) * 86400 + rule->end.time_s - rule->daylight_offset_s;
    /* In the south daylight saving spans the new year. */
    const bool daylight =
        start_s < end_s ? time_s >= start_s && time_s < end_s : time_s >= start_s || time_s < end_s;
    return daylight ? rule->daylight_offset_s : rule->standard_offset_s;
}
