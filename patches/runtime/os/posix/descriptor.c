/* Descriptors, by POSIX calls alone. */

#include "os/files.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define FIRST_ABOVE_STANDARD 3

int
pypkg_above_standard(int fd)
{
    if (fd < 0 || fd >= FIRST_ABOVE_STANDARD) {
        return fd;
    }
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_ABOVE_STANDARD), saved = errno;
    close(fd);
    errno = saved;
    return moved;
}

int
pypkg_write_all(int fd, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, data, size);
        if (written < 0) {
            if (errno == EINTR) {
                continue;
            }
            return -1;
        }
        data += written;
        size -= (size_t)written;
    }
    return 0;
}

bool
pypkg_directory_path(pypkg_directory directory, char *out, size_t size)
{
    if (directory == AT_FDCWD) {
        return getcwd(out, size) != NULL;
    }
    int64_t target = pypkg_descriptor_target(directory, out, size - 1);
    if (target <= 0) {
        return false;
    }
    out[target] = '\0';
    return true;
}
