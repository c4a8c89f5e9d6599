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
    int moved = pypkg_duplicate(fd), saved = errno;
    close(fd);
    errno = saved;
    return moved;
}

int
pypkg_create_above_standard(int (*create)(void *argument), void *argument)
{
    bool taken[FIRST_ABOVE_STANDARD] = {false};
    int fd = create(argument);

    while (fd >= 0 && fd < FIRST_ABOVE_STANDARD) {
        taken[fd] = true;
        fd = create(argument);
    }
    int saved = errno;
    for (int low = 0; low < FIRST_ABOVE_STANDARD; low++) {
        if (taken[low]) {
            close(low);
        }
    }
    errno = saved;
    return fd;
}

int
pypkg_duplicate(int fd)
{
    return fcntl(fd, F_DUPFD_CLOEXEC, FIRST_ABOVE_STANDARD);
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
