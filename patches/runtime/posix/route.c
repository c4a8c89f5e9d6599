/* Routing with POSIX's directories: which virtual one a relative path starts from. */

#include "posix/route.h"

#include "engine/cwd.h"
#include "posix/fd_table.h"

void
pypkg_route_from_directory(struct pypkg_route *route)
{
    struct pypkg_found start;
    bool virtual = route->path[0] != '/'
        && (route->directory == AT_FDCWD ? pypkg_cwd_entry(&start) : pypkg_fd_directory(route->directory, &start));

    pypkg_route_virtual(route, virtual ? &start.entry : NULL);
}

bool
pypkg_may_lead_inside(const char *path)
{
    return pypkg_may_be_virtual(AT_FDCWD, path);
}

enum pypkg_where
pypkg_route_path(struct pypkg_route *route, const char *call, const char *path, bool follow)
{
    return pypkg_route(route, call, AT_FDCWD, path, follow);
}
