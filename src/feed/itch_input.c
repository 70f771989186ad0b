/* Bytes of an ITCH file or of packets in a capture, plain or compressed, cut into messages. */
#include "itch.h"
#include "unpack.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Calls do not matter at this size, and it stays in the cache. */
#define BUFFER_BYTES ((size_t)256 * 1024)
/* A message cannot be longer than its length can say. */
#define MESSAGE_BYTES_MAX ((size_t)2 + 65535)

struct lfi_itch_in {
    lfi_itch_window window; /* first: lfi_itch_window_of() */
    const lf_allocator *allocator;
    lf_allocator memory;
    lfi_itch_mold *mold;   /* NULL: a file of messages */
    lfi_unpack *file;      /* owned */
    unsigned char *buffer; /* [BUFFER_BYTES] */
    int64_t base;          /* plain bytes before the buffer */
    int64_t input_total;
    bool at_end;
    bool is_damaged; /* the end is where the file is damaged or cut off */
    char path[1024];
};

static_assert(MESSAGE_BYTES_MAX < BUFFER_BYTES, "a message fits into the buffer");

const uint8_t lfi_itch_bytes[256] = {
    ['S'] = 12, ['R'] = 39, ['H'] = 25, ['Y'] = 20, ['L'] = 26, ['V'] = 35, ['W'] = 12, ['K'] = 28,
    ['J'] = 35, ['h'] = 21, ['A'] = 36, ['F'] = 40, ['E'] = 31, ['C'] = 36, ['X'] = 23, ['D'] = 19,
    ['U'] = 35, ['P'] = 44, ['Q'] = 40, ['B'] = 19, ['I'] = 50, ['N'] = 20, ['O'] = 48,
};

const unsigned char *lfi_itch_stock(const unsigned char *message)
{
    static const uint8_t places[256] = {
        ['R'] = 11,
        ['H'] = 11,
        ['Y'] = 11,
        ['L'] = 15,
        ['K'] = 11,
        ['J'] = 11,
        ['h'] = 11,
        ['A'] = 24,
        ['F'] = 24,
        ['P'] = 24,
        ['Q'] = 19,
        ['I'] = 28,
        ['N'] = 11,
        ['O'] = 11,
    };
    const uint8_t place = places[message[0]];
    return place != 0 ? message + place : NULL;
}

/* ---- bytes ------------------------------------------------------------------------------ */

lf_status lfi_itch_fail(
    const lfi_itch_in *in,
    const unsigned char *message,
    lf_error *error,
    lf_status status,
    const char *format,
    ...
)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (in->mold != NULL) {
        return lf_error_set_at(
            error,
            status,
            in->path,
            LF_POSITION_NONE,
            LF_POSITION_NONE,
            "frame %lld: %s",
            (long long)lfi_itch_mold_counts_of(in->mold)->frame_count,
            text
        );
    }
    return lf_error_set_at(
        error,
        status,
        in->path,
        LF_POSITION_NONE,
        in->base + (message - 2 - in->buffer),
        "%s%s",
        text,
        lfi_unpack_is_packed(in->file) ? " (byte of the decompressed data)" : ""
    );
}

/* The file ends before its end, behind some bytes that are no whole message. */
static lf_status fail_damaged(const lfi_itch_in *in, lf_error *error)
{
    return lf_error_set_at(
        error,
        LF_FORMAT,
        in->path,
        LF_POSITION_NONE,
        LF_POSITION_NONE,
        "messages of ITCH, damaged or cut off after %lld bytes of them: %s; get the file again",
        (long long)in->base + (long long)(in->window.end - in->buffer),
        lfi_unpack_failure(in->file)
    );
}

/* Move what is left to the front and put more behind it. */
static void refill(lfi_itch_in *in)
{
    lfi_itch_window *const window = &in->window;
    const size_t kept = (size_t)(window->end - window->at);
    in->base += window->at - in->buffer;
    memmove(in->buffer, window->at, kept);
    window->at = in->buffer;
    window->end = in->buffer + kept;
    const ptrdiff_t got = lfi_unpack_read(in->file, in->buffer + kept, BUFFER_BYTES - kept);
    in->is_damaged = got < 0;
    in->at_end = got <= 0;
    window->end += got > 0 ? got : 0;
}

/* Have so many bytes, fewer where the file ends. */
static void need(lfi_itch_in *in, size_t bytes)
{
    while (!in->at_end && (size_t)(in->window.end - in->window.at) < bytes) {
        refill(in);
    }
}

/* The first message of the next packet, whose lengths were checked. */
static lf_status next_packet(lfi_itch_in *in, lfi_itch_message *out, lf_error *error)
{
    lfi_itch_window *const window = &in->window;
    lfi_itch_packet packet;
    const lf_status status = lfi_itch_mold_next(in->mold, &packet, error);
    window->is_after_gap = window->is_after_gap || packet.is_after_gap;
    if (status != LF_OK || packet.at == NULL) {
        return status;
    }
    in->base += packet.end - packet.at;
    window->end = packet.end;
    window->ts_ns = packet.ts_ns;
    *out = (lfi_itch_message){packet.at + 2, lfi_itch_16(packet.at)};
    window->at = out->at + out->bytes;
    return LF_OK;
}

lf_status lfi_itch_next_slow(lfi_itch_in *in, lfi_itch_message *out, lf_error *error)
{
    lfi_itch_window *const window = &in->window;
    *out = (lfi_itch_message){0};
    if (in->mold != NULL) {
        return next_packet(in, out, error);
    }
    size_t bytes = 0, left = 0;
    do { /* a length of 0 is a message of nothing: the end of a session, or a filler */
        need(in, MESSAGE_BYTES_MAX);
        left = (size_t)(window->end - window->at);
        if (left == 0) {
            return in->is_damaged ? fail_damaged(in, error) : LF_OK;
        }
        bytes = left >= 2 ? lfi_itch_16(window->at) : 0;
        window->at += left >= 2 && bytes == 0 ? 2 : 0;
    } while (left >= 2 && bytes == 0);
    if (left < 2 || bytes > left - 2) {
        return in->is_damaged ? fail_damaged(in, error)
                              : lfi_itch_fail(
                                    in,
                                    window->at + 2,
                                    error,
                                    LF_FORMAT,
                                    "the last message is cut off: %zu of its %zu bytes are there; "
                                    "get the file again",
                                    left < 2 ? 0 : left - 2,
                                    bytes
                                );
    }
    const unsigned char type = window->at[2];
    if (bytes < lfi_itch_bytes[type]) {
        return lfi_itch_fail(
            in,
            window->at + 2,
            error,
            LF_FORMAT,
            "a message %c of %zu bytes, where its type has %d",
            type,
            bytes,
            (int)lfi_itch_bytes[type]
        );
    }
    *out = (lfi_itch_message){window->at + 2, bytes};
    window->at += 2 + bytes;
    return LF_OK;
}

/* ---- opening ---------------------------------------------------------------------------- */

/* The first bytes of pcap, in any order and with times in us or ns, and of pcapng. */
static bool is_capture(const lfi_itch_window *window)
{
    static const unsigned char heads[][4] = {
        {0xA1, 0xB2, 0xC3, 0xD4},
        {0xD4, 0xC3, 0xB2, 0xA1},
        {0xA1, 0xB2, 0x3C, 0x4D},
        {0x4D, 0x3C, 0xB2, 0xA1},
        {0x0A, 0x0D, 0x0D, 0x0A},
    };
    for (size_t i = 0; i < sizeof heads / sizeof heads[0] && window->end - window->at >= 4; i++) {
        if (memcmp(window->at, heads[i], 4) == 0) {
            return true;
        }
    }
    return false;
}

static lf_status start(lfi_itch_in *in, lf_error *error)
{
    struct stat info;
    if (stat(in->path, &info) != 0) {
        return lf_error_set_at(
            error,
            LF_NOT_FOUND,
            in->path,
            LF_POSITION_NONE,
            LF_POSITION_NONE,
            "there is no such file"
        );
    }
    in->input_total = S_ISREG(info.st_mode) ? info.st_size : 0;
    return lfi_unpack_open(in->allocator, in->path, &in->file, error);
}

lf_status lfi_itch_in_open(
    const lf_allocator *allocator, const char *path, lfi_itch_in **out, lf_error *error
)
{
    *out = NULL;
    lfi_itch_in *const in = lf_allocate(allocator, 1, sizeof *in);
    if (in == NULL) {
        return lf_error_set(error, LF_NOMEM, "no memory to read %s", path);
    }
    if (allocator != NULL) {
        in->memory = *allocator;
        in->allocator = &in->memory;
    }
    (void)snprintf(in->path, sizeof in->path, "%s", path);
    in->buffer = lf_allocate(allocator, BUFFER_BYTES, 1);
    in->window.at = in->window.end = in->buffer;
    lf_status status = in->buffer != NULL
                           ? start(in, error)
                           : lf_error_set(error, LF_NOMEM, "no memory to read %s", path);
    if (status == LF_OK) {
        need(in, 4);
    }
    if (status == LF_OK && is_capture(&in->window)) {
        in->window.at = in->window.end = in->buffer;
        status = lfi_itch_mold_open(in->allocator, path, &in->mold, error);
    }
    if (status != LF_OK) {
        lfi_itch_in_close(in);
        return status;
    }
    *out = in;
    return LF_OK;
}

void lfi_itch_in_close(lfi_itch_in *in)
{
    if (in == NULL) {
        return;
    }
    const lf_allocator memory = in->memory;
    const lf_allocator *const allocator = in->allocator != NULL ? &memory : NULL;
    lfi_unpack_close(in->file);
    lfi_itch_mold_close(in->mold);
    lf_release(allocator, in->buffer);
    lf_release(allocator, in);
}

lfi_itch_mold *lfi_itch_mold_of(const lfi_itch_in *in)
{
    return in->mold;
}

int64_t lfi_itch_input_bytes(const lfi_itch_in *in)
{
    return in->mold != NULL ? lfi_itch_mold_input_bytes(in->mold)
                            : lfi_unpack_input_bytes(in->file);
}

int64_t lfi_itch_input_total(const lfi_itch_in *in)
{
    return in->input_total;
}

int64_t lfi_itch_plain_bytes(const lfi_itch_in *in)
{
    return in->mold != NULL ? in->base : in->base + (in->window.at - in->buffer);
}
