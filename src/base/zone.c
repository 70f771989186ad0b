/* Time zones from tzdata: a reader of TZif files and of the rule in their footer (RFC 8536). */
#include <lobflow/base.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_internal.h"

#define HEADER_BYTES 44
#define ZONE_FOLDER "/usr/share/zoneinfo"
/* RFC 8536 keeps offsets between -25 and 26 hours. */
#define OFFSET_MIN_S (-89999)
#define OFFSET_MAX_S 93599
/* What a footer's rule may be long; those of tzdata have less than 60 bytes. */
#define FOOTER_BYTES 256

struct lf_zone {
    lf_allocator allocator;
    bool has_allocator;
    size_t change_count;
    int64_t *change_s;        /* [change_count] ascending UTC seconds of the changes */
    int32_t *change_offset_s; /* [change_count] offset from there on */
    int32_t first_offset_s;   /* offset before the first change */
    lfi_zone_rule rule;       /* for times behind the last change */
};

/* The six counts of a TZif header, in the order of the file. */
typedef struct header {
    uint32_t isutc, isstd, leap, change, type, letters;
} header;

static uint64_t big_endian(const unsigned char *at, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        value = (value << 8) | at[i];
    }
    return value;
}

static bool read_header(const unsigned char *data, size_t bytes, header *out)
{
    if (bytes < HEADER_BYTES || memcmp(data, "TZif", 4) != 0 || data[4] < '2') {
        return false;
    }
    const unsigned char *at = data + 20;
    *out = (header){
        .isutc = (uint32_t)big_endian(at, 4),
        .isstd = (uint32_t)big_endian(at + 4, 4),
        .leap = (uint32_t)big_endian(at + 8, 4),
        .change = (uint32_t)big_endian(at + 12, 4),
        .type = (uint32_t)big_endian(at + 16, 4),
        .letters = (uint32_t)big_endian(at + 20, 4),
    };
    return true;
}

/* Bytes of a data block; 32-bit counts cannot overflow 64 bits here. */
static uint64_t block_bytes(const header *h, uint64_t time_bytes)
{
    return h->change * (time_bytes + 1) + h->type * UINT64_C(6) + h->letters +
           h->leap * (time_bytes + 4) + h->isstd + (uint64_t)h->isutc;
}

static bool read_changes(lf_zone *zone, const unsigned char *block, const header *h)
{
    const unsigned char *indices = block + (size_t)h->change * 8;
    const unsigned char *types = indices + h->change;
    for (size_t i = 0; i < h->type; i++) {
        const int32_t offset_s = (int32_t)(uint32_t)big_endian(types + 6 * i, 4);
        if (offset_s < OFFSET_MIN_S || offset_s > OFFSET_MAX_S) {
            return false;
        }
    }
    zone->first_offset_s = (int32_t)(uint32_t)big_endian(types, 4);
    for (size_t i = 0; i < h->change; i++) {
        if (indices[i] >= h->type) {
            return false;
        }
        zone->change_s[i] = (int64_t)big_endian(block + i * 8, 8);
        zone->change_offset_s[i] = (int32_t)(uint32_t)big_endian(types + 6 * indices[i], 4);
        if (i > 0 && zone->change_s[i] <= zone->change_s[i - 1]) {
            return false;
        }
    }
    return true;
}

static bool read_footer(const unsigned char *at, size_t bytes, lfi_zone_rule *out)
{
    char text[FOOTER_BYTES];
    if (bytes < 2 || at[0] != '\n') {
        return false;
    }
    const unsigned char *end = memchr(at + 1, '\n', bytes - 1);
    if (end == NULL || (size_t)(end - at) > sizeof text) {
        return false;
    }
    const size_t length = (size_t)(end - at) - 1;
    memcpy(text, at + 1, length);
    text[length] = '\0';
    return lfi_zone_rule_parse(text, out);
}

static const lf_allocator *allocator_of(const lf_zone *zone)
{
    return zone->has_allocator ? &zone->allocator : NULL;
}

static lf_status
read_zone(lf_zone *zone, const unsigned char *data, size_t bytes, const char *path, lf_error *error)
{
    header h;
    size_t at = 0;
    /* Two blocks: the first has 32-bit times and is skipped. */
    bool good = read_header(data, bytes, &h);
    if (good) {
        const uint64_t first = HEADER_BYTES + block_bytes(&h, 4);
        good = first <= bytes;
        at = good ? (size_t)first : 0;
        good = good && read_header(data + at, bytes - at, &h);
    }
    good = good && h.type > 0 && block_bytes(&h, 8) <= bytes - at - HEADER_BYTES;
    if (good) {
        at += HEADER_BYTES;
        zone->change_count = h.change;
        zone->change_s = lf_allocate(allocator_of(zone), h.change, sizeof *zone->change_s);
        zone->change_offset_s =
            lf_allocate(allocator_of(zone), h.change, sizeof *zone->change_offset_s);
        if (zone->change_s == NULL || zone->change_offset_s == NULL) {
            return lf_error_set(error, LF_NOMEM, "No memory for the time zone of %s.", path);
        }
        good = read_changes(zone, data + at, &h);
        at += (size_t)block_bytes(&h, 8);
    }
    if (!good || !read_footer(data + at, bytes - at, &zone->rule)) {
        return lf_error_set_at(
            error,
            LF_FORMAT,
            path,
            LF_POSITION_NONE,
            LF_POSITION_NONE,
            "is no time zone file of version 2 or later (RFC 8536). Reinstall tzdata."
        );
    }
    return LF_OK;
}

/* A name must stay below the folder of the zones. */
static bool is_safe_name(const char *name)
{
    return name[0] != '\0' && name[0] != '/' && name[0] != '.' && strstr(name, "/.") == NULL;
}

static lf_status zone_not_found(const char *name, const char *folder, lf_error *error)
{
    static const char *const usual[] = {
        "America/New_York",
        "America/Chicago",
        "America/Toronto",
        "America/Sao_Paulo",
        "Europe/London",
        "Europe/Berlin",
        "Europe/Paris",
        "Europe/Amsterdam",
        "Europe/Stockholm",
        "Europe/Zurich",
        "Asia/Tokyo",
        "Asia/Hong_Kong",
        "Asia/Shanghai",
        "Asia/Singapore",
        "Asia/Kolkata",
        "Australia/Sydney",
        "UTC",
    };
    const char *near = lf_suggest(name, usual, sizeof usual / sizeof usual[0]);
    const bool is_usual = near != NULL && strcmp(near, name) == 0;
    return lf_error_set(
        error,
        LF_NOT_FOUND,
        "The time zone \"%s\" is not in %s; %s%s%s",
        name,
        folder,
        near != NULL && !is_usual ? "did you mean \""
                                  : "install the package tzdata (Debian: "
                                    "apt-get install tzdata) or set TZDIR",
        near != NULL && !is_usual ? near : "",
        near != NULL && !is_usual ? "\"? If not, install the package tzdata or set TZDIR." : "."
    );
}

static lf_status load_zone(lf_zone *zone, const char *name, lf_error *error)
{
    char path[4096];
    const char *folder = getenv("TZDIR");
    if (folder == NULL || folder[0] == '\0') {
        folder = ZONE_FOLDER;
    }
    const int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (!is_safe_name(name) || length < 0 || (size_t)length >= sizeof path) {
        return zone_not_found(name, folder, error);
    }
    char *data;
    size_t bytes;
    lf_status status = lf_file_read_all(allocator_of(zone), path, &data, &bytes, error);
    if (status == LF_NOMEM) {
        return status;
    }
    if (status != LF_OK) {
        return zone_not_found(name, folder, error);
    }
    status = read_zone(zone, (const unsigned char *)data, bytes, path, error);
    lf_release(allocator_of(zone), data);
    return status;
}

lf_status
lf_zone_create(const lf_allocator *allocator, const char *name, lf_zone **out, lf_error *error)
{
    *out = NULL;
    lf_zone *zone = lf_allocate(allocator, 1, sizeof *zone);
    if (zone == NULL) {
        return lf_error_set(error, LF_NOMEM, "No memory for the time zone %s.", name);
    }
    zone->has_allocator = allocator != NULL;
    if (allocator != NULL) {
        zone->allocator = *allocator;
    }
    lf_status status = LF_OK;
    /* The zeroed zone is UTC already. */
    if (strcmp(name, "UTC") != 0 && strcmp(name, "Etc/UTC") != 0) {
        status = load_zone(zone, name, error);
    }
    if (status != LF_OK) {
        lf_zone_destroy(zone);
        return status;
    }
    *out = zone;
    return LF_OK;
}

void lf_zone_destroy(lf_zone *zone)
{
    if (zone == NULL) {
        return;
    }
    const lf_allocator copy = zone->allocator;
    const lf_allocator *allocator = zone->has_allocator ? &copy : NULL;
    lf_release(allocator, zone->change_s);
    lf_release(allocator, zone->change_offset_s);
    lf_release(allocator, zone);
}

static int64_t floor_seconds(int64_t time_ns)
{
    return time_ns / LF_NS_PER_SECOND - (time_ns % LF_NS_PER_SECOND < 0 ? 1 : 0);
}

static int32_t offset_at(const lf_zone *zone, int64_t time_s)
{
    /* low becomes the number of changes at or before the time. */
    size_t low = 0;
    size_t high = zone->change_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (zone->change_s[middle] <= time_s) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == zone->change_count && zone->rule.is_set) {
        return lfi_zone_rule_offset_s(&zone->rule, time_s);
    }
    return low == 0 ? zone->first_offset_s : zone->change_offset_s[low - 1];
}

int32_t lf_zone_offset_s(const lf_zone *zone, int64_t time_ns)
{
    return offset_at(zone, floor_seconds(time_ns));
}

/* The change in (low_s, high_s] after which the offset is no longer the one before. */
static int64_t find_change(const lf_zone *zone, int64_t low_s, int64_t high_s)
{
    const int32_t before = offset_at(zone, low_s);
    while (high_s - low_s > 1) {
        const int64_t middle = low_s + (high_s - low_s) / 2;
        if (offset_at(zone, middle) == before) {
            low_s = middle;
        } else {
            high_s = middle;
        }
    }
    return high_s;
}

int64_t lf_zone_to_utc(const lf_zone *zone, lf_date date, int64_t local_ns)
{
    const int64_t day_s = lf_date_to_days(date) * 86400;
    const int64_t second = floor_seconds(local_ns);
    const int64_t rest_ns = local_ns - second * LF_NS_PER_SECOND;
    const int64_t local_s = day_s + second;
    /* Offsets are below a day and changes lie days apart, so only these two can hold here. */
    const int32_t before = offset_at(zone, local_s - 86400);
    const int32_t after = offset_at(zone, local_s + 86400);
    const int64_t with_before = local_s - before;
    const int64_t with_after = local_s - after;
    if (offset_at(zone, with_before) == before) {
        return with_before * LF_NS_PER_SECOND + rest_ns;
    }
    if (offset_at(zone, with_after) == after) {
        return with_after * LF_NS_PER_SECOND + rest_ns;
    }
    return find_change(zone, with_after, with_before) * LF_NS_PER_SECOND;
}
