/* The roots that paths are fuzzed in: one for each set of mounts that the kernel makes, and ours without /snapshot. */

#ifndef PATH_ROOTS_H
#define PATH_ROOTS_H

#include "posix/front.h"

#define CONFIGURATIONS 5
#define MOST_MOUNTS 2
#define MOST_ENTRIES 256

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Mounts to run with, each in a reference root of its own; the rest of a row is NULL. */
struct mount_row {
    const char *path, *real;
};
extern const struct mount_row mounts[CONFIGURATIONS][MOST_MOUNTS];

/* Descriptors of the roots, and which entry the inode of a reference's tree is. */
struct roots {
    int reference[CONFIGURATIONS];
    dev_t devices[CONFIGURATIONS];
    ino_t inodes[CONFIGURATIONS][MOST_ENTRIES];
    int ours;
};
extern struct roots roots;

/* Make them all, from the image in tree_image.h, which is then the process's. The process is root in a namespace of its
   own; afterwards permissions count for it. */
void make_roots(void);

#endif
