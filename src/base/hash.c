/* XXH64, after the xxHash fast digest algorithm specification, version 0.2. */
#include <lobflow/base.h>

#include <string.h>

#define PRIME_1 UINT64_C(0x9E3779B185EBCA87)
#define PRIME_2 UINT64_C(0xC2B2AE3D27D4EB4F)
#define PRIME_3 UINT64_C(0x165667B19E3779F9)
#define PRIME_4 UINT64_C(0x85EBCA77C2B2AE63)
#define PRIME_5 UINT64_C(0x27D4EB2F165667C5)
/* Four lanes of eight bytes. */
#define STRIPE_BYTES 32

static uint64_t rotate_left(uint64_t value, int bits)
{
    return (value << bits) | (value >> (64 - bits));
}

static uint64_t read_u64(const unsigned char *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap64(value);
#endif
    return value;
}

static uint64_t read_u32(const unsigned char *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap32(value);
#endif
    return value;
}

static uint64_t round_lane(uint64_t lane, uint64_t input)
{
    return rotate_left(lane + input * PRIME_2, 31) * PRIME_1;
}

/* Takes in all whole stripes and moves *at behind them. */
static uint64_t take_stripes(const unsigned char **at, const unsigned char *end, uint64_t seed)
{
    uint64_t lanes[4] = {seed + PRIME_1 + PRIME_2, seed + PRIME_2, seed, seed - PRIME_1};
    for (; end - *at >= STRIPE_BYTES; *at += STRIPE_BYTES) {
        for (int i = 0; i < 4; i++) {
            lanes[i] = round_lane(lanes[i], read_u64(*at + 8 * i));
        }
    }
    uint64_t hash = rotate_left(lanes[0], 1) + rotate_left(lanes[1], 7) +
                    rotate_left(lanes[2], 12) + rotate_left(lanes[3], 18);
    for (int i = 0; i < 4; i++) {
        hash = (hash ^ round_lane(0, lanes[i])) * PRIME_1 + PRIME_4;
    }
    return hash;
}

uint64_t lf_hash64(const void *data, size_t bytes, uint64_t seed)
{
    const unsigned char *at = data;
    if (bytes == 0) {
        at = (const unsigned char *)"";
    }
    const unsigned char *end = at + bytes;
    uint64_t hash = bytes >= STRIPE_BYTES ? take_stripes(&at, end, seed) : seed + PRIME_5;
    hash += bytes;
    for (; end - at >= 8; at += 8) {
        hash = rotate_left(hash ^ round_lane(0, read_u64(at)), 27) * PRIME_1 + PRIME_4;
    }
    if (end - at >= 4) {
        hash = rotate_left(hash ^ (read_u32(at) * PRIME_1), 23) * PRIME_2 + PRIME_3;
        at += 4;
    }
    for (; at < end; at++) {
        hash = rotate_left(hash ^ (*at * PRIME_5), 11) * PRIME_1;
    }
    hash = (hash ^ (hash >> 33)) * PRIME_2;
    hash = (hash ^ (hash >> 29)) * PRIME_3;
    return hash ^ (hash >> 32);
}
