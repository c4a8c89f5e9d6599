/* Where caches are: specifications.freedesktop.org/basedir-spec. */

#include "os/process.h"

#include <stddef.h>

const struct pypkg_cache_root pypkg_cache_roots[] = {
    {"XDG_CACHE_HOME", ""},
    {"HOME", "/.cache"},
    {NULL, NULL},
};
