/* POSIX's status of a file, for the parts that know it. */

#ifndef PYPKG_POSIX_STATUS_H
#define PYPKG_POSIX_STATUS_H

#include "os/files.h"

#include <sys/stat.h>

static inline enum pypkg_kind
pypkg_kind_of_mode(mode_t mode)
{
    return S_ISREG(mode) ? PYPKG_IS_FILE
        : S_ISDIR(mode)  ? PYPKG_IS_DIRECTORY
        : S_ISLNK(mode)  ? PYPKG_IS_LINK
                         : PYPKG_IS_OTHER;
}

void pypkg_take_status(const struct stat *status, struct pypkg_status *out);

/* --- the times, whose fields have different names: os/linux/file_times.c for each system --- */

struct timespec pypkg_modified(const struct stat *status);
struct timespec pypkg_changed(const struct stat *status);

#endif
