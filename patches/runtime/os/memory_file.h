/* Memory files: files without a name, which the descriptors of virtual files refer to. One implementation for each
   system: os/linux/memory_file.c. */

#ifndef PYPKG_OS_MEMORY_FILE_H
#define PYPKG_OS_MEMORY_FILE_H

#include <stdbool.h>
#include <stdint.h>

/* A new empty file, open for reading and writing, close-on-exec, its descriptor above those of standard streams. Where
   the system has or allows no memory files it is an unlinked temporary file. `number` is shown by the system in the
   name of the file; nothing depends on it. One that is `executable` can be started by its descriptor. Returns -1 with
   errno. */
int pypkg_memory_file(uint32_t number, bool executable);

/* Forbid every change of a memory file. Returns 0, or -1 with errno. */
int pypkg_seal(int fd);

/* Whether nobody can change a file any more. */
bool pypkg_is_sealed(int fd);

/* Open the file of a descriptor again, for reading only. Of `flags`, as for open(2), those that concern the descriptor
   are used. Returns -1 with errno. */
int pypkg_open_again(int fd, int flags);

#endif
