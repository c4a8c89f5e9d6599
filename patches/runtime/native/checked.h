/* The record of checked files: inode, size and times of the files of an extracted bundle when they were compared with
   the image. */

#ifndef PYPKG_CHECKED_H
#define PYPKG_CHECKED_H

#include "native/native.h"

/* A change of a file's contents changes at least one of these. */
struct pypkg_mark {
    uint64_t inode;
    uint64_t size;
    int64_t modified_ns;
    int64_t changed_ns;
};

/* The record as it is on disk, `.checked` in the bundle's directory: a mark for each member. */
struct pypkg_checked {
    char magic[8];
    uint64_t count;
    struct pypkg_mark marks[];
};

struct pypkg_mark pypkg_mark_of(const struct pypkg_status *status);

/* A new record without marks, to be freed; NULL without memory. */
struct pypkg_checked *pypkg_checked_new(uint32_t count);

/* The record in a bundle's directory, to be freed; NULL if there is none, or one for another number of files. */
struct pypkg_checked *pypkg_checked_read(int directory, uint32_t count);

/* Write the record, of files that are on the disk as they were compared: after a power failure it must not vouch for what
   was never written. Errors are ignored: without a record the files are compared again. */
void pypkg_checked_write(struct pypkg_cache *cache, int top, int directory, const struct pypkg_checked *checked);

/* Whether the last change of a file is so old that another change would set other times. */
bool pypkg_is_settled(const struct pypkg_mark *mark);

#endif
