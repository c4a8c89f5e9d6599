/* Calls that change a file system. Below /snapshot they answer EROFS, as on any file system mounted read-only. */

#include "vfs.h"

/* The answer for a name that was to be made or taken away. `what_is_there` is the errno for a path that exists. */
static int
refuse_name(const struct pypkg_route *route, int what_is_there)
{
    errno = route->where == PYPKG_VIRTUAL ? what_is_there : route->error == ENOENT ? EROFS : route->error;
    return -1;
}

/* The answer for a file that was to be changed and must exist: ENOENT stays ENOENT. */
static int
refuse_file(const struct pypkg_route *route)
{
    errno = route->where == PYPKG_VIRTUAL ? EROFS : route->error;
    return -1;
}

#define CHANGE_NAME(name, dirfd, path, what_is_there, system_call) \
    struct pypkg_route route;                                      \
    pypkg_route(&route, name, dirfd, path, false);                 \
    PYPKG_TRY_REAL(&route, int, -1, system_call);                  \
    return refuse_name(&route, what_is_there)

#define CHANGE_FILE(name, dirfd, path, follow, system_call) \
    struct pypkg_route route;                               \
    pypkg_route(&route, name, dirfd, path, follow);         \
    PYPKG_TRY_REAL(&route, int, -1, system_call);           \
    return refuse_file(&route)

int
pypkg_mkdirat(int dirfd, const char *path, mode_t mode)
{
    CHANGE_NAME("mkdirat", dirfd, path, EEXIST, mkdirat(route.dirfd, route.path, mode));
}

int
pypkg_mkdir(const char *path, mode_t mode)
{
    return pypkg_mkdirat(AT_FDCWD, path, mode);
}

/* Of two paths the first that the snapshot answers for decides. */
static int
refuse_pair(const struct pypkg_route *source, const struct pypkg_route *target, int what_is_there)
{
    return source->where != PYPKG_REAL ? refuse_file(source) : refuse_name(target, what_is_there);
}

int
pypkg_renameat(int from_dirfd, const char *from, int to_dirfd, const char *to)
{
    struct pypkg_route source, target;

    pypkg_route(&source, "rename", from_dirfd, from, false);
    pypkg_route(&target, "rename", to_dirfd, to, false);
    while (source.where == PYPKG_REAL && target.where == PYPKG_REAL) {
        int result = renameat(source.dirfd, source.path, target.dirfd, target.path);
        if (result == 0 || !(pypkg_rerouted(&source) || pypkg_rerouted(&target))) {
            return result;
        }
    }
    return refuse_pair(&source, &target, EROFS);
}

int
pypkg_rename(const char *from, const char *to)
{
    return pypkg_renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int
pypkg_unlinkat(int dirfd, const char *path, int flags)
{
    CHANGE_NAME("unlinkat", dirfd, path, EROFS, unlinkat(route.dirfd, route.path, flags));
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
    CHANGE_NAME("remove", AT_FDCWD, path, EROFS, remove(route.path));
}

int
pypkg_fchmodat(int dirfd, const char *path, mode_t mode, int flags)
{
    CHANGE_FILE("fchmodat", dirfd, path, !(flags & AT_SYMLINK_NOFOLLOW), fchmodat(route.dirfd, route.path, mode, flags));
}

int
pypkg_chmod(const char *path, mode_t mode)
{
    return pypkg_fchmodat(AT_FDCWD, path, mode, 0);
}

int
pypkg_fchownat(int dirfd, const char *path, uid_t owner, gid_t group, int flags)
{
    CHANGE_FILE("fchownat", dirfd, path, !(flags & AT_SYMLINK_NOFOLLOW),
                fchownat(route.dirfd, route.path, owner, group, flags));
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
    CHANGE_FILE("utimensat", dirfd, path, !(flags & AT_SYMLINK_NOFOLLOW),
                utimensat(route.dirfd, route.path, times, flags));
}

int
pypkg_utimes(const char *path, const struct timeval times[2])
{
    CHANGE_FILE("utimes", AT_FDCWD, path, true, utimes(route.path, times));
}

int
pypkg_lutimes(const char *path, const struct timeval times[2])
{
    CHANGE_FILE("lutimes", AT_FDCWD, path, false, lutimes(route.path, times));
}

int
pypkg_utime(const char *path, const struct utimbuf *times)
{
    CHANGE_FILE("utime", AT_FDCWD, path, true, utime(route.path, times));
}

int
pypkg_truncate(const char *path, off_t size)
{
    CHANGE_FILE("truncate", AT_FDCWD, path, true, truncate(route.path, size));
}

int
pypkg_linkat(int from_dirfd, const char *from, int to_dirfd, const char *to, int flags)
{
    struct pypkg_route source, target;

    pypkg_route(&source, "link", from_dirfd, from, (flags & AT_SYMLINK_FOLLOW) != 0);
    pypkg_route(&target, "link", to_dirfd, to, false);
    while (source.where == PYPKG_REAL && target.where == PYPKG_REAL) {
        int result = linkat(source.dirfd, source.path, target.dirfd, target.path, flags);
        if (result == 0 || !(pypkg_rerouted(&source) || pypkg_rerouted(&target))) {
            return result;
        }
    }
    return refuse_pair(&source, &target, EEXIST);
}

int
pypkg_link(const char *from, const char *to)
{
    return pypkg_linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int
pypkg_symlinkat(const char *target, int dirfd, const char *path)
{
    CHANGE_NAME("symlinkat", dirfd, path, EEXIST, symlinkat(target, route.dirfd, route.path));
}

int
pypkg_symlink(const char *target, const char *path)
{
    return pypkg_symlinkat(target, AT_FDCWD, path);
}

int
pypkg_mknodat(int dirfd, const char *path, mode_t mode, dev_t device)
{
    CHANGE_NAME("mknodat", dirfd, path, EEXIST, mknodat(route.dirfd, route.path, mode, device));
}

int
pypkg_mknod(const char *path, mode_t mode, dev_t device)
{
    return pypkg_mknodat(AT_FDCWD, path, mode, device);
}

int
pypkg_mkfifoat(int dirfd, const char *path, mode_t mode)
{
    CHANGE_NAME("mkfifoat", dirfd, path, EEXIST, mkfifoat(route.dirfd, route.path, mode));
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
