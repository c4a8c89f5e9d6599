/* open and fopen on the snapshot, for reading only: EROFS for anything that would write. */

#include "engine/reroute.h"
#include "posix/front.h"

#include <stdarg.h>

#define CREATES(flags) (((flags) & (O_CREAT)) != 0)
/* Not O_ACCMODE: musl's contains O_PATH. */
#define WRITES(flags) (((flags) & (O_WRONLY | O_RDWR)) != 0 || ((flags) & O_TRUNC) != 0)

/* Whether a link in the last name is followed. */
#define FOLLOWS(flags) (((flags) & O_NOFOLLOW) == 0 && !(CREATES(flags) && ((flags) & O_EXCL) != 0))

/* A path that was not found. The system checks that the directory exists before it checks that it is writable. */
static int
refuse_missing(const struct pypkg_route *route, int flags)
{
    return pypkg_fail(route->error == ENOENT && CREATES(flags) && route->found.in_directory ? EROFS : route->error);
}

static int
open_link(const struct pypkg_found *found, int flags)
{
    if (CREATES(flags)) {
        return pypkg_fail(flags & O_EXCL ? EEXIST : ELOOP);
    }
    if (flags & O_DIRECTORY) {
        return pypkg_fail(ENOTDIR);
    }
    return flags & PYPKG_O_PATH ? pypkg_fd_open(found, flags) : pypkg_fail(ELOOP);
}

static int
open_found(const struct pypkg_found *found, int flags)
{
    bool directory = found->entry.type == PYPKG_DIRECTORY;

    if (found->entry.type == PYPKG_LINK) {
        return open_link(found, flags);
    }
    if (CREATES(flags) && (flags & O_EXCL)) {
        return pypkg_fail(EEXIST);
    }
    if (PYPKG_IS_UNNAMED(flags)) {
        return pypkg_fail(directory ? EROFS : ENOTDIR);
    }
    if (directory && (WRITES(flags) || CREATES(flags))) {
        return pypkg_fail(EISDIR);
    }
    if (!directory && (flags & O_DIRECTORY)) {
        return pypkg_fail(ENOTDIR);
    }
    return WRITES(flags) ? pypkg_fail(EROFS) : pypkg_fd_open(found, flags);
}

static int
open_in_snapshot(const struct pypkg_route *route, int flags)
{
    if (CREATES(flags) && (flags & O_DIRECTORY)) {
        return pypkg_fail(EINVAL);
    }
    /* A file cannot be created under a name with a slash after it, whether the name exists or not. */
    if (CREATES(flags) && (route->keep_last ? pypkg_has_parent(route) : route->found.slash)) {
        return pypkg_fail(EISDIR);
    }
    return route->where == PYPKG_VIRTUAL ? open_found(&route->found, flags) : refuse_missing(route, flags);
}

static void
route_open(struct pypkg_route *route, const char *call, int dirfd, const char *path, int flags)
{
    bool keep_last =
        CREATES(flags) && path != NULL && path[pypkg_stripped_size(path)] != '\0' && pypkg_last_dots(path) == 0;

    pypkg_route_as(route, call, dirfd, path, !keep_last && FOLLOWS(flags), keep_last);
    route->creates = CREATES(flags);
}

static int
open_routed(const char *call, int dirfd, const char *path, int flags, mode_t mode)
{
    struct pypkg_route route;

    if (flags & PYPKG_O_PATH) {
        flags &= PYPKG_O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    }
    route_open(&route, call, dirfd, path, flags);
    PYPKG_TRY_REAL(&route, int, -1, openat(route.directory, route.path, flags, mode));
    return open_in_snapshot(&route, flags);
}

/* The mode is passed only if the call may create a file: open(2). */
static mode_t
mode_of(int flags, va_list arguments)
{
    return CREATES(flags) || PYPKG_IS_UNNAMED(flags) ? (mode_t)va_arg(arguments, int) : 0;
}

int
pypkg_open(const char *path, int flags, ...)
{
    va_list arguments;

    va_start(arguments, flags);
    int fd = open_routed("open", AT_FDCWD, path, flags, mode_of(flags, arguments));
    va_end(arguments);
    return fd;
}

int
pypkg_openat(int dirfd, const char *path, int flags, ...)
{
    va_list arguments;

    va_start(arguments, flags);
    int fd = open_routed("openat", dirfd, path, flags, mode_of(flags, arguments));
    va_end(arguments);
    return fd;
}

int
pypkg_creat(const char *path, mode_t mode)
{
    return open_routed("creat", AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

/* The flags of fopen's mode string; -1 if it is invalid. */
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

    int flags = flags_of_mode(mode);
    route_open(&route, "fopen", AT_FDCWD, path, flags);
    PYPKG_TRY_REAL(&route, FILE *, NULL, fopen(route.path, mode));
    if (flags == -1) {
        errno = EINVAL;
        return NULL;
    }
    int fd = open_in_snapshot(&route, flags);
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
