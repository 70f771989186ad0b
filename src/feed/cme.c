/* Counts what captures of CME MDP 3.0 hold: channels of two feeds, messages, entries. */
#include "cme.h"
#include "pcap.h"

#include <string.h>
#include <sys/stat.h>

/* So many datagrams are looked at for one of MDP 3.0. */
#define PROBE_DATAGRAMS 64

/* Different numbers, in order. */
typedef struct id_set {
    uint32_t *ids; /* [count], owned */
    size_t count, capacity;
} id_set;

typedef struct survey {
    const lf_allocator *allocator;
    lf_cme_counts *out;
    id_set traded, defined;
    lf_status status; /* of what a packet needed */
} survey;

/* ---- messages --------------------------------------------------------------------------- */

static lf_status add_id(const lf_allocator *allocator, id_set *set, uint32_t id)
{
    size_t low = 0, high = set->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (set->ids[middle] < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low < set->count && set->ids[low] == id) {
        return LF_OK;
    }
    void *ids = set->ids;
    const lf_status status =
        lf_grow(allocator, &ids, &set->capacity, set->count + 1, sizeof *set->ids);
    set->ids = ids;
    if (status == LF_OK) {
        memmove(set->ids + low + 1, set->ids + low, (set->count - low) * sizeof *set->ids);
        set->ids[low] = id;
        set->count++;
    }
    return status;
}

static lf_cme_side side_of(unsigned char type)
{
    return type == '0'   ? LF_CME_BID
           : type == '1' ? LF_CME_ASK
           : type == 'E' ? LF_CME_IMPLIED_BID
           : type == 'F' ? LF_CME_IMPLIED_ASK
                         : LF_CME_SIDE_OTHER;
}

static void count_book(survey *s, const lfi_cme_group *group)
{
    for (size_t i = 0; i < group->count && s->status == LF_OK; i++) {
        const unsigned char *const entry = group->entries + i * group->entry_bytes;
        const unsigned char action = entry[LFI_CME_ENTRY_ACTION];
        s->out->entry_counts[side_of(entry[LFI_CME_ENTRY_TYPE])]
                            [action < LF_CME_ACTION_OTHER ? action : LF_CME_ACTION_OTHER]++;
        s->status = add_id(s->allocator, &s->traded, lfi_cme_32(entry + LFI_CME_ENTRY_SECURITY));
    }
}

static void count_message(survey *s, const lfi_cme_message *message)
{
    lf_cme_counts *const out = s->out;
    const uint16_t kind = message->template_id;
    lfi_cme_group group;
    out->message_count++;
    if (kind >= LF_CME_TEMPLATES) {
        out->unknown_count++;
        return;
    }
    out->template_counts[kind]++;
    if (lfi_cme_is_definition(kind)) {
        if (message->block_bytes < LFI_CME_DEFINITION_BYTES) {
            out->unknown_count++;
            return;
        }
        s->status = add_id(
            s->allocator, &s->defined, lfi_cme_32(message->body + LFI_CME_DEFINITION_SECURITY)
        );
        return;
    }
    const bool is_book = kind == LFI_CME_BOOK_5 || kind == LFI_CME_BOOK_9;
    const bool is_trades = kind == LFI_CME_TRADES_5 || kind == LFI_CME_TRADES_9;
    if (!is_book && !is_trades && kind != LFI_CME_ORDERS_7 && kind != LFI_CME_ORDERS_9) {
        return;
    }
    if (!lfi_cme_group_of(message, is_book ? LFI_CME_ENTRY_BYTES : 1, &group)) {
        out->unknown_count++;
    } else if (is_book) {
        count_book(s, &group);
    } else if (is_trades) {
        out->trade_count += (int64_t)group.count;
    } else {
        out->order_entry_count += (int64_t)group.count;
    }
}

/* lfi_cme_take */
static void take_packet(void *context, const lfi_cme_packet *packet)
{
    survey *const s = context;
    lf_cme_counts *const out = s->out;
    size_t at = LFI_CME_PACKET_HEAD;
    lfi_cme_message message;
    const bool is_first = out->packet_count == 0;
    out->first_ts_ns =
        is_first || packet->ts_ns < out->first_ts_ns ? packet->ts_ns : out->first_ts_ns;
    out->last_ts_ns = is_first || packet->ts_ns > out->last_ts_ns ? packet->ts_ns : out->last_ts_ns;
    out->packet_count++;
    while (s->status == LF_OK && lfi_cme_message_next(packet->bytes, packet->count, &at, &message)
    ) {
        count_message(s, &message);
    }
}

/* ---- captures --------------------------------------------------------------------------- */

static lf_status read_capture(survey *s, lfi_cme_capture *capture, lf_error *error)
{
    bool got = true;
    lf_status status = LF_OK;
    while (status == LF_OK && got) {
        status = lfi_cme_capture_next(capture, take_packet, s, &got, error);
        if (status == LF_OK && s->status != LF_OK) {
            status = lf_error_set(error, s->status, "no memory for packets of CME");
        }
    }
    lfi_cme_capture_finish(capture, take_packet, s);
    return status == LF_OK && s->status != LF_OK
               ? lf_error_set(error, s->status, "no memory for packets of CME")
               : status;
}

/* The channels add up. */
static void add_up(const survey *s, const lfi_cme_capture *capture)
{
    lf_cme_counts *const out = s->out;
    for (size_t i = 0; i < capture->place_count; i++) {
        const lfi_cme_channel *const packets = &capture->places[i].packets;
        out->copy_count += packets->copy_count;
        out->gap_count += packets->gap_count;
        out->missing_count += packets->missing_count;
        out->restart_count += packets->restart_count;
    }
    out->frame_count = lfi_pcap_frame_count(capture->pcap);
    out->other_count = capture->other_count + lfi_pcap_other_count(capture->pcap);
    out->damaged_count = capture->damaged_count;
    memcpy(out->feed_counts, capture->feed_counts, sizeof out->feed_counts);
    out->channel_count = (int64_t)capture->place_count;
    out->instrument_count = (int64_t)s->traded.count;
    out->definition_count = (int64_t)s->defined.count;
}

lf_status
lf_cme_count(const char *path, const lf_allocator *allocator, lf_cme_counts *out, lf_error *error)
{
    *out = (lf_cme_counts){0};
    survey s = {.allocator = allocator, .out = out};
    lfi_cme_capture capture;
    lf_status status = lfi_cme_capture_open(allocator, path, &capture, error);
    if (status != LF_OK) {
        return status;
    }
    status = read_capture(&s, &capture, error);
    add_up(&s, &capture);
    lfi_cme_capture_close(&capture);
    lf_release(allocator, s.traded.ids);
    lf_release(allocator, s.defined.ids);
    return status;
}

bool lf_cme_is_capture(const char *path)
{
    lfi_pcap *pcap;
    lfi_datagram datagram;
    bool got = false, is_one = false;
    struct stat info;
    /* Of what is no file, a look would take away the beginning. */
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode) ||
        lfi_pcap_open(NULL, path, &pcap, NULL) != LF_OK) {
        return false;
    }
    for (int i = 0; i < PROBE_DATAGRAMS && !is_one; i++) {
        if (lfi_pcap_next(pcap, &datagram, &got, NULL) != LF_OK || !got) {
            break;
        }
        is_one = lfi_cme_packet_fits(datagram.payload, datagram.bytes);
    }
    lfi_pcap_close(pcap);
    return is_one;
}
