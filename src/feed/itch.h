/* NASDAQ TotalView-ITCH 5.0: messages and their fields, bytes in, what a file holds. */
#ifndef LFI_FEED_ITCH_H
#define LFI_FEED_ITCH_H

#include "feed_internal.h"

/* ---- messages --------------------------------------------------------------------------- */

/* Where fields stand; all numbers are big-endian. docs/formats/itch.md has all of them. */
enum {
    LFI_ITCH_LOCATE = 1,
    LFI_ITCH_TRACKING = 3,
    LFI_ITCH_TIME = 5, /* six bytes, ns after midnight in New York */
    LFI_ITCH_HEAD_BYTES = 11,
    LFI_ITCH_EVENT = 11,  /* S */
    LFI_ITCH_STOCK = 11,  /* R H h */
    LFI_ITCH_CODE = 29,   /* R: P a real security, T a test */
    LFI_ITCH_STATE = 19,  /* H */
    LFI_ITCH_ACTION = 20, /* h */
    LFI_ITCH_ORDER = 11,  /* A F E C X D U */
    LFI_ITCH_SIDE = 19,   /* A F P */
    LFI_ITCH_SHARES = 20, /* A F P */
    LFI_ITCH_OF = 24,     /* A F P: the stock */
    LFI_ITCH_PRICE = 32,  /* A F P C */
    LFI_ITCH_TAKEN = 19,  /* E C X: shares */
    LFI_ITCH_MATCH = 23,  /* E C */
    LFI_ITCH_PRINTABLE = 31,
    LFI_ITCH_NEW_ORDER = 19, /* U, and behind it: */
    LFI_ITCH_NEW_SHARES = 27,
    LFI_ITCH_NEW_PRICE = 31,
    LFI_ITCH_CROSS_SHARES = 11, /* Q: eight bytes */
    LFI_ITCH_CROSS_PRICE = 27,
    LFI_ITCH_CROSS_STOCK = 19,
    LFI_ITCH_CROSS_MATCH = 31,
    LFI_ITCH_CROSS_TYPE = 39,
    LFI_ITCH_REPORT_MATCH = 36, /* P */
    LFI_ITCH_LEVELS = 34,       /* R of a file of ours; else what a fund multiplies */
    LFI_ITCH_STOCK_BYTES = 8
};

/* Prices are 1e-4 of a dollar. */
#define LFI_ITCH_UNIT_NANO 100000
/* In files that lobflow writes the tracking number of a test security (R) is this, and those of
   other messages have marks in their low bits; the rest counts on, so that no two are the same. */
#define LFI_ITCH_OWN 0x4C46
enum {
    LFI_ITCH_GOES_ON = 1, /* the next message is of the same event */
    LFI_ITCH_MADE_UP = 2, /* keeps the book right and tells nothing */
    LFI_ITCH_VISIBLE = 4, /* P: a report apart from the book */
    LFI_ITCH_MARK_BITS = 4
};

/* No time of a day is later: 25 hours, when the clocks go back. */
#define LFI_ITCH_TIME_MAX_NS (25 * 60 * LF_NS_PER_MINUTE)

/* The end of messages. */
#define LFI_ITCH_LAST_NS (24 * 60 * LF_NS_PER_MINUTE - 1)
#define LFI_ITCH_LOT_NANO 1000000000

/* Length of a message by its type; 0: not a type of ITCH 5.0. */
extern const uint8_t lfi_itch_bytes[256];

static inline uint32_t lfi_itch_16(const unsigned char *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static inline uint32_t lfi_itch_32(const unsigned char *at)
{
    return lfi_itch_16(at) << 16 | lfi_itch_16(at + 2);
}

static inline uint64_t lfi_itch_64(const unsigned char *at)
{
    return (uint64_t)lfi_itch_32(at) << 32 | lfi_itch_32(at + 4);
}

static inline int64_t lfi_itch_time_ns(const unsigned char *message)
{
    return (int64_t)lfi_itch_16(message + LFI_ITCH_TIME) << 32 |
           lfi_itch_32(message + LFI_ITCH_TIME + 2);
}

/* The stock that a message names, eight letters with blanks behind; NULL: it names none. */
const unsigned char *lfi_itch_stock(const unsigned char *message);

/* A symbol with blanks behind, as messages write it; one that is longer is no stock's. */
void lfi_itch_pad(const char *symbol, unsigned char out[LFI_ITCH_STOCK_BYTES]);

/* Whether a message R begins a stock of a file that lobflow wrote. */
static inline bool lfi_itch_is_own(const unsigned char *message)
{
    return message[0] == 'R' && message[LFI_ITCH_CODE] == 'T' &&
           lfi_itch_16(message + LFI_ITCH_TRACKING) == LFI_ITCH_OWN;
}

/* ---- captures --------------------------------------------------------------------------- */

/* Messages of a packet whose time has come, each behind its length. */
typedef struct lfi_itch_packet {
    const unsigned char *at, *end; /* borrowed until the next call; NULL: the end of the capture */
    int64_t ts_ns;                 /* captured; 0: not told */
    bool is_after_gap;             /* messages before it were lost, or never captured */
} lfi_itch_packet;

/* What a capture of MoldUDP64 holds. */
typedef struct lfi_itch_mold_counts {
    int64_t frame_count;
    int64_t other_count;     /* datagrams that are no packets of the session */
    int64_t packet_count;    /* handed on */
    int64_t copy_count;      /* that held nothing new */
    int64_t heartbeat_count; /* and ends of the session */
    int64_t gap_count;       /* runs of messages that no feed brought */
    int64_t missing_count;   /* messages in them, as far as they are numbered */
} lfi_itch_mold_counts;

typedef struct lfi_itch_mold lfi_itch_mold;

/* Open a capture, plain or compressed. LF_OK, LF_FORMAT (no capture), LF_IO or LF_NOMEM. */
lf_status lfi_itch_mold_open(
    const lf_allocator *allocator, const char *path, lfi_itch_mold **out, lf_error *error
);
void lfi_itch_mold_close(lfi_itch_mold *mold);
/* Next packet of the session: each message once and in order, from whichever feed brought it. */
lf_status lfi_itch_mold_next(lfi_itch_mold *mold, lfi_itch_packet *out, lf_error *error);
int64_t lfi_itch_mold_input_bytes(const lfi_itch_mold *mold);
const lfi_itch_mold_counts *lfi_itch_mold_counts_of(lfi_itch_mold *mold);

/* ---- bytes in --------------------------------------------------------------------------- */

/* A message: at least as long as its type has to be; other types have any length above 0. */
typedef struct lfi_itch_message {
    const unsigned char *at; /* [bytes], borrowed until the next call; NULL: the end */
    size_t bytes;
} lfi_itch_message;

/* Messages that are in memory, each behind its length, and what is known of their packet. */
typedef struct lfi_itch_window {
    const unsigned char *at, *end;
    int64_t ts_ns;     /* captured; 0: not told */
    bool is_after_gap; /* until someone takes note of it */
} lfi_itch_window;

/* A file or a capture, plain or compressed. The window is the first member, for lfi_itch_next(). */
typedef struct lfi_itch_in lfi_itch_in;

lf_status lfi_itch_in_open(
    const lf_allocator *allocator, const char *path, lfi_itch_in **out, lf_error *error
);
/* Close; NULL is accepted. */
void lfi_itch_in_close(lfi_itch_in *in);
/* Next message, when the window holds no whole one. */
lf_status lfi_itch_next_slow(lfi_itch_in *in, lfi_itch_message *out, lf_error *error);
/* An error at a message (its `at`), with its byte. */
lf_status lfi_itch_fail(
    const lfi_itch_in *in,
    const unsigned char *message,
    lf_error *error,
    lf_status status,
    const char *format,
    ...
) LF_PRINTF(5, 6);
int64_t lfi_itch_input_bytes(const lfi_itch_in *in);
int64_t lfi_itch_input_total(const lfi_itch_in *in); /* 0: not known */
int64_t lfi_itch_plain_bytes(const lfi_itch_in *in);
/* The packets; NULL: no capture. */
lfi_itch_mold *lfi_itch_mold_of(const lfi_itch_in *in);

static inline lfi_itch_window *lfi_itch_window_of(lfi_itch_in *in)
{
    return (lfi_itch_window *)(void *)in;
}

/* Next message; out->at is NULL at the end. LF_OK, LF_FORMAT (too short, cut off) or LF_IO. */
static inline lf_status lfi_itch_next(lfi_itch_in *in, lfi_itch_message *out, lf_error *error)
{
    lfi_itch_window *const window = lfi_itch_window_of(in);
    const size_t left = (size_t)(window->end - window->at);
    if (left >= 3) {
        const size_t bytes = lfi_itch_16(window->at);
        if (bytes > 0 && bytes <= left - 2 && bytes >= lfi_itch_bytes[window->at[2]]) {
            *out = (lfi_itch_message){window->at + 2, bytes};
            window->at += 2 + bytes;
            return LF_OK;
        }
    }
    return lfi_itch_next_slow(in, out, error);
}

#endif
