/* What all US equity days share: the session in New York, cents and shares. */
#include "feed_internal.h"

#include <stdio.h>

#define TIME_ZONE "America/New_York"

lf_status
lfi_us_session(const lf_allocator *allocator, lf_date date, lf_instrument *out, lf_error *error)
{
    lf_zone *zone;
    if (date.year < 1678 || date.year > 2261) {
        return lf_error_set(
            error,
            LF_RANGE,
            "a day in %d cannot be told in ns since 1970; check the date",
            (int)date.year
        );
    }
    const lf_status status = lf_zone_create(allocator, TIME_ZONE, &zone, error);
    if (status != LF_OK) {
        return status;
    }
    /* Seconds after midnight are wall time; noon is never skipped by a change of the clocks. */
    const int64_t noon_ns = 12 * 60 * LF_NS_PER_MINUTE;
    const int64_t midnight_ns = lf_zone_to_utc(zone, date, noon_ns) - noon_ns;
    lf_zone_destroy(zone);
    out->session_open_ns = midnight_ns + LFI_US_OPEN_NS;
    out->session_close_ns = midnight_ns + 16 * 60 * LF_NS_PER_MINUTE;
    (void)snprintf(out->currency, sizeof out->currency, "USD");
    (void)snprintf(out->time_zone, sizeof out->time_zone, TIME_ZONE);
    out->tick_nano = 10000000;
    out->lot_nano = 1000000000;
    out->date = date;
    return LF_OK;
}
