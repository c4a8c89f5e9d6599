/* Calls that change a file system. Below /snapshot they answer EROFS, as on any file system mounted read-only. */

#include "vfs.h"

/* What the caller must do with a path it wanted to change: call the system (PYPKG_REAL, with the route's path), or
   fail with the errno that is set. `what_is_there` is the errno for a path that exists. */
static bool
is_real(int dirfd, const char *path, int what_is_there, struct pypkg_route *route)
{
    route->dirfd = dirfd;
    route->path = path;
    if (!pypkg_concerns(dirfd, path)) {
        return true;
    }
    switch (pypkg_follow(dirfd, path, false, route)) {
    case PYPKG_REAL:
        return true;
    case PYPKG_VIRTUAL:
        errno = what_is_there;
        return false;
    default:
        errno = errno == ENOENT ? EROFS : errno;
        return false;
    }
}

/* Change something about a file that must exist: ENOENT stays ENOENT. */
static bool
is_real_file(int dirfd, const char *path, struct pypkg_route *route)
{
    route->dirfd = dirfd;
    route->path = path;
    if (!pypkg_concerns(dirfd, path)) {
        return true;
    }
    switch (pypkg_follow(dirfd, path, true, route)) {
    case PYPKG_REAL:
        return true;
    case PYPKG_VIRTUAL:
        errno = EROFS;
        return false;
    default:
        return false;
    }
}

int
pypkg_mkdirat(int dirfd, const char *path, mode_t mode)
{
    struct pypkg_route route;
    return is_real(dirfd, path, EEXIST, &route) ? mkdirat(route.dirfd, route.path, mode) : -1;
}

int
pypkg_mkdir(const char *path, mode_t mode)
{
    return pypkg_mkdirat(AT_FDCWD, path, mode);
}

int
pypkg_renameat(int from_dirfd, const char *from, int to_dirfd, const char *to)
{
    struct pypkg_route source, target;
    if (!is_real_file(from_dirfd, from, &source) || !is_real(to_dirfd, to, EROFS, &target)) {
        return -1;
    }
    return renameat(source.dirfd, source.path, target.dirfd, target.path);
}

int
pypkg_rename(const char *from, const char *to)
{
    return pypkg_renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int
pypkg_unlinkat(int dirfd, const char *path, int flags)
{
    struct pypkg_route route;
    return is_real(dirfd, path, EROFS, &route) ? unlinkat(route.dirfd, route.path, flags) : -1;
}

int
pypkg_unlink(const char *path)
{
    return pypkg_unlinkat(AT_FDCWD, path, 0);
}

int
pypkg_rmdir(const char *path)
{
    return pypkg_unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int
pypkg_remove(const char *path)
{
    struct pypkg_route route;
    if (!is_real(AT_FDCWD, path, EROFS, &route)) {
        return -1;
    }
    return remove(route.path);
}

int
pypkg_fchmodat(int dirfd, const char *path, mode_t mode, int flags)
{
    struct pypkg_route route;
    return is_real_file(dirfd, path, &route) ? fchmodat(route.dirfd, route.path, mode, flags) : -1;
}

int
pypkg_chmod(const char *path, mode_t mode)
{
    return pypkg_fchmodat(AT_FDCWD, path, mode, 0);
}

int
pypkg_fchownat(int dirfd, const char *path, uid_t owner, gid_t group, int flags)
{
    struct pypkg_route route;
    return is_real_file(dirfd, path, &route) ? fchownat(route.dirfd, route.path, owner, group, flags) : -1;
}

int
pypkg_chown(const char *path, uid_t owner, gid_t group)
{
    return pypkg_fchownat(AT_FDCWD, path, owner, group, 0);
}

int
pypkg_lchown(const char *path, uid_t owner, gid_t group)
{
    return pypkg_fchownat(AT_FDCWD, path, owner, group, AT_SYMLINK_NOFOLLOW);
}

int
pypkg_utimensat(int dirfd, const char *path, const struct timespec times[2], int flags)
{
    struct pypkg_route route;
    return is_real_file(dirfd, path, &route) ? utimensat(route.dirfd, route.path, times, flags) : -1;
}

int
pypkg_utimes(const char *path, const struct timeval times[2])
{
    struct pypkg_route route;
    return is_real_file(AT_FDCWD, path, &route) ? utimes(route.path, times) : -1;
}

int
pypkg_lutimes(const char *path, const struct timeval times[2])
{
    struct pypkg_route route;
    return is_real_file(AT_FDCWD, path, &route) ? lutimes(route.path, times) : -1;
}

int
pypkg_utime(const char *path, const struct utimbuf *times)
{
    struct pypkg_route route;
    return is_real_file(AT_FDCWD, path, &route) ? utime(route.path, times) : -1;
}

int
pypkg_truncate(const char *path, off_t size)
{
    struct pypkg_route route;
    return is_real_file(AT_FDCWD, path, &route) ? truncate(route.path, size) : -1;
}

int
pypkg_linkat(int from_dirfd, const char *from, int to_dirfd, const char *to, int flags)
{
    struct pypkg_route source, target;
    if (!is_real_file(from_dirfd, from, &source) || !is_real(to_dirfd, to, EEXIST, &target)) {
        return -1;
    }
    return linkat(source.dirfd, source.path, target.dirfd, target.path, flags);
}

int
pypkg_link(const char *from, const char *to)
{
    return pypkg_linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int
pypkg_symlinkat(const char *target, int dirfd, const char *path)
{
    struct pypkg_route route;
    return is_real(dirfd, path, EEXIST, &route) ? symlinkat(target, route.dirfd, route.path) : -1;
}

int
pypkg_symlink(const char *target, const char *path)
{
    return pypkg_symlinkat(target, AT_FDCWD, path);
}

int
pypkg_mknodat(int dirfd, const char *path, mode_t mode, dev_t device)
{
    struct pypkg_route route;
    return is_real(dirfd, path, EEXIST, &route) ? mknodat(route.dirfd, route.path, mode, device) : -1;
}

int
pypkg_mknod(const char *path, mode_t mode, dev_t device)
{
    return pypkg_mknodat(AT_FDCWD, path, mode, device);
}

int
pypkg_mkfifoat(int dirfd, const char *path, mode_t mode)
{
    struct pypkg_route route;
    return is_real(dirfd, path, EEXIST, &route) ? mkfifoat(route.dirfd, route.path, mode) : -1;
}

int
pypkg_mkfifo(const char *path, mode_t mode)
{
    return pypkg_mkfifoat(AT_FDCWD, path, mode);
}

/* A descriptor of the snapshot is one of the kernel's own files, which could be changed: it belongs to nobody else. */
static bool
is_real_descriptor(int fd)
{
    struct stat status;
    struct pypkg_found found;
    int saved = errno;
    bool ours = atomic_load_explicit(&pypkg_state.has_descriptors, memory_order_relaxed) && fstat(fd, &status) == 0
        && pypkg_fd_find(fd, &status, &found);

    errno = ours ? EROFS : saved;
    return !ours;
}

int
pypkg_fchmod(int fd, mode_t mode)
{
    return is_real_descriptor(fd) ? fchmod(fd, mode) : -1;
}

int
pypkg_fchown(int fd, uid_t owner, gid_t group)
{
    return is_real_descriptor(fd) ? fchown(fd, owner, group) : -1;
}

int
pypkg_futimens(int fd, const struct timespec times[2])
{
    return is_real_descriptor(fd) ? futimens(fd, times) : -1;
}

int
pypkg_futimes(int fd, const struct timeval times[2])
{
    return is_real_descriptor(fd) ? futimes(fd, times) : -1;
}

#if defined(__linux__)

int
pypkg_fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)
{
    return is_real_descriptor(fd) ? fsetxattr(fd, name, value, size, flags) : -1;
}

int
pypkg_fremovexattr(int fd, const char *name)
{
    return is_real_descriptor(fd) ? fremovexattr(fd, name) : -1;
}

#endif
