/* Routing: which file system a path leads to. The front decides by the path's first bytes whether it may lead into the
   snapshot (posix/route.h); only then is it resolved here. */

#ifndef PYPKG_ROUTE_H
#define PYPKG_ROUTE_H

#include "engine/state.h"
#include "os/files.h"
#include "paths/paths.h"

#include <errno.h>

enum pypkg_where {
    PYPKG_REAL,    /* call the system with route->directory and route->path */
    PYPKG_VIRTUAL, /* it is route->found */
    PYPKG_FAILED,  /* the path is below /snapshot and cannot be resolved: errno and route->error */
};

struct pypkg_route {
    enum pypkg_where where;
    const char *call;          /* its name, for the trace; NULL: not traced */
    bool follow;               /* also follow a link in the last name */
    bool keep_last;            /* the call works on the last name itself: a slash after it does not follow a link */
    bool creates;              /* the call creates what is missing; set by the caller */
    int error;                 /* the errno of a path that failed */
    int hops;                  /* how many times the path changed from the real file system to the snapshot */
    pypkg_directory directory; /* that a real, relative path starts from */
    const char *path;
    struct pypkg_found found;
    char buffer[PYPKG_MAX_PATH + 1];
};

/* Begin with a real route. The front then calls pypkg_route_virtual, if the path's first bytes say so. */
static inline void
pypkg_begin_route(struct pypkg_route *route, const char *call, pypkg_directory directory, const char *path, bool follow,
                  bool keep_last)
{
    route->where = PYPKG_REAL;
    route->call = call;
    route->follow = follow;
    route->keep_last = keep_last;
    route->creates = false;
    route->hops = 0;
    route->directory = directory;
    route->path = path;
}

/* Resolve route->path through the snapshot. `start`: the virtual directory that a relative path starts from, or NULL if it
   is a real one. An absolute path with the first letter of the root's name begins with the whole name. */
void pypkg_route_virtual(struct pypkg_route *route, const struct pypkg_entry *start);

/* Whether the directory of the last name exists; if not, route->error says why. */
static inline bool
pypkg_has_parent(const struct pypkg_route *route)
{
    return route->where != PYPKG_FAILED || route->found.in_directory;
}

/* --- for callers that know no front; each front has these two: posix/route.c --- */

/* Whether a path can lead into the snapshot, by its first bytes; a relative one starts from the working directory. */
bool pypkg_may_lead_inside(const char *path);

/* Find out where such a path leads. */
enum pypkg_where pypkg_route_path(struct pypkg_route *route, const char *call, const char *path, bool follow);

#endif
