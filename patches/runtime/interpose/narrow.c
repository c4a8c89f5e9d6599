/* The calls of addons that were compiled for a narrow structure, on processors with 32 bits (symbols.h): offsets of 32
   bits with glibc, times of 32 bits with musl before 1.2.

   What is asked for comes from the other variant of the call, which the executable defines too, and is converted. A
   value that does not fit is EOVERFLOW, as in the C library's own narrow functions. */

/* The structures of this file are the addon's, those with 64 in their names the runtime's. */
#undef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 32

#include "interpose/next.h"

#if defined(PYPKG_INTERPOSES) && !defined(__LP64__)

const char pypkg_narrow_calls = 0;

#if defined(__GLIBC__)

/* Opening a real file is left to the narrow function, because a descriptor keeps its limit: for it the system refuses
   to open a file of 2 GiB, and to write one that becomes as large. A file of the snapshot is never as large here. */

INTERPOSE(int, open, const char *path, int flags, ...)
{
    TAKE_MODE(flags, mode)
    return !is_virtual(AT_FDCWD, path) ? NEXT_NARROW(open, path, flags, mode) : open64(path, flags, mode);
}

INTERPOSE(int, openat, int dirfd, const char *path, int flags, ...)
{
    TAKE_MODE(flags, mode)
    return !is_virtual(dirfd, path) ? NEXT_NARROW(openat, dirfd, path, flags, mode)
                                    : openat64(dirfd, path, flags, mode);
}

INTERPOSE(int, __open_2, const char *path, int flags)
{
    return pypkg_at_open(path, flags, 0);
}

INTERPOSE(int, __openat_2, int dirfd, const char *path, int flags)
{
    return pypkg_at_openat(dirfd, path, flags, 0);
}

INTERPOSE(int, creat, const char *path, mode_t mode)
{
    return !is_virtual(AT_FDCWD, path) ? NEXT_NARROW(creat, path, mode) : creat64(path, mode);
}

INTERPOSE(FILE *, fopen, const char *path, const char *mode)
{
    return !is_virtual(AT_FDCWD, path) ? NEXT_NARROW(fopen, path, mode) : fopen64(path, mode);
}

/* Set errno and return whether a status does not fit. */
static int
narrow_status(int result, const struct stat64 *wide, struct stat *status)
{
    if (result != 0) {
        return result;
    }
    memset(status, 0, sizeof(*status));
    status->st_dev = wide->st_dev;
    status->st_ino = (ino_t)wide->st_ino;
    status->st_mode = wide->st_mode;
    status->st_nlink = wide->st_nlink;
    status->st_uid = wide->st_uid;
    status->st_gid = wide->st_gid;
    status->st_rdev = wide->st_rdev;
    status->st_size = (off_t)wide->st_size;
    status->st_blksize = wide->st_blksize;
    status->st_blocks = (blkcnt_t)wide->st_blocks;
    status->st_atim = wide->st_atim;
    status->st_mtim = wide->st_mtim;
    status->st_ctim = wide->st_ctim;
    if (status->st_ino != wide->st_ino || status->st_size != wide->st_size || status->st_blocks != wide->st_blocks) {
        return pypkg_fail(EOVERFLOW);
    }
    return 0;
}

INTERPOSE(int, stat, const char *path, struct stat *status)
{
    struct stat64 wide;
    return narrow_status(stat64(path, &wide), &wide, status);
}

INTERPOSE(int, lstat, const char *path, struct stat *status)
{
    struct stat64 wide;
    return narrow_status(lstat64(path, &wide), &wide, status);
}

INTERPOSE(int, fstatat, int dirfd, const char *path, struct stat *status, int flags)
{
    struct stat64 wide;
    return narrow_status(fstatat64(dirfd, path, &wide, flags), &wide, status);
}

INTERPOSE(int, __xstat, int version, const char *path, struct stat *status)
{
    (void)version;
    return pypkg_at_stat(path, status);
}

INTERPOSE(int, __lxstat, int version, const char *path, struct stat *status)
{
    (void)version;
    return pypkg_at_lstat(path, status);
}

INTERPOSE(int, __fxstatat, int version, int dirfd, const char *path, struct stat *status, int flags)
{
    (void)version;
    return pypkg_at_fstatat(dirfd, path, status, flags);
}

/* Usually in place: the narrow entry is shorter, and the stream does not read the wide one again. A wide entry is only as
   long as its name. */
static struct dirent *
narrow_entry(const struct dirent64 *wide, struct dirent *entry)
{
    struct dirent64 copy;

    if (wide == NULL) {
        return NULL;
    }
    memcpy(&copy, wide, offsetof(struct dirent64, d_name));
    memmove(entry->d_name, wide->d_name, strlen(wide->d_name) + 1);
    entry->d_ino = (ino_t)copy.d_ino;
    entry->d_off = (off_t)copy.d_off;
    entry->d_reclen = sizeof(*entry);
    entry->d_type = copy.d_type;
    if (entry->d_ino != copy.d_ino) {
        errno = EOVERFLOW;
        return NULL;
    }
    return entry;
}

INTERPOSE(struct dirent *, readdir, DIR *dir)
{
    if (!pypkg_is_virtual_stream(dir)) {
        return NEXT_NARROW(readdir, dir);
    }
    struct dirent64 *wide = readdir64(dir);
    return narrow_entry(wide, (struct dirent *)wide);
}

INTERPOSE(int, readdir_r, DIR *dir, struct dirent *entry, struct dirent **result)
{
    if (!pypkg_is_virtual_stream(dir)) {
        return NEXT_NARROW(readdir_r, dir, entry, result);
    }
    int saved = errno;
    errno = 0;
    *result = narrow_entry(readdir64(dir), entry);
    int error = errno;
    errno = saved;
    return error;
}

#else

/* The old structure is the beginning of the new one, which has the times once more at its end. They are cut off, as by
   the old functions. */
static int
narrow_status(int result, struct stat *wide, void *status)
{
    if (result == 0) {
        wide->__st_ino_truncated = (long)wide->st_ino;
        wide->__st_atim32.tv_sec = (long)wide->st_atim.tv_sec;
        wide->__st_atim32.tv_nsec = wide->st_atim.tv_nsec;
        wide->__st_mtim32.tv_sec = (long)wide->st_mtim.tv_sec;
        wide->__st_mtim32.tv_nsec = wide->st_mtim.tv_nsec;
        wide->__st_ctim32.tv_sec = (long)wide->st_ctim.tv_sec;
        wide->__st_ctim32.tv_nsec = wide->st_ctim.tv_nsec;
        memcpy(status, wide, offsetof(struct stat, st_atim));
    }
    return result;
}

INTERPOSE(int, stat, const char *path, void *status)
{
    struct stat wide;
    return narrow_status(stat(path, &wide), &wide, status);
}
SAME(stat64, stat);

INTERPOSE(int, lstat, const char *path, void *status)
{
    struct stat wide;
    return narrow_status(lstat(path, &wide), &wide, status);
}
SAME(lstat64, lstat);

INTERPOSE(int, fstatat, int dirfd, const char *path, void *status, int flags)
{
    struct stat wide;
    return narrow_status(fstatat(dirfd, path, &wide, flags), &wide, status);
}
SAME(fstatat64, fstatat);

#endif

#else

/* ISO C forbids an empty file. */
typedef int pypkg_no_narrow_calls;

#endif
