/* What the redirected calls share, and the declarations of the calls themselves. */

#ifndef PYPKG_FRONT_H
#define PYPKG_FRONT_H

#define PYPKG_NO_REDIRECT
#include "posix/redirect.h"

#include "paths/paths.h"
#include "posix/features.h"
#include "posix/route.h"

#include <errno.h>

/* The device number of the snapshot: no kernel assigns it to a disk. */
#define PYPKG_DEVICE ((dev_t)0x70796b67)

/* Set errno and return -1. */
static inline int
pypkg_fail(int error)
{
    errno = error;
    return -1;
}

/* --- stat.c --- */

void pypkg_fill_stat(const struct pypkg_found *found, struct stat *status);

/* --- descriptor.c --- */

/* A descriptor that reads the contents of a file, or stands for a directory. `flags` as for open(2). -1 with errno. */
int pypkg_fd_open(const struct pypkg_found *found, int flags);

/* --- directory.c --- */

/* Whether a stream is of the snapshot, or lists it: such a pointer has its lowest bit set, which no allocated one
   has. */
static inline bool
pypkg_is_virtual_stream(DIR *dir)
{
    return ((uintptr_t)dir & 1) != 0;
}

#endif
