/* Real files, by POSIX calls alone. */

#include "os/files.h"

#include <errno.h>
#include <unistd.h>

char *
pypkg_put_decimal(char *out, uint32_t number)
{
    char digits[10];
    size_t count = 0;

    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (count > 0) {
        *out++ = digits[--count];
    }
    *out = '\0';
    return out;
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
pypkg_is_root(const struct stat *directory)
{
    struct stat root;
    return stat("/", &root) == 0 && pypkg_is_same_file(directory, &root);
}
