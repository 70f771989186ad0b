/* Captures of network traffic, pcap and pcapng, as the UDP datagrams in them. */
#ifndef LFI_FEED_PCAP_H
#define LFI_FEED_PCAP_H

#include <lobflow/base.h>

/* One UDP datagram of IPv4. */
typedef struct lfi_datagram {
    int64_t ts_ns; /* when it was captured; 0 where the capture cannot tell */
    uint32_t address;
    uint16_t port; /* address and port are those that it went to */
    const unsigned char *payload;
    size_t bytes;
} lfi_datagram;

typedef struct lfi_pcap lfi_pcap;

/* Open a capture, plain or compressed. LF_OK, LF_FORMAT (no capture), LF_IO (also where
   there is none) or LF_NOMEM. */
lf_status
lfi_pcap_open(const lf_allocator *allocator, const char *path, lfi_pcap **out, lf_error *error);

/* Next datagram, borrowed until the next call; *got is false at the end. LF_OK, LF_FORMAT
   (damaged, cut off) or LF_IO. */
lf_status lfi_pcap_next(lfi_pcap *pcap, lfi_datagram *out, bool *got, lf_error *error);

/* Bytes of the file read so far, as on the disk. */
int64_t lfi_pcap_input_bytes(const lfi_pcap *pcap);

/* Frames read so far, and those of them that are no whole UDP datagrams. */
int64_t lfi_pcap_frame_count(const lfi_pcap *pcap);
int64_t lfi_pcap_other_count(const lfi_pcap *pcap);

/* Close; NULL is accepted. */
void lfi_pcap_close(lfi_pcap *pcap);

#endif
