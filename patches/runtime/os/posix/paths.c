/* What is at a path, by POSIX calls alone. */

#include "os/files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/posix/status.h"

const pypkg_directory pypkg_working_directory = AT_FDCWD;

enum pypkg_kind
pypkg_kind_at(pypkg_directory directory, const char *path, bool follow)
{
    struct stat status;

    if (fstatat(directory, path, &status, follow ? 0 : AT_SYMLINK_NOFOLLOW) < 0) {
        return PYPKG_IS_NOTHING;
    }
    return pypkg_kind_of_mode(status.st_mode);
}

bool
pypkg_exists_at(pypkg_directory directory, const char *path)
{
    return faccessat(directory, path, F_OK, 0) == 0;
}

int64_t
pypkg_read_link_at(pypkg_directory directory, const char *path, char *out, size_t size)
{
    return readlinkat(directory, path, out, size);
}

char *
pypkg_real_path(const char *path)
{
    return realpath(path, NULL);
}
