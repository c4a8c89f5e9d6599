/* The memory of this process: where the program is, what can be read, and which process owns it. */

#ifndef PYPKG_OS_MEMORY_H
#define PYPKG_OS_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* The address of the program: where the loader has mapped the first byte of its file. */
const void *pypkg_program_start(void);

/* Whether 8 bytes can be read; true where the system cannot tell. The pages after the end of a truncated file are mapped,
   but reading them ends the process. errno is not changed. */
bool pypkg_is_readable(const void *address);

/* Record this process, and from now on each child made by fork, as the owner of its memory. */
void pypkg_watch_forks(void);

/* Whether this process is a child made by vfork: its memory is its parent's. */
bool pypkg_is_vforked(void);

/* The number of this process. */
uint64_t pypkg_process_id(void);

#endif
