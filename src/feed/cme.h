/* CME MDP 3.0: packets of the two sides of a channel, as one sequence; and the messages in them. */
#ifndef LFI_FEED_CME_H
#define LFI_FEED_CME_H

#include "feed_internal.h"
#include "pcap.h"

/* A packet begins with its sequence number (4 bytes) and when it was sent (8 bytes, ns). */
#define LFI_CME_PACKET_HEAD 12
/* A message begins with its size, then block length, template, schema and version. */
#define LFI_CME_MESSAGE_HEAD 10
#define LFI_CME_SCHEMA 1

/* A packet whose time has come. */
typedef struct lfi_cme_packet {
    uint32_t sequence;
    int64_t ts_ns;              /* sent */
    const unsigned char *bytes; /* [count], head included */
    size_t count;
    bool after_gap;   /* packets before this one were lost */
    bool after_start; /* the first one, or the first of a sequence that began again */
} lfi_cme_packet;

typedef void (*lfi_cme_take)(void *context, const lfi_cme_packet *packet);

/* Packets that the later side may be behind, and that are kept until it has caught up. */
#define LFI_CME_WINDOW 1024
/* A packet is lost when both sides are further than this, or the window is full. */
#define LFI_CME_SLACK 16

typedef struct lfi_cme_slot {
    unsigned char *bytes; /* [capacity], owned */
    size_t capacity, count;
    int64_t ts_ns;
    bool is_held;
} lfi_cme_slot;

/* Both sides of one channel. */
typedef struct lfi_cme_channel {
    const lf_allocator *allocator;
    lfi_cme_slot *slots; /* [LFI_CME_WINDOW], by sequence */
    size_t held_count;
    uint64_t next;     /* sequence of the packet that is due */
    uint64_t sides[2]; /* newest sequence of a side; 0: none yet */
    int64_t start_ns;  /* when the sequence began */
    int64_t newest_ns; /* of the packets handed on */
    bool has_started, is_after_gap, is_after_start;
    int64_t packet_count, copy_count, gap_count, missing_count, restart_count;
} lfi_cme_channel;

/* Begin; false without memory. Ends with lfi_cme_channel_clear(). */
bool lfi_cme_channel_create(lfi_cme_channel *channel, const lf_allocator *allocator);
void lfi_cme_channel_clear(lfi_cme_channel *channel);

/*
 * A packet of side 0 or 1 has come: hand on what is due, each sequence once and in order. A later
 * packet with a number that is past begins the sequence again; an older one is a copy. LF_OK or
 * LF_NOMEM.
 */
lf_status lfi_cme_channel_push(
    lfi_cme_channel *channel,
    int side,
    const unsigned char *bytes,
    size_t count,
    lfi_cme_take take,
    void *context
);

/* Nothing more comes: hand on what is held. */
void lfi_cme_channel_finish(lfi_cme_channel *channel, lfi_cme_take take, void *context);

/* One message. */
typedef struct lfi_cme_message {
    uint16_t template_id, schema_id, version, block_bytes;
    const unsigned char *body; /* [bytes]: the root block, then the groups */
    size_t bytes;
} lfi_cme_message;

/* The message at *at of a packet, and *at behind it; false at the end and where none fits. */
bool lfi_cme_message_next(
    const unsigned char *packet, size_t bytes, size_t *at, lfi_cme_message *out
);

/* Whether the messages of a packet add up to it, and are those of MDP 3.0. */
bool lfi_cme_packet_fits(const unsigned char *packet, size_t bytes);

/* The first repeating group of a message. */
typedef struct lfi_cme_group {
    const unsigned char *entries; /* [count][entry_bytes] */
    size_t entry_bytes, count;
} lfi_cme_group;

/* False where it does not lie within the message, or its entries have fewer bytes than asked for.
 */
bool lfi_cme_group_of(const lfi_cme_message *message, size_t entry_bytes_min, lfi_cme_group *out);

/* The second group, of a message with single orders: its head has eight bytes. It is empty where
   there is none. */
void lfi_cme_second_group_of(
    const lfi_cme_message *message,
    const lfi_cme_group *first,
    size_t entry_bytes_min,
    lfi_cme_group *out
);

/* Where fields stand in the orders of a book's levels, and of trades. */
enum {
    LFI_CME_PART_PRIORITY = 8,
    LFI_CME_PART_LOTS = 16,
    LFI_CME_PART_LEVEL = 20, /* which entry of the first group, from 1 */
    LFI_CME_PART_ACTION = 21,
    LFI_CME_PART_BYTES = 22,
    LFI_CME_FILL_LOTS = 8,
    LFI_CME_FILL_BYTES = 12
};

/* Templates that are read whatever their generation. */
enum {
    LFI_CME_RESET = 4,
    LFI_CME_STATUS = 30
};

/* What the entries of a message are. */
typedef enum lfi_cme_kind {
    LFI_CME_OTHER = 0,
    LFI_CME_BOOK,     /* levels of books by price */
    LFI_CME_TRADES,   /* trade summaries */
    LFI_CME_SNAPSHOT, /* levels of one book */
    LFI_CME_ORDERS,   /* orders of books by order */
    LFI_CME_QUEUES,   /* snapshots of them */
    LFI_CME_NUMBERED, /* statistics: not read, but numbered with books and trades */
} lfi_cme_kind;

/* Where fields stand in an entry; the price is always the first one. */
typedef struct lfi_cme_layout {
    uint8_t kind; /* lfi_cme_kind */
    bool is_old;  /* prices in 1e-7 */
    bool is_long; /* sizes of eight bytes */
    uint8_t size, security;
    uint8_t number; /* of the security's updates; 0: has none */
    uint8_t level, action, type;
    uint8_t bytes; /* that an entry has at least */
} lfi_cme_layout;

/* The layout of a template; of kind LFI_CME_OTHER when its entries are not looked at. */
const lfi_cme_layout *lfi_cme_layout_of(uint16_t template_id);

/* The size of an entry, LFI_CME_NONE where it has none. */
int64_t lfi_cme_lots(const lfi_cme_layout *layout, const unsigned char *entry);

/* Larger sizes are none: sums of them still fit. */
#define LFI_CME_LOTS_MAX (UINT64_C(1) << 40)

/* The root block of what is sent as it happens begins with its time and an indicator, which says
   what the last message of its kind is in an event of the matching engine. */
enum {
    LFI_CME_INDICATOR = 8,
    LFI_CME_LAST_TRADE = 1 << 0,
    LFI_CME_LAST_QUOTE = 1 << 2,
    LFI_CME_END_OF_EVENT = 1 << 7
};

/* Where a definition has the security. */
enum {
    LFI_CME_DEFINITION_SECURITY = 55,
    LFI_CME_DEFINITION_BYTES = 59
};
/* The same of the root block of snapshots. */
enum {
    LFI_CME_SNAPSHOT_SECURITY = 8,
    LFI_CME_SNAPSHOT_NUMBER = 12,
    LFI_CME_SNAPSHOT_TIME = 16,
    LFI_CME_SNAPSHOT_STATUS = 34,
    LFI_CME_SNAPSHOT_BYTES = 35
};

static inline bool lfi_cme_is_definition(uint16_t template_id)
{
    return template_id == 27 || template_id == 29 || template_id == 41 ||
           (template_id >= 54 && template_id <= 57);
}

/* Numbers of SBE are little-endian. */
static inline uint16_t lfi_cme_16(const unsigned char *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t lfi_cme_32(const unsigned char *at)
{
    return (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

static inline uint64_t lfi_cme_64(const unsigned char *at)
{
    return (uint64_t)lfi_cme_32(at + 4) << 32 | lfi_cme_32(at);
}

/* A time, which is never beyond what int64_t tells. */
static inline int64_t lfi_cme_time(const unsigned char *at)
{
    const uint64_t ns = lfi_cme_64(at);
    return ns <= INT64_MAX ? (int64_t)ns : INT64_MAX;
}

/* No number: what a price or a size without a value becomes. */
#define LFI_CME_NONE INT64_MIN

/* Prices beyond this are none: a hundred price units to each still fit. */
#define LFI_CME_PRICE_MAX (INT64_MAX / 128)

/* A price or a price step in 1e-9: templates before schema version 9 have 1e-7. */
static inline int64_t lfi_cme_price(const unsigned char *at, bool is_old)
{
    const int64_t number = (int64_t)lfi_cme_64(at);
    const int64_t scale = is_old ? 100 : 1;
    const int64_t most = LFI_CME_PRICE_MAX / scale;
    return number > most || number < -most ? LFI_CME_NONE : number * scale;
}

/* A price in steps of one; between two it moves away from the other side. */
static inline int64_t lfi_cme_ticks(int64_t price, int64_t step, bool is_ask)
{
    const int64_t rest = price % step, ticks = price / step;
    return rest == 0 ? ticks : is_ask ? ticks + (rest > 0) : ticks - (rest < 0);
}

/* ---- captures --------------------------------------------------------------------------- */

/* As Databento calls it: sessions, lots and currency are those of its files. */
#define LFI_CME_DATASET "GLBX.MDP3"

/* A channel, by where its feed A goes. */
typedef struct lfi_cme_place {
    uint32_t address;
    uint16_t port;
    lfi_cme_channel packets;
} lfi_cme_place;

/* A capture that is being read. */
typedef struct lfi_cme_capture {
    const lf_allocator *allocator;
    lfi_pcap *pcap;        /* owned */
    lfi_cme_place *places; /* [place_count], owned */
    size_t place_count;
    const lfi_cme_place *place; /* of the packet that is handed on */
    int64_t ts_ns;              /* capture time of the datagram that made it due */
    int64_t feed_counts[2], damaged_count, other_count;
} lfi_cme_capture;

/* Begin; after a failure there is nothing to close. LF_OK, or as lfi_pcap_open(). */
lf_status lfi_cme_capture_open(
    const lf_allocator *allocator, const char *path, lfi_cme_capture *out, lf_error *error
);

/* Take in the next datagram: packets that are due by it are handed on. *got is false at the end.
   LF_OK, LF_NOMEM, or as lfi_pcap_next(). */
lf_status lfi_cme_capture_next(
    lfi_cme_capture *capture, lfi_cme_take take, void *context, bool *got, lf_error *error
);

/* At the end: hand on what is held. */
void lfi_cme_capture_finish(lfi_cme_capture *capture, lfi_cme_take take, void *context);
void lfi_cme_capture_close(lfi_cme_capture *capture);

/* ---- securities ------------------------------------------------------------------------- */

/* What a capture tells of a security. */
typedef struct lfi_cme_security {
    uint32_t id;
    bool is_defined;
    bool has_book, has_orders; /* by price, by order */
    char symbol[24], group[8], asset[8], currency[4];
    int64_t step_nano;     /* of raw prices, in 1e-9; 0: not told */
    int64_t factor_nano;   /* raw price times this is the price, in 1e-9 */
    int32_t level_count;   /* 0: not told */
    int32_t deepest_level; /* that an entry of the book by price names */
    uint32_t address;      /* of the channel with its book */
    uint16_t port;
} lfi_cme_security;

/* What is known after a capture has been read once. */
typedef struct lfi_cme_facts {
    lfi_cme_security *securities; /* [count], by id, owned */
    size_t count, capacity;
    int64_t first_ns, last_ns; /* times of book messages; LF_TIME_NONE without */
    int64_t ahead_ns;          /* most that such a time was before the capture's */
} lfi_cme_facts;

/* Read a capture once. LF_OK, LF_FORMAT, LF_IO or LF_NOMEM. On failure there is nothing to clear.
 */
lf_status
lfi_cme_scan(const lf_allocator *allocator, const char *path, lfi_cme_facts *out, lf_error *error);
void lfi_cme_facts_clear(const lf_allocator *allocator, lfi_cme_facts *facts);

/* A step of prices and what one is worth: of the options, or of the definition. LF_OK or LF_DATA.
 */
lf_status lfi_cme_set_tick(
    const lfi_cme_security *security,
    const lf_feed_options *options,
    lf_instrument *instrument,
    int64_t *step_nano,
    lf_error *error
);

/* The security of a symbol or a number; NULL: the only one that has a book. LF_OK or LF_NOT_FOUND.
 */
lf_status lfi_cme_choose(
    const lfi_cme_facts *facts,
    const char *path,
    const char *symbol,
    const lfi_cme_security **out,
    lf_error *error
);

#endif
