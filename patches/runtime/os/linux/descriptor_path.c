/* Paths of descriptors: /proc/self/fd (proc(5)). */

#include "os/files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "/proc/self/fd/"

void
pypkg_descriptor_path(int fd, char out[PYPKG_DESCRIPTOR_PATH_SIZE])
{
    memcpy(out, FOLDER, sizeof(FOLDER) - 1);
    pypkg_put_decimal(out + sizeof(FOLDER) - 1, (uint32_t)fd);
}

bool
pypkg_has_descriptor_paths(void)
{
    /* Not access(2), which asks with the rights of a privileged process's caller. */
    struct stat status;
    return stat(FOLDER, &status) == 0;
}

int
pypkg_descriptor_of_path(const char *path)
{
    char *end;

    if (strncmp(path, FOLDER, sizeof(FOLDER) - 1) != 0) {
        return -1;
    }
    long fd = strtol(path + sizeof(FOLDER) - 1, &end, 10);
    return end != path + sizeof(FOLDER) - 1 && *end == '\0' && fd >= 0 && fd <= INT32_MAX ? (int)fd : -1;
}

int64_t
pypkg_descriptor_target(int fd, char *out, size_t size)
{
    char path[PYPKG_DESCRIPTOR_PATH_SIZE];

    pypkg_descriptor_path(fd, path);
    return readlink(path, out, size);
}
