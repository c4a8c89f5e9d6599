/* Reading the tables of an image. Format: docs/image-format.md, "Header" to "Bundle". */

#include <errno.h>
#include <string.h>

#include "image/image.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the image is little-endian and is read in place"
#endif

_Static_assert(sizeof(struct pypkg_header) == 160, "docs/image-format.md: Header");
_Static_assert(sizeof(struct pypkg_entry) == 72, "docs/image-format.md: Entry");
_Static_assert(sizeof(struct pypkg_module) == 64, "docs/image-format.md: Module");
_Static_assert(sizeof(struct pypkg_bundle) == 48, "docs/image-format.md: Bundle");

/* Whether [offset, offset + size) is in [0, limit); without a sum that could overflow. */
static inline bool
is_within(uint64_t offset, uint64_t size, uint64_t limit)
{
    return offset <= limit && size <= limit - offset;
}

static inline bool
table_fits(const struct pypkg_header *h, uint64_t offset, uint32_t count, uint64_t row)
{
    return offset >= h->header_size && offset % 8 == 0 && is_within(offset, count * row, h->image_size);
}

static inline bool
slots_fit(const struct pypkg_header *h, uint64_t offset, uint32_t slots, uint32_t count)
{
    return slots > count && (slots & (slots - 1)) == 0 && table_fits(h, offset, slots, 4);
}

const char *
pypkg_image_open(struct pypkg_image *image, const void *data, uint64_t size)
{
    struct pypkg_header *h = &image->header;

    if (size < sizeof(*h)) {
        return "the image is truncated";
    }
    memcpy(h, data, sizeof(*h));
    if (memcmp(h->magic, "PYPKGIMG", 8) != 0) {
        return "the image is corrupt: no magic";
    }
    if (h->version != 1) {
        return "the image has a version that this program does not know";
    }
    if (h->header_size != sizeof(*h)) {
        return "the image is corrupt: header size";
    }
    if (h->image_size > size) {
        return "the image is truncated";
    }
    if (h->entry_count == 0 || !table_fits(h, h->entries_offset, h->entry_count, sizeof(struct pypkg_entry))
        || !slots_fit(h, h->path_slots_offset, h->path_slot_count, h->entry_count)
        || !table_fits(h, h->children_offset, h->child_count, 4)
        || !table_fits(h, h->modules_offset, h->module_count, sizeof(struct pypkg_module))
        || !slots_fit(h, h->module_slots_offset, h->module_slot_count, h->module_count)
        || !table_fits(h, h->bundles_offset, h->bundle_count, sizeof(struct pypkg_bundle))
        || !is_within(h->strings_offset, h->strings_size, h->image_size)
        || !is_within(h->data_offset, h->data_size, h->image_size)) {
        return "the image is corrupt: a table is out of range";
    }
    if (!is_within(h->manifest_offset, h->manifest_size, h->strings_size)
        || !is_within(h->search_path_offset, h->search_path_size, h->strings_size)
        || !is_within(h->options_offset, h->options_size, h->strings_size)) {
        return "the image is corrupt: a string is out of range";
    }
    image->base = data;
    image->size = h->image_size;

    struct pypkg_entry root;
    if (!pypkg_entry_at(image, 0, &root) || root.path_size != 0 || root.type != PYPKG_DIRECTORY) {
        return "the image is corrupt: no root directory";
    }
    return NULL;
}

bool
pypkg_image_is_whole(const struct pypkg_image *image)
{
    uint64_t end = image->header.data_offset;
    uint64_t checksum;

    if (end < sizeof(image->header) + sizeof(checksum)) {
        return false;
    }
    memcpy(&checksum, image->base + end - sizeof(checksum), sizeof(checksum));
    return pypkg_xxh64(image->base, end - sizeof(checksum)) == checksum;
}

struct pypkg_text
pypkg_string(const struct pypkg_image *image, uint64_t offset, uint64_t size)
{
    const struct pypkg_header *h = &image->header;
    if (!is_within(offset, size, h->strings_size)) {
        return (struct pypkg_text){NULL, 0};
    }
    return (struct pypkg_text){(const char *)image->base + h->strings_offset + offset, (size_t)size};
}

/* Whether stored bytes are in the data part; without a codec both sizes must be the same. */
static bool
contents_fit(const struct pypkg_header *h, uint8_t codec, uint64_t offset, uint64_t stored, uint64_t size)
{
    return codec <= PYPKG_CODEC_ZSTD && (codec != PYPKG_CODEC_NONE || stored == size) && size <= INT64_MAX
        && (stored == 0 || (offset >= h->data_offset && is_within(offset, stored, h->data_offset + h->data_size)));
}

bool
pypkg_entry_at(const struct pypkg_image *image, uint32_t index, struct pypkg_entry *out)
{
    const struct pypkg_header *h = &image->header;

    if (index >= h->entry_count) {
        return false;
    }
    memcpy(out, image->base + h->entries_offset + (uint64_t)index * sizeof(*out), sizeof(*out));
    if (out->path_size > PYPKG_MAX_PATH || out->name_offset > out->path_size
        || !is_within(out->path_offset, out->path_size, h->strings_size) || out->bundle > h->bundle_count) {
        return false;
    }
    switch (out->type) {
    case PYPKG_FILE:
        return contents_fit(h, out->codec, out->data_offset, out->stored_size, out->size);
    case PYPKG_DIRECTORY:
        return is_within(out->data_offset, out->size, h->child_count);
    case PYPKG_LINK:
        return out->stored_size <= PYPKG_MAX_PATH && out->size == out->stored_size
            && is_within(out->data_offset, out->stored_size, h->strings_size);
    default:
        return false;
    }
}

bool
pypkg_module_at(const struct pypkg_image *image, uint32_t index, struct pypkg_module *out)
{
    const struct pypkg_header *h = &image->header;

    if (index >= h->module_count) {
        return false;
    }
    memcpy(out, image->base + h->modules_offset + (uint64_t)index * sizeof(*out), sizeof(*out));
    return out->kind >= PYPKG_MODULE && out->kind <= PYPKG_EXTENSION_PACKAGE && out->entry < h->entry_count
        && is_within(out->name_offset, out->name_size, h->strings_size)
        && contents_fit(h, out->codec, out->code_offset, out->code_stored_size, out->code_size);
}

bool
pypkg_bundle_at(const struct pypkg_image *image, uint32_t index, struct pypkg_bundle *out)
{
    const struct pypkg_header *h = &image->header;

    if (index >= h->bundle_count) {
        return false;
    }
    memcpy(out, image->base + h->bundles_offset + (uint64_t)index * sizeof(*out), sizeof(*out));
    return is_within(out->first, out->count, h->child_count)
        && is_within(out->name_offset, out->name_size, h->strings_size);
}

static uint32_t
slot_at(const struct pypkg_image *image, uint64_t offset, uint64_t n)
{
    uint32_t value;
    memcpy(&value, image->base + offset + n * sizeof(value), sizeof(value));
    return value;
}

int64_t
pypkg_child_at(const struct pypkg_image *image, uint64_t first, uint64_t count, uint64_t n)
{
    const struct pypkg_header *h = &image->header;
    if (n >= count || !is_within(first, count, h->child_count)) {
        return -1;
    }
    uint32_t index = slot_at(image, h->children_offset, first + n);
    return index < h->entry_count ? (int64_t)index : -1;
}

struct pypkg_text
pypkg_entry_path(const struct pypkg_image *image, const struct pypkg_entry *entry)
{
    return pypkg_string(image, entry->path_offset, entry->path_size);
}

struct pypkg_text
pypkg_entry_name(const struct pypkg_image *image, const struct pypkg_entry *entry)
{
    return pypkg_string(image, (uint64_t)entry->path_offset + entry->name_offset,
                        (uint64_t)entry->path_size - entry->name_offset);
}

void
pypkg_bundle_digest(const struct pypkg_bundle *bundle, char out[PYPKG_DIGEST_SIZE])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < sizeof(bundle->digest); i++) {
        *out++ = digits[bundle->digest[i] >> 4];
        *out++ = digits[bundle->digest[i] & 15];
    }
    *out = '\0';
}

static bool
same_text(struct pypkg_text text, const char *data, size_t size)
{
    return text.data != NULL && text.size == size && memcmp(text.data, data, size) == 0;
}

int64_t
pypkg_find_path(const struct pypkg_image *image, const char *path, size_t size, struct pypkg_entry *out)
{
    const struct pypkg_header *h = &image->header;
    uint64_t mask = (uint64_t)h->path_slot_count - 1;
    uint64_t hash = pypkg_xxh64(path, size);

    for (uint64_t probe = 0; probe < h->path_slot_count; probe++) {
        uint32_t slot = slot_at(image, h->path_slots_offset, (hash + probe) & mask);
        if (slot == 0) {
            return -1;
        }
        if (pypkg_entry_at(image, slot - 1, out) && out->hash == hash
            && same_text(pypkg_entry_path(image, out), path, size)) {
            return slot - 1;
        }
    }
    return -1;
}

int64_t
pypkg_find_module(const struct pypkg_image *image, const char *name, size_t size, struct pypkg_module *out)
{
    const struct pypkg_header *h = &image->header;
    uint64_t mask = (uint64_t)h->module_slot_count - 1;
    uint64_t hash = pypkg_xxh64(name, size);

    for (uint64_t probe = 0; probe < h->module_slot_count; probe++) {
        uint32_t slot = slot_at(image, h->module_slots_offset, (hash + probe) & mask);
        if (slot == 0) {
            return -1;
        }
        if (pypkg_module_at(image, slot - 1, out) && out->hash == hash
            && same_text(pypkg_string(image, out->name_offset, out->name_size), name, size)) {
            return slot - 1;
        }
    }
    return -1;
}
