/* Looking up paths and modules in an image's hash tables: docs/image-format.md, "Hash tables" and "Folding". */

#include <string.h>

#include "image/image.h"

static bool
same_text(struct pypkg_text text, const char *data, size_t size)
{
    return text.data != NULL && text.size == size && memcmp(text.data, data, size) == 0;
}

/* pypkg_find_path in an image whose paths are folded. Apart, so that the others do not pay for it. */
static __attribute__((noinline)) int64_t
find_folded(const struct pypkg_image *image, const char *path, size_t size, struct pypkg_entry *out)
{
    char folded[PYPKG_MAX_FOLDED];
    uint64_t count = image->sections[PYPKG_PATH_SLOTS].count;

    if (size > PYPKG_MAX_PATH) {
        return -1;
    }
    uint64_t hash = pypkg_xxh64(folded, pypkg_fold(path, size, folded));
    for (uint64_t probe = 0; probe < count; probe++) {
        uint32_t slot = pypkg_number_at(image, PYPKG_PATH_SLOTS, (hash + probe) & (count - 1));
        if (slot == 0) {
            return -1;
        }
        if (pypkg_entry_at(image, slot - 1, out) && out->hash == hash
            && pypkg_folds_alike(pypkg_entry_path(image, out), (struct pypkg_text){path, size})) {
            return slot - 1;
        }
    }
    return -1;
}

int64_t
pypkg_find_path(const struct pypkg_image *image, const char *path, size_t size, struct pypkg_entry *out)
{
    if ((image->flags & PYPKG_FOLDED) != 0) {
        return find_folded(image, path, size, out);
    }
    uint64_t count = image->sections[PYPKG_PATH_SLOTS].count;
    uint64_t hash = pypkg_xxh64(path, size);
    for (uint64_t probe = 0; probe < count; probe++) {
        uint32_t slot = pypkg_number_at(image, PYPKG_PATH_SLOTS, (hash + probe) & (count - 1));
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
    uint64_t count = image->sections[PYPKG_MODULE_SLOTS].count;
    uint64_t hash = pypkg_xxh64(name, size);

    for (uint64_t probe = 0; probe < count; probe++) {
        uint32_t slot = pypkg_number_at(image, PYPKG_MODULE_SLOTS, (hash + probe) & (count - 1));
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
