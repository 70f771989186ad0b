/* Counts what captures of CME MDP 3.0 hold: channels of two feeds, messages, entries. */
#include "cme.h"
#include "binance.h"
#include "pcap.h"

#include <string.h>
#include <sys/stat.h>

/* So many datagrams are looked at for one of MDP 3.0. */
#define PROBE_DATAGRAMS 64
/* After so many progress is told. */
#define DATAGRAMS_A_STEP 4096

/* What has been seen of a security. */
typedef struct seen {
    uint32_t id;
    uint32_t number; /* of its newest update; 0: none yet */
    bool has_book, is_defined;
} seen;

typedef struct survey {
    const lf_allocator *allocator;
    lf_cme_counts *out;
    seen *securities; /* [count], by id, owned */
    size_t count, capacity;
    lf_status status; /* of what a packet needed */
} survey;

/* ---- messages --------------------------------------------------------------------------- */

/* The security of a number, a new one where it was not seen; NULL without memory. */
static seen *security_of(survey *s, uint32_t id)
{
    size_t low = 0, high = s->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (s->securities[middle].id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low < s->count && s->securities[low].id == id) {
        return &s->securities[low];
    }
    void *room = s->securities;
    s->status = lf_grow(s->allocator, &room, &s->capacity, s->count + 1, sizeof *s->securities);
    s->securities = room;
    if (s->status != LF_OK) {
        return NULL;
    }
    seen *const at = &s->securities[low];
    memmove(at + 1, at, (s->count++ - low) * sizeof *at);
    *at = (seen){.id = id};
    return at;
}

static lf_cme_side side_of(unsigned char type)
{
    return type == '0'   ? LF_CME_BID
           : type == '1' ? LF_CME_ASK
           : type == 'E' ? LF_CME_IMPLIED_BID
           : type == 'F' ? LF_CME_IMPLIED_ASK
                         : LF_CME_SIDE_OTHER;
}

static void
count_level(survey *s, const lfi_cme_layout *layout, const unsigned char *entry, seen *security)
{
    const unsigned char action = entry[layout->action];
    s->out->entry_counts[side_of(entry[layout->type])]
                        [action < LF_CME_ACTION_OTHER ? action : LF_CME_ACTION_OTHER]++;
    s->out->instrument_count += !security->has_book;
    security->has_book = true;
}

/* Updates of a security are numbered; lower numbers have begun anew. */
static void count_number(survey *s, seen *security, uint32_t number)
{
    const bool is_gap = security->number > 0 && number > security->number + 1;
    s->out->update_gap_count += is_gap;
    security->number = number > 0 ? number : security->number;
}

static void count_entries(survey *s, const lfi_cme_layout *layout, const lfi_cme_group *group)
{
    for (size_t i = 0; i < group->count && layout->number > 0; i++) {
        const unsigned char *const entry = group->entries + i * group->entry_bytes;
        seen *const security = security_of(s, lfi_cme_32(entry + layout->security));
        if (security == NULL) {
            return;
        }
        count_number(s, security, lfi_cme_32(entry + layout->number));
        if (layout->kind == LFI_CME_BOOK) {
            count_level(s, layout, entry, security);
        }
    }
    s->out->trade_count += layout->kind == LFI_CME_TRADES ? (int64_t)group->count : 0;
    s->out->order_entry_count += layout->kind == LFI_CME_ORDERS ? (int64_t)group->count : 0;
}

static void count_definition(survey *s, const lfi_cme_message *message)
{
    if (message->block_bytes < LFI_CME_DEFINITION_BYTES) {
        s->out->unknown_count++;
        return;
    }
    seen *const security = security_of(s, lfi_cme_32(message->body + LFI_CME_DEFINITION_SECURITY));
    if (security != NULL) {
        s->out->definition_count += !security->is_defined;
        security->is_defined = true;
    }
}

static void count_message(survey *s, const lfi_cme_message *message)
{
    lf_cme_counts *const out = s->out;
    const uint16_t kind = message->template_id;
    const lfi_cme_layout *const layout = lfi_cme_layout_of(kind);
    lfi_cme_group group;
    out->message_count++;
    if (kind >= LF_CME_TEMPLATES) {
        out->unknown_count++;
        return;
    }
    out->template_counts[kind]++;
    if (lfi_cme_is_definition(kind)) {
        count_definition(s, message);
    } else if (layout->kind == LFI_CME_OTHER || layout->kind == LFI_CME_SNAPSHOT) {
        return;
    } else if (lfi_cme_group_of(message, layout->bytes, &group)) {
        count_entries(s, layout, &group);
    } else {
        out->unknown_count++;
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

/* Show how far it is; false when it shall end. */
static bool go_on(const lf_cme_options *options, const lfi_cme_capture *capture, int64_t bytes)
{
    const double done = (double)lfi_pcap_input_bytes(capture->pcap);
    return options->progress == NULL ||
           options->progress(options->context, bytes > 0 ? done / (double)bytes : 0);
}

static lf_status read_capture(
    survey *s,
    lfi_cme_capture *capture,
    const lf_cme_options *options,
    int64_t bytes,
    lf_error *error
)
{
    bool got = true;
    lf_status status = LF_OK;
    for (uint64_t i = 0; status == LF_OK && got; i++) {
        status = lfi_cme_capture_next(capture, take_packet, s, &got, error);
        if (status == LF_OK && s->status != LF_OK) {
            status = lf_error_set(error, s->status, "no memory for packets of CME");
        }
        if (status == LF_OK && i % DATAGRAMS_A_STEP == 0 && !go_on(options, capture, bytes)) {
            status = lf_error_set(error, LF_CANCELLED, "Stopped.");
        }
    }
    lfi_cme_capture_finish(capture, take_packet, s);
    return status == LF_OK && s->status != LF_OK
               ? lf_error_set(error, s->status, "no memory for packets of CME")
               : status;
}

/* The channels add up. */
static void add_up(const lfi_cme_capture *capture, lf_cme_counts *out)
{
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
}

lf_status
lf_cme_count(const char *path, const lf_cme_options *options, lf_cme_counts *out, lf_error *error)
{
    static const lf_cme_options defaults;
    const lf_cme_options *const how = options != NULL ? options : &defaults;
    *out = (lf_cme_counts){0};
    survey s = {.allocator = how->allocator, .out = out};
    lfi_cme_capture capture;
    lf_status status = lfi_cme_capture_open(how->allocator, path, &capture, error);
    if (status != LF_OK) {
        return status;
    }
    status = read_capture(&s, &capture, how, lfi_capture_bytes(path), error);
    add_up(&capture, out);
    lfi_cme_capture_close(&capture);
    lf_release(how->allocator, s.securities);
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
