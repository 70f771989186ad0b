/*
 * Databento's binary encoding as the reader, the writer and the converter of this module share it:
 * layouts of records, metadata, bytes in, bytes out. docs/formats/dbn.md describes the format.
 */
#ifndef LOBFLOW_FEED_DBN_H
#define LOBFLOW_FEED_DBN_H

#include "feed_internal.h"

#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "records are little-endian images of these structs"
#endif

/* ---- records ---------------------------------------------------------------------------- */

#define DBN_PRICE_NONE INT64_MAX
#define DBN_TIME_NONE UINT64_MAX
#define DBN_NULL_SCHEMA UINT16_MAX
/* A length is counted in words of four bytes, in one byte. */
#define DBN_RECORD_BYTES_MAX (4 * 255)
#define DBN_LEVELS 10

typedef enum dbn_rtype {
    DBN_RTYPE_TRADE = 0x00,
    DBN_RTYPE_MBP_1 = 0x01,
    DBN_RTYPE_MBP_10 = 0x0A,
    DBN_RTYPE_MBO = 0xA0,
} dbn_rtype;

typedef enum dbn_flag {
    DBN_LAST = 0x80,
    DBN_TOP = 0x40,
    DBN_SNAPSHOT = 0x20,
    DBN_MBP = 0x10,
    DBN_BAD_TS_RECV = 0x08,
    DBN_MAYBE_BAD_BOOK = 0x04,
    DBN_PUBLISHER = 0x02,
} dbn_flag;

typedef enum dbn_symbology {
    DBN_INSTRUMENT_ID = 0,
    DBN_RAW_SYMBOL = 1,
} dbn_symbology;

typedef struct dbn_header {
    uint8_t length; /* words of four bytes, header included */
    uint8_t rtype;
    uint16_t publisher_id;
    uint32_t instrument_id;
    uint64_t ts_event;
} dbn_header;

typedef struct dbn_mbo {
    dbn_header header;
    uint64_t order_id;
    int64_t price; /* 1e-9 */
    uint32_t size;
    uint8_t flags, channel_id;
    char action, side;
    uint64_t ts_recv;
    int32_t ts_in_delta;
    uint32_t sequence;
} dbn_mbo;

typedef struct dbn_trade {
    dbn_header header;
    int64_t price;
    uint32_t size;
    char action, side;
    uint8_t flags, depth;
    uint64_t ts_recv;
    int32_t ts_in_delta;
    uint32_t sequence;
} dbn_trade;

typedef struct dbn_level {
    int64_t bid_price, ask_price;
    uint32_t bid_size, ask_size;
    uint32_t bid_count, ask_count;
} dbn_level;

/* A trade record with one or ten levels behind it. */
typedef struct dbn_mbp {
    dbn_trade message;
    dbn_level levels[DBN_LEVELS];
} dbn_mbp;

static_assert(sizeof(dbn_header) == 16, "header");
static_assert(sizeof(dbn_mbo) == 56 && offsetof(dbn_mbo, ts_recv) == 40, "mbo");
static_assert(sizeof(dbn_trade) == 48 && offsetof(dbn_trade, ts_recv) == 32, "trade");
static_assert(sizeof(dbn_level) == 32 && offsetof(dbn_level, bid_size) == 16, "level");
static_assert(sizeof(dbn_mbp) == 368 && offsetof(dbn_mbp, levels) == 48, "mbp");
#define DBN_MBP_1_BYTES (sizeof(dbn_trade) + sizeof(dbn_level))

/* The fields of a record that all schemas have. */
typedef struct dbn_message {
    uint64_t ts_event, ts_recv, order_id;
    int64_t price;
    uint32_t size;
    uint8_t flags;
    char action, side;
} dbn_message;

/* A field of a record, which may lie anywhere. A copy of the whole record would go over memory. */
#define LFI_DBN_FIELD(to, record, type, field) \
    memcpy(&(to).field, (record) + offsetof(type, field), sizeof(to).field)

static inline dbn_message lfi_dbn_message(const unsigned char *record)
{
    dbn_message m;
    memcpy(&m.ts_event, record + offsetof(dbn_header, ts_event), sizeof m.ts_event);
    if (record[1] == DBN_RTYPE_MBO) {
        LFI_DBN_FIELD(m, record, dbn_mbo, ts_recv);
        LFI_DBN_FIELD(m, record, dbn_mbo, order_id);
        LFI_DBN_FIELD(m, record, dbn_mbo, price);
        LFI_DBN_FIELD(m, record, dbn_mbo, size);
        LFI_DBN_FIELD(m, record, dbn_mbo, flags);
        LFI_DBN_FIELD(m, record, dbn_mbo, action);
        LFI_DBN_FIELD(m, record, dbn_mbo, side);
    } else {
        LFI_DBN_FIELD(m, record, dbn_trade, ts_recv);
        m.order_id = 0;
        LFI_DBN_FIELD(m, record, dbn_trade, price);
        LFI_DBN_FIELD(m, record, dbn_trade, size);
        LFI_DBN_FIELD(m, record, dbn_trade, flags);
        LFI_DBN_FIELD(m, record, dbn_trade, action);
        LFI_DBN_FIELD(m, record, dbn_trade, side);
    }
    return m;
}

/* Prices whose sums and differences fit; DBN_PRICE_NONE is none of them. */
static inline bool lfi_dbn_is_price(int64_t price)
{
    return price > -INT64_MAX / 4 && price < INT64_MAX / 4;
}

/* Whether the processor can do what lfi_dbn_levels() needs. */
bool lfi_dbn_levels_usable(void);
/* Ten levels of a record at once as quotes, unless they are those of raw, which they become. False,
   with nothing done, when the price of a level is no whole number of ticks, or far. */
bool lfi_dbn_levels(
    const unsigned char *bytes,
    int64_t tick_nano,
    double ticks_per_nano,
    dbn_level raw[DBN_LEVELS],
    lf_quotes *quotes
);

/* Bytes of a record of a schema, without ts_out; 0 when the schema is not one of those read. */
size_t lfi_dbn_record_bytes(uint16_t schema);
uint8_t lfi_dbn_rtype(uint16_t schema);
/* "mbp-10", or NULL. */
const char *lfi_dbn_schema_name(uint16_t schema);

/* ---- metadata --------------------------------------------------------------------------- */

#define DBN_VERSION_NEWEST 3
#define DBN_SYMBOL_BYTES 72

/* A symbol stands for an instrument from one day to another, [first, end) as YYYYMMDD. */
typedef struct dbn_interval {
    char symbol[DBN_SYMBOL_BYTES];
    uint32_t instrument_id;
    uint32_t first_day, end_day;
} dbn_interval;

typedef struct dbn_metadata {
    uint8_t version;
    char dataset[17];
    uint16_t schema;
    uint64_t start, end, limit;
    uint8_t stype_in, stype_out;
    bool has_ts_out;
    dbn_interval *intervals; /* [interval_count], owned */
    size_t interval_count, interval_capacity;
    unsigned char *bytes; /* [byte_count], owned: the metadata as they stood in the file */
    size_t byte_count;
} dbn_metadata;

void lfi_dbn_metadata_clear(dbn_metadata *metadata, const lf_allocator *allocator);
/* Make sense of metadata->bytes. */
lf_status lfi_dbn_metadata_parse(
    dbn_metadata *metadata, const lf_allocator *allocator, const char *path, lf_error *error
);
/* Make bytes of all other members; those that were there go. LF_OK, LF_RANGE or LF_NOMEM. */
lf_status
lfi_dbn_metadata_encode(dbn_metadata *metadata, const lf_allocator *allocator, lf_error *error);
/* Add an interval. */
lf_status lfi_dbn_metadata_add(
    dbn_metadata *metadata, const lf_allocator *allocator, const dbn_interval *interval
);

/* ---- bytes in --------------------------------------------------------------------------- */

/* A file, plain or zstd of any number of frames. */
typedef struct lfi_dbn_in lfi_dbn_in;

/* Open a file and read its metadata. */
lf_status
lfi_dbn_in_open(const lf_allocator *allocator, const char *path, lfi_dbn_in **out, lf_error *error);
void lfi_dbn_in_close(lfi_dbn_in *in);
const dbn_metadata *lfi_dbn_in_metadata(const lfi_dbn_in *in);
/* What lies in memory, at the begin of an lfi_dbn_in. */
typedef struct lfi_dbn_window {
    unsigned char *buffer;
    size_t at, end;       /* what was not handed out */
    size_t record_at;     /* the last record handed out */
    int64_t record_count; /* handed out */
    uint8_t own_head[2];  /* of records of the file's schema: length in words, type; 0: unknown */
} lfi_dbn_window;

lf_status lfi_dbn_in_next_slow(lfi_dbn_in *in, const unsigned char **record, lf_error *error);

/* Next record, of lengths that were checked; *record is NULL at the end. Borrowed until the next
   call. Not aligned. */
static inline lf_status
lfi_dbn_in_next(lfi_dbn_in *in, const unsigned char **record, lf_error *error)
{
    lfi_dbn_window *const w = (lfi_dbn_window *)(void *)in;
    const unsigned char *const at = w->buffer + w->at;
    const size_t left = w->end - w->at, bytes = 4 * (size_t)w->own_head[0];
    if (left < bytes || bytes == 0 || memcmp(at, w->own_head, sizeof w->own_head) != 0) {
        return lfi_dbn_in_next_slow(in, record, error);
    }
    *record = at;
    w->record_at = w->at;
    w->at += bytes;
    w->record_count++;
    return LF_OK;
}

/* Records that lie ready behind the last one, for looking ahead: *bytes from *at on. */
const unsigned char *lfi_dbn_in_ahead(const lfi_dbn_in *in, size_t *bytes);
/* Brings near what orders of the records ahead will touch; mbo only. */
void lfi_dbn_look_ahead(const lfi_dbn_in *in, const lf_l3 *l3);
/* An error at the last record. */
lf_status
lfi_dbn_in_fail(const lfi_dbn_in *in, lf_error *error, lf_status status, const char *format, ...)
    LF_PRINTF(4, 5);
int64_t lfi_dbn_in_input_bytes(const lfi_dbn_in *in);
int64_t lfi_dbn_in_input_total(const lfi_dbn_in *in);
int64_t lfi_dbn_in_plain_bytes(const lfi_dbn_in *in);
/* Records handed out. */
int64_t lfi_dbn_in_record_count(const lfi_dbn_in *in);

/* ---- bytes out -------------------------------------------------------------------------- */

/* A file being written, compressed when its name ends in .zst. */
typedef struct lfi_dbn_out lfi_dbn_out;

lf_status lfi_dbn_out_create(
    const lf_allocator *allocator, const char *path, lfi_dbn_out **out, lf_error *error
);
lf_status lfi_dbn_out_write(lfi_dbn_out *out, const void *data, size_t bytes, lf_error *error);
lf_status lfi_dbn_out_finish(lfi_dbn_out *out, lf_error *error);
void lfi_dbn_out_destroy(lfi_dbn_out *out);

/* ---- days ------------------------------------------------------------------------------- */

/* Datasets of files that we write from other feeds: "XNAS.LOBFLOW", ".5" behind it when there are
   fewer than ten levels, "u" last when ties have no order. Of Binance "BINS.LOBFLOW25": the
   decimals of a tick and a lot, and fewer levels behind them without a point. */
#define DBN_OWN_DATASET ".LOBFLOW"

typedef struct dbn_own {
    bool is_own;
    int32_t level_count;
    bool ties_unordered;
    const char *venue;           /* as the feed names it; NULL: as the dataset */
    int64_t tick_nano, lot_nano; /* 0: not told */
} dbn_own;

dbn_own lfi_dbn_own(const char *dataset);
/* The four letters of a venue of ours; its name when it has none. */
const char *lfi_dbn_own_code(const char *venue);

/* Session, zone, tick, lot and price unit of an instrument by dataset, symbol and options. The tick
   is 0 when neither says it. */
lf_status lfi_dbn_instrument(
    const dbn_metadata *metadata,
    const lf_source *source,
    const lf_feed_options *options,
    lf_instrument *out,
    lf_error *error
);
/* Sessions of a file: the date of the first, and how many there are. */
lf_status lfi_dbn_sessions(
    const dbn_metadata *metadata,
    uint64_t first_ts,
    const lf_allocator *allocator,
    lf_date *first,
    size_t *count,
    lf_error *error
);
/* The date of the session number `index` after first; weekends are passed over where the market
   rests. */
lf_date lfi_dbn_session_date(const char *dataset, lf_date first, size_t index);
/* Open and close of the session of a date, and the zone's name. */
lf_status lfi_dbn_session(
    const char *dataset,
    const lf_allocator *allocator,
    lf_date date,
    lf_instrument *out,
    lf_error *error
);
/* Time of the first record of the schema that is no snapshot; of the first snapshot, or the start
   of the file, when there is none. Reads on from where the input stands. */
lf_status lfi_dbn_first_time(lfi_dbn_in *in, uint64_t *out, lf_error *error);
/* Which of the file's sessions a date is, by times: what lies before from_ns sets the book, what
   lies behind to_ns ends the day. The first and the last one reach to the file's ends. Reads on. */
lf_status lfi_dbn_span(
    lfi_dbn_in *in,
    const lf_allocator *allocator,
    lf_date date,
    int64_t session_close_ns,
    int64_t *from_ns,
    int64_t *to_ns,
    lf_error *error
);
/* Records that are looked at to find a tick that nothing else tells. */
#define DBN_SCAN_RECORDS 20000

/* The largest tick that all prices of the book in the first records of an instrument are whole
   numbers of; of the first instrument met when id is NULL. 0 when there are none. */
lf_status lfi_dbn_scan_tick(
    const lf_allocator *allocator,
    const char *path,
    const uint32_t *id,
    int64_t *out_nano,
    lf_error *error
);
/* The parts that records of all schemas share. */
static inline uint8_t lfi_dbn_flags_of(const unsigned char *record)
{
    return record[1] == DBN_RTYPE_MBO ? record[offsetof(dbn_mbo, flags)]
                                      : record[offsetof(dbn_trade, flags)];
}

/* Id of the instrument of a symbol on a date; false when there is none. */
bool lfi_dbn_instrument_id(
    const dbn_metadata *metadata, const char *symbol, lf_date date, uint32_t *out
);

/* Price units to a tick: trades may lie between two, at the middle of a spread. */
static inline int64_t lfi_dbn_units_per_tick(int64_t tick_nano)
{
    return tick_nano % 100 == 0 ? 100 : tick_nano % 10 == 0 ? 10 : 1;
}

#endif
