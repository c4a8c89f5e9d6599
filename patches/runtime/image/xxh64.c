/* XXH64 with seed 0: the hash of docs/image-format.md.
   Specification: github.com/Cyan4973/xxHash, doc/xxhash_spec.md, "XXH64 Algorithm Description". */

#include <string.h>

#include "image/image.h"

static const uint64_t PRIME_1 = 0x9E3779B185EBCA87u;
static const uint64_t PRIME_2 = 0xC2B2AE3D27D4EB4Fu;
static const uint64_t PRIME_3 = 0x165667B19E3779F9u;
static const uint64_t PRIME_4 = 0x85EBCA77C2B2AE63u;
static const uint64_t PRIME_5 = 0x27D4EB2F165667C5u;

static inline uint64_t
rotate(uint64_t x, int bits)
{
    return (x << bits) | (x >> (64 - bits));
}

static inline uint64_t
load64(const uint8_t *p)
{
    uint64_t value;
    memcpy(&value, p, sizeof(value));
    return value;
}

static inline uint32_t
load32(const uint8_t *p)
{
    uint32_t value;
    memcpy(&value, p, sizeof(value));
    return value;
}

static inline uint64_t
mix_lane(uint64_t acc, uint64_t lane)
{
    return rotate(acc + lane * PRIME_2, 31) * PRIME_1;
}

static inline uint64_t
merge_accumulator(uint64_t acc, uint64_t lane)
{
    return (acc ^ mix_lane(0, lane)) * PRIME_1 + PRIME_4;
}

uint64_t
pypkg_xxh64(const void *data, size_t size)
{
    const uint8_t *p = data;
    size_t left = size;
    uint64_t acc;

    if (left >= 32) {
        uint64_t acc1 = PRIME_1 + PRIME_2;
        uint64_t acc2 = PRIME_2;
        uint64_t acc3 = 0;
        uint64_t acc4 = 0 - PRIME_1;
        do {
            acc1 = mix_lane(acc1, load64(p));
            acc2 = mix_lane(acc2, load64(p + 8));
            acc3 = mix_lane(acc3, load64(p + 16));
            acc4 = mix_lane(acc4, load64(p + 24));
            p += 32;
            left -= 32;
        } while (left >= 32);
        acc = rotate(acc1, 1) + rotate(acc2, 7) + rotate(acc3, 12) + rotate(acc4, 18);
        acc = merge_accumulator(acc, acc1);
        acc = merge_accumulator(acc, acc2);
        acc = merge_accumulator(acc, acc3);
        acc = merge_accumulator(acc, acc4);
    }
    else {
        acc = PRIME_5;
    }
    acc += (uint64_t)size;

    for (; left >= 8; p += 8, left -= 8) {
        acc = rotate(acc ^ mix_lane(0, load64(p)), 27) * PRIME_1 + PRIME_4;
    }
    if (left >= 4) {
        acc = rotate(acc ^ (load32(p) * PRIME_1), 23) * PRIME_2 + PRIME_3;
        p += 4;
        left -= 4;
    }
    for (; left > 0; p++, left--) {
        acc = rotate(acc ^ (*p * PRIME_5), 11) * PRIME_1;
    }
    acc = (acc ^ (acc >> 33)) * PRIME_2;
    acc = (acc ^ (acc >> 29)) * PRIME_3;
    return acc ^ (acc >> 32);
}
