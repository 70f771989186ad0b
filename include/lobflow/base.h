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
#define LF_NS_PER_MICROSECOND INT64_C(1000)
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
 * Read a duration such as 500us, 100ms, 1s, 1.5s, 1min, 1h, 1d, or a plain integer of ns. A
 * decimal number must be a whole number of ns; a sign is accepted.
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
 * Reads the file below $TZDIR or /usr/share/zoneinfo; "UTC" needs no file. The TZ of the process
 * is neither read nor changed.
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
 * @param date      in the years 1678 to 2261, which are those that ns in 64 bits can hold
 * @param local_ns  ns since local midnight; may be negative or beyond the day
 */
LF_API int64_t lf_zone_to_utc(const lf_zone *zone, lf_date date, int64_t local_ns);

/** A monotone clock in ns, for measuring. */
LF_API int64_t lf_clock_monotonic_ns(void);

/* ---- numbers as text -------------------------------------------------------------------- */

/** Bytes that lf_double_format() needs at most, with the NUL. */
#define LF_DOUBLE_TEXT_BYTES 32

/**
 * Write the shortest decimal text that reads back as the same double, and a NUL.
 *
 * Whole numbers come without a point ("42"), small and large ones with an exponent ("1e-07",
 * "1.5e+300"), undefined as "nan", infinities as "inf" and "-inf". Does not look at the locale.
 *
 * @return bytes written, without the NUL
 * Source: Giulietti (2021), The Schubfach way to render doubles.
 */
LF_API size_t lf_double_format(double value, char out[LF_DOUBLE_TEXT_BYTES]);

/** Write an integer in decimal and a NUL; at most 21 bytes. @return bytes without the NUL */
LF_API size_t lf_int64_format(int64_t value, char out[LF_DOUBLE_TEXT_BYTES]);

/**
 * Read a whole text as a double: decimal, "nan", "inf", "-inf" in any case. Correctly rounded; does
 * not look at the locale.
 *
 * @param text   [bytes] need not end in NUL; spaces are not accepted
 * @return LF_OK, or LF_RANGE when the text is no number
 */
LF_API LF_MUST_CHECK lf_status lf_double_parse(const char *text, size_t bytes, double *out);

/**
 * Read a whole text as a decimal int64.
 *
 * @param text   [bytes] need not end in NUL; spaces are not accepted
 * @return LF_OK, or LF_RANGE when the text is no integer or does not fit
 */
LF_API LF_MUST_CHECK lf_status lf_int64_parse(const char *text, size_t bytes, int64_t *out);

/**
 * 64-bit fingerprint of bytes; not for secrets. Chain pieces by giving the last hash as the seed.
 *
 * Source: XXH64 of the xxHash specification, so other programs can compute it too.
 */
LF_API uint64_t lf_hash64(const void *data, size_t bytes, uint64_t seed);

/* ---- files ------------------------------------------------------------------------------ */

/**
 * Read a whole file; a NUL is put behind it so that texts can be used as they are.
 *
 * @param out    owned, end it with lf_release(); NULL on failure
 * @param bytes  out, without the NUL
 * @return LF_OK, LF_IO, LF_NOT_FOUND (no such file) or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status lf_file_read_all(
    const lf_allocator *allocator, const char *path, char **out, size_t *bytes, lf_error *error
);

/**
 * Write a whole file: create, write and finish of an lf_output.
 *
 * @return as the three calls
 */
LF_API LF_MUST_CHECK lf_status
lf_file_write_atomic(const char *path, const void *data, size_t bytes, lf_error *error);

/**
 * Make a folder and the folders above it; one that is there already is fine.
 *
 * @return LF_OK or LF_IO
 */
LF_API LF_MUST_CHECK lf_status lf_mkdirs(const char *path, lf_error *error);

/**
 * A file being written, buffered. Bytes go to a temporary name beside it and only finish() gives it
 * its name, so a failed or interrupted write (a full disk) leaves nothing under it and an older
 * file of that name stays whole. A path that is a device or a pipe is written to directly.
 */
typedef struct lf_output lf_output;

/**
 * Begin a file.
 *
 * @param allocator  for the handle and its buffer
 * @param out        owned; NULL on failure
 * @return LF_OK, LF_IO or LF_NOMEM
 */
LF_API LF_MUST_CHECK lf_status
lf_output_create(const lf_allocator *allocator, const char *path, lf_output **out, lf_error *error);

/**
 * Append bytes. After a failure every further call fails the same way.
 *
 * @return LF_OK or LF_IO
 * Cost: allocates nothing.
 */
LF_API LF_MUST_CHECK lf_status
lf_output_write(lf_output *output, const void *data, size_t bytes, lf_error *error);

/**
 * Append formatted text of at most 4095 bytes.
 *
 * @return LF_OK, LF_RANGE (longer text) or LF_IO
 */
LF_API LF_MUST_CHECK lf_status
lf_output_format(lf_output *output, lf_error *error, const char *format, ...) LF_PRINTF(3, 4);

/** Bytes appended up to now. */
LF_API int64_t lf_output_bytes(const lf_output *output);

/**
 * Put everything on the disk and give the file its name. The output must still be destroyed.
 *
 * @return LF_OK or LF_IO
 */
LF_API LF_MUST_CHECK lf_status lf_output_finish(lf_output *output, lf_error *error);

/** End an output; an unfinished file disappears. NULL is accepted. */
LF_API void lf_output_destroy(lf_output *output);

/* ---- random numbers --------------------------------------------------------------------- */

/**
 * xoshiro256++ seeded by splitmix64; the same seed and stream give the same numbers everywhere.
 * Source: Blackman, Vigna (2021), Scrambled linear pseudorandom number generators, ACM TOMS 47(4).
 */
typedef struct lf_random {
    uint64_t state[4];
} lf_random;

/**
 * Seed a generator; streams of one seed do not overlap in practice. Stream 0 is the plain
 * splitmix64 seeding of the authors.
 */
LF_API void lf_random_seed(lf_random *random, uint64_t seed, uint64_t stream);

/** 64 random bits. */
LF_API uint64_t lf_random_next(lf_random *random);

/** Uniform in [0, 1), 53 bits. */
LF_API double lf_random_uniform(lf_random *random);

/** Uniform integer in [0, bound) without bias; bound > 0. */
LF_API uint64_t lf_random_below(lf_random *random, uint64_t bound);

/**
 * Exponential with mean 1, by comparisons only: no libm, so the bits are the same everywhere.
 *
 * Source: Ahrens, Dieter (1972), Computer methods for sampling from the exponential and normal
 * distributions, CACM 15(10), algorithm SA.
 */
LF_API double lf_random_exponential(lf_random *random);

/**
 * Normal with mean 0 and variance 1: the polar method with lf_random_exponential() for the radius,
 * so that only sqrt, which IEEE 754 fixes, is needed. The second value is thrown away.
 */
LF_API double lf_random_normal(lf_random *random);

#ifdef __cplusplus
}
#endif

#endif
