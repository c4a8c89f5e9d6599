/* Directory streams and the working directory. */

#include "interpose/next.h"

#if defined(PYPKG_INTERPOSES)

INTERPOSE(DIR *, opendir, const char *path)
{
    if (!is_virtual(AT_FDCWD, path)) {
        return NEXT(opendir, path);
    }
    RUNTIME(DIR *, pypkg_opendir(path));
}

INTERPOSE(DIR *, fdopendir, int fd)
{
    if (pypkg_inside > 0 || !pypkg_has_descriptors()) {
        return NEXT(fdopendir, fd);
    }
    RUNTIME(DIR *, pypkg_fdopendir(fd));
}

LARGE(struct dirent *, readdir, readdir64, DIR *dir)
{
    return pypkg_is_virtual_stream(dir) ? pypkg_readdir(dir) : NEXT(readdir, dir);
}
SAME_LARGE(readdir64, readdir);

LARGE(int, readdir_r, readdir64_r, DIR *dir, struct dirent *entry, struct dirent **result)
{
    if (!pypkg_is_virtual_stream(dir)) {
        return NEXT(readdir_r, dir, entry, result);
    }
    struct dirent *found = pypkg_readdir(dir);
    if (found != NULL) {
        memcpy(entry, found, sizeof(*entry));
    }
    *result = found != NULL ? entry : NULL;
    return 0;
}
SAME_LARGE(readdir64_r, readdir_r);

INTERPOSE(int, closedir, DIR *dir)
{
    return pypkg_is_virtual_stream(dir) ? pypkg_closedir(dir) : NEXT(closedir, dir);
}

INTERPOSE(void, rewinddir, DIR *dir)
{
    if (pypkg_is_virtual_stream(dir)) {
        pypkg_rewinddir(dir);
        return;
    }
    NEXT(rewinddir, dir);
}

INTERPOSE(int, dirfd, DIR *dir)
{
    return pypkg_is_virtual_stream(dir) ? pypkg_dirfd(dir) : NEXT(dirfd, dir);
}

/* The only position in a stream of the snapshot is its start. */
INTERPOSE(long, telldir, DIR *dir)
{
    if (pypkg_is_virtual_stream(dir)) {
        errno = ENOTSUP;
        return -1;
    }
    return NEXT(telldir, dir);
}

INTERPOSE(void, seekdir, DIR *dir, long position)
{
    if (!pypkg_is_virtual_stream(dir)) {
        NEXT(seekdir, dir, position);
    }
}

INTERPOSE(int, chdir, const char *path)
{
    if (pypkg_inside > 0) {
        return NEXT(chdir, path);
    }
    RUNTIME(int, pypkg_chdir(path));
}

INTERPOSE(int, fchdir, int fd)
{
    if (pypkg_inside > 0) {
        return NEXT(fchdir, fd);
    }
    RUNTIME(int, pypkg_fchdir(fd));
}

INTERPOSE(char *, getcwd, char *buffer, size_t size)
{
    if (pypkg_inside > 0) {
        return NEXT(getcwd, buffer, size);
    }
    RUNTIME(char *, pypkg_getcwd(buffer, size));
}

#if defined(__GLIBC__)
INTERPOSE(char *, __getcwd_chk, char *buffer, size_t size, size_t buffer_size)
{
    return pypkg_at_getcwd(buffer, size < buffer_size ? size : buffer_size);
}
#endif

#else

/* ISO C forbids an empty file. */
typedef int pypkg_no_interposition;

#endif
