/* Routing: which file system a path leads to.

   Each redirected call first asks pypkg_may_be_virtual: a test of the path's first bytes, which is the only
   cost for a path of the real file system. Only a path that may lead into the snapshot is resolved. */

#ifndef PYPKG_ROUTE_H
#define PYPKG_ROUTE_H

#include "engine/state.h"
#include "paths/paths.h"

#include <errno.h>
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

enum pypkg_where {
    PYPKG_REAL,    /* call the system with route->dirfd and route->path */
    PYPKG_VIRTUAL, /* it is route->found */
    PYPKG_FAILED,  /* the path is below /snapshot and cannot be resolved: errno and route->error */
};

struct pypkg_route {
    enum pypkg_where where;
    const char *call; /* its name, for the trace; NULL: not traced */
    bool follow;      /* also follow a link in the last name */
    bool keep_last;   /* the call works on the last name itself: a slash after it does not follow a link */
    bool creates;     /* the call creates what is missing; set by the caller */
    int error;        /* the errno of a path that failed */
    int hops;         /* how many times the path changed from the real file system to the snapshot */
    int dirfd;
    const char *path;
    struct pypkg_found found;
    char buffer[PYPKG_MAX_PATH + 1];
};

/* Resolve route->path from route->dirfd through the snapshot. Call it only through the functions below. */
void pypkg_route_virtual(struct pypkg_route *route);

static inline enum pypkg_where
pypkg_route_as(struct pypkg_route *route, const char *call, int dirfd, const char *path, bool follow, bool keep_last)
{
    route->where = PYPKG_REAL;
    route->call = call;
    route->follow = follow;
    route->keep_last = keep_last;
    route->creates = false;
    route->hops = 0;
    route->dirfd = dirfd;
    route->path = path;
    if (pypkg_may_be_virtual(dirfd, path)) {
        pypkg_route_virtual(route);
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

/* Whether the directory of the last name exists; if not, route->error says why. */
static inline bool
pypkg_has_parent(const struct pypkg_route *route)
{
    return route->where != PYPKG_FAILED || route->found.in_directory;
}

#endif
