/* stat and its family on the snapshot. */

#include "posix/fd_table.h"
#include "engine/reroute.h"
#include "posix/front.h"

#define BLOCK_SIZE 4096

/* The time of the image; where time_t has 32 bits, one that does not fit becomes the last or first that does, as on file
   systems with such a limit. */
static time_t
image_time(void)
{
    const int64_t time = pypkg_state.image.mtime;
    const int64_t last = sizeof(time_t) == sizeof(int64_t) ? INT64_MAX : INT32_MAX;

    return (time_t)(time > last ? last : time < -last - 1 ? -last - 1 : time);
}

void
pypkg_fill_stat(const struct pypkg_found *found, struct stat *status)
{
    const struct pypkg_entry *entry = &found->entry;
    mode_t type = entry->type == PYPKG_DIRECTORY ? S_IFDIR : entry->type == PYPKG_LINK ? S_IFLNK : S_IFREG;

    memset(status, 0, sizeof(*status));
    status->st_dev = PYPKG_DEVICE;
    status->st_ino = (ino_t)found->index + 1;
    status->st_mode = type | (entry->mode & 0777);
    /* As on file systems that do not count links: 2 would mean "a directory without subdirectories". */
    status->st_nlink = 1;
    status->st_size = entry->type == PYPKG_DIRECTORY ? BLOCK_SIZE : (off_t)entry->size;
    status->st_blksize = BLOCK_SIZE;
    status->st_blocks = (blkcnt_t)(status->st_size / 512 + (status->st_size % 512 != 0));
    status->st_atime = image_time();
    status->st_mtime = image_time();
    status->st_ctime = image_time();
}

int
pypkg_fstat(int fd, struct stat *status)
{
    int result = fstat(fd, status);
    struct pypkg_found found;

    if (result == 0 && pypkg_fd_entry_of(fd, status, &found)) {
        pypkg_fill_stat(&found, status);
    }
    return result;
}

static int
finish_stat(const struct pypkg_route *route, struct stat *status)
{
    if (route->where != PYPKG_VIRTUAL) {
        return -1;
    }
    pypkg_fill_stat(&route->found, status);
    return 0;
}

int
pypkg_fstatat(int dirfd, const char *path, struct stat *status, int flags)
{
    struct pypkg_route route;

    if (path != NULL && path[0] == '\0' && (flags & PYPKG_AT_EMPTY_PATH)) {
        if (dirfd != AT_FDCWD) {
            return pypkg_fstat(dirfd, status);
        }
        path = ".";
    }
    pypkg_route(&route, "fstatat", dirfd, path, !(flags & AT_SYMLINK_NOFOLLOW));
    PYPKG_TRY_REAL(&route, int, -1, fstatat(route.directory, route.path, status, flags));
    return finish_stat(&route, status);
}

int
pypkg_stat(const char *path, struct stat *status)
{
    struct pypkg_route route;

    pypkg_route(&route, "stat", AT_FDCWD, path, true);
    PYPKG_TRY_REAL(&route, int, -1, stat(route.path, status));
    return finish_stat(&route, status);
}

int
pypkg_lstat(const char *path, struct stat *status)
{
    struct pypkg_route route;

    pypkg_route(&route, "lstat", AT_FDCWD, path, false);
    PYPKG_TRY_REAL(&route, int, -1, lstat(route.path, status));
    return finish_stat(&route, status);
}

static int
check_access(const struct pypkg_entry *entry, int mode)
{
    if (mode & W_OK) {
        return pypkg_fail(EROFS);
    }
    bool allowed = (!(mode & R_OK) || (entry->mode & 0444)) && (!(mode & X_OK) || (entry->mode & 0111));
    return allowed ? 0 : pypkg_fail(EACCES);
}

int
pypkg_faccessat(int dirfd, const char *path, int mode, int flags)
{
    struct pypkg_route route;

    pypkg_route(&route, "faccessat", dirfd, path, !(flags & AT_SYMLINK_NOFOLLOW));
    PYPKG_TRY_REAL(&route, int, -1, faccessat(route.directory, route.path, mode, flags));
    return route.where == PYPKG_VIRTUAL ? check_access(&route.found.entry, mode) : -1;
}

int
pypkg_access(const char *path, int mode)
{
    struct pypkg_route route;

    pypkg_route(&route, "access", AT_FDCWD, path, true);
    PYPKG_TRY_REAL(&route, int, -1, access(route.path, mode));
    return route.where == PYPKG_VIRTUAL ? check_access(&route.found.entry, mode) : -1;
}

static ssize_t
read_target(const struct pypkg_entry *entry, char *buffer, size_t size)
{
    if (entry->type != PYPKG_LINK || size == 0) {
        return pypkg_fail(EINVAL);
    }
    struct pypkg_text target = pypkg_string(&pypkg_state.image, entry->data_offset, entry->stored_size);
    size_t taken = target.size < size ? target.size : size;
    memcpy(buffer, target.data, taken);
    return (ssize_t)taken;
}

ssize_t
pypkg_readlinkat(int dirfd, const char *path, char *buffer, size_t size)
{
    struct pypkg_route route;

    /* An empty path is the descriptor itself: a link that was opened with O_PATH. */
    if (path != NULL && path[0] == '\0' && pypkg_fd_entry(dirfd, &route.found)
        && route.found.entry.type == PYPKG_LINK) {
        return read_target(&route.found.entry, buffer, size);
    }
    pypkg_route(&route, "readlink", dirfd, path, false);
    PYPKG_TRY_REAL(&route, ssize_t, -1, readlinkat(route.directory, route.path, buffer, size));
    return route.where == PYPKG_VIRTUAL ? read_target(&route.found.entry, buffer, size) : -1;
}

ssize_t
pypkg_readlink(const char *path, char *buffer, size_t size)
{
    return pypkg_readlinkat(AT_FDCWD, path, buffer, size);
}

static void
fill_statvfs(struct statvfs *status)
{
    memset(status, 0, sizeof(*status));
    status->f_bsize = BLOCK_SIZE;
    status->f_frsize = BLOCK_SIZE;
    status->f_blocks = (fsblkcnt_t)((pypkg_state.image.size + BLOCK_SIZE - 1) / BLOCK_SIZE);
    status->f_files = pypkg_count(&pypkg_state.image, PYPKG_ENTRIES);
    status->f_flag = ST_RDONLY;
    status->f_namemax = PYPKG_MAX_NAME;
}

int
pypkg_statvfs(const char *path, struct statvfs *status)
{
    struct pypkg_route route;

    pypkg_route(&route, "statvfs", AT_FDCWD, path, true);
    PYPKG_TRY_REAL(&route, int, -1, statvfs(route.path, status));
    if (route.where != PYPKG_VIRTUAL) {
        return -1;
    }
    fill_statvfs(status);
    return 0;
}

int
pypkg_fstatvfs(int fd, struct statvfs *status)
{
    struct pypkg_found found;

    if (pypkg_fd_entry(fd, &found)) {
        fill_statvfs(status);
        return 0;
    }
    return fstatvfs(fd, status);
}

long
pypkg_pathconf(const char *path, int name)
{
    struct pypkg_route route;

    pypkg_route(&route, "pathconf", AT_FDCWD, path, true);
    PYPKG_TRY_REAL(&route, long, -1, pathconf(route.path, name));
    return route.where == PYPKG_VIRTUAL ? pathconf("/", name) : -1;
}
