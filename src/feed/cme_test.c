/*
 * Goal: packets of both feeds make one sequence, each number once and in order, whatever is lost,
 *       doubled, late or out of order; captures of every kind give the same counts; damaged ones
 *       are refused; the public capture is counted as another program did.
 * Method: random sequences whose losses are known; captures made here; the folder of reference
 *         data, when it is there.
 */
#include "cme.h"
#include "pcap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "feed_testing.h"

#define SEED 11
#define PACKETS 3000
#define DEPTH 5 /* places by which a packet may be late within its feed */
#define CAPTURE "data/cme_mdp3/mdp3_v6_20161112_two_feeds.pcapng.gz"

/* ---- packets ---------------------------------------------------------------------------- */

static void put(unsigned char *at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        at[i] = (unsigned char)(value >> (8 * i));
    }
}

/* A packet with one heartbeat. */
static size_t make_packet(unsigned char *out, uint32_t sequence, int64_t ts_ns)
{
    put(out, sequence, 4);
    put(out + 4, (uint64_t)ts_ns, 8);
    put(out + 12, LFI_CME_MESSAGE_HEAD, 2);
    put(out + 14, 0, 2);
    put(out + 16, 12, 2);
    put(out + 18, LFI_CME_SCHEMA, 2);
    put(out + 20, 9, 2);
    return LFI_CME_PACKET_HEAD + LFI_CME_MESSAGE_HEAD;
}

/* A packet with a book of one entry, behind whose group others may stand. */
static size_t make_book(unsigned char *out, uint32_t sequence, uint32_t security, char type)
{
    memset(out, 0, 128);
    put(out, sequence, 4);
    put(out + 4, 1000 + sequence, 8);
    put(out + 12, LFI_CME_MESSAGE_HEAD + 11 + 3 + 32 + 8, 2);
    put(out + 14, 11, 2);
    put(out + 16, 46, 2);
    put(out + 18, LFI_CME_SCHEMA, 2);
    put(out + 20, 9, 2);
    put(out + 33, 32, 2);
    out[35] = 1;
    put(out + 36 + 12, security, 4);
    out[36 + 25] = LF_CME_CHANGE;
    out[36 + 26] = (unsigned char)type;
    return LFI_CME_PACKET_HEAD + LFI_CME_MESSAGE_HEAD + 11 + 3 + 32 + 8;
}

/* ---- arbitration ------------------------------------------------------------------------ */

/* What was handed on. */
typedef struct taken {
    uint32_t last;
    int64_t count, gaps, starts;
} taken;

static void take(void *context, const lfi_cme_packet *packet)
{
    taken *const t = context;
    const bool is_next = packet->sequence == t->last + 1;
    assert_int_equal(lfi_cme_32(packet->bytes), packet->sequence);
    assert_int_equal(lfi_cme_time(packet->bytes + 4), packet->ts_ns);
    if (!packet->after_start) {
        assert_true(packet->sequence > t->last);
        assert_int_equal(packet->after_gap, !is_next);
    }
    t->last = packet->sequence;
    t->count++;
    t->gaps += packet->after_gap;
    t->starts += packet->after_start;
}

static lf_status push(lfi_cme_channel *channel, int side, uint32_t sequence, int64_t ts, taken *t)
{
    unsigned char bytes[64];
    const size_t count = make_packet(bytes, sequence, ts);
    return lfi_cme_channel_push(channel, side, bytes, count, take, t);
}

/* One packet on its way. */
typedef struct arrival {
    uint64_t place;
    uint32_t sequence;
    int side;
} arrival;

static int compare_arrivals(const void *a, const void *b)
{
    const arrival *const x = a, *const y = b;
    return x->place < y->place ? -1 : x->place > y->place;
}

/* Both feeds with losses, doubles and disorder, one of them so many packets behind the other. */
static void arbitrate(int late_side, uint64_t delay)
{
    static arrival arrivals[4 * PACKETS];
    size_t count = 0;
    int64_t missing = 0, gaps = 0;
    bool was_lost = false;
    lf_random random;
    lf_random_seed(&random, SEED, delay);
    for (uint32_t i = 0; i < PACKETS; i++) {
        /* The first and the last always come: what is before and behind them nobody knows of. */
        const bool is_end = i == 0 || i == PACKETS - 1;
        bool is_lost = true;
        for (int side = 0; side < 2; side++) {
            int copies = lf_random_below(&random, 5) == 0 ? 0 : 1;
            copies = is_end || lf_random_below(&random, 20) == 0 ? 2 : copies;
            is_lost = is_lost && copies == 0;
            for (int k = 0; k < copies; k++) {
                const uint64_t wait = i > 0 ? 1 + lf_random_below(&random, DEPTH) : 0;
                arrivals[count++] =
                    (arrival){i + wait + (side == late_side ? delay : 0), 500 + i, side};
            }
        }
        missing += is_lost;
        gaps += is_lost && !was_lost;
        was_lost = is_lost;
    }
    qsort(arrivals, count, sizeof *arrivals, compare_arrivals);
    lfi_cme_channel channel;
    taken t = {0};
    assert_true(missing > 50);
    assert_true(lfi_cme_channel_create(&channel, NULL));
    for (size_t i = 0; i < count; i++) {
        const arrival *const at = &arrivals[i];
        assert_int_equal(push(&channel, at->side, at->sequence, 9000 + at->sequence, &t), LF_OK);
    }
    lfi_cme_channel_finish(&channel, take, &t);
    assert_int_equal(t.count, PACKETS - missing);
    assert_int_equal(channel.packet_count, t.count);
    assert_int_equal(channel.missing_count, missing);
    assert_int_equal(channel.gap_count, gaps);
    assert_int_equal(t.gaps, gaps);
    assert_int_equal(t.starts, 1);
    assert_int_equal(channel.packet_count + channel.copy_count, count);
    lfi_cme_channel_clear(&channel);
}

static void test_arbitration(void **state)
{
    (void)state;
    static const uint64_t delays[] = {0, 1, 40, 1000};
    for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
        arbitrate(0, delays[i]);
        arbitrate(1, delays[i]);
    }
}

/* One feed alone: a hole is a gap once the window is full, or at the end. */
static void test_one_feed(void **state)
{
    (void)state;
    lfi_cme_channel channel;
    taken t = {0};
    assert_true(lfi_cme_channel_create(&channel, NULL));
    assert_int_equal(push(&channel, 0, 1, 1, &t), LF_OK);
    for (uint32_t i = 3; i < 2 + LFI_CME_WINDOW; i++) {
        assert_int_equal(push(&channel, 0, i, i, &t), LF_OK);
    }
    assert_int_equal(t.count, 1);
    assert_int_equal(push(&channel, 0, 2 + LFI_CME_WINDOW, 2 + LFI_CME_WINDOW, &t), LF_OK);
    assert_int_equal(t.count, LFI_CME_WINDOW + 1);
    assert_int_equal(channel.gap_count, 1);
    /* A far number leaves out all before it at once. */
    assert_int_equal(push(&channel, 0, UINT32_MAX, 5000, &t), LF_OK);
    assert_int_equal(channel.gap_count, 2);
    assert_int_equal(channel.missing_count, 1 + UINT32_MAX - (LFI_CME_WINDOW + 3));
    lfi_cme_channel_clear(&channel);
}

/* Numbers that begin again: later packets are new, old ones are copies, also those ahead. */
static void test_restart(void **state)
{
    (void)state;
    lfi_cme_channel channel;
    taken t = {0};
    assert_true(lfi_cme_channel_create(&channel, NULL));
    assert_int_equal(push(&channel, 0, 100, 1000, &t), LF_OK);
    assert_int_equal(push(&channel, 0, 102, 1002, &t), LF_OK);
    assert_int_equal(push(&channel, 0, 1, 2000, &t), LF_OK); /* hands on 102 before */
    assert_int_equal(t.count, 3);
    assert_int_equal(channel.gap_count, 1);
    assert_int_equal(channel.restart_count, 1);
    assert_int_equal(push(&channel, 1, 101, 1001, &t), LF_OK);
    assert_int_equal(push(&channel, 1, 1, 2000, &t), LF_OK);
    assert_int_equal(channel.copy_count, 2);
    assert_int_equal(push(&channel, 1, 2, 2001, &t), LF_OK);
    assert_int_equal(t.count, 4);
    assert_int_equal(t.starts, 2);
    lfi_cme_channel_clear(&channel);
}

/* ---- captures --------------------------------------------------------------------------- */

/* How a capture is written. */
typedef struct capture_style {
    bool is_ng, is_big, is_ns, has_vlan;
    bool is_obsolete;    /* packets in blocks of type 2 */
    bool is_simple;      /* packets in blocks without a time */
    bool is_binary;      /* times in 2^-20 s */
    int64_t offset_s;    /* of the interface, where it is not 0 */
    uint32_t snap_bytes; /* of the interface */
} capture_style;

typedef struct writer {
    capture_style style;
    unsigned char bytes[65536];
    size_t count;
} writer;

static void add(writer *w, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        const size_t at = w->style.is_big ? bytes - 1 - i : i;
        w->bytes[w->count++] = (unsigned char)(value >> (8 * at));
    }
}

/* An interface of pcapng with the options that its style needs. */
static void put_interface(writer *w)
{
    const capture_style *const how = &w->style;
    const bool has_resolution = how->is_ns || how->is_binary;
    const bool has_options = has_resolution || how->offset_s != 0;
    const size_t bytes =
        20u + (has_resolution ? 8u : 0) + (how->offset_s != 0 ? 12u : 0) + (has_options ? 4u : 0);
    add(w, 1, 4);
    add(w, bytes, 4);
    add(w, 1, 2);
    add(w, 0, 2);
    add(w, how->snap_bytes, 4);
    if (has_resolution) {
        add(w, 9, 2);
        add(w, 1, 2);
        w->bytes[w->count] = how->is_binary ? 0x80 | 20 : 9;
        w->count += 4;
    }
    if (how->offset_s != 0) {
        add(w, 14, 2);
        add(w, 8, 2);
        add(w, (uint64_t)how->offset_s, 8);
    }
    if (has_options) {
        add(w, 0, 4);
    }
    add(w, bytes, 4);
}

static void start_capture(writer *w, capture_style style)
{
    *w = (writer){.style = style};
    if (!style.is_ng) {
        add(w, style.is_ns ? 0xA1B23C4D : 0xA1B2C3D4, 4);
        add(w, 0x00040002, 4);
        add(w, 0, 8);
        add(w, 65535, 4);
        add(w, 1, 4);
        return;
    }
    add(w, 0x0A0D0D0A, 4);
    add(w, 28, 4);
    add(w, 0x1A2B3C4D, 4);
    add(w, 1, 4);
    add(w, UINT64_MAX, 8);
    add(w, 28, 4);
    put_interface(w);
}

/* Ethernet, IPv4 and UDP around a payload; the frame's bytes come back. */
static size_t
make_frame(unsigned char *out, bool has_vlan, int feed, const unsigned char *data, size_t count)
{
    const size_t ip = has_vlan ? 18 : 14, port = feed == 0 ? 14340 : 15340;
    memset(out, 0, ip + 28);
    out[12] = has_vlan ? 0x81 : 8;
    out[16] = has_vlan ? 8 : 0;
    out[ip] = 0x45;
    out[ip + 2] = (unsigned char)((count + 28) >> 8);
    out[ip + 3] = (unsigned char)(count + 28);
    out[ip + 9] = 17;
    out[ip + 16] = 224;
    out[ip + 18] = (unsigned char)(31 + feed);
    out[ip + 19] = 64;
    out[ip + 22] = (unsigned char)(port >> 8);
    out[ip + 23] = (unsigned char)port;
    out[ip + 24] = (unsigned char)((count + 8) >> 8);
    out[ip + 25] = (unsigned char)(count + 8);
    memcpy(out + ip + 28, data, count);
    return ip + 28 + count;
}

static void add_frame(writer *w, int feed, const unsigned char *data, size_t count)
{
    unsigned char frame[512];
    const size_t bytes = make_frame(frame, w->style.has_vlan, feed, data, count);
    const size_t padded = (bytes + 3) / 4 * 4;
    const size_t block_bytes = (w->style.is_simple ? 16 : 32) + padded;
    if (w->style.is_ng) {
        const uint64_t seconds = (uint64_t)(1500000000 - w->style.offset_s);
        const uint64_t ts = w->style.is_binary ? seconds << 20
                            : w->style.is_ns   ? seconds * 1000000000 + 7
                                               : seconds * 1000000;
        add(w, w->style.is_simple ? 3 : w->style.is_obsolete ? 2 : 6, 4);
        add(w, block_bytes, 4);
        if (w->style.is_obsolete) {
            add(w, 0, 2);
            add(w, 9, 2); /* packets dropped before */
        } else if (!w->style.is_simple) {
            add(w, 0, 4);
        }
        if (!w->style.is_simple) {
            add(w, ts >> 32, 4);
            add(w, ts & UINT32_MAX, 4);
            add(w, bytes, 4);
        }
    } else {
        add(w, 1500000000, 4);
        add(w, w->style.is_ns ? 7 : 0, 4);
        add(w, bytes, 4);
    }
    add(w, bytes, 4);
    memcpy(w->bytes + w->count, frame, bytes);
    w->count += w->style.is_ng ? padded : bytes;
    if (w->style.is_ng) {
        add(w, block_bytes, 4);
    }
}

/* Packets 1, 2, 4 on feed A and 2, 5 on feed B, one that is damaged, and one of something else. */
static void make_capture(writer *w, capture_style style)
{
    static const struct {
        int feed;
        uint32_t sequence, security;
        char type;
    } rows[] = {{0, 1, 7, '0'}, {0, 2, 8, '1'}, {1, 2, 8, '1'}, {0, 4, 7, 'E'}, {1, 5, 9, 'J'}};
    unsigned char data[128];
    start_capture(w, style);
    memset(data, 0, sizeof data);
    add_frame(w, 0, data, 30);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const size_t count = make_book(data, rows[i].sequence, rows[i].security, rows[i].type);
        add_frame(w, rows[i].feed, data, count);
    }
    add_frame(w, 1, data, 33);
}

static void check_counts(const lf_cme_counts *c)
{
    assert_int_equal(c->frame_count, 7);
    assert_int_equal(c->other_count, 1);
    assert_int_equal(c->damaged_count, 1);
    assert_int_equal(c->feed_counts[0], 3);
    assert_int_equal(c->feed_counts[1], 2);
    assert_int_equal(c->channel_count, 1);
    assert_int_equal(c->packet_count, 4);
    assert_int_equal(c->copy_count, 1);
    assert_int_equal(c->gap_count, 1);
    assert_int_equal(c->missing_count, 1);
    assert_int_equal(c->first_ts_ns, 1001);
    assert_int_equal(c->last_ts_ns, 1005);
    assert_int_equal(c->template_counts[46], 4);
    assert_int_equal(c->entry_counts[LF_CME_BID][LF_CME_CHANGE], 1);
    assert_int_equal(c->entry_counts[LF_CME_ASK][LF_CME_CHANGE], 1);
    assert_int_equal(c->entry_counts[LF_CME_IMPLIED_BID][LF_CME_CHANGE], 1);
    assert_int_equal(c->entry_counts[LF_CME_SIDE_OTHER][LF_CME_CHANGE], 1);
    assert_int_equal(c->instrument_count, 3);
    assert_int_equal(c->unknown_count, 0);
}

static void test_captures(void **state)
{
    (void)state;
    static writer w;
    lf_testing_folder folder;
    lf_error error;
    assert_true(lf_testing_folder_make(&folder));
    for (int i = 0; i < 16; i++) {
        const capture_style how = {
            .is_ng = (i & 1) != 0,
            .is_big = (i & 2) != 0,
            .is_ns = (i & 4) != 0,
            .has_vlan = (i & 8) != 0,
        };
        lf_cme_counts counts;
        lfi_pcap *pcap;
        lfi_datagram datagram;
        bool got;
        make_capture(&w, how);
        const char *const path = lf_testing_path(&folder, "day.pcap");
        ft_write_bytes(path, w.bytes, w.count);
        assert_true(lf_cme_is_capture(path));
        assert_int_equal(lf_cme_count(path, NULL, &counts, &error), LF_OK);
        check_counts(&counts);
        assert_int_equal(lfi_pcap_open(NULL, path, &pcap, &error), LF_OK);
        assert_int_equal(lfi_pcap_next(pcap, &datagram, &got, &error), LF_OK);
        assert_true(got);
        assert_int_equal(datagram.ts_ns, 1500000000000000000 + (how.is_ns ? 7 : 0));
        assert_int_equal(datagram.bytes, 30);
        lfi_pcap_close(pcap);
        /* A head may say beside the link that frames end with a checksum of 4 bytes. */
        w.bytes[how.is_big ? 20 : 23] |= how.is_ng ? 0 : 0x44;
        ft_write_bytes(path, w.bytes, w.count);
        assert_int_equal(lf_cme_count(path, NULL, &counts, &error), LF_OK);
        check_counts(&counts);
        /* Cut anywhere within its last frame. */
        ft_write_bytes(path, w.bytes, w.count - 1 - (size_t)i);
        assert_int_equal(lf_cme_count(path, NULL, &counts, &error), LF_FORMAT);
        /* What came before is counted, also what was held. */
        assert_int_equal(counts.feed_counts[0], 3);
        assert_int_equal(counts.packet_count + counts.copy_count, 5);
    }
    const char *const text = ft_write(&folder, "a.csv", "no capture, and longer than a head\n");
    lf_cme_counts counts;
    assert_false(lf_cme_is_capture(text));
    assert_int_equal(lf_cme_count(text, NULL, &counts, &error), LF_FORMAT);
    assert_false(lf_cme_is_capture(folder.path));
    lf_testing_folder_remove(&folder);
}

/* What pcapng has besides: times that count from an offset, blocks of old writers and simple ones,
   in both byte orders. */
static void test_blocks(void **state)
{
    (void)state;
    static writer w;
    static const struct {
        capture_style how;
        int64_t ts_ns;
    } rows[] = {
        {{.is_ng = true, .is_obsolete = true}, 1500000000000000000},
        {{.is_ng = true, .is_obsolete = true, .is_ns = true}, 1500000000000000007},
        {{.is_ng = true, .offset_s = 1400000000}, 1500000000000000000},
        {{.is_ng = true, .is_ns = true, .offset_s = -3600}, 1500000000000000007},
        {{.is_ng = true, .is_obsolete = true, .is_ns = true, .offset_s = 1400000000},
         1500000000000000007},
        {{.is_ng = true, .is_binary = true, .offset_s = 1499999999}, 1500000000000000000},
        /* An offset that no time of ns reaches: the capture cannot tell. */
        {{.is_ng = true, .offset_s = INT64_MIN / 2}, 0},
        {{.is_ng = true, .is_simple = true}, 0},
        {{.is_ng = true, .is_simple = true, .snap_bytes = 65535}, 0},
    };
    lf_testing_folder folder;
    lf_error error;
    assert_true(lf_testing_folder_make(&folder));
    const char *const path = lf_testing_path(&folder, "day.pcapng");
    for (size_t i = 0; i < 2 * (sizeof rows / sizeof rows[0]); i++) {
        capture_style how = rows[i / 2].how;
        lf_cme_counts counts;
        lfi_pcap *pcap;
        lfi_datagram datagram;
        bool got;
        how.is_big = i % 2 == 1;
        make_capture(&w, how);
        ft_write_bytes(path, w.bytes, w.count);
        assert_int_equal(lf_cme_count(path, NULL, &counts, &error), LF_OK);
        check_counts(&counts);
        assert_int_equal(lfi_pcap_open(NULL, path, &pcap, &error), LF_OK);
        assert_int_equal(lfi_pcap_next(pcap, &datagram, &got, &error), LF_OK);
        assert_true(got);
        assert_int_equal(datagram.ts_ns, rows[i / 2].ts_ns);
        lfi_pcap_close(pcap);
    }
    /* A frame that was cut to 70 bytes is none, also where its block has room for more. */
    make_capture(&w, (capture_style){.is_ng = true, .is_simple = true, .snap_bytes = 70});
    ft_write_bytes(path, w.bytes, w.count);
    lf_cme_counts counts;
    assert_int_equal(lf_cme_count(path, NULL, &counts, &error), LF_OK);
    assert_int_equal(counts.feed_counts[0] + counts.feed_counts[1], 0);
    /* A packet of an interface that was not told. */
    make_capture(&w, (capture_style){.is_ng = true, .is_obsolete = true});
    w.bytes[28 + 20 + 8] = 1;
    ft_write_bytes(path, w.bytes, w.count);
    assert_int_equal(lf_cme_count(path, NULL, &counts, &error), LF_FORMAT);
    assert_non_null(strstr(error.message, "a packet of no interface"));
    /* Traffic of something else. */
    static const unsigned char zeros[30];
    lf_source_list list;
    start_capture(&w, (capture_style){.is_ng = true});
    add_frame(&w, 0, zeros, sizeof zeros);
    ft_write_bytes(path, w.bytes, w.count);
    assert_int_equal(lf_feed_find(&path, 1, NULL, &list, &error), LF_FORMAT);
    assert_non_null(strstr(error.message, "a capture of network traffic that does not begin with"));
    lf_testing_folder_remove(&folder);
}

static void test_memory(void **state)
{
    (void)state;
    static writer w;
    lf_testing_folder folder;
    lf_error error;
    lf_cme_counts counts;
    assert_true(lf_testing_folder_make(&folder));
    const char *const path = lf_testing_path(&folder, "day.pcap");
    make_capture(&w, (capture_style){.is_ns = true});
    ft_write_bytes(path, w.bytes, w.count);
    for (uint64_t n = 0;; n++) {
        lf_testing_memory memory;
        lf_testing_memory_start(&memory, n);
        const lf_cme_options options = {.allocator = &memory.allocator};
        const lf_status status = lf_cme_count(path, &options, &counts, &error);
        assert_int_equal(memory.live, 0);
        if (memory.calls <= n) {
            assert_int_equal(status, LF_OK);
            check_counts(&counts);
            break;
        }
        assert_int_equal(status, LF_NOMEM);
    }
    lf_testing_folder_remove(&folder);
}

/* Is told how far it is; false ends the work. */
static bool count_calls(void *context, double share)
{
    int *const calls = context;
    assert_true(share >= 0 && share <= 1);
    return --*calls > 0;
}

static void test_progress(void **state)
{
    (void)state;
    static writer w;
    lf_testing_folder folder;
    lf_cme_counts counts;
    lf_error error;
    int calls = 2;
    const lf_cme_options options = {.progress = count_calls, .context = &calls};
    assert_true(lf_testing_folder_make(&folder));
    const char *const path = lf_testing_path(&folder, "day.pcap");
    make_capture(&w, (capture_style){.is_ns = true});
    ft_write_bytes(path, w.bytes, w.count);
    assert_int_equal(lf_cme_count(path, &options, &counts, &error), LF_OK);
    check_counts(&counts);
    assert_int_equal(calls, 1);
    assert_int_equal(lf_cme_count(path, &options, &counts, &error), LF_CANCELLED);
    lf_testing_folder_remove(&folder);
}

/* ---- the public capture ----------------------------------------------------------------- */

static void test_sample_counts(void **state)
{
    (void)state;
    const char *const path = lf_testing_shared(CAPTURE);
    lf_cme_counts c;
    if (path == NULL) {
        skip();
    }
    assert_int_equal(lf_cme_count(path, NULL, &c, NULL), LF_OK);
    assert_int_equal(c.feed_counts[0], 5000);
    assert_int_equal(c.feed_counts[1], 5000);
    assert_int_equal(c.packet_count, 5000);
    assert_int_equal(c.gap_count + c.restart_count + c.damaged_count + c.other_count, 0);
    assert_int_equal(c.message_count, 10273);
    assert_int_equal(c.unknown_count, 0);
    assert_int_equal(c.template_counts[32], 9569);
    assert_int_equal(c.template_counts[35], 307);
    assert_int_equal(c.template_counts[37], 194);
    assert_int_equal(c.template_counts[42], 194);
    assert_int_equal(c.template_counts[12], 9);
    assert_int_equal(c.instrument_count, 127);
    assert_int_equal(c.update_gap_count, 0);
    static const int64_t sides[] = {2450, 3017, 4892, 4215, 0};
    static const int64_t actions[] = {5086, 6979, 2509, 0};
    for (int i = 0; i < LF_CME_SIDE_COUNT; i++) {
        const int64_t *const row = c.entry_counts[i];
        assert_int_equal(row[0] + row[1] + row[2] + row[3], sides[i]);
    }
    for (int i = 0; i < LF_CME_ACTION_COUNT; i++) {
        int64_t sum = 0;
        for (int side = 0; side < LF_CME_SIDE_COUNT; side++) {
            sum += c.entry_counts[side][i];
        }
        assert_int_equal(sum, actions[i]);
    }
}

/* Either feed 700 packets late, and every third packet gone from one feed: nothing is missed. */
static void test_sample_late(void **state)
{
    (void)state;
    static unsigned char packets[5000][1500];
    static size_t counts[5000];
    const char *const path = lf_testing_shared(CAPTURE);
    lfi_pcap *pcap;
    lfi_datagram datagram;
    bool got;
    size_t count = 0;
    if (path == NULL) {
        skip();
    }
    assert_int_equal(lfi_pcap_open(NULL, path, &pcap, NULL), LF_OK);
    while (lfi_pcap_next(pcap, &datagram, &got, NULL) == LF_OK && got) {
        if (datagram.port == 14340) {
            memcpy(packets[count], datagram.payload, datagram.bytes);
            counts[count++] = datagram.bytes;
        }
    }
    lfi_pcap_close(pcap);
    assert_int_equal(count, 5000);
    for (size_t late = 0; late < 2; late++) {
        lfi_cme_channel channel;
        taken t = {0};
        assert_true(lfi_cme_channel_create(&channel, NULL));
        for (size_t i = 0; i < 5700; i++) {
            for (size_t side = 0; side < 2; side++) {
                const size_t at = side == late ? i - 700 : i;
                const bool is_gone = at > 0 && at % 3 == side;
                if (at < 5000 && !is_gone) {
                    assert_int_equal(
                        lfi_cme_channel_push(
                            &channel, (int)side, packets[at], counts[at], take, &t
                        ),
                        LF_OK
                    );
                }
            }
        }
        lfi_cme_channel_finish(&channel, take, &t);
        assert_int_equal(t.count, 5000);
        assert_int_equal(channel.gap_count, 0);
        lfi_cme_channel_clear(&channel);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arbitration),
        cmocka_unit_test(test_one_feed),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_captures),
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_sample_counts),
        cmocka_unit_test(test_sample_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
