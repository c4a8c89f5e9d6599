/* Starting programs. */

#include "os/process.h"

#include <sys/syscall.h>
#include <unistd.h>

int
pypkg_execute_descriptor(int fd, char *const argv[], char *const envp[])
{
    return fexecve(fd, argv, envp);
}

/* Not getpid: glibc before 2.25 caches its result. */
uint64_t
pypkg_thread_id(void)
{
    return (uint64_t)syscall(SYS_gettid);
}
