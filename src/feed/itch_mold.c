/* Captures of MoldUDP64: the packets of one session, from one feed or two, as one sequence. */
#include "itch.h"
#include "pcap.h"

#include <string.h>

/* A packet begins with its session, the number of its first message, and how many there are. */
#define SESSION_BYTES 10
#define PACKET_HEAD 20
#define COUNT_END 0xFFFF /* the session ends */
/* Packets that wait for one that is missing, and after how many on every feed it is lost. */
#define WINDOW 1024
#define SLACK 16
/* No hole is larger; numbers that say so are wrong. */
#define MISSING_MAX (UINT64_C(1) << 40)
/* A capture in which so many datagrams are others before the first packet holds none. */
#define OTHERS_MAX 100000
/* Addresses that the session is sent to. */
#define FEEDS_MAX 4

/* A packet that waits for those before it. */
typedef struct packet {
    unsigned char *bytes; /* [capacity], owned: its messages */
    size_t capacity, count;
    uint64_t sequence, message_count;
    int64_t ts_ns;
} packet;

typedef struct mold_feed {
    uint32_t address;
    uint16_t port;
    int past_count; /* packets behind the one that is due, since it is due */
} mold_feed;

struct lfi_itch_mold {
    const lf_allocator *allocator;
    lfi_pcap *pcap;
    packet *held; /* [WINDOW + 1], the first held_count by number */
    size_t held_count;
    mold_feed feeds[FEEDS_MAX];
    size_t feed_count;
    unsigned char session[SESSION_BYTES];
    uint64_t next;    /* number of the message that is due; 0: none has come */
    uint64_t told_to; /* where heartbeats say that the sequence is */
    bool has_session, has_ended, is_after_gap;
    lfi_itch_mold_counts counts;
};

/* ---- packets ---------------------------------------------------------------------------- */

/* Messages that add up to the packet, each of the length that its type has. */
static bool fits(const unsigned char *payload, size_t bytes)
{
    if (bytes < PACKET_HEAD) {
        return false;
    }
    const uint32_t count = lfi_itch_16(payload + PACKET_HEAD - 2);
    size_t at = PACKET_HEAD;
    for (uint32_t i = 0; i < count && count != COUNT_END; i++) {
        if (bytes - at < 3) {
            return false;
        }
        const size_t length = lfi_itch_16(payload + at);
        if (length == 0 || length > bytes - at - 2 || length < lfi_itch_bytes[payload[at + 2]]) {
            return false;
        }
        at += 2 + length;
    }
    return at == bytes;
}

/* Whether the session may be begun with a packet: its first message is one of ITCH 5.0. */
static bool is_start(const unsigned char *payload)
{
    const uint32_t count = lfi_itch_16(payload + PACKET_HEAD - 2);
    const unsigned char *const first = payload + PACKET_HEAD;
    return count > 0 && count != COUNT_END && lfi_itch_bytes[first[2]] == lfi_itch_16(first) &&
           lfi_itch_time_ns(first + 2) < LFI_ITCH_TIME_MAX_NS;
}

static mold_feed *feed_of(lfi_itch_mold *mold, const lfi_datagram *datagram)
{
    for (size_t i = 0; i < mold->feed_count; i++) {
        if (mold->feeds[i].address == datagram->address && mold->feeds[i].port == datagram->port) {
            return &mold->feeds[i];
        }
    }
    if (mold->feed_count == FEEDS_MAX) {
        return &mold->feeds[0];
    }
    mold->feeds[mold->feed_count] =
        (mold_feed){.address = datagram->address, .port = datagram->port};
    return &mold->feeds[mold->feed_count++];
}

/* ---- the sequence ----------------------------------------------------------------------- */

static void step_to(lfi_itch_mold *mold, uint64_t next)
{
    mold->next = next;
    for (size_t i = 0; i < mold->feed_count; i++) {
        mold->feeds[i].past_count = 0;
    }
}

/* What is due does not come any more: every feed is well past it, or too many packets wait. One
   feed alone may have a second that has not come yet. */
static bool is_lost(const lfi_itch_mold *mold)
{
    bool is_past = mold->feed_count > 1;
    for (size_t i = 0; i < mold->feed_count; i++) {
        is_past = is_past && mold->feeds[i].past_count >= SLACK;
    }
    return is_past || mold->held_count == WINDOW;
}

/* Go on behind the hole. */
static void give_up(lfi_itch_mold *mold)
{
    const uint64_t to = mold->held_count > 0 ? mold->held[0].sequence : mold->told_to;
    if (to > mold->next) {
        mold->counts.gap_count++;
        const uint64_t missing = to - mold->next;
        mold->counts.missing_count += (int64_t)(missing < MISSING_MAX ? missing : MISSING_MAX);
        mold->is_after_gap = true;
        step_to(mold, to);
    }
}

/* Put a packet among those that wait. */
static lf_status hold(
    lfi_itch_mold *mold,
    uint64_t sequence,
    uint64_t message_count,
    const lfi_datagram *datagram,
    lf_error *error
)
{
    size_t at = mold->held_count;
    while (at > 0 && mold->held[at - 1].sequence > sequence) {
        at--;
    }
    if (at > 0 && mold->held[at - 1].sequence == sequence) {
        mold->counts.copy_count++;
        return LF_OK;
    }
    packet fresh = mold->held[mold->held_count];
    void *bytes = fresh.bytes;
    const size_t count = datagram->bytes - PACKET_HEAD;
    const lf_status status = lf_grow(mold->allocator, &bytes, &fresh.capacity, count, 1);
    if (status != LF_OK) {
        return lf_error_set(error, status, "no memory for packets of ITCH");
    }
    fresh.bytes = bytes;
    fresh.count = count;
    fresh.sequence = sequence;
    fresh.message_count = message_count;
    fresh.ts_ns = datagram->ts_ns;
    memcpy(fresh.bytes, datagram->payload + PACKET_HEAD, count);
    memmove(&mold->held[at + 1], &mold->held[at], (mold->held_count - at) * sizeof *mold->held);
    mold->held[at] = fresh;
    mold->held_count++;
    return LF_OK;
}

/* The messages of a packet that have not been there yet; false when there are none. */
static bool hand_on(
    lfi_itch_mold *mold,
    const unsigned char *bytes,
    size_t count,
    uint64_t sequence,
    uint64_t message_count,
    lfi_itch_packet *out
)
{
    if (sequence + message_count <= mold->next) {
        mold->counts.copy_count++;
        return false;
    }
    *out = (lfi_itch_packet){.at = bytes, .end = bytes + count, .is_after_gap = mold->is_after_gap};
    for (uint64_t i = sequence; i < mold->next; i++) {
        out->at += 2 + lfi_itch_16(out->at);
    }
    mold->is_after_gap = false;
    mold->counts.packet_count++;
    step_to(mold, sequence + message_count);
    return true;
}

/* A packet that waited and is due. */
static bool take_held(lfi_itch_mold *mold, lfi_itch_packet *out)
{
    bool got = false;
    while (!got && mold->held_count > 0 && mold->held[0].sequence <= mold->next) {
        const packet first = mold->held[0];
        mold->held_count--;
        memmove(&mold->held[0], &mold->held[1], mold->held_count * sizeof *mold->held);
        mold->held[mold->held_count] = first; /* its memory is the next one's */
        got = hand_on(mold, first.bytes, first.count, first.sequence, first.message_count, out);
        out->ts_ns = first.ts_ns;
    }
    return got;
}

/* The first packet: the session begins, or what came before it is missing. */
static void begin(lfi_itch_mold *mold, const unsigned char *payload, uint64_t sequence)
{
    const unsigned char *const first = payload + PACKET_HEAD + 2;
    memcpy(mold->session, payload, SESSION_BYTES);
    mold->has_session = true;
    mold->next = sequence;
    mold->is_after_gap = sequence > 1 && !(first[0] == 'S' && first[LFI_ITCH_EVENT] == 'O');
    mold->counts.gap_count += mold->is_after_gap;
}

static lf_status
take_datagram(lfi_itch_mold *mold, const lfi_datagram *d, lfi_itch_packet *out, lf_error *error)
{
    const bool is_ours = fits(d->payload, d->bytes) &&
                         (mold->has_session ? memcmp(d->payload, mold->session, SESSION_BYTES) == 0
                                            : is_start(d->payload));
    if (!is_ours || mold->has_ended) {
        mold->counts.other_count++;
        return LF_OK;
    }
    const uint64_t sequence = lfi_itch_64(d->payload + SESSION_BYTES);
    const uint32_t count = lfi_itch_16(d->payload + PACKET_HEAD - 2);
    if (!mold->has_session) {
        begin(mold, d->payload, sequence);
    }
    mold_feed *const feed = feed_of(mold, d);
    if (count == 0 || count == COUNT_END) {
        mold->counts.heartbeat_count++;
        mold->told_to = sequence > mold->told_to ? sequence : mold->told_to;
        feed->past_count += sequence > mold->next;
        return LF_OK;
    }
    if (sequence > UINT64_MAX - COUNT_END) {
        mold->counts.other_count++;
        return LF_OK;
    }
    if (sequence == 0) { /* packets without numbers: as they come */
        mold->next = 0;
    }
    if (sequence <= mold->next) {
        const size_t bytes = d->bytes - PACKET_HEAD;
        (void)hand_on(mold, d->payload + PACKET_HEAD, bytes, sequence, count, out);
        out->ts_ns = d->ts_ns;
        return LF_OK;
    }
    feed->past_count++;
    return hold(mold, sequence, count, d, error);
}

lf_status lfi_itch_mold_next(lfi_itch_mold *mold, lfi_itch_packet *out, lf_error *error)
{
    *out = (lfi_itch_packet){0};
    for (;;) {
        lfi_datagram datagram;
        bool got = false;
        if (take_held(mold, out)) {
            return LF_OK;
        }
        if (is_lost(mold)) {
            give_up(mold);
            step_to(mold, mold->next);
            continue;
        }
        lf_status status = LF_OK;
        if (mold->has_session || mold->counts.other_count < OTHERS_MAX) {
            status = lfi_pcap_next(mold->pcap, &datagram, &got, error);
        }
        if (status == LF_OK && !got) {
            give_up(mold);
            if (mold->held_count > 0) {
                continue;
            }
            out->is_after_gap = mold->is_after_gap;
            mold->is_after_gap = false;
        }
        if (status == LF_OK && got) {
            status = take_datagram(mold, &datagram, out, error);
        }
        if (status != LF_OK || !got || out->at != NULL) {
            return status;
        }
    }
}

/* ---- life ------------------------------------------------------------------------------- */

lf_status lfi_itch_mold_open(
    const lf_allocator *allocator, const char *path, lfi_itch_mold **out, lf_error *error
)
{
    *out = NULL;
    lfi_itch_mold *const mold = lf_allocate(allocator, 1, sizeof *mold);
    if (mold == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", path);
    }
    mold->allocator = allocator;
    mold->held = lf_allocate(allocator, WINDOW + 1, sizeof *mold->held);
    const lf_status status = mold->held != NULL
                                 ? lfi_pcap_open(allocator, path, &mold->pcap, error)
                                 : lf_error_set(error, LF_NOMEM, "no memory to read %s", path);
    if (status != LF_OK) {
        lfi_itch_mold_close(mold);
        return status;
    }
    *out = mold;
    return LF_OK;
}

void lfi_itch_mold_close(lfi_itch_mold *mold)
{
    if (mold == NULL) {
        return;
    }
    const lf_allocator *const allocator = mold->allocator;
    for (size_t i = 0; mold->held != NULL && i <= WINDOW; i++) {
        lf_release(allocator, mold->held[i].bytes);
    }
    lf_release(allocator, mold->held);
    lfi_pcap_close(mold->pcap);
    lf_release(allocator, mold);
}

int64_t lfi_itch_mold_input_bytes(const lfi_itch_mold *mold)
{
    return lfi_pcap_input_bytes(mold->pcap);
}

const lfi_itch_mold_counts *lfi_itch_mold_counts_of(lfi_itch_mold *mold)
{
    mold->counts.frame_count = lfi_pcap_frame_count(mold->pcap);
    return &mold->counts;
}
