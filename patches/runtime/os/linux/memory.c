/* Whether memory can be read. */

#include "os/memory.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel reads the new signal mask before it checks `how`, which is invalid here, and returns EFAULT:
   rt_sigprocmask(2). */
bool
pypkg_is_readable(const void *address)
{
    int saved = errno;
    bool readable = syscall(SYS_rt_sigprocmask, -1, address, NULL, 8) == 0 || errno != EFAULT;

    errno = saved;
    return readable;
}
