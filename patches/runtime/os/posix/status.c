/* The status of files, by POSIX calls alone. */

#include "os/posix/status.h"

#include <fcntl.h>

void
pypkg_take_status(const struct stat *status, struct pypkg_status *out)
{
    *out = (struct pypkg_status){
        .kind = pypkg_kind_of_mode(status->st_mode),
        .permission = (uint32_t)(status->st_mode & 07777),
        .size = (uint64_t)status->st_size,
        .links = (uint64_t)status->st_nlink,
        .owner = (uint64_t)status->st_uid,
        .device = (uint64_t)status->st_dev,
        .inode = (uint64_t)status->st_ino,
        .modified = pypkg_modified(status),
        .changed = pypkg_changed(status),
    };
}

int
pypkg_status_at(pypkg_directory directory, const char *path, bool follow, struct pypkg_status *out)
{
    struct stat status;

    if (fstatat(directory, path, &status, follow ? 0 : AT_SYMLINK_NOFOLLOW) < 0) {
        return -1;
    }
    pypkg_take_status(&status, out);
    return 0;
}

int
pypkg_status_of(int fd, struct pypkg_status *out)
{
    struct stat status;

    if (fstat(fd, &status) < 0) {
        return -1;
    }
    pypkg_take_status(&status, out);
    return 0;
}

bool
pypkg_is_root(const struct pypkg_status *directory)
{
    struct pypkg_status root;
    return pypkg_status_at(AT_FDCWD, "/", true, &root) == 0 && pypkg_is_same_file(directory, &root);
}
