/* What the runtime needs of an operating system.

   A system is a folder here, with CMake's name of it in lower case. `posix` has what all POSIX systems share: there the
   folder of a system has only the functions that differ, elsewhere all of them. The layers above include no header of a
   system but those of ISO C; the exceptions are the fronts, whose calls have the system's own types.

   A system implements

   - os/files.h: what is at a path, links, the working directory, descriptors and what they refer to
   - os/memory_file.h: files without a name
   - os/memory.h: where the program is, whether memory can be read, which process owns it
   - os/process.h: rights, environment, the path of the executable, loading libraries and starting programs
   - os/cache.h: where caches are, and whether others can change their files

   errno is set as POSIX says, with the values of the system's errno.h. */

#ifndef PYPKG_OS_H
#define PYPKG_OS_H

#include "os/cache.h"
#include "os/files.h"
#include "os/memory.h"
#include "os/memory_file.h"
#include "os/process.h"

#endif
