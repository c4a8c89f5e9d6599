/* Calls with the path of a file. */

#include "interpose/next.h"

#if defined(PYPKG_INTERPOSES)

/* Newer C libraries declare statx. */
#if !defined(STATX_BASIC_STATS)
#include <linux/stat.h>
#endif

LARGE(int, open, open64, const char *path, int flags, ...)
{
    TAKE_MODE(flags, mode)
    if (!is_virtual(AT_FDCWD, path)) {
        return NEXT(open, path, flags, mode);
    }
    RUNTIME(int, pypkg_open(path, flags, mode));
}
SAME_LARGE(open64, open);

LARGE(int, openat, openat64, int dirfd, const char *path, int flags, ...)
{
    TAKE_MODE(flags, mode)
    if (!is_virtual(dirfd, path)) {
        return NEXT(openat, dirfd, path, flags, mode);
    }
    RUNTIME(int, pypkg_openat(dirfd, path, flags, mode));
}
SAME_LARGE(openat64, openat);

#if defined(__GLIBC__)
/* open, compiled with _FORTIFY_SOURCE and called without a mode. */
LARGE(int, __open_2, __open64_2, const char *path, int flags)
{
    return pypkg_at_open(path, flags, 0);
}
SAME_LARGE(__open64_2, __open_2);

LARGE(int, __openat_2, __openat64_2, int dirfd, const char *path, int flags)
{
    return pypkg_at_openat(dirfd, path, flags, 0);
}
SAME_LARGE(__openat64_2, __openat_2);
#endif

LARGE(int, creat, creat64, const char *path, mode_t mode)
{
    if (!is_virtual(AT_FDCWD, path)) {
        return NEXT(creat, path, mode);
    }
    RUNTIME(int, pypkg_creat(path, mode));
}
SAME_LARGE(creat64, creat);

LARGE(FILE *, fopen, fopen64, const char *path, const char *mode)
{
    if (!is_virtual(AT_FDCWD, path)) {
        return NEXT(fopen, path, mode);
    }
    RUNTIME(FILE *, pypkg_fopen(path, mode));
}
SAME_LARGE(fopen64, fopen);

/* Programs linked with glibc before 2.33 call __xstat, with a version of the structure; later ones call stat. */
#if defined(__GLIBC__)
LARGE(int, __xstat, __xstat64, int version, const char *path, struct stat *status);
LARGE(int, __lxstat, __lxstat64, int version, const char *path, struct stat *status);
LARGE(int, __fxstatat, __fxstatat64, int version, int dirfd, const char *path, struct stat *status, int flags);

#define NEXT_STATUS(name, old_name, ...) \
    (HAS_NEXT(name) ? NEXT(name, __VA_ARGS__) : NEXT(old_name, PYPKG_STAT_VERSION, __VA_ARGS__))
#else
#define NEXT_STATUS(name, old_name, ...) NEXT(name, __VA_ARGS__)
#endif

TIMED(int, stat, stat64, __stat_time64, const char *path, struct stat *status)
{
    if (!is_virtual(AT_FDCWD, path)) {
        return NEXT_STATUS(stat, __xstat, path, status);
    }
    RUNTIME(int, pypkg_stat(path, status));
}
SAME_TIMED(stat64, stat);

TIMED(int, lstat, lstat64, __lstat_time64, const char *path, struct stat *status)
{
    if (!is_virtual(AT_FDCWD, path)) {
        return NEXT_STATUS(lstat, __lxstat, path, status);
    }
    RUNTIME(int, pypkg_lstat(path, status));
}
SAME_TIMED(lstat64, lstat);

TIMED(int, fstatat, fstatat64, __fstatat_time64, int dirfd, const char *path, struct stat *status, int flags)
{
    if (!is_virtual(dirfd, path)) {
        return NEXT_STATUS(fstatat, __fxstatat, dirfd, path, status, flags);
    }
    RUNTIME(int, pypkg_fstatat(dirfd, path, status, flags));
}
SAME_TIMED(fstatat64, fstatat);

#if defined(__GLIBC__)
LARGE(int, __xstat, __xstat64, int version, const char *path, struct stat *status)
{
    (void)version;
    return pypkg_at_stat(path, status);
}
SAME_LARGE(__xstat64, __xstat);

LARGE(int, __lxstat, __lxstat64, int version, const char *path, struct stat *status)
{
    (void)version;
    return pypkg_at_lstat(path, status);
}
SAME_LARGE(__lxstat64, __lxstat);

LARGE(int, __fxstatat, __fxstatat64, int version, int dirfd, const char *path, struct stat *status, int flags)
{
    (void)version;
    return pypkg_at_fstatat(dirfd, path, status, flags);
}
SAME_LARGE(__fxstatat64, __fxstatat);
#endif

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

#if defined(__GLIBC__)
INTERPOSE(ssize_t, __readlink_chk, const char *path, char *buffer, size_t size, size_t buffer_size)
{
    return pypkg_at_readlink(path, buffer, size < buffer_size ? size : buffer_size);
}
#endif

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

#if defined(__GLIBC__)
INTERPOSE(char *, __realpath_chk, const char *path, char *resolved, size_t size)
{
    (void)size; /* glibc aborts when it is less than PATH_MAX */
    return pypkg_at_realpath(path, resolved);
}
#endif

#else

/* ISO C forbids an empty file. */
typedef int pypkg_no_interposition;

#endif
