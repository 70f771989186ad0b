/* Captures of CME MDP 3.0: datagrams as the packets of channels, each of two feeds. */
#include "cme.h"

/* More channels than this are not told apart; a venue has some dozens. */
#define CHANNELS_MAX 256
/* Feed B of a channel has the address of feed A with one more in the third byte, and port 1000
   more. */
#define FEED_B_ADDRESS 0x100
#define FEED_B_PORT 1000

lf_status lfi_cme_capture_open(
    const lf_allocator *allocator, const char *path, lfi_cme_capture *out, lf_error *error
)
{
    *out = (lfi_cme_capture){
        .allocator = allocator,
        .places = lf_allocate(allocator, CHANNELS_MAX, sizeof *out->places),
    };
    const lf_status status = out->places != NULL
                                 ? lfi_pcap_open(allocator, path, &out->pcap, error)
                                 : lf_error_set(error, LF_NOMEM, "no memory to read %s", path);
    if (status != LF_OK) {
        lfi_cme_capture_close(out);
    }
    return status;
}

void lfi_cme_capture_close(lfi_cme_capture *capture)
{
    for (size_t i = 0; i < capture->place_count; i++) {
        lfi_cme_channel_clear(&capture->places[i].packets);
    }
    lf_release(capture->allocator, capture->places);
    lfi_pcap_close(capture->pcap);
    *capture = (lfi_cme_capture){0};
}

/* The channel and the feed (0: A, 1: B) of a datagram; NULL when it is not known yet. */
static lfi_cme_place *
find_place(const lfi_cme_capture *capture, const lfi_datagram *datagram, int *feed)
{
    for (size_t i = 0; i < capture->place_count; i++) {
        lfi_cme_place *const at = &capture->places[i];
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
static lfi_cme_place *
add_place(lfi_cme_capture *capture, const lfi_datagram *datagram, int *feed, lf_error *error)
{
    lfi_cme_place *const fresh = &capture->places[capture->place_count];
    *feed = datagram->port / FEED_B_PORT % 2;
    *fresh = (lfi_cme_place){
        .address = datagram->address - (uint32_t)*feed * FEED_B_ADDRESS,
        .port = (uint16_t)(datagram->port - *feed * FEED_B_PORT),
    };
    if (!lfi_cme_channel_create(&fresh->packets, capture->allocator)) {
        (void)lf_error_set(error, LF_NOMEM, "no memory for a channel of CME");
        return NULL;
    }
    capture->place_count++;
    return fresh;
}

lf_status lfi_cme_capture_next(
    lfi_cme_capture *capture, lfi_cme_take take, void *context, bool *got, lf_error *error
)
{
    int feed = 0;
    lfi_datagram datagram;
    lf_status status = lfi_pcap_next(capture->pcap, &datagram, got, error);
    if (status != LF_OK || !*got) {
        return status;
    }
    lfi_cme_place *at = find_place(capture, &datagram, &feed);
    const bool fits = lfi_cme_packet_fits(datagram.payload, datagram.bytes);
    if (!fits || (at == NULL && capture->place_count == CHANNELS_MAX)) {
        *(at != NULL ? &capture->damaged_count : &capture->other_count) += 1;
        return LF_OK;
    }
    at = at != NULL ? at : add_place(capture, &datagram, &feed, error);
    if (at == NULL) {
        return LF_NOMEM;
    }
    capture->feed_counts[feed]++;
    capture->place = at;
    capture->ts_ns = datagram.ts_ns;
    status =
        lfi_cme_channel_push(&at->packets, feed, datagram.payload, datagram.bytes, take, context);
    return status == LF_OK ? LF_OK : lf_error_set(error, status, "no memory for packets of CME");
}

void lfi_cme_capture_finish(lfi_cme_capture *capture, lfi_cme_take take, void *context)
{
    for (size_t i = 0; i < capture->place_count; i++) {
        capture->place = &capture->places[i];
        lfi_cme_channel_finish(&capture->places[i].packets, take, context);
    }
}
