/* Counts what captures of CME MDP 3.0 hold: channels of two feeds, messages, entries. */
#include "cme.h"
#include "pcap.h"

#include <string.h>
#include <sys/stat.h>

/* More channels than this are not told apart; a venue has some dozens. */
#define CHANNELS_MAX 256
/* So many datagrams are looked at for one of MDP 3.0. */
#define PROBE_DATAGRAMS 64
/* Feed B of a channel has the address of feed A with one more in the third byte, and port 1000
   more. */
#define FEED_B_ADDRESS 0x100
#define FEED_B_PORT 1000

/* Templates that are read; the first number of each is that of schema versions before 9. */
enum {
    BOOK_5 = 32,
    BOOK_9 = 46,
    TRADES_5 = 42,
    TRADES_9 = 48,
    ORDERS_7 = 43,
    ORDERS_9 = 47
};

/* Where fields stand in an entry of a book by price, and how many bytes they need. */
enum {
    ENTRY_SECURITY = 12,
    ENTRY_ACTION = 25,
    ENTRY_TYPE = 26,
    ENTRY_BYTES = 27
};
/* Where a definition has the security. */
enum {
    DEFINITION_SECURITY = 55,
    DEFINITION_BYTES = 59
};

/* Different numbers, in order. */
typedef struct id_set {
    uint32_t *ids; /* [count], owned */
    size_t count, capacity;
} id_set;

typedef struct channel {
    uint32_t address; /* of feed A */
    uint16_t port;
    lfi_cme_channel packets;
} channel;

typedef struct survey {
    const lf_allocator *allocator;
    lf_cme_counts *out;
    channel *channels; /* [CHANNELS_MAX], the first channel_count are there */
    size_t channel_count;
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
        const unsigned char action = entry[ENTRY_ACTION];
        s->out->entry_counts[side_of(entry[ENTRY_TYPE])]
                            [action < LF_CME_ACTION_OTHER ? action : LF_CME_ACTION_OTHER]++;
        s->status = add_id(s->allocator, &s->traded, lfi_cme_32(entry + ENTRY_SECURITY));
    }
}

static bool is_definition(uint16_t template_id)
{
    return template_id == 27 || template_id == 29 || template_id == 41 ||
           (template_id >= 54 && template_id <= 57);
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
    if (is_definition(kind)) {
        if (message->block_bytes < DEFINITION_BYTES) {
            out->unknown_count++;
            return;
        }
        s->status =
            add_id(s->allocator, &s->defined, lfi_cme_32(message->body + DEFINITION_SECURITY));
        return;
    }
    const bool is_book = kind == BOOK_5 || kind == BOOK_9;
    const bool is_trades = kind == TRADES_5 || kind == TRADES_9;
    if (!is_book && !is_trades && kind != ORDERS_7 && kind != ORDERS_9) {
        return;
    }
    if (!lfi_cme_group_of(message, is_book ? ENTRY_BYTES : 1, &group)) {
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

/* ---- channels --------------------------------------------------------------------------- */

/* The channel and the feed (0: A, 1: B) of a datagram; NULL when it is not known yet. */
static channel *find_channel(const survey *s, const lfi_datagram *datagram, int *feed)
{
    for (size_t i = 0; i < s->channel_count; i++) {
        channel *const at = &s->channels[i];
        for (*feed = 0; *feed < 2; ++*feed) {
            if (datagram->address == at->address + (uint32_t)*feed * FEED_B_ADDRESS &&
                datagram->port == at->port + *feed * FEED_B_PORT) {
                return at;
            }
        }
    }
    return NULL;
}

/* A new channel from one of its feeds: those of feed B have odd thousands. */
static lf_status
add_channel(survey *s, const lfi_datagram *datagram, channel **out, int *feed, lf_error *error)
{
    channel *const fresh = &s->channels[s->channel_count];
    *feed = datagram->port / FEED_B_PORT % 2;
    *fresh = (channel){
        .address = datagram->address - (uint32_t)*feed * FEED_B_ADDRESS,
        .port = (uint16_t)(datagram->port - *feed * FEED_B_PORT),
    };
    *out = fresh;
    if (!lfi_cme_channel_create(&fresh->packets, s->allocator)) {
        return lf_error_set(error, LF_NOMEM, "no memory for a channel of CME");
    }
    s->channel_count++;
    return LF_OK;
}

static lf_status push_datagram(survey *s, const lfi_datagram *datagram, lf_error *error)
{
    int feed = 0;
    lf_status status = LF_OK;
    channel *at = find_channel(s, datagram, &feed);
    const bool fits = lfi_cme_packet_fits(datagram->payload, datagram->bytes);
    if (!fits || (at == NULL && s->channel_count == CHANNELS_MAX)) {
        *(at != NULL ? &s->out->damaged_count : &s->out->other_count) += 1;
        return LF_OK;
    }
    if (at == NULL) {
        status = add_channel(s, datagram, &at, &feed, error);
    }
    if (status != LF_OK) {
        return status;
    }
    s->out->feed_counts[feed]++;
    status = lfi_cme_channel_push(
        &at->packets, feed, datagram->payload, datagram->bytes, take_packet, s
    );
    status = status == LF_OK ? s->status : status;
    return status == LF_OK ? LF_OK : lf_error_set(error, status, "no memory for packets of CME");
}

static lf_status read_capture(survey *s, const char *path, lf_error *error)
{
    lfi_pcap *pcap;
    lfi_datagram datagram;
    bool got;
    lf_status status = lfi_pcap_open(s->allocator, path, &pcap, error);
    if (status != LF_OK) {
        return status;
    }
    while ((status = lfi_pcap_next(pcap, &datagram, &got, error)) == LF_OK && got) {
        status = push_datagram(s, &datagram, error);
        if (status != LF_OK) {
            break;
        }
    }
    s->out->frame_count = lfi_pcap_frame_count(pcap);
    s->out->other_count += lfi_pcap_other_count(pcap);
    lfi_pcap_close(pcap);
    return status;
}

/* What is held is handed on, and the channels add up. */
static void finish(survey *s)
{
    lf_cme_counts *const out = s->out;
    for (size_t i = 0; i < s->channel_count; i++) {
        lfi_cme_channel *const packets = &s->channels[i].packets;
        lfi_cme_channel_finish(packets, take_packet, s);
        out->copy_count += packets->copy_count;
        out->gap_count += packets->gap_count;
        out->missing_count += packets->missing_count;
        out->restart_count += packets->restart_count;
        lfi_cme_channel_clear(packets);
    }
    out->channel_count = (int64_t)s->channel_count;
    out->instrument_count = (int64_t)s->traded.count;
    out->definition_count = (int64_t)s->defined.count;
    lf_release(s->allocator, s->traded.ids);
    lf_release(s->allocator, s->defined.ids);
    lf_release(s->allocator, s->channels);
}

lf_status
lf_cme_count(const char *path, const lf_allocator *allocator, lf_cme_counts *out, lf_error *error)
{
    *out = (lf_cme_counts){0};
    survey s = {
        .allocator = allocator,
        .out = out,
        .channels = lf_allocate(allocator, CHANNELS_MAX, sizeof *s.channels),
    };
    if (s.channels == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", path);
    }
    lf_status status = read_capture(&s, path, error);
    finish(&s);
    if (status == LF_OK && s.status != LF_OK) {
        status = lf_error_set(error, s.status, "no memory for packets of CME");
    }
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
