/* Extended attributes. Files of the snapshot have none, so their list is empty (shutil.copy2 asks for it). */

#include "engine/reroute.h"
#include "posix/front.h"

#if defined(PYPKG_HAS_XATTR)

static int
refuse(const struct pypkg_route *route, int refusal)
{
    errno = route->where == PYPKG_VIRTUAL ? refusal : route->error;
    return errno == 0 ? 0 : -1;
}

/* The system's call for a real path; for one of the snapshot the errno `refusal`, or an empty result if it is 0. */
#define CALL(type, name, follow, refusal, system_call) \
    struct pypkg_route route;                          \
    pypkg_route(&route, name, AT_FDCWD, path, follow); \
    PYPKG_TRY_REAL(&route, type, -1, system_call);     \
    return refuse(&route, refusal)

ssize_t
pypkg_getxattr(const char *path, const char *name, void *value, size_t size)
{
    CALL(ssize_t, "getxattr", true, ENODATA, getxattr(route.path, name, value, size));
}

ssize_t
pypkg_lgetxattr(const char *path, const char *name, void *value, size_t size)
{
    CALL(ssize_t, "lgetxattr", false, ENODATA, lgetxattr(route.path, name, value, size));
}

ssize_t
pypkg_listxattr(const char *path, char *list, size_t size)
{
    CALL(ssize_t, "listxattr", true, 0, listxattr(route.path, list, size));
}

ssize_t
pypkg_llistxattr(const char *path, char *list, size_t size)
{
    CALL(ssize_t, "llistxattr", false, 0, llistxattr(route.path, list, size));
}

int
pypkg_setxattr(const char *path, const char *name, const void *value, size_t size, int flags)
{
    CALL(int, "setxattr", true, EROFS, setxattr(route.path, name, value, size, flags));
}

int
pypkg_lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags)
{
    CALL(int, "lsetxattr", false, EROFS, lsetxattr(route.path, name, value, size, flags));
}

int
pypkg_removexattr(const char *path, const char *name)
{
    CALL(int, "removexattr", true, EROFS, removexattr(route.path, name));
}

int
pypkg_lremovexattr(const char *path, const char *name)
{
    CALL(int, "lremovexattr", false, EROFS, lremovexattr(route.path, name));
}

#endif
