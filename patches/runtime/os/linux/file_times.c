/* The times of a file: stat(3type). */

#include "os/posix/status.h"

struct timespec
pypkg_modified(const struct stat *status)
{
    return status->st_mtim;
}

struct timespec
pypkg_changed(const struct stat *status)
{
    return status->st_ctim;
}
