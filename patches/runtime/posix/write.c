/* Calls that change a file system. Below /snapshot they fail with EROFS, as on any file system mounted read-only. */

#include "posix/fd_table.h"
#include "engine/reroute.h"
#include "posix/front.h"

/* The system checks that the directory exists before it checks that the file system is writable; the order of these
   checks differs between calls. It is Linux's (fs/namei.c); tests/bases/conformance compares the two. */

/* The error for a name that was to be created. */
static int
refuse_new(const struct pypkg_route *route, const char *path, bool directory)
{
    if (route->where == PYPKG_VIRTUAL) {
        return pypkg_fail(EEXIST);
    }
    if (route->error != ENOENT || !pypkg_has_parent(route)) {
        return pypkg_fail(route->error);
    }
    bool slash = path[pypkg_stripped_size(path)] != '\0';
    return pypkg_fail(slash && !directory ? ENOENT : EROFS);
}

/* The error for a name that was to be removed, whether it exists or not. */
static int
refuse_old(const struct pypkg_route *route, const char *path, bool directory)
{
    int dots = pypkg_last_dots(path);

    if (!pypkg_has_parent(route)) {
        return pypkg_fail(route->error);
    }
    if (dots > 0) {
        return pypkg_fail(!directory ? EISDIR : dots == 1 ? EINVAL : ENOTEMPTY);
    }
    return pypkg_fail(EROFS);
}

/* 0 if the directory of a real path's last name exists, else the errno. */
static int
real_parent_error(const struct pypkg_route *route)
{
    char parent[PYPKG_MAX_PATH + 1];
    struct stat status;
    size_t name = pypkg_last_name(route->path, pypkg_stripped_size(route->path));

    if (name == 0) {
        return 0;
    }
    if (name > PYPKG_MAX_PATH) {
        return ENAMETOOLONG;
    }
    memcpy(parent, route->path, name);
    parent[name] = '\0';
    return fstatat(route->directory, parent, &status, 0) < 0 ? errno : S_ISDIR(status.st_mode) ? 0 : ENOTDIR;
}

static int
parent_error(const struct pypkg_route *route)
{
    if (route->where == PYPKG_REAL) {
        return real_parent_error(route);
    }
    return pypkg_has_parent(route) ? 0 : route->error;
}

/* The error for a file that was to be changed; it must exist. */
static int
refuse_file(const struct pypkg_route *route)
{
    return pypkg_fail(route->where == PYPKG_VIRTUAL ? EROFS : route->error);
}

/* As PYPKG_TRY_REAL, for a call with two paths that creates the second. */
#define TRY_BOTH_REAL(source, target, system_call)                                             \
    while ((source).where == PYPKG_REAL && (target).where == PYPKG_REAL) {                     \
        if (pypkg_reroute_root(&(target))) {                                                   \
            continue;                                                                          \
        }                                                                                      \
        int result_ = (system_call);                                                           \
        if (result_ == 0 || !(pypkg_is_rerouted(&(source)) || pypkg_is_rerouted(&(target)))) { \
            return result_;                                                                    \
        }                                                                                      \
    }

#define CREATE_NAME(name, dirfd, path, directory, system_call) \
    struct pypkg_route route;                                  \
    pypkg_route_name(&route, name, dirfd, path);               \
    route.creates = true;                                      \
    PYPKG_TRY_REAL(&route, int, -1, system_call);              \
    return refuse_new(&route, path, directory)

#define REMOVE_NAME(name, dirfd, path, directory, system_call) \
    struct pypkg_route route;                                  \
    pypkg_route_name(&route, name, dirfd, path);               \
    PYPKG_TRY_REAL(&route, int, -1, system_call);              \
    return refuse_old(&route, path, directory)

#define CHANGE_FILE(name, dirfd, path, follow, system_call) \
    struct pypkg_route route;                               \
    pypkg_route(&route, name, dirfd, path, follow);         \
    PYPKG_TRY_REAL(&route, int, -1, system_call);           \
    return refuse_file(&route)

int
pypkg_mkdirat(int dirfd, const char *path, mode_t mode)
{
    CREATE_NAME("mkdirat", dirfd, path, true, mkdirat(route.directory, route.path, mode));
}

int
pypkg_mkdir(const char *path, mode_t mode)
{
    return pypkg_mkdirat(AT_FDCWD, path, mode);
}

/* A rename between the snapshot and another file system is EXDEV, which makes shutil.move copy. */
static int
refuse_rename(const struct pypkg_route *source, const char *from, const struct pypkg_route *target, const char *to)
{
    int error = parent_error(source);

    error = error != 0 ? error : parent_error(target);
    if (error != 0) {
        return pypkg_fail(error);
    }
    if ((source->where == PYPKG_REAL) != (target->where == PYPKG_REAL)) {
        return pypkg_fail(EXDEV);
    }
    return pypkg_fail(pypkg_last_dots(from) > 0 || pypkg_last_dots(to) > 0 ? EBUSY : EROFS);
}

static int
refuse_link(const struct pypkg_route *source, const struct pypkg_route *target, const char *to)
{
    struct stat status;

    if (source->where == PYPKG_FAILED) {
        return pypkg_fail(source->error);
    }
    if (source->where == PYPKG_REAL
        && fstatat(source->directory, source->path, &status, source->follow ? 0 : AT_SYMLINK_NOFOLLOW) < 0) {
        return -1;
    }
    if (target->where != PYPKG_REAL) {
        return refuse_new(target, to, false);
    }
    if (fstatat(target->directory, target->path, &status, AT_SYMLINK_NOFOLLOW) == 0) {
        return pypkg_fail(EEXIST);
    }
    int error = real_parent_error(target);
    return pypkg_fail(error != 0 ? error : EXDEV);
}

int
pypkg_renameat(int from_dirfd, const char *from, int to_dirfd, const char *to)
{
    struct pypkg_route source, target;

    pypkg_route_name(&source, "rename", from_dirfd, from);
    pypkg_route_name(&target, "rename", to_dirfd, to);
    TRY_BOTH_REAL(source, target, renameat(source.directory, source.path, target.directory, target.path));
    return refuse_rename(&source, from, &target, to);
}

int
pypkg_rename(const char *from, const char *to)
{
    return pypkg_renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int
pypkg_unlinkat(int dirfd, const char *path, int flags)
{
    REMOVE_NAME("unlinkat", dirfd, path, (flags & AT_REMOVEDIR) != 0, unlinkat(route.directory, route.path, flags));
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
    REMOVE_NAME("remove", AT_FDCWD, path, false, remove(route.path));
}

int
pypkg_fchmodat(int dirfd, const char *path, mode_t mode, int flags)
{
    CHANGE_FILE("fchmodat", dirfd, path, !(flags & AT_SYMLINK_NOFOLLOW),
                fchmodat(route.directory, route.path, mode, flags));
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
                fchownat(route.directory, route.path, owner, group, flags));
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
                utimensat(route.directory, route.path, times, flags));
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
    struct pypkg_route route;

    pypkg_route(&route, "truncate", AT_FDCWD, path, true);
    PYPKG_TRY_REAL(&route, int, -1, truncate(route.path, size));
    bool directory = route.where == PYPKG_VIRTUAL && route.found.entry.type == PYPKG_DIRECTORY;
    return directory ? pypkg_fail(EISDIR) : refuse_file(&route);
}

int
pypkg_linkat(int from_dirfd, const char *from, int to_dirfd, const char *to, int flags)
{
    struct pypkg_route source, target;

    pypkg_route(&source, "link", from_dirfd, from, (flags & AT_SYMLINK_FOLLOW) != 0);
    pypkg_route_name(&target, "link", to_dirfd, to);
    TRY_BOTH_REAL(source, target, linkat(source.directory, source.path, target.directory, target.path, flags));
    return refuse_link(&source, &target, to);
}

int
pypkg_link(const char *from, const char *to)
{
    return pypkg_linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int
pypkg_symlinkat(const char *target, int dirfd, const char *path)
{
    CREATE_NAME("symlinkat", dirfd, path, false, symlinkat(target, route.directory, route.path));
}

int
pypkg_symlink(const char *target, const char *path)
{
    return pypkg_symlinkat(target, AT_FDCWD, path);
}

int
pypkg_mknodat(int dirfd, const char *path, mode_t mode, dev_t device)
{
    CREATE_NAME("mknodat", dirfd, path, false, mknodat(route.directory, route.path, mode, device));
}

int
pypkg_mknod(const char *path, mode_t mode, dev_t device)
{
    return pypkg_mknodat(AT_FDCWD, path, mode, device);
}

int
pypkg_mkfifoat(int dirfd, const char *path, mode_t mode)
{
    CREATE_NAME("mkfifoat", dirfd, path, false, mkfifoat(route.directory, route.path, mode));
}

int
pypkg_mkfifo(const char *path, mode_t mode)
{
    return pypkg_mkfifoat(AT_FDCWD, path, mode);
}

/* The memory file of a virtual descriptor could be changed, so the call must not reach it. Sets errno if `fd` is
   one. */
static bool
is_real_descriptor(int fd)
{
    struct pypkg_found found;

    if (pypkg_fd_entry(fd, &found)) {
        errno = EROFS;
        return false;
    }
    return true;
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

#if defined(PYPKG_HAS_XATTR)

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
