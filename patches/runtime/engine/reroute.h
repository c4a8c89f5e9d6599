/* Rerouting: a path that the operating system reports missing is resolved a second time, because it may lead into the
   snapshot in a way that its first bytes do not show: through a real symbolic link, by `..`, or as a relative path from
   the real root. */

#ifndef PYPKG_REROUTE_H
#define PYPKG_REROUTE_H

#include "engine/route.h"

/* The system reported ENOENT for a real path. True if the path leads into the snapshot: the route is updated. False:
   errno is ENOENT as before. */
bool pypkg_reroute(struct pypkg_route *route);

/* For a call that creates what is missing: true if the path names /snapshot itself, where the system would create a
   real one. The route is updated. */
bool pypkg_reroute_root(struct pypkg_route *route);

/* A system call for a real route failed: whether to try again with the updated route. */
static inline bool
pypkg_is_rerouted(struct pypkg_route *route)
{
    return errno == ENOENT && pypkg_state.ready && route->path != NULL && pypkg_reroute(route);
}

/* For a redirected call: while the route is real, make the system's call and return its result, unless the path turns
   out to lead into the snapshot. */
#define PYPKG_TRY_REAL(route, type, failure, system_call)        \
    while ((route)->where == PYPKG_REAL) {                       \
        if ((route)->creates && pypkg_reroute_root(route)) {     \
            continue;                                            \
        }                                                        \
        type result_ = (system_call);                            \
        if (result_ != (failure) || !pypkg_is_rerouted(route)) { \
            return result_;                                      \
        }                                                        \
    }

#endif
