/* What the files of the Binance reader share: names of captures, what a scan finds, numbers. */
#ifndef LOBFLOW_FEED_BINANCE_H
#define LOBFLOW_FEED_BINANCE_H

#include "binance_message.h"

/* The longest line: a snapshot of 5,000 levels a side has a third of a MiB, exchangeInfo several.
 */
#define LFI_CAPTURE_LINE_MAX ((size_t)16 << 20)

typedef enum lfi_binance_venue {
    LFI_BINANCE_UNKNOWN = 0,
    LFI_BINANCE_SPOT,
    LFI_BINANCE_USDM, /* futures on USDT and the like */
    LFI_BINANCE_COINM /* futures on the coin; sizes are contracts */
} lfi_binance_venue;

/* "BINANCE", "BINANCE_USDM", "BINANCE_COINM"; "" for an unknown one. */
const char *lfi_binance_venue_name(lfi_binance_venue venue);

/* Exchange time of a message: T where it has one, else E. LFI_BINANCE_NONE without any. */
int64_t lfi_binance_exchange_ns(const lfi_binance_message *m);

/* What the messages of one file or several add up to. */
typedef struct lfi_binance_facts {
    char symbol[32];
    lfi_binance_venue venue;
    uint64_t price_fractions, size_fractions; /* decimals met, as in lfi_binance_scale */
    int64_t info_tick, info_lot; /* of exchangeInfo, in 10^-LFI_BINANCE_PLACES_MAX; 0: none */
    int64_t first_ns, last_ns;   /* exchange times of diffs and trades; LF_TIME_NONE without */
    int64_t ahead_ns;            /* most that the exchange's clock was before the local one */
    bool has_local;              /* all lines have a local time */
    bool has_snapshot;
    int64_t depth_count, trade_count, aggregate_count;
} lfi_binance_facts;

void lfi_binance_facts_start(lfi_binance_facts *facts);

/* Add what a file holds. LF_OK, LF_FORMAT, LF_UNSUPPORTED (two symbols), LF_NOMEM or LF_IO. */
lf_status lfi_binance_scan(
    const lf_allocator *allocator, const char *name, lfi_binance_facts *facts, lf_error *error
);

/* The finest decimal of marks, in 1e-9. */
int64_t lfi_binance_unit_nano(uint64_t fractions);

/* Tick and lot in 1e-9: what exchangeInfo said, or the finest decimal that was met. */
int64_t lfi_binance_tick_nano(const lfi_binance_facts *facts);
int64_t lfi_binance_lot_nano(const lfi_binance_facts *facts);

/* ---- names ------------------------------------------------------------------------------ */

/* Captures are files, or members of archives: "a.zip:b". */
lf_status lfi_capture_open(
    const lf_allocator *allocator, const char *name, lfi_stream **out, lf_error *error
);
bool lfi_capture_exists(const char *name);
/* Bytes on the disk, of the file or the archive. */
int64_t lfi_capture_bytes(const char *name);

/* The date in a name, as YYYYMMDD or YYYY-MM-DD; false without. */
bool lfi_capture_date(const char *name, lf_date *out);
/* The same name with another date; false when it does not fit. */
bool lfi_capture_name_at(const char *name, lf_date date, char out[1024]);

/* The currency of prices: what the symbol ends in; "" when it is not known. */
void lfi_binance_currency(const char *symbol, char out[8]);

/* Room for the levels of a line of so many bytes; the old levels are lost. LF_OK or LF_NOMEM. */
lf_status lfi_binance_make_room(
    const lf_allocator *allocator, lfi_binance_message *m, size_t bytes, lf_error *error
);

/* What is wrong with the last line of a stream. */
lf_status lfi_binance_fail(
    const lfi_stream *stream,
    const lfi_binance_fault *fault,
    const char *line,
    size_t bytes,
    lf_error *error
);

#endif
