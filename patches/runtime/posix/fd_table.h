/* Which descriptor is which entry of the image. */

#ifndef PYPKG_FD_TABLE_H
#define PYPKG_FD_TABLE_H

#include "paths/paths.h"

#include <sys/stat.h>

/* Record that `fd`, a memory file with this status, is an entry. False if the table cannot hold it: a file still works
   then, a directory does not. */
bool pypkg_fd_record(int fd, const struct stat *status, uint32_t index);

/* Remember that a memory file with this status has the contents of an entry, so that duplicates of its descriptors are
   known. */
void pypkg_fd_remember(const struct stat *status, uint32_t index);

/* Open the memory file of an entry again if another descriptor reads it, and get its status. -1 if none does. */
int pypkg_fd_share(const struct pypkg_found *found, int flags, struct stat *status);

/* Whether `fd` is an entry, which is copied to `found`. `status` is that of the descriptor. errno is not changed. */
bool pypkg_fd_entry_of(int fd, const struct stat *status, struct pypkg_found *found);

/* The same where the status is not known. */
bool pypkg_fd_entry(int fd, struct pypkg_found *found);

/* The same for directories only. */
bool pypkg_fd_directory(int fd, struct pypkg_found *found);

#endif
