/* Opening an image, and where its sections are: docs/image-format.md, "Header" and "Sections". */

#include <string.h>

#include "image/image.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the image is little-endian and is read in place"
#endif

_Static_assert(sizeof(struct pypkg_header) == 48, "docs/image-format.md: Header");
_Static_assert(sizeof(struct pypkg_section_row) == 24, "docs/image-format.md: Sections");
_Static_assert(PYPKG_SECTION_KINDS <= 32, "a bit for each kind");

/* The size of a row in each kind of section, in bytes. */
static const uint8_t row_sizes[PYPKG_SECTION_KINDS] = {
    [PYPKG_ENTRIES] = sizeof(struct pypkg_entry),
    [PYPKG_PATH_SLOTS] = sizeof(uint32_t),
    [PYPKG_CHILDREN] = sizeof(uint32_t),
    [PYPKG_MODULES] = sizeof(struct pypkg_module),
    [PYPKG_MODULE_SLOTS] = sizeof(uint32_t),
    [PYPKG_BUNDLES] = sizeof(struct pypkg_bundle),
    [PYPKG_ENTRY_POINTS] = sizeof(struct pypkg_entry_point),
    [PYPKG_DICTIONARIES] = sizeof(struct pypkg_dictionary),
    [PYPKG_STRINGS] = 1,
    [PYPKG_SEARCH_PATH] = 1,
    [PYPKG_MANIFEST] = 1,
    [PYPKG_DATA] = 1,
};

/* Whether [offset, offset + size) is in [0, limit); without a sum that could overflow. */
static inline bool
is_within(uint64_t offset, uint64_t size, uint64_t limit)
{
    return offset <= limit && size <= limit - offset;
}

/* Check one row of the directory, and note where its section is. `seen` has a bit for each kind. */
static const char *
add_section(struct pypkg_image *image, const struct pypkg_section_row *row, uint32_t *seen)
{
    if (!is_within(row->offset, row->size, image->size)) {
        return "the image is corrupt: a section is out of range";
    }
    if (row->kind == 0 || row->kind >= PYPKG_SECTION_KINDS) {
        return row->flags & PYPKG_REQUIRED ? "the image has a section that this program needs and does not know" : NULL;
    }
    uint32_t row_size = row_sizes[row->kind];
    uint64_t count = row->size / row_size;
    if (row->offset % 8 != 0 || row->size % row_size != 0 || (row_size > 1 && count > UINT32_MAX)
        || (row->kind != PYPKG_DATA && !is_within(row->offset, row->size, image->checked_size))
        || (*seen & 1u << row->kind) != 0) {
        return "the image is corrupt: a section is not valid";
    }
    *seen |= 1u << row->kind;
    image->sections[row->kind] = (struct pypkg_span){row->offset, count};
    return NULL;
}

static inline bool
slots_fit(const struct pypkg_image *image, enum pypkg_section slots, enum pypkg_section rows)
{
    uint64_t count = image->sections[slots].count;
    return count > image->sections[rows].count && (count & (count - 1)) == 0;
}

const char *
pypkg_image_open(struct pypkg_image *image, const void *data, uint64_t size)
{
    struct pypkg_header h;
    struct pypkg_section_row row;
    struct pypkg_entry root;
    uint32_t seen = 0;

    if (size < sizeof(h)) {
        return "the image is truncated";
    }
    if (!pypkg_fits_memory(data, size)) {
        return "the image is larger than the memory that this processor can address";
    }
    memcpy(&h, data, sizeof(h));
    if (memcmp(h.magic, "PYPKGIMG", 8) != 0) {
        return "the image is corrupt: no magic";
    }
    if (h.major != PYPKG_FORMAT) {
        return "the image has another format than the one that this program reads: package again, with one pypkg";
    }
    if (h.image_size > size) {
        return "the image is truncated";
    }
    if ((h.flags & PYPKG_CRITICAL_FLAGS & ~(uint32_t)PYPKG_KNOWN_FLAGS) != 0) {
        return "the image needs something that this program does not know: package again, with one pypkg";
    }
    uint64_t directory_size = h.section_count * (uint64_t)sizeof(row);
    if (h.header_size < sizeof(h) || h.header_size % 8 != 0 || !is_within(h.checked_size, 8, h.image_size)
        || !is_within(h.header_size, directory_size, h.checked_size)) {
        return "the image is corrupt: header";
    }
    memset(image, 0, sizeof(*image));
    image->base = data;
    image->size = h.image_size;
    image->checked_size = h.checked_size;
    image->mtime = h.mtime;
    image->flags = h.flags;
    for (uint32_t i = 0; i < h.section_count; i++) {
        memcpy(&row, image->base + h.header_size + (uint64_t)i * sizeof(row), sizeof(row));
        const char *problem = add_section(image, &row, &seen);
        if (problem != NULL) {
            return problem;
        }
    }
    if (!slots_fit(image, PYPKG_PATH_SLOTS, PYPKG_ENTRIES) || !slots_fit(image, PYPKG_MODULE_SLOTS, PYPKG_MODULES)) {
        return "the image is corrupt: hash table";
    }
    if (!pypkg_entry_at(image, 0, &root) || root.path_size != 0 || root.type != PYPKG_DIRECTORY) {
        return "the image is corrupt: no root directory";
    }
    return NULL;
}

bool
pypkg_image_is_whole(const struct pypkg_image *image)
{
    uint64_t checksum;

    memcpy(&checksum, image->base + image->checked_size, sizeof(checksum));
    return pypkg_xxh64(image->base, image->checked_size) == checksum;
}
