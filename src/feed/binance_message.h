/* One message of a Binance capture, as numbers. */
#ifndef LOBFLOW_FEED_BINANCE_MESSAGE_H
#define LOBFLOW_FEED_BINANCE_MESSAGE_H

#include "feed_internal.h"
#include "l2book.h"

/* Decimals that the venue writes at most. */
#define LFI_BINANCE_PLACES_MAX 8

/* A number that the message does not have. */
#define LFI_BINANCE_NONE INT64_MIN

/* The shortest level is ["0","0"], so a line of so many bytes has no more than these. */
#define LFI_BINANCE_LEVELS_OF(bytes) ((bytes) / 10 + 1)

typedef enum lfi_binance_kind {
    LFI_BINANCE_OTHER = 0, /* bookTicker and what else is sent: not read further */
    LFI_BINANCE_DEPTH,     /* a diff: sizes by price */
    LFI_BINANCE_TRADE,
    LFI_BINANCE_AGGREGATE, /* trades of one order at one price */
    LFI_BINANCE_SNAPSHOT,  /* of the REST interface */
    LFI_BINANCE_INFO,      /* exchangeInfo: price is the tick, size the lot, of 8 places */
} lfi_binance_kind;

/* Decimal texts become whole numbers of 10^-places; what is finer leaves its mark in finer. */
typedef struct lfi_binance_scale {
    unsigned places;    /* given by the caller, 0 to LFI_BINANCE_PLACES_MAX */
    uint64_t fractions; /* all decimals met, one byte each, the first one lowest: or-ed together */
} lfi_binance_scale;

/* Decimals that are not zero in any number met so far. */
int lfi_binance_decimals(uint64_t fractions);

typedef struct lfi_binance_message {
    lfi_binance_scale price_scale, size_scale; /* places given by the caller */
    lfi_binance_kind kind;
    int64_t local_ns;      /* prefix of the line */
    int64_t event_ns;      /* E */
    int64_t time_ns;       /* T */
    int64_t first_id;      /* U; f of an aggregate */
    int64_t last_id;       /* u, or lastUpdateId; l of an aggregate */
    int64_t before_id;     /* pu */
    int64_t trade_id;      /* t; a of an aggregate */
    int64_t price;         /* p */
    int64_t size;          /* q */
    bool buyer_is_maker;   /* m: the seller was the aggressor */
    bool is_market;        /* X is MARKET or not there: else insurance fund or deleveraging */
    bool is_coin_margined; /* has ps or pair */
    char symbol[32];
    const char *wanted;   /* symbol whose exchangeInfo is looked for; NULL: the only one */
    lfi_l2_level *levels; /* [level_capacity], given by the caller */
    size_t level_capacity;
    size_t bid_first, bid_count, ask_first, ask_count; /* in levels */
    size_t level_count;
} lfi_binance_message;

/* What went wrong with a line; static text. */
typedef struct lfi_binance_fault {
    const char *field;
    const char *expected;
} lfi_binance_fault;

/*
 * Read one line: local time in ns, a space and JSON, or JSON alone. The usual spelling (no blanks,
 * no escapes) is read directly, everything else through a general parser. level_capacity must be
 * at least LFI_BINANCE_LEVELS_OF(bytes). Up to LFI_LINE_SLACK bytes behind the line are read.
 *
 * @return false with the fault named
 */
bool lfi_binance_parse(
    const char *line, size_t bytes, lfi_binance_message *out, lfi_binance_fault *fault
);

/* The ways, so that tests can compare them; `fast` says false for what it does not know. Of streams
   that are not read it looks at the end of the line only. `plain` is the same on any processor. */
bool lfi_binance_parse_fast(const char *json, size_t bytes, lfi_binance_message *out);
bool lfi_binance_parse_plain(const char *json, size_t bytes, lfi_binance_message *out);
bool lfi_binance_parse_general(
    const char *json, size_t bytes, lfi_binance_message *out, lfi_binance_fault *fault
);

/* A decimal text as a whole number of 10^-places, one digit at a time; false when it is none, has
   digits behind the eighth place, or does not fit. Finer ones are cut and leave their mark. */
bool lfi_binance_decimal(const char *text, size_t bytes, lfi_binance_scale *scale, int64_t *out);

/* Decimals and step of a unit in 1e-9; false when it has more than eight decimals. */
bool lfi_binance_set_scale(int64_t unit_nano, lfi_binance_scale *scale, int64_t *step);

/* The local time that a line of a capture begins with and the blank behind it; *used is 0 and the
   time LFI_BINANCE_NONE when there is none. */
bool lfi_capture_local(
    const char *line, size_t bytes, int64_t *local_ns, size_t *used, lfi_binance_fault *fault
);

/* Shared by the two ways, in binance_message.c. */
void lfi_binance_reset(lfi_binance_message *m);
bool lfi_binance_set_symbol(lfi_binance_message *m, const char *text, size_t bytes);
/* Whether a stream of this name is read: diffs of the whole book and trades are. */
bool lfi_binance_is_read(const char *stream, size_t bytes);
/* ms or, on request, us since 1970, as ns; false when neither. */
bool lfi_binance_time(int64_t number, int64_t *out_ns);

#endif
