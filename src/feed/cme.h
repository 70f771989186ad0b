/* CME MDP 3.0: packets of the two sides of a channel, as one sequence; and the messages in them. */
#ifndef LFI_FEED_CME_H
#define LFI_FEED_CME_H

#include <lobflow/feed.h>

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

#endif
