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

/* Headers of depth messages that are recognised have at most so many bytes. */
#define LFI_BINANCE_HEADER_MAX 256

/* Numbers of such a header; the first two are times. */
typedef enum lfi_binance_number {
    LFI_BINANCE_NUMBER_EVENT,
    LFI_BINANCE_NUMBER_TIME,
    LFI_BINANCE_NUMBER_FIRST,
    LFI_BINANCE_NUMBER_LAST,
    LFI_BINANCE_NUMBER_BEFORE,
    LFI_BINANCE_NUMBER_COUNT,
} lfi_binance_number;

/* Where one stands. */
typedef struct lfi_binance_place {
    lfi_binance_number which;
    uint16_t first;
    uint8_t count;
} lfi_binance_place;

/* The header of the last depth message that was read without one: what it left of a byte must not
   be more than most. */
typedef struct lfi_binance_header {
    unsigned char text[LFI_BINANCE_HEADER_MAX + 32];
    unsigned char most[LFI_BINANCE_HEADER_MAX + 32];
    lfi_binance_place numbers[LFI_BINANCE_NUMBER_COUNT];
    unsigned number_count;
    size_t bytes; /* 0: none */
    char symbol[32];
    bool is_coin_margined;
} lfi_binance_header;

/*
 * What levels of a list have in common, as bytes that are taken off the text and the most that may
 * be left. A price is looked at from the opening bracket on, a size up to the closing one:
 *
 *     ["63938.80","0.010"]
 *     0             the price's 32 bytes; the size's 16 bytes end with the bracket
 */
typedef struct lfi_binance_shape {
    unsigned char price_text[32], price_most[32];
    unsigned char size_text[16], size_most[16];
    unsigned char pick_price[16], pick_size[16]; /* eight digits to the low, to the high half */
    unsigned price_places, size_places;
    unsigned price_whole, price_tail; /* whole digits; bytes from the end of them to the quote */
    unsigned size_tail, size_whole_max;
    size_t others; /* bytes of a level but for the whole digits of its size; 0: no shape yet */
} lfi_binance_shape;

/* Shapes that are kept; a power of 2. Far levels of a book have a digit less, or one more. */
#define LFI_BINANCE_SHAPES 4

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
    /* Kept from message to message, since they are much alike; all zero at first. */
    lfi_binance_header header;
    lfi_binance_shape shapes[LFI_BINANCE_SHAPES]; /* by whole digits of the price */
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
