/* This process: its rights, its environment, its executable, what it can load and start. Independent of the image. */

#ifndef PYPKG_OS_PROCESS_H
#define PYPKG_OS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- rights: os/linux/privilege.c for each system --- */

/* Whether this process has more rights than its caller: set-user-ID, set-group-ID, file capabilities. Such a process
   takes nothing from its environment, and stays privileged when it gives up these rights. */
bool pypkg_is_privileged(void);

/* --- environment: os/environment.c, the only file that reads it --- */

/* The value of a variable; NULL if it is unset, and always in a privileged process. */
const char *pypkg_environment(const char *name);

/* Whether a variable is set, also in a privileged process: for what is refused there and not ignored. */
bool pypkg_is_set(const char *name);

/* --- executable: os/linux/executable.c for each system --- */

/* The absolute path of this executable, or "". It lives as long as the process. Call it before any thread is started. */
const char *pypkg_executable_path(void);

/* --- loading: os/linux/loader.c for each system --- */

/* Whether this process can load libraries: a static executable has no loader. */
bool pypkg_has_loader(void);

/* Whether a message of dlerror says that a file must not be mapped as code, because of how its file system is mounted or
   of a security policy. */
bool pypkg_forbids_mapping(const char *message);

/* --- starting: os/linux/start.c for each system --- */

/* Replace this process by the program that is open as `fd`. Returns -1 with errno: ENOSYS if the system cannot. Usable
   between vfork and exec. */
int pypkg_execute_descriptor(int fd, char *const argv[], char *const envp[]);

/* --- os/posix/process.c --- */

/* Fresh memory from the system, zeros; `populated`: its pages are there at once, where the system can do that. NULL
   without memory. Takes no lock: usable between vfork and exec. */
void *pypkg_map_memory(size_t size, bool populated);
void pypkg_unmap_memory(void *memory, size_t size);

/* End as Ctrl-C ends a process that does not handle it, so that the parent sees that. Returns the exit code to use if
   the process still runs. */
int pypkg_end_by_interrupt(void);

/* The number of this thread; a child made by vfork has another one than its parent. */
uint64_t pypkg_thread_id(void);

#endif
