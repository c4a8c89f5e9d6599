/* What the native cache needs of a system: where caches are, and whether others can change a file. */

#ifndef PYPKG_OS_CACHE_H
#define PYPKG_OS_CACHE_H

#include "os/files.h"

/* --- os/linux/cache.c for each system --- */

/* Where a user's caches are: in the value of a variable, if that is an absolute path, followed by `suffix`. */
struct pypkg_cache_root {
    const char *variable;
    const char *suffix;
};

/* The first one that is there counts. The last row is zeros. */
extern const struct pypkg_cache_root pypkg_cache_roots[];

/* Whether the file system of an open directory is known to forbid execution. */
bool pypkg_forbids_execution(int directory);

/* --- os/posix/cache.c --- */

/* Whether a file belongs to this user or to the administrator. */
bool pypkg_is_trusted(const struct pypkg_status *status);

/* The same, and no other user can change it. */
bool pypkg_is_private(const struct pypkg_status *status);

/* Whether a file begins with these bytes. */
bool pypkg_has_contents(int fd, const uint8_t *data, size_t size);

/* Wait until the contents of an open file are on the disk. */
bool pypkg_flush(int fd);

/* Lock an open directory against other processes, without waiting. False with errno: EWOULDBLOCK if another process has
   the lock. Closing the descriptor, also by a crash, releases it. */
bool pypkg_try_lock(int directory);

#endif
