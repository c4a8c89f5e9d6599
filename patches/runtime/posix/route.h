/* Routing with POSIX's directories.

   Each redirected call first asks pypkg_may_be_virtual: a test of the path's first bytes, which is the only
   cost for a path of the real file system. Only a path that may lead into the snapshot is resolved. */

#ifndef PYPKG_POSIX_ROUTE_H
#define PYPKG_POSIX_ROUTE_H

#include "engine/route.h"

#include <fcntl.h>

/* Whether a path with these first bytes can lead into the snapshot; for a relative one, whether it can now. */
static inline bool
pypkg_may_be_virtual(int dirfd, const char *path)
{
    if (!pypkg_state.ready || path == NULL) {
        return false;
    }
    if (path[0] == '/') {
        return path[1] == PYPKG_ROOT[1] ? pypkg_below_root(path) != NULL : path[1] == '/' || path[1] == '.';
    }
    if (dirfd != AT_FDCWD) {
        return pypkg_has_descriptors();
    }
    return atomic_load_explicit(&pypkg_state.cwd, memory_order_relaxed) != 0
        || atomic_load_explicit(&pypkg_state.cwd_is_split, memory_order_relaxed);
}

/* Resolve route->path from route->directory. Call it only through the functions below. */
void pypkg_route_from_directory(struct pypkg_route *route);

static inline enum pypkg_where
pypkg_route_as(struct pypkg_route *route, const char *call, int dirfd, const char *path, bool follow, bool keep_last)
{
    pypkg_begin_route(route, call, dirfd, path, follow, keep_last);
    if (pypkg_may_be_virtual(dirfd, path)) {
        pypkg_route_from_directory(route);
    }
    return route->where;
}

/* Find out where `path` leads from `dirfd`. */
static inline enum pypkg_where
pypkg_route(struct pypkg_route *route, const char *call, int dirfd, const char *path, bool follow)
{
    return pypkg_route_as(route, call, dirfd, path, follow, false);
}

/* The same for a call that creates or removes a name. */
static inline enum pypkg_where
pypkg_route_name(struct pypkg_route *route, const char *call, int dirfd, const char *path)
{
    return pypkg_route_as(route, call, dirfd, path, false, true);
}

#endif
