/* Folding paths as NTFS does, so that they are found without regard to case: docs/image-format.md, "Folding". */

#include <string.h>

#include "image/image.h"

/* Characters from `first` to `last`, each `step`-th, whose upper case is at a distance. */
struct fold_range {
    uint16_t first;
    uint16_t last;
    uint16_t step;
    int32_t distance;
};

#include "image/fold_table.h"

#define RANGE_COUNT (sizeof(ranges) / sizeof(ranges[0]))

static uint32_t
to_upper(uint32_t c)
{
    size_t low = 0, high = RANGE_COUNT;

    if (c < 0x80) {
        return c - ('a' <= c && c <= 'z' ? 'a' - 'A' : 0);
    }
    /* The first range that ends at c or behind it. */
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (ranges[middle].last < c) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    const struct fold_range *range = &ranges[low];
    bool inside = low < RANGE_COUNT && c >= range->first && (c - range->first) % range->step == 0;
    return inside ? (uint32_t)((int32_t)c + range->distance) : c;
}

/* A byte of what is not a character of the Basic Multilingual Plane in UTF-8 is above all characters. */
#define BYTE 0x110000u

static inline bool
is_continuation(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* Take the next character of `text` in upper case, or one byte (plus BYTE) of what is none. */
static uint32_t
take_folded(const uint8_t **text, const uint8_t *end)
{
    const uint8_t *p = *text;
    size_t left = (size_t)(end - p);

    if (p[0] < 0x80) {
        *text += 1;
        return to_upper(p[0]);
    }
    if (left >= 2 && p[0] >= 0xc2 && p[0] < 0xe0 && is_continuation(p[1])) {
        *text += 2;
        return to_upper((p[0] & 0x1fu) << 6 | (p[1] & 0x3fu));
    }
    if (left >= 3 && (p[0] & 0xf0) == 0xe0 && is_continuation(p[1]) && is_continuation(p[2])
        && (p[0] > 0xe0 || p[1] >= 0xa0)) {
        *text += 3;
        return to_upper((p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu));
    }
    *text += 1;
    return BYTE + p[0];
}

size_t
pypkg_fold(const char *path, size_t size, char out[PYPKG_MAX_FOLDED])
{
    const uint8_t *p = (const uint8_t *)path, *end = p + size;
    uint8_t *made = (uint8_t *)out;

    while (p < end) {
        uint32_t c = take_folded(&p, end);
        if (c < 0x80 || c >= BYTE) {
            *made++ = (uint8_t)c;
        }
        else if (c < 0x800) {
            *made++ = (uint8_t)(0xc0 | c >> 6);
            *made++ = (uint8_t)(0x80 | (c & 0x3f));
        }
        else {
            *made++ = (uint8_t)(0xe0 | c >> 12);
            *made++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
            *made++ = (uint8_t)(0x80 | (c & 0x3f));
        }
    }
    return (size_t)(made - (uint8_t *)out);
}

bool
pypkg_folds_alike(struct pypkg_text one, struct pypkg_text other)
{
    const uint8_t *p = (const uint8_t *)one.data, *p_end = p + one.size;
    const uint8_t *q = (const uint8_t *)other.data, *q_end = q + other.size;

    while (p < p_end && q < q_end) {
        if (take_folded(&p, p_end) != take_folded(&q, q_end)) {
            return false;
        }
    }
    return p == p_end && q == q_end;
}
