/* The root directories that paths are fuzzed in: one for each set of mounts, for the kernel; and ours, without
   /snapshot. */

#ifndef PATH_ROOTS_H
#define PATH_ROOTS_H

#include "posix/front.h"

#define CONFIGURATIONS 5
#define MOST_MOUNTS 2
#define MOST_ENTRIES 256

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The sets of mounts, each with its own reference root; the rest of a row is NULL. */
struct mount_row {
    const char *path, *real;
};
extern const struct mount_row mounts[CONFIGURATIONS][MOST_MOUNTS];

/* Descriptors of the roots, and the inodes of the entries in the reference roots. */
struct roots {
    int reference[CONFIGURATIONS];
    dev_t devices[CONFIGURATIONS];
    ino_t inodes[CONFIGURATIONS][MOST_ENTRIES];
    int ours;
};
extern struct roots roots;

/* Make all of them, from the image in tree_image.h, which becomes the process's. Afterwards permissions apply to the
   process, although it is root in its namespace. */
void make_roots(void);

#endif
