/* Calls with the path of a file. */

#include "interpose/next.h"

#if defined(PYPKG_INTERPOSES)

#include <linux/stat.h>
#include <stdarg.h>

#define NEEDS_MODE(flags) (((flags) & O_CREAT) != 0 || ((flags) & O_TMPFILE) == O_TMPFILE)

#define TAKE_MODE(flags, mode)                 \
    mode_t mode = 0;                           \
    if (NEEDS_MODE(flags)) {                   \
        va_list arguments;                     \
        va_start(arguments, flags);            \
        mode = (mode_t)va_arg(arguments, int); \
        va_end(arguments);                     \
    }

INTERPOSE(int, open, const char *path, int flags, ...)
{
    TAKE_MODE(flags, mode)
    if (!is_virtual(AT_FDCWD, path)) {
        return NEXT(open, path, flags, mode);
    }
    RUNTIME(int, pypkg_open(path, flags, mode));
}
SAME(open64, open);

INTERPOSE(int, openat, int dirfd, const char *path, int flags, ...)
{
    TAKE_MODE(flags, mode)
    if (!is_virtual(dirfd, path)) {
        return NEXT(openat, dirfd, path, flags, mode);
    }
    RUNTIME(int, pypkg_openat(dirfd, path, flags, mode));
}
SAME(openat64, openat);

/* open, compiled with _FORTIFY_SOURCE and called without a mode. */
INTERPOSE(int, __open_2, const char *path, int flags)
{
    return pypkg_at_open(path, flags, 0);
}
SAME(__open64_2, __open_2);

INTERPOSE(int, __openat_2, int dirfd, const char *path, int flags)
{
    return pypkg_at_openat(dirfd, path, flags, 0);
}
SAME(__openat64_2, __openat_2);

INTERPOSE(int, creat, const char *path, mode_t mode)
{
    if (!is_virtual(AT_FDCWD, path)) {
        return NEXT(creat, path, mode);
    }
    RUNTIME(int, pypkg_creat(path, mode));
}
SAME(creat64, creat);

INTERPOSE(FILE *, fopen, const char *path, const char *mode)
{
    if (!is_virtual(AT_FDCWD, path)) {
        return NEXT(fopen, path, mode);
    }
    RUNTIME(FILE *, pypkg_fopen(path, mode));
}
SAME(fopen64, fopen);

/* Programs linked with glibc before 2.33 call __xstat, with a version of the structure; later ones call stat. There
   is only one version. */
#define STAT_VERSION 1

INTERPOSE(int, __xstat, int version, const char *path, struct stat *status);
INTERPOSE(int, __lxstat, int version, const char *path, struct stat *status);
INTERPOSE(int, __fxstatat, int version, int dirfd, const char *path, struct stat *status, int flags);

INTERPOSE(int, stat, const char *path, struct stat *status)
{
    if (!is_virtual(AT_FDCWD, path)) {
        return HAS_NEXT(stat) ? NEXT(stat, path, status) : NEXT(__xstat, STAT_VERSION, path, status);
    }
    RUNTIME(int, pypkg_stat(path, status));
}
SAME(stat64, stat);

INTERPOSE(int, lstat, const char *path, struct stat *status)
{
    if (!is_virtual(AT_FDCWD, path)) {
        return HAS_NEXT(lstat) ? NEXT(lstat, path, status) : NEXT(__lxstat, STAT_VERSION, path, status);
    }
    RUNTIME(int, pypkg_lstat(path, status));
}
SAME(lstat64, lstat);

INTERPOSE(int, fstatat, int dirfd, const char *path, struct stat *status, int flags)
{
    if (!is_virtual(dirfd, path)) {
        return HAS_NEXT(fstatat) ? NEXT(fstatat, dirfd, path, status, flags)
                                 : NEXT(__fxstatat, STAT_VERSION, dirfd, path, status, flags);
    }
    RUNTIME(int, pypkg_fstatat(dirfd, path, status, flags));
}
SAME(fstatat64, fstatat);

INTERPOSE(int, __xstat, int version, const char *path, struct stat *status)
{
    (void)version;
    return pypkg_at_stat(path, status);
}
SAME(__xstat64, __xstat);

INTERPOSE(int, __lxstat, int version, const char *path, struct stat *status)
{
    (void)version;
    return pypkg_at_lstat(path, status);
}
SAME(__lxstat64, __lxstat);

INTERPOSE(int, __fxstatat, int version, int dirfd, const char *path, struct stat *status, int flags)
{
    (void)version;
    return pypkg_at_fstatat(dirfd, path, status, flags);
}
SAME(__fxstatat64, __fxstatat);

static void
fill_statx(const struct stat *status, struct statx *out)
{
    memset(out, 0, sizeof(*out));
    out->stx_mask = STATX_BASIC_STATS;
    out->stx_blksize = (uint32_t)status->st_blksize;
    out->stx_nlink = (uint32_t)status->st_nlink;
    out->stx_mode = (uint16_t)status->st_mode;
    out->stx_ino = status->st_ino;
    out->stx_size = (uint64_t)status->st_size;
    out->stx_blocks = (uint64_t)status->st_blocks;
    out->stx_mtime.tv_sec = status->st_mtim.tv_sec;
    out->stx_atime.tv_sec = status->st_atim.tv_sec;
    out->stx_ctime.tv_sec = status->st_ctim.tv_sec;
    out->stx_dev_minor = (uint32_t)status->st_dev;
}

INTERPOSE(int, statx, int dirfd, const char *path, int flags, unsigned mask, struct statx *out)
{
    if (path != NULL && path[0] != '\0' && is_virtual(dirfd, path)) {
        struct pypkg_route route;
        struct stat status;
        pypkg_inside++;
        enum pypkg_where where = pypkg_route(&route, "statx", dirfd, path, !(flags & AT_SYMLINK_NOFOLLOW));
        pypkg_inside--;
        if (where == PYPKG_FAILED) {
            return -1;
        }
        if (where == PYPKG_VIRTUAL) {
            pypkg_fill_stat(&route.found, &status);
            fill_statx(&status, out);
            return 0;
        }
    }
    if (!HAS_NEXT(statx)) {
        errno = ENOSYS;
        return -1;
    }
    return NEXT(statx, dirfd, path, flags, mask, out);
}

INTERPOSE(int, access, const char *path, int mode)
{
    if (!is_virtual(AT_FDCWD, path)) {
        return NEXT(access, path, mode);
    }
    RUNTIME(int, pypkg_access(path, mode));
}

INTERPOSE(int, faccessat, int dirfd, const char *path, int mode, int flags)
{
    if (!is_virtual(dirfd, path)) {
        return NEXT(faccessat, dirfd, path, mode, flags);
    }
    RUNTIME(int, pypkg_faccessat(dirfd, path, mode, flags));
}

INTERPOSE(int, euidaccess, const char *path, int mode)
{
    if (!is_virtual(AT_FDCWD, path)) {
        return NEXT(euidaccess, path, mode);
    }
    RUNTIME(int, pypkg_access(path, mode));
}
SAME(eaccess, euidaccess);

INTERPOSE(ssize_t, readlink, const char *path, char *buffer, size_t size)
{
    if (!is_virtual(AT_FDCWD, path)) {
        return NEXT(readlink, path, buffer, size);
    }
    RUNTIME(ssize_t, pypkg_readlink(path, buffer, size));
}

INTERPOSE(ssize_t, __readlink_chk, const char *path, char *buffer, size_t size, size_t buffer_size)
{
    return pypkg_at_readlink(path, buffer, size < buffer_size ? size : buffer_size);
}

INTERPOSE(ssize_t, readlinkat, int dirfd, const char *path, char *buffer, size_t size)
{
    if (!is_virtual(dirfd, path)) {
        return NEXT(readlinkat, dirfd, path, buffer, size);
    }
    RUNTIME(ssize_t, pypkg_readlinkat(dirfd, path, buffer, size));
}

INTERPOSE(char *, realpath, const char *path, char *resolved)
{
    if (!is_virtual(AT_FDCWD, path)) {
        return NEXT(realpath, path, resolved);
    }
    RUNTIME(char *, pypkg_realpath(path, resolved));
}

INTERPOSE(char *, __realpath_chk, const char *path, char *resolved, size_t size)
{
    (void)size; /* glibc aborts when it is less than PATH_MAX */
    return pypkg_at_realpath(path, resolved);
}

#else

/* ISO C forbids an empty file. */
typedef int pypkg_no_interposition;

#endif
