/* This process: its rights, and what it learns from its environment. Independent of the image. */

#ifndef PYPKG_OS_PROCESS_H
#define PYPKG_OS_PROCESS_H

#include <stdbool.h>

/* --- one file for each system: os/linux/privilege.c --- */

/* Whether this process has more rights than its caller: set-user-ID, set-group-ID, file capabilities. Such a process
   takes nothing from its environment, and stays privileged when it gives up these rights. */
bool pypkg_is_privileged(void);

/* --- environment.c, the only file that reads the environment --- */

/* The value of a variable; NULL if it is unset, and always in a privileged process. */
const char *pypkg_environment(const char *name);

/* Whether a variable is set, also in a privileged process: for what is refused there and not ignored. */
bool pypkg_is_set(const char *name);

/* --- one file for each system: os/linux/cache_roots.c --- */

/* Where a user's caches are: in the value of a variable, if that is an absolute path, followed by `suffix`. */
struct pypkg_cache_root {
    const char *variable;
    const char *suffix;
};

/* The first one that is there counts. The last row is zeros. */
extern const struct pypkg_cache_root pypkg_cache_roots[];

#endif
