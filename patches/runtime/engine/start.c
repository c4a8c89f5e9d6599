/* Opening the image when the process starts. */

#include "engine/start.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/forks.h"
#include "engine/state.h"

/* Whether 8 bytes can be read: the pages after the end of a truncated file are mapped, but reading them raises SIGBUS.
   The kernel reads the new signal mask before it checks `how`, which is invalid here, and returns EFAULT. */
static bool
is_readable(const void *address)
{
#if defined(__linux__)
    int saved = errno;
    bool readable = syscall(SYS_rt_sigprocmask, -1, address, NULL, 8) == 0 || errno != EFAULT;
    errno = saved;
    return readable;
#else
    (void)address;
    return true;
#endif
}

const char *
pypkg_start_with(const void *data, uint64_t size)
{
    const uint8_t *bytes = data;

    pypkg_state.ready = false;
    if (size < sizeof(struct pypkg_header) || !is_readable(bytes) || !is_readable(bytes + size - 8)) {
        return "the image is truncated";
    }
    const char *problem = pypkg_image_open(&pypkg_state.image, data, size);
#if !defined(PYPKG_UNCHECKED) /* for tests of what the checksums protect */
    if (problem == NULL && !pypkg_image_is_whole(&pypkg_state.image)) {
        problem = "the image is corrupt: its tables do not match their checksum";
    }
#endif
    pypkg_state.ready = problem == NULL;
    pypkg_watch_forks();
    return problem;
}

const char *
pypkg_start(void)
{
    uint64_t size;
    const void *data = pypkg_attached_image(&size);
    return data == NULL ? NULL : pypkg_start_with(data, size);
}
