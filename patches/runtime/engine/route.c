/* Resolving a path that may lead into the snapshot. */

#include "engine/route.h"

#include <stdio.h>

#include "engine/trace.h"
#include "os/memory.h"

/* Call the mount hook, if one is set, with an absolute path without `.`, `..` and repeated slashes. */
static bool
ask_mount_hook(struct pypkg_route *route, struct pypkg_text start, const char *path)
{
    pypkg_mount_hook hook = pypkg_get_mount_hook();
    char lexical[PYPKG_MAX_PATH + 1];
    int saved = errno;

    /* A child made by vfork must not run Python: its memory is its parent's. */
    if (hook == NULL || start.data == NULL || pypkg_is_vforked()
        || PYPKG_ROOT_SIZE + start.size + strlen(path) + 2 > PYPKG_MAX_PATH) {
        return false;
    }
    size_t size = pypkg_virtual_path(start, lexical, sizeof(lexical)) - 1;
    pypkg_append_names(lexical, size, PYPKG_ROOT_SIZE, path);
    bool mounted = hook(lexical, route->buffer, sizeof(route->buffer));
    errno = saved;
    return mounted;
}

static void
fail(struct pypkg_route *route, int error)
{
    route->where = PYPKG_FAILED;
    route->error = error;
    errno = error;
}

/* route->buffer is a real path; `slash`: the path that led to it had a slash at its end. */
static void
leave_snapshot(struct pypkg_route *route, bool slash)
{
    size_t size = strlen(route->buffer);

    if (slash && size >= PYPKG_MAX_PATH) {
        fail(route, ENAMETOOLONG);
        return;
    }
    memcpy(route->buffer + size, "/", slash ? 2 : 0);
    route->where = PYPKG_REAL;
    route->directory = pypkg_working_directory;
    route->path = route->buffer;
}

static void
resolve(struct pypkg_route *route, const struct pypkg_entry *directory)
{
    const char *path = route->path;
    struct pypkg_text start = {NULL, 0};
    char stripped[PYPKG_MAX_PATH + 1];
    bool slash = false;

    route->found.in_directory = false;
    route->found.slash = false;
    if (path[0] != '/') {
        if (directory == NULL) {
            return;
        }
        if (path[0] == '\0') {
            fail(route, ENOENT);
            return;
        }
        start = pypkg_entry_path(&pypkg_state.image, directory);
    }
    size_t size = strlen(path);
    if (size > PYPKG_MAX_PATH) {
        fail(route, ENAMETOOLONG);
        return;
    }
    size_t stripped_size = pypkg_stripped_size(path);
    bool ends_in_slash = stripped_size < size;
    if (ends_in_slash && route->keep_last) {
        memcpy(stripped, path, stripped_size);
        stripped[stripped_size] = '\0';
        path = stripped;
        slash = true;
    }
    if (path[0] == '/' && path[1] == PYPKG_ROOT[1]) {
        /* The front has compared the rest of the root. */
        path += PYPKG_ROOT_SIZE;
        path += path[0] == '/' && path[1] != '\0';
        start.data = "";
    }
    if (ask_mount_hook(route, start, path)) {
        leave_snapshot(route, ends_in_slash);
        return;
    }
    int status = pypkg_resolve(&pypkg_state.image, start, path, route->follow, &route->found, route->buffer);
    if (status == PYPKG_OUTSIDE) {
        leave_snapshot(route, slash);
        return;
    }
    if (status != 0) {
        fail(route, status);
        return;
    }
    route->where = PYPKG_VIRTUAL;
}

void
pypkg_route_virtual(struct pypkg_route *route, const struct pypkg_entry *start)
{
    if (route->call == NULL || !pypkg_is_traced()) {
        resolve(route, start);
        return;
    }
    char path[PYPKG_MAX_PATH + 1];
    snprintf(path, sizeof(path), "%s", route->path);
    resolve(route, start);
    pypkg_trace(route, path);
}
