/* The contents of a file, directly or through a link. */

#include "paths/paths.h"

int
pypkg_linked_contents(const struct pypkg_image *image, const struct pypkg_entry *entry, struct pypkg_bytes *out)
{
    char path[PYPKG_MAX_PATH + 1], outside[PYPKG_MAX_PATH + 1];
    struct pypkg_found found = {.entry = *entry};
    int status = 0;

    if (entry->type == PYPKG_LINK) {
        struct pypkg_text text = pypkg_entry_path(image, entry);
        memcpy(path, text.data, text.size);
        path[text.size] = '\0';
        status = pypkg_resolve(image, (struct pypkg_text){"", 0}, path, true, &found, outside);
    }
    return status != 0 ? status : pypkg_entry_contents(image, &found.entry, out);
}
