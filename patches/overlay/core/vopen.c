/* open and fopen on the snapshot: read-only, EROFS for anything that would write. */

#include "vfs.h"

#include <stdarg.h>

#define CREATES(flags) (((flags) & (O_CREAT)) != 0)
#define WRITES(flags) (((flags) & O_ACCMODE) != O_RDONLY || ((flags) & O_TRUNC) != 0)

/* The last name of `path` is missing from a directory of the snapshot. errno says why the walk ended. */
static int
refuse_missing(int flags)
{
    if (errno == ENOENT && CREATES(flags)) {
        errno = EROFS;
    }
    return -1;
}

static int
open_found(const struct pypkg_found *found, int flags)
{
    if (found->entry.type == PYPKG_LINK) {
        errno = flags & O_DIRECTORY ? ENOTDIR : ELOOP;
        return -1;
    }
    if (CREATES(flags) && (flags & O_EXCL)) {
        errno = EEXIST;
        return -1;
    }
#if defined(O_TMPFILE)
    if ((flags & O_TMPFILE) == O_TMPFILE) {
        errno = EROFS;
        return -1;
    }
#endif
    if (found->entry.type == PYPKG_DIRECTORY && (WRITES(flags) || CREATES(flags))) {
        errno = EISDIR;
        return -1;
    }
    if (found->entry.type != PYPKG_DIRECTORY && (flags & O_DIRECTORY)) {
        errno = ENOTDIR;
        return -1;
    }
    if (WRITES(flags)) {
        errno = EROFS;
        return -1;
    }
    return pypkg_fd_open(found, flags);
}

static int
open_routed(const char *call, int dirfd, const char *path, int flags, mode_t mode)
{
    struct pypkg_route route;
    bool follow = !(flags & O_NOFOLLOW) && !(CREATES(flags) && (flags & O_EXCL));

    pypkg_route(&route, call, dirfd, path, follow);
    PYPKG_TRY_REAL(&route, int, -1, openat(route.dirfd, route.path, flags, mode));
    return route.where == PYPKG_VIRTUAL ? open_found(&route.found, flags) : refuse_missing(flags);
}

/* The mode is there only when a file may be made: open(2). */
static bool
has_mode(int flags)
{
#if defined(O_TMPFILE)
    if ((flags & O_TMPFILE) == O_TMPFILE) {
        return true;
    }
#endif
    return CREATES(flags);
}

int
pypkg_open(const char *path, int flags, ...)
{
    mode_t mode = 0;

    if (has_mode(flags)) {
        va_list arguments;
        va_start(arguments, flags);
        mode = (mode_t)va_arg(arguments, int);
        va_end(arguments);
    }
    return open_routed("open", AT_FDCWD, path, flags, mode);
}

int
pypkg_openat(int dirfd, const char *path, int flags, ...)
{
    mode_t mode = 0;

    if (has_mode(flags)) {
        va_list arguments;
        va_start(arguments, flags);
        mode = (mode_t)va_arg(arguments, int);
        va_end(arguments);
    }
    return open_routed("openat", dirfd, path, flags, mode);
}

int
pypkg_creat(const char *path, mode_t mode)
{
    return open_routed("creat", AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

/* The flags of fopen's mode string; -1 when it is none. */
static int
flags_of_mode(const char *mode)
{
    bool both = strchr(mode, '+') != NULL;
    int flags = strchr(mode, 'e') != NULL ? O_CLOEXEC : 0;

    flags |= strchr(mode, 'x') != NULL ? O_EXCL : 0;
    switch (mode[0]) {
    case 'r':
        return flags | (both ? O_RDWR : O_RDONLY);
    case 'w':
        return flags | O_CREAT | O_TRUNC | (both ? O_RDWR : O_WRONLY);
    case 'a':
        return flags | O_CREAT | O_APPEND | (both ? O_RDWR : O_WRONLY);
    default:
        return -1;
    }
}

FILE *
pypkg_fopen(const char *path, const char *mode)
{
    struct pypkg_route route;

    pypkg_route(&route, "fopen", AT_FDCWD, path, true);
    PYPKG_TRY_REAL(&route, FILE *, NULL, fopen(route.path, mode));
    int flags = flags_of_mode(mode);
    if (flags == -1) {
        errno = EINVAL;
        return NULL;
    }
    int fd = route.where == PYPKG_VIRTUAL ? open_found(&route.found, flags) : refuse_missing(flags);
    if (fd < 0) {
        return NULL;
    }
    FILE *file = fdopen(fd, mode);
    if (file == NULL) {
        int saved = errno;
        close(fd);
        errno = saved;
    }
    return file;
}
