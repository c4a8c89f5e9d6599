/* A cache of memory files, for files of the snapshot that are opened again and again. */

#ifndef PYPKG_FD_CACHE_H
#define PYPKG_FD_CACHE_H

#include "paths/paths.h"

#include <sys/stat.h>

/* Whether a file was opened before and its contents matched their checksum. */
bool pypkg_fd_cache_is_checked(uint32_t index);
void pypkg_fd_cache_set_checked(uint32_t index);

/* Open the cached memory file of an entry and get its status. -1 if none is cached. */
int pypkg_fd_cache_open(const struct pypkg_found *found, int flags, struct stat *status);

/* Cache the sealed memory file `fd`, unless it is large. */
void pypkg_fd_cache_add(int fd, const struct pypkg_found *found, const struct stat *status);

#if defined(PYPKG_TESTS)
/* Remove all files and forget what was checked. A test calls it before it starts with another image. */
void pypkg_fd_cache_clear(void);
#endif

#endif
