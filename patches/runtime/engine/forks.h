/* Whether this process is a child made by vfork, which runs in its parent's memory. */

#ifndef PYPKG_FORKS_H
#define PYPKG_FORKS_H

#include <stdbool.h>

/* Record this process, and from now on each child made by fork, as the owner of its memory. */
void pypkg_watch_forks(void);

/* Whether this process is a child made by vfork: its memory is its parent's. */
bool pypkg_is_vforked(void);

#endif
