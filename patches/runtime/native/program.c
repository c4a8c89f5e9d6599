/* Programs of the snapshot: a real file to start, in the cache or in memory. */

#include <stdio.h>
#include <stdlib.h>

#include "native/native.h"

char *
pypkg_extract_program(const struct pypkg_found *found, char *error, size_t error_size)
{
    struct pypkg_cache *cache = malloc(sizeof(*cache));
    char reason[256];

    if (cache == NULL) {
        snprintf(error, error_size, "pypkg: out of memory");
        return NULL;
    }
    cache->error = error;
    cache->error_size = error_size;
    char *path = pypkg_extract(found, cache);
    if (path == NULL && pypkg_may_use_memory(cache)) {
        path = pypkg_memload_program(found, reason, sizeof(reason));
        if (path == NULL) {
            size_t size = strlen(error);
            snprintf(error + size, error_size - size, " (starting it from memory failed too: %s)", reason);
        }
    }
    free(cache);
    return path;
}
