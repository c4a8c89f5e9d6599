/* The rows of an image's tables: docs/image-format.md, "Entry" to "Dictionary".

   Here numbers of 64 bits become pointers and sizes of this processor. Each was compared with the count of a section,
   which is in the image, which is in memory: pypkg_fits_memory. The size of decoded contents alone may be larger. */

#include <string.h>

#include "image/image.h"

_Static_assert(sizeof(struct pypkg_entry) == 64, "docs/image-format.md: Entry");
_Static_assert(sizeof(struct pypkg_module) == 56, "docs/image-format.md: Module");
_Static_assert(sizeof(struct pypkg_bundle) == 48, "docs/image-format.md: Bundle");
_Static_assert(sizeof(struct pypkg_entry_point) == 24, "docs/image-format.md: Entry point");
_Static_assert(sizeof(struct pypkg_dictionary) == 24, "docs/image-format.md: Dictionary");

/* Whether `count` rows, bytes or characters from number `first` are in a section; without a sum that could overflow. */
static inline bool
is_in(const struct pypkg_image *image, enum pypkg_section kind, uint64_t first, uint64_t count)
{
    uint64_t limit = image->sections[kind].count;
    return first <= limit && count <= limit - first;
}

/* Copy a row; false if the table does not have it. */
static inline bool
copy_row(const struct pypkg_image *image, enum pypkg_section kind, uint32_t index, void *out, size_t size)
{
    const struct pypkg_span *table = &image->sections[kind];
    if (index >= table->count) {
        return false;
    }
    memcpy(out, image->base + table->offset + (uint64_t)index * size, size);
    return true;
}

/* Whether `size` bytes at an offset of the image are in the data. What is empty may have any offset: one that is outside
   becomes that of the data, so that a pointer to it can be made. */
static inline bool
is_in_data(const struct pypkg_image *image, uint64_t *offset, uint64_t size)
{
    uint64_t start = image->sections[PYPKG_DATA].offset;
    if (*offset >= start && is_in(image, PYPKG_DATA, *offset - start, size)) {
        return true;
    }
    *offset = start;
    return size == 0;
}

/* Whether stored bytes are in the data, and their codec is known; without a codec both sizes are the same. Decoding
   checks the number of the dictionary. */
static bool
contents_fit(const struct pypkg_image *image, uint8_t codec, uint64_t *offset, uint64_t stored, uint64_t size)
{
    return codec <= PYPKG_CODEC_ZSTD && (codec != PYPKG_CODEC_NONE || stored == size) && size <= INT64_MAX
        && is_in_data(image, offset, stored);
}

bool
pypkg_entry_at(const struct pypkg_image *image, uint32_t index, struct pypkg_entry *out)
{
    if (!copy_row(image, PYPKG_ENTRIES, index, out, sizeof(*out)) || out->path_size > PYPKG_MAX_PATH
        || out->name_offset > out->path_size || !is_in(image, PYPKG_STRINGS, out->path_offset, out->path_size)
        || out->bundle > image->sections[PYPKG_BUNDLES].count) {
        return false;
    }
    switch (out->type) {
    case PYPKG_FILE:
        return contents_fit(image, out->codec, &out->data_offset, out->stored_size, out->size);
    case PYPKG_DIRECTORY:
        return is_in(image, PYPKG_CHILDREN, out->data_offset, out->size);
    case PYPKG_LINK:
        return out->stored_size <= PYPKG_MAX_PATH && out->size == out->stored_size
            && is_in(image, PYPKG_STRINGS, out->data_offset, out->stored_size);
    default:
        return false;
    }
}

bool
pypkg_module_at(const struct pypkg_image *image, uint32_t index, struct pypkg_module *out)
{
    return copy_row(image, PYPKG_MODULES, index, out, sizeof(*out)) && out->kind >= PYPKG_MODULE
        && out->kind <= PYPKG_EXTENSION_PACKAGE && out->entry < image->sections[PYPKG_ENTRIES].count
        && is_in(image, PYPKG_STRINGS, out->name_offset, out->name_size)
        && contents_fit(image, out->codec, &out->code_offset, out->code_stored_size, out->code_size);
}

bool
pypkg_bundle_at(const struct pypkg_image *image, uint32_t index, struct pypkg_bundle *out)
{
    return copy_row(image, PYPKG_BUNDLES, index, out, sizeof(*out))
        && is_in(image, PYPKG_CHILDREN, out->first, out->count)
        && is_in(image, PYPKG_STRINGS, out->name_offset, out->name_size);
}

bool
pypkg_entry_point_at(const struct pypkg_image *image, uint32_t index, struct pypkg_entry_point *out)
{
    return copy_row(image, PYPKG_ENTRY_POINTS, index, out, sizeof(*out))
        && out->module < image->sections[PYPKG_MODULES].count
        && is_in(image, PYPKG_STRINGS, out->name_offset, out->name_size)
        && is_in(image, PYPKG_STRINGS, out->options_offset, out->options_size);
}

bool
pypkg_dictionary_at(const struct pypkg_image *image, uint32_t index, struct pypkg_dictionary *out)
{
    return copy_row(image, PYPKG_DICTIONARIES, index, out, sizeof(*out))
        && is_in_data(image, &out->data_offset, out->size);
}

uint32_t
pypkg_number_at(const struct pypkg_image *image, enum pypkg_section kind, uint64_t index)
{
    uint32_t value;
    memcpy(&value, image->base + image->sections[kind].offset + index * sizeof(value), sizeof(value));
    return value;
}

int64_t
pypkg_child_at(const struct pypkg_image *image, uint64_t first, uint64_t count, uint64_t n)
{
    if (n >= count || !is_in(image, PYPKG_CHILDREN, first, count)) {
        return -1;
    }
    uint32_t index = pypkg_number_at(image, PYPKG_CHILDREN, first + n);
    return index < image->sections[PYPKG_ENTRIES].count ? (int64_t)index : -1;
}

struct pypkg_text
pypkg_string(const struct pypkg_image *image, uint64_t offset, uint64_t size)
{
    if (!is_in(image, PYPKG_STRINGS, offset, size)) {
        return (struct pypkg_text){NULL, 0};
    }
    return (struct pypkg_text){(const char *)image->base + image->sections[PYPKG_STRINGS].offset + offset,
                               (size_t)size};
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

struct pypkg_text
pypkg_section_text(const struct pypkg_image *image, enum pypkg_section kind)
{
    const struct pypkg_span *span = &image->sections[kind];
    return (struct pypkg_text){(const char *)image->base + span->offset, (size_t)span->count};
}

struct pypkg_text
pypkg_image_options(const struct pypkg_image *image)
{
    struct pypkg_entry_point first;
    if (!pypkg_entry_point_at(image, 0, &first)) {
        return (struct pypkg_text){"", 0};
    }
    return pypkg_string(image, first.options_offset, first.options_size);
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
