/* Reads captures: the frames of pcap and pcapng, and the UDP datagrams in the frames. */
#include "pcap.h"
#include "unpack.h"

#include <stdio.h>
#include <string.h>

/* A frame or a block is at most so large; network hardware sends less than a tenth of it. */
#define BLOCK_BYTES_MAX ((size_t)1 << 20)
#define INTERFACES_MAX 64
#define READ_BYTES 65536

/* Kinds of blocks of pcapng. */
enum {
    BLOCK_SECTION = 0x0A0D0D0A,
    BLOCK_INTERFACE = 1,
    BLOCK_OBSOLETE = 2, /* as an enhanced one, with an interface of 16 bits */
    BLOCK_SIMPLE = 3,
    BLOCK_ENHANCED = 6
};

/* Options of an interface. */
enum {
    OPTION_RESOLUTION = 9,
    OPTION_OFFSET = 14
};

/* Links, by their numbers in both formats. */
enum {
    LINK_NULL = 0,
    LINK_ETHERNET = 1,
    LINK_RAW = 101,
    LINK_COOKED = 113,
    LINK_IPV4 = 228,
    LINK_COOKED_2 = 276
};

#define ETHER_IPV4 0x0800
#define IP_UDP 17

typedef struct capture_interface {
    uint32_t link;
    uint8_t resolution;  /* as pcapng has it: a power of ten, or of two with the high bit */
    int64_t offset_s;    /* added to all times */
    uint32_t snap_bytes; /* so much of a frame was captured at most; 0: all */
} capture_interface;

struct lfi_pcap {
    const lf_allocator *allocator;
    lfi_unpack *file;      /* owned */
    unsigned char *buffer; /* [BLOCK_BYTES_MAX + READ_BYTES] */
    size_t at, end;
    bool at_end, is_ng, is_big;
    capture_interface interfaces[INTERFACES_MAX];
    size_t interface_count;
    int64_t frame_count, other_count;
    char name[1024];
};

/* ---- bytes ------------------------------------------------------------------------------ */

static uint32_t get_32(const lfi_pcap *pcap, const unsigned char *at)
{
    return pcap->is_big
               ? (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]
               : (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

static uint32_t get_16(const lfi_pcap *pcap, const unsigned char *at)
{
    return pcap->is_big ? (uint32_t)at[0] << 8 | at[1] : (uint32_t)at[1] << 8 | at[0];
}

/* Numbers of the network itself are always big-endian. */
static uint32_t net_16(const unsigned char *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static lf_status fail(const lfi_pcap *pcap, lf_status status, const char *what, lf_error *error)
{
    return lf_error_set_at(
        error,
        status,
        pcap->name,
        LF_POSITION_NONE,
        LF_POSITION_NONE,
        "%s after frame %lld",
        what,
        (long long)pcap->frame_count
    );
}

/* Have so many bytes in one piece; *there is false where the file ends before. */
static lf_status need(lfi_pcap *pcap, size_t bytes, bool *there, lf_error *error)
{
    if (pcap->end - pcap->at < bytes && pcap->at > 0) {
        memmove(pcap->buffer, pcap->buffer + pcap->at, pcap->end - pcap->at);
        pcap->end -= pcap->at;
        pcap->at = 0;
    }
    while (pcap->end - pcap->at < bytes && !pcap->at_end) {
        const ptrdiff_t got = lfi_unpack_read(pcap->file, pcap->buffer + pcap->end, READ_BYTES);
        if (got < 0) {
            return fail(pcap, LF_FORMAT, "damaged or cut off", error);
        }
        pcap->at_end = got == 0;
        pcap->end += (size_t)got;
    }
    *there = pcap->end - pcap->at >= bytes;
    return LF_OK;
}

/* ---- frames ----------------------------------------------------------------------------- */

/* A count of units of a resolution in ns; LF_TIME_NONE where it does not fit. */
static int64_t units_to_ns(uint8_t resolution, uint64_t value)
{
    const unsigned power = resolution & 0x7F;
    if ((resolution & 0x80) != 0) {
        if (power > 34) {
            return LF_TIME_NONE;
        }
        const uint64_t seconds = value >> power, rest = value - (seconds << power);
        const uint64_t ns = (rest * (uint64_t)LF_NS_PER_SECOND) >> power;
        return seconds < INT64_MAX / LF_NS_PER_SECOND - 1
                   ? (int64_t)(seconds * (uint64_t)LF_NS_PER_SECOND + ns)
                   : LF_TIME_NONE;
    }
    for (unsigned i = power; i < 9; i++) {
        value = value <= INT64_MAX / 10 ? value * 10 : UINT64_MAX;
    }
    for (unsigned i = 9; i < power && value > 0; i++) {
        value /= 10;
    }
    return value <= INT64_MAX ? (int64_t)value : LF_TIME_NONE;
}

/* A time of an interface in ns since 1970; 0 where it does not fit. */
static int64_t to_ns(const capture_interface *from, uint64_t value)
{
    const int64_t ns = units_to_ns(from->resolution, value);
    int64_t offset_ns, sum_ns;
    const bool fits = ns != LF_TIME_NONE &&
                      !__builtin_mul_overflow(from->offset_s, LF_NS_PER_SECOND, &offset_ns) &&
                      !__builtin_add_overflow(ns, offset_ns, &sum_ns) && sum_ns > 0;
    return fits ? sum_ns : 0;
}

/* A frame as it was captured. */
typedef struct captured_frame {
    const capture_interface *from;
    const unsigned char *bytes; /* [count]; NULL at the end of the file */
    size_t count;
    int64_t ts_ns;
} captured_frame;

/* Where IPv4 begins in a frame; false when the frame carries something else. */
static bool find_ip(uint32_t link, const unsigned char **frame, size_t *bytes)
{
    size_t skip = 0;
    uint32_t kind = ETHER_IPV4;
    if (link == LINK_ETHERNET && *bytes >= 14) {
        skip = 14;
        kind = net_16(*frame + 12);
        while ((kind == 0x8100 || kind == 0x88A8) && *bytes >= skip + 4) {
            kind = net_16(*frame + skip + 2);
            skip += 4;
        }
    } else if (link == LINK_COOKED && *bytes >= 16) {
        skip = 16;
        kind = net_16(*frame + 14);
    } else if (link == LINK_COOKED_2 && *bytes >= 20) {
        skip = 20;
        kind = net_16(*frame);
    } else if (link == LINK_NULL && *bytes >= 4) {
        skip = 4;
    } else if (link != LINK_RAW && link != LINK_IPV4) {
        return false;
    }
    *frame += skip;
    *bytes -= skip;
    return kind == ETHER_IPV4;
}

/* The datagram of a frame; false when there is none, or only a part. */
static bool find_udp(uint32_t link, const unsigned char *frame, size_t bytes, lfi_datagram *out)
{
    if (!find_ip(link, &frame, &bytes) || bytes < 20 || frame[0] >> 4 != 4) {
        return false;
    }
    const size_t head = (size_t)(frame[0] & 15) * 4, all = net_16(frame + 2);
    const bool is_part = (net_16(frame + 6) & 0x3FFF) != 0;
    if (head < 20 || all < head + 8 || all > bytes || frame[9] != IP_UDP || is_part) {
        return false;
    }
    const unsigned char *const udp = frame + head;
    const size_t length = net_16(udp + 4);
    if (length < 8 || length > all - head) {
        return false;
    }
    out->address = net_16(frame + 16) << 16 | net_16(frame + 18);
    out->port = (uint16_t)net_16(udp + 2);
    out->payload = udp + 8;
    out->bytes = length - 8;
    return true;
}

/* ---- pcap ------------------------------------------------------------------------------- */

static lf_status next_frame(lfi_pcap *pcap, captured_frame *out, lf_error *error)
{
    bool there;
    lf_status status = need(pcap, 16, &there, error);
    out->bytes = NULL;
    if (status != LF_OK || !there) {
        return status != LF_OK || pcap->at == pcap->end ? status
                                                        : fail(pcap, LF_FORMAT, "cut off", error);
    }
    const size_t count = get_32(pcap, pcap->buffer + pcap->at + 8);
    if (count > BLOCK_BYTES_MAX - 16) {
        return fail(pcap, LF_FORMAT, "damaged: a frame of a megabyte", error);
    }
    status = need(pcap, 16 + count, &there, error);
    if (status != LF_OK || !there) {
        return status != LF_OK ? status : fail(pcap, LF_FORMAT, "cut off", error);
    }
    const unsigned char *const head = pcap->buffer + pcap->at;
    const bool is_ns = pcap->interfaces[0].resolution == 9;
    *out = (captured_frame){
        .from = &pcap->interfaces[0],
        .bytes = head + 16,
        .count = count,
        .ts_ns = (int64_t)get_32(pcap, head) * LF_NS_PER_SECOND +
                 (int64_t)get_32(pcap, head + 4) * (is_ns ? 1 : 1000),
    };
    pcap->at += 16 + count;
    return LF_OK;
}

/* ---- pcapng ----------------------------------------------------------------------------- */

/* Numbers of 64 bits stand in the order of the section. */
static int64_t get_signed_64(const lfi_pcap *pcap, const unsigned char *at)
{
    const uint64_t low = get_32(pcap, at + (pcap->is_big ? 4 : 0));
    return (int64_t)((uint64_t)get_32(pcap, at + (pcap->is_big ? 0 : 4)) << 32 | low);
}

static lf_status
add_interface(lfi_pcap *pcap, const unsigned char *body, size_t bytes, lf_error *error)
{
    if (bytes < 8 || pcap->interface_count == INTERFACES_MAX) {
        return fail(pcap, LF_FORMAT, "damaged: a bad interface", error);
    }
    capture_interface *const fresh = &pcap->interfaces[pcap->interface_count++];
    *fresh = (capture_interface
    ){.link = get_16(pcap, body), .resolution = 6, .snap_bytes = get_32(pcap, body + 4)};
    for (size_t at = 8; at + 4 <= bytes;) {
        const uint32_t code = get_16(pcap, body + at);
        const size_t length = get_16(pcap, body + at + 2);
        if (code == 0 || length > bytes - at - 4) {
            break;
        }
        if (code == OPTION_RESOLUTION && length == 1) {
            fresh->resolution = body[at + 4];
        } else if (code == OPTION_OFFSET && length == 8) {
            fresh->offset_s = get_signed_64(pcap, body + at + 4);
        }
        at += 4 + (length + 3) / 4 * 4;
    }
    return LF_OK;
}

/* The next block: its kind, and its body, which is NULL at the end of the file. */
static lf_status next_block(
    lfi_pcap *pcap, uint32_t *kind, const unsigned char **body, size_t *bytes, lf_error *error
)
{
    bool there = false;
    *body = NULL;
    lf_status status = need(pcap, 12, &there, error);
    if (status != LF_OK || !there) {
        return status != LF_OK || pcap->at == pcap->end ? status
                                                        : fail(pcap, LF_FORMAT, "cut off", error);
    }
    *kind = get_32(pcap, pcap->buffer + pcap->at);
    if (*kind == BLOCK_SECTION) {
        pcap->is_big = pcap->buffer[pcap->at + 8] == 0x1A;
        pcap->interface_count = 0;
    }
    const size_t all = get_32(pcap, pcap->buffer + pcap->at + 4);
    if (all < 12 || all % 4 != 0 || all > BLOCK_BYTES_MAX) {
        return fail(pcap, LF_FORMAT, "damaged: a block of impossible length", error);
    }
    status = need(pcap, all, &there, error);
    if (status != LF_OK || !there) {
        return status != LF_OK ? status : fail(pcap, LF_FORMAT, "cut off", error);
    }
    *body = pcap->buffer + pcap->at + 8;
    *bytes = all - 12;
    pcap->at += all;
    return LF_OK;
}

/* The frame of a block with an interface, a time and both lengths before it. */
static lf_status take_packet(
    lfi_pcap *pcap,
    bool is_obsolete,
    const unsigned char *body,
    size_t body_bytes,
    captured_frame *out,
    lf_error *error
)
{
    const size_t head = 20;
    const size_t which = body_bytes < head ? SIZE_MAX
                         : is_obsolete     ? get_16(pcap, body)
                                           : get_32(pcap, body);
    if (which >= pcap->interface_count) {
        return fail(pcap, LF_FORMAT, "damaged: a packet of no interface", error);
    }
    out->from = &pcap->interfaces[which];
    out->bytes = body + head;
    out->count = get_32(pcap, body + 12);
    out->ts_ns = to_ns(out->from, (uint64_t)get_32(pcap, body + 4) << 32 | get_32(pcap, body + 8));
    return out->count <= body_bytes - head
               ? LF_OK
               : fail(pcap, LF_FORMAT, "damaged: a packet larger than its block", error);
}

/* The frame of a block that has its length on the wire only, and no time. */
static lf_status take_simple(
    lfi_pcap *pcap,
    const unsigned char *body,
    size_t body_bytes,
    captured_frame *out,
    lf_error *error
)
{
    const size_t head = 4;
    if (body_bytes < head || pcap->interface_count == 0) {
        return fail(pcap, LF_FORMAT, "damaged: a packet of no interface", error);
    }
    const uint32_t snap_bytes = pcap->interfaces[0].snap_bytes;
    out->from = &pcap->interfaces[0];
    out->bytes = body + head;
    out->count = get_32(pcap, body);
    out->ts_ns = 0;
    if (snap_bytes > 0 && out->count > snap_bytes) {
        out->count = snap_bytes;
    }
    /* Of a frame larger than its block there is only a part. */
    out->count = out->count < body_bytes - head ? out->count : body_bytes - head;
    return LF_OK;
}

static lf_status next_frame_ng(lfi_pcap *pcap, captured_frame *out, lf_error *error)
{
    const unsigned char *body;
    uint32_t kind;
    size_t bytes;
    out->bytes = NULL;
    for (;;) {
        const lf_status status = next_block(pcap, &kind, &body, &bytes, error);
        if (status != LF_OK || body == NULL) {
            return status;
        }
        if (kind == BLOCK_ENHANCED || kind == BLOCK_OBSOLETE) {
            return take_packet(pcap, kind == BLOCK_OBSOLETE, body, bytes, out, error);
        }
        if (kind == BLOCK_SIMPLE) {
            return take_simple(pcap, body, bytes, out, error);
        }
        if (kind == BLOCK_INTERFACE) {
            const lf_status added = add_interface(pcap, body, bytes, error);
            if (added != LF_OK) {
                return added;
            }
        }
    }
}

/* ---- the capture ------------------------------------------------------------------------ */

/* What the first bytes say; false when they are those of no capture. */
static bool read_magic(lfi_pcap *pcap)
{
    const unsigned char *const head = pcap->buffer;
    const uint32_t magic = get_32(pcap, head);
    pcap->is_ng = magic == BLOCK_SECTION && (memcmp(head + 8, "\x4D\x3C\x2B\x1A", 4) == 0 ||
                                             memcmp(head + 8, "\x1A\x2B\x3C\x4D", 4) == 0);
    if (pcap->is_ng) {
        return true;
    }
    pcap->is_big = head[0] == 0xA1;
    const uint32_t plain = get_32(pcap, head);
    if (plain != 0xA1B2C3D4 && plain != 0xA1B23C4D) {
        return false;
    }
    /* The upper half of the word tells of checksums at the end of frames. */
    pcap->interfaces[0] = (capture_interface
    ){.link = get_32(pcap, head + 20) & 0xFFFF, .resolution = plain == 0xA1B23C4D ? 9 : 6};
    pcap->interface_count = 1;
    pcap->at = 24;
    return true;
}

lf_status
lfi_pcap_open(const lf_allocator *allocator, const char *path, lfi_pcap **out, lf_error *error)
{
    bool there = false;
    *out = NULL;
    lfi_pcap *const pcap = lf_allocate(allocator, 1, sizeof *pcap);
    if (pcap == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", path);
    }
    pcap->allocator = allocator;
    (void)snprintf(pcap->name, sizeof pcap->name, "%s", path);
    pcap->buffer = lf_allocate(allocator, BLOCK_BYTES_MAX + READ_BYTES, 1);
    lf_status status = pcap->buffer != NULL
                           ? lfi_unpack_open(allocator, path, &pcap->file, error)
                           : lf_error_set(error, LF_NOMEM, "no memory to read %s", path);
    if (status == LF_OK) {
        status = need(pcap, 24, &there, error);
    }
    if (status == LF_OK && (!there || !read_magic(pcap))) {
        status = lf_error_set_at(
            error,
            LF_FORMAT,
            path,
            LF_POSITION_NONE,
            LF_POSITION_NONE,
            "no capture, neither pcap nor pcapng"
        );
    }
    if (status != LF_OK) {
        lfi_pcap_close(pcap);
        return status;
    }
    *out = pcap;
    return LF_OK;
}

lf_status lfi_pcap_next(lfi_pcap *pcap, lfi_datagram *out, bool *got, lf_error *error)
{
    captured_frame frame;
    for (;;) {
        const lf_status status =
            pcap->is_ng ? next_frame_ng(pcap, &frame, error) : next_frame(pcap, &frame, error);
        *got = status == LF_OK && frame.bytes != NULL;
        if (!*got) {
            return status;
        }
        pcap->frame_count++;
        if (find_udp(frame.from->link, frame.bytes, frame.count, out)) {
            out->ts_ns = frame.ts_ns;
            return LF_OK;
        }
        pcap->other_count++;
    }
}

int64_t lfi_pcap_input_bytes(const lfi_pcap *pcap)
{
    return lfi_unpack_input_bytes(pcap->file);
}

int64_t lfi_pcap_frame_count(const lfi_pcap *pcap)
{
    return pcap->frame_count;
}

int64_t lfi_pcap_other_count(const lfi_pcap *pcap)
{
    return pcap->other_count;
}

void lfi_pcap_close(lfi_pcap *pcap)
{
    if (pcap == NULL) {
        return;
    }
    lfi_unpack_close(pcap->file);
    lf_release(pcap->allocator, pcap->buffer);
    lf_release(pcap->allocator, pcap);
}
