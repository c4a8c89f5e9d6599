/* The native cache on Linux. */

#include "os/cache.h"

#include <stddef.h>
#include <sys/statvfs.h>

/* specifications.freedesktop.org/basedir-spec */
const struct pypkg_cache_root pypkg_cache_roots[] = {
    {"XDG_CACHE_HOME", ""},
    {"HOME", "/.cache"},
    {NULL, NULL},
};

bool
pypkg_forbids_execution(int directory)
{
    struct statvfs status;
    return fstatvfs(directory, &status) == 0 && (status.f_flag & ST_NOEXEC) != 0;
}
