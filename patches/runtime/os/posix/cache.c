/* The native cache, by POSIX calls alone, and flock(2), which all these systems have. */

#include "os/cache.h"

#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

bool
pypkg_is_trusted(const struct pypkg_status *status)
{
    return status->owner == 0 || status->owner == geteuid();
}

bool
pypkg_is_private(const struct pypkg_status *status)
{
    return pypkg_is_trusted(status) && (status->permission & 022) == 0;
}

bool
pypkg_has_contents(int fd, const uint8_t *data, size_t size)
{
    if (size == 0) {
        return true;
    }
    void *mapped = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    bool same = mapped != MAP_FAILED && memcmp(mapped, data, size) == 0;
    if (mapped != MAP_FAILED) {
        munmap(mapped, size);
    }
    return same;
}

bool
pypkg_flush(int fd)
{
    return fsync(fd) == 0;
}

bool
pypkg_try_lock(int directory)
{
    return flock(directory, LOCK_EX | LOCK_NB) == 0;
}
