/* What the files of the Coinbase reader share: parts of messages, facts of captures. */
#ifndef LOBFLOW_FEED_COINBASE_H
#define LOBFLOW_FEED_COINBASE_H

#include "binance.h"

#include <jansson.h>

typedef enum lfi_coinbase_kind {
    LFI_COINBASE_OTHER = 0, /* nothing that is read */
    LFI_COINBASE_SNAPSHOT,  /* all levels of a book */
    LFI_COINBASE_UPDATE,    /* sizes by price; 0 takes a level away */
    LFI_COINBASE_TRADE,
    LFI_COINBASE_ORDERS, /* all single orders, of the REST interface */
    LFI_COINBASE_OPEN,   /* an order comes to rest */
    LFI_COINBASE_DONE,   /* an order is over */
    LFI_COINBASE_RESIZE, /* an order gets another size, perhaps another price */
    LFI_COINBASE_NUMBER, /* changes no book, but has a number */
} lfi_coinbase_kind;

/* One level of a snapshot or an update. */
typedef struct lfi_coinbase_level {
    int64_t price_ticks, size_lots;
    uint64_t order_id; /* of LFI_COINBASE_ORDERS */
    int side;          /* +1 bid, -1 ask */
} lfi_coinbase_level;

/* A line whose parts are taken one after the other; each is about one product. */
typedef struct lfi_coinbase_line {
    json_t *root;        /* owned */
    int64_t local_ns;    /* prefix of the line, or LFI_BINANCE_NONE */
    int64_t sequence;    /* sequence_num of the connection (Advanced Trade), or LFI_BINANCE_NONE */
    int64_t sent_ns;     /* timestamp beside it */
    size_t event, trade; /* where the next part is taken from */
    bool is_open;        /* until it is closed */
    bool is_done;
    bool is_direct; /* read without a parser: the first part is there, and root is NULL */
    bool is_tape;   /* trades of Advanced Trade, in a line that is_direct */
} lfi_coinbase_line;

/* YYYY-MM-DD */
#define LFI_COINBASE_DATE_BYTES 10

typedef struct lfi_coinbase_part {
    lfi_binance_scale price_scale, size_scale; /* places given by the caller, fractions of it */
    lfi_coinbase_level *levels;                /* [level_capacity], given by the caller */
    size_t level_capacity, level_count;
    lfi_coinbase_kind kind;
    char product[32];
    int64_t ts_ns; /* LFI_BINANCE_NONE: a snapshot without a time */
    int64_t trade_id, price, size;
    int64_t sequence;  /* of the product (channel full), or LFI_BINANCE_NONE */
    uint64_t order_id; /* a hash of its text, never 0; of a trade the resting order's */
    int8_t sign;       /* aggressor of a trade: +1 buyer, -1 seller */
    int side;          /* of an order */
    char date[LFI_COINBASE_DATE_BYTES]; /* the last date read, and its midnight */
    int64_t date_ns;
} lfi_coinbase_part;

/* The shortest level is ["0","0"]: a line of so many bytes has no more than these. */
#define LFI_COINBASE_LEVELS_OF(bytes) ((bytes) / 9 + 1)

/*
 * Read the frame of a line: local time in ns, a space and JSON, or JSON alone. A message of one
 * part in the usual spelling is read directly, into the part that the next call gives out; all
 * others, and all when part is NULL, by a parser. Up to LFI_LINE_SLACK bytes behind the line are
 * read. End it with lfi_coinbase_close(), also after a failure.
 */
bool lfi_coinbase_open_line(
    const char *line,
    size_t bytes,
    lfi_coinbase_line *out,
    lfi_coinbase_part *part,
    lfi_binance_fault *fault
);
void lfi_coinbase_close(lfi_coinbase_line *line);

/* Whether the line is a message of Coinbase, of any kind. */
bool lfi_coinbase_is_message(const lfi_coinbase_line *line);

/* Take the next part, into the part that the line was opened with; line->is_done says that there is
   none. */
bool lfi_coinbase_next(lfi_coinbase_line *line, lfi_coinbase_part *out, lfi_binance_fault *fault);

/* ---- shared by both ways ---- */

/* The direct reader; false for what it does not know. The part has been emptied. */
bool lfi_coinbase_fast(
    const char *json, size_t bytes, lfi_coinbase_line *line, lfi_coinbase_part *out
);

/* Midnight of the date that a time of at least LFI_COINBASE_DATE_BYTES begins with; what stands
   behind it, as ns. False when it is anything else. */
bool lfi_coinbase_date(const char *text, int64_t *out_ns);
bool lfi_coinbase_clock(const char *text, size_t bytes, int64_t *out_ns);

/* Whether a text is a product such as BTC-USD. */
bool lfi_coinbase_is_product(const char *text, size_t bytes);

/* Texts of 36 letters as 64 bits (FNV-1a), never 0: of 10^5 live orders two share one in a book of
   10^9. */
uint64_t lfi_coinbase_order_id(const char *text, size_t bytes);

/* Time of a book: of an update the latest change, where it can be. */
int64_t lfi_coinbase_book_ns(lfi_coinbase_kind kind, int64_t last_ns, int64_t sent_ns);

/* 2024-08-09T12:00:00.123456789Z as ns since 1970; false when it is anything else. */
bool lfi_coinbase_time(const char *text, size_t bytes, int64_t *out_ns);

/* Room for the levels of a line of so many bytes; the old levels are lost. LF_OK or LF_NOMEM. */
lf_status lfi_coinbase_make_room(
    const lf_allocator *allocator, lfi_coinbase_part *part, size_t bytes, lf_error *error
);

#endif
