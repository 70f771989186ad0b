/* What the files of base share. */
#ifndef LOBFLOW_BASE_INTERNAL_H
#define LOBFLOW_BASE_INTERNAL_H

#include <lobflow/base.h>

/* How a rule of POSIX TZ names a day of a year. */
typedef enum lfi_zone_day_kind {
    LFI_ZONE_DAY_JULIAN = 0, /* Jn: 1 to 365, 29 February is never counted */
    LFI_ZONE_DAY_ZERO = 1,   /* n: 0 to 365, counted from 0, leap days too */
    LFI_ZONE_DAY_WEEK = 2,   /* Mm.w.d: weekday d of week w of month m, w = 5 is the last */
} lfi_zone_day_kind;

/* One change of a rule. */
typedef struct lfi_zone_change {
    lfi_zone_day_kind kind;
    int32_t month, week, day;
    int32_t time_s; /* local seconds after midnight, may be negative or beyond the day */
} lfi_zone_change;

/* A POSIX TZ rule. */
typedef struct lfi_zone_rule {
    bool is_set;
    bool has_daylight;
    int32_t standard_offset_s;
    int32_t daylight_offset_s;
    lfi_zone_change start; /* of daylight saving, in standard time */
    lfi_zone_change end;   /* in daylight saving time */
} lfi_zone_rule;

/* Reads "EST5EDT,M3.2.0,M11.1.0"; an empty text gives a rule that is not set. */
bool lfi_zone_rule_parse(const char *text, lfi_zone_rule *out);

/* Seconds to add to UTC by a rule that is set. */
int32_t lfi_zone_rule_offset_s(const lfi_zone_rule *rule, int64_t time_s);

/* Powers of ten for lf_double_format(): 10^k in 128 bits, rounded up, for k from LFI_POW10_MIN. */
#define LFI_POW10_MIN (-292)
#define LFI_POW10_COUNT 617

/* [k - LFI_POW10_MIN] high word, then low word. */
extern const uint64_t lfi_pow10[LFI_POW10_COUNT][2];

#endif
