/**
 * @file
 * The floor under every module: status and error, memory, time, random numbers.
 *
 * Units used in the whole library: times are ns since 1970-01-01 UTC, prices are ticks, sizes are
 * lots, money is 1e-9 of the instrument's currency. All four are int64_t.
 */
#ifndef LOBFLOW_BASE_H
#define LOBFLOW_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define LF_API __attribute__((visibility("default")))
#define LF_MUST_CHECK __attribute__((warn_unused_result))
#define LF_PRINTF(format_index, first_index) \
    __attribute__((format(printf, format_index, first_index)))
#else
#define LF_API
#define LF_MUST_CHECK
#define LF_PRINTF(format_index, first_index)
#endif

#define LF_VERSION "0.1.0"

#define LF_NS_PER_SECOND INT64_C(1000000000)
#define LF_NS_PER_MILLISECOND INT64_C(1000000)
#define LF_NS_PER_MINUTE (60 * LF_NS_PER_SECOND)
#define LF_NS_PER_DAY (86400 * LF_NS_PER_SECOND)

/** A time that is not known; never a valid time. */
#define LF_TIME_NONE INT64_MIN

/* ---- status and error ------------------------------------------------------------------- */

/** The one list of statuses: code, name, meaning. docs/errors.md is made from it. */
#define LF_STATUS_MAP(X) \
    X(OK, 0, "done") \
    X(NOMEM, 1, "not enough memory") \
    X(RANGE, 2, "an argument or option is outside its range") \
    X(IO, 3, "the system could not read or write") \
    X(FORMAT, 4, "the input does not follow its format") \
    X(DATA, 5, "the input is well formed but contradicts itself") \
    X(NOT_FOUND, 6, "a named thing does not exist") \
    X(UNSUPPORTED, 7, "the input uses a feature that this version does not read") \
    X(DEPENDENCY, 8, "an optional library is missing") \
    X(MISMATCH, 9, "two inputs do not belong together") \
    X(INVARIANT, 10, "an invariant of the ledger or the simulator broke") \
    X(CANCELLED, 11, "the caller asked to stop")

typedef enum lf_status {
#define LF_STATUS_ENUM(name, code, text) LF_##name = code,
    LF_STATUS_MAP(LF_STATUS_ENUM)
#undef LF_STATUS_ENUM
} lf_status;

/** No line, byte or column is known for an error. */
#define LF_POSITION_NONE INT64_C(-1)

/**
 * What went wrong, owned by the caller. `message` is one complete sentence for a person: file,
 * line or byte, field, what was expected, what was found, what to do. The other members repeat the
 * place for programs.
 */
typedef struct lf_error {
    lf_status status;
    int64_t line;        /* 1-based, or LF_POSITION_NONE */
    int64_t byte_offset; /* 0-based, or LF_POSITION_NONE */
    char file[256];      /* "" when there is none */
    char message[1024];
} lf_error;

/**
 * Short constant name of a status, such as "NOMEM".
 *
 * @return static text, never NULL
 */
LF_API const char *lf_status_name(lf_status status);

/**
 * Meaning of a status in a few words.
 *
 * @return static text, never NULL
 */
LF_API const char *lf_status_text(lf_status status);

/**
 * Fill an error from a format and hand its status back, so that `return lf_error_set(...)` works.
 *
 * @param error   may be NULL; file is cleared, line and byte_offset become LF_POSITION_NONE
 * @param status  must not be LF_OK
 * @return status
 */
LF_API lf_status lf_error_set(lf_error *error, lf_status status, const char *format, ...)
    LF_PRINTF(3, 4);

/**
 * Like lf_error_set() with a place in a file; the message gets "FILE:LINE: " or "FILE: byte N: "
 * (or "FILE: ") in front.
 *
 * @param error        may be NULL
 * @param file         copied; the member name inside an archive belongs to it ("a.zip:b.csv")
 * @param line         1-based, or LF_POSITION_NONE
 * @param byte_offset  0-based, or LF_POSITION_NONE
 * @return status
 */
LF_API lf_status lf_error_set_at(
    lf_error *error,
    lf_status status,
    const char *file,
    int64_t line,
    int64_t byte_offset,
    const char *format,
    ...
) LF_PRINTF(6, 7);

/**
 * The candidate that a misspelt word most likely meant, for "did you mean" hints.
 *
 * @param word        what was typed
 * @param candidates  [count] known words
 * @return a borrowed candidate, or NULL when none is near (edit distance above a third of the word)
 */
LF_API const char *lf_suggest(const char *word, const char *const *candidates, size_t count);

/* ---- memory ----------------------------------------------------------------------------- */

/**
 * Where memory comes from. NULL wherever a `const lf_allocator *` is asked for means malloc.
 * `allocate` returns zeroed memory aligned to 64 bytes, or NULL; `release` accepts NULL.
 */
typedef struct lf_allocator {
    void *(*allocate)(void *context, size_t bytes);
    void (*release)(void *context, void *memory);
    void *context;
} lf_allocator;

/**
 * Zeroed memory for count items, aligned to 64 bytes; overflow of count * item_bytes gives NULL.
 *
 * @return owned, end it with lf_release() and the same allocator; NULL when there is none
 */
LF_API void *lf_allocate(const lf_allocator *allocator, size_t count, size_t item_bytes);

/** End what lf_allocate() gave; NULL is accepted. */
LF_API void lf_release(const lf_allocator *allocator, void *memory);

/**
 * Grow an array by copying it into a larger one: the capacity at least doubles.
 *
 * @param memory    in and out, owned; untouched on failure
 * @param capacity  in and out, items; untouched on failure
 * @param needed    items that must fit
 * @return LF_OK or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_grow(
    const lf_allocator *allocator, void **memory, size_t *capacity, size_t needed, size_t item_bytes
);

/** One block from which pieces are cut and which is ended as a whole. */
typedef struct lf_arena lf_arena;

/**
 * Create an arena of a fixed size.
 *
 * @param out  owned; NULL on failure
 * @return LF_OK, LF_RANGE (bytes is 0) or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status
lf_arena_create(const lf_allocator *allocator, size_t bytes, lf_arena **out);

/** End an arena and everything cut from it; NULL is accepted. */
LF_API void lf_arena_destroy(lf_arena *arena);

/** Zeroed piece aligned to 64 bytes, borrowed until the arena is reset or ended; NULL when full. */
LF_API void *lf_arena_take(lf_arena *arena, size_t count, size_t item_bytes);

/** Forget all pieces; they become invalid. */
LF_API void lf_arena_reset(lf_arena *arena);

/* ---- time ------------------------------------------------------------------------------- */

/** A calendar day, proleptic Gregorian. */
typedef struct lf_date {
    int32_t year;
    int32_t month; /* 1 to 12 */
    int32_t day;   /* 1 to 31 */
} lf_date;

/** Days since 1970-01-01 of a date; negative before. Cannot fail for a date that exists. */
LF_API int64_t lf_date_to_days(lf_date date);

/** The date that lies days after 1970-01-01. */
LF_API lf_date lf_date_from_days(int64_t days);

/**
 * Read YYYY-MM-DD or YYYYMMDD.
 *
 * @return LF_OK, or LF_RANGE when the text is no date that exists
 */
LF_API LF_MUST_CHECK lf_status lf_date_parse(const char *text, lf_date *out);

/** Write YYYY-MM-DD and a NUL, 11 bytes. */
LF_API void lf_date_format(lf_date date, char out[11]);

/** Write YYYY-MM-DDTHH:MM:SS.nnnnnnnnnZ and a NUL, 31 bytes; "none" for LF_TIME_NONE. */
LF_API void lf_time_format(int64_t time_ns, char out[32]);

/**
 * Read a duration such as 500us, 100ms, 1s, 1min, 5min, 1h, or a plain integer of ns.
 *
 * @return LF_OK, or LF_RANGE
 */
LF_API LF_MUST_CHECK lf_status lf_duration_parse(const char *text, int64_t *out_ns);

/** Write a duration in its largest whole unit ("1min", "100ms", "250ns"). */
LF_API void lf_duration_format(int64_t duration_ns, char out[32]);

/** A time zone read from tzdata, so that daylight saving is right on every day. */
typedef struct lf_zone lf_zone;

/**
 * Load a zone by its tzdata name ("America/New_York", "UTC").
 *
 * @param out  owned; NULL on failure
 * @return LF_OK, LF_NOMEM, LF_NOT_FOUND or LF_FORMAT
 */
LF_API LF_MUST_CHECK lf_status
lf_zone_create(const lf_allocator *allocator, const char *name, lf_zone **out, lf_error *error);

/** End a zone; NULL is accepted. */
LF_API void lf_zone_destroy(lf_zone *zone);

/** Seconds to add to UTC for local time at an instant. */
LF_API int32_t lf_zone_offset_s(const lf_zone *zone, int64_t time_ns);

/**
 * The instant of a local wall time. A time that a change skips gives the instant of the change; a
 * time that happens twice gives the first.
 *
 * @param local_ns  ns since local midnight; may be negative or beyond the day
 */
LF_API int64_t lf_zone_to_utc(const lf_zone *zone, lf_date date, int64_t local_ns);

/** A monotone clock in ns, for measuring. */
LF_API int64_t lf_clock_monotonic_ns(void);

/* ---- random numbers --------------------------------------------------------------------- */

/**
 * xoshiro256++ seeded by splitmix64; the same seed and stream give the same numbers everywhere.
 * Source: Blackman, Vigna (2021), Scrambled linear pseudorandom number generators, ACM TOMS 47(4).
 */
typedef struct lf_random {
    uint64_t state[4];
} lf_random;

/** Seed a generator; streams of one seed do not overlap in practice. */
LF_API void lf_random_seed(lf_random *random, uint64_t seed, uint64_t stream);

/** 64 random bits. */
LF_API uint64_t lf_random_next(lf_random *random);

/** Uniform in [0, 1), 53 bits. */
LF_API double lf_random_uniform(lf_random *random);

/** Uniform integer in [0, bound) without bias; bound > 0. */
LF_API uint64_t lf_random_below(lf_random *random, uint64_t bound);

/** Exponential with mean 1. */
LF_API double lf_random_exponential(lf_random *random);

/** Normal with mean 0 and variance 1. */
LF_API double lf_random_normal(lf_random *random);

#ifdef __cplusplus
}
#endif

#endif
