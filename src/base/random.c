/* Reproducible random numbers: xoshiro256++ and what is drawn from it. */
#include <lobflow/base.h>

#include <assert.h>
#include <math.h>

__extension__ typedef unsigned __int128 u128;

static uint64_t rotate_left(uint64_t value, int bits)
{
    return (value << bits) | (value >> (64 - bits));
}

/* The output function of splitmix64; it maps 0 to 0. */
static uint64_t mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

void lf_random_seed(lf_random *random, uint64_t seed, uint64_t stream)
{
    /* Streams start at places of the splitmix64 sequence that have nothing to do with each other;
       stream 0 starts at the seed itself. */
    uint64_t position = seed ^ mix(stream);
    for (int i = 0; i < 4; i++) {
        position += UINT64_C(0x9e3779b97f4a7c15);
        random->state[i] = mix(position);
    }
}

uint64_t lf_random_next(lf_random *random)
{
    uint64_t *s = random->state;
    const uint64_t result = rotate_left(s[0] + s[3], 23) + s[0];
    const uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}

double lf_random_uniform(lf_random *random)
{
    return (double)(lf_random_next(random) >> 11) * 0x1p-53;
}

uint64_t lf_random_below(lf_random *random, uint64_t bound)
{
    assert(bound > 0);
    /* Lemire (2019), Fast random integer generation in an interval, ACM TOMACS 29(1): the high word
       of a product is uniform once the low words that come once too often are thrown away. */
    u128 product = (u128)lf_random_next(random) * bound;
    if ((uint64_t)product < bound) {
        const uint64_t threshold = (0 - bound) % bound;
        while ((uint64_t)product < threshold) {
            product = (u128)lf_random_next(random) * bound;
        }
    }
    return (uint64_t)(product >> 64);
}

/* ln2_sums[k - 1] is the sum over i = 1 .. k of (ln 2)^i / i!, rounded to double. */
static const double ln2_sums[] = {
    0x1.62e42fefa39efp-1,
    0x1.dde327edaeb53p-1,
    0x1.fa4e30c4b355fp-1,
    0x1.ff3adba0a1e99p-1,
    0x1.ffe99f9fde3ccp-1,
    0x1.fffdd0310dc39p-1,
    0x1.ffffcffd0a1c1p-1,
    0x1.fffffc550e636p-1,
    0x1.ffffffbf58dddp-1,
    0x1.fffffffbf2c80p-1,
    0x1.ffffffffc45d9p-1,
    0x1.fffffffffcd54p-1,
    0x1.ffffffffffd80p-1,
    0x1.fffffffffffe3p-1,
    0x1.fffffffffffffp-1,
    1.0,
};

double lf_random_exponential(lf_random *random)
{
    /* The number of whole ln 2 in it is geometric with 1/2: the trailing zeros of random bits. */
    double whole = 0.0;
    uint64_t bits = lf_random_next(random);
    while (bits == 0) {
        whole += 64.0;
        bits = lf_random_next(random);
    }
    whole = (whole + (double)__builtin_ctzll(bits)) * ln2_sums[0];

    /* What is left has the density 2 exp(-x) on [0, ln 2): ln 2 times the least of N uniforms,
       where N <= k with the probability ln2_sums[k - 1]. */
    const double u = lf_random_uniform(random);
    if (u < ln2_sums[0]) {
        return whole + u;
    }
    double least = lf_random_uniform(random);
    for (int k = 1; k == 1 || u >= ln2_sums[k - 1]; k++) {
        const double other = lf_random_uniform(random);
        least = other < least ? other : least;
    }
    return whole + least * ln2_sums[0];
}

double lf_random_normal(lf_random *random)
{
    double x;
    double square;
    do {
        x = 2.0 * lf_random_uniform(random) - 1.0;
        const double y = 2.0 * lf_random_uniform(random) - 1.0;
        square = x * x + y * y;
    } while (square >= 1.0 || square == 0.0);
    /* x / sqrt(square) is the cosine of a uniform angle; radius^2 / 2 is exponential. */
    return x * sqrt(2.0 * lf_random_exponential(random) / square);
}
