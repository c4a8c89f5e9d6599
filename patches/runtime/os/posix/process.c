/* Memory and signals of this process, by POSIX calls alone. */

#include "os/process.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

void *
pypkg_map_memory(size_t size, bool populated)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;

#if defined(MAP_POPULATE)
    flags |= populated ? MAP_POPULATE : 0;
#else
    (void)populated;
#endif
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

void
pypkg_unmap_memory(void *memory, size_t size)
{
    munmap(memory, size);
}

int
pypkg_end_by_interrupt(void)
{
    signal(SIGINT, SIG_DFL);
    kill(getpid(), SIGINT);
    return SIGINT + 128;
}
