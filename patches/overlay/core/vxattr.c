/* Extended attributes: the snapshot has none, and says so as file systems without them do (shutil.copy2 asks). */

#include "vfs.h"

#if defined(__linux__)

/* The real path to ask the system about, or NULL with errno. */
static const char *
real_path(const char *path, bool follow, int refusal, struct pypkg_route *route)
{
    if (!pypkg_concerns(AT_FDCWD, path)) {
        return path;
    }
    switch (pypkg_follow(AT_FDCWD, path, follow, route)) {
    case PYPKG_REAL:
        return route->path;
    case PYPKG_VIRTUAL:
        errno = refusal;
        return NULL;
    default:
        return NULL;
    }
}

ssize_t
pypkg_getxattr(const char *path, const char *name, void *value, size_t size)
{
    struct pypkg_route route;
    path = real_path(path, true, ENOTSUP, &route);
    return path != NULL ? getxattr(path, name, value, size) : -1;
}

ssize_t
pypkg_lgetxattr(const char *path, const char *name, void *value, size_t size)
{
    struct pypkg_route route;
    path = real_path(path, false, ENOTSUP, &route);
    return path != NULL ? lgetxattr(path, name, value, size) : -1;
}

ssize_t
pypkg_listxattr(const char *path, char *list, size_t size)
{
    struct pypkg_route route;
    path = real_path(path, true, ENOTSUP, &route);
    return path != NULL ? listxattr(path, list, size) : -1;
}

ssize_t
pypkg_llistxattr(const char *path, char *list, size_t size)
{
    struct pypkg_route route;
    path = real_path(path, false, ENOTSUP, &route);
    return path != NULL ? llistxattr(path, list, size) : -1;
}

int
pypkg_setxattr(const char *path, const char *name, const void *value, size_t size, int flags)
{
    struct pypkg_route route;
    path = real_path(path, true, EROFS, &route);
    return path != NULL ? setxattr(path, name, value, size, flags) : -1;
}

int
pypkg_lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags)
{
    struct pypkg_route route;
    path = real_path(path, false, EROFS, &route);
    return path != NULL ? lsetxattr(path, name, value, size, flags) : -1;
}

int
pypkg_removexattr(const char *path, const char *name)
{
    struct pypkg_route route;
    path = real_path(path, true, EROFS, &route);
    return path != NULL ? removexattr(path, name) : -1;
}

int
pypkg_lremovexattr(const char *path, const char *name)
{
    struct pypkg_route route;
    path = real_path(path, false, EROFS, &route);
    return path != NULL ? lremovexattr(path, name) : -1;
}

#endif
